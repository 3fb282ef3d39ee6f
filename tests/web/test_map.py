"""The map: what it hands to the browser, to whom, and what it costs."""

import gzip
import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gridcase.domain.place import E7, Datum, GeoPoint
from gridcase.edge.countdown import Countdowns
from gridcase.edge.runtime import EXTENSION
from gridcase.edge.texts import Language
from gridcase.grid.datums import from_wgs84
from gridcase.services.reading import one_case
from gridcase.settings import SettingsError, load_settings
from tests.office import Office
from tests.services.test_statements import counted
from tests.web.pages import Visitor


def points(client: FlaskClient, **query: Any) -> list[str]:
    answer = client.get("/map/points", query_string=query)
    assert answer.status_code == 200
    return [one[0] for one in json.loads(answer.data)["points"]]


def test_open_cases_are_points_and_closed_ones_are_not(office: Office) -> None:
    number = office.caller("inspector").file().json["number"]
    gone = office.caller("inspector").file().json["number"]
    assert office.caller("shift_leader").act(gone, "void", reason="test").status_code == 200
    shown = points(Visitor(office, "dispatcher").client)
    held = office.caller("dispatcher").get("/cases").json["items"]
    assert set(shown) == {one["number"] for one in held if one["state"] not in ("void", "closed", "transferred")}
    assert number in shown
    assert gone not in shown


def test_a_person_sees_only_the_points_counts_and_cards_of_cases_in_reach(office: Office) -> None:
    number = office.caller("inspector").file().json["number"]
    cell = office.caller("dispatcher").get(f"/cases/{number}").json["cell"]
    for username, sees in (("unit_leader", True), ("chief", True), ("other_unit", False)):
        client = Visitor(office, username).client
        assert (number in points(client)) is sees
        assert (number in client.get("/map").text) is sees
        assert client.get(f"/map/cases/{number}").status_code == (200 if sees else 404)
        assert client.get(f"/map/find?q={number}").status_code == (200 if sees else 404)
        heat = json.loads(client.get("/map/heat?days=7").data)["cells"]
        assert (cell in heat) is sees


def test_whoever_asks_with_a_mark_is_told_only_what_has_changed(office: Office) -> None:
    inspector, client = office.caller("inspector"), Visitor(office, "dispatcher").client
    inspector.file()
    mark = json.loads(client.get("/map/points").data)["mark"]
    with counted(office) as seen:
        unchanged = client.get("/map/points", query_string={"mark": mark})
    assert (unchanged.status_code, unchanged.data, len(seen)) == (204, b"", 2)
    inspector.file()
    assert len(points(client, mark=mark)) == 2
    assert len(points(client, mark="nonsense")) == 2


@pytest.mark.parametrize(
    ("filed", "looked_at", "level"),
    [
        ("2026-10-12T01:00Z", "2026-10-12T01:00Z", "soon"),
        # Friday 17:30; due on Monday at 09:30: two working hours, but sixty-four by the wall clock.
        ("2026-10-16T09:30Z", "2026-10-16T09:30Z", "soon"),
        ("2026-10-16T09:30Z", "2026-10-19T01:30Z", "soon"),
        ("2026-10-16T09:30Z", "2026-10-19T01:30:01Z", "late"),
    ],
)
def test_points_are_as_urgent_as_their_countdown_says(
    sqlite_office: Office, filed: str, looked_at: str, level: str
) -> None:
    office = sqlite_office
    office.clock.instant = datetime.fromisoformat(filed)
    number = office.caller("inspector").file().json["number"]
    office.clock.instant = datetime.fromisoformat(looked_at)
    client = Visitor(office, "dispatcher").client
    (point,) = json.loads(client.get("/map/points").data)["points"]
    stored, reference = one_case(office.rt, office.actor("dispatcher"), number), office.rt.reference()
    clock = Countdowns(rules=reference.rules, now=office.clock.now(), language=Language.ZH).of_case(stored.case)
    assert clock is not None
    assert (point[2], str(clock.level)) == (level, level)


@pytest.mark.parametrize(
    "query", [{"unit": "NDJ-HW"}, {"state": "returned"}, {"source": "hotline"}, {"overdue": "true"}]
)
def test_the_filters_of_the_list_narrow_the_points(office: Office, query: dict[str, str]) -> None:
    office.caller("inspector").file()
    client = Visitor(office, "dispatcher").client
    assert len(points(client)) == 1
    assert points(client, **query) == []


def test_cells_come_whole_compressed_and_stay_in_the_browser(sqlite_office: Office) -> None:
    client = Visitor(sqlite_office, "dispatcher").client
    path = "/map/layers/unit"
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    cells = json.loads(gzip.decompress(answer.data))
    features = sqlite_office.rt.reference().features
    held = {code: one for (layer, code), one in features.items() if layer == "unit"}
    assert [one[0] for one in cells] == sorted(held)
    x = y = 0
    vertices = []
    for step in range(0, len(cells[0][2][0]), 2):
        x, y = x + cells[0][2][0][step], y + cells[0][2][0][step + 1]
        vertices.append((x, y))
    assert tuple(vertices) == held[cells[0][0]].geometry[0].outer
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/map/layers/nothing").status_code == 404


