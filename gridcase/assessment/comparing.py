"""Compare two scorings line by line: what a change of rules, facts or inputs does to every subject.

Pure; both scorings are made by ``gridcase.assessment.scoring`` beforehand. Lines are matched by where their rule stands
and whose case they name, so that a rule that was removed shows exactly its lines as gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from gridcase.assessment.scoring import ScoreLine, SubjectScore

LineKey = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """A line before and after; None where it was not there.

    Parameters
    ----------
    points
        Exact points after less points before; a line that is not there, or has no data, counts as 0.
    """

    before: ScoreLine | None
    after: ScoreLine | None
    points: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChange:
    """A subject before and after; scores and ranks are None where it was not there or has none.

    Parameters
    ----------
    lines
        Those that differ in points, numbers or cases, in the order of the rule sets; what did not change is left out.
    """

    subject: str
    score_before: Decimal | None
    score_after: Decimal | None
    rank_before: int | None
    rank_after: int | None
    lines: tuple[LineChange, ...]

    @property
    def score(self) -> Decimal | None:
        """Score after less score before; None when one of them is missing."""
        if self.score_before is None or self.score_after is None:
            return None
        return self.score_after - self.score_before

    @property
    def is_changed(self) -> bool:
        """Whether score, rank or any line differs."""
        same = (self.score_before, self.rank_before) == (self.score_after, self.rank_after)
        return bool(self.lines) or not same


def compare(before: Iterable[SubjectScore], after: Iterable[SubjectScore]) -> tuple[SubjectChange, ...]:
    """Return every subject of either scoring, ordered by subject; equal scorings give no lines."""
    old, new = ({one.subject: one for one in scores} for scores in (before, after))
    return tuple(_subject(subject, old.get(subject), new.get(subject)) for subject in sorted({*old, *new}))


def _subject(subject: str, before: SubjectScore | None, after: SubjectScore | None) -> SubjectChange:
    return SubjectChange(
        subject=subject,
        score_before=before.score if before else None,
        score_after=after.score if after else None,
        rank_before=before.rank if before else None,
        rank_after=after.rank if after else None,
        lines=tuple(_lines(before.lines if before else (), after.lines if after else ())),
    )


def _lines(before: Iterable[ScoreLine], after: Iterable[ScoreLine]) -> Iterable[LineChange]:
    old, new = _keyed(before), _keyed(after)
    for key in dict.fromkeys([*old, *new]):
        one, other = old.get(key), new.get(key)
        if one is None or other is None or _said(one) != _said(other):
            yield LineChange(before=one, after=other, points=_points(other) - _points(one))


def _keyed(lines: Iterable[ScoreLine]) -> dict[LineKey, ScoreLine]:
    """Key lines by place; equal keys (two deductions of one case) are told apart by their turn."""
    keyed: dict[LineKey, ScoreLine] = {}
    for line in lines:
        names = line.cases if not line.term else ()
        place = (line.indicator, line.term, str(line.kind), *names, line.their_number, line.origin_period)
        turn = 0
        while (*place, str(turn)) in keyed:
            turn += 1
        keyed[(*place, str(turn))] = line
    return keyed


def _said(line: ScoreLine) -> tuple[object, ...]:
    """Return what makes two lines the same; the version that says it does not."""
    return line.numerator, line.denominator, line.points, line.cases, line.text


def _points(line: ScoreLine | None) -> Fraction:
    return Fraction(0) if line is None or line.points is None else line.points
