"""Many cases at once: what dispatching, reassigning or withdrawing each would do, before anything is done.

The preview asks the same pure decision as the action. Carrying out is ``gridcase.services.acting.perform``, case by
case, under ``key_of`` and the version previewed: one refusal, or a change in between, stops no other.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action, CaseNumber, CaseState, TypeKey, UnitCode
from gridcase.domain.errors import GridcaseError, NotFoundError
from gridcase.domain.history import LimitedStage
from gridcase.domain.numbers import parse_number
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.store.cases import StoredCase, cases_whole
from gridcase.workflow.machine import decide
from gridcase.workflow.requests import Dispatch, Payload, Reassign, WithdrawDispatch
from gridcase.workflow.rulebook import Situation

#: As many as a page shows.
MOST_AT_ONCE = 100
BULK_ACTIONS = (Action.DISPATCH, Action.REASSIGN, Action.WITHDRAW_DISPATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A case that somebody ticked, at the version that was on the screen."""

    number: CaseNumber
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAsk:
    """What to do with each.

    Parameters
    ----------
    unit
        None lets the routing table decide, for a dispatch; unused by a withdrawal.
    reason
        Of a reassignment.
    """

    action: Action
    unit: UnitCode | None = None
    reason: str | None = None
    note: str | None = None

    def payload(self) -> Payload:
        """Return the payload of each action."""
        if self.action is Action.DISPATCH:
            return Dispatch(unit=self.unit, note=self.note)
        if self.action is Action.WITHDRAW_DISPATCH:
            return WithdrawDispatch(note=self.note)
        return Reassign(unit=self.unit or UnitCode(""), reason=self.reason or "", note=self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What would become of one case.

    Parameters
    ----------
    unit, due_at
        Afterwards; None when it is refused, or when it would have no unit.
    route
        JSON of the route explanation, where the table decides.
    is_stale
        Somebody changed the case since it was on the screen; it is not touched.
    refusal
        Why not.
    """

    number: CaseNumber
    version: int
    type: TypeKey | None = None
    state: CaseState | None = None
    before: UnitCode | None = None
    unit: UnitCode | None = None
    route: str | None = None
    due_at: datetime | None = None
    is_stale: bool = False
    refusal: GridcaseError | None = None

    @property
    def will_do(self) -> bool:
        """Whether carrying out would do something."""
        return self.refusal is None and not self.is_stale


def preview(
    rt: Runtime, actor: Actor, ask: BulkAsk, chosen: Sequence[Chosen], reference: Reference
) -> tuple[Outlook, ...]:
    """Say of each case what would become of it, in the order chosen, in three statements; nothing is changed."""
    identities = {one.number: parts.identity for one in chosen if (parts := parse_number(one.number))}
    with rt.database.reading() as tx:
        known = {one.case.number: one for one in cases_whole(tx, actor, tuple(identities.values()))}
    now = rt.clock.now()
    return tuple(_outlook(known.get(one.number), one, ask, (actor, now, reference)) for one in chosen)


def key_of(batch: uuid.UUID, number: CaseNumber) -> str:
    """Return the idempotency key of one case in a batch: the same however often the batch is sent."""
    return str(uuid.uuid5(batch, number))


def _outlook(
    stored: StoredCase | None, chosen: Chosen, ask: BulkAsk, asking: tuple[Actor, datetime, Reference]
) -> Outlook:
    actor, now, reference = asking
    if stored is None:
        refusal = NotFoundError("case_not_found", params={"number": chosen.number})
        return Outlook(number=chosen.number, version=chosen.version, refusal=refusal)
    case = stored.case
    before = case.assignment.unit if case.assignment and case.assignment.ended_at is None else None

    def outlook(**found: object) -> Outlook:
        known: Callable[..., Outlook] = Outlook
        return known(
            number=case.number, version=chosen.version, type=case.type, state=case.state, before=before, **found
        )

    if case.version != chosen.version:
        return outlook(is_stale=True)
    try:
        done = decide(Situation(case=case, actor=actor, now=now, rules=reference.rules), ask.action, ask.payload()).case
    except GridcaseError as refusal:
        return outlook(refusal=refusal)
    if ask.action is Action.WITHDRAW_DISPATCH:
        dispatch = done.clocks.get(LimitedStage.DISPATCH)
        return outlook(due_at=dispatch.due.due_at if dispatch else None)
    given = done.assignment
    return outlook(
        unit=given.unit if given else None, route=given.route if given else None, due_at=given.due_at if given else None
    )
