from pathlib import Path

import pytest

from gridcase.domain.case import Source, TypeKey
from gridcase.domain.errors import RuleFileError
from gridcase.rules.catalogue import catalogue_document, parse_catalogue
from gridcase.rules.documents import Document, DocumentKind, read_document, read_folder
from gridcase.rules.units import parse_units, units_document

CONFIG = Path(__file__).parents[3] / "config"
GB = "GBT47678.5-2026/event/"


def catalogue(name: str = "base", /, **body) -> Document:
    return Document(kind=DocumentKind.CATALOGUE, name=name, body={"version": "1", "scheme": "GBT47678.5-2026"} | body)


def condition(code: str = "1", /, **more) -> dict:
    return {"code": code, "text": {"zh": "条件", "en": "condition"}, "limit": "2 working_hour"} | more


def case_type(code: str = "06001", /, **more) -> dict:
    names = {"major": "市容环境类", "name": {"zh": "私搭乱建", "en": "Illegal structures"}}
    return {"code": code, "kind": "event", **names, "conditions": [condition()]} | more


def refused(parse, *documents: Document) -> dict[str, list[str]]:
    with pytest.raises(RuleFileError) as caught:
        parse(documents)
    assert caught.value.code == "rule_file_invalid"
    return {place: [problem.code for problem in found] for place, found in caught.value.fields.items()}


@pytest.fixture(scope="module")
def shipped():
    return parse_catalogue(read_folder(CONFIG))


@pytest.mark.parametrize(
    ("key", "limits", "confirmed"),
    [
        (GB + "09012", ["2 working_hour"], True),
        (GB + "06001", ["2 urgent_day", "15 working_day"], True),
        (GB + "06010", ["4 working_hour"], True),
        (GB + "06011", ["5 working_day"], True),
        (GB + "06025", ["2 working_day"], True),
        (GB + "06026", ["2 working_day"], True),
        (GB + "06030", ["2 working_day", "2 working_day", "2 working_day", "1 working_day"], True),
        (GB + "08004", ["2 working_hour"], True),
        (GB + "09001", ["2 urgent_hour"], True),
        (GB + "09005", ["2 urgent_hour"], True),
        (GB + "09006", ["2 urgent_hour"], True),
        (GB + "09010", ["2 working_hour"], True),
        (GB + "06027", ["2 working_day"], False),
        (GB + "09009", ["2 working_hour"], False),
        (GB + "08013", ["2 urgent_hour"], False),
        (GB + "08016", ["2 urgent_day", "15 working_day"], False),
        ("local/event/10999", ["2 urgent_hour"], False),
        (
            "GBT47678.5-2026/component/01001",
            ["2 urgent_hour", "4 working_hour", "2 working_day", "5 working_day"],
            True,
        ),
    ],
)
def test_the_shipped_limits_are_those_of_the_domain(shipped, key, limits, confirmed):
    conditions = shipped.conditions(TypeKey.parse(key))
    assert [str(one.limit) for one in conditions] == limits
    assert {one.confirmed for one in conditions} == {confirmed}
    assert all(one.source and one.closing_zh and one.text_zh for one in conditions)


def test_types_stand_by_scheme_then_events_before_components_then_by_code():
    def one(scheme: str, kind: str, code: str) -> dict:
        return case_type(code, scheme=scheme, kind=kind)

    wanted = [
        ("GBT47678.5-2026", "event", "06001"),
        ("GBT47678.5-2026", "event", "09012"),
        ("GBT47678.5-2026", "component", "01001"),
        ("GBT30428.2-2013", "event", "0501"),
        ("local", "event", "0199"),
        ("local", "component", "0199"),
    ]
    found = parse_catalogue([catalogue("a", types=[one(*wanted[4]), one(*wanted[0]), one(*wanted[2])]),
                             catalogue("b", types=[one(*wanted[5]), one(*wanted[3]), one(*wanted[1])])])  # fmt: skip
    assert [(key.scheme, key.kind, key.code) for key in (one.key for one in found.types)] == wanted


def test_a_catalogue_survives_being_written(shipped):
    assert parse_catalogue([catalogue_document(shipped, "all")]) == shipped


def test_an_overlay_adds_a_limit_a_condition_and_a_type():
    bare = case_type(conditions=[{"code": "1", "text": {"zh": "甲", "en": "a"}}])
    above = {
        "layer": "overlay",
        "version": "2",
        "confirmed": False,
        "types": [
            {"code": "06001", "kind": "event", "conditions": [{"code": "1", "limit": "3 urgent_day"}, condition("2")]},
            case_type("06002"),
        ],
    }
    found = parse_catalogue([catalogue("aaa", **above), catalogue("base", types=[bare])])  # a base comes first
    first, added = found.types
    assert found.version == "1+2"
    assert [(one.text_zh, str(one.limit), one.confirmed) for one in first.conditions] == [
        ("甲", "3 urgent_day", False),
        ("条件", "2 working_hour", False),
    ]
    assert first.name_zh == "私搭乱建"
    assert added.key.code == "06002"


