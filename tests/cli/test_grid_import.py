"""``gridcase grid import`` and ``export``: exit codes, one JSON document also for a file refused as a whole."""

import json
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner, Result

from gridcase.cli import grid_import
from gridcase.cli.main import cli
from tests.office import Office


@pytest.fixture
def run(sqlite_office: Office, monkeypatch: pytest.MonkeyPatch):
    """Run a command on the office of this test."""
    monkeypatch.setattr(grid_import, "runtime", lambda: sqlite_office.rt)
    monkeypatch.setenv("GRIDCASE_LANGUAGE", "en")

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, ["grid", *(str(word) for word in words)])

    return invoke


def layer(folder: Path, **codes: float) -> Path:
    """Write squares at these longitudes."""
    features = [
        {"type": "Feature", "properties": {"id": code}, "geometry": json.loads(shapely.to_geojson(square(lon)))}
        for code, lon in codes.items()
    ]
    path = folder / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def square(lon: float) -> shapely.Polygon:
    return shapely.box(lon, 31.7, lon + 0.01, 31.71)


OPTIONS = ("--layer", "duty", "--code-field", "id")


def test_a_layer_is_taken_in_and_reported_in_one_document(run, tmp_path) -> None:
    done = run("import", layer(tmp_path, a=119.9, b=119.95), *OPTIONS, "--json")
    told = json.loads(done.stdout)
    counts = ("features", "accepted", "repaired", "refused", "flattened", "padded", "begun", "ended", "unchanged")
    assert [told[name] for name in counts] == [2, 2, 0, 0, 0, 0, 2, 0, 0]
    assert (done.exit_code, told["exceptions"]) == (0, [])
    assert (told["source"]["kind"], told["source"]["fields"]) == ("GeoJSON", ["id"])


def test_refused_features_are_named_and_exit_with_1(run, tmp_path) -> None:
    done = run("import", layer(tmp_path, a=119.9, b=495_000.0), *OPTIONS, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["accepted"], told["refused"]) == (1, 1, 1)
    [exception] = told["exceptions"]
    assert (exception["code"], exception["reason_code"]) == ("b", "metres_called_degrees")
    assert "--crs" in exception["reason"]
    assert "b: " in run("import", layer(tmp_path, a=119.9, b=495_000.0), *OPTIONS).stdout


def test_a_dry_run_reports_and_changes_nothing(run, tmp_path, sqlite_office: Office) -> None:
    done = run("import", layer(tmp_path, a=119.9), *OPTIONS, "--dry-run", "--json")
    assert (done.exit_code, json.loads(done.stdout)["begun"]) == (0, 1)
    assert not [name for name, _ in sqlite_office.rt.reference().features if name == "duty"]


def test_a_dry_run_names_the_open_cases_that_would_lie_elsewhere(run, tmp_path, sqlite_office: Office) -> None:
    number, point = sqlite_office.caller("inspector").file().json["number"], sqlite_office.point()
    around = shapely.Point(point.lon, point.lat).buffer(0.001)
    path = tmp_path / "around.geojson"
    feature = {"type": "Feature", "properties": {"id": "P1"}, "geometry": json.loads(shapely.to_geojson(around))}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    told = json.loads(run("import", path, *OPTIONS, "--dry-run", "--json").stdout)
    nowhere = {"codes": [], "community": "", "unit": ""}
    assert told["moved"] == [{"number": number, "before": nowhere, "after": nowhere | {"codes": ["P1"]}}]
    assert f"moved: 1\n  {number}: - → P1\n" in run("import", path, *OPTIONS, "--dry-run").stdout
    assert "moved" not in json.loads(run("import", path, *OPTIONS, "--json").stdout)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--layer", "duty", "--code-field", "nothing"), "code_field"),
        ((*OPTIONS, "--crs", "EPSG:0"), "crs"),
        ((*OPTIONS, "--encoding", "klingon"), "encoding"),
    ],
)
def test_a_file_refused_as_a_whole_is_one_document_too(run, tmp_path, words, field) -> None:
    done = run("import", layer(tmp_path, a=119.9), *words, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["accepted"], told["exceptions"][0]["field"]) == (1, 0, field)
    assert told["features"] == told["refused"]
    assert field in done.stderr


def test_an_export_says_what_it_wrote_and_comes_back(run, tmp_path) -> None:
    run("import", layer(tmp_path, a=119.9), *OPTIONS)
    out = tmp_path / "out.gpkg"
    done = run("export", "--layer", "duty", "--out", out, "--crs", "gcj02", "--json")
    assert (done.exit_code, json.loads(done.stdout)["features"]) == (0, 1)
    back = run("import", out, "--layer", "duty", "--code-field", "code", "--crs", "gcj02", "--json")
    assert json.loads(back.stdout)["unchanged"] == 1


@pytest.mark.parametrize("name", ["out.kml", "out.shp", "out"])
def test_a_file_of_an_unknown_kind_is_not_written(run, tmp_path, name) -> None:
    run("import", layer(tmp_path, a=119.9), *OPTIONS)
    done = run("export", "--layer", "duty", "--out", tmp_path / name)
    assert (done.exit_code, ".shp.zip" in done.stderr) == (1, True)
    assert not (tmp_path / name).exists()
