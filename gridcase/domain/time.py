"""Instants, limits and periods.

Instants are aware UTC ``datetime``; a day or a month belongs to a named zone. The arithmetic of working time
is ``gridcase.workflow.worktime``. "Late" is decided here and nowhere else, in whole seconds (domain §5).
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        return datetime.now(tz=UTC)  # noqa: TID251 - the one place that asks the machine


@dataclass(slots=True)
class SetClock:
    """A clock that stands still until it is moved: for tests, replay and the demo."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant

    def advance(self, step: timedelta) -> None:
        """Move on by ``step``."""
        self.instant += step


class LimitUnit(StrEnum):
    """Units of a time limit (domain §5)."""

    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORKING_HOUR = "working_hour"
    WORKING_DAY = "working_day"

    @property
    def is_urgent(self) -> bool:
        """Whether it runs by the wall clock, day and night."""
        return self in (LimitUnit.URGENT_HOUR, LimitUnit.URGENT_DAY)


_AMOUNT = re.compile(r"\d{1,6}(\.\d{1,4})?")

#: A working day is 480 working minutes, also in summer hours (domain §5).
UNIT_SECONDS = {
    LimitUnit.URGENT_HOUR: 3600,
    LimitUnit.URGENT_DAY: 86400,
    LimitUnit.WORKING_HOUR: 3600,
    LimitUnit.WORKING_DAY: 480 * 60,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long something may take.

    Parameters
    ----------
    amount
        At least one second; half hours as ``Decimal("0.5")``.
    unit
        What is counted.

    Examples
    --------
    >>> TimeLimit(amount=Decimal("0.5"), unit=LimitUnit.URGENT_HOUR).seconds
    1800
    """

    amount: Decimal
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.seconds < 1:
            msg = "a time limit must be a second at least"
            raise ValueError(msg)

    @property
    def seconds(self) -> int:
        """Seconds to be measured: wall-clock for urgent units, working time for the others."""
        return int(self.amount * UNIT_SECONDS[self.unit])

    @classmethod
    def parse(cls, text: str) -> "TimeLimit":
        """Read ``"2 working_hour"``.

        Raises
        ------
        ValueError
            When it is not an amount and a unit.
        """
        amount, unit = text.split()
        if _AMOUNT.fullmatch(amount) is None:
            msg = f"not an amount of time: {amount!r}"
            raise ValueError(msg)
        return cls(amount=Decimal(amount), unit=LimitUnit(unit))

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit}"


def whole_second(instant: datetime) -> datetime:
    """Cut an aware instant down to its whole second."""
    return instant.replace(microsecond=0)


def epoch_second(instant: datetime) -> int:
    """Return the whole second of an aware instant since 1970-01-01T00:00:00Z.

    Examples
    --------
    >>> epoch_second(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC))
    1
    """
    return math.floor(instant.timestamp())


def is_late(instant: datetime, deadline: datetime) -> bool:
    """Tell whether ``instant`` is after ``deadline`` in whole seconds; equality is on time (domain §5).

    Examples
    --------
    >>> due = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
    >>> is_late(due.replace(microsecond=900_000), due), is_late(due + timedelta(seconds=1), due)
    (False, True)
    """
    return whole_second(instant) > whole_second(deadline)


_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?:(?P<month>\d{2})|Q(?P<quarter>[1-4])))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A month, a quarter or a year in a named zone: from the first 00:00 up to, not including, the next first 00:00.

    Examples
    --------
    >>> p = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))
    >>> p.start.isoformat(), p.end.isoformat()
    ('2026-09-30T16:00:00+00:00', '2026-10-31T16:00:00+00:00')
    """

    name: str
    first_day: date
    next_day: date
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, *, zone: ZoneInfo) -> "Period":
        """Read ``2026-10``, ``2026-Q4`` or ``2026``.

        Raises
        ------
        ValueError
            When the text is none of the three.
        """
        match = _PERIOD.fullmatch(text)
        if match is None:
            msg = f"not a period: {text!r}; write 2026-10, 2026-Q4 or 2026"
            raise ValueError(msg)
        year = int(match["year"])
        if match["month"]:
            first, months = int(match["month"]), 1
        elif match["quarter"]:
            first, months = 3 * int(match["quarter"]) - 2, 3
        else:
            first, months = 1, 12
        years, last = divmod(first - 1 + months, 12)
        return cls(
            name=text,
            first_day=date(year, first, 1),
            next_day=date(year + years, last + 1, 1),
            zone=zone,
        )

    @property
    def start(self) -> datetime:
        """First instant, aware UTC."""
        return _midnight(self.first_day, self.zone)

    @property
    def end(self) -> datetime:
        """First instant after the period, aware UTC."""
        return _midnight(self.next_day, self.zone)

    def holds(self, instant: datetime) -> bool:
        """Tell whether the instant falls in the period."""
        return self.start <= instant < self.end


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
