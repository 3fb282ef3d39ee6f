"""Who may not see a case cannot tell that it is there: roles × routes, generated from the application's own map.

Every route that answers a GET, whole pages, fragments, searches, lists, counts, exports and photos alike, is asked by
everybody who may not see the hidden case, before and after it was filed and worked on. The answers are the same to the
byte, so nothing of it shows in any text, header or count, and its number is answered like one that was never given.
"""

import json

import pytest

from tests.security.conftest import BLIND, CHECKER, FINDER, HIDDEN, SEEING, World
from tests.security.routes import asked_of, paths

#: Each person asks hundreds of questions.
pytestmark = pytest.mark.timeout(900)

#: Fields that tell how far a reader of everything has come, and nothing else; route → names in its JSON.
OPAQUE: dict[str, set[str]] = {"/api/v1/sync": {"cursor"}}


def test_every_place_holder_of_every_route_stands_in_the_table(world: World) -> None:
    rules = asked_of(world.office.app)
    assert len(rules) > 40
    assert all(list(paths(rule, world.target)) for rule in rules)


@pytest.mark.parametrize("username", BLIND)
def test_answers_are_the_same_whether_or_not_the_hidden_case_is_there(world: World, username: str) -> None:
    before, after = world.answers_before(username), world.answers_now(username)
    assert before.keys() == after.keys()
    assert [one for one in before if differs(one, before[one], after[one])] == []


def differs(asked: tuple[str, str, str], before: tuple, after: tuple) -> bool:
    opaque = OPAQUE.get(asked[0])
    if opaque and before[0] == after[0] == 200:
        return bare(before[2], opaque) != bare(after[2], opaque)
    return before != after


def bare(body: bytes, opaque: set[str]) -> dict:
    return {name: value for name, value in json.loads(body).items() if name not in opaque}


@pytest.mark.parametrize("username", BLIND + SEEING)
def test_no_question_of_an_attacker_breaks_the_server(world: World, username: str) -> None:
    assert [asked for asked, (status, _, _) in world.answers_now(username).items() if status >= 500] == []


@pytest.mark.parametrize("username", BLIND)
def test_no_text_of_the_hidden_case_is_ever_answered(world: World, username: str) -> None:
    for asked, (_, headers, body) in world.answers_now(username).items():
        seen = body.decode("utf-8", "replace") + str(headers)
        told = {name for name, secret in HIDDEN.items() if secret in seen or json.dumps(secret)[1:-1] in seen}
        if world.hidden_number not in asked[0] + asked[1]:
            told |= {"number"} if world.hidden_number in seen else set()
        assert (asked, told) == (asked, set())


@pytest.mark.parametrize("username", BLIND)
def test_its_photo_is_answered_like_one_that_does_not_exist(world: World, username: str) -> None:
    rules = [rule for rule in world.rules() if "attachments" in rule.rule or "photos" in rule.rule]
    assert rules
    client = world.clients[username]
    for size in ("", "thumb", "shown", "original"):
        query = {"size": size} if size else {}
        hidden = client.get(f"/api/v1/attachments/{world.hidden_photo}", query_string=query)
        nothing = client.get(f"/api/v1/attachments/{'0' * len(world.hidden_photo)}", query_string=query)
        assert hidden.status_code == nothing.status_code != 200
        assert hidden.json["code"] == nothing.json["code"]


def test_those_who_may_see_it_find_it_by_the_same_questions(world: World) -> None:
    """The search above would find something: otherwise it proves nothing."""
    for username in SEEING:
        found = set()
        for _, _, body in world.answers_now(username).values():
            found |= {name for name, secret in HIDDEN.items() if secret in body.decode("utf-8", "replace")}
        assert {"address", "description"} <= found, username
    photo = world.clients["other_unit"].get(f"/api/v1/attachments/{world.hidden_photo}")
    assert photo.status_code == 200


@pytest.mark.parametrize("username", ["unit_leader", "handler"])
def test_a_unit_never_learns_who_found_or_checked_its_case(world: World, username: str) -> None:
    for asked, (_, headers, body) in world.answers_now(username).items():
        seen = body.decode("utf-8", "replace") + str(headers)
        assert (asked, [name for name in (FINDER, CHECKER) if name in seen]) == (asked, [])


def test_the_office_does_learn_who_found_a_case(world: World) -> None:
    history = world.clients["shift_leader"].get(f"/api/v1/cases/{world.open_number}/history").text
    assert FINDER in history
    assert CHECKER in history
