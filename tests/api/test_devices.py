"""Phones: signing one in for months, seeing one's sessions, ending one from afar, and what it is told then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gridcase.app import create_app
from tests.office import PASSWORD, Office

OWN = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


def phone(office: Office, username: str = "inspector", name: str = "Phone 13"):
    client = office.app.test_client()
    answer = client.post(
        "/api/v1/auth/devices", json={"username": username, "password": PASSWORD, "device": name}, headers=OWN
    )
    assert answer.status_code == 201, answer.json
    return client, answer


def test_a_phone_stays_signed_in_for_months_by_a_cookie_that_no_script_reads(office):
    client, answer = phone(office)
    assert answer.json | {"id": 0} == {
        "id": 0,
        "role": "inspector",
        "name": "Phone 13",
        "expires_at": "2027-01-10T09:00:00+08:00",
    }
    assert "access_token" not in answer.text
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    office.clock.advance(timedelta(days=89))
    assert client.get("/api/v1/me").status_code == 200
    office.clock.advance(timedelta(days=2))
    assert client.get("/api/v1/me").json["code"] == "not_signed_in"


def test_a_wrong_password_is_slowed_as_everywhere(sqlite_office):
    client = sqlite_office.app.test_client()
    wrong = {"username": "inspector", "password": "wrong", "device": "x"}
    codes = [client.post("/api/v1/auth/devices", json=wrong, headers=OWN).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


def test_another_site_signs_no_phone_in(sqlite_office):
    right = {"username": "inspector", "password": PASSWORD, "device": "x"}
    answer = sqlite_office.app.test_client().post(
        "/api/v1/auth/devices", json=right, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_everybody_sees_their_own_sessions_and_which_one_asks(office):
    first, _ = phone(office, name="old")
    second, _ = phone(office, name="new")
    phone(office, username="inspector2", name="another's")
    listed = second.get("/api/v1/auth/sessions").json["items"]
    assert [(one["device"], one["current"], one["kind"]) for one in listed] == [
        ("new", True, "device"),
        ("old", False, "device"),
    ]
    assert listed[0]["last_seen_on"] == "2026-10-12"
    assert first.get("/api/v1/auth/sessions").json["items"][1]["current"] is True


def test_a_lost_phone_is_shut_out_and_told_so(office):
    lost, answer = phone(office, name="lost")
    kept, _ = phone(office)
    assert kept.delete(f"/api/v1/auth/sessions/{answer.json['id']}", headers=OWN).status_code == 204
    refused = lost.get("/api/v1/me")
    assert (refused.status_code, refused.json["code"]) == (401, "session_revoked")
    assert kept.get("/api/v1/me").status_code == 200
    assert kept.delete(f"/api/v1/auth/sessions/{answer.json['id']}", headers=OWN).status_code == 404


def test_nobody_but_an_administrator_ends_a_session_of_somebody_else(office):
    other, answer = phone(office, username="inspector2")
    mine, _ = phone(office)
    path = f"/api/v1/auth/sessions/{answer.json['id']}"
    assert mine.delete(path, headers=OWN).status_code == 404
    assert other.get("/api/v1/me").status_code == 200
    admin = office.caller("admin")
    assert admin.client.delete(path, headers=admin.headers).status_code == 204
    assert other.get("/api/v1/me").json["code"] == "session_revoked"


@pytest.mark.parametrize("identity", ["0", "99999999999999999999"])
def test_a_session_that_never_was_is_not_found(sqlite_office, identity):
    client, _ = phone(sqlite_office)
    assert client.delete(f"/api/v1/auth/sessions/{identity}", headers=OWN).status_code == 404


def test_the_day_of_use_is_noted_once_a_day_and_no_closer(office):
    client, _ = phone(office)
    office.clock.advance(timedelta(days=3, hours=1))
    assert client.get("/api/v1/auth/sessions").json["items"][0]["last_seen_on"] in ("2026-10-12", "2026-10-15")
    assert client.get("/api/v1/auth/sessions").json["items"][0]["last_seen_on"] == "2026-10-15"


def test_behind_a_proxy_with_https_the_cookie_is_for_https_alone(sqlite_office, tmp_path):
    settings = replace(sqlite_office.rt.settings, public_url="https://grid.example.org")
    office = Office(app=create_app(settings, clock=sqlite_office.clock), clock=sqlite_office.clock)
    cookies = [phone(one)[1].headers["Set-Cookie"] for one in (sqlite_office, office)]
    office.rt.database.engine.dispose()
    assert [("Secure" in cookie) for cookie in cookies] == [False, True]
