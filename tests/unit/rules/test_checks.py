from pathlib import Path

import pytest

from gridcase.rules.checks import check
from gridcase.rules.documents import Document, DocumentKind, Severity, read_folder

CONFIG = Path(__file__).parents[3] / "config"
GB = "GBT47678.5-2026/event/"


def with_body(kind: DocumentKind, name: str, change) -> list[Document]:
    """Return the shipped documents with one body replaced."""
    documents = []
    for document in read_folder(CONFIG):
        is_it = (document.kind, document.name) == (kind, name)
        body = change(document.body) if is_it else document.body
        documents.append(Document(kind=document.kind, name=document.name, body=body))
    return documents


def with_rules(*rules: dict) -> list[Document]:
    return with_body(DocumentKind.ROUTING, "nandajie", lambda body: body | {"rules": [*rules, *body["rules"]]})


def rule(name: str, *types: str, **more) -> dict:
    plain = {"id": name, "types": [GB + code for code in types], "unit": "NDJ-HW", "valid_from": "2026-01-01"}
    return plain | more


def found(documents: list[Document], *severities: Severity) -> list[tuple[str, str, str]]:
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return [(one.document, one.place, one.code) for one in check(documents) if one.severity in wanted]


def test_the_shipped_configuration_is_clean():
    assert found(list(read_folder(CONFIG))) == []


def test_the_shipped_configuration_says_what_awaits_confirmation():
    notices = found(list(read_folder(CONFIG)), Severity.NOTICE)
    assert [code for document, _, code in notices if document == "catalogue/to-be-confirmed"] == [
        "condition_unconfirmed"
    ] * 6
    assert ("conduct/default", "stage_limits", "stage_limits_unconfirmed") in notices


def test_every_kind_of_document_is_read_by_its_parser():
    documents = [Document(kind=kind, name="x", body={"colour": "red"}) for kind in DocumentKind]
    assert {one.document for one in check(documents) if one.severity is Severity.ERROR} == {
        f"{kind}/x" for kind in DocumentKind
    }


def test_a_mistake_in_a_calendar_is_told_with_its_place():
    documents = with_body(DocumentKind.CALENDAR, "changzhou", lambda body: body | {"colour": "red"})
    assert [one[:2] for one in found(documents)] == [("calendar/changzhou", "colour")]


@pytest.mark.parametrize(
    ("kind", "name", "change", "place", "code"),
    [
        (DocumentKind.CONDUCT, "default", {"calendar": "mars"}, "calendar", "unknown_calendar"),
        (DocumentKind.CALENDAR, "changzhou", {"name": "other"}, "name", "name_differs"),
        (DocumentKind.CATALOGUE, "gbt47678", {"version": None}, "version", "key_missing"),
    ],
)
def test_a_name_nobody_defines_is_an_error(kind, name, change, place, code):
    assert (f"{kind}/{name}", place, code) in found(with_body(kind, name, lambda body: body | change), Severity.ERROR)


def test_a_units_calendar_must_exist():
    def own_calendar(body: dict) -> dict:
        first, *others = body["units"]
        return body | {"units": [first | {"calendar": "mars"}, *others]}

    documents = with_body(DocumentKind.UNITS, "nandajie", own_calendar)
    assert found(documents) == [("units/nandajie", "units[0].calendar", "unknown_calendar")]


