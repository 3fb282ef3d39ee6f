"""Configuration: files checked and applied as dated versions, and written back to files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gridcase.domain.errors import GridcaseError
from gridcase.rules.checks import check
from gridcase.rules.documents import Document, DocumentKind, Finding, Severity, digest, read_folder, write_folder
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import GRID_KIND
from gridcase.store.configuration import add_version, documents_in_force
from gridcase.store.database import Tx


class RefusedConfigurationError(GridcaseError):
    """Documents have errors; nothing was applied.

    Parameters
    ----------
    findings
        Everything that was found, warnings included.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("configuration_refused", params={"errors": len(errors(findings))})
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What ``apply_folder`` did: labels of the documents that got a new version, and everything found."""

    changed: tuple[str, ...]
    findings: tuple[Finding, ...]


def check_folder(folder: Path) -> tuple[Finding, ...]:
    """Read and check configuration files without touching the database.

    Raises
    ------
    RuleFileError
        A file cannot be read at all.
    """
    return tuple(check(read_folder(folder)))


def apply_folder(rt: Runtime, folder: Path) -> Applied:
    """Apply the files of a folder; a document that is unchanged gets no new version.

    Raises
    ------
    RuleFileError
        A file cannot be read.
    RefusedConfigurationError
        The documents, together with those in force that the folder does not have, have errors.
    """
    given = read_folder(folder)
    with rt.database.writing() as tx:
        held = _held(tx)
        together = {document.label: document for document in (*held, *given)}
        findings = tuple(check(tuple(together.values())))
        if errors(findings):
            raise RefusedConfigurationError(findings)
        digests = {document.label: digest(document) for document in held}
        changed = [one for one in given if digests.get(one.label) != digest(one)]
        for one in changed:
            add_version(tx, kind=one.kind, name=one.name, digest=digest(one), body=one.body, now=rt.clock.now())
    return Applied(changed=tuple(one.label for one in changed), findings=findings)


def export_folder(rt: Runtime, folder: Path) -> int:
    """Write the documents in force as files; returns how many."""
    with rt.database.reading() as tx:
        documents = _held(tx)
    write_folder(documents, folder)
    return len(documents)


def is_configured(rt: Runtime) -> bool:
    """Tell whether anything was ever applied."""
    with rt.database.reading() as tx:
        return bool(_held(tx))


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the findings that forbid applying."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def _held(tx: Tx) -> tuple[Document, ...]:
    return tuple(
        Document(kind=DocumentKind(row.kind), name=row.name, body=row.body)
        for row in documents_in_force(tx)
        if row.kind != GRID_KIND
    )
