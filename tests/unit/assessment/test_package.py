import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.assessment.casesheet import CaseDetails, case_sheet
from gridcase.assessment.counts import count
from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.package import (
    MANIFEST,
    CountTable,
    MonthPackage,
    Reference,
    ScoreTable,
    package_bytes,
    verify_package,
)
from gridcase.assessment.rulesets import Indicator, Linear, Rounding, RuleSet, Term, Title
from gridcase.assessment.scoring import score
from gridcase.assessment.selection import Attribution, CountBy
from gridcase.assessment.sheets import Sheet, columns, sheet_csv, sheet_json
from gridcase.domain.place import Datum
from gridcase.domain.time import Period
from tests.histories import FIRE_LANE, History, closed_case, dispatched_case, minute

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Period.parse("2026-10", zone=ZONE)
NOVEMBER = Period.parse("2026-11", zone=ZONE)
CUT_OFF = minute(25 * 24 * 60)
RULES = RuleSet(
    name="trial",
    version="1",
    valid_from=date(2026, 1, 1),
    title=Title(zh="试", en="trial"),
    legal_source="none",
    subject=CountBy.UNIT,
    attribution=Attribution.DEADLINE,
    full_score=Decimal(100),
    indicators=(
        Indicator(
            id="handling",
            clause="=1",
            title=Title(zh="处置", en="handling"),
            weight=Decimal(100),
            terms=(Term(id="t", numerator="handled_on_time", denominator="due_to_handle", curve=Linear()),),
        ),
    ),
    rounding=Rounding(),
)
REFERENCES = (
    Reference(kind="grid", name="unit", version="2", digest="b" * 64),
    Reference(kind="calendar", name="default", version="3", digest="a" * 64),
)


def month(*histories: History, period: Period = OCTOBER, details: tuple[CaseDetails, ...] = ()) -> MonthPackage:
    rows = fold([line for one in histories for line in one.events], cut_off=CUT_OFF)
    frames = frames_of(rows)
    selection = RULES.selection(period)
    tables = [
        CountTable(by=by, attribution=selection.attribution, rows=count(frames, replace(selection, by=by)))
        for by in (CountBy.UNIT, CountBy.AREA, CountBy.TYPE, CountBy.POST)
    ]
    return MonthPackage(
        area="320404005",
        period=period,
        cut_off=CUT_OFF,
        references=REFERENCES,
        counts=tuple(tables),
        scores=(
            ScoreTable(
                rule_set=RULES, document='{"name":"trial"}', digest="c" * 64, scores=score(RULES, tables[0].rows)
            ),
        ),
        cases=case_sheet(rows.cases, details, period=period),
        history_head="d" * 64,
    )


HISTORIES = [closed_case("C2"), dispatched_case("C1", unit="U2").reported(140), History("C3", cell=None).filed()]
WHOLE = package_bytes(month(*HISTORIES))


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(data: bytes, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(members(data)[name].decode(), newline="")))


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in verify_package(data)]


def test_two_runs_give_the_same_bytes():
    assert package_bytes(month(*HISTORIES)) == WHOLE


def test_the_order_of_what_is_given_is_irrelevant():
    given_month = month(*reversed(HISTORIES))
    turned = replace(
        given_month,
        references=given_month.references[::-1],
        counts=tuple(replace(one, rows=one.rows[::-1]) for one in given_month.counts[::-1]),
        scores=tuple(replace(one, scores=one.scores[::-1]) for one in given_month.scores),
    )

    assert package_bytes(turned) == WHOLE


def test_entries_are_stored_dated_1980_and_in_a_fixed_order():
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == [
        "manifest.json",
        "cases.csv",
        "cases.json",
        "counts-area.csv",
        "counts-area.json",
        "counts-post.csv",
        "counts-post.json",
        "counts-type.csv",
        "counts-type.json",
        "counts-unit.csv",
        "counts-unit.json",
        "rule-set-trial.json",
        "score-lines-trial.csv",
        "score-lines-trial.json",
        "scores-trial.csv",
        "scores-trial.json",
    ]
    assert {(entry.date_time, entry.compress_type) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0)}


def test_the_manifest_says_what_the_figures_rest_on():
    manifest = json.loads(members(WHOLE)[MANIFEST])

    assert (manifest["period"], manifest["from"]) == ("2026-10", "2026-10-01T00:00:00+08:00")
    assert manifest["cut_off"] == "2026-11-06T09:00:00+08:00"
    assert [one["kind"] for one in manifest["references"]] == ["calendar", "grid"]
    assert manifest["rule_sets"] == [{"name": "trial", "sha256": "c" * 64, "version": "1"}]
    assert manifest["history_head"] == "d" * 64


def test_an_unchanged_package_has_no_problems(tmp_path: Path):
    file = tmp_path / "month.zip"
    file.write_bytes(WHOLE)

    assert verify_package(file) == ()


def test_a_month_without_cases_is_a_package_too():
    nil = package_bytes(month(*HISTORIES, period=NOVEMBER))

    assert verify_package(nil) == ()
    assert table(nil, "cases.csv") == []
    assert members(nil)["cases.json"] == b"[]\n"
    assert members(nil)["cases.csv"].startswith(b"number,their_number,street,")


@settings(max_examples=80)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_byte_can_change_unseen(position, difference):
    changed = bytearray(WHOLE)
    changed[position] ^= difference

    assert verify_package(bytes(changed)) != ()


def repacked(files: dict[str, bytes], *extra: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in [*files.items(), *extra]:
            archive.writestr(name, data)
    return out.getvalue()


FILES = members(WHOLE)
TAMPERED = [
    ({**FILES, "cases.csv": FILES["cases.csv"].replace(b"U2", b"U1")}, "member_changed"),
    ({name: data for name, data in FILES.items() if name != "cases.csv"}, "member_missing"),
    ({**FILES, "more.txt": b""}, "member_unlisted"),
    ({**FILES, MANIFEST: b"[]"}, "manifest_invalid"),
    ({**FILES, MANIFEST: FILES[MANIFEST].replace(b"gridcase-month/1", b"gridcase-month/9")}, "manifest_invalid"),
    ({name: data for name, data in FILES.items() if name != MANIFEST}, "manifest_missing"),
    (FILES, "package_repacked"),
]


@pytest.mark.parametrize(("files", "code"), TAMPERED)
def test_each_way_of_tampering_has_its_word(files, code):
    assert codes(repacked(files)) == [code]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_comes_twice_is_named():
    assert codes(repacked(FILES, ("cases.csv", b"other"))) == ["member_twice"]


@pytest.mark.parametrize("data", [b"", b"not an archive", WHOLE[:500]])
def test_what_is_no_archive_is_unreadable(data):
    assert codes(data) == ["package_unreadable"]


def test_a_compressed_archive_is_not_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, b"0" * 100_000)

    assert codes(out.getvalue()) == ["package_unreadable"]


def test_the_case_sheet_has_one_row_per_case_in_the_order_of_numbers():
    details = CaseDetails(
        number=closed_case("C2").number,
        their_number="=cmd",
        type_name="占用消防通道",
        lon=Decimal("-119.9500000"),
        lat=Decimal("31.7800000"),
        datum=Datum.WGS84,
    )
    data = package_bytes(month(*HISTORIES, details=(details,)))
    first, second, third = table(data, "cases.csv")

    assert [row["number"] for row in (first, second, third)] == ["C1", "C2", "C3"]
    assert (second["their_number"], second["lon"], second["datum"]) == ("'=cmd", "-119.9500000", "wgs84")
    assert (second["street"], second["scheme"], second["code"]) == ("320404005", FIRE_LANE.scheme, "09012")
    assert (second["filed_at"], second["closed_at"]) == ("2026-10-12T09:00:00+08:00", "2026-10-12T11:00:00+08:00")
    assert (first["unit"], first["due"], first["overdue"], first["closed_at"]) == ("U2", "true", "true", "")
    assert (second["due"], second["overdue"]) == ("true", "false")
    assert (third["cell"], third["due"]) == ("", "false")
    assert json.loads(members(data)["cases.json"])[1]["their_number"] == "=cmd"  # JSON is not defused


def test_the_case_sheet_keeps_what_is_overdue_and_open_from_before():
    old = dispatched_case("C1")

    assert [row[0] for row in case_sheet_of(old, NOVEMBER).rows] == ["C1"]
    assert case_sheet_of(closed_case("C1"), NOVEMBER).rows == ()
    assert case_sheet_of(dispatched_case("C1", handle_by=60 * 24 * 60), NOVEMBER).rows == ()


def case_sheet_of(history: History, period: Period) -> Sheet:
    return case_sheet(fold(history.events, cut_off=CUT_OFF).cases, (), period=period)


