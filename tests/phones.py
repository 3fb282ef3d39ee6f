"""A phone in a test: Chromium with a profile of its own, a position, and the app; killed and taken up again."""

import io
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, Route
from playwright.sync_api import Error as PlaywrightError

from gridcase.domain.place import GeoPoint
from tests.office import PASSWORD

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
NO_DRAFTS = """(async () => {
  const open = indexedDB.open('gridcase');
  await new Promise((resolve) => { open.onsuccess = resolve; });
  const tx = open.result.transaction('drafts', 'readwrite');
  tx.objectStore('drafts').clear();
  await new Promise((resolve) => { tx.oncomplete = resolve; });
  open.result.close();
})()"""
REFUSE = """index => import('/static/m/store.js').then(async (store) => {
  const items = (await store.allItems()).sort((one, other) => one.seq - other.seq);
  const detail = '请提供位置（lon、lat）或地址。';
  const reason = { code: 'location_or_address', detail, errors: {}, status: 422, photo: 0 };
  await store.updateItem(items[index].id, (item) => ({ ...item, status: 'parked', reason }));
})"""
CAMERA = "input[data-usage={usage}][data-source=camera]"


def noise(seed: int, size: tuple[int, int] = (96, 72)) -> bytes:
    """Make a small JPEG unlike all others."""
    held = io.BytesIO()
    picture = Image.new("RGB", size)
    picture.putdata(
        [((seed * 7919 + i * 31) % 256, (seed * 104729 + i) % 256, i % 256) for i in range(size[0] * size[1])]
    )
    picture.save(held, "JPEG", quality=85)
    return held.getvalue()


