"""The whole life of a case in the browser alone: from the citizen's call to the closing, each step by who does it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Watched
from tests.office import Office, jpeg
from tests.walks import nothing_by_rule

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

SCRIPT = "<img src=x onerror=\"document.title='x'\">占道堆物"


class People:
    """Everybody who works on the case, each in a browser of their own, signed in when first needed."""

    def __init__(self, office: Office, open_page: Callable[[], Watched], lang: str, folder: Path) -> None:
        self._office, self._open, self._lang, self._folder = office, open_page, lang, folder
        self._known: dict[str, Watched] = {}
        self._photos = 0

    def comes(self, username: str) -> Watched:
        """Return somebody's page."""
        if username not in self._known:
            self._known[username] = self._open()
            self._known[username].sign_in(username, lang=self._lang)
        return self._known[username]

    def photo(self) -> Path:
        """Return a picture that nobody has sent yet."""
        self._photos += 1
        path = self._folder / f"{self._photos}.jpg"
        path.write_bytes(jpeg(size=(80 + self._photos, 60)))
        return path

    def does(self, username: str, number: str, action: str, *, photos: int = 0, **fields: str) -> Watched:
        """Open the case, choose an action, fill its form in, send it, and read that it is done."""
        watched = self.comes(username)
        page = watched.page
        page.goto(f"/cases/{number}")
        page.locator(f".action-bar [data-action={action}]").click()
        form = page.locator("[data-action-form]")
        form.wait_for()
        clean(watched)
        self.fill(form, photos, fields)
        form.locator("button[type=submit]").click()
        page.locator(".note-good[role=status]").wait_for()
        assert page.locator("[data-action-form]").count() == 0
        return watched

    def fill(self, form, photos: int, fields: dict[str, str]) -> None:
        """Fill in the form of an action, photos sent one after the other."""
        for name, value in fields.items():
            control = form.locator(f"[name='{name.replace('__', '.')}']")
            if control.evaluate("control => control.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        for sent in range(photos):
            form.locator("input[type=file]").set_input_files(self.photo())
            form.locator(".thumb").nth(sent).wait_for()

    def inspector_of(self, number: str) -> str:
        """Return the user name of the inspector who was asked last."""
        asked = self._office.caller("acceptor").get(f"/cases/{number}").json["tasks"][-1]["inspector"]
        return next(name for name in ("inspector", "inspector2") if self._office.actor(name).person == asked)

    def all_clean(self) -> None:
        """Nobody's page asked another host, complained, or showed a dialog."""
        for username, watched in self._known.items():
            assert (username, watched.foreign, watched.complaints) == (username, [], [])


def clean(watched: Watched) -> None:
    """The page fits; axe, the dearest step, is asked where size and language both differ."""
    size, lang = watched.page.viewport_size, watched.page.locator("html").get_attribute("lang")
    is_asked = (size["width"] > 1000) == (lang == "zh-CN")
    assert (watched.page.url, watched.overflow(), watched.faults() if is_asked else []) == (watched.page.url, 0, [])


@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("desk", "en"), ("tablet", "zh"), ("tablet", "en")])
def test_a_case_lives_in_the_browser_from_the_call_to_the_closing(
    sqlite_office: Office, office_address: str, open_page: Callable[..., Watched], tmp_path: Path, size: str, lang: str
) -> None:
    office = sqlite_office
    nothing_by_rule(office)
    people = People(office, lambda: open_page(office_address, size), lang, tmp_path)
    number = take_the_call(people, here(office))
    receive(people, number)
    give(people, number)
    handle(people, number)
    check(people, number, here(office))
    closed = people.does("shift_leader", number, "close")

    assert closed.page.locator(".case-state").inner_text().strip() == {"zh": "已结案", "en": "Closed"}[lang]
    assert closed.page.locator(".line-said").get_by_text(SCRIPT).is_visible()
    assert closed.page.locator(".photo-group .thumb img").count() == 6
    people.all_clean()
    told = office.caller("shift_leader").get(f"/cases/{number}").json
    assert (told["state"], told["overdue"], len(told["assignments"])) == ("closed", False, 2)


