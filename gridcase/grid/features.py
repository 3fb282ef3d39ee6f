"""What is a feature of a layer: a code, a name, dates, and polygons or lines in integers of 1e-7 degree.

Does not locate and does not read files: see ``gridcase.grid.index`` and ``gridcase.grid.geojson``. Integers
make the tie rule on shared edges exact; the phone gets the same ones (design §3, "Place").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.grid.metric import equal_area

#: Layer of the unit grid; every other layer has a free name.
UNIT_LAYER = "unit"
COMMUNITY_LAYER = "community"

Vertex = tuple[int, int]
#: Longitude, latitude pairs; the last equals the first.
Ring = tuple[Vertex, ...]
#: Two vertices or more, in the order of the line.
Line = tuple[Vertex, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One polygon: an outer ring, counter-clockwise, and the rings of its holes, clockwise (RFC 7946)."""

    outer: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One area or line of a layer.

    Parameters
    ----------
    code
        Unique in its layer on any one day.
    name
        For people; may be empty.
    layer
        ``unit`` for the unit grid, otherwise the name of the layer.
    geometry
        Polygons whose interiors do not meet; at least one, or none for a line.
    valid_from, valid_to
        First day in use, and first day no longer in use; None is open.
    parent
        Code of the feature of the next larger layer, where one is known.
    lines
        The lines of a river or road; none for an area. A layer holds either areas or lines.
    tolerance_m
        How far from it a point still counts as lying at it, in metres, up to and including; None is zero.
    received
        The geometry as it came, in WGS 84 degrees before snapping, as WKB: what statistics ask. None when
        nothing was received (the feature was made here).
    """

    code: str
    name: str
    layer: str
    geometry: tuple[Part, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    parent: str | None = None
    lines: tuple[Line, ...] = ()
    tolerance_m: float | None = None
    received: bytes | None = field(default=None, compare=False, repr=False)


def current(features: Iterable[Feature], *, on: date) -> tuple[Feature, ...]:
    """Keep the features in use on a day, in the order given.

    A feature that ends on that day is out, one that begins is in, so that a divided cell and its
    successors are never in use together.
    """
    return tuple(
        feature
        for feature in features
        if (feature.valid_from is None or feature.valid_from <= on)
        and (feature.valid_to is None or on < feature.valid_to)
    )


def to_shape(geometry: Sequence[Part]) -> shapely.MultiPolygon:
    """Make the shapely form, still in units of 1e-7 degree (whole numbers, exact in doubles)."""
    return shapely.MultiPolygon([shapely.Polygon(part.outer, part.holes) for part in geometry])


def from_shape(shape: BaseGeometry) -> tuple[Part, ...]:
    """Read polygons in units of 1e-7 degree, turning rings as RFC 7946 wants them.

    Lines and points among the parts are dropped; coordinates are rounded to whole units.
    """
    pieces = shapely.get_parts(shapely.orient_polygons(shape))
    return tuple(
        Part(outer=_ring(piece.exterior), holes=tuple(_ring(hole) for hole in piece.interiors))
        for piece in pieces
        if isinstance(piece, shapely.Polygon) and not piece.is_empty
    )


def area_m2(geometry: Sequence[Part]) -> float:
    """Area on the ground in square metres.

    Areas of parts add up to the area of the whole, whatever their size, because all are measured in one equal-area
    projection of the ellipsoid. Against geodesic edges, 60 statistical areas up to 18 km² differ by at most 5 in a
    million.
    """
    return equal_area_m2(to_shape(geometry))


def equal_area_m2(shape: BaseGeometry) -> float:
    """Area on the ground of a shape in units of 1e-7 degree, whole ones or with a fraction."""
    west, south, _, _ = shape.bounds
    origin = equal_area(np.array([(west, south)]))
    return float(shapely.transform(shape, lambda units: equal_area(units) - origin).area)


def _ring(ring: shapely.LinearRing) -> Ring:
    return tuple((round(x), round(y)) for x, y, *_ in ring.coords)
