"""What each action does to a case, and what must hold besides role and state.

One pure function per action, ``(situation, payload) -> Effect``; guards answer the refusal itself or None, so that
``available_actions`` and ``decide`` cannot disagree. Source: the trade's table in ``docs/workflow.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import Action, CaseState, CheckMode, CheckResult, PersonId, UnitCode
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.domain.place import distance_m
from gridcase.domain.time import TimeLimit
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Assignment, Case, Outcome, RunningClock, Task
from gridcase.workflow.catalogue import CaseType
from gridcase.workflow.conduct import Conduct, Reason
from gridcase.workflow.routing import Route, RoutingQuestion, route
from gridcase.workflow.rulebook import Inspector, Situation

Refusal = NotPermittedError | WrongStateError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an action changes, before version and history length are counted."""

    case: Case
    facts: Facts = field(default_factory=Facts)
    texts: Mapping[str, str] = field(default_factory=dict)
    position: asked.Position | None = None
    observed_at: datetime | None = None


def routed(situation: Situation) -> Route:
    """Ask the routing table who is responsible; ``unit`` is None when no rule matches."""
    case = situation.case
    question = RoutingQuestion(
        type=case.type,
        cell=case.location.cell if case.location else None,
        source=case.source,
        on=situation.now.astimezone(situation.rules.zone).date(),
    )
    return route(situation.rules.routing, question)


def eligible_inspectors(situation: Situation) -> tuple[Inspector, ...]:
    """Return who may check this case, best first: not of the handling people or units, smallest duty area first."""
    cell = (situation.case.location.cell if situation.case.location else None) or ""
    fit = [one for one in situation.inspectors if not _handled_by(situation.case, one.person, one.unit)]
    return tuple(sorted(fit, key=lambda one: (not cell.startswith(one.area), -len(one.area), one.person)))


def photo_needed(action: Action, actor: Actor, conduct: Conduct) -> bool:
    """Tell whether an action needs a photo: by the rules of conduct, and always when reporting on a unit's behalf."""
    return action in conduct.photo_required or (action is Action.REPORT and not actor.is_unit)


def needed_fields(situation: Situation, action: Action) -> frozenset[str]:
    """Return the fields of an action that this case makes required, besides those the action always requires."""
    needed = {"attachments"} if photo_needed(action, situation.actor, situation.rules.conduct) else set()
    if action is Action.REGISTER:
        needed |= _needed_to_register(situation)
    if action is Action.DISPATCH and routed(situation).unit is None:
        needed.add("unit")
    return frozenset(needed)


def _needed_to_register(situation: Situation) -> set[str]:
    known, chosen = situation.rules.catalogue.find(situation.case.type), situation.case.condition
    possible = [one.code for one in known.conditions if chosen in (None, one.code)] if known else []
    needed = {"condition"} if len(possible) > 1 else set()
    if known and all(deadlines.published_limit(known, code) is None for code in possible):
        needed.add("limit")
    return needed


# --- register, void -----------------------------------------------------------------------------------------------


def _register(situation: Situation, payload: asked.Register) -> Effect:
    case = situation.case
    known = _known_type(situation)
    condition = _condition(known, payload.condition or case.condition)
    limit = _limit(situation, known, condition, payload.limit)
    registered = replace(
        case, state=CaseState.REGISTERED, condition=condition, limit=limit, registered_at=situation.now
    )
    clock = deadlines.stage_clock(replace(situation, case=registered), LimitedStage.DISPATCH)
    clocks = _stopped(case, LimitedStage.REGISTER, situation.now) | {LimitedStage.DISPATCH: clock}
    return Effect(
        case=replace(registered, clocks=clocks),
        facts=Facts(condition=condition, dues=(clock.due,)),
        texts=_texts(note=payload.note),
    )


def _may_register(situation: Situation) -> Refusal:
    if not situation.case.is_located:
        return WrongStateError("not_located")
    known = situation.rules.catalogue.find(situation.case.type)
    if known is None:
        return WrongStateError("type_gone", params={"type": str(situation.case.type)})
    # Where no condition has a published limit, one must be chosen, whatever else the fields say.
    if situation.actor.role is not Role.SHIFT_LEADER and all(one.limit is None for one in known.conditions):
        return NotPermittedError("limit_by_shift_leader")
    return None


