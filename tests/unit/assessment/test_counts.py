from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridcase.assessment.counts import GROUPS, amounts_of_cases, case_numbers, cases_behind, count, count_names
from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.selection import Attribution, CountBy, Filters, Selection
from gridcase.domain.case import Action, CaseKind, CaseState, CellCode, Channel, Scheme, Source, TypeKey
from gridcase.domain.time import Period
from tests.histories import CELL, MONDAY, History, closed_case, dispatched_case, minute

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Period.parse("2026-10", zone=ZONE)
NOVEMBER = Period.parse("2026-11", zone=ZONE)
DAY = 24 * 60
LATER = minute(30 * DAY)
DUST = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="08004")


def frames(*histories: History, cut_off=LATER):
    return frames_of(fold([event for one in histories for event in one.events], cut_off=cut_off))


def counts(*histories, period=OCTOBER, by=CountBy.AREA, attribution=Attribution.DEADLINE, **options):
    filters = options.pop("filters", Filters())
    selection = Selection(period=period, by=by, attribution=attribution, filters=filters)
    return {row.subject: row.counts for row in count(frames(*histories, **options), selection)}


def total(name, *histories, **options):
    return sum(row.get(name, 0) for row in counts(*histories, **options).values())


def failed(number="C1", *, false_feedback=False, **options):
    asked = dispatched_case(number, **options).reported(100).check_asked(101)
    return asked.checked(102, "fail", false_feedback=false_feedback)


def verifying(**options):
    return History(source=Source.PUBLIC).filed().verification_asked(10, **options)


def repeating(at=1, **told):
    return History().filed().found(at, "recurrence", **({"earlier": "C0", "unit": "U7"} | told))


def superiors():
    return History(source=Source.SUPERIOR).filed()


def moved(history, *, reason="capacity", at=50, **options):
    return history.reassigned(at, unit="U2", reason=reason, handle_by=options.pop("handle_by", 130), **options)


