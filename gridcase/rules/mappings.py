"""Mapping documents: how the columns and values of another system's file become ours.

One document per source, dated and with its origin in ``note``. Says nothing about a row that is wrong: that is
``gridcase.services.steps.mapped_rows``. The form is described in ``docs/importing.md``.
"""

import codecs
import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridcase.domain.case import CaseKind, CaseState, Scheme, Source, TypeKey
from gridcase.domain.history import Given, GivenOutcome
from gridcase.rules.catalogue import VERSION
from gridcase.rules.documents import Document
from gridcase.rules.fields import Node, Reading

#: What a mapping may say of an instant; ``observed_at`` is kept beside what the source gives.
INSTANTS = tuple(one.name for one in fields(Given) if one.name.endswith("_at"))
AREAS = ("district", "street", "community")
TEXTS = ("address", "place", "description")
#: States that an imported case may come in; open cases go on from the first two by the ordinary actions.
STATES = (CaseState.RECEIVED, CaseState.REGISTERED, CaseState.CLOSED, CaseState.VOID, CaseState.TRANSFERRED)

#: Bytes of the delimiter, of quotes and of line ends mean the same in all of these.
_ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "cp1252", "iso8859-1", "ascii")
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PREFIX = re.compile(r"[A-Z]{2}")
_UNIT_PREFIX = re.compile(r"[0-9A-Z][0-9A-Z-]{0,7}")
_CRS = re.compile(r"wgs84|cgcs2000|gcj02|bd09|EPSG:[0-9]{4,6}")
_FORMAT = re.compile(r"iso|(?:%[YmdHMSIpyBbz]|[^%])+")
_MOST_PAD = 20


class OnUnknown(StrEnum):
    """What to do with a value that nothing knows: make it known, refuse the row, or leave the field empty."""

    CREATE = "create"
    REFUSE = "refuse"
    NULL = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstantRule:
    """Where an instant stands.

    Parameters
    ----------
    columns
        Joined without anything between them, after padding.
    pad
        Digits each column is filled up to with leading zeros; 0 leaves it as it is.
    formats
        ``iso`` or a ``strptime`` format; the first that fits is taken.
    on_bad
        ``refuse`` or ``null``.
    """

    columns: tuple[str, ...]
    pad: tuple[int, ...]
    formats: tuple[str, ...]
    on_bad: OnUnknown = OnUnknown.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRule:
    """A column whose values are told one by one.

    Parameters
    ----------
    column
        Empty where every row has the default.
    default
        For an empty value, and for an unknown one where ``on_unknown`` is ``null``; empty: none.
    """

    column: str
    values: MappingOf[str, str]
    default: str
    on_unknown: OnUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRule:
    """Which type a row is of.

    Parameters
    ----------
    column, name, major
        Columns of the source's code, its name and the name of its class; ``name`` falls back to ``column``.
    values
        Source's codes that are types of the catalogue.
    prefix
        Letters that begin the codes of types made for this source, in scheme ``local``.
    default
        For an empty value, and for an unknown one where ``on_unknown`` is ``null``; None refuses the row.
    empty
        Value that stands for an empty one.
    is_key
        The column holds ``scheme/kind/code`` of our catalogue.
    """

    column: str
    name: str
    major: str
    empty: str
    is_key: bool
    values: MappingOf[str, TypeKey]
    prefix: str
    kind: CaseKind
    default: TypeKey | None
    on_unknown: OnUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRule:
    """Which unit handled it; columns as in ``TypeRule``, ``prefix`` before the source's code, if any."""

    column: str
    name: str
    values: MappingOf[str, str]
    prefix: str
    on_unknown: OnUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRule:
    """How the source says that a case was handled in time.

    Parameters
    ----------
    tells
        Column and value that say so, first match wins.
    by_due
        Compare the source's own closing with its own deadline: equality is on time.
    """

    tells: tuple[tuple[str, str, GivenOutcome], ...] = ()
    by_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRule:
    """Columns of a position, east first, and the reference system they are in; ``0, 0`` is none."""

    x: str
    y: str
    crs: str
    on_bad: OnUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRule:
    """Columns of an area's code and name."""

    column: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMapping:
    """One source.

    Parameters
    ----------
    system
        Name under which the source's numbers are kept.
    header_rows
        Lines down to and including the one with the names of the columns.
    none
        Values that mean nothing, besides the empty one.
    number
        Column of the source's own number, unique within it.
    optional
        Columns that may be missing.
    positions
        The first that a row has is taken.
    closed_before_filed
        ``refuse`` or ``null``: the row, or only the closing.
    """

    name: str
    version: str
    system: str
    zone: ZoneInfo
    encoding: str
    delimiter: str
    header_rows: int
    none: frozenset[str]
    number: str
    optional: frozenset[str]
    closed_before_filed: OnUnknown
    instants: MappingOf[str, InstantRule]
    state: ValueRule
    source: ValueRule
    type: TypeRule
    unit: UnitRule | None
    outcome: OutcomeRule | None
    positions: tuple[PositionRule, ...]
    areas: MappingOf[str, AreaRule]
    texts: MappingOf[str, tuple[str, ...]]
    transferred_to: str
    columns: tuple[str, ...] = field(default=())


