"""Exemptions, outside scores, adjustments and deliveries: each with evidence, by the right people, and once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.domain.case import CaseNumber
from gridcase.domain.errors import GridcaseError, InvalidInputError
from gridcase.domain.time import Period
from gridcase.services import closing_month, contributing, delivering, running_month
from gridcase.services.contributing import GivenScore, NewAdjustment, NewExemption
from gridcase.services.delivering import Delivery, Entry, RejectedRow
from gridcase.services.steps.scoring_inputs import inputs_for
from tests.months import LATER, PERIOD, reported_case, sealed_month
from tests.office import Office

STREETS = "nantong-streets"


def refused(code: str) -> Any:
    return pytest.raises(GridcaseError, match=rf"^{code}")


def inputs(office: Office, rule_set: str, period: str = PERIOD) -> Any:
    with office.rt.database.reading() as tx:
        return inputs_for(tx, Period.parse(period, zone=office.rt.settings.zone), rule_set)


def exemption(number: str, **changes: Any) -> NewExemption:
    given: dict[str, Any] = {
        "period": PERIOD,
        "rule_set": "changzhou",
        "case": CaseNumber(number),
        "reason": ExemptionReason.SELF_REPORT,
        "evidence": "提前上报单第12号",
    }
    return NewExemption(**given | changes)


def test_an_exemption_counts_once_another_person_granted_it(office):
    number = reported_case(office)
    row, _ = contributing.propose_exemption(office.rt, office.actor("assessor"), exemption(number))
    assert inputs(office, "changzhou").exemptions == ()
    with refused("proposed_it_yourself"):
        contributing.decide_exemption(office.rt, office.actor("assessor"), row.id, grants=True, text="")
    done = contributing.decide_exemption(office.rt, office.actor("leader"), row.id, grants=True, text="属实")
    assert done.state == "granted"
    assert [one.case for one in inputs(office, "changzhou").exemptions] == [number]
    with refused("exemption_decided"):
        contributing.decide_exemption(office.rt, office.actor("leader"), row.id, grants=False, text="")
    again, was_there = contributing.propose_exemption(office.rt, office.actor("assessor"), exemption(number))
    assert (again.id, was_there) == (row.id, True)


def test_a_refused_exemption_may_be_proposed_again(office):
    number = reported_case(office)
    first, _ = contributing.propose_exemption(office.rt, office.actor("unit_leader"), exemption(number))
    contributing.decide_exemption(office.rt, office.actor("leader"), first.id, grants=False, text="无证据")
    second, was_there = contributing.propose_exemption(office.rt, office.actor("unit_leader"), exemption(number))
    assert (second.id != first.id, was_there) == (True, False)
    assert second.subject == "NDJ-ZF"
    assert contributing.list_exemptions(office.rt, office.actor("other_unit"), PERIOD) == ()
    assert len(contributing.list_exemptions(office.rt, office.actor("unit_leader"), PERIOD)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": ExemptionReason.APPEAL},  # that is for appeals alone
        {"indicator": "nothing"},
        {"case": CaseNumber("NDJ-20200101-000001-A")},
        {"rule_set": "none"},
        {"period": "2026-13"},
    ],
)
def test_an_exemption_names_what_exists(office, changes):
    number = reported_case(office)
    with pytest.raises(InvalidInputError):
        contributing.propose_exemption(office.rt, office.actor("assessor"), exemption(number, **changes))


def names(office: Office) -> tuple[str, ...]:
    with refused("invalid_input") as caught:
        given = [GivenScore(name="?", subject="a", value="1", evidence="")]
        contributing.give_scores(office.rt, office.actor("assessor"), PERIOD, STREETS, given, corrects=False)
    return tuple(str(caught.value.fields["scores.0.name"][0].params["choices"]).split(", "))


def test_outside_scores_are_taken_all_or_none_and_corrected_on_demand(office):
    actor, name = office.actor("assessor"), names(office)[0]
    good = [GivenScore(name=name, subject=one, value="95.65", evidence="第1号") for one in ("甲", "乙")]
    bad = [*good, GivenScore(name=name, subject="丙", value="x", evidence="")]
    with refused("invalid_input") as caught:
        contributing.give_scores(office.rt, actor, PERIOD, STREETS, bad, corrects=False)
    assert list(caught.value.fields) == ["scores.2.value"]
    assert inputs(office, STREETS).external == ()
    assert contributing.give_scores(office.rt, actor, PERIOD, STREETS, good, corrects=False).taken == 2
    assert contributing.give_scores(office.rt, actor, PERIOD, STREETS, good, corrects=False).already_there == 2
    other = [GivenScore(name=name, subject="甲", value="90", evidence="第2号")]
    with refused("invalid_input"):
        contributing.give_scores(office.rt, actor, PERIOD, STREETS, other, corrects=False)
    assert contributing.give_scores(office.rt, actor, PERIOD, STREETS, other, corrects=True).corrected == 1
    assert {one.subject: str(one.value) for one in inputs(office, STREETS).external} == {"甲": "90", "乙": "95.65"}


def test_the_list_of_outside_scores_is_read_from_a_file(office, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("name,subject,value,evidence\nonsite,甲,93.73,通报\n", encoding="utf-8")
    given = contributing.read_scores(path)
    assert given == (GivenScore(name="onsite", subject="甲", value="93.73", evidence="通报"),)
    path.write_text("name,value\nonsite,1\n", encoding="utf-8")
    with refused("invalid_input"):
        contributing.read_scores(path)


def test_an_adjustment_stands_in_the_month_in_which_it_is_made(office):
    new = NewAdjustment(
        period="2026-11",
        rule_set="yuncheng",
        subject="NDJ-ZF",
        points="-0.5",
        reason="核查后发现未整改",
        evidence="复查单3",
        origin_period=PERIOD,
    )
    first, _ = contributing.adjust(office.rt, office.actor("assessor"), new, key="k")
    again, is_replay = contributing.adjust(office.rt, office.actor("assessor"), new, key="k")
    assert (again.id, is_replay) == (first.id, True)
    assert inputs(office, "yuncheng").adjustments == ()
    (told,) = inputs(office, "yuncheng", "2026-11").adjustments
    assert (str(told.points), told.origin_period) == ("-0.5", PERIOD)
    for who in ("unit_leader", "inspector", "dispatcher"):
        with refused("role_needed"):
            contributing.adjust(office.rt, office.actor(who), new)
    for changes in ({"points": "0"}, {"points": "x"}, {"origin_period": "2026-12"}, {"rule_set": "none"}):
        with pytest.raises(InvalidInputError):
            contributing.adjust(office.rt, office.actor("assessor"), replace(new, **changes))


@pytest.fixture
def packed(office: Office, plain_packages: None) -> tuple[Office, int]:
    """A sealed October with its package."""
    reported_case(office)
    run = sealed_month(office)
    running_month.pack(office.rt, run.id)
    return office, run.id


def test_the_ledger_tells_what_became_of_a_package(packed):
    office, run = packed
    actor = office.actor("assessor")
    sent = Entry(what=Delivery.SENT, recipient="市监督指挥中心", note="专网")
    with refused("not_approved"):
        delivering.record_delivery(office.rt, actor, run, sent)
    closing_month.approve(office.rt, office.actor("leader"), run)
    rejected = Entry(
        what=Delivery.REJECTED, recipient="市监督指挥中心", rows=(RejectedRow(row="cases.csv:17", reason="案号重复"),)
    )
    with refused("not_delivered"):
        delivering.record_delivery(office.rt, actor, run, rejected)
    delivering.record_delivery(office.rt, actor, run, sent, key="k")
    assert delivering.record_delivery(office.rt, actor, run, sent, key="k")[1]
    delivering.record_delivery(office.rt, actor, run, rejected)
    told = delivering.list_deliveries(office.rt, actor, run)
    assert [(one.what, one.rows) for one in told] == [("sent", []), ("rejected", [["cases.csv:17", "案号重复"]])]
    assert all(len(one.digest) == 64 for one in told)


def test_the_ledger_refuses_what_cannot_have_happened(packed):
    office, run = packed
    closing_month.approve(office.rt, office.actor("leader"), run)
    actor = office.actor("assessor")
    for entry, code in (
        (Entry(what=Delivery.REISSUED, recipient="x"), "nothing_superseded"),
        (Entry(what=Delivery.SENT, recipient="x", rows=(RejectedRow(row="1", reason="y"),)), "invalid_input"),
        (Entry(what=Delivery.SENT, recipient="x", at=LATER + timedelta(days=1)), "invalid_input"),
    ):
        with refused(code):
            delivering.record_delivery(office.rt, actor, run, entry)
    with refused("role_needed"):
        delivering.record_delivery(
            office.rt, office.actor("unit_leader"), run, Entry(what=Delivery.SENT, recipient="x")
        )
    with refused("run_not_found"):
        delivering.list_deliveries(office.rt, actor, 999)
