"""The leader's page: every figure is the length of its list, whoever looks, and supervising starts from there."""

import re
from datetime import timedelta

import pytest

from gridcase.services.dashboard import Figure
from tests.services.test_statements import counted
from tests.walks import nothing_by_rule
from tests.web.pages import Visitor, form_to


def case_at(office, state, **changes):
    """File a case of the first unit and take it to a state."""
    acceptor, dispatcher, unit = (office.caller(name) for name in ("acceptor", "dispatcher", "unit_leader"))
    number = acceptor.file(office.filing(source="hotline", **changes)).json["number"]
    steps = (
        ("registered", lambda: acceptor.act(number, "register", condition="1")),
        ("dispatched", lambda: dispatcher.act(number, "dispatch", unit="NDJ-ZF")),
        ("handling", lambda: unit.act(number, "accept")),
        ("reported", lambda: unit.act(number, "report", done="已清理", attachments=[unit.photo("handle")])),
        ("checked", lambda: acceptor.act(number, "request_check", mode="waived", note="照片清楚")),
        ("closed", lambda: office.caller("shift_leader").act(number, "close")),
    )
    if state == "received":
        return number
    for name, step in steps:
        answer = step()
        assert answer.status_code == 200, (name, answer.json)
        if name == state:
            return number
    raise AssertionError(state)


def figures_of(html):
    """Return the number of each tile."""
    found = re.findall(
        r'href="/dashboard/cases\?figure=(\w+)"><span[^>]*>[^<]*</span> <span class="figure">(\d+)<', html
    )
    return {name: int(number) for name, number in found}


def numbers_in(html):
    return set(re.findall(r'<span class="number soft">(\w+)</span>', html))


@pytest.fixture
def busy(office):
    """An office with a case in every state that matters; returned by state."""
    nothing_by_rule(office)
    states = ("received", "registered", "dispatched", "handling", "reported", "closed")
    return {state: case_at(office, state) for state in states}


def test_every_figure_is_the_number_of_cases_in_its_list(office, busy):
    office.caller("unit_leader").act(busy["dispatched"], "return_task", reason="not_ours", note="不归我们")
    amount = {"amount": "1", "unit": "working_hour"}
    office.caller("unit_leader").act(busy["handling"], "ask_extension", reason="weather", amount=amount, note="下雨")
    leader = Visitor(office, "leader")
    html = leader.get("/dashboard").text
    figures = figures_of(html)
    assert figures.keys() == {str(one) for one in Figure} - {"recurrent"}
    for name, number in figures.items():
        said = leader.get(f"/dashboard/cases?figure={name}").text
        assert (name, len(numbers_in(said))) == (name, number)
        assert f"共 {number} 件" in said
    assert {name: figures[name] for name in ("filed", "registered", "dispatched", "closed", "open")} == {
        "filed": 6,
        "registered": 5,
        "dispatched": 4,
        "closed": 1,
        "open": 5,
    }
    assert [figures[name] for name in ("received", "unassigned", "returned", "undecided", "reported")] == [1] * 5


def test_yesterday_is_not_today_and_has_a_list_of_its_own(office, busy):
    day = office.clock.now().astimezone(office.rt.settings.zone).date()
    office.clock.instant += timedelta(days=1)
    leader = Visitor(office, "leader")
    figures = figures_of(leader.get("/dashboard").text)
    assert [figures[name] for name in ("filed", "registered", "dispatched", "closed")] == [0] * 4
    assert figures["open"] == 5
    html = leader.get("/dashboard").text
    assert f"figure=filed&amp;day={day}" in html
    assert len(numbers_in(leader.get(f"/dashboard/cases?figure=filed&day={day}").text)) == 6
    assert numbers_in(leader.get(f"/dashboard/cases?figure=closed&day={day}").text) == {busy["closed"]}


def test_a_passed_limit_counts_once_as_new_and_stays_overdue(office, busy):
    office.clock.instant += timedelta(days=1)
    leader = Visitor(office, "leader")
    figures = figures_of(leader.get("/dashboard").text)
    assert figures["overdue"] == 5
    # By the end of the day before: two working hours from the morning on.
    before = office.clock.now().astimezone(office.rt.settings.zone).date() - timedelta(days=1)
    late = numbers_in(leader.get(f"/dashboard/cases?figure=breached&day={before}").text)
    assert late == {busy["dispatched"], busy["handling"]}
    assert figures["breached"] == 0
    by_unit = numbers_in(leader.get("/dashboard/cases?figure=overdue&unit=NDJ-ZF").text)
    assert by_unit == {busy["dispatched"], busy["handling"], busy["reported"]}
    nobodys = numbers_in(leader.get("/dashboard/cases?figure=overdue&unit=").text)
    assert nobodys == {busy["received"], busy["registered"]}


def test_hot_cells_are_told_with_the_week_before_and_lead_to_their_cases(office):
    nothing_by_rule(office)
    case_at(office, "received")
    office.clock.instant += timedelta(days=8)
    numbers = {case_at(office, "received") for _ in range(2)}
    cell = office.caller("acceptor").get(f"/cases/{min(numbers)}").json["cell"]
    html = Visitor(office, "leader").get("/dashboard").text
    row = re.search(rf"<tr><th scope=\"row\"><span class=\"code\">{cell}</span>.*?</tr>", html)[0]
    assert [int(one) for one in re.findall(r">(\d+)</(?:b|a|td)>", row)] == [2, 1, 3]
    said = Visitor(office, "leader").get(f"/dashboard/cases?figure=open&area={cell}").text
    assert numbers < numbers_in(said)


