"""Contesting a month over HTTP: appeals, exemptions, outside scores, adjustments, and the ledger of its packages.

The use cases decide who may do and see what. What is unique by nature takes a key or none; adjustments and entries of
the ledger, which may rightly come twice, need one.
"""

from typing import Any

from flask import Response, jsonify

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import IDEMPOTENCY_KEY, OPTIONAL_KEY, answers, body
from gridcase.domain.errors import PreconditionMissingError
from gridcase.edge.bodies import client_ref, read_cursor, read_keyed, read_query, write_cursor
from gridcase.edge.contest_view import (
    adjustment_view,
    appeal_view,
    delivery_view,
    exemption_view,
    external_score_view,
    scores_taken_view,
)
from gridcase.edge.contesting_schemas import (
    AdjustmentListSchema,
    AdjustmentSchema,
    AppealListSchema,
    AppealQuerySchema,
    AppealSchema,
    DeliveryListSchema,
    DeliverySchema,
    EntrySchema,
    ExemptionListSchema,
    ExemptionRulingSchema,
    ExemptionSchema,
    ExternalScoreListSchema,
    NewAdjustmentSchema,
    NewAppealSchema,
    NewExemptionSchema,
    PeriodQuerySchema,
    RulingSchema,
    ScoresRequestSchema,
    ScoresTakenSchema,
)
from gridcase.edge.runtime import calling, runtime
from gridcase.services import appealing, contributing, delivering

contesting = ApiBlueprint("contesting", description="Appeals and other contributions to a month")

_READ_REFUSALS = (403, 422)
_MADE_REFUSALS = (400, 403, 409, 413, 415, 422)
_WRITE_REFUSALS = (400, 403, 404, 409, 413, 415, 422)
_PERIOD_QUERY = {"in": "query", "schema": PeriodQuerySchema, "name": "query"}


# --- appeals ------------------------------------------------------------------------------------------------------


@contesting.route("/assessments/<int:identity>/appeals", methods=["POST"])
@contesting.doc(
    summary="Contest a line of a score",
    description="A unit for itself, from the cut-off to the end of publicity; who assesses, also later and for others.",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NewAppealSchema),
    responses=answers((201, "The appeal", AppealSchema), refusals=_WRITE_REFUSALS),
)
def file_appeal(identity: int) -> Response:
    """File an appeal; sent again with the same key, it is not filed again."""
    rt = runtime()
    new = read_keyed(NewAppealSchema)
    row, is_replay = appealing.file_appeal(rt, calling().actor, identity, new, key=client_ref())
    answer = _made(appeal_view(row, rt.settings.zone), is_replay=is_replay)
    answer.headers["Location"] = f"/api/v1/assessments/appeals/{row.id}"
    return answer


@contesting.route("/assessments/appeals", methods=["GET"])
@contesting.doc(
    summary="List appeals",
    parameters=[{"in": "query", "schema": AppealQuerySchema, "name": "query"}],
    responses=answers((200, "A page, oldest first", AppealListSchema), refusals=_READ_REFUSALS),
)
def appeals() -> dict[str, Any]:
    """List appeals: a unit its own, who assesses all."""
    rt = runtime()
    asked = read_query(AppealQuerySchema)
    after = read_cursor(asked["cursor"])[1] if "cursor" in asked else 0
    limit = asked["limit"]
    found = appealing.list_appeals(rt, calling().actor, period=asked.get("period"), after=after, limit=limit)
    shown = found[:limit]
    return {
        "items": [appeal_view(one, rt.settings.zone) for one in shown],
        "next_cursor": write_cursor(shown[-1].filed_at, shown[-1].id) if len(found) > limit else None,
    }


@contesting.route("/assessments/appeals/<int:identity>", methods=["GET"])
@contesting.doc(summary="Show an appeal", responses=answers((200, "The appeal", AppealSchema), refusals=(404,)))
def show_appeal(identity: int) -> dict[str, Any]:
    """Return an appeal and how it was decided."""
    rt = runtime()
    return appeal_view(appealing.one_appeal(rt, calling().actor, identity), rt.settings.zone)


