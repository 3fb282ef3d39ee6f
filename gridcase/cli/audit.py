"""``gridcase audit``: is the history as it was written?"""

import sys

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.services.auditing import verify_history


@click.group()
def audit() -> None:
    """The history's integrity."""


#: Lines named for people; the JSON document has all.
_NAMED = 20


@audit.command()
@json_option
@refusing
def verify(*, as_json: bool) -> None:
    """Recompute every chain and every root; exit 1 when something does not fit."""
    report = verify_history(runtime())
    seal = report.seal
    findings = [{"case": one.case_id, "line": one.seq, "code": one.code} for one in report.findings]
    wrong_roots = [{"root": one.root, "code": one.code} for one in seal.findings]
    unsealed = [{"case": case, "line": line} for case, line in seal.unsealed]
    value = {
        "cases": report.cases,
        "lines": report.lines,
        "erased": report.erased,
        "findings": findings,
        "roots": seal.roots,
        "sealed": seal.sealed,
        "root_findings": wrong_roots,
        "unsealed": unsealed,
    }
    text = "\n".join(
        [f"cases: {report.cases}, lines: {report.lines}, erased payloads: {report.erased}"]
        + [f"  case {one['case']}, line {one['line']}: {one['code']}" for one in findings]
        + [f"roots: {seal.roots}, lines under them: {seal.sealed}, lines that only a chain covers: {len(unsealed)}"]
        + [f"  root {one['root']}: {one['code']}" for one in wrong_roots]
        + [f"  case {one['case']}, line {one['line']}: only the chain" for one in unsealed[:_NAMED]]
    )
    answer(value, as_json=as_json, text=text)
    sys.exit(0 if report.is_sound else 1)
