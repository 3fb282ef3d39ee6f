"""People under ``/admin``: who they are, what they may do, where they are signed in; and the history of all changes."""

from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.domain.case import UnitCode
from gridcase.domain.errors import GridcaseError, invalid
from gridcase.edge.runtime import calling, runtime
from gridcase.services import administering
from gridcase.services.administering import GRANTABLE, AddedPerson, ChangesWanted, NewColleague, NewGrant, PeopleWanted
from gridcase.services.steps.changes import SubjectKind
from gridcase.web.console.admin_frame import (
    admin_page,
    admin_route,
    given,
    given_day,
    said,
    status_of_refusal,
    today,
)
from gridcase.web.console.numbers import as_number

_PAGE = 30
_CHANGES = 50
_KINDS = tuple(str(one) for one in SubjectKind)


@admin_route("/people")
def admin_people() -> Response:
    """List people, searched and paged."""
    return _people()


@admin_route("/people", methods=["POST"])
def admin_add_person() -> Response:
    """Add a person; the page then shows the password, once."""
    try:
        grant = _grant()
        new = NewColleague(
            username=given("username"), name=given("name"), unit=UnitCode(given("unit")) or None, grant=grant
        )
        added = administering.add_person(runtime(), calling().actor, new)
    except GridcaseError as refusal:
        return _people(refusal=refusal)
    return _private(_people(added=added))


@admin_route("/people/<int:person>")
def admin_person(person: int) -> Response:
    """Show a person."""
    return _person(person)


@admin_route("/people/<int:person>", methods=["POST"])
def admin_change_person(person: int) -> BaseResponse:
    """Change name and unit."""
    return _changed(
        person,
        lambda: administering.change_person(
            runtime(), calling().actor, person, name=given("name"), unit=UnitCode(given("unit")) or None
        ),
    )


@admin_route("/people/<int:person>/active", methods=["POST"])
def admin_set_active(person: int) -> BaseResponse:
    """Deactivate a person, or take them back."""
    return _changed(
        person,
        lambda: administering.set_active(runtime(), calling().actor, person, is_active=given("active") == "1"),
    )


@admin_route("/people/<int:person>/roles", methods=["POST"])
def admin_grant_role(person: int) -> BaseResponse:
    """Grant a role."""
    return _changed(person, lambda: administering.grant_role(runtime(), calling().actor, person, _grant()))


@admin_route("/people/<int:person>/roles/<int:grant>/end", methods=["POST"])
def admin_end_grant(person: int, grant: int) -> BaseResponse:
    """End a role at once, or with a day."""
    return _changed(
        person,
        lambda: administering.end_grant(runtime(), calling().actor, person, grant, _last_day()),
    )


@admin_route("/people/<int:person>/password", methods=["POST"])
def admin_reset_password(person: int) -> Response:
    """Give another password and show it, once."""
    try:
        password = administering.reset_password(runtime(), calling().actor, person)
    except GridcaseError as refusal:
        return _person(person, refusal=refusal)
    return _private(_person(person, password=password))


@admin_route("/people/<int:person>/sessions/<int:session>/revoke", methods=["POST"])
def admin_revoke_session(person: int, session: int) -> BaseResponse:
    """End a session."""
    return _changed(person, lambda: administering.revoke_session(runtime(), calling().actor, person, session))


@admin_route("/history")
def admin_history() -> Response:
    """Show every administrative change, newest first."""
    kind = request.args.get("kind", "")
    before = request.args.get("before", "")
    wanted = ChangesWanted(
        subject_kind=kind if kind in _KINDS else None,
        before=as_number(before),
        limit=_CHANGES,
    )
    found = administering.changes(runtime(), calling().actor, wanted)
    shown = found[:_CHANGES]
    is_more = len(found) > _CHANGES
    return admin_page(
        "admin_history.html",
        tab="console.admin_history",
        title="admin.history",
        changes=shown,
        kinds=_KINDS,
        kind=kind,
        next_url=url_for("console.admin_history", kind=kind or None, before=shown[-1].id) if is_more else None,
    )


def _people(*, refusal: GridcaseError | None = None, added: AddedPerson | None = None) -> Response:
    asked = request.args
    role, unit, active = asked.get("role", ""), asked.get("unit", ""), asked.get("active", "1")
    wanted = PeopleWanted(
        text=asked.get("q", "").strip()[:80],
        role=Role(role) if role in set(Role) else None,
        unit=UnitCode(unit) if unit else None,
        is_active={"1": True, "0": False}.get(active),
        after=asked.get("after"),
        limit=_PAGE,
    )
    found = administering.people_list(runtime(), calling().actor, wanted)
    shown = found[:_PAGE]
    kept: dict[str, Any] = {name: asked[name] for name in ("q", "role", "unit", "active") if name in asked}
    is_more = len(found) > _PAGE
    return admin_page(
        "admin_people.html",
        tab="console.admin_people",
        title="admin.people",
        status=status_of_refusal(refusal),
        people=shown,
        counts=administering.count_people(runtime(), calling().actor),
        asked={"q": wanted.text, "role": role, "unit": unit, "active": active},
        is_searched=bool(kept or asked.get("after")),
        next_url=url_for("console.admin_people", **kept, after=shown[-1].username) if is_more else None,
        errors=said(refusal),
        form=request.form if refusal else {},
        added=added,
        **_choices(),
    )


def _person(person: int, *, refusal: GridcaseError | None = None, password: str | None = None) -> Response:
    file = administering.person_file(runtime(), calling().actor, person)
    return admin_page(
        "admin_person.html",
        tab="console.admin_people",
        title="admin.person",
        heading=file.person.name,
        status=status_of_refusal(refusal),
        file=file,
        person=file.person,
        password=password,
        errors=said(refusal),
        form=request.form if refusal else {},
        **_choices(),
    )


def _choices() -> dict[str, Any]:
    return {
        "roles": GRANTABLE,
        "scopes": tuple(ScopeKind),
        "units": calling().reference.rules.units.units,
        "today": today(),
        "now": runtime().clock.now(),
    }


def _changed(person: int, change: Any) -> BaseResponse:
    """Carry a change out and show the person again, or what was refused beside its field."""
    try:
        change()
    except GridcaseError as refusal:
        return _person(person, refusal=refusal)
    return redirect(url_for("console.admin_person", person=person), code=303)


def _grant() -> NewGrant:
    role, kind = given("role"), given("scope")
    if role not in set(Role):
        raise invalid("role", "field_required")
    if kind not in set(ScopeKind):
        raise invalid("scope", "field_required")
    for name in ("valid_from", "valid_to"):
        if given(name) and given_day(name) is None:
            raise invalid(name, "date_expected", value=given(name))
    return NewGrant(
        role=Role(role),
        scope=Scope(kind=ScopeKind(kind), value=given("scope_value")),
        valid_from=given_day("valid_from") or today(),
        valid_to=given_day("valid_to"),
    )


def _last_day() -> Any:
    if given("last_day") and given_day("last_day") is None:
        raise invalid("last_day", "date_expected", value=given("last_day"))
    return given_day("last_day")


def _private(response: Response) -> Response:
    """Let nobody keep a page on which a password stands."""
    response.headers["Cache-Control"] = "no-store"
    return response
