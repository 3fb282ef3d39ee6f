"""Pictures of every page for ``docs/screenshots``, from a sample city played for it: ``./scripts/screenshots``."""

import json
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from gridcase.domain.case import Action, CaseState, CheckMode
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.reading import CaseFilter, PageAsk, case_list
from gridcase.workflow.requests import RequestCheck
from tests.e2e import phone_screens
from tests.e2e.conftest import ARGUMENTS, SIZES
from tests.office import inner_point
from tests.phones import Phone, phone_of
from tests.sample_city import SampleCity, play_city
from tests.serving import served

#: A Monday morning, when everybody is at work.
NOW = datetime(2026, 11, 23, 2, 20, tzinfo=UTC)
CASES = 600


@dataclass(frozen=True)
class Picture:
    """A page to be taken: as whom, where, and at which sizes; ``{handling}`` stands for a case being handled."""

    name: str
    username: str
    path: str
    sizes: tuple[str, ...] = ("desk", "tablet")
    languages: tuple[str, ...] = ("zh",)


PICTURES = (
    Picture("overview", "", "/", ("desk", "phone")),
    Picture("sign-in", "", "/login", ("desk",)),
    Picture("account", "shift_leader", "/account", ("desk",)),
    Picture("queue", "dispatcher", "/queue", languages=("zh", "en")),
    Picture("map", "dispatcher", "/map"),
    Picture("case", "shift_leader", "/cases/{handling}", languages=("zh", "en")),
    Picture("new-case", "acceptor", "/cases/new"),
    Picture("unit", "unit_leader", "/unit", ("desk", "tablet", "phone")),
    Picture("dashboard", "leader", "/dashboard"),
    Picture("months", "assessor", "/month", ("desk",)),
    Picture("month", "assessor", "/month/2026-10", languages=("zh", "en")),
    Picture("month-ranking", "assessor", "/month/runs/1", languages=("zh", "en")),
    Picture("month-subject", "assessor", "/month/runs/1/subjects/NDJ-ZF"),
    Picture("month-appeals", "assessor", "/month/2026-10/appeals", ("desk",)),
    Picture("month-exemptions", "assessor", "/month/2026-10/exemptions", ("desk",)),
    Picture("month-scores", "assessor", "/month/2026-10/scores", ("desk",)),
    Picture("month-adjustments", "assessor", "/month/2026-10/adjustments", ("desk",)),
    Picture("month-reconciliation", "assessor", "/month/2026-10/reconciliation", ("desk",)),
    Picture("month-deliveries", "assessor", "/month/runs/1/deliveries", ("desk",)),
    Picture("month-what-if", "assessor", "/month/what-if?period=2026-10&against=yuncheng", ("desk",)),
    Picture("notices", "dispatcher", "/notices"),
    Picture("anomalies", "shift_leader", "/anomalies"),
    Picture("admin", "admin", "/admin"),
    Picture("admin-people", "admin", "/admin/people", ("desk",)),
    Picture("admin-person", "admin", "/admin/people/1", ("desk",)),
    Picture("admin-delegations", "shift_leader", "/admin/delegations", ("desk",)),
    Picture("admin-roster", "shift_leader", "/admin/roster", ("desk",)),
    Picture("admin-campaigns", "shift_leader", "/admin/campaigns", ("desk",)),
    Picture("admin-units", "admin", "/admin/units?code=NDJ-HW", ("desk",)),
    Picture("admin-routing", "admin", "/admin/routing?type=GBT47678.5-2026/event/09012&cell=320404005001"),
    Picture("admin-catalogue", "admin", "/admin/catalogue?q=0901", ("desk",)),
    Picture("admin-calendar", "admin", "/admin/calendar", languages=("zh", "en")),
    Picture("admin-conduct", "admin", "/admin/conduct"),
    Picture("admin-rules", "admin", "/admin/rules", ("desk",)),
    Picture("admin-layers", "admin", "/admin/layers", ("desk",)),
    Picture("admin-layer", "admin", "/admin/layers/unit"),
    Picture("admin-layer-check", "admin", "/admin/layers/unit/check", ("desk",)),
    Picture("admin-documents", "admin", "/admin/documents", ("desk",)),
    Picture("admin-document", "admin", "/admin/documents/conduct/default", ("desk",)),
    Picture("admin-history", "admin", "/admin/history", ("desk",)),
)


