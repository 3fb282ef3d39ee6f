"""Taking photos in with what a phone says beside them, and giving them out again to those who may see the case."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridcase.domain.actor import UNIT_ROLES, Actor, Role
from gridcase.domain.case import AttachmentUsage
from gridcase.domain.errors import (
    InvalidInputError,
    KeyReusedError,
    NotFoundError,
    PreconditionMissingError,
    Problem,
)
from gridcase.domain.place import distance_m
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import ASSESSING, OFFICE
from gridcase.services.steps.pictures import RENDERED_TYPE, PhotoSize, Picture, look, render
from gridcase.services.steps.placing import ReceivedPlace, position_of
from gridcase.store import appeals
from gridcase.store import attachments as store
from gridcase.store.attachments import AttachmentRow
from gridcase.store.campaigns import is_visit
from gridcase.store.cases import is_visible
from gridcase.store.database import Tx
from gridcase.store.field_evidence import add_photo_evidence

__all__ = ["Evidence", "PhotoSize", "TooLargeError", "Upload", "Uploaded", "read_attachment", "upload"]

#: Who sees a photo as it was received, with the metadata in it; everybody else sees it made anew.
_SEE_ORIGINALS = frozenset({Role.ASSESSOR, Role.SHIFT_LEADER, Role.LEADER, Role.ADMIN})
#: A phone that is farther off says nothing that could be corrected (a year or so).
_MOST_OFFSET = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a phone says beside a photo.

    Parameters
    ----------
    captured_at
        When, by the phone's own clock.
    clock_offset_ms
        Milliseconds to add to the phone's clock to get ours; None when it does not know.
    original_sha256
        Of the picture before the phone made it smaller.
    location
        Where the phone was at that moment.
    """

    captured_at: datetime | None = None
    clock_offset_ms: int | None = None
    original_sha256: str | None = None
    location: ReceivedPlace | None = None
    device: str | None = None
    from_gallery: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A photo as received.

    Parameters
    ----------
    client_ref
        The caller's key; the same key and bytes again give the same attachment.
    evidence
        What a phone says beside it; such an upload needs a key.
    """

    data: bytes
    usage: AttachmentUsage
    client_ref: str | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What became of an upload."""

    row: AttachmentRow
    is_replay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A photo as a person may see it."""

    data: bytes
    content_type: str


class TooLargeError(InvalidInputError):
    """The file is larger than this instance takes."""


def upload(rt: Runtime, actor: Actor, new: Upload) -> Uploaded:
    """Keep a photo, to be named by a filing or an action of the same person.

    Sent again under its key with the same bytes, the first upload is answered and what is said beside it now is not
    looked at: a phone that tries again may meanwhile know its clock better.

    Raises
    ------
    InvalidInputError
        On ``file``: ``file_empty``, ``not_a_photo``, ``photo_broken``, ``too_many_pixels``; too large a file is
        ``TooLargeError``. On ``location``: see ``position_of``.
    KeyReusedError
        The key came before with other bytes.
    PreconditionMissingError
        A phone sends no key.
    """
    if new.evidence is not None and new.client_ref is None:
        raise PreconditionMissingError("idempotency_key_missing")
    earlier = _earlier(rt, actor, new)
    if earlier is not None:
        return Uploaded(row=earlier, is_replay=True)
    picture = _look(rt, new.data)
    row = {
        "id": str(uuid.uuid4()),
        "uploader_id": actor.person,
        "client_ref": new.client_ref,
        "sha256": hashlib.sha256(new.data).hexdigest(),
        "size": len(new.data),
        "content_type": picture.content_type,
        "usage": str(new.usage),
        "width": picture.width,
        "height": picture.height,
        "created_at": rt.clock.now(),
    }
    beside = None if new.evidence is None else _beside(row, new.evidence, picture)
    rt.blobs.put(new.data)
    with rt.database.writing() as tx:
        kept = store.add_attachment(tx, row)
        if kept is not None and beside is not None:
            add_photo_evidence(tx, beside)
    row_kept = kept or _earlier(rt, actor, new)  # another request under the same key was quicker
    assert row_kept is not None  # noqa: S101 - only a key used before keeps a row from being inserted
    return Uploaded(row=row_kept, is_replay=kept is None)


def _beside(row: dict[str, Any], told: Evidence, picture: Picture) -> dict[str, Any]:
    """Return the row of what a phone said, with how far the picture's own metadata disagree."""
    position = None if told.location is None else position_of(told.location)
    taken_at = _by_our_clock(told)
    point = position.point if position else None
    apart = distance_m(point, picture.point) if point and picture.point else None
    seconds = (picture.taken_at - taken_at).total_seconds() if taken_at and picture.taken_at else None
    return {
        "attachment_id": row["id"],
        "person_id": row["uploader_id"],
        "received_at": row["created_at"],
        "captured_at": told.captured_at,
        "clock_offset_ms": told.clock_offset_ms,
        "taken_at": taken_at,
        "original_sha256": told.original_sha256,
        "lon_e7": point.lon_e7 if point else None,
        "lat_e7": point.lat_e7 if point else None,
        "accuracy_m": position.accuracy_m if position else None,
        "device": told.device,
        "from_gallery": told.from_gallery,
        "exif_taken_at": picture.taken_at,
        "exif_distance_m": None if apart is None else round(apart, 1),
        "exif_seconds": None if seconds is None else _kept_small(seconds),
    }


