"""Sign-ins as their owners see them: which there are, ending one, and why one no longer opens the door."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import or_, select, update

from gridcase.domain.actor import Role
from gridcase.domain.case import PersonId
from gridcase.store.database import Tx
from gridcase.store.people import AccessTokenRow, PersonRow, RoleGrantRow


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A sign-in that still opens the door.

    Parameters
    ----------
    device
        Name of the phone; None for a browser or a program.
    last_seen_on
        Local day on which it was last used.
    """

    id: int
    kind: str
    device: str | None
    role: Role
    created_at: datetime
    expires_at: datetime
    last_seen_on: date | None


class Ended(StrEnum):
    """Why a token that was once given out opens nothing any more."""

    REVOKED = "revoked"
    ACCOUNT = "account"
    OVER = "over"


def open_sessions(tx: Tx, person: PersonId, now: datetime) -> tuple[OpenSession, ...]:
    """Return the sessions of a person that are neither over nor revoked, the newest first."""
    rows = tx.execute(
        select(AccessTokenRow, RoleGrantRow.role)
        .join(RoleGrantRow, RoleGrantRow.id == AccessTokenRow.grant_id)
        .where(RoleGrantRow.person_id == person, AccessTokenRow.revoked_at.is_(None), AccessTokenRow.expires_at > now)
        .order_by(AccessTokenRow.id.desc())
    )
    return tuple(
        OpenSession(
            id=row.id,
            kind=row.kind,
            device=row.device,
            role=Role(role),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_seen_on=row.last_seen_on,
        )
        for row, role in rows
    )


def revoke_session(tx: Tx, identity: int, *, of: PersonId | None, by: PersonId, now: datetime) -> bool:
    """End a session of a person, or of anybody; False when there is no such session still open."""
    mine = select(RoleGrantRow.id).where(RoleGrantRow.person_id == of)
    statement = (
        update(AccessTokenRow)
        .where(AccessTokenRow.id == identity, AccessTokenRow.revoked_at.is_(None), AccessTokenRow.expires_at > now)
        .values(revoked_at=now, revoked_by=by)
        .returning(AccessTokenRow.id)
    )
    if of is not None:
        statement = statement.where(AccessTokenRow.grant_id.in_(mine))
    return tx.execute(statement).scalar_one_or_none() is not None


def note_seen(tx: Tx, identity: int, on: date) -> None:
    """Note the day on which a session is in use."""
    never = or_(AccessTokenRow.last_seen_on.is_(None), AccessTokenRow.last_seen_on < on)
    tx.execute(update(AccessTokenRow).where(AccessTokenRow.id == identity, never).values(last_seen_on=on))


def why_ended(tx: Tx, digest: str, on: date) -> Ended:
    """Tell the holder of a token that opens nothing why; a token never given out is just not signed in."""
    row = tx.execute(
        select(AccessTokenRow.revoked_by, PersonRow.is_active, RoleGrantRow.valid_to)
        .join(RoleGrantRow, RoleGrantRow.id == AccessTokenRow.grant_id)
        .join(PersonRow, PersonRow.id == RoleGrantRow.person_id)
        .where(AccessTokenRow.digest == digest)
    ).one_or_none()
    if row is None:
        return Ended.OVER
    revoked_by, is_active, valid_to = row
    if not is_active or (valid_to is not None and valid_to < on):
        return Ended.ACCOUNT
    return Ended.OVER if revoked_by is None else Ended.REVOKED
