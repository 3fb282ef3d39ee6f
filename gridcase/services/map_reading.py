"""The map of the console: open cases as points, and counts by cell; only cases that the person may see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gridcase.domain.actor import Actor
from gridcase.domain.case import OPEN_STATES, CaseState
from gridcase.services.runtime import Runtime
from gridcase.store import map_points as store
from gridcase.store.cases import CaseFilter
from gridcase.store.map_points import MapPoint

__all__ = ["MOST_POINTS", "CaseFilter", "CellCounts", "MapPoint", "cell_counts", "map_points"]

MOST_POINTS = 10_000
_OPEN = tuple(state for state in CaseState if state in OPEN_STATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCounts:
    """By cell: cases filed since an instant, whatever became of them, and cases open now."""

    since: datetime
    filed: Mapping[str, int]
    open: Mapping[str, int]


def map_points(rt: Runtime, actor: Actor, wanted: CaseFilter) -> tuple[MapPoint, ...]:
    """Return the open cases of a filter as points, in one statement; one more than ``MOST_POINTS`` if there are more.

    A filter that names states is taken at its word.
    """
    asked = wanted if wanted.states else replace(wanted, states=_OPEN)
    with rt.database.asking() as tx:
        return store.points(tx, actor, asked, MOST_POINTS, rt.clock.now())


def cell_counts(rt: Runtime, actor: Actor, wanted: CaseFilter, days: int) -> CellCounts:
    """Count by cell, in two statements: filed on the last ``days`` days, today among them; and open."""
    now = rt.clock.now()
    midnight = now.astimezone(rt.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=days - 1)
    with rt.database.reading() as tx:
        filed = store.count_by_cell(tx, actor, replace(wanted, states=(), filed_from=since), now)
        is_open = store.count_by_cell(tx, actor, replace(wanted, states=wanted.states or _OPEN), now)
    return CellCounts(since=since, filed=filed, open=is_open)