def _by_our_clock(told: Evidence) -> datetime | None:
    if told.captured_at is None:
        return None
    offset = timedelta(milliseconds=told.clock_offset_ms or 0)
    return told.captured_at + offset if abs(offset) <= _MOST_OFFSET else None


def _kept_small(seconds: float) -> int:
    """Keep a difference within an integer column; metadata may name any century."""
    return max(-_MOST_SECONDS, min(_MOST_SECONDS, round(seconds)))


_MOST_SECONDS = 2**31 - 1


def _earlier(rt: Runtime, actor: Actor, new: Upload) -> AttachmentRow | None:
    """Return what this person uploaded under this key; looked up first, so that a refused upload leaves no bytes."""
    if new.client_ref is None:
        return None
    with rt.database.reading() as tx:
        earlier = store.attachment_by_key(tx, actor.person, new.client_ref)
    if earlier is not None and earlier.sha256 != hashlib.sha256(new.data).hexdigest():
        raise KeyReusedError("idempotency_mismatch")
    return earlier


def read_attachment(rt: Runtime, actor: Actor, identity: str, size: PhotoSize | None = None) -> Shown:
    """Return a photo of a visible case or appeal, or an unused one of the actor's own.

    As it was received, for those who may see that and ask for no size; for everybody else made anew, small and without
    the metadata in it, which may say where and with what it was taken.

    Raises
    ------
    NotFoundError
        There is none, or the actor may not see it.
    """
    with rt.database.reading() as tx:
        row = store.attachment(tx, identity) if _is_identity(identity) else None
        if row is not None:
            mine = row.case_uid is None and row.uploader_id == actor.person
            row = row if mine or (row.case_uid and _is_open_to(tx, row.case_uid, actor)) else None
    if row is not None and size is None and actor.role in _SEE_ORIGINALS:
        shown = Shown(data=data, content_type=row.content_type) if (data := rt.blobs.get(row.sha256)) else None
    else:
        shown = None if row is None else _rendered(rt, row, size or PhotoSize.SHOWN)
    if shown is None:
        raise NotFoundError("attachment_not_found", params={"id": identity})
    return shown


def _rendered(rt: Runtime, row: AttachmentRow, size: PhotoSize) -> Shown | None:
    """Return a rendering of a photo, made when it is first asked for; None when its bytes are gone."""
    made = rt.blobs.get_made(row.sha256, size)
    if made is None:
        data = rt.blobs.get(row.sha256)
        if data is None:
            return None
        made = render(data, size)
        rt.blobs.put_made(row.sha256, size, made)
    return Shown(data=made, content_type=RENDERED_TYPE)


def _is_open_to(tx: Tx, case_uid: str, actor: Actor) -> bool:
    """Tell whether the actor sees the case, the appeal or the visit that an upload belongs to."""
    if is_visit(case_uid):
        return actor.role in OFFICE
    identity = appeals.held_by(case_uid)
    if identity is None:
        return is_visible(tx, case_uid, actor)
    row = appeals.appeal(tx, identity)
    return row is not None and (
        actor.role in ASSESSING or (actor.role in UNIT_ROLES and row.subject == actor.scope.value)
    )


def _is_identity(text: str) -> bool:
    """Tell whether a text can name an upload: PostgreSQL refuses to be asked of one with a zero byte."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _look(rt: Runtime, data: bytes) -> Picture:
    if len(data) > rt.settings.max_upload_bytes:
        params = {"allowed": rt.settings.max_upload_bytes // 1_000_000}
        problem = Problem(code="file_too_large", params=params)
        raise TooLargeError("file_too_large", params=params, fields={"file": (problem,)})
    return look(data, most_pixels=rt.settings.max_photo_pixels, zone=rt.settings.zone)
