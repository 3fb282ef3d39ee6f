"""What comes from camera and gallery: large, of another kind, broken or hostile; each taken, or refused in words."""

import io

import pillow_heif
import pytest
from PIL import Image
from sqlalchemy import select

from gridcase.store.attachments import AttachmentRow
from tests.phones import Phone, as_file, noise
from tests.street import Street

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def bomb() -> bytes:
    """Make a PNG of 100 million pixels in a few kilobytes."""
    held = io.BytesIO()
    Image.new("1", (20_000, 5_000)).save(held, "PNG", optimize=True)
    return held.getvalue()


def heic(size: tuple[int, int] = (640, 480)) -> bytes:
    """Make a picture of the kind that many phones take and Chromium cannot show."""
    held = io.BytesIO()
    pillow_heif.from_pillow(Image.effect_noise(size, 40).convert("RGB")).save(held, quality=60)
    return held.getvalue()


GALLERY = "input[data-usage=file][data-source=gallery]"
REFUSED = {
    "zero bytes": (b"", "文件为空", "The file is empty"),
    "no picture": (b"no picture at all, just words", "这不是照片", "This is no photo"),
    "cut short": (noise(1, (400, 300))[:-2000], "已损坏或不完整", "broken or cut short"),
    "decompression bomb": (bomb(), "照片有 10000 万像素，超过上限", "has 100 million pixels"),
    "HEIC, too large": (heic()[:2000] + bytes(100_000), "照片超过", "The photo is over"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_good_photo_is_refused_in_words_of_both_languages(ready_phone: Phone, name: str) -> None:
    data, *said = REFUSED[name]
    for language, words in zip(("en", "zh"), reversed(said), strict=True):
        ready_phone.speak(language)
        page = ready_phone.go("#/file")
        # As on an office that takes less: eleven million bytes would take the test a minute.
        page.evaluate("document.body.dataset.maxBytes = '100000'")
        page.set_input_files(GALLERY, as_file(data))
        page.locator("#toast", has_text=words).wait_for()
        assert page.locator(".tile").count() == 0


def test_a_photo_that_the_browser_cannot_show_goes_as_it_is_and_the_server_can(
    lasting_street: Street, ready_phone: Phone
) -> None:
    page = ready_phone.go("#/file")
    page.set_input_files(GALLERY, as_file(heic(), "IMG_1.HEIC", "image/heic"))
    page.locator("#toast", has_text="此浏览器不能压缩 HEIC 照片，将按原图发送").wait_for()
    page.locator(".tile .no-picture", has_text="HEIC").wait_for()
    ready_phone.choose_type("06012")
    page.click("[data-key=send]")
    ready_phone.until_sent(1)
    [item] = ready_phone.items()
    inspector = lasting_street.caller("inspector")
    [photo] = inspector.get(f"/cases/{item['done']['number']}").json["attachments"]
    shown = inspector.get(f"/attachments/{photo['id']}", size="thumb")
    assert shown.content_type == "image/jpeg"
    assert max(Image.open(io.BytesIO(shown.data)).size) == 240


def test_what_only_the_server_finds_broken_is_parked_in_its_words_and_can_be_taken_again(ready_phone: Phone) -> None:
    page = ready_phone.go("#/file")
    whole = heic()
    page.set_input_files(GALLERY, as_file(whole[: len(whole) // 2], "IMG_2.HEIC", "image/heic"))
    page.locator(".tile .no-picture").wait_for()
    ready_phone.choose_type("06012")
    page.click("[data-key=send]")
    ready_phone.until(lambda: ready_phone.statuses() == {"parked": 1})
    page = ready_phone.go("#/outbox")
    parked = page.locator("[data-status=parked]")
    assert "第 1 张照片" in parked.inner_text()
    parked.get_by_role("link", name="修改").click()
    page.click(".tile .remove")
    page.wait_for_selector(".tile", state="detached")
    ready_phone.shoot(noise(3))
    page.click("[data-key=send]")
    ready_phone.until_sent(1)


def test_a_photo_of_twelve_million_pixels_becomes_small_and_keeps_the_digest_of_the_original(
    lasting_street: Street, ready_phone: Phone
) -> None:
    held = io.BytesIO()
    Image.effect_noise((4000, 3000), 40).convert("RGB").save(held, "JPEG", quality=80)
    ready_phone.go("#/file")
    ready_phone.file(held.getvalue())
    ready_phone.until_sent(1)
    with lasting_street.office.rt.database.reading() as tx:
        row = tx.execute(select(AttachmentRow).order_by(AttachmentRow.created_at.desc()).limit(1)).scalars().one()
        size, sides = row.size, (row.width, row.height)
    assert len(held.getvalue()) > 2_000_000
    assert size < 900_000
    assert max(sides) <= 1600


def test_a_large_photo_that_its_metadata_turn_stands_upright_as_the_phone_showed_it(
    lasting_street: Street, ready_phone: Phone
) -> None:
    held, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((2000, 1000), 40).convert("RGB").save(held, "JPEG", quality=80, exif=exif)
    ready_phone.go("#/file")
    ready_phone.file(held.getvalue())
    ready_phone.until_sent(1)
    with lasting_street.office.rt.database.reading() as tx:
        row = tx.execute(select(AttachmentRow).order_by(AttachmentRow.created_at.desc()).limit(1)).scalars().one()
        width, height = row.width, row.height
    assert (width < height, max(width, height) <= 1600) == (True, True)
