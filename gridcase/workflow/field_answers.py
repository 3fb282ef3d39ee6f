"""Judging what somebody says from the field: a verification, a check, a visit of a campaign. Pure; no accusation.

Where it was given, with which photos and when, against where and when it was asked. Doubts stop it, need a reason or
are noted, as the rules of conduct say (``gridcase.workflow.trust``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gridcase.domain.case import AttachmentId
from gridcase.domain.errors import InvalidInputError, Problem
from gridcase.domain.place import GeoPoint, distance_m
from gridcase.workflow.requests import Position
from gridcase.workflow.trust import Doubt, SeenPhoto, Strictness, TrustRule, believed, moved_m, photo_doubts

_Problems = dict[Doubt, tuple[str, Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAnswer:
    """What was said, and what had been asked.

    Parameters
    ----------
    since
        When it was asked for.
    expected
        Where it was to be given; None where that is not known.
    is_on_site
        Whether somebody had to go there.
    told
        Where the answer says it was given.
    clock_offset_ms
        Of the phone; that of a photo comes before it.
    photos
        Those of the answer of which something is known.
    """

    since: datetime
    expected: GeoPoint | None
    is_on_site: bool = True
    told: Position | None = None
    observed_at: datetime | None = None
    clock_offset_ms: int | None = None
    photos: Mapping[AttachmentId, SeenPhoto] = field(default_factory=dict)
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an answer is worth: when it was seen by a clock that can be believed, and what is doubted."""

    observed_at: datetime | None
    doubts: tuple[str, ...]


def judge(answer: FieldAnswer, rule: TrustRule, *, now: datetime, within_m: int) -> Judged:
    """Judge the place, the photos and the time of an answer.

    Parameters
    ----------
    within_m
        How near it has to be given.

    Raises
    ------
    InvalidInputError
        With the code of the first doubt that the rules of conduct do not take, or not without a reason; then
        ``override_reason`` is named too.
    """
    found = _place_problems(answer, within_m)
    for doubt in photo_doubts(answer.photos, answer.since):
        found[doubt] = ("attachments", Problem(code=str(doubt)))
    found = {doubt: said for doubt, said in found.items() if rule.strictness(doubt) is not Strictness.OFF}
    _refuse(
        {doubt: said for doubt, said in found.items() if rule.strictness(doubt) is not Strictness.NOTE}, answer, rule
    )
    offsets = [one.clock_offset_ms for one in answer.photos.values()] + [answer.clock_offset_ms]
    offset = next((one for one in offsets if one is not None), None)
    seen = believed(answer.observed_at, offset, now, rule, since=answer.since)
    return Judged(observed_at=seen.at, doubts=tuple(str(one) for one in (*found, seen.doubt) if one is not None))


def _place_problems(answer: FieldAnswer, within_m: int) -> _Problems:
    """Doubt an answer given too far away, or on the spot without saying where.

    What the answer itself says counts; without it where its photos were taken, the farthest of them.
    """
    if answer.expected is None:
        return {}
    places = [(answer.told.point, answer.told.accuracy_m)] if answer.told is not None else []
    places = places or [(one.point, one.accuracy_m) for one in answer.photos.values() if one.point is not None]
    if not places:
        return {Doubt.NO_PLACE: ("location", Problem(code=Doubt.NO_PLACE))} if answer.is_on_site else {}
    away = max(moved_m(distance_m(point, answer.expected), accuracy) for point, accuracy in places)
    params: dict[str, str | int] = {"distance": round(away), "allowed": within_m}
    return {Doubt.TOO_FAR: ("location", Problem(code=Doubt.TOO_FAR, params=params))} if away > within_m else {}


def _refuse(problems: _Problems, answer: FieldAnswer, rule: TrustRule) -> None:
    if not problems:
        return
    is_final = any(rule.strictness(doubt) is Strictness.REFUSE for doubt in problems)
    if answer.override_reason and not is_final:
        return
    named: dict[str, tuple[Problem, ...]] = {}
    for field_name, problem in problems.values():
        named[field_name] = (*named.get(field_name, ()), problem)
    if not is_final:
        named["override_reason"] = (Problem(code="override_possible"),)
    first = next(iter(problems.values()))[1]
    raise InvalidInputError(first.code, params=first.params, fields=named)
