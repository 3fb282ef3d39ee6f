"""How many metres is that: lengths and areas of shapes held in integers of 1e-7 degree.

Close by (some kilometres) a flat metric with the radii of curvature of WGS 84 at the latitude of the point is
right to about 0.01 %; farther out ``geodesics_m`` asks PROJ. No projection is chosen, so no zone can be wrong.
"""

import functools
import math

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from gridcase.domain.place import E7

Floats = npt.NDArray[np.float64]

_A = 6378137.0
_F = 1 / 298.257223563
_E2 = _F * (2 - _F)
_RADIANS_PER_UNIT = math.radians(1 / E7)


def metres_per_unit(lat_e7: float) -> tuple[float, float]:
    """Length of 1e-7 degree of longitude and of latitude, in metres, at this latitude.

    Examples
    --------
    >>> [round(metres * 1e7) for metres in metres_per_unit(317810000)]
    [94717, 110883]
    """
    latitude = lat_e7 * _RADIANS_PER_UNIT
    bend = 1 - _E2 * math.sin(latitude) ** 2
    east = _A * math.cos(latitude) / math.sqrt(bend)
    north = _A * (1 - _E2) / (bend * math.sqrt(bend))
    # At the pole a degree of longitude has no length; the floor keeps divisions by it defined.
    return max(east * _RADIANS_PER_UNIT, 1e-9), north * _RADIANS_PER_UNIT


def equal_area(positions: Floats) -> Floats:
    """Project positions in units of 1e-7 degree to metres in which areas are those on the ground.

    The cylindrical equal-area projection of the ellipsoid (Snyder, Map Projections, 1987, p. 81, standard parallel 0):
    lengths and angles are wrong in it, areas are right everywhere, and areas of pieces add up.
    """
    east, north = (positions * _RADIANS_PER_UNIT).T
    sine = np.sin(north)
    eccentricity = math.sqrt(_E2)
    height = sine / (1 - _E2 * sine * sine) + np.arctanh(eccentricity * sine) / eccentricity
    projected: Floats = np.column_stack((_A * east, _A * (1 - _E2) / 2 * height))
    return projected


def geodesic_m(lon1_e7: float, lat1_e7: float, lon2_e7: float, lat2_e7: float) -> float:
    """Shortest way over the WGS 84 ellipsoid, in metres."""
    _, _, metres = _geod().inv(lon1_e7 / E7, lat1_e7 / E7, lon2_e7 / E7, lat2_e7 / E7)
    return float(metres)


def geodesics_m(lon1_e7: Floats, lat1_e7: Floats, lon2_e7: Floats, lat2_e7: Floats) -> Floats:
    """Do the same for many pairs of places."""
    _, _, metres = _geod().inv(lon1_e7 / E7, lat1_e7 / E7, lon2_e7 / E7, lat2_e7 / E7)
    return np.asarray(metres, dtype=np.float64)


@functools.cache
def _geod() -> Geod:
    return Geod(ellps="WGS84")
