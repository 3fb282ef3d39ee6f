"""Cases of other systems taken in: once each, whole or not at all, and workable like any other."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gridcase.assessment.selection import Attribution, CountBy
from gridcase.domain.actor import SYSTEM
from gridcase.domain.case import CaseState
from gridcase.domain.errors import InvalidInputError
from gridcase.rules.documents import DocumentKind, read_document
from gridcase.rules.mappings import CaseMapping, parse_mapping
from gridcase.services import exporting, importing
from gridcase.services.auditing import verify_history
from gridcase.services.importing import ImportAsk, ImportReport, import_cases, mapping_named
from gridcase.services.naming import subject_names
from gridcase.services.recurring import find_recurrences
from gridcase.services.running_month import counts
from gridcase.services.watching_cases import tick
from gridcase.store.cases import CaseRow
from tests.feeds import settle
from tests.office import FIRE_LANE, Office

MAPPING = """
version: "2026-11-23"
system: elsewhere
zone: Asia/Shanghai
none: ["-"]
number: ID
fields:
  filed_at: {columns: [FILED], formats: [iso]}
  closed_at: {columns: [CLOSED], formats: [iso]}
  handle_due_at: {columns: [DUE], formats: [iso]}
  state: {column: STATE, values: {open: registered, done: closed, wrong: void}, default: closed}
  outcome: {by_due: true}
  type: {column: KIND, values: {lane: GBT47678.5-2026/event/09012}, name: KIND_NAME, prefix: EL, on_unknown: create}
  unit: {column: UNIT, name: UNIT_NAME, on_unknown: create}
  source: {default: hotline}
  street: {column: STREET, name: STREET_NAME}
  position:
    - {x: LON, y: LAT, crs: wgs84}
  address: [ADDRESS]
