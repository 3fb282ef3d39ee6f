"""A month is closed once: its facts freeze, later changes go elsewhere, and nobody decides what they drafted."""

import json
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gridcase.domain.actor import Role
from gridcase.domain.errors import GridcaseError, NotFoundError, NotPermittedError, WrongStateError
from gridcase.services import assessing, closing_month, running_month
from gridcase.services.steps import month_facts
from gridcase.store import assessments
from gridcase.workflow import deadlines
from gridcase.workflow.timetable import Act, Approval, MonthState
from tests.months import CUT_OFF, LATER, PERIOD, PUBLICITY_ENDS, RULES, reported_case, run_later, sealed_month
from tests.office import Office

pytestmark = pytest.mark.usefixtures("plain_packages")

SECOND = timedelta(seconds=1)


@pytest.fixture
def october(office: Office) -> Office:
    """An office with a closed case and one that is open."""
    reported_case(office)
    office.caller("inspector").file()
    return office


def refused(code: str):
    return pytest.raises(GridcaseError, match=f"^{code}")


def test_run_seal_export_on_a_past_month_needs_no_other_step(october: Office, tmp_path: Path):
    run = run_later(october)
    sealed = closing_month.seal(october.rt, october.actor("assessor"), run.id)
    assert (sealed.state, sealed.is_sealed, sealed.is_packed) == (MonthState.SEALED, True, False)
    first = running_month.write_export(october.rt, run.id, tmp_path / "a.zip")
    second = running_month.write_export(october.rt, run.id, tmp_path / "b.zip")
    assert first.digest == second.digest
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    manifest = json.loads(zipfile.ZipFile(tmp_path / "a.zip").read("manifest.json"))
    assert (manifest["draft"], manifest["revision"], manifest["supersedes"]) == (False, 1, None)


def test_what_is_packed_before_sealing_says_that_it_is_a_draft(october: Office, tmp_path: Path):
    run = run_later(october)
    running_month.write_export(october.rt, run.id, tmp_path / "a.zip")
    assert json.loads(zipfile.ZipFile(tmp_path / "a.zip").read("manifest.json"))["draft"] is True
    closing_month.seal(october.rt, october.actor("assessor"), run.id)
    running_month.write_export(october.rt, run.id, tmp_path / "b.zip")
    assert json.loads(zipfile.ZipFile(tmp_path / "b.zip").read("manifest.json"))["draft"] is False


def test_the_same_facts_again_are_the_same_run_before_and_after_sealing(october: Office):
    run = run_later(october)
    assert run_later(october).id == run.id
    closing_month.seal(october.rt, october.actor("assessor"), run.id)
    assert run_later(october).id == run.id


def test_a_sealed_month_is_counted_from_what_was_frozen_whatever_happened_since(october: Office, monkeypatch):
    run = sealed_month(october)
    before = running_month.counts(october.rt, PERIOD, assessing_by_unit())

    def never(*_: object) -> None:
        raise AssertionError("history was read")

    monkeypatch.setattr(month_facts, "plain_lines_since", never)
    assert running_month.counts(october.rt, PERIOD, assessing_by_unit()) == before
    other = running_month.run_month(october.rt, october.actor("assessor"), PERIOD, "production-formula")
    assert (other.id, other.cases) != (run.id, 0)
    assert closing_month.seal(october.rt, october.actor("assessor"), other.id).is_sealed


def assessing_by_unit():
    return running_month.CountBy.UNIT


def test_a_snapshot_gives_the_same_canonical_members_without_a_database(october: Office, tmp_path: Path):
    run = sealed_month(october)
    running_month.write_export(october.rt, run.id, tmp_path / "sealed.zip")
    running_month.write_snapshot(october.rt, run.id, tmp_path / "snapshot.zip")
    october.rt.database.engine.dispose()
    done = running_month.recompute(tmp_path / "snapshot.zip", tmp_path / "again.zip")
    manifest = json.loads(zipfile.ZipFile(tmp_path / "sealed.zip").read("manifest.json"))
    assert done.packed is not None
    assert done.packed.canonical == manifest["canonical"]
    assert [one["score"] for one in done.scores] == [one["score"] for one in run.scores]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x00" * 100])
