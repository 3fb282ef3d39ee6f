"""What the pages of a month share: how codes, instants, points and refusals are written.

Values come from the use cases; nothing is decided or computed here.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from flask import request
from marshmallow import Schema, ValidationError

from gridcase.assessment.explaining import count_in_words, definition_of
from gridcase.assessment.rulesets import RuleSet
from gridcase.domain.actor import Role
from gridcase.domain.case import TypeKey, UnitCode
from gridcase.domain.errors import GridcaseError, NotFoundError
from gridcase.edge.fields import as_input_error
from gridcase.edge.problems import problem_body, status_of
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import Language, label, sentence
from gridcase.services.steps.reference import Reference

_Made = TypeVar("_Made")
#: Digits of points that pages show; the exact fraction stands beside what they cut off.
_PLACES = 4
#: Layer that names the subjects of a view.
_LAYERS = {"area": "community", "street": "street"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes in the page's language."""

    reference: Reference
    language: Language

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

    def item(self, rule_set: RuleSet, indicator: str) -> str:
        """Name an indicator of a rule set; its id where it has none."""
        found = next((one for one in rule_set.indicators if one.id == indicator), None)
        return self._either(found.title.zh, found.title.en) if found else indicator

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
        return ("、" if self.language is Language.ZH else ", ").join(label(name, self.language) for name in names)

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


def writer() -> Writer:
    """Return a writer for this page."""
    return Writer(reference=calling().reference, language=language())


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
        status = status_of(error)
        body = problem_body(status, error.code, error.params, error.fields, language())
    known = set(fields)
    errors: dict[str, list[str]] = {}
    for name, said in body.get("errors", {}).items():
        errors.setdefault(name if name in known else "", []).extend(
            said if name in known or not name else [f"{name}: {one}" for one in said]
        )
    if not body.get("errors"):
        errors[""] = [body["detail"]]
    return None, Refused(status=status, errors=errors)


def loaded(schema: type[Schema], values: Mapping[str, Any]) -> Any:
    """Load values of a form by the schema that the API takes; an empty text is none.

    Raises
    ------
    InvalidInputError
        A field is wrong.
    """
    given = {name: value for name, value in values.items() if value not in ("", None)}
    try:
        return schema().load(given)
    except ValidationError as err:
        raise as_input_error(err) from err


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
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return page, pages, found[(page - 1) * size : page * size]


def is_assessing() -> bool:
    """Tell whether the caller sees every subject of a month."""
    return calling().actor.role in (Role.ASSESSOR, Role.LEADER, Role.ADMIN)


def present() -> datetime:
    """Return the present instant."""
    return runtime().clock.now()
