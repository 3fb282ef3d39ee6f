"""What the pages of a month share: how codes, instants, points and refusals are written.

Values come from the use cases; nothing is decided or computed here.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from flask import request
from marshmallow import Schema

from gridcase.assessment.explaining import count_in_words, definition_of
from gridcase.assessment.rulesets import External, Indicator, RuleSet
from gridcase.domain.case import TypeKey, UnitCode
from gridcase.domain.errors import GridcaseError, NotFoundError
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import calling, language
from gridcase.edge.texts import Language, label, sentence
from gridcase.services.steps.permitting import ASSESSING
from gridcase.services.steps.reference import Reference
from gridcase.web.console.action_forms import Choice, beside, load, sentences_of
from gridcase.web.console.numbers import as_number
from gridcase.web.texts import text

_Made = TypeVar("_Made")
#: Digits of points that pages show; the exact fraction stands beside what they cut off.
_PLACES = 4
#: Layer that names the subjects of a view.
_LAYERS = {"area": "community", "street": "street"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes in the page's language.

    Parameters
    ----------
    rule_sets
        Those known to the page, by name.
    """

    reference: Reference
    language: Language
    rule_sets: Mapping[str, RuleSet] = field(default_factory=dict)

    def subject(self, kind: str, code: str) -> str:
        """Name a unit, area, street, type or post; the code itself where nothing has its name."""
        rules = self.reference.rules
        if kind == "unit":
            unit = rules.units.by_code.get(UnitCode(code))
            return self._either(unit.name_zh, unit.name_en) if unit else code
        if kind in _LAYERS:
            feature = self.reference.features.get((_LAYERS[kind], code))
            return feature.name if feature and feature.name else code
        if kind == "post":
            role, _, person = code.partition("/")
            return f"{label(role, self.language)} {person}"
        return self.type_name(code) if kind == "type" else code

    def type_name(self, key: str | TypeKey) -> str:
        """Name a case type."""
        try:
            known = self.reference.rules.catalogue.find(TypeKey.parse(key) if isinstance(key, str) else key)
        except ValueError:
            known = None
        return self._either(known.name_zh, known.name_en) if known else str(key)

    def title(self, rule_set: RuleSet) -> str:
        """Name a rule set."""
        return self._either(rule_set.title.zh, rule_set.title.en)

    def title_of(self, name: str) -> str:
        """Name a rule set by its id; the id itself when the page does not know it."""
        known = self.rule_sets.get(name)
        return self.title(known) if known else name

    def titles(self, rule_sets: Iterable[RuleSet]) -> list[Choice]:
        """Return rule sets to choose from."""
        return [(one.name, self.title(one)) for one in rule_sets]

    def item(self, rule_set: RuleSet | None, indicator: str) -> str:
        """Name an indicator of a rule set; its id where it has none."""
        found = next((one for one in rule_set.indicators if one.id == indicator), None) if rule_set else None
        return self._either(found.title.zh, found.title.en) if found else indicator

    def item_of(self, name: str, indicator: str) -> str:
        """Name an indicator by the id of its rule set."""
        return self.item(self.rule_sets.get(name), indicator)

    def items(self, rule_sets: Iterable[RuleSet]) -> list[Choice]:
        """Return the indicators of rule sets to choose from."""
        return [
            (item.id, f"{self.title(one)} · {self.item(one, item.id)}") for one in rule_sets for item in one.indicators
        ]

    def outside(self, name: str, value: str) -> str:
        """Name an outside value by the indicator that it is given for."""
        known = self.rule_sets.get(name)
        items = known.indicators if known else ()
        found = next((one.id for one in items if value in _externals(one)), value)
        return self.item(known, found)

    def outsides(self, rule_sets: Iterable[RuleSet]) -> list[Choice]:
        """Return the outside values of rule sets to choose from."""
        return [
            (value, f"{self.title(one)} · {self.outside(one.name, value)}")
            for one in rule_sets
            for value in one.external_names
        ]

    def choices(self, part: str, words: Iterable[str]) -> list[Choice]:
        """Return words of the pages to choose from, each by what stands after its part's name."""
        return [(one, text(f"{part}{one}", self.language)) for one in words]

    def at(self, instant: datetime | None) -> str:
        """Write an instant to the minute."""
        return f"{instant.astimezone(self.reference.rules.zone):%Y-%m-%d %H:%M}" if instant else ""

    def points(self, value: Fraction | str | None) -> str:
        """Write points, cut to what a page has room for; ``…`` says that digits follow.

        Examples
        --------
        >>> from fractions import Fraction
        >>> [shortened(one) for one in (Fraction(135, 2), Fraction(-1, 3), Fraction(90))]
        ['67.5', '-0.3333…', '90']
        """
        if value is None:
            return ""
        return shortened(Fraction(value))

    def percent(self, value: Fraction | None) -> str:
        """Write a rate in per cent."""
        return "" if value is None else f"{shortened(value * 100, places=2)}%"

    def count(self, name: str) -> str:
        """Name a base count."""
        return count_in_words(name, str(self.language), partial(label, language=self.language))

    def definition(self, name: str) -> str:
        """Say what a base count counts."""
        return definition_of(name, str(self.language))

    def roles(self, names: Iterable[str]) -> str:
        """Name roles."""
        return text("console.between", self.language).join(label(name, self.language) for name in names)

    def said(self, error: GridcaseError) -> str:
        """Say a refusal."""
        return sentence(error.code, error.params, self.language)

    def code(self, code: str) -> str:
        """Say what a failed job says by its code."""
        return sentence(code, {}, self.language) if code else ""

    def _either(self, zh: str, en: str) -> str:
        return zh if self.language is Language.ZH else en


