"""Files of layers: what they say of themselves, what has to be asked, what is refused whole, the way out and back."""

import gzip
import io
import json
import struct
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from gridcase.domain.errors import InvalidInputError
from gridcase.grid.datums import system_of
from gridcase.grid.features import Feature, Part
from gridcase.grid.files import Opening, open_layer, read_layer
from gridcase.grid.reading import LayerSpec, RawGeometry, Reason
from gridcase.grid.wkb import read_wkb
from gridcase.grid.writing import write_layer

SPEC = LayerSpec(layer="district", code_field="CODE", name_field="NAME")
NAMES = ["天宁区", "钟楼区", "新北区"]
BOXES = [shapely.box(119.9 + k / 10, 31.7, 120.0 + k / 10, 31.8) for k in range(3)]


def written(path: Path, *, encoding: str | None = None, names=NAMES, crs: str | None = "EPSG:4326", **options) -> Path:
    """Write three districts with GDAL, as another program would."""
    columns = [np.array([f"32040{k}" for k in range(len(names))], dtype=object), np.array(names, dtype=object)]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(BOXES[: len(names)], dtype=object)),
        columns,
        np.array(["CODE", "NAME"], dtype=object),
        geometry_type="Polygon",
        crs=crs,
        encoding=encoding,
        **options,
    )
    return path


def shapefile(folder: Path, encoding: str = "UTF-8", *, cpg: str | None = None, language: int = 0, **options) -> Path:
    """Write a loose Shapefile whose table says of its encoding exactly what is given."""
    path = written(folder / "districts.shp", encoding=encoding, **options)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    table = path.with_suffix(".dbf")
    raw = bytearray(table.read_bytes())
    raw[29] = language
    table.write_bytes(raw)
    return path


def zipped(target: Path, *members: tuple[str, Path | bytes]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content if isinstance(content, bytes) else content.read_bytes())
    return target


def parts(path: Path, prefix: str = "") -> list[tuple[str, Path]]:
    return [(prefix + one.name, one) for one in sorted(path.parent.glob(f"{path.stem}.*"))]


def geojson(**members) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"CODE": f"32040{k}", "NAME": name},
            "geometry": json.loads(shapely.to_geojson(box)),
        }
        for k, (name, box) in enumerate(zip(NAMES, BOXES, strict=True))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False).encode()


def read(path: Path, spec: LayerSpec = SPEC, **opening):
    return read_layer(open_layer(path, Opening(**opening)), spec)


def refusal(path: Path, spec: LayerSpec = SPEC, **opening) -> tuple[str, str]:
    """Return field and code of a file refused as a whole."""
    with pytest.raises(InvalidInputError) as caught:
        read(path, spec, **opening)
    [(name, [problem])] = caught.value.fields.items()
    return name, problem.code


def names(report) -> list[str]:
    return [feature.name for feature in report.features]


# ---- formats


JUNK = [("__MACOSX/._districts.shp", b"x"), ("常州/", b""), ("常州/readme.txt", b"x")]
PLAIN = {
    "geojson": geojson,
    "gzipped": lambda: gzip.compress(geojson()),
    "bare list": lambda: json.dumps(json.loads(geojson())["features"], ensure_ascii=False).encode(),
    "with a mark": lambda: b"\xef\xbb\xbf" + geojson(),
    "utf-16": lambda: geojson().decode().encode("utf-16"),
}
OTHERS = {
    "gpkg": lambda folder: written(folder / "layer.gpkg", driver="GPKG"),
    "shp": lambda folder: shapefile(folder, cpg="UTF-8"),
    "zip": lambda folder: zipped(folder / "a.zip", *parts(shapefile(folder, cpg="UTF-8"))),
    "folder in zip": lambda folder: zipped(folder / "a.zip", *parts(shapefile(folder, cpg="UTF-8"), "常州/"), *JUNK),
    "zipped geojson": lambda folder: zipped(folder / "a.zip", ("data/layer.geojson", geojson())),
}


@pytest.mark.parametrize("kind", [*PLAIN, *OTHERS])
def test_the_same_layer_comes_out_of_every_kind_of_file(tmp_path, kind):
    path = tmp_path / "layer.bin"
    if kind in PLAIN:
        path.write_bytes(PLAIN[kind]())
    else:
        path = OTHERS[kind](tmp_path)
    report = read(path)
    assert (report.accepted, report.repaired, report.refused) == (3, 0, 0)
    assert names(report) == NAMES
    assert [feature.code for feature in report.features] == ["320400", "320401", "320402"]
    assert set(report.features[0].geometry[0].outer) == {
        (1199000000, 317000000),
        (1200000000, 317000000),
        (1200000000, 318000000),
        (1199000000, 318000000),
    }


