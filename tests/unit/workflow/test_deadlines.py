"""When each stage must be done: dated tables, in local times of Changzhou.

12 October 2026 is an ordinary Monday; working time is 08:00-12:00 and 14:00-18:00; 10 October is a make-up Saturday,
1 to 7 October are holidays, and 2027 is not announced. A fire lane has 2 working hours, a hawker 2 urgent hours.
"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, CheckResult
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import is_late
from gridcase.workflow.calendar import instant_of
from gridcase.workflow.requests import Reassign, Register
from gridcase.workflow.worktime import deadline_after, load_trace, measure
from tests.cases import (
    FIRE_LANE,
    HAWKER,
    OTHER_UNIT,
    PEOPLE,
    RIGHT_ROLE,
    STRUCTURE,
    UNROUTED,
    ZONE,
    Play,
    calendar,
    good,
    limit,
    local,
    person,
    shown,
)

ACCEPT, HANDLE, CLOSE = LimitedStage.ACCEPT, LimitedStage.HANDLE, LimitedStage.CLOSE
REGISTER, DISPATCH, CHECK = LimitedStage.REGISTER, LimitedStage.DISPATCH, LimitedStage.CHECK


@pytest.mark.parametrize(
    ("kind", "dispatched", "accept", "handle", "close"),
    [
        # accept 4 h; close = handle, then 4 h to check, then 4 h to close
        (FIRE_LANE, "2026-10-12 09:00", "2026-10-12 15:00", "2026-10-12 11:00", "2026-10-13 11:00"),
        # over noon
        (FIRE_LANE, "2026-10-12 11:30", "2026-10-12 17:30", "2026-10-12 15:30", "2026-10-13 15:30"),
        # used up exactly at noon, and at the end of the day: due there, not when work begins again
        (FIRE_LANE, "2026-10-12 10:00", "2026-10-12 16:00", "2026-10-12 12:00", "2026-10-13 12:00"),
        (FIRE_LANE, "2026-10-12 16:00", "2026-10-13 10:00", "2026-10-12 18:00", "2026-10-13 18:00"),
        # in the noon break: counts from the opening
        (FIRE_LANE, "2026-10-12 13:00", "2026-10-12 18:00", "2026-10-12 16:00", "2026-10-13 16:00"),
        # over a weekend
        (FIRE_LANE, "2026-10-16 17:00", "2026-10-19 11:00", "2026-10-19 09:00", "2026-10-20 09:00"),
        # at night of a weekend
        (FIRE_LANE, "2026-10-17 22:00", "2026-10-19 12:00", "2026-10-19 10:00", "2026-10-20 10:00"),
        # into the holiday, out on Thursday 8; the make-up Saturday works
        (FIRE_LANE, "2026-09-30 17:00", "2026-10-08 11:00", "2026-10-08 09:00", "2026-10-09 09:00"),
        (FIRE_LANE, "2026-10-09 17:00", "2026-10-10 11:00", "2026-10-10 09:00", "2026-10-12 09:00"),
        # urgent: by the wall clock, with the urgent limits of every stage, in the night and over the holiday
        (HAWKER, "2026-10-12 22:36", "2026-10-12 23:06", "2026-10-13 00:36", "2026-10-13 01:36"),
        (HAWKER, "2026-09-30 23:30", "2026-10-01 00:00", "2026-10-01 01:30", "2026-10-01 02:30"),
        # 4 working hours, no route
        (UNROUTED, "2026-10-12 09:00", "2026-10-12 15:00", "2026-10-12 15:00", "2026-10-13 15:00"),
    ],
)
def test_dispatch_starts_the_clocks_of_accepting_handling_and_closing(kind, dispatched, accept, handle, close):
    play = Play(type=kind, at="2026-09-28 08:00").registered().at(dispatched).dispatched()
    assert (play.due(ACCEPT), play.due(HANDLE), play.due(CLOSE)) == (accept, handle, close)
    assert play.case.assignment.due_at == play.clock(HANDLE).due.due_at


@pytest.mark.parametrize(
    ("kind", "condition", "register", "dispatch"),
    [
        (FIRE_LANE, None, "2026-10-12 10:00", "2026-10-12 10:50"),
        (HAWKER, None, "2026-10-12 09:30", "2026-10-12 10:20"),
        # while the condition is open nobody is measured by an urgent clock; once it is known, it counts
        (STRUCTURE, "1", "2026-10-12 10:00", "2026-10-12 10:20"),
        (STRUCTURE, "2", "2026-10-12 10:00", "2026-10-12 10:50"),
    ],
)
def test_registering_and_dispatching_have_their_own_clocks(kind, condition, register, dispatch):
    play = Play(type=kind)
    assert play.due(REGISTER) == register
    play.at("09:50").do(Action.REGISTER, Register(condition=condition))
    assert play.due(DISPATCH) == dispatch
    assert (play.clock(REGISTER).stopped_at, play.clock(DISPATCH).stopped_at) == (local("2026-10-12 09:50"), None)


def test_the_check_clock_starts_at_the_report_and_again_when_an_inspector_is_asked():
    play = Play().handling().at("10:00").reported()
    assert play.due(CHECK) == "2026-10-12 16:00"
    assert play.at("11:00").checking().due(CHECK) == "2026-10-12 17:00"
    assert play.case.task.due_at == play.clock(CHECK).due.due_at
    assert play.at("11:30").do(Action.CHECK).clock(CHECK).stopped_at == play.now


def test_an_urgent_case_is_checked_within_the_urgent_limit():
    play = Play(type=HAWKER, at="2026-10-17 23:00").handling().reported()
    assert (play.due(CHECK), play.due(CLOSE)) == ("2026-10-17 23:30", "2026-10-18 02:00")


# --- rework: the remaining time, at least half the limit; once overdue stays overdue ------------------------------


@pytest.mark.parametrize(
    ("reported", "reworked", "due"),
    [
        ("10:50", "11:00", "2026-10-12 12:00"),  # 1 h 50 used: half of the limit, 1 h
        ("09:20", "10:00", "2026-10-12 11:40"),  # 0 h 20 used: the 1 h 40 that remain
        ("10:00", "10:30", "2026-10-12 11:30"),  # 1 h used: half and the rest are the same
        ("10:01", "10:30", "2026-10-12 11:30"),  # 1 h 01 used: half
        ("09:59", "10:30", "2026-10-12 11:31"),  # 0 h 59 used: 1 h 01 remain
        ("11:00", "11:30", "2026-10-12 14:30"),  # reported exactly at the deadline: on time, half
        ("11:01", "11:30", "2026-10-12 11:00"),  # a minute late: stays overdue
        ("10:50", "2026-10-16 17:30", "2026-10-19 08:30"),  # the check was slow: only the unit's own time is counted
    ],
)
def test_rework_gives_what_remains_but_at_least_half_the_limit(reported, reworked, due):
    play = Play().handling().at(reported).checked(CheckResult.FAIL).at(reworked).do(Action.REWORK)
    assert play.due(HANDLE) == due
    assert play.clock(HANDLE).stopped_at is None
    assert shown(play.case.assignment.due_at) == due
    originals = {play.clock(HANDLE).original_due_at, play.case.assignment.original_due_at}
    assert originals == {local("2026-10-12 11:00")}
    assert play.case.assignment.reported_at is None


def test_a_second_after_the_deadline_is_late_and_within_its_second_is_not():
    for seconds, late in ((0, False), (0.9, False), (1, True)):
        play = Play().handling().at("11:00").later(seconds=seconds).checked(CheckResult.FAIL)
        assert play.clock(HANDLE).is_overdue(play.now) is late
        assert (play.at("11:30").do(Action.REWORK).due(HANDLE) == "2026-10-12 11:00") is late


def test_a_second_rework_halves_the_limit_not_the_rest():
    play = Play().handling().at("10:50").checked(CheckResult.FAIL).at("11:00").do(Action.REWORK)
    play.at("11:50").reported().checked(CheckResult.FAIL).at("12:00").do(Action.REWORK)
    assert play.due(HANDLE) == "2026-10-12 15:00"


def test_rework_moves_the_closing_deadline_behind_the_new_handling_deadline():
    play = Play().handling()
    assert play.due(CLOSE) == "2026-10-13 11:00"
    play.at("10:50").checked(CheckResult.FAIL).at("11:00").do(Action.REWORK)
    assert play.due(CLOSE) == "2026-10-13 12:00"
    assert shown(play.clock(CLOSE).original_due_at) == "2026-10-13 11:00"


def test_an_urgent_case_is_reworked_by_the_wall_clock():
    play = Play(type=HAWKER, at="2026-10-17 22:00").handling().at("2026-10-17 23:50").checked(CheckResult.FAIL)
    assert play.at("2026-10-18 00:10").do(Action.REWORK).due(HANDLE) == "2026-10-18 01:10"


# --- return and reassign ------------------------------------------------------------------------------------------


def test_the_clock_runs_on_while_a_return_is_undecided():
    play = Play().handling()
    running = play.clock(HANDLE)
    play.at("10:00").do(Action.RETURN_TASK)
    assert play.clock(HANDLE) == running
    assert play.case.due_at == running.due.due_at
    assert not running.is_overdue(local("2026-10-12 11:00"))
    assert running.is_overdue(local("2026-10-12 11:01"))


@pytest.mark.parametrize(
    ("state", "at", "reason", "due", "close"),
    [
        # upheld "not ours": a fresh limit from now
        (CaseState.RETURNED, "10:30", "wrong_unit", "2026-10-12 14:30", "2026-10-13 14:30"),
        (CaseState.DISPATCHED, "10:30", "wrong_unit", "2026-10-12 14:30", "2026-10-13 14:30"),
        # any other reason: the deadline stands, wherever the case is
        (CaseState.RETURNED, "10:30", "workload", "2026-10-12 11:00", "2026-10-13 11:00"),
        (CaseState.DISPATCHED, "10:30", "workload", "2026-10-12 11:00", "2026-10-13 11:00"),
        (CaseState.HANDLING, "10:30", "workload", "2026-10-12 11:00", "2026-10-13 11:00"),
        # overdue: stays so, unless it was not theirs
        (CaseState.RETURNED, "11:30", "workload", "2026-10-12 11:00", "2026-10-13 11:00"),
        (CaseState.RETURNED, "11:30", "wrong_unit", "2026-10-12 15:30", "2026-10-13 15:30"),
    ],
)
def test_another_unit_gets_a_fresh_limit_only_when_the_first_was_wrong(state, at, reason, due, close):
    play = Play().dispatched()
    if state is not CaseState.DISPATCHED:
        play.do(Action.ACCEPT)
    if state is CaseState.RETURNED:
        play.at("10:00").do(Action.RETURN_TASK)
    play.at(at).do(Action.REASSIGN, Reassign(unit=OTHER_UNIT, reason=reason))
    assert (play.due(HANDLE), play.due(CLOSE)) == (due, close)
    first, second = play.case.assignments
    assert (first.leaves_due, second.unit, shown(second.due_at)) == (reason == "wrong_unit", OTHER_UNIT, due)
    assert first.ended_at == second.dispatched_at == play.now
    assert play.clock(ACCEPT).due.started_at == play.now


@pytest.mark.parametrize(
    ("reported", "reassigned", "due"),
    [
        ("09:30", "10:30", "2026-10-12 12:00"),  # 1 h 30 remained: the wait for the dispatcher is not counted
        ("10:50", "11:50", "2026-10-12 12:00"),  # 10 minutes, and no half limit as in a rework
        ("10:50", "11:55", "2026-10-12 14:05"),  # over noon
        ("11:00", "11:30", "2026-10-12 11:30"),  # nothing remained
        ("11:01", "11:30", "2026-10-12 11:00"),  # overdue stays overdue
    ],
)
def test_a_reported_case_carries_what_remained_to_the_next_unit(reported, reassigned, due):
    play = Play().handling().at(reported).reported().at(reassigned).do(Action.REASSIGN)
    assert play.due(HANDLE) == due
    assert play.clock(HANDLE).stopped_at is None


def test_every_clock_stops_when_the_case_ends():
    for play, last in (
        (Play().checked(CheckResult.PASS).later(minutes=7), Action.CLOSE),
        (Play().handling().later(minutes=7), Action.VOID),
    ):
        play.do(last)
        assert all(clock.stopped_at is not None for clock in play.case.clocks.values())
        assert play.case.closed_at == play.now
        assert play.case.due_at is None


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (Play(), REGISTER),
        (Play().registered(), DISPATCH),
        (Play().dispatched(), HANDLE),
        (Play().handling(), HANDLE),
        (Play().handling().do(Action.RETURN_TASK), HANDLE),
        (Play().reported(), CHECK),
        (Play().checking(), CHECK),
        (Play().checked(CheckResult.FAIL), CLOSE),
        (Play().checked(CheckResult.PASS), CLOSE),
    ],
)
def test_the_deadline_shown_is_that_of_the_stage_the_case_stands_in(state, stage):
    assert state.case.due_at == state.clock(stage).due.due_at


# --- years not announced ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "dispatched", "handle", "close"),
    [
        # 2026-12-31 is a Thursday; 2027 is guessed by its weekdays
        (FIRE_LANE, "2026-12-30 09:00", ("2026-12-30 11:00", False), ("2026-12-31 11:00", False)),
        (FIRE_LANE, "2026-12-31 09:00", ("2026-12-31 11:00", False), ("2027-01-01 11:00", True)),
        (FIRE_LANE, "2026-12-31 17:00", ("2027-01-01 09:00", True), ("2027-01-04 09:00", True)),
        (FIRE_LANE, "2026-12-31 16:00", ("2026-12-31 18:00", False), ("2027-01-01 18:00", True)),
        (HAWKER, "2026-12-31 23:30", ("2027-01-01 01:30", False), ("2027-01-01 02:30", False)),
    ],
)
def test_a_deadline_that_reaches_into_a_year_not_announced_is_provisional(kind, dispatched, handle, close):
    play = Play(type=kind, at="2026-12-30 08:00").registered().at(dispatched).dispatched()
    for stage, (due, is_provisional) in ((HANDLE, handle), (CLOSE, close)):
        assert (play.due(stage), play.clock(stage).due.provisional) == (due, is_provisional)


# --- traces -------------------------------------------------------------------------------------------------------

STEPS = (
    Action.ACCEPT,
    Action.REPORT,
    Action.RETURN_TASK,
    Action.REASSIGN,
    Action.REQUEST_CHECK,
    Action.CHECK,
    Action.REWORK,
)


@given(
    kind=st.sampled_from([FIRE_LANE, HAWKER, UNROUTED]),
    filed=st.integers(0, 100 * 24 * 60),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3000), st.booleans()), max_size=12),
)
def test_the_trace_of_every_deadline_recomputes_it(kind, filed, steps):
    start = shown(local("2026-09-25 08:00") + timedelta(minutes=filed))
    play = Play(type=kind, at=start).dispatched()
    for action, minutes, flag in steps:
        step(play.later(minutes=minutes), action, flag=flag)
        for clock in play.case.clocks.values():
            check_trace(clock)
            is_known = clock.due.limit.unit.is_urgent or shown(clock.due.due_at) < "2027"
            assert clock.due.provisional is not is_known


def step(play: Play, action: Action, *, flag: bool) -> None:
    """Take a step if it is allowed; ``flag`` chooses between the two ways of some of them."""
    unit = play.case.assignment.unit
    who = person(22, Role.HANDLER, unit) if action in STEPS[:3] else PEOPLE[RIGHT_ROLE[action]]
    payload = good(action)
    if action is Action.REASSIGN:
        payload = Reassign(unit="NDJ-HW" if unit == "NDJ-ZF" else "NDJ-ZF", reason="wrong_unit" if flag else "workload")
    if action is Action.CHECK:
        payload = type(payload)(result=CheckResult.FAIL if flag else CheckResult.PASS, attachments=payload.attachments)
    if not play.refusal(action, payload, by=who):
        play.do(action, payload, by=who)


def check_trace(clock) -> None:
    due, trace = clock.due, load_trace(clock.trace)
    seconds = sum(part.seconds for part in trace)
    assert seconds <= due.limit.seconds
    assert seconds == measure(due.started_at, due.due_at, due.limit.unit, calendar()).seconds
    again = deadline_after(due.started_at, seconds, due.limit.unit, calendar())
    assert (again.due_at, again.trace) == (due.due_at, trace)
    if trace:
        last = trace[-1]
        assert instant_of(last.day, last.spans[-1].closes_s, ZONE) == due.due_at.timestamp()


def test_a_clock_set_for_the_first_time_counts_its_whole_limit():
    play = Play().reported()
    for stage, clock in play.case.clocks.items():
        seconds = sum(part.seconds for part in load_trace(clock.trace))
        assert seconds == clock.due.limit.seconds, stage
        assert clock.original_due_at == clock.due.due_at
        assert clock.due.calendar == "plain@1"
    assert play.clock(HANDLE).due.limit == limit("2 working_hour")


@given(st.integers(-3, 3), st.integers(0, 999_999))
def test_late_is_after_the_deadline_in_whole_seconds(seconds, microseconds):
    due = local("2026-10-12 11:00")
    instant = due + timedelta(seconds=seconds, microseconds=microseconds)
    assert is_late(instant, due) is (seconds >= 1)
