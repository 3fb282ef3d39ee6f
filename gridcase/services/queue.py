"""The queue: its views and their counts, one page of cases with what stands beside each, and views of one's own.

Which cases a person sees is decided by ``store.cases.visible_to``; what of a case, by ``edge.view``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gridcase.domain.actor import Actor
from gridcase.domain.case import OPEN_STATES, CaseState
from gridcase.domain.errors import NotFoundError, invalid
from gridcase.domain.time import LimitUnit
from gridcase.services.runtime import Runtime
from gridcase.services.steps.showing import ListedCase, listed_case
from gridcase.store.cases import URGENT, CaseFilter, PageAsk, page_of_cases
from gridcase.store.database import LARGEST_ID, Tx
from gridcase.store.queue import (
    Marked,
    SavedView,
    bounded_counts,
    change_mark,
    drop_view,
    marks_of,
    put_view,
    saved_views,
)
from gridcase.workflow.rulebook import Rulebook
from gridcase.workflow.worktime import deadline_after, running

__all__ = [
    "MOST_COUNTED",
    "SOON_SECONDS",
    "Marked",
    "QueuePage",
    "QueueView",
    "SavedView",
    "forget_view",
    "has_changed",
    "keep_view",
    "present_mark",
    "queue_page",
    "view_filter",
]

#: More are told as "999+".
MOST_COUNTED = 1000
MOST_VIEWS = 12
#: What is due within so much of its own time is urgent.
SOON_SECONDS = 2 * 3600

#: Whoever writes commits within this; what was written before the page was made but committed after it, is seen.
_OVERLAP = timedelta(seconds=30)
_NAME = range(1, 31)
#: A search may be Chinese: nine letters a character.
_MOST_QUERY = 2000
#: A page that did not ask for longer is told anew, whatever changed: its mark would read all that happened since.
_MOST_MARK_AGE = timedelta(hours=1)


class QueueView(StrEnum):
    """The views that everybody has."""

    OPEN = "open"
    UNASSIGNED = "unassigned"
    SOON = "soon"
    OVERDUE = "overdue"
    RETURNED = "returned"
    UNDECIDED = "undecided"
    UNROUTED = "unrouted"
    SUSPENDED = "suspended"
    MINE = "mine"


#: What has no running clock stands in a view of its own.
_RUNNING = tuple(sorted(OPEN_STATES - {CaseState.SUSPENDED}))
_FIXED = {
    QueueView.OPEN: CaseFilter(states=_RUNNING),
    QueueView.UNASSIGNED: CaseFilter(states=(CaseState.REGISTERED,)),
    QueueView.OVERDUE: CaseFilter(states=_RUNNING, overdue=True),
    QueueView.RETURNED: CaseFilter(states=(CaseState.RETURNED,)),
    QueueView.UNDECIDED: CaseFilter(states=tuple(sorted(OPEN_STATES)), pending=True),
    QueueView.UNROUTED: CaseFilter(states=(CaseState.REGISTERED,), unrouted=True),
    QueueView.SUSPENDED: CaseFilter(states=(CaseState.SUSPENDED,)),
}


def view_filter(view: QueueView, actor: Actor, rules: Rulebook, now: datetime) -> CaseFilter:
    """Return what a view shows."""
    if view is QueueView.SOON:
        return CaseFilter(states=_RUNNING, due_until=soon_bounds(rules, now))
    if view is QueueView.MINE:
        return CaseFilter(states=_RUNNING, involving=actor.person)
    return _FIXED[view]


def soon_bounds(rules: Rulebook, now: datetime) -> tuple[tuple[str, datetime], ...]:
    """Return by clock the last instant that lies no more than two of its hours ahead.

    Where two hours are used up exactly at the noon break, that is its end: no time passes in between.
    """
    found = [(URGENT, now + timedelta(seconds=SOON_SECONDS))]
    for name, calendar in sorted(rules.calendars.items()):
        until = deadline_after(now, SOON_SECONDS, LimitUnit.WORKING_HOUR, calendar).due_at
        clock = running(until, LimitUnit.WORKING_HOUR, calendar, switches=1)
        found.append((name, until if clock.runs else clock.switches[0]))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of the queue.

    Parameters
    ----------
    counts
        By view, none above ``MOST_COUNTED``.
    mark
        Sent with the next poll, to learn whether anything has changed since.
    """

    cases: tuple[ListedCase, ...]
    has_more: bool
    marks: Mapping[int, Marked]
    counts: Mapping[QueueView, int]
    views: tuple[SavedView, ...]
    mark: str


