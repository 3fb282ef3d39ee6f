"""How the process writes its log: one JSON object a line on standard error, with ids and without personal data.

One line a request: method, route, status, time, who by id and role; no bodies, no query strings, no names, and of a
path only its route. A fault is told by kinds of error and places in the code: messages quote data, and the default
of structlog's console would print every local variable, passwords and descriptions included.
"""

import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from itertools import islice

import structlog
from flask import Flask, Response, g, has_request_context, request
from structlog.typing import EventDict

from gridcase.edge.runtime import caller_if_any

REQUEST_ID = "X-Request-Id"
_log = structlog.get_logger("gridcase")
#: Most errors told of one chain of causes, and most places of one error, innermost last.
_MOST_CAUSES, _MOST_PLACES = 5, 40


def configure_logs() -> None:
    """Set the shape of every line; said again, it changes nothing."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=_to_standard_error,
    )


def register_logs(app: Flask) -> None:
    """Give every request an id, in ``X-Request-Id``, and write its line."""

    @app.before_request
    def _begin() -> None:
        g.request_id = _given_id() or uuid.uuid4().hex
        g.logs_began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        actor = caller_if_any()
        response.headers[REQUEST_ID] = request_id()
        _log.info(
            "request",
            request_id=request_id(),
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round((time.perf_counter() - g.logs_began) * 1000, 1),
            actor=actor.person if actor else None,
            role=actor.role if actor else None,
        )
        return response


def request_id() -> str:
    """Return the id of this request; a fresh one outside of any."""
    found: str | None = g.get("request_id") if has_request_context() else None
    return found or uuid.uuid4().hex


def _given_id() -> str | None:
    """Return the id a proxy gave the request, if it is a UUID; anything else could be somebody's name."""
    try:
        return uuid.UUID(request.headers.get(REQUEST_ID, "")).hex
    except ValueError:
        return None


def _without_messages(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Replace an error by what it is and where it came from."""
    error = line.pop("exc_info", None)
    if isinstance(error, BaseException):
        line["errors"] = [
            {"kind": f"{type(one).__module__}.{type(one).__qualname__}", "at": _places(one)}
            for one in islice(_causes(error), _MOST_CAUSES)
        ]
    return line


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{one.filename}:{one.lineno} {one.name}" for one in frames[-_MOST_PLACES:]]


def _to_standard_error(*_names: object) -> structlog.PrintLogger:
    # Looked up for every line, so that a stream put in its place is used.
    return structlog.PrintLogger(sys.stderr)