def test_of_two_overlays_the_later_name_wins():
    def above(limit: str) -> dict:
        changed = {"code": "06001", "kind": "event", "conditions": [{"code": "1", "limit": limit}]}
        return {"layer": "overlay", "types": [changed]}

    documents = [catalogue(types=[case_type()]), catalogue("z", **above("9 working_day"))]
    documents += [catalogue("a", **above("8 working_day"))]
    assert str(parse_catalogue(documents).types[0].conditions[0].limit) == "9 working_day"


def limit_rule(limit: str = "1 urgent_hour", /, **for_) -> dict:
    return for_ | {"limit": limit}


def test_limits_may_differ_by_area_class_and_source():
    rules = [
        limit_rule("4 working_hour", source="hotline"),
        limit_rule("3 urgent_hour", area_class="1"),
        limit_rule("1 urgent_hour", area_class="1", source="hotline"),
    ]
    documents = [catalogue(types=[case_type(conditions=[condition(limits_by=rules)])])]
    found = parse_catalogue(documents)
    (one,) = found.types[0].conditions
    asked = [
        ("1", Source.HOTLINE),
        ("1", Source.VIDEO),
        ("2", Source.HOTLINE),
        ("2", Source.VIDEO),
        (None, Source.VIDEO),
    ]
    assert [str(one.limit_for(area_class=area_class, source=source)) for area_class, source in asked] == [
        "1 urgent_hour", "3 urgent_hour", "4 working_hour", "2 working_hour", "2 working_hour",
    ]  # fmt: skip
    assert parse_catalogue([catalogue_document(found, "all")]) == found


def test_an_overlay_may_give_a_condition_other_limits_by_area_class_and_leave_the_rest():
    told = [{"code": "1", "limits_by": [limit_rule(area_class="1")]}]
    above = {"layer": "overlay", "types": [{"code": "06001", "kind": "event", "conditions": told}]}
    struck = {"layer": "overlay", "types": [{"code": "06001", "kind": "event", "conditions": [
        {"code": "1", "limits_by": []}]}]}  # fmt: skip
    base = catalogue(types=[case_type()])
    (one,) = parse_catalogue([base, catalogue("o", **above)]).types[0].conditions
    assert (str(one.limit), [str(rule.limit) for rule in one.limits_by]) == ("2 working_hour", ["1 urgent_hour"])
    (one,) = parse_catalogue([base, catalogue("o", **above), catalogue("p", **struck)]).types[0].conditions
    assert one.limits_by == ()


@pytest.mark.parametrize(
    ("rules", "place", "code"),
    [
        ([limit_rule()], "[0]", "limit_rule_for_all"),
        ([limit_rule(area_class="1"), limit_rule("2 urgent_day", area_class="1")], "[1]", "duplicate_limit_rule"),
        ([limit_rule(area_class="一类")], "[0].area_class", "code_shape"),
        ([limit_rule(area_class=1)], "[0].area_class", "text_expected"),
        ([limit_rule(source="gossip")], "[0].source", "choice_expected"),
        ([{"source": "hotline"}], "[0].limit", "key_missing"),
        ([limit_rule(source="hotline", unit="NDJ")], "[0].unit", "unknown_key"),
        ("2 working_hour", "", "list_expected"),
    ],
)
def test_a_wrong_limit_by_area_class_or_source_is_refused_with_its_place(rules, place, code):
    found = refused(parse_catalogue, catalogue(types=[case_type(conditions=[condition(limits_by=rules)])]))
    assert code in found[f"catalogue/base: types[0].conditions[0].limits_by{place}"]


def test_a_class_without_a_published_limit_is_taken():
    found = parse_catalogue([catalogue(types=[case_type(conditions=[condition(limit=None)])])])
    assert found.types[0].conditions[0].limit is None


