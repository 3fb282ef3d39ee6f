from datetime import date
from pathlib import Path

import pytest

from gridcase.domain.case import Source, TypeKey
from gridcase.domain.errors import RuleFileError
from gridcase.rules.catalogue import parse_catalogue
from gridcase.rules.conduct import conduct_document, parse_conduct
from gridcase.rules.documents import Document, DocumentKind, read_folder
from gridcase.rules.routing import parse_routing, routing_document
from gridcase.workflow.routing import RoutingQuestion, route

CONFIG = Path(__file__).parents[3] / "config"
GB = "GBT47678.5-2026/event/"


def shipped(kind: DocumentKind, name: str) -> Document:
    (document,) = [one for one in read_folder(CONFIG) if (one.kind, one.name) == (kind, name)]
    return document


def routing(*rules: dict, **more) -> Document:
    return Document(kind=DocumentKind.ROUTING, name="street", body={"version": "1", "rules": list(rules)} | more)


def rule(**more) -> dict:
    return {"id": "r", "types": [GB + "09012"], "unit": "NDJ-ZF", "valid_from": "2026-07-01"} | more


def refused(parse, document: Document) -> dict[str, list[str]]:
    with pytest.raises(RuleFileError) as caught:
        parse(document)
    return {place: [problem.code for problem in found] for place, found in caught.value.fields.items()}


def test_a_routing_table_survives_being_written():
    table = parse_routing(shipped(DocumentKind.ROUTING, "nandajie"))
    assert parse_routing(routing_document(table)) == table


def test_every_part_of_a_rule_survives_being_written():
    whole = rule(areas=["320404005001"], sources=["hotline"], valid_to="2026-12-31", why={"zh": "职责", "en": "duty"})
    table = parse_routing(routing(whole))
    assert table.rules[0].sources == (Source.HOTLINE,)
    assert table.rules[0].valid_to == date(2026, 12, 31)
    assert parse_routing(routing_document(table)) == table


@pytest.mark.parametrize(
    ("key", "community", "unit"),
    [
        (GB + "09012", "009", "NDJ-ZF"),
        (GB + "09010", "001", "NDJ-SQ-001"),
        (GB + "09010", "004", "NDJ-ZF"),
        (GB + "06010", "004", "NDJ-HW"),
        (GB + "06011", "014", "NDJ-SQ-014"),
        (GB + "06025", "008", "NDJ-SL"),
        (GB + "08013", "008", "NDJ-AJ"),
        ("local/event/10999", "008", "NDJ-AJ"),
        ("GBT47678.5-2026/component/01001", "008", "NDJ-SZ"),
        (GB + "08001", "008", "NDJ-ZF"),
        (GB + "10001", "008", "NDJ-HW"),
        ("GBT47678.5-2026/component/02009", "008", "NDJ-SZ"),
        ("GBT47678.5-2026/component/03005", "008", "NDJ-HW"),
        ("GBT30428.2-2013/event/0505", "008", "NDJ-SZ"),  # a collapsed road, not the new scheme's major 05
        ("local/event/0596", "008", "NDJ-AJ"),
        ("local/component/0498", "008", "NDJ-SZ"),
        (GB + "05001", "008", None),  # events have no major 05 in the new scheme
    ],
)
def test_the_shipped_table_routes_as_the_street_divides_its_duties(key, community, unit):
    table = parse_routing(shipped(DocumentKind.ROUTING, "nandajie"))
    asked = RoutingQuestion(
        type=TypeKey.parse(key), cell=f"320404005{community}001", source=Source.HOTLINE, on=date(2026, 10, 12)
    )
    assert route(table, asked).unit == unit


