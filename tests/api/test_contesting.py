"""Contesting a month over HTTP: each person may do and see what is theirs, and every answer is in the contract."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gridcase.services import closing_month, running_month
from gridcase.services.assessing import Run
from tests.contract import Contract
from tests.months import CUT_OFF, LATER, PERIOD, RULES, reported_case, sealed_month
from tests.office import Caller, Office

UNIT, STREETS = "NDJ-ZF", "nantong-streets"


def send(caller: Caller, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> TestResponse:
    """Send something below the assessments, and hold the answer against the contract."""
    headers = caller.headers | ({"Idempotency-Key": key} if key else {})
    address = f"/api/v1/assessments{path}"
    answer = caller.client.post(address, json=body or {}, headers=headers)
    Contract.of(caller.office.app).check_answer("POST", address, answer)
    return answer


def read(caller: Caller, path: str, **query: Any) -> TestResponse:
    answer = caller.get(f"/assessments{path}", **query)
    Contract.of(caller.office.app).check_answer("GET", f"/api/v1/assessments{path}", answer)
    return answer


def new_key() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def shown(office: Office) -> tuple[Office, str, Run]:
    """October shown to its units, with one case behind their lines."""
    number = reported_case(office)
    office.clock.instant = CUT_OFF + timedelta(seconds=1)
    return office, number, running_month.run_month(office.rt, office.actor("assessor"), PERIOD, RULES)


def appeal(run: Run, number: str, **changes: Any) -> dict[str, Any]:
    lines = next(one for one in run.scores if one["subject"] == UNIT)["lines"]
    line = next(one["key"] for one in lines if one["kind"] == "term")
    return {
        "subject": UNIT,
        "line": line,
        "case": None,
        "reason": "in_time",
        "text": f"案件{number}反馈当日系统中断",
    } | changes


def test_a_unit_appeals_and_another_person_than_the_drafter_decides(shown):
    office, number, run = shown
    unit, leader, key = office.caller("unit_leader"), office.caller("leader"), new_key()
    body = appeal(run, number, attachments=[unit.photo()])
    made = send(unit, f"/{run.id}/appeals", body, key)
    assert (made.status_code, made.json["state"], made.json["filed_as"]) == (201, "open", "unit_leader")
    again = send(unit, f"/{run.id}/appeals", body, key)
    assert (again.status_code, again.json["id"]) == (201, made.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert send(unit, f"/{run.id}/appeals", body | {"text": "另一句"}, key).json["code"] == "idempotency_mismatch"
    assert send(unit, f"/{run.id}/appeals", body, new_key()).json["code"] == "appeal_exists"

    address = made.headers["Location"].removeprefix("/api/v1/assessments")
    ruling, key = {"decision": "partly", "text": "酌情", "points": "1.50"}, new_key()
    assert send(office.caller("assessor"), f"{address}/decide", ruling).json["code"] == "drafted_it_yourself"
    assert send(unit, f"{address}/decide", ruling).json["code"] == "role_needed"
    for _ in range(2):
        done = send(leader, f"{address}/decide", ruling, key)
        assert (done.status_code, done.json["state"], done.json["points"]) == (200, "partly", "1.50")
    assert send(leader, f"{address}/decide", ruling).json["code"] == "appeal_closed"
    assert send(leader, f"{address}/decide", ruling | {"text": "改判"}, key).json["code"] == "appeal_closed"
    assert read(unit, address).json == done.json
    settled = read(unit, "/adjustments", period=PERIOD).json["items"]
    assert [(one["points"], one["appeal"], one["subject"]) for one in settled] == [("1.50", made.json["id"], UNIT)]


def test_an_appeal_is_seen_by_its_unit_and_by_who_assesses_and_names_nobody(shown):
    office, number, run = shown
    made = send(office.caller("unit_leader"), f"/{run.id}/appeals", appeal(run, number)).json
    assert not {"filed_by", "decided_by", "username", "name"} & made.keys()
    seen = {"unit_leader": (200, 1), "assessor": (200, 1), "leader": (200, 1), "other_unit": (200, 0)}
    for username, (status, number_of) in seen.items():
        caller = office.caller(username)
        answer = read(caller, "/appeals", period=PERIOD)
        assert (username, answer.status_code, len(answer.json["items"])) == (username, status, number_of)
        assert read(caller, f"/appeals/{made['id']}").status_code == (200 if number_of else 404)
    for username in ("inspector", "dispatcher", "centre"):
        caller = office.caller(username)
        assert read(caller, "/appeals").status_code == 403
        assert read(caller, f"/appeals/{made['id']}").status_code == 404
        assert send(caller, f"/{run.id}/appeals", appeal(run, number)).status_code == 404
    other = office.caller("other_unit")
    assert send(other, f"/{run.id}/appeals", appeal(run, number)).json["code"] == "line_not_found"
    assert send(other, f"/appeals/{made['id']}/withdraw").status_code == 404


def test_appeals_are_listed_page_by_page_and_withdrawn_once(shown):
    office, number, run = shown
    unit, key = office.caller("unit_leader"), new_key()
    lines = next(one for one in run.scores if one["subject"] == UNIT)["lines"]
    keys = [one["key"] for one in lines if one["kind"] == "term"][:3]
    made = [send(unit, f"/{run.id}/appeals", appeal(run, number, line=one)).json["id"] for one in keys]
    told, cursor = [], {}
    while cursor is not None:
        page = read(unit, "/appeals", period=PERIOD, limit=1, **cursor).json
        told += [one["id"] for one in page["items"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert told == made
    path = f"/appeals/{made[0]}/withdraw"
    assert [send(unit, path, key=key).json["state"] for _ in range(2)] == ["withdrawn"] * 2
    assert send(unit, path).json["code"] == "appeal_closed"
    assert send(office.caller("leader"), f"/appeals/{made[1]}/withdraw").json["code"] == "not_your_appeal"


def test_after_publicity_a_unit_is_told_when_it_could_have_appealed(shown):
    office, number, run = shown
    office.clock.instant = LATER
    answer = send(office.caller("unit_leader"), f"/{run.id}/appeals", appeal(run, number))
    assert (answer.status_code, answer.json["code"]) == (409, "appeals_closed")
    assert "2026-11-09 18:00" in answer.json["detail"]


def test_an_exemption_is_proposed_by_one_and_decided_by_another(office: Office):
    number = reported_case(office)
    unit, leader, key = office.caller("unit_leader"), office.caller("leader"), new_key()
    body = {
        "period": PERIOD,
        "rule_set": "changzhou",
        "case": number,
        "reason": "self_report",
        "evidence": "提前上报单第12号",
    }
    made = send(unit, "/exemptions", body)
    assert (made.status_code, made.json["state"], made.json["proposed_for"]) == (201, "proposed", UNIT)
    again = send(unit, "/exemptions", body)
    assert (again.json["id"], again.headers["Idempotency-Replayed"]) == (made.json["id"], "true")
    path, ruling = f"/exemptions/{made.json['id']}/decide", {"decision": "granted", "text": "属实"}
    assert send(unit, path, ruling).status_code == 403
    assert [send(leader, path, ruling, key).json["state"] for _ in range(2)] == ["granted"] * 2
    assert send(leader, path, ruling).json["code"] == "exemption_decided"
    assert [one["case"] for one in read(unit, "/exemptions", period=PERIOD).json["items"]] == [number]
    assert read(office.caller("other_unit"), "/exemptions", period=PERIOD).json["items"] == []
    assert read(office.caller("inspector"), "/exemptions", period=PERIOD).status_code == 403
    assert send(unit, "/exemptions", body | {"reason": "appeal"}).json["errors"].keys() == {"reason"}


def test_outside_scores_are_given_corrected_and_read(office: Office):
    assessor = office.caller("assessor")
    body = {
        "period": PERIOD,
        "rule_set": STREETS,
        "scores": [{"name": "on_site", "subject": "甲", "value": "93.73", "evidence": "通报第1号"}],
    }
    assert send(assessor, "/external-scores", body).json == {"taken": 1, "corrected": 0, "already_there": 0}
    assert send(assessor, "/external-scores", body).json["already_there"] == 1
    body["scores"][0]["value"] = "94"
    refused = send(assessor, "/external-scores", body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["scores.0.value"])
    assert send(assessor, "/external-scores", body | {"corrects": True}).json["corrected"] == 1
    found = read(assessor, "/external-scores", period=PERIOD).json["items"]
    assert [(one["subject"], one["value"]) for one in found] == [("甲", "94")]
    assert read(office.caller("unit_leader"), "/external-scores", period=PERIOD).json["items"] == []
    assert send(office.caller("unit_leader"), "/external-scores", body).status_code == 403


def test_an_adjustment_needs_a_key_and_is_made_once_under_it(office: Office):
    assessor, key = office.caller("assessor"), new_key()
    body = {
        "period": "2026-11",
        "rule_set": RULES,
        "subject": UNIT,
        "points": "-0.5",
        "reason": "复查未整改",
        "evidence": "复查单3",
        "origin_period": PERIOD,
    }
    assert send(assessor, "/adjustments", body).status_code == 428
    first, again = send(assessor, "/adjustments", body, key), send(assessor, "/adjustments", body, key)
    assert (first.status_code, again.json["id"]) == (201, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert send(assessor, "/adjustments", body | {"points": "-1"}, key).json["code"] == "idempotency_mismatch"
    seen = {"unit_leader": 1, "other_unit": 0, "leader": 1}
    for username, number_of in seen.items():
        assert len(read(office.caller(username), "/adjustments", period="2026-11").json["items"]) == number_of
    assert send(office.caller("unit_leader"), "/adjustments", body, new_key()).status_code == 403


def test_the_ledger_of_a_package_is_kept_over_http(office: Office, plain_packages: None):
    reported_case(office)
    run = sealed_month(office)
    running_month.pack(office.rt, run.id)
    assessor, path, key = office.caller("assessor"), f"/{run.id}/deliveries", new_key()
    sent = {"what": "sent", "recipient": "市监督指挥中心", "note": "专网"}
    assert send(assessor, path, sent).status_code == 428
    assert send(assessor, path, sent, key).json["code"] == "not_approved"
    closing_month.approve(office.rt, office.actor("leader"), run.id)
    rejected = {
        "what": "rejected",
        "recipient": "市监督指挥中心",
        "rows": [{"row": "cases.csv:17", "reason": "案号重复"}],
    }
    assert send(assessor, path, rejected, new_key()).json["code"] == "not_delivered"
    assert [send(assessor, path, sent, key).status_code for _ in range(2)] == [201, 201]
    told = send(assessor, path, rejected, new_key()).json
    assert (told["rows"], told["noted_as"], len(told["sha256"])) == (rejected["rows"], "assessor", 64)
    assert [one["what"] for one in read(assessor, path).json["items"]] == ["sent", "rejected"]
    assert read(office.caller("unit_leader"), path).status_code == 403
    assert read(assessor, "/999/deliveries").status_code == 404


HUGE = 10**30
SCORE = {"name": "on_site", "subject": "甲", "value": "1", "evidence": "通报"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", f"/appeals/{HUGE}"),
        ("post", f"/appeals/{HUGE}/withdraw"),
        ("get", f"/{HUGE}/deliveries"),
        ("get", f"/appeals/{2**31}"),
    ],
)
def test_what_is_not_there_is_not_found(shared_office: Office, method, path):
    caller = shared_office.caller("assessor")
    answer = read(caller, path) if method == "get" else send(caller, path)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/1/appeals", {"subject": "a\0b", "line": "x", "reason": "other", "text": "t"}, "subject"),
        ("/1/appeals", {"subject": "a", "line": "x", "reason": "none", "text": "t"}, "reason"),
        ("/1/appeals", {"subject": "a", "line": "x" * 201, "reason": "other", "text": "t"}, "line"),
        ("/appeals/1/decide", {"decision": "upheld", "text": "t", "points": 2}, "points"),
        ("/exemptions/1/decide", {"decision": "maybe", "text": "t"}, "decision"),
        ("/external-scores", {"period": PERIOD, "rule_set": STREETS, "scores": [SCORE] * 1001}, "scores"),
        ("/external-scores", {"period": PERIOD, "rule_set": "none", "scores": []}, "rule_set"),
        ("/1/deliveries", {"what": "sent", "recipient": "x", "at": "2026-11-01T00:00:00"}, "at"),
        ("/1/deliveries", {"what": "sent", "recipient": "x", "rows": [{"row": "1"}]}, "rows.0.reason"),
    ],
)
def test_a_request_that_is_wrong_names_its_field(shared_office: Office, path, body, field):
    answer = send(shared_office.caller("assessor"), path, body, new_key())
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
