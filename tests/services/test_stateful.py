"""Anybody does anything at any time: what must hold after every step, on both databases.

One office per database; every example files cases of its own in it. The clock only stands or goes forward within an
example. Each step is judged before it is taken (may it work?) and compared with what came of it.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gridcase.domain.actor import SYSTEM, Actor, Role, ScopeKind
from gridcase.domain.case import (
    Action,
    AttachmentId,
    AttachmentUsage,
    CaseKind,
    CaseNumber,
    CaseState,
    CheckMode,
    CheckResult,
    PersonId,
    RequestKind,
    Ruling,
    Scheme,
    Source,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.errors import (
    GridcaseError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    PreconditionMissingError,
    StaleCaseError,
    WrongStateError,
)
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import TimeLimit
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.filing import FilingRequest, file_case
from gridcase.services.steps.placing import ReceivedPlace
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.writing import Writing, write_action
from gridcase.store.cases import StoredCase, load_case
from gridcase.store.history import FIRST_LINK, lines_of, link, payload_digest, to_event
from gridcase.workflow import requests as asked
from gridcase.workflow import watch
from gridcase.workflow.case import Case, RequestState
from gridcase.workflow.catalogue import CaseType, Catalogue
from gridcase.workflow.machine import available_actions, decide
from gridcase.workflow.rulebook import Inspector, Situation
from gridcase.workflow.transitions import ADVANCING
from tests.office import MONDAY, PEOPLE, Office, upload
from tests.replay import as_replayed, replay
from tests.rows import rows_of_case

EXAMPLES_SHARE = 0.3  # of the profile's examples: 30 of "ci"
STEPS = 25

#: What brings a case on, so that walks get far; what turns it aside comes more seldom.
ONWARD = (
    Action.VERIFY,
    Action.REGISTER,
    Action.DISPATCH,
    Action.ACCEPT,
    Action.REPORT,
    Action.SUBMIT,
    Action.CONFIRM,
    Action.REQUEST_CHECK,
    Action.CHECK,
    Action.CLOSE,
    Action.REWORK,
)
#: What turns it aside; each once a case, as long as there is anything else to do.
TURNING = tuple(sorted(set(Action) - set(ONWARD) - {Action.FILE, Action.IMPORT, Action.TRANSFER}))
TURNED_AT = range(1, 6)
ACTIONS = sorted(set(Action) - {Action.FILE, Action.IMPORT})
FIRE_LANE = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09012")
HAWKER = replace(FIRE_LANE, code="09001")  # urgent
STRUCTURE = replace(FIRE_LANE, code="06001")  # two conditions
FUMES = replace(FIRE_LANE, code="06027")  # here without a limit
TYPES = [FIRE_LANE, HAWKER, STRUCTURE, FUMES]
UNITS = [UnitCode(code) for code in ("NDJ-ZF", "NDJ-HW", "NDJ-SZ")]
CONTRACTOR = UnitCode("NDJ-HW-01")
REASONS = st.sampled_from(["wrong_unit", "workload"])
Draw = Callable[[st.SearchStrategy[Any]], Any]


def bent(reference: Reference, *, by_hand: bool) -> Reference:
    """Return the shipped rules, bent a little; ``by_hand`` dispatches nothing by rule.

    One class has no limit, one may be handled on the spot, and every self-handled case is looked at again.
    """
    rules = reference.rules
    changes: dict[TypeKey, Callable[[CaseType], CaseType]] = {
        FUMES: lambda one: replace(one, conditions=tuple(replace(each, limit=None) for each in one.conditions)),
        FIRE_LANE: lambda one: replace(one, self_handled=True),
    }
    types = tuple(changes.get(one.key, lambda same: same)(one) for one in rules.catalogue.types)
    catalogue = Catalogue(version=rules.catalogue.version, types=types)
    conduct = replace(rules.conduct, auto_dispatch=not by_hand, reinspect_percent=100)
    return replace(reference, rules=replace(rules, catalogue=catalogue, conduct=conduct))


class StreetOffice(RuleBasedStateMachine):
    """Some cases of an office, and everybody who works there."""

    cases = Bundle("cases")

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office, self.rt = office, office.rt
        office.clock.instant = MONDAY
        self.rules = [bent(self.rt.reference(), by_hand=by_hand) for by_hand in (False, True)]
        self.people = {name: office.actor(name) for name in PEOPLE}
        self.numbers: dict[str, int] = {}
        self.changed: set[str] = set()
        self.turned: set[tuple[str, Action]] = set()

    # --- what may happen ------------------------------------------------------------------------------------------

    @initialize(target=cases, kind=st.sampled_from(TYPES), by_hand=st.booleans())
    def first(self, kind: TypeKey, *, by_hand: bool) -> str:
        return self.filed("inspector", Source.INSPECTOR, kind, by_hand=by_hand)

    @rule(target=cases, kind=st.sampled_from(TYPES), by_hand=st.booleans(), known=st.booleans())
    def another(self, kind: TypeKey, *, by_hand: bool, known: bool) -> str:
        return self.filed("acceptor", Source.HOTLINE, kind, by_hand=by_hand, known=known)

    @rule(target=cases, by_hand=st.booleans())
    def from_the_city(self, *, by_hand: bool) -> str:
        return self.filed("centre", Source.SUPERIOR, FIRE_LANE, by_hand=by_hand)

    @rule(target=cases)
    def handled_on_the_spot(self) -> str:
        return self.filed("inspector", Source.INSPECTOR, FIRE_LANE, on_the_spot=True)

    @rule(number=cases, by_hand=st.booleans())
    def the_watch_comes_by(self, number: str, *, by_hand: bool) -> None:
        """Carry out what time has made due, as the watch does, until nothing is left."""
        for _ in range(10):
            stored = self.stored(number)
            situation = self.situation(stored, SYSTEM, by_hand=by_hand)
            due = watch.steps(situation)
            if not due:
                return
            decision = decide(situation, due[0].action, due[0].payload)
            with self.rt.database.writing() as tx:
                write_action(tx, stored, decision, Writing(actor=SYSTEM, now=situation.now, rules=situation.rules))
            after = self.stored(number)
            assert after.case == replace(decision.case, number=stored.case.number)
            self.changed.add(number)
        pytest.fail(f"the watch never has done: {due}")

    @rule(minutes=st.sampled_from([1, 10, 45, 60, 180, 24 * 60, 80 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.office.clock.advance(timedelta(minutes=minutes))

    @rule(number=cases, data=st.data(), steps=st.integers(4, 16), by_hand=st.booleans())
    def people_do_what_is_offered(self, number: str, data: st.DataObject, steps: int, *, by_hand: bool) -> None:
        for _ in range(steps):
            stored = self.stored(number)
            offers = self.offers(stored, by_hand=by_hand)
            if not offers:
                return
            # Without a push the walk would turn in circles of comments and reassignments, or end void at once.
            pushed = [action for action in ONWARD if action in offers]
            turning = [action for action in TURNING if action in offers and (number, action) not in self.turned]
            way = data.draw(st.integers(0, 9))
            choices = (turning if way in TURNED_AT else pushed if way else sorted(offers)) or sorted(offers)
            action = data.draw(st.sampled_from(choices))
            self.turned.add((number, action))
            name = data.draw(st.sampled_from(offers[action]))
            payload = self.good(stored, name, action, data)
            if payload is not None:
                self.act(number, name, action, payload, expected=frozenset({stored.case.version}), by_hand=by_hand)

    @rule(number=cases, name=st.sampled_from(sorted(PEOPLE)), action=st.sampled_from(ACTIONS), data=st.data())
    def somebody_does_anything(self, number: str, name: str, action: Action, data: st.DataObject) -> None:
        stored = self.stored(number)
        version = stored.case.version
        expected = data.draw(
            st.sampled_from([frozenset({version})] * 4 + [frozenset(), frozenset({version - 1}), None])
        )
        payload = self.good(stored, name, action, data)
        if payload is not None:
            self.act(number, name, action, payload, expected=expected, by_hand=data.draw(st.booleans()))

    @rule(number=cases, data=st.data(), by_hand=st.booleans())
    def somebody_gets_a_field_wrong(self, number: str, data: st.DataObject, *, by_hand: bool) -> None:
        stored = self.stored(number)
        offers = {action: names for action, names in self.offers(stored, by_hand=by_hand).items() if action in BAD}
        if offers:
            action = data.draw(st.sampled_from(sorted(offers)))
            name, bad = data.draw(st.sampled_from(offers[action])), BAD[action](stored)
            before = rows_of_case(self.rt, stored.id)
            said = self.tried(stored, name, action, bad, expected=frozenset(), by_hand=by_hand)
            assert isinstance(said, InvalidInputError), f"{action} {bad}: {said!r}"
            assert said.fields
            assert rows_of_case(self.rt, stored.id) == before

    # --- doing it, and judging it ---------------------------------------------------------------------------------

    def act(
        self,
        number: str,
        name: str,
        action: Action,
        payload: asked.Payload,
        *,
        expected: frozenset[int] | None,
        by_hand: bool,
    ) -> None:
        before, rows = self.stored(number), rows_of_case(self.rt, self.numbers[number])
        foreseen = self.foreseen(before, name, action, expected, by_hand=by_hand)
        said = self.tried(before, name, action, payload, expected=expected, by_hand=by_hand)
        after = self.stored(number)
        if foreseen:
            assert isinstance(said, foreseen), f"{name} {action} from {before.case.state}: {said!r}, not {foreseen}"
            assert (after, rows_of_case(self.rt, before.id)) == (before, rows)
            return
        assert said is None, f"{name} {action} from {before.case.state}: {said!r}"
        assert after.case.version == before.case.version + (action in ADVANCING)
        added = after.case.events - before.case.events
        by_rule = action is Action.REGISTER and after.case.state is CaseState.DISPATCHED
        assert added == 1 + by_rule
        self.changed.add(number)

    def foreseen(
        self, stored: StoredCase, name: str, action: Action, expected: frozenset[int] | None, *, by_hand: bool
    ) -> tuple[type[GridcaseError], ...]:
        """Return the refusals that fit, the first reason deciding; empty when it must work."""
        actor = self.people[name]
        if not self.sees(actor, stored):
            return (NotFoundError,)
        if expected is None:
            return (PreconditionMissingError,)
        if expected and stored.case.version not in expected and action in ADVANCING:
            return (StaleCaseError,)
        if action not in available_actions(self.situation(stored, actor, by_hand=by_hand)):
            return (NotPermittedError, WrongStateError)
        return ()

    def tried(
        self,
        stored: StoredCase,
        name: str,
        action: Action,
        payload: asked.Payload,
        *,
        expected: frozenset[int] | None,
        by_hand: bool,
    ) -> GridcaseError | None:
        request = ActionRequest(
            number=stored.case.number,
            action=action,
            read=lambda: payload,
            expected=expected,
            client_ref=str(uuid.uuid4()),
        )
        try:
            done = perform(self.rt, self.people[name], request, reference=self.rules[by_hand])
        except GridcaseError as refused:
            return refused
        assert done.case == replace(self.stored(stored.case.number), id=stored.id)
        return None

    def filed(
        self,
        name: str,
        source: Source,
        kind: TypeKey,
        *,
        by_hand: bool = False,
        known: bool = True,
        on_the_spot: bool = False,
    ) -> str:
        point = self.office.point()
        usages = (AttachmentUsage.FILE, AttachmentUsage.SELF_HANDLED) if on_the_spot else (AttachmentUsage.OTHER,)
        request = FilingRequest(
            type=kind,
            source=source,
            location=ReceivedPlace(lon=point.lon, lat=point.lat) if known else None,
            address=None if known else "南大街1号",
            attachments=tuple(self.photo(name, usage) for usage in usages),
            self_handled=on_the_spot,
        )
        done = file_case(
            self.rt,
            self.people[name],
            lambda: request,
            client_ref=str(uuid.uuid4()),
            reference=self.rules[by_hand],
        )
        number = done.case.case.number
        self.numbers[number] = done.case.id
        self.changed.add(number)
        return number

    def stored(self, number: str) -> StoredCase:
        with self.rt.database.reading() as tx:
            found = load_case(tx, self.numbers[number], self.people["acceptor"])
        assert found is not None
        return found

    def sees(self, actor: Actor, stored: StoredCase) -> bool:
        """Tell whether the case is within an actor's scope, in plain words of its own."""
        case, scope = stored.case, actor.scope
        mine = actor.person in (case.filed_by, case.found_by, case.task and case.task.inspector)
        cell = case.location.cell if case.location else None
        return {
            ScopeKind.ALL: True,
            ScopeKind.UNIT: scope.value in self.units_of(stored),
            ScopeKind.AREA: (cell or "").startswith(scope.value) or (mine and actor.role is Role.INSPECTOR),
            ScopeKind.OWN: mine,
        }[scope.kind]

    def units_of(self, stored: StoredCase) -> set[str]:
        """Return the units that see a case: the latest lead, the sub-unit at work, and all that ever assisted."""
        case = stored.case
        helpers = {str(one.unit) for one in case.assignments if not one.is_lead}
        mine = {case.assignment.unit if case.assignment else None, case.subtask.unit if case.subtask else None}
        return helpers | {str(unit) for unit in mine if unit is not None}

    def offers(self, stored: StoredCase, *, by_hand: bool) -> dict[Action, list[str]]:
        """Return who may do what now."""
        found: dict[Action, list[str]] = {}
        for name, actor in self.people.items():
            if self.sees(actor, stored):
                for action in available_actions(self.situation(stored, actor, by_hand=by_hand)):
                    found.setdefault(action, []).append(name)
        return found

    def situation(self, stored: StoredCase, actor: Actor, *, by_hand: bool) -> Situation:
        inspectors = tuple(
            Inspector(person=self.people[name].person, name=name, unit=None, area=self.people[name].scope.value)
            for name in ("inspector", "inspector2")
        )
        now = self.office.clock.now()
        return Situation(case=stored.case, actor=actor, now=now, rules=self.rules[by_hand].rules, inspectors=inspectors)

    def photo(self, name: str, usage: AttachmentUsage = AttachmentUsage.OTHER) -> AttachmentId:
        return AttachmentId(upload(self.office, name, usage))

    def good(self, stored: StoredCase, name: str, action: Action, data: st.DataObject) -> asked.Payload | None:
        """Return a payload that fits; what it may say is drawn. None when there is nothing that fits."""
        maker = self.good_of_the_office(stored, name, action, data) or self.good_of_the_unit(name, action, data)
        return maker()

    def good_of_the_office(
        self, stored: StoredCase, name: str, action: Action, data: st.DataObject
    ) -> Callable[[], asked.Payload | None] | None:
        draw, case = data.draw, stored.case
        photos, helpers = (lambda: (self.photo(name),)), (lambda: self.helpers(draw))
        limit = TimeLimit.parse("1 working_day") if case.type == FUMES and name == "shift_leader" else None
        ruling = lambda: asked.Decide(ruling=draw(st.sampled_from(Ruling)), note="已研究")  # noqa: E731
        makers: dict[Action, Callable[[], asked.Payload | None]] = {
            Action.REQUEST_VERIFICATION: lambda: asked.RequestVerification(inspector=self.inspector(draw)),
            Action.VERIFY: lambda: asked.Verify(result=draw(st.sampled_from(VerifyResult)), attachments=photos()),
            Action.REASSIGN_TASK: lambda: asked.ReassignTask(inspector=self.other_inspector(stored)),
            Action.WITHDRAW_TASK: asked.WithdrawTask,
            Action.REGISTER: lambda: asked.Register(condition="2" if case.type == STRUCTURE else "1", limit=limit),
            Action.CORRECT: lambda: self.correction(draw),
            Action.DECIDE_CORRECTION: ruling,
            Action.VOID: lambda: asked.Void(reason="test"),
            Action.RESTORE: lambda: asked.Restore(note="误作废"),
            Action.TRANSFER: lambda: asked.Transfer(body="power_company", attachments=photos(), note="属供电公司"),
            Action.LINK_DUPLICATE: lambda: self.duplicate(stored, draw),
            Action.UNLINK_DUPLICATE: lambda: asked.UnlinkDuplicate(note="另一处"),
            Action.DISPATCH: lambda: draw(
                st.sampled_from([asked.Dispatch(unit=UNITS[1], assisting=helpers()), asked.Dispatch()])
            ),
            Action.WITHDRAW_DISPATCH: asked.WithdrawDispatch,
            Action.REJECT_RETURN: lambda: asked.RejectReturn(note="属你单位职责"),
            Action.REASSIGN: lambda: asked.Reassign(unit=self.other_unit(stored), reason=draw(REASONS)),
            Action.ARBITRATE: lambda: asked.Arbitrate(
                unit=draw(st.sampled_from([self.other_unit(stored), self.unit(stored)])),
                reason=draw(REASONS),
                note="裁定",
            ),
            Action.DECIDE_EXTENSION: ruling,
            Action.DECIDE_SUSPENSION: ruling,
            Action.REQUEST_CHECK: lambda: self.check_to_ask(case, draw),
            Action.CHECK: lambda: asked.Check(
                result=draw(st.sampled_from(CheckResult)),
                attachments=photos(),
                location=asked.Position(point=case.point) if case.point else None,
            ),
            Action.REWORK: lambda: asked.Rework(note="没有清理干净"),
            Action.CLOSE: asked.Close,
            Action.REOPEN: lambda: asked.Reopen(note="误结案"),
            Action.SUPERVISE: lambda: asked.Supervise(text="请尽快办结"),
            Action.URGE: lambda: asked.Urge(text="请抓紧"),
            Action.COMMENT: lambda: asked.Comment(text="请尽快"),
            Action.ATTACH: lambda: asked.Attach(attachments=photos()),
            Action.ESCALATE: asked.Escalate,
            Action.RECLOCK: asked.Reclock,
            Action.FIND: asked.Find,
            Action.REVIEW: lambda: asked.Review(ruling=Ruling.GRANT, reason="同一地点"),
        }
        return makers.get(action)

    def check_to_ask(self, case: Case, draw: st.DrawFn) -> asked.RequestCheck:
        """Ask for a check on site, or waive it where none has failed."""
        waived = asked.RequestCheck(mode=CheckMode.WAIVED, note="视频可见已处置")
        on_site = asked.RequestCheck(mode=CheckMode.ON_SITE, inspector=self.inspector(draw))
        return draw(st.sampled_from([on_site] if case.check_passed is False else [on_site, waived]))

    def good_of_the_unit(self, name: str, action: Action, data: st.DataObject) -> Callable[[], asked.Payload | None]:
        photos, draw = (lambda: (self.photo(name),)), data.draw
        makers: dict[Action, Callable[[], asked.Payload | None]] = {
            Action.ACCEPT: asked.Accept,
            Action.ASSIGN: lambda: asked.Assign(unit=CONTRACTOR),
            Action.TAKE_BACK: asked.TakeBack,
            Action.SUBMIT: lambda: asked.Submit(done="已清理", attachments=photos()),
            Action.CONFIRM: lambda: asked.Confirm(forced="协办单位另行处置"),
            Action.REJECT: lambda: asked.Reject(note="不合格"),
            Action.RETURN_TASK: lambda: asked.ReturnTask(reason="not_ours"),
            Action.REPORT: lambda: asked.Report(done="已清理", attachments=photos(), forced="协办单位另行处置"),
            Action.ASK_EXTENSION: lambda: asked.AskExtension(
                amount=TimeLimit.parse(draw(st.sampled_from(["1 working_day", "3 urgent_hour"]))), reason="workload"
            ),
            Action.ASK_SUSPENSION: lambda: asked.AskSuspension(
                until=self.office.clock.now() + timedelta(days=draw(st.sampled_from([1, 40]))), reason="season"
            ),
            Action.RESUME: asked.Resume,
            Action.ANSWER_SUPERVISION: lambda: asked.AnswerSupervision(text="正在办理"),
        }
        return makers[action]

    def unit(self, stored: StoredCase) -> UnitCode:
        return stored.case.assignment.unit if stored.case.assignment else UNITS[0]

    def other_unit(self, stored: StoredCase) -> UnitCode:
        return next(unit for unit in UNITS if unit != self.unit(stored))

    def helpers(self, draw: Draw) -> tuple[asked.AssistingUnit, ...]:
        return draw(st.sampled_from([(), (asked.AssistingUnit(unit=UNITS[2]),)]))

    def inspector(self, draw: Draw) -> PersonId | None:
        return draw(st.sampled_from([None, self.people["inspector"].person, self.people["inspector2"].person]))

    def other_inspector(self, stored: StoredCase) -> PersonId:
        task = stored.case.task
        both = [self.people[name].person for name in ("inspector", "inspector2")]
        return next(one for one in both if task is None or one != task.inspector)

    def correction(self, draw: Draw) -> asked.Correct:
        kind = draw(st.sampled_from([None, *TYPES]))
        place = asked.Position(point=self.office.point("320404005004")) if draw(st.booleans()) else None
        return asked.Correct(
            type=kind, condition="1" if kind else None, location=place, address="南大街2号", note="更正"
        )

    def duplicate(self, stored: StoredCase, draw: Draw) -> asked.LinkDuplicate | None:
        leads = [
            one for one in sorted(self.numbers) if one != stored.case.number and self.stored(one).case.state.is_open
        ]
        return asked.LinkDuplicate(lead=CaseNumber(draw(st.sampled_from(leads)))) if leads else None

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def history_tells_every_case(self) -> None:
        for number in sorted(self.changed):
            stored = self.stored(number)
            with self.rt.database.reading() as tx:
                rows = lines_of(tx, stored.id)
            told = replay([to_event(row, stored.case.number) for row, _payload, _name in rows])
            assert told == as_replayed(stored.case)
            assert told.reports or told.is_self_handled or told.state is not CaseState.CLOSED
            self.waits_for_nobody_in_vain(stored)
            head = FIRST_LINK
            for row, payload, _name in rows:
                assert payload is not None
                assert row.previous == head
                assert payload_digest(payload.salt, payload.body) == row.payload_digest
                head = row.hash
                assert link(stored.uid, vars(row)) == head
            assert head == stored.head
        self.changed.clear()

    def waits_for_nobody_in_vain(self, stored: StoredCase) -> None:
        """Check what must hold of every case, whatever was done to it."""
        case = stored.case
        is_asked = case.task is not None and case.task.is_open
        assert is_asked >= (case.state in (CaseState.VERIFYING, CaseState.CHECKING))
        handle = case.clocks.get(LimitedStage.HANDLE)
        is_paused = handle is not None and handle.stopped_at is None and handle.paused_at is not None
        assert is_paused == (case.state is CaseState.SUSPENDED)
        assert (case.resumes_at is not None) >= is_paused
        runs = case.state in (CaseState.DISPATCHED, CaseState.HANDLING, CaseState.RETURNED)
        assert runs == (handle is not None and handle.is_running)
        if not case.state.is_open:
            assert not case.pending
            assert case.subtask is None
            assert is_asked <= case.is_self_handled
            assert all(one.ended_at is not None for one in case.assignments)
            assert not case.is_unrouted
        lapsed = [one for one in case.requests if one.state is RequestState.PENDING]
        assert len({one.kind for one in lapsed if one.kind is not RequestKind.CORRECTION}) == len(
            [one for one in lapsed if one.kind is not RequestKind.CORRECTION]
        )