@pytest.mark.parametrize("community", ["001", "004", "008", "009", "011", "014", "015", "016"])
def test_every_shipped_type_has_a_unit_in_every_community(community):
    table = parse_routing(shipped(DocumentKind.ROUTING, "nandajie"))
    for case_type in parse_catalogue(read_folder(CONFIG)).types:
        asked = RoutingQuestion(
            type=case_type.key, cell=f"320404005{community}001", source=Source.INSPECTOR, on=date(2026, 10, 12)
        )
        assert route(table, asked).unit is not None, case_type.key


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"types": []}, "types", "rule_without_type"),
        ({"types": ["09012"]}, "types", "type_pattern_expected"),
        ({"types": [9012]}, "types[0]", "text_expected"),
        ({"areas": []}, "areas", "list_empty"),  # an emptied list must not widen the rule
        ({"areas": ["南大街"]}, "areas", "code_shape"),
        ({"sources": ["gossip"]}, "sources[0]", "choice_expected"),
        ({"valid_from": "2026-13-01"}, "valid_from", "date_expected"),
        ({"valid_from": "20260701"}, "valid_from", "date_expected"),
        ({"valid_from": None}, "valid_from", "key_missing"),
        ({"valid_to": "2026-06-30"}, "valid_to", "ends_before_start"),
        ({"unit": None}, "unit", "key_missing"),
        ({"unit": "  "}, "unit", "text_length"),
        ({"id": "Rule 1"}, "id", "code_shape"),
        ({"area": ["320404"]}, "area", "unknown_key"),
        ({"why": {"zh": "职责", "de": "x"}}, "why.de", "unknown_key"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(change, place, code):
    assert code in refused(parse_routing, routing(rule(**change)))[f"routing/street: rules[0].{place}"]


def test_two_rules_of_one_id_are_refused():
    found = refused(parse_routing, routing(rule(), rule(unit="NDJ-HW")))
    assert found == {"routing/street: rules[1].id": ["duplicate_rule"]}


def test_a_rule_of_one_day_is_taken():
    table = parse_routing(routing(rule(valid_to="2026-07-01")))
    assert table.rules[0].valid_from == table.rules[0].valid_to


def conduct(**changes) -> Document:
    body = shipped(DocumentKind.CONDUCT, "default").body
    return Document(kind=DocumentKind.CONDUCT, name="x", body=body | changes)


def changed_limits(**stages) -> dict:
    limits = shipped(DocumentKind.CONDUCT, "default").body["stage_limits"] | stages
    return {"stage_limits": {stage: limit for stage, limit in limits.items() if limit is not None}}


def changed_reasons(**lists) -> dict:
    return {"reasons": shipped(DocumentKind.CONDUCT, "default").body["reasons"] | lists}


def test_a_conduct_survives_being_written():
    parsed = parse_conduct(conduct())
    assert parse_conduct(conduct_document(parsed, "x")) == parsed


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        (changed_limits(check=None), "stage_limits.check", "key_missing"),
        (changed_limits(check={"normal": "4 working_hour"}), "stage_limits.check.urgent", "key_missing"),
        (changed_limits(handle={"normal": "1 working_day"}), "stage_limits.handle", "unknown_key"),
        (
            changed_limits(check={"normal": "4 hours", "urgent": "1 urgent_hour"}),
            "stage_limits.check.normal",
            "limit_expected",
        ),
        (
            changed_limits(check={"normal": "4 working_hour", "urgent": "1 working_hour"}),
            "stage_limits.check.urgent",
            "urgent_unit_expected",
        ),
        ({"stage_limits": None}, "stage_limits", "key_missing"),
        ({"auto_register_sources": ["gossip"]}, "auto_register_sources[0]", "choice_expected"),
        ({"photo_required": ["paint"]}, "photo_required[0]", "choice_expected"),
        ({"check_distance_m": 0}, "check_distance_m", "whole_number_expected"),
        ({"check_distance_m": 1.5}, "check_distance_m", "whole_number_expected"),
        ({"allowed_returns": True}, "allowed_returns", "whole_number_expected"),
        ({"auto_dispatch": "yes"}, "auto_dispatch", "flag_expected"),
        ({"calendar": None}, "calendar", "key_missing"),
        (
            changed_reasons(reassign=[{"code": "other", "zh": "其他", "en": "other"}]),
            "reasons.reassign",
            "reason_missing",
        ),
        (changed_reasons(void=[]), "reasons.void", "list_empty"),
        (changed_reasons(void=[{"code": "a", "zh": "甲", "en": "a"}] * 2), "reasons.void[1].code", "duplicate_reason"),
        (changed_reasons(void=[{"code": "a", "zh": "甲"}]), "reasons.void[0].en", "key_missing"),
    ],
)
def test_a_wrong_conduct_is_refused_with_its_place(change, place, code):
    assert code in refused(parse_conduct, conduct(**change))[f"conduct/x: {place}"]


def test_no_allowed_return_is_a_choice():
    assert parse_conduct(conduct(allowed_returns=0)).allowed_returns == 0
