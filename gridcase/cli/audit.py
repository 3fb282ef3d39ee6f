"""``gridcase audit``: is the history as it was written?"""

import sys
from pathlib import Path

import click

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.domain.errors import GridcaseError
from gridcase.services.auditing import verify_history


@click.group()
def audit() -> None:
    """The history's integrity."""


#: Ranges named for people; the JSON document has all.
_NAMED = 20


@audit.command()
@click.option(
    "--anchor",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A month's package or its manifest.json, as handed over: the root it prints must still be ours.",
)
@json_option
@refusing
def verify(*, anchor: Path | None, as_json: bool) -> None:
    """Recompute every chain and every root; exit 1 when something does not fit."""
    held = _anchor(anchor) if anchor else None
    report = verify_history(runtime(), held)
    seal = report.seal
    findings = [{"case": one.case_id, "line": one.seq, "code": one.code} for one in report.findings]
    wrong_roots = [{"root": one.root, "code": one.code} for one in seal.findings]
    unsealed = [{"case": one.case_id, "from": one.first, "to": one.last} for one in seal.unsealed]
    value = {
        "ok": report.is_sound,
        "cases": report.cases,
        "lines": report.lines,
        "erased": report.erased,
        "findings": findings,
        "roots": seal.roots,
        "sealed": seal.sealed,
        "root_findings": wrong_roots,
        "anchor": {"root": held.number, "lines": held.lines, "sha256": held.root} if held else None,
        "unsealed_lines": seal.unsealed_lines,
        "unsealed": unsealed,
    }
    text = [f"cases: {report.cases}, lines: {report.lines}, erased payloads: {report.erased}"]
    text += [f"  case {one['case']}, line {one['line']}: {one['code']}" for one in findings]
    text += [f"roots: {seal.roots}, lines under them: {seal.sealed}, only under a chain: {seal.unsealed_lines}"]
    text += [f"  root {one['root']}: {one['code']}" for one in wrong_roots]
    if held:
        text += [f"anchor: root {held.number} over {held.lines} lines"]
    text += [f"  case {one['case']}, lines {one['from']} to {one['to']}: only the chain" for one in unsealed[:_NAMED]]
    if len(unsealed) > _NAMED:
        text += [f"  and {len(unsealed) - _NAMED} more cases (--json has all)"]
    answer(value, as_json=as_json, text="\n".join(text))
    sys.exit(0 if report.is_sound else 1)


def _anchor(file: Path) -> HistoryAnchor:
    from gridcase.assessment.proof import manifest_of

    manifest = manifest_of(file)
    if manifest is None:
        raise GridcaseError("anchor_unreadable", params={"file": str(file)})
    printed = manifest.get("audit")
    if not printed:
        raise GridcaseError("anchor_missing", params={"file": str(file)})
    return HistoryAnchor(number=printed["number"], lines=printed["lines"], root=printed["root"])
