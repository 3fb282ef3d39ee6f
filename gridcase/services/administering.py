"""People and their roles, as an administrator keeps them; every change is noted with who made it.

Nobody is deleted: history names people for good. Who leaves is deactivated, which ends every session at once. One
administrator without an end always remains.
"""

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from gridcase.domain.actor import UNIT_ROLES, Actor, Role, ScopeKind
from gridcase.domain.case import PersonId, UnitCode
from gridcase.domain.errors import InvalidInputError, NotFoundError, Problem, WrongStateError, invalid
from gridcase.grid.features import UNIT_LAYER
from gridcase.services.runtime import Runtime
from gridcase.services.steps.changes import Changed, Noting, plain_grant, plain_scope
from gridcase.services.steps.passwords import hash_password, make_password
from gridcase.services.steps.permitting import ADMIN, only_for
from gridcase.services.steps.reference import Reference
from gridcase.store import people, sessions, staffing
from gridcase.store.admin_changes import PERSON, AdminChange, ChangesWanted, admin_changes
from gridcase.store.database import LARGEST_ID, Tx
from gridcase.store.people import NewGrant
from gridcase.store.sessions import OpenSession
from gridcase.store.staffing import GrantRecord, PeopleWanted, PersonRecord

#: Floors above speak of people without knowing the store.
__all__ = [
    "AddedPerson",
    "AdminChange",
    "ChangesWanted",
    "GrantRecord",
    "NewGrant",
    "OpenSession",
    "PeopleWanted",
    "PersonFile",
    "PersonRecord",
    "add_person",
    "change_person",
    "changes",
    "count_people",
    "end_grant",
    "grant_role",
    "people_list",
    "person_file",
    "reset_password",
    "revoke_session",
    "set_active",
]

