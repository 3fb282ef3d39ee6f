"""The sign-ins of a person: which phones and browsers are signed in, and ending one of them from afar."""

from dataclasses import dataclass

from gridcase.domain.actor import Actor, Role
from gridcase.domain.errors import NotFoundError
from gridcase.services.runtime import Runtime
from gridcase.store import sessions as store
from gridcase.store.database import LARGEST_ID
from gridcase.store.sessions import OpenSession

#: Floors above speak of sessions without knowing the store.
__all__ = ["ListedSession", "OpenSession", "revoke", "sessions_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSession:
    """A session of the caller, and whether it is the one that asks."""

    session: OpenSession
    is_current: bool


def sessions_of(rt: Runtime, actor: Actor, current: int) -> tuple[ListedSession, ...]:
    """Return the caller's own sessions that still open the door, in any role, the newest first."""
    with rt.database.reading() as tx:
        found = store.open_sessions(tx, actor.person, rt.clock.now())
    return tuple(ListedSession(session=one, is_current=one.id == current) for one in found)


def revoke(rt: Runtime, actor: Actor, identity: int) -> None:
    """End a session of one's own; an administrator ends anybody's.

    Raises
    ------
    NotFoundError
        There is no such session that is still open, or it is not the caller's to end.
    """
    whose = None if actor.role is Role.ADMIN else actor.person
    with rt.database.writing() as tx:
        is_done = identity <= LARGEST_ID and store.revoke_session(
            tx, identity, of=whose, by=actor.person, now=rt.clock.now()
        )
    if not is_done:
        raise NotFoundError("session_not_found", params={"id": identity})
