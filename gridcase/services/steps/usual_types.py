"""The types that somebody files most lately: what a form and a phone offer first."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from gridcase.domain.actor import Actor
from gridcase.domain.case import TypeKey
from gridcase.store import usual_types as store
from gridcase.store.database import Database, Tx

#: Cases looked at, and types shown.
_NEWEST, _SHOWN = 1000, 12
#: What people file does not change by the minute, and phones ask every three.
_KEPT_FOR = timedelta(minutes=30)
_MOST_KEPT = 2000
_KEPT: WeakKeyDictionary[Database, dict[Actor, tuple[datetime, tuple[TypeKey, ...]]]] = WeakKeyDictionary()


def usual_types(database: Database, tx: Tx, actor: Actor, now: datetime) -> tuple[TypeKey, ...]:
    """Return the types that this person, then anybody as far as the actor may see, filed most lately, most first.

    Two statements, each of few rows, or none: a list as long as is shown is kept for half an hour.
    """
    kept = _KEPT.setdefault(database, {})
    known = kept.get(actor)
    if known is not None and known[0] <= now < known[0] + _KEPT_FOR:
        return known[1]
    found = store.usual_types(tx, actor, rows=_NEWEST, limit=_SHOWN)
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    if len(found) == _SHOWN:
        kept[actor] = (now, found)
    return found