def queue_page(rt: Runtime, actor: Actor, wanted: CaseFilter, page: PageAsk, rules: Rulebook) -> QueuePage:
    """Return a page of cases that an actor may see, with counts and markers, in five statements."""
    now = rt.clock.now()
    asked = {view: view_filter(view, actor, rules, now) for view in QueueView}
    with rt.database.reading() as tx:
        # First: what is written meanwhile is then found by the next poll, not missed.
        mark = _mark(tx, actor, now - _OVERLAP)
        rows = page_of_cases(tx, actor, wanted, page, now)
        shown = rows[: page.limit]
        return QueuePage(
            cases=tuple(listed_case(row) for row in shown),
            has_more=len(rows) > len(shown),
            marks=marks_of(tx, actor, shown),
            counts=bounded_counts(tx, actor, asked, now, MOST_COUNTED),
            views=saved_views(tx, actor.person),
            mark=mark,
        )


def present_mark(rt: Runtime, actor: Actor) -> str:
    """Return what a page that is made now asks ``has_changed`` with, to be asked before its cases; one statement."""
    with rt.database.asking() as tx:
        return _mark(tx, actor, rt.clock.now() - _OVERLAP)


def has_changed(rt: Runtime, actor: Actor, mark: str) -> bool:
    """Tell whether anything an actor sees has changed since a page was made, in one statement.

    True, unasked, without a mark or with one of more than an hour ago.
    """
    seconds, _, told = mark.partition(".")
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > len("99999999999"):
        return True
    now = rt.clock.now()
    if int(seconds) < (now - _MOST_MARK_AGE).timestamp():
        return True
    since = datetime.fromtimestamp(int(seconds), now.tzinfo)
    with rt.database.asking() as tx:
        return change_mark(tx, actor, since) != told


def keep_view(rt: Runtime, actor: Actor, *, name: str, query: str) -> None:
    """Keep a view under a name; one of the same name is replaced.

    Raises
    ------
    InvalidInputError
        On ``name``: it has no or too many letters, or there are too many views already. On ``query``: it is too long.
    """
    name = " ".join(name.split())
    if len(name) not in _NAME:
        raise invalid("name", "view_name_length", least=_NAME.start, most=_NAME.stop - 1)
    if len(query) > _MOST_QUERY:
        raise invalid("query", "text_too_long", most=_MOST_QUERY, length=len(query))
    with rt.database.writing() as tx:
        known = saved_views(tx, actor.person)
        if len(known) >= MOST_VIEWS and name not in {one.name for one in known}:
            raise invalid("name", "too_many_views", most=MOST_VIEWS)
        put_view(tx, actor.person, name=name, query=query, now=rt.clock.now())


def forget_view(rt: Runtime, actor: Actor, identity: int) -> None:
    """Forget one of one's own views.

    Raises
    ------
    NotFoundError
        There is none, or it is somebody else's.
    """
    with rt.database.writing() as tx:
        if identity > LARGEST_ID or not drop_view(tx, actor.person, identity):
            raise NotFoundError("view_not_found")


def _mark(tx: Tx, actor: Actor, since: datetime) -> str:
    since = since.replace(microsecond=0)
    return f"{int(since.timestamp())}.{change_mark(tx, actor, since)}"
