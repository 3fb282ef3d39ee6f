"""From filing to a decision to act: verification, registration, correction, voiding, duplicates, transfer."""

import json
from dataclasses import replace
from typing import Any

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, CheckMode, PersonId, RequestKind, TaskKind, TypeKey, VerifyResult
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.domain.place import GeoPoint
from gridcase.domain.time import TimeLimit
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Case, Outcome, Task
from gridcase.workflow.effects.asking import decided, new_request
from gridcase.workflow.effects.effect import (
    Clocks,
    Effect,
    Refusal,
    all_stopped,
    chosen_condition,
    eligible_inspectors,
    ended,
    evidence,
    judged,
    known_reason,
    known_type,
    lapsed,
    routed,
    stopped,
    texts,
)
from gridcase.workflow.objects import check_object_id
from gridcase.workflow.rulebook import Placement, Situation

# --- verification and tasks ---------------------------------------------------------------------------------------


def request_verification(situation: Situation, payload: asked.RequestVerification) -> Effect:
    """Ask an inspector whether the report is true."""
    inspector = chosen_inspector(situation, payload.inspector)
    effect = new_task(situation, TaskKind.VERIFY, inspector, CheckMode.ON_SITE)
    return replace(effect, case=replace(effect.case, state=CaseState.VERIFYING), texts=texts(note=payload.note))


def verify(situation: Situation, payload: asked.Verify) -> Effect:
    """Take the inspector's answer; the acceptor goes on from there."""
    case, now = situation.case, situation.now
    evidence(situation, Action.VERIFY, len(payload.attachments))
    seen = judged(situation, payload)
    task = case.tasks[-1]
    done = replace(task, done_at=now, result=str(payload.result))
    return Effect(
        case=replace(
            case,
            state=CaseState.RECEIVED,
            tasks=(*case.tasks[:-1], done),
            clocks=stopped(case, now, LimitedStage.VERIFY),
            verified=VerifyResult(payload.result),
        ),
        facts=Facts(
            task=task.number,
            task_kind=TaskKind.VERIFY,
            inspector=task.inspector,
            verify_result=payload.result,
            attachments=payload.attachments,
            doubts=seen.doubts,
        ),
        texts=texts(note=payload.note, override_reason=payload.override_reason),
        position=payload.location,
        observed_at=seen.observed_at,
    )


def asked_inspector(situation: Situation) -> Refusal:
    """Only the inspector who was asked; whose task was taken back is told so."""
    task = situation.case.task
    if task is not None and task.is_open and task.inspector == situation.actor.person:
        return None
    withdrawn = None if task is None else taken_back(situation, task.kind)
    return withdrawn or NotPermittedError("not_your_task")


def taken_back(situation: Situation, kind: TaskKind) -> WrongStateError | None:
    """Refuse an answer to a task that was asked of this person and taken back, as a phone may send that was offline."""
    mine = [one for one in situation.case.tasks if one.kind is kind and one.inspector == situation.actor.person]
    return WrongStateError("task_withdrawn") if mine and mine[-1].withdrawn_at is not None else None


def reassign_task(situation: Situation, payload: asked.ReassignTask) -> Effect:
    """Ask another inspector; the one asked first is out."""
    case, now = situation.case, situation.now
    task = case.tasks[-1]
    been_asked = {one.inspector for one in case.tasks if one.kind is task.kind}
    if payload.inspector is None:
        others = [one.person for one in eligible_inspectors(situation) if one.person not in been_asked]
        if not others:
            raise invalid("inspector", "no_inspector")
        inspector = others[0]
    else:
        inspector = chosen_inspector(situation, payload.inspector)
        if inspector == task.inspector:
            raise invalid("inspector", "same_inspector")
    tasks = (*case.tasks[:-1], replace(task, withdrawn_at=now))
    moved = replace(situation, case=replace(case, tasks=tasks))
    return replace(new_task(moved, task.kind, inspector, task.mode), texts=texts(note=payload.note))


