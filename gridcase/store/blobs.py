"""The bytes of photos: files named by their SHA-256 under the data folder.

A blob is complete before any row names it: written beside its place, forced to the disk, then renamed. Equal bytes
are kept once. Removing unused blobs is a job's work.
"""

import hashlib
import os
import secrets
from pathlib import Path


class BlobStore:
    """Content-addressed files.

    Parameters
    ----------
    folder
        Made when the first blob is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256 in hexadecimal."""
        digest = hashlib.sha256(data).hexdigest()
        place = self._place(digest)
        if place.exists():
            return digest
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f"{digest}.{secrets.token_hex(4)}.part")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(place)
        _sync_folder(place.parent)
        return digest

    def get(self, digest: str) -> bytes | None:
        """Return the bytes of a digest, or None."""
        place = self._place(digest)
        return place.read_bytes() if place.exists() else None

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
