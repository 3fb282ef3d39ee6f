"""Score: counts become points, points a rounded total, a grade and a rank, and every point is a line.

Exact arithmetic on fractions, rounded only where the rule set says so; each rounding is a line of its own, so that the
lines add up to the score. Rules: domain §6, "A rule set".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from gridcase.assessment.curves import points_for
from gridcase.assessment.figures import Amounts, CountedFigures, Figures
from gridcase.assessment.frames import Frames
from gridcase.assessment.inputs import NO_INPUTS, Adjustment, Deduction, Exemption, ScoringInputs
from gridcase.assessment.rulesets import (
    TOTAL,
    Amount,
    EqualRanks,
    ExemptionReason,
    External,
    Indicator,
    Number,
    Ratio,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
    TieBreak,
    WithoutData,
)
from gridcase.domain.case import CaseNumber
from gridcase.domain.time import Period

_PERCENT = 100


class LineKind(StrEnum):
    """Where the points of a line come from.

    Within an indicator, in this order: what it starts with (``base``), its terms (``term``) or the outside score in
    their place (``external``), what it gives for want of data (``no_data``), deductions by people, its ``floor`` or
    ``ceiling``, what each ``exemption`` changed, its ``rounding``. After the indicators: stretching for those left out
    (``stretching``), adjustments, and floor, ceiling and rounding of the total.
    """

    BASE = "base"
    TERM = "term"
    EXTERNAL = "external"
    NO_DATA = "no_data"
    DEDUCTION = "deduction"
    FLOOR = "floor"
    CEILING = "ceiling"
    EXEMPTION = "exemption"
    ROUNDING = "rounding"
    STRETCHING = "stretching"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One reason for points.

    Parameters
    ----------
    rule_set, version, clause, indicator, term
        Where the rule stands; ``term`` is empty but for terms, ``clause`` and ``indicator`` for lines of the total.
    numerator_name, numerator, denominator_name, denominator
        The numbers; empty and 0 where there are none. A number alone has no denominator.
    points
        Exact; None where there is no data. A ceiling's are negative.
    shown
        ``points`` rounded like the score; the shown values of lines need not add up, the exact ones do.
    against
        Counts whose cases spoke against the subject, joined by `` + ``; may be empty.
    cases
        Our numbers behind the line, in order.
    evidence, reason
        As people gave them; empty for what was counted.
    text
        Code of what else is to be said (``no_data``, ``exemption_not_allowed`` …); mostly empty.
    their_number, origin_period
        Of a deduction, of an adjustment.
    """

    rule_set: str
    version: str
    clause: str
    indicator: str
    term: str
    kind: LineKind
    numerator_name: str
    numerator: int | Decimal
    denominator_name: str
    denominator: int | Decimal
    points: Fraction | None
    shown: Decimal | None
    against: str
    cases: tuple[CaseNumber, ...] = ()
    evidence: str = ""
    reason: str = ""
    text: str = ""
    their_number: str = ""
    origin_period: str = ""

    @property
    def exact(self) -> str | None:
        """The points as ``n/d`` in lowest terms; None where there is no data."""
        return None if self.points is None else f"{self.points.numerator}/{self.points.denominator}"

    @property
    def is_given(self) -> bool:
        """False where the numerator is a value that nobody gave: it stands as 0 and means none."""
        return self.points is not None or (bool(self.denominator_name) and self.denominator == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWarning:
    """An indicator that lost more than the rule set bears 预警.

    Parameters
    ----------
    lost
        Points lost, exact.
    above
        Per cent of the weight beyond which, strictly, it warns.
    """

    indicator: str
    lost: Fraction
    above: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectScore:
    """The score of one subject.

    Parameters
    ----------
    score
        Rounded as the rule set says; None when an indicator that it cannot do without has no data.
    grade
        None without a score, or when the rule set has no grade for it.
    rank
        1 is best within its group; None without a score.
    group
        Group in which it is ranked; empty when the rule set has none.
    lines
        In the order of the rule set; where there is a score, their exact points add up to it.
    deciding
        Counts that the ranking compares between equals, by name; one that was not given counts as 0.
    """

    subject: str
    score: Decimal | None
    grade: str | None = None
    rank: int | None
    group: str = ""
    warnings: tuple[ItemWarning, ...] = ()
    lines: tuple[ScoreLine, ...]
    deciding: tuple[tuple[str, int | Decimal], ...] = ()


def score(
    rule_set: RuleSet, frames: Frames, period: Period, inputs: ScoringInputs = NO_INPUTS
) -> tuple[SubjectScore, ...]:
    """Score and rank the subjects of a period, best first, those without a score last, equals by subject.

    What has no subject is not scored. No cases and no inputs give an empty tuple.
    """
    exempted = tuple(sorted({one.case for one in inputs.exemptions}))
    return score_figures(
        rule_set, CountedFigures(rule_set=rule_set, frames=frames, period=period, exempted=exempted), inputs
    )


def score_figures(rule_set: RuleSet, figures: Figures, inputs: ScoringInputs = NO_INPUTS) -> tuple[SubjectScore, ...]:
    """Score and rank from figures, wherever they come from; otherwise as ``score``.

    Raises
    ------
    ValueError
        The same outside score is given twice for a subject.
    """
    given = _Inputs.of(inputs)
    named = {*figures.subjects(), *given.subjects()}
    subjects = sorted(one for one in named if rule_set.role is None or one.startswith(f"{rule_set.role}/"))
    return _ranked(rule_set, [_Scorer(rule_set, figures, given, subject).result() for subject in subjects])


def rounded(value: Fraction, rounding: Rounding) -> Decimal:
    """Round an exact value to a number of places.

    Half up takes the half away from zero, as in official tables; down cuts the further digits off.

    Examples
    --------
    >>> rounded(Fraction(18977, 200), Rounding()), rounded(Fraction(18977, 200), Rounding(places=1))
    (Decimal('94.89'), Decimal('94.9'))
    >>> rounded(Fraction(5, 2), Rounding(places=0, mode=RoundingMode.HALF_EVEN))
    Decimal('2')
    """
    scaled = abs(value) * 10**rounding.places
    match rounding.mode:
        case RoundingMode.HALF_UP:
            digits = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
        case RoundingMode.HALF_EVEN:
            digits = round(scaled)
        case _:
            digits = scaled.numerator // scaled.denominator
    return Decimal(-digits if value < 0 else digits).scaleb(-rounding.places)


# --- inputs by subject ---


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The inputs in an order that does not depend on how they were given."""

    external: dict[tuple[str, str], tuple[Decimal, str]]
    exemptions: tuple[Exemption, ...]
    adjustments: tuple[Adjustment, ...]
    deductions: tuple[Deduction, ...]

    @classmethod
    def of(cls, inputs: ScoringInputs) -> "_Inputs":
        external = {(one.subject, one.indicator): (one.value, one.evidence) for one in inputs.external}
        if len(external) != len(inputs.external):
            msg = "an outside score is given twice for a subject"
            raise ValueError(msg)
        return cls(
            external=external,
            exemptions=tuple(sorted(inputs.exemptions, key=_sorting)),
            adjustments=tuple(sorted(inputs.adjustments, key=_sorting)),
            deductions=tuple(sorted(inputs.deductions, key=_sorting)),
        )

    def subjects(self) -> Iterator[str]:
        yield from (subject for subject, _ in self.external)
        yield from (one.subject for one in self.adjustments)
        yield from (one.subject for one in self.deductions)


def _sorting(one: Exemption | Adjustment | Deduction) -> tuple[str, ...]:
    names = ("case", "indicator", "subject", "their_number", "origin_period", "reason", "evidence", "points")
    return tuple(str(getattr(one, name, None) or "") for name in names)


# --- one subject ---


@dataclass(slots=True)
class _Item:
    """An indicator, scored: its lines, and its points where there is data."""

    indicator: Indicator
    lines: list[ScoreLine]
    points: Fraction | None


@dataclass(slots=True)
class _Scorer:
    """Scores one subject."""

    rule_set: RuleSet
    figures: Figures
    inputs: _Inputs
    subject: str
    _items: list[_Item] = field(default_factory=list)

    def result(self) -> SubjectScore:
        """Return the score without its rank."""
        self._items = [self._item(indicator) for indicator in self.rule_set.indicators]
        lines = [line for item in self._items for line in item.lines]
        closing, total = self._closing()
        return SubjectScore(
            subject=self.subject,
            score=total,
            grade=None if total is None else self._grade(total),
            rank=None,
            group=self.rule_set.ranking.group_of(self.subject),
            warnings=() if total is None else tuple(self._warnings()),
            lines=tuple(self._shown(line) for line in (*lines, *closing)),
            deciding=tuple((name, self._deciding(name)) for name in self.rule_set.deciding_counts),
        )

    def _deciding(self, name: str) -> int | Decimal:
        if name in self.rule_set.numbers:
            return self.inputs.external.get((self.subject, name), (Decimal(0), ""))[0]
        return self.figures.number(self.subject, name) or 0

    def _shown(self, line: ScoreLine) -> ScoreLine:
        return replace(line, shown=None if line.points is None else rounded(line.points, self.rule_set.rounding))

    def _line(self, kind: LineKind, points: Fraction | None, indicator: Indicator | None = None) -> ScoreLine:
        return ScoreLine(
            rule_set=self.rule_set.name,
            version=self.rule_set.version,
            clause=indicator.clause if indicator else "",
            indicator=indicator.id if indicator else "",
            term="",
            kind=kind,
            numerator_name="",
            numerator=0,
            denominator_name="",
            denominator=0,
            points=points,
            shown=None,
            against="",
        )

    # --- an indicator ---

    def _item(self, indicator: Indicator) -> _Item:
        without: frozenset[CaseNumber] = frozenset()
        item = self._bounded(indicator, without)
        for exemption in self._exemptions(indicator):
            if not self._is_allowed(exemption):
                item.lines.append(self._exempt(indicator, exemption, Fraction(0), "exemption_not_allowed"))
                continue
            if exemption.case in without:
                continue
            without |= {exemption.case}
            after = self._bounded(indicator, without)
            if item.points is None or after.points is None:
                # Without its last case an indicator has no data: its own lines have to say so.
                told = [line for line in item.lines if line.kind is LineKind.EXEMPTION]
                item = _Item(indicator, [*after.lines, *told], after.points)
                item.lines.append(self._exempt(indicator, exemption, Fraction(0), "exemption_without_numbers"))
                continue
            item.lines.append(self._exempt(indicator, exemption, after.points - item.points, ""))
            item.points = after.points
        return self._item_rounded(item)

    def _exemptions(self, indicator: Indicator) -> Iterator[Exemption]:
        for one in self.inputs.exemptions:
            is_meant = one.indicator in (None, indicator.id) and one.subject in (None, self.subject)
            if is_meant and self._touches(indicator, one.case):
                yield one

    def _is_allowed(self, exemption: Exemption) -> bool:
        return exemption.reason in (*self.rule_set.exemptions, ExemptionReason.APPEAL)

    def _touches(self, indicator: Indicator, case: CaseNumber) -> bool:
        """Tell whether the subject's counts of the indicator change when the case is taken out."""
        without = frozenset({case})
        return any(
            self.figures.amounts(self.subject, indicator, term, frozenset())
            != self.figures.amounts(self.subject, indicator, term, without)
            for term in indicator.terms
        )

    def _exempt(self, indicator: Indicator, exemption: Exemption, points: Fraction, text: str) -> ScoreLine:
        return replace(
            self._line(LineKind.EXEMPTION, points, indicator),
            cases=(exemption.case,),
            reason=exemption.reason,
            evidence=exemption.evidence,
            text=text,
        )

    def _bounded(self, indicator: Indicator, without: frozenset[CaseNumber]) -> _Item:
        """Score an indicator before exemptions are told and before it is rounded."""
        lines = list(self._earned(indicator, without))
        if any(line.points is None for line in lines):
            instead = self._without_data(indicator)
            if instead is None:
                return _Item(indicator, lines, None)
            lines = [line for line in lines if line.points is None]
            lines.append(replace(self._line(LineKind.NO_DATA, instead, indicator), text="no_data"))
        for one in self.inputs.deductions:
            if (one.subject, one.indicator) == (self.subject, indicator.id):
                lines.append(self._deduction(indicator, one))
        points = sum((line.points for line in lines if line.points is not None), Fraction(0))
        bounded = max(Fraction(indicator.floor), min(Fraction(indicator.most), points))
        if bounded != points:
            kind = LineKind.FLOOR if bounded > points else LineKind.CEILING
            lines.append(self._line(kind, bounded - points, indicator))
        return _Item(indicator, lines, bounded)

    def _without_data(self, indicator: Indicator) -> Fraction | None:
        match self.rule_set.without_data_of(indicator):
            case WithoutData.FULL:
                return Fraction(indicator.weight)
            case WithoutData.ZERO:
                return Fraction(0)
            case _:
                return None

    def _earned(self, indicator: Indicator, without: frozenset[CaseNumber]) -> Iterator[ScoreLine]:
        if indicator.instead is not None and (self.subject, indicator.instead.name) in self.inputs.external:
            yield self._external_line(indicator, indicator.instead)
            return
        if indicator.starts_full:
            yield self._line(LineKind.BASE, Fraction(indicator.weight), indicator)
        if indicator.instead is not None and not indicator.terms and not indicator.starts_full:
            yield self._external_line(indicator, indicator.instead)
        for term in indicator.terms:
            yield self._term_line(indicator, term, without)

    def _external_line(self, indicator: Indicator, external: External) -> ScoreLine:
        line, value = self._external(self._line(LineKind.EXTERNAL, None, indicator), external)
        return line if value is None else replace(line, points=Fraction(indicator.weight) * value)

    def _external(self, line: ScoreLine, external: External) -> tuple[ScoreLine, Fraction | None]:
        """Fill a line with an outside value; return it with the value as a rate, or as the number it is."""
        value, evidence = self.inputs.external.get((self.subject, external.name), (None, ""))
        out_of = external.out_of
        line = replace(
            line,
            numerator_name=external.name,
            numerator=_plain(value or Decimal(0)),
            denominator_name="out_of" if out_of is not None else "",
            denominator=0 if out_of is None else _plain(out_of),
            evidence=evidence,
            text="no_data" if value is None else "",
        )
        if value is None:
            return line, None
        return line, self._rate(Fraction(value) / Fraction(out_of)) if out_of is not None else Fraction(value)

    def _term_line(self, indicator: Indicator, term: Term, without: frozenset[CaseNumber]) -> ScoreLine:
        line = replace(
            self._line(LineKind.TERM, None, indicator),
            term=term.id,
            against=" + ".join(term.against),
            cases=self.figures.cases(self.subject, indicator, term) if term.against else (),
        )
        value: Fraction | None
        match term.measure:
            case External() as external:
                line, value = self._external(line, external)
            case Ratio(numerator=numerator, denominator=denominator):
                line, value = self._ratio(line, indicator, term, without)
                line = replace(line, numerator_name=str(numerator), denominator_name=str(denominator))
            case Number(amount=amount):
                number = _total(amount, self._amounts(indicator, term, without))
                value = None if number is None else Fraction(number)
                line = replace(line, numerator_name=str(amount), numerator=_plain(number or Decimal(0)))
        if value is None:
            return replace(line, text="no_data")
        is_rate = isinstance(term.measure, Ratio) or (
            isinstance(term.measure, External) and term.measure.out_of is not None
        )
        weight = Fraction(indicator.weight)
        return replace(line, points=points_for(term.curve, value, weight=weight, is_rate=is_rate))

    def _ratio(
        self, line: ScoreLine, indicator: Indicator, term: Term, without: frozenset[CaseNumber]
    ) -> tuple[ScoreLine, Fraction | None]:
        given = self.figures.rate(self.subject, indicator, term)
        if given is not None:
            percent = _plain(_decimal(given * _PERCENT))
            return replace(line, numerator=percent, denominator=_PERCENT, text="rate_given"), self._rate(given)
        assert isinstance(term.measure, Ratio)  # noqa: S101 - asked of ratios only
        amounts = self._amounts(indicator, term, without)
        numerator, denominator = (_total(one, amounts) for one in (term.measure.numerator, term.measure.denominator))
        line = replace(line, numerator=_plain(numerator or Decimal(0)), denominator=_plain(denominator or Decimal(0)))
        if numerator is None or not denominator:
            return line, None
        return line, self._rate(Fraction(numerator) / Fraction(denominator))

    def _amounts(self, indicator: Indicator, term: Term, without: frozenset[CaseNumber]) -> Amounts:
        """Return the counts of a term with the numbers that were given; one that was not is left out."""
        given = {name: self.inputs.external.get((self.subject, name)) for name in self.rule_set.numbers}
        numbers = {name: one[0] for name, one in given.items() if one is not None}
        return {**self.figures.amounts(self.subject, indicator, term, without), **numbers}

    def _rate(self, rate: Fraction) -> Fraction:
        rounding = self.rule_set.rate_rounding
        return rate if rounding is None else Fraction(rounded(rate * _PERCENT, rounding)) / _PERCENT

    def _deduction(self, indicator: Indicator, one: Deduction) -> ScoreLine:
        return replace(
            self._line(LineKind.DEDUCTION, -Fraction(one.points), indicator),
            cases=() if one.case is None else (one.case,),
            their_number=one.their_number,
            evidence=one.evidence,
        )

    def _item_rounded(self, item: _Item) -> _Item:
        if item.points is None or self.rule_set.item_rounding is None:
            return item
        points = Fraction(rounded(item.points, self.rule_set.item_rounding))
        if points != item.points:
            item.lines.append(self._line(LineKind.ROUNDING, points - item.points, item.indicator))
        return _Item(item.indicator, item.lines, points)

    # --- the total ---

    def _closing(self) -> tuple[list[ScoreLine], Decimal | None]:
        """Return the lines after the indicators, and the score."""
        total, lines = self._stretched()
        for one in self.inputs.adjustments:
            if one.subject == self.subject:
                lines.append(self._adjustment(one))
                total = None if total is None else total + Fraction(one.points)
        if total is None:
            return lines, None
        bounded = max(Fraction(self.rule_set.floor), total)
        if self.rule_set.ceiling is not None:
            bounded = min(Fraction(self.rule_set.ceiling), bounded)
        if bounded != total:
            lines.append(self._line(LineKind.FLOOR if bounded > total else LineKind.CEILING, bounded - total))
        shown = rounded(bounded, self.rule_set.rounding)
        if Fraction(shown) != bounded:
            lines.append(self._line(LineKind.ROUNDING, Fraction(shown) - bounded))
        return lines, shown

    def _stretched(self) -> tuple[Fraction | None, list[ScoreLine]]:
        """Add the indicators up; those left out give their weight to the others."""
        with_data = [item for item in self._items if item.points is not None]
        points = sum((item.points for item in with_data if item.points is not None), Fraction(0))
        missing = [item for item in self._items if item.points is None]
        if not missing:
            return points, []
        policies = {self.rule_set.without_data_of(item.indicator) for item in missing}
        own = [item for item in with_data if not item.indicator.extra]
        weights = sum((Fraction(item.indicator.weight) for item in own), Fraction(0))
        if policies != {WithoutData.LEAVE_OUT} or not weights:
            return None, []
        missed = sum((Fraction(item.indicator.weight) for item in missing if not item.indicator.extra), Fraction(0))
        earned = sum((item.points for item in own if item.points is not None), Fraction(0))
        more = earned * missed / weights
        return points + more, [replace(self._line(LineKind.STRETCHING, more), text="left_out")] if missed else []

    def _adjustment(self, one: Adjustment) -> ScoreLine:
        return replace(
            self._line(LineKind.ADJUSTMENT, Fraction(one.points)),
            cases=() if one.case is None else (one.case,),
            reason=one.reason,
            evidence=one.evidence,
            origin_period=one.origin_period,
        )

    def _grade(self, total: Decimal) -> str | None:
        return next((grade.name for grade in self.rule_set.grades if total >= grade.at_least), None)

    def _warnings(self) -> Iterator[ItemWarning]:
        for item in self._items:
            indicator, points = item.indicator, item.points
            above = self.rule_set.warn_above if indicator.warn_above is None else indicator.warn_above
            if above is None or points is None or indicator.weight <= 0:
                continue
            lost = Fraction(indicator.weight) - points
            if lost * _PERCENT > Fraction(above) * Fraction(indicator.weight):
                yield ItemWarning(indicator=indicator.id, lost=lost, above=above)


def _total(amount: Amount, amounts: Amounts) -> Decimal | None:
    """Add the counts of an amount up; None when one was not given."""
    if any(part.count not in amounts for part in amount.parts):
        return None
    return sum((part.times * amounts[part.count] for part in amount.parts), Decimal(0))


def _plain(value: Decimal) -> int | Decimal:
    """Return a whole number as an int, so that counts look like counts."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


# --- ranks ---

_Standing = tuple[Decimal | Fraction, ...]


def _ranked(rule_set: RuleSet, unranked: Iterable[SubjectScore]) -> tuple[SubjectScore, ...]:
    standings = [(one, _standing(rule_set, one)) for one in unranked]
    ordered = sorted(standings, key=lambda one: (one[1] is None, one[1] or (), one[0].subject))
    seen: dict[str, list[tuple[_Standing, int]]] = {}
    ranked = []
    for one, standing in ordered:
        if standing is None:
            ranked.append(one)
            continue
        before = seen.setdefault(one.group, [])
        rank = _rank(rule_set.ranking.equal, before, standing)
        before.append((standing, rank))
        ranked.append(replace(one, rank=rank))
    return tuple(ranked)


def _rank(equal: EqualRanks, before: list[tuple[_Standing, int]], standing: _Standing) -> int:
    if not before:
        return 1
    last, rank = before[-1]
    if last == standing:
        return rank
    return rank + 1 if equal is EqualRanks.DENSE else len(before) + 1


def _standing(rule_set: RuleSet, one: SubjectScore) -> _Standing | None:
    """Return the sort key: lower is better; None without a score."""
    if one.score is None:
        return None
    first = _exact_total(one) if rule_set.ranking.exact else one.score
    return (-first, *(_deciding(rule_set, one, tie) for tie in rule_set.ranking.tie_break))


def _deciding(rule_set: RuleSet, one: SubjectScore, tie: TieBreak) -> Decimal | Fraction:
    if tie.is_count:
        number = Fraction(dict(one.deciding)[tie.by])
        return number if tie.lower_first else -number
    if tie.by == TOTAL:
        points = _exact_total(one)
    else:
        points = sum((line.points or Fraction(0) for line in one.lines if line.indicator == tie.by), Fraction(0))
    value = points if tie.exact else rounded(points, rule_set.item_rounding or rule_set.rounding)
    return value if tie.lower_first else -value


def _exact_total(one: SubjectScore) -> Fraction:
    """Return the total before it was rounded."""
    kept = (line for line in one.lines if not (line.kind is LineKind.ROUNDING and not line.indicator))
    return sum((line.points or Fraction(0) for line in kept), Fraction(0))
