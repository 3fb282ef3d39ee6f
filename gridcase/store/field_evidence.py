"""What a phone says beside a photo or an act: when, where, by which clock; never shown to units.

Kept apart from the photo and from the case, so that the positions of staff can go when the case needs them no more
(``gridcase.services.cleaning``). What it means is judged elsewhere: here are only the rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, Tx, UtcDateTime, table_of


class PhotoEvidenceRow(Base):
    """What came beside a photo.

    ``captured_at`` is the device's own word, ``taken_at`` the same by our clock. ``exif_distance_m`` and
    ``exif_seconds`` say how far the picture's own metadata disagree: a cross-check, never a proof.
    """

    __tablename__ = "photo_evidence"
    __table_args__ = (
        Index("ix_photo_evidence_original", "original_sha256"),
        Index("ix_photo_evidence_person", "person_id", "taken_at"),
    )

    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    captured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    original_sha256: Mapped[str | None] = mapped_column(String(64))
    lon_e7: Mapped[int | None]
    lat_e7: Mapped[int | None]
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    device: Mapped[str | None] = mapped_column(String(80))
    from_gallery: Mapped[bool]
    exif_taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exif_distance_m: Mapped[float | None] = mapped_column(Float)
    exif_seconds: Mapped[int | None]


_PHOTOS = table_of(PhotoEvidenceRow)
_INSERT = insert(_PHOTOS)


def add_photo_evidence(tx: Tx, row: Mapping[str, Any]) -> None:
    """Note what came beside a photo just added."""
    tx.execute(_INSERT, dict(row))


def photo_evidence(tx: Tx, attachments: Sequence[str]) -> dict[str, PhotoEvidenceRow]:
    """Return what came beside some photos, by attachment; those without any are left out."""
    if not attachments:
        return {}
    rows = tx.execute(select(PhotoEvidenceRow).where(PhotoEvidenceRow.attachment_id.in_(attachments))).scalars()
    return {row.attachment_id: row for row in rows}
