"""Recurrences 反复发案: found when a case is filed or corrected, reviewed by a person, listed for everybody concerned.

The rule itself is ``gridcase.workflow.recurrence``. What was found follows corrections until somebody reviewed it; from
then on it stands. The table behind the list is a working copy: history says it too, for the month. Missed cases 漏报
are looked for in the same pass over what is new.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gridcase.domain.actor import SYSTEM, Actor
from gridcase.domain.case import Action, FindingKind, Ruling
from gridcase.domain.errors import NotFoundError, NotPermittedError, WrongStateError
from gridcase.domain.history import Finding
from gridcase.domain.numbers import parse_number
from gridcase.services.runtime import Runtime
from gridcase.services.steps.finding import REVIEWERS, note_finding, note_review
from gridcase.services.steps.missing import look_for_missed
from gridcase.services.steps.writing import Writing
from gridcase.store import recurrence as store
from gridcase.store.database import Tx
from gridcase.store.feed import hold_cursor, move_cursor, read_feed
from gridcase.store.history import CaseEventRow
from gridcase.store.recurrence import CONFIRMED, REJECTED, ListedRecurrence
from gridcase.workflow import requests
from gridcase.workflow.recurrence import Occurrence, repeated

__all__ = ["ListedRecurrence", "Review", "ReviewRuling", "find_recurrences", "recurrences", "review_recurrence"]

_READER = "recurrence"
_BATCH = 200

#: What may make a case a recurrence, or no longer one.
_TELLING = frozenset(
    {
        Action.FILE,
        Action.CORRECT,
        Action.DECIDE_CORRECTION,
        Action.VOID,
        Action.RESTORE,
        Action.TRANSFER,
        Action.LINK_DUPLICATE,
        Action.UNLINK_DUPLICATE,
    }
)
#: What may take from other cases the one they repeat.
_TAKING = _TELLING - {Action.FILE} | {Action.REOPEN}


class ReviewRuling(StrEnum):
    """What a person decides of a recurrence."""

    CONFIRM = "confirm"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A decision with its reason."""

    ruling: ReviewRuling
    reason: str


def find_recurrences(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Look at everything new in the history; return how many recurrences and missed cases were found.

    One transaction a batch, together with the place reached, so that it goes on where it stopped.
    """
    found = 0
    while True:
        alive()
        with rt.database.writing() as tx:
            cursor = hold_cursor(tx, _READER)
            lines, reached = read_feed(tx, cursor, _BATCH)
            if not lines:
                return found
            found += _look(tx, lines, Writing(actor=SYSTEM, now=rt.clock.now(), rules=rt.reference().rules))
            move_cursor(tx, _READER, reached)


def recurrences(
    rt: Runtime, actor: Actor, *, state: str | None, after: int | None, limit: int
) -> tuple[ListedRecurrence, ...]:
    """Return a page of the recurrences an actor may see, newest case first; one more than asked when there are more."""
    with rt.database.reading() as tx:
        return store.page_of_recurrences(tx, actor, state=state, after=after, limit=limit)


def review_recurrence(rt: Runtime, actor: Actor, number: str, read: Callable[[], Review]) -> ListedRecurrence:
    """Confirm or reject a recurrence, once; the same decision of the same person again changes nothing.

    Raises
    ------
    NotFoundError
        There is no such recurrence, or the actor may not see the case.
    NotPermittedError
        The role does not review.
    WrongStateError
        Somebody else reviewed it, or it was decided otherwise.
    """
    parts = parse_number(number)
    with rt.database.writing() as tx:
        before = _one(tx, actor, parts.identity) if parts else None
        if before is None or before.case != number.strip().upper():
            raise NotFoundError("recurrence_not_found", params={"number": number})
        if actor.role not in REVIEWERS:
            raise NotPermittedError("role_may_not", params={"action": "review_recurrence", "role": actor.role})
        asked = read()
        state = CONFIRMED if asked.ruling is ReviewRuling.CONFIRM else REJECTED
        done = store.review(
            tx, before.row.case_id, state=state, by=actor.person, at=rt.clock.now(), reason=asked.reason
        )
        if done:
            ruling = Ruling.GRANT if asked.ruling is ReviewRuling.CONFIRM else Ruling.REFUSE
            writing = Writing(actor=actor, now=rt.clock.now(), rules=rt.reference().rules)
            said = requests.Review(ruling=ruling, reason=asked.reason)
            note_review(tx, before.row.case_id, Finding(kind=FindingKind.RECURRENCE), writing, said)
        decided = (before.row.state, before.row.reviewed_by, before.row.reason)
        if not done and decided != (state, actor.person, asked.reason):
            raise WrongStateError("already_reviewed", params={"number": before.case})
    with rt.database.reading() as tx:
        after = _one(tx, actor, before.row.case_id)
    assert after is not None  # noqa: S101 - it was there a moment ago, and none is ever removed once reviewed
    return after


def _one(tx: Tx, actor: Actor, case_id: int) -> ListedRecurrence | None:
    found = store.page_of_recurrences(tx, actor, state=None, after=None, limit=1, case_id=case_id)
    return found[0] if found else None


def _look(tx: Tx, lines: tuple[CaseEventRow, ...], writing: Writing) -> int:
    filed = frozenset(line.case_id for line in lines if line.action == Action.FILE)
    changed = frozenset(line.case_id for line in lines if line.action in _TELLING - {Action.FILE})
    missed = look_for_missed(tx, writing, filed, changed) if filed or changed else 0
    return missed + _repeats(tx, lines, writing)


def _repeats(tx: Tx, lines: tuple[CaseEventRow, ...], writing: Writing) -> int:
    touched = {line.case_id for line in lines if line.action in _TELLING}
    taken = {line.case_id for line in lines if line.action in _TAKING}
    touched |= set(store.repeating(tx, sorted(taken))) if taken else set()
    if not touched:
        return 0
    return sum(_link(tx, new, writing) for new in store.occurrences(tx, sorted(touched)))


def _link(tx: Tx, new: Occurrence, writing: Writing) -> bool:
    rule = writing.rules.conduct.recurrence
    known = store.closed_near(tx, new, rule.nearness(new.type))
    repeat = repeated(new, known, rule)
    if repeat is None:
        if store.put_recurrence(tx, new.id, None):
            note_finding(tx, new.id, Finding(kind=FindingKind.RECURRENCE, withdrawn=True), writing)
        return False
    earlier, unit = store.last_unit(tx, repeat.earlier)
    values = {
        "earlier_id": repeat.earlier,
        "unit": unit,
        "distance_m": round(repeat.distance_m, 2),
        "found_at": writing.now,
    }
    is_news = store.put_recurrence(tx, new.id, values)
    if is_news:
        note_finding(tx, new.id, Finding(kind=FindingKind.RECURRENCE, earlier=earlier, unit=unit), writing)
    return is_news
