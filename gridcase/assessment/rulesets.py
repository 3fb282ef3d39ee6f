"""Rule sets: how counts become points, as frozen values with their legal source.

No arithmetic (``gridcase.assessment.scoring``) and no files (``gridcase.rules.rulesets``). Domain §6; a
further curve is one more class in ``Curve`` and one more case in scoring and in the file format.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gridcase.assessment.selection import NO_FILTERS, Attribution, CountBy, Filters, Selection
from gridcase.domain.time import Period


class RoundingMode(StrEnum):
    """What happens to a value that lies exactly between two."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How the exact score is rounded, once, at the end."""

    places: int = 2
    mode: RoundingMode = RoundingMode.HALF_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Part of the weight = factor × rate."""

    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complement:
    """Part of the weight = 1 - rate."""


Curve = Linear | Complement


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A ratio of two counts and what becomes of it.

    Parameters
    ----------
    id
        Unique within its indicator.
    numerator, denominator
        Names of counts. A zero denominator is "no data", never 100 %.
    curve
        How the ratio becomes a part of the indicator's weight.
    against
        Count whose cases spoke against the subject, for explanations; empty when none is named.
    """

    id: str
    numerator: str
    denominator: str
    curve: Curve
    against: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One item of a rule set: the sum of its terms times its weight, kept between floor and ceiling.

    Parameters
    ----------
    clause
        Clause of the legal source.
    weight
        Points; greater than zero.
    floor, ceiling
        Least and most points; a ceiling of None means the weight.
    """

    id: str
    clause: str
    title: Title
    weight: Decimal
    terms: tuple[Term, ...]
    floor: Decimal = Decimal(0)
    ceiling: Decimal | None = None

    @property
    def most(self) -> Decimal:
        """Most points that it can give."""
        return self.weight if self.ceiling is None else self.ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """How one view is scored, and from when to when.

    Parameters
    ----------
    valid_from, valid_to
        First and last day, both included; None has no end.
    legal_source
        Document and number; ``note`` says what was decided where it is silent.
    subject, attribution, filters
        What is counted for it.
    full_score
        Sum of the weights.
    tie_break
        Indicators whose exact points decide, in this order, between equal rounded scores; subjects that are
        equal after that share a rank.
    """

    name: str
    version: str
    valid_from: date
    valid_to: date | None = None
    title: Title
    legal_source: str
    note: str = ""
    subject: CountBy
    attribution: Attribution
    filters: Filters = NO_FILTERS
    full_score: Decimal
    indicators: tuple[Indicator, ...]
    rounding: Rounding
    tie_break: tuple[str, ...] = ()

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the rule set is in force on a day; its first and last day belong to it."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def selection(self, period: Period) -> Selection:
        """Return what is to be counted for a period."""
        return Selection(period=period, by=self.subject, attribution=self.attribution, filters=self.filters)
