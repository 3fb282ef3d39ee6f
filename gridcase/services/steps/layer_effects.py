"""What a new version of a layer would do: which outlines come, change and go, and which open cases it would move.

A case keeps the cell it was given (domain §2); "moved" says where the same point would be located from then on, and
which unit the routing table names there, so that an importer sees what the drawing means before it is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gridcase.domain.case import CaseNumber, CellCode
from gridcase.domain.place import GeoPoint
from gridcase.grid.codes import community_of
from gridcase.grid.features import UNIT_LAYER, Feature
from gridcase.grid.index import GridIndex
from gridcase.services.steps.layering import LayerPlan, bounds_of
from gridcase.services.steps.reference import Reference
from gridcase.store import map_points, places
from gridcase.store.database import Tx
from gridcase.store.map_points import OpenPlace
from gridcase.workflow.routing import RoutingQuestion, route

#: What lies farther from everything that changes is located as before: a cell's tolerance is some metres.
_MARGIN_E7 = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a point lies in a layer.

    Parameters
    ----------
    codes
        Features of the layer it lies in or at; for the unit grid at most one.
    community
        Of its cell; empty on other layers and outside.
    unit
        Whom the routing table names there; empty where nobody, and on other layers.
    """

    codes: tuple[str, ...]
    community: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedCase:
    """An open case that would be located otherwise."""

    number: CaseNumber
    point: GeoPoint
    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerEffects:
    """What would become of a layer and of the open cases in it.

    Parameters
    ----------
    added, changed, ended
        Outlines that are new, that take the place of ``former`` ones of the same code, and that are no longer.
    relabelled
        How many keep their outline and get another name, parent, tolerance or end.
    moved
        Open cases that would be located otherwise, by number.
    """

    added: tuple[Feature, ...]
    changed: tuple[Feature, ...]
    former: tuple[Feature, ...]
    ended: tuple[Feature, ...]
    relabelled: int
    moved: tuple[MovedCase, ...]


def effects_of(tx: Tx, reference: Reference, layer: str, plan: LayerPlan) -> LayerEffects:
    """Compare today's layer with what a plan makes of it; one statement for the rows that end, one for the cases."""
    held = {code: one for (name, code), one in reference.features.items() if name == layer}
    begun = {feature.code: feature for feature, _ in plan.begun}
    gone = {row.code for row in places.features_numbered(tx, [*plan.ended, *plan.dropped])}
    replaced = held.keys() & begun.keys()
    changed = {code for code in replaced if _outline(held[code]) != _outline(begun[code])}
    ended = (held.keys() & gone) - begun.keys()
    after = [one for code, one in held.items() if code not in gone | begun.keys()] + list(begun.values())
    touched = [one for code, one in begun.items() if code not in replaced - changed]
    touched += [held[code] for code in changed | ended]
    return LayerEffects(
        added=tuple(begun[code] for code in sorted(begun.keys() - replaced)),
        changed=tuple(begun[code] for code in sorted(changed)),
        former=tuple(held[code] for code in sorted(changed)),
        ended=tuple(held[code] for code in sorted(ended)),
        relabelled=len(replaced - changed),
        moved=_moved(_near(map_points.open_places(tx), touched), _Ground(reference, layer), after),
    )


def _outline(one: Feature) -> tuple[object, object, object]:
    return one.geometry, one.lines, one.tolerance_m


def _near(found: Sequence[OpenPlace], touched: Sequence[Feature]) -> list[OpenPlace]:
    """Leave out what lies far from everything that changes."""
    if not touched:
        return []
    west, south, east, north = bounds_of(touched)
    columns = range(west - _MARGIN_E7, east + _MARGIN_E7 + 1)
    rows = range(south - _MARGIN_E7, north + _MARGIN_E7 + 1)
    return [one for one in found if one.lon_e7 in columns and one.lat_e7 in rows]


@dataclass(frozen=True, slots=True)
class _Ground:
    reference: Reference
    layer: str

    def standing(self, grid: GridIndex, one: OpenPlace, point: GeoPoint) -> Standing:
        if self.layer != UNIT_LAYER:
            return Standing(codes=grid.layers_at(point).get(self.layer, ()))
        cell = grid.locate(point).cell
        return Standing(codes=(cell,) if cell else (), community=community_of(cell or ""), unit=self._unit(one, cell))

    def _unit(self, one: OpenPlace, cell: CellCode | None) -> str:
        asked = RoutingQuestion(type=one.type, cell=cell, source=one.source, on=self.reference.on)
        return route(self.reference.rules.routing, asked).unit or ""


def _moved(near: Iterable[OpenPlace], ground: _Ground, after: Sequence[Feature]) -> tuple[MovedCase, ...]:
    then = GridIndex(after, tolerance_m=ground.reference.grid.tolerance_m)
    found: list[MovedCase] = []
    for one in near:
        point = GeoPoint(lon_e7=one.lon_e7, lat_e7=one.lat_e7)
        was, will = (ground.standing(grid, one, point) for grid in (ground.reference.grid, then))
        if was != will:
            found.append(MovedCase(number=one.number, point=point, before=was, after=will))
    return tuple(sorted(found, key=lambda one: one.number))
