"""What another site may make a signed-in browser do: nothing. Every route that changes something is tried."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from gridcase.edge.runtime import SESSION_COOKIE
from tests.office import PASSWORD, Office
from tests.security.conftest import World
from tests.security.routes import changing, paths

#: Every route is tried in each test.
pytestmark = pytest.mark.timeout(900)

FOREIGN = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "another host of the same domain": {"Sec-Fetch-Site": "same-site"},
    "a foreign origin": {"Origin": "https://evil.example"},
    "our name in another's": {"Origin": "http://localhost.evil.example"},
    "no origin at all": {},
    "a sandboxed frame": {"Origin": "null"},
    "a lie that contradicts the browser": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
}
#: Takes a password and answers with a token that the other site cannot read; the cookie plays no part.
WITHOUT_COOKIE = {"/api/v1/auth/tokens"}


@contextmanager
def writes(office: Office) -> Iterator[list[str]]:
    """Collect the statements that change something."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            seen.append(statement)

    event.listen(office.rt.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(office.rt.database.engine, "before_cursor_execute", note)


def browser_of(world: World, username: str) -> FlaskClient:
    """Return a browser with the session of somebody signed in, that says nothing of where a request comes from."""
    client = world.office.app.test_client()
    cookie = world.clients[username].get_cookie(SESSION_COOKIE)
    assert cookie is not None
    client.set_cookie(SESSION_COOKIE, cookie.value)
    return client


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_no_other_site_changes_anything(world: World, headers: dict[str, str]) -> None:
    client = browser_of(world, "admin")
    more = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": "*"}
    tried = 0
    with writes(world.office) as written:
        for method, rule in changing(world.office.app):
            if rule.rule in WITHOUT_COOKIE:
                continue
            for path in paths(rule, world.target):
                for body in ({"json": {}}, {"data": {"username": "admin", "password": PASSWORD}}):
                    answer = client.open(path, method=method, headers=headers | more, **body)
                    assert (method, path, answer.status_code) == (method, path, 403)
                    assert "Set-Cookie" not in answer.headers
                    tried += 1
    assert written == []
    assert tried > 100


def test_signing_in_for_a_token_does_not_touch_the_cookie(world: World) -> None:
    client = browser_of(world, "admin")
    answer = client.post("/api/v1/auth/tokens", json={"username": "leader", "password": PASSWORD})
    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers
    assert client.get("/api/v1/me").json["role"] == "admin"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}])
def test_our_own_pages_do(world: World, headers: dict[str, str]) -> None:
    answer = browser_of(world, "admin").post("/notices/read", data={"id": "1"}, headers=headers)
    assert answer.status_code == 303


def test_a_bearer_token_needs_no_site(world: World) -> None:
    client = world.office.app.test_client()
    answer = client.post("/api/v1/notices/read", json={"id": 1}, headers=world.office.caller("admin").headers)
    assert answer.status_code == 200


def test_a_bearer_token_that_is_none_does_not_open_the_door_for_the_cookie(world: World) -> None:
    client = browser_of(world, "admin")
    with writes(world.office) as written:
        for value in ("Bearer x", "Bearer ", "Bearer", "Basic YTpi"):
            headers = {"Authorization": value, "Sec-Fetch-Site": "cross-site"}
            answer = client.post("/api/v1/notices/read", json={"id": 1}, headers=headers)
            assert answer.status_code in (401, 403), value
    assert written == []


def test_no_answer_opens_itself_to_other_origins(world: World) -> None:
    client = browser_of(world, "admin")
    for path in ("/api/v1/me", "/api/v1/cases", "/notices", "/api/v1/openapi.json"):
        for method in ("GET", "OPTIONS"):
            answer = client.open(path, method=method, headers={"Origin": "https://evil.example"})
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")], path


def test_nothing_is_changed_by_a_get(world: World) -> None:
    """A link or a picture on another site makes a browser ask with the cookie, and no check stands in its way."""
    client = browser_of(world, "admin")
    for rule in world.rules():
        for path in paths(rule, world.target):
            with writes(world.office) as written:
                client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
            assert (path, written) == (path, [])
