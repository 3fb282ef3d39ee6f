"""The superior centre's findings of a month, as its lists gave them; a corrected one takes the place of the earlier."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.cases import CaseReferenceRow, CaseRow
from gridcase.store.database import Base, Tx, UtcDateTime

#: Numbers asked for in one statement; SQLite takes 32,766 parameters, older ones 999.
_ASKED = 900


class FindingRow(Base):
    """One finding.

    Parameters
    ----------
    system
        Whose numbers ``their_number`` is one of, as in ``case_reference``.
    key
        What makes it one finding: number, kind and indicator. Unique while it is ``current``, by ``slot``.
    digest
        Of the row as it came: the same row again is the same finding.
    rule_set
        Rule set whose item its points are taken from; empty when it costs none.
    points
        Exact decimal as text.
    slot
        ``period/system/key`` while it stands; None once a correction took its place.
    """

    __tablename__ = "centre_finding"
    __table_args__ = (
        Index("uq_centre_finding_slot", "slot", unique=True),
        Index("ix_centre_finding_period", "period", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    system: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    slot: Mapped[str | None] = mapped_column(String(260))
    their_number: Mapped[str] = mapped_column(String(80))
    our_number: Mapped[str | None] = mapped_column(String(30))
    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str | None] = mapped_column(String(40))
    outcome: Mapped[str | None] = mapped_column(String(12))
    reworks: Mapped[int | None]
    rule_set: Mapped[str] = mapped_column(String(80))
    indicator: Mapped[str | None] = mapped_column(String(64))
    points: Mapped[str | None] = mapped_column(String(20))
    found_on: Mapped[date | None]
    evidence: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[int]


def findings(tx: Tx, period: str) -> tuple[FindingRow, ...]:
    """Return the findings of a period that stand, in the order in which they came."""
    statement = select(FindingRow).where(FindingRow.period == period, FindingRow.slot.is_not(None))
    return tuple(tx.execute(statement.order_by(FindingRow.id)).scalars())


def count_findings(tx: Tx, period: str) -> int:
    """Return how many findings of a period stand."""
    counted = select(func.count()).where(FindingRow.period == period, FindingRow.slot.is_not(None))
    return tx.execute(counted).scalar_one()


def add_findings(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert findings."""
    if rows:
        tx.execute(insert(FindingRow), list(rows))


def replace_findings(tx: Tx, slots: Sequence[str]) -> None:
    """Let findings stand no longer; they stay to be read."""
    for start in range(0, len(slots), _ASKED):
        some = slots[start : start + _ASKED]
        tx.execute(update(FindingRow).where(FindingRow.slot.in_(some)).values(slot=None))


def our_numbers(tx: Tx, system: str, numbers: Sequence[str]) -> dict[str, str]:
    """Return our number for each of another system's that stands on a case of ours."""
    found: dict[str, str] = {}
    for start in range(0, len(numbers), _ASKED):
        some = numbers[start : start + _ASKED]
        statement = (
            select(CaseReferenceRow.number, CaseRow)
            .join(CaseRow, CaseRow.id == CaseReferenceRow.case_id)
            .where(CaseReferenceRow.system == system, CaseReferenceRow.number.in_(some))
        )
        found |= {number: row.number for number, row in tx.execute(statement)}
    return found


def numbers_of_system(tx: Tx, system: str, cases: Sequence[int]) -> frozenset[int]:
    """Return which of these cases bear a number of another system."""
    found: set[int] = set()
    for start in range(0, len(cases), _ASKED):
        some = cases[start : start + _ASKED]
        statement = select(CaseReferenceRow.case_id).where(
            CaseReferenceRow.system == system, CaseReferenceRow.case_id.in_(some)
        )
        found |= set(tx.execute(statement).scalars())
    return frozenset(found)
