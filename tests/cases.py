"""Makers for the pure workflow: a small rulebook, its people, and one case played step by step.

Local times are those of Changzhou. A step names only what the test is about; everything else is a good answer.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gridcase.domain.actor import SYSTEM, Actor, Role, Scope, ScopeKind
from gridcase.domain.case import (
    Action,
    AttachmentId,
    CaseKind,
    CaseNumber,
    CaseState,
    CellCode,
    CheckMode,
    CheckResult,
    PersonId,
    Ruling,
    Scheme,
    Source,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.errors import GridcaseError
from gridcase.domain.history import LimitedStage
from gridcase.domain.place import GeoPoint, Located, Location
from gridcase.domain.time import TimeLimit
from gridcase.workflow.calendar import AnnouncedYear, Holiday, Season, Window, WorkingCalendar
from gridcase.workflow.case import Case, RunningClock
from gridcase.workflow.catalogue import CaseType, Catalogue, FilingCondition
from gridcase.workflow.conduct import CONDUCT_STAGES, Conduct, Reason
from gridcase.workflow.filing import CaseFiling
from gridcase.workflow.machine import available_actions, decide, start
from gridcase.workflow.requests import (
    Accept,
    AnswerSupervision,
    Arbitrate,
    AskExtension,
    AskSuspension,
    Assign,
    Attach,
    Check,
    Close,
    Comment,
    Confirm,
    Correct,
    Decide,
    Dispatch,
    Escalate,
    Find,
    LinkDuplicate,
    Payload,
    Position,
    Reassign,
    ReassignTask,
    Reclock,
    Register,
    Reject,
    RejectReturn,
    Reopen,
    Report,
    RequestCheck,
    RequestVerification,
    Restore,
    Resume,
    ReturnTask,
    Review,
    Rework,
    Submit,
    Supervise,
    TakeBack,
    Transfer,
    UnlinkDuplicate,
    Urge,
    Verify,
    Void,
    WithdrawDispatch,
    WithdrawTask,
)
from gridcase.workflow.routing import RoutingRule, RoutingTable, TypePattern
from gridcase.workflow.rulebook import Inspector, NewEvent, Placement, Rulebook, Situation
from gridcase.workflow.units import Unit, UnitKind, Units

LEAD_NUMBER = CaseNumber("NDJ-20261012-000001-7")
ZONE = ZoneInfo("Asia/Shanghai")
#: A Monday, an ordinary working day.
MONDAY = "2026-10-12 09:00"
CELL = CellCode("320404005001001")
POINT = GeoPoint.from_degrees(lon=119.95, lat=31.78)
PHOTO = (AttachmentId("photo-1"),)


def a_type(code: str) -> TypeKey:
    return TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code=code)


FIRE_LANE = a_type("09012")  # 2 working hours
HAWKER = a_type("09001")  # 2 urgent hours: the urgent stage limits apply
STRUCTURE = a_type("06001")  # one urgent and one working condition
FUMES = a_type("06027")  # no published limit
UNROUTED = a_type("01001")  # 4 working hours, no routing rule

#: The street with two squads under it; the first has a crew of its own, and a contractor stands outside the tree.
STREET, UNIT, OTHER_UNIT = UnitCode("NDJ"), UnitCode("NDJ-ZF"), UnitCode("NDJ-HW")
SUB_UNIT, CONTRACTOR = UnitCode("NDJ-ZF-01"), UnitCode("LD-01")

_ALL = Scope(kind=ScopeKind.ALL)


def person(identity: int, role: Role, unit: str | None = None) -> Actor:
    return Actor(
        person=PersonId(identity), name=role, role=role, scope=_ALL, unit=None if unit is None else UnitCode(unit)
    )


#: One person in every role; those of the unit work for ``UNIT``, the inspector is the one who is asked to check.
PEOPLE: dict[Role, Actor] = {role: person(number, role) for number, role in enumerate(Role, start=1)} | {
    Role.UNIT_LEADER: person(21, Role.UNIT_LEADER, UNIT),
    Role.HANDLER: person(22, Role.HANDLER, UNIT),
    Role.SYSTEM: SYSTEM,
}
SUB_HANDLER = person(41, Role.HANDLER, SUB_UNIT)
OTHER_LEADER = person(42, Role.UNIT_LEADER, OTHER_UNIT)
FINDER = person(31, Role.INSPECTOR)
CHECKER = PEOPLE[Role.INSPECTOR]


def limit(text: str) -> TimeLimit:
    return TimeLimit.parse(text)


def local(text: str) -> datetime:
    """Read a local time, to the minute or to the second."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def shown(instant: datetime) -> str:
    """Write an instant as local time; the seconds only when there are any."""
    there = instant.astimezone(ZONE)
    return there.strftime("%Y-%m-%d %H:%M:%S" if there.second else "%Y-%m-%d %H:%M")


