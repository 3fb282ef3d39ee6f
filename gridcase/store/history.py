"""The append-only history: chained rows, and the erasable payload beside them.

A row's hash covers its fields, the salted digest of its payload and the hash of the row before it in the same case; the
payload holds texts and exact positions, and may be erased without breaking the chain. UPDATE and DELETE of rows are
refused by triggers (see the first migration).
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    cast,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseNumber, CaseState, PersonId, UnitCode
from gridcase.domain.history import CaseEvent, Facts, PlainLine, canonical_json
from gridcase.domain.numbers import NumberParts, case_number
from gridcase.store.cases import CaseRow, is_open
from gridcase.store.database import Base, Tx, UtcDateTime, table_of
from gridcase.store.people import PersonRow
from gridcase.workflow.rulebook import NewEvent

FIRST_LINK = "0" * 64


class CaseEventRow(Base):
    """One line of history.

    ``txn`` is the writing transaction on PostgreSQL, for ``gridcase.store.feed``; empty on SQLite.
    """

    __tablename__ = "case_event"
    __table_args__ = (
        Index("uq_case_event_seq", "case_id", "seq", unique=True),
        Index("uq_case_event_client_ref", "actor_id", "client_ref", unique=True),
        Index("ix_case_event_recorded_at", "recorded_at"),
        Index("ix_case_event_feed", "txn", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"))
    seq: Mapped[int]
    action: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str | None] = mapped_column(String(40))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    observed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    facts: Mapped[str] = mapped_column(Text)
    client_ref: Mapped[str | None] = mapped_column(String(36))
    request_digest: Mapped[str | None] = mapped_column(String(64))
    payload_digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    txn: Mapped[int | None] = mapped_column(BigInteger)


class CaseEventPayloadRow(Base):
    """What may be erased: texts, exact position, deadline traces; ``salt`` keeps the digest from being guessed."""

    __tablename__ = "case_event_payload"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)


_LINES, _PAYLOADS = table_of(CaseEventRow), table_of(CaseEventPayloadRow)
# RETURNING makes SQLAlchemy send several rows as one statement, compiled once whatever their number. ON CONFLICT would
# have it compiled anew every time, so a key used before is told from the broken index.
_INSERT_LINES = insert(_LINES).returning(_LINES.c.id)
_INSERT_PAYLOADS = insert(_PAYLOADS).returning(_PAYLOADS.c.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Where the chain of a case stands.

    Parameters
    ----------
    uid
        Identity of the case that every hash of its chain covers; made before the case has a number.
    length, head
        Rows so far, and the hash of the last (``FIRST_LINK`` when there is none).
    """

    uid: str
    length: int = 0
    head: str = FIRST_LINK


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Rows ready to be appended, and the head of the chain after them."""

    rows: tuple[dict[str, Any], ...]
    payloads: tuple[dict[str, Any], ...]
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """The caller's idempotency key and the digest of what was asked."""

    client_ref: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRequest:
    """What the same person once asked under the same key."""

    case_id: int
    action: Action
    digest: str


class KeyTakenError(Exception):
    """The caller's key stands on an earlier line; the transaction must be given up."""


def chained(
    chain: Chain,
    events: tuple[NewEvent, ...],
    *,
    now: datetime,
    key: RequestKey | None = None,
    photos: Mapping[str, str] | None = None,
) -> Links:
    """Make the rows of new lines, each linked to the one before.

    Parameters
    ----------
    key
        Stands on the first line.
    photos
        SHA-256 by attachment id, covered by the first line's payload digest.
    """
    rows: list[dict[str, Any]] = []
    payloads: list[dict[str, Any]] = []
    head = chain.head
    for offset, new in enumerate(events):
        seq = chain.length + offset + 1
        salt, body = secrets.token_hex(16), _payload(new, photos if photos and offset == 0 else {})
        row = _row(seq, new, now=now, key=key if offset == 0 else None)
        row |= {"payload_digest": payload_digest(salt, body), "previous": head}
        head = row["hash"] = link(chain.uid, row)
        rows.append(row)
        payloads.append({"seq": seq, "salt": salt, "body": body})
    return Links(rows=tuple(rows), payloads=tuple(payloads), head=head)