# name, a history that counts, one that does not: the wrong case beside each (D1)
TABLE = [
    ("recurrent", repeating(), History().filed()),
    ("recurrent", repeating().reviewed(60, "recurrence", "grant"), repeating().reviewed(60, "recurrence", "refuse")),
    ("recurrent", repeating(), repeating().found(9, "recurrence", withdrawn=True)),
    ("recurrent", repeating(), repeating().voided(9)),
    ("recurrent", repeating(), superiors().found(1, "missed")),
    (
        "recurrent",  # found anew after a correction, dismissed or not
        repeating().found(9, "recurrence", withdrawn=True).found(20, "recurrence", earlier="C9", unit="U7"),
        repeating().found(9, "recurrence", withdrawn=True).reviewed(20, "recurrence", "grant"),
    ),
    ("missed", superiors().found(1, "missed"), superiors()),
    ("missed", superiors().found(1, "missed").reviewed(5, "recurrence", "refuse"), repeating()),
    ("missed", superiors().found(1, "missed"), superiors().found(1, "missed").reviewed(5, "missed", "refuse")),
    ("missed", superiors().found(1, "missed"), superiors().found(1, "missed").found(2, "missed", withdrawn=True)),
    ("missed", superiors().found(1, "missed"), superiors().found(1, "missed").linked(5)),
    ("false_feedback", failed(false_feedback=True), failed()),
    ("false_feedback", failed(false_feedback=True).reworked(103, handle_by=200), closed_case()),
    ("false_feedback", failed(false_feedback=True), failed(false_feedback=True).voided(200)),
    ("accepted", verifying(), History().filed()),
    ("accepted", History().self_handled(), History().filed().linked(3)),
    ("self_handled", History().self_handled(), closed_case()),
    ("self_handled", History().self_handled(), History().self_handled().reopened(50)),
    ("valid", History().self_handled(), History().filed().registered().linked(9)),
    ("valid", History().filed().registered().linked(9).unlinked(20).registered(21), History().filed().linked(9)),
    ("valid", History().filed().voided(3).restored(4, CaseState.RECEIVED).registered(), History().filed().voided(3)),
    ("duplicates", History().filed().linked(3), History().filed().voided(3)),
    ("duplicates", History().filed().linked(3), History().filed().linked(3).unlinked(4)),
    ("invalid_report", History().filed().voided(3), History().filed().linked(3)),
    ("void", History().filed().voided(3), History().filed().linked(3)),
    ("void", History().filed().voided(3), History().filed().voided(3).restored(4, CaseState.RECEIVED)),
    (
        "void",
        History().filed().voided(3).restored(4, CaseState.RECEIVED).voided(5),
        History().filed().voided(3).restored(4, CaseState.RECEIVED).linked(5),
    ),
    ("registered", History().filed().registered().linked(9), History().self_handled()),
    ("registered", History().filed().registered(), History().filed().registered().linked(9).unlinked(20)),
    (
        "registered_on_time",  # unlinked, it is registered anew, with a limit of its own
        History().filed().registered().linked(9).unlinked(20, register_by=80).registered(80),
        History().filed().registered().linked(9).unlinked(20, register_by=80).registered(81),
    ),
    ("transferred", dispatched_case().transferred(20), dispatched_case().voided(20)),
    ("due_to_handle", dispatched_case(), dispatched_case().transferred(200)),
    ("due_to_handle", dispatched_case(), History().self_handled()),
    ("due_to_handle", dispatched_case().voided(20).restored(30, CaseState.DISPATCHED), dispatched_case().voided(20)),
    ("dispatched", dispatched_case(), dispatched_case().dispatch_withdrawn(20)),
    ("dispatched", dispatched_case().dispatch_withdrawn(20).dispatched(30, unit="U2"), History().self_handled()),
    ("accurately_dispatched", dispatched_case(), dispatched_case().dispatch_withdrawn(20)),
    ("due_to_handle", dispatched_case(), dispatched_case().dispatch_withdrawn(20)),
    (
        "dispatched_on_time",  # the dispatch clock runs on
        dispatched_case().dispatch_withdrawn(20).dispatched(65),
        dispatched_case().dispatch_withdrawn(20).dispatched(66),
    ),
    (
        "accurately_dispatched",
        dispatched_case().returned(20).return_rejected(30),
        moved(dispatched_case().returned(20), reason="wrong_unit", action=Action.ARBITRATE),
    ),
    ("overdue_open", dispatched_case().returned(20).kept_by_arbitration(30), dispatched_case().transferred(30)),
    ("handled_on_time", dispatched_case().extended(20, handle_by=200).reported(200), dispatched_case().reported(200)),
    (
        "handled_on_time",
        dispatched_case().extended(20, handle_by=200).reported(200),
        dispatched_case().extended(20, handle_by=200).reported(201),
    ),
    (
        "overdue_open",
        dispatched_case().asked_for("extension", 20).refused("extension", 30, asked=20),
        dispatched_case().asked_for("extension", 130),
    ),
    (
        "overdue_open",  # a request falls with the return
        dispatched_case().asked_for("extension", 20).returned(30),
        dispatched_case().asked_for("extension", 20),
    ),
    ("overdue_open", dispatched_case().suspended(131), dispatched_case().suspended(130)),
    ("overdue_open", dispatched_case().asked_for("suspension", 20), dispatched_case().suspended(20)),
    ("overdue_open", dispatched_case().suspended(20).resumed(500, handle_by=600), dispatched_case().suspended(20)),
    (
        "handled_on_time",
        dispatched_case().suspended(20).resumed(500, handle_by=600).reported(600),
        dispatched_case().suspended(20).resumed(500, handle_by=600).reported(601),
    ),
    (
        "handled_overdue",  # lateness incurred before the suspension stays
        dispatched_case().suspended(140).resumed(500, handle_by=130).reported(501),
        dispatched_case().suspended(120).resumed(500, handle_by=510).reported(501),
    ),
    ("suspended", dispatched_case().suspended(20), dispatched_case().suspended(20).resumed(30, handle_by=140)),
    ("suspension_cases", dispatched_case().suspended(20).resumed(30, handle_by=140), dispatched_case()),
    ("suspension_cases", dispatched_case().suspended(20), dispatched_case().asked_for("suspension", 20)),
    (
        "extension_cases",
        dispatched_case().extended(20, handle_by=200),
        dispatched_case().asked_for("extension", 20).refused("extension", 30, asked=20),
    ),
    ("supervision_cases", dispatched_case().supervised(20, answer_by=60), dispatched_case().said(20, Action.URGE)),
    (
        "supervision_answered_on_time",
        dispatched_case().supervised(20, answer_by=60).answered(60),
        dispatched_case().supervised(20, answer_by=60).answered(61),
    ),
    ("supervision_answered_on_time", dispatched_case().supervised(20, answer_by=60).answered(30), dispatched_case()),
    ("reopened", closed_case().reopened(200), closed_case()),
    ("reopened", History().self_handled().reopened(20), History().self_handled()),
    ("closed", closed_case().reopened(200).check_waived(201).closed(202), closed_case().reopened(200)),
    ("closed", closed_case(), History().self_handled()),
    ("handled_on_time", dispatched_case().assigned_within(20).confirmed(130), dispatched_case().assigned_within(20)),
    ("check_asked", closed_case(), dispatched_case().reported(100).check_asked(101, by=200).task_withdrawn(200)),
    (
        "check_asked",
        dispatched_case().reported(100).check_asked(101, by=200).task_withdrawn(201),
        dispatched_case().reported(100).check_asked(101, by=200).transferred(150),
    ),
    ("verify_asked", verifying(), History().filed().registered()),
    ("verify_asked", verifying(by=60).task_withdrawn(61), verifying(by=60).task_withdrawn(60)),
    ("verify_asked", verifying(), closed_case()),
    ("verify_on_time", verifying(by=60).verified(60), verifying(by=60).verified(61)),
    ("verify_on_time", verifying(by=60).verified(90, observed=60), verifying(by=60).verified(90, observed=61)),
    ("verify_on_time", verifying(by=60).task_passed_on(61, by=120).verified(120), verifying(by=60)),
    ("filed", History().filed(), History().filed(at=30 * DAY - 1)),
    ("filed_from_inspector", History().filed(), History(source=Source.PUBLIC).filed()),
    ("filed_from_public", History(source=Source.PUBLIC).filed(), History().filed()),
    ("accepted", History().filed().registered(), History().filed().voided(3)),
    ("valid", History().filed().registered(), History().filed()),
    ("valid", History().filed().registered(), History().filed().registered().voided(9)),
    ("invalid_report", History().filed().voided(9), History().filed()),
    ("registered", History().filed().registered().voided(9), History().filed().voided(9)),
    ("registered_on_time", History().filed().registered(60), History().filed().registered(61)),
    ("void", History().filed().voided(9), History().filed().registered()),
    ("void_after_registration", History().filed().registered().voided(9), History().filed().voided(9)),
    ("registered_then_void", History().filed().registered().voided(9), History().filed().registered()),
    ("dispatched", dispatched_case(), History().filed().registered()),
    (
        "dispatched_on_time",
        History().filed().registered().dispatched(65),
        History().filed().registered().dispatched(66),
    ),
    ("accurately_dispatched", dispatched_case(), History().filed().registered()),
    (
        "accurately_dispatched",
        dispatched_case().returned(20).reassigned(30, unit="U2", reason="capacity", handle_by=130),
        dispatched_case().returned(20).reassigned(30, unit="U2", reason="wrong_unit", handle_by=130),
    ),
    (
        "accurately_dispatched",  # it is the first assignment that counts
        dispatched_case()
        .reassigned(30, unit="U2", reason="capacity", handle_by=130)
        .reassigned(40, unit="U3", reason="wrong_unit", handle_by=130),
        dispatched_case().reassigned(30, unit="U2", reason="wrong_unit", handle_by=130),
    ),
    ("due_to_handle", dispatched_case(), dispatched_case().voided(20)),
    ("due_to_handle", dispatched_case().reported(100), dispatched_case(handle_by=40 * DAY)),
    ("handled_on_time", dispatched_case().reported(130), dispatched_case().reported(131)),
    ("handled_on_time", dispatched_case().reported(130), dispatched_case()),
    ("handled_overdue", dispatched_case().reported(131), dispatched_case().reported(130)),
    ("overdue_open", dispatched_case(), dispatched_case().reported(131)),
    ("overdue_open", failed(), failed().check_asked(104)),
    ("due_to_close", closed_case(), dispatched_case().reported(100)),
    ("due_to_close", dispatched_case(), History().filed().registered()),
    ("closed", closed_case(), dispatched_case().reported(100)),
    ("closed_on_time", closed_case(close=600), closed_case(close=601)),
    ("closed_overdue", closed_case(close=601), closed_case(close=600)),
    ("closed_within_handling_limit", closed_case(close=130), closed_case(close=131)),
    ("closed_past_handling_limit", closed_case(close=131), closed_case(close=130)),
    ("rework_cases", failed().reworked(103, handle_by=200), failed()),
    ("failed_check_cases", failed(), closed_case()),
    ("return_cases", dispatched_case().returned(20), dispatched_case()),
    ("check_asked", dispatched_case().reported(100).check_asked(101), dispatched_case().reported(100)),
    (
        "check_asked",
        dispatched_case().reported(100).check_asked(101),
        dispatched_case().reported(100).check_waived(101),
    ),
    (
        "check_on_time",
        dispatched_case().reported(100).check_asked(101, by=200).checked(200),
        dispatched_case().reported(100).check_asked(101, by=200).checked(201),
    ),
    ("check_on_time", closed_case(), dispatched_case().reported(100).check_asked(101)),
]


