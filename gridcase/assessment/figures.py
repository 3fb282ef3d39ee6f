"""The numbers that a rule set asks for, from frames or from a given table, in one form for the scoring.

Every distinct selection is counted once and the cases behind lines are collected in one pass over all subjects; no
points are made here. Rules: domain §6.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Protocol

import narwhals as nw

from gridcase.assessment.counts import cases_behind, count
from gridcase.assessment.frames import Frames
from gridcase.assessment.rulesets import Indicator, RuleSet, Term
from gridcase.assessment.selection import NO_FILTERS, Selection
from gridcase.domain.case import CaseNumber
from gridcase.domain.time import Period

Amounts = Mapping[str, int | Decimal]


class Figures(Protocol):
    """What the scoring asks."""

    def subjects(self) -> tuple[str, ...]:
        """Return every subject that has a figure, in order."""

    def amounts(self, subject: str, indicator: Indicator, term: Term, without: frozenset[CaseNumber]) -> Amounts:
        """Return the counts of a term by name, less those of exempted cases."""

    def rate(self, subject: str, indicator: Indicator, term: Term) -> Fraction | None:
        """Return the rate of a term where the rate itself was given; None where it follows from counts."""

    def cases(self, subject: str, indicator: Indicator, term: Term) -> tuple[CaseNumber, ...]:
        """Return the cases that spoke against the subject in a term, in order."""

    def number(self, subject: str, name: str) -> int | Decimal | None:
        """Return a count of the rule set's own selection; None when it was not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A selection and how many times what it counts is taken."""

    times: Decimal
    selection: Selection


