"""Which features have a bounding box that holds a point, or meets another box: a sieve before exact answers.

Squares of equal size ("buckets") lie over a layer, and each lists the boxes that meet it, in ascending order of
rows. Knows boxes only; sides and distances are ``gridcase.grid.outline``.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from gridcase.grid.metric import Floats
from gridcase.grid.outline import Ints, empty_rows, gather, ramp

#: Boxes listed in all buckets together, for each box, on the average at most: a few giants among many dwarfs
#: would otherwise stand in millions of buckets.
_MOST_LISTED = 16

#: A table with an entry for every bucket may have this many for each listed box; past that (islands far apart)
#: the buckets that list something are searched by their number.
_MOST_EMPTY = 4
_FEW = 1024

#: So few buckets are read one by one.
_HANDFUL = 9

#: Nearest boxes are looked for in blocks of as many as there are blocks, of this many at least.
_LEAST_BLOCK = 32

_NOISE = 1 + 1e-9

Box = tuple[int, int, int, int]


class Buckets:
    """Bounding boxes of the features of a layer, ready to be asked.

    Parameters
    ----------
    bounds
        West, south, east, north of each row in whole units; a row whose west is east of its east is in no bucket.
    """

    def __init__(self, bounds: npt.NDArray[np.int32]) -> None:
        self.bounds = np.ascontiguousarray(bounds)
        wide = bounds.astype(np.int64)
        rows = np.flatnonzero(wide[:, 0] <= wide[:, 2])
        self._is_empty = not len(rows)
        wide = wide[rows] if len(rows) else np.zeros((1, 4), dtype=np.int64)
        self._west, self._south = int(wide[:, 0].min()), int(wide[:, 1].min())
        self._east, self._north = int(wide[:, 2].max()), int(wide[:, 3].max())
        # The medians of the features themselves: nearly every one then meets four buckets or fewer.
        self._step_x = int(np.median(wide[:, 2] - wide[:, 0])) + 1
        self._step_y = int(np.median(wide[:, 3] - wide[:, 1])) + 1
        first, last = self._squares(wide)
        spans = last - first + 1
        while int(spans.prod(axis=1).sum()) > _MOST_LISTED * len(wide) + _FEW:
            self._step_x, self._step_y = 2 * self._step_x, 2 * self._step_y
            first, last = self._squares(wide)
            spans = last - first + 1
        self._columns = (self._east - self._west) // self._step_x + 1
        self._lines = (self._north - self._south) // self._step_y + 1
        self._list(rows if len(rows) else empty_rows(), first[: len(rows)], spans[: len(rows)])
        self._flat = self.bounds.reshape(-1).data
        self._blocks: tuple[Ints, Ints, Floats] | None = None

    def _squares(self, boxes: Ints) -> tuple[Ints, Ints]:
        corner, step = np.array([self._west, self._south]), np.array([self._step_x, self._step_y])
        return (boxes[:, :2] - corner) // step, (boxes[:, 2:] - corner) // step

    def _list(self, rows: Ints, first: Ints, spans: Ints) -> None:
        counts = spans.prod(axis=1)
        nth = ramp(counts)
        across = np.repeat(spans[:, 0], counts)
        column = np.repeat(first[:, 0], counts) + nth % np.maximum(across, 1)
        line = np.repeat(first[:, 1], counts) + nth // np.maximum(across, 1)
        number = line * self._columns + column
        order = np.argsort(number, kind="stable")
        number = number[order]
        self._listed = np.repeat(rows, counts)[order].astype(np.int32)
        self._numbers: Ints | None = None
        if self._columns * self._lines > _MOST_EMPTY * len(number) + _FEW:
            self._numbers, held = np.unique(number, return_counts=True)
        else:
            held = np.bincount(number, minlength=self._columns * self._lines)
        self._ends = np.concatenate([[0], np.cumsum(held)])
        self._views = self._ends.data, self._listed.data

    @property
    def nbytes(self) -> int:
        """Size of the arrays."""
        numbers = 0 if self._numbers is None else self._numbers.nbytes
        return self._listed.nbytes + self._ends.nbytes + numbers

    def at(self, x: int, y: int) -> list[int]:
        """Rows whose box holds a point, in ascending order."""
        if self._is_empty or not (self._west <= x <= self._east and self._south <= y <= self._north):
            return []
        number = (y - self._south) // self._step_y * self._columns + (x - self._west) // self._step_x
        if self._numbers is not None:
            place = int(np.searchsorted(self._numbers, number))
            if place == len(self._numbers) or self._numbers[place] != number:
                return []
            number = place
        ends, listed = self._views
        flat = self._flat
        found = []
        for row in listed[ends[number] : ends[number + 1]].tolist():
            i = 4 * row
            if flat[i] <= x <= flat[i + 2] and flat[i + 1] <= y <= flat[i + 3]:
                found.append(row)
        return found

    def at_each(self, xs: Ints, ys: Ints) -> tuple[Ints, Ints]:
        """Pairs of a point and a row whose box holds it, ordered by both."""
        within = (xs >= self._west) & (xs <= self._east) & (ys >= self._south) & (ys <= self._north)
        points = np.flatnonzero(within) if not self._is_empty else empty_rows()
        columns, lines = (xs[points] - self._west) // self._step_x, (ys[points] - self._south) // self._step_y
        chosen, rows = self._expand(lines * self._columns + columns)
        points = points[chosen]
        boxes, x, y = gather(self.bounds, rows), xs[points], ys[points]
        held = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
        return points[held], rows[held]

    def _expand(self, numbers: Ints) -> tuple[Ints, Ints]:
        """Pairs of the index of a bucket and a row that it lists."""
        if self._numbers is not None:
            places = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
            known = self._numbers[places] == numbers
            counts = np.where(known, self._ends[places + 1] - self._ends[places], 0)
            numbers = places
        else:
            counts = self._ends[numbers + 1] - self._ends[numbers]
        rows = self._listed[np.repeat(self._ends[numbers], counts) + ramp(counts)]
        return np.repeat(np.arange(len(numbers)), counts), rows.astype(np.int64)

    def meeting(self, west: float, south: float, east: float, north: float) -> list[int]:
        """Rows whose box meets another box, borders included; in ascending order."""
        if self._is_empty or west > self._east or east < self._west or south > self._north or north < self._south:
            return []
        left, low = self._square(max(west, self._west), max(south, self._south))
        right, high = self._square(min(east, self._east), min(north, self._north))
        squares = (right - left + 1) * (high - low + 1)
        rows: list[int] | Ints
        if squares <= _HANDFUL and self._numbers is None:
            rows = self._listed_in(
                [line * self._columns + column for line in range(low, high + 1) for column in range(left, right + 1)]
            )
        elif squares <= len(self._listed):
            columns, lines = np.arange(left, right + 1), np.arange(low, high + 1)
            rows = np.unique(self._expand((lines[:, None] * self._columns + columns).ravel())[1]).tolist()
        else:
            boxes = self.bounds
            meets = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
            rows = np.flatnonzero(meets & (boxes[:, 0] <= boxes[:, 2])).tolist()
        flat = self._flat
        return [
            row
            for row in rows
            if flat[4 * row] <= east
            and flat[4 * row + 2] >= west
            and flat[4 * row + 1] <= north
            and flat[4 * row + 3] >= south
        ]

    def _listed_in(self, numbers: list[int]) -> list[int]:
        ends, listed = self._views
        if len(numbers) == 1:
            rows: list[int] = listed[ends[numbers[0]] : ends[numbers[0] + 1]].tolist()
            return rows
        return sorted({row for number in numbers for row in listed[ends[number] : ends[number + 1]].tolist()})

    def _square(self, x: float, y: float) -> tuple[int, int]:
        return (math.floor(x) - self._west) // self._step_x, (math.floor(y) - self._south) // self._step_y

    def meeting_each(self, boxes: Floats) -> tuple[Ints, Ints]:
        """Pairs of a box and a row whose own box meets it, ordered by both.

        For small boxes; where one spans many buckets, ``meeting`` is asked.
        """
        inner = np.empty_like(boxes)
        inner[:, :2] = np.maximum(boxes[:, :2], (self._west, self._south))
        inner[:, 2:] = np.minimum(boxes[:, 2:], (self._east, self._north))
        asked = np.flatnonzero((inner[:, 0] <= inner[:, 2]) & (inner[:, 1] <= inner[:, 3]) & (not self._is_empty))
        first, last = self._squares(np.floor(inner[asked]).astype(np.int64))
        spans = last - first + 1
        counts = spans.prod(axis=1)
        is_small = counts <= _FEW
        pairs = [self._meeting_small(boxes, asked[is_small], first[is_small], spans[is_small])]
        for box in asked[~is_small]:
            rows = np.array(self.meeting(*boxes[box].tolist()), dtype=np.int64)
            pairs.append((np.full(len(rows), box), rows))
        points, rows = (np.concatenate([pair[i] for pair in pairs]) for i in (0, 1))
        order = np.lexsort((rows, points))
        return points[order], rows[order]

    def _meeting_small(self, boxes: Floats, asked: Ints, first: Ints, spans: Ints) -> tuple[Ints, Ints]:
        counts = spans.prod(axis=1)
        nth, which = ramp(counts), np.repeat(np.arange(len(asked)), counts)
        column = first[which, 0] + nth % spans[which, 0]
        line = first[which, 1] + nth // spans[which, 0]
        chosen, rows = self._expand(line * self._columns + column)
        box = asked[which[chosen]]
        own, other = self.bounds[rows].astype(np.int64), boxes[box]
        meets = (own[:, 0] <= other[:, 2]) & (own[:, 2] >= other[:, 0])
        meets &= (own[:, 1] <= other[:, 3]) & (own[:, 3] >= other[:, 1])
        # A row stands in several buckets: it counts in the first of those that it shares with the box.
        left, low = ((own[:, i] - corner) // step for i, corner, step in self._axes())
        meets &= np.maximum(left, first[which[chosen], 0]) == column[chosen]
        meets &= np.maximum(low, first[which[chosen], 1]) == line[chosen]
        return box[meets], rows[meets]

    def _axes(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        return (0, self._west, self._step_x), (1, self._south, self._step_y)

    def maybe_nearest(self, xs: Ints, ys: Ints, scales: Floats) -> tuple[Ints, Ints]:
        """Pairs of a point and a row that may be the nearest to it, ordered by point; the true one is among them.

        A box reaches no farther from a point than its farthest corner, and what it bounds touches all its sides: no
        row whose box is wholly beyond that of another can be the nearest.

        Parameters
        ----------
        scales
            Metres per unit of longitude and latitude for each point.
        """
        rows, ends, boxes = self._made_blocks()
        least = _least_distances(boxes, xs[:, None], ys[:, None], scales[:, :1], scales[:, 1:])
        nearest = least.argmin(axis=1)
        counts = ends[nearest + 1] - ends[nearest]
        first = rows[np.repeat(ends[nearest], counts) + ramp(counts)]
        far = _most_distances(self.bounds[first], *(np.repeat(one, counts) for one in (xs, ys, *scales.T)))
        # A little more, because rounding must not lose the one that lies exactly so far.
        most = np.minimum.reduceat(far, np.cumsum(counts) - counts) * _NOISE
        points, blocks = np.nonzero(least <= most[:, None])
        counts = ends[blocks + 1] - ends[blocks]
        members = rows[np.repeat(ends[blocks], counts) + ramp(counts)]
        points = np.repeat(points, counts)
        least = _least_distances(self.bounds[members], xs[points], ys[points], *scales[points].T)
        is_near = least <= most[points]
        return points[is_near], members[is_near]

    def _made_blocks(self) -> tuple[Ints, Ints, Floats]:
        """Rows by place in blocks, where each block ends, and its bounds. Made when first asked for."""
        if self._blocks is None:
            boxes = self.bounds.astype(np.float64)
            rows = np.flatnonzero(boxes[:, 0] <= boxes[:, 2])
            size = max(_LEAST_BLOCK, math.isqrt(len(rows)))
            middle_x, middle_y = boxes[rows, 0] + boxes[rows, 2], boxes[rows, 1] + boxes[rows, 3]
            strips = math.ceil(math.sqrt(len(rows) / size))
            strip = np.argsort(np.argsort(middle_x)) * strips // max(len(rows), 1)
            rows = rows[np.lexsort((middle_y, strip))]
            starts = np.arange(0, len(rows), size)
            low = np.minimum.reduceat(boxes[rows, :2], starts)
            high = np.maximum.reduceat(boxes[rows, 2:], starts)
            self._blocks = rows, np.append(starts, len(rows)), np.hstack([low, high])
        return self._blocks

    @property
    def blocks(self) -> int:
        """How many blocks there are; none without a box."""
        return 0 if self._is_empty else len(self._made_blocks()[1]) - 1


def _least_distances(boxes: npt.NDArray[Any], xs: Ints, ys: Ints, east: Floats, north: Floats) -> Floats:
    """Metres to each box in the flat metric: nothing in it can be nearer than that."""
    low_x, low_y, high_x, high_y = boxes.T
    aside = np.maximum(0.0, np.maximum(low_x - xs, xs - high_x)) * east
    above = np.maximum(0.0, np.maximum(low_y - ys, ys - high_y)) * north
    least: Floats = np.sqrt(aside * aside + above * above)
    return least


def _most_distances(boxes: npt.NDArray[Any], xs: Ints, ys: Ints, east: Floats, north: Floats) -> Floats:
    """Metres to the farthest corner of each box."""
    low_x, low_y, high_x, high_y = boxes.T
    aside = np.maximum(xs - low_x, high_x - xs) * east
    above = np.maximum(ys - low_y, high_y - ys) * north
    most: Floats = np.sqrt(aside * aside + above * above)
    return most
