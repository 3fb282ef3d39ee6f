"""A file that a request brings, as a path for those who read files; nothing of it is kept."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import request

from gridcase.domain.errors import invalid


@contextmanager
def sent_file() -> Iterator[Path]:
    """Give the one file of the field ``file`` a path until the block ends.

    The sender's name is no part of the path: the kind of a file is told by its content.

    Raises
    ------
    InvalidInputError
        ``field_required`` or ``one_file_only`` on ``file``.
    """
    files = [one for one in request.files.getlist("file") if one.filename]
    if len(files) != 1:
        raise invalid("file", "one_file_only" if files else "field_required")
    with tempfile.TemporaryDirectory(prefix="gridcase-sent-") as folder:
        place = Path(folder) / "file"
        files[0].save(place)
        yield place
