"""Where many points are: which features of a layer hold each of them, before the tie rule.

For files of points. One filing is ``gridcase.services.steps.placing``.
"""

from dataclasses import dataclass

import numpy as np

from gridcase.domain.errors import invalid
from gridcase.domain.place import E7
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.index import GridIndex, LocatedMany
from gridcase.grid.metric import Floats
from gridcase.grid.outline import Flags, Ints
from gridcase.grid.received import ReceivedLayer
from gridcase.services.runtime import Runtime

#: Degrees.
_MOST = np.array([180.0, 90.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPoints:
    """Which features hold each of some points.

    Parameters
    ----------
    points, rows
        Pairs of the index of a point and of a code of the layer, ordered by both.
    located
        In the unit grid, where wanted: the one cell of each point that lies on Earth at all, after the tie rule.
    is_point
        Whether each is a place on Earth.
    """

    points: Ints
    rows: Ints
    located: LocatedMany | None
    is_point: Flags


class PointAsker:
    """A layer ready to be asked about many points.

    Parameters
    ----------
    rt
        The runtime.
    layer
        Name of the layer.

    Raises
    ------
    InvalidInputError
        ``layer_unknown`` on the field ``layer``.
    """

    def __init__(self, rt: Runtime, layer: str) -> None:
        reference = rt.reference()
        members = [feature for (name, _), feature in reference.features.items() if name == layer]
        if not members and layer != UNIT_LAYER:
            raise invalid("layer", "layer_not_found", layer=layer)
        self._index: GridIndex = reference.grid
        self._layer = layer
        is_near_enough = any(feature.lines or feature.tolerance_m for feature in members)
        self._received = None if is_near_enough else ReceivedLayer(members)
        self.codes = sorted(feature.code for feature in members)

    def ask(self, positions: Floats, *, is_locating: bool = True) -> HeldPoints:
        """Find what holds each position.

        Areas are compared as they were received, see ``gridcase.grid.received``; a layer with a tolerance in metres
        is asked for points snapped to 1e-7 degree.

        Parameters
        ----------
        positions
            Longitude and latitude of each, in WGS 84 degrees; what is no place on Earth is held by nothing.
        is_locating
            Whether the one cell after the tie rule is wanted too; of the unit grid only.
        """
        is_point: Flags = np.all(np.abs(positions) <= _MOST, axis=1)
        known = np.flatnonzero(is_point)
        lon_e7, lat_e7 = np.rint(positions[known] * E7).astype(np.int64).T
        if self._received is not None:
            points, rows = self._received.holding_each(positions[known])
        else:
            _, points, rows = self._index.holding_each(lon_e7, lat_e7, layer=self._layer)
        is_wanted = is_locating and self._layer == UNIT_LAYER
        located = self._index.locate_many(lon_e7, lat_e7) if is_wanted else None
        return HeldPoints(points=known[points], rows=rows, located=located, is_point=is_point)
