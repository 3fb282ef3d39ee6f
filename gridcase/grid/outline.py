"""On which side of an outline is a point, exactly, and how far away is it.

Holds the edges of many features in a few arrays, not one object tree for each. The side is decided in whole
numbers, never in floating point, so a point on a shared edge is on the edge of both neighbours on every platform.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain

import numpy as np
import numpy.typing as npt

from gridcase.grid.features import Feature, Line
from gridcase.grid.metric import Floats

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: A feature gets bands of latitude from this many edges on: cells have about ten, districts have thousands.
_LONG = 8
#: Edges aimed at in a band, and the most places an edge may take in bands, on the average of its feature. Measured:
#: two edges a band make many points a third quicker than no bands for cells of eight edges, one edge not more.
_EDGES_A_BAND, _MOST_COPIES = 2, 4

#: From this many edges on, the distance to one feature is computed by NumPy. Measured: the two cost the same there.
_MANY = 40

#: Distances are compared in whole micrometres: far below the unit of 1 cm, far above the noise of floats.
_PER_METRE = 1e6

_LEAST = 1e-300


class Side(IntEnum):
    """Where a point lies."""

    OUTSIDE = 0
    EDGE = 1
    INSIDE = 2


class Outlines:
    """All edges of the features of a layer: outer rings, holes, parts and lines alike.

    An edge is four numbers of 32 bits in units of 1e-7 degree, the end that sorts first standing first, so
    neighbours hold the same numbers for a shared edge. Differences of coordinates are at most 3.6e9 of longitude
    and 1.8e9 of latitude, so each product of a cross product fits into 63 bits; the products are compared, not
    subtracted, and the sign is exact for every place on Earth without any larger numbers.

    A feature of many edges is cut in bands of latitude, each with the edges that reach it, so a point meets only
    the few at its latitude. A line counts as a ring that goes there and back: nothing lies inside, and a point on
    it is on its edge.

    Parameters
    ----------
    features
        Their order gives the rows.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        count = len(features)
        paths = [_paths(feature) for feature in features]
        path_row = np.repeat(np.arange(count), np.fromiter(map(len, paths), np.int64, count))
        flat = list(chain.from_iterable(paths))
        lengths = np.fromiter(map(len, flat), np.int64, len(flat))
        # Coordinates are below 1.8e9 and fit into 32 bits.
        numbers = np.fromiter(chain.from_iterable(chain.from_iterable(flat)), np.int32, 2 * int(lengths.sum()))
        vertices = numbers.reshape(-1, 2)
        self.bounds = _bounds(vertices, np.repeat(path_row, lengths), count)
        is_start = np.ones(len(vertices), dtype=bool)
        is_start[np.cumsum(lengths) - 1] = False
        starts = np.flatnonzero(is_start)
        edges = np.hstack([vertices[starts], vertices[starts + 1]])
        turned = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
        edges[turned] = edges[turned][:, [2, 3, 0, 1]]
        self._lay(edges, np.repeat(path_row, lengths - 1), count)

    def _lay(self, edges: npt.NDArray[np.int32], row: Ints, count: int) -> None:
        """Sort the edges into bands; rows are ascending."""
        held = np.bincount(row, minlength=count)
        low, high = np.minimum(edges[:, 1], edges[:, 3]), np.maximum(edges[:, 1], edges[:, 3])
        height = self.bounds[:, 3].astype(np.int64) - self.bounds[:, 1] + 1
        climbed = np.bincount(row, weights=high - low.astype(np.float64), minlength=count)
        most = (_MOST_COPIES - 1) * held * height / np.maximum(climbed, 1)
        bands = np.where(held < _LONG, 1, np.clip(np.minimum(held / _EDGES_A_BAND, most), 1, None)).astype(np.int64)
        self._south = self.bounds[:, 1].astype(np.int64)
        self._height = np.maximum(height // bands + 1, 1)
        self._first = np.concatenate([[0], np.cumsum(bands)])
        bottom = (low - self._south[row]) // self._height[row]
        copies = (high - self._south[row]) // self._height[row] - bottom + 1
        chosen = np.repeat(np.arange(len(edges)), copies)
        band = self._first[row[chosen]] + bottom[chosen] + ramp(copies)
        if len(chosen) > len(edges):
            order = np.argsort(band, kind="stable")
            chosen, band = chosen[order], band[order]
        self._edges = np.ascontiguousarray(edges[chosen])
        self._ends = np.concatenate([[0], np.cumsum(np.bincount(band, minlength=int(self._first[-1])))])
        # NumPy hands out its own numbers one by one slowly; these hand out plain ones.
        self._view = self._ends.data, self._first.data, self._south.data, self._height.data

    @property
    def edges(self) -> npt.NDArray[np.int32]:
        """All edges, some of them several times."""
        return self._edges

    @property
    def nbytes(self) -> int:
        """Size of the arrays."""
        arrays = (self.bounds, self._edges, self._ends, self._first, self._south, self._height)
        return sum(array.nbytes for array in arrays)

    def side(self, row: int, x: int, y: int) -> Side:
        """Tell exactly where a point lies that is within the bounds of a feature; corners count as edge."""
        ends, first, south, height = self._view
        band = first[row] + (y - south[row]) // height[row]
        inside = False
        for x0, y0, x1, y1 in self._edges[ends[band] : ends[band + 1]].tolist():
            if (y0 > y) != (y1 > y):
                turn = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
                if turn == 0:
                    return Side.EDGE
                inside ^= (turn > 0) == (y1 > y0)
            elif (y0 == y == y1 and x0 <= x <= x1) or (x0 == x and y0 == y) or (x1 == x and y1 == y):
                return Side.EDGE
        return Side.INSIDE if inside else Side.OUTSIDE

    def sides(self, rows: Ints, xs: Ints, ys: Ints) -> npt.NDArray[np.int8]:
        """Do the same for many pairs of a row and a point."""
        band = self._first[rows] + (ys - self._south[rows]) // self._height[rows]
        edges, counts = self._edges_between(self._ends[band], self._ends[band + 1])
        x, y = np.repeat(xs, counts), np.repeat(ys, counts)
        x0, y0, x1, y1 = edges[:, 0] - x, edges[:, 1] - y, edges[:, 2] - x, edges[:, 3] - y
        one, other = x0 * y1, x1 * y0
        is_up = y1 > 0
        crosses = ((y0 > 0) != is_up) & ((one > other) == is_up)
        ends = np.cumsum(counts)
        sums = np.concatenate([[0], np.cumsum(crosses)])
        sides: npt.NDArray[np.int8] = ((sums[ends] - sums[ends - counts] & 1) * Side.INSIDE).astype(np.int8)
        on = np.flatnonzero(one == other)
        on = on[(x0[on] <= 0) & (x1[on] >= 0) & (np.minimum(y0[on], y1[on]) <= 0) & (np.maximum(y0[on], y1[on]) >= 0)]
        sides[np.searchsorted(ends, on, side="right")] = Side.EDGE
        return sides

    def _edges_between(self, begins: Ints, ends: Ints) -> tuple[npt.NDArray[np.int32], Ints]:
        """Edges of many stretches of the table one after the other, and how many each has."""
        counts = ends - begins
        return gather(self._edges, np.repeat(begins, counts) + ramp(counts)), counts

    def distance_m(self, row: int, x: int, y: int, reach: "Reach") -> float:
        """Metres from a point to the nearest place of the outline, rounded to micrometres.

        Measured in the flat metric. Ends of edges are taken as they are, not computed, so cells that share a corner get
        the very same distance to it. Beyond the reach the answer may be too great, up to infinity.
        """
        ends, first, south, height = self._view
        low = max(y - reach.high - south[row], 0) // height[row]
        high = min((y + reach.high - south[row]) // height[row], first[row + 1] - first[row] - 1)
        if high < low:
            return math.inf
        start, end = ends[first[row] + low], ends[first[row] + high + 1]
        if end - start >= _MANY:
            least = _least_squares(self._edges[start:end].astype(np.int64) - np.array([x, y, x, y]), reach)
        else:
            least = _least_square(self._edges[start:end].tolist(), x, y, reach)
        return round(math.sqrt(least) * _PER_METRE) / _PER_METRE if least < math.inf else math.inf

    def distances_m(self, rows: Ints, xs: Ints, ys: Ints, reaches: Floats) -> Floats:
        """Do the same for many pairs of a row and a point, each with the numbers of a ``Reach``."""
        first, last, height = self._first[rows], self._first[rows + 1] - 1, self._height[rows]
        above, high = ys - self._south[rows], np.asarray(reaches[:, 2], dtype=np.int64)
        low = np.minimum(first + np.maximum(above - high, 0) // height, last)
        top = np.minimum(first + (above + high) // height, last)
        is_near = (above + high >= 0) & (first + np.maximum(above - high, 0) // height <= last)
        ends = np.where(is_near, self._ends[np.maximum(top, low) + 1], self._ends[low])
        edges, counts = self._edges_between(self._ends[low], ends)
        feet_x, feet_y = _feet(
            edges.astype(np.int64) - np.repeat(np.stack([xs, ys, xs, ys], axis=1), counts, axis=0),
            np.repeat(reaches[:, :2], counts, axis=0),
        )
        squares = feet_x * feet_x + feet_y * feet_y
        least = np.full(len(rows), math.inf)
        some = counts > 0
        if some.any():
            least[some] = np.minimum.reduceat(squares, (np.cumsum(counts) - counts)[some])
        rounded: Floats = np.rint(np.sqrt(least) * _PER_METRE) / _PER_METRE
        return rounded

    def nearest_of_each(
        self, points: Ints, rows: Ints, places: tuple[Ints, Ints], scales: Floats
    ) -> tuple[Floats, Floats]:
        """Find the nearest place of some outlines: its longitude and latitude in units, one for each point.

        Of equally near places the most western, then the most southern.

        Parameters
        ----------
        points, rows
            Pairs of the index of a point and a row, ordered by point; every point has a row with edges.
        places, scales
            Longitudes and latitudes of the points, and metres per unit of either.
        """
        first, last = self._ends[self._first[rows]], self._ends[self._first[rows + 1]]
        edges, counts = self._edges_between(first, last)
        point = np.repeat(points, counts)
        xs, ys = places
        here = np.stack([xs[point], ys[point]], axis=1)
        feet_x, feet_y = _feet(edges.astype(np.int64) - np.hstack([here, here]), scales[point])
        squares = feet_x * feet_x + feet_y * feet_y
        starts = np.flatnonzero(np.diff(point, prepend=-1))
        nearest = np.flatnonzero(squares == np.minimum.reduceat(squares, starts)[point])
        order = nearest[np.lexsort((feet_y[nearest], feet_x[nearest], point[nearest]))]
        best = order[np.flatnonzero(np.diff(point[order], prepend=-1))]
        return feet_x[best] / scales[:, 0] + xs, feet_y[best] / scales[:, 1] + ys

    @property
    def most_edges(self) -> int:
        """Edges of the feature that has most of them."""
        return int(np.diff(self._ends[self._first]).max(initial=0))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far around a point of some latitude one looks.

    Parameters
    ----------
    east, north
        Metres per unit of longitude and of latitude there.
    high
        Whole units of latitude to either side.
    """

    east: float
    north: float
    high: int


def gather(table: npt.NDArray[np.int32], places: Ints) -> npt.NDArray[np.int32]:
    """Take rows of four numbers of 32 bits; as one number of 128 bits each, because NumPy is then thrice as quick."""
    rows: npt.NDArray[np.int32] = table.view(np.complex128)[:, 0][places].view(np.int32).reshape(-1, 4)
    return rows


def ramp(counts: Ints) -> Ints:
    """Count from zero, anew for each count: 2, 3 gives 0 1 0 1 2.

    Examples
    --------
    >>> ramp(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts, counts)


def _paths(feature: Feature) -> list[Line]:
    """Give rings as they are, and lines there and back."""
    paths = [ring for part in feature.geometry for ring in (part.outer, *part.holes)]
    return paths + [(*line, *reversed(line[:-1])) for line in feature.lines]


def _bounds(vertices: npt.NDArray[np.int32], row: Ints, count: int) -> npt.NDArray[np.int32]:
    """West, south, east, north of each row; of one without a vertex nothing lies within."""
    bounds = np.tile(np.array([1, 1, 0, 0], dtype=np.int32), (count, 1))
    held = np.bincount(row, minlength=count)
    some = held > 0
    if some.any():
        starts = (np.cumsum(held) - held)[some]
        bounds[some, :2] = np.minimum.reduceat(vertices, starts)
        bounds[some, 2:] = np.maximum.reduceat(vertices, starts)
    return bounds


def _least_square(edges: list[list[int]], x: int, y: int, reach: Reach) -> float:
    """Least squared distance, in the same steps and order as ``_feet``: both give the same to the last bit."""
    east, north = reach.east, reach.north
    least = math.inf
    for x0, y0, x1, y1 in edges:
        ax, ay = (x0 - x) * east, (y0 - y) * north
        bx, by = (x1 - x) * east, (y1 - y) * north
        wx, wy = bx - ax, by - ay
        along = -(ax * wx + ay * wy) / max(wx * wx + wy * wy, _LEAST)
        if along >= 1:
            ax, ay = bx, by
        elif along > 0:
            ax, ay = ax + along * wx, ay + along * wy
        least = min(least, ax * ax + ay * ay)
    return least


def _least_squares(edges: Ints, reach: Reach) -> float:
    x, y = _feet(edges, np.array([(reach.east, reach.north)]))
    return float((x * x + y * y).min())


def _feet(edges: Ints, scales: Floats) -> tuple[Floats, Floats]:
    """Give the place of each edge that is nearest to zero, in metres; edges are relative to the point."""
    ax, ay = edges[:, 0] * scales[:, 0], edges[:, 1] * scales[:, 1]
    bx, by = edges[:, 2] * scales[:, 0], edges[:, 3] * scales[:, 1]
    wx, wy = bx - ax, by - ay
    along = -(ax * wx + ay * wy) / np.maximum(wx * wx + wy * wy, _LEAST)
    x = np.where(along <= 0, ax, np.where(along >= 1, bx, ax + along * wx))
    y = np.where(along <= 0, ay, np.where(along >= 1, by, ay + along * wy))
    return x, y


def empty_rows() -> Ints:
    """Give no rows at all."""
    return np.zeros(0, dtype=np.int64)
