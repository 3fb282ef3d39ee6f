"""The delivery ledger of a month's package: sent, received, rejected by row, re-issued; entries are only ever added.

What goes out is a sealed and approved package. The ledger says what became of it outside; whether a month counts as
sent is an act of ``gridcase.services.closing_month``. Rules: domain §6, "A delivery ledger".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridcase.domain.actor import Actor
from gridcase.domain.errors import KeyReusedError, WrongStateError, invalid
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import record_of
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.store import deliveries as store
from gridcase.store.assessments import RunRecord
from gridcase.store.deliveries import DeliveryRow
from gridcase.workflow.timetable import Act

__all__ = ["DeliveryRow"]


class Delivery(StrEnum):
    """What happened to a package."""

    SENT = "sent"
    RECEIVED = "received"
    REJECTED = "rejected"
    REISSUED = "reissued"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that the recipient did not take, as it names it, and why."""

    row: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry to be made.

    Parameters
    ----------
    rows
        Of a rejection, the rows; empty when the whole was rejected.
    at
        When it happened; None is now.
    """

    what: Delivery
    recipient: str
    note: str = ""
    rows: tuple[RejectedRow, ...] = ()
    at: datetime | None = None


def record_delivery(
    rt: Runtime, actor: Actor, run_id: int, entry: Entry, *, key: str | None = None
) -> tuple[DeliveryRow, bool]:
    """Add an entry.

    Returns
    -------
    tuple
        The entry, and whether it was made before under the same key.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such run; the actor assesses nothing.
    WrongStateError
        ``not_sealed``, ``not_approved`` or ``export_not_ready``; ``not_delivered``: nothing was sent to this recipient;
        ``nothing_superseded``: a re-issue that takes the place of no other.
    InvalidInputError
        On ``rows``: only a rejection has them. On ``at``: it lies in the future.
    KeyReusedError
        The key came before with another entry.
    """
    only_for(actor, ASSESSING)
    now = rt.clock.now()
    at = entry.at or now
    if entry.rows and entry.what is not Delivery.REJECTED:
        raise invalid("rows", "rows_of_rejection")
    if at > now:
        raise invalid("at", "in_the_future")
    with rt.database.writing() as tx:
        record = record_of(tx, run_id)
        earlier = store.deliveries(tx, run_id)
        _check(record, entry, earlier)
        values = {
            "run_id": run_id,
            "digest": record.row.digest,
            "what": str(entry.what),
            "recipient": entry.recipient,
            "note": entry.note,
            "rows": [[one.row, one.reason] for one in entry.rows],
        }
        identity, is_new = store.add_delivery(
            tx,
            values
            | {
                "at": at,
                "noted_at": now,
                "noted_by": actor.person,
                "role": str(actor.role),
                "asked_as": f"{actor.person}/{key}" if key else None,
            },
        )
        row = next(one for one in store.deliveries(tx, run_id) if one.id == identity)
        if any(getattr(row, name) != value for name, value in values.items()):
            raise KeyReusedError("idempotency_mismatch")
        return row, not is_new


def list_deliveries(rt: Runtime, actor: Actor, run_id: int) -> tuple[DeliveryRow, ...]:
    """Return the entries of a run, in the order in which they were noted.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such run; the actor assesses nothing.
    """
    only_for(actor, ASSESSING)
    with rt.database.reading() as tx:
        record_of(tx, run_id)
        return store.deliveries(tx, run_id)


def _check(record: RunRecord, entry: Entry, earlier: tuple[DeliveryRow, ...]) -> None:
    if Act.SEAL not in record.acts:
        raise WrongStateError("not_sealed", params={"run": record.row.id})
    if Act.APPROVE not in record.acts:
        raise WrongStateError("not_approved")
    if not record.row.is_packed:
        raise WrongStateError("export_not_ready")
    if entry.what is Delivery.REISSUED and record.row.supersedes is None:
        raise WrongStateError("nothing_superseded", params={"run": record.row.id})
    answers = entry.what in (Delivery.RECEIVED, Delivery.REJECTED)
    if answers and not any(one.recipient == entry.recipient and one.what in _GOING_OUT for one in earlier):
        raise WrongStateError("not_delivered", params={"recipient": entry.recipient})


_GOING_OUT = (Delivery.SENT, Delivery.REISSUED)
