"""A day with the phone: tasks answered, places visited, evidence added, a place moved, storage full, devices ended."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page

from gridcase.services import administering
from tests.desk import Desk
from tests.office import Caller
from tests.phones import CAMERA, Phone, as_file, noise
from tests.street import Street

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

#: About 200 m in degrees of latitude.
TWO_HUNDRED_M = 0.0018
#: Of a kind that no other test here files: only three cases nearby are shown.
POLES = {"scheme": "GBT47678.5-2026", "kind": "event", "code": "10002"}


@pytest.fixture
def street(lasting_street: Street) -> Street:
    return lasting_street


@pytest.fixture
def phone(ready_phone: Phone) -> Phone:
    return ready_phone


@pytest.fixture(scope="module")
def desk(lasting_street: Street) -> Desk:
    return Desk(lasting_street)


def open_task(phone: Phone, number: str) -> Page:
    """Bring the copies up to date and open the task asked about a case."""
    phone.sync()
    phone.page.click(f"a.card[href*='{number}']")
    phone.page.wait_for_selector("input[data-usage]", state="attached")
    return phone.page


def answered(phone: Phone, usage: str, result: str, seed: int) -> None:
    phone.shoot(noise(seed), usage=usage)
    phone.page.click(f"[data-key=result-{result}]")
    phone.page.click("[data-key=send]")
    phone.page.wait_for_selector(".screen-tasks, .screen-outbox")


def test_a_report_is_proved_true_on_the_spot(phone: Phone, desk: Desk) -> None:
    number = desk.verifying()
    open_task(phone, number)
    answered(phone, "verify", "true", 1)
    phone.until_sent(1)
    line = desk.last_line(number)
    assert (line["action"], line["facts"]["verify_result"]) == ("verify", "true")
    assert "doubts" not in line["facts"]
    assert line["observed_at"] is not None
    phone.page.evaluate("location.hash = '#/tasks'")
    phone.page.wait_for_selector(f"a.card[href*='{number}']", state="detached")


def test_a_check_answered_without_network_is_sent_later_and_counts_when_it_was_made(phone: Phone, desk: Desk) -> None:
    number = desk.checking()
    page = open_task(phone, number)
    phone.offline()
    answered(phone, "check", "pass", 2)
    page.locator(f"a.card.answered[href*='{number}']", has_text="已填，待发送").wait_for()
    assert desk.case(number)["state"] == "checking"
    page.wait_for_timeout(2100)  # times are told in whole seconds, by a clock that is known to half of one
    phone.online()
    phone.until_sent(1)
    line = desk.last_line(number)
    assert (line["facts"]["check_result"], line["facts"].get("doubts")) == ("pass", None)
    assert datetime.fromisoformat(line["observed_at"]) < datetime.fromisoformat(line["recorded_at"])


def test_a_check_from_far_away_warns_is_parked_and_taken_with_a_reason(phone: Phone, desk: Desk) -> None:
    number = desk.checking()
    phone.stand(north=TWO_HUNDRED_M)
    page = open_task(phone, number)
    page.get_by_text(re.compile("距案件位置 200 米，可能超出范围")).wait_for()
    answered(phone, "check", "pass", 3)
    phone.until(lambda: phone.statuses() == {"parked": 1})
    page.goto("/m/#/outbox")
    parked = page.locator("[data-status=parked]")
    assert "too_far" in parked.inner_text()
    parked.get_by_role("link", name="修改").click()
    page.fill("[data-key=reason]", "现场封闭，只能在路口拍摄")
    page.click("[data-key=send]")
    phone.until_sent(1)
    assert desk.last_line(number)["facts"]["doubts"] == ["too_far"]


def test_an_answer_to_a_case_that_moved_on_shows_what_changed_and_waits_for_the_person(
    phone: Phone, desk: Desk
) -> None:
    number = desk.verifying()
    page = open_task(phone, number)
    phone.offline()
    answered(phone, "verify", "false", 4)
    desk.act("acceptor", number, "correct", address="南大街 88 号东侧", note="来电补充")
    phone.online()
    phone.until(lambda: phone.statuses() == {"stale": 1})
    page.goto("/m/#/outbox")
    changed = page.locator("[data-status=stale] .changes").inner_text()
    assert "地址" in changed
    assert "南大街 88 号东侧" in changed
    assert desk.last_line(number)["action"] == "correct"
    page.get_by_role("button", name="仍然提交").click()
    phone.until_sent(1)
    assert desk.last_line(number)["facts"]["verify_result"] == "false"


def test_an_answer_whose_task_was_taken_back_meanwhile_is_told_so_and_goes_as_evidence(
    phone: Phone, desk: Desk
) -> None:
    number = desk.checking()
    page = open_task(phone, number)
    phone.offline()
    answered(phone, "check", "pass", 5)
    desk.act("acceptor", number, "withdraw_task", note="改为电话核查")
    phone.online()
    phone.until(lambda: phone.statuses() == {"parked": 1})
    page.goto("/m/#/outbox")
    parked = page.locator("[data-status=parked]")
    assert "任务已撤回" in parked.inner_text()
    assert "task_withdrawn" in parked.inner_text()
    parked.get_by_role("button", name="转为补充材料").click()
    phone.until_sent(1)
    line = desk.last_line(number)
    assert (line["action"], len(line["facts"]["attachments"])) == ("attach", 1)


def test_a_matter_dealt_with_on_the_spot_takes_two_taps_more_and_is_closed(phone: Phone, desk: Desk) -> None:
    page = phone.go("#/file")
    phone.shoot(noise(6))
    phone.choose_type("06010")
    # The first tap; what is asked for after it is the camera's business.
    with page.expect_file_chooser() as chooser:
        page.click(".self .shoot")
    chooser.value.set_files([as_file(noise(7))])
    page.get_by_text("自处置：将直接结案").wait_for()
    page.click("[data-key=send]")  # the second, and the last
    phone.until_sent(1)
    [item] = phone.items()
    case = desk.case(item["done"]["number"])
    assert (case["state"], [one["usage"] for one in case["attachments"]]) == ("closed", ["file", "self_handled"])


def run_campaign(street: Street, code: str, *names: str) -> Caller:
    """Let places be visited by the inspector where the phone stands; gives the leader who planned it."""
    today = street.office.rt.clock.now().astimezone(street.office.rt.settings.zone).date()
    point = street.office.point()
    where = {"lon": point.lon, "lat": point.lat}
    places = [{"name": name, "location": where, "inspector": "inspector"} for name in names]
    days = {"first_day": str(today), "last_day": str(today + timedelta(days=1))}
    leader = street.caller("shift_leader")
    planned = {"code": code, "name": "餐饮油烟专项", "places": places} | days
    answer = leader.client.post("/api/v1/campaigns", json=planned, headers=leader.headers)
    assert answer.status_code == 201, answer.json
    return leader


def test_the_places_of_a_campaign_are_visited_with_and_without_a_finding(
    street: Street, phone: Phone, desk: Desk
) -> None:
    leader = run_campaign(street, "phone-1", "老街饭店", "延陵西路工地")
    phone.sync()
    page = phone.go("#/tasks?tab=campaigns")
    page.get_by_text("老街饭店").click()
    phone.shoot(noise(8), usage="other")
    page.click("[data-key=no-problem]")
    page.get_by_text("延陵西路工地").click()
    page.click("[data-key=problem]")
    page.get_by_text("专项：phone-1").wait_for()
    phone.shoot(noise(9))
    phone.choose_type("08004")
    page.click("[data-key=send]")
    phone.until_sent(3)
    shown = leader.get("/campaigns/phone-1").json
    first, second = shown["places"]
    assert (first["result"], second["result"]) == ("no_problem", "case")
    assert desk.case(second["case"])["campaign"] == "phone-1"


def test_what_is_begun_at_a_place_of_a_campaign_stays_there_and_may_be_a_case_known_already(
    street: Street, phone: Phone, desk: Desk
) -> None:
    leader = run_campaign(street, "phone-2", "人民公园北门", "红梅公园东门")
    known = desk.filed("inspector2", type=POLES)
    phone.sync()
    page = phone.go("#/file?campaign=phone-2&place=1")
    phone.shoot(noise(14))
    for elsewhere in ("#/file", "#/file?campaign=phone-2&place=2"):
        phone.go(elsewhere)
        assert page.locator(".tile").count() == 0
    phone.go("#/file?campaign=phone-2&place=1")
    page.wait_for_selector(".tile img")
    phone.choose_type(POLES["code"])
    page.click(f"[data-key=same-{known}]")
    phone.until_sent(2)
    first, second = leader.get("/campaigns/phone-2").json["places"]
    assert (first["result"], first["case"], second["result"]) == ("case", known, None)


def test_the_same_thing_gets_the_photos_as_evidence_instead_of_a_new_case(
    street: Street, phone: Phone, desk: Desk
) -> None:
    number = desk.filed("inspector2", type=POLES)
    cases, _ = street.counts()
    page = phone.go("#/file")
    phone.shoot(noise(10))
    phone.choose_type(POLES["code"])
    page.click(f"[data-key=same-{number}]")
    phone.until_sent(1)
    assert street.counts()[0] == cases
    assert len(desk.case(number)["attachments"]) == 1
    page.get_by_text(f"补充材料 {number}").wait_for()


def test_a_moved_pin_is_the_place_and_what_was_measured_is_kept_too(street: Street, phone: Phone, desk: Desk) -> None:
    page = phone.go("#/file")
    phone.shoot(noise(11))
    page.click("[data-key=move]")
    page.focus("canvas.map")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.click("[data-key=use-pin]")
    page.get_by_text("位置已手动调整").wait_for()
    phone.choose_type("06012")
    page.click("[data-key=send]")
    phone.until_sent(1)
    [item] = phone.items()
    kept = desk.case(item["done"]["number"])["location"]
    point = street.office.point()
    assert kept["lat"] > point.lat
    assert (kept["measured"]["lon"], kept["measured"]["lat"]) == (point.lon, point.lat)


def test_poor_accuracy_and_a_border_are_shown(phone: Phone) -> None:
    phone.stand(accuracy_m=65)
    page = phone.go("#/file")
    doubt = page.locator(".doubt")
    doubt.get_by_text("定位精度差，请核对位置").wait_for()
    assert re.search(r"也可能属于 \d{6}", doubt.inner_text())
    assert "精度 ±65 米" in page.locator(".place").inner_text()


FULL = """store => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === store) throw new DOMException('full', 'QuotaExceededError');
    return put.apply(this, given);
  };
  window.makeRoom = () => { IDBObjectStore.prototype.put = put; };
}"""


def test_a_full_phone_says_so_and_loses_nothing(phone: Phone) -> None:
    page = phone.go("#/file")
    page.evaluate(FULL, "bytes")
    page.set_input_files("input[data-usage=file][data-source=camera]", as_file(noise(12)))
    page.locator("#toast", has_text="手机存储空间已满，这张照片未保存").wait_for()
    page.evaluate("makeRoom()")
    phone.shoot(noise(12))
    phone.choose_type("06012")
    page.evaluate(FULL, "items")
    page.click("[data-key=send]")
    page.locator("#toast", has_text="未能存入发件箱，草稿仍保留").wait_for()
    page.reload()
    page.wait_for_selector(".tile img")
    assert phone.statuses() == {}
    page.click("[data-key=send]")
    phone.until_sent(1)


SLOW = """seconds => {
  const decode = window.createImageBitmap;
  window.createImageBitmap = async (...given) => {
    await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
    return decode(...given);
  };
}"""
KNOWN = """import('/static/m/position.js').then(async ({ lastPosition }) => {
  while (!lastPosition()) await new Promise((resolve) => { setTimeout(resolve, 50); });
  await new Promise((resolve) => { requestAnimationFrame(resolve); });
})"""
DRAFTS = "import('/static/m/store.js').then((store) => store.getDraft('{key}'))"


def test_a_photo_still_being_made_ready_goes_along_and_two_taps_file_once(phone: Phone) -> None:
    page = phone.go("#/file")
    page.evaluate(SLOW, 3)
    page.set_input_files(CAMERA.format(usage="file"), as_file(noise(15)))
    # The person goes on meanwhile: the type, the note, and both thumbs on the button.
    phone.choose_type("06012")
    page.fill("[data-key=note]", "靠近公交站")
    assert page.locator(".tile img").count() == 0
    page.evaluate("() => { const send = document.querySelector('[data-key=send]'); send.click(); send.click(); }")
    page.wait_for_selector(".shoot.first")
    phone.until_sent(1)
    [item] = phone.items()
    assert (len(item["photos"]), item["body"]["description"]) == (1, "靠近公交站")
    page.wait_for_timeout(400)  # longer than a note waits before it is kept
    assert page.evaluate(DRAFTS.format(key=f"file:{item['owner']}")) is None


TWICE = """import('/static/m/store.js').then(async (store) => {
  const send = document.querySelector('[data-key=send]');
  send.click();
  while (!(await store.allItems()).length) await new Promise((resolve) => { setTimeout(resolve); });
  send.click();
})"""


def test_a_tap_that_comes_late_answers_a_task_no_second_time(phone: Phone, desk: Desk) -> None:
    number = desk.checking()
    page = open_task(phone, number)
    phone.shoot(noise(18), usage="check")
    page.click("[data-key=result-pass]")
    page.evaluate(TWICE)
    page.wait_for_selector(".screen-tasks")
    phone.until_sent(1)


def test_a_photo_is_there_when_somebody_left_the_form_and_came_back_before_it_was_ready(phone: Phone) -> None:
    page = phone.go("#/file")
    page.evaluate(SLOW, 3)
    page.set_input_files(CAMERA.format(usage="file"), as_file(noise(17)))
    page.locator(".tile").wait_for()
    phone.go("#/tasks")
    phone.go("#/file")
    assert (page.locator(".tile").count(), page.locator(".tile img").count()) == (1, 0)
    phone.choose_type("06012")
    page.wait_for_selector(".tile img")
    page.reload()
    page.wait_for_selector(".tile img")
    page.wait_for_selector("[data-key=change-type]")


def test_a_field_that_is_written_in_is_not_taken_away_and_the_screen_goes_on_afterwards(phone: Phone) -> None:
    assert phone.context is not None
    phone.context.set_geolocation(None)
    phone.page.reload()
    page = phone.go("#/file")
    phone.shoot(noise(16))
    address = page.locator("[data-key=address]")
    address.press_sequentially("南大街")
    address.evaluate("field => { field.dataset.mark = 'the same'; }")
    place = {"longitude": phone.point.lon, "latitude": phone.point.lat, "accuracy": 8}
    phone.context.set_geolocation(place)  # type: ignore[arg-type] - a plain dictionary of the three
    page.evaluate(KNOWN)
    address.press_sequentially(" 88 号")
    assert (address.input_value(), address.get_attribute("data-mark")) == ("南大街 88 号", "the same")
    assert page.locator(".place[data-cell]").count() == 0
    address.blur()
    page.wait_for_selector(".place[data-cell]")
    assert address.input_value() == "南大街 88 号"


def test_a_lost_phone_is_signed_out_from_another(street: Street, phone: Phone) -> None:
    lost = street.caller("inspector")
    body = {"username": "inspector", "password": "a long enough password", "role": "inspector", "device": "丢失的手机"}
    own = {"Sec-Fetch-Site": "same-origin"}
    assert lost.client.post("/api/v1/auth/devices", json=body, headers=own).status_code == 201
    page = phone.go("#/settings")
    page.locator(".devices li", has_text="丢失的手机").get_by_role("button", name="注销").click()
    page.click("dialog .danger")
    page.locator("#toast", has_text="已注销").wait_for()
    page.locator(".devices li", has_text="丢失的手机").wait_for(state="detached")
    assert page.get_by_text("当前设备").count() == 1


def test_a_closed_account_keeps_its_outbox_says_whom_to_ask_and_sends_once_it_is_open_again(
    street: Street, phone: Phone, desk: Desk
) -> None:
    page = phone.go("#/file")
    phone.offline()
    phone.file(noise(13))
    admin, rt = street.office.actor("admin"), street.office.rt
    administering.set_active(rt, admin, desk.person(), is_active=False)
    phone.online()
    page.get_by_text("账号已停用。发件箱内容仍保留").wait_for()
    assert phone.statuses() == {"queued": 1}
    administering.set_active(rt, admin, desk.person(), is_active=True)
    page.click("[data-key=tell-alarm]")
    phone.sign_in()
    phone.until_sent(1)
    street.callers.pop("inspector", None)


def test_a_phone_that_lies_still_has_a_position_of_the_moment_without_waiting(phone: Phone) -> None:
    page = phone.go("#/file")
    # Half a minute later: the browser told nothing new meanwhile, because nothing moved.
    page.evaluate("Date.now = ((now) => () => now() + 30000)(Date.now)")
    asked = "import('/static/m/position.js').then(async ({ positionNow, isFresh }) => isFresh(await positionNow()))"
    start = page.evaluate("performance.now()")
    assert page.evaluate(asked) is True
    assert page.evaluate("performance.now()") - start < 4000