@dataclass(slots=True)
class CountedFigures:
    """Figures counted from frames.

    Parameters
    ----------
    exempted
        Cases that some exemption names; what they add to each count is kept, so that counts with and without them can
        be told without counting again.
    """

    rule_set: RuleSet
    frames: Frames
    period: Period
    exempted: tuple[CaseNumber, ...] = ()
    _counted: dict[Selection, dict[str, Mapping[str, int]]] = field(default_factory=dict)
    _of_case: dict[tuple[Selection, CaseNumber], dict[str, Mapping[str, int]]] = field(default_factory=dict)
    _behind: dict[Selection, Mapping[tuple[str | None, str], tuple[CaseNumber, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts: dict[Selection, set[str]] = {}
        against: dict[Selection, set[str]] = {}
        for indicator in self.rule_set.indicators:
            for term in indicator.terms:
                for question in self._questions(indicator, term):
                    counts.setdefault(question.selection, set()).update(self.rule_set.counted(term))
                against.setdefault(self.rule_set.selection(self.period, indicator, term), set()).update(term.against)
        counts = {selection: names for selection, names in counts.items() if names}
        # Everything is counted of the whole, so that a subject without data in any term is still told of.
        counts[self.rule_set.selection(self.period)] = set()
        alone = {case: _only(self.frames, case) for case in self.exempted}
        for selection, names in counts.items():
            self._counted[selection] = _by_subject(self.frames, selection, names)
            for case, frames in alone.items():
                self._of_case[selection, case] = _by_subject(frames, selection, names)
        self._behind = {
            selection: cases_behind(self.frames, selection, sorted(names))
            for selection, names in against.items()
            if names
        }

    def subjects(self) -> tuple[str, ...]:
        """Return the subjects of every selection, in order."""
        return tuple(sorted({subject for counted in self._counted.values() for subject in counted}))

    def amounts(self, subject: str, indicator: Indicator, term: Term, without: frozenset[CaseNumber]) -> Amounts:
        """Return the counts of a term by name, multiplied, less those of exempted cases."""
        found: dict[str, int | Decimal] = dict.fromkeys(self.rule_set.counted(term), 0)
        for question in self._questions(indicator, term):
            counted = self._counted.get(question.selection, {}).get(subject, {})
            spared = [self._of_case.get((question.selection, case), {}).get(subject, {}) for case in without]
            for name in found:
                number = counted.get(name, 0) - sum(one.get(name, 0) for one in spared)
                found[name] += number if question.times == 1 else number * question.times
        return found

    def rate(self, subject: str, indicator: Indicator, term: Term) -> Fraction | None:  # noqa: ARG002 - the protocol's
        """Return None: every rate follows from counts."""
        return None

    def cases(self, subject: str, indicator: Indicator, term: Term) -> tuple[CaseNumber, ...]:
        """Return the cases behind the counts that a term names as against the subject."""
        behind = self._behind.get(self.rule_set.selection(self.period, indicator, term), {})
        runs = [behind.get((subject, name), ()) for name in term.against]
        # Each is in order already: sorting what is put together only merges.
        return runs[0] if len(runs) == 1 else tuple(dict.fromkeys(sorted(chain.from_iterable(runs))))

    def number(self, subject: str, name: str) -> int | Decimal | None:
        """Return a count of the rule set's own selection, exempted cases included."""
        return self._counted[self.rule_set.selection(self.period)].get(subject, {}).get(name, 0)

    def _questions(self, indicator: Indicator, term: Term) -> Iterable[_Question]:
        yield _Question(times=Decimal(1), selection=self.rule_set.selection(self.period, indicator, term))
        for one in term.multipliers:
            yield _Question(
                times=one.times - 1, selection=self.rule_set.selection(self.period, indicator, term, one.filters)
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFigures:
    """Figures that somebody published: counts and rates by name, without cases.

    Parameters
    ----------
    counts
        By subject and name; a name may be narrowed to ``indicator.name`` or ``indicator.term.name``, and the narrowest
        wins. An indicator that counts other cases or another month than the rule set (by filters, an attribution or
        multipliers of its own) reads narrowed names only: whoever gives them has counted as it says.
    rates
        By subject and ``indicator.term``, as fractions.
    """

    counts: Mapping[str, Mapping[str, int | Decimal]]
    rates: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)

    def subjects(self) -> tuple[str, ...]:
        """Return every subject named, in order."""
        return tuple(sorted({*self.counts, *self.rates}))

    def amounts(self, subject: str, indicator: Indicator, term: Term, without: frozenset[CaseNumber]) -> Amounts:  # noqa: ARG002 - the protocol's
        """Return the counts of a term by name; one that was not given is left out."""
        given = self.counts.get(subject, {})
        places = places_of(indicator, term)
        return {
            name: next(given[place + name] for place in places if place + name in given)
            for name in term.counts
            if any(place + name in given for place in places)
        }

    def rate(self, subject: str, indicator: Indicator, term: Term) -> Fraction | None:
        """Return the rate that was given for a term."""
        return self.rates.get(subject, {}).get(f"{indicator.id}.{term.id}")

    def cases(self, subject: str, indicator: Indicator, term: Term) -> tuple[CaseNumber, ...]:  # noqa: ARG002 - the protocol's
        """Return nothing: no cases were given."""
        return ()

    def number(self, subject: str, name: str) -> int | Decimal | None:
        """Return a count that was given without being narrowed."""
        return self.counts.get(subject, {}).get(name)


def places_of(indicator: Indicator, term: Term) -> tuple[str, ...]:
    """Return what may stand before a count's name for a term, narrowest first."""
    own = term.filters != NO_FILTERS or term.attribution is not None or term.multipliers
    shared = indicator.filters != NO_FILTERS or indicator.attribution is not None
    of_term = (f"{indicator.id}.{term.id}.",)
    if own:
        return of_term
    return (*of_term, f"{indicator.id}.") if shared else (*of_term, f"{indicator.id}.", "")


def _by_subject(frames: Frames, selection: Selection, names: set[str]) -> dict[str, Mapping[str, int]]:
    return {one.subject: one.counts for one in count(frames, selection, names) if one.subject is not None}


def _only(frames: Frames, case: CaseNumber) -> Frames:
    is_case = nw.col("case") == case
    return Frames(
        cases=frames.cases.filter(is_case),
        assignments=frames.assignments.filter(is_case),
        tasks=frames.tasks.filter(is_case),
        actions=frames.actions.filter(is_case),
    )
