import random
from datetime import timedelta

import pytest

from gridcase.assessment.facts import AssignmentRow, CaseRow, Handling, fold
from gridcase.assessment.frames import (
    ACTION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    CASE_COLUMNS,
    TASK_COLUMNS,
    frames_of,
)
from gridcase.domain.case import CaseState, CheckMode
from tests.histories import MONDAY, History, closed_case, dispatched_case, minute

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
