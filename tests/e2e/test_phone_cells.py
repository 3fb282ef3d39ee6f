"""The phone finds the same cell as the server: at random, on every edge and corner, and what a circle touches."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from gridcase.domain.place import GeoPoint
from gridcase.grid.features import UNIT_LAYER, Feature
from gridcase.grid.index import GridIndex
from gridcase.services.syncing import phone_grid
from tests.e2e.conftest import Watched
from tests.office import Office

pytestmark = pytest.mark.e2e

RANDOM_POINTS = 10_000
Place = tuple[int, int, float | None]

ASK = """([body, places]) => import('/static/m/locate.js').then(({ Grid }) => {
  const grid = new Grid(body);
  return places.map(([x, y, accuracy]) => {
    const { cell, how, distanceM, candidates } = grid.locate(x, y, accuracy);
    return [cell, how, cell === null ? null : distanceM, candidates];
  });
})"""


def served_answers(index: GridIndex, places: list[Place]) -> list[list[Any]]:
    found = [index.locate(GeoPoint(lon_e7=x, lat_e7=y), accuracy_m=accuracy) for x, y, accuracy in places]
    return [
        [one.cell, str(one.how), None if one.cell is None else one.distance_m, list(one.candidates)] for one in found
    ]


def cells_of(office: Office) -> list[Feature]:
    return [feature for (layer, _), feature in office.rt.reference().features.items() if layer == UNIT_LAYER]


def corners_and_middles(cells: list[Feature]) -> list[Place]:
    places: set[Place] = set()
    for cell in cells:
        for part in cell.geometry:
            for ring in (part.outer, *part.holes):
                for (x0, y0), (x1, y1) in pairwise(ring):
                    places |= {(x0, y0, None), ((x0 + x1) // 2, (y0 + y1) // 2, None)}
    return sorted(places)


def scattered(cells: list[Feature], count: int) -> list[Place]:
    chance = Random(7)
    xs = [x for cell in cells for part in cell.geometry for x, _ in part.outer]
    ys = [y for cell in cells for part in cell.geometry for _, y in part.outer]
    # A little beyond the grid too: some are taken into the nearest cell, some are outside.
    return [
        (
            chance.randint(min(xs) - 5000, max(xs) + 5000),
            chance.randint(min(ys) - 5000, max(ys) + 5000),
            chance.choice([None, 3.0, 12.5, 80.0]),
        )
        for _ in range(count)
    ]


def test_the_phone_finds_the_servers_cell_everywhere(
    sqlite_office: Office, office_address: str, open_page: Callable[..., Watched]
) -> None:
    reference = sqlite_office.rt.reference()
    cells = cells_of(sqlite_office)
    watched = open_page(office_address, "phone")
    watched.page.goto("/m/")
    body = phone_grid(reference, ("",)).body
    assert len(body["cells"]) == len(cells) > 200
    for places in (scattered(cells, RANDOM_POINTS), corners_and_middles(cells)):
        told = watched.page.evaluate(ASK, [body, places])
        expected = served_answers(reference.grid, places)
        wrong = [(place, one, other) for place, one, other in zip(places, told, expected, strict=True) if one != other]
        assert wrong == []
    assert {one[1] for one in served_answers(reference.grid, scattered(cells, 500))} >= {"inside", "snapped", "outside"}


def test_products_beyond_the_doubles_are_compared_exactly(
    sqlite_office: Office, office_address: str, open_page: Callable[..., Watched]
) -> None:
    watched = open_page(office_address, "phone")
    watched.page.goto("/m/")
    asked = "numbers => import('/static/m/locate.js').then(({ compareProducts }) => compareProducts(...numbers))"
    # 3.6e9 · 1.8e9 is beyond 2^53, where doubles leave whole numbers out.
    for numbers in ([3_599_999_999, 1_799_999_999, 3_599_999_998, 1_800_000_000], [3 * 2**31, 5, 15, 2**31]):
        a, b, c, d = numbers
        assert watched.page.evaluate(asked, numbers) == (a * b > c * d) - (a * b < c * d)
