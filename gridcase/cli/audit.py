"""``gridcase audit``: is the history as it was written?"""

import sys

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.services.auditing import verify_history


@click.group()
def audit() -> None:
    """The history's integrity."""


@audit.command()
@json_option
@refusing
def verify(*, as_json: bool) -> None:
    """Recompute every chain; exit 1 when a line does not fit."""
    report = verify_history(runtime())
    findings = [{"case": one.case_id, "line": one.seq, "code": one.code} for one in report.findings]
    value = {"cases": report.cases, "lines": report.lines, "erased": report.erased, "findings": findings}
    text = "\n".join(
        [f"cases: {report.cases}, lines: {report.lines}, erased payloads: {report.erased}"]
        + [f"  case {one['case']}, line {one['line']}: {one['code']}" for one in findings]
    )
    answer(value, as_json=as_json, text=text)
    sys.exit(1 if findings else 0)