def take(folder: Path) -> None:
    """Play a city and take every picture into a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        city = play_city(Path(temporary), now=NOW, cases=CASES)
        with served(city.app) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
            for picture in PICTURES:
                for written in _taken(browser, address, city, picture, folder):
                    sys.stdout.write(f"{written}\n")
            browser.close()
            for written in _phone_taken(playwright, address, city, folder):
                sys.stdout.write(f"{written}\n")


def _phone_taken(playwright: Playwright, address: str, city: SampleCity, folder: Path) -> Iterator[Path]:
    """Take every screen of the phone app, as the inspector of the first area, at the time of the city."""
    passwords = json.loads((city.rt.settings.data_dir / "demo-accounts.json").read_text("utf-8"))
    area = city.city.cast.actors["inspector"].scope.value
    _ask(city)
    point = inner_point(city.rt, area)
    with (
        tempfile.TemporaryDirectory() as profile,
        phone_of(playwright, Path(profile), address, point) as phone,
    ):
        phone.open(at=NOW)
        yield _shot(phone, folder, "sign-in")
        phone.sign_in("inspector", passwords["inspector"])
        phone_screens.fill_outbox(phone)
        for screen in phone_screens.each(phone):
            yield _shot(phone, folder, screen.name)


def _ask(city: SampleCity) -> None:
    """Ask the inspector to check what was reported done, where nothing is asked yet."""
    people = city.city.cast.actors
    person = people["inspector"].person
    reported = case_list(
        city.rt, people["acceptor"], CaseFilter(states=(CaseState.REPORTED,)), PageAsk(order="filed", limit=50)
    )
    free = (one.case for one in reported if one.case.check_passed is None and one.case.filed_by != person)
    case = next(free)
    request = ActionRequest(
        number=case.number,
        action=Action.REQUEST_CHECK,
        read=lambda: RequestCheck(mode=CheckMode.ON_SITE, inspector=person),
        expected=frozenset(),
        client_ref=str(uuid.uuid4()),
    )
    perform(city.rt, people["acceptor"], request)


def _shot(phone: Phone, folder: Path, name: str) -> Path:
    written = folder / f"phone-{name}.png"
    _settle(phone.page)
    phone.page.wait_for_selector("#toast", state="hidden")
    phone.page.screenshot(path=written)
    return written


def _taken(browser: Browser, address: str, city: SampleCity, picture: Picture, folder: Path) -> Iterator[Path]:
    passwords = json.loads((city.rt.settings.data_dir / "demo-accounts.json").read_text("utf-8"))
    for language in picture.languages:
        for size in picture.sizes:
            width, height = SIZES[size]
            page = browser.new_page(viewport={"width": width, "height": height}, base_url=address)
            if picture.username:
                page.goto(f"/login?lang={language}")
                page.fill("[name=username]", picture.username)
                page.fill("[name=password]", passwords[picture.username])
                with page.expect_navigation():
                    page.click("button[type=submit]")
            path = picture.path.format(handling=_handling(city))
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            _settle(page)
            written = folder / f"{picture.name}-{size}{'' if language == 'zh' else '-' + language}.png"
            page.screenshot(path=written)
            page.close()
            yield written


def _settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")


def _handling(city: SampleCity) -> str:
    """Return the open case being handled that has most to show: the one with the longest history."""
    actor = city.city.cast.actors["shift_leader"]
    found = case_list(city.rt, actor, CaseFilter(states=(CaseState.HANDLING,)), PageAsk(order="filed", limit=50))
    return max(found, key=lambda one: one.case.events).case.number


if __name__ == "__main__":
    take(Path(sys.argv[1]))
