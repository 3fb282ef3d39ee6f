"""``gridcase assess findings``: take the superior centre's list of a month in, and compare it with ours 对账."""

import csv
import sys
from pathlib import Path
from typing import Any

import click

from gridcase.assessment.reconciling import Match, Reconciled, tally
from gridcase.assessment.sheets import defused
from gridcase.cli.shell import OPERATOR, answer, json_option, refusing, runtime, said, spoken, table

_period = click.option("--period", required=True, help="2026-10.")


@click.group()
def findings() -> None:
    """The superior centre's findings of a month."""


@findings.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_period
@click.option("--system", default="centre", show_default=True, help="Whose case numbers the list holds.")
@click.option("--rule-set", default="", help="Rule set whose items the points are taken from.")
@click.option("--encoding", default="utf-8", show_default=True, help="utf-8 or gbk.")
@click.option("--correct", is_flag=True, help="A row that differs from the one taken before takes its place.")
@click.option("--dry-run", is_flag=True, help="Report only.")
@json_option
@refusing
def import_findings(
    *,
    file: Path,
    period: str,
    system: str,
    rule_set: str,
    encoding: str,
    correct: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take a CSV list in; the same list again adds nothing; exit 1 when rows were refused."""
    from gridcase.services.reconciling import FindingList, take_findings

    rt = runtime()
    about = FindingList(period=period, system=system, rule_set=rule_set, encoding=encoding, corrects=correct)
    report = take_findings(rt, OPERATOR, file, about, dry_run=dry_run)
    language = spoken(rt)
    exceptions = [
        {"row": one.row, "field": one.field, "code": one.problem.code, "reason": said(one.problem, language)}
        for one in report.refused
    ]
    value = {
        "rows": report.rows,
        "imported": report.taken,
        "corrected": report.corrected,
        "already_there": report.already_there,
        "refused": len({one.row for one in report.refused}),
        "exceptions": exceptions,
        "dry_run": dry_run,
    }
    counts = [f"{name}: {value[name]}" for name in ("rows", "imported", "corrected", "already_there", "refused")]
    text = "\n".join(counts + [f"  {one['row']} {one['field']}: {one['reason']}" for one in exceptions])
    answer(value, as_json=as_json, text=text)
    sys.exit(1 if exceptions else 0)


@findings.command()
@_period
@click.option("--complete", multiple=True, help="System whose list names every case that was due; repeatable.")
@click.option("--differences", is_flag=True, help="Leave out the lines in which both sides agree.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the lines here as CSV.")
@json_option
@refusing
def reconcile(*, period: str, complete: tuple[str, ...], differences: bool, out: Path | None, as_json: bool) -> None:
    """Compare the list with our facts, case by case."""
    from gridcase.services.reconciling import reconciliation

    found = reconciliation(runtime(), OPERATOR, period, complete=frozenset(complete))
    shown = [_plain(one) for one in found if not (differences and one.match is Match.EQUAL)]
    counts = {str(match): number for match, number in tally(found).items()}
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_HEADER)
            writer.writerows(_cells(one) for one in shown)
    rows = [tuple(_cells(one)) for one in shown]
    summary = ", ".join(f"{match}: {number}" for match, number in counts.items())
    answer({"counts": counts, "items": shown}, as_json=as_json, text=f"{summary}\n{table(_HEADER, rows)}")


_HEADER = ("their_number", "case", "kind", "match", "differences", "indicator", "points", "evidence")


def _plain(line: Reconciled) -> dict[str, Any]:
    one = line.finding
    return {
        "their_number": one.their_number if one else "",
        "case": line.case,
        "kind": one.kind if one else None,
        "match": line.match,
        "differences": [{"field": each.field, "theirs": each.theirs, "ours": each.ours} for each in line.differences],
        "indicator": one.indicator if one else None,
        "points": f"{one.points:f}" if one and one.points is not None else None,
        "evidence": one.evidence if one else "",
    }


def _cells(line: dict[str, Any]) -> list[str]:
    told = "; ".join(f"{one['field']}: {one['theirs']} / {one['ours']}" for one in line["differences"])
    return [defused(str(told if name == "differences" else line[name] or "")) for name in _HEADER]
