"""``python -m bench [NAME]``: run one benchmark, or all of them, one after the other."""

import argparse
import importlib
import os
import shutil
import sys
from pathlib import Path

from bench import console, export, filing, grid, imports, month, phone, worktime
from bench.databases import POSTGRESQL_VARIABLE, Kind

_QUICK = {
    "export": export.run,
    "grid": grid.run,
    "imports": imports.run,
    "worktime": worktime.run,
    "month": month.run,
    "phone": phone.run,
}
#: Asked for by name alone: builds a million cases first.
_LONG = "console"
#: Asked for by name alone: needs Chromium and the packages of the tests.
_IN_A_BROWSER = ("smooth", "thumb")
_NAMES = ("filing", *_QUICK)

# Durable like a real server: pg_virtualenv alone would switch fsync off.
_SERVER = ("-t", "-c", "--locale=C.UTF-8 --encoding=UTF8", "-o", "fsync=on", "-o", "ssl=off")
_INSIDE = (
    f"export {POSTGRESQL_VARIABLE}="
    '"postgresql+psycopg://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/$PGDATABASE"; '
    "unset PGUSER PGPASSWORD PGHOST PGPORT PGDATABASE PGSYSCONFDIR PGVERSION; "
    'exec "$0" -m bench "$@"'
)


def main() -> None:
    """Read the command line and run what it names."""
    asked = _parser().parse_args()
    names = [asked.name] if asked.name else list(_NAMES)
    for name in names:
        if name in ("filing", _LONG):
            _on_databases(name, asked)
        elif name in _IN_A_BROWSER:
            importlib.import_module(f"bench.{name}").run()
        else:
            _QUICK[name]()


def _on_databases(name: str, asked: argparse.Namespace) -> None:
    kinds = list(Kind) if asked.database == "both" else [Kind(asked.database)]
    if Kind.POSTGRESQL in kinds and not os.environ.get(POSTGRESQL_VARIABLE):
        _inside_a_server()
    for kind in kinds:
        if name == _LONG:
            console.run(_console(kind, asked))
        else:
            filing.run(filing.Plan(kind=kind, seconds=asked.seconds, rounds=asked.rounds))


def _console(kind: Kind, asked: argparse.Namespace) -> console.Plan:
    closed = (asked.closed[0], asked.closed[1])
    folder = asked.folder and asked.folder.absolute()
    return console.Plan(
        kind=kind, closed=closed, open=asked.open, days=asked.days, rounds=max(asked.rounds, 3), folder=folder
    )


def _inside_a_server() -> None:
    """Start again inside a throw-away PostgreSQL; does not return unless there is none to be had."""
    if shutil.which("pg_virtualenv") is None:
        sys.exit(f"no PostgreSQL: set {POSTGRESQL_VARIABLE}, install postgresql-common, or ask --database sqlite")
    sys.stdout.flush()
    command = ("pg_virtualenv", *_SERVER, "bash", "-c", _INSIDE, sys.executable, *sys.argv[1:])
    os.execvp(command[0], command)  # noqa: S606 - our own arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Prints ratios to a floor of the same run.")
    parser.add_argument(
        "name",
        nargs="?",
        choices=(*_NAMES, _LONG, *_IN_A_BROWSER),
        help="which; all but console, smooth and thumb when not given",
    )
    parser.add_argument(
        "--database", choices=[*Kind, "both"], default="both", help="for filing and console (default: both)"
    )
    parser.add_argument("--seconds", type=float, default=8, help="length of one turn of filing (default: 8)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of filing and console (default: 3)")
    sizes = parser.add_argument("--closed", type=int, nargs=2, default=[10_000, 1_000_000], metavar=("SMALL", "LARGE"))
    sizes.help = "closed cases of console's two cities (default: 10000 1000000)"
    parser.add_argument("--open", type=int, default=5000, help="open cases of console (default: 5000)")
    parser.add_argument("--days", type=int, default=1095, help="days over which they were filed (default: 1095)")
    parser.add_argument(
        "--folder", type=Path, help="keeps what console built, for its next run (default: nothing is kept)"
    )
    return parser


if __name__ == "__main__":
    main()
