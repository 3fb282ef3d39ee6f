"""Never lost, never doubled: the phone's outbox through flight mode, killed browsers, lost replies and refusals."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from gridcase.web.phone import shell
from tests.phones import Phone, noise
from tests.street import Street, street_at

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture
def street(furnished_sqlite: Path, tmp_path: Path, playwright: Playwright) -> Iterator[Street]:
    with street_at(tmp_path, furnished_sqlite, playwright) as made:
        yield made


@pytest.fixture
def phone(street: Street) -> Phone:
    """A phone signed in before; its browser was closed, so that its cookie is on the disk."""
    made = street.new_phone()
    made.open()
    made.sign_in()
    made.close()
    return made


def is_sent(phone: Phone, count: int) -> Callable[[], bool]:
    return lambda: phone.statuses() == {"done": count}


def test_thirty_cases_filed_in_flight_mode_arrive_once_whatever_happens(street: Street, phone: Phone) -> None:
    network = street.network
    photos = [noise(seed) for seed in range(90)]
    network.is_down = True

    phone.open("#/file", is_offline=True)
    for number in range(15):
        phone.file(*photos[3 * number : 3 * number + 3])
    phone.shoot(photos[45])
    phone.kill()

    phone.open("#/file", is_offline=True)
    assert phone.statuses() == {"queued": 15}
    phone.page.wait_for_selector(".tile img")
    assert phone.page.locator(".tile").count() == 1
    phone.file(*photos[46:48])
    for number in range(16, 30):
        phone.file(*photos[3 * number : 3 * number + 3])
    assert phone.statuses() == {"queued": 30}
    assert street.counts() == (0, 0)

    network.is_down = False
    network.lose = [("POST", "/api/v1/cases"), ("POST", "/api/v1/attachments")]
    assert phone.context is not None
    phone.context.set_offline(False)
    phone.until(lambda: network.count("POST", "/api/v1/cases") >= 12)
    phone.kill()

    phone.open("#/outbox")
    phone.until(is_sent(phone, 30), seconds=120)
    assert len(network.lost) == 2
    assert street.counts() == (30, 90)
    assert street.photos_by_case() == [3] * 30
    assert street.photos_without_place() == 0
    assert phone.complaints == []


def test_with_the_server_down_from_the_start_the_app_opens_files_and_sends_later(street: Street, phone: Phone) -> None:
    street.network.is_down = True
    phone.open("#/file")
    phone.file(noise(1))
    assert phone.statuses() == {"queued": 1}
    street.network.is_down = False
    phone.until(is_sent(phone, 1))
    assert street.counts() == (1, 1)


def test_a_new_version_takes_over_without_touching_outbox_or_draft(
    street: Street, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.network.is_down = True
    phone.open("#/file", is_offline=True)
    phone.file(noise(1), noise(2))
    phone.shoot(noise(3))
    before = phone.page.get_attribute("body", "data-version")
    phone.close()
    monkeypatch.setattr(shell, "__version__", "9.9.9")
    # The network is there, but whatever is sent is refused for now: the outbox stays full.
    street.network.refuse = {("POST", "/api/v1/"): 503}
    street.network.is_down = False
    page = phone.open("#/file")
    page.get_by_text("新版本已就绪").wait_for()
    assert page.get_attribute("body", "data-version") == before
    with page.expect_navigation():
        page.get_by_role("button", name="立即更新").click()
    page.wait_for_selector(".tile img")
    assert str(page.get_attribute("body", "data-version")).startswith("9.9.9+")
    assert phone.statuses() == {"queued": 1}
    assert street.counts() == (0, 0)
    street.network.refuse = {}
    phone.until(is_sent(phone, 1))
    assert page.locator(".tile").count() == 1
    assert street.counts() == (1, 2)


def test_a_rescue_file_on_a_second_phone_is_sent_once_though_both_phones_send_it(street: Street, phone: Phone) -> None:
    street.network.is_down = True
    page = phone.open("#/file", is_offline=True)
    phone.file(noise(1), noise(2))
    phone.file(noise(3))
    page.goto("/m/#/outbox")
    with page.expect_download() as download:
        page.click("[data-key=export]")
    saved = phone.folder / "rescue.json"
    download.value.save_as(saved)
    assert len(json.loads(saved.read_text("utf-8"))["items"]) == 2
    phone.close()

    street.network.is_down = False
    second = street.new_phone()
    second.open()
    second.sign_in()
    second.page.goto("/m/#/outbox")
    second.page.set_input_files("[data-source=rescue]", saved)
    second.until(is_sent(second, 2))
    assert street.counts() == (2, 3)
    second.page.set_input_files("[data-source=rescue]", saved)
    second.page.get_by_text("新导入 0 件，另有 2 件本机已有").wait_for()
    second.close()

    phone.open("#/outbox")
    phone.until(is_sent(phone, 2))
    assert street.counts() == (2, 3)


def test_a_revoked_phone_keeps_its_outbox_says_what_to_do_and_sends_after_sign_in(street: Street, phone: Phone) -> None:
    street.network.is_down = True
    page = phone.open("#/file", is_offline=True)
    phone.file(noise(1))
    owner = street.office.caller("inspector")
    [session] = [one for one in owner.get("/auth/sessions").json["items"] if one["device"]]
    ended = owner.client.delete(f"/api/v1/auth/sessions/{session['id']}", headers=owner.headers)
    assert ended.status_code == 204
    street.network.is_down = False
    assert phone.context is not None
    phone.context.set_offline(False)
    page.get_by_text("此手机的登录已被注销").wait_for()
    assert phone.statuses() == {"queued": 1}
    page.click("[data-key=tell-alarm]")
    page.wait_for_selector("form.sign-in")
    phone.sign_in()
    phone.until(is_sent(phone, 1))
    assert street.counts() == (1, 1)


def test_another_person_on_the_same_phone_never_sends_the_first_ones_items(street: Street, phone: Phone) -> None:
    street.network.is_down = True
    page = phone.open("#/file", is_offline=True)
    phone.file(noise(1))
    page.goto("/m/#/settings")
    page.click("[data-key=sign-out]")
    page.click("dialog .danger")
    page.wait_for_selector("form.sign-in")
    street.network.is_down = False
    assert phone.context is not None
    phone.context.set_offline(False)
    phone.sign_in("inspector2")
    page.goto("/m/#/outbox")
    page.get_by_text("另有 1 件属于 inspector，不会以您的名义发送").wait_for()
    page.goto("/m/#/file")
    phone.file(noise(2))
    phone.until(lambda: phone.statuses() == {"queued": 1, "done": 1})
    assert street.counts() == (1, 1)
    page.goto("/m/#/settings")
    page.click("[data-key=sign-out]")
    page.click("dialog .danger")
    page.wait_for_selector("form.sign-in")
    phone.sign_in("inspector")
    phone.until(is_sent(phone, 2))
    assert street.counts() == (2, 2)


def test_a_photo_too_large_for_the_proxy_is_told_and_goes_once_it_may(street: Street, phone: Phone) -> None:
    street.network.refuse = {("POST", "/api/v1/attachments"): 413}
    phone.open("#/file")
    phone.file(noise(1))
    phone.until(lambda: phone.statuses() == {"parked": 1})
    page = phone.go("#/outbox")
    parked = page.locator("[data-status=parked]")
    assert "第 1 张照片：文件太大，服务器不接收。" in parked.inner_text()
    street.network.refuse = {}
    parked.get_by_role("button", name="原样重发").click()
    phone.until(is_sent(phone, 1))
    assert street.counts() == (1, 1)


def test_a_late_sign_out_never_ends_the_session_of_whoever_signed_in_meanwhile(phone: Phone) -> None:
    page = phone.open("#/settings")
    late = """(async () => {
        const [store, session] = await Promise.all([import('/static/m/store.js'), import('/static/m/session.js')]);
        await store.setMeta('signed_out', true);
        let ended;
        // Signing in holds the lock while the sign-out of before is still to be told.
        await navigator.locks.request('gridcase-outbox', async () => {
            ended = session.endOnServer();
            await new Promise((resolve) => { setTimeout(resolve, 300); });
            await store.setMeta('signed_out', undefined);
        });
        await ended;
        return (await fetch('/api/v1/me')).status;
    })()"""
    assert page.evaluate(late) == 200


def test_a_refused_item_is_parked_alone_with_its_reason_and_sent_after_a_change(street: Street, phone: Phone) -> None:
    street.network.is_down = True
    page = phone.open("#/file", is_offline=True)
    phone.file(noise(1))
    phone.file(noise(2))
    phone.file(noise(3))
    spoil = """import('/static/m/store.js').then(async (store) => {
        const items = (await store.allItems()).sort((one, other) => one.seq - other.seq);
        const wrong = (type) => ({...type, code: '00000'});
        await store.updateItem(items[1].id, (item) => ({...item, body: {...item.body, type: wrong(item.body.type)}}));
    })"""
    page.evaluate(spoil)
    street.network.is_down = False
    assert phone.context is not None
    phone.context.set_offline(False)
    phone.until(lambda: phone.statuses() == {"done": 2, "parked": 1})
    assert street.counts() == (2, 3)
    page.goto("/m/#/outbox")
    parked = page.locator("[data-status=parked]")
    assert "00000" in parked.inner_text()
    parked.get_by_role("link", name="修改").click()
    page.wait_for_selector(".tile img")
    kept = """import('/static/m/store.js').then(async (store) => {
        const [item] = (await store.allItems()).filter((one) => one.status === 'parked');
        return (await store.getPhotos(item.photos)).filter(Boolean).length;
    })"""
    page.click(".tile .remove")
    page.wait_for_selector(".tile", state="detached")
    assert page.evaluate(kept) == 1  # the change may still be given up
    phone.shoot(noise(4))
    page.click("[data-key=send]")
    phone.until(is_sent(phone, 3))
    assert street.counts() == (3, 4)  # the one taken away had gone up before its case was refused
