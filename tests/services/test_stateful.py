"""Anybody does anything at any time: what must hold after every step, on both databases.

One office per database; every example files cases of its own in it. The clock only stands or goes forward within an
example. Each step is judged before it is taken (may it work?) and compared with what came of it.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gridcase.domain.actor import Actor, Role, ScopeKind
from gridcase.domain.case import (
    Action,
    AttachmentId,
    AttachmentUsage,
    CaseKind,
    CaseState,
    CheckMode,
    CheckResult,
    Scheme,
    Source,
    TypeKey,
    UnitCode,
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
from gridcase.domain.time import TimeLimit
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.filing import FilingRequest, file_case
from gridcase.services.steps.placing import ReceivedPlace
from gridcase.services.steps.reference import Reference
from gridcase.store.cases import StoredCase, load_case
from gridcase.store.history import FIRST_LINK, lines_of, link, payload_digest, to_event
from gridcase.workflow.catalogue import Catalogue
from gridcase.workflow.machine import available_actions
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
from gridcase.workflow.rulebook import Situation
from gridcase.workflow.transitions import ADVANCING
from tests.office import MONDAY, PEOPLE, Office, upload
from tests.replay import as_replayed, replay
from tests.rows import rows_of_case

EXAMPLES_SHARE = 0.3  # of the profile's examples: 30 of "ci"
STEPS = 25

ONWARD = (
    Action.REGISTER,
    Action.DISPATCH,
    Action.ACCEPT,
    Action.REPORT,
    Action.REQUEST_CHECK,
    Action.CHECK,
    Action.CLOSE,
    Action.REWORK,
)
ASIDE = (Action.RETURN_TASK, Action.REASSIGN)
ACTIONS = sorted(set(Action) - {Action.FILE})
FIRE_LANE = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09012")
HAWKER = replace(FIRE_LANE, code="09001")  # urgent
STRUCTURE = replace(FIRE_LANE, code="06001")  # two conditions
FUMES = replace(FIRE_LANE, code="06027")  # here without a limit
TYPES = [FIRE_LANE, HAWKER, STRUCTURE, FUMES]
UNITS = ["NDJ-ZF", "NDJ-HW", "NDJ-SZ"]


def bent(reference: Reference, *, by_hand: bool) -> Reference:
    """Return the shipped rules with a class that has no limit; ``by_hand`` dispatches nothing by rule."""
    rules = reference.rules
    types = tuple(
        replace(one, conditions=tuple(replace(each, limit=None) for each in one.conditions))
        if one.key == FUMES
        else one
        for one in rules.catalogue.types
    )
    catalogue = Catalogue(version=rules.catalogue.version, types=types)
    conduct = replace(rules.conduct, auto_dispatch=not by_hand)
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

    # --- what may happen ------------------------------------------------------------------------------------------

    @initialize(target=cases, kind=st.sampled_from(TYPES), by_hand=st.booleans())
    def first(self, kind: TypeKey, *, by_hand: bool) -> str:
        return self.filed("inspector", Source.INSPECTOR, kind, by_hand=by_hand)

    @rule(target=cases, kind=st.sampled_from(TYPES), by_hand=st.booleans(), known=st.booleans())
    def another(self, kind: TypeKey, *, by_hand: bool, known: bool) -> str:
        return self.filed("acceptor", Source.HOTLINE, kind, by_hand=by_hand, known=known)

    @rule(minutes=st.sampled_from([1, 10, 45, 60, 180, 24 * 60, 80 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.office.clock.advance(timedelta(minutes=minutes))

    @rule(number=cases, data=st.data(), steps=st.integers(1, 6), by_hand=st.booleans())
    def people_do_what_is_offered(self, number: str, data: st.DataObject, steps: int, *, by_hand: bool) -> None:
        for _ in range(steps):
            stored = self.stored(number)
            offers = self.offers(stored, by_hand=by_hand)
            if not offers:
                return
            # Without a push the walk would turn in circles of comments and reassignments, or end void at once.
            pushed = [action for action in (*ONWARD, *ONWARD, *ASIDE) if action in offers]
            action = data.draw(st.sampled_from(pushed if pushed and data.draw(st.integers(0, 9)) else sorted(offers)))
            name = data.draw(st.sampled_from(offers[action]))
            payload = self.good(stored, name, action, data)
            self.act(number, name, action, payload, expected=frozenset({stored.case.version}), by_hand=by_hand)

    @rule(number=cases, name=st.sampled_from(sorted(PEOPLE)), action=st.sampled_from(ACTIONS), data=st.data())
    def somebody_does_anything(self, number: str, name: str, action: Action, data: st.DataObject) -> None:
        stored = self.stored(number)
        version = stored.case.version
        expected = data.draw(
            st.sampled_from([frozenset({version})] * 4 + [frozenset(), frozenset({version - 1}), None])
        )
        payload = self.good(stored, name, action, data)
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
        payload: Payload,
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
        payload: Payload,
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

    def filed(self, name: str, source: Source, kind: TypeKey, *, by_hand: bool = False, known: bool = True) -> str:
        point = self.office.point()
        request = FilingRequest(
            type=kind,
            source=source,
            location=ReceivedPlace(lon=point.lon, lat=point.lat) if known else None,
            address=None if known else "南大街1号",
            attachments=(self.photo(name),),
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
            ScopeKind.UNIT: case.assignment is not None and case.assignment.unit == scope.value,
            ScopeKind.AREA: (cell or "").startswith(scope.value) or (mine and actor.role is Role.INSPECTOR),
            ScopeKind.OWN: mine,
        }[scope.kind]

    def offers(self, stored: StoredCase, *, by_hand: bool) -> dict[Action, list[str]]:
        """Return who may do what now."""
        found: dict[Action, list[str]] = {}
        for name, actor in self.people.items():
            if self.sees(actor, stored):
                for action in available_actions(self.situation(stored, actor, by_hand=by_hand)):
                    found.setdefault(action, []).append(name)
        return found

    def situation(self, stored: StoredCase, actor: Actor, *, by_hand: bool) -> Situation:
        return Situation(case=stored.case, actor=actor, now=self.office.clock.now(), rules=self.rules[by_hand].rules)

    def photo(self, name: str) -> AttachmentId:
        return AttachmentId(upload(self.office, name, AttachmentUsage.OTHER))

    def good(self, stored: StoredCase, name: str, action: Action, data: st.DataObject) -> Payload:
        """Return a payload that fits; what it may say is drawn."""
        draw = data.draw
        case, photos = stored.case, (lambda: (self.photo(name),))
        limit = TimeLimit.parse("1 working_day") if case.type == FUMES and name == "shift_leader" else None
        other = next(unit for unit in UNITS if case.assignment is None or unit != case.assignment.unit)
        makers: dict[Action, Callable[[], Payload]] = {
            Action.REGISTER: lambda: Register(condition="2" if case.type == STRUCTURE else "1", limit=limit),
            Action.VOID: lambda: Void(reason="test"),
            Action.DISPATCH: lambda: Dispatch(unit=draw(st.sampled_from([UnitCode("NDJ-HW"), None]))),
            Action.ACCEPT: Accept,
            Action.RETURN_TASK: lambda: ReturnTask(reason="not_ours"),
            Action.REASSIGN: lambda: Reassign(
                unit=UnitCode(other), reason=draw(st.sampled_from(["wrong_unit", "workload"]))
            ),
            Action.REPORT: lambda: Report(done="已清理", attachments=photos()),
            Action.REQUEST_CHECK: lambda: draw(
                st.sampled_from(
                    [
                        RequestCheck(mode=CheckMode.ON_SITE),
                        RequestCheck(mode=CheckMode.PHOTO, inspector=self.people["inspector2"].person),
                        RequestCheck(mode=CheckMode.WAIVED, note="视频可见已处置"),
                    ]
                )
            ),
            Action.CHECK: lambda: Check(
                result=draw(st.sampled_from(CheckResult)),
                attachments=photos(),
                location=Position(point=case.point) if case.point else None,
            ),
            Action.REWORK: lambda: Rework(note="没有清理干净"),
            Action.CLOSE: Close,
            Action.COMMENT: lambda: Comment(text="请尽快"),
            Action.ATTACH: lambda: Attach(attachments=photos()),
        }
        return makers[action]()

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def history_tells_every_case(self) -> None:
        for number in sorted(self.changed):
            stored = self.stored(number)
            with self.rt.database.reading() as tx:
                rows = lines_of(tx, stored.id)
            told = replay([to_event(row, stored.case.number) for row, _payload, _name in rows])
            assert told == as_replayed(stored.case)
            assert told.reports or told.state is not CaseState.CLOSED
            head = FIRST_LINK
            for row, payload, _name in rows:
                assert payload is not None
                assert row.previous == head
                assert payload_digest(payload.salt, payload.body) == row.payload_digest
                head = row.hash
                assert link(stored.uid, vars(row)) == head
            assert head == stored.head
        self.changed.clear()


BAD: dict[Action, Callable[[StoredCase], Payload]] = {
    Action.REGISTER: lambda _: Register(condition="99"),
    Action.VOID: lambda _: Void(reason="no such reason"),
    Action.DISPATCH: lambda _: Dispatch(unit=UnitCode("nobody")),
    Action.RETURN_TASK: lambda _: ReturnTask(reason="no such reason"),
    Action.REASSIGN: lambda stored: Reassign(unit=stored.case.assignments[-1].unit, reason="workload"),
    Action.REPORT: lambda _: Report(done="没有照片"),
    Action.REQUEST_CHECK: lambda _: RequestCheck(mode=CheckMode.WAIVED),
    Action.CHECK: lambda _: Check(result=CheckResult.PASS),
    Action.ATTACH: lambda _: Attach(attachments=(AttachmentId(str(uuid.uuid4())),)),
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
    doors = {Role.CENTRE, Role.CAMERA, Role.SYSTEM}
    assert {role for role, _scope, _unit in PEOPLE.values()} == set(Role) - doors
