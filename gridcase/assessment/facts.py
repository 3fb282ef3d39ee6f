"""Answer what was true of every case, assignment, task and action at a cut-off.

Folds history lines into rows and decides each outcome once; it counts nothing, reads no current rows, and
imports no data-frame library (``gridcase.assessment.frames`` does that). Rules: domain §4 to §6.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    CaseNumber,
    CaseState,
    CellCode,
    CheckMode,
    CheckResult,
    Source,
    TypeKey,
    UnitCode,
)
from gridcase.domain.history import CaseEvent, LimitedStage, StageDue
from gridcase.domain.time import is_late

#: The reason that says a return was upheld: not this unit's case (domain §4).
WRONG_UNIT = "wrong_unit"


class Handling(StrEnum):
    """How the handling of a case or an assignment stands at the cut-off; exactly one holds.

    ``on_time``, ``overdue`` and ``overdue_open`` are the three ways of being due. ``not_due``: there is no
    deadline, or it has not passed and nothing valid was reported. ``left``: out of the due counts (void,
    return upheld, or passed on to another unit before the deadline).
    """

    ON_TIME = "on_time"
    OVERDUE = "overdue"
    OVERDUE_OPEN = "overdue_open"
    NOT_DUE = "not_due"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case as it stood at the cut-off.

    Parameters
    ----------
    cell
        None while unlocated; district, street and community are its first 6, 9 and 12 characters.
    filed_by, registered_by, dispatched_by, closed_by, voided_by
        Posts, ``role/person``; the finder has the credit of ``filed_by``. Never exported.
    accepted_at
        First time the case was taken in; today that is its registration.
    dispatched_at
        First dispatch.
    reported_at
        Report of the last assignment that passed or still awaits its check; None after a failed check or a
        rework.
    checked_at, check_mode
        Last result of a check, and how the last one was or is to be made.
    closed_at, void_at
        Set only while the case is closed, or void, at the cut-off.
    first_unit, unit
        Unit of the first and of the last assignment.
    handle_due_at, original_handle_due_at, close_due_at
        Of the last assignment: in force, as first given, and for closing.
    handling
        Of the last assignment; ``left`` for a void case.
    registered_late, dispatched_late
        False where it has not happened or had no clock.
    closed_late, closed_past_handling
        Closed after the closing deadline, after the handling deadline; False where there is none.
    accurately_dispatched
        Dispatched, and the first assignment did not end as the wrong unit's.
    reworks, returns, failed_checks, extensions, suspensions
        Times, over all assignments; extensions and suspensions are 0 until those actions exist.
    provisional
        A deadline in force reaches into a year that is not announced.
    """

    case: CaseNumber
    type: TypeKey | None
    condition: str | None
    source: Source | None
    cell: CellCode | None
    state: CaseState
    filed_by: str | None
    registered_by: str | None
    dispatched_by: str | None
    closed_by: str | None
    voided_by: str | None
    filed_at: datetime
    accepted_at: datetime | None
    registered_at: datetime | None
    dispatched_at: datetime | None
    reported_at: datetime | None
    checked_at: datetime | None
    check_mode: CheckMode | None
    closed_at: datetime | None
    void_at: datetime | None
    first_unit: UnitCode | None
    unit: UnitCode | None
    register_due_at: datetime | None
    dispatch_due_at: datetime | None
    handle_due_at: datetime | None
    original_handle_due_at: datetime | None
    close_due_at: datetime | None
    handling: Handling
    registered_late: bool
    dispatched_late: bool
    closed_late: bool
    closed_past_handling: bool
    accurately_dispatched: bool
    reworks: int
    returns: int
    failed_checks: int
    extensions: int
    suspensions: int
    provisional: bool

    @property
    def scheme(self) -> str | None:
        """Scheme of the type."""
        return self.type.scheme if self.type else None

    @property
    def kind(self) -> str | None:
        """Kind of the type."""
        return self.type.kind if self.type else None

    @property
    def code(self) -> str | None:
        """Digits of the type within scheme and kind."""
        return self.type.code if self.type else None

    @property
    def district(self) -> str | None:
        """First 6 characters of the cell code."""
        return self.cell[:6] if self.cell else None

    @property
    def street(self) -> str | None:
        """First 9 characters of the cell code."""
        return self.cell[:9] if self.cell else None

    @property
    def community(self) -> str | None:
        """First 12 characters of the cell code."""
        return self.cell[:12] if self.cell else None

    @property
    def is_open(self) -> bool:
        """Whether work on the case goes on."""
        return self.state.is_open

    @property
    def is_void(self) -> bool:
        """Whether the case is void at the cut-off."""
        return self.void_at is not None

    @property
    def left_due(self) -> bool:
        """Whether the case is out of the due counts."""
        return self.handling is Handling.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """One unit's tenure of a case.

    Parameters
    ----------
    number
        1, 2 … within the case.
    ended_at
        When it was given to another unit; None while it is the last one.
    leaves_due
        It ended because the unit was wrong.
    is_open
        It is the last one, and work on the case goes on.
    handling
        Its outcome. Passed on for another reason, it is ``left`` when that happened before the deadline (the
        remaining time and the duty went with the case) and ``overdue_open`` when it was late already.
    closed_at
        When the case was closed, on the assignment that was then the last.
    """

    case: CaseNumber
    number: int
    unit: UnitCode | None
    dispatched_at: datetime
    accept_due_at: datetime | None
    accepted_at: datetime | None
    handle_due_at: datetime | None
    original_handle_due_at: datetime | None
    close_due_at: datetime | None
    reported_at: datetime | None
    ended_at: datetime | None
    leaves_due: bool
    is_open: bool
    handling: Handling
    closed_at: datetime | None
    closed_late: bool
    closed_past_handling: bool
    reworks: int
    returns: int
    failed_checks: int
    extensions: int
    suspensions: int

    @property
    def left_due(self) -> bool:
        """Whether the assignment is out of the due counts."""
        return self.handling is Handling.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One check asked of one inspector.

    Parameters
    ----------
    post
        ``inspector/<person>``; never exported.
    unit
        Unit whose work is checked.
    done_at
        When the result was received.
    late
        The result's capture time (receipt where no device time is known) is after the deadline; False before.
    """

    case: CaseNumber
    number: int
    post: str
    unit: UnitCode | None
    mode: CheckMode | None
    asked_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    result: CheckResult | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """One line of history.

    Parameters
    ----------
    post
        ``role/person`` of the actor; never exported.
    task
        Number of the task that it concerns, if any.
    late
        The clock that this action stops had run out; False where it stops none. For ``request_check`` that is
        the clock which the report started.
    """

    case: CaseNumber
    seq: int
    action: Action
    post: str
    at: datetime
    task: int | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRows:
    """Everything that is counted: cases by number, the others by case and then in order."""

    cases: tuple[CaseRow, ...]
    assignments: tuple[AssignmentRow, ...]
    tasks: tuple[TaskRow, ...]
    actions: tuple[ActionRow, ...]


def fold(events: Iterable[CaseEvent], *, cut_off: datetime) -> FactRows:
    """Fold history into rows as of the cut-off.

    Lines may come in any order and are read by ``seq`` within their case; lines recorded after the cut-off
    are passed over, and a case filed after it does not appear. Empty input gives four empty tuples.
    """
    histories: dict[CaseNumber, list[CaseEvent]] = {}
    for event in events:
        if event.recorded_at <= cut_off:
            histories.setdefault(event.case, []).append(event)
    folds = [_fold_case(histories[number]) for number in sorted(histories)]
    return FactRows(
        cases=tuple(one.case_row(cut_off) for one in folds),
        assignments=tuple(row for one in folds for row in one.assignment_rows(cut_off)),
        tasks=tuple(task.row() for one in folds for task in one.tasks.values()),
        actions=tuple(row for one in folds for row in one.actions),
    )


def post_of(role: Role, person: int) -> str:
    """Name a post: a person in a role.

    Examples
    --------
    >>> post_of(Role.INSPECTOR, 7)
    'inspector/7'
    """
    return f"{role}/{person}"


class _Assignment:
    """An assignment while its case is being folded."""

    def __init__(self, number: int, unit: UnitCode | None, dispatched_at: datetime) -> None:
        self.number = number
        self.unit = unit
        self.dispatched_at = dispatched_at
        self.dues: dict[LimitedStage, StageDue] = {}
        self.original_handle_due: datetime | None = None
        self.accepted_at: datetime | None = None
        self.report_at: datetime | None = None
        self.check_failed = False
        self.was_overdue = False
        self.ended_at: datetime | None = None
        self.leaves_due = False
        self.ended_as_wrong_unit = False
        self.closed_at: datetime | None = None
        self.reworks = self.returns = self.failed_checks = 0

    def due_at(self, stage: LimitedStage) -> datetime | None:
        due = self.dues.get(stage)
        return due.due_at if due else None

    def take_due(self, due: StageDue) -> None:
        if due.stage is LimitedStage.HANDLE and self.original_handle_due is None:
            self.original_handle_due = due.due_at
        self.dues[due.stage] = due

    @property
    def valid_report_at(self) -> datetime | None:
        return None if self.check_failed else self.report_at

    def note_lateness(self) -> None:
        # A rework gives new time, but once overdue stays overdue (domain §4, rework).
        self.was_overdue |= _late(self.report_at, self.due_at(LimitedStage.HANDLE))

    def handling(self, cut_off: datetime, *, void: bool) -> Handling:
        due = self.due_at(LimitedStage.HANDLE)
        if void or self.leaves_due:
            return Handling.LEFT
        if due is None:
            return Handling.NOT_DUE
        if self.valid_report_at is not None:
            late = self.was_overdue or is_late(self.valid_report_at, due)
            return Handling.OVERDUE if late else Handling.ON_TIME
        if self.was_overdue or is_late(self.ended_at or cut_off, due):
            return Handling.OVERDUE_OPEN
        return Handling.LEFT if self.ended_at else Handling.NOT_DUE

    @property
    def closed_late(self) -> bool:
        return _late(self.closed_at, self.due_at(LimitedStage.CLOSE))

    @property
    def closed_past_handling(self) -> bool:
        if self.closed_at is None:
            return False
        return self.was_overdue or _late(self.closed_at, self.due_at(LimitedStage.HANDLE))


class _Task:
    """A check task while its case is being folded."""

    def __init__(self, event: CaseEvent, number: int, unit: UnitCode | None) -> None:
        self.case = event.case
        self.number = number
        self.inspector = event.facts.inspector or 0
        self.unit = unit
        self.mode = event.facts.check_mode
        self.asked_at = event.recorded_at
        self.due_at = next((d.due_at for d in event.facts.dues if d.stage is LimitedStage.CHECK), None)
        self.done_at: datetime | None = None
        self.result: CheckResult | None = None
        self.late = False

    def finish(self, event: CaseEvent) -> None:
        self.done_at = event.recorded_at
        self.result = event.facts.check_result
        # Capture time decides checks: a phone without network must not make its inspector late (domain §5).
        self.late = _late(event.observed_at or event.recorded_at, self.due_at)

    def row(self) -> TaskRow:
        return TaskRow(
            case=self.case,
            number=self.number,
            post=post_of(Role.INSPECTOR, self.inspector),
            unit=self.unit,
            mode=self.mode,
            asked_at=self.asked_at,
            due_at=self.due_at,
            done_at=self.done_at,
            result=self.result,
            late=self.late,
        )


class _CaseFold:
    """A case while its lines are read one after the other."""

    def __init__(self, first: CaseEvent) -> None:
        self.first = first
        self.state = first.to_state
        self.type = first.facts.type
        self.condition = first.facts.condition
        self.cell = first.facts.cell
        self.at: dict[Action, datetime] = {}
        self.by: dict[Action, str] = {}
        self.dues: dict[LimitedStage, StageDue] = {}
        self.late: dict[Action, bool] = {}
        self.assignments: dict[int, _Assignment] = {}
        self.last: _Assignment | None = None
        self.tasks: dict[int, _Task] = {}
        self.checked_at: datetime | None = None
        self.check_mode: CheckMode | None = None
        self.actions: list[ActionRow] = []

    def take(self, event: CaseEvent) -> None:
        late = self._is_late(event)
        post = post_of(event.role, event.actor)
        self._note(event, post, late=late)
        step = _STEPS.get(event.action)
        if step is not None:
            step(self, event)
        facts = event.facts
        if facts.dues:
            self._take_dues(event)
        self.type = facts.type or self.type
        self.condition = facts.condition or self.condition
        self.cell = facts.cell or self.cell
        self.state = event.to_state

    def _note(self, event: CaseEvent, post: str, *, late: bool) -> None:
        self.actions.append(
            ActionRow(
                case=event.case,
                seq=event.seq,
                action=event.action,
                post=post,
                at=event.recorded_at,
                task=event.facts.task,
                late=late,
            )
        )
        # Registration and dispatch count by their first time; closing and voiding by their last.
        if event.action in (Action.CLOSE, Action.VOID) or event.action not in self.at:
            self.at[event.action] = event.recorded_at
            self.by[event.action] = post
            self.late[event.action] = late

    def _is_late(self, event: CaseEvent) -> bool:
        stage = _STOPS.get(event.action)
        if stage is None:
            return False
        if event.action is Action.CHECK:
            task = self.tasks.get(event.facts.task or 0)
            return task is not None and _late(event.observed_at or event.recorded_at, task.due_at)
        holder = self._concerned(event)
        due = self.dues.get(stage) if stage in _CASE_STAGES or holder is None else holder.dues.get(stage)
        return due is not None and is_late(event.recorded_at, due.due_at)

    def _concerned(self, event: CaseEvent) -> _Assignment | None:
        number = event.facts.assignment
        return self.last if number is None else self.assignments.get(number, self.last)

    def _take_dues(self, event: CaseEvent) -> None:
        if event.action is Action.REQUEST_CHECK:
            return  # that clock is the task's; the report's stopped when the check was asked for
        holder = self._concerned(event)
        for due in event.facts.dues:
            if due.stage in _CASE_STAGES or holder is None:
                self.dues[due.stage] = due
            else:
                holder.take_due(due)

    def dispatch(self, event: CaseEvent) -> None:
        number = event.facts.assignment or len(self.assignments) + 1
        self.last = _Assignment(number, event.facts.unit, event.recorded_at)
        self.assignments[number] = self.last

    def reassign(self, event: CaseEvent) -> None:
        ended = self.last
        if ended is not None:
            ended.ended_at = event.recorded_at
            ended.leaves_due = event.facts.leaves_due
            ended.ended_as_wrong_unit = event.facts.reassigned_reason == WRONG_UNIT
        self.dispatch(event)

    def accept(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None and holder.accepted_at is None:
            holder.accepted_at = event.recorded_at

    def return_task(self, event: CaseEvent) -> None:
        self.accept(event)
        holder = self._concerned(event)
        if holder is not None:
            holder.returns += 1

    def report(self, event: CaseEvent) -> None:
        self.accept(event)
        holder = self._concerned(event)
        if holder is not None:
            holder.report_at = event.recorded_at
            holder.check_failed = False

    def request_check(self, event: CaseEvent) -> None:
        facts = event.facts
        self.check_mode = facts.check_mode
        self.dues.pop(LimitedStage.CHECK, None)
        holder = self._concerned(event)
        if holder is not None:
            # Asked again after a failed check: the report awaits its check once more.
            holder.check_failed = False
        if facts.task is not None:
            self.tasks[facts.task] = _Task(event, facts.task, holder.unit if holder else None)

    def check(self, event: CaseEvent) -> None:
        facts = event.facts
        self.checked_at = event.recorded_at
        task = self.tasks.get(facts.task or 0)
        if task is not None:
            task.finish(event)
        holder = self._concerned(event)
        if holder is not None:
            holder.check_failed = facts.check_result is CheckResult.FAIL
            holder.failed_checks += holder.check_failed

    def rework(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None:
            holder.note_lateness()
            holder.reworks += 1
            holder.report_at = None
            holder.check_failed = False

    def close(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None:
            # A closed case was handled: its closing stands for a report that nobody recorded.
            holder.report_at = holder.report_at or event.recorded_at
            holder.check_failed = False

    def case_row(self, cut_off: datetime) -> CaseRow:
        last = self.last
        first = next(iter(self.assignments.values()), None)
        closed_at = self._at_if(Action.CLOSE, CaseState.CLOSED)
        void_at = self._at_if(Action.VOID, CaseState.VOID)
        self._close_last(closed_at)
        return CaseRow(
            case=self.first.case,
            type=self.type,
            condition=self.condition,
            source=self.first.facts.source,
            cell=self.cell,
            state=self.state,
            filed_by=self._finder(),
            registered_by=self.by.get(Action.REGISTER),
            dispatched_by=self.by.get(Action.DISPATCH),
            closed_by=self.by.get(Action.CLOSE) if closed_at else None,
            voided_by=self.by.get(Action.VOID) if void_at else None,
            filed_at=self.first.recorded_at,
            accepted_at=self.at.get(Action.REGISTER),
            registered_at=self.at.get(Action.REGISTER),
            dispatched_at=self.at.get(Action.DISPATCH),
            reported_at=last.valid_report_at if last else None,
            checked_at=self.checked_at,
            check_mode=self.check_mode,
            closed_at=closed_at,
            void_at=void_at,
            first_unit=first.unit if first else None,
            unit=last.unit if last else None,
            register_due_at=self._due_at(LimitedStage.REGISTER),
            dispatch_due_at=self._due_at(LimitedStage.DISPATCH),
            handle_due_at=last.due_at(LimitedStage.HANDLE) if last else None,
            original_handle_due_at=last.original_handle_due if last else None,
            close_due_at=last.due_at(LimitedStage.CLOSE) if last else None,
            handling=self._handling(cut_off, void=void_at is not None),
            registered_late=self.late.get(Action.REGISTER, False),
            dispatched_late=self.late.get(Action.DISPATCH, False),
            closed_late=last.closed_late if last else False,
            closed_past_handling=last.closed_past_handling if last else False,
            accurately_dispatched=first is not None and not first.ended_as_wrong_unit,
            reworks=sum(one.reworks for one in self.assignments.values()),
            returns=sum(one.returns for one in self.assignments.values()),
            failed_checks=sum(one.failed_checks for one in self.assignments.values()),
            extensions=0,
            suspensions=0,
            provisional=self._is_provisional(),
        )

    def assignment_rows(self, cut_off: datetime) -> Iterable[AssignmentRow]:
        void = self.state is CaseState.VOID
        self._close_last(self._at_if(Action.CLOSE, CaseState.CLOSED))
        for one in self.assignments.values():
            yield AssignmentRow(
                case=self.first.case,
                number=one.number,
                unit=one.unit,
                dispatched_at=one.dispatched_at,
                accept_due_at=one.due_at(LimitedStage.ACCEPT),
                accepted_at=one.accepted_at,
                handle_due_at=one.due_at(LimitedStage.HANDLE),
                original_handle_due_at=one.original_handle_due,
                close_due_at=one.due_at(LimitedStage.CLOSE),
                reported_at=one.valid_report_at,
                ended_at=one.ended_at,
                leaves_due=one.leaves_due,
                is_open=self.state.is_open and one.ended_at is None,
                handling=one.handling(cut_off, void=void),
                closed_at=one.closed_at,
                closed_late=one.closed_late,
                closed_past_handling=one.closed_past_handling,
                reworks=one.reworks,
                returns=one.returns,
                failed_checks=one.failed_checks,
                extensions=0,
                suspensions=0,
            )

    def _close_last(self, closed_at: datetime | None) -> None:
        if self.last is not None:
            self.last.closed_at = closed_at

    def _at_if(self, action: Action, state: CaseState) -> datetime | None:
        return self.at.get(action) if self.state is state else None

    def _due_at(self, stage: LimitedStage) -> datetime | None:
        due = self.dues.get(stage)
        return due.due_at if due else None

    def _finder(self) -> str:
        found_by = self.first.facts.found_by
        if found_by is not None:
            return post_of(Role.INSPECTOR, found_by)
        return post_of(self.first.role, self.first.actor)

    def _handling(self, cut_off: datetime, *, void: bool) -> Handling:
        if self.last is not None:
            return self.last.handling(cut_off, void=void)
        return Handling.LEFT if void else Handling.NOT_DUE

    def _is_provisional(self) -> bool:
        dues = [*self.dues.values(), *(self.last.dues.values() if self.last else ())]
        return any(due.provisional for due in dues)


_STEPS: dict[Action, Callable[[_CaseFold, CaseEvent], None]] = {
    Action.DISPATCH: _CaseFold.dispatch,
    Action.REASSIGN: _CaseFold.reassign,
    Action.ACCEPT: _CaseFold.accept,
    Action.RETURN_TASK: _CaseFold.return_task,
    Action.REPORT: _CaseFold.report,
    Action.REQUEST_CHECK: _CaseFold.request_check,
    Action.CHECK: _CaseFold.check,
    Action.REWORK: _CaseFold.rework,
    Action.CLOSE: _CaseFold.close,
}

#: Which clock an action stops.
_STOPS = {
    Action.REGISTER: LimitedStage.REGISTER,
    Action.DISPATCH: LimitedStage.DISPATCH,
    Action.ACCEPT: LimitedStage.ACCEPT,
    Action.REPORT: LimitedStage.HANDLE,
    Action.REQUEST_CHECK: LimitedStage.CHECK,
    Action.CHECK: LimitedStage.CHECK,
    Action.CLOSE: LimitedStage.CLOSE,
}

#: Clocks of the case; the others belong to an assignment.
_CASE_STAGES = frozenset({LimitedStage.REGISTER, LimitedStage.VERIFY, LimitedStage.DISPATCH, LimitedStage.CHECK})


def _fold_case(events: list[CaseEvent]) -> _CaseFold:
    events.sort(key=_by_seq)
    one = _CaseFold(events[0])
    for event in events:
        one.take(event)
    return one


def _by_seq(event: CaseEvent) -> int:
    return event.seq


def _late(instant: datetime | None, deadline: datetime | None) -> bool:
    # What has not happened, or had no clock, is not late.
    return instant is not None and deadline is not None and is_late(instant, deadline)
