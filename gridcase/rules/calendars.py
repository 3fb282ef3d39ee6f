"""Working calendars as plain documents, and back.

Reads values that YAML or JSON gave, gathers everything wrong with them, and refuses once. Files are read by
``gridcase.rules.documents``; what a calendar means is in ``gridcase.workflow.calendar``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridcase.domain.errors import Problem, RuleFileError
from gridcase.rules.yaml_text import Plain
from gridcase.workflow.calendar import (
    MONDAY_TO_FRIDAY,
    AnnouncedYear,
    Holiday,
    Season,
    Window,
    WorkingCalendar,
)

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WEEKDAYS = range(1, 8)
_WEEKEND = (6, 7)
_YEARS = range(1950, 2200)

_Table = Mapping[str, object]


def parse_calendar(document: object) -> WorkingCalendar:
    """Read a calendar from a plain document.

    Parameters
    ----------
    document
        A mapping of ``name``, ``version``, ``zone``, ``seasons`` and, if need be, ``weekdays`` (ISO numbers;
        Monday to Friday), ``observes_holidays`` (true), ``years``, ``source`` and ``note``. A season is
        ``valid_from`` and ``windows`` such as ``08:00-12:00``; a year is ``year``, ``holidays`` and perhaps
        ``source``; a holiday is ``name``, ``first``, ``last`` and perhaps ``make_up``. Dates are ISO texts or
        ``date`` values.

    Raises
    ------
    RuleFileError
        ``invalid_calendar``; ``fields`` maps a place such as ``years[0].holidays[1].first`` to its problems,
        the empty place being the whole document.

    Examples
    --------
    >>> parse_calendar({"name": "plain", "version": "1", "zone": "Asia/Shanghai",
    ...                 "seasons": [{"valid_from": "2026-01-01", "windows": ["08:00-12:00"]}]}).key
    'plain@1'
    """
    reader = _Reader()
    table = reader.table(
        document,
        "",
        required=("name", "version", "zone", "seasons"),
        optional=("weekdays", "observes_holidays", "years", "source", "note"),
    )
    zone, seasons, weekdays = _zone(reader, table), _seasons(reader, table), _weekdays(reader, table)
    years, observes = _years(reader, table), reader.flag(table, "observes_holidays", default=True)
    if years and not observes:
        reader.report("years", "years_not_observed")
    names = {key: _identifier(reader, table, key) for key in ("name", "version")}
    texts = {key: reader.text(table, "", key) for key in ("source", "note")}
    if reader.problems:
        raise RuleFileError(
            "invalid_calendar", fields={place: tuple(found) for place, found in reader.problems.items()}
        )
    return WorkingCalendar(
        zone=zone,
        seasons=seasons,
        weekdays=weekdays,
        observes_holidays=observes,
        years=years,
        **names,
        **texts,
    )


def dump_calendar(calendar: WorkingCalendar) -> dict[str, Plain]:
    """Write a calendar as a plain document that `parse_calendar` reads back to an equal calendar.

    Dates become ISO texts; ``source`` and ``note`` are left out where they are empty.
    """
    document: dict[str, Plain] = {
        "name": calendar.name,
        "version": calendar.version,
        "zone": calendar.zone.key,
        "weekdays": list[Plain](sorted(calendar.weekdays)),
        "observes_holidays": calendar.observes_holidays,
        "seasons": [
            {
                "valid_from": season.valid_from.isoformat(),
                "windows": [str(window) for window in season.windows],
            }
            for season in calendar.seasons
        ],
        "years": [_dump_year(year) for year in calendar.years],
    }
    return document | _given(source=calendar.source, note=calendar.note)


def _dump_year(year: AnnouncedYear) -> dict[str, Plain]:
    holidays: list[Plain] = [
        {
            "name": holiday.name,
            "first": holiday.first_day.isoformat(),
            "last": holiday.last_day.isoformat(),
            "make_up": [day.isoformat() for day in holiday.make_up],
        }
        for holiday in year.holidays
    ]
    return {"year": year.year, "holidays": holidays, **_given(source=year.source)}


def _given(**texts: str) -> dict[str, Plain]:
    return {key: text for key, text in texts.items() if text}


@dataclass(slots=True)
class _Reader:
    """Takes values out of a document and remembers what is wrong, by place.

    After a problem it hands on an empty value, so that reading goes on and everything is reported at once.
    """

    problems: dict[str, list[Problem]] = field(default_factory=dict)

    def report(self, place: str, code: str, **params: str | int) -> None:
        self.problems.setdefault(place, []).append(Problem(code=code, params=params))

    def table(self, value: object, place: str, *, required: Iterable[str], optional: Iterable[str] = ()) -> _Table:
        if not isinstance(value, Mapping):
            self.report(place, "not_a_mapping")
            return {}
        required = tuple(required)
        for key in required:
            if key not in value:
                self.report(_at(place, key), "missing")
        for key in value:
            if key not in (*required, *optional):
                self.report(_at(place, str(key)), "unknown_field")
        return value

    def items(self, table: _Table, place: str, key: str, *, may_be_empty: bool = False) -> list[tuple[str, object]]:
        """Return the items of a list with their places; an empty list where the key is missing."""
        if key not in table:
            return []
        value, here = table[key], _at(place, key)
        if not isinstance(value, list | tuple):
            self.report(here, "not_a_list")
            return []
        if not value and not may_be_empty:
            self.report(here, "empty")
        return [(f"{here}[{position}]", item) for position, item in enumerate(value)]

    def text(self, table: _Table, place: str, key: str) -> str:
        value = table.get(key, "")
        if isinstance(value, str):
            return value
        self.report(_at(place, key), "not_text")
        return ""

    def name(self, table: _Table, place: str, key: str) -> str:
        """Return a text that must not be blank."""
        value = self.text(table, place, key)
        if isinstance(table.get(key), str) and not value.strip():
            self.report(_at(place, key), "empty")
        return value

    def flag(self, table: _Table, key: str, *, default: bool) -> bool:
        value = table.get(key, default)
        if isinstance(value, bool):
            return value
        self.report(key, "not_true_or_false")
        return default

    def day(self, value: object, place: str) -> date | None:
        # YAML readers give dates, JSON gives texts; a date with a time of day is neither.
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and _ISO_DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # such as 2026-02-30: reported below like any other text
        self.report(place, "not_a_date")
        return None

    def day_at(self, table: _Table, place: str, key: str) -> date | None:
        return self.day(table[key], _at(place, key)) if key in table else None


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _identifier(reader: _Reader, table: _Table, key: str) -> str:
    value = reader.text(table, "", key)
    if isinstance(table.get(key), str) and _IDENTIFIER.fullmatch(value) is None:
        reader.report(key, "not_an_identifier")
    return value


def _zone(reader: _Reader, table: _Table) -> ZoneInfo:
    key = reader.text(table, "", "zone")
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as "Asia"
        if isinstance(table.get("zone"), str):
            reader.report("zone", "unknown_zone", zone=key)
        return ZoneInfo("UTC")


def _weekdays(reader: _Reader, table: _Table) -> frozenset[int]:
    if "weekdays" not in table:
        return MONDAY_TO_FRIDAY
    found = set()
    for place, value in reader.items(table, "", "weekdays"):
        if isinstance(value, int) and not isinstance(value, bool) and value in _WEEKDAYS:
            found.add(value)
        else:
            reader.report(place, "not_a_weekday")
    return frozenset(found)


def _seasons(reader: _Reader, table: _Table) -> tuple[Season, ...]:
    items = reader.items(table, "", "seasons")
    seasons = [season for place, value in items if (season := _season(reader, value, place))]
    if any(a.valid_from >= b.valid_from for a, b in pairwise(seasons)):
        reader.report("seasons", "seasons_not_in_order")
    return tuple(seasons)


def _season(reader: _Reader, value: object, place: str) -> Season | None:
    table = reader.table(value, place, required=("valid_from", "windows"))
    valid_from = reader.day_at(table, place, "valid_from")
    items = reader.items(table, place, "windows")
    windows = [window for at, item in items if (window := _window(reader, item, at))]
    if any(b.opens_s < a.closes_s for a, b in pairwise(windows)):
        reader.report(_at(place, "windows"), "windows_not_in_order")
        return None
    return Season(valid_from=valid_from, windows=tuple(windows)) if valid_from and windows else None


def _window(reader: _Reader, value: object, place: str) -> Window | None:
    try:
        return Window.parse(value if isinstance(value, str) else "")
    except ValueError:
        reader.report(place, "not_a_window")
        return None


def _years(reader: _Reader, table: _Table) -> tuple[AnnouncedYear, ...]:
    years: list[AnnouncedYear] = []
    for place, value in reader.items(table, "", "years", may_be_empty=True):
        year = _year(reader, value, place)
        if year is None:
            continue
        if year.year in {earlier.year for earlier in years}:
            reader.report(_at(place, "year"), "year_listed_twice", year=year.year)
        years.append(year)
    _check_listed_once(reader, years)
    return tuple(years)


def _year(reader: _Reader, value: object, place: str) -> AnnouncedYear | None:
    table = reader.table(value, place, required=("year", "holidays"), optional=("source",))
    # It must have a holiday: a notice not yet typed in would silently make the year known.
    items = reader.items(table, place, "holidays")
    found = [(at, holiday) for at, item in items if (holiday := _holiday(reader, item, at))]
    source = reader.text(table, place, "source")
    number = table.get("year")
    if not isinstance(number, int) or isinstance(number, bool) or number not in _YEARS:
        if "year" in table:
            reader.report(_at(place, "year"), "not_a_year")
        return None
    holidays = tuple(holiday for at, holiday in found if _is_within(reader, holiday, at, number))
    return AnnouncedYear(year=number, holidays=holidays, source=source)


def _holiday(reader: _Reader, value: object, place: str) -> Holiday | None:
    table = reader.table(value, place, required=("name", "first", "last"), optional=("make_up",))
    name = reader.name(table, place, "name")
    first, last = (reader.day_at(table, place, key) for key in ("first", "last"))
    items = reader.items(table, place, "make_up", may_be_empty=True)
    make_up = tuple(day for at, item in items if (day := reader.day(item, at)))
    for day in make_up:
        if day.isoweekday() not in _WEEKEND:
            reader.report(_at(place, "make_up"), "make_up_not_weekend", day=day.isoformat())
    if first is None or last is None:
        return None
    if last < first:
        reader.report(_at(place, "last"), "dates_reversed")
        return None
    return Holiday(name=name, first_day=first, last_day=last, make_up=make_up)


def _is_within(reader: _Reader, holiday: Holiday, place: str, year: int) -> bool:
    # A notice may begin in the December before: New Year's Day bridged with the last weekend.
    first, last = date(year - 1, 12, 1), date(year, 12, 31)
    outside = [day for day in (holiday.first_day, holiday.last_day, *holiday.make_up) if not first <= day <= last]
    for day in dict.fromkeys(outside):
        reader.report(place, "date_outside_year", day=day.isoformat(), year=year)
    return not outside


def _check_listed_once(reader: _Reader, years: Iterable[AnnouncedYear]) -> None:
    listed = Counter(day for year in years for holiday in year.holidays for day in (*holiday.days, *holiday.make_up))
    for day, times in sorted(listed.items()):
        if times > 1:
            reader.report("years", "day_listed_twice", day=day.isoformat())
