"""Which refusal comes first: 401, 404, replay, 428, 412, 403, 409, 422. Each request is wrong in two ways at once."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.office import Office

LONG = "字" * 3000
NOWHERE = "NDJ202610129999991"


@dataclass(frozen=True)
class Wrong:
    """One way of being wrong, as a change to a good request to accept a dispatched case."""

    status: int
    code: str
    change: str


#: In the order of the contract. Each may be combined with every later one.
WRONGS = (
    Wrong(401, "not_signed_in", "signed_out"),
    Wrong(404, "case_not_found", "invisible"),
    Wrong(428, "if_match_missing", "no_if_match"),
    Wrong(412, "stale_case", "stale"),
    Wrong(403, "role_may_not", "role"),
    Wrong(409, "wrong_state", "state"),
    Wrong(422, "invalid_input", "body"),
)
#: What cannot be combined: one header cannot be missing and stale, one person has one role.
APART = {("no_if_match", "stale"), ("invisible", "role"), ("role", "state")}
PAIRS = [
    (first, second)
    for index, first in enumerate(WRONGS)
    for second in WRONGS[index + 1 :]
    if (first.change, second.change) not in APART
]


@dataclass
class Request:
    """A good request: the unit accepts a dispatched case. ``break_`` makes it wrong in one way."""

    office: Office
    number: str
    person: str = "unit_leader"
    action: str = "accept"
    if_match: str | None = '"v1"'
    key: str | None = ""
    body: Any = None
    signed_in: bool = True

    def break_(self, change: str) -> None:
        """Make it wrong."""
        match change:
            case "signed_out":
                self.signed_in = False
            case "invisible":
                self.person = "other_unit"
            case "no_if_match":
                self.if_match = None
            case "stale":
                self.if_match = '"v99"'
            case "role":
                self.person = "leader"
            case "state":
                self.action, self.body = "return_task", {"reason": "not_ours"}
            case "body":
                self.body = {"note": LONG, "nonsense": 1}

    def send(self) -> TestResponse:
        """Send it."""
        caller = self.office.caller(self.person)
        headers = dict(caller.headers) if self.signed_in else {"Accept-Language": "en"}
        if self.if_match is not None:
            headers["If-Match"] = self.if_match
        if self.key is not None:
            headers["Idempotency-Key"] = self.key or str(uuid.uuid4())
        return caller.client.post(
            f"/api/v1/cases/{self.number}/actions/{self.action}", json=self.body or {}, headers=headers
        )


@pytest.fixture
def dispatched(office: Office) -> str:
    answer = office.caller("inspector").file()
    assert answer.json["state"] == "dispatched"
    number: str = answer.json["number"]
    return number


def reported(office: Office, number: str) -> str:
    """Bring a case to where the unit may not return it any more; returns its ETag."""
    unit = office.caller("unit_leader")
    answer = unit.act(number, "report", done="清理", attachments=[unit.photo("handle")])
    assert answer.status_code == 200
    etag: str = answer.headers["ETag"]
    return etag


def test_the_request_that_is_wrong_in_no_way_is_carried_out(office, dispatched):
    assert Request(office, dispatched).send().json["state"] == "handling"


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.change)
def test_each_way_of_being_wrong_is_told_by_itself(office, dispatched, wrong):
    check_first(office, dispatched, wrong, None)


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda wrong: wrong.change)
def test_of_two_things_wrong_the_earlier_is_told(shared_office, first, second):
    number = shared_office.caller("inspector").file().json["number"]
    check_first(shared_office, number, first, second)


def check_first(office: Office, number: str, first: Wrong, second: Wrong | None) -> None:
    asked = Request(office, number)
    changes = {one.change for one in (first, second) if one}
    if "state" in changes:
        asked.if_match = reported(office, number)
    for change in (one.change for one in WRONGS if one.change in changes):
        asked.break_(change)
    before = office.caller("shift_leader").get(f"/cases/{number}").json
    answer = asked.send()
    assert (answer.status_code, answer.json["code"]) == (first.status, first.code), answer.json
    assert office.caller("shift_leader").get(f"/cases/{number}").json == before


@pytest.mark.parametrize(
    "earlier", ["no_if_match", "stale", "role", "state", "nothing"], ids=lambda change: f"{change} and no key"
)
def test_a_missing_key_is_told_after_not_found_and_before_a_stale_version(office, dispatched, earlier):
    asked = Request(office, dispatched, key=None)
    asked.break_(earlier)
    answer = asked.send()
    assert answer.status_code == 428
    expected = "if_match_missing" if earlier == "no_if_match" else "idempotency_key_missing"
    assert answer.json["code"] == expected
    asked.break_("invisible")
    assert asked.send().status_code == 404


@pytest.mark.parametrize(
    ("change", "status"), [("invisible", 404), ("no_if_match", 428), ("stale", 412), ("role", 403), ("nothing", 422)]
)
def test_a_malformed_key_is_told_with_the_fields(office, dispatched, change, status):
    asked = Request(office, dispatched, key="no-uuid")
    asked.break_(change)
    answer = asked.send()
    assert answer.status_code == status
    if status == 422:
        assert list(answer.json["errors"]) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"x", "text/plain", 415),
        (b"[" * 300_000, "application/json", 413),
    ],
    ids=["no JSON", "plain text", "too large"],
)
@pytest.mark.parametrize(
    ("change", "earlier"), [("invisible", 404), ("stale", 412), ("role", 403), ("state", 409), ("nothing", 0)]
)
def test_a_body_that_cannot_be_read_is_told_last(shared_office, body, kind, status, change, earlier):
    office = shared_office
    number = office.caller("inspector").file().json["number"]
    asked = Request(office, number)
    if change == "state":
        asked.if_match = reported(office, number)
    asked.break_(change)
    caller = office.caller(asked.person)
    answer = caller.client.post(
        f"/api/v1/cases/{number}/actions/{asked.action}",
        data=body,
        content_type=kind,
        headers=caller.headers | {"If-Match": asked.if_match, "Idempotency-Key": str(uuid.uuid4())},
    )
    assert answer.status_code == (earlier or status)


def test_what_one_may_not_see_answers_like_what_does_not_exist(office, dispatched):
    other, inspector = office.caller("other_unit"), office.caller("inspector")
    photo = inspector.photo()
    inspector.act(dispatched, "attach", attachments=[photo])
    answers = [
        (other.get(f"/cases/{number}{path}"), number) for number in (dispatched, NOWHERE) for path in ("", "/history")
    ]
    answers += [(other.get(f"/cases/{number}/inspectors"), number) for number in (dispatched, NOWHERE)]
    answers += [(other.act(number, "comment", text="x"), number) for number in (dispatched, NOWHERE)]
    answers += [(other.get(f"/attachments/{one}"), one) for one in (photo, str(uuid.uuid4()))]
    assert {answer.status_code for answer, _ in answers} == {404}
    by_path: dict[str, set[str]] = {}
    for answer, number in answers:
        by_path.setdefault(answer.json["code"], set()).add(answer.text.replace(number, "…"))
    assert {code: len(bodies) for code, bodies in by_path.items()} == {
        "case_not_found": 1,
        "attachment_not_found": 1,
    }


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ('"v1"', 200),
        ('W/"v1"', 200),
        ('"v0", "v1"', 200),
        (' "v1" ', 200),
        ("*", 200),
        ('"v2"', 412),
        ('W/"v2"', 412),
        ("v1", 412),
        ("1", 412),
        ('"1"', 412),
        ('"v1', 412),
        ('x"v1"', 412),
        ('"v01x"', 412),
        ('"v-1"', 412),
        ('"v99999999999999999999"', 412),
        ("", 412),
        ("**", 412),
    ],
)
def test_if_match_takes_strong_and_weak_tags_and_nothing_malformed(shared_office, if_match, status):
    number = shared_office.caller("inspector").file().json["number"]
    answer = Request(shared_office, number, if_match=if_match).send()
    assert answer.status_code == status
    if status == 412:
        assert answer.json["code"] == "stale_case"


def test_a_comment_needs_if_match_but_takes_a_stale_one(office, dispatched):
    stale = Request(office, dispatched, action="comment", body={"text": "看过"}, if_match='"v99"')
    assert (stale.send().status_code, stale.send().headers["ETag"]) == (200, '"v1"')
    missing = Request(office, dispatched, action="comment", body={"text": "看过"}, if_match=None)
    assert missing.send().json["code"] == "if_match_missing"


@pytest.mark.parametrize(
    ("person", "key", "body", "status"),
    [
        ("leader", None, {}, 428),  # the key before the role
        ("leader", "new", {}, 403),  # the role before the fields
        ("inspector", "new", {}, 422),
        ("inspector", "bad", {}, 422),
        (None, None, {}, 401),
    ],
)
def test_a_filing_is_checked_in_the_same_order(office, person, key, body, status):
    caller = office.caller(person or "inspector")
    headers = dict(caller.headers) if person else {}
    keys = {"new": str(uuid.uuid4()), "bad": "no-uuid"}
    answer = caller.client.post(
        "/api/v1/cases", json=body, headers=headers | ({"Idempotency-Key": keys[key]} if key else {})
    )
    assert answer.status_code == status


def test_a_replay_comes_before_a_missing_if_match_a_stale_one_a_lost_role_and_a_wrong_state(office, dispatched):
    key = str(uuid.uuid4())
    first = Request(office, dispatched, key=key).send()
    assert first.status_code == 200
    reported(office, dispatched)
    for if_match in (None, '"v99"', '"v1"', "nonsense"):
        again = Request(office, dispatched, key=key, if_match=if_match).send()
        assert again.status_code == 200, again.json
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (again.json["state"], again.headers["ETag"]) == ("reported", '"v3"')
    other = Request(office, dispatched, key=key, body={"note": "另一内容"}).send()
    assert (other.status_code, other.json["code"]) == (409, "idempotency_mismatch")


@dataclass
class Plain:
    """A client that sends exactly these headers."""

    client: FlaskClient
    headers: dict[str, str]

    def signed_out(self) -> "Plain":
        """Return the same without the sign-in."""
        return Plain(self.client, {name: value for name, value in self.headers.items() if name != "Authorization"})

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> TestResponse:
        """Send a request."""
        return self.client.open(f"/api/v1{path}", method=method, json=body, query_string=query, headers=self.headers)


PROBLEMS: dict[int, Callable[[Plain], TestResponse]] = {
    401: lambda plain: plain.signed_out().send("GET", "/me"),
    404: lambda plain: plain.send("GET", f"/cases/{NOWHERE}"),
    403: lambda plain: Plain(plain.client, plain.headers | {"Idempotency-Key": str(uuid.uuid4())}).send(
        "POST", "/cases", {}
    ),
    405: lambda plain: plain.send("PUT", "/cases"),
    422: lambda plain: plain.send("GET", "/cases", limit=0, bbox="x"),
    428: lambda plain: plain.send("POST", "/cases", {}),
}
_MEMBERS = ("type", "title", "status", "detail", "code")


@pytest.mark.parametrize("status", PROBLEMS)
@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [(None, "zh"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("zh-CN", "zh"), ("de", "zh"), ("fr;q=1, en;q=0.5", "en")],
)
def test_every_refusal_is_a_problem_document_in_the_callers_language(shared_office, status, accepted, spoken):
    caller = shared_office.caller("leader")
    headers = {"Authorization": caller.headers["Authorization"]}
    answer = PROBLEMS[status](Plain(caller.client, headers | ({"Accept-Language": accepted} if accepted else {})))
    body = answer.json
    assert answer.mimetype == "application/problem+json"
    assert (answer.status_code, body["status"]) == (status, status)
    assert {*_MEMBERS} <= body.keys() <= {*_MEMBERS, "errors", "codes"}
    assert body["type"] == f"urn:gridcase:problem:{body['code']}"
    texts = [body["title"], body["detail"], *(text for told in body.get("errors", {}).values() for text in told)]
    assert all(texts)
    assert {is_english(text) for text in texts} == {spoken == "en"}
    assert not any("{" in text for text in texts)
    assert answer.headers["Content-Language"] == {"zh": "zh-CN", "en": "en"}[spoken]
    assert "Accept-Language" in answer.headers["Vary"]


def is_english(text: str) -> bool:
    return all(ord(one) < 0x2E80 for one in text)


def test_refusals_carry_the_headers_that_their_status_asks_for(shared_office):
    caller = shared_office.caller("leader")
    plain = Plain(caller.client, caller.headers)
    assert PROBLEMS[401](plain).headers["WWW-Authenticate"] == "Bearer"
    assert PROBLEMS[405](plain).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
