"""Recurrences are found by themselves, follow what is corrected, and are reviewed once by a person."""

from datetime import timedelta

import pytest

from gridcase.domain.actor import SYSTEM
from gridcase.domain.numbers import parse_number
from gridcase.services.recurring import find_recurrences, recurrences
from gridcase.store.history import lines_of, to_event
from tests.feeds import settle
from tests.office import Caller, Office

DAYS = timedelta(days=15)


def found_now(office: Office) -> int:
    """Find recurrences once the feed shows every line."""
    settle(office)
    return find_recurrences(office.rt)


@pytest.fixture
def callers(office: Office) -> dict[str, Caller]:
    return sign_in(office)


def sign_in(office: Office) -> dict[str, Caller]:
    names = ("inspector", "inspector2", "acceptor", "shift_leader", "dispatcher", "unit_leader", "other_unit", "leader")
    return {name: office.caller(name) for name in names}


def closed(callers: dict[str, Caller]) -> str:
    number: str = callers["inspector"].file().json["number"]
    photo = callers["unit_leader"].photo("other")
    assert callers["unit_leader"].act(number, "report", done="已清理", attachments=[photo]).status_code == 200
    waived = callers["acceptor"].act(number, "request_check", mode="waived", note="视频可见")
    assert waived.status_code == 200, waived.json
    assert callers["shift_leader"].act(number, "close").json["state"] == "closed"
    return number


def moved(office: Office, metres: float) -> dict[str, float]:
    point = office.point()
    return {"lon": point.lon, "lat": point.lat + metres / 111_195, "accuracy_m": 8}


def links(office: Office) -> list[tuple[str, str]]:
    found = recurrences(office.rt, SYSTEM, state=None, after=None, limit=50)
    return [(one.case, one.earlier) for one in found]


def test_a_case_like_one_just_closed_is_linked_to_the_latest_and_charged_to_its_unit(office, callers):
    closed(callers)
    office.clock.advance(timedelta(minutes=1))
    latest = closed(callers)
    office.clock.advance(timedelta(minutes=1))
    number = callers["inspector"].file(office.filing(location=moved(office, 20))).json["number"]
    assert found_now(office) == 2  # the second of the closed ones repeats the first
    assert found_now(office) == 0
    shown = callers["leader"].get("/recurrences", state="found").json["items"][0]
    assert (shown["number"], shown["earlier"], shown["unit"]) == (number, latest, "NDJ-ZF")
    assert shown["distance_m"] == pytest.approx(20, abs=0.2)
    seen = callers["leader"].get(f"/cases/{number}").json["recurrence"]
    assert seen == {"earlier": latest, "distance_m": shown["distance_m"], "state": "found"}


@pytest.mark.parametrize(
    ("later", "metres", "is_found"),
    [
        (DAYS, 0, True),
        (DAYS + timedelta(seconds=1), 0, False),
        (timedelta(days=1), 29, True),
        (timedelta(days=1), 31, False),
    ],
)
def test_what_lies_beyond_days_or_metres_is_not_linked(office, callers, later, metres, is_found):
    closed(callers)
    office.clock.advance(later)
    callers = sign_in(office)
    assert callers["inspector"].file(office.filing(location=moved(office, metres))).status_code == 201
    assert found_now(office) == is_found


def test_what_is_no_case_after_all_repeats_nothing_and_comes_back_when_restored(office, callers):
    earlier = closed(callers)
    number = callers["acceptor"].file(office.filing(source="hotline")).json["number"]
    found_now(office)
    assert links(office) == [(number, earlier)]
    assert callers["shift_leader"].act(number, "void", reason="not_a_problem").status_code == 200
    found_now(office)
    assert links(office) == []
    assert callers["shift_leader"].act(number, "restore", note="查实").status_code == 200
    found_now(office)
    assert links(office) == [(number, earlier)]


def test_a_closing_taken_back_takes_the_recurrence_with_it(office, callers):
    earlier = closed(callers)
    callers["inspector"].file()
    assert found_now(office) == 1
    assert callers["shift_leader"].act(earlier, "reopen", note="误操作").status_code == 200
    found_now(office)
    assert links(office) == []


def test_a_person_reviews_once_and_the_name_is_kept(office, callers):
    closed(callers)
    number = callers["inspector"].file().json["number"]
    found_now(office)

    def review(name: str, **body: str):
        caller = callers[name]
        path = f"/api/v1/recurrences/{number}/review"
        return caller.client.post(path, json=body, headers=caller.headers)

    assert review("unit_leader", ruling="reject", reason="不是").json["code"] == "role_may_not"
    assert review("other_unit", ruling="reject", reason="不是").status_code == 404
    assert set(review("acceptor", ruling="confirm").json["errors"]) == {"reason"}
    done = review("acceptor", ruling="confirm", reason="同一地点")
    assert (done.status_code, done.json["state"], done.json["reviewed_by"]["name"]) == (200, "confirmed", "acceptor")
    assert review("acceptor", ruling="confirm", reason="同一地点").json == done.json  # sent again
    assert review("shift_leader", ruling="reject", reason="不是").json["code"] == "already_reviewed"
    callers["shift_leader"].act(number, "void", reason="not_a_problem")
    found_now(office)
    assert callers["leader"].get("/recurrences", state="confirmed").json["items"][0]["state"] == "confirmed"
    mine = callers["unit_leader"].get("/recurrences").json["items"]
    assert [one["number"] for one in mine] == [number]
    assert "reviewed_by" not in mine[0]


