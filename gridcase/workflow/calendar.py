"""Working calendars: which seconds of which local day are working time.

Nothing is measured here (``gridcase.workflow.worktime``) and no file is read (``gridcase.rules.calendars``).
Rules: domain §5; holidays and make-up workdays 调休 as the yearly notice of the State Council announces them.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_SECONDS = 86400
MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})

_ONE_DAY = timedelta(days=1)
_WINDOW = re.compile(r"([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")

#: Epoch seconds, from and up to but not including.
Span = tuple[int, int]


class DayKind(StrEnum):
    """Why a day counts or does not."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    UNANNOUNCED = "unannounced"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of one local day.

    Parameters
    ----------
    opens_s, closes_s
        Seconds after local midnight, from and up to but not including; 86400 is 24:00, the end of the day.
    """

    opens_s: int
    closes_s: int

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read ``"08:00-12:00"``; ``24:00`` may be the end, and a window does not cross midnight.

        Raises
        ------
        ValueError
            When it is not two times of a day, the second after the first.

        Examples
        --------
        >>> Window.parse("20:30-24:00").closes_s
        86400
        """
        match = _WINDOW.fullmatch(text)
        if match is not None:
            hours, minutes, end_hours, end_minutes = map(int, match.groups())
            window = cls(opens_s=hours * 3600 + minutes * 60, closes_s=end_hours * 3600 + end_minutes * 60)
            if window.opens_s < window.closes_s <= DAY_SECONDS:
                return window
        msg = f"not a window of one day: {text!r}; write 08:00-12:00"
        raise ValueError(msg)

    def __str__(self) -> str:
        return f"{_clock(self.opens_s)}-{_clock(self.closes_s)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """Daily working windows from a date on, until the next season begins.

    Parameters
    ----------
    valid_from
        First local day.
    windows
        Ascending, not overlapping, at least one; touching windows are allowed.
    """

    valid_from: date
    windows: tuple[Window, ...]

    def __post_init__(self) -> None:
        bounds = [second for window in self.windows for second in (window.opens_s, window.closes_s)]
        within = bool(bounds) and bounds[0] >= 0 and bounds[-1] <= DAY_SECONDS
        if not within or bounds != sorted(bounds) or any(w.opens_s == w.closes_s for w in self.windows):
            msg = "a season needs ascending windows within one day that do not overlap"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """One paragraph of the yearly notice: days off, and the weekend days worked in exchange.

    Parameters
    ----------
    first_day, last_day
        Both off, and every day between.
    make_up
        Make-up workdays 调休; they have the windows of any other working day.
    """

    name: str
    first_day: date
    last_day: date
    make_up: tuple[date, ...] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """The days off, ascending."""
        return tuple(self.first_day + _ONE_DAY * i for i in range((self.last_day - self.first_day).days + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedYear:
    """The notice for one year.

    Parameters
    ----------
    year
        The year that is known by it. Its holidays may begin in the December before (New Year).
    source
        The notice, as people cite it.
    """

    year: int
    holidays: tuple[Holiday, ...]
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """When a responsible unit works.

    Parameters
    ----------
    zone
        Where its days begin and end.
    seasons
        Ascending by ``valid_from``, at least one. Days before the first season have the windows of the first.
    weekdays
        ISO numbers, Monday is 1; at least one.
    observes_holidays
        False for a calendar that works on its weekdays whatever the notice says (a night-life street); then
        ``years`` says nothing and no result is provisional.
    years
        What has been announced. Any other year is guessed from the weekdays: what touches it is provisional.
    """

    name: str
    version: str
    zone: ZoneInfo
    seasons: tuple[Season, ...]
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    observes_holidays: bool = True
    years: tuple[AnnouncedYear, ...] = ()
    source: str = ""
    note: str = ""
    _named: dict[date, tuple[DayKind, str]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _known: dict[date, "CalendarDay"] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        dates = [season.valid_from for season in self.seasons]
        if not dates or any(a >= b for a, b in pairwise(dates)):
            msg = "a calendar needs seasons that begin one after the other"
            raise ValueError(msg)
        if not self.weekdays or not self.weekdays <= frozenset(range(1, 8)):
            msg = "a calendar needs weekdays from 1 to 7"
            raise ValueError(msg)
        for holiday in (holiday for year in self.years for holiday in year.holidays):
            self._named.update((day, (DayKind.HOLIDAY, holiday.name)) for day in holiday.days)
            self._named.update((day, (DayKind.MAKE_UP, holiday.name)) for day in holiday.make_up)

    @property
    def key(self) -> str:
        """``name@version``, as it is stored with a deadline."""
        return f"{self.name}@{self.version}"

    def day(self, day: date) -> "CalendarDay":
        """Look up one local day; it is worked out once and kept."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._work_out(day)
        return known

    def _work_out(self, day: date) -> "CalendarDay":
        kind, name = self._classify(day)
        by_weekday = kind is DayKind.UNANNOUNCED and day.isoweekday() in self.weekdays
        is_open = by_weekday or kind in (DayKind.WORKING, DayKind.MAKE_UP)
        windows = self._season_of(day).windows if is_open else ()
        return CalendarDay(day=day, kind=kind, name=name, spans=_spans_on(day, windows, self.zone))

    def _classify(self, day: date) -> tuple[DayKind, str]:
        if self.observes_holidays:
            if day in self._named:
                return self._named[day]
            if all(day.year != announced.year for announced in self.years):
                return DayKind.UNANNOUNCED, ""
        return (DayKind.WORKING if day.isoweekday() in self.weekdays else DayKind.WEEKEND), ""

    def _season_of(self, day: date) -> Season:
        begun = bisect_right(self.seasons, day, key=lambda season: season.valid_from)
        return self.seasons[max(begun - 1, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One local day of a calendar.

    Parameters
    ----------
    kind
        ``UNANNOUNCED`` for every day of a year not announced, its weekends too: one may become a workday.
    name
        The holiday that closes the day or for which it makes up; empty for other days.
    spans
        The open stretches, ascending, as pairs of epoch seconds, from and up to but not including; empty when
        the day is closed.
    """

    day: date
    kind: DayKind
    name: str
    spans: tuple[Span, ...]

    @property
    def is_working(self) -> bool:
        """Whether it has any working time."""
        return bool(self.spans)


def instant_of(day: date, second: int, zone: ZoneInfo) -> int:
    """Return the epoch second of a local time given in seconds after midnight; 86400 is the next midnight.

    Where clocks are changed, a time that comes twice is its first, and one left out falls after the gap.
    """
    return int((datetime.combine(day, time.min, tzinfo=zone) + timedelta(seconds=second)).timestamp())


def _spans_on(day: date, windows: Sequence[Window], zone: ZoneInfo) -> tuple[Span, ...]:
    spans: list[Span] = []
    for window in windows:
        opens, closes = instant_of(day, window.opens_s, zone), instant_of(day, window.closes_s, zone)
        # Where clocks are put forward, two windows can fall upon the same seconds: they count once.
        opens = max(opens, spans[-1][1]) if spans else opens
        if opens < closes:
            spans.append((opens, closes))
    return tuple(spans)


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}"
