"""Where is a large block cut straight, so that its pieces have the area wanted and few buildings are hit.

Works in metres on one block and moves no border around buildings: ``gridcase.grid.making`` does that afterwards.
Cuts run along and across the main axis of the block.
"""

import math
from dataclasses import dataclass

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
    count = max(2, math.floor(piece.shape.area / target + 0.5))
    share = (count // 2) / count
    found = [cut for axis in (0, 1) for cut in _cuts(piece, axis, share, target)]
    return min(found, key=lambda cut: (round(cut.cost, 6), cut.axis, cut.at))


def _cuts(piece: Piece, axis: int, share: float, target: float) -> list[_Cut]:
    """Weigh cuts across one axis around the even share."""
    box = piece.shape.bounds
    low, high = box[axis], box[axis + 2]
    places = np.linspace(low, high, _SAMPLES)
    areas = np.array([_below(piece.shape, axis, place).area for place in places[1:-1].tolist()])
    shares = np.concatenate(([0.0], np.maximum.accumulate(areas), [piece.shape.area])) / piece.shape.area
    shifts = np.linspace(-_FREEDOM, _FREEDOM, _CANDIDATES) * min(share, 1 - share) * 2
    found = []
    for shift in shifts.tolist():
        at = float(np.interp(share + shift, shares, places))
        # Whole centimetres: the same on every platform.
        at = round(at, 2)
        if low < at < high:
            found.append(_Cut(_cost(piece, axis, at, target) + _OFF * abs(shift), axis, at))
    return found


def _cost(piece: Piece, axis: int, at: float, target: float) -> float:
    low, high, seam = _parted(piece.shape, _Cut(0.0, axis, at))
    extra = sum(part.area > _LEAST_PART_M2 for part in (*shapely.get_parts(low), *shapely.get_parts(high))) - 2
    hit: float = 0.0
    for building in piece.buildings:
        box = building.bounds
        if box[axis] < at < box[axis + 2]:
            below = _below(building, axis, at).area
            hit += min(below, building.area - below)
    return float(_HIT * hit / target + _EXTRA_PART * extra + _LENGTH * seam.length / math.sqrt(target))


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
