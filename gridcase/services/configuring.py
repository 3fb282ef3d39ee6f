"""Configuration: files checked and applied as dated versions, and written back to files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gridcase.domain.actor import Actor
from gridcase.domain.case import PersonId
from gridcase.domain.errors import NotFoundError, WrongStateError, invalid
from gridcase.rules.checks import check
from gridcase.rules.differences import Difference, differences
from gridcase.rules.documents import Document, DocumentKind, Finding, digest, read_folder, write_document, write_folder
from gridcase.rules.yaml_text import Plain
from gridcase.services.runtime import Runtime
from gridcase.services.steps.changes import COMMAND_LINE, Changed, Noting
from gridcase.services.steps.documents import TIMING, RefusedConfigurationError, checked, errors, held_documents
from gridcase.services.steps.permitting import ADMIN, OFFICE, only_for
from gridcase.services.steps.reference import GRID_KIND
from gridcase.store import people
from gridcase.store.configuration import (
    VersionRecord,
    add_version,
    body_of,
    documents_in_force,
    keep_configuration_still,
    latest_records,
    versions_of,
)
from gridcase.store.database import Tx

__all__ = [
    "Applied",
    "DocumentPage",
    "DocumentVersion",
    "Proposal",
    "RefusedConfigurationError",
    "VersionRecord",
    "apply_document",
    "apply_folder",
    "check_folder",
    "document_in_force",
    "document_page",
    "document_version",
    "documents",
    "documents_of_kind",
    "errors",
    "export_folder",
    "is_configured",
    "propose",
    "standing_findings",
]

#: What was found, by kind, name and digest of all documents it was found in: checking them takes half a second.
_FOUND: dict[frozenset[tuple[str, str, str]], tuple[Finding, ...]] = {}
_MOST_FOUND = 4


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
    now = rt.clock.now()
    with rt.database.writing() as tx:
        keep_configuration_still(tx)
        noting = Noting(tx, COMMAND_LINE, now)
        held = held_documents(tx)
        together = {document.label: document for document in (*held, *given)}
        findings = checked(tuple(together.values()))
        digests = {document.label: digest(document) for document in held}
        changed = [one for one in given if digests.get(one.label) != digest(one)]
        for one in changed:
            add_version(tx, kind=one.kind, name=one.name, digest=digest(one), body=one.body, now=now)
            noting.document(Changed.DOCUMENT_APPLIED, one.label, digest=[digests.get(one.label), digest(one)])
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


# --- one document at a time, as the console does it ---


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """A document in force and its versions, newest first; ``names`` of those who applied them."""

    document: Document
    versions: tuple[VersionRecord, ...]
    names: Mapping[PersonId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion:
    """One version, and what it changed; ``before`` is None for the first."""

    record: VersionRecord
    before: VersionRecord | None
    changed: tuple[Difference, ...]
    text: str
    actor_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A changed document tried against those in force; nothing is written.

    Parameters
    ----------
    base
        Number of the version it was made from; 0 for a document that is new.
    findings
        What is said of this document; those of the others only where they are errors.
    """

    document: Document
    base: int
    changed: tuple[Difference, ...]
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        """Whether it can be applied."""
        return not errors(self.findings)

    @property
    def changes_timing(self) -> bool:
        """Whether deadlines may move."""
        return self.document.kind in TIMING


def documents(rt: Runtime, actor: Actor) -> tuple[tuple[VersionRecord, ...], Mapping[PersonId, str]]:
    """Return the newest version of every document, by kind and name, and the names of those who applied them.

    Raises
    ------
    NotPermittedError
        The actor does not work for the office.
    """
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        found = tuple(one for one in latest_records(tx) if one.kind != GRID_KIND)
        return found, _names(tx, found)


def standing_findings(rt: Runtime, actor: Actor) -> tuple[Finding, ...]:
    """Return everything there is to say about the documents in force together; checked once as long as none changes."""
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        marks = frozenset((one.kind, one.name, one.digest) for one in latest_records(tx) if one.kind != GRID_KIND)
        found = _FOUND.get(marks)
        if found is None:
            found = tuple(check(held_documents(tx)))
            if len(_FOUND) >= _MOST_FOUND:
                _FOUND.clear()
            _FOUND[marks] = found
    return found


def document_in_force(rt: Runtime, actor: Actor, kind: DocumentKind, name: str) -> tuple[Document, int]:
    """Return a document in force, and the number of its version.

    Raises
    ------
    NotFoundError
        ``document_not_found``.
    """
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        return _in_force(tx, kind, name)


