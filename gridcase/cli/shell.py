"""What every command shares: the runtime, refusals in words, and answers as text or JSON."""

import functools
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

import click

from gridcase.app import create_app
from gridcase.domain.actor import SYSTEM, Actor, Role, Scope, ScopeKind
from gridcase.domain.errors import GridcaseError, Problem
from gridcase.edge.runtime import EXTENSION
from gridcase.edge.texts import Language, sentence
from gridcase.services.runtime import Runtime
from gridcase.services.watching import StoreError
from gridcase.settings import SettingsError, load_settings

P = ParamSpec("P")
R = TypeVar("R")

#: The command line acts for nobody in particular and sees everything.
OPERATOR = Actor(person=SYSTEM.person, name="", role=Role.ADMIN, scope=Scope(kind=ScopeKind.ALL))

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")


def runtime() -> Runtime:
    """Return the runtime of the settings in the environment."""
    try:
        settings = load_settings()
    except SettingsError as err:
        raise click.UsageError(str(err)) from err
    return cast("Runtime", create_app(settings).extensions[EXTENSION])


def spoken(rt: Runtime) -> Language:
    """Return the language people read on the command line: the instance's own."""
    return Language(rt.settings.language)


def refusing(command: Callable[P, R]) -> Callable[P, R]:
    """Say a refusal in words on standard error and exit with 1."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GridcaseError as err:
            refuse(err)
        except StoreError as err:
            click.echo(f"gridcase: {getattr(err, 'orig', err)}", err=True)
            click.echo("gridcase: is the database there, and did you run 'gridcase db upgrade'?", err=True)
            sys.exit(1)

    return run


def refuse(error: GridcaseError) -> NoReturn:
    """Print a refusal with its fields and exit with 1."""
    language = Language(load_settings().language)
    click.echo(f"gridcase: {sentence(error.code, error.params, language)}", err=True)
    for name, problems in error.fields.items():
        for problem in problems:
            click.echo(f"  {name}: {said(problem, language)}", err=True)
    sys.exit(1)


def said(problem: Problem, language: Language) -> str:
    """Return a problem as a sentence."""
    return sentence(problem.code, problem.params, language)


def answer(value: Any, *, as_json: bool, text: str) -> None:
    """Print the answer: the JSON document, or the text for people."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Lay out rows under a header, columns parted by tabs: for eyes and for cut(1) alike."""
    return "\n".join("\t".join(row) for row in (header, *rows))
