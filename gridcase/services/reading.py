"""Showing cases: one, many, their history, and who may be asked to check."""

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action
from gridcase.domain.errors import NotPermittedError
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.repeating import SeenRecurrence, recurrence_seen
from gridcase.services.steps.sealed_months import sealed_month_of
from gridcase.services.steps.showing import HistoryLine, ListedCase, history_of, listed_case, visible_case
from gridcase.store import people
from gridcase.store.cases import CaseFilter, PageAsk, Photo, StoredCase, page_of_cases
from gridcase.workflow.effects.effect import eligible_inspectors
from gridcase.workflow.rulebook import Inspector, Situation
from gridcase.workflow.transitions import rows_of

#: Floors above speak of stored cases without knowing the store.
__all__ = [
    "CaseFilter",
    "HistoryLine",
    "ListedCase",
    "PageAsk",
    "Photo",
    "SeenRecurrence",
    "StoredCase",
    "case_history",
    "case_list",
    "case_recurrence",
    "inspectors_for",
    "one_case",
    "sealed_month",
]


def one_case(rt: Runtime, actor: Actor, number: str) -> StoredCase:
    """Return a case.

    Raises
    ------
    NotFoundError
        There is none, or the actor may not see it.
    """
    with rt.database.reading() as tx:
        return visible_case(tx, actor, number)


def case_recurrence(rt: Runtime, actor: Actor, stored: StoredCase) -> SeenRecurrence | None:
    """Return the recurrence that a visible case is, or None."""
    with rt.database.asking() as tx:
        return recurrence_seen(tx, actor, stored.id)


def sealed_month(rt: Runtime, stored: StoredCase) -> str | None:
    """Return the sealed period in which a case's end counts, or None; a case that goes on costs no statement."""
    if stored.case.closed_at is None:
        return None
    with rt.database.asking() as tx:
        return sealed_month_of(tx, stored.case)


def case_list(rt: Runtime, actor: Actor, wanted: CaseFilter, page: PageAsk) -> tuple[ListedCase, ...]:
    """Return a page of the cases an actor may see, in one statement; one more than asked when there are more."""
    with rt.database.reading() as tx:
        rows = page_of_cases(tx, actor, wanted, page, rt.clock.now())
        return tuple(listed_case(row) for row in rows)


def case_history(rt: Runtime, actor: Actor, number: str) -> tuple[HistoryLine, ...]:
    """Return a case's history, oldest first.

    Raises
    ------
    NotFoundError
        There is no such case, or the actor may not see it.
    """
    with rt.database.reading() as tx:
        return history_of(tx, visible_case(tx, actor, number))


def inspectors_for(rt: Runtime, actor: Actor, number: str, reference: Reference) -> tuple[Inspector, ...]:
    """Return who may be asked to check a case, the duty inspector first.

    Raises
    ------
    NotFoundError
        There is no such case, or the actor may not see it.
    NotPermittedError
        The actor's role asks nobody to check: a unit must not learn who the inspectors are.
    """
    now = rt.clock.now()
    with rt.database.reading() as tx:
        stored = visible_case(tx, actor, number)
        if not any(actor.role in row.roles for row in rows_of(Action.REQUEST_CHECK)):
            raise NotPermittedError("role_may_not", params={"action": Action.REQUEST_CHECK, "role": actor.role})
        known = people.inspectors(tx, now, now.astimezone(rt.settings.zone).date())
    return eligible_inspectors(
        Situation(case=stored.case, actor=actor, now=now, rules=reference.rules, inspectors=known)
    )
