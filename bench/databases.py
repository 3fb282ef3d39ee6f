"""A database of the bench's own, of either kind, removed afterwards, and what its server costs in processor time."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url

from gridcase.store.database import Database, engine_options

POSTGRESQL_VARIABLE = "GRIDCASE_TEST_POSTGRESQL_URL"


class Kind(StrEnum):
    """Databases that are measured."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@contextmanager
def fresh_database(kind: Kind, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database that nobody else uses."""
    if kind is Kind.SQLITE:
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    server = make_url(os.environ[POSTGRESQL_VARIABLE])
    name = f"gridcase_bench_{uuid.uuid4().hex[:12]}"
    _execute(server, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def server_process(url: str) -> int | None:
    """Return the process of a database server on this machine; None for SQLite, or where it cannot be told."""
    if make_url(url).get_backend_name() != "postgresql":
        return None
    try:
        with psycopg.connect(plain_address(make_url(url))) as connection:
            folder = connection.execute("SHOW data_directory").fetchone()
        return int((Path(folder[0]) / "postmaster.pid").read_text().splitlines()[0]) if folder else None
    except (psycopg.Error, OSError, ValueError):
        return None


def durability(url: str) -> str:
    """Say how a commit is made to last, for the heading of the figures."""
    if make_url(url).get_backend_name() != "postgresql":
        return "WAL, synchronous=FULL"
    with psycopg.connect(plain_address(make_url(url))) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    return "fsync={}, synchronous_commit={}".format(*(row[0] for row in shown if row))


def opened(url: str) -> Database:
    """Return a database with gridcase's own settings and pragmas."""
    return Database(create_engine(url, **engine_options(url)))


def _execute(server: URL, statement: str, database: str) -> None:
    # CREATE DATABASE refuses to run inside a transaction.
    with psycopg.connect(plain_address(server), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(database)))


def plain_address(url: URL) -> str:
    """Return an address as psycopg itself takes it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
