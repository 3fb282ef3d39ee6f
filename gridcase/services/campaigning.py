"""Campaigns 专项行动: listed places are visited one by one, and the result may well be "no problem".

A case found in a campaign is an ordinary filing that carries its code. Creating and visiting again change nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import AttachmentId, CaseNumber, PersonId
from gridcase.domain.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    Problem,
    WrongStateError,
    invalid,
)
from gridcase.domain.numbers import parse_number
from gridcase.domain.place import GeoPoint
from gridcase.services.runtime import Runtime
from gridcase.services.steps.changes import Changed, Noting
from gridcase.services.steps.permitting import OFFICE, only_for
from gridcase.services.steps.placing import ReceivedPlace, place, position_of
from gridcase.services.steps.reference import Reference
from gridcase.store import campaigns as store
from gridcase.store import people
from gridcase.store.anomalies import VISIT_DOUBTED, NewAnomaly, add_anomaly
from gridcase.store.attachments import link_attachments
from gridcase.store.campaigns import Campaign, CampaignPlace, Progress, Visit
from gridcase.store.cases import load_case
from gridcase.store.database import Tx
from gridcase.store.field_evidence import seen_photos
from gridcase.workflow.field_answers import FieldAnswer, Judged, judge
from gridcase.workflow.requests import Position

#: Floors above speak of campaigns without knowing the store.
__all__ = [
    "Campaign",
    "CampaignPlace",
    "CampaignState",
    "Finding",
    "NewCampaign",
    "NewPlace",
    "Progress",
    "VisitResult",
    "campaign",
    "campaigns",
    "create",
    "end",
    "may_end",
    "visit",
]

#: Who plans campaigns.
PLANNERS = frozenset({Role.SHIFT_LEADER, Role.LEADER, Role.ADMIN})
#: Who visits their places.
VISITORS = frozenset({Role.INSPECTOR, Role.SHIFT_LEADER})
MOST_PLACES = 1000
MOST_DAYS = 366
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class VisitResult(StrEnum):
    """What a visit found."""

    NO_PROBLEM = "no_problem"
    CASE = "case"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlace:
    """A place to be visited, by anybody unless an inspector is named."""

    name: str
    location: ReceivedPlace | None = None
    inspector: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign:
    """A campaign to be created; both days are included."""

    code: str
    name: str
    first_day: date
    last_day: date
    places: tuple[NewPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found at a place.

    Parameters
    ----------
    case
        Number of the case found; for ``case`` without a number, the visitor's latest filing in the campaign that no
        place has yet.
    location
        Where the visitor stood.
    observed_at, clock_offset_ms
        When, by the clock of the visitor's phone, and what has to be added to it.
    """

    result: VisitResult
    case: CaseNumber | None = None
    note: str | None = None
    location: ReceivedPlace | None = None
    observed_at: datetime | None = None
    clock_offset_ms: int | None = None
    device: str | None = None
    attachments: tuple[AttachmentId, ...] = ()
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignState:
    """A campaign with how far it has come; the places only where one campaign is shown."""

    campaign: Campaign
    progress: Progress
    is_running: bool
    places: tuple[CampaignPlace, ...] = ()


def create(rt: Runtime, actor: Actor, new: NewCampaign, reference: Reference) -> tuple[CampaignState, bool]:
    """Create a campaign with its places; returns it, and whether the very same stood there already.

    Raises
    ------
    NotPermittedError
        The role does not plan campaigns.
    InvalidInputError
        ``fields`` says what is wrong, places counted from 0.
    """
    only_for(actor, PLANNERS)
    _check(new)
    with rt.database.writing() as tx:
        places = _places(tx, rt, new, reference)
        wanted = Campaign(code=new.code, name=new.name, first_day=new.first_day, last_day=new.last_day, ended_at=None)
        now = rt.clock.now()
        is_new = store.add_campaign(tx, wanted, places, by=actor.person, now=now)
        if is_new:
            days = {"first_day": new.first_day.isoformat(), "last_day": new.last_day.isoformat()}
            Noting(tx, actor, now).campaign(Changed.CAMPAIGN_PLANNED, new.code, **days, places=len(places))
        elif not _is_same(tx, wanted, places):
            raise invalid("code", "campaign_code_taken", code=new.code)
        return _state(tx, rt, actor, new.code), not is_new


def campaigns(rt: Runtime, actor: Actor) -> tuple[CampaignState, ...]:
    """Return all campaigns with how far they have come, the newest first, in three statements.

    Raises
    ------
    NotPermittedError
        The actor does not work for the office.
    """
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        known = store.campaigns(tx)
        progress = store.progress(tx, [one.code for one in known], actor)
    today = _today(rt)
    return tuple(
        CampaignState(campaign=one, progress=progress[one.code], is_running=one.is_running(today)) for one in known
    )


