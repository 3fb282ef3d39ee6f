"""The month over HTTP: queued, polled, sealed and fetched, each person seeing what is theirs."""

import io
import uuid
import zipfile
from fractions import Fraction
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gridcase.services import running_month
from tests.contract import Contract
from tests.months import CUT_OFF, LATER, PERIOD, RULES, reported_case
from tests.office import Caller, Office

pytestmark = pytest.mark.usefixtures("plain_packages")

ASKED = {"period": PERIOD, "rule_set": RULES}


@pytest.fixture
def october(office: Office) -> Office:
    """An office with a closed case, after every step of October's timetable."""
    reported_case(office)
    office.clock.instant = LATER
    return office


def post(caller: Caller, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> TestResponse:
    headers = caller.headers | ({"Idempotency-Key": key} if key else {})
    return caller.client.post(f"/api/v1/assessments{path}", json=body or {}, headers=headers)


def run(office: Office) -> str:
    """Queue October, let the jobs process work, and return the run's path."""
    answer = post(office.caller("assessor"), "", ASKED)
    assert answer.status_code == 202, answer.json
    running_month.work_off(office.rt)
    return f"/assessments/{answer.json['id']}"


def test_a_month_is_asked_for_polled_sealed_and_fetched_with_every_answer_in_the_contract(october: Office):
    contract = Contract.of(october.app)
    assessor = october.caller("assessor")

    def get(path: str, expected: int = 200) -> TestResponse:
        answer = assessor.get(path)
        assert answer.status_code == expected, answer.json
        contract.check_answer("GET", f"/api/v1{path}", answer)
        return answer

    queued = post(assessor, "", ASKED)
    contract.check_answer("POST", "/api/v1/assessments", queued)
    assert (queued.status_code, queued.json["status"]) == (202, "queued")
    address = queued.headers["Location"].removeprefix("/api/v1")
    assert post(assessor, address.removeprefix("/assessments") + "/seal").json["code"] == "run_not_done"
    running_month.work_off(october.rt)
    assert get(address).json["status"] == "done"
    scores = get(f"{address}/scores").json["items"]
    assert [(one["subject"], one["score"], one["rank"]) for one in scores] == [("NDJ-ZF", "100.00", 1)]
    lines = get(f"{address}/scores/NDJ-ZF/lines").json
    assert sum(Fraction(one["points"]) for one in lines["items"]) == Fraction(lines["score"])
    sealed = post(assessor, address.removeprefix("/assessments") + "/seal")
    contract.check_answer("POST", f"/api/v1{address}/seal", sealed)
    assert (sealed.status_code, sealed.json["state"]) == (202, "sealed")
    waiting = get(f"{address}/export", 202)
    assert waiting.headers["Retry-After"] == "2"
    running_month.work_off(october.rt)
    package = assessor.get(f"{address}/export")
    assert (package.status_code, package.mimetype) == (200, "application/zip")
    assert "manifest.sig" in zipfile.ZipFile(io.BytesIO(package.data)).namelist()
    package.close()
    assert [one["id"] for one in get("/assessments").json["items"]] == [queued.json["id"]]
    assert get(f"/assessments/months/{PERIOD}").json["frozen_at"] is not None


def test_the_same_key_is_the_same_run_and_another_question_under_it_is_refused(october: Office):
    assessor, key = october.caller("assessor"), str(uuid.uuid4())
    first, again = post(assessor, "", ASKED, key), post(assessor, "", ASKED, key)
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    other = post(assessor, "", ASKED | {"period": "2026-09"}, key)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_mismatch")
    assert post(assessor, "", ASKED).json["id"] == first.json["id"]  # it waits still: no second one


def test_what_was_done_is_answered_to_who_asks_again_and_refused_to_others(october: Office):
    path, key = run(october).removeprefix("/assessments"), str(uuid.uuid4())
    assessor = october.caller("assessor")
    assert [post(assessor, f"{path}/seal", key=key).status_code for _ in range(2)] == [202, 202]
    assert post(assessor, f"{path}/seal").json["code"] == "already_sealed"


def test_each_role_sees_what_is_theirs(october: Office):
    path = run(october)
    expected = {
        "assessor": (200, ["NDJ-ZF"]),
        "leader": (200, ["NDJ-ZF"]),
        "admin": (200, ["NDJ-ZF"]),
        "unit_leader": (200, ["NDJ-ZF"]),
        "other_unit": (200, []),
        "inspector": (404, None),
        "dispatcher": (404, None),
        "centre": (404, None),
    }
    for username, (status, subjects) in expected.items():
        caller = october.caller(username)
        answer = caller.get(f"{path}/scores")
        assert (username, answer.status_code) == (username, status)
        if subjects is not None:
            assert [one["subject"] for one in answer.json["items"]] == subjects
    assert october.caller("other_unit").get(f"{path}/scores/NDJ-ZF/lines").status_code == 404
    assert october.caller("unit_leader").get(f"{path}/scores/NDJ-ZF/lines").status_code == 200
    assert october.caller("unit_leader").get(f"{path}/export").status_code == 403
    assert october.caller("inspector").get("/assessments").status_code == 403
    assert post(october.caller("unit_leader"), "", ASKED).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"period": "2026-13", "rule_set": RULES}, "period"),
        ({"period": "２０２６-10", "rule_set": RULES}, "period"),
        ({"period": "0001-01", "rule_set": RULES}, "period"),
        ({"period": "2026-10", "rule_set": "nobody"}, "rule_set"),
        ({"period": "2026-10"}, "rule_set"),
        ({"period": "2026-10", "rule_set": RULES, "more": 1}, "more"),
        ({"period": 202610, "rule_set": RULES}, "period"),
    ],
)
def test_a_request_that_is_wrong_names_its_field(sqlite_office: Office, body, field):
    answer = post(sqlite_office.caller("assessor"), "", body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize(
    "path", ["/assessments/99", f"/assessments/{10**30}", "/assessments/what-if/99", f"/assessments/what-if/{10**30}"]
)
def test_what_is_not_there_is_not_found(sqlite_office: Office, path):
    assert sqlite_office.caller("assessor").get(path).status_code == 404


def test_sealing_before_the_cut_off_says_when_it_may_be_done(october: Office):
    october.clock.instant = CUT_OFF.replace(hour=9)
    path = run(october).removeprefix("/assessments")
    answer = post(october.caller("assessor"), f"{path}/seal")
    assert (answer.status_code, answer.json["code"]) == (409, "before_cut_off")
    assert "2026-11-04 18:00" in answer.json["detail"]


def test_approval_sending_and_reissue_go_over_http(october: Office):
    path = run(october).removeprefix("/assessments")
    assessor, leader = october.caller("assessor"), october.caller("leader")
    post(assessor, f"{path}/seal")
    assert post(assessor, f"{path}/send").json["code"] == "not_approved"
    assert post(assessor, f"{path}/reissue", {"reason": "更正"}).json["code"] == "export_not_ready"
    running_month.work_off(october.rt)
    assert post(assessor, f"{path}/approve").status_code == 403
    assert post(leader, f"{path}/approve", {"note": "同意"}).status_code == 200
    assert post(assessor, f"{path}/send").json["state"] == "sent"
    issued = post(assessor, f"{path}/reissue", {"reason": "更正"})
    assert (issued.status_code, issued.json["revision"]) == (202, 2)
    running_month.work_off(october.rt)
    again = f"/{issued.json['id']}"
    assert post(assessor, f"{again}/seal").status_code == 202
    assert assessor.get(f"/assessments{path}").json["state"] == "superseded"


def test_the_score_so_far_and_a_what_if_are_answered(october: Office):
    contract, assessor = Contract.of(october.app), october.caller("assessor")
    so_far = assessor.get("/assessments/so-far", **ASKED)
    contract.check_answer("GET", "/api/v1/assessments/so-far", so_far)
    assert (so_far.status_code, so_far.json["run"]) == (200, None)
    path = run(october).removeprefix("/assessments")
    with october.rt.database.reading() as tx:
        period = running_month.read_period(october.rt, PERIOD)
        document = running_month.rule_document(tx, RULES, period).body
    body = {"periods": [PERIOD], "rule_set": document}
    assert post(assessor, "/what-if", body).json["errors"].keys() == {"periods"}
    post(assessor, f"{path}/seal")
    for periods, code in (([], "field_required"), (["2026-09"] * 25, "too_many_items")):
        assert post(assessor, "/what-if", body | {"periods": periods}).status_code == 422, code
    asked = post(assessor, "/what-if", body)
    contract.check_answer("POST", "/api/v1/assessments/what-if", asked)
    running_month.work_off(october.rt)
    answer = assessor.get(asked.headers["Location"].removeprefix("/api/v1"))
    contract.check_answer("GET", asked.headers["Location"], answer)
    assert [one["difference"] for one in answer.json["periods"][0]["subjects"]] == ["0.00"]
