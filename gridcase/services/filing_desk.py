"""What lies before somebody who is about to file: the types filed most lately. Filing itself is ``filing``."""

from gridcase.domain.actor import Actor
from gridcase.domain.case import TypeKey
from gridcase.services.runtime import Runtime
from gridcase.store import usual_types as store

#: Cases looked at, and types shown.
_NEWEST, _SHOWN = 500, 12


def usual_types(rt: Runtime, actor: Actor) -> tuple[TypeKey, ...]:
    """Return the types that this person, then anybody, filed most lately; in two statements, each of few rows."""
    with rt.database.reading() as tx:
        return store.usual_types(tx, actor, rows=_NEWEST, limit=_SHOWN)
