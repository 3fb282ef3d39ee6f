"""What a phone asks: what changed, and what is like this nearby."""

import hashlib
import json
from typing import Any

from flask import Response
from marshmallow import Schema

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import ItemsSchema, SyncSchema, answers
from gridcase.api.reference import type_view
from gridcase.domain.case import TypeKey
from gridcase.domain.errors import invalid
from gridcase.domain.place import Datum
from gridcase.edge.bodies import read_query
from gridcase.edge.compact import compact_answer, compact_json
from gridcase.edge.fields import Choice, NumberText, PageSize, Text
from gridcase.edge.phone_view import clocks_view, near_view, sync_view
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import Language
from gridcase.edge.view import Viewing
from gridcase.services.dossier import similar
from gridcase.services.steps.placing import ReceivedPlace, position_of
from gridcase.services.steps.reference import Reference
from gridcase.services.syncing import sync

phones = ApiBlueprint("phones", description="What a phone holds")

_MOST_RADIUS_M = 500


class SyncQuerySchema(Schema):
    """Up to where the phone knows, and digests of grid, catalogue, usual types and working time it holds."""

    cursor = Text(most=600)
    grid = Text(most=40)
    types = Text(most=40)
    usual = Text(most=40)
    clocks = Text(most=40)


class NearQuerySchema(Schema):
    """A point in degrees, a type, and within how many metres."""

    lon = NumberText(required=True)
    lat = NumberText(required=True)
    datum = Choice(Datum, load_default=Datum.WGS84)
    type = Text(most=60, required=True)
    radius_m = NumberText(signed=False, load_default=50.0)
    limit = PageSize(default=10, most=50)


@phones.route("/sync", methods=["GET"])
@phones.doc(
    summary="What changed on a phone",
    parameters=[{"in": "query", "schema": SyncQuerySchema, "name": "query"}],
    responses=answers((200, "What to put and what is gone", SyncSchema), refusals=(422,)),
)
def changes() -> Response:
    """Return the caller's tasks, open cases and campaign places that changed since a cursor; without one, all of them.

    ``grid``, ``types``, ``usual`` and ``clocks`` are there only when the phone holds others. Compressed where the phone
    takes it.
    """
    asked = read_query(SyncQuerySchema)
    called, rt = calling(), runtime()
    told = sync(rt, called.actor, called.reference, asked.get("cursor"))
    viewing = Viewing(called.actor, called.reference, rt.clock.now(), language())
    shown = sync_view(told, viewing)
    if asked.get("grid") != told.grid.digest:
        shown["grid"] = {"digest": told.grid.digest} | told.grid.body
    for name, value in (("types", _types(called.reference, language())), ("usual", _usual(told.usual))):
        if asked.get(name) != value["digest"]:
            shown[name] = value
    clocks = clocks_view(viewing)
    if asked.get("clocks") != clocks["digest"]:
        shown["clocks"] = clocks
    return compact_answer(compact_json(shown))


@phones.route("/cases/nearby", methods=["GET"])
@phones.doc(
    summary="Open cases like this nearby",
    parameters=[{"in": "query", "schema": NearQuerySchema, "name": "query"}],
    responses=answers((200, "The nearest first", ItemsSchema), refusals=(422,)),
)
def nearby() -> dict[str, Any]:
    """Return the open cases of a type, or of its neighbours in the catalogue, around a point, the nearest first."""
    asked = read_query(NearQuerySchema)
    if asked["radius_m"] > _MOST_RADIUS_M:
        raise invalid("radius_m", "whole_number_expected", least=0, most=_MOST_RADIUS_M)
    called, rt = calling(), runtime()
    where = position_of(ReceivedPlace(lon=asked["lon"], lat=asked["lat"], datum=Datum(asked["datum"])), "lon")
    kin = _kin(called.reference, asked["type"])
    found = similar(rt, called.actor, kin, where.point, radius_m=asked["radius_m"])[: asked["limit"]]
    viewing = Viewing(called.actor, called.reference, rt.clock.now(), language())
    return {"items": [near_view(one, viewing) for one in found], "next_cursor": None}


def _kin(reference: Reference, text: str) -> tuple[TypeKey, ...]:
    """Return a type and the others of its major class: people file the same thing under either."""
    try:
        key = TypeKey.parse(text)
    except ValueError as err:
        raise invalid("type", "unknown_type", type=text) from err
    known = reference.rules.catalogue.find(key)
    if known is None:
        raise invalid("type", "unknown_type", type=text)
    return tuple(
        one.key
        for one in reference.rules.catalogue.types
        if one.key.kind == key.kind and one.major_name == known.major_name
    )


def _types(reference: Reference, spoken: Language) -> dict[str, Any]:
    catalogue = reference.rules.catalogue
    items = [type_view(one, spoken) for one in catalogue.types]
    return {"digest": _digest([catalogue.version, items]), "items": items}


def _usual(found: tuple[TypeKey, ...]) -> dict[str, Any]:
    """Return what is filed most here: apart from the catalogue, which is long and changes seldom."""
    keys = [str(one) for one in found]
    return {"digest": _digest(keys), "keys": keys}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:16]
