"""``gridcase roster``: take a duty roster in."""

from pathlib import Path

import click

from gridcase.cli.shell import OPERATOR, answer, json_option, refusing, runtime
from gridcase.domain.errors import invalid
from gridcase.services.rostering import import_roster


@click.group()
def roster() -> None:
    """The duty roster."""


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@refusing
def import_command(file: Path, *, as_json: bool) -> None:
    """Add the shifts of a CSV file with the columns username,area,start,end: all of them or none."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as err:
        raise invalid("file", "file_not_utf8") from err
    done = import_roster(runtime(), OPERATOR, text)
    answer(
        {"added": done.added, "known": done.known}, as_json=as_json, text=f"added: {done.added}, known: {done.known}"
    )
