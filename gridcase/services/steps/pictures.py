"""Looking into pictures: what kind they are, whether they are whole, what their metadata say, and smaller ones of them.

The kind is told from the bytes, never from a name. A picture is opened with a limit on its pixels before anything is
decoded, so that a small file cannot fill the memory. What others see is made anew without any metadata.
"""

import io
import struct
import warnings
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import pillow_heif
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from gridcase.domain.errors import invalid
from gridcase.domain.place import GeoPoint

pillow_heif.register_heif_opener()

#: Kinds of picture taken.
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
RENDERED_TYPE = "image/jpeg"

#: What libraries raise on bytes that are not what they claim.
_FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    RuntimeError,
    struct.error,
    OverflowError,
    ZeroDivisionError,
    TypeError,
    KeyError,
    IndexError,
)


class PhotoSize(StrEnum):
    """Renderings of a photo: a small one for lists, and one to look at."""

    THUMB = "thumb"
    SHOWN = "shown"


#: Longest side in pixels, and JPEG quality.
_RENDERINGS = {PhotoSize.THUMB: (240, 70), PhotoSize.SHOWN: (1600, 82)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture is.

    Parameters
    ----------
    taken_at, point
        What its metadata say of when and where; None where they say nothing that can be read.
    """

    width: int
    height: int
    content_type: str
    taken_at: datetime | None = None
    point: GeoPoint | None = None


def look(data: bytes, *, most_pixels: int, zone: ZoneInfo) -> Picture:
    """Open a picture and find out whether it is a whole one.

    Parameters
    ----------
    zone
        Zone of times in metadata that name none.

    Raises
    ------
    InvalidInputError
        On ``file``: ``file_empty``, ``not_a_photo``, ``too_many_pixels``, ``photo_broken``.
    """
    if not data:
        raise invalid("file", "file_empty")
    allowed = most_pixels // 1_000_000
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=tuple(_TYPES))
    except UnidentifiedImageError as err:
        raise invalid("file", "not_a_photo") from err
    except Image.DecompressionBombError as err:
        raise invalid("file", "too_many_pixels", allowed=allowed) from err
    except _FAULTS as err:
        raise invalid("file", "photo_broken") from err
    with picture:
        width, height = picture.size
        if width * height > most_pixels:
            raise invalid("file", "too_many_pixels", allowed=allowed)
        told = _metadata(picture, zone)
        _check_whole(picture)
        return Picture(
            width=width,
            height=height,
            content_type=_TYPES[picture.format or ""],
            taken_at=told[0],
            point=told[1],
        )


def render(data: bytes, size: PhotoSize) -> bytes:
    """Make a smaller JPEG of a picture looked at before: upright, on white, without any metadata."""
    side, quality = _RENDERINGS[size]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=tuple(_TYPES)) as picture:
            picture.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((side, side))
    plain = Image.new("RGB", upright.size, "white")
    if "A" in upright.getbands() or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        plain.paste(seen, mask=seen.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    held = io.BytesIO()
    plain.save(held, "JPEG", quality=quality, optimize=True)
    return held.getvalue()


def _check_whole(picture: Image.Image) -> None:
    """Decode small, to find a file cut short or faulty before it becomes evidence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.draft("RGB", (256, 256))
            picture.load()
    except (*_FAULTS, Image.DecompressionBombError, MemoryError) as err:
        raise invalid("file", "photo_broken") from err


def _metadata(picture: Image.Image, zone: ZoneInfo) -> tuple[datetime | None, GeoPoint | None]:
    """Return when and where a picture says it was taken: anybody can write that, so faults in it do not matter."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif = picture.getexif()
            inner, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except _FAULTS:
        return None, None
    return _readable(_instant, inner, zone), _readable(_point, place)


def _readable(read: Any, *told: Any) -> Any:
    try:
        return read(*told)
    except _FAULTS:
        return None


def _instant(told: dict[int, Any], zone: ZoneInfo) -> datetime | None:
    written = told.get(ExifTags.Base.DateTimeOriginal)
    if written is None:
        return None
    local = datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    offset = told.get(ExifTags.Base.OffsetTimeOriginal)
    if offset is None:
        return local
    return datetime.strptime(f"{local:%Y-%m-%dT%H:%M:%S}{str(offset).strip(chr(0))}", "%Y-%m-%dT%H:%M:%S%z")


def _point(told: dict[int, Any]) -> GeoPoint | None:
    lat, lon = told.get(ExifTags.GPS.GPSLatitude), told.get(ExifTags.GPS.GPSLongitude)
    if lat is None or lon is None:
        return None
    south = told.get(ExifTags.GPS.GPSLatitudeRef, "N") == "S"
    west = told.get(ExifTags.GPS.GPSLongitudeRef, "E") == "W"
    degrees = [sum(float(part) / 60**power for power, part in enumerate(one)) for one in (lat, lon)]
    if degrees == [0, 0]:
        return None
    return GeoPoint.from_degrees(lat=-degrees[0] if south else degrees[0], lon=-degrees[1] if west else degrees[1])
