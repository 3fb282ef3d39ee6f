from decimal import Decimal

import pytest

from gridcase.domain.case import CaseKind, Scheme, Source, TypeKey
from gridcase.domain.time import LimitUnit, TimeLimit
from gridcase.workflow.catalogue import CaseType, Catalogue, FilingCondition, LimitRule
from gridcase.workflow.units import Unit, UnitKind, Units


def limit(unit: LimitUnit | None) -> TimeLimit | None:
    return TimeLimit(amount=Decimal(2), unit=unit) if unit else None


def case_type(*units: LimitUnit | None, code: str = "06001") -> CaseType:
    conditions = tuple(
        FilingCondition(code=str(number), text_zh="甲", text_en="a", limit=limit(unit))
        for number, unit in enumerate(units, start=1)
    )
    return CaseType(
        key=TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code=code),
        major_name="市容环境类",
        name_zh="私搭乱建",
        name_en="Illegal structures",
        conditions=conditions,
    )


@pytest.mark.parametrize(
    ("units", "urgent"),
    [
        ((LimitUnit.URGENT_HOUR,), True),
        ((LimitUnit.URGENT_DAY, LimitUnit.URGENT_HOUR), True),
        ((LimitUnit.URGENT_DAY, LimitUnit.WORKING_DAY), False),  # which of them applies is not known yet
        ((LimitUnit.URGENT_HOUR, None), True),  # a condition without a limit says nothing
        ((LimitUnit.WORKING_HOUR,), False),
        ((None,), False),
    ],
)
def test_a_type_is_urgent_when_every_published_limit_is(units, urgent):
    assert case_type(*units).urgent is urgent


def test_a_condition_is_urgent_by_its_own_limit():
    known = case_type(LimitUnit.URGENT_DAY, LimitUnit.WORKING_DAY, None)
    assert [condition.urgent for condition in known.conditions] == [True, False, False]


def rule(unit: LimitUnit, area_class: str | None = None, source: Source | None = None) -> LimitRule:
    return LimitRule(area_class=area_class, source=source, limit=limit(unit))


@pytest.mark.parametrize(
    ("area_class", "source", "unit"),
    [
        ("1", Source.HOTLINE, LimitUnit.URGENT_HOUR),  # the rule for both, though it stands last
        ("1", Source.VIDEO, LimitUnit.URGENT_DAY),
        ("2", Source.HOTLINE, LimitUnit.WORKING_HOUR),
        (None, Source.HOTLINE, LimitUnit.WORKING_HOUR),  # no class is no class 1
        ("2", Source.VIDEO, LimitUnit.WORKING_DAY),  # the general limit
        (None, Source.VIDEO, LimitUnit.WORKING_DAY),
    ],
)
def test_the_most_specific_limit_wins(area_class, source, unit):
    rules = (
        rule(LimitUnit.WORKING_HOUR, source=Source.HOTLINE),
        rule(LimitUnit.URGENT_DAY, area_class="1"),
        rule(LimitUnit.URGENT_HOUR, area_class="1", source=Source.HOTLINE),
    )
    for order in (rules, rules[::-1]):
        one = FilingCondition(code="1", text_zh="甲", text_en="a", limit=limit(LimitUnit.WORKING_DAY), limits_by=order)
        assert one.limit_for(area_class=area_class, source=source) == limit(unit)


def test_where_no_rule_takes_a_case_and_no_general_limit_is_published_there_is_none():
    one = FilingCondition(code="1", text_zh="甲", text_en="a", limits_by=(rule(LimitUnit.URGENT_DAY, area_class="1"),))
    assert one.limit_for(area_class="2", source=Source.VIDEO) is None
    assert one.limit_for(area_class="1", source=Source.VIDEO) == limit(LimitUnit.URGENT_DAY)


def test_a_condition_is_urgent_only_when_every_limit_that_may_apply_is():
    day = limit(LimitUnit.URGENT_DAY)
    urgent = FilingCondition(
        code="1", text_zh="甲", text_en="a", limit=day, limits_by=(rule(LimitUnit.URGENT_HOUR, "1"),)
    )
    mixed = FilingCondition(
        code="1", text_zh="甲", text_en="a", limit=day, limits_by=(rule(LimitUnit.WORKING_HOUR, "1"),)
    )
    assert (urgent.urgent, mixed.urgent) == (True, False)


def test_a_condition_is_found_by_its_code_and_an_unknown_code_finds_nothing():
    known = case_type(LimitUnit.URGENT_DAY, LimitUnit.WORKING_DAY)
    assert known.condition("2") is known.conditions[1]
    assert known.condition("3") is None


def test_the_same_digits_of_another_kind_or_scheme_are_another_type():
    known = case_type(LimitUnit.WORKING_DAY)
    catalogue = Catalogue(version="1", types=(known,))
    assert catalogue.find(known.key) is known
    assert catalogue.conditions(known.key) == known.conditions
    for other in ("GBT47678.5-2026/component/06001", "local/event/06001", "GBT47678.5-2026/event/06002"):
        assert catalogue.find(TypeKey.parse(other)) is None
        assert catalogue.conditions(TypeKey.parse(other)) == ()


def test_catalogues_with_equal_types_are_equal():
    one, other = (Catalogue(version="1", types=(case_type(LimitUnit.WORKING_DAY),)) for _ in range(2))
    assert one == other
    assert one != Catalogue(version="1", types=(case_type(LimitUnit.URGENT_DAY),))


def units() -> Units:
    def unit(code: str, parent: str | None) -> Unit:
        return Unit(code=code, name_zh="单位", name_en="unit", kind=UnitKind.DEPARTMENT, parent=parent)

    return Units(version="1", units=(unit("A", None), unit("A-1", "A"), unit("A-1-1", "A-1"), unit("B", None)))


@pytest.mark.parametrize(
    ("code", "above", "within"),
    [
        ("A", "A", True),
        ("A-1-1", "A", True),
        ("A", "A-1", False),
        ("B", "A", False),
        ("?", "A", False),
    ],
)
def test_a_unit_is_within_itself_and_the_units_above_it(code, above, within):
    assert units().is_within(code, above) is within


def test_the_children_of_a_unit_are_those_directly_under_it():
    assert [unit.code for unit in units().children("A")] == ["A-1"]
    assert units().children("?") == ()
