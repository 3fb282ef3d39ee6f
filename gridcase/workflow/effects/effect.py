"""What every effect is made of: the effect itself, and the pieces that several actions share.

One pure function per action, ``(situation, payload) -> Effect``; guards answer the refusal itself or None, so that
``available_actions`` and ``decide`` cannot disagree. Source: the trade's table in ``docs/workflow.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action, CaseState, CheckMode, PersonId, RequestKind, UnitCode
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Assisting, Facts, LimitedStage
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Assignment, Case, Outcome, RequestState, RunningClock, SubtaskState
from gridcase.workflow.catalogue import CaseType
from gridcase.workflow.conduct import Conduct, Reason
from gridcase.workflow.field_answers import FieldAnswer, Judged, judge
from gridcase.workflow.routing import Route, RoutingQuestion, route
from gridcase.workflow.rulebook import Inspector, Situation

Refusal = NotPermittedError | WrongStateError | None
Clocks = dict[LimitedStage, RunningClock]


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
    """Return who may be asked, best first.

    Never those who handled the case or are of a unit that did. On shift before off shift; of the duty area before
    others, smallest area first; then the nearest by area code; then by identity, so that the answer is always the same.
    """
    cell = (situation.case.location.cell if situation.case.location else None) or ""
    fit = [one for one in situation.inspectors if not handled_by(situation.case, one.person, one.unit)]
    return tuple(sorted(fit, key=lambda one: (not one.on_shift, *_distance(cell, one.area), one.person)))


def photo_needed(action: Action, actor: Actor, conduct: Conduct) -> bool:
    """Tell whether an action needs a photo: by the rules of conduct, and always when reporting on a unit's behalf."""
    return action in conduct.photo_required or (action is Action.REPORT and not actor.is_unit)


def needed_fields(situation: Situation, action: Action) -> frozenset[str]:
    """Return the fields of an action that this case makes required, besides those the action always requires."""
    asks_photo = Action.REPORT if action is Action.SUBMIT else action
    needed = {"attachments"} if photo_needed(asks_photo, situation.actor, situation.rules.conduct) else set()
    if action is Action.REGISTER:
        needed |= _needed_to_register(situation)
    if action is Action.DISPATCH and routed(situation).unit is None:
        needed.add("unit")
    reports = action in (Action.REPORT, Action.CONFIRM)
    if reports and situation.case.assisting and not _assists(situation):
        needed.add("forced")
    return frozenset(needed)


def _assists(situation: Situation) -> bool:
    return any(one.unit == situation.actor.unit for one in situation.case.assisting)


def _needed_to_register(situation: Situation) -> set[str]:
    known, chosen = situation.rules.catalogue.find(situation.case.type), situation.case.condition
    possible = [one.code for one in known.conditions if chosen in (None, one.code)] if known else []
    needed = {"condition"} if len(possible) > 1 else set()
    if known and all(deadlines.published_limit(situation, code) is None for code in possible):
        needed.add("limit")
    return needed


def opened(
    situation: Situation,
    *,
    unit: UnitCode,
    handle: RunningClock,
    assisting: tuple[asked.AssistingUnit, ...] = (),
    explained: Route | None = None,
) -> Effect:
    """Open the next lead assignment with its accept, handle and close clocks, and the assisting ones beside it."""
    case = situation.case
    accept = deadlines.stage_clock(situation, LimitedStage.ACCEPT, unit=unit)
    close = deadlines.close_clock(situation, handle)
    lead = _assignment_of(situation, len(case.assignments) + 1, unit, handle)
    lead = replace(lead, route=explained.dump() if explained else None)
    helpers = [(_helper(situation, lead.number + offset, one, lead)) for offset, one in enumerate(assisting, start=1)]
    clocks: Clocks = {LimitedStage.ACCEPT: accept, LimitedStage.HANDLE: handle, LimitedStage.CLOSE: close}
    return Effect(
        case=replace(
            case,
            state=CaseState.DISPATCHED,
            assignments=(*case.assignments, lead, *(one for one, _ in helpers)),
            clocks=stopped(case, situation.now, LimitedStage.CHECK) | clocks,
            check_passed=None,
            before=None,
            is_unrouted=False,
        ),
        facts=Facts(
            assignment=lead.number,
            unit=unit,
            route=explained.rule if explained else None,
            dues=(accept.due, handle.due, close.due),
            assisting=tuple(fact for _, fact in helpers),
        ),
    )


