"""Where is it: exactly one unit cell for a point, and the features of every other layer there.

Total and deterministic, whatever the order in which the features came (domain §2). Holds the features of one
day: filter with ``current`` first. Does not convert datums: see ``gridcase.grid.datums``.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely

from gridcase.domain.case import CellCode
from gridcase.domain.place import E7, GeoPoint, Located, Location
from gridcase.grid.features import UNIT_LAYER, Feature, current, to_shape
from gridcase.grid.metric import Floats, geodesic_m, metres_per_unit
from gridcase.grid.outline import Outline, Side

__all__ = ["Feature", "GridIndex", "current"]

#: Metres within which a point outside every cell is given to the nearest one (domain §2).
DEFAULT_TOLERANCE_M = 30.0

#: Distances are compared in whole micrometres: far below the unit of 1 cm, far above the noise of floats.
_DECIMALS = 6


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
        row, how, distance = units.choose(point, self.tolerance_m)
        touched = [] if accuracy_m is None else units.within(point, accuracy_m)
        return Location(
            cell=None if row is None else CellCode(units.codes[row]),
            how=how,
            distance_m=distance,
            candidates=tuple(sorted(CellCode(units.codes[other]) for _, other in touched if other != row)),
        )

    def layers_at(self, point: GeoPoint) -> Mapping[str, tuple[str, ...]]:
        """Name the features of all layers but the unit grid that hold the point.

        Edges belong to a feature, so a point on a shared edge has both; codes in ascending order, layers by
        name, layers without a feature there left out.
        """
        found = {name: self.holding(point, layer=name) for name in self._layers}
        return {name: codes for name, codes in found.items() if codes}

    def holding(self, point: GeoPoint, *, layer: str = UNIT_LAYER) -> tuple[str, ...]:
        """Name all features of a layer that hold the point, edges included, before the tie rule.

        In ascending order; empty for a layer that is not there.
        """
        members = self._units if layer == UNIT_LAYER else self._layers.get(layer)
        return () if members is None else tuple(members.codes[row] for row, _ in members.hits(point))

    def holding_each(
        self, positions: Sequence[tuple[float, float]], *, layer: str = UNIT_LAYER
    ) -> list[tuple[str, ...]]:
        """Do the same for many received positions at once, without snapping them to 1e-7 degree.

        For statistics on a layer. Snapped, points that were digitised from the layer itself fall on its
        edges: of 74,377 Chicago cases 2,298 would lie in several police beats, as received none does.

        Parameters
        ----------
        positions
            Longitude and latitude, WGS 84 degrees; one that is not a number is held by nothing.
        layer
            Name of the layer.

        Returns
        -------
        list
            One tuple of codes for each position, in ascending order, in the order of the positions.
        """
        members = self._units if layer == UNIT_LAYER else self._layers.get(layer, _Layer([]))
        return members.hits_of_each(np.array(positions, dtype=np.float64).reshape(-1, 2) * E7)


class _Layer:
    """One layer, its rows in ascending order of code, so that the first row found has the lowest code."""

    def __init__(self, features: Iterable[Feature]) -> None:
        members = sorted(features, key=lambda feature: feature.code)
        self.codes = [feature.code for feature in members]
        if len(set(self.codes)) < len(self.codes):
            msg = f"a code comes twice in the layer {members[0].layer!r}"
            raise ValueError(msg)
        shapes = [to_shape(feature.geometry) for feature in members]
        self._outlines = [Outline.of(feature.geometry) for feature in members]
        self._bounds: Floats = shapely.bounds(np.array(shapes, dtype=object)).reshape(-1, 4)
        self._tree = shapely.STRtree(shapes)

    def hits(self, point: GeoPoint) -> list[tuple[int, Side]]:
        """Rows that hold the point, lowest code first, and whether it lies inside or on the edge."""
        rows = self._tree.query(shapely.Point(point.lon_e7, point.lat_e7)).tolist()
        sides = [(row, self._outlines[row].side(point)) for row in sorted(rows)]
        return [(row, side) for row, side in sides if side is not Side.OUTSIDE]

    def hits_of_each(self, positions: Floats) -> list[tuple[str, ...]]:
        """Codes that hold each position, given in units of 1e-7 degree with a fraction."""
        found: list[list[int]] = [[] for _ in positions]
        pairs = self._tree.query(shapely.points(positions), predicate="intersects")
        for position, row in sorted(pairs.T.tolist()):
            found[position].append(row)
        return [tuple(self.codes[row] for row in rows) for rows in found]

    def choose(self, point: GeoPoint, tolerance_m: float) -> tuple[int | None, Located, float]:
        """Row of the point, how it got it, and the distance in metres."""
        hits = self.hits(point)
        if hits:
            row, side = hits[0]
            return row, Located.INSIDE if side is Side.INSIDE else Located.EDGE, 0.0
        near = self.within(point, tolerance_m)
        if near:
            distance, row = min(near)
            return row, Located.SNAPPED, distance
        return None, Located.OUTSIDE, self._distance_m(point)

    def within(self, point: GeoPoint, radius_m: float) -> list[tuple[float, int]]:
        """Distances and rows of the features a circle touches, in no order; 0 where the point lies in one."""
        east, north = metres_per_unit(point.lat_e7)
        # One unit more on each side: the box is only a sieve, the distance decides.
        wide, high = radius_m / east + 1, radius_m / north + 1
        x, y = point.lon_e7, point.lat_e7
        rows = self._rows_in_box(x - wide, y - high, x + wide, y + high)
        distances = [(self._row_distance_m(row, point), row) for row in rows]
        return [(distance, row) for distance, row in distances if distance <= radius_m]

    def _rows_in_box(self, west: float, south: float, east: float, north: float) -> list[int]:
        if math.isinf(east) or math.isinf(north):
            return list(range(len(self.codes)))
        return [int(row) for row in self._tree.query(shapely.box(west, south, east, north))]

    def _row_distance_m(self, row: int, point: GeoPoint) -> float:
        outline = self._outlines[row]
        return 0.0 if outline.side(point) is not Side.OUTSIDE else round(outline.nearest(point)[0], _DECIMALS)

    def _distance_m(self, point: GeoPoint) -> float:
        """Distance to the nearest feature, over the ellipsoid; infinite without features."""
        lower = self._least_distances_m(point)
        best = (math.inf, 0.0, 0.0)
        for row in np.argsort(lower, kind="stable"):
            if lower[row] >= best[0]:
                break
            best = min(best, self._outlines[row].nearest(point))
        return best[0] if math.isinf(best[0]) else geodesic_m(point.lon_e7, point.lat_e7, best[1], best[2])

    def _least_distances_m(self, point: GeoPoint) -> Floats:
        """Distance to the bounding box of every feature: none can be nearer than that."""
        east, north = metres_per_unit(point.lat_e7)
        west_e7, south_e7, east_e7, north_e7 = self._bounds.T
        aside = np.maximum(0.0, np.maximum(west_e7 - point.lon_e7, point.lon_e7 - east_e7)) * east
        above = np.maximum(0.0, np.maximum(south_e7 - point.lat_e7, point.lat_e7 - north_e7)) * north
        least: Floats = np.hypot(aside, above)
        return least