BAD: dict[Action, Callable[[StoredCase], asked.Payload]] = {
    Action.REGISTER: lambda _: asked.Register(condition="99"),
    Action.VOID: lambda _: asked.Void(reason="no such reason"),
    Action.DISPATCH: lambda _: asked.Dispatch(unit=UnitCode("nobody")),
    Action.RETURN_TASK: lambda _: asked.ReturnTask(reason="no such reason"),
    Action.REASSIGN: lambda _: asked.Reassign(unit=UnitCode("nobody"), reason="workload"),
    Action.REPORT: lambda _: asked.Report(done="没有照片"),
    Action.REQUEST_CHECK: lambda _: asked.RequestCheck(mode=CheckMode.WAIVED),
    Action.CHECK: lambda _: asked.Check(result=CheckResult.PASS),
    Action.ATTACH: lambda _: asked.Attach(attachments=(AttachmentId(str(uuid.uuid4())),)),
    Action.CORRECT: lambda _: asked.Correct(note="没有说改什么"),
    Action.TRANSFER: lambda _: asked.Transfer(body="nobody", attachments=(), note="移送"),
    Action.LINK_DUPLICATE: lambda stored: asked.LinkDuplicate(lead=stored.case.number),
    Action.ASSIGN: lambda stored: asked.Assign(unit=stored.case.assignments[-1].unit),
    Action.ARBITRATE: lambda _: asked.Arbitrate(unit=UnitCode("nobody"), reason="workload", note="裁定"),
    Action.ASK_SUSPENSION: lambda stored: asked.AskSuspension(until=stored.case.filed_at, reason="season"),
    Action.ASK_EXTENSION: lambda _: asked.AskExtension(amount=TimeLimit.parse("1 working_day"), reason="nothing"),
    Action.DECIDE_EXTENSION: lambda _: asked.Decide(ruling=Ruling.REFUSE),
    Action.SUPERVISE: lambda stored: asked.Supervise(text="请尽快", due_at=stored.case.filed_at),
}


# A failure takes minutes to be made small.
@pytest.mark.timeout(600)
def test_whatever_anybody_does_history_tells_the_case_and_refusals_change_nothing(office):
    examples = max(10, int(settings.default.max_examples * EXAMPLES_SHARE))
    run_state_machine_as_test(
        lambda: StreetOffice(office),
        settings=settings(max_examples=examples, stateful_step_count=STEPS),
    )


def test_every_role_of_the_office_takes_part():
    doors = {Role.CAMERA, Role.SYSTEM}
    assert {role for role, _scope, _unit in PEOPLE.values()} == set(Role) - doors
