"""What is new? Reads history lines after a cursor and never skips one that was committed late.

PostgreSQL: a line is shown only when its transaction is older than every transaction still running, and the cursor
orders by (transaction, id). SQLite: writers queue, so the id alone orders commits.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, and_, literal_column, or_, select

from gridcase.store.database import Tx
from gridcase.store.history import CaseEventRow

_SETTLED = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cursor:
    """A place in the feed; the start is before everything."""

    txn: int = 0
    id: int = 0


def read_feed(tx: Tx, after: Cursor, limit: int) -> tuple[tuple[CaseEventRow, ...], Cursor]:
    """Return up to ``limit`` lines after the cursor, and the cursor after them."""
    statement = select(CaseEventRow)
    if tx.get_bind().dialect.name == "postgresql":
        settled: ColumnElement[int] = literal_column(_SETTLED, BigInteger())
        later = or_(
            CaseEventRow.txn > after.txn,
            and_(CaseEventRow.txn == after.txn, CaseEventRow.id > after.id),
        )
        statement = statement.where(CaseEventRow.txn < settled, later)
        statement = statement.order_by(CaseEventRow.txn, CaseEventRow.id)
    else:
        statement = statement.where(CaseEventRow.id > after.id).order_by(CaseEventRow.id)
    rows = tuple(tx.execute(statement.limit(limit)).scalars())
    if not rows:
        return (), after
    return rows, Cursor(txn=rows[-1].txn or 0, id=rows[-1].id)
