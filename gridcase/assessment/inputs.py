"""What a score takes in beside the counts: outside scores, exemptions, adjustments and deductions, each with evidence.

Words only. Who may enter them and whether they are well founded is decided by the services. Source: domain §6.
"""

from dataclasses import dataclass
from decimal import Decimal

from gridcase.domain.case import CaseNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalScore:
    """A value that people gave: an on-site score 现场, duty performance 履职.

    Parameters
    ----------
    indicator
        The name that the rule set gives the outside value (``external``).
    value
        As given; the rule set says out of how many points.
    by
        Who gave it; may be empty.
    """

    subject: str
    indicator: str
    value: Decimal
    evidence: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A case that is not to count 免责.

    Parameters
    ----------
    indicator, subject
        Where it is not to count; None takes every indicator, every subject.
    reason
        One that the rule set allows, such as ``self_report``; of any other reason only a line of no points is left.
    """

    case: CaseNumber
    indicator: str | None
    subject: str | None
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Points of an earlier, sealed period that are settled in this one.

    Parameters
    ----------
    points
        Added to the total; negative takes points off.
    origin_period
        Such as ``2026-09``.
    """

    subject: str
    points: Decimal
    reason: str
    evidence: str
    origin_period: str
    case: CaseNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """Points taken off within an indicator by people: the centre's findings, on-site checks.

    Parameters
    ----------
    points
        How many are taken off; not negative.
    case, their_number
        Our number when it was matched, and theirs.
    """

    subject: str
    indicator: str
    points: Decimal
    evidence: str
    case: CaseNumber | None = None
    their_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringInputs:
    """All of them; their order is irrelevant."""

    external: tuple[ExternalScore, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    deductions: tuple[Deduction, ...] = ()


NO_INPUTS = ScoringInputs()
