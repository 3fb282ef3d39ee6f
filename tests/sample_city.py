"""The sample city of the demonstration, played on a small database in a folder of its own."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import argon2
import pytest
from flask import Flask
from sqlalchemy import func, select

from gridcase.app import create_app
from gridcase.demo.city import City, found
from gridcase.demo.player import SEED, Played, play
from gridcase.domain.history import CaseEvent
from gridcase.domain.time import SetClock
from gridcase.edge.runtime import EXTENSION
from gridcase.services.reading import case_history
from gridcase.services.runtime import Runtime
from gridcase.services.steps import passwords
from gridcase.settings import Settings
from gridcase.store.cases import CaseRow
from gridcase.store.database import Base
from tests.office import ROOT

#: Cases of the month here: enough for every turn once, few enough for a session of tests.
CASES = 150
#: Cases that are open as of now.
OPEN = 24
#: A Monday evening, when the offices are closed.
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@dataclass
class SampleCity:
    """A played city."""

    app: Flask
    city: City
    played: Played
    said: io.StringIO

    @property
    def rt(self) -> Runtime:
        rt: Runtime = self.app.extensions[EXTENSION]
        return rt

    def numbers(self) -> list[str]:
        """Return the numbers of all cases, in the order they were filed."""
        with self.rt.database.reading() as tx:
            return [row.number for row in tx.execute(select(CaseRow).order_by(CaseRow.id)).scalars()]

    def histories(self) -> list[list[CaseEvent]]:
        """Return the history of every case, in the order they were filed."""
        reader = self.city.cast.actors["shift_leader"]
        return [[line.event for line in case_history(self.rt, reader, number)] for number in self.numbers()]

    def row_counts(self) -> dict[str, int]:
        """Count the rows of every table."""
        with self.rt.database.reading() as tx:
            return {
                table.name: tx.execute(select(func.count()).select_from(table)).scalar_one()
                for table in Base.metadata.sorted_tables
            }

    def heads(self) -> list[str]:
        """Return the last hash of every case's history."""
        with self.rt.database.reading() as tx:
            return list(tx.execute(select(CaseRow.head).order_by(CaseRow.id)).scalars())


def open_city(folder: Path, *, public: bool = True, now: datetime = NOW) -> Flask:
    """Make an application on the folder's database, at an instant."""
    settings = Settings(data_dir=folder, config_dir=ROOT / "config", public_overview=public)
    return create_app(settings, clock=SetClock(now))


def play_city(folder: Path, *, now: datetime = NOW, cases: int = CASES) -> SampleCity:
    """Make and play the city, or go on where an earlier run stopped."""
    app = open_city(folder, now=now)
    rt: Runtime = app.extensions[EXTENSION]
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        # Nobody signs in with these passwords here: the least effort keeps the tests quick.
        patch.setattr(passwords, "HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        city = found(rt, lambda line: print(line, file=said))
        played = play(rt, city, Random(SEED), lambda line: print(line, file=said), cases)
    return SampleCity(app=app, city=city, played=played, said=said)
