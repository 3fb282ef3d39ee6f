"""Everyday changes of documents, made without writing YAML: each takes a document and gives the changed one.

What comes out is checked like any other text before it is applied (``gridcase.rules.checks``). The version is raised
by a small number behind the old one, because a document's own version is shown beside what came of it.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from gridcase.domain.errors import invalid
from gridcase.rules.documents import Document
from gridcase.rules.yaml_text import Plain

_NUMBERED = re.compile(r"(.*)-r([0-9]{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHoliday:
    """A paragraph of the yearly notice: days off and the weekend days worked in exchange."""

    year: int
    name: str
    first: date
    last: date
    make_up: tuple[date, ...] = ()
    source: str = ""


def with_holiday(document: Document, new: NewHoliday) -> Document:
    """Add a holiday to a calendar, replacing one that begins on the same day; a year not listed yet is begun."""
    body = _raised(document)
    years = _rows(body, "years")
    year = next((one for one in years if one.get("year") == new.year), None)
    if year is None:
        year = {"year": new.year, "holidays": []}
        years.append(year)
        years.sort(key=lambda one: cast("int", one.get("year", 0)))
    if new.source:
        year["source"] = new.source
    holidays = [one for one in _rows(year, "holidays") if one.get("first") != new.first.isoformat()]
    added: dict[str, Plain] = {"name": new.name, "first": new.first.isoformat(), "last": new.last.isoformat()}
    if new.make_up:
        added["make_up"] = [day.isoformat() for day in new.make_up]
    holidays.append(added)
    year["holidays"] = [*sorted(holidays, key=lambda one: str(one.get("first")))]
    return replace(document, body=body)


def without_holiday(document: Document, first: date) -> Document:
    """Take the holiday that begins on a day out of a calendar, and its year when it was the only one."""
    body = _raised(document)
    for year in _rows(body, "years"):
        year["holidays"] = [one for one in _rows(year, "holidays") if one.get("first") != first.isoformat()]
    body["years"] = [year for year in _rows(body, "years") if year["holidays"]]
    return replace(document, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEdit:
    """What a unit shall be called and where it shall stand; an empty parent is none."""

    code: str
    name_zh: str
    name_en: str
    parent: str


def with_unit(document: Document, edit: UnitEdit) -> Document:
    """Rename a unit or move it under another.

    Raises
    ------
    InvalidInputError
        ``unknown_unit`` on ``code``: the document has no such unit.
    """
    body = _raised(document)
    unit = next((one for one in _rows(body, "units") if one.get("code") == edit.code), None)
    if unit is None:
        raise invalid("code", "unknown_unit", unit=edit.code)
    unit["name"] = {"zh": edit.name_zh, "en": edit.name_en}
    unit.pop("parent", None)
    if edit.parent:
        unit["parent"] = edit.parent
    return replace(document, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Types whose cases another unit gets from a day on, perhaps in some areas only."""

    types: tuple[str, ...]
    unit: str
    first_day: date
    areas: tuple[str, ...] = ()
    why_zh: str = ""
    why_en: str = ""


def with_handover(document: Document, new: Handover) -> Document:
    """Put a rule above all others that gives types to another unit from a day on; what was asked before stays below."""
    body = _raised(document)
    rules = _rows(body, "rules")
    taken = {str(rule.get("id")) for rule in rules}
    stem = f"from-{new.first_day.isoformat()}"
    name = next(one for one in (stem, *(f"{stem}-{number}" for number in range(2, 10_000))) if one not in taken)
    rule: dict[str, Plain] = {
        "id": name,
        "types": list(new.types),
        "unit": new.unit,
        "valid_from": new.first_day.isoformat(),
    }
    if new.areas:
        rule["areas"] = list(new.areas)
    why: dict[str, Plain] = {lang: text for lang, text in (("zh", new.why_zh), ("en", new.why_en)) if text}
    if why:
        rule["why"] = why
    body["rules"] = [rule, *rules]
    return replace(document, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitEdit:
    """Another limit of a condition; an empty one leaves it to the shift leader."""

    scheme: str
    kind: str
    code: str
    condition: str
    limit: str


def with_limit(documents: Sequence[Document], edit: LimitEdit) -> Document:
    """Change the limit of a condition in the catalogue document that says it last.

    Raises
    ------
    InvalidInputError
        ``unknown_condition`` on ``condition``: no document has it.
    """
    for document in reversed(documents):
        body = _raised(document)
        found = _condition(body, edit)
        if found is not None:
            found.pop("limit", None)
            if edit.limit:
                found["limit"] = edit.limit
            return replace(document, body=body)
    raise invalid("condition", "unknown_condition", condition=edit.condition, choices="-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductEdit:
    """What a form says of the rules of conduct.

    Parameters
    ----------
    limits
        ``2 working_hour`` by stage and urgency (``normal``, ``urgent``).
    numbers
        By key of the document.
    timetable
        Working day of the next month and time of day, ``18:00``, by step of the month.
    """

    limits: Mapping[tuple[str, str], str]
    numbers: Mapping[str, int]
    auto_dispatch: bool
    auto_register_sources: tuple[str, ...]
    timetable: Mapping[str, tuple[int, str]]


def with_conduct(document: Document, edit: ConductEdit) -> Document:
    """Put what a form says into the rules of conduct; the document itself comes back when that changes nothing."""
    body = _raised(document)
    stages = cast("dict[str, dict[str, Plain]]", body.get("stage_limits", {}))
    for (stage, urgency), limit in edit.limits.items():
        stages[stage][urgency] = limit
    for name, number in edit.numbers.items():
        if body.get(name) != number:
            body[name] = number
    body["auto_dispatch"] = edit.auto_dispatch
    body["auto_register_sources"] = list(edit.auto_register_sources)
    steps = cast("dict[str, Plain]", body.get("assessment", {}))
    for step, (day, at) in edit.timetable.items():
        steps[step] = {"working_day": day, "at": at}
    is_same = body | {"version": document.body.get("version")} == document.body
    return document if is_same else replace(document, body=body)


def _condition(body: dict[str, Plain], edit: LimitEdit) -> dict[str, Plain] | None:
    for one in _rows(body, "types"):
        key = (one.get("scheme", body.get("scheme")), one.get("kind"), one.get("code"))
        if key == (edit.scheme, edit.kind, edit.code):
            return next((row for row in _rows(one, "conditions") if row.get("code") == edit.condition), None)
    return None


def _rows(body: dict[str, Plain], key: str) -> list[dict[str, Plain]]:
    """Return a list of mappings to be changed in place; a missing one is begun."""
    return cast("list[dict[str, Plain]]", body.setdefault(key, []))


def _raised(document: Document) -> dict[str, Plain]:
    """Return a copy of the body with its version raised: ``2026.1`` → ``2026.1-r1`` → ``2026.1-r2``."""
    body = copy.deepcopy(document.body)
    version = str(body.get("version", ""))
    match = _NUMBERED.fullmatch(version)
    body["version"] = f"{match[1]}-r{int(match[2]) + 1}" if match else f"{version}-r1"
    return body
