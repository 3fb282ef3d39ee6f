"""Cases that belong to a case: what it repeats and what repeats it, and similar open ones nearby.

Every query shows only what the actor may see, is bounded, and is one statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, String, and_, literal, or_, select, union_all

from gridcase.domain.actor import Actor
from gridcase.domain.case import TypeKey
from gridcase.domain.numbers import parse_number
from gridcase.domain.place import GeoPoint, distance_m
from gridcase.store.cases import CaseRow, StoredCase, is_open, unsought, visible_to
from gridcase.store.database import Tx
from gridcase.store.recurrence import RecurrenceRow, box_around


class Relation(StrEnum):
    """How another case belongs to the one looked at."""

    LEAD = "lead_case"
    FOLLOWER = "follower"
    EARLIER = "earlier_case"
    LATER = "later_case"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedRow:
    """Another case and what it is to the one looked at."""

    relation: Relation
    row: CaseRow


def duplicates_of(tx: Tx, actor: Actor, stored: StoredCase) -> tuple[RelatedRow, ...]:
    """Return the lead of a case and its followers, oldest first, at most ``MOST_RELATED``."""
    lead = parse_number(stored.case.lead) if stored.case.lead else None
    either = [CaseRow.lead == stored.case.number]
    if lead is not None:
        either.append(CaseRow.id == lead.identity)
    statement = (
        select(CaseRow).where(or_(*either), visible_to(actor, is_narrow=True)).order_by(CaseRow.id).limit(MOST_RELATED)
    )
    return tuple(
        RelatedRow(relation=Relation.FOLLOWER if row.lead == stored.case.number else Relation.LEAD, row=row)
        for row in tx.execute(statement).scalars()
    )


def repetitions_of(tx: Tx, actor: Actor, case_id: int) -> tuple[RelatedRow, ...]:
    """Return the case that this one repeats and those that repeat it, oldest first, at most ``MOST_RELATED``."""
    told = literal(str(Relation.EARLIER), String).label("relation")
    earlier = select(RecurrenceRow.earlier_id.label("other"), told).where(RecurrenceRow.case_id == case_id)
    told = literal(str(Relation.LATER), String).label("relation")
    later = select(RecurrenceRow.case_id.label("other"), told).where(RecurrenceRow.earlier_id == case_id)
    # Two halves, each by its own index: an OR over both columns reads the whole table.
    pairs = union_all(earlier, later).subquery()
    statement = (
        select(CaseRow, pairs.c.relation)
        .join(pairs, pairs.c.other == CaseRow.id)
        .where(visible_to(actor))
        .order_by(CaseRow.id)
        .limit(MOST_RELATED)
    )
    return tuple(RelatedRow(relation=Relation(relation), row=row) for row, relation in tx.execute(statement).tuples())


def similar_open(
    tx: Tx, actor: Actor, kinds: Sequence[TypeKey], point: GeoPoint, *, radius_m: float
) -> tuple[tuple[CaseRow, float], ...]:
    """Return open cases of some types within a radius with their distance in metres: nearest, then newest first.

    At most ``MOST_RELATED``, of the newest ``_MOST_LOOKED_AT`` around: more of the same in one place tell nobody more.
    """
    statement = (
        select(CaseRow)
        .where(
            # By the open cases of the codes, not by all that there ever were of the types.
            CaseRow.code.in_({one.code for one in kinds}),
            or_(*(_is_of(kind) for kind in kinds)),
            is_open(),
            box_around(point, radius_m),
            visible_to(actor, is_narrow=True),
        )
        .order_by(CaseRow.filed_at.desc(), CaseRow.id.desc())
        .limit(_MOST_LOOKED_AT)
    )
    found = [
        (row, distance_m(point, GeoPoint(lon_e7=row.lon_e7, lat_e7=row.lat_e7)))
        for row in tx.execute(statement).scalars()
        if row.lon_e7 is not None and row.lat_e7 is not None
    ]
    near = [(row, away) for row, away in found if away <= radius_m]
    return tuple(sorted(near, key=lambda one: (one[1], -one[0].id))[:MOST_RELATED])


def _is_of(kind: TypeKey) -> ColumnElement[bool]:
    """Return the criterion of a whole type: two schemes may use the same code for different things."""
    parts = ((CaseRow.scheme, kind.scheme), (CaseRow.kind, kind.kind), (CaseRow.code, kind.code))
    return and_(*(unsought(column) == str(part) for column, part in parts))


#: More would hide the message.
MOST_RELATED = 50
_MOST_LOOKED_AT = 200
