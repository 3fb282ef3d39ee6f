"""The delivery ledger of a month's packages: sent, received, rejected by row, re-issued; rows are only ever added."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime


class DeliveryRow(Base):
    """One entry.

    Parameters
    ----------
    digest
        SHA-256 of the package it speaks of.
    rows
        Of a rejection: pairs of row and reason, as the recipient gave them.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_run", "run_id", "id"),
        Index("uq_delivery_asked_as", "asked_as", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("assessment_run.id"))
    digest: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    rows: Mapped[Any] = mapped_column(PlainJson)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_by: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    asked_as: Mapped[str | None] = mapped_column(String(160))


def add_delivery(tx: Tx, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Insert an entry; of the same key again the first, with False."""
    try:
        with tx.begin_nested():
            statement = insert(DeliveryRow).values(**values).returning(DeliveryRow.id)
            return tx.execute(statement).scalar_one(), True
    except IntegrityError:
        same = select(DeliveryRow.id).where(DeliveryRow.asked_as == values["asked_as"])
        return tx.execute(same).scalar_one(), False


def deliveries(tx: Tx, run_id: int) -> tuple[DeliveryRow, ...]:
    """Return the entries of a run, in the order in which they were noted."""
    statement = select(DeliveryRow).where(DeliveryRow.run_id == run_id).order_by(DeliveryRow.id)
    return tuple(tx.execute(statement).scalars())
