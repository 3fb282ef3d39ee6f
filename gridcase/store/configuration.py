"""Dated versions of configuration documents: the truth at run time."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.selectable import ScalarSelect

from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime


class ConfigVersionRow(Base):
    """One version of one document; the newest of each ``(kind, name)`` is in force.

    A version of kind ``grid`` marks a changed layer, so that workers reload their index.
    """

    __tablename__ = "config_version"
    __table_args__ = (Index("ix_config_version_document", "kind", "name", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[Any] = mapped_column(PlainJson)
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_by: Mapped[int] = mapped_column(default=0)


def latest_version() -> ScalarSelect[int]:
    """Return the newest version's number as a part of another statement."""
    return select(func.max(ConfigVersionRow.id)).scalar_subquery()


def newest_version(tx: Tx) -> int:
    """Return the newest version's number; 0 when nothing was ever applied."""
    return tx.execute(select(func.max(ConfigVersionRow.id))).scalar_one() or 0


def documents_in_force(tx: Tx) -> tuple[ConfigVersionRow, ...]:
    """Return the newest version of every document, by kind and name."""
    newest = select(func.max(ConfigVersionRow.id)).group_by(ConfigVersionRow.kind, ConfigVersionRow.name)
    rows = tx.execute(
        select(ConfigVersionRow)
        .where(ConfigVersionRow.id.in_(newest))
        .order_by(ConfigVersionRow.kind, ConfigVersionRow.name)
    ).scalars()
    return tuple(rows)


def bodies_of_kind(tx: Tx, kind: str) -> tuple[Any, ...]:
    """Return every version ever applied of the documents of a kind, newest first."""
    statement = select(ConfigVersionRow.body).where(ConfigVersionRow.kind == kind).order_by(ConfigVersionRow.id.desc())
    return tuple(tx.execute(statement).scalars())


def add_version(tx: Tx, *, kind: str, name: str, digest: str, body: object, now: datetime) -> None:
    """Append a version of a document."""
    tx.execute(insert(ConfigVersionRow).values(kind=kind, name=name, digest=digest, body=body, applied_at=now))
