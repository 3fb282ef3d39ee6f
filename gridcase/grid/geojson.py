"""Which features does a GeoJSON document hold, and what was wrong with the others.

Reads a parsed document (RFC 7946, or a bare list of features) into whole units of 1e-7 degree and writes it
back. Nothing is guessed: what cannot be read for sure is refused with a reason, what was mended is said.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import combinations
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.domain.place import E7, GeoPoint
from gridcase.grid.codes import parse_cell_code
from gridcase.grid.datums import Reader, reader_of
from gridcase.grid.features import Feature, Part, Ring, Vertex, from_shape, to_shape

#: A mended shape may differ by this share from the area its rings enclose by themselves; beyond that the
#: shape meant is unknown (a bow-tie), and the feature is refused.
_MENDED_SHARE = 0.01

#: A closed ring of a triangle.
_LEAST_VERTICES = 4

_WGS84_NAMES = frozenset({"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "EPSG:4326", "OGC:CRS84"})


class CodeScheme(StrEnum):
    """What a code of a layer must look like: that of a unit cell, or anything."""

    UNIT = "unit"
    FREE = "free"


class Reason(StrEnum):
    """Why a feature was refused or how it was mended; keys of sentences in ``gridcase.edge.texts``."""

    NOT_A_FEATURE = "not_a_feature"
    CODE_MISSING = "code_missing"
    CODE_MALFORMED = "cell_code_malformed"
    CODE_REPEATED = "code_repeated"
    DATE_MALFORMED = "date_malformed"
    GEOMETRY_TYPE = "geometry_type_unknown"
    GEOMETRY_EMPTY = "geometry_empty"
    COORDINATES_MALFORMED = "coordinates_malformed"
    OUT_OF_RANGE = "coordinates_out_of_range"
    RING_TOO_SHORT = "ring_too_short"
    RING_CROSSES = "ring_crosses_itself"
    RING_CLOSED = "ring_closed"
    SHAPE_MENDED = "shape_mended"
    PARTS_MERGED = "parts_merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """How to read the features of one layer.

    Parameters
    ----------
    layer
        Name of the layer, ``unit`` for the unit grid.
    code_field, name_field, parent_field, valid_from_field, valid_to_field
        Properties to read; dates are ISO days. A field that is None is not read.
    scheme
        ``unit`` refuses codes that are no cell codes and pads those of 14 characters.
    crs
        Datum or ``EPSG:n`` of the coordinates. None means WGS 84, which RFC 7946 prescribes, and refuses a
        document that itself names another system.
    """

    layer: str
    code_field: str
    scheme: CodeScheme = CodeScheme.FREE
    name_field: str | None = None
    parent_field: str | None = None
    valid_from_field: str | None = None
    valid_to_field: str | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing said about one input feature.

    Parameters
    ----------
    code
        Code of the feature; ``#3`` for the third of the document when it has none.
    reason
        What was wrong.
    is_refused
        Whether the feature was left out; otherwise it was mended.
    """

    code: str
    reason: Reason
    is_refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of a document.

    Parameters
    ----------
    features
        What can be used, in the order of first appearance.
    accepted, repaired, refused
        Counts of input features: accepted + refused is the length of the document, and the repaired ones are
        among the accepted. All features that were merged into one count as repaired.
    flattened
        Count of accepted input features whose heights were dropped; that is no repair.
    exceptions
        What was said of the repaired and refused ones, in the order of the document; a feature may have
        several.
    """

    features: tuple[Feature, ...]
    accepted: int
    repaired: int
    refused: int
    flattened: int
    exceptions: tuple[Finding, ...]


def read_features(document: object, spec: LayerSpec) -> ImportReport:
    """Read the features of a layer.

    Accepted are polygons and multipolygons. Mended, and said so: a ring that is not closed; a ring that
    touches or crosses itself so slightly that the area stays the same within 1 %; the same code on several
    features whose interiors do not meet (they become one). Heights are dropped. Refused: everything else.

    Raises
    ------
    InvalidInputError
        On the document as a whole: ``not_a_feature_collection`` (field ``file``), ``crs_unknown`` or
        ``crs_must_be_named`` (field ``crs``).
    """
    reader = _reader(document, spec)
    raw_features = enumerate(_raw_features(document), start=1)
    merged = _merge([_read_entry(raw, f"#{number}", spec, reader) for number, raw in raw_features])
    findings = tuple(
        Finding(code=entry.code, reason=reason, is_refused=entry.feature is None)
        for entry in merged
        for reason in entry.reasons
    )
    accepted = [entry for entry in merged if entry.feature is not None]
    features = {entry.code: entry.feature for entry in accepted if entry.feature is not None}
    return ImportReport(
        features=tuple(features.values()),
        accepted=len(accepted),
        repaired=sum(bool(entry.reasons) for entry in accepted),
        refused=len(merged) - len(accepted),
        flattened=sum(entry.is_flattened for entry in accepted),
        exceptions=findings,
    )


def write_features(features: Iterable[Feature]) -> dict[str, Any]:
    """Make a FeatureCollection with at most seven decimals; reading it gives the same features.

    Properties: ``code``, ``name``, ``layer``, ``parent``, ``valid_from``, ``valid_to``, the last three null
    where there is none.
    """
    return {"type": "FeatureCollection", "features": [_write_feature(feature) for feature in features]}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One input feature: what was read of it, None when refused, and what is to be said."""

    code: str
    feature: Feature | None
    reasons: tuple[Reason, ...] = ()
    is_flattened: bool = False