def test_a_rule_must_name_a_known_unit_and_known_types():
    documents = with_rules(rule("new", "09012", "99999", unit="MARS", areas=["320404"]))
    errors = found(documents, Severity.ERROR)
    assert errors == [
        ("routing/nandajie", "rules[0].unit", "unknown_unit"),
        ("routing/nandajie", "rules[0].types", "unknown_type"),
    ]


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        # A general rule above a special one leaves it nothing.
        ([rule("a", "06*"), rule("b", "06010", areas=["320404005001"])], {"b": "routing_rule_dead"}),
        # The other way round is how a table is meant.
        ([rule("b", "06010", areas=["320404005001"], unit="NDJ-ZF"), rule("a", "06010")], {}),
        # Neither lies within the other: which of them should a case of 06010 in community 001 go by?
        (
            [
                rule("a", "06010", "06011", areas=["320404005001"]),
                rule("b", "06010", unit="NDJ-ZF", sources=["hotline"]),
            ],
            {"b": "routing_rules_overlap"},
        ),
        # Each pattern of the upper rule that meets the lower one lies within it: a special rule over two general ones.
        ([rule("a", "06010", "09010"), rule("b", "06*", unit="NDJ-ZF"), rule("c", "09*", unit="NDJ-SZ")], {}),
        # One of the patterns is general: 06010 never reaches b.
        ([rule("a", "06*"), rule("b", "06010", "09010", unit="NDJ-ZF")], {"b": "routing_rules_overlap"}),
        # The same unit: it does not matter which wins.
        ([rule("a", "06010", "06011", areas=["320404005001"]), rule("b", "06010", sources=["hotline"])], {}),
        # Apart in place, source or time.
        ([rule("a", "06010", areas=["320404005001"]), rule("b", "06010", areas=["320404005004"], unit="NDJ-ZF")], {}),
        ([rule("a", "06010", sources=["public"]), rule("b", "06010", sources=["hotline"], unit="NDJ-ZF")], {}),
        (
            [rule("a", "06010", valid_to="2026-06-30"), rule("b", "06010", valid_from="2026-07-01", unit="NDJ-ZF")],
            {},
        ),
    ],
)  # fmt: skip
def test_rules_that_can_never_win_or_contradict_each_other_are_warned_of(rules, codes):
    ids = {one["id"] for one in rules}
    warned = {
        one.params["rule"]: one.code
        for one in check(with_rules(*rules))
        if one.severity is Severity.WARNING and {one.params.get("rule"), one.params.get("above")} <= ids
    }
    assert warned == codes


def test_a_rule_covered_only_for_a_while_is_not_dead():
    documents = with_rules(
        rule("a", "06010", valid_to="2026-06-30"), rule("b", "06010", "06012", areas=["320404005001"])
    )
    assert "routing_rule_dead" not in [code for _, place, code in found(documents) if place == "rules[1]"]


def test_a_pattern_that_takes_no_type_is_warned_of():
    documents = with_rules(rule("a", "11*", areas=["320404005001"]))
    assert found(documents) == [("routing/nandajie", "rules[0]", "pattern_matches_nothing")]


def test_types_that_no_rule_takes_everywhere_are_warned_of():
    def without_fire_lane(body: dict) -> dict:
        general = ("fire-lane", "street-order", "rivers", "city-appearance")
        kept = [one for one in body["rules"] if one["id"] not in general]
        return body | {"rules": [*kept, rule("rivers", "06025", areas=["320404005001"])]}

    warnings = [
        (one.code, one.params["type"])
        for one in check(with_body(DocumentKind.ROUTING, "nandajie", without_fire_lane))
        if one.severity is Severity.WARNING
    ]
    assert ("type_without_route", GB + "09012") in warnings
    assert ("type_partly_routed", GB + "06025") in warnings
    assert ("type_partly_routed", GB + "09010") in warnings
    assert ("type_without_route", GB + "06010") not in warnings


def test_limits_for_an_area_class_that_no_area_has_are_warned_of():
    told = [{"code": "1", "limits_by": [{"area_class": "1", "limit": "1 urgent_hour"}]}]
    changed = {"scheme": "GBT47678.5-2026", "kind": "event", "code": "09012", "conditions": told}
    body = {"version": "1", "layer": "overlay", "types": [changed]}
    documents = [*read_folder(CONFIG), Document(kind=DocumentKind.CATALOGUE, name="zz", body=body)]
    assert found(documents) == [("conduct/default", "area_classes", "area_class_without_area")]
    classed = with_body(DocumentKind.CONDUCT, "default", lambda body: body | {"area_classes": {"320404": "1"}})
    assert found([*classed, documents[-1]]) == []


def test_findings_do_not_depend_on_the_order_of_the_documents():
    documents = with_rules(rule("new", "09012", "99999", unit="MARS"))
    assert check(documents) == check(documents[::-1])