def test_no_person_is_named():
    found = History(found_by=987654).filed(person=987655).registered()
    data = package_bytes(month(closed_case("C1"), found))

    assert {row["subject"] for row in table(data, "counts-post.csv")} == {
        "acceptor",
        "dispatcher",
        "inspector",
        "shift_leader",
    }
    assert b"987654" not in data
    assert b"987655" not in data


def test_the_persons_of_a_role_are_added_up():
    data = package_bytes(month(closed_case("C1"), History("C2").filed(person=50)))
    (row,) = [row for row in table(data, "counts-post.csv") if row["subject"] == "inspector"]

    assert (row["filed"], row["check_asked"]) == ("2", "1")


def test_scores_of_posts_are_refused():
    of_posts = replace(month(), scores=(replace(month().scores[0], rule_set=replace(RULES, subject=CountBy.POST)),))

    with pytest.raises(ValueError, match="name persons"):
        package_bytes(of_posts)


def test_two_tables_of_one_name_are_refused():
    one = month()

    with pytest.raises(ValueError, match="two tables"):
        package_bytes(replace(one, counts=one.counts[:1] * 2))


def test_score_lines_are_written_exactly():
    row = next(row for row in table(WHOLE, "score-lines-trial.csv") if row["subject"] == "U1")

    assert (row["line"], row["clause"], row["exact"], row["shown"]) == ("1", "'=1", "100/1", "100.00")
    assert (row["numerator"], row["denominator"]) == ("1", "1")
    assert [row["rank"] for row in table(WHOLE, "scores-trial.csv")] == ["1", "2"]


CELLS = [
    # text in a text column, what the CSV holds
    ("=1+1", "'=1+1"),
    ("+86", "'+86"),
    ("-1", "'-1"),
    ("@x", "'@x"),
    ("\tx", "'\tx"),
    ("\rx", "'\rx"),
    ("＝1", "'＝1"),
    ("1-1", "1-1"),
    ("", ""),
    ('两行\n字,"引"', '两行\n字,"引"'),
    ("007", "007"),
]


@pytest.mark.parametrize(("text", "expected"), CELLS)
def test_a_text_cell_is_no_formula_and_survives_the_csv(text, expected):
    sheet = Sheet(name="s", columns=columns(a="text", b="code"), rows=((text, text),))
    (_, cells) = list(csv.reader(io.StringIO(sheet_csv(sheet, zone=ZONE).decode(), newline="")))

    assert cells == [expected, text]
    assert json.loads(sheet_json(sheet, zone=ZONE)) == [{"a": text, "b": text}]


def test_numbers_flags_and_nothing_in_both_forms():
    forms = columns(a="number", b="number", c="flag", d="text", e="instant")
    sheet = Sheet(name="s", columns=forms, rows=((-3, Decimal("-0.50"), False, None, minute(0.99 / 60)),))

    assert sheet_csv(sheet, zone=ZONE) == b"a,b,c,d,e\r\n-3,-0.50,false,,2026-10-12T09:00:00+08:00\r\n"
    assert sheet_json(sheet, zone=ZONE) == (
        b'[{"a":-3,"b":"-0.50","c":false,"d":null,"e":"2026-10-12T09:00:00+08:00"}]\n'
    )


def test_the_case_sheet_says_what_became_of_a_case():
    histories = [
        dispatched_case("C1").suspended(20),
        History("C2").filed().linked(9, "C1"),
        dispatched_case("C3").transferred(20),
        History("C4").self_handled(),
        closed_case("C5").reopened(200).supervised(201, answer_by=300).answered(300),
    ]
    rows = {row["number"]: row for row in table(package_bytes(month(*histories)), "cases.csv")}

    assert {number for number, row in rows.items() if row["is_suspended"] == "true"} == {"C1"}
    assert {number: row["lead_case"] for number, row in rows.items() if row["lead_case"]} == {"C2": "C1"}
    assert {number: row["transferred_to"] for number, row in rows.items() if row["transferred_to"]} == {
        "C3": "emergency"
    }
    assert {number for number, row in rows.items() if row["self_handled"] == "true"} == {"C4"}
    assert {number for number, row in rows.items() if row["due"] == "true"} == {"C5"}
    assert [rows["C5"][name] for name in ("reopens", "supervisions", "supervisions_on_time")] == ["1", "1", "1"]