def ended(case: Case, outcome: Outcome, now: datetime, *, leaves_due: bool = False) -> tuple[Assignment, ...]:
    """Return the assignments with the open ones ended; ``leaves_due`` speaks of the lead alone."""
    return tuple(
        one
        if one.ended_at is not None
        else replace(one, ended_at=now, outcome=outcome, leaves_due=leaves_due and one.is_lead)
        for one in case.assignments
    )


def with_lead(case: Case, lead: Assignment) -> tuple[Assignment, ...]:
    """Return the assignments with one of them changed."""
    return tuple(lead if one.number == lead.number else one for one in case.assignments)


def lead_of(case: Case) -> Assignment:
    """Return the latest lead assignment.

    Raises
    ------
    WrongStateError
        There is none yet.
    """
    if case.assignment is None:
        raise WrongStateError("not_dispatched")
    return case.assignment


def accepted(situation: Situation) -> Assignment:
    """Return the lead assignment as accepted: reporting or returning implies it (domain §4)."""
    assignment = lead_of(situation.case)
    return assignment if assignment.accepted_at else replace(assignment, accepted_at=situation.now)


def stopped(case: Case, now: datetime, *stages: LimitedStage) -> Clocks:
    """Return all clocks of the case with those of these stages stopped, if they run."""
    clocks: Clocks = dict(case.clocks)
    for stage in stages:
        clock = clocks.get(stage)
        if clock is not None and clock.stopped_at is None:
            clocks[stage] = replace(clock, stopped_at=now)
    return clocks


def all_stopped(case: Case, now: datetime) -> Clocks:
    """Return all clocks of the case, stopped."""
    return stopped(case, now, *case.clocks)


def lapsed(case: Case, *, is_over: bool = False) -> Case:
    """Let what waits for the unit fall: its pending requests lapse, an open sub-assignment is taken back.

    A correction is no matter of the unit's: it lapses only with the case.
    """
    return replace(
        case,
        requests=tuple(
            replace(one, state=RequestState.LAPSED)
            if one.state is RequestState.PENDING and (is_over or one.kind is not RequestKind.CORRECTION)
            else one
            for one in case.requests
        ),
        subtasks=tuple(replace(one, state=SubtaskState.TAKEN_BACK) if one.is_open else one for one in case.subtasks),
    )


def handled_by(case: Case, person: PersonId, unit: UnitCode | None) -> bool:
    """Tell whether a person, or the person's unit, handled the case in any assignment or sub-assignment.

    A self-handled case was handled by who filed it.
    """
    if case.is_self_handled and person == case.filed_by:
        return True
    units = {one.unit for one in case.assignments} | {one.unit for one in case.subtasks}
    return unit in units or any(person in one.handlers for one in case.assignments)


def apart(situation: Situation) -> Refusal:
    """Separation of duties: nobody checks or closes what they or their unit handled (domain §4)."""
    if handled_by(situation.case, situation.actor.person, situation.actor.unit):
        return NotPermittedError("handled_it_yourself")
    return None


def of_the_unit(situation: Situation) -> Refusal:
    """Only the assigned unit's people, where the actor is of a unit at all."""
    assignment = situation.case.assignment
    if situation.actor.is_unit and (assignment is None or situation.actor.unit != assignment.unit):
        return NotPermittedError("not_your_unit")
    return None


