"""Photos and files that came with cases: rows only, the bytes lie in the blob store."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Table, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.case import AttachmentId, PersonId
from gridcase.store.cases import Photo
from gridcase.store.database import Base, Tx, UtcDateTime, table_of


class AttachmentRow(Base):
    """One upload; equal bytes share one blob by their SHA-256."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("uq_attachment_client_ref", "uploader_id", "client_ref", unique=True),
        Index("ix_attachment_case", "case_uid", "created_at"),
        Index("ix_attachment_sha256", "sha256"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    uploader_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    client_ref: Mapped[str | None] = mapped_column(String(36))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(40))
    usage: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    case_uid: Mapped[str | None] = mapped_column(String(36))
    event_seq: Mapped[int | None]


_ATTACHMENTS = table_of(AttachmentRow)
_LINK = (
    update(_ATTACHMENTS)
    .where(_ATTACHMENTS.c.id.in_(bindparam("ids", expanding=True)))
    .where(_ATTACHMENTS.c.uploader_id == bindparam("uploader"), _ATTACHMENTS.c.case_uid.is_(None))
    .returning(_ATTACHMENTS.c.id, _ATTACHMENTS.c.sha256, _ATTACHMENTS.c.usage, _ATTACHMENTS.c.content_type)
)


def _insert(make: Callable[[Table], Any]) -> Any:
    statement = make(_ATTACHMENTS).on_conflict_do_nothing(index_elements=["uploader_id", "client_ref"])
    return statement.returning(_ATTACHMENTS.c.id)


_INSERT = {"postgresql": _insert(postgresql_insert), "sqlite": _insert(sqlite_insert)}
_BY_KEY = select(AttachmentRow).where(
    AttachmentRow.uploader_id == bindparam("uploader"), AttachmentRow.client_ref == bindparam("client_ref")
)


def add_attachment(tx: Tx, row: dict[str, Any]) -> AttachmentRow | None:
    """Insert an upload and return it; None when this person used its key before."""
    is_new = tx.execute(_INSERT[tx.get_bind().dialect.name], row).scalar_one_or_none() is not None
    return AttachmentRow(**row) if is_new else None


def attachment(tx: Tx, identity: str) -> AttachmentRow | None:
    """Return an upload, or None."""
    return tx.execute(select(AttachmentRow).where(AttachmentRow.id == identity)).scalar_one_or_none()


def attachment_by_key(tx: Tx, uploader: PersonId, client_ref: str) -> AttachmentRow | None:
    """Return what this person uploaded under this key, or None."""
    return tx.execute(_BY_KEY, {"uploader": uploader, "client_ref": client_ref}).scalar_one_or_none()


def link_attachments(
    tx: Tx, ids: tuple[AttachmentId, ...], *, uploader: PersonId, case_uid: str, event_seq: int
) -> tuple[Photo, ...]:
    """Tie unused uploads of this person to a case; returns only those that could be tied."""
    values = {"case_uid": case_uid, "event_seq": event_seq}
    rows = tx.execute(_LINK, {"ids": ids, "uploader": uploader, **values}).all()
    found = {
        row[0]: Photo(id=AttachmentId(row[0]), sha256=row[1], usage=row[2], content_type=row[3], event_seq=event_seq)
        for row in rows
    }
    return tuple(found[identity] for identity in ids if identity in found)


def drop_unused(tx: Tx, *, before: datetime, limit: int) -> tuple[str, ...]:
    """Remove uploads older than an instant that belong to no case; return the SHA-256 of each."""
    old = (
        select(AttachmentRow.id)
        .where(AttachmentRow.case_uid.is_(None), AttachmentRow.created_at < before)
        .order_by(AttachmentRow.created_at)
        .limit(limit)
    )
    # Asked once more: between the two, the upload may have been used.
    statement = delete(AttachmentRow).where(AttachmentRow.id.in_(old), AttachmentRow.case_uid.is_(None))
    return tuple(tx.execute(statement.returning(AttachmentRow.sha256)).scalars())


def is_named(tx: Tx, sha256: str) -> bool:
    """Tell whether an upload has these bytes."""
    statement = select(AttachmentRow.id).where(AttachmentRow.sha256 == sha256).limit(1)
    return tx.execute(statement).scalar_one_or_none() is not None
