"""The scheduler: ticks every job of the table until it is told to stop.

There is no leader: any number of schedulers tick, and the ledger lets each slot be run once. A missed tick needs no
catching up, since every job works from what the database says.
"""

import os
import signal
import threading
from types import FrameType

import structlog
from apscheduler.events import EVENT_SCHEDULER_STARTED, SchedulerEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from gridcase.jobs.runner import run_due
from gridcase.jobs.table import JOBS
from gridcase.services.ledger import new_owner
from gridcase.services.runtime import Runtime
from gridcase.services.watching import StoreError

_log = structlog.get_logger("gridcase")


class Ticker:
    """Ticks jobs in threads of this process.

    Parameters
    ----------
    rt
        Shared by all jobs.
    parent
        Process with which this one is to end; None to go on without it.
    """

    def __init__(self, rt: Runtime, *, parent: int | None = None) -> None:
        self._rt = rt
        self._parent = parent
        self._owner = new_owner()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._scheduler = BlockingScheduler(
            timezone="UTC", executors={"default": ThreadPoolExecutor(max_workers=len(JOBS) + 1)}
        )

    def run(self) -> None:
        """Tick until SIGTERM or SIGINT; work under way ends at its next pause, and the ledger says so."""
        for job in JOBS.values():
            self._scheduler.add_job(
                self.tick,
                "interval",
                args=[job.name],
                id=job.name,
                seconds=job.every.total_seconds(),
                next_run_time=self._rt.clock.now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        if self._parent is not None:
            self._scheduler.add_job(self._end_with_parent, "interval", seconds=1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._scheduler.add_listener(self._started, EVENT_SCHEDULER_STARTED)
        _log.info("scheduler began", owner=self._owner, jobs=list(JOBS))
        self._scheduler.start()
        _log.info("scheduler ended", owner=self._owner)

    def tick(self, name: str) -> None:
        """Run what is due of one job; a database that does not answer is tried again at the next tick."""
        try:
            run_due(self._rt, name, owner=self._owner, is_stopping=self._stopping.is_set)
        except StoreError as error:
            _log.error("job not begun", job=name, exc_info=error)

    def _end_with_parent(self) -> None:
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGTERM)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._scheduler.running:
            self._shut_down()

    def _started(self, _event: SchedulerEvent) -> None:
        """End at once when the signal came before there was anything to end."""
        if self._stopping.is_set():
            self._shut_down()

    def _shut_down(self) -> None:
        """Shut down in a thread of its own: the signal may have interrupted who holds the scheduler's lock."""
        if not self._ended.is_set():
            self._ended.set()
            threading.Thread(target=self._scheduler.shutdown, name="gridcase-stop").start()