def test_recurrences_and_notices_come_page_by_page(office, callers):
    closed(callers)
    numbers = [callers["inspector"].file().json["number"] for _ in range(3)]
    found_now(office)
    first = callers["leader"].get("/recurrences", limit=2).json
    second = callers["leader"].get("/recurrences", limit=2, cursor=first["next_cursor"]).json
    assert [one["number"] for one in first["items"] + second["items"]] == numbers[::-1]
    assert second["next_cursor"] is None


def told_of(office: Office, number: str) -> list[tuple[str, str, bool, str | None]]:
    """What the case's history says was found and reviewed."""
    with office.rt.database.reading() as tx:
        rows = lines_of(tx, parse_number(number).identity)
    lines = [to_event(row, number) for row, _payload, _name in rows]
    return [
        (
            line.action,
            line.facts.finding.kind,
            line.facts.finding.withdrawn,
            line.facts.ruling or line.facts.finding.unit,
        )
        for line in lines
        if line.facts.finding
    ]


def test_history_says_what_was_found_and_what_was_decided(office, callers):
    closed(callers)
    number = callers["inspector"].file().json["number"]
    version = callers["leader"].get(f"/cases/{number}").headers["ETag"]
    found_now(office)
    assert told_of(office, number) == [("find", "recurrence", False, "NDJ-ZF")]
    callers["shift_leader"].act(number, "void", reason="not_a_problem")
    found_now(office)
    found_now(office)
    assert told_of(office, number)[1:] == [("find", "recurrence", True, None)]
    callers["shift_leader"].act(number, "restore", note="查实")
    found_now(office)
    path = f"/api/v1/recurrences/{number}/review"
    asked = {"ruling": "reject", "reason": "另一处"}
    for _ in range(2):  # sent again
        assert callers["acceptor"].client.post(path, json=asked, headers=callers["acceptor"].headers).status_code == 200
    assert told_of(office, number)[2:] == [
        ("find", "recurrence", False, "NDJ-ZF"),
        ("review", "recurrence", False, "refuse"),
    ]
    assert callers["leader"].get(f"/cases/{number}").headers["ETag"] == version.replace("1", "3")


def superior(office: Office, **changes) -> str:
    answer = office.caller("centre").file(office.filing(source="superior", **changes))
    assert answer.status_code == 201, answer.json
    return answer.json["number"]


def test_what_a_superior_finds_first_was_missed_until_an_earlier_sighting_comes_in(office, callers):
    office.clock.advance(timedelta(hours=1))
    callers = sign_in(office)
    number = superior(office)
    assert found_now(office) == 1
    assert [one["number"] for one in callers["leader"].get("/missed").json["items"]] == [number]
    far = callers["inspector"].file(office.filing(location=moved(office, 60), observed_at=at(office, -30)))
    assert (far.status_code, found_now(office)) == (201, 0)
    assert told_of(office, number) == [("find", "missed", False, None)]
    # an offline phone delivers what its inspector saw half an hour before the superior
    late = callers["inspector"].file(office.filing(location=moved(office, 40), observed_at=at(office, -30)))
    assert (late.status_code, found_now(office)) == (201, 0)
    assert told_of(office, number)[1:] == [("find", "missed", True, None)]
    assert callers["leader"].get("/missed").json["items"] == []
    callers["shift_leader"].act(late.json["number"], "void", reason="not_a_problem")
    assert found_now(office) == 1
    assert told_of(office, number)[2:] == [("find", "missed", False, None)]


def test_what_was_reported_before_a_superior_came_was_not_missed(office, callers):
    callers["inspector"].file()
    office.clock.advance(timedelta(hours=2))
    superior(office)
    assert found_now(office) == 0


def test_a_missed_case_is_reviewed_once(office, callers):
    number = superior(office)
    found_now(office)

    def review(name: str, **body: str):
        caller = callers[name]
        return caller.client.post(f"/api/v1/missed/{number}/review", json=body, headers=caller.headers)

    assert review("leader", ruling="reject", reason="不是").json["code"] == "role_may_not"
    assert set(review("shift_leader", ruling="reject").json["errors"]) == {"reason"}
    done = review("shift_leader", ruling="reject", reason="施工围挡内，不可见")
    assert (done.status_code, done.json["state"]) == (200, "rejected")
    assert review("shift_leader", ruling="reject", reason="施工围挡内，不可见").json == done.json
    assert review("acceptor", ruling="confirm", reason="漏报").json["code"] == "missed_already_reviewed"
    assert told_of(office, number) == [("find", "missed", False, None), ("review", "missed", False, "refuse")]
    other = callers["inspector"].file(office.filing(location=moved(office, 500))).json["number"]
    caller = callers["shift_leader"]
    answer = caller.client.post(
        f"/api/v1/missed/{other}/review", json={"ruling": "reject", "reason": "?"}, headers=caller.headers
    )
    assert answer.json["code"] == "missed_not_found"


def at(office: Office, minutes: int) -> str:
    return (office.clock.now() + timedelta(minutes=minutes)).isoformat()