def test_the_map_costs_the_same_whatever_there_is(office: Office) -> None:
    client, inspector = Visitor(office, "dispatcher").client, office.caller("inspector")
    inspector.file()
    paths = ("/map", "/map/list", "/map/points", "/map/heat?days=30", "/map/layers/unit")

    def costs() -> dict[str, int]:
        found = {}
        for path in paths:
            with counted(office) as seen:
                assert client.get(path).status_code == 200
            found[path] = len(seen)
        return found

    few = costs()
    for _ in range(12):
        inspector.file()
    assert costs() == few
    assert (few["/map/points"], few["/map/layers/unit"]) == (3, 1)
    assert max(few.values()) <= 6


def test_a_cell_tells_the_office_who_is_responsible_and_a_unit_only_counts(sqlite_office: Office) -> None:
    office = sqlite_office
    number = office.caller("inspector").file().json["number"]
    cell = office.caller("dispatcher").get(f"/cases/{number}").json["cell"]
    assert "派往单位" in Visitor(office, "dispatcher").client.get(f"/map/cells/{cell}").text
    assert "派往单位" not in Visitor(office, "unit_leader").client.get(f"/map/cells/{cell}").text


def test_the_page_speaks_both_languages(sqlite_office: Office) -> None:
    client = Visitor(sqlite_office, "dispatcher").client
    assert "按紧急程度" in client.get("/map?lang=zh").text
    assert "Dispatched" in client.get("/map?lang=en").text


TILES = "https://tiles.example.org:8443/vec/{z}/{x}/{y}.png?key=a&style=b"


def with_settings(office: Office, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> FlaskClient:
    changed = replace(office.rt, settings=replace(office.rt.settings, **changes))
    monkeypatch.setitem(office.app.extensions, EXTENSION, changed)
    return Visitor(office, "dispatcher").client


def pictures_from(policy: str) -> list[str]:
    return [part.strip() for part in policy.split(";") if "img-src" in part]


def test_no_page_loads_a_picture_from_elsewhere_unless_a_setting_names_it(
    sqlite_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Visitor(sqlite_office, "dispatcher").client.get("/map")
    assert pictures_from(plain.headers["Content-Security-Policy"]) == []
    assert "map-tiles" not in plain.text
    client = with_settings(sqlite_office, monkeypatch, map_tiles=TILES, map_tiles_credit="示例地图 GS(2026)1号 <b>")
    answer = client.get("/map")
    assert pictures_from(answer.headers["Content-Security-Policy"]) == [
        "img-src 'self' data: https://tiles.example.org:8443"
    ]
    assert "示例地图 GS(2026)1号 &lt;b&gt;" in answer.text
    assert told_of_tiles(answer.text) == {"url": TILES}
    assert pictures_from(client.get("/queue").headers["Content-Security-Policy"]) == []


def told_of_tiles(html: str) -> dict[str, Any]:
    (found,) = re.findall(r'id="map-tiles">(.*?)</script>', html)
    told: dict[str, Any] = json.loads(found)
    return told


def test_tiles_of_another_datum_come_with_a_shift_that_is_right_to_half_a_metre(
    sqlite_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = with_settings(sqlite_office, monkeypatch, map_tiles=TILES, map_tiles_datum="gcj02")
    shift = told_of_tiles(client.get("/map").text)["shift"]
    cells = [one for (layer, _), one in sqlite_office.rt.reference().features.items() if layer == "unit"]
    for cell in cells:
        lon, lat = cell.geometry[0].outer[0]
        drawn = from_wgs84(GeoPoint(lon_e7=lon, lat_e7=lat), datum=Datum.GCJ02)
        told = between(shift, lon, lat)
        for degrees, where, aside in zip(drawn, (lon, lat), told, strict=True):
            assert abs(degrees * E7 - where - aside) < 50  # units of 1e-7 degree: half a metre


def between(shift: dict[str, Any], lon: int, lat: int) -> list[float]:
    """Read between the corners of the lattice, as the browser does."""
    across, up = (lon - shift["west"]) / shift["mesh"], (lat - shift["south"]) / shift["mesh"]
    column, row = int(across), int(up)
    x, y = across - column, up - row
    low, high = shift["rows"][row], shift["rows"][row + 1]
    return [
        (low[column][axis] * (1 - x) + low[column + 1][axis] * x) * (1 - y)
        + (high[column][axis] * (1 - x) + high[column + 1][axis] * x) * y
        for axis in (0, 1)
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"GRIDCASE_MAP_TILES": "https://tiles.example.org/{z}/{x}.png"},
        {"GRIDCASE_MAP_TILES": "//tiles.example.org/{z}/{x}/{y}.png"},
        {"GRIDCASE_MAP_TILES": "https://a.example.org; script-src */{z}/{x}/{y}"},
        {"GRIDCASE_MAP_TILES": "https://user@a.example.org/{z}/{x}/{y}"},
        {"GRIDCASE_MAP_TILES": "https://*/{z}/{x}/{y}"},
        {"GRIDCASE_MAP_TILES_DATUM": "bd09"},
    ],
)
def test_what_is_no_address_of_tiles_stops_the_process(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="map_tiles"):
        load_settings({"GRIDCASE_CONFIG_DIR": str(tmp_path)} | changes)
    good = load_settings({"GRIDCASE_CONFIG_DIR": str(tmp_path), "GRIDCASE_MAP_TILES": TILES})
    assert good.tiles_origin == "https://tiles.example.org:8443"
