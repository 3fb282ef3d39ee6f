"""Offices that many tests of one module share, each with cases of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office, open_office


@pytest.fixture(scope="module")
def shared_office(furnished_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on SQLite for a whole module: for tables of requests that are refused, or that make their own case."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copy(furnished_sqlite, folder / "office.sqlite")
    office = open_office(f"sqlite:///{folder / 'office.sqlite'}", folder)
    yield office
    office.rt.database.engine.dispose()
