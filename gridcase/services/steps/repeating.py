"""The recurrence that a case is, as who looks at the case may see it. Finding and reviewing is ``recurring``."""

from dataclasses import dataclass

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseNumber
from gridcase.store.database import Tx
from gridcase.store.recurrence import recurrence_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRecurrence:
    """The recurrence that a case is, as who looks at the case may see it.

    Parameters
    ----------
    earlier
        None when the actor may not see that case.
    """

    earlier: CaseNumber | None
    distance_m: float
    state: str


def recurrence_seen(tx: Tx, actor: Actor, case_id: int) -> SeenRecurrence | None:
    """Return the recurrence that a case is, or None."""
    found = recurrence_of(tx, actor, case_id)
    if found is None:
        return None
    row, earlier = found
    return SeenRecurrence(earlier=earlier, distance_m=row.distance_m, state=row.state)
