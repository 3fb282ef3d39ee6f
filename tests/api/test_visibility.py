"""Who sees which case, on every route; and what a unit never learns of the people who found and filed."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.services import identity
from tests.office import FIRE_LANE, PASSWORD, Caller, Office, inner_point

#: A name that no other word contains, so that finding it anywhere is a leak.
FINDER = "查无此人"
RUBBISH = FIRE_LANE | {"code": "06010"}

#: Who may see which of the six cases.
SEES = {
    "finder": "ACEF",  # 001, and what this person found elsewhere
    "inspector2": "ABCEF",  # the whole street, but no case without a place
    "acceptor": "ABCDEF",
    "shift_leader": "ABCDEF",
    "dispatcher": "ABCDEF",
    "unit_leader": "ABF",
    "handler": "ABF",
    "other_unit": "C",
    "chief": "ACE",
    "assessor": "ABCDEF",
    "leader": "ABCDEF",
    "admin": "ABCDEF",
    "public_door": "E",
}
UNITS = ("unit_leader", "handler", "other_unit")
MAY_ASK_INSPECTORS = ("acceptor", "shift_leader")


@dataclass
class Scene:
    """Six cases.

    A: found in 001, law enforcement. B: in 004, law enforcement. C: in 001, sanitation. D: by telephone, no place.
    E: from the public, in 001. F: found by the inspector of 001, in 004.
    """

    office: Office
    numbers: dict[str, str] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)

    def letters(self, items: list[dict[str, Any]]) -> str:
        """Return the letters of listed cases, in order; every case stands once."""
        known = {number: letter for letter, number in self.numbers.items()}
        return "".join(sorted(known[item["number"]] for item in items))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    office: Office = request.getfixturevalue(f"shared_{request.param}_office")
    identity.add_person(
        office.rt,
        identity.NewPerson(
            username="finder",
            name=FINDER,
            password=PASSWORD,
            grants=((Role.INSPECTOR, Scope(kind=ScopeKind.AREA, value="320404005001")),),
        ),
    )
    made = Scene(office, callers={name: office.caller(name) for name in SEES})
    file(made, "A", "finder", "320404005001")
    file(made, "B", "inspector2", "320404005004")
    file(made, "C", "inspector2", "320404005001", type=RUBBISH)
    file(made, "D", "acceptor", None, source="hotline", address="南大街 1 号")
    file(made, "E", "public_door", "320404005001", source="public")
    file(made, "F", "finder", "320404005004")
    play_on(made, "A")
    return made


def file(made: Scene, letter: str, username: str, area: str | None, **more: Any) -> None:
    caller = made.callers[username]
    point = inner_point(made.office.rt, area) if area else None
    place = {"lon": point.lon, "lat": point.lat} if point else None
    photo = caller.photo()
    answer = caller.file(made.office.filing(location=place, attachments=[photo], **more))
    assert answer.status_code == 201, answer.json
    made.numbers[letter], made.photos[letter] = answer.json["number"], photo
    if letter in "ABCF" and answer.json["state"] != "dispatched":
        conditions = next(
            one["fields"][0]["choices"]
            for one in made.callers["shift_leader"].get(f"/cases/{made.numbers[letter]}").json["available_actions"]
            if one["action"] == "register"
        )
        chosen = made.callers["shift_leader"].act(made.numbers[letter], "register", condition=conditions[0]["value"])
        assert chosen.json["state"] == "dispatched", chosen.json


def play_on(made: Scene, letter: str) -> None:
    """Bring a case through everything that puts its finder's name into rows: comment, photo, check."""
    number, finder, unit = made.numbers[letter], made.callers["finder"], made.callers["unit_leader"]
    me = finder.get("/me").json["id"]
    steps = [
        finder.act(number, "comment", text="还在原处"),
        finder.act(number, "attach", attachments=[finder.photo()], note="补拍"),
        unit.act(number, "report", done="已清理", attachments=[unit.photo("handle")]),
        made.callers["acceptor"].act(number, "request_check", mode="on_site", inspector=me),
        finder.act(
            number,
            "check",
            result="fail",
            attachments=[finder.photo("check")],
            location={"lon": (point := inner_point(made.office.rt, "320404005001")).lon, "lat": point.lat},
        ),
        made.callers["shift_leader"].act(number, "rework", note="仍有一辆"),
        made.callers["shift_leader"].act(number, "comment", text="请抓紧"),
    ]
    assert [step.status_code for step in steps] == [200] * len(steps), [step.json for step in steps]


EVERY = [(name, letter) for name in SEES for letter in "ABCDEF"]


@pytest.mark.parametrize(("name", "letter"), EVERY, ids=[f"{name} {letter}" for name, letter in EVERY])
def test_every_route_shows_a_case_to_those_who_may_see_it_and_to_nobody_else(scene, name, letter):
    caller, number, may = scene.callers[name], scene.numbers[letter], letter in SEES[name]
    stranger = caller.client.get(f"/api/v1/attachments/{scene.photos[letter]}", headers=caller.headers)
    found = {
        "case": caller.get(f"/cases/{number}").status_code,
        "history": caller.get(f"/cases/{number}/history").status_code,
        "inspectors": caller.get(f"/cases/{number}/inspectors").status_code,
        "photo": stranger.status_code,
    }
    seen = 200 if may else 404
    asked = seen if name in MAY_ASK_INSPECTORS or not may else 403
    assert found == {"case": seen, "history": seen, "inspectors": asked, "photo": seen}
    if not may:
        # A bad action on a case that one may not see tells nothing of it.
        assert caller.act(number, "close").status_code == 404


