"""A layer as a file: GeoJSON, GeoPackage or zipped Shapefile, in any reference system, to be read back unchanged.

GCJ-02 and BD-09 have no number in any register: such files name no system (GeoJSON: a name that only people
understand), so that nobody, gridcase included, takes them for WGS 84 by default.
"""

import json
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from gridcase.domain.errors import invalid
from gridcase.domain.place import E7
from gridcase.grid.datums import System
from gridcase.grid.features import Feature, to_shape
from gridcase.grid.geojson import write_features
from gridcase.grid.metric import Floats
from gridcase.grid.text_bytes import asked_encoding

_FIELDS = ("code", "name", "layer", "parent", "valid_from", "valid_to", "tolerance")


def check_target(out: Path) -> str:
    """Tell the format from the name.

    Raises
    ------
    InvalidInputError
        ``layer_out_unknown`` on the field ``out``.
    """
    name = out.name.lower()
    for ending, kind in ((".geojson", "GeoJSON"), (".gpkg", "GPKG"), (".shp.zip", "ESRI Shapefile")):
        if name.endswith(ending):
            return kind
    raise invalid("out", "layer_out_unknown")


def write_layer(features: Sequence[Feature], out: Path, system: System, encoding: str | None = None) -> None:
    """Write the features of one layer; a file that is there is replaced, and only by a whole one.

    Raises
    ------
    InvalidInputError
        ``layer_out_unknown`` or ``file_not_writable`` (field ``out``), ``layer_outside_area`` (``crs``),
        ``encoding_unknown`` or ``encoding_does_not_fit`` (``encoding``; only a Shapefile has one to choose).
    """
    kind = check_target(out)
    try:
        with tempfile.TemporaryDirectory(prefix=".gridcase-", dir=out.resolve().parent) as folder:
            made = Path(folder) / "layer"
            if kind == "GeoJSON":
                made.write_text(_geojson(features, system), encoding="utf-8")
            elif kind == "GPKG":
                made = made.with_suffix(".gpkg")
                _write(made, features, system, driver="GPKG", layer=features[0].layer)
            else:
                _write_shapefile(made, features, system, asked_encoding(encoding) or "utf-8")
            made.replace(out)
    except OSError as err:
        raise invalid("out", "file_not_writable", reason=err.strerror or str(out)) from None


def _geojson(features: Sequence[Feature], system: System) -> str:
    document = write_features(features)
    for feature, written in zip(features, document["features"], strict=True):
        written["properties"]["tolerance"] = feature.tolerance_m
        if system.epsg != _WGS84:
            written["geometry"] = json.loads(shapely.to_geojson(_shape(feature, system)))
    if system.epsg != _WGS84:
        name = system.name.upper() if system.epsg is None else f"urn:ogc:def:crs:EPSG::{system.epsg}"
        document = {"type": document["type"], "crs": {"type": "name", "properties": {"name": name}}, **document}
    return json.dumps(document, ensure_ascii=False)


_WGS84 = 4326


def _write(path: Path, features: Sequence[Feature], system: System, **options: Any) -> None:
    import pyogrio  # noqa: PLC0415 - as in gridcase.grid.files

    shapes = [_shape(feature, system) for feature in features]
    kind = "MultiLineString" if features[0].lines else "MultiPolygon"
    rows = [
        (
            feature.code,
            feature.name,
            feature.layer,
            feature.parent,
            feature.valid_from.isoformat() if feature.valid_from else None,
            feature.valid_to.isoformat() if feature.valid_to else None,
            feature.tolerance_m,
        )
        for feature in features
    ]
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    columns[-1] = columns[-1].astype(np.float64)
    with warnings.catch_warnings():
        # That GCJ-02 and BD-09 go out without a system is meant.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        pyogrio.raw.write(
            path,
            shapely.to_wkb(np.array(shapes, dtype=object)),
            columns,
            np.array(_FIELDS, dtype=object),
            geometry_type=kind,
            crs=None if system.epsg is None else f"EPSG:{system.epsg}",
            **options,
        )


def _write_shapefile(out: Path, features: Sequence[Feature], system: System, encoding: str) -> None:
    folder = out.parent / "parts"
    folder.mkdir()
    for feature in features:
        texts = "".join((feature.code, feature.name, feature.layer, feature.parent or ""))
        try:
            texts.encode(encoding)
        except UnicodeEncodeError:
            raise invalid("encoding", "encoding_does_not_fit", encoding=encoding) from None
    stem = "layer"
    codec = "GBK" if encoding == "gb18030" else encoding.upper()
    _write(folder / f"{stem}.shp", features, system, driver="ESRI Shapefile", encoding=codec)
    (folder / f"{stem}.cpg").write_text(codec, encoding="ascii")
    if system.epsg is not None:
        # GDAL writes the dialect of ESRI, in which some names of the register are lost.
        (folder / f"{stem}.prj").write_text(
            pyproj.CRS.from_epsg(system.epsg).to_wkt("WKT1_ESRI"), encoding="ascii", errors="replace"
        )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, part.name)


def _shape(feature: Feature, system: System) -> shapely.Geometry:
    shape = shapely.MultiLineString(feature.lines) if feature.lines else to_shape(feature.geometry)

    def converted(units: Floats) -> Floats:
        positions = system.from_wgs84(units / E7)
        if not np.isfinite(positions).all():
            raise invalid("crs", "layer_outside_area", code=feature.code, crs=system.name)
        return positions

    return shapely.transform(shape, converted)
