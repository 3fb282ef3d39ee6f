"""Which deadlines move when a working calendar changes, and to when.

A clock keeps its start and the working time it was given: that is measured by the calendar it was set by, so that an
extension, or what was left after a suspension, is neither lost nor given twice. Rule: domain §5, "recomputed when the
calendar arrives".
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from gridcase.domain.case import UnitCode
from gridcase.domain.history import Assisting, LimitedStage, StageDue
from gridcase.domain.time import is_late, whole_second
from gridcase.workflow import deadlines
from gridcase.workflow.case import Assignment, Case, RunningClock
from gridcase.workflow.rulebook import Situation
from gridcase.workflow.worktime import WorkingCalendar, deadline, deadline_after, dump_trace, measure

__all__ = ["is_provisional", "is_running", "moved_assisting", "moved_clocks"]

Chosen = Callable[[RunningClock], bool]


def is_running(clock: RunningClock) -> bool:
    """Choose the clocks whose time goes on."""
    return clock.is_running


def is_provisional(clock: RunningClock) -> bool:
    """Choose the provisional clocks: also stopped ones, which a month is judged by, and paused ones, which go on."""
    return clock.due.provisional


def moved_clocks(
    situation: Situation, chosen: Chosen, *, unit: UnitCode | None = None
) -> dict[LimitedStage, RunningClock]:
    """Return the chosen clocks that get another deadline, or the same one for certain, by the calendars in force.

    Parameters
    ----------
    unit
        Unit whose calendar runs the unit's clocks, where the case was loaded without its assignments.
    """
    case = situation.case
    moved: dict[LimitedStage, RunningClock] = {}
    for stage, clock in case.clocks.items():
        if stage is not LimitedStage.CLOSE and chosen(clock):
            again = _again(situation, clock, (clock.due.started_at, clock.due.started_at), unit)
            if _differs(clock.due, again.due):
                moved[stage] = again
    return moved | _moved_close(situation, chosen, moved.get(LimitedStage.HANDLE))


def moved_assisting(situation: Situation) -> tuple[Assisting, ...]:
    """Return the open assisting assignments whose provisional deadline moves, with the new one."""
    return tuple(_moved_assisting(situation))


def _moved_close(situation: Situation, chosen: Chosen, handle: RunningClock | None) -> dict[LimitedStage, RunningClock]:
    """Move the closing deadline with the handling deadline it is counted from."""
    case = situation.case
    close, before = case.clocks.get(LimitedStage.CLOSE), case.clocks.get(LimitedStage.HANDLE)
    if close is None or before is None or not chosen(close) or (before.paused_at and not chosen(before)):
        return {}
    after = handle or before
    again = _again(situation, close, (before.due.due_at, after.due.due_at), None)
    due = replace(again.due, provisional=again.due.provisional or after.due.provisional)
    return {LimitedStage.CLOSE: replace(again, due=due)} if _differs(close.due, due) else {}


def _again(
    situation: Situation, clock: RunningClock, bases: tuple[datetime, datetime], unit: UnitCode | None
) -> RunningClock:
    """Measure a clock anew: as much time after the new base as there was after the old one."""
    due, (old_base, new_base) = clock.due, bases
    calendar = deadlines.calendar_of(situation, due.stage, unit)
    was = _calendar_of(situation, due, old_base)
    seconds, expected, started_at = due.limit.seconds, due.due_at, due.started_at
    if was is not None:
        seconds = measure(old_base, due.due_at, due.limit.unit, was).seconds
        expected = deadline_after(old_base, seconds, due.limit.unit, was).due_at
        ahead = measure(old_base, due.started_at, due.limit.unit, was).seconds
        started_at = deadline_after(new_base, ahead, due.limit.unit, calendar).due_at if ahead else due.started_at
    found = deadline_after(new_base, seconds, due.limit.unit, calendar)
    # A deadline may lie outside working time (an extension in urgent hours): only the difference moves it.
    due_at = due.due_at + (found.due_at - expected)
    stood_at = clock.stopped_at or clock.paused_at
    if stood_at is not None and not is_late(stood_at, due.due_at):
        due_at = max(due_at, whole_second(stood_at))  # what was on time stays on time
    again = replace(due, started_at=started_at, due_at=due_at, calendar=_key(calendar), provisional=found.provisional)
    return replace(clock, due=again, trace=dump_trace(found.trace))


def _calendar_of(situation: Situation, due: StageDue, base: datetime) -> WorkingCalendar | None:
    """Return the calendar a deadline was found by.

    Where a calendar was changed under the same version, the newest under which the deadline is as certain as it is.
    """
    known = situation.former.get(due.calendar, ())
    known = known or tuple(one for one in situation.rules.calendars.values() if _key(one) == due.calendar)
    as_certain = (one for one in known if measure(base, due.due_at, due.limit.unit, one).provisional is due.provisional)
    return next(as_certain, known[0] if known else None)


def _differs(old: StageDue, new: StageDue) -> bool:
    return old.due_at != new.due_at or (old.provisional and not new.provisional)


def _moved_assisting(situation: Situation) -> Iterator[Assisting]:
    for one in situation.case.assisting:
        calendar = deadlines.calendar_of(situation, LimitedStage.HANDLE, one.unit)
        if not _was_provisional(situation, one, calendar.name):
            continue
        found = deadline(one.dispatched_at, one.limit, calendar)
        if found.due_at != one.due_at or not found.provisional:
            due = StageDue(
                stage=LimitedStage.HANDLE,
                started_at=whole_second(one.dispatched_at),
                due_at=found.due_at,
                limit=one.limit,
                calendar=_key(calendar),
                provisional=found.provisional,
            )
            yield Assisting(assignment=one.number, unit=one.unit, due=due)


def _was_provisional(situation: Situation, one: Assignment, name: str) -> bool:
    """Tell whether an assisting deadline was a guess: its clock is kept nowhere but in the history."""
    former = (known for versions in situation.former.values() for known in versions if known.name == name)
    guesses = (deadline(one.dispatched_at, one.limit, known) for known in former)
    return any(guess.provisional and guess.due_at == one.due_at for guess in guesses)


def with_assisting(case: Case, moved: tuple[Assisting, ...]) -> tuple[Assignment, ...]:
    """Return the assignments with the moved assisting deadlines."""
    dues = {one.assignment: one.due.due_at for one in moved}
    return tuple(replace(one, due_at=dues.get(one.number, one.due_at)) for one in case.assignments)


def _key(calendar: WorkingCalendar) -> str:
    return f"{calendar.name}@{calendar.version}"
