"""Working time: when a limit is used up, and how much of it has passed.

One walk over the open seconds of a calendar answers deadline, pause and measurement, so they cannot disagree.
Choosing the calendar and the limit is not done here. Rules: domain §5 and ``reference/standards.md`` §3.1.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from gridcase.domain.errors import UnknownYearError
from gridcase.domain.time import LimitUnit, TimeLimit, whole_second
from gridcase.workflow.calendar import (
    DAY_SECONDS,
    CalendarDay,
    DayKind,
    Span,
    Window,
    WorkingCalendar,
    instant_of,
)

__all__ = [
    "Deadline",
    "Interval",
    "Measured",
    "Running",
    "TraceStep",
    "WorkingCalendar",
    "deadline",
    "deadline_after",
    "dump_trace",
    "load_trace",
    "measure",
    "remaining",
    "running",
]

_ONE_DAY = timedelta(days=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Whether a clock runs at an instant, and when that changes.

    Parameters
    ----------
    runs
        Whether the second that begins at the instant counts.
    switches
        When the clock next stops and starts in turn, aware UTC, ascending; empty for an urgent unit, which never stops.
    """

    runs: bool
    switches: tuple[datetime, ...] = ()


def deadline(
    start: datetime,
    limit: TimeLimit,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Interval] = (),
    strict: bool = False,
) -> Deadline:
    """Find the least instant at which the time measured since ``start`` equals the limit.

    A limit used up exactly at the noon break ends there, not after it; a start in closed time counts from the
    next opening. ``start`` is cut to its whole second. An urgent limit looks at no calendar day and is never
    provisional.

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
    >>> from gridcase.workflow.calendar import Season
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> hours = (Window.parse("08:00-12:00"), Window.parse("14:00-18:00"))
    >>> plain = WorkingCalendar(name="plain", version="1", zone=zone, observes_holidays=False,
    ...                         seasons=(Season(valid_from=date(2026, 1, 1), windows=hours),))
    >>> friday = datetime(2026, 10, 16, 17, 0, tzinfo=zone)
    >>> deadline(friday, TimeLimit.parse("4 working_hour"), plain).due_at.astimezone(zone).isoformat()
    '2026-10-19T11:00:00+08:00'
    """
    found = deadline_after(start, limit.seconds, limit.unit, calendar, pauses=pauses)
    if strict and found.provisional:
        year = next(step.day.year for step in found.trace if step.kind is DayKind.UNANNOUNCED)
        raise UnknownYearError("unknown_year", params={"year": year})
    return found


def deadline_after(
    start: datetime,
    seconds: int,
    unit: LimitUnit,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Interval] = (),
) -> Deadline:
    """Find the least instant at which ``seconds`` have been measured since ``start``: the rest of a limit.

    Otherwise as `deadline`. Zero or less is due at the start, with an empty trace.

    Parameters
    ----------
    unit
        Only tells whether the seconds run by the wall clock.

    Raises
    ------
    ValueError
        When ``start`` has no time zone.
    """
    due = _epoch(start)
    days = _open_days(due, calendar, _merge(pauses), is_urgent=unit.is_urgent)
    left = seconds
    steps: list[TraceStep] = []
    while left > 0:
        day, spans = next(days)
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
        last = datetime.fromtimestamp(finish - 1, calendar.zone).date()
        days = _open_days(begin, calendar, _merge(pauses), is_urgent=unit.is_urgent)
        for day, spans in takewhile(lambda found: found[0].day <= last, days):
            seconds += sum(min(closes, finish) - opens for opens, closes in spans if opens < finish)
            provisional = provisional or day.kind is DayKind.UNANNOUNCED
    return Measured(seconds=seconds, provisional=provisional)


def remaining(
    start: datetime,
    end: datetime,
    limit: TimeLimit,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Interval] = (),
) -> int:
    """Return the seconds left at ``end`` of a limit begun at ``start``; negative once it is overdrawn."""
    return limit.seconds - measure(start, end, limit.unit, calendar, pauses=pauses).seconds


