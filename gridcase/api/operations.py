"""For operators and other programs: is it alive, is it ready."""

from flask import Response, jsonify

from gridcase import __version__
from gridcase.api.blueprint import ApiBlueprint
from gridcase.edge.problems import problem_body
from gridcase.edge.runtime import language, runtime
from gridcase.services.watching import readiness

operations = ApiBlueprint("operations", description="Operations", is_open=True, prefix="")


@operations.route("/healthz", methods=["GET"])
@operations.doc(summary="Is the process alive", security=[])
def healthz() -> dict[str, str]:
    """Answer without touching anything."""
    return {"status": "ok", "version": __version__}


@operations.route("/readyz", methods=["GET"])
@operations.doc(summary="Can it do its work", security=[])
def readyz() -> Response:
    """Tell whether the database answers, has the newest schema and is configured."""
    found = readiness(runtime())
    if found.is_ready:
        return jsonify(status="ready", schema=found.is_current, configured=found.is_configured)
    answer = jsonify(problem_body(503, "not_ready", {}, {}, language()))
    answer.status_code = 503
    answer.mimetype = "application/problem+json"
    return answer
