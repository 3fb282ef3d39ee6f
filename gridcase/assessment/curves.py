"""Curves: how one value becomes points, exactly.

Values and fractions in, a fraction out; nothing is rounded here and no data never comes here. Thresholds of rates are
written in per cent. Rules: domain §6, "how a value becomes points"; one worked example each in ``docs/rule-sets.md``.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Points = weight × factor × rate."""

    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complement:
    """Points = weight × factor × (1 - rate)."""

    factor: Decimal = Decimal(1)


class Bound(StrEnum):
    """How a step compares the value with its limit; ``otherwise`` always holds."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of a table.

    Parameters
    ----------
    limit
        In per cent for a rate; 0 for ``otherwise``.
    gives
        Points, or per cent of the weight where ``of_weight``.
    """

    bound: Bound
    limit: Decimal
    gives: Decimal
    of_weight: bool = False

    def holds(self, value: Fraction) -> bool:
        """Tell whether the row takes a value."""
        limit = Fraction(self.limit)
        match self.bound:
            case Bound.AT_LEAST:
                return value >= limit
            case Bound.ABOVE:
                return value > limit
            case Bound.AT_MOST:
                return value <= limit
            case Bound.BELOW:
                return value < limit
            case Bound.OTHERWISE:
                return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A table of steps or tiers 分档: the first row that holds decides; none gives 0."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knot:
    """A value (per cent for a rate) and the points it gives."""

    at: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Piecewise:
    """Straight lines between knots, in rising order; before the first and after the last it is level."""

    knots: tuple[Knot, ...]


class Per(StrEnum):
    """What a part of a step counts: nothing (``full``), its share (``continuous``), or a whole step (``started``)."""

    FULL = "full"
    CONTINUOUS = "continuous"
    STARTED = "started"


class Side(StrEnum):
    """On which side of a threshold points change."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerPoint:
    """So many points for every so many percentage points beyond a threshold; a delta, 0 on the threshold.

    Parameters
    ----------
    threshold
        Per cent.
    points
        Negative takes points off, positive adds.
    every
        Percentage points of one step.
    most
        No more points than this are given or taken; None has no limit.
    """

    threshold: Decimal
    side: Side
    points: Decimal
    every: Decimal = Decimal(1)
    per: Per = Per.CONTINUOUS
    most: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerCase:
    """So many points for every so many cases or times beyond a free number; a delta, 0 without any.

    Parameters
    ----------
    points, every, per, most
        As in ``PerPoint``, with cases for percentage points.
    free
        The first so many cost and give nothing.
    """

    points: Decimal
    every: Decimal = Decimal(1)
    free: Decimal = Decimal(0)
    per: Per = Per.FULL
    most: Decimal | None = None


Curve = Linear | Complement | Steps | Piecewise | PerPoint | PerCase

#: Curves that read a rate, and that which reads a number.
OF_RATES = (Linear, Complement, PerPoint)
OF_NUMBERS = (PerCase,)


def points_for(curve: Curve, value: Fraction, *, weight: Fraction, is_rate: bool) -> Fraction:
    """Return the points of a value.

    Parameters
    ----------
    value
        A rate as a fraction (1 is 100 %), or a number.

    Examples
    --------
    >>> curve = PerPoint(threshold=Decimal(70), side=Side.BELOW, points=Decimal(-1), per=Per.STARTED)
    >>> points_for(curve, Fraction(675, 1000), weight=Fraction(50), is_rate=True)
    Fraction(-3, 1)
    """
    shown = value * _PERCENT if is_rate else value
    match curve:
        case Linear(factor=factor):
            return weight * Fraction(factor) * value
        case Complement(factor=factor):
            return weight * Fraction(factor) * (1 - value)
        case Steps(steps=steps):
            return _of_steps(steps, shown, weight)
        case Piecewise(knots=knots):
            return _of_knots(knots, shown)
        case PerPoint():
            beyond = shown - Fraction(curve.threshold)
            return _beyond(curve, -beyond if curve.side is Side.BELOW else beyond)
        case PerCase():
            return _beyond(curve, shown - Fraction(curve.free))


def _of_steps(steps: tuple[Step, ...], value: Fraction, weight: Fraction) -> Fraction:
    for step in steps:
        if step.holds(value):
            return weight * Fraction(step.gives) / _PERCENT if step.of_weight else Fraction(step.gives)
    return Fraction(0)


def _of_knots(knots: tuple[Knot, ...], value: Fraction) -> Fraction:
    before = knots[0]
    for knot in knots:
        if value <= knot.at:
            width = Fraction(knot.at) - Fraction(before.at)
            share = (value - Fraction(before.at)) / width if width else Fraction(1)
            return Fraction(before.points) + share * (Fraction(knot.points) - Fraction(before.points))
        before = knot
    return Fraction(before.points)


def _beyond(curve: PerPoint | PerCase, distance: Fraction) -> Fraction:
    if distance <= 0:
        return Fraction(0)
    steps = distance / Fraction(curve.every)
    if curve.per is not Per.CONTINUOUS:
        steps = Fraction(math.floor(steps) if curve.per is Per.FULL else math.ceil(steps))
    points = steps * Fraction(curve.points)
    if curve.most is None:
        return points
    most = Fraction(curve.most)
    return max(-most, min(most, points))
