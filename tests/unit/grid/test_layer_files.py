"""GeoJSON in and out: what is accepted, mended and refused, and what is said about it."""

import itertools
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.errors import InvalidInputError
from gridcase.grid.features import Feature, Part, area_m2
from gridcase.grid.geojson import CodeScheme, LayerSpec, Reason, read_features, write_features

SPEC = LayerSpec(layer="duty", code_field="id", name_field="name")
UNIT = LayerSpec(layer="unit", code_field="id", scheme=CodeScheme.UNIT)
X, Y, STEP = 119.94, 31.78, 0.001


def square(column=0, row=0, size=1.0):
    x, y, step = round(X + column * STEP, 7), round(Y + row * STEP, 7), size * STEP
    east, north = round(x + step, 7), round(y + step, 7)
    return [[x, y], [east, y], [east, north], [x, north], [x, y]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def raw(code, geometry, **properties):
    return {"type": "Feature", "properties": {"id": code, **properties}, "geometry": geometry}


def document(*features, **members):
    return {"type": "FeatureCollection", "features": list(features), **members}


def read(*features, spec=SPEC):
    return read_features(document(*features), spec)


def said(report):
    return [(finding.code, finding.reason, finding.is_refused) for finding in report.exceptions]


GOOD = raw("good", polygon(square(50, 50)))


def test_polygons_with_holes_and_parts_are_read_in_whole_units():
    hole = square(0.25, 0.25, 0.5)
    report = read(
        raw("a", polygon(square(), hole), name="甲"),
        raw("b", {"type": "MultiPolygon", "coordinates": [[square(2)], [square(4)]]}),
    )
    one, two = report.features
    assert (one.code, one.name, one.layer, one.parent) == ("a", "甲", "duty", None)
    assert one.geometry[0].outer[0] == (1199400000, 317800000)
    assert len(one.geometry[0].holes) == 1
    assert len(two.geometry) == 2
    assert (report.accepted, report.repaired, report.refused, report.flattened) == (2, 0, 0, 0)
    assert report.exceptions == ()


def test_coordinates_are_snapped_to_the_nearest_unit():
    ring = [[X + 4e-8, Y - 4e-8], [X + STEP, Y], [X, Y + STEP], [X + 4e-8, Y - 4e-8]]
    [feature] = read(raw("a", polygon(ring))).features
    assert (1199400000, 317800000) in feature.geometry[0].outer


def test_rings_are_turned_as_rfc_7946_wants_them():
    [feature] = read(raw("a", polygon(square()[::-1], square(0.25, 0.25, 0.5)))).features
    [part] = feature.geometry
    doubled = [
        sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in itertools.pairwise(ring)) for ring in (part.outer, *part.holes)
    ]
    assert doubled[0] > 0 > doubled[1]


def test_heights_are_dropped_and_counted_without_a_complaint():
    ring = [[x, y, 3.5] for x, y in square()]
    report = read(raw("a", polygon(ring)), GOOD)
    assert (report.accepted, report.repaired, report.flattened) == (2, 0, 1)
    assert report.exceptions == ()


BOW_TIE = [[X, Y], [X + STEP, Y + STEP], [X + STEP, Y], [X, Y + STEP], [X, Y]]
SPIKE = [[X, Y], [X + STEP, Y], [X + 2 * STEP, Y], [X + STEP, Y], [X + STEP, Y + STEP], [X, Y + STEP], [X, Y]]
TINY_LOOP = [
    [X, Y],
    [X + STEP, Y],
    [X + STEP, Y + STEP],
    [X + 0.49 * STEP, Y + 1.005 * STEP],
    [X + 0.51 * STEP, Y + 1.005 * STEP],
    [X, Y + STEP],
    [X, Y],
]


