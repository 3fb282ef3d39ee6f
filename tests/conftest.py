"""What every test may ask for: how hard hypothesis tries, and an empty database of either kind.

A test that takes ``database_url`` runs once on SQLite and once on PostgreSQL. Each worker of a parallel run
has databases of its own, made once per run.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import argon2
import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from gridcase.services import running_month
from gridcase.services.steps import passwords
from tests.office import Office, furnish, open_office
from tests.once import make_once
from tests.sample_city import SampleCity, play_city

# No deadline: the time of one example says more about the machine's other work than about ours.
hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("deep", max_examples=5_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

POSTGRESQL_VARIABLE = "GRIDCASE_TEST_POSTGRESQL_URL"
REQUIRED_VARIABLES = ("GRIDCASE_TEST_REQUIRE_ALL", "CI")


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords cheaply: at full cost a sign-in takes 60 ms of a core, and the tests sign in very often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """Compile templates, routes and statements and read the catalogue once for all applications of this worker."""
    with pytest.MonkeyPatch.context() as patch:
        make_once(patch)
        yield


@pytest.fixture
def plain_packages() -> Iterator[None]:
    """Leave workbook, report and Parquet out of packages: they are tried elsewhere and take seconds."""
    whole = running_month.write_package
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            running_month,
            "write_package",
            lambda package, path, **more: whole(package, path, with_renderings=False, **more),
        )
        yield


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


@pytest.fixture(scope="session")
def furnished_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with schema, configuration, grid and people, to be copied by each test."""
    folder = tmp_path_factory.mktemp("furnished")
    office = open_office(f"sqlite:///{folder / 'office.sqlite'}", folder)
    furnish(office.rt)
    office.rt.database.engine.dispose()
    return folder / "office.sqlite"


@pytest.fixture(scope="session")
def furnished_postgresql(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, testrun_uid: str
) -> Iterator[tuple[URL, str]]:
    """The server, and the name of a furnished database on it, to be copied by each test."""
    server = make_url(_postgresql_server())
    name = f"gridcase_{testrun_uid[:12]}_{worker_id}_furnished"
    _execute(server, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    url = server.set(database=name).render_as_string(hide_password=False)
    office = open_office(url, tmp_path_factory.mktemp("furnished"))
    furnish(office.rt)
    office.rt.database.engine.dispose()
    yield server, name
    _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def sqlite_office(furnished_sqlite: Path, tmp_path: Path) -> Iterator[Office]:
    """An office of this test's own, on SQLite."""
    shutil.copy(furnished_sqlite, tmp_path / "office.sqlite")
    office = open_office(f"sqlite:///{tmp_path / 'office.sqlite'}", tmp_path)
    yield office
    office.rt.database.engine.dispose()


@pytest.fixture
def postgresql_office(furnished_postgresql: tuple[URL, str], tmp_path: Path) -> Iterator[Office]:
    """An office of this test's own, on PostgreSQL."""
    server, template = furnished_postgresql
    name = f"gridcase_{uuid.uuid4().hex[:16]}"
    _execute(server, f"CREATE DATABASE {{}} TEMPLATE {template}", name)
    office = open_office(server.set(database=name).render_as_string(hide_password=False), tmp_path)
    yield office
    office.rt.database.engine.dispose()
    _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def office(request: pytest.FixtureRequest) -> Office:
    """A furnished office of this test's own: the test runs once on each database."""
    found: Office = request.getfixturevalue(f"{request.param}_office")
    return found


@pytest.fixture(scope="session")
def sample_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCity]:
    """The demonstration's city with its month, on SQLite; nobody may change it."""
    city = play_city(tmp_path_factory.mktemp("city"))
    yield city
    city.rt.database.engine.dispose()


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