def withdraw_task(situation: Situation, payload: asked.WithdrawTask) -> Effect:
    """Ask nobody after all."""
    case, now = situation.case, situation.now
    task = case.tasks[-1]
    stage = LimitedStage.VERIFY if task.kind is TaskKind.VERIFY else LimitedStage.CHECK
    return Effect(
        case=replace(
            case,
            state=CaseState.RECEIVED if task.kind is TaskKind.VERIFY else CaseState.REPORTED,
            tasks=(*case.tasks[:-1], replace(task, withdrawn_at=now)),
            clocks=stopped(case, now, stage),
        ),
        facts=Facts(task=task.number, task_kind=task.kind, inspector=task.inspector),
        texts=texts(note=payload.note),
    )


def new_task(situation: Situation, kind: TaskKind, inspector: PersonId, mode: CheckMode) -> Effect:
    """Open a task with its clock; the state is the caller's matter."""
    case = situation.case
    stage = LimitedStage.VERIFY if kind is TaskKind.VERIFY else LimitedStage.CHECK
    clock = deadlines.stage_clock(situation, stage)
    task = Task(
        number=len(case.tasks) + 1,
        kind=kind,
        inspector=inspector,
        mode=mode,
        asked_at=situation.now,
        asked_by=situation.actor.person,
        due_at=clock.due.due_at,
    )
    return Effect(
        case=replace(case, tasks=(*case.tasks, task), clocks=dict(case.clocks) | {stage: clock}),
        facts=Facts(
            task=task.number,
            task_kind=kind,
            inspector=inspector,
            check_mode=mode if kind is TaskKind.CHECK else None,
            dues=(clock.due,),
        ),
    )


def chosen_inspector(situation: Situation, chosen: PersonId | None) -> PersonId:
    """Return the inspector named, or the best by roster.

    Raises
    ------
    InvalidInputError
        ``no_inspector`` or ``inspector_not_eligible``.
    """
    eligible = eligible_inspectors(situation)
    if chosen is None:
        if not eligible:
            raise invalid("inspector", "no_inspector")
        return eligible[0].person
    if chosen not in {one.person for one in eligible}:
        raise invalid("inspector", "inspector_not_eligible")
    return chosen


# --- registration -------------------------------------------------------------------------------------------------


def register(situation: Situation, payload: asked.Register) -> Effect:
    """Fix condition and limit."""
    case = situation.case
    known = known_type(situation)
    condition = chosen_condition(known, payload.condition or case.condition)
    limit = _limit(situation, condition, payload.limit)
    registered = replace(
        case, state=CaseState.REGISTERED, condition=condition, limit=limit, registered_at=situation.now
    )
    clock = deadlines.stage_clock(replace(situation, case=registered), LimitedStage.DISPATCH)
    clocks = stopped(case, situation.now, LimitedStage.REGISTER) | {LimitedStage.DISPATCH: clock}
    is_unrouted = routed(replace(situation, case=registered)).unit is None
    return Effect(
        case=replace(registered, clocks=clocks, is_unrouted=is_unrouted),
        facts=Facts(condition=condition, dues=(clock.due,)),
        texts=texts(note=payload.note),
    )


def may_register(situation: Situation) -> Refusal:
    """Refuse while nobody knows where it is."""
    if not situation.case.is_located:
        return WrongStateError("not_located")
    known = situation.rules.catalogue.find(situation.case.type)
    if known is None:
        return WrongStateError("type_gone", params={"type": str(situation.case.type)})
    # Where no condition has a published limit, one must be chosen, whatever else the fields say.
    unlimited = all(deadlines.published_limit(situation, one.code) is None for one in known.conditions)
    if situation.actor.role is not Role.SHIFT_LEADER and unlimited:
        return NotPermittedError("limit_by_shift_leader")
    return None


