"""How smoothly the console's map moves with many cells and cases: frames while it is dragged and zoomed, in Chromium.

The same page of the same office is measured twice, with the sample street and with a city; what counts is that a frame
of the city takes no longer than one of the street. Needs Chromium and the packages of the tests.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import shapely
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from bench.phone import cells
from gridcase.domain.case import CaseState
from gridcase.grid.features import UNIT_LAYER, Feature, to_shape
from gridcase.services import gridding
from gridcase.store.cases import CaseRow
from gridcase.store.database import table_of
from tests.e2e.conftest import ARGUMENTS
from tests.office import PASSWORD, Office, furnish, open_office
from tests.serving import served

CELLS, POINTS = 10_000, 5_000
#: Of the floor: the sample street as it is.
_FEW_POINTS = 50
#: Of a mouse that drags the map away, and as many back.
_STEPS = 20
_WINDOW = {"width": 1280, "height": 800}
#: Notes the length of every frame, and every task that holds the page up for more than 50 ms.
_LISTEN = """() => {
  const seen = window.seen = { frames: [], tasks: [] };
  let before = performance.now();
  const next = (now) => {
    seen.frames.push(now - before);
    before = now;
    if (window.seen === seen) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  new PerformanceObserver((list) => { for (const one of list.getEntries()) seen.tasks.push(one.duration); })
    .observe({ type: 'longtask' });
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a page did while it was moved: milliseconds until it stood, of each frame and of each long task.

    ``first_ms`` is of the first person whom the server shows the layers, ``ready_ms`` of the next.
    """

    first_ms: float
    ready_ms: float
    frames: tuple[float, ...]
    tasks: tuple[float, ...]

    @property
    def slow(self) -> float:
        """The frame that one in twenty is longer than."""
        return quantiles(self.frames, n=20)[-1]


def run() -> None:
    """Measure and print."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="gridcase-bench-") as name, sync_playwright() as playwright:
        folder = Path(name)
        office = open_office(f"sqlite:///{folder / 'office.sqlite'}", folder)
        furnish(office.rt)
        with closing(playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)) as browser:
            street = gridding.cells(office.rt.reference(), gridding.CellBox(limit=_FEW_POINTS))
            scatter(office, street, _FEW_POINTS)
            floor = moved(browser, office)
            city = cells(CELLS)
            scatter(office, city, POINTS)
            gridding.save_layer(office.rt, UNIT_LAYER, city)
            ours = moved(browser, office)
        office.rt.database.engine.dispose()
    sys.stdout.write(f"\nmap in a browser · {CELLS:,} cells and {POINTS:,} cases, to the sample street's\n")
    for what, small, large in (
        ("stands first, ms", floor.first_ms, ours.first_ms),
        ("stands again, ms", floor.ready_ms, ours.ready_ms),
        ("frame, median ms", median(floor.frames), median(ours.frames)),
        ("frame, 1 in 20 longer", floor.slow, ours.slow),
        ("longest frame, ms", max(floor.frames), max(ours.frames)),
        ("long tasks, ms in all", sum(floor.tasks), sum(ours.tasks)),
    ):
        ratio = f"{large / small:6.2f}" if small else "     –"
        sys.stdout.write(f"{what:24} {small:8.1f} {large:8.1f} {ratio}\n")


def scatter(office: Office, areas: Sequence[Feature], count: int) -> None:
    """Have so many open cases more, one cell after the other, like one that is filed for it; past the use cases."""
    answer = office.caller("inspector").file()
    assert answer.status_code == HTTPStatus.CREATED, answer.json
    with office.rt.database.writing() as tx:
        row = tx.execute(select(CaseRow).order_by(CaseRow.id.desc())).scalars().first()
        assert row is not None
        mould = {column.name: getattr(row, column.name) for column in table_of(CaseRow).columns}
        made = [
            mould | _middle(areas[n % len(areas)]) | {"id": row.id + 1 + n, "uid": f"smooth{row.id + 1 + n}"}
            for n in range(count)
        ]
        tx.execute(table_of(CaseRow).insert(), made)


def _middle(cell: Feature) -> dict[str, Any]:
    inside = shapely.point_on_surface(to_shape(cell.geometry))
    place = {"lon_e7": round(inside.x), "lat_e7": round(inside.y)}
    return place | {"area": cell.code, "state": str(CaseState.HANDLING)}


def moved(browser: Browser, office: Office) -> Moved:
    """Open the map as a dispatcher, drag it to and fro and zoom in and out, and say how it went."""
    with served(office.app) as address:
        with closing(browser.new_context(viewport=_WINDOW, base_url=address)) as context:
            first = _stand(context.new_page())
        # A browser that keeps nothing of the first, and a server that does.
        with closing(browser.new_context(viewport=_WINDOW, base_url=address)) as context:
            page = context.new_page()
            ready = _stand(page)
            page.evaluate(_LISTEN)
            _drag(page)
            for step in (-240, -240, 240, 240, 240, 240):
                page.mouse.wheel(0, -step)
                _drag(page)
            seen = page.evaluate("() => { const seen = window.seen; window.seen = null; return seen; }")
    return Moved(first_ms=first, ready_ms=ready, frames=tuple(seen["frames"]), tasks=tuple(seen["tasks"]))


def _stand(page: Page) -> float:
    """Sign in and open the map; return the milliseconds from asking for it until it stands."""
    page.goto("/login")
    page.fill("[name=username]", "dispatcher")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.click("button[type=submit]")
    start = time.perf_counter()
    page.goto("/map")
    page.locator("#map[data-ready]").wait_for(timeout=60_000)
    return (time.perf_counter() - start) * 1000


def _drag(page: Page) -> None:
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in (*range(_STEPS), *range(_STEPS, 0, -1)):
        page.mouse.move(x + 6 * step, y + 3 * (step % 10))
    page.mouse.up()
