"""Standing in: a role handed over for a time, by whoever holds it, without loosening the separation of duties."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.office import MONDAY, PASSWORD, Caller, Office
from tests.services.test_roster import post

HOLIDAY = {"starts_at": "2026-10-12T08:00:00+08:00", "ends_at": "2026-10-14T18:00:00+08:00"}


def asked(to: str, role: str = "shift_leader", **more: Any) -> dict[str, Any]:
    return {"role": role, "to": to} | HOLIDAY | more


class StandIn(Caller):
    """A person signed in with a role that was handed over."""

    def __init__(self, office: Office, username: str, role: str) -> None:
        self.client, self.office = office.app.test_client(), office
        self.answer = self.client.post(
            "/api/v1/auth/tokens", json={"username": username, "password": PASSWORD, "role": role}
        )
        token = self.answer.json.get("access_token", "")
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def delegated(office: Office, by: str, to: str, role: str = "shift_leader") -> StandIn:
    answer = post(office.caller(by), "/delegations", asked(to, role))
    assert answer.status_code == 201, answer.json
    return StandIn(office, to, role)


def checked(office: Office) -> str:
    """Bring a case to where only closing is left."""
    inspector, acceptor, unit = office.caller("inspector"), office.caller("acceptor"), office.caller("unit_leader")
    number: str = inspector.file().json["number"]
    assert unit.act(number, "report", done="已清理", attachments=[unit.photo("handle")]).status_code == 200
    answer = acceptor.act(number, "request_check", mode="on_site")
    asked_of = answer.json["tasks"][-1]["inspector"]
    checker = inspector if inspector.get("/me").json["id"] == asked_of else office.caller("inspector2")
    answer = checker.act(number, "check", result="pass", attachments=[checker.photo("check")])
    assert answer.status_code == 200, answer.json
    return number


def test_the_delegate_closes_while_the_shift_leader_is_on_leave(office: Office) -> None:
    number = checked(office)
    assert office.caller("acceptor").act(number, "close").status_code == 403
    stand_in = delegated(office, "shift_leader", "acceptor")
    assert stand_in.get("/me").json["role"] == "shift_leader"
    answer = stand_in.act(number, "close")
    assert (answer.status_code, answer.json["state"]) == (200, "closed")
    line = office.caller("leader").get(f"/cases/{number}/history").json["items"][-1]
    assert (line["actor"]["name"], line["role"]) == ("acceptor", "shift_leader")


def test_whoever_handled_a_case_does_not_close_it_as_a_stand_in(office: Office) -> None:
    number = checked(office)
    answer = delegated(office, "shift_leader", "handler").act(number, "close")
    assert (answer.status_code, answer.json["code"]) == (403, "handled_it_yourself")


@pytest.mark.parametrize(
    ("username", "code"), [("unit_leader", "asked_it_yourself"), ("handler", "asked_by_your_unit")]
)
def test_neither_the_asker_nor_the_askers_unit_decides_as_a_stand_in(office: Office, username: str, code: str) -> None:
    number = office.caller("inspector").file().json["number"]
    unit = office.caller("unit_leader")
    reason = unit.get(f"/cases/{number}").json
    offered = next(one for one in reason["available_actions"] if one["action"] == "ask_extension")
    (choices,) = [one["choices"] for one in offered["fields"] if one["name"] == "reason"]
    amount = {"amount": 2, "unit": "working_hour"}
    answer = unit.act(number, "ask_extension", amount=amount, reason=choices[0]["value"])
    assert answer.status_code == 200, answer.json
    stand_in = delegated(office, "shift_leader", username)
    answer = stand_in.act(number, "decide_extension", ruling="grant")
    assert (answer.status_code, answer.json["code"]) == (403, code)
    assert office.caller("shift_leader").act(number, "decide_extension", ruling="grant").status_code == 200


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (MONDAY - timedelta(hours=1, seconds=1), 422),
        (MONDAY - timedelta(hours=1), 201),  # 08:00
        (datetime(2026, 10, 14, 9, 59, 59, tzinfo=UTC), 201),
        (datetime(2026, 10, 14, 10, 0, tzinfo=UTC), 422),  # 18:00
    ],
)
def test_a_role_handed_over_holds_from_its_first_instant_up_to_its_last(
    office: Office, moment: datetime, status: int
) -> None:
    office.clock.instant = MONDAY - timedelta(days=3)
    assert post(office.caller("shift_leader"), "/delegations", asked("acceptor")).status_code == 201
    office.clock.instant = moment
    assert StandIn(office, "acceptor", "shift_leader").answer.status_code == status


def test_a_session_opened_by_a_delegation_ends_with_it(office: Office) -> None:
    post(office.caller("shift_leader"), "/delegations", asked("acceptor", ends_at="2026-10-12T10:00:00+08:00"))
    stand_in = StandIn(office, "acceptor", "shift_leader")
    assert stand_in.get("/me").status_code == 200
    office.clock.advance(timedelta(hours=1))
    assert stand_in.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("by", "body", "code"),
    [
        ("acceptor", asked("dispatcher"), "role_not_held"),
        ("admin", asked("dispatcher"), "role_not_held"),  # an administrator holds only admin, but may name the holder
        ("shift_leader", asked("dispatcher", holder="leader"), "role_needed"),
        ("shift_leader", asked("dispatcher", "system"), "role_not_held"),
        ("public_door", asked("dispatcher", "public_door"), "role_needed"),
    ],
)
def test_nobody_gives_a_role_they_do_not_hold(office: Office, by: str, body: dict[str, Any], code: str) -> None:
    answer = post(office.caller(by), "/delegations", body)
    assert (answer.status_code, answer.json["code"]) == (403, code)
    assert office.caller("leader").get("/delegations").json["items"] == []


def test_an_administrator_hands_over_the_role_of_somebody_taken_ill(office: Office) -> None:
    answer = post(office.caller("admin"), "/delegations", asked("acceptor", "leader", holder="leader"))
    assert (answer.status_code, answer.json["holder"], answer.json["scope"]["kind"]) == (201, "leader", "all")
    assert StandIn(office, "acceptor", "leader").answer.status_code == 201


def test_a_role_handed_over_is_not_handed_on(office: Office) -> None:
    stand_in = delegated(office, "shift_leader", "acceptor")
    answer = post(stand_in, "/delegations", asked("dispatcher"))
    assert (answer.status_code, answer.json["code"]) == (403, "role_not_held")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (asked("nobody"), "to"),
        (asked("shift_leader"), "to"),
        (asked("acceptor", ends_at=HOLIDAY["starts_at"]), "ends_at"),
        (asked("acceptor", starts_at="2026-10-01T08:00:00+08:00", ends_at="2026-10-02T08:00:00+08:00"), "ends_at"),
        (asked("acceptor", ends_at="2026-12-14T18:00:00+08:00"), "ends_at"),
        (asked("acceptor", "king"), "role"),
    ],
)
def test_a_wrong_delegation_is_named_by_field(office: Office, body: dict[str, Any], field: str) -> None:
    answer = post(office.caller("shift_leader"), "/delegations", body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_unit_is_led_by_its_own_people_only(office: Office) -> None:
    leader = office.caller("unit_leader")
    refused = post(leader, "/delegations", asked("acceptor", "unit_leader"))
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["to"])
    assert post(leader, "/delegations", asked("handler", "unit_leader")).status_code == 201


def test_who_has_the_role_already_needs_none(office: Office) -> None:
    answer = post(office.caller("admin"), "/delegations", asked("unit_leader", "unit_leader", holder="other_unit"))
    assert answer.status_code == 422


def test_the_same_delegation_again_is_the_same(office: Office) -> None:
    leader = office.caller("shift_leader")
    first, again = (post(leader, "/delegations", asked("acceptor")) for _ in range(2))
    assert (first.json, again.headers["Idempotency-Replayed"]) == (again.json, "true")
    assert len(leader.get("/delegations").json["items"]) == 1


def test_delegations_are_seen_by_both_sides_and_by_those_who_lead_until_they_end(office: Office) -> None:
    delegated(office, "shift_leader", "acceptor")
    seen = {
        name: len(office.caller(name).get("/delegations").json["items"]) for name in ("acceptor", "leader", "handler")
    }
    assert seen == {"acceptor": 1, "leader": 1, "handler": 0}
    office.clock.advance(timedelta(days=3))
    assert office.caller("leader").get("/delegations").json["items"] == []


def test_handing_over_is_logged_by_ids(office: Office) -> None:
    leader = office.caller("shift_leader")
    with capture_logs() as lines:
        post(leader, "/delegations", asked("acceptor"))
    (line,) = [one for one in lines if one["event"] == "role delegated"]
    assert (line["role"], line["actor"], line["holder"]) == ("shift_leader", line["holder"], line["actor"])
    assert line["to"] != line["holder"]
    assert "acceptor" not in {str(value) for value in line.values()}
