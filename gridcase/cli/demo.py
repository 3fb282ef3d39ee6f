"""``gridcase demo``: the sample city, its month, and a server to look at it."""

import os
import subprocess
import sys
from dataclasses import replace
from random import Random

import click

from gridcase.app import create_app
from gridcase.cli.serving import address, environment, listen, serve
from gridcase.cli.shell import refusing
from gridcase.edge.runtime import EXTENSION
from gridcase.settings import Settings, SettingsError, load_settings


@click.command()
@click.option("--no-serve", is_flag=True, help="Only make the data.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to serve on; without it the first free one from 8000."
)
@click.option("--cases", type=click.IntRange(100), default=1500, show_default=True, help="Cases of the month.")
@refusing
def demo(*, no_serve: bool, port: int | None, cases: int) -> None:
    """Make a sample city with a month of cases, then serve it, the timed jobs beside the server.

    The second run changes nothing. Accounts and passwords stand in demo-accounts.json in the data folder.
    """
    settings = _settings()
    held = None if no_serve else listen(port)
    _make(settings, cases)
    if held is not None:
        _schedule(settings)
        click.echo(f"gridcase: {address(held)}  (Ctrl-C ends it)")
        serve(settings, held)


def _schedule(settings: Settings) -> None:
    """Start the timed jobs beside the server, which takes this process's place; they end with it."""
    command = [sys.executable, "-c", "from gridcase.cli.main import cli; cli()", "scheduler", "--with-parent"]
    with (settings.data_dir / "scheduler.log").open("ab") as log:
        subprocess.Popen(  # noqa: S603 - our own arguments
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment(settings)}
        )


def _settings() -> Settings:
    try:
        return replace(load_settings(), public_overview=True)
    except SettingsError as err:
        raise click.UsageError(str(err)) from err


def _make(settings: Settings, cases: int) -> None:
    # Loads the column engine; --help should not wait for it.
    from gridcase.demo.city import found
    from gridcase.demo.player import SEED, play

    def say(line: str) -> None:
        click.echo(f"· {line}", err=True)

    rt = create_app(settings).extensions[EXTENSION]
    city = found(rt, say)
    played = play(rt, city, Random(SEED), say, cases)  # noqa: S311 - a demonstration has to be repeatable
    say(f"{'played' if played.is_new else 'already played'}; the month's package: {played.export}")
    rt.database.engine.dispose()
