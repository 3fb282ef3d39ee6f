"""Documents of handling units to the typed units and back.

Several documents may be given; together they are one forest. Who works in a unit is not written here.
Source: ``config/units/``; the unit tree of domain §4.
"""

import re
from collections.abc import Iterable

from gridcase.domain.case import UnitCode
from gridcase.rules.catalogue import VERSION
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.fields import Node, Reading
from gridcase.rules.yaml_text import Plain
from gridcase.workflow.units import Unit, UnitKind, Units

_CODE = re.compile(r"[0-9A-Z][0-9A-Z-]{0,31}")


def parse_units(documents: Iterable[Document]) -> Units:
    """Make the units of all unit documents among ``documents``.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every mistake and its place.
    """
    reading = Reading()
    units = read_units(documents, reading)
    reading.raise_if_any()
    return units


def read_units(documents: Iterable[Document], reading: Reading) -> Units:
    """Make the units and put mistakes into ``reading``."""
    versions: list[str] = []
    found: dict[UnitCode, tuple[Unit, Node]] = {}
    for document in documents:
        if document.kind is not DocumentKind.UNITS:
            continue
        root = Node.root(reading, document)
        versions.append(root.code("version", VERSION))
        root.optional_text("note")
        for node in root.nodes("units"):
            unit = _unit(node)
            if unit.code in found:
                node.refuse("code", "duplicate_unit", unit=unit.code)
            found[unit.code] = unit, node
        root.done()
    _check_parents(found)
    return Units(version="+".join(versions), units=tuple(unit for unit, _ in found.values()))


def units_document(units: Units, name: str) -> Document:
    """Write units as one document; parsing it gives equal units."""
    body: dict[str, Plain] = {"version": units.version, "units": [_plain(unit) for unit in units.units]}
    return Document(kind=DocumentKind.UNITS, name=name, body=body)


def _unit(node: Node) -> Unit:
    name = node.node("name")
    unit = Unit(
        code=UnitCode(node.code("code", _CODE)),
        name_zh=name.text("zh"),
        name_en=name.text("en"),
        kind=node.choice("kind", UnitKind),
        parent=UnitCode(node.text("parent")) if node.has("parent") else None,
        calendar=node.text("calendar") if node.has("calendar") else None,
    )
    name.done()
    node.done()
    return unit


def _check_parents(found: dict[UnitCode, tuple[Unit, Node]]) -> None:
    for unit, node in found.values():
        if unit.parent is not None and unit.parent not in found:
            node.refuse("parent", "unknown_parent", parent=unit.parent)
            continue
        seen = {unit.code}
        at = unit.parent
        while at in found and at not in seen:
            seen.add(at)
            at = found[at][0].parent
        if at == unit.code:
            node.refuse("parent", "unit_cycle", unit=unit.code)


def _plain(unit: Unit) -> Plain:
    values: dict[str, Plain] = {
        "code": unit.code,
        "kind": unit.kind.value,
        "name": {"zh": unit.name_zh, "en": unit.name_en},
    }
    if unit.parent is not None:
        values["parent"] = unit.parent
    if unit.calendar is not None:
        values["calendar"] = unit.calendar
    return values
