"""Which neighbouring areas are joined so that none is too small: a graph of faces and the borders they share.

Knows sizes, borders and their strength, not what the areas are. Areas must share every node with their neighbours, as
the faces of one arrangement do.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
#: Strength of the lines at some places, in units; 0 where there is none.
StrengthAt = Callable[[Floats], Floats]

#: How much a strong line counts against a round shape when a neighbour is chosen.
_STRENGTH_WEIGHT = 0.1
#: How much it counts that together they are larger than a cell should be.
_OVER_WEIGHT = 0.5


@dataclass(slots=True, kw_only=True)
class Areas:
    """Areas, the length of their outlines, and of the borders between them, in metres.

    Parameters
    ----------
    borders
        For each area, its neighbours: length of the common border and that length times strength.
    """

    areas: list[float]
    lengths: list[float]
    borders: list[dict[int, tuple[float, float]]] = field(default_factory=list)

    @classmethod
    def of(cls, faces: npt.NDArray[np.object_], scale: tuple[float, float], strength_at: StrengthAt | None) -> "Areas":
        """Measure faces given in units; a common corner is no border."""
        segments, owners = _segments(faces)
        metres = np.hypot((segments[:, 2] - segments[:, 0]) * scale[0], (segments[:, 3] - segments[:, 1]) * scale[1])
        lengths = np.bincount(owners, weights=metres, minlength=len(faces))
        borders: list[dict[int, tuple[float, float]]] = [{} for _ in faces]
        order = np.lexsort(segments.T)
        same = np.flatnonzero((segments[order[1:]] == segments[order[:-1]]).all(axis=1))
        one, other = order[same], order[same + 1]
        strengths = np.zeros(len(one))
        if strength_at is not None and len(one):
            strengths = strength_at((segments[one, :2] + segments[one, 2:]) / 2)
        for a, b, length, strength in zip(
            owners[one].tolist(), owners[other].tolist(), metres[one].tolist(), strengths.tolist(), strict=True
        ):
            for first, second in ((a, b), (b, a)):
                before = borders[first].get(second, (0.0, 0.0))
                borders[first][second] = before[0] + length, before[1] + length * strength
        areas = shapely.area(faces) * scale[0] * scale[1]
        return cls(areas=areas.tolist(), lengths=lengths.tolist(), borders=borders)

    def components(self, labels: Sequence[int]) -> list[list[int]]:
        """Part the areas into those of one label that hang together by borders, in ascending order."""
        seen = [False] * len(self.areas)
        found = []
        for start in range(len(self.areas)):
            if seen[start]:
                continue
            seen[start], group, waiting = True, [], [start]
            while waiting:
                here = waiting.pop()
                group.append(here)
                for other in self.borders[here]:
                    if not seen[other] and labels[other] == labels[here]:
                        seen[other] = True
                        waiting.append(other)
            found.append(sorted(group))
        return found

    def joined(self, groups: Sequence[Sequence[int]]) -> "Areas":
        """Return the areas after each group became one."""
        group_of = {member: number for number, group in enumerate(groups) for member in group}
        borders: list[dict[int, tuple[float, float]]] = [{} for _ in groups]
        lengths = [sum(self.lengths[member] for member in group) for group in groups]
        for member, neighbours in enumerate(self.borders):
            mine = group_of[member]
            for other, (length, weighted) in neighbours.items():
                theirs = group_of[other]
                if theirs == mine:
                    lengths[mine] -= length
                else:
                    before = borders[mine].get(theirs, (0.0, 0.0))
                    borders[mine][theirs] = before[0] + length, before[1] + weighted
        areas = [sum(self.areas[member] for member in group) for group in groups]
        return Areas(areas=areas, lengths=lengths, borders=borders)


def join_small(areas: Areas, *, least: float, most: float, least_width: float) -> list[list[int]]:
    """Join every area under the least area or width with a neighbour, the smallest first.

    The neighbour is the one with which it makes the roundest shape across the weakest line, rather within ``most``.
    An area without neighbours stays as it is.

    Returns
    -------
    list
        Groups of numbers, each ascending, by their first number.
    """
    work = _Joining(areas)
    waiting = [(areas.areas[n], n) for n in range(len(areas.areas)) if work.is_small(n, least, least_width)]
    heapq.heapify(waiting)
    while waiting:
        size, number = heapq.heappop(waiting)
        if number not in work.members or size != work.areas[number] or not work.borders[number]:
            continue
        target = work.join(number, most)
        if work.is_small(target, least, least_width):
            heapq.heappush(waiting, (work.areas[target], target))
    return sorted(sorted(group) for group in work.members.values())


class _Joining:
    """Areas while they are joined."""

    def __init__(self, areas: Areas) -> None:
        self.areas = list(areas.areas)
        self.lengths = list(areas.lengths)
        self.borders = [defaultdict(lambda: (0.0, 0.0), neighbours) for neighbours in areas.borders]
        self.members = {number: [number] for number in range(len(areas.areas))}

    def is_small(self, number: int, least: float, least_width: float) -> bool:
        return self.areas[number] < least or 2 * self.areas[number] / self.lengths[number] < least_width

    def join(self, number: int, most: float) -> int:
        """Join with the best neighbour and return who that is."""
        target = max(self.borders[number], key=lambda other: (self._worth(number, other, most), -other))
        shared, _ = self.borders[number][target]
        self.areas[target] += self.areas[number]
        self.lengths[target] += self.lengths[number] - 2 * shared
        self.members[target] += self.members.pop(number)
        for other, (length, weighted) in self.borders[number].items():
            del self.borders[other][number]
            if other != target:
                for first, second in ((target, other), (other, target)):
                    before = self.borders[first][second]
                    self.borders[first][second] = before[0] + length, before[1] + weighted
        self.borders[number].clear()
        return target

    def _worth(self, number: int, other: int, most: float) -> float:
        """Weigh how round both are together (1 for a circle), less the strength of the line, less what is too large."""
        shared, weighted = self.borders[number][other]
        area = self.areas[number] + self.areas[other]
        length = max(self.lengths[number] + self.lengths[other] - 2 * shared, 1e-9)
        roundness = 4 * math.pi * area / length**2
        over = max(0.0, area / most - 1)
        # Rounded, so that neither platform nor order of sums decides between equals.
        return round(roundness - _STRENGTH_WEIGHT * weighted / shared - _OVER_WEIGHT * min(over, 2.0), 6)


def _segments(faces: npt.NDArray[np.object_]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """All edges of faces, the smaller end first, and the number of the face of each."""
    parts, part_owner = shapely.get_parts(faces, return_index=True)
    rings, ring_owner = shapely.get_rings(parts, return_index=True)
    places, place_ring = shapely.get_coordinates(rings, return_index=True)
    is_edge = place_ring[1:] == place_ring[:-1]
    starts, ends = places[:-1][is_edge], places[1:][is_edge]
    swap = (starts[:, 0] > ends[:, 0]) | ((starts[:, 0] == ends[:, 0]) & (starts[:, 1] > ends[:, 1]))
    starts, ends = np.where(swap[:, None], ends, starts), np.where(swap[:, None], starts, ends)
    return np.hstack((starts, ends)), part_owner[ring_owner[place_ring[:-1][is_edge]]]
