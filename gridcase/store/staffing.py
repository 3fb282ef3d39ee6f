"""People as an administrator sees and changes them: their data, the roles granted, shifts and delegations ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import aliased

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.domain.case import PersonId, UnitCode
from gridcase.store.database import Tx
from gridcase.store.people import AccessTokenRow, PersonRow, RoleGrantRow, RosterRow


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord:
    """A role granted, in force or not.

    Parameters
    ----------
    valid_to
        Last day; None has no end.
    starts_at, ends_at, delegated_by
        Of a delegation: its shift, and whose role it is.
    """

    id: int
    person: PersonId
    role: Role
    scope: Scope
    valid_from: date
    valid_to: date | None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    delegated_by: PersonId | None = None

    @property
    def is_delegated(self) -> bool:
        """Whether it was handed over for a shift."""
        return self.delegated_by is not None

    def is_in_force(self, now: datetime, on: date) -> bool:
        """Tell whether somebody may act in it now."""
        is_valid = self.valid_from <= on and (self.valid_to is None or self.valid_to >= on)
        return is_valid and (self.starts_at is None or self.starts_at <= now) and not self.has_ended(now, on)

    def has_ended(self, now: datetime, on: date) -> bool:
        """Tell whether it is over for good."""
        is_past = self.valid_to is not None and self.valid_to < on
        return is_past or (self.ends_at is not None and self.ends_at <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """A person with everything an administrator sees; ``grants`` in the order they were given."""

    id: PersonId
    username: str
    name: str
    unit: UnitCode | None
    is_active: bool
    created_at: datetime
    grants: tuple[GrantRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleWanted:
    """Which people to list; None means any.

    Parameters
    ----------
    text
        Part of a user name or a name.
    after
        User name after which to go on.
    """

    text: str = ""
    role: Role | None = None
    unit: UnitCode | None = None
    is_active: bool | None = None
    after: str | None = None
    limit: int = 30


def list_people(tx: Tx, wanted: PeopleWanted) -> tuple[PersonRecord, ...]:
    """Return people with their grants, by user name; one more than ``limit`` when there are more. Two statements."""
    statement = select(PersonRow).order_by(PersonRow.username).limit(wanted.limit + 1)
    if wanted.text:
        texts = (PersonRow.username, PersonRow.name)
        statement = statement.where(or_(*(text.icontains(wanted.text, autoescape=True) for text in texts)))
    if wanted.unit is not None:
        statement = statement.where(PersonRow.unit == wanted.unit)
    if wanted.is_active is not None:
        statement = statement.where(PersonRow.is_active.is_(wanted.is_active))
    if wanted.role is not None:
        holders = select(RoleGrantRow.person_id).where(RoleGrantRow.role == wanted.role)
        statement = statement.where(PersonRow.id.in_(holders))
    if wanted.after is not None:
        statement = statement.where(PersonRow.username > wanted.after)
    rows = tx.execute(statement).scalars().all()
    return _with_grants(tx, rows)


def count_people(tx: Tx) -> tuple[int, int]:
    """Return how many people there are, and how many of them are active."""
    active = func.count().filter(PersonRow.is_active.is_(True))
    row = tx.execute(select(func.count(), active).select_from(PersonRow)).one()
    return row[0], row[1]


def person_record(tx: Tx, identity: PersonId, *, for_update: bool = False) -> PersonRecord | None:
    """Return a person with their grants, the row held until the end of the transaction if asked; None without one."""
    statement = select(PersonRow).where(PersonRow.id == identity)
    row = tx.execute(statement.with_for_update() if for_update else statement).scalar_one_or_none()
    return None if row is None else _with_grants(tx, [row])[0]


def update_person(tx: Tx, identity: PersonId, *, name: str, unit: UnitCode | None) -> None:
    """Change a person's name and unit."""
    tx.execute(update(PersonRow).where(PersonRow.id == identity).values(name=name, unit=unit))


def set_active(tx: Tx, identity: PersonId, *, is_active: bool) -> None:
    """Let a person sign in, or no longer."""
    tx.execute(update(PersonRow).where(PersonRow.id == identity).values(is_active=is_active))


def end_grant(tx: Tx, grant: int, last_day: date) -> None:
    """Let a role end with a day, the last one on which it may be used."""
    tx.execute(update(RoleGrantRow).where(RoleGrantRow.id == grant).values(valid_to=last_day))


def revoke_tokens_of_grant(tx: Tx, grant: int, now: datetime, by: PersonId) -> None:
    """End the sessions opened in a role."""
    statement = update(AccessTokenRow).where(AccessTokenRow.grant_id == grant, AccessTokenRow.revoked_at.is_(None))
    tx.execute(statement.values(revoked_at=now, revoked_by=by))


