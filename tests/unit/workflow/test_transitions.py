"""Every action from every state by every role, tried on the pure machine against the table of domain §4."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import Action, CaseState, CheckMode, CheckResult, Source
from gridcase.domain.errors import GridcaseError, NotPermittedError, WrongStateError
from gridcase.domain.place import E7, GeoPoint
from gridcase.workflow.machine import check_may, decide, start
from gridcase.workflow.requests import (
    Attach,
    Check,
    Dispatch,
    Position,
    Reassign,
    Register,
    Report,
    RequestCheck,
    ReturnTask,
    Void,
)
from gridcase.workflow.transitions import TABLE
from tests.cases import (
    CHECKER,
    FINDER,
    FUMES,
    OTHER_UNIT,
    PEOPLE,
    PHOTO,
    POINT,
    STRUCTURE,
    UNIT,
    UNROUTED,
    Play,
    filing,
    good,
    limit,
    person,
    rulebook,
)

#: The table of domain §4, as far as built: action, from, to, who. Written out once more so that a slip in either shows.
OPEN = "received verifying registered returned dispatched handling suspended reported checking"
STAFF = "inspector acceptor shift_leader dispatcher unit_leader handler chief assessor leader admin"
WRITTEN_OUT = """
file          | -                                     | received          | inspector acceptor public_door centre camera
register      | received                              | registered        | acceptor shift_leader system
void          | received verifying registered         | void              | acceptor
void          | {open}                                | void              | shift_leader
dispatch      | registered                            | dispatched        | dispatcher system
accept        | dispatched                            | handling          | unit_leader handler
return_task   | dispatched handling                   | returned          | unit_leader handler
reassign      | returned dispatched handling reported | dispatched        | dispatcher
report        | dispatched handling                   | reported          | unit_leader handler dispatcher
request_check | reported                              | checking reported | acceptor shift_leader
check         | checking                              | reported          | inspector
rework        | reported                              | handling          | shift_leader acceptor
close         | reported                              | closed            | shift_leader
comment       | {open}                                | -                 | {staff}
attach        | {open}                                | -                 | {staff}
"""


def words(text: str) -> frozenset[str]:
    return frozenset(text.replace("-", " ").format(open=OPEN, staff=STAFF).split())


ROWS = [
    (action.strip(), words(sources), words(targets), words(roles))
    for action, sources, targets, roles in (line.split("|") for line in WRITTEN_OUT.strip().splitlines())
]

#: A case in every state; ``reported`` thrice, for what its last check said.
IN_STATE: dict[str, Callable[[], Play]] = {
    "received": Play,
    "verifying": lambda: Play().put(CaseState.VERIFYING),
    "registered": lambda: Play().registered(),
    "dispatched": lambda: Play().dispatched(),
    "handling": lambda: Play().handling(),
    "returned": lambda: Play().handling().do(Action.RETURN_TASK),
    "suspended": lambda: Play().handling().put(CaseState.SUSPENDED),
    "reported": lambda: Play().reported(),
    "reported, failed": lambda: Play().checked(CheckResult.FAIL),
    "reported, passed": lambda: Play().checked(CheckResult.PASS),
    "checking": lambda: Play().checking(),
    "closed": lambda: Play().checked(CheckResult.PASS).do(Action.CLOSE),
    "void": lambda: Play().do(Action.VOID),
    "transferred": lambda: Play().handling().put(CaseState.TRANSFERRED),
}

#: What must come first, by state: these three and no others are refused although state and role are right.
MUST_COME_FIRST = {
    ("reported", "rework"): "no_failed_check",
    ("reported", "close"): "check_missing",
    ("reported, failed", "close"): "check_missing",
    ("reported, passed", "request_check"): "check_already_passed",
    ("reported, passed", "rework"): "no_failed_check",
}


def bare(name: str) -> str:
    return name.partition(",")[0]


def expected(state: str, action: str, role: str) -> str:
    """Return the code of the refusal that the written-out table asks for; empty when the action must work."""
    mine = [row for row in ROWS if row[0] == action and role in row[3] and row[1]]
    if not mine:
        return "role_may_not"
    if not any(bare(state) in row[1] for row in mine):
        return "wrong_state"
    return MUST_COME_FIRST.get((state, action), "")


def test_the_machine_reads_the_table_of_the_trade():
    built = [(row.action.value, row.sources, row.targets, row.roles) for row in TABLE]
    assert built == ROWS


def test_every_state_is_tried():
    assert {bare(name) for name in IN_STATE} == set(CaseState)
    assert all(make().case.state == bare(name) for name, make in IN_STATE.items())


@pytest.mark.parametrize("state", IN_STATE)
def test_every_action_by_every_role_does_what_the_table_says(state):
    play = IN_STATE[state]()
    for action in Action:
        for role in Role:
            said = expected(state, action, role)
            assert play.refusal(action, by=PEOPLE[role]) == said, f"{action} by {role}"


@pytest.mark.parametrize("state", IN_STATE)
def test_what_is_offered_works_and_what_is_not_offered_is_refused(state):
    play = IN_STATE[state]()
    for role in Role:
        works = tuple(
            action for action in Action if action is not Action.FILE and not play.refusal(action, by=PEOPLE[role])
        )
        assert set(play.offers(PEOPLE[role])) == set(works), role
        in_table_order = sorted(play.offers(PEOPLE[role]), key=[row.action for row in TABLE].index)
        assert list(play.offers(PEOPLE[role])) == in_table_order


@pytest.mark.parametrize("state", IN_STATE)
def test_a_refusal_says_by_its_kind_whether_the_person_or_the_moment_is_wrong(state):
    play = IN_STATE[state]()
    for action in set(Action) - {Action.FILE}:
        for role in Role:
            said = expected(state, action, role)
            if said:
                kind = NotPermittedError if said == "role_may_not" else WrongStateError
                with pytest.raises(kind) as refused:
                    decide(play.situation(PEOPLE[role]), action, good(action))
                assert refused.value.params.get("action", action) == action


@pytest.mark.parametrize("state", IN_STATE)
def test_an_action_ends_in_a_state_of_its_row_and_adds_one_line(state):
    play = IN_STATE[state]()
    for action, sources, targets, roles in ROWS:
        for role in roles:
            if expected(state, action, role) or bare(state) not in sources:
                continue
            before = play.case
            done = decide(play.situation(PEOPLE[role]), Action(action), good(Action(action)))
            (line,) = done.events
            assert (line.from_state, line.to_state) == (before.state, done.case.state)
            assert done.case.state in (targets or {before.state})
            assert done.case.events == before.events + 1
            assert done.case.version == before.version + bool(targets)


def test_an_action_is_read_only_after_role_state_and_guard_were_right():
    play = Play().reported()
    for action, actor, code in (
        (Action.CLOSE, PEOPLE[Role.ACCEPTOR], "role_may_not"),
        (Action.ACCEPT, PEOPLE[Role.HANDLER], "wrong_state"),
        (Action.CLOSE, PEOPLE[Role.SHIFT_LEADER], "check_missing"),
    ):
        with pytest.raises(GridcaseError) as refused:
            check_may(play.situation(actor), action)  # no payload is given at all
        assert refused.value.code == code


# --- who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.RETURN_TASK, Action.REPORT])
@pytest.mark.parametrize("role", [Role.UNIT_LEADER, Role.HANDLER])
@pytest.mark.parametrize(("unit", "said"), [(UNIT, ""), (OTHER_UNIT, "not_your_unit"), (None, "not_your_unit")])
def test_only_the_unit_that_has_the_case_acts_on_it(action, role, unit, said):
    assert Play().dispatched().refusal(action, by=person(77, role, unit)) == said


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.RETURN_TASK, Action.REPORT])
def test_the_unit_that_had_the_case_before_acts_on_it_no_more(action):
    play = Play().dispatched().do(Action.REASSIGN)
    assert play.refusal(action) == "not_your_unit"
    assert play.refusal(action, by=person(77, Role.HANDLER, OTHER_UNIT)) == ""


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (CHECKER, ""),
        (FINDER, "not_your_task"),
        (person(78, Role.INSPECTOR), "not_your_task"),
    ],
)
def test_only_the_asked_inspector_checks(who, said):
    play = Play().checking()
    assert play.refusal(Action.CHECK, by=who) == said
    assert (Action.CHECK in play.offers(who)) == (not said)


def test_the_finder_may_check():
    play = Play().reported().do(Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.ON_SITE, inspector=FINDER.person))
    assert play.refusal(Action.CHECK, by=FINDER) == ""


@pytest.mark.parametrize(
    ("reporter", "inspector", "said"),
    [
        (PEOPLE[Role.HANDLER], CHECKER, ""),
        # reported in another role, on the unit's behalf, by the person now asked
        (replace(PEOPLE[Role.DISPATCHER], person=CHECKER.person), CHECKER, "inspector: inspector_not_eligible"),
    ],
)
def test_who_handled_a_case_is_not_asked_to_check_it(reporter, inspector, said):
    play = Play().handling().do(Action.REPORT, by=reporter)
    asked = RequestCheck(mode=CheckMode.ON_SITE, inspector=inspector.person)
    assert play.refusal(Action.REQUEST_CHECK, asked) == said


def test_an_inspector_of_the_handling_unit_is_not_asked_and_the_duty_inspector_comes_first():
    play = Play().reported()
    duty, of_the_unit, far = (
        replace(inspector, person=number, unit=unit, area=area)
        for inspector, number, unit, area in (
            (play.situation(CHECKER).inspectors[0], 51, None, "320404005001"),
            (play.situation(CHECKER).inspectors[0], 52, UNIT, "320404005001001"),
            (play.situation(CHECKER).inspectors[0], 53, None, "320404005016"),
        )
    )
    situation = replace(play.situation(PEOPLE[Role.ACCEPTOR]), inspectors=(far, of_the_unit, duty))
    done = decide(situation, Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.ON_SITE))
    assert done.case.tasks[-1].inspector == duty.person
    only_the_unit = replace(situation, inspectors=(of_the_unit,))
    with pytest.raises(GridcaseError) as refused:
        decide(only_the_unit, Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.ON_SITE))
    assert refused.value.fields["inspector"][0].code == "no_inspector"


@pytest.mark.parametrize(
    ("closer", "said"),
    [
        (PEOPLE[Role.SHIFT_LEADER], ""),
        (person(79, Role.SHIFT_LEADER, OTHER_UNIT), ""),
        (person(79, Role.SHIFT_LEADER, UNIT), "handled_it_yourself"),
        (replace(PEOPLE[Role.SHIFT_LEADER], person=PEOPLE[Role.HANDLER].person), "handled_it_yourself"),
    ],
)
def test_nobody_closes_what_they_or_their_unit_handled(closer, said):
    play = Play().checked(CheckResult.PASS)
    assert play.refusal(Action.CLOSE, by=closer) == said
    assert (Action.CLOSE in play.offers(closer)) == (not said)


def test_a_unit_that_gave_the_case_away_still_handled_it():
    play = Play().reported().do(Action.REASSIGN)
    play.do(Action.REPORT, by=person(80, Role.HANDLER, OTHER_UNIT)).checked(CheckResult.PASS)
    for unit in (UNIT, OTHER_UNIT):
        assert play.refusal(Action.CLOSE, by=person(81, Role.SHIFT_LEADER, unit)) == "handled_it_yourself"
    assert play.refusal(Action.CLOSE) == ""


def test_a_dispatcher_who_reported_for_the_unit_cannot_check_or_close():
    reporter = PEOPLE[Role.DISPATCHER]
    play = Play().handling().do(Action.REPORT, by=reporter).checked(CheckResult.PASS)
    assert play.refusal(Action.CLOSE, by=replace(reporter, role=Role.SHIFT_LEADER)) == "handled_it_yourself"
    assert play.refusal(Action.CLOSE) == ""


def test_a_task_given_before_its_inspector_handled_the_case_is_not_carried_out():
    play = Play().checking()
    turned = replace(play.case.assignments[0], handlers=(CHECKER.person,))
    play.case = replace(play.case, assignments=(turned,))
    assert play.refusal(Action.CHECK) == "handled_it_yourself"
    assert Action.CHECK not in play.offers(CHECKER)


def test_who_handled_a_case_does_not_waive_its_check():
    waived = RequestCheck(mode=CheckMode.WAIVED, note="视频可见")
    play = Play().reported()
    assert play.refusal(Action.REQUEST_CHECK, waived, by=person(82, Role.ACCEPTOR, UNIT)) == "handled_it_yourself"
    assert play.refusal(Action.REQUEST_CHECK, waived, by=person(82, Role.ACCEPTOR, OTHER_UNIT)) == ""
    assert play.refusal(Action.REQUEST_CHECK, good(Action.REQUEST_CHECK), by=person(82, Role.ACCEPTOR, UNIT)) == ""


# --- what must be said --------------------------------------------------------------------------------------------

FAR = Position(point=GeoPoint(lon_e7=POINT.lon_e7, lat_e7=POINT.lat_e7 + E7 // 1000), accuracy_m=5)  # 111 m
VAGUE = Position(point=FAR.point, accuracy_m=100)
NEAR = Position(point=GeoPoint(lon_e7=POINT.lon_e7, lat_e7=POINT.lat_e7 + E7 // 2500), accuracy_m=None)  # 44 m
DISPATCHER, LEADER = PEOPLE[Role.DISPATCHER], PEOPLE[Role.SHIFT_LEADER]


@pytest.mark.parametrize(
    ("state", "action", "payload", "by", "said"),
    [
        ("received", Action.VOID, Void(reason="test"), LEADER, ""),
        ("received", Action.VOID, Void(reason="no such"), LEADER, "reason: unknown_reason"),
        ("received", Action.REGISTER, Register(condition="1"), LEADER, ""),
        ("received", Action.REGISTER, Register(condition="9"), LEADER, "condition: unknown_condition"),
        ("received", Action.REGISTER, Register(limit=limit("2 working_hour")), LEADER, ""),
        ("received", Action.REGISTER, Register(limit=limit("3 working_hour")), LEADER, "limit: limit_fixed"),
        ("registered", Action.DISPATCH, Dispatch(), DISPATCHER, ""),
        ("registered", Action.DISPATCH, Dispatch(unit="nobody"), DISPATCHER, "unit: unknown_unit"),
        ("handling", Action.RETURN_TASK, ReturnTask(reason="workload"), None, "reason: unknown_reason"),
        ("handling", Action.REASSIGN, Reassign(unit=OTHER_UNIT, reason="wrong_unit"), None, ""),
        ("handling", Action.REASSIGN, Reassign(unit=UNIT, reason="wrong_unit"), None, "unit: same_unit"),
        ("handling", Action.REASSIGN, Reassign(unit="nobody", reason="wrong_unit"), None, "unit: unknown_unit"),
        ("handling", Action.REASSIGN, Reassign(unit=OTHER_UNIT, reason="not_ours"), None, "reason: unknown_reason"),
        ("handling", Action.REPORT, Report(done="好了"), None, "attachments: evidence_needed"),
        ("handling", Action.REPORT, Report(done="好了"), DISPATCHER, "attachments: evidence_needed"),
        ("reported", Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.WAIVED), None, "note: waiver_needs_reason"),
        ("reported", Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.WAIVED, note="视频可见"), None, ""),
        (
            "reported",
            Action.REQUEST_CHECK,
            RequestCheck(mode=CheckMode.WAIVED, note="视频可见", inspector=CHECKER.person),
            None,
            "inspector: waiver_has_no_inspector",
        ),
        (
            "reported",
            Action.REQUEST_CHECK,
            RequestCheck(mode=CheckMode.VIDEO, inspector=99),
            None,
            "inspector: inspector_not_eligible",
        ),
        ("checking", Action.CHECK, Check(result=CheckResult.PASS), None, "attachments: evidence_needed"),
        (
            "checking",
            Action.CHECK,
            Check(result=CheckResult.PASS, attachments=PHOTO, location=FAR),
            None,
            "location: too_far",
        ),
        ("checking", Action.CHECK, Check(result=CheckResult.PASS, attachments=PHOTO, location=VAGUE), None, ""),
        ("checking", Action.CHECK, Check(result=CheckResult.PASS, attachments=PHOTO, location=NEAR), None, ""),
        ("handling", Action.ATTACH, Attach(attachments=()), None, "attachments: evidence_needed"),
    ],
)
def test_a_payload_that_does_not_fit_is_refused_by_its_field(state, action, payload, by, said):
    assert IN_STATE[state]().refusal(action, payload, by=by) == said


def test_a_dispatcher_reports_for_the_unit_only_with_a_photo_even_where_the_unit_needs_none():
    rules = rulebook(photo_required=frozenset())
    bare = Report(done="电话确认已清理")
    assert Play(rules=rules).handling().refusal(Action.REPORT, bare) == ""
    assert Play(rules=rules).handling().refusal(Action.REPORT, bare, by=DISPATCHER) == "attachments: evidence_needed"


def test_a_case_without_a_cell_is_not_registered():
    play = Play(source=Source.HOTLINE, position=None, location=None, layers={})
    assert play.refusal(Action.REGISTER) == "not_located"
    assert play.offers(PEOPLE[Role.ACCEPTOR]) == (Action.VOID, Action.COMMENT, Action.ATTACH)


@pytest.mark.parametrize(
    ("role", "chosen", "said"),
    [
        (Role.SHIFT_LEADER, "1 working_day", ""),
        (Role.SHIFT_LEADER, None, "limit: limit_needed"),
        (Role.ACCEPTOR, "1 working_day", "limit_by_shift_leader"),
        (Role.ACCEPTOR, None, "limit_by_shift_leader"),
    ],
)
def test_a_class_without_a_published_limit_gets_one_from_the_shift_leader(role, chosen, said):
    play = Play(type=FUMES)
    payload = Register(limit=limit(chosen) if chosen else None)
    assert play.refusal(Action.REGISTER, payload, by=PEOPLE[role]) == said
    assert (Action.REGISTER in play.offers(PEOPLE[role])) is (role is Role.SHIFT_LEADER)


def test_the_chosen_limit_is_the_one_that_runs():
    play = Play(type=FUMES).do(Action.REGISTER, Register(limit=limit("1 working_day"))).dispatched()
    assert play.case.assignment.limit == limit("1 working_day")


def test_of_several_conditions_one_must_be_chosen_and_brings_its_limit():
    play = Play(type=STRUCTURE)
    assert play.refusal(Action.REGISTER) == "condition: condition_needed"
    play.do(Action.REGISTER, Register(condition="2"))
    assert (play.case.condition, play.case.limit) == ("2", limit("15 working_day"))


def test_a_type_that_the_catalogue_lost_is_not_registered_and_not_offered():
    play = Play()
    catalogue = replace(play.rules.catalogue, types=play.rules.catalogue.types[1:])
    play.rules = replace(play.rules, catalogue=catalogue)
    assert play.refusal(Action.REGISTER) == "type_gone"
    assert Action.REGISTER not in play.offers(LEADER)


def test_without_a_routing_rule_the_dispatcher_names_the_unit():
    play = Play(type=UNROUTED).registered()
    assert play.refusal(Action.DISPATCH, Dispatch()) == "unit: no_route"
    assert play.refusal(Action.DISPATCH, Dispatch(unit=UNIT)) == ""


# --- filing and going on by rule ----------------------------------------------------------------------------------

BY_RULE = {"auto_register_sources": frozenset({Source.INSPECTOR}), "auto_dispatch": True}


@pytest.mark.parametrize(
    ("filed", "actions"),
    [
        ({}, "file register dispatch"),
        ({"type": UNROUTED}, "file register"),
        ({"type": FUMES}, "file"),  # nobody has chosen a limit
        ({"type": STRUCTURE}, "file"),  # nobody has chosen a condition
        ({"type": STRUCTURE, "condition": "1"}, "file register dispatch"),
        ({"location": None, "position": None, "layers": {}}, "file"),
        ({"source": Source.HOTLINE}, "file"),
    ],
)
def test_a_filing_goes_on_by_rule_as_far_as_nothing_must_be_decided(filed, actions):
    play = Play(rules=rulebook(**BY_RULE), **filed)
    assert " ".join(event.action for event in play.events) == actions
    assert (play.case.version, play.case.events) == (1, len(play.events))
    assert [event.actor.role for event in play.events[1:]] == [Role.SYSTEM] * (len(play.events) - 1)


def test_what_a_person_registers_is_dispatched_by_rule_as_one_step():
    play = Play(rules=rulebook(auto_dispatch=True), source=Source.HOTLINE).do(Action.REGISTER)
    assert [event.action for event in play.events] == [Action.FILE, Action.REGISTER, Action.DISPATCH]
    assert (play.case.state, play.case.version, play.case.events) == (CaseState.DISPATCHED, 2, 3)
    assert play.events[-1].facts.route == "squad"


@pytest.mark.parametrize("role", Role)
def test_each_role_names_only_its_own_sources(role):
    allowed = {
        Role.INSPECTOR: {Source.INSPECTOR},
        Role.ACCEPTOR: set(Source) - {Source.INSPECTOR, Source.CAMERA},
        Role.PUBLIC_DOOR: {Source.PUBLIC},
        Role.CENTRE: {Source.SUPERIOR},
        Role.CAMERA: {Source.CAMERA},
    }.get(role, set())
    assert {source for source in Source if not filing_refusal(PEOPLE[role], source=source)} == allowed
    if not allowed:
        assert filing_refusal(PEOPLE[role]) == "role_may_not"


@pytest.mark.parametrize(
    ("role", "source", "said"),
    [
        (Role.ACCEPTOR, Source.HOTLINE, ""),
        (Role.PUBLIC_DOOR, Source.PUBLIC, "location: outside_grid"),
        (Role.CAMERA, Source.CAMERA, "location: outside_grid"),
    ],
)
def test_a_place_outside_the_grid_is_taken_only_where_somebody_can_look(role, source, said):
    assert filing_refusal(PEOPLE[role], source=source, location=None) == said


def filing_refusal(actor: Actor, **filed: object) -> str:
    play = Play()
    try:
        start(filing(**filed), actor=actor, now=play.now, rules=play.rules)
    except GridcaseError as refused:
        wrong = [f"{name}: {problem.code}" for name, problems in refused.fields.items() for problem in problems]
        return ", ".join(wrong) or refused.code
    return ""


@pytest.mark.parametrize(
    ("steps", "handlers"),
    [
        ((Action.ACCEPT, Action.REPORT), (22,)),
        ((Action.REPORT,), (22,)),
    ],
)
def test_reporting_implies_acceptance_and_remembers_who_reported(steps, handlers):
    play = Play().dispatched().later(minutes=5)
    for action in steps:
        play.do(action)
    assignment = play.case.assignment
    assert (assignment.accepted_at, assignment.reported_at, assignment.handlers) == (play.now, play.now, handlers)


def test_returning_implies_acceptance_and_keeps_the_reason():
    assignment = Play().dispatched().do(Action.RETURN_TASK).case.assignment
    assert (assignment.accepted_at is not None, assignment.returned_reason) == (True, "not_ours")


def test_a_new_report_needs_a_new_check():
    play = Play().checked(CheckResult.FAIL).do(Action.REWORK).do(Action.REPORT)
    assert play.refusal(Action.CLOSE) == "check_missing"
    assert play.refusal(Action.REWORK) == "no_failed_check"
    passed = play.checked(CheckResult.PASS)
    assert passed.refusal(Action.CLOSE) == ""
    assert passed.do(Action.REASSIGN).case.check_passed is None
