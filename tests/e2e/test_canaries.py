"""Script in every text that people write, visited in a browser: no dialog opens and the policy complains of nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.e2e.conftest import Watched, served
from tests.office import Office
from tests.security.written import LAYER, administer, contest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CANARY = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>=1+1\u202egpj"
MONTH = (
    "/month",
    "/month/2026-10",
    "/month/2026-10/appeals",
    "/month/2026-10/exemptions",
    "/month/2026-10/scores",
    "/month/2026-10/adjustments",
    "/month/2026-10/reconciliation",
    "/month/what-if",
    "/month/appeals/1",
)
ADMIN = (
    "/admin",
    "/admin/people",
    "/admin/people/1",
    "/admin/calendar",
    "/admin/routing",
    "/admin/campaigns",
    "/admin/campaigns/no-such",
    "/admin/layers",
    "/admin/documents/calendar/changzhou",
    "/admin/history",
    "/map",
)


@pytest.fixture
def written(sqlite_office: Office, tmp_path: Path) -> tuple[Office, int]:
    """An office in which the canary stands wherever a person may write, and the number of a run."""
    office = sqlite_office
    number = office.caller("inspector").file(office.filing(address=CANARY, description=CANARY)).json["number"]
    folder = tmp_path / "written"
    folder.mkdir()
    with office.rt.database.writing() as tx:
        tx.execute(text("UPDATE person SET name = substr(:canary, 1, 80)"), {"canary": CANARY})
    administer(office, folder, CANARY)
    run = contest(office, number, CANARY)
    shutil.rmtree(folder)
    return office, run


def test_nothing_written_runs_in_a_browser(written: tuple[Office, int], open_page: Callable[..., Watched]) -> None:
    office, run = written
    with served(office.app) as address:
        for username, paths in {"assessor": (*MONTH, f"/month/runs/{run}/subjects/NDJ-ZF"), "admin": ADMIN}.items():
            watched = open_page(address)
            dialogs: list[str] = []
            watched.page.on("dialog", lambda one, told=dialogs: (told.append(one.message), one.dismiss()))
            watched.sign_in(username)
            seen = 0
            for path in paths:
                answer = watched.page.goto(path)
                assert answer is not None
                assert answer.status == 200, path
                watched.page.wait_for_load_state("networkidle")
                seen += "onerror=alert" in watched.page.inner_text("body")
                assert (path, dialogs, watched.complaints, watched.foreign) == (path, [], [], [])
                assert watched.page.locator("img[src=x]").count() == 0, path
            assert seen > 3, "the canary stood on the pages as text"


def test_a_layer_with_a_canary_for_a_name_is_drawn_and_told_as_text(
    written: tuple[Office, int], open_page: Callable[..., Watched]
) -> None:
    office, _ = written
    with served(office.app) as address:
        watched = open_page(address)
        watched.sign_in("admin")
        watched.page.goto("/admin/layers")
        watched.page.locator("#layers-in-force a", has_text=LAYER).click()
        watched.page.wait_for_selector("[data-ready]")
        assert watched.page.locator("h1").inner_text() == LAYER
        assert watched.complaints == []
