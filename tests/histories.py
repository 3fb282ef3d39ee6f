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
    FindingKind,
    PersonId,
    RequestKind,
    Ruling,
    Scheme,
    Source,
    TaskKind,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.history import Assisting, CaseEvent, Facts, Finding, LimitedStage, StageDue
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
        self,
        at: float = 10,
        *,
        unit: str = "U1",
        handle_by: float = 130,
        close_by: float = 600,
        assisting: dict[str, float] | None = None,
    ) -> "History":
        """``assisting``: minute of the deadline by unit."""
        helpers = tuple(
            Assisting(assignment=number, unit=UnitCode(helper), due=due(LimitedStage.HANDLE, self.at(by)))
            for number, (helper, by) in enumerate((assisting or {}).items(), start=self._next_assignment + 1)
        )
        dues = {"handle_by": handle_by, "close_by": close_by}
        return self._assigned(at, Action.DISPATCH, unit, dues, assisting=helpers)

    @property
    def _next_assignment(self) -> int:
        opening = (Action.DISPATCH, Action.REASSIGN, Action.ARBITRATE)
        dues = (event for event in self.events if event.action in opening and event.facts.dues)
        return 1 + sum(1 + len(event.facts.assisting) for event in dues)

    def dispatch_withdrawn(self, at: float) -> "History":
        return self.step(
            at,
            Action.WITHDRAW_DISPATCH,
            CaseState.REGISTERED,
            by=(Role.DISPATCHER, 3),
            assignment=self.current,
            leaves_due=True,
        )

    def _assigned(self, at: float, action: Action, unit: str, dues: dict[str, float], **facts: Any) -> "History":
        number = self._next_assignment
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

    def return_rejected(self, at: float) -> "History":
        return self.step(at, Action.REJECT_RETURN, CaseState.HANDLING, by=(Role.DISPATCHER, 3), assignment=self.current)

    def reassigned(
        self, at: float, *, unit: str, reason: str, handle_by: float, action: Action = Action.REASSIGN
    ) -> "History":
        dues = {"handle_by": handle_by, "close_by": handle_by + 470}
        wrong = reason == "wrong_unit"
        return self._assigned(at, action, unit, dues, reassigned_reason=reason, leaves_due=wrong)

    def kept_by_arbitration(self, at: float) -> "History":
        return self.step(at, Action.ARBITRATE, CaseState.DISPATCHED, by=(Role.SHIFT_LEADER, 6), assignment=self.current)

    def assisted(self, at: float, *, assignment: int) -> "History":
        assert self.state is not None
        return self.step(at, Action.REPORT, self.state, by=(Role.HANDLER, 44), assignment=assignment)

    def asked_for(self, kind: str, at: float) -> "History":
        """``kind``: extension or suspension; the unit asks."""
        action = Action.ASK_EXTENSION if kind == "extension" else Action.ASK_SUSPENSION
        state = CaseState.HANDLING
        dues = {LimitedStage.DECIDE: at + 60}
        return self.step(
            at,
            action,
            state,
            by=(Role.UNIT_LEADER, 5),
            request=1,
            request_kind=RequestKind(kind),
            assignment=self.current,
            dues=dues,
        )

    def decided(self, kind: str, at: float, *, asked: float, handle_by: float | None = None) -> "History":
        """Granted; a ``handle_by`` is the new deadline of an extension."""
        action = Action.DECIDE_EXTENSION if kind == "extension" else Action.DECIDE_SUSPENSION
        dues = {} if handle_by is None else {LimitedStage.HANDLE: handle_by, LimitedStage.CLOSE: handle_by + 470}
        return self.step(
            at,
            action,
            CaseState.HANDLING if kind == "extension" else CaseState.SUSPENDED,
            by=(Role.SHIFT_LEADER, 6),
            request=1,
            request_kind=RequestKind(kind),
            ruling=Ruling.GRANT,
            asked_at=self.at(asked),
            assignment=self.current,
            dues=dues,
        )

    def refused(self, kind: str, at: float, *, asked: float) -> "History":
        action = Action.DECIDE_EXTENSION if kind == "extension" else Action.DECIDE_SUSPENSION
        return self.step(
            at,
            action,
            CaseState.HANDLING,
            by=(Role.SHIFT_LEADER, 6),
            request=1,
            request_kind=RequestKind(kind),
            ruling=Ruling.REFUSE,
            asked_at=self.at(asked),
            assignment=self.current,
        )

    def extended(self, at: float, *, handle_by: float) -> "History":
        return self.asked_for("extension", at).decided("extension", at + 1, asked=at, handle_by=handle_by)

    def suspended(self, at: float) -> "History":
        return self.asked_for("suspension", at).decided("suspension", at + 1, asked=at)

    def resumed(self, at: float, *, handle_by: float) -> "History":
        dues = {LimitedStage.HANDLE: handle_by, LimitedStage.CLOSE: handle_by + 470}
        return self.step(
            at, Action.RESUME, CaseState.HANDLING, by=(Role.UNIT_LEADER, 5), assignment=self.current, dues=dues
        )

    def assigned_within(self, at: float) -> "History":
        return self.step(
            at,
            Action.ASSIGN,
            CaseState.HANDLING,
            by=(Role.UNIT_LEADER, 5),
            subtask=1,
            unit=UnitCode("U1-sub"),
            assignment=self.current,
        )

    def confirmed(self, at: float) -> "History":
        return self.step(
            at,
            Action.CONFIRM,
            CaseState.REPORTED,
            by=(Role.UNIT_LEADER, 5),
            subtask=1,
            assignment=self.current,
            dues={LimitedStage.CHECK: at + 240},
        )

    def said(self, at: float, action: Action, **facts: Any) -> "History":
        """Do something aside: the state stays."""
        assert self.state is not None
        return self.step(at, action, self.state, by=(Role.LEADER, 8), **facts)

    def supervised(self, at: float, *, answer_by: float, number: int = 1) -> "History":
        return self.said(at, Action.SUPERVISE, supervision=number, dues={LimitedStage.SUPERVISE: answer_by})

    def answered(self, at: float, *, number: int = 1) -> "History":
        return self.said(at, Action.ANSWER_SUPERVISION, supervision=number)

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
            task=self._tasks + 1,
            task_kind=TaskKind.CHECK,
            inspector=PersonId(9),
            check_mode=CheckMode.ON_SITE,
            dues={LimitedStage.CHECK: at + 240 if by is None else by},
        )

    def verification_asked(self, at: float, *, by: float | None = None) -> "History":
        return self.step(
            at,
            Action.REQUEST_VERIFICATION,
            CaseState.VERIFYING,
            by=(Role.ACCEPTOR, 2),
            task=self._tasks + 1,
            task_kind=TaskKind.VERIFY,
            inspector=PersonId(9),
            dues={LimitedStage.VERIFY: at + 120 if by is None else by},
        )

    def verified(self, at: float, result: str = "true", *, observed: float | None = None) -> "History":
        return self.step(
            at,
            Action.VERIFY,
            CaseState.RECEIVED,
            by=(Role.INSPECTOR, 9),
            task=self._tasks,
            task_kind=TaskKind.VERIFY,
            verify_result=VerifyResult(result),
            observed_at=observed,
        )

    def task_passed_on(self, at: float, *, by: float) -> "History":
        assert self.state is not None
        kind = TaskKind.VERIFY if self.state is CaseState.VERIFYING else TaskKind.CHECK
        return self.step(
            at,
            Action.REASSIGN_TASK,
            self.state,
            by=(Role.SYSTEM, 0),
            task=self._tasks + 1,
            task_kind=kind,
            inspector=PersonId(10),
            dues={LimitedStage(kind): by},
        )

    def task_withdrawn(self, at: float) -> "History":
        verifying = self.state is CaseState.VERIFYING
        return self.step(
            at,
            Action.WITHDRAW_TASK,
            CaseState.RECEIVED if verifying else CaseState.REPORTED,
            by=(Role.ACCEPTOR, 2),
            task=self._tasks,
            task_kind=TaskKind.VERIFY if verifying else TaskKind.CHECK,
        )

    @property
    def _tasks(self) -> int:
        return max((event.facts.task or 0 for event in self.events), default=0)

    def check_waived(self, at: float) -> "History":
        return self.step(
            at, Action.REQUEST_CHECK, CaseState.REPORTED, by=(Role.ACCEPTOR, 2), check_mode=CheckMode.WAIVED
        )

    def checked(
        self, at: float, result: str = "pass", *, observed: float | None = None, false_feedback: bool = False
    ) -> "History":
        return self.step(
            at,
            Action.CHECK,
            CaseState.REPORTED,
            by=(Role.INSPECTOR, 9),
            task=self._tasks,
            task_kind=TaskKind.CHECK,
            check_result=CheckResult(result),
            false_feedback=false_feedback,
            observed_at=observed,
        )

    def found(self, at: float, kind: str, **told: Any) -> "History":
        """Note a finding of the system, or with ``withdrawn`` that it holds no longer."""
        finding = Finding(kind=FindingKind(kind), **told)
        return self.step(at, Action.FIND, self.now, by=(Role.SYSTEM, 0), finding=finding)

    def reviewed(self, at: float, kind: str, ruling: str) -> "History":
        finding = Finding(kind=FindingKind(kind))
        return self.step(at, Action.REVIEW, self.now, by=(Role.ASSESSOR, 8), finding=finding, ruling=Ruling(ruling))

    @property
    def now(self) -> CaseState:
        """State after the last line."""
        assert self.state is not None
        return self.state

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

    def restored(self, at: float, state: CaseState) -> "History":
        return self.step(at, Action.RESTORE, state, by=(Role.SHIFT_LEADER, 6))

    def transferred(self, at: float) -> "History":
        return self.step(
            at, Action.TRANSFER, CaseState.TRANSFERRED, by=(Role.SHIFT_LEADER, 6), transferred_to="emergency"
        )

    def linked(self, at: float, lead: str = "C0") -> "History":
        return self.step(at, Action.LINK_DUPLICATE, CaseState.VOID, by=(Role.ACCEPTOR, 2), lead_case=CaseNumber(lead))

    def unlinked(self, at: float, *, register_by: float = 10_000) -> "History":
        dues = {LimitedStage.REGISTER: register_by}
        return self.step(at, Action.UNLINK_DUPLICATE, CaseState.RECEIVED, by=(Role.ACCEPTOR, 2), dues=dues)

    def self_handled(self, at: float = 0) -> "History":
        facts = {"found_by": PersonId(1), "self_handled": True, "dues": {LimitedStage.REGISTER: 60}} | self.filing
        return self.step(at, Action.FILE, CaseState.CLOSED, by=(Role.INSPECTOR, 1), **facts)

    def looked_at_again(self, at: float, *, by: float) -> "History":
        """Ask another inspector to check a self-handled case; it stays closed."""
        return self.step(
            at,
            Action.REQUEST_CHECK,
            CaseState.CLOSED,
            by=(Role.SYSTEM, 0),
            task=1,
            task_kind=TaskKind.CHECK,
            inspector=PersonId(9),
            check_mode=CheckMode.ON_SITE,
            dues={LimitedStage.CHECK: by},
        )

    def reopened(self, at: float) -> "History":
        if not any(event.facts.assignment for event in self.events):
            dues = {LimitedStage.REGISTER: at + 60}
            return self.step(at, Action.REOPEN, CaseState.RECEIVED, by=(Role.SHIFT_LEADER, 6), dues=dues)
        dues = {LimitedStage.CHECK: at + 240}
        return self.step(
            at, Action.REOPEN, CaseState.REPORTED, by=(Role.SHIFT_LEADER, 6), assignment=self.current, dues=dues
        )

    @property
    def current(self) -> int:
        """Number of the latest lead assignment."""
        opening = (Action.DISPATCH, Action.REASSIGN, Action.ARBITRATE)
        return max(event.facts.assignment or 0 for event in self.events if event.action in opening)


def dispatched_case(number: str = "C1", **options: Any) -> History:
    """Filed at 0, registered at 5, dispatched to U1 at 10, due at 130, to be closed by 600."""
    filing = {name: options.pop(name) for name in ("start", "source", "type", "cell", "layers") if name in options}
    return History(number, **filing).filed().registered().dispatched(**options)


def closed_case(number: str = "C1", *, report: float = 100, close: float = 120, **options: Any) -> History:
    """A dispatched case that was reported, passed its check and was closed, on time everywhere."""
    done = dispatched_case(number, **options).reported(report)
    return done.check_asked(report + 1).checked(report + 2).closed(close)
