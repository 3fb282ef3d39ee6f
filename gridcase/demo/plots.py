"""Which cases happen: fifty of one month by weight, time and turn, and some that are open at an instant.

A plot says what a case is about and which turn it takes; when each person acts is told by ``gridcase.demo.story``.
Equal generators give equal plots.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import cycle
from random import Random

import shapely

from gridcase.demo.pace import Pace
from gridcase.demo.tales import TALES, Tale, tale_of
from gridcase.domain.case import CheckMode, Source
from gridcase.domain.place import GeoPoint
from gridcase.domain.time import LimitUnit, Period
from gridcase.grid.features import UNIT_LAYER, Feature, to_shape
from gridcase.services.steps.reference import Reference
from gridcase.workflow.worktime import WorkingCalendar


class Turn(StrEnum):
    """What becomes of a case, besides the straight line."""

    NONE = "none"
    LATE = "late"
    REPORT_AT_DEADLINE = "report_at_deadline"
    CLOSE_AT_DEADLINE = "close_at_deadline"
    CLOSE_AFTER_DEADLINE = "close_after_deadline"
    LEFT_OPEN = "left_open"
    REWORK = "rework"
    WRONG_UNIT = "wrong_unit"
    WORKLOAD = "workload"
    CANNOT_DO = "cannot_do"
    NO_PROBLEM = "no_problem"
    OUTSIDE = "outside"
    VOID_REGISTERED = "void_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One case to be played.

    Parameters
    ----------
    name
        Part of every idempotency key of the case.
    seed
        Of everything still left to chance.
    point
        None when the caller knows an address only.
    place
        Name of the community, for the address.
    is_off_hours
        Filed in the evening or on a holiday, by the inspector on call.
    is_condition_said
        Whether the filing names the condition; otherwise it is chosen at registration.
    moves
        How many moves are made; None plays to the end.
    """

    name: str
    seed: int
    tale: Tale
    source: Source
    turn: Turn
    mode: CheckMode
    filed_at: datetime
    cell: str
    point: GeoPoint | None
    place: str
    is_off_hours: bool = False
    is_condition_said: bool = True
    is_commented: bool = False
    moves: int | None = None


_STREET = ("09010", "09012", "09009", "08004", "06012")
#: Types that a turn needs in order to be believable; any other turn happens to any type.
_FITTING: Mapping[Turn, tuple[str, ...]] = {
    Turn.LEFT_OPEN: ("06011",),
    Turn.WRONG_UNIT: ("06012", "09010"),
    Turn.WORKLOAD: ("06010",),
    Turn.CANNOT_DO: ("06012", "06010"),
    Turn.CLOSE_AT_DEADLINE: _STREET,
    Turn.CLOSE_AFTER_DEADLINE: _STREET,
    Turn.REPORT_AT_DEADLINE: _STREET,
}

#: Turns among fifty cases, the pickiest first; the rest go straight.
_TURNS: tuple[tuple[Turn, int], ...] = (
    (Turn.LEFT_OPEN, 1),
    (Turn.WORKLOAD, 1),
    (Turn.CANNOT_DO, 1),
    (Turn.WRONG_UNIT, 2),
    (Turn.CLOSE_AT_DEADLINE, 2),
    (Turn.CLOSE_AFTER_DEADLINE, 1),
    (Turn.REPORT_AT_DEADLINE, 1),
    (Turn.REWORK, 4),
    (Turn.LATE, 5),
    (Turn.NO_PROBLEM, 1),
    (Turn.OUTSIDE, 1),
    (Turn.VOID_REGISTERED, 2),
)
_SOURCES = (Source.HOTLINE,) * 6 + (Source.SUPERIOR, Source.PETITION)
_MODES = (CheckMode.WAIVED,) * 3 + (CheckMode.PHOTO,) * 4 + (CheckMode.VIDEO,)
#: So many of the urgent cases happen when the offices are closed.
_OFF_HOURS = 8
_EVENING = (19, 23)
_DAYTIME = (9, 18)
_HOLIDAYS = 7
#: A case that is still open at the cut-off was filed on this day.
_LEFT_OPEN_DAY = 20
#: Nobody files in the first and last minutes of a shift.
_SETTLING_S = 300
_OFTEN, _SELDOM = 0.5, 0.2
#: Share of a cell's inscribed circle in which its cases lie.
_INNER = 0.8
COMMUNITY = "community"