"""
COLUMNS = (
    "ID",
    "FILED",
    "CLOSED",
    "DUE",
    "STATE",
    "KIND",
    "KIND_NAME",
    "UNIT",
    "UNIT_NAME",
    "STREET",
    "STREET_NAME",
    "LON",
    "LAT",
    "ADDRESS",
)
ROW = dict.fromkeys(COLUMNS, "-") | {
    "ID": "A1",
    "FILED": "2018-02-08 15:34:40",
    "CLOSED": "2018-02-09 10:00:00",
    "DUE": "2018-02-09 10:00:00",
    "STATE": "done",
    "KIND": "662",
    "KIND_NAME": "侵占绿地",
    "UNIT": "1805",
    "UNIT_NAME": "老坑社区",
    "STREET": "101",
    "STREET_NAME": "龙田街道",
}


def mapping(text: str = MAPPING) -> CaseMapping:
    return parse_mapping(read_document(DocumentKind.MAPPINGS, "elsewhere", text.encode()))


@pytest.fixture
def take(office: Office, tmp_path: Path) -> Callable[..., ImportReport]:
    """Import rows, each an ordinary one with changes."""

    def run(*changes: dict[str, Any], dry_run: bool = False, by: CaseMapping | None = None) -> ImportReport:
        path = tmp_path / "cases.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(ROW | change for change in changes)
        return import_cases(office.rt, ImportAsk(path=path, mapping=by or mapping(), dry_run=dry_run))

    return run


def held(office: Office) -> list[CaseRow]:
    with office.rt.database.reading() as tx:
        return list(tx.query(CaseRow).order_by(CaseRow.id))


def told(report: ImportReport) -> tuple[int, int, int, int]:
    return report.rows, report.imported, report.already_there, report.refused


def numbered(office: Office, place: int = 0) -> str:
    return held(office)[place].number


def test_a_file_is_taken_in_once_however_often_it_is_sent(office, take):
    rows = [{}, {"ID": "A2"}, {"ID": "A2"}, {"ID": "A2", "UNIT": "1583"}]
    first = take(*rows)
    assert told(first) == (4, 2, 1, 1)
    assert [(one.row, one.line, one.field, one.reason) for one in first.exceptions] == [
        (4, 5, "number", "number_repeated")
    ]
    assert told(take(*rows)) == (4, 0, 3, 1)
    assert len(held(office)) == 2
    assert verify_history(office.rt).is_sound


def test_a_dry_run_says_what_the_run_would_do_and_writes_nothing(office, take):
    rows = [
        {},
        {"ID": "A2", "FILED": "yesterday"},
        {"ID": "A1"},
        {"ID": "A1", "KIND": "663"},
        {"ID": "A3", "UNIT": "9"},
    ]
    dry = take(*rows, dry_run=True)
    assert held(office) == []
    assert "1805" not in office.rt.reference().rules.units.by_code
    assert dry == take(*rows)


def test_an_import_that_was_interrupted_goes_on_where_it_stopped(office, take, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    rows = [{"ID": f"A{place}"} for place in range(7)]
    written = importing.imports.insert_imported
    calls = iter(range(10))

    def fails_at_the_third(tx, cases):
        written(tx, cases)
        if next(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(importing.imports, "insert_imported", fails_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        take(*rows)
    assert len(held(office)) == 4
    assert told(take(*rows)) == (7, 3, 4, 0)
    assert verify_history(office.rt).is_sound


def test_what_the_source_gives_counts_in_the_month_it_gives(office, take):
    take(
        {},
        {"ID": "A2", "CLOSED": "2018-02-09 10:00:01"},
        {"ID": "A3", "DUE": "-", "UNIT": "-", "STREET": "-"},
        {"ID": "A4", "FILED": "2018-03-01 00:00:00", "CLOSED": "2018-03-02 00:00:00"},
    )
    names = ("filed", "closed_on_time", "closed_overdue")

    def february(by: CountBy) -> dict[str | None, tuple[int, ...]]:
        found = counts(office.rt, "2018-02", by, Attribution.FILED)
        return {one.subject: tuple(one.counts[name] for name in names) for one in found}

    assert february(CountBy.UNIT) == {"1805": (2, 1, 1), None: (1, 0, 0)}
    assert february(CountBy.STREET) == {"101": (2, 1, 1), None: (1, 0, 0)}
    assert february(CountBy.TYPE) == {"local/event/EL662": (3, 1, 1)}
    assert subject_names(office.rt, CountBy.UNIT, ["1805", None]) == {"1805": "老坑社区"}
    assert subject_names(office.rt, CountBy.STREET, ["101"]) == {"101": "龙田街道"}
    assert subject_names(office.rt, CountBy.TYPE, ["local/event/EL662"]) == {"local/event/EL662": "侵占绿地"}


def test_of_several_names_the_latest_is_kept_and_said(office, take):
    report = take(
        {"UNIT_NAME": "老坑社区（龙田）", "FILED": "2018-02-09 00:00:00"},
        {"ID": "A2", "UNIT_NAME": "老坑社区"},
        {"ID": "A3", "UNIT": "1900", "UNIT_NAME": "老坑社区"},
    )
    assert report.new_units == {"1805": "老坑社区（龙田）", "1900": "老坑社区"}
    assert report.names == [
        {"kind": "unit", "code": "1805", "names": ["老坑社区", "老坑社区（龙田）"], "kept": "老坑社区（龙田）"},
        {"kind": "unit", "name": "老坑社区", "codes": ["1805", "1900"]},
    ]
    take({"ID": "A4", "UNIT_NAME": "老坑居委会", "FILED": "2018-02-09 09:00:00"})
    assert office.rt.reference().rules.units.by_code["1805"].name_zh == "老坑居委会"


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"ID": "-"}, "number", "value_missing"),
        ({"ID": "9" * 81}, "number", "number_too_long"),
        ({"FILED": "-"}, "filed_at", "value_missing"),
        ({"FILED": "08/02/2018"}, "filed_at", "instant_unreadable"),
        ({"FILED": "2126-02-08"}, "filed_at", "instant_in_future"),
        ({"FILED": "0001-01-01"}, "filed_at", "instant_unreadable"),
        ({"CLOSED": "2018-02-08 15:34:39"}, "closed_at", "closed_before_filed"),
        ({"STATE": "lost"}, "state", "value_unknown"),
        ({"KIND": "-"}, "type", "value_missing"),
        ({"LON": "119.95", "LAT": "north"}, "location", "position_unreadable"),
        ({"LON": "31.78", "LAT": "119.95"}, "location", "position_unreadable"),
        ({"LON": "nan", "LAT": "1"}, "location", "position_unreadable"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_by_field_and_reason_and_the_others_are_taken(
    office, take, change, field, reason
):
    report = take({"ID": "B1"}, change, {"ID": "B2"})
    assert [(one.row, one.field, one.reason) for one in report.exceptions] == [(2, field, reason)]
    assert len(held(office)) == 2


def test_an_unknown_unit_is_refused_or_left_out_where_the_mapping_says_so(office, take):
    text = MAPPING.replace("name: UNIT_NAME, on_unknown: create", "name: UNIT_NAME, on_unknown: refuse")
    report = take({}, {"ID": "A2", "UNIT": "NDJ-HW"}, by=mapping(text))
    assert [(one.row, one.field, one.reason) for one in report.exceptions] == [(1, "unit", "unknown_unit")]
    text = MAPPING.replace("name: UNIT_NAME, on_unknown: create", "name: UNIT_NAME, on_unknown: null")
    assert told(take({}, by=mapping(text))) == (1, 1, 0, 0)
    assert [row.unit for row in held(office)] == ["NDJ-HW", None]


def test_a_row_that_says_both_on_time_and_overdue_is_refused(office, take):
    text = MAPPING.replace("{by_due: true}", '{on_time: {ADDRESS: "1"}, overdue: {STREET_NAME: "1"}}')
    both, one = {"ADDRESS": "1", "STREET_NAME": "1"}, {"ID": "A2", "STREET_NAME": "1"}
    report = take(both, one, by=mapping(text))
    assert [(told.row, told.field, told.reason) for told in report.exceptions] == [
        (1, "outcome", "outcome_contradicts")
    ]
    assert len(held(office)) == 1


def test_a_file_without_the_columns_is_refused_as_a_whole(office, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("ID,FILED,FILED\nA1,2018-02-08,2018-02-08\n", "utf-8")
    with pytest.raises(InvalidInputError) as refused:
        import_cases(office.rt, ImportAsk(path=path, mapping=mapping()))
    (problem,) = refused.value.fields["file"]
    assert problem.code == "header_missing"
    assert "CLOSED, DUE, STATE" in problem.params["columns"]
    assert held(office) == []


def test_a_position_gives_its_cell_and_nothing_at_zero_does(office, take):
    point = office.point()
    take(
        {"LON": str(point.lon), "LAT": str(point.lat)},
        {"ID": "A2", "LON": "0.0", "LAT": "0"},
        {"ID": "A3", "LON": "1", "LAT": "2"},
    )
    inside, nowhere, far = held(office)
    assert inside.area.startswith("320404005001")
    assert inside.layers["community"] == ["320404005001"]
    assert (nowhere.area, nowhere.lon_e7, far.area, far.lon_e7) == (None, None, None, 10_000_000)


def open_row(office: Office, **changes: str) -> dict[str, str]:
    point = office.point()
    place = {"LON": str(point.lon), "LAT": str(point.lat)}
    return {"STATE": "open", "KIND": "lane", "CLOSED": "-", "DUE": "-", "UNIT": "-"} | place | changes


def test_an_open_case_is_worked_on_by_the_ordinary_actions(office, take):
    report = take(open_row(office), open_row(office, ID="A2", KIND="662"))
    assert (report.imported, report.as_received) == (2, 1)
    number, other = numbered(office), numbered(office, 1)
    dispatcher, handler = office.caller("dispatcher"), office.caller("handler")
    seen = dispatcher.get(f"/cases/{number}").json
    assert (seen["state"], seen["deadlines"], seen["filed_at"]) == ("registered", [], "2018-02-08T15:34:40+08:00")
    assert dispatcher.act(number, "dispatch", unit="NDJ-ZF").status_code == 200
    assert handler.act(number, "accept").json["state"] == "handling"
    # One whose type has no published limit waits to be registered here.
    leader = office.caller("shift_leader")
    assert leader.get(f"/cases/{other}").json["state"] == "received"
    done = leader.act(other, "register", limit={"amount": "2", "unit": "working_day"})
    assert (done.status_code, done.json["state"]) == (200, "registered")
    assert verify_history(office.rt).is_sound


def test_closed_and_void_cases_can_be_read_and_say_what_may_be_done(office, take):
    take({}, {"ID": "A2", "STATE": "wrong"})
    leader = office.caller("shift_leader")
    closed, void = (leader.get(f"/cases/{numbered(office, place)}").json for place in (0, 1))
    assert (closed["state"], void["state"]) == ("closed", "void")
    assert [one["action"] for one in void["available_actions"]] == ["restore"]
    assert leader.act(void["number"], "restore", note="误作废").json["state"] == "received"
    history = leader.get(f"/cases/{closed['number']}/history").json["items"]
    assert [(one["action"], one["facts"]["given"]["outcome"], one["facts"]["unit"]) for one in history] == [
        ("import", "on_time", "1805")
    ]
    # The unit its source names finds it; restored, it is nobody's until it is dispatched here.
    listed = leader.get("/cases", unit="1805").json["items"]
    assert [one["number"] for one in listed] == [closed["number"]]


def test_time_does_nothing_to_imported_cases_and_they_are_no_recurrences(office, take):
    point = office.point()
    place = {"LON": str(point.lon), "LAT": str(point.lat), "KIND": "lane"}
    recent = {"FILED": "2026-10-10 09:00:00", "CLOSED": "2026-10-11 09:00:00", "DUE": "-"}
    again = {"FILED": "2026-10-11 10:00:00", "CLOSED": "2026-10-11 11:00:00", "DUE": "-"}
    take(place | recent, place | again | {"ID": "A2"}, open_row(office, ID="A3"))
    assert tick(office.rt).looked_at == 0
    settle(office)
    assert find_recurrences(office.rt) == 0
    # A case filed here may well repeat an imported one.
    office.caller("inspector").file(office.filing(type=FIRE_LANE))
    settle(office)
    assert find_recurrences(office.rt) == 1


def test_what_is_exported_is_taken_in_by_the_shipped_mapping_and_adds_nothing_at_home(office, take, tmp_path):
    take({}, {"ID": "A2", "STATE": "wrong"}, open_row(office, ID="A3", ADDRESS="=HYPERLINK(1)"))
    rows = list(exporting.exported_cases(office.rt, SYSTEM, exporting.CaseFilter()))
    assert [(row["state"], row["outcome"], row["unit"], row["references"]) for row in rows] == [
        ("closed", "on_time", "1805", "elsewhere:A1"),
        ("void", None, "1805", "elsewhere:A2"),
        ("registered", None, None, "elsewhere:A3"),
    ]
    assert "HYPERLINK" not in json.dumps(rows)
    only = exporting.CaseFilter(states=(CaseState.CLOSED,), filed_from=datetime(2018, 2, 1, tzinfo=UTC))
    assert len(list(exporting.exported_cases(office.rt, SYSTEM, only))) == 1
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, exporting.COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    shipped = mapping_named(office.rt, "gridcase")
    assert told(import_cases(office.rt, ImportAsk(path=path, mapping=shipped))) == (3, 0, 3, 0)
    # Of another instance the same rows are new.
    path.write_text(path.read_text("utf-8").replace("\nNDJ", "\nXYZ"), "utf-8")
    assert told(import_cases(office.rt, ImportAsk(path=path, mapping=shipped))) == (3, 3, 0, 0)


def test_a_mapping_that_nobody_knows_is_refused_with_those_there_are(office):
    with pytest.raises(InvalidInputError) as refused:
        mapping_named(office.rt, "nowhere")
    (problem,) = refused.value.fields["mapping"]
    assert (problem.code, "pingshan" in problem.params["choices"]) == ("unknown_mapping", True)
