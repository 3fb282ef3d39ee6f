"""Locating many points at once: the very same answers as one by one, for every kind of point and layer."""

import itertools
import math
import random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.domain.place import GeoPoint, Located
from gridcase.grid.buckets import Buckets
from gridcase.grid.features import Feature, Part, from_shape, to_shape
from gridcase.grid.index import HOW, GridIndex
from gridcase.grid.metric import metres_per_unit
from tests.unit.grid.test_grid_index import FOUR, SOUTH, STEP, WEST, at, cell, feature, irregular_grids, ring, square


def answers(index, points):
    many = index.locate_many(*arrays(points))
    return many.rows.tolist(), many.how.tolist(), many.distances_m.tolist()


def assert_prepared_is_the_same(make, points):
    """The picture changes no answer, however coarse it is."""
    plain = answers(make(), points)
    for most_squares in (1, 60, 1 << 14):
        index = make()
        index.prepare(most_squares=most_squares)
        assert answers(index, points) == plain


def arrays(points):
    return np.array([p.lon_e7 for p in points]), np.array([p.lat_e7 for p in points])


def one_by_one(index, points, radii):
    asked = [None if radius is None or math.isnan(radius) else radius for radius in radii]
    return [index.locate(point, accuracy_m=radius) for point, radius in zip(points, asked, strict=True)]


def assert_same(index, points, radii=None):
    told = None if radii is None else np.array(radii)
    many = index.locate_many(*arrays(points), accuracy_m=told)
    for i, location in enumerate(one_by_one(index, points, radii or [None] * len(points))):
        row = int(many.rows[i])
        assert (index.codes[row] if row >= 0 else None) == location.cell
        assert HOW[many.how[i]] is location.how
        assert many.distances_m[i] == location.distance_m  # to the last bit
        rows = many.candidates[many.candidate_ends[i] : many.candidate_ends[i + 1]]
        assert tuple(index.codes[row] for row in rows) == location.candidates


@settings(max_examples=25)
@given(irregular_grids(), st.sampled_from([0, 0.004, 0.05, 30, math.inf]))
def test_many_points_get_the_answers_of_one_by_one(case, tolerance_m):
    grid, points = case
    rng = random.Random(7)
    radii = [rng.choice([0.0, 0.01, 0.3, 12.0, 5000.0, math.inf, math.nan]) for _ in points]
    assert_same(GridIndex(grid, tolerance_m=tolerance_m), points)
    assert_same(GridIndex(grid, tolerance_m=tolerance_m), points, radii)


