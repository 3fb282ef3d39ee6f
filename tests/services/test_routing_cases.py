"""The routing table asked over HTTP and on the cases of a month."""

import uuid
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridcase.domain.errors import NotPermittedError
from gridcase.domain.time import Period
from gridcase.services.configuring import RefusedConfigurationError
from gridcase.services.routing_cases import bench, bench_draft
from gridcase.store import batches
from tests.office import FIRE_LANE, Office
from tests.services.test_statements import counted

OCTOBER = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))


def filed(office: Office, times: int = 1) -> list[str]:
    inspector = office.caller("inspector")
    return [inspector.file().json["number"] for _ in range(times)]


def draft(tmp_path: Path, unit: str = "NDJ-HW", name: str = "nandajie") -> Path:
    file = tmp_path / f"{name}.yaml"
    file.write_text(
        f"""version: "2026-11-01"
rules:
  - id: lanes
    types: [GBT47678.5-2026/event/09012]
    unit: {unit}
    valid_from: 2026-11-01
""",
        "utf-8",
    )
    return file


def test_the_month_of_a_street_is_reported(office: Office) -> None:
    first, _ = filed(office, 2)
    dispatcher = office.caller("dispatcher")
    assert dispatcher.act(first, "reassign", unit="NDJ-HW", reason="wrong_unit").status_code == 200
    answer = dispatcher.get("/routing/report", period="2026-10")
    assert answer.status_code == 200, answer.json
    told = answer.json
    assert (told["cases"], told["dispatched"], told["accurate"], told["accuracy"]) == (2, 2, 1, 0.5)
    assert (told["by_rule"], told["unrouted"], told["by_hand"], told["right"]) == (2, 0, 0, 1)
    assert (told["gaps"], told["comparison"], told["on"]) == ([], None, None)
    assert dispatcher.get("/routing/report", period="2026-09").json["cases"] == 0


@pytest.mark.parametrize(
    ("username", "status"), [("shift_leader", 200), ("assessor", 200), ("inspector", 403), ("unit_leader", 403)]
)
def test_the_report_is_for_those_who_steer(office: Office, username: str, status: int) -> None:
    assert office.caller(username).get("/routing/report", period="2026-10").status_code == status


def test_a_malformed_period_is_named(office: Office) -> None:
    answer = office.caller("leader").get("/routing/report", period="October")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["period"])


def test_who_would_get_it_is_answered_with_the_sentence_a_case_would_keep(office: Office) -> None:
    inspector, point = office.caller("inspector"), office.point()
    answer = inspector.get("/routing/ask", **FIRE_LANE, lon=point.lon, lat=point.lat, source="inspector")
    assert (answer.status_code, answer.json["unit"]) == (200, "NDJ-ZF")
    case = inspector.get(f"/cases/{filed(office)[0]}").json
    assert (answer.json["rule"], answer.json["cell"]) == (case["route"]["match"]["rule"], case["cell"])
    assert answer.json["sentence"] == case["route"]["sentence"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "99999"}, "code"),
        ({"source": "rumour"}, "source"),
        ({"lon": 119.95}, "lat"),
        ({"lon": 0, "lat": 0}, "location"),
    ],
)
def test_a_question_that_means_nothing_is_refused_by_field(office: Office, changes: dict, field: str) -> None:
    asked = FIRE_LANE | {"source": "hotline"} | changes
    answer = office.caller("acceptor").get("/routing/ask", **asked)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_unit_does_not_ask_who_gets_what(office: Office) -> None:
    assert office.caller("unit_leader").get("/routing/ask", **FIRE_LANE, source="hotline").status_code == 403


def test_a_draft_says_which_cases_would_go_elsewhere(office: Office, tmp_path: Path) -> None:
    (number,) = filed(office)
    found = bench_draft(office.rt, office.actor("admin"), OCTOBER, draft(tmp_path))
    assert found.comparison is not None
    (moved,) = found.comparison.named
    assert (moved.number, moved.from_unit, moved.to_unit, moved.to_rule) == (number, "NDJ-ZF", "NDJ-HW", "lanes")
    assert (found.on.isoformat(), found.report.table) == ("2026-11-01", "nandajie@2026-11-01")
    assert (found.comparison.better, found.comparison.worse) == (0, 1)


def test_a_draft_under_another_name_stands_for_the_only_table(office: Office, tmp_path: Path) -> None:
    filed(office)
    found = bench_draft(office.rt, office.actor("admin"), OCTOBER, draft(tmp_path, name="november"))
    assert [one.rule for one in found.report.rules] == ["lanes"]


def test_a_draft_with_an_unknown_unit_is_refused(office: Office, tmp_path: Path) -> None:
    with pytest.raises(RefusedConfigurationError) as refused:
        bench_draft(office.rt, office.actor("admin"), OCTOBER, draft(tmp_path, unit="NOBODY"))
    assert [one.code for one in refused.value.findings if one.severity == "error"] == ["unknown_unit"]


def test_the_report_is_refused_by_role_in_the_service_too(office: Office) -> None:
    with pytest.raises(NotPermittedError):
        bench(office.rt, office.actor("handler"), OCTOBER, office.rt.reference())


def test_cases_are_read_in_batches_and_never_row_by_row(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = filed(office, 5)
    assert len(set(numbers)) == 5
    reference = office.rt.reference()
    small = batches.registered_after
    monkeypatch.setattr("gridcase.services.routing_cases.registered_after", lambda *args: small(*args, limit=2))
    with counted(office) as seen:
        assert bench(office.rt, office.actor("admin"), OCTOBER, reference).report.cases == 5
    # One for the actor, two for each of three batches, two for the empty one that ends it.
    assert len(seen) <= 9, seen


def test_void_and_unregistered_cases_are_left_out(office: Office) -> None:
    first, _ = filed(office, 2)
    shift_leader = office.caller("shift_leader")
    assert shift_leader.act(first, "void", reason=_void_reason(shift_leader, first)).status_code == 200
    office.caller("acceptor").file(office.filing(source="hotline"), key=str(uuid.uuid4()))
    told = shift_leader.get("/routing/report", period="2026-10").json
    assert told["cases"] == 1


def _void_reason(caller, number: str) -> str:
    offered = {one["action"]: one for one in caller.get(f"/cases/{number}").json["available_actions"]}
    choices = next(one for one in offered["void"]["fields"] if one["name"] == "reason")["choices"]
    reason: str = choices[0]["value"]
    return reason
