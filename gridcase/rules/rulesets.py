"""Rule sets as configuration documents, and back.

Reads plain values, gathers everything wrong with them and refuses once; what a rule set means is in
``gridcase.assessment.rulesets``. Weights and factors are exact decimals, written as numbers or as texts.
"""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from gridcase.assessment.counts import count_names
from gridcase.assessment.rulesets import (
    Complement,
    Curve,
    Indicator,
    Linear,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
    Title,
)
from gridcase.assessment.selection import Attribution, CountBy, Filters
from gridcase.domain.case import Source, TypeKey
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.fields import Node, Reading
from gridcase.rules.yaml_text import Plain

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_DECIMAL = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?")
_DECIMAL_KEYS = frozenset({"weight", "factor", "floor", "ceiling", "full_score"})
_MOST_PLACES = 6


class _CurveName(StrEnum):
    LINEAR = "linear"
    COMPLEMENT = "complement"


def parse_rule_set(document: Document) -> RuleSet:
    """Read a rule set.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every problem at its place, such as
        ``rules/yuncheng: indicators[0].terms[1].numerator``.
    """
    reading = Reading()
    node = Node(reading, document.label, "", _decimals_as_text(document.body))
    rule_set = _rule_set(node)
    _check_whole(node, rule_set)
    reading.raise_if_any()
    return rule_set


def rule_set_document(rule_set: RuleSet) -> Document:
    """Write a rule set as the document that ``parse_rule_set`` reads back to an equal one."""
    filters: dict[str, Plain] = {
        "types": [str(key) for key in rule_set.filters.types],
        "sources": [str(source) for source in rule_set.filters.sources],
    }
    body: dict[str, Plain] = {
        "name": rule_set.name,
        "version": rule_set.version,
        "valid_from": rule_set.valid_from.isoformat(),
        "valid_to": rule_set.valid_to.isoformat() if rule_set.valid_to else None,
        "title": _dump_title(rule_set.title),
        "legal_source": rule_set.legal_source,
        "note": rule_set.note,
        "subject": str(rule_set.subject),
        "attribution": str(rule_set.attribution),
        "filters": _given(filters),
        "full_score": f"{rule_set.full_score:f}",
        "indicators": [_dump_indicator(indicator) for indicator in rule_set.indicators],
        "rounding": {"places": rule_set.rounding.places, "mode": str(rule_set.rounding.mode)},
        "ranking": {"tie_break": list(rule_set.tie_break)},
    }
    return Document(kind=DocumentKind.RULES, name=rule_set.name, body=_given(body))


def _rule_set(node: Node) -> RuleSet:
    by = node.choice("subject", CountBy)
    rounding, ranking = node.node("rounding"), node.optional_node("ranking")
    rule_set = RuleSet(
        name=node.code("name", _IDENTIFIER),
        version=node.code("version", _VERSION),
        valid_from=node.day("valid_from"),
        valid_to=node.optional_day("valid_to"),
        title=_title(node),
        legal_source=node.text("legal_source"),
        note=node.optional_text("note"),
        subject=by,
        attribution=node.choice("attribution", Attribution),
        filters=_filters(node.optional_node("filters")),
        full_score=_decimal(node, "full_score", default=Decimal(100)),
        indicators=tuple(_indicator(each, by) for each in node.nodes("indicators")),
        rounding=Rounding(
            places=rounding.whole("places", least=0, most=_MOST_PLACES),
            mode=rounding.choice("mode", RoundingMode),
        ),
        tie_break=ranking.texts("tie_break"),
    )
    for each in (rounding, ranking, node):
        each.done()
    return rule_set


def _check_whole(node: Node, rule_set: RuleSet) -> None:
    """Check what no single field can show."""
    if rule_set.valid_to is not None and rule_set.valid_to < rule_set.valid_from:
        first, last = rule_set.valid_from.isoformat(), rule_set.valid_to.isoformat()
        node.refuse("valid_to", "ends_before_start", first=first, last=last)
    names = [indicator.id for indicator in rule_set.indicators]
    if not names:
        node.refuse("indicators", "list_empty")
    for name in _repeated(names):
        node.refuse("indicators", "duplicate_indicator", id=name)
    total = sum((indicator.weight for indicator in rule_set.indicators), Decimal(0))
    if names and total != rule_set.full_score:
        node.refuse("indicators", "weights_do_not_sum", sum=f"{total:f}", full_score=f"{rule_set.full_score:f}")
    for name in rule_set.tie_break:
        if name not in names:
            node.refuse("ranking.tie_break", "unknown_indicator", id=name)


