"""Locating a point on the sample grid beside a bare STRtree query for the same point in the same run.

The query alone says which cells hold the point; locating adds the tie rule in whole numbers, the distance and
snapping. One point at a time, as a filing does.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import shapely

from bench.office import sample_cells
from bench.timing import cpu_us, print_rounds
from gridcase.domain.place import E7, GeoPoint
from gridcase.grid.features import to_shape
from gridcase.grid.index import GridIndex

_POINTS, _ROUNDS = 2000, 5
Made = TypeVar("Made")


def run() -> None:
    """Measure and print."""
    cells = sample_cells()
    shapes = [to_shape(cell.geometry) for cell in cells]
    index, ours_s = _timed(lambda: GridIndex(cells))
    tree, bare_s = _timed(lambda: shapely.STRtree([to_shape(cell.geometry) for cell in cells]))
    west, south, east, north = shapely.total_bounds(shapes)
    draw = random.Random(20261012)
    pairs = [(round(draw.uniform(west, east)), round(draw.uniform(south, north))) for _ in range(_POINTS)]
    points = [GeoPoint.from_degrees(lon=x / E7, lat=y / E7) for x, y in pairs]

    def bare() -> None:
        for pair in pairs:
            tree.query(shapely.Point(pair), predicate="intersects")

    def ours() -> None:
        for point in points:
            index.locate(point)

    def with_accuracy() -> None:
        for point in points:
            index.locate(point, accuracy_m=8)

    print(f"\nlocating one point · {len(cells)} cells, {_POINTS} points, {_ROUNDS} rounds")
    print(f"build: {ours_s * 1000:.1f} ms, STRtree alone {bare_s * 1000:.1f} ms, ratio {ours_s / bare_s:.2f}")
    rounds = [[cpu_us(one, _POINTS) for one in (bare, ours, with_accuracy)] for _ in range(_ROUNDS)]
    print_rounds(("STRtree query", "locate", "locate with accuracy"), rounds, "µs")


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    started = time.perf_counter()
    made = make()
    return made, time.perf_counter() - started
