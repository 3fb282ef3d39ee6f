"""Every route has a guard, every write on a case checks its two headers, every route is documented."""

import re
import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from gridcase.api.blueprint import ApiBlueprint
from gridcase.domain.case import Action
from gridcase.workflow.transitions import BY_PEOPLE

#: What answers people who are not signed in, on purpose.
OPEN = {
    "/api/v1/auth/tokens": "signing in",
    "/api/v1/auth/devices": "signing a phone in",
    "/api/v1/openapi.json": "the contract itself",
    "/healthz": "for load balancers",
    "/readyz": "for load balancers",
    "/metrics": "has its own guard: this machine, or a token",
    "/": "leads to sign in, or shows the grid and cases where the setting public_overview says so",
    "/login": "signing in",
    "/docs": "the contract, to read",
    "/docs/ui/<name>": "its viewer",
    "/m/": "the phone app's shell, which holds no data",
    "/m/sw.js": "its service worker",
    "/m/words.json": "its words",
    "/m/manifest.webmanifest": "what a phone needs to install it",
    "/m/version.json": "which version it would install",
    "/static/<path:filename>": "style sheets and scripts of the pages",
}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def rules(app: Flask) -> Iterator[Rule]:
    return app.url_map.iter_rules()


def guarded(app: Flask, rule: Rule) -> bool:
    """Tell whether a route belongs to a part of the API, or to the console, that refuses strangers."""
    return is_api(app, rule) or is_console(rule)


def is_api(app: Flask, rule: Rule) -> bool:
    part = app.blueprints.get(rule.endpoint.split(".")[0])
    return isinstance(part, ApiBlueprint) and not part.is_open


def is_console(rule: Rule) -> bool:
    return rule.endpoint.startswith("console.")


def address(rule: Rule, number: str = "x") -> str:
    return re.sub(r"<[^>]+>", number, re.sub(r"<int:[^>]+>", "1", rule.rule))


def methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def test_every_route_is_guarded_or_open_on_purpose(sqlite_office):
    app = sqlite_office.app
    assert {rule.rule for rule in rules(app) if not guarded(app, rule)} == OPEN.keys()


def test_every_page_of_the_console_sends_strangers_to_sign_in(sqlite_office):
    app = sqlite_office.app
    asked = [(method, address(rule)) for rule in rules(app) if is_console(rule) for method in methods(rule)]
    assert len(asked) >= 4
    for method, path in asked:
        client = app.test_client()
        client.set_cookie("gridcase_session", "made-up")
        answer = client.open(path, method=method, headers={"Sec-Fetch-Site": "same-origin"})
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/login"), path
        part = client.open(path, method=method, headers={"Sec-Fetch-Site": "same-origin", "HX-Request": "true"})
        assert (part.status_code, part.headers["HX-Redirect"].split("?")[0]) == (204, "/login"), path


def test_every_guarded_call_refuses_whoever_is_not_signed_in(sqlite_office):
    app, client = sqlite_office.app, sqlite_office.app.test_client()
    asked = [(method, address(rule)) for rule in rules(app) if is_api(app, rule) for method in methods(rule)]
    assert len(asked) > 20
    for headers in ({}, {"Authorization": f"Bearer {uuid.uuid4()}"}):
        answers = {one: client.open(one[1], method=one[0], headers=headers) for one in asked}
        assert {answer.status_code for answer in answers.values()} == {401}
        assert {answer.json["code"] for answer in answers.values()} == {"not_signed_in"}


def writes_on_cases(app: Flask) -> list[tuple[str, Rule]]:
    return [
        (method, rule)
        for rule in rules(app)
        for method in sorted(methods(rule) & WRITES)
        if rule.rule.startswith("/api/v1/cases")
    ]


def test_every_write_on_a_case_needs_a_key_and_the_version_it_was_read_at(sqlite_office):
    office = sqlite_office
    number = office.caller("inspector").file().json["number"]
    caller = office.caller("shift_leader")
    key, version = {"Idempotency-Key": str(uuid.uuid4())}, {"If-Match": '"v1"'}
    writes = writes_on_cases(office.app)
    assert len(writes) == len(BY_PEOPLE - {Action.FILE}) + 1
    for method, rule in writes:
        changes_a_case = "<" in rule.rule
        tried = {"nothing": {}, "key": key, "version": version}
        codes = {
            what: caller.client.open(
                address(rule, number), method=method, json={}, headers=caller.headers | headers
            ).json["code"]
            for what, headers in tried.items()
        }
        first = "if_match_missing" if changes_a_case else "idempotency_key_missing"
        assert codes["nothing"] == first, rule
        assert codes["version"] == "idempotency_key_missing", rule
        assert (codes["key"] == "if_match_missing") is changes_a_case, rule


def test_every_write_on_a_case_documents_the_headers_it_needs(sqlite_office):
    document = sqlite_office.app.test_client().get("/api/v1/openapi.json").json
    for method, rule in writes_on_cases(sqlite_office.app):
        operation = document["paths"][_documented(rule)][method.lower()]
        required = {one["name"] for one in operation["parameters"] if one["in"] == "header" and one["required"]}
        assert required == {"Idempotency-Key", "If-Match"} - ({"If-Match"} if "<" not in rule.rule else set())


def test_every_action_has_its_route(sqlite_office):
    known = {rule.rule for rule in rules(sqlite_office.app)}
    assert {f"/api/v1/cases/<string:number>/actions/{action}" for action in BY_PEOPLE - {Action.FILE}} <= known


def test_every_route_of_the_api_is_documented_and_nothing_else(sqlite_office):
    document = sqlite_office.app.test_client().get("/api/v1/openapi.json").json
    told = {(path, method) for path, operations in document["paths"].items() for method in operations} - {
        (path, "parameters") for path in document["paths"]
    }
    served = {
        (_documented(rule), method.lower())
        for rule in rules(sqlite_office.app)
        for method in methods(rule)
        if rule.rule.startswith("/api/v1/") and rule.rule != "/api/v1/openapi.json"
    }
    assert {one for one in told if one[0].startswith("/api/")} == served


def _documented(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing", "/api/v2/cases"])
def test_an_address_of_nothing_is_a_problem_document_too(sqlite_office, path):
    answer = sqlite_office.app.test_client().get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json["code"] == "route_not_found"
