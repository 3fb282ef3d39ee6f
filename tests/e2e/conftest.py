"""A browser, and an office or the sample city served to it on this machine."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.office import PASSWORD, Office
from tests.phones import Phone
from tests.sample_city import SampleCity
from tests.serving import served
from tests.street import Street, street_at

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
SIZES = {"desk": (1280, 800), "tablet": (820, 1180), "phone": (360, 640)}
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"


@dataclass
class Watched:
    """A page, and what it did besides showing itself: asked other hosts, complained in the console."""

    page: Page
    address: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, username: str, password: str = PASSWORD, *, lang: str = "zh") -> None:
        """Sign somebody in by the form, in a language."""
        self.page.goto(f"/login?lang={lang}")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        with self.page.expect_navigation():
            self.page.click("button[type=submit]")

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return wide

    def faults(self) -> list[str]:
        """Return what axe-core finds serious or worse on the page as it is now: rule and places."""
        # The strict policy lets no script in by a tag; a script run by the tool is not asked.
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {[node['target'] for node in one['nodes']]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]


def watch(context: BrowserContext, address: str) -> Watched:
    """Open a page whose doings are noted."""
    page = context.new_page()
    seen = Watched(page=page, address=address)
    page.on("console", lambda said: seen.complaints.append(said.text) if is_complaint(said) else None)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda asked: None if is_ours(asked.url, address) else seen.foreign.append(asked.url))
    return seen


def is_complaint(said: ConsoleMessage) -> bool:
    """Tell whether a line of the browser's console says that something is wrong.

    htmx writes down as errors that a question was given up for a newer one (``hx-sync``).
    """
    return said.type in ("error", "warning") and not said.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))


def is_ours(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", "blob:"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of a worker: a second one in the same process refuses to start."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture(scope="session")
def city_address(sample_city: SampleCity) -> Iterator[str]:
    """Address of the sample city; nobody may change it."""
    with served(sample_city.app) as address:
        yield address


@pytest.fixture(scope="session")
def city_passwords(sample_city: SampleCity) -> dict[str, str]:
    """Password by user name of the sample city."""
    found: dict[str, str] = json.loads((sample_city.rt.settings.data_dir / "demo-accounts.json").read_text("utf-8"))
    return found


@pytest.fixture
def office_address(sqlite_office: Office) -> Iterator[str]:
    """Address of this test's own office."""
    with served(sqlite_office.app) as address:
        yield address


Open = Callable[..., Watched]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page of an address: ``open_page(address, "tablet")``; each is a browser of its own, without cookies."""
    contexts: list[BrowserContext] = []

    def opened(address: str, size: str = "desk") -> Watched:
        width, height = SIZES[size]
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=address)
        )
        return watch(contexts[-1], address)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def lasting_street(
    furnished_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, playwright: Playwright
) -> Iterator[Street]:
    """One street for all tests of a file: signing in and loading the app is what takes long."""
    with street_at(tmp_path_factory.mktemp("street"), furnished_sqlite, playwright) as made:
        yield made


@pytest.fixture(scope="module")
def signed_in(lasting_street: Street) -> Phone:
    """The phone of the inspector, signed in."""
    phone = lasting_street.new_phone()
    phone.open()
    phone.sign_in()
    return phone


@pytest.fixture
def ready_phone(signed_in: Phone) -> Iterator[Phone]:
    """The same phone with an empty outbox, in Chinese, its position and network as they were."""
    signed_in.online()
    signed_in.stand()
    signed_in.forget()
    yield signed_in
    assert signed_in.complaints == []
