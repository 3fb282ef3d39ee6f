"""The month on the command line: every step prints one document, every refusal says why and exits with 1."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gridcase.cli import assess
from gridcase.cli.main import cli
from gridcase.services import assessing, running_month
from tests.months import CUT_OFF, LATER, PERIOD, RULES, reported_case
from tests.office import Office

ASKED = ("--period", PERIOD, "--rule-set", RULES)


@pytest.fixture
def office(sqlite_office: Office, monkeypatch: pytest.MonkeyPatch, plain_packages: None) -> Office:
    """Let the command line work on an office with a closed case, after every step of October's timetable."""
    monkeypatch.setattr(assess, "runtime", lambda: sqlite_office.rt)
    reported_case(sqlite_office)
    sqlite_office.clock.instant = LATER
    return sqlite_office


def invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, ["assess", *args])


def told(*args: str) -> Any:
    """Run a command that must succeed and return its document: all of standard output."""
    done = invoke(*args, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_past_month_goes_from_run_to_verified_export_in_four_commands(office: Office, tmp_path: Path):
    run = told("run", *ASKED)
    assert [(one["subject"], one["score"], one["rank"]) for one in run["scores"]] == [("NDJ-ZF", "100.00", 1)]
    sealed = told("seal", str(run["id"]))
    assert (sealed["state"], sealed["sealed"], sealed["export_ready"]) == ("sealed", True, True)
    file = tmp_path / "sealed" / "month.zip"
    assert told("export", str(run["id"]), "--out", str(file))["sha256"] == sealed["sha256"]
    assert file.exists()


def test_a_month_run_again_answers_the_sealed_run_also_where_an_equal_one_is_older(office: Office):
    older = told("run", *ASKED)["id"]
    asked, _ = assessing.request_run(office.rt, office.actor("assessor"), PERIOD, RULES, key="again")
    running_month.work_off(office.rt)
    told("seal", str(asked.id))

    assert asked.id != older
    assert told("run", *ASKED)["id"] == asked.id


def test_every_point_is_explained(office: Office):
    run = told("run", *ASKED)
    one = told("explain", str(run["id"]), "NDJ-ZF")
    assert sum(Fraction(line["points"]) for line in one["lines"]) == Fraction(one["score"])
    assert {line["clause"] for line in one["lines"]} >= {"1", "2", "3"}
    assert invoke("explain", str(run["id"]), "NDJ-HW").exit_code == 1


def test_a_snapshot_is_made_again_into_the_same_canonical_members(office: Office, tmp_path: Path):
    run = told("run", *ASKED)
    told("seal", str(run["id"]))
    told("snapshot", str(run["id"]), "--out", str(tmp_path / "s"))
    again = told("recompute", str(tmp_path / "s"), "--out", str(tmp_path / "a.zip"))
    assert again["scores"] == told("show", str(run["id"]))["scores"]
    (tmp_path / "s").write_bytes(b"nothing")
    assert invoke("recompute", str(tmp_path / "s")).exit_code == 1


def test_a_leader_approves_it_is_sent_and_issued_anew(office: Office):
    identity = str(told("run", *ASKED)["id"])
    told("seal", identity)
    refused = invoke("send", identity)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "审签" in refused.stderr
    assert told("approve", identity, "--by", "leader", "--note", "同意")["next"]["step"] == "send"
    assert told("send", identity)["state"] == "sent"
    again = told("reissue", identity, "--reason", "更正")
    assert (again["revision"], again["supersedes"]) == (2, int(identity))
    told("seal", str(again["id"]))
    assert [one["state"] for one in told("list")["items"]] == ["sealed", "superseded"]


def test_who_is_no_leader_does_not_approve(office: Office):
    identity = str(told("run", *ASKED)["id"])
    assert invoke("approve", identity, "--by", "assessor").exit_code == 1


def test_a_refusal_says_when_it_may_be_done(office: Office):
    office.clock.instant = CUT_OFF.replace(hour=9)
    identity = str(told("run", *ASKED)["id"])
    refused = invoke("seal", identity)
    assert refused.exit_code == 1
    assert "2026-11-04 18:00" in refused.stderr
    assert told("withdraw", identity, "--reason", "重来")["state"] == "withdrawn"


@pytest.mark.parametrize(
    "args",
    [
        ("run", "--period", "2026-13", "--rule-set", RULES),
        ("run", "--period", PERIOD, "--rule-set", "x"),
        ("seal", "9"),
    ],
)
def test_what_cannot_be_done_is_exit_1_without_a_traceback(office: Office, args):
    done = invoke(*args)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("gridcase: ")


def test_a_draft_of_the_rules_is_tried_without_keeping_anything(office: Office, tmp_path: Path):
    told("run", *ASKED)
    draft = tmp_path / "draft.yaml"
    draft.write_text((Path(__file__).parents[2] / "config/rules/yuncheng.yaml").read_text("utf-8"), "utf-8")
    found = told("what-if", "--period", PERIOD, "--rule-set", str(draft))
    assert [one["difference"] for one in found["periods"][0]["subjects"]] == ["0.00"]
    assert len(told("list")["items"]) == 1


def test_the_score_so_far_is_empty_before_the_first_draft(office: Office):
    assert told("so-far", "--period", "2026-11", "--rule-set", RULES)["run"] is None
