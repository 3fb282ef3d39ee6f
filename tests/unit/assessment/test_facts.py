import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gridcase.assessment.facts import AssignmentRow, CaseRow, Handling, fold
from gridcase.assessment.frames import (
    ACTION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    CASE_COLUMNS,
    TASK_COLUMNS,
    frames_of,
)
from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, CheckMode, RequestKind, TaskKind, UnitCode
from gridcase.domain.history import Assisting, LimitedStage
from tests.histories import FIRE_LANE, MONDAY, History, closed_case, dispatched_case, due, minute

LATER = minute(60 * 24 * 20)


def row_of(history: History, cut_off=LATER) -> CaseRow:
    (row,) = fold(history.events, cut_off=cut_off).cases
    return row


def assignments_of(history: History, cut_off=LATER) -> tuple[AssignmentRow, ...]:
    return fold(history.events, cut_off=cut_off).assignments


def test_a_closed_case_has_all_its_instants():
    row = row_of(closed_case())

    assert (row.filed_at, row.registered_at, row.dispatched_at) == (MONDAY, minute(5), minute(10))
    assert (row.reported_at, row.checked_at, row.closed_at) == (minute(100), minute(102), minute(120))
    assert (row.handle_due_at, row.original_handle_due_at) == (minute(130), minute(130))
    assert (row.close_due_at, row.register_due_at, row.dispatch_due_at) == (minute(600), minute(60), minute(65))
    assert (row.district, row.street, row.community) == ("320404", "320404005", "320404005001")
    assert (row.state, row.unit, row.first_unit) == (CaseState.CLOSED, "U1", "U1")
    assert (row.scheme, row.kind, row.code) == ("GBT47678.5-2026", "event", "09012")
    assert (row.filed_by, row.closed_by) == ("inspector/1", "shift_leader/6")
    assert row.check_mode is CheckMode.ON_SITE


HANDLINGS = [
    ("no deadline yet", History().filed().registered(), Handling.NOT_DUE),
    ("not reported, deadline to come", dispatched_case(handle_by=60 * 24 * 30), Handling.NOT_DUE),
    ("not reported, deadline passed", dispatched_case(), Handling.OVERDUE_OPEN),
    ("accepted is not reported", dispatched_case().accepted(20), Handling.OVERDUE_OPEN),
    ("returned, the clock runs on", dispatched_case().returned(20), Handling.OVERDUE_OPEN),
    ("reported exactly at the deadline", dispatched_case().reported(130), Handling.ON_TIME),
    ("reported within the second of the deadline", dispatched_case().reported(130 + 0.9 / 60), Handling.ON_TIME),
    ("reported a second late", dispatched_case().reported(130 + 1 / 60), Handling.OVERDUE),
    ("the check is asked", dispatched_case().reported(100).check_asked(101), Handling.ON_TIME),
    ("the check passed late", dispatched_case().reported(100).check_asked(101).checked(900), Handling.ON_TIME),
    ("the check failed", dispatched_case().reported(100).check_asked(101).checked(102, "fail"), Handling.OVERDUE_OPEN),
    (
        "asked again after a failed check",
        dispatched_case().reported(100).check_asked(101).checked(102, "fail").check_asked(103),
        Handling.ON_TIME,
    ),
    (
        "reworked, reported within the new deadline",
        dispatched_case()
        .reported(100)
        .check_asked(101)
        .checked(102, "fail")
        .reworked(103, handle_by=163)
        .reported(163),
        Handling.ON_TIME,
    ),
    (
        "reworked, reported after the new deadline",
        dispatched_case()
        .reported(100)
        .check_asked(101)
        .checked(102, "fail")
        .reworked(103, handle_by=163)
        .reported(164),
        Handling.OVERDUE,
    ),
    (
        "once overdue stays overdue, even within a new deadline",
        dispatched_case()
        .reported(140)
        .check_asked(141)
        .checked(142, "fail")
        .reworked(143, handle_by=203)
        .reported(150),
        Handling.OVERDUE,
    ),
    (
        "once overdue and reworked is overdue and open at once",
        dispatched_case().reported(140).check_asked(141).checked(142, "fail").reworked(143, handle_by=60 * 24 * 30),
        Handling.OVERDUE_OPEN,
    ),
    ("void", dispatched_case().voided(20), Handling.LEFT),
    ("void after a late report", dispatched_case().reported(140).voided(150), Handling.LEFT),
    ("closed without a recorded report, in time", dispatched_case().closed(130), Handling.ON_TIME),
    ("closed without a recorded report, late", dispatched_case().closed(131), Handling.OVERDUE),
]


