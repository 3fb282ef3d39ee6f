"""The map: what it hands to the browser, to whom, and what it costs."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.office import PASSWORD, Office
from tests.services.test_statements import counted
from tests.web.pages import OWN_SITE


def at_the_page(office: Office, username: str) -> FlaskClient:
    client = office.app.test_client()
    answer = client.post("/login", data={"username": username, "password": PASSWORD}, headers=OWN_SITE)
    assert answer.status_code == 303, answer.text
    return client


def points(client: FlaskClient, **query: Any) -> list[str]:
    answer = client.get("/map/points", query_string=query)
    assert answer.status_code == 200
    return [one[0] for one in json.loads(answer.data)["points"]]


def test_open_cases_are_points_and_closed_ones_are_not(office: Office) -> None:
    number = office.caller("inspector").file().json["number"]
    gone = office.caller("inspector").file().json["number"]
    assert office.caller("shift_leader").act(gone, "void", reason="not_found").status_code in (200, 422)
    shown = points(at_the_page(office, "dispatcher"))
    held = office.caller("dispatcher").get("/cases").json["items"]
    assert set(shown) == {one["number"] for one in held if one["state"] not in ("void", "closed", "transferred")}
    assert number in shown


def test_a_person_sees_only_the_points_counts_and_cards_of_cases_in_reach(office: Office) -> None:
    number = office.caller("inspector").file().json["number"]
    cell = office.caller("dispatcher").get(f"/cases/{number}").json["cell"]
    for username, sees in (("unit_leader", True), ("chief", True), ("other_unit", False)):
        client = at_the_page(office, username)
        assert (number in points(client)) is sees
        assert (number in client.get("/map").text) is sees
        assert client.get(f"/map/cases/{number}").status_code == (200 if sees else 404)
        assert client.get(f"/map/find?q={number}").status_code == (200 if sees else 404)
        heat = json.loads(client.get("/map/heat?days=7").data)["cells"]
        assert (cell in heat) is sees


@pytest.mark.parametrize(
    "query", [{"unit": "NDJ-HW"}, {"state": "returned"}, {"source": "hotline"}, {"overdue": "true"}]
)
def test_the_filters_of_the_list_narrow_the_points(office: Office, query: dict[str, str]) -> None:
    office.caller("inspector").file()
    client = at_the_page(office, "dispatcher")
    assert len(points(client)) == 1
    assert points(client, **query) == []


def test_cells_come_whole_compressed_and_stay_in_the_browser(sqlite_office: Office) -> None:
    client = at_the_page(sqlite_office, "dispatcher")
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
    client, inspector = at_the_page(office, "dispatcher"), office.caller("inspector")
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
    assert (few["/map/points"], few["/map/layers/unit"]) == (2, 1)
    assert max(few.values()) <= 6


def test_a_cell_tells_the_office_who_is_responsible_and_a_unit_only_counts(sqlite_office: Office) -> None:
    office = sqlite_office
    number = office.caller("inspector").file().json["number"]
    cell = office.caller("dispatcher").get(f"/cases/{number}").json["cell"]
    assert "派往单位" in at_the_page(office, "dispatcher").get(f"/map/cells/{cell}").text
    assert "派往单位" not in at_the_page(office, "unit_leader").get(f"/map/cells/{cell}").text


def test_the_page_speaks_both_languages(sqlite_office: Office) -> None:
    client = at_the_page(sqlite_office, "dispatcher")
    assert "按紧急程度" in client.get("/map?lang=zh").text
    assert "Dispatched" in client.get("/map?lang=en").text
