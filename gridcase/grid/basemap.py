"""Which roads, rivers and buildings does a map file hold: an OpenStreetMap extract, or a layer file of lines or areas.

Geometry only: names and codes do not matter here. Layer files are opened by ``gridcase.grid.files``; how strongly a
road parts two places follows OpenStreetMap's own ranks of ``highway`` and ``waterway``.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from gridcase.domain.errors import invalid
from gridcase.domain.place import E7
from gridcase.grid.datums import system_of
from gridcase.grid.features import Feature, Line, Part, from_shape
from gridcase.grid.files import LayerFile
from gridcase.grid.making import Barrier, Ground
from gridcase.grid.reading import Kind, LayerSpec, RawFeature, take_features

#: Strength by rank; a road that is not here (footways, steps, cycleways) parts no cells.
_HIGHWAYS = {
    **dict.fromkeys(("motorway", "trunk", "primary", "secondary", "tertiary"), 3),
    **dict.fromkeys(("residential", "unclassified", "living_street", "pedestrian", "busway"), 2),
    **dict.fromkeys(("service", "track", "road"), 1),
}
_PATHS = dict.fromkeys(("footway", "path", "cycleway", "steps", "bridleway", "trail", "corridor"), 1)
_WATERWAYS = {"river": 3, "canal": 3, "stream": 2, "drain": 2, "ditch": 1}
_LINK = "_link"
#: What lies under the ground parts nothing above it.
_UNDERGROUND = '"tunnel"=>"yes"'

#: Degrees around the communities that are read too.
_AROUND = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Basemap:
    """What was read.

    Parameters
    ----------
    roads, rivers, buildings
        How many of each are in ``ground``.
    left_out
        How many shapes could not be read.
    """

    ground: Ground
    roads: int = 0
    rivers: int = 0
    buildings: int = 0
    left_out: int = 0

    def __add__(self, other: "Basemap") -> "Basemap":
        """Return both together."""
        return Basemap(
            ground=Ground(
                barriers=(*self.ground.barriers, *other.ground.barriers),
                buildings=(*self.ground.buildings, *other.ground.buildings),
            ),
            roads=self.roads + other.roads,
            rivers=self.rivers + other.rivers,
            buildings=self.buildings + other.buildings,
            left_out=self.left_out + other.left_out,
        )


def read_osm(path: Path, communities: Sequence[Feature], *, with_paths: bool = False) -> Basemap:
    """Read roads, waterways and buildings around communities from an OpenStreetMap file (``.osm.pbf``, ``.osm``).

    Parameters
    ----------
    with_paths
        Whether footways, cycleways and steps part cells too, as the weakest.

    Raises
    ------
    InvalidInputError
        ``map_file_unreadable`` on the field ``osm``.
    """
    box = _box(communities)
    lines = _read(path, "lines", "highway IS NOT NULL OR waterway IS NOT NULL", box)
    areas = _read(path, "multipolygons", "building IS NOT NULL", box)
    ranks = _HIGHWAYS | _PATHS if with_paths else _HIGHWAYS
    roads = _barriers(lines, lambda row: ranks.get((row["highway"] or "").removesuffix(_LINK), 0))
    rivers = _barriers(lines, lambda row: 0 if row["highway"] else _WATERWAYS.get(row["waterway"] or "", 0))
    shapes = [row["shape"] for row in areas]
    buildings = [part for shape in shapes if shape is not None for part in from_shape(shape)]
    return Basemap(
        ground=Ground(barriers=(*roads, *rivers), buildings=tuple(buildings)),
        roads=len(roads),
        rivers=len(rivers),
        buildings=len(buildings),
        left_out=sum(row["shape"] is None for row in (*lines, *areas)),
    )


def read_roads(file: LayerFile, *, crs: str | None) -> Basemap:
    """Take lines as roads; of areas the outlines.

    Raises
    ------
    InvalidInputError
        ``crs_must_be_named``, ``crs_unknown`` or ``crs_inexact`` on the field ``crs``.
    """
    barriers, left_out = _layer_barriers(file, crs)
    return Basemap(ground=Ground(barriers=barriers), roads=len(barriers), left_out=left_out)


def read_rivers(file: LayerFile, *, crs: str | None) -> Basemap:
    """Take lines as rivers; of areas the banks. Raises what ``read_roads`` raises."""
    barriers, left_out = _layer_barriers(file, crs)
    return Basemap(ground=Ground(barriers=barriers), rivers=len(barriers), left_out=left_out)


def read_buildings(file: LayerFile, *, crs: str | None) -> Basemap:
    """Take areas as buildings, each part one; lines are left out. Raises what ``read_roads`` raises."""
    features, left_out = _layer_features(file, crs)
    parts = tuple(part for feature in features for part in feature.geometry)
    left_out += sum(not feature.geometry for feature in features)
    return Basemap(ground=Ground(buildings=parts), buildings=len(parts), left_out=left_out)


def _layer_barriers(file: LayerFile, crs: str | None) -> tuple[tuple[Barrier, ...], int]:
    features, left_out = _layer_features(file, crs)
    lines = [line for feature in features for line in (*feature.lines, *_outlines(feature.geometry))]
    return tuple(Barrier(line=line) for line in lines), left_out


def _outlines(geometry: Iterable[Part]) -> list[Line]:
    return [ring for part in geometry for ring in (part.outer, *part.holes)]


def _layer_features(file: LayerFile, crs: str | None) -> tuple[list[Feature], int]:
    """Read every shape by the rules of layers, under a number instead of its code, lines and areas apart."""
    named = crs or file.crs
    if named is None:
        raise invalid("crs", "crs_must_be_named", crs=file.stated_crs)
    system, spec = system_of(named), LayerSpec(layer="basemap", code_field="code")
    numbered = [
        replace(raw, fields={"code": str(number)})
        for number, raw in enumerate(file.features)
        if isinstance(raw, RawFeature)
    ]
    found: list[Feature] = []
    for kind in Kind:
        of_kind = [raw for raw in numbered if getattr(raw.geometry, "kind", None) is kind]
        found += take_features(of_kind, spec, system).features
    return found, len(file.features) - len(found)


def _barriers(rows: Sequence[Mapping[str, Any]], strength_of: Any) -> tuple[Barrier, ...]:
    found = []
    for row in rows:
        strength = strength_of(row)
        if strength and row["shape"] is not None and _UNDERGROUND not in (row["other_tags"] or ""):
            for part in shapely.get_parts(row["shape"]):
                vertices = tuple((round(x), round(y)) for x, y in shapely.get_coordinates(part).tolist())
                found.append(Barrier(line=vertices, strength=strength))
    return tuple(found)


def _read(path: Path, layer: str, where: str, box: tuple[float, float, float, float]) -> list[dict[str, Any]]:
    """Rows of an OpenStreetMap layer, ``shape`` in units of 1e-7 degree or None."""
    try:
        with warnings.catch_warnings():
            # GDAL complains of rings that the extract cut off; those are counted as left out below.
            warnings.simplefilter("ignore")
            meta, _, shapes, columns = pyogrio.raw.read(path, layer=layer, where=where, bbox=box)
    except (DataSourceError, DataLayerError, ValueError) as err:
        raise invalid("osm", "map_file_unreadable", layer=layer) from err
    given = shapely.from_wkb(np.array(shapes, dtype=object), on_invalid="ignore")
    fields = [str(name) for name in meta["fields"]]
    values = [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]
    return [{**row, "shape": _in_units(shape)} for row, shape in zip(values, given, strict=True)]


def _in_units(shape: BaseGeometry | None) -> BaseGeometry | None:
    if shape is None or shape.is_empty:
        return None
    whole = shapely.transform(shape, lambda degrees: np.rint(degrees * E7))
    if shapely.get_dimensions(whole) == 1 or whole.is_valid:
        return whole
    mended = shapely.make_valid(whole, method="structure", keep_collapsed=False)
    return mended if mended.area > 0 else None


def _box(communities: Sequence[Feature]) -> tuple[float, float, float, float]:
    vertices = np.array([vertex for one in communities for part in one.geometry for vertex in part.outer]) / E7
    west, south = (vertices.min(axis=0) - _AROUND).tolist()
    east, north = (vertices.max(axis=0) + _AROUND).tolist()
    return west, south, east, north
