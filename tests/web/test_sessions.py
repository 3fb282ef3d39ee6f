"""Signing in with a browser: the cookie, what other sites may not do, where one is led, one's own account."""

import re

import pytest

from tests.office import PASSWORD, PEOPLE, Office

OWN = {"Sec-Fetch-Site": "same-origin"}


def cookie(answer) -> str | None:
    """Return the session that an answer gives to the browser, or None."""
    found = [re.match(r"gridcase_session=([^;]*)", one) for one in answer.headers.getlist("Set-Cookie")]
    return next((match[1] for match in found if match), None)


def sign_in(office: Office, username: str = "dispatcher", **form):
    client = office.app.test_client()
    answer = client.post("/login", data={"username": username, "password": PASSWORD} | form, headers=OWN)
    return client, answer


def test_signing_in_opens_a_session_that_only_the_browser_can_read(office):
    _, answer = sign_in(office)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    given = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("gridcase_session="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in given.split(";")}


def test_over_https_the_cookie_never_travels_in_the_open(sqlite_office):
    client = sqlite_office.app.test_client()
    answer = client.post(
        "/login",
        data={"username": "dispatcher", "password": PASSWORD},
        headers=OWN,
        base_url="https://localhost",
    )
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("username", sorted(PEOPLE.keys() - {"public_door", "centre"}))
def test_everybody_comes_to_a_page_of_their_own(sqlite_office, username):
    client, _ = sign_in(sqlite_office, username)
    answer = client.get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path not in ("/", "/login")


def test_the_session_speaks_for_its_person_at_the_api_too(sqlite_office):
    client, _ = sign_in(sqlite_office)
    assert client.get("/api/v1/me").json["role"] == "dispatcher"


def test_a_wrong_password_is_said_on_the_page_and_opens_nothing(sqlite_office):
    _, answer = sign_in(sqlite_office, password="wrong")
    assert answer.status_code == 422
    assert "用户名或密码不正确" in answer.text
    assert cookie(answer) is None


def test_after_failures_the_page_says_how_long_to_wait(sqlite_office):
    for _ in range(5):
        sign_in(sqlite_office, password="wrong")
    _, answer = sign_in(sqlite_office)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert cookie(answer) is None


def test_signing_out_ends_the_session_for_whoever_kept_it(sqlite_office):
    client, answer = sign_in(sqlite_office)
    token = cookie(answer)
    assert client.post("/logout", headers=OWN).headers["Location"] == "/login?out=1"
    assert client.get_cookie("gridcase_session") is None
    thief = sqlite_office.app.test_client()
    thief.set_cookie("gridcase_session", token or "")
    assert thief.get("/api/v1/me").status_code == 401


def test_a_session_put_into_the_browser_before_is_never_the_one_afterwards(sqlite_office):
    _, attacker = sign_in(sqlite_office, "handler")
    planted = cookie(attacker)
    client = sqlite_office.app.test_client()
    client.set_cookie("gridcase_session", planted or "")
    answer = client.post("/login", data={"username": "leader", "password": PASSWORD}, headers=OWN)
    assert cookie(answer) not in (None, planted)
    assert client.get("/api/v1/me").json["role"] == "leader"
    thief = sqlite_office.app.test_client()
    thief.set_cookie("gridcase_session", planted or "")
    assert thief.get("/api/v1/me").status_code == 401


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/logout", "/account/password", "/api/v1/cases"])
def test_another_site_changes_nothing_with_a_persons_cookie(sqlite_office, headers, path):
    client, _ = sign_in(sqlite_office)
    answer = client.post(path, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "cross_site")
    assert client.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_signs_nobody_in(sqlite_office, headers):
    client = sqlite_office.app.test_client()
    answer = client.post("/login", data={"username": "leader", "password": PASSWORD}, headers=headers)
    assert (answer.status_code, cookie(answer)) == (403, None)


@pytest.mark.parametrize("headers", [OWN, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}])
def test_our_own_pages_and_older_browsers_on_them_may(sqlite_office, headers):
    client, _ = sign_in(sqlite_office)
    assert client.post("/logout", headers=headers).status_code == 303