def _condition(known: CaseType, chosen: str | None) -> str:
    codes = [condition.code for condition in known.conditions]
    if chosen is None:
        if len(codes) == 1:
            return codes[0]
        raise invalid("condition", "condition_needed", choices=", ".join(codes))
    if chosen not in codes:
        raise invalid("condition", "unknown_condition", condition=chosen, choices=", ".join(codes))
    return chosen


def _limit(situation: Situation, known: CaseType, condition: str, chosen: TimeLimit | None) -> TimeLimit:
    published = deadlines.published_limit(known, condition)
    if published is not None:
        if chosen is not None and chosen != published:
            raise invalid("limit", "limit_fixed", limit=str(published))
        return published
    if situation.actor.role is not Role.SHIFT_LEADER:
        raise NotPermittedError("limit_by_shift_leader")
    if chosen is None:
        raise invalid("limit", "limit_needed")
    return chosen


def _void(situation: Situation, payload: asked.Void) -> Effect:
    case, now = situation.case, situation.now
    _known_reason("reason", payload.reason, situation.rules.conduct.void_reasons)
    ended = _ended(case.assignment, Outcome.VOID, now, leaves_due=True) if case.assignment else None
    return Effect(
        case=replace(
            case,
            state=CaseState.VOID,
            closed_at=now,
            assignments=_with_last(case, ended) if ended else case.assignments,
            clocks=_all_stopped(case, now),
        ),
        facts=Facts(void_reason=payload.reason, assignment=ended.number if ended else None),
        texts=_texts(note=payload.note),
    )


# --- dispatch, accept, return, reassign ---------------------------------------------------------------------------


def _dispatch(situation: Situation, payload: asked.Dispatch) -> Effect:
    case = situation.case
    explained: Route | None = None
    unit = payload.unit
    if unit is None:
        explained = routed(situation)
        unit = explained.unit
        if unit is None:
            raise invalid("unit", "no_route", type=str(case.type))
    _known_unit(situation, unit)
    if case.limit is None:
        raise WrongStateError("limit_missing")
    clock = deadlines.handle_clock(situation, case.limit)
    effect = _assigned(situation, unit=unit, handle=clock, explained=explained)
    clocks = dict(effect.case.clocks) | _stopped(case, LimitedStage.DISPATCH, situation.now)
    return replace(effect, case=replace(effect.case, clocks=clocks), texts=_texts(note=payload.note))


def _assigned(situation: Situation, *, unit: UnitCode, handle: RunningClock, explained: Route | None = None) -> Effect:
    """Open the next assignment with its accept, handle and close clocks."""
    case = situation.case
    accept = deadlines.stage_clock(situation, LimitedStage.ACCEPT)
    close = deadlines.close_clock(situation, handle)
    opened = Assignment(
        number=len(case.assignments) + 1,
        unit=unit,
        dispatched_at=situation.now,
        dispatched_by=situation.actor.person,
        due_at=handle.due.due_at,
        original_due_at=handle.due.due_at,
        limit=handle.due.limit,
        route=explained.dump() if explained else None,
    )
    # Nobody waits any more for the check of what the unit before reported.
    clocks = _stopped(case, LimitedStage.CHECK, situation.now)
    clocks |= {LimitedStage.ACCEPT: accept, LimitedStage.HANDLE: handle, LimitedStage.CLOSE: close}
    return Effect(
        case=replace(
            case,
            state=CaseState.DISPATCHED,
            assignments=(*case.assignments, opened),
            clocks=dict(case.clocks) | clocks,
            check_passed=None,
        ),
        facts=Facts(
            assignment=opened.number,
            unit=unit,
            route=explained.rule if explained else None,
            dues=(accept.due, handle.due, close.due),
        ),
    )


def _accept(situation: Situation, payload: asked.Accept) -> Effect:
    assignment = _assignment(situation.case)
    accepted = replace(assignment, accepted_at=situation.now)
    return Effect(
        case=replace(
            situation.case,
            state=CaseState.HANDLING,
            assignments=_with_last(situation.case, accepted),
            clocks=dict(situation.case.clocks) | _stopped(situation.case, LimitedStage.ACCEPT, situation.now),
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit),
        texts=_texts(note=payload.note),
    )


