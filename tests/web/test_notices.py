"""The inbox as a page: what is unread, reading it, choosing what is mailed, who would be told, what did not arrive."""

import re

import pytest

from gridcase.services import mailing
from gridcase.services.telling_news import tell_news
from gridcase.store.mails import MailState, add_delivery
from tests.feeds import settle
from tests.office import Office
from tests.services.test_statements import counted
from tests.web.pages import Visitor


@pytest.fixture
def numbers(office: Office) -> list[str]:
    """Three cases that the unit and the chief were told of."""
    inspector = office.caller("inspector")
    found = [inspector.file().json["number"] for _ in range(3)]
    settle(office)
    tell_news(office.rt)
    return found


def unread_rows(page: str) -> int:
    return len(re.findall(r'<tr class="unread"', page))


def test_the_inbox_lists_what_the_unit_is_told_and_the_badge_counts_it(office, numbers):
    client = Visitor(office, "unit_leader")
    page = client.get("/notices").text
    assert all(f'href="/cases/{number}"' in page for number in numbers)
    assert unread_rows(page) == 3
    assert "新派案件" in page
    assert "占用消防通道" in page
    assert '<span class="badge" aria-hidden="true">3</span>' in client.get("/notices/badge").text
    assert Visitor(office, "other_unit").get("/notices/badge").text.strip() == ""


def test_english_is_a_choice(office, numbers):
    page = Visitor(office, "unit_leader").get("/notices?lang=en").text
    assert "New case" in page
    assert not re.findall(r"[\u4e00-\u9fff]", page.replace("中文", "").replace("南大街街道办事处", ""))


def test_reading_one_and_then_all(office, numbers):
    client = Visitor(office, "unit_leader")
    page = client.get("/notices").text
    one = re.findall(r'data-notice="(\d+)"', page)[0]
    assert client.post("/notices/read", data={"id": one}).headers["Location"] == "/notices"
    assert unread_rows(client.get("/notices").text) == 2
    newest = re.findall(r'name="up_to" value="(\d+)"', page)[0]
    assert (
        client.post("/notices/read", data={"up_to": newest, "unread": "1"}).headers["Location"] == "/notices?unread=1"
    )
    assert "没有未读消息" in client.get("/notices?unread=1").text
    assert client.get("/notices/badge").text.strip() == ""
    assert client.post("/notices/read", data={"id": newest, "quiet": "1"}).status_code == 204
    assert client.post("/notices/read", data={"id": "x"}).status_code == 422


def test_nobody_reads_for_another(office, numbers):
    mine = re.findall(r'data-notice="(\d+)"', Visitor(office, "unit_leader").get("/notices").text)
    other = Visitor(office, "other_unit")
    for notice in mine:
        other.post("/notices/read", data={"id": notice})
    assert unread_rows(Visitor(office, "unit_leader").get("/notices").text) == 3


def test_a_kind_may_be_asked_for(office, numbers):
    client = Visitor(office, "unit_leader")
    assert unread_rows(client.get("/notices?kind=assigned").text) == 3
    assert "没有消息" in client.get("/notices?kind=urged").text


def test_the_page_and_the_badge_cost_the_same_however_much_there_is(office, numbers):
    client = Visitor(office, "unit_leader")
    client.get("/notices")

    def costs() -> tuple[int, int]:
        with counted(office) as page:
            client.get("/notices")
        with counted(office) as badge:
            client.get("/notices/badge")
        return len(page), len(badge)

    few = costs()
    inspector = office.caller("inspector")
    for _ in range(60):
        inspector.file()
    settle(office)
    tell_news(office.rt)
    assert costs() == few == (2, 2)
    page = client.get("/notices").text
    following = re.findall(r'rel="next" href="([^"]+)"', page)[0].replace("&amp;", "&")
    assert unread_rows(page) == 50
    assert unread_rows(client.get(following).text) == 13


def test_what_is_mailed_is_chosen_and_a_wrong_address_is_said(office):
    client = Visitor(office, "unit_leader")
    assert "管理员尚未设置邮件服务器" in client.get("/notices/mail").text
    wrong = client.post("/notices/mail", data={"email": "a@b", "is_on": "1", "hour": ["8"], "kind": ["urged"]})
    assert wrong.status_code == 422
    assert "不是可用的邮箱地址" in wrong.text
    assert 'value="a@b"' in wrong.text
    data = {"email": "a@example.org", "is_on": "1", "hour": ["8", "15"], "kind": ["urged", "nonsense"]}
    assert client.post("/notices/mail", data=data).status_code == 303
    chosen = mailing.contact(office.rt, office.actor("unit_leader"))
    assert (chosen.address, chosen.choice.hours) == ("a@example.org", (8, 15))
    assert [str(kind) for kind in chosen.choice.kinds] == ["urged"]


def test_who_would_be_told_is_shown_before_it_is_sent(office, numbers):
    client = Visitor(office, "leader").client
    page = client.get("/notices/recipients", query_string={"number": numbers[0], "action": "supervise"}).text
    assert re.findall(r'<th scope="row">(\w+)</th>', page) == ["unit_leader", "handler", "dispatcher"]
    part = client.get(
        "/notices/recipients",
        query_string={"number": numbers[0], "action": "urge"},
        headers={"HX-Request": "true"},
    ).text
    assert "<html" not in part
    assert re.findall(r'<th scope="row">(\w+)</th>', part) == ["unit_leader", "handler"]
    assert client.get("/notices/recipients?number=NDJ1").status_code == 404


@pytest.mark.parametrize("username", ["unit_leader", "handler", "inspector", "chief"])
def test_units_and_inspectors_preview_nobody(sqlite_office, username):
    assert Visitor(sqlite_office, username).get("/notices/recipients").status_code == 403


def test_an_administrator_sees_what_did_not_arrive_and_sends_it_again(office):
    now = office.clock.now()
    row = {
        "person_id": office.actor("handler").person,
        "slot": now,
        "address": "hidden@example.org",
        "message_id": "<x@y>",
        "notices": 4,
        "state": str(MailState.UNCERTAIN),
        "attempts": 1,
        "try_at": now,
        "problem": "connection_broke",
        "made_at": now,
    }
    with office.rt.database.writing() as tx:
        made = add_delivery(tx, row, [])
    admin = Visitor(office, "admin")
    page = admin.get("/notices/deliveries?dead=1").text
    assert "不确定是否送达" in page
    assert "可能已送达" in page
    assert "hidden@example.org" not in page
    assert admin.post(f"/notices/deliveries/{made}/again").status_code == 303
    assert "没有邮件" in admin.get("/notices/deliveries?dead=1").text
    assert admin.post(f"/notices/deliveries/{made}/again").status_code == 404
    assert admin.post("/notices/deliveries/99999999999/again").status_code == 404
    trial = admin.post("/notices/deliveries/test", data={"email": "a@example.org"})
    assert trial.status_code == 422
    assert "未设置邮件服务器" in trial.text
    dispatcher = Visitor(office, "dispatcher")
    assert dispatcher.get("/notices/deliveries").status_code == 403
    assert dispatcher.post("/notices/deliveries/test", data={"email": "a@example.org"}).status_code == 403
    assert dispatcher.post(f"/notices/deliveries/{made}/again").status_code == 403
