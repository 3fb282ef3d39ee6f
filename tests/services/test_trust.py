"""What a phone says of place, photo and time: refused or taken with a reason, and by whose clock it counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gridcase.store.configuration import add_version, documents_in_force
from tests.office import Caller, Office, jpeg

Json = dict[str, Any]


@pytest.fixture
def people(office: Office) -> dict[str, Caller]:
    return {
        name: office.caller(name) for name in ("inspector", "inspector2", "acceptor", "shift_leader", "unit_leader")
    }


@pytest.fixture
def asked(office: Office, people: dict[str, Caller]) -> str:
    """A case whose check was asked of the second inspector just now."""
    number = str(people["inspector"].file().json["number"])
    assert (
        people["unit_leader"].act(number, "report", done="x", attachments=[people["unit_leader"].photo()]).status_code
        == 200
    )
    person = office.actor("inspector2").person
    assert people["acceptor"].act(number, "request_check", mode="on_site", inspector=person).status_code == 200
    return number


def here(office: Office, **changes: Any) -> Json:
    point = office.point()
    return {"lon": point.lon, "lat": point.lat, "accuracy_m": 5} | changes


def facts(caller: Caller, number: str) -> Json:
    line: Json = caller.get(f"/cases/{number}/history").json["items"][-1]
    return line


def test_a_check_far_away_needs_a_reason_that_the_reviewer_sees_and_the_unit_does_not(office, people, asked):
    inspector, far = people["inspector2"], here(office, lat=office.point().lat + 0.01)
    photo = inspector.photo("check", jpeg("blue"))
    refused = inspector.act(asked, "check", result="pass", location=far, attachments=[photo])
    assert (refused.status_code, refused.json["code"]) == (422, "too_far")
    assert refused.json["codes"] == {"location": ["too_far"], "override_reason": ["override_possible"]}
    taken = inspector.act(
        asked, "check", result="pass", location=far, attachments=[photo], override_reason="现场封闭，在路口拍摄"
    )
    assert taken.status_code == 200, taken.json
    seen = facts(people["shift_leader"], asked)
    assert seen["facts"]["doubts"] == ["too_far"]
    assert seen["payload"]["override_reason"] == "现场封闭，在路口拍摄"
    told = facts(people["unit_leader"], asked)
    assert ("doubts" in told["facts"], "override_reason" in told["payload"]) == (False, False)


def test_a_photo_taken_before_the_check_was_asked_needs_a_reason(office, people, asked):
    inspector = people["inspector2"]
    before = (office.clock.now() - timedelta(hours=1)).isoformat()
    photo = inspector.photo("check", jpeg("blue"), captured_at=before)
    refused = inspector.act(asked, "check", result="pass", location=here(office), attachments=[photo])
    assert refused.json["codes"] == {"attachments": ["photo_old"], "override_reason": ["override_possible"]}


@pytest.mark.parametrize("same", ["bytes", "original"])
def test_a_photo_that_belongs_to_a_case_already_is_refused_whatever_the_reason(office, people, asked, same):
    inspector, digest = people["inspector2"], "a" * 64
    used = inspector.photo(data=jpeg("green"), original_sha256=digest)
    assert inspector.file(office.filing(attachments=[used])).status_code == 201
    again = inspector.photo("check", jpeg("green" if same == "bytes" else "lime"), original_sha256=digest)
    body = {"result": "pass", "location": here(office), "attachments": [again], "override_reason": "确属同一处"}
    refused = inspector.act(asked, "check", **body)
    assert (refused.status_code, refused.json["code"]) == (422, "photo_known")
    assert "override_reason" not in refused.json["codes"]


def test_a_fresh_photo_at_the_place_is_taken_without_a_doubt(office, people, asked):
    inspector = people["inspector2"]
    photo = inspector.photo("check", jpeg("blue"), captured_at=office.clock.now().isoformat(), clock_offset_ms=0)
    done = inspector.act(asked, "check", result="pass", location=here(office), attachments=[photo])
    assert done.status_code == 200, done.json
    assert "doubts" not in facts(people["shift_leader"], asked)["facts"]


@pytest.mark.parametrize(
    ("said", "at_s", "doubts"),
    [
        ((60, 0, 1), 60, None),  # seen a minute after it was asked, sent an hour later: the minute counts
        ((360, -300_000, 1), 60, None),  # the phone's clock is five minutes fast and knows it
        ((60, 1_200_000, 1), None, ["clock_off"]),  # twenty minutes off: our own clock counts
        ((7200, 0, 1), None, ["clock_off"]),  # an hour from now
        ((-600, 0, 1), None, ["clock_off"]),  # before it was asked
        ((60, 0, 25), None, ["sent_late"]),  # a day old
    ],
)
def test_the_time_of_capture_decides_a_check_within_limits(office, people, asked, said, at_s, doubts):
    ahead_s, offset_ms, later_h = said
    asked_at = office.clock.now()
    told = asked_at + timedelta(seconds=ahead_s)
    office.clock.advance(timedelta(hours=later_h))
    inspector = office.caller("inspector2")
    photo = inspector.photo("check", jpeg("blue"), clock_offset_ms=offset_ms)
    done = inspector.act(
        asked, "check", result="pass", location=here(office), attachments=[photo], observed_at=told.isoformat()
    )
    assert done.status_code == 200, done.json
    line = facts(office.caller("shift_leader"), asked)
    seen = None if line["observed_at"] is None else line["observed_at"]
    expected = None if at_s is None else asked_at + timedelta(seconds=at_s)
    assert (seen is None) == (expected is None)
    if expected is not None:
        assert datetime.fromisoformat(seen) == expected
    assert line["facts"].get("doubts") == doubts


def test_a_moved_pin_keeps_what_was_measured_for_the_office_alone(office, people):
    measured = here(office, lat=office.point().lat + 0.0001)
    body = office.filing(
        measured_location=measured,
        location_moved=True,
        clock_offset_ms=1500,
        device="Phone 13",
        observed_at=office.clock.now().isoformat(),
    )
    filed = people["inspector"].file(body)
    assert filed.status_code == 201, filed.json
    number = filed.json["number"]
    shown = people["shift_leader"].get(f"/cases/{number}").json["location"]
    assert (shown["measured"]["lat"], shown["lat"]) == (measured["lat"], office.point().lat)
    hidden = people["unit_leader"].get(f"/cases/{number}")
    assert hidden.status_code == 200
    assert "measured" not in hidden.text
    assert "Phone 13" not in hidden.text


def test_a_phone_that_believes_in_another_century_loses_nothing(office, people):
    body = office.filing(observed_at="1970-01-01T08:00:00+08:00", clock_offset_ms=1_792_000_000_000)
    assert people["inspector"].file(body).status_code == 201


def test_a_check_that_says_nowhere_where_is_taken_and_noted(office, people, asked):
    inspector = people["inspector2"]
    done = inspector.act(asked, "check", result="pass", attachments=[inspector.photo("check", jpeg("blue"))])
    assert done.status_code == 200, done.json
    assert facts(people["shift_leader"], asked)["facts"]["doubts"] == ["no_place"]


def test_without_a_place_of_its_own_a_check_was_made_where_its_photos_were_taken(office, people, asked):
    inspector, point = people["inspector2"], office.point()
    far = inspector.photo("check", jpeg("blue"), lon=point.lon, lat=point.lat + 0.01, accuracy_m=5)
    refused = inspector.act(asked, "check", result="pass", attachments=[far])
    assert (refused.status_code, refused.json["code"]) == (422, "too_far")
    near = inspector.photo("check", jpeg("navy"), lon=point.lon, lat=point.lat, accuracy_m=5)
    assert inspector.act(asked, "check", result="pass", attachments=[near]).status_code == 200
    assert "doubts" not in facts(people["shift_leader"], asked)["facts"]


def strictly(office: Office, **trust: str) -> None:
    """Put stricter rules of conduct in force."""
    with office.rt.database.writing() as tx:
        (row,) = [one for one in documents_in_force(tx) if one.kind == "conduct"]
        body = row.body | {"trust": row.body["trust"] | trust}
        add_version(tx, kind=row.kind, name=row.name, digest="-", body=body, now=office.clock.now())


@pytest.mark.parametrize(("strictness", "status", "doubts"), [("reason", 422, None), ("off", 200, None)])
def test_a_city_may_ask_for_a_place_or_not_care(office, people, asked, strictness, status, doubts):
    strictly(office, no_place=strictness)
    inspector = people["inspector2"]
    done = inspector.act(asked, "check", result="pass", attachments=[inspector.photo("check", jpeg("blue"))])
    assert done.status_code == status, done.json
    if status == 422:
        assert done.json["codes"] == {"location": ["no_place"], "override_reason": ["override_possible"]}
    else:
        assert facts(people["shift_leader"], asked)["facts"].get("doubts") == doubts


@pytest.mark.parametrize("how", ["withdrawn", "reassigned"])
def test_an_answer_to_a_task_that_was_taken_back_is_told_so(office, people, asked, how):
    if how == "withdrawn":
        assert people["acceptor"].act(asked, "withdraw_task").status_code == 200
    else:
        first = office.actor("inspector").person
        assert people["acceptor"].act(asked, "reassign_task", inspector=first).status_code == 200
    photo = people["inspector2"].photo("check", jpeg("blue"))
    late = people["inspector2"].act(asked, "check", result="pass", location=here(office), attachments=[photo])
    assert (late.status_code, late.json["code"]) == (409, "task_withdrawn")
