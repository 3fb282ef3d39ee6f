"""The queue as a page: views and counts, filters, search, order and pages, saved views, and many cases at once."""

import re
from datetime import timedelta

import pytest

from tests.office import Office
from tests.walks import nothing_by_rule
from tests.web.pages import Visitor

HTMX = {"HX-Request": "true"}
ACTIONS = ("dispatch", "reassign", "withdraw_dispatch")


def listed(html: str) -> list[str]:
    """Return the numbers of the list, in its order."""
    return re.findall(r'<tr data-case="(\w+)"', html)


def count_of(html: str, view: str) -> str:
    (found,) = re.findall(rf'<a id="view-{view}"[^>]*>[^<]*<b>([^<]*)</b>', html)
    return str(found)


def file(office: Office, **changes: object) -> str:
    return str(office.caller("inspector").file(office.filing(**changes)).json["number"])


@pytest.fixture
def pool(office: Office) -> list[str]:
    """Three cases that wait for dispatch, the oldest first."""
    nothing_by_rule(office)
    found = []
    for _ in range(3):
        found.append(file(office))
        office.clock.advance(timedelta(minutes=1))
    return found


# --- views, filters, pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_queue_lists_what_is_due_first_with_the_count_of_every_view(office, pool, lang):
    page = Visitor(office, "dispatcher", lang).get("/queue").text
    assert listed(page) == pool
    assert [count_of(page, view) for view in ("open", "unassigned", "overdue", "suspended")] == ["3", "3", "0", "0"]
    assert re.findall(r"\bqueue\.[a-z_0-9]+\b", re.sub(r"<[^>]*>", " ", page)) == []