def hold_lasting_admins(tx: Tx, on: date) -> dict[int, PersonId]:
    """Return the grants without end by which active people are administrators; they and those people's rows are held.

    Whoever takes one away waits for the others who do, so that the last two do not remove each other. The grants are
    held too: PostgreSQL looks again only at rows that it holds, and would tell of one that ended during the wait.
    """
    rows = tx.execute(
        select(RoleGrantRow.id, PersonRow.id)
        .join(PersonRow, PersonRow.id == RoleGrantRow.person_id)
        .where(PersonRow.is_active.is_(True), RoleGrantRow.role == Role.ADMIN, RoleGrantRow.delegated_by.is_(None))
        .where(RoleGrantRow.valid_from <= on, RoleGrantRow.valid_to.is_(None))
        .order_by(PersonRow.id, RoleGrantRow.id)
        .with_for_update(of=(PersonRow, RoleGrantRow))
    )
    return {grant: PersonId(person) for grant, person in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRecord:
    """A delegation with the people's names, also one that is over."""

    id: int
    role: Role
    scope: Scope
    holder: PersonId
    holder_name: str
    to: PersonId
    to_name: str
    starts_at: datetime
    ends_at: datetime


def delegation_records(tx: Tx, since: datetime, *, of: PersonId | None = None) -> tuple[DelegationRecord, ...]:
    """Return the delegations that ended after an instant or still run, newest start first; ``of`` a person only."""
    holder = aliased(PersonRow)
    statement = (
        select(RoleGrantRow, holder.name, PersonRow.name)
        .join(holder, holder.id == RoleGrantRow.delegated_by)
        .join(PersonRow, PersonRow.id == RoleGrantRow.person_id)
        .where(RoleGrantRow.ends_at > since)
        .order_by(RoleGrantRow.starts_at.desc(), RoleGrantRow.id.desc())
        .limit(_MOST_DELEGATIONS)
    )
    if of is not None:
        statement = statement.where(or_(RoleGrantRow.person_id == of, RoleGrantRow.delegated_by == of))
    return tuple(
        DelegationRecord(
            id=row.id,
            role=Role(row.role),
            scope=Scope(kind=ScopeKind(row.scope_kind), value=row.scope_value),
            holder=PersonId(row.delegated_by),
            holder_name=given,
            to=PersonId(row.person_id),
            to_name=received,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row, given, received in tx.execute(statement)
    )


def delegated_grant(tx: Tx, grant: int) -> GrantRecord | None:
    """Return a delegation, its row held until the end of the transaction; None when there is none."""
    statement = select(RoleGrantRow).where(RoleGrantRow.id == grant, RoleGrantRow.delegated_by.is_not(None))
    row = tx.execute(statement.with_for_update()).scalar_one_or_none()
    return None if row is None else _grant(row)


def end_delegation(tx: Tx, grant: int, at: datetime) -> None:
    """Let a delegation end at an instant."""
    tx.execute(update(RoleGrantRow).where(RoleGrantRow.id == grant).values(ends_at=at))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRecord:
    """A shift of the roster, for changing it."""

    id: int
    person: PersonId
    area: str
    starts_at: datetime
    ends_at: datetime


def shift_record(tx: Tx, shift: int) -> ShiftRecord | None:
    """Return a shift, its row held until the end of the transaction; None when there is none."""
    row = tx.execute(select(RosterRow).where(RosterRow.id == shift).with_for_update()).scalar_one_or_none()
    if row is None:
        return None
    return ShiftRecord(
        id=row.id, person=PersonId(row.person_id), area=row.area, starts_at=row.starts_at, ends_at=row.ends_at
    )


def remove_shift(tx: Tx, shift: int) -> None:
    """Take a shift off the roster."""
    tx.execute(delete(RosterRow).where(RosterRow.id == shift))


def cut_shift(tx: Tx, shift: int, ends_at: datetime) -> None:
    """Let a shift end at an instant."""
    tx.execute(update(RosterRow).where(RosterRow.id == shift).values(ends_at=ends_at))


#: A page of delegations: far more than an office has within the months that are listed.
_MOST_DELEGATIONS = 200


def _with_grants(tx: Tx, rows: Sequence[PersonRow]) -> tuple[PersonRecord, ...]:
    identities = [row.id for row in rows]
    grants: dict[int, list[GrantRecord]] = {}
    if identities:
        asked = select(RoleGrantRow).where(RoleGrantRow.person_id.in_(identities)).order_by(RoleGrantRow.id)
        for grant in tx.execute(asked).scalars():
            grants.setdefault(grant.person_id, []).append(_grant(grant))
    return tuple(
        PersonRecord(
            id=PersonId(row.id),
            username=row.username,
            name=row.name,
            unit=None if row.unit is None else UnitCode(row.unit),
            is_active=row.is_active,
            created_at=row.created_at,
            grants=tuple(grants.get(row.id, ())),
        )
        for row in rows
    )


def _grant(row: RoleGrantRow) -> GrantRecord:
    return GrantRecord(
        id=row.id,
        person=PersonId(row.person_id),
        role=Role(row.role),
        scope=Scope(kind=ScopeKind(row.scope_kind), value=row.scope_value),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        delegated_by=None if row.delegated_by is None else PersonId(row.delegated_by),
    )
