"""Taking photos in, and giving them out again to those who may see the case."""

import hashlib
import io
import uuid
import warnings
from dataclasses import dataclass

import pillow_heif
from PIL import Image, UnidentifiedImageError

from gridcase.domain.actor import UNIT_ROLES, Actor
from gridcase.domain.case import AttachmentUsage
from gridcase.domain.errors import InvalidInputError, KeyReusedError, NotFoundError, Problem, invalid
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import ASSESSING
from gridcase.store import appeals
from gridcase.store import attachments as store
from gridcase.store.attachments import AttachmentRow
from gridcase.store.cases import is_visible
from gridcase.store.database import Tx

pillow_heif.register_heif_opener()

#: Kinds of picture taken, by what the bytes are, never by the name.
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A photo as received.

    Parameters
    ----------
    client_ref
        The caller's key; the same key and bytes again give the same attachment.
    """

    data: bytes
    usage: AttachmentUsage
    client_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What became of an upload."""

    row: AttachmentRow
    is_replay: bool


class TooLargeError(InvalidInputError):
    """The file is larger than this instance takes."""


def upload(rt: Runtime, actor: Actor, new: Upload) -> Uploaded:
    """Keep a photo, to be named by a filing or an action of the same person.

    Raises
    ------
    InvalidInputError
        On ``file``: ``file_empty``, ``not_a_photo``, ``photo_broken``, ``too_many_pixels``; too large a file is
        ``TooLargeError``.
    KeyReusedError
        The key came before with other bytes.
    """
    earlier = _earlier(rt, actor, new)
    if earlier is not None:
        return Uploaded(row=earlier, is_replay=True)
    width, height, content_type = _look(rt, new.data)
    row = {
        "id": str(uuid.uuid4()),
        "uploader_id": actor.person,
        "client_ref": new.client_ref,
        "sha256": rt.blobs.put(new.data),
        "size": len(new.data),
        "content_type": content_type,
        "usage": str(new.usage),
        "width": width,
        "height": height,
        "created_at": rt.clock.now(),
    }
    with rt.database.writing() as tx:
        kept = store.add_attachment(tx, row)
    row_kept = kept or _earlier(rt, actor, new)  # another request under the same key was quicker
    assert row_kept is not None  # noqa: S101 - only a key used before keeps a row from being inserted
    return Uploaded(row=row_kept, is_replay=kept is None)


def _earlier(rt: Runtime, actor: Actor, new: Upload) -> AttachmentRow | None:
    """Return what this person uploaded under this key; looked up first, so that a refused upload leaves no bytes."""
    if new.client_ref is None:
        return None
    with rt.database.reading() as tx:
        earlier = store.attachment_by_key(tx, actor.person, new.client_ref)
    if earlier is not None and earlier.sha256 != hashlib.sha256(new.data).hexdigest():
        raise KeyReusedError("idempotency_mismatch")
    return earlier


def read_attachment(rt: Runtime, actor: Actor, identity: str) -> tuple[AttachmentRow, bytes]:
    """Return a photo of a visible case or appeal, or an unused one of the actor's own.

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
    data = rt.blobs.get(row.sha256) if row else None
    if row is None or data is None:
        raise NotFoundError("attachment_not_found", params={"id": identity})
    return row, data


def _is_open_to(tx: Tx, case_uid: str, actor: Actor) -> bool:
    """Tell whether the actor sees the case, or the appeal, that an upload belongs to."""
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


def _look(rt: Runtime, data: bytes) -> tuple[int, int, str]:
    """Return width, height and type of a picture, by opening it."""
    if not data:
        raise invalid("file", "file_empty")
    if len(data) > rt.settings.max_upload_bytes:
        params = {"allowed": rt.settings.max_upload_bytes // 1_000_000}
        problem = Problem(code="file_too_large", params=params)
        raise TooLargeError("file_too_large", params=params, fields={"file": (problem,)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=tuple(_TYPES))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as err:
        raise invalid("file", "not_a_photo") from err
    except Image.DecompressionBombError as err:
        raise invalid("file", "too_many_pixels", allowed=rt.settings.max_photo_pixels // 1_000_000) from err
    with picture:
        width, height = picture.size
        if width * height > rt.settings.max_photo_pixels:
            raise invalid("file", "too_many_pixels", allowed=rt.settings.max_photo_pixels // 1_000_000)
        _check_whole(picture)
        return width, height, _TYPES[picture.format or ""]


def _check_whole(picture: Image.Image) -> None:
    """Decode small, to find a file cut short or faulty before it becomes evidence."""
    try:
        picture.draft("RGB", (256, 256))
        picture.load()
    except (OSError, ValueError, SyntaxError, EOFError) as err:
        raise invalid("file", "photo_broken") from err
