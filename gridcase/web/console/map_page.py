"""The map: cells and layers as vectors of our own, open cases as points, heat by cell, and a list that says the same.

What the browser draws comes in compact answers: whole numbers of 1e-7 degree, each vertex as its difference to the one
before, compressed here because no proxy may be in front. Layers are kept by the browser until they change.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from gridcase.domain.actor import UNIT_ROLES
from gridcase.domain.case import CaseState, CellCode, Source, TypeKey, UnitCode
from gridcase.domain.errors import NotFoundError
from gridcase.domain.time import is_late
from gridcase.edge.compact import compact_answer, compact_json
from gridcase.edge.countdown import Countdowns, countdown_words
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import Language
from gridcase.edge.view import community_name, listed_view, view_of
from gridcase.grid.features import COMMUNITY_LAYER, UNIT_LAYER
from gridcase.services.map_reading import MOST_POINTS, CaseFilter, MapPoint, cell_counts, map_points
from gridcase.services.queue import has_changed, present_mark, soon_bounds
from gridcase.services.reading import PageAsk, case_list, one_case
from gridcase.services.steps.layering import feature_bounds
from gridcase.web.console.action_forms import unit_choices, word_choices
from gridcase.web.console.blueprint import console
from gridcase.web.console.map_tiles import allow_tiles, tiles_of
from gridcase.web.console.numbers import as_number
from gridcase.web.console.outlines import outline
from gridcase.web.console.rendering import console_page, fragment, viewing
from gridcase.web.marks import MARKS
from gridcase.web.texts import text
from gridcase.workflow.routing import RoutingQuestion, route

_LISTED = 100
_CELLS_LISTED = 200
_OPEN = tuple(state for state in CaseState if state.is_open)
#: Shares of the largest count at which a class of heat begins; five classes.
_CLASSES = 5
PERIODS = (1, 7, 30, 90)
#: By layer: what it was made of, and its answer; kept because ten thousand cells take a quarter of a second to write.
_KEPT: dict[str, tuple[str, bytes]] = {}


@console.route("/map", methods=["GET"])
def map_page() -> Response:
    """Show the map with its list."""
    called = calling()
    units = unit_choices(called.reference.rules.units.units, language())
    layers = sorted({layer for layer, _ in called.reference.features}, key=lambda one: (one != UNIT_LAYER, one))
    page = console_page(
        "console/map.html",
        title="map.title",
        layers=[(name, url_for("console.map_layer", layer=name, v=_layer_version(name))) for name in layers],
        units=[] if called.actor.role in UNIT_ROLES else units,
        states=word_choices(_OPEN, language()),
        sources=word_choices(Source, language()),
        periods=[(one, text("map.days", language(), n=one)) for one in PERIODS],
        asked=request.args,
        countdown_words=countdown_words(language()),
        tiles=tiles_of(runtime().settings, called.reference),
        tiles_credit=runtime().settings.map_tiles_credit,
        **_listed(),
    )
    return allow_tiles(page, runtime().settings)


def layer_addresses() -> dict[str, str]:
    """Return where the browser gets the layers that a place is chosen on."""
    return {
        name: url_for("console.map_layer", layer=name, v=_layer_version(name))
        for name in (UNIT_LAYER, COMMUNITY_LAYER)
        if any(layer == name for layer, _ in calling().reference.features)
    }


@console.route("/map/list", methods=["GET"])
def map_list() -> Response:
    """Return the list beside the map."""
    return fragment("console/_map_list.html", **_listed())


@console.route("/map/layers/<string:layer>", methods=["GET"])
def map_layer(layer: str) -> Response:
    """Return a layer: codes, names and rings of whole numbers, differences after the first vertex."""
    version = _layer_version(layer)
    kept = _KEPT.get(layer)
    if kept is None or kept[0] != version:
        members = [one for (name, _), one in calling().reference.features.items() if name == layer]
        if not members:
            raise NotFoundError("layer_not_found", params={"layer": layer})
        kept = _KEPT[layer] = (version, compact_json([outline(one) for one in members]))
    answer = compact_answer(kept[1], is_kept=True)
    answer.set_etag(version, weak=True)
    if request.args.get("v") == version:
        answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.make_conditional(request)
    return answer


@console.route("/map/points", methods=["GET"])
def map_case_points() -> Response:
    """Return the open cases of a filter: number, mark, urgency, longitude and latitude of each.

    Nothing when nothing has changed since the mark of an earlier answer. Urgency changes by time alone: whoever asks in
    turns leaves the mark out now and then.
    """
    actor = calling().actor
    if (mark := request.args.get("mark")) and not has_changed(runtime(), actor, mark):
        return Response(status=204)
    mark = present_mark(runtime(), actor)
    found = map_points(runtime(), actor, _filter())
    now = runtime().clock.now()
    soon = dict(soon_bounds(calling().reference.rules, now))
    shown = [_point(one, now, soon) for one in found[:MOST_POINTS]]
    return compact_answer(compact_json({"points": shown, "more": len(found) > MOST_POINTS, "mark": mark}))


@console.route("/map/heat", methods=["GET"])
def map_heat() -> Response:
    """Return the class of heat of each cell, and where each class begins."""
    counts = cell_counts(runtime(), calling().actor, _filter(), _days() or PERIODS[1]).filed
    begins = _classes(counts.values())
    classes = {code: sum(number >= one for one in begins) - 1 for code, number in counts.items()}
    return compact_answer(compact_json({"begins": begins, "cells": classes}))


@console.route("/map/cases/<string:number>", methods=["GET"])
def map_case(number: str) -> Response:
    """Return the card of a case."""
    seen = viewing()
    stored = one_case(runtime(), seen.actor, number)
    shown = view_of(stored, seen)
    unit = shown["assignments"][-1]["unit_name"] if shown["assignments"] else ""
    clock = Countdowns(rules=seen.reference.rules, now=seen.now, language=seen.language).of_case(stored.case)
    return fragment("console/_map_case.html", case=shown, unit=unit, countdown=clock)


@console.route("/map/cells/<string:code>", methods=["GET"])
def map_cell(code: str) -> Response:
    """Return the card of a cell: where it is, who is responsible, how many cases."""
    called = calling()
    feature = called.reference.features.get((UNIT_LAYER, code))
    if feature is None:
        raise NotFoundError("cell_not_found", params={"code": code})
    days = _days() or PERIODS[1]
    counts = cell_counts(runtime(), called.actor, CaseFilter(area=code), days)
    return fragment(
        "console/_map_cell.html",
        code=code,
        community=community_name(code, calling().reference),
        responsible=() if called.actor.is_unit else _responsible(CellCode(code)),
        open=counts.open.get(code, 0),
        filed=counts.filed.get(code, 0),
        days=days,
    )


@console.route("/map/find", methods=["GET"])
def map_find() -> Response:
    """Return where a case or a cell is: its point, and what to open; 404 when there is none to see."""
    asked = request.args.get("q", "").strip().upper()
    cell = calling().reference.features.get((UNIT_LAYER, asked))
    if cell is not None:
        west, south, east, north = feature_bounds(cell)
        return compact_answer(compact_json({"lon": (west + east) // 2, "lat": (south + north) // 2, "cell": asked}))
    point = one_case(runtime(), calling().actor, asked).case.point
    if point is None:
        raise NotFoundError("case_not_found", params={"number": asked})
    return compact_answer(compact_json({"lon": point.lon_e7, "lat": point.lat_e7, "case": asked}))


def _listed() -> dict[str, Any]:
    """Return what the list shows: the cases due first, and the cells with most."""
    rt, seen, wanted = runtime(), viewing(), _filter()
    asked = wanted if wanted.states else CaseFilter(**{**_fields(wanted), "states": _OPEN})
    found = case_list(rt, seen.actor, asked, PageAsk(order="due", limit=_LISTED))
    clocks = Countdowns(rules=seen.reference.rules, now=seen.now, language=seen.language)
    days = _days() or PERIODS[1]
    counts = cell_counts(rt, seen.actor, wanted, days)
    codes = sorted(
        counts.filed.keys() | counts.open.keys(),
        key=lambda code: (-counts.filed.get(code, 0), -counts.open.get(code, 0), code),
    )
    return {
        "cases": [(listed_view(one, seen), clocks.of_case(one.case)) for one in found[:_LISTED]],
        "has_more": len(found) > _LISTED,
        "cells": [
            (code, community_name(code, calling().reference), counts.open.get(code, 0), counts.filed.get(code, 0))
            for code in codes[:_CELLS_LISTED]
        ],
        "days": days,
        "queue_query": urlencode([(name, value) for name, value in request.args.items(multi=True) if value]),
    }


def _fields(wanted: CaseFilter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in CaseFilter.__slots__}


def _filter() -> CaseFilter:
    """Read the filter in the words of the list of cases; what is no such word is left out."""
    args = request.args
    return CaseFilter(
        states=tuple(CaseState(one) for one in args.getlist("state") if one in set(CaseState)),
        unit=UnitCode(args["unit"]) if args.get("unit") else None,
        area=args.get("cell") or args.get("area") or None,
        type=_type(args.get("type", "").strip()),
        source=Source(args["source"]) if args.get("source") in set(Source) else None,
        overdue=True if args.get("overdue") == "true" else None,
    )


def _type(text: str) -> str | None:
    if "/" in text:
        try:
            return str(TypeKey.parse(text))
        except ValueError:
            return None
    return text[:10] or None


def _days() -> int | None:
    days = as_number(request.args.get("days"))
    return days if days is not None and days in PERIODS else None


def _point(one: MapPoint, now: datetime, soon: Mapping[str, datetime]) -> list[Any]:
    return [one.number, MARKS.get(one.state, "ended"), _urgency(one, now, soon), one.lon_e7, one.lat_e7]


def _urgency(one: MapPoint, now: datetime, soon: Mapping[str, datetime]) -> str:
    """Tell urgency in the time of the case's own clock, as its countdown and the queue do."""
    if one.due_at is None:
        return "ok"
    if is_late(now, one.due_at):
        return "soon" if one.is_excused else "late"
    return "soon" if one.due_at <= soon.get(one.due_clock or "", now) else "ok"


