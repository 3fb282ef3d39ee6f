"""What the workflow knows of one case: an immutable snapshot.

The store loads it, ``gridcase.workflow.machine`` turns it into the next one, the store writes the difference.
Texts that people wrote are not part of it: they never decide anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gridcase.domain.actor import Role
from gridcase.domain.case import (
    CaseNumber,
    CaseState,
    CheckMode,
    PersonId,
    RequestKind,
    Source,
    TaskKind,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.history import LimitedStage, StageDue
from gridcase.domain.place import GeoPoint, Location
from gridcase.domain.time import TimeLimit, is_late


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClock:
    """One stage's clock with how its deadline was computed.

    Parameters
    ----------
    due
        Start, limit, calendar and the deadline in force.
    original_due_at
        The deadline as first set, before any change.
    trace
        JSON made by ``gridcase.workflow.worktime.dump_trace``.
    stopped_at
        When the stage was done; None while the clock runs.
    paused_at
        Since when the clock stands still, while a case is suspended.
    """

    due: StageDue
    original_due_at: datetime
    trace: str
    stopped_at: datetime | None = None
    paused_at: datetime | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the stage was, or by ``now`` is, done too late."""
        return is_late(self.stopped_at or self.paused_at or now, self.due.due_at)

    @property
    def is_running(self) -> bool:
        """Whether time goes on: neither done nor paused."""
        return self.stopped_at is None and self.paused_at is None


