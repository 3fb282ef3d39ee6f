"""Working time: when is it due, and how much of it has passed?

One walk over the open seconds of a calendar answers deadline, pause and measurement, so they cannot disagree. It does
not choose the calendar or the limit. Rules: domain §5; the units are those of ``reference/standards.md`` §3.1.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from gridcase.domain.errors import UnknownYearError
from gridcase.domain.time import LimitUnit, TimeLimit, whole_second

DAY_SECONDS = 86400
MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})

_ONE_DAY = timedelta(days=1)
_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")

#: Epoch seconds, from and up to but not including.
_Span = tuple[int, int]


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
        return f"{_clock(self.opens_s)[:5]}-{_clock(self.closes_s)[:5]}"


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
        What has been announced. Any other year is guessed from the weekdays, and what it touches is provisional.
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
    _special: dict[date, tuple[DayKind, str]] = field(init=False, repr=False, compare=False, default_factory=dict)
    # A day is worked out once per calendar: 25 days of a long limit then cost 25 look-ups.
    _days: dict[date, "_Day"] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        dates = [season.valid_from for season in self.seasons]
        if not dates or any(a >= b for a, b in pairwise(dates)):
            msg = "a calendar needs seasons that begin one after the other"
            raise ValueError(msg)
        if not self.weekdays or not self.weekdays <= frozenset(range(1, 8)):
            msg = "a calendar needs weekdays from 1 to 7"
            raise ValueError(msg)
        for holiday in (holiday for year in self.years for holiday in year.holidays):
            self._special.update((day, (DayKind.HOLIDAY, holiday.name)) for day in holiday.days)
            self._special.update((day, (DayKind.MAKE_UP, holiday.name)) for day in holiday.make_up)

    @property
    def key(self) -> str:
        """``name@version``, as it is stored with a deadline."""
        return f"{self.name}@{self.version}"

    def kind_of(self, day: date) -> DayKind:
        """Tell what kind of day it is; every day of a year not announced is ``UNANNOUNCED``, its weekends too."""
        return self._classify(day)[0]

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """Return the working windows of a day, ascending; empty when it is closed."""
        kind = self.kind_of(day)
        if kind is DayKind.UNANNOUNCED:
            is_open = day.isoweekday() in self.weekdays
        else:
            is_open = kind in (DayKind.WORKING, DayKind.MAKE_UP)
        return self._season_of(day).windows if is_open else ()

    def _classify(self, day: date) -> tuple[DayKind, str]:
        if self.observes_holidays:
            special = self._special.get(day)
            if special is not None:
                return special
            if all(day.year != announced.year for announced in self.years):
                return DayKind.UNANNOUNCED, ""
        return (DayKind.WORKING if day.isoweekday() in self.weekdays else DayKind.WEEKEND), ""

    def _season_of(self, day: date) -> Season:
        later = bisect_right(self.seasons, day, key=lambda season: season.valid_from)
        return self.seasons[max(later - 1, 0)]

    def _day(self, day: date) -> "_Day":
        known = self._days.get(day)
        if known is None:
            kind, name = self._classify(day)
            known = _Day(
                day=day, kind=kind, name=name, spans=_spans_on(day, self.windows_on(day), self.zone)
            )
            self._days[day] = known
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A pause: from and up to but not including, aware, each cut to its whole second.

    Raises
    ------
    ValueError
        When it ends before it begins.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.ends_at < self.starts_at:
            msg = "an interval must not end before it begins"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Seconds to be measured: what is left of a limit, or a limit in seconds.

    Parameters
    ----------
    seconds
        Negative when more than the limit has been used.
    is_urgent
        Whether they run by the wall clock.
    """

    seconds: int
    is_urgent: bool

    @classmethod
    def of(cls, limit: TimeLimit) -> "Duration":
        """Return the whole of a limit."""
        return cls(seconds=limit.seconds, is_urgent=limit.unit.is_urgent)

    def at_least(self, seconds: int) -> "Duration":
        """Return this duration, or ``seconds`` when that is more: rework has at least half of the limit."""
        return Duration(seconds=max(self.seconds, seconds), is_urgent=self.is_urgent)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """What one local day gave to a deadline.

    Parameters
    ----------
    seconds
        Counted on this day; 0 for a day that was passed over.
    spans
        The counted stretches in local time, ascending; pauses are left out.
    name
        The holiday that closed the day, or for which it makes up; empty for other days.
    """

    day: date
    kind: DayKind
    seconds: int
    spans: tuple[Window, ...]
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a limit is used up, and how that was found.

    Parameters
    ----------
    due_at
        Aware UTC, whole second.
    trace
        Every local day from the start to the deadline; their seconds add up to the limit.
    provisional
        True when the way there touches a year not announced.
    """

    due_at: datetime
    trace: tuple[TraceStep, ...]
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Time that has passed.

    Parameters
    ----------
    seconds
        Of working time, or of the wall clock for an urgent unit; without pauses.
    provisional
        True when a year not announced was touched.
    """

    seconds: int
    provisional: bool


