"""Answer what was true of every case, assignment, task and action at a cut-off.

Folds history lines into rows and decides each outcome once; it counts nothing, reads no current rows, and
imports no data-frame library (``gridcase.assessment.frames`` does that). Rules: domain §4 to §6.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    CaseNumber,
    CaseState,
    CellCode,
    CheckMode,
    CheckResult,
    FindingKind,
    Ruling,
    Source,
    TaskKind,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.history import Assisting, CaseEvent, Facts, Finding, Given, GivenOutcome, LimitedStage, StageDue
from gridcase.domain.time import is_late

#: The reason that says a return was upheld: not this unit's case (domain §4).
WRONG_UNIT = "wrong_unit"

#: Layers whose features the cell code names.
_IN_CELL = frozenset({"unit", "community", "street", "district"})


class Handling(StrEnum):
    """How the handling of a case or an assignment stands at the cut-off; exactly one holds.

    ``on_time``, ``overdue`` and ``overdue_open`` are the three ways of being due. ``not_due``: there is no
    deadline, or it has not passed and nothing valid was reported; a deadline does not pass while the case is
    suspended, or an extension is pending, if that was asked at or before it. ``left``: out of the due counts
    (void, follower, transferred, return upheld, or passed on to another unit before the deadline).
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
        None while unlocated.
    places
        Features of layers it lies in or near, as ``|layer:code|layer:code|`` in order, without those that the cell
        code names; empty when there are none.
    filed_by, accepted_by, registered_by, dispatched_by, closed_by, voided_by, transferred_by, reopened_by
        Posts, ``role/person``; the finder has the credit of ``filed_by``. Never exported. Nobody accepts or closes
        a self-handled case.
    accepted_at
        First time the case was taken in: registered, self-handled, or its verification requested.
    registered_at
        First registration, since the case was last unlinked.
    dispatched_at
        First dispatch that was not withdrawn.
    reported_at
        Report of the last assignment that passed or still awaits its check; None after a failed check or a
        rework.
    checked_at, check_mode
        Last result of a check, and how the last one was or is to be made.
    verified
        What the last verification found.
    closed_at, void_at, transferred_at
        Set only while the case is closed, void, or transferred, at the cut-off. A follower is not void; a
        self-handled case is closed when it is filed.
    lead_case
        The case that this one repeats, while it is its follower.
    reopened_at
        Last time; a case may be closed again since.
    first_unit, unit
        Unit of the first and of the last lead assignment; a withdrawn dispatch is none.
    handle_due_at, original_handle_due_at, close_due_at
        Of the last assignment: in force, as first given, and for closing.
    handling
        Of the last lead assignment; ``left`` for a case that is void, a follower or transferred.
    is_closed
        Closed at the cut-off after having been given to a unit: counted as closed.
    self_handled
        Done on the spot and closed at once; counted apart. A reopened one is so no longer.
    is_suspended
        At the cut-off.
    recurrent, charged_unit
        Found to be like a case that was closed shortly before, and not dismissed; the unit that had handled that one.
    missed
        Found by a superior without a case of ours before, and not dismissed.
    registered_late, dispatched_late
        False where it has not happened or had no clock.
    closed_late, closed_past_handling
        Closed after the closing deadline, after the handling deadline; False where there is none.
    accurately_dispatched
        Dispatched, and the first assignment did not end as the wrong unit's.
    reworks, returns, failed_checks, false_feedbacks, extensions, suspensions
        Times, over all assignments; extensions and suspensions that were granted. A false feedback is a failed check
        that says so.
    supervisions, supervisions_on_time
        Times supervised, and of these answered at or before their deadlines.
    subtasks, reopens
        Sub-assignments within the unit, shown and never scored; times reopened.
    provisional
        A deadline in force reaches into a year that is not announced.
    district, street, community
        First 6, 9 and 12 characters of the cell code; of an imported case without a cell the codes of its source.
    """

    case: CaseNumber
    type: TypeKey | None
    condition: str | None
    source: Source | None
    cell: CellCode | None
    places: str
    state: CaseState
    filed_by: str | None
    accepted_by: str | None
    registered_by: str | None
    dispatched_by: str | None
    closed_by: str | None
    voided_by: str | None
    transferred_by: str | None
    reopened_by: str | None
    filed_at: datetime
    accepted_at: datetime | None
    registered_at: datetime | None
    dispatched_at: datetime | None
    reported_at: datetime | None
    checked_at: datetime | None
    check_mode: CheckMode | None
    verified: VerifyResult | None
    closed_at: datetime | None
    void_at: datetime | None
    transferred_at: datetime | None
    transferred_to: str | None
    lead_case: CaseNumber | None
    reopened_at: datetime | None
    first_unit: UnitCode | None
    unit: UnitCode | None
    register_due_at: datetime | None
    dispatch_due_at: datetime | None
    handle_due_at: datetime | None
    original_handle_due_at: datetime | None
    close_due_at: datetime | None
    handling: Handling
    is_closed: bool
    self_handled: bool
    is_suspended: bool
    recurrent: bool
    charged_unit: UnitCode | None
    missed: bool
    registered_late: bool
    dispatched_late: bool
    closed_late: bool
    closed_past_handling: bool
    accurately_dispatched: bool
    reworks: int
    returns: int
    failed_checks: int
    false_feedbacks: int
    extensions: int
    suspensions: int
    supervisions: int
    supervisions_on_time: int
    subtasks: int
    reopens: int
    provisional: bool
    district: str | None
    street: str | None
    community: str | None

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
    def is_open(self) -> bool:
        """Whether work on the case goes on."""
        return self.state.is_open

    @property
    def is_void(self) -> bool:
        """Whether the case is void at the cut-off."""
        return self.void_at is not None

    @property
    def is_duplicate(self) -> bool:
        """Whether the case is a follower at the cut-off: neither void nor valid."""
        return self.lead_case is not None

    @property
    def left_due(self) -> bool:
        """Whether the case is out of the due counts."""
        return self.handling is Handling.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """One unit's tenure of a case; a dispatch that was withdrawn leaves no row.

    Parameters
    ----------
    number
        1, 2 … within the case.
    is_lead
        False for an assisting unit, which is judged by its own deadline and never as having closed the case.
    ended_at
        When it was given to another unit; an assisting one also when it reported, or the case was closed. None
        while it goes on.
    leaves_due
        It ended because the unit was wrong.
    is_open
        It has not ended, and work on the case goes on.
    is_closed
        It is the last lead of a closed case.
    is_suspended
        At the cut-off; an assisting unit's clock runs on.
    handling
        Its outcome. Passed on for another reason, it is ``left`` when that happened before the deadline (the
        remaining time and the duty went with the case) and ``overdue_open`` when it was late already.
    closed_at
        When the case was closed, on the lead assignment that was then the last and those assisting it.
    supervisions, supervisions_on_time
        Times supervised while it was the lead, and of these answered in time.
    """

    case: CaseNumber
    number: int
    unit: UnitCode | None
    is_lead: bool
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
    is_closed: bool
    is_suspended: bool
    handling: Handling
    closed_at: datetime | None
    closed_late: bool
    closed_past_handling: bool
    reworks: int
    returns: int
    failed_checks: int
    false_feedbacks: int
    extensions: int
    suspensions: int
    supervisions: int
    supervisions_on_time: int

    @property
    def left_due(self) -> bool:
        """Whether the assignment is out of the due counts."""
        return self.handling is Handling.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One verification or check asked of one inspector.

    Parameters
    ----------
    post
        ``inspector/<person>``; never exported.
    unit
        Unit whose work is checked; None for a verification and for a self-handled case.
    mode
        None for a verification.
    done_at, withdrawn_at
        When the result was received; when the task was taken back, given to another, or fell with its case.
    counted
        False for a task that was withdrawn at or before its deadline: it was not asked after all.
    late
        The result's capture time (receipt where no device time is known), or the withdrawal, is after the
        deadline; False before.
    """

    case: CaseNumber
    number: int
    kind: TaskKind
    post: str
    unit: UnitCode | None
    mode: CheckMode | None
    asked_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    withdrawn_at: datetime | None
    result: CheckResult | VerifyResult | None
    counted: bool
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
        the clock which the report started, for ``request_verification`` that of registration.
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
    are passed over, and a case filed after it does not appear. An imported case counts by what its source gives,
    whenever it was imported: what the source says happened after the cut-off had not happened yet. Empty input
    gives four empty tuples.
    """
    histories: dict[CaseNumber, list[CaseEvent]] = {}
    for event in events:
        if _happened_at(event) <= cut_off:
            histories.setdefault(event.case, []).append(event)
    for lines in histories.values():
        lines.sort(key=_by_seq)
    folds = [_fold_case(histories[number], cut_off) for number in sorted(histories)]
    return FactRows(
        cases=tuple(CaseRow(**one.case) for one in folds),
        assignments=tuple(AssignmentRow(**told) for one in folds for told in one.assignments),
        tasks=tuple(TaskRow(**told) for one in folds for told in one.tasks),
        actions=tuple(ActionRow(**told) for one in folds for told in one.actions),
    )


def fold_case(lines: Sequence[CaseEvent], cut_off: datetime) -> "FoldedCase | None":
    """Fold the lines of one case, ordered by ``seq``, to what was true at the cut-off; None when it was not filed.

    For ``gridcase.assessment.streaming``, which gives lines and a cut-off whose instants are whole seconds as integers:
    nothing here but ``_late`` looks into an instant.
    """
    happened = [line for line in lines if _happened_at(line) <= cut_off]
    return _fold_case(happened, cut_off) if happened else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedCase:
    """What was true of one case: the fields of its row and of its assignments', tasks' and actions', in their order."""

    case: dict[str, Any]
    assignments: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    actions: list[dict[str, Any]]


