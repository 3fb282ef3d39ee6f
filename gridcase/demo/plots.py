"""Which cases happen: those of one month by weight, time and turn, and some that are open at an instant.

A plot says what a case is about and which turn it takes; when each person acts is told by ``gridcase.demo.turns``.
Equal generators give equal plots.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import cycle
from random import Random

import shapely

from gridcase.demo.pace import Pace
from gridcase.demo.rhythm import Rhythm
from gridcase.demo.tales import UNROUTED, Tale, known_tales, other_tales, tale_of
from gridcase.domain.case import CheckMode, Source
from gridcase.domain.place import GeoPoint
from gridcase.domain.time import LimitUnit, Period
from gridcase.grid.features import UNIT_LAYER, Feature, to_shape
from gridcase.services.steps.reference import Reference
from gridcase.workflow.worktime import WorkingCalendar

COMMUNITY = "community"
#: Cases of the month as it is played by default.
MONTH_SIZE = 1500


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
    VERIFIED = "verified"
    VERIFIED_FALSE = "verified_false"
    NOT_FOUND = "not_found"
    VERIFY_MOVED = "verify_moved"
    VERIFY_UNANSWERED = "verify_unanswered"
    CORRECTED_EARLY = "corrected_early"
    CORRECTED = "corrected"
    CORRECTION_REFUSED = "correction_refused"
    VOID_RESTORED = "void_restored"
    HANDED_OVER = "handed_over"
    DUPLICATE = "duplicate"
    DUPLICATE_UNLINKED = "duplicate_unlinked"
    RECURRENT = "recurrent"
    SELF_HANDLED = "self_handled"
    UNROUTED = "unrouted"
    DISPATCHED_AGAIN = "dispatched_again"
    ASSISTED = "assisted"
    ASSIST_FORCED = "assist_forced"
    ACCEPTED_BY_RULE = "accepted_by_rule"
    SUBTASK = "subtask"
    SUBTASK_REJECTED = "subtask_rejected"
    TAKEN_BACK = "taken_back"
    REPORTED_FOR = "reported_for"
    RETURN_REJECTED = "return_rejected"
    ARBITRATED = "arbitrated"
    EXTENDED = "extended"
    EXTENDED_TWICE = "extended_twice"
    EXTENSION_REFUSED = "extension_refused"
    ESCALATED = "escalated"
    SUSPENDED = "suspended"
    RESUMED_EARLY = "resumed_early"
    SUSPENSION_REFUSED = "suspension_refused"
    SUPERVISED = "supervised"
    URGED = "urged"
    CHECK_WITHDRAWN = "check_withdrawn"
    NOBODY_CAME = "nobody_came"
    REOPENED = "reopened"
    CITY = "city"
    CITY_REJECTED = "city_rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One case to be played.

    Parameters
    ----------
    name
        Part of every idempotency key of the case.
    seed
        Of everything still left to chance; unlike that of any other plot.
    point
        None when the caller knows an address only.
    place
        Name of the community, for the address.
    is_off_hours
        Filed outside working time, by the inspector on call.
    is_condition_said
        Whether the filing names the condition; otherwise it is chosen at registration.
    moves
        How many moves are made; None plays to the end.
    echo
        Seed of the plot whose case this one repeats, at the same place.
    """

    name: str = ""
    seed: int
    tale: Tale
    source: Source
    turn: Turn
    mode: CheckMode
    filed_at: datetime
    cell: str
    point: GeoPoint | None
    place: str
    object_id: str | None = None
    is_off_hours: bool = False
    is_condition_said: bool = True
    is_commented: bool = False
    moves: int | None = None
    echo: int | None = None


Fits = Callable[[Tale], bool]


def _codes(*codes: str) -> Fits:
    return lambda tale: tale.type.code in codes


def _days(least: int) -> Fits:
    return lambda tale: (
        tale.limit is not None and tale.limit.unit is LimitUnit.WORKING_DAY and least <= tale.limit.amount <= _MOST_DAYS
    )


def _is_quick(tale: Tale) -> bool:
    return tale.limit is not None and tale.limit.unit in (LimitUnit.WORKING_HOUR, LimitUnit.URGENT_HOUR)


