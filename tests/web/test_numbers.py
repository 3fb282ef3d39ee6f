"""Numbers that no row and no year has, where pages take numbers: answered, never a fault."""

import pytest

from tests.months import PERIOD
from tests.office import Office
from tests.web.pages import Visitor

HUGE = ("2147483648", "1" + "0" * 20, "9" * 5000, "²", "١")
ASKED = {
    "assessor": (
        f"/month/{PERIOD}/appeals?after=",
        f"/month/{PERIOD}/adjustments?page=",
        "/month/what-if?before=",
        "/anomalies?cursor=",
    ),
    "admin": ("/admin/calendar?year=", "/admin/history?before=", "/map/points?days=", "/notices/recipients?person="),
    "leader": ("/dashboard?supervised=", "/dashboard/cases?figure=open&after="),
    "unit_leader": ("/unit?signed=",),
}


@pytest.mark.parametrize("role", ASKED)
def test_a_number_too_large_in_an_address_is_answered(office: Office, role: str):
    visitor = Visitor(office, role)
    for address in ASKED[role]:
        for number in HUGE:
            assert visitor.get(address + number).status_code < 500, (address, number[:30])


def test_a_number_too_large_in_a_form_is_answered(office: Office):
    number = office.caller("inspector").file().json["number"]
    dispatcher = Visitor(office, "dispatcher")
    for huge in HUGE:
        assert dispatcher.post(f"/queue/views/{10**20}/forget", {}).status_code == 404
        version = dispatcher.post(f"/cases/{number}/actions/comment", {"text": "看过", "version": huge})
        assert version.status_code < 500
        pulse = dispatcher.get(f"/cases/{number}/pulse?seen={huge}")
        assert (pulse.status_code, pulse.text) == (204, "")
    acceptor = Visitor(office, "acceptor")
    for huge in HUGE:
        asked = acceptor.post(f"/cases/{number}/actions/request_verification", {"inspector": huge, "version": "1"})
        assert asked.status_code in (404, 409, 422)
    admin = Visitor(office, "admin")
    for huge in HUGE:
        holiday = {"name": "春节", "first": "2027-02-06", "last": "2027-02-12", "year": huge}
        assert admin.post("/admin/calendar/holidays", holiday).status_code in (200, 422)
