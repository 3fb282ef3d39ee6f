"""Campaigns: listed places visited one by one, cases that carry the campaign, and progress in numbers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gridcase.domain.errors import WrongStateError
from gridcase.services.administering import changes
from gridcase.services.anomalies import clean_evidence
from gridcase.services.campaigning import end
from gridcase.store.admin_changes import ChangesWanted
from tests.office import Caller, Office, jpeg
from tests.services.test_roster import post
from tests.services.test_statements import counted
from tests.web.pages import Visitor


def planned(office: Office, **changes: Any) -> dict[str, Any]:
    point = office.point()
    here = {"lon": point.lon, "lat": point.lat}
    places = [
        {"name": "老街饭店", "location": here, "inspector": "inspector"},
        {"name": "延陵西路工地", "location": here},
        {"name": "关河"},
    ]
    body = {"code": "fumes-10", "name": "餐饮油烟专项", "first_day": "2026-10-12", "last_day": "2026-10-16"}
    return body | {"places": places} | changes


@pytest.fixture
def planner(office: Office) -> Caller:
    """The shift leader, who planned the campaign."""
    caller = office.caller("shift_leader")
    answer = post(caller, "/campaigns", planned(office))
    assert answer.status_code == 201, answer.json
    return caller


def visited(caller: Caller, number: int, **found: Any):
    return post(caller, f"/campaigns/fumes-10/places/{number}/visits", found)


def progress(caller: Caller) -> dict[str, int]:
    found: dict[str, int] = caller.get("/campaigns/fumes-10").json["progress"]
    assert caller.get("/campaigns").json["items"][0]["progress"] == found
    return found


def test_a_campaign_is_shown_with_its_places_in_their_cells(office: Office, planner: Caller) -> None:
    shown = office.caller("inspector").get("/campaigns/fumes-10").json
    assert (shown["running"], shown["progress"]["places"]) == (True, 3)
    first, _, last = shown["places"]
    assert (first["number"], first["name"], first["inspector"], len(first["cell"])) == (1, "老街饭店", "inspector", 15)
    assert (last["lon"], last["cell"], last["visited_at"]) == (None, None, None)


def test_no_problem_is_a_result(office: Office, planner: Caller) -> None:
    answer = visited(office.caller("inspector"), 1, result="no_problem", note="油烟净化正常")
    assert answer.status_code == 201, answer.json
    place = answer.json["places"][0]
    assert (place["result"], place["note"], place["case"]) == ("no_problem", "油烟净化正常", None)
    assert progress(planner) == {"places": 3, "visited": 1, "no_problem": 1, "case": 0, "cases": 0}


def test_a_case_filed_with_the_campaign_is_tied_to_the_place(office: Office, planner: Caller) -> None:
    inspector = office.caller("inspector")
    assert list(visited(inspector, 2, result="case").json["errors"]) == ["case"]
    numbers = [inspector.file(office.filing(campaign="fumes-10")).json["number"] for _ in range(2)]
    answers = [visited(inspector, place, result="case").json for place in (2, 1)]
    assert answers[0]["places"][1]["case"] == numbers[1]  # the latest
    assert answers[1]["places"][0]["case"] == numbers[0]  # the latest that no place has
    assert progress(planner) == {"places": 3, "visited": 2, "no_problem": 0, "case": 2, "cases": 2}
    listed = planner.get("/cases", campaign="fumes-10").json["items"]
    assert {one["number"] for one in listed} == set(numbers)


def test_a_case_may_be_named(office: Office, planner: Caller) -> None:
    inspector = office.caller("inspector")
    number = inspector.file().json["number"]
    assert visited(inspector, 2, result="case", case=number).json["places"][1]["case"] == number


@pytest.mark.parametrize(
    "found", [{"result": "case", "case": "NDJ20261012999999X"}, {"result": "no_problem", "case": "NDJ20261012000001X"}]
)
def test_a_case_that_is_not_there_or_not_needed_is_refused(
    office: Office, planner: Caller, found: dict[str, str]
) -> None:
    answer = visited(office.caller("inspector"), 2, **found)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["case"])


def test_a_place_is_visited_once_and_the_same_said_again_is_no_mistake(office: Office, planner: Caller) -> None:
    inspector = office.caller("inspector")
    first, again = (visited(inspector, 1, result="no_problem") for _ in range(2))
    assert (first.json, again.headers["Idempotency-Replayed"]) == (again.json, "true")
    other = visited(planner, 1, result="no_problem")
    assert (other.status_code, other.json["code"]) == (409, "place_visited")


@pytest.mark.parametrize(
    ("username", "number", "status"),
    [
        ("inspector", 1, 201),
        ("inspector2", 1, 403),  # another inspector's
        ("inspector2", 2, 201),  # anybody's
        ("shift_leader", 1, 201),
        ("inspector", 4, 404),
        ("unit_leader", 2, 403),
        ("acceptor", 2, 403),
    ],
)
def test_a_place_is_visited_by_its_inspector(
    office: Office, planner: Caller, username: str, number: int, status: int
) -> None:
    assert visited(office.caller(username), number, result="no_problem").status_code == status


def test_the_same_campaign_again_is_the_same_also_when_it_has_begun(office: Office, planner: Caller) -> None:
    visited(office.caller("inspector"), 2, result="no_problem")
    again = post(planner, "/campaigns", planned(office))
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    other = post(planner, "/campaigns", planned(office, name="另一行动"))
    assert (other.status_code, list(other.json["errors"])) == (422, ["code"])
    assert planner.get("/campaigns/fumes-10").json["name"] == "餐饮油烟专项"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "油烟"}, "code"),
        ({"last_day": "2026-10-11"}, "last_day"),
        ({"last_day": "2028-10-11"}, "last_day"),
        ({"first_day": "Monday"}, "first_day"),
        ({"places": []}, "places"),
        ({"places": [{"name": "一"}, {"name": "二", "inspector": "handler"}]}, "places.1.inspector"),
        ({"places": [{"name": "一", "location": {"lon": 0, "lat": 0}}]}, "places.0.location"),
        ({"places": [{"name": ""}]}, "places.0.name"),
    ],
)
def test_a_wrong_plan_is_named_by_field(office: Office, changes: dict[str, Any], field: str) -> None:
    caller = office.caller("shift_leader")
    answer = post(caller, "/campaigns", planned(office, **changes))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert caller.get("/campaigns").json["items"] == []


@pytest.mark.parametrize("username", ["inspector", "dispatcher", "unit_leader"])
def test_only_those_who_lead_plan_campaigns(office: Office, username: str) -> None:
    assert post(office.caller(username), "/campaigns", planned(office)).status_code == 403


@pytest.mark.parametrize(
    ("days", "campaign", "status"),
    [(0, "fumes-10", 201), (4, "fumes-10", 201), (5, "fumes-10", 422), (-1, "fumes-10", 422), (0, "nothing", 422)],
)
def test_cases_are_found_only_in_a_running_campaign(
    office: Office, planner: Caller, days: int, campaign: str, status: int
) -> None:
    office.clock.advance(timedelta(days=days))
    answer = office.caller("inspector").file(office.filing(campaign=campaign))
    assert answer.status_code == status
    assert list(answer.json.get("errors", {})) == ([] if status == 201 else ["campaign"])


def test_a_campaign_that_is_over_takes_no_visits(office: Office, planner: Caller) -> None:
    office.clock.advance(timedelta(days=5))
    answer = visited(office.caller("inspector"), 1, result="no_problem")
    assert (answer.status_code, answer.json["code"]) == (409, "campaign_not_running")


def test_who_planned_and_ended_a_campaign_stands_once_in_the_history_of_changes(
    office: Office, planner: Caller
) -> None:
    assert post(planner, "/campaigns", planned(office)).headers["Idempotency-Replayed"] == "true"
    assert post(planner, "/campaigns", planned(office, name="另一个")).status_code == 422
    other = office.actor("leader")
    end(office.rt, other, "fumes-10")
    with pytest.raises(WrongStateError):
        end(office.rt, other, "fumes-10")
    noted = changes(office.rt, office.actor("admin"), ChangesWanted(subject_kind="campaign"))
    assert [(one.what, one.subject, one.actor, one.role) for one in noted] == [
        ("campaign_ended", "fumes-10", other.person, "leader"),
        ("campaign_planned", "fumes-10", office.actor("shift_leader").person, "shift_leader"),
    ]
    assert noted[1].details == {"first_day": "2026-10-12", "last_day": "2026-10-16", "places": 3}
    page = Visitor(office, "admin").get("/admin/history?kind=campaign").text
    assert ("制定专项行动" in page, "提前结束专项行动" in page, "地点数" in page) == (True, True, True)


def test_many_campaigns_cost_no_more_statements(office: Office, planner: Caller) -> None:
    for number in range(4):
        assert post(planner, "/campaigns", planned(office, code=f"c{number}")).status_code == 201
    with counted(office) as seen:
        assert len(planner.get("/campaigns").json["items"]) == 5
    assert len(seen) == 4, seen  # who asks, campaigns, places, cases


def test_an_unknown_campaign_is_not_found(office: Office, planner: Caller) -> None:
    assert planner.get("/campaigns/nothing").json["code"] == "campaign_not_found"


def standing(office: Office, north: float = 0) -> dict[str, float]:
    point = office.point()
    return {"lon": point.lon, "lat": point.lat + north, "accuracy_m": 5}


def test_a_visit_keeps_when_and_where_it_was_made_and_its_photos(office: Office, planner: Caller) -> None:
    inspector, now = office.caller("inspector"), office.clock.now()
    photo = inspector.photo("other", jpeg("red"), original_sha256="c" * 64, clock_offset_ms=60_000)
    seen = (now - timedelta(minutes=11)).isoformat()
    told = {"location": standing(office), "observed_at": seen, "attachments": [photo], "device": "Phone 13"}
    answer = visited(inspector, 1, result="no_problem", **told)
    assert answer.status_code == 201, answer.json
    place = answer.json["places"][0]
    assert (place["seen"]["lat"], place["attachments"], place["doubts"]) == (office.point().lat, [photo], [])
    assert datetime.fromisoformat(place["observed_at"]) == now - timedelta(minutes=10)
    assert visited(inspector, 1, result="no_problem", **told).headers["Idempotency-Replayed"] == "true"
    assert office.caller("acceptor").get(f"/attachments/{photo}").status_code == 200
    assert office.caller("unit_leader").get(f"/attachments/{photo}").status_code == 404
    again = inspector.photo("other", jpeg("pink"), original_sha256="c" * 64)
    refused = visited(inspector, 2, result="no_problem", location=standing(office), attachments=[again])
    assert (refused.status_code, refused.json["code"]) == (422, "photo_known")


def test_a_visit_from_far_away_needs_a_reason(office: Office, planner: Caller) -> None:
    inspector = office.caller("inspector")
    far = {"result": "no_problem", "location": standing(office, north=0.01)}
    refused = visited(inspector, 1, **far)
    assert (refused.status_code, refused.json["code"]) == (422, "too_far")
    assert refused.json["codes"] == {"location": ["too_far"], "override_reason": ["override_possible"]}
    taken = visited(inspector, 1, **far, override_reason="施工封路").json["places"][0]
    assert (taken["doubts"], taken["override_reason"]) == (["too_far"], "施工封路")


def test_a_visit_that_says_nowhere_where_is_noted_and_a_place_without_a_position_asks_for_none(
    office: Office, planner: Caller
) -> None:
    inspector = office.caller("inspector")
    assert visited(inspector, 1, result="no_problem").json["places"][0]["doubts"] == ["no_place"]
    assert visited(inspector, 3, result="no_problem").json["places"][2]["doubts"] == []


def test_a_doubted_visit_is_listed_once_for_somebody_else_to_look_at(office: Office, planner: Caller) -> None:
    inspector = office.caller("inspector")
    visited(inspector, 2, result="no_problem", location=standing(office))
    assert planner.get("/anomalies").json["items"] == []
    far = {"result": "no_problem", "location": standing(office, north=0.01), "override_reason": "施工封路"}
    assert visited(inspector, 1, **far).status_code == 201
    assert visited(inspector, 1, **far).headers["Idempotency-Replayed"] == "true"
    (item,) = planner.get("/anomalies", state="open").json["items"]
    assert (item["kind"], item["number"], item["person"]["id"]) == (
        "visit_doubted",
        None,
        office.actor("inspector").person,
    )
    assert item["figures"] == {"campaign": "fumes-10", "place": 1, "doubt": "too_far"}
    assert item["text"] == "Visit of place 1 of campaign fumes-10: too far away."
    page = Visitor(office, "shift_leader").get("/anomalies").text
    assert ("离目标过远" in page, "/admin/campaigns/fumes-10" in page) == (True, True)
    assert inspector.get("/anomalies").status_code == 403
    done = post(planner, f"/anomalies/{item['id']}/review", {"reason": "封路属实"})
    assert (done.status_code, done.json["number"], done.json["state"]) == (200, None, "reviewed")
    assert planner.get("/anomalies", state="open").json["items"] == []


def test_where_visitors_stood_is_erased_some_months_later(office: Office, planner: Caller) -> None:
    inspector = office.caller("inspector")
    photo = inspector.photo("other", jpeg("red"), device="Phone 13", lon=office.point().lon, lat=office.point().lat)
    visited(inspector, 1, result="no_problem", location=standing(office), attachments=[photo])
    office.clock.advance(timedelta(days=150))
    assert clean_evidence(office.rt) == 0
    office.clock.advance(timedelta(days=60))
    assert clean_evidence(office.rt) == 2
    place = office.caller("shift_leader").get("/campaigns/fumes-10").json["places"][0]
    assert (place["seen"], place["result"]) == (None, "no_problem")