def plan_month(rng: Random, period: Period, reference: Reference, size: int = 50) -> tuple[Plot, ...]:
    """Plan the cases of a month, by the instant of filing.

    Parameters
    ----------
    size
        At least as many as there are unusual turns, so that every turn finds a case.
    """
    calendar = reference.rules.calendars[reference.rules.conduct.calendar]
    drafts = _dealt(rng, size, reference)
    plots: list[Plot] = []
    for draft, cell in zip(drafts, _cells(rng, reference, len(drafts)), strict=True):
        filed_at = _off_duty(rng, period) if draft.is_off_hours else _on_duty(rng, period, calendar, draft.turn)
        plot = Plot(
            name="",
            seed=rng.getrandbits(32),
            tale=draft.tale,
            source=draft.source,
            turn=draft.turn,
            mode=draft.mode,
            filed_at=filed_at,
            cell=cell.code,
            point=None if draft.turn is Turn.OUTSIDE else _point(rng, cell),
            place=reference.features[(COMMUNITY, cell.parent or "")].name,
            is_off_hours=draft.is_off_hours,
            is_condition_said=rng.random() < _OFTEN,
            is_commented=rng.random() < _SELDOM,
        )
        plots.append(plot)
    return _named("month", plots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """An open case: ``back_min`` minutes of its own kind of time before now, cut after so many moves."""

    code: str
    moves: int
    back_min: int
    source: Source = Source.INSPECTOR
    turn: Turn = Turn.NONE
    is_condition_said: bool = True


_OPEN = (
    _Open(code="06025", moves=5, back_min=620),  # checked, to be closed
    _Open(code="06011", moves=2, back_min=1200),  # in hand, days left
    _Open(code="06027", moves=2, back_min=480),
    _Open(code="09012", moves=2, back_min=300),  # overdue
    _Open(code="06012", moves=6, back_min=200, turn=Turn.REWORK),
    _Open(code="06010", moves=1, back_min=190, source=Source.HOTLINE, turn=Turn.OUTSIDE),  # address only, overdue
    _Open(code="09009", moves=4, back_min=130),
    _Open(code="08004", moves=3, back_min=95),
    _Open(code="06012", moves=2, back_min=60, turn=Turn.WRONG_UNIT),  # returned
    _Open(code="09005", moves=2, back_min=50),
    _Open(code="06010", moves=1, back_min=25, source=Source.HOTLINE),
    _Open(code="01037", moves=1, back_min=15, is_condition_said=False),
    _Open(code="09010", moves=1, back_min=12),
)


def plan_open(rng: Random, now: datetime, reference: Reference) -> tuple[Plot, ...]:
    """Plan the cases that are open at an instant, by the instant of filing."""
    calendar = reference.rules.calendars[reference.rules.conduct.calendar]
    cells = _cells(rng, reference, len(_OPEN))
    plots = []
    for one, cell in zip(_OPEN, cells, strict=True):
        tale = tale_of(one.code)
        pace = Pace(calendar=calendar, is_urgent=is_urgent(tale, reference))
        plot = Plot(
            name="",
            seed=rng.getrandbits(32),
            tale=tale,
            source=one.source,
            turn=one.turn,
            mode=CheckMode.ON_SITE,
            filed_at=pace.before(now, one.back_min * 60),
            cell=cell.code,
            point=None if one.turn is Turn.OUTSIDE else _point(rng, cell),
            place=reference.features[(COMMUNITY, cell.parent or "")].name,
            is_condition_said=one.is_condition_said,
            moves=one.moves,
        )
        plots.append(plot)
    return _named("open", plots)


def is_urgent(tale: Tale, reference: Reference) -> bool:
    """Tell whether people are on duty day and night for a type: its limit is one of urgent hours."""
    known = reference.rules.catalogue.find(tale.type)
    condition = known and (known.condition(tale.condition) if tale.condition else known.conditions[0])
    return bool(condition and condition.limit and condition.limit.unit is LimitUnit.URGENT_HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    tale: Tale
    turn: Turn
    source: Source = Source.INSPECTOR
    mode: CheckMode = CheckMode.ON_SITE
    is_off_hours: bool = False


def _dealt(rng: Random, size: int, reference: Reference) -> list[_Draft]:
    """Deal types by weight and turns, so that each turn meets a type it may happen to."""
    whole = [tale for tale in TALES for _ in range(tale.weight)]
    deck = [whole[index % len(whole)] for index in range(size)]
    rng.shuffle(deck)
    drafts: list[_Draft] = []
    for turn in (turn for turn, times in _TURNS for _ in range(times)):
        fitting = _FITTING.get(turn)
        tale = next(tale for tale in deck if fitting is None or tale.type.code in fitting)
        deck.remove(tale)
        called = turn in (Turn.NO_PROBLEM, Turn.OUTSIDE)
        drafts.append(_Draft(tale=tale, turn=turn, source=Source.HOTLINE if called else Source.INSPECTOR))
    return drafts + _straight(deck, reference)


def _straight(deck: Sequence[Tale], reference: Reference) -> list[_Draft]:
    """Give the cases that go straight their sources, modes of checking, and hours."""
    off = [index for index, tale in enumerate(deck) if is_urgent(tale, reference)][:_OFF_HOURS]
    by_day = [index for index in range(len(deck)) if index not in off]
    sources = dict(zip(by_day, _SOURCES, strict=False))
    modes = dict(zip(reversed(by_day), _MODES, strict=False))
    return [
        _Draft(
            tale=tale,
            turn=Turn.NONE,
            source=sources.get(index, Source.INSPECTOR),
            mode=modes.get(index, CheckMode.ON_SITE),
            is_off_hours=index in off,
        )
        for index, tale in enumerate(deck)
    ]


def _named(kind: str, plots: Sequence[Plot]) -> tuple[Plot, ...]:
    ordered = sorted(plots, key=lambda plot: plot.filed_at)
    return tuple(replace(plot, name=f"{kind}-{number:02d}") for number, plot in enumerate(ordered, start=1))


def _cells(rng: Random, reference: Reference, size: int) -> list[Feature]:
    """Choose cells so that the communities take turns."""
    shelves: dict[str, list[Feature]] = {}
    for (layer, _), feature in sorted(reference.features.items()):
        if layer == UNIT_LAYER and feature.parent:
            shelves.setdefault(feature.parent, []).append(feature)
    communities = [code for code, _ in zip(cycle(shelves), range(size), strict=False)]
    rng.shuffle(communities)
    return [rng.choice(shelves[code]) for code in communities]


def _point(rng: Random, cell: Feature) -> GeoPoint:
    """Return a point well inside a cell."""
    spoke = shapely.maximum_inscribed_circle(to_shape(cell.geometry))
    (x, y), (rim_x, rim_y) = spoke.coords
    reach, turn = math.hypot(rim_x - x, rim_y - y) * _INNER * rng.random(), math.tau * rng.random()
    return GeoPoint(lon_e7=round(x + reach * math.cos(turn)), lat_e7=round(y + reach * math.sin(turn)))


def _on_duty(rng: Random, period: Period, calendar: WorkingCalendar, turn: Turn) -> datetime:
    """Choose an instant of working time."""
    days = [day for day in _days(period) if calendar.day(day).is_working]
    if turn is Turn.LEFT_OPEN:
        days = [day for day in days if day.day == _LEFT_OPEN_DAY] or days[-1:]
    day = calendar.day(rng.choice(days))
    opens, closes = rng.choice(day.spans)
    return datetime.fromtimestamp(rng.randrange(opens + _SETTLING_S, closes - _SETTLING_S), UTC)


def _off_duty(rng: Random, period: Period) -> datetime:
    """Choose an evening, or an hour of the holidays at the beginning of the month."""
    is_evening = rng.random() < _OFTEN
    day = rng.choice(_days(period) if is_evening else _days(period)[:_HOLIDAYS])
    hour = rng.randint(*(_EVENING if is_evening else _DAYTIME))
    return datetime(day.year, day.month, day.day, hour, rng.randint(0, 59), tzinfo=period.zone).astimezone(UTC)


def _days(period: Period) -> list[date]:
    return [period.first_day + timedelta(days=step) for step in range((period.next_day - period.first_day).days)]
