"""Rule sets as configuration documents, and back.

Reads plain values, gathers everything wrong with them and refuses once; what a rule set means is in
``gridcase.assessment.rulesets``, the format for people in ``docs/rule-sets.md``.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from gridcase.assessment.counts import count_names
from gridcase.assessment.curves import OF_NUMBERS, OF_RATES, Complement, Linear, PerCase, PerPoint
from gridcase.assessment.rulesets import (
    TOTAL,
    EqualRanks,
    ExemptionReason,
    External,
    Grade,
    Indicator,
    Measure,
    Multiplier,
    Number,
    RankGroup,
    Ranking,
    Ratio,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
    TieBreak,
    Title,
    WithoutData,
)
from gridcase.assessment.selection import Attribution, CountBy
from gridcase.domain.actor import Role
from gridcase.rules.curves import (
    decimals_as_text,
    dump_curve,
    dump_filters,
    optional_decimal,
    read_amount,
    read_curve,
    read_decimal,
    read_filters,
    read_positive,
)
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.fields import Node, Reading
from gridcase.rules.yaml_text import Plain

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_MOST_PLACES = 6
#: What may stand in an amount.
_COUNT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def parse_rule_set(document: Document) -> RuleSet:
    """Read a rule set.

    Raises
    ------
    RuleFileError
        ``rule_file_invalid`` with every problem at its place, such as
        ``rules/yuncheng: indicators[0].terms[1].numerator``.
    """
    reading = Reading()
    node = Node(reading, document.label, "", decimals_as_text(document.body))
    rule_set = _rule_set(node)
    _check_whole(node, rule_set)
    reading.raise_if_any()
    return rule_set


def bears_name(document: Document, name: str) -> bool:
    """Tell whether a document is named for a rule set: ``NAME``, or ``NAME.ANYTHING`` for one of its versions."""
    return document.name == name or document.name.startswith(f"{name}.")


def choose_document(documents: Iterable[Document], name: str, day: date) -> tuple[Document, RuleSet] | None:
    """Return the version of a rule set in force on a day, with its document; None when there is none.

    Raises
    ------
    RuleFileError
        One of its versions cannot be read.
    """
    versions = [
        (document, parse_rule_set(document))
        for document in documents
        if document.kind is DocumentKind.RULES and bears_name(document, name)
    ]
    fitting = [one for one in versions if one[1].name == name and one[1].is_in_force_on(day)]
    return max(fitting, key=lambda one: (one[1].valid_from, one[1].version), default=None)


def rule_set_document(rule_set: RuleSet) -> Document:
    """Write a rule set as the document that ``parse_rule_set`` reads back to an equal one."""
    body: dict[str, Plain] = {
        "name": rule_set.name,
        "version": rule_set.version,
        "valid_from": rule_set.valid_from.isoformat(),
        "valid_to": rule_set.valid_to.isoformat() if rule_set.valid_to else None,
        "title": _dump_title(rule_set.title),
        "legal_source": rule_set.legal_source,
        "note": rule_set.note,
        "subject": str(rule_set.subject),
        "role": str(rule_set.role) if rule_set.role else None,
        "attribution": str(rule_set.attribution),
        "filters": dump_filters(rule_set.filters),
        "full_score": f"{rule_set.full_score:f}",
        "numbers": list(rule_set.numbers),
        "floor": f"{rule_set.floor:f}",
        "ceiling": _text(rule_set.ceiling),
        "without_data": str(rule_set.without_data),
        "warning": _given({"lost_above": _text(rule_set.warn_above)}),
        "exemptions": [str(reason) for reason in rule_set.exemptions],
        "indicators": [_dump_indicator(indicator) for indicator in rule_set.indicators],
        "rounding": _given(
            {
                **_dump_rounding(rule_set.rounding),
                "items": _dump_rounding(rule_set.item_rounding),
                "rates": _dump_rounding(rule_set.rate_rounding),
            }
        ),
        "grades": [{"name": grade.name, "at_least": f"{grade.at_least:f}"} for grade in rule_set.grades],
        "ranking": _dump_ranking(rule_set.ranking),
    }
    return Document(kind=DocumentKind.RULES, name=rule_set.name, body=_given(body))


# --- the whole ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What amounts may name: the counts of the view, and the numbers that people give."""

    by: CountBy
    counts: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.counts + self.numbers


