from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.assessment.counts import count_names
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
)
from gridcase.assessment.rulesets import (
    Amount,
    AmountPart,
    EqualRanks,
    ExemptionReason,
    External,
    Grade,
    Indicator,
    Multiplier,
    Number,
    RankGroup,
    Ranking,
    Ratio,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
    TieBreak,
    Title,
    WithoutData,
)
from gridcase.assessment.selection import Attribution, CountBy, Filters
from gridcase.domain.actor import Role
from gridcase.domain.case import CaseKind, Channel, Scheme, Source, TypeKey
from gridcase.domain.errors import RuleFileError
from gridcase.rules.documents import Document, DocumentKind, read_document, write_document
from gridcase.rules.rulesets import parse_rule_set, rule_set_document

FILES = sorted((Path(__file__).parents[3] / "config/rules").glob("*.yaml"))
YUNCHENG = next(file for file in FILES if file.stem == "yuncheng")


def body() -> dict:
    return deepcopy(read_document(DocumentKind.RULES, "yuncheng", YUNCHENG.read_bytes()).body)


def parsed(changed: dict) -> RuleSet:
    return parse_rule_set(Document(kind=DocumentKind.RULES, name="yuncheng", body=changed))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_rule_set_that_we_ship_loads_and_comes_back(file):
    document = read_document(DocumentKind.RULES, file.stem, file.read_bytes())
    rule_set = parse_rule_set(document)
    written = write_document(rule_set_document(rule_set)).encode()

    assert rule_set.name == file.stem
    assert parse_rule_set(read_document(DocumentKind.RULES, file.stem, written)) == rule_set


def test_yuncheng_says_what_its_source_says():
    rule_set = parsed(body())
    closing = rule_set.indicators[0]

    assert (rule_set.subject, rule_set.attribution) == (CountBy.UNIT, Attribution.CLOSED)
    assert [indicator.weight for indicator in rule_set.indicators] == [80, 10, 10]
    assert closing.terms[1].curve == Linear(factor=Decimal("0.4"))
    assert {str(term.measure.denominator) for each in rule_set.indicators for term in each.terms} == {"closed"}


def set_at(changed: dict, path: str, value: object) -> dict:
    target = changed
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in way:
        target = target[part]
    target[last] = value
    return changed


