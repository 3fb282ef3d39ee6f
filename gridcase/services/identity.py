"""Who is calling? People, sign-in and sign-out."""

import functools
import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import argon2

from gridcase.domain.actor import Actor, Role, Scope
from gridcase.domain.case import PersonId, UnitCode
from gridcase.domain.errors import GridcaseError, InvalidInputError, NotSignedInError, Problem, invalid
from gridcase.services.runtime import Runtime
from gridcase.services.steps import passwords
from gridcase.services.steps.changes import COMMAND_LINE, Changed, Noting, plain_grant
from gridcase.store import people
from gridcase.store.database import Tx
from gridcase.store.people import Caller, Credentials, Grant, NewToken
from gridcase.store.sessions import Ended, note_seen, why_ended

#: Roles are granted from this day on: before any case.
_ALWAYS = date(2000, 1, 1)


class TooManyFailuresError(GridcaseError):
    """Sign-in waits for this account and address; ``params`` says how many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person to be added.

    Parameters
    ----------
    grants
        Roles with their scopes, the first being the one taken at sign-in when none is asked for.
    """

    username: str
    name: str
    password: str
    grants: tuple[tuple[Role, Scope], ...]
    unit: UnitCode | None = None


class SessionKind(StrEnum):
    """What signs in: a program with a bearer token, a browser, a phone."""

    TOKEN = "token"  # noqa: S105 - the kind, not a secret
    BROWSER = "browser"
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a session is opened for.

    Parameters
    ----------
    device
        Name of a phone, which stays signed in for ``device_days``; None for anything else.
    """

    kind: SessionKind = SessionKind.TOKEN
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A session just opened.

    Parameters
    ----------
    token
        Shown once; only its digest is kept.
    seconds
        How long it lasts.
    """

    id: int
    token: str
    seconds: int
    role: Role
    expires_at: datetime


def add_person(rt: Runtime, new: NewPerson) -> PersonId:
    """Add a person with roles, as the command line does; noted among the changes of administration.

    Raises
    ------
    InvalidInputError
        ``username_taken``, ``password_short`` or ``unknown_unit``, naming the field.
    """
    password_hash = passwords.hash_password("password", new.password)
    if new.unit is not None and new.unit not in rt.reference().rules.units.by_code:
        raise invalid("unit", "unknown_unit", unit=new.unit)
    now = rt.clock.now()
    with rt.database.writing() as tx:
        if people.person_by_username(tx, new.username) is not None:
            raise invalid("username", "username_taken", username=new.username)
        person = people.add_person(
            tx,
            people.NewPersonRow(
                username=new.username,
                name=new.name,
                password_hash=password_hash,
                unit=new.unit,
                created_at=now,
            ),
        )
        noting = Noting(tx, COMMAND_LINE, now)
        noting.person(Changed.PERSON_ADDED, person, unit=new.unit)
        for role, scope in new.grants:
            people.add_grant(tx, person, people.NewGrant(role=role, scope=scope, valid_from=_ALWAYS))
            noting.person(Changed.ROLE_GRANTED, person, **plain_grant(role, scope, _ALWAYS, None))
    return person


def sign_in(
    rt: Runtime,
    *,
    username: str,
    password: str,
    address: str,
    role: Role | None = None,
    opening: Opening | None = None,
) -> SignIn:
    """Check a password and open a session in one role.

    Raises
    ------
    TooManyFailuresError
        Too many failures of this account from this address; others are not slowed.
    NotSignedInError
        The account or the password is wrong; which of the two is not said.
    InvalidInputError
        The role was not granted.
    """
    now = rt.clock.now()
    with rt.database.reading() as tx:
        _refuse_after_failures(rt, people.failures_since(tx, username, address, now - _window(rt)), now)
        found = people.credentials(tx, username, now, now.astimezone(rt.settings.zone).date())
    if not _matches(found, password):
        with rt.database.writing() as tx:
            people.add_failure(tx, username, address, now)
        raise NotSignedInError("wrong_password")
    assert found is not None  # noqa: S101 - _matches is False without it
    with rt.database.writing() as tx:
        return _open(tx, rt, _grant(found, role), opening or Opening(), now)


def own_roles(rt: Runtime, actor: Actor) -> tuple[Role, ...]:
    """Return the roles a person may act in now, each once, in the order they were granted."""
    now = rt.clock.now()
    with rt.database.reading() as tx:
        found = people.credentials_of(tx, actor.person, now, now.astimezone(rt.settings.zone).date())
    return tuple(dict.fromkeys(grant.role for grant in found.grants)) if found else ()


def switch_role(rt: Runtime, actor: Actor, token: str, role: Role) -> SignIn:
    """End a session and open another of the same person in another role.

    Raises
    ------
    NotSignedInError
        The person's last role has ended meanwhile.
    InvalidInputError
        The role was not granted.
    """
    now = rt.clock.now()
    with rt.database.writing() as tx:
        found = people.credentials_of(tx, actor.person, now, now.astimezone(rt.settings.zone).date())
        if found is None:
            raise NotSignedInError("not_signed_in")
        opened = _open(tx, rt, _grant(found, role), Opening(kind=SessionKind.BROWSER), now)
        people.revoke_token(tx, _digest(token), now)
    return opened


