"""Every case named in the domain, from filing to the unit, with its limit: over HTTP, on the shipped configuration."""

import pytest

from tests.office import Office

GB, LOCAL = "GBT47678.5-2026", "local"


def type_of(scheme: str, code: str, kind: str = "event") -> dict[str, str]:
    return {"scheme": scheme, "kind": kind, "code": code}


@pytest.mark.parametrize(
    ("named", "condition", "unit", "limit"),
    [
        (type_of(GB, "06027"), None, "NDJ-ZF", ("2", "working_day")),  # cooking-oil fumes
        (type_of(GB, "08004"), None, "NDJ-ZF", ("2", "working_hour")),  # site dust
        (type_of(GB, "06001"), "1", "NDJ-ZF", ("2", "urgent_day")),  # illegal structure, under construction
        (type_of(GB, "06001"), "2", "NDJ-ZF", ("15", "working_day")),  # the same, finished
        (type_of(GB, "08016"), "1", "NDJ-ZF", ("2", "urgent_day")),
        (type_of(GB, "08016"), "2", "NDJ-ZF", ("15", "working_day")),
        (type_of(GB, "09010"), None, "NDJ-SQ-001", ("2", "working_hour")),  # non-motorised vehicles
        (type_of(GB, "09012"), None, "NDJ-ZF", ("2", "working_hour")),  # blocked fire lane
        (type_of(GB, "09009"), None, "NDJ-ZF", ("2", "working_hour")),  # motor vehicles
        (type_of(GB, "08013"), None, "NDJ-AJ", ("2", "urgent_hour")),  # unsafe work at height
        (type_of(GB, "06025"), None, "NDJ-SL", ("2", "working_day")),  # river surface
        (type_of(GB, "06026"), None, "NDJ-SL", ("2", "working_day")),
        (type_of(GB, "06030"), "1", "NDJ-ZF", ("2", "working_day")),  # sewage
        (type_of(GB, "06030"), "4", "NDJ-ZF", ("1", "working_day")),  # open ditch
        (type_of(LOCAL, "10999"), None, "NDJ-AJ", ("2", "urgent_hour")),  # hazardous chemicals
        (type_of(GB, "09005"), None, "NDJ-ZF", ("2", "urgent_hour")),  # trading outside the shop
        (type_of(GB, "09006"), None, "NDJ-ZF", ("2", "urgent_hour")),
        (type_of(GB, "09001"), None, "NDJ-ZF", ("2", "urgent_hour")),
        (type_of(GB, "06010"), None, "NDJ-HW", ("4", "working_hour")),  # exposed rubbish
        (type_of(GB, "06011"), None, "NDJ-HW", ("5", "working_day")),  # spoil
        (type_of(GB, "01001", "component"), "1", "NDJ-SZ", ("2", "urgent_hour")),  # a missing manhole cover
    ],
)
def test_a_named_case_goes_to_its_unit_with_its_limit(office: Office, named, condition, unit, limit) -> None:
    filed = office.caller("inspector").file(office.filing(type=named, condition=condition))
    assert filed.status_code == 201, filed.json
    assert filed.json["state"] == "dispatched"
    assert (filed.json["limit"]["amount"], filed.json["limit"]["unit"]) == limit
    assert [one["unit"] for one in filed.json["assignments"]] == [unit]


def test_a_case_without_a_published_limit_waits_for_the_shift_leader_and_is_never_dispatched_by_rule(
    office: Office,
) -> None:
    bare = type_of(GB, "01005", "component")
    filed = office.caller("inspector").file(office.filing(type=bare))
    assert (filed.status_code, filed.json["state"]) == (201, "received")
    number = filed.json["number"]
    refused = office.caller("acceptor").act(number, "register", condition="1")
    assert (refused.status_code, refused.json["code"]) == (403, "limit_by_shift_leader")
    limit = {"amount": "3", "unit": "working_day"}
    registered = office.caller("shift_leader").act(number, "register", condition="1", limit=limit)
    assert (registered.status_code, registered.json["state"]) == (200, "registered")
    dispatched = office.caller("dispatcher").act(number, "dispatch")
    assert [one["unit"] for one in dispatched.json["assignments"]] == ["NDJ-SZ"]


def test_a_case_of_an_older_scheme_goes_to_its_unit(office: Office) -> None:
    collapsed = type_of("GBT30428.2-2013", "0505")
    filed = office.caller("inspector").file(office.filing(type=collapsed))
    assert [one["unit"] for one in filed.json["assignments"]] == ["NDJ-SZ"]
    assert (filed.json["limit"]["amount"], filed.json["limit"]["unit"]) == ("2", "urgent_hour")


def test_every_type_may_be_chosen_and_says_its_scheme(office: Office) -> None:
    listed = office.caller("acceptor").get("/types").json["items"]
    assert len(listed) == len({(one["scheme"], one["kind"], one["code"]) for one in listed}) == 293
    assert all(one["conditions"] for one in listed)
