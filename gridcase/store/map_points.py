"""What a map shows of cases: open ones as points, and how many were filed in each cell. One statement each, bounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseKind, CaseNumber, CaseState, Scheme, Source, TypeKey
from gridcase.domain.numbers import NumberParts, case_number
from gridcase.store.cases import CaseFilter, CaseRow, is_open, narrowed, unsought
from gridcase.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """A case as a point; ``due_at`` is None without a deadline that runs, ``due_clock`` tells by what it runs."""

    number: CaseNumber
    state: CaseState
    lon_e7: int
    lat_e7: int
    due_at: datetime | None
    due_clock: str | None
    is_excused: bool


def points(tx: Tx, actor: Actor, wanted: CaseFilter, limit: int, now: datetime) -> tuple[MapPoint, ...]:
    """Return the located cases of a filter, due first; one more than ``limit`` when there are more."""
    columns = (
        CaseRow.id,
        CaseRow.prefix,
        CaseRow.filed_on,
        CaseRow.state,
        CaseRow.lon_e7,
        CaseRow.lat_e7,
        CaseRow.due_at,
        CaseRow.due_clock,
        CaseRow.is_excused,
    )
    statement = narrowed(tx, select(*columns), actor, wanted, now).where(CaseRow.lon_e7.is_not(None))
    rows = tx.execute(statement.order_by(CaseRow.due_at, CaseRow.id).limit(limit + 1))
    return tuple(
        MapPoint(
            number=case_number(NumberParts(prefix=row.prefix, filed_on=row.filed_on, identity=row.id)),
            state=CaseState(row.state),
            lon_e7=row.lon_e7,
            lat_e7=row.lat_e7,
            due_at=row.due_at,
            due_clock=row.due_clock,
            is_excused=row.is_excused,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlace:
    """Where an open case lies, and what a routing table asks of it."""

    number: CaseNumber
    lon_e7: int
    lat_e7: int
    type: TypeKey
    source: Source


def open_places(tx: Tx) -> tuple[OpenPlace, ...]:
    """Return every open case that is located, of the whole city, in one statement; a city has some thousands."""
    statement = (
        select(
            CaseRow.id,
            CaseRow.prefix,
            CaseRow.filed_on,
            CaseRow.lon_e7,
            CaseRow.lat_e7,
            CaseRow.scheme,
            CaseRow.kind,
            CaseRow.code,
            CaseRow.source,
        )
        .where(is_open(), CaseRow.lon_e7.is_not(None))
        .order_by(CaseRow.id)
    )
    return tuple(
        OpenPlace(
            number=case_number(NumberParts(prefix=row.prefix, filed_on=row.filed_on, identity=row.id)),
            lon_e7=row.lon_e7,
            lat_e7=row.lat_e7,
            type=TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code),
            source=Source(row.source),
        )
        for row in tx.execute(statement)
    )


def count_by_cell(tx: Tx, actor: Actor, wanted: CaseFilter, now: datetime) -> Mapping[str, int]:
    """Return how many cases of a filter lie in each cell; cells without any are left out."""
    # Not by the index on areas, which would be read from end to end to have them in order.
    cell = unsought(CaseRow.area)
    rows = tx.execute(narrowed(tx, select(cell, func.count()), actor, wanted, now).group_by(cell))
    return {code: number for code, number in rows if code}
