"""The grid: layers taken in, points located, cells shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gridcase.domain.errors import NotFoundError
from gridcase.domain.history import canonical_json
from gridcase.grid.features import UNIT_LAYER, Feature, area_m2
from gridcase.grid.geojson import ImportReport, LayerSpec, read_features
from gridcase.services.runtime import Runtime
from gridcase.services.steps.placing import ReceivedPlace, place
from gridcase.services.steps.reference import GRID_KIND, Reference, dump_geometry
from gridcase.services.steps.writing import request_digest
from gridcase.store import places
from gridcase.store.configuration import add_version
from gridcase.workflow.rulebook import Placement

#: A feature imported without a day has been in use since before any case.
_ALWAYS = date(2000, 1, 1)


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


def import_layer(rt: Runtime, document: object, spec: LayerSpec, *, dry_run: bool = False) -> ImportReport:
    """Take a layer in from GeoJSON: new codes begin, changed ones end and begin anew, absent ones end today.

    A code whose new outline was refused keeps the one it has.

    Raises
    ------
    InvalidInputError
        The document is no FeatureCollection, or its coordinate system is unknown.
    """
    report = read_features(document, spec)
    if not dry_run and report.features:
        refused = frozenset(finding.code for finding in report.exceptions if finding.is_refused)
        save_layer(rt, spec.layer, report.features, kept=refused)
    return report


def save_layer(rt: Runtime, layer: str, features: Sequence[Feature], *, kept: frozenset[str] = frozenset()) -> int:
    """Make a layer hold exactly these features from today on, besides the codes kept as they are.

    Returns how many rows changed.
    """
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    with rt.database.writing() as tx:
        held = {row.code: row for row in places.features_in_force(tx, today) if row.layer == layer}
        wanted = {feature.code: feature for feature in features}
        same = {code for code, row in held.items() if code in wanted and _is_same(row, wanted[code])}
        ended = sorted(held.keys() - same - (kept - wanted.keys()))
        begun = [feature for code, feature in wanted.items() if code not in same]
        if not ended and not begun:
            return 0
        places.end_features(tx, layer, ended, today)
        places.add_features(tx, [_row(feature, today if feature.code in held else _ALWAYS) for feature in begun])
        body = {"features": len(wanted), "begun": len(begun), "ended": len(ended)}
        digest = request_digest([_row(feature, _ALWAYS) for feature in wanted.values()])
        add_version(tx, kind=GRID_KIND, name=layer, digest=digest, body=body, now=rt.clock.now())
    return len(ended) + len(begun)


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


def _is_same(row: places.GridFeatureRow, feature: Feature) -> bool:
    return (
        row.name == feature.name
        and row.parent == feature.parent
        and canonical_json(row.geometry) == canonical_json(dump_geometry(feature.geometry))
    )


def _row(feature: Feature, begins: date) -> dict[str, object]:
    west, south, east, north = _bounds(feature)
    return {
        "layer": feature.layer,
        "code": feature.code,
        "name": feature.name,
        "parent": feature.parent,
        "valid_from": feature.valid_from or begins,
        "valid_to": feature.valid_to,
        "area_m2": area_m2(feature.geometry),
        "geometry": dump_geometry(feature.geometry),
        "west_e7": west,
        "south_e7": south,
        "east_e7": east,
        "north_e7": north,
    }


def _bounds(feature: Feature) -> tuple[int, int, int, int]:
    vertices = [vertex for part in feature.geometry for vertex in part.outer]
    longitudes, latitudes = [x for x, _ in vertices], [y for _, y in vertices]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _meets(feature: Feature, box: tuple[int, int, int, int]) -> bool:
    west, south, east, north = _bounds(feature)
    return west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]
