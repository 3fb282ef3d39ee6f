"""Running one slot of one job: a row in the ledger, the work, and what came of it.

It decides nothing about time: the scheduler names the slot. Of many who try the same slot, one runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from gridcase.jobs.table import JOBS
from gridcase.services.ledger import LeaseLostError, begin, left_behind
from gridcase.services.runtime import Runtime

_log = structlog.get_logger("gridcase")


class JobStoppedError(Exception):
    """The process is to end; what is left is done by a later run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """What came of a slot that was ours.

    Parameters
    ----------
    done
        What the job counts; 0 when it failed or was stopped.
    error
        Kind of error; None when it went well.
    """

    run: int
    done: int = 0
    error: str | None = None


def run_job(
    rt: Runtime, name: str, slot: datetime, *, owner: str, is_stopping: Callable[[], bool] = lambda: False
) -> JobRun | None:
    """Run a slot of a job; None when somebody else has it or did it.

    A failure is noted in the ledger and logged with its kind and places, never with data; the next slot does the work.
    """
    lease = begin(rt, name, slot, owner)
    if lease is None:
        return None

    def alive() -> None:
        if is_stopping():
            raise JobStoppedError
        lease.keep()

    ids = {"job": name, "run": lease.run, "slot": slot.isoformat()}
    try:
        done = JOBS[name].work(rt, alive)
    except LeaseLostError:
        _log.warning("job lost", **ids)
        return JobRun(run=lease.run, error="lease_lost")
    except JobStoppedError:
        lease.end(done=0, error="stopped")
        _log.info("job stopped", **ids)
        return JobRun(run=lease.run, error="stopped")
    except Exception as error:  # noqa: BLE001 - the outermost loop of a job: it marks the run failed
        kind = type(error).__qualname__
        _log.error("job failed", exc_info=error, **ids)
        lease.end(done=0, error=kind)
        return JobRun(run=lease.run, error=kind)
    lease.end(done=done)
    if done:
        _log.info("job done", done=done, **ids)
    return JobRun(run=lease.run, done=done)


def run_due(
    rt: Runtime, name: str, *, owner: str, is_stopping: Callable[[], bool] = lambda: False
) -> tuple[JobRun, ...]:
    """Run the slot of now if there is anything to do, after those that a process left behind when it died."""
    job = JOBS[name]
    slots = (*left_behind(rt, name), *((job.slot(rt.clock.now()),) if job.is_due(rt) else ()))
    ran = (run_job(rt, name, slot, owner=owner, is_stopping=is_stopping) for slot in dict.fromkeys(slots))
    return tuple(one for one in ran if one is not None)
