"""The ground the store tests stand on: a database of each kind answers and is the worker's own."""

import os

from sqlalchemy import create_engine, text


def test_a_database_of_either_kind_keeps_chinese_text(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE probe (word TEXT)"))
        connection.execute(text("INSERT INTO probe VALUES (:word)"), {"word": "单元网格"})
        words = connection.execute(text("SELECT word, length(word) FROM probe")).all()
        connection.execute(text("DROP TABLE probe"))
    engine.dispose()
    assert words == [("单元网格", 4)]


def test_the_postgresql_database_is_the_workers_own(postgresql_url: str, worker_id: str) -> None:
    assert postgresql_url != os.environ["GRIDCASE_TEST_POSTGRESQL_URL"]
    assert postgresql_url.endswith(f"_{worker_id}")