MISTAKES = [
    # where, what stands there, place of the finding, its code
    ("name", None, "name", "key_missing"),
    ("name", "Yun Cheng", "name", "code_shape"),
    ("valid_from", "soon", "valid_from", "date_expected"),
    ("valid_to", "2017-12-31", "valid_to", "ends_before_start"),
    ("legal_source", None, "legal_source", "key_missing"),
    ("subject", "people", "subject", "choice_expected"),
    ("attribution", "opened", "attribution", "choice_expected"),
    ("full_score", 105, "indicators", "weights_do_not_sum"),
    ("indicators", [], "indicators", "list_empty"),
    ("indicators/1/id", "closing", "indicators", "duplicate_indicator"),
    ("indicators/0/weight", "eighty", "indicators[0].weight", "decimal_expected"),
    ("indicators/0/weight", 0, "indicators[0].weight", "not_above_zero"),
    ("indicators/0/floor", 81, "indicators[0].floor", "floor_above_ceiling"),
    ("indicators/0/ceiling", -1, "indicators[0].floor", "floor_above_ceiling"),
    ("indicators/0/terms", [], "indicators[0].terms", "list_empty"),
    ("indicators/0/terms/1/id", "on_time", "indicators[0].terms", "duplicate_term"),
    ("indicators/0/terms/1/numerator", "closd", "indicators[0].terms[1].numerator", "unknown_count"),
    ("indicators/0/terms/1/denominator", "tasks_sent", "indicators[0].terms[1].denominator", "unknown_count"),
    ("indicators/0/terms/1/against", "nobody", "indicators[0].terms[1].against", "unknown_count"),
    ("indicators/0/terms/0/points/curve", "cubic", "indicators[0].terms[0].points.curve", "choice_expected"),
    ("indicators/1/terms/0/points/fctor", 2, "indicators[1].terms[0].points.fctor", "unknown_key"),
    ("filters", {"types": ["09012"]}, "filters.types[0]", "type_key_expected"),
    ("filters", {"sources": ["rumour"]}, "filters.sources[0]", "choice_expected"),
    ("rounding/places", 9, "rounding.places", "whole_number_expected"),
    ("rounding/mode", "up", "rounding.mode", "choice_expected"),
    ("ranking/tie_break", ["beauty"], "ranking.tie_break", "unknown_indicator"),
    ("weigth", 3, "weigth", "unknown_key"),
    ("role", "inspector", "role", "role_needs_post"),
    ("numbers", ["Satis fied"], "numbers[0]", "code_shape"),
    ("numbers", ["closed"], "indicators", "external_is_count"),
    ("ceiling", -1, "floor", "floor_above_ceiling"),
    (
        "grades",
        [{"name": "B", "at_least": 60}, {"name": "A", "at_least": 90}],
        "grades[1].at_least",
        "grades_not_falling",
    ),
    ("exemptions", ["weather"], "exemptions[0]", "choice_expected"),
    ("without_data", "guess", "without_data", "choice_expected"),
    (
        "ranking/groups",
        [{"name": "a", "subjects": ["U1"]}, {"name": "b", "subjects": ["U1"]}],
        "ranking.groups",
        "subject_in_two_groups",
    ),
    ("ranking/tie_break", [{"count": "beauty"}], "ranking.tie_break[0].count", "unknown_count"),
    ("ranking/tie_break", "closing", "ranking.tie_break", "list_expected"),
    ("ranking/tie_break", [{"by": "closing", "exactly": True}], "ranking.tie_break[0].exactly", "unknown_key"),
    ("indicators/0/id", "total", "indicators", "reserved_name"),
    ("indicators/0/confirmed", False, "indicators[0].remark", "key_missing"),
    ("indicators/0/starts_full", True, "indicators[0].terms", "earns_beyond_full"),
    ("indicators/0/filters", {"majors": ["9"]}, "indicators[0].filters.majors[0]", "code_shape"),
    ("indicators/0/terms/0/numerator", "closed +", "indicators[0].terms[0].numerator", "amount_malformed"),
    ("indicators/0/terms/0/numerator", "2 closed", "indicators[0].terms[0].numerator", "amount_malformed"),
    ("indicators/0/terms/0/external", "closed", "indicators[0].terms[0].numerator", "unknown_key"),
    (
        "indicators/0/terms/0/points",
        {"curve": "per_case", "minus": 1},
        "indicators[0].terms[0].points.curve",
        "curve_needs_number",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "per_point", "below": 70, "minus": 1},
        "indicators[1].terms[0].points.per",
        "key_missing",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "per_point", "minus": 1, "per": "full"},
        "indicators[1].terms[0].points",
        "one_of_keys",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "per_point", "below": 7, "minus": 0, "per": "full"},
        "indicators[1].terms[0].points.minus",
        "not_above_zero",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "per_point", "below": 7, "minus": 1, "per": "full"},
        "indicators[1].terms",
        "deducts_from_nothing",
    ),
    ("indicators/1/terms/0/points", {"curve": "steps"}, "indicators[1].terms[0].points.steps", "list_empty"),
    (
        "indicators/1/terms/0/points",
        {"curve": "steps", "steps": [{"at_least": 9}]},
        "indicators[1].terms[0].points.steps[0]",
        "one_of_keys",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "steps", "steps": [{"at_least": 80, "points": 1}, {"at_least": 90, "points": 2}]},
        "indicators[1].terms[0].points.steps[1]",
        "step_unreachable",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "steps", "steps": [{"points": 1}, {"at_most": 9, "points": 2}]},
        "indicators[1].terms[0].points.steps[1]",
        "step_unreachable",
    ),
    (
        "indicators/1/terms/0/points",
        {"curve": "piecewise", "knots": [{"at": 9, "points": 1}, {"at": 9, "points": 2}]},
        "indicators[1].terms[0].points.knots[1].at",
        "knots_not_rising",
    ),
]


