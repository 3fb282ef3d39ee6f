"""Recurrences 反弹: a new case linked to an earlier one like it, to be reviewed; and the roots that seal history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, delete, false, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, aliased, mapped_column

from gridcase.domain.actor import Actor, ScopeKind
from gridcase.domain.case import Action, CaseKind, CaseNumber, CaseState, Scheme, Source, TypeKey, UnitCode
from gridcase.domain.numbers import NumberParts, case_number
from gridcase.domain.place import GeoPoint
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Base, Tx, UtcDateTime
from gridcase.store.history import CaseEventRow
from gridcase.store.people import PersonRow
from gridcase.workflow.missed import MissedRule
from gridcase.workflow.recurrence import Nearness, Occurrence

#: States of a recurrence: by the system, then by who reviewed it.
FOUND, CONFIRMED, REJECTED = "found", "confirmed", "rejected"


class RecurrenceRow(Base):
    """A case that repeats a closed one. ``state``: found, confirmed or rejected."""

    __tablename__ = "recurrence"
    __table_args__ = (Index("ix_recurrence_state", "state", "case_id"), Index("ix_recurrence_unit", "unit", "case_id"))

    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    earlier_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), index=True)
    unit: Mapped[str | None] = mapped_column(String(40))
    distance_m: Mapped[float]
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(500))


class HistoryRootRow(Base):
    """A Merkle root over the history lines up to a place in the feed, each root covering the one before."""

    __tablename__ = "history_root"
    __table_args__ = (Index("uq_history_root_after", "after_txn", "after_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    after_txn: Mapped[int] = mapped_column(BigInteger)
    after_id: Mapped[int]
    up_to_txn: Mapped[int] = mapped_column(BigInteger)
    up_to_id: Mapped[int]
    lines: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRecurrence:
    """A recurrence as a list shows it.

    Parameters
    ----------
    reviewer
        Name of who reviewed it; None while nobody did.
    """

    row: RecurrenceRow
    case: CaseNumber
    earlier: CaseNumber
    reviewer: str | None


def occurrences(tx: Tx, identities: Sequence[int]) -> tuple[Occurrence, ...]:
    """Return what is compared of some cases, by identity."""
    statement = select(*_COMPARED).where(CaseRow.id.in_(identities)).order_by(CaseRow.id)
    return tuple(_occurrence(row) for row in tx.execute(statement))


def closed_near(tx: Tx, new: Occurrence, near: Nearness) -> tuple[Occurrence, ...]:
    """Return the closed cases that a case may repeat: a little more than do, found by two indexes.

    A box around the point, and the cases of the same component; the exact rule is the workflow's.
    """
    since = new.observed_at - timedelta(days=near.days, seconds=1)
    alike = select(*_COMPARED).where(
        CaseRow.scheme == str(new.type.scheme),
        CaseRow.kind == str(new.type.kind),
        CaseRow.code == new.type.code,
        CaseRow.state == str(CaseState.CLOSED),
        CaseRow.closed_at >= since,
        CaseRow.closed_at <= new.observed_at + timedelta(seconds=1),
        CaseRow.id != new.id,
    )
    found: dict[int, Occurrence] = {}
    for place in _places(new, near.distance_m, with_object=True):
        found |= {row.id: _occurrence(row) for row in tx.execute(alike.where(place))}
    return tuple(found.values())


def known_before(tx: Tx, found: Occurrence, rule: MissedRule) -> tuple[Occurrence, ...]:
    """Return the cases of ours that may show that a superior's was known: a little more than do."""
    since = found.observed_at - timedelta(hours=rule.hours, seconds=1)
    alike = select(*_COMPARED).where(
        CaseRow.scheme == str(found.type.scheme),
        CaseRow.kind == str(found.type.kind),
        CaseRow.code == found.type.code,
        CaseRow.source != str(Source.SUPERIOR),
        # Nobody files before having seen: what was seen since was filed since.
        CaseRow.filed_at >= since,
        CaseRow.id != found.id,
    )
    places = _places(found, rule.distance_m, with_object=False)
    return tuple(_occurrence(row) for place in places for row in tx.execute(alike.where(place)))


