"""Sent twice, or by two at once: one case, one action, one winner. Over HTTP, on both databases."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from werkzeug.test import TestResponse

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.domain.time import TimeLimit
from gridcase.services import identity
from gridcase.services.steps.writing import request_digest
from gridcase.workflow.requests import Register
from tests.office import PASSWORD, Caller, Office
from tests.rows import everything

WAIVED = {"mode": "waived", "note": "视频可见已处置"}


def send(
    caller: Caller, path: str, body: dict[str, Any], *, key: str | None = None, version: str | None = None
) -> TestResponse:
    """Post with exactly these headers, on a connection of its own."""
    headers = dict(caller.headers)
    if key is not None:
        headers["Idempotency-Key"] = key
    if version is not None:
        headers["If-Match"] = version
    return caller.office.app.test_client().post(f"/api/v1{path}", json=body, headers=headers)


def at_once(*jobs: Callable[[], TestResponse]) -> list[TestResponse]:
    """Run jobs in threads that all start at the same moment."""
    ready = threading.Barrier(len(jobs))

    def run(job: Callable[[], TestResponse]) -> TestResponse:
        ready.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def key() -> str:
    return str(uuid.uuid4())


def filed(office: Office, caller: Caller | None = None) -> str:
    """File a case that is dispatched at once, and return its number."""
    answer = (caller or office.caller("inspector")).file()
    assert answer.json["state"] == "dispatched"
    number: str = answer.json["number"]
    return number


def replayed(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def test_fifty_identical_filings_at_once_make_one_case(office):
    inspector = office.caller("inspector")
    body, one_key = office.filing(attachments=[inspector.photo()]), key()
    answers = at_once(*[lambda: send(inspector, "/cases", body, key=one_key)] * 50)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["number"] for answer in answers}) == 1
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert sum(replayed(answer) for answer in answers) == 49
    rows = everything(office.rt)
    assert [len(rows[table]) for table in ("case_record", "assignment", "case_event", "attachment")] == [1, 1, 3, 1]


def test_ten_identical_comments_at_once_make_one_line(office):
    inspector = office.caller("inspector")
    number, one_key = filed(office, inspector), key()
    answers = at_once(
        *[lambda: send(inspector, f"/cases/{number}/actions/comment", {"text": "请尽快"}, key=one_key, version='"v1"')]
        * 10
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(replayed(answer) for answer in answers) == 9
    lines = inspector.get(f"/cases/{number}/history").json["items"]
    assert [line["action"] for line in lines].count("comment") == 1


def test_ten_identical_actions_at_once_are_carried_out_once(office):
    number, unit, one_key = filed(office), office.caller("unit_leader"), key()
    answers = at_once(*[lambda: send(unit, f"/cases/{number}/actions/accept", {}, key=one_key, version='"v1"')] * 10)
    assert {(answer.status_code, answer.headers["ETag"]) for answer in answers} == {(200, '"v2"')}
    assert sum(replayed(answer) for answer in answers) == 9


def test_other_content_under_the_same_key_is_refused_and_leaves_nothing_behind(office):
    inspector, one_key = office.caller("inspector"), key()
    assert inspector.file(key=one_key).status_code == 201
    before = everything(office.rt)
    for changes in (
        {"description": "消防通道被两辆车堵住。"},  # one character more
        {"condition": "1"},
        {"address": "南大街1号"},
        {"attachments": [str(uuid.uuid4())]},
        {"location": {"lon": 119.95, "lat": 31.78}},
        {"colour": "red"},  # not even a filing
    ):
        answer = inspector.file(office.filing(**changes), key=one_key)
        assert (answer.status_code, answer.json["code"]) == (409, "idempotency_mismatch"), changes
    assert everything(office.rt) == before


def test_a_filing_spelled_otherwise_is_the_same_filing(office):
    inspector, one_key = office.caller("inspector"), key()
    body = office.filing(observed_at="2026-10-12T09:00:00+08:00")
    body["location"]["accuracy_m"] = 8
    first = inspector.file(body, key=one_key)
    spelled = dict(reversed(body.items())) | {"observed_at": "2026-10-12T01:00:00Z"}
    spelled["location"] = spelled["location"] | {"datum": "wgs84", "accuracy_m": 8.0}  # the default, said aloud
    second = inspector.file(spelled, key=one_key.upper())
    assert (second.status_code, second.json["number"], replayed(second)) == (201, first.json["number"], True)


def test_a_limit_spelled_otherwise_is_the_same_limit():
    one, other = (Register(limit=TimeLimit.parse(f"{amount} working_hour")) for amount in ("2", "2.00"))
    assert request_digest(one) == request_digest(other) != request_digest(Register())


def test_the_same_key_of_two_people_makes_two_cases(office):
    one_key = key()
    numbers = {office.caller(name).file(key=one_key).json["number"] for name in ("inspector", "inspector2")}
    assert len(numbers) == 2


def test_one_key_serves_one_action_on_one_case(office):
    inspector, one_key = office.caller("inspector"), key()
    number, other = filed(office, inspector), filed(office, inspector)
    path = f"/cases/{number}/actions"
    assert send(inspector, f"{path}/comment", {"text": "a"}, key=one_key, version='"v1"').status_code == 200
    before = everything(office.rt)
    for again in (
        send(inspector, f"{path}/comment", {"text": "b"}, key=one_key, version='"v1"'),
        send(inspector, f"{path}/attach", {"attachments": [inspector.photo()]}, key=one_key, version='"v1"'),
        send(inspector, f"{path}/close", {}, key=one_key, version='"v1"'),  # not even permitted
        send(inspector, f"{path}/comment", {"words": "a"}, key=one_key, version='"v1"'),  # not even a comment
        send(inspector, f"/cases/{other}/actions/comment", {"text": "a"}, key=one_key, version='"v1"'),
        inspector.file(key=one_key),
    ):
        assert (again.status_code, again.json["code"]) == (409, "idempotency_mismatch")
    after = everything(office.rt)
    assert {table: rows for table, rows in after.items() if table != "attachment"} == {
        table: rows for table, rows in before.items() if table != "attachment"
    }


def test_a_repeated_action_answers_the_same_with_the_case_as_it_is_now(office):
    unit, leader = office.caller("unit_leader"), office.caller("shift_leader")
    number, one_key = filed(office), key()
    first = send(unit, f"/cases/{number}/actions/accept", {}, key=one_key, version='"v1"')
    again = send(unit, f"/cases/{number}/actions/accept", {}, key=one_key, version='"v1"')
    assert (again.status_code, again.json, replayed(first), replayed(again)) == (200, first.json, False, True)
    assert leader.act(number, "void", reason="test").status_code == 200
    later = send(unit, f"/cases/{number}/actions/accept", {}, key=one_key, version='"v1"')
    assert (later.status_code, later.json["state"], later.headers["ETag"]) == (200, "void", '"v3"')


def two_roles(office: Office) -> tuple[Caller, Caller]:
    """Sign one person in twice: as an inspector, and as a handler who may not file."""
    everywhere = Scope(kind=ScopeKind.ALL)
    identity.add_person(
        office.rt,
        identity.NewPerson(
            username="both",
            name="both",
            password=PASSWORD,
            grants=((Role.INSPECTOR, everywhere), (Role.HANDLER, everywhere)),
        ),
    )
    inspector, handler = office.caller("both"), office.caller("both")
    token = identity.sign_in(office.rt, username="both", password=PASSWORD, address="-", role=Role.HANDLER).token
    handler.headers = handler.headers | {"Authorization": f"Bearer {token}"}
    return inspector, handler


def test_a_replay_comes_before_every_refusal_but_not_found(office):
    inspector, handler = two_roles(office)
    first_key, number = key(), ""
    body = office.filing()
    for caller in (inspector, inspector, handler):  # the role may not file, but this was filed
        answer = send(caller, "/cases", body, key=first_key)
        number = number or answer.json["number"]
        assert (answer.status_code, answer.json["number"]) == (201, number)

    unit, one_key = office.caller("unit_leader"), key()
    path = f"/cases/{number}/actions/accept"
    assert send(unit, path, {"note": "收到"}, key=one_key, version='"v1"').status_code == 200
    for version in (None, '"v1"', '"v99"', '"v2"'):  # missing, stale, unknown, current: by now in the wrong state
        answer = send(unit, path, {"note": "收到"}, key=one_key, version=version)
        assert (answer.status_code, replayed(answer)) == (200, True), version
    unknown = send(unit, "/cases/NDJ20261012000042O/actions/accept", {"note": "收到"}, key=one_key, version='"v1"')
    assert unknown.status_code == 404


def test_refusals_come_in_the_order_of_the_contract(office):
    number, inspector = filed(office), office.caller("inspector")
    unit, other = office.caller("unit_leader"), office.caller("other_unit")
    path = f"/cases/{number}/actions"
    bad: dict[str, Any] = {"nonsense": 1}
    before = everything(office.rt)
    for caller, action, body, headers, status, code in (
        (other, "accept", bad, {}, 404, "case_not_found"),
        (inspector, "accept", bad, {}, 428, "if_match_missing"),
        (inspector, "accept", bad, {"version": '"v9"'}, 428, "idempotency_key_missing"),
        (inspector, "accept", bad, {"version": '"v9"', "key": key()}, 412, "stale_case"),
        (inspector, "accept", bad, {"version": '"v1"', "key": key()}, 403, "role_may_not"),
        (inspector, "check", bad, {"version": '"v1"', "key": key()}, 409, "wrong_state"),
        (unit, "accept", bad, {"version": '"v1"', "key": key()}, 422, "invalid_input"),
        (unit, "report", {"done": "好了"}, {"version": '"v1"', "key": key()}, 422, "invalid_input"),
    ):
        answer = send(caller, f"{path}/{action}", body, **headers)
        assert (answer.status_code, answer.json["code"]) == (status, code)
    for caller, headers, status, code in (
        (unit, {}, 428, "idempotency_key_missing"),
        (unit, {"key": key()}, 403, "role_may_not"),
        (inspector, {"key": key()}, 422, "invalid_input"),
    ):
        answer = send(caller, "/cases", bad, **headers)
        assert (answer.status_code, answer.json["code"]) == (status, code)
    assert everything(office.rt) == before


def test_of_two_dispatchers_on_one_version_one_wins(office):
    everywhere = Scope(kind=ScopeKind.ALL)
    identity.add_person(
        office.rt,
        identity.NewPerson(
            username="dispatcher2", name="d2", password=PASSWORD, grants=((Role.DISPATCHER, everywhere),)
        ),
    )
    dispatcher, second, number = office.caller("dispatcher"), office.caller("dispatcher2"), filed(office)
    path = f"/cases/{number}/actions/reassign"
    jobs = [
        lambda who=who, unit=unit: send(who, path, {"unit": unit, "reason": "workload"}, key=key(), version='"v1"')
        for who, unit in ((dispatcher, "NDJ-HW"), (second, "NDJ-SZ"))
    ]
    answers = at_once(*jobs)
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code, lost.json["code"]) == (200, 412, "stale_case")
    shown = dispatcher.get(f"/cases/{number}").json
    assert (shown["version"], len(shown["assignments"])) == (2, 2)
    assert shown["assignments"][-1]["unit"] == won.json["assignments"][-1]["unit"]


def test_comments_and_photos_neither_fail_on_a_stale_version_nor_advance_it(office):
    unit, inspector, number = office.caller("unit_leader"), office.caller("inspector"), filed(office)
    assert unit.act(number, "accept").headers["ETag"] == '"v2"'
    path = f"/cases/{number}/actions"
    for action, body in (("comment", {"text": "请尽快"}), ("attach", {"attachments": [inspector.photo("other")]})):
        answer = send(inspector, f"{path}/{action}", body, key=key(), version='"v1"')
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')
        assert send(inspector, f"{path}/{action}", body, key=key()).status_code == 428
    assert unit.get(f"/cases/{number}").headers["ETag"] == '"v2"'
    assert len(unit.get(f"/cases/{number}/history").json["items"]) == 6


def test_actions_that_do_not_advance_wait_for_each_other_and_for_those_that_do(office):
    unit, inspector, number = office.caller("unit_leader"), office.caller("inspector"), filed(office)
    path = f"/cases/{number}/actions"
    comments = [
        lambda text=text: send(inspector, f"{path}/comment", {"text": text}, key=key(), version='"v1"')
        for text in "abcdefg"
    ]
    answers = at_once(*comments, lambda: send(unit, f"{path}/accept", {}, key=key(), version='"v1"'))
    assert {answer.status_code for answer in answers} == {200}
    lines = inspector.get(f"/cases/{number}/history").json["items"]
    assert [line["seq"] for line in lines] == list(range(1, 12))


def test_a_photo_serves_one_case_only(office):
    inspector = office.caller("inspector")
    body = office.filing(attachments=[inspector.photo()])
    answers = at_once(*[lambda: send(inspector, "/cases", body, key=key())] * 5)
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]
    assert len(everything(office.rt)["case_record"]) == 1


def test_a_door_that_sees_only_its_own_gets_the_same_answer_twice_and_may_look_it_up(office):
    door, one_key = office.caller("public_door"), key()
    first, again = (door.file(office.filing(source="public"), key=one_key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert door.get(f"/cases/{first.json['number']}").status_code == 200
    assert len(door.get("/cases").json["items"]) == 1
    other = filed(office)
    assert door.get(f"/cases/{other}").status_code == 404


def test_a_filing_that_its_filer_cannot_see_is_replayed_all_the_same(office):
    area = Scope(kind=ScopeKind.AREA, value="320404005016")
    identity.add_person(
        office.rt,
        identity.NewPerson(username="far", name="far", password=PASSWORD, grants=((Role.ACCEPTOR, area),)),
    )
    far, one_key = office.caller("far"), key()
    first, again = (far.file(office.filing(source="hotline"), key=one_key) for _ in range(2))
    assert (first.status_code, again.status_code, replayed(again)) == (201, 201, True)
    assert far.get(f"/cases/{first.json['number']}").status_code == 404


def test_a_well_formed_number_beyond_every_case_is_not_found(office):
    acceptor = office.caller("acceptor")
    for number in ("NDJ20261012999999999999B", "NDJ202610123000000000C", "NDJ20261012000042O"):
        assert acceptor.get(f"/cases/{number}").status_code == 404
        assert acceptor.act(number, "void", reason="test").status_code == 404
