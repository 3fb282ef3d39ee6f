"""``gridcase grid``: take layers in, locate points."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click

from gridcase.cli.shell import answer, json_option, refuse, refusing, runtime, spoken, table
from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.domain.place import Datum
from gridcase.edge.texts import sentence
from gridcase.grid.datums import from_wgs84, to_wgs84
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.geojson import CodeScheme, LayerSpec
from gridcase.services.gridding import import_layer, locate
from gridcase.services.runtime import Runtime
from gridcase.services.steps.placing import ReceivedPlace


@click.group()
def grid() -> None:
    """The grid."""


@grid.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--layer", required=True, help="Name of the layer; 'unit' is the unit grid.")
@click.option("--code-field", required=True, help="Property that holds the code.")
@click.option(
    "--code-scheme", type=click.Choice(["unit", "free"]), help="unit: 15 characters; by default that of the layer."
)
@click.option("--name-field", help="Property that holds the name.")
@click.option("--parent-field", help="Property that holds the parent's code.")
@click.option("--crs", help="EPSG:n, gcj02 or bd09; WGS 84 when not given.")
@click.option("--dry-run", is_flag=True, help="Report only.")
@json_option
@refusing
def import_command(
    *,
    file: Path,
    layer: str,
    code_field: str,
    code_scheme: str | None,
    name_field: str | None,
    parent_field: str | None,
    crs: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take a GeoJSON layer in; exit 1 when features were refused."""
    rt = runtime()
    scheme = code_scheme or ("unit" if layer == UNIT_LAYER else "free")
    spec = LayerSpec(
        layer=layer,
        code_field=code_field,
        scheme=CodeScheme(scheme),
        name_field=name_field,
        parent_field=parent_field,
        crs=crs,
    )
    report = import_layer(rt, _document(file), spec, dry_run=dry_run)
    language = spoken(rt)
    exceptions = [{"code": one.code, "reason": sentence(one.reason, {}, language)} for one in report.exceptions]
    value = {
        "features": report.accepted + report.refused,
        "accepted": report.accepted,
        "repaired": report.repaired,
        "refused": report.refused,
        "exceptions": exceptions,
    }
    text = "\n".join(
        [f"{name}: {value[name]}" for name in ("features", "accepted", "repaired", "refused")]
        + [f"  {one['code']}: {one['reason']}" for one in exceptions]
    )
    answer(value, as_json=as_json, text=text)
    sys.exit(1 if report.refused else 0)


@grid.command("locate")
@click.option("--lon", type=float, help="Longitude in degrees.")
@click.option("--lat", type=float, help="Latitude in degrees.")
@click.option(
    "--points", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="CSV with a header lon,lat."
)
@click.option("--layer", default=UNIT_LAYER, show_default=True)
@click.option(
    "--datum", default=Datum.WGS84.value, show_default=True, type=click.Choice([str(datum) for datum in Datum])
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the hits of --points here as CSV.")
@json_option
@refusing
def locate_command(
    *,
    lon: float | None,
    lat: float | None,
    points: Path | None,
    layer: str,
    datum: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say where one point is, or how many cells hold each of many points (before the tie rule)."""
    rt = runtime()
    if points is not None and lon is None and lat is None:
        _locate_many(rt, points, layer=layer, datum=Datum(datum), out=out, as_json=as_json)
    elif lon is not None and lat is not None and points is None:
        _locate_one(rt, ReceivedPlace(lon=lon, lat=lat, datum=Datum(datum)), layer=layer, as_json=as_json)
    else:
        raise click.UsageError("give either --lon and --lat, or --points")


def _locate_one(rt: Runtime, received: ReceivedPlace, *, layer: str, as_json: bool) -> None:
    reference = rt.reference()
    if layer != UNIT_LAYER:
        point = to_wgs84(lon=received.lon, lat=received.lat, datum=received.datum)
        codes = reference.grid.holding(point, layer=layer)
        value: dict[str, Any] = {"layer": layer, "code": codes[0] if codes else None, "codes": list(codes)}
        answer(value, as_json=as_json, text=", ".join(codes) or "-")
        return
    found = locate(rt, received, reference)
    distance = found.location.distance_m
    value = {
        "cell": found.location.cell,
        "how": found.location.how,
        "distance_m": round(distance, 3) if distance < float("inf") else None,
        "candidates": list(found.location.candidates),
        "layers": {name: list(codes) for name, codes in found.layers.items()},
    }
    answer(value, as_json=as_json, text=f"{found.location.cell or '-'} ({found.location.how})")


def _locate_many(rt: Runtime, points: Path, *, layer: str, datum: Datum, out: Path | None, as_json: bool) -> None:
    positions = _positions(points, datum)
    held = rt.reference().grid.holding_each(positions, layer=layer)
    tally = {
        "points": len(held),
        "in_none": sum(not codes for codes in held),
        "in_one": sum(len(codes) == 1 for codes in held),
        "in_several": sum(len(codes) > 1 for codes in held),
    }
    if out is not None:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("lon", "lat", "codes"))
            writer.writerows((lon, lat, " ".join(codes)) for (lon, lat), codes in zip(positions, held, strict=True))
    answer(tally, as_json=as_json, text=table(tuple(tally), [tuple(str(value) for value in tally.values())]))


def _positions(path: Path, datum: Datum) -> list[tuple[float, float]]:
    """Read the points; a cell that is no number holds no position and is counted in none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not {"lon", "lat"} <= set(reader.fieldnames or ()):
            raise invalid("points", "header_needed", columns="lon,lat")
        return [_position(row["lon"], row["lat"], datum) for row in reader]


def _position(lon: str, lat: str, datum: Datum) -> tuple[float, float]:
    try:
        position = float(lon), float(lat)
        if datum in (Datum.WGS84, Datum.CGCS2000):
            return position
        return from_wgs84(to_wgs84(lon=position[0], lat=position[1], datum=datum), datum=Datum.WGS84)
    except (TypeError, ValueError, InvalidInputError):
        return float("nan"), float("nan")


def _document(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        refuse(invalid("file", "not_a_feature_collection"))
