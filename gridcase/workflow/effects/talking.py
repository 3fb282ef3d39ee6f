"""What is said aside, without moving the case: supervision, urging, comments, photos."""

from dataclasses import replace

from gridcase.domain.errors import WrongStateError, invalid
from gridcase.domain.history import Facts, LimitedStage
from gridcase.workflow import deadlines
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Supervision
from gridcase.workflow.effects.effect import Effect, Refusal, of_the_unit, texts
from gridcase.workflow.rulebook import Situation


def supervise(situation: Situation, payload: asked.Supervise) -> Effect:
    """Ask for an answer by a time of its own."""
    case = situation.case
    due = deadlines.stage_clock(situation, LimitedStage.SUPERVISE).due
    if payload.due_at is not None:
        if payload.due_at <= situation.now:
            raise invalid("due_at", "must_lie_ahead")
        due = replace(due, due_at=payload.due_at.replace(microsecond=0))
    made = Supervision(
        number=len(case.supervisions) + 1,
        asked_at=situation.now,
        asked_by=situation.actor.person,
        due_at=due.due_at,
    )
    return Effect(
        case=replace(case, supervisions=(*case.supervisions, made)),
        facts=Facts(supervision=made.number, dues=(due,), unit=case.assignment.unit if case.assignment else None),
        texts=texts(text=payload.text),
    )


def answer_supervision(situation: Situation, payload: asked.AnswerSupervision) -> Effect:
    """Answer the oldest supervision that waits."""
    case = situation.case
    waiting = next(one for one in case.supervisions if one.answered_at is None)
    answered = replace(waiting, answered_at=situation.now)
    return Effect(
        case=replace(
            case,
            supervisions=tuple(answered if one.number == waiting.number else one for one in case.supervisions),
        ),
        facts=Facts(supervision=waiting.number),
        texts=texts(text=payload.text),
    )


def may_answer(situation: Situation) -> Refusal:
    """Only the assigned unit, while an answer is awaited."""
    if all(one.answered_at is not None for one in situation.case.supervisions):
        return WrongStateError("no_supervision")
    return of_the_unit(situation)


def urge(situation: Situation, payload: asked.Urge) -> Effect:
    """Remind the unit."""
    return Effect(case=situation.case, texts=texts(text=payload.text))


def comment(situation: Situation, payload: asked.Comment) -> Effect:
    """Say something."""
    return Effect(case=situation.case, texts=texts(text=payload.text))


def attach(situation: Situation, payload: asked.Attach) -> Effect:
    """Add photos."""
    if not payload.attachments:
        raise invalid("attachments", "evidence_needed")
    return Effect(case=situation.case, facts=Facts(attachments=payload.attachments), texts=texts(note=payload.note))
