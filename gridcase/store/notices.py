"""Notices: what people are told of, and the ledger of timed runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.actor import Actor, ScopeKind
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Base, Tx, UtcDateTime


class NoticeRow(Base):
    """One thing told of one case, once: a warning, a breach, a case that nobody is responsible for."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("uq_notice", "case_id", "kind", "stage", "at", unique=True),
        Index("ix_notice_role", "role", "id"),
        Index("ix_notice_unit", "unit", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"))
    kind: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(12), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    role: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str | None] = mapped_column(String(40))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
class ToldNotice:
    """A notice with the case's row, as a list shows it."""

    notice: NoticeRow
    case: CaseRow


def add_notices(tx: Tx, rows: list[dict[str, Any]]) -> int:
    """Insert notices that are new; returns how many were."""
    if not rows:
        return 0
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = make(NoticeRow).values(rows)
    unique = ["case_id", "kind", "stage", "at"]
    statement = statement.on_conflict_do_nothing(index_elements=unique)
    return len(tx.execute(statement.returning(NoticeRow.id)).all())


def notices_for(tx: Tx, actor: Actor, *, after: int | None, limit: int) -> tuple[ToldNotice, ...]:
    """Return what an actor is told of the cases they may see, newest first; one more than asked when there is more."""
    mine = NoticeRow.role == str(actor.role)
    if actor.scope.kind is ScopeKind.UNIT:
        mine = or_(mine, NoticeRow.unit == actor.scope.value)
    statement = (
        select(NoticeRow, CaseRow)
        .join(CaseRow, CaseRow.id == NoticeRow.case_id)
        .where(mine, visible_to(actor))
        .order_by(NoticeRow.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(NoticeRow.id < after)
    return tuple(ToldNotice(notice=row[0], case=row[1]) for row in tx.execute(statement))


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
