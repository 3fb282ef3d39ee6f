"""Snapping to whole units: what is valid stays valid and is no repair, and neighbours stay neighbours."""

import itertools
import math

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.place import E7
from gridcase.grid.datums import system_of
from gridcase.grid.features import to_shape
from gridcase.grid.reading import Kind, LayerSpec, RawFeature, RawGeometry, Reason, take_features

SPEC = LayerSpec(layer="duty", code_field="id")
WEST, SOUTH = 119.94, 31.78


def raw(code: str, units: list[tuple[float, float]]) -> RawFeature:
    """Make a feature of a ring in units of 1e-7 degree, with fractions, from a corner of our city."""
    ring = np.array([*units, units[0]]) / E7 + (WEST, SOUTH)
    return RawFeature(fields={"id": code}, geometry=RawGeometry(kind=Kind.AREA, parts=[[ring]]))


def take(*features: RawFeature):
    return take_features(features, SPEC, system_of("wgs84"))


@given(
    radii=st.lists(st.floats(0.6, 40), min_size=5, max_size=24),
    centre=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_shape_that_is_valid_as_received_is_accepted_unmended_and_valid(radii, centre) -> None:
    """Stars of a few centimetres, whose arms and necks are thinner than a unit."""
    step = 2 * math.pi / len(radii)
    ring = [(centre[0] + r * math.cos(k * step), centre[1] + r * math.sin(k * step)) for k, r in enumerate(radii)]
    report = take(raw("a", ring))
    if report.refused:
        # Nothing with an area is left of it on whole units.
        assert [one.reason for one in report.exceptions] in ([Reason.RING_TOO_SHORT], [Reason.RING_CROSSES])
        assert shapely.Polygon(ring).area < 40 * len(radii)
        return
    shape = to_shape(report.features[0].geometry)
    assert shape.is_valid
    assert report.repaired == 0
    # The outline moves by at most a unit along its length; an arm thinner than that may go altogether.
    received = shapely.Polygon(np.add(ring, (WEST * E7, SOUTH * E7)))
    assert shape.symmetric_difference(received).area <= received.length


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=4, max_size=25, unique=True))
def test_neighbours_that_share_corners_leave_no_gap_and_no_overlap(points) -> None:
    """A triangulation, whose triangles meet edge to edge, snapped triangle by triangle."""
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(points)))
    rings = [shapely.get_coordinates(one)[:-1].tolist() for one in triangles]
    report = take(*(raw(str(number), ring) for number, ring in enumerate(rings)))
    shapes = [to_shape(feature.geometry) for feature in report.features]
    whole = [shapely.Polygon(np.rint(ring)) for ring in rings]
    if any(one.area == 0 or _is_turned(one, ring) for one, ring in zip(whole, rings, strict=True)):
        return  # a sliver thinner than a unit was flattened or turned over: no snapping corner by corner keeps it
    assert report.refused == report.repaired == 0
    assert all(one.intersection(other).area == 0 for one, other in itertools.combinations(shapes, 2))
    together = shapely.union_all(shapes)
    assert round(2 * together.area) == round(2 * sum(shape.area for shape in shapes))


def _is_turned(snapped: shapely.Polygon, ring: list[tuple[float, float]]) -> bool:
    return bool(shapely.is_ccw(snapped.exterior) != shapely.is_ccw(shapely.LinearRing(ring)))
