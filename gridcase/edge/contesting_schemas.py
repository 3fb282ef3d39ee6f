"""Shapes of what contests a month: appeals, exemptions, outside scores, adjustments, deliveries."""

from typing import Any

from marshmallow import Schema, fields, post_load

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.domain.case import AttachmentId, CaseNumber
from gridcase.edge.assessment_schemas import PERIOD
from gridcase.edge.fields import Choice, Identities, Instant, PageSize, Text, refused
from gridcase.services.appealing import AppealReason, Decision, NewAppeal, Ruling
from gridcase.services.contributing import GivenScore, NewAdjustment, NewExemption
from gridcase.services.delivering import Delivery, Entry, RejectedRow
from gridcase.services.reconciling import FindingList

_LONGEST = 2000
_DECIMAL = {"description": "Exact decimal as text", "pattern": r"^-?[0-9]{1,6}(\.[0-9]{1,6})?$"}
_POINTS = {"description": "Points given back, exact decimal as text", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,4})?$"}
_MOST_SCORES, _MOST_ROWS, _MOST_SYSTEMS = 1000, 1000, 20


def _few(most: int) -> Any:
    def check(found: list[Any]) -> None:
        if len(found) > most:
            raise refused("too_many_items", most=most)

    return check


# --- questions ----------------------------------------------------------------------------------------------------


class AppealQuerySchema(Schema):
    """Which appeals."""

    period = Text(most=10, metadata=PERIOD)
    cursor = Text(most=200)
    limit = PageSize(default=50, most=200)


class PeriodQuerySchema(Schema):
    """Which period."""

    period = Text(most=10, required=True, metadata=PERIOD)


class NewAppealSchema(Schema):
    """What is contested: a line of a subject, and the case it is about; without one, the line as a whole."""

    subject = Text(most=80, required=True)
    line = Text(most=200, required=True)
    case = Text(most=30, allow_none=True, load_default=None)
    reason = Choice(AppealReason, required=True)
    text = Text(most=_LONGEST, required=True)
    attachments = Identities(load_default=list)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> NewAppeal:
        return NewAppeal(
            subject=data["subject"],
            line=data["line"],
            case=CaseNumber(data["case"]) if data["case"] else None,
            reason=AppealReason(data["reason"]),
            text=data["text"],
            attachments=tuple(AttachmentId(one) for one in data["attachments"]),
        )


class RulingSchema(Schema):
    """A decision with its reason; ``points`` where no case is exempted."""

    decision = Choice(Decision, required=True)
    text = Text(most=_LONGEST, required=True)
    points = Text(most=20, allow_none=True, load_default=None, metadata=_POINTS)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Ruling:
        return Ruling(decision=Decision(data["decision"]), text=data["text"], points=data["points"])


class NewExemptionSchema(Schema):
    """A case that is not to count."""

    period = Text(most=10, required=True, metadata=PERIOD)
    rule_set = Text(most=80, required=True)
    case = Text(most=30, required=True)
    reason = Choice([one for one in ExemptionReason if one is not ExemptionReason.APPEAL], required=True)
    evidence = Text(most=_LONGEST, required=True)
    indicator = Text(most=64, allow_none=True, load_default=None)
    subject = Text(most=80, allow_none=True, load_default=None)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> NewExemption:
        given = data | {"case": CaseNumber(data["case"]), "reason": ExemptionReason(data["reason"])}
        return NewExemption(**given)


class ExemptionRulingSchema(Schema):
    """Whether an exemption is granted."""

    decision = Choice(("granted", "refused"), required=True)
    text = Text(most=_LONGEST, required=True)