@contesting.route("/assessments/appeals/<int:identity>/decide", methods=["POST"])
@contesting.doc(
    summary="Decide an appeal",
    description="Upheld, the case no longer counts or points are given back; once the month is sealed, points alone.",
    parameters=[OPTIONAL_KEY],
    requestBody=body(RulingSchema),
    responses=answers((200, "Decided", AppealSchema), refusals=_WRITE_REFUSALS),
)
def decide_appeal(identity: int) -> dict[str, Any]:
    """Decide an appeal; never by who drafted the run or filed the appeal."""
    rt = runtime()
    ruling = read_keyed(RulingSchema)
    done = appealing.decide_appeal(rt, calling().actor, identity, ruling, key=client_ref())
    return appeal_view(done, rt.settings.zone)


@contesting.route("/assessments/appeals/<int:identity>/withdraw", methods=["POST"])
@contesting.doc(
    summary="Withdraw an appeal",
    parameters=[OPTIONAL_KEY],
    responses=answers((200, "Withdrawn", AppealSchema), refusals=(403, 404, 409, 422)),
)
def withdraw_appeal(identity: int) -> dict[str, Any]:
    """Take an open appeal back."""
    rt = runtime()
    done = appealing.withdraw_appeal(rt, calling().actor, identity, key=client_ref())
    return appeal_view(done, rt.settings.zone)


# --- exemptions ---------------------------------------------------------------------------------------------------


@contesting.route("/assessments/exemptions", methods=["GET"])
@contesting.doc(
    summary="List exemptions",
    parameters=[_PERIOD_QUERY],
    responses=answers((200, "Of a period", ExemptionListSchema), refusals=_READ_REFUSALS),
)
def exemptions() -> dict[str, Any]:
    """List the exemptions of a period: a unit those of its own, who assesses all."""
    rt = runtime()
    found = contributing.list_exemptions(rt, calling().actor, read_query(PeriodQuerySchema)["period"])
    return {"items": [exemption_view(one, rt.settings.zone) for one in found], "next_cursor": None}


@contesting.route("/assessments/exemptions", methods=["POST"])
@contesting.doc(
    summary="Propose an exemption",
    description="One of the same case from the same that was not refused is answered instead of a second.",
    parameters=[OPTIONAL_KEY],
    requestBody=body(NewExemptionSchema),
    responses=answers((201, "Proposed", ExemptionSchema), refusals=_MADE_REFUSALS),
)
def propose_exemption() -> Response:
    """Propose that a case does not count; another person decides."""
    rt = runtime()
    row, was_there = contributing.propose_exemption(rt, calling().actor, read_keyed(NewExemptionSchema))
    return _made(exemption_view(row, rt.settings.zone), is_replay=was_there)


@contesting.route("/assessments/exemptions/<int:identity>/decide", methods=["POST"])
@contesting.doc(
    summary="Decide an exemption",
    parameters=[OPTIONAL_KEY],
    requestBody=body(ExemptionRulingSchema),
    responses=answers((200, "Decided", ExemptionSchema), refusals=_WRITE_REFUSALS),
)
def decide_exemption(identity: int) -> dict[str, Any]:
    """Grant or refuse an exemption; nobody decides what they proposed."""
    rt = runtime()
    asked = read_keyed(ExemptionRulingSchema)
    grants = asked["decision"] == "granted"
    done = contributing.decide_exemption(
        rt, calling().actor, identity, grants=grants, text=asked["text"], key=client_ref()
    )
    return exemption_view(done, rt.settings.zone)


# --- outside scores -----------------------------------------------------------------------------------------------


@contesting.route("/assessments/external-scores", methods=["GET"])
@contesting.doc(
    summary="List outside scores",
    parameters=[_PERIOD_QUERY],
    responses=answers((200, "Those of a period that stand", ExternalScoreListSchema), refusals=_READ_REFUSALS),
)
def external_scores() -> dict[str, Any]:
    """List the outside scores of a period that stand: a unit its own, who assesses all."""
    rt = runtime()
    found = contributing.list_scores(rt, calling().actor, read_query(PeriodQuerySchema)["period"])
    return {"items": [external_score_view(one, rt.settings.zone) for one in found], "next_cursor": None}


