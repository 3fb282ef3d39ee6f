"""Whether a case's end counts in a sealed month: then it is not taken back, but adjusted or re-issued (domain §6)."""

from gridcase.domain.history import LimitedStage
from gridcase.store.assessments import sealed_period
from gridcase.store.database import Tx
from gridcase.workflow.case import Case


def sealed_month_of(tx: Tx, case: Case) -> str | None:
    """Return the sealed period in which a case's closing or voiding counts; None for one that goes on."""
    if case.closed_at is None:
        return None
    handle = case.clocks.get(LimitedStage.HANDLE)
    dates = (case.filed_at, case.registered_at, case.closed_at, handle.due.due_at if handle else None)
    return sealed_period(tx, ended_at=case.closed_at, dates=[one for one in dates if one is not None])
