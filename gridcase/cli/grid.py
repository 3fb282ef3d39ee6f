"""``gridcase grid``: take layers in and out, locate points."""

import click

from gridcase.cli.grid_import import export_command, import_command
from gridcase.cli.grid_locate import locate_command


@click.group()
def grid() -> None:
    """The grid."""


grid.add_command(import_command)
grid.add_command(export_command)
grid.add_command(locate_command)
