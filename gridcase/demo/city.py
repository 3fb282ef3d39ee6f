"""The sample city: schema, configuration, grid and accounts, made once in whatever database the settings name.

Everything is made through use cases and only where it is missing, so that a second run changes nothing and an
interrupted one goes on. The communities' boundaries are illustrative.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from gridcase.demo.cast import Cast, Post, posts
from gridcase.demo.tales import UNROUTED
from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseKind, CellCode, Scheme, Source, TypeKey, UnitCode
from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.grid.division import divide
from gridcase.grid.features import Feature
from gridcase.grid.geojson import LayerSpec
from gridcase.services import configuring, gridding, identity
from gridcase.services.runtime import Runtime
from gridcase.services.steps.reference import Reference
from gridcase.services.watching import readiness, upgrade_schema
from gridcase.workflow.routing import RoutingQuestion, route

FIRE_LANE = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="09012")
COMMUNITY_LAYER = "community"
_PASSWORD_BYTES = 12

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """The city once it stands.

    Parameters
    ----------
    accounts
        File with the passwords.
    """

    reference: Reference
    cast: Cast
    accounts: Path


def found(rt: Runtime, say: Say) -> City:
    """Make whatever is missing of the sample city.

    Raises
    ------
    RefusedConfigurationError
        The configuration files have errors.
    InvalidInputError
        There is no configuration folder; or the configuration names no unit for a blocked fire lane, or lacks a unit
        of the sample city.
    """
    if not readiness(rt).is_current:
        upgrade_schema(rt)
    if not configuring.is_configured(rt):
        if not rt.settings.config_dir.is_dir():
            raise invalid("config_dir", "no_config_folder", folder=str(rt.settings.config_dir.absolute()))
        say("applying the configuration files")
        configuring.apply_folder(rt, rt.settings.config_dir)
    if rt.reference().rules.catalogue.find(UNROUTED) is None:
        with as_file(files("gridcase.demo") / "data" / "config") as folder:
            configuring.apply_folder(rt, folder)
    if not gridding.cells(rt.reference(), gridding.CellBox(limit=1)):
        _draw(rt, say)
    reference = rt.reference()
    path = accounts_file(rt)
    return City(reference=reference, cast=_hire(rt, reference, path, say), accounts=path)


def accounts_file(rt: Runtime) -> Path:
    """Return where the passwords of the sample accounts stand."""
    return rt.settings.data_dir / "demo-accounts.json"


def _draw(rt: Runtime, say: Say) -> None:
    document = json.loads((files("gridcase.demo") / "data" / "communities.geojson").read_text("utf-8"))
    spec = LayerSpec(layer=COMMUNITY_LAYER, code_field="code", name_field="name", parent_field="parent")
    communities = gridding.import_layer(rt, document, spec).features
    cells = divide(communities)
    gridding.save_layer(rt, "unit", cells)
    say(f"drew {len(communities)} communities and {len(cells)} unit cells")


def _hire(rt: Runtime, reference: Reference, path: Path, say: Say) -> Cast:
    wanted = posts(_communities(reference), _first_cell(reference), _fire_lane_unit(rt, reference))
    passwords = _passwords(path, wanted)
    actors: dict[str, Actor] = {}
    for post in wanted:
        known = _actor(rt, post)
        if known is None:
            identity.add_person(rt, _new_person(post, passwords[post.username]))
            known = identity.actor(rt, post.username, post.role)
        actors[post.username] = known
    say(f"{len(actors)} accounts in {path}")
    return Cast(actors=actors)


def _passwords(path: Path, wanted: Iterable[Post]) -> dict[str, str]:
    """Read the passwords, or choose and keep them before anybody is added: an interrupted run must not lose one."""
    held: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    missing = [post.username for post in wanted if post.username not in held]
    if missing:
        held |= {username: secrets.token_urlsafe(_PASSWORD_BYTES) for username in missing}
        _write_private(path, json.dumps(held, indent=2) + "\n")
    return held


def _write_private(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as held:
        held.write(text)
    part.replace(path)


def _actor(rt: Runtime, post: Post) -> Actor | None:
    try:
        return identity.actor(rt, post.username, post.role)
    except InvalidInputError:
        return None


def _new_person(post: Post, password: str) -> identity.NewPerson:
    return identity.NewPerson(
        username=post.username,
        name=post.name,
        password=password,
        grants=((post.role, post.scope),),
        unit=post.unit,
    )


def _communities(reference: Reference) -> list[Feature]:
    return [feature for (layer, _), feature in sorted(reference.features.items()) if layer == COMMUNITY_LAYER]


def _first_cell(reference: Reference) -> str:
    return gridding.cells(reference, gridding.CellBox(limit=1))[0].code


def _fire_lane_unit(rt: Runtime, reference: Reference) -> UnitCode:
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    question = RoutingQuestion(type=FIRE_LANE, cell=CellCode(_first_cell(reference)), source=Source.INSPECTOR, on=today)
    unit = route(reference.rules.routing, question).unit
    if unit is None:
        raise InvalidInputError("no_route", params={"type": str(FIRE_LANE)})
    return unit
