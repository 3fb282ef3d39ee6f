"""Rows as their source gives them to cases ready to be written: located, with the one line of their history.

No clock is computed and nobody is told. A case that its source has registered goes on as registered only where it lies
in a cell and its type has one published limit; otherwise as received, so that somebody registers it here.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import Action, CaseNumber, CaseState, CellCode, PersonId
from gridcase.domain.history import Facts
from gridcase.domain.place import GeoPoint, Location
from gridcase.grid.codes import parents_told
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.index import HOW
from gridcase.services.steps.mapped_rows import TakenRow
from gridcase.services.steps.reference import Reference
from gridcase.settings import Settings
from gridcase.store import history
from gridcase.store.cases import NewCase, StoredCase
from gridcase.store.imports import ImportedCase
from gridcase.workflow.case import Case
from gridcase.workflow.deadlines import published_limit
from gridcase.workflow.effects.effect import routed
from gridcase.workflow.requests import Position
from gridcase.workflow.rulebook import NewEvent, Situation
from gridcase.workflow.watch import wake_at

#: A point farther than this from the box around all cells, about 2 km, is in none of them.
_MARGIN_E7 = 200_000
_Ints = npt.NDArray[np.int64]
_Layers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSetting:
    """What all cases of one import have in common.

    Parameters
    ----------
    filed_by
        Person who stands for the source: nobody of ours filed these cases.
    """

    system: str
    filed_by: PersonId
    now: datetime
    reference: Reference
    settings: Settings


def imported_cases(rows: Sequence[TakenRow], setting: ImportSetting) -> tuple[ImportedCase, ...]:
    """Make the cases of some rows, in their order."""
    places = _places([row.point for row in rows], setting.reference)
    return tuple(_imported(row, *place, setting) for row, place in zip(rows, places, strict=True))


def _imported(row: TakenRow, location: Location | None, layers: _Layers, setting: ImportSetting) -> ImportedCase:
    case = _case(row, location, layers, setting)
    given = row.given if case.state is row.state else replace(row.given, registered_at=None)
    event = NewEvent(
        action=Action.IMPORT,
        from_state=None,
        to_state=case.state,
        actor=SYSTEM,
        facts=Facts(
            type=case.type,
            condition=case.condition,
            source=case.source,
            cell=location.cell if location else None,
            layers=layers or None,
            unit=row.unit,
            void_reason=_VOID_REASON if case.state is CaseState.VOID else None,
            transferred_to=row.transferred_to if case.state is CaseState.TRANSFERRED else None,
            given=given,
        ),
        texts=row.texts,
        position=Position(point=row.point) if row.point else None,
    )
    uid = str(uuid.uuid4())
    links = history.chained(history.Chain(uid=uid), (event,), now=setting.now)
    address, place, description = (row.texts.get(name) for name in ("address", "place", "description"))
    draft = StoredCase(
        id=0,
        uid=uid,
        case=case,
        head=links.head,
        received=row.received or {},
        observed_at=None,
        last_event_at=given.last_at,
        wake_at=wake_at(case, setting.reference.rules) if case.state.is_open else None,
        address=address,
        place=place,
        description=description,
    )
    new = NewCase(
        prefix=setting.settings.instance_prefix,
        filed_on=given.filed_at.astimezone(setting.settings.zone).date(),
        received=row.received,
        observed_at=None,
        address=address,
        place=place,
        description=description,
    )
    return ImportedCase(
        new=new,
        draft=draft,
        links=links,
        unit=None if case.state.is_open else row.unit,
        system=setting.system,
        number=row.number,
        digest=row.digest,
    )


#: Of the rules of conduct: the only reason that a source's own voiding has in common with ours.
_VOID_REASON = "duplicate"


def _case(row: TakenRow, location: Location | None, layers: _Layers, setting: ImportSetting) -> Case:
    given, state = row.given, row.state
    case = Case(
        number=CaseNumber(""),
        version=1,
        events=1,
        state=state,
        type=row.type,
        condition=None,
        source=row.source,
        point=row.point,
        location=location,
        layers=layers,
        filed_by=setting.filed_by,
        found_by=None,
        filed_at=given.filed_at,
        registered_at=given.registered_at,
        closed_at=None if state.is_open else given.closed_at or given.void_at,
        transferred_to=row.transferred_to if state is CaseState.TRANSFERRED else None,
        watched_at=setting.now,
    )
    return _registered(case, setting) if state is CaseState.REGISTERED else case


def _registered(case: Case, setting: ImportSetting) -> Case:
    """Give a registered case its limit and its route, or let somebody register it here."""
    rules = setting.reference.rules
    situation = Situation(case=case, actor=SYSTEM, now=setting.now, rules=rules)
    limit = published_limit(situation, None)
    if limit is None or not case.is_located:
        return replace(case, state=CaseState.RECEIVED, registered_at=None)
    (condition,) = rules.catalogue.conditions(case.type)
    case = replace(case, condition=condition.code, limit=limit, registered_at=case.registered_at or case.filed_at)
    return replace(case, is_unrouted=routed(replace(situation, case=case)).unit is None)


def _places(points: Sequence[GeoPoint | None], reference: Reference) -> list[tuple[Location | None, _Layers]]:
    """Locate many points at once; one that lies in no cell and near none is not located."""
    found: list[tuple[Location | None, _Layers]] = [(None, {})] * len(points)
    placed = [(place, point) for place, point in enumerate(points) if point is not None]
    if not placed:
        return found
    xs = np.array([point.lon_e7 for _, point in placed], dtype=np.int64)
    ys = np.array([point.lat_e7 for _, point in placed], dtype=np.int64)
    locations = _locations(xs, ys, reference)
    layers = _drawn_layers(xs, ys, reference)
    for at, (place, _) in enumerate(placed):
        location = locations.get(at)
        own = dict(parents_told(location.cell)) if location and location.cell else {}
        found[place] = location, own | layers.get(at, {})
    return found


def _locations(xs: _Ints, ys: _Ints, reference: Reference) -> dict[int, Location]:
    """Locate those that may lie in or near a cell: the distance of the others is of no use, and dear."""
    box = _box_of_cells(reference)
    if box is None:
        return {}
    west, south, east, north = box
    near = np.flatnonzero((xs >= west) & (xs <= east) & (ys >= south) & (ys <= north))
    if not len(near):
        return {}
    many = reference.grid.locate_many(xs[near], ys[near])
    codes = reference.grid.codes
    return {
        at: Location(cell=CellCode(codes[row]), how=HOW[how], distance_m=distance)
        for at, row, how, distance in zip(
            near.tolist(), many.rows.tolist(), many.how.tolist(), many.distances_m.tolist(), strict=True
        )
        if row >= 0
    }


def _box_of_cells(reference: Reference) -> tuple[int, int, int, int] | None:
    vertices = [
        vertex
        for (layer, _), feature in reference.features.items()
        if layer == UNIT_LAYER
        for part in feature.geometry
        for vertex in part.outer
    ]
    if not vertices:
        return None
    longitudes, latitudes = [x for x, _ in vertices], [y for _, y in vertices]
    return (
        min(longitudes) - _MARGIN_E7,
        min(latitudes) - _MARGIN_E7,
        max(longitudes) + _MARGIN_E7,
        max(latitudes) + _MARGIN_E7,
    )


def _drawn_layers(xs: _Ints, ys: _Ints, reference: Reference) -> dict[int, dict[str, tuple[str, ...]]]:
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for layer in sorted({layer for layer, _ in reference.features} - {UNIT_LAYER}):
        codes, points, rows = reference.grid.holding_each(xs, ys, layer=layer)
        for point, row in zip(points.tolist(), rows.tolist(), strict=True):
            held = found.setdefault(point, {})
            held[layer] = (*held.get(layer, ()), codes[row])
    return found
