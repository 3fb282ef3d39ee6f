"""The schema in the models and the schema the migrations make are one and the same, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from gridcase.store import schema
from gridcase.store.database import engine_options, prepare_sqlite


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty database, and empty again afterwards."""
    made = create_engine(database_url, **engine_options(database_url))
    if made.dialect.name == "sqlite":
        prepare_sqlite(made)
    assert inspect(made).get_table_names() == []
    yield made
    downgrade(made)
    with made.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    made.dispose()


def downgrade(engine: Engine) -> None:
    config = schema._config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def drawn(engine: Engine) -> dict[str, Any]:
    """Return every table with its columns, indexes and keys, and every trigger."""
    seen = inspect(engine)
    found: dict[str, Any] = {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(name)],
            sorted(plain(index) for index in seen.get_indexes(name)),
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted(str(key) for key in seen.get_foreign_keys(name)),
        )
        for name in sorted(tables(engine))
    }
    triggers = {
        "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1, 2",
        "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    }
    with engine.connect() as connection:
        found["triggers"] = [tuple(row) for row in connection.execute(text(triggers[engine.dialect.name]))]
    return found


def plain(index: Any) -> str:
    """Write an index down, the condition of a partial one as text and not as the object that holds it."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def in_models(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the search for pairs of characters: another kind of table on each database, which no model can say."""
    return not (kind == "table" and name is not None and name.startswith("case_search"))


def differences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        options = {"compare_type": True, "target_metadata": schema.metadata(), "include_name": in_models}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, schema.metadata()))


def test_the_migrations_make_what_the_models_say(engine):
    schema.upgrade(engine)
    assert schema.is_current(engine)
    assert differences(engine) == []


def test_a_difference_between_models_and_database_is_seen(engine):
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_case_filed"))
    assert [one[0] for one in differences(engine)] == ["add_index"]
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX ix_case_filed ON case_record (filed_at, id)"))


def test_migrations_go_up_down_and_up_again(engine):
    schema.upgrade(engine)
    first = drawn(engine)
    assert len(tables(engine)) > 10
    assert first["triggers"]
    downgrade(engine)
    assert tables(engine) == set()
    schema.upgrade(engine)
    assert drawn(engine) == first


def test_going_up_twice_changes_nothing(engine):
    schema.upgrade(engine)
    first = drawn(engine)
    schema.upgrade(engine)
    assert drawn(engine) == first


def test_areas_are_ordered_by_bytes_whatever_language_the_server_sorts_in(postgresql_url):
    made = create_engine(postgresql_url)
    assert inspect(made).get_table_names() == []
    schema.upgrade(made)
    with made.connect() as connection:
        asked = "SELECT collation_name FROM information_schema.columns WHERE table_name = :t AND column_name = :c"
        assert connection.execute(text(asked), {"t": "case_record", "c": "area"}).scalar_one() == "C"
    downgrade(made)
    with made.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    made.dispose()