def shortened(value: Fraction, *, places: int = _PLACES) -> str:
    """Write a fraction with at most so many decimals, without needless zeros; ``…`` says that digits follow."""
    scaled = abs(value) * 10**places
    digits = scaled.numerator // scaled.denominator
    text = f"{Decimal(digits).scaleb(-places):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    sign = "-" if value < 0 else ""
    return f"{sign}{text}{'' if scaled.denominator == 1 else '…'}"


def _externals(indicator: Indicator) -> set[str]:
    given = [indicator.instead, *(term.measure for term in indicator.terms)]
    return {one.name for one in given if isinstance(one, External)}


def writer(rule_sets: Iterable[RuleSet] = ()) -> Writer:
    """Return a writer for this page; ``rule_sets`` are those whose ids stand on it."""
    known = {one.name: one for one in rule_sets}
    return Writer(reference=calling().reference, language=language(), rule_sets=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What was refused: sentences by field, those about no field under the empty name."""

    status: int
    errors: Mapping[str, list[str]]


def tried(work: Callable[[], _Made], fields: Iterable[str] = ()) -> tuple[_Made | None, Refused | None]:
    """Do something that a form asked for; a refusal becomes sentences for the form, so that nothing typed is lost.

    Parameters
    ----------
    fields
        Fields that the form shows; what is wrong with any other stands above it.

    Raises
    ------
    NotFoundError
        What one may not see is no form's matter; see ``gridcase.web.problems``.
    """
    try:
        return work(), None
    except NotFoundError:
        raise
    except GridcaseError as error:
        errors = beside(sentences_of(error, is_folded=False), set(fields))
        return None, Refused(status=status_of(error), errors=errors)


def loaded(schema: type[Schema], values: Mapping[str, Any]) -> Any:
    """Load values of a form by the schema that the API takes; an empty text is none.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    """
    return load(schema, {name: value for name, value in values.items() if value not in ("", None)})


def form_key() -> str | None:
    """Return the key under which a form was sent, so that a double click does nothing twice; None for a made-up one."""
    try:
        return str(uuid.UUID(request.form.get("key", "")))
    except ValueError:
        return None


def new_key() -> str:
    """Return a key for a form that is about to be shown."""
    return str(uuid.uuid4())


def sliced(found: Sequence[_Made], size: int) -> tuple[int, int, Sequence[_Made]]:
    """Return which page of a list is asked for, how many there are, and what stands on it."""
    pages = max(1, -(-len(found) // size))
    page = min(max(as_number(request.args.get("page")) or 1, 1), pages)
    return page, pages, found[(page - 1) * size : page * size]


def is_assessing() -> bool:
    """Tell whether the caller sees every subject of a month."""
    return calling().actor.role in ASSESSING
