"""Makers of case histories: lines as the workflow writes them, times in minutes after a Monday 09:00.

Only what a test states differs from an ordinary case; nothing here checks that a move is allowed.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    CaseKind,
    CaseNumber,
    CaseState,
    CellCode,
    CheckMode,
    CheckResult,
    PersonId,
    Scheme,
    Source,
    TypeKey,
    UnitCode,
)
from gridcase.domain.history import CaseEvent, Facts, LimitedStage, StageDue
from gridcase.domain.time import LimitUnit, TimeLimit

#: 2026-10-12 09:00 in Shanghai.
MONDAY = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
FIRE_LANE = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09012")
CELL = CellCode("320404005001001")


def minute(minutes: float, start: datetime = MONDAY) -> datetime:
    return start + timedelta(minutes=minutes)


def due(stage: LimitedStage, at: datetime) -> StageDue:
    limit = TimeLimit(amount=Decimal(1), unit=LimitUnit.URGENT_HOUR)
    return StageDue(stage=stage, started_at=MONDAY, due_at=at, limit=limit, calendar="plain@1")


class History:
    """Builds the lines of one case; every step takes its minute first and gives the builder back."""

    def __init__(self, number: str = "C1", *, start: datetime = MONDAY, **filing: Any) -> None:
        self.number = CaseNumber(number)
        self.start = start
        self.state: CaseState | None = None
        self.events: list[CaseEvent] = []
        self.filing = {"type": FIRE_LANE, "source": Source.INSPECTOR, "cell": CELL} | filing

    def step(self, at: float, action: Action, state: CaseState, *, by: tuple[Role, int], **facts: Any) -> "History":
        seen = facts.pop("observed_at", None)
        dues = tuple(due(stage, self.at(when)) for stage, when in facts.pop("dues", {}).items() if when is not None)
        self.events.append(
            CaseEvent(
                case=self.number,
                seq=len(self.events) + 1,
                action=action,
                from_state=self.state,
                to_state=state,
                actor=PersonId(by[1]),
                role=by[0],
                unit=None,
                recorded_at=self.at(at),
                observed_at=None if seen is None else self.at(seen),
                facts=Facts(dues=dues, **facts),
            )
        )
        self.state = state
        return self

    def at(self, minutes: float) -> datetime:
        return minute(minutes, self.start)

    def filed(self, at: float = 0, *, register_by: float = 60, person: int = 1) -> "History":
        facts = {"found_by": PersonId(person), "dues": {LimitedStage.REGISTER: register_by}} | self.filing
        return self.step(at, Action.FILE, CaseState.RECEIVED, by=(Role.INSPECTOR, person), **facts)

    def registered(self, at: float = 5, *, dispatch_by: float = 65) -> "History":
        dues = {LimitedStage.DISPATCH: dispatch_by}
        return self.step(at, Action.REGISTER, CaseState.REGISTERED, by=(Role.ACCEPTOR, 2), dues=dues)

    def dispatched(
        self, at: float = 10, *, unit: str = "U1", handle_by: float = 130, close_by: float = 600
    ) -> "History":
        return self._assigned(at, Action.DISPATCH, unit, {"handle_by": handle_by, "close_by": close_by})

    def _assigned(self, at: float, action: Action, unit: str, dues: dict[str, float], **facts: Any) -> "History":
        number = 1 + sum(event.action in (Action.DISPATCH, Action.REASSIGN) for event in self.events)
        return self.step(
            at,
            action,
            CaseState.DISPATCHED,
            by=(Role.DISPATCHER, 3),
            assignment=number,
            unit=UnitCode(unit),
            dues={
                LimitedStage.ACCEPT: at + 240,
                LimitedStage.HANDLE: dues["handle_by"],
                LimitedStage.CLOSE: dues["close_by"],
            },
            **facts,
        )

    def accepted(self, at: float) -> "History":
        return self.step(at, Action.ACCEPT, CaseState.HANDLING, by=(Role.HANDLER, 4), assignment=self.current)

    def returned(self, at: float, reason: str = "not_ours") -> "History":
        return self.step(
            at,
            Action.RETURN_TASK,
            CaseState.RETURNED,
            by=(Role.UNIT_LEADER, 5),
            assignment=self.current,
            returned_reason=reason,
        )

    def reassigned(self, at: float, *, unit: str, reason: str, handle_by: float) -> "History":
        dues = {"handle_by": handle_by, "close_by": handle_by + 470}
        wrong = reason == "wrong_unit"
        return self._assigned(at, Action.REASSIGN, unit, dues, reassigned_reason=reason, leaves_due=wrong)

    def reported(self, at: float, *, check_by: float | None = None) -> "History":
        return self.step(
            at,
            Action.REPORT,
            CaseState.REPORTED,
            by=(Role.HANDLER, 4),
            assignment=self.current,
            dues={LimitedStage.CHECK: at + 240 if check_by is None else check_by},
        )

    def check_asked(self, at: float, *, by: float | None = None) -> "History":
        return self.step(
            at,
            Action.REQUEST_CHECK,
            CaseState.CHECKING,
            by=(Role.ACCEPTOR, 2),
            task=1 + sum(event.action is Action.REQUEST_CHECK for event in self.events),
            inspector=PersonId(9),
            check_mode=CheckMode.ON_SITE,
            dues={LimitedStage.CHECK: at + 240 if by is None else by},
        )

    def check_waived(self, at: float) -> "History":
        return self.step(
            at, Action.REQUEST_CHECK, CaseState.REPORTED, by=(Role.ACCEPTOR, 2), check_mode=CheckMode.WAIVED
        )

    def checked(self, at: float, result: str = "pass", *, observed: float | None = None) -> "History":
        return self.step(
            at,
            Action.CHECK,
            CaseState.REPORTED,
            by=(Role.INSPECTOR, 9),
            task=sum(event.action is Action.REQUEST_CHECK for event in self.events),
            check_result=CheckResult(result),
            observed_at=observed,
        )

    def reworked(self, at: float, *, handle_by: float) -> "History":
        return self.step(
            at,
            Action.REWORK,
            CaseState.HANDLING,
            by=(Role.SHIFT_LEADER, 6),
            assignment=self.current,
            dues={LimitedStage.HANDLE: handle_by, LimitedStage.CLOSE: handle_by + 470},
        )

    def closed(self, at: float) -> "History":
        return self.step(at, Action.CLOSE, CaseState.CLOSED, by=(Role.SHIFT_LEADER, 6), assignment=self.current)

    def voided(self, at: float, reason: str = "not_true") -> "History":
        return self.step(at, Action.VOID, CaseState.VOID, by=(Role.SHIFT_LEADER, 6), void_reason=reason)

    @property
    def current(self) -> int:
        return max(event.facts.assignment or 0 for event in self.events)


def dispatched_case(number: str = "C1", **options: Any) -> History:
    """Filed at 0, registered at 5, dispatched to U1 at 10, due at 130, to be closed by 600."""
    filing = {name: options.pop(name) for name in ("start", "source", "type", "cell") if name in options}
    return History(number, **filing).filed().registered().dispatched(**options)


def closed_case(number: str = "C1", *, report: float = 100, close: float = 120, **options: Any) -> History:
    """A dispatched case that was reported, passed its check and was closed, on time everywhere."""
    done = dispatched_case(number, **options).reported(report)
    return done.check_asked(report + 1).checked(report + 2).closed(close)
