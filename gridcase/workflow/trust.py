"""May what a phone says be believed: how near, how fresh, how new, and by whose clock. Pure rules, no accusation.

Receipt time decides filings; the time of capture, checked against the offset of the phone's clock, decides
verifications and checks (domain §5). What cannot be believed counts by our own clock, and the line of history says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gridcase.domain.case import AttachmentId
from gridcase.domain.place import GeoPoint

#: Clocks and the network between them are not truer than this.
SLACK = timedelta(minutes=2)


class Strictness(StrEnum):
    """What a doubt does: refuse, take with a reason, take and note, nothing."""

    REFUSE = "refuse"
    REASON = "reason"
    NOTE = "note"
    OFF = "off"


class Doubt(StrEnum):
    """What may be doubted of a verification or a check.

    The first four stop it, need a reason or are noted; the others make our own clock count and are noted.
    """

    TOO_FAR = "too_far"
    NO_PLACE = "no_place"
    PHOTO_OLD = "photo_old"
    PHOTO_KNOWN = "photo_known"
    CLOCK_OFF = "clock_off"
    SENT_LATE = "sent_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRule:
    """How strictly the evidence of phones is taken, and what is worth a second look.

    Parameters
    ----------
    no_place
        Of an answer on the spot that says nowhere where it was given; noted and listed by default, because a phone
        may be without a position where it is answered.
    clock_minutes
        A phone's clock that is farther off decides nothing.
    clock_jump_minutes
        A phone whose clock was moved by more between two photos is listed.
    offline_hours
        Evidence that comes later than this after it was captured counts by the time it came.
    speed_kmh
        Two places of one person at a higher speed are listed.
    burst_checks, burst_minutes, burst_distance_m
        So many checks of one person within so many minutes, at places farther apart than so many metres, are listed.
    evidence_months
        Whole months for which is kept where staff stood and with which device: beside photos and filings after the
        case ended, beside visits after they were made.
    """

    too_far: Strictness = Strictness.REASON
    no_place: Strictness = Strictness.NOTE
    photo_old: Strictness = Strictness.REASON
    photo_known: Strictness = Strictness.REFUSE
    clock_minutes: int = 10
    clock_jump_minutes: int = 3
    offline_hours: int = 24
    speed_kmh: int = 90
    burst_checks: int = 4
    burst_minutes: int = 5
    burst_distance_m: int = 200
    evidence_months: int = 6

    def strictness(self, doubt: Doubt) -> Strictness:
        """Return what a doubt does; what only the clock is doubted for stops nothing."""
        stopping = {
            Doubt.TOO_FAR: self.too_far,
            Doubt.NO_PLACE: self.no_place,
            Doubt.PHOTO_OLD: self.photo_old,
            Doubt.PHOTO_KNOWN: self.photo_known,
        }
        return stopping.get(doubt, Strictness.OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPhoto:
    """What is known of a photo that a phone took.

    Parameters
    ----------
    taken_at
        By our clock; None when the phone did not say.
    clock_offset_ms
        What was added to the phone's clock to get there.
    point, accuracy_m
        Where the phone was, and how well it knew; None when it did not say.
    is_known
        Whether the same picture belongs to a case already.
    """

    id: AttachmentId
    taken_at: datetime | None = None
    clock_offset_ms: int | None = None
    point: GeoPoint | None = None
    accuracy_m: float | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """When something was seen, as far as that may be believed; None: our own clock counts, for the reason given."""

    at: datetime | None
    doubt: Doubt | None = None


def believed(
    observed_at: datetime | None, offset_ms: int | None, now: datetime, rule: TrustRule, *, since: datetime
) -> Believed:
    """Correct a phone's instant by the offset of its clock, within limits.

    Parameters
    ----------
    since
        When it was asked for: nothing of it can have been seen earlier.
    """
    if observed_at is None:
        return Believed(at=None)
    offset = timedelta(milliseconds=offset_ms or 0)
    if abs(offset) > timedelta(minutes=rule.clock_minutes):
        return Believed(at=None, doubt=Doubt.CLOCK_OFF)
    at = observed_at + offset
    if at > now + SLACK or at < since - SLACK:
        return Believed(at=None, doubt=Doubt.CLOCK_OFF)
    if at < now - timedelta(hours=rule.offline_hours):
        return Believed(at=None, doubt=Doubt.SENT_LATE)
    return Believed(at=min(max(at, since), now))


def photo_doubts(photos: Mapping[AttachmentId, SeenPhoto], since: datetime) -> tuple[Doubt, ...]:
    """Return what may be doubted of photos: taken before they were asked for, or known from another case."""
    found = []
    if any(one.taken_at is not None and one.taken_at < since - SLACK for one in photos.values()):
        found.append(Doubt.PHOTO_OLD)
    if any(one.is_known for one in photos.values()):
        found.append(Doubt.PHOTO_KNOWN)
    return tuple(found)


def moved_m(away: float, accuracy_m: float | None) -> float:
    """Return how far away somebody is at least, given how well they know where they are."""
    return max(0.0, away - (accuracy_m or 0))