def all_totals(name, history):
    """Total of a count by cases and by assignments, where it has a meaning; the frames are made once."""
    found = frames(history)
    views = [by for by in (CountBy.AREA, CountBy.UNIT) if name in count_names(by)]
    return [sum(row.counts[name] for row in count(found, Selection(period=OCTOBER, by=by))) for by in views]


@pytest.mark.parametrize(("name", "counted", "other"), TABLE, ids=[line[0] for line in TABLE])
def test_a_count_and_the_case_beside_it_that_does_not_count(name, counted, other):
    assert set(all_totals(name, counted)) == {1}
    assert set(all_totals(name, other)) == {0}


def test_verification_and_what_was_missed_are_no_matter_of_units():
    without = set(count_names(CountBy.AREA)) - set(count_names(CountBy.UNIT))

    assert without == {"verify_asked", "verify_on_time", "missed"}


def test_every_count_of_the_area_view_is_in_the_table_or_counts_times():
    tested = {line[0] for line in TABLE}
    others = {name for name in count_names(CountBy.AREA) if name not in tested}

    assert {name for name in others if not name.startswith("filed_from_")} == {
        "rework_events",
        "failed_check_events",
        "return_events",
        "extension_events",
        "suspension_events",
        "supervision_events",
    }


def test_a_recurrence_is_charged_to_the_unit_that_handled_the_earlier_case_in_the_new_case_s_month():
    repeat = dispatched_case("C2", unit="U1").found(11, "recurrence", earlier="C1", unit="U7")
    rows = counts(closed_case("C1"), repeat, by=CountBy.UNIT)

    assert {unit: row["recurrent"] for unit, row in rows.items()} == {"U1": 0, "U7": 1}
    assert rows["U7"]["filed"] == 0
    assert total("recurrent", repeat, period=NOVEMBER) == 0
    assert total("recurrent", repeat, cut_off=minute(10)) == 0  # not found yet


def test_false_feedback_counts_for_the_unit_that_gave_it():
    rows = counts(moved(failed(false_feedback=True), at=150, handle_by=400), by=CountBy.UNIT)

    assert [rows[unit]["false_feedback"] for unit in ("U1", "U2")] == [1, 0]


