"""Carrying out one action on one case: load for update, compare, decide, write, in one transaction.

Refusals come in the contract's order: not found, replay, missing headers, stale, role, state, input. The replay is
looked up only after something refused, which answers the same and saves a statement.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action
from gridcase.domain.errors import (
    GridcaseError,
    NotFoundError,
    PreconditionMissingError,
    StaleCaseError,
)
from gridcase.domain.numbers import parse_number
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.sealed_months import sealed_month_of
from gridcase.services.steps.writing import Answer, Writing, replayed, request_digest, write_action
from gridcase.store import people
from gridcase.store.cases import StoredCase, load_case
from gridcase.store.database import Tx
from gridcase.store.field_evidence import seen_photos
from gridcase.store.history import KeyTakenError, RequestKey
from gridcase.workflow.case import Case
from gridcase.workflow.effects.intake import correction_point
from gridcase.workflow.machine import check_may, decide
from gridcase.workflow.requests import (
    Check,
    Correct,
    Decide,
    LinkDuplicate,
    Payload,
    Position,
    ReassignTask,
    RequestCheck,
    RequestVerification,
    Verify,
)
from gridcase.workflow.rulebook import Placement, Situation
from gridcase.workflow.transitions import ADVANCING


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """What a caller asks.

    Parameters
    ----------
    number
        Our number of the case, as the caller wrote it.
    read
        Parses the payload; called after role and state were checked.
    expected
        Versions the caller would accept (from ``If-Match``); None when the header is missing, empty for "any".
    client_ref
        The caller's idempotency key.
    """

    number: str
    action: Action
    read: Callable[[], Payload]
    expected: frozenset[int] | None
    client_ref: str | None


def perform(rt: Runtime, actor: Actor, request: ActionRequest, *, reference: Reference | None = None) -> Answer:
    """Carry out an action once, however often it is sent.

    Raises
    ------
    NotFoundError
        There is no such case, or the actor may not see it.
    PreconditionMissingError
        ``If-Match`` or the idempotency key is missing.
    StaleCaseError
        The case is at another version than the caller expects.
    KeyReusedError
        The key came before with other content.
    NotPermittedError, WrongStateError, InvalidInputError
        See ``gridcase.workflow.machine.decide``.
    """
    identity = _identity(request.number)
    payload: list[Payload] = []

    def read() -> Payload:
        payload.append(request.read())
        return payload[0]

    try:
        with rt.database.writing() as tx:
            return _perform(tx, rt, actor, request, _Ask(identity, read, reference or rt.reference()))
    except NotFoundError:
        raise
    except (GridcaseError, KeyTakenError) as refusal:
        earlier = _replay(rt, actor, request, payload)
        if earlier is None:
            raise refusal if isinstance(refusal, GridcaseError) else AssertionError from refusal
        return Answer(case=earlier, is_replay=True)


@dataclass(frozen=True, slots=True)
class _Ask:
    identity: int
    read: Callable[[], Payload]
    reference: Reference


def _perform(tx: Tx, rt: Runtime, actor: Actor, request: ActionRequest, ask: _Ask) -> Answer:
    stored = load_case(tx, ask.identity, actor, for_update=True)
    if stored is None or stored.case.number != request.number.strip().upper():
        raise NotFoundError("case_not_found", params={"number": request.number})
    key_ref = _check_headers(request, stored)
    now = rt.clock.now()
    situation = Situation(case=stored.case, actor=actor, now=now, rules=ask.reference.rules)
    if request.action in _TAKING_BACK:
        situation = replace(situation, sealed=sealed_month_of(tx, stored.case))
    check_may(situation, request.action)
    payload = ask.read()
    situation = _informed(tx, rt, situation, payload, ask.reference)
    decision = decide(situation, request.action, payload)
    writing = Writing(
        actor=actor,
        now=now,
        rules=ask.reference.rules,
        key=RequestKey(client_ref=key_ref, digest=_digest(request, payload)),
        photos=getattr(payload, "attachments", ()),
    )
    return Answer(case=write_action(tx, stored, decision, writing))


def _informed(tx: Tx, rt: Runtime, situation: Situation, payload: Payload, reference: Reference) -> Situation:
    """Add what some actions have to know besides: inspectors, the lead of a duplicate, where a correction lies."""
    if isinstance(payload, RequestCheck | RequestVerification | ReassignTask):
        today = situation.now.astimezone(rt.settings.zone).date()
        return replace(situation, inspectors=people.inspectors(tx, situation.now, today))
    if isinstance(payload, LinkDuplicate):
        return replace(situation, lead=_lead(tx, situation.actor, payload.lead))
    if isinstance(payload, Verify | Check):
        return replace(situation, photos=seen_photos(tx, situation.actor.person, payload.attachments))
    point = correction_point(situation.case) if isinstance(payload, Decide) else None
    position = payload.location if isinstance(payload, Correct) else Position(point=point) if point else None
    if position is not None:
        location = reference.grid.locate(position.point, accuracy_m=position.accuracy_m)
        layers = reference.layers_of(position.point, location.cell)
        return replace(situation, placement=Placement(position=position, location=location, layers=layers))
    return situation


def _lead(tx: Tx, actor: Actor, number: str) -> Case | None:
    parts = parse_number(number)
    stored = load_case(tx, parts.identity, actor) if parts else None
    return stored.case if stored is not None and stored.case.number == number.strip().upper() else None


def _check_headers(request: ActionRequest, stored: StoredCase) -> str:
    """Return the caller's key when both headers are there and the version is one the caller would accept."""
    if request.expected is None:
        raise PreconditionMissingError("if_match_missing")
    if request.client_ref is None:
        raise PreconditionMissingError("idempotency_key_missing")
    cares = request.action in ADVANCING and bool(request.expected)
    if cares and stored.case.version not in request.expected:
        raise StaleCaseError("stale_case", params={"version": stored.case.version})
    return request.client_ref


def _replay(rt: Runtime, actor: Actor, request: ActionRequest, payload: list[Payload]) -> StoredCase | None:
    if request.client_ref is None:
        return None
    try:
        digest = _digest(request, payload[0] if payload else request.read())
    except GridcaseError:
        digest = ""
    with rt.database.reading() as tx:
        return replayed(tx, actor, RequestKey(client_ref=request.client_ref, digest=digest))


def _digest(request: ActionRequest, payload: Payload) -> str:
    return request_digest({"case": request.number.strip().upper(), "action": request.action, "payload": payload})


def _identity(number: str) -> int:
    parts = parse_number(number)
    if parts is None:
        raise NotFoundError("case_not_found", params={"number": number})
    return parts.identity


#: Actions that would move what a sealed month has counted.
_TAKING_BACK = (Action.RESTORE, Action.REOPEN)