@contesting.route("/assessments/external-scores", methods=["POST"])
@contesting.doc(
    summary="Give outside scores",
    description="All or none; the same ones again change nothing, others are refused unless they correct.",
    parameters=[OPTIONAL_KEY],
    requestBody=body(ScoresRequestSchema),
    responses=answers((200, "Taken", ScoresTakenSchema), refusals=_MADE_REFUSALS),
)
def give_scores() -> dict[str, int]:
    """Take outside scores of a period by a rule set."""
    asked = read_keyed(ScoresRequestSchema)
    done = contributing.give_scores(
        runtime(),
        calling().actor,
        asked["period"],
        asked["rule_set"],
        asked["scores"],
        corrects=asked["corrects"],
    )
    return scores_taken_view(done)


# --- adjustments --------------------------------------------------------------------------------------------------


@contesting.route("/assessments/adjustments", methods=["GET"])
@contesting.doc(
    summary="List adjustments",
    parameters=[_PERIOD_QUERY],
    responses=answers((200, "Those settled in a period", AdjustmentListSchema), refusals=_READ_REFUSALS),
)
def adjustments() -> dict[str, Any]:
    """List the adjustments settled in a period: a unit its own, who assesses all."""
    rt = runtime()
    found = contributing.list_adjustments(rt, calling().actor, read_query(PeriodQuerySchema)["period"])
    return {"items": [adjustment_view(one, rt.settings.zone) for one in found], "next_cursor": None}


@contesting.route("/assessments/adjustments", methods=["POST"])
@contesting.doc(
    summary="Settle points",
    parameters=[IDEMPOTENCY_KEY],
    requestBody=body(NewAdjustmentSchema),
    responses=answers((201, "Settled", AdjustmentSchema), refusals=(*_MADE_REFUSALS, 428)),
)
def adjust() -> Response:
    """Settle points in a period, for what happened in it or before; a line of their own says so."""
    rt = runtime()
    row, is_replay = contributing.adjust(rt, calling().actor, read_keyed(NewAdjustmentSchema), key=_needed_key())
    return _made(adjustment_view(row, rt.settings.zone), is_replay=is_replay)


# --- deliveries ---------------------------------------------------------------------------------------------------


@contesting.route("/assessments/<int:identity>/deliveries", methods=["GET"])
@contesting.doc(
    summary="What became of a package",
    responses=answers((200, "In the order in which it was noted", DeliveryListSchema), refusals=(403, 404)),
)
def deliveries(identity: int) -> dict[str, Any]:
    """List the entries of a run's package."""
    rt = runtime()
    found = delivering.list_deliveries(rt, calling().actor, identity)
    return {"items": [delivery_view(one, rt.settings.zone) for one in found], "next_cursor": None}


@contesting.route("/assessments/<int:identity>/deliveries", methods=["POST"])
@contesting.doc(
    summary="Note what became of a package",
    parameters=[IDEMPOTENCY_KEY],
    requestBody=body(EntrySchema),
    responses=answers((201, "Noted", DeliverySchema), refusals=(*_WRITE_REFUSALS, 428)),
)
def record_delivery(identity: int) -> Response:
    """Note that a sealed and approved package was sent, received, rejected, or issued anew."""
    rt = runtime()
    entry = read_keyed(EntrySchema)
    row, is_replay = delivering.record_delivery(rt, calling().actor, identity, entry, key=_needed_key())
    return _made(delivery_view(row, rt.settings.zone), is_replay=is_replay)


def _needed_key() -> str:
    key = client_ref()
    if key is None:
        raise PreconditionMissingError("idempotency_key_missing")
    return key


def _made(view: dict[str, Any], *, is_replay: bool) -> Response:
    answer = jsonify(view)
    answer.status_code = 201
    if is_replay:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer
