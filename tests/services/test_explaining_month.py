"""Behind every number of a score stand exactly the cases that make it up, and nobody sees another unit's."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import select

from gridcase.assessment.breakdown import sum_of
from gridcase.domain.errors import NotFoundError
from gridcase.services import appealing, closing_month, explaining_month, running_month
from gridcase.services.explaining_month import CasesAsked, Explained
from gridcase.store.assessments import AssessmentRunRow
from tests.feeds import settle
from tests.months import CUT_OFF, PERIOD, PUBLICITY_ENDS, RULES, reported_case, run_later
from tests.office import Office
from tests.sample_city import SampleCity, open_city
from tests.services.test_statements import counted

#: One set for each view, with sums, multipliers, outside scores and posts among them.
RULE_SETS = (RULES, "production-formula", "jinhua", "cjt292-area", "cjt292-inspector", "changzhou")


@pytest.fixture(scope="module")
def city(sample_city: SampleCity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCity]:
    """A copy of the sample city, to be run months in."""
    folder = tmp_path_factory.mktemp("months") / "city"
    shutil.copytree(sample_city.rt.settings.data_dir, folder)
    copy = replace(sample_city, app=open_city(folder))
    yield copy
    copy.rt.database.engine.dispose()


@pytest.fixture
def october(office: Office) -> Office:
    """An office with a closed case and one that is open."""
    reported_case(office)
    office.caller("inspector").file()
    return office


def everything(found: Explained) -> list[tuple[CasesAsked, Decimal]]:
    """Return every count of a score with the number it is shown with."""
    asked = []
    for one in found.indicators:
        for numbers in one.terms:
            parts = found.parts[f"{one.indicator.id}/{numbers.term.id}"]
            for part in (*parts.numerator, *parts.denominator):
                if part.is_listed:
                    wanted = CasesAsked(
                        run=found.run.id,
                        subject=found.score["subject"],
                        indicator=one.indicator.id,
                        term=numbers.term.id,
                        count=part.count,
                    )
                    asked.append((wanted, part.number))
    return asked


@pytest.mark.parametrize("rules", RULE_SETS)
def test_every_number_shown_is_the_sum_of_its_parts_and_has_exactly_its_cases(city: SampleCity, rules: str):
    rt, assessor = city.rt, city.city.cast.actors["assessor"]
    run = running_month.run_month(rt, assessor, PERIOD, rules)
    seen = 0
    for score in run.scores:
        found = explaining_month.explained(rt, assessor, run.id, score["subject"])
        assert found.has_lists
        for one in found.indicators:
            for numbers in one.terms:
                parts = found.parts[f"{one.indicator.id}/{numbers.term.id}"]
                for side, of_side in (("numerator", parts.numerator), ("denominator", parts.denominator)):
                    if of_side and all(part.is_listed for part in of_side):
                        total = sum((part.times * part.number for part in of_side), Decimal(0))
                        assert total == Decimal(str(numbers.line[side]["value"]))
        for asked, number in everything(found):
            page = explaining_month.counted_cases(rt, assessor, asked, size=1_000)
            assert page.number == number
            assert len(page.cases) == page.total
            assert all(each.case is not None for each in page.cases)
            seen += page.total
    assert seen > 0 or rules == "changzhou"


def test_the_lines_of_a_score_add_up_to_it_exactly(city: SampleCity):
    rt, assessor = city.rt, city.city.cast.actors["assessor"]
    run = running_month.run_month(rt, assessor, PERIOD, RULES)
    for score in run.scores:
        if score["score"] is not None:
            assert sum_of(score["lines"]) == Fraction(score["score"])


def test_a_unit_sees_its_own_numbers_and_cases_and_no_others(october: Office):
    run = run_later(october)
    unit, other = october.actor("unit_leader"), october.actor("other_unit")
    found = explaining_month.explained(october.rt, unit, run.id, "NDJ-ZF")
    asked, number = next(one for one in everything(found) if one[1])
    page = explaining_month.counted_cases(october.rt, unit, asked)
    assert (page.number, [one.times for one in page.cases]) == (number, [1])
    assert page.cases[0].case is not None
    for actor in (other, october.actor("inspector"), october.actor("dispatcher")):
        with pytest.raises(NotFoundError):
            explaining_month.explained(october.rt, actor, run.id, "NDJ-ZF")
        with pytest.raises(NotFoundError):
            explaining_month.counted_cases(october.rt, actor, asked)


def test_what_no_line_counts_is_not_found(october: Office):
    run = run_later(october)
    assessor = october.actor("assessor")
    for wrong in (
        CasesAsked(run=run.id, subject="NDJ-ZF", indicator="timeliness", term="on_time", count="void"),
        CasesAsked(run=run.id, subject="NDJ-ZF", line="nothing"),
        CasesAsked(run=run.id, subject="NOBODY", line="nothing"),
        CasesAsked(run=9_999, subject="NDJ-ZF", line="nothing"),
    ):
        with pytest.raises(NotFoundError):
            explaining_month.counted_cases(october.rt, assessor, wrong)


def test_the_lists_come_in_pages_and_in_as_many_statements_however_many_there_are(city: SampleCity):
    rt, assessor = city.rt, city.city.cast.actors["assessor"]
    run = running_month.run_month(rt, assessor, PERIOD, RULES)
    for score in run.scores:
        found = explaining_month.explained(rt, assessor, run.id, score["subject"])
        for asked, _ in everything(found):
            whole = explaining_month.counted_cases(rt, assessor, asked, size=1_000)
            pages = [
                explaining_month.counted_cases(rt, assessor, asked, page=page, size=3)
                for page in range(1, -(-whole.total // 3) + 1)
            ]
            assert [one.number for page in pages for one in page.cases] == [one.number for one in whole.cases]
    with counted(city) as seen:  # type: ignore[arg-type] # has a runtime, which is all that is asked of it
        explaining_month.counted_cases(rt, assessor, asked)
    assert len(seen) <= 4


def test_a_daily_draft_gives_its_case_lists_up_to_the_next_one(october: Office):
    drafts = []
    for day in (1, 2, 3):
        october.clock.instant = CUT_OFF.replace(day=day)
        closing_month.ask_drafts(october.rt)
        running_month.work_off(october.rt)
        october.caller("inspector").file()
        drafts.append(daily_lists(october))
    named = drafts[-1]
    assert len(named) == 3 * len(drafts[0])
    assert len([one for one in named if one]) == len(drafts[0])
    assert all(october.rt.blobs.path(digest) for digest in named if digest)


def daily_lists(office: Office) -> list[str]:
    """Return the digests of the case lists of all daily drafts; empty where they were given up."""
    with office.rt.database.reading() as tx:
        wanted = select(AssessmentRunRow.lists_blob).where(AssessmentRunRow.asked_as.like("daily/%"))
        return list(tx.execute(wanted).scalars())


def test_without_its_last_case_the_numbers_and_the_lists_say_nothing_both(office: Office):
    rt, assessor = office.rt, office.actor("assessor")
    office.caller("inspector").file()
    settle(office)
    office.clock.instant = PUBLICITY_ENDS
    run = running_month.run_month(rt, assessor, PERIOD, "production-formula")
    line = next(one for one in run.scores[0]["lines"] if one["cases"])
    new = appealing.NewAppeal(
        subject=run.scores[0]["subject"],
        line=line["key"],
        case=line["cases"][0],
        reason=appealing.AppealReason.THIRD_PARTY,
        text="电力公司施工",
    )
    filed, _ = appealing.file_appeal(rt, office.actor("unit_leader"), run.id, new)
    ruling = appealing.Ruling(decision=appealing.Decision.UPHELD, text="属实")
    appealing.decide_appeal(rt, office.actor("leader"), filed.id, ruling)
    again = running_month.run_month(rt, assessor, PERIOD, "production-formula")
    found = explaining_month.explained(rt, assessor, again.id, new.subject)
    assert any(one.spared == (new.case,) for one in found.indicators)
    for asked, shown in everything(found):
        page = explaining_month.counted_cases(rt, assessor, asked)
        assert page.number == shown
        if asked.indicator == line["indicator"]:
            assert (shown, page.total) == (0, 0)
