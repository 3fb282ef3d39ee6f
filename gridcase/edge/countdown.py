"""Time left of a deadline as people count it: in working time, with the moments at which the clock stops and goes on.

Said once for every page and both languages; the browser ticks it on by itself from `Countdown.data`
(``static/console/countdown.js``) and asks nobody. Nothing is decided here: deadlines are the workflow's, the
arithmetic is ``gridcase.workflow.worktime``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from gridcase.domain.case import CaseState
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import UNIT_SECONDS, LimitUnit, is_late
from gridcase.edge.texts import Language, Text
from gridcase.services.queue import SOON_SECONDS
from gridcase.workflow.case import Case, RunningClock, is_excused
from gridcase.workflow.rulebook import Rulebook
from gridcase.workflow.worktime import Running, WorkingCalendar, measure, running

#: Enough for two days: a page that nobody has touched for longer asks anyway.
_SWITCHES = 8


class Urgency(StrEnum):
    """How urgent a deadline is."""

    OK = "ok"
    SOON = "soon"
    LATE = "late"


class Standing(StrEnum):
    """What the clock does."""

    RUNNING = "running"
    RESTING = "resting"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """The time left of one deadline at one instant.

    Parameters
    ----------
    due_at
        Aware UTC.
    seconds
        Left, in the clock's own time; negative is overdue by so much. 0 and late: passed, and no working time since.
    standing
        Resting is closed time (noon, night, holiday); paused is a suspension; done is a stage that is over.
    switches
        Instants at which the clock next stops and starts in turn; empty when it runs by the wall clock or not at all.
    text
        "剩 3 小时 20 分"; short enough for a column.
    note
        "午休停表，14:00 继续"; empty when there is nothing to add.
    title
        The text with what is counted and the deadline.
    data
        Attributes without their ``data-``, for the element that shows the text.
    """

    due_at: datetime
    seconds: int
    level: Urgency
    standing: Standing
    switches: tuple[datetime, ...]
    text: str
    note: str
    title: str
    data: Mapping[str, str]

    @property
    def left(self) -> int:
        """Seconds left; 0 once overdue."""
        return max(self.seconds, 0)

    @property
    def overdue(self) -> int:
        """Seconds overdue; 0 while there is time."""
        return max(-self.seconds, 0)

    @property
    def runs(self) -> bool:
        """Whether the second now counts."""
        return self.standing is Standing.RUNNING

    @property
    def paused(self) -> bool:
        """Whether a suspension holds the clock."""
        return self.standing is Standing.PAUSED

    @property
    def next_switch(self) -> datetime | None:
        """When the clock next stops, or goes on."""
        return self.switches[0] if self.switches else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdowns:
    """Counts down many deadlines at one instant; what the calendars say about that instant is worked out once each."""

    rules: Rulebook
    now: datetime
    language: Language
    _known: dict[str, Running] = field(init=False, repr=False, compare=False, default_factory=dict)

    def of_case(self, case: Case) -> Countdown | None:
        """Count down the deadline that matters now; None when there is none."""
        clock = deciding_clock(case)
        if clock is None:
            return None
        counted = self.of_clock(clock, excused=is_excused(case))
        return counted if case.resumes_at is None or not counted.paused else self._resuming(counted, case.resumes_at)

    def of_clock(self, clock: RunningClock, *, excused: bool = False) -> Countdown:
        """Count down one stage's clock.

        Parameters
        ----------
        excused
            An extension asked for in time is undecided: passing the deadline is not late yet.
        """
        unit, calendar = clock.due.limit.unit, self._calendar(clock)
        at = clock.stopped_at or clock.paused_at or self.now
        running_now = self._running(unit, calendar) if clock.is_running else Running(runs=False)
        standing = _standing(clock, running_now)
        seconds = _seconds_left(at, clock.due.due_at, unit, calendar)
        passed = is_late(at, clock.due.due_at)
        level = _level(seconds, passed=passed, excused=excused)
        if standing is Standing.DONE and level is Urgency.SOON:
            level = Urgency.OK
        text = _said(seconds, passed=passed, done=standing is Standing.DONE, unit=unit, language=self.language)
        notes = [self._resting(self.now, running_now.switches[0])] if standing is Standing.RESTING else []
        notes += [_WORDS[standing].in_(self.language)] if standing in _WORDS else []
        notes += [_EXCUSED.in_(self.language)] if excused else []
        return Countdown(
            due_at=clock.due.due_at,
            seconds=seconds,
            level=level,
            standing=standing,
            switches=running_now.switches,
            text=text,
            note=_JOIN.in_(self.language).join(notes),
            title=f"{text}{_basis(unit).in_(self.language)}{self._until(clock.due.due_at)}",
            data=self._data(clock, running_now, seconds, excused=excused) if clock.is_running else {},
        )

    def ticking(self, clock: RunningClock, *, excused: bool = False) -> dict[str, str | int | bool] | None:
        """Return what a phone needs to count a clock down by itself, whenever it looks; None when it is stopped.

        ``calendar`` names one of `switches_by_calendar`, and is empty for a clock that runs day and night; ``day`` is
        the length of a day in seconds as people count it. A clock that is paused stands at ``paused_at``.
        """
        if clock.stopped_at is not None:
            return None
        unit = clock.due.limit.unit
        told: dict[str, str | int | bool] = {
            "calendar": "" if unit.is_urgent else self._calendar(clock).name,
            "due": int(clock.due.due_at.timestamp()),
            "day": _day_seconds(unit),
        }
        if clock.paused_at is not None:
            told["paused_at"] = int(clock.paused_at.timestamp())
        return told | ({"excused": True} if excused else {})

    def _calendar(self, clock: RunningClock) -> WorkingCalendar:
        """Return the clock's calendar as it is in force: a changed one re-clocks what runs by it."""
        calendars = self.rules.calendars
        name = clock.due.calendar.partition("@")[0]
        return calendars.get(name) or calendars[self.rules.conduct.calendar]

    def _running(self, unit: LimitUnit, calendar: WorkingCalendar) -> Running:
        key = "" if unit.is_urgent else calendar.name
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = running(self.now, unit, calendar, switches=_SWITCHES)
        return known

    def _data(self, clock: RunningClock, now: Running, seconds: int, *, excused: bool) -> dict[str, str]:
        """Return what the browser needs to go on counting; instants are epoch seconds."""
        stops = now.switches if now.runs else now.switches[1:]
        notes = [] if now.runs or not now.switches else [self._resting(self.now, now.switches[0])]
        notes += [self._resting(*pair) for pair in zip(stops[0::2], stops[1::2], strict=False)]
        return {
            "countdown": str(seconds),
            "at": _epoch(self.now),
            "due": _epoch(clock.due.due_at),
            "runs": "1" if now.runs else "0",
            "switches": " ".join(_epoch(one) for one in now.switches),
            "notes": "|".join(notes),
            "day": str(_day_seconds(clock.due.limit.unit)),
            "excused": _EXCUSED.in_(self.language) if excused else "",
        }

    def _resting(self, since: datetime, until: datetime) -> str:
        """Say why the clock stands and when it goes on."""
        zone = self.rules.zone
        begins, ends = since.astimezone(zone), until.astimezone(zone)
        same_day = begins.date() == ends.date()
        words = _NOON if same_day and begins.hour >= _NOON_FROM and ends.hour < _NOON_TO else _REST
        return words.in_(self.language).format(when=_when(begins, ends, self.language))

    def _until(self, due_at: datetime) -> str:
        return _UNTIL.in_(self.language).format(when=_date_and_time(due_at.astimezone(self.rules.zone), self.language))

    def _resuming(self, counted: Countdown, resumes_at: datetime) -> Countdown:
        day = _date(resumes_at.astimezone(self.rules.zone), self.language)
        note = _PAUSED_UNTIL.in_(self.language).format(when=day)
        return Countdown(
            due_at=counted.due_at,
            seconds=counted.seconds,
            level=counted.level,
            standing=counted.standing,
            switches=(),
            text=counted.text,
            note=note,
            title=counted.title,
            data=counted.data,
        )


