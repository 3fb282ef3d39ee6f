"""What every test may ask for: how hard hypothesis tries, and an empty database of either kind.

A test that takes ``database_url`` runs once on SQLite and once on PostgreSQL. Each worker of a parallel run
has databases of its own, made once per run.
"""

import os
from collections.abc import Iterator

import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

# No deadline: the time of one example says more about the machine's other work than about ours.
hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("deep", max_examples=5_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

POSTGRESQL_VARIABLE = "GRIDCASE_TEST_POSTGRESQL_URL"
REQUIRED_VARIABLES = ("GRIDCASE_TEST_REQUIRE_ALL", "CI")


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a database that only this worker uses, for SQLAlchemy; empty when the run begins."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of this worker's SQLite file, which does not exist yet."""
    path = tmp_path_factory.mktemp("database") / "gridcase.sqlite"
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgresql_url(worker_id: str, testrun_uid: str) -> Iterator[str]:
    """Address of this worker's database on the server named by ``GRIDCASE_TEST_POSTGRESQL_URL``."""
    server = make_url(_postgresql_server())
    name = f"gridcase_{testrun_uid[:12]}_{worker_id}"
    _execute(server, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    yield server.set(database=name).render_as_string(hide_password=False)
    _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


# The schema and its emptying between tests belong here: a session fixture that takes ``database_url`` and
# migrates it, and a fixture per test that empties what the session fixture made.


def _postgresql_server() -> str:
    url = os.environ.get(POSTGRESQL_VARIABLE)
    if url:
        return url
    if any(os.environ.get(name) for name in REQUIRED_VARIABLES):
        pytest.fail(f"{POSTGRESQL_VARIABLE} names no server, and this run must not leave PostgreSQL out")
    pytest.skip(f"{POSTGRESQL_VARIABLE} names no server; ./scripts/test starts one")


def _execute(server: URL, statement: str, database: str) -> None:
    address = server.set(drivername="postgresql").render_as_string(hide_password=False)
    # CREATE DATABASE refuses to run inside a transaction.
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(database)))