def places_of(layers: Mapping[str, Iterable[str]]) -> str:
    """Write the features that a case lies in as one text; those that the cell code names are left out.

    Examples
    --------
    >>> places_of({"street": ("320404005",), "road": ("R12", "R7"), "river": ("H3",)})
    '|river:H3|road:R12|road:R7|'
    """
    named = sorted(f"{layer}:{code}" for layer, codes in layers.items() if layer not in _IN_CELL for code in codes)
    return f"|{'|'.join(named)}|" if named else ""


@lru_cache(maxsize=4096)
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

    def __init__(self, number: int, unit: UnitCode | None, dispatched_at: datetime, *, is_lead: bool = True) -> None:
        self.number = number
        self.unit = unit
        self.is_lead = is_lead
        self.dispatched_at = dispatched_at
        self.dues: dict[LimitedStage, StageDue] = {}
        self.original_handle_due: datetime | None = None
        self.accepted_at: datetime | None = None
        self.report_at: datetime | None = None
        self.check_failed = False
        self.was_overdue = False
        self.paused_at: datetime | None = None
        self.extension_asked_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.leaves_due = False
        self.ended_as_wrong_unit = False
        self.closed_at: datetime | None = None
        #: Of an imported case: its clock was never ours, and its outcome stands until the case is reopened.
        self.given: Given | None = None
        self.reworks = self.returns = self.failed_checks = self.false_feedbacks = 0
        self.extensions = self.suspensions = self.supervisions = self.supervisions_on_time = 0

    def due_at(self, stage: LimitedStage) -> datetime | None:
        due = self.dues.get(stage)
        if due is None and self.given is not None and stage is LimitedStage.HANDLE:
            return self.given.handle_due_at
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

    def handling(self, cut_off: datetime, *, is_out: bool) -> Handling:
        due = self.due_at(LimitedStage.HANDLE)
        if is_out or self.leaves_due:
            return Handling.LEFT
        if self.given is not None and (self.given.outcome or self.closed_at):
            return _OF_OUTCOME.get(self.given.outcome, Handling.NOT_DUE)
        if due is None:
            return Handling.NOT_DUE
        if self.valid_report_at is not None:
            late = self.was_overdue or _late(self.valid_report_at, due)
            return Handling.OVERDUE if late else Handling.ON_TIME
        # A suspension, and an extension still undecided, hold the clock where it stood when they were asked for.
        stood_at = self.ended_at or self.extension_asked_at or self.paused_at or cut_off
        if self.was_overdue or _late(stood_at, due):
            return Handling.OVERDUE_OPEN
        return Handling.LEFT if self.ended_at else Handling.NOT_DUE

    @property
    def closed_late(self) -> bool:
        if self.given is not None:
            return self.given.outcome is GivenOutcome.OVERDUE
        return _late(self.closed_at, self.due_at(LimitedStage.CLOSE))

    @property
    def closed_past_handling(self) -> bool:
        if self.given is not None:
            return self.given.outcome is GivenOutcome.OVERDUE
        if self.closed_at is None:
            return False
        return self.was_overdue or _late(self.closed_at, self.due_at(LimitedStage.HANDLE))


