"""Assessment runs and the frozen package each one made."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime


class AssessmentRunRow(Base):
    """One run of one rule set over one period.

    ``digest`` is the SHA-256 of the package, whose bytes lie in the blob store; ``is_draft`` marks a run before the
    cut-off.
    """

    __tablename__ = "assessment_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10), index=True)
    rule_set: Mapped[str] = mapped_column(String(80))
    cut_off: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(64))
    is_draft: Mapped[bool]
    scores: Mapped[Any] = mapped_column(PlainJson)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int]


def add_run(tx: Tx, row: dict[str, Any]) -> int:
    """Insert a run and return its identity."""
    return tx.execute(insert(AssessmentRunRow).values(**row).returning(AssessmentRunRow.id)).scalar_one()


def run(tx: Tx, identity: int) -> AssessmentRunRow | None:
    """Return a run, or None."""
    return tx.execute(select(AssessmentRunRow).where(AssessmentRunRow.id == identity)).scalar_one_or_none()


def newest_run(tx: Tx, period: str | None = None) -> AssessmentRunRow | None:
    """Return the newest run, of a period or of all."""
    statement = select(AssessmentRunRow).order_by(AssessmentRunRow.id.desc()).limit(1)
    if period is not None:
        statement = statement.where(AssessmentRunRow.period == period)
    return tx.execute(statement).scalar_one_or_none()


def run_by_digest(tx: Tx, digest: str) -> AssessmentRunRow | None:
    """Return the run that made exactly this package, or None."""
    statement = select(AssessmentRunRow).where(AssessmentRunRow.digest == digest).limit(1)
    return tx.execute(statement).scalar_one_or_none()
