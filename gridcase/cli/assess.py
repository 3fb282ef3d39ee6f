"""``gridcase assess``: count, score, close and hand over a month."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gridcase.assessment.selection import Attribution, CountBy
from gridcase.cli.shell import OPERATOR, answer, json_option, refusing, runtime, said, spoken, table
from gridcase.domain.actor import Role
from gridcase.domain.errors import Problem
from gridcase.edge.assessment_view import run_summary, so_far_view
from gridcase.services import assessing, closing_month, identity
from gridcase.services.assessing import Run
from gridcase.services.naming import subject_names
from gridcase.services.runtime import Runtime

_period = click.option("--period", required=True, help="2026-10, 2026-Q4 or 2026.")
_out = click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
_run = click.argument("run_id", type=int)


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
    from gridcase.services.running_month import counts as count_period

    rt = runtime()
    with _working(f"{period} · {by}"):
        found = count_period(rt, period, CountBy(by), Attribution(attribution))
    called = subject_names(rt, CountBy(by), [one.subject for one in found])
    names = tuple(found[0].counts) if found else ()
    rows = [
        (one.subject or "-", called.get(one.subject or "", "-"), *(str(one.counts[name]) for name in names))
        for one in found
    ]
    answer(
        [{"subject": one.subject, "name": called.get(one.subject or ""), "counts": dict(one.counts)} for one in found],
        as_json=as_json,
        text=table((by, "name", *names), rows),
    )


@assess.command()
@_period
@click.option("--rule-set", required=True, help="Name of a rule set in force.")
@json_option
@refusing
def run(*, period: str, rule_set: str, as_json: bool) -> None:
    """Score a period and keep the result; the same facts again give the same run."""
    from gridcase.services.running_month import run_month

    rt = runtime()
    with _working(f"{period} · {rule_set}"):
        done = run_month(rt, OPERATOR, period, rule_set)
    _say_run(rt, done, as_json=as_json)


@assess.command("list")
@click.option("--period", help="2026-10, 2026-Q4 or 2026; all without it.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@refusing
def list_runs(*, period: str | None, limit: int, as_json: bool) -> None:
    """List runs, newest first, with where each stands."""
    rt = runtime()
    found = assessing.runs(rt, OPERATOR, period=period, limit=limit)[:limit]
    rows = [
        (
            str(one.id),
            one.period,
            one.rule_set,
            str(one.revision),
            one.status,
            str(one.state),
            _when(rt, one.created_at),
        )
        for one in found
    ]
    header = ("run", "period", "rule_set", "revision", "status", "state", "made_at")
    answer({"items": [run_summary(one, rt.settings.zone) for one in found]}, as_json=as_json, text=table(header, rows))


@assess.command()
@_run
@json_option
@refusing
def show(*, run_id: int, as_json: bool) -> None:
    """Show a run: where it stands, what comes next, what was done with it, and its scores."""
    rt = runtime()
    _say_run(rt, assessing.one_run(rt, OPERATOR, run_id), as_json=as_json)


@assess.command()
@_run
@click.option("--by", "username", required=True, help="User name of the leader who approves.")
@click.option("--note", default="", help="What the leader says.")
@json_option
@refusing
def approve(*, run_id: int, username: str, note: str, as_json: bool) -> None:
    """Note the leader's approval of a run; nobody approves what they drafted."""
    rt = runtime()
    leader = identity.actor(rt, username, Role.LEADER)
    _say_act(rt, closing_month.approve(rt, leader, run_id, note), as_json=as_json)


@assess.command()
@_run
@json_option
@refusing
def seal(*, run_id: int, as_json: bool) -> None:
    """Seal a run: freeze its month, then make the signed package."""
    from gridcase.services.running_month import pack

    rt = runtime()
    closing_month.seal(rt, OPERATOR, run_id)
    with _working(f"run {run_id}"):
        done = pack(rt, run_id)
    _say_act(rt, done, as_json=as_json)


@assess.command()
@_run
@click.option("--note", default="", help="How and to whom.")
@json_option
@refusing
def send(*, run_id: int, note: str, as_json: bool) -> None:
    """Note that a sealed and approved month was handed over."""
    rt = runtime()
    _say_act(rt, closing_month.send(rt, OPERATOR, run_id, note), as_json=as_json)


@assess.command()
@_run
@click.option("--reason", required=True)
@json_option
@refusing
def withdraw(*, run_id: int, reason: str, as_json: bool) -> None:
    """Take a run back that is not sealed."""
    rt = runtime()
    _say_act(rt, closing_month.withdraw(rt, OPERATOR, run_id, reason), as_json=as_json)


@assess.command()
@_run
@click.option("--reason", required=True, help="Why the sealed month is issued anew.")
@json_option
@refusing
def reissue(*, run_id: int, reason: str, as_json: bool) -> None:
    """Make the next revision of a sealed run from the frozen facts; it supersedes the old one once it is sealed."""
    from gridcase.services.running_month import pack, reissue_now

    rt = runtime()
    with _working(f"run {run_id}"):
        pack(rt, run_id)
        done = reissue_now(rt, OPERATOR, run_id, reason)
    _say_run(rt, done, as_json=as_json)


@assess.command()
@_run
@_out
@json_option
@refusing
def export(*, run_id: int, out: Path, as_json: bool) -> None:
    """Write the package of a run; that of a sealed one is the same bytes however often."""
    from gridcase.assessment.proof import manifest_of
    from gridcase.services.running_month import write_export

    rt = runtime()
    done = write_export(rt, run_id, out)
    without = dict((manifest_of(out) or {}).get("without", {}))
    for name, code in without.items():
        click.echo(f"gridcase: {name}: {said(Problem(code=code), spoken(rt))}", err=True)
    value = {"file": str(out), "sha256": done.digest, "without": without}
    answer(value, as_json=as_json, text=f"{done.digest}  {out}")