def known_type(situation: Situation) -> CaseType:
    """Return the case's type from the catalogue.

    Raises
    ------
    WrongStateError
        The catalogue no longer has it.
    """
    known = situation.rules.catalogue.find(situation.case.type)
    if known is None:
        raise WrongStateError("type_gone", params={"type": str(situation.case.type)})
    return known


def known_unit(situation: Situation, unit: UnitCode, name: str = "unit") -> None:
    """Refuse a unit that is not there."""
    if unit not in situation.rules.units.by_code:
        raise invalid(name, "unknown_unit", unit=unit)


def known_reason(name: str, chosen: str, reasons: tuple[Reason, ...]) -> None:
    """Refuse a reason that is not on the list."""
    codes = [reason.code for reason in reasons]
    if chosen not in codes:
        raise invalid(name, "unknown_reason", reason=chosen, choices=", ".join(codes))


def known_assisting(situation: Situation, lead: UnitCode, assisting: tuple[asked.AssistingUnit, ...]) -> None:
    """Refuse assisting units that are not there, come twice, or are the lead."""
    seen = {lead}
    for one in assisting:
        known_unit(situation, one.unit, "assisting")
        if one.unit in seen:
            raise invalid("assisting", "same_unit", unit=one.unit)
        seen.add(one.unit)


def chosen_condition(known: CaseType, chosen: str | None) -> str:
    """Return the filing condition: the one chosen, or the only one."""
    codes = [condition.code for condition in known.conditions]
    if chosen is None:
        if len(codes) == 1:
            return codes[0]
        raise invalid("condition", "condition_needed", choices=", ".join(codes))
    if chosen not in codes:
        raise invalid("condition", "unknown_condition", condition=chosen, choices=", ".join(codes))
    return chosen


def evidence(situation: Situation, action: Action, photos: int) -> None:
    """Refuse an action without a photo where one is needed."""
    if photos == 0 and photo_needed(action, situation.actor, situation.rules.conduct):
        raise invalid("attachments", "evidence_needed")


def judged(situation: Situation, answer: asked.Verify | asked.Check) -> Judged:
    """Judge the place, the photos and the time of an answer to the latest task.

    Raises
    ------
    InvalidInputError
        See ``gridcase.workflow.field_answers.judge``.
    """
    task, conduct = situation.case.tasks[-1], situation.rules.conduct
    told = FieldAnswer(
        since=task.asked_at,
        expected=situation.case.point,
        is_on_site=task.mode is CheckMode.ON_SITE,
        told=answer.location,
        observed_at=answer.observed_at,
        photos={one: situation.photos[one] for one in answer.attachments if one in situation.photos},
        override_reason=answer.override_reason,
    )
    return judge(told, conduct.trust, now=situation.now, within_m=conduct.check_distance_m)


def texts(**given: str | None) -> dict[str, str]:
    """Keep the texts that were given."""
    return {name: text for name, text in given.items() if text}


def _distance(cell: str, area: str) -> tuple[bool, int, int]:
    """Order duty areas: holding the cell first, smallest first; else by the length of the common beginning."""
    if cell.startswith(area):
        return False, -len(area), 0
    common = next((index for index, (one, other) in enumerate(zip(cell, area, strict=False)) if one != other), 0)
    return True, -common, 0


def _assignment_of(situation: Situation, number: int, unit: UnitCode, handle: RunningClock) -> Assignment:
    return Assignment(
        number=number,
        unit=unit,
        dispatched_at=situation.now,
        dispatched_by=situation.actor.person,
        due_at=handle.due.due_at,
        original_due_at=handle.due.due_at,
        limit=handle.due.limit,
    )


def _helper(
    situation: Situation, number: int, one: asked.AssistingUnit, lead: Assignment
) -> tuple[Assignment, Assisting]:
    clock = deadlines.handle_clock(situation, one.limit or lead.limit, one.unit)
    opened_one = replace(_assignment_of(situation, number, one.unit, clock), is_lead=False)
    return opened_one, Assisting(assignment=number, unit=one.unit, due=clock.due)
