"""Which WGS 84 point is meant: received coordinates of a named datum or reference system, and the way back.

GCJ-02 and BD-09 have no published inverse; it is iterated here to less than a millimetre, because the usual
single step is up to 2.6 m off. The forward formulas are those of the ``prcoords`` package.
"""

import math
from collections.abc import Callable

import prcoords
import pyproj
from pyproj.exceptions import CRSError

from gridcase.domain.errors import invalid
from gridcase.domain.place import Datum, GeoPoint

LonLat = tuple[float, float]
#: Turns received coordinates, first axis east, into WGS 84 degrees.
Reader = Callable[[float, float], LonLat]

#: Degrees; 1e-10 is a hundredth of a millimetre. Every step gains two to three digits.
_CLOSE_ENOUGH = 1e-10
_MOST_STEPS = 12

#: Degrees around an area of use, so that a point on its very border survives rounding.
_MARGIN = 1e-7


def to_wgs84(*, lon: float, lat: float, datum: Datum) -> GeoPoint:
    """Turn received degrees into a WGS 84 point, snapped to 1e-7 degree.

    CGCS2000 is taken as it is: it differs by centimetres. Outside the rectangle of China that
    public implementations use, GCJ-02 is WGS 84.

    Raises
    ------
    InvalidInputError
        ``coordinates_out_of_range`` on the field ``location`` when a value is not finite or no degree; this
        also catches most swapped pairs, all of them for our city.
    """
    try:
        GeoPoint.from_degrees(lon=lon, lat=lat)
        wgs_lon, wgs_lat = _READERS[datum](lon, lat)
        return GeoPoint.from_degrees(lon=wgs_lon, lat=wgs_lat)
    except (ValueError, OverflowError):
        raise invalid("location", "coordinates_out_of_range", lon=str(lon), lat=str(lat)) from None


def from_wgs84(point: GeoPoint, *, datum: Datum) -> LonLat:
    """Give a point as longitude and latitude in degrees of a datum, not snapped."""
    match datum:
        case Datum.WGS84 | Datum.CGCS2000:
            return point.lon, point.lat
        case Datum.GCJ02:
            return _wgs_to_gcj(point.lon, point.lat)
        case Datum.BD09:
            return _gcj_to_bd(*_wgs_to_gcj(point.lon, point.lat))


def reader_of(reference: str) -> Reader:
    """Find the conversion for what an importer names: a datum (``gcj02`` …) or ``EPSG:4549``.

    Values outside the area of use of an EPSG system come back as not-a-number, because PROJ itself answers
    with plausible nonsense there. The axes are always east first, whatever the register says.

    Raises
    ------
    InvalidInputError
        ``crs_unknown`` on the field ``crs``.
    """
    lowered = reference.strip().lower()
    if lowered in set(Datum):
        return _READERS[Datum(lowered)]
    try:
        system = pyproj.CRS.from_user_input(reference) if lowered.startswith("epsg:") else None
    except CRSError:
        system = None
    if system is None or system.area_of_use is None or not (system.is_geographic or system.is_projected):
        raise invalid("crs", "crs_unknown", crs=reference)
    return _epsg_reader(system, system.area_of_use.bounds)


def _epsg_reader(system: pyproj.CRS, area: tuple[float, float, float, float]) -> Reader:
    transformer = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    west, south, east, north = area

    def read(x: float, y: float) -> LonLat:
        lon, lat = transformer.transform(x, y)
        is_in_use = west - _MARGIN <= lon <= east + _MARGIN and south - _MARGIN <= lat <= north + _MARGIN
        return (lon, lat) if is_in_use else (math.nan, math.nan)

    return read


def _wgs_to_gcj(lon: float, lat: float) -> LonLat:
    here = prcoords.Coords(lat, lon)
    if not prcoords.sanity_in_china_p(here):
        return lon, lat
    shifted = prcoords.wgs_gcj(here, check_china=False)
    return shifted.lon, shifted.lat


def _gcj_to_bd(lon: float, lat: float) -> LonLat:
    shifted = prcoords.gcj_bd(prcoords.Coords(lat, lon))
    return shifted.lon, shifted.lat


def _gcj_to_wgs(lon: float, lat: float) -> LonLat:
    return _invert(_wgs_to_gcj, lon, lat)


def _bd_to_wgs(lon: float, lat: float) -> LonLat:
    return _gcj_to_wgs(*_invert(_gcj_to_bd, lon, lat))


def _same(lon: float, lat: float) -> LonLat:
    return lon, lat


def _invert(forward: Reader, lon: float, lat: float) -> LonLat:
    """Walk back by the remaining error until nothing remains.

    Ends after ``_MOST_STEPS`` on the very border of the rectangle of China, where the forward shift jumps and
    some places have no original.
    """
    guess_lon, guess_lat = lon, lat
    for _ in range(_MOST_STEPS):
        reached_lon, reached_lat = forward(guess_lon, guess_lat)
        error_lon, error_lat = reached_lon - lon, reached_lat - lat
        guess_lon, guess_lat = guess_lon - error_lon, guess_lat - error_lat
        if abs(error_lon) < _CLOSE_ENOUGH and abs(error_lat) < _CLOSE_ENOUGH:
            break
    return guess_lon, guess_lat


_READERS: dict[Datum, Reader] = {
    Datum.WGS84: _same,
    Datum.CGCS2000: _same,
    Datum.GCJ02: _gcj_to_wgs,
    Datum.BD09: _bd_to_wgs,
}
