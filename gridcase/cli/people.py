"""``gridcase user``: add people."""

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime
from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.domain.case import UnitCode
from gridcase.services.identity import NewPerson, add_person


@click.group()
def user() -> None:
    """People."""


@user.command()
@click.argument("username")
@click.option("--name", required=True, help="Name shown to colleagues.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([str(role) for role in Role if role is not Role.SYSTEM]),
    help="A role; the first is taken at sign-in. Repeat for several.",
)
@click.option("--scope", default="all", show_default=True, help="all, own, area:PREFIX or unit:CODE.")
@click.option("--unit", help="Handling unit the person belongs to.")
@click.password_option(envvar="GRIDCASE_NEW_PASSWORD", help="Asked for when not given; or from GRIDCASE_NEW_PASSWORD.")
@json_option
@refusing
def add(
    *, username: str, name: str, roles: tuple[str, ...], scope: str, unit: str | None, password: str, as_json: bool
) -> None:
    """Add a person with roles."""
    new = NewPerson(
        username=username,
        name=name,
        password=password,
        grants=tuple((Role(role), _scope(scope)) for role in roles),
        unit=UnitCode(unit) if unit else None,
    )
    person = add_person(runtime(), new)
    answer({"id": person, "username": username}, as_json=as_json, text=f"{username}: {person}")


def _scope(text: str) -> Scope:
    kind, _, value = text.partition(":")
    try:
        scope = Scope(kind=ScopeKind(kind), value=value)
    except ValueError as err:
        raise click.BadParameter("all, own, area:PREFIX or unit:CODE", param_hint="--scope") from err
    if bool(value) is not (scope.kind in (ScopeKind.AREA, ScopeKind.UNIT)):
        raise click.BadParameter("area and unit need a value, all and own have none", param_hint="--scope")
    return scope
