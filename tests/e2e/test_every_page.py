"""Every page that a link leads to, as the people who work there: it fits, has no fault, and asks nobody else.

Pages are found by their links from where each role begins, one address of each kind, so a new page that stands in a
menu or behind a link is tried without being named. What a page shows changes with the role where ``DIFFERS`` says so.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.e2e.conftest import Watched
from tests.sample_city import SampleCity

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROLES = ("dispatcher", "acceptor", "shift_leader", "unit_leader", "assessor", "leader", "admin")
#: Pages of which each role has its own.
DIFFERS = {"console.case_page", "console.queue"}
#: What is no page: files, and data that scripts fetch.
NO_PAGE = {"console.admin_download_document", "console.month_package", "console.month_public_key"}
#: The sample city's month is not closed: what belongs to a run is tried where one is (``test_closing_a_month``).
LEAST = {
    "console.account",
    "console.admin",
    "console.admin_calendar",
    "console.admin_catalogue",
    "console.admin_delegations",
    "console.admin_document",
    "console.admin_documents",
    "console.admin_edit_document",
    "console.admin_history",
    "console.admin_layers",
    "console.admin_people",
    "console.admin_person",
    "console.admin_roster",
    "console.admin_routing",
    "console.admin_rules",
    "console.admin_units",
    "console.anomalies",
    "console.case_page",
    "console.mail_choice",
    "console.map_page",
    "console.month",
    "console.months",
    "console.notices",
    "console.unit",
}


@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("tablet", "en")])
def test_every_page_behind_a_link_fits_and_has_no_fault(
    open_page: Callable[..., Watched],
    sample_city: SampleCity,
    city_address: str,
    city_passwords: dict[str, str],
    size: str,
    lang: str,
) -> None:
    tried: set[str] = set()
    wrong: dict[str, object] = {}
    for username in ROLES:
        watched = open_page(city_address, size)
        watched.sign_in(username, city_passwords[username], lang=lang)
        for endpoint, path in linked(watched, sample_city, tried):
            tried.add(endpoint)
            found = (watched.overflow(), watched.faults(), watched.foreign[:], watched.complaints[:])
            watched.foreign.clear()
            watched.complaints.clear()
            if found != (0, [], [], []):
                wrong[f"{username} {path}"] = found
    assert wrong == {}
    assert tried >= LEAST


def linked(watched: Watched, city: SampleCity, tried: set[str]) -> Iterator[tuple[str, str]]:
    """Open one address of each kind of page that links lead to, beginning with the page that is open."""
    page, seen = watched.page, set(tried - DIFFERS)
    waiting = [urlsplit(page.url).path]
    while waiting:
        path = waiting.pop(0)
        endpoint = endpoint_of(city, path)
        if endpoint is None or endpoint in seen or endpoint in NO_PAGE:
            continue
        seen.add(endpoint)
        page.goto(path, wait_until="load")
        yield endpoint, path
        waiting += page.locator("a[href]").evaluate_all(
            "links => links.filter(link => link.origin === location.origin).map(link => link.pathname + link.search)"
        )


def endpoint_of(city: SampleCity, path: str) -> str | None:
    """Return what answers a path; None for what is no page of the console."""
    try:
        endpoint, _ = city.app.url_map.bind("localhost").match(urlsplit(path).path, "GET")
    except (HTTPException, RequestRedirect):
        return None
    return endpoint if endpoint.startswith("console.") else None
