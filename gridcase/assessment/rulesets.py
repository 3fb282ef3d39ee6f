"""Rule sets: how counts become points, as frozen values with their legal source.

No arithmetic (``gridcase.assessment.curves``, ``gridcase.assessment.scoring``) and no files
(``gridcase.rules.rulesets``). Domain §6; the format with examples is ``docs/rule-sets.md``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gridcase.assessment.curves import Curve
from gridcase.assessment.selection import NO_FILTERS, Attribution, CountBy, Filters, Selection
from gridcase.domain.actor import Role
from gridcase.domain.time import Period


class RoundingMode(StrEnum):
    """What happens to the digits that are cut off."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How an exact value is rounded."""

    places: int = 2
    mode: RoundingMode = RoundingMode.HALF_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountPart:
    """A count and what it is multiplied by."""

    count: str
    times: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum of counts.

    Examples
    --------
    >>> str(Amount(parts=(AmountPart(count="closed"), AmountPart(count="suspended", times=Decimal("-0.5")))))
    'closed - 0.5 * suspended'
    """

    parts: tuple[AmountPart, ...]

    @classmethod
    def of(cls, *names: str) -> "Amount":
        """Return the plain sum of counts."""
        return cls(parts=tuple(AmountPart(count=name) for name in names))

    @property
    def names(self) -> tuple[str, ...]:
        """The counts, in the order in which they stand."""
        return tuple(part.count for part in self.parts)

    def __str__(self) -> str:
        text = ""
        for part in self.parts:
            sign = "-" if part.times < 0 else "+"
            text += f" {sign} " if text else ("-" if part.times < 0 else "")
            text += part.count if abs(part.times) == 1 else f"{abs(part.times):f} * {part.count}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One amount over another; a zero denominator is "no data", never 100 %."""

    numerator: Amount
    denominator: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An amount by itself; 0 is data."""

    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A value given from outside, by name; not given is "no data".

    Parameters
    ----------
    out_of
        Most that can be given: the value is then read as a rate of it; None reads a plain number.
    """

    name: str
    out_of: Decimal | None = None


Measure = Ratio | Number | External


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """Cases that pass the filters count so many times; the extra of several multipliers adds up."""

    times: Decimal
    filters: Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One value and what becomes of it.

    Parameters
    ----------
    id
        Unique within its indicator.
    against
        Counts whose cases spoke against the subject, for explanations; may be empty.
    attribution, filters
        Where they differ from those of the indicator; a filter replaces the one of the same name.
    confirmed
        False where a value has no published source; ``remark`` says what was assumed.
    """

    id: str
    measure: Measure
    curve: Curve
    against: tuple[str, ...] = ()
    attribution: Attribution | None = None
    filters: Filters = NO_FILTERS
    multipliers: tuple[Multiplier, ...] = ()
    confirmed: bool = True
    remark: str = ""

    @property
    def counts(self) -> tuple[str, ...]:
        """Names of the counts, and of given numbers, that it reads."""
        match self.measure:
            case Ratio(numerator=numerator, denominator=denominator):
                return numerator.names + denominator.names
            case Number(amount=amount):
                return amount.names
            case External():
                return ()


class WithoutData(StrEnum):
    """What an indicator gives when one of its values is "no data".

    ``no_score``: the subject has no score. ``leave_out``: the others are stretched to the full score. ``zero``,
    ``full``: no points, or all of them, said on a line of their own; the rate itself stays "no data".
    """

    NO_SCORE = "no_score"
    LEAVE_OUT = "leave_out"
    ZERO = "zero"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One item of a rule set: what it starts with plus the points of its terms, kept between floor and ceiling.

    Parameters
    ----------
    clause
        Clause of the legal source.
    weight
        Points; greater than zero unless ``extra``.
    starts_full
        Starts with its weight, so that terms take points off; otherwise it starts with 0.
    floor, ceiling
        Least and most points; a ceiling of None means the weight.
    extra
        Beside the full score: a bonus, or, with a weight of 0 and a floor below it, a malus.
    instead
        An outside value that, where given, takes the place of all terms.
    without_data, warn_above
        Where they differ from those of the rule set.
    confirmed
        False where a value has no published source; ``remark`` says what was assumed.
    """

    id: str
    clause: str
    title: Title
    weight: Decimal
    terms: tuple[Term, ...]
    starts_full: bool = False
    floor: Decimal = Decimal(0)
    ceiling: Decimal | None = None
    extra: bool = False
    instead: External | None = None
    attribution: Attribution | None = None
    filters: Filters = NO_FILTERS
    without_data: WithoutData | None = None
    warn_above: Decimal | None = None
    confirmed: bool = True
    remark: str = ""

    @property
    def most(self) -> Decimal:
        """Most points that it can give."""
        return self.weight if self.ceiling is None else self.ceiling


