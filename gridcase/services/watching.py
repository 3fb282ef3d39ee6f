"""Readiness: does the database answer, is its schema current, is anything configured."""

from dataclasses import dataclass

from gridcase.services.runtime import Runtime
from gridcase.store import schema
from gridcase.store.configuration import newest_version
from gridcase.store.database import StoreError

__all__ = ["Readiness", "StoreError", "readiness", "upgrade_schema"]


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
    except StoreError:
        return Readiness(is_current=False, is_configured=False)


def upgrade_schema(rt: Runtime) -> None:
    """Bring the database to the newest schema."""
    schema.upgrade(rt.database.engine)
