"""A unit's own page: what lies on its desk, signing for one case or several, reporting from the list."""

import re

import pytest

from tests.services.test_statements import counted
from tests.web.pages import Visitor, form_to
from tests.web.test_case_page import SCRIPT, given_to


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("username", ["unit_leader", "handler"])
def test_a_unit_signs_for_one_case_by_one_click_and_for_several_at_once(sqlite_office, username, lang):
    office = sqlite_office
    one, *several = (given_to(office) for _ in range(3))
    unit = Visitor(office, username, lang)
    form = form_to(unit.get("/unit").text, "/unit/accept")
    assert unit.post(form.action, dict(form.fields) | {"one": one}).status_code == 303
    form = form_to(unit.get("/unit").text, "/unit/accept")
    data = dict(form.fields) | {"case": several}
    for _ in range(2):
        assert unit.post(form.action, data).status_code == 303
    states = [office.caller(username).get(f"/cases/{number}").json["state"] for number in (one, *several)]
    assert states == ["handling"] * 3
    assert "/unit/accept" not in unit.get("/unit").text


def test_what_cannot_be_signed_for_is_named_with_the_reason_and_the_others_are(sqlite_office):
    office = sqlite_office
    kept, taken = given_to(office), given_to(office)
    unit = Visitor(office, "unit_leader")
    form = form_to(unit.get("/unit").text, "/unit/accept")
    office.caller("dispatcher").act(taken, "withdraw_dispatch")
    answer = unit.post(form.action, dict(form.fields) | {"case": [kept, taken]})
    assert answer.status_code == 409
    assert taken in answer.text
    assert office.caller("unit_leader").get(f"/cases/{kept}").json["state"] == "handling"


def test_a_report_from_the_list_leads_back_to_the_list(sqlite_office):
    number = given_to(sqlite_office)
    unit = Visitor(sqlite_office, "unit_leader")
    assert f"/cases/{number}/forms/report?back=unit" in unit.get("/unit").text
    fragment = unit.get(f"/cases/{number}/forms/report?back=unit", **{"HX-Request": "true"})
    answer = unit.send(form_to(fragment.text, "/actions/report"), photos=1, done="已清理")
    assert answer.headers["Location"] == "/unit?done=report"


def test_the_page_costs_the_same_whatever_lies_on_the_desk(office):
    unit = Visitor(office, "unit_leader")

    def cost():
        with counted(office) as seen:
            assert unit.get("/unit").status_code == 200
        return len(seen)

    given_to(office)
    few = cost()
    for _ in range(4):
        given_to(office)
    assert cost() == few <= 9


def test_only_units_come_to_a_desk_and_only_to_their_own(sqlite_office):
    number = given_to(sqlite_office, address=SCRIPT, description=SCRIPT)
    assert Visitor(sqlite_office, "dispatcher").get("/unit").status_code == 403
    assert number not in Visitor(sqlite_office, "other_unit").get("/unit").text
    own = Visitor(sqlite_office, "unit_leader").get("/unit").text
    assert number in own
    assert "<script>alert" not in own
    assert re.findall(r"\b(?:unit|case)\.[a-z_0-9]+\b", re.sub(r"<[^>]*>", " ", own)) == []
