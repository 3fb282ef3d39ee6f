"""What administrators changed: who, when, what. Append-only: updates and deletions are refused by triggers.

Rows hold ids and codes, never names or passwords, so that a person's data can be erased without touching the history.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, insert, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime, table_of
from gridcase.store.people import PersonRow


class AdminChangeRow(Base):
    """One change of people, roster, configuration or layers; actor 0 is the command line."""

    __tablename__ = "admin_change"
    __table_args__ = (Index("ix_admin_change_subject", "subject_kind", "subject", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(120))
    details: Mapped[Any] = mapped_column(PlainJson)


_ADMIN_CHANGE = table_of(AdminChangeRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdminChange:
    """Columns of a change to be noted."""

    at: datetime
    actor: int
    role: str
    what: str
    subject_kind: str
    subject: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminChange:
    """A change as it is listed.

    Parameters
    ----------
    actor_name
        Name of whoever did it; empty for the command line.
    subject_name
        Name of the person it was done to; empty for anything else.
    """

    id: int
    at: datetime
    actor: int
    actor_name: str
    role: str
    what: str
    subject_kind: str
    subject: str
    subject_name: str
    details: dict[str, Any]


#: Subject kind whose ``subject`` is a person's number.
PERSON = "person"


def add_admin_changes(tx: Tx, new: Sequence[NewAdminChange]) -> None:
    """Append changes, in one statement."""
    if new:
        tx.execute(insert(_ADMIN_CHANGE), [asdict(one) for one in new])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesWanted:
    """Which changes to list; None means any.

    Parameters
    ----------
    before
        Number below which to go on.
    """

    subject_kind: str | None = None
    subject: str | None = None
    before: int | None = None
    limit: int = 50


def admin_changes(tx: Tx, wanted: ChangesWanted) -> tuple[AdminChange, ...]:
    """Return changes, newest first; one more than ``limit`` when there are more. Two statements."""
    by = aliased(PersonRow)
    statement = (
        select(AdminChangeRow, by.name)
        .outerjoin(by, by.id == AdminChangeRow.actor)
        .order_by(AdminChangeRow.id.desc())
        .limit(wanted.limit + 1)
    )
    if wanted.subject_kind is not None:
        statement = statement.where(AdminChangeRow.subject_kind == wanted.subject_kind)
    if wanted.subject is not None:
        statement = statement.where(AdminChangeRow.subject == wanted.subject)
    if wanted.before is not None:
        statement = statement.where(AdminChangeRow.id < wanted.before)
    rows = tx.execute(statement).all()
    people = {int(row.subject) for row, _ in rows if row.subject_kind == PERSON and row.subject.isdigit()}
    named = tx.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(people))) if people else ()
    names = {str(identity): name for identity, name in named}
    return tuple(
        AdminChange(
            id=row.id,
            at=row.at,
            actor=row.actor,
            actor_name=actor_name or "",
            role=row.role,
            what=row.what,
            subject_kind=row.subject_kind,
            subject=row.subject,
            subject_name=names.get(row.subject, "") if row.subject_kind == PERSON else "",
            details=row.details,
        )
        for row, actor_name in rows
    )
