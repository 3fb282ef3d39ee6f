"""Every action from every state by every role, tried on the pure machine against the table of domain §4."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gridcase.domain.actor import SYSTEM, Actor, Role
from gridcase.domain.case import (
    Action,
    CaseState,
    CheckMode,
    CheckResult,
    RequestKind,
    Ruling,
    Source,
    VerifyResult,
)
from gridcase.domain.errors import GridcaseError, NotPermittedError, WrongStateError
from gridcase.domain.history import LimitedStage
from gridcase.domain.place import E7, GeoPoint
from gridcase.workflow.case import Outcome, RequestState, SubtaskState
from gridcase.workflow.effects.effect import needed_fields
from gridcase.workflow.machine import check_may, decide, start
from gridcase.workflow.requests import (
    Arbitrate,
    Assign,
    AssistingUnit,
    Attach,
    Check,
    Correct,
    Decide,
    Dispatch,
    Position,
    Reassign,
    ReassignTask,
    Register,
    Report,
    RequestCheck,
    ReturnTask,
    Submit,
    Verify,
    Void,
)
from gridcase.workflow.transitions import TABLE
from tests.cases import (
    CHECKER,
    CONTRACTOR,
    ELSEWHERE,
    FINDER,
    FIRE_LANE,
    FUMES,
    HAWKER,
    LEAD_NUMBER,
    OTHER_LEADER,
    OTHER_UNIT,
    PEOPLE,
    PHOTO,
    POINT,
    RIGHT_ROLE,
    STREET,
    STRUCTURE,
    SUB_HANDLER,
    SUB_UNIT,
    UNIT,
    UNROUTED,
    Play,
    a_type,
    filing,
    good,
    limit,
    local,
    person,
    rulebook,
    shown,
)

#: The table of domain §4: action, from, to, who. Written out once more so that a slip in either shows.
OPEN = "received verifying registered returned dispatched handling suspended reported checking"
STAFF = "inspector acceptor shift_leader dispatcher unit_leader handler chief assessor leader admin"
WRITTEN_OUT = """
file                 | -                                     | received closed     | inspector acceptor public_door \
centre camera
import               | -                                     | received registered closed void transferred | system
request_verification | received                              | verifying           | acceptor
verify               | verifying                             | received            | inspector
reassign_task        | verifying checking                    | -                   | acceptor shift_leader system
withdraw_task        | verifying checking                    | received reported   | acceptor shift_leader system
register             | received                              | registered          | acceptor shift_leader system
correct              | {open}                                | -                   | acceptor shift_leader
decide_correction    | {asked}                               | -                   | shift_leader leader
void                 | received verifying registered         | void                | acceptor
void                 | {open}                                | void                | shift_leader
restore              | void                                  | {open}              | acceptor shift_leader
transfer             | {open}                                | transferred         | shift_leader
link_duplicate       | received registered                   | void                | acceptor dispatcher
unlink_duplicate     | void                                  | received            | acceptor dispatcher
dispatch             | registered                            | dispatched          | dispatcher system
withdraw_dispatch    | dispatched                            | registered          | dispatcher
accept               | dispatched                            | handling            | {unit} system
assign               | handling                              | -                   | unit_leader
take_back            | handling                              | -                   | unit_leader
submit               | handling                              | -                   | {unit}
confirm              | handling                              | reported            | unit_leader
reject               | handling                              | -                   | unit_leader
return_task          | dispatched handling                   | returned            | {unit}
reject_return        | returned                              | dispatched handling | dispatcher
reassign             | returned dispatched handling reported | dispatched          | dispatcher
arbitrate            | returned                              | dispatched          | shift_leader
ask_extension        | dispatched handling                   | -                   | {unit}
decide_extension     | dispatched handling                   | -                   | shift_leader leader
ask_suspension       | handling                              | -                   | {unit}
decide_suspension    | handling                              | suspended handling  | shift_leader leader
resume               | suspended                             | handling            | {unit} shift_leader system
escalate             | {asked}                               | -                   | system
reclock              | {open} closed                         | -                   | system
report               | dispatched handling                   | reported dispatched handling | {unit} dispatcher
request_check        | reported                              | checking reported   | acceptor shift_leader
request_check        | closed                                | -                   | system
check                | checking                              | reported            | inspector
check                | closed                                | -                   | inspector
rework               | reported                              | handling            | shift_leader acceptor centre
close                | reported                              | closed              | shift_leader centre
reopen               | closed                                | reported received   | shift_leader
supervise            | {open}                                | -                   | leader
answer_supervision   | {open}                                | -                   | {unit}
urge                 | {open}                                | -                   | dispatcher
comment              | {open}                                | -                   | {staff}
attach               | {open}                                | -                   | {staff}
find                 | {open} closed void transferred        | -                   | system
review               | {open} closed void transferred        | -                   | acceptor shift_leader assessor
"""
#: Said or counted aside: they neither raise the version nor fail on a stale one.
ASIDE = frozenset({"supervise", "answer_supervision", "urge", "comment", "attach", "reclock", "find", "review"})
UNIT_ROLES = "unit_leader handler"
ASKED = "registered returned dispatched handling suspended reported checking"


def words(text: str) -> frozenset[str]:
    return frozenset(text.replace("-", " ").format(open=OPEN, staff=STAFF, asked=ASKED, unit=UNIT_ROLES).split())


ROWS = [
    (action.strip(), words(sources), words(targets), words(roles))
    for action, sources, targets, roles in (line.split("|") for line in WRITTEN_OUT.strip().splitlines())
]


def city() -> Play:
    return Play(source=Source.SUPERIOR)


def corrected_by_request(play: Play) -> Play:
    return play.do(Action.CORRECT)


#: A case in every state, and in some of them again where what may follow differs.
IN_STATE: dict[str, Callable[[], Play]] = {
    "received": Play,
    "verifying": lambda: Play().verifying(),
    "registered": lambda: Play().registered(),
    "registered, correction asked": lambda: corrected_by_request(Play().dispatched()).do(Action.WITHDRAW_DISPATCH),
    "dispatched": lambda: Play().dispatched(),
    "dispatched, asked": lambda: Play().dispatched().do(Action.ASK_EXTENSION),
    "dispatched, accepted": lambda: Play().dispatched().do(Action.RETURN_TASK).do(Action.REJECT_RETURN),
    "handling": lambda: Play().handling(),
    "handling, asked": lambda: Play().handling().do(Action.ASK_EXTENSION).do(Action.ASK_SUSPENSION),
    "handling, asked for too long": lambda: Play().handling().do(Action.ASK_EXTENSION).at("2026-10-13 09:00"),
    "handling, overdue": lambda: Play().handling().at("11:01"),
    "handling, correction asked": lambda: corrected_by_request(Play().handling()),
    "handling, assigned": lambda: Play().handling().do(Action.ASSIGN),
    "handling, submitted": lambda: Play().handling().do(Action.ASSIGN).do(Action.SUBMIT, by=SUB_HANDLER),
    "handling, supervised": lambda: Play().handling().do(Action.SUPERVISE),
    "handling, settled": lambda: Play().returned(3).do(Action.ARBITRATE, KEPT).do(Action.ACCEPT),
    "returned": lambda: Play().returned(),
    "returned, too often": lambda: Play().returned(3),
    "suspended": lambda: Play().suspended("2026-11-20 09:00"),
    "reported": lambda: Play().reported(),
    "reported, failed": lambda: Play().checked(CheckResult.FAIL),
    "reported, passed": lambda: Play().checked(CheckResult.PASS),
    "reported, city": lambda: city().checked(CheckResult.PASS),
    "reported, correction asked": lambda: corrected_by_request(Play().reported()),
    "checking": lambda: Play().checking(),
    "closed": lambda: Play().closed(),
    "closed, too long": lambda: Play().closed().at("2026-10-15 10:01"),
    "closed, self-handled": lambda: Play(is_self_handled=True),
    "closed, looked at again": lambda: Play(is_self_handled=True).do(Action.REQUEST_CHECK, by=SYSTEM),
    "void": lambda: Play().do(Action.VOID),
    "void, handled": lambda: Play().handling().do(Action.VOID),
    "void, duplicate": lambda: Play().do(Action.LINK_DUPLICATE),
    "transferred": lambda: Play().handling().do(Action.TRANSFER),
}
KEPT = Arbitrate(unit=UNIT, reason="workload", note="仍由你单位处置")

#: Refused although state and role are right, because something must come first: by action, the code and the cases of
#: ``IN_STATE`` where it has come. Who is in the way is tried further below.
MUST_COME_FIRST: dict[str, tuple[str, tuple[str, ...]]] = {
    "decide_correction": (
        "no_pending_request",
        ("registered, correction asked", "handling, correction asked", "reported, correction asked"),
    ),
    "decide_extension": (
        "no_pending_request",
        ("dispatched, asked", "handling, asked", "handling, asked for too long"),
    ),
    "decide_suspension": ("no_pending_request", ("handling, asked",)),
    "escalate": ("no_pending_request", ("handling, asked for too long",)),
    "reclock": ("nothing_to_reclock", ()),
    "find": ("nothing_found", ()),
    "review": ("nothing_found", ()),
    "take_back": ("no_subtask", ("handling, assigned", "handling, submitted")),
    "submit": ("no_subtask", ("handling, assigned",)),
    "confirm": ("nothing_submitted", ("handling, submitted",)),
    "reject": ("nothing_submitted", ("handling, submitted",)),
    "arbitrate": ("returns_allowed", ("returned, too often",)),
    "answer_supervision": ("no_supervision", ("handling, supervised",)),
    "unlink_duplicate": ("is_no_duplicate", ("void, duplicate",)),
    "close": ("check_missing", ("reported, passed", "reported, city")),
    "rework": ("no_failed_check", ("reported, failed",)),
}
#: The same for single cases of ``IN_STATE``; a third word narrows it to one role and goes first.
BESIDES: dict[tuple[str, ...], str] = {
    ("handling, assigned", "assign"): "subtask_open",
    ("handling, submitted", "assign"): "subtask_open",
    ("handling, assigned", "return_task"): "subtask_open",
    ("handling, submitted", "return_task"): "subtask_open",
    ("handling, assigned", "report", "unit_leader"): "subtask_open",
    ("handling, assigned", "report"): "subtask_open",
    ("handling, submitted", "report"): "subtask_open",
    ("handling, assigned", "submit"): "not_your_unit",
    ("dispatched, asked", "ask_extension"): "already_asked",
    ("handling, asked", "ask_extension"): "already_asked",
    ("handling, asked", "ask_suspension"): "already_asked",
    ("handling, asked for too long", "ask_extension"): "extension_too_late",
    ("handling, overdue", "ask_extension"): "extension_too_late",
    ("handling, settled", "return_task"): "settled_by_arbitration",
    ("dispatched, accepted", "withdraw_dispatch"): "already_accepted",
    ("returned, too often", "reassign"): "arbitration_needed",
    ("reported, passed", "request_check"): "check_already_passed",
    ("reported, city", "request_check"): "check_already_passed",
    ("reported, city", "close", "shift_leader"): "city_closes",
    ("reported, city", "close", "centre"): "",
    ("reported, city", "rework", "centre"): "",
    ("reported, passed", "close", "centre"): "not_the_citys",
    ("reported, failed", "rework", "centre"): "not_the_citys",
    ("reported, passed", "rework", "centre"): "not_the_citys",
    ("reported, correction asked", "rework", "centre"): "not_the_citys",
    ("reported", "rework", "centre"): "not_the_citys",
    ("closed", "request_check"): "wrong_state",
    ("closed, too long", "request_check"): "wrong_state",
    ("closed", "check"): "not_your_task",
    ("closed, too long", "check"): "not_your_task",
    ("closed, self-handled", "check"): "not_your_task",
    ("closed, too long", "reopen"): "reopen_too_late",
    ("void, handled", "restore", "acceptor"): "restore_by_shift_leader",
    ("void, duplicate", "restore"): "is_duplicate",
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
    for key in ((state, action, role), (state, action)):
        if key in BESIDES:
            return BESIDES[key]
    code, come = MUST_COME_FIRST.get(action, ("", ()))
    return "" if state in come else code


def test_the_machine_reads_the_table_of_the_trade():
    built = [(row.action.value, row.sources, row.targets, row.roles) for row in TABLE]
    assert sorted(built, key=str) == sorted(ROWS, key=str)
    assert {row.action.value for row in TABLE if not row.advances} == ASIDE


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


#: Rows that nobody of ``PEOPLE`` can take, each with who and where it is seen instead.
SEEN_ELSEWHERE = {
    ("submit", "handling"): ("handling, assigned", SUB_HANDLER),
}
#: Asked where a case stood before and may be answered later, wherever it stands by then.
CARRIED = {
    "answer_supervision": (Action.SUPERVISE, "dispatched returned suspended reported checking"),
    "decide_correction": (Action.CORRECT, "dispatched suspended checking returned"),
    "escalate": (Action.CORRECT, "registered dispatched suspended checking returned reported"),
}
#: The table lets it, and nobody can: before dispatch no unit has the case. ``reclock``, ``find`` and ``review`` have
#: tests of their own.
NEVER = {("answer_supervision", state) for state in ("received", "verifying", "registered")} | {
    (action, state)
    for action in ("reclock", "find", "review")
    for state in (*OPEN.split(), "closed", "void", "transferred")
}


def shown_row(value: object) -> str:
    """Name a part of a row; sets in one order, so that parallel workers collect the same tests."""
    return " ".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)


@pytest.mark.parametrize(("action", "sources", "targets", "roles"), ROWS, ids=shown_row)
def test_every_row_is_seen_to_happen_from_each_of_its_states(action, sources, targets, roles):
    reached = set()
    for source in sources - {state for never, state in NEVER if never == action}:
        seen = [
            (IN_STATE[name](), PEOPLE[Role(role)])
            for name in IN_STATE
            for role in roles
            if bare(name) == source and not expected(name, action, role)
        ]
        if (action, source) in SEEN_ELSEWHERE:
            name, who = SEEN_ELSEWHERE[action, source]
            seen.append((IN_STATE[name](), who))
        if action in CARRIED and source in CARRIED[action][1].split():
            seen.append((carried(action, source), PEOPLE[RIGHT_ROLE[Action(action)]]))
        assert seen, f"never from {source}"
        for play, who in seen:
            reached.add(play.do(Action(action), by=who).case.state)
    assert not targets or reached <= targets


def carried(action: str, state: str) -> Play:
    """Return a case in a state in which something asked before still waits, long after."""
    waiting = f"{state}, correction asked"
    asked = CARRIED[action][0]
    is_made = asked is Action.CORRECT and waiting in IN_STATE
    play = IN_STATE[waiting]() if is_made else IN_STATE[state]().do(asked)
    return play.at("2026-10-14 09:00")


STARTING = {Action.FILE, Action.IMPORT}


@pytest.mark.parametrize("state", IN_STATE)
def test_what_is_offered_works_and_what_is_not_offered_is_refused(state):
    play = IN_STATE[state]()
    for role in Role:
        works = tuple(action for action in set(Action) - STARTING if not play.refusal(action, by=PEOPLE[role]))
        assert set(play.offers(PEOPLE[role])) == set(works), role
        in_table_order = sorted(play.offers(PEOPLE[role]), key=[row.action for row in TABLE].index)
        assert list(play.offers(PEOPLE[role])) == in_table_order


PERSON_IS_WRONG = {
    "role_may_not",
    "not_your_unit",
    "not_your_task",
    "arbitration_needed",
    "city_closes",
    "not_the_citys",
    "restore_by_shift_leader",
}


@pytest.mark.parametrize("state", IN_STATE)
def test_a_refusal_says_by_its_kind_whether_the_person_or_the_moment_is_wrong(state):
    play = IN_STATE[state]()
    for action in set(Action) - STARTING:
        for role in Role:
            said = expected(state, action, role)
            if said:
                kind = NotPermittedError if said in PERSON_IS_WRONG else WrongStateError
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
            assert done.case.version == before.version + (action not in ASIDE)


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
            "reported, failed",
            Action.REQUEST_CHECK,
            RequestCheck(mode=CheckMode.WAIVED, note="视频可见"),
            None,
            "mode: waiver_after_failure",
        ),
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
            "location: too_far, override_reason: override_possible",
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
    assert Action.REGISTER not in play.offers(PEOPLE[Role.ACCEPTOR])
    assert {Action.CORRECT, Action.VOID} <= set(play.offers(PEOPLE[Role.ACCEPTOR]))


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


# --- who: inspectors, sub-units, deciders, the city ---------------------------------------------------------------


@pytest.mark.parametrize(("who", "said"), [(CHECKER, ""), (FINDER, "not_your_task")])
def test_only_the_asked_inspector_verifies(who, said):
    play = Play(source=Source.HOTLINE).verifying()
    assert play.refusal(Action.VERIFY, by=who) == said
    assert (Action.VERIFY in play.offers(who)) == (not said)


def test_a_task_given_to_another_is_told_the_first_as_withdrawn():
    for play, action in ((Play().verifying(), Action.VERIFY), (Play().checking(), Action.CHECK)):
        play.do(Action.REASSIGN_TASK)
        assert play.refusal(action, by=CHECKER) == "task_withdrawn"
        assert play.refusal(action, by=FINDER) == ""
        assert play.refusal(Action.REASSIGN_TASK) == "inspector: same_inspector"


def test_a_task_reassigned_by_rule_goes_to_nobody_who_was_asked_before():
    play = Play().verifying().do(Action.REASSIGN_TASK, ReassignTask(), by=SYSTEM)
    assert [(one.inspector, one.is_open) for one in play.case.tasks] == [(CHECKER.person, False), (FINDER.person, True)]
    assert play.refusal(Action.REASSIGN_TASK, ReassignTask(), by=SYSTEM) == "inspector: no_inspector"
    assert play.do(Action.WITHDRAW_TASK, by=SYSTEM).case.state is CaseState.RECEIVED


@pytest.mark.parametrize("result", VerifyResult)
def test_what_a_verification_found_is_kept_and_the_acceptor_goes_on(result):
    play = Play(source=Source.HOTLINE).verifying().do(Action.VERIFY, Verify(result=result, attachments=PHOTO))
    assert (play.case.state, play.case.verified) == (CaseState.RECEIVED, result)
    assert play.events[-1].facts.verify_result == result
    assert {Action.REGISTER, Action.VOID} <= set(play.offers(PEOPLE[Role.ACCEPTOR]))


def handled_by_all() -> Play:
    """Return a case whose work was the unit's, its sub-unit's and an assisting unit's."""
    play = Play().registered().do(Action.DISPATCH, WITH_HELP).do(Action.ACCEPT).do(Action.ASSIGN)
    return play.do(Action.SUBMIT, by=SUB_HANDLER).do(Action.REPORT, by=OTHER_LEADER).do(Action.CONFIRM)


