"""Map files: which roads, rivers and buildings an OpenStreetMap extract or a layer file holds."""

import json

import pytest

from gridcase.domain.errors import InvalidInputError
from gridcase.grid.basemap import Basemap, read_buildings, read_osm, read_rivers, read_roads
from gridcase.grid.features import Feature, Part
from gridcase.grid.files import open_layer
from gridcase.grid.making import Ground

#: Made up: a street, its tunnel, a footway, a river, a house and a broken house of two nodes.
OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="test">
  <node id="1" lat="31.7800000" lon="119.9400000" version="1"/>
  <node id="2" lat="31.7800000" lon="119.9410000" version="1"/>
  <node id="3" lat="31.7810000" lon="119.9410000" version="1"/>
  <node id="4" lat="31.7810000" lon="119.9400000" version="1"/>
  <way id="10" version="1"><nd ref="1"/><nd ref="3"/><tag k="highway" v="primary_link"/></way>
  <way id="11" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="tunnel" v="yes"/></way>
  <way id="12" version="1"><nd ref="2"/><nd ref="3"/><tag k="highway" v="footway"/></way>
  <way id="13" version="1"><nd ref="3"/><nd ref="4"/><tag k="waterway" v="river"/></way>
  <way id="14" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
    <tag k="building" v="yes"/></way>
</osm>
"""
AROUND = Feature(
    code="320404005001",
    name="",
    layer="community",
    geometry=(
        Part(
            outer=(
                (1199390000, 317790000),
                (1199420000, 317790000),
                (1199420000, 317820000),
                (1199390000, 317820000),
                (1199390000, 317790000),
            )
        ),
    ),
)


@pytest.fixture
def osm_file(tmp_path):
    file = tmp_path / "map.osm"
    file.write_text(OSM, encoding="utf-8")
    return file


def layer_file(folder, *geometries):
    file = folder / "layer.geojson"
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return open_layer(file)


def test_streets_rivers_and_houses_are_read_and_tunnels_and_footways_are_not(osm_file):
    basemap = read_osm(osm_file, [AROUND])
    assert (basemap.roads, basemap.rivers, basemap.buildings, basemap.left_out) == (1, 1, 1, 0)
    assert [barrier.strength for barrier in basemap.ground.barriers] == [3, 3]
    assert basemap.ground.barriers[0].line == ((1199400000, 317800000), (1199410000, 317810000))
    assert len(basemap.ground.buildings[0].outer) == 5


def test_footways_part_cells_when_asked_for(osm_file):
    basemap = read_osm(osm_file, [AROUND], with_paths=True)
    assert sorted(barrier.strength for barrier in basemap.ground.barriers) == [1, 3, 3]


def test_what_is_no_map_is_refused(tmp_path):
    file = tmp_path / "map.osm.pbf"
    file.write_bytes(b"no map")
    with pytest.raises(InvalidInputError) as refusal:
        read_osm(file, [AROUND])
    assert refusal.value.fields["osm"][0].code == "map_file_unreadable"


def test_layer_files_without_codes_give_roads_and_rivers(tmp_path):
    line = {"type": "LineString", "coordinates": [[119.94, 31.78], [119.95, 31.78]]}
    lake = {"type": "Polygon", "coordinates": [[[119.94, 31.78], [119.95, 31.78], [119.95, 31.79], [119.94, 31.78]]]}
    nothing = {"type": "Point", "coordinates": [119.94, 31.78]}
    roads = read_roads(layer_file(tmp_path, line, nothing), crs=None)
    assert (roads.roads, roads.left_out) == (1, 1)
    rivers = read_rivers(layer_file(tmp_path, line, lake), crs=None)
    assert (rivers.rivers, rivers.left_out) == (2, 0)
    together = roads + rivers + Basemap(ground=Ground())
    assert (together.roads, together.rivers, len(together.ground.barriers)) == (1, 2, 3)


def test_each_part_of_a_building_is_one_and_lines_are_left_out(tmp_path):
    ring = [[119.94, 31.78], [119.941, 31.78], [119.941, 31.781], [119.94, 31.78]]
    far = [[lon + 0.01, lat] for lon, lat in ring]
    two = {"type": "MultiPolygon", "coordinates": [[ring], [far]]}
    line = {"type": "LineString", "coordinates": ring}
    buildings = read_buildings(layer_file(tmp_path, two, line), crs=None)
    assert (buildings.buildings, buildings.left_out) == (2, 1)
