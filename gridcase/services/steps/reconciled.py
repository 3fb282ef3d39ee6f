"""The centre's findings of a period compared with its facts 对账, as lines and as plain values that a row keeps.

Loads the column engine when called: for the command line and the jobs process, never for a web worker.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from gridcase.assessment.reconciling import Reconciled, left_out, reconcile_facts, records_of
from gridcase.domain.plain_values import to_plain
from gridcase.domain.time import Period
from gridcase.services.steps.centre_findings import cases_due, findings_of
from gridcase.services.steps.instance import Instance
from gridcase.services.steps.month_facts import folded


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedLine:
    """A line with the unit that our facts name for its case; None where they name none."""

    line: Reconciled
    unit: str | None

    def concerns(self, unit: str | None) -> bool:
        """Tell whether a unit is named by either side."""
        return unit is not None and unit in (self.unit, self.line.finding.unit if self.line.finding else None)


def reconciled(
    rt: Instance, period: Period, complete: Collection[str], *, alive: Callable[[], None] = lambda: None
) -> tuple[OwnedLine, ...]:
    """Compare the findings of a period with its facts.

    Parameters
    ----------
    complete
        Systems whose list names every case of theirs that was due: what it leaves out is ours alone.
    """
    frames = folded(rt, period, alive=alive).content.frames
    with rt.database.reading() as tx:
        found = findings_of(tx, period.name)
        expected = [case for system in sorted(complete) for case in cases_due(tx, system, period, frames)]
    named = reconcile_facts(found, frames)
    units = {number: record.unit for number, record in records_of(frames).items()}
    return tuple(
        OwnedLine(line=line, unit=units.get(line.case) if line.case else None)
        for line in (*named, *left_out(named, expected))
    )


def plain_lines(lines: Collection[OwnedLine]) -> list[dict[str, Any]]:
    """Write lines as plain values, in their order."""
    return [
        {
            "match": str(one.line.match),
            "case": one.line.case,
            "unit": one.unit,
            "finding": None if one.line.finding is None else to_plain(one.line.finding),
            "differences": [
                {"field": each.field, "theirs": each.theirs, "ours": each.ours} for each in one.line.differences
            ],
        }
        for one in lines
    ]
