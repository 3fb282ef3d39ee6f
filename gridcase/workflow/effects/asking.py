"""What a unit asks and a shift leader or leader decides: extension, suspension; escalation when nobody decides."""

from dataclasses import replace
from typing import Any

from gridcase.domain.actor import Role
from gridcase.domain.case import CaseState, RequestKind, Ruling
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.domain.time import is_late
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Request, RequestState
from gridcase.workflow.effects.effect import (
    Effect,
    Refusal,
    known_reason,
    lead_of,
    of_the_unit,
    texts,
    with_lead,
)
from gridcase.workflow.rulebook import Situation


def ask_extension(situation: Situation, payload: asked.AskExtension) -> Effect:
    """Ask for more time; pending is not overdue."""
    known_reason("reason", payload.reason, situation.rules.conduct.extension_reasons)
    lead = lead_of(situation.case)
    second = lead.extensions >= situation.rules.conduct.allowed_extensions
    decider = Role.LEADER if second else Role.SHIFT_LEADER
    effect = new_request(situation, RequestKind.EXTENSION, decider=decider, amount=payload.amount)
    return replace(effect, texts=texts(reason=payload.reason, note=payload.note))


def may_ask_extension(situation: Situation) -> Refusal:
    """Only the unit, only before the deadline, and one at a time."""
    clock = situation.case.clocks.get(LimitedStage.HANDLE)
    if clock is not None and is_late(situation.now, clock.due.due_at):
        return WrongStateError("extension_too_late")
    return _may_ask(situation, RequestKind.EXTENSION)


def decide_extension(situation: Situation, payload: asked.Decide) -> Effect:
    """Add the time to the deadline that stood when it was asked; a refusal leaves that deadline as it was."""
    request, effect = decided(situation, RequestKind.EXTENSION, payload)
    if payload.ruling is not Ruling.GRANT or request.amount is None:
        return effect
    case = effect.case
    clock = deadlines.extended_clock(situation, case.clocks[LimitedStage.HANDLE], request.amount)
    close = deadlines.close_clock(situation, clock)
    lead = lead_of(case)
    lead = replace(lead, due_at=clock.due.due_at, extensions=lead.extensions + 1)
    return replace(
        effect,
        case=replace(
            case,
            assignments=with_lead(case, lead),
            clocks=dict(case.clocks) | {LimitedStage.HANDLE: clock, LimitedStage.CLOSE: close},
        ),
        facts=replace(effect.facts, dues=(clock.due, close.due)),
    )


def ask_suspension(situation: Situation, payload: asked.AskSuspension) -> Effect:
    """Ask that the clock stand still until a date; asking does not pause."""
    known_reason("reason", payload.reason, situation.rules.conduct.suspension_reasons)
    if payload.until <= situation.now:
        raise invalid("until", "must_lie_ahead")
    effect = new_request(situation, RequestKind.SUSPENSION, until=payload.until)
    return replace(effect, texts=texts(reason=payload.reason, note=payload.note))


def may_ask_suspension(situation: Situation) -> Refusal:
    """Only the unit, and one at a time."""
    return _may_ask(situation, RequestKind.SUSPENSION)


def decide_suspension(situation: Situation, payload: asked.Decide) -> Effect:
    """Pause the handling clock from the request on; lateness already incurred stays."""
    request, effect = decided(situation, RequestKind.SUSPENSION, payload)
    if payload.ruling is not Ruling.GRANT:
        return effect
    case = effect.case
    clock = replace(case.clocks[LimitedStage.HANDLE], paused_at=request.asked_at)
    return replace(
        effect,
        case=replace(
            case,
            state=CaseState.SUSPENDED,
            resumes_at=request.until,
            clocks=dict(case.clocks) | {LimitedStage.HANDLE: clock},
        ),
        facts=replace(effect.facts, resumes_at=request.until),
    )