@pytest.mark.parametrize(
    ("types", "place", "code"),
    [
        ([case_type(colour="red")], "types[0].colour", "unknown_key"),
        ([case_type(conditions=[condition(limt="1")])], "types[0].conditions[0].limt", "unknown_key"),
        ([case_type(name={"zh": "甲", "en": "a", "fr": "b"})], "types[0].name.fr", "unknown_key"),
        ([case_type(name={"zh": "甲"})], "types[0].name.en", "key_missing"),
        ([case_type(major=None)], "types[0].major", "key_missing"),
        ([case_type(conditions=[])], "types[0]", "type_without_condition"),
        ([case_type(), case_type()], "types[1].code", "duplicate_type"),
        ([case_type(conditions=[condition(), condition()])], "types[0].conditions[1].code", "duplicate_condition"),
        ([case_type(conditions=[condition(text={"zh": "甲"})])], "types[0].conditions[0].text.en", "key_missing"),
        ([case_type(conditions=[condition(source="x")])], "types[0].conditions[0].source", "unknown_source"),
        ([case_type(kind="person")], "types[0].kind", "choice_expected"),
        ([case_type(6001)], "types[0].code", "text_expected"),
        ([case_type("6-1")], "types[0].code", "code_shape"),
        ([case_type(self_handled="yes")], "types[0].self_handled", "flag_expected"),
        (["06001"], "types[0]", "mapping_expected"),
        ("06001", "types", "list_expected"),
    ],
)
def test_a_mistake_is_refused_with_its_place(types, place, code):
    found = refused(parse_catalogue, catalogue(types=types))
    assert code in found[f"catalogue/base: {place}"]


@pytest.mark.parametrize(
    "limit",
    ["2", "2 hours", "two working_hour", "0 working_hour", "-1 working_day", "1e9 working_day", "2  working_day",
     "NaN working_hour", "Infinity working_hour", "99999 working_day", 2, True, ""],
)  # fmt: skip
def test_a_limit_that_is_none_is_refused(limit):
    found = refused(parse_catalogue, catalogue(types=[case_type(conditions=[condition(limit=limit)])]))
    assert found == {"catalogue/base: types[0].conditions[0].limit": ["limit_expected"]}


@pytest.mark.parametrize("limit", ["0.5 urgent_hour", "15 working_day", "2 urgent_day"])
def test_a_limit_is_an_amount_and_a_unit(limit):
    found = parse_catalogue([catalogue(types=[case_type(conditions=[condition(limit=limit)])])])
    assert str(found.types[0].conditions[0].limit) == limit


def test_a_type_in_two_base_documents_is_refused():
    found = refused(parse_catalogue, catalogue("a", types=[case_type()]), catalogue("b", types=[case_type()]))
    assert found == {"catalogue/b: types[0]": ["duplicate_type"]}


def test_all_mistakes_are_told_at_once():
    found = refused(parse_catalogue, catalogue(types=[case_type(colour="red"), case_type(kind="person")], x=1))
    assert set(found) == {f"catalogue/base: {place}" for place in ("types[0].colour", "types[1].kind", "x")}


def units(*bodies: dict, **more) -> Document:
    return Document(kind=DocumentKind.UNITS, name="street", body={"version": "1", "units": list(bodies)} | more)


def unit(code: str, /, **more) -> dict:
    return {"code": code, "kind": "department", "name": {"zh": "单位", "en": "unit"}} | more


def test_units_survive_being_written():
    shipped = parse_units(read_folder(CONFIG))
    assert parse_units([units_document(shipped, "all")]) == shipped


def test_the_shipped_street_has_a_unit_for_each_of_its_eight_communities():
    shipped = parse_units(read_folder(CONFIG))
    communities = [one.code for one in shipped.units if one.kind == "community"]
    assert communities == [f"NDJ-SQ-{n:03d}" for n in (1, 4, 8, 9, 11, 14, 15, 16)]
    assert {"NDJ-ZF", "NDJ-HW", "NDJ-AJ", "NDJ-SZ", "NDJ-SL"} <= set(shipped.by_code)
    assert all(shipped.is_within(one.code, "NDJ") for one in shipped.units)


@pytest.mark.parametrize(
    ("bodies", "place", "code"),
    [
        ([unit("A"), unit("A")], "units[1].code", "duplicate_unit"),
        ([unit("A", parent="B")], "units[0].parent", "unknown_parent"),
        ([unit("A", parent="A")], "units[0].parent", "unit_cycle"),
        ([unit("A", parent="B"), unit("B", parent="A")], "units[0].parent", "unit_cycle"),
        ([unit("A", kind="person")], "units[0].kind", "choice_expected"),
        ([unit("A", phone="1")], "units[0].phone", "unknown_key"),
        ([unit("A", name={"zh": "单位"})], "units[0].name.en", "key_missing"),
        ([unit("a b")], "units[0].code", "code_shape"),
    ],
)
def test_a_wrong_unit_is_refused_with_its_place(bodies, place, code):
    assert code in refused(parse_units, units(*bodies))[f"units/street: {place}"]


def test_a_unit_under_a_cycle_is_not_blamed_for_it():
    bodies = [unit("A", parent="B"), unit("B", parent="A"), unit("C", parent="A")]
    assert set(refused(parse_units, units(*bodies))) == {f"units/street: units[{n}].parent" for n in (0, 1)}


def test_a_document_that_is_no_catalogue_is_passed_over():
    assert parse_catalogue([read_document(DocumentKind.UNITS, "x", b"a: 1")]).types == ()
