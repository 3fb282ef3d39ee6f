"""Where is it: exactly one unit cell for a point, and the features of every other layer there.

Total and deterministic, whatever the order in which the features came (domain §2). Holds the features of one
day: filter with ``current`` first. Does not convert datums: see ``gridcase.grid.datums``.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridcase.domain.case import CellCode
from gridcase.domain.place import GeoPoint, Located, Location
from gridcase.grid.buckets import Buckets
from gridcase.grid.features import UNIT_LAYER, Feature, current
from gridcase.grid.metric import Floats, geodesics_m, metres_per_unit
from gridcase.grid.mosaic import Mosaic
from gridcase.grid.outline import Ints, Outlines, Reach, Side, empty_rows

__all__ = ["HOW", "Feature", "GridIndex", "LocatedMany", "current"]

#: Metres within which a point outside every cell is given to the nearest one (domain §2).
DEFAULT_TOLERANCE_M = 30.0

#: What the numbers in ``LocatedMany.how`` mean.
HOW = (Located.OUTSIDE, Located.EDGE, Located.INSIDE, Located.SNAPPED)
_SNAPPED = HOW.index(Located.SNAPPED)

#: Numbers in the tables by which the distances of points far out are found.
_FAR_AT_ONCE = 1 << 16

#: Units; no two places are farther apart.
_FARTHEST = 3.6e9

#: Squares of a picture of the grid. Measured for 10,000 cells: with 6,000 a cell 3 % of the points are left to be
#: decided exactly, with 1,500 a cell 6 %. So many squares altogether take half a gigabyte.
_SQUARES_A_CELL, _MOST_SQUARES = 1 << 13, 1 << 27

#: Points answered at once: their arrays stay in the processor's cache.
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocatedMany:
    """Answers of the grid for many points, in their order.

    Parameters
    ----------
    rows
        Row of the cell in ``GridIndex.codes``; -1 where there is none.
    how
        Index in ``HOW``.
    distances_m
        As in ``Location``.
    candidate_ends
        One more than points: the candidates of point ``i`` are ``candidates[candidate_ends[i]:candidate_ends[i + 1]]``.
    candidates
        Rows of the other cells that the accuracy circles touch, lowest code first.
    """

    rows: Ints
    how: npt.NDArray[np.int8]
    distances_m: Floats
    candidate_ends: Ints
    candidates: Ints


class GridIndex:
    """Features of one day, ready to be asked where a point lies.

    Parameters
    ----------
    features
        Unit cells (layer ``unit``) and features of other layers, in any order. None at all is allowed.
    tolerance_m
        How far outside the grid a point is still given to the nearest cell.

    Raises
    ------
    ValueError
        When a code comes twice in a layer.
    """

    def __init__(self, features: Iterable[Feature], *, tolerance_m: float = DEFAULT_TOLERANCE_M) -> None:
        by_layer: defaultdict[str, list[Feature]] = defaultdict(list)
        for feature in features:
            by_layer[feature.layer].append(feature)
        self.tolerance_m = tolerance_m
        self._units = _Layer(by_layer.pop(UNIT_LAYER, []))
        self._layers = {name: _Layer(members) for name, members in sorted(by_layer.items())}

    @property
    def codes(self) -> list[str]:
        """Codes of the unit cells, in ascending order: the rows of ``locate_many``."""
        return self._units.codes

    @property
    def nbytes(self) -> int:
        """Size of the arrays of all layers; the codes are not counted."""
        return sum(layer.nbytes for layer in (self._units, *self._layers.values()))

    def locate(self, point: GeoPoint, *, accuracy_m: float | None = None) -> Location:
        """Give the point its unit cell.

        Inside a cell: that cell. On a shared edge or corner (or where a faulty grid overlaps): the lowest
        code of the cells that hold the point. Outside every cell, up to and including the tolerance: the
        nearest cell, at equal distance the lowest code, ``snapped``. Farther out, or without any cell:
        ``outside``, no cell, and the distance to the nearest, which is infinite for an empty grid.

        Parameters
        ----------
        point
            WGS 84.
        accuracy_m
            Radius of the circle in which the receiver believes to be; None when it did not say. The other
            cells the circle touches become candidates, also for ``snapped`` and ``outside``.

        Raises
        ------
        ValueError
            When the accuracy is negative or not a number.
        """
        if accuracy_m is not None and not accuracy_m >= 0:
            msg = f"accuracy must be zero or more metres, not {accuracy_m}"
            raise ValueError(msg)
        units = self._units
        hits = units.hits(point)
        row, how, distance = units.choose(point, hits, self.tolerance_m)
        touched = [] if accuracy_m is None else units.within(point, hits, accuracy_m)
        return Location(
            cell=None if row is None else CellCode(units.codes[row]),
            how=how,
            distance_m=distance,
            candidates=tuple(CellCode(units.codes[other]) for other, _ in touched if other != row),
        )

    def locate_many(self, lon_e7: Ints, lat_e7: Ints, *, accuracy_m: Floats | None = None) -> LocatedMany:
        """Do the same for many points at once, with the very same answers.

        Parameters
        ----------
        lon_e7, lat_e7
            WGS 84 in whole units of 1e-7 degree, within -180..180 and -90..90 degrees.
        accuracy_m
            One radius for each point; not a number where the receiver did not say. None when none did.

        Raises
        ------
        ValueError
            When a radius is negative.
        """
        radii = None if accuracy_m is None else np.asarray(accuracy_m, dtype=np.float64)
        if radii is not None and bool((radii < 0).any()):
            msg = "accuracy must be zero or more metres"
            raise ValueError(msg)
        xs, ys = np.asarray(lon_e7, dtype=np.int64), np.asarray(lat_e7, dtype=np.int64)
        rows = np.empty(len(xs), dtype=np.int64)
        how = np.empty(len(xs), dtype=np.int8)
        distances = np.zeros(len(xs))
        counts = np.zeros(len(xs), dtype=np.int64)
        candidates = [empty_rows()]
        for start in range(0, len(xs), _CHUNK):
            some = slice(start, start + _CHUNK)
            rows[some], how[some], distances[some] = self._units.choose_each(xs[some], ys[some], self.tolerance_m)
            if radii is not None:
                told = np.flatnonzero(~np.isnan(radii[some])) + start
                points, touched, _ = self._units.within_each(xs[told], ys[told], radii[told])
                is_other = touched != rows[told[points]]
                candidates.append(touched[is_other])
                counts[told] = np.bincount(points[is_other], minlength=len(told))
        return LocatedMany(
            rows=rows,
            how=how,
            distances_m=distances,
            candidate_ends=np.concatenate([[0], np.cumsum(counts)]),
            candidates=np.concatenate(candidates),
        )

    def prepare(self, *, most_squares: int | None = None) -> None:
        """Make ``locate_many`` several times quicker, for as long as the index lives.

        Draws a picture of the unit grid, see ``gridcase.grid.mosaic``: worth its seconds and its memory for millions
        of points. The answers stay the same, and ``locate`` does without it.

        Parameters
        ----------
        most_squares
            How fine the picture may be, four bytes a square; 8,192 a cell, but not over 2**27, when not given.
        """
        self._units.prepare(most_squares or min(_SQUARES_A_CELL * len(self.codes), _MOST_SQUARES))

    def layers_at(self, point: GeoPoint) -> Mapping[str, tuple[str, ...]]:
        """Name the features of all layers but the unit grid that hold the point or lie near it.

        Edges belong to a feature, so a point on a shared edge has both. A feature with a tolerance (a river, a
        demonstration road) is named up to and including that distance. Codes in ascending order, layers by name,
        layers without a feature there left out.
        """
        found = {name: self.holding(point, layer=name) for name in self._layers}
        return {name: codes for name, codes in found.items() if codes}

    def holding(self, point: GeoPoint, *, layer: str = UNIT_LAYER) -> tuple[str, ...]:
        """Name all features of a layer that hold the point, edges and tolerance included, before the tie rule.

        In ascending order; empty for a layer that is not there.
        """
        members = self._layer(layer)
        return () if members is None else tuple(members.codes[row] for row in members.holding(point))

    def holding_each(self, lon_e7: Ints, lat_e7: Ints, *, layer: str = UNIT_LAYER) -> tuple[list[str], Ints, Ints]:
        """Do the same for many points at once.

        Returns
        -------
        tuple
            The codes of the layer in ascending order, and pairs of the index of a point and the index of a code,
            ordered by both. No codes for a layer that is not there.
        """
        members = self._layer(layer)
        if members is None:
            return [], empty_rows(), empty_rows()
        xs, ys = np.asarray(lon_e7, dtype=np.int64), np.asarray(lat_e7, dtype=np.int64)
        found = [
            (points + start, rows)
            for start in range(0, len(xs), _CHUNK)
            for points, rows in [members.holding_each(xs[start : start + _CHUNK], ys[start : start + _CHUNK])]
        ]
        points, rows = (np.concatenate([empty_rows(), *[pair[i] for pair in found]]) for i in (0, 1))
        return members.codes, points, rows

    def _layer(self, name: str) -> "_Layer | None":
        return self._units if name == UNIT_LAYER else self._layers.get(name)


class _Layer:
    """One layer, its rows in ascending order of code, so that the first row found has the lowest code."""

    def __init__(self, features: Iterable[Feature]) -> None:
        members = sorted(features, key=lambda feature: feature.code)
        self.codes = [feature.code for feature in members]
        if len(set(self.codes)) < len(self.codes):
            msg = f"a code comes twice in the layer {members[0].layer!r}"
            raise ValueError(msg)
        self._outlines = Outlines(members)
        self._buckets = Buckets(self._outlines.bounds)
        reach = np.array([feature.tolerance_m or 0.0 for feature in members], dtype=np.float64)
        self._reach = reach if reach.any() else None
        self._mosaic: Mosaic | None = None

    @property
    def nbytes(self) -> int:
        return self._outlines.nbytes + self._buckets.nbytes + (self._mosaic.nbytes if self._mosaic else 0)

    def prepare(self, most_squares: int) -> None:
        bounds = self._outlines.bounds
        bounds = bounds[bounds[:, 0] <= bounds[:, 2]]
        if not len(bounds):
            return
        (west, south), (east, north) = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
        box = west, south, east, north
        self._mosaic = Mosaic(box, self._outlines.edges, self._first_rows, most_squares=most_squares)

    def _first_rows(self, xs: Ints, ys: Ints) -> Ints:
        rows = np.full(len(xs), -1)
        for start in range(0, len(xs), _CHUNK):
            some = slice(start, start + _CHUNK)
            points, held, _ = self.hits_of_each(xs[some], ys[some])
            chosen = _first_of_each(points)
            rows[start + points[chosen]] = held[chosen]
        return rows

    def hits(self, point: GeoPoint) -> list[tuple[int, Side]]:
        """Rows that hold the point, lowest code first, and whether it lies inside or on the edge."""
        x, y = point.lon_e7, point.lat_e7
        sides = [(row, self._outlines.side(row, x, y)) for row in self._buckets.at(x, y)]
        return [(row, side) for row, side in sides if side is not Side.OUTSIDE]

    def hits_of_each(self, xs: Ints, ys: Ints) -> tuple[Ints, Ints, npt.NDArray[np.int8]]:
        """Pairs of a point and a row that holds it, ordered by both, and the side."""
        points, rows = self._buckets.at_each(xs, ys)
        sides = self._outlines.sides(rows, xs[points], ys[points])
        held = np.flatnonzero(sides)
        return points[held], rows[held], sides[held]

    def holding(self, point: GeoPoint) -> list[int]:
        """Rows that hold the point or reach it, in ascending order."""
        hits = self.hits(point)
        if self._reach is None:
            return [row for row, _ in hits]
        near = self.within(point, hits, float(self._reach.max()))
        return [row for row, distance in near if distance <= self._reach[row]]

    def holding_each(self, xs: Ints, ys: Ints) -> tuple[Ints, Ints]:
        """Pairs of a point and a row that holds or reaches it, ordered by both."""
        if self._reach is None:
            points, rows, _ = self.hits_of_each(xs, ys)
            return points, rows
        points, rows, distances = self.within_each(xs, ys, np.full(len(xs), self._reach.max()))
        reached = distances <= self._reach[rows]
        return points[reached], rows[reached]

    def choose(
        self, point: GeoPoint, hits: list[tuple[int, Side]], tolerance_m: float
    ) -> tuple[int | None, Located, float]:
        """Row of the point, given what holds it, how it got it, and the distance in metres."""
        if hits:
            row, side = hits[0]
            return row, HOW[side], 0.0
        near = [(distance, row) for row, distance in self.within(point, hits, tolerance_m)]
        if near:
            distance, row = min(near)
            return row, Located.SNAPPED, distance
        [distance] = self._distances_m(np.array([point.lon_e7]), np.array([point.lat_e7])).tolist()
        return None, Located.OUTSIDE, distance

    def choose_each(self, xs: Ints, ys: Ints, tolerance_m: float) -> tuple[Ints, npt.NDArray[np.int8], Floats]:
        """Do the same for many points; -1 is no row."""
        if self._mosaic is None:
            return self._choose_exactly(xs, ys, tolerance_m)
        rows = self._mosaic.at_each(xs, ys).astype(np.int64)
        how, distances = np.full(len(xs), np.int8(Side.INSIDE)), np.zeros(len(xs))
        rest = np.flatnonzero(rows < 0)
        if len(rest):
            rows[rest], how[rest], distances[rest] = self._choose_exactly(xs[rest], ys[rest], tolerance_m)
        return rows, how, distances

    def _choose_exactly(self, xs: Ints, ys: Ints, tolerance_m: float) -> tuple[Ints, npt.NDArray[np.int8], Floats]:
        rows, how, distances = np.full(len(xs), -1), np.zeros(len(xs), dtype=np.int8), np.zeros(len(xs))
        points, held, sides = self.hits_of_each(xs, ys)
        chosen = _first_of_each(points)
        rows[points[chosen]], how[points[chosen]] = held[chosen], sides[chosen]
        outside = np.flatnonzero(rows < 0)
        if len(outside):
            near, snapped, metres = self.within_each(xs[outside], ys[outside], np.full(len(outside), tolerance_m))
            order = np.lexsort((snapped, metres, near))
            chosen = order[_first_of_each(near[order])]
            taken = outside[near[chosen]]
            rows[taken], how[taken], distances[taken] = snapped[chosen], _SNAPPED, metres[chosen]
            far = outside[rows[outside] < 0]
            distances[far] = self._distances_m(xs[far], ys[far])
        return rows, how, distances

    def within(self, point: GeoPoint, hits: list[tuple[int, Side]], radius_m: float) -> list[tuple[int, float]]:
        """Rows and distances of the features a circle touches, in ascending order; 0 for those that hold the point."""
        x, y = point.lon_e7, point.lat_e7
        east, north = metres_per_unit(y)
        # One unit more on each side: the box is only a sieve, the distance decides.
        wide, high = min(radius_m / east, _FARTHEST) + 1, min(radius_m / north, _FARTHEST) + 1
        reach = Reach(east, north, math.ceil(high))
        holding = {row for row, _ in hits}
        met = self._buckets.meeting(x - wide, y - high, x + wide, y + high)
        distances = [(row, 0.0 if row in holding else self._outlines.distance_m(row, x, y, reach)) for row in met]
        return [(row, distance) for row, distance in distances if distance <= radius_m]

    def within_each(self, xs: Ints, ys: Ints, radii_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Do the same for many points: pairs of a point and a row, ordered by both, and the distance."""
        # One by one, because NumPy's cosine may differ from Python's in the last bit.
        scales = np.array([metres_per_unit(y) for y in ys.tolist()]).reshape(-1, 2)
        half = np.minimum(radii_m[:, None] / scales, _FARTHEST) + 1
        here = np.stack([xs, ys], axis=1)
        points, rows = self._buckets.meeting_each(np.hstack([here - half, here + half]))
        reaches = np.hstack([scales, np.ceil(half[:, 1:])])
        distances = self._outlines.distances_m(rows, xs[points], ys[points], reaches[points])
        west, south, east, north = self._outlines.bounds[rows].T
        x, y = xs[points], ys[points]
        may_hold = np.flatnonzero((west <= x) & (x <= east) & (south <= y) & (y <= north))
        sides = self._outlines.sides(rows[may_hold], x[may_hold], y[may_hold])
        distances[may_hold[sides > 0]] = 0.0
        touched = distances <= radii_m[points]
        return points[touched], rows[touched], distances[touched]

    def _distances_m(self, xs: Ints, ys: Ints) -> Floats:
        """Distances to the nearest feature, over the ellipsoid; infinite without features."""
        blocks = self._buckets.blocks
        distances = np.full(len(xs), math.inf)
        if not blocks:
            return distances
        at_once = max(1, min(_FAR_AT_ONCE // blocks, _FAR_AT_ONCE // self._outlines.most_edges))
        for start in range(0, len(xs), at_once):
            x, y = xs[start : start + at_once], ys[start : start + at_once]
            scales = np.array([metres_per_unit(latitude) for latitude in y.tolist()])
            points, rows = self._buckets.maybe_nearest(x, y, scales)
            lon, lat = self._outlines.nearest_of_each(points, rows, (x, y), scales)
            distances[start : start + at_once] = geodesics_m(x.astype(np.float64), y.astype(np.float64), lon, lat)
        return distances


def _first_of_each(ascending: Ints) -> Ints:
    """Where in an ascending array each value stands first."""
    return np.flatnonzero(np.diff(ascending, prepend=-1))
