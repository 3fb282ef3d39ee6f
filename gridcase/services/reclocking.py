"""Provisional deadlines recomputed when the working days of a year are announced (domain §5).

One transaction and one line of history for each case that changes, so that every moved deadline is explained and people
go on working meanwhile. Doing it again changes nothing.
"""

from dataclasses import dataclass

from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import Action
from gridcase.services.runtime import Runtime
from gridcase.services.steps.calendars import former_calendars
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.writing import Writing, write_action
from gridcase.store.batches import provisional_after
from gridcase.store.cases import load_case
from gridcase.workflow.effects.reclocking import may_reclock
from gridcase.workflow.machine import decide
from gridcase.workflow.requests import Reclock
from gridcase.workflow.rulebook import Situation
from gridcase.workflow.transitions import rows_of
from gridcase.workflow.worktime import WorkingCalendar

Former = dict[str, tuple[WorkingCalendar, ...]]
#: States in which deadlines still count.
RECLOCKED = next(row.sources for row in rows_of(Action.RECLOCK))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """How many cases had deadlines recomputed, and how many deadlines."""

    cases: int = 0
    deadlines: int = 0


def recompute_provisional(rt: Runtime) -> Recomputed:
    """Recompute every provisional deadline of open and closed cases by the calendars in force."""
    cases = deadlines = 0
    with rt.database.reading() as tx:
        batch, former = provisional_after(tx, 0), former_calendars(tx)
    while batch:
        reference = rt.reference()
        for identity in batch:
            moved = _recompute(rt, identity, reference, former)
            cases, deadlines = cases + bool(moved), deadlines + moved
        with rt.database.reading() as tx:
            batch = provisional_after(tx, batch[-1])
    return Recomputed(cases=cases, deadlines=deadlines)


def _recompute(rt: Runtime, identity: int, reference: Reference, former: Former) -> int:
    """Recompute one case; returns how many of its deadlines changed."""
    with rt.database.writing() as tx:
        stored = load_case(tx, identity, SYSTEM, for_update=True)
        if stored is None:
            return 0
        now = rt.clock.now()
        situation = Situation(case=stored.case, actor=SYSTEM, now=now, rules=reference.rules, former=former)
        if stored.case.state not in RECLOCKED or may_reclock(situation) is not None:
            return 0
        decision = decide(situation, Action.RECLOCK, Reclock())
        write_action(tx, stored, decision, Writing(actor=SYSTEM, now=now, rules=reference.rules))
        facts = decision.events[0].facts
        return len(facts.dues) + len(facts.assisting)
