"""The month: facts out of a database, then counts and scores of a million cases beside bare polars.

First, a hundred thousand made-up cases of seven lines lie in a SQLite database of ours; the floor reads the same rows
and parses their JSON with the standard library. Then the columns of those facts are scanned from Parquet, repeated up
to ten million cases; the floor groups the same columns by the same subject and sums them, without a condition.
"""

import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl
from sqlalchemy import Boolean, Integer, Table, create_engine, insert

from bench.timing import cpu_us, print_rounds, spread
from gridcase.assessment import counts
from gridcase.assessment.counts import count
from gridcase.assessment.frames import Frames
from gridcase.assessment.scoring import score
from gridcase.assessment.selection import CountBy, Selection
from gridcase.assessment.streaming import fold_frames
from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    CaseKind,
    CaseState,
    CellCode,
    CheckMode,
    CheckResult,
    PersonId,
    Scheme,
    Source,
    TypeKey,
    UnitCode,
)
from gridcase.domain.history import Facts, LimitedStage, StageDue
from gridcase.domain.time import LimitUnit, Period, TimeLimit
from gridcase.rules.documents import DocumentKind, read_document
from gridcase.rules.rulesets import parse_rule_set
from gridcase.store import schema
from gridcase.store.cases import CaseRow
from gridcase.store.database import Database, table_of
from gridcase.store.history import CaseEventRow, plain_lines_since
from gridcase.store.people import PersonRow

_STORED, _ROUNDS = 100_000, 3
_SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
_TABLES = ("cases", "assignments", "tasks", "actions")
_VIEWS = (CountBy.UNIT, CountBy.AREA, CountBy.POST)
_RULES = Path(__file__).parent.parent / "config/rules/production-formula.yaml"
_PERIOD = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))
_CUT_OFF = datetime(2026, 11, 4, 10, tzinfo=UTC)
_FIRST = datetime(2026, 10, 1, tzinfo=UTC)
_FIRE_LANE = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09012")
_HOUR = TimeLimit(amount=Decimal(1), unit=LimitUnit.URGENT_HOUR)
_Row = tuple[str, int, str, str | None, str, int, str, str, str]


def run() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="gridcase-bench-") as name:
        folder = Path(name)
        _measure_facts(folder)
        _measure_counts(folder)


def _measure_facts(folder: Path) -> None:
    url = f"sqlite:///{folder / 'month.sqlite'}"
    database = Database(create_engine(url))
    lines = _fill(database)
    held: list[Frames] = []

    def bare() -> None:
        with closing(database.engine.raw_connection()) as connection:
            for row in connection.cursor().execute(_BARE):
                json.loads(row[-1])

    def facts() -> None:
        with database.reading() as tx:
            held[:] = [fold_frames(plain_lines_since(tx, _PERIOD.start, _CUT_OFF), cut_off=_CUT_OFF)]

    before = _peak_mb()
    facts()
    grown = _peak_mb() - before
    rounds = [[cpu_us(one, 1) / 1e6 for one in (bare, facts)] for _ in range(_ROUNDS)]
    print(f"\nfacts from SQLite · {_STORED:,} cases, {lines:,} lines, {_ROUNDS} rounds")
    print_rounds(("read and parse", "facts in columns"), rounds, "CPU-s")
    columns = sum(getattr(held[0], table).to_native().estimated_size("mb") for table in _TABLES)
    print(f"peak memory grew by {grown:.0f} MB; the columns take {columns:.0f} MB", flush=True)
    for table in _TABLES:
        getattr(held[0], table).to_native().write_parquet(folder / f"{table}.parquet")
        getattr(held[0], table).to_native()[: _SIZES[0]].write_parquet(folder / f"{table}-small.parquet")
    database.engine.dispose()


def _measure_counts(folder: Path) -> None:
    print(f"\ncounts by unit, area and post beside a bare scan and group of the same columns, {_ROUNDS} rounds")
    print(f"{'cases':>12} {'floor s':>20} {'counts s':>20} {'ratio':>20} {'peak MB':>8}")
    for size in _SIZES:
        frames = _scanned(folder, size)
        sweeps = [sweep for by in _VIEWS for sweep in _sweeps(folder, by)]
        rounds = []
        for _ in range(_ROUNDS):
            floor = _seconds(lambda: _group(frames, sweeps))  # noqa: B023 - called at once
            ours = _seconds(lambda: _count(frames))  # noqa: B023 - called at once
            rounds.append((floor, ours))
        figures = (spread([one[0] for one in rounds]), spread([one[1] for one in rounds]))
        ratio = spread([ours / floor for floor, ours in rounds])
        print(f"{size:>12,} {figures[0]:>20} {figures[1]:>20} {ratio:>20} {_peak_mb():>8.0f}", flush=True)
    _measure_scoring(folder)


