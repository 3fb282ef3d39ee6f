"""Killed at any point, a month's work is done once more with the same result and nothing twice."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gridcase.jobs.runner import run_due
from gridcase.jobs.table import JOBS
from gridcase.services import assessing, closing_month, running_month
from gridcase.services.assessing import Run
from gridcase.services.ledger import LEASE
from gridcase.store.assessments import AssessmentActRow, AssessmentMonthRow, AssessmentRunRow
from gridcase.store.database import Tx
from tests.months import LATER, PERIOD, RULES, reported_case
from tests.office import Office

pytestmark = pytest.mark.usefixtures("plain_packages")

_RULE_SETS = (RULES, "production-formula", "cjt292-unit")
#: A period and a rule set for every point, so that one office serves them all.
CLOSINGS = [(f"2026-{month:02d}", rules) for rules in _RULE_SETS for month in range(1, 10)]


class KilledError(BaseException):
    """The process is gone: nothing in it gets to say anything more."""


@pytest.fixture
def october(office: Office) -> Office:
    reported_case(office)
    office.clock.instant = LATER
    return office


class Killer:
    """Kills just before the n-th writing transaction is committed; 0 never.

    Just after it is the same to the database as before the next one.
    """

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.real = office.rt.database.writing
        self.seen = self.at = 0
        monkeypatch.setattr(office.rt.database, "writing", self.writing)

    def arm(self, at: int) -> None:
        self.seen, self.at = 0, at

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        self.seen += 1
        is_last = self.seen == self.at
        with self.real() as tx:
            yield tx
            if is_last:
                raise KilledError


def close(office: Office, period: str, rules: str) -> Run:
    """Close a month as people and the jobs process do, from the beginning, however far it had come."""
    assessor = office.actor("assessor")
    run, _ = assessing.request_run(office.rt, assessor, period, rules, key=f"{period}-{rules}")
    _tick(office)
    sealed = closing_month.seal(office.rt, assessor, run.id, key=f"{period}-{rules}")
    _tick(office)
    return sealed


def _tick(office: Office) -> None:
    office.clock.advance(JOBS["assessment"].every)
    run_due(office.rt, "assessment", owner="a")


def counted(office: Office, **wanted: Any) -> tuple[int, int, int]:
    """Return how many runs, acts and frozen months there are of a closing."""
    with office.rt.database.reading() as tx:
        runs = select(AssessmentRunRow.id).filter_by(**wanted)
        acts = select(func.count()).select_from(AssessmentActRow).where(AssessmentActRow.run_id.in_(runs))
        months = select(func.count()).select_from(AssessmentMonthRow).filter_by(period=wanted["period"])
        return len(tx.execute(runs).all()), tx.execute(acts).scalar_one(), tx.execute(months).scalar_one()


def test_killed_at_any_point_a_closing_ends_the_same_and_nothing_is_done_twice(
    october: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    killer = Killer(october, monkeypatch)
    whole = close(october, PERIOD, RULES)
    reference = canonical(october, whole.id, tmp_path)
    # What a package holds is tried elsewhere, and counting five views for each takes longer than all the rest.
    real = running_month._write
    monkeypatch.setattr(running_month, "_write", lambda *asked: asked[4].write_bytes(b"a package"))
    for number, (period, rules) in enumerate(CLOSINGS, start=1):
        killer.arm(number)
        try:
            close(october, period, rules)
        except KilledError:
            killer.arm(0)
        else:
            break  # that was the last point
        # By then the lease of what was left behind has passed.
        october.clock.advance(LEASE + timedelta(seconds=2))
        run = close(october, period, rules)
        assert counted(october, period=period, rule_set=rules) == (1, 2, 1), number
        ended = assessing.one_run(october.rt, october.actor("assessor"), run.id)
        assert (ended.status, ended.state, ended.is_packed) == ("done", "sealed", True), number
    assert 9 < number < len(CLOSINGS)
    monkeypatch.setattr(running_month, "_write", real)
    assert recomputed(october, whole.id, tmp_path) == reference
    assert canonical(october, whole.id, tmp_path) == reference


def canonical(office: Office, identity: int, folder: Path) -> str:
    running_month.write_export(office.rt, identity, folder / "sealed.zip")
    return str(json.loads(zipfile.ZipFile(folder / "sealed.zip").read("manifest.json"))["canonical"])


def recomputed(office: Office, identity: int, folder: Path) -> str:
    running_month.write_snapshot(office.rt, identity, folder / "snapshot.zip")
    done = running_month.recompute(folder / "snapshot.zip", folder / "again.zip")
    assert done.packed is not None
    return done.packed.canonical


def test_what_a_dead_process_had_taken_is_taken_over_only_after_its_lease(october: Office, monkeypatch):
    killer = Killer(october, monkeypatch)
    run, _ = assessing.request_run(october.rt, october.actor("assessor"), PERIOD, RULES)
    killer.arm(4)  # the ledger's slot and the run are taken, nothing is finished
    with pytest.raises(KilledError):
        run_due(october.rt, "assessment", owner="a")
    killer.arm(0)
    assert running_month.work_off(october.rt) == 0
    october.clock.advance(running_month.LEASE + timedelta(seconds=1))
    assert running_month.work_off(october.rt) == 1
    assert assessing.one_run(october.rt, october.actor("assessor"), run.id).status == "done"


def test_who_was_taken_over_writes_nothing(october: Office, monkeypatch):
    run, _ = assessing.request_run(october.rt, october.actor("assessor"), PERIOD, RULES)
    scored = running_month.score_month

    def slow(*args: Any) -> Any:
        monkeypatch.setattr(running_month, "score_month", scored)
        october.clock.advance(running_month.LEASE + timedelta(seconds=1))
        assert running_month.work_off(october.rt) == 1
        return scored(*args)

    monkeypatch.setattr(running_month, "score_month", slow)
    running_month.work_off(october.rt)
    done = assessing.one_run(october.rt, october.actor("assessor"), run.id)
    assert (done.status, len(done.acts)) == ("done", 1)


def test_work_that_is_refused_is_marked_failed_with_its_reason(october: Office, monkeypatch):
    run, _ = assessing.request_run(october.rt, october.actor("assessor"), PERIOD, RULES)

    def refuse(*_: Any) -> None:
        raise running_month.GridcaseError("facts_missing", params={"sha256": "x"})

    monkeypatch.setattr(running_month, "score_month", refuse)
    assert running_month.work_off(october.rt) == 1
    failed = assessing.one_run(october.rt, october.actor("assessor"), run.id)
    assert (failed.status, failed.error) == ("failed", "facts_missing")
