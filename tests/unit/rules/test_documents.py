import hashlib
import json
from pathlib import Path

import pytest

from gridcase.domain.errors import RuleFileError
from gridcase.rules.catalogue import parse_catalogue
from gridcase.rules.documents import (
    Document,
    DocumentKind,
    canonical,
    digest,
    read_document,
    read_folder,
    write_document,
    write_folder,
)

CONFIG = Path(__file__).parents[3] / "config"


def put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        kind, stem, ending = name.split("__")
        file = folder / kind / f"{stem}.{ending}"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def refused(folder: Path) -> dict[str, list[str]]:
    with pytest.raises(RuleFileError) as caught:
        read_folder(folder)
    return {place: [problem.code for problem in found] for place, found in caught.value.fields.items()}


def test_documents_are_read_in_the_order_of_kind_and_name(tmp_path):
    put(tmp_path, units__b__yaml="a: 1", units__a__yaml="a: 2", calendar__z__yaml="a: 3", papers__x__yaml="a: 4")
    assert [(document.label, document.body) for document in read_folder(tmp_path)] == [
        ("calendar/z", {"a": 3}),
        ("units/a", {"a": 2}),
        ("units/b", {"a": 1}),
    ]


def test_an_empty_folder_has_no_documents(tmp_path):
    assert read_folder(tmp_path) == ()


def test_the_problems_of_all_files_are_told_together_with_file_and_line(tmp_path):
    put(tmp_path, units__a__yaml="a: 1\na: 2", routing__r__yaml="x: [", conduct__good__yaml="a: 1")
    assert refused(tmp_path) == {
        "units/a.yaml: line 2": ["yaml_duplicate_key"],
        "routing/r.yaml: line 1": ["yaml_syntax"],
    }


@pytest.mark.parametrize(
    ("name", "place", "code"),
    [
        ("units__a__yml", "units/a.yml", "document_ending"),
        ("catalogue__a__csv", "catalogue/a.csv", "table_without_document"),
        ("units__A b__yaml", "units/A b.yaml: ", "document_name"),
    ],
)
def test_a_file_that_would_be_overlooked_is_refused(tmp_path, name, place, code):
    assert refused(put(tmp_path, **{name: "a: 1"})) == {place: [code]}


def test_other_files_are_left_alone(tmp_path):
    put(tmp_path, units__readme__md="# text", units__a__yaml="a: 1", calendar__days__csv="day,name")
    (tmp_path / "units" / ".hidden.yaml").write_text("[")
    assert [document.label for document in read_folder(tmp_path)] == ["units/a"]


def test_written_documents_are_read_back_identical(tmp_path):
    documents = read_folder(CONFIG)
    write_folder(documents, tmp_path)
    assert read_folder(tmp_path) == documents
    first = {file: file.read_bytes() for file in tmp_path.rglob("*.yaml")}
    write_folder(read_folder(tmp_path), tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.yaml")} == first


def test_a_document_survives_the_database_whose_keys_are_sorted():
    for document in read_folder(CONFIG):
        stored = Document(kind=document.kind, name=document.name, body=json.loads(canonical(document)))
        assert stored == document
        assert write_document(stored) == write_document(document)
        assert digest(stored) == digest(document)


def test_the_digest_is_of_the_canonical_body_alone():
    one = read_document(DocumentKind.UNITS, "a", "b: 1\na: 街".encode())
    other = read_document(DocumentKind.ROUTING, "z", "a: 街\nb: 1".encode())
    assert canonical(one) == '{"a":"街","b":1}'
    assert digest(one) == digest(other) == hashlib.sha256('{"a":"街","b":1}'.encode()).hexdigest()
    assert digest(one) != digest(read_document(DocumentKind.UNITS, "a", b"b: 2"))


HEAD = "kind,code,major,zh,en,self_handled,condition,condition_zh,condition_en,limit,confirmed,source"
TABLE = f"""\ufeff{HEAD}
event,06013,市容环境类,道路破损,Damaged road,,1,"破损 0.5 平方米以上,含坑槽",hole,5 working_day,,city
event,06013,,,,,2,开裂,crack,,false,
event,06014,市容环境类,道路遗撒,Spillage,true,1,遗撒,spillage,4 working_hour,,city
"""
WITH_TABLE = """
version: "1"
scheme: GBT47678.5-2026
sources: {city: one city}
types:
  - {code: "06012", kind: event, major: 市容环境类, name: {zh: 道路不洁, en: Dirty road},
     conditions: [{code: "1", text: {zh: 脏, en: dirty}}]}
"""


def test_a_table_adds_its_rows_to_the_document_of_its_name(tmp_path):
    put(tmp_path, catalogue__big__yaml=WITH_TABLE, catalogue__big__csv=TABLE)
    (document,) = read_folder(tmp_path)
    types = parse_catalogue([document]).types
    assert [(one.key.code, len(one.conditions), one.self_handled) for one in types] == [
        ("06012", 1, False),
        ("06013", 2, False),
        ("06014", 1, True),
    ]
    hole, crack = types[1].conditions
    assert (hole.text_zh, str(hole.limit), hole.source) == ("破损 0.5 平方米以上,含坑槽", "5 working_day", "one city")
    assert (crack.limit, crack.confirmed, crack.source) == (None, False, "")


def test_writing_over_a_table_does_not_double_its_rows(tmp_path):
    put(tmp_path, catalogue__big__yaml=WITH_TABLE, catalogue__big__csv=TABLE)
    documents = read_folder(tmp_path)
    write_folder(documents, tmp_path)
    assert read_folder(tmp_path) == documents


@pytest.mark.parametrize(
    ("table", "line", "code"),
    [
        ("kind,code,condition,colour\n", 1, "table_column"),
        ("kind,code,code,condition\n", 1, "table_column"),
        ("kind,code\n", 1, "table_column_missing"),
        ("kind,code,condition\nevent,06013,1\nevent,06014\n", 3, "table_cells"),
        ("kind,code,condition\nevent,06013,1,x\n", 2, "table_cells"),
        ("kind,code,condition\nevent,06013,\n", 2, "table_cell_missing"),
        ("kind,code,condition,zh\nevent,06013,1,甲\nevent,06013,2,乙\n", 3, "table_rows_disagree"),
        ('kind,code,condition\nevent,"06013"x,1\n', 2, "table_syntax"),
        ("", 1, "table_column_missing"),
    ],
)
def test_a_table_is_refused_with_the_line(tmp_path, table, line, code):
    put(tmp_path, catalogue__big__yaml=WITH_TABLE, catalogue__big__csv=table)
    assert refused(tmp_path) == {f"catalogue/big.csv: line {line}": [code]}


def test_five_hundred_rows_are_one_catalogue(tmp_path):
    rows = "\n".join(
        f"event,{6000 + n:05d},市容环境类,类别{n},type {n},,1,条件,condition,2 working_day,," for n in range(500)
    )
    put(
        tmp_path,
        catalogue__big__yaml='version: "1"\nscheme: GBT47678.5-2026\n',
        catalogue__big__csv=f"{HEAD}\n{rows}\n",
    )
    assert len(parse_catalogue(read_folder(tmp_path)).types) == 500
