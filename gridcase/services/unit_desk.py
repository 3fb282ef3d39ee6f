"""A unit's desk: its open cases by what each asks of the unit now."""

from dataclasses import dataclass

from gridcase.domain.actor import UNIT_ROLES, Actor
from gridcase.domain.case import UnitCode
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import only_for
from gridcase.services.steps.reference import Reference
from gridcase.store.cases import StoredCase, open_cases_of
from gridcase.workflow.desk import Tray, trays

__all__ = ["MOST_ON_DESK", "DeskCase", "Tray", "UnitDesk", "unit_desk"]

#: A unit with more open cases sees those due first, and is told so.
MOST_ON_DESK = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCase:
    """An open case with the trays it lies in."""

    stored: StoredCase
    trays: frozenset[Tray]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDesk:
    """The open cases of a unit, next handling deadline first.

    Parameters
    ----------
    is_more
        There are more than ``MOST_ON_DESK``.
    """

    unit: UnitCode
    cases: tuple[DeskCase, ...]
    is_more: bool

    def tray(self, tray: Tray) -> tuple[StoredCase, ...]:
        """Return the cases in one tray."""
        return tuple(one.stored for one in self.cases if tray in one.trays)


def unit_desk(rt: Runtime, actor: Actor, reference: Reference) -> UnitDesk:
    """Return the desk of the actor's unit, in three statements.

    Raises
    ------
    NotPermittedError
        The actor acts for no unit.
    """
    only_for(actor, UNIT_ROLES)
    unit, now = UnitCode(actor.scope.value), rt.clock.now()
    with rt.database.reading() as tx:
        found = open_cases_of(tx, actor, MOST_ON_DESK)
    shown = found[:MOST_ON_DESK]
    cases = (DeskCase(stored=one, trays=trays(one.case, unit, now, reference.rules)) for one in shown)
    return UnitDesk(unit=unit, cases=tuple(one for one in cases if one.trays), is_more=len(found) > len(shown))