@pytest.mark.parametrize(("sentence", "history", "expected"), HANDLINGS, ids=[line[0] for line in HANDLINGS])
def test_handling_of_a_case_and_its_last_assignment(sentence, history, expected):
    rows = fold(history.events, cut_off=LATER)

    assert rows.cases[0].handling is expected
    assert [row.handling for row in rows.assignments[-1:]] in ([expected], [])


def test_a_deadline_equal_to_the_cut_off_has_not_passed():
    history = dispatched_case()

    assert row_of(history, minute(130)).handling is Handling.NOT_DUE
    assert row_of(history, minute(130) + timedelta(seconds=1)).handling is Handling.OVERDUE_OPEN


PASSED_ON = [
    # reason, minute of the reassignment, what becomes of the first assignment
    ("wrong_unit", 50, Handling.LEFT),
    ("wrong_unit", 150, Handling.LEFT),  # late, but not this unit's
    ("capacity", 50, Handling.LEFT),  # the remaining time went with the case
    ("capacity", 150, Handling.OVERDUE_OPEN),  # lateness already incurred stays
]


@pytest.mark.parametrize(("reason", "at", "expected"), PASSED_ON)
def test_an_assignment_that_was_passed_on(reason, at, expected):
    history = dispatched_case().returned(20).reassigned(at, unit="U2", reason=reason, handle_by=130).reported(129)
    first, second = assignments_of(history)

    assert first.handling is expected
    assert first.leaves_due is (reason == "wrong_unit")
    assert first.ended_at == minute(at)
    assert (second.unit, second.handling) == ("U2", Handling.ON_TIME)
    assert (first.returns, second.returns) == (1, 0)


def test_a_case_follows_its_last_assignment():
    history = dispatched_case().reassigned(150, unit="U2", reason="wrong_unit", handle_by=300).reported(250)
    row = row_of(history)

    assert (row.first_unit, row.unit, row.handling) == ("U1", "U2", Handling.ON_TIME)
    assert (row.handle_due_at, row.close_due_at) == (minute(300), minute(770))


def test_rework_keeps_the_original_deadline_beside_the_one_in_force():
    failed = dispatched_case().reported(100).check_asked(101).checked(102, "fail")
    row = row_of(failed.reworked(103, handle_by=200))

    assert (row.original_handle_due_at, row.handle_due_at) == (minute(130), minute(200))
    assert (row.reworks, row.failed_checks, row.reported_at) == (1, 1, None)


def test_lines_after_the_cut_off_are_passed_over():
    row = row_of(closed_case(), minute(119))

    assert (row.state, row.closed_at, row.reported_at) == (CaseState.REPORTED, None, minute(100))
    assert fold(closed_case().events, cut_off=minute(-1)).cases == ()


def test_a_line_recorded_at_the_cut_off_counts():
    assert row_of(closed_case(), minute(120)).closed_at == minute(120)


CHECKS = [
    # received, seen by the device, late against minute 200
    (200, None, False),
    (201, None, True),
    (500, 200, False),  # no network: capture time decides
    (500, 201, True),
]


@pytest.mark.parametrize(("received", "seen", "late"), CHECKS)
def test_capture_time_decides_whether_a_check_is_late(received, seen, late):
    history = dispatched_case().reported(100).check_asked(101, by=200).checked(received, observed=seen)
    (task,) = fold(history.events, cut_off=LATER).tasks

    assert (task.late, task.post, task.unit, task.done_at) == (late, "inspector/9", "U1", minute(received))


def test_a_waived_check_is_no_task():
    rows = fold(dispatched_case().reported(100).check_waived(101).closed(102).events, cut_off=LATER)

    assert rows.tasks == ()
    assert (rows.cases[0].check_mode, rows.cases[0].checked_at) == (CheckMode.WAIVED, None)


