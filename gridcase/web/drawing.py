"""The grid as a drawing: cells and communities as paths, and a spot for every case, all in a box 1000 wide.

A flat drawing by the metric of the middle latitude: north is up, a hundred metres are equally long both ways.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridcase.grid.codes import community_of
from gridcase.grid.features import COMMUNITY_LAYER, UNIT_LAYER, Feature, Part, to_shape
from gridcase.grid.metric import metres_per_unit
from gridcase.services.steps.reference import Reference

WIDTH = 1000
#: A larger grid is drawn by its communities alone: the page stays small.
_MOST_CELLS = 2000
_MARGIN = 16
#: Cases of one cell sit on rings around its middle: so many on the first, twice as many on the second, ….
_ON_A_RING = 6
_RING = 13.0
_SHADES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A community: its cells in one path, its outline in another, and where its name stands.

    Parameters
    ----------
    shade
        0–7, to tell neighbours apart.
    """

    name: str
    shade: int
    cells: str
    outline: str
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The grid drawn; without cells it has no areas and no height."""

    height: int
    cell_count: int
    areas: tuple[Area, ...]
    frame: "_Frame"
    cells: Mapping[str, Feature]

    def spots(self, cells: Sequence[str | None]) -> tuple[tuple[float, float] | None, ...]:
        """Return a spot for each case by its cell, so that cases of one cell do not hide each other; None outside."""
        before: dict[str, int] = {}
        found: list[tuple[float, float] | None] = []
        for code in cells:
            feature = self.cells.get(code or "")
            if feature is None:
                found.append(None)
                continue
            turn = before.get(feature.code, 0)
            before[feature.code] = turn + 1
            middle = to_shape(feature.geometry).representative_point()
            x, y = self.frame.place(middle.x, middle.y)
            right, down = _offset(turn)
            found.append((round(x + right, 1), round(y + down, 1)))
        return tuple(found)


def draw(reference: Reference) -> Drawing:
    """Draw the unit grid with its communities."""
    cells = {code: feature for (layer, code), feature in reference.features.items() if layer == UNIT_LAYER}
    frame = _Frame.around(cells.values())
    shelves: dict[str, list[Feature]] = {}
    for code, feature in sorted(cells.items()):
        shelves.setdefault(community_of(code), []).append(feature)
    outlines = {code: reference.features.get((COMMUNITY_LAYER, code)) for code in shelves}
    if len(cells) > _MOST_CELLS:
        shelves = {code: [] if outlines[code] else members for code, members in shelves.items()}
    return Drawing(
        height=frame.height,
        cell_count=len(cells),
        areas=tuple(
            _area(frame, index, outlines[code], members) for index, (code, members) in enumerate(shelves.items())
        ),
        frame=frame,
        cells=cells,
    )


def _area(frame: "_Frame", index: int, outline: Feature | None, members: Sequence[Feature]) -> Area:
    whole = outline.geometry if outline else tuple(part for member in members for part in member.geometry)
    middle = to_shape(whole).representative_point()
    x, y = frame.place(middle.x, middle.y)
    return Area(
        name=outline.name if outline else community_of(members[0].code),
        shade=index % _SHADES,
        cells=frame.path(part for member in members for part in member.geometry),
        outline=frame.path(outline.geometry) if outline else "",
        x=round(x),
        y=round(y),
    )


def _offset(turn: int) -> tuple[float, float]:
    """Return how far from a cell's middle its case number ``turn`` (0…) is drawn."""
    if turn == 0:
        return 0.0, 0.0
    ring, place, room = 1, turn - 1, _ON_A_RING
    while place >= room:
        ring, place, room = ring + 1, place - room, room + _ON_A_RING
    angle = math.tau * place / room
    return ring * _RING * math.cos(angle), ring * _RING * math.sin(angle)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The way from units of 1e-7 degree to the box."""

    west: float
    north: float
    x_scale: float
    y_scale: float
    height: int

    @classmethod
    def around(cls, features: Iterable[Feature]) -> "_Frame":
        vertices = [vertex for feature in features for part in feature.geometry for vertex in part.outer]
        if not vertices:
            return cls(west=0, north=0, x_scale=0, y_scale=0, height=0)
        west, east = min(x for x, _ in vertices), max(x for x, _ in vertices)
        south, north = min(y for _, y in vertices), max(y for _, y in vertices)
        east_m, north_m = metres_per_unit((south + north) / 2)
        scale = (WIDTH - 2 * _MARGIN) / ((east - west) * east_m)
        return cls(
            west=west,
            north=north,
            x_scale=east_m * scale,
            y_scale=north_m * scale,
            height=round((north - south) * north_m * scale) + 2 * _MARGIN,
        )

    def place(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.west) * self.x_scale + _MARGIN, (self.north - y) * self.y_scale + _MARGIN

    def path(self, geometry: Iterable[Part]) -> str:
        rings = (ring for part in geometry for ring in (part.outer, *part.holes))
        return "".join("M" + "L".join(self._point(x, y) for x, y in ring[:-1]) + "Z" for ring in rings)

    def _point(self, x: float, y: float) -> str:
        right, down = self.place(x, y)
        return f"{right:.1f} {down:.1f}"
