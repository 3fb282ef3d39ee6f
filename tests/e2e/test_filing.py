"""Filing in a real browser: the place by a click, the same thing seen at once, one case however often it is sent."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Watched
from tests.office import Office

pytestmark = pytest.mark.e2e

Open = Callable[..., Watched]


def at_the_form(open_page: Open, address: str, size: str = "desk", lang: str = "zh") -> Watched:
    watched = open_page(address, size)
    watched.sign_in("acceptor", lang=lang)
    watched.page.goto("/cases/new")
    watched.page.wait_for_selector("[data-place-map][data-ready]")
    return watched


def click_a_cell(watched: Watched) -> None:
    """Click the middle of the map, where the sample grid lies."""
    watched.page.locator("[data-place-map]").click()
    watched.page.wait_for_selector("[data-spot][data-lon] .would-go")


@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("tablet", "en")])
def test_a_call_is_filed_with_a_place_clicked_on_the_map(
    open_page: Open, office_address: str, size: str, lang: str
) -> None:
    watched = at_the_form(open_page, office_address, size, lang)
    page = watched.page
    assert (watched.overflow(), watched.faults()) == (0, [])
    page.fill("[name=type]", "GBT47678.5-2026/event/09012")
    page.press("[name=type]", "Enter")
    page.wait_for_selector("#conditions option[value='1']", state="attached")
    click_a_cell(watched)
    page.fill("[name=address]", "南大街88号")
    page.fill("[name=description]", "消防通道被堵")
    assert (watched.overflow(), watched.faults()) == (0, [])
    with page.expect_navigation():
        page.press("[name=description]", "Control+Enter")
    page.wait_for_selector("#case-head")
    assert "南大街88号" in page.inner_text("#case-head")
    assert (watched.foreign, watched.complaints) == ([], [])


def test_a_second_call_about_the_same_thing_is_added_to_the_first(
    open_page: Open, office_address: str, sqlite_office: Office
) -> None:
    spot = sqlite_office.point()
    filed = sqlite_office.caller("acceptor").file(sqlite_office.filing(source="hotline")).json["number"]
    watched = at_the_form(open_page, office_address)
    page = watched.page
    page.locator("[data-usual]").first.check(force=True)
    page.fill("[data-lon]", f"{spot.lon:.7f}")
    page.fill("[data-lat]", f"{spot.lat:.7f}")
    page.press("[data-lat]", "Tab")
    page.wait_for_selector(f"[formaction='/cases/new/into/{filed}']")
    page.fill("[name=description]", "又有人来电")
    assert watched.faults() == []
    page.click(f"[formaction='/cases/new/into/{filed}']")
    page.wait_for_url(f"**/cases/{filed}?done=comment")
    assert "又有人来电" in page.inner_text("#case-rest")
    assert watched.complaints == []


def test_what_is_wrong_is_led_to_and_the_photo_is_kept(open_page: Open, office_address: str) -> None:
    watched = at_the_form(open_page, office_address)
    page = watched.page
    page.fill("[name=address]", "南大街88号")
    with page.expect_navigation():
        page.click(".filing-end button")
    assert page.evaluate("document.activeElement.name") == "type"
    assert page.input_value("[name=address]") == "南大街88号"
    assert watched.faults() == []


def test_the_place_of_a_correction_is_clicked_on_the_same_map(
    open_page: Open, office_address: str, sqlite_office: Office
) -> None:
    number = sqlite_office.caller("acceptor").file(sqlite_office.filing(source="hotline")).json["number"]
    watched = open_page(office_address)
    watched.sign_in("acceptor")
    page = watched.page
    page.goto(f"/cases/{number}")
    page.click("[data-action=correct]")
    page.wait_for_selector("[data-place-map][data-ready]")
    page.locator("[data-place-map]").click()
    assert float(page.input_value("[data-lon]")) > 119
    page.fill("#f-note", "位置写错了")
    with page.expect_navigation():
        page.click("[data-action-form] button[type=submit]")
    assert watched.complaints == []
