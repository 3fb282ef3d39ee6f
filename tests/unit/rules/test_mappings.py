"""Mapping documents: what they say, and every mistake with its place."""

import pytest

from gridcase.domain.case import TypeKey
from gridcase.domain.errors import RuleFileError
from gridcase.rules.checks import check
from gridcase.rules.documents import DocumentKind, read_document
from gridcase.rules.mappings import CaseMapping, OnUnknown, parse_mapping

GOOD = """
version: "2026-11-23"
system: elsewhere
zone: Asia/Shanghai
encoding: gbk
none: ["-"]
number: ID
fields:
  filed_at: {columns: [DAY, TIME], pad: [8, 6], formats: ["%Y%m%d%H%M%S"]}
  state: {default: closed}
  type: {column: KIND, name: KIND_NAME, prefix: EL, on_unknown: create}
  source: {column: FROM, values: {"12345": hotline}, default: public, on_unknown: null}
  position:
    - {x: LON, y: LAT, crs: gcj02}
"""


def mapping(text: str = GOOD) -> CaseMapping:
    return parse_mapping(read_document(DocumentKind.MAPPINGS, "elsewhere", text.encode()))


def mistakes(text: str) -> dict[str, str]:
    with pytest.raises(RuleFileError) as refused:
        mapping(text)
    return {place.removeprefix("mappings/elsewhere: "): found[0].code for place, found in refused.value.fields.items()}


def test_a_mapping_says_which_columns_a_file_must_have():
    assert mapping().columns == ("ID", "DAY", "TIME", "FROM", "KIND", "KIND_NAME", "LON", "LAT")


def test_null_may_stand_without_quotes():
    assert mapping().source.on_unknown is OnUnknown.NULL
    assert mapping(GOOD.replace("on_unknown: null", 'on_unknown: "null"')).source.on_unknown is OnUnknown.NULL


@pytest.mark.parametrize(
    ("before", "after", "place", "code"),
    [
        ("number: ID", "", "number", "key_missing"),
        ("zone: Asia/Shanghai", "zone: Asia/Changzhou", "zone", "unknown_zone"),
        ("encoding: gbk", "encoding: utf-16", "encoding", "choice_expected"),
        ("  filed_at: {columns: [DAY, TIME], pad: [8, 6], formats: ['%Y']}", "", "fields.filed_at", "key_missing"),
        ("pad: [8, 6]", "pad: [8]", "fields.filed_at.pad", "whole_number_expected"),
        ('"%Y%m%d%H%M%S"', '"%Q"', "fields.filed_at.formats[0]", "code_shape"),
        ("default: closed", "default: handling", "fields.state.default", "state_not_importable"),
        ("{default: closed}", "{column: STATE}", "", ""),
        ("prefix: EL, ", "", "fields.type.prefix", "key_missing"),
        ("prefix: EL", "prefix: E1", "fields.type.prefix", "code_shape"),
        ('{"12345": hotline}', '{"12345": phone}', "fields.source.values.12345", "choice_expected"),
        ("default: public, ", "", "fields.source.default", "key_missing"),
        ("crs: gcj02", "crs: nad27", "fields.position[0].crs", "code_shape"),
        ("fields:", "colour: blue\nfields:", "colour", "unknown_key"),
    ],
)
def test_a_mistake_is_told_with_its_place(before, after, place, code):
    text = GOOD.replace(before, after)
    if text != GOOD and place:
        assert mistakes(text)[place] == code


def test_types_units_and_letters_are_held_against_the_other_documents():
    named = GOOD.replace("prefix: EL", "values: {x: local/event/0404}, prefix: EL")
    named += "  unit: {column: UNIT, values: {y: NDJ-99}}\n"
    documents = [
        read_document(DocumentKind.MAPPINGS, "elsewhere", named.encode()),
        read_document(DocumentKind.MAPPINGS, "other", GOOD.replace("elsewhere", "other").encode()),
    ]
    assert {(one.place, one.code) for one in check(documents)} == {
        ("fields.type.values.x", "unknown_type"),
        ("fields.unit.values.y", "unknown_unit"),
        ("fields.type.prefix", "prefix_taken"),
    }


def test_a_type_of_the_catalogue_is_written_as_its_key():
    text = GOOD.replace("prefix: EL", "values: {x: GBT47678.5-2026/event/06010}, prefix: EL")
    assert mapping(text).type.values["x"] == TypeKey.parse("GBT47678.5-2026/event/06010")
