"""Which types are filed most lately, read from the newest filings alone: never more rows than asked for."""

from sqlalchemy import Select, func, select

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseKind, Scheme, TypeKey
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Tx


def usual_types(tx: Tx, actor: Actor, *, rows: int, limit: int) -> tuple[TypeKey, ...]:
    """Return the types most frequent lately: of what this person filed first, then of what they may see of all.

    Two statements, each of the newest ``rows`` by an index, however few of those an actor may see.
    """
    newest = select(CaseRow.id).order_by(CaseRow.filed_at.desc(), CaseRow.id.desc()).limit(rows)
    mine = _counted(tx, newest.where(CaseRow.filed_by == actor.person), actor, limit)
    anybody = _counted(tx, newest, actor, limit)
    return tuple(dict.fromkeys((*mine, *anybody)))[:limit]


def _counted(tx: Tx, newest: Select[tuple[int]], actor: Actor, limit: int) -> tuple[TypeKey, ...]:
    key = (CaseRow.scheme, CaseRow.kind, CaseRow.code)
    looked_at = newest.subquery()
    statement = (
        select(*key)
        .join(looked_at, looked_at.c.id == CaseRow.id)
        .where(visible_to(actor, is_narrow=True))
        .group_by(*key)
        .order_by(func.count().desc(), *key)
        .limit(limit)
    )
    found = tx.execute(statement)
    return tuple(TypeKey(scheme=Scheme(scheme), kind=CaseKind(kind), code=code) for scheme, kind, code in found)
