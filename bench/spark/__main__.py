"""``python -m bench.spark [PACKAGE.zip …]``: count months of several offices on polars and on PySpark, side by side.

Packages are the sealed months that offices hand upward; their facts (Parquet) are counted together, each unit under the
name of its office. Given none, months of made-up offices are written in the same form. Exits with 1 on any difference.
"""

import argparse
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl

from bench import month
from gridcase.assessment.counts import SubjectCounts, count
from gridcase.assessment.facts_files import write_facts
from gridcase.assessment.frames import Frames
from gridcase.assessment.proof import verify_package
from gridcase.assessment.selection import CountBy, Selection
from gridcase.assessment.signing import read_public_key
from gridcase.assessment.streaming import fold_frames
from gridcase.domain.case import CaseNumber
from gridcase.domain.history import PlainLine
from gridcase.domain.time import Period, epoch_second

_TABLES = ("cases", "assignments", "tasks", "actions")
#: Posts are left out of the facts that are handed upward.
_VIEWS = (CountBy.UNIT, CountBy.AREA, CountBy.TYPE)
#: Two offices may use one code for different units; places and types mean the same everywhere.
_UNITS = frozenset({"unit", "first_unit", "charged_unit"})
_ZONE = ZoneInfo("Asia/Shanghai")
_SHOWN = ("filed", "registered", "dispatched", "due_to_handle", "handled_on_time", "overdue_open", "closed")