@st.composite
def stars(draw):
    """Outlines of many corners, so that bands of latitude come into play; some with a star for a hole."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    wide = draw(st.sampled_from([60, 9000]))

    def star(corners, least, most):
        angles = sorted(rng.random() * 2 * math.pi for _ in range(corners))
        spikes = [rng.uniform(least, most) * wide for _ in angles]
        return [(round(r * math.cos(a)), round(r * math.sin(a))) for r, a in zip(spikes, angles, strict=True)]

    features = []
    for number in range(draw(st.integers(1, 4))):
        shape = shapely.make_valid(shapely.Polygon(star(draw(st.integers(3, 300)), 0.4, 1)), method="structure")
        hole = shapely.make_valid(shapely.Polygon(star(40, 0.1, 0.3)), method="structure")
        parts = from_shape(shapely.set_precision(shape.difference(hole, grid_size=1), 1))
        if parts:
            features.append(feature(number + 1, *parts))
    vertices = [vertex for one in features for part in one.geometry for vertex in part.outer]
    anywhere = [(rng.randint(-wide - 3, wide + 3), rng.randint(-wide - 3, wide + 3)) for _ in range(80)]
    chosen = rng.sample(vertices, min(60, len(vertices))) + anywhere if vertices else anywhere
    return features, [GeoPoint(lon_e7=x, lat_e7=y) for x, y in chosen]


@settings(max_examples=25)
@given(stars())
def test_long_overlapping_outlines_are_the_same_for_one_for_many_and_for_brute_force(case):
    features, points = case
    index = GridIndex(features, tolerance_m=0.5)
    assert_same(index, points, [0.02] * len(points))
    codes, of_point, rows = index.holding_each(*arrays(points))
    found = {(point, codes[row]) for point, row in zip(of_point.tolist(), rows.tolist(), strict=True)}
    shapes = [(one.code, to_shape(one.geometry)) for one in features]
    spots = [shapely.Point(point.lon_e7, point.lat_e7) for point in points]
    assert found == {
        (i, code) for i, spot in enumerate(spots) for code, shape in shapes if shape.intersects(spot)
    }  # GEOS decides whole numbers of this size exactly


@settings(max_examples=15)
@given(irregular_grids())
def test_a_prepared_grid_gives_the_same_answers(case):
    grid, points = case
    assert_prepared_is_the_same(lambda: GridIndex(grid, tolerance_m=0.05), points)


@settings(max_examples=15)
@given(stars())
def test_prepared_outlines_that_overlap_give_the_same_answers(case):
    features, points = case
    assert_prepared_is_the_same(lambda: GridIndex(features, tolerance_m=0.5), points)


HOLE = ring((20, 30), (30, 60), (41, 33))


def test_every_unit_of_a_prepared_small_grid_has_the_same_answer():
    tiny = [
        feature(3, Part(outer=ring((0, 0), (90, 7), (60, 50), (85, 90), (3, 88)), holes=(HOLE,))),
        feature(2, Part(outer=ring((90, 7), (130, 0), (128, 97), (85, 90), (60, 50)))),
        feature(1, Part(outer=ring((24, 38), (30, 50), (35, 38)))),
    ]
    points = [GeoPoint(lon_e7=x, lat_e7=y) for x in range(-3, 134) for y in range(-3, 100)]
    assert_prepared_is_the_same(lambda: GridIndex(tiny, tolerance_m=0), points)


def test_preparing_without_cells_does_nothing():
    index = GridIndex([])
    index.prepare()
    assert answers(index, [at(0, 0)]) == ([-1], [0], [math.inf])


def test_points_as_far_apart_as_the_world_are_decided_exactly():
    # Products reach 6.5e18 here, just under 63 bits; doubles would round the last unit away.
    corners = ring((-1800000000, -900000000), (1800000000, 899999999), (-1800000000, 900000000))
    index = GridIndex([cell(1, corners)], tolerance_m=0.001)
    lons = [-1800000000, -1234567891, 0, 987654321, 1799999999, 1800000000]
    borders = [-900000000 + 1799999999 * (lon + 1800000000) // 3600000000 for lon in lons]
    points = [
        GeoPoint(lon_e7=lon, lat_e7=border + i)
        for lon, border in zip(lons, borders, strict=True)
        for i in (-1, 0, 1, 2)
        if abs(border + i) <= 900000000
    ]
    assert_same(index, points)
    assert_prepared_is_the_same(lambda: GridIndex([cell(1, corners)], tolerance_m=0.001), points)


def test_more_points_than_one_chunk_keep_their_order():
    index = GridIndex(FOUR)
    points = [at(0.5, 0.5), at(1, 1), at(2.1, 0.5), at(2.5, 0.5), at(1.5, 0.25)] * 28000
    many = index.locate_many(*arrays(points), accuracy_m=np.full(len(points), 60.0))
    first = [many.rows[:5].tolist(), many.how[:5].tolist(), many.distances_m[:5].tolist()]
    assert all(many.rows.reshape(-1, 5)[i].tolist() == first[0] for i in (0, 13200, 27999))
    assert all(many.how.reshape(-1, 5)[i].tolist() == first[1] for i in (0, 13200, 27999))
    assert [HOW[how] for how in first[1]] == [
        Located.INSIDE,
        Located.EDGE,
        Located.SNAPPED,
        Located.OUTSIDE,
        Located.INSIDE,
    ]
    assert len(many.candidates) == many.candidate_ends[-1]
    assert_same(index, points[-5:], [60.0] * 5)


def test_no_points_and_no_cells_are_answered_too():
    empty = np.zeros(0, dtype=np.int64)
    assert GridIndex(FOUR).locate_many(empty, empty).rows.tolist() == []
    for index in (GridIndex([]), GridIndex([cell("x", square(0, 0), layer="duty")])):
        assert_same(index, [at(0, 0), at(3, 3)], [math.inf, math.nan])
        assert index.locate_many(*arrays([at(0, 0)])).distances_m.tolist() == [math.inf]
    assert GridIndex(FOUR).holding_each(empty, empty, layer="nowhere")[0] == []


def test_a_feature_without_any_outline_holds_nothing():
    index = GridIndex([Feature(code="a", name="", layer="unit", geometry=()), cell("b", square(0, 0))])
    assert_same(index, [at(0, 0), at(0.5, 0.5), at(-5, 5), GeoPoint(lon_e7=0, lat_e7=0)], [math.inf] * 4)
    assert index.locate(at(0.5, 0.5)).candidates == ()


@pytest.mark.parametrize("radius", [-1.0, -0.001])
def test_a_radius_that_is_none_is_refused(radius):
    with pytest.raises(ValueError, match="accuracy"):
        GridIndex(FOUR).locate_many(*arrays([at(0, 0)]), accuracy_m=np.array([radius]))


def test_islands_far_apart_and_giants_among_dwarfs_are_found_all_the_same():
    islands = [cell(f"i{i}", ring(*[(x + dx, i * 7 + dy) for dx, dy in ((0, 0), (5, 0), (5, 5))]))
               for i, x in enumerate(range(-1700000000, 1700000000, 68000000))]  # fmt: skip
    giant = cell("z", ring((-1800000000, -900000000), (1800000000, -900000000), (1800000000, 900000000)))
    index = GridIndex([*islands, giant], tolerance_m=2)
    corners = [vertex for one in islands for vertex in one.geometry[0].outer]
    points = [GeoPoint(lon_e7=x + i, lat_e7=y) for x, y in corners for i in (0, 1, 400)]
    assert_same(index, points, [3.0] * len(points))
    assert_same(GridIndex(islands, tolerance_m=2), points)
    assert_prepared_is_the_same(lambda: GridIndex(islands, tolerance_m=2), points)


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_the_sieve_gives_exactly_the_boxes_that_meet(seed):
    rng = random.Random(seed)
    far = rng.choice([40, 10**6, 10**9])
    lows = [(rng.randint(-far, far), rng.randint(-far // 2, far // 2)) for _ in range(rng.randint(1, 60))]
    bounds = [(x, y, x + rng.choice([0, 3, far // 50]), y + rng.choice([0, 2, far // 60])) for x, y in lows]
    bounds.append((1, 1, 0, 0))  # holds nothing
    buckets = Buckets(np.array(bounds, dtype=np.int32))
    wanted = []
    for _ in range(30):
        x, y = rng.choice(lows)
        wide = rng.choice([0.0, 0.5, 2.0, far / 9, 3.0 * far, math.inf])
        wanted.append((x - wide, y - wide / 2, x + wide, y + wide / 3))
    expected = [
        [row for row, own in enumerate(bounds[:-1])
         if own[0] <= box[2] and own[2] >= box[0] and own[1] <= box[3] and own[3] >= box[1]]
        for box in wanted
    ]  # fmt: skip
    assert [buckets.meeting(*box) for box in wanted] == expected
    boxes, rows = buckets.meeting_each(np.array(wanted))
    assert list(zip(boxes.tolist(), rows.tolist(), strict=True)) == [
        (i, row) for i, found in enumerate(expected) for row in found
    ]
    points = [(x + i, y + i) for x, y in lows[:20] for i in (-1, 0, 1)]
    held = [
        [row for row, own in enumerate(bounds) if own[0] <= x <= own[2] and own[1] <= y <= own[3]] for x, y in points
    ]
    assert [buckets.at(x, y) for x, y in points] == held
    each, rows = buckets.at_each(np.array([x for x, _ in points]), np.array([y for _, y in points]))
    assert list(zip(each.tolist(), rows.tolist(), strict=True)) == [
        (i, row) for i, found in enumerate(held) for row in found
    ]


def test_the_distance_to_a_grid_of_many_blocks_is_that_to_the_nearest_cell():
    grid = [cell(f"{i:02d}{j:02d}", square(i, j)) for i, j in itertools.product(range(40), repeat=2)]
    index = GridIndex(grid, tolerance_m=0)
    east, north = metres_per_unit(SOUTH + 20 * STEP)
    for column, row, metres in [(-3, 20, 3 * STEP * east), (20, 43, 3 * STEP * north), (45, 20, 5 * STEP * east)]:
        assert index.locate(at(column, row)).distance_m == pytest.approx(metres, rel=1e-3)
    assert_same(index, [at(x, y) for x, y in [(-3, 20), (20, 43), (45, 45), (-900, 4), (39.5, 40.0001)]])


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_the_distance_of_points_outside_is_that_of_brute_force(seed):
    rng = random.Random(seed)
    wide = rng.choice([30, 3000])
    count = rng.choice([1, 5, 300])
    lows = [(WEST + rng.randint(0, wide * 900), SOUTH + rng.randint(0, wide * 900)) for _ in range(count)]
    grid = [
        cell(f"c{i:03d}", ring((x, y), (x + rng.randint(1, wide * 40), y + rng.randint(-wide, wide)), (x, y + wide)))
        for i, (x, y) in enumerate(lows)
    ]
    points = [
        GeoPoint(
            lon_e7=WEST + rng.randint(-wide * 2000, wide * 3000), lat_e7=SOUTH + rng.randint(-wide * 999, wide * 999)
        )
        for _ in range(60)
    ]
    index = GridIndex(grid, tolerance_m=0)
    found = index.locate_many(*arrays(points))
    for i, point in enumerate(points):
        if HOW[found.how[i]] is Located.OUTSIDE:
            scale = metres_per_unit(point.lat_e7)
            flat = shapely.transform([to_shape(one.geometry) for one in grid], lambda whole, scale=scale: whole * scale)
            spot = shapely.Point(point.lon_e7 * scale[0], point.lat_e7 * scale[1])
            assert found.distances_m[i] == pytest.approx(shapely.distance(flat, spot).min(), rel=2e-3, abs=0.02)
    assert_same(index, points[:9])


# ---- lines and tolerances


def line(code, *vertices, tolerance_m=None, layer="river"):
    whole = tuple((WEST + round(x * STEP), SOUTH + round(y * STEP)) for x, y in vertices)
    return Feature(code=code, name="", layer=layer, geometry=(), lines=(whole,), tolerance_m=tolerance_m)


def test_a_line_with_a_tolerance_names_the_points_near_it():
    river = line("r1", (0, 0), (4, 0), (4, 4), tolerance_m=20)
    closed = line("r2", (10, 10), (12, 10), (12, 12), (10, 10), tolerance_m=5)  # a loop around nothing
    index = GridIndex([river, closed])
    east, north = metres_per_unit(SOUTH)
    near, far = 19.9 / north / STEP, 20.1 / north / STEP
    assert index.layers_at(at(2, near)) == {"river": ("r1",)}
    assert index.layers_at(at(2, -near)) == {"river": ("r1",)}
    assert index.layers_at(at(2, far)) == {}
    assert index.layers_at(at(-19.9 / east / STEP, 0)) == {"river": ("r1",)}  # past its end
    assert index.layers_at(at(-20.1 / east / STEP, 0)) == {}
    assert index.layers_at(at(11.5, 10.5)) == {}
    assert index.layers_at(at(11, 10)) == {"river": ("r2",)}


def test_a_line_without_a_tolerance_has_the_points_on_it_only():
    index = GridIndex([line("r1", (0, 0), (4, 0), (4, 4))])
    assert index.layers_at(at(2, 0)) == index.layers_at(at(4, 4)) == {"river": ("r1",)}
    assert index.layers_at(GeoPoint(lon_e7=WEST + STEP, lat_e7=SOUTH + 1)) == {}


def test_an_area_with_a_tolerance_reaches_as_far_and_each_feature_has_its_own():
    estate = Feature(code="e", name="", layer="estate", geometry=(Part(outer=square(0, 0)),), tolerance_m=50)
    strict = Feature(code="s", name="", layer="estate", geometry=(Part(outer=square(0, 0)),))
    index = GridIndex([estate, strict])
    assert index.layers_at(at(0.5, 0.5)) == {"estate": ("e", "s")}
    assert index.layers_at(at(1, 0.5)) == {"estate": ("e", "s")}
    assert index.layers_at(at(1.4, 0.5)) == {"estate": ("e",)}  # 38 m
    assert index.layers_at(at(1.6, 0.5)) == {}
    assert index.holding(at(1.4, 0.5), layer="estate") == ("e",)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_lines_name_the_same_points_for_one_for_many_and_by_distance(seed):
    rng = random.Random(seed)
    count = rng.choice([3, 60])
    rivers = [
        line(f"r{i}", *[(rng.uniform(0, 6), rng.uniform(0, 6)) for _ in range(rng.randint(2, count))],
             tolerance_m=rng.choice([None, 0.0, 7.0, 60.0]))
        for i in range(6)
    ]  # fmt: skip
    index = GridIndex(rivers)
    points = [at(rng.uniform(-1, 7), rng.uniform(-1, 7)) for _ in range(60)]
    points += [GeoPoint(lon_e7=x, lat_e7=y) for one in rivers for x, y in one.lines[0][:3]]
    codes, of_point, rows = index.holding_each(*arrays(points), layer="river")
    found = [[] for _ in points]
    for point, row in zip(of_point.tolist(), rows.tolist(), strict=True):
        found[point].append(codes[row])
    assert found == [list(index.holding(point, layer="river")) for point in points]
    for point, held in zip(points, found, strict=True):
        east, north = metres_per_unit(point.lat_e7)
        metres = shapely.Point(point.lon_e7 * east, point.lat_e7 * north)
        for one in rivers:
            path = shapely.LineString([(x * east, y * north) for x, y in one.lines[0]])
            distance, reach = path.distance(metres), one.tolerance_m or 0.0
            if abs(distance - reach) > 1e-4:
                assert (one.code in held) == (distance <= reach)
