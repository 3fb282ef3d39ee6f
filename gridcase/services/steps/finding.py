"""Writing what was found of a case, and what a person says of it, into the case's history: steps that cases share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import Action, FindingKind
from gridcase.domain.history import Facts, Finding
from gridcase.services.steps.writing import Writing, write_action
from gridcase.store.cases import load_case
from gridcase.store.database import Tx
from gridcase.store.history import CaseEventRow, lines_about
from gridcase.workflow.machine import decide
from gridcase.workflow.requests import Find, Payload, Review
from gridcase.workflow.rulebook import Situation
from gridcase.workflow.transitions import rows_of

#: Who may review.
REVIEWERS = rows_of(Action.REVIEW)[0].roles


def note_finding(tx: Tx, case_id: int, finding: Finding, writing: Writing) -> None:
    """Append what the system found, or that it holds no longer."""
    _write(tx, case_id, finding, writing, (Action.FIND, Find()))


def note_review(tx: Tx, case_id: int, finding: Finding, writing: Writing, review: Review) -> None:
    """Append what a person says of it.

    Raises
    ------
    NotPermittedError
        The role does not review.
    """
    _write(tx, case_id, finding, writing, (Action.REVIEW, review))


def _write(tx: Tx, case_id: int, finding: Finding, writing: Writing, act: tuple[Action, Payload]) -> None:
    stored = load_case(tx, case_id, SYSTEM, for_update=True)
    assert stored is not None  # noqa: S101 - found a moment ago, and no case is ever removed
    # A line is never older than the one before it, though what is new may be looked at late and by another clock.
    writing = replace(writing, now=max(writing.now, stored.last_event_at))
    situation = Situation(case=stored.case, actor=writing.actor, now=writing.now, rules=writing.rules, finding=finding)
    write_action(tx, stored, decide(situation, *act), writing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where what was found of a case stands.

    Parameters
    ----------
    finding
        As found last; ``withdrawn`` when it holds no longer.
    found_at
        When that was.
    review
        The line of the person who reviewed it since; None while nobody did.
    """

    finding: Finding
    found_at: datetime
    review: CaseEventRow | None = None


def stands(tx: Tx, case_ids: Sequence[int], kind: FindingKind) -> dict[int, Stand]:
    """Return by case where findings of a kind stand; cases of which none was ever found are left out."""
    found: dict[int, Stand] = {}
    for case_id, rows in lines_about(tx, case_ids, (Action.FIND, Action.REVIEW)).items():
        for row in rows:
            finding = Facts.load(row.facts).finding
            if finding is None or finding.kind is not kind:
                continue
            if row.action == Action.FIND:
                found[case_id] = Stand(finding=finding, found_at=row.recorded_at)
            elif case_id in found:
                found[case_id] = replace(found[case_id], review=row)
    return found
