"""Dividing communities: no gap, no overlap, no sliver, numbered as one reads."""

import itertools
import json
import random
import statistics
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.domain.errors import InvalidInputError
from gridcase.domain.place import GeoPoint, Located
from gridcase.grid.division import divide
from gridcase.grid.features import Feature, Part, area_m2, from_shape, to_shape
from gridcase.grid.geojson import LayerSpec, read_features
from gridcase.grid.index import GridIndex
from gridcase.grid.metric import metres_per_unit

DEMO = Path(__file__).parents[3] / "gridcase" / "demo" / "data" / "communities.geojson"
LON, LAT = 1199400000, 317800000
EAST_M, NORTH_M = metres_per_unit(LAT)
NAMES = {
    "320404005001": "双桂坊社区",
    "320404005004": "广化桥社区",
    "320404005008": "怀德苑社区",
    "320404005009": "文亨花园社区",
    "320404005011": "中意社区",
    "320404005014": "金色新城社区",
    "320404005015": "东头村社区",
    "320404005016": "西直街社区",
}


def demo_document():
    return json.loads(DEMO.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def communities():
    spec = LayerSpec(layer="community", code_field="code", name_field="name", parent_field="parent")
    report = read_features(demo_document(), spec)
    assert report.exceptions == ()
    return report.features


@pytest.fixture(scope="module")
def cells(communities):
    return divide(communities)


def metres(x, y):
    """A vertex so many metres east and north of the corner."""
    return LON + round(x / EAST_M), LAT + round(y / NORTH_M)


def community(number, *vertices, **dates):
    corners = [metres(*vertex) for vertex in vertices]
    code = f"320404005{number:03d}"
    part = from_shape(shapely.Polygon(corners))
    return Feature(code=code, name=f"C{number}", layer="community", geometry=part, **dates)


def block(number, west, south, wide, high):
    return community(number, (west, south), (west + wide, south), (west + wide, south + high), (west, south + high))


def edges(geometry):
    """Directed edges; with outer rings one way and holes the other, a shared edge comes once in each direction."""
    for part in geometry:
        for ring in (part.outer, *part.holes):
            yield from itertools.pairwise(ring)


def doubled_area(geometry):
    """Twice the area in square units, exactly."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in edges(geometry))


def border(features):
    """Directed edges that no other feature holds the other way: the outline of all together, exactly."""
    directed = Counter(edge for feature in features for edge in edges(feature.geometry))
    assert max(directed.values()) == 1, "two cells lie on the same side of an edge"
    return {(start, end) for start, end in directed if (end, start) not in directed}


def assert_seamless(members, outline):
    """Cells cover the outline up to half a unit, without overlap and with every node shared."""
    shapes = [to_shape(member.geometry) for member in members]
    assert all(shape.is_valid for shape in shapes)
    assert all(shape.geom_type == "MultiPolygon" and len(shape.geoms) == 1 for shape in shapes)
    together = shapely.union_all(shapes)
    assert shapely.coverage_is_valid(shapes)
    assert sum(doubled_area(member.geometry) for member in members) == round(2 * together.area)
    assert together.symmetric_difference(outline).area <= outline.length
    assert together.boundary.hausdorff_distance(outline.boundary) < 1


# ---- the demo place


def test_the_demo_place_has_the_eight_real_communities_and_says_that_its_borders_are_illustrative(communities):
    assert {f.code: f.name for f in communities} == NAMES
    assert {f.parent for f in communities} == {"320404005"}
    notes = {raw["properties"]["note"] for raw in demo_document()["features"]}
    assert notes == {"示意边界，非官方界线 / illustrative, not an official boundary"}


def test_the_demo_communities_adjoin_exactly_and_lie_at_the_real_street(communities):
    shapes = [to_shape(f.geometry) for f in communities]
    assert shapely.coverage_is_valid(shapes)
    street = shapely.coverage_union_all(shapes)
    assert street.geom_type == "Polygon"
    assert not street.interiors
    assert street.contains(shapely.Point(1199484000, 317810000))
    assert shapely.box(1199350000, 317650000, 1199650000, 317900000).contains(street)
    assert 2.2e6 <= sum(area_m2(f.geometry) for f in communities) <= 3.0e6


def test_cells_of_the_demo_are_about_a_hectare_and_none_is_a_sliver(cells):
    areas = [area_m2(cell.geometry) for cell in cells]
    assert 230 <= len(cells) <= 300
    assert 8_000 <= statistics.median(areas) <= 12_000
    assert min(areas) >= 3_499
    assert max(areas) <= 17_000


def test_the_cells_of_a_demo_community_are_exactly_the_community(communities, cells):
    for outline in communities:
        members = [cell for cell in cells if cell.parent == outline.code]
        assert border(members) == border([outline])
        assert sum(doubled_area(cell.geometry) for cell in members) == doubled_area(outline.geometry)
        assert_seamless(members, to_shape(outline.geometry))


def test_cells_of_the_demo_share_every_node_over_community_borders_too(communities, cells):
    assert shapely.coverage_is_valid([to_shape(cell.geometry) for cell in cells])
    assert border(cells) == border(communities)


def test_every_point_of_the_demo_lies_in_exactly_one_cell_of_its_own_community(communities, cells):
    index, larger = GridIndex(cells), GridIndex([*cells, *communities])
    rng = random.Random(7)
    box = shapely.total_bounds([to_shape(f.geometry) for f in communities])
    west, south, east, north = (int(side) for side in box)
    several = 0
    for _ in range(3_000):
        point = GeoPoint(lon_e7=rng.randint(west, east), lat_e7=rng.randint(south, north))
        own = larger.layers_at(point).get("community")
        location = index.locate(point)
        if own is None:
            assert location.how in (Located.SNAPPED, Located.OUTSIDE)
            continue
        assert location.distance_m == 0
        assert location.cell[:12] in own
        several += len(index.holding(point)) > 1
        assert (location.how is Located.INSIDE) == (len(index.holding(point)) == 1)
    assert several <= 5


def test_dividing_the_demo_takes_less_than_three_seconds(communities):
    begun = time.perf_counter()
    divide(communities)
    assert time.perf_counter() - begun < 3


# ---- numbering and attributes


def test_a_block_is_numbered_like_a_page():
    cells = divide((block(1, 0, 0, 300, 200),))
    assert [cell.code[-3:] for cell in cells] == ["001", "002", "003", "004", "005", "006"]
    middles = [to_shape(cell.geometry).centroid for cell in cells]
    columns = [round((middle.x - LON) * EAST_M) for middle in middles]
    rows = [round((middle.y - LAT) * NORTH_M) for middle in middles]
    assert columns == [50, 150, 250, 50, 150, 250]
    assert rows == [150, 150, 150, 50, 50, 50]


def test_numbers_run_without_gaps_in_every_demo_community_and_from_north_to_south(cells):
    for code in NAMES:
        members = [cell for cell in cells if cell.parent == code]
        assert [int(cell.code[12:]) for cell in members] == list(range(1, len(members) + 1))
        tops = [to_shape(cell.geometry).bounds[3] for cell in members]
        full_row = 100 / NORTH_M
        # A merged cell may reach one row higher than its neighbours, never two.
        assert all(later <= earlier + 2 * full_row for earlier, later in itertools.combinations(tops, 2))
        assert tops[0] > tops[-1]
    assert [cell.code for cell in cells] == sorted(cell.code for cell in cells)


def test_a_cell_takes_its_dates_parent_and_name_from_its_community():
    begin, end = date(2026, 1, 1), date(2027, 1, 1)
    [cell] = divide((community(7, (0, 0), (90, 0), (90, 90), (0, 90), valid_from=begin, valid_to=end),))
    assert (cell.code, cell.name, cell.layer) == ("320404005007001", "C7 001", "unit")
    assert (cell.parent, cell.valid_from, cell.valid_to) == ("320404005007", begin, end)


def test_the_order_of_communities_is_irrelevant(communities, cells):
    assert divide(tuple(reversed(communities))) == cells


# ---- slivers and sizes


@pytest.mark.parametrize(
    ("wide", "count"),
    [(134, 1), (136, 2), (200, 2), (233, 2), (237, 3), (20, 1)],  # 35 % of a cell is the border
)
def test_a_strip_narrower_than_a_third_joins_its_neighbour(wide, count):
    assert len(divide((block(1, 0, 0, wide, 100),))) == count


def test_a_sliver_joins_the_neighbour_with_the_longest_common_border():
    # The strip right of the first column: 20 m wide, next to one full cell 80 m, above a foot 20 m.
    cells = divide((community(1, (0, 0), (150, 0), (150, 100), (120, 100), (120, 190), (0, 190)),))
    areas = sorted(round(area_m2(cell.geometry), -2) for cell in cells)
    assert len(cells) == 3
    assert sum(areas) == pytest.approx(25_800, rel=0.01)
    upper_left = max(cells, key=lambda cell: to_shape(cell.geometry).bounds[3])
    assert area_m2(upper_left.geometry) == pytest.approx(120 * 100, rel=0.05)


def test_a_sliver_never_joins_another_community():
    cells = divide((block(1, 0, 0, 100, 100), block(2, 100, 0, 20, 100)))
    assert [cell.code[9:12] for cell in cells] == ["001", "002"]


def test_another_size_may_be_asked_for():
    assert len(divide((block(1, 0, 0, 300, 200),), size_m=50)) == 24
    assert len(divide((block(1, 0, 0, 300, 200),), size_m=1000)) == 1


def test_no_communities_give_no_cells():
    assert divide(()) == ()


# ---- other places


@st.composite
def adjoining_communities(draw):
    """Nine crooked neighbours with shared corners; one may be a hole in another's place."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    step = draw(st.sampled_from([60, 250, 410]))
    shake = step // 3
    node = {
        (i, j): (i * step + rng.randint(-shake, shake), j * step + rng.randint(-shake, shake))
        for i in range(4)
        for j in range(4)
    }
    places = list(itertools.product(range(3), range(3)))
    if draw(st.booleans()):
        places.remove((1, 1))
    return tuple(
        community(k, node[i, j], node[i + 1, j], node[i + 1, j + 1], node[i, j + 1])
        for k, (i, j) in enumerate(places, start=1)
    )


@settings(max_examples=25)
@given(adjoining_communities())
def test_any_adjoining_communities_are_divided_without_gap_or_overlap(crooked):
    cells = divide(crooked)
    assert shapely.coverage_is_valid([to_shape(cell.geometry) for cell in cells])
    for outline in crooked:
        members = [cell for cell in cells if cell.parent == outline.code]
        assert_seamless(members, to_shape(outline.geometry))
        areas = [area_m2(cell.geometry) for cell in members]
        assert len(members) == 1 or min(areas) > 3_400


def test_a_community_with_a_hole_or_in_two_parts_is_divided_too():
    ring = shapely.box(*metres(0, 0), *metres(300, 300)) - shapely.box(*metres(90, 110), *metres(210, 205))
    island = shapely.box(*metres(400, 0), *metres(500, 100))
    shape = shapely.MultiPolygon([ring, island])
    whole = Feature(code="320404005001", name="", layer="community", geometry=from_shape(shape))
    cells = divide((whole,))
    assert shapely.coverage_is_valid([to_shape(cell.geometry) for cell in cells])
    assert shapely.union_all([to_shape(c.geometry) for c in cells]).symmetric_difference(shape).area == 0
    assert sum(doubled_area(cell.geometry) for cell in cells) == doubled_area(whole.geometry)


def test_a_corner_that_lies_a_hair_off_the_neighbours_edge_leaves_no_gap():
    # The second community has a corner half-way along the slanting edge of the first, rounded off it.
    a, b, c, d = metres(0, 0), metres(301, 0), metres(343, 277), metres(0, 280)
    middle = (round((b[0] + c[0]) / 2), round((b[1] + c[1]) / 2))
    east, far = metres(600, 0), metres(600, 280)
    left = Feature(code="320404005001", name="", layer="c", geometry=(Part(outer=(a, b, c, d, a)),))
    right = Feature(code="320404005002", name="", layer="c", geometry=(Part(outer=(b, east, far, c, middle, b)),))
    assert shapely.coverage_is_valid([to_shape(cell.geometry) for cell in divide((left, right))])


# ---- refusals


@pytest.mark.parametrize(
    ("communities", "size_m", "code"),
    [
        ((block(1, 0, 0, 100, 100),), 9.9, "cell_size_out_of_range"),
        ((block(1, 0, 0, 100, 100),), float("nan"), "cell_size_out_of_range"),
        ((block(1, 0, 0, 200, 100), block(2, 150, 0, 200, 100)), 100, "communities_overlap"),
        ((block(1, 0, 0, 100, 100), block(2, 0, 0, 100, 100)), 100, "communities_overlap"),
        ((block(1, 0, 0, 400, 300),), 10, "too_many_cells"),
        ((community(1, (0, 0), (90, 0), (90, 90)), block(21, 200, 0, 10, 10)), 5, "cell_size_out_of_range"),
    ],
)
def test_what_cannot_be_divided_is_refused(communities, size_m, code):
    with pytest.raises(InvalidInputError) as refusal:
        divide(communities, size_m=size_m)
    [[problem]] = refusal.value.fields.values()
    assert problem.code == code


def test_just_below_the_limit_of_999_cells_is_taken():
    assert len(divide((block(1, 0, 0, 369.9, 269.9),), size_m=10)) == 999
