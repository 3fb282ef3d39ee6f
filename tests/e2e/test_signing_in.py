"""Signing in and one's own account in a real browser: usable without a mouse, clean, and asking no other host."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Watched

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("size", ["desk", "tablet", "phone"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_door_and_the_account_fit_and_have_no_fault(
    open_page: Callable[..., Watched], office_address: str, size: str, lang: str
) -> None:
    watched = open_page(office_address, size)
    watched.page.goto(f"/login?lang={lang}")
    assert (watched.overflow(), watched.faults()) == (0, [])
    watched.sign_in("dispatcher", lang=lang)
    watched.page.goto("/account")
    assert watched.page.locator("h1").inner_text() == {"zh": "我的账号", "en": "My account"}[lang]
    assert (watched.overflow(), watched.faults()) == (0, [])
    assert (watched.foreign, watched.complaints) == ([], [])


def test_signing_in_and_out_needs_no_mouse(open_page: Callable[..., Watched], office_address: str) -> None:
    page = open_page(office_address).page
    page.goto("/account")
    page.locator("[name=username]:focus").wait_for()
    for key in ("dispatcher", "Tab", "a long enough password", "Enter"):
        page.keyboard.press(key) if key in ("Tab", "Enter") else page.keyboard.type(key)
    page.wait_for_url(lambda url: url.endswith("/account") and "/login" not in url)
    page.locator("details.drop summary").focus()
    page.keyboard.press("Enter")
    for _ in ("account", "keys", "sign out"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login?out=1")
    page.goto("/account")
    assert "/login" in page.url
