from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.assessment.counts import SubjectCounts
from gridcase.assessment.curves import Complement, Linear
from gridcase.assessment.facts import fold
from gridcase.assessment.figures import GivenFigures
from gridcase.assessment.frames import frames_of
from gridcase.assessment.rulesets import (
    Amount,
    Indicator,
    Ranking,
    Ratio,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
    TieBreak,
    Title,
)
from gridcase.assessment.scoring import LineKind, SubjectScore, rounded, score_figures
from gridcase.assessment.scoring import score as score_frames
from gridcase.assessment.selection import Attribution, CountBy
from gridcase.domain.time import Period
from gridcase.rules.documents import DocumentKind, read_document
from gridcase.rules.rulesets import parse_rule_set
from tests.histories import History, closed_case, dispatched_case, minute

ROOT = Path(__file__).parents[3]
YUNCHENG = parse_rule_set(
    read_document(DocumentKind.RULES, "yuncheng", (ROOT / "config/rules/yuncheng.yaml").read_bytes())
)
TITLE = Title(zh="试", en="trial")
OCTOBER = Period.parse("2026-10", zone=ZoneInfo("Asia/Shanghai"))


def score(rules: RuleSet, counted: list[SubjectCounts]) -> tuple[SubjectScore, ...]:
    return score_figures(rules, GivenFigures(counts={one.subject: one.counts for one in counted}))


def month(subject="U1", *, on_time=7, overdue=3, extended=0, reworked=1) -> SubjectCounts:
    return SubjectCounts(
        subject=subject,
        counts={
            "closed": on_time + overdue,
            "closed_within_handling_limit": on_time,
            "closed_past_handling_limit": overdue,
            "extension_cases": extended,
            "rework_cases": reworked,
        },
    )


def indicator(name="a", weight=100, numerator="won", curve=None, **bounds) -> Indicator:
    ratio = Ratio(numerator=Amount.of(numerator), denominator=Amount.of("all"))
    term = Term(id="t", measure=ratio, curve=curve or Linear())
    bounds = {key: Decimal(value) for key, value in bounds.items()}
    return Indicator(id=name, clause="1", title=TITLE, weight=Decimal(weight), terms=(term,), **bounds)


def rule_set(*indicators: Indicator, **options) -> RuleSet:
    settled = {
        "name": "trial",
        "version": "1",
        "valid_from": date(2026, 1, 1),
        "title": TITLE,
        "legal_source": "none",
        "subject": CountBy.UNIT,
        "attribution": Attribution.CLOSED,
        "full_score": Decimal(100),
        "rounding": Rounding(),
    }
    return RuleSet(indicators=indicators, **(settled | options))


def ranked_by(*names: str) -> Ranking:
    return Ranking(tie_break=tuple(TieBreak(by=name) for name in names))


def ratios(**subjects: tuple[int, ...]) -> list[SubjectCounts]:
    """Counts ``all, won, kept`` of each subject."""
    return [
        SubjectCounts(subject=name, counts=dict(zip(("all", "won", "kept"), numbers, strict=False)))
        for name, numbers in subjects.items()
    ]


EXAMPLES = [
    # on time, overdue, extended, reworked, score computed by hand
    (7, 3, 0, 1, "84.60"),  # (0.7 + 0.3 x 0.4) x 80 + 10 + 9
    (10, 0, 0, 0, "100.00"),
    (0, 10, 10, 10, "32.00"),  # 0.4 x 80
    (2, 1, 1, 0, "80.67"),  # (2/3 + 1/3 x 0.4) x 80 + 6.666… + 10 = 80.666…
    (1, 2, 0, 2, "61.33"),
]


@pytest.mark.parametrize(("on_time", "overdue", "extended", "reworked", "expected"), EXAMPLES)
def test_yuncheng_by_hand(on_time, overdue, extended, reworked, expected):
    (one,) = score(YUNCHENG, [month(on_time=on_time, overdue=overdue, extended=extended, reworked=reworked)])

    assert str(one.score) == expected