def noted_of_superiors(tx: Tx, actor: Actor, before: int | None, limit: int) -> tuple[tuple[int, CaseNumber], ...]:
    """Return the superiors' cases that the actor may see and of which something was found, newest first."""
    noted = select(CaseEventRow.id).where(CaseEventRow.case_id == CaseRow.id, CaseEventRow.action == str(Action.FIND))
    statement = (
        select(CaseRow)
        .where(CaseRow.source == str(Source.SUPERIOR), visible_to(actor), noted.exists())
        .order_by(CaseRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(CaseRow.id < before)
    return tuple((row.id, row.number) for row in tx.execute(statement).scalars())


def found_by_superiors(tx: Tx, since: datetime, until: datetime) -> tuple[Occurrence, ...]:
    """Return the cases that superiors filed between two instants."""
    statement = select(*_COMPARED).where(
        CaseRow.filed_at >= since, CaseRow.filed_at <= until, CaseRow.source == str(Source.SUPERIOR)
    )
    return tuple(_occurrence(row) for row in tx.execute(statement.order_by(CaseRow.id)))


def _places(new: Occurrence, metres: float, *, with_object: bool) -> list[ColumnElement[bool]]:
    places: list[ColumnElement[bool]] = []
    if new.point is not None:
        places.append(box_around(new.point, metres))
    if with_object and new.object_id is not None:
        places.append(CaseRow.object_id == new.object_id)
    return places


def box_around(point: GeoPoint, metres: float) -> ColumnElement[bool]:
    """Return the criterion of a box that holds every case within so many metres: a little more than that."""
    north = int(metres / _LEAST_METRES_PER_DEGREE * 1e7) + 1
    # The box is a quarter too wide at the equator and still wide enough at 60 degrees of latitude.
    east = north * 2
    return CaseRow.lon_e7.between(point.lon_e7 - east, point.lon_e7 + east) & CaseRow.lat_e7.between(
        point.lat_e7 - north, point.lat_e7 + north
    )


def put_recurrence(tx: Tx, case_id: int, values: dict[str, Any] | None) -> bool:
    """Link a case to the one it repeats, or to none; True when that is news. What was reviewed stays as it is."""
    if values is None:
        gone = delete(RecurrenceRow).where(RecurrenceRow.case_id == case_id, RecurrenceRow.state == FOUND)
        return tx.execute(gone.returning(RecurrenceRow.case_id)).scalar_one_or_none() is not None
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = make(RecurrenceRow).values(case_id=case_id, state=FOUND, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["case_id"],
        set_=values,
        where=(RecurrenceRow.state == FOUND) & (RecurrenceRow.earlier_id != values["earlier_id"]),
    )
    return tx.execute(statement.returning(RecurrenceRow.case_id)).scalar_one_or_none() is not None


def repeating(tx: Tx, earlier: Sequence[int]) -> tuple[int, ...]:
    """Return the cases that were found to repeat any of these."""
    statement = select(RecurrenceRow.case_id).where(RecurrenceRow.earlier_id.in_(earlier))
    return tuple(tx.execute(statement).scalars())


def last_unit(tx: Tx, identity: int) -> tuple[CaseNumber, UnitCode | None]:
    """Return the number of a case and the unit that handled it last."""
    row = tx.execute(select(CaseRow.prefix, CaseRow.filed_on, CaseRow.unit).where(CaseRow.id == identity)).one()
    number = case_number(NumberParts(prefix=row.prefix, filed_on=row.filed_on, identity=identity))
    return number, None if row.unit is None else UnitCode(row.unit)


def recurrence_of(tx: Tx, actor: Actor, case_id: int) -> tuple[RecurrenceRow, CaseNumber | None] | None:
    """Return the recurrence that a case is, and the number of the earlier case when the actor may see that one."""
    statement = (
        select(RecurrenceRow, CaseRow)
        .outerjoin(CaseRow, (CaseRow.id == RecurrenceRow.earlier_id) & visible_to(actor))
        .where(RecurrenceRow.case_id == case_id)
    )
    found = tx.execute(statement).one_or_none()
    return None if found is None else (found[0], found[1].number if found[1] else None)


def page_of_recurrences(
    tx: Tx, actor: Actor, *, state: str | None, after: int | None, limit: int, case_id: int | None = None
) -> tuple[ListedRecurrence, ...]:
    """Return recurrences, newest case first, one more than asked when there are more.

    Those of cases the actor may see, and those charged to the actor's unit.
    """
    earlier = aliased(CaseRow)
    charged = RecurrenceRow.unit == actor.scope.value if actor.scope.kind is ScopeKind.UNIT else false()
    statement = (
        select(RecurrenceRow, CaseRow.prefix, CaseRow.filed_on, earlier.prefix, earlier.filed_on, PersonRow.name)
        .join(CaseRow, CaseRow.id == RecurrenceRow.case_id)
        .join(earlier, earlier.id == RecurrenceRow.earlier_id)
        .outerjoin(PersonRow, PersonRow.id == RecurrenceRow.reviewed_by)
        .where(or_(visible_to(actor), charged))
        .order_by(RecurrenceRow.case_id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        statement = statement.where(RecurrenceRow.state == state)
    if after is not None:
        statement = statement.where(RecurrenceRow.case_id < after)
    if case_id is not None:
        statement = statement.where(RecurrenceRow.case_id == case_id)
    return tuple(
        ListedRecurrence(
            row=row[0],
            case=case_number(NumberParts(prefix=row[1], filed_on=row[2], identity=row[0].case_id)),
            earlier=case_number(NumberParts(prefix=row[3], filed_on=row[4], identity=row[0].earlier_id)),
            reviewer=row[5],
        )
        for row in tx.execute(statement)
    )


def review(tx: Tx, case_id: int, *, state: str, by: int, at: datetime, reason: str) -> bool:
    """Write what a person decided of a recurrence; False when it was reviewed before."""
    statement = (
        update(RecurrenceRow)
        .where(RecurrenceRow.case_id == case_id, RecurrenceRow.state == FOUND)
        .values(state=state, reviewed_by=by, reviewed_at=at, reason=reason)
        .returning(RecurrenceRow.case_id)
    )
    return tx.execute(statement).scalar_one_or_none() is not None


def roots(tx: Tx) -> tuple[HistoryRootRow, ...]:
    """Return every root, oldest first."""
    return tuple(tx.execute(select(HistoryRootRow).order_by(HistoryRootRow.id)).scalars())


def newest_root(tx: Tx) -> HistoryRootRow | None:
    """Return the root that covers all others; None before the first."""
    return tx.execute(select(HistoryRootRow).order_by(HistoryRootRow.id.desc()).limit(1)).scalar_one_or_none()


def add_root(tx: Tx, values: dict[str, Any]) -> None:
    """Append a root."""
    tx.execute(insert(HistoryRootRow).values(**values))


#: A degree of latitude is nowhere shorter.
_LEAST_METRES_PER_DEGREE = 110_000
_COMPARED = (
    CaseRow.id,
    CaseRow.scheme,
    CaseRow.kind,
    CaseRow.code,
    CaseRow.state,
    CaseRow.lon_e7,
    CaseRow.lat_e7,
    CaseRow.object_id,
    CaseRow.observed_at,
    CaseRow.filed_at,
    CaseRow.closed_at,
    CaseRow.source,
)


def _occurrence(row: Any) -> Occurrence:
    in_time = row.observed_at is not None and row.observed_at <= row.filed_at
    return Occurrence(
        id=row.id,
        type=TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code),
        state=CaseState(row.state),
        point=None if row.lon_e7 is None else GeoPoint(lon_e7=row.lon_e7, lat_e7=row.lat_e7),
        object_id=row.object_id,
        observed_at=row.observed_at if in_time else row.filed_at,
        closed_at=row.closed_at,
        source=Source(row.source),
    )
