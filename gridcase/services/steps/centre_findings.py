"""The superior centre's findings of a month as they stand: with our numbers, and the points that they take off.

What use cases share, read in an open transaction; taking lists in is ``gridcase.services.reconciling``.
"""

from collections.abc import Sequence
from decimal import Decimal

from gridcase.assessment.facts import Handling
from gridcase.assessment.frames import Frames, epoch_second
from gridcase.assessment.inputs import Deduction
from gridcase.assessment.reconciling import Finding, FindingKind, NumberedFinding, Outcome
from gridcase.domain.case import CaseNumber
from gridcase.domain.numbers import parse_number
from gridcase.domain.time import Period
from gridcase.store import findings as store
from gridcase.store.database import Tx
from gridcase.store.findings import FindingRow

#: Both sides agree that such a case was due.
_DUE = (Handling.ON_TIME, Handling.OVERDUE, Handling.OVERDUE_OPEN)


def findings_of(tx: Tx, period: str) -> tuple[NumberedFinding, ...]:
    """Return the findings of a period with our cases of their numbers, in the order in which they came."""
    rows = store.findings(tx, period)
    numbers = _our_numbers(tx, rows)
    return tuple(
        NumberedFinding(finding=_finding(row), system=row.system, case=numbers.get((row.system, row.their_number)))
        for row in rows
    )


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


def cases_due(tx: Tx, system: str, period: Period, frames: Frames) -> frozenset[CaseNumber]:
    """Return our cases that bear a number of a system and were due in a period: a complete list names them all."""
    first, end = epoch_second(period.start), epoch_second(period.end)
    due = {
        number: case
        for case, handling, due_at in frames.cases.select("case", "handling", "handle_due_at").iter_rows()
        if due_at is not None and first <= due_at < end and Handling(handling) in _DUE and (number := _identity(case))
    }
    return frozenset(due[identity] for identity in store.numbers_of_system(tx, system, sorted(due)))


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


def _identity(case: str) -> int:
    found = parse_number(case)
    return found.identity if found else 0
