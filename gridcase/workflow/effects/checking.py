"""Is it done? Checks, rework, closing, reopening."""

from dataclasses import replace

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, CheckMode, CheckResult, Source, TaskKind
from gridcase.domain.errors import NotPermittedError, WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.domain.time import is_late
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Outcome
from gridcase.workflow.effects.effect import (
    Clocks,
    Effect,
    Refusal,
    all_stopped,
    apart,
    ended,
    evidence,
    judged,
    lapsed,
    lead_of,
    stopped,
    texts,
    with_lead,
)
from gridcase.workflow.effects.intake import asked_inspector, chosen_inspector, new_task, until_sealed
from gridcase.workflow.rulebook import Situation


def request_check(situation: Situation, payload: asked.RequestCheck) -> Effect:
    """Ask an inspector to prove the work, or waive the proof with a reason."""
    if payload.mode is CheckMode.WAIVED:
        return _waived(situation, payload)
    inspector = chosen_inspector(situation, payload.inspector)
    effect = new_task(situation, TaskKind.CHECK, inspector, payload.mode)
    state = CaseState.CLOSED if situation.case.state is CaseState.CLOSED else CaseState.CHECKING
    return replace(effect, case=replace(effect.case, state=state), texts=texts(note=payload.note))


def _waived(situation: Situation, payload: asked.RequestCheck) -> Effect:
    if situation.case.check_passed is False:
        raise invalid("mode", "waiver_after_failure")
    if not payload.note:
        raise invalid("note", "waiver_needs_reason")
    if payload.inspector is not None:
        raise invalid("inspector", "waiver_has_no_inspector")
    # A waiver stands for the check, so it is not given by those whose work would be checked.
    if refusal := apart(situation):
        raise refusal
    case = situation.case
    clocks = stopped(case, situation.now, LimitedStage.CHECK)
    return Effect(
        case=replace(case, check_passed=True, clocks=clocks),
        facts=Facts(check_mode=CheckMode.WAIVED),
        texts=texts(note=payload.note),
    )


def may_request_check(situation: Situation) -> Refusal:
    """Refuse when a check has passed; of closed cases only the self-handled are looked at again."""
    if situation.case.state is CaseState.CLOSED and not situation.case.is_self_handled:
        return WrongStateError("wrong_state", params={"action": Action.REQUEST_CHECK, "state": CaseState.CLOSED})
    if situation.case.check_passed:
        return WrongStateError("check_already_passed")
    return None


def check(situation: Situation, payload: asked.Check) -> Effect:
    """Take the inspector's answer."""
    case, now = situation.case, situation.now
    evidence(situation, Action.CHECK, len(payload.attachments))
    seen = judged(situation, payload)
    if payload.false_feedback and payload.result is CheckResult.PASS:
        raise invalid("false_feedback", "false_feedback_needs_fail")
    task = case.tasks[-1]
    done = replace(task, done_at=now, result=str(payload.result))
    state = case.state if case.state is CaseState.CLOSED else CaseState.REPORTED
    return Effect(
        case=replace(
            case,
            state=state,
            tasks=(*case.tasks[:-1], done),
            clocks=stopped(case, now, LimitedStage.CHECK),
            check_passed=payload.result is CheckResult.PASS,
        ),
        facts=Facts(
            task=task.number,
            task_kind=TaskKind.CHECK,
            inspector=task.inspector,
            check_mode=task.mode,
            check_result=payload.result,
            false_feedback=bool(payload.false_feedback),
            attachments=payload.attachments,
            doubts=seen.doubts,
        ),
        texts=texts(note=payload.note, override_reason=payload.override_reason),
        position=payload.location,
        observed_at=seen.observed_at,
    )


def may_check(situation: Situation) -> Refusal:
    """Only the inspector who was asked, who must not have handled it; the finder may."""
    return asked_inspector(situation) or apart(situation)


