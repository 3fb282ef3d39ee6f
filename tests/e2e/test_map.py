"""The map in a real browser: cells and points are drawn, found, filtered, and said in the list beside it."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Watched

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