def append(tx: Tx, case_id: int, links: Links) -> None:
    """Append rows to the history, in two statements.

    Raises
    ------
    KeyTakenError
        When the key was used before, also by a transaction running at the same time.
    """
    try:
        tx.execute(_INSERT_LINES, [{"case_id": case_id, **row} for row in links.rows])
    except IntegrityError as err:
        if _breaks_key(err):
            raise KeyTakenError from err
        raise
    tx.execute(_INSERT_PAYLOADS, [{"case_id": case_id, **payload} for payload in links.payloads])


def _breaks_key(error: IntegrityError) -> bool:
    """Tell whether it was the index on actor and key; PostgreSQL names the index, SQLite its columns."""
    return any(
        name in str(error.orig) for name in ("uq_case_event_client_ref", "case_event.actor_id, case_event.client_ref")
    )


def link(uid: str, row: Mapping[str, Any]) -> str:
    """Compute a row's hash from the case's identity, the hash before it and the row's own fields."""
    covered = {name: _covered(row[name]) for name in COVERED}
    return hashlib.sha256((row["previous"] + uid + canonical_json(covered)).encode()).hexdigest()


def payload_digest(salt: str, body: str) -> str:
    """Compute the digest under which a payload is covered by the chain."""
    return hashlib.sha256((salt + body).encode()).hexdigest()


def earlier_request(tx: Tx, actor: PersonId, client_ref: str) -> EarlierRequest | None:
    """Return what this person asked under this key, or None."""
    row = tx.execute(
        select(CaseEventRow.case_id, CaseEventRow.action, CaseEventRow.request_digest).where(
            CaseEventRow.actor_id == actor, CaseEventRow.client_ref == client_ref
        )
    ).one_or_none()
    return None if row is None else EarlierRequest(case_id=row[0], action=Action(row[1]), digest=row[2] or "")


def lines_of(tx: Tx, case_id: int) -> tuple[tuple[CaseEventRow, CaseEventPayloadRow | None, str | None], ...]:
    """Return a case's rows with their payloads (None once erased) and the names of who acted, oldest first."""
    joined = (CaseEventPayloadRow.case_id == CaseEventRow.case_id) & (CaseEventPayloadRow.seq == CaseEventRow.seq)
    rows = tx.execute(
        select(CaseEventRow, CaseEventPayloadRow, PersonRow.name)
        .outerjoin(CaseEventPayloadRow, joined)
        .outerjoin(PersonRow, PersonRow.id == CaseEventRow.actor_id)
        .where(CaseEventRow.case_id == case_id)
        .order_by(CaseEventRow.seq)
    ).all()
    return tuple((row[0], row[1], row[2]) for row in rows)


def action_of(row: CaseEventRow) -> Action:
    """Return a line's action, without reading the rest of it."""
    return Action(row.action)


def to_event(row: CaseEventRow, number: CaseNumber) -> CaseEvent:
    """Return the typed line of a row."""
    return CaseEvent(
        case=number,
        seq=row.seq,
        action=Action(row.action),
        from_state=None if row.from_state is None else CaseState(row.from_state),
        to_state=CaseState(row.to_state),
        actor=PersonId(row.actor_id),
        role=Role(row.role),
        unit=None if row.unit is None else UnitCode(row.unit),
        recorded_at=row.recorded_at,
        observed_at=row.observed_at,
        facts=Facts.load(row.facts),
    )


COVERED = (
    "seq",
    "action",
    "from_state",
    "to_state",
    "actor_id",
    "role",
    "unit",
    "recorded_at",
    "observed_at",
    "facts",
    "client_ref",
    "request_digest",
    "payload_digest",
)


