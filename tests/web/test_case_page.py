"""The page of a case and the forms of everything that can be done to it, as people of each role meet them."""

import io
import re

import pytest

from gridcase.domain.case import Action
from gridcase.workflow.transitions import BY_PEOPLE
from tests.office import jpeg
from tests.services.test_statements import counted
from tests.walks import WALKERS, WITH_PHOTOS, nothing_by_rule, walks
from tests.web.pages import Visitor, form_to, new_key

SCRIPT = "<script>alert(1)</script>{{ 7*7 }}"


def filed(office, **changes):
    return office.caller("acceptor").file(office.filing(source="hotline", **changes)).json["number"]


def given_to(office, unit="NDJ-ZF", **changes):
    """File, register and dispatch a case."""
    number = filed(office, **changes)
    office.caller("acceptor").act(number, "register", condition="1")
    office.caller("dispatcher").act(number, "dispatch", unit=unit)
    return number


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_action_of_the_table_is_carried_out_through_its_form(office, lang):
    nothing_by_rule(office)
    callers = {name: office.caller(name) for name in WALKERS}
    visitors = {caller: Visitor(office, name, lang) for name, caller in callers.items()}
    done = set()
    for number, walk in walks(callers, office):
        for caller, action, fields in walk:
            answer = visitors[caller].act(number, action, photos=2 if action in WITH_PHOTOS else 0, **fields)
            assert answer.status_code == 303, (action, errors_in(answer.text))
            done.add(Action(action))
            if action in WITH_PHOTOS:
                attached = callers["acceptor"].get(f"/cases/{number}/history").json["items"]
                assert sum(
                    len(line["facts"].get("attachments", ())) == 2 for line in attached if line["action"] == action
                )
    assert done == BY_PEOPLE - {Action.FILE}


def errors_in(html):
    return re.findall(r'class="error"[^>]*>([^<]*)', html) + re.findall(r"<p>([^<]*)</p>", html)[:5]


ROLES = (
    "inspector",
    "acceptor",
    "shift_leader",
    "dispatcher",
    "unit_leader",
    "handler",
    "chief",
    "assessor",
    "leader",
    "admin",
)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("username", ROLES)
def test_each_role_finds_exactly_the_actions_that_the_api_names(sqlite_office, username, lang):
    number = given_to(sqlite_office)
    allowed = sqlite_office.caller(username).get(f"/cases/{number}").json["available_actions"]
    answer = Visitor(sqlite_office, username, lang).get(f"/cases/{number}")
    assert answer.status_code == 200
    assert set(re.findall(r'data-action="(\w+)"', answer.text)) == {one["action"] for one in allowed}
    unnamed = re.findall(r"\bcase\.[a-z_0-9]+\b", re.sub(r"<[^>]*>", " ", answer.text))
    assert unnamed == []


def test_who_may_not_see_a_case_reaches_neither_page_nor_fragment_nor_form(sqlite_office):
    number = given_to(sqlite_office)
    stranger = Visitor(sqlite_office, "other_unit")
    for path in ("", "/forms/accept", "?do=accept"):
        assert stranger.get(f"/cases/{number}{path}", **{"HX-Request": "true"}).status_code == 404
    pulses = [stranger.get(f"/cases/{one}/pulse?seen=0") for one in (number, f"{number[:-1]}9", "nothing")]
    assert {(one.status_code, one.text) for one in pulses} == {(286, pulses[2].text)}
    assert stranger.post(f"/cases/{number}/actions/comment", {"text": "x", "version": "1"}).status_code == 404


def test_a_unit_never_reads_who_found_the_case(sqlite_office):
    office = sqlite_office
    inspector = office.caller("inspector")
    number = inspector.file(office.filing()).json["number"]
    unit = Visitor(office, "unit_leader").get(f"/cases/{number}").text
    assert "监督指挥中心人员" in unit
    assert re.search(r">\s*inspector\b", unit) is None
    assert "发现人" not in unit
    assert "发现人" in Visitor(office, "dispatcher").get(f"/cases/{number}").text