def _return_task(situation: Situation, payload: asked.ReturnTask) -> Effect:
    _known_reason("reason", payload.reason, situation.rules.conduct.return_reasons)
    assignment = _implied_acceptance(situation)
    return Effect(
        case=replace(
            situation.case,
            state=CaseState.RETURNED,
            assignments=_with_last(situation.case, replace(assignment, returned_reason=payload.reason)),
            clocks=dict(situation.case.clocks) | _stopped(situation.case, LimitedStage.ACCEPT, situation.now),
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit, returned_reason=payload.reason),
        texts=_texts(note=payload.note),
    )


def _reassign(situation: Situation, payload: asked.Reassign) -> Effect:
    case = situation.case
    assignment = _assignment(case)
    _known_reason("reason", payload.reason, situation.rules.conduct.reassign_reasons)
    _known_unit(situation, payload.unit)
    if payload.unit == assignment.unit:
        raise invalid("unit", "same_unit", unit=payload.unit)
    upheld = payload.reason == "wrong_unit"
    ended = _ended(assignment, Outcome.REASSIGNED, situation.now, leaves_due=upheld)
    running = case.clocks[LimitedStage.HANDLE]
    clock = (
        deadlines.handle_clock(situation, assignment.limit)
        if upheld
        else deadlines.transferred_clock(situation, running)
    )
    moved = replace(situation, case=replace(case, assignments=_with_last(case, ended)))
    effect = _assigned(moved, unit=payload.unit, handle=clock)
    return replace(
        effect,
        facts=replace(effect.facts, reassigned_reason=payload.reason, leaves_due=upheld),
        texts=_texts(note=payload.note),
    )


def _of_the_unit(situation: Situation) -> Refusal:
    assignment = situation.case.assignment
    if situation.actor.is_unit and (assignment is None or situation.actor.unit != assignment.unit):
        return NotPermittedError("not_your_unit")
    return None


# --- report, check, rework, close ---------------------------------------------------------------------------------


def _report(situation: Situation, payload: asked.Report) -> Effect:
    case, now, actor = situation.case, situation.now, situation.actor
    _evidence(situation, Action.REPORT, len(payload.attachments))
    assignment = _implied_acceptance(situation)
    reported = replace(assignment, reported_at=now, handlers=(*assignment.handlers, actor.person))
    check = deadlines.stage_clock(situation, LimitedStage.CHECK)
    clocks = dict(case.clocks) | _stopped(case, LimitedStage.ACCEPT, now) | _stopped(case, LimitedStage.HANDLE, now)
    return Effect(
        case=replace(
            case,
            state=CaseState.REPORTED,
            assignments=_with_last(case, reported),
            clocks=clocks | {LimitedStage.CHECK: check},
            check_passed=None,
        ),
        facts=Facts(
            assignment=assignment.number,
            unit=assignment.unit,
            dues=(check.due,),
            attachments=payload.attachments,
        ),
        texts=_texts(done=payload.done),
    )


def _request_check(situation: Situation, payload: asked.RequestCheck) -> Effect:
    case, now = situation.case, situation.now
    if payload.mode is CheckMode.WAIVED:
        return _waived(situation, payload)
    chosen = _chosen_inspector(situation, payload.inspector)
    clock = deadlines.stage_clock(situation, LimitedStage.CHECK)
    task = Task(
        number=len(case.tasks) + 1,
        inspector=chosen,
        mode=payload.mode,
        asked_at=now,
        asked_by=situation.actor.person,
        due_at=clock.due.due_at,
    )
    return Effect(
        case=replace(
            case,
            state=CaseState.CHECKING,
            tasks=(*case.tasks, task),
            clocks=dict(case.clocks) | {LimitedStage.CHECK: clock},
        ),
        facts=Facts(task=task.number, inspector=chosen, check_mode=payload.mode, dues=(clock.due,)),
        texts=_texts(note=payload.note),
    )