def _covered(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _row(seq: int, new: NewEvent, *, now: datetime, key: RequestKey | None) -> dict[str, Any]:
    return {
        "seq": seq,
        "action": str(new.action),
        "from_state": None if new.from_state is None else str(new.from_state),
        "to_state": str(new.to_state),
        "actor_id": new.actor.person,
        "role": str(new.actor.role),
        "unit": new.actor.unit,
        "recorded_at": now,
        "observed_at": new.observed_at,
        "facts": new.facts.dump(),
        "client_ref": key.client_ref if key else None,
        "request_digest": key.digest if key else None,
    }


def _payload(new: NewEvent, photos: Mapping[str, str]) -> str:
    body: dict[str, Any] = dict(new.texts)
    if new.position is not None:
        body["position"] = {
            "lon_e7": new.position.point.lon_e7,
            "lat_e7": new.position.point.lat_e7,
            "accuracy_m": new.position.accuracy_m,
        }
    if photos:
        body["photos"] = dict(photos)
    return canonical_json(body)


def plain_lines_since(tx: Tx, since: datetime, cut_off: datetime) -> Iterator[PlainLine]:
    """Return every line recorded by the cut-off of each case that may matter since an instant, by case and sequence.

    A case matters when something was recorded of it, or its handling deadline lies, at or after ``since``, or when it
    is still open. Both columns move forward with every line, so no case is missed afterwards. The line of an imported
    case is taken when the case was filed by the cut-off, whenever it was imported. Lines are read as they are asked
    for; only a few thousand are held at a time.
    """
    number, before = CaseNumber(""), None
    statement = _since(_plain(tx), since, cut_off).execution_options(yield_per=5000)
    for case_id, prefix, filed_on, *rest in tx.execute(statement):
        if case_id != before:
            number, before = case_number(NumberParts(prefix=prefix, filed_on=filed_on, identity=case_id)), case_id
        yield PlainLine(number, *rest)


def _plain(tx: Tx) -> tuple[Any, ...]:
    # Columns of the tables, not of the mapped classes, and seconds told by the database: two thirds of the time.
    line, case = _LINES.c, table_of(CaseRow).c
    return (
        line.case_id,
        case.prefix,
        case.filed_on,
        line.seq,
        line.action,
        line.to_state,
        line.actor_id,
        line.role,
        _second(tx, line.recorded_at),
        _second(tx, line.observed_at),
        line.facts,
        line.hash,
    )


def _second(tx: Tx, instant: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the whole second of an instant since 1970, rounded down."""
    if tx.get_bind().dialect.name == "postgresql":
        return cast(func.floor(func.extract("epoch", instant)), BigInteger)
    return cast(func.strftime("%s", instant), BigInteger)


def _since(columns: tuple[Any, ...], since: datetime, cut_off: datetime) -> Select[Any]:
    matters = or_(CaseRow.last_event_at >= since, CaseRow.handle_due_at >= since, is_open())
    by_then = or_(CaseEventRow.recorded_at <= cut_off, CaseEventRow.action == str(Action.IMPORT))
    return (
        select(*columns)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        .where(matters, CaseRow.filed_at <= cut_off, by_then)
        .order_by(CaseEventRow.case_id, CaseEventRow.seq)
    )


def lines_about(tx: Tx, case_ids: Sequence[int], actions: Iterable[Action]) -> dict[int, tuple[CaseEventRow, ...]]:
    """Return the lines of some actions by case, oldest first; a case without any is left out."""
    statement = (
        select(CaseEventRow)
        .where(CaseEventRow.case_id.in_(case_ids), CaseEventRow.action.in_([str(action) for action in actions]))
        .order_by(CaseEventRow.case_id, CaseEventRow.seq)
    )
    found: dict[int, list[CaseEventRow]] = {}
    for row in tx.execute(statement).scalars():
        found.setdefault(row.case_id, []).append(row)
    return {case_id: tuple(rows) for case_id, rows in found.items()}


def all_lines(tx: Tx) -> Iterator[tuple[str, CaseEventRow, CaseEventPayloadRow | None]]:
    """Return every line with the identity of its case and its payload (None once erased), by case and sequence."""
    joined = (CaseEventPayloadRow.case_id == CaseEventRow.case_id) & (CaseEventPayloadRow.seq == CaseEventRow.seq)
    statement = (
        select(CaseRow.uid, CaseEventRow, CaseEventPayloadRow)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        .outerjoin(CaseEventPayloadRow, joined)
        .order_by(CaseEventRow.case_id, CaseEventRow.seq)
    )
    result = tx.execute(statement.execution_options(yield_per=2000))
    yield from ((uid, row, payload) for uid, row, payload in result)
