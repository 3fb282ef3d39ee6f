"""The facts of a period: folded from history, or, once the period is sealed, read from what was frozen then.

Everything is recorded at or before the cut-off, so that running a closed month again gives the same facts. Loads the
column engine: for the command line and the jobs process, never for a web worker.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw

from gridcase.assessment.frames import epoch_second
from gridcase.assessment.snapshot import (
    Snapshot,
    SnapshotUnreadableError,
    archive,
    facts_digest,
    read_snapshot,
    snapshot_members,
    unpack,
)
from gridcase.assessment.streaming import fold_frames
from gridcase.domain.errors import GridcaseError, invalid
from gridcase.domain.history import PlainLine
from gridcase.domain.plain_values import from_plain, to_plain
from gridcase.domain.time import Period
from gridcase.services.steps.instance import Instance
from gridcase.services.steps.packing import MonthContent, Surroundings, surroundings
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.roots import seal_settled
from gridcase.store import assessments
from gridcase.store.history import plain_lines_since
from gridcase.workflow.timetable import MonthDates, month_dates

#: Called between pieces of work: keeps a lease, or ends the work by raising.
Alive = Callable[[], None]

_ALIVE_EVERY = 5000
#: Years that moving to another zone never leaves.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFacts:
    """What a period is scored and packed from.

    Parameters
    ----------
    is_draft
        The period's cut-off has not come yet; ``content.cut_off`` is the present then.
    members
        The facts as bytes, by name.
    digest
        SHA-256 of what the facts say.
    cases, provisional
        How many cases were folded, and how many of those filed by the period's end have a deadline that may move.
    """

    content: MonthContent
    is_draft: bool
    around: Surroundings
    members: Mapping[str, bytes]
    digest: str
    cases: int
    provisional: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The facts of a period without what surrounds them: enough to count."""

    content: MonthContent
    is_draft: bool


def read_period(rt: Instance, name: str) -> Period:
    """Read a period's name in the instance's zone.

    Raises
    ------
    InvalidInputError
        It is neither ``2026-10`` nor ``2026-Q4`` nor ``2026``.
    """
    try:
        period = Period.parse(name, zone=rt.settings.zone)
    except ValueError as err:
        raise invalid("period", "period_malformed", period=name) from err
    if not _FIRST_YEAR <= period.first_day.year <= _LAST_YEAR:
        raise invalid("period", "period_malformed", period=name)
    return period


def dates_of(reference: Reference, period: Period) -> MonthDates:
    """Return the timetable of a period by the office's calendar."""
    rules = reference.rules
    return month_dates(period, rules.conduct.timetable, rules.calendars[rules.conduct.calendar])


def folded(rt: Instance, period: Period, *, alive: Alive = lambda: None) -> Folded:
    """Return what a period is counted from: frozen facts where there are any, else history as of its cut-off."""
    frozen = _frozen(rt, period)
    return Folded(content=frozen.content, is_draft=False) if frozen else _fold(rt, period, alive)


def month_facts(rt: Instance, period: Period, *, alive: Alive = lambda: None) -> MonthFacts:
    """Return what a period is scored and packed from: frozen facts where there are any, else history."""
    frozen = _frozen(rt, period)
    if frozen is not None:
        return frozen
    found = _fold(rt, period, alive)
    # A root over every line used is printed in the manifest, so that whoever receives the month holds the anchor.
    seal_settled(rt.database, rt.clock, alive)
    with rt.database.reading() as tx:
        around = surroundings(tx, rt.reference(), found.content)
    alive()
    meta = {
        "period": period.name,
        "zone": period.zone.key,
        "cut_off": to_plain(found.content.cut_off),
        "history_head": found.content.history_head,
    }
    members = snapshot_members(
        Snapshot(
            meta=meta,
            around=to_plain(replace(around, details=())),
            details=around.details,
            frames=found.content.frames,
            extra={},
        )
    )
    return _facts(found.content, around, members, is_draft=found.is_draft)


def keep_facts(rt: Instance, facts: MonthFacts) -> str:
    """Keep the facts as a blob and return its SHA-256."""
    return rt.blobs.put(archive(facts.members))


def facts_from(members: Mapping[str, bytes]) -> MonthFacts:
    """Return facts from their bytes; needs no database.

    Raises
    ------
    SnapshotUnreadableError
        They are none of ours.
    """
    snapshot = read_snapshot(members)
    try:
        meta = snapshot.meta
        content = MonthContent(
            period=Period.parse(meta["period"], zone=ZoneInfo(meta["zone"])),
            cut_off=datetime.fromisoformat(meta["cut_off"]),
            frames=snapshot.frames,
            history_head=meta["history_head"],
        )
        around = replace(from_plain(Surroundings, snapshot.around), details=snapshot.details)
    except (KeyError, TypeError, ValueError) as err:
        raise SnapshotUnreadableError from err
    return _facts(content, around, members, is_draft=False)


def kept_facts(rt: Instance, blob: str) -> dict[str, bytes]:
    """Return the bytes of facts that were kept.

    Raises
    ------
    GridcaseError
        ``facts_missing``: the file is gone from the data folder or damaged.
    """
    data = rt.blobs.get(blob)
    try:
        if data is not None:
            return unpack(data)
    except SnapshotUnreadableError as err:
        raise GridcaseError("facts_missing", params={"sha256": blob}) from err
    raise GridcaseError("facts_missing", params={"sha256": blob})


def _frozen(rt: Instance, period: Period) -> MonthFacts | None:
    with rt.database.reading() as tx:
        month = assessments.month(tx, period.name)
    return None if month is None else facts_from(kept_facts(rt, month.facts_blob))


def _fold(rt: Instance, period: Period, alive: Alive) -> Folded:
    now = rt.clock.now()
    reference = rt.reference()
    cut_off = dates_of(reference, period).cut_off
    head = hashlib.sha256()
    with rt.database.reading() as tx:
        lines = _hashed(plain_lines_since(tx, period.start, min(now, cut_off)), head, alive)
        frames = fold_frames(lines, cut_off=min(now, cut_off), area_class=reference.rules.conduct.area_class)
    content = MonthContent(period=period, cut_off=min(now, cut_off), frames=frames, history_head=head.hexdigest())
    return Folded(content=content, is_draft=now < cut_off)


def _hashed(lines: Iterable[PlainLine], head: Any, alive: Alive) -> Iterator[PlainLine]:
    for number, line in enumerate(lines):
        if number % _ALIVE_EVERY == 0:
            alive()
        head.update(line.hash.encode())
        yield line


def _facts(content: MonthContent, around: Surroundings, members: Mapping[str, bytes], *, is_draft: bool) -> MonthFacts:
    cases = content.frames.cases
    moving = cases.filter(nw.col("provisional"), nw.col("filed_at") < epoch_second(content.period.end))
    return MonthFacts(
        content=content,
        is_draft=is_draft,
        around=around,
        members=members,
        digest=facts_digest(members),
        cases=len(cases),
        provisional=len(moving),
    )
