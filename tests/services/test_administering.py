"""People and their roles as an administrator keeps them: what is refused, what ends at once, what is noted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.domain.case import UnitCode
from gridcase.domain.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    WrongStateError,
)
from gridcase.services import administering, delegating, identity, rostering
from gridcase.services.administering import NewColleague, NewGrant
from gridcase.store.admin_changes import ChangesWanted
from gridcase.store.staffing import PeopleWanted, end_grant, hold_lasting_admins
from tests.office import PEOPLE, Office
from tests.services.test_statements import counted

ALL = Scope(kind=ScopeKind.ALL)
TODAY = date(2026, 10, 12)


def granted(role: Role = Role.ACCEPTOR, scope: Scope = ALL, **more: Any) -> NewGrant:
    return NewGrant(role=role, scope=scope, **({"valid_from": TODAY} | more))


def added(office: Office, username: str = "new.one", **more: Any) -> administering.AddedPerson:
    new = {"name": "新来的", "unit": None, "grant": granted()} | more
    return administering.add_person(office.rt, office.actor("admin"), NewColleague(username=username, **new))


def signed_in(office: Office, username: str, password: str, role: Role | None = None) -> str:
    return identity.sign_in(office.rt, username=username, password=password, address="here", role=role).token


def notes(office: Office, person: int) -> list[tuple[str, dict[str, Any]]]:
    wanted = ChangesWanted(subject_kind="person", subject=str(person))
    return [(one.what, one.details) for one in administering.changes(office.rt, office.actor("admin"), wanted)]


def problems(error: pytest.ExceptionInfo[InvalidInputError]) -> dict[str, str]:
    return {name: found[0].code for name, found in error.value.fields.items()}


def test_a_person_added_signs_in_with_the_password_told_once_and_the_history_holds_neither_name_nor_password(office):
    new = added(office)
    signed_in(office, "new.one", new.password)
    assert [what for what, _ in notes(office, new.id)] == ["role_granted", "person_added"]
    assert new.password not in str(notes(office, new.id))
    assert "新来的" not in str(notes(office, new.id))


def test_a_person_added_on_the_machine_itself_is_noted_as_done_by_nobody_who_signed_in(office):
    new = identity.NewPerson(
        username="by.hand", name="新来的", password="long-enough-7", grants=((Role.ACCEPTOR, ALL),)
    )
    person = identity.add_person(office.rt, new)
    wanted = ChangesWanted(subject_kind="person", subject=str(person))
    found = administering.changes(office.rt, office.actor("admin"), wanted)
    assert [(one.what, one.role, one.actor_name) for one in found] == [
        ("role_granted", "system", ""),
        ("person_added", "system", ""),
    ]
    assert "新来的" not in str([one.details for one in found])


def test_everything_wrong_with_a_new_person_is_said_at_once_and_nobody_is_added(office):
    with pytest.raises(InvalidInputError) as error:
        added(office, "x y", name=" ", unit=UnitCode("NOPE"), grant=granted(Role.HANDLER))
    assert problems(error) == {
        "username": "username_malformed",
        "name": "name_needed",
        "unit": "unknown_unit",
        "scope": "scope_not_for_role",
    }
    with pytest.raises(InvalidInputError) as error:
        added(office, "handler")
    assert problems(error) == {"username": "username_taken"}
    assert administering.count_people(office.rt, office.actor("admin")) == (len(PEOPLE), len(PEOPLE))


def test_whoever_is_deactivated_is_out_at_once_and_stays_out_of_old_sessions_when_taken_back(office):
    new = added(office)
    token = signed_in(office, "new.one", new.password)
    administering.set_active(office.rt, office.actor("admin"), new.id, is_active=False)
    with pytest.raises(NotSignedInError):
        identity.who_is(office.rt, token)
    administering.set_active(office.rt, office.actor("admin"), new.id, is_active=True)
    with pytest.raises(NotSignedInError):
        identity.who_is(office.rt, token)
    signed_in(office, "new.one", new.password)


def test_the_last_administrator_without_an_end_stays(office):
    admin = office.actor("admin")
    grant = administering.person_file(office.rt, admin, admin.person).person.grants[0].id
    with pytest.raises(WrongStateError, match="last_admin"):
        administering.set_active(office.rt, admin, admin.person, is_active=False)
    with pytest.raises(WrongStateError, match="last_admin"):
        administering.end_grant(office.rt, admin, admin.person, grant, None)
    with pytest.raises(WrongStateError, match="last_admin"):
        administering.end_grant(office.rt, admin, admin.person, grant, TODAY + timedelta(days=9))
    added(office, "short", grant=granted(Role.ADMIN, valid_to=TODAY + timedelta(days=30)))
    with pytest.raises(WrongStateError, match="last_admin"):
        administering.set_active(office.rt, admin, admin.person, is_active=False)
    added(office, "second", grant=granted(Role.ADMIN))
    administering.set_active(office.rt, admin, admin.person, is_active=False)
    assert not administering.person_file(office.rt, admin, admin.person).person.is_active


def test_a_role_ends_at_once_or_with_a_day(office):
    admin, new = office.actor("admin"), added(office)
    token = signed_in(office, "new.one", new.password)
    first = administering.person_file(office.rt, admin, new.id).person.grants[0].id
    administering.end_grant(office.rt, admin, new.id, first, TODAY)
    identity.who_is(office.rt, token)
    with pytest.raises(InvalidInputError) as error:
        administering.end_grant(office.rt, admin, new.id, first, TODAY - timedelta(days=1))
    assert problems(error) == {"last_day": "end_before_today"}
    administering.end_grant(office.rt, admin, new.id, first, None)
    with pytest.raises(NotSignedInError):
        identity.who_is(office.rt, token)
    with pytest.raises(NotFoundError):
        administering.end_grant(office.rt, admin, admin.person, first, None)


@pytest.mark.parametrize("last_day", [None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=9)])
def test_a_role_that_ended_is_not_brought_back_by_another_end(office, last_day):
    admin, new = office.actor("admin"), added(office)
    (grant,) = administering.person_file(office.rt, admin, new.id).person.grants
    administering.end_grant(office.rt, admin, new.id, grant.id, None)
    with pytest.raises(NotFoundError, match="grant_not_found"):
        administering.end_grant(office.rt, admin, new.id, grant.id, last_day)
    with pytest.raises(NotSignedInError):
        signed_in(office, "new.one", new.password)


def test_the_rows_of_all_administrators_are_held_before_that_of_the_person(office):
    admin, new = office.actor("admin"), added(office, grant=granted(Role.ADMIN))
    (grant,) = administering.person_file(office.rt, admin, new.id).person.grants
    for take in (
        lambda: administering.end_grant(office.rt, admin, new.id, grant.id, TODAY),
        lambda: administering.set_active(office.rt, admin, new.id, is_active=False),
    ):
        with counted(office) as seen:
            take()
        first, second, *_ = (one for one in seen if one.startswith("SELECT"))
        assert "role_grant.role = " in first
        assert "person.id = " in second
        assert ("FOR UPDATE" in first) is ("FOR UPDATE" in second) is not office.rt.database.is_sqlite


@pytest.mark.postgresql
def test_of_the_last_two_administrators_who_remove_each_other_at_once_one_stays(postgresql_office):
    office = postgresql_office
    admin, new = office.actor("admin"), added(office, grant=granted(Role.ADMIN))
    other = identity.actor(office.rt, "new.one", Role.ADMIN)
    own, given = (
        administering.person_file(office.rt, admin, one).person.grants[0].id for one in (admin.person, new.id)
    )
    with ThreadPoolExecutor(1) as pool:
        with office.rt.database.writing() as tx:
            assert set(hold_lasting_admins(tx, TODAY)) == {own, given}
            end_grant(tx, given, TODAY - timedelta(days=1))
            waiting = pool.submit(administering.end_grant, office.rt, other, admin.person, own, None)
            while not waiting.done() and not is_waited_for(office):
                pass
        with pytest.raises(WrongStateError, match="last_admin"):
            waiting.result()
    assert administering.person_file(office.rt, admin, admin.person).person.grants[0].valid_to is None


def is_waited_for(office: Office) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with office.rt.database.asking() as tx:
        return tx.execute(text(asked)).scalar_one() > 0


def test_the_same_role_is_not_granted_twice_for_the_same_days_and_a_unit_role_needs_the_persons_unit(office):
    admin, new = office.actor("admin"), added(office)
    with pytest.raises(InvalidInputError) as error:
        administering.grant_role(office.rt, admin, new.id, granted())
    assert problems(error) == {"role": "role_granted_already"}
    unit = Scope(kind=ScopeKind.UNIT, value="NDJ-HW")
    with pytest.raises(InvalidInputError) as error:
        administering.grant_role(office.rt, admin, new.id, granted(Role.HANDLER, unit))
    assert problems(error) == {"scope_value": "scope_of_other_unit"}
    administering.change_person(office.rt, admin, new.id, name="新来的", unit=UnitCode("NDJ-HW"))
    administering.grant_role(office.rt, admin, new.id, granted(Role.HANDLER, unit))
    with pytest.raises(InvalidInputError) as error:
        administering.change_person(office.rt, admin, new.id, name="新来的", unit=None)
    assert problems(error) == {"unit": "unit_needed_by_role"}


def test_a_password_reset_and_a_session_revoked_end_what_was_open(office):
    admin, new = office.actor("admin"), added(office)
    token = signed_in(office, "new.one", new.password)
    session = administering.person_file(office.rt, admin, new.id).sessions[0].id
    with pytest.raises(NotFoundError):
        administering.revoke_session(office.rt, admin, admin.person, session)
    administering.revoke_session(office.rt, admin, new.id, session)
    with pytest.raises(NotSignedInError):
        identity.who_is(office.rt, token)
    token = signed_in(office, "new.one", new.password)
    password = administering.reset_password(office.rt, admin, new.id)
    with pytest.raises(NotSignedInError):
        identity.who_is(office.rt, token)
    with pytest.raises(NotSignedInError):
        signed_in(office, "new.one", new.password)
    signed_in(office, "new.one", password)


@pytest.mark.parametrize("username", sorted(set(PEOPLE) - {"admin"}))
def test_nobody_else_administers(sqlite_office, username):
    actor = sqlite_office.actor(username)
    for forbidden in (
        lambda: administering.people_list(sqlite_office.rt, actor, PeopleWanted()),
        lambda: administering.set_active(sqlite_office.rt, actor, actor.person, is_active=False),
        lambda: administering.reset_password(sqlite_office.rt, actor, 1),
        lambda: administering.changes(sqlite_office.rt, actor, ChangesWanted()),
    ):
        with pytest.raises(NotPermittedError):
            forbidden()


def test_people_are_found_by_part_of_their_names_and_paged(office):
    admin = office.actor("admin")
    added(office, "wang_5", name="王五%")
    for part in ("G_5", "王五", "%"):
        found = administering.people_list(office.rt, admin, PeopleWanted(text=part))
        assert [one.username for one in found] == ["wang_5"], part
    first = administering.people_list(office.rt, admin, PeopleWanted(limit=4))
    assert len(first) == 5
    rest = administering.people_list(office.rt, admin, PeopleWanted(limit=100, after=first[3].username))
    assert len(first[:4]) + len(rest) == len(PEOPLE) + 1


def test_the_history_refuses_to_be_changed(office):
    added(office)
    for statement in ("UPDATE admin_change SET what = 'x'", "DELETE FROM admin_change"):
        with pytest.raises(DBAPIError), office.rt.database.writing() as tx:
            tx.execute(text(statement))


def test_a_delegation_is_ended_by_whoever_gave_it_or_an_administrator_and_its_session_ends(office):
    now = office.clock.now()
    new = delegating.NewDelegation(
        role=Role.SHIFT_LEADER, to="acceptor", starts_at=now, ends_at=now + timedelta(days=2)
    )
    made, _ = delegating.delegate(office.rt, office.actor("shift_leader"), new)
    token = signed_in(office, "acceptor", "a long enough password", Role.SHIFT_LEADER)
    with pytest.raises(NotFoundError):
        delegating.end_delegation(office.rt, office.actor("dispatcher"), made.id)
    delegating.end_delegation(office.rt, office.actor("shift_leader"), made.id)
    with pytest.raises(NotSignedInError):
        identity.who_is(office.rt, token)
    with pytest.raises(WrongStateError, match="delegation_over"):
        delegating.end_delegation(office.rt, office.actor("admin"), made.id)
    assert [one.id for one in delegating.past_and_present(office.rt, office.actor("admin"))] == [made.id]


def test_a_week_is_copied_once_and_shifts_are_removed_or_cut(office):
    leader, zone = office.actor("shift_leader"), office.rt.settings.zone
    start = datetime(2026, 10, 13, 8, tzinfo=zone)
    new = rostering.NewShift(
        username="inspector", area="320404005001", starts_at=start, ends_at=start + timedelta(hours=9)
    )
    rostering.add_shift(office.rt, leader, new)
    monday = date(2026, 10, 19)
    assert rostering.copy_week(office.rt, leader, monday).added == 1
    assert rostering.copy_week(office.rt, leader, monday).added == 0
    week = timedelta(days=7)
    (copied,) = rostering.shifts(office.rt, leader, start + week, start + 2 * week)
    assert (copied.starts_at, copied.area) == (start + week, "320404005001")
    rostering.remove_shift(office.rt, leader, copied.id)
    assert rostering.shifts(office.rt, leader, start + week, start + 2 * week) == ()
    (first,) = rostering.shifts(office.rt, leader, start, start + week)
    rostering.cut_shift(office.rt, leader, first.id, start + timedelta(hours=4))
    office.clock.instant = start + timedelta(hours=5)
    with pytest.raises(WrongStateError, match="shift_over"):
        rostering.remove_shift(office.rt, leader, first.id)
    assert [what for what, _ in notes(office, first.person)] == [
        "shift_cut",
        "shift_removed",
        "shift_added",
        "shift_added",
        "role_granted",
        "person_added",
    ]
