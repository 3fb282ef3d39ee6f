"""Curves, amounts and filters of rule sets: read from plain values and written back.

The small parts of ``gridcase.rules.rulesets``; what they mean is in ``gridcase.assessment.curves`` and
``gridcase.assessment.selection``. Numbers are exact decimals, written as numbers or as texts.
"""

import re
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from gridcase.assessment.curves import (
    Bound,
    Complement,
    Curve,
    Knot,
    Linear,
    Per,
    PerCase,
    PerPoint,
    Piecewise,
    Side,
    Step,
    Steps,
)
from gridcase.assessment.rulesets import Amount, AmountPart
from gridcase.assessment.selection import Filters
from gridcase.domain.case import CaseKind, Channel, Scheme, Source, TypeKey
from gridcase.rules.fields import Node
from gridcase.rules.yaml_text import Plain

_DECIMAL = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?")
_AMOUNT = re.compile(r"\s*[+-]?\s*(?:[0-9.]+\s*\*\s*)?[a-z0-9_]+(?:\s*[+-]\s*(?:[0-9.]+\s*\*\s*)?[a-z0-9_]+)*\s*")
_AMOUNT_PART = re.compile(r"(?P<sign>[+-]?)\s*(?:(?P<times>[0-9.]+)\s*\*\s*)?(?P<count>[a-z0-9_]+)")
_MAJOR = re.compile(r"[0-9]{2}")
_STREET = re.compile(r"[0-9]{9}")
_PLACE = re.compile(r"[^:|\s]{1,64}(?::[^:|\s]{1,64})?")

#: Keys whose numbers are exact decimals.
DECIMAL_KEYS = frozenset(
    {"weight", "factor", "floor", "ceiling", "full_score", "at_least", "above", "at_most", "below", "points", "percent"}
    | {"at", "minus", "plus", "every", "free", "most", "out_of", "times", "lost_above"}
)
_STAND_IN = Decimal(1)


class CurveName(StrEnum):
    """How a curve is named in a file."""

    LINEAR = "linear"
    COMPLEMENT = "complement"
    STEPS = "steps"
    PIECEWISE = "piecewise"
    PER_POINT = "per_point"
    PER_CASE = "per_case"


def decimals_as_text(value: Plain) -> Plain:
    """Write numbers under the keys of exact decimals as texts, which reads 0.4 as it was written."""
    if isinstance(value, list):
        return [decimals_as_text(item) for item in value]
    if isinstance(value, dict):
        return {
            key: str(item) if key in DECIMAL_KEYS and _is_number(item) else decimals_as_text(item)
            for key, item in value.items()
        }
    return value


def _is_number(value: Plain) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_decimal(node: Node, name: str, *, default: Decimal | None = None) -> Decimal:
    """Read an exact decimal; it must be there when there is no default."""
    if default is not None and not node.has(name):
        return default
    text = node.text(name)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if text:
        node.refuse(name, "decimal_expected", value=text)
    return _STAND_IN


def optional_decimal(node: Node, name: str) -> Decimal | None:
    """Read an exact decimal; None when absent."""
    return read_decimal(node, name) if node.has(name) else None


def read_positive(node: Node, name: str, *, default: Decimal | None = None) -> Decimal:
    """Read an exact decimal above zero."""
    value = read_decimal(node, name, default=default)
    if value <= 0:
        node.refuse(name, "not_above_zero")
        return _STAND_IN
    return value


# --- amounts ---


def read_amount(node: Node, name: str, known: Iterable[str], by: str) -> Amount:
    """Read a sum of counts such as ``closed_on_time + 0.4 * closed_overdue``; each must be known in the view."""
    text = node.text(name)
    if text and _AMOUNT.fullmatch(text) is None:
        node.refuse(name, "amount_malformed", value=text)
        return Amount(parts=())
    parts = tuple(_part(match) for match in _AMOUNT_PART.finditer(text))
    names = frozenset(known)
    for part in parts:
        if part.count not in names:
            node.refuse(name, "unknown_count", count=part.count, subject=by)
    return Amount(parts=parts)


def _part(match: re.Match[str]) -> AmountPart:
    times = Decimal(match["times"]) if match["times"] and match["times"].count(".") < 2 else Decimal(1)  # noqa: PLR2004 - one decimal point
    return AmountPart(count=match["count"], times=-times if match["sign"] == "-" else times)


# --- filters ---


def read_filters(node: Node) -> Filters:
    """Read filters; an empty mapping takes every case."""
    types = []
    for position, text in enumerate(node.texts("types")):
        try:
            types.append(TypeKey.parse(text))
        except ValueError:
            node.refuse(f"types[{position}]", "type_key_expected", value=text)
    filters = Filters(
        types=tuple(types),
        majors=_shaped(node, "majors", _MAJOR),
        schemes=node.choices("schemes", Scheme),
        kinds=node.choices("kinds", CaseKind),
        sources=node.choices("sources", Source),
        channels=node.choices("channels", Channel),
        area_classes=node.texts("area_classes"),
        places=_shaped(node, "places", _PLACE),
        streets=_shaped(node, "streets", _STREET),
    )
    node.done()
    return filters


def _shaped(node: Node, name: str, shape: re.Pattern[str]) -> tuple[str, ...]:
    texts = node.texts(name)
    for position, text in enumerate(texts):
        if shape.fullmatch(text) is None:
            node.refuse(f"{name}[{position}]", "code_shape", value=text)
    return texts


def dump_filters(filters: Filters) -> Plain:
    """Write filters; those that take every case give an empty mapping."""
    return {
        one.name: [str(value) for value in getattr(filters, one.name)]
        for one in fields(filters)
        if getattr(filters, one.name)
    }


