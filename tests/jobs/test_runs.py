"""Every slot once, whoever ticks; a run left behind is taken over; a failure is noted and the next slot goes on."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gridcase.jobs.runner import run_due, run_job
from gridcase.jobs.table import JOBS, Job
from gridcase.services import ledger
from gridcase.services.ledger import LEASE, begin, runs
from tests.office import MONDAY, Office

SECOND = timedelta(seconds=1)


def a_job(work) -> Job:
    return Job(name="probe", every=timedelta(seconds=20), zh="试", en="a probe", work=work)


@pytest.fixture
def worked(monkeypatch) -> list[str]:
    """Put a job in the table that notes each time it works."""
    seen: list[str] = []

    def work(_rt, alive) -> int:
        alive()
        seen.append("worked")
        return 3

    monkeypatch.setitem(JOBS, "probe", a_job(work))
    return seen


def test_a_slot_is_run_once(office: Office, worked):
    first = run_job(office.rt, "probe", MONDAY, owner="a")
    assert (first.done, first.error) == (3, None)
    assert run_job(office.rt, "probe", MONDAY, owner="b") is None
    assert run_job(office.rt, "probe", MONDAY + timedelta(seconds=20), owner="b") is not None
    assert worked == ["worked"] * 2
    newest, oldest = runs(office.rt, 10)
    assert (oldest.owner, oldest.outcome, oldest.done, oldest.attempts) == ("a", "done", 3, 1)
    assert newest.slot == MONDAY + timedelta(seconds=20)


def test_two_schedulers_at_once_run_every_slot_once(office: Office, worked):
    start = threading.Barrier(2)
    slots = [MONDAY + timedelta(seconds=20 * number) for number in range(8)]

    def tick(owner: str) -> None:
        for slot in slots:
            start.wait()
            run_job(office.rt, "probe", slot, owner=owner)

    threads = [threading.Thread(target=tick, args=(owner,)) for owner in ("a", "b")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(worked) == len(slots)
    assert sorted(one.slot for one in runs(office.rt, 100)) == slots


def test_a_run_whose_process_was_killed_is_taken_over_after_its_lease(office: Office, worked):
    slot = JOBS["probe"].slot(office.clock.now())
    assert begin(office.rt, "probe", slot, "killed") is not None  # and never heard of again
    office.clock.advance(LEASE)
    assert ledger.left_behind(office.rt, "probe") == ()
    assert run_job(office.rt, "probe", slot, owner="next") is None
    office.clock.advance(SECOND)
    assert ledger.left_behind(office.rt, "probe") == (slot,)
    assert len(run_due(office.rt, "probe", owner="next")) == 2  # the one left behind, and the slot of now
    (old,) = [one for one in runs(office.rt, 10) if one.slot == slot]
    assert (old.owner, old.attempts, old.outcome) == ("next", 2, "done")
    assert run_due(office.rt, "probe", owner="other") == ()


def test_a_run_that_gives_signs_of_life_is_not_taken_over(office: Office, worked):
    lease = begin(office.rt, "probe", MONDAY, "slow")
    for _ in range(4):
        office.clock.advance(LEASE / 2)
        lease.keep()
    assert run_job(office.rt, "probe", MONDAY, owner="next") is None
    assert worked == []


def test_who_lost_a_run_stops_and_does_not_write_over_the_other(office: Office, monkeypatch):
    def work(_rt, alive) -> int:
        office.clock.advance(LEASE + SECOND)
        assert begin(office.rt, "probe", MONDAY, "other") is not None
        alive()
        raise AssertionError

    monkeypatch.setitem(JOBS, "probe", a_job(work))
    assert run_job(office.rt, "probe", MONDAY, owner="slow").error == "lease_lost"
    (row,) = runs(office.rt, 10)
    assert (row.owner, row.finished_at) == ("other", None)


def test_a_failure_is_noted_by_its_kind_and_hinders_nothing(office: Office, monkeypatch, worked):
    def fail(_rt, _alive) -> int:
        raise KeyError("周敏 13800000000")

    works = JOBS["probe"]
    monkeypatch.setitem(JOBS, "probe", replace(works, work=fail))
    assert run_due(office.rt, "probe", owner="a")[0].error == "KeyError"
    (row,) = runs(office.rt, 10)
    assert (row.outcome, row.error) == ("failed", "KeyError")
    monkeypatch.setitem(JOBS, "probe", works)
    office.clock.advance(timedelta(seconds=20))
    assert run_due(office.rt, "probe", owner="a")[0].error is None


def test_a_stop_ends_the_work_at_its_next_pause_and_the_ledger_says_so(office: Office, worked):
    ran = run_job(office.rt, "probe", MONDAY, owner="a", is_stopping=lambda: True)
    assert ran.error == "stopped"
    assert worked == []
    assert [one.error for one in runs(office.rt, 1)] == ["stopped"]


@pytest.mark.parametrize("name", sorted(JOBS))
def test_every_job_runs_on_an_office_at_work(office: Office, name):
    office.caller("inspector").file()
    office.clock.advance(timedelta(days=1))
    ran = run_job(office.rt, name, office.clock.now(), owner="a")
    assert ran.error is None


def test_a_job_that_has_nothing_to_do_leaves_no_line_in_the_ledger(office: Office, monkeypatch, worked):
    monkeypatch.setitem(JOBS, "probe", replace(JOBS["probe"], is_due=lambda _rt: False))
    assert run_due(office.rt, "probe", owner="a") == ()
    assert (runs(office.rt, 10), worked) == ((), [])


def test_old_runs_are_forgotten_and_unfinished_ones_kept(office: Office, worked):
    run_job(office.rt, "probe", MONDAY, owner="a")
    begin(office.rt, "probe", MONDAY + SECOND, "killed")
    office.clock.advance(ledger.KEPT)
    assert ledger.forget(office.rt) == 0
    office.clock.advance(SECOND)
    assert ledger.forget(office.rt) == 1
    assert [one.owner for one in runs(office.rt, 10)] == ["killed"]


def test_slots_are_the_same_whoever_asks_and_do_not_overlap():
    every = JOBS["watch"].every
    start = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
    slots = {JOBS["watch"].slot(start + timedelta(seconds=number)) for number in range(60)}
    assert slots == {start, start + every, start + 2 * every}


def test_the_scheduler_ends_cleanly_on_sigterm(sqlite_office: Office, tmp_path: Path):
    url = str(sqlite_office.rt.database.engine.url)
    environment = os.environ | {"GRIDCASE_DATABASE_URL": url, "GRIDCASE_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", "from gridcase.cli.main import cli; cli()", "scheduler"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if '"job done"' in line or '"scheduler began"' in line:
                    break
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert '"scheduler ended"' in rest


def test_a_scheduler_started_by_a_server_ends_with_it(sqlite_office: Office, tmp_path: Path):
    url = str(sqlite_office.rt.database.engine.url)
    environment = os.environ | {"GRIDCASE_DATABASE_URL": url, "GRIDCASE_DATA_DIR": str(tmp_path)}
    scheduler = [sys.executable, "-c", "from gridcase.cli.main import cli; cli()", "scheduler", "--with-parent"]
    server = [sys.executable, "-c", f"import subprocess; subprocess.run({scheduler!r})"]
    with subprocess.Popen(server, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if '"job done"' in line or '"scheduler began"' in line:
                    break
        finally:
            process.kill()
        # The pipe ends when the scheduler, which holds its other end, has ended too.
        rest = process.stderr.read()
    assert '"scheduler ended"' in rest