def parse_mapping(document: Document) -> CaseMapping:
    """Make the mapping of a document.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every mistake and its place.
    """
    reading = Reading()
    mapping = read_mapping(document, reading)
    reading.raise_if_any()
    return mapping


def read_mapping(document: Document, reading: Reading) -> CaseMapping:
    """Make the mapping and put mistakes into ``reading``; what is wrong has a stand-in."""
    root = Node.root(reading, document)
    root.optional_text("note")
    whole = CaseMapping(
        name=document.name,
        version=root.code("version", VERSION),
        system=root.code("system", _SYSTEM),
        zone=_zone(root),
        encoding=_encoding(root),
        delimiter=_delimiter(root),
        header_rows=root.whole("header_rows", least=1, most=50) if root.has("header_rows") else 1,
        none=frozenset((*root.texts("none"), "")),
        number=root.text("number"),
        optional=frozenset(root.texts("optional")),
        closed_before_filed=_on_bad(root, "closed_before_filed"),
        **_fields(root.node("fields")),
    )
    root.done()
    object.__setattr__(whole, "columns", _columns(whole))
    return whole


def _fields(node: Node) -> dict[str, Any]:
    told: dict[str, Any] = {
        "instants": {name: _instant(node.node(name)) for name in INSTANTS if name == "filed_at" or node.has(name)},
        "state": _values(node.optional_node("state"), tuple(map(str, STATES)), "state_not_importable"),
        "source": _values(node.optional_node("source"), tuple(Source), "choice_expected"),
        "type": _type(node.node("type")),
        "unit": _unit(node.node("unit")) if node.has("unit") else None,
        "outcome": _outcome(node.node("outcome")) if node.has("outcome") else None,
        "positions": tuple(_position(one) for one in node.nodes("position")),
        "areas": {name: _area(node.node(name)) for name in AREAS if node.has(name)},
        "texts": {name: node.texts(name) for name in TEXTS if node.has(name)},
        "transferred_to": node.optional_text("transferred_to"),
    }
    node.done()
    return told


def _columns(mapping: CaseMapping) -> tuple[str, ...]:
    """Return every column that a file must have, in the order they are asked for."""
    unit, outcome = mapping.unit, mapping.outcome
    asked = [mapping.number]
    asked += [column for rule in mapping.instants.values() for column in rule.columns]
    asked += [mapping.state.column, mapping.source.column, mapping.type.column, mapping.type.name, mapping.type.major]
    asked += [unit.column, unit.name] if unit else []
    asked += [column for column, _, _ in outcome.tells] if outcome else []
    asked += [column for rule in mapping.positions for column in (rule.x, rule.y)]
    asked += [column for area in mapping.areas.values() for column in (area.column, area.name)]
    asked += [column for columns in mapping.texts.values() for column in columns]
    return tuple(dict.fromkeys(column for column in asked if column))


def _zone(root: Node) -> ZoneInfo:
    name = root.text("zone")
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        root.refuse("zone", "unknown_zone", zone=name)
        return ZoneInfo("UTC")


def _encoding(root: Node) -> str:
    name = root.optional_text("encoding") or "utf-8"
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if known not in _ENCODINGS:
        root.refuse("encoding", "choice_expected", value=name, choices=", ".join(_ENCODINGS))
        return "utf-8"
    return known


def _delimiter(root: Node) -> str:
    # A tab is no blank text in a table, so it is read by hand.
    value = root.values.get("delimiter", ",")
    root.has("delimiter")
    if value not in (",", ";", "\t", "|"):
        root.refuse("delimiter", "choice_expected", value=str(value), choices=", ; \\t |")
        return ","
    return str(value)


def _on_unknown(node: Node, *, default: OnUnknown = OnUnknown.REFUSE, may_create: bool = False) -> OnUnknown:
    """Read what to do; ``null`` may stand without quotes."""
    if not node.has("on_unknown"):
        return OnUnknown.NULL if "on_unknown" in node.values else default
    chosen = node.choice("on_unknown", OnUnknown)
    if chosen is OnUnknown.CREATE and not may_create:
        node.refuse("on_unknown", "choice_expected", value="create", choices="refuse, null")
    return chosen


