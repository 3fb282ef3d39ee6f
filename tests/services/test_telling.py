"""People are told what is theirs, once, never of a case they may not see; the preview says the same people."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, UnitCode
from gridcase.domain.errors import NotFoundError, NotPermittedError
from gridcase.services import inbox, telling_news
from gridcase.services.inbox import foresee
from gridcase.services.telling_news import forget_told, is_anything_new, tell_news
from gridcase.store.notices import NoticeCopyRow, NoticeRow
from gridcase.workflow.telling import is_news
from tests.feeds import settle
from tests.office import PEOPLE, Caller, Office
from tests.walks import nothing_by_rule


@pytest.fixture
def callers(office: Office) -> dict[str, Caller]:
    return {name: office.caller(name) for name in PEOPLE if name not in ("public_door", "centre")}


def news(office: Office) -> int:
    settle(office)
    return tell_news(office.rt)


def kinds(caller: Caller, **query: object) -> list[str]:
    """Return the kinds of what somebody is told, oldest first."""
    items = caller.get("/notices", **query).json["items"]
    return [one["kind"] for one in reversed(items)]


def told_of(office: Office, kind: str) -> set[tuple[str, str]]:
    """Return to whom a kind of notice went: user name by role and why."""
    names = {office.actor(name).person: name for name in PEOPLE}
    statement = select(NoticeCopyRow.person_id, NoticeCopyRow.why).where(NoticeCopyRow.kind == kind)
    with office.rt.database.reading() as tx:
        return {(names[person], why) for person, why in tx.execute(statement)}


def test_a_unit_is_told_of_its_case_and_nobody_else_of_it(office, callers):
    callers["inspector"].file()
    assert news(office) == 2
    assert told_of(office, "assigned") == {("unit_leader", "your_unit"), ("handler", "your_unit")}
    assert told_of(office, "in_care") == {("chief", "in_your_care")}
    assert kinds(callers["other_unit"]) == []


def test_news_are_told_once_however_often_and_by_however_many(office, callers):
    for _ in range(4):
        callers["inspector"].file()
    settle(office)
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(tell_news(office.rt))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(done), len(done)) == (8, 3)
    assert tell_news(office.rt) == 0
    assert not is_anything_new(office.rt)
    assert kinds(callers["handler"]) == ["assigned"] * 4


def test_a_run_that_is_killed_leaves_nothing_half_told(office, callers, monkeypatch):
    callers["inspector"].file()
    settle(office)

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(telling_news, "move_cursor", killed)
    with pytest.raises(KeyboardInterrupt):
        tell_news(office.rt)
    assert kinds(callers["handler"]) == []
    monkeypatch.undo()
    assert is_anything_new(office.rt)
    assert tell_news(office.rt) == 2
    assert kinds(callers["handler"]) == ["assigned"]


def test_each_is_told_what_concerns_them_through_the_life_of_a_case(office, callers):
    nothing_by_rule(office)
    c = callers
    number = c["inspector"].file().json["number"]
    c["acceptor"].act(number, "register")
    c["dispatcher"].act(number, "dispatch", unit="NDJ-ZF")
    c["unit_leader"].act(number, "accept")
    c["leader"].act(number, "supervise", text="今天之内")
    c["dispatcher"].act(number, "urge", text="请尽快")
    c["unit_leader"].act(number, "answer_supervision", text="正在处置")
    asked = c["unit_leader"].act(
        number, "ask_extension", reason="weather", amount={"amount": "2", "unit": "working_hour"}, note="暴雨"
    )
    assert asked.status_code == 200, asked.json
    assert c["shift_leader"].act(number, "decide_extension", ruling="grant").status_code == 200
    c["handler"].act(number, "report", done="已清理", attachments=[c["handler"].photo("handle")])
    assert c["acceptor"].act(number, "request_check", mode="on_site").status_code == 200
    task = c["acceptor"].get(f"/cases/{number}").json["tasks"][-1]
    checker = next(name for name in ("inspector", "inspector2") if office.actor(name).person == task["inspector"])
    place = {"lon": office.point().lon, "lat": office.point().lat, "accuracy_m": 5}
    failed = c[checker].act(
        number, "check", result="fail", note="还在", location=place, attachments=[c[checker].photo("check")]
    )
    assert failed.status_code == 200, failed.json
    assert c["shift_leader"].act(number, "rework", note="再去").status_code == 200
    news(office)
    assert kinds(c["unit_leader"]) == ["assigned", "supervised", "urged", "request_decided", "rework"]
    assert kinds(c["leader"]) == ["supervision_answered"]
    assert kinds(c["shift_leader"]) == ["request_asked", "check_failed"]
    assert kinds(c["acceptor"]) == ["check_failed"]
    assert kinds(c["dispatcher"]) == ["supervised"]
    assert kinds(c[checker]) == ["task_asked"]
    assert kinds(c["other_unit"]) == kinds(c["admin"]) == []


def test_a_case_that_goes_to_another_unit_takes_its_notices_along(office, callers):
    number = callers["inspector"].file().json["number"]
    news(office)
    unit, dispatcher = callers["unit_leader"], callers["dispatcher"]
    assert inbox.unread(office.rt, office.actor("unit_leader")) == 1
    assert dispatcher.act(number, "reassign", unit="NDJ-HW", reason="workload").status_code == 200
    news(office)
    assert kinds(unit) == []
    assert inbox.unread(office.rt, office.actor("unit_leader")) == 0
    assert kinds(callers["other_unit"]) == ["assigned"]


def test_what_somebody_did_is_no_news_to_them(office, callers):
    nothing_by_rule(office)
    number = callers["inspector"].file().json["number"]
    callers["acceptor"].act(number, "void", reason="test")
    news(office)
    assert kinds(callers["inspector"]) == ["voided"]
    assert kinds(callers["acceptor"]) == []


def test_reading_one_and_all_up_to_the_newest_shown(office, callers):
    for _ in range(3):
        callers["inspector"].file()
    news(office)
    unit, actor = callers["unit_leader"], office.actor("unit_leader")
    first = unit.get("/notices").json["items"][0]
    key = {"headers": unit.headers}
    other = callers["handler"].client.post(
        "/api/v1/notices/read", json={"id": first["id"]}, headers=callers["inspector"].headers
    )
    assert other.json == {"read": 0}
    assert unit.client.post("/api/v1/notices/read", json={"id": first["id"]}, **key).json == {"read": 1}
    assert unit.client.post("/api/v1/notices/read", json={"id": first["id"]}, **key).json == {"read": 0}
    assert (inbox.unread(office.rt, actor), inbox.unread(office.rt, office.actor("handler"))) == (2, 3)
    assert len(kinds(unit, unread="true")) == 2
    assert unit.client.post("/api/v1/notices/read", json={"up_to": first["id"]}, **key).json == {"read": 2}
    assert inbox.unread(office.rt, actor) == 0
    assert kinds(unit, unread="true") == []
    assert unit.client.post("/api/v1/notices/read", json={"up_to": 2**40}, **key).status_code == 422


def test_the_inbox_is_filtered_and_paged_in_the_order_of_time(office, callers):
    number = callers["inspector"].file().json["number"]
    for minute in range(5):
        office.clock.instant += timedelta(minutes=1)
        callers["dispatcher"].act(number, "urge", text=f"第{minute}次")
    news(office)
    unit = callers["unit_leader"]
    assert kinds(unit, kind="urged") == ["urged"] * 5
    seen, cursor = [], None
    while True:
        page = unit.get("/notices", limit=2, **({"cursor": cursor} if cursor else {})).json
        seen += [one["at"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 6
    assert seen == sorted(seen, reverse=True)
    assert unit.get("/notices", limit=201).status_code == 422


def test_the_preview_names_exactly_those_who_are_told(office, callers):
    number = callers["inspector"].file().json["number"]
    leader = office.actor("leader")
    (foreseen,) = foresee(office.rt, leader, number, Action.SUPERVISE)
    expected = {(one.actor.name, str(one.why)) for one in foreseen.recipients}
    assert expected == {("unit_leader", "your_unit"), ("handler", "your_unit"), ("dispatcher", "your_role")}
    callers["leader"].act(number, "supervise", text="今天之内")
    news(office)
    assert told_of(office, "supervised") == expected


def test_the_preview_of_a_reassignment_knows_the_unit_to_come(office, callers):
    number = callers["inspector"].file().json["number"]
    actor = office.actor("dispatcher")
    (foreseen,) = foresee(office.rt, actor, number, Action.REASSIGN, unit=UnitCode("NDJ-HW"))
    assert [one.actor.name for one in foreseen.recipients] == ["other_unit"]


def test_a_unit_or_an_inspector_previews_nothing_and_nobody_what_they_may_not_see(office, callers):
    number = callers["inspector"].file().json["number"]
    for name in ("unit_leader", "inspector", "chief"):
        with pytest.raises(NotPermittedError):
            foresee(office.rt, office.actor(name), number, Action.URGE)
    with pytest.raises(NotFoundError):
        foresee(office.rt, office.actor("leader"), number[:-1] + "?", Action.URGE)


def test_old_notices_are_removed_with_their_copies(office, callers):
    callers["inspector"].file()
    news(office)
    assert forget_told(office.rt) == 0
    office.clock.instant += telling_news.KEPT + timedelta(seconds=1)
    assert forget_told(office.rt) == 2
    with office.rt.database.reading() as tx:
        assert tx.execute(select(NoticeRow)).first() is None
        assert tx.execute(select(NoticeCopyRow)).first() is None


def test_machines_are_never_told():
    assert is_news(Action.CLOSE)
    assert not is_news(Action.COMMENT)


def test_a_step_of_the_month_is_told_to_its_roles_once(office, callers):
    from gridcase.services.closing_month import remind

    office.clock.instant = office.clock.instant.replace(month=11, day=2, hour=4)
    assert remind(office.rt) > 0
    assert news(office) > 0
    assert news(office) == 0
    items = office.caller("assessor").get("/notices").json["items"]
    assert {(one["kind"], one["stage"], one["subject"], one["number"]) for one in items} == {
        ("month_step", "draft", "2026-10", None)
    }
    assert office.actor("assessor").role is Role.ASSESSOR
