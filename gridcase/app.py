"""The composition root: puts settings, database, clock, photos, API and pages together."""

from flask import Flask

from gridcase.api.api import register_api
from gridcase.domain.time import Clock, SystemClock
from gridcase.edge.headers import register_headers
from gridcase.edge.logs import configure_logs, register_logs
from gridcase.edge.metrics import register_metrics
from gridcase.edge.problems import register_problems
from gridcase.edge.runtime import EXTENSION
from gridcase.services.runtime import Runtime, make_blobs
from gridcase.settings import Settings, load_settings
from gridcase.store.database import Database, db, engine_options
from gridcase.web.web import problem_page, register_web

#: Room for the form around a photo of the largest size.
_FORM_BYTES = 64 * 1024


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Flask:
    """Make an application.

    Parameters
    ----------
    settings
        Read from the environment when not given.
    clock
        The machine's when not given.
    """
    configure_logs()
    chosen = settings or load_settings()
    app = Flask("gridcase", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = chosen.max_upload_bytes + _FORM_BYTES
    app.config["SQLALCHEMY_DATABASE_URI"] = chosen.resolved_database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(chosen.resolved_database_url)
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    app.extensions[EXTENSION] = make_runtime(app, chosen, clock or SystemClock())
    # First, so that they see what all the others made of an answer.
    register_logs(app)
    register_metrics(app)
    register_api(app)
    register_web(app)
    register_problems(app, problem_page)
    register_headers(app)
    return app


def make_runtime(app: Flask, settings: Settings, clock: Clock) -> Runtime:
    """Make the runtime on the application's own engine."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    return Runtime(settings=settings, database=Database(engine), clock=clock, blobs=make_blobs(settings))