def test_reporting_and_returning_imply_acceptance():
    (reported,) = assignments_of(dispatched_case().reported(30))
    (returned,) = assignments_of(dispatched_case().returned(31))
    (accepted,) = assignments_of(dispatched_case().accepted(20).reported(30))

    assert [row.accepted_at for row in (reported, returned, accepted)] == [minute(30), minute(31), minute(20)]


def test_the_order_of_lines_and_cases_is_irrelevant():
    histories = [closed_case("C1"), dispatched_case("C2").returned(40), History("C3").filed()]
    events = [event for history in histories for event in history.events]
    expected = fold(events, cut_off=LATER)
    random.Random(7).shuffle(events)

    assert fold(events, cut_off=LATER) == expected
    assert [row.case for row in expected.cases] == ["C1", "C2", "C3"]


def test_a_frame_has_every_field_of_its_row():
    rows = fold(closed_case().events, cut_off=LATER)
    pairs = [
        (rows.cases, CASE_COLUMNS),
        (rows.assignments, ASSIGNMENT_COLUMNS),
        (rows.tasks, TASK_COLUMNS),
        (rows.actions, ACTION_COLUMNS),
    ]

    for lines, columns in pairs:
        assert set(type(lines[0]).__slots__) <= set(columns)


def test_frames_without_rows_have_all_columns():
    empty, full = (frames_of(fold(events, cut_off=LATER)) for events in ([], closed_case().events))

    for name in ("cases", "assignments", "tasks", "actions"):
        assert getattr(empty, name).schema == getattr(full, name).schema
        assert len(getattr(empty, name)) == 0


def reclocked(history: History, at: float, dues: dict[LimitedStage, float], **facts: Any) -> History:
    assert history.state is not None
    return history.step(at, Action.RECLOCK, history.state, by=(Role.SYSTEM, 0), dues=dues, **facts)


def test_a_recomputed_deadline_decides_and_the_original_stays():
    late = dispatched_case().reported(140)
    row = row_of(reclocked(late, 150, {LimitedStage.HANDLE: 140, LimitedStage.CLOSE: 610}, assignment=1))

    assert row_of(dispatched_case().reported(140)).handling is Handling.OVERDUE
    assert row.handling is Handling.ON_TIME
    assert (row.original_handle_due_at, row.handle_due_at, row.close_due_at) == (minute(130), minute(140), minute(610))


def test_a_recomputed_registration_deadline_decides_though_it_was_registered_before():
    late = History().filed(register_by=60).registered(61)

    assert row_of(late).registered_late
    assert not row_of(reclocked(late, 70, {LimitedStage.REGISTER: 61})).registered_late


@pytest.mark.parametrize(("to", "late"), [(150, False), (149, True)])
def test_a_recomputed_check_deadline_is_that_of_the_task_once_it_is_asked(to, late):
    history = dispatched_case().reported(100).check_asked(101, by=120).checked(150)
    (task,) = fold(reclocked(history, 160, {LimitedStage.CHECK: to}).events, cut_off=LATER).tasks

    assert (task.due_at, task.late) == (minute(to), late)


def test_a_recomputed_check_deadline_is_that_of_the_report_before_a_task_is_asked():
    history = reclocked(dispatched_case().reported(100, check_by=110), 105, {LimitedStage.CHECK: 120})
    asked = fold(history.check_asked(120).events, cut_off=LATER).actions[-1]

    assert not asked.late
    assert fold(dispatched_case().reported(100, check_by=110).check_asked(120).events, cut_off=LATER).actions[-1].late


def test_a_recomputed_deadline_of_an_assisting_unit_is_its_own():
    moved = (Assisting(assignment=2, unit=UnitCode("U8"), due=due(LimitedStage.HANDLE, minute(60))),)
    history = reclocked(dispatched_case(assisting={"U8": 50}), 20, {}, assisting=moved).assisted(60, assignment=2)
    lead, helper = assignments_of(history)

    assert (lead.is_lead, lead.handle_due_at) == (True, minute(130))
    assert (helper.is_lead, helper.unit, helper.handle_due_at, helper.ended_at) == (False, "U8", minute(60), minute(60))
    assert (helper.handling, helper.original_handle_due_at) == (Handling.ON_TIME, minute(50))


CONDITIONS = [
    # where the correction is made, condition afterwards
    (History(condition="1").filed(), None),  # of the former type; registration will name the new one
    (History(condition="1").filed().registered(), "1"),  # chosen again, so not said again
]


