"""The map in a real browser: cells and points are drawn, found, filtered, and said in the list beside it."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from math import asinh, pi, radians, tan

import pytest
from PIL import Image
from playwright.sync_api import Page, Route

from gridcase.domain.place import Datum, GeoPoint
from gridcase.edge.runtime import EXTENSION
from gridcase.grid.datums import from_wgs84
from tests.e2e.conftest import Watched
from tests.office import Office

pytestmark = pytest.mark.e2e

READY = "#map[data-ready]"


@pytest.mark.parametrize("size", ["desk", "tablet"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_draws_without_complaint_and_asks_no_other_host(
    open_page: Callable[..., Watched], office_address: str, size: str, lang: str
) -> None:
    watched = open_page(office_address, size)
    watched.sign_in("dispatcher", lang=lang)
    page = watched.page
    page.goto("/map")
    page.wait_for_selector(READY)
    drawn = page.evaluate(
        "[...document.querySelectorAll('#map canvas')].map((c) => "
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0))"
    )
    assert drawn[0], "no cell was drawn"
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert (watched.foreign, watched.complaints) == ([], [])


def test_a_cell_is_found_by_its_code_with_the_keyboard_alone(
    open_page: Callable[..., Watched], office_address: str
) -> None:
    watched = open_page(office_address)
    watched.sign_in("dispatcher")
    page = watched.page
    page.goto("/map")
    page.wait_for_selector(READY)
    page.focus("#map-find input")
    page.keyboard.type("320404005001001")
    page.keyboard.press("Enter")
    page.wait_for_selector("#map-detail .facts")
    assert "320404005001001" in page.inner_text("#map-detail h2")
    assert page.evaluate("gridcaseMap.getZoom()") == 18
    assert watched.complaints == []


def test_an_address_with_a_code_goes_to_its_place(open_page: Callable[..., Watched], office_address: str) -> None:
    watched = open_page(office_address)
    watched.sign_in("dispatcher")
    watched.page.goto("/map?q=320404005001001")
    watched.page.wait_for_selector(READY)
    assert "320404005001001" in watched.page.inner_text("#map-detail h2")


TILES = "https://tiles.example.org/{z}/{x}/{y}.png"
#: The tile under the middle of the map: its address, and how far across and down in it the middle lies, in tiles.
TILE_UNDER_THE_MIDDLE = """() => {
  const box = document.getElementById("map").getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  for (const tile of document.querySelectorAll("#map img.leaflet-tile-loaded")) {
    const at = tile.getBoundingClientRect();
    const [across, down] = [(x - at.left) / at.width, (y - at.top) / at.height];
    if (tile.naturalWidth > 1 && across >= 0 && across < 1 && down >= 0 && down < 1)
      return [new URL(tile.src).pathname, across, down, at.width];
  }
  return null;
}"""


def off_by(page: Page, datum: Datum) -> tuple[float, float]:
    """Return by how many pixels the tiles draw the middle of the map aside of where their datum has it."""
    path, across, down, wide = page.wait_for_function(TILE_UNDER_THE_MIDDLE).json_value()
    zoom, column, row = (int(part) for part in path.removesuffix(".png").split("/")[1:])
    middle = page.evaluate("[gridcaseMap.getCenter().lng, gridcaseMap.getCenter().lat]")
    lon, lat = middle
    if datum is not Datum.WGS84:
        lon, lat = from_wgs84(GeoPoint.from_degrees(lon=lon, lat=lat), datum=datum)
    # Web Mercator, as every server of tiles numbers them.
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - asinh(tan(radians(lat))) / pi) / 2 * 2**zoom
    return (column + across - x) * wide, (row + down - y) * wide


@pytest.mark.parametrize("datum", [Datum.WGS84, Datum.GCJ02])
def test_tiles_lie_where_their_datum_has_them_after_every_move(
    open_page: Callable[..., Watched],
    sqlite_office: Office,
    office_address: str,
    monkeypatch: pytest.MonkeyPatch,
    datum: Datum,
) -> None:
    told = replace(sqlite_office.rt.settings, map_tiles=TILES, map_tiles_datum=str(datum), map_tiles_credit="示例地图")
    monkeypatch.setitem(sqlite_office.app.extensions, EXTENSION, replace(sqlite_office.rt, settings=told))
    picture = BytesIO()
    Image.new("RGB", (256, 256), "#dfe6da").save(picture, "PNG")
    watched = open_page(office_address)
    page = watched.page

    def answer(route: Route) -> None:
        route.fulfill(body=picture.getvalue(), content_type="image/png")

    page.route("https://tiles.example.org/**", answer)
    watched.sign_in("dispatcher")
    page.goto("/map")
    page.wait_for_selector(READY)
    moves = (
        "gridcaseMap.setZoom(16, {animate: false})",
        "gridcaseMap.panBy([900, -700], {animate: false})",
        "gridcaseMap.setZoom(19, {animate: false})",
        "gridcaseMap.panBy([-300, 200], {animate: false})",
    )
    for move in moves:
        page.evaluate(move)
        assert max(abs(one) for one in off_by(page, datum)) < 2
    page.uncheck("[name=tiles]")
    assert page.locator("#map img.leaflet-tile").count() == 0
    assert {one.split("/")[2] for one in watched.foreign} == {"tiles.example.org"}
    assert (watched.complaints, watched.faults()) == ([], [])