@pytest.mark.parametrize(("path", "value", "place", "code"), MISTAKES)
def test_a_mistake_is_named_at_its_place(path, value, place, code):
    with pytest.raises(RuleFileError) as refused:
        parsed(set_at(body(), path, value))

    found = refused.value.fields[f"rules/yuncheng: {place}"]
    assert code in [problem.code for problem in found]


def test_all_mistakes_are_named_at_once():
    changed = set_at(set_at(body(), "subject", "people"), "indicators/2/weight", "x")
    with pytest.raises(RuleFileError) as refused:
        parsed(changed)

    assert {"rules/yuncheng: subject", "rules/yuncheng: indicators[2].weight"} <= set(refused.value.fields)


@pytest.mark.parametrize("value", [0.4, "0.4", "0.40"])
def test_a_factor_is_exact_however_it_is_written(value):
    rule_set = parsed(set_at(body(), "indicators/0/terms/1/points/factor", value))

    assert rule_set.indicators[0].terms[1].curve == Linear(factor=Decimal("0.4"))


TEXTS = st.text("甲乙=' :#x", min_size=1, max_size=8).filter(lambda text: text.strip())
DECIMALS = st.decimals(min_value=0, max_value=999, places=3)
IDS = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
TITLES = st.builds(Title, zh=TEXTS, en=TEXTS)
POSITIVE = DECIMALS.filter(bool)
SIGNED = POSITIVE | POSITIVE.map(lambda value: -value)
RATE_CURVES = st.one_of(
    st.builds(Linear, factor=DECIMALS),
    st.builds(Complement, factor=DECIMALS),
    st.builds(
        Steps,
        steps=st.tuples(
            st.builds(Step, bound=st.sampled_from([Bound.AT_LEAST, Bound.ABOVE]), limit=DECIMALS, gives=SIGNED),
            st.builds(Step, bound=st.just(Bound.AT_MOST), limit=DECIMALS, gives=SIGNED, of_weight=st.booleans()),
            st.builds(Step, bound=st.just(Bound.OTHERWISE), limit=st.just(Decimal(0)), gives=SIGNED),
        ),
    ),
    st.builds(
        Piecewise, knots=st.just((Knot(at=Decimal(1), points=Decimal("0.5")), Knot(at=Decimal(2), points=Decimal(-3))))
    ),
    st.builds(
        PerPoint,
        threshold=DECIMALS,
        side=st.sampled_from(Side),
        points=POSITIVE,
        every=POSITIVE,
        per=st.sampled_from(Per),
        most=st.none() | DECIMALS,
    ),
)
NUMBER_CURVES = st.builds(
    PerCase, points=POSITIVE, every=POSITIVE, free=DECIMALS, per=st.sampled_from(Per), most=st.none() | DECIMALS
)
ROUNDINGS = st.builds(Rounding, places=st.integers(0, 6), mode=st.sampled_from(RoundingMode))
EXTERNALS = st.builds(External, name=st.sampled_from(["site", "duty"]), out_of=POSITIVE)
FILTERS = st.builds(
    Filters,
    majors=st.just(()) | st.just(("06", "09")),
    schemes=st.lists(st.sampled_from(Scheme), max_size=1).map(tuple),
    kinds=st.lists(st.sampled_from(CaseKind), max_size=1).map(tuple),
    sources=st.lists(st.sampled_from(Source), max_size=2).map(tuple),
    channels=st.lists(st.sampled_from(Channel), max_size=2).map(tuple),
    area_classes=st.just(()) | st.just(("class-1",)),
    places=st.just(()) | st.just(("river", "road:R12")),
    streets=st.just(()) | st.just(("320404005",)),
)
TYPES = st.builds(TypeKey, scheme=st.sampled_from(Scheme), kind=st.sampled_from(CaseKind), code=st.just("09012"))


