"""Who is on duty and who stands in for whom, over HTTP.

Both are unique by nature: the same shift or delegation sent again is answered, not made again, whatever key it carries.
"""

from datetime import timedelta
from typing import Any

from flask import Response, jsonify
from marshmallow import Schema

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import (
    OPTIONAL_KEY,
    DelegationListSchema,
    DelegationSchema,
    ShiftListSchema,
    ShiftSchema,
    answers,
    body,
)
from gridcase.edge.bodies import read_keyed, read_query
from gridcase.edge.fields import Instant
from gridcase.edge.runtime import calling, runtime
from gridcase.edge.schemas import NewDelegationSchema, NewShiftSchema
from gridcase.edge.staff_view import delegation_view, shift_view
from gridcase.services.delegating import delegate, delegations
from gridcase.services.rostering import add_shift, shifts

staff = ApiBlueprint("staff", description="Roster and delegations")

_WEEK = timedelta(days=7)


class RosterQuerySchema(Schema):
    """From when to when; by default the coming week."""

    from_ = Instant(data_key="from")
    to = Instant()


@staff.route("/roster", methods=["GET"])
@staff.doc(
    summary="The roster",
    parameters=[{"in": "query", "schema": RosterQuerySchema, "name": "query"}],
    responses=answers((200, "Shifts that touch the time", ShiftListSchema), refusals=(403, 422)),
)
def roster() -> dict[str, Any]:
    """Return the shifts that touch a time, by their start."""
    asked = read_query(RosterQuerySchema)
    rt = runtime()
    start = asked.get("from_", rt.clock.now())
    found = shifts(rt, calling().actor, start, asked.get("to", start + _WEEK))
    return {"items": [shift_view(one, rt.settings.zone) for one in found], "next_cursor": None}


@staff.route("/roster", methods=["POST"])
@staff.doc(
    summary="Put an inspector on duty",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NewShiftSchema),
    responses=answers((201, "On duty", ShiftSchema), refusals=(400, 403, 413, 415, 422)),
)
def add_to_roster() -> Response:
    """Put an inspector on duty; the same shift again changes nothing."""
    rt = runtime()
    made, is_replay = add_shift(rt, calling().actor, read_keyed(NewShiftSchema))
    return created(shift_view(made, rt.settings.zone), is_replay=is_replay)


@staff.route("/delegations", methods=["GET"])
@staff.doc(
    summary="Who stands in for whom",
    responses=answers((200, "Delegations that have not ended", DelegationListSchema), refusals=(403,)),
)
def list_delegations() -> dict[str, Any]:
    """Return the delegations that have not ended: one's own, or everybody's for those who lead."""
    rt = runtime()
    found = delegations(rt, calling().actor)
    return {"items": [delegation_view(one, rt.settings.zone) for one in found], "next_cursor": None}


@staff.route("/delegations", methods=["POST"])
@staff.doc(
    summary="Hand a role over for a time",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NewDelegationSchema),
    responses=answers((201, "Handed over", DelegationSchema), refusals=(400, 403, 413, 415, 422)),
)
def add_delegation() -> Response:
    """Hand a role over for a time; the same again changes nothing."""
    rt = runtime()
    made, is_replay = delegate(rt, calling().actor, read_keyed(NewDelegationSchema))
    return created(delegation_view(made, rt.settings.zone), is_replay=is_replay)


def created(view: dict[str, Any], *, is_replay: bool) -> Response:
    """Answer that something is there now, and whether it was before."""
    answer = jsonify(view)
    answer.status_code = 201
    if is_replay:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer
