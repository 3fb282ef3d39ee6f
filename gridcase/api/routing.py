"""Routing over HTTP: who would get a case, and how the table did in a period."""

import json
from typing import Any

from marshmallow import Schema

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import BenchSchema, RouteSchema, answers
from gridcase.domain.case import CaseKind, Scheme, Source, TypeKey
from gridcase.domain.errors import invalid
from gridcase.domain.place import Datum
from gridcase.domain.time import Period
from gridcase.edge.bodies import read_query
from gridcase.edge.fields import Choice, NumberText, Text
from gridcase.edge.routing_view import bench_view
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.view import Viewing, route_sentence
from gridcase.services.routing_cases import WhoQuestion, bench, who_would_get_it
from gridcase.services.steps.placing import ReceivedPlace

routing = ApiBlueprint("routing", description="Routing")


class WhoQuerySchema(Schema):
    """A case type, where it would come from, and where it would be; without a place only rules for every place fit."""

    scheme = Choice(Scheme, required=True)
    kind = Choice(CaseKind, required=True)
    code = Text(most=10, required=True)
    source = Choice(Source, required=True)
    lon = NumberText()
    lat = NumberText()
    datum = Choice(Datum, load_default=Datum.WGS84)


class PeriodQuerySchema(Schema):
    """A month, quarter or year."""

    period = Text(most=8, required=True)


@routing.route("/routing/ask", methods=["GET"])
@routing.doc(
    summary="Who would get this case",
    parameters=[{"in": "query", "schema": WhoQuerySchema, "name": "query"}],
    responses=answers((200, "The unit, and why", RouteSchema), refusals=(403, 422)),
)
def ask() -> dict[str, Any]:
    """Return the unit that the routing table in force names today, with the explanation a case would keep."""
    asked, called = read_query(WhoQuerySchema), calling()
    key = TypeKey(scheme=Scheme(asked["scheme"]), kind=CaseKind(asked["kind"]), code=asked["code"])
    question = WhoQuestion(type=key, source=Source(asked["source"]), location=_place(asked))
    found = who_would_get_it(runtime(), called.actor, question, called.reference)
    viewing = Viewing(called.actor, called.reference, runtime().clock.now(), language())
    return {
        "unit": found.unit,
        "rule": found.rule,
        "cell": found.explanation.question.cell,
        "sentence": route_sentence(found.explanation, viewing),
        "explanation": json.loads(found.dump()),
    }


@routing.route("/routing/report", methods=["GET"])
@routing.doc(
    summary="How the routing table did",
    parameters=[{"in": "query", "schema": PeriodQuerySchema, "name": "query"}],
    responses=answers((200, "The report", BenchSchema), refusals=(403, 422)),
)
def report() -> dict[str, Any]:
    """Ask the routing table in force about the cases filed in a period that the caller may see."""
    called = calling()
    asked = read_query(PeriodQuerySchema)["period"]
    try:
        period = Period.parse(asked, zone=runtime().settings.zone)
    except ValueError as err:
        raise invalid("period", "period_malformed", period=asked) from err
    return bench_view(bench(runtime(), called.actor, period, called.reference))


def _place(asked: dict[str, Any]) -> ReceivedPlace | None:
    if "lon" not in asked and "lat" not in asked:
        return None
    for name in ("lon", "lat"):
        if name not in asked:
            raise invalid(name, "field_required")
    return ReceivedPlace(lon=asked["lon"], lat=asked["lat"], datum=Datum(asked["datum"]))
