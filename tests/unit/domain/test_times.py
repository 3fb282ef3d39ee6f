"""Periods, limits and lateness."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.time import LimitUnit, Period, SetClock, TimeLimit, is_late

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: The last one changes its clocks, so that its months have odd lengths.
ZONES = [SHANGHAI, ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")]


def parse(text: str, zone: ZoneInfo = SHANGHAI) -> Period:
    return Period.parse(text, zone=zone)


@given(st.integers(1970, 2100), st.sampled_from(ZONES))
def test_months_and_quarters_partition_their_year(year, zone):
    whole = parse(f"{year}", zone)
    for parts in (
        [parse(f"{year}-{month:02d}", zone) for month in range(1, 13)],
        [parse(f"{year}-Q{quarter}", zone) for quarter in range(1, 5)],
    ):
        assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
        assert all(one.end == following.start for one, following in pairwise(parts))
    assert parse(f"{year + 1}", zone).start == whole.end


@given(st.timedeltas(timedelta(0), timedelta(days=3 * 365 + 2)), st.sampled_from(ZONES))
def test_every_instant_falls_in_one_month_and_its_quarter_and_year(since, zone):
    instant = datetime(2023, 12, 31, tzinfo=UTC) + since
    months = [parse(f"{year}-{month:02d}", zone) for year in range(2023, 2028) for month in range(1, 13)]
    (month,) = [one for one in months if one.holds(instant)]
    there = instant.astimezone(zone)
    assert month.name == f"{there:%Y-%m}"
    assert parse(f"{there.year}-Q{(there.month + 2) // 3}", zone).holds(instant)
    assert parse(f"{there.year}", zone).holds(instant)


@pytest.mark.parametrize(
    ("text", "first_day", "next_day"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 11, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_begins_on_its_first_day_and_ends_before_the_next(text, first_day, next_day):
    period = parse(text)
    assert (period.first_day, period.next_day) == (first_day, next_day)
    midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=SHANGHAI)
    assert period.holds(midnight - timedelta(microseconds=1))
    assert not period.holds(midnight)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-Q5",
        "2026-Q0",
        "2026-1",
        "26-10",
        "2026-10-01",
        "2026Q1",
        " 2026",
        "0000",
        "9999",
    ],
)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - some of the sentences are those of datetime
        parse(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2 working_hour", 7_200),
        ("0.5 urgent_hour", 1_800),
        ("1 working_day", 480 * 60),
        ("1 urgent_day", 86_400),
        ("15 working_day", 15 * 480 * 60),
        ("  2   working_hour ", 7_200),
        ("0.0003 working_hour", 1),
    ],
)
def test_a_limit_is_an_amount_and_a_unit(text, seconds):
    assert TimeLimit.parse(text).seconds == seconds
    assert TimeLimit.parse(str(TimeLimit.parse(text))) == TimeLimit.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "working_hour",
        "working_hour 2",
        "2 working_hour more",
        "2 hour",
        "2 WORKING_HOUR",
        "2working_hour",
        "0 working_hour",
        "0.0 working_hour",
        "0.0001 working_hour",  # less than a second
        "-1 working_hour",
        "+1 working_hour",
        "1e3 working_hour",
        "1,5 working_hour",
        ".5 working_hour",
        "1. working_hour",
        "0.12345 working_hour",
        "1234567 working_hour",
        "NaN working_hour",
        "Infinity working_hour",
        "½ working_hour",
    ],
)
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - some of the sentences are those of Python
        TimeLimit.parse(text)


@given(st.decimals("0.01", "999999", places=2), st.sampled_from(LimitUnit))
def test_a_limit_is_read_as_it_was_written(amount, unit):
    limit = TimeLimit(amount=amount, unit=unit)
    assert TimeLimit.parse(str(limit)) == limit


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_a_limit_of_nothing_cannot_be_made(amount):
    with pytest.raises(ValueError):  # noqa: PT011 - one of the sentences is Python's
        TimeLimit(amount=amount, unit=LimitUnit.WORKING_HOUR)


DUE = datetime(2026, 10, 12, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "late"),
    [
        ("2026-10-12T10:59:59.999999+08:00", False),
        ("2026-10-12T11:00:00+08:00", False),  # equality is on time
        ("2026-10-12T11:00:00.999999+08:00", False),  # within the whole second
        ("2026-10-12T11:00:01+08:00", True),
        ("2026-10-12T03:00:01+00:00", True),  # in whatever zone
        ("2026-10-12T04:59:00+02:00", False),
        ("2026-10-11T23:59:59+08:00", False),
        ("2026-10-13T00:00:00+08:00", True),
    ],
)
def test_late_is_after_the_deadline_in_whole_seconds(instant, late):
    assert is_late(datetime.fromisoformat(instant), DUE) is late
    assert is_late(datetime.fromisoformat(instant), DUE.replace(microsecond=999_999)) is late


def test_a_set_clock_stands_until_it_is_moved():
    clock = SetClock(DUE)
    assert clock.now() == clock.now() == DUE
    clock.advance(timedelta(minutes=5))
    assert clock.now() == DUE + timedelta(minutes=5)
