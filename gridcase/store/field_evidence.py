"""What a phone says beside a photo or an act: when, where, by which clock; never shown to units.

Kept apart from the photo and from the case, so that the positions of staff can go when the case needs them no more
(``gridcase.services.cleaning``). What it means is judged elsewhere: here are only the rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, insert, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from gridcase.domain.case import AttachmentId, PersonId
from gridcase.domain.place import GeoPoint
from gridcase.store.attachments import AttachmentRow
from gridcase.store.database import Base, Tx, UtcDateTime, table_of
from gridcase.workflow.trust import SeenPhoto


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


def seen_photos(tx: Tx, person: PersonId, attachments: Sequence[AttachmentId]) -> dict[AttachmentId, SeenPhoto]:
    """Return what a phone said beside some photos of a person, and whether a case has the same picture already.

    In one statement; the same are equal bytes, and bytes made smaller from an equal original.
    """
    if not attachments:
        return {}
    mine, own = AttachmentRow, PhotoEvidenceRow
    other, beside = aliased(AttachmentRow), aliased(PhotoEvidenceRow)
    used = select(other.id).where(other.id != mine.id, other.case_uid.is_not(None))
    same = or_(
        used.where(other.sha256 == mine.sha256).exists(),
        used.where(other.sha256 == own.original_sha256).exists(),
        used.join(beside, beside.attachment_id == other.id)
        .where(beside.original_sha256 == own.original_sha256)
        .exists(),
    )
    statement = (
        select(mine.id, own.taken_at, own.clock_offset_ms, own.lon_e7, own.lat_e7, own.accuracy_m, same)
        .join(own, own.attachment_id == mine.id)
        .where(mine.id.in_(attachments), mine.uploader_id == person)
    )
    return {
        AttachmentId(identity): SeenPhoto(
            id=AttachmentId(identity),
            taken_at=taken_at,
            clock_offset_ms=offset,
            point=None if lon is None or lat is None else GeoPoint(lon_e7=lon, lat_e7=lat),
            accuracy_m=accuracy,
            is_known=is_known,
        )
        for identity, taken_at, offset, lon, lat, accuracy, is_known in tx.execute(statement)
    }
