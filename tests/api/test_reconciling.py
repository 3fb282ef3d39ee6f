"""The centre's list over HTTP: tried, taken, compared with our records, and read by whom it concerns."""

import io
from typing import Any

from werkzeug.test import TestResponse

from gridcase.services import running_month
from tests.contract import Contract
from tests.months import LATER, PERIOD, reported_case
from tests.office import Caller, Office

ROWS = "their_number,kind,unit\nS1,record,NDJ-ZF\nS2,nonsense,NDJ-ZF\nS3,on_site,NDJ-HW\n"


def send(caller: Caller, rows: str | None = ROWS, **form: Any) -> TestResponse:
    file = {} if rows is None else {"file": (io.BytesIO(rows.encode()), "../../etc/passwd")}
    given = {"period": PERIOD} | form | file
    return caller.client.post("/api/v1/assessments/findings", data=given, headers=caller.headers)


def compare(caller: Caller, **body: Any) -> TestResponse:
    return caller.client.post("/api/v1/assessments/reconciliations", json=body, headers=caller.headers)


def test_a_list_is_tried_taken_and_compared_and_a_unit_reads_what_concerns_it(office: Office):
    reported_case(office)
    office.clock.instant = LATER
    contract, assessor = Contract.of(office.app), office.caller("assessor")
    trial, taken, again = send(assessor, dry_run="true"), send(assessor), send(assessor)
    for answer in (trial, taken, again):
        contract.check_answer("POST", "/api/v1/assessments/findings", answer)
        assert (answer.json["rows"], answer.json["refused"]) == (3, 1)
        assert [(one["row"], one["field"]) for one in answer.json["exceptions"]] == [(2, "kind")]
    assert [one.json["taken"] for one in (trial, taken, again)] == [2, 2, 0]
    asked = compare(assessor, period=PERIOD)
    contract.check_answer("POST", "/api/v1/assessments/reconciliations", asked)
    assert (asked.status_code, asked.json["items"]) == (202, None)
    assert compare(assessor, period=PERIOD).json["id"] == asked.json["id"]  # it waits still: no second one
    address = asked.headers["Location"].removeprefix("/api/v1")
    assert running_month.work_off(office.rt) == 1
    read = {who: office.caller(who).get(address) for who in ("assessor", "unit_leader", "other_unit")}
    for answer in read.values():
        contract.check_answer("GET", f"/api/v1{address}", answer)
    told = {who: [one["finding"]["their_number"] for one in answer.json["items"]] for who, answer in read.items()}
    assert told == {"assessor": ["S1", "S3"], "unit_leader": ["S1"], "other_unit": ["S3"]}
    assert read["assessor"].json["counts"] == {"only_theirs": 2}


def test_only_who_assesses_takes_a_list_or_asks_for_a_comparison(office: Office):
    for who in ("unit_leader", "dispatcher", "inspector"):
        assert send(office.caller(who)).status_code == 403, who
        assert compare(office.caller(who), period=PERIOD).status_code == 403, who
    assert office.caller("dispatcher").get("/assessments/reconciliations/1").status_code == 404


def test_what_is_wrong_with_a_list_is_said_by_field(office: Office):
    assessor = office.caller("assessor")
    assert send(assessor, None).json["errors"].keys() == {"file"}
    assert send(assessor, "a,b\n1,2\n").json["codes"] == {"file": ["findings_header"]}
    assert send(assessor, period="2026-13").status_code == 422
    assert compare(assessor, period=PERIOD, complete=["x"] * 21).json["errors"].keys() == {"complete"}
