"""Locating: total, deterministic, exact on edges and corners."""

import itertools
import math
import random
from datetime import date
from fractions import Fraction

import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gridcase.domain.place import GeoPoint, Located
from gridcase.grid.features import Feature, Part, area_m2, current, from_shape, to_shape
from gridcase.grid.index import GridIndex
from gridcase.grid.metric import geodesic_m, metres_per_unit

EARTH = Geod(ellps="WGS84")
WEST, SOUTH = 1199400000, 317800000  # a corner in Changzhou, in units of 1e-7 degree
STEP = 10000  # about 95 m by 111 m


def ring(*vertices):
    return (*vertices, vertices[0])


def square(column, row, *, size=1):
    x, y, step = WEST + column * STEP, SOUTH + row * STEP, size * STEP
    return ring((x, y), (x + step, y), (x + step, y + step), (x, y + step))


def cell(number, *rings, layer="unit"):
    outer, *holes = rings
    return feature(number, Part(outer=outer, holes=tuple(holes)), layer=layer)


def feature(number, *parts, layer="unit"):
    code = number if isinstance(number, str) else f"320404005001{number:03d}"
    return Feature(code=code, name="", layer=layer, geometry=parts)


def at(column, row):
    """A point in steps from the corner; whole numbers are corners of squares."""
    return GeoPoint(lon_e7=WEST + round(column * STEP), lat_e7=SOUTH + round(row * STEP))


def moved(point, *, east=0.0, north=0.0):
    azimuth, metres = math.degrees(math.atan2(east, north)), math.hypot(east, north)
    lon, lat, _ = EARTH.fwd(point.lon, point.lat, azimuth, metres)
    return GeoPoint.from_degrees(lon=lon, lat=lat)


# Four squares; the codes do not follow the places.
FOUR = (cell(4, square(0, 0)), cell(2, square(1, 0)), cell(3, square(0, 1)), cell(1, square(1, 1)))


@pytest.mark.parametrize(
    ("point", "number", "how"),
    [
        (at(0.5, 0.5), 4, Located.INSIDE),
        (at(1.5, 0.5), 2, Located.INSIDE),
        (at(0.5, 1.5), 3, Located.INSIDE),
        (at(1, 1), 1, Located.EDGE),  # the corner of all four
        (at(1, 0.5), 2, Located.EDGE),  # between 4 and 2
        (at(0.5, 1), 3, Located.EDGE),  # between 4 and 3
        (at(1, 0), 2, Located.EDGE),  # outer corner of 4 and 2
        (at(0, 0), 4, Located.EDGE),  # outer corner of one
        (at(2, 1), 1, Located.EDGE),
        (GeoPoint(lon_e7=WEST + STEP - 1, lat_e7=SOUTH + STEP - 1), 4, Located.INSIDE),  # one unit aside
        (GeoPoint(lon_e7=WEST + STEP, lat_e7=SOUTH + STEP + 1), 1, Located.EDGE),  # edge of 1 and 3
    ],
)
def test_a_point_on_a_shared_edge_or_corner_belongs_to_the_lowest_code(point, number, how):
    location = GridIndex(FOUR).locate(point)
    assert location.cell == f"320404005001{number:03d}"
    assert location.how is how
    assert location.distance_m == 0
    assert location.candidates == ()


def test_the_order_of_cells_is_irrelevant():
    points = [at(x / 4, y / 4) for x in range(-1, 10) for y in range(-1, 10)]
    answers = {
        tuple(GridIndex(order).locate(point, accuracy_m=40) for point in points)
        for order in itertools.permutations(FOUR)
    }
    assert len(answers) == 1


def test_direction_and_first_corner_of_a_ring_are_irrelevant():
    rings = [square(0, 0)[start:-1] + square(0, 0)[: start + 1] for start in range(4)]
    rings += [tuple(reversed(corners)) for corners in rings]
    points = [at(x / 4, y / 4) for x in range(-2, 7) for y in range(-2, 7)]
    answers = {tuple(GridIndex([cell(1, corners)]).locate(point) for point in points) for corners in rings}
    assert len(answers) == 1


