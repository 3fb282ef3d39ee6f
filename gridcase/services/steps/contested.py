"""Everything that people added to a month: kept with each run, compared before sealing, frozen with the sealed one."""

from gridcase.domain.time import Period
from gridcase.services.steps.packing import Contested
from gridcase.services.steps.scoring_inputs import inputs_for
from gridcase.store.database import Tx


def contested_for(tx: Tx, period: Period, rule_set: str) -> Contested:
    """Return what was entered and decided for a period under a rule set, in one order whoever asks."""
    return Contested(inputs=inputs_for(tx, period, rule_set))
