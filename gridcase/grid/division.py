"""How is a community divided into unit cells: about 100 m by 100 m, without gap, overlap or sliver.

Cuts along a lattice of meridians and parallels only; it knows no roads, walls or buildings, so a real grid is
surveyed and imported instead. Cell size, seams and numbering after ``reference/standards.md`` §1.2.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from gridcase.domain.errors import invalid
from gridcase.grid.codes import MAX_SEQUENCE, cell_code
from gridcase.grid.features import UNIT_LAYER, Feature, Part, Vertex, from_shape, to_shape
from gridcase.grid.metric import metres_per_unit

#: A piece smaller than this share of a full cell is a sliver and joins a neighbour.
_SLIVER_SHARE = 0.35

_Segment = tuple[Vertex, Vertex]


def divide(communities: tuple[Feature, ...], *, size_m: float = 100.0) -> tuple[Feature, ...]:
    """Divide communities into cells.

    One lattice lies over all communities, so neighbours share the nodes where it meets their border. Where it
    meets a slanting border the node is rounded to 1e-7 degree, so the cells together may differ from the
    outline given by half a unit (5 mm), on both sides of the border alike; an outline that already has those
    nodes is met exactly. Pieces under 35 % of a full cell join the neighbour in their community with which
    they share the longest edge; one without such a neighbour stays.

    Parameters
    ----------
    communities
        Codes of 12 characters; their interiors must not meet.
    size_m
        Side of a full cell in metres, at the middle latitude of all communities.

    Returns
    -------
    tuple
        Cells in ascending order of code: community by community, inside each numbered from 001 as one reads a
        page: the northernmost row of the lattice first, in a row from west to east. Their parent is the
        community, their dates are those of the community. No communities give no cells.

    Raises
    ------
    InvalidInputError
        ``cell_size_out_of_range`` under 10 m (field ``size_m``), ``communities_overlap`` and
        ``too_many_cells`` over 999 in a community (field ``communities``).
    """
    if not size_m >= 10:  # noqa: PLR2004 - less than a house is no cell, and a slip would make millions
        raise invalid("size_m", "cell_size_out_of_range", size=str(size_m))
    if not communities:
        return ()
    lattice = _Lattice.over(communities, size_m)
    members = sorted(communities, key=lambda community: community.code)
    pieces = _assign(_faces(members, lattice), members)
    return tuple(
        cell for community, faces in zip(members, pieces, strict=True) for cell in _cells(community, faces, lattice)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lattice:
    """Whole-number longitudes and latitudes of the cuts, from the north-western corner of all communities."""

    west: int
    north: int
    wide: int
    high: int
    columns: int
    rows: int

    @classmethod
    def over(cls, communities: Sequence[Feature], size_m: float) -> "_Lattice":
        box = shapely.total_bounds([to_shape(community.geometry) for community in communities])
        west, south, east, north = (round(side) for side in box.tolist())
        metres_east, metres_north = metres_per_unit((south + north) / 2)
        wide, high = round(size_m / metres_east), round(size_m / metres_north)
        return cls(
            west=west,
            north=north,
            wide=wide,
            high=high,
            columns=math.ceil((east - west) / wide),
            rows=math.ceil((north - south) / high),
        )

    @property
    def full_cell(self) -> int:
        """Area of a full cell in square units."""
        return self.wide * self.high

    def lines(self) -> Iterator[shapely.LineString]:
        east = self.west + self.columns * self.wide
        south = self.north - self.rows * self.high
        for column in range(1, self.columns):
            x = self.west + column * self.wide
            yield shapely.LineString([(x, south), (x, self.north)])
        for row in range(1, self.rows):
            y = self.north - row * self.high
            yield shapely.LineString([(self.west, y), (east, y)])

    def place(self, x: float, y: float) -> tuple[int, int]:
        """Row from the north and column from the west of a place."""
        return math.floor((self.north - y) / self.high), math.floor((x - self.west) / self.wide)


def _faces(communities: Sequence[Feature], lattice: _Lattice) -> list[shapely.Polygon]:
    """Cut the plane once, by all borders and the whole lattice together.

    One arrangement of lines, rounded to whole units as a whole, is what makes neighbours share every node:
    cutting each community by itself rounds the same crossing differently on its two sides.
    """
    borders = [to_shape(community.geometry).boundary for community in communities]
    arrangement = shapely.union_all([*borders, *lattice.lines()], grid_size=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(arrangement).tolist()))
    return [face for face in faces if isinstance(face, shapely.Polygon)]


def _assign(faces: Sequence[shapely.Polygon], communities: Sequence[Feature]) -> list[list[shapely.Polygon]]:
    """Give every face to the community it lies in; faces in none are outside and left out."""
    tree = shapely.STRtree([to_shape(community.geometry) for community in communities])
    inner = [shapely.point_on_surface(face) for face in faces]
    owner: dict[int, int] = {}
    for face, community in sorted(tree.query(np.array(inner), predicate="within").T.tolist()):
        other = owner.setdefault(face, community)
        if other != community:
            codes = {"one": communities[other].code, "other": communities[community].code}
            raise invalid("communities", "communities_overlap", **codes)
    owned: list[list[shapely.Polygon]] = [[] for _ in communities]
    for face, community in owner.items():
        owned[community].append(faces[face])
    return owned


def _cells(community: Feature, faces: Sequence[shapely.Polygon], lattice: _Lattice) -> list[Feature]:
    groups = _merge_slivers(faces, lattice.full_cell * _SLIVER_SHARE)
    placed = sorted(((_reading_place(group, lattice), group) for group in groups), key=lambda pair: pair[0])
    if len(placed) > MAX_SEQUENCE:
        raise invalid("communities", "too_many_cells", community=community.code, cells=len(placed))
    return [
        Feature(
            code=cell_code(community.code, sequence),
            name=f"{community.name} {sequence:03d}",
            layer=UNIT_LAYER,
            geometry=_together(group),
            valid_from=community.valid_from,
            valid_to=community.valid_to,
            parent=community.code,
        )
        for sequence, (_, group) in enumerate(placed, start=1)
    ]


def _merge_slivers(faces: Sequence[shapely.Polygon], least_area: float) -> list[list[shapely.Polygon]]:
    """Group the faces of a community into cells, the smallest sliver first, so that the order is fixed."""
    groups = {number: [face] for number, face in enumerate(sorted(faces, key=_corners))}
    areas = {number: float(group[0].area) for number, group in groups.items()}
    shared = _shared_lengths([group[0] for group in groups.values()])
    while slivers := [(areas[n], n) for n in groups if areas[n] < least_area and shared[n]]:
        _, sliver = min(slivers)
        target = max(shared[sliver], key=lambda other: (shared[sliver][other], -other))
        groups[target] += groups.pop(sliver)
        areas[target] += areas.pop(sliver)
        for other, length in shared.pop(sliver).items():
            del shared[other][sliver]
            if other != target:
                shared[target][other] += length
                shared[other][target] += length
    return list(groups.values())


def _shared_lengths(faces: Sequence[shapely.Polygon]) -> dict[int, defaultdict[int, float]]:
    """Metres of border that each two faces share; a common corner is no border."""
    holders: defaultdict[_Segment, list[int]] = defaultdict(list)
    for number, face in enumerate(faces):
        for segment in _segments(from_shape(face)):
            holders[segment].append(number)
    shared: dict[int, defaultdict[int, float]] = {n: defaultdict(float) for n in range(len(faces))}
    for segment, numbers in holders.items():
        if len(numbers) > 1:
            one, other = numbers
            shared[one][other] += _length_m(segment)
            shared[other][one] += _length_m(segment)
    return shared


def _segments(geometry: Iterable[Part]) -> Iterator[_Segment]:
    for part in geometry:
        for ring in (part.outer, *part.holes):
            for start, end in pairwise(ring):
                yield (start, end) if start < end else (end, start)


def _length_m(segment: _Segment) -> float:
    (x0, y0), (x1, y1) = segment
    east, north = metres_per_unit((y0 + y1) / 2)
    return math.hypot((x1 - x0) * east, (y1 - y0) * north)


def _reading_place(group: Sequence[shapely.Polygon], lattice: _Lattice) -> tuple[int, int, float, float]:
    """Where a cell comes in reading order: by the square of its largest face."""
    face = max(group, key=lambda member: member.area)
    inner = shapely.point_on_surface(face)
    row, column = lattice.place(inner.x, inner.y)
    # Two cells of one square: again from north to south, then from west to east.
    return row, column, -inner.y, inner.x


def _together(group: Sequence[shapely.Polygon]) -> tuple[Part, ...]:
    # Only common edges are dissolved: every other node stays, so that it stays shared with the neighbours.
    return from_shape(shapely.coverage_union_all(list(group)))


def _corners(face: shapely.Polygon) -> list[list[float]]:
    return sorted(shapely.get_coordinates(face).tolist())