def test_a_hole_is_outside_and_its_edge_is_not():
    ring_cell, core = cell(2, square(0, 0, size=3), square(1, 1)), cell(3, square(1, 1))
    index = GridIndex([ring_cell, core])
    assert index.locate(at(1.5, 1.5)).cell == core.code
    assert index.locate(at(1.5, 0.5)).cell == ring_cell.code
    assert index.locate(at(1, 1.5)).cell == ring_cell.code  # the edge of both: the lower code
    alone = GridIndex([ring_cell], tolerance_m=5).locate(at(1.5, 1.5))
    assert (alone.how, alone.cell) == (Located.OUTSIDE, None)


def test_every_part_of_a_cell_counts():
    index = GridIndex([feature(1, Part(outer=square(0, 0)), Part(outer=square(2, 0))), cell(2, square(1, 0))])
    found = [index.locate(at(x, 0.5)).cell[-1] for x in (0.5, 1, 1.5, 2, 2.5)]
    assert found == ["1", "1", "2", "1", "1"]


def test_a_cell_as_large_as_the_world_is_decided_exactly():
    # Cross products here reach 1.3e19: past 64 bits, and doubles would round the last unit away.
    corners = ring((-1800000000, -900000000), (1800000000, 899999999), (-1800000000, 900000000))
    index = GridIndex([cell(1, corners)], tolerance_m=0.001)
    slope = Fraction(899999999 + 900000000, 3600000000)
    for lon in (-1234567891, 0, 987654321, 1799999999):
        border = -900000000 + slope * (lon + 1800000000)
        above, below = math.floor(border) + 1, math.ceil(border) - 1
        assert index.locate(GeoPoint(lon_e7=lon, lat_e7=above)).how is Located.INSIDE
        assert index.holding(GeoPoint(lon_e7=lon, lat_e7=below)) == ()


# ---- the same answer as brute force