def test_yuncheng_from_histories():
    histories = [closed_case(f"C{n}", close=130) for n in range(7)]  # exactly at the deadline
    histories += [closed_case(f"C{n}", close=131) for n in range(7, 9)]
    failed = dispatched_case("C9").reported(100).check_asked(101).checked(102, "fail").reworked(103, handle_by=163)
    histories.append(failed.reported(150).check_asked(151).checked(152).closed(170))
    histories.append(dispatched_case("C10"))  # overdue and open: not closed, so in no rate
    frames = frames_of(fold([line for one in histories for line in one.events], cut_off=minute(30_000)))
    (one,) = score_frames(YUNCHENG, frames, OCTOBER)
    against = {line.term: line.cases for line in one.lines if line.against}

    assert (one.subject, str(one.score), one.rank) == ("U1", "84.60", 1)
    assert against == {"overdue": ("C7", "C8", "C9"), "extension": (), "rework": ("C9",)}


def test_every_line_names_its_rule_and_its_numbers():
    (one,) = score(YUNCHENG, [month()])
    overdue = one.lines[1]

    assert (overdue.rule_set, overdue.version, overdue.clause, overdue.indicator, overdue.term) == (
        "yuncheng",
        "1",
        "1",
        "closing",
        "overdue",
    )
    assert (overdue.numerator_name, overdue.numerator) == ("closed_past_handling_limit", 3)
    assert (overdue.denominator_name, overdue.denominator) == ("closed", 10)
    assert (overdue.exact, str(overdue.shown)) == ("48/5", "9.60")


def test_no_cases_are_no_data_and_have_no_rank():
    nothing, something = month("U0", on_time=0, overdue=0, reworked=0), month("U1", on_time=0, overdue=1)
    best, last = score(YUNCHENG, [nothing, something])

    assert (best.subject, best.rank) == ("U1", 1)
    assert (last.subject, last.score, last.rank) == ("U0", None, None)
    assert [(line.points, line.exact, line.shown) for line in last.lines] == [(None, None, None)] * 4


def test_what_has_no_subject_is_not_scored():
    never_dispatched = frames_of(fold(History().filed(0).registered().events, cut_off=minute(30_000)))

    assert score_frames(YUNCHENG, never_dispatched, OCTOBER) == ()


def test_a_rate_is_a_fraction_and_not_a_whole_number():
    (one,) = score(rule_set(indicator()), ratios(U1=(3, 2)))

    assert (str(one.score), [line.exact for line in one.lines]) == ("66.67", ["200/3", "1/300"])


def test_a_floor_and_a_ceiling_are_lines_of_their_own():
    generous = rule_set(indicator(curve=Linear(factor=Decimal(2)), ceiling=90))
    strict = rule_set(indicator(curve=Linear(factor=Decimal(-1)), floor=0))
    won, lost = score(generous, ratios(U1=(2, 1)))[0], score(strict, ratios(U1=(2, 1)))[0]

    assert (won.score, [line.exact for line in won.lines]) == (Decimal("90.00"), ["100/1", "-10/1"])
    assert (lost.score, [line.exact for line in lost.lines]) == (Decimal("0.00"), ["-50/1", "50/1"])
    assert [line.kind for line in (won.lines[1], lost.lines[1])] == [LineKind.CEILING, LineKind.FLOOR]


def test_an_indicator_gives_no_more_than_its_weight_unless_declared():
    factor = Linear(factor=Decimal(2))

    assert score(rule_set(indicator(curve=factor)), ratios(U1=(1, 1)))[0].score == 100
    assert score(rule_set(indicator(curve=factor, ceiling=150)), ratios(U1=(1, 1)))[0].score == 150


TIES = [
    # tie-break, ranks in the order U1, U2, U3, U4
    ((), [2, 2, 1, 4]),
    (("b",), [3, 2, 1, 4]),  # U2 has more of b
]


@pytest.mark.parametrize(("tie_break", "expected"), TIES)
def test_equal_scores_share_a_rank_unless_an_indicator_decides(tie_break, expected):
    halves = (indicator("a", 50), indicator("b", 50, numerator="kept"))
    counts = ratios(U1=(4, 3, 1), U2=(4, 1, 3), U3=(4, 4, 4), U4=(4, 0, 0))
    found = {one.subject: one.rank for one in score(rule_set(*halves, ranking=ranked_by(*tie_break)), counts)}

    assert [found[name] for name in ("U1", "U2", "U3", "U4")] == expected