def test_cases_are_counted_once_and_times_every_time():
    twice = failed().reworked(103, handle_by=200).reported(110).check_asked(111).checked(112, "fail")
    twice = twice.reworked(113, handle_by=210)
    row = counts(twice, dispatched_case("C2"))[CELL[:12]]

    assert (row["rework_cases"], row["rework_events"]) == (1, 2)
    assert (row["failed_check_cases"], row["failed_check_events"]) == (1, 2)
    assert (row["extension_cases"], row["extension_events"]) == (0, 0)


def test_requests_and_supervisions_count_as_often_as_they_were_granted_and_made():
    history = dispatched_case().extended(20, handle_by=200).extended(30, handle_by=300).suspended(40)
    history.resumed(50, handle_by=310).suspended(60).resumed(70, handle_by=330)
    history.supervised(80, answer_by=90).supervised(81, answer_by=90, number=2).answered(85).answered(95, number=2)
    row = counts(history)[CELL[:12]]

    assert (row["extension_cases"], row["extension_events"]) == (1, 2)
    assert (row["suspension_cases"], row["suspension_events"]) == (1, 2)
    assert (row["supervision_cases"], row["supervision_events"]) == (1, 2)
    assert row["supervision_answered_on_time"] == 1


def test_an_extension_and_a_supervision_count_for_the_unit_that_had_the_case():
    history = dispatched_case().extended(20, handle_by=200).supervised(30, answer_by=60)
    rows = counts(moved(history, at=210, handle_by=200), by=CountBy.UNIT)

    assert [rows[unit]["extension_events"] for unit in ("U1", "U2")] == [1, 0]
    assert [rows[unit]["supervision_events"] for unit in ("U1", "U2")] == [1, 0]


def test_assisting_units_are_judged_by_their_own_deadlines_and_nothing_else():
    history = dispatched_case(assisting={"U8": 50, "U9": 50}).assisted(50, assignment=2).assisted(51, assignment=3)
    history.reported(100).check_waived(101).closed(102)
    rows = counts(history, by=CountBy.UNIT)
    names = ("dispatched", "accurately_dispatched", "due_to_handle", "handled_on_time", "handled_overdue", "closed")

    assert [rows["U1"][name] for name in names] == [1, 1, 1, 1, 0, 1]
    assert [rows["U8"][name] for name in names] == [0, 0, 1, 1, 0, 0]
    assert [rows["U9"][name] for name in names] == [0, 0, 1, 0, 1, 0]
    assert counts(history)[CELL[:12]]["due_to_handle"] == 1


def test_an_assisting_unit_that_never_reported_is_overdue_once_its_deadline_passed():
    open_one = dispatched_case(assisting={"U8": 50}).reported(100)
    in_time = dispatched_case(assisting={"U8": 500}).reported(100).check_waived(101).closed(102)

    assert counts(open_one, by=CountBy.UNIT)["U8"]["overdue_open"] == 1
    assert counts(in_time, by=CountBy.UNIT).get("U8", {}).get("due_to_handle", 0) == 0


def test_a_self_handled_case_is_in_no_other_count_under_any_attribution():
    history = History().self_handled().looked_at_again(10, by=100).checked(90)
    for attribution in Attribution:
        row = counts(history, attribution=attribution)[CELL[:12]]
        found = {name for name, number in row.items() if number}
        expected = {"filed", "filed_from_inspector", "valid", "self_handled", "accepted", "check_asked"}
        assert found == expected | {"check_on_time"}


def test_a_corrected_case_counts_for_its_new_area_and_type():
    far = CellCode("320404005002001")
    history = dispatched_case().said(50, Action.CORRECT, type=DUST, condition="2", cell=far)

    assert list(counts(history)) == ["320404005002"]
    assert list(counts(history, by=CountBy.TYPE)) == [str(DUST)]


def test_what_is_said_aside_counts_for_nothing():
    plain = dispatched_case().reported(100)
    aside = dispatched_case()
    for action in (Action.URGE, Action.COMMENT, Action.ATTACH, Action.ESCALATE):
        aside.said(50, action)

    assert counts(aside.reported(100)) == counts(plain)
    assert counts(dispatched_case().assigned_within(20).reported(100)) == counts(plain)


def test_a_task_passed_on_after_its_limit_was_asked_of_both_inspectors():
    rows = counts(verifying(by=60).task_passed_on(61, by=120).verified(120), by=CountBy.POST)
    early = counts(verifying(by=60).task_passed_on(60, by=120).verified(121), by=CountBy.POST)

    assert (rows["inspector/9"]["verify_asked"], rows["inspector/9"]["verify_on_time"]) == (1, 0)
    assert (rows["inspector/10"]["verify_asked"], rows["inspector/10"]["verify_on_time"]) == (1, 1)
    assert "inspector/9" not in early
    assert (early["inspector/10"]["verify_asked"], early["inspector/10"]["verify_on_time"]) == (1, 0)


def test_a_verification_is_sent_on_time_while_the_registration_clock_runs():
    in_time = History("C1").filed(register_by=60).verification_asked(60)
    late = History("C2").filed(register_by=60).verification_asked(61)
    row = counts(in_time, late, by=CountBy.POST)["acceptor/2"]

    assert (row["tasks_sent"], row["tasks_sent_on_time"], row["accepted"]) == (2, 1, 2)
    assert (row["verify_sent"], row["verify_sent_on_time"], row["check_sent"]) == (2, 1, 0)