def test_a_form_sent_twice_does_it_once(office):
    number = filed(office)
    acceptor = Visitor(office, "acceptor")
    form = acceptor.form(number, "comment")
    first, second = (acceptor.send(form, text="请尽快") for _ in range(2))
    assert first.status_code == second.status_code == 303
    lines = office.caller("acceptor").get(f"/cases/{number}/history").json["items"]
    assert [line["action"] for line in lines].count("comment") == 1


def test_a_form_with_photos_sent_twice_keeps_each_once(office):
    number = given_to(office)
    unit = Visitor(office, "unit_leader")
    form = unit.form(number, "report")
    for _ in range(2):
        assert unit.send(form, photos=2, done="已清理").status_code == 303
    shown = office.caller("unit_leader").get(f"/cases/{number}").json
    assert [photo["usage"] for photo in shown["attachments"]] == ["handle", "handle"]


def test_a_form_of_a_case_that_moved_on_says_who_changed_what_and_keeps_what_was_typed(office):
    nothing_by_rule(office)
    number = filed(office)
    acceptor = Visitor(office, "acceptor")
    form = acceptor.form(number, "register")
    office.caller("shift_leader").act(number, "correct", address="北大街9号", note="地址写错了")
    stale = acceptor.send(form, condition="1", note="写了很久的说明")
    assert stale.status_code == 412
    assert "shift_leader · 值班长" in stale.text
    assert "地址写错了" in stale.text
    assert "北大街9号" in stale.text
    again = form_to(stale.text, "/actions/register")
    assert again.fields["note"] == "写了很久的说明"
    assert acceptor.send(again).status_code == 303


def test_what_can_no_longer_be_done_is_said_and_what_was_typed_stays_to_be_copied(sqlite_office):
    office = sqlite_office
    nothing_by_rule(office)
    number = filed(office)
    acceptor = Visitor(office, "acceptor")
    form = acceptor.form(number, "register")
    office.caller("shift_leader").act(number, "void", reason="test")
    stale = acceptor.send(form, condition="1", note="写了很久的说明")
    assert stale.status_code == 412
    assert "这项操作已不能办理" in stale.text
    assert "写了很久的说明" in stale.text


def test_other_content_under_a_key_already_used_is_shown_and_may_be_sent_anew(sqlite_office):
    number = filed(sqlite_office)
    acceptor = Visitor(sqlite_office, "acceptor")
    form = acceptor.form(number, "comment")
    acceptor.send(form, text="第一句")
    answer = acceptor.send(form, text="第二句")
    assert answer.status_code == 409
    again = form_to(answer.text, "/actions/comment")
    assert again.fields["text"] == "第二句"
    assert again.fields["key"] != form.fields["key"]
    assert acceptor.send(again).status_code == 303


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(sqlite_office, lang):
    office = sqlite_office
    nothing_by_rule(office)
    number = given_to(office)
    unit = Visitor(office, "unit_leader", lang)
    answer = unit.act(number, "ask_extension", amount={"amount": "一天"}, reason="workload", note="缺材料")
    assert answer.status_code == 422
    assert re.search(r'<p class="error" id="f-amount-error">[^<]+</p>', answer.text)
    form = form_to(answer.text, "/actions/ask_extension")
    assert (form.fields["amount.amount"], form.fields["note"], form.fields["reason"]) == ("一天", "缺材料", "workload")
    assert unit.send(form, amount={"amount": "1"}).status_code == 303


def test_a_file_that_is_no_photo_is_refused_beside_the_photos_and_the_good_ones_are_kept(sqlite_office):
    number = given_to(sqlite_office)
    unit = Visitor(sqlite_office, "unit_leader")
    form = unit.form(number, "report")
    data = dict(form.fields) | {"done": "已清理"}
    bad = (io.BytesIO(b"%PDF-1.4 no photo"), "a.jpg")
    good = (io.BytesIO(jpeg()), "b.exe")
    answer = unit.post(form.action, data | {"photos": [good, bad]})
    assert answer.status_code == 422
    assert re.search(r'id="f-attachments-error">[^<]+', answer.text)
    again = form_to(answer.text, "/actions/report")
    assert len(again.fields.getlist("attachments")) == 1
    assert again.fields["done"] == "已清理"
    assert unit.send(again).status_code == 303


