"""Notices: what people are told of, and the ledger of timed runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import PersonId
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Base, Tx, UtcDateTime, table_of


class NoticeRow(Base):
    """One thing told, once: of a case that its time has come, what a line of history is news of, a step of a month.

    Parameters
    ----------
    key
        Names it: whoever tells the same again tells nothing.
    seq
        Line of the case's history that it is news of; 0 for what time did.
    role, unit
        Whose matter it is; to whom it went is in ``notice_copy``.
    subject
        What it is about besides a case: a month, an appeal, a run.
    """

    __tablename__ = "notice"
    __table_args__ = (Index("uq_notice_key", "key", unique=True), Index("ix_notice_case", "case_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"))
    seq: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(24))
    stage: Mapped[str] = mapped_column(String(12), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    role: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str | None] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(String(80))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoticeCopyRow(Base):
    """A notice as one person has it, in the role in which it concerns them.

    Parameters
    ----------
    why
        Word of ``gridcase.domain.notices.Why``.
    kind, at
        As the notice has them, for lists.
    mail_id
        Digest that told of it.
    """

    __tablename__ = "notice_copy"
    __table_args__ = (
        Index("ix_notice_copy_person", "person_id", "role", "at", "notice_id"),
        Index("ix_notice_copy_kind", "person_id", "role", "kind", "at", "notice_id"),
        Index(
            "ix_notice_copy_unread",
            "person_id",
            "role",
            "at",
            "notice_id",
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
        Index(
            "ix_notice_copy_to_mail",
            "noted_at",
            "person_id",
            postgresql_where=text("mail_id IS NULL AND read_at IS NULL"),
            sqlite_where=text("mail_id IS NULL AND read_at IS NULL"),
        ),
    )

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    why: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_id: Mapped[int | None]


class JobRunRow(Base):
    """One run of one timed job: who has it, until when, and what came of it.

    ``(job, slot)`` is unique: of two schedulers that begin the same slot, one wins. A run whose lease has passed may be
    taken over.
    """

    __tablename__ = "job_run"
    __table_args__ = (Index("uq_job_run_slot", "job", "slot", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    slot: Mapped[datetime] = mapped_column(UtcDateTime)
    owner: Mapped[str] = mapped_column(String(60))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(10))
    done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCopy:
    """A notice to one person, ready to be written."""

    person: PersonId
    role: Role
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNotice:
    """A notice as its reader has it, with the case's row where it is about a case."""

    notice: NoticeRow
    copy: NoticeCopyRow
    case: CaseRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxAsk:
    """Which page of an inbox, newest first.

    Parameters
    ----------
    kinds
        Only these; empty means any.
    after
        Instant and identity of the last notice seen.
    """

    limit: int
    kinds: tuple[str, ...] = ()
    is_unread: bool = False
    after: tuple[datetime, int] | None = None