def _measure_scoring(folder: Path) -> None:
    rule_set = parse_rule_set(read_document(DocumentKind.RULES, _RULES.stem, _RULES.read_bytes()))
    frames = _scanned(folder, 1_000_000)
    sweeps = _sweeps(folder, CountBy.UNIT)
    rounds = [
        [_seconds(lambda: _group(frames, sweeps)), _seconds(lambda: score(rule_set, frames, _PERIOD))]
        for _ in range(_ROUNDS)
    ]
    print(f"\ncount and score by unit, {rule_set.name}, 1,000,000 cases, {_ROUNDS} rounds")
    print_rounds(("scan and group", "count and score"), rounds, "s")


@dataclass(frozen=True, slots=True)
class _Sweep:
    """A pass over a frame: its subject, and the columns that the counts look at."""

    table: str
    subject: str
    touched: tuple[str, ...]


def _sweeps(folder: Path, by: CountBy) -> list[_Sweep]:
    """Return the passes that counting makes in a view; a column is looked at when the plan fails without it."""
    found = []
    for sweep in counts._sweeps(by):  # noqa: SLF001 - what is measured against is what it really does
        schema_of = pl.read_parquet_schema(folder / f"{sweep.frame}.parquet")
        touched = tuple(name for name in schema_of if not _works_without(name, sweep, schema_of, by))
        found.append(_Sweep(sweep.frame, sweep.column, touched))
    return found


def _works_without(name: str, sweep: Any, schema_of: Mapping[str, Any], by: CountBy) -> bool:
    rest = {column: kind for column, kind in schema_of.items() if column != name}
    frames = Frames(**{table: nw.from_native(pl.LazyFrame(schema=rest)) for table in _TABLES})  # type: ignore[arg-type]
    try:
        counts._amounts(frames, sweep, Selection(period=_PERIOD, by=by)).collect_schema()  # noqa: SLF001
    except (nw.exceptions.ColumnNotFoundError, pl.exceptions.ColumnNotFoundError):
        return False
    return True