def _rule_set(node: Node) -> RuleSet:
    by = node.choice("subject", CountBy)
    numbers = node.texts("numbers")
    known = _Known(by=by, counts=count_names(by), numbers=numbers)
    rounding, warning = node.node("rounding"), node.optional_node("warning")
    rule_set = RuleSet(
        name=node.code("name", _IDENTIFIER),
        version=node.code("version", _VERSION),
        valid_from=node.day("valid_from"),
        valid_to=node.optional_day("valid_to"),
        title=_title(node),
        legal_source=node.text("legal_source"),
        note=node.optional_text("note"),
        subject=by,
        role=node.choice("role", Role) if node.has("role") else None,
        attribution=node.choice("attribution", Attribution),
        filters=read_filters(node.optional_node("filters")),
        full_score=read_decimal(node, "full_score", default=Decimal(100)),
        numbers=numbers,
        indicators=tuple(_indicator(each, known) for each in node.nodes("indicators")),
        rounding=_rounding(rounding),
        item_rounding=_inner_rounding(rounding, "items"),
        rate_rounding=_inner_rounding(rounding, "rates"),
        floor=read_decimal(node, "floor", default=Decimal(0)),
        ceiling=optional_decimal(node, "ceiling"),
        without_data=node.choice("without_data", WithoutData) if node.has("without_data") else WithoutData.NO_SCORE,
        warn_above=optional_decimal(warning, "lost_above"),
        exemptions=node.choices("exemptions", ExemptionReason),
        grades=tuple(_grade(each) for each in node.nodes("grades")),
        ranking=_ranking(node.optional_node("ranking")),
    )
    for each in (rounding, warning, node):
        each.done()
    return rule_set


def _check_whole(node: Node, rule_set: RuleSet) -> None:
    """Check what no single field can show."""
    if rule_set.valid_to is not None and rule_set.valid_to < rule_set.valid_from:
        first, last = rule_set.valid_from.isoformat(), rule_set.valid_to.isoformat()
        node.refuse("valid_to", "ends_before_start", first=first, last=last)
    if rule_set.role is not None and rule_set.subject is not CountBy.POST:
        node.refuse("role", "role_needs_post")
    if rule_set.ceiling is not None and rule_set.floor > rule_set.ceiling:
        node.refuse("floor", "floor_above_ceiling")
    _check_indicators(node, rule_set)
    _check_ranking(node, rule_set)
    for position, (one, other) in enumerate(pairwise(rule_set.grades), start=1):
        if other.at_least >= one.at_least:
            node.refuse(f"grades[{position}].at_least", "grades_not_falling")
    _check_names(node, rule_set)


def _check_names(node: Node, rule_set: RuleSet) -> None:
    """Refuse names of outside values and numbers that an amount or a table could not tell from counts."""
    for position, name in enumerate(rule_set.numbers):
        if _COUNT_NAME.fullmatch(name) is None:
            node.refuse(f"numbers[{position}]", "code_shape", value=name)
    for name in sorted(set(rule_set.external_names) & set(count_names(rule_set.subject))):
        node.refuse("indicators", "external_is_count", name=name)


def _check_indicators(node: Node, rule_set: RuleSet) -> None:
    names = [indicator.id for indicator in rule_set.indicators]
    if not names:
        node.refuse("indicators", "list_empty")
    for name in _repeated(names):
        node.refuse("indicators", "duplicate_indicator", id=name)
    if TOTAL in names:
        node.refuse("indicators", "reserved_name", name=TOTAL)
    total = sum((one.weight for one in rule_set.indicators if not one.extra), Decimal(0))
    if names and total != rule_set.full_score:
        node.refuse("indicators", "weights_do_not_sum", sum=f"{total:f}", full_score=f"{rule_set.full_score:f}")


def _check_ranking(node: Node, rule_set: RuleSet) -> None:
    names = {*(indicator.id for indicator in rule_set.indicators), TOTAL}
    counts = {*count_names(rule_set.subject), *rule_set.numbers}
    for position, tie in enumerate(rule_set.ranking.tie_break):
        if tie.is_count and tie.by not in counts:
            place = f"ranking.tie_break[{position}].count"
            node.refuse(place, "unknown_count", count=tie.by, subject=rule_set.subject)
        elif not tie.is_count and tie.by not in names:
            node.refuse("ranking.tie_break", "unknown_indicator", id=tie.by)
    for subject in _repeated(subject for group in rule_set.ranking.groups for subject in group.subjects):
        node.refuse("ranking.groups", "subject_in_two_groups", subject=subject)


def _title(node: Node) -> Title:
    inner = node.node("title")
    title = Title(zh=inner.text("zh"), en=inner.text("en"))
    inner.done()
    return title


def _rounding(node: Node) -> Rounding:
    return Rounding(places=node.whole("places", least=0, most=_MOST_PLACES), mode=node.choice("mode", RoundingMode))


def _inner_rounding(node: Node, name: str) -> Rounding | None:
    if not node.has(name):
        return None
    inner = node.node(name)
    rounding = _rounding(inner)
    inner.done()
    return rounding