def resume(situation: Situation, payload: asked.Resume) -> Effect:
    """Let the clock run on with what was left when the suspension was asked for."""
    case = situation.case
    # It ends by itself at its date, however late the watch comes by.
    at = min(situation.now, case.resumes_at or situation.now)
    clock = deadlines.resumed_clock(replace(situation, now=at), case.clocks[LimitedStage.HANDLE])
    close = deadlines.close_clock(situation, clock)
    lead = replace(lead_of(case), due_at=clock.due.due_at)
    return Effect(
        case=replace(
            case,
            state=CaseState.HANDLING,
            resumes_at=None,
            assignments=with_lead(case, lead),
            clocks=dict(case.clocks) | {LimitedStage.HANDLE: clock, LimitedStage.CLOSE: close},
        ),
        facts=Facts(assignment=lead.number, unit=lead.unit, dues=(clock.due, close.due)),
        texts=texts(note=payload.note),
    )


def escalate(situation: Situation, payload: asked.Escalate) -> Effect:  # noqa: ARG001 - effects share one shape
    """Hand requests that nobody decided in time one level up, with a fresh limit."""
    case = situation.case
    due = deadlines.stage_clock(situation, LimitedStage.DECIDE).due
    raised = [one for one in case.pending if is_overripe(one, situation)]
    requests = tuple(
        replace(one, decider=Role.LEADER, decide_by=due.due_at) if one in raised else one for one in case.requests
    )
    return Effect(
        case=replace(case, requests=requests),
        facts=Facts(request=raised[0].number, request_kind=raised[0].kind, dues=(due,)),
    )


def may_escalate(situation: Situation) -> Refusal:
    """Only what nobody decided in time."""
    ripe = any(is_overripe(one, situation) for one in situation.case.pending)
    return None if ripe else WrongStateError("no_pending_request")


def is_overripe(request: Request, situation: Situation) -> bool:
    """Tell whether a pending request has passed its limit with the shift leader."""
    return request.decider is Role.SHIFT_LEADER and is_late(situation.now, request.decide_by)


def new_request(situation: Situation, kind: RequestKind, *, decider: Role = Role.SHIFT_LEADER, **more: Any) -> Effect:
    """Open a request with its own clock."""
    case = situation.case
    due = deadlines.stage_clock(situation, LimitedStage.DECIDE).due
    request = Request(
        number=len(case.requests) + 1,
        kind=kind,
        asked_at=situation.now,
        asked_by=situation.actor.person,
        decider=decider,
        decide_by=due.due_at,
        **more,
    )
    lead = case.assignment
    return Effect(
        case=replace(case, requests=(*case.requests, request)),
        facts=Facts(
            request=request.number,
            request_kind=kind,
            dues=(due,),
            assignment=lead.number if lead else None,
            unit=lead.unit if lead else None,
        ),
    )


def decided(situation: Situation, kind: RequestKind, payload: asked.Decide) -> tuple[Request, Effect]:
    """Close a pending request; what granting it changes is added by the caller."""
    request = next(one for one in situation.case.pending if one.kind is kind)
    if payload.ruling is Ruling.REFUSE and not payload.note:
        raise invalid("note", "refusal_needs_reason")
    granted = payload.ruling is Ruling.GRANT
    state = RequestState.GRANTED if granted else RequestState.REFUSED
    requests = tuple(
        replace(one, state=state) if one.number == request.number else one for one in situation.case.requests
    )
    lead = situation.case.assignment
    facts = Facts(
        request=request.number,
        request_kind=kind,
        ruling=payload.ruling,
        asked_at=request.asked_at,
        assignment=lead.number if lead else None,
        unit=lead.unit if lead else None,
    )
    case = replace(situation.case, requests=requests)
    return request, Effect(case=case, facts=facts, texts=texts(note=payload.note))


def may_decide(situation: Situation, kind: RequestKind) -> Refusal:
    """Only a pending request, by the level it stands with, and never by who asked."""
    request = next((one for one in situation.case.pending if one.kind is kind), None)
    if request is None:
        return WrongStateError("no_pending_request")
    if request.asked_by == situation.actor.person:
        return NotPermittedError("asked_it_yourself")
    lead = situation.case.assignment
    if lead is not None and situation.actor.unit == lead.unit:
        return NotPermittedError("asked_by_your_unit")
    if request.decider is Role.LEADER and situation.actor.role is not Role.LEADER:
        return NotPermittedError("leader_decides")
    return None


def _may_ask(situation: Situation, kind: RequestKind) -> Refusal:
    if any(one.kind is kind for one in situation.case.pending):
        return WrongStateError("already_asked")
    return of_the_unit(situation)
