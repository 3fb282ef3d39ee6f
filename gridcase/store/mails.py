"""E-mail: what a person wants mailed and when, and the delivery of every digest.

A digest is one row for one person and one slot. Its state says whether it may be sent again: ``sending`` is written
and committed just before the server is handed the text, so that whoever finds it left behind knows that it may have
gone out, and does not send it a second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.actor import Actor
from gridcase.domain.case import PersonId
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime
from gridcase.store.notices import NoticeCopyRow, NoticeRow
from gridcase.store.people import PersonRow


class MailState(StrEnum):
    """Where a digest stands 投递状态."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    READ = "read"


class MailChoiceRow(Base):
    """What one person wants mailed: kinds of notices, at which hours of working days; no row is the default."""

    __tablename__ = "mail_choice"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    is_on: Mapped[bool]
    kinds: Mapped[Any] = mapped_column(PlainJson)
    hours: Mapped[Any] = mapped_column(PlainJson)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MailDeliveryRow(Base):
    """One digest to one person.

    Parameters
    ----------
    slot
        The hour it is for: one digest a person and hour.
    address
        To where, as it was then.
    try_at
        Not before this; pushed back after each failure.
    lease_until
        While somebody sends it.
    problem
        Kind of the last failure and the server's code; never its text, which may quote the address.
    """

    __tablename__ = "mail_delivery"
    __table_args__ = (
        Index("uq_mail_delivery_slot", "person_id", "slot", unique=True),
        Index("ix_mail_delivery_state", "state", "try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    slot: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(120))
    notices: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(String(80), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """A person to whom digests may go.

    Parameters
    ----------
    choice
        What they chose; None for the default.
    """

    person: PersonId
    username: str
    address: str
    choice: MailChoiceRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedCase:
    """What a digest says of a notice: kind, and the case's number and type where it is about one."""

    kind: str
    at: datetime
    subject: str | None
    case: CaseRow | None


def reachable(tx: Tx) -> tuple[Mailed, ...]:
    """Return every active person with an address, with what they chose."""
    rows = tx.execute(
        select(PersonRow.id, PersonRow.username, PersonRow.email, MailChoiceRow)
        .outerjoin(MailChoiceRow, MailChoiceRow.person_id == PersonRow.id)
        .where(PersonRow.is_active, PersonRow.email.is_not(None))
        .order_by(PersonRow.id)
    )
    return tuple(Mailed(person=PersonId(one[0]), username=one[1], address=one[2], choice=one[3]) for one in rows)


def contact(tx: Tx, person: PersonId) -> tuple[str | None, MailChoiceRow | None]:
    """Return a person's address and choice."""
    row = tx.execute(
        select(PersonRow.email, MailChoiceRow)
        .outerjoin(MailChoiceRow, MailChoiceRow.person_id == PersonRow.id)
        .where(PersonRow.id == person)
    ).one()
    return row[0], row[1]


def set_address(tx: Tx, person: PersonId, address: str | None) -> None:
    """Note or forget a person's address."""
    tx.execute(update(PersonRow).where(PersonRow.id == person).values(email=address))


def set_choice(tx: Tx, values: Mapping[str, Any]) -> None:
    """Note what a person wants mailed."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    changed = {name: value for name, value in values.items() if name != "person_id"}
    statement = make(MailChoiceRow).values(**values)
    tx.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=changed))


def to_mail(tx: Tx, actors: Sequence[Actor], kinds: Sequence[str], since: datetime, until: datetime) -> tuple[int, ...]:
    """Return the notices that one person, in any of their roles, has not read and no digest told of, oldest first."""
    found: set[int] = set()
    for actor in actors:
        statement = _unread_by(actor).where(
            NoticeCopyRow.mail_id.is_(None),
            NoticeCopyRow.kind.in_(kinds),
            NoticeCopyRow.noted_at >= since,
            NoticeCopyRow.noted_at < until,
        )
        found |= set(tx.execute(statement.with_only_columns(NoticeCopyRow.notice_id)).scalars())
    return tuple(sorted(found))


def add_delivery(tx: Tx, values: Mapping[str, Any], notices: Sequence[int]) -> int | None:
    """Make a digest of notices; None when there is one of this person and slot."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = make(MailDeliveryRow).values(**values).on_conflict_do_nothing(index_elements=["person_id", "slot"])
    made = tx.execute(statement.returning(MailDeliveryRow.id)).scalar_one_or_none()
    if made is not None:
        its = NoticeCopyRow.person_id == values["person_id"], NoticeCopyRow.notice_id.in_(notices)
        tx.execute(update(NoticeCopyRow).where(*its).values(mail_id=made))
    return made


def slots_of(tx: Tx, slots: Sequence[datetime]) -> frozenset[tuple[int, datetime]]:
    """Return person and slot of the digests made for these slots."""
    statement = select(MailDeliveryRow.person_id, MailDeliveryRow.slot).where(MailDeliveryRow.slot.in_(slots))
    return frozenset((row[0], row[1]) for row in tx.execute(statement))


def still_to_tell(tx: Tx, delivery: int, actors: Sequence[Actor]) -> tuple[MailedCase, ...]:
    """Return what of a digest is still unread and in sight of the person in any of their roles, newest first."""
    found: dict[int, MailedCase] = {}
    for actor in actors:
        statement = _unread_by(actor).where(NoticeCopyRow.mail_id == delivery)
        for notice, case in tx.execute(statement.with_only_columns(NoticeRow, CaseRow)):
            found[notice.id] = MailedCase(kind=notice.kind, at=notice.at, subject=notice.subject, case=case)
    return tuple(sorted(found.values(), key=lambda one: one.at, reverse=True))


def claim(tx: Tx, now: datetime, lease_until: datetime) -> MailDeliveryRow | None:
    """Take the digest that waits longest; None when none is due."""
    is_free = or_(MailDeliveryRow.lease_until.is_(None), MailDeliveryRow.lease_until < now)
    due = (
        select(MailDeliveryRow)
        .where(MailDeliveryRow.state == str(MailState.WAITING), MailDeliveryRow.try_at <= now, is_free)
        .order_by(MailDeliveryRow.try_at, MailDeliveryRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = tx.execute(due).scalar_one_or_none()
    if row is not None:
        row.lease_until, row.attempts = lease_until, row.attempts + 1
        tx.flush()
    return row


def begin_sending(tx: Tx, delivery: int, lease_until: datetime) -> bool:
    """Note that the text is about to be handed over; False when somebody else took the digest over."""
    statement = (
        update(MailDeliveryRow)
        .where(MailDeliveryRow.id == delivery, MailDeliveryRow.state == str(MailState.WAITING))
        .where(MailDeliveryRow.lease_until == lease_until)
        .values(state=str(MailState.SENDING))
    )
    return tx.execute(statement.returning(MailDeliveryRow.id)).scalar_one_or_none() is not None


def set_delivery(tx: Tx, delivery: int, **values: Any) -> None:
    """Note what came of a digest."""
    tx.execute(update(MailDeliveryRow).where(MailDeliveryRow.id == delivery).values(**values))


def give_up_left_behind(tx: Tx, now: datetime) -> int:
    """Mark as uncertain what was being sent by a process that died; return how many there were."""
    statement = (
        update(MailDeliveryRow)
        .where(MailDeliveryRow.state == str(MailState.SENDING), MailDeliveryRow.lease_until < now)
        .values(state=str(MailState.UNCERTAIN), problem="left_behind", ended_at=now, lease_until=None)
    )
    return len(tx.execute(statement.returning(MailDeliveryRow.id)).all())


def is_any_due(tx: Tx, now: datetime) -> bool:
    """Tell whether a digest waits to be sent, or was left behind while being sent."""
    waits = and_(MailDeliveryRow.state == str(MailState.WAITING), MailDeliveryRow.try_at <= now)
    left = and_(MailDeliveryRow.state == str(MailState.SENDING), MailDeliveryRow.lease_until < now)
    return tx.execute(select(MailDeliveryRow.id).where(or_(waits, left)).limit(1)).first() is not None


def deliveries(tx: Tx, *, dead: bool, limit: int) -> tuple[tuple[MailDeliveryRow, str], ...]:
    """Return digests with the user names, newest first; only those that did not arrive for sure, if asked."""
    statement = (
        select(MailDeliveryRow, PersonRow.username)
        .join(PersonRow, PersonRow.id == MailDeliveryRow.person_id)
        .order_by(MailDeliveryRow.id.desc())
        .limit(limit)
    )
    if dead:
        statement = statement.where(MailDeliveryRow.state.in_((str(MailState.REFUSED), str(MailState.UNCERTAIN))))
    return tuple((row[0], row[1]) for row in tx.execute(statement))


def revive(tx: Tx, delivery: int, now: datetime) -> bool:
    """Let a digest that did not arrive for sure be sent again; False when it is no such one."""
    statement = (
        update(MailDeliveryRow)
        .where(MailDeliveryRow.id == delivery)
        .where(MailDeliveryRow.state.in_((str(MailState.REFUSED), str(MailState.UNCERTAIN))))
        .values(state=str(MailState.WAITING), try_at=now, attempts=0, problem="", ended_at=None, lease_until=None)
    )
    return tx.execute(statement.returning(MailDeliveryRow.id)).scalar_one_or_none() is not None


def forget_deliveries(tx: Tx, before: datetime) -> int:
    """Remove digests made before an instant; return how many there were."""
    statement = delete(MailDeliveryRow).where(MailDeliveryRow.made_at < before).returning(MailDeliveryRow.id)
    return len(tx.execute(statement).all())


def _unread_by(actor: Actor) -> Select[Any]:
    """Return what a person has not read in one role, of cases they may see now."""
    return (
        select(NoticeCopyRow)
        .join(NoticeRow, NoticeRow.id == NoticeCopyRow.notice_id)
        .outerjoin(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(
            NoticeCopyRow.person_id == actor.person,
            NoticeCopyRow.role == str(actor.role),
            NoticeCopyRow.read_at.is_(None),
            or_(NoticeRow.case_id.is_(None), and_(CaseRow.id.is_not(None), visible_to(actor))),
        )
    )