WITH_HELP = Dispatch(unit=UNIT, assisting=(AssistingUnit(unit=OTHER_UNIT),))


@pytest.mark.parametrize("unit", [UNIT, SUB_UNIT, OTHER_UNIT])
def test_separation_of_duties_holds_for_sub_units_and_assisting_units(unit):
    play = handled_by_all()
    inspector = replace(play.situation(CHECKER).inspectors[0], person=91, unit=unit)
    situation = replace(play.situation(PEOPLE[Role.ACCEPTOR]), inspectors=(inspector,))
    with pytest.raises(GridcaseError) as refused:
        decide(situation, Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.ON_SITE, inspector=91))
    assert refused.value.fields["inspector"][0].code == "inspector_not_eligible"
    waived = RequestCheck(mode=CheckMode.WAIVED, note="视频可见")
    assert play.refusal(Action.REQUEST_CHECK, waived, by=person(92, Role.ACCEPTOR, unit)) == "handled_it_yourself"
    play.checked(CheckResult.PASS)
    assert play.refusal(Action.CLOSE, by=person(93, Role.SHIFT_LEADER, unit)) == "handled_it_yourself"
    assert play.refusal(Action.CLOSE, by=person(93, Role.SHIFT_LEADER, CONTRACTOR)) == ""


@pytest.mark.parametrize("who", [PEOPLE[Role.HANDLER], SUB_HANDLER, OTHER_LEADER])
def test_who_did_the_work_does_not_close_it_in_another_role(who):
    play = Play().registered().do(Action.DISPATCH, WITH_HELP).do(Action.ACCEPT).do(Action.ASSIGN)
    play.do(Action.SUBMIT, by=SUB_HANDLER).do(Action.REJECT).do(Action.TAKE_BACK)
    play.do(Action.REPORT, by=OTHER_LEADER).do(Action.REPORT).checked(CheckResult.PASS)
    assert play.refusal(Action.CLOSE, by=person(who.person, Role.SHIFT_LEADER)) == "handled_it_yourself"


