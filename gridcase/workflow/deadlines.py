"""By when? Which limit and which calendar apply to a stage of a case, and the clock that follows.

The arithmetic of working time is ``gridcase.workflow.worktime``; here is only what starts a clock, with which limit,
and what is left of it after a return or a failed check (domain §4–5). All deadlines are whole seconds.
"""

from dataclasses import replace
from datetime import datetime

from gridcase.domain.history import LimitedStage, StageDue
from gridcase.domain.time import TimeLimit, is_late, whole_second
from gridcase.workflow.case import Case, RunningClock
from gridcase.workflow.catalogue import CaseType
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
    "close_clock",
    "handle_clock",
    "published_limit",
    "rework_clock",
    "stage_clock",
    "transferred_clock",
]


def published_limit(known: CaseType, condition: str | None) -> TimeLimit | None:
    """Return the handling limit of a condition; of the only condition when none is named; None when there is none."""
    if condition is None:
        return known.conditions[0].limit if len(known.conditions) == 1 else None
    chosen = known.condition(condition)
    return chosen.limit if chosen else None


def stage_clock(situation: Situation, stage: LimitedStage, *, at: datetime | None = None) -> RunningClock:
    """Start the clock of any stage but handling and closing, now or ``at`` an instant."""
    rules, case = situation.rules, situation.case
    return _clock(rules, stage, _stage_limit(rules, case, stage), at or situation.now)


def handle_clock(situation: Situation, limit: TimeLimit) -> RunningClock:
    """Start the handling clock afresh: at dispatch, and after an upheld "not ours"."""
    return _clock(situation.rules, LimitedStage.HANDLE, limit, situation.now)


def close_clock(situation: Situation, handle: RunningClock) -> RunningClock:
    """Set the closing deadline: the handling deadline, then the check limit, then the close limit."""
    rules, case = situation.rules, situation.case
    check = _clock(rules, LimitedStage.CHECK, _stage_limit(rules, case, LimitedStage.CHECK), handle.due.due_at)
    close = _clock(rules, LimitedStage.CLOSE, _stage_limit(rules, case, LimitedStage.CLOSE), check.due.due_at)
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


def _resumed(situation: Situation, running: RunningClock, *, at_least: int) -> RunningClock:
    calendar = _calendar(situation.rules)
    stopped_at = whole_second(running.stopped_at or situation.now)
    left = measure(stopped_at, running.due.due_at, running.due.limit.unit, calendar).seconds
    seconds = max(left, at_least)
    found = deadline_after(situation.now, seconds, running.due.limit.unit, calendar)
    resumed = _running(running.due.stage, running.due.limit, situation.now, found, calendar)
    return replace(resumed, original_due_at=running.original_due_at)


def _stage_limit(rules: Rulebook, case: Case, stage: LimitedStage) -> TimeLimit:
    normal, urgent = rules.conduct.stage_limits[stage]
    return urgent if _is_urgent(rules, case) else normal


def _is_urgent(rules: Rulebook, case: Case) -> bool:
    if case.limit is not None:
        return case.limit.unit.is_urgent
    known = rules.catalogue.find(case.type)
    limits = [condition.limit for condition in known.conditions if condition.limit] if known else []
    return bool(limits) and all(limit.unit.is_urgent for limit in limits)


def _clock(rules: Rulebook, stage: LimitedStage, limit: TimeLimit, start: datetime) -> RunningClock:
    calendar = _calendar(rules)
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


def _calendar(rules: Rulebook) -> WorkingCalendar:
    return rules.calendars[rules.conduct.calendar]
