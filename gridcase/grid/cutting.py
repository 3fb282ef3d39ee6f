"""Where is a large block cut straight, so that its pieces have the area wanted and few buildings are hit.

Works in metres on one block and moves no border around buildings: ``gridcase.grid.making`` does that afterwards.
Cuts run along and across the main axis of the block.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

#: A cut may stand so far from the even share of the area, as a share of the area of the block in hand.
_FREEDOM = 0.1
_CANDIDATES = 13
_SAMPLES = 33

#: What a candidate costs: area of buildings that end on the wrong side, in target areas; each extra part; each side
#: length of a target square that the cut is long; being off the even share.
_HIT = 4.0
_EXTRA_PART = 0.6
_LENGTH = 0.3
_OFF = 2.0

_LEAST_PART_M2 = 1.0

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A block or a part of it, in metres, with the buildings that touch it."""

    shape: BaseGeometry
    buildings: tuple[BaseGeometry, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cut:
    """A cut at ``at`` across the axis (0: x, 1: y)."""

    cost: float
    axis: int
    at: float


def cut_block(piece: Piece, *, target_area: float, most: float) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Cut until every piece is at most ``most`` large; a block within that comes back as it is.

    Returns
    -------
    tuple
        The pieces, and the cuts that part them.
    """
    if piece.shape.area <= most:
        return [piece.shape], []
    turn = _Turn.of(piece.shape)
    waiting = [Piece(shape=turn.to(piece.shape), buildings=tuple(turn.to(one) for one in piece.buildings))]
    done: list[BaseGeometry] = []
    seams: list[BaseGeometry] = []
    while waiting:
        here = waiting.pop()
        if here.shape.area <= most:
            done.append(turn.back(here.shape))
            continue
        low, high, seam = _parted(here.shape, _best_cut(here, target_area))
        seams.append(turn.back(seam))
        for part in (*shapely.get_parts(low), *shapely.get_parts(high)):
            if isinstance(part, shapely.Polygon) and part.area > _LEAST_PART_M2:
                touching = tuple(one for one in here.buildings if one.intersects(part))
                waiting.append(Piece(shape=part, buildings=touching))
    return done, seams


def _best_cut(piece: Piece, target: float) -> _Cut:
    """Find the cheapest cut; whether pieces fall apart is looked at from the cheapest on, until none can be better."""
    count = max(2, math.floor(piece.shape.area / target + 0.5))
    share = (count // 2) / count
    found = sorted((cut for axis in (0, 1) for cut in _cuts(piece, axis, share, target)), key=_by_cost)
    best: _Cut | None = None
    for cut in found:
        if best is not None and best.cost <= cut.cost:
            break
        whole = replace(cut, cost=cut.cost + _EXTRA_PART * _extra_parts(piece.shape, cut))
        if best is None or _by_cost(whole) < _by_cost(best):
            best = whole
    if best is None:
        # So flat that no whole centimetre lies inside; its middle does.
        west, south, east, north = piece.shape.bounds
        is_wide = east - west >= north - south
        best = _Cut(0.0, 0, (west + east) / 2) if is_wide else _Cut(0.0, 1, (south + north) / 2)
    return best


def _by_cost(cut: _Cut) -> tuple[float, int, float]:
    # Rounded, so that the last bit of a sum does not decide between equals.
    return round(cut.cost, 6), cut.axis, cut.at


def _cuts(piece: Piece, axis: int, share: float, target: float) -> list[_Cut]:
    """Weigh cuts across one axis around the even share."""
    low, high = piece.shape.bounds[axis], piece.shape.bounds[axis + 2]
    profile = _Profile.of((piece.shape,), axis)
    places = np.linspace(low, high, _SAMPLES)
    shares = np.maximum.accumulate(profile.below(places)[:, 0]) / piece.shape.area
    shifts = np.linspace(-_FREEDOM, _FREEDOM, _CANDIDATES) * min(share, 1 - share) * 2
    # Whole centimetres: the same on every platform.
    at = np.round(np.interp(share + shifts, shares, places), 2)
    length = profile.across(at)[:, 0]
    costs = _LENGTH * length / math.sqrt(target) + _OFF * np.abs(shifts)
    if piece.buildings:
        below = _Profile.of(piece.buildings, axis).below(at)
        whole = shapely.area(np.array(piece.buildings, dtype=object))
        costs += _HIT * np.minimum(below, whole - below).clip(min=0).sum(axis=1) / target
    return [
        _Cut(cost, axis, place) for cost, place in zip(costs.tolist(), at.tolist(), strict=True) if low < place < high
    ]


def _extra_parts(shape: BaseGeometry, cut: _Cut) -> int:
    low, high, _ = _parted(shape, cut)
    sizes = shapely.area(shapely.get_parts(np.array([low, high], dtype=object)))
    return int((sizes > _LEAST_PART_M2).sum()) - 2


@dataclass(frozen=True, slots=True)
class _Profile:
    """How much of each of some shapes lies below a place on an axis, by Green's theorem over their edges.

    The closing edge along the cut adds nothing to the integral, so nothing has to be cut: thirty times as fast.
    """

    starts: _Floats
    ends: _Floats
    owners: npt.NDArray[np.int64]
    count: int

    @classmethod
    def of(cls, shapes: Sequence[BaseGeometry], axis: int) -> "_Profile":
        parts, part_owner = shapely.get_parts(np.array(shapes, dtype=object), return_index=True)
        rings, ring_part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        places, place_ring = shapely.get_coordinates(rings, return_index=True)
        is_edge = place_ring[1:] == place_ring[:-1]
        # (u, v): v runs along the axis. Swapping the axes turns the rings around, hence the sign.
        turned = places if axis == 1 else np.column_stack((-places[:, 1], places[:, 0]))
        owners = part_owner[ring_part[place_ring[:-1][is_edge]]]
        return cls(turned[:-1][is_edge], turned[1:][is_edge], owners, len(shapes))

    def below(self, at: _Floats) -> _Floats:
        """Area of each shape below each place; one row for a place."""
        (u0, v0), (_, v1) = self.starts.T, self.ends.T
        slope = self._slope()
        first, last = np.minimum(v0, at[:, None]), np.minimum(v1, at[:, None])
        swept = (2 * u0 + slope * (first + last - 2 * v0)) / 2 * (last - first)
        return self._summed(swept)

    def across(self, at: _Floats) -> _Floats:
        """Length inside each shape across each place."""
        (u0, v0), (_, v1) = self.starts.T, self.ends.T
        here = at[:, None]
        spans = ((v0 <= here) & (here < v1)).astype(float) - ((v1 <= here) & (here < v0))
        return np.abs(self._summed(spans * (u0 + self._slope() * (here - v0))))

    def _slope(self) -> _Floats:
        run, rise = (self.ends - self.starts).T
        is_level = rise == 0
        return np.where(is_level, 0.0, run / np.where(is_level, 1.0, rise))

    def _summed(self, values: _Floats) -> _Floats:
        return np.array([np.bincount(self.owners, weights=row, minlength=self.count) for row in values])


def _parted(shape: BaseGeometry, cut: _Cut) -> tuple[BaseGeometry, BaseGeometry, BaseGeometry]:
    west, south, east, north = shape.bounds
    if cut.axis == 0:
        line = shapely.LineString([(cut.at, south - 1), (cut.at, north + 1)])
        upper = shapely.box(cut.at, south - 1, east + 1, north + 1)
    else:
        line = shapely.LineString([(west - 1, cut.at), (east + 1, cut.at)])
        upper = shapely.box(west - 1, cut.at, east + 1, north + 1)
    return _below(shape, cut.axis, cut.at), shapely.intersection(shape, upper), shapely.intersection(shape, line)


def _below(shape: BaseGeometry, axis: int, at: float) -> BaseGeometry:
    west, south, east, north = shape.bounds
    box = (west - 1, south - 1, at, north + 1) if axis == 0 else (west - 1, south - 1, east + 1, at)
    return shapely.intersection(shape, shapely.box(*box))


@dataclass(frozen=True, slots=True)
class _Turn:
    """The turn that lays the main axis of a block along x, about the corner of its box."""

    matrix: npt.NDArray[np.float64]
    x: float
    y: float

    @classmethod
    def of(cls, shape: BaseGeometry) -> "_Turn":
        west, south, _, _ = shape.bounds
        angle = _main_angle(shape)
        cos, sin = math.cos(angle), math.sin(angle)
        return cls(np.array([[cos, sin], [-sin, cos]]), west, south)

    def to(self, shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, lambda c: (c - (self.x, self.y)) @ self.matrix.T)

    def back(self, shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, lambda c: c @ self.matrix + (self.x, self.y))


def _main_angle(shape: BaseGeometry) -> float:
    """Angle of the longer side of the smallest box around it; 0 where the box upright is as small."""
    box = shapely.oriented_envelope(shape)
    upright = shapely.envelope(shape)
    if not isinstance(box, shapely.Polygon) or box.area > upright.area * 0.999:
        return 0.0
    places = shapely.get_coordinates(box)[:3]
    first, second = places[1] - places[0], places[2] - places[1]
    side = first if np.hypot(*first) >= np.hypot(*second) else second
    return round(math.atan2(side[1], side[0]) % math.pi, 6)
