"""``gridcase grid check`` and ``gridcase grid make``: is a grid sound, and how is one made."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridcase.cli.shell import answer, json_option, refusing, runtime, table
from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.edge.texts import Language, label, sentence
from gridcase.grid.features import UNIT_LAYER, Feature, to_shape
from gridcase.settings import load_settings

if TYPE_CHECKING:
    from gridcase.grid.basemap import Basemap
    from gridcase.grid.files import LayerFile
    from gridcase.grid.loose import LooseLayer
    from gridcase.grid.picture import Picture
    from gridcase.grid.quality import Defect, Progress, QualityReport

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path, dir_okay=False)
#: Notes are counted, and only so many errors and warnings are listed one by one on a screen.
_MOST_LISTED = 100

_COMMUNITY_LENGTH = 12
#: Property under which --code-prefix is laid.
_PREFIX = "code prefix"

_COLOURS = {"error": "#d4380d", "warning": "#d48806", "note": "#1677ff"}
_PALE = {"error": "#ffd8bf", "warning": "#fff1b8", "note": "#d6e8ff"}


@click.command("check")
@click.argument("file", type=_FILE, required=False)
@click.option("--layer", default=UNIT_LAYER, show_default=True, help="Name of the layer; without FILE, of the store.")
@click.option("--code-field", default="code", show_default=True, help="Property that holds the code.")
@click.option("--code-scheme", type=click.Choice(["unit", "free"]), help="By default that of the layer.")
@click.option("--name-field", help="Property that holds the name; then names are required.")
@click.option("--parent-field", help="Property that holds the parent's code.")
@click.option("--crs", help="EPSG:n, wgs84, cgcs2000, gcj02 or bd09; when the file does not say.")
@click.option("--encoding", help="Of a Shapefile's texts, when it does not say.")
@click.option("--source-layer", help="Which layer of a file that holds several.")
@click.option("--parent-layer", help="The next larger layer: a file, or a layer of the store.")
@click.option("--parent-code-field", default="code", show_default=True, help="Property of the parents' code.")
@click.option("--sliver-width-m", type=float, help="What is narrower is a sliver.  [default: 5]")
@click.option("--out-geojson", type=_OUT, help="Write what was found here.")
@click.option("--picture", type=_OUT, help="Draw what was found here, as .svg or .png.")
@json_option
@refusing
def check_command(
    *,
    file: Path | None,
    layer: str,
    code_field: str,
    code_scheme: str | None,
    name_field: str | None,
    parent_field: str | None,
    crs: str | None,
    encoding: str | None,
    source_layer: str | None,
    parent_layer: str | None,
    parent_code_field: str,
    sliver_width_m: float | None,
    out_geojson: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Look for gaps, overlaps, slivers, wrong codes and parents; exit 1 when something is an error."""
    from gridcase.grid.quality import SLIVER_WIDTH_M, CheckSpec, check_grid

    _known_picture(picture)
    source = Source(crs=crs, encoding=encoding, source_layer=source_layer)
    if file is None:
        features, said = _stored(layer), []
    else:
        loose = source.read(file, layer, code=code_field, name=name_field, parent=parent_field)
        features, said = list(loose.features), list(loose.defects)
    is_unit = (code_scheme or ("unit" if layer == UNIT_LAYER else "free")) == "unit"
    if is_unit:
        features = [replace(feature, code=_padded(feature.code)) for feature in features]
    parents = _parents(parent_layer, source, parent_code_field)
    spec = CheckSpec(
        is_unit=is_unit,
        names_required=bool(name_field) or (file is None and not is_unit),
        sliver_width_m=SLIVER_WIDTH_M if sliver_width_m is None else sliver_width_m,
    )
    with _progress() as progress:
        found = check_grid(features, spec, parents=parents, said=said, progress=progress)
    _write(found, features, out_geojson, picture)
    answer(_value(found), as_json=as_json, text=_text(found))
    sys.exit(0 if found.is_good else 1)


