"""Locating points beside a raw STRtree and ``geopandas.sjoin`` in the same run, at growing numbers of cells.

The query alone says which cells hold a point; locating adds the tie rule in whole numbers, how the point lies, the
distance and snapping. Every number of cells runs in a process of its own, so that the memory is its own too.
"""

import copy
import gc
import importlib
import importlib.util
import multiprocessing
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from bench.office import sample_cells
from bench.timing import cpu_us, print_rounds, spread
from gridcase.domain.place import E7, GeoPoint
from gridcase.grid.features import UNIT_LAYER, Feature, Part, to_shape
from gridcase.grid.index import GridIndex

_POINTS, _ROUNDS = 2000, 5
_SIZES = (10_000, 100_000, 1_000_000)
_MANY_POINTS = 1_000_000
_SEED = 20261012

#: Corner in Changzhou and side of a cell of about 100 m, in units of 1e-7 degree.
_WEST, _SOUTH, _STEP = 1_199_400_000, 317_800_000, 10_000
#: Corners and middles of the sides of a cell, in half steps.
_RING = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0))

Made = TypeVar("Made")


def run() -> None:
    """Measure and print."""
    _one_by_one()
    for size in _SIZES:
        # A fresh process: what another size left behind would count as memory of this one.
        process = multiprocessing.get_context("spawn").Process(target=_many, args=(size,))
        process.start()
        process.join()


def _one_by_one() -> None:
    cells = sample_cells()
    shapes = [to_shape(cell.geometry) for cell in cells]
    index, ours_s = _timed(lambda: GridIndex(cells))
    tree, bare_s = _timed(lambda: shapely.STRtree([to_shape(cell.geometry) for cell in cells]))
    west, south, east, north = shapely.total_bounds(shapes)
    draw = random.Random(_SEED)
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


def _many(size: int) -> None:
    """Print the table of one number of cells."""
    corners = _corners(size)
    index = _measured_index(corners)
    draw = np.random.default_rng(_SEED)
    low, high = corners.reshape(-1, 2).min(axis=0), corners.reshape(-1, 2).max(axis=0)
    lon_e7, lat_e7 = draw.integers(low, high, (_MANY_POINTS, 2)).T
    shapes, tree = _measured_tree(corners)
    points, points_s = _timed(lambda: shapely.points(lon_e7.astype(np.float64), lat_e7.astype(np.float64)))
    print(f"points as geometries, which the tree needs and locating does not: {points_s / _MANY_POINTS * 1e6:.2f} µs")
    works: dict[str, Callable[[], Any]] = {
        "STRtree query": lambda: tree.query(points, predicate="intersects"),
        "locate_many": lambda: index.locate_many(lon_e7, lat_e7),
    }
    join = _joining(shapes, points)
    if join is None:
        print("geopandas.sjoin not measured: pip install 'gridcase[bench]'")
    else:
        works["geopandas.sjoin"] = join
    prepared, prepare_s = _timed(lambda: _prepared(index))
    print(f"prepared: {prepare_s:.2f} s, {(prepared.nbytes - index.nbytes) / 1e6:.0f} MB more")
    works["prepared"] = lambda: prepared.locate_many(lon_e7, lat_e7)
    rounds = [[cpu_us(lambda work=work: work(), _MANY_POINTS) for work in works.values()] for _ in range(_ROUNDS)]
    print_rounds(tuple(works), rounds, "µs")
    if join is not None:
        names = list(works)
        for ours in ("locate_many", "prepared"):
            ratios = [one[names.index("geopandas.sjoin")] / one[names.index(ours)] for one in rounds]
            print(f"sjoin / {ours:12} {spread(ratios)}")
    print(f"peak of the process: {_peak_mb():.0f} MB")


def _measured_index(corners: npt.NDArray[np.int64]) -> GridIndex:
    features = [
        Feature(code=f"{i:015d}", name="", layer=UNIT_LAYER, geometry=(Part(outer=tuple(map(tuple, ring))),))
        for i, ring in enumerate(corners.tolist())
    ]
    # What is there already is not looked through again and again while the index is made.
    gc.freeze()
    before = _resident_mb()
    index, build_s = _timed(lambda: GridIndex(features))
    print(f"\nlocating many points · {len(features):,} cells of 8 corners, {_MANY_POINTS:,} points, {_ROUNDS} rounds")
    print(f"index: {build_s:.2f} s, arrays of {index.nbytes / 1e6:.0f} MB, {_peak_mb() - before:.0f} MB at the peak")
    return index


def _measured_tree(corners: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], shapely.STRtree]:
    before = _resident_mb()
    shapes, shapes_s = _timed(lambda: shapely.polygons(corners.astype(np.float64)))
    tree, tree_s = _timed(lambda: _ready(shapely.STRtree(shapes)))
    print(f"STRtree: {tree_s:.2f} s after {shapes_s:.2f} s for its polygons, {_resident_mb() - before:.0f} MB")
    return shapes, tree


def _joining(shapes: npt.NDArray[Any], points: npt.NDArray[Any]) -> Callable[[], Any] | None:
    """Prepare a spatial join of the same points and cells; None where geopandas is not installed."""
    if importlib.util.find_spec("geopandas") is None:
        return None
    geopandas = importlib.import_module("geopandas")
    cells = geopandas.GeoDataFrame({"code": np.arange(len(shapes))}, geometry=shapes)
    spots = geopandas.GeoDataFrame({"number": np.arange(len(points))}, geometry=points)
    # Its tree is built here and kept, so the join alone is measured.
    _ready(cells.sindex)
    return lambda: geopandas.sjoin(spots, cells, how="left", predicate="intersects")


def _prepared(index: GridIndex) -> GridIndex:
    """Draw the picture of the same index, apart from it."""
    twin = copy.copy(index)
    twin._units = copy.copy(index._units)  # noqa: SLF001 - the cells of both stand in the same arrays
    twin.prepare()
    return twin


def _ready(tree: Any) -> Any:
    """Ask a tree once: it is built at the first question."""
    tree.query(shapely.box(0, 0, 1, 1))
    return tree


def _corners(size: int) -> npt.NDArray[np.int64]:
    """Rings of a seamless grid of shaken corners: cells, corners, longitude and latitude."""
    side = round(size**0.5)
    draw = np.random.default_rng(_SEED)
    nodes = 2 * side + 1
    shake = draw.integers(-_STEP // 7, _STEP // 7, (2, nodes, nodes))
    lon = _WEST + np.arange(nodes)[:, None] * (_STEP // 2) + shake[0]
    lat = _SOUTH + np.arange(nodes)[None, :] * (_STEP // 2) + shake[1]
    rings = [
        np.stack([lon[i : i + 2 * side : 2, j : j + 2 * side : 2], lat[i : i + 2 * side : 2, j : j + 2 * side : 2]], -1)
        for i, j in _RING
    ]
    return np.stack(rings, axis=2).reshape(side * side, len(_RING), 2)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    started = time.process_time()
    made = make()
    return made, time.process_time() - started
