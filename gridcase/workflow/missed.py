"""Which cases were missed 漏报: found by a superior while nobody of ours had told of them.

Pure, like ``gridcase.workflow.recurrence``: it compares what is known of cases. A superior's case is missed when no
case of ours of the same type was seen within 50 m in the 24 hours before. Source: domain §6.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gridcase.domain.case import CaseState, Source
from gridcase.domain.place import distance_m
from gridcase.workflow.recurrence import Occurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRule:
    """How near, and how long before, one of our cases clears us; both limits included."""

    distance_m: int = 50
    hours: int = 24


MISSED_RULE = MissedRule()


def is_missed(found: Occurrence, own: Iterable[Occurrence], rule: MissedRule = MISSED_RULE) -> bool:
    """Tell whether a case was missed.

    Only a superior's case can be, and neither a void one, a transferred one nor one without a position. Any case of
    ours clears us, whoever told of it and however it ended, unless it is void. An older case that is still open does
    not: that the place was looked at again is what is asked.
    """
    ended = (CaseState.VOID, CaseState.TRANSFERRED)
    if found.source is not Source.SUPERIOR or found.point is None or found.state in ended:
        return False
    return not any(clears(one, found, rule) for one in own)


def clears(own: Occurrence, found: Occurrence, rule: MissedRule = MISSED_RULE) -> bool:
    """Tell whether a case of ours shows that what a superior found was known."""
    if own.id == found.id or own.source is Source.SUPERIOR or own.state is CaseState.VOID or own.type != found.type:
        return False
    before = found.observed_at.replace(microsecond=0) - own.observed_at.replace(microsecond=0)
    if not timedelta(0) <= before <= timedelta(hours=rule.hours):
        return False
    if own.point is None or found.point is None:
        return False
    return distance_m(own.point, found.point) <= rule.distance_m
