"""The console's blueprint: everybody here is signed in, and every change came from our own pages."""

from flask import Blueprint, Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.errors import NotSignedInError
from gridcase.edge.runtime import (
    chosen_language,
    keep_language,
    require_caller,
    runtime,
    speak,
)
from gridcase.edge.texts import Language

console = Blueprint("console", "gridcase.web.console")


def is_fragment() -> bool:
    """Tell whether a part of a page is asked for, by htmx, and not a whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def go_to(address: str) -> BaseResponse:
    """Lead the browser to another page of ours, whether a page or a fragment was asked for."""
    if not is_fragment():
        return redirect(address, code=303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = address
    return response


@console.before_request
def _guard() -> BaseResponse | None:
    """Speak the chosen language, Chinese without a choice; send strangers to sign in, and back here afterwards."""
    speak(chosen_language() or Language(runtime().settings.language))
    try:
        require_caller()
    except NotSignedInError:
        here = request.full_path.rstrip("?") if request.method == "GET" and not is_fragment() else _page_before()
        return go_to(url_for("pages.sign_in_form", next=here, ended=1 if request.cookies else None))
    return None


def _page_before() -> str | None:
    """Return the path of the page from which something was sent, so that one comes back to it."""
    return safe_path(request.headers.get("HX-Current-URL", "").removeprefix(request.host_url.rstrip("/")))


def safe_path(text: str | None) -> str | None:
    """Return a path of our own to go to, or None: never another host, never a line break.

    Examples
    --------
    >>> safe_path("/queue?state=returned"), safe_path("//evil.example"), safe_path("https://evil.example")
    ('/queue?state=returned', None, None)
    """
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return None
    return text if text.isprintable() and "\\" not in text else None


@console.after_request
def _private(response: Response) -> Response:
    """Keep what a person sees out of shared caches, and remember a language chosen here."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.vary.add("Cookie")
    chosen = request.args.get("lang", "")
    if chosen in set(Language):
        keep_language(response, Language(chosen))
    return response
