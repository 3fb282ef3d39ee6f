"""For operators and other programs: is it alive, is it ready, how much does it do."""

from flask import Response, jsonify

from gridcase import __version__
from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import AliveSchema, ReadySchema, problem
from gridcase.edge.metrics import metrics_response, require_metrics_reader
from gridcase.edge.problems import problem_body
from gridcase.edge.runtime import language, runtime
from gridcase.services.watching import readiness

operations = ApiBlueprint("operations", description="Operations", is_open=True, prefix="")


@operations.route("/healthz", methods=["GET"])
@operations.doc(
    summary="Is the process alive",
    security=[],
    responses={"200": {"description": "It is", "content": {"application/json": {"schema": AliveSchema}}}},
)
def healthz() -> dict[str, str]:
    """Answer without touching anything."""
    return {"status": "ok", "version": __version__}


@operations.route("/readyz", methods=["GET"])
@operations.doc(
    summary="Can it do its work",
    security=[],
    responses={
        "200": {"description": "It can", "content": {"application/json": {"schema": ReadySchema}}},
        "503": problem(503),
    },
)
def readyz() -> Response:
    """Tell whether the database answers, has the newest schema and is configured."""
    found = readiness(runtime())
    if found.is_ready:
        return jsonify(status="ready", schema=found.is_current, configured=found.is_configured)
    answer = jsonify(problem_body(503, "not_ready", {}, {}, language()))
    answer.status_code = 503
    answer.mimetype = "application/problem+json"
    return answer


@operations.route("/metrics", methods=["GET"])
@operations.doc(
    summary="How much it does",
    description="For this machine itself, or with the bearer token of the setting metrics_token.",
    security=[],
    responses={
        "200": {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}},
        "403": problem(403),
    },
)
def metrics() -> Response:
    """Tell requests and their time, cases filed, and refusals by code."""
    require_metrics_reader()
    return metrics_response()