ASKING = {
    RequestKind.EXTENSION: (Action.ASK_EXTENSION, Action.DECIDE_EXTENSION),
    RequestKind.SUSPENSION: (Action.ASK_SUSPENSION, Action.DECIDE_SUSPENSION),
    RequestKind.CORRECTION: (Action.CORRECT, Action.DECIDE_CORRECTION),
}


@pytest.mark.parametrize("kind", RequestKind)
def test_nobody_decides_what_they_asked(kind):
    ask, decide_it = ASKING[kind]
    play = Play().handling().do(ask)
    asker = play.case.pending[0].asked_by
    for role in (Role.SHIFT_LEADER, Role.LEADER):
        in_another_role = replace(PEOPLE[role], person=asker)
        assert play.refusal(decide_it, by=in_another_role) == "asked_it_yourself"
        assert decide_it not in play.offers(in_another_role)
        assert play.refusal(decide_it, by=PEOPLE[role]) == ""


@pytest.mark.parametrize("kind", RequestKind)
@pytest.mark.parametrize(
    ("at", "may_escalate"),
    [
        ("2026-10-12 15:00", "no_pending_request"),  # asked at 09:00, 4 working hours to decide: the last moment
        ("2026-10-12 15:01", ""),
    ],
)
def test_what_nobody_decided_in_time_goes_up_to_the_leader(kind, at, may_escalate):
    ask, decide_it = ASKING[kind]
    play = Play().handling().do(ask).at(at)
    assert play.refusal(Action.ESCALATE) == may_escalate
    if not may_escalate:
        play.do(Action.ESCALATE)
        assert play.case.pending[0].decider is Role.LEADER
        assert shown(play.case.pending[0].decide_by) == "2026-10-13 09:01"
        assert play.refusal(decide_it) == "leader_decides"
        assert play.refusal(decide_it, by=PEOPLE[Role.LEADER]) == ""
        assert play.at("2026-10-20 09:00").refusal(Action.ESCALATE) == "no_pending_request"


