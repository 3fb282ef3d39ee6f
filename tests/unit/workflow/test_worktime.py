"""The working-time engine against tables of dates, against a walk second by second, and against itself."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.errors import UnknownYearError
from gridcase.domain.time import LimitUnit, TimeLimit
from gridcase.rules.calendars import parse_calendar
from gridcase.workflow.calendar import AnnouncedYear, DayKind, Holiday, Season, Window, WorkingCalendar
from gridcase.workflow.worktime import (
    Deadline,
    Interval,
    deadline,
    deadline_after,
    dump_trace,
    load_trace,
    measure,
    remaining,
)

ROOT = Path(__file__).parents[3]
SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND = timedelta(seconds=1)
WORKING = LimitUnit.WORKING_HOUR


@cache
def configured(name: str) -> WorkingCalendar:
    text = (ROOT / f"config/calendar/{name}.yaml").read_text(encoding="utf-8")
    return parse_calendar(yaml.safe_load(text))


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(start: str, limit: str, calendar: WorkingCalendar | None = None) -> str:
    found = deadline(local(start), TimeLimit.parse(limit), calendar or configured("changzhou"))
    return found.due_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def hours(*windows: str) -> tuple[Window, ...]:
    return tuple(Window.parse(window) for window in windows)


OFFICE = hours("08:00-12:00", "14:00-18:00")


def calendar_of(
    *seasons: tuple[str, tuple[Window, ...]], zone: ZoneInfo = SHANGHAI, holidays: tuple[Holiday, ...] = ()
) -> WorkingCalendar:
    return WorkingCalendar(
        name="made",
        version="1",
        zone=zone,
        seasons=tuple(Season(valid_from=date.fromisoformat(day), windows=windows) for day, windows in seasons),
        years=(AnnouncedYear(year=2026, holidays=holidays),),
    )


# --- tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        # The examples of domain §5.
        ("2026-10-14 22:36", "2 urgent_hour", "2026-10-15 00:36:00"),
        ("2026-10-16 17:00", "4 working_hour", "2026-10-19 11:00:00"),
        ("2026-10-14 10:30", "1 working_day", "2026-10-15 10:30:00"),
        # Before opening, exactly at opening.
        ("2026-10-14 06:00", "1 working_hour", "2026-10-14 09:00:00"),
        ("2026-10-14 08:00", "1 working_hour", "2026-10-14 09:00:00"),
        # Used up exactly at noon: due at noon. One second more: after the break.
        ("2026-10-14 10:00:00", "2 working_hour", "2026-10-14 12:00:00"),
        ("2026-10-14 10:00:01", "2 working_hour", "2026-10-14 14:00:01"),
        # Starting in the noon break, at its edges.
        ("2026-10-14 11:59:59", "1 working_hour", "2026-10-14 14:59:59"),
        ("2026-10-14 12:00", "1 working_hour", "2026-10-14 15:00:00"),
        ("2026-10-14 13:10", "1 working_hour", "2026-10-14 15:00:00"),
        ("2026-10-14 14:00", "1 working_hour", "2026-10-14 15:00:00"),
        # Used up exactly at closing; starting at closing and after it.
        ("2026-10-14 16:00", "2 working_hour", "2026-10-14 18:00:00"),
        ("2026-10-14 16:00:01", "2 working_hour", "2026-10-15 08:00:01"),
        ("2026-10-14 18:00", "1 working_hour", "2026-10-15 09:00:00"),
        ("2026-10-14 23:59:59", "1 working_hour", "2026-10-15 09:00:00"),
        # On a weekend; a working day that starts at opening ends at closing, not at the next opening.
        ("2026-10-17 10:00", "1 working_hour", "2026-10-19 09:00:00"),
        ("2026-10-17 10:00", "1 working_day", "2026-10-19 18:00:00"),
        ("2026-10-16 18:00", "1 working_day", "2026-10-19 18:00:00"),
        # On a holiday; on the make-up Saturday after it.
        ("2026-10-03 10:00", "1 working_hour", "2026-10-08 09:00:00"),
        ("2026-10-10 16:00", "4 working_hour", "2026-10-12 10:00:00"),
        # Half units; fractions of a second of the start are cut.
        ("2026-10-14 11:45", "0.5 working_hour", "2026-10-14 14:15:00"),
        ("2026-10-14 11:45:00.999999", "0.5 working_hour", "2026-10-14 14:15:00"),
        ("2026-10-14 08:00", "0.5 working_day", "2026-10-14 12:00:00"),
        # Three weeks with the National Day holiday, its make-up days and weekends between.
        ("2026-09-18 10:30", "15 working_day", "2026-10-15 10:30:00"),
        # Urgent units know neither night nor holiday.
        ("2026-09-30 22:00", "2 urgent_day", "2026-10-02 22:00:00"),
        ("2026-12-31 23:30", "1 urgent_hour", "2027-01-01 00:30:00"),
    ],
)
def test_a_limit_is_due_when_its_last_second_is_used_up(start: str, limit: str, expected: str) -> None:
    assert due(start, limit) == expected


AROUND_HOLIDAYS = [
    # last working day before, first working day after, what lies between
    ("2023-12-29", "2024-01-02", "New Year 2024 and its weekend, reached from an unannounced year"),
    ("2024-02-09", "2024-02-18", "Spring Festival 2024; work goes on on make-up Sunday the 18th"),
    ("2024-02-03", "2024-02-04", "the Saturday before make-up Sunday 4 February"),
    ("2024-04-03", "2024-04-07", "Tomb-sweeping 2024; make-up Sunday"),
    ("2024-04-27", "2024-04-28", "the Saturday before make-up Sunday 28 April"),
    ("2024-04-30", "2024-05-06", "Labour Day 2024"),
    ("2024-05-10", "2024-05-11", "no gap: make-up Saturday"),
    ("2024-06-07", "2024-06-11", "Dragon Boat 2024: a weekend and a Monday"),
    ("2024-09-14", "2024-09-18", "Mid-autumn 2024 after make-up Saturday"),
    ("2024-09-28", "2024-09-29", "the Saturday before make-up Sunday 29 September"),
    ("2024-09-30", "2024-10-08", "National Day 2024"),
    ("2024-10-11", "2024-10-12", "no gap: make-up Saturday"),
    ("2024-12-31", "2025-01-02", "New Year 2025, one day"),
    ("2025-01-25", "2025-01-26", "the Saturday before make-up Sunday 26 January"),
    ("2025-01-27", "2025-02-05", "Spring Festival 2025"),
    ("2025-02-07", "2025-02-08", "no gap: make-up Saturday"),
    ("2025-04-03", "2025-04-07", "Tomb-sweeping 2025"),
    ("2025-04-26", "2025-04-27", "the Saturday before make-up Sunday 27 April"),
    ("2025-04-30", "2025-05-06", "Labour Day 2025"),
    ("2025-05-30", "2025-06-03", "Dragon Boat 2025"),
    ("2025-09-27", "2025-09-28", "the Saturday before make-up Sunday 28 September"),
    ("2025-09-30", "2025-10-09", "National Day and Mid-autumn 2025"),
    ("2025-10-10", "2025-10-11", "no gap: make-up Saturday"),
    ("2025-12-31", "2026-01-04", "New Year 2026; make-up Sunday"),
    ("2026-02-13", "2026-02-14", "no gap: make-up Saturday"),
    ("2026-02-14", "2026-02-24", "Spring Festival 2026"),
    ("2026-02-27", "2026-02-28", "no gap: make-up Saturday"),
    ("2026-04-03", "2026-04-07", "Tomb-sweeping 2026"),
    ("2026-04-30", "2026-05-06", "Labour Day 2026"),
    ("2026-05-08", "2026-05-09", "no gap: make-up Saturday"),
    ("2026-06-18", "2026-06-22", "Dragon Boat 2026"),
    ("2026-09-19", "2026-09-20", "the Saturday before make-up Sunday 20 September"),
    ("2026-09-24", "2026-09-28", "Mid-autumn 2026"),
    ("2026-09-30", "2026-10-08", "National Day 2026"),
    ("2026-10-09", "2026-10-10", "no gap: make-up Saturday"),
]


@pytest.mark.parametrize(("before", "after", "what"), AROUND_HOLIDAYS)
def test_an_hour_begun_at_closing_ends_at_nine_of_the_next_working_day(before: str, after: str, what: str) -> None:
    assert due(f"{before} 18:00", "1 working_hour") == f"{after} 09:00:00", what


@pytest.mark.parametrize(("before", "after", "what"), AROUND_HOLIDAYS)
def test_from_one_working_day_to_the_next_one_the_nights_count_nothing(before: str, after: str, what: str) -> None:
    start, end = local(f"{before} 18:00"), local(f"{after} 08:00")
    assert measure(start, end, WORKING, configured("changzhou")).seconds == 0, what
    assert measure(start, end + SECOND, WORKING, configured("changzhou")).seconds == 1, what


def test_a_working_day_stays_480_minutes_when_the_summer_hours_are_shorter() -> None:
    summer = hours("08:30-12:00", "15:00-18:00")  # 390 minutes
    made = calendar_of(("2026-01-01", OFFICE), ("2026-07-01", summer), ("2026-10-01", OFFICE))
    assert due("2026-06-30 08:00", "1 working_day", made) == "2026-06-30 18:00:00"
    assert due("2026-07-01 08:30", "1 working_day", made) == "2026-07-02 10:00:00"
    # 240 minutes on 30 June, 240 of the 390 on 1 July: the season changes within the limit.
    assert due("2026-06-30 14:00", "1 working_day", made) == "2026-07-01 15:30:00"
    # and back: 30 September has 180 left after 15:00, 1 October is an ordinary Thursday of this calendar
    assert due("2026-09-30 15:00", "1 working_day", made) == "2026-10-01 15:00:00"


def test_days_before_the_first_season_have_its_windows() -> None:
    made = calendar_of(("2026-06-01", OFFICE), ("2026-07-01", hours("09:00-17:00")))
    assert due("2026-03-02 17:00", "2 working_hour", made) == "2026-03-03 09:00:00"


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-10-16 17:00", "4 working_hour", "2026-10-16 21:30:00"),  # over the half hour at 20:00
        ("2026-10-16 23:00", "1 working_hour", "2026-10-17 00:00:00"),  # used up exactly at midnight
        ("2026-10-16 23:00:01", "1 working_hour", "2026-10-17 16:00:01"),  # Saturday is worked
        ("2026-10-01 10:00", "1 working_hour", "2026-10-01 17:00:00"),  # National Day is worked
        ("2027-02-06 10:00", "1 working_hour", "2027-02-06 17:00:00"),  # no year is unknown to it
    ],
)
def test_a_night_street_works_every_evening_up_to_midnight(start: str, limit: str, expected: str) -> None:
    assert due(start, limit, configured("night-street")) == expected
    found = deadline(local(start), TimeLimit.parse(limit), configured("night-street"), strict=True)
    assert not found.provisional


# --- years not announced ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "limit", "expected", "provisional"),
    [
        ("2026-12-31 17:00", "1 working_hour", "2026-12-31 18:00:00", False),  # used up at the last closing
        ("2026-12-31 17:00:01", "1 working_hour", "2027-01-01 08:00:01", True),  # a Friday, by the weekdays
        ("2026-12-31 17:00", "2 urgent_day", "2027-01-02 17:00:00", False),  # the wall clock knows every year
        ("2027-01-02 10:00", "1 working_hour", "2027-01-04 09:00:00", True),  # over a weekend of that year
        ("2023-12-29 17:00", "1 working_hour", "2023-12-29 18:00:00", True),  # before the first known year
        ("2024-01-01 00:00", "1 working_hour", "2024-01-02 09:00:00", False),
    ],
)
def test_a_deadline_is_provisional_when_it_touches_an_unannounced_year(
    start: str, limit: str, expected: str, provisional: bool
) -> None:
    made = configured("changzhou")
    found = deadline(local(start), TimeLimit.parse(limit), made)
    assert due(start, limit) == expected
    assert found.provisional is provisional
    assert measure(local(start), found.due_at, TimeLimit.parse(limit).unit, made).provisional is provisional


def test_measuring_up_to_midnight_does_not_touch_the_next_year() -> None:
    start, midnight = local("2026-12-31 17:00"), local("2027-01-01 00:00")
    for end, provisional in ((midnight, False), (midnight + SECOND, True)):
        found = measure(start, end, WORKING, configured("changzhou"))
        assert (found.seconds, found.provisional) == (3600, provisional)


def test_who_asks_not_to_guess_is_refused_an_unannounced_year() -> None:
    made, limit = configured("changzhou"), TimeLimit.parse("2 working_hour")
    with pytest.raises(UnknownYearError) as refused:
        deadline(local("2026-12-31 17:00"), limit, made, strict=True)
    assert (refused.value.code, refused.value.params) == ("unknown_year", {"year": 2027})
    assert not deadline(local("2026-12-31 16:00"), limit, made, strict=True).provisional


def test_a_notice_may_speak_of_the_december_before_its_year() -> None:
    bridge = Holiday(name="元旦", first_day=date(2025, 12, 31), last_day=date(2026, 1, 2))
    made = calendar_of(("2024-01-01", OFFICE), holidays=(bridge,))
    assert made.day(date(2025, 12, 31)).kind is DayKind.HOLIDAY
    assert made.day(date(2025, 12, 30)).kind is DayKind.UNANNOUNCED


# --- trace ------------------------------------------------------------------------------------------------


def test_the_trace_tells_every_day_and_why() -> None:
    found = deadline(local("2026-09-30 17:00"), TimeLimit.parse("10 working_hour"), configured("changzhou"))
    told = [(f"{step.day:%m-%d}", step.kind.value, step.name, step.seconds) for step in found.trace]
    assert told == [
        ("09-30", "working", "", 3600),
        *((f"10-0{day}", "holiday", "国庆节", 0) for day in range(1, 8)),
        ("10-08", "working", "", 8 * 3600),
        ("10-09", "working", "", 3600),
    ]
    assert json.loads(dump_trace(found.trace))[-1] == {
        "day": "2026-10-09",
        "kind": "working",
        "seconds": 3600,
        "spans": [["08:00:00", "09:00:00"]],
    }


def test_the_trace_of_urgent_hours_ends_its_day_at_24_and_goes_on() -> None:
    found = deadline(local("2026-10-14 22:36:05"), TimeLimit.parse("2 urgent_hour"), configured("changzhou"))
    assert json.loads(dump_trace(found.trace)) == [
        {"day": "2026-10-14", "kind": "continuous", "seconds": 5035, "spans": [["22:36:05", "24:00:00"]]},
        {"day": "2026-10-15", "kind": "continuous", "seconds": 2165, "spans": [["00:00:00", "00:36:05"]]},
    ]


def test_the_trace_names_make_up_days_weekends_and_guesses() -> None:
    made = configured("changzhou")
    kinds = [step.kind for step in deadline_after(local("2026-10-09 18:00"), 30000, WORKING, made).trace]
    assert kinds == [DayKind.WORKING, DayKind.MAKE_UP, DayKind.WEEKEND, DayKind.WORKING]
    late = deadline_after(local("2026-12-31 18:00"), 28801, WORKING, made).trace
    assert [step.kind for step in late] == [DayKind.WORKING, *[DayKind.UNANNOUNCED] * 4]


# --- pauses and rests of a limit --------------------------------------------------------------------------


def test_a_pause_moves_the_deadline_by_the_working_time_in_it() -> None:
    made, limit = configured("changzhou"), TimeLimit.parse("4 working_hour")
    start = local("2026-10-14 09:00")
    for starts, ends, expected in [
        ("2026-10-14 10:00", "2026-10-14 11:00", "2026-10-14 16:00"),  # one hour
        ("2026-10-14 12:00", "2026-10-14 14:00", "2026-10-14 15:00"),  # the noon break: nothing
        ("2026-10-14 11:00", "2026-10-14 15:00", "2026-10-14 17:00"),  # two hours around it
        ("2026-10-14 15:00", "2026-10-20 00:00", "2026-10-14 15:00"),  # begins when the limit is used up
        ("2026-10-14 14:59:59", "2026-10-20 00:00", "2026-10-20 08:00:01"),  # one second before that
        ("2026-10-14 00:00", "2026-10-14 09:00", "2026-10-14 15:00"),  # over before the start
        ("2026-10-14 10:00", "2026-10-14 10:00", "2026-10-14 15:00"),  # empty
    ]:
        pause = Interval(starts_at=local(starts), ends_at=local(ends))
        assert deadline(start, limit, made, pauses=[pause]).due_at == local(expected), starts


def test_a_pause_from_opening_on_leaves_no_empty_span_in_the_trace() -> None:
    pause = Interval(starts_at=local("2026-10-14 14:00"), ends_at=local("2026-10-14 15:00"))
    start, limit = local("2026-10-14 11:00"), TimeLimit.parse("2 working_hour")
    found = deadline(start, limit, configured("changzhou"), pauses=[pause])
    assert found.trace[0].spans == hours("11:00-12:00", "15:00-16:00")


def test_overlapping_pauses_count_once_in_any_order() -> None:
    made = configured("changzhou")
    first = Interval(starts_at=local("2026-10-14 09:00"), ends_at=local("2026-10-14 10:30"))
    second = Interval(starts_at=local("2026-10-14 10:00"), ends_at=local("2026-10-14 11:00"))
    inner = Interval(starts_at=local("2026-10-14 09:15"), ends_at=local("2026-10-14 09:20"))
    start, end = local("2026-10-14 08:00"), local("2026-10-14 12:00")
    for pauses in ([first, second, inner], [inner, second, first, second]):
        assert measure(start, end, WORKING, made, pauses=pauses).seconds == 2 * 3600


def test_urgent_time_is_paused_too() -> None:
    pause = Interval(starts_at=local("2026-10-14 23:00"), ends_at=local("2026-10-15 07:00"))
    limit = TimeLimit.parse("2 urgent_hour")
    found = deadline(local("2026-10-14 22:36"), limit, configured("changzhou"), pauses=[pause])
    assert found.due_at == local("2026-10-15 08:36")


def test_what_remains_of_a_limit_may_be_negative() -> None:
    made, limit = configured("changzhou"), TimeLimit.parse("4 working_hour")
    start = local("2026-10-16 17:00")
    assert remaining(start, local("2026-10-19 09:00"), limit, made) == 2 * 3600
    assert remaining(start, local("2026-10-19 11:00"), limit, made) == 0
    assert remaining(start, local("2026-10-19 11:30"), limit, made) == -1800
    pause = Interval(starts_at=local("2026-10-19 08:00"), ends_at=local("2026-10-19 11:00"))
    assert remaining(start, local("2026-10-19 11:30"), limit, made, pauses=[pause]) == 9000


def test_a_deadline_follows_from_what_remains() -> None:
    made = configured("changzhou")
    found = deadline_after(local("2026-10-19 17:00"), 2 * 3600, LimitUnit.WORKING_DAY, made)
    assert found.due_at == local("2026-10-20 09:00")
    urgent = deadline_after(local("2026-10-19 17:00"), 2 * 3600, LimitUnit.URGENT_DAY, made)
    assert urgent.due_at == local("2026-10-19 19:00")


@pytest.mark.parametrize("seconds", [0, -1, -86400])
def test_nothing_left_is_due_at_the_start(seconds: int) -> None:
    start = local("2027-10-16 20:00:00.7")
    found = deadline_after(start, seconds, WORKING, configured("changzhou"))
    assert found == Deadline(due_at=local("2027-10-16 20:00"), trace=(), provisional=False)


# --- edges ------------------------------------------------------------------------------------------------


def test_an_end_at_or_before_the_start_measures_nothing() -> None:
    made = configured("changzhou")
    at = local("2027-10-14 10:00")
    for unit in LimitUnit:
        for end in (at, at + SECOND / 2, at - timedelta(days=3)):
            assert measure(at, end, unit, made).seconds == 0
            assert not measure(at, end, unit, made).provisional


def test_an_instant_without_a_zone_is_refused() -> None:
    naive, aware = datetime(2026, 10, 14, 10), local("2026-10-14 10:00")  # noqa: DTZ001 - the point of the test
    made = configured("changzhou")
    with pytest.raises(ValueError, match="time zone"):
        deadline(naive, TimeLimit.parse("1 working_hour"), made)
    with pytest.raises(ValueError, match="time zone"):
        measure(aware, naive, WORKING, made)
    with pytest.raises(ValueError, match="end before"):
        Interval(starts_at=aware, ends_at=aware - SECOND)


def test_the_zone_of_the_start_does_not_matter() -> None:
    made, limit = configured("changzhou"), TimeLimit.parse("4 working_hour")
    start = local("2026-10-16 17:00")
    found = deadline(start, limit, made)
    assert found == deadline(start.astimezone(UTC), limit, made)
    assert found.due_at.tzinfo is UTC


def test_where_clocks_are_changed_each_second_counts_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    windows = hours("00:00-02:15", "02:15-02:45", "03:00-03:30", "03:30-04:00")
    sundays = replace(calendar_of(("2026-01-01", windows), zone=berlin), weekdays=frozenset({7}))
    for day, expected in [
        ("2026-03-22", 3.75),  # an ordinary Sunday
        (
            "2026-03-29",
            3.0,
        ),  # there is no hour from 02:00: what falls in it must not be counted again from 03:00
        ("2026-10-25", 3.75),  # that hour comes twice: a bound in it is the first one
    ]:
        start = local(f"{day} 00:00", berlin)
        found = measure(start, start + timedelta(days=1), WORKING, sundays)
        assert found.seconds == expected * 3600, day
        limit = TimeLimit(amount=Decimal(expected), unit=WORKING)
        assert sum(step.seconds for step in deadline(start, limit, sundays).trace) == limit.seconds


def test_a_calendar_that_could_never_be_used_up_is_refused() -> None:
    made = calendar_of(("2026-01-01", OFFICE))
    backwards = hours("14:00-18:00", "08:00-12:00")
    with pytest.raises(ValueError, match="weekdays"):
        replace(made, weekdays=frozenset())
    with pytest.raises(ValueError, match="weekdays"):
        replace(made, weekdays=frozenset({1, 8}))
    with pytest.raises(ValueError, match="seasons"):
        replace(made, seasons=())
    with pytest.raises(ValueError, match="seasons"):
        replace(made, seasons=made.seasons * 2)
    for windows in ((), backwards, (Window(opens_s=0, closes_s=86401),), (Window(opens_s=9, closes_s=9),)):
        with pytest.raises(ValueError, match="windows"):
            Season(valid_from=date(2026, 1, 1), windows=windows)


@pytest.mark.parametrize(
    "text",
    ["", "8:00-12:00", "12:00-08:00", "08:00-08:00", "20:00-24:01", "24:00-24:00", "08:00–12:00", "08-12"],
)
def test_a_text_that_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a window"):
        Window.parse(text)


def test_a_window_reads_back_what_it_writes() -> None:
    for text in ("00:00-24:00", "08:00-12:00", "20:30-24:00"):
        assert str(Window.parse(text)) == text


def test_a_calendar_cannot_be_changed_and_equals_its_copy() -> None:
    made = calendar_of(("2026-01-01", OFFICE))
    measure(local("2026-10-14 09:00"), local("2026-10-20 09:00"), WORKING, made)  # fills what it remembers
    assert made == calendar_of(("2026-01-01", OFFICE))
    assert hash(made) == hash(calendar_of(("2026-01-01", OFFICE)))
    assert made.key == "made@1"
    with pytest.raises(FrozenInstanceError):
        made.version = "2"  # type: ignore[misc]


# --- properties -------------------------------------------------------------------------------------------


def brute_force(start: datetime, end: datetime, calendar: WorkingCalendar, pauses: tuple[Interval, ...] = ()) -> int:
    """Walk a quarter minute at a time; right when every bound lies on a quarter minute."""
    step = timedelta(seconds=15)
    instant, total = start.astimezone(UTC), 0
    while instant < end:
        paused = any(pause.starts_at <= instant < pause.ends_at for pause in pauses)
        total += 15 * (not paused and is_open(instant, calendar))
        instant += step
    return total


def is_open(instant: datetime, calendar: WorkingCalendar) -> bool:
    here = instant.astimezone(calendar.zone)
    day, clock = here.date(), here.time()
    listed = [holiday for year in calendar.years for holiday in year.holidays]
    if any(day in holiday.make_up for holiday in listed):
        works = True
    elif any(holiday.first_day <= day <= holiday.last_day for holiday in listed):
        works = False
    else:
        works = day.isoweekday() in calendar.weekdays
    begun = [season for season in calendar.seasons if season.valid_from <= day] or [calendar.seasons[0]]
    return works and any(
        as_time(window.opens_s) <= clock and (window.closes_s == 86400 or clock < as_time(window.closes_s))
        for window in begun[-1].windows
    )


def as_time(second: int) -> time:
    return time(second // 3600, second // 60 % 60)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    minutes = st.sets(st.integers(0, 1440), min_size=2, max_size=6).filter(lambda found: len(found) % 2 == 0)
    bounds = sorted(draw(minutes))
    return tuple(
        Window(opens_s=opens * 60, closes_s=closes * 60)
        for opens, closes in zip(bounds[::2], bounds[1::2], strict=True)
    )


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    """Calendars whose seasons, holidays and make-up days crowd around the turn of 2025 to 2026."""
    days = st.dates(date(2025, 12, 20), date(2026, 1, 15))
    firsts = sorted(draw(st.sets(days, min_size=1, max_size=3)))
    off = draw(st.lists(days, max_size=3, unique=True))
    on = draw(st.lists(days.filter(lambda day: day not in off), max_size=2, unique=True))
    holidays = [Holiday(name="节", first_day=day, last_day=day) for day in off]
    if on:
        holidays.append(Holiday(name="调休", first_day=date(2026, 6, 1), last_day=date(2026, 6, 1), make_up=tuple(on)))
    return WorkingCalendar(
        name="any",
        version="1",
        zone=SHANGHAI,
        seasons=tuple(Season(valid_from=day, windows=draw(windows())) for day in firsts),
        weekdays=frozenset(draw(st.sets(st.integers(1, 7), min_size=1))),
        years=(AnnouncedYear(year=2026, holidays=tuple(holidays)),),
    )


instants = st.integers(0, 20 * 86400).map(
    lambda seconds: datetime(2025, 12, 25, tzinfo=UTC) + timedelta(seconds=seconds)
)
short_spans = st.integers(0, 4 * 240).map(lambda quarters: timedelta(seconds=15 * quarters * 6))
limits = st.builds(
    TimeLimit,
    amount=st.integers(1, 60).map(lambda quarters: Decimal(quarters) / 4),
    unit=st.sampled_from(list(LimitUnit)),
)


@st.composite
def pause_lists(draw: st.DrawFn) -> tuple[Interval, ...]:
    pairs = draw(st.lists(st.tuples(instants, st.integers(0, 3 * 86400)), max_size=3))
    return tuple(Interval(starts_at=starts, ends_at=starts + timedelta(seconds=seconds)) for starts, seconds in pairs)


def on_the_quarter(instant: datetime) -> datetime:
    return instant.replace(second=instant.second // 15 * 15)


@given(start=instants, limit=limits, calendar=calendars(), pauses=pause_lists())
def test_a_deadline_is_the_least_instant_at_which_the_limit_is_measured(
    start: datetime, limit: TimeLimit, calendar: WorkingCalendar, pauses: tuple[Interval, ...]
) -> None:
    found = deadline(start, limit, calendar, pauses=pauses)
    assert found.due_at > start
    used = measure(start, found.due_at, limit.unit, calendar, pauses=pauses)
    assert used.seconds == limit.seconds
    assert used.provisional == found.provisional
    just_before = measure(start, found.due_at - SECOND, limit.unit, calendar, pauses=pauses)
    assert just_before.seconds == limit.seconds - 1
    assert remaining(start, found.due_at, limit, calendar, pauses=pauses) == 0


@given(start=instants, limit=limits, calendar=calendars(), pauses=pause_lists())
def test_a_deadline_follows_from_its_trace_also_after_writing_and_reading_it(
    start: datetime, limit: TimeLimit, calendar: WorkingCalendar, pauses: tuple[Interval, ...]
) -> None:
    found = deadline(start, limit, calendar, pauses=pauses)
    trace = load_trace(dump_trace(found.trace))
    assert trace == found.trace
    assert sum(step.seconds for step in trace) == limit.seconds
    assert sum(span.closes_s - span.opens_s for step in trace for span in step.spans) == limit.seconds
    last = trace[-1]
    midnight = datetime.combine(last.day, time.min, tzinfo=calendar.zone)
    assert midnight + timedelta(seconds=last.spans[-1].closes_s) == found.due_at
    assert [step.day for step in trace] == [trace[0].day + timedelta(days=i) for i in range(len(trace))]
    assert trace[0].day == start.astimezone(calendar.zone).date()


@given(start=instants, span=short_spans, calendar=calendars(), pauses=pause_lists())
def test_measuring_agrees_with_a_walk_that_asks_of_every_moment(
    start: datetime, span: timedelta, calendar: WorkingCalendar, pauses: tuple[Interval, ...]
) -> None:
    start = on_the_quarter(start)
    rounded = tuple(
        Interval(starts_at=on_the_quarter(pause.starts_at), ends_at=on_the_quarter(pause.ends_at)) for pause in pauses
    )
    found = measure(start, start + span, WORKING, calendar, pauses=rounded)
    assert found.seconds == brute_force(start, start + span, calendar, rounded)


@given(
    at=st.tuples(instants, instants, instants).map(sorted),
    unit=st.sampled_from(list(LimitUnit)),
    calendar=calendars(),
    pauses=pause_lists(),
)
def test_measured_time_adds_up_over_a_split(
    at: list[datetime], unit: LimitUnit, calendar: WorkingCalendar, pauses: tuple[Interval, ...]
) -> None:
    start, middle, end = at

    def seconds(one: datetime, other: datetime) -> int:
        return measure(one, other, unit, calendar, pauses=pauses).seconds

    assert seconds(start, end) == seconds(start, middle) + seconds(middle, end)
    assert 0 <= seconds(start, end) <= (end - start).total_seconds()


@given(at=st.tuples(instants, instants).map(sorted), limit=limits, calendar=calendars())
def test_who_starts_later_is_due_later_or_at_the_same_time(
    at: list[datetime], limit: TimeLimit, calendar: WorkingCalendar
) -> None:
    earlier, later = (deadline(start, limit, calendar).due_at for start in at)
    assert earlier <= later


@given(start=instants, limit=limits, calendar=calendars(), pauses=pause_lists())
def test_a_pause_never_brings_a_deadline_forward(
    start: datetime, limit: TimeLimit, calendar: WorkingCalendar, pauses: tuple[Interval, ...]
) -> None:
    paused = deadline(start, limit, calendar, pauses=pauses)
    assert paused.due_at >= deadline(start, limit, calendar).due_at
    covering = Interval(starts_at=start, ends_at=paused.due_at)
    assert measure(start, paused.due_at, limit.unit, calendar, pauses=[covering]).seconds == 0


@given(start=instants, limit=limits, calendar=calendars(), seconds=st.integers(0, 500_000))
def test_the_rest_of_a_limit_ends_when_the_limit_ends(
    start: datetime, limit: TimeLimit, calendar: WorkingCalendar, seconds: int
) -> None:
    at = min(start + timedelta(seconds=seconds), deadline(start, limit, calendar).due_at)
    rest = remaining(start, at, limit, calendar)
    assert deadline_after(at, rest, limit.unit, calendar).due_at == deadline(start, limit, calendar).due_at
