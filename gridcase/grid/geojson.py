"""Which features does a GeoJSON document hold; and layers as GeoJSON.

Reads a parsed document or its text (RFC 7946, or a bare list of features); what is then accepted, mended and refused
is decided in ``gridcase.grid.reading``. Text is read feature by feature, so that a large file never stands in memory
as nested lists.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from gridcase.domain.errors import invalid
from gridcase.domain.place import E7
from gridcase.grid.datums import system_of
from gridcase.grid.features import Feature, Line
from gridcase.grid.metric import Floats
from gridcase.grid.reading import (
    CodeScheme,
    Finding,
    ImportReport,
    Kind,
    LayerSpec,
    RawFeature,
    RawGeometry,
    Reason,
    take_features,
)

__all__ = [
    "CodeScheme",
    "Finding",
    "ImportReport",
    "LayerSpec",
    "RawDocument",
    "Reason",
    "named_system",
    "read_features",
    "read_text",
    "stated_system",
    "write_features",
]

_WGS84_NAMES = frozenset({"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"})
_EPSG_NAME = re.compile(
    r"(?:(?:urn:ogc:def:crs:)?EPSG:(?:[0-9.]*:)?|https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/)(?P<number>[0-9]{1,7})",
    re.IGNORECASE,
)

#: White space of JSON, and what may stand between the members.
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDocument:
    """What a document holds, nothing judged yet: its features, and what its ``crs`` member says (None: nothing)."""

    features: Sequence[RawFeature | Reason]
    crs: object = None


def read_features(document: object, spec: LayerSpec) -> ImportReport:
    """Read the features of a layer from a parsed document; see ``take_features`` for what is accepted.

    Raises
    ------
    InvalidInputError
        On the document as a whole: ``not_a_feature_collection`` (field ``file``), ``crs_unknown`` or
        ``crs_must_be_named`` (field ``crs``).
    """
    is_collection = isinstance(document, Mapping) and document.get("type") == "FeatureCollection"
    features = document.get("features") if is_collection and isinstance(document, Mapping) else document
    if not isinstance(features, list | tuple):
        raise invalid("file", "not_a_feature_collection")
    system = system_of(spec.crs or named_system(document.get("crs") if isinstance(document, Mapping) else None))
    return take_features(map(_raw_feature, features), spec, system)


def read_text(text: str) -> RawDocument:
    """Read the text of a document, one feature after the other.

    Raises
    ------
    InvalidInputError
        ``json_malformed`` with line and column, or ``not_a_feature_collection``, on the field ``file``.
    """
    try:
        return _Text(text).document()
    except json.JSONDecodeError as err:
        raise invalid("file", "json_malformed", line=err.lineno, column=err.colno) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists without end
        raise invalid("file", "json_malformed", line=1, column=1) from None


def named_system(crs: object) -> str:
    """Find the system that a ``crs`` member names; WGS 84 where there is none (RFC 7946).

    Only WGS 84 and numbers of the EPSG register are understood.

    Raises
    ------
    InvalidInputError
        ``crs_must_be_named`` on the field ``crs``.
    """
    if crs is None:
        return "wgs84"
    name = stated_system(crs)
    if name in _WGS84_NAMES:
        return "wgs84"
    match = _EPSG_NAME.fullmatch(name)
    if match is None:
        raise invalid("crs", "crs_must_be_named", crs=name)
    return f"EPSG:{match['number']}"


def stated_system(crs: object) -> str:
    """Return what a ``crs`` member says in its own words; ``-`` where there is none."""
    if crs is None:
        return "-"
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    return (str(properties.get("name")) if isinstance(properties, Mapping) else str(crs))[:80]


def write_features(features: Iterable[Feature]) -> dict[str, Any]:
    """Make a FeatureCollection with at most seven decimals; reading it gives the same features.

    Properties: ``code``, ``name``, ``layer``, ``parent``, ``valid_from``, ``valid_to``, the last three null
    where there is none.
    """
    return {"type": "FeatureCollection", "features": [_write_feature(feature) for feature in features]}


@dataclass(slots=True)
class _Text:
    """The text of a document and how far it has been read."""

    text: str
    at: int = 0
    features: list[RawFeature | Reason] = field(default_factory=list)

    def document(self) -> RawDocument:
        self.at = _blank(self.text, 0)
        is_list = self.text.startswith("[", self.at)
        members = {"type": "FeatureCollection", "features": ...} if is_list else {}
        if is_list:
            self._features()
        elif self.text.startswith("{", self.at):
            members = self._members()
        else:
            self._value()
        if self.at != len(self.text):
            raise json.JSONDecodeError("Extra data", self.text, self.at)
        if members.get("type") != "FeatureCollection" or members.get("features") is not ...:
            raise invalid("file", "not_a_feature_collection")
        return RawDocument(features=self.features, crs=members.get("crs"))

    def _members(self) -> dict[str, Any]:
        """Members of the document; the features stand apart, ``...`` in their place."""
        members: dict[str, Any] = {}
        self._skip(1)
        while not self._ends("}"):
            name = self._value()
            if not isinstance(name, str) or not self._is_at(":"):
                raise json.JSONDecodeError("Expecting a name and ':'", self.text, self.at)
            self._skip(1)
            if name == "features" and self._is_at("["):
                self.features.clear()
                self._features()
                members[name] = ...
            else:
                members[name] = self._value()
            self._comma("}")
        return members

    def _features(self) -> None:
        self._skip(1)
        while not self._ends("]"):
            self.features.append(_raw_feature(self._value()))
            self._comma("]")

    def _value(self) -> Any:
        value, end = _DECODER.raw_decode(self.text, self.at)
        self.at = _blank(self.text, end)
        return value

    def _comma(self, closing: str) -> None:
        """Go past a comma, after which something must follow; before the closing sign there is none."""
        if self._is_at(","):
            self._skip(1)
            if self._is_at(closing):
                raise json.JSONDecodeError("Expecting value", self.text, self.at)
        elif not self._is_at(closing):
            raise json.JSONDecodeError("Expecting ','", self.text, self.at)

    def _ends(self, closing: str) -> bool:
        if not self._is_at(closing):
            return False
        self._skip(1)
        return True

    def _is_at(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def _skip(self, letters: int) -> None:
        self.at = _blank(self.text, self.at + letters)


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return at if match is None else match.end()


def _raw_feature(raw: object) -> RawFeature | Reason:
    if not isinstance(raw, Mapping) or raw.get("type") != "Feature":
        return Reason.NOT_A_FEATURE
    properties = raw.get("properties")
    fields = {
        name: value if isinstance(value, str | int | float) else None
        for name, value in (properties.items() if isinstance(properties, Mapping) else ())
    }
    # RFC 7946 also lets the identifier stand beside the properties.
    own = raw.get("id")
    if isinstance(own, str | int | float):
        fields.setdefault("id", own)
    return RawFeature(fields=fields, geometry=_raw_geometry(raw.get("geometry")))


#: How deep the coordinates of a geometry lie: lists of positions in lists.
_DEPTHS = {"LineString": 0, "MultiLineString": 1, "Polygon": 1, "MultiPolygon": 2}


class _MalformedError(Exception):
    """Coordinates that are no lists of numbers."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def _raw_geometry(raw: object) -> RawGeometry | Reason:
    if raw is None:
        return Reason.GEOMETRY_EMPTY
    kind = raw.get("type") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(kind, str) or kind not in _DEPTHS:
        return Reason.GEOMETRY_TYPE
    try:
        coordinates = _list(raw.get("coordinates") or [])
        if kind == "LineString":
            coordinates = [coordinates]
        nested = coordinates if kind == "MultiPolygon" else [coordinates]
        lists = [[_list(ring) for ring in _list(part)] for part in nested]
        parts = [[_positions(ring) for ring in part] for part in lists]
    except _MalformedError as err:
        return err.reason
    has_heights = any(len(position) > 2 for part in lists for ring in part for position in ring)  # noqa: PLR2004
    return RawGeometry(kind=Kind.LINE if "Line" in kind else Kind.AREA, parts=parts, has_heights=has_heights)


