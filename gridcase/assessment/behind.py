"""The cases behind every number that a rule set read in a month, kept beside the scores so that pages can show them.

Counted once more from the same frames, in one pass for each selection; the amounts of a list add up to its count.
Scores rest on ``gridcase.assessment.figures`` and not on this.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gridcase.assessment.counts import amounts_of_cases
from gridcase.assessment.frames import Frames
from gridcase.assessment.rulesets import Indicator, RuleSet, Term
from gridcase.assessment.selection import Selection
from gridcase.domain.case import CaseNumber
from gridcase.domain.time import Period

#: Cases of one count with how often each counts, in the order of their numbers.
Listed = tuple[tuple[CaseNumber, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What the numbers of a run rest on.

    Parameters
    ----------
    terms
        By ``indicator/term``: the places in ``lists`` of its own selection and of each of its multipliers.
    subjects
        By subject, then by place and count (``0/closed``).
    """

    terms: Mapping[str, tuple[int, ...]]
    subjects: Mapping[str, Mapping[str, Listed]]


def behind(rule_set: RuleSet, frames: Frames, period: Period) -> Behind:
    """Return the cases behind every count that the terms of a rule set read."""
    places: dict[Selection, int] = {}
    names: list[set[str]] = []
    terms: dict[str, tuple[int, ...]] = {}
    for indicator in rule_set.indicators:
        for term in indicator.terms:
            asked = _selections(rule_set, period, indicator, term)
            terms[f"{indicator.id}/{term.id}"] = tuple(places.setdefault(one, len(places)) for one in asked)
            names += [set() for _ in range(len(places) - len(names))]
            for one in asked:
                names[places[one]].update(rule_set.counted(term))
    subjects: dict[str, dict[str, Listed]] = {}
    for selection, place in places.items():
        for (subject, name), cases in amounts_of_cases(frames, selection, names[place]).items():
            subjects.setdefault(subject, {})[f"{place}/{name}"] = cases
    return Behind(terms=terms, subjects=subjects)


def _selections(rule_set: RuleSet, period: Period, indicator: Indicator, term: Term) -> tuple[Selection, ...]:
    """Return what a term counts, then what each of its multipliers does."""
    own = rule_set.selection(period, indicator, term)
    return (own, *(rule_set.selection(period, indicator, term, one.filters) for one in term.multipliers))