@pytest.mark.parametrize(
    ("ring", "reason"),
    [
        (square()[:-1], Reason.RING_CLOSED),
        (SPIKE, Reason.SHAPE_MENDED),
        (TINY_LOOP, Reason.SHAPE_MENDED),
    ],
)
def test_what_is_mended_is_accepted_and_said(ring, reason):
    report = read(raw("a", polygon(ring)), GOOD)
    assert (report.accepted, report.repaired, report.refused) == (2, 1, 0)
    assert said(report) == [("a", reason, False)]
    assert area_m2(report.features[0].geometry) == pytest.approx(10_500, rel=0.02)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, Reason.GEOMETRY_EMPTY),
        (polygon(), Reason.GEOMETRY_EMPTY),
        (polygon([]), Reason.GEOMETRY_EMPTY),
        ({"type": "MultiPolygon", "coordinates": []}, Reason.GEOMETRY_EMPTY),
        ({"type": "MultiPolygon", "coordinates": [[]]}, Reason.GEOMETRY_EMPTY),
        ({"type": "Polygon"}, Reason.GEOMETRY_EMPTY),
        ({"type": "Point", "coordinates": [X, Y]}, Reason.GEOMETRY_TYPE),
        ({"type": "GeometryCollection", "geometries": [polygon(square())]}, Reason.GEOMETRY_TYPE),
        ({"type": "polygon", "coordinates": [square()]}, Reason.GEOMETRY_TYPE),
        ({"coordinates": [square()]}, Reason.GEOMETRY_TYPE),
        ("POLYGON((0 0,1 0,1 1,0 0))", Reason.GEOMETRY_TYPE),
        ({"type": "Polygon", "coordinates": "x"}, Reason.COORDINATES_MALFORMED),
        (polygon([["119.94", "31.78"], *square()[1:]]), Reason.COORDINATES_MALFORMED),
        (polygon([[X], *square()[1:]]), Reason.COORDINATES_MALFORMED),
        (polygon([[True, True], *square()[1:]]), Reason.COORDINATES_MALFORMED),
        (polygon([None, *square()[1:]]), Reason.COORDINATES_MALFORMED),
        (polygon([[y, x] for x, y in square()]), Reason.OUT_OF_RANGE),  # swapped
        (polygon([[495111.46, 3517565.37], *square()[1:]]), Reason.METRES),
        (polygon([[float("nan"), Y], *square()[1:]]), Reason.OUT_OF_RANGE),
        (polygon([[10**400, Y], *square()[1:]]), Reason.OUT_OF_RANGE),
        (polygon([[X, Y], [X + STEP, Y], [X, Y]]), Reason.RING_TOO_SHORT),
        (polygon(square(size=1e-5)), Reason.RING_TOO_SHORT),  # a millimetre: one point when snapped
        (polygon(BOW_TIE), Reason.RING_CROSSES),
        (polygon([[X, Y], [X + STEP, Y], [X + 2 * STEP, Y], [X, Y]]), Reason.RING_CROSSES),  # no area
        (polygon(square(), square(5)), Reason.RING_CROSSES),  # a hole outside
    ],
)
def test_what_cannot_be_read_for_sure_is_refused_and_the_rest_is_kept(geometry, reason):
    report = read(raw("bad", geometry), GOOD)
    assert [feature.code for feature in report.features] == ["good"]
    assert (report.accepted, report.repaired, report.refused) == (1, 0, 1)
    assert ("bad", reason, True) in said(report)
    assert all(is_refused for _, _, is_refused in said(report))


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], {}, {"type": "feature"}, polygon(square()), {"geometry": polygon(square())}]
)
def test_what_is_no_feature_is_named_by_its_place(odd):
    assert said(read(GOOD, odd)) == [("#2", Reason.NOT_A_FEATURE, True)]


# ---- codes


@pytest.mark.parametrize("code", [None, "", "  ", 3.5, True, ["a"]])
def test_a_feature_without_a_code_is_refused_under_its_place(code):
    report = read(GOOD, raw(code, polygon(square())))
    assert said(report) == [("#2", Reason.CODE_MISSING, True)]
    assert report.refused == 1


def test_a_feature_without_properties_is_refused_too():
    bare = {"type": "Feature", "properties": None, "geometry": polygon(square())}
    assert said(read(bare)) == [("#1", Reason.CODE_MISSING, True)]


def test_a_whole_number_is_taken_as_text():
    assert read(raw(320404, polygon(square()))).features[0].code == "320404"


def test_an_identifier_beside_the_properties_is_a_code_too():
    bare = {"type": "Feature", "id": "a", "properties": {"name": "甲"}, "geometry": polygon(square())}
    both = {"type": "Feature", "id": "x", "properties": {"id": "b"}, "geometry": polygon(square(2))}
    assert [(one.code, one.name) for one in read(bare, both).features] == [("a", "甲"), ("b", "")]


