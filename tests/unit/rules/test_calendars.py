"""Calendars as documents: what is read, what is refused, and whether ours agree with the announced days."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.errors import RuleFileError
from gridcase.domain.time import LimitUnit
from gridcase.rules.calendars import dump_calendar, parse_calendar
from gridcase.rules.yaml_text import read_yaml, write_yaml
from gridcase.workflow.calendar import AnnouncedYear, DayKind, Holiday, Season, Window, WorkingCalendar
from gridcase.workflow.worktime import measure

ROOT = Path(__file__).parents[3]
CONFIGURED = ("changzhou", "night-street")


def text_of(name: str) -> bytes:
    return (ROOT / f"config/calendar/{name}.yaml").read_bytes()


@cache
def changzhou() -> WorkingCalendar:
    return parse_calendar(read_yaml(text_of("changzhou")))


def announced_days() -> dict[date, bool]:
    lines = (ROOT / "tests/data/workdays-2024-2026.txt").read_text(encoding="utf-8").splitlines()
    digits = [line.split() for line in lines if not line.startswith("#")]
    return {
        date(int(year), 1, 1) + timedelta(days=index): digit == "1"
        for year, row in digits
        for index, digit in enumerate(row)
    }


# --- our own calendars ------------------------------------------------------------------------------------


def test_each_of_the_1096_announced_days_is_working_or_off_as_announced() -> None:
    announced = announced_days()
    assert len(announced) == 1096
    wrong = [day for day, works in announced.items() if changzhou().day(day).is_working is not works]
    assert wrong == []
    years = [sum(works for day, works in announced.items() if day.year == year) for year in (2024, 2025, 2026)]
    assert years == [251, 248, 248]


def test_each_announced_day_agrees_with_an_independent_package() -> None:
    for day in announced_days():
        kind = changzhou().day(day).kind
        expected = chinese_calendar.is_workday(day)
        assert (kind in (DayKind.WORKING, DayKind.MAKE_UP)) is expected, day
        named = chinese_calendar.get_holiday_detail(day)[1] is not None
        assert (kind in (DayKind.HOLIDAY, DayKind.MAKE_UP)) is named, day


def test_the_working_days_of_a_year_have_480_minutes_each() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    for year, days in ((2024, 251), (2025, 248), (2026, 248)):
        start, end = (datetime(at, 1, 1, tzinfo=zone) for at in (year, year + 1))
        assert measure(start, end, LimitUnit.WORKING_DAY, changzhou()).seconds == days * 28800


def test_2027_is_not_announced() -> None:
    assert changzhou().day(date(2026, 12, 31)).kind is DayKind.WORKING
    assert changzhou().day(date(2027, 1, 1)).kind is DayKind.UNANNOUNCED


def test_days_have_the_chinese_name_of_their_holiday() -> None:
    for day, kind, name in [
        (date(2025, 10, 6), DayKind.HOLIDAY, "国庆节、中秋节"),
        (date(2026, 2, 14), DayKind.MAKE_UP, "春节"),
        (date(2026, 6, 20), DayKind.HOLIDAY, "端午节"),  # a Saturday
        (date(2026, 6, 27), DayKind.WEEKEND, ""),
    ]:
        found = changzhou().day(day)
        assert (found.kind, found.name) == (kind, name)


def test_the_night_street_is_marked_as_an_example() -> None:
    street = parse_calendar(read_yaml(text_of("night-street")))
    assert street.note.startswith("示例")
    assert [str(window) for window in street.seasons[0].windows] == ["16:00-20:00", "20:30-24:00"]
    assert street.day(date(2026, 10, 1)).is_working


@pytest.mark.parametrize("name", CONFIGURED)
def test_our_calendars_mean_the_same_to_any_reader_of_yaml(name: str) -> None:
    assert parse_calendar(yaml.safe_load(text_of(name))) == parse_calendar(read_yaml(text_of(name)))
    assert parse_calendar(read_yaml(text_of(name))).name == name


# --- there and back ---------------------------------------------------------------------------------------

names = st.text("abc-09.", min_size=1, max_size=8).map(lambda text: f"x{text}")
words = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    minutes = st.sets(st.integers(0, 1440), min_size=2, max_size=6).filter(lambda found: len(found) % 2 == 0)

    def windows() -> tuple[Window, ...]:
        bounds = sorted(draw(minutes))
        pairs = zip(bounds[::2], bounds[1::2], strict=True)
        return tuple(Window(opens_s=opens * 60, closes_s=closes * 60) for opens, closes in pairs)

    observes = draw(st.booleans())
    year = AnnouncedYear(
        year=2026,
        source=draw(st.just("") | words),
        holidays=(
            Holiday(name=draw(words), first_day=date(2025, 12, 31), last_day=date(2026, 1, 3)),
            Holiday(
                name=draw(words),
                first_day=date(2026, 5, 1),
                last_day=date(2026, 5, draw(st.integers(1, 5))),
                make_up=draw(st.sampled_from([(), (date(2026, 5, 9),), (date(2026, 4, 26), date(2026, 5, 9))])),
            ),
        ),
    )
    return WorkingCalendar(
        name=draw(names),
        version=draw(names),
        zone=ZoneInfo(draw(st.sampled_from(["Asia/Shanghai", "UTC", "Europe/Berlin"]))),
        seasons=tuple(
            Season(valid_from=day, windows=windows())
            for day in sorted(draw(st.sets(st.dates(), min_size=1, max_size=3)))
        ),
        weekdays=frozenset(draw(st.sets(st.integers(1, 7), min_size=1))),
        observes_holidays=observes,
        years=(year,) if observes else (),
        source=draw(st.just("") | words),
        note=draw(st.just("") | words),
    )


@given(calendar=calendars())
def test_a_calendar_written_and_read_is_the_same_calendar(calendar: WorkingCalendar) -> None:
    document = dump_calendar(calendar)
    assert parse_calendar(document) == calendar
    assert parse_calendar(read_yaml(write_yaml(document).encode())) == calendar


# --- what is refused --------------------------------------------------------------------------------------


def plain(**changes: Any) -> dict[str, Any]:
    holiday = {"name": "劳动节", "first": "2026-05-01", "last": "2026-05-05", "make_up": ["2026-05-09"]}
    document = {
        "name": "office",
        "version": "1",
        "zone": "Asia/Shanghai",
        "seasons": [{"valid_from": "2026-01-01", "windows": ["08:00-12:00", "14:00-18:00"]}],
        "years": [{"year": 2026, "holidays": [holiday]}],
    }
    return document | changes


def season(**changes: Any) -> dict[str, Any]:
    return plain(seasons=[{"valid_from": "2026-01-01", "windows": ["08:00-12:00"]} | changes])


def year(**changes: Any) -> dict[str, Any]:
    return plain(years=[plain()["years"][0] | changes])


def holiday(**changes: Any) -> dict[str, Any]:
    return year(holidays=[plain()["years"][0]["holidays"][0] | changes])


def without(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def refused(document: object) -> dict[str, list[str]]:
    with pytest.raises(RuleFileError) as error:
        parse_calendar(document)
    assert error.value.code == "invalid_calendar"
    return {place: [problem.code for problem in found] for place, found in error.value.fields.items()}


def test_a_plain_document_is_taken() -> None:
    made = parse_calendar(plain())
    assert (made.key, made.weekdays, made.observes_holidays) == ("office@1", frozenset({1, 2, 3, 4, 5}), True)
    assert made.day(date(2026, 5, 9)).is_working


@pytest.mark.parametrize(
    "document",
    [
        plain(years=[]),  # nothing announced: everything is provisional
        without(plain(), "years"),
        plain(weekdays=[7]),
        without(plain(observes_holidays=False), "years"),
        season(windows=["08:00-12:00", "12:00-18:00"]),  # touching windows
        season(windows=["00:00-24:00"]),
        season(valid_from=date(2026, 1, 1)),  # as another reader of YAML gives it
        holiday(first="2025-12-30", last="2026-01-01", make_up=["2025-12-28"]),  # from the December before
        holiday(last="2026-05-01", make_up=[]),
    ],
)
def test_what_is_unusual_but_right_is_taken(document: dict[str, Any]) -> None:
    made = parse_calendar(document)
    assert parse_calendar(dump_calendar(made)) == made


@pytest.mark.parametrize(
    ("document", "place", "code"),
    [
        (None, "", "not_a_mapping"),
        ([plain()], "", "not_a_mapping"),
        (without(plain(), "zone"), "zone", "missing"),
        (without(plain(), "seasons"), "seasons", "missing"),
        (plain(hours=8), "hours", "unknown_field"),
        (plain(name="office 2"), "name", "not_an_identifier"),
        (plain(name="office@2"), "name", "not_an_identifier"),
        (plain(version=""), "version", "not_an_identifier"),
        (plain(version=2026.1), "version", "not_text"),
        (plain(note=7), "note", "not_text"),
        (plain(zone="Asia/Changzhou"), "zone", "unknown_zone"),
        (plain(zone="Asia"), "zone", "unknown_zone"),  # a folder of the zone data base
        (plain(zone="../etc/passwd"), "zone", "unknown_zone"),
        (plain(zone=8), "zone", "not_text"),
        (plain(weekdays=[]), "weekdays", "empty"),
        (plain(weekdays=5), "weekdays", "not_a_list"),
        (plain(weekdays=[1, 0]), "weekdays[1]", "not_a_weekday"),
        (plain(weekdays=[True]), "weekdays[0]", "not_a_weekday"),
        (plain(weekdays=["Mon"]), "weekdays[0]", "not_a_weekday"),
        (plain(observes_holidays="no"), "observes_holidays", "not_true_or_false"),
        (plain(observes_holidays=False), "years", "years_not_observed"),
        (plain(seasons=[]), "seasons", "empty"),
        (plain(seasons={}), "seasons", "not_a_list"),
        (plain(seasons=["08:00-12:00"]), "seasons[0]", "not_a_mapping"),
        (plain(seasons=plain()["seasons"] * 2), "seasons", "seasons_not_in_order"),
        (season(valid_from="2026-02-30"), "seasons[0].valid_from", "not_a_date"),
        (season(valid_from="1 January"), "seasons[0].valid_from", "not_a_date"),
        (season(valid_from=20260101), "seasons[0].valid_from", "not_a_date"),
        (season(valid_from="20260101"), "seasons[0].valid_from", "not_a_date"),
        (season(valid_from=datetime(2026, 1, 1)), "seasons[0].valid_from", "not_a_date"),  # noqa: DTZ001 - as YAML gives it
        (season(windows=[]), "seasons[0].windows", "empty"),
        (season(windows="08:00-12:00"), "seasons[0].windows", "not_a_list"),
        (season(windows=["08:00-12:00", "18:00-14:00"]), "seasons[0].windows[1]", "not_a_window"),
        (season(windows=[480]), "seasons[0].windows[0]", "not_a_window"),
        (season(windows=["08:00-12:00", "11:59-18:00"]), "seasons[0].windows", "windows_not_in_order"),
        (season(windows=["14:00-18:00", "08:00-12:00"]), "seasons[0].windows", "windows_not_in_order"),
        (season(hours=8), "seasons[0].hours", "unknown_field"),
        (plain(years={"2026": []}), "years", "not_a_list"),
        (plain(years=plain()["years"] * 2), "years[1].year", "year_listed_twice"),
        (year(year="2026"), "years[0].year", "not_a_year"),
        (year(year=26), "years[0].year", "not_a_year"),
        (year(year=True), "years[0].year", "not_a_year"),
        (without(plain(), "years") | {"years": [{"holidays": []}]}, "years[0].year", "missing"),
        (year(holidays=[]), "years[0].holidays", "empty"),
        (year(source=1), "years[0].source", "not_text"),
        (holiday(name=" "), "years[0].holidays[0].name", "empty"),
        (holiday(name=5), "years[0].holidays[0].name", "not_text"),
        (holiday(first=5), "years[0].holidays[0].first", "not_a_date"),
        (holiday(last="2026-04-30"), "years[0].holidays[0].last", "dates_reversed"),
        (holiday(last="2027-05-05"), "years[0].holidays[0]", "date_outside_year"),
        (holiday(first="2025-05-01", last="2025-05-05"), "years[0].holidays[0]", "date_outside_year"),
        (holiday(make_up=["2025-11-30"]), "years[0].holidays[0]", "date_outside_year"),
        (holiday(make_up=["2026-05-08"]), "years[0].holidays[0].make_up", "make_up_not_weekend"),
        (holiday(make_up=["May 9"]), "years[0].holidays[0].make_up[0]", "not_a_date"),
        (holiday(make_up=["2026-05-03"]), "years", "day_listed_twice"),  # off and made up
        (holiday(make_up=["2026-05-09", "2026-05-09"]), "years", "day_listed_twice"),
        (year(holidays=plain()["years"][0]["holidays"] * 2), "years", "day_listed_twice"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(document: object, place: str, code: str) -> None:
    assert code in refused(document)[place]


def test_everything_wrong_is_told_at_once() -> None:
    wrong = {
        "name": "office",
        "zone": "Mars/Base",
        "seasons": [{"valid_from": "soon", "windows": ["8-12"]}],
        "years": [{"year": "next", "holidays": [{"name": "", "first": "2026-05-02", "last": "2026-05-01"}]}],
        "colour": "blue",
    }
    assert refused(wrong) == {
        "version": ["missing"],
        "colour": ["unknown_field"],
        "zone": ["unknown_zone"],
        "seasons[0].valid_from": ["not_a_date"],
        "seasons[0].windows[0]": ["not_a_window"],
        "years[0].year": ["not_a_year"],
        "years[0].holidays[0].name": ["empty"],
        "years[0].holidays[0].last": ["dates_reversed"],
    }


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4))
def test_no_value_makes_the_reader_fail_otherwise(value: object) -> None:
    for key in plain():
        refused(plain(**{key: [value]}))
    pairs = {season: ("valid_from", "windows"), year: ("year", "holidays"), holiday: ("first", "make_up")}
    for made, keys in pairs.items():
        for key in keys:
            with suppress(RuleFileError):
                parse_calendar(made(**{key: value}))