def test_a_second_extension_is_the_leaders_at_once():
    play = Play().handling().do(Action.ASK_EXTENSION).do(Action.DECIDE_EXTENSION).do(Action.ASK_EXTENSION)
    assert play.refusal(Action.DECIDE_EXTENSION) == "leader_decides"
    assert play.do(Action.DECIDE_EXTENSION, by=PEOPLE[Role.LEADER]).case.assignment.extensions == 2


def test_the_next_unit_has_its_extensions_anew():
    play = Play().handling().do(Action.ASK_EXTENSION).do(Action.DECIDE_EXTENSION).do(Action.REASSIGN)
    play.do(Action.ASK_EXTENSION, by=OTHER_LEADER)
    assert play.refusal(Action.DECIDE_EXTENSION) == ""


def test_a_refusal_needs_a_reason_and_changes_nothing_but_the_request():
    play = Play().handling().do(Action.ASK_EXTENSION)
    clocks = play.case.clocks
    assert play.refusal(Action.DECIDE_EXTENSION, Decide(ruling=Ruling.REFUSE)) == "note: refusal_needs_reason"
    play.do(Action.DECIDE_EXTENSION, Decide(ruling=Ruling.REFUSE, note="人手充足"))
    assert (play.case.clocks, play.case.assignment.extensions) == (clocks, 0)
    assert [one.state for one in play.case.requests] == [RequestState.REFUSED]
    assert play.refusal(Action.ASK_EXTENSION) == ""


