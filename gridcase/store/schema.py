"""The schema: every table known, and the way to bring a database up to date."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

from gridcase.store import (
    admin_changes,
    anomalies,
    appeals,
    assessments,
    attachments,
    campaigns,
    cases,
    configuration,
    deliveries,
    evidence,
    feed,
    field_evidence,
    findings,
    history,
    imports,
    mails,
    notices,
    people,
    places,
    queue,
    recurrence,
)
from gridcase.store.database import Base

#: Modules that declare tables; importing this module makes the metadata complete.
TABLE_MODULES = (
    admin_changes,
    anomalies,
    appeals,
    assessments,
    attachments,
    campaigns,
    cases,
    configuration,
    deliveries,
    evidence,
    feed,
    field_evidence,
    findings,
    history,
    imports,
    mails,
    notices,
    people,
    places,
    queue,
    recurrence,
)


def metadata() -> MetaData:
    """Return the metadata of all tables."""
    return Base.metadata


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest schema; an up-to-date one is left alone."""
    with engine.connect().execution_options(gridcase_write=True) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def is_current(engine: Engine) -> bool:
    """Tell whether a database has the newest schema."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("gridcase.store") / "migrations"))
    return config
