"""Doing it: acceptance, sub-assignment, report."""

from dataclasses import replace

from gridcase.domain.case import Action, AttachmentId, CaseState
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Assignment, Outcome, Subtask, SubtaskState
from gridcase.workflow.effects.effect import (
    Effect,
    Refusal,
    accepted,
    evidence,
    lapsed,
    lead_of,
    of_the_unit,
    stopped,
    texts,
    with_lead,
)
from gridcase.workflow.rulebook import Situation


def accept(situation: Situation, payload: asked.Accept) -> Effect:
    """Sign for the case; by rule at the accept limit, counted late."""
    case = situation.case
    assignment = accepted(situation)
    return Effect(
        case=replace(
            case,
            state=CaseState.HANDLING,
            assignments=with_lead(case, assignment),
            clocks=stopped(case, situation.now, LimitedStage.ACCEPT),
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit),
        texts=texts(note=payload.note),
    )


# --- sub-assignment 交办 ------------------------------------------------------------------------------------------


def assign(situation: Situation, payload: asked.Assign) -> Effect:
    """Let a sub-unit or contractor do it; the assigned unit stays responsible."""
    case = situation.case
    lead = lead_of(case)
    units = situation.rules.units
    below = payload.unit in units.by_code and units.is_within(payload.unit, lead.unit)
    contractor = payload.unit in units.by_code and units.by_code[payload.unit].kind == "contractor"
    if payload.unit == lead.unit or not (below or contractor):
        raise invalid("unit", "no_sub_unit", unit=payload.unit)
    subtask = Subtask(
        number=len(case.subtasks) + 1,
        unit=payload.unit,
        asked_at=situation.now,
        asked_by=situation.actor.person,
    )
    return Effect(
        case=replace(case, subtasks=(*case.subtasks, subtask)),
        facts=Facts(assignment=lead.number, unit=payload.unit, subtask=subtask.number),
        texts=texts(note=payload.note),
    )


def may_assign(situation: Situation) -> Refusal:
    """Only the assigned unit, and one at a time."""
    if situation.case.subtask is not None:
        return WrongStateError("subtask_open")
    return of_the_unit(situation)


def take_back(situation: Situation, payload: asked.TakeBack) -> Effect:
    """Do it after all."""
    effect = _turned(situation, SubtaskState.TAKEN_BACK)
    return replace(effect, texts=texts(note=payload.note))


def may_take_back(situation: Situation) -> Refusal:
    """Only the assigned unit, while a sub-unit has it."""
    if situation.case.subtask is None:
        return WrongStateError("no_subtask")
    return of_the_unit(situation)


def submit(situation: Situation, payload: asked.Submit) -> Effect:
    """Say what was done; the assigned unit confirms or rejects it."""
    evidence(situation, Action.REPORT, len(payload.attachments))
    effect = _turned(situation, SubtaskState.SUBMITTED)
    lead = lead_of(effect.case)
    lead = replace(lead, handlers=(*lead.handlers, situation.actor.person))
    return replace(
        effect,
        case=replace(effect.case, assignments=with_lead(effect.case, lead)),
        facts=replace(effect.facts, attachments=payload.attachments),
        texts=texts(done=payload.done),
    )


def may_submit(situation: Situation) -> Refusal:
    """Only the sub-unit that has it."""
    subtask = situation.case.subtask
    if subtask is None or subtask.state is not SubtaskState.ASSIGNED:
        return WrongStateError("no_subtask")
    return None if situation.actor.unit == subtask.unit else NotPermittedError("not_your_unit")


def confirm(situation: Situation, payload: asked.Confirm) -> Effect:
    """Make the sub-unit's work the unit's report."""
    _refuse_open_helpers(situation, payload.forced)
    effect = _turned(situation, SubtaskState.CONFIRMED)
    done = _reported(replace(situation, case=effect.case), attachments=())
    said = texts(note=payload.note, forced=payload.forced)
    return replace(done, facts=replace(done.facts, subtask=effect.facts.subtask), texts=said)


def reject(situation: Situation, payload: asked.Reject) -> Effect:
    """Let the sub-unit do it again."""
    effect = _turned(situation, SubtaskState.ASSIGNED, rejected=True)
    return replace(effect, texts=texts(note=payload.note))


def may_judge(situation: Situation) -> Refusal:
    """Only the assigned unit, once the sub-unit has submitted."""
    subtask = situation.case.subtask
    if subtask is None or subtask.state is not SubtaskState.SUBMITTED:
        return WrongStateError("nothing_submitted")
    return of_the_unit(situation)


def _turned(situation: Situation, state: SubtaskState, *, rejected: bool = False) -> Effect:
    case = situation.case
    open_one = next(one for one in case.subtasks if one.is_open)
    turned = replace(open_one, state=state, rejections=open_one.rejections + rejected)
    lead = lead_of(case)
    return Effect(
        case=replace(case, subtasks=tuple(turned if one.number == turned.number else one for one in case.subtasks)),
        facts=Facts(assignment=lead.number, unit=open_one.unit, subtask=open_one.number),
    )


# --- report -------------------------------------------------------------------------------------------------------


def report(situation: Situation, payload: asked.Report) -> Effect:
    """Report the work done: an assisting unit its part, the lead the whole."""
    evidence(situation, Action.REPORT, len(payload.attachments))
    helper = _own_assist(situation)
    if helper is not None:
        return _helped(situation, helper, payload)
    _refuse_open_helpers(situation, payload.forced)
    effect = _reported(situation, attachments=payload.attachments)
    return replace(effect, texts=texts(done=payload.done, forced=payload.forced))


def may_report(situation: Situation) -> Refusal:
    """Only the lead or an assisting unit, not while a sub-unit has it; or a dispatcher on a unit's behalf."""
    if _own_assist(situation) is not None:
        return None
    if situation.case.subtask is not None:
        return WrongStateError("subtask_open")
    return of_the_unit(situation)


def _own_assist(situation: Situation) -> Assignment | None:
    if not situation.actor.is_unit:
        return None
    return next((one for one in situation.case.assisting if one.unit == situation.actor.unit), None)


def _refuse_open_helpers(situation: Situation, forced: str | None) -> None:
    open_ones = situation.case.assisting
    if open_ones and not forced:
        raise invalid("forced", "assisting_units_open", units=", ".join(one.unit for one in open_ones))


def _helped(situation: Situation, helper: Assignment, payload: asked.Report) -> Effect:
    done = replace(
        helper,
        accepted_at=helper.accepted_at or situation.now,
        reported_at=situation.now,
        ended_at=situation.now,
        outcome=Outcome.REPORTED,
        handlers=(*helper.handlers, situation.actor.person),
    )
    return Effect(
        case=replace(situation.case, assignments=with_lead(situation.case, done)),
        facts=Facts(assignment=helper.number, unit=helper.unit, attachments=payload.attachments),
        texts=texts(done=payload.done),
    )


def _reported(situation: Situation, *, attachments: tuple[AttachmentId, ...]) -> Effect:
    now, actor = situation.now, situation.actor
    case = lapsed(situation.case)
    assignment = accepted(situation)
    done = replace(assignment, reported_at=now, handlers=(*assignment.handlers, actor.person))
    check = deadlines.stage_clock(situation, LimitedStage.CHECK)
    clocks = stopped(case, now, LimitedStage.ACCEPT, LimitedStage.HANDLE) | {LimitedStage.CHECK: check}
    return Effect(
        case=replace(
            case,
            state=CaseState.REPORTED,
            assignments=with_lead(case, done),
            clocks=clocks,
            check_passed=None,
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit, dues=(check.due,), attachments=attachments),
    )
