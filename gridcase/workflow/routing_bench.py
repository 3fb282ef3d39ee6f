"""How good is a routing table? Measured on cases of the past, whose last unit is known.

``report`` says where a table has gaps, which rules get in each other's way or are dead, and how often it was right;
``compare`` says which cases another table would send elsewhere. Pure: the cases come from the caller.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from gridcase.domain.case import CaseNumber, TypeKey, UnitCode
from gridcase.workflow.routing import RoutingQuestion, RoutingRule, RoutingTable, fitting

#: Gaps are told by community: the first characters of a cell code.
COMMUNITY = 12
#: Most cases named one by one; totals count them all.
NAMED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """A case of the past as a routing table is asked about it.

    Parameters
    ----------
    question
        What the table is asked: type and place as they turned out, and the day of the first dispatch.
    first_unit, last_unit
        Units of the first and of the last lead assignment; None while it was never dispatched.
    by_rule
        Whether a rule made the first dispatch; False when a dispatcher chose.
    was_wrong
        The first assignment ended because the unit was the wrong one.
    """

    number: CaseNumber
    question: RoutingQuestion
    first_unit: UnitCode | None = None
    last_unit: UnitCode | None = None
    by_rule: bool = False
    was_wrong: bool = False

    @property
    def is_accurate(self) -> bool:
        """Whether the first dispatch was right."""
        return self.first_unit is not None and self.first_unit == self.last_unit and not self.was_wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Cases of one type in one community that no rule takes; ``area`` is None for cases without a cell."""

    type: TypeKey
    area: str | None
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two rules of different units that took the same cases; only the upper one ever wins them.

    Parameters
    ----------
    is_special
        The upper rule is a special case of the lower one, which is how a table is meant; False is worth a look.
    """

    rule: str
    unit: UnitCode
    below: str
    below_unit: UnitCode
    cases: int
    is_special: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTally:
    """How one rule did.

    Parameters
    ----------
    fitted, won
        Cases it matched; those of them that no rule above it took.
    decided, right
        Cases it won that were dispatched since; those of them that ended with its unit.
    covered_by
        A rule above that leaves it nothing, so that it can never win; None otherwise.
    """

    rule: str
    unit: UnitCode
    fitted: int
    won: int
    decided: int
    right: int
    covered_by: str | None

    @property
    def is_dead(self) -> bool:
        """Whether it won nothing in the sample, because it cannot or because nothing came."""
        return self.won == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """What the past says of a table.

    Parameters
    ----------
    cases
        All that were asked about. ``by_rule + by_catch_all + unrouted`` of them.
    by_catch_all
        Taken by a rule for every type, place and source.
    by_hand
        First dispatched by a dispatcher, whatever the table says now.
    dispatched, accurate
        Cases that were dispatched; those whose first dispatch was right.
    right
        Dispatched cases that the table sends where they ended.
    gaps, overlaps
        Most cases first.
    rules
        Every rule, in table order.
    """

    table: str
    cases: int
    by_rule: int
    by_catch_all: int
    unrouted: int
    by_hand: int
    dispatched: int
    accurate: int
    right: int
    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    rules: tuple[RuleTally, ...]

    @property
    def dead(self) -> tuple[RuleTally, ...]:
        """Rules that won nothing."""
        return tuple(one for one in self.rules if one.is_dead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """A case that another table would send elsewhere; None as a unit is the queue of cases without a route.

    Parameters
    ----------
    last_unit
        Where it ended.
    """

    number: CaseNumber
    from_unit: UnitCode | None
    to_unit: UnitCode | None
    from_rule: str | None
    to_rule: str | None
    last_unit: UnitCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a draft would change.

    Parameters
    ----------
    redirected
        Cases that would go elsewhere.
    now_routed, now_unrouted
        Of these: had no rule and get one; had one and lose it.
    better, worse
        Of these: would go where they ended, and did not by the table in force; the other way round.
    named
        The first ``NAMED`` of them, in the order asked.
    """

    cases: int
    redirected: int
    now_routed: int
    now_unrouted: int
    better: int
    worse: int
    named: tuple[Redirected, ...]


def as_of(cases: Iterable[PastCase], day: date) -> tuple[PastCase, ...]:
    """Return the cases as if each were dispatched on this day: for a table that is not in force yet."""
    return tuple(replace(case, question=replace(case.question, on=day)) for case in cases)


