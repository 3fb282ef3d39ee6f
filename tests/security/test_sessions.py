"""Sessions as an attacker would use them: planted cookies, kept cookies, foreign addresses, guessed passwords."""

from urllib.parse import quote, urlsplit

import pytest

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.edge.runtime import SESSION_COOKIE
from gridcase.services import identity
from gridcase.store import people
from tests.office import PASSWORD, Office

OWN = {"Sec-Fetch-Site": "same-origin"}


def session_of(client) -> str | None:
    cookie = client.get_cookie(SESSION_COOKIE)
    return cookie.value if cookie else None


def sign_in(client, username: str = "dispatcher", **form):
    return client.post("/login", data={"username": username, "password": PASSWORD, **form}, headers=OWN)


def role_of(office: Office, token: str | None) -> str | None:
    """Return what somebody else who has this cookie may do."""
    thief = office.app.test_client()
    thief.set_cookie(SESSION_COOKIE, token or "")
    answer = thief.get("/api/v1/me")
    return answer.json["role"] if answer.status_code == 200 else None


def test_a_cookie_planted_before_signing_in_is_not_adopted(sqlite_office):
    client = sqlite_office.app.test_client()
    client.set_cookie(SESSION_COOKIE, "planted-by-the-attacker")
    assert sign_in(client).status_code == 303
    assert session_of(client) not in (None, "planted-by-the-attacker")
    assert role_of(sqlite_office, "planted-by-the-attacker") is None


def test_the_attackers_own_session_planted_on_a_victim_does_not_become_the_victims(sqlite_office):
    attacker = sqlite_office.app.test_client()
    sign_in(attacker, "handler")
    planted = session_of(attacker)
    victim = sqlite_office.app.test_client()
    victim.set_cookie(SESSION_COOKIE, planted or "")
    sign_in(victim, "admin")
    assert session_of(victim) != planted
    assert role_of(sqlite_office, planted) in (None, "handler")


def test_every_sign_in_has_a_token_of_its_own_that_cannot_be_guessed(sqlite_office):
    tokens = set()
    for _ in range(5):
        client = sqlite_office.app.test_client()
        sign_in(client)
        tokens.add(session_of(client))
    assert len(tokens) == 5
    assert all(token and len(token) >= 43 for token in tokens)


def test_signing_out_and_switching_roles_end_the_session_for_whoever_kept_it(sqlite_office):
    office = sqlite_office
    person = office.actor("dispatcher").person
    with office.rt.database.writing() as tx:
        grant = people.NewGrant(role=Role.ACCEPTOR, scope=Scope(kind=ScopeKind.ALL), valid_from=identity._ALWAYS)
        people.add_grant(tx, person, grant)
    client = office.app.test_client()
    sign_in(client)
    first = session_of(client)
    assert client.post("/account/role", data={"role": "acceptor"}, headers=OWN).status_code == 303
    second = session_of(client)
    assert (role_of(office, first), role_of(office, second)) == (None, "acceptor")
    client.post("/logout", headers=OWN)
    assert (role_of(office, second), session_of(client)) == (None, None)


def test_a_role_that_was_not_granted_is_not_taken(sqlite_office):
    client = sqlite_office.app.test_client()
    sign_in(client, "handler")
    before = session_of(client)
    for role in ("admin", "system", "nonsense", ""):
        assert client.post("/account/role", data={"role": role}, headers=OWN).status_code == 422
    assert (session_of(client), role_of(sqlite_office, before)) == (before, "handler")
    other = sqlite_office.app.test_client()
    assert sign_in(other, "handler", role="admin").status_code == 422
    assert session_of(other) is None


FOREIGN = [
    "//evil.example",
    "///evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\r\nLocation: https://evil.example",
    "/%0d%0aSet-Cookie: a=b\r\n",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\x00//evil.example",
    "evil.example",
    "@evil.example",
    "/\u2028//evil.example",
]


@pytest.mark.parametrize("target", FOREIGN)
def test_nobody_is_led_to_another_site(sqlite_office, target):
    client = sqlite_office.app.test_client()
    form = client.get(f"/login?next={quote(target)}", headers={"Accept": "text/html"})
    assert form.status_code == 200
    assert "evil" not in form.text
    answer = sign_in(client, next=target)
    assert answer.status_code == 303
    led = urlsplit(answer.headers["Location"])
    assert (led.scheme, led.netloc) == ("", "")
    assert answer.headers["Location"].startswith("/")
    assert not answer.headers["Location"].startswith(("//", "/\\"))
    assert answer.headers.getlist("Set-Cookie")[0].startswith(f"{SESSION_COOKIE}=")
    assert len(answer.headers.getlist("Set-Cookie")) <= 2


def test_one_is_led_back_to_the_page_one_came_from(sqlite_office):
    client = sqlite_office.app.test_client()
    led = client.get("/notices?unread=1").headers["Location"]
    assert led.startswith("/login?next=/notices")
    assert sign_in(client, next="/notices?unread=1").headers["Location"] == "/notices?unread=1"


@pytest.mark.parametrize(
    "current", ["https://evil.example/x", "http://localhost.evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_a_fragment_that_names_a_foreign_page_leads_to_none(sqlite_office, current):
    answer = sqlite_office.app.test_client().get(
        "/notices/badge", headers={"HX-Request": "true", "HX-Current-URL": current}
    )
    assert answer.headers["HX-Redirect"].split("?")[0] == "/login"
    assert "evil" not in answer.headers["HX-Redirect"]
    assert "alert" not in answer.headers["HX-Redirect"]


def test_guessing_is_slowed_through_the_page_and_through_the_api_together(sqlite_office):
    client = sqlite_office.app.test_client()
    for attempt in range(5):
        if attempt % 2:
            client.post("/api/v1/auth/tokens", json={"username": "admin", "password": "wrong password"})
        else:
            sign_in(client, "admin", password="wrong password")
    answer = sign_in(client, "admin")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert answer.headers["Retry-After"] in answer.text
    assert session_of(client) is None
    # Another address is not slowed: nobody is locked out by a stranger.
    assert (
        client.post(
            "/login",
            data={"username": "admin", "password": PASSWORD},
            headers=OWN,
            environ_base={"REMOTE_ADDR": "10.0.0.9"},
        ).status_code
        == 303
    )


def test_an_unknown_account_is_answered_like_a_wrong_password(sqlite_office):
    client = sqlite_office.app.test_client()
    known, unknown = (
        sign_in(client, name, password="wrong password").text.replace(f'value="{name}"', "", 1)
        for name in ("handler", "nobody")
    )
    assert known == unknown


def test_a_cookie_of_nonsense_is_no_fault(sqlite_office):
    client = sqlite_office.app.test_client()
    for value in ("", "x" * 3000, "é", "a b", "' OR 1=1 --", "%00"):
        client.set_cookie(SESSION_COOKIE, value)
        assert client.get("/api/v1/me").status_code == 401, value
        assert client.get("/notices").status_code == 303, value
