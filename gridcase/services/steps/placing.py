"""From received coordinates to a located point, refusing what cannot be meant.

A point in the city gets its cell; a plausible one outside every cell is for the workflow to judge; one that no filing
of this city can mean (0, 0, swapped axes, far away) is refused here with the field and the remedy.
"""

from dataclasses import dataclass

from gridcase.domain.errors import GridcaseError, invalid
from gridcase.domain.place import Datum, GeoPoint
from gridcase.grid.datums import to_wgs84
from gridcase.services.steps.reference import Reference
from gridcase.settings import Settings
from gridcase.workflow.requests import Position
from gridcase.workflow.rulebook import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPlace:
    """Coordinates as they came.

    Parameters
    ----------
    lon, lat
        Degrees in ``datum``.
    accuracy_m
        Radius of the accuracy circle, when the device told it.
    """

    lon: float
    lat: float
    datum: Datum = Datum.WGS84
    accuracy_m: float | None = None


def position_of(received: ReceivedPlace, name: str = "location") -> Position:
    """Convert to WGS 84.

    Raises
    ------
    InvalidInputError
        ``zero_position`` or ``out_of_range``, naming the field ``name``.
    """
    if received.lon == 0 and received.lat == 0:
        raise invalid(name, "zero_position")
    try:
        point = to_wgs84(lon=received.lon, lat=received.lat, datum=received.datum)
    except (ValueError, GridcaseError) as err:
        raise invalid(name, _range_code(received)) from err
    return Position(point=point, accuracy_m=received.accuracy_m)


def place(received: ReceivedPlace, reference: Reference, settings: Settings) -> Placement:
    """Locate received coordinates.

    Raises
    ------
    InvalidInputError
        On ``location``: ``zero_position``, ``out_of_range``, ``swapped_axes``, ``far_from_city``.
    """
    position = position_of(received)
    location = reference.grid.locate(position.point, accuracy_m=received.accuracy_m)
    margin_m = settings.city_margin_km * 1000
    if location.cell is None and margin_m < location.distance_m < float("inf"):
        if _would_fit_swapped(received, reference, margin_m):
            raise invalid("location", "swapped_axes")
        raise invalid(
            "location", "far_from_city", km=round(location.distance_m / 1000), allowed=settings.city_margin_km
        )
    return Placement(position=position, location=location, layers=reference.layers_of(position.point, location.cell))


_MOST_LON, _MOST_LAT = 180, 90


def _range_code(received: ReceivedPlace) -> str:
    swapped = _MOST_LAT < abs(received.lat) <= _MOST_LON and abs(received.lon) <= _MOST_LAT
    return "swapped_axes" if swapped else "out_of_range"


def _would_fit_swapped(received: ReceivedPlace, reference: Reference, margin_m: float) -> bool:
    try:
        turned = GeoPoint.from_degrees(lon=received.lat, lat=received.lon)
    except ValueError:
        return False
    return reference.grid.locate(turned).distance_m <= margin_m
