"""A month is closed in the browser alone: run, contested, decided, approved, sealed, sent, fetched, and proven."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gridcase.assessment.proof import verify_package
from gridcase.assessment.signing import read_public_key
from gridcase.services import running_month
from tests.e2e.conftest import Watched
from tests.feeds import settle
from tests.months import LATER, PERIOD, PUBLICITY_ENDS, reported_case
from tests.office import Office

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("plain_packages")]

RULES = "production-formula"
SCRIPT = "<script>document.title = 'x'</script> 电力施工"


@pytest.fixture
def october(sqlite_office: Office) -> Office:
    """An office with a case closed in time, and one that was left undone."""
    reported_case(sqlite_office)
    sqlite_office.caller("inspector").file()
    settle(sqlite_office)
    sqlite_office.clock.instant = PUBLICITY_ENDS - timedelta(minutes=5)
    return sqlite_office


def clean(watched: Watched) -> None:
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert (watched.foreign, watched.complaints) == ([], [])


def run_month(watched: Watched, office: Office, runs: int) -> None:
    """Ask for a run, and wait until the page shows by itself that the jobs process has done it."""
    page = watched.page
    page.goto(f"/month/{PERIOD}")
    page.select_option("#f-rule_set", RULES)
    page.locator("form[action$='/runs'] button").click()
    page.locator("progress").wait_for()
    assert running_month.work_off(office.rt) == 1
    page.locator("progress").wait_for(state="detached")
    assert page.locator("#month-state table tbody tr").count() == runs


def contest(unit: Watched) -> None:
    """See one's own score alone, and contest a case behind a line."""
    page = unit.page
    page.goto(f"/month/{PERIOD}")
    assert page.locator("form[action$='/runs']").count() == 0
    page.locator("#month-state tbody th a").first.click()
    assert page.locator(".ranking tbody tr").count() == 1
    page.locator(".ranking tbody th a").click()
    clean(unit)
    page.locator("#lines tbody tr").filter(has=page.locator("a.number")).first.locator("a.button").click()
    page.select_option("#f-case", index=1)
    page.select_option("#f-reason", "third_party")
    page.fill("#f-text", SCRIPT)
    page.locator("form[action$='/appeal'] button").click()
    page.wait_for_url("**/month/appeals/*")
    assert SCRIPT in page.locator("dd.words").inner_text()
    clean(unit)


def decide(leader: Watched) -> None:
    """Uphold the one appeal there is."""
    page = leader.page
    page.goto(f"/month/{PERIOD}/appeals")
    page.locator("tbody th a").click()
    page.select_option("#f-decision", "upheld")
    page.fill("#f-text", "属实")
    page.locator("form[action$='/decide'] button").click()
    page.locator("form[action$='/decide']").wait_for(state="detached")
    clean(leader)


def do(watched: Watched, act: str) -> None:
    """Press the button of an act, and wait until the page offers it no more."""
    form = watched.page.locator(f"form[action$='/{act}']")
    form.locator("button").click()
    form.wait_for(state="detached")


def seal_and_send(assessor: Watched, office: Office) -> None:
    """Seal, let the package be made, send; every step of the timetable is done by then."""
    assessor.page.goto(f"/month/{PERIOD}")
    do(assessor, "seal")
    assessor.page.locator("progress").wait_for()
    assert running_month.work_off(office.rt) == 1
    do(assessor, "send")
    assert assessor.page.locator(".step-done").count() == 7
    clean(assessor)


def fetched(watched: Watched, link: str, place: Path) -> Path:
    """Fetch what a link gives, to a file."""
    with watched.page.expect_download() as given:
        watched.page.locator(link).click()
    given.value.save_as(place)
    return place


@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("desk", "en"), ("tablet", "zh"), ("tablet", "en")])
def test_a_month_is_closed_in_the_browser_from_the_run_to_the_proof(
    october: Office, office_address: str, open_page: Callable[..., Watched], tmp_path: Path, size: str, lang: str
) -> None:
    def comes(username: str) -> Watched:
        watched = open_page(office_address, size)
        watched.sign_in(username, lang=lang)
        return watched

    assessor = comes("assessor")
    run_month(assessor, october, 1)
    clean(assessor)
    contest(comes("unit_leader"))
    decide(comes("leader"))  # another person than the drafter

    october.clock.instant = LATER
    assessor, leader = comes("assessor"), comes("leader")
    run_month(assessor, october, 2)
    leader.page.goto(f"/month/{PERIOD}")
    do(leader, "approve")
    seal_and_send(assessor, october)

    package = fetched(assessor, "a[href$='/package']", tmp_path / "month.zip")
    key = fetched(assessor, "a[href$='public-key.pem']", tmp_path / "public.pem")
    verdict = verify_package(package, read_public_key(key.read_bytes()))
    assert (verdict.is_signed, tuple(verdict.problems)) == (True, ())
