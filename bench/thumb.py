"""How long filing takes with the phone app, from the first tap to "in the outbox"; its first screen without network.

A headless Chromium of 360 × 640, slowed down as a cheap phone is, against an office of this machine; a thumb that
takes its time before every tap, and a camera that takes longer. Needs Chromium and the packages of the tests.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.office import furnish, open_office
from tests.phones import Phone
from tests.street import street_at

#: Times slower than this machine; what Chromium's own tools call a mid-range phone.
SLOWER = 4
#: A tap takes a thumb so long (Fitts's law gives 0.3 to 0.6 s at this size), a camera so long to aim at the thing.
TAP_S, AIM_S = 0.8, 3.0
PHOTO_SIZE = (4000, 3000)
_MOST_SECONDS = 20


@dataclass
class Thumb:
    """Somebody's thumb: counts its taps."""

    phone: Phone
    photos: list[Path]
    taps: int = 0
    waited_s: float = 0

    def tap(self, selector: str) -> None:
        """Tap an element, after the time a thumb takes."""
        self._wait(TAP_S)
        self.phone.page.click(selector)

    def shoot(self, button: str) -> None:
        """Open the camera, aim, press the shutter; the app makes the photo ready while the thumb goes on."""
        tiles = self.phone.page.locator(".tile")
        before = tiles.count()
        self._wait(TAP_S)
        with self.phone.page.expect_file_chooser() as chooser:
            self.phone.page.click(button)
        self._wait(AIM_S)
        self._wait(TAP_S)
        chooser.value.set_files(self.photos.pop())
        tiles.nth(before).wait_for()

    def _wait(self, seconds: float) -> None:
        self.taps += seconds == TAP_S
        self.waited_s += seconds
        time.sleep(seconds)


def run() -> None:
    """Measure and print; the figures hold on a machine that has nothing else to do, so its load stands beside them."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        office = open_office(f"sqlite:///{folder / 'furnished.sqlite'}", folder)
        furnish(office.rt)
        office.rt.database.engine.dispose()
        with street_at(folder, folder / "furnished.sqlite", playwright) as street:
            phone = street.new_phone()
            phone.open()
            phone.sign_in()
            _slow(phone)
            took = [_measured("file a case", phone, _file), _measured("with before and after", phone, _handle)]
            phone.offline()
            took.append(_measured("file a case, no network", phone, _file))
            _first_screen(phone)
            phone.close()
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    verdict = "under" if max(took) < _MOST_SECONDS else "NOT under"
    sys.stdout.write(
        f"thumb: {verdict} {_MOST_SECONDS} s, with {busy:.1f} running for each processor of this machine\n"
    )


def _measured(name: str, phone: Phone, file: Callable[[Thumb], None]) -> float:
    phone.go("#/tasks")
    thumb, before = Thumb(phone, [_photo(phone.folder, seed) for seed in (1, 2)]), len(phone.items())
    start = time.monotonic()
    file(thumb)
    phone.page.wait_for_selector(".shoot.first")
    took = time.monotonic() - start
    kept = len(phone.items()) - before
    sys.stdout.write(
        f"thumb: {name}: {thumb.taps} taps, {took:.1f} s to the outbox"
        f" ({thumb.waited_s:.1f} s of thumb and camera, {took - thumb.waited_s:.1f} s of the app), {kept} kept\n"
    )
    return took


def _file(thumb: Thumb) -> None:
    thumb.tap("#bar a.file")
    thumb.shoot(".shoot.first")
    thumb.tap("[data-key^='type-'] >> nth=0")
    thumb.phone.page.wait_for_selector("[data-key=change-type]")
    if thumb.phone.page.locator("[data-key^='condition-']").count():
        thumb.tap("[data-key^='condition-'] >> nth=0")
    thumb.tap("[data-key=send]")


def _handle(thumb: Thumb) -> None:
    thumb.tap("#bar a.file")
    thumb.shoot(".shoot.first")
    thumb.tap(
        "[data-key$='/06010']" if thumb.phone.page.locator("[data-key$='/06010']").count() else "[data-key=search]"
    )
    if thumb.phone.page.locator("[data-key=query]").count():
        thumb.phone.page.fill("[data-key=query]", "06010")
        thumb.tap(".result >> nth=0")
    thumb.shoot(".self .shoot")
    thumb.tap("[data-key=send]")


def _first_screen(phone: Phone) -> None:
    """Open the app anew from what the phone keeps, in flight mode."""
    assert phone.context is not None
    page = phone.context.new_page()
    page.goto("/m/#/tasks")
    page.wait_for_selector("#screen .head")
    shown = page.evaluate("performance.now()")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    sys.stdout.write(
        f"thumb: first screen without network: painted after {painted:.0f} ms, there after {shown:.0f} ms\n"
    )
    page.close()


def _slow(phone: Phone) -> None:
    assert phone.context is not None
    phone.context.new_cdp_session(phone.page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def _photo(folder: Path, seed: int) -> Path:
    """Make a photo of 12 million pixels, about as large as a phone's, before anybody's time counts."""
    made = folder / f"photo-{seed}.jpg"
    small = Image.effect_noise((PHOTO_SIZE[0] // 8, PHOTO_SIZE[1] // 8), 20 + seed)
    small.resize(PHOTO_SIZE).convert("RGB").save(made, "JPEG", quality=92)
    return made