def calendar() -> WorkingCalendar:
    """2026 with its national day, as announced; 2027 is not announced."""
    hours = (Window.parse("08:00-12:00"), Window.parse("14:00-18:00"))
    national_day = Holiday(
        name="国庆节",
        first_day=date(2026, 10, 1),
        last_day=date(2026, 10, 7),
        make_up=(date(2026, 9, 20), date(2026, 10, 10)),
    )
    return WorkingCalendar(
        name="plain",
        version="1",
        zone=ZONE,
        seasons=(Season(valid_from=date(2026, 1, 1), windows=hours),),
        years=(AnnouncedYear(year=2026, holidays=(national_day,)),),
    )


def conduct(**changes: Any) -> Conduct:
    """The shipped stage limits; nothing is registered or dispatched by rule unless asked for."""
    normal = {LimitedStage.REGISTER: "1", LimitedStage.VERIFY: "2", LimitedStage.DISPATCH: "1"}
    values: dict[str, Any] = {
        "version": "1",
        "confirmed": True,
        "calendar": "plain",
        "stage_limits": {
            stage: (limit(f"{normal.get(stage, '4')} working_hour"), limit("0.5 urgent_hour"))
            for stage in CONDUCT_STAGES
        },
        "auto_register_sources": frozenset(),
        "auto_dispatch": False,
        "photo_required": frozenset({Action.REPORT, Action.CHECK}),
        "void_reasons": (Reason(code="test", zh="", en=""),),
        "return_reasons": (Reason(code="not_ours", zh="", en=""),),
        "reassign_reasons": tuple(Reason(code=code, zh="", en="") for code in ("wrong_unit", "workload")),
        "waive_reasons": (),
        "check_distance_m": 50,
        "allowed_returns": 2,
        "extension_reasons": (Reason(code="workload", zh="", en=""),),
        "suspension_reasons": (Reason(code="season", zh="", en=""),),
        "transfer_bodies": (Reason(code="power_company", zh="", en=""),),
        "allowed_extensions": 1,
        "reopen_days": 3,
        "reinspect_percent": 10,
        "warn_percent": 75,
    }
    return Conduct(**values | changes)


def rulebook(**changes: Any) -> Rulebook:
    """A small rulebook; changes are those of its conduct."""
    return Rulebook(
        catalogue=Catalogue(
            version="1",
            types=(
                _type(FIRE_LANE, "2 working_hour"),
                _type(HAWKER, "2 urgent_hour"),
                _type(STRUCTURE, "2 urgent_day", "15 working_day"),
                _type(FUMES, None),
                _type(UNROUTED, "4 working_hour"),
            ),
        ),
        conduct=conduct(**changes),
        calendars={"plain": calendar()},
        routing=RoutingTable(
            name="nandajie",
            version="1",
            rules=(
                RoutingRule(
                    id="squad",
                    types=(TypePattern.parse("GBT47678.5-2026/event/09*"), TypePattern.parse(f"{STRUCTURE}")),
                    unit=UNIT,
                    valid_from=date(2026, 1, 1),
                ),
            ),
        ),
        units=units(),
        zone=ZONE,
    )


def units(**calendars: str) -> Units:
    """The unit tree; a calendar by unit, with ``_`` for ``-``."""
    tree = (
        (STREET, None, UnitKind.DEPARTMENT),
        (UNIT, STREET, UnitKind.DEPARTMENT),
        (SUB_UNIT, UNIT, UnitKind.COMMUNITY),
        (OTHER_UNIT, STREET, UnitKind.DEPARTMENT),
        (CONTRACTOR, None, UnitKind.CONTRACTOR),
    )
    return Units(
        version="1",
        units=tuple(
            Unit(
                code=code,
                name_zh=code,
                name_en=code,
                kind=kind,
                parent=parent,
                calendar=calendars.get(code.replace("-", "_")),
            )
            for code, parent, kind in tree
        ),
    )


