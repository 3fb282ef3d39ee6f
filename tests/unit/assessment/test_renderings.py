"""The workbook opens and says what the tables say; the report is set or refused; both are equal whenever made."""

import io
import zipfile
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from gridcase.assessment import report, workbook
from gridcase.assessment.archive import write_package
from gridcase.assessment.casesheet import CaseDetails
from gridcase.assessment.inputs import Adjustment, ScoringInputs
from gridcase.assessment.package import ActEntry, Standing, sheets_of
from gridcase.assessment.proof import verify_package
from gridcase.assessment.reconciling import Match
from gridcase.assessment.report import NoFontError, report_pages, write_report
from gridcase.assessment.rulesets import ExemptionReason
from gridcase.assessment.scoring import LineKind
from gridcase.assessment.titles import (
    COLUMNS,
    LABELS_OF,
    TABLES,
    assessment_title,
    column_title,
    kind_of,
    period_title,
    table_title,
)
from gridcase.assessment.workbook import write_workbook
from gridcase.domain.place import Datum
from tests.histories import History, closed_case, dispatched_case
from tests.packed_months import CUT_OFF, HISTORIES, KEY, NOVEMBER, members, month

DANGEROUS = ["=1+1", "<b>&\"'", "007", "+86 1", " x ", "_x0041_", "\x02", "两\n行"]
#: Eight cases whose foreign numbers are all that a spreadsheet may trip over.
HOSTILE = month(
    *(closed_case(f"C{number}") for number in range(len(DANGEROUS))),
    details=tuple(
        CaseDetails(
            number=closed_case(f"C{number}").number,
            their_number=text,
            lon=Decimal("119.9533511"),
            lat=Decimal("31.7868140"),
            datum=Datum.WGS84,
        )
        for number, text in enumerate(DANGEROUS)
    ),
)
STOOD = month(
    dispatched_case("C1").suspended(20),
    dispatched_case("C2").transferred(20),
    closed_case("C3").reopened(200).supervised(201, answer_by=300).answered(300),
    History("C4").self_handled(),
)


def book_of(package, path: Path):
    write_workbook(package, list(sheets_of(package)), path)
    return openpyxl.load_workbook(path)


def rows_of(book, title: str) -> list[tuple[object, ...]]:
    return list(book[title].iter_rows(values_only=True))


def test_the_workbook_opens_with_a_sheet_for_every_table_in_their_order(tmp_path):
    book = book_of(month(*HISTORIES), tmp_path / "w.xlsx")
    plain = ["封面", "汇总", "排名-trial", "指标得分-trial", "得分明细-trial", "明细案件-trial", "案件明细"]

    assert book.sheetnames[:7] == plain
    assert {kind_of(sheet.name) for sheet in sheets_of(month())} == set(TABLES) - {"counts-street"}
    assert all(book[title].freeze_panes == "B2" for title in book.sheetnames[1:])
    header = [cell.value for cell in book["案件明细"][1]]
    assert header[:3] == ["案件号", "上级案件号", "街道代码"]
    assert set(header) <= set(COLUMNS.values())


def test_texts_and_codes_stay_texts_and_are_no_formulas(tmp_path):
    book = book_of(HOSTILE, tmp_path / "w.xlsx")
    cells = [row[1] for row in book["案件明细"].iter_rows(min_row=2)]

    # The format's own escapes, which Excel reads back and the reading library here does not.
    escaped = {"_x0041_": "_x005F_x0041_", "\x02": "_x0002_"}
    assert [cell.value for cell in cells] == [escaped.get(text, text) for text in DANGEROUS]
    assert {cell.data_type for cell in cells} == {"s"}
    code = next(cell for cell in book["案件明细"][2] if cell.value == "09012")
    assert (code.data_type, code.number_format) == ("s", "@")


def test_numbers_are_numbers_and_instants_local_dates(tmp_path):
    book = book_of(HOSTILE, tmp_path / "w.xlsx")
    row = dict(zip(*rows_of(book, "案件明细")[:2], strict=True))

    assert (row["经度"], row["纬度"]) == (119.9533511, 31.786814)
    assert row["上报时间"] == datetime(2026, 10, 12, 9, 0)  # noqa: DTZ001 - as the sheet shows it, in the office's zone
    assert (row["应处置"], row["超期"], row["状态"]) == ("是", "否", "结案")
    assert isinstance(rows_of(book, "排名-trial")[1][4], int | float)


def test_the_cover_has_places_to_sign_and_for_the_seal(tmp_path):
    acts = (ActEntry(act="approve", role="leader", at=CUT_OFF),)
    one = replace(month(*HISTORIES), standing=Standing(is_draft=True, acts=acts))
    cover = dict(rows_of(book_of(one, tmp_path / "w.xlsx"), "封面")[2:])

    assert cover["考核周期"] == "2026-10"
    assert (cover["初稿"], cover["审核"]) == ("是", "leader 2026-11-06T09:00:00+08:00")
    assert not cover["编制"]
    assert cover["盖章处"] == "（此处盖章）"


def test_a_long_table_goes_on_in_another_sheet(monkeypatch, tmp_path):
    monkeypatch.setattr(workbook, "MOST_ROWS", 4)
    book = book_of(HOSTILE, tmp_path / "w.xlsx")
    parts = [title for title in book.sheetnames if title.startswith("案件明细")]

    assert parts == ["案件明细", "案件明细(2)", "案件明细(3)"]
    assert [row[0] for title in parts for row in rows_of(book, title)[1:]] == [f"C{number}" for number in range(8)]


def test_the_workbook_is_stored_undated_and_equal_however_often_it_is_made(tmp_path):
    files = [tmp_path / "a.xlsx", tmp_path / "b.xlsx"]
    for file in files:
        write_workbook(HOSTILE, list(sheets_of(HOSTILE)), file)
    with zipfile.ZipFile(files[0]) as archive:
        forms = {(entry.date_time, entry.compress_type) for entry in archive.infolist()}

    assert files[0].read_bytes() == files[1].read_bytes()
    assert forms == {((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)}


def test_sheet_names_are_short_plain_and_differ():
    used: set[str] = set()
    names = [workbook._sheet_name("排名-a/b[c]" + "x" * 40, used) for _ in range(3)]

    assert len(set(names)) == 3
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


needs_font = pytest.mark.skipif(not report.chinese_fonts(), reason="no Chinese font on this machine")


@needs_font
@pytest.mark.parametrize("package", [month(*HISTORIES), month(period=NOVEMBER), STOOD, HOSTILE])
def test_the_report_is_set_in_a_chinese_font_and_equal_however_often_it_is_made(package, tmp_path):
    sheets = list(sheets_of(package))
    write_report(package, sheets, tmp_path / "a.pdf")
    write_report(package, sheets, tmp_path / "b.pdf")
    data = (tmp_path / "a.pdf").read_bytes()

    assert data.startswith(b"%PDF-")
    assert b"CJK" in data or b"Song" in data or b"Hei" in data  # the embedded font's name
    assert data == (tmp_path / "b.pdf").read_bytes()
    assert len(report_pages(package, sheets)) >= 2


def test_without_a_chinese_font_the_report_is_refused_and_the_package_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "chinese_fonts", tuple)
    package = month(*HISTORIES)
    with pytest.raises(NoFontError):
        write_report(package, list(sheets_of(package)), tmp_path / "r.pdf")

    packed = write_package(package, tmp_path / "m.zip", key=KEY)
    verdict = verify_package(tmp_path / "m.zip", KEY.public)
    assert packed.without == {"report.pdf": "no_chinese_font"}
    assert (verdict.problems, verdict.manifest["without"]) == ((), packed.without)


def test_the_lists_say_what_became_of_whom():
    package = replace(
        STOOD,
        inputs=ScoringInputs(
            adjustments=(
                Adjustment(subject="U1", points=Decimal("-0.5"), reason="late", evidence="e", origin_period="2026-09"),
            )
        ),
    )
    heights = {one.name: len(one.rows) if hasattr(one, "rows") else one.frame.height for one in sheets_of(package)}

    assert (heights["suspended"], heights["supervised"], heights["adjustments"]) == (1, 1, 1)
    assert (heights["void"], heights["returns"], heights["extensions"], heights["findings"]) == (0, 0, 0, 0)
    assert heights["frequent-types"] == 1


def test_the_facts_name_roles_instead_of_posts(tmp_path):
    write_package(month(*HISTORIES), tmp_path / "m.zip", key=KEY)
    files = members((tmp_path / "m.zip").read_bytes())
    actions = pl.read_parquet(io.BytesIO(files["facts/actions.parquet"]))
    cases = pl.read_parquet(io.BytesIO(files["facts/cases.parquet"]))

    assert set(actions.get_column("role")) <= {"inspector", "acceptor", "dispatcher", "shift_leader", "handler"}
    assert cases.get_column("case").to_list() == ["C1", "C2", "C3"]


@pytest.mark.parametrize("sheet", list(sheets_of(month(*HISTORIES))), ids=lambda sheet: sheet.name)
def test_every_table_and_column_has_a_chinese_title(sheet):
    assert table_title(sheet.name) != sheet.name
    untitled = {one.name for one in sheet.columns if column_title(sheet.name, one.name) == one.name}
    assert untitled == set()


def test_the_lines_of_the_workbook_speak_chinese_where_the_canonical_tables_have_codes(tmp_path):
    package = month(*HISTORIES)
    book = book_of(package, tmp_path / "w.xlsx")
    header, *rows = rows_of(book, "得分明细-trial")
    cells = {row[header.index(title)] for row in rows for title in ("分子", "分母", "种类", "不利计数")} - {None}
    codes = {line.kind for table in package.scores for one in table.scores for line in one.lines}

    assert codes
    assert {"计算", "按期处置", "应处置"} <= cells
    assert not [cell for cell in cells if str(cell).isascii()]


@pytest.mark.parametrize(
    ("period", "title", "assessment"),
    [
        ("2026-10", "2026年10月", "月度考核"),
        ("2026-Q4", "2026年第4季度", "季度考核"),
        ("2026", "2026年", "年度考核"),
    ],
)
def test_a_quarter_and_a_year_are_not_called_a_month_on_paper(period, title, assessment):
    assert (period_title(period), assessment_title(period)) == (title, assessment)


def test_every_kind_of_line_reason_and_match_has_a_chinese_word():
    assert set(LABELS_OF["score-lines", "kind"]) == {str(kind) for kind in LineKind}
    assert set(LABELS_OF["exemptions", "reason"]) == {str(reason) for reason in ExemptionReason}
    assert set(LABELS_OF["findings", "match"]) == {str(match) for match in Match}
