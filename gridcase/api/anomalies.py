"""Anomalies over HTTP: what the evidence of phones shows that a person should look at, and the word on it."""

from typing import Any

from marshmallow import Schema

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import AnomalyListSchema, AnomalySchema, answers, body
from gridcase.edge.anomaly_view import anomaly_view
from gridcase.edge.bodies import read_body, read_cursor, read_query, write_cursor
from gridcase.edge.fields import Choice, PageSize, Text
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.view import Viewing
from gridcase.services.anomalies import OPEN, REVIEWED, anomalies, review_anomaly

oddities = ApiBlueprint("anomalies", description="Evidence to look at again")


class AnomalyQuerySchema(Schema):
    """State and page."""

    state = Choice((OPEN, REVIEWED))
    cursor = Text(most=200)
    limit = PageSize(default=50, most=200)


class AnomalyReviewSchema(Schema):
    """What came out of looking at it."""

    reason = Text(most=500, required=True)


@oddities.route("/anomalies", methods=["GET"])
@oddities.doc(
    summary="Evidence to look at again",
    parameters=[{"in": "query", "schema": AnomalyQuerySchema, "name": "query"}],
    responses=answers((200, "Newest first", AnomalyListSchema), refusals=(403, 422)),
)
def index() -> dict[str, Any]:
    """Return what the evidence of phones shows that a person should look at: facts and numbers, no verdict."""
    asked = read_query(AnomalyQuerySchema)
    rt, called, limit = runtime(), calling(), asked["limit"]
    after = read_cursor(asked["cursor"])[1] if "cursor" in asked else None
    found = anomalies(rt, called.actor, state=asked.get("state"), after=after, limit=limit)
    viewing = Viewing(called.actor, called.reference, rt.clock.now(), language())
    shown = found[:limit]
    last = shown[-1].row if len(found) > limit else None
    return {
        "items": [anomaly_view(one, viewing) for one in shown],
        "next_cursor": write_cursor(last.found_at, last.id) if last else None,
    }


@oddities.route("/anomalies/<int:identity>/review", methods=["POST"])
@oddities.doc(
    summary="Say what came out of it",
    requestBody=body(AnomalyReviewSchema),
    responses=answers((200, "Reviewed", AnomalySchema), refusals=(400, 403, 404, 409, 413, 415, 422)),
)
def review(identity: int) -> dict[str, Any]:
    """Say with a reason what came out of looking at it; nobody reviews what is about themselves."""
    rt, called = runtime(), calling()
    done = review_anomaly(rt, called.actor, identity, lambda: str(read_body(AnomalyReviewSchema)["reason"]))
    return anomaly_view(done, Viewing(called.actor, called.reference, rt.clock.now(), language()))
