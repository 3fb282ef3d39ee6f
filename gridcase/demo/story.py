"""The steps of every case's story: who does what when, told move by move to whoever carries the moves out.

A story is a generator: it yields a move and is sent what is known of the case after it. It asks nothing but that, the
calendar and its own seed, so that telling it again gives the same moves. Which steps make a turn is said in
``gridcase.demo.turns``.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

from gridcase.demo.cast import Cast
from gridcase.demo.pace import Pace
from gridcase.demo.plots import Plot, Turn
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
from gridcase.domain.time import LimitUnit, TimeLimit
from gridcase.services.filing import FilingRequest
from gridcase.services.steps.placing import ReceivedPlace
from gridcase.services.steps.reference import Reference
from gridcase.workflow import requests as asked
from gridcase.workflow.routing import RoutingQuestion, route
from gridcase.workflow.worktime import deadline_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Something a person does.

    Parameters
    ----------
    asks
        Without photos; a filing for ``file``.
    photos
        Usages of the photos that go with it.
    """

    at: datetime
    by: str
    action: Action
    asks: FilingRequest | asked.Payload
    photos: tuple[AttachmentUsage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a case after a move.

    Parameters
    ----------
    at
        When the move was recorded.
    lead
        Number of the case that this one repeats, where the plot says that it does.
    unit
        The unit that has the case.
    inspector
        Who was asked last to verify or check.
    dues
        Deadlines in force by stage.
    """

    number: str
    at: datetime
    state: CaseState
    lead: str | None = None
    unit: UnitCode | None = None
    inspector: PersonId | None = None
    dues: Mapping[LimitedStage, StageDue]


Story = Generator[Move, Standing, None]
Minutes = tuple[int, int]

#: Minutes between one step and the next, least and most.
SOON: Minutes = (3, 15)
LATER: Minutes = (8, 25)
_REGISTER: Minutes = (5, 28)
_ACCEPT: Minutes = (3, 22)
_LATE: Minutes = (15, 150)
#: Share of the handling limit after which a unit reports, in per cent.
_REPORT: Minutes = (20, 55)
_EARLY: Minutes = (15, 25)
_WEEKS_LATE_S = 8 * 8 * 3600
#: Every third check is asked of the inspector of the whole street.
_ROVING = 0.33
_ACCURACY_M = (4, 15)
#: What a shift leader gives a class without a published limit.
_CHOSEN_LIMIT = TimeLimit(amount=Decimal(2), unit=LimitUnit.WORKING_DAY)

#: To whom a case goes when the first unit says "not ours".
_ELSEWHERE: Mapping[str, str] = {"NDJ-ZF": "NDJ-HW", "NDJ-HW": "NDJ-SZ"}
_ELSEWHERE_ELSE = "NDJ-ZF"
#: Who is given a case that no routing rule knows.
_BY_HAND = "NDJ-ZF"


class Teller:
    """Tells one case: its methods are steps, each a story of one or a few moves.

    Parameters
    ----------
    now
        What is known of the case, after the first move was made.
    """

    now: Standing

    def __init__(self, plot: Plot, cast: Cast, reference: Reference) -> None:
        self.plot = plot
        self.cast = cast
        self.reference = reference
        self.calendar = reference.rules.calendars[reference.rules.conduct.calendar]
        self.pace = Pace(calendar=self.calendar, is_urgent=plot.tale.is_urgent)
        self.rng = Random(plot.seed)
        self.condition = plot.tale.condition

    # --- steps ----------------------------------------------------------------------------------------------------

    def filed(self) -> Story:
        """File the case; by the inspector on call outside working time, by the acceptor or the city when called in."""
        plot = self.plot
        is_own = plot.source is Source.INSPECTOR
        is_self_handled = plot.turn is Turn.SELF_HANDLED
        filing = FilingRequest(
            type=plot.tale.type,
            source=plot.source,
            condition=plot.tale.condition if is_own and plot.is_condition_said else None,
            location=self._place(),
            address=f"{plot.place}，来电人描述的位置" if not is_own else None,
            description=plot.tale.seen,
            observed_at=plot.filed_at if is_own else None,
            self_handled=is_self_handled,
            object_id=plot.object_id,
        )
        photos: tuple[AttachmentUsage, ...] = (AttachmentUsage.FILE,) if is_own else ()
        if is_self_handled:
            photos += (AttachmentUsage.SELF_HANDLED,)
        self.now = yield Move(at=plot.filed_at, by=self.finder, action=Action.FILE, asks=filing, photos=photos)

    def registered(self) -> Story:
        """Register and dispatch by hand what was not registered and dispatched by rule."""
        is_published = self.plot.tale.limit is not None
        if self.now.state is CaseState.RECEIVED:
            register = asked.Register(condition=self.condition, limit=None if is_published else _CHOSEN_LIMIT)
            by = "acceptor" if is_published else "shift_leader"
            yield from self.do(_REGISTER, by, Action.REGISTER, register)
        if self.now.state is CaseState.REGISTERED:
            unit = None if self._is_routed() else UnitCode(_BY_HAND)
            yield from self.do(LATER, "dispatcher", Action.DISPATCH, asked.Dispatch(unit=unit))

    def signed(self) -> Story:
        """Accept the case, and sometimes say something about it."""
        yield from self.do(_ACCEPT, self.leader, Action.ACCEPT, asked.Accept())
        if self.plot.is_commented:
            yield from self.commented("已到现场，正在联系责任人")

    def commented(self, text: str, minutes: Minutes = SOON, by: str | None = None) -> Story:
        """Say something; what happened by rule meanwhile is known afterwards."""
        yield from self.do(minutes, by or self.handler, Action.COMMENT, asked.Comment(text=text))

    def returned(self, reason: str) -> Story:
        """Give the case back."""
        back = asked.ReturnTask(reason=reason, note="请改派")
        yield from self.do(LATER, self.leader, Action.RETURN_TASK, back)

    def reassigned(self, unit: str, reason: str) -> Story:
        """Give the case to another unit."""
        payload = asked.Reassign(unit=UnitCode(unit), reason=reason, note="按职责改派")
        yield from self.do(LATER, "dispatcher", Action.REASSIGN, payload)

    def reported(self, at: datetime | None = None, *, by: str | None = None, forced: str | None = None) -> Story:
        """Report the work done; when the turn says so, or after some share of the limit."""
        done = asked.Report(done=self.plot.tale.done, forced=forced)
        yield from self.at(
            at or self._share_of_handling(_REPORT), by or self.handler, Action.REPORT, done, AttachmentUsage.HANDLE
        )

    def checked(self, result: CheckResult = CheckResult.PASS) -> Story:
        """Have the work checked, or waive it with a reason."""
        if self.plot.mode is CheckMode.WAIVED:
            waived = asked.RequestCheck(mode=CheckMode.WAIVED, note="处置照片足以证明")
            yield from self.do(SOON, "shift_leader", Action.REQUEST_CHECK, waived)
            return
        roving = self.cast.person("inspector2") if self.rng.random() < _ROVING else None
        yield from self.check_asked(self.plot.mode, roving)
        yield from self.check_made(result)

    def check_asked(self, mode: CheckMode, inspector: PersonId | None = None) -> Story:
        """Ask an inspector to prove the work."""
        request = asked.RequestCheck(mode=mode, inspector=inspector)
        yield from self.do(SOON, "acceptor", Action.REQUEST_CHECK, request)

    def check_made(self, result: CheckResult = CheckResult.PASS, by: str | None = None) -> Story:
        """Prove the work, by the inspector asked."""
        at = self.soon(LATER)
        check = asked.Check(
            result=result,
            location=self.position() if self.plot.mode is CheckMode.ON_SITE else None,
            observed_at=at,
            note=None if result is CheckResult.PASS else "现场未处置到位",
        )
        yield from self.at(at, by or self.inspector, Action.CHECK, check, AttachmentUsage.CHECK)

    def closed(self, at: datetime | None = None) -> Story:
        """Close the case; one of the city's is closed by the city."""
        by = "centre" if self.plot.source is Source.SUPERIOR else "shift_leader"
        yield from self.at(at or self.soon(SOON), by, Action.CLOSE, asked.Close())

    def finished(self) -> Story:
        """Report, check, close."""
        yield from self.reported()
        yield from self.checked()
        yield from self.closed()

    def verification_asked(self) -> Story:
        """Ask an inspector whether the report is true."""
        request = asked.RequestVerification(note="请到现场核实")
        yield from self.do(SOON, "acceptor", Action.REQUEST_VERIFICATION, request)

    def subtask_assigned(self) -> Story:
        """Let the unit's contractor do it."""
        assign = asked.Assign(unit=UnitCode(self.crew), note="请今日内完成")
        yield from self.do(SOON, self.leader, Action.ASSIGN, assign)

    def submitted(self) -> Story:
        """Let the contractor say what it did."""
        at = self._share_of_handling(_EARLY)
        done = asked.Submit(done=self.plot.tale.done)
        crew = self.cast.leader_of(UnitCode(self.crew))
        yield from self.at(at, crew, Action.SUBMIT, done, AttachmentUsage.HANDLE)

    def extension_asked(self) -> Story:
        """Ask for a day more."""
        day = TimeLimit(amount=Decimal(1), unit=LimitUnit.WORKING_DAY)
        ask = asked.AskExtension(amount=day, reason="materials", note="所需材料明日到场")
        yield from self.do(LATER, self.leader, Action.ASK_EXTENSION, ask)

    def suspension_asked(self, until: datetime) -> Story:
        """Ask that the clock stand still."""
        ask = asked.AskSuspension(until=until, reason="procedure", note="法定程序办理中")
        yield from self.do(LATER, self.leader, Action.ASK_SUSPENSION, ask)

    # --- one move -------------------------------------------------------------------------------------------------

    def do(self, minutes: Minutes, by: str, action: Action, asks: asked.Payload, *photos: AttachmentUsage) -> Story:
        """Do something some minutes after the last move."""
        yield from self.at(self.soon(minutes), by, action, asks, *photos)

    def at(self, at: datetime, by: str, action: Action, asks: asked.Payload, *photos: AttachmentUsage) -> Story:
        """Do something at an instant, or with the last move where that was later."""
        self.now = yield Move(at=max(at, self.now.at), by=by, action=action, asks=asks, photos=photos)

    # --- when, who, where -----------------------------------------------------------------------------------------

    def soon(self, minutes: Minutes) -> datetime:
        """Return an instant so many minutes of the case's own kind of time from the last move."""
        return self.pace.after(self.now.at, self.rng.randint(minutes[0] * 60, minutes[1] * 60))

    def report_at(self) -> datetime:
        """Return when the unit reports, by the turn."""
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

    def _share_of_handling(self, share: Minutes) -> datetime:
        """Return when a share of the handling limit has passed, put off to the next time people work."""
        due = self.now.dues[LimitedStage.HANDLE]
        seconds = due.limit.seconds * self.rng.randint(*share) // 100
        passed = deadline_after(due.started_at, seconds, due.limit.unit, self.calendar).due_at
        return self.pace.after(max(passed, self.now.at), self.rng.randint(30, 240))

    @property
    def finder(self) -> str:
        """Who files."""
        plot = self.plot
        if plot.source is Source.SUPERIOR:
            return "centre"
        if plot.source is not Source.INSPECTOR:
            return "acceptor"
        return "inspector2" if plot.is_off_hours else self.cast.inspector_of(plot.cell)

    @property
    def unit(self) -> UnitCode:
        """The unit that has the case."""
        unit = self.now.unit
        assert unit is not None  # noqa: S101 - only asked once dispatched
        return unit

    @property
    def leader(self) -> str:
        """Who signs for the unit."""
        return self.cast.leader_of(self.unit)

    @property
    def handler(self) -> str:
        """Who reports for the unit."""
        return self.cast.handler_of(self.unit)

    @property
    def inspector(self) -> str:
        """Who was asked to verify or check."""
        inspector = self.now.inspector
        assert inspector is not None  # noqa: S101 - only asked once a task was given
        return self.cast.username(inspector)

    @property
    def elsewhere(self) -> str:
        """Another unit that may have to do it."""
        return _ELSEWHERE.get(self.unit, _ELSEWHERE_ELSE)

    @property
    def crew(self) -> str:
        """The contractor who works for the unit."""
        return "NDJ-HW-01" if self.unit == "NDJ-HW" else "NDJ-SZ-01"

    def position(self) -> asked.Position | None:
        """Where an inspector's device is, when at the case."""
        point = self.plot.point
        return asked.Position(point=point, accuracy_m=float(self.rng.randint(*_ACCURACY_M))) if point else None

    def _place(self) -> ReceivedPlace | None:
        point = self.plot.point
        accuracy = self.rng.randint(*_ACCURACY_M)
        return ReceivedPlace(lon=point.lon, lat=point.lat, accuracy_m=float(accuracy)) if point else None

    def _is_routed(self) -> bool:
        question = RoutingQuestion(
            type=self.plot.tale.type,
            cell=None,
            source=self.plot.source,
            on=self.now.at.astimezone(self.calendar.zone).date(),
        )
        return route(self.reference.rules.routing, question).unit is not None
