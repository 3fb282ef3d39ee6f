"""The roster 排班: which inspector is on duty where and when.

Verifications and checks go to who is on shift (domain §4). A shift said again is the same shift; where nobody is
rostered everybody counts as on shift.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import PersonId
from gridcase.domain.errors import InvalidInputError, NotFoundError, Problem, WrongStateError, invalid
from gridcase.services.runtime import Runtime
from gridcase.services.steps.changes import Changed, Noting
from gridcase.services.steps.permitting import OFFICE, only_for
from gridcase.store import people, staffing
from gridcase.store.database import LARGEST_ID, Tx
from gridcase.store.people import Shift

__all__ = [
    "ImportedRoster",
    "NewShift",
    "Shift",
    "add_shift",
    "copy_week",
    "cut_shift",
    "import_roster",
    "remove_shift",
    "shifts",
]

#: Who makes the roster.
ROSTER_ROLES = frozenset({Role.SHIFT_LEADER, Role.ADMIN})
COLUMNS = ("username", "area", "start", "end")
#: A longer one is a slip of the pen.
MOST_DAYS = 31
#: Longest time that is listed at once.
MOST_LISTED_DAYS = 366
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShift:
    """A shift to be added.

    Parameters
    ----------
    area
        Beginning of the codes of the cells on duty in.
    """

    username: str
    area: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRoster:
    """What an import did: shifts added, and shifts that stood there already."""

    added: int
    known: int


def add_shift(rt: Runtime, actor: Actor, new: NewShift) -> tuple[Shift, bool]:
    """Put an inspector on duty; returns the shift, and whether it stood there already.

    Raises
    ------
    NotPermittedError
        The role does not make the roster.
    InvalidInputError
        ``fields`` says what is wrong.
    """
    only_for(actor, ROSTER_ROLES)
    with rt.database.writing() as tx:
        added = _add(tx, rt, actor, {"": new})
        found = next(one for one in people.shifts_between(tx, new.starts_at, new.ends_at) if _is(one, new))
    return found, not added


def shifts(rt: Runtime, actor: Actor, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Return the shifts that touch a time, by start; units do not learn who the inspectors are.

    Raises
    ------
    NotPermittedError
        The actor does not work for the office.
    InvalidInputError
        The time ends before it begins, or is longer than a year.
    """
    only_for(actor, OFFICE)
    _check_span(start, end, "to", MOST_LISTED_DAYS)
    with rt.database.reading() as tx:
        return people.shifts_between(tx, start, end)


def import_roster(rt: Runtime, actor: Actor, text: str) -> ImportedRoster:
    """Add the shifts of a CSV text with the columns ``username,area,start,end``: all of them or none.

    A time is ISO 8601, such as ``2026-10-12 08:00``; without an offset it is local.

    Raises
    ------
    NotPermittedError
        The role does not make the roster.
    InvalidInputError
        ``fields`` names line and column of every mistake.
    """
    only_for(actor, ROSTER_ROLES)
    rows = _rows(rt, text)
    with rt.database.writing() as tx:
        added = _add(tx, rt, actor, rows)
    return ImportedRoster(added=added, known=len(rows) - added)


def remove_shift(rt: Runtime, actor: Actor, identity: int) -> None:
    """Take a shift that has not begun off the roster; one that runs ends now, so that what was stays to be seen.

    Raises
    ------
    NotPermittedError
        The role does not make the roster.
    NotFoundError
        ``shift_not_found``.
    WrongStateError
        ``shift_over``: a shift that is over is history.
    """
    only_for(actor, ROSTER_ROLES)
    now = rt.clock.now()
    with rt.database.writing() as tx:
        found = _open_shift(tx, identity, now)
        noting = Noting(tx, actor, now)
        if found.starts_at >= now:
            staffing.remove_shift(tx, found.id)
            noting.person(Changed.SHIFT_REMOVED, found.person, **_plain(found.area, found.starts_at, found.ends_at))
        else:
            staffing.cut_shift(tx, found.id, now)
            noting.person(Changed.SHIFT_CUT, found.person, **_plain(found.area, found.starts_at, now))


def cut_shift(rt: Runtime, actor: Actor, identity: int, ends_at: datetime) -> None:
    """Let a shift end earlier or later than planned.

    Raises
    ------
    NotPermittedError, NotFoundError, WrongStateError
        As ``remove_shift``.
    InvalidInputError
        ``end_before_start``, ``must_lie_ahead`` or ``span_too_long`` on ``ends_at``.
    """
    only_for(actor, ROSTER_ROLES)
    now = rt.clock.now()
    with rt.database.writing() as tx:
        found = _open_shift(tx, identity, now)
        _check_span(found.starts_at, ends_at, "ends_at", MOST_DAYS)
        if ends_at < now:
            raise invalid("ends_at", "must_lie_ahead")
        staffing.cut_shift(tx, found.id, ends_at)
        Noting(tx, actor, now).person(Changed.SHIFT_CUT, found.person, **_plain(found.area, found.starts_at, ends_at))


