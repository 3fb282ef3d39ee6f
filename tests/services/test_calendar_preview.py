"""A new calendar: what it would move, and what applying it moves."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gridcase.domain.case import Action
from gridcase.services.auditing import verify_history
from gridcase.services.calendar_preview import preview
from gridcase.services.configuring import RefusedConfigurationError, apply_folder
from gridcase.services.reading import case_history, one_case
from gridcase.services.reclocking import recompute_provisional
from tests.office import ROOT, Office

#: Thursday 2026-12-31, 17:00 in Changzhou.
NEW_YEARS_EVE = datetime(2026, 12, 31, 9, 0, tzinfo=UTC)
YEAR_2027 = """\
  - year: 2027
    holidays:
      - {name: 元旦, first: "2027-01-01", last: "2027-01-03"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped calendars with 2027 announced, and nothing else."""
    shutil.copytree(ROOT / "config/calendar", tmp_path / "config/calendar")
    file = tmp_path / "config/calendar/changzhou.yaml"
    text = file.read_text("utf-8").replace('version: "2026.1"', 'version: "2027.1"')
    file.write_text(text + YEAR_2027, "utf-8")
    return tmp_path / "config"


def filed(office: Office) -> str:
    """File a fire lane late on New Year's Eve: two working hours reach into a year that nobody announced."""
    office.clock.instant = NEW_YEARS_EVE
    answer = office.caller("inspector").file()
    assert (answer.status_code, answer.json["state"]) == (201, "dispatched")
    number: str = answer.json["number"]
    return number


def due(office: Office, number: str) -> tuple[str, bool]:
    clock = one_case(office.rt, office.actor("dispatcher"), number).case.clocks["handle"].due
    return clock.due_at.isoformat(), clock.provisional


def test_a_preview_names_every_deadline_that_would_move_and_writes_nothing(office: Office, folder: Path) -> None:
    number = filed(office)
    told: list[int] = []
    found = preview(office.rt, folder, tell=told.append)
    handle = next(move for move in found.moves if move.stage == "handle")
    assert (handle.number, handle.before.isoformat(), handle.after.isoformat()) == (
        number,
        "2027-01-01T01:00:00+00:00",
        "2027-01-04T01:00:00+00:00",
    )
    assert (handle.calendar_before, handle.calendar_after) == ("changzhou@2026.1", "changzhou@2027.1")
    assert (found.cases, found.on_apply, found.earlier) == (1, len(found.moves), 0)
    assert found.later == len(found.moves) <= found.clocks
    assert (told, set(found.documents)) == ([1], {"calendar/changzhou", "calendar/night-street"})
    assert due(office, number) == ("2027-01-01T01:00:00+00:00", True)


def test_the_calendars_in_force_move_nothing(office: Office) -> None:
    filed(office)
    assert preview(office.rt, ROOT / "config").moves == ()


def test_a_broken_calendar_is_refused(office: Office, folder: Path) -> None:
    file = folder / "calendar/changzhou.yaml"
    file.write_text(file.read_text("utf-8").replace("2027-01-03", "2027-02-30"), "utf-8")
    with pytest.raises(RefusedConfigurationError):
        preview(office.rt, folder)


def test_recomputing_moves_provisional_deadlines_and_history_says_so(office: Office, folder: Path) -> None:
    number = filed(office)
    version = one_case(office.rt, office.actor("dispatcher"), number).case.version
    assert apply_folder(office.rt, folder).changes_timing
    recomputed = recompute_provisional(office.rt)
    assert (recomputed.cases, recomputed.deadlines) == (1, 3)
    assert due(office, number) == ("2027-01-04T01:00:00+00:00", False)
    line = case_history(office.rt, office.actor("dispatcher"), number)[-1]
    assert (line.event.action, line.event.actor, line.event.role) == (Action.RECLOCK, 0, "system")
    assert {one.stage for one in line.event.facts.dues} == {"accept", "handle", "close"}
    after = one_case(office.rt, office.actor("dispatcher"), number)
    assert (after.case.version, after.case.assignments[0].due_at.isoformat()) == (version, "2027-01-04T01:00:00+00:00")
    assert after.case.due_at == after.case.assignments[0].due_at
    assert verify_history(office.rt).findings == ()


def test_recomputing_again_changes_nothing(office: Office, folder: Path) -> None:
    number = filed(office)
    apply_folder(office.rt, folder)
    assert recompute_provisional(office.rt).cases == 1
    lines = len(case_history(office.rt, office.actor("dispatcher"), number))
    assert recompute_provisional(office.rt).cases == 0
    assert len(case_history(office.rt, office.actor("dispatcher"), number)) == lines


def test_only_calendars_and_conduct_change_timing(office: Office, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config/routing", tmp_path / "config/routing")
    file = tmp_path / "config/routing/nandajie.yaml"
    file.write_text(file.read_text("utf-8").replace("\nnote: ", "\nnote: tried, "), "utf-8")
    applied = apply_folder(office.rt, tmp_path / "config")
    assert (applied.changed, applied.changes_timing) == (("routing/nandajie",), False)
