from pathlib import Path

import pytest

from gridcase.domain.case import Action, Source
from gridcase.domain.history import LimitedStage
from gridcase.rules.conduct import parse_conduct
from gridcase.rules.documents import DocumentKind, read_document
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