def _title(node: Node) -> Title:
    inner = node.node("title")
    title = Title(zh=inner.text("zh"), en=inner.text("en"))
    inner.done()
    return title


def _filters(node: Node) -> Filters:
    types = []
    for position, text in enumerate(node.texts("types")):
        try:
            types.append(TypeKey.parse(text))
        except ValueError:
            node.refuse(f"types[{position}]", "type_key_expected", value=text)
    filters = Filters(types=tuple(types), sources=node.choices("sources", Source))
    node.done()
    return filters


def _indicator(node: Node, by: CountBy) -> Indicator:
    indicator = Indicator(
        id=node.code("id", _IDENTIFIER),
        clause=node.text("clause"),
        title=_title(node),
        weight=_decimal(node, "weight"),
        terms=tuple(_term(each, by) for each in node.nodes("terms")),
        floor=_decimal(node, "floor", default=Decimal(0)),
        ceiling=_decimal(node, "ceiling") if node.has("ceiling") else None,
    )
    node.done()
    if indicator.weight <= 0:
        node.refuse("weight", "not_above_zero")
    if indicator.floor > indicator.most:
        node.refuse("floor", "floor_above_ceiling")
    if not indicator.terms:
        node.refuse("terms", "list_empty")
    for name in _repeated(term.id for term in indicator.terms):
        node.refuse("terms", "duplicate_term", id=name)
    return indicator


def _term(node: Node, by: CountBy) -> Term:
    term = Term(
        id=node.code("id", _IDENTIFIER),
        numerator=_count(node, "numerator", by),
        denominator=_count(node, "denominator", by),
        curve=_curve(node.node("points")),
        against=_count(node, "against", by) if node.has("against") else "",
    )
    node.done()
    return term


def _count(node: Node, name: str, by: CountBy) -> str:
    """Read the name of a count that has a meaning for the subject."""
    chosen = node.text(name)
    if chosen and chosen not in count_names(by):
        node.refuse(name, "unknown_count", count=chosen, subject=by)
    return chosen


def _curve(node: Node) -> Curve:
    chosen = node.choice("curve", _CurveName)
    curve: Curve
    match chosen:
        case _CurveName.LINEAR:
            curve = Linear(factor=_decimal(node, "factor", default=Decimal(1)))
        case _CurveName.COMPLEMENT:
            curve = Complement()
    node.done()
    return curve


def _decimal(node: Node, name: str, *, default: Decimal | None = None) -> Decimal:
    """Read an exact decimal; it must be there when there is no default."""
    if default is not None and not node.has(name):
        return default
    text = node.text(name)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if text:
        node.refuse(name, "decimal_expected", value=text)
    return Decimal(1)


def _decimals_as_text(value: Plain) -> Plain:
    """Write numbers under the keys of exact decimals as texts, which reads 0.4 as it was written."""
    if isinstance(value, list):
        return [_decimals_as_text(item) for item in value]
    if isinstance(value, dict):
        return {
            key: str(item) if key in _DECIMAL_KEYS and _is_number(item) else _decimals_as_text(item)
            for key, item in value.items()
        }
    return value


def _is_number(value: Plain) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _dump_indicator(indicator: Indicator) -> Plain:
    return _given(
        {
            "id": indicator.id,
            "clause": indicator.clause,
            "title": _dump_title(indicator.title),
            "weight": f"{indicator.weight:f}",
            "terms": [_dump_term(term) for term in indicator.terms],
            "floor": f"{indicator.floor:f}",
            "ceiling": None if indicator.ceiling is None else f"{indicator.ceiling:f}",
        }
    )


def _dump_term(term: Term) -> Plain:
    return _given(
        {
            "id": term.id,
            "numerator": term.numerator,
            "denominator": term.denominator,
            "points": _dump_curve(term.curve),
            "against": term.against,
        }
    )


def _dump_curve(curve: Curve) -> Plain:
    match curve:
        case Linear(factor=factor):
            return {"curve": "linear", "factor": f"{factor:f}"}
        case Complement():
            return {"curve": "complement"}


def _dump_title(title: Title) -> Plain:
    return {"zh": title.zh, "en": title.en}


def _given(body: dict[str, Plain]) -> dict[str, Plain]:
    """Leave out what is empty."""
    return {key: value for key, value in body.items() if value not in (None, "", [], {})}
