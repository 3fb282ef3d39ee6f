"""``gridcase grid check`` and ``grid make``: exit codes, one JSON document, files of findings, pictures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gridcase.cli import grid_quality
from gridcase.cli.main import cli
from tests.office import Office

COMMUNITY = "320404005001"
WEST, SOUTH, STEP = 119.94, 31.78, 0.001


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRIDCASE_LANGUAGE", "en")

    def invoke(*words: str | Path) -> Result:
        return CliRunner().invoke(cli, ["grid", *(str(word) for word in words)])

    return invoke


def box(x: float, y: float, wide: float = 1.0, high: float = 1.0) -> dict:
    west, south, east, north = (
        round(at, 7) for at in (WEST + x * STEP, SOUTH + y * STEP, WEST + (x + wide) * STEP, SOUTH + (y + high) * STEP)
    )
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def layer(path: Path, *features: tuple[str, dict]) -> Path:
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": code}, "geometry": geometry} for code, geometry in features
        ],
    }
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def test_a_sound_grid_exits_with_0(run, tmp_path: Path) -> None:
    cells = layer(tmp_path / "cells.geojson", (f"{COMMUNITY}001", box(0, 0)), (f"{COMMUNITY}002", box(1, 0)))
    above = layer(tmp_path / "above.geojson", (COMMUNITY, box(0, 0, 2)))
    result = run("check", cells, "--parent-layer", above, "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["features"], report["good"], report["counts"], report["findings"]) == (2, True, {}, [])


def test_an_unsound_grid_exits_with_1_and_names_kind_codes_size_and_place(run, tmp_path: Path) -> None:
    cells = layer(
        tmp_path / "cells.geojson",
        (f"{COMMUNITY}001", box(0, 0)),
        (f"{COMMUNITY}002", box(0.9, 0)),
        (f"{COMMUNITY}002", box(3, 0)),
        ("12", box(4, 0)),
    )
    found, picture = tmp_path / "found.geojson", tmp_path / "found.png"
    result = run("check", cells, "--json", "--out-geojson", found, "--picture", picture)
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["counts"] == {"overlap": 1, "code_malformed": 1, "code_repeated": 2}
    [overlap] = [one for one in report["findings"] if one["kind"] == "overlap"]
    assert overlap["codes"] == [f"{COMMUNITY}001", f"{COMMUNITY}002"]
    assert overlap["severity"] == "error"
    assert overlap["area_m2"] == pytest.approx(1050, rel=0.01)
    assert overlap["width_m"] == pytest.approx(9.47, rel=0.01)
    assert WEST + 0.9 * STEP < overlap["lon"] < WEST + STEP
    assert len(json.loads(found.read_text(encoding="utf-8"))["features"]) == 4
    with Image.open(picture) as image:
        assert image.size[0] == 1400
        assert (212, 56, 13) in {colour for _, colour in image.getcolors(maxcolors=1 << 20)}


def test_people_read_a_table_and_see_an_svg(run, tmp_path: Path) -> None:
    cells = layer(tmp_path / "cells.geojson", (f"{COMMUNITY}001", box(0, 0)), (f"{COMMUNITY}002", box(0.9, 0)))
    picture = tmp_path / "found.svg"
    result = run("check", cells, "--picture", picture)
    assert "Error\tOverlap\t320404005001001 320404005001002\t" in result.stdout
    assert "<path" in picture.read_text(encoding="utf-8")


def test_a_shape_that_cannot_be_read_is_a_finding_with_its_place(run, tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[119.94, 31.78], [119.95, 31.79], [119.95, 31.78], [119.94, 31.79]]]}
    cells = layer(tmp_path / "cells.geojson", (f"{COMMUNITY}001", box(0, 0)), (f"{COMMUNITY}002", bow_tie))
    result = run("check", cells, "--json")
    assert result.exit_code == 1
    [finding] = json.loads(result.stdout)["findings"]
    assert (finding["kind"], finding["codes"]) == ("ring_invalid", [f"{COMMUNITY}002"])
    assert (finding["lon"], finding["lat"]) == (119.94, 31.78)


def test_a_layer_of_the_store_is_checked(run, sqlite_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid_quality, "runtime", lambda: sqlite_office.rt)
    result = run("check", "--layer", "unit", "--json")
    assert result.exit_code == 0, result.output
    assert set(json.loads(result.stdout)["counts"]) <= {"rounding", "size_outlier"}
    assert run("check", "--layer", "nothing").exit_code == 1


def test_a_picture_of_an_unknown_kind_is_wrong_usage(run, tmp_path: Path) -> None:
    cells = layer(tmp_path / "cells.geojson", (f"{COMMUNITY}001", box(0, 0)))
    assert run("check", cells, "--picture", tmp_path / "found.pdf").exit_code == 2


def test_cells_are_made_along_roads_checked_and_drawn(run, tmp_path: Path) -> None:
    community = layer(tmp_path / "community.geojson", ("", box(0, 0, 4, 3)))
    line = {"type": "LineString", "coordinates": [[WEST + 2 * STEP, SOUTH - STEP], [WEST + 2 * STEP, SOUTH + 4 * STEP]]}
    roads = layer(tmp_path / "roads.geojson", ("", line))
    house = layer(tmp_path / "houses.geojson", ("", box(0.8, 0.8, 0.4, 0.4)))
    out, picture = tmp_path / "cells.geojson", tmp_path / "cells.svg"
    words = ("--roads", roads, "--buildings", house, "--out", out, "--picture", picture, "--json")
    result = run("make", "--community", community, "--code-prefix", COMMUNITY, *words)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["roads"], report["buildings"], report["left_out"]) == (1, 1, 0)
    assert 8_000 <= report["check"]["median_m2"] <= 12_000
    cells = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert [cell["properties"]["code"] for cell in cells] == [
        f"{COMMUNITY}{number:03d}" for number in range(1, report["cells"] + 1)
    ]
    assert run("check", out, "--layer", "unit").exit_code == 0
    assert "<svg" in picture.read_text(encoding="utf-8")


def test_a_community_without_a_code_is_refused_with_the_remedy(run, tmp_path: Path) -> None:
    community = layer(tmp_path / "community.geojson", ("A", box(0, 0, 4, 3)))
    result = run("make", "--community", community, "--out", tmp_path / "cells.geojson")
    assert result.exit_code == 1
    assert "--code-prefix" in result.stderr
    assert not (tmp_path / "cells.geojson").exists()
