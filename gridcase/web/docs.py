"""``/docs``: the API's own description, readable and to be tried out, without asking any other host."""

from flask import Response, send_from_directory, url_for
from swagger_ui_bundle import swagger_ui_path

from gridcase.domain.errors import NotFoundError
from gridcase.edge.headers import CONTENT_SECURITY_POLICY
from gridcase.web.pages import page, pages

#: The viewer writes style attributes and draws its icons from data addresses.
_POLICY = f"{CONTENT_SECURITY_POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_ONE_HOUR_S = 3600


@pages.route("/docs", methods=["GET"])
def docs() -> Response:
    """Show every call of the API."""
    response = page("docs.html", title="docs", description=url_for("api-docs.openapi_json"))
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@pages.route("/docs/ui/<name>", methods=["GET"])
def docs_file(name: str) -> Response:
    """Return a file of the viewer.

    Raises
    ------
    NotFoundError
        The viewer has no such file, or the page does not need it.
    """
    if name not in _FILES:
        raise NotFoundError("route_not_found")
    return send_from_directory(swagger_ui_path, name, max_age=_ONE_HOUR_S)
