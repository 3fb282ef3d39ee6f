"""What people add to a month's counts: outside scores, exemptions, adjustments, deductions; and what is contested.

Asked by every run; what a run used is kept with it, so that a sealed one never asks again.
"""

from decimal import Decimal

from gridcase.assessment.inputs import Adjustment, Exemption, ExternalScore, ScoringInputs
from gridcase.domain.case import CaseNumber
from gridcase.domain.time import Period
from gridcase.services.steps.centre_findings import deductions
from gridcase.store import appeals, evidence
from gridcase.store.database import Tx


def inputs_for(tx: Tx, period: Period, rule_set: str) -> ScoringInputs:
    """Return what was entered and decided for a period under a rule set, in one order whoever asks."""
    name = period.name
    return ScoringInputs(
        external=tuple(
            ExternalScore(subject=row.subject, indicator=row.name, value=Decimal(row.value), evidence=row.evidence)
            for row in evidence.external_scores(tx, name, rule_set)
        ),
        exemptions=tuple(
            Exemption(
                case=CaseNumber(row.case),
                indicator=row.indicator,
                subject=row.subject,
                reason=row.reason,
                evidence=row.evidence,
            )
            for row in evidence.exemptions(tx, name, rule_set)
            if row.state == evidence.GRANTED
        ),
        adjustments=tuple(
            Adjustment(
                subject=row.subject,
                points=Decimal(row.points),
                reason=row.reason,
                evidence=row.evidence,
                origin_period=row.origin_period,
                case=CaseNumber(row.case) if row.case else None,
            )
            for row in evidence.adjustments(tx, name, rule_set)
        ),
        deductions=deductions(tx, name, rule_set),
    )


def undecided_appeals(tx: Tx, period: Period) -> int:
    """Return how many appeals against a period wait for a decision; they keep it from being sealed."""
    return appeals.open_appeals(tx, period.name)