class _RefusedError(Exception):
    """Leave this feature out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def _raw_features(document: object) -> Sequence[object]:
    raw = document.get("features") if isinstance(document, Mapping) and _is_collection(document) else document
    if not isinstance(raw, list | tuple):
        raise invalid("file", "not_a_feature_collection")
    return raw


def _is_collection(document: Mapping[str, object]) -> bool:
    return document.get("type") == "FeatureCollection"


def _reader(document: object, spec: LayerSpec) -> Reader:
    if spec.crs is not None:
        return reader_of(spec.crs)
    named = document.get("crs") if isinstance(document, Mapping) else None
    if named is not None:
        properties = named.get("properties") if isinstance(named, Mapping) else None
        name = str(properties.get("name")) if isinstance(properties, Mapping) else str(named)
        if name not in _WGS84_NAMES:
            raise invalid("crs", "crs_must_be_named", crs=name)
    return reader_of("wgs84")


def _read_entry(raw: object, number: str, spec: LayerSpec, reader: Reader) -> _Entry:
    if not isinstance(raw, Mapping) or raw.get("type") != "Feature":
        return _Entry(code=number, feature=None, reasons=(Reason.NOT_A_FEATURE,))
    properties = raw.get("properties")
    fields = properties if isinstance(properties, Mapping) else {}
    code = _text(fields, spec.code_field)
    if not code:
        return _Entry(code=number, feature=None, reasons=(Reason.CODE_MISSING,))
    rings = _Rings(reader)
    try:
        code = _checked_code(code, spec.scheme)
        geometry = rings.read(raw.get("geometry"))
        feature = _feature(code, geometry, fields, spec)
        return _Entry(code=code, feature=feature, reasons=rings.reasons, is_flattened=rings.is_flattened)
    except _RefusedError as refusal:
        return _Entry(code=code, feature=None, reasons=(refusal.reason,))


def _feature(code: str, geometry: tuple[Part, ...], fields: Mapping[str, object], spec: LayerSpec) -> Feature:
    return Feature(
        code=code,
        name=_text(fields, spec.name_field),
        layer=spec.layer,
        geometry=geometry,
        valid_from=_day(fields, spec.valid_from_field),
        valid_to=_day(fields, spec.valid_to_field),
        parent=_text(fields, spec.parent_field) or None,
    )


def _text(fields: Mapping[str, object], name: str | None) -> str:
    """Text of a property; a whole number is written out, anything else counts as missing."""
    value = fields.get(name) if name is not None else None
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _day(fields: Mapping[str, object], name: str | None) -> date | None:
    text = _text(fields, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _RefusedError(Reason.DATE_MALFORMED) from None


def _checked_code(code: str, scheme: CodeScheme) -> str:
    if scheme is CodeScheme.FREE:
        return code
    try:
        return parse_cell_code(code).code
    except InvalidInputError:
        raise _RefusedError(Reason.CODE_MALFORMED) from None


class _Rings:
    """Reads one geometry and remembers what it had to mend."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._reasons: set[Reason] = set()
        self.is_flattened = False

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(sorted(self._reasons))

    def read(self, raw: object) -> tuple[Part, ...]:
        if raw is None:
            raise _RefusedError(Reason.GEOMETRY_EMPTY)
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        if not isinstance(raw, Mapping) or kind not in ("Polygon", "MultiPolygon"):
            raise _RefusedError(Reason.GEOMETRY_TYPE)
        coordinates = _list(raw.get("coordinates") or [])
        polygons = coordinates if kind == "MultiPolygon" else [coordinates]
        parts = [self._part(_list(polygon)) for polygon in polygons if polygon]
        if not parts:
            raise _RefusedError(Reason.GEOMETRY_EMPTY)
        return self._valid(parts)

    def _part(self, rings: Sequence[object]) -> Part:
        outer, *holes = [self._ring(_list(ring)) for ring in rings]
        return Part(outer=outer, holes=tuple(holes))

    def _ring(self, raw: Sequence[object]) -> Ring:
        if not raw:
            raise _RefusedError(Reason.GEOMETRY_EMPTY)
        vertices = [self._vertex(position) for position in raw]
        if vertices[0] != vertices[-1]:
            self._reasons.add(Reason.RING_CLOSED)
            vertices.append(vertices[0])
        # Neighbouring positions may become one when snapped.
        ring = tuple(vertex for i, vertex in enumerate(vertices) if i == 0 or vertex != vertices[i - 1])
        if len(ring) < _LEAST_VERTICES:
            raise _RefusedError(Reason.RING_TOO_SHORT)
        return ring

    def _vertex(self, raw: object) -> Vertex:
        match raw:
            case [int() | float() as x, int() | float() as y, *heights] if not isinstance(x, bool):
                self.is_flattened = self.is_flattened or bool(heights)
            case _:
                raise _RefusedError(Reason.COORDINATES_MALFORMED)
        try:
            lon, lat = self._reader(float(x), float(y))
            point = GeoPoint.from_degrees(lon=lon, lat=lat)
        except (ValueError, OverflowError):
            raise _RefusedError(Reason.OUT_OF_RANGE) from None
        return point.lon_e7, point.lat_e7

    def _valid(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        shape = to_shape(parts)
        if shape.is_valid:
            return from_shape(shape)
        # Mending computes new corners; the precision model puts them on whole units and keeps it valid.
        mended = shapely.set_precision(shapely.make_valid(shape, method="structure"), 1)
        if not mended.is_valid or mended.area == 0 or _share_changed(shape, mended) > _MENDED_SHARE:
            raise _RefusedError(Reason.RING_CROSSES)
        self._reasons.add(Reason.SHAPE_MENDED)
        return from_shape(mended)


def _list(raw: object) -> Sequence[object]:
    if not isinstance(raw, list | tuple):
        raise _RefusedError(Reason.COORDINATES_MALFORMED)
    return raw


def _share_changed(shape: BaseGeometry, mended: BaseGeometry) -> float:
    return float(abs(shape.area - mended.area) / mended.area)


def _merge(entries: Sequence[_Entry]) -> list[_Entry]:
    """Join the readable features of one code, or refuse them all when their interiors meet."""
    by_code: defaultdict[str, list[int]] = defaultdict(list)
    for row, entry in enumerate(entries):
        if entry.feature is not None:
            by_code[entry.code].append(row)
    merged = list(entries)
    for rows in by_code.values():
        if len(rows) > 1:
            joined = _joined([feature for row in rows if (feature := entries[row].feature) is not None])
            reason = Reason.CODE_REPEATED if joined is None else Reason.PARTS_MERGED
            for row in rows:
                reasons = (reason,) if joined is None else (*entries[row].reasons, reason)
                merged[row] = replace(entries[row], feature=joined, reasons=reasons)
    return merged


def _joined(features: Sequence[Feature]) -> Feature | None:
    """One feature with all parts, otherwise as the first; None when interiors meet or the features differ."""
    first, *others = features
    if any(replace(other, geometry=first.geometry) != first for other in others):
        return None
    shapes = [to_shape(feature.geometry) for feature in features]
    if any(one.relate_pattern(other, "T********") for one, other in combinations(shapes, 2)):
        return None
    together = shapely.union_all(shapes, grid_size=1)
    return replace(first, geometry=from_shape(together))


def _write_feature(feature: Feature) -> dict[str, Any]:
    polygons = [[_degrees(ring) for ring in (part.outer, *part.holes)] for part in feature.geometry]
    geometry = (
        {"type": "Polygon", "coordinates": polygons[0]}
        if len(polygons) == 1
        else {"type": "MultiPolygon", "coordinates": polygons}
    )
    properties = {
        "code": feature.code,
        "name": feature.name,
        "layer": feature.layer,
        "parent": feature.parent,
        "valid_from": feature.valid_from.isoformat() if feature.valid_from else None,
        "valid_to": feature.valid_to.isoformat() if feature.valid_to else None,
    }
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _degrees(ring: Ring) -> list[list[float]]:
    return [[lon / E7, lat / E7] for lon, lat in ring]
