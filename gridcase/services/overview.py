"""The street at a glance, for anybody: where cases stand now and how the newest month came out.

Nothing here names a person, a text, an address or an exact position: a case is shown by number, type, state and cell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridcase.domain.case import CaseState
from gridcase.domain.time import is_late, whole_second
from gridcase.services.runtime import Runtime
from gridcase.store import overview as store
from gridcase.store.assessments import AssessmentRunRow
from gridcase.store.overview import PublicCase

__all__ = ["MonthRow", "MonthTable", "Overview", "PublicCase", "overview"]

#: A page shows at most so many cases of each kind, 200 together.
OPEN_SHOWN = 150
CLOSED_SHOWN = 50
#: Ended cases are counted when they were filed within these days.
RECENT = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """One unit's line of a month's table.

    Parameters
    ----------
    score
        A decimal string; None without data.
    counts
        What the rule set's terms counted, by name.
    """

    subject: str
    rank: int | None
    score: str | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTable:
    """The newest month that is no draft, best first."""

    period: str
    rule_set: str
    cut_off: datetime
    rows: tuple[MonthRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the page shows.

    Parameters
    ----------
    counts
        Open cases by state, and ended ones filed within ``RECENT``.
    overdue
        How many of all open cases are past their deadline.
    open, closed
        At most ``OPEN_SHOWN`` open cases, due first, and the ``CLOSED_SHOWN`` closed ones filed last.
    month
        None before the first month was run.
    """

    now: datetime
    counts: Mapping[CaseState, int]
    overdue: int
    open: tuple[PublicCase, ...]
    closed: tuple[PublicCase, ...]
    month: MonthTable | None

    def is_overdue(self, case: PublicCase) -> bool:
        """Tell whether the stage an open case stands in should be done by now."""
        return case.state.is_open and case.due_at is not None and is_late(self.now, case.due_at)


def overview(rt: Runtime) -> Overview:
    """Read the overview, in six statements however many cases there are."""
    now = whole_second(rt.clock.now())
    with rt.database.reading() as tx:
        run = store.newest_month(tx)
        return Overview(
            now=now,
            counts={**store.open_counts(tx), **store.ended_counts(tx, now - RECENT)},
            overdue=store.count_overdue(tx, now),
            open=store.open_cases(tx, OPEN_SHOWN),
            closed=store.closed_cases(tx, CLOSED_SHOWN),
            month=_month(run) if run else None,
        )


def _month(run: AssessmentRunRow) -> MonthTable:
    rows = tuple(_row(raw) for raw in run.scores)
    return MonthTable(period=run.period, rule_set=run.rule_set, cut_off=run.cut_off, rows=rows)


def _row(raw: Mapping[str, Any]) -> MonthRow:
    parts = [line[side] for line in raw["lines"] for side in ("numerator", "denominator")]
    return MonthRow(
        subject=raw["subject"],
        rank=raw["rank"],
        score=raw["score"],
        counts={part["name"]: part["value"] for part in parts if part["name"]},
    )