def test_a_bearer_token_needs_no_site(sqlite_office):
    assert sqlite_office.caller("inspector").file().status_code == 201


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/account\r\nX-Evil: 1", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
    ],
)
def test_after_signing_in_nobody_is_led_elsewhere(sqlite_office, asked, led):
    _, answer = sign_in(sqlite_office, next=asked)
    assert answer.headers["Location"] == led
    assert "X-Evil" not in answer.headers


def test_a_page_asked_for_before_signing_in_comes_back(sqlite_office):
    client = sqlite_office.app.test_client()
    assert client.get("/account?a=1").headers["Location"] == "/login?next=/account?a%3D1"
    assert 'name="next" value="/account?a=1"' in client.get("/login?next=/account?a%3D1").text


@pytest.mark.parametrize(
    ("accepts", "path", "spoken"),
    [("en", "/account", "zh-CN"), ("en", "/account?lang=en", "en"), ("zh", "/account?lang=en", "en")],
)
def test_the_console_speaks_chinese_until_somebody_chooses(sqlite_office, accepts, path, spoken):
    client, _ = sign_in(sqlite_office)
    assert client.get(path, headers={"Accept-Language": accepts}).headers["Content-Language"] == spoken
    assert client.get("/account").headers["Content-Language"] == spoken


def change(client, **form):
    return client.post("/account/password", data=form, headers=OWN)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(office):
    client, _ = sign_in(office)
    other, _ = sign_in(office)
    new = "an even longer password"
    assert change(client, current=PASSWORD, new=new, again=new).headers["Location"] == "/account?changed=1"
    assert client.get("/api/v1/me").status_code == 200
    assert other.get("/api/v1/me").status_code == 401
    assert sign_in(office, password=PASSWORD)[1].status_code == 422
    assert sign_in(office, password=new)[1].status_code == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"current": "wrong", "new": "long enough again", "again": "long enough again"}, "当前密码不正确"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, "10"),
        ({"current": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "不能与当前密码相同"),
        ({"current": PASSWORD, "new": "long enough again", "again": "another thing"}, "不一致"),
    ],
)
def test_a_password_that_cannot_be_taken_is_said_beside_its_field(sqlite_office, form, said):
    client, _ = sign_in(sqlite_office)
    answer = change(client, **form)
    assert answer.status_code == 422
    wrong = re.findall(r'<p class="error" id="[^"]+-error">([^<]*)', answer.text)
    assert len(wrong) == 1
    assert said in wrong[0]
    assert sign_in(sqlite_office)[1].status_code == 303


def test_a_present_password_cannot_be_guessed_without_end(sqlite_office):
    client, _ = sign_in(sqlite_office)
    tried = {"current": "wrong", "new": "long enough again", "again": "long enough again"}
    assert [change(client, **tried).status_code for _ in range(6)] == [422] * 5 + [429]


def test_a_role_that_was_not_granted_cannot_be_taken(sqlite_office):
    client, _ = sign_in(sqlite_office)
    answer = client.post("/account/role", data={"role": "admin"}, headers=OWN | {"Accept": "application/json"})
    assert (answer.status_code, client.get("/api/v1/me").json["role"]) == (422, "dispatcher")


def test_another_role_is_another_session(sqlite_office):
    office = sqlite_office
    leader = office.caller("shift_leader")
    shift = {"role": "shift_leader", "to": "dispatcher", "starts_at": "2026-10-12T08:00:00+08:00"}
    assert (
        leader.client.post(
            "/api/v1/delegations", json=shift | {"ends_at": "2026-10-12T18:00:00+08:00"}, headers=leader.headers
        ).status_code
        == 201
    )
    client, answer = sign_in(office)
    switched = client.post("/account/role", data={"role": "shift_leader"}, headers=OWN)
    assert switched.status_code == 303
    assert client.get("/api/v1/me").json["role"] == "shift_leader"
    thief = office.app.test_client()
    thief.set_cookie("gridcase_session", cookie(answer) or "")
    assert thief.get("/api/v1/me").status_code == 401