def campaign(rt: Runtime, actor: Actor, code: str) -> CampaignState:
    """Return a campaign with its places.

    Raises
    ------
    NotPermittedError
        The actor does not work for the office.
    NotFoundError
        There is none of this code.
    """
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        return _state(tx, rt, actor, code)


def may_end(rt: Runtime, state: CampaignState) -> bool:
    """Tell whether a campaign can still be ended: it has neither ended nor run its time."""
    return state.campaign.ended_at is None and state.campaign.last_day >= _today(rt)


def end(rt: Runtime, actor: Actor, code: str) -> CampaignState:
    """End a campaign now: nobody is sent to its places any more, what was found stays.

    Raises
    ------
    NotPermittedError
        The role does not plan campaigns.
    NotFoundError
        There is none of this code.
    WrongStateError
        ``campaign_not_running``: it has ended, or its last day is over.
    """
    only_for(actor, PLANNERS)
    with rt.database.writing() as tx:
        if not may_end(rt, _state(tx, rt, actor, code)):
            raise WrongStateError("campaign_not_running", params={"code": code})
        now = rt.clock.now()
        store.end_campaign(tx, code, now)
        Noting(tx, actor, now).campaign(Changed.CAMPAIGN_ENDED, code)
        return _state(tx, rt, actor, code)


def visit(rt: Runtime, actor: Actor, code: str, number: int, found: Finding) -> tuple[CampaignState, bool]:
    """Note what was found at a place; returns the campaign, and whether the same person had said the same before.

    Raises
    ------
    NotPermittedError
        The role visits no places, or the place was given to another inspector.
    NotFoundError
        There is no such campaign or place.
    WrongStateError
        The campaign is not running, or the place was visited already.
    InvalidInputError
        On ``case``: there is none, or none is needed. On ``attachments``: one cannot be used. What the evidence leaves
        in doubt is refused, or taken with a reason, as for a check.
    """
    only_for(actor, VISITORS)
    position = None if found.location is None else position_of(found.location)
    with rt.database.writing() as tx:
        state = _state(tx, rt, actor, code)
        here = next((one for one in state.places if one.number == number), None)
        if here is None:
            raise NotFoundError("campaign_place_not_found", params={"code": code, "number": number})
        if here.visited_at is not None:
            if _said_before(here, actor, found):
                return state, True
            raise WrongStateError("place_visited", params={"number": number})
        if not state.is_running:
            raise WrongStateError("campaign_not_running", params={"code": code})
        if actor.role is Role.INSPECTOR and here.inspector not in (None, actor.person):
            raise NotPermittedError("not_your_place")
        seen = _judged(tx, rt, actor, state.campaign, here, found, position)
        photos = _linked(tx, actor, code, number, found.attachments)
        made = Visit(
            inspector=actor.person,
            visited_at=rt.clock.now(),
            result=found.result,
            note=found.note,
            case_id=_case_id(tx, actor, code, found),
            observed_at=seen.observed_at,
            lon_e7=position.point.lon_e7 if position else None,
            lat_e7=position.point.lat_e7 if position else None,
            accuracy_m=position.accuracy_m if position else None,
            device=found.device,
            photos=photos,
            doubts=list(seen.doubts),
            override_reason=found.override_reason,
        )
        if not store.visit(tx, code, number, made):
            raise WrongStateError("place_visited", params={"number": number})
        _note_doubts(tx, code, number, made)
        return _state(tx, rt, actor, code), False


def _judged(
    tx: Tx, rt: Runtime, actor: Actor, running: Campaign, here: CampaignPlace, found: Finding, position: Position | None
) -> Judged:
    """Judge a visit by the rules of a check on the spot: near the place, with new photos taken since it began.

    A finding is filed as a case with evidence of its own, and what says nothing of when and where, as the office does
    for somebody, is taken as it is.
    """
    conduct = rt.reference().rules.conduct
    begins = datetime.combine(running.first_day, time(), rt.settings.zone)
    answer = FieldAnswer(
        since=begins,
        expected=_point(here),
        is_on_site=actor.role is Role.INSPECTOR and found.result is VisitResult.NO_PROBLEM,
        told=position,
        observed_at=found.observed_at,
        clock_offset_ms=found.clock_offset_ms,
        photos=seen_photos(tx, actor.person, found.attachments),
        override_reason=found.override_reason,
    )
    return judge(answer, conduct.trust, now=rt.clock.now(), within_m=conduct.check_distance_m)


def _note_doubts(tx: Tx, code: str, number: int, made: Visit) -> None:
    """List what is doubted of a visit for somebody else to look at."""
    for doubt in made.doubts:
        new = NewAnomaly(
            slot=f"{VISIT_DOUBTED}/{code}/{number}/{doubt}",
            kind=VISIT_DOUBTED,
            person_id=made.inspector,
            case_id=None,
            at=made.observed_at or made.visited_at,
            figures={"campaign": code, "place": number, "doubt": doubt},
        )
        add_anomaly(tx, new, made.visited_at)


