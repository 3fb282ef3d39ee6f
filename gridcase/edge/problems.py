"""Errors to answers: one table from domain errors to HTTP, one shape for all of them (RFC 9457).

Everything that can go wrong in a request ends here: domain errors, errors of the framework, and faults of our own,
which are logged with an id and answered with that id alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from flask import Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from gridcase.domain.errors import (
    GridcaseError,
    InvalidInputError,
    KeyReusedError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    PreconditionMissingError,
    Problem,
    RuleFileError,
    StaleCaseError,
    UnknownYearError,
    WrongStateError,
)
from gridcase.edge.logs import request_id
from gridcase.edge.metrics import count_refusal
from gridcase.edge.runtime import language
from gridcase.edge.texts import TITLES, Language, sentence
from gridcase.services.attaching import TooLargeError
from gridcase.services.identity import TooManyFailuresError

_log = structlog.get_logger("gridcase")


class UnreadableBodyError(InvalidInputError):
    """The body is not JSON at all."""


class UnsupportedBodyError(InvalidInputError):
    """The body is not declared as JSON."""


class BodyTooLargeError(InvalidInputError):
    """The body is larger than any request of this kind."""


#: The first row that fits decides; children stand before their parents.
STATUSES: tuple[tuple[type[GridcaseError], int], ...] = (
    (UnreadableBodyError, 400),
    (NotSignedInError, 401),
    (NotPermittedError, 403),
    (NotFoundError, 404),
    (WrongStateError, 409),
    (KeyReusedError, 409),
    (StaleCaseError, 412),
    (TooLargeError, 413),
    (BodyTooLargeError, 413),
    (UnsupportedBodyError, 415),
    (InvalidInputError, 422),
    (RuleFileError, 422),
    (UnknownYearError, 422),
    (PreconditionMissingError, 428),
    (TooManyFailuresError, 429),
)

ProblemPage = Callable[[dict[str, Any]], Response]
_PAGE = "gridcase_problem_page"
_DOCUMENTS = ("application/problem+json", "application/json")

_HTTP_CODES = {404: "route_not_found", 405: "method_not_allowed", 413: "file_too_large", 415: "unsupported_type"}


def status_of(error: GridcaseError) -> int:
    """Return the HTTP status of a domain error; 422 for one that has no row of its own."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 422)


def problem_body(
    status: int, code: str, params: Mapping[str, str | int], fields: Mapping[str, tuple[Problem, ...]], spoken: Language
) -> dict[str, Any]:
    """Return a problem document in one language."""
    title = TITLES.get(status, TITLES[500])
    body: dict[str, Any] = {
        "type": f"urn:gridcase:problem:{code}",
        "title": title.in_(spoken),
        "status": status,
        "detail": sentence(code, params, spoken),
        "code": code,
    }
    if fields:
        body["errors"] = {
            name: [sentence(problem.code, problem.params, spoken) for problem in problems]
            for name, problems in fields.items()
        }
        body["codes"] = {name: [problem.code for problem in problems] for name, problems in fields.items()}
    return body


def problem_response(error: GridcaseError) -> Response:
    """Answer a domain error."""
    status = status_of(error)
    response = _respond(problem_body(status, error.code, error.params, error.fields, language()))
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyFailuresError):
        response.headers["Retry-After"] = str(error.params["seconds"])
    return response


def register_problems(app: Flask, page: ProblemPage | None = None) -> None:
    """Answer every error of this application as a problem document.

    Parameters
    ----------
    page
        Shows a problem to somebody who came with a browser; without it everybody gets the document.
    """
    app.extensions[_PAGE] = page

    @app.errorhandler(GridcaseError)
    def _ours(error: GridcaseError) -> Response:
        return problem_response(error)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return Response(status=status, headers=error.get_headers())
        code = _HTTP_CODES.get(status, "bad_request" if status < 500 else "internal_error")
        limit = request.max_content_length or 0
        params = {"allowed": limit // 1_000_000} if status == 413 else {}
        fields = {"file": (Problem(code=code, params=params),)} if status == 413 else {}
        response = _respond(problem_body(status, code, params, fields, language()))
        if status == 405 and getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
        return response

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        identity = request_id()
        _log.error("request failed", request_id=identity, method=request.method, exc_info=error)
        return _respond(problem_body(500, "internal_error", {"id": identity}, {}, language()))


def _respond(body: dict[str, Any]) -> Response:
    count_refusal(body["code"])
    page: ProblemPage | None = current_app.extensions.get(_PAGE)
    if page is not None and _wants_page():
        return page(body)
    response = jsonify(body)
    response.status_code = body["status"]
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = "zh-CN" if language() is Language.ZH else "en"
    response.headers["Vary"] = "Accept-Language"
    return response


def _wants_page() -> bool:
    """Tell a browser at a page from every program, and from a browser at the API."""
    if request.path.startswith("/api/"):
        return False
    if request.headers.get("HX-Request") == "true":
        return True
    accepted = request.accept_mimetypes
    return accepted["text/html"] > max(accepted[kind] for kind in _DOCUMENTS)