class _Task:
    """A task while its case is being folded."""

    def __init__(self, event: CaseEvent, number: int, kind: TaskKind, unit: UnitCode | None) -> None:
        stage = LimitedStage.VERIFY if kind is TaskKind.VERIFY else LimitedStage.CHECK
        self.case = event.case
        self.number = number
        self.kind = kind
        self.inspector = event.facts.inspector or 0
        self.unit = unit
        self.mode = event.facts.check_mode
        self.asked_at = event.recorded_at
        self.due_at = next((due.due_at for due in event.facts.dues if due.stage is stage), None)
        self.seen_at: datetime | None = None
        self.done_at: datetime | None = None
        self.withdrawn_at: datetime | None = None
        self.result: CheckResult | VerifyResult | None = None

    def finish(self, event: CaseEvent) -> None:
        self.done_at = event.recorded_at
        self.result = event.facts.check_result or event.facts.verify_result
        # Capture time decides: a phone without network must not make its inspector late (domain §5).
        self.seen_at = event.observed_at or event.recorded_at

    def withdraw(self, event: CaseEvent) -> None:
        if self.done_at is None and self.withdrawn_at is None:
            self.withdrawn_at = event.recorded_at

    def told(self) -> dict[str, Any]:
        late = _late(self.seen_at or self.withdrawn_at, self.due_at)
        return {
            "case": self.case,
            "number": self.number,
            "kind": self.kind,
            "post": post_of(Role.INSPECTOR, self.inspector),
            "unit": self.unit,
            "mode": self.mode,
            "asked_at": self.asked_at,
            "due_at": self.due_at,
            "done_at": self.done_at,
            "withdrawn_at": self.withdrawn_at,
            "result": self.result,
            "counted": self.withdrawn_at is None or late,
            "late": late,
        }


