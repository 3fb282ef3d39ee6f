"""Who has to do it: dispatch, withdrawal, return and its rejection, reassignment, arbitration."""

from dataclasses import replace

from gridcase.domain.case import CaseState, UnitCode
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Outcome
from gridcase.workflow.conduct import WRONG_UNIT
from gridcase.workflow.effects.effect import (
    Clocks,
    Effect,
    Refusal,
    accepted,
    ended,
    known_assisting,
    known_reason,
    known_unit,
    lapsed,
    lead_of,
    of_the_unit,
    opened,
    routed,
    stopped,
    texts,
    with_lead,
)
from gridcase.workflow.rulebook import Situation


def dispatch(situation: Situation, payload: asked.Dispatch) -> Effect:
    """Give the case to a unit, chosen by a person or by the routing table; the handling clock starts."""
    case = situation.case
    explained = None
    unit = payload.unit
    if unit is None:
        explained = routed(situation)
        unit = explained.unit
        if unit is None:
            raise invalid("unit", "no_route", type=str(case.type))
    known_unit(situation, unit)
    known_assisting(situation, unit, payload.assisting)
    if case.limit is None:
        raise WrongStateError("limit_missing")
    clock = deadlines.handle_clock(situation, case.limit, unit)
    stopped_case = replace(case, clocks=stopped(case, situation.now, LimitedStage.DISPATCH))
    effect = opened(
        replace(situation, case=stopped_case),
        unit=unit,
        handle=clock,
        assisting=payload.assisting,
        explained=explained,
    )
    return replace(effect, texts=texts(note=payload.note))


def withdraw_dispatch(situation: Situation, payload: asked.WithdrawDispatch) -> Effect:
    """Take a dispatch back before the unit accepted; it is not counted, and the dispatch clock runs on."""
    case = lapsed(situation.case)
    lead = lead_of(case)
    kept = (LimitedStage.REGISTER, LimitedStage.VERIFY, LimitedStage.DISPATCH)
    clocks: Clocks = {stage: clock for stage, clock in case.clocks.items() if stage in kept}
    if LimitedStage.DISPATCH in clocks:
        clocks[LimitedStage.DISPATCH] = replace(clocks[LimitedStage.DISPATCH], stopped_at=None)
    return Effect(
        case=replace(
            case,
            state=CaseState.REGISTERED,
            assignments=ended(case, Outcome.WITHDRAWN, situation.now, leaves_due=True),
            clocks=clocks,
            is_unrouted=routed(situation).unit is None,
        ),
        facts=Facts(assignment=lead.number, unit=lead.unit, leaves_due=True),
        texts=texts(note=payload.note),
    )


def may_withdraw(situation: Situation) -> Refusal:
    """Refuse once the unit has accepted (a rejected return leaves it accepted)."""
    assignment = situation.case.assignment
    if assignment is not None and assignment.accepted_at is not None:
        return WrongStateError("already_accepted")
    return None


def return_task(situation: Situation, payload: asked.ReturnTask) -> Effect:
    """Give the case back with a reason; the clock runs on until somebody decides."""
    known_reason("reason", payload.reason, situation.rules.conduct.return_reasons)
    assignment = replace(accepted(situation), returned_reason=payload.reason)
    case = lapsed(situation.case)
    return Effect(
        case=replace(
            case,
            state=CaseState.RETURNED,
            before=situation.case.state,
            returns=case.returns + 1,
            assignments=with_lead(case, assignment),
            clocks=stopped(case, situation.now, LimitedStage.ACCEPT),
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit, returned_reason=payload.reason),
        texts=texts(note=payload.note),
    )


def may_return(situation: Situation) -> Refusal:
    """Only the assigned unit; not after arbitration, and not while a sub-unit has it."""
    if situation.case.is_settled:
        return WrongStateError("settled_by_arbitration")
    if situation.case.subtask is not None:
        return WrongStateError("subtask_open")
    return of_the_unit(situation)


def reject_return(situation: Situation, payload: asked.RejectReturn) -> Effect:
    """Leave the case with the unit; its clock was never interrupted."""
    case = situation.case
    lead = lead_of(case)
    return Effect(
        case=replace(case, state=case.before or CaseState.HANDLING, before=None),
        facts=Facts(assignment=lead.number, unit=lead.unit),
        texts=texts(note=payload.note),
    )


def reassign(situation: Situation, payload: asked.Reassign) -> Effect:
    """Give the case to another unit: afresh when the first was wrong, otherwise with the time that is left."""
    effect = _moved(situation, payload.unit, payload.reason, payload.assisting)
    return replace(effect, texts=texts(note=payload.note))


def may_reassign(situation: Situation) -> Refusal:
    """Refuse where a shift leader has to arbitrate."""
    if situation.case.state is CaseState.RETURNED and needs_arbitration(situation):
        return NotPermittedError("arbitration_needed")
    return None


def arbitrate(situation: Situation, payload: asked.Arbitrate) -> Effect:
    """Settle who has to do it; no further return."""
    case = situation.case
    if payload.unit == lead_of(case).unit:
        return _kept(situation, payload)
    effect = _moved(situation, payload.unit, payload.reason, ())
    return replace(effect, case=replace(effect.case, is_settled=True), texts=texts(note=payload.note))


def may_arbitrate(situation: Situation) -> Refusal:
    """Refuse while the dispatcher may still decide."""
    return None if needs_arbitration(situation) else WrongStateError("returns_allowed")


def needs_arbitration(situation: Situation) -> bool:
    """Tell whether the case was returned more often than is allowed."""
    return situation.case.returns > situation.rules.conduct.allowed_returns


def _kept(situation: Situation, payload: asked.Arbitrate) -> Effect:
    """Leave the case with the unit that returned it: its clock runs on, and it is dispatched once more."""
    case = situation.case
    lead = lead_of(case)
    known_reason("reason", payload.reason, situation.rules.conduct.reassign_reasons)
    return Effect(
        case=replace(case, state=CaseState.DISPATCHED, before=None, is_settled=True),
        facts=Facts(assignment=lead.number, unit=lead.unit),
        texts=texts(note=payload.note),
    )


def _moved(situation: Situation, unit: UnitCode, reason: str, assisting: tuple[asked.AssistingUnit, ...]) -> Effect:
    case = lapsed(situation.case)
    lead = lead_of(case)
    known_reason("reason", reason, situation.rules.conduct.reassign_reasons)
    known_unit(situation, unit)
    if unit == lead.unit:
        raise invalid("unit", "same_unit", unit=unit)
    known_assisting(situation, unit, assisting)
    upheld = reason == WRONG_UNIT
    clock = (
        deadlines.handle_clock(situation, lead.limit, unit)
        if upheld
        else deadlines.transferred_clock(situation, case.clocks[LimitedStage.HANDLE])
    )
    left = replace(case, assignments=ended(case, Outcome.REASSIGNED, situation.now, leaves_due=upheld))
    effect = opened(replace(situation, case=left), unit=unit, handle=clock, assisting=assisting)
    return replace(effect, facts=replace(effect.facts, reassigned_reason=reason, leaves_due=upheld))
