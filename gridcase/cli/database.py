"""``gridcase db``: bring the database up to date."""

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.services.configuring import apply_folder, is_configured
from gridcase.services.watching import upgrade_schema


@click.group()
def db() -> None:
    """Database."""


@db.command()
@json_option
@refusing
def upgrade(*, as_json: bool) -> None:
    """Bring the schema up to date; an empty database also gets the configuration files."""
    rt = runtime()
    upgrade_schema(rt)
    changed: tuple[str, ...] = ()
    if not is_configured(rt):
        changed = apply_folder(rt, rt.settings.config_dir).changed
    applied = ", ".join(changed) or "-"
    answer(
        {"schema": "current", "applied": list(changed)}, as_json=as_json, text=f"schema: current; applied: {applied}"
    )