def deadline(
    start: datetime,
    limit: TimeLimit | Duration,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Interval] = (),
    strict: bool = False,
) -> Deadline:
    """Find the least instant at which the time measured since ``start`` equals the limit.

    A limit used up exactly at the noon break ends there, not after it; a start in closed time counts from the next
    opening. ``start`` is cut to its whole second. A duration of zero or less is due at the start, with an empty trace.
    An urgent limit looks at no calendar day and is never provisional.

    Parameters
    ----------
    pauses
        In any order, overlapping or not; none of their seconds counts.
    strict
        Refuse to guess.

    Raises
    ------
    UnknownYearError
        ``unknown_year``, when ``strict`` and the way there touches a year not announced.
    ValueError
        When ``start`` has no time zone.

    Examples
    --------
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> hours = (Window.parse("08:00-12:00"), Window.parse("14:00-18:00"))
    >>> plain = WorkingCalendar(name="plain", version="1", zone=zone, observes_holidays=False,
    ...                         seasons=(Season(valid_from=date(2026, 1, 1), windows=hours),))
    >>> friday = datetime(2026, 10, 16, 17, 0, tzinfo=zone)
    >>> deadline(friday, TimeLimit.parse("4 working_hour"), plain).due_at.astimezone(zone).isoformat()
    '2026-10-19T11:00:00+08:00'
    """
    duration = limit if isinstance(limit, Duration) else Duration.of(limit)
    due = _epoch(start)
    left = duration.seconds
    steps: list[TraceStep] = []
    days = _open_days(due, calendar, _merge(pauses), is_urgent=duration.is_urgent)
    while left > 0:
        day, spans = next(days)
        if strict and day.kind is DayKind.UNANNOUNCED:
            raise UnknownYearError("unknown_year", params={"year": day.day.year})
        taken = _take(spans, left)
        steps.append(_step(day, taken, calendar.zone))
        if taken:
            left -= steps[-1].seconds
            due = taken[-1][1]
    return Deadline(
        due_at=datetime.fromtimestamp(due, UTC),
        trace=tuple(steps),
        provisional=any(step.kind is DayKind.UNANNOUNCED for step in steps),
    )


def measure(
    start: datetime,
    end: datetime,
    unit: LimitUnit,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Interval] = (),
) -> Measured:
    """Count the seconds from ``start`` up to ``end`` that a limit of this unit would count.

    Both are cut to their whole second; an end before the start measures 0.

    Raises
    ------
    ValueError
        When an instant has no time zone.
    """
    begin, finish = _epoch(start), _epoch(end)
    seconds, provisional = 0, False
    if begin < finish:
        for day, spans in _open_days(begin, calendar, _merge(pauses), is_urgent=unit.is_urgent):
            seconds += sum(min(closes, finish) - opens for opens, closes in spans if opens < finish)
            provisional = provisional or day.kind is DayKind.UNANNOUNCED
            if _at(day.day, DAY_SECONDS, calendar.zone) >= finish:
                break
    return Measured(seconds=seconds, provisional=provisional)


def remaining(
    start: datetime,
    end: datetime,
    limit: TimeLimit,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Interval] = (),
) -> Duration:
    """Return what is left at ``end`` of a limit that began at ``start``; negative once it is overdrawn."""
    used = measure(start, end, limit.unit, calendar, pauses=pauses)
    return Duration(seconds=limit.seconds - used.seconds, is_urgent=limit.unit.is_urgent)


