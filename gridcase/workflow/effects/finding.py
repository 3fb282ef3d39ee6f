"""What the system found of a case by comparing it with others, and what a person says of it.

Neither moves the case; history keeps both, because the month is folded from history. Which case is like which is
``gridcase.workflow.recurrence`` and ``gridcase.workflow.missed``; domain §4 and §6.
"""

from gridcase.domain.errors import WrongStateError
from gridcase.domain.history import Facts, Finding
from gridcase.workflow import requests as asked
from gridcase.workflow.effects.effect import Effect, Refusal, texts
from gridcase.workflow.rulebook import Situation


def find(situation: Situation, payload: asked.Find) -> Effect:  # noqa: ARG001 - effects share one shape
    """Note what was found, or that it holds no longer."""
    return Effect(case=situation.case, facts=Facts(finding=situation.finding))


def review(situation: Situation, payload: asked.Review) -> Effect:
    """Uphold or dismiss what was found."""
    found = situation.finding
    kind = None if found is None else Finding(kind=found.kind)
    return Effect(
        case=situation.case, facts=Facts(finding=kind, ruling=payload.ruling), texts=texts(note=payload.reason)
    )


def something_found(situation: Situation) -> Refusal:
    """Refuse where nobody says what was found: these are done from lists of findings, never from the case."""
    return None if situation.finding is not None else WrongStateError("nothing_found")
