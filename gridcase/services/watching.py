"""Is the system ready to work?"""

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from gridcase.services.runtime import Runtime
from gridcase.store import schema
from gridcase.store.configuration import newest_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What is ready.

    Parameters
    ----------
    is_current
        The database answers and has the newest schema.
    is_configured
        Configuration was applied.
    """

    is_current: bool
    is_configured: bool

    @property
    def is_ready(self) -> bool:
        """Whether work can be done."""
        return self.is_current and self.is_configured


def readiness(rt: Runtime) -> Readiness:
    """Ask the database."""
    try:
        if not schema.is_current(rt.database.engine):
            return Readiness(is_current=False, is_configured=False)
        with rt.database.reading() as tx:
            return Readiness(is_current=True, is_configured=newest_version(tx) > 0)
    except SQLAlchemyError:
        return Readiness(is_current=False, is_configured=False)


def upgrade_schema(rt: Runtime) -> None:
    """Bring the database to the newest schema."""
    schema.upgrade(rt.database.engine)