def dump_trace(trace: Sequence[TraceStep]) -> str:
    """Write a trace as canonical JSON: one object per day, spans as pairs of local ``HH:MM:SS``.

    Examples
    --------
    >>> dump_trace([TraceStep(day=date(2026, 10, 1), kind=DayKind.HOLIDAY, seconds=0, spans=(), name="国庆节")])
    '[{"day":"2026-10-01","kind":"holiday","name":"国庆节","seconds":0,"spans":[]}]'
    """
    plain = [
        {
            "day": step.day.isoformat(),
            "kind": step.kind,
            "seconds": step.seconds,
            "spans": [[_clock(span.opens_s), _clock(span.closes_s)] for span in step.spans],
        }
        | ({"name": step.name} if step.name else {})
        for step in trace
    ]
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load_trace(text: str) -> tuple[TraceStep, ...]:
    """Read what ``dump_trace`` wrote."""
    return tuple(
        TraceStep(
            day=date.fromisoformat(raw["day"]),
            kind=DayKind(raw["kind"]),
            seconds=raw["seconds"],
            spans=tuple(Window(opens_s=_seconds(a), closes_s=_seconds(b)) for a, b in raw["spans"]),
            name=raw.get("name", ""),
        )
        for raw in json.loads(text)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    day: date
    kind: DayKind
    name: str
    spans: tuple[_Span, ...]


def _open_days(
    begin: int, calendar: WorkingCalendar, pauses: Sequence[_Span], *, is_urgent: bool
) -> Iterator[tuple[_Day, Sequence[_Span]]]:
    """Yield each local day from ``begin`` on, without end, with the spans of it that count."""
    first = day = datetime.fromtimestamp(begin, calendar.zone).date()
    while True:
        known = _continuous(day, calendar.zone) if is_urgent else calendar._day(day)
        whole = day > first and not pauses
        yield known, known.spans if whole else _clip(known.spans, begin, pauses)
        day += _ONE_DAY


def _clip(spans: Sequence[_Span], begin: int, pauses: Sequence[_Span]) -> list[_Span]:
    parts = []
    for span_opens, closes in spans:
        opens = max(span_opens, begin)
        for paused_from, paused_to in pauses:
            if opens < paused_from < closes:
                parts.append((opens, paused_from))
            if paused_from < closes:
                opens = max(opens, paused_to)
        if opens < closes:
            parts.append((opens, closes))
    return parts


def _take(spans: Sequence[_Span], left: int) -> Sequence[_Span]:
    taken = []
    for opens, closes in spans:
        taken.append((opens, min(closes, opens + left)))
        left -= closes - opens
        if left <= 0:
            break
    return taken


def _merge(pauses: Sequence[Interval]) -> list[_Span]:
    merged: list[_Span] = []
    for starts, ends in sorted((_epoch(pause.starts_at), _epoch(pause.ends_at)) for pause in pauses):
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
        else:
            merged.append((starts, ends))
    return merged


def _spans_on(day: date, windows: Sequence[Window], zone: ZoneInfo) -> tuple[_Span, ...]:
    spans: list[_Span] = []
    for window in windows:
        opens, closes = _at(day, window.opens_s, zone), _at(day, window.closes_s, zone)
        # Where clocks are put forward, two windows can fall upon the same seconds: they count once.
        opens = max(opens, spans[-1][1]) if spans else opens
        if opens < closes:
            spans.append((opens, closes))
    return tuple(spans)


def _continuous(day: date, zone: ZoneInfo) -> _Day:
    spans = ((_at(day, 0, zone), _at(day, DAY_SECONDS, zone)),)
    return _Day(day=day, kind=DayKind.CONTINUOUS, name="", spans=spans)


def _step(day: _Day, taken: Sequence[_Span], zone: ZoneInfo) -> TraceStep:
    return TraceStep(
        day=day.day,
        kind=day.kind,
        seconds=sum(closes - opens for opens, closes in taken),
        spans=tuple(
            Window(opens_s=_second_of(opens, day.day, zone), closes_s=_second_of(closes, day.day, zone))
            for opens, closes in taken
        ),
        name=day.name,
    )


def _at(day: date, second: int, zone: ZoneInfo) -> int:
    return int((datetime.combine(day, time.min, tzinfo=zone) + timedelta(seconds=second)).timestamp())


def _second_of(instant: int, day: date, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(instant, zone)
    return DAY_SECONDS if local.date() > day else local.hour * 3600 + local.minute * 60 + local.second


def _epoch(instant: datetime) -> int:
    if instant.utcoffset() is None:
        msg = "an instant needs a time zone"
        raise ValueError(msg)
    return int(whole_second(instant).timestamp())


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)
