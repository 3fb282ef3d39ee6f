"""How one case goes on: who does what when, told move by move to whoever carries the moves out.

A story is a generator: it yields a move and is sent what is known of the case after it. It asks nothing but that, the
calendar and its own seed, so that telling it again gives the same moves.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from gridcase.demo.cast import Cast
from gridcase.demo.pace import Pace
from gridcase.demo.plots import Plot, Turn, is_urgent
from gridcase.domain.case import (
    Action,
    AttachmentUsage,
    CaseState,
    CheckMode,
    CheckResult,
    PersonId,
    Source,
    UnitCode,
)
from gridcase.domain.history import LimitedStage, StageDue
from gridcase.services.filing import FilingRequest
from gridcase.services.steps.placing import ReceivedPlace
from gridcase.services.steps.reference import Reference
from gridcase.workflow import requests as asked
from gridcase.workflow.worktime import deadline_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something a person does.

    Parameters
    ----------
    asks
        Without photos; a filing for ``file``.
    photo
        Usage of the photo that goes with it.
    """

    at: datetime
    by: str
    action: Action
    asks: FilingRequest | asked.Payload
    photo: AttachmentUsage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a case after a move.

    Parameters
    ----------
    at
        When the move was recorded.
    dues
        Deadlines in force by stage.
    """

    number: str
    at: datetime
    state: CaseState
    unit: UnitCode | None = None
    inspector: PersonId | None = None
    dues: Mapping[LimitedStage, StageDue]


Story = Generator[Move, Standing, None]

#: Minutes between one step and the next, least and most.
_REGISTER = (5, 40)
_VOID = (15, 45)
_ACCEPT = (3, 22)
_RETURN = (10, 25)
_REASSIGN = (8, 20)
_COMMENT = (2, 6)
_REQUEST = (3, 12)
_CHECK = (8, 30)
_CLOSE = (3, 18)
_LATE = (15, 150)
#: Share of the handling limit after which a unit reports, in per cent.
_REPORT = (20, 55)
_EARLY = (15, 25)
_WEEKS_LATE_S = 8 * 8 * 3600
#: Every third check is asked of the inspector of the whole street.
_ROVING = 0.33
_ACCURACY_M = (4, 15)

#: To whom a case goes when the first unit says "not ours".
_ELSEWHERE: Mapping[str, str] = {"NDJ-ZF": "NDJ-HW", "NDJ-HW": "NDJ-SZ"}
_ELSEWHERE_ELSE = "NDJ-ZF"
_CREW = "NDJ-HW-01"


def tell(plot: Plot, cast: Cast, reference: Reference) -> Story:
    """Tell the story of a plot, up to its number of moves."""
    told = _Teller(plot, cast, reference).tell()
    try:
        move = next(told)
        count = 1
        while True:
            standing = yield move
            if count == plot.moves:
                return
            move = told.send(standing)
            count += 1
    except StopIteration:
        return


class _Teller:
    def __init__(self, plot: Plot, cast: Cast, reference: Reference) -> None:
        self.plot = plot
        self.cast = cast
        self.calendar = reference.rules.calendars[reference.rules.conduct.calendar]
        self.pace = Pace(calendar=self.calendar, is_urgent=is_urgent(plot.tale, reference))
        self.rng = Random(plot.seed)

    def tell(self) -> Story:
        self.now = yield self._filing()
        if self.plot.turn in (Turn.NO_PROBLEM, Turn.OUTSIDE):
            reason = "not_a_problem" if self.plot.turn is Turn.NO_PROBLEM else "outside_area"
            yield from self._do(_VOID, "acceptor", Action.VOID, asked.Void(reason=reason, note="经核对不予立案"))
            return
        if self.now.state is CaseState.RECEIVED:
            register = asked.Register(condition=self.plot.tale.condition)
            yield from self._do(_REGISTER, "acceptor", Action.REGISTER, register)
        if self.plot.turn is Turn.VOID_REGISTERED:
            void = asked.Void(reason="duplicate", note="与在办案件重复")
            yield from self._do(_VOID, "shift_leader", Action.VOID, void)
            return
        yield from self._dispatched()
        yield from self._reported(first=True)
        yield from self._checked(CheckResult.FAIL if self.plot.turn is Turn.REWORK else CheckResult.PASS)
        if self.plot.turn is Turn.REWORK:
            yield from self._do(_CLOSE, "shift_leader", Action.REWORK, asked.Rework(note="现场仍有遗留，请继续处置"))
            yield from self._reported(first=False)
            yield from self._checked(CheckResult.PASS)
        yield from self._closed()

    # --- steps ----------------------------------------------------------------------------------------------------

    def _filing(self) -> Move:
        plot = self.plot
        is_own = plot.source is Source.INSPECTOR
        finder = "inspector2" if plot.is_off_hours else self.cast.inspector_of(plot.cell)
        filing = FilingRequest(
            type=plot.tale.type,
            source=plot.source,
            condition=plot.tale.condition if is_own and plot.is_condition_said else None,
            location=self._place(),
            address=f"{plot.place}，来电人描述的位置" if not is_own else None,
            description=plot.tale.seen,
            observed_at=plot.filed_at if is_own else None,
        )
        photo = AttachmentUsage.FILE if is_own else None
        return Move(at=plot.filed_at, by=finder if is_own else "acceptor", action=Action.FILE, asks=filing, photo=photo)

    def _dispatched(self) -> Story:
        """Sign for the case, after it went to another unit where the turn says so."""
        turn = self.plot.turn
        if turn in (Turn.WRONG_UNIT, Turn.CANNOT_DO):
            reason = "not_ours" if turn is Turn.WRONG_UNIT else "cannot_do"
            back = asked.ReturnTask(reason=reason, note="请改派")
            yield from self._do(_RETURN, self.cast.leader_of(self._unit), Action.RETURN_TASK, back)
            other = _ELSEWHERE.get(self._unit, _ELSEWHERE_ELSE) if turn is Turn.WRONG_UNIT else _CREW
            yield from self._reassign(other, "wrong_unit" if turn is Turn.WRONG_UNIT else "other")
        elif turn is Turn.WORKLOAD:
            yield from self._accept()
            yield from self._reassign(_CREW, "workload")
        yield from self._accept()
        if self.plot.is_commented:
            note = asked.Comment(text="已到现场，正在联系责任人")
            yield from self._do(_COMMENT, self.cast.handler_of(self._unit), Action.COMMENT, note)

    def _accept(self) -> Story:
        yield from self._do(_ACCEPT, self.cast.leader_of(self._unit), Action.ACCEPT, asked.Accept())

    def _reassign(self, unit: str, reason: str) -> Story:
        payload = asked.Reassign(unit=UnitCode(unit), reason=reason, note="按职责改派")
        yield from self._do(_REASSIGN, "dispatcher", Action.REASSIGN, payload)

    def _reported(self, *, first: bool) -> Story:
        at = self._report_at() if first else self._share_of_handling(_REPORT)
        done = asked.Report(done=self.plot.tale.done)
        yield from self._at(at, self.cast.handler_of(self._unit), Action.REPORT, done, photo=AttachmentUsage.HANDLE)

    def _checked(self, result: CheckResult) -> Story:
        mode = self.plot.mode
        if mode is CheckMode.WAIVED:
            waived = asked.RequestCheck(mode=mode, note="处置照片足以证明")
            yield from self._do(_REQUEST, "shift_leader", Action.REQUEST_CHECK, waived)
            return
        roving = self.cast.person("inspector2") if self.rng.random() < _ROVING else None
        request = asked.RequestCheck(mode=mode, inspector=roving)
        yield from self._do(_REQUEST, "acceptor", Action.REQUEST_CHECK, request)
        at = self._soon(_CHECK)
        check = asked.Check(
            result=result,
            location=self._position() if mode is CheckMode.ON_SITE else None,
            observed_at=at,
            note=None if result is CheckResult.PASS else "现场未处置到位",
        )
        yield from self._at(at, self._inspector, Action.CHECK, check, photo=AttachmentUsage.CHECK)

    def _closed(self) -> Story:
        due = self.now.dues[LimitedStage.HANDLE].due_at
        at = self._soon(_CLOSE)
        if self.plot.turn is Turn.CLOSE_AT_DEADLINE:
            at = due
        elif self.plot.turn is Turn.CLOSE_AFTER_DEADLINE:
            at = self.pace.after(due, 60)
        yield from self._at(at, "shift_leader", Action.CLOSE, asked.Close())

    # --- when, who, where -----------------------------------------------------------------------------------------

    def _do(self, minutes: tuple[int, int], by: str, action: Action, asks: asked.Payload) -> Story:
        yield from self._at(self._soon(minutes), by, action, asks)

    def _at(
        self, at: datetime, by: str, action: Action, asks: asked.Payload, photo: AttachmentUsage | None = None
    ) -> Story:
        self.now = yield Move(at=max(at, self.now.at), by=by, action=action, asks=asks, photo=photo)

    def _soon(self, minutes: tuple[int, int]) -> datetime:
        return self.pace.after(self.now.at, self.rng.randint(minutes[0] * 60, minutes[1] * 60))

    def _report_at(self) -> datetime:
        due = self.now.dues[LimitedStage.HANDLE].due_at
        turn = self.plot.turn
        if turn is Turn.REPORT_AT_DEADLINE:
            return due
        if turn is Turn.LATE:
            return self.pace.after(due, self.rng.randint(_LATE[0] * 60, _LATE[1] * 60))
        if turn is Turn.LEFT_OPEN:
            return self.pace.after(due, _WEEKS_LATE_S)
        return self._share_of_handling(
            _EARLY if turn in (Turn.CLOSE_AT_DEADLINE, Turn.CLOSE_AFTER_DEADLINE) else _REPORT
        )

    def _share_of_handling(self, share: tuple[int, int]) -> datetime:
        """Return when a share of the handling limit has passed, put off to the next time people work."""
        due = self.now.dues[LimitedStage.HANDLE]
        seconds = due.limit.seconds * self.rng.randint(*share) // 100
        passed = deadline_after(due.started_at, seconds, due.limit.unit, self.calendar).due_at
        return self.pace.after(max(passed, self.now.at), self.rng.randint(30, 240))

    @property
    def _unit(self) -> UnitCode:
        unit = self.now.unit
        assert unit is not None  # noqa: S101 - only asked once dispatched
        return unit

    @property
    def _inspector(self) -> str:
        inspector = self.now.inspector
        assert inspector is not None  # noqa: S101 - only asked once a check was requested
        return self.cast.username(inspector)

    def _place(self) -> ReceivedPlace | None:
        point = self.plot.point
        accuracy = self.rng.randint(*_ACCURACY_M)
        return ReceivedPlace(lon=point.lon, lat=point.lat, accuracy_m=float(accuracy)) if point else None

    def _position(self) -> asked.Position | None:
        point = self.plot.point
        return asked.Position(point=point, accuracy_m=float(self.rng.randint(*_ACCURACY_M))) if point else None
