"""``gridcase assess appeals`` and what else contests a month: who acts, exit codes, one JSON document."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gridcase.cli import assess_contest
from gridcase.cli.main import cli
from gridcase.services import closing_month, running_month
from tests.months import CUT_OFF, PERIOD, RULES, reported_case, sealed_month
from tests.office import Office

UNIT, STREETS = "NDJ-ZF", "nantong-streets"


@pytest.fixture
def run(sqlite_office: Office, monkeypatch: pytest.MonkeyPatch):
    """Run a command of the assessment on the office of this test."""
    monkeypatch.setattr(assess_contest, "runtime", lambda: sqlite_office.rt)
    monkeypatch.setenv("GRIDCASE_LANGUAGE", "en")

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, ["assess", *(str(word) for word in words)])

    return invoke


def told(done: Result) -> Any:
    """Return the JSON document of a command that did its work."""
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def appealed(run, sqlite_office: Office) -> tuple[Any, int]:
    """An appeal of a unit against one of its lines."""
    reported_case(sqlite_office)
    sqlite_office.clock.instant = CUT_OFF + timedelta(seconds=1)
    scored = running_month.run_month(sqlite_office.rt, sqlite_office.actor("assessor"), PERIOD, RULES)
    line = next(one["key"] for one in scored.scores[0]["lines"] if one["kind"] == "term")
    words = (
        "appeals",
        "file",
        scored.id,
        UNIT,
        line,
        "--by",
        "unit_leader",
        "--reason",
        "in_time",
        "--text",
        "系统中断",
    )
    return run, told(run(*words, "--json"))["id"]


def test_an_appeal_is_filed_listed_and_decided_by_the_people_named(appealed):
    run, identity = appealed
    assert [one["id"] for one in told(run("appeals", "list", "--period", PERIOD, "--json"))["items"]] == [identity]
    assert f"{identity}\t{PERIOD}\t{UNIT}\t" in run("appeals", "list").stdout
    ruling = ("--decision", "partly", "--text", "酌情", "--points", "1.5")
    drafted = run("appeals", "decide", identity, "--by", "assessor", *ruling)
    assert (drafted.exit_code, "drafted" in drafted.stderr) == (1, True)
    done = told(run("appeals", "decide", identity, "--by", "leader", *ruling, "--json"))
    assert (done["state"], done["points"]) == ("partly", "1.5")
    assert run("appeals", "withdraw", identity, "--by", "unit_leader").exit_code == 1
    assert [one["points"] for one in told(run("adjustments", "list", "--period", PERIOD, "--json"))["items"]] == ["1.5"]


def test_an_appeal_is_withdrawn_by_its_unit(appealed):
    run, identity = appealed
    assert run("appeals", "withdraw", identity, "--by", "other_unit").exit_code == 1
    assert told(run("appeals", "withdraw", identity, "--by", "unit_leader", "--json"))["state"] == "withdrawn"


def test_somebody_who_may_not_act_is_named_and_empty_words_are_wrong_usage(run):
    nobody = run("appeals", "withdraw", 1, "--by", "dispatcher")
    assert (nobody.exit_code, "by: There is no user" in nobody.stderr) == (1, True)
    assert run("appeals", "decide", 1, "--by", "leader", "--decision", "upheld", "--text", " ").exit_code == 2
    assert run("appeals", "decide", 10**30, "--by", "leader", "--decision", "upheld", "--text", "x").exit_code == 1


def test_an_exemption_is_proposed_and_granted(run, sqlite_office: Office):
    number = reported_case(sqlite_office)
    about = ("--period", PERIOD, "--rule-set", "changzhou", "--case", number, "--reason", "self_report")
    made = told(run("exemptions", "propose", *about, "--evidence", "上报单12", "--by", "unit_leader", "--json"))
    assert (made["state"], made["subject"]) == ("proposed", UNIT)
    assert run("exemptions", "decide", made["id"], "--by", "leader", "--text", "属实").exit_code == 2
    done = told(
        run("exemptions", "decide", made["id"], "--by", "leader", "--decision", "granted", "--text", "属实", "--json")
    )
    assert done["state"] == "granted"
    assert [one["id"] for one in told(run("exemptions", "list", "--period", PERIOD, "--json"))["items"]] == [made["id"]]


def test_outside_scores_come_from_a_file_all_or_none(run, tmp_path: Path):
    path = tmp_path / "scores.csv"
    about = (path, "--period", PERIOD, "--rule-set", STREETS, "--by", "assessor")
    path.write_text("name,subject,value,evidence\non_site,甲,93.73,通报\n", "utf-8")
    assert told(run("external", "import", *about, "--json")) == {"taken": 1, "corrected": 0, "already_there": 0}
    assert told(run("external", "import", *about, "--json"))["already_there"] == 1
    path.write_text(f"name,subject,value,evidence\non_site,甲,94,通报\non_site,{'乙' * 81},94,通报\n", "utf-8")
    refused = run("external", "import", *about)
    assert (refused.exit_code, "scores.1.subject" in refused.stderr) == (1, True)
    path.write_text("name,subject,value,evidence\non_site,甲,94,通报\n", "utf-8")
    assert told(run("external", "import", *about, "--correct", "--json"))["corrected"] == 1
    assert [one["value"] for one in told(run("external", "list", "--period", PERIOD, "--json"))["items"]] == ["94"]


def test_points_are_settled_once_under_a_key(run):
    about = ("--period", "2026-11", "--rule-set", RULES, "--subject", UNIT, "--points", "-0.5", "--origin", PERIOD)
    words = ("adjust", *about, "--reason", "复查未整改", "--evidence", "复查单3", "--by", "assessor", "--key", "3")
    assert told(run(*words, "--json"))["id"] == told(run(*words, "--json"))["id"]
    assert "-0.5" in run("adjustments", "list", "--period", "2026-11").stdout


def test_what_became_of_a_package_is_noted_and_listed(run, sqlite_office: Office, plain_packages: None):
    reported_case(sqlite_office)
    sealed = sealed_month(sqlite_office)
    running_month.pack(sqlite_office.rt, sealed.id)
    closing_month.approve(sqlite_office.rt, sqlite_office.actor("leader"), sealed.id)
    about = ("deliveries", "add", sealed.id, "--recipient", "中心", "--by", "assessor")
    assert run(*about, "--what", "received").exit_code == 1
    sent = told(run(*about, "--what", "sent", "--at", "2026-11-20T09:00:00", "--json"))
    assert sent["at"] == "2026-11-20T09:00:00+08:00"
    done = told(run(*about, "--what", "rejected", "--row", "cases.csv:17", "案号重复", "--json"))
    assert done["rows"] == [{"row": "cases.csv:17", "reason": "案号重复"}]
    listed = run("deliveries", "list", sealed.id)
    assert (listed.exit_code, "cases.csv:17: 案号重复" in listed.stdout) == (0, True)
