"""The working days of a year were announced: provisional deadlines become certain, and history says which moved."""

from dataclasses import replace

from gridcase.domain.case import TaskKind
from gridcase.domain.errors import WrongStateError
from gridcase.domain.history import Facts, LimitedStage
from gridcase.workflow import requests as asked
from gridcase.workflow.case import Task
from gridcase.workflow.effects.effect import Clocks, Effect, Refusal, with_lead
from gridcase.workflow.reclocking import is_provisional, moved_assisting, moved_clocks, with_assisting
from gridcase.workflow.rulebook import Situation


def reclock(situation: Situation, payload: asked.Reclock) -> Effect:  # noqa: ARG001 - effects share one shape
    """Give the provisional clocks their deadlines by the calendars in force; original deadlines stay as first given."""
    case, lead = situation.case, situation.case.assignment
    clocks, assisting = moved_clocks(situation, is_provisional), moved_assisting(situation)
    task = _moved_task(situation, clocks)
    handle = clocks.get(LimitedStage.HANDLE)
    after = replace(
        case,
        clocks=dict(case.clocks) | clocks,
        tasks=(*case.tasks[:-1], task) if task else case.tasks,
        assignments=with_assisting(case, assisting),
    )
    if handle is not None and lead is not None:
        after = replace(after, assignments=with_lead(after, replace(lead, due_at=handle.due.due_at)))
    return Effect(
        case=after,
        facts=Facts(
            assignment=lead.number if lead else None,
            unit=lead.unit if lead else None,
            task=task.number if task else None,
            task_kind=task.kind if task else None,
            dues=tuple(clock.due for clock in clocks.values()),
            assisting=assisting,
        ),
    )


def may_reclock(situation: Situation) -> Refusal:
    """Refuse where nothing would change."""
    if moved_clocks(situation, is_provisional) or moved_assisting(situation):
        return None
    return WrongStateError("nothing_to_reclock")


def _moved_task(situation: Situation, clocks: Clocks) -> Task | None:
    """Return the open task with its new deadline, when its clock moved."""
    task = situation.case.task
    if task is None or not task.is_open:
        return None
    stage = LimitedStage.VERIFY if task.kind is TaskKind.VERIFY else LimitedStage.CHECK
    clock = clocks.get(stage)
    return replace(task, due_at=clock.due.due_at) if clock else None
