"""Sealing the history: every settled line comes under a root, each root covering the one before."""

from collections.abc import Callable

from gridcase.services.runtime import Runtime
from gridcase.services.steps.roots import seal_settled
from gridcase.store import recurrence as store
from gridcase.store.recurrence import HistoryRootRow


def seal_history(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Put every settled line that no root covers yet under one; return how many lines there were."""
    return seal_settled(rt.database, rt.clock, alive)


def newest_root(rt: Runtime) -> HistoryRootRow | None:
    """Return the root that covers everything sealed; None before the first."""
    with rt.database.reading() as tx:
        return store.newest_root(tx)
