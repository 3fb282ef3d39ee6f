"""The roster: who is on duty is asked first, a mistake is named by line and column, twice said is once done."""

import uuid
from typing import Any

import pytest

from gridcase.domain.errors import InvalidInputError
from gridcase.services.rostering import import_roster
from tests.office import Office
from tests.services.test_statements import counted

SHIFT = {
    "username": "inspector2",
    "area": "320404005001",
    "starts_at": "2026-10-12T08:00:00+08:00",
    "ends_at": "2026-10-12T12:00:00+08:00",
}


def post(caller, path: str, body: dict[str, Any], key: str | None = None):
    headers = caller.headers | ({"Idempotency-Key": key} if key else {})
    return caller.client.post(f"/api/v1{path}", json=body, headers=headers)


def test_a_shift_is_listed_by_those_of_the_office_and_hidden_from_units(office: Office) -> None:
    answer = post(office.caller("shift_leader"), "/roster", SHIFT, str(uuid.uuid4()))
    assert answer.status_code == 201, answer.json
    found = office.caller("acceptor").get("/roster").json["items"]
    assert found == [answer.json]
    assert found[0]["starts_at"] == SHIFT["starts_at"]
    assert office.caller("unit_leader").get("/roster").status_code == 403


def test_the_same_shift_again_is_the_same_shift(office: Office) -> None:
    leader = office.caller("shift_leader")
    first, again = (post(leader, "/roster", SHIFT, str(uuid.uuid4())) for _ in range(2))
    other = post(leader, "/roster", SHIFT | {"area": "320404005"})
    assert (first.json, first.headers.get("Idempotency-Replayed")) == (again.json, None)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert other.json["id"] != first.json["id"]
    assert len(leader.get("/roster").json["items"]) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "nobody"}, "username"),
        ({"username": "dispatcher"}, "username"),  # no inspector
        ({"area": "999999"}, "area"),
        ({"ends_at": SHIFT["starts_at"]}, "ends_at"),
        ({"ends_at": "2027-10-12T12:00:00+08:00"}, "ends_at"),
        ({"starts_at": "2026-10-12T08:00:00"}, "starts_at"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(office: Office, changes: dict[str, str], field: str) -> None:
    leader = office.caller("shift_leader")
    answer = post(leader, "/roster", SHIFT | changes)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert leader.get("/roster").json["items"] == []


@pytest.mark.parametrize("username", ["inspector", "dispatcher", "leader", "unit_leader"])
def test_only_shift_leaders_and_administrators_make_the_roster(office: Office, username: str) -> None:
    answer = post(office.caller(username), "/roster", SHIFT)
    assert (answer.status_code, answer.json["code"]) == (403, "role_needed")


def test_a_malformed_key_is_refused(office: Office) -> None:
    answer = post(office.caller("shift_leader"), "/roster", SHIFT, "no uuid")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])


def test_who_is_on_duty_is_asked_before_the_inspector_of_the_area(office: Office) -> None:
    number = office.caller("inspector").file(office.filing()).json["number"]
    acceptor = office.caller("acceptor")
    before = acceptor.get(f"/cases/{number}/inspectors").json["items"]
    post(office.caller("shift_leader"), "/roster", SHIFT | {"area": "320404005004"})
    after = acceptor.get(f"/cases/{number}/inspectors").json["items"]
    assert [one["label"] for one in before] == ["inspector", "inspector2"]
    assert [one["label"] for one in after] == ["inspector2", "inspector"]


ROSTER = """username,area,start,end
inspector,320404005001,2026-10-12 08:00,2026-10-12 12:00
inspector2,320404005004,2026-10-12T14:00:00+08:00,2026-10-12T18:00:00+08:00
"""


def test_a_file_is_taken_in_whole_and_again_without_effect(office: Office) -> None:
    admin = office.actor("admin")
    first, again = (import_roster(office.rt, admin, ROSTER) for _ in range(2))
    assert ((first.added, first.known), (again.added, again.known)) == ((2, 0), (0, 2))
    listed = office.caller("leader").get("/roster").json["items"]
    assert [(one["username"], one["starts_at"]) for one in listed] == [
        ("inspector", "2026-10-12T08:00:00+08:00"),
        ("inspector2", "2026-10-12T14:00:00+08:00"),
    ]


def test_a_line_repeated_in_the_file_counts_once(office: Office) -> None:
    again = ROSTER + ROSTER.splitlines()[1] + "\n"
    assert import_roster(office.rt, office.actor("admin"), again).added == 2


@pytest.mark.parametrize(
    ("line", "place", "code"),
    [
        ("nobody,320404005001,2026-10-12 08:00,2026-10-12 12:00", "line 4: username", "unknown_person"),
        ("inspector,999,2026-10-12 08:00,2026-10-12 12:00", "line 4: area", "unknown_area"),
        ("inspector,,2026-10-12 08:00,2026-10-12 12:00", "line 4: area", "unknown_area"),
        ("inspector,320404005001,Monday,2026-10-12 12:00", "line 4: start", "not_an_instant"),
        ("inspector,320404005001,2026-10-12 08:00", "line 4: end", "not_an_instant"),
        ("inspector,320404005001,2026-10-12 12:00,2026-10-12 08:00", "line 4: end", "end_before_start"),
    ],
)
def test_one_wrong_line_keeps_the_whole_file_out(office: Office, line: str, place: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        import_roster(office.rt, office.actor("admin"), ROSTER + line + "\n")
    assert {name: problems[0].code for name, problems in refused.value.fields.items()} == {place: code}
    assert office.caller("leader").get("/roster").json["items"] == []


def test_a_file_without_its_header_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInputError) as refused:
        import_roster(office.rt, office.actor("admin"), "inspector,320404005001\n")
    assert refused.value.fields["file"][0].code == "header_needed"


def test_a_long_file_costs_no_more_statements(office: Office) -> None:
    lines = [f"inspector,320404005001,2026-10-{day:02} 08:00,2026-10-{day:02} 12:00" for day in range(1, 31)]
    admin = office.actor("admin")
    office.rt.reference()
    with counted(office) as seen:
        assert import_roster(office.rt, admin, "\n".join(["username,area,start,end", *lines])).added == 30
    assert len(seen) <= 5, seen
