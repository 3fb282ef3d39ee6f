"""Why a subject has its score: indicators with formula and numbers, the cases behind each number, the lines.

Reads what the month's job kept; counts nothing, so that web workers may. A unit sees its own subject alone, and of the
cases what it may see anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gridcase.assessment.breakdown import IndicatorNumbers, taken_apart
from gridcase.assessment.rulesets import Amount, RuleSet, Term
from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseNumber
from gridcase.domain.errors import NotFoundError
from gridcase.domain.numbers import parse_number
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import SEEING, Run, record_of, run_of, scores_for
from gridcase.services.steps.case_lists import SubjectLists, read_lists
from gridcase.services.steps.month_score import read_terms
from gridcase.store.assessments import RunRecord
from gridcase.store.cases import cases_by_identity, to_case
from gridcase.store.database import Tx
from gridcase.workflow.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One count of an amount.

    Parameters
    ----------
    number
        How much it is, the multipliers of the term included; None where it is not known.
    is_listed
        Its cases can be asked for.
    """

    count: str
    times: Decimal
    number: Decimal | None
    is_listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The counts that the two sides of a term are made of; empty where there is none."""

    numerator: tuple[Part, ...]
    denominator: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A score with what it rests on.

    Parameters
    ----------
    score
        As it is kept, with its lines.
    parts
        By ``indicator/term``.
    has_lists
        Whether the cases behind the numbers were kept.
    """

    run: Run
    rule_set: RuleSet
    score: Mapping[str, Any]
    indicators: tuple[IndicatorNumbers, ...]
    parts: Mapping[str, Parts]
    has_lists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesAsked:
    """Which cases are asked for: those of a count of a term, or those that a line names.

    Parameters
    ----------
    count
        With ``indicator`` and ``term``; empty asks for those of ``line``, a key as lines have it.
    """

    run: int
    subject: str
    indicator: str = ""
    term: str = ""
    count: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedCase:
    """A case of a list.

    Parameters
    ----------
    times
        How much it adds to the number.
    case, unit, address
        None where the caller may not see it: it counts all the same.
    """

    number: CaseNumber
    times: Decimal
    case: Case | None
    unit: str | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedCases:
    """A page of the cases behind a number.

    Parameters
    ----------
    number
        The number that they add up to.
    total
        How many cases there are on all pages.
    """

    run: Run
    rule_set: RuleSet
    number: Decimal
    total: int
    page: int
    pages: int
    cases: tuple[CountedCase, ...]


def explained(rt: Runtime, actor: Actor, identity: int, subject: str) -> Explained:
    """Return the score of a subject with its indicators, their numbers and lines; in three statements.

    Raises
    ------
    NotFoundError
        There is no such run, or no such subject that the actor may see.
    """
    with rt.database.reading() as tx:
        record, run, score = _found(rt, tx, actor, identity, subject)
    rule_set = _rule_set(record)
    lists = read_lists(rt, record.row.lists_blob, subject)
    indicators = taken_apart(rule_set, score)
    parts = {
        f"{one.indicator.id}/{numbers.term.id}": Parts(
            numerator=_parts(rule_set, lists, one, numbers.term, numbers.numerator),
            denominator=_parts(rule_set, lists, one, numbers.term, numbers.denominator),
        )
        for one in indicators
        for numbers in one.terms
    }
    return Explained(
        run=run, rule_set=rule_set, score=score, indicators=indicators, parts=parts, has_lists=lists is not None
    )


def rules_of(rt: Runtime, actor: Actor, identity: int) -> tuple[Run, RuleSet]:
    """Return a run with the rule set that it was made by.

    Raises
    ------
    NotFoundError
        There is no such run, it is not done, or the actor sees no months.
    """
    if actor.role not in SEEING:
        raise NotFoundError("run_not_found", params={"id": identity})
    with rt.database.reading() as tx:
        record = record_of(tx, identity)
        run = run_of(rt, record)
    if record.row.terms is None:
        raise NotFoundError("run_not_found", params={"id": identity})
    return run, _rule_set(record)