@st.composite
def rule_sets(draw) -> RuleSet:
    by = draw(st.sampled_from(CountBy))
    names = st.sampled_from(count_names(by))
    parts = st.builds(AmountPart, count=names, times=st.sampled_from([Decimal(1), Decimal(-1), Decimal("0.4")]))
    amounts = st.lists(parts, min_size=1, max_size=2).map(lambda given: Amount(parts=tuple(given)))
    rates = st.builds(Ratio, numerator=amounts, denominator=amounts) | EXTERNALS
    common = {
        "id": IDS,
        "against": st.lists(names, max_size=2).map(tuple),
        "filters": FILTERS,
        "attribution": st.none() | st.sampled_from(Attribution),
        "confirmed": st.booleans(),
        "remark": TEXTS,
    }
    multipliers = st.lists(st.builds(Multiplier, times=POSITIVE, filters=FILTERS), max_size=1).map(tuple)
    numbers = st.builds(Number, amount=amounts) | st.builds(External, name=st.just("visits"))
    term = (
        st.builds(Term, measure=rates, curve=RATE_CURVES, **common)
        | st.builds(Term, measure=numbers, curve=NUMBER_CURVES, **common)
        | st.builds(
            Term, measure=st.builds(Number, amount=amounts), curve=NUMBER_CURVES, multipliers=multipliers, **common
        )
    )
    indicators = draw(
        st.lists(
            st.builds(
                Indicator,
                id=IDS,
                clause=TEXTS,
                title=TITLES,
                weight=DECIMALS.filter(bool),
                terms=st.lists(term, min_size=1, max_size=2, unique_by=lambda one: one.id).map(tuple),
                ceiling=st.none() | DECIMALS,
                instead=st.none() | EXTERNALS,
                filters=FILTERS,
                attribution=st.none() | st.sampled_from(Attribution),
                without_data=st.none() | st.sampled_from(WithoutData),
                warn_above=st.none() | DECIMALS,
                confirmed=st.booleans(),
                remark=TEXTS,
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one.id,
        )
    )
    return RuleSet(
        name=draw(IDS),
        version="7",
        valid_from=date(2026, 1, 1),
        valid_to=draw(st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1))),
        title=draw(TITLES),
        legal_source=draw(TEXTS),
        note=draw(TEXTS | st.just("")),
        subject=by,
        attribution=draw(st.sampled_from(Attribution)),
        filters=Filters(
            types=tuple(draw(st.lists(TYPES, max_size=2))),
            sources=tuple(draw(st.lists(st.sampled_from(Source), max_size=2))),
        ),
        full_score=sum((one.weight for one in indicators), Decimal(0)),
        indicators=tuple(indicators),
        role=draw(st.none() | st.sampled_from(Role)) if by is CountBy.POST else None,
        rounding=draw(ROUNDINGS),
        item_rounding=draw(st.none() | ROUNDINGS),
        rate_rounding=draw(st.none() | ROUNDINGS),
        ceiling=draw(st.none() | DECIMALS),
        numbers=draw(st.just(()) | st.just(("called_back", "satisfied"))),
        without_data=draw(st.sampled_from(WithoutData)),
        warn_above=draw(st.none() | DECIMALS),
        exemptions=tuple(draw(st.lists(st.sampled_from(ExemptionReason), max_size=2))),
        grades=draw(
            st.just(()) | st.just((Grade(name="甲", at_least=Decimal(90)), Grade(name="乙", at_least=Decimal(0))))
        ),
        ranking=Ranking(
            exact=draw(st.booleans()),
            equal=draw(st.sampled_from(EqualRanks)),
            groups=draw(st.just(()) | st.just((RankGroup(name="市区", subjects=("U1", "U2")),))),
            tie_break=tuple(
                TieBreak(by=name, exact=draw(st.booleans()), lower_first=draw(st.booleans()))
                for name in draw(st.lists(st.sampled_from([one.id for one in indicators]), max_size=2))
            ),
        ),
    )


@given(rule_sets())
def test_what_was_dumped_is_loaded_again(rule_set):
    assert parse_rule_set(rule_set_document(rule_set)) == rule_set