def add_notice(tx: Tx, values: Mapping[str, Any]) -> int | None:
    """Insert a notice; return its identity, or None when it was told before."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = make(NoticeRow).values(**values).on_conflict_do_nothing(index_elements=["key"])
    return tx.execute(statement.returning(NoticeRow.id)).scalar_one_or_none()


def add_copies(tx: Tx, notice: int, values: Mapping[str, Any], copies: Sequence[NoticeCopy]) -> None:
    """Give a notice just inserted, with the same values, to people."""
    shared = {"notice_id": notice, **{name: values[name] for name in ("kind", "at", "noted_at")}}
    rows = [{**shared, "person_id": one.person, "role": str(one.role), "why": one.why} for one in copies]
    if rows:
        tx.execute(insert(table_of(NoticeCopyRow)), rows)


def known_keys(tx: Tx, keys: Sequence[str]) -> frozenset[str]:
    """Return those of the keys that were told of."""
    return frozenset(tx.execute(select(NoticeRow.key).where(NoticeRow.key.in_(keys))).scalars())


def notices_for(tx: Tx, actor: Actor, asked: InboxAsk) -> tuple[ToldNotice, ...]:
    """Return what a person was told in this role, of the cases they may see now; one more than asked if there is more.

    A case that moved out of sight since takes its notices along.
    """
    statement = (
        select(NoticeCopyRow, NoticeRow, CaseRow)
        .join(NoticeRow, NoticeRow.id == NoticeCopyRow.notice_id)
        .outerjoin(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(*_of(actor), _in_sight(actor))
        .order_by(NoticeCopyRow.at.desc(), NoticeCopyRow.notice_id.desc())
        .limit(asked.limit + 1)
    )
    if asked.kinds:
        statement = statement.where(NoticeCopyRow.kind.in_(asked.kinds))
    if asked.is_unread:
        statement = statement.where(NoticeCopyRow.read_at.is_(None))
    if asked.after is not None:
        at, identity = asked.after
        is_older = and_(NoticeCopyRow.at == at, NoticeCopyRow.notice_id < identity)
        statement = statement.where(or_(NoticeCopyRow.at < at, is_older))
    return tuple(ToldNotice(copy=row[0], notice=row[1], case=row[2]) for row in tx.execute(statement))


def unread(tx: Tx, actor: Actor, most: int) -> int:
    """Return how many notices wait to be read, counted up to ``most``."""
    waiting = (
        select(NoticeCopyRow.notice_id)
        .join(NoticeRow, NoticeRow.id == NoticeCopyRow.notice_id)
        .outerjoin(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(*_of(actor), NoticeCopyRow.read_at.is_(None), _in_sight(actor))
        .limit(most)
    )
    return tx.execute(select(func.count()).select_from(waiting.subquery())).scalar_one()


def mark_read(tx: Tx, actor: Actor, now: datetime, *, only: int | None = None, up_to: int | None = None) -> int:
    """Note that a person has read one notice, or all up to one in the order they were told; return how many."""
    statement = update(NoticeCopyRow).where(*_of(actor), NoticeCopyRow.read_at.is_(None)).values(read_at=now)
    if only is not None:
        statement = statement.where(NoticeCopyRow.notice_id == only)
    if up_to is not None:
        statement = statement.where(NoticeCopyRow.notice_id <= up_to)
    return len(tx.execute(statement.returning(NoticeCopyRow.notice_id)).all())


def forget_notices(tx: Tx, before: datetime, limit: int) -> int:
    """Remove the oldest notices told before an instant, at most so many; return how many there were."""
    old = tuple(tx.execute(select(NoticeRow.id).where(NoticeRow.noted_at < before).limit(limit)).scalars())
    if old:
        tx.execute(delete(NoticeCopyRow).where(NoticeCopyRow.notice_id.in_(old)))
        tx.execute(delete(NoticeRow).where(NoticeRow.id.in_(old)))
    return len(old)


def _of(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return NoticeCopyRow.person_id == actor.person, NoticeCopyRow.role == str(actor.role)


def _in_sight(actor: Actor) -> ColumnElement[bool]:
    return or_(NoticeRow.case_id.is_(None), and_(CaseRow.id.is_not(None), visible_to(actor)))


def begin_run(tx: Tx, *, job: str, slot: datetime, owner: str, now: datetime, lease_until: datetime) -> int | None:
    """Take a slot of a job; None when somebody else has it or did it. An expired lease is taken over."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    values = {"job": job, "slot": slot, "owner": owner, "started_at": now, "lease_until": lease_until}
    statement = make(JobRunRow).values(**values).on_conflict_do_nothing(index_elements=["job", "slot"])
    taken = tx.execute(statement.returning(JobRunRow.id)).scalar_one_or_none()
    if taken is not None:
        return taken
    return tx.execute(
        update(JobRunRow)
        .where(JobRunRow.job == job, JobRunRow.slot == slot)
        .where(JobRunRow.finished_at.is_(None), JobRunRow.lease_until < now)
        .values(owner=owner, lease_until=lease_until, attempts=JobRunRow.attempts + 1)
        .returning(JobRunRow.id)
    ).scalar_one_or_none()


def keep_lease(tx: Tx, run: int, owner: str, lease_until: datetime) -> bool:
    """Prolong a lease; False when it was taken over."""
    statement = (
        update(JobRunRow)
        .where(JobRunRow.id == run, JobRunRow.owner == owner, JobRunRow.finished_at.is_(None))
        .values(lease_until=lease_until)
        .returning(JobRunRow.id)
    )
    return tx.execute(statement).scalar_one_or_none() is not None


def end_run(tx: Tx, run: int, *, owner: str, now: datetime, done: int, error: str | None) -> None:
    """Note what came of a run, if it is still ours."""
    tx.execute(
        update(JobRunRow)
        .where(JobRunRow.id == run, JobRunRow.owner == owner)
        .values(finished_at=now, outcome="failed" if error else "done", done=done, error=error)
    )


def unfinished_runs(tx: Tx, now: datetime) -> tuple[JobRunRow, ...]:
    """Return runs whose lease has passed without an end: left by a process that died."""
    statement = select(JobRunRow).where(JobRunRow.finished_at.is_(None), JobRunRow.lease_until < now)
    return tuple(tx.execute(statement.order_by(JobRunRow.id)).scalars())


def recent_runs(tx: Tx, limit: int) -> tuple[JobRunRow, ...]:
    """Return the newest runs."""
    return tuple(tx.execute(select(JobRunRow).order_by(JobRunRow.id.desc()).limit(limit)).scalars())


def forget_runs(tx: Tx, before: datetime, limit: int) -> int:
    """Remove the oldest runs that ended before an instant, at most so many; return how many there were."""
    old = select(JobRunRow.id).where(JobRunRow.finished_at < before).order_by(JobRunRow.id).limit(limit)
    statement = delete(JobRunRow).where(JobRunRow.id.in_(old)).returning(JobRunRow.id)
    return len(tx.execute(statement).all())
