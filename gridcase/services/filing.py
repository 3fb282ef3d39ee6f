"""Filing a case: located, registered, routed and dispatched where the rules say so, in one transaction.

At most six statements besides BEGIN and COMMIT, the sign-in included: an earlier request under the same key is looked
up only when this one does not succeed, which answers the same and costs a first filing nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action, AttachmentId, Source, TypeKey
from gridcase.domain.errors import GridcaseError, NotPermittedError, PreconditionMissingError, invalid
from gridcase.services.runtime import Runtime
from gridcase.services.steps.campaigns import check_running
from gridcase.services.steps.placing import ReceivedPlace, place, position_of
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.writing import Answer, Writing, plain, replayed, request_digest, write_new
from gridcase.store.cases import NewCase, StoredCase, put_reference
from gridcase.store.database import Tx
from gridcase.store.history import KeyTakenError, RequestKey
from gridcase.workflow.filing import CaseFiling
from gridcase.workflow.machine import start
from gridcase.workflow.rulebook import Placement
from gridcase.workflow.transitions import SOURCES_OF_ROLE


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRequest:
    """What a person or a door says when filing.

    Parameters
    ----------
    location
        None when only an address is known.
    observed_at
        The device's instant.
    self_handled
        Done on the spot by the inspector: closed at once.
    measured_location, location_moved
        Where the phone was, when its user moved the pin to ``location``; both are kept.
    clock_offset_ms
        Milliseconds to add to the phone's clock to get ours.
    object_id, campaign
        Code of the component; campaign the case was found in.
    source_number
        What the source calls it: the number of a hotline's order, of a letter.
    """

    type: TypeKey
    source: Source
    condition: str | None = None
    location: ReceivedPlace | None = None
    address: str | None = None
    place: str | None = None
    description: str | None = None
    observed_at: datetime | None = None
    attachments: tuple[AttachmentId, ...] = ()
    self_handled: bool = False
    object_id: str | None = None
    campaign: str | None = None
    measured_location: ReceivedPlace | None = field(default=None, metadata={"quiet": True})
    location_moved: bool | None = field(default=None, metadata={"quiet": True})
    clock_offset_ms: int | None = field(default=None, metadata={"quiet": True})
    device: str | None = field(default=None, metadata={"quiet": True})
    source_number: str | None = field(default=None, metadata={"quiet": True})


def file_case(
    rt: Runtime,
    actor: Actor,
    read: Callable[[], FilingRequest],
    *,
    client_ref: str | None,
    reference: Reference | None = None,
) -> Answer:
    """File a case once, however often it is sent.

    Parameters
    ----------
    read
        Parses the request; called after the role was checked, so that a refusal by role comes first. It may be called
        again to look for an earlier request, which comes before any refusal but that of a missing key.
    client_ref
        The caller's idempotency key.

    Raises
    ------
    NotPermittedError
        The role may not file.
    PreconditionMissingError
        There is no key.
    KeyReusedError
        The key came before with other content.
    InvalidInputError
        ``fields`` says what is wrong; nothing was kept.
    """
    if client_ref is None:
        raise PreconditionMissingError("idempotency_key_missing")
    try:
        if actor.role not in SOURCES_OF_ROLE:
            raise NotPermittedError("role_may_not", params={"action": Action.FILE, "role": actor.role})
        request = read()
        key = RequestKey(client_ref=client_ref, digest=request_digest(request))
        return _file(rt, actor, request, key, reference or rt.reference())
    except (GridcaseError, KeyTakenError) as refusal:
        earlier = _replay(rt, actor, read, client_ref)
        if earlier is None:
            raise refusal if isinstance(refusal, GridcaseError) else AssertionError from refusal
        return Answer(case=earlier, is_replay=True)


def _replay(rt: Runtime, actor: Actor, read: Callable[[], FilingRequest], client_ref: str) -> StoredCase | None:
    try:
        digest = request_digest(read())
    except GridcaseError:
        digest = ""
    with rt.database.reading() as tx:
        return replayed(tx, actor, RequestKey(client_ref=client_ref, digest=digest))


def _file(rt: Runtime, actor: Actor, request: FilingRequest, key: RequestKey, reference: Reference) -> Answer:
    placed = _placed(request, reference, rt)
    now = rt.clock.now()
    kept = _received(request)
    request = replace(request, observed_at=_by_our_clock(request, reference))
    decision = start(_filing(request, placed), actor=actor, now=now, rules=reference.rules)
    new = NewCase(
        prefix=rt.settings.instance_prefix,
        filed_on=now.astimezone(rt.settings.zone).date(),
        address=request.address,
        place=request.place,
        description=request.description,
        received=kept,
        observed_at=request.observed_at,
    )
    with rt.database.writing() as tx:
        if request.campaign is not None:
            check_running(tx, request.campaign, new.filed_on)
        writing = Writing(actor=actor, now=now, rules=reference.rules, key=key, photos=request.attachments)
        stored = write_new(tx, new, decision, writing)
        _note_source_number(tx, stored, request)
        return Answer(case=stored)


def _note_source_number(tx: Tx, stored: StoredCase, request: FilingRequest) -> None:
    number = request.source_number
    if number is not None and not put_reference(tx, stored.id, system=str(request.source), number=number):
        # Which case has it is not said: it may be one that this person must not know of.
        raise invalid("source_number", "source_number_taken", number=number)


def _received(request: FilingRequest) -> dict[str, Any] | None:
    """Return the place as it came, and beside it what a phone measured and by which clock it told the time."""
    if request.measured_location is not None:
        position_of(request.measured_location, "measured_location")
    told = {
        "measured": plain(request.measured_location),
        "moved": request.location_moved,
        "clock_offset_ms": request.clock_offset_ms,
        "device": request.device,
        "device_time": plain(request.observed_at) if request.clock_offset_ms is not None else None,
    }
    place_told: dict[str, Any] = plain(request.location) or {}
    return place_told | {name: value for name, value in told.items() if value is not None} or None


def _by_our_clock(request: FilingRequest, reference: Reference) -> datetime | None:
    """Return when it was seen by our clock; None when the phone's is too far off. Receipt alone decides filings."""
    if request.observed_at is None or request.clock_offset_ms is None:
        return request.observed_at
    offset = timedelta(milliseconds=request.clock_offset_ms)
    allowed = timedelta(minutes=reference.rules.conduct.trust.clock_minutes)
    return request.observed_at + offset if abs(offset) <= allowed else None


def _placed(request: FilingRequest, reference: Reference, rt: Runtime) -> Placement | None:
    if request.location is not None:
        return place(request.location, reference, rt.settings)
    if not request.address:
        raise invalid("location", "location_or_address")
    return None


def _filing(request: FilingRequest, placed: Placement | None) -> CaseFiling:
    texts = {"address": request.address, "place": request.place, "description": request.description}
    return CaseFiling(
        type=request.type,
        source=request.source,
        condition=request.condition,
        position=placed.position if placed else None,
        location=placed.location if placed else None,
        layers=placed.layers if placed else {},
        texts={name: text for name, text in texts.items() if text},
        observed_at=request.observed_at,
        attachments=request.attachments,
        is_self_handled=request.self_handled,
        object_id=request.object_id,
        campaign=request.campaign,
    )
