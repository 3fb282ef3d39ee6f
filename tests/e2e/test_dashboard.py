"""The leader's page in a real browser: charts are drawn, lead to their cases, and a case is supervised in place."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.e2e.conftest import Watched
from tests.office import Office
from tests.walks import nothing_by_rule

pytestmark = pytest.mark.e2e

Open = Callable[..., Watched]


def late_case(office: Office) -> str:
    """File a case that nobody registers in time; the clock then stands hours later."""
    nothing_by_rule(office)
    number: str = office.caller("acceptor").file(office.filing(source="hotline")).json["number"]
    office.clock.instant += timedelta(hours=5)
    return number


@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("tablet", "en")])
def test_the_page_draws_its_charts_and_complains_of_nothing(
    open_page: Open, office_address: str, sqlite_office: Office, size: str, lang: str
) -> None:
    late_case(sqlite_office)
    watched = open_page(office_address, size)
    watched.sign_in("leader", lang=lang)
    page = watched.page
    page.wait_for_selector("[data-chart] canvas")
    drawn = page.evaluate(
        "[...document.querySelectorAll('[data-chart] canvas')].map((c) => "
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0))"
    )
    assert drawn == [True, True]
    page.locator("[data-chart=days]").hover()
    assert (watched.overflow(), watched.faults()) == (0, [])
    page.goto("/dashboard/cases?figure=overdue")
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert (watched.foreign, watched.complaints) == ([], [])


def test_a_case_is_supervised_over_the_page_by_keyboard(
    open_page: Open, office_address: str, sqlite_office: Office
) -> None:
    number = late_case(sqlite_office)
    watched = open_page(office_address)
    watched.sign_in("leader")
    page = watched.page
    page.focus("[data-action=supervise]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#form-dialog[open] #f-text")
    assert watched.faults() == []
    page.fill("#f-text", "请说明")
    page.focus("#form-dialog button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard?done=supervise")
    lines = sqlite_office.caller("leader").get(f"/cases/{number}/history").json["items"]
    assert "supervise" in [line["action"] for line in lines]
    assert watched.complaints == []


def test_ticked_cases_are_supervised_together(open_page: Open, office_address: str, sqlite_office: Office) -> None:
    late_case(sqlite_office)
    watched = open_page(office_address)
    watched.sign_in("leader")
    page = watched.page
    page.goto("/dashboard/cases?figure=overdue")
    page.check("[data-choose-all] input")
    page.fill("#f-text", "今日办结")
    page.click("#many .many button")
    page.wait_for_url("**/dashboard?supervised=1")
    assert watched.complaints == []