class ExemptionReason(StrEnum):
    """Why a case may be exempted 免责: reported by itself before the inspection, force majeure, a third party.

    ``appeal``, an appeal that was upheld, counts under every rule set.
    """

    SELF_REPORT = "self_report"
    FORCE_MAJEURE = "force_majeure"
    THIRD_PARTY = "third_party"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A grade and the least rounded score that earns it."""

    name: str
    at_least: Decimal


#: What a tie-break names for the total.
TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class TieBreak:
    """What decides between equals.

    Parameters
    ----------
    by
        An indicator, ``total``, or where ``is_count`` a count (of the rule set's own selection) or a given number.
    exact
        Compare before rounding; otherwise as the items, or the total, are shown.
    lower_first
        Less stands first.
    """

    by: str
    is_count: bool = False
    exact: bool = True
    lower_first: bool = False


class EqualRanks(StrEnum):
    """How ranks go on after equals: 1, 2, 2, 4 (``gap``) or 1, 2, 2, 3 (``dense``)."""

    GAP = "gap"
    DENSE = "dense"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankGroup:
    """Subjects ranked among themselves."""

    name: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Who stands before whom.

    Parameters
    ----------
    exact
        Rank by the unrounded total; otherwise by the rounded one.
    tie_break
        In this order; subjects that are equal after that share a rank.
    groups
        Who is in none is ranked with the others that are in none.
    """

    exact: bool = False
    equal: EqualRanks = EqualRanks.GAP
    tie_break: tuple[TieBreak, ...] = ()
    groups: tuple[RankGroup, ...] = ()

    def group_of(self, subject: str) -> str:
        """Return the group of a subject; empty when it is in none."""
        return next((group.name for group in self.groups if subject in group.subjects), "")


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
    role
        Only posts of this role, when the subject is the post.
    full_score
        Sum of the weights of the indicators that are not extra.
    numbers
        Numbers that people give (called back, inhabitants), to be used in amounts like counts; by name, they come as
        outside values.
    rounding, item_rounding, rate_rounding
        Of the total; of each indicator's points; of each rate in per cent, before points are made of it. None does not
        round.
    floor, ceiling
        Of the total; a ceiling of None has no end.
    warn_above
        Warn of an indicator that loses strictly more than so many per cent of its weight; None never warns.
    exemptions
        Reasons that are allowed.
    grades
        Best first.
    """

    name: str
    version: str
    valid_from: date
    valid_to: date | None = None
    title: Title
    legal_source: str
    note: str = ""
    subject: CountBy
    role: Role | None = None
    attribution: Attribution
    filters: Filters = NO_FILTERS
    full_score: Decimal
    numbers: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...]
    rounding: Rounding
    item_rounding: Rounding | None = None
    rate_rounding: Rounding | None = None
    floor: Decimal = Decimal(0)
    ceiling: Decimal | None = None
    without_data: WithoutData = WithoutData.NO_SCORE
    warn_above: Decimal | None = None
    exemptions: tuple[ExemptionReason, ...] = ()
    grades: tuple[Grade, ...] = ()
    ranking: Ranking = Ranking()

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the rule set is in force on a day; its first and last day belong to it."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def selection(
        self, period: Period, indicator: Indicator | None = None, term: Term | None = None, extra: Filters = NO_FILTERS
    ) -> Selection:
        """Return what is to be counted for a period: for the whole, an indicator, a term, or a multiplier of it."""
        levels = [one for one in (indicator, term) if one is not None]
        return Selection(
            period=period,
            by=self.subject,
            attribution=next((one.attribution for one in reversed(levels) if one.attribution), self.attribution),
            filters=narrowed(self.filters, *(one.filters for one in levels), extra),
        )

    @property
    def external_names(self) -> tuple[str, ...]:
        """Names of the outside values that it reads, each once; numbers among them."""
        named = [indicator.instead for indicator in self.indicators]
        named += [
            term.measure if isinstance(term.measure, External) else None
            for indicator in self.indicators
            for term in indicator.terms
        ]
        return tuple(dict.fromkeys([*(one.name for one in named if one is not None), *self.numbers]))

    def without_data_of(self, indicator: Indicator) -> WithoutData:
        """Return what an indicator gives without data; an extra one gives nothing unless it says otherwise."""
        if indicator.without_data is not None:
            return indicator.without_data
        return WithoutData.ZERO if indicator.extra else self.without_data

    @property
    def deciding_counts(self) -> tuple[str, ...]:
        """Counts and given numbers that decide between equals."""
        return tuple(tie.by for tie in self.ranking.tie_break if tie.is_count)

    def counted(self, term: Term) -> tuple[str, ...]:
        """Return the names that a term reads and that are counted, which given numbers are not."""
        return tuple(name for name in term.counts if name not in self.numbers)


def narrowed(*filters: Filters) -> Filters:
    """Lay filters over each other: a later one replaces an earlier one of the same name.

    Examples
    --------
    >>> narrowed(Filters(streets=("a", "b"), majors=("09",)), Filters(streets=("b",))).streets
    ('b',)
    """
    found = NO_FILTERS
    for one in filters:
        given = {each.name: value for each in fields(one) if (value := getattr(one, each.name))}
        found = replace(found, **given)
    return found


def in_force(rule_sets: Iterable[RuleSet], name: str, day: date) -> RuleSet | None:
    """Return the version of a rule set that is in force on a day; the latest begun, should there be several."""
    of_name = [one for one in rule_sets if one.name == name and one.is_in_force_on(day)]
    return max(of_name, key=lambda one: (one.valid_from, one.version), default=None)


def without(rule_set: RuleSet, indicator: str) -> RuleSet:
    """Return the rule set less one indicator, for a what-if; the full score shrinks by its weight.

    Raises
    ------
    KeyError
        It has no such indicator.
    """
    removed = next((one for one in rule_set.indicators if one.id == indicator), None)
    if removed is None:
        raise KeyError(indicator)
    return replace(
        rule_set,
        indicators=tuple(one for one in rule_set.indicators if one.id != indicator),
        full_score=rule_set.full_score - (0 if removed.extra else removed.weight),
        ranking=replace(
            rule_set.ranking,
            tie_break=tuple(one for one in rule_set.ranking.tie_break if one.is_count or one.by != indicator),
        ),
    )
