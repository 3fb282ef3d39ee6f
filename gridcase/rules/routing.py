"""Routing documents to typed routing tables and back.

One document is one table; its rules are asked in the order in which they stand. Whether units and types exist
is checked between documents, by ``gridcase.rules.checks``. Source: ``config/routing/``.
"""

import re
from datetime import date

from gridcase.domain.case import Source, UnitCode
from gridcase.rules.catalogue import VERSION
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.fields import Node, Reading
from gridcase.rules.yaml_text import Plain
from gridcase.workflow.routing import RoutingRule, RoutingTable, TypePattern

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_AREA = re.compile(r"[0-9A-Z]{2,15}")


def parse_routing(document: Document) -> RoutingTable:
    """Make the routing table of a document.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every mistake and its place.
    """
    reading = Reading()
    table = read_routing(document, reading)
    reading.raise_if_any()
    return table


def read_routing(document: Document, reading: Reading) -> RoutingTable:
    """Make the routing table and put mistakes into ``reading``; rules keep their positions."""
    root = Node.root(reading, document)
    version = root.code("version", VERSION)
    root.optional_text("note")
    rules: list[RoutingRule] = []
    seen: set[str] = set()
    for node in root.nodes("rules"):
        rule = _rule(node)
        if rule.id in seen:
            node.refuse("id", "duplicate_rule", rule=rule.id)
        seen.add(rule.id)
        rules.append(rule)
    root.done()
    return RoutingTable(name=document.name, version=version, rules=tuple(rules))


def routing_document(table: RoutingTable) -> Document:
    """Write a routing table as a document; parsing it gives an equal table."""
    body: dict[str, Plain] = {"version": table.version, "rules": [_plain(rule) for rule in table.rules]}
    return Document(kind=DocumentKind.ROUTING, name=table.name, body=body)


def _rule(node: Node) -> RoutingRule:
    why = node.optional_node("why")
    valid_from = node.day("valid_from")
    rule = RoutingRule(
        id=node.code("id", _ID),
        types=_patterns(node),
        areas=_areas(node),
        sources=node.choices("sources", Source),
        valid_from=valid_from,
        valid_to=_last_day(node, valid_from),
        unit=UnitCode(node.text("unit")),
        why_zh=why.optional_text("zh"),
        why_en=why.optional_text("en"),
    )
    why.done()
    node.done()
    return rule


def _patterns(node: Node) -> tuple[TypePattern, ...]:
    patterns: list[TypePattern] = []
    texts = node.texts("types")
    if not texts:
        node.refuse("types", "rule_without_type")
    for text in texts:
        try:
            patterns.append(TypePattern.parse(text))
        except ValueError:
            node.refuse("types", "type_pattern_expected", value=text)
    return tuple(patterns)


def _areas(node: Node) -> tuple[str, ...]:
    areas = node.texts("areas")
    if node.has("areas") and not areas:
        # Every area struck out of the list must not silently widen the rule to the whole instance.
        node.refuse("areas", "list_empty")
    for area in areas:
        if _AREA.fullmatch(area) is None:
            node.refuse("areas", "code_shape", value=area)
    return areas


def _last_day(node: Node, first: date) -> date | None:
    last = node.optional_day("valid_to")
    if last is not None and last < first:
        node.refuse("valid_to", "ends_before_start", first=first.isoformat(), last=last.isoformat())
    return last


def _plain(rule: RoutingRule) -> Plain:
    values: dict[str, Plain] = {
        "id": rule.id,
        "types": [str(pattern) for pattern in rule.types],
        "unit": rule.unit,
        "valid_from": rule.valid_from.isoformat(),
    }
    why: dict[str, Plain] = {lang: text for lang, text in (("zh", rule.why_zh), ("en", rule.why_en)) if text}
    if rule.areas:
        values["areas"] = list(rule.areas)
    if rule.sources:
        values["sources"] = [source.value for source in rule.sources]
    if rule.valid_to:
        values["valid_to"] = rule.valid_to.isoformat()
    if why:
        values["why"] = why
    return values
