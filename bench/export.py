"""Packing a month of made-up cases beside a floor that only writes the same case sheet by the csv module.

Each size runs in a process of its own, so that its highest memory can be told. The package is the whole of it: every
table in both canonical forms, workbook, report, Parquet, manifest and signature; then its proof from file and key.
Processor seconds of all threads, so that other work on the machine does not count.
"""

import csv
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.assessment.archive import write_package
from gridcase.assessment.casesheet import CaseDetails, case_sheet
from gridcase.assessment.columnsheets import ColumnSheet
from gridcase.assessment.counts import count
from gridcase.assessment.frames import (
    ACTION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    CASE_COLUMNS,
    CASE_CONTEXT,
    TASK_COLUMNS,
    ColumnKind,
    Frames,
    epoch_second,
)
from gridcase.assessment.package import CountTable, MonthPackage, ScoreTable
from gridcase.assessment.proof import verify_package
from gridcase.assessment.scoring import score
from gridcase.assessment.selection import Attribution, CountBy, Selection
from gridcase.assessment.signing import new_key
from gridcase.domain.case import CaseNumber
from gridcase.domain.place import Datum
from gridcase.domain.time import Period
from gridcase.rules.documents import DocumentKind, canonical, digest, read_document
from gridcase.rules.rulesets import parse_rule_set

_SIZES = (10_000, 30_000, 100_000)
_PERIOD = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))
_CUT_OFF = datetime(2026, 11, 4, 10, tzinfo=UTC)
_RULES = Path(__file__).parent.parent / "config/rules/yuncheng.yaml"
_TYPES = [f"GBT47678.5-2026/event/{major:02}{minor:03}" for major in (6, 8, 9) for minor in range(1, 31)]
_UNITS = [f"U-{number:02}" for number in range(40)]


def run() -> None:
    """Measure and print."""
    context = multiprocessing.get_context("spawn")
    for size in _SIZES:
        with context.Pool(1) as pool:
            print("\n".join(pool.apply(_measure, (size,))))