@assess.command()
@_run
@_out
@json_option
@refusing
def snapshot(*, run_id: int, out: Path, as_json: bool) -> None:
    """Write everything a run was made from, for making it again elsewhere. Internal: it names staff by number."""
    from gridcase.services.running_month import write_snapshot

    basis = write_snapshot(runtime(), run_id, out)
    answer({"file": str(out), "basis": basis}, as_json=as_json, text=f"{basis}  {out}")


@assess.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the package, unsigned.")
@json_option
@refusing
def recompute(*, file: Path, out: Path | None, as_json: bool) -> None:
    """Make a month again from a snapshot alone, without a database; the canonical members are equal byte for byte."""
    from gridcase.services.running_month import recompute as make_again

    done = make_again(file, out)
    value: dict[str, Any] = {"period": done.period, "rule_set": done.rule_set, "scores": list(done.scores)}
    if done.packed is not None:
        value |= {"file": str(out), "canonical": done.packed.canonical, "sha256": done.packed.sha256}
    answer(value, as_json=as_json, text=_ranking(done.scores))


@assess.command()
@_run
@click.argument("subject")
@json_option
@refusing
def explain(*, run_id: int, subject: str, as_json: bool) -> None:
    """Say why a subject has its score: every line with clause, numbers, points and cases; they add up to the score."""
    rt = runtime()
    one = assessing.subject_score(rt, OPERATOR, run_id, subject)
    header = ("clause", "line", "numbers", "points", "exact", "cases")
    rows = [
        (
            line["clause"] or "-",
            line["key"],
            _numbers(line),
            line["shown"] or "-",
            line["points"] or "-",
            " ".join(line["cases"]) or "-",
        )
        for line in one["lines"]
    ]
    head = f"{one['subject']}\t{one['score'] or '-'}\n"
    answer({"run": run_id, **one}, as_json=as_json, text=head + table(header, rows))


@assess.command("so-far")
@_period
@click.option("--rule-set", required=True, help="Name of a rule set in force.")
@json_option
@refusing
def so_far(*, period: str, rule_set: str, as_json: bool) -> None:
    """Print the newest draft of a month that is open, and the cases about to breach."""
    rt = runtime()
    found = assessing.so_far(rt, OPERATOR, period, rule_set)
    due = [(number, unit or "-", _when(rt, due_at)) for number, unit, due_at in found.breaching]
    text = _ranking(found.scores) + "\n\n" + table(("case", "unit", "due_at"), due)
    answer(so_far_view(found, rt.settings.zone), as_json=as_json, text=text)


@assess.command("what-if")
@click.option("--period", "periods", required=True, multiple=True, help="2026-10; may be given several times.")
@click.option(
    "--rule-set", "file", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A draft."
)
@click.option("--against", help="Name of the rule set in force to compare with; without it the draft's own name.")
@json_option
@refusing
def what_if(*, periods: tuple[str, ...], file: Path, against: str | None, as_json: bool) -> None:
    """Try a draft rule set on past periods beside the one in force; nothing is kept."""
    from gridcase.rules.documents import DocumentKind, read_document
    from gridcase.services.running_month import plain_trials, try_rules

    draft = read_document(DocumentKind.RULES, file.stem, file.read_bytes())
    rt = runtime()
    with _working(" · ".join(periods)):
        found = plain_trials(try_rules(rt, periods, draft, against))
    rows = [
        (one["period"], row["subject"], _brief(row["draft"]), _brief(row["in_force"]), row["difference"] or "-")
        for one in found
        for row in one["subjects"]
    ]
    answer(
        {"periods": found}, as_json=as_json, text=table(("period", "subject", "draft", "in_force", "difference"), rows)
    )


@contextmanager
def _working(words: str) -> Iterator[None]:
    """Show on a terminal that something is being done; a file or a pipe gets nothing."""
    from rich.console import Console

    with Console(stderr=True).status(words):
        yield


def _say_run(rt: Runtime, done: Run, *, as_json: bool) -> None:
    value = run_summary(done, rt.settings.zone) | {"scores": [dict(one) for one in done.scores]}
    answer(value, as_json=as_json, text=f"{_line(rt, done)}\n{_ranking(done.scores)}")


def _say_act(rt: Runtime, done: Run, *, as_json: bool) -> None:
    answer(run_summary(done, rt.settings.zone), as_json=as_json, text=_line(rt, done))


def _line(rt: Runtime, one: Run) -> str:
    coming = f"; next {one.next.step} by {_when(rt, one.next.due_at)}" if one.next else ""
    return f"run {one.id}: {one.period} by {one.rule_set}, revision {one.revision}, {one.state}{coming}"


def _ranking(scores: Any) -> str:
    rows = [(str(one["rank"] or "-"), str(one["subject"]), str(one["score"] or "-")) for one in scores]
    return table(("rank", "subject", "score"), rows)


def _brief(one: dict[str, Any] | None) -> str:
    return "-" if one is None else f"{one['score'] or '-'} ({one['rank'] or '-'})"


def _numbers(line: Any) -> str:
    parts = [
        f"{line[part]['name']}={line[part]['value']}" for part in ("numerator", "denominator") if line[part]["name"]
    ]
    if line["points"] is None and parts and not (line["denominator"]["name"] and line["denominator"]["value"] == 0):
        parts[0] = f"{line['numerator']['name']}=-"  # nobody gave it
    return " / ".join(parts) or "-"


def _when(rt: Runtime, instant: datetime) -> str:
    return f"{instant.astimezone(rt.settings.zone):%Y-%m-%d %H:%M}"
