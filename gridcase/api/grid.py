"""The grid over HTTP: where is a point, which cells are there."""

from typing import Any

from marshmallow import Schema

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.cases import read_box
from gridcase.api.documents import CellPageSchema, CellSchema, LocatedSchema, answers
from gridcase.domain.place import Datum
from gridcase.edge.bodies import read_query
from gridcase.edge.fields import Choice, NumberText, PageSize, Text
from gridcase.edge.runtime import calling, runtime
from gridcase.grid.geojson import write_features
from gridcase.services.gridding import CellBox, cell, cells, locate
from gridcase.services.steps.placing import ReceivedPlace

grid = ApiBlueprint("grid", description="The grid")


class LocateQuerySchema(Schema):
    """A point, longitude and latitude in degrees of its datum."""

    lon = NumberText(required=True)
    lat = NumberText(required=True)
    datum = Choice(Datum, load_default=Datum.WGS84)
    accuracy_m = NumberText(signed=False)


class CellQuerySchema(Schema):
    """Which cells: those touching a box, or below an area code; neither means all, page by page."""

    bbox = Text(most=80)
    area = Text(most=15)
    cursor = Text(most=15)
    limit = PageSize(default=500, most=2000)


@grid.route("/grid/locate", methods=["GET"])
@grid.doc(
    summary="Locate a point",
    parameters=[{"in": "query", "schema": LocateQuerySchema, "name": "query"}],
    responses=answers((200, "Where it is", LocatedSchema), refusals=(422,)),
)
def where() -> dict[str, Any]:
    """Return the cell of a point, how it was found, and every layer feature there."""
    asked = read_query(LocateQuerySchema)
    received = ReceivedPlace(
        lon=asked["lon"], lat=asked["lat"], datum=Datum(asked["datum"]), accuracy_m=asked.get("accuracy_m")
    )
    found = locate(runtime(), received, calling().reference)
    distance = found.location.distance_m
    return {
        "cell": found.location.cell,
        "how": found.location.how,
        "distance_m": round(distance, 2) if distance < float("inf") else None,
        "candidates": list(found.location.candidates),
        "layers": {name: list(codes) for name, codes in found.layers.items()},
        "lon": found.position.point.lon,
        "lat": found.position.point.lat,
        "datum": "wgs84",
    }


@grid.route("/grid/cells", methods=["GET"])
@grid.doc(
    summary="Cells as GeoJSON",
    parameters=[{"in": "query", "schema": CellQuerySchema, "name": "query"}],
    responses=answers((200, "A FeatureCollection", CellPageSchema), refusals=(422,)),
)
def cell_page() -> dict[str, Any]:
    """Return a page of unit cells in order of their codes."""
    asked = read_query(CellQuerySchema)
    wanted = CellBox(
        box=read_box(asked["bbox"]) if "bbox" in asked else None,
        area=asked.get("area"),
        after=asked.get("cursor"),
        limit=asked["limit"],
    )
    found = cells(calling().reference, wanted)
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    return write_features(shown) | {"next_cursor": shown[-1].code if more else None}


@grid.route("/grid/cells/<string:code>", methods=["GET"])
@grid.doc(summary="One cell", responses=answers((200, "A Feature", CellSchema), refusals=(404,)))
def one_cell(code: str) -> dict[str, Any]:
    """Return one unit cell in force as a GeoJSON Feature."""
    feature = cell(calling().reference, code)
    shown: dict[str, Any] = write_features([feature])["features"][0]
    return shown
