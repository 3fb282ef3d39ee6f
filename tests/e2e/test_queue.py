"""The queue in a real browser: up to date by itself without losing anything, and worked by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Watched
from tests.office import Office
from tests.walks import nothing_by_rule

pytestmark = pytest.mark.e2e

Open = Callable[..., Watched]
#: A page of 1280 × 800 at 200 %.
ZOOMED = {"width": 640, "height": 400}
POLL_MS = 11_000


def file(office: Office, **changes: object) -> str:
    return str(office.caller("inspector").file(office.filing(**changes)).json["number"])


@pytest.fixture
def pool(sqlite_office: Office) -> list[str]:
    """Cases that wait for dispatch, more than a window holds."""
    nothing_by_rule(sqlite_office)
    return [file(sqlite_office) for _ in range(16)]


@pytest.fixture
def queue(open_page: Open, office_address: str, pool: list[str]) -> Watched:
    """The dispatcher's queue, with a clock that can be moved on."""
    watched = open_page(office_address)
    watched.page.clock.install()
    watched.sign_in("dispatcher")
    watched.page.goto("/queue")
    return watched


def state_of(office: Office, number: str) -> str:
    return str(office.caller("acceptor").get(f"/cases/{number}").json["state"])


def row(page: Page, number: str) -> Locator:
    return page.locator(f'tr[data-case="{number}"]')


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_a_case_filed_elsewhere_appears_by_itself_and_nothing_is_lost(
    queue: Watched, sqlite_office: Office, pool: list[str]
) -> None:
    page = queue.page
    page.fill("#queue-q", "half typed")
    page.check(f"#pick-{pool[9]}")
    page.focus(f"#open-{pool[10]}")
    page.evaluate("window.scrollTo(0, 300)")
    before = row(page, pool[9]).bounding_box()["y"]
    office = sqlite_office
    new = file(office)
    assert office.caller("acceptor").act(pool[2], "void", reason="test").status_code == 200
    page.clock.fast_forward(POLL_MS)
    expect(row(page, new)).to_be_attached()
    expect(row(page, new)).to_have_class("is-new")
    expect(row(page, pool[2])).to_have_count(0)
    assert page.is_checked(f"#pick-{pool[9]}")
    assert page.inner_text("#queue-chosen") == "已选 1 件"
    assert focused(page) == f"open-{pool[10]}"
    assert abs(row(page, pool[9]).bounding_box()["y"] - before) < 2
    assert page.input_value("#queue-q") == "half typed"
    assert page.inner_text("#view-open b") == "16"
    assert page.inner_text("#queue-news") == "新增 1 件 · 1 件已离开本列表"
    assert (queue.foreign, queue.complaints) == ([], [])


def test_an_open_dialog_stays_and_a_ticked_case_that_leaves_is_told(
    queue: Watched, sqlite_office: Office, pool: list[str]
) -> None:
    page = queue.page
    page.check(f"#pick-{pool[0]}")
    page.check(f"#pick-{pool[1]}")
    page.keyboard.press("d")
    page.select_option("#bulk-unit", "NDJ-HW")
    expect(page.locator("#bulk-slot").get_by_role("button", name="派遣 2 件")).to_be_enabled()
    assert sqlite_office.caller("acceptor").act(pool[1], "void", reason="test").status_code == 200
    page.clock.fast_forward(POLL_MS)
    expect(page.locator(".toast")).to_contain_text("所选案件中有 1 件已离开本列表。")
    assert page.locator("#bulk-dialog").get_attribute("open") is not None
    assert page.input_value("#bulk-unit") == "NDJ-HW"
    page.get_by_role("button", name="派遣 2 件").click()
    expect(page.locator("#bulk-slot")).to_contain_text("1 件未办理")
    assert [state_of(sqlite_office, number) for number in pool[:2]] == ["dispatched", "void"]


def test_several_are_dispatched_by_keyboard_alone(queue: Watched, sqlite_office: Office, pool: list[str]) -> None:
    page, press = queue.page, queue.page.keyboard.press
    for key in "jjxjx":
        press(key)
    assert page.inner_text("#queue-chosen") == "已选 2 件"
    press("d")
    expect(page.locator("#bulk-unit")).to_be_focused()
    for key in ("Tab", "Tab", "Tab"):
        press(key)
    # The cases of the preview are links; the button stands behind them.
    while "派遣 2 件" not in page.evaluate("document.activeElement.innerText"):
        press("Tab")
    press("Enter")
    expect(page.locator("#bulk-slot")).to_contain_text("已办理 2 件。")
    press("Escape")
    expect(row(page, pool[1])).to_contain_text("已派遣")
    assert page.inner_text("#queue-chosen") == "已选 0 件"
    assert [state_of(sqlite_office, number) for number in pool[:3]] == ["registered", "dispatched", "dispatched"]
    assert queue.complaints == []


