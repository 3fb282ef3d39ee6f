"""What a package says beside the facts: numbers, positions and names of the cases listed, and of nothing else."""

import csv
import io
import json
from pathlib import Path

from sqlalchemy import text

from gridcase.services.running_month import write_export
from gridcase.store import cases
from gridcase.store.cases import placed_cases
from tests.feeds import settle
from tests.months import reported_case, run_later, sealed_month
from tests.office import Office
from tests.packed_months import members


def exported(office: Office, folder: Path) -> dict[str, bytes]:
    settle(office)
    package = folder / "month.zip"
    write_export(office.rt, sealed_month(office).id, package)
    return members(package.read_bytes())


def test_the_case_sheet_has_both_numbers_the_position_and_the_names(office: Office, tmp_path: Path):
    number = reported_case(office)
    with office.rt.database.writing() as tx:
        for system, theirs in (("city", "CZ-2026-77"), ("hotline", "12345-9")):
            tx.execute(
                text("INSERT INTO case_reference (system, number, case_id) VALUES (:system, :number, 1)"),
                {"system": system, "number": theirs},
            )
    files = exported(office, tmp_path)
    (row,) = csv.DictReader(io.StringIO(files["cases.csv"].decode()))
    point = office.point()

    assert (row["number"], row["their_number"]) == (number, "CZ-2026-77; 12345-9")
    assert (float(row["lon"]), float(row["lat"]), row["datum"]) == (point.lon, point.lat, "wgs84")
    assert (row["type_name"], row["unit_name"]) == ("占用消防通道", "综合行政执法中队")
    manifest = json.loads(files["manifest.json"])
    assert (manifest["audit"]["number"], manifest["draft"], manifest["revision"]) == (1, False, 1)
    assert {"calendar", "catalogue", "conduct", "grid", "rules", "units"} <= {
        one["kind"] for one in manifest["references"]
    }


def test_no_text_people_wrote_and_no_person_reaches_the_package(office: Office, tmp_path: Path):
    office.caller("inspector").file(office.filing(description="王先生电话13912345678", address="某某家门口"))
    reported_case(office)
    whole = b"".join(exported(office, tmp_path).values())

    for secret in ("王先生", "13912345678", "某某家门口", "已清理", "inspector2"):
        assert secret.encode() not in whole


def test_only_the_cases_listed_are_asked_for_in_a_bounded_number_of_statements(office: Office, monkeypatch):
    numbers = [office.caller("inspector").file().json["number"] for _ in range(3)]
    with office.rt.database.reading() as tx:
        assert placed_cases(tx, []) == {}
        assert placed_cases(tx, ["NDJ-none", *numbers[:2]]).keys() == set(numbers[:2])
    monkeypatch.setattr(cases, "_CHUNK", 2)
    with office.rt.database.reading() as tx:
        assert placed_cases(tx, numbers).keys() == set(numbers)


def test_the_root_that_is_printed_covers_every_line_used(office: Office):
    reported_case(office)
    settle(office)
    run_later(office)
    with office.rt.database.reading() as tx:
        (covered,) = tx.execute(text("SELECT sum(lines) FROM history_root")).one()
        (lines,) = tx.execute(text("SELECT count(*) FROM case_event")).one()
    assert covered == lines
