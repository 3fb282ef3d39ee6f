"""What the past says of a routing table, on samples small enough to count by hand."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.case import CaseNumber, Source, TypeKey
from gridcase.workflow.routing import RoutingQuestion, RoutingRule, RoutingTable, TypePattern, fitting, route
from gridcase.workflow.routing_bench import NAMED, Gap, PastCase, as_of, compare, report

GB = "GBT47678.5-2026/event/"
HOME, FAR = "320404005001", "320404005009"
DAY = date(2026, 10, 12)


def rule(name: str, *codes: str, unit: str = "U", **more) -> RoutingRule:
    patterns = tuple(TypePattern.parse(GB + code) for code in codes or ("09012",))
    return RoutingRule(id=name, types=patterns, unit=unit, **{"valid_from": date(2026, 1, 1), **more})


def table(*rules: RoutingRule, name: str = "now") -> RoutingTable:
    return RoutingTable(name=name, version="1", rules=rules)


def past(number: int = 1, code: str = "09012", area: str | None = HOME, **more) -> PastCase:
    cell = None if area is None else area + "001"
    asked = RoutingQuestion(type=TypeKey.parse(GB + code), cell=cell, source=Source.INSPECTOR, on=DAY)
    return PastCase(**{"number": CaseNumber(f"N{number}"), "question": asked, "by_rule": True, **more})


def went(first: str, last: str | None = None, **more) -> PastCase:
    return past(first_unit=first, last_unit=last or first, **more)


def test_gaps_are_counted_by_type_and_community_most_cases_first():
    cases = [past(code="06010"), past(area=FAR), past(area=FAR), past(area=None), past()]
    found = report(table(rule("home", areas=(HOME,))), cases)
    assert found.gaps == (
        Gap(type=TypeKey.parse(GB + "09012"), area=FAR, cases=2),
        Gap(type=TypeKey.parse(GB + "06010"), area=HOME, cases=1),
        Gap(type=TypeKey.parse(GB + "09012"), area=None, cases=1),
    )
    assert (found.cases, found.unrouted, found.by_rule) == (5, 4, 1)


def test_two_rules_of_different_units_that_take_the_same_cases_overlap():
    rules = (rule("home", "09*", unit="A", areas=(HOME,)), rule("lane", "09012", unit="B"))
    (overlap,) = report(table(*rules), [past(), past(), past(area=FAR), past(code="09001")]).overlaps
    assert (overlap.rule, overlap.below, overlap.cases, overlap.is_special) == ("home", "lane", 2, False)


@pytest.mark.parametrize(
    ("below", "special"),
    [
        (rule("wide", "09*", unit="B"), True),  # a special rule above a general one
        (rule("later", "09*", unit="B", valid_from=date(2026, 2, 1)), False),
        (rule("same unit", "09*", unit="A"), None),  # no matter who wins
    ],
)
def test_an_overlap_says_whether_the_upper_rule_is_a_special_case(below, special):
    found = report(table(rule("lane", "09012", unit="A"), below), [past()]).overlaps
    assert [one.is_special for one in found] == ([] if special is None else [special])


def test_a_dead_rule_is_told_from_one_that_nothing_came_for():
    rules = (rule("general", "09*"), rule("never", "09012"), rule("waste", "06*"))
    found = report(table(*rules), [past(), past()])
    assert [(one.rule, one.covered_by, one.fitted, one.won) for one in found.dead] == [
        ("never", "general", 2, 0),
        ("waste", None, 0, 0),
    ]


@pytest.mark.parametrize(
    ("last", "by_rule", "by_catch_all", "unrouted"),
    [
        (rule("rest", "*"), 1, 1, 0),
        (rule("rest", "*", areas=("3204",)), 2, 0, 0),  # not for every place
        (rule("rest", "*", sources=(Source.INSPECTOR,)), 2, 0, 0),
        (rule("rest", "05*"), 1, 0, 1),
    ],
)
def test_what_falls_to_the_catch_all_is_counted_apart(last, by_rule, by_catch_all, unrouted):
    found = report(table(rule("lane"), last), [past(), past(code="06010")])
    assert (found.by_rule, found.by_catch_all, found.unrouted) == (by_rule, by_catch_all, unrouted)


@pytest.mark.parametrize(
    ("case", "accurate"),
    [
        (went("U"), True),
        (went("U", "V"), False),
        (went("U", was_wrong=True), False),  # went away as the wrong unit's and came back
        (went("V"), True),  # accurate is what was done, not what the table says
        (past(), False),  # never dispatched
    ],
)
def test_a_first_dispatch_is_accurate_when_it_was_the_last_and_nobody_said_wrong_unit(case, accurate):
    found = report(table(rule("lane")), [case])
    assert (found.accurate, found.dispatched) == (accurate, case.first_unit is not None)


def test_a_rule_is_right_where_its_unit_is_the_one_that_ended_with_the_case():
    cases = [went("V", "U", by_rule=False), went("U"), went("U", "V"), past()]
    found = report(table(rule("lane")), cases)
    (tally,) = found.rules
    assert (tally.won, tally.decided, tally.right) == (4, 3, 2)
    assert (found.right, found.by_hand) == (2, 1)


def test_nothing_in_the_past_leaves_everything_at_nought():
    found = report(table(rule("lane")), [])
    assert (found.cases, found.dispatched, found.gaps, len(found.dead)) == (0, 0, (), 1)


def test_a_draft_is_compared_case_by_case():
    now = table(rule("lane", unit="A"), rule("waste", "06*", unit="W"))
    draft = table(rule("home", unit="B", areas=(HOME,)), rule("lane", unit="A"), rule("trees", "05*", unit="T"))
    cases = [
        past(1, first_unit="A", last_unit="B"),
        past(2, first_unit="A", last_unit="A"),
        past(3, area=FAR, first_unit="A", last_unit="A"),
        past(4, code="06010"),
        past(5, code="05001"),
    ]
    found = compare(now, draft, cases)
    assert [(one.number, one.from_unit, one.to_unit, one.from_rule, one.to_rule) for one in found.named] == [
        ("N1", "A", "B", "lane", "home"),
        ("N2", "A", "B", "lane", "home"),
        ("N4", "W", None, "waste", None),
        ("N5", None, "T", None, "trees"),
    ]
    assert (found.cases, found.redirected, found.now_routed, found.now_unrouted) == (5, 4, 1, 1)
    assert (found.better, found.worse) == (1, 1)


def test_the_list_of_cases_is_capped_and_the_totals_are_not():
    found = compare(table(rule("a", unit="A")), table(rule("b", unit="B")), [past(n) for n in range(NAMED + 5)])
    assert (len(found.named), found.redirected) == (NAMED, NAMED + 5)


def test_a_table_compared_with_itself_moves_nothing():
    one = table(rule("lane"), rule("waste", "06*"))
    assert compare(one, one, [past(), past(code="06010"), past(code="05001")]).redirected == 0


def test_a_draft_that_begins_later_is_asked_as_of_its_day():
    draft = table(rule("lane", valid_from=date(2026, 11, 1)))
    assert report(draft, [past()]).unrouted == 1
    assert report(draft, as_of([past()], date(2026, 11, 1))).unrouted == 0


RULES = st.builds(
    lambda number, code, unit, area: rule(f"r{number}", code, unit=unit, areas=(area,) if area else ()),
    st.integers(0, 10**6),
    st.sampled_from(["*", "09*", "09012", "06*", "06010"]),
    st.sampled_from("ABC"),
    st.sampled_from([None, HOME, FAR, "3204"]),
)
CASES = st.builds(
    lambda code, area, last: past(code=code, area=area, first_unit=last, last_unit=last),
    st.sampled_from(["09012", "09001", "06010", "05001"]),
    st.sampled_from([None, HOME, FAR]),
    st.sampled_from([None, "A", "B", "C"]),
)


@given(st.lists(RULES, max_size=8, unique_by=lambda one: one.id), st.lists(CASES, max_size=20))
def test_the_counts_add_up_and_agree_with_the_routing_itself(rules, cases):
    asked = table(*rules)
    found = report(asked, cases)
    assert found.by_rule + found.by_catch_all + found.unrouted == found.cases == len(cases)
    assert sum(one.won for one in found.rules) == found.cases - found.unrouted
    assert sum(gap.cases for gap in found.gaps) == found.unrouted
    assert found.accurate <= found.dispatched
    assert all(one.right <= one.decided <= one.won <= one.fitted for one in found.rules)
    assert all(one.won == 0 for one in found.rules if one.covered_by)
    for case in cases:
        winner = next(fitting(asked, case.question), None)
        assert (winner.unit if winner else None) == route(asked, case.question).unit


@given(st.lists(RULES, max_size=6, unique_by=lambda one: one.id), st.lists(CASES, max_size=20))
def test_a_comparison_reversed_is_its_mirror(rules, cases):
    one, other = table(*rules), table(*(replace(each, unit="B") for each in rules))
    there, back = compare(one, other, cases), compare(other, one, cases)
    assert (there.redirected, there.better, there.worse) == (back.redirected, back.worse, back.better)