def _waived(situation: Situation, payload: asked.RequestCheck) -> Effect:
    if situation.case.check_passed is False:
        raise invalid("mode", "waiver_after_failure")
    if not payload.note:
        raise invalid("note", "waiver_needs_reason")
    if payload.inspector is not None:
        raise invalid("inspector", "waiver_has_no_inspector")
    # A waiver stands for the check, so it is not given by those whose work would be checked.
    if refusal := _apart(situation):
        raise refusal
    case = situation.case
    clocks = dict(case.clocks) | _stopped(case, LimitedStage.CHECK, situation.now)
    return Effect(
        case=replace(case, check_passed=True, clocks=clocks),
        facts=Facts(check_mode=CheckMode.WAIVED),
        texts=_texts(note=payload.note),
    )


def _may_request_check(situation: Situation) -> Refusal:
    if situation.case.check_passed:
        return WrongStateError("check_already_passed")
    return None


def _chosen_inspector(situation: Situation, chosen: PersonId | None) -> PersonId:
    eligible = eligible_inspectors(situation)
    if chosen is None:
        if not eligible:
            raise invalid("inspector", "no_inspector")
        return eligible[0].person
    if chosen not in {one.person for one in eligible}:
        raise invalid("inspector", "inspector_not_eligible")
    return chosen


def _check(situation: Situation, payload: asked.Check) -> Effect:
    case, now = situation.case, situation.now
    _evidence(situation, Action.CHECK, len(payload.attachments))
    _near(situation, payload.location)
    task = case.tasks[-1]
    passed = payload.result is CheckResult.PASS
    done = replace(task, done_at=now, result=payload.result)
    return Effect(
        case=replace(
            case,
            state=CaseState.REPORTED,
            tasks=(*case.tasks[:-1], done),
            clocks=dict(case.clocks) | _stopped(case, LimitedStage.CHECK, now),
            check_passed=passed,
        ),
        facts=Facts(
            task=task.number,
            inspector=task.inspector,
            check_mode=task.mode,
            check_result=payload.result,
            attachments=payload.attachments,
        ),
        texts=_texts(note=payload.note),
        position=payload.location,
        observed_at=payload.observed_at,
    )


def _may_check(situation: Situation) -> Refusal:
    task = situation.case.task
    if task is None or task.inspector != situation.actor.person:
        return NotPermittedError("not_your_task")
    return _apart(situation)


def _near(situation: Situation, position: asked.Position | None) -> None:
    allowed = situation.rules.conduct.check_distance_m
    if position is None or situation.case.point is None:
        return
    away = distance_m(position.point, situation.case.point) - (position.accuracy_m or 0)
    if away > allowed:
        raise invalid("location", "too_far", distance=round(away), allowed=allowed)


def _rework(situation: Situation, payload: asked.Rework) -> Effect:
    case = situation.case
    handle = deadlines.rework_clock(situation, case.clocks[LimitedStage.HANDLE])
    close = deadlines.close_clock(situation, handle)
    assignment = replace(_assignment(case), reported_at=None, due_at=handle.due.due_at)
    clocks = {LimitedStage.HANDLE: handle, LimitedStage.CLOSE: close}
    return Effect(
        case=replace(
            case,
            state=CaseState.HANDLING,
            assignments=_with_last(case, assignment),
            clocks=dict(case.clocks) | clocks,
            check_passed=None,
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit, dues=(handle.due, close.due)),
        texts=_texts(note=payload.note),
    )


def _may_rework(situation: Situation) -> Refusal:
    if situation.case.check_passed is not False:
        return WrongStateError("no_failed_check")
    return None


def _close(situation: Situation, payload: asked.Close) -> Effect:
    case, now = situation.case, situation.now
    ended = _ended(_assignment(case), Outcome.CLOSED, now)
    return Effect(
        case=replace(
            case,
            state=CaseState.CLOSED,
            closed_at=now,
            assignments=_with_last(case, ended),
            clocks=_all_stopped(case, now),
        ),
        facts=Facts(assignment=ended.number, unit=ended.unit),
        texts=_texts(note=payload.note),
    )


def _may_close(situation: Situation) -> Refusal:
    if not situation.case.check_passed:
        return WrongStateError("check_missing")
    return _apart(situation)


# --- comment, attach ----------------------------------------------------------------------------------------------