def test_what_is_no_snapshot_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "s.zip").write_bytes(data)
    with refused("snapshot_unreadable"):
        running_month.recompute(tmp_path / "s.zip")


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (CUT_OFF - SECOND, "before_cut_off"),
        (CUT_OFF, "run_outdated"),  # it was made before the cut-off
        (PUBLICITY_ENDS, "run_outdated"),
    ],
)
def test_a_draft_is_never_sealed(october: Office, at, code):
    october.clock.instant = CUT_OFF - SECOND
    draft = running_month.run_month(october.rt, october.actor("assessor"), PERIOD, RULES)
    assert draft.state is MonthState.DRAFT
    october.clock.instant = at
    with refused(code):
        closing_month.seal(october.rt, october.actor("assessor"), draft.id)


@pytest.mark.parametrize(("at", "is_open"), [(CUT_OFF, True), (PUBLICITY_ENDS, True), (PUBLICITY_ENDS + SECOND, False)])
def test_a_month_is_sealed_only_after_the_very_end_of_publicity(october: Office, at, is_open):
    october.clock.instant = CUT_OFF
    run = running_month.run_month(october.rt, october.actor("assessor"), PERIOD, RULES)
    october.clock.instant = at
    if is_open:
        with refused("appeals_open"):
            closing_month.seal(october.rt, october.actor("assessor"), run.id)
    else:
        assert closing_month.seal(october.rt, october.actor("assessor"), run.id).is_sealed


def test_undecided_appeals_and_provisional_deadlines_keep_a_month_open(october: Office, monkeypatch):
    run = run_later(october)
    monkeypatch.setattr(closing_month, "undecided_appeals", lambda *_: 2)
    with refused("appeals_undecided"):
        closing_month.seal(october.rt, october.actor("assessor"), run.id)
    monkeypatch.undo()
    frames = month_facts.folded(october.rt, month_facts.read_period(october.rt, PERIOD)).content.frames
    moving = replace(frames, cases=frames.cases.with_columns(provisional=running_month_true()))
    monkeypatch.setattr(month_facts, "fold_frames", lambda *_, **__: moving)
    other = run_later(october)
    assert other.provisional == 2
    with refused("provisional_deadlines"):
        closing_month.seal(october.rt, october.actor("assessor"), other.id)


def running_month_true():
    import narwhals as nw

    return nw.lit(value=True)


def test_sealing_twice_is_refused_and_the_same_request_again_is_answered(october: Office):
    run, assessor = run_later(october), october.actor("assessor")
    key = "7a1f2c1e-9f0b-4c1d-8a53-2d6f0d9f7b10"
    first = closing_month.seal(october.rt, assessor, run.id, key=key)
    assert closing_month.seal(october.rt, assessor, run.id, key=key).acts == first.acts
    with refused("already_sealed"):
        closing_month.seal(october.rt, assessor, run.id)
    with refused("already_sealed"):
        closing_month.seal(october.rt, october.actor("leader"), run.id, key=key)


def test_two_at_once_seal_a_month_once(october: Office):
    run = run_later(october)
    start, ends = threading.Barrier(2), []

    def seal(username: str) -> None:
        actor = october.actor(username)
        start.wait()
        try:
            closing_month.seal(october.rt, actor, run.id)
            ends.append("sealed")
        except WrongStateError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=seal, args=(name,)) for name in ("assessor", "leader")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(ends) == ["already_sealed", "sealed"]
    with october.rt.database.reading() as tx:
        assert [one.period for one in assessments.months(tx)] == [PERIOD]


def test_another_run_of_a_sealed_month_is_not_sealed_beside_it(october: Office):
    october.clock.instant = LATER
    assessor = october.actor("assessor")
    first, _ = assessing.request_run(october.rt, assessor, PERIOD, RULES, key="a")
    second, _ = assessing.request_run(october.rt, assessor, PERIOD, RULES, key="b")
    assert running_month.work_off(october.rt) == 2
    closing_month.seal(october.rt, assessor, first.id)
    with refused("month_sealed"):
        closing_month.seal(october.rt, assessor, second.id)


def test_a_reissue_names_what_it_supersedes_and_takes_its_place_once_sealed(october: Office, tmp_path: Path):
    first = sealed_month(october)
    assessor = october.actor("assessor")
    first = running_month.pack(october.rt, first.id)
    second = running_month.reissue_now(october.rt, assessor, first.id, "更正")
    assert (second.revision, second.supersedes, second.reason) == (2, first.id, "更正")
    assert assessing.one_run(october.rt, assessor, first.id).state is MonthState.SEALED
    closing_month.seal(october.rt, assessor, second.id)
    assert assessing.one_run(october.rt, assessor, first.id).state is MonthState.SUPERSEDED
    running_month.write_export(october.rt, second.id, tmp_path / "b.zip")
    manifest = json.loads(zipfile.ZipFile(tmp_path / "b.zip").read("manifest.json"))
    assert (manifest["revision"], manifest["supersedes"]) == (2, first.digest)
    for act in (lambda: closing_month.seal(october.rt, assessor, first.id), lambda: reissue(october, first.id)):
        with refused("run_superseded"):
            act()
    third = running_month.reissue_now(october.rt, assessor, second.id, "再更正")
    assert (third.revision, third.supersedes) == (3, second.id)


