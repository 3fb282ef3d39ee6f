"""The facts of a month as bytes: four frames and what goes with them, so that a score can be made again anywhere.

Internal: it holds persons of posts and is never handed over. Nothing is counted here and nothing read from a database.
The digest is over what the facts say and not over the archive, whose bytes may differ with the compressing library.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from gridcase.assessment.frames import Frames
from gridcase.domain.history import canonical_json

FORMAT = "gridcase-facts/1"
FRAMES = ("cases", "assignments", "tasks", "actions")

_EPOCH = (1980, 1, 1, 0, 0, 0)
_META, _AROUND = "facts.json", "around.json"
#: A year of a large city is far below; more is no snapshot of ours.
_MOST_BYTES = 4_000_000_000
_KINDS = {"String": "text", "Int64": "number", "Boolean": "flag"}


class SnapshotUnreadableError(ValueError):
    """The bytes are no snapshot that was made here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The frozen facts of a period.

    Parameters
    ----------
    meta, around
        Plain JSON values: period, cut-off and history head; names, numbers and versions beside the facts.
    extra
        Further members by name, as plain JSON values: rule set and inputs of a run.
    """

    meta: Mapping[str, Any]
    around: Any
    frames: Frames
    extra: Mapping[str, Any]


def snapshot_members(snapshot: Snapshot) -> dict[str, bytes]:
    """Write each part as JSON; equal snapshots give equal bytes on every machine."""
    members = {_META: _json({"format": FORMAT, **snapshot.meta}), _AROUND: _json(snapshot.around)}
    members |= {f"{name}.json": _frame_bytes(getattr(snapshot.frames, name)) for name in FRAMES}
    return members | {f"{name}.json": _json(value) for name, value in snapshot.extra.items()}


def facts_digest(members: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over names and SHA-256 of all members, by name."""
    whole = hashlib.sha256()
    for name in sorted(members):
        whole.update(f"{name} {hashlib.sha256(members[name]).hexdigest()}\n".encode())
    return whole.hexdigest()


def archive(members: Mapping[str, bytes]) -> bytes:
    """Pack the members; compressed, because columns of codes shrink to a tenth."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, members[name], compresslevel=1)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the members of a snapshot.

    Raises
    ------
    SnapshotUnreadableError
        It is none, damaged, or larger than any month.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_BYTES:
                raise SnapshotUnreadableError
            return {entry.filename: packed.read(entry) for entry in packed.infolist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as err:
        raise SnapshotUnreadableError from err


def read_snapshot(members: Mapping[str, bytes]) -> Snapshot:
    """Read what ``snapshot_members`` wrote.

    Raises
    ------
    SnapshotUnreadableError
        A member is missing or not as it was written.
    """
    known = {_META, _AROUND, *(f"{name}.json" for name in FRAMES)}
    try:
        meta = json.loads(members[_META])
        if meta.pop("format") != FORMAT:
            raise SnapshotUnreadableError
        return Snapshot(
            meta=meta,
            around=json.loads(members[_AROUND]),
            frames=Frames(**{name: _read_frame(members[f"{name}.json"]) for name in FRAMES}),
            extra={name.removesuffix(".json"): json.loads(members[name]) for name in sorted(members.keys() - known)},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise SnapshotUnreadableError from err


def _json(value: Any) -> bytes:
    return canonical_json(value).encode()


def _frame_bytes(frame: nw.DataFrame[Any]) -> bytes:
    """Write a frame as its columns in order, each with its kind: a line per column."""
    lines = (
        json.dumps(
            [name, _KINDS[str(frame.schema[name])], frame.get_column(name).to_list()],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for name in frame.columns
    )
    return "\n".join(lines).encode()


def _read_frame(data: bytes) -> nw.DataFrame[Any]:
    import polars as pl  # noqa: PLC0415 - web processes import this module's words, never the engine

    types: Mapping[str, Any] = {"text": pl.String, "number": pl.Int64, "flag": pl.Boolean}
    columns: Iterable[Any] = (json.loads(line) for line in data.decode().split("\n"))
    series = [pl.Series(name, values, dtype=types[kind]) for name, kind, values in columns]
    return nw.from_native(pl.DataFrame(series), eager_only=True)
