"""Writing a decision: photos, history, current rows, in as few statements as possible."""

import hashlib
import uuid
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gridcase.domain.actor import SYSTEM, Actor
from gridcase.domain.case import Action, AttachmentId, AttachmentUsage
from gridcase.domain.errors import InvalidInputError, KeyReusedError, Problem, invalid
from gridcase.domain.history import canonical_json
from gridcase.store import cases as case_store
from gridcase.store import history
from gridcase.store.attachments import link_attachments
from gridcase.store.cases import NewCase, Photo, StoredCase
from gridcase.store.database import Tx
from gridcase.store.history import RequestKey
from gridcase.workflow.machine import Decision
from gridcase.workflow.rulebook import Rulebook
from gridcase.workflow.watch import wake_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a writing use case answers.

    Parameters
    ----------
    case
        The case as it is now.
    is_replay
        True when the same request was carried out before and nothing was done now.
    """

    case: StoredCase
    is_replay: bool = False


def request_digest(asked: object) -> str:
    """Compute the digest of a parsed request: equal requests, however they were spelled, have equal digests."""
    return hashlib.sha256(canonical_json(plain(asked)).encode()).hexdigest()


def plain(value: object) -> Any:
    """Turn frozen values into what JSON holds, field by field: one form for equal instants and equal amounts."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {f: getattr(value, f.name) for f in fields(value)}
        # What was added later and is not given must not make an old request another one.
        return {f.name: plain(one) for f, one in told.items() if one is not None or not f.metadata.get("quiet")}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float):
        return value
    return _word(value)


def _word(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Who writes, when, under which rules, and what came with it.

    Parameters
    ----------
    key
        The caller's idempotency key; None when the system acts.
    photos
        Uploads of the actor, tied to the first line.
    """

    actor: Actor
    now: datetime
    rules: Rulebook
    key: RequestKey | None = None
    photos: tuple[AttachmentId, ...] = ()


def write_new(tx: Tx, new: NewCase, decision: Decision, writing: Writing) -> StoredCase:
    """Write a case just filed, with all that followed by rule, in at most five statements.

    Raises
    ------
    InvalidInputError
        On ``attachments``: one cannot be used, or a self-handled case lacks photos before and after.
    """
    uid = str(uuid.uuid4())
    linked = _link_photos(tx, writing, case_uid=uid, event_seq=1)
    if decision.case.is_self_handled and not {photo.usage for photo in linked} >= _BEFORE_AND_AFTER:
        raise invalid("attachments", "before_and_after_needed")
    links = _chained(history.Chain(uid=uid), decision, writing, linked)
    draft = StoredCase(
        id=0,
        uid=uid,
        case=decision.case,
        head=links.head,
        address=new.address,
        place=new.place,
        description=new.description,
        received=new.received or {},
        observed_at=new.observed_at,
        last_event_at=writing.now,
        photos=linked,
        wake_at=wake_at(decision.case, writing.rules),
    )
    stored = case_store.insert_case(tx, new, draft)
    history.append(tx, stored.id, links)
    case_store.save_assignments(tx, stored.id, (), decision.case.assignments)
    return stored


def write_action(tx: Tx, before: StoredCase, decision: Decision, writing: Writing) -> StoredCase:
    """Write what an action changed, its history line first."""
    chain = history.Chain(uid=before.uid, length=before.case.events, head=before.head)
    linked = _link_photos(tx, writing, case_uid=before.uid, event_seq=chain.length + 1)
    links = _chained(chain, decision, writing, linked)
    history.append(tx, before.id, links)
    after = replace(
        before,
        case=decision.case,
        head=links.head,
        photos=before.photos + linked,
        last_event_at=writing.now,
        address=_address(before, decision),
        wake_at=wake_at(decision.case, writing.rules),
    )
    case_store.update_case(tx, after)
    case_store.save_assignments(tx, after.id, before.case.assignments, after.case.assignments)
    case_store.save_tasks(tx, after.id, before.case.tasks, after.case.tasks)
    return after


def replayed(tx: Tx, actor: Actor, key: RequestKey) -> StoredCase | None:
    """Return the case that this person's earlier request under the same key concerned; None when there is none.

    It is returned whether or not the person may still see it: this is the answer the person was given before.

    Raises
    ------
    KeyReusedError
        When the earlier request asked for something else.
    """
    earlier = history.earlier_request(tx, actor.person, key.client_ref)
    if earlier is None:
        return None
    if earlier.digest != key.digest:
        raise KeyReusedError("idempotency_mismatch")
    return case_store.load_case(tx, earlier.case_id, SYSTEM)


#: Photos that prove that something was handled on the spot.
_BEFORE_AND_AFTER = {AttachmentUsage.FILE, AttachmentUsage.SELF_HANDLED}


def _chained(chain: history.Chain, decision: Decision, writing: Writing, linked: tuple[Photo, ...]) -> history.Links:
    photos: dict[str, str] = {one.id: one.sha256 for one in linked}
    return history.chained(chain, decision.events, now=writing.now, key=writing.key, photos=photos)


def _address(before: StoredCase, decision: Decision) -> str | None:
    """Return the address after a correction that took effect; one only asked for has not."""
    event = decision.events[0]
    in_effect = event.action is Action.DECIDE_CORRECTION or (
        event.action is Action.CORRECT and event.facts.request is None
    )
    return event.texts.get("address", before.address) if in_effect else before.address


def _link_photos(tx: Tx, writing: Writing, *, case_uid: str, event_seq: int) -> tuple[Photo, ...]:
    """Tie uploads to a case; refuse those that do not exist, are another person's or are used already."""
    if not writing.photos:
        return ()
    ids, person = writing.photos, writing.actor.person
    linked = link_attachments(tx, ids, uploader=person, case_uid=case_uid, event_seq=event_seq)
    if missing := sorted(set(ids) - {photo.id for photo in linked}):
        problem = Problem(code="attachment_unknown", params={"id": missing[0]})
        raise InvalidInputError("invalid_input", fields={"attachments": (problem,)})
    return linked
