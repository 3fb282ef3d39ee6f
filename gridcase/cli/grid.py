"""``gridcase grid``: take layers in, locate points."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from gridcase.cli.grid_locate import locate_command
from gridcase.cli.shell import answer, json_option, refuse, refusing, runtime, spoken
from gridcase.domain.errors import invalid
from gridcase.edge.texts import sentence
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.geojson import CodeScheme, LayerSpec
from gridcase.services.gridding import import_layer


@click.group()
def grid() -> None:
    """The grid."""


grid.add_command(locate_command)


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


def _document(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        refuse(invalid("file", "not_a_feature_collection"))