def test_the_finder_of_a_duplicate_and_of_a_self_handled_case_has_the_credit():
    rows = counts(History("C1").filed().linked(3), History("C2").self_handled(), by=CountBy.POST)

    assert (rows["inspector/1"]["duplicates"], rows["inspector/1"]["self_handled"]) == (1, 1)
    assert (rows["inspector/1"]["filed"], rows["inspector/1"]["valid"]) == (2, 1)


def test_an_upheld_return_counts_for_its_unit_though_nothing_was_due():
    history = dispatched_case().returned(20).reassigned(30, unit="U2", reason="wrong_unit", handle_by=130)
    rows = counts(history, by=CountBy.UNIT)

    assert (rows["U1"]["return_cases"], rows["U1"]["due_to_handle"]) == (1, 0)
    assert (rows["U2"]["return_cases"], rows["U2"]["overdue_open"]) == (0, 1)


def test_units_are_judged_by_assignments_and_areas_by_cases():
    history = dispatched_case().reassigned(150, unit="U2", reason="capacity", handle_by=130).reported(160)

    assert counts(history)[CELL[:12]]["due_to_handle"] == 1
    by_unit = counts(history, by=CountBy.UNIT)
    assert (by_unit["U1"]["overdue_open"], by_unit["U2"]["handled_overdue"]) == (1, 1)


def test_by_unit_a_case_is_filed_once_and_dispatch_is_the_first_unit_s():
    history = dispatched_case().reassigned(30, unit="U2", reason="wrong_unit", handle_by=130)
    rows = counts(history, History("C2").filed(), by=CountBy.UNIT)

    assert [rows[unit]["filed"] for unit in ("U1", "U2", None)] == [0, 1, 1]
    assert [rows[unit]["dispatched"] for unit in ("U1", "U2", None)] == [1, 0, 0]


def test_subjects_are_sorted_and_what_has_none_comes_last():
    far = CellCode("320404005002001")
    histories = [History("C1", cell=None).filed(), History("C2", cell=far).filed(), History("C3").filed()]

    assert list(counts(*histories)) == ["320404005001", "320404005002", None]
    assert list(counts(*histories, by=CountBy.STREET)) == ["320404005", None]


def test_a_month_without_cases_has_no_subjects():
    assert counts() == {}
    assert counts(closed_case(), period=NOVEMBER) == {}


def test_posts_are_counted_by_what_they_did():
    late = dispatched_case("C2").reported(100, check_by=110).check_asked(120)
    rows = counts(closed_case("C1"), late, by=CountBy.POST)

    assert rows["inspector/1"]["filed"] == 2
    assert (rows["inspector/9"]["check_asked"], rows["inspector/9"]["check_on_time"]) == (2, 1)
    assert (rows["acceptor/2"]["registered"], rows["acceptor/2"]["registered_on_time"]) == (2, 2)
    assert (rows["acceptor/2"]["tasks_sent"], rows["acceptor/2"]["tasks_sent_on_time"]) == (2, 1)
    assert (rows["acceptor/2"]["check_sent"], rows["acceptor/2"]["check_sent_on_time"]) == (2, 1)
    assert (rows["acceptor/2"]["verify_sent"], rows["acceptor/2"]["registered_then_void"]) == (0, 0)
    assert (rows["dispatcher/3"]["dispatched"], rows["shift_leader/6"]["closed"]) == (2, 1)
    assert "handled_on_time" not in rows["inspector/1"]


def test_the_finder_keeps_the_credit_of_a_filing():
    history = History(found_by=77).filed(person=1)

    assert [subject for subject, row in counts(history, by=CountBy.POST).items() if row["filed"]] == ["inspector/77"]


# one case through the months: filed and registered in October, due in November, closed in December
THROUGH = closed_case(handle_by=20 * DAY, close_by=51 * DAY, report=20 * DAY, close=50 * DAY)
MONTHS = [
    (Attribution.DEADLINE, "2026-11"),
    (Attribution.FILED, "2026-10"),
    (Attribution.REGISTERED, "2026-10"),
    (Attribution.CLOSED, "2026-12"),
    (Attribution.FLOW, "2026-12"),
]


@pytest.mark.parametrize(("attribution", "expected"), MONTHS)
def test_attribution_chooses_the_month_of_the_outcome(attribution, expected):
    found = [
        month
        for month in ("2026-10", "2026-11", "2026-12")
        if total(
            "closed",
            THROUGH,
            attribution=attribution,
            period=Period.parse(month, zone=ZONE),
            cut_off=minute(80 * DAY),
        )
    ]

    assert found == [expected]


def test_flow_repeats_what_is_overdue_and_open_until_it_is_closed():
    december, january = (Period.parse(month, zone=ZONE) for month in ("2026-12", "2027-01"))
    history = closed_case(report=60 * DAY, close=61 * DAY)
    ends = [(OCTOBER, 25), (NOVEMBER, 52), (december, 84), (january, 115)]
    found = [
        (
            total("overdue_open", history, attribution=Attribution.FLOW, period=period, cut_off=minute(day * DAY)),
            total("closed", history, attribution=Attribution.FLOW, period=period, cut_off=minute(day * DAY)),
        )
        for period, day in ends
    ]

    assert found == [(1, 0), (1, 0), (0, 1), (0, 0)]


