"""Everything that people added to a month: kept with each run, compared before sealing, frozen with the sealed one."""

from decimal import Decimal

from gridcase.assessment.package import AppealEntry
from gridcase.domain.time import Period
from gridcase.services.steps.centre_findings import findings_of
from gridcase.services.steps.packing import Contested
from gridcase.services.steps.scoring_inputs import inputs_for
from gridcase.store import appeals
from gridcase.store.appeals import AppealRow
from gridcase.store.database import Tx

#: A month has few: every unit may contest each of its lines.
_MOST = 100_000


def contested_for(tx: Tx, period: Period, rule_set: str) -> Contested:
    """Return what was entered and decided for a period under a rule set, in one order whoever asks."""
    filed = appeals.appeals(tx, period=period.name, limit=_MOST)
    return Contested(
        inputs=inputs_for(tx, period, rule_set),
        appeals=tuple(_entry(row) for row in filed if row.rule_set == rule_set),
        findings=findings_of(tx, period.name),
    )


def _entry(row: AppealRow) -> AppealEntry:
    """Say of an appeal what others may know: neither its words nor who filed and decided it."""
    return AppealEntry(
        number=str(row.id),
        rule_set=row.rule_set,
        subject=row.subject,
        clause=row.clause,
        indicator=row.indicator,
        case=row.case,
        reason=row.reason,
        filed_at=row.filed_at,
        state=row.state,
        decided_at=row.decided_at,
        decision="",
        points=None if row.points is None else Decimal(row.points),
    )
