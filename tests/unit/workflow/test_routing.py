import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.domain.case import CaseKind, Scheme, Source, TypeKey
from gridcase.workflow.routes import NEAR_MISSES, Criterion, NearMiss, RouteExplanation
from gridcase.workflow.routing import RoutingQuestion, RoutingRule, RoutingTable, TypePattern, route

GB = "GBT47678.5-2026/event/"
START = date(2026, 7, 1)
HOME = "320404005001"


def rule(name: str, *types: str, unit: str = "U", **more) -> RoutingRule:
    patterns = tuple(TypePattern.parse(GB + code) for code in types or ("09012",))
    return RoutingRule(id=name, types=patterns, unit=unit, **{"valid_from": START, **more})


def table(*rules: RoutingRule) -> RoutingTable:
    return RoutingTable(name="nandajie", version="2026-10-01", rules=rules)


def question(code: str = "09012", **more) -> RoutingQuestion:
    asked = {"cell": HOME + "001", "source": Source.INSPECTOR, "on": date(2026, 10, 12)} | more
    return RoutingQuestion(type=TypeKey.parse(GB + code), **asked)


def test_the_first_rule_that_matches_wins():
    found = route(table(rule("general", "09*", unit="A"), rule("special", unit="B")), question())
    assert (found.unit, found.rule) == ("A", "general")


def test_rules_above_the_winner_are_counted_and_rules_below_it_are_not():
    rules = [rule("other", "06010"), rule("far", areas=("320404005009",)), rule("won"), rule("below")]
    told = route(table(*rules), question()).explanation
    assert told.passed_over == 2
    assert told.near_misses == (NearMiss(rule="far", unit="U", failed=Criterion.AREA),)


@pytest.mark.parametrize(
    ("pattern", "code", "matches"),
    [
        ("09012", "09012", True),
        ("09012", "09011", False),
        ("09012", "090121", False),  # exact, no prefix
        ("09*", "09012", True),
        ("09*", "08012", False),
        ("09012*", "09012", True),
        ("*", "10001", True),
    ],
)
def test_a_pattern_takes_exact_codes_and_beginnings(pattern, code, matches):
    assert (route(table(rule("r", pattern)), question(code)).unit == "U") is matches
    assert TypePattern.parse(GB + pattern).matches(TypeKey.parse(GB + code)) is matches


@pytest.mark.parametrize("text", ["09012", "a/b/c", GB, GB + "0*9", GB + "09-12", GB + "**", "GBT/event/09012"])
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        TypePattern.parse(text)


@pytest.mark.parametrize("other", ["GBT47678.5-2026/component/09012", "GBT30428.2-2013/event/09012"])
def test_the_same_digits_of_another_kind_or_scheme_are_not_routed(other):
    asked = RoutingQuestion(
        type=TypeKey.parse(other), cell=HOME + "001", source=Source.INSPECTOR, on=date(2026, 10, 12)
    )
    assert route(table(rule("r", "09*")), asked).unit is None


@pytest.mark.parametrize(
    ("areas", "cell", "matches"),
    [
        ((), HOME + "001", True),
        ((HOME,), HOME + "001", True),
        (("320404",), HOME + "001", True),
        (("320404005009", HOME), HOME + "001", True),
        (("320404005009",), HOME + "001", False),
        ((HOME + "001",), HOME, False),  # a cell code is never shorter than its area
        ((HOME,), None, False),
        ((), None, True),  # unlocated: only rules for every place
    ],
)
def test_an_area_takes_the_cells_that_begin_with_it(areas, cell, matches):
    assert (route(table(rule("r", areas=areas)), question(cell=cell)).unit == "U") is matches


@pytest.mark.parametrize(
    ("sources", "matches"),
    [((), True), ((Source.INSPECTOR,), True), ((Source.HOTLINE, Source.PUBLIC), False)],
)
def test_a_rule_takes_its_sources_or_all(sources, matches):
    assert (route(table(rule("r", sources=sources)), question()).unit == "U") is matches


