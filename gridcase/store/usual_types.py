"""Which types are filed most lately, read from the newest filings alone: never more rows than asked for."""

from sqlalchemy import ColumnElement, func, select

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseKind, Scheme, TypeKey
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Tx


def usual_types(tx: Tx, actor: Actor, *, rows: int, limit: int) -> tuple[TypeKey, ...]:
    """Return the types most frequent among the newest cases: those this person filed first, then anybody's.

    Two statements, each of the newest ``rows`` by an index.
    """
    mine = _counted(tx, CaseRow.filed_by == actor.person, rows, limit)
    anybody = _counted(tx, visible_to(actor), rows, limit)
    return tuple(dict.fromkeys((*mine, *anybody)))[:limit]


def _counted(tx: Tx, whose: ColumnElement[bool], rows: int, limit: int) -> tuple[TypeKey, ...]:
    newest = (
        select(CaseRow.scheme, CaseRow.kind, CaseRow.code)
        .where(whose)
        .order_by(CaseRow.filed_at.desc(), CaseRow.id.desc())
        .limit(rows)
        .subquery()
    )
    key = (newest.c.scheme, newest.c.kind, newest.c.code)
    found = tx.execute(select(*key).group_by(*key).order_by(func.count().desc(), *key).limit(limit))
    return tuple(TypeKey(scheme=Scheme(scheme), kind=CaseKind(kind), code=code) for scheme, kind, code in found)
