"""What time itself does to a case: what happens by rule, what is warned of, and when to look again.

Pure: the scheduler asks ``steps`` and ``notices`` of every case whose ``wake_at`` has come, carries the steps out as
the system, and stores the notices. Rules: domain §4 (automatic acceptance, tasks, requests, suspension) and §5.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseNumber, CaseState, CheckMode
from gridcase.domain.history import LimitedStage
from gridcase.domain.notices import NoticeKind
from gridcase.domain.time import is_late
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Case, RunningClock
from gridcase.workflow.deadlines import warn_at
from gridcase.workflow.effects.asking import is_overripe
from gridcase.workflow.effects.effect import eligible_inspectors
from gridcase.workflow.rulebook import Rulebook, Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An action to be carried out by the system now."""

    action: Action
    payload: asked.Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell.

    Parameters
    ----------
    stage
        Which clock; None when it is about no clock.
    at
        When it became true: the moment of the warning, the deadline, the registration.
    role, to_unit
        Whom: a role of the office, or the people of the assigned unit.
    """

    kind: NoticeKind
    stage: LimitedStage | None
    at: datetime
    role: Role
    to_unit: bool = False


def steps(situation: Situation) -> tuple[Step, ...]:
    """Return what has to be done by rule now, in the order it has to be done.

    Only the first can be relied upon: it changes the case, and the rest have to be asked for again.
    """
    return tuple(_steps(situation))


def notices(case: Case, rules: Rulebook, now: datetime) -> tuple[Notice, ...]:
    """Return what became true after the last look, up to now."""
    since = case.watched_at or case.filed_at
    return tuple(one for one in _moments(case, rules) if since < one.at <= now or one.at == since == case.filed_at)


def wake_at(case: Case, rules: Rulebook) -> datetime | None:
    """Return when to look at the case again; None when time can do nothing to it any more."""
    since = case.watched_at
    ahead = [one.at for one in _moments(case, rules) if since is None or one.at > since]
    return min((*ahead, *_turns(case, rules)), default=None)


def asks_inspectors(case: Case) -> bool:
    """Tell whether what is due may need to know the inspectors."""
    return case.state in _WAITING or (case.state is CaseState.CLOSED and case.is_self_handled)


def is_sampled(case: Case, percent: int) -> bool:
    """Tell whether a self-handled case is one of the share looked at again."""
    return in_sample(case.number, percent)


def in_sample(number: CaseNumber, percent: int) -> bool:
    """Tell whether a case is one of a share: by its number, so always the same."""
    digest = hashlib.sha256(number.encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < percent


def _steps(situation: Situation) -> Iterator[Step]:
    case, now = situation.case, situation.now
    if case.state is CaseState.SUSPENDED and case.resumes_at is not None and now >= case.resumes_at:
        yield Step(action=Action.RESUME, payload=asked.Resume())
    if any(is_overripe(one, situation) for one in case.pending):
        yield Step(action=Action.ESCALATE, payload=asked.Escalate())
    accept = case.clocks.get(LimitedStage.ACCEPT)
    running = case.state is CaseState.DISPATCHED and accept is not None and accept.is_running
    if running and accept is not None and is_late(now, accept.due.due_at):
        yield Step(action=Action.ACCEPT, payload=asked.Accept())
    yield from _task_steps(situation)


def _task_steps(situation: Situation) -> Iterator[Step]:
    case = situation.case
    task = case.task
    if case.state in _WAITING and task is not None and task.is_open and is_late(situation.now, task.due_at):
        been_asked = {one.inspector for one in case.tasks if one.kind is task.kind}
        others = [one for one in eligible_inspectors(situation) if one.person not in been_asked]
        if others:
            yield Step(action=Action.REASSIGN_TASK, payload=asked.ReassignTask())
        else:
            yield Step(action=Action.WITHDRAW_TASK, payload=asked.WithdrawTask())
    if _awaits_reinspection(case, situation.rules) and eligible_inspectors(situation):
        yield Step(action=Action.REQUEST_CHECK, payload=asked.RequestCheck(mode=CheckMode.ON_SITE))


def _awaits_reinspection(case: Case, rules: Rulebook) -> bool:
    return (
        case.is_self_handled
        and case.state is CaseState.CLOSED
        and not case.tasks
        and (not case.number or is_sampled(case, rules.conduct.reinspect_percent))
    )


def _turns(case: Case, rules: Rulebook) -> Iterator[datetime]:
    """Yield when a step becomes due; what is done when something is late, a second after its deadline."""
    if case.state is CaseState.SUSPENDED and case.resumes_at is not None:
        yield case.resumes_at
    yield from (one.decide_by + _LATE for one in case.pending if one.decider is Role.SHIFT_LEADER)
    accept = case.clocks.get(LimitedStage.ACCEPT)
    if case.state is CaseState.DISPATCHED and accept is not None and accept.is_running:
        yield accept.due.due_at + _LATE
    if case.task is not None and case.task.is_open and case.state in _WAITING:
        yield case.task.due_at + _LATE
    if _awaits_reinspection(case, rules):
        yield case.filed_at


def _moments(case: Case, rules: Rulebook) -> Iterator[Notice]:
    """Yield every moment of an open case that people are told of, past and to come."""
    if not case.state.is_open:
        return
    if case.is_unrouted and case.registered_at is not None:
        yield Notice(kind=NoticeKind.NO_ROUTE, stage=None, at=case.registered_at, role=Role.DISPATCHER)
    for stage, clock in case.clocks.items():
        if clock.is_running and stage in _TOLD:
            yield from _of_clock(stage, clock, rules)
    for one in case.supervisions:
        if one.answered_at is None:
            yield Notice(
                kind=NoticeKind.BREACH, stage=LimitedStage.SUPERVISE, at=one.due_at, role=Role.LEADER, to_unit=True
            )


def _of_clock(stage: LimitedStage, clock: RunningClock, rules: Rulebook) -> Iterator[Notice]:
    role = _TOLD[stage]
    to_unit = stage in (LimitedStage.ACCEPT, LimitedStage.HANDLE)
    yield Notice(kind=NoticeKind.WARNING, stage=stage, at=warn_at(clock, rules), role=role, to_unit=to_unit)
    yield Notice(kind=NoticeKind.BREACH, stage=stage, at=clock.due.due_at, role=role, to_unit=to_unit)


#: States in which a task of an inspector is waited for.
_WAITING = (CaseState.VERIFYING, CaseState.CHECKING)
#: Late is later than the deadline in whole seconds.
_LATE = timedelta(seconds=1)

#: Whose clock it is.
_TOLD = {
    LimitedStage.REGISTER: Role.ACCEPTOR,
    LimitedStage.VERIFY: Role.ACCEPTOR,
    LimitedStage.DISPATCH: Role.DISPATCHER,
    LimitedStage.ACCEPT: Role.DISPATCHER,
    LimitedStage.HANDLE: Role.DISPATCHER,
    LimitedStage.CHECK: Role.ACCEPTOR,
    LimitedStage.CLOSE: Role.SHIFT_LEADER,
}
