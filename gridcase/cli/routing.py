"""``gridcase routing``: how good is the routing table, and what would a draft change?"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gridcase.cli.shell import OPERATOR, answer, json_option, refusing, runtime, spoken, table
from gridcase.domain.errors import invalid
from gridcase.domain.time import Period
from gridcase.edge.routing_view import bench_view
from gridcase.edge.texts import sentence
from gridcase.services.configuring import RefusedConfigurationError
from gridcase.services.routing_cases import Bench, bench, bench_draft
from gridcase.services.runtime import Runtime


@click.group()
def routing() -> None:
    """The routing table."""


@routing.command("bench")
@click.option("--period", required=True, help="Month, quarter or year: 2026-10, 2026-Q4, 2026.")
@click.option(
    "--draft", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A routing document to try instead."
)
@click.option(
    "--on",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="With --draft: day that both tables are asked as of; by default the first on which the whole draft holds.",
)
@json_option
@refusing
def bench_command(*, period: str, draft: Path | None, on: datetime | None, as_json: bool) -> None:
    """Ask the routing table about the cases filed in a period; exit 1 when some have no rule."""
    rt = runtime()
    if on is not None and draft is None:
        raise click.UsageError("--on is for --draft")
    try:
        found = _bench(rt, period, draft, on)
    except RefusedConfigurationError as err:
        language = spoken(rt)
        for finding in err.findings:
            said = sentence(finding.code, finding.params, language)
            click.echo(f"{finding.severity}: {finding.document} {finding.place}: {said}", err=True)
        raise
    view = bench_view(found)
    answer(view, as_json=as_json, text=_text(view))
    sys.exit(1 if found.report.gaps else 0)


def _bench(rt: Runtime, period: str, draft: Path | None, on: datetime | None) -> Bench:
    try:
        asked = Period.parse(period, zone=rt.settings.zone)
    except ValueError as err:
        raise invalid("period", "period_malformed", period=period) from err
    if draft is None:
        return bench(rt, OPERATOR, asked, rt.reference())
    return bench_draft(rt, OPERATOR, asked, draft, on.date() if on else None)


_TOTALS = ("table", "cases", "by_rule", "by_catch_all", "unrouted", "by_hand", "dispatched", "accurate", "right")


def _text(view: dict[str, Any]) -> str:
    lines = [f"{name}: {view[name]}" for name in _TOTALS]
    lines += ["", table(("gap", "area", "cases"), _rows(view["gaps"], "type", "area", "cases"))]
    overlaps = [one for one in view["overlaps"] if not one["special"]]
    lines += ["", table(("overlap", "below", "cases"), _rows(overlaps, "rule", "below", "cases"))]
    lines += ["", table(("dead", "covered by"), _rows(view["dead"], "rule", "covered_by"))]
    if compared := view["comparison"]:
        totals = ("redirected", "now_routed", "now_unrouted", "better", "worse")
        lines += ["", *(f"{name}: {compared[name]}" for name in totals)]
        moved = _rows(compared["named"], "number", "from_unit", "to_unit", "to_rule")
        lines += ["", table(("case", "from", "to", "rule"), moved)]
    return "\n".join(lines)


def _rows(items: list[dict[str, Any]], *names: str) -> list[tuple[str, ...]]:
    return [tuple("-" if one[name] is None else str(one[name]) for name in names) for one in items]