@st.composite
def irregular_grids(draw):
    """Squares with displaced corners, some joined in rings, blocks or pairs that do not touch."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    size, wide = 5, draw(st.sampled_from([7, 100, 10000]))
    shake = wide // 3
    node = {
        (i, j): (WEST + i * wide + rng.randint(-shake, shake), SOUTH + j * wide + rng.randint(-shake, shake))
        for i in range(size + 1)
        for j in range(size + 1)
    }
    owner = {(i, j): i * size + j for i in range(size) for j in range(size)}
    for i, j in itertools.product(range(3), range(3)):
        if (i, j) != (1, 1):
            owner[i, j] = 0  # a ring with a hole
    owner[4, 0] = owner[4, 4] = owner[3, 3]  # three parts, two of them touching in a corner
    pieces = {}
    for (i, j), number in owner.items():
        corners = [node[i, j], node[i + 1, j], node[i + 1, j + 1], node[i, j + 1]]
        pieces.setdefault(number, []).append(shapely.Polygon(corners))
    codes = rng.sample(range(1, 999), len(pieces))
    shapes = [shapely.coverage_union_all(members) for members in pieces.values()]
    grid = [feature(code, *from_shape(shape)) for code, shape in zip(codes, shapes, strict=True)]
    rng.shuffle(grid)
    return grid, points_of_interest(grid, rng)


def points_of_interest(grid, rng):
    vertices = [v for f in grid for p in f.geometry for r in (p.outer, *p.holes) for v in r]
    middles = [((a[0] + b[0]) // 2, (a[1] + b[1]) // 2) for a, b in itertools.pairwise(vertices)]
    lows, highs = [min(v[i] for v in vertices) for i in (0, 1)], [max(v[i] for v in vertices) for i in (0, 1)]
    anywhere = [tuple(rng.randint(lows[i] - 5, highs[i] + 5) for i in (0, 1)) for _ in range(60)]
    level = [(x, rng.choice(vertices)[1]) for x, _ in anywhere[:30]]  # at the latitude of a corner
    chosen = rng.sample(vertices, 30) + rng.sample(middles, 30) + anywhere + level
    return [GeoPoint(lon_e7=x, lat_e7=y) for x, y in chosen]


def brute_force(grid, point):
    """Lowest code that holds the point, by GEOS, which is exact for whole numbers of this size."""
    spot = shapely.Point(point.lon_e7, point.lat_e7)
    held = sorted((f.code, to_shape(f.geometry)) for f in grid if to_shape(f.geometry).intersects(spot))
    if not held:
        return None, None
    code, shape = held[0]
    return code, Located.EDGE if shape.touches(spot) else Located.INSIDE


@settings(max_examples=25)
@given(irregular_grids())
def test_locating_gives_the_same_answer_as_brute_force(case):
    grid, points = case
    index = GridIndex(grid, tolerance_m=0)
    for point in points:
        location = index.locate(point)
        expected, how = brute_force(grid, point)
        assert location.cell == expected
        assert location.how is (how or Located.OUTSIDE)


@settings(max_examples=15)
@given(irregular_grids(), st.randoms(use_true_random=False))
def test_any_order_of_an_irregular_grid_gives_the_same_answers(case, rng):
    grid, points = case
    shuffled = rng.sample(grid, len(grid))
    first, second = GridIndex(grid, tolerance_m=3), GridIndex(shuffled, tolerance_m=3)
    for point in points:
        assert first.locate(point, accuracy_m=2) == second.locate(point, accuracy_m=2)


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(3, 300))
def test_long_outlines_are_decided_like_short_ones(seed, corners):
    rng = random.Random(seed)
    angles = sorted(rng.random() * 2 * math.pi for _ in range(corners))
    star = [(round(rng.uniform(20, 60) * math.cos(a)), round(rng.uniform(20, 60) * math.sin(a))) for a in angles]
    shape = shapely.Polygon(star)
    if not shape.is_valid:
        shape = shapely.set_precision(shapely.make_valid(shape), 1)
    grid = [feature(1, *from_shape(shape))]
    if not grid[0].geometry:
        return
    index = GridIndex(grid, tolerance_m=0)
    corners_of_it = [vertex for part in grid[0].geometry for vertex in part.outer]
    for x, y in [*itertools.product(range(-61, 62, 8), repeat=2), *corners_of_it]:
        point = GeoPoint(lon_e7=x, lat_e7=y)
        location = index.locate(point)
        expected, how = brute_force(grid, point)
        assert (location.cell, location.how) == (expected, how or Located.OUTSIDE)


# ---- near and far


@pytest.mark.parametrize(
    ("start", "east", "north", "number"),
    [
        (at(2, 0.5), 29.0, 0, 2),
        (at(2, 0.5), 0.5, 0, 2),
        (at(0, 1.5), -25.0, 0, 3),
        (at(1.5, 2), 0, 12.0, 1),
        (at(2, 2), 20.0, 20.0, 1),  # over a corner
        (at(1, 2), 0, 10.0, 1),  # 1 and 3 are equally near
        (at(1, 0), 0, -10.0, 2),  # 2 and 4 are equally near
        (at(2, 1), 5.0, 0, 1),  # 1 and 2 are equally near
    ],
)
def test_a_point_just_outside_is_given_to_the_nearest_cell(start, east, north, number):
    location = GridIndex(FOUR).locate(moved(start, east=east, north=north))
    assert location.how is Located.SNAPPED
    assert location.cell == f"320404005001{number:03d}"
    assert location.distance_m == pytest.approx(math.hypot(east, north), rel=0.001, abs=0.01)


@pytest.mark.parametrize(("metres", "how"), [(29.9, Located.SNAPPED), (30.1, Located.OUTSIDE)])
def test_the_tolerance_is_thirty_metres(metres, how):
    assert GridIndex(FOUR).locate(moved(at(2, 0.5), east=metres)).how is how


def test_the_tolerance_itself_still_counts():
    point = moved(at(2, 0.5), east=17)
    distance = GridIndex(FOUR).locate(point).distance_m
    assert GridIndex(FOUR, tolerance_m=distance).locate(point).how is Located.SNAPPED
    assert GridIndex(FOUR, tolerance_m=math.nextafter(distance, 0)).locate(point).how is Located.OUTSIDE


@pytest.mark.parametrize("metres", [31, 500, 5_000, 200_000])
@pytest.mark.parametrize(
    ("corner", "east", "north"),
    [(at(2, 2), 1, 1), (at(2, 2), 0, 1), (at(2, 0.5), 1, 0), (at(0, 0), -1, -1), (at(0, 2), -1, 1)],
)
def test_farther_out_there_is_no_cell_but_the_distance(metres, corner, east, north):
    location = GridIndex(FOUR).locate(moved(corner, east=east * metres, north=north * metres))
    assert location.how is Located.OUTSIDE
    assert location.cell is None
    assert location.candidates == ()
    assert location.distance_m == pytest.approx(math.hypot(east, north) * metres, rel=0.001)


def test_far_points_get_an_answer_too():
    for lon, lat in [(0, 0), (-180, -90), (180, 90), (119.95, -31.78)]:
        point = GeoPoint.from_degrees(lon=lon, lat=lat)
        location = GridIndex(FOUR).locate(point)
        assert location.how is Located.OUTSIDE
        assert location.distance_m == pytest.approx(
            geodesic_m(point.lon_e7, point.lat_e7, WEST + STEP, SOUTH + STEP), rel=0.01
        )


def test_an_empty_grid_answers_outside_at_infinity():
    for index in (GridIndex([]), GridIndex([cell("x", square(0, 0), layer="duty")])):
        location = index.locate(at(0.5, 0.5), accuracy_m=1000)
        assert (location.cell, location.how, location.distance_m) == (None, Located.OUTSIDE, math.inf)
        assert location.candidates == ()


@settings(max_examples=50)
@given(st.floats(-3, 5), st.floats(-3, 5))
@example(1.0, 1.0)
def test_distances_agree_with_the_ellipsoid_within_a_thousandth(column, row):
    point = at(column, row)
    found = GridIndex(FOUR, tolerance_m=math.inf).locate(point)
    block = shapely.box(WEST, SOUTH, WEST + 2 * STEP, SOUTH + 2 * STEP).segmentize(STEP / 200)
    nodes = shapely.get_coordinates(block)
    nearest = min(geodesic_m(point.lon_e7, point.lat_e7, x, y) for x, y in nodes)
    inside = WEST <= point.lon_e7 <= WEST + 2 * STEP and SOUTH <= point.lat_e7 <= SOUTH + 2 * STEP
    assert found.distance_m == pytest.approx(0 if inside else nearest, rel=0.001, abs=0.3)


# ---- accuracy


@pytest.mark.parametrize(
    ("point", "accuracy_m", "candidates"),
    [
        (at(0.5, 0.5), None, []),
        (at(0.5, 0.5), 10, []),
        (at(0.5, 0.5), 50, [2]),  # the eastern edge is 47 m away, the northern 55 m
        (at(0.5, 0.5), 60, [2, 3]),
        (at(0.5, 0.5), 100, [1, 2, 3]),
        (at(0.5, 0.5), math.inf, [1, 2, 3]),
        (at(1, 1), 0, [2, 3, 4]),  # on the corner all touch
        (at(1, 0.5), 0, [4]),
        (at(2.1, 0.5), 5, []),  # snapped at 9.5 m; the circle touches nothing
        (at(2.1, 0.5), 60, [1]),
    ],
)
def test_the_accuracy_circle_lists_the_other_cells_it_touches(point, accuracy_m, candidates):
    location = GridIndex(FOUR).locate(point, accuracy_m=accuracy_m)
    assert location.cell is not None
    assert [int(code[-3:]) for code in location.candidates] == candidates


def test_outside_the_cells_touched_are_candidates_and_none_is_chosen():
    location = GridIndex(FOUR).locate(at(2.5, 0.5), accuracy_m=60)
    assert location.how is Located.OUTSIDE
    assert [code[-3:] for code in location.candidates] == ["002"]


@pytest.mark.parametrize("accuracy_m", [-1, -0.001, math.nan])
def test_an_accuracy_that_is_no_radius_is_refused(accuracy_m):
    with pytest.raises(ValueError, match="accuracy"):
        GridIndex(FOUR).locate(at(0, 0), accuracy_m=accuracy_m)


def test_the_accuracy_never_changes_the_cell():
    index = GridIndex(FOUR)
    for x, y in itertools.product(range(-2, 11), range(-2, 11)):
        plain, wide = (index.locate(at(x / 4, y / 4), accuracy_m=radius) for radius in (None, 500))
        assert (plain.cell, plain.how, plain.distance_m) == (wide.cell, wide.how, wide.distance_m)
        assert plain.cell not in wide.candidates


# ---- layers, days, odd input


def test_other_layers_name_all_features_that_hold_the_point():
    index = GridIndex(
        [
            *FOUR,
            cell("road-b", square(0, 0, size=2), layer="road"),
            cell("road-a", square(1, 1, size=2), layer="road"),
            cell("estate", square(5, 5), layer="estate"),
        ]
    )
    assert index.layers_at(at(0.5, 0.5)) == {"road": ("road-b",)}
    assert index.layers_at(at(1, 1)) == {"road": ("road-a", "road-b")}
    assert index.layers_at(at(5, 5)) == {"estate": ("estate",)}
    assert index.layers_at(at(8, 8)) == {}
    assert index.holding(at(1, 1)) == tuple(sorted(f.code for f in FOUR))
    assert index.holding(at(1, 1), layer="nowhere") == ()


def test_only_features_of_the_day_are_current():
    old = Feature(code="a", name="", layer="unit", geometry=(), valid_to=date(2026, 10, 1))
    new = Feature(code="b", name="", layer="unit", geometry=(), valid_from=date(2026, 10, 1))
    always = Feature(code="c", name="", layer="unit", geometry=())
    assert current([old, new, always], on=date(2026, 9, 30)) == (old, always)
    assert current([old, new, always], on=date(2026, 10, 1)) == (new, always)


def test_a_code_may_not_come_twice_in_a_layer_but_may_in_two():
    GridIndex([cell("x", square(0, 0), layer="a"), cell("x", square(0, 0), layer="b")])
    with pytest.raises(ValueError, match="twice"):
        GridIndex([cell(1, square(0, 0)), cell(1, square(1, 0))])


@given(st.integers(0, 2 * STEP), st.integers(0, 2 * STEP))
def test_swapped_longitude_and_latitude_are_never_located(x, y):
    point = GeoPoint(lon_e7=WEST + x, lat_e7=SOUTH + y)
    assert GridIndex(FOUR).locate(point).cell is not None
    with pytest.raises(ValueError, match="latitude"):
        GeoPoint.from_degrees(lon=point.lat, lat=point.lon)


def test_areas_and_scales_agree_with_the_ellipsoid():
    east, north = metres_per_unit(SOUTH)
    assert east * STEP == pytest.approx(geodesic_m(WEST, SOUTH, WEST + STEP, SOUTH), rel=1e-6)
    assert north * STEP == pytest.approx(geodesic_m(WEST, SOUTH, WEST, SOUTH + STEP), rel=1e-5)
    shape = to_shape(FOUR[0].geometry)
    metres2, _ = EARTH.geometry_area_perimeter(shapely.transform(shape, lambda xy: xy / 1e7))
    assert area_m2(FOUR[0].geometry) == pytest.approx(abs(metres2), rel=1e-4)
