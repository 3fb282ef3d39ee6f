"""Which WGS 84 point is meant: received coordinates of a named datum or reference system, and the way back.

GCJ-02 and BD-09 have no published inverse; it is iterated here to less than a millimetre, because the usual
single step is up to 2.6 m off. The forward formulas are those of the ``prcoords`` package.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import prcoords
import pyproj
from pyproj.exceptions import CRSError, ProjError

from gridcase.domain.errors import invalid
from gridcase.domain.place import Datum, GeoPoint
from gridcase.grid.metric import Floats

LonLat = tuple[float, float]
#: Turns received coordinates, first axis east, into WGS 84 degrees.
Reader = Callable[[float, float], LonLat]
#: Turns rows of positions, first axis east, into rows of positions.
Converter = Callable[[Floats], Floats]

#: Degrees; 1e-10 is a hundredth of a millimetre. Every step gains two to three digits.
_CLOSE_ENOUGH = 1e-10
_MOST_STEPS = 12

#: Metres; a way between datums that is worse puts a cell's border into the neighbour's house.
_EXACT_M = 5.0

#: Number of CGCS2000 in the register.
_CGCS2000 = 4490

#: Geographic systems taken as they are, like the datums of their names.
_PLAIN = frozenset({4326, _CGCS2000})

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
            return _wgs_to_bd(point.lon, point.lat)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A reference system that a layer may come in or go out in.

    Parameters
    ----------
    name
        As asked for: ``gcj02``, ``EPSG:4549``.
    is_degrees
        Whether its numbers are degrees, and not metres or feet.
    epsg
        Number in the register; None for a datum that has none.
    to_wgs84, from_wgs84
        Conversion of many positions; outside the area of use they become not-a-number.
    """

    name: str
    is_degrees: bool
    epsg: int | None
    to_wgs84: Converter
    from_wgs84: Converter


def system_of(reference: str) -> System:
    """Find the system that an importer names: a datum (``gcj02`` …) or ``EPSG:4549``.

    Positions outside the area of use of an EPSG system become not-a-number, because PROJ itself answers
    with plausible nonsense there. The axes are always east first, whatever the register says. CGCS2000 is taken
    for WGS 84, from which it differs by centimetres; another datum to which PROJ knows no way within 5 m is refused.

    Raises
    ------
    InvalidInputError
        ``crs_unknown`` or ``crs_inexact`` on the field ``crs``.
    """
    name = reference.strip()
    lowered = name.lower()
    if lowered in set(Datum):
        return _datum_system(Datum(lowered))
    if not lowered.startswith("epsg:"):
        raise invalid("crs", "crs_unknown", crs=name)
    return _epsg_system(name.upper())


def reader_of(reference: str) -> Reader:
    """Find the conversion of a single position; see ``system_of``."""
    system = system_of(reference)

    def read(x: float, y: float) -> LonLat:
        [(lon, lat)] = system.to_wgs84(np.array([(x, y)], dtype=np.float64)).tolist()
        return lon, lat

    return read


def _datum_system(datum: Datum) -> System:
    is_plain = datum in (Datum.WGS84, Datum.CGCS2000)
    return System(
        name=datum.value,
        is_degrees=True,
        epsg={Datum.WGS84: 4326, Datum.CGCS2000: 4490}.get(datum),
        to_wgs84=_as_it_is if is_plain else functools.partial(_each, _READERS[datum]),
        from_wgs84=_as_it_is if is_plain else functools.partial(_each, _WRITERS[datum]),
    )


@functools.cache
def _epsg_system(name: str) -> System:
    try:
        system = pyproj.CRS.from_user_input(name)
    except CRSError:
        raise invalid("crs", "crs_unknown", crs=name) from None
    if system.area_of_use is None or not (system.is_geographic or system.is_projected):
        raise invalid("crs", "crs_unknown", crs=name)
    is_cgcs2000 = system.geodetic_crs is not None and system.geodetic_crs.to_epsg() == _CGCS2000
    ways = {"allow_ballpark": True} if is_cgcs2000 else {"allow_ballpark": False, "accuracy": _EXACT_M}
    try:
        there = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True, **ways)
        back = pyproj.Transformer.from_crs("EPSG:4326", system, always_xy=True, **ways)
    except ProjError:
        raise invalid("crs", "crs_inexact", crs=name) from None
    if system.is_geographic and system.to_epsg() in _PLAIN:
        return System(name=name, is_degrees=True, epsg=system.to_epsg(), to_wgs84=_as_it_is, from_wgs84=_as_it_is)
    area = system.area_of_use.bounds

    def to_wgs84(positions: Floats) -> Floats:
        lonlat = np.column_stack(there.transform(positions[:, 0], positions[:, 1]))
        lonlat[~_is_within(lonlat, area)] = np.nan
        return lonlat

    def from_wgs84(lonlat: Floats) -> Floats:
        positions = np.column_stack(back.transform(lonlat[:, 0], lonlat[:, 1]))
        positions[~_is_within(lonlat, area)] = np.nan
        return positions

    return System(
        name=name,
        is_degrees=system.is_geographic,
        epsg=int(name.partition(":")[2]),
        to_wgs84=to_wgs84,
        from_wgs84=from_wgs84,
    )


def _is_within(lonlat: Floats, area: tuple[float, float, float, float]) -> np.typing.NDArray[np.bool_]:
    west, south, east, north = area
    lon, lat = lonlat.T
    after, before = lon >= west - _MARGIN, lon <= east + _MARGIN
    # An area across the date line begins in the east.
    is_between = after & before if west <= east else after | before
    within: np.typing.NDArray[np.bool_] = is_between & (lat >= south - _MARGIN) & (lat <= north + _MARGIN)
    return within


def _as_it_is(positions: Floats) -> Floats:
    return positions


def _each(convert: Reader, positions: Floats) -> Floats:
    return np.array([convert(x, y) for x, y in positions.tolist()], dtype=np.float64).reshape(-1, 2)


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


def _wgs_to_bd(lon: float, lat: float) -> LonLat:
    return _gcj_to_bd(*_wgs_to_gcj(lon, lat))


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
_WRITERS: dict[Datum, Reader] = {Datum.GCJ02: _wgs_to_gcj, Datum.BD09: _wgs_to_bd}