def _list(raw: object) -> Sequence[Any]:
    if not isinstance(raw, list | tuple):
        raise _MalformedError(Reason.COORDINATES_MALFORMED)
    return raw


def _positions(ring: Sequence[Any]) -> Floats:
    """Make an array of the first two numbers of each position."""
    if not ring:
        return np.empty((0, 2))
    if not {list, tuple} >= set(map(type, ring)) or min(map(len, ring)) < 2:  # noqa: PLR2004
        raise _MalformedError(Reason.COORDINATES_MALFORMED)
    if not {int, float} >= set(map(type, chain.from_iterable(position[:2] for position in ring))):
        raise _MalformedError(Reason.COORDINATES_MALFORMED)
    try:
        return np.array([position[:2] for position in ring], dtype=np.float64)
    except OverflowError:
        raise _MalformedError(Reason.OUT_OF_RANGE) from None


def _write_feature(feature: Feature) -> dict[str, Any]:
    properties = {
        "code": feature.code,
        "name": feature.name,
        "layer": feature.layer,
        "parent": feature.parent,
        "valid_from": feature.valid_from.isoformat() if feature.valid_from else None,
        "valid_to": feature.valid_to.isoformat() if feature.valid_to else None,
    }
    return {"type": "Feature", "properties": properties, "geometry": _write_geometry(feature)}


def _write_geometry(feature: Feature) -> dict[str, Any]:
    name = "LineString" if feature.lines else "Polygon"
    pieces: list[Any] = (
        [_degrees(line) for line in feature.lines]
        if feature.lines
        else [[_degrees(ring) for ring in (part.outer, *part.holes)] for part in feature.geometry]
    )
    if len(pieces) == 1:
        return {"type": name, "coordinates": pieces[0]}
    return {"type": f"Multi{name}", "coordinates": pieces}


def _degrees(line: Line) -> list[list[float]]:
    return [[lon / E7, lat / E7] for lon, lat in line]