@pytest.mark.parametrize(("history", "condition"), CONDITIONS)
def test_a_corrected_type_takes_its_condition_along_only_once_registered(history, condition):
    corrected = history.said(20, Action.CORRECT, type=replace(FIRE_LANE, code="08004"))

    assert (row_of(corrected).code, row_of(corrected).condition) == ("08004", condition)


def test_a_withdrawn_dispatch_leaves_no_assignment():
    history = dispatched_case(assisting={"U8": 50, "U9": 50}).assisted(20, assignment=2).dispatch_withdrawn(30)
    row = row_of(history)

    assert (row.unit, row.first_unit, row.dispatched_at, row.handling) == (None, None, None, Handling.NOT_DUE)
    # What the assisting unit had done already, it did.
    assert [(one.unit, one.handling) for one in assignments_of(history)] == [("U8", Handling.ON_TIME)]


def test_a_dispatch_withdrawn_after_a_reassignment_leaves_the_first_one():
    history = dispatched_case().reassigned(30, unit="U2", reason="wrong_unit", handle_by=160).dispatch_withdrawn(40)
    row = row_of(history.dispatched(50, unit="U3", handle_by=170))

    assert (row.first_unit, row.unit, row.dispatched_at) == ("U1", "U3", minute(10))
    assert not row.accurately_dispatched
    assert [one.unit for one in assignments_of(history)] == ["U1", "U3"]


def test_arbitration_for_the_same_unit_opens_no_assignment():
    kept = assignments_of(dispatched_case().returned(20).kept_by_arbitration(30))
    moved = dispatched_case().returned(20)
    moved.reassigned(30, unit="U2", reason="capacity", handle_by=130, action=Action.ARBITRATE)

    assert [(one.unit, one.ended_at) for one in kept] == [("U1", None)]
    assert [(one.unit, one.ended_at) for one in assignments_of(moved)] == [("U1", minute(30)), ("U2", None)]


def test_what_became_of_a_case_outside_the_cycle():
    duplicate, moved, done = (
        row_of(one)
        for one in (History().filed().linked(3, "C0"), dispatched_case().transferred(20), History().self_handled())
    )

    assert (duplicate.lead_case, duplicate.void_at, duplicate.handling) == ("C0", None, Handling.LEFT)
    assert (moved.transferred_to, moved.transferred_at, moved.handling) == ("emergency", minute(20), Handling.LEFT)
    assert (done.self_handled, done.closed_at, done.is_closed, done.closed_by) == (True, MONDAY, False, None)
    assert (done.handling, done.accepted_at, done.registered_at) == (Handling.NOT_DUE, MONDAY, None)


def test_a_self_handled_case_that_is_reopened_goes_the_way_of_the_others():
    history = History().self_handled().looked_at_again(10, by=100).reopened(20)
    row, (task,) = row_of(history), fold(history.events, cut_off=LATER).tasks

    assert (row.state, row.self_handled, row.closed_at, row.reopens) == (CaseState.RECEIVED, False, None, 1)
    assert (task.withdrawn_at, task.counted) == (minute(20), False)
    assert row_of(history.registered(80)).registered_late is False  # the limit starts anew at the reopening
    assert row_of(history.dispatched(90).reported(95).check_waived(96).closed(97)).is_closed


def test_a_failed_look_at_a_self_handled_case_stands_on_it():
    row = row_of(History().self_handled().looked_at_again(10, by=100).checked(20, "fail"))

    assert (row.failed_checks, row.checked_at, row.self_handled) == (1, minute(20), True)


def test_a_verification_has_its_own_task_and_result():
    history = History().filed().verification_asked(5, by=60).verified(70, "not_found", observed=60)
    row, (task,) = row_of(history), fold(history.events, cut_off=LATER).tasks

    assert (row.verified, row.accepted_at, row.accepted_by) == ("not_found", minute(5), "acceptor/2")
    assert (task.kind, task.unit, task.result, task.late) == (TaskKind.VERIFY, None, "not_found", False)


def test_a_correction_that_was_asked_for_holds_no_deadline():
    history = dispatched_case().said(20, Action.CORRECT, request=1, request_kind=RequestKind.CORRECTION, assignment=1)

    assert row_of(history).handling is Handling.OVERDUE_OPEN
