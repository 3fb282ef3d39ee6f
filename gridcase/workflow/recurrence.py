"""Does a case repeat one that was closed shortly before? 反复发案（反弹）.

Pure: it compares what is known of cases and knows neither their numbers nor who is charged. Same type, and the same
component or near enough, observed soon after the closing. Source: domain §4, last paragraph.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gridcase.domain.case import CaseState, Source, TypeKey
from gridcase.domain.place import GeoPoint, distance_m
from gridcase.workflow.routing import TypePattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near in place and time a case must be to one closed before.

    Parameters
    ----------
    distance_m
        Metres, the limit included.
    days
        Days of 24 hours after the closing, the limit included to the second; 0 finds nothing.
    """

    distance_m: int = 30
    days: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRule:
    """What counts as a recurrence, by type of case.

    Parameters
    ----------
    types
        Asked in order; the first pattern that takes the type wins.
    """

    default: Nearness = field(default_factory=Nearness)
    types: tuple[tuple[TypePattern, Nearness], ...] = ()

    def nearness(self, key: TypeKey) -> Nearness:
        """Return how near cases of a type must be."""
        return next((near for pattern, near in self.types if pattern.matches(key)), self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """What is known of a case when it is compared.

    Parameters
    ----------
    id
        Tells cases apart; of two closed at the same instant the higher is the later.
    observed_at
        When the finder saw it; when it was filed if the device's time is missing or lies after that.
    source
        Who found it; asked about missed cases alone.
    """

    id: int
    type: TypeKey
    state: CaseState
    point: GeoPoint | None
    object_id: str | None
    observed_at: datetime
    closed_at: datetime | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The case that is repeated, and how far away it was, in metres; 0 when a position is missing."""

    earlier: int
    distance_m: float


def repeated(new: Occurrence, known: Iterable[Occurrence], rule: RecurrenceRule) -> Repeat | None:
    """Return the latest closed case that a case repeats; None when there is none.

    Void cases, duplicates among them, and transferred ones neither repeat nor are repeated.
    """
    if new.state in (CaseState.VOID, CaseState.TRANSFERRED):
        return None
    near = rule.nearness(new.type)
    fitting = [one for one in known if _is_repeated(new, one, near)]
    if not fitting:
        return None
    latest = max(fitting, key=lambda one: (one.closed_at or one.observed_at, one.id))
    return Repeat(earlier=latest.id, distance_m=_apart(new, latest) or 0.0)


def _is_repeated(new: Occurrence, earlier: Occurrence, near: Nearness) -> bool:
    if earlier.id == new.id or earlier.type != new.type:
        return False
    if earlier.state is not CaseState.CLOSED or earlier.closed_at is None:
        return False
    since = new.observed_at.replace(microsecond=0) - earlier.closed_at.replace(microsecond=0)
    if not near.days or not timedelta(0) <= since <= timedelta(days=near.days):
        return False
    if new.object_id is not None and new.object_id == earlier.object_id:
        return True
    apart = _apart(new, earlier)
    return apart is not None and apart <= near.distance_m


def _apart(one: Occurrence, other: Occurrence) -> float | None:
    if one.point is None or other.point is None:
        return None
    return distance_m(one.point, other.point)
