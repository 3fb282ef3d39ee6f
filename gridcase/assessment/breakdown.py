"""A score taken apart again: for every indicator its points, what it lost, and each term with the numbers it read.

Works on scores as they are kept (plain values) and the rule set they were made by; computes no score. The words are in
``gridcase.assessment.explaining``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gridcase.assessment.rulesets import Amount, Indicator, Number, Ratio, RuleSet, Term
from gridcase.assessment.scoring import LineKind

PlainLine = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermNumbers:
    """A term with the line that it left.

    Parameters
    ----------
    numerator, denominator
        The amounts; None where the term reads no counts.
    value
        The rate, or the number itself; None without data.
    """

    term: Term
    line: PlainLine
    numerator: Amount | None
    denominator: Amount | None
    value: Fraction | None

    @property
    def is_rate(self) -> bool:
        """Whether ``value`` is a share of a denominator."""
        return bool(self.line["denominator"]["name"]) or self.line["text"] == "rate_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorNumbers:
    """An indicator of a subject.

    Parameters
    ----------
    points
        Exact, all its lines together; None where it has no data and gives no score.
    lost
        What it lacks of its weight; None without points, and for an extra one.
    terms
        In the order of the rule set; empty where an outside value took their place.
    lines
        All its lines.
    """

    indicator: Indicator
    points: Fraction | None
    lost: Fraction | None
    terms: tuple[TermNumbers, ...]
    lines: tuple[PlainLine, ...]
    warns: bool

    @property
    def spared(self) -> tuple[str, ...]:
        """Exempted cases that the numbers of its terms no longer hold: without the last of them there is no data."""
        exemptions = [one for one in self.lines if one["kind"] == LineKind.EXEMPTION]
        if not any(one["text"] == "exemption_without_numbers" for one in exemptions):
            return ()
        return tuple(case for one in exemptions if one["text"] != "exemption_not_allowed" for case in one["cases"])


def taken_apart(rule_set: RuleSet, score: Mapping[str, Any]) -> tuple[IndicatorNumbers, ...]:
    """Take a score apart, in the order of the rule set."""
    warned = {one["indicator"] for one in score["warnings"]}
    return tuple(_indicator(one, score["lines"], warns=one.id in warned) for one in rule_set.indicators)


def lines_of_total(score: Mapping[str, Any]) -> tuple[PlainLine, ...]:
    """Return the lines that belong to no indicator: stretching, adjustments, bounds and rounding of the total."""
    return tuple(one for one in score["lines"] if not one["indicator"])


def sum_of(lines: Sequence[PlainLine]) -> Fraction:
    """Add the exact points of lines up; one without data adds nothing."""
    return sum((Fraction(one["points"]) for one in lines if one["points"] is not None), Fraction(0))


def _indicator(indicator: Indicator, lines: Sequence[PlainLine], *, warns: bool) -> IndicatorNumbers:
    own = tuple(one for one in lines if one["indicator"] == indicator.id)
    has_data = all(one["points"] is not None for one in own) or any(one["kind"] == LineKind.NO_DATA for one in own)
    points = sum_of(own) if own and has_data else None
    return IndicatorNumbers(
        indicator=indicator,
        points=points,
        lost=None if points is None or indicator.extra else Fraction(indicator.weight) - points,
        terms=tuple(_terms(indicator, own)),
        lines=own,
        warns=warns,
    )


def _terms(indicator: Indicator, lines: Sequence[PlainLine]) -> Iterator[TermNumbers]:
    by_term = {one["term"]: one for one in lines if one["kind"] == LineKind.TERM}
    for term in indicator.terms:
        if term.id in by_term:
            line = by_term[term.id]
            numerator, denominator = _amounts(term)
            value = _value(line)
            yield TermNumbers(term=term, line=line, numerator=numerator, denominator=denominator, value=value)


def _amounts(term: Term) -> tuple[Amount | None, Amount | None]:
    match term.measure:
        case Ratio(numerator=numerator, denominator=denominator):
            return numerator, denominator
        case Number(amount=amount):
            return amount, None
        case _:
            return None, None


def _value(line: PlainLine) -> Fraction | None:
    numerator, denominator = (Fraction(Decimal(str(line[side]["value"]))) for side in ("numerator", "denominator"))
    if line["points"] is None and line["text"] == "no_data":
        return None
    if not line["denominator"]["name"] and line["text"] != "rate_given":
        return numerator
    return numerator / denominator if denominator else None
