"""Score: counts become points, points a rounded total and a rank, and every point is a line.

Pure arithmetic on fractions, rounded once; it knows no cases and no frames. Rules: domain §6, "A rule set".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from gridcase.assessment.counts import SubjectCounts
from gridcase.assessment.rulesets import (
    Complement,
    Curve,
    Indicator,
    Linear,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
)


class LineKind(StrEnum):
    """Where the points of a line come from: a ratio, or the bounds of its indicator."""

    TERM = "term"
    FLOOR = "floor"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One reason for points.

    Parameters
    ----------
    rule_set, version, clause, indicator, term
        Where the rule stands; ``term`` is empty for a floor or ceiling.
    numerator_name, numerator, denominator_name, denominator
        The counts; empty and 0 for a floor or ceiling.
    points
        Exact; None where there is no data. A ceiling's are negative.
    shown
        ``points`` rounded like the score; the shown values of lines need not add up, the exact ones do.
    against
        Count whose cases spoke against the subject, to be asked of ``counts.case_numbers``; may be empty.
    """

    rule_set: str
    version: str
    clause: str
    indicator: str
    term: str
    kind: LineKind
    numerator_name: str
    numerator: int
    denominator_name: str
    denominator: int
    points: Fraction | None
    shown: Decimal | None
    against: str

    @property
    def exact(self) -> str | None:
        """The points as ``n/d`` in lowest terms; None where there is no data."""
        return None if self.points is None else f"{self.points.numerator}/{self.points.denominator}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectScore:
    """The score of one subject.

    Parameters
    ----------
    score
        Rounded as the rule set says; None when an indicator has no data.
    rank
        1 is best, equal ranks leave a gap (1, 2, 2, 4); None without a score.
    lines
        In the order of the rule set; their exact points add up to the unrounded score.
    """

    subject: str
    score: Decimal | None
    rank: int | None
    lines: tuple[ScoreLine, ...]


def score(rule_set: RuleSet, counts: Iterable[SubjectCounts]) -> tuple[SubjectScore, ...]:
    """Score and rank the subjects, best first, those without a score last, equals by subject.

    What has no subject is not scored. No counts give an empty tuple.

    Raises
    ------
    KeyError
        When a count that the rule set names is not among those given.
    """
    unranked = [_score_subject(rule_set, one.subject, one.counts) for one in counts if one.subject is not None]
    ordered = sorted(unranked, key=lambda one: (_standing(rule_set, one), one.subject))
    ranked: list[SubjectScore] = []
    for position, one in enumerate(ordered, start=1):
        if one.score is None:
            ranked.append(one)
            continue
        is_equal = position > 1 and _standing(rule_set, ranked[-1]) == _standing(rule_set, one)
        ranked.append(replace(one, rank=ranked[-1].rank if is_equal else position))
    return tuple(ranked)


def rounded(value: Fraction, rounding: Rounding) -> Decimal:
    """Round an exact value to a number of places.

    Half up takes the half away from zero, as in official tables.

    Examples
    --------
    >>> rounded(Fraction(18977, 200), Rounding()), rounded(Fraction(18977, 200), Rounding(places=1))
    (Decimal('94.89'), Decimal('94.9'))
    >>> rounded(Fraction(5, 2), Rounding(places=0, mode=RoundingMode.HALF_EVEN))
    Decimal('2')
    """
    scaled = abs(value) * 10**rounding.places
    if rounding.mode is RoundingMode.HALF_UP:
        digits = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    else:
        digits = round(scaled)
    return Decimal(-digits if value < 0 else digits).scaleb(-rounding.places)


def _score_subject(rule_set: RuleSet, subject: str, counts: Mapping[str, int]) -> SubjectScore:
    lines = tuple(line for indicator in rule_set.indicators for line in _lines(rule_set, indicator, counts))
    total = _sum(line.points for line in lines)
    return SubjectScore(
        subject=subject,
        score=None if total is None else rounded(total, rule_set.rounding),
        rank=None,
        lines=lines,
    )


def _lines(rule_set: RuleSet, indicator: Indicator, counts: Mapping[str, int]) -> Iterator[ScoreLine]:
    blank = ScoreLine(
        rule_set=rule_set.name,
        version=rule_set.version,
        clause=indicator.clause,
        indicator=indicator.id,
        term="",
        kind=LineKind.TERM,
        numerator_name="",
        numerator=0,
        denominator_name="",
        denominator=0,
        points=None,
        shown=None,
        against="",
    )
    lines = [_term_line(blank, term, indicator, counts) for term in indicator.terms]
    lines += _bounds(blank, indicator, _sum(line.points for line in lines))
    for line in lines:
        shown = None if line.points is None else rounded(line.points, rule_set.rounding)
        yield replace(line, shown=shown)


def _term_line(blank: ScoreLine, term: Term, indicator: Indicator, counts: Mapping[str, int]) -> ScoreLine:
    numerator, denominator = counts[term.numerator], counts[term.denominator]
    points = None
    if denominator != 0:
        points = Fraction(indicator.weight) * _part(term.curve, Fraction(numerator, denominator))
    return replace(
        blank,
        term=term.id,
        numerator_name=term.numerator,
        numerator=numerator,
        denominator_name=term.denominator,
        denominator=denominator,
        points=points,
        against=term.against,
    )


def _part(curve: Curve, rate: Fraction) -> Fraction:
    """Return which part of the weight a rate earns."""
    match curve:
        case Linear(factor=factor):
            return Fraction(factor) * rate
        case Complement():
            return 1 - rate


def _bounds(blank: ScoreLine, indicator: Indicator, points: Fraction | None) -> Iterator[ScoreLine]:
    """Make the line that brings an indicator back to its floor or ceiling, so that lines always add up."""
    if points is None:
        return
    floor, most = Fraction(indicator.floor), Fraction(indicator.most)
    if points < floor:
        yield replace(blank, kind=LineKind.FLOOR, points=floor - points)
    elif points > most:
        yield replace(blank, kind=LineKind.CEILING, points=most - points)


def _sum(points: Iterable[Fraction | None]) -> Fraction | None:
    """Add up; a single "no data" makes the whole "no data"."""
    total = Fraction(0)
    for one in points:
        if one is None:
            return None
        total += one
    return total


def _standing(rule_set: RuleSet, one: SubjectScore) -> tuple[bool, tuple[Decimal | Fraction, ...]]:
    """Return the sort key: lower is better, no score comes last."""
    if one.score is None:
        return True, ()
    deciding = (
        -sum((line.points or Fraction(0) for line in one.lines if line.indicator == name), Fraction(0))
        for name in rule_set.tie_break
    )
    return False, (-one.score, *deciding)