def test_members_of_a_collection_may_stand_in_any_order_and_features_among_unknown_ones(tmp_path):
    document = json.loads(geojson())
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"name": "x", "features": document["features"], "type": "FeatureCollection", "n": [1]}))
    assert read(path).accepted == 3


@pytest.mark.parametrize("kind", ["zip", "gpkg"])
def test_which_of_several_layers_is_meant_has_to_be_said(tmp_path, kind):
    (tmp_path / "a").mkdir()
    first = shapefile(tmp_path / "a", cpg="UTF-8")
    path = tmp_path / f"two.{kind}"
    if kind == "zip":
        zipped(path, *parts(first), ("other.geojson", geojson()))
    else:
        written(path, driver="GPKG", layer="districts")
        written(path, driver="GPKG", layer="other", append=True)
    assert refusal(path) == ("source_layer", "source_layer_must_be_named")
    assert refusal(path, source_layer="third") == ("source_layer", "source_layer_unknown")
    assert read(path, source_layer="districts").accepted == 3
    assert read(path, source_layer="other").accepted == 3


def test_three_dimensions_in_a_binary_file_are_flattened_and_counted(tmp_path):
    box = shapely.force_3d(BOXES[0], 7.0)
    pyogrio.raw.write(
        tmp_path / "z.gpkg",
        shapely.to_wkb(np.array([box], dtype=object), output_dimension=3),
        [np.array(["1"], dtype=object)],
        np.array(["CODE"], dtype=object),
        geometry_type="Polygon Z",
        crs="EPSG:4326",
        driver="GPKG",
    )
    report = read(tmp_path / "z.gpkg", LayerSpec(layer="x", code_field="CODE"))
    assert (report.accepted, report.repaired, report.flattened) == (1, 0, 1)


def test_a_property_that_no_feature_has_is_a_slip_and_refuses_the_file(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(geojson())
    assert refusal(path, LayerSpec(layer="x", code_field="code")) == ("code_field", "field_not_in_file")
    assert refusal(path, LayerSpec(layer="x", code_field="CODE", parent_field="UP")) == (
        "parent_field",
        "field_not_in_file",
    )


def test_a_code_over_two_properties_is_joined(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(geojson())
    assert read(path, LayerSpec(layer="x", code_field="CODE,NAME")).features[0].code == "320400-天宁区"


# ---- encodings


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("GBK", {"cpg": "GBK"}),
        ("GBK", {"cpg": "936\r\n"}),
        ("GBK", {"cpg": "ANSI 936"}),
        ("GBK", {"language": 0x4D}),
        ("GBK", {"language": 0x7A}),
        ("UTF-8", {"cpg": "UTF-8"}),
        ("UTF-8", {"cpg": "65001", "language": 0x57}),
    ],
)
def test_texts_are_read_as_the_table_says(tmp_path, encoding, said):
    assert names(read(shapefile(tmp_path, encoding, **said))) == NAMES


@pytest.mark.parametrize("language", [0x00, 0x57, 0x03, 0x01])  # nothing, "the machine's", and two Western ones
def test_chinese_without_a_word_on_its_encoding_has_to_be_asked_for(tmp_path, language):
    path = shapefile(tmp_path, "GBK", language=language)
    assert refusal(path) == ("encoding", "encoding_must_be_named")
    assert names(read(path, encoding="GBK")) == NAMES


@pytest.mark.parametrize("cpg", ["ISO-8859-1", "1252", "8859-15"])  # as programs write it when nobody chose
def test_chinese_under_a_western_cpg_has_to_be_asked_for(tmp_path, cpg):
    path = shapefile(tmp_path, "GBK", cpg=cpg)
    assert refusal(path) == ("encoding", "encoding_must_be_named")
    assert names(read(path, encoding="GBK")) == NAMES


def test_western_letters_are_read_by_their_cpg(tmp_path):
    path = shapefile(tmp_path, "cp1252", cpg="ISO-8859-1", names=["Zürich", "Genève", "Neuchâtel"])
    assert names(read(path)) == ["Zürich", "Genève", "Neuchâtel"]


