"""Photos and files that came with cases: rows only, the bytes lie in the blob store."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.case import AttachmentId, PersonId
from gridcase.store.database import Base, Tx, UtcDateTime


class AttachmentRow(Base):
    """One upload; equal bytes share one blob by their SHA-256."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("uq_attachment_client_ref", "uploader_id", "client_ref", unique=True),
        Index("ix_attachment_unused", "case_id", "created_at"),
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
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"))
    event_seq: Mapped[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPhoto:
    """A photo just tied to a case."""

    id: AttachmentId
    sha256: str


def add_attachment(tx: Tx, row: dict[str, object]) -> None:
    """Insert an upload."""
    tx.execute(insert(AttachmentRow).values(**row))


def attachment(tx: Tx, identity: str) -> AttachmentRow | None:
    """Return an upload, or None."""
    return tx.execute(select(AttachmentRow).where(AttachmentRow.id == identity)).scalar_one_or_none()


def attachment_by_key(tx: Tx, uploader: PersonId, client_ref: str) -> AttachmentRow | None:
    """Return what this person uploaded under this key, or None."""
    statement = select(AttachmentRow).where(
        AttachmentRow.uploader_id == uploader, AttachmentRow.client_ref == client_ref
    )
    return tx.execute(statement).scalar_one_or_none()


def attachments_of(tx: Tx, case_id: int) -> tuple[AttachmentRow, ...]:
    """Return the photos of a case in the order they were tied to it."""
    rows = tx.execute(
        select(AttachmentRow)
        .where(AttachmentRow.case_id == case_id)
        .order_by(AttachmentRow.event_seq, AttachmentRow.created_at, AttachmentRow.id)
    ).scalars()
    return tuple(rows)


def link_attachments(
    tx: Tx, ids: tuple[AttachmentId, ...], *, uploader: PersonId, case_id: int, event_seq: int
) -> tuple[LinkedPhoto, ...]:
    """Tie unused uploads of this person to a case; returns only those that could be tied."""
    rows = tx.execute(
        update(AttachmentRow)
        .where(AttachmentRow.id.in_(ids), AttachmentRow.uploader_id == uploader)
        .where(AttachmentRow.case_id.is_(None))
        .values(case_id=case_id, event_seq=event_seq)
        .returning(AttachmentRow.id, AttachmentRow.sha256)
    ).all()
    return tuple(LinkedPhoto(id=AttachmentId(row[0]), sha256=row[1]) for row in rows)
