"""What people add to a month's counts: outside scores, exemptions, adjustments, deductions; and what is contested.

Asked by every run; what a run used is kept with it, so that a sealed one never asks again.
"""

from gridcase.assessment.inputs import NO_INPUTS, ScoringInputs
from gridcase.domain.time import Period
from gridcase.store.database import Tx


def inputs_for(tx: Tx, period: Period, rule_set: str) -> ScoringInputs:  # noqa: ARG001 - nothing is entered yet
    """Return what was entered and decided for a period under a rule set, in one order whoever asks."""
    return NO_INPUTS


def undecided_appeals(tx: Tx, period: Period) -> int:  # noqa: ARG001 - nobody can appeal yet
    """Return how many appeals against a period wait for a decision; they keep it from being sealed."""
    return 0
