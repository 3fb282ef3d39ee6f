"""Making a grid along roads and around buildings: no gap, no overlap, no building cut, whatever the order of input."""

import math
import random
import statistics
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.domain.errors import InvalidInputError
from gridcase.grid.features import Feature, Part, area_m2, from_shape, to_shape
from gridcase.grid.making import Barrier, Ground, make_cells, reading_place
from gridcase.grid.metric import metres_per_unit
from gridcase.grid.quality import CheckSpec, check_grid

LON, LAT = 1199400000, 317800000
EAST_M, NORTH_M = metres_per_unit(LAT)
#: A node on a border may be rounded by half a unit of either axis, in units.
HALF_DIAGONAL = math.sqrt(0.5) + 1e-6


def metres(x, y):
    """A vertex so many metres east and north of the corner."""
    return LON + round(x / EAST_M), LAT + round(y / NORTH_M)


def part(*places):
    ring = tuple(metres(x, y) for x, y in places)
    return Part(outer=(*ring, ring[0]))


def rectangle(x, y, wide, high):
    return part((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def community(number, *parts):
    return Feature(code=f"320404005{number:03d}", name="社区", layer="community", geometry=tuple(parts))


def road(*places, strength=2):
    return Barrier(line=tuple(metres(x, y) for x, y in places), strength=strength)


def shapes_of(cells):
    return np.array([to_shape(cell.geometry) for cell in cells], dtype=object)


def edges_of(shape):
    return list(pairwise(shapely.get_coordinates(shape.boundary).tolist()))


def is_nearly_level(edge):
    (x0, y0), (x1, y1) = edge
    low, high = sorted((abs(x1 - x0), abs(y1 - y0)))
    return 0 < low * 100 < high


def parted_buildings(cells, buildings, outline):
    """Buildings of which more than the rounding of a wall lies in a second cell; what the outline parts is left out."""
    shapes = shapes_of(cells)
    parted = []
    for building in buildings:
        shape = shapely.Polygon(building.outer, building.holes)
        if not outline.contains(shape):
            continue
        shares = sorted((shape.intersection(cell).area for cell in shapes), reverse=True)
        # A node on its wall moves the wall by less than a unit.
        if sum(shares[1:]) > shape.length * HALF_DIAGONAL:
            parted.append(building)
    return parted


@st.composite
def grounds(draw):
    """An outline of 12 to 60 hectares with slanting sides, streets across it and houses in it."""
    seed = draw(st.integers(0, 10_000))
    rnd = random.Random(seed)
    corners = draw(st.integers(3, 8))
    turns = sorted(rnd.uniform(0, math.tau) for _ in range(corners))
    radius = rnd.uniform(200, 450)
    places = [(radius * rnd.uniform(0.7, 1) * math.cos(t), radius * rnd.uniform(0.7, 1) * math.sin(t)) for t in turns]
    outline = shapely.Polygon([metres(x, y) for x, y in places]).buffer(0)
    if outline.geom_type != "Polygon" or outline.area * EAST_M * NORTH_M < 30_000:
        outline = shapely.Polygon(rectangle(-200, -200, 400, 400).outer)
    roads = [
        road(
            *((rnd.uniform(-500, 500), rnd.uniform(-500, 500)) for _ in range(rnd.randint(2, 4))),
            strength=rnd.randint(1, 3),
        )
        for _ in range(draw(st.integers(0, 8)))
    ]
    houses = [
        part(*((x + a * math.cos(t) - b * math.sin(t), y + a * math.sin(t) + b * math.cos(t)) for a, b in box))
        for _ in range(draw(st.integers(0, 25)))
        for x, y, t in [(rnd.uniform(-300, 300), rnd.uniform(-300, 300), rnd.uniform(0, math.pi))]
        for w, h in [(rnd.uniform(4, 40), rnd.uniform(4, 25))]
        for box in [((0, 0), (w, 0), (w, h), (0, h))]
    ]
    return community(1, *from_shape(outline)), Ground(barriers=roads, buildings=houses)


@settings(max_examples=25, deadline=None)
@given(given_ground=grounds(), seed=st.integers(0, 1000))
def test_cells_cover_the_outline_without_overlap_and_part_no_building_whatever_the_order(given_ground, seed):
    outline, ground = given_ground
    cells = make_cells([outline], ground)
    shapes, whole = shapes_of(cells), to_shape(outline.geometry)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapely.get_parts(shapes))
    together = shapely.union_all(shapes)
    assert abs(together.area - shapely.area(shapes).sum()) <= 1e-9 * together.area
    # Only an edge that is nearly but not quite level can have no better place within reach.
    level = sum(math.dist(*edge) for edge in edges_of(whole) if is_nearly_level(edge))
    assert abs(together.area - whole.area) < 1e-6 * whole.area + level * HALF_DIAGONAL / 2
    assert together.hausdorff_distance(whole) <= HALF_DIAGONAL
    assert parted_buildings(cells, ground.buildings, whole) == []
    report = check_grid(cells, CheckSpec.of_layer("unit"), parents=[outline])
    assert report.is_good
    rnd = random.Random(seed)
    shuffled = Ground(
        barriers=[
            Barrier(line=one.line[:: rnd.choice((1, -1))], strength=one.strength)
            for one in rnd.sample(ground.barriers, len(ground.barriers))
        ],
        buildings=rnd.sample(ground.buildings, len(ground.buildings)),
    )
    assert make_cells([outline], shuffled) == cells


def square_of_blocks():
    """Streets every 100 m over a square of 400 m."""
    streets = [road((at, -50), (at, 450)) for at in (100, 200, 300)]
    return streets + [road((-50, at), (450, at)) for at in (100, 200, 300)]


def test_streets_of_a_square_become_the_borders():
    outline = community(1, rectangle(0, 0, 400, 400))
    cells = make_cells([outline], Ground(barriers=square_of_blocks()))
    assert [cell.code[-3:] for cell in cells] == [f"{number:03d}" for number in range(1, 17)]
    assert [cell.parent for cell in cells] == ["320404005001"] * 16
    assert [round(area_m2(cell.geometry), -2) for cell in cells] == [10_000] * 16
    streets = shapely.union_all([shapely.LineString(one.line) for one in square_of_blocks()])
    for shape in shapes_of(cells):
        assert shape.boundary.difference((streets.union(to_shape(outline.geometry).boundary)).buffer(1)).is_empty


def test_numbers_run_from_west_to_east_and_rows_from_north_to_south():
    outline = community(1, rectangle(0, 0, 400, 400))
    cells = make_cells([outline], Ground(barriers=square_of_blocks()))
    middles = [to_shape(cell.geometry).centroid for cell in cells]
    rows = [round((LAT + 400 / NORTH_M - middle.y) * NORTH_M / 100 - 0.5) for middle in middles]
    columns = [round((middle.x - LON) * EAST_M / 100 - 0.5) for middle in middles]
    assert list(zip(rows, columns, strict=True)) == [(row, column) for row in range(4) for column in range(4)]


@pytest.mark.parametrize(
    ("box", "place"),
    [
        # rows are 100 high, from 1000 southward; the middle of a box decides
        ((0, 900, 10, 1000), (0, 10, -1900)),
        ((0, 850, 10, 952), (0, 10, -1802)),
        ((0, 850, 10, 950), (1, 10, -1800)),  # a middle on the line between two rows belongs to the southern one
        ((5, 850, 10, 950), (1, 15, -1800)),
    ],
)
def test_the_row_and_the_longitude_of_its_middle_say_where_a_cell_is_read(box, place):
    assert reading_place(shapely.box(*box), 1000, 100) == place


def test_cells_of_one_row_and_longitude_are_read_from_north_to_south():
    north, south = shapely.box(0, 950, 10, 990), shapely.box(0, 910, 10, 949)
    assert reading_place(north, 1000, 100) < reading_place(south, 1000, 100)


def test_a_cut_steps_aside_around_a_house():
    outline = community(1, rectangle(0, 0, 200, 100))
    # The even cut would run at 100 m, and no straight one misses the two houses.
    houses = [rectangle(75, 10, 40, 20), rectangle(88, 60, 40, 20)]
    cells = make_cells([outline], Ground(buildings=houses))
    assert len(cells) == 2
    assert parted_buildings(cells, houses, to_shape(outline.geometry)) == []
    assert all(7_000 < area_m2(cell.geometry) < 13_000 for cell in cells)


def test_a_road_through_a_passage_does_not_part_the_house():
    outline = community(1, rectangle(0, 0, 200, 100))
    house = rectangle(80, 40, 60, 20)
    cells = make_cells([outline], Ground(barriers=[road((100, -10), (100, 110))], buildings=[house]))
    assert len(cells) == 2
    assert parted_buildings(cells, [house], to_shape(outline.geometry)) == []


def test_houses_that_overlap_are_one():
    outline = community(1, rectangle(0, 0, 200, 100))
    houses = [rectangle(60, 40, 50, 20), rectangle(95, 30, 50, 20)]
    cells = make_cells([outline], Ground(barriers=[road((100, -10), (100, 110))], buildings=houses))
    together = shapely.union_all([shapely.Polygon(house.outer) for house in houses])
    assert parted_buildings(cells, from_shape(together), to_shape(outline.geometry)) == []


def test_a_road_whose_end_moves_along_the_border_does_not_sweep_over_a_house():
    outline = community(1, part((0, 0), (500, 17), (480, 230), (-15, 205)))
    for at in range(100, 400, 25):
        # Walls 20 cm beside the road on both sides, up to the border.
        houses = [rectangle(at - 12.2, 25, 12, 170), rectangle(at + 0.2, 25, 12, 170)]
        cells = make_cells([outline], Ground(barriers=[road((at, -10), (at, 240))], buildings=houses))
        assert parted_buildings(cells, houses, to_shape(outline.geometry)) == []


def test_blocks_are_joined_across_the_weaker_road():
    outline = community(1, rectangle(0, 0, 340, 100))
    # Only the strip of 40 m between the two roads is too small.
    roads = [road((150, -10), (150, 110), strength=3), road((190, -10), (190, 110), strength=1)]
    cells = make_cells([outline], Ground(barriers=roads), target_area_m2=15_000)
    assert sorted(round(area_m2(cell.geometry), -3) for cell in cells) == [15_000, 19_000]
    assert to_shape(cells[0].geometry).bounds[2] == metres(150, 0)[0]


def test_communities_share_every_node_of_a_slanting_border():
    border = ((310, -10), (250, 410))
    one = community(1, part((0, 0), border[0], border[1], (0, 400)))
    other = community(2, part(border[0], (620, 0), (620, 400), border[1]))
    cells = make_cells([other, one], Ground(barriers=[road((-50, 130), (700, 170)), road((-50, 290), (700, 250))]))
    assert shapely.coverage_is_valid(shapely.get_parts(shapes_of(cells)))
    assert {cell.code[:12] for cell in cells} == {one.code, other.code}
    assert [cell.code for cell in cells] == sorted(cell.code for cell in cells)
    assert check_grid(cells, CheckSpec.of_layer("unit"), parents=[one, other]).is_good


def test_a_hole_stays_a_hole():
    hole = rectangle(150, 150, 120, 80).outer[::-1]
    outline = community(1, Part(outer=rectangle(0, 0, 400, 400).outer, holes=(hole,)))
    cells = make_cells([outline], Ground())
    assert shapely.union_all(shapes_of(cells)).equals(to_shape(outline.geometry))


def test_without_lines_a_level_rectangle_gets_even_cells():
    cells = make_cells([community(1, rectangle(0, 0, 400, 300))], Ground())
    areas = [area_m2(cell.geometry) for cell in cells]
    assert len(cells) == 12
    assert max(areas) / min(areas) < 1.01


def test_without_lines_the_cuts_run_along_the_main_axis():
    turned = part((0, 0), (380, 130), (346, 224), (-34, 94))
    cells = make_cells([community(1, turned)], Ground())
    angle = math.atan2(130, 380)
    for shape in shapes_of(cells):
        for start, end in edges_of(shape):
            run, rise = (end[0] - start[0]) * EAST_M, (end[1] - start[1]) * NORTH_M
            if math.hypot(run, rise) > 5:
                assert abs(math.sin(2 * (math.atan2(rise, run) - angle))) < 0.05


def test_a_small_community_is_one_cell():
    outline = community(1, part((0, 0), (60, 0), (30, 50)))
    [cell] = make_cells([outline], Ground(barriers=[road((30, -10), (30, 60))]))
    assert cell.code == "320404005001001"
    assert to_shape(cell.geometry).normalize().equals(to_shape(outline.geometry))


def test_no_communities_have_no_cells():
    assert make_cells([], Ground()) == ()


@pytest.mark.parametrize(
    ("communities", "target", "code"),
    [
        ((community(1, rectangle(0, 0, 100, 100)),), 99, "target_area_out_of_range"),
        ((community(1, rectangle(0, 0, 100, 100)),), float("nan"), "target_area_out_of_range"),
        (
            (community(1, rectangle(0, 0, 200, 100)), community(2, rectangle(150, 0, 200, 100))),
            10_000,
            "communities_overlap",
        ),
        ((community(1, rectangle(0, 0, 800, 500)),), 100, "too_many_cells"),
    ],
)
def test_what_cannot_be_divided_is_refused(communities, target, code):
    with pytest.raises(InvalidInputError) as refusal:
        make_cells(communities, Ground(), target_area_m2=target)
    assert {problem.code for problems in refusal.value.fields.values() for problem in problems} == {code}


def test_a_town_of_crooked_streets_gets_cells_near_the_target():
    rnd = random.Random(4)
    outline = community(1, rectangle(0, 0, 1000, 900))
    across = [road(*((x, at + rnd.uniform(-20, 20)) for x in range(-50, 1100, 90))) for at in range(70, 900, 75)]
    along = [road(*((at + rnd.uniform(-20, 20), y) for y in range(-50, 1000, 90))) for at in range(90, 1000, 110)]
    houses = [
        rectangle(x + rnd.uniform(0, 30), y + rnd.uniform(0, 30), rnd.uniform(8, 40), rnd.uniform(8, 30))
        for x in range(10, 940, 70)
        for y in range(10, 840, 65)
    ]
    cells = make_cells([outline], Ground(barriers=[*across, *along], buildings=houses))
    areas = [area_m2(cell.geometry) for cell in cells]
    assert 8_000 <= statistics.median(areas) <= 12_000
    assert parted_buildings(cells, houses, to_shape(outline.geometry)) == []
    assert check_grid(cells, CheckSpec.of_layer("unit"), parents=[outline]).counts == {}
