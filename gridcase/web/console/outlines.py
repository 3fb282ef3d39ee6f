"""Outlines as browsers draw them: whole numbers of 1e-7 degree, each vertex as its difference to the one before."""

from collections.abc import Iterable
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.grid.features import Feature


def outline(one: Feature) -> list[Any]:
    """Return code, name, rings or lines, and whether it is lines."""
    rings = [ring for part in one.geometry for ring in (part.outer, *part.holes)]
    return [one.code, one.name, [differences(line) for line in (rings or one.lines)], bool(one.lines)]


def outline_of_shape(name: str, shape: BaseGeometry) -> list[Any]:
    """Return the same of a shape in units of 1e-7 degree; of one without an area its lines."""
    drawn = shapely.get_parts(shape if shape.area == 0 else shape.boundary)
    lines = [[(round(x), round(y)) for x, y in shapely.get_coordinates(part)] for part in drawn]
    return ["", name, [differences(line) for line in lines if line], shape.area == 0]


def differences(line: Iterable[tuple[int, int]]) -> list[int]:
    """Return a line as x and y in turn: the first vertex as it is, then what is added to get to each next one.

    Examples
    --------
    >>> differences(((10, 20), (11, 18), (11, 19)))
    [10, 20, 1, -2, 0, 1]
    """
    found: list[int] = []
    x_before = y_before = 0
    for x, y in line:
        found += (x - x_before, y - y_before)
        x_before, y_before = x, y
    return found
