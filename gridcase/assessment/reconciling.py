"""Compare the superior centre's findings of a month with our own records, case by case 对账.

Pure: matches by number, names every field that differs, and lists what only one side has. It neither decides who is
right nor scores; what costs points is a ``Deduction`` of the rule set. Domain §6, "First-hand information from above".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gridcase.assessment.facts import Handling
from gridcase.assessment.frames import Frames
from gridcase.domain.case import CaseNumber


class FindingKind(StrEnum):
    """What the centre says of a case.

    ``record`` is its plain record of the case; the others each claim something against us, ``on_site`` and ``other``
    something our history cannot show.
    """

    RECORD = "record"
    ON_SITE = "on_site"
    MISSED = "missed"
    FALSE_FEEDBACK = "false_feedback"
    OVERDUE = "overdue"
    REWORK = "rework"
    OTHER = "other"


class Outcome(StrEnum):
    """How the handling ended, as both sides can say it."""

    ON_TIME = "on_time"
    OVERDUE = "overdue"
    OVERDUE_OPEN = "overdue_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row of the centre's list.

    Parameters
    ----------
    their_number, our_number
        At least one is given.
    unit, outcome, reworks
        What the centre holds; None where its list does not say.
    indicator, points
        Item and points that it takes off; both or neither.
    evidence
        Document, photo number or page; may be empty.
    """

    their_number: str
    our_number: CaseNumber | None
    kind: FindingKind
    unit: str | None = None
    outcome: Outcome | None = None
    reworks: int | None = None
    indicator: str | None = None
    points: Decimal | None = None
    found_on: date | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedFinding:
    """A finding with the system whose number it bears, and our case of that number; None when none has it."""

    finding: Finding
    system: str
    case: CaseNumber | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRecord:
    """What our facts say of a case at the cut-off."""

    case: CaseNumber
    unit: str | None
    outcome: Handling
    reworks: int
    is_missed: bool
    is_false: bool


class Match(StrEnum):
    """How a finding and our record stand to each other."""

    EQUAL = "equal"
    DIFFERENT = "different"
    ONLY_THEIRS = "only_theirs"
    ONLY_OURS = "only_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field in which both sides differ, as each says it."""

    field: str
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One line of the reconciliation.

    Parameters
    ----------
    finding
        None on a line that only we have.
    case
        Our case; None on a line that only they have.
    """

    finding: Finding | None
    case: CaseNumber | None
    match: Match
    differences: tuple[Difference, ...] = ()


def reconcile(
    findings: Iterable[Finding],
    ours: Mapping[CaseNumber, OurRecord],
    numbers: Mapping[str, CaseNumber],
) -> tuple[Reconciled, ...]:
    """Compare findings with our records.

    Parameters
    ----------
    ours
        Our records of the month by our number.
    numbers
        Our number for each of theirs.

    Returns
    -------
    tuple
        One line for each finding, in the order of their numbers, kinds and our numbers, whatever the order given. A
        finding whose two numbers mean different cases is compared with the case of their number, and differs in
        ``our_number``.
    """
    return tuple(sorted((_line(one, ours, numbers) for one in findings), key=_order))


def left_out(lines: Iterable[Reconciled], expected: Iterable[CaseNumber]) -> tuple[Reconciled, ...]:
    """Return a line for each case that a complete list would name and no finding does, by number."""
    named = {line.case for line in lines}
    missing = sorted({case for case in expected if case not in named})
    return tuple(Reconciled(finding=None, case=case, match=Match.ONLY_OURS) for case in missing)


def reconcile_facts(found: Iterable[NumberedFinding], frames: Frames) -> tuple[Reconciled, ...]:
    """Compare findings with the facts of a period, system by system."""
    records = records_of(frames)
    by_system: defaultdict[str, list[NumberedFinding]] = defaultdict(list)
    for one in found:
        by_system[one.system].append(one)
    return tuple(
        line
        for _, rows in sorted(by_system.items())
        for line in reconcile(
            [one.finding for one in rows],
            records,
            {one.finding.their_number: one.case for one in rows if one.case is not None},
        )
    )


def records_of(frames: Frames) -> dict[CaseNumber, OurRecord]:
    """Return our record of every case that was folded."""
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


def tally(lines: Iterable[Reconciled]) -> Mapping[Match, int]:
    """Count the lines of each match, zero included."""
    counted: defaultdict[Match, int] = defaultdict(int)
    for line in lines:
        counted[line.match] += 1
    return {match: counted[match] for match in Match}


def _order(line: Reconciled) -> tuple[str, ...]:
    one = line.finding
    return () if one is None else (one.their_number, one.kind, one.our_number or "", one.indicator or "")


def _line(finding: Finding, ours: Mapping[CaseNumber, OurRecord], numbers: Mapping[str, CaseNumber]) -> Reconciled:
    case = numbers.get(finding.their_number) if finding.their_number else None
    case = case or finding.our_number
    record = ours.get(case) if case else None
    if case is None or record is None:
        return Reconciled(finding=finding, case=None, match=Match.ONLY_THEIRS)
    found = tuple(_differences(finding, record))
    return Reconciled(finding=finding, case=case, match=Match.DIFFERENT if found else Match.EQUAL, differences=found)


def _differences(finding: Finding, record: OurRecord) -> Iterable[Difference]:
    said: list[tuple[str, object, object]] = [
        ("our_number", finding.our_number, record.case),
        ("unit", finding.unit, record.unit),
        ("outcome", finding.outcome, record.outcome),
        ("reworks", finding.reworks, record.reworks),
    ]
    for name, theirs, here in said:
        if theirs is not None and str(theirs) != str(here if here is not None else ""):
            yield Difference(field=name, theirs=str(theirs), ours=str(here if here is not None else ""))
    if _denies(finding.kind, record):
        yield Difference(field="kind", theirs=finding.kind, ours="")


def _denies(kind: FindingKind, record: OurRecord) -> bool:
    """Tell whether our record shows nothing of what the finding claims."""
    match kind:
        case FindingKind.MISSED:
            return not record.is_missed
        case FindingKind.FALSE_FEEDBACK:
            return not record.is_false
        case FindingKind.OVERDUE:
            return record.outcome not in (Handling.OVERDUE, Handling.OVERDUE_OPEN)
        case FindingKind.REWORK:
            return record.reworks == 0
        case _:
            return False
