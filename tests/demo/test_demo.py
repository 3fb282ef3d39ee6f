"""The demonstration: a believable month, played once, whatever happens in between."""

import json
import shutil
import socket
import stat
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from gridcase.assessment.proof import verify_package
from gridcase.assessment.signing import read_public_key
from gridcase.cli import serving
from gridcase.cli.main import cli
from gridcase.demo import player
from gridcase.demo.city import FIRE_LANE
from gridcase.demo.pace import Pace
from gridcase.demo.plots import Turn, plan_month
from gridcase.domain.actor import Role
from gridcase.domain.case import (
    OPEN_STATES,
    Action,
    CaseState,
    CheckMode,
    CheckResult,
    FindingKind,
    RequestKind,
    Ruling,
    Source,
    VerifyResult,
)
from gridcase.domain.history import CaseEvent, LimitedStage
from gridcase.domain.time import LimitUnit, Period, is_late
from gridcase.services import gridding
from gridcase.services.auditing import verify_history
from gridcase.services.reading import one_case
from gridcase.settings import Settings, load_settings
from gridcase.workflow.transitions import BY_PEOPLE
from gridcase.workflow.worktime import measure
from tests.office import ROOT
from tests.sample_city import CASES, NOW, OPEN, SampleCity, play_city

CONTRACT = (
    "inspector",
    "inspector2",
    "acceptor",
    "shift_leader",
    "dispatcher",
    "unit_leader",
    "handler",
    "assessor",
    "leader",
    "admin",
)


@pytest.fixture(scope="module")
def histories(sample_city: SampleCity) -> list[list[CaseEvent]]:
    return sample_city.histories()


@pytest.fixture(scope="module")
def month(sample_city: SampleCity, histories: list[list[CaseEvent]]) -> list[list[CaseEvent]]:
    period = Period.parse("2026-10", zone=sample_city.rt.settings.zone)
    inside = [history for history in histories if period.holds(history[0].recorded_at)]
    # What the system found of a case was noted after its end.
    return [[event for event in history if event.action is not Action.FIND] for history in inside]


@pytest.fixture(scope="module")
def open_now(histories: list[list[CaseEvent]]) -> list[list[CaseEvent]]:
    return [history for history in histories if history[-1].to_state.is_open]


def handling_due(history: list[CaseEvent]):
    dues = [due for event in history for due in event.facts.dues if due.stage is LimitedStage.HANDLE]
    return dues[-1].due_at if dues else None


def instant_of(history: list[CaseEvent], action: Action):
    return next((event.recorded_at for event in reversed(history) if event.action is action), None)


# --- the month ----------------------------------------------------------------------------------------------------


def test_a_month_has_as_many_cases_as_asked_for_in_every_community(month: list[list[CaseEvent]]) -> None:
    communities = {(history[0].facts.cell or "")[:12] for history in month} - {""}
    assert len(month) == CASES
    assert len(communities) == 8
    assert len({history[0].facts.type for history in month}) >= 40


def test_recurrences_and_missed_cases_are_found_and_no_line_is_older_than_the_one_before_it(
    histories: list[list[CaseEvent]],
) -> None:
    found = {event.facts.finding.kind for history in histories for event in history if event.facts.finding}
    assert found == set(FindingKind)
    assert all(one.recorded_at <= other.recorded_at for history in histories for one, other in pairwise(history))


@pytest.mark.parametrize("action", sorted(BY_PEOPLE))
def test_every_action_of_the_table_occurs(histories: list[list[CaseEvent]], action: Action) -> None:
    assert any(event.action is action for history in histories for event in history)


@pytest.mark.parametrize(
    "action",
    [
        Action.REGISTER,
        Action.DISPATCH,
        Action.ACCEPT,
        Action.REASSIGN_TASK,
        Action.WITHDRAW_TASK,
        Action.RESUME,
        Action.ESCALATE,
    ],
)
def test_what_goes_by_rule_went_by_rule_and_by_hand(histories: list[list[CaseEvent]], action: Action) -> None:
    by_rule = {event.role is Role.SYSTEM for history in histories for event in history if event.action is action}
    assert by_rule == ({True} if action is Action.ESCALATE else {True, False})