class Outcome(StrEnum):
    """How an assignment ended."""

    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    REPORTED = "reported"
    CLOSED = "closed"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One unit's tenure of a case.

    Parameters
    ----------
    number
        1, 2, 3 … within the case.
    route
        JSON of the route explanation; None when a dispatcher chose the unit.
    handlers
        People who worked on it: of the unit, of its sub-units, or dispatchers reporting on its behalf; they may neither
        check nor close.
    is_lead
        False for an assisting unit 协办, whose clock is its own and whose report does not move the case.
    extensions
        Granted so far.
    """

    number: int
    unit: UnitCode
    dispatched_at: datetime
    dispatched_by: PersonId
    due_at: datetime
    original_due_at: datetime
    limit: TimeLimit
    route: str | None = None
    accepted_at: datetime | None = None
    reported_at: datetime | None = None
    returned_reason: str | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    leaves_due: bool = False
    handlers: tuple[PersonId, ...] = ()
    is_lead: bool = True
    extensions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One verification or check asked of one inspector.

    Parameters
    ----------
    mode
        How a check is made; verifications are always on site.
    result
        Word of ``CheckResult`` or ``VerifyResult``; None while open and when withdrawn.
    withdrawn_at
        When it was taken back, by a person or because its limit passed.
    """

    number: int
    kind: TaskKind
    inspector: PersonId
    mode: CheckMode
    asked_at: datetime
    asked_by: PersonId
    due_at: datetime
    done_at: datetime | None = None
    result: str | None = None
    withdrawn_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its inspector."""
        return self.done_at is None and self.withdrawn_at is None


class RequestState(StrEnum):
    """Where a request stands; ``lapsed`` when the case moved on before anybody decided."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something a shift leader, or one level up a leader, has to decide.

    Parameters
    ----------
    amount
        More time asked for (extension).
    until
        When a suspension ends by itself.
    changes
        What a correction would change, as JSON.
    decider
        Role that decides: ``shift_leader``, after its limit passed or for a second extension ``leader``.
    decide_by
        When it goes up one level.
    """

    number: int
    kind: RequestKind
    asked_at: datetime
    asked_by: PersonId
    decider: Role
    decide_by: datetime
    amount: TimeLimit | None = None
    until: datetime | None = None
    changes: str | None = None
    state: RequestState = RequestState.PENDING


class SubtaskState(StrEnum):
    """Where a sub-assignment stands."""

    ASSIGNED = "assigned"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtask:
    """A sub-unit or contractor working for the assigned unit 交办; shown, not scored."""

    number: int
    unit: UnitCode
    asked_at: datetime
    asked_by: PersonId
    state: SubtaskState = SubtaskState.ASSIGNED
    rejections: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the sub-unit, or the unit's confirmation, is still awaited."""
        return self.state in (SubtaskState.ASSIGNED, SubtaskState.SUBMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """A leader's push 督办 with its own deadline."""

    number: int
    asked_at: datetime
    asked_by: PersonId
    due_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as the workflow sees it.

    Parameters
    ----------
    version
        Raised by every action that advances the case; the ETag.
    events
        Length of its history.
    point
        WGS 84 position; None when nobody knows it.
    limit
        Handling limit fixed at registration; None before, and for a class without limit that awaits one.
    check_passed
        What the last check since the last report said; None when there was none. A waived check passes.
    before
        State to go back to from ``void``, ``returned`` and ``suspended``.
    returns
        How often units returned it; ``is_settled`` once a shift leader arbitrated: no further return.
    resumes_at
        When a suspension ends by itself.
    lead
        Number of the case this one repeats.
    object_id
        Code of the component 部件标识码.
    verified
        What the last verification found.
    is_unrouted
        Registered, and no routing rule says who is responsible.
    watched_at
        Until when the watch has seen to it.
    """

    number: CaseNumber
    version: int
    events: int
    state: CaseState
    type: TypeKey
    condition: str | None
    source: Source
    point: GeoPoint | None
    location: Location | None
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filed_by: PersonId
    found_by: PersonId | None
    filed_at: datetime
    registered_at: datetime | None = None
    closed_at: datetime | None = None
    limit: TimeLimit | None = None
    clocks: Mapping[LimitedStage, RunningClock] = field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()
    tasks: tuple[Task, ...] = ()
    check_passed: bool | None = None
    before: CaseState | None = None
    returns: int = 0
    is_settled: bool = False
    resumes_at: datetime | None = None
    lead: CaseNumber | None = None
    object_id: str | None = None
    is_self_handled: bool = False
    campaign: str | None = None
    verified: VerifyResult | None = None
    requests: tuple[Request, ...] = ()
    subtasks: tuple[Subtask, ...] = ()
    supervisions: tuple[Supervision, ...] = ()
    transferred_to: str | None = None
    is_unrouted: bool = False
    watched_at: datetime | None = None

    @property
    def assignment(self) -> Assignment | None:
        """The latest lead assignment."""
        return next((one for one in reversed(self.assignments) if one.is_lead), None)

    @property
    def assisting(self) -> tuple[Assignment, ...]:
        """Assisting assignments that are still open."""
        return tuple(one for one in self.assignments if not one.is_lead and one.ended_at is None)

    @property
    def pending(self) -> tuple[Request, ...]:
        """Requests that wait for a decision."""
        return tuple(one for one in self.requests if one.state is RequestState.PENDING)

    @property
    def subtask(self) -> Subtask | None:
        """The sub-assignment still open."""
        return next((one for one in self.subtasks if one.is_open), None)

    @property
    def task(self) -> Task | None:
        """The latest task."""
        return self.tasks[-1] if self.tasks else None

    @property
    def is_located(self) -> bool:
        """Whether the case has a unit cell."""
        return self.location is not None and self.location.cell is not None

    @property
    def due_at(self) -> datetime | None:
        """Deadline that matters now: that of the stage the case stands in; None once ended."""
        return self.clock.due.due_at if self.clock else None

    @property
    def clock(self) -> RunningClock | None:
        """Clock of the stage the case stands in; None once ended, and while suspended."""
        stage = _WATCHED.get(self.state)
        if self.state is CaseState.REPORTED and self.check_passed is not None:
            stage = LimitedStage.CLOSE
        return self.clocks.get(stage) if stage else None


def is_excused(case: Case) -> bool:
    """Tell whether an extension asked for in time is still pending: that is not overdue (domain §4)."""
    return any(one.kind is RequestKind.EXTENSION for one in case.pending)


_WATCHED = {
    CaseState.RECEIVED: LimitedStage.REGISTER,
    CaseState.VERIFYING: LimitedStage.VERIFY,
    CaseState.REGISTERED: LimitedStage.DISPATCH,
    CaseState.RETURNED: LimitedStage.HANDLE,
    CaseState.DISPATCHED: LimitedStage.HANDLE,
    CaseState.HANDLING: LimitedStage.HANDLE,
    CaseState.REPORTED: LimitedStage.CHECK,
    CaseState.CHECKING: LimitedStage.CHECK,
}
