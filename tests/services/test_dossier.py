"""What one page shows of a case, and a unit's desk: who sees what of it, and that it costs the same however much."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from gridcase.domain.case import CaseKind, Scheme, TypeKey
from gridcase.domain.errors import NotFoundError, NotPermittedError
from gridcase.domain.place import GeoPoint
from gridcase.services.dossier import Relation, dossier, pulse, similar
from gridcase.services.unit_desk import Tray, unit_desk
from gridcase.store.cases import CaseRow
from tests.office import FIRE_LANE, Office
from tests.services.test_statements import counted
from tests.walks import nothing_by_rule

KIND = TypeKey(scheme=Scheme(FIRE_LANE["scheme"]), kind=CaseKind.EVENT, code=FIRE_LANE["code"])


@pytest.fixture
def acceptor(office):
    nothing_by_rule(office)
    return office.caller("acceptor")


def filed(acceptor, **changes):
    return acceptor.file(acceptor.office.filing(source="hotline", **changes)).json["number"]


def test_a_lead_shows_its_followers_and_a_follower_its_lead(office, acceptor):
    lead, follower = filed(acceptor), filed(acceptor)
    assert acceptor.act(follower, "link_duplicate", lead=lead).status_code == 200
    actor = office.actor("acceptor")
    assert relations(dossier(office.rt, actor, lead)) == [(Relation.FOLLOWER, follower)]
    assert relations(dossier(office.rt, actor, follower)) == [(Relation.LEAD, lead)]


def relations(found):
    return [(one.relation, one.listed.case.number) for one in found.linked]


def test_similar_open_cases_are_those_of_the_type_within_200_metres_nearest_first(office, acceptor):
    here = office.point()
    number = filed(acceptor)
    near = filed(acceptor, location={"lon": here.lon + 0.0005, "lat": here.lat})
    nearer = filed(acceptor, location={"lon": here.lon, "lat": here.lat + 0.0001})
    filed(acceptor, location={"lon": here.lon, "lat": here.lat + 0.003})
    voided = filed(acceptor)
    acceptor.act(voided, "void", reason="test")
    found = dossier(office.rt, office.actor("acceptor"), number).similar
    assert [one.listed.case.number for one in found] == [nearer, near]
    assert [round(one.distance_m) for one in found] == [11, 47]
    before_filing = similar(office.rt, office.actor("acceptor"), [KIND], here)
    assert [one.listed.case.number for one in before_filing] == [number, nearer, near]


def test_a_unit_sees_no_similar_case_of_another_unit(office, acceptor):
    ours, others = filed(acceptor), filed(acceptor)
    dispatcher = office.caller("dispatcher")
    for number, unit in ((ours, "NDJ-ZF"), (others, "NDJ-HW")):
        acceptor.act(number, "register", condition="1")
        dispatcher.act(number, "dispatch", unit=unit)
    actor = office.actor("unit_leader")
    assert dossier(office.rt, actor, ours).similar == ()
    for read in (dossier, pulse):
        with pytest.raises(NotFoundError):
            read(office.rt, actor, others)


def test_the_pulse_counts_versions_and_lines_of_history(office, acceptor):
    number = filed(acceptor)
    before = pulse(office.rt, office.actor("acceptor"), number)
    acceptor.act(number, "comment", text="请尽快")
    commented = pulse(office.rt, office.actor("acceptor"), number)
    acceptor.act(number, "register", condition="1")
    registered = pulse(office.rt, office.actor("acceptor"), number)
    assert (commented.version - before.version, commented.lines - before.lines) == (0, 1)
    assert (registered.version - before.version, registered.lines - before.lines) == (1, 2)


def test_a_dossier_costs_the_same_after_a_long_life(office, acceptor):
    number = filed(acceptor)
    actor = office.actor("acceptor")
    few = cost_of(office, lambda: dossier(office.rt, actor, number))
    for _ in range(12):
        acceptor.act(number, "comment", text="请尽快")
        filed(acceptor)
    assert cost_of(office, lambda: dossier(office.rt, actor, number)) == few
    assert few <= 8


def cost_of(office: Office, read) -> int:
    with counted(office) as seen:
        read()
    return len(seen)


def test_a_unit_desk_sorts_cases_into_trays(office, acceptor):
    dispatcher, unit, leader = (office.caller(name) for name in ("dispatcher", "unit_leader", "leader"))
    numbers = [filed(acceptor) for _ in range(5)]
    to_sign, in_hand, given, returned, _undispatched = numbers
    for number in numbers[:4]:
        acceptor.act(number, "register", condition="1")
        dispatcher.act(number, "dispatch", unit="NDJ-ZF", assisting=[{"unit": "NDJ-SZ"}])
    for number in (in_hand, given):
        unit.act(number, "accept")
    unit.act(given, "assign", unit="NDJ-HW-01")
    unit.act(returned, "return_task", reason="not_ours")
    leader.act(in_hand, "supervise", text="请说明进展")
    unit.act(in_hand, "ask_extension", amount={"amount": "1", "unit": "working_hour"}, reason="workload")
    desk = unit_desk(office.rt, office.actor("unit_leader"), office.rt.reference())
    found = {one.stored.case.number: one.trays for one in desk.cases}
    assert found == {
        to_sign: {Tray.TO_SIGN},
        in_hand: {Tray.IN_HAND, Tray.REQUESTS, Tray.SUPERVISED},
        given: {Tray.GIVEN},
        returned: {Tray.RETURNED},
    }
    theirs = unit_desk(office.rt, office.actor("contractor"), office.rt.reference())
    assert [(one.stored.case.number, one.trays) for one in theirs.cases] == [(given, {Tray.FOR_US})]


def test_what_failed_its_check_lies_in_the_tray_of_rework(office, acceptor):
    people = {name: office.caller(name) for name in ("dispatcher", "unit_leader", "inspector", "inspector2")}
    number = filed(acceptor)
    acceptor.act(number, "register", condition="1")
    people["dispatcher"].act(number, "dispatch", unit="NDJ-ZF")
    photo = people["unit_leader"].photo("handle")
    people["unit_leader"].act(number, "report", done="已清理", attachments=[photo])
    acceptor.act(number, "request_check", mode="on_site")
    for name in ("inspector", "inspector2"):
        checker = people[name]
        checker.act(number, "check", result="fail", attachments=[checker.photo("check")])
    assert acceptor.act(number, "rework", note="没有清理干净").status_code == 200
    desk = unit_desk(office.rt, office.actor("handler"), office.rt.reference())
    assert [one.trays for one in desk.cases] == [{Tray.REWORK}]


def test_a_desk_costs_the_same_whatever_lies_on_it(office, acceptor):
    dispatcher = office.caller("dispatcher")
    reference, actor = office.rt.reference(), office.actor("unit_leader")

    def give(times: int) -> None:
        for _ in range(times):
            number = filed(acceptor)
            acceptor.act(number, "register", condition="1")
            dispatcher.act(number, "dispatch", unit="NDJ-ZF")

    give(1)
    few = cost_of(office, lambda: unit_desk(office.rt, actor, reference))
    give(5)
    assert cost_of(office, lambda: unit_desk(office.rt, actor, reference)) == few == 3


def test_only_units_have_a_desk(office):
    with pytest.raises(NotPermittedError):
        unit_desk(office.rt, office.actor("dispatcher"), office.rt.reference())


def test_coordinates_that_mean_nothing_find_nothing_similar(office, acceptor):
    point = GeoPoint.from_degrees(lon=100.0, lat=10.0)
    filed(acceptor)
    assert similar(office.rt, office.actor("acceptor"), [KIND], point) == ()


@pytest.mark.parametrize("column", ["scheme", "kind"])
def test_a_case_of_another_type_with_the_same_code_is_not_similar(office, acceptor, column):
    other = filed(acceptor)
    both = [KIND, replace(KIND, scheme=Scheme.LOCAL), replace(KIND, kind=CaseKind.COMPONENT)]
    ask = {"lon": office.point().lon, "lat": office.point().lat, "type": str(KIND)}
    assert [one["number"] for one in acceptor.get("/cases/nearby", **ask).json["items"]] == [other]
    with office.rt.database.writing() as tx:
        given = {"scheme": str(Scheme.LOCAL), "kind": str(CaseKind.COMPONENT)}
        tx.execute(update(CaseRow).values({column: given[column]}))
    assert acceptor.get("/cases/nearby", **ask).json["items"] == []
    actor, here = office.actor("acceptor"), office.point()
    assert similar(office.rt, actor, [KIND], here) == ()
    assert [one.listed.case.number for one in similar(office.rt, actor, both, here)] == [other]
