"""What the evidence of phones shows for a person to look at: found once, reviewed once, erased in time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gridcase.domain.actor import Scope, ScopeKind
from gridcase.edge.anomaly_view import anomaly_view
from gridcase.edge.texts import Language
from gridcase.edge.view import Viewing
from gridcase.services.anomalies import anomalies, clean_evidence, find_anomalies
from tests.feeds import settle
from tests.office import Caller, Office, jpeg

Json = dict[str, Any]


def file(office: Office, caller: Caller, colour: str, **told: Any) -> str:
    answer = caller.file(office.filing(attachments=[caller.photo(data=jpeg(colour), **told)]))
    assert answer.status_code == 201, answer.json
    return str(answer.json["number"])


def found(office: Office) -> list[Json]:
    settle(office)
    find_anomalies(office.rt)
    items: list[Json] = office.caller("shift_leader").get("/anomalies").json["items"]
    return items


def where(office: Office, north_m: float = 0) -> Json:
    point = office.point()
    return {"lon": point.lon, "lat": point.lat + north_m / 111_000, "accuracy_m": 5}


def test_nothing_is_listed_of_ordinary_work(office):
    inspector = office.caller("inspector")
    file(office, inspector, "red", captured_at=office.clock.now().isoformat(), clock_offset_ms=200, **where(office))
    office.clock.advance(timedelta(minutes=10))
    file(office, inspector, "blue", captured_at=office.clock.now().isoformat(), **where(office, 400))
    assert found(office) == []


@pytest.mark.parametrize("same", ["bytes", "original"])
def test_the_same_photo_in_two_cases_is_listed_once_with_the_other_case(office, same):
    one = file(office, office.caller("inspector"), "red", original_sha256="b" * 64)
    colour = "red" if same == "bytes" else "pink"
    two = file(office, office.caller("inspector2"), colour, original_sha256="b" * 64)
    (item,) = found(office)
    assert (item["kind"], {item["number"], item["figures"]["case"]}) == ("same_photo", {one, two})
    assert item["text"].endswith(f"{item['figures']['case']}.")
    assert len(found(office)) == 1


def test_the_other_case_of_a_photo_is_named_only_to_those_who_may_see_it(office):
    near, far = office.caller("inspector"), office.caller("inspector2")
    body = office.filing(attachments=[near.photo()], location=where(office, -300))
    one, two = near.file(body).json["number"], file(office, far, "red")
    (item,) = found(office)
    assert {item["number"], item["figures"]["case"]} == {one, two}
    seen, other = item["number"], item["figures"]["case"]
    leader = office.caller("shift_leader")
    cell, elsewhere = (leader.get(f"/cases/{number}").json["cell"] for number in (seen, other))
    assert cell != elsewhere
    local = replace(office.actor("shift_leader"), scope=Scope(kind=ScopeKind.AREA, value=cell))
    viewing = Viewing(local, office.rt.reference(), office.clock.now(), Language.ZH)
    (listed,) = anomalies(office.rt, local, state=None, after=None, limit=9)
    shown = anomaly_view(listed, viewing)
    assert (shown["number"], shown["figures"]) == (seen, {})
    assert shown["text"] == "同一张照片也出现在另一案件中。"
    assert other not in str(shown)


def test_two_places_too_far_apart_for_the_time_between_are_listed_with_their_numbers(office):
    inspector, now = office.caller("inspector"), office.clock.now()
    # They come in the wrong order, as from a phone that was offline.
    file(office, inspector, "red", captured_at=(now - timedelta(seconds=60)).isoformat(), **where(office, 3000))
    assert found(office) == []
    file(office, inspector, "blue", captured_at=(now - timedelta(seconds=90)).isoformat(), **where(office))
    (item,) = found(office)
    assert item["kind"] == "fast_move"
    assert item["figures"]["seconds"] == 30
    assert 2900 < item["figures"]["metres"] < 3000
    assert found(office) == [item]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"from_gallery": "true"}, "gallery_photo"),
        ({"captured_at": "2026-10-12T08:00:00+08:00", "clock_offset_ms": 3_600_000}, "clock_apart"),
    ],
)
def test_what_a_single_photo_shows_is_listed(office, told, kind):
    file(office, office.caller("inspector"), "red", **told)
    assert [item["kind"] for item in found(office)] == [kind]


def test_the_list_is_read_page_by_page_with_what_the_page_before_gave(office):
    inspector, leader = office.caller("inspector"), office.caller("shift_leader")
    for colour in ("red", "green", "blue"):
        file(office, inspector, colour, from_gallery="true")
    whole = found(office)
    read, cursor = [], {}
    while cursor is not None:
        page = leader.get("/anomalies", limit=1, **cursor).json
        read += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert (len(read), read) == (3, whole)
    for made_up in ("2", "x", "9" * 300):
        assert leader.get("/anomalies", cursor=made_up).status_code == 422


def test_a_clock_moved_between_two_photos_of_a_device_is_listed_and_that_of_another_device_is_not(office):
    inspector, now = office.caller("inspector"), office.clock.now()

    def filed(colour: str, minutes: int, offset_minutes: int, device: str) -> None:
        seen = now + timedelta(minutes=minutes)
        said = seen - timedelta(minutes=offset_minutes)
        told = {"captured_at": said.isoformat(), "clock_offset_ms": offset_minutes * 60_000, "device": device}
        file(office, inspector, colour, **told, **where(office))

    filed("red", -9, 0, "Phone A")
    filed("blue", -6, 1, "Phone A")  # drifts happen
    filed("green", -4, 5, "Phone B")
    assert found(office) == []
    filed("pink", -2, -5, "Phone A")
    (item,) = found(office)
    assert (item["kind"], item["figures"]) == ("clock_jump", {"minutes": 6})
    assert found(office) == [item]


def test_a_check_on_the_spot_without_a_position_is_listed(office):
    number = str(office.caller("inspector").file().json["number"])
    unit, second = office.caller("unit_leader"), office.caller("inspector2")
    assert unit.act(number, "report", done="x", attachments=[unit.photo()]).status_code == 200
    asked = office.actor("inspector2").person
    done = office.caller("acceptor").act(number, "request_check", mode="on_site", inspector=asked)
    assert done.status_code == 200, done.json
    assert second.act(number, "check", result="pass", attachments=[second.photo("check")]).status_code == 200
    assert [(item["kind"], item["number"]) for item in found(office)] == [("no_place", number)]


def test_a_burst_of_checks_is_listed_once_although_it_is_looked_at_after_each(office):
    inspector, second = office.caller("inspector"), office.caller("inspector2")
    unit, acceptor, asked = office.caller("unit_leader"), office.caller("acceptor"), office.actor("inspector2").person
    places = [{name: where(office, north)[name] for name in ("lon", "lat")} for north in (0, -300)] * 5
    numbers = [str(inspector.file(office.filing(location=place)).json["number"]) for place in places]
    for number in numbers:
        assert unit.act(number, "report", done="x", attachments=[unit.photo()]).status_code == 200
        done = acceptor.act(number, "request_check", mode="on_site", inspector=asked)
        assert done.status_code == 200, done.json

    def bursts() -> list[Json]:
        return [item for item in found(office) if item["kind"] == "check_burst"]

    begun = office.clock.now()
    office.clock.advance(timedelta(minutes=1))
    seen = []
    # The one made first comes last, as from a phone that was offline.
    for index in (*range(1, 10), 0):
        number, place = numbers[index], places[index]
        office.clock.advance(timedelta(minutes=1))
        when = {"observed_at": (begun + timedelta(minutes=1)).isoformat()} if index == 0 else {}
        picture = second.photo("check", jpeg(f"hsl({index * 30}, 100%, 50%)"))
        done = second.act(number, "check", result="pass", location=place, attachments=[picture], **when)
        assert done.status_code == 200, done.json
        seen.append(len(bursts()))
    assert seen == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    (item,) = bursts()
    assert (item["figures"]["checks"], item["figures"]["seconds"]) == (4, 180)
    assert 290 < item["figures"]["metres"] < 310


def test_a_review_is_given_once_with_a_reason_and_by_somebody_else(office):
    file(office, office.caller("inspector"), "red", from_gallery="true")
    (item,) = found(office)
    leader, path = office.caller("shift_leader"), f"/api/v1/anomalies/{item['id']}/review"

    def say(caller: Caller, reason: str):
        return caller.client.post(path, json={"reason": reason}, headers=caller.headers)

    assert say(leader, "已当面了解").json["state"] == "reviewed"
    assert say(leader, "已当面了解").status_code == 200
    assert (again := say(office.caller("assessor"), "另行处理")).status_code == 409, again.json
    assert leader.get("/anomalies", state="open").json["items"] == []
    assert (
        leader.client.post("/api/v1/anomalies/999999999999/review", json={}, headers=leader.headers).status_code == 404
    )


@pytest.mark.parametrize(
    "username", ["inspector", "acceptor", "dispatcher", "unit_leader", "handler", "leader", "chief"]
)
def test_nobody_else_reads_them(sqlite_office, username):
    assert sqlite_office.caller(username).get("/anomalies").status_code == 403


def test_positions_go_some_whole_months_after_the_case_ended_and_not_before(office):
    inspector = office.caller("inspector")
    body = office.filing(
        attachments=[inspector.photo(device="Phone", **where(office))],
        measured_location=where(office),
        device="P",
    )
    number = inspector.file(body).json["number"]
    assert office.caller("shift_leader").act(number, "void", reason="test").status_code == 200
    kept = "SELECT count(*) FROM photo_evidence WHERE lon_e7 IS NOT NULL"

    def positions() -> int:
        with office.rt.database.reading() as tx:
            return int(tx.execute(text(kept)).scalar_one())

    office.clock.advance(timedelta(days=200))  # 30 April: six whole months would be 1 May
    assert (clean_evidence(office.rt), positions()) == (0, 1)
    office.clock.advance(timedelta(days=2))
    assert (clean_evidence(office.rt), positions()) == (2, 0)
    assert clean_evidence(office.rt) == 0
    assert "measured" not in office.caller("shift_leader").get(f"/cases/{number}").json["location"]
