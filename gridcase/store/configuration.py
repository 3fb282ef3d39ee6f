"""Dated versions of configuration documents: the truth at run time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, func, insert, select, text
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


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A version of a document without its body; ``applied_by`` 0 is the command line."""

    id: int
    kind: str
    name: str
    digest: str
    applied_at: datetime
    applied_by: int


def versions_of(tx: Tx, kind: str, name: str | None = None, *, limit: int = 200) -> tuple[VersionRecord, ...]:
    """Return the versions of a document, or of all documents of a kind, newest first, without their bodies."""
    columns = (
        ConfigVersionRow.id,
        ConfigVersionRow.kind,
        ConfigVersionRow.name,
        ConfigVersionRow.digest,
        ConfigVersionRow.applied_at,
        ConfigVersionRow.applied_by,
    )
    statement = select(*columns).where(ConfigVersionRow.kind == kind).order_by(ConfigVersionRow.id.desc()).limit(limit)
    if name is not None:
        statement = statement.where(ConfigVersionRow.name == name)
    return tuple(_record(row) for row in tx.execute(statement))


def versions_with_bodies(tx: Tx, kind: str, name: str, *, limit: int) -> tuple[tuple[VersionRecord, Any], ...]:
    """Return the versions of a document with their bodies, newest first."""
    rows = tx.execute(
        select(ConfigVersionRow)
        .where(ConfigVersionRow.kind == kind, ConfigVersionRow.name == name)
        .order_by(ConfigVersionRow.id.desc())
        .limit(limit)
    ).scalars()
    return tuple(
        (_record((row.id, row.kind, row.name, row.digest, row.applied_at, row.applied_by)), row.body) for row in rows
    )


def latest_records(tx: Tx) -> tuple[VersionRecord, ...]:
    """Return the newest version of every document without its body, by kind and name."""
    newest = select(func.max(ConfigVersionRow.id)).group_by(ConfigVersionRow.kind, ConfigVersionRow.name)
    statement = (
        select(
            ConfigVersionRow.id,
            ConfigVersionRow.kind,
            ConfigVersionRow.name,
            ConfigVersionRow.digest,
            ConfigVersionRow.applied_at,
            ConfigVersionRow.applied_by,
        )
        .where(ConfigVersionRow.id.in_(newest))
        .order_by(ConfigVersionRow.kind, ConfigVersionRow.name)
    )
    return tuple(_record(row) for row in tx.execute(statement))


def body_of(tx: Tx, kind: str, name: str, version: int | None = None) -> tuple[int, Any] | None:
    """Return a version of a document and its number, by default the newest; None when there is none."""
    statement = (
        select(ConfigVersionRow.id, ConfigVersionRow.body)
        .where(ConfigVersionRow.kind == kind, ConfigVersionRow.name == name)
        .order_by(ConfigVersionRow.id.desc())
        .limit(1)
    )
    row = tx.execute(statement if version is None else statement.where(ConfigVersionRow.id == version)).one_or_none()
    return None if row is None else (row[0], row[1])


def _record(row: Any) -> VersionRecord:
    identity, kind, name, digest, applied_at, applied_by = row
    return VersionRecord(id=identity, kind=kind, name=name, digest=digest, applied_at=applied_at, applied_by=applied_by)


def keep_configuration_still(tx: Tx) -> None:
    """Let no other transaction add versions until this one ends; SQLite has one writer anyway."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("LOCK TABLE config_version IN SHARE ROW EXCLUSIVE MODE"))


def add_version(tx: Tx, *, kind: str, name: str, digest: str, body: object, now: datetime, applied_by: int = 0) -> None:
    """Append a version of a document; ``applied_by`` 0 is the command line."""
    tx.execute(
        insert(ConfigVersionRow).values(
            kind=kind, name=name, digest=digest, body=body, applied_at=now, applied_by=applied_by
        )
    )