@click.command("make")
@click.option("--community", required=True, help="Outlines to divide: a file, or a layer of the store.")
@click.option("--code-field", default="code", show_default=True, help="Property that holds a community's code.")
@click.option("--name-field", help="Property that holds its name.")
@click.option("--code-prefix", help="Code of the community, 12 characters, when the file holds one without.")
@click.option("--only", multiple=True, help="Code of a community to divide; may be repeated.  [default: all]")
@click.option("--roads", type=_FILE, multiple=True, help="Layer file of roads; may be repeated.")
@click.option("--rivers", type=_FILE, multiple=True, help="Layer file of rivers; may be repeated.")
@click.option("--buildings", type=_FILE, multiple=True, help="Layer file of buildings; may be repeated.")
@click.option("--osm", type=_FILE, multiple=True, help="OpenStreetMap file (.osm.pbf) of all three.")
@click.option("--with-paths", is_flag=True, help="Let footways and steps of --osm part cells too.")
@click.option("--crs", help="EPSG:n, wgs84, cgcs2000, gcj02 or bd09; when a file does not say.")
@click.option("--target-area", default=10_000.0, show_default=True, help="Area of a cell in m².")
@click.option("--out", type=_OUT, required=True, help="Write the cells here as GeoJSON.")
@click.option("--picture", type=_OUT, help="Draw the cells here, as .svg or .png.")
@json_option
@refusing
def make_command(
    *,
    community: str,
    code_field: str,
    name_field: str | None,
    code_prefix: str | None,
    only: tuple[str, ...],
    roads: tuple[Path, ...],
    rivers: tuple[Path, ...],
    buildings: tuple[Path, ...],
    osm: tuple[Path, ...],
    with_paths: bool,
    crs: str | None,
    target_area: float,
    out: Path,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Divide communities into cells along roads and rivers, cutting no building; exit 1 when the check finds errors."""
    from gridcase.grid.basemap import Basemap, read_buildings, read_osm, read_rivers, read_roads
    from gridcase.grid.geojson import write_features
    from gridcase.grid.making import Ground, make_cells
    from gridcase.grid.quality import CheckSpec, check_grid

    _known_picture(picture)
    source = Source(crs=crs)
    outlines = _communities(community, source, code_field, name_field, code_prefix)
    if only:
        outlines = [outline for outline in outlines if outline.code in only]
    if not outlines:
        raise invalid("community", "no_communities")
    basemap = Basemap(ground=Ground())
    for files, read in ((roads, read_roads), (rivers, read_rivers), (buildings, read_buildings)):
        for file in files:
            basemap += read(source.open(file), crs=crs)
    for file in osm:
        basemap += read_osm(file, outlines, with_paths=with_paths)
    with _progress() as progress:
        cells = make_cells(outlines, basemap.ground, target_area_m2=target_area, progress=progress)
        found = check_grid(cells, CheckSpec.of_layer(UNIT_LAYER), parents=outlines, progress=progress)
    out.write_text(json.dumps(write_features(cells), ensure_ascii=False) + "\n", encoding="utf-8")
    if picture is not None:
        _save(_drawn(cells, outlines, basemap), picture)
    read_value = {
        "communities": len(outlines),
        "roads": basemap.roads,
        "rivers": basemap.rivers,
        "buildings": basemap.buildings,
        "left_out": basemap.left_out,
    }
    text = "\n".join([*(f"{name}: {count}" for name, count in read_value.items()), _text(found)])
    answer({**read_value, "cells": len(cells), "check": _value(found)}, as_json=as_json, text=text)
    sys.exit(0 if found.is_good else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How files are to be read: what their own words leave open."""

    crs: str | None = None
    encoding: str | None = None
    source_layer: str | None = None

    def open(self, file: Path) -> "LayerFile":
        """Open a layer file of any format."""
        from gridcase.grid.files import Opening, open_layer

        return open_layer(file, Opening(source_layer=self.source_layer, encoding=self.encoding))

    def read(
        self, file: Path, layer: str, *, code: str, name: str | None = None, parent: str | None = None
    ) -> "LooseLayer":
        """Read each feature by itself; codes are taken as they are, so that a wrong one keeps its place on the map."""
        return self.take(self.open(file), layer, code=code, name=name, parent=parent)

    def take(
        self, file: "LayerFile", layer: str, *, code: str, name: str | None = None, parent: str | None = None
    ) -> "LooseLayer":
        """Read the features of an opened file."""
        from gridcase.grid.loose import read_loosely
        from gridcase.grid.reading import LayerSpec

        spec = LayerSpec(layer=layer, code_field=code, name_field=name, parent_field=parent, crs=self.crs)
        return read_loosely(file, spec)


def _stored(layer: str) -> list[Feature]:
    """Return a layer of the store as in force today.

    Raises
    ------
    InvalidInputError
        ``layer_unknown`` on the field ``layer``.
    """
    features = runtime().reference().features
    found = [feature for (name, _), feature in features.items() if name == layer]
    if not found:
        raise invalid("layer", "layer_unknown", layer=layer)
    return found


def _parents(parent_layer: str | None, source: Source, code_field: str) -> Sequence[Feature]:
    if parent_layer is None:
        return ()
    file = Path(parent_layer)
    if file.is_file():
        return source.read(file, "parent", code=code_field).features
    return _stored(parent_layer)


def _communities(
    community: str, source: Source, code_field: str, name_field: str | None, code_prefix: str | None
) -> list[Feature]:
    """Return the outlines to divide, whole or not at all.

    Raises
    ------
    InvalidInputError
        ``community_unreadable`` or ``community_code_needed`` on the field ``community``, and what reading raises.
    """
    file = Path(community)
    if not file.is_file():
        return _stored(community)
    opened = source.open(file)
    if code_prefix is not None:
        opened = replace(opened, names=(*opened.names, _PREFIX), features=_with_code(opened.features, code_prefix))
    loose = source.take(opened, "community", code=_PREFIX if code_prefix else code_field, name=name_field)
    refused = [defect for defect in loose.defects if defect.severity == "error"]
    if refused:
        raise invalid("community", "community_unreadable", code=" ".join(refused[0].codes), reason=refused[0].detail)
    for feature in loose.features:
        if len(feature.code) != _COMMUNITY_LENGTH or len(loose.features) != len({f.code for f in loose.features}):
            raise invalid("community", "community_code_needed", code=feature.code)
    return list(loose.features)


def _with_code(features: Sequence[Any], code: str) -> list[Any]:
    return [raw if isinstance(raw, str) else replace(raw, fields={**raw.fields, _PREFIX: code}) for raw in features]


def _padded(code: str) -> str:
    from gridcase.grid.codes import parse_cell_code

    try:
        return parse_cell_code(code).code
    except InvalidInputError:
        return code


def _value(found: "QualityReport") -> dict[str, Any]:
    from gridcase.grid.quality import defect_fields

    return {
        "features": found.features,
        "good": found.is_good,
        "area_m2": round(found.area_m2, 2),
        "median_m2": round(found.median_m2, 1),
        "least_m2": round(found.least_m2, 1),
        "most_m2": round(found.most_m2, 1),
        "counts": found.counts,
        "findings": [defect_fields(defect) for defect in found.defects],
    }


def _text(found: "QualityReport") -> str:
    """Tell people: sizes, how many of each kind, then errors and warnings one by one."""
    language = _language()
    listed = [defect for defect in found.defects if defect.severity != "note"]
    rows = [_row(defect, language) for defect in listed[:_MOST_LISTED]]
    header = ("severity", "kind", "codes", "m²", "width m", "lon", "lat", "detail")
    return "\n".join(
        [
            f"features: {found.features}",
            f"area m²: {found.area_m2:.0f} (median {found.median_m2:.0f}, {found.least_m2:.0f}-{found.most_m2:.0f})",
            *(f"{label(kind, language)}: {count}" for kind, count in found.counts.items()),
            *([table(header, rows)] if rows else []),
            *([f"… {len(listed) - _MOST_LISTED}"] if len(listed) > _MOST_LISTED else []),
        ]
    )


def _row(defect: "Defect", language: Language) -> tuple[str, ...]:
    return (
        label(f"severity_{defect.severity}", language),
        label(defect.kind, language),
        " ".join(defect.codes) or "-",
        "-" if defect.area_m2 is None else f"{defect.area_m2:.2f}",
        "-" if defect.width_m is None else f"{defect.width_m:.3f}",
        "-" if defect.lon is None else f"{defect.lon:.7f}",
        "-" if defect.lat is None else f"{defect.lat:.7f}",
        sentence(defect.detail, {}, language) if defect.detail else "",
    )


def _write(found: "QualityReport", features: Sequence[Feature], out: Path | None, picture: Path | None) -> None:
    from gridcase.grid.picture import Picture, Stroke
    from gridcase.grid.quality import write_defects

    if out is not None:
        out.write_text(json.dumps(write_defects(found.defects), ensure_ascii=False) + "\n", encoding="utf-8")
    if picture is not None:
        language = _language()
        drawing = Picture(title=f"{found.features} / {found.area_m2 / 1e6:.2f} km²")
        drawing.add(
            Stroke(name="", fill="#f0f2f0", line="#9aa39a", width=0.8), [to_shape(f.geometry) for f in features]
        )
        kinds = {(defect.severity, defect.kind) for defect in found.defects if defect.shape is not None}
        for severity, kind in sorted(kinds, reverse=True):
            shapes = [
                d.shape for d in found.defects if (d.severity, d.kind) == (severity, kind) and d.shape is not None
            ]
            colour = _COLOURS[severity]
            is_area = kind in ("gap", "overlap", "rounding", "sliver", "parent_crossed")
            name = f"{label(kind, language)} {kind}"
            fill = colour if is_area else _PALE[severity]
            drawing.add(Stroke(name=name, fill=fill, line=colour, width=1.2, ringed=is_area), shapes)
        _save(drawing, picture)


def _drawn(cells: Sequence[Feature], outlines: Sequence[Feature], basemap: "Basemap") -> "Picture":
    import shapely

    from gridcase.grid.picture import Picture, Stroke

    shapes = [to_shape(cell.geometry) for cell in cells]
    ground = basemap.ground
    drawing = Picture(title=f"{len(cells)}")
    drawing.add(Stroke(name="", fill="#f4f7f4"), shapes)
    drawing.add(
        Stroke(name="buildings", fill="#d0d0d0", line="#8c8c8c", width=0.5),
        [to_shape([one]) for one in ground.buildings],
    )
    drawing.add(
        Stroke(name="roads, rivers", line="#d46b08", width=0.7),
        [shapely.LineString(one.line) for one in ground.barriers],
    )
    drawing.add(Stroke(name="cells", line="#1f7a3f", width=2.0), shapes)
    drawing.add(Stroke(name="communities", line="#391085", width=3.0), [to_shape(one.geometry) for one in outlines])
    for cell, shape in zip(cells, shapes, strict=True):
        drawing.label(shape, cell.code[-3:])
    return drawing


def _save(drawing: "Picture", picture: Path) -> None:
    if picture.suffix.lower() == ".png":
        picture.write_bytes(drawing.png())
    else:
        picture.write_text(drawing.svg(), encoding="utf-8")


def _known_picture(picture: Path | None) -> None:
    if picture is not None and picture.suffix.lower() not in (".svg", ".png"):
        raise click.UsageError("--picture must end in .svg or .png")


@contextmanager
def _progress() -> Iterator["Progress"]:
    """Show how far long work is, on standard error and for people only."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def step(work: str, done: int, of: int) -> None:
            bar.update(task, description=work, completed=done, total=of)

        yield step


def _language() -> Language:
    return Language(load_settings().language)
