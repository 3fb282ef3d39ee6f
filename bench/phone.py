"""What a phone is told: the bytes of its first sync and of the next, with a large duty area and many tasks.

The duty area has cells whose borders bend like streets do; the tasks are checks of cases that were filed through the
API. Told through the test client, as a phone asks: compressed, and for comparison plain.
"""

import itertools
import random
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert, select

from bench.office import FILING_PATH, furnished
from gridcase.domain.case import CaseState, CheckMode, TaskKind
from gridcase.grid.features import UNIT_LAYER, Feature, Part
from gridcase.services import gridding
from gridcase.services.runtime import Runtime
from gridcase.store.cases import CaseRow, TaskRow
from gridcase.store.database import table_of

CELLS, TASKS = 2000, 200
_SYNC = "/api/v1/sync"
#: South-west corner, and the size of a cell, in units of 1e-7 degree: about a hundred metres.
_WEST, _SOUTH, _WIDE, _HIGH = 1_199_000_000, 317_000_000, 10_600, 9_000
_ROWS, _BENDS, _COMMUNITY = 40, 3, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Bytes of the answers to a phone: as sent to one that takes them compressed, and before."""

    sent: int
    plain: int


def run() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="gridcase-bench-") as name:
        office = furnished(f"sqlite:///{Path(name) / 'phone.sqlite'}", Path(name))
        client, headers = office.signed_in()
        key = {"Idempotency-Key": str(uuid.uuid4())}
        mould = client.post(FILING_PATH, json=office.bodies(1, seed=1)[0], headers=headers | key).get_json()
        widen(office.rt, CELLS)
        ask_checks(office.rt, mould["number"], TASKS)
        print(f"\nwhat a phone is told · {CELLS:,} cells, {TASKS} tasks")
        cursor = None
        for which in ("first sync", "next sync"):
            told, cursor = sync(client, headers, cursor)
            print(f"{which}: {told.sent:,} bytes as sent, {told.plain:,} plain")
        office.rt.database.engine.dispose()


def sync(client: FlaskClient, headers: dict[str, str], known: dict[str, str] | None) -> tuple[Told, dict[str, str]]:
    """Ask, page after page, as a phone does that knows so much; return the bytes, and what it knows then."""
    query, sent, plain = dict(known or {}), 0, 0
    while True:
        zipped = client.get(_SYNC, query_string=query, headers=headers | {"Accept-Encoding": "gzip"})
        answer = client.get(_SYNC, query_string=query, headers=headers)
        sent, plain = sent + len(zipped.data), plain + len(answer.data)
        told: dict[str, Any] = answer.get_json()
        query |= {name: told[name]["digest"] for name in ("grid", "types", "usual", "clocks") if name in told}
        query["cursor"] = told["cursor"]
        if not told["more"]:
            return Told(sent=sent, plain=plain), query


def widen(rt: Runtime, count: int) -> None:
    """Put a grid of so many cells in place of the one there is."""
    gridding.save_layer(rt, UNIT_LAYER, cells(count))


def cells(count: int) -> list[Feature]:
    """Return seamless cells with bent borders, a hundred metres wide; row after row, codes of some communities."""
    found = []
    for number in range(count):
        community, sequence = divmod(number, _COMMUNITY)
        code = f"320404005{101 + community:03}{sequence + 1:03}"
        ring = tuple(_ring(*divmod(number, _ROWS)))
        found.append(Feature(code=code, name="", layer=UNIT_LAYER, geometry=(Part(outer=ring),)))
    return found


def _ring(column: int, row: int) -> Iterator[tuple[int, int]]:
    corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
    yield _corner(*corners[0])
    for start, end in itertools.pairwise(corners):
        bends = list(_bends(min(start, end), max(start, end)))
        yield from bends if start < end else reversed(bends)
        yield _corner(*end)


def _corner(column: int, row: int) -> tuple[int, int]:
    draw = random.Random(f"{column},{row}")
    return _WEST + column * _WIDE + draw.randint(-900, 900), _SOUTH + row * _HIGH + draw.randint(-900, 900)


def _bends(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the vertices between two corners: the same for both cells that share the border."""
    draw = random.Random(f"{start}-{end}")
    (west, south), (east, north) = _corner(*start), _corner(*end)
    for step in range(1, _BENDS + 1):
        x, y = west + (east - west) * step // (_BENDS + 1), south + (north - south) * step // (_BENDS + 1)
        yield x + draw.randint(-300, 300), y + draw.randint(-300, 300)


def ask_checks(rt: Runtime, mould: str, count: int) -> None:
    """Ask whoever filed a case to check so many like it, written past the use cases."""
    with rt.database.writing() as tx:
        row = next(one for one in tx.execute(select(CaseRow)).scalars() if one.number == mould)
        values = {column.name: getattr(row, column.name) for column in table_of(CaseRow).columns if column.name != "id"}
        own = {"state": str(CaseState.CHECKING), "inspector_id": row.filed_by, "tasks": 1}
        cases = [
            values | own | {"uid": str(uuid.uuid4()), "address": f"南大街{one}号门前"} for one in range(1, 1 + count)
        ]
        asked = {"kind": str(TaskKind.CHECK), "mode": str(CheckMode.ON_SITE), "inspector_id": row.filed_by}
        times = {"asked_at": row.filed_at, "due_at": row.filed_at + timedelta(hours=4), "asked_by": row.filed_by}
        copies = tx.scalars(insert(CaseRow).returning(CaseRow.id), cases).all()
        tx.execute(insert(table_of(TaskRow)), [asked | times | {"case_id": one, "number": 1} for one in copies])
