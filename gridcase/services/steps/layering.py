"""Which rows does a new version of a layer begin, end and leave alone; written in one transaction.

A cell is never deleted or renumbered: what is no longer wanted ends on a day, and cases keep the codes they were given.
Only a version that is replaced on its own first day gives its row up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import shapely

from gridcase.domain.errors import invalid
from gridcase.domain.history import canonical_json
from gridcase.domain.place import E7
from gridcase.grid.features import Feature, Part, area_m2, equal_area_m2, to_shape
from gridcase.services.steps.reference import GRID_KIND, dump_geometry, to_feature
from gridcase.store import places
from gridcase.store.configuration import add_version
from gridcase.store.database import Tx

#: A layer imported for the first time, without a day, has been in use since before any case.
_ALWAYS = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChange:
    """How a new version takes the place of the one before.

    Parameters
    ----------
    kept
        Codes that keep what they have although they are absent.
    is_adding
        Whether all absent codes keep what they have.
    valid_from
        First day of the new version; None is today, and for a layer that has none yet, always.
    received_crs
        System in which the coordinates came.
    applied_by
        Who imports; 0 is the command line.
    """

    kept: frozenset[str] = frozenset()
    is_adding: bool = False
    valid_from: date | None = None
    received_crs: str | None = None
    applied_by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerClock:
    """The instant of writing and its day in the office's zone."""

    now: datetime
    today: date

    @classmethod
    def of(cls, now: datetime, zone: ZoneInfo) -> "LayerClock":
        """Find the day of an instant."""
        return cls(now=now, today=now.astimezone(zone).date())


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """What is to be written.

    Parameters
    ----------
    begun
        Features that begin, with their first day.
    ended
        Last day by row number of features that end.
    dropped
        Row numbers of versions replaced on their first day.
    unchanged
        How many features stay as they are.
    """

    begun: tuple[tuple[Feature, date], ...]
    ended: dict[int, date]
    dropped: tuple[int, ...]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether everything stays as it is."""
        return not (self.begun or self.ended or self.dropped)


@dataclass(slots=True)
class _Rows:
    """A plan in the making."""

    begun: list[tuple[Feature, date]] = field(default_factory=list)
    ended: dict[int, date] = field(default_factory=dict)
    dropped: list[int] = field(default_factory=list)
    unchanged: int = 0


def plan_layer(tx: Tx, layer: str, features: Sequence[Feature], change: LayerChange, today: date) -> LayerPlan:
    """Compare a layer with what it shall be.

    Raises
    ------
    InvalidInputError
        ``valid_from_before_version`` on ``valid_from``; ``layer_of_other_kind`` on ``layer`` when what stays and what
        begins would be areas and lines together.
    """
    versions = places.versions_of_layer(tx, layer)
    on = change.valid_from or today
    _check_day(versions, on)
    first_day = on if versions or change.valid_from is not None else _ALWAYS
    held = {row.code: row for row in versions if row.valid_from <= on and (row.valid_to is None or row.valid_to > on)}
    by_key = {(row.code, row.valid_from): row for row in versions}
    rows = _Rows()
    for feature in features:
        _plan_feature(feature, held.get(feature.code), by_key, first_day, rows)
    wanted = {feature.code for feature in features}
    staying = held.keys() - wanted if change.is_adding else (held.keys() - wanted) & change.kept
    for code in sorted(held.keys() - wanted - staying):
        rows.ended[held[code].id] = on
    if features and any(bool(held[code].lines) is not bool(features[0].lines) for code in staying):
        raise invalid("layer", "layer_of_other_kind", layer=layer)
    return LayerPlan(begun=tuple(rows.begun), ended=rows.ended, dropped=tuple(rows.dropped), unchanged=rows.unchanged)


def save_layer(tx: Tx, layer: str, features: Sequence[Feature], change: LayerChange, clock: LayerClock) -> LayerPlan:
    """Make a layer hold exactly these features from a day on, besides what the change keeps; return what changed.

    Writes a version of the layer, so that workers reload their index.

    Raises
    ------
    InvalidInputError
        See ``plan_layer``.
    """
    places.keep_layers_still(tx)
    plan = plan_layer(tx, layer, features, change, clock.today)
    if plan.is_empty:
        return plan
    places.drop_features(tx, plan.dropped)
    places.end_features(tx, plan.ended)
    places.add_features(tx, [_row(feature, day, change) for feature, day in plan.begun])
    body = {
        "features": len(features),
        "begun": len(plan.begun),
        "ended": len(plan.ended),
        "first_day": (change.valid_from or clock.today).isoformat(),
    }
    add_version(
        tx,
        kind=GRID_KIND,
        name=layer,
        digest=_digest(features),
        body=body,
        now=clock.now,
        applied_by=change.applied_by,
    )
    return plan


def _digest(features: Sequence[Feature]) -> str:
    named = sorted(features, key=lambda feature: feature.code)
    drawn = [(one.code, one.name, one.parent, dump_geometry(one.geometry), one.lines, one.tolerance_m) for one in named]
    return sha256(canonical_json(drawn).encode()).hexdigest()


def _check_day(versions: Sequence[places.GridFeatureRow], on: date) -> None:
    latest = max((row.valid_from for row in versions), default=on)
    if latest > on:
        raise invalid("valid_from", "valid_from_before_version", day=latest.isoformat())


def _plan_feature(
    feature: Feature,
    held: places.GridFeatureRow | None,
    by_key: dict[tuple[str, date], places.GridFeatureRow],
    first_day: date,
    rows: _Rows,
) -> None:
    if held is not None and _is_same(held, feature):
        rows.unchanged += 1
        return
    begins = feature.valid_from or first_day
    twin = by_key.get((feature.code, begins))
    if twin is not None and twin is not held and _is_same(twin, feature):
        rows.unchanged += 1
        return
    if twin is not None:
        rows.dropped.append(twin.id)
    if held is not None and held is not twin:
        rows.ended[held.id] = max(begins, held.valid_from)
    rows.begun.append((feature, begins))


def _is_same(row: places.GridFeatureRow, feature: Feature) -> bool:
    is_alike = (row.name, row.parent, row.valid_to, row.tolerance_m) == (
        feature.name,
        feature.parent,
        feature.valid_to,
        feature.tolerance_m,
    )
    if not is_alike:
        return False
    stored = to_feature(row)
    if (stored.geometry, stored.lines) == (feature.geometry, feature.lines):
        return True
    return bool(stored.geometry and feature.geometry) and _is_same_place(stored.geometry, feature.geometry)


def _is_same_place(one: tuple[Part, ...], other: tuple[Part, ...]) -> bool:
    """Whether the rings are the same but for where each begins, as after a way through a Shapefile."""
    return bool(shapely.equals_exact(to_shape(one).normalize(), to_shape(other).normalize(), 0))


def _row(feature: Feature, begins: date, change: LayerChange) -> dict[str, object]:
    west, south, east, north = feature_bounds(feature)
    return {
        "layer": feature.layer,
        "code": feature.code,
        "name": feature.name,
        "parent": feature.parent,
        "valid_from": begins,
        "valid_to": feature.valid_to,
        "area_m2": _area_m2(feature),
        "geometry": dump_geometry(feature.geometry),
        "west_e7": west,
        "south_e7": south,
        "east_e7": east,
        "north_e7": north,
        "lines": list(feature.lines) or None,
        "tolerance_m": feature.tolerance_m,
        "received": feature.received,
        "received_crs": change.received_crs if feature.received is not None else None,
    }


def _area_m2(feature: Feature) -> float:
    """Area as received, so that areas of parts add up to that of the whole; snapping moves each outline by itself."""
    if feature.received is not None and feature.geometry:
        return equal_area_m2(shapely.transform(shapely.from_wkb(feature.received), lambda degrees: degrees * E7))
    return area_m2(feature.geometry) if feature.geometry else 0.0


def feature_bounds(feature: Feature) -> tuple[int, int, int, int]:
    """West, south, east and north of a feature in units of 1e-7 degree."""
    return bounds_of([feature])


def bounds_of(features: Iterable[Feature]) -> tuple[int, int, int, int]:
    """West, south, east and north of some features, at least one, in units of 1e-7 degree."""
    rings = [ring for one in features for ring in (*one.lines, *(part.outer for part in one.geometry))]
    longitudes = [x for ring in rings for x, _ in ring]
    latitudes = [y for ring in rings for _, y in ring]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)
