"""Folding and counting a month beside a floor that only reads and parses the same rows.

Ten thousand made-up cases, seven lines each, lie in a SQLite file. The floor reads every row and parses its JSON; ours
reads the same rows, folds them to facts, lays out the four frames and counts by unit, area and post.
"""

import json
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.timing import cpu_us, print_rounds
from gridcase.assessment.counts import count
from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.selection import CountBy, Selection
from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    CaseKind,
    CaseNumber,
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
from gridcase.domain.history import CaseEvent, Facts, LimitedStage, StageDue
from gridcase.domain.time import LimitUnit, Period, TimeLimit

_CASES, _ROUNDS = 10_000, 3
_PERIOD = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))
_CUT_OFF = datetime(2026, 11, 4, 10, tzinfo=UTC)
_FIRST = datetime(2026, 10, 1, tzinfo=UTC)
_FIRE_LANE = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09012")
_HOUR = TimeLimit(amount=Decimal(1), unit=LimitUnit.URGENT_HOUR)
_QUERY = (
    "SELECT number, seq, action, from_state, to_state, actor, role, recorded_at, facts FROM line ORDER BY number, seq"
)
_Row = tuple[str, int, str, str | None, str, int, str, str, str]


def run() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="gridcase-bench-") as folder:
        path = Path(folder) / "month.sqlite"
        lines = _fill(path)

        def bare() -> None:
            for row in _read(path):
                json.loads(row[-1])

        def folding() -> None:
            fold(map(_event, _read(path)), cut_off=_CUT_OFF)

        def counting() -> None:
            frames = frames_of(fold(map(_event, _read(path)), cut_off=_CUT_OFF))
            for by in (CountBy.UNIT, CountBy.AREA, CountBy.POST):
                count(frames, Selection(period=_PERIOD, by=by))

        print(f"\nthe month · {_CASES} cases, {lines} lines, {_ROUNDS} rounds")
        rounds = [[cpu_us(one, 1) / 1e6 for one in (bare, folding, counting)] for _ in range(_ROUNDS)]
    print_rounds(("read and parse", "fold", "fold and count"), rounds, "CPU-s")


def _fill(path: Path) -> int:
    draw = random.Random(20261012)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE line (number TEXT, seq INTEGER, action TEXT, from_state TEXT, to_state TEXT,"
            " actor INTEGER, role TEXT, recorded_at TEXT, facts TEXT, PRIMARY KEY (number, seq)) WITHOUT ROWID"
        )
        rows = [row for number in range(_CASES) for row in _case(f"B{number:06}", draw)]
        connection.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return len(rows)


def _read(path: Path) -> Iterator[_Row]:
    with closing(sqlite3.connect(path)) as connection:
        yield from connection.execute(_QUERY)


def _event(row: _Row) -> CaseEvent:
    number, seq, action, from_state, to_state, actor, role, recorded_at, facts = row
    return CaseEvent(
        case=CaseNumber(number),
        seq=seq,
        action=Action(action),
        from_state=None if from_state is None else CaseState(from_state),
        to_state=CaseState(to_state),
        actor=PersonId(actor),
        role=Role(role),
        unit=None,
        recorded_at=datetime.fromisoformat(recorded_at),
        observed_at=None,
        facts=Facts.load(facts),
    )


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