def take_the_call(people: People, place: dict[str, str]) -> str:
    """File what a citizen reports, with the place and a photo; return the number."""
    watched = people.comes("acceptor")
    page = watched.page
    page.goto("/cases/new")
    page.fill("[name=type]", "GBT47678.5-2026/event/09012")
    page.press("[name=type]", "Tab")
    form = page.locator("[data-filing]")
    people.fill(form, 1, place | {"description": "消防通道被堵"})
    form.locator("[name='location.lat']").press("Tab")
    page.locator("#place-said .would-go").wait_for()
    clean(watched)
    page.locator(".filing-end button").click()
    return page.locator("#case-head .number").inner_text()


def receive(people: People, number: str) -> None:
    """Have the report verified, and register it."""
    people.does("acceptor", number, "request_verification")
    people.does(people.inspector_of(number), number, "verify", photos=1, result="true")
    people.does("acceptor", number, "register", condition="1")


def give(people: People, number: str) -> None:
    """Dispatch it to a unit that returns it, then to the one that takes it at its own page."""
    dispatcher = people.comes("dispatcher")
    dispatcher.page.goto("/queue?view=unassigned")
    clean(dispatcher)
    dispatcher.page.locator(f"#quick-{number}").click()
    choose(dispatcher, unit="NDJ-HW")
    people.does("other_unit", number, "return_task", reason="not_ours", note="不属我单位职责")
    dispatcher.page.goto("/queue?view=returned")
    dispatcher.page.locator(f"#pick-{number}").check()
    dispatcher.page.locator("#queue-bulk button[value=reassign]").click()
    choose(dispatcher, unit="NDJ-ZF", reason="wrong_unit")
    leader = people.comes("unit_leader")
    leader.page.goto("/unit")
    clean(leader)
    leader.page.locator("#tray-to_sign button[name=one]").click()
    leader.page.locator("#tray-in_hand").get_by_text(number).wait_for()


def choose(dispatcher: Watched, **choice: str) -> None:
    """Choose in the dialog of the queue, look at the preview that each choice brings, and do it."""
    page = dispatcher.page
    for name, value in choice.items():
        before = page.locator("#bulk-slot [name=previewed]").input_value()
        page.locator(f"#bulk-{name}").select_option(value)
        # The preview of what was chosen has come once the form names another choice.
        page.locator(f"#bulk-slot [name=previewed]:not([value='{before}'])").wait_for(state="attached")
    page.locator("#bulk-slot td b").first.wait_for()
    clean(dispatcher)
    page.locator("#bulk-slot .form-actions button.primary").click()
    page.locator("[data-bulk-done] .said-yes").wait_for()


def handle(people: People, number: str) -> None:
    """Ask for more time, be supervised, and report."""
    people.does("unit_leader", number, "ask_extension", reason="workload", amount__amount="2")
    people.does("shift_leader", number, "decide_extension", ruling="grant")
    people.does("leader", number, "supervise", text="请尽快办结")
    people.does("unit_leader", number, "answer_supervision", text="正在办理")
    people.does("unit_leader", number, "report", photos=1, done=SCRIPT)


def check(people: People, number: str, place: dict[str, str]) -> None:
    """Check it, find it not done, have it done again, and check again."""
    people.does("acceptor", number, "request_check", mode="on_site")
    people.does(people.inspector_of(number), number, "check", photos=1, result="fail", **place)
    people.does("acceptor", number, "rework", note="没有清理干净")
    people.does("handler", number, "report", photos=1, done="已清理")
    people.does("acceptor", number, "request_check", mode="on_site")
    people.does(people.inspector_of(number), number, "check", photos=1, result="pass", **place)


def here(office: Office) -> dict[str, str]:
    point = office.point()
    return {"location__lon": str(point.lon), "location__lat": str(point.lat)}
