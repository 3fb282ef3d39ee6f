"""The pages in a real browser: they fit a desk and a phone, ask no other host, and complain of nothing."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Watched

pytestmark = pytest.mark.e2e


@pytest.fixture(params=["phone", "desk"])
def watched(request: pytest.FixtureRequest, open_page: Callable[..., Watched], city_address: str) -> Watched:
    return open_page(city_address, request.param)


@pytest.mark.parametrize("path", ["/", "/?lang=en", "/nothing"])
def test_a_page_fits_and_asks_nobody_else(watched: Watched, path: str) -> None:
    watched.page.goto(path)
    assert watched.overflow() == 0
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