@pytest.mark.parametrize(
    ("action", "lapse"),
    [
        (Action.REPORT, {RequestKind.EXTENSION, RequestKind.SUSPENSION}),
        (Action.RETURN_TASK, {RequestKind.EXTENSION, RequestKind.SUSPENSION}),
        (Action.REASSIGN, {RequestKind.EXTENSION, RequestKind.SUSPENSION}),
        (Action.VOID, set(RequestKind)),
        (Action.TRANSFER, set(RequestKind)),
        (Action.COMMENT, set()),
    ],
)
def test_what_waits_for_the_unit_lapses_with_its_turn_and_a_correction_with_the_case(action, lapse):
    play = Play().handling().do(Action.ASK_EXTENSION).do(Action.ASK_SUSPENSION).do(Action.CORRECT).do(action)
    assert {one.kind for one in play.case.requests if one.state is RequestState.LAPSED} == lapse


def test_a_closed_case_waits_for_nobody():
    play = Play().reported().do(Action.CORRECT).checked(CheckResult.PASS).do(Action.CLOSE)
    assert play.case.pending == ()


def test_a_city_case_is_closed_or_rejected_by_the_city_alone():
    play = Play(source=Source.SUPERIOR).checked(CheckResult.PASS)
    centre = PEOPLE[Role.CENTRE]
    assert play.refusal(Action.CLOSE) == "city_closes"
    assert play.refusal(Action.CLOSE, by=centre) == ""
    play.do(Action.REWORK, by=centre).do(Action.REPORT)
    assert play.refusal(Action.CLOSE, by=centre) == "check_missing"
    ours = Play().checked(CheckResult.PASS)
    assert {ours.refusal(action, by=centre) for action in (Action.CLOSE, Action.REWORK)} == {"not_the_citys"}


# --- return, arbitration, withdrawal, reopening -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "returns", "reassign", "arbitrate"),
    [
        (2, 1, "", "returns_allowed"),
        (2, 2, "", "returns_allowed"),
        (2, 3, "arbitration_needed", ""),
        (0, 1, "arbitration_needed", ""),
    ],
)
def test_after_the_allowed_returns_a_shift_leader_arbitrates(allowed, returns, reassign, arbitrate):
    play = Play(rules=rulebook(allowed_returns=allowed)).returned(returns)
    assert play.case.returns == returns
    assert (play.refusal(Action.REASSIGN), play.refusal(Action.ARBITRATE)) == (reassign, arbitrate)
    assert play.refusal(Action.REJECT_RETURN) == ""


@pytest.mark.parametrize(
    ("unit", "who", "assignments"), [(UNIT, PEOPLE[Role.UNIT_LEADER], 1), (OTHER_UNIT, OTHER_LEADER, 2)]
)
def test_after_arbitration_there_is_no_further_return(unit, who, assignments):
    ruling = Arbitrate(unit=unit, reason="workload", note="裁定")
    play = Play().returned(3).do(Action.ARBITRATE, ruling)
    assert (play.case.state, len(play.case.assignments)) == (CaseState.DISPATCHED, assignments)
    assert play.refusal(Action.RETURN_TASK, by=who) == "settled_by_arbitration"
    assert play.do(Action.ACCEPT, by=who).refusal(Action.RETURN_TASK, by=who) == "settled_by_arbitration"


