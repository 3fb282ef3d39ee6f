"""A street office to measure: the shipped configuration, the sample grid, and one inspector for every client."""

import io
import json
import random
import uuid
from contextlib import closing, redirect_stderr
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import shapely
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event

from bench.load import Client, post
from gridcase.app import create_app
from gridcase.domain.actor import Role, Scope, ScopeKind
from gridcase.domain.case import AttachmentUsage
from gridcase.domain.place import E7
from gridcase.edge.runtime import EXTENSION
from gridcase.grid.division import divide
from gridcase.grid.features import Feature, to_shape
from gridcase.grid.geojson import LayerSpec, read_features
from gridcase.services import attaching, configuring, gridding, identity
from gridcase.services.runtime import Runtime
from gridcase.settings import Settings
from gridcase.store import schema

ROOT = Path(__file__).parent.parent
CLIENTS = 8
FILING_PATH = "/api/v1/cases"
_PASSWORD = "a password of the bench"  # noqa: S105 - of people who exist only in the bench
_FIRE_LANE = {"scheme": "GBT47678.5-2026", "kind": "event", "code": "09012"}
_DESCRIPTION = "消防通道被两辆小型汽车堵住，无法通行；已联系物业，车主暂时未到场，请尽快处理。" * 3


def sample_cells() -> tuple[Feature, ...]:
    """Return the unit cells of the sample street."""
    document = json.loads((ROOT / "gridcase/demo/data/communities.geojson").read_text("utf-8"))
    communities = read_features(document, LayerSpec(layer="community", code_field="code", name_field="name"))
    return tuple(divide(communities.features))


@dataclass(frozen=True, slots=True)
class Office:
    """A furnished office behind an application of this process.

    Parameters
    ----------
    environment
        Makes another process serve the same office.
    """

    app: Flask
    environment: dict[str, str]

    @property
    def rt(self) -> Runtime:
        """The runtime, for calling use cases."""
        rt: Runtime = self.app.extensions[EXTENSION]
        return rt

    def bodies(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Make filings of blocked fire lanes, all in different places."""
        draw = random.Random(seed)
        points = [shapely.maximum_inscribed_circle(to_shape(cell.geometry)).coords[0] for cell in sample_cells()]
        return [_filing(draw.choice(points), draw) for _ in range(count)]

    def clients(self, port: int, each: int, *, seed: int, with_photo: bool = False) -> tuple[Client, ...]:
        """Sign every inspector in at a server and give each filings of their own, with photos already uploaded."""
        bodies = self.bodies(CLIENTS * each, seed)
        found = []
        for number in range(CLIENTS):
            mine = bodies[number * each : (number + 1) * each]
            if with_photo:
                mine = [body | {"attachments": [self._photo(number)]} for body in mine]
            dumped = tuple(json.dumps(body).encode() for body in mine)
            found.append(Client(headers={"Authorization": f"Bearer {_sign_in(port, number)}"}, bodies=dumped))
        return tuple(found)

    def statements(self, *, with_photo: bool) -> list[str]:
        """File one case in this process and return the statements it took, BEGIN and COMMIT left out."""
        # The log of this process's own requests would stand among the figures.
        with redirect_stderr(io.StringIO()):
            return self._statements(with_photo=with_photo)

    def _statements(self, *, with_photo: bool) -> list[str]:
        client, headers = self.signed_in()
        bodies = [body | ({"attachments": [self._photo(0)]} if with_photo else {}) for body in self.bodies(2, seed=99)]
        seen: list[str] = []
        for body in bodies:
            # The first filing warms up; the second is counted.
            seen.clear()
            event.listen(self.rt.database.engine, "before_cursor_execute", listener := _note_in(seen))
            answer = client.post(FILING_PATH, json=body, headers=headers | {"Idempotency-Key": str(uuid.uuid4())})
            event.remove(self.rt.database.engine, "before_cursor_execute", listener)
            if answer.status_code != HTTPStatus.CREATED:
                raise RuntimeError(answer.text)
        return [statement for statement in seen if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]

    def signed_in(self) -> tuple[FlaskClient, dict[str, str]]:
        """Sign the first inspector in in this process; return the headers to send along."""
        client = self.app.test_client()
        answer = client.post("/api/v1/auth/tokens", json={"username": _username(0), "password": _PASSWORD})
        return client, {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def _photo(self, number: int) -> str:
        actor = identity.actor(self.rt, _username(number), Role.INSPECTOR)
        new = attaching.Upload(data=_JPEG, usage=AttachmentUsage.FILE)
        return attaching.upload(self.rt, actor, new).row.id


def furnished(url: str, folder: Path) -> Office:
    """Give an empty database schema, configuration, grid and inspectors."""
    settings = Settings(database_url=url, data_dir=folder, config_dir=ROOT / "config")
    office = Office(
        app=create_app(settings),
        environment={
            "GRIDCASE_DATABASE_URL": url,
            "GRIDCASE_DATA_DIR": str(folder),
            "GRIDCASE_CONFIG_DIR": str(ROOT / "config"),
        },
    )
    schema.upgrade(office.rt.database.engine)
    configuring.apply_folder(office.rt, ROOT / "config")
    gridding.save_layer(office.rt, "unit", sample_cells())
    for number in range(CLIENTS):
        new = identity.NewPerson(
            username=_username(number),
            name=f"Inspector {number}",
            password=_PASSWORD,
            grants=((Role.INSPECTOR, Scope(kind=ScopeKind.ALL)),),
        )
        identity.add_person(office.rt, new)
    return office


def _filing(point: tuple[float, ...], draw: random.Random) -> dict[str, Any]:
    lon, lat = (round((value + draw.randint(-20, 20)) / E7, 7) for value in point[:2])
    return {
        "type": _FIRE_LANE,
        "source": "inspector",
        "location": {"lon": lon, "lat": lat, "accuracy_m": 5},
        "address": "常州市钟楼区南大街街道",
        "description": _DESCRIPTION,
    }


def _sign_in(port: int, number: int) -> str:
    status, body = post(port, "/api/v1/auth/tokens", {"username": _username(number), "password": _PASSWORD}, {})
    if status != HTTPStatus.CREATED:
        raise RuntimeError(body.decode())
    token: str = json.loads(body)["access_token"]
    return token


def _username(number: int) -> str:
    return f"bench{number}"


def _note_in(seen: list[str]) -> Any:
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    return note


def _picture() -> bytes:
    with closing(io.BytesIO()) as held:
        Image.new("RGB", (64, 48), "red").save(held, "JPEG")
        return held.getvalue()


_JPEG = _picture()
