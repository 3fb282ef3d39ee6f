"""A case as its history tells it, folded line by line without asking the workflow what it would have done."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, CheckMode, CheckResult
from gridcase.domain.history import CaseEvent, LimitedStage, StageDue
from gridcase.workflow.case import Assignment, Case, Outcome, Task
from gridcase.workflow.transitions import ADVANCING

ENDED = (CaseState.CLOSED, CaseState.VOID)


@dataclass
class Replayed:
    """What history says of a case, in the workflow's own values; routes are told by their rule alone."""

    state: CaseState | None = None
    version: int = 0
    events: int = 0
    condition: str | None = None
    registered_at: datetime | None = None
    closed_at: datetime | None = None
    check_passed: bool | None = None
    dues: dict[LimitedStage, StageDue] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    reports: int = 0


def replay(lines: Sequence[CaseEvent]) -> Replayed:
    """Fold a history; lines that do not follow from each other fail here."""
    told = Replayed()
    for line in lines:
        assert line.seq == told.events + 1, "history has no gaps"
        assert line.from_state == told.state, "a line begins where the one before ended"
        told.events, told.state = line.seq, line.to_state
        # What follows by rule belongs to the step of the person before it.
        told.version += line.action in ADVANCING and line.role is not Role.SYSTEM
        told.condition = line.facts.condition or told.condition
        told.dues |= {due.stage: due for due in line.facts.dues}
        _assignments(told, line)
        _checks(told, line)
        if line.action is Action.REGISTER:
            told.registered_at = line.recorded_at
        if line.to_state in ENDED:
            told.closed_at = line.recorded_at
    return told


def as_replayed(case: Case) -> Replayed:
    """Return what a stored case says, in the same shape."""
    return Replayed(
        state=case.state,
        version=case.version,
        events=case.events,
        condition=case.condition,
        registered_at=case.registered_at,
        closed_at=case.closed_at,
        check_passed=case.check_passed,
        dues={stage: clock.due for stage, clock in case.clocks.items()},
        assignments=[replace(one, route=None) for one in case.assignments],
        tasks=list(case.tasks),
        reports=sum(len(one.handlers) for one in case.assignments),
    )


def _assignments(told: Replayed, line: CaseEvent) -> None:
    facts, now = line.facts, line.recorded_at
    if line.action is Action.REASSIGN:
        _change(told, ended_at=now, outcome=Outcome.REASSIGNED, leaves_due=facts.leaves_due)
    if line.action in (Action.DISPATCH, Action.REASSIGN):
        told.assignments.append(_opened(told, line))
    elif told.assignments:
        _tenure(told, line)


def _opened(told: Replayed, line: CaseEvent) -> Assignment:
    handle, facts = told.dues[LimitedStage.HANDLE], line.facts
    assert facts.unit is not None
    assert facts.assignment == len(told.assignments) + 1
    return Assignment(
        number=facts.assignment,
        unit=facts.unit,
        dispatched_at=line.recorded_at,
        dispatched_by=line.actor,
        due_at=handle.due_at,
        original_due_at=handle.due_at,
        limit=handle.limit,
    )


def _tenure(told: Replayed, line: CaseEvent) -> None:
    facts, now = line.facts, line.recorded_at
    if line.action in (Action.ACCEPT, Action.RETURN_TASK, Action.REPORT):
        _change(told, accepted_at=told.assignments[-1].accepted_at or now)
    if line.action is Action.RETURN_TASK:
        _change(told, returned_reason=facts.returned_reason)
    if line.action is Action.REPORT:
        _change(told, reported_at=now, handlers=(*told.assignments[-1].handlers, line.actor))
        told.reports += 1
    if line.action is Action.REWORK:
        _change(told, reported_at=None, due_at=told.dues[LimitedStage.HANDLE].due_at)
    if line.to_state in ENDED:
        is_void = line.to_state is CaseState.VOID
        _change(told, ended_at=now, outcome=Outcome.VOID if is_void else Outcome.CLOSED, leaves_due=is_void)


def _change(told: Replayed, **values: object) -> None:
    told.assignments[-1] = replace(told.assignments[-1], **values)  # type: ignore[arg-type]


def _checks(told: Replayed, line: CaseEvent) -> None:
    facts = line.facts
    if line.action in (Action.DISPATCH, Action.REASSIGN, Action.REPORT, Action.REWORK):
        told.check_passed = None
    if facts.check_mode is CheckMode.WAIVED:
        told.check_passed = True
    elif line.action is Action.REQUEST_CHECK:
        assert facts.task is not None
        assert facts.inspector is not None
        assert facts.check_mode is not None
        asked = Task(
            number=facts.task,
            inspector=facts.inspector,
            mode=facts.check_mode,
            asked_at=line.recorded_at,
            asked_by=line.actor,
            due_at=told.dues[LimitedStage.CHECK].due_at,
        )
        told.tasks.append(asked)
    if line.action is Action.CHECK:
        told.check_passed = facts.check_result is CheckResult.PASS
        told.tasks[-1] = replace(told.tasks[-1], done_at=line.recorded_at, result=facts.check_result)
