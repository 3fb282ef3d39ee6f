"""Provisional deadlines when the next year is announced: which move, to when, and what history says."""

from dataclasses import replace
from datetime import date

import pytest

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, Ruling
from gridcase.domain.history import Facts, LimitedStage
from gridcase.workflow.calendar import AnnouncedYear, Holiday
from gridcase.workflow.machine import available_actions, decide
from gridcase.workflow.reclocking import is_running, moved_clocks
from gridcase.workflow.requests import (
    AskExtension,
    AskSuspension,
    AssistingUnit,
    Decide,
    Dispatch,
    Reclock,
    Register,
    Resume,
)
from gridcase.workflow.rulebook import Rulebook, Situation
from tests.cases import OTHER_UNIT, PEOPLE, STRUCTURE, SYSTEM, UNIT, Play, calendar, limit, local, rulebook, shown

#: Monday: 15 working days, weekends only, end on Monday 2027-01-11 09:00.
FILED = "2026-12-21 09:00"
NEW_YEAR = Holiday(name="元旦", first_day=date(2027, 1, 1), last_day=date(2027, 1, 3), make_up=(date(2027, 1, 9),))
LONG_NEW_YEAR = replace(NEW_YEAR, last_day=date(2027, 1, 5), make_up=())


def announced(holiday: Holiday = LONG_NEW_YEAR, version: str = "2") -> Rulebook:
    """The rulebook with 2027 announced."""
    known = calendar()
    years = (*known.years, AnnouncedYear(year=2027, holidays=(holiday,)))
    return replace(rulebook(), calendars={"plain": replace(known, version=version, years=years)})


def long_case(**dispatch) -> Play:
    play = Play(type=STRUCTURE, condition="2", at=FILED).do(Action.REGISTER, Register(condition="2"))
    return play.do(Action.DISPATCH, Dispatch(unit=UNIT, **dispatch)).do(Action.ACCEPT)


def situation(play: Play, rules: Rulebook) -> Situation:
    return Situation(
        case=play.case, actor=SYSTEM, now=play.now, rules=rules, former={"plain@1": (calendar(),), "other@1": ()}
    )


def reclocked(play: Play, rules: Rulebook) -> Facts:
    done = decide(situation(play, rules), Action.RECLOCK, Reclock())
    assert (done.case.version, done.case.events) == (play.case.version, play.case.events + 1)
    assert done.case.state is play.case.state
    play.case = done.case
    return Facts.load(done.events[0].facts.dump())


def test_a_provisional_deadline_becomes_certain_and_history_names_the_new_one():
    play = long_case()
    assert (play.due(LimitedStage.HANDLE), play.clock(LimitedStage.HANDLE).due.provisional) == (
        "2027-01-11 09:00",
        True,
    )
    facts = reclocked(play, announced())
    # 1, 4 and 5 January are holidays now: three working days more.
    assert play.due(LimitedStage.HANDLE) == "2027-01-14 09:00"
    assert [(due.stage, due.provisional, due.calendar) for due in facts.dues] == [
        (LimitedStage.HANDLE, False, "plain@2"),
        (LimitedStage.CLOSE, False, "plain@2"),
    ]
    assert (facts.assignment, facts.unit) == (1, UNIT)
    assert shown(play.case.assignments[0].due_at) == "2027-01-14 09:00"
    assert shown(play.clock(LimitedStage.HANDLE).original_due_at) == "2027-01-11 09:00"


def test_the_closing_deadline_keeps_its_distance_from_the_handling_deadline():
    play = long_case()
    before = play.due(LimitedStage.CLOSE)
    reclocked(play, announced())
    assert (before, play.due(LimitedStage.CLOSE)) == ("2027-01-12 09:00", "2027-01-15 09:00")


def test_a_make_up_day_moves_a_deadline_forward():
    play = long_case()
    reclocked(play, announced(replace(NEW_YEAR, last_day=date(2027, 1, 1))))
    # 1 January off, Saturday the 9th worked: the same number of days.
    assert play.due(LimitedStage.HANDLE) == "2027-01-11 09:00"
    assert play.clock(LimitedStage.HANDLE).due.provisional is False


@pytest.mark.parametrize(
    "rules", [rulebook(), replace(rulebook(), calendars={"plain": replace(calendar(), version="2")})]
)
def test_nothing_is_recomputed_while_the_year_is_still_unknown(rules):
    asked = situation(long_case(), rules)
    assert Action.RECLOCK not in available_actions(asked)


def test_it_is_done_once():
    play = long_case()
    reclocked(play, announced())
    assert Action.RECLOCK not in available_actions(situation(play, announced()))