def test_flow_leaves_a_deadline_after_the_month_to_the_next():
    history = dispatched_case(handle_by=21 * DAY)

    assert total("overdue_open", history, attribution=Attribution.FLOW) == 0
    assert total("overdue_open", history, attribution=Attribution.FLOW, period=NOVEMBER) == 1


def test_under_filed_the_whole_life_of_a_case_counts_in_the_month_of_its_filing():
    start = datetime(2026, 10, 31, 15, 58, tzinfo=UTC)  # two minutes before the month ends in Shanghai
    history = closed_case(start=start)

    assert total("registered", history) == 0
    assert total("registered", history, attribution=Attribution.FILED) == 1
    assert total("registered", history, period=NOVEMBER) == 1


def test_the_month_is_that_of_shanghai():
    last = History("C1", start=OCTOBER.end - timedelta(seconds=1)).filed()
    first = History("C2", start=OCTOBER.end).filed()

    assert (total("filed", last, first), total("filed", last, first, period=NOVEMBER)) == (1, 1)


BIN = TypeKey(scheme=Scheme.GBT30428_2_2013, kind=CaseKind.COMPONENT, code="0901")
NORTH = CellCode("320404006001001")
ROADS = {"road": ("R12", "R1"), "river": ("H3",), "street": ("320404005",)}
# filters, who of these four passes: C1 fire lane by an inspector, C2 dust by a caller in the north, C3 a component on
# road R12 told by a leader, C4 of unknown type and cell from a camera
FILTERS = [
    (Filters(), {"C1", "C2", "C3", "C4"}),
    (Filters(types=(DUST,)), {"C2"}),
    (Filters(types=(DUST, BIN)), {"C2", "C3"}),
    (Filters(majors=("09",)), {"C1", "C3"}),  # the digits alone mean two things
    (Filters(majors=("09",), kinds=(CaseKind.EVENT,)), {"C1"}),
    (Filters(majors=("09",), schemes=(Scheme.GBT30428_2_2013,)), {"C3"}),
    (Filters(kinds=(CaseKind.EVENT,)), {"C1", "C2"}),
    (Filters(schemes=(Scheme.GBT47678_5_2026, Scheme.GBT30428_2_2013)), {"C1", "C2", "C3"}),
    (Filters(schemes=(Scheme.LOCAL,)), set()),
    (Filters(sources=(Source.HOTLINE,)), {"C2"}),
    (Filters(channels=(Channel.PUBLIC, Channel.CAMERA)), {"C2", "C4"}),
    (Filters(channels=(Channel.LEADER,)), {"C3"}),
    (Filters(area_classes=("first",)), {"C1", "C3"}),
    (Filters(area_classes=("first", "second")), {"C1", "C2", "C3"}),
    (Filters(places=("road",)), {"C3"}),
    (Filters(places=("road:R1",)), {"C3"}),
    (Filters(places=("road:R",)), set()),  # a code is taken whole
    (Filters(places=("river:H3", "road:R9")), {"C3"}),
    (Filters(places=("street:320404005",)), set()),  # there is a filter for streets
    (Filters(streets=("320404006",)), {"C2"}),
    (Filters(streets=("320404005",), sources=(Source.LEADER,)), {"C3"}),
]


def four_kinds():
    return [
        dispatched_case("C1"),
        dispatched_case("C2", type=DUST, source=Source.HOTLINE, cell=NORTH),
        dispatched_case("C3", type=BIN, source=Source.LEADER, layers=ROADS),
        dispatched_case("C4", type=None, source=Source.CAMERA, cell=None),
    ]


def class_of(cell):
    return {"320404005": "first", "320404006": "second"}.get((cell or "")[:9])


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=[str(line[0]) for line in FILTERS])
def test_filters_choose_the_cases_that_pass_all_of_them(filters, expected):
    found = frames_of(fold([line for one in four_kinds() for line in one.events], cut_off=LATER), area_class=class_of)
    for by, name in ((CountBy.UNIT, "due_to_handle"), (CountBy.STREET, "filed"), (CountBy.POST, "filed")):
        selection = Selection(period=OCTOBER, by=by, filters=filters)
        rows = count(found, selection)
        behind = {case for row in rows for case in case_numbers(found, selection, subject=row.subject, name=name)}
        assert behind == expected


def test_a_corrected_position_moves_a_case_to_the_places_there():
    history = dispatched_case(layers=ROADS).said(50, Action.CORRECT, cell=NORTH, layers={"river": ("H4",)})

    assert total("filed", history, filters=Filters(places=("river:H4",))) == 1
    assert total("filed", history, filters=Filters(places=("road",))) == 0


def test_the_cases_behind_a_count_are_named():
    found = frames(dispatched_case("C2"), dispatched_case("C1"), closed_case("C3"), History("C4", cell=None).filed())
    by_unit = Selection(period=OCTOBER, by=CountBy.UNIT)
    by_area = Selection(period=OCTOBER, by=CountBy.AREA)

    assert case_numbers(found, by_unit, subject="U1", name="overdue_open") == ("C1", "C2")
    assert case_numbers(found, by_area, subject=None, name="filed") == ("C4",)
    assert case_numbers(found, by_unit, subject="U9", name="overdue_open") == ()
    with pytest.raises(KeyError):
        case_numbers(found, Selection(period=OCTOBER, by=CountBy.POST), subject="U1", name="overdue_open")