def _grade(node: Node) -> Grade:
    grade = Grade(name=node.text("name"), at_least=read_decimal(node, "at_least"))
    node.done()
    return grade


def _ranking(node: Node) -> Ranking:
    ranking = Ranking(
        exact=node.flag("exact", default=False),
        equal=node.choice("equal", EqualRanks) if node.has("equal") else EqualRanks.GAP,
        tie_break=tuple(_tie(node, position) for position in range(_length(node, "tie_break"))),
        groups=tuple(_group(each) for each in node.nodes("groups")),
    )
    node.done()
    return ranking


def _length(node: Node, name: str) -> int:
    value = node.values.get(name) if node.has(name) else []
    if not isinstance(value, list):
        node.refuse(name, "list_expected")
        return 0
    return len(value)


def _tie(node: Node, position: int) -> TieBreak:
    """Read a tie-break: the name of an indicator, or a mapping that also says how to compare."""
    listed = node.values["tie_break"]
    value = listed[position] if isinstance(listed, list) else None
    if isinstance(value, str):
        return TieBreak(by=value)
    inner = Node(node.reading, node.document, f"{node.at('tie_break')}[{position}]", value)
    is_count = inner.has("count")
    tie = TieBreak(
        by=inner.text("count" if is_count else "by"),
        is_count=is_count,
        exact=inner.flag("exact", default=True),
        lower_first=inner.flag("lower_first", default=False),
    )
    inner.done()
    return tie


def _group(node: Node) -> RankGroup:
    group = RankGroup(name=node.text("name"), subjects=node.texts("subjects"))
    node.done()
    return group


# --- an indicator ---


def _indicator(node: Node, known: _Known) -> Indicator:
    instead = node.optional_node("instead")
    indicator = Indicator(
        id=node.code("id", _IDENTIFIER),
        clause=node.text("clause"),
        title=_title(node),
        weight=read_decimal(node, "weight"),
        terms=tuple(_term(each, known) for each in node.nodes("terms")),
        starts_full=node.flag("starts_full", default=False),
        floor=read_decimal(node, "floor", default=Decimal(0)),
        ceiling=optional_decimal(node, "ceiling"),
        extra=node.flag("extra", default=False),
        instead=_external(instead) if node.has("instead") else None,
        attribution=node.choice("attribution", Attribution) if node.has("attribution") else None,
        filters=read_filters(node.optional_node("filters")),
        without_data=node.choice("without_data", WithoutData) if node.has("without_data") else None,
        warn_above=optional_decimal(node, "warn_above"),
        confirmed=node.flag("confirmed", default=True),
        remark=node.optional_text("remark"),
    )
    for each in (instead, node):
        each.done()
    _check_indicator(node, indicator)
    return indicator


def _check_indicator(node: Node, indicator: Indicator) -> None:
    if indicator.weight < 0 or (indicator.weight == 0 and not indicator.extra):
        node.refuse("weight", "not_above_zero")
    if indicator.floor > indicator.most:
        node.refuse("floor", "floor_above_ceiling")
    if not indicator.terms and not indicator.starts_full and indicator.instead is None:
        node.refuse("terms", "list_empty")
    for name in _repeated(term.id for term in indicator.terms):
        node.refuse("terms", "duplicate_term", id=name)
    _check_direction(node, indicator)
    if not indicator.confirmed and not indicator.remark:
        node.refuse("remark", "key_missing", key="remark")


def _check_direction(node: Node, indicator: Indicator) -> None:
    """Refuse what can only ever end at the floor or at the ceiling."""
    curves = [term.curve for term in indicator.terms]
    deducting = [isinstance(curve, PerPoint | PerCase) and curve.points < 0 for curve in curves]
    if curves and all(deducting) and not indicator.starts_full and indicator.floor >= 0:
        node.refuse("terms", "deducts_from_nothing")
    earns = any(isinstance(curve, Linear | Complement) for curve in curves)
    if indicator.starts_full and indicator.most <= indicator.weight and earns:
        node.refuse("terms", "earns_beyond_full")


def _external(node: Node) -> External:
    return External(
        name=node.code("external", _IDENTIFIER),
        out_of=read_positive(node, "out_of", default=Decimal(100)),
    )


def _term(node: Node, known: _Known) -> Term:
    term = Term(
        id=node.code("id", _IDENTIFIER),
        measure=_measure(node, known),
        curve=read_curve(node.node("points")),
        against=_against(node, known),
        attribution=node.choice("attribution", Attribution) if node.has("attribution") else None,
        filters=read_filters(node.optional_node("filters")),
        multipliers=tuple(_multiplier(each) for each in node.nodes("multipliers")),
        confirmed=node.flag("confirmed", default=True),
        remark=node.optional_text("remark"),
    )
    node.done()
    _check_term(node, term)
    return term


