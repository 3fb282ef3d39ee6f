"""``gridcase scheduler`` and ``gridcase jobs``: the timed work, all of it or one at a time."""

import os
import sys

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime, table
from gridcase.domain.errors import GridcaseError
from gridcase.jobs.runner import run_job
from gridcase.jobs.scheduler import Ticker
from gridcase.jobs.table import JOBS
from gridcase.services.ledger import new_owner, runs
from gridcase.services.watching import readiness


@click.command("scheduler")
@click.option("--with-parent", is_flag=True, help="End when the process that started it has ended.")
@refusing
def scheduler_command(*, with_parent: bool) -> None:
    """Run every timed job at its interval until told to stop; several schedulers may run at once."""
    parent = os.getppid() if with_parent else None
    rt = runtime()
    if not readiness(rt).is_ready:
        raise GridcaseError("not_configured")
    Ticker(rt, parent=parent).run()


@click.group()
def jobs() -> None:
    """Timed jobs and what came of them."""


@jobs.command()
@click.argument("name", type=click.Choice(sorted(JOBS)))
@json_option
@refusing
def run(*, name: str, as_json: bool) -> None:
    """Run one job now; exit 1 when it fails."""
    rt = runtime()
    ran = run_job(rt, name, rt.clock.now(), owner=new_owner())
    value = {"job": name, "run": ran.run if ran else None, "done": ran.done if ran else 0}
    value["error"] = ran.error if ran else "already_run"
    answer(value, as_json=as_json, text=f"{name}: {value['error'] or value['done']}")
    sys.exit(1 if value["error"] else 0)


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many of the newest.")
@json_option
@refusing
def list_command(*, limit: int, as_json: bool) -> None:
    """List the newest runs."""
    rows = [
        {
            "run": one.id,
            "job": one.job,
            "slot": one.slot.isoformat(),
            "owner": one.owner,
            "attempts": one.attempts,
            "started_at": one.started_at.isoformat(),
            "finished_at": one.finished_at.isoformat() if one.finished_at else None,
            "outcome": one.outcome,
            "done": one.done,
            "error": one.error,
        }
        for one in runs(runtime(), limit)
    ]
    shown = ("run", "job", "slot", "outcome", "done", "error", "attempts", "owner")
    text = table(shown, [tuple("-" if row[name] is None else str(row[name]) for name in shown) for row in rows])
    answer({"runs": rows}, as_json=as_json, text=text)
