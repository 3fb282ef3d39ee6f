"""The running system behind a request: runtime, caller, configuration seen, language."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g, has_request_context, request

from gridcase.domain.actor import Actor
from gridcase.domain.errors import NotSignedInError
from gridcase.edge.texts import Language
from gridcase.services.identity import who_is
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference

EXTENSION = "gridcase"


@dataclass(frozen=True, slots=True)
class Calling:
    """Who calls, under which configuration."""

    actor: Actor
    reference: Reference


def runtime() -> Runtime:
    """Return the runtime of this application."""
    return cast("Runtime", current_app.extensions[EXTENSION])


def language() -> Language:
    """Return the caller's language: ``Accept-Language``, else the instance's own."""
    default = Language(runtime().settings.language)
    if not has_request_context() or not request.accept_languages:
        return default
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"], default=default)
    return Language.EN if best == "en" else Language.ZH if best else default


def bearer() -> str | None:
    """Return the token of this request, or None."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def require_caller() -> None:
    """Refuse a request without a valid sign-in: the guard of every blueprint that is not open.

    Raises
    ------
    NotSignedInError
        There is no token, or it has ended.
    """
    token = bearer()
    if token is None:
        raise NotSignedInError("not_signed_in")
    rt = runtime()
    found = who_is(rt, token)
    g.calling = Calling(actor=found.actor, reference=rt.reference(found.config_version))


def caller_if_any() -> Actor | None:
    """Return who calls, or None before and without a sign-in."""
    found: Calling | None = g.get("calling")
    return found.actor if found else None


def calling() -> Calling:
    """Return who calls; only behind ``require_caller``."""
    return cast("Calling", g.calling)