@pytest.mark.parametrize(
    ("feature", "at_least"),
    [
        (lambda h: h[0].facts.source is Source.HOTLINE, 10),
        (lambda h: h[0].role is Role.CENTRE and h[-1].action is Action.CLOSE and h[-1].role is Role.CENTRE, 2),
        (lambda h: h[0].role is Role.ACCEPTOR and any(e.action is Action.REGISTER for e in h), 5),
        (lambda h: any(e.action is Action.REWORK for e in h), 4),
        (lambda h: any(e.facts.check_result is CheckResult.FAIL for e in h), 4),
        (lambda h: any(e.facts.reassigned_reason == "wrong_unit" for e in h), 2),
        (lambda h: any(e.facts.reassigned_reason == "workload" for e in h), 1),
        (lambda h: any(e.facts.returned_reason == "cannot_do" for e in h), 1),
        (lambda h: sum(e.action is Action.RETURN_TASK for e in h) == 3, 1),
        (lambda h: h[-1].from_state is CaseState.RECEIVED and h[-1].to_state is CaseState.VOID, 2),
        (lambda h: h[-1].from_state is CaseState.DISPATCHED and h[-1].to_state is CaseState.VOID, 1),
        (lambda h: h[-1].action is Action.TRANSFER and h[0].facts.type.code == "10999", 1),
        (lambda h: h[0].facts.cell is None and h[-1].facts.void_reason == "outside_area", 1),
        (lambda h: any(e.facts.check_mode is CheckMode.WAIVED for e in h), 3),
        (lambda h: any(e.facts.check_mode is CheckMode.PHOTO for e in h), 4),
        (lambda h: any(e.action is Action.COMMENT for e in h), 3),
        (lambda h: any(e.facts.assisting for e in h), 2),
        (lambda h: any(e.facts.verify_result is VerifyResult.TRUE for e in h), 3),
        (lambda h: any(e.facts.verify_result is VerifyResult.FALSE for e in h), 1),
        (lambda h: any(e.facts.verify_result is VerifyResult.NOT_FOUND for e in h), 1),
        *[
            (lambda h, k=kind, r=ruling: any((e.facts.request_kind, e.facts.ruling) == (k, r) for e in h), 1)
            for kind in RequestKind
            for ruling in Ruling
        ],
        (lambda h: any(e.action is Action.DECIDE_EXTENSION and e.role is Role.LEADER for e in h), 2),
        (lambda h: h[0].facts.self_handled, 5),
        (lambda h: any(e.action is Action.REGISTER and e.role is Role.SHIFT_LEADER for e in h), 1),
        (lambda h: h[0].facts.object_id is not None and len(h[0].facts.object_id) == 17, 5),
        (lambda h: instant_of(h, Action.CLOSE) is not None and instant_of(h, Action.CLOSE) == handling_due(h), 1),
        (lambda h: instant_of(h, Action.REPORT) is not None and instant_of(h, Action.REPORT) == handling_due(h), 1),
        (
            lambda h: (
                instant_of(h, Action.REPORT) is not None and is_late(instant_of(h, Action.REPORT), handling_due(h))
            ),
            5,
        ),
        (lambda h: h[0].recorded_at.hour >= 13, 2),  # 21:00 in Changzhou and later
    ],
)
def test_the_month_has_its_ups_and_downs(month: list[list[CaseEvent]], feature, at_least: int) -> None:
    assert sum(map(feature, month)) >= at_least


def test_what_comes_back_after_days_is_found_to_recur(sample_city: SampleCity) -> None:
    assert sample_city.row_counts()["recurrence"] >= 2


def test_a_month_has_the_rhythm_of_a_street(sample_city: SampleCity) -> None:
    reference = sample_city.city.reference
    zone = sample_city.rt.settings.zone
    plots = plan_month(Random(1), Period.parse("2026-10", zone=zone), reference)
    filed = [(plot.filed_at.astimezone(zone), plot) for plot in plots]
    days = Counter(moment.date() for moment, _ in filed)
    calendar = reference.rules.calendars[reference.rules.conduct.calendar]
    working, off = ([days[day] for day in days if calendar.day(day).is_working is open_] for open_ in (True, False))
    assert len(plots) == 1500
    assert len({plot.tale.type for plot in plots}) == len(reference.rules.catalogue.types)
    assert min(working) > max(off)
    hours = Counter(moment.hour for moment, _ in filed)
    assert min(hours[8] + hours[9], hours[16] + hours[17]) > 2 * (hours[12] + hours[13])
    assert {plot.tale.is_urgent for moment, plot in filed if moment.hour >= 21 or moment.hour < 7} == {True}


def test_some_cases_were_open_at_the_cut_off_and_closed_since(month: list[list[CaseEvent]]) -> None:
    late = [history for history in month if is_late(history[-1].recorded_at, NOW - timedelta(days=18))]
    assert {history[-1].to_state for history in late} == {CaseState.CLOSED}