@pytest.mark.parametrize(("value", "code"), [(320404.0, "320404"), (10**39, "1" + "0" * 39), ("钟楼 1", "钟楼 1")])
def test_codes_as_tables_hold_them_are_taken(value, code):
    assert read(raw(value, polygon(square()))).features[0].code == code


@pytest.mark.parametrize("value", ["x" * 41, "a\nb", "a\x00", "\ue000"])
def test_a_code_too_long_or_unprintable_is_refused(value):
    report = read(GOOD, raw(value, polygon(square())))
    assert said(report) == [("#2", Reason.CODE_NOT_PRINTABLE, True)]


def test_a_name_too_long_or_of_several_lines_is_shortened_and_said():
    report = read(raw("a", polygon(square()), name="甲\n乙"), raw("b", polygon(square(2)), name="x" * 121))
    assert [one.name for one in report.features] == ["甲 乙", "x" * 120]
    assert said(report) == [("a", Reason.NAME_SHORTENED, False), ("b", Reason.NAME_SHORTENED, False)]


def test_padded_codes_are_counted_and_no_repair():
    report = read(raw("32040400500102", polygon(square())), spec=UNIT)
    assert (report.accepted, report.repaired, report.padded) == (1, 0, 1)


def test_cell_codes_are_checked_and_old_ones_padded_under_the_unit_scheme():
    report = read(
        raw("320404005001001", polygon(square())),
        raw("32040400500102", polygon(square(1))),
        raw("320404005001", polygon(square(2))),
        raw("32040400500100a", polygon(square(3))),
        raw("A1801-0018-00", polygon(square(4))),
        spec=UNIT,
    )
    assert [feature.code for feature in report.features] == ["320404005001001", "320404005001002"]
    assert (report.accepted, report.repaired, report.refused) == (2, 0, 3)
    assert [reason for _, reason, _ in said(report)] == [Reason.CODE_MALFORMED] * 3


def test_the_free_scheme_takes_any_code():
    assert read(raw("A1801-0018-00", polygon(square()))).accepted == 1


@pytest.mark.parametrize("column", [1, 5])  # with a common edge, and apart
def test_one_code_on_parts_that_do_not_overlap_is_merged_and_all_count_as_repaired(column):
    report = read(raw("a", polygon(square())), GOOD, raw("a", polygon(square(column))))
    assert [feature.code for feature in report.features] == ["a", "good"]
    assert len(report.features[0].geometry) == (1 if column == 1 else 2)
    assert area_m2(report.features[0].geometry) == pytest.approx(21_000, rel=0.01)
    assert (report.accepted, report.repaired, report.refused) == (3, 2, 0)
    assert said(report) == [("a", Reason.PARTS_MERGED, False)] * 2


@pytest.mark.parametrize(
    "second",
    [
        polygon(square(0.5)),  # overlapping
        polygon(square()),  # twice the same
        polygon(square(0.25, 0.25, 0.5)),  # inside
    ],
)
def test_one_code_on_overlapping_places_is_refused_altogether(second):
    report = read(raw("a", polygon(square())), GOOD, raw("a", second))
    assert [feature.code for feature in report.features] == ["good"]
    assert (report.accepted, report.repaired, report.refused) == (1, 0, 2)
    assert said(report) == [("a", Reason.CODE_REPEATED, True)] * 2


def test_one_code_with_two_names_is_refused():
    report = read(raw("a", polygon(square()), name="甲"), raw("a", polygon(square(5)), name="乙"))
    assert said(report) == [("a", Reason.CODE_REPEATED, True)] * 2


def test_a_padded_code_meets_its_long_form():
    report = read(raw("320404005001002", polygon(square())), raw("32040400500102", polygon(square())), spec=UNIT)
    assert report.refused == 2


def test_an_unreadable_twin_does_not_spoil_the_readable_one():
    report = read(raw("a", polygon(square())), raw("a", None))
    assert [feature.code for feature in report.features] == ["a"]
    assert said(report) == [("a", Reason.GEOMETRY_EMPTY, True)]


# ---- other properties


