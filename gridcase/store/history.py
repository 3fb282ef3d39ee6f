"""The append-only history: chained rows, and the erasable payload beside them.

A row's hash covers its fields, the salted digest of its payload and the hash of the row before it in the same case; the
payload holds texts and exact positions, and may be erased without breaking the chain. UPDATE and DELETE of rows are
refused by triggers (see the first migration).
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseNumber, CaseState, PersonId, UnitCode
from gridcase.domain.history import CaseEvent, Facts, canonical_json
from gridcase.domain.numbers import NumberParts, case_number
from gridcase.store.cases import CaseRow
from gridcase.store.database import Base, Tx, UtcDateTime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedCase:
    """The case a line is appended to, and where its chain stands.

    Parameters
    ----------
    seq, head
        Length of the chain and hash of its last row (``FIRST_LINK`` when empty).
    """

    id: int
    number: CaseNumber
    seq: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """A line as people read it: the event, the name of who did it, and its payload if not erased."""

    event: CaseEvent
    actor_name: str | None
    payload: dict[str, Any] | None


class KeyTakenError(Exception):
    """The caller's key stands on an earlier line; the transaction must be given up."""


def append(
    tx: Tx,
    case: ChainedCase,
    events: tuple[NewEvent, ...],
    *,
    now: datetime,
    key: RequestKey | None,
    photos: dict[str, str],
) -> str:
    """Append lines to a case's chain in two statements; returns the new head.

    Parameters
    ----------
    key
        Stands on the first line.
    photos
        SHA-256 by attachment id, covered by the first line's payload digest.

    Raises
    ------
    KeyTakenError
        When the key was used before, also by a transaction running at the same time.
    """
    rows: list[dict[str, Any]] = []
    payloads: list[dict[str, Any]] = []
    head = case.head
    for offset, new in enumerate(events):
        first = offset == 0
        payload = _payload(case, case.seq + offset + 1, new, photos if first else {})
        row = _row(case, payload, new, now=now, key=key if first else None)
        head = row["hash"] = link(head, row, case.number)
        row["previous"] = rows[-1]["hash"] if rows else case.head
        rows.append(row)
        payloads.append({name: payload[name] for name in ("case_id", "seq", "salt", "body")})
    if len(_insert_unless_taken(tx, rows)) < len(rows):
        raise KeyTakenError
    tx.execute(insert(CaseEventPayloadRow).values(payloads))
    return head


def link(previous: str, row: dict[str, Any], number: CaseNumber) -> str:
    """Compute a row's hash from the hash before it and the row's own fields."""
    covered = {name: _covered(row[name]) for name in _COVERED}
    return hashlib.sha256((previous + number + canonical_json(covered)).encode()).hexdigest()


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


def lines_of(tx: Tx, case_id: int) -> Iterator[tuple[CaseEventRow, CaseEventPayloadRow | None]]:
    """Return a case's rows with their payloads, oldest first."""
    joined = (CaseEventPayloadRow.case_id == CaseEventRow.case_id) & (
        CaseEventPayloadRow.seq == CaseEventRow.seq
    )
    rows = tx.execute(
        select(CaseEventRow, CaseEventPayloadRow)
        .outerjoin(CaseEventPayloadRow, joined)
        .where(CaseEventRow.case_id == case_id)
        .order_by(CaseEventRow.seq)
    ).all()
    return ((row[0], row[1]) for row in rows)


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


_COVERED = (
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
    return value.isoformat() if isinstance(value, datetime) else value


def _row(
    case: ChainedCase, payload: dict[str, Any], new: NewEvent, *, now: datetime, key: RequestKey | None
) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "seq": payload["seq"],
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
        "payload_digest": payload["digest"],
    }


def _payload(case: ChainedCase, seq: int, new: NewEvent, photos: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = dict(new.texts)
    if new.position is not None:
        body["position"] = {
            "lon_e7": new.position.point.lon_e7,
            "lat_e7": new.position.point.lat_e7,
            "accuracy_m": new.position.accuracy_m,
        }
    if photos:
        body["photos"] = photos
    salt, text = secrets.token_hex(16), canonical_json(body)
    return {"case_id": case.id, "seq": seq, "salt": salt, "body": text, "digest": payload_digest(salt, text)}


def _insert_unless_taken(tx: Tx, rows: list[dict[str, Any]]) -> list[int]:
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = (
        make(CaseEventRow)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["actor_id", "client_ref"])
        .returning(CaseEventRow.id)
    )
    return list(tx.execute(statement).scalars())


def touched_since(tx: Tx, since: datetime, cut_off: datetime) -> Iterator[CaseEvent]:
    """Return, by case and sequence, every line recorded at or before ``cut_off`` of each case that may matter since ``since``.

    A case matters when something was recorded of it, or its handling deadline lies, at or after ``since``, or when it is
    still open. Both columns only ever grow late, so that a case is never missed after the fact.
    """
    wanted = select(CaseRow.id).where(
        or_(
            CaseRow.last_event_at >= since,
            CaseRow.handle_due_at >= since,
            CaseRow.closed_at.is_(None),
        )
    )
    statement = (
        select(CaseEventRow, CaseRow.prefix, CaseRow.filed_on)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        .where(CaseEventRow.recorded_at <= cut_off, CaseEventRow.case_id.in_(wanted))
        .order_by(CaseEventRow.case_id, CaseEventRow.seq)
    )
    for row, prefix, filed_on in tx.execute(statement.execution_options(yield_per=2000)):
        parts = NumberParts(prefix=prefix, filed_on=filed_on, identity=row.case_id)
        yield to_event(row, case_number(parts))
