"""Shapes of the assessment's requests and answers."""

from typing import Any

from marshmallow import Schema, fields, post_load

from gridcase.edge.fields import PageSize, Text, refused
from gridcase.services.assessing import WhatIfRequest

PERIOD = {"description": "2026-10, 2026-Q4 or 2026", "pattern": r"^\d{4}(-(\d{2}|Q[1-4]))?$"}


class RunRequestSchema(Schema):
    """A period to be run under a rule set."""

    period = Text(most=10, required=True, metadata=PERIOD)
    rule_set = Text(most=80, required=True)


class RunQuerySchema(Schema):
    """Which runs."""

    period = Text(most=10, metadata=PERIOD)
    cursor = Text(most=200)
    limit = PageSize(default=50, most=200)


class SoFarQuerySchema(Schema):
    """Which month, by which rule set."""

    period = Text(most=10, required=True, metadata=PERIOD)
    rule_set = Text(most=80, required=True)


class NoteSchema(Schema):
    """What is said with an act; may be left out."""

    note = Text(most=500, load_default="")


class ReasonSchema(Schema):
    """Why."""

    reason = Text(most=500, required=True)


def _a_few(periods: list[str]) -> None:
    if not periods:
        raise refused("field_required")
    if len(periods) > _MOST_PERIODS:
        raise refused("too_many_items", most=_MOST_PERIODS)


class WhatIfRequestSchema(Schema):
    """A draft rule set, as in a rule file, and the sealed periods to try it on."""

    periods = fields.List(
        Text(most=10, metadata=PERIOD),
        required=True,
        validate=_a_few,
        metadata={"minItems": 1, "maxItems": 24},
    )
    rule_set = fields.Dict(keys=fields.String(), required=True)
    against = Text(most=80, allow_none=True, load_default=None)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> WhatIfRequest:
        return WhatIfRequest(periods=tuple(data["periods"]), document=data["rule_set"], against=data["against"])


_MOST_PERIODS = 24


class TimetableSchema(Schema):
    """When a month is drafted, cut off, shown, decided and approved."""

    draft_at = fields.String(required=True)
    cut_off = fields.String(required=True)
    publicity_ends_at = fields.String(required=True)
    decided_at = fields.String(required=True)
    approved_at = fields.String(required=True)
    provisional = fields.Boolean(required=True)


class RunSchema(Schema):
    """A run and where it stands; ``status`` is of the work, ``state`` of the month."""

    id = fields.Integer(required=True)
    period = fields.String(required=True)
    rule_set = fields.String(required=True)
    version = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["queued", "running", "done", "failed"]})
    error = fields.String(allow_none=True, required=True)
    state = fields.String(required=True)
    next = fields.Dict(allow_none=True, required=True)
    timetable = fields.Nested(TimetableSchema, required=True)
    cut_off = fields.String(required=True)
    draft = fields.Boolean(required=True)
    sealed = fields.Boolean(required=True)
    sha256 = fields.String(allow_none=True, required=True)
    export_ready = fields.Boolean(required=True)
    cases = fields.Integer(required=True)
    provisional = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    supersedes = fields.Integer(allow_none=True, required=True)
    superseded_by = fields.Integer(allow_none=True, required=True)
    reason = fields.String(allow_none=True, required=True)
    created_at = fields.String(required=True)
    finished_at = fields.String(allow_none=True, required=True)
    acts = fields.List(fields.Dict(), required=True)


class RunListSchema(Schema):
    """A page of runs, newest first."""

    items = fields.List(fields.Nested(RunSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class SubjectScoreSchema(Schema):
    """The score of one subject; a decimal as text, null without data."""

    subject = fields.String(required=True)
    score = fields.String(allow_none=True, required=True)
    rank = fields.Integer(allow_none=True, required=True)
    grade = fields.String(allow_none=True)
    group = fields.String()
    warnings = fields.List(fields.Dict())
    deciding = fields.Dict(metadata={"description": "What decided between equal scores, by indicator"})


class ScoreListSchema(Schema):
    """Scores, best first."""

    items = fields.List(fields.Nested(SubjectScoreSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class LineListSchema(SubjectScoreSchema):
    """The lines of a score; their exact points add up to it."""

    items = fields.List(fields.Dict(), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class SoFarSchema(Schema):
    """The score so far of an open month, and the cases about to breach."""

    period = fields.String(required=True)
    rule_set = fields.String(required=True)
    run = fields.Nested(RunSchema, allow_none=True, required=True)
    scores = fields.List(fields.Dict(), required=True)
    breaching = fields.List(fields.Dict(), required=True)


class MonthSchema(Schema):
    """A period's timetable, its runs, and the steps the caller was reminded of."""

    period = fields.String(required=True)
    timetable = fields.Nested(TimetableSchema, required=True)
    frozen_at = fields.String(allow_none=True, required=True)
    runs = fields.List(fields.Nested(RunSchema), required=True)
    reminders = fields.List(fields.Dict(), required=True)


class WhatIfSchema(Schema):
    """A what-if; ``periods`` is null until it was worked out."""

    id = fields.Integer(required=True)
    status = fields.String(required=True)
    error = fields.String(allow_none=True, required=True)
    asked = fields.Dict(required=True)
    created_at = fields.String(required=True)
    finished_at = fields.String(allow_none=True, required=True)
    periods = fields.List(fields.Dict(), allow_none=True, required=True)