def test_nobody_but_who_files_works_on_a_holiday_or_at_night_for_what_can_wait(
    sample_city: SampleCity, histories: list[list[CaseEvent]]
) -> None:
    rules = sample_city.city.reference.rules
    calendar = rules.calendars[rules.conduct.calendar]
    idle = []
    for history in histories:
        limits = {due.limit.unit for event in history for due in event.facts.dues if due.stage is LimitedStage.HANDLE}
        if any(unit.is_urgent for unit in limits) or rules.catalogue.find(history[0].facts.type).urgent:
            continue
        for event in history:
            # Filing goes on round the clock, and so does time itself.
            if event.action is Action.FILE or event.role is Role.SYSTEM:
                continue
            # An instant that ends a working second is worked too: 12:00:00 and 18:00:00.
            around = timedelta(seconds=1)
            before, after = event.recorded_at - around, event.recorded_at + around
            if not measure(before, after, LimitUnit.WORKING_HOUR, calendar).seconds:
                idle.append((event.case, event.action))
    assert idle == []


def test_time_never_runs_backwards_in_a_case(histories: list[list[CaseEvent]]) -> None:
    for history in histories:
        instants = [event.recorded_at for event in history]
        assert instants == sorted(instants)


def test_the_month_is_scored_and_exported(sample_city: SampleCity) -> None:
    assert sample_city.played.export.parent.name == "2026-10"
    key = read_public_key(sample_city.played.export.with_name("public-key.pem").read_bytes())
    verdict = verify_package(sample_city.played.export, key)
    assert verdict.problems == ()
    assert verdict.manifest["audit"]["lines"] > 0
    assert verdict.manifest["without"] == {}


def test_the_history_stands(sample_city: SampleCity) -> None:
    report = verify_history(sample_city.rt)
    assert (report.findings, report.cases) == ((), CASES + OPEN)


# --- what is open now ---------------------------------------------------------------------------------------------


def test_cases_stand_open_in_every_open_state(open_now: list[list[CaseEvent]]) -> None:
    assert {history[-1].to_state for history in open_now} == OPEN_STATES


def test_requests_of_every_kind_wait_and_one_case_has_no_route(sample_city: SampleCity) -> None:
    reader = sample_city.city.cast.actors["shift_leader"]
    cases = [one_case(sample_city.rt, reader, number).case for number in sample_city.numbers()]
    pending = [(one.kind, one.decider) for case in cases for one in case.pending]
    assert {kind for kind, _ in pending} == set(RequestKind)
    assert (RequestKind.EXTENSION, Role.LEADER) in pending  # nobody decided in time
    assert [case.state for case in cases if case.is_unrouted] == [CaseState.REGISTERED]
    assert any(case.subtask for case in cases)
    assert any(case.assisting for case in cases)
    assert any(one.answered_at is None for case in cases if case.state.is_open for one in case.supervisions)


def test_some_open_cases_are_overdue_and_none_is_in_the_future(open_now: list[list[CaseEvent]]) -> None:
    assert len(open_now) == OPEN
    assert all(history[-1].recorded_at <= NOW for history in open_now)
    dues = [handling_due(history) for history in open_now]
    assert sum(due is not None and is_late(NOW, due) for due in dues) >= 2


# --- once ---------------------------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing(sample_city: SampleCity) -> None:
    folder = sample_city.rt.settings.data_dir
    files = [folder / "demo-accounts.json", folder / "demo.json", sample_city.played.export]
    before = (
        sample_city.row_counts(),
        sample_city.heads(),
        [(one.read_bytes(), one.stat().st_mtime_ns) for one in files],
    )
    again = play_city(folder, now=NOW + timedelta(days=2))
    after = (again.row_counts(), again.heads(), [(one.read_bytes(), one.stat().st_mtime_ns) for one in files])
    assert not again.played.is_new
    assert after == before
    again.rt.database.engine.dispose()


class _InterruptedError(Exception):
    pass