def test_a_leader_supervises_from_the_page_and_comes_back_to_it(office, busy):
    office.clock.instant += timedelta(days=1)
    leader = Visitor(office, "leader")
    html = leader.get("/dashboard").text
    assert f"/cases/{busy['handling']}/forms/supervise?back=dashboard" in html
    form = leader.get(f"/cases/{busy['handling']}/forms/supervise?back=dashboard", **{"HX-Request": "true"})
    answer = leader.send(form_to(form.text, "/actions/supervise"), text="请说明")
    assert (answer.status_code, answer.location) == (303, "/dashboard?done=supervise")
    assert "督办中" in leader.get("/dashboard").text


def test_many_cases_are_supervised_at_once_and_only_once(office, busy):
    leader = Visitor(office, "leader")
    path = "/dashboard/cases?figure=open"
    chosen = [busy["dispatched"], busy["handling"]]
    form = form_to(leader.get(path).text, "/dashboard/cases")
    data = dict(form.fields) | {"case": chosen, "text": "今日办结"}
    for _ in range(2):
        assert leader.post(form.action, data).location == "/dashboard?supervised=2"
    for number in chosen:
        lines = office.caller("leader").get(f"/cases/{number}/history").json["items"]
        assert [line["action"] for line in lines].count("supervise") == 1


def test_what_could_not_be_supervised_is_named_and_nothing_chosen_or_typed_is_lost(sqlite_office):
    office = sqlite_office
    nothing_by_rule(office)
    opened, ended = case_at(office, "handling"), case_at(office, "closed")
    leader = Visitor(office, "leader")
    form = form_to(leader.get("/dashboard/cases?figure=open").text, "/dashboard/cases")
    empty = leader.post(form.action, dict(form.fields) | {"case": [opened]})
    assert empty.status_code == 422
    assert 'id="f-text-error"' in empty.text
    assert f'value="{opened}" aria-label="选择 {opened}" checked' in empty.text
    none = leader.post(form.action, dict(form.fields) | {"text": "请说明"})
    assert (none.status_code, "请先勾选案件" in none.text, "请说明" in none.text) == (422, True, True)
    mixed = leader.post(form.action, dict(form.fields) | {"text": "请说明", "case": [opened, ended, "NDJ-none"]})
    assert mixed.status_code == 409
    refused = re.search(r'role="alert".*?</ul>', mixed.text, re.DOTALL)[0]
    assert ended in refused
    assert opened not in refused


@pytest.mark.parametrize("username", ["inspector", "acceptor", "dispatcher", "unit_leader", "handler", "chief"])
def test_who_neither_leads_nor_assesses_sees_no_figure_and_supervises_nothing(sqlite_office, username):
    office = sqlite_office
    nothing_by_rule(office)
    number = case_at(office, "handling")
    visitor = Visitor(office, username)
    for path in ("/dashboard", "/dashboard/cases?figure=open"):
        assert visitor.get(path).status_code == 403
    assert visitor.post("/dashboard/cases?figure=open", {"case": [number], "text": "x"}).status_code == 403


@pytest.mark.parametrize("username", ["shift_leader", "assessor", "admin"])
def test_who_looks_but_does_not_lead_is_offered_no_supervision(sqlite_office, username):
    office = sqlite_office
    nothing_by_rule(office)
    number = case_at(office, "handling")
    visitor = Visitor(office, username)
    for path in ("/dashboard", "/dashboard/cases?figure=open"):
        html = visitor.get(path).text
        assert "督办" not in re.sub(r"<dialog.*?</dialog>", "", html, flags=re.DOTALL)
    answer = visitor.post("/dashboard/cases?figure=open", {"case": [number], "text": "x"})
    assert answer.status_code == 409


def test_a_figure_or_day_that_is_none_is_not_found(sqlite_office):
    leader = Visitor(sqlite_office, "leader")
    days = ("x", "0001-01-01", "9999-12-31")
    for query in ("", "?figure=x", *(f"?figure=filed&day={day}" for day in days)):
        assert leader.get(f"/dashboard/cases{query}").status_code == 404
    assert leader.get("/dashboard/cases?figure=filed&day=1999-01-01").status_code == 200


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_of_both_pages_is_known(sqlite_office, lang):
    nothing_by_rule(sqlite_office)
    case_at(sqlite_office, "handling")
    leader = Visitor(sqlite_office, "leader", lang)
    for path in ("/dashboard", *(f"/dashboard/cases?figure={one}" for one in Figure)):
        said = re.sub(r"<script.*?</script>|<[^>]*>", " ", leader.get(path).text, flags=re.DOTALL)
        assert re.findall(r"\bdash\.[a-z_]+", said) == []


def test_the_page_costs_the_same_however_many_cases_there_are(office):
    nothing_by_rule(office)
    case_at(office, "handling")

    def cost(path):
        leader = Visitor(office, "leader")
        leader.get(path)
        with counted(office) as seen:
            assert leader.get(path).status_code == 200
        return len(seen)

    paths = ("/dashboard", "/dashboard/cases?figure=overdue")
    few = [cost(path) for path in paths]
    for state in ("received", "registered", "dispatched", "closed"):
        case_at(office, state)
    office.clock.instant += timedelta(days=1)
    assert [cost(path) for path in paths] == few
    assert few[0] <= 9
    assert few[1] <= 3


def test_pages_of_a_list_follow_each_other_without_gaps(sqlite_office, monkeypatch):
    monkeypatch.setattr("gridcase.web.console.dashboard_page._PAGE", 2)
    office = sqlite_office
    nothing_by_rule(office)
    filed = {case_at(office, "received") for _ in range(5)}
    leader, path, seen = Visitor(office, "leader"), "/dashboard/cases?figure=filed", []
    while path:
        html = leader.get(path).text
        seen += numbers_in(html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        path = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == 5
    assert set(seen) == filed
