"""Signing in and out: one answer for every wrong pair, slowed by account and address, in one role at a time."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.services import identity
from tests.office import PASSWORD, Office

ALL = Scope(kind=ScopeKind.ALL)
#: The inspector's grant, in SQL.
HIS = "person_id = (SELECT id FROM person WHERE username = 'inspector')"


def sign_in(office: Office, username: str, password: str = PASSWORD, *, address: str = "10.0.0.1", **more: Any):
    return office.app.test_client().post(
        "/api/v1/auth/tokens",
        json={"username": username, "password": password, **more},
        headers={"Accept-Language": "en"},
        environ_overrides={"REMOTE_ADDR": address},
    )


def me(office: Office, token: str, kind: str = "Bearer") -> TestResponse:
    return office.app.test_client().get("/api/v1/me", headers={"Authorization": f"{kind} {token}"})


def add(office: Office, username: str, *grants: tuple[Role, Scope]) -> None:
    identity.add_person(
        office.rt, identity.NewPerson(username=username, name=username, password=PASSWORD, grants=grants)
    )


def change(office: Office, statement: str, **values: Any) -> None:
    with office.rt.database.writing() as tx:
        assert tx.execute(text(statement), values).rowcount == 1


def test_signing_in_opens_a_session_in_the_role_granted(office):
    answer = sign_in(office, "inspector")
    assert answer.status_code == 201
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 12 * 3600
    assert answer.json["role"] == "inspector"
    assert answer.headers["Cache-Control"] == "no-store"
    found = me(office, answer.json["access_token"])
    assert found.json["role"] == "inspector"
    assert found.json["scope"] == {"kind": "area", "value": "320404005001"}


def test_only_the_digest_of_a_token_is_kept(office):
    token = sign_in(office, "inspector").json["access_token"]
    with office.rt.database.reading() as tx:
        rows = tx.execute(text("SELECT * FROM access_token")).all()
    assert len(rows) == 1
    assert token not in str(rows)


def test_a_wrong_password_and_an_unknown_name_are_told_in_the_same_words(office):
    wrong, unknown = sign_in(office, "inspector", "not the password"), sign_in(office, "nobody")
    assert (wrong.status_code, wrong.json["code"]) == (401, "wrong_password")
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    assert (unknown.status_code, unknown.json) == (wrong.status_code, wrong.json)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET is_active = false WHERE username = 'inspector'",
        f"DELETE FROM role_grant WHERE {HIS}",
        f"UPDATE role_grant SET valid_to = '2026-10-11' WHERE {HIS}",
        f"UPDATE role_grant SET valid_from = '2026-10-13' WHERE {HIS}",
    ],
    ids=["no longer with us", "no role", "role ended yesterday", "role begins tomorrow"],
)
def test_whoever_has_nothing_to_do_here_is_told_what_a_wrong_password_is_told(office, statement):
    change(office, statement)
    answer = sign_in(office, "inspector")
    assert (answer.status_code, answer.json["code"]) == (401, "wrong_password")


def test_after_five_failures_an_account_waits_at_that_address_alone(office):
    for _ in range(5):
        assert sign_in(office, "inspector", "guess").status_code == 401
    held = sign_in(office, "inspector")
    assert (held.status_code, held.json["code"]) == (429, "too_many_failures")
    assert held.headers["Retry-After"] == "300"
    assert "300" in held.json["detail"]
    assert sign_in(office, "inspector", address="10.0.0.2").status_code == 201
    assert sign_in(office, "inspector2").status_code == 201


def test_an_unknown_name_is_slowed_like_a_known_one(office):
    answers = [sign_in(office, "nobody").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_the_wait_ends_by_itself_and_asking_does_not_lengthen_it(office):
    for _ in range(5):
        sign_in(office, "inspector", "guess")
    office.clock.advance(timedelta(minutes=4))
    assert sign_in(office, "inspector").status_code == 429
    office.clock.advance(timedelta(minutes=1))
    assert sign_in(office, "inspector").status_code == 201


def test_retry_after_is_when_the_next_try_is_taken(office):
    for _ in range(5):
        sign_in(office, "inspector", "guess")
        office.clock.advance(timedelta(seconds=40))
    held = sign_in(office, "inspector")
    assert held.status_code == 429
    office.clock.advance(timedelta(seconds=int(held.headers["Retry-After"]) - 1))
    assert sign_in(office, "inspector").status_code == 429
    office.clock.advance(timedelta(seconds=1))
    assert sign_in(office, "inspector").status_code == 201


def test_a_session_ends_after_its_hours(office):
    token = sign_in(office, "inspector").json["access_token"]
    office.clock.advance(timedelta(hours=12) - timedelta(seconds=1))
    assert me(office, token).status_code == 200
    office.clock.advance(timedelta(seconds=1))
    ended = me(office, token)
    assert (ended.status_code, ended.json["code"]) == (401, "not_signed_in")


def test_signing_out_ends_this_session_and_no_other(office):
    first, second = (sign_in(office, "inspector").json["access_token"] for _ in range(2))
    client = office.app.test_client()
    headers = {"Authorization": f"Bearer {first}"}
    assert client.delete("/api/v1/auth/tokens/current", headers=headers).status_code == 204
    assert (me(office, first).status_code, me(office, second).status_code) == (401, 200)
    assert client.delete("/api/v1/auth/tokens/current", headers=headers).status_code == 401


def test_a_person_with_several_roles_acts_in_the_first_or_in_the_one_chosen(office):
    add(office, "both", (Role.ACCEPTOR, ALL), (Role.DISPATCHER, ALL))
    assert sign_in(office, "both").json["role"] == "acceptor"
    answer = sign_in(office, "both", role="dispatcher")
    assert me(office, answer.json["access_token"]).json["role"] == "dispatcher"


def test_a_role_that_was_not_granted_is_refused_by_name_once_the_password_is_right(office):
    refused = sign_in(office, "inspector", role="leader")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["role"])
    assert "Choose: inspector." in refused.json["errors"]["role"][0]
    assert sign_in(office, "inspector", "wrong", role="leader").json["code"] == "wrong_password"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET is_active = false WHERE username = 'inspector'",
        f"UPDATE role_grant SET valid_to = '2026-10-11' WHERE {HIS}",
    ],
    ids=["no longer with us", "role taken back"],
)
def test_what_is_taken_back_ends_a_running_session_at_once(office, statement):
    token = sign_in(office, "inspector").json["access_token"]
    assert me(office, token).status_code == 200
    change(office, statement)
    assert me(office, token).status_code == 401


def test_a_grant_for_dates_is_held_to_them(office):
    change(
        office,
        f"UPDATE role_grant SET valid_to = :last WHERE {HIS}",
        last=date(2026, 10, 12),
    )
    office.clock.advance(timedelta(hours=14))  # 23:00 in Changzhou
    token = sign_in(office, "inspector").json["access_token"]
    assert me(office, token).status_code == 200
    office.clock.advance(timedelta(hours=1))  # midnight there, though not in Greenwich
    assert me(office, token).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic aW5zcGVjdG9yOng=",
        "Bearer x",
        "Token {token}",
        "{token}",
        "Bearer {token}x",
    ],
)
def test_nothing_but_a_bearer_token_opens_the_door(office, header):
    token = sign_in(office, "inspector").json["access_token"]
    headers = {} if header is None else {"Authorization": header.format(token=token)}
    answer = office.app.test_client().get("/api/v1/me", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


def test_the_word_bearer_may_be_written_small(office):
    token = sign_in(office, "inspector").json["access_token"]
    assert me(office, token, kind="bearer").status_code == 200
