import csv
import io
import json
import zipfile
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from gridcase.assessment.archive import MANIFEST, package_bytes
from gridcase.assessment.casesheet import CaseDetails, case_sheet
from gridcase.assessment.columnsheets import sheet_of
from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.scoring import SubjectScore, score
from gridcase.assessment.selection import CountBy
from gridcase.assessment.sheets import Sheet, columns, sheet_csv, sheet_json
from gridcase.domain.place import Datum
from gridcase.domain.time import Period
from tests.histories import FIRE_LANE, History, closed_case, dispatched_case, minute
from tests.packed_months import (
    CUT_OFF,
    DOCUMENT_DIGEST,
    HISTORIES,
    KEY,
    NOVEMBER,
    OCTOBER,
    RULES,
    WHOLE,
    ZONE,
    members,
    month,
    packed,
    table,
)


def test_two_runs_give_the_same_bytes_renderings_included():
    assert packed(month(*HISTORIES)) == WHOLE
    assert package_bytes(month(*HISTORIES), key=KEY) == package_bytes(month(*HISTORIES), key=KEY)


def test_the_order_of_what_is_given_is_irrelevant():
    given_month = month(*reversed(HISTORIES))
    turned = replace(
        given_month,
        references=given_month.references[::-1],
        counts=tuple(replace(one, rows=one.rows[::-1]) for one in given_month.counts[::-1]),
        scores=tuple(replace(one, scores=one.scores[::-1]) for one in given_month.scores),
    )

    assert packed(turned) == WHOLE


def test_entries_are_stored_dated_1980_and_in_a_fixed_order():
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]

    assert names[:2] == ["manifest.json", "manifest.sig"]
    assert names[2:] == sorted(names[2:])
    assert {(entry.date_time, entry.compress_type) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0)}


def test_every_table_of_the_month_is_there_in_both_forms_without_rows_too():
    nil = members(packed(month(period=NOVEMBER)))
    tables = {name.removesuffix(".csv") for name in nil if name.endswith(".csv")}

    assert tables == {
        *("cover", "summary", "cases", "void", "suspended", "extensions", "returns", "supervised"),
        *("frequent-types", "frequent-places", "counts-unit", "counts-area", "counts-type", "counts-post"),
        *("ranking-trial", "indicators-trial", "score-lines-trial", "score-line-cases-trial"),
        *("external-scores", "exemptions", "adjustments", "deductions", "appeals", "findings"),
    }
    assert {name for name in nil if name.endswith(".json")} >= {f"{name}.json" for name in tables}
    assert all(nil[f"{name}.json"] == b"[]\n" for name in tables - {"cover", "summary"})


def test_the_manifest_says_what_the_figures_rest_on():
    manifest = json.loads(members(WHOLE)[MANIFEST])

    assert (manifest["period"], manifest["from"]) == ("2026-10", "2026-10-01T00:00:00+08:00")
    assert manifest["cut_off"] == "2026-11-06T09:00:00+08:00"
    assert [one["kind"] for one in manifest["references"]] == ["calendar", "grid"]
    assert manifest["rule_sets"] == [{"name": "trial", "sha256": DOCUMENT_DIGEST, "subject": "unit", "version": "1"}]
    assert manifest["audit"] == {"number": 2, "lines": 40, "root": "e" * 64}
    assert (manifest["key_id"], manifest["revision"], manifest["supersedes"]) == (KEY.id, 1, None)
    assert manifest["tables"]["cases"]["rows"] == 3
    assert manifest["history_head"] == "d" * 64


def test_the_case_sheet_has_one_row_per_case_in_the_order_of_numbers():
    details = CaseDetails(
        number=closed_case("C2").number,
        their_number="=cmd",
        type_name="占用消防通道",
        lon=Decimal("-119.9500000"),
        lat=Decimal("31.7800000"),
        datum=Datum.WGS84,
    )
    data = packed(month(*HISTORIES, details=(details,)))
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

    assert numbers_on_sheet(old, NOVEMBER) == ["C1"]
    assert numbers_on_sheet(closed_case("C1"), NOVEMBER) == []
    assert numbers_on_sheet(dispatched_case("C1", handle_by=60 * 24 * 60), NOVEMBER) == []


