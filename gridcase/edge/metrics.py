"""What is counted for operators: requests and their time, cases filed, refusals by code; in Prometheus' text format.

Labels hold routes, words of our own tables and statuses: never a case number, a person or a text. Several workers add
up in files of a common folder (``prepare_metrics``); without it each process tells its own share.
"""

import hmac
import ipaddress
import os
import time

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gridcase.domain.case import Source
from gridcase.domain.errors import NotPermittedError
from gridcase.edge.runtime import bearer, runtime
from gridcase.settings import Settings

#: Where the workers of one server add up; the library reads it when it is imported.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_REGISTRY = CollectorRegistry()
_REQUESTS = Histogram(
    "gridcase_http_request_duration_seconds",
    "Time to answer; its count is the number of requests",
    ("endpoint", "method", "status"),
    registry=_REGISTRY,
)
_FILED = Counter("gridcase_cases_filed", "Cases filed, replays left out", ("source",), registry=_REGISTRY)
_REFUSALS = Counter("gridcase_refusals", "Requests refused, by error code", ("code",), registry=_REGISTRY)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Headers by which a proxy says that the request is not its own.
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def register_metrics(app: Flask) -> None:
    """Time every request of an application."""

    @app.before_request
    def _begin() -> None:
        g.metrics_began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        # What a stranger may choose freely, a path or a method, must not become a label.
        endpoint = request.endpoint or "unmatched"
        method = request.method if request.method in _METHODS else "other"
        seconds = time.perf_counter() - g.metrics_began
        _REQUESTS.labels(endpoint, method, str(response.status_code)).observe(seconds)
        return response


def count_filed(source: Source) -> None:
    """Count a case that was filed now, not a replay of an earlier filing."""
    _FILED.labels(str(source)).inc()


def count_refusal(code: str) -> None:
    """Count a request that was refused."""
    _REFUSALS.labels(code).inc()


def require_metrics_reader() -> None:
    """Refuse everybody but this machine itself and the holder of ``metrics_token``.

    A request that a proxy on this machine passed on is a stranger's.

    Raises
    ------
    NotPermittedError
        ``metrics_refused``.
    """
    token = runtime().settings.metrics_token
    if token and hmac.compare_digest((bearer() or "").encode(), token.encode()):
        return
    if any(name in request.headers for name in _PASSED_ON) or not _is_loopback(request.remote_addr):
        raise NotPermittedError("metrics_refused")


def metrics_response() -> Response:
    """Answer with everything counted so far, by all workers of this server."""
    folder = os.environ.get(FOLDER_VARIABLE)
    registry = _REGISTRY
    if folder:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def prepare_metrics(settings: Settings, port: int) -> dict[str, str]:
    """Make an empty folder in which the workers of the server on this port add up; returns the variable naming it."""
    folder = settings.data_dir.resolve() / "metrics" / str(port)
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    return {FOLDER_VARIABLE: str(folder)}


def _is_loopback(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