def _limit(situation: Situation, condition: str, chosen: TimeLimit | None) -> TimeLimit:
    published = deadlines.published_limit(situation, condition)
    if published is not None:
        if chosen is not None and chosen != published:
            raise invalid("limit", "limit_fixed", limit=str(published))
        return published
    if situation.actor.role is not Role.SHIFT_LEADER:
        raise NotPermittedError("limit_by_shift_leader")
    if chosen is None:
        raise invalid("limit", "limit_needed")
    return chosen


# --- correction ---------------------------------------------------------------------------------------------------


_BEFORE_DISPATCH = (CaseState.RECEIVED, CaseState.VERIFYING, CaseState.REGISTERED)


def correct(situation: Situation, payload: asked.Correct) -> Effect:
    """Correct at once before dispatch or as shift leader; otherwise ask the shift leader."""
    changes = _changes(payload)
    if not changes:
        raise invalid("note", "nothing_to_correct")
    effect = _corrected(situation, changes)
    said = texts(note=payload.note, address=payload.address)
    if situation.case.state in _BEFORE_DISPATCH or situation.actor.role is Role.SHIFT_LEADER:
        return replace(effect, texts=said, position=payload.location)
    asking = new_request(situation, RequestKind.CORRECTION, changes=json.dumps(changes, ensure_ascii=False))
    return replace(asking, texts=said, position=payload.location)


def decide_correction(situation: Situation, payload: asked.Decide) -> Effect:
    """Carry the correction asked for out, or leave the case as it is."""
    request, effect = decided(situation, RequestKind.CORRECTION, payload)
    if payload.ruling != "grant":
        return effect
    changes: dict[str, Any] = json.loads(request.changes or "{}")
    done = _corrected(replace(situation, case=effect.case), changes)
    facts = replace(
        done.facts, request=request.number, request_kind=request.kind, ruling=payload.ruling, asked_at=request.asked_at
    )
    said = effect.texts if "address" not in changes else {**effect.texts, "address": changes["address"]}
    return replace(done, facts=facts, texts=said)


