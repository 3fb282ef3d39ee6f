"""Administration in a real browser: pages fit and have no fault; a person comes and goes; a holiday; who gets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Watched
from tests.office import Office

pytestmark = pytest.mark.e2e
PAGES = (
    "",
    "/people",
    "/people/1",
    "/delegations",
    "/roster",
    "/campaigns",
    "/units?code=NDJ-HW",
    "/routing",
    "/catalogue?q=0901",
    "/calendar",
    "/conduct",
    "/rules",
    "/layers",
    "/layers/unit",
    "/layers/unit/check",
    "/documents",
    "/documents/calendar/changzhou",
    "/documents/calendar/changzhou/edit",
    "/history",
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("tablet", "en")])
def test_every_page_of_administration_fits_and_has_no_fault(
    open_page: Callable[..., Watched], office_address: str, size: str, lang: str
) -> None:
    watched = open_page(office_address, size)
    watched.sign_in("admin", lang=lang)
    found = {}
    for path in PAGES:
        watched.page.goto(f"/admin{path}")
        found[path] = (watched.overflow(), watched.faults())
    assert {path: seen for path, seen in found.items() if seen != (0, [])} == {}
    assert (watched.foreign, watched.complaints) == ([], [])


def test_a_person_is_added_signs_in_is_revoked_and_is_out(
    open_page: Callable[..., Watched], office_address: str
) -> None:
    admin, colleague = open_page(office_address), open_page(office_address)
    admin.sign_in("admin")
    page = admin.page
    page.goto("/admin/people")
    form = page.locator("form[method=post][action='/admin/people']")
    form.locator("[name=username]").fill("zhang.san")
    form.locator("[name=name]").fill("张三")
    form.locator("[name=role]").select_option("acceptor")
    form.locator("button[type=submit]").click()
    password = page.locator("#one-time-password").inner_text()
    colleague.sign_in("zhang.san", password)
    colleague.page.goto("/account")
    assert "/account" in colleague.page.url
    page.locator(".secret a").click()
    page.locator("form[action*='/revoke'] button").click()
    page.locator("text=当前没有登录").wait_for()
    colleague.page.goto("/account")
    assert "/login" in colleague.page.url


def test_a_holiday_is_previewed_and_then_applied(
    open_page: Callable[..., Watched], office_address: str, sqlite_office: Office
) -> None:
    watched = open_page(office_address)
    watched.sign_in("admin")
    page = watched.page
    page.goto("/admin/calendar?year=2027")
    form = page.locator("form[action='/admin/calendar/holidays']")
    form.locator("[name=name]").fill("元旦")
    form.locator("[name=first]").fill("2027-01-01")
    form.locator("[name=last]").fill("2027-01-03")
    form.locator("button[type=submit]").click()
    page.locator("#moved").wait_for()
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert all(year.year != 2027 for year in sqlite_office.rt.reference().rules.calendars["changzhou"].years)
    page.locator("form[action*='/apply'] button.primary").click()
    page.wait_for_url("**/admin/documents/calendar/changzhou")
    assert any(year.year == 2027 for year in sqlite_office.rt.reference().rules.calendars["changzhou"].years)


def test_the_page_says_who_would_get_a_case(open_page: Callable[..., Watched], office_address: str) -> None:
    watched = open_page(office_address)
    watched.sign_in("dispatcher")
    page = watched.page
    page.goto("/admin/routing")
    form = page.locator("form[method=get][action='/admin/routing']")
    form.locator("[name=type]").fill("GBT47678.5-2026/event/09012")
    form.locator("[name=cell]").fill("320404005001")
    form.locator("button[type=submit]").click()
    assert "综合行政执法中队" in page.locator("#answer").inner_text()


def test_a_layer_is_tried_on_a_map_and_taken_in_without_choosing_the_file_again(
    open_page: Callable[..., Watched], office_address: str, tmp_path: Path
) -> None:
    ring = [[119.95, 31.775], [119.955, 31.775], [119.955, 31.779], [119.95, 31.779], [119.95, 31.775]]
    markup = "<img src=x onerror=alert(1)>"
    one = {
        "type": "Feature",
        "properties": {"code": "P1", "name": markup},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file = tmp_path / "park.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}), "utf-8")
    watched = open_page(office_address, "tablet")
    watched.sign_in("admin")
    page = watched.page
    page.goto("/admin/layers")
    page.set_input_files("#f-file", str(file))
    for name, value in {"layer": "park", "code_field": "code", "name_field": "name"}.items():
        page.fill(f"#f-{name}", value)
    page.click("button[value=try]")
    page.wait_for_selector("#layer-result [data-ready]")
    page.hover("#layer-result .layer-map")
    assert page.locator("#layer-result .leaflet-tooltip").inner_text() == f"P1 {markup}"
    assert (watched.overflow(), watched.faults()) == (0, [])
    page.click("#import-now button")
    page.locator("#layers-in-force tbody th", has_text="park").wait_for()
    assert page.locator("#import-now button").count() == 0
    page.goto("/admin/layers/park")
    page.wait_for_selector("[data-ready]")
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert (watched.foreign, watched.complaints) == ([], [])