def test_parent_and_dates_are_read_where_asked_for():
    spec = LayerSpec(layer="unit", code_field="id", parent_field="up", valid_from_field="from", valid_to_field="to")
    dates = {"from": "2026-01-01", "to": None, "up": 320404005001}
    [feature] = read(raw("a", polygon(square()), **dates), spec=spec).features
    assert (feature.parent, feature.valid_from, feature.valid_to) == ("320404005001", date(2026, 1, 1), None)


@pytest.mark.parametrize("text", ["01.02.2026", "2026-02-30", "2026/01/01", "soon"])
def test_a_date_that_is_none_is_refused(text):
    spec = LayerSpec(layer="unit", code_field="id", valid_from_field="from")
    report = read(raw("a", polygon(square()), **{"from": text}), spec=spec)
    assert said(report) == [("a", Reason.DATE_MALFORMED, True)]


# ---- the document and its coordinates


def test_a_bare_list_of_features_is_read():
    assert read_features([GOOD], SPEC).accepted == 1


def test_an_empty_collection_has_nothing_to_say():
    report = read()
    assert (report.features, report.accepted, report.refused) == ((), 0, 0)


@pytest.mark.parametrize("wrong", [None, "x", 7, {}, {"features": [GOOD]}, GOOD, {"type": "FeatureCollection"}])
def test_what_is_no_collection_is_refused_as_a_whole(wrong):
    with pytest.raises(InvalidInputError) as refusal:
        read_features(wrong, SPEC)
    assert refusal.value.fields["file"][0].code == "not_a_feature_collection"


def crs(name):
    return {"type": "name", "properties": {"name": name}}


def test_a_document_that_names_wgs84_is_read():
    named = document(GOOD, crs=crs("urn:ogc:def:crs:OGC:1.3:CRS84"))
    assert read_features(named, SPEC).accepted == 1
    assert read_features(document(GOOD, crs=None), SPEC).accepted == 1
    by_address = document(GOOD, crs=crs("http://www.opengis.net/def/crs/EPSG/0/4490"))
    assert read_features(by_address, SPEC).accepted == 1


@pytest.mark.parametrize("member", [crs("urn:ogc:def:crs:OGC::AUTO42001"), crs(None), {}, "GCJ-02", 7])
def test_a_document_that_names_another_system_must_be_told_which(member):
    with pytest.raises(InvalidInputError) as refusal:
        read_features(document(GOOD, crs=member), SPEC)
    assert refusal.value.fields["crs"][0].code == "crs_must_be_named"


def test_projected_coordinates_are_read_when_their_system_is_named():
    e, n = 495111.461154, 3517565.366329  # 119.948388, 31.78096
    ring = [[e, n], [e + 100, n], [e + 100, n + 100], [e, n + 100], [e, n]]
    spec = LayerSpec(layer="duty", code_field="id", crs="EPSG:4549")
    [feature] = read_features(document(raw("a", polygon(ring)), crs=crs("urn:x")), spec).features
    assert feature.geometry[0].outer[0] == (1199483880, 317809600)
    assert area_m2(feature.geometry) == pytest.approx(10_000, rel=0.001)
    outside = read(raw("a", polygon([[n, e], *ring[1:]])), spec=spec)
    assert said(outside) == [("a", Reason.OUTSIDE_AREA, True)]


def test_shifted_coordinates_are_moved_back_when_their_datum_is_named():
    spec = LayerSpec(layer="duty", code_field="id", crs="gcj02")
    corner = [119.953086157218, 31.778861904366]
    ring = [corner, [119.96, 31.78], [119.95, 31.79], corner]
    [feature] = read(raw("a", polygon(ring)), spec=spec).features
    assert (1199483880, 317809600) in feature.geometry[0].outer


def test_an_unknown_system_is_refused_as_a_whole():
    with pytest.raises(InvalidInputError) as refusal:
        read(GOOD, spec=LayerSpec(layer="duty", code_field="id", crs="EPSG:0"))
    assert refusal.value.fields["crs"][0].code == "crs_unknown"


# ---- lines


def line(*positions):
    return {"type": "LineString", "coordinates": [list(position) for position in positions]}


RIVER = LayerSpec(layer="river", code_field="id", tolerance_m=30.0)


