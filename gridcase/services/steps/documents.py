"""The configuration documents in force, and refusing documents that have errors."""

from collections.abc import Sequence

from gridcase.domain.errors import GridcaseError
from gridcase.rules.checks import check
from gridcase.rules.documents import Document, DocumentKind, Finding, Severity
from gridcase.services.steps.reference import GRID_KIND
from gridcase.store.configuration import documents_in_force
from gridcase.store.database import Tx

#: Kinds of documents that say how long a limit lasts.
TIMING = frozenset({DocumentKind.CALENDAR, DocumentKind.CONDUCT})


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


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Keep the findings that forbid applying."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def checked(documents: Sequence[Document]) -> tuple[Finding, ...]:
    """Return what there is to say about documents that can be applied together.

    Raises
    ------
    RefusedConfigurationError
        They have errors.
    """
    findings = tuple(check(documents))
    if errors(findings):
        raise RefusedConfigurationError(findings)
    return findings


def held_documents(tx: Tx) -> tuple[Document, ...]:
    """Return the documents in force, by kind and name."""
    return tuple(
        Document(kind=DocumentKind(row.kind), name=row.name, body=row.body)
        for row in documents_in_force(tx)
        if row.kind != GRID_KIND
    )
