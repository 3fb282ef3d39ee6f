"""Which row of a layer has a point, read from a picture of it: for millions of points against one layer.

Small squares lie over the layer; each says whose inside it is, or that an edge runs through it and the point must be
decided exactly (``gridcase.grid.outline``). Costs memory and some seconds to draw, so only who asks for it gets it.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gridcase.grid.metric import Floats
from gridcase.grid.outline import Ints, empty_rows, ramp

Edges = npt.NDArray[np.int32]
#: Gives the first row that holds each point, -1 where none does.
Chooser = Callable[[Ints, Ints], Ints]

#: What a square says besides a row.
NOBODY, EDGE = -1, -2

#: Edges drawn at once.
_EDGES_AT_ONCE = 1 << 17


class Mosaic:
    """Squares of a power of two units over the bounds of a layer.

    Parameters
    ----------
    bounds
        West, south, east, north of the layer in whole units.
    edges
        All edges of its features; drawn so that a square is never taken for free of an edge that touches it.
    choose
        Decides one point of each area that no edge divides.
    most_squares
        How many there may be, four bytes each: the more, the fewer points are left to be decided exactly.
    """

    def __init__(self, bounds: tuple[int, int, int, int], edges: Edges, choose: Chooser, *, most_squares: int) -> None:
        self._west, self._south, east, north = bounds
        self._bits = 0
        while self._columns_to(east) * self._lines_to(north) > most_squares:
            self._bits += 1
        self._columns, self._lines = self._columns_to(east), self._lines_to(north)
        is_edge = np.zeros((self._lines, self._columns), dtype=bool)
        for start in range(0, len(edges), _EDGES_AT_ONCE):
            self._draw(edges[start : start + _EDGES_AT_ONCE].astype(np.int64), is_edge.reshape(-1))
        self._owner = self._filled(is_edge, choose).reshape(-1)

    def _columns_to(self, east: int) -> int:
        return ((east - self._west) >> self._bits) + 1

    def _lines_to(self, north: int) -> int:
        return ((north - self._south) >> self._bits) + 1

    @property
    def nbytes(self) -> int:
        """Size of the picture."""
        return self._owner.nbytes

    def at_each(self, xs: Ints, ys: Ints) -> npt.NDArray[np.int32]:
        """Row of each point, ``EDGE`` where it must be decided exactly, ``NOBODY`` where no feature is."""
        columns, lines = (xs - self._west) >> self._bits, (ys - self._south) >> self._bits
        within = (columns >= 0) & (columns < self._columns) & (lines >= 0) & (lines < self._lines)
        if within.all():
            found: npt.NDArray[np.int32] = self._owner[lines * self._columns + columns]
            return found
        rows = np.full(len(xs), NOBODY, dtype=np.int32)
        rows[within] = self._owner[lines[within] * self._columns + columns[within]]
        return rows

    def _draw(self, edges: Ints, is_edge: npt.NDArray[np.bool_]) -> None:
        """Mark every square that an edge touches: for each line of squares those between its ends there."""
        x0, y0, x1, y1 = edges.T
        low, high = np.minimum(y0, y1), np.maximum(y0, y1)
        first = (low - self._south) >> self._bits
        counts = ((high - self._south) >> self._bits) - first + 1
        chosen = np.repeat(np.arange(len(edges)), counts)
        line = first[chosen] + ramp(counts)
        bottom = self._south + (line << self._bits)
        enters = np.maximum(bottom, low[chosen]).astype(np.float64)
        leaves = np.minimum(bottom + (1 << self._bits), high[chosen]).astype(np.float64)
        ends = np.stack([self._at_latitude(edges[chosen], y) for y in (enters, leaves)])
        # One unit more on either side is far more than the noise of floats. An edge lies between its own ends.
        left = np.clip(np.floor(ends.min(axis=0)).astype(np.int64) - 1, x0[chosen], x1[chosen])
        right = np.clip(np.ceil(ends.max(axis=0)).astype(np.int64) + 1, x0[chosen], x1[chosen])
        is_level = (y0 == y1)[chosen]
        left, right = np.where(is_level, x0[chosen], left), np.where(is_level, x1[chosen], right)
        column = (left - self._west) >> self._bits
        spans = ((right - self._west) >> self._bits) - column + 1
        is_edge[np.repeat(line * self._columns + column, spans) + ramp(spans)] = True

    @staticmethod
    def _at_latitude(edges: Ints, y: Floats) -> Floats:
        x0, y0, x1, y1 = edges.T
        crossing: Floats = x0 + (y - y0) * (x1 - x0) / np.where(y0 == y1, 1, y1 - y0)
        return crossing

    def _filled(self, is_edge: npt.NDArray[np.bool_], choose: Chooser) -> npt.NDArray[np.int32]:
        """Give every area of squares without an edge the row of one of its points.

        Neighbours without an edge have the same owner, so line by line a run of them takes the name of the run it
        touches in the line before, and a new name when there is none. An area may get several names: each is asked.
        """
        names = np.empty(is_edge.shape, dtype=np.int32)
        before = np.full(self._columns, -1, dtype=np.int32)
        named = 0
        corners = [empty_rows()]
        for line, edge in enumerate(is_edge):
            starts = np.flatnonzero(np.diff(edge, prepend=~edge[:1]))
            found = np.maximum.reduceat(np.where(edge, np.int32(-1), before), starts)
            is_new = (found < 0) & ~edge[starts]
            fresh = starts[is_new]
            found[is_new] = np.arange(named, named + len(fresh))
            named += len(fresh)
            corners.append(line * self._columns + fresh)
            before = np.repeat(found, np.diff(starts, append=self._columns))
            names[line] = before
        corner = np.concatenate(corners)
        rows = choose(
            self._west + ((corner % self._columns) << self._bits),
            self._south + ((corner // self._columns) << self._bits),
        )
        # The name of no area, -1, reads the last entry.
        owner = np.append(rows, EDGE).astype(np.int32)
        for line in names:
            line[:] = owner[line]
        return names
