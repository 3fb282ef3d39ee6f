"""Delegation 代班授权: whoever holds a role hands it to somebody else for a time.

Nobody gives a role they do not hold, and what was handed on is not handed on again. The delegate signs in with the
role and acts as themselves: history names the person, so separation of duties holds as ever (domain §4).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from gridcase.domain.actor import UNIT_ROLES, Actor, Role
from gridcase.domain.errors import NotFoundError, NotPermittedError, WrongStateError, invalid
from gridcase.services.runtime import Runtime
from gridcase.services.steps.changes import Changed, Noting
from gridcase.services.steps.permitting import only_for
from gridcase.store import people, staffing
from gridcase.store.database import LARGEST_ID, Tx
from gridcase.store.people import Delegated, OwnGrant, Person
from gridcase.store.staffing import DelegationRecord
from gridcase.workflow.transitions import PEOPLE

__all__ = [
    "Delegated",
    "DelegationRecord",
    "NewDelegation",
    "delegate",
    "delegations",
    "end_delegation",
    "past_and_present",
]

_log = structlog.get_logger("gridcase")
#: A longer absence is a matter of new roles.
MOST_DAYS = 31
#: How long a delegation that is over is still listed.
_REMEMBERED = timedelta(days=92)
#: Who sees everybody's delegations.
_OVERSEERS = frozenset({Role.SHIFT_LEADER, Role.LEADER, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelegation:
    """A role to be handed over.

    Parameters
    ----------
    to
        User name of the delegate.
    holder
        User name of whose role it is; None for the actor's own. Only an administrator hands over another's, as when
        somebody is taken ill.
    """

    role: Role
    to: str
    starts_at: datetime
    ends_at: datetime
    holder: str | None = None


def delegate(rt: Runtime, actor: Actor, new: NewDelegation) -> tuple[Delegated, bool]:
    """Hand a role with its scope over for a time; returns the delegation, and whether it stood there already.

    Raises
    ------
    NotPermittedError
        ``role_not_held``: neither the role of the actor nor, for an administrator, of the holder named;
        ``role_needed``: only an administrator names a holder.
    InvalidInputError
        The delegate is unknown, the holder, of another unit or has the role already, or the time is wrong.
    """
    only_for(actor, PEOPLE)
    if new.holder is not None:
        only_for(actor, {Role.ADMIN})
    now = rt.clock.now()
    _check_time(new, now)
    with rt.database.writing() as tx:
        given_on = now.astimezone(rt.settings.zone).date()
        holder, own = _holding(tx, actor, new, given_on)
        to = _delegate(tx, new, holder, given_on)
        known = _same(tx, new, holder, now)
        if known is not None:
            return known, True
        last_day = new.ends_at.astimezone(rt.settings.zone).date()
        if own.valid_to is not None and last_day > own.valid_to:
            raise invalid("ends_at", "role_ends_before", day=own.valid_to.isoformat())
        identity = people.delegate(
            tx,
            people.Delegation(
                to=to.id,
                by=holder.id,
                role=new.role,
                scope=own.scope,
                on=new.starts_at.astimezone(rt.settings.zone).date(),
                until=own.valid_to,
                starts_at=new.starts_at,
                ends_at=new.ends_at,
            ),
        )
        made = next(one for one in people.delegations(tx, now, of=to.id) if one.id == identity)
        Noting(tx, actor, now).person(
            Changed.DELEGATION_ADDED,
            to.id,
            role=made.role,
            holder=holder.id,
            starts_at=made.starts_at.isoformat(),
            ends_at=made.ends_at.isoformat(),
        )
    _log.info(
        "role delegated",
        delegation=made.id,
        role=made.role,
        actor=actor.person,
        holder=holder.id,
        to=to.id,
        starts_at=made.starts_at.isoformat(),
        ends_at=made.ends_at.isoformat(),
    )
    return made, False


def delegations(rt: Runtime, actor: Actor) -> tuple[Delegated, ...]:
    """Return the delegations that have not ended: all for shift leaders, leaders and administrators, else one's own.

    Raises
    ------
    NotPermittedError
        Machines have none.
    """
    only_for(actor, PEOPLE)
    with rt.database.reading() as tx:
        return people.delegations(tx, rt.clock.now(), of=None if actor.role in _OVERSEERS else actor.person)


def past_and_present(rt: Runtime, actor: Actor) -> tuple[DelegationRecord, ...]:
    """Return the delegations that run or ended within the last three months, newest first; whose as ``delegations``.

    Raises
    ------
    NotPermittedError
        Machines have none.
    """
    only_for(actor, PEOPLE)
    with rt.database.reading() as tx:
        of = None if actor.role in _OVERSEERS else actor.person
        return staffing.delegation_records(tx, rt.clock.now() - _REMEMBERED, of=of)


def end_delegation(rt: Runtime, actor: Actor, identity: int) -> None:
    """End a delegation now: the holder's own, or, for an administrator, anybody's; its sessions end at once.

    Raises
    ------
    NotFoundError
        ``delegation_not_found``: there is none, or the actor neither gave it nor administers.
    WrongStateError
        ``delegation_over``.
    """
    only_for(actor, PEOPLE)
    now = rt.clock.now()
    with rt.database.writing() as tx:
        found = staffing.delegated_grant(tx, identity) if identity <= LARGEST_ID else None
        if found is None or (actor.role is not Role.ADMIN and found.delegated_by != actor.person):
            raise NotFoundError("delegation_not_found", params={"id": identity})
        if found.ends_at is not None and found.ends_at <= now:
            raise WrongStateError("delegation_over")
        staffing.end_delegation(tx, identity, now)
        staffing.revoke_tokens_of_grant(tx, identity, now, actor.person)
        was_to_end = found.ends_at.isoformat() if found.ends_at else None
        Noting(tx, actor, now).person(
            Changed.DELEGATION_ENDED, found.person, role=found.role, ends_at=[was_to_end, now.isoformat()]
        )


def _check_time(new: NewDelegation, now: datetime) -> None:
    if new.ends_at <= new.starts_at:
        raise invalid("ends_at", "end_before_start")
    if new.ends_at <= now:
        raise invalid("ends_at", "must_lie_ahead")
    if new.ends_at - new.starts_at > timedelta(days=MOST_DAYS):
        raise invalid("ends_at", "span_too_long", most=MOST_DAYS)


def _holding(tx: Tx, actor: Actor, new: NewDelegation, on: date) -> tuple[Person, OwnGrant]:
    """Return whose role it is and the grant by which it is held."""
    if new.holder is None:
        holder = people.person(tx, actor.person)
    else:
        found = people.person_named(tx, new.holder)
        if found is None:
            raise invalid("holder", "unknown_person", username=new.holder, role=new.role)
        holder = found
    own = people.own_grant(tx, holder.id, new.role, on) if new.role in PEOPLE else None
    if own is None:
        raise NotPermittedError("role_not_held", params={"role": new.role})
    return holder, own


def _delegate(tx: Tx, new: NewDelegation, holder: Person, on: date) -> Person:
    """Return who gets it, the row held so that the same is not given twice at once."""
    to = people.person_named(tx, new.to, for_update=True)
    if to is None:
        raise invalid("to", "unknown_username", username=new.to)
    if to.id == holder.id:
        raise invalid("to", "delegate_is_holder")
    if new.role in UNIT_ROLES and to.unit != holder.unit:
        raise invalid("to", "delegate_of_other_unit", username=new.to)
    if people.own_grant(tx, to.id, new.role, on) is not None:
        raise invalid("to", "delegate_has_role", username=new.to, role=new.role)
    return to


def _same(tx: Tx, new: NewDelegation, holder: Person, now: datetime) -> Delegated | None:
    wanted = (new.role, holder.username, new.to, new.starts_at, new.ends_at)
    return next(
        (
            one
            for one in people.delegations(tx, now, of=holder.id)
            if (one.role, one.holder, one.to, one.starts_at, one.ends_at) == wanted
        ),
        None,
    )