@pytest.mark.parametrize("name", SEES)
def test_lists_and_their_filters_show_what_one_may_see(scene, name):
    caller = scene.callers[name]
    everywhere = {
        "nothing": {},
        "the world": {"bbox": "-180,-90,180,90"},
        "an area": {"area": "320404005001"},
        "another area": {"area": "320404005004"},
        "a unit": {"unit": "NDJ-ZF"},
        "another unit": {"unit": "NDJ-HW"},
        "words": {"q": "消防通道"},
        "a source": {"source": "public"},
        "a type": {"type": "09012"},
        "states": {"state": "dispatched"},
        "a stage": {"stage": "receive"},
        "by deadline": {"order": "due"},
    }
    fits = {
        "nothing": "ABCDEF",
        "the world": "ABCEF",
        "an area": "ACE",
        "another area": "BF",
        "a unit": "ABF",
        "another unit": "C",
        "words": "ABCDEF",
        "a source": "E",
        "a type": "ABDEF",
        "states": "BCF",
        "a stage": "DE",
        "by deadline": "ABCDEF",
    }
    found = {what: scene.letters(caller.get("/cases", **query).json["items"]) for what, query in everywhere.items()}
    assert found == {what: "".join(sorted(set(letters) & set(SEES[name]))) for what, letters in fits.items()}


def leaks(value: Any, ids: set[int], path: str = "") -> Iterator[str]:
    """Return where the names or ids of finders stand in an answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("found_by", "filed_by", "inspector", "uploader", "handlers") and inner is not None:
                yield f"{path}.{name}"
            if name == "actor" and inner is not None and inner["id"] in ids:
                yield f"{path}.actor"
            yield from leaks(inner, ids, f"{path}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaks(inner, ids, f"{path}[{index}]")
    elif isinstance(value, str) and FINDER in value:
        yield path


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_never_learns_who_found_filed_or_checked(scene, name):
    caller = scene.callers[name]
    ids = {scene.callers[one].get("/me").json["id"] for one in ("finder", "inspector2", "public_door", "acceptor")}
    listed = caller.get("/cases").json
    answers: dict[str, Any] = {"list": listed}
    for item in listed["items"]:
        answers[item["number"]] = caller.get(f"/cases/{item['number']}").json
        answers[item["number"] + " history"] = caller.get(f"/cases/{item['number']}/history").json["items"]
    finders = ids - {scene.callers["acceptor"].get("/me").json["id"]}
    assert list(leaks(answers, finders)) == []
    assert not any("position" in (line["payload"] or {}) for line in _lines(answers))


def test_a_unit_still_sees_what_was_done_and_by_its_own(scene):
    caller = scene.callers["unit_leader"]
    lines = caller.get(f"/cases/{scene.numbers['A']}/history").json["items"]
    done = {line["action"]: line for line in lines}
    assert done["check"]["facts"]["check_result"] == "fail"
    assert done["comment"]["payload"]["text"] == "请抓紧"
    assert done["report"]["actor"]["name"] == "unit_leader"
    assert done["rework"]["actor"]["name"] == "shift_leader"


def test_the_office_sees_who_found_filed_and_checked(scene):
    answers = {
        "case": scene.callers["acceptor"].get(f"/cases/{scene.numbers['A']}").json,
        "history": scene.callers["acceptor"].get(f"/cases/{scene.numbers['A']}/history").json["items"],
    }
    finder = scene.callers["finder"].get("/me").json["id"]
    assert (answers["case"]["found_by"], answers["case"]["filed_by"]) == (finder, finder)
    assert len(list(leaks(answers, {finder}))) > 5  # the search above does find


def _lines(answers: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for what, value in answers.items():
        if what.endswith("history"):
            yield from value


def test_a_photo_comes_with_its_own_kind_and_is_not_to_be_guessed(scene):
    caller = scene.callers["unit_leader"]
    answer = caller.get(f"/attachments/{scene.photos['A']}")
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.data.startswith(b"\xff\xd8")


def test_a_photo_not_used_yet_is_its_uploaders_alone(scene):
    mine = scene.callers["finder"].photo()
    found = {name: caller.get(f"/attachments/{mine}").status_code for name, caller in scene.callers.items()}
    assert found == dict.fromkeys(SEES, 404) | {"finder": 200}


def test_a_photo_cannot_be_used_by_another_person_nor_for_another_case(scene):
    finder, acceptor = scene.callers["finder"], scene.callers["acceptor"]
    for photo in (finder.photo(), scene.photos["A"], scene.photos["D"], str(uuid.uuid4())):
        answer = acceptor.act(scene.numbers["D"], "attach", attachments=[photo])
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"attachments"})


def test_a_case_leaves_a_units_sight_when_it_is_given_to_another(office):
    number = office.caller("inspector").file().json["number"]
    before, after = office.caller("unit_leader"), office.caller("other_unit")
    assert (before.get(f"/cases/{number}").status_code, after.get(f"/cases/{number}").status_code) == (200, 404)
    moved = office.caller("dispatcher").act(number, "reassign", unit="NDJ-HW", reason="workload")
    assert moved.status_code == 200
    assert (before.get(f"/cases/{number}").status_code, after.get(f"/cases/{number}").status_code) == (404, 200)
    assert before.act(number, "accept").status_code == 404
    assert [item["number"] for item in after.get("/cases").json["items"]] == [number]


OPEN_TO_ALL = ("/me", "/types", "/units", "/grid/cells")


@pytest.mark.parametrize("name", SEES)
def test_reference_data_is_for_everybody_signed_in(scene, name):
    assert {scene.callers[name].get(path).status_code for path in OPEN_TO_ALL} == {200}