def _check_term(node: Node, term: Term) -> None:
    is_rate = isinstance(term.measure, Ratio) or (
        isinstance(term.measure, External) and term.measure.out_of is not None
    )
    if not is_rate and isinstance(term.curve, OF_RATES):
        node.refuse("points.curve", "curve_needs_rate")
    if is_rate and isinstance(term.curve, OF_NUMBERS):
        node.refuse("points.curve", "curve_needs_number")
    if term.multipliers and isinstance(term.measure, External):
        node.refuse("multipliers", "multiplier_without_counts")
    if not term.confirmed and not term.remark:
        node.refuse("remark", "key_missing", key="remark")


def _measure(node: Node, known: _Known) -> Measure:
    if node.has("external"):
        return External(name=node.code("external", _IDENTIFIER), out_of=_out_of(node))
    if node.has("count"):
        return Number(amount=read_amount(node, "count", known.names, known.by))
    return Ratio(
        numerator=read_amount(node, "numerator", known.names, known.by),
        denominator=read_amount(node, "denominator", known.names, known.by),
    )


def _out_of(node: Node) -> Decimal | None:
    return read_positive(node, "out_of") if node.has("out_of") else None


def _against(node: Node, known: _Known) -> tuple[str, ...]:
    """Read the counts that spoke against the subject: one text or a list."""
    if not node.has("against"):
        return ()
    value = node.values["against"]
    chosen = (value,) if isinstance(value, str) else node.texts("against")
    for name in chosen:
        if name not in known.counts:
            node.refuse("against", "unknown_count", count=name, subject=known.by)
    return chosen


def _multiplier(node: Node) -> Multiplier:
    filters = node.node("filters")
    multiplier = Multiplier(times=read_positive(node, "times"), filters=read_filters(filters))
    node.done()
    return multiplier


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


# --- written back ---


def _dump_indicator(indicator: Indicator) -> Plain:
    return _given(
        {
            "id": indicator.id,
            "clause": indicator.clause,
            "title": _dump_title(indicator.title),
            "weight": f"{indicator.weight:f}",
            "starts_full": indicator.starts_full or None,
            "extra": indicator.extra or None,
            "instead": _dump_external(indicator.instead),
            "terms": [_dump_term(term) for term in indicator.terms],
            "floor": f"{indicator.floor:f}",
            "ceiling": _text(indicator.ceiling),
            "attribution": str(indicator.attribution) if indicator.attribution else None,
            "filters": dump_filters(indicator.filters),
            "without_data": str(indicator.without_data) if indicator.without_data else None,
            "warn_above": _text(indicator.warn_above),
            "confirmed": None if indicator.confirmed else False,
            "remark": indicator.remark,
        }
    )


def _dump_external(external: External | None) -> Plain:
    return None if external is None else _given({"external": external.name, "out_of": _text(external.out_of)})


def _dump_term(term: Term) -> Plain:
    return _given(
        {
            "id": term.id,
            **_dump_measure(term.measure),
            "points": dump_curve(term.curve),
            "against": list(term.against),
            "attribution": str(term.attribution) if term.attribution else None,
            "filters": dump_filters(term.filters),
            "multipliers": [
                {"times": f"{one.times:f}", "filters": dump_filters(one.filters)} for one in term.multipliers
            ],
            "confirmed": None if term.confirmed else False,
            "remark": term.remark,
        }
    )


def _dump_measure(measure: Measure) -> dict[str, Plain]:
    match measure:
        case Ratio(numerator=numerator, denominator=denominator):
            return {"numerator": str(numerator), "denominator": str(denominator)}
        case Number(amount=amount):
            return {"count": str(amount)}
        case External(name=name, out_of=out_of):
            return {"external": name, "out_of": _text(out_of)}


def _dump_title(title: Title) -> Plain:
    return {"zh": title.zh, "en": title.en}


def _dump_rounding(rounding: Rounding | None) -> dict[str, Plain]:
    return {} if rounding is None else {"places": rounding.places, "mode": str(rounding.mode)}


def _dump_ranking(ranking: Ranking) -> Plain:
    return _given(
        {
            "exact": ranking.exact or None,
            "equal": str(ranking.equal),
            "tie_break": [
                {"count" if tie.is_count else "by": tie.by, "exact": tie.exact, "lower_first": tie.lower_first}
                for tie in ranking.tie_break
            ],
            "groups": [{"name": group.name, "subjects": list(group.subjects)} for group in ranking.groups],
        }
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _given(body: dict[str, Plain]) -> dict[str, Plain]:
    """Leave out what is empty."""
    return {key: value for key, value in body.items() if value not in (None, "", [], {})}
