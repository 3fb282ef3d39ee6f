"""Which features hold a point, both as they were received: for statistics on a layer, before any tie rule.

Snapped to 1e-7 degree an outline moves by up to 5 mm, and points that were digitised from it change sides: of 74,377
Chicago cases 27, so that 166 instead of 154 lie in no police beat. Locating a case is ``gridcase.grid.index``.
"""

from collections.abc import Sequence

import numpy as np
import shapely

from gridcase.domain.place import E7
from gridcase.grid.features import Feature, to_shape
from gridcase.grid.metric import Floats
from gridcase.grid.outline import Ints


class ReceivedLayer:
    """Areas of a layer in doubles, in degrees of WGS 84.

    Parameters
    ----------
    features
        Areas of one layer. One that was not received, or not as a sound shape, is taken as it was snapped.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        members = sorted(features, key=lambda feature: feature.code)
        self.codes = [feature.code for feature in members]
        self._shapes = np.array([_shape(feature) for feature in members], dtype=object)
        # Prepared, a shape finds the edges at a latitude by itself: districts have thousands.
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def holding_each(self, positions: Floats) -> tuple[Ints, Ints]:
        """Find the features that hold each position, edges included.

        Parameters
        ----------
        positions
            Longitude and latitude of each, in degrees, not snapped; one that is not a number is held by nothing.

        Returns
        -------
        tuple
            Pairs of the index of a position and the index of a code, ordered by both.
        """
        known = np.flatnonzero(np.isfinite(positions).all(axis=1))
        points, rows = self._tree.query(shapely.points(positions[known]))
        held = shapely.intersects_xy(self._shapes[rows], positions[known[points]])
        points, rows = known[points[held]], rows[held]
        order = np.lexsort((rows, points))
        return points[order], rows[order]


def _shape(feature: Feature) -> shapely.Geometry:
    if feature.received is not None:
        return shapely.from_wkb(feature.received)
    # Dividing rounds to the very double that the same decimal number in a file of points is read as.
    return shapely.transform(to_shape(feature.geometry), lambda whole: whole / E7)