def test_script_in_every_text_people_write_is_shown_as_text(sqlite_office):
    office = sqlite_office
    number = given_to(office, address=SCRIPT, place=SCRIPT, description=SCRIPT)
    unit = Visitor(office, "unit_leader")
    unit.act(number, "comment", text=SCRIPT)
    unit.act(number, "ask_extension", amount={"amount": "1", "unit": "working_hour"}, reason="workload", note=SCRIPT)
    wrong = unit.act(number, "report", done=SCRIPT)
    for html in (
        unit.get(f"/cases/{number}").text,
        Visitor(office, "dispatcher").get(f"/cases/{number}").text,
        wrong.text,
    ):
        assert "<script>alert" not in html
        assert "{{ 7*7 }}" in html
        assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4


def test_the_page_asks_whether_anything_is_new_and_is_told_who_did_what(sqlite_office):
    office = sqlite_office
    number = filed(office)
    acceptor = Visitor(office, "acceptor")
    seen = re.search(r'data-seen="(\d+)"', acceptor.get(f"/cases/{number}").text)[1]
    assert acceptor.get(f"/cases/{number}/pulse?seen={seen}").status_code == 204
    office.caller("leader").act(number, "supervise", text="请说明")
    news = acceptor.get(f"/cases/{number}/pulse?seen={seen}")
    assert news.status_code == 200
    assert "leader · 领导" in news.text
    assert "请说明" in news.text


def test_the_pulse_costs_two_statements_and_the_page_the_same_however_long_the_life(office):
    number = filed(office)
    acceptor, caller = Visitor(office, "acceptor"), office.caller("acceptor")
    acceptor.get(f"/cases/{number}")

    def cost(path):
        with counted(office) as seen:
            assert acceptor.get(f"/cases/{number}{path}").status_code in (200, 204)
        return len(seen)

    few = cost("")
    assert cost("/pulse?seen=1") <= 2
    for _ in range(10):
        caller.act(number, "comment", text="请尽快")
        filed(office)
    assert cost("") == few <= 9
    assert cost("?do=register") == few


def test_layers_units_and_reasons_are_said_by_name(sqlite_office):
    office = sqlite_office
    number = given_to(office)
    office.caller("unit_leader").act(number, "return_task", reason="not_ours", note="不归我们")
    html = Visitor(office, "dispatcher").get(f"/cases/{number}").text
    assert "不属于本单位职责" in html
    assert "NDJ-ZF" not in re.sub(r"<[^>]*>", " ", html)
    assert "not_ours" not in html


def test_the_trace_of_a_clock_names_the_noon_break(sqlite_office):
    office = sqlite_office
    nothing_by_rule(office)
    number = given_to(office)
    html = Visitor(office, "dispatcher").get(f"/cases/{number}").text
    assert re.search(r"休息 12:00–14:00", html) or "连续计时" in html


def test_a_case_links_to_those_it_repeats(sqlite_office):
    office = sqlite_office
    nothing_by_rule(office)
    lead, follower = filed(office), filed(office)
    Visitor(office, "acceptor").act(follower, "link_duplicate", lead=lead)
    acceptor = Visitor(office, "acceptor")
    assert "重复上报的案件" in acceptor.get(f"/cases/{lead}").text
    assert f'href="/cases/{follower}"' in acceptor.get(f"/cases/{lead}").text
    assert f'href="/cases/{lead}"' in acceptor.get(f"/cases/{follower}").text


def test_a_form_from_another_site_is_refused(sqlite_office):
    number = filed(sqlite_office)
    acceptor = Visitor(sqlite_office, "acceptor")
    form = acceptor.form(number, "comment")
    answer = acceptor.post(form.action, dict(form.fields) | {"text": "x"}, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_key_that_is_none_is_made_anew_and_a_version_that_is_none_is_stale(sqlite_office):
    number = filed(sqlite_office)
    acceptor = Visitor(sqlite_office, "acceptor")
    form = acceptor.form(number, "register")
    data = dict(form.fields) | {"condition": "1"}
    assert acceptor.post(form.action, data | {"version": "x", "key": new_key()}).status_code == 412
    assert acceptor.post(form.action, data | {"key": "not a key"}).status_code == 303
