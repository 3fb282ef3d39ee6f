"""Writing a decision: photos, history, current rows, in as few statements as possible."""

import hashlib
import uuid
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gridcase.domain.actor import SYSTEM, Actor
from gridcase.domain.case import AttachmentId
from gridcase.domain.errors import InvalidInputError, KeyReusedError, Problem
from gridcase.domain.history import canonical_json
from gridcase.store import cases as case_store
from gridcase.store import history
from gridcase.store.attachments import link_attachments
from gridcase.store.cases import NewCase, Photo, StoredCase
from gridcase.store.database import Tx
from gridcase.store.history import RequestKey
from gridcase.workflow.machine import Decision


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
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
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


def write_new(
    tx: Tx,
    new: NewCase,
    decision: Decision,
    key: RequestKey,
    *,
    actor: Actor,
    photos: tuple[AttachmentId, ...],
    now: datetime,
) -> StoredCase:
    """Write a case just filed, with all that followed by rule, in at most five statements."""
    uid = str(uuid.uuid4())
    linked = _link_photos(tx, photos, actor=actor, case_uid=uid, event_seq=1)
    links = history.chained(
        history.Chain(uid=uid), decision.events, now=now, key=key, photos={one.id: one.sha256 for one in linked}
    )
    stored = case_store.insert_case(tx, new, decision.case, uid=uid, head=links.head, photos=linked, now=now)
    history.append(tx, stored.id, links)
    case_store.save_assignments(tx, stored.id, (), decision.case.assignments)
    return stored


def write_action(
    tx: Tx,
    before: StoredCase,
    decision: Decision,
    key: RequestKey,
    *,
    actor: Actor,
    photos: tuple[AttachmentId, ...],
    now: datetime,
) -> StoredCase:
    """Write what an action changed, its history line first."""
    chain = history.Chain(uid=before.uid, length=before.case.events, head=before.head)
    linked = _link_photos(tx, photos, actor=actor, case_uid=before.uid, event_seq=chain.length + 1)
    links = history.chained(chain, decision.events, now=now, key=key, photos={one.id: one.sha256 for one in linked})
    history.append(tx, before.id, links)
    after = replace(before, case=decision.case, head=links.head, photos=before.photos + linked, last_event_at=now)
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


def _link_photos(
    tx: Tx, ids: tuple[AttachmentId, ...], *, actor: Actor, case_uid: str, event_seq: int
) -> tuple[Photo, ...]:
    """Tie uploads to a case; refuse those that do not exist, are another person's or are used already."""
    if not ids:
        return ()
    linked = link_attachments(tx, ids, uploader=actor.person, case_uid=case_uid, event_seq=event_seq)
    if missing := sorted(set(ids) - {photo.id for photo in linked}):
        problem = Problem(code="attachment_unknown", params={"id": missing[0]})
        raise InvalidInputError("invalid_input", fields={"attachments": (problem,)})
    return linked