#: The base counts of the trade, by which rule sets of others ask for them.
TRADE = """
filed accepted valid invalid_report void registered registered_on_time void_after_registration dispatched
dispatched_on_time accurately_dispatched due_to_handle handled_on_time handled_overdue overdue_open due_to_close closed
closed_on_time closed_within_handling_limit closed_overdue rework_cases rework_events extension_cases extension_events
return_cases return_events supervision_cases supervision_events failed_check_cases failed_check_events suspended
recurrent self_handled transferred reopened verify_asked verify_on_time check_asked check_on_time tasks_sent_on_time
missed false_feedback filed_from_public filed_from_inspector filed_from_superior filed_from_camera filed_from_leader
"""


def test_every_base_count_of_the_trade_has_its_name():
    assert set(TRADE.split()) <= {name for by in CountBy for name in count_names(by)}


def test_count_names_are_unique_in_every_view():
    for by in CountBy:
        names = count_names(by)
        assert len(names) == len(set(names))
    assert all(one.zh and one.en for group in GROUPS for one in group.definitions)


@st.composite
def case_histories(draw, number="C1"):
    """A case that stops anywhere on its way, perhaps exactly at a deadline, perhaps after rework or a return."""
    start = MONDAY + timedelta(days=draw(st.integers(-300, 60)))
    history = History(number, start=start, source=draw(st.sampled_from(list(Source)))).filed()
    if draw(st.booleans()):
        _give(draw, history)
        if history.state is not CaseState.SUSPENDED and draw(st.booleans()):
            _do(draw, history)
    elif draw(st.booleans()):
        history.verification_asked(10, by=60).verified(draw(st.sampled_from([60, 61])))
    if history.state.is_open:
        _end(draw, history)
    kind, withdrawn = draw(st.sampled_from(["", "", "recurrence", "missed"])), draw(st.booleans())
    if kind:
        history.found(3000, kind, unit=draw(st.sampled_from([None, "U1", "U9"])))
        if draw(st.booleans()):
            history.found(3001, kind, withdrawn=withdrawn, unit="U2")
    return history


def _give(draw, history):
    assisting = draw(st.sampled_from([None, {"U4": 100}, {"U4": 100, "U5": 5000}]))
    history.registered().dispatched(unit=draw(st.sampled_from(["U1", "U2"])), assisting=assisting)
    if draw(st.booleans()):
        history.returned(20).reassigned(
            draw(st.sampled_from([30, 130, 140])),
            unit="U3",
            reason=draw(st.sampled_from(["wrong_unit", "capacity"])),
            handle_by=200,
        )
    asides = [
        lambda: history,
        lambda: history.extended(120, handle_by=200),
        lambda: history.asked_for("extension", 130),
        lambda: history.suspended(130),
        lambda: history.suspended(131).resumed(140, handle_by=130),
        lambda: history.supervised(100, answer_by=140).answered(141),
    ]
    draw(st.sampled_from(asides))()


def _do(draw, history):
    history.reported(at := draw(st.sampled_from([145, 199, 200, 200.01, 900])))
    if draw(st.booleans()):
        history.check_asked(at + 1).checked(at + 2, "fail")
        if draw(st.booleans()):
            history.reworked(at + 3, handle_by=at + 63).reported(at + draw(st.sampled_from([62, 63, 64])))
            at += 64
    if draw(st.booleans()):
        history.check_asked(at + 4).checked(at + 5).closed(draw(st.sampled_from([at + 6, at + 533])))
        if draw(st.integers(0, 4)) == 0:
            history.reopened(at + 600)


def _end(draw, history):
    end = draw(st.sampled_from(["", "", "", "void", "restored", "transferred", "linked", "unlinked"]))
    state = history.state
    if end == "transferred":
        history.transferred(2000)
    elif end in ("void", "restored"):
        history.voided(2000)
    elif end and state is CaseState.RECEIVED:
        history.linked(2000)
    if end == "restored":
        history.restored(2001, state)
    elif end == "unlinked" and history.state is CaseState.VOID:
        history.unlinked(2001)


@st.composite
def cities(draw):
    size = draw(st.integers(0, 6))
    made = st.one_of(st.none(), st.none(), st.none(), st.just("self_handled"))
    return [
        History(f"C{number}").self_handled() if draw(made) else draw(case_histories(f"C{number}"))
        for number in range(size)
    ]


@settings(max_examples=40)
@given(cities(), st.sampled_from(list(Attribution)), st.sampled_from([CountBy.UNIT, CountBy.AREA]))
def test_the_parts_of_every_whole_add_up(histories, attribution, by):
    year = Period.parse("2026", zone=ZONE)
    for row in counts(*histories, period=year, attribution=attribution, by=by, cut_off=year.end).values():
        assert row["due_to_handle"] == row["handled_on_time"] + row["handled_overdue"] + row["overdue_open"]
        assert row["due_to_close"] == row["closed"] + row["overdue_open"]
        assert row["closed"] == row["closed_on_time"] + row["closed_overdue"]
        assert row["closed"] == row["closed_within_handling_limit"] + row["closed_past_handling_limit"]
        assert row["filed"] >= row["valid"] + row["invalid_report"] + row["duplicates"]
        assert row["filed"] == sum(row[f"filed_from_{source}"] for source in Source)
        assert row["rework_events"] >= row["rework_cases"]