def test_lines_and_their_pieces_are_read_with_the_tolerance_of_the_layer():
    pieces = {"type": "MultiLineString", "coordinates": [[[X, Y], [X, Y + STEP]], [[X, Y], [X + STEP, Y]]]}
    report = read(raw("a", line((X, Y), (X + STEP, Y))), raw("b", pieces), spec=RIVER)
    one, two = report.features
    assert one.lines == (((1199400000, 317800000), (1199410000, 317800000)),)
    assert (len(two.lines), two.geometry, two.tolerance_m) == (2, (), 30.0)


def test_the_pieces_of_one_river_become_one_line_and_a_piece_that_comes_twice_is_one():
    first, second = line((X, Y), (X + STEP, Y)), line((X + STEP, Y), (X + STEP, Y + STEP))
    report = read(raw("a", first), raw("a", second), raw("a", first), spec=RIVER)
    assert len(report.features[0].lines) == 2
    assert (report.accepted, report.repaired) == (3, 3)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (line(), Reason.GEOMETRY_EMPTY),
        (line((X, Y)), Reason.LINE_TOO_SHORT),
        (line((X, Y), (X + 1e-8, Y)), Reason.LINE_TOO_SHORT),
        (line((X, float("inf")), (X, Y)), Reason.OUT_OF_RANGE),
        (polygon(square()), Reason.GEOMETRY_MIXED),
    ],
)
def test_a_line_that_is_none_is_refused(geometry, reason):
    report = read(raw("a", line((X, Y), (X + STEP, Y))), raw("b", geometry), spec=RIVER)
    assert said(report) == [("b", reason, True)]


def test_a_part_of_less_than_a_centimetre_beside_others_is_left_out_and_said():
    geometry = {"type": "MultiPolygon", "coordinates": [[square()], [square(2, size=1e-5)]]}
    report = read(raw("a", geometry), raw("b", polygon(square(4), square(4.5, 0.5, 1e-5))))
    assert said(report) == [("a", Reason.PIECE_DROPPED, False), ("b", Reason.PIECE_DROPPED, False)]
    assert [len(one.geometry) for one in report.features] == [1, 1]


# ---- there and back


@given(
    x=st.integers(-1_790_000_000, 1_790_000_000),
    y=st.integers(-890_000_000, 890_000_000),
    size=st.integers(9, 100_000),
    parts=st.integers(1, 3),
)
def test_reading_what_was_written_gives_the_same_features(x, y, size, parts):
    def ring(west, south, side):
        corners = [(west, south), (west + side, south), (west + side, south + side), (west, south + side)]
        return (*corners, corners[0])

    geometry = tuple(
        Part(outer=ring(x + k * 2 * size, y, size), holes=(ring(x + k * 2 * size + 2, y + 2, 5)[::-1],))
        for k in range(parts)
    )
    feature = Feature(code="a", name="甲", layer="duty", geometry=geometry, parent="p", valid_from=date(2026, 1, 1))
    spec = LayerSpec(
        layer="duty",
        code_field="code",
        name_field="name",
        parent_field="parent",
        valid_from_field="valid_from",
        valid_to_field="valid_to",
    )
    text = json.dumps(write_features([feature]), allow_nan=False)
    report = read_features(json.loads(text), spec)
    assert report.features == (feature,)
    assert report.exceptions == ()


def test_what_is_written_has_at_most_seven_decimals():
    geometry = (
        Part(
            outer=((1199400001, 317800003), (1199400011, 317800003), (1199400007, 317800019), (1199400001, 317800003))
        ),
    )
    [written] = write_features([Feature(code="a", name="", layer="x", geometry=geometry)])["features"]
    assert written["geometry"]["type"] == "Polygon"
    assert written["geometry"]["coordinates"][0][0] == [119.9400001, 31.7800003]
    assert json.dumps(written["geometry"]["coordinates"][0][1]) == "[119.9400011, 31.7800003]"


def test_the_committed_demo_is_valid_geojson_of_polygons():
    path = Path(__file__).parents[3] / "gridcase" / "demo" / "data" / "communities.geojson"
    report = read_features(json.loads(path.read_text(encoding="utf-8")), LayerSpec(layer="c", code_field="code"))
    assert (report.accepted, report.refused, report.exceptions) == (8, 0, ())
