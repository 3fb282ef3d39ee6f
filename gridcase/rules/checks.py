"""Is a set of configuration documents fit to be applied? What ``gridcase config check`` prints.

Every document is read by its typed parser, then they are held against each other: names that nobody defines
are errors, rules that can never win or contradict each other are warnings, values to be confirmed are notices.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeVar

from gridcase.assessment.rulesets import Indicator, RuleSet, Term
from gridcase.assessment.selection import Filters
from gridcase.domain.errors import RuleFileError
from gridcase.rules.calendars import parse_calendar
from gridcase.rules.catalogue import read_catalogue
from gridcase.rules.conduct import read_conduct
from gridcase.rules.documents import Document, DocumentKind, Finding, Severity
from gridcase.rules.fields import Place, Reading
from gridcase.rules.mappings import read_mapping
from gridcase.rules.routing import read_routing
from gridcase.rules.rulesets import bears_name, parse_rule_set
from gridcase.rules.units import read_units
from gridcase.workflow.catalogue import Catalogue
from gridcase.workflow.conduct import Conduct
from gridcase.workflow.routing import RoutingRule, RoutingTable
from gridcase.workflow.units import Units

_Given = TypeVar("_Given")
_Parsed = TypeVar("_Parsed")


def check(documents: Iterable[Document]) -> tuple[Finding, ...]:
    """Return everything there is to say about a set of documents, ordered by document.

    References are checked against the set alone: without any catalogue every type is unknown.
    """
    ordered = sorted(documents, key=lambda document: (document.kind, document.name))
    reading = Reading()
    known = _Known(
        catalogue=read_catalogue(ordered, reading),
        units=read_units(ordered, reading),
        calendars=_calendars(ordered, reading),
    )
    prefixes: dict[str, str] = {}
    versions: list[tuple[Document, RuleSet]] = []
    for document in ordered:
        if document.kind is DocumentKind.UNITS:
            _check_units(document, reading, known)
        elif document.kind is DocumentKind.ROUTING:
            _check_routing(document, reading, known)
        elif document.kind is DocumentKind.CONDUCT:
            _check_conduct(document, reading, known)
        elif document.kind is DocumentKind.RULES:
            rule_set = _check_rule_set(document, reading, known)
            versions += [] if rule_set is None else [(document, rule_set)]
        elif document.kind is DocumentKind.MAPPINGS:
            _check_mapping(document, reading, known, prefixes)
    _check_versions(versions, reading)
    return tuple(sorted(reading.findings, key=lambda finding: finding.document))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the set defines."""

    catalogue: Catalogue
    units: Units
    calendars: frozenset[str]


def _calendars(documents: list[Document], reading: Reading) -> frozenset[str]:
    """Read the calendars; return the names of all, broken ones included, lest one mistake be told twice."""
    of_kind = [document for document in documents if document.kind is DocumentKind.CALENDAR]
    for document in of_kind:
        calendar = _parsed(document, reading, parse_calendar, document.body)
        if calendar is not None:
            _check_name(document, reading, calendar.name)
    return frozenset(document.name for document in of_kind)


def _check_rule_set(document: Document, reading: Reading, known: _Known) -> RuleSet | None:
    rule_set = _parsed(document, reading, parse_rule_set, document)
    if rule_set is None:
        return None
    if not bears_name(document, rule_set.name):
        _check_name(document, reading, rule_set.name)
    _check_filters(document, reading, known, "filters", rule_set.filters)
    for number, indicator in enumerate(rule_set.indicators):
        place = f"indicators[{number}]"
        _check_filters(document, reading, known, f"{place}.filters", indicator.filters)
        _note_unconfirmed(document, reading, place, indicator)
        for position, term in enumerate(indicator.terms):
            at = f"{place}.terms[{position}]"
            _check_filters(document, reading, known, f"{at}.filters", term.filters)
            for turn, multiplier in enumerate(term.multipliers):
                _check_filters(document, reading, known, f"{at}.multipliers[{turn}].filters", multiplier.filters)
            _note_unconfirmed(document, reading, at, term)
    return rule_set