def documents_of_kind(rt: Runtime, actor: Actor, kind: DocumentKind) -> tuple[tuple[Document, int], ...]:
    """Return the documents of a kind in force, by name, each with the number of its version; one statement."""
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        rows = [row for row in documents_in_force(tx) if row.kind == kind]
    return tuple((Document(kind=kind, name=row.name, body=row.body), row.id) for row in rows)


def document_page(rt: Runtime, actor: Actor, kind: DocumentKind, name: str) -> DocumentPage:
    """Return a document in force and its versions.

    Raises
    ------
    NotFoundError
        ``document_not_found``.
    """
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        document, _ = _in_force(tx, kind, name)
        versions = versions_of(tx, kind, name)
        return DocumentPage(document=document, versions=versions, names=_names(tx, versions))


def document_version(rt: Runtime, actor: Actor, kind: DocumentKind, name: str, version: int) -> DocumentVersion:
    """Return one version and what is different from the one before it.

    Raises
    ------
    NotFoundError
        ``document_not_found``.
    """
    only_for(actor, OFFICE)
    with rt.database.reading() as tx:
        versions = versions_of(tx, kind, name)
        place = next((at for at, one in enumerate(versions) if one.id == version), None)
        if place is None:
            raise NotFoundError("document_not_found", params={"document": f"{kind}/{name}"})
        record = versions[place]
        before = versions[place + 1] if place + 1 < len(versions) else None
        body = _body(tx, kind, name, record.id)
        former = _body(tx, kind, name, before.id) if before else {}
        names = _names(tx, (record,))
    return DocumentVersion(
        record=record,
        before=before,
        changed=differences(former, body) if before else (),
        text=write_document(Document(kind=kind, name=name, body=body)),
        actor_name=names.get(PersonId(record.applied_by), ""),
    )


def propose(rt: Runtime, actor: Actor, document: Document, base: int) -> Proposal:
    """Try a changed document against those in force; nothing is written.

    Raises
    ------
    WrongStateError
        ``document_changed_meanwhile``: another version than ``base`` is in force.
    """
    only_for(actor, ADMIN)
    with rt.database.reading() as tx:
        return _proposal(tx, document, base)


def apply_document(rt: Runtime, actor: Actor, document: Document, base: int) -> Applied:
    """Apply one document as a new version; where ``changes_timing``, ``gridcase.services.reclocking`` has to follow.

    Raises
    ------
    WrongStateError
        ``document_changed_meanwhile``.
    InvalidInputError
        ``document_unchanged`` on ``text``.
    RefusedConfigurationError
        Together with the documents in force it has errors; nothing is applied.
    """
    only_for(actor, ADMIN)
    now = rt.clock.now()
    with rt.database.writing() as tx:
        keep_configuration_still(tx)
        proposal = _proposal(tx, document, base)
        if not proposal.is_good:
            raise RefusedConfigurationError(proposal.findings)
        if base and not proposal.changed:
            raise invalid("text", "document_unchanged")
        former = next((one.digest for one in versions_of(tx, document.kind, document.name, limit=1)), None)
        new = digest(document)
        add_version(
            tx,
            kind=document.kind,
            name=document.name,
            digest=new,
            body=document.body,
            now=now,
            applied_by=actor.person,
        )
        Noting(tx, actor, now).document(Changed.DOCUMENT_APPLIED, document.label, digest=[former, new])
    return Applied(changed=(document.label,), findings=proposal.findings, changes_timing=proposal.changes_timing)


def _proposal(tx: Tx, document: Document, base: int) -> Proposal:
    found = body_of(tx, document.kind, document.name)
    newest, body = found or (0, {})
    if newest != base:
        raise WrongStateError("document_changed_meanwhile", params={"document": document.label})
    together = {one.label: one for one in held_documents(tx)} | {document.label: document}
    findings = check(together.values())
    grave = errors(findings)
    return Proposal(
        document=document,
        base=base,
        changed=differences(body, document.body),
        findings=tuple(one for one in findings if one.document == document.label or one in grave),
    )


def _in_force(tx: Tx, kind: DocumentKind, name: str) -> tuple[Document, int]:
    found = body_of(tx, kind, name)
    if found is None:
        raise NotFoundError("document_not_found", params={"document": f"{kind}/{name}"})
    return Document(kind=kind, name=name, body=found[1]), found[0]


def _body(tx: Tx, kind: DocumentKind, name: str, version: int) -> dict[str, Plain]:
    found = body_of(tx, kind, name, version)
    body: dict[str, Plain] = found[1] if found else {}
    return body


def _names(tx: Tx, versions: Sequence[VersionRecord]) -> Mapping[PersonId, str]:
    return people.names_of(tx, [PersonId(one.applied_by) for one in versions])