def reissue(office: Office, identity: int):
    return running_month.reissue_now(office.rt, office.actor("assessor"), identity, "更正")


def test_what_is_not_sealed_is_not_reissued(october: Office):
    with refused("not_sealed"):
        reissue(october, run_later(october).id)


def test_nobody_approves_what_they_drafted_and_only_a_leader_approves(october: Office):
    october.clock.instant = LATER
    leader = october.actor("leader")
    own = running_month.run_month(october.rt, leader, PERIOD, RULES)
    with refused("drafted_it_yourself"):
        closing_month.approve(october.rt, leader, own.id)
    with pytest.raises(NotPermittedError):
        closing_month.approve(october.rt, october.actor("assessor"), own.id)
    with pytest.raises(NotPermittedError):
        closing_month.approve(october.rt, october.actor("admin"), own.id)


def test_approval_comes_before_sending(october: Office):
    run = sealed_month(october)
    running_month.pack(october.rt, run.id)
    with refused("not_approved"):
        closing_month.send(october.rt, october.actor("assessor"), run.id)
    approved = closing_month.approve(october.rt, october.actor("leader"), run.id, "同意")
    assert approved.next is not None
    assert approved.next.step == "send"
    sent = closing_month.send(october.rt, october.actor("assessor"), run.id)
    assert (sent.state, sent.next) == (MonthState.SENT, None)
    assert [one.act for one in sent.acts] == [Act.DRAFT, Act.SEAL, Act.APPROVE, Act.SEND]
    with refused("act_done"):
        closing_month.send(october.rt, october.actor("assessor"), run.id)


def test_an_office_may_want_the_approval_before_the_seal(october: Office):
    reference = october.rt.reference()
    conduct = reference.rules.conduct
    strict = replace(conduct, timetable=replace(conduct.timetable, approval=Approval.BEFORE_SEAL))
    october.rt._reference = replace(reference, rules=replace(reference.rules, conduct=strict), on=LATER.date())
    run = run_later(october)
    with refused("not_approved"):
        closing_month.seal(october.rt, october.actor("assessor"), run.id)
    closing_month.approve(october.rt, october.actor("leader"), run.id)
    assert closing_month.seal(october.rt, october.actor("assessor"), run.id).is_sealed


def test_a_withdrawn_run_is_not_sealed_and_the_next_run_is_another(october: Office):
    run = run_later(october)
    assert closing_month.withdraw(october.rt, october.actor("assessor"), run.id, "口径有误").state == "withdrawn"
    with refused("run_withdrawn"):
        closing_month.seal(october.rt, october.actor("assessor"), run.id)
    assert run_later(october).id != run.id


@pytest.mark.parametrize("username", ["unit_leader", "inspector", "dispatcher", "chief"])
def test_only_who_assesses_runs_and_seals(october: Office, username):
    run = run_later(october)
    actor = october.actor(username)
    for act in (
        lambda: assessing.request_run(october.rt, actor, PERIOD, RULES),
        lambda: closing_month.seal(october.rt, actor, run.id),
        lambda: closing_month.send(october.rt, actor, run.id),
        lambda: closing_month.withdraw(october.rt, actor, run.id, "x"),
    ):
        with pytest.raises(NotPermittedError):
            act()


def test_a_unit_sees_its_own_score_and_nobody_elses(october: Office):
    run = run_later(october)
    unit, other = october.actor("unit_leader"), october.actor("other_unit")
    assert assessing.subject_score(october.rt, unit, run.id, "NDJ-ZF")["lines"]
    for actor in (other, october.actor("inspector")):
        with pytest.raises(NotFoundError):
            assessing.subject_score(october.rt, actor, run.id, "NDJ-ZF")
    with pytest.raises(NotPermittedError):
        assessing.export(october.rt, unit, run.id)