def _check_filters(document: Document, reading: Reading, known: _Known, place: str, filters: Filters) -> None:
    """Refuse types that no catalogue has, and warn of majors without any: such a filter takes no case."""
    keys = [case_type.key for case_type in known.catalogue.types]
    for position, key in enumerate(filters.types):
        if key not in keys:
            reading.refuse(document.label, f"{place}.types[{position}]", "unknown_type", type=str(key))
    at = Place(document=document.label, path=f"{place}.majors")
    for major in filters.majors:
        if not any(key.code.startswith(major) for key in keys):
            reading.note(Severity.WARNING, at, "pattern_matches_nothing", pattern=major)


def _note_unconfirmed(document: Document, reading: Reading, place: str, one: Indicator | Term) -> None:
    if not one.confirmed:
        at = Place(document=document.label, path=place)
        reading.note(Severity.NOTICE, at, "rule_unconfirmed", remark=" ".join(one.remark.split()))


def _check_versions(versions: list[tuple[Document, RuleSet]], reading: Reading) -> None:
    """Refuse versions of one rule set that are in force on the same day."""
    ordered = sorted(versions, key=lambda one: (one[1].name, one[1].valid_from))
    for (_, earlier), (document, later) in pairwise(ordered):
        if earlier.name == later.name and earlier.is_in_force_on(later.valid_from):
            first = later.valid_from.isoformat()
            reading.refuse(document.label, "valid_from", "versions_overlap", version=earlier.version, first=first)


def _parsed(document: Document, reading: Reading, parse: Callable[[_Given], _Parsed], given: _Given) -> _Parsed | None:
    """Call a parser that raises, and turn its problems into findings of the document."""
    try:
        return parse(given)
    except RuleFileError as error:
        for place, problems in error.fields.items():
            for problem in problems:
                at = place.removeprefix(document.label).removeprefix(": ")
                reading.refuse(document.label, at, problem.code, **problem.params)
        return None


def _check_name(document: Document, reading: Reading, name: str) -> None:
    if name != document.name:
        reading.refuse(document.label, "name", "name_differs", name=name, file=document.name)


def _check_units(document: Document, reading: Reading, known: _Known) -> None:
    units = document.body.get("units")
    for position, unit in enumerate(units if isinstance(units, list) else []):
        calendar = unit.get("calendar") if isinstance(unit, dict) else None
        if isinstance(calendar, str) and calendar not in known.calendars:
            at = f"units[{position}].calendar"
            reading.refuse(document.label, at, "unknown_calendar", calendar=calendar)


def _check_conduct(document: Document, reading: Reading, known: _Known) -> None:
    conduct = read_conduct(document, reading)
    if conduct.calendar and conduct.calendar not in known.calendars:
        reading.refuse(document.label, "calendar", "unknown_calendar", calendar=conduct.calendar)
    _check_area_classes(conduct, document, reading, known.catalogue)
    if not conduct.confirmed:
        at = Place(document=document.label, path="stage_limits")
        reading.note(Severity.NOTICE, at, "stage_limits_unconfirmed")


def _check_area_classes(conduct: Conduct, document: Document, reading: Reading, catalogue: Catalogue) -> None:
    """Warn of limits for an area class that no area has: they would never apply."""
    conditions = [one for case_type in catalogue.types for one in case_type.conditions if one.limits_by]
    wanted = {rule.area_class for one in conditions for rule in one.limits_by if rule.area_class}
    at = Place(document=document.label, path="area_classes")
    for name in sorted(wanted - set(conduct.area_classes.values())):
        reading.note(Severity.WARNING, at, "area_class_without_area", area_class=name)


