"""The bytes of photos: files named by their SHA-256 under the data folder.

A blob is complete before any row names it: written beside its place, forced to the disk, then renamed. Equal bytes
are kept once; what is made from them (a smaller picture) lies beside them and goes with them. When bytes may be removed
is decided by ``gridcase.services.cleaning``.
"""

import hashlib
import os
import secrets
import shutil
from datetime import datetime
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
        if _touched(place):
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

    def put_file(self, source: Path) -> str:
        """Keep the bytes of a file, however many, and return their SHA-256 in hexadecimal."""
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            place = self._place(digest)
            if _touched(place):
                return digest
            file.seek(0)
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = place.with_name(f"{digest}.{secrets.token_hex(4)}.part")
            with draft.open("wb") as target:
                shutil.copyfileobj(file, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
        draft.rename(place)
        _sync_folder(place.parent)
        return digest

    def path(self, digest: str) -> Path | None:
        """Return where the bytes of a digest lie, for reading them piece by piece, or None."""
        place = self._place(digest)
        return place if place.exists() else None

    def get(self, digest: str) -> bytes | None:
        """Return the bytes of a digest, or None."""
        place = self._place(digest)
        return place.read_bytes() if place.exists() else None

    def put_made(self, digest: str, name: str, data: bytes) -> None:
        """Keep something made from the bytes of a digest beside them; it can be made again, so no disk is forced."""
        place = self._place(digest).with_name(f"{digest}.{name}")
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
        draft.write_bytes(data)
        draft.rename(place)

    def get_made(self, digest: str, name: str) -> bytes | None:
        """Return what was made from the bytes of a digest under a name, or None."""
        place = self._place(digest).with_name(f"{digest}.{name}")
        return place.read_bytes() if place.exists() else None

    def remove(self, digest: str, *, untouched_since: datetime) -> bool:
        """Remove bytes that nothing names any more; False when there are none, or they were put again meanwhile.

        Moved aside first and looked at there: whoever puts the same bytes at that moment either touched them before,
        which is seen, or finds none and writes them anew.
        """
        place = self._place(digest)
        aside = place.with_name(f"{digest}.{secrets.token_hex(4)}.gone")
        try:
            place.rename(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime < untouched_since.timestamp():
            aside.unlink()
            for made in place.parent.glob(f"{digest}.*"):
                if made.suffix not in _UNFINISHED:
                    made.unlink(missing_ok=True)
            return True
        if place.exists():
            aside.unlink()
        else:
            aside.rename(place)
        return False

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


#: Names of what somebody else is writing or removing at this moment.
_UNFINISHED = (".part", ".gone")


def _touched(place: Path) -> bool:
    """Note that bytes are wanted again; False when there are none."""
    try:
        os.utime(place)
    except FileNotFoundError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
