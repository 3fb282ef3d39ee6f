"""Where may a cut meet a slanting border on whole units without bending it: nodes are moved along to a better place.

A node rounded to the nearest whole unit bends a border by up to half a unit; some metres along the border there is
nearly always a whole place that lies on it a hundred times better. Knows lines and nodes, not what they bound.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.grid.features import Vertex

#: How far a node may move along the border, in units: two to three metres.
REACH = 300

#: A place closer to the border than one unit in so many is good enough, and the nearest such place is taken: mostly it
#: is within a metre.
_GOOD_ENOUGH = 500

#: A node within this of a border belongs to it, in units.
_NEAR = 1.0

_Places = npt.NDArray[np.float64]
Segment = tuple[Vertex, Vertex]


def settle_on_borders(
    arrangement: BaseGeometry, borders: Iterable[BaseGeometry], fixed: Iterable[BaseGeometry]
) -> BaseGeometry:
    """Move the nodes that other lines made on a border, so that the border stays as straight as it was.

    Parameters
    ----------
    arrangement
        Lines on whole units, each meeting the others in common nodes only.
    borders
        Outlines in whole units, which are among the lines.
    fixed
        Shapes whose own vertices stay where they are, besides those of the borders.

    Returns
    -------
    BaseGeometry
        The lines after the moves, parted again where they meet.
    """
    edges = _edges(borders)
    if not edges:
        return arrangement
    places = np.unique(shapely.get_coordinates(arrangement), axis=0)
    stay = {end for edge in edges for end in edge} | _vertices(fixed)
    moves = _moves(edges, [place for place in map(_vertex, places.tolist()) if place not in stay])
    if not moves:
        return arrangement

    def moved(coordinates: _Places) -> _Places:
        return np.array([moves.get(place, place) for place in map(_vertex, coordinates.tolist())], dtype=np.float64)

    return shapely.union_all(shapely.get_parts(shapely.transform(arrangement, moved)), grid_size=1)


def _edges(borders: Iterable[BaseGeometry]) -> list[Segment]:
    """All different edges, the smaller end first; neighbours have theirs in common."""
    found: set[Segment] = set()
    for border in borders:
        for line in shapely.get_parts(border):
            places = [_vertex(place) for place in shapely.get_coordinates(line).tolist()]
            found.update((min(edge), max(edge)) for edge in pairwise(places))
    return sorted(found)


def _vertices(shapes: Iterable[BaseGeometry]) -> set[Vertex]:
    return {_vertex(place) for shape in shapes for place in shapely.get_coordinates(shape).tolist()}


def _vertex(place: Iterable[float]) -> Vertex:
    x, y = place
    return round(x), round(y)


def _moves(edges: list[Segment], places: list[Vertex]) -> dict[Vertex, Vertex]:
    """Find a better place for each node that lies at one edge alone."""
    tree = shapely.STRtree([shapely.LineString(edge) for edge in edges])
    at, near = tree.query(shapely.points(np.array(places, dtype=np.float64).reshape(-1, 2)), "dwithin", distance=_NEAR)
    edges_of: defaultdict[int, list[int]] = defaultdict(list)
    for place, edge in zip(at.tolist(), near.tolist(), strict=True):
        edges_of[place].append(edge)
    nodes_of: defaultdict[int, list[Vertex]] = defaultdict(list)
    for place, found in edges_of.items():
        if len(found) == 1:
            nodes_of[found[0]].append(places[place])
    return {
        node: better
        for edge, nodes in nodes_of.items()
        for node, better in _settled(edges[edge], sorted(nodes)).items()
    }


def _settled(edge: Segment, nodes: list[Vertex]) -> dict[Vertex, Vertex]:
    """Settle the nodes of one edge; none passes the middle between it and the next."""
    (x0, y0), (x1, y1) = edge
    axis = 0 if abs(x1 - x0) >= abs(y1 - y0) else 1
    # Along the axis in which the edge is longer, every whole number has one place closest to the edge.
    low, high = (edge[0], edge[1]) if edge[0][axis] < edge[1][axis] else (edge[1], edge[0])
    stops = sorted({low[axis], high[axis], *(node[axis] for node in nodes)})
    across = 1 - axis
    rise, run = high[across] - low[across], high[axis] - low[axis]
    moves = {}
    for node in nodes:
        here = stops.index(node[axis])
        if not 0 < here < len(stops) - 1:
            continue
        first = max(node[axis] - REACH, (stops[here - 1] + node[axis]) // 2 + 1)
        last = min(node[axis] + REACH, (stops[here + 1] + node[axis] - 1) // 2)
        best = min(
            range(first, last + 1), key=lambda along: _off(along, low[axis], rise, run, node[axis]), default=None
        )
        if best is not None:
            beside = low[across] + _nearest((best - low[axis]) * rise, run)
            moves[node] = (best, beside) if axis == 0 else (beside, best)
    return moves


def _nearest(numerator: int, denominator: int) -> int:
    """Quotient rounded to the nearest whole number, halves up, exactly."""
    return (2 * numerator + denominator) // (2 * denominator)


def _off(along: int, start: int, rise: int, run: int, here: int) -> tuple[int, int, int]:
    """Weigh how far the closest whole place is from the edge (in parts of ``run``), then how far it is from here."""
    exact = (along - start) * rise
    return max(abs(_nearest(exact, run) * run - exact), run // _GOOD_ENOUGH), abs(along - here), along