def as_file(data: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> dict[str, Any]:
    """Return what a file chooser is given."""
    return {"name": name, "mimeType": kind, "buffer": data}


@dataclass
class Phone:
    """A phone; what it keeps lies in a folder and outlives its page and its browser."""

    playwright: Playwright
    folder: Path
    address: str
    point: GeoPoint
    accuracy_m: float = 8
    complaints: list[str] = field(default_factory=list)
    context: BrowserContext | None = None
    is_offline: bool = False

    def open(self, where: str = "#/tasks", *, is_offline: bool = False, at: datetime | None = None) -> Page:
        """Start the browser and the app; at another time than now, if one is given."""
        self.context = self.playwright.chromium.launch_persistent_context(
            self.folder,
            executable_path="/usr/bin/chromium",
            args=ARGUMENTS,
            viewport={"width": 360, "height": 640},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            base_url=self.address,
            geolocation={"longitude": self.point.lon, "latitude": self.point.lat, "accuracy": self.accuracy_m},
            permissions=["geolocation"],
            accept_downloads=True,
        )
        self.context.set_offline(is_offline)
        page = self.context.pages[0]
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if at is not None:
            self.context.clock.set_system_time(at)
            self.context.route("**/api/**", self._pass)
        page.goto(f"/m/{where}")
        page.wait_for_selector("#screen .head")
        return page

    @property
    def page(self) -> Page:
        """The page now open."""
        assert self.context is not None
        return self.context.pages[0]

    def close(self) -> None:
        """Close the browser as a person does; what is in its memory is written."""
        if self.context is not None:
            with suppress(PlaywrightError):
                self.context.close()
        self.context = None

    def kill(self) -> None:
        """End the browser as a phone without power does."""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.close()
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.folder / name).unlink(missing_ok=True)

    def _processes(self) -> list[int]:
        """Return the processes of this phone's own profile, and no other."""
        wanted = f"--user-data-dir={self.folder}"
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if wanted in (entry / "cmdline").read_text("utf-8", "replace").split("\0"):
                        found.append(int(entry.name))
        return found

    def sign_in(self, username: str = "inspector", password: str = PASSWORD) -> None:
        """Sign in, and wait until grid, catalogue and service worker are there."""
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("#bar a")
        # Whoever signed out on another screen comes back to it; when the copies were brought up to date stands here.
        self.page.evaluate("location.hash = '#/tasks'")
        self.page.get_by_text(re.compile("更新于|Updated")).wait_for()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def shoot(self, data: bytes, *, usage: str = "file") -> None:
        """Take a photo, and wait until it is kept."""
        tiles = self.page.locator(".tile img")
        before = tiles.count()
        self.page.set_input_files(CAMERA.format(usage=usage), as_file(data))
        tiles.nth(before).wait_for()
        self.page.wait_for_selector(".busy", state="hidden")

    def choose_type(self, code: str | None = None) -> None:
        """Take a type by searching its code, else the first of the frequent ones; and its first condition."""
        if code is None:
            self.page.click("[data-key^='type-'] >> nth=0")
        else:
            self.page.click("[data-key=search]")
            self.page.fill("[data-key=query]", code)
            self.page.click(".result >> nth=0")
        self.page.wait_for_selector("[data-key=change-type]")
        conditions = self.page.locator("[data-key^='condition-']")
        if conditions.count():
            conditions.first.click()

    def send(self) -> None:
        """Press the button, and wait until the form is empty again."""
        self.page.click("[data-key=send]")
        self.page.wait_for_selector(".shoot.first")

    def file(self, *photos: bytes) -> None:
        """File a case from the open form."""
        for photo in photos:
            self.shoot(photo)
        self.choose_type()
        self.send()

    def go(self, where: str) -> Page:
        """Show another screen."""
        self.page.goto("/m/#/none")
        self.page.evaluate("hash => { location.hash = hash; }", where)
        name = where.removeprefix("#/").split("?")[0].split("/")[0]
        self.page.wait_for_selector(f".screen-{name} .head")
        return self.page

    def sync(self) -> None:
        """Bring the copies up to date, and show the tasks."""
        self.go("#/tasks")
        # One that is on its way already may have been told before what is looked for now.
        self.page.evaluate(
            "import('/static/m/sync.js').then(async (sync) => {"
            "while (sync.state.busy) await new Promise((resolve) => setTimeout(resolve, 50)); await sync.pull(); })"
        )

    def stand(self, *, north: float = 0, accuracy_m: float | None = None) -> None:
        """Stand so many degrees north of the phone's own place, and let the app know."""
        assert self.context is not None
        accuracy = self.accuracy_m if accuracy_m is None else accuracy_m
        place = {"longitude": self.point.lon, "latitude": self.point.lat + north, "accuracy": accuracy}
        self.context.set_geolocation(place)  # type: ignore[arg-type] - a plain dictionary of the three
        # What the app knew before is forgotten with its page.
        self.page.reload()
        self.page.wait_for_selector("#screen .head")

    def offline(self) -> None:
        """Go into flight mode."""
        assert self.context is not None
        self.context.set_offline(True)
        self.is_offline = True

    def online(self) -> None:
        """Leave flight mode."""
        assert self.context is not None
        self.context.set_offline(False)
        self.is_offline = False

    def _pass(self, route: Route) -> None:
        """Take the time out of an answer, so that the phone keeps to its own; the tool itself knows no flight mode."""
        if self.is_offline:
            return route.abort()
        answer = route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "date"}
        return route.fulfill(response=answer, headers=headers)

    def forget(self) -> None:
        """Empty outbox and drafts, as no person could: for the next test on the same phone."""
        self.page.evaluate(
            "import('/static/m/store.js').then(async (store) => {"
            "await store.removeItems((await store.allItems()).map((item) => item.id)); })"
        )
        self.forget_drafts()

    def forget_drafts(self) -> None:
        """Empty what is filled in."""
        self.page.evaluate(NO_DRAFTS)

    def refuse(self, index: int) -> None:
        """Let an item of the outbox be one that the server refused."""
        self.page.evaluate(REFUSE, index)

    def speak(self, language: str) -> None:
        """Use the app in a language."""
        change = "language => import('/static/m/store.js').then((store) => store.setMeta('language', language))"
        self.page.evaluate(change, language)
        self.page.reload()
        self.page.wait_for_selector("#screen .head")

    def items(self) -> list[dict[str, Any]]:
        """Return what the outbox holds."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "import('/static/m/store.js').then((store) => store.allItems())"
        )
        return found

    def statuses(self) -> dict[str, int]:
        """Count the items of the outbox by status."""
        found: dict[str, int] = {}
        for item in self.items():
            found[item["status"]] = found.get(item["status"], 0) + 1
        return found

    def until_sent(self, count: int, seconds: float = 60) -> None:
        """Wait until the server has confirmed everything there is: so many items."""
        self.until(lambda: self.statuses() == {"done": count}, seconds)

    def until(self, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something holds; the page goes on meanwhile."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"still not: {self.statuses()}"
            self.page.wait_for_timeout(200)


@contextmanager
def phone_of(
    playwright: Playwright, folder: Path, address: str, point: GeoPoint, *, accuracy_m: float = 8
) -> Iterator[Phone]:
    """Give a phone that is closed at the end."""
    phone = Phone(playwright=playwright, folder=folder, address=address, point=point, accuracy_m=accuracy_m)
    try:
        yield phone
    finally:
        phone.close()