def _is_published(tale: Tale) -> bool:
    return tale.limit is not None


#: The longest limit that a story with requests and waits may have, to end soon after the month.
_MOST_DAYS = 5
_STREET = _codes("09010", "09012", "09009", "08004", "06012")
_SELF_HANDLED = _codes("06010", "06012", "09001", "09005", "09010")
#: Types that a turn needs in order to be believable; any other turn happens to any type with a limit.
_FITTING: Mapping[Turn, Fits] = {
    Turn.LEFT_OPEN: _codes("06011"),
    Turn.WRONG_UNIT: _codes("06012", "09010"),
    Turn.WORKLOAD: _codes("06010"),
    Turn.CANNOT_DO: _codes("06012", "06010"),
    Turn.CLOSE_AT_DEADLINE: _STREET,
    Turn.CLOSE_AFTER_DEADLINE: _STREET,
    Turn.REPORT_AT_DEADLINE: _STREET,
    Turn.VERIFY_UNANSWERED: _STREET,
    Turn.CORRECTED_EARLY: _codes("06012"),
    Turn.CORRECTED: _codes("06012"),
    Turn.CORRECTION_REFUSED: _codes("06012"),
    Turn.HANDED_OVER: _codes("10999"),
    Turn.SELF_HANDLED: _SELF_HANDLED,
    Turn.UNROUTED: lambda tale: tale.type == UNROUTED,
    Turn.NOBODY_CAME: _codes("09005", "09006", "09001"),
    Turn.ARBITRATED: _days(1),
    Turn.DUPLICATE: _days(1),
    Turn.DUPLICATE_UNLINKED: _days(1),
    Turn.RECURRENT: _is_quick,
} | dict.fromkeys(
    (
        Turn.ACCEPTED_BY_RULE,
        Turn.ASSISTED,
        Turn.ASSIST_FORCED,
        Turn.SUBTASK,
        Turn.SUBTASK_REJECTED,
        Turn.TAKEN_BACK,
        Turn.RETURN_REJECTED,
        Turn.EXTENDED,
        Turn.EXTENDED_TWICE,
        Turn.EXTENSION_REFUSED,
        Turn.ESCALATED,
        Turn.SUSPENDED,
        Turn.RESUMED_EARLY,
        Turn.SUSPENSION_REFUSED,
        Turn.SUPERVISED,
    ),
    _days(2),
)

#: Turns among ``MONTH_SIZE`` cases, the pickiest first; the rest go straight. Each happens once at least.
_TURNS: Mapping[Turn, int] = {
    Turn.UNROUTED: 3,
    Turn.HANDED_OVER: 6,
    Turn.LEFT_OPEN: 6,
    Turn.WORKLOAD: 8,
    Turn.CANNOT_DO: 8,
    Turn.CORRECTED_EARLY: 10,
    Turn.CORRECTED: 8,
    Turn.CORRECTION_REFUSED: 3,
    Turn.WRONG_UNIT: 20,
    Turn.NOBODY_CAME: 2,
    Turn.SELF_HANDLED: 60,
    Turn.CLOSE_AT_DEADLINE: 12,
    Turn.CLOSE_AFTER_DEADLINE: 8,
    Turn.REPORT_AT_DEADLINE: 8,
    Turn.EXTENDED: 24,
    Turn.EXTENDED_TWICE: 4,
    Turn.EXTENSION_REFUSED: 6,
    Turn.ESCALATED: 3,
    Turn.SUSPENDED: 6,
    Turn.RESUMED_EARLY: 5,
    Turn.SUSPENSION_REFUSED: 4,
    Turn.ACCEPTED_BY_RULE: 14,
    Turn.ASSISTED: 10,
    Turn.ASSIST_FORCED: 4,
    Turn.SUBTASK: 40,
    Turn.SUBTASK_REJECTED: 8,
    Turn.TAKEN_BACK: 4,
    Turn.RETURN_REJECTED: 10,
    Turn.ARBITRATED: 3,
    Turn.SUPERVISED: 12,
    Turn.REWORK: 50,
    Turn.LATE: 60,
    Turn.URGED: 20,
    Turn.REPORTED_FOR: 6,
    Turn.CHECK_WITHDRAWN: 6,
    Turn.REOPENED: 5,
    Turn.DISPATCHED_AGAIN: 8,
    Turn.CITY: 50,
    Turn.CITY_REJECTED: 5,
    Turn.NO_PROBLEM: 12,
    Turn.OUTSIDE: 8,
    Turn.VOID_REGISTERED: 10,
    Turn.VERIFIED: 60,
    Turn.VERIFIED_FALSE: 12,
    Turn.NOT_FOUND: 6,
    Turn.VERIFY_MOVED: 6,
    Turn.VERIFY_UNANSWERED: 4,
    Turn.VOID_RESTORED: 5,
}
#: Cases that repeat another one: times among ``MONTH_SIZE``.
_ECHOES: Mapping[Turn, int] = {Turn.DUPLICATE: 24, Turn.DUPLICATE_UNLINKED: 5, Turn.RECURRENT: 24}
#: Turns of cases that somebody called in.
_CALLED = frozenset(
    {
        Turn.NO_PROBLEM,
        Turn.OUTSIDE,
        Turn.VERIFIED,
        Turn.VERIFIED_FALSE,
        Turn.NOT_FOUND,
        Turn.VERIFY_MOVED,
        Turn.VERIFY_UNANSWERED,
        Turn.CORRECTED_EARLY,
        Turn.VOID_RESTORED,
    }
)
_OF_THE_CITY = frozenset({Turn.CITY, Turn.CITY_REJECTED})
#: Turns that may happen at any hour, like the straight line.
_ANY_HOUR = frozenset({Turn.NONE, Turn.SELF_HANDLED, Turn.LATE, Turn.REWORK})

