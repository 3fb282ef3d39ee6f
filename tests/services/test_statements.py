"""How many statements a request costs, from the sign-in on; BEGIN, COMMIT and ROLLBACK are not counted."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from gridcase.domain.case import Action
from gridcase.store.configuration import add_version, documents_in_force
from gridcase.workflow.transitions import BY_PEOPLE
from tests.office import Caller, Office

MOST_FOR_FILING = 6
MOST_FOR_AN_ACTION = 10


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    """Collect the statements that are executed."""
    engine, seen = office.rt.database.engine, []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def callers(office: Office) -> dict[str, Caller]:
    """Everybody an ordinary case needs, signed in; the configuration is loaded by then."""
    names = (
        *("inspector", "inspector2", "acceptor", "shift_leader", "dispatcher", "unit_leader"),
        *("other_unit", "contractor", "leader"),
    )
    found = {name: office.caller(name) for name in names}
    assert found["acceptor"].get("/cases").status_code == 200
    return found


def test_filing_with_sign_in_photo_and_automatic_dispatch_takes_at_most_six_statements(office, callers):
    inspector = callers["inspector"]
    body = office.filing(attachments=[inspector.photo()])
    with counted(office) as seen:
        answer = inspector.file(body)
    assert (answer.status_code, answer.json["state"]) == (201, "dispatched")
    assert len(seen) <= MOST_FOR_FILING, seen
    tables = [next(word for word in statement.split() if word in TABLES) for statement in seen]
    assert tables == ["person", "attachment", "case_record", "case_event", "case_event_payload", "assignment"]


TABLES = {"person", "attachment", "case_record", "case_event", "case_event_payload", "assignment"}


#: Who does what to one case after the other, so that every action is taken with as much to load and write as an
#: ordinary case can have.
WALKS: tuple[tuple[tuple[str, str, dict[str, Any]], ...], ...] = (
    (
        ("acceptor", "request_verification", {}),
        ("acceptor", "reassign_task", {}),
        ("acceptor", "withdraw_task", {}),
        ("acceptor", "request_verification", {}),
        ("asked", "verify", {"result": "true"}),
        ("acceptor", "register", {"condition": "1"}),
        ("acceptor", "void", {"reason": "test"}),
        ("acceptor", "restore", {"note": "误作废"}),
        ("dispatcher", "dispatch", {"unit": "NDJ-ZF", "assisting": [{"unit": "NDJ-SZ"}, {"unit": "NDJ-HW"}]}),
        ("dispatcher", "withdraw_dispatch", {}),
        ("dispatcher", "dispatch", {"unit": "NDJ-ZF", "assisting": [{"unit": "NDJ-SZ"}, {"unit": "NDJ-HW"}]}),
        ("unit_leader", "accept", {}),
        ("unit_leader", "return_task", {"reason": "not_ours"}),
        ("dispatcher", "reject_return", {"note": "属你单位职责"}),
        ("unit_leader", "ask_extension", {"amount": {"amount": "1", "unit": "working_day"}, "reason": "workload"}),
        ("shift_leader", "decide_extension", {"ruling": "grant"}),
        ("unit_leader", "ask_suspension", {"until": "2026-11-20T09:00:00+08:00", "reason": "season"}),
        ("shift_leader", "decide_suspension", {"ruling": "grant"}),
        ("unit_leader", "resume", {}),
        ("acceptor", "correct", {"condition": "1", "address": "南大街2号", "location": {}, "note": "更正"}),
        ("shift_leader", "decide_correction", {"ruling": "grant"}),
        ("unit_leader", "assign", {"unit": "NDJ-HW-01"}),
        ("unit_leader", "take_back", {}),
        ("unit_leader", "assign", {"unit": "NDJ-HW-01"}),
        ("contractor", "submit", {"done": "已清理"}),
        ("unit_leader", "reject", {"note": "不合格"}),
        ("contractor", "submit", {"done": "已清理"}),
        ("leader", "supervise", {"text": "请尽快办结"}),
        ("unit_leader", "answer_supervision", {"text": "正在办理"}),
        ("dispatcher", "urge", {"text": "请抓紧"}),
        ("unit_leader", "confirm", {"forced": "协办单位部分另行处置"}),
        ("acceptor", "request_check", {"mode": "on_site"}),
        ("asked", "check", {"result": "fail"}),
        ("shift_leader", "rework", {"note": "没有清理干净"}),
        ("other_unit", "report", {"done": "已配合"}),
        ("unit_leader", "report", {"done": "已清理", "forced": "协办单位部分另行处置"}),
        ("acceptor", "request_check", {"mode": "on_site"}),
        ("asked", "check", {"result": "pass"}),
        ("inspector2", "comment", {"text": "请尽快"}),
        ("inspector2", "attach", {}),
        ("shift_leader", "close", {}),
        ("shift_leader", "reopen", {"note": "误结案"}),
        ("dispatcher", "reassign", {"unit": "NDJ-HW", "reason": "workload", "assisting": [{"unit": "NDJ-SZ"}]}),
        ("shift_leader", "void", {"reason": "test"}),
        ("shift_leader", "restore", {"note": "误作废"}),
        ("shift_leader", "transfer", {"body": "power_company", "note": "属供电公司设施"}),
    ),
    (
        ("acceptor", "register", {"condition": "1"}),
        ("dispatcher", "dispatch", {"unit": "NDJ-ZF", "assisting": [{"unit": "NDJ-SZ"}, {"unit": "NDJ-SL"}]}),
        *(
            ("unit_leader", "return_task", {"reason": "not_ours"}),
            ("dispatcher", "reject_return", {"note": "属你单位职责"}),
        )
        * 2,
        ("unit_leader", "return_task", {"reason": "not_ours"}),
        ("shift_leader", "arbitrate", {"unit": "NDJ-HW", "reason": "wrong_unit", "note": "裁定"}),
        ("other_unit", "report", {"done": "已清理"}),
        ("acceptor", "request_check", {"mode": "waived", "note": "视频可见"}),
        ("shift_leader", "close", {}),
    ),
    (
        ("acceptor", "link_duplicate", {"lead": ""}),
        ("acceptor", "unlink_duplicate", {"note": "另一处"}),
    ),
)
WITH_PHOTOS = ("report", "check", "attach", "verify", "submit", "transfer")


def test_no_action_takes_more_than_ten_statements(office, callers):
    nothing_by_rule(office)
    dearest = dict.fromkeys(BY_PEOPLE, 0)
    lead = callers["acceptor"].file(office.filing(source="hotline")).json["number"]
    known = {"lead": lead, "location": office.filing()["location"]}
    for walk in WALKS:
        number = callers["acceptor"].file(office.filing(source="hotline")).json["number"]
        for name, action, fields in walk:
            caller = asked(callers, number) if name == "asked" else callers[name]
            filled = fields | {field: known[field] for field in known.keys() & fields.keys()}
            dearest[Action(action)] = max(dearest[Action(action)], cost(caller, number, action, filled))
    assert {action for action, count in dearest.items() if not count} == {Action.FILE}
    assert {action: count for action, count in dearest.items() if count > MOST_FOR_AN_ACTION} == {}


def asked(callers: dict[str, Caller], number: str) -> Caller:
    """Return the inspector who was asked last."""
    inspector = callers["acceptor"].get(f"/cases/{number}").json["tasks"][-1]["inspector"]
    return next(one for one in callers.values() if one.get("/me").json["id"] == inspector)


def cost(caller: Caller, number: str, action: str, fields: dict[str, Any]) -> int:
    """Carry an action out and return how many statements it took."""
    photos = {"attachments": [caller.photo("other") for _ in range(3)]}
    etag = caller.get(f"/cases/{number}").headers["ETag"]
    with counted(caller.office) as seen:
        answer = caller.client.post(
            f"/api/v1/cases/{number}/actions/{action}",
            json=fields | (photos if action in WITH_PHOTOS else {}),
            headers=caller.headers | {"If-Match": etag, "Idempotency-Key": str(uuid.uuid4())},
        )
    assert answer.status_code == 200, (action, answer.json)
    return len(seen)


def nothing_by_rule(office: Office) -> None:
    """Put a conduct in force under which a dispatcher dispatches."""
    now = office.clock.now()
    with office.rt.database.writing() as tx:
        (row,) = [one for one in documents_in_force(tx) if one.kind == "conduct"]
        add_version(tx, kind=row.kind, name=row.name, digest="-", body=row.body | {"auto_dispatch": False}, now=now)


def test_a_list_a_case_and_a_history_cost_the_same_whatever_there_is(office, callers):
    acceptor, inspector = callers["acceptor"], callers["inspector"]
    numbers = [inspector.file().json["number"] for _ in range(3)]
    paths = {
        "list": ("/cases", {}),
        "filtered": ("/cases", {"state": "dispatched", "order": "due", "limit": 2}),
        "case": (f"/cases/{numbers[0]}", {}),
        "history": (f"/cases/{numbers[0]}/history", {}),
        "inspectors": (f"/cases/{numbers[0]}/inspectors", {}),
    }

    def costs() -> dict[str, int]:
        found = {}
        for name, (path, query) in paths.items():
            with counted(office) as seen:
                assert acceptor.get(path, **query).status_code == 200
            found[name] = len(seen)
        return found

    few = costs()
    for _ in range(27):
        inspector.file()
    for _ in range(12):
        acceptor.act(numbers[0], "comment", text="请尽快")
    callers["dispatcher"].act(numbers[0], "reassign", unit="NDJ-HW", reason="workload")
    assert len(acceptor.get("/cases").json["items"]) == 30
    assert costs() == few
    assert max(few.values()) <= 4
    assert few["list"] == 2  # who is calling, and the page


def test_a_replay_costs_little_more(office, callers):
    inspector, key = callers["inspector"], "0" * 32
    body = office.filing()
    inspector.file(body, key=key)
    with counted(office) as seen:
        assert inspector.file(body, key=key).headers["Idempotency-Replayed"] == "true"
    assert len(seen) <= MOST_FOR_FILING + 2
