"""What time itself does to cases, carried out: steps by rule, notices, and when to look again.

One transaction a case, so that it may be interrupted anywhere and run twice at once: who comes second finds the case
locked, and then not due. What is due is decided by ``gridcase.workflow.watch``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import UnitCode
from gridcase.domain.errors import GridcaseError
from gridcase.domain.notices import Why
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.telling import News, Telling
from gridcase.services.steps.writing import Writing, write_action
from gridcase.store import people
from gridcase.store.cases import StoredCase, cases_to_wake, load_case, next_wake, put_off, set_watched
from gridcase.store.database import Tx
from gridcase.workflow import watch
from gridcase.workflow.case import Case
from gridcase.workflow.machine import decide
from gridcase.workflow.rulebook import Situation
from gridcase.workflow.telling import Audience

#: A case that nothing can be done to yet, such as one without an inspector, is looked at again after this.
AGAIN_AFTER = timedelta(minutes=5)
#: Steps of one case in one look; more would mean that a step does not do away with what makes it due.
_MOST_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What came of a look.

    Parameters
    ----------
    failed
        Identities of cases that a rule refused to move on; they are looked at again later.
    """

    looked_at: int = 0
    steps: int = 0
    notices: int = 0
    failed: tuple[int, ...] = ()

    def plus(self, other: "Ticked") -> "Ticked":
        """Add up two looks."""
        return Ticked(
            looked_at=self.looked_at + other.looked_at,
            steps=self.steps + other.steps,
            notices=self.notices + other.notices,
            failed=self.failed + other.failed,
        )


def tick(
    rt: Runtime, limit: int = 200, *, alive: Callable[[], None] = lambda: None, reference: Reference | None = None
) -> Ticked:
    """Look at the cases whose time has come, at most ``limit`` of them.

    Parameters
    ----------
    alive
        Called before each case; what it raises ends the look, and nothing is lost.
    reference
        The configuration to go by; that in force when left out.
    """
    with rt.database.reading() as tx:
        waiting = cases_to_wake(tx, rt.clock.now(), limit)
    done = Ticked()
    reference = (reference or rt.reference()) if waiting else None
    for identity in waiting:
        alive()
        assert reference is not None  # noqa: S101 - loaded when anything waits
        done = done.plus(_look(rt, identity, reference))
    return done


def next_look(rt: Runtime) -> datetime | None:
    """Return when the next case is to be looked at; None when time can do nothing to any."""
    with rt.database.reading() as tx:
        return next_wake(tx)


def _look(rt: Runtime, identity: int, reference: Reference) -> Ticked:
    try:
        with rt.database.writing() as tx:
            return _watch(tx, rt, identity, reference)
    except GridcaseError:
        # One case that its rules no longer fit must not hold up the others, nor come first every time.
        with rt.database.writing() as tx:
            put_off(tx, identity, rt.clock.now() + AGAIN_AFTER)
        return Ticked(looked_at=1, failed=(identity,))


def _watch(tx: Tx, rt: Runtime, identity: int, reference: Reference) -> Ticked:
    stored = load_case(tx, identity, SYSTEM, for_update=True)
    now = rt.clock.now()
    if stored is None or stored.wake_at is None or stored.wake_at > now:
        return Ticked()
    situation = Situation(case=stored.case, actor=SYSTEM, now=now, rules=reference.rules)
    if watch.asks_inspectors(stored.case):
        today = now.astimezone(rt.settings.zone).date()
        situation = replace(situation, inspectors=people.inspectors(tx, now, today))
    # Before the steps too: a step may stop the clock whose breach has to be told.
    told = _told(stored, stored.case, situation)
    stored, steps = _carried_out(tx, stored, situation)
    told += [one for one in _told(stored, stored.case, situation) if one not in told]
    added = Telling(tx, now, rt.settings.zone).tell(told)
    wake_at = watch.wake_at(replace(stored.case, watched_at=now), reference.rules)
    if wake_at is not None and wake_at <= now:
        wake_at = now + AGAIN_AFTER
    set_watched(tx, identity, watched_at=now, wake_at=wake_at)
    return Ticked(looked_at=1, steps=steps, notices=added)


def _carried_out(tx: Tx, stored: StoredCase, situation: Situation) -> tuple[StoredCase, int]:
    """Do what is due, one step after the other, until nothing is."""
    writing = Writing(actor=SYSTEM, now=situation.now, rules=situation.rules)
    for done in range(_MOST_STEPS):
        due = watch.steps(replace(situation, case=stored.case))
        if not due:
            return stored, done
        step = due[0]
        decision = decide(replace(situation, case=stored.case), step.action, step.payload)
        stored = write_action(tx, stored, decision, writing)
    return stored, _MOST_STEPS


def _told(stored: StoredCase, case: Case, situation: Situation) -> list[News]:
    unit = case.assignment.unit if case.assignment and case.assignment.ended_at is None else None
    return [
        News(
            key=f"clock/{stored.id}/{one.kind}/{one.stage or ''}/{one.at.isoformat()}",
            kind=one.kind,
            at=one.at,
            audiences=_audiences(one, unit),
            case_id=stored.id,
            stage=str(one.stage) if one.stage else "",
        )
        for one in watch.notices(case, situation.rules, situation.now)
    ]


def _audiences(notice: watch.Notice, unit: UnitCode | None) -> tuple[Audience, ...]:
    office = Audience(why=Why.YOUR_ROLE, role=notice.role)
    if not notice.to_unit or unit is None:
        return (office,)
    return office, Audience(why=Why.YOUR_UNIT, unit=unit)
