"""Sealing the history: every settled line comes under a root, each root covering the one before."""

from collections.abc import Callable

from gridcase.services.runtime import Runtime
from gridcase.services.steps.roots import FIRST_ROOT, leaf, root_over
from gridcase.store import recurrence as store
from gridcase.store.database import Tx
from gridcase.store.feed import feed_lines, hold_cursor, move_cursor, read_feed
from gridcase.store.recurrence import HistoryRootRow

_READER = "sealing"
#: Lines under one root at most; more wait for the next, made at once.
_BATCH = 5000


def seal_history(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Put every settled line that no root covers yet under one; return how many lines there were."""
    sealed = 0
    while True:
        alive()
        with rt.database.writing() as tx:
            lines = _seal(tx, rt)
        sealed += lines
        if lines < _BATCH:
            return sealed


def newest_root(rt: Runtime) -> HistoryRootRow | None:
    """Return the root that covers everything sealed; None before the first."""
    with rt.database.reading() as tx:
        return store.newest_root(tx)


def _seal(tx: Tx, rt: Runtime) -> int:
    cursor = hold_cursor(tx, _READER)
    rows, reached = read_feed(tx, cursor, _BATCH)
    if not rows:
        return 0
    newest = store.newest_root(tx)
    previous = newest.root if newest else FIRST_ROOT
    leaves = [leaf(line) for line in feed_lines(tx, cursor, reached)]
    store.add_root(
        tx,
        {
            "after_txn": cursor.txn,
            "after_id": cursor.id,
            "up_to_txn": reached.txn,
            "up_to_id": reached.id,
            "lines": len(leaves),
            "root": root_over(previous, leaves, cursor, reached),
            "previous": previous,
            "sealed_at": rt.clock.now(),
        },
    )
    move_cursor(tx, _READER, reached)
    return len(leaves)