def test_a_certain_deadline_is_never_recomputed():
    play = Play(at="2026-10-12 09:00").handling()
    sooner = replace(calendar(), years=(), version="2")
    assert Action.RECLOCK not in available_actions(situation(play, replace(rulebook(), calendars={"plain": sooner})))


def test_people_cannot_ask_for_it():
    assert long_case().refusal(Action.RECLOCK, Reclock(), by=PEOPLE[Role.SHIFT_LEADER]) == "role_may_not"


def extended() -> Play:
    asked = AskExtension(amount=limit("5 working_day"), reason="workload")
    play = long_case().do(Action.ASK_EXTENSION, asked, by=PEOPLE[Role.UNIT_LEADER])
    return play.do(Action.DECIDE_EXTENSION, Decide(ruling=Ruling.GRANT), by=PEOPLE[Role.SHIFT_LEADER])


def test_an_extension_is_kept():
    play = extended()
    assert play.due(LimitedStage.HANDLE) == "2027-01-18 09:00"
    reclocked(play, announced())
    assert play.due(LimitedStage.HANDLE) == "2027-01-21 09:00"


def test_a_version_changed_in_place_is_measured_by_the_calendar_of_then():
    play = extended()
    rules = announced(version="1")
    former = {"plain@1": (rules.calendars["plain"], calendar())}
    done = decide(replace(situation(play, rules), former=former), Action.RECLOCK, Reclock())
    assert shown(done.case.clocks[LimitedStage.HANDLE].due.due_at) == "2027-01-21 09:00"


def test_a_paused_clock_goes_on_with_what_was_left():
    def suspended() -> Play:
        asked = AskSuspension(until=local("2027-02-01 09:00"), reason="season")
        play = long_case().at("2026-12-28 09:00").do(Action.ASK_SUSPENSION, asked, by=PEOPLE[Role.UNIT_LEADER])
        return play.do(Action.DECIDE_SUSPENSION, Decide(ruling=Ruling.GRANT), by=PEOPLE[Role.SHIFT_LEADER])

    play = suspended()
    reclocked(play, announced())
    play.rules = announced()
    play.at("2027-02-01 09:00").do(Action.RESUME, Resume(), by=PEOPLE[Role.SHIFT_LEADER])
    # Five of fifteen days were used.
    assert play.due(LimitedStage.HANDLE) == "2027-02-15 09:00"


def test_what_was_reported_on_time_stays_on_time():
    play = long_case().at("2027-01-11 08:59").do(Action.REPORT)
    sooner = announced(
        replace(
            NEW_YEAR,
            first_day=date(2027, 1, 1),
            last_day=date(2027, 1, 1),
            make_up=(date(2027, 1, 2), date(2027, 1, 9)),
        )
    )
    reclocked(play, sooner)
    handle = play.clock(LimitedStage.HANDLE)
    assert (handle.is_overdue(play.now), handle.due.provisional) == (False, False)
    assert play.due(LimitedStage.HANDLE) == "2027-01-11 08:59"


def test_an_assisting_unit_gets_its_own_new_deadline():
    play = long_case(assisting=(AssistingUnit(unit=OTHER_UNIT),))
    facts = reclocked(play, announced())
    assert [(one.assignment, shown(one.due.due_at)) for one in facts.assisting] == [(2, "2027-01-14 09:00")]
    assert shown(play.case.assignments[1].due_at) == "2027-01-14 09:00"


def test_the_open_task_moves_with_its_clock():
    play = Play(at="2026-12-31 09:00").handling().at("17:00").do(Action.REPORT).do(Action.REQUEST_CHECK)
    assert shown(play.case.tasks[0].due_at) == "2027-01-01 11:00"
    facts = reclocked(play, announced(NEW_YEAR))
    assert shown(play.case.tasks[0].due_at) == "2027-01-04 11:00"
    assert (facts.task, facts.task_kind) == (1, "check")


def test_a_preview_leaves_paused_and_stopped_clocks_and_moves_certain_ones_too():
    play = Play(at="2026-10-12 09:00").handling()
    off = replace(
        calendar(),
        version="2",
        years=(
            AnnouncedYear(
                year=2026,
                holidays=(replace(NEW_YEAR, first_day=date(2026, 10, 12), last_day=date(2026, 10, 12), make_up=()),),
            ),
        ),
    )
    moved = moved_clocks(situation(play, replace(rulebook(), calendars={"plain": off})), is_running)
    assert {stage: shown(clock.due.due_at) for stage, clock in moved.items()} == {
        LimitedStage.HANDLE: "2026-10-13 10:00",
        LimitedStage.CLOSE: "2026-10-14 10:00",
    }
    assert moved_clocks(situation(play, rulebook()), is_running) == {}
