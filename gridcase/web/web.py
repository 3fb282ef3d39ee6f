"""All pages in one call, for the composition root."""

from flask import Flask

from gridcase.web import docs, overview
from gridcase.web.pages import pages, problem_page

__all__ = ["problem_page", "register_web"]

#: Modules whose routes stand on the blueprint once they are imported.
MODULES = (docs, overview)


def register_web(app: Flask) -> None:
    """Add the pages to an application."""
    app.register_blueprint(pages)
