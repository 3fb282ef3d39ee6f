"""The straight line: one case through every state to closed, over HTTP."""

from tests.office import Office


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
