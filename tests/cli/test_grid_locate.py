"""``gridcase grid locate``: one point, files of points, what is refused, and what statistics are asked of."""

import codecs
import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gridcase.cli import grid_locate
from gridcase.cli.main import cli
from gridcase.grid.datums import from_wgs84
from gridcase.grid.features import Feature
from gridcase.grid.geojson import LayerSpec
from gridcase.services import gridding
from tests.office import Office

DATA = Path(__file__).parent.parent / "data"

#: Positions as Chicago published them of cases at the border of police beat 2412. Snapped, the first two would lie
#: outside it and the third inside.
AT_THE_BORDER = (
    ("-87.70936854515335", "42.00101303462007"),
    ("-87.70936320682014", "42.00279213173775"),
    ("-87.70934648638152", "42.00465826900336"),
)
INSIDE, OUTSIDE = ("-87.70086008558573", "41.99753858397252"), ("-87.78049762729347", "41.9110179557261")


@pytest.fixture
def run(sqlite_office: Office, monkeypatch: pytest.MonkeyPatch):
    """Run the command on the office of this test."""
    monkeypatch.setattr(grid_locate, "runtime", lambda: sqlite_office.rt)
    monkeypatch.setenv("GRIDCASE_LANGUAGE", "en")

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, ["grid", "locate", *[str(word) for word in words]])

    return invoke


@pytest.fixture
def points(tmp_path: Path):
    """Write a file of points."""

    def write(text: str | bytes) -> Path:
        path = tmp_path / "points.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return write


def csv_of(*rows: tuple[str, str]) -> str:
    return "lon,lat\n" + "".join(f"{lon},{lat}\n" for lon, lat in rows)


def told(done: Result) -> dict[str, int]:
    assert done.exit_code == 0, done.stderr
    tally: dict[str, int] = json.loads(done.stdout)
    return tally


def import_beat(office: Office) -> None:
    document = json.loads((DATA / "chicago-beat-2412.geojson").read_text("utf-8"))
    gridding.import_layer(office.rt, document, LayerSpec(layer="beat", code_field="beat_num"))


def test_one_point_is_told_with_its_cell(run, sqlite_office: Office) -> None:
    point = sqlite_office.point()
    answer = json.loads(run("--lon", point.lon, "--lat", point.lat, "--json").stdout)
    assert answer["cell"].startswith("320404005001")
    assert (answer["how"], answer["distance_m"], answer["candidates"]) == ("inside", 0.0, [])
    text = run("--lon", point.lon, "--lat", point.lat)
    assert (text.exit_code, text.stdout) == (0, f"{answer['cell']} (inside)\n")


def test_points_of_a_file_are_counted_and_their_cells_written_in_their_order(
    run, points, sqlite_office: Office, tmp_path: Path
) -> None:
    point, away = sqlite_office.point(), ("0.5", "0.5")
    here = (str(point.lon), str(point.lat))
    file = points(csv_of(here, away, ("", ""), here, ("nan", "31"), ("119.9", "91"), ("x", "y")))
    out = tmp_path / "hits.csv"
    tally = told(run("--points", file, "--out", out, "--json"))
    assert tally == {"points": 7, "in_none": 5, "in_one": 2, "in_several": 0, "unreadable": 4}
    rows = list(csv.reader(out.read_text("utf-8").splitlines()))
    assert rows[0] == ["lon", "lat", "codes", "cell", "how", "distance_m"]
    cell = rows[1][2]
    assert rows[1] == [*here, cell, cell, "inside", "0.000"] == rows[4]
    assert rows[2][:5] == [*away, "", "", "outside"]
    assert float(rows[2][5]) > 1e7
    assert rows[3] == ["", "", "", "", "", ""]
    assert rows[7] == ["x", "y", "", "", "", ""]


def test_points_on_a_shared_border_are_in_several_before_the_tie_rule(run, points, sqlite_office: Office) -> None:
    cell = gridding.cells(sqlite_office.rt.reference(), gridding.CellBox(area="320404005001", limit=1))[0]
    held = {code for _, code in sqlite_office.rt.reference().features}
    corners = [(f"{x / 1e7}", f"{y / 1e7}") for x, y in cell.geometry[0].outer[:-1]]
    tally = told(run("--points", points(csv_of(*corners)), "--json"))
    assert cell.code in held
    assert tally["in_none"] == 0
    assert tally["in_several"] > 0


def test_a_layer_is_asked_as_it_was_received_and_not_as_it_was_snapped(run, points, sqlite_office: Office) -> None:
    import_beat(sqlite_office)
    file = points(csv_of(*AT_THE_BORDER, INSIDE, OUTSIDE))
    tally = told(run("--points", file, "--layer", "beat", "--json"))
    assert tally == {"points": 5, "in_none": 2, "in_one": 3, "in_several": 0, "unreadable": 0}