_SOURCES: Mapping[Source, int] = {
    Source.INSPECTOR: 66,
    Source.HOTLINE: 18,
    Source.PUBLIC: 5,
    Source.VIDEO: 4,
    Source.PETITION: 2,
    Source.DEPARTMENT: 2,
    Source.LEADER: 2,
    Source.MEDIA: 1,
}
_MODES: Mapping[CheckMode, int] = {
    CheckMode.ON_SITE: 70,
    CheckMode.PHOTO: 15,
    CheckMode.WAIVED: 10,
    CheckMode.VIDEO: 5,
}
#: Share of the month that is left to the types a street rarely sees, each once before any comes twice.
_RARE_PERCENT = 19
#: A case that is still open at the cut-off was filed on this day, one that recurs in the same month not after that.
_LEFT_OPEN_DAY, _RECURS_UNTIL = 20, 17
_OFTEN, _SELDOM = 0.5, 0.2
#: Share of a cell's inscribed circle in which its cases lie.
_INNER = 0.8
_OBJECTS = 999_999
#: A case filed in these is not reported again before the shift ends.
_LAST_HOURS = (11, 17)
#: When a duplicate comes after the first report, and a recurrence, in seconds of working time.
_SOON_AGAIN_S = (600, 1500)
_DAYS_LATER_S = (2 * 8 * 3600, 5 * 8 * 3600)


