"""The ledger of timed runs: who has which slot of which job, until when, and what came of it.

It does not know what the jobs do (``gridcase.jobs``). A run is begun by a row that only one can insert, kept by
prolonging its lease, and taken over by anybody once the lease has passed.
"""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridcase.services.runtime import Runtime
from gridcase.store import notices as store
from gridcase.store.notices import JobRunRow

__all__ = ["JobRunRow", "Lease", "LeaseLostError", "begin", "forget", "left_behind", "new_owner", "runs"]

#: How long a run stands without a sign of life before others take it over.
LEASE = timedelta(minutes=2)
#: Runs that ended are kept so long.
KEPT = timedelta(days=30)
_MOST_FORGOTTEN = 5000


class LeaseLostError(Exception):
    """Somebody took the run over; nothing more may be done in its name."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """A run that is ours.

    Parameters
    ----------
    owner
        Unlike any other's, also on the same machine.
    """

    rt: Runtime
    run: int
    owner: str
    until: datetime

    def keep(self) -> None:
        """Give a sign of life; written only when half of the lease is gone.

        Raises
        ------
        LeaseLostError
            The lease had passed and somebody took the run over.
        """
        now = self.rt.clock.now()
        if self.until - now > LEASE / 2:
            return
        with self.rt.database.writing() as tx:
            if not store.keep_lease(tx, self.run, self.owner, now + LEASE):
                raise LeaseLostError
        self.until = now + LEASE

    def end(self, *, done: int, error: str | None = None) -> None:
        """Note what came of the run, if it is still ours.

        Parameters
        ----------
        error
            What kind of error; None for success.
        """
        with self.rt.database.writing() as tx:
            store.end_run(tx, self.run, owner=self.owner, now=self.rt.clock.now(), done=done, error=error)


def begin(rt: Runtime, job: str, slot: datetime, owner: str) -> Lease | None:
    """Take a slot of a job; None when somebody else has it or did it."""
    now = rt.clock.now()
    with rt.database.writing() as tx:
        run = store.begin_run(tx, job=job, slot=slot, owner=owner, now=now, lease_until=now + LEASE)
    return None if run is None else Lease(rt=rt, run=run, owner=owner, until=now + LEASE)


def left_behind(rt: Runtime, job: str) -> tuple[datetime, ...]:
    """Return the slots of a job that were begun by a process that died, oldest first."""
    with rt.database.reading() as tx:
        return tuple(row.slot for row in store.unfinished_runs(tx, rt.clock.now()) if row.job == job)


def runs(rt: Runtime, limit: int) -> tuple[JobRunRow, ...]:
    """Return the newest runs, newest first."""
    with rt.database.reading() as tx:
        return store.recent_runs(tx, limit)


def forget(rt: Runtime) -> int:
    """Remove old runs that ended; return how many there were."""
    with rt.database.writing() as tx:
        return store.forget_runs(tx, rt.clock.now() - KEPT, _MOST_FORGOTTEN)


def new_owner() -> str:
    """Return a name for a process that begins runs: machine, process, and what tells it from one before."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"
