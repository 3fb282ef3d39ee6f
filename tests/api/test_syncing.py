"""What a phone holds after any number of syncs is what it would be told anew, and never more than its owner may see."""

import json
from collections.abc import Callable
from datetime import timedelta

import hypothesis
import pytest
from hypothesis import strategies as st

from gridcase.services.steps import usual_types
from gridcase.store.configuration import add_version, documents_in_force
from tests.feeds import settle
from tests.office import Caller, Office

DIGESTS = ("grid", "types", "usual", "clocks")


class Phone:
    """The copies of a phone, kept as the app keeps them."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.cursor: str | None = None
        self.digests: dict[str, str] = {}
        self.held: dict[str, dict[str, dict]] = {"tasks": {}, "cases": {}, "campaigns": {}}
        self.grid: dict = {}
        self.received = 0

    def sync(self) -> None:
        settle(self.caller.office)
        self.received = 0
        for _ in range(50):
            query = self.digests | ({"cursor": self.cursor} if self.cursor else {})
            answer = self.caller.get("/sync", **query)
            assert answer.status_code == 200, answer.json
            self.received += len(answer.data)
            self.take_in(answer.json)
            if not answer.json["more"]:
                return
        pytest.fail("the pages never ended")

    def take_in(self, told: dict) -> None:
        if told["reset"]:
            self.held = {name: {} for name in self.held}
        for name, held in self.held.items():
            for one in told[name]:
                held[key(name, one)] = one
            for one in told["gone"][name]:
                held.pop(key(name, one), None)
        self.digests |= {name: told[name]["digest"] for name in DIGESTS if name in told}
        self.grid = told.get("grid", self.grid)
        self.cursor = told["cursor"]


def key(name: str, one: dict) -> str:
    parts = {"tasks": ("case", "number"), "cases": ("number",), "campaigns": ("campaign", "number")}[name]
    return ":".join(str(one[part]) for part in parts)


def anew(phone: Phone) -> dict:
    fresh = Phone(phone.caller)
    fresh.sync()
    return without_time(fresh.held)


def without_time(held: dict) -> dict:
    """Leave out what moves with the clock alone."""
    return json.loads(json.dumps(held), object_hook=lambda one: {k: v for k, v in one.items() if k != "overdue"})


def a_case_to_check(office: Office, callers: dict[str, Caller], inspector: int) -> str:
    number = callers["inspector"].file().json["number"]
    callers["unit_leader"].act(number, "accept")
    photo = callers["unit_leader"].photo("handle")
    assert callers["unit_leader"].act(number, "report", done="已清理", attachments=[photo]).status_code == 200
    asked = callers["acceptor"].act(number, "request_check", mode="on_site", inspector=inspector)
    assert asked.status_code == 200, asked.json
    return number


@pytest.fixture
def callers(office: Office) -> dict[str, Caller]:
    return {
        name: office.caller(name) for name in ("inspector", "inspector2", "acceptor", "shift_leader", "unit_leader")
    }


def who(caller: Caller) -> int:
    return caller.get("/me").json["id"]


def test_a_new_phone_is_told_everything_and_the_next_time_next_to_nothing(office, callers):
    number = callers["inspector"].file().json["number"]
    phone = Phone(callers["inspector"])
    phone.sync()
    assert list(phone.held["cases"]) == [number]
    assert phone.grid["cells"]
    first = phone.received
    phone.sync()
    assert phone.received < 1_000 < first


def test_what_is_filed_most_is_told_without_the_catalogue_and_kept_for_a_while(office, callers):
    inspector = callers["inspector"]
    told = inspector.get("/sync").json
    held = {name: told[name]["digest"] for name in DIGESTS}
    assert (told["usual"]["keys"], len(told["types"]["items"]) > 12) == ([], True)
    assert inspector.file().status_code == 201
    told = inspector.get("/sync", **held).json
    assert "types" not in told
    assert told["usual"]["keys"] == ["GBT47678.5-2026/event/09012"]

    actor, settled = office.actor("inspector"), [*"abcdefghijkl"]
    with pytest.MonkeyPatch.context() as patch:
        found = [tuple(settled), tuple(settled[:3])]
        patch.setattr(usual_types.store, "usual_types", lambda *_, **__: found.pop())
        with office.rt.database.reading() as tx:

            def asked():
                return usual_types.usual_types(office.rt.database, tx, actor, office.clock.now())

            # A short list is asked for anew: an office that begins sees at once what is filed.
            assert (asked(), asked(), asked()) == (tuple("abc"), tuple(settled), tuple(settled))
            assert found == []
            office.clock.advance(timedelta(minutes=30))
            found.append(tuple(settled[::-1]))
            assert asked() == tuple(settled[::-1])


def test_the_types_of_others_are_told_only_as_far_as_one_may_see_their_cases(office, callers):
    callers["inspector"].file()
    with office.rt.database.reading() as tx:
        keys = [
            usual_types.usual_types(office.rt.database, tx, office.actor(name), office.clock.now())
            for name in ("inspector", "acceptor", "public_door")
        ]
    assert [len(one) for one in keys] == [1, 1, 0]


def test_a_phone_is_told_how_near_this_city_wants_an_answer(office, callers):
    assert callers["inspector"].get("/sync").json["within_m"] == 50
    with office.rt.database.writing() as tx:
        (row,) = [one for one in documents_in_force(tx) if one.kind == "conduct"]
        body = row.body | {"check_distance_m": 120}
        add_version(tx, kind=row.kind, name=row.name, digest="-", body=body, now=office.clock.now())
    assert callers["inspector"].get("/sync").json["within_m"] == 120


def test_a_task_comes_with_its_case_and_goes_when_it_is_done(office, callers):
    other = Phone(callers["inspector2"])
    other.sync()
    number = a_case_to_check(office, callers, who(callers["inspector2"]))
    other.sync()
    assert [one["case"] for one in other.held["tasks"].values()] == [number]
    view = next(iter(other.held["tasks"].values()))["case_view"]
    assert (view["state"], len(view["photos"])) == ("checking", 1)
    point = office.point()
    checked = callers["inspector2"].act(
        number,
        "check",
        result="pass",
        location={"lon": point.lon, "lat": point.lat},
        attachments=[callers["inspector2"].photo("check")],
    )
    assert checked.status_code == 200, checked.json
    other.sync()
    assert other.held["tasks"] == {}


def test_a_case_that_ended_goes(office, callers):
    phone = Phone(callers["inspector"])
    number = callers["inspector"].file().json["number"]
    phone.sync()
    callers["shift_leader"].act(number, "void", reason="not_a_problem", note="查无此事")
    state = callers["shift_leader"].get(f"/cases/{number}").json["state"]
    phone.sync()
    assert (state, list(phone.held["cases"])) == ("void", [])


def test_nobody_is_told_the_tasks_or_filings_of_another(office, callers):
    callers["inspector"].file()
    a_case_to_check(office, callers, who(callers["inspector2"]))
    for name in ("unit_leader", "acceptor"):
        phone = Phone(callers[name])
        phone.sync()
        assert (phone.held["tasks"], phone.held["cases"]) == ({}, {})


@pytest.mark.parametrize("cursor", ["x", "eyJhIjoxfQ", "A" * 400, "W10", "bnVsbA"])
def test_a_cursor_that_cannot_be_used_begins_anew(sqlite_office, cursor):
    caller = sqlite_office.caller("inspector")
    assert caller.get("/sync", cursor=cursor).json["reset"] is True


def test_the_cursor_of_another_person_begins_anew(sqlite_office):
    mine = Phone(sqlite_office.caller("inspector"))
    mine.sync()
    assert sqlite_office.caller("inspector2").get("/sync", cursor=mine.cursor).json["reset"] is True


def test_a_phone_that_was_away_for_long_begins_anew(sqlite_office):
    phone = Phone(sqlite_office.caller("inspector"))
    phone.sync()
    sqlite_office.clock.advance(timedelta(days=31))
    assert sqlite_office.caller("inspector").get("/sync", cursor=phone.cursor).json["reset"] is True


def test_places_of_a_campaign_come_and_go(office, callers):
    leader, phone = callers["shift_leader"], Phone(callers["inspector"])
    phone.sync()
    campaign = {"code": "JC-1", "name": "餐饮油烟", "first_day": "2026-10-01", "last_day": "2026-10-31"}
    made = leader.client.post(
        "/api/v1/campaigns", json=campaign | {"places": [{"name": "甲"}, {"name": "乙"}]}, headers=leader.headers
    )
    assert made.status_code == 201, made.json
    phone.sync()
    assert sorted(one["name"] for one in phone.held["campaigns"].values()) == ["乙", "甲"]
    inspector = callers["inspector"]
    visit = inspector.client.post(
        "/api/v1/campaigns/JC-1/places/1/visits", json={"result": "no_problem"}, headers=inspector.headers
    )
    assert visit.status_code in (200, 201), visit.json
    phone.sync()
    assert [one["number"] for one in phone.held["campaigns"].values()] == [2]


def happenings(callers: dict[str, Caller], phones: dict[str, Phone], number: str) -> dict[str, Callable]:
    """What may happen to a case or between two syncs; refusals are part of life."""
    asked = who(callers["inspector2"])
    report = {"done": "好了", "attachments": [callers["unit_leader"].photo("handle")]}
    return {
        "file": callers["inspector"].file,
        "file2": callers["inspector2"].file,
        "sync": phones["inspector"].sync,
        "sync2": phones["inspector2"].sync,
        "check": lambda: callers["acceptor"].act(number, "request_check", mode="on_site", inspector=asked),
        "report": lambda: callers["unit_leader"].act(number, "report", **report),
        "accept": lambda: callers["unit_leader"].act(number, "accept"),
        "comment": lambda: callers["acceptor"].act(number, "comment", text="请尽快"),
        "void": lambda: callers["shift_leader"].act(number, "void", reason="not_a_problem", note="误报"),
        "close": lambda: callers["shift_leader"].act(number, "close"),
    }


STEPS = ("file", "file2", "check", "accept", "report", "comment", "void", "sync", "sync2", "close")


@hypothesis.settings(
    max_examples=6, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=10), data=st.data())
def test_whatever_happens_the_copies_are_what_would_be_told_anew(office, callers, steps, data):
    phones = {name: Phone(callers[name]) for name in ("inspector", "inspector2")}
    numbers = [callers["inspector"].file().json["number"]]
    for step in steps:
        number = data.draw(st.sampled_from(numbers))
        made = happenings(callers, phones, number)[step]()
        if step.startswith("file"):
            numbers.append(made.json["number"])
    for phone in phones.values():
        phone.sync()
        assert without_time(phone.held) == anew(phone)


def test_an_open_case_like_it_is_found_nearby_and_one_far_away_is_not(office, callers):
    inspector = callers["inspector"]
    filed = inspector.file(office.filing(attachments=[inspector.photo()])).json
    point, type_ = office.point(), "GBT47678.5-2026/event/09012"
    ask = {"lon": point.lon, "lat": point.lat, "type": type_, "radius_m": 50}
    found = inspector.get("/cases/nearby", **ask).json["items"]
    assert [(one["number"], one["distance_m"]) for one in found] == [(filed["number"], 0)]
    picture = inspector.client.get(found[0]["thumb_url"], headers=inspector.headers)
    assert (picture.status_code, picture.mimetype) == (200, "image/jpeg")
    assert inspector.get("/cases/nearby", **ask | {"lat": point.lat + 0.001}).json["items"] == []
    assert inspector.get("/cases/nearby", **ask | {"type": "GBT47678.5-2026/event/06010"}).json["items"] == []
    assert inspector.get("/cases/nearby", **ask | {"radius_m": 501}).status_code == 422
    assert inspector.get("/cases/nearby", **ask | {"type": "nonsense"}).status_code == 422


def test_what_one_may_not_see_is_not_found_nearby_either(office, callers):
    callers["inspector"].file()
    point = office.point()
    stranger = office.caller("public_door")
    ask = {"lon": point.lon, "lat": point.lat, "type": "GBT47678.5-2026/event/09012"}
    assert stranger.get("/cases/nearby", **ask).json["items"] == []