def _check_mapping(document: Document, reading: Reading, known: _Known, prefixes: dict[str, str]) -> None:
    """Refuse types that no catalogue has, units that no list has, and letters that two sources would share."""
    mapping = read_mapping(document, reading)
    prefix = mapping.type.prefix
    if prefix and prefixes.setdefault(prefix, mapping.system) != mapping.system:
        reading.refuse(document.label, "fields.type.prefix", "prefix_taken", prefix=prefix, system=prefixes[prefix])
    named = {f"values.{value}": key for value, key in mapping.type.values.items()}
    if mapping.type.default is not None:
        named["default"] = mapping.type.default
    for place, key in named.items():
        if known.catalogue.find(key) is None:
            reading.refuse(document.label, f"fields.type.{place}", "unknown_type", type=str(key))
    for value, unit in mapping.unit.values.items() if mapping.unit else ():
        if unit not in known.units.by_code:
            reading.refuse(document.label, f"fields.unit.values.{value}", "unknown_unit", unit=unit)


# --- routing ---


def _check_routing(document: Document, reading: Reading, known: _Known) -> None:
    table = read_routing(document, reading)
    for position, rule in enumerate(table.rules):
        at = Place(document=document.label, path=f"rules[{position}]")
        _check_names(rule, at, reading, known)
        _check_earlier(rule, table.rules[:position], at, reading)
    _check_gaps(table, document, reading, known.catalogue)


def _check_names(rule: RoutingRule, at: Place, reading: Reading, known: _Known) -> None:
    if rule.unit and rule.unit not in known.units.by_code:
        reading.refuse(at.document, f"{at.path}.unit", "unknown_unit", unit=rule.unit)
    for pattern in rule.types:
        if any(pattern.matches(case_type.key) for case_type in known.catalogue.types):
            continue
        if pattern.is_prefix:
            reading.note(Severity.WARNING, at, "pattern_matches_nothing", pattern=str(pattern))
        else:
            reading.refuse(at.document, f"{at.path}.types", "unknown_type", type=str(pattern))


def _check_earlier(rule: RoutingRule, earlier: Iterable[RoutingRule], at: Place, reading: Reading) -> None:
    """Warn of rules above this one that leave it nothing, or with which it shares cases by accident.

    A special rule above a general one is how a table is meant, pattern by pattern; warned of is only what two rules of
    different units share without the upper one being the special one.
    """
    for above in earlier:
        if above.covers(rule):
            reading.note(Severity.WARNING, at, "routing_rule_dead", rule=rule.id, above=above.id)
            return
    for above in earlier:
        if above.unit != rule.unit and _clash(above, rule):
            reading.note(Severity.WARNING, at, "routing_rules_overlap", rule=rule.id, above=above.id)


def _clash(above: RoutingRule, rule: RoutingRule) -> bool:
    """Tell whether some case is taken by both and is no special case, made by the rule above, of this rule."""
    is_wider = rule.reaches(above)
    return _coincide(above, rule) and any(
        a.meets(b) and not (is_wider and b.covers(a)) for a in above.types for b in rule.types
    )


def _coincide(one: RoutingRule, other: RoutingRule) -> bool:
    """Tell whether there is a place, a source and a day for which both hold."""
    areas = not one.areas or not other.areas or _any_prefix(one.areas, other.areas)
    sources = not one.sources or not other.sources or bool(set(one.sources) & set(other.sources))
    return areas and sources and one.valid_from <= _last(other) and other.valid_from <= _last(one)


def _any_prefix(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return any(area.startswith(others) for area in some) or any(area.startswith(some) for area in others)


def _last(rule: RoutingRule) -> date:
    return rule.valid_to or date.max


def _check_gaps(table: RoutingTable, document: Document, reading: Reading, catalogue: Catalogue) -> None:
    """Warn of types with no rule, or with rules that leave places, sources or later days out."""
    at = Place(document=document.label, path="rules")
    for case_type in catalogue.types:
        rules = [rule for rule in table.rules if any(one.matches(case_type.key) for one in rule.types)]
        if not rules:
            reading.note(Severity.WARNING, at, "type_without_route", type=str(case_type.key))
        elif all(rule.areas or rule.sources or rule.valid_to for rule in rules):
            reading.note(Severity.WARNING, at, "type_partly_routed", type=str(case_type.key))
