"""What a use case needs besides its arguments: database, clock, photos, and the configuration in force."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from gridcase.domain.time import Clock
from gridcase.services.steps.reference import Reference, load_reference
from gridcase.settings import Settings
from gridcase.store.blobs import BlobStore
from gridcase.store.configuration import newest_version
from gridcase.store.database import Database


@dataclass(slots=True, kw_only=True)
class Runtime:
    """The running system; one a process, made by the composition root.

    Parameters
    ----------
    clock
        The only source of the present.
    """

    settings: Settings
    database: Database
    clock: Clock
    blobs: BlobStore
    _reference: Reference | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reference(self, version: int | None = None) -> Reference:
        """Return the configuration in force.

        Parameters
        ----------
        version
            Newest version the caller saw (with its sign-in); a newer one than the cached is loaded at once. None
            asks the database.
        """
        if version is None:
            with self.database.reading() as tx:
                version = newest_version(tx)
        today = self.clock.now().astimezone(self.settings.zone).date()
        cached = self._reference
        if cached is not None and cached.version >= version and cached.on == today:
            return cached
        with self._lock, self.database.reading() as tx:
            self._reference = load_reference(tx, self.settings, today)
            return self._reference


def make_blobs(settings: Settings) -> BlobStore:
    """Return the photo store of these settings."""
    return BlobStore(Path(settings.data_dir) / "blobs")
