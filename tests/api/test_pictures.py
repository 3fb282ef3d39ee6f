"""A picture that cannot be taken is refused with a code, and in words of both languages that say what to do."""

import io
import shutil
import uuid
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from gridcase.app import create_app
from gridcase.domain.time import SetClock
from gridcase.settings import Settings
from tests.office import MONDAY, ROOT, Caller, Office, jpeg


def heic() -> bytes:
    held = io.BytesIO()
    pillow_heif.from_pillow(Image.effect_noise((640, 480), 40).convert("RGB")).save(held, quality=60)
    return held.getvalue()


def bomb() -> bytes:
    """Make a PNG of 100 million pixels in a few kilobytes."""
    held = io.BytesIO()
    Image.new("1", (20_000, 5_000)).save(held, "PNG", optimize=True)
    return held.getvalue()


def sent(caller: Caller, data: bytes, language: str):
    return caller.client.post(
        "/api/v1/attachments",
        data={"file": (io.BytesIO(data), "IMG_1.jpg"), "usage": "file", "device": "Phone 13"},
        headers=caller.headers | {"Idempotency-Key": str(uuid.uuid4()), "Accept-Language": language},
    )


REFUSED = {
    "zero bytes": (b"", "file_empty", "文件是空的", "empty"),
    "no picture": (b"no picture at all", "not_a_photo", "不是", "JPEG"),
    "cut short": (jpeg(size=(800, 600))[:-700], "photo_broken", "损坏", "broken"),
    "HEIC cut short": (heic()[:-2000], "photo_broken", "损坏", "broken"),
    "decompression bomb": (bomb(), "too_many_pixels", "60", "60"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_picture_is_refused_in_words_of_both_languages(sqlite_office: Office, name: str) -> None:
    data, code, zh, en = REFUSED[name]
    inspector = sqlite_office.caller("inspector")
    told = {language: sent(inspector, data, language) for language in ("zh-CN", "en")}
    assert {answer.status_code for answer in told.values()} == {422}
    assert [answer.json["codes"]["file"] for answer in told.values()] == [[code], [code]]
    [chinese], [english] = (answer.json["errors"]["file"] for answer in told.values())
    assert zh in chinese
    assert en in english
    assert chinese != english


def test_a_picture_of_an_iphone_is_taken_and_shown_as_jpeg(sqlite_office: Office) -> None:
    inspector = sqlite_office.caller("inspector")
    taken = sent(inspector, heic(), "en")
    assert (taken.status_code, taken.json["content_type"]) == (201, "image/heic")
    shown = inspector.get(f"/attachments/{taken.json['id']}", size="shown")
    assert (shown.content_type, Image.open(io.BytesIO(shown.data)).size) == ("image/jpeg", (640, 480))


def test_a_file_larger_than_the_office_takes_is_refused(furnished_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(furnished_sqlite, tmp_path / "office.sqlite")
    url = f"sqlite:///{tmp_path / 'office.sqlite'}"
    settings = Settings(database_url=url, data_dir=tmp_path, config_dir=ROOT / "config", max_upload_bytes=200_000)
    clock = SetClock(MONDAY)
    office = Office(app=create_app(settings, clock=clock), clock=clock)
    inspector = office.caller("inspector")
    refused = sent(inspector, jpeg() + bytes(200_001), "en")
    office.rt.database.engine.dispose()
    assert (refused.status_code, refused.json["code"]) == (413, "file_too_large")
    assert "MB" in refused.json["errors"]["file"][0]
