"""What steps need of the running system: ``gridcase.services.runtime`` is built on them, so they name its shape."""

from typing import Protocol

from gridcase.domain.time import Clock
from gridcase.services.steps.reference import Reference
from gridcase.settings import Settings
from gridcase.store.blobs import BlobStore
from gridcase.store.database import Database


class Instance(Protocol):
    """The running system; ``Runtime`` is one."""

    settings: Settings
    database: Database
    clock: Clock
    blobs: BlobStore

    def reference(self) -> Reference:
        """Return the configuration in force."""