#: How far a phone can count without asking: nearly every deadline, and what has been late for as long.
_DAYS_BACK, _DAYS_AHEAD = 21, 35


def switches_by_calendar(rules: Rulebook, now: datetime) -> dict[str, list[int]]:
    """Return when working time begins and ends in turn, by name of calendar, for some weeks before and after today.

    In epoch minutes: the first instant, at which it does not run, then the minutes up to each switch. It changes with
    the day and with the calendars, and with nothing else.
    """
    today = now.astimezone(rules.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = today - timedelta(days=_DAYS_BACK), today + timedelta(days=_DAYS_AHEAD)
    return {name: _switches(calendar, start, end) for name, calendar in sorted(rules.calendars.items())}


def _switches(calendar: WorkingCalendar, start: datetime, end: datetime) -> list[int]:
    found = running(start, LimitUnit.WORKING_HOUR, calendar, switches=_MOST_SWITCHES)
    instants = [start, *([start] if found.runs else []), *(one for one in found.switches if one < end), end]
    minutes = [int(one.timestamp()) // 60 for one in instants]
    return [minutes[0], *(after - before for before, after in pairwise(minutes))]


_MOST_SWITCHES = 2 * 6 * (_DAYS_BACK + _DAYS_AHEAD)


def deciding_clock(case: Case) -> RunningClock | None:
    """Return the clock of the deadline that matters now; of a suspended case the one that stands."""
    return case.clocks.get(LimitedStage.HANDLE) if case.state is CaseState.SUSPENDED else case.clock


def countdown_words(language: Language) -> dict[str, str]:
    """Return the sentences with which the browser says the same as `Countdown.text`."""
    return {name: text.in_(language) for name, text in _SPOKEN.items()} | {"join": _JOIN.in_(language)}


def duration(seconds: int, day_seconds: int, language: Language) -> str:
    """Say a stretch of time with its two largest units; a working day has 480 minutes.

    Below ten minutes seconds are told.

    Examples
    --------
    >>> duration(480 * 60 * 2 + 3700, 480 * 60, Language.ZH)
    '2 天 1 小时'
    >>> duration(12000, 480 * 60, Language.EN)
    '3 h 20 min'
    >>> duration(65, 86400, Language.ZH)
    '1 分 5 秒'
    """
    days, rest = divmod(seconds, day_seconds)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    told = {"days": days, "hours": hours, "minutes": minutes, "seconds": rest}
    first = next((name for name, amount in told.items() if amount), "seconds")
    names = _TOLD_WITH[first] if first != "minutes" or minutes < _SECONDS_BELOW_MIN else ("minutes",)
    parts = [_SPOKEN[name].in_(language).format(n=told[name]) for name in names if told[name] or name == first]
    return " ".join(parts)


def _standing(clock: RunningClock, now: Running) -> Standing:
    if clock.stopped_at is not None:
        return Standing.DONE
    if clock.paused_at is not None:
        return Standing.PAUSED
    return Standing.RUNNING if now.runs else Standing.RESTING


def _seconds_left(at: datetime, due_at: datetime, unit: LimitUnit, calendar: WorkingCalendar) -> int:
    if is_late(at, due_at):
        return -measure(due_at, at, unit, calendar).seconds
    return measure(at, due_at, unit, calendar).seconds


def _level(seconds: int, *, passed: bool, excused: bool) -> Urgency:
    if passed and not excused:
        return Urgency.LATE
    return Urgency.SOON if seconds <= SOON_SECONDS else Urgency.OK


def _said(seconds: int, *, passed: bool, done: bool, unit: LimitUnit, language: Language) -> str:
    word = ("done_late" if done else "late") if passed else ("done_early" if done else "left")
    if passed and seconds == 0:
        word = "passed"
    return _SPOKEN[word].in_(language).format(time=duration(abs(seconds), _day_seconds(unit), language))


def _day_seconds(unit: LimitUnit) -> int:
    return UNIT_SECONDS[LimitUnit.URGENT_DAY if unit.is_urgent else LimitUnit.WORKING_DAY]


def _basis(unit: LimitUnit) -> Text:
    return _WALL_CLOCK if unit.is_urgent else _WORKING_TIME


def _when(since: datetime, until: datetime, language: Language) -> str:
    if since.date() == until.date():
        return f"{until:%H:%M}"
    if until.date() - since.date() < timedelta(days=7):
        return f"{_WEEKDAYS[until.weekday()].in_(language)} {until:%H:%M}"
    return _date_and_time(until, language)


def _date(local: datetime, language: Language) -> str:
    if language is Language.ZH:
        return f"{local.month}月{local.day}日"
    return f"{local.day} {local:%b}"


def _date_and_time(local: datetime, language: Language) -> str:
    return f"{_date(local, language)} {local:%H:%M}"


def _epoch(instant: datetime) -> str:
    return str(int(instant.timestamp()))


_NOON_FROM, _NOON_TO = 11, 16
_SECONDS_BELOW_MIN = 10
_TOLD_WITH: dict[str, tuple[str, ...]] = {
    "days": ("days", "hours"),
    "hours": ("hours", "minutes"),
    "minutes": ("minutes", "seconds"),
    "seconds": ("seconds",),
}
_SPOKEN = {
    "left": Text("剩 {time}", "{time} left"),
    "late": Text("超时 {time}", "{time} overdue"),
    "passed": Text("已超时", "overdue"),
    "done_early": Text("提前 {time}", "{time} early"),
    "done_late": Text("超时 {time}", "{time} late"),
    "days": Text("{n} 天", "{n} d"),
    "hours": Text("{n} 小时", "{n} h"),
    "minutes": Text("{n} 分", "{n} min"),
    "seconds": Text("{n} 秒", "{n} s"),
}
_WORDS = {Standing.PAUSED: Text("挂账停表", "clock paused"), Standing.DONE: Text("已停表", "clock stopped")}
_EXCUSED = Text("延期待批", "extension undecided")
_PAUSED_UNTIL = Text("挂账停表，至 {when}", "paused until {when}")
_NOON = Text("午休停表，{when} 继续", "noon break, goes on at {when}")
_REST = Text("停表，{when} 继续", "clock rests until {when}")
_WORKING_TIME = Text("（工作时间）", " (working time)")
_WALL_CLOCK = Text("（昼夜连续）", " (day and night)")
_UNTIL = Text("，{when} 到期", ", due {when}")
_JOIN = Text("；", "; ")
_WEEKDAYS = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)
