"""Serving over HTTP: the socket, and gunicorn on it.

The server replaces this process, so that signals reach it directly and nothing that the command loaded (the column
engine above all) is in a worker's memory. For other addresses than the loopback a proxy stands in front.
"""

import os
import socket
import sys
from dataclasses import fields
from typing import NoReturn

import click

from gridcase.cli.shell import refusing, runtime
from gridcase.domain.errors import GridcaseError
from gridcase.edge.metrics import prepare_metrics
from gridcase.services.watching import readiness
from gridcase.settings import Settings

HOST = "127.0.0.1"
PORT = 8000
WORKERS = 2
THREADS = 4
#: So many ports after the wanted one are tried.
_TRIED = 100
_BACKLOG = 2048


@click.command("serve")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port on the loopback address."
)
@refusing
def serve_command(*, port: int) -> None:
    """Serve the API and the pages on 127.0.0.1; a proxy in front gives TLS and other addresses."""
    rt = runtime()
    if not readiness(rt).is_ready:
        raise GridcaseError("not_configured")
    rt.database.engine.dispose()
    held = listen(port)
    click.echo(f"gridcase: {address(held)}", err=True)
    serve(rt.settings, held)


def listen(port: int | None) -> socket.socket:
    """Listen on the loopback: on ``port``, or without one on the first free port from ``PORT`` on.

    The socket is handed on to the server, so that nobody can take the port in between.

    Raises
    ------
    click.UsageError
        The port that was asked for is taken, or none was found.
    """
    if port is not None:
        held, refusal = _try(port)
        if held is None:
            msg = f"port {port} cannot be used: {refusal}"
            raise click.UsageError(msg)
        return held
    for candidate in range(PORT, PORT + _TRIED):
        held, _ = _try(candidate)
        if held is not None:
            return held
    msg = f"no free port between {PORT} and {PORT + _TRIED - 1}"
    raise click.UsageError(msg)


def _try(port: int) -> tuple[socket.socket | None, str]:
    """Return a listening socket, or None and what was wrong."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((HOST, port))
        held.listen(_BACKLOG)
    except OSError as err:
        held.close()
        return None, err.strerror or str(err)
    return held, ""


def address(held: socket.socket) -> str:
    """Return the address to be opened in a browser."""
    return f"http://{HOST}:{held.getsockname()[1]}/"


def serve(settings: Settings, held: socket.socket) -> NoReturn:
    """Serve until interrupted; does not return.

    Parameters
    ----------
    settings
        Handed to the workers in their environment.
    held
        From ``listen``.
    """
    variables = environment(settings) | prepare_metrics(settings, held.getsockname()[1])
    held.set_inheritable(True)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, _command(held.fileno()), {**os.environ, **variables})  # noqa: S606


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables from which another process reads the same settings."""
    return {f"GRIDCASE_{field.name.upper()}": str(getattr(settings, field.name)) for field in fields(settings)}


def _command(descriptor: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        f"--bind=fd://{descriptor}",
        "--worker-class=gthread",
        f"--workers={WORKERS}",
        f"--threads={THREADS}",
        "--log-level=warning",
        "--no-control-socket",
        "gridcase.wsgi:application",
    ]