def _comment(situation: Situation, payload: asked.Comment) -> Effect:
    return Effect(case=situation.case, texts=_texts(text=payload.text))


def _attach(situation: Situation, payload: asked.Attach) -> Effect:
    if not payload.attachments:
        raise invalid("attachments", "evidence_needed")
    return Effect(
        case=situation.case,
        facts=Facts(attachments=payload.attachments),
        texts=_texts(note=payload.note),
    )


# --- shared -------------------------------------------------------------------------------------------------------


def _known_type(situation: Situation) -> CaseType:
    known = situation.rules.catalogue.find(situation.case.type)
    if known is None:
        raise WrongStateError("type_gone", params={"type": str(situation.case.type)})
    return known


def _known_unit(situation: Situation, unit: UnitCode) -> None:
    if unit not in situation.rules.units.by_code:
        raise invalid("unit", "unknown_unit", unit=unit)


def _known_reason(name: str, chosen: str, reasons: tuple[Reason, ...]) -> None:
    codes = [reason.code for reason in reasons]
    if chosen not in codes:
        raise invalid(name, "unknown_reason", reason=chosen, choices=", ".join(codes))


def _evidence(situation: Situation, action: Action, photos: int) -> None:
    if photos == 0 and photo_needed(action, situation.actor, situation.rules.conduct):
        raise invalid("attachments", "evidence_needed")


def _assignment(case: Case) -> Assignment:
    if case.assignment is None:
        raise WrongStateError("not_dispatched")
    return case.assignment


def _implied_acceptance(situation: Situation) -> Assignment:
    """Return the assignment as accepted: reporting or returning implies it (domain §4)."""
    assignment = _assignment(situation.case)
    return assignment if assignment.accepted_at else replace(assignment, accepted_at=situation.now)


def _ended(assignment: Assignment, outcome: Outcome, now: datetime, *, leaves_due: bool = False) -> Assignment:
    return replace(assignment, ended_at=now, outcome=outcome, leaves_due=leaves_due)


def _with_last(case: Case, assignment: Assignment) -> tuple[Assignment, ...]:
    return (*case.assignments[:-1], assignment)


def _stopped(case: Case, stage: LimitedStage, now: datetime) -> dict[LimitedStage, RunningClock]:
    clock = case.clocks.get(stage)
    if clock is None or clock.stopped_at is not None:
        return {}
    return {stage: replace(clock, stopped_at=now)}


def _all_stopped(case: Case, now: datetime) -> dict[LimitedStage, RunningClock]:
    clocks = dict(case.clocks)
    for stage in case.clocks:
        clocks |= _stopped(case, stage, now)
    return clocks


def _handled_by(case: Case, person: PersonId, unit: UnitCode | None) -> bool:
    """Tell whether a person, or the person's unit, handled the case in any assignment."""
    return any(person in one.handlers or unit == one.unit for one in case.assignments)


def _apart(situation: Situation) -> Refusal:
    """Separation of duties: nobody checks or closes what they or their unit handled (domain §4)."""
    actor: Actor = situation.actor
    if _handled_by(situation.case, actor.person, actor.unit):
        return NotPermittedError("handled_it_yourself")
    return None


def _texts(**texts: str | None) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


EFFECTS: dict[Action, Callable[[Situation, Any], Effect]] = {
    Action.REGISTER: _register,
    Action.VOID: _void,
    Action.DISPATCH: _dispatch,
    Action.ACCEPT: _accept,
    Action.RETURN_TASK: _return_task,
    Action.REASSIGN: _reassign,
    Action.REPORT: _report,
    Action.REQUEST_CHECK: _request_check,
    Action.CHECK: _check,
    Action.REWORK: _rework,
    Action.CLOSE: _close,
    Action.COMMENT: _comment,
    Action.ATTACH: _attach,
}

GUARDS: dict[Action, Callable[[Situation], Refusal]] = {
    Action.REGISTER: _may_register,
    Action.ACCEPT: _of_the_unit,
    Action.RETURN_TASK: _of_the_unit,
    Action.REPORT: _of_the_unit,
    Action.REQUEST_CHECK: _may_request_check,
    Action.CHECK: _may_check,
    Action.REWORK: _may_rework,
    Action.CLOSE: _may_close,
}