@pytest.mark.parametrize(("state", "back"), [("dispatched", CaseState.DISPATCHED), ("handling", CaseState.HANDLING)])
def test_a_rejected_return_leaves_the_case_where_it_was(state, back):
    play = IN_STATE[state]()
    play.do(Action.RETURN_TASK).do(Action.REJECT_RETURN)
    assert (play.case.state, play.case.before, play.case.assignment.unit) == (back, None, UNIT)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), ""),
        ((Action.RETURN_TASK, Action.REJECT_RETURN), "already_accepted"),  # returning implied acceptance
        ((Action.ACCEPT,), "wrong_state"),
    ],
)
def test_a_dispatch_is_withdrawn_only_before_acceptance(steps, said):
    play = Play().dispatched()
    for action in steps:
        play.do(action)
    assert play.refusal(Action.WITHDRAW_DISPATCH) == said


def test_a_withdrawn_dispatch_is_not_counted_and_may_be_repeated():
    play = Play().dispatched().do(Action.WITHDRAW_DISPATCH)
    first = play.case.assignment
    assert (first.outcome, first.leaves_due, first.ended_at) == (Outcome.WITHDRAWN, True, play.now)
    assert play.do(Action.DISPATCH).case.assignment.number == 2


@pytest.mark.parametrize(
    ("closed", "at", "said"),
    [
        # 3 working days, to the second
        ("2026-10-12 10:00", "2026-10-15 10:00", ""),
        ("2026-10-12 10:00", "2026-10-15 10:00:01", "reopen_too_late"),
        # over a weekend, the make-up Saturday being a working day
        ("2026-10-16 17:00", "2026-10-21 17:00", ""),
        ("2026-10-16 17:00", "2026-10-21 17:01", "reopen_too_late"),
        ("2026-10-09 17:00", "2026-10-13 17:00", ""),
    ],
)
def test_a_closing_is_taken_back_within_three_working_days(closed, at, said):
    play = Play(at="2026-10-09 09:00").at(closed).closed().at(at)
    assert play.refusal(Action.REOPEN) == said
    assert (Action.REOPEN in play.offers(LEADER)) == (not said)


def test_a_reopened_case_is_checked_again_and_its_assignment_goes_on():
    play = Play().closed().later(hours=1).do(Action.REOPEN)
    assert (play.case.state, play.case.closed_at, play.case.check_passed) == (CaseState.REPORTED, None, None)
    assert (play.case.assignment.ended_at, play.case.assignment.outcome) == (None, None)
    assert play.refusal(Action.CLOSE) == "check_missing"
    assert play.checked(CheckResult.PASS).refusal(Action.CLOSE) == ""


# --- void, restore, transfer, duplicates --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "back"),
    [
        ("received", CaseState.RECEIVED),
        ("verifying", CaseState.RECEIVED),  # nobody is being asked any more
        ("registered", CaseState.REGISTERED),
        ("dispatched", CaseState.DISPATCHED),
        ("handling", CaseState.HANDLING),
        ("returned", CaseState.RETURNED),
        ("suspended", CaseState.SUSPENDED),
        ("reported", CaseState.REPORTED),
        ("checking", CaseState.REPORTED),
    ],
)
def test_a_restored_case_goes_back_to_where_it_stood_with_its_clocks_running_on(state, back):
    play = IN_STATE[state]()
    before = play.case
    voided = play.later(hours=1).do(Action.VOID).case
    assert all(one.leaves_due and one.outcome is Outcome.VOID for one in voided.assignments)
    assert all(clock.stopped_at is not None for clock in voided.clocks.values())
    play.later(hours=1).do(Action.RESTORE)
    assert (play.case.state, play.case.closed_at, play.case.resumes_at) == (back, None, before.resumes_at)
    # who was being asked whether it is true is asked no more; a check is still to be asked for
    running = {stage for stage, clock in before.clocks.items() if clock.stopped_at is None} - {LimitedStage.VERIFY}
    assert {stage for stage, clock in play.case.clocks.items() if clock.stopped_at is None} == running
    assert {stage: clock.due for stage, clock in play.case.clocks.items()} == {
        stage: clock.due for stage, clock in before.clocks.items()
    }
    assert play.case.assignments == before.assignments
    assert not any(one.is_open for one in play.case.tasks)


def test_what_was_done_in_the_very_second_of_voiding_stays_done():
    play = Play().reported().do(Action.VOID).do(Action.RESTORE)
    assert play.clock(LimitedStage.HANDLE).stopped_at == play.case.assignment.reported_at


def test_a_case_restored_from_suspension_still_ends_it_at_its_date():
    play = Play().suspended("2026-11-20 09:00").do(Action.VOID).at("2026-11-19 09:00").do(Action.RESTORE)
    assert play.at("2026-11-20 09:00").do(Action.RESUME, by=SYSTEM).due(LimitedStage.HANDLE) == "2026-11-20 11:00"


def test_an_unrouted_case_stands_in_the_queue_only_while_it_waits_for_dispatch():
    play = Play(type=UNROUTED)
    assert play.case.is_unrouted is False
    steps = (Action.REGISTER, Action.VOID, Action.RESTORE, Action.DISPATCH, Action.WITHDRAW_DISPATCH)
    assert [play.do(action).case.is_unrouted for action in steps] == [True, False, True, False, True]
    assert play.do(Action.CORRECT, Correct(type=FIRE_LANE, note="类别有误")).case.is_unrouted is False


def test_a_transfer_needs_evidence_a_known_body_and_a_reply_date_ahead():
    play = Play().handling()
    for changes, said in (
        ({}, ""),
        ({"attachments": ()}, "attachments: evidence_needed"),
        ({"body": "nobody"}, "body: unknown_reason"),
        ({"reply_due_at": local("2026-10-20 09:00")}, ""),
        ({"reply_due_at": play.now}, "reply_due_at: must_lie_ahead"),
    ):
        assert play.refusal(Action.TRANSFER, replace(good(Action.TRANSFER), **changes)) == said
    play.do(Action.TRANSFER)
    assert (play.case.transferred_to, play.case.assignment.leaves_due) == ("power_company", True)