def test_a_line_layer_holds_the_points_within_its_tolerance(run, points, sqlite_office: Office, tmp_path: Path) -> None:
    point = sqlite_office.point()
    west, south = point.lon_e7 - 5000, point.lat_e7
    river = Feature(
        code="r1", name="", layer="river", geometry=(), lines=(((west, south), (west + 10000, south)),), tolerance_m=20
    )
    gridding.save_layer(sqlite_office.rt, "river", [river])
    near, far = f"{point.lat + 0.00017}", f"{point.lat + 0.00019}"
    file, out = points(csv_of((str(point.lon), near), (str(point.lon), far))), tmp_path / "hits.csv"
    tally = told(run("--points", file, "--layer", "river", "--out", out, "--json"))
    assert (tally["in_one"], tally["in_none"]) == (1, 1)
    assert out.read_text("utf-8").splitlines()[:2] == ["lon,lat,codes", f"{point.lon},{near},r1"]
    one = json.loads(run("--lon", point.lon, "--lat", near, "--layer", "river", "--json").stdout)
    assert one == {"layer": "river", "code": "r1", "codes": ["r1"]}


def test_other_columns_datums_and_encodings_are_asked_for(run, points, sqlite_office: Office) -> None:
    lon, lat = from_wgs84(sqlite_office.point(), datum="gcj02")
    text = f"编号,经度,纬度\n1,{lon},{lat}\n"
    asked = ("--lon-field", "经度", "--lat-field", "纬度", "--datum", "gcj02", "--json")
    assert told(run("--points", points(text.encode("gbk")), "--encoding", "GBK", *asked))["in_one"] == 1
    assert told(run("--points", points(codecs.BOM_UTF8 + text.encode()), *asked))["in_one"] == 1


def test_a_file_that_is_longer_than_a_block_is_counted_whole(
    run, points, sqlite_office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(grid_locate, "_ROWS_AT_ONCE", 3)
    here = (str(sqlite_office.point().lon), str(sqlite_office.point().lat))
    rows = [here, ("0", "0")] * 5
    out = tmp_path / "hits.csv"
    tally = told(run("--points", points(csv_of(*rows)), "--out", out, "--json"))
    assert (tally["points"], tally["in_one"], tally["in_none"]) == (10, 5, 5)
    assert [tuple(row[:2]) for row in csv.reader(out.read_text("utf-8").splitlines())][1:] == rows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lon,lat"),
        ("a,b\n1,2\n", "lon,lat"),
        ("lon,lat,lon\n1,2,3\n", "lon,lat"),
        ("lon,lat\n1,2\n".encode("utf-16"), "encoding"),
        ("lon,lat,名\n1,2,街\n".encode("gbk"), "encoding"),
        ('lon,lat\n1,"' + "2" * 200_000 + '"\n', "CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(run, points, text: str | bytes, says: str) -> None:
    done = run("--points", points(text), "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "points" in done.stderr
    assert says in done.stderr


def test_short_rows_empty_lines_and_newlines_in_quotes_are_no_trouble(run, points) -> None:
    file = points('lon,lat,text\n119.9\n\n119.9,31.7,"two\nlines"\n"119.9","31.7",a,b,c\n')
    assert told(run("--points", file, "--json"))["points"] == 3


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--layer", "nowhere", "--lon", "119.9", "--lat", "31.7"), 1, "nowhere"),
        (("--lon", "0", "--lat", "0"), 1, "location"),
        (("--lon", "31.78", "--lat", "119.95"), 1, "location"),
        (("--lon", "31.78", "--lat", "119.95", "--layer", "nowhere"), 1, "location"),
        (("--lon", "119.9"), 2, "either"),
        ((), 2, "either"),
        (("--lon", "119.9", "--lat", "31.7", "--out", "x.csv"), 2, "--out"),
        (("--points", "no-such-file.csv"), 2, "no-such-file"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(run, words: tuple[str, ...], code: int, says: str) -> None:
    done = run(*words, "--json")
    assert (done.exit_code, done.stdout) == (code, "")
    assert says in done.stderr


def test_a_layer_or_an_encoding_that_is_not_there_is_refused(run, points) -> None:
    file = points(csv_of(INSIDE))
    assert "nowhere" in run("--points", file, "--layer", "nowhere").stderr
    done = run("--points", file, "--encoding", "klingon")
    assert (done.exit_code, "klingon" in done.stderr) == (1, True)
