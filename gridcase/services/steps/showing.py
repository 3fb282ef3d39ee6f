"""Cases as people look at them: a line of history, a case of a list, a case that is visible or not there at all."""

from dataclasses import dataclass

from gridcase.domain.actor import Actor
from gridcase.domain.errors import NotFoundError
from gridcase.domain.history import CaseEvent
from gridcase.domain.numbers import parse_number
from gridcase.store import history
from gridcase.store.cases import CaseRow, StoredCase, load_case, to_case
from gridcase.store.database import Tx
from gridcase.workflow.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """A line of history as people read it.

    Parameters
    ----------
    actor_name
        None for the system.
    payload
        Canonical JSON of texts and positions; None once erased.
    is_by_filer
        Whether the person who acted also filed or found the case.
    """

    event: CaseEvent
    actor_name: str | None
    payload: str | None
    is_by_filer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase:
    """A case in a list: without assignments and tasks."""

    id: int
    case: Case
    unit: str | None
    address: str | None
    description: str | None


def visible_case(tx: Tx, actor: Actor, number: str) -> StoredCase:
    """Return a case.

    Raises
    ------
    NotFoundError
        There is none, or the actor may not see it.
    """
    parts = parse_number(number)
    stored = load_case(tx, parts.identity, actor) if parts else None
    if stored is None or stored.case.number != number.strip().upper():
        raise NotFoundError("case_not_found", params={"number": number})
    return stored


def listed_case(row: CaseRow) -> ListedCase:
    """Return a row as a list shows it."""
    return ListedCase(id=row.id, case=to_case(row), unit=row.unit, address=row.address, description=row.description)


def history_of(tx: Tx, stored: StoredCase) -> tuple[HistoryLine, ...]:
    """Return a case's history, oldest first, in one statement."""
    filers = (stored.case.filed_by, stored.case.found_by)
    return tuple(
        HistoryLine(
            event=history.to_event(row, stored.case.number),
            actor_name=name,
            payload=payload.body if payload else None,
            is_by_filer=row.actor_id in filers,
        )
        for row, payload, name in history.lines_of(tx, stored.id)
    )
