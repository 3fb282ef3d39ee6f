"""A case as its history tells it, folded line by line without asking the workflow what it would have done."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, CheckMode, CheckResult, RequestKind, Ruling, TaskKind, TypeKey
from gridcase.domain.history import CaseEvent, LimitedStage, StageDue
from gridcase.workflow.case import Assignment, Case, Outcome, RequestState, SubtaskState, Task
from gridcase.workflow.transitions import ADVANCING

ENDED = (CaseState.CLOSED, CaseState.VOID, CaseState.TRANSFERRED)
#: What goes on at once after a person's step, and belongs to it.
BY_RULE = (Action.REGISTER, Action.DISPATCH)
#: Deadlines of requests and supervisions are no clocks of the case.
ELSEWHERE = (LimitedStage.DECIDE, LimitedStage.SUPERVISE)
OPENING = (Action.DISPATCH, Action.REASSIGN, Action.ARBITRATE)


@dataclass
class Replayed:
    """What history says of a case, in the workflow's own values; routes are told by their rule alone.

    Requests, sub-assignments and supervisions are told by where they stand.
    """

    state: CaseState | None = None
    version: int = 0
    events: int = 0
    type: TypeKey | None = None
    condition: str | None = None
    registered_at: datetime | None = None
    closed_at: datetime | None = None
    check_passed: bool | None = None
    is_self_handled: bool = False
    lead: str | None = None
    dues: dict[LimitedStage, StageDue] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    requests: list[tuple[RequestKind, RequestState]] = field(default_factory=list)
    subtasks: list[SubtaskState] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    reports: int = 0

    @property
    def lead_assignment(self) -> Assignment | None:
        """The latest lead assignment."""
        return next((one for one in reversed(self.assignments) if one.is_lead), None)


def replay(lines: Sequence[CaseEvent]) -> Replayed:
    """Fold a history; lines that do not follow from each other fail here."""
    told = Replayed()
    for line in lines:
        assert line.seq == told.events + 1, "history has no gaps"
        assert line.from_state == told.state, "a line begins where the one before ended"
        told.events, told.state = line.seq, line.to_state
        # What follows by rule belongs to the step of the person before it.
        told.version += line.action in ADVANCING and not (line.role is Role.SYSTEM and line.action in BY_RULE)
        _words(told, line)
        told.dues |= {due.stage: due for due in line.facts.dues if due.stage not in ELSEWHERE}
        _assignments(told, line)
        _tasks(told, line)
        _asked(told, line)
        _moved(told, line)
    return told


def as_replayed(case: Case) -> Replayed:
    """Return what a stored case says, in the same shape."""
    return Replayed(
        state=case.state,
        version=case.version,
        events=case.events,
        type=case.type,
        condition=case.condition,
        registered_at=case.registered_at,
        closed_at=case.closed_at,
        check_passed=case.check_passed,
        is_self_handled=case.is_self_handled,
        lead=case.lead,
        dues={stage: clock.due for stage, clock in case.clocks.items()},
        assignments=[replace(one, route=None) for one in case.assignments],
        tasks=list(case.tasks),
        requests=[(one.kind, one.state) for one in case.requests],
        subtasks=[one.state for one in case.subtasks],
        answered=[one.answered_at is not None for one in case.supervisions],
        reports=sum(len(one.handlers) for one in case.assignments),
    )


def _words(told: Replayed, line: CaseEvent) -> None:
    facts = line.facts
    told.type, told.condition = facts.type or told.type, facts.condition or told.condition
    told.is_self_handled = (told.is_self_handled or facts.self_handled) and line.action is not Action.REOPEN
    told.lead = None if line.action is Action.UNLINK_DUPLICATE else facts.lead_case or told.lead


def _moved(told: Replayed, line: CaseEvent) -> None:
    """Note when the case was registered and ended, and which clocks fell away."""
    if line.action is Action.REGISTER:
        told.registered_at = line.recorded_at
    if line.action is Action.UNLINK_DUPLICATE:
        told.registered_at = None
    if line.action is Action.WITHDRAW_DISPATCH:
        kept = (LimitedStage.REGISTER, LimitedStage.VERIFY, LimitedStage.DISPATCH)
        told.dues = {stage: due for stage, due in told.dues.items() if stage in kept}
    starts_over = line.action is Action.REOPEN and not told.assignments
    if line.action is Action.UNLINK_DUPLICATE or starts_over:
        told.dues = {due.stage: due for due in line.facts.dues}
    if line.to_state not in ENDED:
        told.closed_at = None
    elif line.from_state not in ENDED:
        told.closed_at = line.recorded_at


# --- assignments --------------------------------------------------------------------------------------------------


def _assignments(told: Replayed, line: CaseEvent) -> None:
    facts, now = line.facts, line.recorded_at
    if line.action in OPENING and facts.assignment != getattr(told.lead_assignment, "number", None):
        _end(told, now, Outcome.REASSIGNED, leaves_due=facts.leaves_due)
        _open(told, line)
    if line.action is Action.WITHDRAW_DISPATCH:
        _end(told, now, Outcome.WITHDRAWN, leaves_due=True)
    if told.assignments:
        _tenure(told, line)
        _relimited(told, line)
    if line.to_state in ENDED and line.from_state not in ENDED:
        over = {CaseState.CLOSED: Outcome.CLOSED, CaseState.VOID: Outcome.VOID}.get(line.to_state, Outcome.TRANSFERRED)
        _end(told, now, over, leaves_due=over is not Outcome.CLOSED)
    _ended_in_error(told, line)


def _ended_in_error(told: Replayed, line: CaseEvent) -> None:
    if line.action is Action.RESTORE:
        told.assignments = [
            replace(one, ended_at=None, outcome=None, leaves_due=False) if one.outcome is Outcome.VOID else one
            for one in told.assignments
        ]
    if line.action is Action.REOPEN and told.assignments:
        _change(told, ended_at=None, outcome=None)


def _open(told: Replayed, line: CaseEvent) -> None:
    facts = line.facts
    assert facts.unit is not None
    assert facts.assignment == len(told.assignments) + 1
    opened = [(facts.unit, told.dues[LimitedStage.HANDLE]), *((one.unit, one.due) for one in facts.assisting)]
    for unit, due in opened:
        told.assignments.append(
            Assignment(
                number=len(told.assignments) + 1,
                unit=unit,
                dispatched_at=line.recorded_at,
                dispatched_by=line.actor,
                due_at=due.due_at,
                original_due_at=due.due_at,
                limit=due.limit,
                is_lead=unit == facts.unit,
            )
        )


def _tenure(told: Replayed, line: CaseEvent) -> None:
    facts, now = line.facts, line.recorded_at
    index = next((at for at, one in enumerate(told.assignments) if one.number == facts.assignment), None)
    if index is None:
        return
    one = told.assignments[index]
    if line.action in (Action.ACCEPT, Action.RETURN_TASK, Action.REPORT, Action.CONFIRM):
        one = replace(one, accepted_at=one.accepted_at or now)
    if line.action is Action.RETURN_TASK:
        one = replace(one, returned_reason=facts.returned_reason)
    if line.action is Action.REWORK:
        one = replace(one, reported_at=None)
    if line.action is Action.DECIDE_EXTENSION and facts.ruling is Ruling.GRANT:
        one = replace(one, extensions=one.extensions + 1)
    told.assignments[index] = _worked(told, one, line)


def _worked(told: Replayed, one: Assignment, line: CaseEvent) -> Assignment:
    now = line.recorded_at
    if line.action in (Action.REPORT, Action.CONFIRM):
        one = replace(one, reported_at=now)
        if not one.is_lead:
            one = replace(one, ended_at=now, outcome=Outcome.REPORTED)
    if line.action in (Action.REPORT, Action.CONFIRM, Action.SUBMIT):
        one = replace(one, handlers=(*one.handlers, line.actor))
        told.reports += 1
    return one


def _relimited(told: Replayed, line: CaseEvent) -> None:
    """Give the lead assignment the handling deadline that a line brought."""
    if any(due.stage is LimitedStage.HANDLE for due in line.facts.dues):
        due = told.dues[LimitedStage.HANDLE]
        _change(told, due_at=due.due_at, limit=due.limit)


def _end(told: Replayed, now: datetime, outcome: Outcome, *, leaves_due: bool) -> None:
    told.assignments = [
        replace(one, ended_at=now, outcome=outcome, leaves_due=leaves_due and one.is_lead)
        if one.ended_at is None
        else one
        for one in told.assignments
    ]


def _change(told: Replayed, **values: object) -> None:
    lead = told.lead_assignment
    assert lead is not None
    told.assignments[lead.number - 1] = replace(lead, **values)  # type: ignore[arg-type]


# --- tasks --------------------------------------------------------------------------------------------------------


def _tasks(told: Replayed, line: CaseEvent) -> None:
    facts, now = line.facts, line.recorded_at
    if line.action in (Action.REASSIGN_TASK, Action.WITHDRAW_TASK, Action.REOPEN) or (
        line.to_state in (CaseState.VOID, CaseState.TRANSFERRED)
    ):
        told.tasks = [replace(one, withdrawn_at=now) if one.is_open else one for one in told.tasks]
    if line.action in (Action.REQUEST_VERIFICATION, Action.REQUEST_CHECK, Action.REASSIGN_TASK) and facts.task:
        told.tasks.append(_task(told, line))
    if line.action in (Action.VERIFY, Action.CHECK):
        result = facts.check_result or facts.verify_result
        told.tasks[-1] = replace(told.tasks[-1], done_at=now, result=str(result))
    _check_passed(told, line)


def _check_passed(told: Replayed, line: CaseEvent) -> None:
    facts = line.facts
    forgets = line.action in (Action.CONFIRM, Action.REWORK, Action.REOPEN) or (
        line.action is Action.REPORT and line.to_state is CaseState.REPORTED
    )
    if forgets or (line.action in OPENING and facts.dues):
        told.check_passed = None
    if facts.check_mode is CheckMode.WAIVED:
        told.check_passed = True
    if line.action is Action.CHECK:
        told.check_passed = facts.check_result is CheckResult.PASS


def _task(told: Replayed, line: CaseEvent) -> Task:
    facts = line.facts
    assert facts.task == len(told.tasks) + 1
    assert facts.inspector is not None
    assert facts.task_kind is not None
    stage = LimitedStage.VERIFY if facts.task_kind is TaskKind.VERIFY else LimitedStage.CHECK
    return Task(
        number=facts.task,
        kind=facts.task_kind,
        inspector=facts.inspector,
        mode=facts.check_mode or CheckMode.ON_SITE,
        asked_at=line.recorded_at,
        asked_by=line.actor,
        due_at=told.dues[stage].due_at,
    )


# --- requests, sub-assignments, supervisions ----------------------------------------------------------------------

TURNS = {
    Action.SUBMIT: SubtaskState.SUBMITTED,
    Action.CONFIRM: SubtaskState.CONFIRMED,
    Action.REJECT: SubtaskState.ASSIGNED,
    Action.TAKE_BACK: SubtaskState.TAKEN_BACK,
}


def _asked(told: Replayed, line: CaseEvent) -> None:
    facts = line.facts
    if facts.request and facts.request_kind and line.action is not Action.ESCALATE:
        if facts.ruling is None:
            assert facts.request == len(told.requests) + 1
            told.requests.append((facts.request_kind, RequestState.PENDING))
        else:
            state = RequestState.GRANTED if facts.ruling is Ruling.GRANT else RequestState.REFUSED
            told.requests[facts.request - 1] = (facts.request_kind, state)
    if line.action is Action.ASSIGN:
        told.subtasks.append(SubtaskState.ASSIGNED)
    elif facts.subtask and line.action in TURNS:
        told.subtasks[facts.subtask - 1] = TURNS[line.action]
    if line.action is Action.SUPERVISE:
        told.answered.append(False)
    elif line.action is Action.ANSWER_SUPERVISION and facts.supervision:
        told.answered[facts.supervision - 1] = True
    _lapsed(told, line)


def _lapsed(told: Replayed, line: CaseEvent) -> None:
    """Let fall what waited for a unit whose turn is over; with the case, everything."""
    is_over = line.to_state in ENDED and line.from_state not in ENDED
    is_turned = line.to_state in (CaseState.RETURNED, CaseState.REPORTED, CaseState.REGISTERED) and (
        line.from_state in (CaseState.DISPATCHED, CaseState.HANDLING)
    )
    is_moved = line.action in OPENING and line.facts.reassigned_reason is not None
    if not (is_over or is_turned or is_moved):
        return
    told.requests = [
        (kind, RequestState.LAPSED)
        if state is RequestState.PENDING and (is_over or kind is not RequestKind.CORRECTION)
        else (kind, state)
        for kind, state in told.requests
    ]
    told.subtasks = [
        SubtaskState.TAKEN_BACK if state in (SubtaskState.ASSIGNED, SubtaskState.SUBMITTED) else state
        for state in told.subtasks
    ]