def test_the_code_page_of_gb18030_is_known_by_its_number(tmp_path):
    assert names(read(shapefile(tmp_path, "GB18030", cpg="54936"))) == NAMES


def test_western_letters_are_read_by_their_language_byte(tmp_path):
    path = shapefile(tmp_path, "cp1252", language=0x03, names=["Zürich", "Genève", "Neuchâtel"])
    assert names(read(path)) == ["Zürich", "Genève", "Neuchâtel"]


def test_a_table_in_plain_letters_needs_no_encoding(tmp_path):
    assert names(read(shapefile(tmp_path, names=["a", "b", "c"]))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("encoding", "said", "asked"),
    [
        ("UTF-8", {"cpg": "GBK"}, None),
        ("UTF-8", {"language": 0x4D}, None),
        ("GBK", {"cpg": "UTF-8"}, None),
        ("GBK", {}, "UTF-8"),
        ("UTF-8", {}, "GBK"),
        ("UTF-8", {}, "latin-1"),
    ],
)
def test_an_encoding_that_does_not_fit_the_bytes_is_refused_and_never_guessed(tmp_path, encoding, said, asked):
    path = shapefile(tmp_path, encoding, **said)
    assert refusal(path, encoding=asked) == ("encoding", "encoding_does_not_fit")


def test_an_encoding_nobody_knows_is_refused(tmp_path):
    path = shapefile(tmp_path, "GBK", cpg="KLINGON")
    assert refusal(path) == ("encoding", "encoding_must_be_named")
    assert refusal(path, encoding="klingon") == ("encoding", "encoding_unknown")


def test_geojson_that_is_no_utf8_has_to_be_asked_for(tmp_path):
    path = tmp_path / "gbk.geojson"
    path.write_bytes(geojson().decode().encode("gbk"))
    assert refusal(path) == ("encoding", "encoding_must_be_named")
    assert names(read(path, encoding="GBK")) == NAMES
    path.write_bytes(geojson())
    assert refusal(path, encoding="GBK") == ("encoding", "encoding_does_not_fit")


# ---- reference systems


def test_a_shapefile_without_a_system_is_refused_as_a_whole_and_read_when_told(tmp_path):
    path = shapefile(tmp_path, cpg="UTF-8")
    path.with_suffix(".prj").unlink()
    assert refusal(path) == ("crs", "crs_must_be_named")
    report = read(path, LayerSpec(layer="x", code_field="CODE", crs="EPSG:4326"))
    assert (1199000000, 317000000) in report.features[0].geometry[0].outer


def test_a_local_system_that_is_in_no_register_is_refused_as_a_whole(tmp_path):
    path = shapefile(tmp_path, cpg="UTF-8")
    path.with_suffix(".prj").write_text('LOCAL_CS["常州市独立坐标系"]', encoding="utf-8")
    assert refusal(path) == ("crs", "crs_must_be_named")


@pytest.mark.parametrize(
    ("crs", "code"),
    [("EPSG:0", "crs_unknown"), ("mars", "crs_unknown"), ("EPSG:2384", "crs_inexact"), ("EPSG:2437", "crs_inexact")],
)
def test_a_system_that_leads_nowhere_is_refused(tmp_path, crs, code):
    path = tmp_path / "a.geojson"
    path.write_bytes(geojson())
    assert refusal(path, LayerSpec(layer="x", code_field="CODE", crs=crs)) == ("crs", code)


def test_projected_cgcs2000_is_read_from_the_file_itself(tmp_path):
    projected = [shapely.transform(box, system_of("EPSG:4549").from_wgs84) for box in BOXES]
    path = tmp_path / "gk.gpkg"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(projected, dtype=object)),
        [np.array(["1", "2", "3"], dtype=object)],
        np.array(["CODE"], dtype=object),
        geometry_type="Polygon",
        crs="EPSG:4549",
        driver="GPKG",
    )
    file = open_layer(path)
    assert file.crs == "EPSG:4549"
    report = read_layer(file, LayerSpec(layer="x", code_field="CODE"))
    assert (1199000000, 317000000) in report.features[0].geometry[0].outer


