"""Time does what the rules say, once, whoever looks first; the clock is moved, nobody waits."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gridcase.domain.case import CaseState
from gridcase.domain.errors import WrongStateError
from gridcase.domain.history import LimitedStage
from gridcase.domain.numbers import parse_number
from gridcase.services import watching_cases
from gridcase.services.reading import one_case
from gridcase.services.watching_cases import Ticked, tick
from gridcase.store.configuration import add_version, documents_in_force
from gridcase.store.notices import NoticeRow
from gridcase.workflow import machine
from gridcase.workflow.case import Case
from tests.office import Caller, Office

SECOND = timedelta(seconds=1)


def case_of(office: Office, number: str) -> Case:
    return one_case(office.rt, office.actor("leader"), number).case


def due(office: Office, number: str, stage: LimitedStage) -> datetime:
    return case_of(office, number).clocks[stage].due.due_at


def look(office: Office, at: datetime) -> Ticked:
    office.clock.instant = at
    return tick(office.rt)


def told(office: Office, number: str) -> list[tuple[str, str, str, str | None]]:
    parts = parse_number(number)
    assert parts is not None
    statement = select(NoticeRow).where(NoticeRow.case_id == parts.identity).order_by(NoticeRow.at, NoticeRow.id)
    with office.rt.database.reading() as tx:
        return [(one.kind, one.stage, one.role, one.unit) for one in tx.execute(statement).scalars()]


def actions(caller: Caller, number: str) -> list[tuple[str, str | None]]:
    lines = caller.get(f"/cases/{number}/history").json["items"]
    return [(line["action"], line["role"]) for line in lines]


@pytest.fixture
def callers(office: Office) -> dict[str, Caller]:
    names = ("inspector", "acceptor", "shift_leader", "dispatcher", "unit_leader", "leader")
    return {name: office.caller(name) for name in names}


def test_a_unit_that_does_not_accept_is_taken_to_have_accepted_a_second_after_the_limit(office, callers):
    number = callers["inspector"].file().json["number"]
    limit = due(office, number, LimitedStage.ACCEPT)
    assert look(office, limit).steps == 0
    assert case_of(office, number).state is CaseState.DISPATCHED
    assert look(office, limit + SECOND).steps == 1
    case = case_of(office, number)
    assert case.state is CaseState.HANDLING
    assert case.clocks[LimitedStage.ACCEPT].is_overdue(office.clock.now())  # counted late
    assert actions(callers["leader"], number)[-1] == ("accept", "system")
    assert look(office, limit + SECOND) == Ticked()


def test_a_unit_that_accepts_in_time_is_left_alone(office, callers):
    number = callers["inspector"].file().json["number"]
    limit = due(office, number, LimitedStage.ACCEPT)
    office.clock.instant = limit
    assert callers["unit_leader"].act(number, "accept").status_code == 200
    assert look(office, limit + SECOND).steps == 0


def test_a_verification_goes_to_the_next_inspector_and_then_back(office, callers):
    number = callers["acceptor"].file(office.filing(source="hotline")).json["number"]
    assert callers["acceptor"].act(number, "request_verification").status_code == 200
    first = case_of(office, number).task
    assert look(office, first.due_at).steps == 0
    assert look(office, first.due_at + SECOND).steps == 1
    second = case_of(office, number).task
    assert second.inspector != first.inspector
    assert second.due_at > first.due_at
    assert look(office, second.due_at + SECOND).steps == 1
    case = case_of(office, number)
    assert (case.state, case.task.is_open) == (CaseState.RECEIVED, False)
    assert [one for one, role in actions(callers["leader"], number) if role == "system"] == [
        "reassign_task",
        "withdraw_task",
    ]


def test_a_request_nobody_decides_goes_to_the_leader(office, callers):
    number = callers["inspector"].file().json["number"]
    callers["unit_leader"].act(number, "accept")
    asked = callers["unit_leader"].act(
        number, "ask_extension", reason="weather", amount={"amount": "1", "unit": "working_hour"}
    )
    assert asked.status_code == 200, asked.json
    (request,) = case_of(office, number).pending
    assert look(office, request.decide_by).steps == 0
    assert look(office, request.decide_by + SECOND).steps == 1
    (request,) = case_of(office, number).pending
    assert request.decider == "leader"
    refused = callers["shift_leader"].act(number, "decide_extension", ruling="grant")
    assert refused.json["code"] == "leader_decides"
    assert callers["leader"].act(number, "decide_extension", ruling="grant").status_code == 200


def test_a_suspension_ends_by_itself_at_its_date(office, callers):
    number = callers["inspector"].file().json["number"]
    callers["unit_leader"].act(number, "accept")
    until = office.clock.now() + timedelta(days=3)
    callers["unit_leader"].act(number, "ask_suspension", reason="season", until=until.isoformat())
    callers["shift_leader"].act(number, "decide_suspension", ruling="grant")
    assert case_of(office, number).state is CaseState.SUSPENDED
    assert look(office, until - SECOND).steps == 0
    assert look(office, until).steps == 1
    assert case_of(office, number).state is CaseState.HANDLING


def test_a_warning_comes_once_and_before_the_breach(office, callers):
    number = callers["inspector"].file().json["number"]
    callers["unit_leader"].act(number, "accept")
    clock = case_of(office, number).clocks[LimitedStage.HANDLE].due
    for minutes in range(0, 181, 10):
        look(office, clock.started_at + timedelta(minutes=minutes))
    handle = [one for one in told(office, number) if one[1] == "handle"]
    assert handle == [
        ("warning", "handle", "dispatcher", "NDJ-ZF"),
        ("breach", "handle", "dispatcher", "NDJ-ZF"),
    ]


def test_a_breach_is_told_though_the_same_look_stops_its_clock(office, callers):
    number = callers["inspector"].file().json["number"]
    look(office, due(office, number, LimitedStage.ACCEPT) + SECOND)
    assert ("breach", "accept", "dispatcher", "NDJ-ZF") in told(office, number)


def nobody_is_responsible(office: Office) -> None:
    """Leave of the routing table only what takes no fire lanes."""
    with office.rt.database.writing() as tx:
        (row,) = [one for one in documents_in_force(tx) if one.kind == "routing"]
        rules = [one | {"types": ["GBT47678.5-2026/component/01*"]} for one in row.body["rules"][:1]]
        body = row.body | {"rules": rules}
        add_version(tx, kind=row.kind, name=row.name, digest="-", body=body, now=office.clock.now())


def test_a_case_nobody_is_responsible_for_raises_an_alarm_once(office, callers):
    nobody_is_responsible(office)
    number = callers["inspector"].file().json["number"]
    assert case_of(office, number).is_unrouted
    look(office, office.clock.now())
    look(office, office.clock.now() + SECOND)
    assert [one for one in told(office, number) if one[0] == "no_route"] == [("no_route", "", "dispatcher", None)]


def test_two_that_look_at_once_take_every_step_once(office, callers):
    numbers = [callers["inspector"].file().json["number"] for _ in range(6)]
    office.clock.instant = max(due(office, one, LimitedStage.ACCEPT) for one in numbers) + SECOND
    office.rt.reference()
    start, found = threading.Barrier(2), []

    def run() -> None:
        start.wait()
        found.append(tick(office.rt))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(one.steps for one in found) == len(numbers)
    for number in numbers:
        assert [role for _, role in actions(callers["leader"], number)].count("system") == 3
        assert len(told(office, number)) == len(set(told(office, number)))


def test_a_look_that_is_interrupted_is_taken_up_again(office, callers):
    numbers = [callers["inspector"].file().json["number"] for _ in range(4)]
    office.clock.instant = max(due(office, one, LimitedStage.ACCEPT) for one in numbers) + SECOND
    calls = iter(range(10))

    def alive() -> None:
        if next(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tick(office.rt, alive=alive)
    assert [case_of(office, one).state for one in numbers].count(CaseState.HANDLING) == 2
    assert tick(office.rt).steps == 2


def test_a_case_that_its_rules_refuse_holds_up_no_other_and_does_not_come_first_again(office, callers, monkeypatch):
    first, second = (callers["inspector"].file().json["number"] for _ in range(2))
    office.clock.instant = due(office, second, LimitedStage.ACCEPT) + SECOND

    def decide(situation, action, payload):
        if situation.case.number == first:
            raise WrongStateError("wrong_state")
        return machine.decide(situation, action, payload)

    monkeypatch.setattr(watching_cases, "decide", decide)
    done = tick(office.rt)
    assert (done.looked_at, done.steps, len(done.failed)) == (2, 1, 1)
    assert tick(office.rt) == Ticked()
    monkeypatch.undo()
    assert look(office, office.clock.now() + watching_cases.AGAIN_AFTER).steps == 1
    assert case_of(office, first).state is CaseState.HANDLING


def test_people_are_told_what_is_theirs_page_by_page(office, callers):
    numbers = [callers["inspector"].file().json["number"] for _ in range(3)]
    look(office, due(office, numbers[-1], LimitedStage.ACCEPT) + SECOND)
    first = callers["unit_leader"].get("/notices", limit=4).json
    rest = callers["unit_leader"].get("/notices", limit=200, cursor=first["next_cursor"]).json
    both = first["items"] + rest["items"]
    assert rest["next_cursor"] is None
    assert len({one["id"] for one in both}) == len(both)
    assert sorted(one["number"] for one in both if (one["kind"], one["stage"]) == ("breach", "accept")) == numbers
    assert {one["number"] for one in callers["dispatcher"].get("/notices").json["items"]} == set(numbers)
    assert callers["acceptor"].get("/notices").json == {"items": [], "next_cursor": None}
    assert office.caller("other_unit").get("/notices").json["items"] == []
    assert callers["acceptor"].get("/notices", cursor="x").status_code == 422
