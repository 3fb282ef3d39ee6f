"""The contract other programs rely on: a picture of the whole document, and the calls that may never go.

A change of the document is meant or it is a mistake. When it is meant, write the picture anew:

    GRIDCASE_WRITE_SNAPSHOTS=1 python -m pytest tests/contracts/test_openapi.py
"""

import json
import os
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

SNAPSHOT = Path(__file__).with_name("openapi.json")

#: Published calls: there may be more, but never fewer.
PROMISED = {
    ("post", "/api/v1/auth/tokens"),
    ("get", "/api/v1/me"),
    ("post", "/api/v1/attachments"),
    ("get", "/api/v1/attachments/{identity}"),
    ("post", "/api/v1/cases"),
    ("get", "/api/v1/cases"),
    ("get", "/api/v1/cases/{number}"),
    ("get", "/api/v1/cases/{number}/history"),
    ("get", "/api/v1/grid/locate"),
    ("get", "/api/v1/grid/cells"),
    ("get", "/api/v1/grid/cells/{code}"),
    ("get", "/api/v1/types"),
    ("get", "/api/v1/units"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    *(
        ("post", f"/api/v1/cases/{{number}}/actions/{action}")
        for action in (
            "register",
            "void",
            "dispatch",
            "accept",
            "return_task",
            "reassign",
            "report",
            "request_check",
            "check",
            "rework",
            "close",
            "comment",
            "attach",
        )
    ),
}
FILTERS = "state stage unit cell area type source overdue q bbox filed_from filed_to order cursor limit"
CASE = "number state stage type cell layers route deadlines assignments version available_actions"


def served(office: Any) -> dict[str, Any]:
    document: dict[str, Any] = office.app.test_client().get("/api/v1/openapi.json").json
    document["info"].pop("version")  # grows with every release
    return document


def test_the_document_is_the_one_last_looked_at(sqlite_office):
    text = json.dumps(served(sqlite_office), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("GRIDCASE_WRITE_SNAPSHOTS"):
        SNAPSHOT.write_text(text, "utf-8")
    assert SNAPSHOT.read_text("utf-8") == text, "meant? write it anew as the head of this file says"


def test_the_document_is_valid_and_says_everything_in_english(sqlite_office):
    document = served(sqlite_office)
    validate(document | {"info": document["info"] | {"version": "1"}})
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                assert operation["summary"], (method, path)
                assert operation["responses"], (method, path)


def test_no_published_call_has_gone(sqlite_office):
    paths = served(sqlite_office)["paths"]
    assert {(method, path) for path, operations in paths.items() for method in operations} >= PROMISED


def test_no_published_filter_has_gone(sqlite_office):
    parameters = served(sqlite_office)["paths"]["/api/v1/cases"]["get"]["parameters"]
    assert {one["name"] for one in parameters} >= set(FILTERS.split())


def test_a_case_has_every_published_member(sqlite_office):
    number = sqlite_office.caller("inspector").file().json["number"]
    case = sqlite_office.caller("unit_leader").get(f"/cases/{number}").json
    assert case.keys() >= set(CASE.split())
    offered = case["available_actions"][0]
    assert offered.keys() >= {"action", "label", "fields"}
    assert all(field.keys() >= {"name", "type", "required"} for field in offered["fields"])


def test_refusals_have_one_shape_in_the_document(sqlite_office):
    document = served(sqlite_office)
    shapes = {
        json.dumps(answer["content"], sort_keys=True)
        for operations in document["paths"].values()
        for method, operation in operations.items()
        if method != "parameters"
        for status, answer in operation["responses"].items()
        if status >= "4"
    }
    assert shapes == {
        json.dumps({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}, sort_keys=True)
    }