def test_what_a_sealed_month_counted_is_not_taken_back(office: Office, monkeypatch):
    closed, void = reported_case(office), office.caller("inspector").file().json["number"]
    leader = office.caller("shift_leader")
    assert leader.act(void, "void", reason="test").status_code == 200
    assert leader.act(void, "restore", note="误作废").status_code == 200
    assert leader.act(void, "void", reason="test").status_code == 200
    sealed_month(office)
    leader = office.caller("shift_leader")
    answer = leader.act(void, "restore", note="误作废")
    assert (answer.status_code, answer.json["code"]) == (409, "month_is_sealed")
    offered = leader.get(f"/cases/{void}").json["available_actions"]
    assert "restore" not in {one["action"] for one in offered}
    # Long limits for reopening would outlast the seal.
    monkeypatch.setattr(deadlines, "reopen_until", lambda *_: LATER + SECOND)
    answer = leader.act(closed, "reopen", note="误结案")
    assert (answer.status_code, answer.json["code"]) == (409, "month_is_sealed")


def test_a_void_after_the_cut_off_is_no_matter_of_the_sealed_month(office: Office):
    number = office.caller("inspector").file().json["number"]
    office.clock.instant = LATER
    leader = office.caller("shift_leader")
    assert leader.act(number, "void", reason="test").status_code == 200
    sealed_month(office)
    assert office.caller("shift_leader").act(number, "restore", note="误作废").status_code == 200


def test_a_month_list_takes_as_many_statements_however_long_it_is(october: Office):
    from sqlalchemy import event

    october.clock.instant = LATER
    assessor = october.actor("assessor")
    seen: list[str] = []
    event.listen(october.rt.database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    lengths = []
    for number in range(3):
        assessing.request_run(october.rt, assessor, PERIOD, RULES, key=f"{number}")
        running_month.work_off(october.rt)
        october.rt.reference()
        seen.clear()
        assert len(assessing.runs(october.rt, assessor)) == number + 1
        lengths.append(len([one for one in seen if one.startswith("SELECT assessment")]))
    assert lengths == [2, 2, 2]


def test_drafts_make_themselves_once_and_reminders_come_once(october: Office):
    october.clock.instant = CUT_OFF - timedelta(days=1)
    assert closing_month.ask_drafts(october.rt) == 2  # of October, and of November so far
    assert closing_month.ask_drafts(october.rt) == 0
    assert running_month.work_off(october.rt) == 2
    october.clock.instant = CUT_OFF + SECOND
    assert closing_month.ask_drafts(october.rt) == 2  # October after its cut-off; another day of November
    running_month.work_off(october.rt)
    final = assessing.runs(october.rt, october.actor("assessor"), period=PERIOD)[0]
    assert (final.is_draft, final.is_kept, final.role) == (False, True, Role.SYSTEM)
    assert closing_month.remind(october.rt) > 0
    assert closing_month.remind(october.rt) == 0
    steps = [step for step, _ in closing_month.month(october.rt, october.actor("assessor"), PERIOD).reminders]
    assert steps == ["draft", "appeal"]


def test_the_score_so_far_names_cases_about_to_breach(office: Office):
    number = office.caller("inspector").file().json["number"]
    closing_month.ask_drafts(office.rt)
    running_month.work_off(office.rt)
    found = assessing.so_far(office.rt, office.actor("unit_leader"), PERIOD, RULES)
    assert [one["subject"] for one in found.scores] == ["NDJ-ZF"]
    assert [(one, unit) for one, unit, _ in found.breaching] == [(number, "NDJ-ZF")]
    assert assessing.so_far(office.rt, office.actor("other_unit"), PERIOD, RULES).breaching == ()
    assert found.run is not None
    with refused("export_not_made"):
        assessing.export(office.rt, office.actor("assessor"), found.run.id)


def test_a_what_if_tries_a_draft_on_sealed_months(october: Office):
    october.clock.instant = LATER
    assessor = october.actor("assessor")
    with october.rt.database.reading() as tx:
        period = month_facts.read_period(october.rt, PERIOD)
        body = dict(running_month.rule_document(tx, RULES, period).body)
    asked = assessing.WhatIfRequest(periods=(PERIOD,), document=body)
    with refused("invalid_input"):
        assessing.request_what_if(october.rt, assessor, asked)
    sealed_month(october)
    row, _ = assessing.request_what_if(october.rt, assessor, asked)
    assert running_month.work_off(october.rt) == 2  # and the package of the sealed month
    answer = assessing.one_what_if(october.rt, assessor, row.id).answer
    assert [one["difference"] for one in answer[0]["subjects"]] == ["0.00"]