Reading = Callable[[Path], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The facts of one office's month: where the file of each frame lies."""

    name: str
    period: str
    files: Mapping[str, Path]


def main() -> None:
    """Read the command line, count on both engines, and print what came."""
    parser = argparse.ArgumentParser(prog="bench.spark", description=__doc__)
    parser.add_argument("packages", nargs="*", type=Path, help="sealed months; made-up offices when not given")
    parser.add_argument("--public-key", action="append", default=[], type=Path, help="PEM of each package, in order")
    parser.add_argument("--offices", type=int, default=3, help="how many to make up (default: 3)")
    parser.add_argument("--cases", type=int, default=20_000, help="cases of each made-up office (default: 20000)")
    parser.add_argument("--cores", type=int, default=2, help="of Spark (default: 2)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridcase-spark-") as name:
        folder = Path(name)
        if asked.packages:
            offices = list(_unpacked(asked.packages, asked.public_key, folder))
        else:
            offices = [_made_up(number, asked.cases, folder) for number in range(1, asked.offices + 1)]
        sys.exit(_compare(offices, asked.cores))


def _unpacked(packages: Sequence[Path], keys: Sequence[Path], folder: Path) -> Iterator[Office]:
    """Prove each package and take its facts out."""
    for number, package in enumerate(packages):
        key = read_public_key(keys[number].read_bytes()) if number < len(keys) else None
        verdict = verify_package(package, key)
        if verdict.problems or (key is not None and not verdict.is_signed):
            sys.exit(f"{package}: {', '.join(problem.code for problem in verdict.problems) or 'not signed by the key'}")
        print(f"{package.name}: unchanged, {'signed' if verdict.is_signed else 'signature not asked for'}")
        name = f"{number + 1}-{verdict.manifest['area']}"
        files = {}
        with zipfile.ZipFile(package) as archive:
            for table in _TABLES:
                files[table] = folder / f"{name}-{table}.parquet"
                files[table].write_bytes(archive.read(f"facts/{table}.parquet"))
        yield Office(name=name, period=str(verdict.manifest["from"])[:7], files=files)


def _made_up(number: int, cases: int, folder: Path) -> Office:
    """Write the month of an office that does not exist, by the rules of the facts of a package."""
    draw = random.Random(number)
    lines = (line for case in range(cases) for line in _lines(f"B{number}{case:06}", draw))
    frames = fold_frames(lines, cut_off=month._CUT_OFF)  # noqa: SLF001 - the month that the other bench counts
    (folder / str(number)).mkdir()
    files = {}
    for table, path in write_facts(frames, folder / str(number)):
        # Spark tells a format by the ending.
        files[table] = path.rename(path.with_suffix(".parquet"))
    return Office(name=f"office-{number}", period="2026-10", files=files)


def _lines(number: str, draw: random.Random) -> Iterator[PlainLine]:
    for _, seq, action, _, to_state, actor, role, recorded, facts in month._case(number, draw):  # noqa: SLF001 - as above
        yield PlainLine(
            case=CaseNumber(number),
            seq=seq,
            action=str(action),
            to_state=str(to_state),
            actor=actor,
            role=str(role),
            recorded_second=epoch_second(datetime.fromisoformat(recorded)),
            observed_second=None,
            facts=facts,
            hash="",
        )


def _compare(offices: Sequence[Office], cores: int) -> int:
    periods = sorted({office.period for office in offices})
    print(f"{len(offices)} offices: {', '.join(office.name for office in offices)}; months {', '.join(periods)}")
    ours, ours_s = _timed(lambda: _counted(_together(offices, pl.scan_parquet), periods))
    started = time.perf_counter()
    session = _session(cores)
    print(f"Spark {session.version} on {cores} cores started in {time.perf_counter() - started:.1f} s")
    theirs, theirs_s = _timed(
        lambda: _counted(_together(offices, lambda path: session.read.parquet(str(path))), periods)
    )
    session.stop()
    different = _print(ours, theirs)
    print(f"polars {ours_s:.2f} s, Spark {theirs_s:.2f} s; {different} of the numbers differ")
    return 1 if different else 0


def _session(cores: int) -> Any:
    """Start Spark in this process, without a network."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra of its own; without it the message names it

    return (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("gridcase")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        # A handful of subjects needs no two hundred shuffles.
        .config("spark.sql.shuffle.partitions", str(cores))
        .getOrCreate()
    )


def _together(offices: Sequence[Office], read: Reading) -> Frames:
    """Lay the frames of all offices below each other, units under the name of their office."""
    frames = {}
    for table in _TABLES:
        parts = [_named(nw.from_native(read(office.files[table])), office.name) for office in offices]
        frames[table] = nw.concat(parts, how="vertical")
    return Frames(**cast("dict[str, Any]", frames))


def _named(frame: nw.LazyFrame[Any], office: str) -> nw.LazyFrame[Any]:
    units = [name for name in frame.collect_schema().names() if name in _UNITS]
    named = [nw.concat_str(nw.lit(office), nw.col(unit), separator="/").alias(unit) for unit in units]
    return frame.with_columns(*named) if named else frame


def _counted(frames: Frames, periods: Sequence[str]) -> dict[tuple[str, CountBy], tuple[SubjectCounts, ...]]:
    return {
        (period, by): count(frames, Selection(period=Period.parse(period, zone=_ZONE), by=by))
        for period in periods
        for by in _VIEWS
    }


def _print(
    ours: Mapping[tuple[str, CountBy], tuple[SubjectCounts, ...]],
    theirs: Mapping[tuple[str, CountBy], tuple[SubjectCounts, ...]],
) -> int:
    """Print the sums of some counts of each view, polars beside Spark; return how many numbers of all differ."""
    different = 0
    for (period, by), subjects in ours.items():
        one, other = _numbers(subjects), _numbers(theirs[period, by])
        apart = sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())
        different += apart
        print(f"\n{period} by {by}: {len(subjects)} subjects, {len(one)} numbers, {apart} differ")
        for name in _SHOWN:
            if any(count_name == name for _, count_name in one):
                print(f"  {name:24} polars {_sum(one, name):>10,}   Spark {_sum(other, name):>10,}")
    return different


def _numbers(subjects: Sequence[SubjectCounts]) -> dict[tuple[str | None, str], int]:
    return {(one.subject, name): number for one in subjects for name, number in one.counts.items()}


def _sum(numbers: Mapping[tuple[str | None, str], int], name: str) -> int:
    return sum(number for (_, count_name), number in numbers.items() if count_name == name)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


if __name__ == "__main__":
    main()
