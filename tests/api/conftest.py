"""Offices that many tests of one module share, each with cases of its own."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL

from tests.office import Office, open_office


@pytest.fixture(scope="module")
def shared_office(furnished_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on SQLite for a whole module: for tables of requests that are refused, or that make their own case."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copy(furnished_sqlite, folder / "office.sqlite")
    office = open_office(f"sqlite:///{folder / 'office.sqlite'}", folder)
    yield office
    office.rt.database.engine.dispose()


@pytest.fixture(scope="module")
def shared_sqlite_office(shared_office: Office) -> Office:
    """The same, by the name of its database."""
    return shared_office


@pytest.fixture(scope="module")
def shared_postgresql_office(
    furnished_postgresql: tuple[URL, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An office on PostgreSQL for a whole module: a copy of the furnished database."""
    server, template = furnished_postgresql
    name = f"gridcase_{uuid.uuid4().hex[:16]}"
    _execute(server, f"CREATE DATABASE {{}} TEMPLATE {template}", name)
    office = open_office(server.set(database=name).render_as_string(hide_password=False), tmp_path_factory.mktemp("pg"))
    yield office
    office.rt.database.engine.dispose()
    _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(server: URL, statement: str, database: str) -> None:
    address = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(database)))
