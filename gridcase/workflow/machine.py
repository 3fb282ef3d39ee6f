"""What may happen next: one pure decision for every action on a case.

``start`` makes a case out of a filing, ``decide`` turns a case and an action into the next case and its history lines,
``available_actions`` says what would succeed. Nothing here reads a clock, a database or a person's text.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from gridcase.domain.actor import SYSTEM, Actor, Role
from gridcase.domain.case import Action, CaseNumber, CaseState, TaskKind
from gridcase.domain.errors import NotPermittedError, OutsideGridError, Problem, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.workflow import deadlines
from gridcase.workflow.case import Case
from gridcase.workflow.effects.effect import Effect, routed
from gridcase.workflow.effects.intake import taken_back
from gridcase.workflow.effects.table import EFFECTS, GUARDS
from gridcase.workflow.filing import CaseFiling
from gridcase.workflow.objects import check_object_id
from gridcase.workflow.requests import Dispatch, Payload, Register
from gridcase.workflow.rulebook import NewEvent, Rulebook, Situation
from gridcase.workflow.transitions import SOURCES_OF_ROLE, TABLE, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a decision changes.

    Parameters
    ----------
    case
        The case afterwards. After ``start`` its number is still empty: the store gives it.
    events
        History lines to append, oldest first; at least one.
    """

    case: Case
    events: tuple[NewEvent, ...]


def start(filing: CaseFiling, *, actor: Actor, now: datetime, rules: Rulebook) -> Decision:
    """File a case, and register and dispatch it at once where the rules say so.

    Raises
    ------
    NotPermittedError
        The role may not file.
    InvalidInputError
        The type or condition is unknown, or the source is not one this role may name.
    OutsideGridError
        The place is outside the grid and nobody is there to look: the public door and cameras.
    """
    _check_filing(filing, actor, rules)
    case = Case(
        number=CaseNumber(""),
        version=1,
        events=0,
        state=CaseState.RECEIVED,
        type=filing.type,
        condition=filing.condition,
        source=filing.source,
        point=filing.point,
        location=filing.location,
        layers=filing.layers,
        filed_by=actor.person,
        found_by=actor.person if actor.role is Role.INSPECTOR else None,
        filed_at=now,
        object_id=filing.object_id,
        campaign=filing.campaign,
    )
    situation = Situation(case=case, actor=actor, now=now, rules=rules)
    clock = deadlines.stage_clock(situation, LimitedStage.REGISTER)
    case = replace(case, clocks={LimitedStage.REGISTER: clock}, events=1)
    if filing.is_self_handled:
        stopped = replace(clock, stopped_at=now)
        case = replace(
            case,
            state=CaseState.CLOSED,
            is_self_handled=True,
            closed_at=now,
            clocks={LimitedStage.REGISTER: stopped},
        )
    event = NewEvent(
        action=Action.FILE,
        from_state=None,
        to_state=case.state,
        actor=actor,
        facts=_filing_facts(case, clock.due, filing),
        texts=filing.texts,
        position=filing.position,
        observed_at=filing.observed_at,
    )
    return _go_on_by_rule(Decision(case=case, events=(event,)), situation)


def decide(situation: Situation, action: Action, payload: Payload) -> Decision:
    """Carry out an action.

    Raises
    ------
    NotPermittedError
        The role, or this person, may not do it.
    WrongStateError
        The action does not start from this state, or something must come first.
    InvalidInputError
        The payload does not fit the case.
    """
    check_may(situation, action)
    effect = EFFECTS[action](situation, payload)
    done = _apply(situation, action, effect)
    return _go_on_by_rule(done, situation)


def check_may(situation: Situation, action: Action) -> None:
    """Refuse an action by role, by state, or by what must come first, before its payload is even read.

    Raises
    ------
    NotPermittedError, WrongStateError
        In this order, except that a guard on the person comes last.
    """
    rows = [row for row in rows_of(action) if situation.actor.role in row.roles and row.sources]
    if not rows:
        raise NotPermittedError("role_may_not", params={"action": action, "role": situation.actor.role})
    if not any(situation.case.state in row.sources for row in rows):
        raise _moved_on(situation, action)
    if refusal := _guard(situation, action):
        raise refusal


def _moved_on(situation: Situation, action: Action) -> WrongStateError:
    """Say that an action does not start from this state; of an answer to a task that was taken back, that it was."""
    kind = _ANSWERED.get(action)
    withdrawn = None if kind is None else taken_back(situation, kind)
    return withdrawn or WrongStateError("wrong_state", params={"action": action, "state": situation.case.state})