def numbers_on_sheet(history: History, period: Period) -> list[str]:
    frames = frames_of(fold(history.events, cut_off=CUT_OFF))
    return [str(row[0]) for row in sheet_of(case_sheet(frames, (), period=period)).rows]


def test_no_person_is_named():
    found = History(found_by=987654).filed(person=987655).registered()
    data = packed(month(closed_case("C1"), found))

    assert {row["subject"] for row in table(data, "counts-post.csv")} == {
        "acceptor",
        "dispatcher",
        "inspector",
        "shift_leader",
    }
    whole = package_bytes(month(closed_case("C1"), found), key=KEY)
    assert b"987654" not in data + whole
    assert b"987655" not in data + whole
    for name, content in members(whole).items():
        if name.endswith(".parquet"):
            columns_ = pl.read_parquet(io.BytesIO(content)).columns
            assert not {one for one in columns_ if one == "post" or one.endswith("_by")}, name


def test_the_persons_of_a_role_are_added_up():
    data = packed(month(closed_case("C1"), History("C2").filed(person=50)))
    (row,) = [row for row in table(data, "counts-post.csv") if row["subject"] == "inspector"]

    assert (row["filed"], row["check_asked"]) == ("2", "1")


def test_posts_are_numbered_by_their_place_and_their_cases_not_named():
    rules = replace(RULES, subject=CountBy.POST)
    frames = frames_of(fold(closed_case("C1").events, cut_off=CUT_OFF))
    line = replace(score(RULES, frames, OCTOBER)[0].lines[0], cases=("C1",))
    scores = tuple(
        SubjectScore(
            subject=f"inspector/{person}", score=Decimal(100), rank=rank, lines=(replace(line, cases=("C1",)),)
        )
        for person, rank in ((987654, 2), (987655, 1))
    )
    one = month(closed_case("C1"))
    data = packed(replace(one, scores=(replace(one.scores[0], rule_set=rules, scores=scores),)))

    assert [row["subject"] for row in table(data, "ranking-trial.csv")] == ["inspector-01", "inspector-02"]
    assert table(data, "score-line-cases-trial.csv") == []
    assert b"98765" not in data


def test_two_tables_of_one_name_are_refused():
    one = month()

    with pytest.raises(ValueError, match="two tables"):
        packed(replace(one, counts=one.counts[:1] * 2))


def test_score_lines_are_written_exactly():
    row = next(row for row in table(WHOLE, "score-lines-trial.csv") if row["subject"] == "U1")

    assert (row["line"], row["clause"], row["exact"], row["shown"]) == ("1", "'=1", "100/1", "100.00")
    assert (row["numerator"], row["denominator"]) == ("1", "1")
    assert [row["rank"] for row in table(WHOLE, "ranking-trial.csv")] == ["1", "2"]


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
    forms = columns(a="number", b="decimal", c="flag", d="text", e="instant")
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
    rows = {row["number"]: row for row in table(packed(month(*histories)), "cases.csv")}

    assert {number for number, row in rows.items() if row["is_suspended"] == "true"} == {"C1"}
    assert {number: row["lead_case"] for number, row in rows.items() if row["lead_case"]} == {"C2": "C1"}
    assert {number: row["transferred_to"] for number, row in rows.items() if row["transferred_to"]} == {
        "C3": "emergency"
    }
    assert {number for number, row in rows.items() if row["self_handled"] == "true"} == {"C4"}
    assert {number for number, row in rows.items() if row["due"] == "true"} == {"C5"}
    assert [rows["C5"][name] for name in ("reopens", "supervisions", "supervisions_on_time")] == ["1", "1", "1"]
