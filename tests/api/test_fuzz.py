"""Whatever a program sends, by the contract or against it: never a fault, and always an answer the contract names.

Schemathesis makes the requests from our own OpenAPI document, good and bad ones. To get past the first checks, most of
them are then given the number, version and caller with which the request could succeed, and some a real type and place.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gridcase.services.assessing import request_run
from gridcase.services.running_month import work_off
from tests.office import FIRE_LANE, Caller, Office

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT = json.loads((Path(__file__).parents[1] / "contracts" / "openapi.json").read_text("utf-8"))
OPERATIONS = [
    (path, method) for path, described in DOCUMENT["paths"].items() for method in described if method != "parameters"
]
ROLES = (
    "inspector", "inspector2", "acceptor", "shift_leader", "dispatcher", "unit_leader", "assessor", "leader",
    "public_door",
)  # fmt: skip
ENDS_THE_SESSION = "/api/v1/auth/tokens/current"


@dataclass
class Town:
    """The application under fire, everybody signed in, and a maker of cases for every action."""

    office: Office
    schema: Any
    callers: dict[str, Caller]
    photo: str = ""
    run: int = 0
    answered: dict[str, set[int]] = field(default_factory=dict)

    def dispatched(self) -> str:
        return self._number(self.callers["inspector"].file())

    def received(self) -> str:
        return self._number(self.callers["acceptor"].file(self.office.filing(source="hotline")))

    def handling(self) -> str:
        return self._number(self.callers["unit_leader"].act(self.dispatched(), "accept"))

    def returned(self) -> str:
        return self._number(self.callers["unit_leader"].act(self.dispatched(), "return_task", reason="not_ours"))

    def reported(self) -> str:
        unit = self.callers["unit_leader"]
        return self._number(unit.act(self.dispatched(), "report", done="清理", attachments=[unit.photo("handle")]))

    def checking(self) -> str:
        second = self.callers["inspector2"].get("/me").json["id"]
        asked = self.callers["acceptor"].act(self.reported(), "request_check", mode="on_site", inspector=second)
        return self._number(asked)

    def failed(self) -> str:
        second = self.callers["inspector2"]
        return self._number(second.act(self.checking(), "check", result="fail", attachments=[second.photo("check")]))

    def passed(self) -> str:
        return self._number(self.callers["acceptor"].act(self.reported(), "request_check", mode="waived", note="照片"))

    def _number(self, answer: Any) -> str:
        assert answer.status_code in (200, 201), answer.json
        number: str = answer.json["number"]
        return number


#: Action → who can do it, on which case.
READY: dict[str, tuple[str, Callable[[Town], str]]] = {
    "register": ("shift_leader", Town.received),
    "void": ("acceptor", Town.received),
    "accept": ("unit_leader", Town.dispatched),
    "return_task": ("unit_leader", Town.handling),
    "reassign": ("dispatcher", Town.returned),
    "report": ("unit_leader", Town.handling),
    "request_check": ("acceptor", Town.reported),
    "check": ("inspector2", Town.checking),
    "rework": ("shift_leader", Town.failed),
    "close": ("shift_leader", Town.passed),
    "comment": ("leader", Town.dispatched),
    "attach": ("inspector", Town.dispatched),
}


@pytest.fixture(scope="module")
def town(shared_office: Office) -> Town:
    callers = {role: shared_office.caller(role) for role in ROLES}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", shared_office.app)
    photo = callers["inspector"].photo()
    run, _ = request_run(shared_office.rt, shared_office.actor("assessor"), "2026-10", "yuncheng")
    work_off(shared_office.rt)
    return Town(shared_office, schema, callers, photo=photo, run=run.id)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
# Shrinking would run for minutes: the request as it was says enough.
@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_request_is_a_fault_and_every_answer_is_in_the_contract(town, path, method, data):
    mode = data.draw(st.sampled_from(list(GenerationMode)))
    case = data.draw(town.schema[path][method.upper()].as_strategy(generation_mode=mode))
    who = data.draw(st.sampled_from(ROLES))
    if data.draw(st.integers(0, 5)):
        who = help_through(town, case, path, data) or who
    headers = {} if path == ENDS_THE_SESSION or not data.draw(st.integers(0, 9)) else town.callers[who].headers
    case.headers.pop("Authorization", None)
    # Called without a server, nothing unpacks what is compressed.
    case.headers["Accept-Encoding"] = "identity"
    response = case.call(headers=headers)
    town.answered.setdefault(f"{method} {path}", set()).add(response.status_code)
    case.validate_response(response, checks=CHECKS)


def help_through(town: Town, case: Any, path: str, data: st.DataObject) -> str | None:
    """Give a request what it needs to get past the first checks; returns who can send it."""
    who, make = READY.get(path.rpartition("/")[2], (None, Town.dispatched))
    places = {
        "number": lambda: make(town),
        "identity": lambda: town.run if "/assessments/" in path else town.photo,
        "subject": lambda: "NDJ-ZF",
        "period": lambda: data.draw(st.sampled_from(("2026-10", "2026-Q4", "2026-13"))),
        "code": lambda: "320404005001001",
    }
    for name in case.path_parameters or {}:
        case.path_parameters[name] = places[name]()
    if path.startswith("/api/v1/cases") and case.method == "POST":
        case.headers.update({"If-Match": "*", "Idempotency-Key": str(data.draw(st.uuids()))})
    if isinstance(case.body, dict) and "type" in case.body and data.draw(st.booleans()):
        point = town.office.point()
        case.body |= {"type": FIRE_LANE, "source": "inspector", "location": {"lon": point.lon, "lat": point.lat}}
        case.body.pop("attachments", None)
        who = "inspector"
    if path.startswith("/api/v1/assessments"):
        who = data.draw(st.sampled_from(("assessor", "leader", "unit_leader")))
    if path == "/api/v1/grid/locate" and isinstance(case.query, dict):
        case.query |= {"lon": town.office.point().lon, "lat": town.office.point().lat}
    return who


def test_a_fault_would_be_found(town, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gridcase.api.grid.locate", broken)
    case = town.schema["/api/v1/grid/locate"]["GET"].Case(query={"lon": 119.95, "lat": 31.78})
    response = case.call(headers=town.callers["leader"].headers)
    with pytest.raises(FailureGroup):
        case.validate_response(response, checks=CHECKS)
