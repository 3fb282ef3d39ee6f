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
    Attach,
    Check,
    Close,
    Comment,
    Dispatch,
    Payload,
    Position,
    Reassign,
    Register,
    Report,
    RequestCheck,
    ReturnTask,
    Rework,
    Void,
)
from gridcase.workflow.routing import RoutingRule, RoutingTable, TypePattern
from gridcase.workflow.rulebook import Inspector, NewEvent, Rulebook, Situation
from gridcase.workflow.units import Unit, UnitKind, Units

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

UNIT, OTHER_UNIT = UnitCode("NDJ-ZF"), UnitCode("NDJ-HW")

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
        units=Units(version="1", units=tuple(_unit(code) for code in (UNIT, OTHER_UNIT))),
        zone=ZONE,
    )


def _type(key: TypeKey, *limits: str | None) -> CaseType:
    conditions = tuple(
        FilingCondition(code=str(number), text_zh="", text_en="", limit=limit(text) if text else None)
        for number, text in enumerate(limits, start=1)
    )
    return CaseType(key=key, major_name="", name_zh="", name_en="", conditions=conditions)


def _unit(code: UnitCode) -> Unit:
    return Unit(code=code, name_zh=code, name_en=code, kind=UnitKind.DEPARTMENT)


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
        by = FINDER if filed.get("source", Source.INSPECTOR) is Source.INSPECTOR else PEOPLE[Role.ACCEPTOR]
        done = start(filing(**filed), actor=by, now=self.now, rules=self.rules)
        self.case: Case = done.case
        self.events: tuple[NewEvent, ...] = done.events

    def at(self, text: str) -> "Play":
        self.now = local(text if " " in text else f"{self.now.astimezone(ZONE):%Y-%m-%d} {text}")
        return self

    def later(self, **step: float) -> "Play":
        self.now += timedelta(**step)
        return self

    def situation(self, actor: Actor) -> Situation:
        return Situation(case=self.case, actor=actor, now=self.now, rules=self.rules, inspectors=INSPECTORS)

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

    def put(self, state: CaseState) -> "Play":
        """Put the case into a state that no action of the table leads to yet."""
        self.case = replace(self.case, state=state)
        return self


#: Who does what in an ordinary case.
RIGHT_ROLE: dict[Action, Role] = {
    Action.REGISTER: Role.SHIFT_LEADER,
    Action.VOID: Role.SHIFT_LEADER,
    Action.DISPATCH: Role.DISPATCHER,
    Action.ACCEPT: Role.UNIT_LEADER,
    Action.RETURN_TASK: Role.UNIT_LEADER,
    Action.REASSIGN: Role.DISPATCHER,
    Action.REPORT: Role.HANDLER,
    Action.REQUEST_CHECK: Role.ACCEPTOR,
    Action.CHECK: Role.INSPECTOR,
    Action.REWORK: Role.SHIFT_LEADER,
    Action.CLOSE: Role.SHIFT_LEADER,
    Action.COMMENT: Role.LEADER,
    Action.ATTACH: Role.LEADER,
}


def good(action: Action) -> Payload:
    """Return a payload that fits an ordinary case given to ``UNIT``."""
    payloads: dict[Action, Payload] = {
        Action.FILE: Comment(text="filing starts a case and is never done to one"),
        Action.REGISTER: Register(),
        Action.VOID: Void(reason="test"),
        Action.DISPATCH: Dispatch(unit=UNIT),
        Action.ACCEPT: Accept(),
        Action.RETURN_TASK: ReturnTask(reason="not_ours"),
        Action.REASSIGN: Reassign(unit=OTHER_UNIT, reason="workload"),
        Action.REPORT: Report(done="已清理", attachments=PHOTO),
        Action.REQUEST_CHECK: RequestCheck(mode=CheckMode.ON_SITE, inspector=CHECKER.person),
        Action.CHECK: Check(result=CheckResult.PASS, attachments=PHOTO),
        Action.REWORK: Rework(note="没有清理干净"),
        Action.CLOSE: Close(),
        Action.COMMENT: Comment(text="请尽快"),
        Action.ATTACH: Attach(attachments=PHOTO),
    }
    return payloads[action]