def test_metres_that_a_file_calls_degrees_are_refused_with_the_remedy(tmp_path):
    metres = [shapely.transform(box, system_of("EPSG:4549").from_wgs84) for box in BOXES]
    document = json.loads(geojson())
    for feature, shape in zip(document["features"], metres, strict=True):
        feature["geometry"] = json.loads(shapely.to_geojson(shape))
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(document))
    report = read(path)
    assert {(one.reason, one.is_refused) for one in report.exceptions} == {(Reason.METRES, True)}
    assert (report.accepted, report.refused) == (0, 3)
    assert read(path, LayerSpec(layer="x", code_field="CODE", crs="EPSG:4549")).accepted == 3
    # The same zone, but with its number before the easting: 40,500,000 in the middle instead of 500,000.
    prefixed = read(path, LayerSpec(layer="x", code_field="CODE", crs="EPSG:4528"))
    assert {one.reason for one in prefixed.exceptions} == {Reason.OUTSIDE_AREA}


# ---- hostile files


@pytest.mark.parametrize("part", ["shp", "dbf"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_shapefile_that_is_cut_off_is_refused_as_a_whole(tmp_path, part, share):
    path = shapefile(tmp_path, cpg="UTF-8")
    cut = path.with_suffix(f".{part}")
    raw = cut.read_bytes()
    cut.write_bytes(raw[: int(len(raw) * share)])
    assert refusal(path) == ("file", "layer_file_damaged")


@pytest.mark.parametrize("part", ["dbf", "shp"])
def test_a_shapefile_without_its_table_or_shapes_names_what_is_missing(tmp_path, part):
    path = shapefile(tmp_path, cpg="UTF-8")
    path.with_suffix(f".{part}").unlink()
    assert refusal(path if part == "dbf" else path.with_suffix(".dbf")) == ("file", "shapefile_part_missing")


def test_an_index_that_is_missing_or_wrong_does_not_matter(tmp_path):
    path = shapefile(tmp_path, cpg="UTF-8")
    path.with_suffix(".shx").write_bytes(b"nonsense")
    assert read(path).accepted == 3
    path.with_suffix(".shx").unlink()
    assert read(path).accepted == 3


def test_rows_marked_as_deleted_are_gone(tmp_path):
    path = shapefile(tmp_path, cpg="UTF-8")
    table = path.with_suffix(".dbf")
    raw = bytearray(table.read_bytes())
    start, width = struct.unpack("<HH", raw[8:12])
    raw[start + width] = ord("*")
    table.write_bytes(raw)
    assert names(read(path)) == [NAMES[0], NAMES[2]]


def test_a_shape_moved_to_the_end_of_the_file_is_found_by_the_index(tmp_path):
    path = shapefile(tmp_path, cpg="UTF-8")
    raw, index = bytearray(path.read_bytes()), bytearray(path.with_suffix(".shx").read_bytes())
    start, words = struct.unpack(">II", index[108:116])
    struct.pack_into(">I", index, 108, len(raw) // 2)
    raw += raw[start * 2 : start * 2 + 8 + words * 2]
    struct.pack_into(">I", raw, 24, len(raw) // 2)
    path.write_bytes(raw)
    path.with_suffix(".shx").write_bytes(index)
    assert names(read(path)) == NAMES


def test_the_parts_of_a_shapefile_are_found_whatever_the_case_of_their_names(tmp_path):
    path = shapefile(tmp_path, "GBK", cpg="GBK")
    for one in list(tmp_path.iterdir()):
        one.rename(one.with_name(one.name.upper() if one.suffix in (".dbf", ".cpg") else one.name))
    assert names(read(path)) == NAMES
    assert names(read(zipped(tmp_path / "a.zip", *((one.name, one) for one in sorted(tmp_path.iterdir()))))) == NAMES


def test_reading_leaves_nothing_beside_the_file(tmp_path):
    path = written(tmp_path / "layer.gpkg", driver="GPKG")
    read(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "layer_file_empty"),
        (b"code,name\n1,a\n", "layer_file_unknown"),
        (b"%PDF-1.7", "layer_file_unknown"),
        (b"{", "json_malformed"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Feature"}', "json_malformed"),
        (b'{"type": "FeatureCollection", "features": [1,]}', "json_malformed"),
        (b'{"type": "FeatureCollection", "features": []} x', "json_malformed"),
        (b"[" * 100_000, "json_malformed"),
        (b'{"type": "FeatureCollection", "n": ' + b"9" * 5_000 + b', "features": []}', "json_malformed"),
        (b'{"type": "Topology", "objects": {}}', "not_a_feature_collection"),
        (b'{"type": "FeatureCollection", "features": {}}', "not_a_feature_collection"),
        (b"SQLite format 3\x00" + b"x" * 500, "layer_file_damaged"),
        (b"\x1f\x8b" + b"x" * 50, "layer_file_damaged"),
        (gzip.compress(b"[]" * 5_000, mtime=0)[:-9], "layer_file_damaged"),
        (gzip.compress(gzip.compress(b"[]", mtime=0), mtime=0), "archive_suspicious"),
        (b"PK\x03\x04" + b"x" * 50, "layer_file_damaged"),
        (b"\x00\x00\x27\x0a" + b"x" * 200, "shapefile_part_missing"),
    ],
)
def test_what_is_no_layer_is_refused_as_a_whole(tmp_path, content, code):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert refusal(path) == ("file", code)


def test_a_collection_without_features_has_nothing_to_say(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(b'{"type": "FeatureCollection", "features": [ ]}')
    report = read(path)
    assert (report.accepted, report.refused) == (0, 0)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(geojson())
    assert refusal(path, most_bytes=600) == ("file", "layer_file_too_large")
    (tmp_path / "a.gz").write_bytes(gzip.compress(b" " * 3_000_000 + geojson()))
    assert refusal(tmp_path / "a.gz", most_bytes=2_000_000) == ("file", "layer_file_too_large")
    assert refusal(zipped(tmp_path / "a.zip", *parts(shapefile(tmp_path))), most_bytes=500) == (
        "file",
        "layer_file_too_large",
    )


def test_an_archive_that_lies_about_its_size_is_counted(tmp_path):
    raw = zipped(tmp_path / "a.zip", ("a.geojson", b"[" + b" " * 3_000_000 + b"]")).read_bytes()
    size = struct.pack("<I", 3_000_002)
    (tmp_path / "a.zip").write_bytes(raw.replace(size, struct.pack("<I", 10)))
    name, code = refusal(tmp_path / "a.zip", most_bytes=1_000_000)
    assert (name, code in {"layer_file_damaged", "layer_file_too_large"}) == ("file", True)


def test_a_bomb_is_not_unpacked_and_no_advice_given_to_raise_the_limit(tmp_path):
    path = zipped(tmp_path / "bomb.zip", ("a.geojson", b" " * 30_000_000))
    assert refusal(path) == refusal(path, most_bytes=25_000_000) == ("file", "archive_suspicious")
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b" " * 30_000_000))
    assert refusal(tmp_path / "bomb.gz") == ("file", "archive_suspicious")


@pytest.mark.parametrize("name", ["../evil.geojson", "/etc/evil.geojson", "a/../../b.geojson", "C:\\evil.geojson"])
def test_an_archive_that_reaches_out_of_its_folder_is_refused(tmp_path, name):
    assert refusal(zipped(tmp_path / "a.zip", (name, geojson()))) == ("file", "archive_suspicious")


def test_an_archive_of_too_many_members_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", *[(f"{k}.txt", b"") for k in range(1_001)])
    assert refusal(path) == ("file", "archive_suspicious")


def test_a_zip_in_a_zip_and_one_without_a_layer_are_refused(tmp_path):
    inner = zipped(tmp_path / "inner.zip", ("a.geojson", geojson()))
    assert refusal(zipped(tmp_path / "a.zip", ("b.geojson", inner))) == ("file", "archive_suspicious")
    assert refusal(zipped(tmp_path / "b.zip", ("readme.txt", b"x"))) == ("file", "no_layer_in_file")


def test_an_encrypted_archive_is_refused(tmp_path):
    raw = bytearray(zipped(tmp_path / "a.zip", ("a.geojson", geojson())).read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    assert refusal(tmp_path / "a.zip") == ("file", "archive_encrypted")


def test_a_nan_is_refused_with_its_feature_only(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(geojson().replace(b"119.9", b"NaN", 1))
    report = read(path)
    assert (report.accepted, report.refused, report.exceptions[0].reason) == (2, 1, Reason.OUT_OF_RANGE)


# ---- well-known binaries


@pytest.mark.parametrize(
    ("shape", "kind", "pieces"),
    [
        ("POLYGON((0 0,1 0,1 1,0 0))", "area", [1]),
        ("POLYGON Z((0 0 5,1 0 5,1 1 5,0 0 5))", "area", [1]),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 0),(5 1,6 1,6 2,5 1)),((20 0,21 0,21 1,20 0)))", "area", [2, 1]),
        ("LINESTRING(0 0,1 1)", "line", [1]),
        ("MULTILINESTRING((0 0,1 1),(2 2,3 3))", "line", [1, 1]),
    ],
)
@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("byte_order", [0, 1])
def test_binaries_are_read_in_either_form_and_order(shape, kind, pieces, flavor, byte_order):
    geometry = shapely.from_wkt(shape)
    raw = read_wkb(shapely.to_wkb(geometry, flavor=flavor, byte_order=byte_order, output_dimension=3))
    assert isinstance(raw, RawGeometry)
    assert (raw.kind, [len(part) for part in raw.parts], raw.has_heights) == (kind, pieces, geometry.has_z)
    assert raw.parts[0][0].tolist() == shapely.get_coordinates(geometry)[: len(raw.parts[0][0])].tolist()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, Reason.GEOMETRY_EMPTY),
        (shapely.to_wkb(shapely.Point(1, 2)), Reason.GEOMETRY_TYPE),
        (shapely.to_wkb(BOXES[0])[:40], Reason.COORDINATES_MALFORMED),
        (b"", Reason.COORDINATES_MALFORMED),
    ],
)
def test_binaries_that_are_no_area_or_line_say_why(raw, reason):
    assert read_wkb(raw) == reason


