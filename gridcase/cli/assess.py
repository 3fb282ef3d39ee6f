"""``gridcase assess``: count, score and hand over a month."""

import sys
from pathlib import Path

import click

from gridcase.assessment.selection import Attribution, CountBy
from gridcase.cli.shell import answer, json_option, refusing, runtime, said, spoken, table
from gridcase.domain.actor import SYSTEM
from gridcase.services import assessing

_period = click.option("--period", required=True, help="2026-10, 2026-Q4 or 2026.")


@click.group()
def assess() -> None:
    """Monthly assessment."""


@assess.command()
@_period
@click.option("--by", required=True, type=click.Choice([str(by) for by in CountBy]))
@click.option(
    "--attribution",
    default=Attribution.DEADLINE.value,
    show_default=True,
    type=click.Choice([str(one) for one in Attribution]),
    help="Which date puts a case into the period.",
)
@json_option
@refusing
def counts(*, period: str, by: str, attribution: str, as_json: bool) -> None:
    """Print the base counts of a period for every subject."""
    found = assessing.counts(runtime(), period, CountBy(by), Attribution(attribution))
    names = tuple(found[0].counts) if found else ()
    rows = [(one.subject or "-", *(str(one.counts[name]) for name in names)) for one in found]
    answer(
        [{"subject": one.subject, "counts": dict(one.counts)} for one in found],
        as_json=as_json,
        text=table((by, *names), rows),
    )


@assess.command()
@_period
@click.option("--rule-set", required=True, help="Name of a rule set in force.")
@json_option
@refusing
def run(*, period: str, rule_set: str, as_json: bool) -> None:
    """Score a period and keep the result; the same facts again give the same run."""
    done = assessing.run_month(runtime(), SYSTEM, period, rule_set)
    scores = [{name: one[name] for name in ("subject", "score", "rank", "lines")} for one in done.scores]
    value = {
        "id": done.id,
        "period": done.period,
        "rule_set": done.rule_set,
        "cut_off": done.cut_off.isoformat(),
        "draft": done.is_draft,
        "sha256": done.digest,
        "scores": scores,
    }
    rows = [(str(one["rank"] or "-"), str(one["subject"]), str(one["score"] or "-")) for one in done.scores]
    answer(value, as_json=as_json, text=f"run {done.id}\n" + table(("rank", "subject", "score"), rows))


@assess.command()
@click.argument("run_id", type=int)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@json_option
@refusing
def export(*, run_id: int, out: Path, as_json: bool) -> None:
    """Write the package of a run; the same bytes however often."""
    sha256 = assessing.export_run(runtime(), run_id, out)
    answer({"file": str(out), "sha256": sha256}, as_json=as_json, text=f"{sha256}  {out}")


@assess.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@refusing
def verify(*, file: Path, as_json: bool) -> None:
    """Check a package against its manifest; exit 1 when something was changed."""
    language = spoken(runtime())
    problems = [{"code": one.code, "text": said(one, language)} for one in assessing.verify_export(file)]
    answer({"problems": problems}, as_json=as_json, text="\n".join(one["text"] for one in problems) or "ok")
    sys.exit(1 if problems else 0)
