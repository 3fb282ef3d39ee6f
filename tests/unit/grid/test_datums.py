"""Datums against vectors of independent packages; forward within 0.02 m, back within 0.01 m."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gridcase.domain.errors import InvalidInputError
from gridcase.domain.place import Datum, GeoPoint
from gridcase.grid.datums import from_wgs84, reader_of, system_of, to_wgs84

VECTORS = Path(__file__).parents[2] / "data" / "coords-vectors.csv"
EARTH = Geod(ellps="WGS84")
SNAP_M = 0.008  # half a unit of 1e-7 degree in both axes


def rows():
    with VECTORS.open(encoding="utf-8", newline="") as lines:
        next(lines)
        return list(csv.DictReader(lines))


def metres(lon1, lat1, lon2, lat2):
    return EARTH.inv(lon1, lat1, lon2, lat2)[2]


def degrees(row, *names):
    return tuple(float(row[name]) for name in names)


VECTOR = pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
SHIFTED = pytest.mark.parametrize(("datum", "prefix"), [(Datum.GCJ02, "gcj_gcoord"), (Datum.BD09, "bd_gcoord")])


def test_all_vectors_are_there():
    assert len(rows()) == 26


@VECTOR
@SHIFTED
def test_forward_agrees_with_an_independent_package(row, datum, prefix):
    lon, lat = degrees(row, "lon", "lat")
    reached = from_wgs84(GeoPoint.from_degrees(lon=lon, lat=lat), datum=datum)
    assert metres(*reached, *degrees(row, f"{prefix}_lon", f"{prefix}_lat")) < 0.02


@VECTOR
@SHIFTED
def test_the_way_back_meets_the_original_within_a_centimetre(row, datum, prefix):
    lon, lat = degrees(row, f"{prefix}_lon", f"{prefix}_lat")
    point = to_wgs84(lon=lon, lat=lat, datum=datum)
    assert metres(point.lon, point.lat, *degrees(row, "lon", "lat")) < 0.01


@given(lon=st.floats(73.6, 134.7), lat=st.floats(3.9, 53.5), datum=st.sampled_from([Datum.GCJ02, Datum.BD09]))
def test_there_and_back_is_the_same_point_all_over_china(lon, lat, datum):
    point = GeoPoint.from_degrees(lon=lon, lat=lat)
    there_lon, there_lat = from_wgs84(point, datum=datum)
    back = to_wgs84(lon=there_lon, lat=there_lat, datum=datum)
    assert metres(back.lon, back.lat, point.lon, point.lat) < SNAP_M


@pytest.mark.parametrize("datum", [Datum.WGS84, Datum.CGCS2000])
def test_wgs84_and_cgcs2000_are_taken_as_they_are(datum):
    point = to_wgs84(lon=119.9484, lat=31.781, datum=datum)
    assert point == GeoPoint(lon_e7=1199484000, lat_e7=317810000)
    assert from_wgs84(point, datum=datum) == (119.9484, 31.781)


def test_gcj02_is_wgs84_outside_china():
    tokyo = GeoPoint.from_degrees(lon=139.6917, lat=35.6895)
    assert from_wgs84(tokyo, datum=Datum.GCJ02) == (139.6917, 35.6895)
    assert to_wgs84(lon=139.6917, lat=35.6895, datum=Datum.GCJ02) == tokyo


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (31.781, 119.9484),  # swapped
        (181.0, 0.0),
        (-180.1, 0.0),
        (0.0, -90.1),
        (math.nan, 31.0),
        (119.0, math.inf),
        (495111.46, 3517565.37),  # metres of a projection
    ],
)
def test_what_is_no_degree_is_refused(lon, lat, datum):
    with pytest.raises(InvalidInputError) as refusal:
        to_wgs84(lon=lon, lat=lat, datum=datum)
    assert refusal.value.fields["location"][0].code == "coordinates_out_of_range"


@VECTOR
def test_epsg_4549_is_read_east_first_and_only_in_its_area_of_use(row):
    lon, lat = degrees(row, "lon", "lat")
    read_lon, read_lat = reader_of("EPSG:4549")(*degrees(row, "epsg4549_proj4js_E", "epsg4549_proj4js_N"))
    if 118.5 <= lon <= 121.5 and 24.43 <= lat <= 53.33:
        assert metres(read_lon, read_lat, lon, lat) < 0.001
    else:
        assert math.isnan(read_lon)
        assert math.isnan(read_lat)


def test_metres_with_swapped_axes_are_not_read():
    assert math.isnan(reader_of("EPSG:4549")(3517565.366329, 495111.461154)[0])


def test_epsg_4490_is_wgs84_longitude_first():
    assert reader_of("epsg:4490")(119.9484, 31.781) == pytest.approx((119.9484, 31.781), abs=1e-9)


def test_a_datum_is_read_by_its_name():
    assert reader_of("GCJ02")(119.953086157218, 31.778861904366) == pytest.approx((119.948388, 31.78096), abs=1e-8)


@pytest.mark.parametrize("reference", ["", "4549", "EPSG:", "EPSG:999999", "epsg:5737", "wgs 84", "nonsense"])
def test_an_unknown_reference_is_refused(reference):  # 5737 is a height
    with pytest.raises(InvalidInputError) as refusal:
        reader_of(reference)
    assert refusal.value.fields["crs"][0].code == "crs_unknown"


@given(
    positions=st.lists(st.tuples(st.floats(118.6, 121.4), st.floats(25, 53)), min_size=1, max_size=20),
    name=st.sampled_from(["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4326", "EPSG:4490", "EPSG:4549", "EPSG:3857"]),
)
def test_many_positions_go_there_and_come_back_one_by_one_or_together(positions, name):
    system = system_of(name)
    lonlat = np.array(positions)
    there = system.from_wgs84(lonlat)
    assert np.abs(system.to_wgs84(there) - lonlat).max() < 1e-9
    assert system.to_wgs84(there[:1]).tolist() == system.to_wgs84(there)[:1].tolist()


@pytest.mark.parametrize("name", ["EPSG:2384", "EPSG:2437", "EPSG:4610"])  # Xi'an 1980, Beijing 1954
def test_a_datum_without_an_exact_way_to_wgs84_is_refused(name):
    with pytest.raises(InvalidInputError) as refusal:
        system_of(name)
    assert refusal.value.fields["crs"][0].code == "crs_inexact"


def test_an_area_of_use_across_the_date_line_is_kept():
    fiji = system_of("EPSG:3460")
    there = fiji.from_wgs84(np.array([(179.0, -17.0), (-179.5, -17.0), (0.0, -17.0)]))
    assert np.isfinite(there).all(axis=1).tolist() == [True, True, False]
