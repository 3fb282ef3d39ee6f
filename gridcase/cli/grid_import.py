"""``gridcase grid import`` and ``gridcase grid export``: layers from files and into files."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import Progress

from gridcase.cli.shell import answer, json_option, refuse, refusing, runtime, spoken
from gridcase.domain.errors import GridcaseError
from gridcase.edge.texts import Language, sentence
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.files import LayerFile
from gridcase.grid.reading import CodeScheme, Finding, LayerSpec
from gridcase.services.layers import LayerImport, export_layer, import_file, open_file
from gridcase.services.steps.layer_effects import MovedCase
from gridcase.services.steps.layering import LayerChange

T = TypeVar("T")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--layer", required=True, help="Name of the layer; 'unit' is the unit grid.")
@click.option("--code-field", required=True, help="Property that holds the code; several with commas are joined.")
@click.option(
    "--code-scheme", type=click.Choice(["unit", "free"]), help="unit: 15 characters; by default that of the layer."
)
@click.option("--name-field", help="Property that holds the name.")
@click.option("--parent-field", help="Property that holds the parent's code.")
@click.option("--valid-from-field", help="Property that holds the first day in use, as 2026-10-01.")
@click.option("--valid-to-field", help="Property that holds the first day no longer in use.")
@click.option("--crs", help="EPSG:n, wgs84, cgcs2000, gcj02 or bd09; by default what the file says.")
@click.option("--encoding", help="Encoding of texts, such as GBK; by default what the file says.")
@click.option("--source-layer", help="Which layer of the file, when it has several.")
@click.option("--tolerance-m", type=float, help="Metres within which a point counts as at the feature; lines need it.")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="First day of this version; by default today.")
@click.option("--keep-absent", is_flag=True, help="Add to the layer: codes that are not in the file stay.")
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
    valid_from_field: str | None,
    valid_to_field: str | None,
    crs: str | None,
    encoding: str | None,
    source_layer: str | None,
    tolerance_m: float | None,
    valid_from: datetime | None,
    keep_absent: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take a layer in from GeoJSON, GeoPackage or Shapefile; exit 1 when features were refused."""
    rt = runtime()
    scheme = code_scheme or ("unit" if layer == UNIT_LAYER else "free")
    spec = LayerSpec(
        layer=layer,
        code_field=code_field,
        scheme=CodeScheme(scheme),
        name_field=name_field,
        parent_field=parent_field,
        valid_from_field=valid_from_field,
        valid_to_field=valid_to_field,
        crs=crs,
        tolerance_m=tolerance_m,
    )
    change = LayerChange(is_adding=keep_absent, valid_from=valid_from.date() if valid_from else None)
    opened: LayerFile | None = None
    try:
        opened = open_file(rt, file, source_layer=source_layer, encoding=encoding)
        with _progress(f"{file.name} → {layer}", len(opened.features)) as watch:
            done = import_file(rt, opened, spec, change, dry_run=dry_run, watch=watch)
    except GridcaseError as err:
        if as_json:
            click.echo(json.dumps(_refusal(err, opened, spoken(rt)), ensure_ascii=False))
        refuse(err)
    value = _value(done, opened, spoken(rt), dry_run=dry_run)
    answer(value, as_json=as_json, text=_text(value))
    sys.exit(1 if done.report.refused else 0)


@click.command("export")
@click.option("--layer", required=True, help="Name of the layer; 'unit' is the unit grid.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, ending in .geojson, .gpkg or .shp.zip.",
)
@click.option("--crs", help="EPSG:n, wgs84, cgcs2000, gcj02 or bd09; WGS 84 when not given.")
@click.option("--encoding", help="Encoding of a Shapefile's texts, such as GBK; UTF-8 when not given.")
@json_option
@refusing
def export_command(*, layer: str, out: Path, crs: str | None, encoding: str | None, as_json: bool) -> None:
    """Write a layer, as it is in force today, into a file."""
    features = export_layer(runtime(), layer, out, crs=crs, encoding=encoding)
    value = {"layer": layer, "features": features, "out": str(out), "crs": crs or "wgs84"}
    answer(value, as_json=as_json, text=f"{out}: {features}")


#: How many features are read before anybody would like to see a bar.
_MANY = 2_000


@contextmanager
def _progress(title: str, total: int) -> Iterator[Any]:
    """Show on standard error how far a large file is; nothing where nobody looks."""
    console = Console(stderr=True)
    if total < _MANY or not console.is_terminal:
        yield iter
        return
    with Progress(console=console, transient=True) as progress:

        def watch(features: Iterable[T]) -> Iterable[T]:
            return progress.track(features, total=total, description=title)

        yield watch


def _value(done: LayerImport, file: LayerFile, language: Language, *, dry_run: bool) -> dict[str, Any]:
    report, plan = done.report, done.plan
    return {
        "features": report.accepted + report.refused,
        "accepted": report.accepted,
        "repaired": report.repaired,
        "refused": report.refused,
        "flattened": report.flattened,
        "padded": report.padded,
        "exceptions": [_exception(one, language) for one in report.exceptions],
        "begun": len(plan.begun) if plan else 0,
        "ended": len(plan.ended) if plan else 0,
        "unchanged": plan.unchanged if plan else 0,
        "source": {
            "kind": file.kind,
            "layer": file.source_layer,
            "crs": file.stated_crs,
            "encoding": file.encoding,
            "fields": list(file.names),
        },
        "dry_run": dry_run,
    } | ({"moved": [_moved(one) for one in done.effects.moved] if done.effects else []} if dry_run else {})


def _moved(one: MovedCase) -> dict[str, Any]:
    """Return an open case with where it lies and where it would lie."""
    return {"number": one.number, "before": asdict(one.before), "after": asdict(one.after)}


def _exception(finding: Finding, language: Language) -> dict[str, Any]:
    return {
        "code": finding.code,
        "reason": sentence(finding.reason, {}, language),
        "reason_code": str(finding.reason),
        "is_refused": finding.is_refused,
    }


def _refusal(error: GridcaseError, file: LayerFile | None, language: Language) -> dict[str, Any]:
    """Report a file that was refused as a whole: none of its features, as far as they were counted, was taken."""
    count = 0 if file is None else len(file.features)
    problems = [(name, problem) for name, found in error.fields.items() for problem in found]
    return {
        "features": count,
        "accepted": 0,
        "repaired": 0,
        "refused": count,
        "exceptions": [
            {
                "code": "",
                "field": name,
                "reason": sentence(problem.code, problem.params, language),
                "reason_code": problem.code,
                "is_refused": True,
            }
            for name, problem in problems
        ],
    }


def _text(value: dict[str, Any]) -> str:
    counts = ("features", "accepted", "repaired", "refused", "flattened", "padded", "begun", "ended", "unchanged")
    return "\n".join(
        [f"{name}: {value[name]}" for name in counts]
        + [f"  {one['code']}: {one['reason']}" for one in value["exceptions"]]
        + ([f"moved: {len(value['moved'])}", *map(_moved_text, value["moved"])] if "moved" in value else [])
    )


def _moved_text(one: dict[str, Any]) -> str:
    before, after = (" ".join((*one[side]["codes"], one[side]["unit"])).strip() or "-" for side in ("before", "after"))
    return f"  {one['number']}: {before} → {after}"
