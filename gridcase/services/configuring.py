"""Configuration: files checked and applied as dated versions, and written back to files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gridcase.domain.errors import GridcaseError
from gridcase.rules.checks import check
from gridcase.rules.documents import Document, DocumentKind, Finding, Severity, digest, read_folder, write_folder
from gridcase.services.reclocking import Recomputed, recompute_provisional
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


#: Kinds of documents that say how long a limit lasts.
TIMING = frozenset({DocumentKind.CALENDAR, DocumentKind.CONDUCT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What ``apply_folder`` did: labels of the documents that got a new version, and everything found.

    Parameters
    ----------
    recomputed
        Provisional deadlines that a changed calendar or conduct moved or made certain.
    """

    changed: tuple[str, ...]
    findings: tuple[Finding, ...]
    recomputed: Recomputed = field(default_factory=Recomputed)


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

    When calendars or conduct changed, provisional deadlines are recomputed afterwards, case by case; broken off, that
    is made up for by the next change.

    Raises
    ------
    RuleFileError
        A file cannot be read.
    RefusedConfigurationError
        The documents, together with those in force that the folder does not have, have errors.
    """
    given = read_folder(folder)
    with rt.database.writing() as tx:
        held = held_documents(tx)
        together = {document.label: document for document in (*held, *given)}
        findings = tuple(check(tuple(together.values())))
        if errors(findings):
            raise RefusedConfigurationError(findings)
        digests = {document.label: digest(document) for document in held}
        changed = [one for one in given if digests.get(one.label) != digest(one)]
        for one in changed:
            add_version(tx, kind=one.kind, name=one.name, digest=digest(one), body=one.body, now=rt.clock.now())
    recomputed = recompute_provisional(rt) if any(one.kind in TIMING for one in changed) else Recomputed()
    return Applied(changed=tuple(one.label for one in changed), findings=findings, recomputed=recomputed)


def export_folder(rt: Runtime, folder: Path) -> int:
    """Write the documents in force as files; returns how many."""
    with rt.database.reading() as tx:
        documents = held_documents(tx)
    write_folder(documents, folder)
    return len(documents)


def is_configured(rt: Runtime) -> bool:
    """Tell whether anything was ever applied."""
    with rt.database.reading() as tx:
        return bool(held_documents(tx))


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the findings that forbid applying."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def held_documents(tx: Tx) -> tuple[Document, ...]:
    """Return the documents in force, by kind and name."""
    return tuple(
        Document(kind=DocumentKind(row.kind), name=row.name, body=row.body)
        for row in documents_in_force(tx)
        if row.kind != GRID_KIND
    )