def change_password(rt: Runtime, actor: Actor, *, current: str, new: str, address: str, token: str) -> None:
    """Change one's own password and end one's other sessions.

    Raises
    ------
    InvalidInputError
        On ``current``: ``password_wrong``; on ``new``: ``password_short`` or ``password_same``.
    TooManyFailuresError
        The present password was wrong too often.
    """
    now = rt.clock.now()
    with rt.database.reading() as tx:
        found = people.credentials_of(tx, actor.person, now, now.astimezone(rt.settings.zone).date())
        username = found.username if found else ""
        _refuse_after_failures(rt, people.failures_since(tx, username, address, now - _window(rt)), now)
    if not _matches(found, current):
        with rt.database.writing() as tx:
            people.add_failure(tx, username, address, now)
        raise invalid("current", "password_wrong")
    if new == current:
        raise invalid("new", "password_same")
    password_hash = passwords.hash_password("new", new)
    with rt.database.writing() as tx:
        people.set_password(tx, actor.person, password_hash)
        people.revoke_tokens(tx, actor.person, now, by=actor.person, but=_digest(token))


def sign_out(rt: Runtime, token: str) -> None:
    """End a session; an unknown one is left alone."""
    with rt.database.writing() as tx:
        people.revoke_token(tx, _digest(token), rt.clock.now())


def who_is(rt: Runtime, token: str) -> Caller:
    """Tell who holds a token, in one statement; the first request of a day notes that the session is in use.

    Raises
    ------
    NotSignedInError
        ``not_signed_in``: the token is unknown or over. ``session_revoked``, ``account_closed``: told to nobody but
        whoever holds a token that once was good.
    """
    now = rt.clock.now()
    today = now.astimezone(rt.settings.zone).date()
    with rt.database.asking() as tx:
        caller = people.caller(tx, _digest(token), now, today)
    if caller is None:
        with rt.database.asking() as tx:
            raise _refusal(why_ended(tx, _digest(token), today))
    if caller.last_seen_on is None or caller.last_seen_on < today:
        with rt.database.writing() as tx:
            note_seen(tx, caller.session, today)
    return caller


def actor(rt: Runtime, username: str, role: Role) -> Actor:
    """Return a person as an actor, without a session: for the command line and the demo.

    Raises
    ------
    InvalidInputError
        There is no such person with this role.
    """
    now = rt.clock.now()
    with rt.database.reading() as tx:
        found = people.actor_of(tx, username, role, now, now.astimezone(rt.settings.zone).date())
    if found is None:
        raise invalid("username", "unknown_person", username=username, role=role)
    return found


@functools.cache
def _nobody() -> str:
    """Return a hash to check when the account is unknown, so that both refusals take the same time."""
    return passwords.HASHER.hash(secrets.token_hex(8))


def _matches(found: Credentials | None, password: str) -> bool:
    try:
        passwords.HASHER.verify(found.password_hash if found else _nobody(), password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return found is not None


def _open(tx: Tx, rt: Runtime, grant: Grant, opening: Opening, now: datetime) -> SignIn:
    token, settings = secrets.token_urlsafe(32), rt.settings
    is_device = opening.kind is SessionKind.DEVICE
    lasts = timedelta(days=settings.device_days) if is_device else timedelta(hours=settings.token_hours)
    new = NewToken(
        digest=_digest(token),
        grant_id=grant.id,
        created_at=now,
        expires_at=now + lasts,
        kind=opening.kind,
        device=opening.device,
        last_seen_on=now.astimezone(settings.zone).date(),
    )
    identity = people.add_token(tx, new)
    return SignIn(
        id=identity, token=token, seconds=int(lasts.total_seconds()), role=grant.role, expires_at=new.expires_at
    )


def _refusal(ended: Ended) -> NotSignedInError:
    if ended is Ended.REVOKED:
        return NotSignedInError("session_revoked")
    if ended is Ended.ACCOUNT:
        return NotSignedInError("account_closed")
    return NotSignedInError("not_signed_in")


def _grant(found: Credentials, role: Role | None) -> Grant:
    if role is None:
        return found.grants[0]
    for grant in found.grants:
        if grant.role is role:
            return grant
    granted = ", ".join(grant.role for grant in found.grants)
    problem = Problem(code="role_not_granted", params={"role": role, "choices": granted})
    raise InvalidInputError("invalid_input", fields={"role": (problem,)})


def _refuse_after_failures(rt: Runtime, failures: tuple[datetime, ...], now: datetime) -> None:
    """Refuse until enough of the failures, newest first, lie further back than the window."""
    allowed = rt.settings.sign_in_failures
    if len(failures) >= allowed:
        wait = failures[allowed - 1] + _window(rt) - now
        raise TooManyFailuresError("too_many_failures", params={"seconds": math.ceil(wait.total_seconds())})


def _window(rt: Runtime) -> timedelta:
    return timedelta(minutes=rt.settings.sign_in_minutes)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
