"""A line is contested by its unit, in time; another person decides; and the decision has its effect where it may."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from gridcase.domain.case import AttachmentId, CaseNumber
from gridcase.domain.errors import GridcaseError
from gridcase.services import appealing, closing_month, running_month
from gridcase.services.appealing import AppealReason, Decision, NewAppeal, Ruling
from gridcase.services.assessing import Run
from gridcase.services.attaching import read_attachment
from gridcase.services.steps.assessed import record_of
from tests.feeds import settle
from tests.months import CUT_OFF, LATER, PERIOD, PUBLICITY_ENDS, RULES, reported_case
from tests.office import Office, upload

SECOND = timedelta(seconds=1)
UNIT = "NDJ-ZF"


def refused(code: str) -> Any:
    return pytest.raises(GridcaseError, match=rf"^{code}")


def run_at(office: Office, at: datetime, who: str = "assessor") -> Run:
    settle(office)
    office.clock.instant = at
    return running_month.run_month(office.rt, office.actor(who), PERIOD, RULES)


@pytest.fixture
def late(office: Office) -> tuple[Office, CaseNumber, Run]:
    """A case reported after its deadline, and the run that says so, made when publicity began."""
    number = office.caller("inspector").file().json["number"]
    office.clock.advance(timedelta(days=2))
    unit = office.caller("unit_leader")
    unit.act(number, "report", done="已清理", attachments=[unit.photo("handle")])
    leader = office.caller("shift_leader")
    leader.act(number, "request_check", mode="waived", note="处置照片足以证明")
    assert leader.act(number, "close").status_code == 200
    reported_case(office)
    return office, number, run_at(office, CUT_OFF + SECOND)


def contested(run: Run, case: CaseNumber | None) -> NewAppeal:
    subject = next(one for one in run.scores if one["subject"] == UNIT)
    line = next(one for one in subject["lines"] if one["kind"] == "term" and (case is None or case in one["cases"]))
    return NewAppeal(
        subject=UNIT, line=line["key"], case=case, reason=AppealReason.IN_TIME, text="反馈当日系统中断，附记录"
    )


def score_of(run: Run) -> str:
    return next(one["score"] for one in run.scores if one["subject"] == UNIT)


def test_an_upheld_appeal_takes_the_case_out_of_the_next_run(late):
    office, number, run = late
    row, _ = appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))
    assert (row.state, row.period, row.is_late, row.case) == ("open", PERIOD, False, number)
    ruling = Ruling(decision=Decision.UPHELD, text="系统日志证实中断")
    done = appealing.decide_appeal(office.rt, office.actor("leader"), row.id, ruling)
    assert (done.state, done.points) == ("upheld", None)
    again = run_at(office, LATER)
    assert again.id != run.id
    assert float(score_of(again)) > float(score_of(run))
    lines = next(one for one in again.scores if one["subject"] == UNIT)["lines"]
    gained = [one for one in lines if one["kind"] == "exemption" and one["cases"] == [number]]
    assert gained
    assert all(one["reason"] == "appeal" for one in gained)
    assert sum(Fraction(one["points"]) for one in lines) == Fraction(score_of(again))


def test_an_appeal_may_give_points_back_instead(late):
    office, _, run = late
    row, _ = appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, None))
    with refused("invalid_input"):
        appealing.decide_appeal(office.rt, office.actor("leader"), row.id, Ruling(decision=Decision.PARTLY, text="x"))
    appealing.decide_appeal(
        office.rt, office.actor("leader"), row.id, Ruling(decision=Decision.PARTLY, text="酌情", points="1.5")
    )
    again = run_at(office, LATER)
    assert Fraction(score_of(again)) - Fraction(score_of(run)) == Fraction("1.5")


def test_a_rejected_appeal_moves_no_point_but_stands_in_the_month(late):
    office, number, run = late
    row, _ = appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))
    ruling = Ruling(decision=Decision.REJECTED, text="证据不足")
    appealing.decide_appeal(office.rt, office.actor("leader"), row.id, ruling)
    again = run_at(office, LATER)
    assert score_of(again) == score_of(run)
    with office.rt.database.reading() as tx:
        told = record_of(tx, again.id).row.terms["contested"]["appeals"]
    assert [(one["state"], one["case"]) for one in told] == [("rejected", number)]
    with refused("appeal_closed"):
        appealing.decide_appeal(office.rt, office.actor("leader"), row.id, ruling)


def test_an_undecided_appeal_keeps_the_month_from_being_sealed(late):
    office, number, run = late
    row, _ = appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))
    office.clock.instant = LATER
    with refused("appeals_undecided"):
        closing_month.seal(office.rt, office.actor("assessor"), run.id)
    appealing.withdraw_appeal(office.rt, office.actor("unit_leader"), row.id)
    with refused("run_outdated"):
        closing_month.seal(office.rt, office.actor("assessor"), run.id)
    assert closing_month.seal(office.rt, office.actor("assessor"), run_at(office, LATER).id).is_sealed


def test_once_sealed_the_points_are_settled_in_the_open_month(late):
    office, number, run = late
    office.clock.instant = LATER
    closing_month.seal(office.rt, office.actor("assessor"), run.id)
    row, _ = appealing.file_appeal(office.rt, office.actor("assessor"), run.id, contested(run, number))
    assert row.is_late
    with refused("invalid_input"):
        appealing.decide_appeal(office.rt, office.actor("leader"), row.id, Ruling(decision=Decision.UPHELD, text="y"))
    ruling = Ruling(decision=Decision.UPHELD, text="y", points="2")
    appealing.decide_appeal(office.rt, office.actor("leader"), row.id, ruling)
    assert score_of(running_month.run_month(office.rt, office.actor("assessor"), PERIOD, RULES)) == score_of(run)
    november = running_month.run_month(office.rt, office.actor("assessor"), "2026-11", RULES)
    lines = next(one for one in november.scores if one["subject"] == UNIT)["lines"]
    assert [(one["points"], one["origin_period"]) for one in lines if one["kind"] == "adjustment"] == [("2/1", PERIOD)]


@pytest.mark.parametrize(
    ("at", "is_taken"),
    [(PUBLICITY_ENDS, True), (PUBLICITY_ENDS + SECOND, False)],
)
def test_a_unit_appeals_until_the_last_second_of_publicity(late, at, is_taken):
    office, number, run = late
    office.clock.instant = at
    if is_taken:
        assert appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))
    else:
        with refused("appeals_closed"):
            appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))


def test_nobody_decides_what_they_drafted_or_filed_and_no_unit_decides(late):
    office, number, run = late
    row, _ = appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))
    ruling = Ruling(decision=Decision.REJECTED, text="x")
    for who, code in (
        ("assessor", "drafted_it_yourself"),
        ("unit_leader", "role_needed"),
        ("inspector", "role_needed"),
    ):
        with refused(code):
            appealing.decide_appeal(office.rt, office.actor(who), row.id, ruling)
    by_leader, _ = appealing.file_appeal(office.rt, office.actor("leader"), run.id, contested(run, None))
    with refused("filed_it_yourself"):
        appealing.decide_appeal(office.rt, office.actor("leader"), by_leader.id, ruling)


def test_another_unit_neither_sees_nor_contests_it(late):
    office, number, run = late
    row, _ = appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, contested(run, number))
    other = office.actor("other_unit")
    assert appealing.list_appeals(office.rt, other) == ()
    with refused("appeal_not_found"):
        appealing.one_appeal(office.rt, other, row.id)
    with refused("line_not_found"):
        appealing.file_appeal(office.rt, other, run.id, contested(run, number))
    with refused("run_not_found"):
        appealing.file_appeal(office.rt, office.actor("inspector"), run.id, contested(run, number))


def test_the_same_request_is_one_appeal_and_the_same_line_is_contested_once(late):
    office, number, run = late
    leader, new = office.actor("unit_leader"), contested(run, number)
    first, _ = appealing.file_appeal(office.rt, leader, run.id, new, key="k")
    again, is_replay = appealing.file_appeal(office.rt, leader, run.id, new, key="k")
    assert (again.id, is_replay) == (first.id, True)
    with refused("appeal_exists"):
        appealing.file_appeal(office.rt, leader, run.id, new, key="other")


def test_its_evidence_is_seen_by_who_decides_and_by_no_other_unit(late):
    office, number, run = late
    proof = AttachmentId(upload(office, "unit_leader"))
    new = contested(run, number)
    wanted = NewAppeal(
        subject=new.subject, line=new.line, case=number, reason=new.reason, text=new.text, attachments=(proof,)
    )
    appealing.file_appeal(office.rt, office.actor("unit_leader"), run.id, wanted)
    assert read_attachment(office.rt, office.actor("leader"), proof)
    assert read_attachment(office.rt, office.actor("unit_leader"), proof)
    for who in ("other_unit", "inspector", "dispatcher"):
        with refused("attachment_not_found"):
            read_attachment(office.rt, office.actor(who), proof)


def test_what_does_not_exist_is_named(late):
    office, number, run = late
    leader, new = office.actor("unit_leader"), contested(run, number)
    with refused("line_not_found"):
        appealing.file_appeal(
            office.rt,
            leader,
            run.id,
            NewAppeal(subject=UNIT, line="no", case=None, reason=AppealReason.OTHER, text="x"),
        )
    with refused("invalid_input"):
        appealing.file_appeal(
            office.rt,
            leader,
            run.id,
            NewAppeal(
                subject=UNIT,
                line=new.line,
                case=CaseNumber("NDJ-20200101-000001-A"),
                reason=AppealReason.OTHER,
                text="x",
            ),
        )
    with refused("invalid_input"):
        appealing.file_appeal(
            office.rt,
            leader,
            run.id,
            NewAppeal(
                subject=UNIT,
                line=new.line,
                case=number,
                reason=AppealReason.OTHER,
                text="x",
                attachments=(AttachmentId("nope"),),
            ),
        )
    assert appealing.list_appeals(office.rt, leader) == ()