# ---- out and back


AREA = Feature(
    code="320404",
    name="钟楼区",
    layer="district",
    parent="320400",
    valid_from=date(2026, 1, 1),
    geometry=(
        Part(
            outer=((1199000000, 317000001), (1200000007, 317000000), (1200000000, 318000003), (1199000000, 317000001)),
            holes=(
                ((1199800000, 317200000), (1199900000, 317300000), (1199900000, 317200000), (1199800000, 317200000)),
            ),
        ),
        Part(
            outer=((1203000000, 317000000), (1204000000, 317000000), (1204000000, 318000000), (1203000000, 317000000))
        ),
    ),
)
LINE = Feature(
    code="H1",
    name="京杭运河",
    layer="river",
    geometry=(),
    lines=(((1199000000, 317000001), (1200000007, 317000000)), ((1201000000, 317000001), (1202000007, 317000000))),
    tolerance_m=50.0,
)


@pytest.mark.parametrize("feature", [AREA, LINE], ids=["areas", "lines"])
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp.zip"])
@pytest.mark.parametrize("crs", ["wgs84", "cgcs2000", "EPSG:4549", "EPSG:3857", "gcj02", "bd09"])
def test_what_is_written_comes_back_the_same(tmp_path, feature, ending, crs):
    path = tmp_path / f"out.{ending}"
    write_layer([feature], path, system_of(crs), "GBK" if ending == "shp.zip" else None)
    is_told = crs not in ("gcj02", "bd09")
    spec = LayerSpec(
        layer=feature.layer,
        code_field="code",
        name_field="name",
        valid_from_field="valid_from" if feature.valid_from else None,
        parent_field="parent" if feature.parent else None,
        crs=None if is_told else crs,
        tolerance_m=feature.tolerance_m,
    )
    if not is_told:
        assert refusal(path, LayerSpec(layer="x", code_field="code")) == ("crs", "crs_must_be_named")
    [back] = read(path, spec).features
    same = [(one.code, one.name, one.parent, one.valid_from, one.tolerance_m) for one in (back, feature)]
    assert same[0] == same[1]
    assert back.lines == feature.lines
    assert {normal(part) for part in back.geometry} == {normal(part) for part in feature.geometry}


def normal(part: Part):
    return shapely.Polygon(part.outer, part.holes).normalize().wkt


def test_a_name_that_the_encoding_lacks_is_not_written_half(tmp_path):
    with pytest.raises(InvalidInputError) as caught:
        write_layer([AREA], tmp_path / "out.shp.zip", system_of("wgs84"), "latin-1")
    assert caught.value.fields["encoding"][0].code == "encoding_does_not_fit"
    assert list(tmp_path.iterdir()) == []


def test_a_layer_outside_the_area_of_use_is_not_written(tmp_path):
    with pytest.raises(InvalidInputError) as caught:
        write_layer([AREA], tmp_path / "out.gpkg", system_of("EPSG:4547"))
    assert caught.value.fields["crs"][0].code == "layer_outside_area"
    assert list(tmp_path.iterdir()) == []


def test_a_zipped_shapefile_holds_what_other_programs_look_for(tmp_path):
    write_layer([AREA], tmp_path / "out.shp.zip", system_of("EPSG:4549"), "GBK")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out.shp.zip").read_bytes())) as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}
        assert archive.read("layer.cpg") == b"GBK"
