from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.assessment.curves import (
    Bound,
    Complement,
    Knot,
    Linear,
    Per,
    PerCase,
    PerPoint,
    Piecewise,
    Side,
    Step,
    Steps,
    points_for,
)


def steps(*rows: tuple[Bound, str, str], of_weight: bool = False) -> Steps:
    return Steps(
        steps=tuple(
            Step(bound=bound, limit=Decimal(limit), gives=Decimal(gives), of_weight=of_weight)
            for bound, limit, gives in rows
        )
    )


def below(threshold: str, per: Per, *, points: str = "-1", every: str = "1", most: str | None = None) -> PerPoint:
    return PerPoint(
        threshold=Decimal(threshold),
        side=Side.BELOW,
        points=Decimal(points),
        every=Decimal(every),
        per=per,
        most=None if most is None else Decimal(most),
    )


TWENTY = steps((Bound.AT_LEAST, "90", "20"), (Bound.ABOVE, "80", "15"), (Bound.OTHERWISE, "0", "2"))
LINE = Piecewise(knots=(Knot(at=Decimal(80), points=Decimal(0)), Knot(at=Decimal(100), points=Decimal(20))))
OVER = PerPoint(threshold=Decimal(5), side=Side.ABOVE, points=Decimal(-2), per=Per.FULL)

#: Weight 50.
RATES = [
    # curve, rate in per cent, points by hand
    (Linear(), "97.5", "48.75"),
    (Linear(factor=Decimal("0.4")), "50", "10"),
    (Complement(), "10", "45"),
    (Complement(factor=Decimal("0.1")), "10", "4.5"),
    (TWENTY, "90", "20"),  # at least
    (TWENTY, "89.999", "15"),
    (TWENTY, "80", "2"),  # not above 80
    (steps((Bound.AT_LEAST, "90", "40"), of_weight=True), "95", "20"),  # 40 % of 50
    (steps((Bound.AT_LEAST, "90", "40")), "10", "0"),  # no row holds
    (LINE, "79", "0"),
    (LINE, "80", "0"),
    (LINE, "85", "5"),
    (LINE, "100", "20"),
    (LINE, "120", "20"),
    (below("70", Per.FULL), "70", "0"),  # on the threshold nothing is lost
    (below("70", Per.FULL), "67.5", "-2"),
    (below("70", Per.CONTINUOUS), "67.5", "-2.5"),
    (below("70", Per.STARTED), "67.5", "-3"),
    (below("70", Per.STARTED), "67", "-3"),  # exactly three
    (below("70", Per.FULL, every="5", points="-2"), "58", "-4"),
    (below("70", Per.CONTINUOUS, most="10"), "20", "-10"),
    (below("70", Per.CONTINUOUS), "99", "0"),
    (OVER, "7.9", "-4"),
    (OVER, "5", "0"),
]


@pytest.mark.parametrize(("curve", "percent", "expected"), RATES)
def test_a_rate_becomes_points(curve, percent, expected):
    value = Fraction(percent) / 100

    assert points_for(curve, value, weight=Fraction(50), is_rate=True) == Fraction(expected)


TIERS = steps((Bound.AT_MOST, "50", "10"), (Bound.BELOW, "101", "9"), (Bound.OTHERWISE, "0", "0"))
FIFTH = Decimal("-0.2")
NUMBERS = [
    (TIERS, 50, "10"),
    (TIERS, 51, "9"),
    (TIERS, 100, "9"),
    (TIERS, 101, "0"),
    (PerCase(points=FIFTH), 0, "0"),
    (PerCase(points=FIFTH), 7, "-1.4"),
    (PerCase(points=FIFTH, free=Decimal(3)), 3, "0"),
    (PerCase(points=FIFTH, free=Decimal(3)), 7, "-0.8"),
    (PerCase(points=FIFTH, most=Decimal(1)), 7, "-1"),
    (PerCase(points=Decimal(-1), every=Decimal(3)), 8, "-2"),
    (PerCase(points=Decimal(-1), every=Decimal(3), per=Per.STARTED), 7, "-3"),
    (PerCase(points=Decimal(2), most=Decimal(5)), 4, "5"),  # a bonus
]


@pytest.mark.parametrize(("curve", "number", "expected"), NUMBERS)
def test_a_number_becomes_points(curve, number, expected):
    assert points_for(curve, Fraction(number), weight=Fraction(50), is_rate=False) == Fraction(expected)


@given(st.fractions(0, 2), st.sampled_from(Per))
def test_a_part_of_a_step_costs_between_nothing_and_a_whole_one(rate, per):
    points = {one: points_for(below("70", one), rate, weight=Fraction(1), is_rate=True) for one in Per}

    assert points[Per.STARTED] <= points[Per.CONTINUOUS] <= points[Per.FULL] <= 0
    assert points[Per.FULL] - points[Per.STARTED] in (0, 1)
    assert points[per] == points_for(below("70", per), rate, weight=Fraction(1), is_rate=True)
