"""The pages in a real browser: they fit a desk and a phone, ask no other host, and complain of nothing."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.sample_city import SampleCity

pytestmark = pytest.mark.e2e

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
SIZES = {"phone": (360, 640), "desk": (1280, 800)}


@dataclass
class Watched:
    """What a page did besides showing itself."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def address(sample_city: SampleCity) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, sample_city.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(params=SIZES)
def watched(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Watched]:
    width, height = SIZES[request.param]
    page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN", base_url=address)
    seen = Watched(page=page)
    page.on("console", lambda said: seen.complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda asked: None if is_ours(asked.url, address) else seen.foreign.append(asked.url))
    yield seen
    page.close()


def is_ours(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:"))


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wide


@pytest.mark.parametrize("path", ["/", "/?lang=en", "/nothing"])
def test_a_page_fits_and_asks_nobody_else(watched: Watched, path: str) -> None:
    watched.page.goto(path)
    assert overflow(watched.page) == 0
    assert watched.foreign == []
    missing = [] if path != "/nothing" else ["Failed to load resource: the server responded with a status of 404"]
    assert [said for said in watched.complaints if not said.startswith(tuple(missing) or ("\0",))] == []


def test_the_overview_draws_the_grid_and_names_the_communities(watched: Watched) -> None:
    watched.page.goto("/")
    assert watched.page.locator("svg.grid text.name").count() == 8
    assert watched.page.locator("svg.grid .spot").count() >= 50
    assert watched.page.get_by_role("img", name="274 个单元网格").is_visible()
    assert watched.page.locator("table.cases tbody tr.late").count() >= 3


def test_marks_are_told_apart_by_shape_too(watched: Watched) -> None:
    watched.page.goto("/")
    shapes = watched.page.locator(".legend li use").evaluate_all("uses => uses.map(u => u.getAttribute('href'))")
    colours = watched.page.locator(".legend li .mark").evaluate_all("marks => marks.map(m => getComputedStyle(m).fill)")
    assert len(shapes) == len(set(shapes)) == 6
    assert len(set(colours[:5])) == 5


def test_the_documentation_lists_the_calls(watched: Watched) -> None:
    watched.page.goto("/docs")
    watched.page.locator(".opblock").first.wait_for()
    paths = watched.page.locator(".opblock-summary-path").all_inner_texts()
    assert any("cases" in path for path in paths)
    assert len(paths) > 10
    assert watched.foreign == []
    assert watched.complaints == []
