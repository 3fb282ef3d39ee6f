"""The commands of routing, roster and calendars: exit codes, one JSON document, words for people apart."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gridcase.cli import config, roster, routing
from gridcase.cli.main import cli
from tests.office import ROOT, Office


@pytest.fixture
def run(sqlite_office: Office, monkeypatch: pytest.MonkeyPatch):
    """Run a command on the office of this test."""
    for module in (config, roster, routing):
        monkeypatch.setattr(module, "runtime", lambda: sqlite_office.rt)
    monkeypatch.setenv("GRIDCASE_LANGUAGE", "en")

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words])

    return invoke


def filed(office: Office) -> str:
    number: str = office.caller("inspector").file().json["number"]
    return number


DRAFT = """version: "2"
rules:
  - {id: waste, types: [GBT47678.5-2026/event/06*], unit: UNIT, valid_from: 2026-01-01}
"""


def test_the_bench_reports_and_exits_with_0_where_every_case_has_a_rule(run, sqlite_office: Office) -> None:
    filed(sqlite_office)
    done = run("routing", "bench", "--period", "2026-10", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["cases"], told["unrouted"]) == (0, 1, 0)
    text = run("routing", "bench", "--period", "2026-10")
    assert (text.exit_code, "cases: 1" in text.stdout) == (0, True)


def test_the_bench_exits_with_1_and_names_the_cases_that_a_draft_leaves_without_a_rule(
    run, sqlite_office: Office, tmp_path: Path
) -> None:
    number = filed(sqlite_office)
    draft = tmp_path / "nandajie.yaml"
    draft.write_text(DRAFT.replace("UNIT", "NDJ-HW"), "utf-8")
    done = run("routing", "bench", "--period", "2026-10", "--draft", draft, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["unrouted"], told["comparison"]["now_unrouted"]) == (1, 1, 1)
    assert told["comparison"]["named"][0]["number"] == number
    assert number in run("routing", "bench", "--period", "2026-10", "--draft", draft).stdout


def test_a_draft_with_errors_is_refused_with_its_findings(run, tmp_path: Path) -> None:
    draft = tmp_path / "nandajie.yaml"
    draft.write_text(DRAFT.replace("UNIT", "NOBODY"), "utf-8")
    done = run("routing", "bench", "--period", "2026-10", "--draft", draft, "--json")
    assert (done.exit_code, done.stdout, "NOBODY" in done.stderr) == (1, "", True)


@pytest.mark.parametrize(
    ("words", "status"), [(("--period", "October"), 1), (("--period", "2026-10", "--on", "2026-10-01"), 2), ((), 2)]
)
def test_wrong_usage_of_the_bench_is_said(run, words: tuple[str, ...], status: int) -> None:
    assert run("routing", "bench", *words).exit_code == status


def test_a_roster_is_taken_in_once(run, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text(
        "\ufeffusername,area,start,end\ninspector,320404005001,2026-10-12 08:00,2026-10-12 12:00\n", "utf-8"
    )
    first, again = (run("roster", "import", file, "--json") for _ in range(2))
    assert [json.loads(one.stdout) for one in (first, again)] == [{"added": 1, "known": 0}, {"added": 0, "known": 1}]


@pytest.mark.parametrize("data", [b"username,area,start,end\nnobody,320404005001,2026-10-12,2026-10-13\n", b"\xff\xfe"])
def test_a_wrong_roster_is_refused_with_the_place(run, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(data)
    done = run("roster", "import", file)
    assert (done.exit_code, done.stdout) == (1, "")
    assert ("line 2: username" in done.stderr) or ("file:" in done.stderr)


def test_a_preview_prints_moves_and_tells_its_progress_apart(run, sqlite_office: Office, tmp_path: Path) -> None:
    sqlite_office.clock.advance(timedelta(days=80, hours=8))  # Thursday 2026-12-31, 17:00
    number = filed(sqlite_office)
    shutil.copytree(ROOT / "config/calendar", tmp_path / "calendar")
    file = tmp_path / "calendar/changzhou.yaml"
    new_year = '  - year: 2027\n    holidays:\n      - {name: 元旦, first: "2027-01-01", last: "2027-01-03"}\n'
    file.write_text(file.read_text("utf-8").replace("2026.1", "2027.1") + new_year, "utf-8")
    done = run("config", "preview", tmp_path, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["cases"], told["moving"], told["on_apply"]) == (0, 1, 3, 3)
    assert {move["number"] for move in told["moves"]} == {number}
    assert "gridcase: 1" in done.stderr
    assert number in run("config", "preview", tmp_path).stdout
    applied = json.loads(run("config", "apply", tmp_path, "--json").stdout)
    assert applied["recomputed"] == {"cases": 1, "deadlines": 3}


def test_a_preview_of_a_broken_calendar_is_refused(run, tmp_path: Path) -> None:
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar/changzhou.yaml").write_text("name: changzhou\n", "utf-8")
    assert run("config", "preview", tmp_path).exit_code == 1
