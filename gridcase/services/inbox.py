"""A person's inbox: what they are told in the role they act in, what they have read, and who would be told what.

What is in it was decided when it was told (``gridcase.workflow.telling``); what of it is shown now is decided again by
the one criterion of who may see a case.
"""

from dataclasses import dataclass

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import Action, UnitCode
from gridcase.domain.errors import NotPermittedError
from gridcase.domain.history import CaseEvent, Facts
from gridcase.domain.notices import NoticeKind
from gridcase.services.runtime import Runtime
from gridcase.services.steps.showing import visible_case
from gridcase.services.steps.telling import Telling
from gridcase.store import notices as store
from gridcase.store.notices import InboxAsk, ToldNotice
from gridcase.workflow.case import Case
from gridcase.workflow.telling import Recipient, tellings

__all__ = [
    "FORESEEING",
    "FORESEEN",
    "MOST_COUNTED",
    "Foreseen",
    "InboxAsk",
    "Recipient",
    "ToldNotice",
    "foresee",
    "inbox",
    "read",
    "unread",
]

#: The badge counts no further.
MOST_COUNTED = 100

#: Actions whose recipients may be looked at before anything is sent; what others tell depends on what they say.
FORESEEN = (
    Action.URGE,
    Action.SUPERVISE,
    Action.DISPATCH,
    Action.REASSIGN,
    Action.REWORK,
    Action.CLOSE,
    Action.VOID,
    Action.RETURN_TASK,
)
#: Roles that may look: a unit must not learn who works where in the office.
FORESEEING = frozenset({Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.LEADER, Role.ASSESSOR, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What an action would tell, and whom."""

    kind: NoticeKind
    recipients: tuple[Recipient, ...]


def inbox(rt: Runtime, actor: Actor, asked: InboxAsk) -> tuple[ToldNotice, ...]:
    """Return a page of what a person is told, newest first; one more than asked when there is more."""
    with rt.database.asking() as tx:
        return store.notices_for(tx, actor, asked)


def unread(rt: Runtime, actor: Actor) -> int:
    """Return how many notices wait to be read, counted up to ``MOST_COUNTED``, in one statement."""
    with rt.database.asking() as tx:
        return store.unread(tx, actor, MOST_COUNTED)


def read(rt: Runtime, actor: Actor, *, only: int | None = None, up_to: int | None = None) -> int:
    """Note that one notice, or all up to the newest one shown, were read; what is not the actor's is left alone."""
    with rt.database.writing() as tx:
        return store.mark_read(tx, actor, rt.clock.now(), only=only, up_to=up_to)


def foresee(
    rt: Runtime, actor: Actor, number: str, action: Action, *, unit: UnitCode | None = None
) -> tuple[Foreseen, ...]:
    """Return who would be told what if an action were carried out on a case as it stands.

    Parameters
    ----------
    unit
        To which it would be given; the assigned one when left out. Whether people of a unit may see a case that it
        does not have yet is not known beforehand: they are shown as if it had it.

    Raises
    ------
    NotFoundError
        There is no such case, or the actor may not see it.
    NotPermittedError
        The actor is of a unit or an inspector.
    """
    if actor.role not in FORESEEING:
        raise NotPermittedError("role_may_not", params={"action": action, "role": actor.role})
    with rt.database.reading() as tx:
        stored = visible_case(tx, actor, number)
        teller = Telling(tx, rt.clock.now(), rt.settings.zone)
        return tuple(
            Foreseen(
                kind=one.kind,
                recipients=teller.whom(one.audiences, case_id=stored.id, but_not=actor.person, given_to=unit),
            )
            for one in tellings(_supposed(actor, action, stored.case, unit), stored.case)
        )


def _supposed(actor: Actor, action: Action, case: Case, unit: UnitCode | None) -> CaseEvent:
    lead = case.assignment.unit if case.assignment else None
    return CaseEvent(
        case=case.number,
        seq=case.events + 1,
        action=action,
        from_state=case.state,
        to_state=case.state,
        actor=actor.person,
        role=actor.role,
        unit=actor.unit,
        recorded_at=case.filed_at,
        observed_at=None,
        facts=Facts(unit=unit or lead),
    )