_ANSWERED = {Action.VERIFY: TaskKind.VERIFY, Action.CHECK: TaskKind.CHECK}


def available_actions(situation: Situation) -> tuple[Action, ...]:
    """Return the actions that this actor may do now, in table order; each will work if its fields are right."""
    found: dict[Action, None] = {}
    for row in TABLE:
        fits = situation.actor.role in row.roles and situation.case.state in row.sources
        if fits and _guard(situation, row.action) is None:
            found[row.action] = None
    return tuple(found)


def _guard(situation: Situation, action: Action) -> NotPermittedError | WrongStateError | None:
    guard = GUARDS.get(action)
    return guard(situation) if guard else None


def _apply(situation: Situation, action: Action, effect: Effect) -> Decision:
    before = situation.case
    row = next(one for one in rows_of(action) if situation.actor.role in one.roles and before.state in one.sources)
    if effect.case.state not in (row.targets or {before.state}):
        msg = f"{action} led to {effect.case.state}, which its row does not name"
        raise AssertionError(msg)
    event = NewEvent(
        action=action,
        from_state=before.state,
        to_state=effect.case.state,
        actor=situation.actor,
        facts=effect.facts,
        texts=effect.texts,
        position=effect.position,
        observed_at=effect.observed_at,
    )
    version = before.version + 1 if row.advances else before.version
    return Decision(case=replace(effect.case, version=version, events=before.events + 1), events=(event,))


def _go_on_by_rule(done: Decision, situation: Situation) -> Decision:
    """Register and dispatch without a person where the rules say so; the version counts the whole as one step."""
    step = Situation(case=done.case, actor=SYSTEM, now=situation.now, rules=situation.rules)
    if _registers_itself(step, done):
        following = _apply(step, Action.REGISTER, EFFECTS[Action.REGISTER](step, Register()))
    elif _dispatches_itself(step, done):
        following = _apply(step, Action.DISPATCH, EFFECTS[Action.DISPATCH](step, Dispatch()))
    else:
        return done
    together = Decision(case=replace(following.case, version=done.case.version), events=done.events + following.events)
    return _go_on_by_rule(together, situation)


def _registers_itself(step: Situation, done: Decision) -> bool:
    case, rules = step.case, step.rules
    return (
        done.events[-1].action is Action.FILE
        and case.state is CaseState.RECEIVED
        and case.source in rules.conduct.auto_register_sources
        and case.is_located
        and deadlines.published_limit(step, case.condition) is not None
    )


def _dispatches_itself(step: Situation, done: Decision) -> bool:
    return (
        done.events[-1].action is Action.REGISTER
        and step.rules.conduct.auto_dispatch
        and deadlines.published_limit(step, step.case.condition) is not None
        and routed(step).unit is not None
    )


def _check_filing(filing: CaseFiling, actor: Actor, rules: Rulebook) -> None:
    if actor.role not in SOURCES_OF_ROLE:
        raise NotPermittedError("role_may_not", params={"action": Action.FILE, "role": actor.role})
    if filing.source not in SOURCES_OF_ROLE[actor.role]:
        raise invalid("source", "source_not_for_role", source=filing.source, role=actor.role)
    known = rules.catalogue.find(filing.type)
    if known is None:
        raise invalid("type", "unknown_type", type=str(filing.type))
    if filing.condition is not None and known.condition(filing.condition) is None:
        codes = ", ".join(condition.code for condition in known.conditions)
        raise invalid("condition", "unknown_condition", condition=filing.condition, choices=codes)
    if filing.object_id is not None:
        check_object_id(filing.object_id, filing.type)
    if filing.is_self_handled and (actor.role is not Role.INSPECTOR or not known.self_handled):
        raise invalid("self_handled", "not_self_handled", type=str(filing.type))
    outside = filing.location is None or filing.location.cell is None
    if outside and actor.role in (Role.PUBLIC_DOOR, Role.CAMERA):
        raise OutsideGridError("outside_grid", fields={"location": (Problem(code="outside_grid"),)})


def _filing_facts(case: Case, due: deadlines.StageDue, filing: CaseFiling) -> Facts:
    return Facts(
        type=case.type,
        condition=case.condition,
        source=case.source,
        filed_by=case.filed_by,
        found_by=case.found_by,
        cell=case.location.cell if case.location else None,
        layers=case.layers,
        dues=(due,),
        attachments=filing.attachments,
        self_handled=filing.is_self_handled,
        object_id=case.object_id,
        campaign=case.campaign,
    )
