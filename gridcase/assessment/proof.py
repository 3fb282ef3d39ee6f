"""Is a package what was handed over, and by whom? Proven from the file and a public key alone.

Never trusts a key inside the file. A package that was only packed anew, in another order, compressed or with other
dates, is unchanged; anything else is named. Whether figures follow from each other is ``gridcase.assessment.recheck``.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from gridcase.assessment.archive import FORMAT, MANIFEST, SIGNATURE, canonical_digest
from gridcase.assessment.container import UNREADABLE, Container
from gridcase.assessment.recheck import Tables, recheck
from gridcase.assessment.sheets import json_bytes
from gridcase.assessment.signing import SIGNATURE_SIZE, PublicKey
from gridcase.domain.errors import Problem

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_MANIFEST = 32 << 20
_ENOUGH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found.

    Parameters
    ----------
    problems
        Nothing found means unchanged; at most a hundred are named.
    is_signed
        The signature was made with the private half of the key that was given.
    manifest
        As read; empty when it cannot be. To be believed only when ``is_signed``.
    """

    problems: tuple[Problem, ...]
    is_signed: bool = False
    manifest: Mapping[str, Any] = field(default_factory=dict)


def verify_package(source: Path | bytes, key: PublicKey | None) -> Verdict:
    """Check signature, manifest and every member of a package, and whether its figures follow from each other.

    Parameters
    ----------
    key
        None leaves open who made it: the manifest is taken at its word.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        try:
            return _verify(file, key)
        except UNREADABLE:
            return Verdict(problems=(Problem(code="package_unreadable"),))


def manifest_of(source: Path) -> Mapping[str, Any] | None:
    """Return the manifest of a package, or of a file that is one, unproven; None when there is none."""
    try:
        data = source.read_bytes() if source.stat().st_size <= _MOST_MANIFEST else b""
        if data.startswith(b"{"):
            return read_manifest(data)
        with source.open("rb") as file:
            return read_manifest(_short(Container(file), MANIFEST))
    except UNREADABLE:
        return None


def read_manifest(data: bytes) -> dict[str, Any] | None:
    """Read a manifest; None when it is not one of ours, in its one form."""
    try:
        document = json.loads(data)
        is_ours = document["format"] == FORMAT and json_bytes(document) == data
        is_sound = all(
            _DIGEST.fullmatch(one["sha256"])
            and type(one["size"]) is int
            and one["kind"] in ("canonical", "rendering")
            and name not in (MANIFEST, SIGNATURE)
            for name, one in document["members"].items()
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return document if is_ours and is_sound else None


def _verify(file: IO[bytes], key: PublicKey | None) -> Verdict:
    container = Container(file)
    if not container.is_bearable():
        return Verdict(problems=(Problem(code="package_too_large"),))
    if MANIFEST not in container.entries:
        return Verdict(problems=(Problem(code="manifest_missing"),))
    data = _short(container, MANIFEST)
    manifest = read_manifest(data)
    if manifest is None:
        return Verdict(problems=(Problem(code="manifest_invalid"),))
    problems = [*container.problems(), *_authorship(container, data, manifest, key)]
    is_signed = key is not None and not any(one.code in _AUTHORSHIP for one in problems)
    problems += _members(container, manifest)
    if not problems:
        problems += _first(recheck(manifest, _Members(container)))
    return Verdict(problems=tuple(problems[:_ENOUGH]), is_signed=is_signed, manifest=manifest)


_AUTHORSHIP = frozenset({"signature_missing", "signature_wrong", "key_differs"})


def _authorship(
    container: Container, data: bytes, manifest: Mapping[str, Any], key: PublicKey | None
) -> Iterator[Problem]:
    if key is None:
        return
    if SIGNATURE not in container.entries:
        yield Problem(code="signature_missing")
        return
    signature = _short(container, SIGNATURE)
    if len(signature) != SIGNATURE_SIZE or not key.has_signed(data, signature):
        yield Problem(code="signature_wrong", params={"key": key.id[:16]})
    elif manifest.get("key_id") != key.id:
        yield Problem(code="key_differs", params={"key": key.id[:16]})


def _members(container: Container, manifest: Mapping[str, Any]) -> Iterator[Problem]:
    listed = manifest["members"]
    there = container.entries.keys() - {MANIFEST, SIGNATURE}
    for name in sorted(there | listed.keys()):
        if name not in listed:
            yield Problem(code="member_unlisted", params={"member": name})
        elif name not in there:
            yield Problem(code="member_missing", params={"member": name})
        elif _measured(container, name, listed[name]["size"]) != (listed[name]["sha256"], listed[name]["size"]):
            yield Problem(code="member_changed", params={"member": name})
    for folder in container.folders():
        if not any(name.startswith(folder) for name in listed):
            yield Problem(code="member_unlisted", params={"member": folder})
    canonical = canonical_digest((name, one["sha256"]) for name, one in listed.items() if one["kind"] == "canonical")
    if canonical != manifest.get("canonical"):
        yield Problem(code="manifest_invalid")


def _measured(container: Container, name: str, most: int) -> tuple[str, int] | None:
    """Return digest and size of a member; None when it is damaged or longer than it may be."""
    hashed, size = hashlib.sha256(), 0
    try:
        for chunk in container.chunks(name):
            hashed.update(chunk)
            size += len(chunk)
            if size > most:
                return None
    except UNREADABLE:
        return None
    return hashed.hexdigest(), size


def _short(container: Container, name: str) -> bytes:
    if name not in container.entries or container.entries[name].file_size > _MOST_MANIFEST:
        raise ValueError(name)
    return b"".join(container.chunks(name))


def _first(problems: Iterator[Problem]) -> Iterator[Problem]:
    for _, problem in zip(range(_ENOUGH), problems, strict=False):
        yield problem


class _Members(Tables):
    """The members of an archive as the recheck reads them."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def has(self, name: str) -> bool:
        return name in self._container.entries

    def open(self, name: str) -> IO[bytes]:
        return self._container.open(name)