def _responsible(code: CellCode) -> list[tuple[str, int]]:
    """Return the units that the routing table names for this cell, with how many types go to each."""
    rules = calling().reference.rules
    today = runtime().clock.now().astimezone(rules.zone).date()
    tally: dict[str, int] = {}
    for known in rules.catalogue.types:
        asked = RoutingQuestion(type=known.key, cell=code, source=Source.INSPECTOR, on=today)
        unit = route(rules.routing, asked).unit or ""
        tally[unit] = tally.get(unit, 0) + 1
    zh = language() is Language.ZH
    named = rules.units.by_code
    return [
        (
            (named[UnitCode(unit)].name_zh if zh else named[UnitCode(unit)].name_en)
            if UnitCode(unit) in named
            else unit,
            n,
        )
        for unit, n in sorted(tally.items(), key=lambda one: -one[1])
    ]


def _classes(counts: Any) -> list[int]:
    """Return where each class begins, ascending and without repetition."""
    most = max(counts, default=0)
    return sorted({max(1, round(most * step / _CLASSES)) for step in range(_CLASSES)}) if most else []


def _layer_version(layer: str) -> str:
    reference = calling().reference
    return f"{reference.digests.get(f'grid/{layer}', '')[:16]}-{reference.version}-{reference.on:%Y%m%d}"
