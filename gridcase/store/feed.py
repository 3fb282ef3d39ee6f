"""What is new? Reads history lines after a cursor and never skips one that was committed late.

PostgreSQL: a line is shown only when its transaction is older than every transaction still running, and the cursor
orders by (transaction, id). SQLite: writers queue, so the id alone orders commits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, func, literal_column, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.store.database import Base, Tx
from gridcase.store.history import CaseEventRow

_SETTLED = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cursor:
    """A place in the feed; the start is before everything."""

    txn: int = 0
    id: int = 0


class FeedCursorRow(Base):
    """How far a reader of the feed has come; one row a reader, and its lock."""

    __tablename__ = "feed_cursor"

    reader: Mapped[str] = mapped_column(String(40), primary_key=True)
    txn: Mapped[int] = mapped_column(BigInteger)
    id: Mapped[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A line of history as the feed orders it, without what it says."""

    cursor: Cursor
    case_id: int
    seq: int
    hash: str


def hold_cursor(tx: Tx, reader: str) -> Cursor:
    """Return how far a reader has come, and keep others of the same name waiting until the transaction ends."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    tx.execute(make(FeedCursorRow).values(reader=reader, txn=0, id=0).on_conflict_do_nothing())
    row = tx.execute(select(FeedCursorRow).where(FeedCursorRow.reader == reader).with_for_update()).scalar_one()
    return Cursor(txn=row.txn, id=row.id)


def move_cursor(tx: Tx, reader: str, cursor: Cursor) -> None:
    """Note how far a reader has come."""
    tx.execute(update(FeedCursorRow).where(FeedCursorRow.reader == reader).values(txn=cursor.txn, id=cursor.id))


def feed_lines(tx: Tx, after: Cursor, up_to: Cursor | None = None) -> Iterator[FeedLine]:
    """Return the lines after a place in the feed, in its order, up to another or the end.

    Without an end, lines whose transaction is not settled yet are among them.
    """
    is_postgresql = tx.get_bind().dialect.name == "postgresql"
    place = (CaseEventRow.txn, CaseEventRow.id) if is_postgresql else (CaseEventRow.id,)
    statement = select(*_LINE).where(_later(after, is_postgresql=is_postgresql)).order_by(*place)
    if up_to is not None:
        statement = statement.where(~_later(up_to, is_postgresql=is_postgresql))
    for identity, txn, case_id, seq, link in tx.execute(statement.execution_options(yield_per=2000)):
        yield FeedLine(cursor=Cursor(txn=txn or 0, id=identity), case_id=case_id, seq=seq, hash=link)


def last_recorded(tx: Tx, by: datetime) -> Cursor | None:
    """Return the place of the last line, in the order of the feed, recorded by an instant; None when there is none."""
    is_postgresql = tx.get_bind().dialect.name == "postgresql"
    place = (CaseEventRow.txn.desc(), CaseEventRow.id.desc()) if is_postgresql else (CaseEventRow.id.desc(),)
    statement = select(CaseEventRow.txn, CaseEventRow.id).where(CaseEventRow.recorded_at <= by).order_by(*place)
    found = tx.execute(statement.limit(1)).one_or_none()
    return None if found is None else Cursor(txn=found[0] or 0, id=found[1])


def settled_until(tx: Tx) -> Cursor:
    """Return the place before which nothing is missing any more: every line there is shown, and none will come."""
    if tx.get_bind().dialect.name == "postgresql":
        return Cursor(txn=tx.execute(select(literal_column(_SETTLED, BigInteger()))).scalar_one())
    return Cursor(id=tx.execute(select(func.max(CaseEventRow.id))).scalar_one() or 0)


def lies_between(tx: Tx, after: Cursor, up_to: Cursor) -> ColumnElement[bool]:
    """Return the criterion of the lines after a place in the feed and up to another one, which is settled."""
    is_postgresql = tx.get_bind().dialect.name == "postgresql"
    return and_(_later(after, is_postgresql=is_postgresql), not_(_later(up_to, is_postgresql=is_postgresql)))


_LINE: tuple[Any, ...] = (
    CaseEventRow.id,
    CaseEventRow.txn,
    CaseEventRow.case_id,
    CaseEventRow.seq,
    CaseEventRow.hash,
)


def _later(after: Cursor, *, is_postgresql: bool) -> ColumnElement[bool]:
    if not is_postgresql:
        return CaseEventRow.id > after.id
    return or_(CaseEventRow.txn > after.txn, and_(CaseEventRow.txn == after.txn, CaseEventRow.id > after.id))


def read_feed(tx: Tx, after: Cursor, limit: int) -> tuple[tuple[CaseEventRow, ...], Cursor]:
    """Return up to ``limit`` lines after the cursor, and the cursor after them."""
    statement = select(CaseEventRow)
    if tx.get_bind().dialect.name == "postgresql":
        settled: ColumnElement[int] = literal_column(_SETTLED, BigInteger())
        statement = statement.where(CaseEventRow.txn < settled, _later(after, is_postgresql=True))
        statement = statement.order_by(CaseEventRow.txn, CaseEventRow.id)
    else:
        statement = statement.where(CaseEventRow.id > after.id).order_by(CaseEventRow.id)
    rows = tuple(tx.execute(statement.limit(limit)).scalars())
    if not rows:
        return (), after
    return rows, Cursor(txn=rows[-1].txn or 0, id=rows[-1].id)


def has_news(tx: Tx, reader: str) -> bool:
    """Tell whether there are lines that a reader has not come to; asks for one alone and holds nothing."""
    row = tx.execute(select(FeedCursorRow).where(FeedCursorRow.reader == reader)).scalar_one_or_none()
    after = Cursor() if row is None else Cursor(txn=row.txn, id=row.id)
    rows, _ = read_feed(tx, after, 1)
    return bool(rows)
