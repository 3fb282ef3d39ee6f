"""The database: base class, column types, and the two ways to open a transaction.

``Database.writing`` and ``Database.reading`` are the only doors; leaving ``writing`` normally commits, leaving it by an
exception rolls back. SQLite and PostgreSQL behave alike behind them (ADR 0003).
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from threading import Lock
from typing import Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, String, Table, Text, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

#: What use cases may catch when the database does not answer or lacks its tables.
StoreError = SQLAlchemyError


#: Of an INTEGER column: PostgreSQL refuses to compare it with more, and a well-formed number may hold twelve digits.
LARGEST_ID = 2**31 - 1


class Base(DeclarativeBase):
    """Base of every table."""


db = SQLAlchemy(model_class=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware on both sides, UTC in the database, also in SQLite, which forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive instants and move the others to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "naive datetime"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainJson(TypeDecorator[Any]):
    """A JSON value kept as text: the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the value."""
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read the value."""
        return None if value is None else json.loads(value)


def byte_ordered(length: int) -> String:
    """Return the type of a code that ranges are asked of: in order of bytes, also where PostgreSQL sorts words."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


Tx = Session


def table_of(row: type[Base]) -> Table:
    """Return the table behind a row class.

    What every filing writes goes by statements made once on the table and filled in at execution: building one
    anew with ``values(...)`` took longer than the database took to carry it out.
    """
    return cast("Table", row.__table__)


class Database:
    """One engine and its transactions.

    Parameters
    ----------
    engine
        Made by Flask-SQLAlchemy; SQLite engines get their pragmas here.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False, autoflush=False)
        self._single = self._sessions
        self._turn: AbstractContextManager[object] = nullcontext()
        if self.is_sqlite:
            prepare_sqlite(engine)
            # Writers of one process queue here: SQLite lets them try again at growing intervals, and some starve.
            self._turn = Lock()
        else:
            bare = engine.execution_options(isolation_level="AUTOCOMMIT")
            self._single = sessionmaker(bare, expire_on_commit=False, autoflush=False)

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """Open a transaction that may write; commit at the end."""
        with self._turn, self._sessions() as session, session.begin():
            if self.is_sqlite:
                session.connection(execution_options={"gridcase_write": True})
            yield session

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """Open a transaction that only reads; nothing is committed."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def steady(self) -> Iterator[Tx]:
        """Open a transaction whose statements all see the same moment, whatever is written meanwhile."""
        with self._sessions() as session:
            if not self.is_sqlite:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def asking(self) -> Iterator[Tx]:
        """Open for one reading statement alone: on PostgreSQL without the round trips of BEGIN and ROLLBACK."""
        with self._single() as session:
            yield session

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """Let SQLite force the disk at checkpoints only, not at every commit; for work that can be done again.

        After a power failure the last transactions may be missing, never half of one. Nothing changes on PostgreSQL.
        Leaving it closes the connections, which writes everything to its place.
        """
        if not self.is_sqlite:
            yield
            return
        event.listen(self.engine, "checkout", _force_seldom)
        try:
            yield
        finally:
            event.remove(self.engine, "checkout", _force_seldom)
            self.engine.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is used."""
        return self.engine.dialect.name == "sqlite"


def engine_options(url: str) -> dict[str, Any]:
    """Return the options for Flask-SQLAlchemy's engine of this address; its errors never quote what people wrote."""
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30}, "hide_parameters": True}
    # Of a statement that is asked often the server would sooner or later keep one plan for all values: then an index
    # serves open and ended cases alike, and a page of open ones reads every case there ever was.
    given = make_url(url).query.get("options", "")
    options = f"{given if isinstance(given, str) else ' '.join(given)} -c plan_cache_mode=force_custom_plan"
    return {
        "connect_args": {"options": options.strip()},
        "pool_size": 8,
        "max_overflow": 8,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
        "hide_parameters": True,
    }


#: Pages of the log (4 KiB each) after which a hasty connection writes them to their place.
_SELDOM_PAGES = 8000


def _force_seldom(connection: Any, _record: object, _proxy: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint={_SELDOM_PAGES}")


def prepare_sqlite(engine: Engine) -> None:
    """Set pragmas on connect, and begin transactions ourselves: the driver opens them too late."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("gridcase_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
