"""What lies before somebody who is about to file: the types filed most lately. Filing itself is ``filing``."""

from gridcase.domain.actor import Actor
from gridcase.domain.case import TypeKey
from gridcase.services.runtime import Runtime
from gridcase.services.steps import usual_types as steps


def usual_types(rt: Runtime, actor: Actor) -> tuple[TypeKey, ...]:
    """Return the types that this person, then anybody, filed most lately."""
    with rt.database.reading() as tx:
        return steps.usual_types(rt.database, tx, actor, rt.clock.now())
