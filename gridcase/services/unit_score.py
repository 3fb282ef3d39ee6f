"""A unit's score so far, as its own page shows it: the newest run of the month, what was lost and what may still be.

Runs are made elsewhere, daily for the month that is open; nothing is counted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from gridcase.assessment.rulesets import Indicator, RuleSet
from gridcase.assessment.selection import CountBy
from gridcase.domain.actor import UNIT_ROLES, Actor
from gridcase.domain.time import Period
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import only_for
from gridcase.services.steps.reference import Reference
from gridcase.store import assessments
from gridcase.store.assessments import AssessmentRunRow

#: Cases named as about to breach.
_MOST_BREACHING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One indicator: what it is worth, what the unit has of it, and the lines that took points.

    Parameters
    ----------
    lines
        Plain values, as ``gridcase.assessment.plain`` writes them.
    """

    indicator: Indicator
    points: Fraction
    lines: tuple[Mapping[str, Any], ...]

    @property
    def lost(self) -> Fraction:
        """Points missing to the weight; 0 for a bonus."""
        return max(Fraction(self.indicator.weight) - self.points, Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitScore:
    """The newest score of a unit.

    Parameters
    ----------
    is_current
        Of the month that is open; False when that has no run yet, and an earlier month is shown.
    score, rank
        None without data.
    among
        How many units have a rank.
    breaching
        Open cases whose handling deadline lies in what is left of the month: number and deadline, next first.
    """

    period: str
    rule_set: RuleSet
    as_of: datetime
    is_current: bool
    is_draft: bool
    score: str | None
    rank: int | None
    among: int
    items: tuple[ItemScore, ...]
    breaching: tuple[tuple[str, datetime], ...]


def unit_score(rt: Runtime, actor: Actor, reference: Reference) -> UnitScore | None:
    """Return the newest score of the actor's unit, in at most three statements; None when no run names it.

    The rule set is the first that the rules of conduct have drafted daily.

    Raises
    ------
    NotPermittedError
        The actor acts for no unit.
    """
    only_for(actor, UNIT_ROLES)
    now = rt.clock.now()
    period = Period.parse(f"{now.astimezone(rt.settings.zone):%Y-%m}", zone=rt.settings.zone)
    name = next(iter(reference.rules.conduct.timetable.rule_sets), None)
    if name is None:
        return None
    with rt.database.reading() as tx:
        current = assessments.newest_run(tx, period.name, name)
        run = current or assessments.newest_run(tx, None, name)
        due = assessments.cases_due(tx, actor, now, period.end, limit=_MOST_BREACHING)
    if run is None or run.subject_kind != str(CountBy.UNIT) or run.terms is None:
        return None
    own = next((one for one in run.scores if one["subject"] == actor.scope.value), None)
    return None if own is None else _score(run, own, due, is_current=current is not None)


def _score(
    run: AssessmentRunRow,
    own: Mapping[str, Any],
    due: tuple[tuple[str, str | None, datetime], ...],
    *,
    is_current: bool,
) -> UnitScore:
    terms = run.terms
    rule_set = parse_rule_set(Document(kind=DocumentKind.RULES, name=terms["name"], body=terms["body"]))
    return UnitScore(
        period=run.period,
        rule_set=rule_set,
        as_of=run.cut_off,
        is_current=is_current,
        is_draft=run.is_draft,
        score=own["score"],
        rank=own["rank"],
        among=sum(one["rank"] is not None for one in run.scores),
        items=tuple(_item(one, own["lines"]) for one in rule_set.indicators),
        breaching=tuple((number, due_at) for number, _, due_at in due),
    )


def _item(indicator: Indicator, lines: tuple[Mapping[str, Any], ...]) -> ItemScore:
    own = tuple(line for line in lines if line["indicator"] == indicator.id)
    points = sum((Fraction(line["points"]) for line in own if line["points"] is not None), Fraction(0))
    return ItemScore(indicator=indicator, points=points, lines=own)
