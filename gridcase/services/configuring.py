"""Configuration: files checked and applied as dated versions, and written back to files."""

from dataclasses import dataclass
from pathlib import Path

from gridcase.rules.checks import check
from gridcase.rules.documents import Finding, digest, read_folder, write_folder
from gridcase.services.runtime import Runtime
from gridcase.services.steps.documents import TIMING, RefusedConfigurationError, checked, errors, held_documents
from gridcase.store.configuration import add_version

__all__ = [
    "Applied",
    "RefusedConfigurationError",
    "apply_folder",
    "check_folder",
    "errors",
    "export_folder",
    "is_configured",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What ``apply_folder`` did: labels of the documents that got a new version, and everything found.

    Parameters
    ----------
    changes_timing
        A calendar or the conduct changed: provisional deadlines have to be recomputed.
    """

    changed: tuple[str, ...]
    findings: tuple[Finding, ...]
    changes_timing: bool = False


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

    Where ``changes_timing``, ``gridcase.services.reclocking`` has to follow, in transactions of its own.

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
        findings = checked(tuple(together.values()))
        digests = {document.label: digest(document) for document in held}
        changed = [one for one in given if digests.get(one.label) != digest(one)]
        for one in changed:
            add_version(tx, kind=one.kind, name=one.name, digest=digest(one), body=one.body, now=rt.clock.now())
    return Applied(
        changed=tuple(one.label for one in changed),
        findings=findings,
        changes_timing=any(one.kind in TIMING for one in changed),
    )


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