def _scanned(folder: Path, size: int) -> Frames:
    """Scan as many cases as asked: the same files over and over, which costs their reading every time."""
    file, times = ("-small", 1) if size == _SIZES[0] else ("", size // _STORED)
    scans = {table: nw.from_native(pl.scan_parquet([folder / f"{table}{file}.parquet"] * times)) for table in _TABLES}
    return Frames(**cast("dict[str, Any]", scans))


def _group(frames: Frames, sweeps: Iterable[_Sweep]) -> None:
    for sweep in sweeps:
        scan = cast("nw.LazyFrame[Any]", getattr(frames, sweep.table)).to_native()
        kinds = scan.collect_schema()
        sums = [
            (pl.col(name).is_not_null() if kinds[name] == pl.String else pl.col(name)).sum().alias(f"sum of {name}")
            for name in sweep.touched
        ]
        scan.group_by(sweep.subject).agg(*sums).collect(engine="streaming")


def _count(frames: Frames) -> None:
    for by in _VIEWS:
        count(frames, Selection(period=_PERIOD, by=by))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


_BARE = (
    "SELECT case_id, seq, action, to_state, actor_id, role, recorded_at, facts FROM case_event ORDER BY case_id, seq"
)


def _fill(database: Database) -> int:
    """Fill a database of the newest schema; returns how many lines of history it holds."""
    schema.upgrade(database.engine)
    draw, lines = random.Random(20261012), 0
    with database.engine.connect() as connection:
        connection.execute(
            insert(table_of(PersonRow)), {**_blank(table_of(PersonRow)), "id": _NOBODY, "created_at": _FIRST}
        )
        for first in range(1, _STORED + 1, 10_000):
            cases: list[dict[str, Any]] = []
            events: list[dict[str, Any]] = []
            for identity in range(first, first + 10_000):
                rows = list(_case(f"B{identity:06}", draw))
                cases.append(_case_values(identity, rows))
                events += [_event_values(identity, row) for row in rows]
            connection.execute(insert(table_of(CaseRow)), cases)
            connection.execute(insert(table_of(CaseEventRow)), events)
            lines += len(events)
        connection.commit()
    return lines


def _case_values(identity: int, rows: list[_Row]) -> dict[str, Any]:
    filed_at, last = (datetime.fromisoformat(rows[place][7]) for place in (0, -1))
    known = {
        "id": identity,
        "uid": f"uid{identity}",
        "prefix": "BENCH",
        "filed_on": filed_at.date(),
        "filed_at": filed_at,
        "last_event_at": last,
        "closed_at": last,
        "state": str(CaseState.CLOSED),
        "handle_due_at": filed_at + timedelta(minutes=_DISPATCH_DUES[LimitedStage.HANDLE]),
        "source": str(Source.INSPECTOR),
    }
    return _blank(table_of(CaseRow)) | known | {"filed_by": _NOBODY}


def _event_values(identity: int, row: _Row) -> dict[str, Any]:
    _, seq, action, from_state, to_state, actor, role, recorded, facts = row
    return _blank(table_of(CaseEventRow)) | {
        "case_id": identity,
        "seq": seq,
        "action": action,
        "from_state": from_state,
        "to_state": to_state,
        "actor_id": actor,
        "role": role,
        "recorded_at": datetime.fromisoformat(recorded),
        "facts": facts,
        "hash": "0" * 64,
    }


def _blank(table: Table) -> dict[str, Any]:
    """Return something for every column that must not be empty."""
    if table.name not in _BLANKS:
        _BLANKS[table.name] = {
            column.name: 0 if isinstance(column.type, Integer | Boolean) else ""
            for column in table.columns
            if not column.nullable and not column.primary_key
        }
    return _BLANKS[table.name]


_BLANKS: dict[str, dict[str, Any]] = {}
_NOBODY = 1


def _case(number: str, draw: random.Random) -> Iterator[_Row]:
    """Yield the lines of a case that was filed, dispatched, reported, checked and closed, some of it late."""
    at = _FIRST + timedelta(seconds=draw.randrange(30 * 86_400))
    unit, cell = f"U{draw.randrange(20)}", f"320404005{draw.randint(1, 8):03}{draw.randint(1, 90):03}"
    assigned = {"assignment": 1, "unit": UnitCode(unit)}
    filing = {
        "type": _FIRE_LANE,
        "source": Source.INSPECTOR,
        "cell": CellCode(cell),
        "found_by": PersonId(draw.randint(1, 40)),
        "layers": {"community": (cell[:12],), "street": (cell[:9],)},
    }
    steps: tuple[tuple[int, Action, CaseState, Role, dict[str, object], dict[LimitedStage, int]], ...] = (
        (0, Action.FILE, CaseState.RECEIVED, Role.INSPECTOR, filing, {LimitedStage.REGISTER: 60}),
        (0, Action.REGISTER, CaseState.REGISTERED, Role.SYSTEM, {}, {LimitedStage.DISPATCH: 60}),
        (0, Action.DISPATCH, CaseState.DISPATCHED, Role.SYSTEM, assigned, _DISPATCH_DUES),
        (draw.randint(20, 150), Action.REPORT, CaseState.REPORTED, Role.HANDLER, assigned, {LimitedStage.CHECK: 400}),
        (160, Action.REQUEST_CHECK, CaseState.CHECKING, Role.ACCEPTOR, _ASKED, {LimitedStage.CHECK: 400}),
        (200, Action.CHECK, CaseState.REPORTED, Role.INSPECTOR, _PASSED, {}),
        (draw.randint(210, 700), Action.CLOSE, CaseState.CLOSED, Role.SHIFT_LEADER, {"assignment": 1}, {}),
    )
    before: CaseState | None = None
    for seq, (minute, action, state, role, facts, dues) in enumerate(steps, start=1):
        told = Facts(**facts, dues=tuple(_due(stage, at, due) for stage, due in dues.items()))  # type: ignore[arg-type]
        recorded = (at + timedelta(minutes=minute)).isoformat()
        yield number, seq, action, before, state, draw.randint(1, 40), role, recorded, told.dump()
        before = state


def _due(stage: LimitedStage, at: datetime, minutes: int) -> StageDue:
    return StageDue(stage=stage, started_at=at, due_at=at + timedelta(minutes=minutes), limit=_HOUR, calendar="plain@1")


_DISPATCH_DUES = {LimitedStage.ACCEPT: 30, LimitedStage.HANDLE: 120, LimitedStage.CLOSE: 600}
_ASKED = {"task": 1, "inspector": PersonId(9), "check_mode": CheckMode.ON_SITE}
_PASSED = {"task": 1, "check_result": CheckResult.PASS}