def _point(here: CampaignPlace) -> GeoPoint | None:
    if here.lon_e7 is None or here.lat_e7 is None:
        return None
    return GeoPoint(lon_e7=here.lon_e7, lat_e7=here.lat_e7)


def _linked(tx: Tx, actor: Actor, code: str, number: int, ids: tuple[AttachmentId, ...]) -> list[str]:
    if not ids:
        return []
    linked = link_attachments(tx, ids, uploader=actor.person, case_uid=store.holder(code, number), event_seq=0)
    found = {photo.id for photo in linked}
    if missing := [one for one in ids if one not in found]:
        raise invalid("attachments", "attachment_unknown", id=missing[0])
    return [str(one) for one in ids]


def _check(new: NewCampaign) -> None:
    if _CODE.fullmatch(new.code) is None:
        raise invalid("code", "code_shape", value=new.code)
    if new.last_day < new.first_day:
        raise invalid("last_day", "dates_reversed")
    if new.last_day - new.first_day > timedelta(days=MOST_DAYS):
        raise invalid("last_day", "span_too_long", most=MOST_DAYS)
    if not new.places:
        raise invalid("places", "list_empty")
    if len(new.places) > MOST_PLACES:
        raise invalid("places", "too_many_items", most=MOST_PLACES)


def _places(tx: Tx, rt: Runtime, new: NewCampaign, reference: Reference) -> list[store.NewPlace]:
    named = {one.inspector for one in new.places if one.inspector is not None}
    inspectors = people.holders_of(tx, named, Role.INSPECTOR, _today(rt)) if named else {}
    problems: dict[str, tuple[Problem, ...]] = {}
    made = []
    for index, one in enumerate(new.places):
        problems |= _inspector_problems(index, one, inspectors)
        try:
            located = place(one.location, reference, rt.settings) if one.location else None
        except InvalidInputError as err:
            problems |= {f"places.{index}.{name}": found for name, found in err.fields.items()}
            continue
        point = located.position.point if located else None
        made.append(
            store.NewPlace(
                number=index + 1,
                name=one.name,
                lon_e7=point.lon_e7 if point else None,
                lat_e7=point.lat_e7 if point else None,
                cell=located.location.cell if located else None,
                inspector_id=inspectors.get(one.inspector) if one.inspector else None,
            )
        )
    if problems:
        raise InvalidInputError("invalid_input", fields=problems)
    return made


def _inspector_problems(index: int, one: NewPlace, inspectors: dict[str, PersonId]) -> dict[str, tuple[Problem, ...]]:
    if one.inspector is None or one.inspector in inspectors:
        return {}
    params = {"username": one.inspector, "role": str(Role.INSPECTOR)}
    return {f"places.{index}.inspector": (Problem(code="unknown_person", params=params),)}


def _is_same(tx: Tx, wanted: Campaign, places: Sequence[store.NewPlace]) -> bool:
    """Tell whether a campaign stands there just as it is wanted; who visited a place since does not matter."""
    held = store.campaign(tx, wanted.code)
    if held is None or (held.name, held.first_day, held.last_day) != (wanted.name, wanted.first_day, wanted.last_day):
        return False
    listed = [(one.number, one.name, one.lon_e7, one.lat_e7) for one in store.places_of(tx, wanted.code)]
    return listed == [(one.number, one.name, one.lon_e7, one.lat_e7) for one in places]


def _said_before(here: CampaignPlace, actor: Actor, found: Finding) -> bool:
    same_case = found.case is None or here.case == found.case.strip().upper()
    return here.inspector == actor.person and here.result == found.result and same_case


def _case_id(tx: Tx, actor: Actor, code: str, found: Finding) -> int | None:
    if found.result is VisitResult.NO_PROBLEM:
        if found.case is not None:
            raise invalid("case", "case_not_needed")
        return None
    if found.case is None:
        identity = store.newest_case_without_place(tx, code, actor.person)
        if identity is None:
            raise invalid("case", "campaign_case_missing")
        return identity
    parts = parse_number(found.case)
    stored = load_case(tx, parts.identity, actor) if parts else None
    if stored is None or stored.case.number != found.case.strip().upper():
        raise invalid("case", "case_not_found", number=found.case)
    return stored.id


def _state(tx: Tx, rt: Runtime, actor: Actor, code: str) -> CampaignState:
    known = store.campaign(tx, code)
    if known is None:
        raise NotFoundError("campaign_not_found", params={"code": code})
    return CampaignState(
        campaign=known,
        progress=store.progress(tx, [code], actor)[code],
        is_running=known.is_running(_today(rt)),
        places=store.places_of(tx, code),
    )


def _today(rt: Runtime) -> date:
    return rt.clock.now().astimezone(rt.settings.zone).date()
