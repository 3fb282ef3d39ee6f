"""The running system behind a request: runtime, caller, configuration seen, language.

Programs sign in by a bearer token, browsers by a cookie that holds the same kind of token. A browser sends the cookie
along whoever made it ask, so what changes something must come from our own pages (ADR 0016).
"""

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, g, has_request_context, request
from werkzeug.wrappers import Response

from gridcase.domain.actor import Actor
from gridcase.domain.errors import NotPermittedError, NotSignedInError
from gridcase.edge.texts import Language
from gridcase.services.identity import who_is
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference

EXTENSION = "gridcase"
SESSION_COOKIE = "gridcase_session"
LANGUAGE_COOKIE = "gridcase_lang"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a browser says of a request that our own page, or the person at the address bar, made.
_OWN_SITES = frozenset({"same-origin", "none"})
_ONE_YEAR_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Calling:
    """Who calls, under which configuration, by which session."""

    actor: Actor
    reference: Reference
    session: int


def runtime() -> Runtime:
    """Return the runtime of this application."""
    return cast("Runtime", current_app.extensions[EXTENSION])


def is_served(endpoint: str) -> bool:
    """Tell whether this application has a page of this name."""
    return endpoint in current_app.view_functions


def language() -> Language:
    """Return the caller's language: the one chosen (``?lang=``, cookie), ``Accept-Language``, the instance's own."""
    default = Language(runtime().settings.language)
    if not has_request_context():
        return default
    chosen: Language | None = g.get("language") or chosen_language()
    if chosen is not None:
        return chosen
    if not request.accept_languages:
        return default
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"], default=default)
    return Language.EN if best == "en" else Language.ZH if best else default


def speak(chosen: Language) -> None:
    """Answer this request in a language, whatever the browser would accept."""
    g.language = chosen


def chosen_language() -> Language | None:
    """Return the language somebody chose in this browser: ``?lang=``, else the cookie; None without a choice."""
    for said in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if said in set(Language):
            return Language(said)
    return None


def keep_language(response: Response, chosen: Language) -> None:
    """Let the browser remember a language."""
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_ONE_YEAR_S, secure=is_secure(), samesite="Lax")


def open_session(response: Response, token: str, seconds: int) -> None:
    """Give the browser a session just opened, in place of any it had."""
    response.set_cookie(
        SESSION_COOKIE, token, max_age=seconds, httponly=True, secure=is_secure(), samesite="Lax", path="/"
    )


def close_session(response: Response) -> None:
    """Take the session from the browser; the token itself is ended by ``gridcase.services.identity.sign_out``."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, secure=is_secure(), samesite="Lax", path="/")


def is_secure() -> bool:
    """Tell whether browsers reach us by HTTPS: directly, or by a proxy in front whose address the settings name."""
    return request.is_secure or runtime().settings.public_url.lower().startswith("https://")


def session_token() -> str | None:
    """Return the token of this request: that of its header, else of its cookie; None without one."""
    return bearer() or request.cookies.get(SESSION_COOKIE) or None


def refuse_foreign_sites() -> None:
    """Refuse a request that changes something unless our own pages made it.

    Browsers say which site made them ask (``Sec-Fetch-Site``); older ones at least ``Origin``. Silence is refused: only
    programs say neither, and they carry a bearer token.

    Raises
    ------
    NotPermittedError
        ``cross_site``.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "")
    is_own = site in _OWN_SITES if site is not None else urlsplit(origin).netloc == request.host
    if not is_own:
        raise NotPermittedError("cross_site")


def bearer() -> str | None:
    """Return the token in this request's ``Authorization`` header, or None."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def require_caller() -> None:
    """Refuse a request without a valid sign-in: the guard of every blueprint that is not open.

    Raises
    ------
    NotSignedInError
        There is no token, or it has ended.
    NotPermittedError
        A browser was made to ask by another site.
    """
    token = session_token()
    if token is None:
        raise NotSignedInError("not_signed_in")
    if bearer() is None:
        refuse_foreign_sites()
    rt = runtime()
    found = who_is(rt, token)
    g.calling = Calling(actor=found.actor, reference=rt.reference(found.config_version), session=found.session)


def signed_in() -> Actor | None:
    """Return who is signed in, on a page that strangers may see too; None for a stranger."""
    try:
        require_caller()
    except NotSignedInError:
        return None
    return calling().actor


def caller_if_any() -> Actor | None:
    """Return who calls, or None before and without a sign-in."""
    found: Calling | None = g.get("calling")
    return found.actor if found else None


def calling() -> Calling:
    """Return who calls; only behind ``require_caller``."""
    return cast("Calling", g.calling)