def _measure(size: int) -> list[str]:
    frames = _frames(size)
    details = tuple(_details(frames))
    key = new_key()
    before = _peak_mb()
    with tempfile.TemporaryDirectory(prefix="gridcase-bench-") as held:
        path, plain = Path(held) / "month.zip", Path(held) / "cases.csv"
        gathered, package = _timed(lambda: _package(frames, details))
        bare, _ = _timed(lambda: _bare(package.cases, plain))
        canonical_s, _ = _timed(lambda: write_package(package, path, key=key, with_renderings=False))
        whole, _ = _timed(lambda: write_package(package, path, key=key))
        after = _peak_mb()
        proof, verdict = _timed(lambda: verify_package(path, key.public))
        assert verdict.problems == ()
        size_mb = path.stat().st_size / 1e6
    return [
        f"\nthe export · {size} cases, {package.cases.frame.height} on the sheet, {size_mb:.0f} MB",
        f"case sheet by bare csv {bare:.2f} CPU-s",
        f"counts, scores, sheets {gathered:.2f} CPU-s, ratio {gathered / bare:.2f}",
        f"canonical and signed   {canonical_s:.2f} CPU-s, ratio {canonical_s / bare:.2f}",
        f"whole package          {whole:.2f} CPU-s, ratio {whole / bare:.2f}",
        f"proof                  {proof:.2f} CPU-s, ratio {proof / bare:.2f}",
        f"highest memory         {after:.0f} MB, of these {before:.0f} MB the facts and the interpreter",
    ]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    done = work()
    return time.process_time() - started, done


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _bare(sheet: ColumnSheet, path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(sheet.frame.columns)
        writer.writerows(sheet.frame.iter_rows())


def _package(frames: Frames, details: tuple[CaseDetails, ...]) -> MonthPackage:
    document = read_document(DocumentKind.RULES, "yuncheng", _RULES.read_bytes())
    rule_set = parse_rule_set(document)
    scores = ScoreTable(
        rule_set=rule_set,
        document=canonical(document),
        digest=digest(document),
        scores=score(rule_set, frames, _PERIOD),
    )
    return MonthPackage(
        area="320404",
        period=_PERIOD,
        cut_off=_CUT_OFF,
        references=(),
        counts=tuple(
            CountTable(by=by, attribution=Attribution.DEADLINE, rows=count(frames, Selection(period=_PERIOD, by=by)))
            for by in CountBy
        ),
        scores=(scores,),
        cases=case_sheet(frames, details, period=_PERIOD),
        frames=frames,
        history_head="0" * 64,
        anchor=HistoryAnchor(number=1, lines=size_of(frames), root="0" * 64),
    )


def size_of(frames: Frames) -> int:
    """Return how many lines of history the frames stand for."""
    return len(frames.actions)


def _frames(size: int) -> Frames:
    draw = Random(20261012)
    numbers = [f"NDJ20261012{number:06}0" for number in range(size)]
    cells = [f"320404{draw.randrange(1, 9):03}{draw.randrange(1, 30):03}{draw.randrange(1, 200):03}" for _ in numbers]
    types = draw.choices(_TYPES, k=size)
    start = epoch_second(_PERIOD.start)
    filed = [start + draw.randrange(31 * 86_400) for _ in numbers]
    known: dict[str, list[Any]] = {
        "case": numbers,
        "type": types,
        "scheme": [one.split("/")[0] for one in types],
        "kind": ["event"] * size,
        "code": [one.split("/")[2] for one in types],
        "source": draw.choices(["inspector", "public", "camera"], k=size),
        "cell": cells,
        "district": [one[:6] for one in cells],
        "street": [one[:9] for one in cells],
        "community": [one[:12] for one in cells],
        "state": ["closed"] * size,
        "handling": draw.choices(["on_time", "overdue", "overdue_open"], [95, 4, 1], k=size),
        "unit": draw.choices(_UNITS, k=size),
        "first_unit": draw.choices(_UNITS, k=size),
        "is_closed": [True] * size,
        "extensions": draw.choices([0, 1], [95, 5], k=size),
        "reworks": draw.choices([0, 1], [95, 5], k=size),
        "number": [1] * size,
        "is_lead": [True] * size,
        "post": ["inspector/1"] * size,
        "action": draw.choices(["file", "register", "dispatch", "report", "close"], k=size),
        "filed_by": ["inspector/1"] * size,
        "at": filed,
        "seq": [1] * size,
    }
    steps = ("filed_at", "accepted_at", "registered_at", "dispatched_at", "reported_at", "checked_at", "closed_at")
    for offset, name in enumerate((*steps, "handle_due_at", "original_handle_due_at", "close_due_at")):
        known[name] = [moment + offset * 1_800 for moment in filed]
    context = _frame({name: CASE_COLUMNS[name] for name in ("case", *CASE_CONTEXT)}, known, size)
    others = {
        name: _frame(columns, known, size).join(context, on="case", how="left")
        for name, columns in (("assignments", ASSIGNMENT_COLUMNS), ("tasks", TASK_COLUMNS), ("actions", ACTION_COLUMNS))
    }
    return Frames(cases=_frame(CASE_COLUMNS, known, size), **others)


def _frame(columns: Any, known: dict[str, list[Any]], size: int) -> Any:
    types: dict[ColumnKind, tuple[Any, Any]] = {
        ColumnKind.TEXT: (pl.String, None),
        ColumnKind.INSTANT: (pl.Int64, None),
        ColumnKind.NUMBER: (pl.Int64, 0),
        ColumnKind.FLAG: (pl.Boolean, False),
    }
    held = [
        pl.Series(name, known.get(name, [types[kind][1]] * size), dtype=types[kind][0])
        for name, kind in columns.items()
    ]
    return nw.from_native(pl.DataFrame(held), eager_only=True)


def _details(frames: Frames) -> list[CaseDetails]:
    return [
        CaseDetails(
            number=CaseNumber(number),
            their_number=f"CZ{place:08}",
            category_name="市容环境类",
            type_name="占用消防通道",
            community_name="南大街社区",
            unit_name="综合行政执法中队",
            lon=Decimal("119.9533511"),
            lat=Decimal("31.7868140"),
            datum=Datum.WGS84,
        )
        for place, number in enumerate(frames.cases.get_column("case").to_list())
    ]
