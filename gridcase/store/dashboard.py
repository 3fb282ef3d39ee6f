"""Figures of a day and of what is open now, each with the criterion by which its cases are listed too.

Every criterion begins with a range of an index: of the open cases, of what was filed or closed in a span, or of what
anything was done to since it began. None reads what ended long ago.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseState, UnitCode
from gridcase.store.cases import AssignmentRow, CaseFilter, CaseRow, criteria, is_open, unsought, visible_to
from gridcase.store.database import Tx
from gridcase.store.recurrence import REJECTED, RecurrenceRow


class Figure(StrEnum):
    """What is counted: things done within a span, and how open cases stand now."""

    FILED = "filed"
    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    CLOSED = "closed"
    BREACHED = "breached"
    OPEN = "open"
    OVERDUE = "overdue"
    RECEIVED = "received"
    VERIFYING = "verifying"
    UNASSIGNED = "unassigned"
    RETURNED = "returned"
    UNDECIDED = "undecided"
    SUSPENDED = "suspended"
    REPORTED = "reported"
    CHECKING = "checking"
    RECURRENT = "recurrent"


#: Figures of a span of time; the others are of now.
OF_A_SPAN = (Figure.FILED, Figure.REGISTERED, Figure.DISPATCHED, Figure.CLOSED, Figure.BREACHED)
_OF_STATE = {
    Figure.RECEIVED: CaseState.RECEIVED,
    Figure.VERIFYING: CaseState.VERIFYING,
    Figure.UNASSIGNED: CaseState.REGISTERED,
    Figure.RETURNED: CaseState.RETURNED,
    Figure.SUSPENDED: CaseState.SUSPENDED,
    Figure.REPORTED: CaseState.REPORTED,
    Figure.CHECKING: CaseState.CHECKING,
}
#: States whose deadline is the handling limit of the unit; elsewhere it is a limit of the office.
_BY_HANDLING_LIMIT = (CaseState.DISPATCHED, CaseState.HANDLING, CaseState.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From an instant to another, the last not included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureAsk:
    """Which cases of a figure are listed: of a span, where the figure has one, of a unit, of an area.

    Parameters
    ----------
    unit
        Empty for cases that no unit has; None for all.
    """

    figure: Figure
    span: Span
    unit: UnitCode | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStand:
    """How the open cases of a unit stand.

    Parameters
    ----------
    unit
        None for cases that no unit has yet.
    late_with_unit, late_with_office
        Overdue by the handling limit of the unit, and by a limit of the office: to register, dispatch or check.
    oldest_due_at
        Of the overdue ones.
    """

    unit: UnitCode | None
    open: int
    late_with_unit: int
    late_with_office: int
    oldest_due_at: datetime | None

    @property
    def late(self) -> int:
        """All that are overdue."""
        return self.late_with_unit + self.late_with_office


@dataclass(frozen=True, slots=True, kw_only=True)
class HotCell:
    """A cell with the cases filed in it in a span, and in the span before."""

    cell: str
    filed: int
    before: int


def counted(tx: Tx, actor: Actor, asks: Sequence[FigureAsk], now: datetime) -> tuple[int, ...]:
    """Count the cases of each, in the order asked, in one statement."""
    columns = (
        _of(tx, select(func.count()).select_from(CaseRow), actor, ask, now).scalar_subquery().label(f"n{number}")
        for number, ask in enumerate(asks)
    )
    return tuple(tx.execute(select(*columns)).one())


def listed(
    tx: Tx, actor: Actor, ask: FigureAsk, now: datetime, *, after: int | None, limit: int
) -> tuple[CaseRow, ...]:
    """Return the cases of a figure, newest first, in one statement; one more than ``limit`` when there are more."""
    # The sum keeps databases from walking along all identities in the hope of meeting such cases soon.
    order: ColumnElement[int] = CaseRow.id + 0
    statement = _of(tx, select(CaseRow), actor, ask, now).order_by(order.desc()).limit(limit + 1)
    if after is not None:
        statement = statement.where(order < after)
    return tuple(tx.execute(statement).scalars())


def stand_by_unit(tx: Tx, actor: Actor, now: datetime) -> tuple[UnitStand, ...]:
    """Return how the open cases of each unit stand, in one statement; by code, cases of no unit first."""
    late = and_(*criteria(tx, CaseFilter(overdue=True), now))
    theirs = CaseRow.state.in_([str(state) for state in _BY_HANDLING_LIMIT])
    statement = (
        select(
            CaseRow.unit,
            func.count(),
            func.sum(case((and_(late, theirs), 1), else_=0)),
            func.sum(case((and_(late, ~theirs), 1), else_=0)),
            func.min(case((late, CaseRow.due_at))),
        )
        .where(is_open(), visible_to(actor, is_narrow=True))
        .group_by(CaseRow.unit)
    )
    found = [
        UnitStand(
            unit=UnitCode(unit) if unit else None,
            open=number,
            late_with_unit=with_unit,
            late_with_office=with_office,
            oldest_due_at=oldest,
        )
        for unit, number, with_unit, with_office, oldest in tx.execute(statement).tuples()
    ]
    return tuple(sorted(found, key=lambda one: one.unit or ""))


def hot_cells(tx: Tx, actor: Actor, span: Span, before: Span, limit: int) -> tuple[HotCell, ...]:
    """Return the cells with most cases filed in a span, most first, in one statement."""
    filed = func.sum(case((CaseRow.filed_at >= span.start, 1), else_=0))
    earlier = func.sum(case((CaseRow.filed_at < before.end, 1), else_=0))
    statement = (
        select(CaseRow.area, filed, earlier)
        .where(
            CaseRow.filed_at >= before.start,
            CaseRow.filed_at < span.end,
            CaseRow.area.is_not(None),
            visible_to(actor, is_narrow=True),
        )
        .group_by(CaseRow.area)
        .having(filed > 0)
        .order_by(filed.desc(), CaseRow.area)
        .limit(limit)
    )
    rows = tx.execute(statement).tuples()
    return tuple(HotCell(cell=area, filed=number, before=earlier) for area, number, earlier in rows if area)


def open_in_cells(tx: Tx, actor: Actor, cells: Sequence[str]) -> Mapping[str, int]:
    """Count the open cases in each of a few cells, in one statement; cells without any are left out."""
    # By the open cases, not by all that ever lay in these cells: 1.0 s on a million.
    cell = unsought(CaseRow.area)
    statement = (
        select(cell, func.count()).where(cell.in_(cells), is_open(), visible_to(actor, is_narrow=True)).group_by(cell)
    )
    return {area: number for area, number in tx.execute(statement).tuples() if area}


def _of(tx: Tx, statement: Select[Any], actor: Actor, ask: FigureAsk, now: datetime) -> Select[Any]:
    found = statement.where(visible_to(actor, is_narrow=True), *_criteria(tx, ask, now))
    if ask.unit is not None:
        found = found.where(unsought(CaseRow.unit) == ask.unit)
    return found.where(*criteria(tx, CaseFilter(area=ask.area), now)) if ask.area else found


def _criteria(tx: Tx, ask: FigureAsk, now: datetime) -> list[ColumnElement[bool]]:
    figure = ask.figure
    if figure in OF_A_SPAN:
        return _span_criteria(ask)
    if figure in _OF_STATE:
        return [CaseRow.state == str(_OF_STATE[figure])]
    if figure is Figure.OVERDUE:
        return criteria(tx, CaseFilter(overdue=True), now)
    if figure is Figure.UNDECIDED:
        return [is_open(), CaseRow.decider.is_not(None)]
    if figure is Figure.RECURRENT:
        return [is_open(), _any(RecurrenceRow.case_id == CaseRow.id, RecurrenceRow.state != REJECTED)]
    return [is_open()]


def _span_criteria(ask: FigureAsk) -> list[ColumnElement[bool]]:
    start, end = ask.span.start, ask.span.end
    if ask.figure is Figure.FILED:
        return [CaseRow.filed_at >= start, CaseRow.filed_at < end]
    if ask.figure is Figure.CLOSED:
        return [CaseRow.state == str(CaseState.CLOSED), CaseRow.closed_at >= start, CaseRow.closed_at < end]
    if ask.figure is Figure.REGISTERED:
        # What was registered then has had its last event then or later: that column has the index.
        return [CaseRow.last_event_at >= start, CaseRow.registered_at >= start, CaseRow.registered_at < end]
    tenure = (AssignmentRow.case_id == CaseRow.id, AssignmentRow.is_lead.is_(True))
    if ask.figure is Figure.DISPATCHED:
        given = _any(*tenure, AssignmentRow.dispatched_at >= start, AssignmentRow.dispatched_at < end)
        return [CaseRow.last_event_at >= start, given]
    breached = _any(
        *tenure,
        AssignmentRow.due_at == CaseRow.handle_due_at,
        AssignmentRow.leaves_due.is_(False),
        or_(AssignmentRow.reported_at.is_(None), AssignmentRow.reported_at > AssignmentRow.due_at),
    )
    return [
        CaseRow.handle_due_at >= start,
        CaseRow.handle_due_at < end,
        CaseRow.is_excused.is_(False),
        breached,
    ]


def _any(*found: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether there is any, asked for each case by the key: EXISTS may be joined, by reading the whole table."""
    return select(func.count()).where(*found).scalar_subquery() > 0
