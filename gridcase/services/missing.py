"""Missed cases 漏报: listed for those who see them, and reviewed by a person, once.

They are found with the recurrences (``gridcase.services.recurring``), by the rule ``gridcase.workflow.missed``. History
alone says what was found and decided; there is no table of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseNumber, FindingKind, Ruling
from gridcase.domain.errors import NotFoundError, NotPermittedError, WrongStateError
from gridcase.domain.history import Facts, Finding
from gridcase.domain.numbers import parse_number
from gridcase.services.runtime import Runtime
from gridcase.services.steps.finding import REVIEWERS, Stand, note_review, stands
from gridcase.services.steps.writing import Writing
from gridcase.store.cases import load_case
from gridcase.store.recurrence import noted_of_superiors
from gridcase.workflow.requests import Review

_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCase:
    """A missed case.

    Parameters
    ----------
    id
        Its place in the list.
    ruling, reviewed_at, reviewed_by
        None while nobody reviewed it.
    """

    id: int
    case: CaseNumber
    found_at: datetime
    ruling: Ruling | None = None
    reviewed_at: datetime | None = None
    reviewed_by: int | None = None


def missed_cases(rt: Runtime, actor: Actor, *, after: int | None, limit: int) -> tuple[MissedCase, ...]:
    """Return a page of the missed cases an actor may see, newest first; one more than asked when there are more."""
    found: list[MissedCase] = []
    with rt.database.reading() as tx:
        while page := noted_of_superiors(tx, actor, after, _PAGE):
            standing = stands(tx, [identity for identity, _ in page], FindingKind.MISSED)
            found += [
                _missed(identity, number, standing[identity])
                for identity, number in page
                if identity in standing and not standing[identity].finding.withdrawn
            ]
            if len(found) > limit:
                break
            after = page[-1][0]
    return tuple(found[: limit + 1])


def review_missed(rt: Runtime, actor: Actor, number: str, read: Callable[[], Review]) -> MissedCase:
    """Uphold or dismiss that a case was missed, once; the same decision of the same person again changes nothing.

    Raises
    ------
    NotFoundError
        There is no such missed case, or the actor may not see it.
    NotPermittedError
        The role does not review.
    WrongStateError
        Somebody else reviewed it, or it was decided otherwise.
    """
    parts = parse_number(number)
    with rt.database.writing() as tx:
        stored = load_case(tx, parts.identity, actor, for_update=True) if parts else None
        known = stands(tx, [stored.id], FindingKind.MISSED) if stored else {}
        if stored is None or stored.case.number != number.strip().upper() or not known:
            raise NotFoundError("missed_not_found", params={"number": number})
        stand = known[stored.id]
        if stand.finding.withdrawn:
            raise NotFoundError("missed_not_found", params={"number": number})
        if actor.role not in REVIEWERS:
            raise NotPermittedError("role_may_not", params={"action": "review", "role": actor.role})
        asked = read()
        if stand.review is None:
            writing = Writing(actor=actor, now=rt.clock.now(), rules=rt.reference().rules)
            note_review(tx, stored.id, Finding(kind=FindingKind.MISSED), writing, asked)
        elif (stand.review.actor_id, Facts.load(stand.review.facts).ruling) != (actor.person, asked.ruling):
            raise WrongStateError("missed_already_reviewed", params={"number": stored.case.number})
        return _missed(stored.id, stored.case.number, stands(tx, [stored.id], FindingKind.MISSED)[stored.id])


def _missed(identity: int, number: CaseNumber, stand: Stand) -> MissedCase:
    if stand.review is None:
        return MissedCase(id=identity, case=number, found_at=stand.found_at)
    return MissedCase(
        id=identity,
        case=number,
        found_at=stand.found_at,
        ruling=Facts.load(stand.review.facts).ruling,
        reviewed_at=stand.review.recorded_at,
        reviewed_by=stand.review.actor_id,
    )
