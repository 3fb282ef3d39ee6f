"""Recurrences 反弹: a new case linked to an earlier one like it, to be reviewed; and the roots that seal the history."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, UtcDateTime


class RecurrenceRow(Base):
    """A case that repeats a closed one. ``state``: found, confirmed or rejected."""

    __tablename__ = "recurrence"
    __table_args__ = (Index("ix_recurrence_state", "state", "case_id"),)

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

    id: Mapped[int] = mapped_column(primary_key=True)
    after_txn: Mapped[int] = mapped_column(BigInteger)
    after_id: Mapped[int]
    up_to_txn: Mapped[int] = mapped_column(BigInteger)
    up_to_id: Mapped[int]
    lines: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
