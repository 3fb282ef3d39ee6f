"""What leaders look at: today in figures, who is late, where cases come from, what comes back; and the cases of each.

A figure and its list ask by one criterion, so that they agree. Supervising is ``acting``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from gridcase.domain.actor import Actor, Role
from gridcase.domain.time import whole_second
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.services.steps.showing import ListedCase, listed_case
from gridcase.store import dashboard as store
from gridcase.store.cases import CaseFilter, PageAsk, page_of_cases
from gridcase.store.dashboard import OF_A_SPAN, Figure, FigureAsk, HotCell, Span, UnitStand

__all__ = [
    "CELL_DAYS",
    "DAYS",
    "OF_A_SPAN",
    "Dashboard",
    "DayCount",
    "Figure",
    "FigureAsk",
    "HotCell",
    "Span",
    "UnitStand",
    "figure_cases",
    "may_look",
    "read_dashboard",
    "span_of",
]

#: Days of the chart, today among them, and days by which cells are compared.
DAYS, CELL_DAYS = 14, 7
_CELLS, _WORST, _RECURRENT = 10, 8, 8
_LOOKING = ASSESSING | {Role.SHIFT_LEADER}
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Cases filed and closed on a day."""

    day: date
    filed: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """What the page shows.

    Parameters
    ----------
    span
        Today until now.
    figures
        Every figure, of today or of now.
    days
        The last ``DAYS`` days, oldest first, the last of them today so far.
    units
        Only those with open cases; most overdue first.
    cells
        With most cases filed on the last ``CELL_DAYS`` days, most first.
    open_in
        Open cases by cell, of ``cells``.
    worst
        The overdue cases that wait longest.
    recurrent
        Open cases that repeat a closed one, newest first.
    """

    now: datetime
    span: Span
    figures: Mapping[Figure, int]
    days: tuple[DayCount, ...]
    units: tuple[UnitStand, ...]
    cells: tuple[HotCell, ...]
    open_in: Mapping[str, int]
    worst: tuple[ListedCase, ...]
    recurrent: tuple[ListedCase, ...]


def may_look(actor: Actor) -> None:
    """Refuse every role that neither leads nor assesses.

    Raises
    ------
    NotPermittedError
        ``role_needed``.
    """
    only_for(actor, _LOOKING)


def read_dashboard(rt: Runtime, actor: Actor) -> Dashboard:
    """Read the dashboard, in seven statements however many cases there are.

    Raises
    ------
    NotPermittedError
        The role neither leads nor assesses.
    """
    may_look(actor)
    now = whole_second(rt.clock.now())
    today = now.astimezone(rt.settings.zone).date()
    spans = [_day(rt, today - timedelta(days=back)) for back in reversed(range(DAYS))]
    span = span_of(rt)
    week = Span(start=spans[-CELL_DAYS].start, end=span.end)
    before = Span(start=_day(rt, today - timedelta(days=2 * CELL_DAYS - 1)).start, end=week.start)
    with rt.database.reading() as tx:
        counts = store.counted(tx, actor, [FigureAsk(figure=one, span=span) for one in Figure], now)
        daily = [FigureAsk(figure=one, span=of) for of in spans for one in (Figure.FILED, Figure.CLOSED)]
        numbers = store.counted(tx, actor, daily, now)
        cells = store.hot_cells(tx, actor, week, before, _CELLS)
        late = page_of_cases(tx, actor, CaseFilter(overdue=True), PageAsk(order="due", limit=_WORST), now)
        repeated = FigureAsk(figure=Figure.RECURRENT, span=span)
        return Dashboard(
            now=now,
            span=span,
            figures=dict(zip(Figure, counts, strict=True)),
            days=tuple(
                DayCount(day=today - timedelta(days=DAYS - 1 - place), filed=filed, closed=closed)
                for place, (filed, closed) in enumerate(zip(numbers[::2], numbers[1::2], strict=True))
            ),
            units=tuple(sorted(store.stand_by_unit(tx, actor, now), key=lambda one: (-one.late, -one.open))),
            cells=cells,
            open_in=store.open_in_cells(tx, actor, [one.cell for one in cells]),
            worst=tuple(listed_case(row) for row in late[:_WORST]),
            recurrent=tuple(
                listed_case(row)
                for row in store.listed(tx, actor, repeated, now, after=None, limit=_RECURRENT)[:_RECURRENT]
            ),
        )


def figure_cases(
    rt: Runtime, actor: Actor, ask: FigureAsk, *, after: int | None, limit: int
) -> tuple[int, tuple[ListedCase, ...]]:
    """Return how many cases a figure has, and a page of them, newest first; one more than asked when there are more.

    Raises
    ------
    NotPermittedError
        The role neither leads nor assesses.
    """
    may_look(actor)
    now = whole_second(rt.clock.now())
    with rt.database.reading() as tx:
        (number,) = store.counted(tx, actor, [ask], now)
        rows = store.listed(tx, actor, ask, now, after=after, limit=limit)
    return number, tuple(listed_case(row) for row in rows)


def span_of(rt: Runtime, day: date | None = None) -> Span:
    """Return a day of the instance's zone, no longer than until now; today without a day."""
    now = whole_second(rt.clock.now())
    found = _day(rt, day or now.astimezone(rt.settings.zone).date())
    # What happens in this very second counts.
    return replace(found, end=min(found.end, now + timedelta(seconds=1)))


def _day(rt: Runtime, day: date) -> Span:
    zone = rt.settings.zone
    return Span(start=datetime.combine(day, time(), zone), end=datetime.combine(day + _ONE_DAY, time(), zone))
