"""Scores as plain values that JSON can hold: what the API, the command line, the store and the export share.

Exact points are written ``n/d``, shown ones and scores as texts, counts as numbers; nothing is computed here.
"""

from decimal import Decimal
from typing import Any

from gridcase.assessment.scoring import ItemWarning, ScoreLine, SubjectScore


def plain_score(one: SubjectScore) -> dict[str, Any]:
    """Return a score with its lines."""
    return {
        "subject": one.subject,
        "score": None if one.score is None else str(one.score),
        "grade": one.grade,
        "rank": one.rank,
        "group": one.group,
        "warnings": [plain_warning(warning) for warning in one.warnings],
        "deciding": {name: _number(number) for name, number in one.deciding},
        "lines": [plain_line(line) for line in one.lines],
    }


def plain_warning(warning: ItemWarning) -> dict[str, Any]:
    """Return a warning."""
    lost = f"{warning.lost.numerator}/{warning.lost.denominator}"
    return {"indicator": warning.indicator, "lost": lost, "above": f"{warning.above:f}"}


def plain_line(line: ScoreLine) -> dict[str, Any]:
    """Return a line; what it has not is there and empty, so that every line has the same keys."""
    return {
        "rule_set": line.rule_set,
        "version": line.version,
        "clause": line.clause,
        "indicator": line.indicator,
        "term": line.term,
        "kind": str(line.kind),
        "numerator": {"name": line.numerator_name, "value": _number(line.numerator)},
        "denominator": {"name": line.denominator_name, "value": _number(line.denominator)},
        "points": line.exact,
        "shown": None if line.shown is None else str(line.shown),
        "against": line.against,
        "cases": list(line.cases),
        "evidence": line.evidence,
        "reason": line.reason,
        "text": line.text,
        "their_number": line.their_number,
        "origin_period": line.origin_period,
    }


def _number(value: int | Decimal) -> int | str:
    return value if isinstance(value, int) else f"{value:f}"
