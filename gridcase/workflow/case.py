"""What the workflow knows of one case: an immutable snapshot.

The store loads it, ``gridcase.workflow.machine`` turns it into the next one, the store writes the difference.
Texts that people wrote are not part of it: they never decide anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gridcase.domain.case import (
    CaseNumber,
    CaseState,
    CheckMode,
    CheckResult,
    PersonId,
    Source,
    TypeKey,
    UnitCode,
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
    """

    due: StageDue
    original_due_at: datetime
    trace: str
    stopped_at: datetime | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the stage was, or by ``now`` is, done too late."""
        return is_late(self.stopped_at or now, self.due.due_at)


class Outcome(StrEnum):
    """How an assignment ended."""

    REASSIGNED = "reassigned"
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
        People of the unit (or dispatchers on its behalf) who reported; they may neither check nor close.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One check asked of one inspector."""

    number: int
    inspector: PersonId
    mode: CheckMode
    asked_at: datetime
    asked_by: PersonId
    due_at: datetime
    done_at: datetime | None = None
    result: CheckResult | None = None


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

    @property
    def assignment(self) -> Assignment | None:
        """The latest assignment."""
        return self.assignments[-1] if self.assignments else None

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
        stage = _WATCHED.get(self.state)
        if self.state is CaseState.REPORTED and self.check_passed is not None:
            stage = LimitedStage.CLOSE
        clock = self.clocks.get(stage) if stage else None
        return clock.due.due_at if clock else None


_WATCHED = {
    CaseState.RECEIVED: LimitedStage.REGISTER,
    CaseState.REGISTERED: LimitedStage.DISPATCH,
    CaseState.RETURNED: LimitedStage.HANDLE,
    CaseState.DISPATCHED: LimitedStage.HANDLE,
    CaseState.HANDLING: LimitedStage.HANDLE,
    CaseState.REPORTED: LimitedStage.CHECK,
    CaseState.CHECKING: LimitedStage.CHECK,
}