def counted_cases(rt: Runtime, actor: Actor, asked: CasesAsked, *, page: int = 1, size: int = 50) -> CountedCases:
    """Return a page of the cases behind a number; in four statements however many there are.

    Raises
    ------
    NotFoundError
        There is no such run, subject, term, count or line that the actor may see, or no lists were kept.
    """
    with rt.database.reading() as tx:
        record, run, score = _found(rt, tx, actor, asked.run, asked.subject)
        rule_set = _rule_set(record)
        listed = _of_count(rt, record, rule_set, score, asked) if asked.count else _of_line(score["lines"], asked.line)
        pages = max(1, -(-len(listed) // size))
        place = min(max(page, 1), pages)
        shown = listed[(place - 1) * size : place * size]
        identities = {parts.identity: number for number, _ in shown if (parts := parse_number(number))}
        rows = {row.number: row for row in cases_by_identity(tx, actor, list(identities))}
        cases = tuple(
            CountedCase(
                number=number,
                times=times,
                case=to_case(row) if (row := rows.get(number)) else None,
                unit=row.unit if row else None,
                address=row.address if row else None,
            )
            for number, times in shown
        )
    number = sum((times for _, times in listed), Decimal(0))
    return CountedCases(
        run=run, rule_set=rule_set, number=number, total=len(listed), page=place, pages=pages, cases=cases
    )


_Weighed = tuple[tuple[CaseNumber, Decimal], ...]


def _found(rt: Runtime, tx: Tx, actor: Actor, identity: int, subject: str) -> tuple[RunRecord, Run, Mapping[str, Any]]:
    if actor.role not in SEEING:
        raise NotFoundError("run_not_found", params={"id": identity})
    record = record_of(tx, identity)
    run = run_of(rt, record)
    for one in scores_for(actor, run):
        if one["subject"] == subject:
            return record, run, one
    raise NotFoundError("subject_not_found", params={"subject": subject})


def _rule_set(record: RunRecord) -> RuleSet:
    return parse_rule_set(read_terms(record.row.terms).document)


def _parts(
    rule_set: RuleSet, lists: SubjectLists | None, one: IndicatorNumbers, term: Term, amount: Amount | None
) -> tuple[Part, ...]:
    if amount is None:
        return ()
    return tuple(
        Part(count=part.count, times=part.times, number=None, is_listed=False)
        if lists is None or part.count in rule_set.numbers
        else Part(
            count=part.count,
            times=part.times,
            number=sum((times for _, times in _weighed(lists, one, term, part.count)), Decimal(0)),
            is_listed=True,
        )
        for part in amount.parts
    )


def _weighed(lists: SubjectLists, one: IndicatorNumbers, term: Term, count: str) -> _Weighed:
    """Return the cases of a count with how much each adds: multiplied, and without those whose numbers were dropped."""
    added: dict[CaseNumber, Decimal] = {
        number: Decimal(times) for number, times in lists.cases(one.indicator.id, term.id, count)
    }
    for turn, multiplier in enumerate(term.multipliers, start=1):
        for number, times in lists.cases(one.indicator.id, term.id, count, turn=turn):
            added[number] += times * (multiplier.times - 1)
    spared = set(one.spared)
    return tuple((number, times) for number, times in sorted(added.items()) if number not in spared)


def _of_count(
    rt: Runtime, record: RunRecord, rule_set: RuleSet, score: Mapping[str, Any], asked: CasesAsked
) -> _Weighed:
    lists = read_lists(rt, record.row.lists_blob, asked.subject)
    if lists is None:
        raise NotFoundError("case_lists_missing")
    for one in taken_apart(rule_set, score):
        for numbers in one.terms:
            is_asked = (one.indicator.id, numbers.term.id) == (asked.indicator, asked.term)
            if is_asked and asked.count in rule_set.counted(numbers.term):
                return _weighed(lists, one, numbers.term, asked.count)
    raise NotFoundError("line_not_found", params={"subject": asked.subject, "line": asked.count})


def _of_line(lines: list[Mapping[str, Any]], key: str) -> _Weighed:
    for one in lines:
        if one["key"] == key:
            return tuple((CaseNumber(number), Decimal(1)) for number in one["cases"])
    raise NotFoundError("line_not_found", params={"subject": "", "line": key})