def _type(key: TypeKey, *limits: str | None) -> CaseType:
    conditions = tuple(
        FilingCondition(code=str(number), text_zh="", text_en="", limit=limit(text) if text else None)
        for number, text in enumerate(limits, start=1)
    )
    return CaseType(
        key=key, major_name="", name_zh="", name_en="", conditions=conditions, self_handled=key in (FIRE_LANE, HAWKER)
    )


INSPECTORS = tuple(
    Inspector(person=one.person, name=one.name, unit=None, area="320404005") for one in (CHECKER, FINDER)
)


def filing(**changes: Any) -> CaseFiling:
    values: dict[str, Any] = {
        "type": FIRE_LANE,
        "source": Source.INSPECTOR,
        "position": Position(point=POINT, accuracy_m=8),
        "location": Location(cell=CELL, how=Located.INSIDE, distance_m=0),
        "layers": {"community": ("320404005001",)},
    }
    return CaseFiling(**values | changes)


#: Where a correction would move a case to: two streets on, in the neighbouring cell.
ELSEWHERE = Placement(
    position=Position(point=GeoPoint.from_degrees(lon=119.951, lat=31.78), accuracy_m=8),
    location=Location(cell=CellCode("320404005001002"), how=Located.INSIDE, distance_m=0),
    layers={"community": ("320404005001",)},
)
FILED_BY = {Source.INSPECTOR: FINDER, Source.SUPERIOR: PEOPLE[Role.CENTRE]}


class Play:
    """One case on the pure machine; every step is taken by the right person unless the test names another.

    Parameters
    ----------
    at
        Local time at which it is filed; ``at`` moves on from there.
    filed
        Changes to an ordinary filing.
    """

    def __init__(self, *, rules: Rulebook | None = None, at: str = MONDAY, **filed: Any) -> None:
        self.rules = rules or rulebook()
        self.now = local(at)
        by = FILED_BY.get(filed.get("source", Source.INSPECTOR), PEOPLE[Role.ACCEPTOR])
        done = start(filing(**filed), actor=by, now=self.now, rules=self.rules)
        self.case: Case = done.case
        #: Another open case, for this one to repeat.
        self.lead: Case | None = replace(done.case, number=LEAD_NUMBER, state=CaseState.HANDLING)
        self.events: tuple[NewEvent, ...] = done.events

    def at(self, text: str) -> "Play":
        self.now = local(text if " " in text else f"{self.now.astimezone(ZONE):%Y-%m-%d} {text}")
        return self

    def later(self, **step: float) -> "Play":
        self.now += timedelta(**step)
        return self

    def situation(self, actor: Actor) -> Situation:
        return Situation(
            case=self.case,
            actor=actor,
            now=self.now,
            rules=self.rules,
            inspectors=INSPECTORS,
            lead=self.lead,
            placement=ELSEWHERE,
        )

    def do(self, action: Action, payload: Payload | None = None, *, by: Actor | None = None) -> "Play":
        done = decide(self.situation(by or PEOPLE[RIGHT_ROLE[action]]), action, payload or good(action))
        self.case, self.events = done.case, self.events + done.events
        return self

    def refusal(self, action: Action, payload: Payload | None = None, *, by: Actor | None = None) -> str:
        """Return the code of the refusal, ``field: code`` for a wrong field; empty when it would work."""
        try:
            decide(self.situation(by or PEOPLE[RIGHT_ROLE[action]]), action, payload or good(action))
        except GridcaseError as refused:
            wrong = [f"{name}: {problem.code}" for name, problems in refused.fields.items() for problem in problems]
            return ", ".join(wrong) or refused.code
        return ""

    def offers(self, actor: Actor) -> tuple[Action, ...]:
        return available_actions(self.situation(actor))

    def clock(self, stage: LimitedStage) -> RunningClock:
        return self.case.clocks[stage]

    def due(self, stage: LimitedStage) -> str:
        return shown(self.clock(stage).due.due_at)

    def registered(self) -> "Play":
        return self.do(Action.REGISTER)

    def dispatched(self, unit: UnitCode = UNIT) -> "Play":
        ready = self if self.case.state is CaseState.REGISTERED else self.registered()
        return ready.do(Action.DISPATCH, Dispatch(unit=unit))

    def handling(self) -> "Play":
        return self.dispatched().do(Action.ACCEPT)

    def reported(self) -> "Play":
        ready = self if self.case.state in (CaseState.DISPATCHED, CaseState.HANDLING) else self.handling()
        return ready.do(Action.REPORT)

    def checking(self) -> "Play":
        return (self if self.case.state is CaseState.REPORTED else self.reported()).do(Action.REQUEST_CHECK)

    def checked(self, result: CheckResult) -> "Play":
        return self.checking().do(Action.CHECK, Check(result=result, attachments=PHOTO))

    def verifying(self) -> "Play":
        return self.do(Action.REQUEST_VERIFICATION)

    def returned(self, times: int = 1) -> "Play":
        """Return the case, and leave it with the unit every time but the last."""
        ready = self if self.case.state is CaseState.HANDLING else self.handling()
        for _ in range(times - 1):
            ready.do(Action.RETURN_TASK).do(Action.REJECT_RETURN)
        return ready.do(Action.RETURN_TASK)

    def suspended(self, until: str) -> "Play":
        """Ask for a suspension and grant it at once."""
        ready = self if self.case.state is CaseState.HANDLING else self.handling()
        return ready.do(Action.ASK_SUSPENSION, AskSuspension(until=local(until), reason="season")).do(
            Action.DECIDE_SUSPENSION
        )

    def closed(self) -> "Play":
        return self.checked(CheckResult.PASS).do(Action.CLOSE)