def report(table: RoutingTable, cases: Iterable[PastCase]) -> BenchReport:
    """Ask a table about cases of the past.

    No case at all gives zeros, and every rule dead.
    """
    tally = _Tally()
    for case in cases:
        tally.take(case, tuple(fitting(table, case.question)))
    return BenchReport(
        table=f"{table.name}@{table.version}",
        cases=tally.cases,
        by_rule=tally.by_rule,
        by_catch_all=tally.by_catch_all,
        unrouted=sum(tally.gaps.values()),
        by_hand=tally.by_hand,
        dispatched=tally.dispatched,
        accurate=tally.accurate,
        right=sum(tally.right.values()),
        gaps=tuple(Gap(type=key, area=area, cases=count) for (key, area), count in _most_first(tally.gaps)),
        overlaps=_overlaps(table, tally),
        rules=tuple(_rule_tally(table, position, tally) for position in range(len(table.rules))),
    )


def compare(in_force: RoutingTable, draft: RoutingTable, cases: Iterable[PastCase]) -> Comparison:
    """Say which cases a draft would send elsewhere than the table in force does."""
    asked, found = 0, []
    for case in cases:
        asked += 1
        now, then = next(fitting(in_force, case.question), None), next(fitting(draft, case.question), None)
        if _unit(now) != _unit(then):
            found.append(
                Redirected(
                    number=case.number,
                    from_unit=_unit(now),
                    to_unit=_unit(then),
                    from_rule=now.id if now else None,
                    to_rule=then.id if then else None,
                    last_unit=case.last_unit,
                )
            )
    ended = [one for one in found if one.last_unit is not None]
    return Comparison(
        cases=asked,
        redirected=len(found),
        now_routed=sum(one.from_unit is None for one in found),
        now_unrouted=sum(one.to_unit is None for one in found),
        better=sum(one.to_unit == one.last_unit for one in ended),
        worse=sum(one.from_unit == one.last_unit for one in ended),
        named=tuple(found[:NAMED]),
    )


@dataclass(slots=True)
class _Tally:
    """Counts while the cases go by; nothing is kept of a case itself."""

    cases: int = 0
    by_rule: int = 0
    by_catch_all: int = 0
    by_hand: int = 0
    dispatched: int = 0
    accurate: int = 0
    gaps: Counter[tuple[TypeKey, str | None]] = field(default_factory=Counter)
    fitted: Counter[str] = field(default_factory=Counter)
    won: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, case: PastCase, rules: Sequence[RoutingRule]) -> None:
        self.cases += 1
        self.dispatched += case.first_unit is not None
        self.accurate += case.is_accurate
        self.by_hand += case.first_unit is not None and not case.by_rule
        self.fitted.update(rule.id for rule in rules)
        if not rules:
            cell = case.question.cell
            self.gaps[case.question.type, cell[:COMMUNITY] if cell else None] += 1
            return
        winner = rules[0]
        self.by_catch_all += winner.is_catch_all
        self.by_rule += not winner.is_catch_all
        self.won[winner.id] += 1
        self.decided[winner.id] += case.last_unit is not None
        self.right[winner.id] += case.last_unit == winner.unit
        self.pairs.update((winner.id, rule.id) for rule in rules[1:] if rule.unit != winner.unit)


def _rule_tally(table: RoutingTable, position: int, tally: _Tally) -> RuleTally:
    rule = table.rules[position]
    return RuleTally(
        rule=rule.id,
        unit=rule.unit,
        fitted=tally.fitted[rule.id],
        won=tally.won[rule.id],
        decided=tally.decided[rule.id],
        right=tally.right[rule.id],
        covered_by=next((above.id for above in table.rules[:position] if above.covers(rule)), None),
    )


def _overlaps(table: RoutingTable, tally: _Tally) -> tuple[Overlap, ...]:
    by_id = {rule.id: rule for rule in table.rules}
    return tuple(
        Overlap(
            rule=upper,
            unit=by_id[upper].unit,
            below=lower,
            below_unit=by_id[lower].unit,
            cases=count,
            is_special=by_id[lower].covers(by_id[upper]),
        )
        for (upper, lower), count in sorted(tally.pairs.items(), key=lambda item: (-item[1], item[0]))
    )


def _most_first(
    gaps: Counter[tuple[TypeKey, str | None]],
) -> list[tuple[tuple[TypeKey, str | None], int]]:
    return sorted(gaps.items(), key=lambda item: (-item[1], str(item[0][0]), item[0][1] or ""))


def _unit(rule: RoutingRule | None) -> UnitCode | None:
    return rule.unit if rule else None
