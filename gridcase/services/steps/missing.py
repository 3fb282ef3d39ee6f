"""Missed cases 漏报 among what is new: looked for when a superior or one of ours files, and again when that changes.

The rule is ``gridcase.workflow.missed``. What was found follows corrections until a person reviewed it.
"""

from collections.abc import Iterable
from datetime import timedelta

from gridcase.domain.case import FindingKind, Source
from gridcase.domain.history import Finding
from gridcase.services.steps.finding import Stand, note_finding, stands
from gridcase.services.steps.writing import Writing
from gridcase.store import recurrence as store
from gridcase.store.database import Tx
from gridcase.workflow.missed import MISSED_RULE, clears, is_missed
from gridcase.workflow.recurrence import Occurrence

#: A superior's case may be filed some time after it was seen; what comes in later still is looked at when it is filed.
_FILED_WITHIN = timedelta(hours=2 * MISSED_RULE.hours)


def look_for_missed(tx: Tx, writing: Writing, filed: frozenset[int], changed: frozenset[int]) -> int:
    """Look again at the superiors' cases that some cases concern; return how many were found to be missed.

    Parameters
    ----------
    filed
        Cases just filed: they clear what lies near them.
    changed
        Cases that were corrected, voided or restored: where and what they were before is not asked, so all that a
        superior found in those hours is looked at.
    """
    touched = store.occurrences(tx, sorted(filed | changed))
    concerned = {one.id: one for one in touched if one.source is Source.SUPERIOR}
    own = [one for one in touched if one.source is not Source.SUPERIOR]
    if own:
        until = max(one.observed_at for one in own) + _FILED_WITHIN
        for found in store.found_by_superiors(tx, min(one.observed_at for one in own), until):
            if any(one.id in changed or clears(one, found) for one in own):
                concerned[found.id] = found
    standing = stands(tx, sorted(concerned), FindingKind.MISSED) if concerned else {}
    return sum(_look(tx, writing, found, standing.get(found.id)) for found in _by_id(concerned.values()))


def _look(tx: Tx, writing: Writing, found: Occurrence, stand: Stand | None) -> bool:
    if stand is not None and stand.review is not None:
        return False
    was = stand is not None and not stand.finding.withdrawn
    now = is_missed(found, store.known_before(tx, found, MISSED_RULE))
    if now != was:
        note_finding(tx, found.id, Finding(kind=FindingKind.MISSED, withdrawn=was), writing)
    return now and not was


def _by_id(found: Iterable[Occurrence]) -> list[Occurrence]:
    return sorted(found, key=lambda one: one.id)
