"""Removing uploads that nobody used: their rows, and then the bytes that no other row names.

A process killed between the two leaves bytes that nothing names; they cost room and nothing else.
"""

from collections.abc import Callable
from datetime import timedelta

from gridcase.services.runtime import Runtime
from gridcase.store.assessments import names_blob
from gridcase.store.attachments import drop_unused, is_named

#: An upload that no filing and no action named for so long is removed.
UNUSED_FOR = timedelta(days=7)
#: Bytes touched later than this may belong to an upload whose row is about to be written.
_SETTLED_FOR = timedelta(hours=1)
_BATCH = 100


def clean_uploads(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Remove unused uploads; return how many there were."""
    removed = 0
    while True:
        alive()
        now = rt.clock.now()
        with rt.database.writing() as tx:
            dropped = drop_unused(tx, before=now - UNUSED_FOR, limit=_BATCH)
        for digest in sorted(set(dropped)):
            with rt.database.reading() as tx:
                is_needed = is_named(tx, digest) or names_blob(tx, digest)
            if not is_needed:
                rt.blobs.remove(digest, untouched_since=now - _SETTLED_FOR)
        removed += len(dropped)
        if len(dropped) < _BATCH:
            return removed
