"""Background tiles of the map, where a city has a server of them: their address, credit, and the shift of their datum.

Our own data are WGS 84. Tiles drawn in GCJ-02 lie some hundred metres aside, by an amount that bends from place to
place; the browser gets it at the corners of a lattice over the city, made by ``gridcase.grid.datums``, and reads it in
between. Off unless the settings name an address.
"""

from collections.abc import Iterable
from typing import Any

from flask import Response

from gridcase.domain.place import E7, Datum, GeoPoint
from gridcase.edge.headers import CONTENT_SECURITY_POLICY
from gridcase.grid.datums import from_wgs84
from gridcase.grid.features import UNIT_LAYER
from gridcase.services.steps.layering import feature_bounds
from gridcase.services.steps.reference import Reference
from gridcase.settings import Settings

#: Width of the lattice's meshes, 1e-7 degree: between its corners the shift is off by less than half a metre.
_MESH = 200_000
#: Meshes around the city, so that a view of its border has a shift.
_AROUND = 2
_MOST = 4000


def tiles_of(settings: Settings, reference: Reference) -> dict[str, Any] | None:
    """Return what the page tells its script of background tiles; None without any."""
    if not settings.map_tiles:
        return None
    told: dict[str, Any] = {"url": settings.map_tiles}
    if settings.map_tiles_datum == Datum.GCJ02:
        told["shift"] = _shift(reference)
    return told


def allow_tiles(answer: Response, settings: Settings) -> Response:
    """Let a page load pictures from the server of the tiles, and from nowhere else."""
    if settings.map_tiles:
        # Leaflet empties a tile that is no longer wanted by a picture of its own, one dot written as data.
        pictures = f"img-src 'self' data: {settings.tiles_origin}"
        answer.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; {pictures}"
    return answer


def _shift(reference: Reference) -> dict[str, Any] | None:
    bounds = [feature_bounds(one) for (layer, _), one in reference.features.items() if layer == UNIT_LAYER]
    if not bounds:
        return None
    west, east = _meshes((one[0] for one in bounds), (one[2] for one in bounds))
    south, north = _meshes((one[1] for one in bounds), (one[3] for one in bounds))
    if (east - west) * (north - south) > _MOST:
        return None
    rows = [[_aside(x * _MESH, y * _MESH) for x in range(west, east + 1)] for y in range(south, north + 1)]
    return {"west": west * _MESH, "south": south * _MESH, "mesh": _MESH, "rows": rows}


def _meshes(low: Iterable[int], high: Iterable[int]) -> tuple[int, int]:
    return min(low) // _MESH - _AROUND, max(high) // _MESH + 1 + _AROUND


def _aside(lon_e7: int, lat_e7: int) -> tuple[int, int]:
    """Return how far east and north a place is drawn of where it is, 1e-7 degree."""
    lon, lat = from_wgs84(GeoPoint(lon_e7=lon_e7, lat_e7=lat_e7), datum=Datum.GCJ02)
    return round(lon * E7) - lon_e7, round(lat * E7) - lat_e7
