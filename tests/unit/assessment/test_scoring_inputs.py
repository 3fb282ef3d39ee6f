"""Exemptions, deductions, adjustments, outside scores, and what a score does for want of data."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.assessment.comparing import compare
from gridcase.assessment.curves import Complement, Linear, Per, PerCase, PerPoint, Side
from gridcase.assessment.facts import fold
from gridcase.assessment.figures import GivenFigures
from gridcase.assessment.frames import Frames, frames_of
from gridcase.assessment.inputs import Adjustment, Deduction, Exemption, ExternalScore, ScoringInputs
from gridcase.assessment.rulesets import (
    Amount,
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
    in_force,
    without,
)
from gridcase.assessment.scoring import LineKind, SubjectScore, score, score_figures
from gridcase.assessment.selection import Attribution, CountBy, Filters
from gridcase.domain.case import CaseNumber, Source
from gridcase.domain.time import Period
from tests.histories import History, closed_case, dispatched_case, minute

OCTOBER = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))
TITLE = Title(zh="试", en="trial")


def indicator(name: str, weight: int, *terms: Term, **options) -> Indicator:
    return Indicator(id=name, clause="1", title=TITLE, weight=Decimal(weight), terms=terms, **options)


def ratio(numerator: str, denominator: str, curve=None, **options) -> Term:
    measure = Ratio(numerator=Amount.of(numerator), denominator=Amount.of(denominator))
    return Term(id=numerator, measure=measure, curve=curve or Linear(), **options)


def each(count: str, points: str, **options) -> Term:
    return Term(id=count, measure=Number(amount=Amount.of(count)), curve=PerCase(points=Decimal(points)), **options)


def rules(*indicators: Indicator, **options) -> RuleSet:
    settled = {
        "name": "trial",
        "version": "1",
        "valid_from": date(2026, 1, 1),
        "title": TITLE,
        "legal_source": "none",
        "subject": CountBy.UNIT,
        "attribution": Attribution.DEADLINE,
        "full_score": Decimal(100),
        "rounding": Rounding(),
        "exemptions": tuple(ExemptionReason),
    }
    return RuleSet(indicators=indicators, **(settled | options))


ON_TIME = indicator(
    "on_time", 80, ratio("handled_on_time", "due_to_handle", against=("handled_overdue", "overdue_open"))
)
REWORK = indicator("rework", 20, each("rework_cases", "-5", against=("rework_cases",)), starts_full=True)
RULES = rules(ON_TIME, REWORK)


def reworked(number: str, **options) -> History:
    case = dispatched_case(number, **options).reported(100).check_asked(101).checked(102, "fail")
    return case.reworked(103, handle_by=163).reported(150).check_asked(151).checked(152).closed(160)


def month(*histories: History) -> Frames:
    return frames_of(fold([line for one in histories for line in one.events], cut_off=minute(30_000)))


#: Three closed in time, one of them reworked, and one overdue and open.
FOUR = month(closed_case("C1"), closed_case("C2"), reworked("C3"), dispatched_case("C4"))


def exemption(case: str, **options) -> Exemption:
    settled = {"indicator": None, "subject": None, "reason": "force_majeure", "evidence": "weather bulletin"}
    return Exemption(case=CaseNumber(case), **(settled | options))


def one_score(rule_set: RuleSet, frames: Frames, *exemptions: Exemption, **inputs) -> SubjectScore:
    (one,) = score(rule_set, frames, OCTOBER, ScoringInputs(exemptions=exemptions, **inputs))
    assert one.score is None or total(one) == Fraction(one.score)
    return one


def total(one: SubjectScore) -> Fraction:
    return sum((line.points or Fraction(0) for line in one.lines), Fraction(0))


def lines(one: SubjectScore, kind: LineKind) -> list[tuple]:
    return [(line.indicator, line.points, line.cases) for line in one.lines if line.kind is kind]


# --- exemptions ---


def test_without_exemptions_the_score_is_that_of_all_cases():
    one = one_score(RULES, FOUR)

    assert str(one.score) == "75.00"  # 80 x 3/4 + 20 - 5
    assert [(line.term, line.cases) for line in one.lines if line.against] == [
        ("handled_on_time", ("C4",)),
        ("rework_cases", ("C3",)),
    ]


def test_an_exempted_case_is_not_counted_and_its_worth_is_a_line():
    one = one_score(RULES, FOUR, exemption("C4"))

    assert str(one.score) == "95.00"  # 80 x 3/3 + 15
    assert lines(one, LineKind.EXEMPTION) == [("on_time", 20, ("C4",))]  # no rework of its own: no line there


def test_an_exemption_for_one_indicator_leaves_the_others():
    one = one_score(RULES, FOUR, exemption("C3", indicator="rework"))

    assert str(one.score) == "80.00"  # 60 + 20
    assert lines(one, LineKind.EXEMPTION) == [("rework", 5, ("C3",))]


def test_an_exemption_for_another_subject_changes_nothing():
    assert one_score(RULES, FOUR, exemption("C4", subject="U9")) == one_score(RULES, FOUR)


def test_an_exemption_for_a_reason_that_is_not_allowed_is_told_and_gives_nothing():
    strict = replace(RULES, exemptions=(ExemptionReason.SELF_REPORT,))
    one = one_score(strict, FOUR, exemption("C4"))
    told = [line for line in one.lines if line.kind is LineKind.EXEMPTION]

    assert str(one.score) == "75.00"
    assert {(line.points, line.text, line.reason) for line in told} == {(0, "exemption_not_allowed", "force_majeure")}


def test_the_last_case_exempted_leaves_no_data():
    one = one_score(RULES, month(dispatched_case("C4")), exemption("C4"))

    assert (one.score, one.lines[0].text) == (None, "no_data")


def test_exemptions_that_take_turns_give_the_same_in_any_order():
    first, second = exemption("C3"), exemption("C4")

    assert one_score(RULES, FOUR, first, second) == one_score(RULES, FOUR, second, first)


# --- deductions and adjustments ---


def test_a_deduction_stays_within_its_indicator_and_an_adjustment_within_the_total():
    deduction = Deduction(
        subject="U1", indicator="rework", points=Decimal(40), evidence="bulletin 7", their_number="A7"
    )
    adjustment = Adjustment(
        subject="U1", points=Decimal("-1.5"), reason="late appeal", evidence="decision 3", origin_period="2026-09"
    )
    one = one_score(RULES, FOUR, deductions=(deduction,), adjustments=(adjustment,))

    assert str(one.score) == "58.50"  # 60 + (15 - 40, not below 0) - 1.5
    assert lines(one, LineKind.FLOOR) == [("rework", 25, ())]
    assert lines(one, LineKind.ADJUSTMENT) == [("", Fraction(-3, 2), ())]


def test_a_total_is_not_below_zero_and_its_floor_is_a_line():
    adjustment = Adjustment(
        subject="U1", points=Decimal(-90), reason="r", evidence="e", origin_period="2026-09", case=CaseNumber("C1")
    )
    one = one_score(RULES, FOUR, adjustments=(adjustment,))

    assert (one.score, lines(one, LineKind.FLOOR)) == (0, [("", 15, ())])


# --- outside scores ---


def given_scores(**values: str) -> ScoringInputs:
    return ScoringInputs(
        external=tuple(
            ExternalScore(subject="S", indicator=name, value=Decimal(value), evidence="minutes")
            for name, value in values.items()
        )
    )


OUTSIDE = indicator("site", 40, Term(id="t", measure=External(name="site", out_of=Decimal(50)), curve=Linear()))
INSTEAD = indicator("system", 60, ratio("closed", "due_to_close"), instead=External(name="system", out_of=Decimal(100)))


def test_an_outside_score_is_taken_out_of_its_full_points():
    (one,) = score_figures(rules(OUTSIDE, full_score=Decimal(40)), GivenFigures(counts={}), given_scores(site="45"))

    assert (str(one.score), one.lines[0].evidence) == ("36.00", "minutes")


def test_an_outside_score_that_was_not_given_is_no_data():
    (one,) = score_figures(rules(OUTSIDE), GivenFigures(counts={"S": {}}))

    assert (one.score, one.rank, one.lines[0].text) == (None, None, "no_data")


def test_an_outside_score_takes_the_place_of_what_is_computed():
    counts = GivenFigures(counts={"S": {"closed": 9, "due_to_close": 10}})
    system = rules(INSTEAD)

    assert str(score_figures(system, counts)[0].score) == "54.00"
    assert str(score_figures(system, counts, given_scores(system="80"))[0].score) == "48.00"


def test_an_outside_score_given_twice_is_refused():
    twice = given_scores(site="1").external * 2
    with pytest.raises(ValueError, match="twice"):
        score_figures(rules(OUTSIDE), GivenFigures(counts={}), ScoringInputs(external=twice))


def test_a_given_number_stands_beside_counts_from_frames():
    term = Term(
        id="t",
        measure=Ratio(numerator=Amount.of("handled_on_time"), denominator=Amount.of("inhabitants")),
        curve=Linear(),
    )
    per_head = rules(indicator("a", 100, term), numbers=("inhabitants",))
    given = ExternalScore(subject="U1", indicator="inhabitants", value=Decimal(4), evidence="yearbook")

    assert str(one_score(per_head, FOUR, external=(given,)).score) == "75.00"
    assert one_score(per_head, FOUR).score is None


# --- no data ---

SPARE = indicator("spare", 20, ratio("verify_on_time", "verify_asked"))
NO_DATA = [
    # policy, score of 80 x 1/2 and an item of 20 without data
    (WithoutData.NO_SCORE, None),
    (WithoutData.LEAVE_OUT, "50.00"),  # 40 of 80, stretched to 100
    (WithoutData.ZERO, "40.00"),
    (WithoutData.FULL, "60.00"),
]


@pytest.mark.parametrize(("policy", "expected"), NO_DATA)
def test_what_an_item_without_data_gives_is_declared(policy, expected):
    declared = rules(
        indicator("a", 80, ratio("closed", "due_to_close")), replace(SPARE, without_data=policy), subject=CountBy.AREA
    )
    counts = {"closed": 1, "due_to_close": 2, "verify_asked": 0, "verify_on_time": 0}
    (one,) = score_figures(declared, GivenFigures(counts={"S": counts}))

    assert (None if one.score is None else str(one.score)) == expected
    assert next(line for line in one.lines if line.indicator == "spare").points is None
    assert one.score is None or total(one) == Fraction(one.score)


def test_a_bonus_nobody_gave_is_no_bonus():
    bonus = indicator(
        "bonus", 5, Term(id="t", measure=External(name="praise"), curve=PerCase(points=Decimal(1))), extra=True
    )
    declared = rules(indicator("a", 100, ratio("closed", "due_to_close")), bonus)
    figures = GivenFigures(counts={"S": {"closed": 1, "due_to_close": 2}})

    assert str(score_figures(declared, figures)[0].score) == "50.00"
    assert str(score_figures(declared, figures, given_scores(praise="3"))[0].score) == "53.00"


def test_nothing_but_items_left_out_is_no_score():
    (one,) = score_figures(
        rules(SPARE, without_data=WithoutData.LEAVE_OUT), GivenFigures(counts={"S": {"verify_asked": 0}})
    )

    assert one.score is None


# --- warnings, grades, rounding ---


def falling(lost: str, **options) -> SubjectScore:
    item = indicator("a", 10, starts_full=True)
    deduction = Deduction(subject="S", indicator="a", points=Decimal(lost), evidence="e")
    (one,) = score_figures(
        rules(item, **options), GivenFigures(counts={"S": {}}), ScoringInputs(deductions=(deduction,))
    )
    return one


def test_a_warning_is_strictly_beyond_its_share():
    assert falling("3", warn_above=Decimal(30)).warnings == ()
    assert [one.indicator for one in falling("3.01", warn_above=Decimal(30)).warnings] == ["a"]


GRADES = (Grade(name="A", at_least=Decimal(9)), Grade(name="B", at_least=Decimal(5)))


@pytest.mark.parametrize(("lost", "expected"), [("1", "A"), ("1.01", "B"), ("5", "B"), ("5.1", None)])
def test_a_grade_is_earned_by_the_rounded_score(lost, expected):
    assert falling(lost, grades=GRADES).grade == expected


def thirds(**options) -> SubjectScore:
    items = [indicator(name, 50, ratio("closed", "due_to_close")) for name in ("a", "b")]
    (one,) = score_figures(rules(*items, **options), GivenFigures(counts={"S": {"closed": 2, "due_to_close": 3}}))
    assert total(one) == Fraction(one.score)
    return one


def test_rounding_is_said_of_rates_of_items_or_of_the_total():
    whole = Rounding(places=0)

    assert str(thirds().score) == "66.67"
    assert str(thirds(item_rounding=whole).score) == "66.00"  # 33.33… twice
    assert str(thirds(rate_rounding=whole).score) == "67.00"
    assert str(thirds(rounding=Rounding(places=1, mode=RoundingMode.DOWN)).score) == "66.6"


# --- multipliers, filters, attribution from frames ---


def test_cases_of_a_leader_count_double():
    doubled = each(
        "rework_cases", "-5", multipliers=(Multiplier(times=Decimal(2), filters=Filters(sources=(Source.LEADER,))),)
    )
    item = replace(REWORK, terms=(doubled,), weight=Decimal(100))
    frames = month(reworked("C1"), reworked("C2", source=Source.LEADER))

    assert str(one_score(rules(item), frames).score) == "85.00"  # 100 - 5 x (1 + 2)


def test_an_indicator_may_count_other_cases_and_another_month_than_the_rule_set():
    narrowed = replace(REWORK, weight=Decimal(100), filters=Filters(sources=(Source.LEADER,)))
    moved = replace(REWORK, weight=Decimal(100), attribution=Attribution.CLOSED)
    frames = month(reworked("C1"), reworked("C2", source=Source.LEADER))
    late = month(reworked("C1", start=minute(-20 * 1440)))  # 22 September

    assert str(one_score(rules(narrowed), frames).score) == "95.00"
    assert score(rules(moved), late, OCTOBER) == ()


# --- ranks ---


def standings(ranking: Ranking, **closed: int) -> list[tuple[str, int]]:
    counts = {name: {"closed": number, "due_to_close": 300} for name, number in closed.items()}
    item = indicator("a", 100, ratio("closed", "due_to_close"))
    found = score_figures(rules(item, ranking=ranking, rounding=Rounding(places=0)), GivenFigures(counts=counts))
    return [(one.subject, one.rank) for one in found]


def test_equals_leave_a_gap_or_none():
    closed = {"A": 300, "B": 150, "C": 150, "D": 3}

    assert standings(Ranking(), **closed) == [("A", 1), ("B", 2), ("C", 2), ("D", 4)]
    assert standings(Ranking(equal=EqualRanks.DENSE), **closed) == [("A", 1), ("B", 2), ("C", 2), ("D", 3)]


def test_equal_rounded_totals_may_be_parted_by_the_exact_one_or_by_having_less():
    closed = {"A": 151, "B": 150}  # 50.33 and 50.00

    assert standings(Ranking(), **closed) == [("A", 1), ("B", 1)]
    assert standings(Ranking(exact=True), **closed) == [("A", 1), ("B", 2)]
    assert standings(Ranking(tie_break=(TieBreak(by="total"),)), **closed) == [("A", 1), ("B", 2)]
    assert standings(Ranking(tie_break=(TieBreak(by="a", lower_first=True),)), **closed) == [("B", 1), ("A", 2)]
    assert standings(Ranking(tie_break=(TieBreak(by="a", exact=False),)), **closed) == [("A", 1), ("B", 1)]


def test_equals_may_be_parted_by_a_count():
    counts = {name: {"closed": number, "due_to_close": number} for name, number in (("A", 3), ("B", 40), ("C", 7))}
    item = indicator("a", 100, ratio("closed", "due_to_close"))

    def order(**tie) -> list[str]:
        ranking = Ranking(tie_break=(TieBreak(by="due_to_close", is_count=True, **tie),))
        return [one.subject for one in score_figures(rules(item, ranking=ranking), GivenFigures(counts=counts))]

    assert order() == ["B", "C", "A"]
    assert order(lower_first=True) == ["A", "C", "B"]


def test_groups_are_ranked_apart():
    groups = (RankGroup(name="inner", subjects=("B", "C")),)

    assert standings(Ranking(groups=groups), A=300, B=150, C=200, D=3) == [("A", 1), ("C", 1), ("B", 2), ("D", 2)]


# --- versions ---


def test_the_version_in_force_on_the_first_day_of_the_period_is_chosen():
    old = replace(RULES, version="1", valid_to=date(2026, 9, 30))
    new = replace(RULES, version="2", valid_from=date(2026, 10, 1))

    assert in_force([new, old], "trial", date(2026, 9, 30)) == old
    assert in_force([old, new], "trial", date(2026, 10, 1)) == new
    assert in_force([old, new], "trial", date(2025, 12, 31)) is None
    assert in_force([old, new], "other", date(2026, 10, 1)) is None


# --- what-if ---


def test_removing_a_rule_removes_exactly_its_lines():
    changes = compare(score(RULES, FOUR, OCTOBER), score(without(RULES, "rework"), FOUR, OCTOBER))
    (change,) = changes

    assert (str(change.score_before), str(change.score_after), str(change.score)) == ("75.00", "60.00", "-15.00")
    assert {line.before.indicator for line in change.lines} == {"rework"}
    assert all(line.after is None for line in change.lines)
    assert sum(line.points for line in change.lines) == -15


def test_equal_scorings_compare_as_unchanged():
    found = score(RULES, FOUR, OCTOBER)

    assert [(one.is_changed, one.lines) for one in compare(found, found)] == [(False, ())]


def test_a_subject_on_one_side_only_is_told():
    (one,) = compare((), score(RULES, FOUR, OCTOBER))

    assert (one.score_before, str(one.score_after), one.score, one.rank_after) == (None, "75.00", None, 1)


# --- properties ---

BELOW = PerPoint(threshold=Decimal(90), side=Side.BELOW, points=Decimal(-2), per=Per.STARTED)
EVERYTHING = rules(
    indicator("rate", 40, ratio("closed", "due_to_close")),
    indicator("left", 20, ratio("overdue_open", "due_to_close", Complement()), without_data=WithoutData.LEAVE_OUT),
    indicator(
        "threshold",
        20,
        ratio("handled_on_time", "due_to_handle", BELOW),
        starts_full=True,
        without_data=WithoutData.FULL,
    ),
    indicator("rework", 20, each("rework_cases", "-0.3"), starts_full=True),
    indicator("bonus", 5, each("self_handled", "1"), extra=True),
    indicator("malus", 0, each("return_cases", "-1"), extra=True, floor=Decimal(-5)),
    warn_above=Decimal(30),
    item_rounding=Rounding(places=3, mode=RoundingMode.HALF_EVEN),
)
NAMES = (
    "closed",
    "due_to_close",
    "overdue_open",
    "handled_on_time",
    "due_to_handle",
    "rework_cases",
    "self_handled",
    "return_cases",
)


@st.composite
def figures(draw) -> dict[str, int]:
    counts = {name: draw(st.integers(0, 30)) for name in NAMES}
    counts["due_to_close"] = counts["closed"] + counts["overdue_open"]
    counts["due_to_handle"] = counts["handled_on_time"] + counts["overdue_open"]
    return counts


DEDUCTIONS = st.lists(
    st.builds(
        Deduction,
        subject=st.just("S"),
        indicator=st.sampled_from([one.id for one in EVERYTHING.indicators]),
        points=st.decimals(0, 20, places=2),
        evidence=st.sampled_from(["a", "b"]),
    ),
    max_size=4,
)
ADJUSTMENTS = st.lists(
    st.builds(
        Adjustment,
        subject=st.just("S"),
        points=st.decimals(-20, 20, places=2),
        reason=st.just("r"),
        evidence=st.sampled_from(["a", "b"]),
        origin_period=st.sampled_from(["2026-08", "2026-09"]),
    ),
    max_size=3,
)


@given(figures(), DEDUCTIONS, ADJUSTMENTS, st.randoms(use_true_random=False))
def test_lines_sum_to_the_score_items_keep_their_bounds_and_the_order_of_inputs_is_irrelevant(
    counts, deductions, adjustments, chance
):
    def scored() -> tuple[SubjectScore, ...]:
        inputs = ScoringInputs(deductions=tuple(deductions), adjustments=tuple(adjustments))
        return score_figures(EVERYTHING, GivenFigures(counts={"S": counts}), inputs)

    found = scored()
    chance.shuffle(deductions)
    chance.shuffle(adjustments)
    (one,) = found

    assert scored() == found
    if one.score is not None:
        assert total(one) == Fraction(one.score)
    for item in EVERYTHING.indicators:
        points = [line.points for line in one.lines if line.indicator == item.id]
        if None not in points:
            assert item.floor <= sum(points) <= item.most


@given(figures(), st.sampled_from(["closed", "handled_on_time"]))
def test_a_case_on_time_never_lowers_any_item(counts, name):
    more = counts | {"closed": counts["closed"] + 1, "due_to_close": counts["due_to_close"] + 1}
    if name == "handled_on_time":
        more |= {name: counts[name] + 1, "due_to_handle": counts["due_to_handle"] + 1}
    before, after = (score_figures(EVERYTHING, GivenFigures(counts={"S": each}))[0] for each in (counts, more))

    assert before.score is None or before.score <= after.score


# --- over histories ---

KINDS = {
    "on_time": closed_case,
    "overdue": lambda number: closed_case(number, report=140, close=160),
    "open": dispatched_case,
    "reworked": reworked,
    "self_handled": lambda number: History(number).self_handled(),
}
#: Each kind costs to make, but its lines are the same in every example.
MADE = {(kind, number): make(f"C{number}") for kind, make in KINDS.items() for number in range(6)}
DRAWN = st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6)
FOLDED = replace(EVERYTHING, exemptions=tuple(ExemptionReason))


def drawn(kinds: list[str]) -> list[History]:
    return [MADE[kind, number] for number, kind in enumerate(kinds)]


@settings(max_examples=15, deadline=None)
@given(DRAWN, st.sets(st.integers(0, 5)))
def test_an_exempted_case_scores_as_if_it_were_not_there(kinds, exempted):
    chosen = [number for number in sorted(exempted) if number < len(kinds)]
    rest = [one for number, one in enumerate(drawn(kinds)) if number not in chosen]
    exemptions = tuple(exemption(f"C{number}") for number in chosen)
    found = score(FOLDED, month(*drawn(kinds)), OCTOBER, ScoringInputs(exemptions=exemptions))
    expected = {one.subject: one for one in score(FOLDED, month(*rest), OCTOBER)}

    for one in found:
        assert one.score == (expected[one.subject].score if one.subject in expected else None)
        assert one.score is None or total(one) == Fraction(one.score)


@settings(max_examples=15, deadline=None)
@given(DRAWN, st.randoms(use_true_random=False))
def test_the_order_of_cases_is_irrelevant_and_once_more_is_the_same(kinds, chance):
    histories = drawn(kinds)
    found = score(FOLDED, month(*histories), OCTOBER)
    chance.shuffle(histories)

    assert score(FOLDED, month(*histories), OCTOBER) == found


@settings(max_examples=15, deadline=None)
@given(DRAWN)
def test_one_more_case_on_time_lowers_no_unit(kinds):
    before = {one.subject: one.score for one in score(FOLDED, month(*drawn(kinds)), OCTOBER)}
    after = {one.subject: one.score for one in score(FOLDED, month(*drawn(kinds), closed_case("C9")), OCTOBER)}

    assert all(was is None or was <= after[subject] for subject, was in before.items())