def running(at: datetime, unit: LimitUnit, calendar: WorkingCalendar, *, switches: int = 2) -> Running:
    """Tell whether a clock of this unit runs at an instant, and the next ``switches`` instants at which that changes.

    Windows that touch, over midnight too, are one stretch. A calendar that is closed for good does not exist: every
    one has a weekday.

    Examples
    --------
    >>> from gridcase.workflow.calendar import Season
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> hours = (Window.parse("08:00-12:00"), Window.parse("14:00-18:00"))
    >>> plain = WorkingCalendar(name="plain", version="1", zone=zone, observes_holidays=False,
    ...                         seasons=(Season(valid_from=date(2026, 1, 1), windows=hours),))
    >>> noon = running(datetime(2026, 10, 16, 12, 0, tzinfo=zone), LimitUnit.WORKING_HOUR, plain, switches=1)
    >>> noon.runs, noon.switches[0].astimezone(zone).isoformat()
    (False, '2026-10-16T14:00:00+08:00')
    """
    if unit.is_urgent:
        return Running(runs=True)
    now = _epoch(at)
    stretches = _stretches(now, calendar)
    opens, closes = next(stretches)
    found = [opens, closes] if opens > now else [closes]
    while len(found) < switches:
        found += next(stretches)
    return Running(runs=opens <= now, switches=tuple(datetime.fromtimestamp(one, UTC) for one in found[:switches]))


def dump_trace(trace: Sequence[TraceStep]) -> str:
    """Write a trace as canonical JSON: one object per day, spans as pairs of local ``HH:MM:SS``.

    Examples
    --------
    >>> dump_trace([TraceStep(day=date(2026, 10, 17), kind=DayKind.WEEKEND, seconds=0, spans=())])
    '[{"day":"2026-10-17","kind":"weekend","seconds":0,"spans":[]}]'
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


def _open_days(
    begin: int, calendar: WorkingCalendar, pauses: Sequence[Span], *, is_urgent: bool
) -> Iterator[tuple[CalendarDay, Sequence[Span]]]:
    """Yield each local day from ``begin`` on, without end, with the spans of it that count."""
    first = day = datetime.fromtimestamp(begin, calendar.zone).date()
    while True:
        known = _continuous(day, calendar.zone) if is_urgent else calendar.day(day)
        whole = day > first and not pauses
        yield known, known.spans if whole else _clip(known.spans, begin, pauses)
        day += _ONE_DAY


def _stretches(begin: int, calendar: WorkingCalendar) -> Iterator[Span]:
    """Yield the open stretches from ``begin`` on, without end; touching spans are joined."""
    held: Span | None = None
    for _, spans in _open_days(begin, calendar, (), is_urgent=False):
        for opens, closes in spans:
            if held is not None and held[1] != opens:
                yield held
                held = None
            held = (opens if held is None else held[0], closes)


def _clip(spans: Sequence[Span], begin: int, pauses: Sequence[Span]) -> list[Span]:
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


def _take(spans: Sequence[Span], left: int) -> Sequence[Span]:
    taken = []
    for opens, closes in spans:
        taken.append((opens, min(closes, opens + left)))
        left -= closes - opens
        if left <= 0:
            break
    return taken


def _merge(pauses: Sequence[Interval]) -> list[Span]:
    merged: list[Span] = []
    for starts, ends in sorted((_epoch(pause.starts_at), _epoch(pause.ends_at)) for pause in pauses):
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
        elif starts < ends:
            merged.append((starts, ends))
    return merged


def _continuous(day: date, zone: ZoneInfo) -> CalendarDay:
    spans = ((instant_of(day, 0, zone), instant_of(day, DAY_SECONDS, zone)),)
    return CalendarDay(day=day, kind=DayKind.CONTINUOUS, name="", spans=spans)


def _step(day: CalendarDay, taken: Sequence[Span], zone: ZoneInfo) -> TraceStep:
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


def _second_of(instant: int, day: date, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(instant, zone)
    return DAY_SECONDS if local.date() > day else local.hour * 3600 + local.minute * 60 + local.second


def _epoch(instant: datetime) -> int:
    if instant.utcoffset() is None:
        msg = "an instant needs a time zone"
        raise ValueError(msg)
    return int(whole_second(instant).timestamp())


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
