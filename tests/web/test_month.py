"""The pages of a month as each role meets them: what they show, what they refuse, and the numbers they lead to."""

import io
import re

import pytest

from gridcase.services import running_month
from tests.feeds import settle
from tests.months import LATER, PERIOD, PUBLICITY_ENDS, reported_case
from tests.office import MONDAY, Office
from tests.services.test_statements import counted
from tests.web.test_sessions import OWN, sign_in

RULES = "production-formula"
SCRIPT = "<script>alert(1)</script>{{ 7*7 }}"
PARTS = ("", "/appeals", "/exemptions", "/scores", "/adjustments", "/reconciliation")


@pytest.fixture
def october(office: Office) -> Office:
    reported_case(office)
    office.caller("inspector").file()
    settle(office)
    office.clock.instant = PUBLICITY_ENDS
    return office


def run(office: Office) -> int:
    return running_month.run_month(office.rt, office.actor("assessor"), PERIOD, RULES).id


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("role", ["assessor", "leader", "admin", "unit_leader"])
def test_every_part_of_a_month_opens_for_who_sees_months(october: Office, role: str, lang: str):
    identity = run(october)
    client, _ = sign_in(october, role)
    paths = ["/month", *(f"/month/{PERIOD}{part}" for part in PARTS), f"/month/runs/{identity}"]
    paths.append(f"/month/runs/{identity}/subjects/NDJ-ZF")
    for path in paths:
        answer = client.get(f"{path}?lang={lang}")
        assert answer.status_code == 200, path
        assert answer.headers["Content-Language"].startswith(lang)
        assert "month." not in re.sub(r"/[^\"]*month\.(css|js)", "", answer.text), path


@pytest.mark.parametrize("role", ["inspector", "acceptor", "shift_leader", "dispatcher", "chief"])
def test_nobody_else_sees_a_month(october: Office, role: str):
    identity = run(october)
    client, _ = sign_in(october, role)
    for part in PARTS:
        assert client.get(f"/month/{PERIOD}{part}").status_code == 403
    for path in ("", "/subjects/NDJ-ZF", "/cases?subject=NDJ-ZF&line=x", "/package", "/deliveries"):
        assert client.get(f"/month/runs/{identity}{path}").status_code in (403, 404), path
    assert client.get("/month/what-if").status_code == 403


def test_another_unit_reaches_neither_score_nor_cases(october: Office):
    identity = run(october)
    client, _ = sign_in(october, "other_unit")
    assert "NDJ-ZF" not in client.get(f"/month/runs/{identity}").text
    assert client.get(f"/month/runs/{identity}/subjects/NDJ-ZF").status_code == 404
    listed = f"/month/runs/{identity}/cases?subject=NDJ-ZF&indicator=on_time&term=rate&count=due_to_handle"
    assert client.get(listed).status_code == 404


def test_every_number_of_the_indicators_leads_to_exactly_so_many_cases(october: Office):
    identity = run(october)
    client, _ = sign_in(october, "assessor")
    page = client.get(f"/month/runs/{identity}/subjects/NDJ-ZF").text
    numbers = re.findall(r'<a class="num" href="([^"]+)"[^>]*>(\d+)</a>', page)
    assert len(numbers) >= 6
    for address, number in numbers:
        listed = client.get(address.replace("&amp;", "&")).text
        assert re.search(r"data-number>(\d+)<", listed)[1] == number
        assert len(re.findall(r'<th scope="row"><a class="number"', listed)) == int(number)


def test_the_pages_take_as_many_statements_however_many_cases_and_runs_there_are(october: Office):
    def costs() -> dict[str, int]:
        client, _ = sign_in(october, "assessor")
        identity = run(october)
        rows = "cases?subject=NDJ-ZF&line=on_time/rate/term"
        found = {}
        for part in (PERIOD, "runs/{}", "runs/{}/subjects/NDJ-ZF", "runs/{}/" + rows):
            path = f"/month/{part}".format(identity)
            client.get(path)
            with counted(october) as seen:
                answer = client.get(path)
            assert answer.status_code == 200, path
            found[part] = len(seen)
        numbers.append(len(set(re.findall(r'href="/cases/(\w+)"', answer.text))))
        return found

    numbers: list[int] = []
    few = costs()
    october.clock.instant = MONDAY
    inspector = october.caller("inspector")
    for _ in range(5):
        inspector.file()
    settle(october)
    october.clock.instant = PUBLICITY_ENDS
    assert costs() == few
    assert numbers[1] == numbers[0] + 5
    assert max(few.values()) <= 16


def test_what_may_not_be_done_yet_is_said_and_nothing_typed_is_lost(october: Office):
    identity = run(october)
    client, _ = sign_in(october, "assessor")
    page = client.get(f"/month/{PERIOD}").text
    assert "disabled" in page
    refused = client.post(f"/month/runs/{identity}/seal", headers=OWN)
    assert (refused.status_code, "公示" in refused.text) == (409, True)
    october.clock.instant = LATER
    client, _ = sign_in(october, "assessor")
    given = {"rule_set": "production-formula", "subject": "NDJ-ZF", "points": "much", "reason": SCRIPT}
    answer = client.post(f"/month/{PERIOD}/adjustments", data=given, headers=OWN)
    assert answer.status_code == 422
    assert SCRIPT not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_month_that_is_worked_on_is_drawn_anew_only_when_the_work_is_done(october: Office):
    client, _ = sign_in(october, "assessor")
    state = f"/month/{PERIOD}/state"
    assert client.post(f"/month/{PERIOD}/runs", data={"rule_set": RULES}, headers=OWN).status_code == 303
    assert 'hx-trigger="every 2s"' in client.get(f"/month/{PERIOD}").text
    waiting = client.get(state)
    assert (waiting.status_code, waiting.text) == (204, ""), "the browser leaves what is there"
    assert running_month.work_off(october.rt) == 1
    done = client.get(state)
    assert (done.status_code, "hx-trigger" in done.text) == (200, False)


def test_a_run_without_rules_is_refused_at_its_field(october: Office):
    client, _ = sign_in(october, "assessor")
    refused = client.post(f"/month/{PERIOD}/runs", data={"rule_set": ""}, headers=OWN)
    assert refused.status_code == 422
    assert 'id="f-rule_set-error"' in refused.text
    assert "rule_set：" not in refused.text


def test_a_list_of_findings_is_previewed_taken_in_and_compared(october: Office):
    client, _ = sign_in(october, "assessor")
    rows = "their_number,kind,unit\nS1,record,NDJ-ZF\nS2,nonsense,NDJ-ZF\n"
    for field in ({"preview": "1"}, {}):
        file = {"file": (io.BytesIO(rows.encode()), "f.csv"), "system": "centre"}
        answer = client.post(f"/month/{PERIOD}/findings", data=file | field, headers=OWN)
        assert answer.status_code == 200
        assert "nonsense" in answer.text
    assert "已导入 1 条" in client.get(f"/month/{PERIOD}/reconciliation").text
    assert client.post(f"/month/{PERIOD}/reconciliation", headers=OWN).status_code == 303
    assert running_month.work_off(october.rt) == 1
    assert "S1" in client.get(f"/month/{PERIOD}/reconciliation").text


def test_a_draft_of_rules_is_checked_by_the_line(october: Office):
    client, _ = sign_in(october, "leader")
    answer = client.post("/month/what-if", data={"text": "name: [", "check": "1"}, headers=OWN)
    assert answer.status_code == 422
    assert "line" in answer.text