#: Who does what in an ordinary case.
RIGHT_ROLE: dict[Action, Role] = {
    Action.REQUEST_VERIFICATION: Role.ACCEPTOR,
    Action.VERIFY: Role.INSPECTOR,
    Action.REASSIGN_TASK: Role.ACCEPTOR,
    Action.WITHDRAW_TASK: Role.ACCEPTOR,
    Action.REGISTER: Role.SHIFT_LEADER,
    Action.CORRECT: Role.ACCEPTOR,
    Action.DECIDE_CORRECTION: Role.SHIFT_LEADER,
    Action.VOID: Role.SHIFT_LEADER,
    Action.RESTORE: Role.SHIFT_LEADER,
    Action.TRANSFER: Role.SHIFT_LEADER,
    Action.LINK_DUPLICATE: Role.ACCEPTOR,
    Action.UNLINK_DUPLICATE: Role.ACCEPTOR,
    Action.DISPATCH: Role.DISPATCHER,
    Action.WITHDRAW_DISPATCH: Role.DISPATCHER,
    Action.ACCEPT: Role.UNIT_LEADER,
    Action.ASSIGN: Role.UNIT_LEADER,
    Action.TAKE_BACK: Role.UNIT_LEADER,
    Action.SUBMIT: Role.HANDLER,
    Action.CONFIRM: Role.UNIT_LEADER,
    Action.REJECT: Role.UNIT_LEADER,
    Action.RETURN_TASK: Role.UNIT_LEADER,
    Action.REJECT_RETURN: Role.DISPATCHER,
    Action.REASSIGN: Role.DISPATCHER,
    Action.ARBITRATE: Role.SHIFT_LEADER,
    Action.ASK_EXTENSION: Role.UNIT_LEADER,
    Action.DECIDE_EXTENSION: Role.SHIFT_LEADER,
    Action.ASK_SUSPENSION: Role.UNIT_LEADER,
    Action.DECIDE_SUSPENSION: Role.SHIFT_LEADER,
    Action.RESUME: Role.UNIT_LEADER,
    Action.ESCALATE: Role.SYSTEM,
    Action.RECLOCK: Role.SYSTEM,
    Action.REPORT: Role.HANDLER,
    Action.REQUEST_CHECK: Role.ACCEPTOR,
    Action.CHECK: Role.INSPECTOR,
    Action.REWORK: Role.SHIFT_LEADER,
    Action.CLOSE: Role.SHIFT_LEADER,
    Action.REOPEN: Role.SHIFT_LEADER,
    Action.SUPERVISE: Role.LEADER,
    Action.ANSWER_SUPERVISION: Role.UNIT_LEADER,
    Action.URGE: Role.DISPATCHER,
    Action.COMMENT: Role.LEADER,
    Action.ATTACH: Role.LEADER,
    Action.FIND: Role.SYSTEM,
    Action.REVIEW: Role.ASSESSOR,
}