class GivenScoreSchema(Schema):
    """An outside score, by the name that the rule set gives it."""

    name = Text(most=64, required=True)
    subject = Text(most=80, required=True)
    value = Text(most=20, required=True, metadata=_DECIMAL)
    evidence = Text(most=_LONGEST, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> GivenScore:
        return GivenScore(**data)


class ScoresRequestSchema(Schema):
    """Outside scores, taken all or none; with ``corrects`` they take the place of others."""

    period = Text(most=10, required=True, metadata=PERIOD)
    rule_set = Text(most=80, required=True)
    scores = fields.List(
        fields.Nested(GivenScoreSchema),
        required=True,
        validate=_few(_MOST_SCORES),
        metadata={"maxItems": _MOST_SCORES},
    )
    corrects = fields.Boolean(load_default=False)


class NewAdjustmentSchema(Schema):
    """Points to be settled in a period; negative ones take off."""

    period = Text(most=10, required=True, metadata=PERIOD)
    rule_set = Text(most=80, required=True)
    subject = Text(most=80, required=True)
    points = Text(most=20, required=True, metadata=_DECIMAL)
    reason = Text(most=_LONGEST, required=True)
    evidence = Text(most=_LONGEST, required=True)
    origin_period = Text(most=10, required=True, metadata=PERIOD)
    case = Text(most=30, allow_none=True, load_default=None)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> NewAdjustment:
        return NewAdjustment(**data | {"case": CaseNumber(data["case"]) if data["case"] else None})


class RejectedRowSchema(Schema):
    """A row that the recipient did not take, and why."""

    row = Text(most=200, required=True)
    reason = Text(most=500, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> RejectedRow:
        return RejectedRow(**data)


class EntrySchema(Schema):
    """What became of a package; ``rows`` of a rejection alone."""

    what = Choice(Delivery, required=True)
    recipient = Text(most=120, required=True)
    note = Text(most=500, load_default="")
    rows = fields.List(
        fields.Nested(RejectedRowSchema),
        load_default=list,
        validate=_few(_MOST_ROWS),
        metadata={"maxItems": _MOST_ROWS},
    )
    at = Instant(allow_none=True, load_default=None, metadata={"description": "When it happened; now without it"})

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Entry:
        return Entry(**data | {"what": Delivery(data["what"]), "rows": tuple(data["rows"])})


class FindingListSchema(Schema):
    """The form beside a list of the superior centre's findings; gives what is said of it, and whether it is a trial."""

    period = Text(most=10, required=True, metadata=PERIOD)
    system = Text(most=40, load_default="centre")
    rule_set = Text(most=80, load_default="")
    encoding = Text(most=40, load_default="utf-8")
    corrects = fields.Boolean(load_default=False)
    dry_run = fields.Boolean(load_default=False)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> tuple[FindingList, bool]:
        dry_run = data.pop("dry_run")
        return FindingList(**data), dry_run


class ReconciliationRequestSchema(Schema):
    """A period to be compared; ``complete`` names systems whose list holds every case that was due."""

    period = Text(most=10, required=True, metadata=PERIOD)
    complete = fields.List(Text(most=40), load_default=list, validate=_few(_MOST_SYSTEMS), metadata={"maxItems": 20})


# --- answers ------------------------------------------------------------------------------------------------------


class AppealSchema(Schema):
    """An appeal; ``filed_as`` is the role of who filed it."""

    id = fields.Integer(required=True)
    period = fields.String(required=True)
    rule_set = fields.String(required=True)
    run = fields.Integer(required=True)
    subject = fields.String(required=True)
    line = fields.String(required=True)
    clause = fields.String(required=True)
    indicator = fields.String(required=True)
    case = fields.String(allow_none=True, required=True)
    reason = fields.String(required=True)
    text = fields.String(required=True)
    attachments = fields.List(fields.String(), required=True)
    state = fields.String(required=True, metadata={"enum": ["open", "upheld", "partly", "rejected", "withdrawn"]})
    late = fields.Boolean(required=True)
    filed_as = fields.String(required=True)
    filed_at = fields.String(required=True)
    decided_at = fields.String(allow_none=True, required=True)
    decision = fields.String(allow_none=True, required=True)
    points = fields.String(allow_none=True, required=True)


class AppealListSchema(Schema):
    """A page of appeals, in the order in which they were filed."""

    items = fields.List(fields.Nested(AppealSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class ExemptionSchema(Schema):
    """An exemption; ``indicator`` and ``subject`` are null where it counts everywhere."""

    id = fields.Integer(required=True)
    period = fields.String(required=True)
    rule_set = fields.String(required=True)
    case = fields.String(required=True)
    indicator = fields.String(allow_none=True, required=True)
    subject = fields.String(allow_none=True, required=True)
    reason = fields.String(required=True)
    evidence = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": ["proposed", "granted", "refused"]})
    proposed_for = fields.String(allow_none=True, required=True)
    proposed_at = fields.String(required=True)
    decided_at = fields.String(allow_none=True, required=True)
    decision = fields.String(allow_none=True, required=True)
    appeal = fields.Integer(allow_none=True, required=True)


class ExemptionListSchema(Schema):
    """The exemptions of a period, those proposed and refused included."""

    items = fields.List(fields.Nested(ExemptionSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class ExternalScoreSchema(Schema):
    """An outside score that stands."""

    id = fields.Integer(required=True)
    period = fields.String(required=True)
    rule_set = fields.String(required=True)
    name = fields.String(required=True)
    subject = fields.String(required=True)
    value = fields.String(required=True)
    evidence = fields.String(required=True)
    given_at = fields.String(required=True)


class ExternalScoreListSchema(Schema):
    """The outside scores of a period that stand."""

    items = fields.List(fields.Nested(ExternalScoreSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class ScoresTakenSchema(Schema):
    """How many are new, took the place of another, or were there already."""

    taken = fields.Integer(required=True)
    corrected = fields.Integer(required=True)
    already_there = fields.Integer(required=True)


class AdjustmentSchema(Schema):
    """Points settled in a period for what happened in ``origin_period``."""

    id = fields.Integer(required=True)
    period = fields.String(required=True)
    rule_set = fields.String(required=True)
    subject = fields.String(required=True)
    points = fields.String(required=True)
    reason = fields.String(required=True)
    evidence = fields.String(required=True)
    origin_period = fields.String(required=True)
    case = fields.String(allow_none=True, required=True)
    made_at = fields.String(required=True)
    appeal = fields.Integer(allow_none=True, required=True)


class AdjustmentListSchema(Schema):
    """The adjustments settled in a period."""

    items = fields.List(fields.Nested(AdjustmentSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class DeliverySchema(Schema):
    """An entry of the delivery ledger; ``sha256`` is of the package it speaks of."""

    id = fields.Integer(required=True)
    run = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    what = fields.String(required=True, metadata={"enum": [str(one) for one in Delivery]})
    recipient = fields.String(required=True)
    note = fields.String(allow_none=True, required=True)
    rows = fields.List(fields.Nested(RejectedRowSchema), required=True)
    at = fields.String(required=True)
    noted_at = fields.String(required=True)
    noted_as = fields.String(required=True)


class DeliveryListSchema(Schema):
    """The entries of a run's package, in the order in which they were noted."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class FindingReportSchema(Schema):
    """What came of a list of findings; ``rows`` is the sum of the four counts."""

    rows = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    corrected = fields.Integer(required=True)
    already_there = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    exceptions = fields.List(fields.Dict(), required=True)


class ReconciliationSchema(Schema):
    """A comparison; ``items`` is null until it was worked out."""

    id = fields.Integer(required=True)
    period = fields.String(required=True)
    complete = fields.List(fields.String(), required=True)
    status = fields.String(required=True, metadata={"enum": ["queued", "running", "done", "failed"]})
    error = fields.String(allow_none=True, required=True)
    created_at = fields.String(required=True)
    finished_at = fields.String(allow_none=True, required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    items = fields.List(fields.Dict(), allow_none=True, required=True)
