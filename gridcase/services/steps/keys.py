"""The instance's signing key: a file of mode 0600 in the data folder, made when it is first needed.

Two processes that start at once get the same key. The key is never replaced: packages signed with it stand outside.
"""

import os
import secrets
from pathlib import Path

from gridcase.assessment.signing import KeyUnreadableError, SigningKey, new_key, read_signing_key
from gridcase.domain.errors import GridcaseError

KEY_FILE = "signing-key.pem"
_MODE = 0o600


def signing_key(data_dir: Path) -> SigningKey:
    """Return the key of this instance, made now if there is none.

    Raises
    ------
    GridcaseError
        ``signing_key_unreadable``: the file is not a key; it is left as it is.
    """
    place = data_dir / KEY_FILE
    if not place.exists():
        _make(place)
    try:
        return read_signing_key(place.read_bytes())
    except (KeyUnreadableError, OSError) as err:
        raise GridcaseError("signing_key_unreadable", params={"file": str(place)}) from err


def _make(place: Path) -> None:
    """Write a new key beside its place, then link it there: whoever comes second finds the first one's."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new_key().pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, place)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
