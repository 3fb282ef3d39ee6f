"""The superior centre's findings of a month beside our facts: what costs points, and how both sides compare.

What use cases share; taking lists in is ``gridcase.services.reconciling``. Reads in an open transaction.
"""

from collections.abc import Sequence
from decimal import Decimal

from gridcase.assessment.facts import Handling
from gridcase.assessment.frames import Frames, epoch_second
from gridcase.assessment.inputs import Deduction
from gridcase.assessment.package import FindingEntry
from gridcase.assessment.reconciling import Finding, FindingKind, OurRecord, Outcome, Reconciled, reconcile
from gridcase.domain.case import CaseNumber
from gridcase.domain.numbers import parse_number
from gridcase.domain.time import Period
from gridcase.store import findings as store
from gridcase.store.database import Tx
from gridcase.store.findings import FindingRow

#: Both sides agree that such a case was due.
_DUE = (Handling.ON_TIME, Handling.OVERDUE, Handling.OVERDUE_OPEN)


def deductions(tx: Tx, period: str, rule_set: str) -> tuple[Deduction, ...]:
    """Return the points that findings take off under a rule set, with our number where we know the case."""
    rows = [row for row in store.findings(tx, period) if row.rule_set == rule_set and row.points is not None]
    numbers = _our_numbers(tx, rows)
    return tuple(
        Deduction(
            subject=row.unit or "",
            indicator=row.indicator or "",
            points=Decimal(row.points or 0),
            evidence=row.evidence,
            case=numbers.get((row.system, row.their_number)) or _number(row.our_number),
            their_number=row.their_number,
        )
        for row in rows
    )


def reconciled(
    tx: Tx, period: Period, frames: Frames, *, complete: frozenset[str] = frozenset()
) -> tuple[Reconciled, ...]:
    """Compare the findings of a period with its facts.

    Parameters
    ----------
    complete
        Systems whose list names every case of theirs that was due in the period: what it leaves out is only ours.
    """
    rows = store.findings(tx, period.name)
    records = _records(frames)
    numbers = _our_numbers(tx, rows)
    lines: list[Reconciled] = []
    for system in sorted({row.system for row in rows} | complete):
        of_system = {theirs: case for (name, theirs), case in numbers.items() if name == system}
        expected = _expected(tx, system, period, frames) if system in complete else frozenset()
        found = [_finding(row) for row in rows if row.system == system]
        lines += reconcile(found, records, of_system, expected=expected)
    return tuple(lines)


def entries(lines: tuple[Reconciled, ...]) -> tuple[FindingEntry, ...]:
    """Write a reconciliation as the month's package shows it."""
    return tuple(
        FindingEntry(
            their_number=line.finding.their_number if line.finding else "",
            case=line.case,
            kind=line.finding.kind if line.finding else "",
            indicator=(line.finding.indicator if line.finding else None) or "",
            points=line.finding.points if line.finding else None,
            match=line.match,
            differs_in=" ".join(one.field for one in line.differences),
        )
        for line in lines
    )


def _finding(row: FindingRow) -> Finding:
    return Finding(
        their_number=row.their_number,
        our_number=_number(row.our_number),
        kind=FindingKind(row.kind),
        unit=row.unit,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reworks=row.reworks,
        indicator=row.indicator,
        points=Decimal(row.points) if row.points is not None else None,
        found_on=row.found_on,
        evidence=row.evidence,
    )


def _number(text: str | None) -> CaseNumber | None:
    return CaseNumber(text) if text else None


def _our_numbers(tx: Tx, rows: Sequence[FindingRow]) -> dict[tuple[str, str], CaseNumber]:
    found: dict[tuple[str, str], CaseNumber] = {}
    for system in sorted({row.system for row in rows}):
        asked = sorted({row.their_number for row in rows if row.system == system and row.their_number})
        known = store.our_numbers(tx, system, asked)
        found |= {(system, theirs): CaseNumber(ours) for theirs, ours in known.items()}
    return found


def _records(frames: Frames) -> dict[CaseNumber, OurRecord]:
    columns = ("case", "unit", "handling", "reworks", "missed", "false_feedbacks")
    return {
        row[0]: OurRecord(
            case=row[0],
            unit=row[1],
            outcome=Handling(row[2]),
            reworks=row[3],
            is_missed=bool(row[4]),
            is_false=bool(row[5]),
        )
        for row in frames.cases.select(*columns).iter_rows()
    }


def _expected(tx: Tx, system: str, period: Period, frames: Frames) -> frozenset[CaseNumber]:
    """Return our cases that bear a number of the system and were due in the period."""
    first, end = epoch_second(period.start), epoch_second(period.end)
    due = {
        number: case
        for case, handling, due_at in frames.cases.select("case", "handling", "handle_due_at").iter_rows()
        if due_at is not None and first <= due_at < end and Handling(handling) in _DUE and (number := _identity(case))
    }
    return frozenset(due[identity] for identity in store.numbers_of_system(tx, system, sorted(due)))


def _identity(case: str) -> int:
    found = parse_number(case)
    return found.identity if found else 0