@pytest.mark.parametrize(
    ("number", "state", "said"),
    [
        (LEAD_NUMBER, CaseState.HANDLING, ""),
        (LEAD_NUMBER, CaseState.RECEIVED, ""),
        (LEAD_NUMBER, CaseState.CLOSED, "lead: lead_not_open"),
        (LEAD_NUMBER, CaseState.VOID, "lead: lead_not_open"),
        ("", CaseState.RECEIVED, "lead: unknown_lead"),  # the case itself
        (None, None, "lead: unknown_lead"),
    ],
)
def test_a_duplicate_names_another_open_case(number, state, said):
    play = Play()
    play.lead = None if number is None else replace(play.case, number=number, state=state)
    assert play.refusal(Action.LINK_DUPLICATE) == said


def test_a_duplicate_keeps_its_finder_and_starts_anew_when_it_was_none():
    play = Play().registered().do(Action.LINK_DUPLICATE)
    assert (play.case.lead, play.case.found_by, play.case.state) == (LEAD_NUMBER, FINDER.person, CaseState.VOID)
    play.at("14:30").do(Action.UNLINK_DUPLICATE)
    assert (play.case.lead, play.case.registered_at, play.case.limit) == (None, None, None)
    assert (play.case.state, play.due(LimitedStage.REGISTER)) == (CaseState.RECEIVED, "2026-10-12 15:30")


# --- correction ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["received", "verifying", "registered"])
@pytest.mark.parametrize("role", [Role.ACCEPTOR, Role.SHIFT_LEADER])
def test_before_dispatch_a_correction_takes_effect_at_once(state, role):
    play = IN_STATE[state]().do(Action.CORRECT, by=PEOPLE[role])
    assert (play.case.type, play.case.pending) == (HAWKER, ())
    assert play.events[-1].facts.type == HAWKER


@pytest.mark.parametrize("state", ["dispatched", "handling", "returned", "suspended", "reported", "checking"])
def test_after_dispatch_an_acceptors_correction_waits_for_the_shift_leader(state):
    play = IN_STATE[state]().do(Action.CORRECT)
    assert (play.case.type, len(play.case.pending)) == (FIRE_LANE, 1)
    refused = replace(play.case)
    assert play.do(Action.DECIDE_CORRECTION).case.type == HAWKER
    play.case = refused
    play.do(Action.DECIDE_CORRECTION, Decide(ruling=Ruling.REFUSE, note="类别无误"))
    assert (play.case.type, play.case.limit) == (FIRE_LANE, limit("2 working_hour"))


def test_after_dispatch_a_shift_leader_corrects_at_once():
    assert Play().handling().do(Action.CORRECT, by=LEADER).case.type == HAWKER


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": STRUCTURE}, ""),
        ({"type": a_type("00000")}, "type: unknown_type"),
        ({"condition": "9"}, "condition: unknown_condition"),
        ({"object_id": "32040401001000123"}, "object_id: object_id_of_event"),
        ({"location": ELSEWHERE.position}, ""),
        ({"address": "南大街2号"}, ""),
        ({}, "note: nothing_to_correct"),
    ],
)
def test_a_correction_is_read_like_a_filing(changes, said):
    play = Play()
    assert play.refusal(Action.CORRECT, Correct(note="更正", **changes)) == said


def test_a_correction_of_the_place_moves_the_case_into_its_new_cell_and_keeps_the_old_in_history():
    play = Play(location=None, position=None, layers={}, source=Source.HOTLINE)
    play.do(Action.CORRECT, Correct(location=ELSEWHERE.position, note="定位"))
    assert (play.case.location, play.case.point) == (ELSEWHERE.location, ELSEWHERE.position.point)
    assert play.events[-1].facts.cell == ELSEWHERE.location.cell
    assert play.events[0].facts.cell is None
    assert play.refusal(Action.REGISTER) == ""


# --- sub-units, contractors, assisting units ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (SUB_UNIT, ""),
        (CONTRACTOR, ""),
        (UNIT, "unit: no_sub_unit"),
        (OTHER_UNIT, "unit: no_sub_unit"),
        (STREET, "unit: no_sub_unit"),
        ("nobody", "unit: no_sub_unit"),
    ],
)
def test_a_unit_lets_its_sub_units_and_contractors_work_for_it(unit, said):
    assert Play().handling().refusal(Action.ASSIGN, Assign(unit=unit)) == said


def test_only_the_sub_unit_submits_and_only_the_unit_judges():
    play = Play().handling().do(Action.ASSIGN)
    assert play.refusal(Action.SUBMIT, by=PEOPLE[Role.HANDLER]) == "not_your_unit"
    assert play.refusal(Action.SUBMIT, Submit(done="好了"), by=SUB_HANDLER) == "attachments: evidence_needed"
    play.do(Action.SUBMIT, by=SUB_HANDLER)
    for action in (Action.CONFIRM, Action.REJECT):
        assert play.refusal(action, by=person(94, Role.UNIT_LEADER, SUB_UNIT)) == "not_your_unit"
    play.do(Action.REJECT)
    assert (play.case.subtask.state, play.case.subtask.rejections) == (SubtaskState.ASSIGNED, 1)
    assert play.do(Action.SUBMIT, by=SUB_HANDLER).case.state is CaseState.HANDLING


