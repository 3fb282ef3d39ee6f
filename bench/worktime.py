"""A deadline of fifteen working days beside numpy's business-day offset over the same closed days.

The offset knows whole days only; the deadline knows hours, breaks and make-up workdays and tells every day it counted.
"""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from bench.office import ROOT
from bench.timing import cpu_us, print_rounds
from gridcase.domain.time import LimitUnit, TimeLimit
from gridcase.rules.calendars import parse_calendar
from gridcase.rules.documents import DocumentKind, read_folder
from gridcase.workflow.worktime import deadline, dump_trace

_STARTS, _ROUNDS, _DAYS = 2000, 5, 15


def run() -> None:
    """Measure and print."""
    documents = read_folder(ROOT / "config")
    calendar = parse_calendar(
        next(one.body for one in documents if one.kind is DocumentKind.CALENDAR and one.name == "changzhou")
    )
    limit = TimeLimit(amount=Decimal(_DAYS), unit=LimitUnit.WORKING_DAY)
    draw = random.Random(20261012)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(seconds=draw.randrange(300 * 86_400)) for _ in range(_STARTS)]
    dates = [start.astimezone(calendar.zone).date() for start in starts]
    closed: list[date] = [day for year in calendar.years for holiday in year.holidays for day in holiday.days]
    days = np.busdaycalendar(holidays=np.array(closed, dtype="datetime64[D]"))

    def bare() -> None:
        for day in dates:
            np.busday_offset(day, _DAYS, roll="forward", busdaycal=days)

    def ours() -> None:
        for start in starts:
            deadline(start, limit, calendar)

    def with_trace() -> None:
        for start in starts:
            dump_trace(deadline(start, limit, calendar).trace)

    print(f"\ndeadline of {_DAYS} working days · {_STARTS} starts in 2026, {_ROUNDS} rounds")
    rounds = [[cpu_us(one, _STARTS) for one in (bare, ours, with_trace)] for _ in range(_ROUNDS)]
    print_rounds(("numpy busday_offset", "deadline", "with its trace"), rounds, "µs")
