"""What the queue asks besides its page of cases: bounded counts, markers of a page, what changed, and saved views.

Each is one statement, whatever the number of views or rows, and none reads more for there being more ended cases.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from gridcase.domain.actor import Actor, ScopeKind
from gridcase.domain.case import Action, PersonId
from gridcase.store.cases import AssignmentRow, CaseFilter, CaseRow, narrowed, visible_to
from gridcase.store.database import Base, Tx, UtcDateTime
from gridcase.store.history import CaseEventRow
from gridcase.store.recurrence import REJECTED, RecurrenceRow


class SavedViewRow(Base):
    """A filter that a person keeps under a name; nobody else sees it."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A saved view; ``query`` is the query string of the list."""

    id: int
    name: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What stands beside a case in a list and not in its row.

    Parameters
    ----------
    followers
        Reports of the same that are linked to it.
    """

    followers: int = 0
    is_recurrent: bool = False
    is_rework: bool = False


_Name = TypeVar("_Name")


def bounded_counts(
    tx: Tx, actor: Actor, wanted: Mapping[_Name, CaseFilter], now: datetime, most: int
) -> dict[_Name, int]:
    """Count the cases of each filter that an actor may see, none beyond ``most``, in one statement."""
    if not wanted:
        return {}
    columns = []
    for number, one in enumerate(wanted.values()):
        found = narrowed(tx, select(literal(1)).select_from(CaseRow), actor, one, now).limit(most)
        columns.append(select(func.count()).select_from(found.subquery()).scalar_subquery().label(f"n{number}"))
    row = tx.execute(select(*columns)).one()
    return dict(zip(wanted, row, strict=True))


def marks_of(tx: Tx, actor: Actor, rows: Sequence[CaseRow]) -> dict[int, Marked]:
    """Return the markers of a page of cases, in one statement; only followers that the actor may see are counted."""
    by_number: dict[str, int] = {row.number: row.id for row in rows}
    identities = list(by_number.values())
    if not identities:
        return {}
    followers = select(literal("follower"), CaseRow.lead, func.count()).where(
        CaseRow.lead.in_(by_number), visible_to(actor, is_narrow=True)
    )
    # Cast to text, so that one column holds the leads' numbers and the identities of the others.
    recurrent = select(literal("recurrent"), _text(RecurrenceRow.case_id), literal(1)).where(
        RecurrenceRow.case_id.in_(identities), RecurrenceRow.state != REJECTED
    )
    rework = select(literal("rework"), _text(CaseEventRow.case_id), func.count()).where(
        CaseEventRow.case_id.in_(identities), CaseEventRow.action == str(Action.REWORK)
    )
    found: CompoundSelect[tuple[str, str, int]] = union_all(
        followers.group_by(CaseRow.lead), recurrent, rework.group_by(CaseEventRow.case_id)
    )
    told: dict[tuple[str, int], int] = {}
    for what, key, count in tx.execute(found):
        told[(what, by_number[key] if what == "follower" else int(key))] = count
    return {
        identity: Marked(
            followers=told.get(("follower", identity), 0),
            is_recurrent=("recurrent", identity) in told,
            is_rework=("rework", identity) in told,
        )
        for identity in identities
    }


def change_mark(tx: Tx, actor: Actor, since: datetime) -> str:
    """Return a word that differs once anything an actor sees has changed after ``since``; one statement.

    Only the cases of the last moments are read, by the index on their last event; that a case was given to another
    unit counts for the unit that had it.
    """
    recent = CaseRow.last_event_at >= since
    asked = select(func.count(), func.coalesce(func.sum(CaseRow.events * 7919 + CaseRow.id), 0)).where(
        recent, visible_to(actor, is_narrow=True)
    )
    if actor.scope.kind is ScopeKind.UNIT:
        # The end of its own tenure, and nothing of what others do with the case afterwards.
        ended = select(func.count()).where(
            AssignmentRow.case_id == CaseRow.id,
            recent,
            # As no index has it: by the recent cases, not by all that the unit ever had.
            func.coalesce(AssignmentRow.unit, "") == actor.scope.value,
            AssignmentRow.ended_at >= since,
        )
        asked = asked.add_columns(ended.correlate(None).scalar_subquery())
    return ".".join(str(part) for part in tx.execute(asked).one())


def saved_views(tx: Tx, person: PersonId) -> tuple[SavedView, ...]:
    """Return a person's views, by name."""
    rows = tx.execute(select(SavedViewRow).where(SavedViewRow.person_id == person).order_by(SavedViewRow.name))
    return tuple(SavedView(id=row.id, name=row.name, query=row.query) for row in rows.scalars())


def put_view(tx: Tx, person: PersonId, *, name: str, query: str, now: datetime) -> None:
    """Keep a view; one of the same name is replaced."""
    tx.execute(delete(SavedViewRow).where(SavedViewRow.person_id == person, SavedViewRow.name == name))
    tx.execute(insert(SavedViewRow).values(person_id=person, name=name, query=query, created_at=now))


def drop_view(tx: Tx, person: PersonId, identity: int) -> bool:
    """Forget one of a person's views; tell whether there was one."""
    asked = delete(SavedViewRow).where(SavedViewRow.id == identity, SavedViewRow.person_id == person)
    return tx.execute(asked.returning(SavedViewRow.id)).scalar_one_or_none() is not None


def _text(column: InstrumentedAttribute[int]) -> ColumnElement[str]:
    return cast(column, String)
