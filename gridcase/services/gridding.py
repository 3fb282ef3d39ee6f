"""The grid: layers taken in, points located, cells shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridcase.domain.errors import NotFoundError
from gridcase.grid.features import UNIT_LAYER, Feature
from gridcase.grid.geojson import ImportReport, LayerSpec, read_features
from gridcase.services.runtime import Runtime
from gridcase.services.steps import layering
from gridcase.services.steps.layering import LayerChange, LayerClock, LayerPlan, feature_bounds
from gridcase.services.steps.placing import ReceivedPlace, place
from gridcase.services.steps.reference import Reference
from gridcase.workflow.rulebook import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class CellBox:
    """Which cells to show: those whose bounds meet a box of 1e-7 degrees, or below an area; None means any.

    Parameters
    ----------
    after
        Code after which to go on.
    """

    box: tuple[int, int, int, int] | None = None
    area: str | None = None
    after: str | None = None
    limit: int = 500


def import_layer(rt: Runtime, document: object, spec: LayerSpec) -> ImportReport:
    """Take a layer in from a parsed GeoJSON document; a code whose new outline was refused keeps the one it has.

    Raises
    ------
    InvalidInputError
        The document is no FeatureCollection, or its coordinate system is unknown.
    """
    report = read_features(document, spec)
    if report.features:
        refused = frozenset(finding.code for finding in report.exceptions if finding.is_refused)
        save_layer(rt, spec.layer, report.features, LayerChange(kept=refused, is_adding=report.is_nameless))
    return report


def save_layer(rt: Runtime, layer: str, features: Sequence[Feature], change: LayerChange | None = None) -> LayerPlan:
    """Make a layer hold exactly these features from a day on, besides what the change keeps; return what changed.

    Raises
    ------
    InvalidInputError
        See ``gridcase.services.steps.layering.plan_layer``.
    """
    clock = LayerClock.of(rt.clock.now(), rt.settings.zone)
    with rt.database.writing() as tx:
        return layering.save_layer(tx, layer, features, change or LayerChange(), clock)


def locate(rt: Runtime, received: ReceivedPlace, reference: Reference) -> Placement:
    """Answer "where is it?".

    Raises
    ------
    InvalidInputError
        See ``gridcase.services.steps.placing.place``.
    """
    return place(received, reference, rt.settings)


def cells(reference: Reference, wanted: CellBox) -> tuple[Feature, ...]:
    """Return a page of unit cells by code; one more than ``limit`` when there are more."""
    found = (
        feature
        for (layer, code), feature in reference.features.items()
        if layer == UNIT_LAYER
        and (wanted.after is None or code > wanted.after)
        and (wanted.area is None or code.startswith(wanted.area))
        and (wanted.box is None or _meets(feature, wanted.box))
    )
    return tuple(sorted(found, key=lambda feature: feature.code)[: wanted.limit + 1])


def cell(reference: Reference, code: str) -> Feature:
    """Return one unit cell.

    Raises
    ------
    NotFoundError
        No cell in force has this code.
    """
    found = reference.features.get((UNIT_LAYER, code))
    if found is None:
        raise NotFoundError("cell_not_found", params={"code": code})
    return found


def _meets(feature: Feature, box: tuple[int, int, int, int]) -> bool:
    west, south, east, north = feature_bounds(feature)
    return west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]
