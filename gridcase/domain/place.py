"""Points on the ground and what is known of a located point.

Coordinates are WGS 84 longitude first, held as integers of 1e-7 degree (about 1 cm) so that the tie rule on
shared edges is exact on every platform. Conversion between datums is ``gridcase.grid.datums``.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from gridcase.domain.case import CellCode

E7 = 10_000_000


class Datum(StrEnum):
    """Datum of received coordinates."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class GeoPoint:
    """A WGS 84 point in integers of 1e-7 degree.

    Examples
    --------
    >>> GeoPoint.from_degrees(lon=119.95, lat=31.78)
    GeoPoint(lon_e7=1199500000, lat_e7=317800000)
    """

    lon_e7: int
    lat_e7: int

    def __post_init__(self) -> None:
        if not (-180 * E7 <= self.lon_e7 <= 180 * E7 and -90 * E7 <= self.lat_e7 <= 90 * E7):
            msg = "longitude must lie in -180..180 and latitude in -90..90"
            raise ValueError(msg)

    @classmethod
    def from_degrees(cls, *, lon: float, lat: float) -> "GeoPoint":
        """Snap degrees to the nearest 1e-7.

        Raises
        ------
        ValueError
            When a value is not finite or out of range.
        """
        if not (math.isfinite(lon) and math.isfinite(lat)):
            msg = "coordinates must be finite numbers"
            raise ValueError(msg)
        return cls(lon_e7=round(lon * E7), lat_e7=round(lat * E7))

    @property
    def lon(self) -> float:
        """Longitude in degrees."""
        return self.lon_e7 / E7

    @property
    def lat(self) -> float:
        """Latitude in degrees."""
        return self.lat_e7 / E7


class Located(StrEnum):
    """How a point got its cell."""

    INSIDE = "inside"
    EDGE = "edge"
    SNAPPED = "snapped"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Answer of the grid to "where is it?".

    Parameters
    ----------
    cell
        Unit cell; None exactly when ``how`` is ``outside``.
    how
        ``edge`` also covers corners: the lowest code of the touching cells was taken.
    distance_m
        Metres to the cell: 0 inside and on the edge; for ``outside`` the distance to the nearest cell.
    candidates
        Other cells that the accuracy circle touches, lowest code first; empty without an accuracy.
    """

    cell: CellCode | None
    how: Located
    distance_m: float
    candidates: tuple[CellCode, ...] = ()


_EARTH_RADIUS_M = 6_371_008.8


def distance_m(one: GeoPoint, other: GeoPoint) -> float:
    """Great-circle distance in metres on the mean sphere (haversine); within 0.6 % of the ellipsoid.

    Examples
    --------
    >>> a = GeoPoint.from_degrees(lon=119.95, lat=31.78)
    >>> round(distance_m(a, GeoPoint.from_degrees(lon=119.951, lat=31.78)), 1)
    94.5
    """
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat = (lat2 - lat1) / 2
    half_lon = math.radians(other.lon - one.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(math.sqrt(chord))