def copy_week(rt: Runtime, actor: Actor, monday: date) -> ImportedRoster:
    """Repeat the shifts of the week before a Monday in the week that begins with it, at the same local times.

    Shifts of who may no longer be rostered are left out; a shift that stands there already stays as it is.

    Raises
    ------
    NotPermittedError
        The role does not make the roster.
    """
    only_for(actor, ROSTER_ROLES)
    zone = rt.settings.zone
    before, start = (datetime.combine(day, time.min, tzinfo=zone) for day in (monday - _WEEK, monday))
    with rt.database.writing() as tx:
        former = [one for one in people.shifts_between(tx, before, start) if before <= one.starts_at < start]
        today = rt.clock.now().astimezone(zone).date()
        holders = people.holders_of(tx, {one.username for one in former}, Role.INSPECTOR, today)
        wanted = {
            f"{one.id}: ": NewShift(
                username=one.username,
                area=one.area,
                starts_at=_a_week_on(rt, one.starts_at),
                ends_at=_a_week_on(rt, one.ends_at),
            )
            for one in former
            if one.username in holders
        }
        added = _add(tx, rt, actor, wanted)
    return ImportedRoster(added=added, known=len(wanted) - added)


def _a_week_on(rt: Runtime, instant: datetime) -> datetime:
    local = instant.astimezone(rt.settings.zone).replace(tzinfo=None)
    return (local + _WEEK).replace(tzinfo=rt.settings.zone)


def _open_shift(tx: Tx, identity: int, now: datetime) -> staffing.ShiftRecord:
    found = staffing.shift_record(tx, identity) if identity <= LARGEST_ID else None
    if found is None:
        raise NotFoundError("shift_not_found", params={"id": identity})
    if found.ends_at <= now:
        raise WrongStateError("shift_over")
    return found


def _rows(rt: Runtime, text: str) -> dict[str, NewShift]:
    reader = csv.DictReader(io.StringIO(text))
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise invalid("file", "header_needed", columns=",".join(COLUMNS))
    found: dict[str, NewShift] = {}
    problems: dict[str, tuple[Problem, ...]] = {}
    for row in reader:
        line = f"line {reader.line_num}"
        starts_at, ends_at = (_instant(rt, row[name]) for name in ("start", "end"))
        for name, instant in (("start", starts_at), ("end", ends_at)):
            if instant is None:
                problems[f"{line}: {name}"] = (Problem(code="not_an_instant", params={"value": row[name] or ""}),)
        if starts_at is not None and ends_at is not None:
            found[f"{line}: "] = NewShift(
                username=(row["username"] or "").strip(),
                area=(row["area"] or "").strip(),
                starts_at=starts_at,
                ends_at=ends_at,
            )
    if problems:
        raise InvalidInputError("invalid_input", fields=problems)
    return found


def _instant(rt: Runtime, text: str | None) -> datetime | None:
    try:
        instant = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=rt.settings.zone)


def _add(tx: Tx, rt: Runtime, actor: Actor, wanted: dict[str, NewShift]) -> int:
    """Add what does not stand there yet, in three statements; ``wanted`` by the beginning of its fields' names."""
    if not wanted:
        return 0
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    holders = people.holders_of(tx, {one.username for one in wanted.values()}, Role.INSPECTOR, today)
    cells = [code for layer, code in rt.reference().features if layer == "unit"]
    problems = dict(problem for at, one in wanted.items() for problem in _problems(at, one, holders, cells))
    if problems:
        raise InvalidInputError("invalid_input", fields=problems)
    first, last = min(one.starts_at for one in wanted.values()), max(one.ends_at for one in wanted.values())
    known = {_key(one.username, one) for one in people.shifts_between(tx, first, last)}
    fresh = {_key(one.username, one): one for one in wanted.values() if _key(one.username, one) not in known}
    people.add_shifts(
        tx,
        [
            people.NewShift(
                person_id=holders[one.username], area=one.area, starts_at=one.starts_at, ends_at=one.ends_at
            )
            for one in fresh.values()
        ],
    )
    Noting(tx, actor, rt.clock.now()).people(
        Changed.SHIFT_ADDED,
        [(holders[one.username], _plain(one.area, one.starts_at, one.ends_at)) for one in fresh.values()],
    )
    return len(fresh)


def _plain(area: str, starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    return {"area": area, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}


def _problems(
    at: str, one: NewShift, holders: dict[str, PersonId], cells: Sequence[str]
) -> Iterator[tuple[str, tuple[Problem, ...]]]:
    if one.username not in holders:
        params = {"username": one.username, "role": str(Role.INSPECTOR)}
        yield f"{at}username", (Problem(code="unknown_person", params=params),)
    if not one.area or not any(cell.startswith(one.area) for cell in cells):
        yield f"{at}area", (Problem(code="unknown_area", params={"area": one.area}),)
    try:
        _check_span(one.starts_at, one.ends_at, "end" if at else "ends_at", MOST_DAYS)
    except InvalidInputError as err:
        yield from ((f"{at}{name}", problems) for name, problems in err.fields.items())


def _check_span(start: datetime, end: datetime, name: str, most_days: int) -> None:
    if end <= start:
        raise invalid(name, "end_before_start")
    if end - start > timedelta(days=most_days):
        raise invalid(name, "span_too_long", most=most_days)


def _key(username: str, one: NewShift | Shift) -> tuple[str, str, datetime, datetime]:
    return username, one.area, one.starts_at, one.ends_at


def _is(one: Shift, new: NewShift) -> bool:
    return _key(one.username, one) == _key(new.username, new)
