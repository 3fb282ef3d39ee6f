"""Configuration documents: plain values with a kind and a name, read from and written to a folder.

What they mean is said by the parsers beside this module, what is wrong between them by
``gridcase.rules.checks``. Files only seed and exchange; the truth at run time is the database (design §3).
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from gridcase.domain.errors import Params, Problem, RuleFileError
from gridcase.domain.history import canonical_json
from gridcase.rules.catalogue_table import read_table
from gridcase.rules.yaml_text import Plain, read_yaml, write_yaml

_Read = TypeVar("_Read")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


class DocumentKind(StrEnum):
    """Kinds of configuration; each is a folder under ``config/``."""

    CALENDAR = "calendar"
    CATALOGUE = "catalogue"
    CONDUCT = "conduct"
    MAPPINGS = "mappings"
    ROUTING = "routing"
    RULES = "rules"
    UNITS = "units"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One configuration document.

    Parameters
    ----------
    kind, name
        Folder and file name without ending.
    body
        Plain value that JSON can hold; read, never changed.
    """

    kind: DocumentKind
    name: str
    body: dict[str, Plain]

    @property
    def label(self) -> str:
        """``kind/name``, as findings name it."""
        return f"{self.kind}/{self.name}"


class Severity(StrEnum):
    """How bad a finding is; only an error keeps a document from being applied."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to say about a document.

    Parameters
    ----------
    document
        ``kind/name``.
    place
        Path of keys and list positions from 0 (``types[0].limit``); empty for the whole document.
    code, params
        Key of the sentence and the values it names.
    """

    document: str
    place: str
    code: str
    params: Params = field(default_factory=dict)
    severity: Severity = Severity.ERROR


def canonical(document: Document) -> str:
    """Return the one JSON form of the body; kind and name are not part of it."""
    return canonical_json(document.body)


def digest(document: Document) -> str:
    """Return the SHA-256 of the canonical body in hexadecimal: what seals record."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def read_document(kind: DocumentKind, name: str, data: bytes) -> Document:
    """Read the YAML text of one document.

    Raises
    ------
    RuleFileError
        ``rule_file_unreadable``, with the line of every syntax problem.
    """
    if _NAME.fullmatch(name) is None:
        raise RuleFileError("rule_file_unreadable", fields={"": (Problem(code="document_name"),)})
    return Document(kind=kind, name=name, body=read_yaml(data))


def write_document(document: Document) -> str:
    """Write a document as YAML; equal bodies give equal text."""
    return write_yaml(document.body)


def read_folder(path: Path) -> tuple[Document, ...]:
    """Read the documents of every kind under a folder, ordered by kind and name.

    A folder may be missing, and files of other endings are left alone (``.yml`` is refused, lest it be
    overlooked). A ``catalogue/x.csv`` holds further types of ``catalogue/x.yaml``, a row per condition.

    Raises
    ------
    RuleFileError
        ``rule_file_unreadable`` with the problems of all files; ``fields`` is keyed ``kind/file: line N``.
    """
    documents: list[Document] = []
    problems: dict[str, tuple[Problem, ...]] = {}
    for kind in DocumentKind:
        for file in _files(path / kind):
            try:
                documents.append(_read_file(kind, file))
            except RuleFileError as error:
                problems |= {f"{kind}/{place}": found for place, found in error.fields.items()}
    if problems:
        raise RuleFileError("rule_file_unreadable", fields=problems)
    return tuple(sorted(documents, key=lambda document: (document.kind, document.name)))


def write_folder(documents: Iterable[Document], path: Path) -> None:
    """Write documents as ``kind/name.yaml``; reading them gives equal documents.

    A catalogue table of the same name is removed, because its rows are in the written document. Other files
    stay.
    """
    for document in documents:
        file = path / document.kind / f"{document.name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(write_document(document), encoding="utf-8", newline="\n")
        if document.kind is DocumentKind.CATALOGUE:
            file.with_suffix(".csv").unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that are documents or look as if they were meant to be."""
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        is_orphan = folder.name == DocumentKind.CATALOGUE and not file.with_suffix(".yaml").exists()
        endings = {".yaml", ".yml", ".csv"} if is_orphan else {".yaml", ".yml"}
        if file.suffix in endings and not file.name.startswith("."):
            yield file


def _read_file(kind: DocumentKind, file: Path) -> Document:
    if file.suffix != ".yaml":
        code = "table_without_document" if file.suffix == ".csv" else "document_ending"
        raise RuleFileError("rule_file_unreadable", fields={file.name: (Problem(code=code),)})
    document = _in_file(file, lambda: read_document(kind, file.stem, file.read_bytes()))
    table = file.with_suffix(".csv")
    if kind is not DocumentKind.CATALOGUE or not table.exists():
        return document
    rows = _in_file(table, lambda: read_table(table.read_bytes()))
    types = document.body.get("types") or []
    return Document(
        kind=kind,
        name=document.name,
        body={**document.body, "types": [*types, *rows] if isinstance(types, list) else types},
    )


def _in_file(file: Path, read: Callable[[], _Read]) -> _Read:
    """Put the file's name before the place of every problem."""
    try:
        return read()
    except RuleFileError as error:
        raise RuleFileError(
            error.code, fields={f"{file.name}: {place}": found for place, found in error.fields.items()}
        ) from error
