"""Which features does a layer hold, and what was wrong with the others: the rules for every file format.

Takes features as a format reads them, still in received coordinates, into whole units of 1e-7 degree. Nothing is
guessed: what cannot be read for sure is refused with a reason, what was mended is said (domain §2).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridcase.domain.errors import InvalidInputError
from gridcase.domain.place import E7
from gridcase.grid.codes import parse_cell_code
from gridcase.grid.datums import System
from gridcase.grid.features import UNIT_LAYER, Feature, Part, Ring, from_shape, to_shape
from gridcase.grid.metric import Floats

#: A mended shape may differ by this share from the area its rings enclose by themselves; beyond that the
#: shape meant is unknown (a bow-tie), and the feature is refused.
_MENDED_SHARE = 0.01

#: A closed ring of a triangle.
_LEAST_VERTICES = 4

#: Columns of the store.
MOST_CODE, MOST_NAME = 40, 120

#: Whole numbers up to here are exact in doubles; a code beyond may have lost digits already.
_EXACT = 2**53

#: No datum has degrees beyond this, so such numbers are metres (or nonsense) whatever the file calls them.
_MOST_DEGREES = 360.0


class CodeScheme(StrEnum):
    """What a code of a layer must look like: that of a unit cell, or anything."""

    UNIT = "unit"
    FREE = "free"


class Reason(StrEnum):
    """Why a feature was refused or how it was mended; keys of sentences in ``gridcase.edge.texts``."""

    NOT_A_FEATURE = "not_a_feature"
    CODE_MISSING = "code_missing"
    CODE_MALFORMED = "cell_code_malformed"
    CODE_NOT_PRINTABLE = "code_not_printable"
    CODE_REPEATED = "code_repeated"
    DATE_MALFORMED = "date_malformed"
    DATES_REVERSED = "dates_reversed"
    GEOMETRY_TYPE = "geometry_type_unknown"
    GEOMETRY_MIXED = "geometry_mixed"
    GEOMETRY_EMPTY = "geometry_empty"
    COORDINATES_MALFORMED = "coordinates_malformed"
    OUT_OF_RANGE = "coordinates_out_of_range"
    METRES = "metres_called_degrees"
    OUTSIDE_AREA = "outside_area_of_use"
    RING_TOO_SHORT = "ring_too_short"
    LINE_TOO_SHORT = "line_too_short"
    RING_CROSSES = "ring_crosses_itself"
    RING_CLOSED = "ring_closed"
    SHAPE_MENDED = "shape_mended"
    PIECE_DROPPED = "piece_dropped"
    PARTS_MERGED = "parts_merged"
    NAME_SHORTENED = "name_shortened"


class Kind(StrEnum):
    """What a layer consists of."""

    AREA = "area"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawGeometry:
    """One geometry as received.

    Parameters
    ----------
    parts
        Of an area the polygons, each its outer ring and holes; of a line its pieces, each alone. An array has one
        row for a position, first axis east.
    has_heights
        Whether a third number was there; it is left out.
    """

    kind: Kind
    parts: Sequence[Sequence[Floats]]
    has_heights: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeature:
    """One feature as received: its properties, and its geometry or why that cannot be read."""

    fields: Mapping[str, object]
    geometry: RawGeometry | Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """How to read the features of one layer.

    Parameters
    ----------
    layer
        Name of the layer, ``unit`` for the unit grid.
    code_field, name_field, parent_field, valid_from_field, valid_to_field
        Properties to read; dates are ISO days. A field that is None is not read. A code spread over several
        properties is named with commas (``column,row``) and joined with hyphens.
    scheme
        ``unit`` refuses codes that are no cell codes and pads those of 14 characters.
    crs
        Datum or ``EPSG:n`` of the coordinates. None means what the file says, which for GeoJSON that says
        nothing is WGS 84 (RFC 7946).
    tolerance_m
        How far from a feature a point still counts as at it; None is not at all.
    """

    layer: str
    code_field: str
    scheme: CodeScheme = CodeScheme.FREE
    name_field: str | None = None
    parent_field: str | None = None
    valid_from_field: str | None = None
    valid_to_field: str | None = None
    crs: str | None = None
    tolerance_m: float | None = None


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
    padded
        Count of accepted input features whose 14-character code got its zero; that is no repair either.
    exceptions
        What was said of the repaired and refused ones, in the order of the document; a feature may have
        several.
    is_nameless
        Whether a feature was refused without anyone knowing its code.
    """

    features: tuple[Feature, ...]
    accepted: int
    repaired: int
    refused: int
    flattened: int
    padded: int = 0
    exceptions: tuple[Finding, ...]
    is_nameless: bool = False


