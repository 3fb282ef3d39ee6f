"""What people add to a month beside its counts: exemptions, outside scores, adjustments; each with its evidence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, Tx, UtcDateTime

#: An exemption that waits for its decision, and one that counts.
PROPOSED, GRANTED = "proposed", "granted"


class ExemptionRow(Base):
    """A case that is not to count under a rule set in a period, proposed by one person and decided by another.

    ``appeal_id`` names the appeal that it was decided by; ``slot`` is what it exempts, while it is not refused.
    """

    __tablename__ = "month_exemption"
    __table_args__ = (
        Index("ix_month_exemption_period", "period", "rule_set"),
        Index("uq_month_exemption_slot", "slot", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    rule_set: Mapped[str] = mapped_column(String(80))
    case: Mapped[str] = mapped_column(String(30))
    indicator: Mapped[str | None] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(40))
    evidence: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by: Mapped[int]
    proposed_for: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None]
    decision: Mapped[str] = mapped_column(Text)
    appeal_id: Mapped[int | None]
    slot: Mapped[str | None] = mapped_column(String(300))


class ExternalScoreRow(Base):
    """An outside score; ``slot`` is ``period/rule set/name/subject`` while it stands, None once it was corrected."""

    __tablename__ = "external_score"
    __table_args__ = (
        Index("ix_external_score_period", "period", "rule_set"),
        Index("uq_external_score_slot", "slot", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    rule_set: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(String(20))
    evidence: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by: Mapped[int]
    slot: Mapped[str | None] = mapped_column(String(300))


class AdjustmentRow(Base):
    """Points settled in a period: of an earlier, sealed one, or by a decision that no case can express."""

    __tablename__ = "month_adjustment"
    __table_args__ = (
        Index("ix_month_adjustment_period", "period", "rule_set"),
        Index("uq_month_adjustment_asked_as", "asked_as", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    rule_set: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80))
    points: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    origin_period: Mapped[str] = mapped_column(String(10))
    case: Mapped[str | None] = mapped_column(String(30))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int]
    appeal_id: Mapped[int | None]
    asked_as: Mapped[str | None] = mapped_column(String(160))


# --- exemptions ---------------------------------------------------------------------------------------------------


def add_exemption(tx: Tx, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Insert an exemption; where the same case is exempted from the same already, that one, with False."""
    try:
        with tx.begin_nested():
            statement = insert(ExemptionRow).values(**values).returning(ExemptionRow.id)
            return tx.execute(statement).scalar_one(), True
    except IntegrityError:
        same = select(ExemptionRow.id).where(ExemptionRow.slot == values["slot"])
        return tx.execute(same).scalar_one(), False


def exemption(tx: Tx, identity: int) -> ExemptionRow | None:
    """Return an exemption, or None."""
    return tx.execute(select(ExemptionRow).where(ExemptionRow.id == identity)).scalar_one_or_none()


def exemptions(tx: Tx, period: str, rule_set: str | None = None) -> tuple[ExemptionRow, ...]:
    """Return the exemptions of a period, those proposed and refused included, by identity."""
    statement = select(ExemptionRow).where(ExemptionRow.period == period)
    if rule_set is not None:
        statement = statement.where(ExemptionRow.rule_set == rule_set)
    return tuple(tx.execute(statement.order_by(ExemptionRow.id)).scalars())


def decide_exemption(tx: Tx, identity: int, values: Mapping[str, Any]) -> bool:
    """Write the decision on a proposed exemption; False when somebody else did meanwhile."""
    statement = update(ExemptionRow).where(ExemptionRow.id == identity, ExemptionRow.state == PROPOSED)
    return tx.execute(statement.values(**values).returning(ExemptionRow.id)).scalar_one_or_none() is not None


# --- outside scores -----------------------------------------------------------------------------------------------


def external_scores(tx: Tx, period: str, rule_set: str | None = None) -> tuple[ExternalScoreRow, ...]:
    """Return the outside scores of a period that stand, by name and subject."""
    statement = select(ExternalScoreRow).where(ExternalScoreRow.period == period, ExternalScoreRow.slot.is_not(None))
    if rule_set is not None:
        statement = statement.where(ExternalScoreRow.rule_set == rule_set)
    ordered = statement.order_by(ExternalScoreRow.rule_set, ExternalScoreRow.name, ExternalScoreRow.subject)
    return tuple(tx.execute(ordered).scalars())


def put_external_scores(tx: Tx, rows: Sequence[Mapping[str, Any]], corrected: Sequence[str]) -> None:
    """Let new scores stand in place of those whose slots are corrected, which stay to be read."""
    for slot in corrected:
        tx.execute(update(ExternalScoreRow).where(ExternalScoreRow.slot == slot).values(slot=None))
    if rows:
        tx.execute(insert(ExternalScoreRow), list(rows))


# --- adjustments --------------------------------------------------------------------------------------------------


def add_adjustment(tx: Tx, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Insert an adjustment; of the same key again the first, with False."""
    try:
        with tx.begin_nested():
            statement = insert(AdjustmentRow).values(**values).returning(AdjustmentRow.id)
            return tx.execute(statement).scalar_one(), True
    except IntegrityError:
        same = select(AdjustmentRow.id).where(AdjustmentRow.asked_as == values["asked_as"])
        return tx.execute(same).scalar_one(), False


def adjustment(tx: Tx, identity: int) -> AdjustmentRow | None:
    """Return an adjustment, or None."""
    return tx.execute(select(AdjustmentRow).where(AdjustmentRow.id == identity)).scalar_one_or_none()


def adjustments(tx: Tx, period: str, rule_set: str | None = None) -> tuple[AdjustmentRow, ...]:
    """Return the adjustments settled in a period, by identity."""
    statement = select(AdjustmentRow).where(AdjustmentRow.period == period)
    if rule_set is not None:
        statement = statement.where(AdjustmentRow.rule_set == rule_set)
    return tuple(tx.execute(statement.order_by(AdjustmentRow.id)).scalars())
