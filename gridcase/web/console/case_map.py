"""The small map of a case: its cell, the neighbours, the named places it lies at and the spot, drawn by the server.

From our own outlines alone; nothing is fetched. North is up, a metre is equally long both ways.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridcase.domain.place import GeoPoint
from gridcase.grid.features import UNIT_LAYER, Feature, Vertex, to_shape
from gridcase.grid.metric import metres_per_unit
from gridcase.services.steps.reference import Reference

#: Metres shown to each side of the middle, and the size of the drawing.
_REACH_M = 160
WIDTH, HEIGHT = 480, 320
_SCALE = WIDTH / (2 * _REACH_M)
#: Length of the scale bar.
BAR_M = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallMap:
    """What the template draws.

    Parameters
    ----------
    cell, neighbours
        Paths of the case's own cell and of those around it.
    places
        Paths of areas and lines of other layers that the case lies at.
    spot
        Where the case is; None when only its cell is known.
    bar
        Length of the scale bar in the drawing, ``BAR_M`` on the ground.
    """

    cell: str
    neighbours: tuple[str, ...]
    places: tuple[str, ...]
    spot: tuple[float, float] | None
    bar: float


def small_map(
    reference: Reference, point: GeoPoint | None, cell: str | None, layers: Mapping[str, Sequence[str]]
) -> SmallMap | None:
    """Draw a case's surroundings; None when nothing is known of its place."""
    own = reference.features.get((UNIT_LAYER, cell or ""))
    middle = (point.lon_e7, point.lat_e7) if point else _middle(own)
    if middle is None:
        return None
    frame = _Frame(middle)
    around = reference.grid.locate(GeoPoint(lon_e7=middle[0], lat_e7=middle[1]), accuracy_m=_REACH_M * 1.4)
    codes = dict.fromkeys(code for code in (around.cell, *around.candidates) if code and code != cell)
    named = [
        feature
        for layer, found in layers.items()
        for code in found
        if layer != UNIT_LAYER and (feature := reference.features.get((layer, code)))
    ]
    return SmallMap(
        cell=frame.path(own) if own else "",
        neighbours=tuple(frame.path(near) for code in codes if (near := reference.features.get((UNIT_LAYER, code)))),
        places=tuple(frame.path(feature) for feature in named),
        spot=frame.at(*middle) if point else None,
        bar=round(BAR_M * _SCALE, 1),
    )


def _middle(own: Feature | None) -> Vertex | None:
    if own is None:
        return None
    inside = to_shape(own.geometry).representative_point()
    return round(inside.x), round(inside.y)


class _Frame:
    """The way from units of 1e-7 degree to the drawing."""

    def __init__(self, middle: Vertex) -> None:
        self.middle = middle
        self.east, self.north = metres_per_unit(middle[1])

    def at(self, x: int, y: int) -> tuple[float, float]:
        """Return where a vertex lies."""
        right = (x - self.middle[0]) * self.east * _SCALE + WIDTH / 2
        down = (self.middle[1] - y) * self.north * _SCALE + HEIGHT / 2
        return round(right, 1), round(down, 1)

    def path(self, feature: Feature) -> str:
        """Return the rings and lines of a feature."""
        rings = [ring[:-1] for part in feature.geometry for ring in (part.outer, *part.holes)]
        closed = "".join(self._line(ring) + "Z" for ring in rings)
        return closed + "".join(self._line(line) for line in feature.lines)

    def _line(self, vertices: Iterable[Vertex]) -> str:
        return "M" + "L".join(f"{x} {y}" for x, y in (self.at(*vertex) for vertex in vertices))