def test_ranking_is_by_the_rounded_score_and_then_by_the_deciding_indicator():
    # As in 南通, 2017: the first has less before rounding, but the same after it and more of what decides.
    counts = ratios(U1=(1000, 970, 914), U2=(1000, 940, 985))
    parts = (indicator("a", 70), indicator("b", 30, numerator="kept"))
    fine, coarse = (rule_set(*parts, ranking=ranked_by("a"), rounding=Rounding(places=places)) for places in (2, 0))

    assert [(one.subject, str(one.score)) for one in score(fine, counts)] == [("U2", "95.35"), ("U1", "95.32")]
    assert [(one.subject, str(one.score)) for one in score(coarse, counts)] == [("U1", "95"), ("U2", "95")]
    assert [one.rank for one in score(coarse, counts)] == [1, 2]


ROUNDINGS = [
    (Fraction(1, 200), Rounding(), "0.01"),  # a half goes up
    (Fraction(1, 201), Rounding(), "0.00"),
    (Fraction(-1, 200), Rounding(), "-0.01"),  # away from zero
    (Fraction(1, 200), Rounding(mode=RoundingMode.HALF_EVEN), "0.00"),
    (Fraction(3, 200), Rounding(mode=RoundingMode.HALF_EVEN), "0.02"),
    (Fraction(2675, 1000), Rounding(), "2.68"),  # a binary float would give 2.67
    (Fraction(100), Rounding(places=0), "100"),
]


@pytest.mark.parametrize(("value", "rounding", "expected"), ROUNDINGS)
def test_rounding_is_exact(value, rounding, expected):
    assert str(rounded(value, rounding)) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 31), False),
        (date(2026, 2, 1), True),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
    ],
)
def test_a_rule_set_is_in_force_from_its_first_to_its_last_day(day, expected):
    dated = rule_set(indicator(), valid_from=date(2026, 2, 1), valid_to=date(2026, 2, 28))

    assert dated.is_in_force_on(day) is expected
    assert replace(dated, valid_to=None).is_in_force_on(day) is (day >= date(2026, 2, 1))


MONTHS = st.builds(
    lambda closed, overdue, extended, reworked: month(
        on_time=closed - min(overdue, closed),
        overdue=min(overdue, closed),
        extended=min(extended, closed),
        reworked=min(reworked, closed),
    ),
    *[st.integers(0, 40)] * 4,
)


@given(MONTHS)
def test_a_score_lies_between_nothing_and_all_and_is_the_sum_of_its_lines(counts):
    (one,) = score(YUNCHENG, [counts])
    if one.score is None:
        assert counts.counts["closed"] == 0
        return
    assert 0 <= one.score <= 100
    assert sum((line.points for line in one.lines), Fraction(0)) == Fraction(one.score)


@given(MONTHS)
def test_a_case_on_time_never_lowers_the_score(counts):
    more = dict(counts.counts)
    more["closed"] += 1
    more["closed_within_handling_limit"] += 1
    before, after = (
        score(YUNCHENG, [replace(counts, counts=given_counts)])[0] for given_counts in (counts.counts, more)
    )
    rates = [Fraction(one.lines[0].numerator, one.lines[0].denominator or 1) for one in (before, after)]

    assert rates[0] <= rates[1]
    assert before.score is None or before.score <= after.score


@given(st.lists(MONTHS, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_subjects_is_irrelevant(months, chance):
    subjects = [replace(one, subject=f"U{n}") for n, one in enumerate(months)]
    expected = score(YUNCHENG, subjects)
    chance.shuffle(subjects)

    assert score(YUNCHENG, subjects) == expected


def test_the_complement_of_a_rate_above_one_stops_at_the_floor():
    assert score(rule_set(indicator(curve=Complement())), ratios(U1=(1, 2)))[0].score == 0