def plan_month(rng: Random, period: Period, reference: Reference, size: int = MONTH_SIZE) -> tuple[Plot, ...]:
    """Plan the cases of a month, by the instant of filing.

    Parameters
    ----------
    size
        At least as many as there are unusual turns, so that every turn finds a case.
    """
    calendar = reference.rules.calendars[reference.rules.conduct.calendar]
    rhythm = Rhythm(period=period, calendar=calendar)
    echoes = sum(_scaled(times, size) for times in _ECHOES.values())
    drafts = _dealt(rng, size, size - echoes, reference)
    cells = _cells(rng, reference, len(drafts))
    plots: list[Plot] = []
    for draft, cell in zip(drafts, cells, strict=True):
        plot = _plot(rng, draft, cell, reference, rhythm)
        plots.append(plot)
        if draft.echo is not None:
            plots.append(_echo(rng, plot, draft.echo, calendar))
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
    _Open(code="06011", moves=4, back_min=700, turn=Turn.SUSPENDED),
    _Open(code="06025", moves=5, back_min=620),  # checked, to be closed
    _Open(code="06027", moves=3, back_min=420, turn=Turn.ESCALATED),  # asked, undecided for too long
    _Open(code="06011", moves=2, back_min=1200),  # in hand, days left
    _Open(code="06027", moves=2, back_min=480),
    _Open(code="09012", moves=2, back_min=300),  # overdue
    _Open(code="06012", moves=6, back_min=200, turn=Turn.REWORK),
    _Open(code="06010", moves=1, back_min=190, source=Source.HOTLINE, turn=Turn.OUTSIDE),  # address only, overdue
    _Open(code="06025", moves=3, back_min=150, turn=Turn.SUBTASK),  # a sub-unit has it
    _Open(code="06027", moves=4, back_min=150, turn=Turn.ASSISTED),  # an assisting unit has yet to report
    _Open(code="09009", moves=4, back_min=130),
    _Open(code="06011", moves=3, back_min=120, turn=Turn.EXTENDED),  # asked
    _Open(code="06011", moves=3, back_min=110, turn=Turn.RESUMED_EARLY),  # asked
    _Open(code="06012", moves=3, back_min=100, turn=Turn.CORRECTED),  # asked
    _Open(code="08004", moves=3, back_min=95),
    _Open(code="06026", moves=3, back_min=90, turn=Turn.SUPERVISED),  # an answer is awaited
    _Open(code="01005", moves=2, back_min=70),  # no published limit: waits for the dispatcher
    _Open(code="06012", moves=2, back_min=60, turn=Turn.WRONG_UNIT),  # returned
    _Open(code="10998", moves=1, back_min=55, turn=Turn.UNROUTED),
    _Open(code="09005", moves=2, back_min=50),
    _Open(code="06010", moves=2, back_min=30, source=Source.HOTLINE, turn=Turn.VERIFIED),
    _Open(code="06010", moves=1, back_min=25, source=Source.HOTLINE),
    _Open(code="01037", moves=1, back_min=15, is_condition_said=False),
    _Open(code="09010", moves=1, back_min=12),
)


