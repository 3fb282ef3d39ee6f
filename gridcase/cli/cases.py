"""``gridcase cases``: take cases of other systems in, and write our own out."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import click

from gridcase.assessment.sheets import defused
from gridcase.cli.shell import answer, json_option, refusing, runtime, said, spoken
from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import CaseState
from gridcase.domain.errors import GridcaseError
from gridcase.edge.texts import Language, sentence
from gridcase.services.exporting import COLUMNS, CaseFilter, exported_cases
from gridcase.services.importing import ImportAsk, ImportReport, import_cases, mapping_named


@click.group()
def cases() -> None:
    """Cases of other systems in, and ours out."""


@cases.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--mapping", required=True, help="Name of a mapping in force, or a mapping file.")
@click.option("--encoding", default="", help="Of the file, instead of the mapping's.")
@click.option("--dry-run", is_flag=True, help="Report only.")
@json_option
@refusing
def import_command(*, file: Path, mapping: str, encoding: str, dry_run: bool, as_json: bool) -> None:
    """Take the rows of a file in, once each; exit 1 when rows were refused."""
    rt = runtime()
    try:
        ask = ImportAsk(path=file, mapping=mapping_named(rt, mapping), encoding=encoding, dry_run=dry_run)
        with _progress(file) as tell:
            report = import_cases(rt, ask, tell)
    except GridcaseError as error:
        if as_json:
            answer(_refused_whole(error, spoken(rt)), as_json=True, text="")
        raise
    value = _plain(report, spoken(rt))
    answer(value, as_json=as_json, text=_text(value))
    sys.exit(1 if report.refused else 0)


@cases.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A .csv or .jsonl file.")
@click.option("--filed-from", type=click.DateTime(["%Y-%m-%d"]), help="First day of filing.")
@click.option("--filed-to", type=click.DateTime(["%Y-%m-%d"]), help="First day of filing no longer taken.")
@click.option("--state", "states", multiple=True, type=click.Choice([str(one) for one in CaseState]))
@click.option("--area", help="First characters of the cell code.")
@json_option
@refusing
def export(
    *,
    out: Path,
    filed_from: datetime | None,
    filed_to: datetime | None,
    states: tuple[str, ...],
    area: str | None,
    as_json: bool,
) -> None:
    """Write cases to a file, without what people wrote; the mapping 'gridcase' reads it again."""
    if out.suffix not in (".csv", ".jsonl"):
        raise click.UsageError("--out has to end in .csv or .jsonl")
    rt = runtime()
    zone = rt.settings.zone
    wanted = CaseFilter(
        states=tuple(CaseState(one) for one in states),
        area=area,
        filed_from=filed_from.replace(tzinfo=zone) if filed_from else None,
        filed_to=filed_to.replace(tzinfo=zone) if filed_to else None,
    )
    # Renamed when whole: who finds the file finds all of it.
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with part.open("w", encoding="utf-8", newline="") as file:
        written = _written(file, exported_cases(rt, SYSTEM, wanted), as_csv=out.suffix == ".csv")
    part.replace(out)
    answer({"file": str(out), "cases": written}, as_json=as_json, text=f"{written}  {out}")


def _written(file: IO[str], rows: Iterable[Mapping[str, str | float | None]], *, as_csv: bool) -> int:
    count = 0
    writer = csv.writer(file, lineterminator="\n")
    if as_csv:
        writer.writerow(COLUMNS)
    for count, row in enumerate(rows, start=1):  # noqa: B007 - counted for the answer
        if as_csv:
            writer.writerow([_cell(row[name]) for name in COLUMNS])
        else:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count


def _cell(value: str | float | None) -> str:
    if isinstance(value, float):
        return f"{value:.7f}"
    return "" if value is None else defused(value)


def _plain(report: ImportReport, language: Language) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "imported": report.imported,
        "already_there": report.already_there,
        "refused": report.refused,
        "exceptions": [
            {
                "row": one.row,
                "line": one.line,
                "field": one.field,
                "reason": one.reason,
                "detail": sentence(one.reason, one.params, language),
            }
            for one in report.exceptions
        ],
        "exceptions_left_out": report.refused - len(report.exceptions),
        "reasons": dict(sorted(report.reasons.items())),
        "as_received": report.as_received,
        "new_types": report.new_types,
        "new_units": report.new_units,
        "names": report.names,
    }


def _refused_whole(error: GridcaseError, language: Language) -> dict[str, Any]:
    """Report a file of which no row was taken, because it could not be read as a whole."""
    problems = [(name, problem) for name, found in error.fields.items() for problem in found]
    return {
        "rows": 0,
        "imported": 0,
        "already_there": 0,
        "refused": 0,
        "exceptions": [
            {"row": None, "field": name, "reason": one.code, "detail": said(one, language)} for name, one in problems
        ]
        or [
            {
                "row": None,
                "field": None,
                "reason": error.code,
                "detail": sentence(error.code, error.params, language),
            }
        ],
    }


def _text(value: dict[str, Any]) -> str:
    totals = [f"{name}: {value[name]}" for name in ("rows", "imported", "already_there", "refused", "as_received")]
    totals += [f"{name}: {len(value[name])}" for name in ("new_types", "new_units", "names")]
    rows = [
        f"  row {one['row']} (line {one['line']}) {one['field'] or '-'}: {one['reason']}: {one['detail']}"
        for one in value["exceptions"]
    ]
    left_out = [f"  … {value['exceptions_left_out']}"] if value["exceptions_left_out"] else []
    return "\n".join([*totals, *rows, *left_out])


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[str, int, int], None]]:
    """Show on standard error how far each reading of the file has come."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    tasks: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), transient=False) as bar:

        def tell(phase: str, done: int, size: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(f"{phase} {file.name}", total=max(size, 1))
            bar.update(tasks[phase], completed=done)

        yield tell
