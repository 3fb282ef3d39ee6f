"""What anybody may see of cases: number, type, state, cell and times; no text, no person, no exact position.

Every query is bounded: by the open cases, by an index range, or by a limit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select

from gridcase.domain.case import OPEN_STATES, CaseKind, CaseNumber, CaseState, CellCode, Scheme, TypeKey
from gridcase.domain.numbers import NumberParts, case_number
from gridcase.store.assessments import DONE, AssessmentRunRow
from gridcase.store.cases import CaseRow, is_open
from gridcase.store.database import Tx

_COLUMNS = (
    CaseRow.id,
    CaseRow.prefix,
    CaseRow.filed_on,
    CaseRow.scheme,
    CaseRow.kind,
    CaseRow.code,
    CaseRow.state,
    CaseRow.area,
    CaseRow.filed_at,
    CaseRow.due_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCase:
    """A case as anybody may see it.

    Parameters
    ----------
    cell
        None while nobody has located it.
    due_at
        Deadline of the stage it stands in; None once ended.
    """

    number: CaseNumber
    type: TypeKey
    state: CaseState
    cell: CellCode | None
    filed_at: datetime
    due_at: datetime | None


def open_counts(tx: Tx) -> Mapping[CaseState, int]:
    """Count the open cases by state, in one statement; states without a case are left out."""
    return _counted(tx, select(CaseRow.state, func.count()).where(is_open()))


def ended_counts(tx: Tx, filed_from: datetime) -> Mapping[CaseState, int]:
    """Count the ended cases that were filed since an instant, by state, in one statement."""
    ended = [state for state in CaseState if state not in OPEN_STATES]
    statement = select(CaseRow.state, func.count())
    return _counted(tx, statement.where(CaseRow.state.in_(_names(ended)), CaseRow.filed_at >= filed_from))


def count_overdue(tx: Tx, now: datetime) -> int:
    """Count the open cases whose deadline has passed, in one statement."""
    statement = select(func.count()).where(is_open(), CaseRow.due_at < now)
    return tx.execute(statement).scalar_one()


def open_cases(tx: Tx, limit: int) -> tuple[PublicCase, ...]:
    """Return the open cases that are due first, in one statement."""
    statement = select(*_COLUMNS).where(is_open())
    rows = tx.execute(statement.order_by(CaseRow.due_at, CaseRow.id).limit(limit))
    return tuple(_public(row) for row in rows)


def closed_cases(tx: Tx, limit: int) -> tuple[PublicCase, ...]:
    """Return the closed cases that were filed last, newest first, in one statement."""
    statement = select(*_COLUMNS).where(CaseRow.state == str(CaseState.CLOSED))
    rows = tx.execute(statement.order_by(CaseRow.filed_at.desc(), CaseRow.id.desc()).limit(limit))
    return tuple(_public(row) for row in rows)


def newest_month(tx: Tx) -> AssessmentRunRow | None:
    """Return the newest run of the latest period that is no draft, in one statement."""
    order = (AssessmentRunRow.period.desc(), AssessmentRunRow.id.desc())
    statement = (
        select(AssessmentRunRow)
        .where(AssessmentRunRow.is_draft.is_(False), AssessmentRunRow.status == DONE)
        .order_by(*order)
        .limit(1)
    )
    return tx.execute(statement).scalar_one_or_none()


def _names(states: Iterable[CaseState]) -> list[str]:
    return sorted(str(state) for state in states)


def _counted(tx: Tx, statement: Select[tuple[str, int]]) -> Mapping[CaseState, int]:
    return {CaseState(state): number for state, number in tx.execute(statement.group_by(CaseRow.state)).tuples()}


def _public(row: Row[Any]) -> PublicCase:
    return PublicCase(
        number=case_number(NumberParts(prefix=row.prefix, filed_on=row.filed_on, identity=row.id)),
        type=TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code),
        state=CaseState(row.state),
        cell=None if row.area is None else CellCode(row.area),
        filed_at=row.filed_at,
        due_at=row.due_at,
    )
