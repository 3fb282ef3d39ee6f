"""Appeals 申诉 against lines of a month's score: what was contested, by whom, and how it was decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime

#: An appeal that waits for its decision.
OPEN = "open"


class AppealRow(Base):
    """One appeal.

    Parameters
    ----------
    line
        Key of the line within its subject, the same in every run of the rule set.
    case
        The case it is about; None contests the line as a whole.
    attachments
        Ids of uploads that prove it.
    slot
        ``period/rule set/subject/line/case`` while it is open: one at a time.
    asked_as
        Key of the request, by which it is filed once.
    points
        What the decision gave, exact decimal as text; None where it exempts a case or gives nothing.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        Index("ix_appeal_period", "period", "id"),
        Index("ix_appeal_subject", "subject", "id"),
        Index("uq_appeal_slot", "slot", unique=True),
        Index("uq_appeal_asked_as", "asked_as", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    rule_set: Mapped[str] = mapped_column(String(80))
    run_id: Mapped[int] = mapped_column(ForeignKey("assessment_run.id"))
    subject: Mapped[str] = mapped_column(String(80))
    line: Mapped[str] = mapped_column(String(200))
    clause: Mapped[str] = mapped_column(String(80))
    indicator: Mapped[str] = mapped_column(String(64))
    case: Mapped[str | None] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    attachments: Mapped[Any] = mapped_column(PlainJson)
    state: Mapped[str] = mapped_column(String(10))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_by: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    is_late: Mapped[bool]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None]
    decision: Mapped[str] = mapped_column(Text)
    points: Mapped[str | None] = mapped_column(String(20))
    slot: Mapped[str | None] = mapped_column(String(340))
    asked_as: Mapped[str | None] = mapped_column(String(160))


#: Marks uploads that belong to an appeal where those of a case bear its uid.
_HOLDER = "appeal/"


def holder(identity: int) -> str:
    """Return what uploads of an appeal are tied to."""
    return f"{_HOLDER}{identity}"


def changed_since(tx: Tx, since: datetime) -> tuple[AppealRow, ...]:
    """Return the appeals filed or decided since an instant, oldest first."""
    changed = or_(AppealRow.filed_at >= since, AppealRow.decided_at >= since)
    return tuple(tx.execute(select(AppealRow).where(changed).order_by(AppealRow.id)).scalars())


def held_by(case_uid: str) -> int | None:
    """Return the appeal that uploads tied to this belong to; None for those of a case."""
    return int(case_uid.removeprefix(_HOLDER)) if case_uid.startswith(_HOLDER) else None


class AppealTakenError(Exception):
    """The same line is contested already; ``identity`` is that appeal."""

    def __init__(self, identity: int) -> None:
        super().__init__(identity)
        self.identity = identity


def add_appeal(tx: Tx, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Insert an appeal; of the same key again the first, with False.

    Raises
    ------
    AppealTakenError
        The line is contested by an appeal that is still open.
    """
    try:
        with tx.begin_nested():
            statement = insert(AppealRow).values(**values).returning(AppealRow.id)
            return tx.execute(statement).scalar_one(), True
    except IntegrityError:
        if values["asked_as"]:
            same = select(AppealRow.id).where(AppealRow.asked_as == values["asked_as"])
            if (known := tx.execute(same).scalar_one_or_none()) is not None:
                return known, False
        standing = select(AppealRow.id).where(AppealRow.slot == values["slot"])
        raise AppealTakenError(tx.execute(standing).scalar_one()) from None


def appeal(tx: Tx, identity: int) -> AppealRow | None:
    """Return an appeal, or None."""
    return tx.execute(select(AppealRow).where(AppealRow.id == identity)).scalar_one_or_none()


def appeals(
    tx: Tx, *, period: str | None = None, subject: str | None = None, after: int = 0, limit: int
) -> tuple[AppealRow, ...]:
    """Return appeals by identity, one more than asked when there are more."""
    statement = select(AppealRow).where(AppealRow.id > after)
    if period is not None:
        statement = statement.where(AppealRow.period == period)
    if subject is not None:
        statement = statement.where(AppealRow.subject == subject)
    return tuple(tx.execute(statement.order_by(AppealRow.id).limit(limit + 1)).scalars())


def open_appeals(tx: Tx, period: str) -> int:
    """Return how many appeals against a period wait for their decision."""
    statement = select(func.count()).select_from(AppealRow)
    return tx.execute(statement.where(AppealRow.period == period, AppealRow.state == OPEN)).scalar_one()


def close_appeal(tx: Tx, identity: int, values: Mapping[str, Any]) -> bool:
    """Write what became of an open appeal; False when somebody else did meanwhile."""
    statement = update(AppealRow).where(AppealRow.id == identity, AppealRow.state == OPEN)
    done = tx.execute(statement.values(**values, slot=None).returning(AppealRow.id))
    return done.scalar_one_or_none() is not None