def rework(situation: Situation, payload: asked.Rework) -> Effect:
    """Send the work back to the same unit, with the time that is left and at least half the limit."""
    case = situation.case
    handle = deadlines.rework_clock(situation, case.clocks[LimitedStage.HANDLE])
    close = deadlines.close_clock(situation, handle)
    assignment = replace(lead_of(case), reported_at=None, due_at=handle.due.due_at)
    clocks: Clocks = {LimitedStage.HANDLE: handle, LimitedStage.CLOSE: close}
    return Effect(
        case=replace(
            case,
            state=CaseState.HANDLING,
            assignments=with_lead(case, assignment),
            clocks=stopped(case, situation.now, LimitedStage.CHECK) | clocks,
            check_passed=None,
        ),
        facts=Facts(assignment=assignment.number, unit=assignment.unit, dues=(handle.due, close.due)),
        texts=texts(note=payload.note),
    )


def may_rework(situation: Situation) -> Refusal:
    """After a failed check; the city's rejection of its own case needs none."""
    if situation.actor.role is Role.CENTRE:
        return _of_the_city(situation)
    if situation.case.check_passed is not False:
        return WrongStateError("no_failed_check")
    return None


def close(situation: Situation, payload: asked.Close) -> Effect:
    """End the case: the closing condition is met."""
    case, now = lapsed(situation.case, is_over=True), situation.now
    lead = lead_of(case)
    return Effect(
        case=replace(
            case,
            state=CaseState.CLOSED,
            closed_at=now,
            assignments=ended(case, Outcome.CLOSED, now),
            clocks=all_stopped(case, now),
        ),
        facts=Facts(assignment=lead.number, unit=lead.unit),
        texts=texts(note=payload.note),
    )


def may_close(situation: Situation) -> Refusal:
    """After a passed or waived check, by nobody who handled it; a city-origin case is closed by the city."""
    if not situation.case.check_passed:
        return WrongStateError("check_missing")
    if situation.actor.role is Role.CENTRE:
        return _of_the_city(situation)
    if situation.case.source is Source.SUPERIOR:
        return NotPermittedError("city_closes")
    return apart(situation)


def _of_the_city(situation: Situation) -> Refusal:
    return None if situation.case.source is Source.SUPERIOR else NotPermittedError("not_the_citys")


def reopen(situation: Situation, payload: asked.Reopen) -> Effect:
    """Take a closing back that was an error; a self-handled case starts over as an ordinary one."""
    case = situation.case
    if case.assignment is None:
        clock = deadlines.stage_clock(situation, LimitedStage.REGISTER)
        tasks = tuple(replace(one, withdrawn_at=situation.now) if one.is_open else one for one in case.tasks)
        return Effect(
            case=replace(
                case,
                state=CaseState.RECEIVED,
                closed_at=None,
                is_self_handled=False,
                check_passed=None,
                tasks=tasks,
                clocks={LimitedStage.REGISTER: clock},
            ),
            facts=Facts(dues=(clock.due,)),
            texts=texts(note=payload.note),
        )
    lead = replace(case.assignment, ended_at=None, outcome=None)
    check_clock = deadlines.stage_clock(situation, LimitedStage.CHECK)
    clocks: Clocks = dict(case.clocks) | {LimitedStage.CHECK: check_clock}
    clocks[LimitedStage.CLOSE] = replace(clocks[LimitedStage.CLOSE], stopped_at=None)
    return Effect(
        case=replace(
            case,
            state=CaseState.REPORTED,
            closed_at=None,
            check_passed=None,
            assignments=with_lead(case, lead),
            clocks=clocks,
        ),
        facts=Facts(assignment=lead.number, unit=lead.unit, dues=(check_clock.due,)),
        texts=texts(note=payload.note),
    )


def may_reopen(situation: Situation) -> Refusal:
    """Only within the days allowed, and before its month is sealed."""
    case = situation.case
    if case.closed_at is None:
        return WrongStateError("wrong_state", params={"action": Action.REOPEN, "state": case.state})
    if is_late(situation.now, deadlines.reopen_until(situation, case.closed_at)):
        return WrongStateError("reopen_too_late", params={"days": situation.rules.conduct.reopen_days})
    return until_sealed(situation)
