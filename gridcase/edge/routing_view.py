"""Routing as other programs read it: a bench report, and who would get a case."""

from dataclasses import asdict
from typing import Any

from gridcase.services.routing_cases import Bench
from gridcase.workflow.routing_bench import Overlap, RuleTally

Json = dict[str, Any]


def bench_view(found: Bench) -> Json:
    """Return a report with its shares; a share of nothing is None."""
    told = found.report
    totals = ("table", "cases", "by_rule", "by_catch_all", "unrouted", "by_hand", "dispatched", "accurate", "right")
    return {
        "period": found.period,
        "on": found.on.isoformat() if found.on else None,
        **{name: getattr(told, name) for name in totals},
        "fallback_share": _share(told.by_catch_all + told.unrouted, told.cases),
        "accuracy": _share(told.accurate, told.dispatched),
        "agreement": _share(told.right, told.dispatched),
        "gaps": [{"type": str(gap.type), "area": gap.area, "cases": gap.cases} for gap in told.gaps],
        "overlaps": [_overlap(one) for one in told.overlaps],
        "dead": [_rule(one) for one in told.dead],
        "rules": [_rule(one) for one in told.rules],
        "comparison": asdict(found.comparison) if found.comparison else None,
    }


def _overlap(one: Overlap) -> Json:
    return {
        "rule": one.rule,
        "unit": one.unit,
        "below": one.below,
        "below_unit": one.below_unit,
        "cases": one.cases,
        "special": one.is_special,
    }


def _rule(one: RuleTally) -> Json:
    return {
        "rule": one.rule,
        "unit": one.unit,
        "fitted": one.fitted,
        "won": one.won,
        "decided": one.decided,
        "right": one.right,
        "covered_by": one.covered_by,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
