"""What the pages of the console read of a database: of thousands of ended cases next to nothing, on either.

Each page's statements are explained with the values they were sent with. PostgreSQL carries them out and counts the
rows, told to take an index where there is one, as it does by itself once a table is large; SQLite, which does not
count, tells whether it looks through a table or searches it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text

from gridcase.store.cases import AssignmentRow, CaseReferenceRow, CaseRow
from gridcase.store.database import engine_options, table_of
from gridcase.store.history import CaseEventRow
from gridcase.store.recurrence import RecurrenceRow
from tests.office import MONDAY, Office
from tests.web.pages import Visitor

#: One was filed a day, so that what asks for a period finds few of them.
CLOSED, OPEN = 1500, 5
#: Rows of one table that one statement may look at: the cases of the last three months, and a page of open ones.
MOST_READ = 150
#: Tables that grow with the years.
GROWING = ("case_record", "case_event", "case_event_payload", "assignment", "task", "case_reference", "recurrence")

PAGES = {
    "dispatcher": (
        "/queue",
        "/queue?view=overdue",
        "/queue?q=消防",
        "/queue?q={number_begun}",
        "/queue?q=0000791",
        "/queue?q=路1499号&state=all",
        "/queue/live",
        "/cases/{number}",
        "/map",
        "/map/points",
        "/map/heat?days=90",
        "/map/cells/{cell}",
        "/notices",
    ),
    "unit_leader": ("/queue", "/unit", "/map", "/map/points", "/map/heat?days=90", "/cases/{number}"),
    "chief": ("/queue", "/map"),
    "inspector": ("/queue", "/map"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A statement as it was sent."""

    statement: str
    parameters: Any


@pytest.fixture
def old_office(office: Office) -> tuple[Office, str, str]:
    """An office with open cases and a long past, one of the open cases' number and its cell."""
    inspector = office.caller("inspector")
    numbers = [inspector.file().json["number"] for _ in range(OPEN)]
    age(office)
    return office, numbers[0], office.caller("dispatcher").get(f"/cases/{numbers[0]}").json["cell"]


def age(office: Office) -> None:
    """Add closed cases like the first one, each a day older than the one before."""
    with office.rt.database.writing() as tx:
        moulds = {
            row: [dict(one) for one in tx.execute(select(table_of(row)).where(key == 1)).mappings()]
            for row, key in (
                (CaseRow, CaseRow.id),
                (CaseEventRow, CaseEventRow.case_id),
                (AssignmentRow, AssignmentRow.case_id),
            )
        }
        for row, made in (
            (CaseRow, [_closed(moulds[CaseRow][0], n) for n in range(CLOSED)]),
            (CaseEventRow, [_line(one, n) for n in range(CLOSED) for one in moulds[CaseEventRow]]),
            (AssignmentRow, [one | {"case_id": _identity(n)} for n in range(CLOSED) for one in moulds[AssignmentRow]]),
            (CaseReferenceRow, [_reference(n) for n in range(CLOSED)]),
            (RecurrenceRow, [_recurrence(n) for n in range(1, CLOSED, 3)]),
        ):
            tx.execute(insert(table_of(row)), made)
    if not office.rt.database.is_sqlite:
        with office.rt.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _identity(n: int) -> int:
    return 100_000 - n


def _closed(mould: dict[str, Any], n: int) -> dict[str, Any]:
    at = mould["filed_at"] - timedelta(days=n + 1)
    times = dict.fromkeys(("filed_at", "last_event_at", "closed_at", "registered_at", "handle_due_at"), at)
    gone = {"due_at": None, "due_clock": None, "wake_at": None, "address": f"人民路{n}号消防通道"}
    own = {"id": _identity(n), "uid": f"old{n}", "state": "closed", "filed_on": at.date()}
    return mould | times | gone | own | {"lon_e7": mould["lon_e7"] + n % 90, "lat_e7": mould["lat_e7"] + n % 70}


def _line(mould: dict[str, Any], n: int) -> dict[str, Any]:
    at = mould["recorded_at"] - timedelta(days=n + 1)
    return mould | {
        "id": 10 * _identity(n) + mould["seq"],
        "case_id": _identity(n),
        "client_ref": None,
        "recorded_at": at,
    }


def _reference(n: int) -> dict[str, Any]:
    return {"system": "old", "number": f"{n * 7919:08}", "case_id": _identity(n), "digest": None}


def _recurrence(n: int) -> dict[str, Any]:
    known = {"case_id": _identity(n - 1), "earlier_id": _identity(n), "unit": "NDJ-ZF", "distance_m": 3.0}
    told = {"reviewed_by": None, "reviewed_at": None, "reason": None}
    return known | told | {"state": "found", "found_at": MONDAY}


@contextmanager
def listening(office: Office) -> Iterator[list[Asked]]:
    """Collect the reading statements with their values."""
    engine, seen = office.rt.database.engine, []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip("( ").startswith(("SELECT", "WITH")):
            seen.append(Asked(statement=statement, parameters=parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_no_page_looks_through_what_has_ended(old_office: tuple[Office, str, str]) -> None:
    office, number, cell = old_office
    found = []
    for who, paths in PAGES.items():
        visitor = Visitor(office, who)
        for path in paths:
            with listening(office) as seen:
                answer = visitor.get(path.format(number=number, number_begun=number[:-1], cell=cell))
            assert answer.status_code == 200, (who, path, answer.status_code)
            found += [(who, path, why, asked.statement) for asked in seen for why in dear(office, asked)]
    assert not found, "\n\n".join(f"{who} at {path}: {why}\n{statement}" for who, path, why, statement in found)


def dear(office: Office, asked: Asked) -> list[str]:
    """Return what a statement reads too much of."""
    if office.rt.database.is_sqlite:
        return [
            line
            for line in explained(office, "EXPLAIN QUERY PLAN ", asked)
            if (told := re.match(r"SCAN (\w+)", line)) and told[1] in GROWING
        ]
    (plan,) = explained(office, "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ", asked)
    tree = json.loads(plan) if isinstance(plan, str) else plan
    return [
        f"{node['Node Type']} of {node['Relation Name']} reads {rows:.0f}"
        for node in _nodes(tree[0]["Plan"])
        if node.get("Relation Name") in GROWING and (rows := _read(node)) > MOST_READ
    ]


def explained(office: Office, how: str, asked: Asked) -> list[Any]:
    """Return the last column of an explanation."""
    with office.rt.database.engine.connect() as connection:
        if not office.rt.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [row[-1] for row in connection.exec_driver_sql(how + asked.statement, asked.parameters)]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _read(node: dict[str, Any]) -> float:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def test_what_is_dear_is_noticed(old_office: tuple[Office, str, str]) -> None:
    office, _, _ = old_office
    with listening(office) as seen, office.rt.database.reading() as tx:
        tx.execute(select(CaseRow.id).where(CaseRow.place == "nowhere")).all()
    assert dear(office, seen[0])


def test_no_plan_is_kept_for_all_values(postgresql_office: Office) -> None:
    """A plan for any state takes open cases, some thousands, for as many as a million ended ones."""
    with postgresql_office.rt.database.reading() as tx:
        assert tx.execute(text("SHOW plan_cache_mode")).scalar_one() == "force_custom_plan"


def test_what_an_address_asks_of_the_server_is_asked_too() -> None:
    options = engine_options("postgresql+psycopg://somebody@db/gridcase?options=-c%20work_mem%3D8MB")
    assert options["connect_args"]["options"] == "-c work_mem=8MB -c plan_cache_mode=force_custom_plan"
