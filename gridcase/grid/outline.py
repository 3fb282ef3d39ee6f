"""On which side of an outline is a point, exactly, and how far away is it.

The side is decided in whole numbers of any size (cross products of Python integers), never in floating point,
so a point on a shared edge is on the edge of both neighbours on every platform. Distances are floats.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from gridcase.domain.place import GeoPoint
from gridcase.grid.features import Part
from gridcase.grid.metric import Floats, metres_per_unit

Edge = tuple[int, int, int, int]

#: From this many edges on, NumPy picks those at the latitude of the point (districts have thousands of edges,
#: cells about ten: there the plain loop is faster). Measured: the two cost the same at about 60.
_LONG = 60


class Side(Enum):
    """Where a point lies."""

    OUTSIDE = 0
    EDGE = 1
    INSIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """All edges of one feature: outer rings, holes and parts alike.

    Parameters
    ----------
    edges
        ``(lon, lat, lon, lat)`` in units of 1e-7 degree; the end that sorts first stands first, so neighbours
        hold the same numbers for a shared edge.
    lows, highs
        Smaller and greater latitude of each edge; None for short outlines.
    segments
        The edges once more, as floats for distances.
    """

    edges: tuple[Edge, ...]
    lows: npt.NDArray[np.int64] | None
    highs: npt.NDArray[np.int64] | None
    segments: Floats

    @classmethod
    def of(cls, geometry: Iterable[Part]) -> Self:
        """Collect the edges of polygons."""
        edges = tuple(
            (*min(start, end), *max(start, end))
            for part in geometry
            for ring in (part.outer, *part.holes)
            for start, end in pairwise(ring)
        )
        table = np.array(edges, dtype=np.int64).reshape(-1, 4)
        is_long = len(edges) >= _LONG
        return cls(
            edges=edges,
            lows=table[:, 1::2].min(axis=1) if is_long else None,
            highs=table[:, 1::2].max(axis=1) if is_long else None,
            segments=table.astype(np.float64),
        )

    def side(self, point: GeoPoint) -> Side:
        """Tell exactly where the point lies; corners and the edges of holes count as edge."""
        x, y = point.lon_e7, point.lat_e7
        inside = False
        for x0, y0, x1, y1 in self._at_latitude(y):
            if (y0 > y) != (y1 > y):
                turn = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
                if turn == 0:
                    return Side.EDGE
                inside ^= (turn > 0) == (y1 > y0)
            elif (y0 == y == y1 and x0 <= x <= x1) or (x0 == x and y0 == y) or (x1 == x and y1 == y):
                return Side.EDGE
        return Side.INSIDE if inside else Side.OUTSIDE

    def _at_latitude(self, y: int) -> Iterable[Edge]:
        if self.lows is None or self.highs is None:
            return self.edges
        return [self.edges[i] for i in np.flatnonzero((self.lows <= y) & (self.highs >= y))]

    def nearest(self, point: GeoPoint) -> tuple[float, float, float]:
        """Find the nearest place of the outline: metres to it, and its longitude and latitude in units.

        Measured in the flat metric at the latitude of the point. Ends of edges are taken as they are, not
        computed, so cells that share a corner get the very same distance to it.
        """
        east, north = metres_per_unit(point.lat_e7)
        scale = np.array([east, north])
        here = np.array([point.lon_e7, point.lat_e7], dtype=np.float64)
        start = (self.segments[:, :2] - here) * scale
        end = (self.segments[:, 2:] - here) * scale
        way = end - start
        along = -(start * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1e-300)
        foot = start + along[:, None] * way
        foot = np.where((along <= 0)[:, None], start, np.where((along >= 1)[:, None], end, foot))
        best = foot[np.argmin((foot * foot).sum(axis=1))]
        lon, lat = best / scale + here
        return math.hypot(*best), float(lon), float(lat)
