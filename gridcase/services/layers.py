"""Layers from files and into files: what ``gridcase grid import`` and ``export`` do.

Apart from ``gridcase.services.gridding``, because it loads GDAL, which web processes do not need.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from gridcase.domain.actor import Actor
from gridcase.domain.errors import NotFoundError, invalid
from gridcase.grid.datums import system_of
from gridcase.grid.features import Feature
from gridcase.grid.files import LayerFile, Opening, Watch, open_layer, read_layer
from gridcase.grid.reading import MOST_CODE, ImportReport, LayerSpec
from gridcase.grid.writing import check_target, write_layer
from gridcase.services.runtime import Runtime
from gridcase.services.steps import layering
from gridcase.services.steps.changes import COMMAND_LINE, Changed, Noting
from gridcase.services.steps.layering import LayerChange, LayerClock, LayerPlan
from gridcase.services.steps.reference import to_feature
from gridcase.store.places import layer_in_force

_MOST_TOLERANCE_M = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerImport:
    """What came of an import: the report of the features, and what changed in the layer."""

    report: ImportReport
    plan: LayerPlan | None


def open_file(rt: Runtime, path: Path, *, source_layer: str | None, encoding: str | None) -> LayerFile:
    """Open a file within the limit of the settings.

    Raises
    ------
    InvalidInputError
        See ``gridcase.grid.files.open_layer``.
    """
    opening = Opening(source_layer=source_layer, encoding=encoding, most_bytes=rt.settings.max_layer_bytes)
    return open_layer(path, opening)


def import_file(
    rt: Runtime,
    file: LayerFile,
    spec: LayerSpec,
    change: LayerChange,
    *,
    dry_run: bool = False,
    watch: Watch = iter,
    by: Actor = COMMAND_LINE,
) -> LayerImport:
    """Take the layer of an opened file in, in one transaction: all that was accepted, or on a failure nothing.

    A code whose new outline was refused keeps the one it has; when something was refused whose code nobody knows,
    every absent code stays. Nothing accepted changes nothing.

    Raises
    ------
    InvalidInputError
        On the file or its options as a whole: see ``read_layer`` and ``save_layer``; ``layer_name_malformed``;
        ``tolerance_needed`` (lines without a tolerance) or ``tolerance_out_of_range``.
    """
    _check_spec(spec)
    report = read_layer(file, spec, watch)
    if any(feature.lines for feature in report.features[:1]) and spec.tolerance_m is None:
        raise invalid("tolerance_m", "tolerance_needed")
    if not report.features:
        return LayerImport(report=report, plan=None)
    refused = frozenset(finding.code for finding in report.exceptions if finding.is_refused)
    whole = replace(
        change,
        kept=change.kept | refused,
        is_adding=change.is_adding or report.is_nameless,
        received_crs=spec.crs or file.crs,
    )
    clock = LayerClock.of(rt.clock.now(), rt.settings.zone)
    if dry_run:
        with rt.database.reading() as tx:
            plan = layering.plan_layer(tx, spec.layer, report.features, whole, clock.today)
    else:
        with rt.database.writing() as tx:
            plan = layering.save_layer(tx, spec.layer, report.features, whole, clock)
            if not plan.is_empty:
                counts = {"begun": len(plan.begun), "ended": len(plan.ended)}
                Noting(tx, by, clock.now).layer(Changed.LAYER_IMPORTED, spec.layer, **counts)
    return LayerImport(report=report, plan=plan)


def layer_of(rt: Runtime, layer: str) -> tuple[Feature, ...]:
    """Return the features of a layer in force today, by code.

    Raises
    ------
    NotFoundError
        ``layer_not_found``: no feature of it is in force.
    """
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    with rt.database.reading() as tx:
        found = tuple(to_feature(row) for row in layer_in_force(tx, layer, today))
    if not found:
        raise NotFoundError("layer_not_found", params={"layer": layer})
    return found


def export_layer(rt: Runtime, layer: str, out: Path, *, crs: str | None, encoding: str | None) -> int:
    """Write a layer as it is in force today into a file; return how many features it has.

    Raises
    ------
    NotFoundError
        ``layer_not_found``.
    InvalidInputError
        ``layer_out_unknown`` or ``file_not_writable`` (field ``out``), ``crs_unknown``, ``crs_inexact`` or
        ``layer_outside_area`` (``crs``), ``encoding_unknown`` or ``encoding_does_not_fit`` (``encoding``).
    """
    check_target(out)
    features = layer_of(rt, layer)
    write_layer(features, out, system_of(crs or "wgs84"), encoding)
    return len(features)


def _check_spec(spec: LayerSpec) -> None:
    if not spec.layer.strip() or len(spec.layer) > MOST_CODE or not spec.layer.isprintable():
        raise invalid("layer", "layer_name_malformed")
    if spec.tolerance_m is not None and not 0 <= spec.tolerance_m <= _MOST_TOLERANCE_M:
        raise invalid("tolerance_m", "tolerance_out_of_range")