#: Roles an administrator may grant: all but the system's own.
GRANTABLE = tuple(role for role in Role if role is not Role.SYSTEM)
_USERNAME = re.compile(r"[\w][\w.-]{1,39}")
_MOST_NAME = 80
#: Changes shown on a person's page.
_LATEST = 20
#: Which scopes a role can have; the others take all four.
_SCOPES: Mapping[Role, frozenset[ScopeKind]] = {
    Role.PUBLIC_DOOR: frozenset({ScopeKind.OWN}),
    Role.ADMIN: frozenset({ScopeKind.ALL}),
    **dict.fromkeys(UNIT_ROLES, frozenset({ScopeKind.UNIT})),
}
_OFFICE_SCOPES = frozenset({ScopeKind.ALL, ScopeKind.AREA})
_WITH_VALUE = frozenset({ScopeKind.AREA, ScopeKind.UNIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewColleague:
    """A person to be added with a first role."""

    username: str
    name: str
    unit: UnitCode | None
    grant: NewGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPerson:
    """Who was added, and the password to be told once."""

    id: PersonId
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFile:
    """A person with sessions and the latest changes; ``names`` of those who delegated to them."""

    person: PersonRecord
    sessions: tuple[OpenSession, ...]
    changes: tuple[AdminChange, ...]
    names: Mapping[PersonId, str]


def scopes_of(role: Role) -> frozenset[ScopeKind]:
    """Return the scopes that a role may be granted with."""
    return _SCOPES.get(role, _OFFICE_SCOPES)


def people_list(rt: Runtime, actor: Actor, wanted: PeopleWanted) -> tuple[PersonRecord, ...]:
    """Return a page of people by user name; one more than ``limit`` when there are more.

    Raises
    ------
    NotPermittedError
        Only an administrator sees everybody.
    """
    only_for(actor, ADMIN)
    with rt.database.reading() as tx:
        return staffing.list_people(tx, wanted)


def count_people(rt: Runtime, actor: Actor) -> tuple[int, int]:
    """Return how many people there are, and how many of them are active."""
    only_for(actor, ADMIN)
    with rt.database.reading() as tx:
        return staffing.count_people(tx)


def person_file(rt: Runtime, actor: Actor, identity: int) -> PersonFile:
    """Return everything an administrator sees of a person.

    Raises
    ------
    NotFoundError
        ``person_not_found``.
    """
    only_for(actor, ADMIN)
    with rt.database.reading() as tx:
        person = _known(tx, identity)
        latest = ChangesWanted(subject_kind=PERSON, subject=str(person.id), limit=_LATEST)
        givers = [grant.delegated_by for grant in person.grants if grant.delegated_by is not None]
        return PersonFile(
            person=person,
            sessions=sessions.open_sessions(tx, person.id, rt.clock.now()),
            changes=admin_changes(tx, latest)[:_LATEST],
            names=people.names_of(tx, givers),
        )


def changes(rt: Runtime, actor: Actor, wanted: ChangesWanted) -> tuple[AdminChange, ...]:
    """Return what administrators changed, newest first; one more than ``limit`` when there are more."""
    only_for(actor, ADMIN)
    with rt.database.reading() as tx:
        return admin_changes(tx, wanted)


def add_person(rt: Runtime, actor: Actor, new: NewColleague) -> AddedPerson:
    """Add a person with a first role and a password made here, which is returned once and kept by nobody.

    Raises
    ------
    InvalidInputError
        ``username_malformed`` or ``username_taken``, ``name_needed``, ``unknown_unit``, and what ``grant_role`` says.
    """
    only_for(actor, ADMIN)
    password = make_password()
    password_hash = hash_password("password", password)
    reference = rt.reference()
    problems = _name_problems(new.name) | _unit_problems(new.unit, reference)
    if _USERNAME.fullmatch(new.username) is None:
        problems["username"] = Problem(code="username_malformed")
    problems |= _grant_problems(new.grant, new.unit, reference)
    with rt.database.writing() as tx:
        if "username" not in problems and people.person_by_username(tx, new.username) is not None:
            problems["username"] = Problem(code="username_taken", params={"username": new.username})
        _raise_if_any(problems)
        now = rt.clock.now()
        person = people.add_person(
            tx,
            people.NewPersonRow(
                username=new.username,
                name=new.name.strip(),
                password_hash=password_hash,
                unit=new.unit,
                created_at=now,
            ),
        )
        people.add_grant(tx, person, new.grant)
        noting = Noting(tx, actor, now)
        noting.person(Changed.PERSON_ADDED, person, unit=new.unit)
        noting.person(
            Changed.ROLE_GRANTED,
            person,
            **plain_grant(new.grant.role, new.grant.scope, new.grant.valid_from, new.grant.valid_to),
        )
    return AddedPerson(id=person, username=new.username, password=password)


def change_person(rt: Runtime, actor: Actor, identity: int, *, name: str, unit: UnitCode | None) -> None:
    """Change a person's name and unit.

    Raises
    ------
    InvalidInputError
        ``name_needed``, ``unknown_unit``; ``unit_needed_by_role`` when a role in force acts for the unit left.
    """
    problems = _name_problems(name) | _unit_problems(unit, rt.reference())
    with _changing(rt, actor, identity) as (tx, person, noting):
        if "unit" not in problems and _acts_for_unit(person, rt) and unit != person.unit:
            problems["unit"] = Problem(code="unit_needed_by_role")
        _raise_if_any(problems)
        details: dict[str, object] = {}
        if unit != person.unit:
            details["unit"] = [person.unit, unit]
        if name.strip() != person.name:
            details["name_changed"] = True
        if details:
            staffing.update_person(tx, person.id, name=name.strip(), unit=unit)
            noting.person(Changed.PERSON_EDITED, person.id, **details)


def set_active(rt: Runtime, actor: Actor, identity: int, *, is_active: bool) -> None:
    """Let a person sign in again, or no longer: then all sessions end at once.

    Raises
    ------
    WrongStateError
        ``last_admin``: nobody would be left who administers.
    """
    with _taking(rt, actor, identity) as (tx, person, noting, lasting):
        if person.is_active is is_active:
            return
        if not is_active:
            _refuse_last_admin(lasting, {grant for grant, holder in lasting.items() if holder == person.id})
            people.revoke_tokens(tx, person.id, rt.clock.now(), by=actor.person)
        staffing.set_active(tx, person.id, is_active=is_active)
        noting.person(Changed.PERSON_ACTIVATED if is_active else Changed.PERSON_DEACTIVATED, person.id)


def grant_role(rt: Runtime, actor: Actor, identity: int, new: NewGrant) -> None:
    """Grant a role from a day on, and perhaps to a last day.

    Raises
    ------
    InvalidInputError
        ``scope_not_for_role``, ``unknown_area``, ``unknown_unit``, ``unit_needed_by_role``, ``end_before_start``, or
        ``role_granted_already``: the same role with the same scope is in force on its first day.
    """
    reference = rt.reference()
    with _changing(rt, actor, identity) as (tx, person, noting):
        problems = _grant_problems(new, person.unit, reference)
        if any(_overlaps(one, new) for one in person.grants):
            problems["role"] = Problem(code="role_granted_already", params={"role": new.role})
        _raise_if_any(problems)
        people.add_grant(tx, person.id, new)
        noting.person(Changed.ROLE_GRANTED, person.id, **plain_grant(new.role, new.scope, new.valid_from, new.valid_to))


def end_grant(rt: Runtime, actor: Actor, identity: int, grant: int, last_day: date | None) -> None:
    """End a role: with a last day, or at once.

    Raises
    ------
    NotFoundError
        ``grant_not_found``: the person has no such role of their own that has not ended.
    InvalidInputError
        ``end_before_today``: a day that is over cannot be the last one.
    WrongStateError
        ``last_admin``.
    """
    now, today = rt.clock.now(), _today(rt)
    with _taking(rt, actor, identity) as (tx, person, noting, lasting):
        found = next((one for one in person.grants if one.id == grant and not one.is_delegated), None)
        # With a later day one that is over would be in force again, without being granted.
        if found is None or found.has_ended(now, today):
            raise NotFoundError("grant_not_found", params={"id": grant})
        if last_day is not None and last_day < max(today, found.valid_from):
            raise invalid("last_day", "end_before_today", day=max(today, found.valid_from).isoformat())
        _refuse_last_admin(lasting, {grant})
        if last_day is None:
            staffing.revoke_tokens_of_grant(tx, grant, now, actor.person)
        ends = last_day or today - timedelta(days=1)
        staffing.end_grant(tx, grant, ends)
        noting.person(
            Changed.ROLE_ENDED,
            person.id,
            role=found.role,
            scope=plain_scope(found.scope),
            valid_to=[found.valid_to.isoformat() if found.valid_to else None, ends.isoformat()],
        )


def reset_password(rt: Runtime, actor: Actor, identity: int) -> str:
    """Give a person another password and end all sessions; the password is returned once and kept by nobody."""
    password = make_password()
    password_hash = hash_password("password", password)
    with _changing(rt, actor, identity) as (tx, person, noting):
        people.set_password(tx, person.id, password_hash)
        people.revoke_tokens(tx, person.id, rt.clock.now(), by=actor.person)
        noting.person(Changed.PASSWORD_RESET, person.id)
    return password


def revoke_session(rt: Runtime, actor: Actor, identity: int, session: int) -> None:
    """End one session of a person, such as that of a lost phone.

    Raises
    ------
    NotFoundError
        ``session_not_found``: the person has no such session that is still open.
    """
    with _changing(rt, actor, identity) as (tx, person, noting):
        now = rt.clock.now()
        is_known = session <= LARGEST_ID
        if not (is_known and sessions.revoke_session(tx, session, of=person.id, by=actor.person, now=now)):
            raise NotFoundError("session_not_found", params={"id": session})
        noting.person(Changed.SESSION_REVOKED, person.id, session=session)


@contextmanager
def _changing(rt: Runtime, actor: Actor, identity: int) -> Iterator[tuple[Tx, PersonRecord, Noting]]:
    """Open the transaction of a change, the person's row held until its end."""
    only_for(actor, ADMIN)
    with rt.database.writing() as tx:
        yield tx, _known(tx, identity, for_update=True), Noting(tx, actor, rt.clock.now())


@contextmanager
def _taking(
    rt: Runtime, actor: Actor, identity: int
) -> Iterator[tuple[Tx, PersonRecord, Noting, Mapping[int, PersonId]]]:
    """Open the transaction of a change that may take an administrator away; tell also who is one for good.

    Their rows are held before the person's own: two who take each other away would hold one each and wait for the
    other for ever.
    """
    only_for(actor, ADMIN)
    with rt.database.writing() as tx:
        lasting = staffing.hold_lasting_admins(tx, _today(rt))
        yield tx, _known(tx, identity, for_update=True), Noting(tx, actor, rt.clock.now()), lasting


def _known(tx: Tx, identity: int, *, for_update: bool = False) -> PersonRecord:
    found = staffing.person_record(tx, PersonId(identity), for_update=for_update) if identity <= LARGEST_ID else None
    if found is None:
        raise NotFoundError("person_not_found", params={"id": identity})
    return found


def _refuse_last_admin(lasting: Mapping[int, PersonId], taken: Set[int]) -> None:
    if lasting and lasting.keys() <= taken:
        raise WrongStateError("last_admin")


def _acts_for_unit(person: PersonRecord, rt: Runtime) -> bool:
    now, today = rt.clock.now(), _today(rt)
    return any(grant.role in UNIT_ROLES and not grant.has_ended(now, today) for grant in person.grants)


def _overlaps(one: GrantRecord, new: NewGrant) -> bool:
    """Tell whether a role of the person's own is in force on some day of a new one."""
    if one.is_delegated or (one.role, one.scope) != (new.role, new.scope):
        return False
    return one.valid_from <= (new.valid_to or date.max) and new.valid_from <= (one.valid_to or date.max)


def _name_problems(name: str) -> dict[str, Problem]:
    is_good = bool(name.strip()) and len(name.strip()) <= _MOST_NAME and name.isprintable()
    return {} if is_good else {"name": Problem(code="name_needed", params={"most": _MOST_NAME})}


def _unit_problems(unit: UnitCode | None, reference: Reference) -> dict[str, Problem]:
    if unit is None or unit in reference.rules.units.by_code:
        return {}
    return {"unit": Problem(code="unknown_unit", params={"unit": unit})}


def _grant_problems(new: NewGrant, unit: UnitCode | None, reference: Reference) -> dict[str, Problem]:
    problems: dict[str, Problem] = {}
    kind, value = new.scope.kind, new.scope.value
    if new.role not in GRANTABLE:
        problems["role"] = Problem(code="role_not_grantable", params={"role": new.role})
    elif kind not in scopes_of(new.role):
        allowed = ", ".join(str(one) for one in ScopeKind if one in scopes_of(new.role))
        problems["scope"] = Problem(code="scope_not_for_role", params={"role": new.role, "choices": allowed})
    elif kind is ScopeKind.AREA and not _is_area(value, reference):
        problems["scope_value"] = Problem(code="unknown_area", params={"area": value})
    elif kind is ScopeKind.UNIT and value not in reference.rules.units.by_code:
        problems["scope_value"] = Problem(code="unknown_unit", params={"unit": value})
    elif kind is ScopeKind.UNIT and value != unit:
        problems["scope_value"] = Problem(code="scope_of_other_unit")
    elif value and kind not in _WITH_VALUE:
        problems["scope_value"] = Problem(code="scope_without_value")
    if new.valid_to is not None and new.valid_to < new.valid_from:
        problems["valid_to"] = Problem(code="end_before_start")
    return problems


def _is_area(value: str, reference: Reference) -> bool:
    return bool(value) and any(layer == UNIT_LAYER and code.startswith(value) for layer, code in reference.features)


def _raise_if_any(problems: Mapping[str, Problem]) -> None:
    if problems:
        raise InvalidInputError("invalid_input", fields={name: (problem,) for name, problem in problems.items()})


def _today(rt: Runtime) -> date:
    return rt.clock.now().astimezone(rt.settings.zone).date()
