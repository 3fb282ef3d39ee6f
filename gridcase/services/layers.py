"""Layers from files and into files: what ``gridcase grid import`` and ``export`` do, and the pages of layers."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gridcase.domain.actor import Actor
from gridcase.domain.case import PersonId
from gridcase.domain.errors import NotFoundError, invalid
from gridcase.grid.datums import system_of
from gridcase.grid.features import COMMUNITY_LAYER, UNIT_LAYER, Feature
from gridcase.grid.files import LayerFile, Opening, Watch, open_layer, read_layer
from gridcase.grid.quality import CheckSpec, QualityReport, check_grid
from gridcase.grid.reading import MOST_CODE, ImportReport, LayerSpec
from gridcase.grid.writing import check_target, write_layer
from gridcase.services.runtime import Runtime
from gridcase.services.steps import layering
from gridcase.services.steps.changes import COMMAND_LINE, Changed, Noting
from gridcase.services.steps.layer_effects import LayerEffects, effects_of
from gridcase.services.steps.layering import LayerChange, LayerClock, LayerPlan
from gridcase.services.steps.permitting import ADMIN, only_for
from gridcase.services.steps.reference import GRID_KIND, to_feature
from gridcase.store import people
from gridcase.store.configuration import versions_with_bodies
from gridcase.store.places import layer_in_force

_MOST_TOLERANCE_M = 1000
_MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerImport:
    """What came of an import: the report of the features, and what changed in the layer.

    Parameters
    ----------
    effects
        Of a trial alone: what it would do to outlines and open cases.
    """

    report: ImportReport
    plan: LayerPlan | None
    effects: LayerEffects | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """A version of a layer: when it was taken in by whom (empty for the command line), and what it began and ended.

    Parameters
    ----------
    first_day
        From when it is in force; empty for versions of before this was noted.
    """

    applied_at: datetime
    name: str
    digest: str
    features: int
    begun: int
    ended: int
    first_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPage:
    """A layer as in force today, and its versions, newest first."""

    layer: str
    features: tuple[Feature, ...]
    versions: tuple[LayerVersion, ...]


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
        applied_by=by.person,
    )
    clock = LayerClock.of(rt.clock.now(), rt.settings.zone)
    effects = None
    if dry_run:
        reference = rt.reference()
        with rt.database.reading() as tx:
            plan = layering.plan_layer(tx, spec.layer, report.features, whole, clock.today)
            effects = effects_of(tx, reference, spec.layer, plan)
    else:
        with rt.database.writing() as tx:
            plan = layering.save_layer(tx, spec.layer, report.features, whole, clock)
            if not plan.is_empty:
                counts = {"begun": len(plan.begun), "ended": len(plan.ended)}
                Noting(tx, by, clock.now).layer(Changed.LAYER_IMPORTED, spec.layer, **counts)
    return LayerImport(report=report, plan=plan, effects=effects)


def layer_page(rt: Runtime, actor: Actor, layer: str) -> LayerPage:
    """Return a layer with its versions.

    Raises
    ------
    NotFoundError
        ``layer_not_found``: no feature of it is in force.
    """
    only_for(actor, ADMIN)
    features = layer_of(rt, layer)
    with rt.database.reading() as tx:
        versions = versions_with_bodies(tx, GRID_KIND, layer, limit=_MOST_VERSIONS)
        names = people.names_of(tx, [PersonId(record.applied_by) for record, _ in versions])
    return LayerPage(
        layer=layer,
        features=features,
        versions=tuple(
            LayerVersion(
                applied_at=record.applied_at,
                name=names.get(PersonId(record.applied_by), ""),
                digest=record.digest,
                features=body["features"],
                begun=body["begun"],
                ended=body["ended"],
                first_day=body.get("first_day", ""),
            )
            for record, body in versions
        ),
    )


def check_layer(rt: Runtime, actor: Actor, layer: str) -> QualityReport:
    """Look for everything that is wrong with a layer in force: gaps, overlaps, slivers, codes, parents, sizes.

    Unit cells are held against the outlines of communities, where that layer is there. Measured on a machine
    that was busy otherwise: 10,000 squares in 6.6 s.

    Raises
    ------
    NotFoundError
        ``layer_not_found``.
    """
    only_for(actor, ADMIN)
    features = layer_of(rt, layer)
    held = rt.reference().features
    parents = [one for (name, _), one in held.items() if name == COMMUNITY_LAYER] if layer == UNIT_LAYER else []
    return check_grid(features, CheckSpec.of_layer(layer), parents=parents)


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
