"""Many cases read in batches of bounded size, in order of their identity: for work that looks at all of them.

Each batch is one statement, or two where assignments are needed; nothing is asked row by row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, or_, select, type_coerce

from gridcase.domain.actor import Actor
from gridcase.domain.case import OPEN_STATES, CaseState
from gridcase.store.cases import AssignmentRow, CaseRow, is_open, visible_to
from gridcase.store.database import Tx

#: Cases of one batch.
BATCH = 500
#: As ``PlainJson`` writes it.
_PROVISIONAL = '"provisional": true'


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """One lead assignment, as far as routing is judged by it."""

    case_id: int
    unit: str
    route: str | None
    dispatched_at: datetime
    outcome: str | None
    leaves_due: bool


def open_cases_after(tx: Tx, after: int, limit: int = BATCH) -> tuple[CaseRow, ...]:
    """Return open cases with an identity above ``after``."""
    statement = select(CaseRow).where(CaseRow.id > after, is_open()).order_by(CaseRow.id).limit(limit)
    return tuple(tx.execute(statement).scalars())


def provisional_after(tx: Tx, after: int, limit: int = BATCH) -> tuple[int, ...]:
    """Return identities above ``after`` of the cases, open or closed, that have a provisional deadline.

    Assisting deadlines stand in no clock: a case that has them is found by the clocks of its lead.
    """
    states = [str(state) for state in (*OPEN_STATES, CaseState.CLOSED)]
    statement = (
        select(CaseRow.id)
        .where(CaseRow.id > after, CaseRow.state.in_(states))
        .where(type_coerce(CaseRow.clocks, Text).contains(_PROVISIONAL))
        .order_by(CaseRow.id)
        .limit(limit)
    )
    return tuple(tx.execute(statement).scalars())


def registered_after(
    tx: Tx, actor: Actor, filed: tuple[datetime, datetime], after: int, limit: int = BATCH
) -> tuple[CaseRow, ...]:
    """Return the cases with an identity above ``after`` that were filed from the first instant up to the second.

    Only those that the actor may see, that were registered, and that are not void: somebody had to be found for them.
    """
    statement = (
        select(CaseRow)
        .where(visible_to(actor), CaseRow.id > after, CaseRow.filed_at >= filed[0], CaseRow.filed_at < filed[1])
        .where(CaseRow.registered_at.is_not(None), CaseRow.state != str(CaseState.VOID))
        .order_by(CaseRow.id)
        .limit(limit)
    )
    return tuple(tx.execute(statement).scalars())


def tenures_of(tx: Tx, case_ids: Iterable[int]) -> dict[int, list[Tenure]]:
    """Return the lead assignments of these cases, in the order they were given; a withdrawn dispatch is none."""
    columns = (
        AssignmentRow.case_id,
        AssignmentRow.unit,
        AssignmentRow.route,
        AssignmentRow.dispatched_at,
        AssignmentRow.outcome,
        AssignmentRow.leaves_due,
    )
    statement = (
        select(*columns)
        .where(AssignmentRow.case_id.in_(list(case_ids)), AssignmentRow.is_lead)
        .where(or_(AssignmentRow.outcome.is_(None), AssignmentRow.outcome != "withdrawn"))
        .order_by(AssignmentRow.case_id, AssignmentRow.number)
    )
    found: dict[int, list[Tenure]] = {}
    for row in tx.execute(statement):
        found.setdefault(row.case_id, []).append(Tenure(**row._mapping))  # noqa: SLF001 - SQLAlchemy's public name
    return found