@pytest.mark.parametrize(
    ("on", "matches"),
    [
        (date(2026, 6, 30), False),
        (date(2026, 7, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_a_rule_holds_from_its_first_day_to_its_last_both_included(on, matches):
    dated = rule("r", valid_from=date(2026, 7, 1), valid_to=date(2026, 9, 30))
    assert (route(table(dated), question(on=on)).unit == "U") is matches


def test_a_rule_without_a_last_day_has_no_end():
    assert route(table(rule("r")), question(on=date(2099, 1, 1))).unit == "U"


def test_a_new_rule_takes_over_on_its_day():
    old = rule("old", unit="A", valid_to=date(2026, 9, 30))
    new = rule("new", unit="B", valid_from=date(2026, 10, 1))
    assert route(table(old, new), question(on=date(2026, 9, 30))).unit == "A"
    assert route(table(old, new), question(on=date(2026, 10, 1))).unit == "B"


def test_no_match_has_no_unit_and_still_explains():
    rules = [
        rule("type", "09010"),
        rule("area", areas=("320404005009",)),
        rule("source", sources=(Source.HOTLINE,)),
        rule("date", valid_to=START),
        rule("two", areas=("320404005009",), sources=(Source.HOTLINE,)),
    ]
    found = route(table(*rules), question())
    assert (found.unit, found.rule, found.explanation.match) == (None, None, None)
    assert found.explanation.passed_over == 5
    assert [(miss.rule, miss.failed) for miss in found.explanation.near_misses] == [
        ("area", Criterion.AREA),
        ("source", Criterion.SOURCE),
        ("date", Criterion.DATE),
    ]


def test_rules_of_sibling_types_are_named_when_nothing_matches_and_only_then():
    rules = [rule("sibling", "09010"), rule("far", "06010"), rule("away", "09001", areas=("320404005009",))]
    assert route(table(*rules), question()).explanation.near_misses == (
        NearMiss(rule="sibling", unit="U", failed=Criterion.TYPE),
    )
    assert route(table(*rules, rule("won")), question()).explanation.near_misses == ()


def test_an_empty_table_routes_nothing():
    found = route(table(), question())
    assert found.unit is None
    assert found.explanation.passed_over == 0


def test_the_explanation_names_the_parts_that_matched():
    rules = rule("r", "06*", "09*", areas=("320404", HOME), sources=(Source.INSPECTOR,), why_zh="按职责", why_en="duty")
    match = route(table(rules), question()).explanation.match
    assert (match.type, match.area, match.source) == (GB + "09*", HOME, Source.INSPECTOR)
    assert (match.valid_from, match.valid_to, match.why_zh) == (START, None, "按职责")


def test_the_stored_explanation_is_canonical_json():
    text = route(table(rule("r", why_zh="职责")), question(cell=None)).dump()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert json.loads(text)["match"] == {
        "rule": "r",
        "type": GB + "09012",
        "unit": "U",
        "valid_from": "2026-07-01",
        "why_zh": "职责",
    }


def test_the_sentence_says_who_why_and_what_was_passed_over():
    rules = [rule("far", areas=("320404005009",), unit="SQ"), rule("lane", unit="ZF", why_zh="职责。", why_en="duty.")]
    told = route(table(*rules), question()).explanation
    names = {"ZF": "执法中队", "SQ": "社区", GB + "09012": "占用消防通道"}
    assert told.sentence("zh", lambda code: names.get(code, code)) == (
        "按路由表 nandajie@2026-10-01 的规则 lane（2026-07-01 起有效），“占用消防通道”由执法中队处置，"
        "依据：职责；排在前面的 1 条规则不适用，其中社区的规则 far 仅区域不符。"
    )
    assert told.sentence("en") == (
        "Rule lane of routing table nandajie@2026-10-01, in force from 2026-07-01, gives "
        "GBT47678.5-2026/event/09012 to ZF, because: duty; 1 earlier rule did not apply: "
        "rule far of SQ failed on the area only."
    )


def test_the_sentence_for_no_match_asks_for_a_dispatcher():
    told = route(table(rule("r", sources=(Source.HOTLINE,))), question(cell=None)).explanation
    assert told.sentence("zh") == (
        "路由表 nandajie@2026-10-01 的 1 条规则均不适用于“GBT47678.5-2026/event/09012”"
        "（位置未定，来源：监督员上报，2026-10-12）；其中U的规则 r 仅来源不符；需由派遣员指定处置单位。"
    )
    assert "a dispatcher has to name the unit" in told.sentence("en")


@pytest.mark.parametrize("source", Source)
def test_every_source_can_be_said(source):
    told = route(table(rule("r", sources=(source,))), question(source=source)).explanation
    assert told.sentence("zh")
    assert told.sentence("en")


# --- properties ---

codes = st.sampled_from(["09012", "09010", "09001", "06010", "08004"])
patterns = st.builds(
    TypePattern,
    scheme=st.sampled_from([Scheme.GBT47678_5_2026, Scheme.LOCAL]),
    kind=st.sampled_from(CaseKind),
    code=st.one_of(codes, codes.map(lambda code: code[:2])),
    is_prefix=st.booleans(),
)
cells = st.sampled_from(["320404005001001", "320404005001002", "320404005009001", "320405001001001"])
areas = st.tuples(cells, st.sampled_from([6, 9, 12, 15])).map(lambda pair: pair[0][: pair[1]])
days = st.integers(0, 5).map(lambda offset: START + timedelta(days=offset))
drafts = st.fixed_dictionaries(
    {
        "types": st.lists(patterns, min_size=1, max_size=3).map(tuple),
        "areas": st.lists(areas, max_size=2).map(tuple),
        "sources": st.lists(st.sampled_from([Source.INSPECTOR, Source.HOTLINE]), max_size=2).map(tuple),
        "valid_from": days,
        "valid_to": st.none() | days,
        "unit": st.sampled_from(["A", "B", "C"]),
    }
)
tables = st.lists(drafts, max_size=12).map(
    lambda found: table(*(RoutingRule(id=f"r{number}", **draft) for number, draft in enumerate(found)))
)
questions = st.builds(
    RoutingQuestion,
    type=st.builds(
        TypeKey,
        scheme=st.sampled_from([Scheme.GBT47678_5_2026, Scheme.LOCAL]),
        kind=st.sampled_from(CaseKind),
        code=codes,
    ),
    cell=st.none() | cells,
    source=st.sampled_from([Source.INSPECTOR, Source.HOTLINE]),
    on=days,
)


def failed_criteria(one: RoutingRule, asked: RoutingQuestion) -> list[Criterion]:
    """Every criterion on which a rule fails, told by reading the rule and nothing else."""
    failed = {
        Criterion.TYPE: not any(pattern.matches(asked.type) for pattern in one.types),
        Criterion.AREA: bool(one.areas)
        and not any(asked.cell is not None and asked.cell[: len(area)] == area for area in one.areas),
        Criterion.SOURCE: bool(one.sources) and asked.source not in one.sources,
        Criterion.DATE: not one.valid_from <= asked.on <= (one.valid_to or date.max),
    }
    return [criterion for criterion, is_failed in failed.items() if is_failed]


@given(tables, questions)
@settings(max_examples=300, deadline=None)
def test_the_compiled_table_answers_as_reading_every_rule_does(asked_of, asked):
    failures = [failed_criteria(one, asked) for one in asked_of.rules]
    first = next((position for position, failed in enumerate(failures) if not failed), None)
    found = route(asked_of, asked)
    assert found.unit == (None if first is None else asked_of.rules[first].unit)
    assert found.rule == (None if first is None else asked_of.rules[first].id)
    assert found.explanation.passed_over == (len(asked_of.rules) if first is None else first)
    near = [
        NearMiss(rule=one.id, unit=one.unit, failed=failed[0])
        for one, failed in zip(asked_of.rules[:first], failures[:first], strict=True)
        if len(failed) == 1 and failed[0] is not Criterion.TYPE
    ]
    if first is None:
        near += [
            NearMiss(rule=one.id, unit=one.unit, failed=Criterion.TYPE)
            for one, failed in zip(asked_of.rules, failures, strict=True)
            if failed == [Criterion.TYPE] and any(same_major(pattern, asked.type) for pattern in one.types)
        ]
    assert found.explanation.near_misses == tuple(near[:NEAR_MISSES])


def same_major(pattern: TypePattern, key: TypeKey) -> bool:
    return (pattern.scheme, pattern.kind, pattern.code[:2]) == (key.scheme, key.kind, key.code[:2])


@given(tables, questions)
@settings(max_examples=100, deadline=None)
def test_an_explanation_survives_storing(asked_of, asked):
    told = route(asked_of, asked).explanation
    assert RouteExplanation.load(told.dump()) == told
    assert RouteExplanation.load(told.dump()).sentence("zh") == told.sentence("zh")


@given(patterns, patterns)
@settings(max_examples=200, deadline=None)
def test_a_pattern_that_covers_another_takes_all_it_takes(wide, narrow):
    keys = [
        TypeKey(scheme=scheme, kind=kind, code=code)
        for scheme in (Scheme.GBT47678_5_2026, Scheme.LOCAL)
        for kind in CaseKind
        for code in ("09012", "09010", "09001", "06010", "08004", "09", "06", "08")
    ]
    if wide.covers(narrow):
        assert all(wide.matches(key) for key in keys if narrow.matches(key))
    if any(wide.matches(key) and narrow.matches(key) for key in keys):
        assert wide.meets(narrow)
