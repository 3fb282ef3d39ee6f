"""When each stage must be done: dated tables, in local times of Changzhou.

12 October 2026 is an ordinary Monday; working time is 08:00-12:00 and 14:00-18:00; 10 October is a make-up Saturday,
1 to 7 October are holidays, and 2027 is not announced. A fire lane has 2 working hours, a hawker 2 urgent hours.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.actor import SYSTEM, UNIT_ROLES, Role
from gridcase.domain.case import Action, CaseState, CheckResult, Ruling, Source
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import is_late
from gridcase.workflow.calendar import Season, Window, instant_of
from gridcase.workflow.case import is_excused
from gridcase.workflow.catalogue import LimitRule
from gridcase.workflow.conduct import CalendarRule
from gridcase.workflow.requests import (
    Arbitrate,
    AskExtension,
    AskSuspension,
    AssistingUnit,
    Correct,
    Decide,
    Dispatch,
    Reassign,
    Register,
    Supervise,
)
from gridcase.workflow.routing import TypePattern
from gridcase.workflow.rulebook import Rulebook
from gridcase.workflow.worktime import deadline_after, load_trace, measure
from tests.cases import (
    FINDER,
    FIRE_LANE,
    HAWKER,
    OTHER_LEADER,
    OTHER_UNIT,
    PEOPLE,
    RIGHT_ROLE,
    STRUCTURE,
    UNIT,
    UNROUTED,
    ZONE,
    Play,
    calendar,
    good,
    limit,
    local,
    person,
    rulebook,
    shown,
    units,
)

ACCEPT, HANDLE, CLOSE = LimitedStage.ACCEPT, LimitedStage.HANDLE, LimitedStage.CLOSE
REGISTER, VERIFY, DISPATCH = LimitedStage.REGISTER, LimitedStage.VERIFY, LimitedStage.DISPATCH
CHECK = LimitedStage.CHECK


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
        ("10:12", "10:30", "2026-10-12 11:30"),  # 60 % of the limit used, 48 minutes remain: half, 1 h
        ("09:48", "10:30", "2026-10-12 11:42"),  # 40 % used: the 1 h 12 that remain
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


RUNNING_IN = {
    CaseState.RECEIVED: {REGISTER},
    CaseState.REGISTERED: {DISPATCH},
    CaseState.DISPATCHED: {ACCEPT, HANDLE, CLOSE},
    CaseState.HANDLING: {HANDLE, CLOSE},
    CaseState.RETURNED: {HANDLE, CLOSE},
    CaseState.REPORTED: {CHECK, CLOSE},
    CaseState.CHECKING: {CHECK, CLOSE},
}


@pytest.mark.parametrize(
    "play",
    [
        Play(),
        Play().registered(),
        Play().dispatched(),
        Play().handling(),
        Play().dispatched().do(Action.RETURN_TASK),
        Play().dispatched().reported(),
        Play().checking(),
        Play().handling().do(Action.REASSIGN),
        Play().reported().do(Action.REASSIGN),
        Play().checked(CheckResult.FAIL).do(Action.REWORK),
        Play().checked(CheckResult.FAIL).do(Action.REASSIGN),
    ],
)
def test_only_the_clocks_of_what_is_awaited_run(play):
    running = {stage for stage, clock in play.case.clocks.items() if clock.stopped_at is None}
    assert running == RUNNING_IN[play.case.state]


def test_every_clock_stops_when_the_case_ends():
    for play, last in (
        (Play().checked(CheckResult.PASS).later(minutes=7), Action.CLOSE),
        (Play().handling().later(minutes=7), Action.VOID),
    ):
        play.do(last)
        assert all(clock.stopped_at is not None for clock in play.case.clocks.values())
        assert play.case.closed_at == play.now
        assert play.case.due_at is None


def test_closing_late_does_not_make_the_unit_late():
    play = Play().handling().at("10:30").reported().at("10:40").checking().at("10:50").do(Action.CHECK)
    play.at("2026-10-14 09:00").do(Action.CLOSE)
    stopped = {stage: shown(clock.stopped_at) for stage, clock in play.case.clocks.items()}
    assert (stopped[HANDLE], stopped[CHECK]) == ("2026-10-12 10:30", "2026-10-12 10:50")
    overdue = {stage for stage, clock in play.case.clocks.items() if clock.is_overdue(play.now)}
    assert overdue == {CLOSE}


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


def without_years(*, from_season: int = 2026) -> Rulebook:
    """Return rules whose calendar has no announced year, and whose first season may still be to come."""
    hours = calendar().seasons[0].windows
    bare = replace(calendar(), years=(), seasons=(Season(valid_from=date(from_season, 1, 1), windows=hours),))
    return replace(rulebook(), calendars={"plain": bare})


@pytest.mark.parametrize("season", [2026, 2030])
def test_work_goes_on_without_a_calendar(season):
    play = Play(rules=without_years(from_season=season), at="2026-10-02 09:00")
    assert (play.due(REGISTER), play.clock(REGISTER).due.provisional) == ("2026-10-02 10:00", True)
    play.registered().dispatched().do(Action.ACCEPT).do(Action.REPORT).checked(CheckResult.PASS).do(Action.CLOSE)
    # the national day is not known, so the Friday in it counts as a working day
    assert (play.due(HANDLE), play.clock(HANDLE).due.provisional) == ("2026-10-02 11:00", True)
    assert play.case.state is CaseState.CLOSED


def test_an_unknown_calendar_of_a_unit_or_a_rule_falls_back_to_the_offices():
    rule = CalendarRule(calendar="nowhere")
    for rules in (replace(rulebook(), units=units(NDJ_ZF="nowhere")), rulebook(calendar_rules=(rule,))):
        play = Play(rules=rules).dispatched()
        assert (play.due(HANDLE), play.clock(HANDLE).due.calendar) == ("2026-10-12 11:00", "plain@1")


# --- extension: added to the old deadline, pending is not overdue -------------------------------------------------


def extension(amount: str) -> AskExtension:
    return AskExtension(amount=limit(amount), reason="workload")


@pytest.mark.parametrize(
    ("asked", "amount", "decided", "due", "close"),
    [
        # asked a minute before the deadline (11:00) and decided a day later: from the old deadline all the same
        ("10:59", "1 working_day", "2026-10-13 10:59", "2026-10-13 11:00", "2026-10-14 11:00"),
        ("11:00", "1 working_day", "2026-10-13 10:59", "2026-10-13 11:00", "2026-10-14 11:00"),
        ("09:30", "1 working_day", "2026-10-12 09:31", "2026-10-13 11:00", "2026-10-14 11:00"),
        ("10:59", "2 working_hour", "2026-10-13 10:59", "2026-10-12 15:00", "2026-10-13 15:00"),
        # over a weekend
        ("10:59", "5 working_day", "2026-10-12 15:00", "2026-10-19 11:00", "2026-10-20 11:00"),
        # by the wall clock, although the limit was working time
        ("10:59", "3 urgent_hour", "2026-10-12 10:59", "2026-10-12 14:00", "2026-10-13 12:00"),
    ],
)
def test_an_extension_adds_to_the_old_deadline_whenever_it_is_decided(asked, amount, decided, due, close):
    play = Play().handling().at(asked).do(Action.ASK_EXTENSION, extension(amount))
    play.at(decided).do(Action.DECIDE_EXTENSION)
    assert (play.due(HANDLE), play.due(CLOSE)) == (due, close)
    assert shown(play.clock(HANDLE).original_due_at) == "2026-10-12 11:00"
    assert shown(play.case.assignment.due_at) == due
    assert shown(play.case.assignment.original_due_at) == "2026-10-12 11:00"
    assert play.clock(HANDLE).due.started_at == local("2026-10-12 09:00")


@pytest.mark.parametrize(("at", "said"), [("11:00", ""), ("11:01", "extension_too_late")])
def test_an_extension_is_asked_only_before_the_deadline(at, said):
    assert Play().handling().at(at).refusal(Action.ASK_EXTENSION) == said


def test_a_pending_extension_is_not_overdue_and_a_refused_one_leaves_the_old_deadline():
    play = Play().handling().at("10:59").do(Action.ASK_EXTENSION).at("2026-10-13 10:58")
    assert is_excused(play.case)
    running = play.clock(HANDLE)
    play.do(Action.DECIDE_EXTENSION, Decide(ruling=Ruling.REFUSE, note="不属不可抗力"))
    assert not is_excused(play.case)
    assert play.clock(HANDLE) == running
    assert play.clock(HANDLE).is_overdue(play.now)


def test_an_extension_of_a_provisional_deadline_is_provisional():
    play = Play(at="2026-12-31 08:00").registered().at("17:00").dispatched().do(Action.ACCEPT)
    play.do(Action.ASK_EXTENSION, extension("1 urgent_hour")).do(Action.DECIDE_EXTENSION)
    assert (play.due(HANDLE), play.clock(HANDLE).due.provisional) == ("2027-01-01 10:00", True)


# --- suspension: pauses from the request, ends by itself ----------------------------------------------------------


def until(text: str) -> AskSuspension:
    return AskSuspension(until=local(text), reason="season")


@pytest.mark.parametrize(
    ("asked", "granted", "resumed", "due"),
    [
        # 1 h of 2 used when it was asked; across a month, up to its own date, Friday 20 November
        ("10:00", "2026-10-12 10:30", "2026-11-20 09:00", "2026-11-20 10:00"),
        # granted after the deadline had passed: paused from the request all the same
        ("10:00", "2026-10-13 09:00", "2026-11-20 09:00", "2026-11-20 10:00"),
        # granted only when its date had come
        ("10:00", "2026-11-20 09:30", "2026-11-20 09:31", "2026-11-20 10:00"),
        # the watch came late: it ended at its date nevertheless
        ("10:00", "2026-10-12 10:30", "2026-11-23 15:00", "2026-11-20 10:00"),
        # ended early, on Monday 2 November at noon
        ("10:00", "2026-10-12 10:30", "2026-11-02 11:30", "2026-11-02 14:30"),
        # asked exactly at the deadline: nothing is left, and nothing is late
        ("11:00", "2026-10-12 11:30", "2026-11-20 09:00", "2026-11-20 09:00"),
        # a minute late when it was asked: stays late by its old deadline
        ("11:01", "2026-10-12 11:30", "2026-11-20 09:00", "2026-10-12 11:00"),
    ],
)
def test_a_suspension_pauses_from_the_request_to_its_date(asked, granted, resumed, due):
    play = Play().handling().at(asked).do(Action.ASK_SUSPENSION, until("2026-11-20 09:00"))
    play.at(granted).do(Action.DECIDE_SUSPENSION)
    assert (play.case.state, play.clock(HANDLE).paused_at) == (CaseState.SUSPENDED, local(f"2026-10-12 {asked}"))
    assert play.case.due_at is None
    play.at(resumed).do(Action.RESUME, by=SYSTEM)
    assert (play.due(HANDLE), shown(play.case.assignment.due_at)) == (due, due)
    assert (play.case.state, play.case.resumes_at, play.clock(HANDLE).is_running) == (CaseState.HANDLING, None, True)
    assert shown(play.clock(HANDLE).original_due_at) == "2026-10-12 11:00"


def test_while_it_is_paused_nothing_becomes_late():
    play = Play().suspended("2026-11-20 09:00")
    assert not play.clock(HANDLE).is_overdue(local("2026-11-19 09:00"))
    assert not play.clock(HANDLE).is_running


def test_asking_for_a_suspension_does_not_pause_and_a_refusal_gives_nothing_back():
    play = Play().handling()
    running = play.clock(HANDLE)
    play.at("10:00").do(Action.ASK_SUSPENSION)
    assert (play.clock(HANDLE), is_excused(play.case)) == (running, False)
    play.at("11:01").do(Action.DECIDE_SUSPENSION, Decide(ruling=Ruling.REFUSE, note="不同意挂账"))
    assert (play.clock(HANDLE), play.case.state) == (running, CaseState.HANDLING)
    assert play.clock(HANDLE).is_overdue(play.now)


def test_a_suspension_into_a_year_not_announced_ends_with_a_provisional_deadline():
    play = Play().suspended("2027-01-04 09:00").at("2027-01-04 09:00").do(Action.RESUME, by=SYSTEM)
    assert (play.due(HANDLE), play.clock(HANDLE).due.provisional) == ("2027-01-04 11:00", True)


# --- correction: from the original start, at least one accept limit from now --------------------------------------


@pytest.mark.parametrize(
    ("changes", "at", "due"),
    [
        # to 4 working hours: from 09:00, but 4 working hours to accept from now
        ({"type": UNROUTED}, "2026-10-12 09:00", "2026-10-12 15:00"),
        ({"type": UNROUTED}, "2026-10-12 10:00", "2026-10-12 16:00"),
        ({"type": UNROUTED}, "2026-10-14 17:00", "2026-10-15 11:00"),
        # to 15 working days: the original start, not the correction, counts
        ({"type": STRUCTURE, "condition": "2"}, "2026-10-12 10:00", "2026-11-02 09:00"),
        ({"type": STRUCTURE, "condition": "2"}, "2026-10-14 09:00", "2026-11-02 09:00"),
        # to 2 urgent hours: the urgent accept limit, half an hour
        ({"type": HAWKER}, "2026-10-12 10:00", "2026-10-12 11:00"),
        ({"type": HAWKER}, "2026-10-12 10:30", "2026-10-12 11:00"),
        ({"type": HAWKER}, "2026-10-12 10:45", "2026-10-12 11:15"),
        ({"type": HAWKER}, "2026-10-12 23:45", "2026-10-13 00:15"),
        # nothing about the limit
        ({"address": "南大街2号"}, "2026-10-12 10:00", "2026-10-12 11:00"),
    ],
)
def test_a_corrected_limit_counts_from_the_start_and_leaves_time_to_accept(changes, at, due):
    play = Play().handling().at(at).do(Action.CORRECT, Correct(note="更正", **changes), by=PEOPLE[Role.SHIFT_LEADER])
    assert (play.due(HANDLE), shown(play.case.assignment.due_at)) == (due, due)
    assert play.clock(HANDLE).due.started_at == local("2026-10-12 09:00")
    assert shown(play.clock(HANDLE).original_due_at) == "2026-10-12 11:00"
    assert play.case.assignment.limit == play.clock(HANDLE).due.limit == play.case.limit
    check_trace(play.clock(HANDLE))


# --- return: undecided, rejected, arbitrated ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decided", "action", "due", "is_late_then"),
    [
        # returned at minute 119 of 120: a minute later the time is up, decided or not
        ("2026-10-12 11:00", Action.REJECT_RETURN, "2026-10-12 11:00", False),
        ("2026-10-12 11:01", Action.REJECT_RETURN, "2026-10-12 11:00", True),
        ("2026-10-12 16:00", Action.REASSIGN, "2026-10-12 11:00", True),
    ],
)
def test_a_return_at_minute_119_does_not_stop_the_clock(decided, action, due, is_late_then):
    play = Play().handling().at("10:59").do(Action.RETURN_TASK).at(decided)
    running = play.clock(HANDLE)
    assert (play.due(HANDLE), running.is_overdue(play.now)) == (due, is_late_then)
    play.do(action)
    assert play.due(HANDLE) == due
    assert (play.clock(HANDLE) == running) or action is Action.REASSIGN


@pytest.mark.parametrize(
    ("unit", "reason", "due"),
    [
        ("NDJ-ZF", "workload", "2026-10-12 11:00"),  # it keeps the case, and its clock
        ("NDJ-HW", "workload", "2026-10-12 11:00"),
        ("NDJ-HW", "wrong_unit", "2026-10-12 14:30"),  # not theirs: afresh from 10:30
    ],
)
def test_arbitration_gives_a_fresh_limit_only_to_a_unit_that_should_have_had_it(unit, reason, due):
    play = Play().returned(3).at("10:30").do(Action.ARBITRATE, Arbitrate(unit=unit, reason=reason, note="裁定"))
    assert play.due(HANDLE) == due
    assert shown(play.case.assignment.due_at) == due


def test_a_withdrawn_dispatch_never_ran_and_the_dispatch_clock_runs_on():
    play = Play().registered().at("09:30").dispatched().at("10:01").do(Action.WITHDRAW_DISPATCH)
    assert {HANDLE, ACCEPT, CLOSE} & set(play.case.clocks) == set()
    assert (play.due(DISPATCH), play.clock(DISPATCH).is_overdue(play.now)) == ("2026-10-12 10:00", True)
    assert play.dispatched().due(HANDLE) == "2026-10-12 14:01"


@pytest.mark.parametrize(("at", "by", "is_overdue"), [("15:00", None, False), ("15:01", SYSTEM, True)])
def test_acceptance_by_rule_is_counted_late(at, by, is_overdue):
    play = Play().dispatched().at(at).do(Action.ACCEPT, by=by)
    assert play.due(ACCEPT) == "2026-10-12 15:00"
    assert play.clock(ACCEPT).is_overdue(play.now) is is_overdue


# --- tasks, supervision, reopening --------------------------------------------------------------------------------


def test_each_inspector_asked_has_the_whole_limit_and_registration_is_not_stopped_by_verifying():
    play = Play().at("09:20").verifying()
    assert (play.due(VERIFY), shown(play.case.task.due_at)) == ("2026-10-12 11:20", "2026-10-12 11:20")
    play.at("11:21").do(Action.REASSIGN_TASK, by=SYSTEM)
    assert (play.due(VERIFY), shown(play.case.task.due_at)) == ("2026-10-12 15:21", "2026-10-12 15:21")
    assert (play.due(REGISTER), play.clock(REGISTER).is_running) == ("2026-10-12 10:00", True)
    assert play.do(Action.VERIFY, by=FINDER).clock(VERIFY).stopped_at == play.now


@pytest.mark.parametrize(
    ("kind", "asked", "due"),
    [
        (FIRE_LANE, None, "2026-10-12 15:00"),
        (HAWKER, None, "2026-10-12 09:30"),
        (FIRE_LANE, "2026-10-12 09:10", "2026-10-12 09:10"),
    ],
)
def test_a_supervision_has_a_deadline_of_its_own(kind, asked, due):
    play = Play(type=kind).handling()
    clocks = play.case.clocks
    play.do(Action.SUPERVISE, Supervise(text="请尽快", due_at=local(asked) if asked else None))
    assert shown(play.case.supervisions[0].due_at) == due
    assert play.case.clocks == clocks


def test_a_reopened_case_is_to_be_checked_anew_while_its_handling_stays_as_it_was():
    play = Play().handling().at("10:00").checked(CheckResult.PASS).do(Action.CLOSE)
    handle, close = play.clock(HANDLE), play.due(CLOSE)
    play.at("2026-10-13 09:00").do(Action.REOPEN)
    assert (play.clock(HANDLE), play.due(CLOSE), play.due(CHECK)) == (handle, close, "2026-10-13 15:00")
    assert (play.clock(CHECK).is_running, play.clock(CLOSE).is_running) == (True, True)


# --- whose calendar, whose limit ----------------------------------------------------------------------------------

NIGHT_AREA = "320404005001"


def night_rules(rule: CalendarRule | None = None, **own: str) -> Rulebook:
    """Return rules with a second calendar that works from 18:00 to 23:00."""
    windows = (Window.parse("18:00-23:00"),)
    season = Season(valid_from=date(2026, 1, 1), windows=windows)
    night = replace(calendar(), name="night", seasons=(season,))
    rules = rulebook(calendar_rules=(rule,) if rule else ())
    return replace(rules, calendars={"plain": calendar(), "night": night}, units=units(**own))


@pytest.mark.parametrize(
    ("types", "areas", "own", "due", "name"),
    [
        ((), (), {}, "2026-10-13 09:00", "plain@1"),
        # the street works at night, for the types that happen there
        (("GBT47678.5-2026/event/09*",), (NIGHT_AREA,), {}, "2026-10-12 20:00", "night@1"),
        (("GBT47678.5-2026/event/06*",), (NIGHT_AREA,), {}, "2026-10-13 09:00", "plain@1"),  # another type
        (("GBT47678.5-2026/event/09*",), ("320404005002",), {}, "2026-10-13 09:00", "plain@1"),  # another street
        ((), (NIGHT_AREA,), {}, "2026-10-12 20:00", "night@1"),
        # the unit's own calendar, and only that of the unit that has the case
        (None, None, {"NDJ_ZF": "night"}, "2026-10-12 20:00", "night@1"),
        (None, None, {"NDJ_HW": "night"}, "2026-10-13 09:00", "plain@1"),
    ],
)
def test_the_calendar_follows_type_unit_and_area(types, areas, own, due, name):
    rule = None
    if types or areas:
        rule = CalendarRule(calendar="night", types=tuple(map(TypePattern.parse, types)), areas=areas)
    play = Play(rules=night_rules(rule, **own), at="2026-10-12 17:00").registered().dispatched()
    assert (play.due(HANDLE), play.clock(HANDLE).due.calendar) == (due, name)
    assert play.clock(ACCEPT).due.calendar == name
    assert play.clock(DISPATCH).due.calendar == "plain@1"  # the office's own work


def test_the_place_goes_before_the_unit():
    rule = CalendarRule(calendar="plain", areas=(NIGHT_AREA,))
    play = Play(rules=night_rules(rule, NDJ_ZF="night")).dispatched()
    assert play.clock(HANDLE).due.calendar == "plain@1"


def test_the_next_unit_is_measured_by_its_own_calendar():
    play = Play(rules=night_rules(None, NDJ_HW="night")).handling().at("10:00").do(Action.RETURN_TASK)
    play.do(Action.REASSIGN, Reassign(unit=OTHER_UNIT, reason="wrong_unit"))
    assert (play.due(HANDLE), play.clock(HANDLE).due.calendar) == ("2026-10-12 20:00", "night@1")


@pytest.mark.parametrize(
    ("source", "area", "due"),
    [
        (Source.INSPECTOR, "320404009", "2026-10-12 11:00"),  # the general limit, 2 h
        (Source.INSPECTOR, NIGHT_AREA, "2026-10-12 10:00"),  # in the shopping street 1 h
        (Source.HOTLINE, "320404009", "2026-10-12 15:00"),  # from the hotline 4 h
        (Source.HOTLINE, NIGHT_AREA, "2026-10-12 09:30"),  # both: half an hour
    ],
)
def test_a_limit_follows_area_class_and_source(source, area, due):
    rules = rulebook(area_classes={area: "shopping"})
    (known, *others) = rules.catalogue.types
    by = (
        LimitRule(area_class="shopping", limit=limit("1 working_hour")),
        LimitRule(source=Source.HOTLINE, limit=limit("4 working_hour")),
        LimitRule(area_class="shopping", source=Source.HOTLINE, limit=limit("0.5 working_hour")),
    )
    varied = replace(known, conditions=(replace(known.conditions[0], limits_by=by),))
    rules = replace(rules, catalogue=replace(rules.catalogue, types=(varied, *others)))
    assert Play(rules=rules, source=source).dispatched().due(HANDLE) == due


@pytest.mark.parametrize(
    ("own", "calendars", "due"),
    [
        (None, {}, "2026-10-12 11:00"),  # that of the case
        ("4 working_hour", {}, "2026-10-12 15:00"),
        ("1 urgent_hour", {}, "2026-10-12 10:00"),
        (None, {"NDJ_HW": "night"}, "2026-10-12 20:00"),  # on its own calendar
    ],
)
def test_an_assisting_unit_has_its_own_limit(own, calendars, due):
    helper = AssistingUnit(unit=OTHER_UNIT, limit=limit(own) if own else None)
    play = Play(rules=night_rules(None, **calendars)).registered()
    play.do(Action.DISPATCH, Dispatch(unit=UNIT, assisting=(helper,)))
    lead, assisting = play.case.assignments
    assert (shown(lead.due_at), shown(assisting.due_at)) == ("2026-10-12 11:00", due)
    (told,) = play.events[-1].facts.assisting
    assert (told.unit, told.assignment, shown(told.due.due_at)) == (OTHER_UNIT, 2, due)
    play.at("10:30").do(Action.REPORT, by=OTHER_LEADER)
    assert play.case.assignments[1].reported_at == play.now
    assert play.clock(HANDLE).is_running


# --- traces -------------------------------------------------------------------------------------------------------

STEPS = (
    Action.ACCEPT,
    Action.REPORT,
    Action.RETURN_TASK,
    Action.REASSIGN,
    Action.REQUEST_CHECK,
    Action.CHECK,
    Action.REWORK,
    Action.ASK_EXTENSION,
    Action.DECIDE_EXTENSION,
    Action.ASK_SUSPENSION,
    Action.DECIDE_SUSPENSION,
    Action.RESUME,
    Action.CORRECT,
    Action.DECIDE_CORRECTION,
    Action.REJECT_RETURN,
    Action.REOPEN,
)


@given(
    kind=st.sampled_from([FIRE_LANE, HAWKER, UNROUTED]),
    filed=st.integers(0, 100 * 24 * 60),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3000), st.booleans()), max_size=16),
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
    role = RIGHT_ROLE[action]
    who = person(22, role, unit) if role in UNIT_ROLES else PEOPLE[role]
    payload = good(action)
    if action is Action.ASK_EXTENSION:
        is_urgent = play.clock(HANDLE).due.limit.unit.is_urgent
        payload = extension("90 urgent_hour" if is_urgent else "3 working_hour")
    if action is Action.ASK_SUSPENSION:
        payload = replace(payload, until=play.now + timedelta(days=9))
    if action is Action.CORRECT:
        payload = Correct(type=STRUCTURE, condition="1" if flag else "2", note="更正")
    if action is Action.REASSIGN:
        payload = Reassign(unit="NDJ-HW" if unit == "NDJ-ZF" else "NDJ-ZF", reason="wrong_unit" if flag else "workload")
    if action is Action.CHECK:
        payload = type(payload)(result=CheckResult.FAIL if flag else CheckResult.PASS, attachments=payload.attachments)
    if not play.refusal(action, payload, by=who):
        play.do(action, payload, by=who)


def check_trace(clock) -> None:
    due, trace = clock.due, load_trace(clock.trace)
    seconds = sum(part.seconds for part in trace)
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
