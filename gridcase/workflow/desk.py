"""What an open case asks of one unit now: which trays of the unit's desk it lies in.

Pure. A case may lie in several trays: one in hand may be about to breach and wait for a supervision's answer.
Source: the moves of a unit in the trade's table (``gridcase.workflow.transitions``).
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from gridcase.domain.case import CaseState, UnitCode
from gridcase.domain.history import LimitedStage
from gridcase.workflow.case import Assignment, Case, SubtaskState
from gridcase.workflow.deadlines import warn_at
from gridcase.workflow.rulebook import Rulebook


class Tray(StrEnum):
    """Trays of a unit's desk, in the order people look at them."""

    TO_SIGN = "to_sign"
    BREACHING = "breaching"
    REWORK = "in_rework"
    TO_CONFIRM = "to_confirm"
    SUPERVISED = "supervised"
    FOR_US = "for_us"
    ASSISTING = "to_assist"
    IN_HAND = "in_hand"
    GIVEN = "given_out"
    REQUESTS = "requests"
    RETURNED = "returned_by_us"
    SUSPENDED = "on_hold"
    REPORTED = "reported_by_us"


def trays(case: Case, unit: UnitCode, now: datetime, rules: Rulebook) -> frozenset[Tray]:
    """Return where an open case lies on a unit's desk; nowhere when it is none of the unit's."""
    lead = case.assignment
    found = set(_as_helper(case, unit))
    if lead is not None and lead.unit == unit and lead.ended_at is None:
        found |= set(_as_lead(case, lead, now, rules))
    return frozenset(found)


def _as_lead(case: Case, lead: Assignment, now: datetime, rules: Rulebook) -> Iterator[Tray]:
    if case.state is CaseState.HANDLING:
        yield _in_hand(case, lead)
    elif case.state in _BY_STATE:
        yield _BY_STATE[case.state]
    if case.state in _TO_HANDLE and _is_breaching(case, now, rules):
        yield Tray.BREACHING
    if case.pending:
        yield Tray.REQUESTS
    if any(one.answered_at is None for one in case.supervisions):
        yield Tray.SUPERVISED


def _in_hand(case: Case, lead: Assignment) -> Tray:
    if case.subtask is not None and case.subtask.is_open:
        return Tray.TO_CONFIRM if case.subtask.state is SubtaskState.SUBMITTED else Tray.GIVEN
    return Tray.REWORK if _is_rework(case, lead) else Tray.IN_HAND


def _is_rework(case: Case, lead: Assignment) -> bool:
    """Tell whether this unit reported it before: the clock of a check began after it was given the case."""
    check = case.clocks.get(LimitedStage.CHECK)
    return check is not None and check.due.started_at >= lead.dispatched_at


def _is_breaching(case: Case, now: datetime, rules: Rulebook) -> bool:
    clock = case.clocks.get(LimitedStage.HANDLE)
    return clock is not None and clock.is_running and now >= warn_at(clock, rules)


def _as_helper(case: Case, unit: UnitCode) -> Iterator[Tray]:
    task = case.subtask
    if task is not None and task.unit == unit and task.is_open:
        yield Tray.FOR_US if task.state is not SubtaskState.SUBMITTED else Tray.REPORTED
    if any(one.unit == unit and one.reported_at is None for one in case.assisting):
        yield Tray.ASSISTING


_BY_STATE = {
    CaseState.DISPATCHED: Tray.TO_SIGN,
    CaseState.RETURNED: Tray.RETURNED,
    CaseState.SUSPENDED: Tray.SUSPENDED,
    CaseState.REPORTED: Tray.REPORTED,
    CaseState.CHECKING: Tray.REPORTED,
}
_TO_HANDLE = (CaseState.DISPATCHED, CaseState.HANDLING, CaseState.RETURNED)
