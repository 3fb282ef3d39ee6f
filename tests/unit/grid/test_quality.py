"""Checking a grid: what is wrong is found with its place and width, what is right is left alone."""

import random
from dataclasses import replace

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridcase.grid.features import Feature, Part, to_shape
from gridcase.grid.metric import metres_per_unit
from gridcase.grid.quality import CheckSpec, check_grid, write_defects

LON, LAT = 1199400000, 317800000
EAST_M, NORTH_M = metres_per_unit(LAT)
UNIT = CheckSpec.of_layer("unit")
FREE = CheckSpec(is_unit=False, names_required=False)
COMMUNITY = "320404005001"


def metres(x, y):
    return LON + round(x / EAST_M), LAT + round(y / NORTH_M)


def ring(*places):
    vertices = tuple(metres(x, y) for x, y in places)
    return (*vertices, vertices[0])


def rectangle(x, y, wide, high):
    return ring((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def cell(sequence, outer, *holes, community=COMMUNITY, **fields):
    geometry = (Part(outer=outer, holes=holes),)
    return Feature(code=f"{community}{sequence:03d}", name="", layer="unit", geometry=geometry, **fields)


def parent(number, outer):
    geometry = (Part(outer=outer),)
    return Feature(code=f"320404005{number:03d}", name="社区", layer="community", geometry=geometry)


def rows_of_cells(wide=3, high=2):
    return [
        cell(1 + row * wide + column, rectangle(column * 100, row * 100, 100, 100))
        for row in range(high)
        for column in range(wide)
    ]


def kinds(report):
    return [str(defect.kind) for defect in report.defects]


def test_neighbours_that_share_their_nodes_have_nothing_wrong():
    report = check_grid(rows_of_cells(), UNIT, parents=[parent(1, rectangle(0, 0, 300, 200))])
    assert (report.features, report.counts, report.is_good) == (6, {}, True)
    assert report.area_m2 == pytest.approx(60_000, rel=1e-4)
    assert report.median_m2 == pytest.approx(10_000, rel=1e-4)


def test_a_gap_inside_the_parent_is_found_with_its_place_size_width_and_neighbours():
    cells = rows_of_cells()
    cells[1] = cell(2, rectangle(110, 0, 90, 100))
    report = check_grid(cells, UNIT, parents=[parent(1, rectangle(0, 0, 300, 200))])
    [gap] = report.defects
    assert (gap.kind, gap.severity) == ("gap", "error")
    assert gap.area_m2 == pytest.approx(1000, rel=1e-3)
    assert gap.width_m == pytest.approx(10, rel=1e-2)
    # The two above touch it too, one with its corner.
    assert gap.codes == tuple(f"{COMMUNITY}{number:03d}" for number in (1, 2, 4, 5))
    low, high = metres(100, 0), metres(110, 100)
    assert low[0] < gap.lon * 1e7 < high[0]
    assert low[1] < gap.lat * 1e7 < high[1]


def test_a_hole_between_cells_without_a_parent_only_wants_a_look():
    cells = [one for one in rows_of_cells(3, 3) if not one.code.endswith("005")]
    report = check_grid(cells, UNIT)
    assert [(defect.kind, defect.severity) for defect in report.defects] == [("gap", "warning")]
    assert report.is_good


def test_an_open_bay_without_a_parent_is_no_gap():
    assert check_grid([one for one in rows_of_cells() if not one.code.endswith("002")], UNIT).counts == {}


def test_an_island_of_cells_in_a_hole_is_no_gap():
    around = cell(1, rectangle(0, 0, 300, 300), rectangle(100, 100, 100, 100)[::-1])
    inside = cell(2, rectangle(100, 100, 100, 100))
    assert check_grid([around, inside], UNIT).counts == {}


def test_an_overlap_is_found_once_with_both_codes():
    cells = rows_of_cells(2, 1)
    cells[1] = cell(2, rectangle(96, 0, 104, 100))
    report = check_grid(cells, UNIT)
    [overlap] = report.defects
    assert (overlap.kind, overlap.codes) == ("overlap", (f"{COMMUNITY}001", f"{COMMUNITY}002"))
    assert overlap.area_m2 == pytest.approx(400, rel=1e-2)
    assert overlap.width_m == pytest.approx(4, rel=2e-2)


def test_a_node_rounded_off_its_neighbours_edge_is_rounding_and_no_gap():
    a, b = metres(0, 0), metres(100, 37)
    # On the edge of the lower cell at a third, off by less than a unit.
    node = ((2 * a[0] + b[0]) // 3, round((2 * a[1] + b[1]) / 3) + 1)
    lower = (a, metres(0, -50), metres(100, -50), b, a)
    upper = (a, node, b, metres(100, 90), metres(0, 90), a)
    report = check_grid([cell(1, lower), cell(2, upper)], UNIT)
    assert report.is_good
    outline = parent(1, (a, metres(0, -50), metres(100, -50), b, metres(100, 90), metres(0, 90), a))
    [found] = check_grid([cell(1, lower), cell(2, upper)], UNIT, parents=[outline]).defects
    assert (found.kind, found.severity, found.detail) == ("rounding", "note", "gap")
    assert 0 < found.width_m < 0.016


@pytest.mark.parametrize(("width", "kind"), [(0.01, "rounding"), (0.05, "gap"), (0.5, "gap"), (3, "gap")])
def test_only_what_is_as_narrow_as_rounding_is_called_so(width, kind):
    # Nine units of width are ten centimetres and cannot come from rounding.
    cells = [cell(1, rectangle(0, 0, 100, 100)), cell(2, rectangle(100 + width, 0, 100, 100))]
    report = check_grid(cells, UNIT, parents=[parent(1, rectangle(0, 0, 200 + width, 100))])
    assert kinds(report) == [kind]


def test_a_sliver_is_found_even_as_a_part_of_a_cell():
    strip = Part(outer=rectangle(0, 100, 100, 3))
    cells = [replace(cell(1, rectangle(0, 0, 100, 100)), geometry=(Part(outer=rectangle(0, 0, 100, 99)), strip))]
    [sliver] = check_grid(cells, UNIT).defects
    assert (sliver.kind, sliver.severity, sliver.codes) == ("sliver", "warning", (f"{COMMUNITY}001",))
    assert sliver.width_m == pytest.approx(3, abs=0.2)


def test_an_invalid_ring_is_found_and_does_not_stop_the_rest():
    bow_tie = ring((0, 0), (100, 100), (100, 0), (0, 100))
    report = check_grid([cell(1, bow_tie), *(cell(n, rectangle(n * 100, 0, 100, 100)) for n in (2, 3))], UNIT)
    assert report.counts["ring_invalid"] == 1
    assert not report.is_good
    assert report.defects[0].codes == (f"{COMMUNITY}001",)


@pytest.mark.parametrize("code", ["32040400500101", "32040400500100a", "320404005001000", "", "３20404005001001"])
def test_a_malformed_code_is_found(code):
    report = check_grid([replace(cell(1, rectangle(0, 0, 100, 100)), code=code)], UNIT)
    assert kinds(report) == ["code_malformed" if code else "code_missing"]


def test_a_free_code_is_not_judged():
    assert check_grid([replace(cell(1, rectangle(0, 0, 100, 100)), code="A-1")], FREE).counts == {}


def test_a_repeated_code_is_found_at_each_place():
    cells = [cell(1, rectangle(0, 0, 100, 100)), cell(1, rectangle(100, 0, 100, 100))]
    assert kinds(check_grid(cells, UNIT)) == ["code_repeated", "code_repeated"]


def test_a_cell_whose_code_names_another_community_is_found():
    parents = [parent(1, rectangle(0, 0, 100, 100)), parent(2, rectangle(100, 0, 100, 100))]
    cells = [cell(1, rectangle(0, 0, 100, 100)), cell(2, rectangle(100, 0, 100, 100))]
    [wrong] = check_grid(cells, UNIT, parents=parents).defects
    assert (wrong.kind, wrong.codes) == ("parent_wrong", (f"{COMMUNITY}002", COMMUNITY, "320404005002"))


def test_a_cell_that_crosses_its_community_is_found_with_the_piece_outside():
    parents = [parent(1, rectangle(0, 0, 100, 100)), parent(2, rectangle(100, 0, 100, 100))]
    cells = [
        cell(1, rectangle(0, 0, 120, 100)),
        cell(1, rectangle(120, 0, 80, 100), community="320404005002"),
    ]
    [crossed] = check_grid(cells, UNIT, parents=parents).defects
    assert (crossed.kind, crossed.codes) == ("parent_crossed", (f"{COMMUNITY}001", COMMUNITY))
    assert crossed.area_m2 == pytest.approx(2000, rel=1e-2)


def test_a_parent_that_is_not_there_is_named():
    report = check_grid(rows_of_cells(1, 1), UNIT, parents=[parent(7, rectangle(100, 0, 100, 100))])
    found = [(defect.kind, defect.detail) for defect in report.defects]
    assert ("parent_unknown", COMMUNITY) in found


def test_a_cell_that_lies_in_another_community_than_its_code_names_is_wrong_even_if_that_one_is_unknown():
    [wrong] = check_grid(rows_of_cells(1, 1), UNIT, parents=[parent(7, rectangle(0, 0, 100, 100))]).defects
    assert (wrong.kind, wrong.codes) == ("parent_wrong", (f"{COMMUNITY}001", COMMUNITY, "320404005007"))


def test_the_parent_named_by_the_feature_goes_before_its_code():
    parents = [parent(1, rectangle(0, 0, 100, 100))]
    free = replace(cell(1, rectangle(0, 0, 100, 100)), code="A-1", parent=COMMUNITY)
    assert check_grid([free], FREE, parents=parents).counts == {}


def test_a_feature_outside_every_parent_is_found():
    parents = [parent(1, rectangle(0, 0, 100, 100))]
    far = replace(cell(1, rectangle(500, 0, 100, 100)), code="A-1")
    near = replace(cell(2, rectangle(0, 0, 100, 100)), code="A-2")
    report = check_grid([near, far], FREE, parents=parents)
    assert [(defect.kind, defect.detail) for defect in report.defects] == [("parent_crossed", "outside")]


def test_an_unusual_size_is_a_note():
    cells = [*rows_of_cells(), cell(7, rectangle(0, 200, 20, 20))]
    [outlier] = check_grid(cells, UNIT).defects
    assert (outlier.kind, outlier.severity, outlier.codes) == ("size_outlier", "note", (f"{COMMUNITY}007",))


def test_a_missing_name_is_found_where_names_are_needed():
    community = replace(parent(1, rectangle(0, 0, 100, 100)), name=" ")
    assert kinds(check_grid([community], CheckSpec.of_layer("community"))) == ["name_missing"]


def test_nothing_at_all_has_nothing_wrong():
    report = check_grid([], UNIT)
    assert (report.features, report.is_good, report.median_m2) == (0, True, 0)


def test_findings_are_written_with_their_shapes():
    cells = rows_of_cells(2, 1)
    cells[1] = cell(2, rectangle(96, 0, 104, 100))
    [feature] = write_defects(check_grid(cells, UNIT).defects)["features"]
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["properties"]["kind"] == "overlap"
    assert 119.9 < feature["properties"]["lon"] < 120


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000), removed=st.integers(0, 24), shift=st.integers(-40, 40))
def test_the_order_of_features_is_irrelevant_and_every_break_is_found(seed, removed, shift):
    rnd = random.Random(seed)
    nodes = {
        (i, j): (LON + 10_000 * i + rnd.randint(-2500, 2500), LAT + 9_000 * j + rnd.randint(-2500, 2500))
        for i in range(6)
        for j in range(6)
    }
    cells = [
        cell(1 + 5 * i + j, (nodes[i, j], nodes[i + 1, j], nodes[i + 1, j + 1], nodes[i, j + 1], nodes[i, j]))
        for i in range(5)
        for j in range(5)
    ]
    outline = shapely.union_all([to_shape(one.geometry) for one in cells])
    above = parent(1, tuple((round(x), round(y)) for x, y in outline.exterior.coords))
    assert check_grid(cells, UNIT, parents=[above]).counts == {}
    hole = to_shape(cells[removed].geometry)
    x, y = cells[removed].geometry[0].outer[0]
    moved = tuple((a + 200 * shift, b) if (a, b) == (x, y) else (a, b) for a, b in cells[removed].geometry[0].outer)
    assume(shapely.Polygon(moved).is_valid)
    broken = [replace(one, geometry=(Part(outer=moved),)) if n == removed else one for n, one in enumerate(cells)]
    report = check_grid(broken, UNIT, parents=[above])
    changed = hole.symmetric_difference(to_shape(broken[removed].geometry)).area
    found = sum(one.area_m2 for one in report.defects if one.kind in ("gap", "overlap", "rounding", "parent_crossed"))
    assert found == pytest.approx(changed * EAST_M * NORTH_M, rel=2e-3, abs=0.01)
    rnd.shuffle(broken)
    again = check_grid(broken, UNIT, parents=[above])
    assert [(one.kind, one.codes) for one in again.defects] == [(one.kind, one.codes) for one in report.defects]
