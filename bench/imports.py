"""Seventy thousand cases taken in and located, beside reading the same file with the csv module alone.

On SQLite in a temporary folder, everything as ``gridcase cases import`` does it, both readings of the file included.
"""

import csv
import random
import resource
import tempfile
import time
from pathlib import Path

from bench.office import furnished, sample_cells
from gridcase.grid.features import UNIT_LAYER
from gridcase.rules.documents import DocumentKind, read_document
from gridcase.rules.mappings import parse_mapping
from gridcase.services.importing import ImportAsk, import_cases

_ROWS = 70_000
_MAPPING = b"""
version: "1"
system: bench
zone: Asia/Shanghai
number: number
fields:
  filed_at: {columns: [filed], formats: ["%Y-%m-%d %H:%M:%S"]}
  closed_at: {columns: [closed], formats: ["%Y-%m-%d %H:%M:%S"]}
  state: {default: closed}
  outcome: {on_time: {in_time: "1"}, overdue: {in_time: "0"}}
  type: {column: kind, prefix: BE, on_unknown: create}
  unit: {column: unit, on_unknown: create}
  source: {default: hotline}
  position: [{x: lon, y: lat, crs: wgs84}]
  address: [address]
"""


def run() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rt = furnished(f"sqlite:///{folder / 'office.sqlite'}", folder).rt
        path = folder / "cases.csv"
        _write(path)
        started = time.perf_counter()
        with path.open(encoding="utf-8", newline="") as file:
            read = sum(1 for _ in csv.DictReader(file))
        bare = time.perf_counter() - started
        mapping = parse_mapping(read_document(DocumentKind.MAPPINGS, "bench", _MAPPING))
        size = path.stat().st_size / 1e6
        print(f"\nimport of {read} cases · {size:.0f} MB, located in {len(sample_cells())} unit cells")
        for label in ("first", "again"):
            started = time.perf_counter()
            report = import_cases(rt, ImportAsk(path=path, mapping=mapping))
            took = time.perf_counter() - started
            done = f"{report.imported} new, {report.already_there} there already, {report.refused} refused"
            print(f"{label:20} {took:6.1f} s, {read / took:8.0f} rows/s, {took / bare:5.0f} × reading alone · {done}")
        print(f"{'largest memory':20} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB")


def _write(path: Path) -> None:
    draw = random.Random(31)
    cells = [one for one in sample_cells() if one.layer == UNIT_LAYER]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("number", "filed", "closed", "in_time", "kind", "unit", "lon", "lat", "address"))
        for number in range(_ROWS):
            x, y = draw.choice(draw.choice(cells).geometry[0].outer)
            day, hour = draw.randrange(1, 29), draw.randrange(8, 18)
            writer.writerow(
                (
                    f"B{number:06d}",
                    f"2018-{draw.randrange(1, 13):02d}-{day:02d} {hour:02d}:15:00",
                    f"2019-01-{day:02d} {hour:02d}:20:00",
                    draw.randrange(2),
                    draw.randrange(100, 400),
                    draw.randrange(1000, 1100),
                    (x + draw.randrange(-5000, 5000)) / 1e7,
                    (y + draw.randrange(-5000, 5000)) / 1e7,
                    "南大街 1 号",
                )
            )