class _CaseFold:
    """A case while its lines are read one after the other."""

    def __init__(self, first: CaseEvent, given: Given | None) -> None:
        self.first = first
        self.given = given
        self.filed_at = given.filed_at if given else first.recorded_at
        self.state = first.to_state
        self.type = first.facts.type
        self.condition = first.facts.condition
        self.cell = first.facts.cell
        self.places = places_of(first.facts.layers or {})
        self.at: dict[Action, datetime] = {}
        self.by: dict[Action, str] = {}
        self.dues: dict[LimitedStage, StageDue] = {}
        self.assignments: dict[int, _Assignment] = {}
        self.last: _Assignment | None = None
        self.tasks: dict[int, _Task] = {}
        self.checked_at: datetime | None = None
        self.check_mode: CheckMode | None = None
        self.verified: VerifyResult | None = None
        self.self_handled = first.facts.self_handled
        self.accepted_at = first.recorded_at if self.self_handled else None
        self.accepted_by: str | None = None
        self.lead_case: CaseNumber | None = None
        self.transferred_to: str | None = None
        #: Those awaiting their answer: deadline, and the assignment that was the lead.
        self.supervised: dict[int, tuple[datetime | None, _Assignment | None]] = {}
        self.supervisions = self.supervisions_on_time = self.reopens = self.failed_checks = self.false_feedbacks = 0
        #: What stands of what was found; what a person dismissed does not, until it is found anew.
        self.found: dict[FindingKind, Finding] = {}
        self.subtasks: set[int] = set()
        self.actions: list[dict[str, Any]] = []

    def take(self, event: CaseEvent) -> None:
        if event.facts.given is not None:
            self._take_given(event)
            return
        late = self._is_late(event)
        post = post_of(event.role, event.actor)
        self._note(event, post, late=late)
        step = _STEPS.get(event.action)
        if step is not None:
            step(self, event)
        facts = event.facts
        if facts.dues and event.action not in _KEEP_THEIR_DUES:
            self._take_dues(event, facts.dues)
        if event.action in _CORRECTING:
            self._correct(facts)
        self.state = event.to_state

    def _take_given(self, event: CaseEvent) -> None:
        """Take an imported case as its source gives it: nobody of ours acted, and no clock of ours ran."""
        given = self.given
        if given is None:
            return
        told = {
            Action.REGISTER: given.registered_at,
            Action.DISPATCH: given.dispatched_at,
            Action.CLOSE: given.closed_at,
            Action.VOID: given.void_at,
            Action.TRANSFER: given.closed_at or given.filed_at,
        }
        self.at = {action: at for action, at in told.items() if at is not None}
        self.accepted_at = given.accepted_at or given.registered_at
        self.state = event.to_state
        if event.facts.given != given and not event.to_state.is_open and not (given.closed_at or given.void_at):
            # It ended after the cut-off.
            self.state = CaseState.REGISTERED if given.registered_at else CaseState.RECEIVED
        holder = _Assignment(GIVEN_ASSIGNMENT, event.facts.unit, given.dispatched_at or given.filed_at)
        holder.given = given
        holder.original_handle_due = given.handle_due_at
        holder.accepted_at = given.accepted_at
        holder.report_at = given.reported_at
        self.last = self.assignments[GIVEN_ASSIGNMENT] = holder

    def _correct(self, facts: Facts) -> None:
        if facts.type is not None:
            self.type = facts.type
            if Action.REGISTER not in self.at:
                self.condition = None  # of the former type; registration names that of the new one
        self.condition = facts.condition or self.condition
        self.cell = facts.cell or self.cell
        if facts.layers is not None:
            self.places = places_of(facts.layers)

    def _note(self, event: CaseEvent, post: str, *, late: bool) -> None:
        self.actions.append(
            {
                "case": event.case,
                "seq": event.seq,
                "action": event.action,
                "post": post,
                "at": event.recorded_at,
                "task": event.facts.task,
                "late": late,
            }
        )
        # Registration and dispatch count by their first time; closing, voiding and reopening by their last.
        if event.action in _BY_LAST_TIME or event.action not in self.at:
            self.at[event.action] = event.recorded_at
            self.by[event.action] = post

    def _is_late(self, event: CaseEvent) -> bool:
        stage = _STOPS.get(event.action)
        if stage is None:
            return False
        if event.action in _ANSWERS:
            task = self.tasks.get(event.facts.task or 0)
            return task is not None and _late(event.observed_at or event.recorded_at, task.due_at)
        holder = self._concerned(event)
        due = self.dues.get(stage) if stage in _CASE_STAGES or holder is None else holder.dues.get(stage)
        return due is not None and _late(event.recorded_at, due.due_at)

    def _concerned(self, event: CaseEvent) -> _Assignment | None:
        number = event.facts.assignment
        return self.last if number is None else self.assignments.get(number, self.last)

    def _take_dues(self, event: CaseEvent, dues: Iterable[StageDue]) -> None:
        holder = self._concerned(event)
        for due in dues:
            if due.stage in _CASE_STAGES:
                self.dues[due.stage] = due
            elif holder is not None and due.stage in _UNIT_STAGES:
                holder.take_due(due)

    def request_verification(self, event: CaseEvent) -> None:
        self.take_in(event)
        self._ask(event, TaskKind.VERIFY, None)

    def verify(self, event: CaseEvent) -> None:
        self.verified = event.facts.verify_result
        self._finish(event)

    def reassign_task(self, event: CaseEvent) -> None:
        self.withdraw_tasks(event)
        kind = event.facts.task_kind or TaskKind.CHECK
        self._ask(event, kind, self.last if kind is TaskKind.CHECK else None)

    def withdraw_tasks(self, event: CaseEvent) -> None:
        for task in self.tasks.values():
            task.withdraw(event)

    def _ask(self, event: CaseEvent, kind: TaskKind, holder: "_Assignment | None") -> None:
        number = event.facts.task
        if number is not None:
            self.tasks[number] = _Task(event, number, kind, holder.unit if holder else None)

    def _finish(self, event: CaseEvent) -> None:
        task = self.tasks.get(event.facts.task or 0)
        if task is not None:
            task.finish(event)

    def take_in(self, event: CaseEvent) -> None:
        if self.accepted_at is None:
            self.accepted_at = event.recorded_at
            self.accepted_by = post_of(event.role, event.actor)

    def end(self, event: CaseEvent) -> None:
        """Void, transfer or link: tasks and requests fall with the case."""
        self.withdraw_tasks(event)
        self._lapse(self.last)
        self.lead_case = event.facts.lead_case
        self.transferred_to = event.facts.transferred_to

    def unlink(self, _: CaseEvent) -> None:
        self.lead_case = None
        self._forget(Action.REGISTER)

    def _forget(self, action: Action) -> None:
        self.at.pop(action, None)
        self.by.pop(action, None)

    @staticmethod
    def _lapse(holder: "_Assignment | None") -> None:
        if holder is not None:
            holder.extension_asked_at = None

    def dispatch(self, event: CaseEvent) -> None:
        # The unit that an imported case came with had it elsewhere: from now on it is ours to assign.
        self.assignments.pop(GIVEN_ASSIGNMENT, None)
        number = event.facts.assignment or len(self.assignments) + 1
        self.last = _Assignment(number, event.facts.unit, event.recorded_at)
        self.assignments[number] = self.last
        for one in event.facts.assisting:
            self._assist(one, event.recorded_at)

    def _assist(self, one: Assisting, at: datetime) -> None:
        helper = _Assignment(one.assignment, one.unit, at, is_lead=False)
        helper.take_due(one.due)
        self.assignments[one.assignment] = helper

    def withdraw_dispatch(self, _: CaseEvent) -> None:
        # Uncounted everywhere; an assisting unit that reported its part did so all the same.
        self.assignments = {number: one for number, one in self.assignments.items() if one.ended_at is not None}
        leads = [one for one in self.assignments.values() if one.is_lead]
        self.last = leads[-1] if leads else None
        if not leads:
            self._forget(Action.DISPATCH)

    def reassign(self, event: CaseEvent) -> None:
        ended = self.last
        self._lapse(ended)
        self._end_assignments(event)
        if ended is not None:
            ended.leaves_due = event.facts.leaves_due
            ended.ended_as_wrong_unit = event.facts.reassigned_reason == WRONG_UNIT
        self.dispatch(event)

    def arbitrate(self, event: CaseEvent) -> None:
        if event.facts.assignment not in self.assignments:
            self.reassign(event)  # else it stays with the unit that returned it, and its clock runs on

    def _end_assignments(self, event: CaseEvent, *, helpers_only: bool = False) -> None:
        for one in self.assignments.values():
            if one.ended_at is None and not (helpers_only and one.is_lead):
                one.ended_at = event.recorded_at

    def accept(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None and holder.accepted_at is None:
            holder.accepted_at = event.recorded_at

    def return_task(self, event: CaseEvent) -> None:
        self.accept(event)
        holder = self._concerned(event)
        self._lapse(holder)
        if holder is not None:
            holder.returns += 1

    def report(self, event: CaseEvent) -> None:
        self.accept(event)
        holder = self._concerned(event)
        self._lapse(holder)
        if holder is not None:
            holder.report_at = event.recorded_at
            holder.check_failed = False
            if not holder.is_lead:
                holder.ended_at = event.recorded_at

    def assign(self, event: CaseEvent) -> None:
        self.subtasks.add(event.facts.subtask or 0)

    def ask_extension(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None:
            holder.extension_asked_at = event.recorded_at

    def decide_extension(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        self._lapse(holder)
        if holder is not None and event.facts.ruling is Ruling.GRANT:
            holder.extensions += 1

    def decide_suspension(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None and event.facts.ruling is Ruling.GRANT:
            holder.suspensions += 1
            holder.paused_at = event.facts.asked_at or event.recorded_at

    def resume(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None:
            holder.paused_at = None

    def request_check(self, event: CaseEvent) -> None:
        self.check_mode = event.facts.check_mode
        self.dues.pop(LimitedStage.CHECK, None)
        holder = self._concerned(event)
        if holder is not None:
            # Asked again after a failed check: the report awaits its check once more.
            holder.check_failed = False
        self._ask(event, TaskKind.CHECK, holder)

    def check(self, event: CaseEvent) -> None:
        self.checked_at = event.recorded_at
        self._finish(event)
        failed = event.facts.check_result is CheckResult.FAIL
        self.failed_checks += failed
        self.false_feedbacks += event.facts.false_feedback
        holder = self._concerned(event)
        if holder is not None:
            holder.check_failed = failed
            holder.failed_checks += failed
            holder.false_feedbacks += event.facts.false_feedback

    def rework(self, event: CaseEvent) -> None:
        holder = self._concerned(event)
        if holder is not None:
            holder.note_lateness()
            holder.reworks += 1
            holder.report_at = None
            holder.check_failed = False

    def close(self, event: CaseEvent) -> None:
        self._end_assignments(event, helpers_only=True)
        holder = self._concerned(event)
        if holder is not None:
            # A closed case was handled: its closing stands for a report that nobody recorded.
            holder.report_at = holder.report_at or event.recorded_at
            holder.check_failed = False

    def reopen(self, event: CaseEvent) -> None:
        self.withdraw_tasks(event)
        self.reopens += 1
        self.self_handled = False
        if self.last is not None and self.last.given is not None:
            self.last.given = replace(self.last.given, outcome=None)

    def reclock(self, event: CaseEvent) -> None:
        for one in event.facts.assisting:
            self.assignments[one.assignment].take_due(one.due)
        # Before a check is asked for, the check clock is the case's: the one that the report started.
        of_tasks = [due for due in event.facts.dues if due.stage in _TASK_STAGES and due.stage not in self.dues]
        self._take_dues(event, (due for due in event.facts.dues if due not in of_tasks))
        for due in of_tasks:
            kind = _TASK_STAGES[due.stage]
            task = next((one for one in reversed(self.tasks.values()) if one.kind is kind), None)
            if task is not None:
                task.due_at = due.due_at

    def find(self, event: CaseEvent) -> None:
        finding = event.facts.finding
        if finding is not None and finding.withdrawn:
            self.found.pop(finding.kind, None)
        elif finding is not None:
            self.found[finding.kind] = finding

    def review(self, event: CaseEvent) -> None:
        if event.facts.finding is not None and event.facts.ruling is Ruling.REFUSE:
            self.found.pop(event.facts.finding.kind, None)

    def supervise(self, event: CaseEvent) -> None:
        due_at = next((due.due_at for due in event.facts.dues if due.stage is LimitedStage.SUPERVISE), None)
        self.supervised[event.facts.supervision or 0] = (due_at, self.last)
        self.supervisions += 1
        if self.last is not None:
            self.last.supervisions += 1

    def answer_supervision(self, event: CaseEvent) -> None:
        due_at, holder = self.supervised.pop(event.facts.supervision or 0, (None, None))
        on_time = not _late(event.recorded_at, due_at)
        self.supervisions_on_time += on_time
        if holder is not None:
            holder.supervisions_on_time += on_time

    def case(self, cut_off: datetime) -> dict[str, Any]:
        last = self.last
        assigned = self.assignments.values()
        first = next((one for one in assigned if one.is_lead), None)
        closed_at = self._closed_at()
        is_follower = self.lead_case is not None
        void_at = None if is_follower else self._at_if(Action.VOID, CaseState.VOID)
        transferred_at = self._at_if(Action.TRANSFER, CaseState.TRANSFERRED)
        self._close_last(closed_at)
        repeat = self.found.get(FindingKind.RECURRENCE)
        return {
            "case": self.first.case,
            "type": self.type,
            "condition": self.condition,
            "source": self.first.facts.source,
            "cell": self.cell,
            "places": self.places,
            "state": self.state,
            "filed_by": self._finder(),
            "accepted_by": self.accepted_by,
            "registered_by": self.by.get(Action.REGISTER),
            "dispatched_by": self.by.get(Action.DISPATCH),
            "closed_by": self.by.get(Action.CLOSE) if closed_at else None,
            "voided_by": self.by.get(Action.VOID) if void_at else None,
            "transferred_by": self.by.get(Action.TRANSFER),
            "reopened_by": self.by.get(Action.REOPEN),
            "filed_at": self.filed_at,
            "accepted_at": self.accepted_at,
            "registered_at": self.at.get(Action.REGISTER),
            "dispatched_at": self.at.get(Action.DISPATCH),
            "reported_at": last.valid_report_at if last else None,
            "checked_at": self.checked_at,
            "check_mode": self.check_mode,
            "verified": self.verified,
            "closed_at": closed_at,
            "void_at": void_at,
            "transferred_at": transferred_at,
            "transferred_to": self.transferred_to,
            "lead_case": self.lead_case,
            "reopened_at": self.at.get(Action.REOPEN),
            "first_unit": first.unit if first else None,
            "unit": last.unit if last else self.first.facts.unit if self.given else None,
            "register_due_at": self._due_at(LimitedStage.REGISTER),
            "dispatch_due_at": self._due_at(LimitedStage.DISPATCH),
            "handle_due_at": last.due_at(LimitedStage.HANDLE) if last else None,
            "original_handle_due_at": last.original_handle_due if last else None,
            "close_due_at": last.due_at(LimitedStage.CLOSE) if last else None,
            "handling": self._handling(cut_off),
            "is_closed": self._is_closed(closed_at),
            "self_handled": self.self_handled,
            "is_suspended": self.state is CaseState.SUSPENDED,
            "recurrent": repeat is not None,
            "charged_unit": repeat.unit if repeat else None,
            "missed": FindingKind.MISSED in self.found,
            # Against the deadline in force now: it may have been provisional then.
            "registered_late": _late(self.at.get(Action.REGISTER), self._due_at(LimitedStage.REGISTER)),
            "dispatched_late": _late(self.at.get(Action.DISPATCH), self._due_at(LimitedStage.DISPATCH)),
            "closed_late": last.closed_late if last else False,
            "closed_past_handling": last.closed_past_handling if last else False,
            "accurately_dispatched": first is not None
            and not first.ended_as_wrong_unit
            and (first.given is None or first.given.dispatched_at is not None),
            "reworks": sum([one.reworks for one in assigned]),
            "returns": sum([one.returns for one in assigned]),
            "failed_checks": self.failed_checks,
            "false_feedbacks": self.false_feedbacks,
            "extensions": sum([one.extensions for one in assigned]),
            "suspensions": sum([one.suspensions for one in assigned]),
            "supervisions": self.supervisions,
            "supervisions_on_time": self.supervisions_on_time,
            "subtasks": len(self.subtasks),
            "reopens": self.reopens,
            "provisional": self._is_provisional(),
            "district": self._area("district", 6),
            "street": self._area("street", 9),
            "community": self._area("community", 12),
        }

    def assigned(self, cut_off: datetime) -> Iterator[dict[str, Any]]:
        is_out = self._is_out
        closed_at = self._closed_at()
        self._close_last(closed_at)
        for one in self.assignments.values():
            yield {
                "case": self.first.case,
                "number": one.number,
                "unit": one.unit,
                "is_lead": one.is_lead,
                "dispatched_at": one.dispatched_at,
                "accept_due_at": one.due_at(LimitedStage.ACCEPT),
                "accepted_at": one.accepted_at,
                "handle_due_at": one.due_at(LimitedStage.HANDLE),
                "original_handle_due_at": one.original_handle_due,
                "close_due_at": one.due_at(LimitedStage.CLOSE),
                "reported_at": one.valid_report_at,
                "ended_at": one.ended_at,
                "leaves_due": one.leaves_due,
                "is_open": self.state.is_open and one.ended_at is None,
                "is_closed": one is self.last and self._is_closed(closed_at),
                "is_suspended": self.state is CaseState.SUSPENDED and one is self.last,
                "handling": one.handling(cut_off, is_out=is_out),
                "closed_at": one.closed_at,
                "closed_late": one.closed_late,
                "closed_past_handling": one.closed_past_handling,
                "reworks": one.reworks,
                "returns": one.returns,
                "failed_checks": one.failed_checks,
                "false_feedbacks": one.false_feedbacks,
                "extensions": one.extensions,
                "suspensions": one.suspensions,
                "supervisions": one.supervisions,
                "supervisions_on_time": one.supervisions_on_time,
            }

    @property
    def _is_out(self) -> bool:
        return self.state in (CaseState.VOID, CaseState.TRANSFERRED)

    def _closed_at(self) -> datetime | None:
        return self.first.recorded_at if self.self_handled else self._at_if(Action.CLOSE, CaseState.CLOSED)

    def _close_last(self, closed_at: datetime | None) -> None:
        # Numbers grow, so what follows the last lead are the units assisting it.
        if self.last is not None:
            for number, one in self.assignments.items():
                if number >= self.last.number:
                    one.closed_at = closed_at

    def _at_if(self, action: Action, state: CaseState) -> datetime | None:
        return self.at.get(action) if self.state is state else None

    def _due_at(self, stage: LimitedStage) -> datetime | None:
        due = self.dues.get(stage)
        return due.due_at if due else None

    def _is_closed(self, closed_at: datetime | None) -> bool:
        """Tell whether it counts as closed: an imported case only where its source says how, be it without when."""
        if self.last is not None and self.last.given is not None:
            return self.state is CaseState.CLOSED and self.last.given.outcome is not None
        return closed_at is not None and self.last is not None

    def _area(self, name: str, length: int) -> str | None:
        if self.cell:
            return self.cell[:length]
        return getattr(self.given, name) if self.given else None

    def _finder(self) -> str | None:
        found_by = self.first.facts.found_by
        if found_by is not None:
            return post_of(Role.INSPECTOR, found_by)
        if self.given is not None:
            return None
        return post_of(self.first.role, self.first.actor)

    def _handling(self, cut_off: datetime) -> Handling:
        if self.last is not None:
            return self.last.handling(cut_off, is_out=self._is_out)
        return Handling.LEFT if self._is_out else Handling.NOT_DUE

    def _is_provisional(self) -> bool:
        dues = [*self.dues.values(), *(self.last.dues.values() if self.last else ())]
        return any(due.provisional for due in dues)


_STEPS: dict[Action, Callable[[_CaseFold, CaseEvent], None]] = {
    Action.REQUEST_VERIFICATION: _CaseFold.request_verification,
    Action.VERIFY: _CaseFold.verify,
    Action.REASSIGN_TASK: _CaseFold.reassign_task,
    Action.WITHDRAW_TASK: _CaseFold.withdraw_tasks,
    Action.REGISTER: _CaseFold.take_in,
    Action.VOID: _CaseFold.end,
    Action.TRANSFER: _CaseFold.end,
    Action.LINK_DUPLICATE: _CaseFold.end,
    Action.UNLINK_DUPLICATE: _CaseFold.unlink,
    Action.DISPATCH: _CaseFold.dispatch,
    Action.WITHDRAW_DISPATCH: _CaseFold.withdraw_dispatch,
    Action.REASSIGN: _CaseFold.reassign,
    Action.ARBITRATE: _CaseFold.arbitrate,
    Action.ACCEPT: _CaseFold.accept,
    Action.ASSIGN: _CaseFold.assign,
    Action.CONFIRM: _CaseFold.report,
    Action.RETURN_TASK: _CaseFold.return_task,
    Action.ASK_EXTENSION: _CaseFold.ask_extension,
    Action.DECIDE_EXTENSION: _CaseFold.decide_extension,
    Action.DECIDE_SUSPENSION: _CaseFold.decide_suspension,
    Action.RESUME: _CaseFold.resume,
    Action.REPORT: _CaseFold.report,
    Action.REQUEST_CHECK: _CaseFold.request_check,
    Action.CHECK: _CaseFold.check,
    Action.REWORK: _CaseFold.rework,
    Action.CLOSE: _CaseFold.close,
    Action.REOPEN: _CaseFold.reopen,
    Action.RECLOCK: _CaseFold.reclock,
    Action.SUPERVISE: _CaseFold.supervise,
    Action.ANSWER_SUPERVISION: _CaseFold.answer_supervision,
    Action.FIND: _CaseFold.find,
    Action.REVIEW: _CaseFold.review,
}

#: Which clock an action stops.
_STOPS = {
    Action.REQUEST_VERIFICATION: LimitedStage.REGISTER,
    Action.VERIFY: LimitedStage.VERIFY,
    Action.REGISTER: LimitedStage.REGISTER,
    Action.DISPATCH: LimitedStage.DISPATCH,
    Action.ACCEPT: LimitedStage.ACCEPT,
    Action.REPORT: LimitedStage.HANDLE,
    Action.CONFIRM: LimitedStage.HANDLE,
    Action.REQUEST_CHECK: LimitedStage.CHECK,
    Action.CHECK: LimitedStage.CHECK,
    Action.CLOSE: LimitedStage.CLOSE,
}

_BY_LAST_TIME = frozenset({Action.CLOSE, Action.VOID, Action.REOPEN})
_ANSWERS = frozenset({Action.VERIFY, Action.CHECK})
_CORRECTING = frozenset({Action.REGISTER, Action.CORRECT, Action.DECIDE_CORRECTION})

#: Clocks that these start are their own task's, request's or supervision's; recomputed ones are sorted in its step.
_KEEP_THEIR_DUES = frozenset(
    {
        Action.REQUEST_VERIFICATION,
        Action.REQUEST_CHECK,
        Action.REASSIGN_TASK,
        Action.SUPERVISE,
        Action.RECLOCK,
    }
)

#: Clocks of the case, and of an assignment; the others are kept where they are asked about.
_CASE_STAGES = frozenset({LimitedStage.REGISTER, LimitedStage.DISPATCH, LimitedStage.CHECK})
_UNIT_STAGES = frozenset({LimitedStage.ACCEPT, LimitedStage.HANDLE, LimitedStage.CLOSE})

_TASK_STAGES = {LimitedStage.VERIFY: TaskKind.VERIFY, LimitedStage.CHECK: TaskKind.CHECK}


#: Number of the assignment that stands for the unit an imported case came with.
GIVEN_ASSIGNMENT = 0

_OF_OUTCOME: dict[GivenOutcome | None, Handling] = {
    GivenOutcome.ON_TIME: Handling.ON_TIME,
    GivenOutcome.OVERDUE: Handling.OVERDUE,
}


def _happened_at(event: CaseEvent) -> datetime:
    return event.facts.given.filed_at if event.facts.given else event.recorded_at


def _given_by(given: Given | None, cut_off: datetime) -> Given | None:
    """Return what had happened by the cut-off; an outcome that came with a later closing had not."""
    if given is None:
        return None
    later: dict[str, Any] = {
        name: None for name in _GIVEN_INSTANTS if (at := getattr(given, name)) is not None and at > cut_off
    }
    if later.keys() & {"reported_at", "closed_at", "void_at"}:
        later["outcome"] = None
    return replace(given, **later) if later else given


_GIVEN_INSTANTS = ("accepted_at", "registered_at", "dispatched_at", "reported_at", "closed_at", "void_at")


def _fold_case(events: Sequence[CaseEvent], cut_off: datetime) -> FoldedCase:
    one = _CaseFold(events[0], _given_by(events[0].facts.given, cut_off))
    for event in events:
        one.take(event)
    return FoldedCase(
        case=one.case(cut_off),
        assignments=list(one.assigned(cut_off)),
        tasks=[task.told() for task in one.tasks.values()],
        actions=one.actions,
    )


def _by_seq(event: CaseEvent) -> int:
    return event.seq


def _late(instant: Any, deadline: Any) -> bool:
    # What has not happened, or had no clock, is not late.
    if instant is None or deadline is None:
        return False
    return bool(instant > deadline) if type(instant) is int else is_late(instant, deadline)
