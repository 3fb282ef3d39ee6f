"""The superior centre's list of a month: taken in row by row and once, scored as it says, compared with our facts."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from gridcase.assessment.reconciling import Match
from gridcase.domain.errors import GridcaseError, InvalidInputError
from gridcase.domain.numbers import parse_number
from gridcase.services.reconciling import FindingList, reconciliation, take_findings
from gridcase.services.steps.centre_findings import deductions
from gridcase.store.cases import CaseReferenceRow
from tests.months import LATER, PERIOD, reported_case
from tests.office import Office

LIST = FindingList(period=PERIOD, system="centre", rule_set="changzhou")
HEADER = "对方案号,类型,责任单位,处置结果,返工次数,扣分项,扣分,依据\n"
GOOD = HEADER + (
    "Z1,案件,{unit},按期,0,,,\nZ1,返工,{unit},,,street_order,0.5,照片7\nZ9,现场问题,{unit},,,appearance,1,第3页\n"
)


@pytest.fixture
def numbered(office: Office) -> str:
    """A handled case of October that the centre calls Z1."""
    number = reported_case(office)
    with office.rt.database.writing() as tx:
        tx.execute(insert(CaseReferenceRow).values(system="centre", number="Z1", case_id=parse_number(number).identity))
    return number


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(text.format(unit="NDJ-ZF"), encoding="utf-8")
    return path


def test_a_list_is_taken_once_and_costs_the_points_it_says(office, numbered, tmp_path):
    path, actor = written(tmp_path, GOOD), office.actor("assessor")
    dry = take_findings(office.rt, actor, path, LIST, dry_run=True)
    first, second = (take_findings(office.rt, actor, path, LIST) for _ in range(2))
    assert (dry.taken, first.taken, second.taken, second.already_there) == (3, 3, 0, 3)
    with office.rt.database.reading() as tx:
        taken = deductions(tx, PERIOD, "changzhou")
        none = deductions(tx, PERIOD, "yuncheng")
    told = [(one.subject, one.indicator, one.points, one.case, one.their_number) for one in taken]
    assert told == [
        ("NDJ-ZF", "street_order", Decimal("0.5"), numbered, "Z1"),
        ("NDJ-ZF", "appearance", Decimal(1), None, "Z9"),
    ]
    assert none == ()


def test_a_row_that_differs_is_refused_unless_it_corrects(office, numbered, tmp_path):
    actor = office.actor("assessor")
    take_findings(office.rt, actor, written(tmp_path, GOOD), LIST)
    changed = written(tmp_path, GOOD.replace("street_order,0.5", "street_order,0.8"))
    refused = take_findings(office.rt, actor, changed, LIST)
    assert [(one.row, one.problem.code) for one in refused.refused] == [(2, "finding_differs")]
    corrected = take_findings(
        office.rt, actor, changed, FindingList(period=PERIOD, system="centre", rule_set="changzhou", corrects=True)
    )
    assert (corrected.corrected, corrected.taken, corrected.already_there) == (1, 0, 2)
    with office.rt.database.reading() as tx:
        assert [one.points for one in deductions(tx, PERIOD, "changzhou")] == [Decimal(1), Decimal("0.8")]


def test_each_bad_row_is_named_and_every_other_taken(office, tmp_path):
    rows = HEADER + (
        ",案件,,,,,,\n"
        "Z2,什么,,,,,,\n"
        "Z3,案件,,早,,,,\n"
        "Z4,案件,,,x,,,\n"
        "Z5,返工,{unit},,,nothing,1,\n"
        "Z6,返工,{unit},,,appearance,,\n"
        "Z7,返工,,,,appearance,1,\n"
        "Z8,返工,{unit},,,appearance,-1,\n"
        "Z9,案件\n"
        "Z10,案件,,,,,,好\n"
    )
    report = take_findings(office.rt, office.actor("assessor"), written(tmp_path, rows), LIST)
    found = [(one.row, one.field, one.problem.code) for one in report.refused]
    assert found == [
        (1, "their_number", "number_needed"),
        (2, "kind", "finding_word_unknown"),
        (3, "outcome", "finding_word_unknown"),
        (4, "reworks", "whole_number_expected"),
        (5, "indicator", "indicator_unknown"),
        (6, "points", "points_need_indicator"),
        (7, "unit", "points_need_unit"),
        (8, "points", "decimal_expected"),
        (8, "points", "points_need_indicator"),
        (9, "row", "row_cells"),
    ]
    assert (report.rows, report.taken) == (10, 1)


def test_the_comparison_names_what_differs_and_what_only_one_side_has(office, numbered, tmp_path):
    other = office.caller("inspector").file().json["number"]
    with office.rt.database.writing() as tx:
        tx.execute(insert(CaseReferenceRow).values(system="centre", number="Z2", case_id=parse_number(other).identity))
    take_findings(office.rt, office.actor("assessor"), written(tmp_path, GOOD), LIST)
    office.clock.instant = LATER
    lines = reconciliation(office.rt, office.actor("assessor"), PERIOD, complete=frozenset({"centre"}))
    told = [(one.case, one.match, [each.field for each in one.differences]) for one in lines]
    assert told == [
        (numbered, Match.EQUAL, []),
        (numbered, Match.DIFFERENT, ["kind"]),
        (None, Match.ONLY_THEIRS, []),
        (other, Match.ONLY_OURS, []),
    ]


def test_a_handler_may_not_take_lists_in_and_a_unit_sees_its_own_lines(office, numbered, tmp_path):
    path = written(tmp_path, GOOD.replace("Z9,现场问题,{unit}", "Z9,现场问题,NDJ-CG"))
    with pytest.raises(GridcaseError, match=r"^role_needed"):
        take_findings(office.rt, office.actor("unit_leader"), path, LIST)
    take_findings(office.rt, office.actor("assessor"), path, LIST)
    office.clock.instant = LATER
    own = reconciliation(office.rt, office.actor("unit_leader"), PERIOD)
    assert [one.finding.their_number for one in own] == ["Z1", "Z1"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "类型\n案件\n"])
def test_a_file_without_the_columns_needed_is_refused_whole(office, tmp_path, text):
    with pytest.raises(InvalidInputError):
        take_findings(office.rt, office.actor("assessor"), written(tmp_path, text), LIST)


def test_a_name_that_no_column_can_hold_is_refused_before_anything_is_written(office, numbered, tmp_path):
    about = FindingList(period=PERIOD, system="c" * 41, rule_set="changzhou")
    with pytest.raises(InvalidInputError) as caught:
        take_findings(office.rt, office.actor("assessor"), written(tmp_path, GOOD), about)
    assert list(caught.value.fields) == ["system"]
