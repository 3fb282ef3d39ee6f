"""The straight line, one case through every state to closed, over HTTP; and crooked ones through the whole table."""

from datetime import timedelta

from gridcase.domain.case import Action
from gridcase.domain.numbers import parse_number
from gridcase.store.cases import load_case
from gridcase.store.history import lines_of, to_event
from gridcase.workflow.transitions import BY_PEOPLE
from tests.office import Office
from tests.replay import as_replayed, replay
from tests.walks import WALKERS, WITH_PHOTOS, nothing_by_rule, walks


def test_a_blocked_fire_lane_goes_from_filing_to_closed(office: Office) -> None:
    inspector, second = office.caller("inspector"), office.caller("inspector2")
    unit, acceptor, leader = office.caller("unit_leader"), office.caller("acceptor"), office.caller("shift_leader")
    filed = inspector.file(office.filing(attachments=[inspector.photo()]))
    assert filed.status_code == 201
    assert filed.json["state"] == "dispatched"
    number = filed.json["number"]

    assert unit.act(number, "accept").json["state"] == "handling"
    reported = unit.act(number, "report", done="已清理", attachments=[unit.photo("handle")])
    assert reported.json["state"] == "reported"
    person = second.get("/me").json["id"]
    assert acceptor.act(number, "request_check", mode="on_site", inspector=person).json["state"] == "checking"
    checked = second.act(number, "check", result="pass", attachments=[second.photo("check")])
    assert checked.json["state"] == "reported"
    closed = leader.act(number, "close")
    assert closed.status_code == 200
    assert (closed.json["state"], closed.json["overdue"]) == ("closed", False)


def test_every_action_of_the_table_leaves_a_history_that_tells_the_case(office: Office) -> None:
    nothing_by_rule(office)
    callers = {name: office.caller(name) for name in WALKERS}
    done = {Action.FILE}
    for number, walk in walks(callers, office):
        parts = parse_number(number)
        assert parts is not None
        for caller, action, fields in walk:
            photos = {"attachments": [caller.photo("other")]} if action in WITH_PHOTOS else {}
            office.clock.advance(timedelta(minutes=1))
            answer = caller.act(number, action, **fields, **photos)
            assert answer.status_code == 200, (action, answer.json)
            done.add(Action(action))
            with office.rt.database.reading() as tx:
                stored = load_case(tx, parts.identity, office.actor("acceptor"))
                rows = lines_of(tx, parts.identity)
            assert stored is not None
            told = replay([to_event(row, stored.case.number) for row, _payload, _name in rows])
            assert told == as_replayed(stored.case), action
    assert done == BY_PEOPLE