def test_an_interrupted_play_goes_on_to_the_same_history(
    sample_city: SampleCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = player._act
    left = [500]

    def stumbling(*args):
        left[0] -= 1
        if left[0] == 0:
            raise _InterruptedError
        return made(*args)

    with monkeypatch.context() as patch:
        patch.setattr(player, "_act", stumbling)
        with pytest.raises(_InterruptedError):
            play_city(tmp_path)
    later = play_city(tmp_path, now=NOW + timedelta(hours=3))
    assert later.played.is_new
    assert facts_of(later) == facts_of(sample_city)
    later.rt.database.engine.dispose()


def facts_of(city: SampleCity):
    """Return all that history says, photos by number only: their ids are random."""
    return [
        [
            (
                event.action,
                event.to_state,
                event.actor,
                event.recorded_at,
                _without_photos(event),
                len(event.facts.attachments),
            )
            for event in history
        ]
        for history in city.histories()
    ]


def _without_photos(event: CaseEvent) -> dict[str, object]:
    return {name: value for name, value in json.loads(event.facts.dump()).items() if name != "attachments"}


def test_another_seed_makes_another_month(sample_city: SampleCity) -> None:
    reference = sample_city.city.reference
    period = Period.parse("2026-10", zone=sample_city.rt.settings.zone)
    one, same, other = (plan_month(Random(seed), period, reference) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert {plot.turn for plot in other} == set(Turn)


@pytest.mark.parametrize("size", [100, 137, 400])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_smaller_month_still_has_every_turn(sample_city: SampleCity, seed: int, size: int) -> None:
    period = Period.parse("2026-10", zone=sample_city.rt.settings.zone)
    plots = plan_month(Random(seed), period, sample_city.city.reference, size)
    assert len(plots) == size
    assert {plot.turn for plot in plots} == set(Turn)
    assert all(period.holds(plot.filed_at) for plot in plots)


# --- accounts -----------------------------------------------------------------------------------------------------


def test_the_accounts_are_those_of_the_contract_and_private(sample_city: SampleCity) -> None:
    path = sample_city.city.accounts
    held = json.loads(path.read_text("utf-8"))
    assert tuple(held)[: len(CONTRACT)] == CONTRACT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(set(held.values())) == len(held)
    assert min(map(len, held.values())) >= 12


def test_inspector_and_unit_belong_to_the_first_cell(sample_city: SampleCity) -> None:
    actors, reference = sample_city.city.cast.actors, sample_city.city.reference
    first = gridding.cells(reference, gridding.CellBox(limit=1))[0].code
    rule = next(rule for rule in reference.rules.routing.rules if any(t.matches(FIRE_LANE) for t in rule.types))
    assert first.startswith(actors["inspector"].scope.value)
    assert len(actors["inspector"].scope.value) == 12
    assert actors["unit_leader"].unit == actors["handler"].unit == rule.unit


def test_names_are_those_of_posts(sample_city: SampleCity) -> None:
    assert all(actor.name.endswith("（演示）") for actor in sample_city.city.cast.actors.values())


# --- pace ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_urgent", [False, True])
@pytest.mark.parametrize("seconds", [1, 720, 14_400, 14_401, 100_000])
def test_back_and_on_again_is_the_same_instant(sample_city: SampleCity, seconds: int, is_urgent: bool) -> None:
    calendar = sample_city.city.reference.rules.calendars["changzhou"]
    pace = Pace(calendar=calendar, is_urgent=is_urgent)
    wednesday = NOW + timedelta(days=2) - timedelta(hours=10)  # 11:00 in Changzhou
    assert pace.after(pace.before(wednesday, seconds), seconds) == wednesday


# --- the command --------------------------------------------------------------------------------------------------


def test_a_taken_port_is_wrong_usage_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {"GRIDCASE_DATA_DIR": str(tmp_path / "data"), "GRIDCASE_CONFIG_DIR": str(ROOT / "config")}
        result = CliRunner().invoke(cli, ["demo", "--port", port], env=environment)
    assert result.exit_code == 2
    assert port in result.output
    assert not (tmp_path / "data").exists()


def test_without_a_port_the_next_free_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(serving, "PORT", port)
        with serving.listen(None) as held:
            assert port < held.getsockname()[1] < port + 100
            assert serving.address(held).startswith("http://127.0.0.1:")


def test_the_command_finds_a_played_city_and_says_where_the_accounts_are(
    sample_city: SampleCity, tmp_path: Path
) -> None:
    shutil.copytree(sample_city.rt.settings.data_dir, tmp_path / "data")
    environment = {"GRIDCASE_DATA_DIR": str(tmp_path / "data"), "GRIDCASE_CONFIG_DIR": str(ROOT / "config")}
    result = CliRunner().invoke(cli, ["demo", "--no-serve"], env=environment, catch_exceptions=False)
    assert result.exit_code == 0
    assert "demo-accounts.json" in result.stderr
    assert "already played" in result.stderr


def test_the_workers_read_the_same_settings() -> None:
    settings = Settings(data_dir=Path("elsewhere"), config_dir=ROOT / "config", public_overview=True, token_hours=3)
    assert load_settings(serving.environment(settings)) == settings
