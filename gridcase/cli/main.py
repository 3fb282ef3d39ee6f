"""The ``gridcase`` command: groups and what they share.

Exit codes: 0 done, 1 refused with a report, 2 wrong usage. With ``--json`` one JSON document goes to standard
output and nothing else; everything said to people goes to standard error.
"""

import click

from gridcase import __version__
from gridcase.cli.assess import assess
from gridcase.cli.assess_contest import adjust, adjustments, appeals, deliveries, exemptions, external
from gridcase.cli.assess_findings import findings
from gridcase.cli.assess_rules import rules_command, score_command
from gridcase.cli.assess_verify import verify
from gridcase.cli.audit import audit
from gridcase.cli.cases import cases
from gridcase.cli.config import config
from gridcase.cli.database import db
from gridcase.cli.demo import demo
from gridcase.cli.docs import docs
from gridcase.cli.grid import grid
from gridcase.cli.grid_quality import check_command, make_command
from gridcase.cli.jobs import jobs, scheduler_command
from gridcase.cli.keys import keys
from gridcase.cli.mail import mail
from gridcase.cli.people import user
from gridcase.cli.roster import roster
from gridcase.cli.routing import routing
from gridcase.cli.serving import serve_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gridcase")
def cli() -> None:
    """Case handling for grid-based city management."""


_COMMANDS = (
    db,
    config,
    grid,
    cases,
    user,
    roster,
    routing,
    assess,
    audit,
    keys,
    mail,
    docs,
    demo,
    jobs,
    scheduler_command,
    serve_command,
)

#: Commands of the grid that stand in modules of their own.
_GRID_COMMANDS = (check_command, make_command)

for _command in _GRID_COMMANDS:
    grid.add_command(_command)

#: Commands of the month that stand in modules of their own.
_MONTH_COMMANDS = (
    rules_command,
    score_command,
    findings,
    appeals,
    exemptions,
    external,
    adjust,
    adjustments,
    deliveries,
)

for _command in _MONTH_COMMANDS:
    assess.add_command(_command)

assess.add_command(verify)

for _command in _COMMANDS:
    cli.add_command(_command)
