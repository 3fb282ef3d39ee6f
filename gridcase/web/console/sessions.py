"""Signing in and out, one's own account: password and role."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.actor import Role
from gridcase.domain.errors import GridcaseError, NotSignedInError, invalid
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import (
    SESSION_COOKIE,
    calling,
    close_session,
    language,
    open_session,
    refuse_foreign_sites,
    runtime,
    session_token,
)
from gridcase.services.identity import (
    Opening,
    SessionKind,
    TooManyFailuresError,
    change_password,
    own_roles,
    sign_in,
    sign_out,
    switch_role,
)
from gridcase.web.console.action_forms import sentences_of, word_choices
from gridcase.web.console.blueprint import console, go_to, safe_path
from gridcase.web.console.rendering import console_page
from gridcase.web.pages import page, pages

_ROLES = tuple(role for role in Role if role not in (Role.PUBLIC_DOOR, Role.CENTRE, Role.CAMERA, Role.SYSTEM))


@pages.route("/login", methods=["GET"])
def sign_in_form() -> Response:
    """Ask for user name and password."""
    note = "sign_in.ended" if "ended" in request.args and SESSION_COOKIE in request.cookies else ""
    note = "sign_in.out" if "out" in request.args else note
    return _sign_in_page(note=note)


@pages.route("/login", methods=["POST"])
def open_door() -> BaseResponse:
    """Check them and open a session in one role; a session that the browser had before is ended."""
    refuse_foreign_sites()
    form = request.form
    role = form.get("role", "")
    try:
        opened = sign_in(
            runtime(),
            username=form.get("username", "").strip(),
            password=form.get("password", ""),
            address=request.remote_addr or "",
            role=Role(role) if role in set(Role) else None,
            opening=Opening(kind=SessionKind.BROWSER),
        )
    except GridcaseError as refusal:
        return _sign_in_page(status=_status(refusal), refusal=refusal)
    before = request.cookies.get(SESSION_COOKIE)
    if before:
        sign_out(runtime(), before)
    response = go_to(safe_path(form.get("next")) or url_for("pages.home"))
    open_session(response, opened.token, opened.seconds)
    return response


def _status(refusal: GridcaseError) -> int:
    """Return the status of a refused sign-in: a page has no use for 401, which asks for another kind of sign-in."""
    return 422 if isinstance(refusal, NotSignedInError) else status_of(refusal)


def _sign_in_page(*, status: int = 200, note: str = "", refusal: GridcaseError | None = None) -> Response:
    response = page(
        "console/sign_in.html",
        title="sign_in.title",
        status=status,
        note=note,
        errors=_sentences(refusal),
        username=request.form.get("username", ""),
        chosen=request.form.get("role", ""),
        next=safe_path(request.values.get("next")) or "",
        roles=word_choices(_ROLES, language()),
        has_overview=runtime().settings.public_overview,
    )
    if isinstance(refusal, TooManyFailuresError):
        response.headers["Retry-After"] = str(refusal.params["seconds"])
    return response


def _sentences(refusal: GridcaseError | None) -> dict[str, list[str]]:
    return sentences_of(refusal) if refusal else {}


@console.route("/logout", methods=["POST"])
def close_door() -> BaseResponse:
    """End the session, here and in the database."""
    sign_out(runtime(), session_token() or "")
    response = go_to(url_for("pages.sign_in_form", out=1))
    close_session(response)
    return response


@console.route("/account", methods=["GET"])
def account() -> Response:
    """Show who is signed in, the roles to choose from, and the form for a new password."""
    return _account_page(is_changed="changed" in request.args)


@console.route("/account/password", methods=["POST"])
def new_password() -> BaseResponse:
    """Change the password."""
    form = request.form
    try:
        if form.get("new", "") != form.get("again", ""):
            raise invalid("again", "password_differs")
        change_password(
            runtime(),
            calling().actor,
            current=form.get("current", ""),
            new=form.get("new", ""),
            address=request.remote_addr or "",
            token=session_token() or "",
        )
    except GridcaseError as refusal:
        return _account_page(status=status_of(refusal), refusal=refusal)
    return go_to(url_for("console.account", changed=1))


@console.route("/account/role", methods=["POST"])
def take_role() -> BaseResponse:
    """Act in another of one's roles from now on."""
    role = request.form.get("role", "")
    if role not in set(Role):
        raise invalid("role", "role_not_granted", role=role, choices=", ".join(own_roles(runtime(), calling().actor)))
    opened = switch_role(runtime(), calling().actor, session_token() or "", Role(role))
    response = go_to(url_for("pages.home"))
    open_session(response, opened.token, opened.seconds)
    return response


def _account_page(*, status: int = 200, refusal: GridcaseError | None = None, is_changed: bool = False) -> Response:
    return console_page(
        "console/account.html",
        title="account.title",
        status=status,
        errors=_sentences(refusal),
        roles=own_roles(runtime(), calling().actor),
        is_changed=is_changed,
    )