def _changes(payload: asked.Correct) -> dict[str, Any]:
    point = payload.location.point if payload.location else None
    found = {
        "type": str(payload.type) if payload.type else None,
        "condition": payload.condition,
        "point": [point.lon_e7, point.lat_e7] if point else None,
        "address": payload.address,
        "object_id": payload.object_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def correction_point(case: Case) -> GeoPoint | None:
    """Return the point a pending correction would move the case to, for the grid to locate it beforehand."""
    for one in case.pending:
        if one.kind is RequestKind.CORRECTION and one.changes and (point := json.loads(one.changes).get("point")):
            return GeoPoint(lon_e7=point[0], lat_e7=point[1])
    return None


def _corrected(situation: Situation, changes: dict[str, Any]) -> Effect:
    case = situation.case
    key = TypeKey.parse(changes["type"]) if "type" in changes else case.type
    known = situation.rules.catalogue.find(key)
    if known is None:
        raise invalid("type", "unknown_type", type=str(key))
    condition = changes.get("condition", None if "type" in changes else case.condition)
    if case.registered_at is not None or condition is not None:
        condition = chosen_condition(known, condition)
    object_id = changes.get("object_id", case.object_id)
    if object_id is not None:
        check_object_id(object_id, key)
    placed = _placed(situation, changes)
    after = replace(
        case,
        type=key,
        condition=condition,
        object_id=object_id,
        point=placed.position.point if placed else case.point,
        location=placed.location if placed else case.location,
        layers=placed.layers if placed else case.layers,
    )
    if after.state is CaseState.REGISTERED:
        after = replace(after, is_unrouted=routed(replace(situation, case=after)).unit is None)
    facts = Facts(
        type=key if key != case.type else None,
        condition=condition if condition != case.condition else None,
        cell=after.location.cell if placed and after.location else None,
        layers=after.layers if placed else None,
        object_id=object_id if object_id != case.object_id else None,
    )
    return _relimited(replace(situation, case=after), Effect(case=after, facts=facts))


def _placed(situation: Situation, changes: dict[str, Any]) -> Placement | None:
    if "point" not in changes:
        return None
    if situation.placement is None or situation.placement.location.cell is None:
        raise invalid("location", "outside_grid")
    return situation.placement


def _relimited(situation: Situation, effect: Effect) -> Effect:
    """Take the corrected limit from the original start, but never earlier than one accept limit from now."""
    case = situation.case
    if case.registered_at is None or case.condition is None:
        return effect
    limit = deadlines.published_limit(situation, case.condition)
    if limit is None or limit == case.limit:
        return effect
    relimited = replace(case, limit=limit)
    handle = case.clocks.get(LimitedStage.HANDLE)
    lead = case.assignment
    if handle is None or lead is None or not handle.is_running:
        return replace(effect, case=relimited)
    moved = replace(situation, case=relimited)
    clock = deadlines.corrected_clock(moved, handle, limit)
    close = deadlines.close_clock(moved, clock)
    clocks: Clocks = dict(case.clocks) | {LimitedStage.HANDLE: clock, LimitedStage.CLOSE: close}
    assignments = tuple(
        replace(one, due_at=clock.due.due_at, limit=limit) if one.number == lead.number else one
        for one in case.assignments
    )
    return replace(
        effect,
        case=replace(relimited, clocks=clocks, assignments=assignments),
        facts=replace(effect.facts, assignment=lead.number, unit=lead.unit, dues=(clock.due, close.due)),
    )


# --- void, restore, transfer, duplicates --------------------------------------------------------------------------


def void(situation: Situation, payload: asked.Void) -> Effect:
    """End a case that is none."""
    known_reason("reason", payload.reason, situation.rules.conduct.void_reasons)
    effect = _over(situation, CaseState.VOID, Outcome.VOID)
    lead = situation.case.assignment
    facts = Facts(void_reason=payload.reason, assignment=lead.number if lead else None)
    return replace(effect, facts=facts, texts=texts(note=payload.note))


def restore(situation: Situation, payload: asked.Restore) -> Effect:
    """Go back to where the case stood; clocks that the voiding stopped run on as if nothing had happened."""
    case = situation.case
    back = case.before or CaseState.RECEIVED
    clocks = {
        stage: replace(clock, stopped_at=None) if clock.stopped_at == case.closed_at and _ran(case, stage) else clock
        for stage, clock in case.clocks.items()
    }
    assignments = tuple(
        replace(one, ended_at=None, outcome=None, leaves_due=False) if one.outcome is Outcome.VOID else one
        for one in case.assignments
    )
    lead = case.assignment
    is_unrouted = back is CaseState.REGISTERED and routed(situation).unit is None
    restored = replace(case, state=back, before=None, closed_at=None, is_unrouted=is_unrouted)
    return Effect(
        case=replace(restored, clocks=clocks, assignments=assignments),
        facts=Facts(assignment=lead.number if lead else None),
        texts=texts(note=payload.note),
    )


def _ran(case: Case, stage: LimitedStage) -> bool:
    """Tell whether a stage was under way when the case was voided; two things may have happened in one instant."""
    if stage is LimitedStage.CHECK and case.check_passed is not None:
        return False
    if stage is LimitedStage.ACCEPT and case.assignment is not None and case.assignment.accepted_at is not None:
        return False
    return case.before in _UNDER_WAY.get(stage, ())


_WITH_UNIT = (CaseState.DISPATCHED, CaseState.HANDLING, CaseState.RETURNED, CaseState.SUSPENDED)
#: Verifying is missing: after restoring, nobody is being asked any more.
_UNDER_WAY: dict[LimitedStage, tuple[CaseState, ...]] = {
    LimitedStage.REGISTER: (CaseState.RECEIVED,),
    LimitedStage.DISPATCH: (CaseState.REGISTERED,),
    LimitedStage.ACCEPT: (CaseState.DISPATCHED,),
    LimitedStage.HANDLE: _WITH_UNIT,
    LimitedStage.CHECK: (CaseState.REPORTED,),
    LimitedStage.CLOSE: (*_WITH_UNIT, CaseState.REPORTED),
}


def may_restore(situation: Situation) -> Refusal:
    """Refuse for a follower, which is unlinked, and for a case that only a shift leader could void."""
    if situation.case.lead is not None:
        return WrongStateError("is_duplicate")
    if situation.case.assignment is not None and situation.actor.role is not Role.SHIFT_LEADER:
        return NotPermittedError("restore_by_shift_leader")
    return until_sealed(situation)


def until_sealed(situation: Situation) -> Refusal:
    """Refuse to take an end back that counts in a sealed month: it is settled by an adjustment or a re-issue."""
    return WrongStateError("month_is_sealed", params={"period": situation.sealed}) if situation.sealed else None


def transfer(situation: Situation, payload: asked.Transfer) -> Effect:
    """Hand the case over to a body outside."""
    known_reason("body", payload.body, situation.rules.conduct.transfer_bodies)
    if not payload.attachments:
        raise invalid("attachments", "evidence_needed")
    if payload.reply_due_at is not None and payload.reply_due_at <= situation.now:
        raise invalid("reply_due_at", "must_lie_ahead")
    effect = _over(situation, CaseState.TRANSFERRED, Outcome.TRANSFERRED)
    lead = situation.case.assignment
    due = payload.reply_due_at.isoformat() if payload.reply_due_at else None
    return replace(
        effect,
        case=replace(effect.case, transferred_to=payload.body),
        facts=Facts(
            transferred_to=payload.body,
            assignment=lead.number if lead else None,
            attachments=payload.attachments,
        ),
        texts=texts(note=payload.note, reply_due_at=due),
    )


def link_duplicate(situation: Situation, payload: asked.LinkDuplicate) -> Effect:
    """Say that this case repeats an open one; it is neither void nor valid, and its finder keeps the credit."""
    lead = situation.lead
    if lead is None or lead.number == situation.case.number:
        raise invalid("lead", "unknown_lead", number=payload.lead)
    if not lead.state.is_open:
        raise invalid("lead", "lead_not_open", number=lead.number)
    effect = _over(situation, CaseState.VOID, Outcome.VOID)
    return replace(
        effect,
        case=replace(effect.case, lead=lead.number),
        facts=Facts(lead_case=lead.number),
        texts=texts(note=payload.note),
    )


def unlink_duplicate(situation: Situation, payload: asked.UnlinkDuplicate) -> Effect:
    """Say that it was another thing after all; the acceptor looks at it anew."""
    case = situation.case
    clock = deadlines.stage_clock(situation, LimitedStage.REGISTER)
    return Effect(
        case=replace(
            case,
            state=CaseState.RECEIVED,
            before=None,
            lead=None,
            closed_at=None,
            registered_at=None,
            limit=None,
            clocks={LimitedStage.REGISTER: clock},
        ),
        facts=Facts(dues=(clock.due,)),
        texts=texts(note=payload.note),
    )


def may_unlink(situation: Situation) -> Refusal:
    """Refuse for a case that is no follower."""
    return None if situation.case.lead is not None else WrongStateError("is_no_duplicate")


#: Where a case goes back to, when what it waited for is gone.
_BACK = {
    CaseState.VERIFYING: CaseState.RECEIVED,
    CaseState.CHECKING: CaseState.REPORTED,
}


def _over(situation: Situation, state: CaseState, outcome: Outcome) -> Effect:
    case, now = lapsed(situation.case, is_over=True), situation.now
    return Effect(
        case=replace(
            case,
            state=state,
            before=_BACK.get(case.state, case.state),
            closed_at=now,
            is_unrouted=False,
            assignments=ended(case, outcome, now, leaves_due=True),
            tasks=tuple(replace(one, withdrawn_at=now) if one.is_open else one for one in case.tasks),
            clocks=all_stopped(case, now),
        )
    )
