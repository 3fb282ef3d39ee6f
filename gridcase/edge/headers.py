"""Security headers of every answer: what a browser may load, and where it may show us.

A page that needs more sets its own ``Content-Security-Policy``; nothing is weakened for the others.
"""

from flask import Flask, Response

from gridcase.edge.runtime import is_secure

#: Our own files only; no plug-ins, no frames around us.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}
_ONE_YEAR = "max-age=31536000"


def register_headers(app: Flask) -> None:
    """Put the headers on every answer that does not say otherwise itself."""

    @app.after_request
    def _secured(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        # On plain HTTP the header is ignored, and a test address must not be locked to HTTPS.
        if is_secure():
            response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
        return response
