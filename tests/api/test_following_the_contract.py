"""A program that knows the OpenAPI document and each case's ``available_actions``, and nothing else of gridcase.

It signs people in one after the other and does what the case offers them, filling fields in by their type alone, until
the case is closed. Every body it sends and every answer it gets is held against the document.
"""

import base64
import io
import uuid
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from tests.contract import Contract
from tests.office import PASSWORD, Office, jpeg

Json = dict[str, Any]

#: Forward in the trade's order; the program takes the first that is offered.
TOWARDS_CLOSED = ("register", "dispatch", "accept", "report", "request_check", "check", "close")
#: The units come first: a dispatcher may report in their place.
STAFF = ("unit_leader", "other_unit", "acceptor", "shift_leader", "dispatcher", "inspector", "inspector2")
ONE_PIXEL = base64.b64encode(jpeg(size=(1, 1))).decode()


class Program:
    """Somebody else's program, signed in as one person."""

    def __init__(self, office: Office, contract: Contract, username: str) -> None:
        self.client = office.app.test_client()
        self.contract = contract
        self.headers: dict[str, str] = {}
        answer = self.post("/api/v1/auth/tokens", {"username": username, "password": PASSWORD})
        assert answer.status_code == 201
        self.headers = {"Authorization": f"{answer.json['token_type']} {answer.json['access_token']}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        answer = self.client.get(path, query_string=query, headers=self.headers)
        self.contract.check_answer("GET", path, answer)
        return answer

    def post(self, path: str, body: Json, **headers: str) -> TestResponse:
        self.contract.check_body("POST", path, body)
        answer = self.client.post(path, json=body, headers=self.headers | headers)
        self.contract.check_answer("POST", path, answer)
        return answer

    def upload(self) -> str:
        form = {"file": (io.BytesIO(base64.b64decode(ONE_PIXEL)), "a.jpg")}
        answer = self.client.post("/api/v1/attachments", data=form, headers=self.headers)
        self.contract.check_answer("POST", "/api/v1/attachments", answer)
        identity: str = answer.json["id"]
        return identity

    def act(self, case: TestResponse, offered: Json, *, everything: bool) -> TestResponse:
        fields = [one for one in offered["fields"] if one["required"] or (everything and one["type"] in _HARMLESS)]
        body = {one["name"]: self.value(one) for one in fields}
        return self.post(
            offered["url"], body, **{"If-Match": case.headers["ETag"], "Idempotency-Key": str(uuid.uuid4())}
        )

    def value(self, field: Json) -> Any:
        """Fill a field in by its type."""
        if field["type"] == "choice":
            choices = field.get("choices") or self.get(field["choices_url"]).json["items"]
            return choices[0]["value"]
        if field["type"] == "attachments":
            return [self.upload()]
        return _VALUES[field["type"]]


_VALUES: Json = {
    "text": "按要求处理",
    "limit": {"amount": 2, "unit": "working_hour"},
    "datetime": "2026-10-12T09:00:00+08:00",
    "boolean": False,
}
#: Optional fields that a value of the right type can never make wrong.
_HARMLESS = ("text", "attachments", "datetime", "boolean")


@pytest.fixture
def contract(office: Office) -> Contract:
    return Contract.of(office.app)


def test_the_document_is_valid_openapi(contract):
    validate(contract.document)


def file_case(program: Program, wanted: Json) -> TestResponse:
    """File at the middle of the first cell that the grid shows."""
    cell = program.get("/api/v1/grid/cells", limit=1, area="320404005001").json["features"][0]
    found = program.get("/api/v1/grid/locate", **middle(cell["geometry"]))
    body = wanted | {"location": {"lon": found.json["lon"], "lat": found.json["lat"]}}
    return program.post("/api/v1/cases", body, **{"Idempotency-Key": str(uuid.uuid4())})


def middle(geometry: Json) -> dict[str, float]:
    """Return a point of a polygon's ring: on an edge, which has a cell too."""
    ring = geometry["coordinates"][0] if geometry["type"] == "Polygon" else geometry["coordinates"][0][0]
    (west, south), (east, north) = ring[0], ring[2]
    return {"lon": (west + east) / 2, "lat": (south + north) / 2}


def drive(office: Office, contract: Contract, number: str, *, everything: bool) -> tuple[str, list[str]]:
    """Let everybody do what the case offers until nothing more is offered; returns its state and what was done."""
    programs = {username: Program(office, contract, username) for username in STAFF}
    path, done = f"/api/v1/cases/{number}", []
    for _ in range(4 * len(TOWARDS_CLOSED)):
        for username, program in programs.items():
            case = program.get(path)
            offered = {one["action"]: one for one in case.json.get("available_actions", [])}
            chosen = next((action for action in TOWARDS_CLOSED if action in offered), None)
            if chosen is not None:
                answer = program.act(case, offered[chosen], everything=everything)
                assert answer.status_code == 200, (username, chosen, answer.json)
                done.append(chosen)
                break
        else:
            break
    return programs["shift_leader"].get(path).json["state"], done


@pytest.mark.parametrize("everything", [False, True], ids=["required fields", "every field"])
def test_a_program_that_reads_the_contract_alone_brings_a_case_to_closed(office, contract, everything):
    filer = Program(office, contract, "inspector")
    types = filer.get("/api/v1/types").json["items"]
    known = next(one for one in types if one["code"] == "09012" and one["kind"] == "event")
    key = {name: known[name] for name in ("scheme", "kind", "code")}
    filed = file_case(filer, {"type": key, "source": "inspector"})
    assert filed.status_code == 201
    state, done = drive(office, contract, filed.json["number"], everything=everything)
    assert state == "closed"
    assert done == ["accept", "report", "request_check", "check", "close"]


def test_every_kind_of_type_can_be_closed_by_following_what_is_offered(office, contract):
    acceptor = Program(office, contract, "acceptor")
    kinds: dict[tuple[str, bool], Json] = {}
    for one in acceptor.get("/api/v1/types").json["items"]:
        limits = {condition["limit"] is None for condition in one["conditions"]}
        kinds.setdefault((min(len(one["conditions"]), 2), len(limits) > 1 or limits.pop()), one)
    assert len(kinds) >= 2  # one condition and several; with a limit, and without where the catalogue has such
    for known in kinds.values():
        key = {name: known[name] for name in ("scheme", "kind", "code")}
        filed = file_case(acceptor, {"type": key, "source": "hotline"})
        assert filed.status_code == 201, filed.json
        assert filed.json["state"] == "received"
        state, done = drive(office, contract, filed.json["number"], everything=False)
        assert (state, done[0]) == ("closed", "register"), (known["code"], done)


def test_whoever_is_offered_to_comment_or_attach_can(office, contract):
    filed = file_case(
        Program(office, contract, "acceptor"),
        {"type": {"scheme": "GBT47678.5-2026", "kind": "event", "code": "09012"}, "source": "hotline"},
    )
    path = f"/api/v1/cases/{filed.json['number']}"
    for username in (*STAFF, "leader", "admin", "assessor", "chief"):
        program = Program(office, contract, username)
        case = program.get(path)
        for offered in case.json.get("available_actions", []):
            if offered["action"] in ("comment", "attach"):
                answer = program.act(case, offered, everything=False)
                assert answer.status_code == 200, (username, answer.json)