#: A payload that fits an ordinary case given to ``UNIT``.
GOOD: dict[Action, Payload] = {
    Action.FILE: Comment(text="filing starts a case and is never done to one"),
    Action.IMPORT: Comment(text="importing starts a case and is never done to one"),
    Action.REQUEST_VERIFICATION: RequestVerification(inspector=CHECKER.person),
    Action.VERIFY: Verify(result=VerifyResult.TRUE, attachments=PHOTO),
    Action.REASSIGN_TASK: ReassignTask(inspector=FINDER.person),
    Action.WITHDRAW_TASK: WithdrawTask(),
    Action.REGISTER: Register(),
    Action.CORRECT: Correct(type=HAWKER, note="类别有误"),
    Action.DECIDE_CORRECTION: Decide(ruling=Ruling.GRANT),
    Action.VOID: Void(reason="test"),
    Action.RESTORE: Restore(note="误作废"),
    Action.TRANSFER: Transfer(body="power_company", attachments=PHOTO, note="属供电公司设施"),
    Action.LINK_DUPLICATE: LinkDuplicate(lead=LEAD_NUMBER),
    Action.UNLINK_DUPLICATE: UnlinkDuplicate(note="另一处"),
    Action.DISPATCH: Dispatch(unit=UNIT),
    Action.WITHDRAW_DISPATCH: WithdrawDispatch(),
    Action.ACCEPT: Accept(),
    Action.ASSIGN: Assign(unit=SUB_UNIT),
    Action.TAKE_BACK: TakeBack(),
    Action.SUBMIT: Submit(done="已清理", attachments=PHOTO),
    Action.CONFIRM: Confirm(),
    Action.REJECT: Reject(note="不合格"),
    Action.RETURN_TASK: ReturnTask(reason="not_ours"),
    Action.REJECT_RETURN: RejectReturn(note="属你单位职责"),
    Action.REASSIGN: Reassign(unit=OTHER_UNIT, reason="workload"),
    Action.ARBITRATE: Arbitrate(unit=OTHER_UNIT, reason="wrong_unit", note="裁定"),
    Action.ASK_EXTENSION: AskExtension(amount=limit("2 working_hour"), reason="workload"),
    Action.DECIDE_EXTENSION: Decide(ruling=Ruling.GRANT),
    Action.ASK_SUSPENSION: AskSuspension(until=local("2026-11-20 09:00"), reason="season"),
    Action.DECIDE_SUSPENSION: Decide(ruling=Ruling.GRANT),
    Action.RESUME: Resume(),
    Action.ESCALATE: Escalate(),
    Action.RECLOCK: Reclock(),
    Action.REPORT: Report(done="已清理", attachments=PHOTO),
    Action.REQUEST_CHECK: RequestCheck(mode=CheckMode.ON_SITE, inspector=CHECKER.person),
    Action.CHECK: Check(result=CheckResult.PASS, attachments=PHOTO),
    Action.REWORK: Rework(note="没有清理干净"),
    Action.CLOSE: Close(),
    Action.REOPEN: Reopen(note="误结案"),
    Action.SUPERVISE: Supervise(text="请尽快办结"),
    Action.ANSWER_SUPERVISION: AnswerSupervision(text="正在办理"),
    Action.URGE: Urge(text="请抓紧"),
    Action.COMMENT: Comment(text="请尽快"),
    Action.ATTACH: Attach(attachments=PHOTO),
    Action.FIND: Find(),
    Action.REVIEW: Review(ruling=Ruling.REFUSE, reason="另一处"),
}


def good(action: Action) -> Payload:
    """Return a payload that fits an ordinary case given to ``UNIT``."""
    return GOOD[action]
