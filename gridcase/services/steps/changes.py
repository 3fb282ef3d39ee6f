"""Noting what an administrator changed, in the transaction that changes it."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from gridcase.domain.actor import SYSTEM, Actor, Role, Scope
from gridcase.domain.case import PersonId
from gridcase.store.admin_changes import PERSON, NewAdminChange, add_admin_changes
from gridcase.store.database import Tx


class Changed(StrEnum):
    """What was changed."""

    PERSON_ADDED = "person_added"
    PERSON_EDITED = "person_edited"
    PERSON_ACTIVATED = "person_activated"
    PERSON_DEACTIVATED = "person_deactivated"
    ROLE_GRANTED = "role_granted"
    ROLE_ENDED = "role_ended"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the word for it
    SESSION_REVOKED = "session_revoked"
    DELEGATION_ADDED = "delegation_added"
    DELEGATION_ENDED = "delegation_ended"
    SHIFT_ADDED = "shift_added"
    SHIFT_REMOVED = "shift_removed"
    SHIFT_CUT = "shift_cut"
    DOCUMENT_APPLIED = "document_applied"
    LAYER_IMPORTED = "layer_imported"
    CAMPAIGN_PLANNED = "campaign_planned"
    CAMPAIGN_ENDED = "campaign_ended"


class SubjectKind(StrEnum):
    """To what."""

    PERSON = PERSON
    DOCUMENT = "document"
    LAYER = "layer"
    CAMPAIGN = "campaign"


#: What changes by a command on the machine itself, where nobody signs in.
COMMAND_LINE = SYSTEM


def plain_grant(role: Role, scope: Scope, valid_from: date, valid_to: date | None) -> dict[str, object]:
    """Return what is noted of a role that is granted."""
    return {
        "role": role,
        "scope": plain_scope(scope),
        "valid_from": valid_from.isoformat(),
        "valid_to": valid_to.isoformat() if valid_to else None,
    }


def plain_scope(scope: Scope) -> str:
    """Return a scope in one word, ``area:320404005001``."""
    return f"{scope.kind}:{scope.value}" if scope.value else str(scope.kind)


class Noting:
    """Writes down the changes of one transaction.

    Parameters
    ----------
    actor
        Who changes; ``COMMAND_LINE`` for a command on the machine.
    """

    def __init__(self, tx: Tx, actor: Actor, now: datetime) -> None:
        self._tx = tx
        self._actor = actor
        self._now = now

    def person(self, what: Changed, person: PersonId, /, **details: Any) -> None:
        """Note a change of a person; ``details`` hold codes and dates, never a name or a password."""
        self.people(what, [(person, details)])

    def people(self, what: Changed, changes: Iterable[tuple[PersonId, dict[str, Any]]]) -> None:
        """Note the same kind of change of several people, in one statement."""
        add_admin_changes(
            self._tx, [self._change(what, SubjectKind.PERSON, str(person), details) for person, details in changes]
        )

    def document(self, what: Changed, label: str, /, **details: Any) -> None:
        """Note a change of a configuration document, ``kind/name``."""
        self._note(what, SubjectKind.DOCUMENT, label, details)

    def layer(self, what: Changed, layer: str, /, **details: Any) -> None:
        """Note a change of a layer."""
        self._note(what, SubjectKind.LAYER, layer, details)

    def campaign(self, what: Changed, code: str, /, **details: Any) -> None:
        """Note that a campaign was planned or ended."""
        self._note(what, SubjectKind.CAMPAIGN, code, details)

    def _note(self, what: Changed, kind: SubjectKind, subject: str, details: dict[str, Any]) -> None:
        add_admin_changes(self._tx, [self._change(what, kind, subject, details)])

    def _change(self, what: Changed, kind: SubjectKind, subject: str, details: dict[str, Any]) -> NewAdminChange:
        return NewAdminChange(
            at=self._now,
            actor=self._actor.person,
            role=self._actor.role,
            what=what,
            subject_kind=kind,
            subject=subject,
            details=details,
        )
