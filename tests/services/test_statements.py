"""How many statements a request costs, from the sign-in on; BEGIN, COMMIT and ROLLBACK are not counted."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from gridcase.domain.case import Action
from gridcase.workflow.transitions import BY_PEOPLE
from tests.office import Caller, Office
from tests.walks import WALKERS, WITH_PHOTOS, nothing_by_rule, walks

MOST_FOR_FILING = 6
MOST_FOR_AN_ACTION = 10


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    """Collect the statements that are executed."""
    engine, seen = office.rt.database.engine, []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def callers(office: Office) -> dict[str, Caller]:
    """Everybody an ordinary case needs, signed in; the configuration is loaded by then."""
    found = {name: office.caller(name) for name in WALKERS}
    assert found["acceptor"].get("/cases").status_code == 200
    return found


def test_filing_with_sign_in_photo_and_automatic_dispatch_takes_at_most_six_statements(office, callers):
    inspector = callers["inspector"]
    body = office.filing(attachments=[inspector.photo()])
    with counted(office) as seen:
        answer = inspector.file(body)
    assert (answer.status_code, answer.json["state"]) == (201, "dispatched")
    assert len(seen) <= MOST_FOR_FILING, seen
    tables = [next(word for word in statement.split() if word in TABLES) for statement in seen]
    assert tables == ["person", "attachment", "case_record", "case_event", "case_event_payload", "assignment"]


TABLES = {"person", "attachment", "case_record", "case_event", "case_event_payload", "assignment"}


def test_no_action_takes_more_than_ten_statements(office, callers):
    nothing_by_rule(office)
    dearest = dict.fromkeys(BY_PEOPLE, 0)
    for number, walk in walks(callers, office):
        for caller, action, fields in walk:
            dearest[Action(action)] = max(dearest[Action(action)], cost(caller, number, action, fields))
    assert {action for action, count in dearest.items() if not count} == {Action.FILE}
    assert {action: count for action, count in dearest.items() if count > MOST_FOR_AN_ACTION} == {}


def cost(caller: Caller, number: str, action: str, fields: dict[str, Any]) -> int:
    """Carry an action out and return how many statements it took."""
    photos = {"attachments": [caller.photo("other") for _ in range(3)]}
    etag = caller.get(f"/cases/{number}").headers["ETag"]
    with counted(caller.office) as seen:
        answer = caller.client.post(
            f"/api/v1/cases/{number}/actions/{action}",
            json=fields | (photos if action in WITH_PHOTOS else {}),
            headers=caller.headers | {"If-Match": etag, "Idempotency-Key": str(uuid.uuid4())},
        )
    assert answer.status_code == 200, (action, answer.json)
    return len(seen)


def test_a_list_a_case_and_a_history_cost_the_same_whatever_there_is(office, callers):
    acceptor, inspector = callers["acceptor"], callers["inspector"]
    numbers = [inspector.file().json["number"] for _ in range(3)]
    paths = {
        "list": ("/cases", {}),
        "filtered": ("/cases", {"state": "dispatched", "order": "due", "limit": 2}),
        "case": (f"/cases/{numbers[0]}", {}),
        "history": (f"/cases/{numbers[0]}/history", {}),
        "inspectors": (f"/cases/{numbers[0]}/inspectors", {}),
    }

    def costs() -> dict[str, int]:
        found = {}
        for name, (path, query) in paths.items():
            with counted(office) as seen:
                assert acceptor.get(path, **query).status_code == 200
            found[name] = len(seen)
        return found

    few = costs()
    for _ in range(27):
        inspector.file()
    for _ in range(12):
        acceptor.act(numbers[0], "comment", text="请尽快")
    callers["dispatcher"].act(numbers[0], "reassign", unit="NDJ-HW", reason="workload")
    assert len(acceptor.get("/cases").json["items"]) == 30
    assert costs() == few
    assert max(few.values()) <= 4
    assert few["list"] == 2  # who is calling, and the page


def test_a_replay_costs_little_more(office, callers):
    inspector, key = callers["inspector"], "0" * 32
    body = office.filing()
    inspector.file(body, key=key)
    with counted(office) as seen:
        assert inspector.file(body, key=key).headers["Idempotency-Replayed"] == "true"
    assert len(seen) <= MOST_FOR_FILING + 2