def plan_open(rng: Random, now: datetime, reference: Reference) -> tuple[Plot, ...]:
    """Plan the cases that are open at an instant, by the instant of filing."""
    rules = reference.rules
    calendar = rules.calendars[rules.conduct.calendar]
    tales = known_tales(rules.catalogue) + other_tales(rules.catalogue)
    plots = []
    for one, cell in zip(_OPEN, _cells(rng, reference, len(_OPEN)), strict=True):
        tale = tale_of(tales, one.code)
        draft = _Draft(tale=tale, turn=one.turn, source=one.source, mode=CheckMode.ON_SITE)
        filed_at = Pace(calendar=calendar, is_urgent=tale.is_urgent).before(now, one.back_min * 60)
        plot = _staged(rng, draft, cell, filed_at, reference)
        plots.append(replace(plot, is_condition_said=one.is_condition_said, is_commented=False, moves=one.moves))
    return _named("open", plots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    tale: Tale
    turn: Turn
    source: Source
    mode: CheckMode
    echo: Turn | None = None


def _dealt(rng: Random, size: int, count: int, reference: Reference) -> list[_Draft]:
    """Deal types by weight and turns, so that each turn meets a type it may happen to.

    Parameters
    ----------
    size, count
        Cases of the month, and how many of them repeat no other.
    """
    deck = _deck(rng, count, reference)
    drafts: list[_Draft] = []
    for turn, times in {**_ECHOES, **_TURNS}.items():
        for _ in range(_scaled(times, size)):
            tale = _fitting(deck, _FITTING.get(turn, _is_published), reference)
            draft = _Draft(tale=tale, turn=turn, source=_source(turn), mode=CheckMode.ON_SITE)
            drafts.append(replace(draft, turn=Turn.NONE, echo=turn) if turn in _ECHOES else draft)
    return drafts + [_straight(rng, tale) for tale in deck]


def _fitting(deck: list[Tale], fits: Fits, reference: Reference) -> Tale:
    """Take a card that fits from the deck; a small month may hold none by chance: one takes the place of another."""
    tale = next((tale for tale in deck if fits(tale)), None)
    if tale is not None:
        deck.remove(tale)
        return tale
    deck.pop()
    tales = known_tales(reference.rules.catalogue) + other_tales(reference.rules.catalogue)
    return next(tale for tale in tales if fits(tale))


def _deck(rng: Random, size: int, reference: Reference) -> list[Tale]:
    """Return the types of all cases: the common ones by weight, of the others each once before any comes twice."""
    common = [tale for tale in known_tales(reference.rules.catalogue) for _ in range(tale.weight)]
    by_type: dict[object, list[Tale]] = {}
    for tale in other_tales(reference.rules.catalogue):
        by_type.setdefault(tale.type, []).append(tale)
    rare = [rng.choice(tales) for tales in by_type.values()]
    rng.shuffle(rare)
    few = size * _RARE_PERCENT // 100
    deck = [tale for tale, _ in zip(cycle(rare), range(few), strict=False)]
    deck += [tale for tale, _ in zip(cycle(common), range(size - few), strict=False)]
    rng.shuffle(deck)
    return deck


def _source(turn: Turn) -> Source:
    if turn in _OF_THE_CITY:
        return Source.SUPERIOR
    return Source.HOTLINE if turn in _CALLED else Source.INSPECTOR


def _straight(rng: Random, tale: Tale) -> _Draft:
    source = rng.choices(tuple(_SOURCES), tuple(_SOURCES.values()))[0]
    mode = rng.choices(tuple(_MODES), tuple(_MODES.values()))[0]
    return _Draft(tale=tale, turn=Turn.NONE, source=source, mode=mode)


def _plot(rng: Random, draft: _Draft, cell: Feature, reference: Reference, rhythm: Rhythm) -> Plot:
    if draft.echo is not None:
        until = _RECURS_UNTIL if draft.echo is Turn.RECURRENT else None
        filed_at = rhythm.on_duty(rng, until=until, but=_LAST_HOURS)
    elif draft.turn is Turn.NOBODY_CAME:
        filed_at = rhythm.at_night(rng)
    elif draft.turn in _ANY_HOUR:
        filed_at = rhythm.any_time(rng, is_urgent=draft.tale.is_urgent)
    else:
        filed_at = rhythm.on_duty(rng, on=_LEFT_OPEN_DAY if draft.turn is Turn.LEFT_OPEN else None)
    plot = _staged(rng, draft, cell, filed_at, reference)
    return replace(plot, is_off_hours=not rhythm.is_on_duty(filed_at))


def _staged(rng: Random, draft: _Draft, cell: Feature, filed_at: datetime, reference: Reference) -> Plot:
    return Plot(
        seed=rng.getrandbits(53),
        tale=draft.tale,
        source=draft.source,
        turn=draft.turn,
        mode=draft.mode,
        filed_at=filed_at,
        cell=cell.code,
        point=None if draft.turn is Turn.OUTSIDE else _point(rng, cell),
        place=reference.features[(COMMUNITY, cell.parent or "")].name,
        object_id=draft.tale.object_id(rng.randint(1, _OBJECTS)),
        is_condition_said=rng.random() < _OFTEN,
        is_commented=rng.random() < _SELDOM,
    )


def _echo(rng: Random, first: Plot, turn: Turn, calendar: WorkingCalendar) -> Plot:
    pace = Pace(calendar=calendar, is_urgent=False)
    is_back = turn is Turn.RECURRENT
    return replace(
        first,
        seed=rng.getrandbits(53),
        turn=turn,
        source=Source.INSPECTOR if is_back else Source.HOTLINE,
        filed_at=pace.after(first.filed_at, rng.randint(*(_DAYS_LATER_S if is_back else _SOON_AGAIN_S))),
        echo=first.seed,
    )


def _scaled(times: int, size: int) -> int:
    return max(1, round(times * size / MONTH_SIZE))


def _named(kind: str, plots: Sequence[Plot]) -> tuple[Plot, ...]:
    ordered = sorted(plots, key=lambda plot: (plot.filed_at, plot.seed))
    return tuple(replace(plot, name=f"{kind}-{number:04d}") for number, plot in enumerate(ordered, start=1))


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
