"""A small street office to test against: the shipped configuration, the sample grid, one person in every role."""

import io
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from gridcase.app import create_app
from gridcase.domain.actor import Actor, Role, Scope, ScopeKind
from gridcase.domain.case import AttachmentUsage, UnitCode
from gridcase.domain.place import E7, GeoPoint
from gridcase.domain.time import SetClock
from gridcase.edge.runtime import EXTENSION
from gridcase.grid.division import divide
from gridcase.grid.features import to_shape
from gridcase.grid.geojson import LayerSpec, read_features
from gridcase.services import attaching, configuring, gridding, identity
from gridcase.services.runtime import Runtime
from gridcase.settings import Settings
from gridcase.store import schema

ROOT = Path(__file__).parent.parent
PASSWORD = "a long enough password"
#: A Monday, 09:00 in Changzhou, an ordinary working day.
MONDAY = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
FIRE_LANE = {"scheme": "GBT47678.5-2026", "kind": "event", "code": "09012"}

_ALL = Scope(kind=ScopeKind.ALL)


def _area(prefix: str) -> Scope:
    return Scope(kind=ScopeKind.AREA, value=prefix)


def _unit(code: str) -> Scope:
    return Scope(kind=ScopeKind.UNIT, value=code)


#: User name → role, scope, unit.
PEOPLE: dict[str, tuple[Role, Scope, str | None]] = {
    "inspector": (Role.INSPECTOR, _area("320404005001"), None),
    "inspector2": (Role.INSPECTOR, _area("320404005"), None),
    "acceptor": (Role.ACCEPTOR, _ALL, None),
    "shift_leader": (Role.SHIFT_LEADER, _ALL, None),
    "dispatcher": (Role.DISPATCHER, _ALL, None),
    "unit_leader": (Role.UNIT_LEADER, _unit("NDJ-ZF"), "NDJ-ZF"),
    "handler": (Role.HANDLER, _unit("NDJ-ZF"), "NDJ-ZF"),
    "other_unit": (Role.UNIT_LEADER, _unit("NDJ-HW"), "NDJ-HW"),
    "chief": (Role.CHIEF, _area("320404005001"), None),
    "assessor": (Role.ASSESSOR, _ALL, None),
    "leader": (Role.LEADER, _ALL, None),
    "admin": (Role.ADMIN, _ALL, None),
    "public_door": (Role.PUBLIC_DOOR, Scope(kind=ScopeKind.OWN), None),
    "contractor": (Role.HANDLER, _unit("NDJ-HW-01"), "NDJ-HW-01"),
    "centre": (Role.CENTRE, _ALL, None),
}


@dataclass
class Office:
    """The running office of one test.

    Parameters
    ----------
    clock
        Stands at ``MONDAY`` until the test moves it.
    """

    app: Flask
    clock: SetClock

    @property
    def rt(self) -> Runtime:
        """The runtime, for calling use cases."""
        rt: Runtime = self.app.extensions[EXTENSION]
        return rt

    def actor(self, username: str) -> Actor:
        """Return a person as an actor."""
        return identity.actor(self.rt, username, PEOPLE[username][0])

    def point(self, area: str = "320404005001") -> GeoPoint:
        """Return a point well inside the first cell of an area."""
        return inner_point(self.rt, area)

    def filing(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a good filing of a blocked fire lane, with changes; a change to None drops the field."""
        point = self.point()
        body: dict[str, Any] = {
            "type": FIRE_LANE,
            "source": "inspector",
            "location": {"lon": point.lon, "lat": point.lat, "accuracy_m": 8},
            "description": "消防通道被两辆车堵住",
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def caller(self, username: str) -> "Caller":
        """Sign a person in over HTTP."""
        return Caller(self.app.test_client(), username, self)


class Caller:
    """A person at the HTTP door."""

    def __init__(self, client: FlaskClient, username: str, office: Office) -> None:
        self.client = client
        self.office = office
        answer = client.post("/api/v1/auth/tokens", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.json
        self.headers = {"Authorization": f"Bearer {answer.json['access_token']}", "Accept-Language": "en"}

    def get(self, path: str, **query: Any) -> TestResponse:
        """Read something below ``/api/v1``."""
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)

    def file(self, body: dict[str, Any] | None = None, *, key: str | None = None) -> TestResponse:
        """File a case."""
        return self.client.post(
            "/api/v1/cases",
            json=self.office.filing() if body is None else body,
            headers=self.headers | {"Idempotency-Key": key or str(uuid.uuid4())},
        )

    def act(self, number: str, action: str, **fields: Any) -> TestResponse:
        """Carry an action out on the case as it is now."""
        etag = self.get(f"/cases/{number}").headers.get("ETag", '"v0"')
        return self.client.post(
            f"/api/v1/cases/{number}/actions/{action}",
            json=fields,
            headers=self.headers | {"Idempotency-Key": str(uuid.uuid4()), "If-Match": etag},
        )

    def photo(self, usage: str = "file", data: bytes | None = None, **told: Any) -> str:
        """Upload a photo, with what a phone tells beside it, and return its id."""
        # A phone sends it under a key, the pages without one.
        key = {"Idempotency-Key": str(uuid.uuid4())} if told else {}
        answer = self.client.post(
            "/api/v1/attachments",
            data={"file": (io.BytesIO(data or jpeg()), "photo.jpg"), "usage": usage} | told,
            headers=self.headers | key,
        )
        assert answer.status_code == 201, answer.json
        identity_: str = answer.json["id"]
        return identity_


def jpeg(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    """Make a small JPEG."""
    held = io.BytesIO()
    Image.new("RGB", size, colour).save(held, "JPEG")
    return held.getvalue()


def upload(office: Office, username: str, usage: AttachmentUsage = AttachmentUsage.FILE) -> str:
    """Upload a photo as a use case and return its id."""
    done = attaching.upload(office.rt, office.actor(username), attaching.Upload(data=jpeg(), usage=usage))
    return done.row.id


def inner_point(rt: Runtime, area: str) -> GeoPoint:
    """Return a point well inside the first cell of an area."""
    cell = gridding.cells(rt.reference(), gridding.CellBox(area=area, limit=1))[0]
    inside = shapely.maximum_inscribed_circle(to_shape(cell.geometry)).coords[0]
    return GeoPoint.from_degrees(lon=inside[0] / E7, lat=inside[1] / E7)


def furnish(rt: Runtime) -> None:
    """Give an empty database the schema, the shipped configuration, the sample grid and the people."""
    schema.upgrade(rt.database.engine)
    configuring.apply_folder(rt, ROOT / "config")
    document = json.loads((ROOT / "gridcase/demo/data/communities.geojson").read_text("utf-8"))
    communities = read_features(document, LayerSpec(layer="community", code_field="code", name_field="name"))
    gridding.save_layer(rt, "unit", divide(communities.features))
    for username, (role, scope, unit) in PEOPLE.items():
        identity.add_person(
            rt,
            identity.NewPerson(
                username=username,
                name=username,
                password=PASSWORD,
                grants=((role, scope),),
                unit=UnitCode(unit) if unit else None,
            ),
        )


def open_office(url: str, folder: Path) -> Office:
    """Open an office on a furnished database."""
    clock = SetClock(MONDAY)
    settings = Settings(database_url=url, data_dir=folder, config_dir=ROOT / "config")
    app = create_app(settings, clock=clock)
    app.testing = True
    return Office(app=app, clock=clock)