def test_one_is_reassigned_withdrawn_and_opened_by_keyboard_alone(
    queue: Watched, sqlite_office: Office, pool: list[str]
) -> None:
    page, press = queue.page, queue.page.keyboard.press
    assert sqlite_office.caller("dispatcher").act(pool[0], "dispatch", unit="NDJ-ZF").status_code == 200
    press("u")
    expect(row(page, pool[0])).to_contain_text("已派遣")
    page.focus(f"#open-{pool[0]}")
    press("r")
    expect(page.locator("#bulk-unit")).to_be_focused()
    page.select_option("#bulk-unit", "NDJ-HW")
    page.select_option("#bulk-reason", "workload")
    expect(page.locator("#bulk-slot").get_by_role("button", name="改派 1 件")).to_be_visible()
    page.focus("#bulk-note")
    press("Enter")
    expect(page.locator("#bulk-slot")).to_contain_text("已办理 1 件。")
    press("Escape")
    expect(row(page, pool[0])).to_contain_text("环卫所")
    page.focus(f"#open-{pool[0]}")
    press("w")
    expect(page.locator("#bulk-slot").get_by_role("button", name="撤回派遣 1 件")).to_be_focused()
    press("Enter")
    expect(page.locator("#bulk-slot")).to_contain_text("已办理 1 件。")
    assert state_of(sqlite_office, pool[0]) == "registered"
    assert queue.complaints == []


def test_a_case_is_opened_and_left_by_keyboard_alone(queue: Watched, pool: list[str]) -> None:
    page, press = queue.page, queue.page.keyboard.press
    press("j")
    with page.expect_navigation():
        press("Enter")
    assert page.url.endswith(f"/cases/{pool[0]}")
    press("g")
    with page.expect_navigation():
        press("q")
    assert page.url.endswith("/queue")
    assert queue.complaints == []


def test_a_letter_alone_leaves_no_page_however_young_the_page_is(
    open_page: Open, office_address: str, pool: list[str]
) -> None:
    watched = open_page(office_address)
    page, press = watched.page, watched.page.keyboard.press
    watched.sign_in("leader")
    # Keys tell their time since the page was opened: here all within its first tenth of a second.
    page.add_init_script("Object.defineProperty(Event.prototype, 'timeStamp', { get: () => 100 })")
    page.goto("/queue")
    press("j")
    press("d")
    press("j")
    press("k")
    assert focused(page) == f"open-{pool[0]}"
    press("g")
    with page.expect_navigation():
        press("d")
    assert page.url.endswith("/dashboard")
    assert watched.complaints == []


def test_no_shortcut_fires_while_somebody_types_or_has_switched_them_off(queue: Watched) -> None:
    page, press = queue.page, queue.page.keyboard.press
    press("/")
    assert focused(page) == "queue-q"
    page.keyboard.type("adjrwx?gm")
    assert page.input_value("#queue-q") == "adjrwx?gm"
    assert page.locator("dialog[open]").count() == 0
    page.locator("h1").click()
    press("?")
    expect(page.locator("#shortcuts")).to_contain_text("派遣（所选，或当前一件）")
    press("j")
    page.uncheck("#keys-on")
    press("Escape")
    page.locator("h1").click()
    press("a")
    assert page.inner_text("#queue-chosen") == "已选 0 件"
    press("?")
    page.check("#keys-on")
    press("Escape")
    page.locator("h1").click()
    press("a")
    assert page.inner_text("#queue-chosen") == "已选 16 件"


def test_keys_are_told_on_every_page(open_page: Open, office_address: str) -> None:
    watched = open_page(office_address)
    watched.sign_in("shift_leader", lang="en")
    watched.page.goto("/account")
    watched.page.keyboard.press("?")
    expect(watched.page.locator("#shortcuts")).to_contain_text("Keyboard shortcuts")
    assert watched.faults() == []


def test_a_network_that_is_gone_is_told_and_so_is_its_return(queue: Watched) -> None:
    page = queue.page
    page.context.set_offline(True)
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("#queue-offline")).to_contain_text("网络中断，正在重试")
    assert page.locator(".toast").count() == 0
    page.context.set_offline(False)
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("#queue-offline")).to_be_hidden()


@pytest.mark.parametrize(("size", "lang"), [("desk", "zh"), ("tablet", "en"), ("phone", "zh"), ("zoomed", "en")])
def test_the_queue_fits_and_is_accessible(
    open_page: Open, office_address: str, sqlite_office: Office, pool: list[str], size: str, lang: str
) -> None:
    office = sqlite_office
    assert office.caller("dispatcher").act(pool[0], "dispatch", unit="NDJ-ZF").status_code == 200
    assert office.caller("unit_leader").act(pool[0], "return_task", reason="not_ours").status_code == 200
    watched = open_page(office_address, "desk" if size == "zoomed" else size)
    page = watched.page
    if size == "zoomed":
        page.set_viewport_size(ZOOMED)
    watched.sign_in("dispatcher", lang=lang)
    page.goto("/queue?area=320404005001&q=消防")
    assert (watched.overflow(), watched.faults()) == (0, [])
    page.click(".queue-filters summary")
    assert (watched.overflow(), watched.faults()) == (0, [])
    page.keyboard.press("Escape")
    page.check(f"#pick-{pool[0]}")
    page.check(f"#pick-{pool[1]}")
    page.click('button[value="reassign"]')
    page.select_option("#bulk-unit", "NDJ-HW")
    page.select_option("#bulk-reason", "workload")
    expect(page.locator("#bulk-slot .said-no")).to_have_count(1)
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert (watched.foreign, watched.complaints) == ([], [])
