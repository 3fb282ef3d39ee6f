"""All pages in one call, for the composition root."""

from flask import Flask

from gridcase.web import docs, overview
from gridcase.web.console import (
    admin_campaigns,
    admin_conduct,
    admin_config,
    admin_layers,
    admin_people,
    admin_roster,
    anomalies_page,
    case_page,
    dashboard_page,
    map_page,
    month,
    month_contest,
    month_run,
    month_trials,
    new_case,
    notices,
    queue_bulk,
    queue_page,
    sessions,
    unit_page,
)
from gridcase.web.console.blueprint import console
from gridcase.web.pages import pages
from gridcase.web.phone.shell import phone
from gridcase.web.problems import problem_page

__all__ = ["problem_page", "register_web"]

#: Modules whose routes stand on a blueprint once they are imported; a new page is named here.
MODULES = (
    docs,
    overview,
    sessions,
    notices,
    anomalies_page,
    case_page,
    new_case,
    dashboard_page,
    month,
    month_contest,
    month_run,
    month_trials,
    admin_people,
    admin_roster,
    admin_config,
    admin_conduct,
    unit_page,
    admin_layers,
    admin_campaigns,
    map_page,
    queue_page,
    queue_bulk,
)


def register_web(app: Flask) -> None:
    """Add the pages to an application."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)
    app.register_blueprint(console)
    app.register_blueprint(phone)