def take_features(raw: Iterable[RawFeature | Reason], spec: LayerSpec, system: System) -> ImportReport:
    """Take the features of a layer as received in a reference system.

    Accepted are polygons and multipolygons, or lines and multilines (not in the unit grid); a layer is of the kind
    of its first readable feature, and the others are refused. Mended, and said so: a ring that is not closed; a
    ring that touches or crosses itself so slightly that the area stays the same within 1 %; a part or hole of less
    than a centimetre beside others; a name that is too long; the same code on several features whose interiors do
    not meet (they become one). A shape that was valid and is not when snapped is re-noded on whole units, which
    moves its outline by at most a unit and is no repair. Heights are dropped. Refused: everything else.
    """
    entries = _of_one_kind([_take(one, f"#{number}", spec, system) for number, one in enumerate(raw, start=1)])
    merged = _merge(entries)
    accepted = [entry for entry in merged if entry.feature is not None]
    features = {entry.code: entry.feature for entry in accepted if entry.feature is not None}
    return ImportReport(
        features=tuple(features.values()),
        accepted=len(accepted),
        repaired=sum(bool(entry.reasons) for entry in accepted),
        refused=len(merged) - len(accepted),
        flattened=sum(entry.is_flattened for entry in accepted),
        padded=sum(entry.is_padded for entry in accepted),
        exceptions=tuple(
            Finding(code=entry.code, reason=reason, is_refused=entry.feature is None)
            for entry in merged
            for reason in entry.reasons
        ),
        is_nameless=any(entry.feature is None and entry.is_nameless for entry in merged),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One input feature: what was read of it, None when refused, and what is to be said."""

    code: str
    feature: Feature | None
    reasons: tuple[Reason, ...] = ()
    is_flattened: bool = False
    is_padded: bool = False
    is_nameless: bool = False


class _RefusedError(Exception):
    """Leave this feature out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def _take(raw: RawFeature | Reason, number: str, spec: LayerSpec, system: System) -> _Entry:
    if isinstance(raw, Reason):
        return _Entry(code=number, feature=None, reasons=(raw,), is_nameless=True)
    received = _code(raw.fields, spec.code_field)
    if not received:
        return _Entry(code=number, feature=None, reasons=(Reason.CODE_MISSING,), is_nameless=True)
    shapes = _Shapes(system)
    try:
        code = _checked_code(received, spec.scheme)
    except _RefusedError as refusal:
        shown = received if received.isprintable() and len(received) <= MOST_CODE else number
        return _Entry(code=shown, feature=None, reasons=(refusal.reason,))
    try:
        name, name_reasons = _name(_text(raw.fields, spec.name_field))
        feature = replace(_attributes(code, raw.fields, spec), name=name, **shapes.read(raw.geometry, spec))
    except _RefusedError as refusal:
        return _Entry(code=code, feature=None, reasons=(refusal.reason,))
    return _Entry(
        code=code,
        feature=feature,
        reasons=(*shapes.reasons, *name_reasons),
        is_flattened=shapes.is_flattened,
        is_padded=code != received,
    )


def _attributes(code: str, fields: Mapping[str, object], spec: LayerSpec) -> Feature:
    begins, ends = _day(fields, spec.valid_from_field), _day(fields, spec.valid_to_field)
    if begins is not None and ends is not None and ends <= begins:
        raise _RefusedError(Reason.DATES_REVERSED)
    parent = _text(fields, spec.parent_field)
    if parent:
        _check_printable(parent)
    return Feature(
        code=code,
        name="",
        layer=spec.layer,
        geometry=(),
        valid_from=begins,
        valid_to=ends,
        parent=parent or None,
        tolerance_m=spec.tolerance_m,
    )


def _code(fields: Mapping[str, object], name: str) -> str:
    if name in fields or "," not in name:
        return _text(fields, name)
    pieces = [_text(fields, piece.strip()) for piece in name.split(",")]
    return "-".join(pieces) if all(pieces) else ""


def _text(fields: Mapping[str, object], name: str | None) -> str:
    """Text of a property; a whole number is written out, anything else counts as missing."""
    value = fields.get(name) if name is not None else None
    match value:
        case str():
            return value.strip()
        case bool():
            return ""
        case int():
            return str(value) if abs(value) < 10**MOST_CODE else ""
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        case _:
            return ""


def _name(text: str) -> tuple[str, tuple[Reason, ...]]:
    """Name in one line, as long as the store holds, and what to say of it."""
    line = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    if len(line) <= MOST_NAME and line == text:
        return line, ()
    return line[:MOST_NAME], (Reason.NAME_SHORTENED,)


def _day(fields: Mapping[str, object], name: str | None) -> date | None:
    text = _text(fields, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _RefusedError(Reason.DATE_MALFORMED) from None


def _checked_code(code: str, scheme: CodeScheme) -> str:
    if scheme is CodeScheme.FREE:
        _check_printable(code)
        return code
    try:
        return parse_cell_code(code).code
    except InvalidInputError:
        raise _RefusedError(Reason.CODE_MALFORMED) from None


def _check_printable(code: str) -> None:
    if len(code) > MOST_CODE or not code.isprintable():
        raise _RefusedError(Reason.CODE_NOT_PRINTABLE)


class _Shapes:
    """Reads one geometry and remembers what it had to mend."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._reasons: set[Reason] = set()
        self.is_flattened = False

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(sorted(self._reasons))

    def read(self, raw: RawGeometry | Reason, spec: LayerSpec) -> dict[str, Any]:
        """Give ``geometry`` or ``lines`` of the feature, and what was received of it."""
        if isinstance(raw, Reason):
            raise _RefusedError(raw)
        self.is_flattened = raw.has_heights
        if raw.kind is Kind.AREA:
            return self._area(raw.parts)
        if spec.layer == UNIT_LAYER or spec.scheme is CodeScheme.UNIT:
            raise _RefusedError(Reason.GEOMETRY_TYPE)
        return self._lines([piece for part in raw.parts for piece in part])

    def _area(self, polygons: Sequence[Sequence[Floats]]) -> dict[str, Any]:
        received = [[self._degrees(ring) for ring in polygon] for polygon in polygons if polygon]
        if not received:
            raise _RefusedError(Reason.GEOMETRY_EMPTY)
        parts = [part for rings in received if (part := self._part(rings)) is not None]
        if not parts:
            raise _RefusedError(Reason.RING_TOO_SHORT)
        exact = _exact_shape(received)
        geometry = self._valid(parts, exact)
        is_whole = exact is not None and Reason.SHAPE_MENDED not in self._reasons
        return {"geometry": geometry, "received": shapely.to_wkb(exact) if is_whole else None}

    def _part(self, rings: Sequence[Floats]) -> Part | None:
        outer, *holes = [self._ring(ring) for ring in rings]
        if outer is None or None in holes:
            self._reasons.add(Reason.PIECE_DROPPED)
        return None if outer is None else Part(outer=outer, holes=tuple(hole for hole in holes if hole is not None))

    def _ring(self, degrees: Floats) -> Ring | None:
        """Ring on whole units; None when nothing with an area is left of it."""
        if not len(degrees):
            raise _RefusedError(Reason.GEOMETRY_EMPTY)
        vertices = _snapped(degrees)
        if vertices[0] != vertices[-1]:
            self._reasons.add(Reason.RING_CLOSED)
            vertices.append(vertices[0])
        return tuple(vertices) if len(vertices) >= _LEAST_VERTICES else None

    def _lines(self, pieces: Sequence[Floats]) -> dict[str, Any]:
        if not pieces:
            raise _RefusedError(Reason.GEOMETRY_EMPTY)
        received = [self._degrees(piece) for piece in pieces if len(piece)]
        lines = [tuple(_snapped(piece)) for piece in received]
        kept = tuple(line for line in lines if len(line) > 1)
        if not kept:
            raise _RefusedError(Reason.LINE_TOO_SHORT if lines else Reason.GEOMETRY_EMPTY)
        if len(kept) < len(pieces):
            self._reasons.add(Reason.PIECE_DROPPED)
        exact = shapely.MultiLineString([piece for piece in received if len(piece) > 1])
        return {"lines": kept, "received": shapely.to_wkb(exact)}

    def _degrees(self, positions: Floats) -> Floats:
        """Received positions in degrees of WGS 84."""
        if not len(positions):
            return positions
        if not np.isfinite(positions).all():
            raise _RefusedError(Reason.OUT_OF_RANGE)
        if self._system.is_degrees and np.abs(positions).max() > _MOST_DEGREES:
            raise _RefusedError(Reason.METRES)
        if self._system.is_degrees and (np.abs(positions) > (180.0, 90.0)).any():
            raise _RefusedError(Reason.OUT_OF_RANGE)
        degrees = self._system.to_wgs84(positions)
        if not np.isfinite(degrees).all():
            raise _RefusedError(Reason.OUTSIDE_AREA)
        if (np.abs(degrees) > (180.0, 90.0)).any():
            raise _RefusedError(Reason.OUT_OF_RANGE)
        return degrees

    def _valid(self, parts: Sequence[Part], exact: shapely.MultiPolygon | None) -> tuple[Part, ...]:
        shape = to_shape(parts)
        if shape.is_valid:
            return from_shape(shape)
        if exact is not None and exact.is_valid:
            # It was right as received and only snapping spoilt it: a spike or a neck thinner than a unit.
            snapped = shapely.set_precision(shapely.transform(exact, lambda degrees: degrees * E7), 1)
            if snapped.is_valid and snapped.area > 0:
                return from_shape(snapped)
        # Mending computes new corners; the precision model puts them on whole units and keeps it valid.
        mended = shapely.set_precision(shapely.make_valid(shape, method="structure"), 1)
        if not mended.is_valid or mended.area == 0 or _share_changed(shape, mended) > _MENDED_SHARE:
            raise _RefusedError(Reason.RING_CROSSES)
        self._reasons.add(Reason.SHAPE_MENDED)
        return from_shape(mended)


def _snapped(degrees: Floats) -> list[tuple[int, int]]:
    """Vertices on whole units; neighbouring positions may become one."""
    whole = np.rint(degrees * E7).astype(np.int64)
    is_new = np.ones(len(whole), dtype=bool)
    is_new[1:] = (whole[1:] != whole[:-1]).any(axis=1)
    return [(x, y) for x, y in whole[is_new].tolist()]


def _exact_shape(received: Sequence[Sequence[Floats]]) -> shapely.MultiPolygon | None:
    """Shape as received, in degrees before snapping; None where a ring has too few positions."""
    try:
        return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in received])
    except ValueError:
        return None


def _share_changed(shape: BaseGeometry, mended: BaseGeometry) -> float:
    return float(abs(shape.area - mended.area) / mended.area)


def _of_one_kind(entries: Sequence[_Entry]) -> list[_Entry]:
    """Refuse what is not of the kind of the first readable feature."""
    kinds = [bool(entry.feature.lines) for entry in entries if entry.feature is not None]
    return [
        entry
        if entry.feature is None or bool(entry.feature.lines) is kinds[0]
        else _Entry(code=entry.code, feature=None, reasons=(Reason.GEOMETRY_MIXED,))
        for entry in entries
    ]


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
    if any(replace(other, geometry=first.geometry, lines=first.lines) != first for other in others):
        return None
    received = _joined_wkb([feature.received for feature in features])
    if first.lines:
        lines = tuple(dict.fromkeys(line for feature in features for line in feature.lines))
        return replace(first, lines=lines, received=received)
    shapes = [to_shape(feature.geometry) for feature in features]
    tree = shapely.STRtree(shapes)
    pairs = [(one, other) for one, other in tree.query(shapes, predicate="intersects").T.tolist() if one < other]
    if any(shapes[one].relate_pattern(shapes[other], "T********") for one, other in pairs):
        return None
    together = shapely.union_all(shapes, grid_size=1)
    return replace(first, geometry=from_shape(together), received=received)


def _joined_wkb(pieces: Sequence[bytes | None]) -> bytes | None:
    known = [piece for piece in pieces if piece is not None]
    if len(known) < len(pieces):
        return None
    shapes = shapely.get_parts(shapely.from_wkb(known))
    kind = shapely.MultiLineString if isinstance(shapes[0], shapely.LineString) else shapely.MultiPolygon
    return shapely.to_wkb(kind(shapes.tolist()))
