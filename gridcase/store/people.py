"""People, the roles they were granted, their sign-ins."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, String, bindparam, insert, or_, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.sql.elements import BindParameter

from gridcase.domain.actor import Actor, Role, Scope, ScopeKind
from gridcase.domain.case import PersonId, UnitCode
from gridcase.store.configuration import latest_version
from gridcase.store.database import Base, Tx, UtcDateTime, table_of
from gridcase.workflow.rulebook import Inspector

#: A roster that ended longer ago than this no longer says that others are off duty.
_ROSTER_MEMORY = timedelta(days=7)


class PersonRow(Base):
    """A member of staff, or a door that signs in."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoleGrantRow(Base):
    """A role with its scope, granted for dates; a delegated one 代班授权 for a shift, from instant to instant."""

    __tablename__ = "role_grant"
    __table_args__ = (Index("ix_role_grant_role", "role", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    scope_kind: Mapped[str] = mapped_column(String(10))
    scope_value: Mapped[str] = mapped_column(String(40), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delegated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class RosterRow(Base):
    """A shift of an inspector in a duty area 排班; where nobody is rostered, everybody counts as on shift."""

    __tablename__ = "roster"
    __table_args__ = (Index("ix_roster_when", "starts_at", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    area: Mapped[str] = mapped_column(String(15))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessTokenRow(Base):
    """A sign-in; only the digest of the token is kept.

    ``revoked_by`` is empty when its own holder signed out. When it was last used is known to the day, not closer: that
    is enough to find a lost phone, and no more.
    """

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("role_grant.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(10), default="token", server_default="token")
    device: Mapped[str | None] = mapped_column(String(80))
    last_seen_on: Mapped[date | None]
    revoked_by: Mapped[int | None]


class SignInFailureRow(Base):
    """A failed sign-in, kept to slow the next ones of the same account from the same address."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_who", "username", "address", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


_ROSTER = table_of(RosterRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPersonRow:
    """Columns of a person to be added."""

    username: str
    name: str
    password_hash: str
    unit: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is needed to check a password and open a session."""

    person: PersonId
    username: str
    password_hash: str
    grants: tuple["Grant", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role granted and in force."""

    id: int
    role: Role
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """Columns of a session to be opened; ``device`` is the name of a phone, None for anything else."""

    digest: str
    grant_id: int
    created_at: datetime
    expires_at: datetime
    kind: str
    device: str | None
    last_seen_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A role handed to another person from an instant to an instant.

    Parameters
    ----------
    on, until
        Local days between which it may be used besides: the second is the last day of the holder's own grant.
    """

    to: PersonId
    by: PersonId
    role: Role
    scope: Scope
    on: date
    starts_at: datetime
    ends_at: datetime
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """Columns of a role to be granted for dates."""

    role: Role
    scope: Scope
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """A delegation as it is listed, with user names."""

    id: int
    role: Role
    scope: Scope
    holder: str
    to: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnGrant:
    """Scope and last day of a role that was granted for good; None has no end."""

    scope: Scope
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is, for giving something to."""

    id: PersonId
    username: str
    unit: UnitCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShift:
    """Columns of a shift to be added."""

    person_id: PersonId
    area: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A shift as it is listed."""

    id: int
    person: PersonId
    username: str
    name: str
    area: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Answer to "who is calling?", with the newest configuration version seen in the same statement.

    Parameters
    ----------
    session, last_seen_on
        The sign-in by which, and the local day on which it was noted to be in use.
    """

    actor: Actor
    config_version: int
    session: int
    last_seen_on: date | None = None


def add_person(tx: Tx, new: NewPersonRow) -> PersonId:
    """Insert a person.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        When the user name is taken; ask ``person_by_username`` first.
    """
    statement = insert(PersonRow).values(**asdict(new), is_active=True)
    return PersonId(tx.execute(statement.returning(PersonRow.id)).scalar_one())


def add_grant(tx: Tx, person: PersonId, new: NewGrant) -> None:
    """Grant a role for dates."""
    tx.execute(
        insert(RoleGrantRow).values(
            person_id=person,
            role=new.role,
            scope_kind=new.scope.kind,
            scope_value=new.scope.value,
            valid_from=new.valid_from,
            valid_to=new.valid_to,
        )
    )


def person_by_username(tx: Tx, username: str) -> PersonId | None:
    """Return a person's identity, or None."""
    found = tx.execute(select(PersonRow.id).where(PersonRow.username == username)).scalar_one_or_none()
    return None if found is None else PersonId(found)


def credentials(tx: Tx, username: str, now: datetime, on: date) -> Credentials | None:
    """Return what is needed to sign an active person in; grants in the order they were given."""
    return _credentials(tx, PersonRow.username == username, now, on)


def credentials_of(tx: Tx, person: PersonId, now: datetime, on: date) -> Credentials | None:
    """Return the same of a person who is signed in; None when the last role has ended."""
    return _credentials(tx, PersonRow.id == person, now, on)


def _credentials(tx: Tx, who: ColumnElement[bool], now: datetime, on: date) -> Credentials | None:
    rows = tx.execute(
        select(PersonRow.id, PersonRow.username, PersonRow.password_hash, RoleGrantRow)
        .join(RoleGrantRow, RoleGrantRow.person_id == PersonRow.id)
        .where(who, PersonRow.is_active, *_in_force(on), *_running(now))
        .order_by(RoleGrantRow.id)
    ).all()
    if not rows:
        return None
    person, username, password_hash, _ = rows[0]
    grants = tuple(Grant(id=row[3].id, role=Role(row[3].role), scope=_scope(row[3])) for row in rows)
    return Credentials(person=PersonId(person), username=username, password_hash=password_hash, grants=grants)


def set_password(tx: Tx, person: PersonId, password_hash: str) -> None:
    """Replace a person's password."""
    tx.execute(update(PersonRow).where(PersonRow.id == person).values(password_hash=password_hash))


def revoke_tokens(tx: Tx, person: PersonId, now: datetime, *, by: PersonId, but: str | None = None) -> None:
    """End every session of a person, but the one with this digest."""
    grants = select(RoleGrantRow.id).where(RoleGrantRow.person_id == person)
    statement = update(AccessTokenRow).where(
        AccessTokenRow.grant_id.in_(grants), AccessTokenRow.revoked_at.is_(None), AccessTokenRow.expires_at > now
    )
    if but is not None:
        statement = statement.where(AccessTokenRow.digest != but)
    tx.execute(statement.values(revoked_at=now, revoked_by=by))


def add_token(tx: Tx, new: NewToken) -> int:
    """Open a session and return its identity."""
    statement = insert(AccessTokenRow).values(**asdict(new))
    return tx.execute(statement.returning(AccessTokenRow.id)).scalar_one()


def revoke_token(tx: Tx, digest: str, now: datetime) -> None:
    """End a session."""
    tx.execute(update(AccessTokenRow).where(AccessTokenRow.digest == digest).values(revoked_at=now))


def caller(tx: Tx, digest: str, now: datetime, on: date) -> Caller | None:
    """Tell who holds a token, in one statement; None when it is unknown, ended or its role was taken back."""
    row = tx.execute(_CALLER, {"digest": digest, "now": now, "on": on}).one_or_none()
    if row is None:
        return None
    person, name, unit, role, scope_kind, scope_value, session, last_seen_on, version = row
    actor = Actor(
        person=PersonId(person),
        name=name,
        unit=None if unit is None else UnitCode(unit),
        role=Role(role),
        scope=Scope(kind=ScopeKind(scope_kind), value=scope_value),
    )
    return Caller(actor=actor, config_version=version or 0, session=session, last_seen_on=last_seen_on)


def actor_of(tx: Tx, username: str, role: Role, now: datetime, on: date) -> Actor | None:
    """Return a person as an actor in one of the roles granted: for the command line and the demo."""
    row = tx.execute(
        select(PersonRow, RoleGrantRow)
        .join(RoleGrantRow, RoleGrantRow.person_id == PersonRow.id)
        .where(PersonRow.username == username, RoleGrantRow.role == role, *_in_force(on), *_running(now))
        .order_by(RoleGrantRow.id)
    ).first()
    if row is None:
        return None
    person, grant = row
    return Actor(person=PersonId(person.id), name=person.name, unit=person.unit, role=role, scope=_scope(grant))


def holders(tx: Tx, now: datetime, on: date) -> tuple[Actor, ...]:
    """Return every active person in every role they hold now, in one statement, in the order the roles were given."""
    rows = tx.execute(
        select(PersonRow.id, PersonRow.name, PersonRow.unit, RoleGrantRow)
        .join(RoleGrantRow, RoleGrantRow.person_id == PersonRow.id)
        .where(PersonRow.is_active, *_in_force(on), *_running(now))
        .order_by(RoleGrantRow.id)
    )
    return tuple(
        Actor(
            person=PersonId(identity),
            name=name,
            unit=None if unit is None else UnitCode(unit),
            role=Role(grant.role),
            scope=_scope(grant),
        )
        for identity, name, unit, grant in rows
    )


def inspectors(tx: Tx, now: datetime, on: date) -> tuple[Inspector, ...]:
    """Return everybody who may be asked to verify or check today, in one statement.

    A person on shift stands there with the rostered area; one who is not, with the granted one.
    """
    on_duty = (
        select(RosterRow.person_id, RosterRow.area)
        .where(RosterRow.starts_at <= now, RosterRow.ends_at > now)
        .subquery()
    )
    is_rostered = select(RosterRow.id).where(RosterRow.ends_at > now - _ROSTER_MEMORY).limit(1).exists()
    rows = tx.execute(
        select(PersonRow.id, PersonRow.name, PersonRow.unit, RoleGrantRow, on_duty.c.area, is_rostered)
        .join(RoleGrantRow, RoleGrantRow.person_id == PersonRow.id)
        .outerjoin(on_duty, on_duty.c.person_id == PersonRow.id)
        .where(RoleGrantRow.role == Role.INSPECTOR, PersonRow.is_active, *_in_force(on))
        .where(*_running(now))
        .order_by(PersonRow.id, on_duty.c.area)
    ).all()
    return tuple(
        Inspector(
            person=PersonId(identity),
            name=name,
            unit=unit,
            area=_scope(grant).value if area is None else area,
            on_shift=area is not None or not rostered,
        )
        for identity, name, unit, grant, area, rostered in rows
    )


def add_shifts(tx: Tx, shifts: Sequence[NewShift]) -> None:
    """Put people on duty."""
    if shifts:
        tx.execute(insert(_ROSTER), [asdict(shift) for shift in shifts])


def shifts_between(tx: Tx, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Return the shifts that touch a time, by start."""
    rows = tx.execute(
        select(RosterRow, PersonRow.username, PersonRow.name)
        .join(PersonRow, PersonRow.id == RosterRow.person_id)
        .where(RosterRow.starts_at < end, RosterRow.ends_at > start)
        .order_by(RosterRow.starts_at, RosterRow.id)
    )
    return tuple(
        Shift(
            id=row.id,
            person=PersonId(row.person_id),
            username=username,
            name=name,
            area=row.area,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row, username, name in rows
    )


def holders_of(tx: Tx, usernames: Iterable[str], role: Role, on: date) -> dict[str, PersonId]:
    """Return the active people among these who hold a role for good, by user name, and hold their rows until the end.

    Whoever gives them something waits for the others who do, so that the same is not given twice at once.
    """
    granted = (
        select(RoleGrantRow.id)
        .where(RoleGrantRow.person_id == PersonRow.id, RoleGrantRow.role == role)
        .where(RoleGrantRow.delegated_by.is_(None), *_in_force(on))
        .exists()
    )
    statement = (
        select(PersonRow.username, PersonRow.id)
        .where(PersonRow.username.in_(list(usernames)), PersonRow.is_active, granted)
        .order_by(PersonRow.id)
        .with_for_update()
    )
    return {username: PersonId(person) for username, person in tx.execute(statement)}


def person(tx: Tx, identity: PersonId) -> Person:
    """Return a person who acts, and so is there."""
    return _person(tx.execute(select(PersonRow).where(PersonRow.id == identity)).scalar_one())


def names_of(tx: Tx, identities: Collection[PersonId]) -> dict[PersonId, str]:
    """Return names by person, in one statement; asks nothing of nobody."""
    if not identities:
        return {}
    statement = select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(sorted(identities)))
    return {PersonId(person): name for person, name in tx.execute(statement).tuples()}


def person_named(tx: Tx, username: str, *, for_update: bool = False) -> Person | None:
    """Return an active person, the row held until the end of the transaction if asked; None when there is none."""
    statement = select(PersonRow).where(PersonRow.username == username, PersonRow.is_active)
    row = tx.execute(statement.with_for_update() if for_update else statement).scalar_one_or_none()
    return None if row is None else _person(row)


def own_grant(tx: Tx, person: PersonId, role: Role, on: date) -> OwnGrant | None:
    """Return the grant by which a person holds a role for good, not by delegation; None without one."""
    row = (
        tx.execute(
            select(RoleGrantRow)
            .where(RoleGrantRow.person_id == person, RoleGrantRow.role == role, RoleGrantRow.delegated_by.is_(None))
            .where(*_in_force(on))
            .order_by(RoleGrantRow.id)
        )
        .scalars()
        .first()
    )
    return None if row is None else OwnGrant(scope=_scope(row), valid_to=row.valid_to)


def delegate(tx: Tx, grant: Delegation) -> int:
    """Grant a role for a shift."""
    statement = insert(RoleGrantRow).values(
        person_id=grant.to,
        role=grant.role,
        scope_kind=grant.scope.kind,
        scope_value=grant.scope.value,
        valid_from=grant.on,
        valid_to=grant.until,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        delegated_by=grant.by,
    )
    return tx.execute(statement.returning(RoleGrantRow.id)).scalar_one()


def delegations(tx: Tx, now: datetime, *, of: PersonId | None = None) -> tuple[Delegated, ...]:
    """Return the delegations that have not ended, by start; ``of`` a person only those given or received."""
    holder = aliased(PersonRow)
    statement = (
        select(RoleGrantRow, holder.username, PersonRow.username)
        .join(holder, holder.id == RoleGrantRow.delegated_by)
        .join(PersonRow, PersonRow.id == RoleGrantRow.person_id)
        .where(RoleGrantRow.ends_at > now)
        .order_by(RoleGrantRow.starts_at, RoleGrantRow.id)
    )
    if of is not None:
        statement = statement.where(or_(RoleGrantRow.person_id == of, RoleGrantRow.delegated_by == of))
    return tuple(
        Delegated(
            id=row.id,
            role=Role(row.role),
            scope=_scope(row),
            holder=given,
            to=received,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row, given, received in tx.execute(statement)
    )


def add_failure(tx: Tx, username: str, address: str, now: datetime) -> None:
    """Note a failed sign-in."""
    tx.execute(insert(SignInFailureRow).values(username=username, address=address, at=now))


def failures_since(tx: Tx, username: str, address: str, since: datetime) -> tuple[datetime, ...]:
    """Return when sign-ins of an account from an address failed after an instant, newest first."""
    statement = (
        select(SignInFailureRow.at)
        .where(
            SignInFailureRow.username == username,
            SignInFailureRow.address == address,
            SignInFailureRow.at > since,
        )
        .order_by(SignInFailureRow.at.desc())
    )
    return tuple(tx.execute(statement).scalars())


def _in_force(on: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    ends = or_(RoleGrantRow.valid_to.is_(None), RoleGrantRow.valid_to >= on)
    return (RoleGrantRow.valid_from <= on, ends)


def _running(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """Return the criterion of a delegated grant's shift; the others have none."""
    begun = or_(RoleGrantRow.starts_at.is_(None), RoleGrantRow.starts_at <= now)
    return (begun, or_(RoleGrantRow.ends_at.is_(None), RoleGrantRow.ends_at > now))


def _person(row: PersonRow) -> Person:
    return Person(id=PersonId(row.id), username=row.username, unit=None if row.unit is None else UnitCode(row.unit))


def _scope(grant: RoleGrantRow) -> Scope:
    return Scope(kind=ScopeKind(grant.scope_kind), value=grant.scope_value)


# Asked by every request, so it is made once.
_CALLER = (
    select(
        PersonRow.id,
        PersonRow.name,
        PersonRow.unit,
        RoleGrantRow.role,
        RoleGrantRow.scope_kind,
        RoleGrantRow.scope_value,
        AccessTokenRow.id,
        AccessTokenRow.last_seen_on,
        latest_version(),
    )
    .join(RoleGrantRow, RoleGrantRow.person_id == PersonRow.id)
    .join(AccessTokenRow, AccessTokenRow.grant_id == RoleGrantRow.id)
    .where(
        AccessTokenRow.digest == bindparam("digest"),
        AccessTokenRow.expires_at > bindparam("now", type_=UtcDateTime),
        AccessTokenRow.revoked_at.is_(None),
        PersonRow.is_active,
        *_in_force(bindparam("on", type_=Date)),
        *_running(bindparam("now", type_=UtcDateTime)),
    )
)
