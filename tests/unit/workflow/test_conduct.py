from pathlib import Path

import pytest

from gridcase.domain.case import Action, Source
from gridcase.domain.errors import RuleFileError
from gridcase.domain.history import LimitedStage
from gridcase.rules.conduct import conduct_document, parse_conduct
from gridcase.rules.documents import Document, DocumentKind, read_document
from gridcase.workflow.conduct import CONDUCT_STAGES

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def shipped():
    data = (CONFIG / "conduct" / "default.yaml").read_bytes()
    return parse_conduct(read_document(DocumentKind.CONDUCT, "default", data))


@pytest.mark.parametrize(
    ("stage", "normal"),
    [
        (LimitedStage.REGISTER, "1 working_hour"),
        (LimitedStage.VERIFY, "2 working_hour"),
        (LimitedStage.DISPATCH, "1 working_hour"),
        (LimitedStage.ACCEPT, "4 working_hour"),
        (LimitedStage.CHECK, "4 working_hour"),
        (LimitedStage.CLOSE, "4 working_hour"),
    ],
)
def test_the_shipped_stage_limits_are_those_of_the_domain(shipped, stage, normal):
    assert str(shipped.stage_limit(stage, urgent=False)) == normal
    assert str(shipped.stage_limit(stage, urgent=True)) == "0.5 urgent_hour"


def test_every_stage_but_handling_has_a_limit(shipped):
    assert set(shipped.stage_limits) == set(CONDUCT_STAGES) == set(LimitedStage) - {LimitedStage.HANDLE}
    with pytest.raises(KeyError):
        shipped.stage_limit(LimitedStage.HANDLE, urgent=False)


def test_the_shipped_reasons_are_those_the_assessment_and_the_forms_know(shipped):
    codes = {
        name: [reason.code for reason in getattr(shipped, f"{name}_reasons")] for name in ("void", "return", "reassign")
    }
    assert codes == {
        "void": ["not_a_problem", "outside_area", "duplicate", "wrong_type", "test"],
        "return": ["not_ours", "unclear_duty", "cannot_do", "wrong_information"],
        "reassign": ["wrong_unit", "workload", "emergency", "other"],
    }
    assert shipped.waive_reasons


def test_only_an_inspectors_own_case_is_registered_by_rule(shipped):
    assert shipped.auto_register_sources == {Source.INSPECTOR}
    assert shipped.auto_dispatch
    assert shipped.photo_required == {Action.REPORT, Action.CHECK}


def test_the_shipped_values_say_that_they_await_confirmation(shipped):
    assert not shipped.confirmed


def test_nobody_can_change_a_stage_limit_in_passing(shipped):
    with pytest.raises(TypeError):
        shipped.stage_limits[LimitedStage.CHECK] = shipped.stage_limits[LimitedStage.CLOSE]


def with_areas(**areas: object) -> Document:
    data = (CONFIG / "conduct" / "default.yaml").read_bytes()
    body = read_document(DocumentKind.CONDUCT, "default", data).body | {"area_classes": areas}
    return Document(kind=DocumentKind.CONDUCT, name="default", body=body)


@pytest.mark.parametrize(
    ("cell", "area_class"),
    [
        ("320404005001001", "shopping"),  # the longest beginning wins
        ("320404005002001", "1"),
        ("320404001001001", "2"),
        ("320402005001001", None),
        ("3204040", "2"),
        ("", None),
        (None, None),  # an unlocated case has no class
    ],
)
def test_the_class_of_an_area_is_that_of_the_longest_beginning_of_its_cells(cell, area_class):
    found = parse_conduct(with_areas(**{"320404": "2", "320404005001": "shopping", "320404005": "1"}))
    assert found.area_class(cell) == area_class
    assert parse_conduct(conduct_document(found, "default")) == found


def test_without_area_classes_no_area_has_one(shipped):
    assert shipped.area_class("320404005001001") is None


@pytest.mark.parametrize(
    ("areas", "place", "code"),
    [
        ({"街道": "1"}, "街道", "code_shape"),
        ({"320404005": 1}, "320404005", "text_expected"),
        ({"320404005": "一类"}, "320404005", "code_shape"),
    ],
)
def test_a_wrong_area_class_is_refused_with_its_place(areas, place, code):
    with pytest.raises(RuleFileError) as caught:
        parse_conduct(with_areas(**areas))
    assert code in [one.code for one in caught.value.fields[f"conduct/default: area_classes.{place}"]]
