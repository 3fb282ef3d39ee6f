"""When a month is closed step by step, by the office's calendar, and where it stands in between."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from gridcase.domain.time import Period
from gridcase.workflow.timetable import (
    Act,
    Approval,
    Milestone,
    MonthState,
    Timetable,
    month_dates,
    next_step,
    state_of,
)
from tests.cases import ZONE, calendar

SECOND = timedelta(seconds=1)
OCTOBER = Period.parse("2026-10", zone=ZONE)
DATES = month_dates(OCTOBER, Timetable(), calendar())


def local(instant: datetime) -> str:
    return f"{instant.astimezone(ZONE):%m-%d %H:%M}"


def test_the_default_timetable_counts_working_days_after_the_period():
    assert [local(one) for one in (DATES.draft_at, DATES.cut_off, DATES.publicity_ends_at)] == [
        "11-02 09:00",  # 1 November 2026 is a Sunday
        "11-04 18:00",
        "11-09 18:00",  # over a weekend
    ]
    assert [local(one) for one in (DATES.decided_at, DATES.approved_at)] == ["11-10 18:00", "11-11 18:00"]


def test_holidays_are_no_working_days_and_make_up_days_are():
    september = month_dates(Period.parse("2026-09", zone=ZONE), Timetable(), calendar())
    # 1 to 7 October are off, Saturday the 10th is worked.
    assert [local(one)[:5] for one in (september.draft_at, september.cut_off)] == ["10-08", "10-10"]


def test_a_timetable_that_reaches_into_a_year_not_announced_says_so():
    december = month_dates(Period.parse("2026-12", zone=ZONE), Timetable(), calendar())
    assert (DATES.provisional, december.provisional) == (False, True)


def test_days_and_hours_are_the_offices():
    early = replace(Timetable(), cut_off=Milestone(working_day=1, at=time(12, 30)))
    assert local(month_dates(OCTOBER, early, calendar()).cut_off) == "11-02 12:30"


@pytest.mark.parametrize(
    ("acts", "at", "state"),
    [
        ((), OCTOBER.start, MonthState.OPEN),
        ((), DATES.draft_at, MonthState.OPEN),  # nobody has run it
        ((Act.DRAFT,), OCTOBER.start, MonthState.DRAFT),
        ((Act.DRAFT,), DATES.cut_off, MonthState.DRAFT),  # lines of this very second still count
        ((Act.DRAFT,), DATES.cut_off + SECOND, MonthState.PUBLICITY),
        ((Act.DRAFT,), DATES.publicity_ends_at, MonthState.PUBLICITY),
        ((Act.DRAFT,), DATES.publicity_ends_at + SECOND, MonthState.DECIDING),
        ((Act.DRAFT,), DATES.decided_at + SECOND, MonthState.APPROVING),
        ((Act.DRAFT, Act.APPROVE), DATES.decided_at + SECOND, MonthState.APPROVING),
        ((Act.DRAFT, Act.SEAL), DATES.approved_at, MonthState.SEALED),
        ((Act.DRAFT, Act.SEAL, Act.APPROVE, Act.SEND), DATES.approved_at, MonthState.SENT),
        ((Act.DRAFT, Act.WITHDRAW), DATES.draft_at, MonthState.WITHDRAWN),
    ],
)
def test_where_a_month_stands_follows_from_the_clock_and_what_was_done(acts, at, state):
    assert state_of(acts, DATES, at) is state


def test_a_superseded_run_is_nothing_else_any_more():
    assert state_of((Act.DRAFT, Act.SEAL, Act.SEND), DATES, DATES.approved_at, is_superseded=True) == "superseded"


@pytest.mark.parametrize(
    ("acts", "at", "approval", "step"),
    [
        ((), DATES.draft_at, Approval.BEFORE_SEND, "draft"),
        ((Act.DRAFT,), DATES.draft_at, Approval.BEFORE_SEND, "cut_off"),
        ((Act.DRAFT,), DATES.publicity_ends_at, Approval.BEFORE_SEND, "appeal"),
        ((Act.DRAFT,), DATES.decided_at, Approval.BEFORE_SEND, "decide"),
        ((Act.DRAFT,), DATES.approved_at, Approval.BEFORE_SEND, "seal"),
        ((Act.DRAFT,), DATES.approved_at, Approval.BEFORE_SEAL, "approve"),
        ((Act.DRAFT, Act.SEAL), DATES.approved_at, Approval.BEFORE_SEND, "approve"),
        ((Act.DRAFT, Act.SEAL, Act.APPROVE), DATES.approved_at, Approval.BEFORE_SEND, "send"),
        ((Act.DRAFT, Act.SEAL, Act.APPROVE, Act.SEND), DATES.approved_at, Approval.BEFORE_SEND, None),
    ],
)
def test_the_next_step_is_named_with_who_does_it(acts, at, approval, step):
    found = next_step(acts, DATES, at, approval)
    assert (found.step if found else None) == step


def test_instants_are_aware_utc():
    assert DATES.cut_off.tzinfo is UTC