def test_only_the_confirmation_makes_a_report_and_the_unit_is_named_by_it():
    play = Play().handling().do(Action.ASSIGN).do(Action.SUBMIT, by=SUB_HANDLER)
    assert play.case.assignment.reported_at is None
    play.later(minutes=30).do(Action.CONFIRM)
    assert (play.case.state, play.case.assignment.reported_at) == (CaseState.REPORTED, play.now)
    assert (play.case.assignment.unit, play.case.subtasks[0].state) == (UNIT, SubtaskState.CONFIRMED)
    assert play.case.assignment.handlers == (SUB_HANDLER.person, PEOPLE[Role.UNIT_LEADER].person)


def test_a_unit_takes_the_work_back_and_reports_itself():
    play = Play().handling().do(Action.ASSIGN).do(Action.TAKE_BACK)
    assert play.refusal(Action.SUBMIT, by=SUB_HANDLER) == "no_subtask"
    assert play.refusal(Action.REPORT) == ""
    assert play.do(Action.ASSIGN, Assign(unit=CONTRACTOR)).case.subtask.number == 2


@pytest.mark.parametrize("action", [Action.REPORT, Action.CONFIRM])
def test_a_report_waits_for_assisting_units_or_is_forced_with_a_reason(action):
    play = Play().registered().do(Action.DISPATCH, WITH_HELP).do(Action.ACCEPT)
    if action is Action.CONFIRM:
        play.do(Action.ASSIGN).do(Action.SUBMIT, by=SUB_HANDLER)
    forced = replace(good(action), forced="协办单位部分另行处置")
    assert play.refusal(action) == "forced: assisting_units_open"
    assert "forced" in needed_fields(play.situation(PEOPLE[RIGHT_ROLE[action]]), action)
    assert play.refusal(action, forced) == ""
    play.do(Action.REPORT, by=OTHER_LEADER)
    assert play.case.state is CaseState.HANDLING
    assert play.refusal(action) == ""


def test_an_assisting_unit_reports_once_and_may_not_act_as_the_lead():
    play = Play().registered().do(Action.DISPATCH, WITH_HELP)
    for action in (Action.ACCEPT, Action.RETURN_TASK, Action.ASK_EXTENSION):
        assert play.refusal(action, by=OTHER_LEADER) == "not_your_unit"
    play.do(Action.REPORT, by=OTHER_LEADER)
    assert [one.outcome for one in play.case.assignments] == [None, Outcome.REPORTED]
    assert play.refusal(Action.REPORT, by=OTHER_LEADER) == "not_your_unit"


@pytest.mark.parametrize(
    ("unit", "said"), [(OTHER_UNIT, ""), (UNIT, "assisting: same_unit"), ("nobody", "assisting: unknown_unit")]
)
def test_an_assisting_unit_is_another_one(unit, said):
    play = Play().registered()
    assert play.refusal(Action.DISPATCH, Dispatch(unit=UNIT, assisting=(AssistingUnit(unit=unit),))) == said
    twice = Dispatch(unit=UNIT, assisting=(AssistingUnit(unit=OTHER_UNIT),) * 2)
    assert play.refusal(Action.DISPATCH, twice) == "assisting: same_unit"


# --- self-handled, supervision ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "source", "kind", "said"),
    [
        (Role.INSPECTOR, Source.INSPECTOR, FIRE_LANE, ""),
        (Role.INSPECTOR, Source.INSPECTOR, STRUCTURE, "self_handled: not_self_handled"),  # not a type for it
        (Role.ACCEPTOR, Source.HOTLINE, FIRE_LANE, "self_handled: not_self_handled"),
    ],
)
def test_only_an_inspector_handles_what_is_flagged_for_it_on_the_spot(role, source, kind, said):
    assert filing_refusal(PEOPLE[role], source=source, type=kind, is_self_handled=True) == said


def test_a_self_handled_case_is_closed_at_once_and_looked_at_again_by_another():
    play = Play(is_self_handled=True, rules=rulebook(**BY_RULE))
    assert (play.case.state, play.case.closed_at, len(play.events)) == (CaseState.CLOSED, play.now, 1)
    by_finder = RequestCheck(mode=CheckMode.ON_SITE, inspector=FINDER.person)
    assert play.refusal(Action.REQUEST_CHECK, by_finder, by=SYSTEM) == "inspector: inspector_not_eligible"
    play.do(Action.REQUEST_CHECK, RequestCheck(mode=CheckMode.ON_SITE), by=SYSTEM)
    assert play.case.task.inspector == CHECKER.person
    play.do(Action.CHECK, Check(result=CheckResult.FAIL, attachments=PHOTO))
    assert (play.case.state, play.case.check_passed) == (CaseState.CLOSED, False)


def test_a_self_handled_case_reopened_starts_over_as_an_ordinary_one():
    play = IN_STATE["closed, looked at again"]().later(hours=1).do(Action.REOPEN)
    assert (play.case.state, play.case.is_self_handled, play.case.task.is_open) == (CaseState.RECEIVED, False, False)
    assert play.do(Action.REGISTER).case.state is CaseState.REGISTERED


def test_supervisions_are_answered_by_the_unit_oldest_first():
    play = Play().handling().do(Action.SUPERVISE).later(minutes=5).do(Action.SUPERVISE)
    assert play.refusal(Action.ANSWER_SUPERVISION, by=OTHER_LEADER) == "not_your_unit"
    play.do(Action.ANSWER_SUPERVISION)
    assert [one.answered_at for one in play.case.supervisions] == [play.now, None]
    play.do(Action.ANSWER_SUPERVISION)
    assert play.refusal(Action.ANSWER_SUPERVISION) == "no_supervision"