def _on_bad(node: Node, name: str) -> OnUnknown:
    if not node.has(name):
        return OnUnknown.NULL if name in node.values else OnUnknown.REFUSE
    chosen = node.choice(name, OnUnknown)
    if chosen is OnUnknown.CREATE:
        node.refuse(name, "choice_expected", value="create", choices="refuse, null")
    return chosen


def _instant(node: Node) -> InstantRule:
    columns = node.texts("columns")
    formats = node.texts("formats")
    pad = _pad(node, len(columns))
    if node._is_mapping and not columns:  # noqa: SLF001 - said once: a missing mapping was refused already
        node.refuse("columns", "key_missing", key="columns")
    for position, one in enumerate(formats):
        if _FORMAT.fullmatch(one) is None:
            node.refuse(f"formats[{position}]", "code_shape", value=one)
    rule = InstantRule(columns=columns, pad=pad, formats=formats or ("iso",), on_bad=_on_bad(node, "on_bad"))
    node.done()
    return rule


def _pad(node: Node, columns: int) -> tuple[int, ...]:
    value = node.values.get("pad")
    if not node.has("pad"):
        return (0,) * columns
    if (
        not isinstance(value, list)
        or len(value) != columns
        or not all(isinstance(one, int) and 0 <= one <= _MOST_PAD for one in value)
    ):
        node.refuse("pad", "whole_number_expected", least=0, most=_MOST_PAD)
        return (0,) * columns
    return tuple(int(str(one)) for one in value)


def _values(node: Node, choices: tuple[str, ...], code: str) -> ValueRule:
    rule = ValueRule(
        column=node.optional_text("column"),
        values=node.pairs("values"),
        default=node.optional_text("default"),
        on_unknown=_on_unknown(node),
    )
    for key, value in {"default": rule.default, **{f"values.{key}": one for key, one in rule.values.items()}}.items():
        if value and value not in choices:
            node.refuse(key, code, value=value, choices=", ".join(choices))
    if not rule.default and (not rule.column or rule.on_unknown is OnUnknown.NULL):
        node.refuse("default", "key_missing", key="default")
    node.done()
    return rule


def _type(node: Node) -> TypeRule:
    on_unknown = _on_unknown(node, may_create=True)
    is_key = node.flag("is_key", default=False)
    default = node.optional_text("default")
    rule = TypeRule(
        column=node.optional_text("column"),
        name=node.optional_text("name"),
        major=node.optional_text("major"),
        empty=node.optional_text("empty"),
        is_key=is_key,
        values={key: _type_key(node, f"values.{key}", text) or _STAND_IN for key, text in node.pairs("values").items()},
        prefix=node.code("prefix", _PREFIX) if on_unknown is OnUnknown.CREATE and not is_key else "",
        kind=node.choice("kind", CaseKind) if node.has("kind") else CaseKind.EVENT,
        default=_type_key(node, "default", default) if default else None,
        on_unknown=on_unknown,
    )
    if rule.default is None and (not rule.column or on_unknown is OnUnknown.NULL):
        node.refuse("default", "key_missing", key="default")
    node.done()
    return rule


_STAND_IN = TypeKey(scheme=Scheme.LOCAL, kind=CaseKind.EVENT, code="0000")


def _type_key(node: Node, name: str, text: str) -> TypeKey | None:
    try:
        return TypeKey.parse(text)
    except ValueError:
        node.refuse(name, "type_key_expected", value=text)
        return None


def _unit(node: Node) -> UnitRule:
    rule = UnitRule(
        column=node.text("column"),
        name=node.optional_text("name"),
        values=node.pairs("values"),
        prefix=node.code("prefix", _UNIT_PREFIX) if node.has("prefix") else "",
        on_unknown=_on_unknown(node, default=OnUnknown.CREATE, may_create=True),
    )
    node.done()
    return rule


def _outcome(node: Node) -> OutcomeRule:
    tells = tuple(
        (column, value, outcome)
        for outcome in GivenOutcome
        if node.has(outcome)
        for column, value in node.pairs(outcome).items()
    )
    rule = OutcomeRule(tells=tells, by_due=node.flag("by_due", default=False))
    if not tells and not rule.by_due:
        node.refuse("", "key_missing", key="on_time")
    node.done()
    return rule


def _position(node: Node) -> PositionRule:
    rule = PositionRule(x=node.text("x"), y=node.text("y"), crs=node.code("crs", _CRS), on_bad=_on_bad(node, "on_bad"))
    node.done()
    return rule


def _area(node: Node) -> AreaRule:
    rule = AreaRule(column=node.text("column"), name=node.optional_text("name"))
    node.done()
    return rule