PARTITIONING = [attribution for attribution in Attribution if attribution is not Attribution.FLOW]
VIEWS = [CountBy.UNIT, CountBy.AREA, CountBy.POST]


@settings(max_examples=5)
@given(cities(), st.sampled_from(VIEWS), st.sampled_from(PARTITIONING))
def test_months_and_quarters_partition_the_year_for_every_attribution_but_flow(histories, by, attribution):
    year, months = Period.parse("2026", zone=ZONE), [f"2026-{month:02}" for month in range(1, 13)]
    found = frames(*histories, cut_off=year.end)

    def summed(names):
        totals = {}
        for name in names:
            selection = Selection(period=Period.parse(name, zone=ZONE), by=by, attribution=attribution)
            for row in count(found, selection):
                totals.setdefault(row.subject, []).append(row.counts)
        return {subject: {name: sum(one[name] for one in rows) for name in rows[0]} for subject, rows in totals.items()}

    assert summed(months) == summed(["2026"]) == summed([f"2026-Q{quarter}" for quarter in range(1, 5)])


def test_flow_is_no_partition():
    history = closed_case(report=60 * DAY, close=61 * DAY)
    found = frames(history, cut_off=minute(52 * DAY))
    flows = [
        sum(row.counts["overdue_open"] for row in count(found, Selection(period=one, by=by, attribution=attribution)))
        for by, attribution in [(CountBy.AREA, Attribution.FLOW)]
        for one in (OCTOBER, NOVEMBER)
    ]

    assert flows == [1, 1]


@settings(max_examples=15)
@given(cities(), st.sampled_from([CountBy.UNIT, CountBy.AREA]), st.sampled_from(["handled_on_time", "closed_on_time"]))
def test_one_more_case_done_on_time_never_lowers_the_rate(histories, by, name):
    whole = {"handled_on_time": "due_to_handle", "closed_on_time": "due_to_close"}[name]
    year = Period.parse("2026", zone=ZONE)
    before = counts(*histories, period=year, by=by, cut_off=year.end)
    after = counts(*histories, closed_case("C99", unit="U1"), period=year, by=by, cut_off=year.end)
    for subject, row in before.items():
        assert row[name] * after[subject][whole] <= after[subject][name] * row[whole]


@settings(max_examples=15)
@given(cities(), st.randoms(use_true_random=False))
def test_neither_the_order_of_lines_nor_a_second_run_changes_a_count(histories, chance):
    events = [event for one in histories for event in one.events]
    selection = Selection(period=Period.parse("2026", zone=ZONE), by=CountBy.UNIT)
    found = frames_of(fold(events, cut_off=LATER))
    first = count(found, selection)
    chance.shuffle(events)

    assert count(found, selection) == first
    assert count(frames_of(fold(events, cut_off=LATER)), selection) == first


@settings(max_examples=15)
@given(cities())
def test_the_cases_behind_a_count_are_as_many_as_it_says(histories):
    selection = Selection(period=Period.parse("2026", zone=ZONE), by=CountBy.AREA)
    found = frames(*histories)
    for row in count(found, selection):
        for name in ("filed", "due_to_handle", "closed_overdue", "void"):
            assert len(case_numbers(found, selection, subject=row.subject, name=name)) == row.counts[name]


@settings(max_examples=8)
@given(cities(), st.sampled_from(VIEWS))
def test_what_each_case_adds_to_a_count_adds_up_to_it(histories, by):
    selection = Selection(period=Period.parse("2026", zone=ZONE), by=by)
    found, names = frames(*histories), count_names(by)
    added = amounts_of_cases(found, selection, names)

    for row in count(found, selection):
        for name in names if row.subject is not None else ():
            cases = added.get((row.subject, name), ())
            assert sum(times for _, times in cases) == row.counts[name]
            assert [number for number, _ in cases] == sorted({number for number, _ in cases})
    assert all(subject is not None for subject, _ in added)


@settings(max_examples=8)
@given(cities(), st.sampled_from(VIEWS))
def test_the_cases_behind_all_counts_of_all_subjects_come_at_once_and_are_the_same(histories, by):
    selection = Selection(period=Period.parse("2026", zone=ZONE), by=by)
    found, names = frames(*histories), count_names(by)
    behind = cases_behind(found, selection, names)

    for row in count(found, selection):
        for name in names:
            cases = behind.get((row.subject, name), ())
            assert list(cases) == sorted(set(cases))
            assert len(cases) <= row.counts[name]
            assert bool(cases) is bool(row.counts[name])


def test_counts_past_what_a_byte_holds_and_from_frames_that_are_not_read_yet():
    found = frames(*(History(f"C{number:03}").filed() for number in range(300)))
    lazy = replace(found, cases=found.cases.lazy(), assignments=found.assignments.lazy(), tasks=found.tasks.lazy())
    selection = Selection(period=OCTOBER, by=CountBy.AREA)

    assert [row.counts["filed"] for row in count(found, selection)] == [300]
    assert count(lazy, selection) == count(found, selection)
    assert cases_behind(lazy, selection, ["filed"]) == cases_behind(found, selection, ["filed"])
    with pytest.raises(KeyError):
        cases_behind(found, selection, ["filed", "tasks_sent"])