# --- curves ---


def read_curve(node: Node) -> Curve:
    """Read a curve with its values."""
    chosen = node.choice("curve", CurveName)
    curve: Curve
    match chosen:
        case CurveName.LINEAR:
            curve = Linear(factor=read_decimal(node, "factor", default=Decimal(1)))
        case CurveName.COMPLEMENT:
            curve = Complement(factor=read_decimal(node, "factor", default=Decimal(1)))
        case CurveName.STEPS:
            curve = Steps(steps=tuple(_step(each) for each in node.nodes("steps")))
            _check_steps(node, curve.steps)
        case CurveName.PIECEWISE:
            curve = Piecewise(knots=tuple(_knot(each) for each in node.nodes("knots")))
            _check_knots(node, curve.knots)
        case CurveName.PER_POINT:
            curve = _per_point(node)
        case CurveName.PER_CASE:
            curve = PerCase(
                points=_signed(node),
                every=read_positive(node, "every", default=Decimal(1)),
                free=read_decimal(node, "free", default=Decimal(0)),
                per=node.choice("per", Per) if node.has("per") else Per.FULL,
                most=optional_decimal(node, "most"),
            )
    node.done()
    return curve


def _per_point(node: Node) -> PerPoint:
    side = _one_of(node, Side.BELOW, Side.ABOVE)
    return PerPoint(
        threshold=read_decimal(node, side),
        side=Side(side),
        points=_signed(node),
        every=read_positive(node, "every", default=Decimal(1)),
        per=node.choice("per", Per),
        most=optional_decimal(node, "most"),
    )


def _signed(node: Node) -> Decimal:
    sign = _one_of(node, "minus", "plus")
    points = read_positive(node, sign)
    return -points if sign == "minus" else points


def _one_of(node: Node, *names: str) -> str:
    """Return which of several keys is there; exactly one has to be."""
    there = [name for name in names if node.has(name)]
    if len(there) != 1:
        node.refuse("", "one_of_keys", keys=", ".join(names))
    return there[0] if there else names[0]


def _step(node: Node) -> Step:
    bounds = [bound for bound in Bound if bound is not Bound.OTHERWISE and node.has(bound)]
    if len(bounds) > 1:
        node.refuse("", "one_of_keys", keys=", ".join(bounds))
    bound = bounds[0] if bounds else Bound.OTHERWISE
    gives = _one_of(node, "points", "percent")
    step = Step(
        bound=bound,
        limit=read_decimal(node, bound) if bounds else Decimal(0),
        gives=read_decimal(node, gives),
        of_weight=gives == "percent",
    )
    node.done()
    return step


def _check_steps(node: Node, steps: tuple[Step, ...]) -> None:
    if not steps:
        node.refuse("steps", "list_empty")
    for position, step in enumerate(steps):
        if any(_hides(above, step) for above in steps[:position]):
            node.refuse(f"steps[{position}]", "step_unreachable")


def _hides(above: Step, step: Step) -> bool:
    """Tell whether a row takes every value that a row below it would take."""
    upward, downward = (Bound.AT_LEAST, Bound.ABOVE), (Bound.AT_MOST, Bound.BELOW)
    if above.bound is Bound.OTHERWISE:
        return True
    if above.bound in upward and step.bound in upward:
        return above.limit < step.limit or (
            above.limit == step.limit and not (above.bound is Bound.ABOVE and step.bound is Bound.AT_LEAST)
        )
    if above.bound in downward and step.bound in downward:
        return above.limit > step.limit or (
            above.limit == step.limit and not (above.bound is Bound.BELOW and step.bound is Bound.AT_MOST)
        )
    return False


def _knot(node: Node) -> Knot:
    knot = Knot(at=read_decimal(node, "at"), points=read_decimal(node, "points"))
    node.done()
    return knot


def _check_knots(node: Node, knots: tuple[Knot, ...]) -> None:
    if not knots:
        node.refuse("knots", "list_empty")
    for position, (one, other) in enumerate(pairwise(knots), start=1):
        if other.at <= one.at:
            node.refuse(f"knots[{position}].at", "knots_not_rising")


def dump_curve(curve: Curve) -> dict[str, Plain]:
    """Write a curve."""
    match curve:
        case Linear(factor=factor):
            return {"curve": "linear", "factor": f"{factor:f}"}
        case Complement(factor=factor):
            return {"curve": "complement", "factor": f"{factor:f}"}
        case Steps(steps=steps):
            return {"curve": "steps", "steps": [_dump_step(step) for step in steps]}
        case Piecewise(knots=knots):
            return {
                "curve": "piecewise",
                "knots": [{"at": f"{knot.at:f}", "points": f"{knot.points:f}"} for knot in knots],
            }
        case PerPoint():
            return {
                "curve": "per_point",
                str(curve.side): f"{curve.threshold:f}",
                **_dump_delta(curve),
                "per": str(curve.per),
            }
        case PerCase():
            return {"curve": "per_case", **_dump_delta(curve), "free": f"{curve.free:f}", "per": str(curve.per)}


def _dump_step(step: Step) -> Plain:
    bound: dict[str, Plain] = {} if step.bound is Bound.OTHERWISE else {str(step.bound): f"{step.limit:f}"}
    return bound | {"percent" if step.of_weight else "points": f"{step.gives:f}"}


def _dump_delta(curve: PerPoint | PerCase) -> dict[str, Plain]:
    body: dict[str, Plain] = {
        "minus" if curve.points < 0 else "plus": f"{abs(curve.points):f}",
        "every": f"{curve.every:f}",
    }
    return body if curve.most is None else body | {"most": f"{curve.most:f}"}
