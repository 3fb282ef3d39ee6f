"""All parts of the API under one OpenAPI document."""

from threading import Lock
from typing import Any

from flask import Flask, Response
from flask_smorest import Api, Blueprint
from werkzeug.exceptions import HTTPException

from gridcase import __version__
from gridcase.api.anomalies import oddities
from gridcase.api.assessments import assessments
from gridcase.api.attachments import attachments
from gridcase.api.campaigns import campaigns
from gridcase.api.cases import cases
from gridcase.api.contesting import contesting
from gridcase.api.grid import grid
from gridcase.api.operations import operations
from gridcase.api.oversight import oversight
from gridcase.api.reconciling import reconciling
from gridcase.api.reference import reference
from gridcase.api.routing import routing
from gridcase.api.sessions import doors, sessions
from gridcase.api.staff import staff
from gridcase.api.syncing import phones

BLUEPRINTS = (
    doors,
    sessions,
    cases,
    attachments,
    grid,
    reference,
    routing,
    staff,
    phones,
    campaigns,
    oversight,
    oddities,
    assessments,
    contesting,
    reconciling,
    operations,
)

SETTINGS = {
    "API_TITLE": "gridcase",
    "API_VERSION": __version__,
    #: The documentation page's viewer, shipped offline, reads 3.0.
    "OPENAPI_VERSION": "3.0.3",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    },
}


class ProblemApi(Api):
    """Leaves errors to ``gridcase.edge.problems``, one shape for all of them, and describes itself when asked.

    Describing every operation takes longer than everything else of a start together, and few ask for it.
    """

    #: Every operation names its refusals; the library's own default error has another shape.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._undescribed: list[Blueprint] = []
        self._describing = Lock()
        super().__init__(app)

    def register_blueprint(self, blp: Blueprint, **options: Any) -> None:
        """Register the routes; their description waits."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._undescribed.append(blp)

    def _openapi_json(self) -> Response:
        with self._describing:
            while self._undescribed:
                blp = self._undescribed.pop(0)
                blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
                self.spec.tag({"name": blp.name, "description": blp.description})
        answer: Response = super()._openapi_json()
        return answer

    def _register_error_handlers(self) -> None:
        """Register none here."""

    def handle_http_exception(self, error: HTTPException) -> Any:
        """Never called; errors are answered elsewhere."""
        raise error


def register_api(app: Flask) -> None:
    """Add the API to an application."""
    app.config.update(SETTINGS)
    api = ProblemApi(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
