"""By when? Which limit and which calendar apply to a stage of a case, and the clock that follows.

The arithmetic of working time is ``gridcase.workflow.worktime``; here is only what starts a clock, with which limit,
and what is left of it after a return or a failed check (domain §4–5). All deadlines are whole seconds.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from gridcase.domain.case import UnitCode
from gridcase.domain.history import LimitedStage, StageDue
from gridcase.domain.time import LimitUnit, TimeLimit, is_late, whole_second
from gridcase.workflow.case import Case, RunningClock
from gridcase.workflow.rulebook import Rulebook, Situation
from gridcase.workflow.worktime import (
    Deadline,
    WorkingCalendar,
    deadline,
    deadline_after,
    dump_trace,
    measure,
)

__all__ = [
    "StageDue",
    "calendar_of",
    "close_clock",
    "corrected_clock",
    "extended_clock",
    "handle_clock",
    "published_limit",
    "reopen_until",
    "resumed_clock",
    "rework_clock",
    "stage_clock",
    "transferred_clock",
    "warn_at",
]

#: Stages whose clock is the unit's matter, and so runs on the unit's calendar.
_UNIT_STAGES = (LimitedStage.ACCEPT, LimitedStage.HANDLE)


def published_limit(situation: Situation, condition: str | None) -> TimeLimit | None:
    """Return the handling limit of a condition here and from this source.

    Of the only condition when none is named; None when there is none.
    """
    known = situation.rules.catalogue.find(situation.case.type)
    if known is None:
        return None
    if condition is None:
        chosen = known.conditions[0] if len(known.conditions) == 1 else None
    else:
        chosen = known.condition(condition)
    if chosen is None:
        return None
    cell = situation.case.location.cell if situation.case.location else None
    area_class = situation.rules.conduct.area_class(cell) if cell else None
    return chosen.limit_for(area_class=area_class, source=situation.case.source)


def stage_clock(situation: Situation, stage: LimitedStage, *, unit: UnitCode | None = None) -> RunningClock:
    """Start the clock of any stage but handling and closing; ``unit`` is the one being given the case, if any."""
    rules, case = situation.rules, situation.case
    limit = _stage_limit(rules, case, stage)
    calendar = calendar_of(situation, stage, unit)
    return _running(stage, limit, situation.now, deadline(situation.now, limit, calendar), calendar)


def handle_clock(situation: Situation, limit: TimeLimit, unit: UnitCode) -> RunningClock:
    """Start the handling clock afresh: at dispatch, and after an upheld "not ours"."""
    calendar = calendar_of(situation, LimitedStage.HANDLE, unit)
    found = deadline(situation.now, limit, calendar)
    return _running(LimitedStage.HANDLE, limit, situation.now, found, calendar)


def close_clock(situation: Situation, handle: RunningClock) -> RunningClock:
    """Set the closing deadline: the handling deadline, then the check limit, then the close limit."""
    rules, case = situation.rules, situation.case
    check = _clock(situation, LimitedStage.CHECK, _stage_limit(rules, case, LimitedStage.CHECK), handle.due.due_at)
    close = _clock(situation, LimitedStage.CLOSE, _stage_limit(rules, case, LimitedStage.CLOSE), check.due.due_at)
    earlier = case.clocks.get(LimitedStage.CLOSE)
    return replace(
        close,
        due=replace(close.due, provisional=close.due.provisional or handle.due.provisional),
        original_due_at=earlier.original_due_at if earlier else close.due.due_at,
    )


def transferred_clock(situation: Situation, running: RunningClock) -> RunningClock:
    """Carry the remaining time over to the next unit.

    A running clock keeps its deadline; one stopped by a report goes on from now with what was left. What was overdue
    stays overdue.
    """
    if running.stopped_at is None or is_late(running.stopped_at, running.due.due_at):
        return replace(running, stopped_at=None)
    return _resumed(situation, running, at_least=0)


def rework_clock(situation: Situation, running: RunningClock) -> RunningClock:
    """Give the remaining time, at least half the original limit; what was overdue stays overdue (domain §4)."""
    stopped_at = running.stopped_at or situation.now
    if is_late(stopped_at, running.due.due_at):
        return replace(running, stopped_at=None)
    return _resumed(situation, running, at_least=-(-running.due.limit.seconds // 2))


def extended_clock(situation: Situation, running: RunningClock, amount: TimeLimit) -> RunningClock:
    """Add time to the deadline in force; the original deadline is kept beside it."""
    calendar = calendar_of(situation, running.due.stage)
    found = deadline_after(running.due.due_at, amount.seconds, amount.unit, calendar)
    if amount.unit.is_urgent is running.due.limit.unit.is_urgent:
        found = _from_start(running.due.started_at, found, amount.unit, calendar)
    found = replace(found, provisional=found.provisional or running.due.provisional)
    added = _running(running.due.stage, running.due.limit, running.due.started_at, found, calendar)
    return replace(added, original_due_at=running.original_due_at)


def corrected_clock(situation: Situation, running: RunningClock, limit: TimeLimit) -> RunningClock:
    """Measure a corrected limit from the original start, but leave at least one accept limit from now."""
    calendar = calendar_of(situation, LimitedStage.HANDLE)
    found = deadline(running.due.started_at, limit, calendar)
    least = deadline(situation.now, _stage_limit(situation.rules, situation.case, LimitedStage.ACCEPT), calendar)
    chosen = max(found, _from_start(running.due.started_at, least, limit.unit, calendar), key=lambda one: one.due_at)
    moved = _running(LimitedStage.HANDLE, limit, running.due.started_at, chosen, calendar)
    return replace(moved, original_due_at=running.original_due_at)


def resumed_clock(situation: Situation, running: RunningClock) -> RunningClock:
    """Go on after a suspension with what was left when it was asked for; what was overdue stays overdue."""
    paused_at = running.paused_at or situation.now
    if is_late(paused_at, running.due.due_at):
        return replace(running, paused_at=None)
    return _resumed(situation, replace(running, stopped_at=paused_at, paused_at=None), at_least=0)


def warn_at(clock: RunningClock, rules: Rulebook) -> datetime:
    """Return when a warning is given: after the part of the limit that the rules of conduct say, in working time."""
    calendar = rules.calendars.get(clock.due.calendar.partition("@")[0], _office_calendar(rules))
    unit = clock.due.limit.unit
    whole = measure(clock.due.started_at, clock.due.due_at, unit, calendar).seconds
    part = whole * rules.conduct.warn_percent // 100
    return deadline_after(clock.due.started_at, part, unit, calendar).due_at


def reopen_until(situation: Situation, closed_at: datetime) -> datetime:
    """Return until when a closing may be taken back."""
    days = situation.rules.conduct.reopen_days
    if days == 0:
        return closed_at
    limit = TimeLimit(amount=Decimal(days), unit=LimitUnit.WORKING_DAY)
    return deadline(closed_at, limit, _office_calendar(situation.rules)).due_at


def _resumed(situation: Situation, running: RunningClock, *, at_least: int) -> RunningClock:
    calendar = calendar_of(situation, running.due.stage)
    stopped_at = whole_second(running.stopped_at or situation.now)
    left = measure(stopped_at, running.due.due_at, running.due.limit.unit, calendar).seconds
    seconds = max(left, at_least)
    found = deadline_after(situation.now, seconds, running.due.limit.unit, calendar)
    resumed = _running(running.due.stage, running.due.limit, situation.now, found, calendar)
    return replace(resumed, original_due_at=running.original_due_at)


def _from_start(start: datetime, found: Deadline, unit: LimitUnit, calendar: WorkingCalendar) -> Deadline:
    """Find the same deadline once more, with the trace of the whole way there."""
    return deadline_after(start, measure(start, found.due_at, unit, calendar).seconds, unit, calendar)


def _stage_limit(rules: Rulebook, case: Case, stage: LimitedStage) -> TimeLimit:
    normal, urgent = rules.conduct.stage_limits[stage]
    return urgent if _is_urgent(rules, case) else normal


def _is_urgent(rules: Rulebook, case: Case) -> bool:
    if case.limit is not None:
        return case.limit.unit.is_urgent
    known = rules.catalogue.find(case.type)
    limits = [condition.limit for condition in known.conditions if condition.limit] if known else []
    return bool(limits) and all(limit.unit.is_urgent for limit in limits)


def _clock(situation: Situation, stage: LimitedStage, limit: TimeLimit, start: datetime) -> RunningClock:
    calendar = _office_calendar(situation.rules)
    return _running(stage, limit, start, deadline(start, limit, calendar), calendar)


def _running(
    stage: LimitedStage, limit: TimeLimit, start: datetime, found: Deadline, calendar: WorkingCalendar
) -> RunningClock:
    due = StageDue(
        stage=stage,
        started_at=whole_second(start),
        due_at=found.due_at,
        limit=limit,
        calendar=f"{calendar.name}@{calendar.version}",
        provisional=found.provisional,
    )
    return RunningClock(due=due, original_due_at=found.due_at, trace=dump_trace(found.trace))


def calendar_of(situation: Situation, stage: LimitedStage, unit: UnitCode | None = None) -> WorkingCalendar:
    """Return the calendar of a stage: by type and place, else the unit's own, else the office's."""
    rules, case = situation.rules, situation.case
    if stage not in _UNIT_STAGES:
        return _office_calendar(rules)
    cell = (case.location.cell if case.location else None) or ""
    named = rules.conduct.calendar_for(case.type, cell)
    code = unit or (case.assignment.unit if case.assignment else None)
    if named is None and code is not None and code in rules.units.by_code:
        named = rules.units.by_code[code].calendar
    return rules.calendars.get(named, _office_calendar(rules)) if named else _office_calendar(rules)


def _office_calendar(rules: Rulebook) -> WorkingCalendar:
    return rules.calendars[rules.conduct.calendar]
