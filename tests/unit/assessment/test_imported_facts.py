"""Imported cases in the facts: counted by what their source gives, whenever they were imported."""

from datetime import datetime
from typing import Any

import pytest

from gridcase.assessment.counts import count
from gridcase.assessment.facts import CaseRow, FactRows, Handling, fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.selection import Attribution, CountBy, Selection
from gridcase.domain.actor import Role
from gridcase.domain.case import Action, CaseState, UnitCode
from gridcase.domain.history import CaseEvent, Facts, Given, GivenOutcome
from gridcase.domain.time import Period
from tests.histories import MONDAY, History

ZONE = "+08:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}{ZONE}")


FILED = at("2018-02-08 15:34:40")
CUT_OFF = at("2018-03-05 18:00:00")


def imported(
    number: str = "C1", state: CaseState = CaseState.CLOSED, unit: str | None = "1805", **given: Any
) -> History:
    facts = {"unit": None if unit is None else UnitCode(unit), "given": Given(**({"filed_at": FILED} | given))}
    return History(number, cell=None).step(0, Action.IMPORT, state, by=(Role.SYSTEM, 0), **facts)


def row_of(history: History, cut_off: datetime = CUT_OFF) -> CaseRow:
    return fold(history.events, cut_off=cut_off).cases[0]


def february(rows: FactRows, by: CountBy, *names: str) -> dict[str | None, tuple[int, ...]]:
    period = Period.parse("2018-02", zone=FILED.tzinfo)
    found = count(frames_of(rows), Selection(period=period, by=by, attribution=Attribution.FILED))
    return {one.subject: tuple(one.counts[name] for name in names) for one in found}


def lines(*histories: History) -> list[CaseEvent]:
    return [event for history in histories for event in history.events]


def test_a_case_imported_today_counts_in_the_month_in_which_its_source_filed_it():
    outcomes = [GivenOutcome.ON_TIME, GivenOutcome.ON_TIME, GivenOutcome.OVERDUE, None]
    units = ["1805", "1583", "1805", None]
    histories = [
        imported(f"C{place}", unit=unit, street="101", community="10014", outcome=outcome)
        for place, (unit, outcome) in enumerate(zip(units, outcomes, strict=True))
    ]
    rows = fold(lines(*histories), cut_off=CUT_OFF)
    names = ("filed", "closed", "closed_on_time", "closed_overdue", "due_to_handle")
    assert february(rows, CountBy.UNIT, *names) == {
        "1583": (1, 1, 1, 0, 1),
        "1805": (2, 2, 1, 1, 2),
        None: (1, 0, 0, 0, 0),
    }
    assert february(rows, CountBy.STREET, *names) == {"101": (4, 3, 2, 1, 3)}
    assert february(rows, CountBy.AREA, *names) == {"10014": (4, 3, 2, 1, 3)}


def test_what_the_source_says_happened_after_the_cut_off_had_not_happened_yet():
    history = imported(closed_at=at("2018-03-10 12:00:00"), outcome=GivenOutcome.OVERDUE)
    before, after = row_of(history), row_of(history, at("2018-04-01 00:00:00"))
    assert (before.state, before.handling, before.is_closed) == (CaseState.RECEIVED, Handling.NOT_DUE, False)
    assert (after.state, after.handling, after.is_closed) == (CaseState.CLOSED, Handling.OVERDUE, True)


def test_a_case_filed_after_the_cut_off_does_not_appear():
    assert fold(imported(filed_at=at("2018-03-06 00:00:00")).events, cut_off=CUT_OFF).cases == ()


@pytest.mark.parametrize(
    ("due", "handling"),
    [
        ("2018-03-05 17:59:59", Handling.OVERDUE_OPEN),
        ("2018-03-05 18:00:00", Handling.NOT_DUE),
        (None, Handling.NOT_DUE),
    ],
)
def test_an_open_imported_case_is_overdue_by_the_deadline_its_source_had_set(due, handling):
    given = {"handle_due_at": at(due)} if due else {}
    assert row_of(imported(state=CaseState.REGISTERED, **given)).handling is handling


def test_a_closed_case_whose_source_tells_no_outcome_counts_as_filed_and_in_no_rate():
    row = row_of(imported(closed_at=at("2018-02-09 00:00:00"), handle_due_at=at("2018-02-08 18:00:00")))
    assert (row.handling, row.is_closed, row.closed_late) == (Handling.NOT_DUE, False, False)


def test_an_imported_case_that_is_dispatched_here_is_from_then_on_judged_by_our_clocks():
    history = imported(state=CaseState.REGISTERED, outcome=None)
    history.step(
        60, Action.DISPATCH, CaseState.DISPATCHED, by=(Role.DISPATCHER, 4), assignment=1, unit=UnitCode("NDJ-ZF")
    )
    rows = fold(history.events, cut_off=history.at(120))
    (case,), (assignment,) = rows.cases, rows.assignments
    assert (case.unit, case.filed_at, case.dispatched_at) == ("NDJ-ZF", FILED, history.at(60))
    assert (assignment.number, assignment.unit, assignment.is_open) == (1, "NDJ-ZF", True)
    # Of that the month in which it was filed knows nothing.
    assert row_of(history).unit == "1805"


def test_nobody_of_ours_has_the_credit_of_an_imported_case():
    row = row_of(imported(registered_at=FILED, closed_at=FILED))
    assert {row.filed_by, row.accepted_by, row.registered_by, row.closed_by} == {None}
    assert fold(imported().events, cut_off=MONDAY).actions == ()


def test_a_given_line_is_read_as_it_was_written():
    facts = Facts(
        given=Given(
            filed_at=FILED,
            closed_at=at("2018-02-09 00:00:00"),
            handle_due_at=at("2018-02-10 00:00:00"),
            outcome=GivenOutcome.ON_TIME,
            street="101",
        )
    )
    assert Facts.load(facts.dump()) == facts
    assert facts.given is not None
    assert facts.given.last_at == at("2018-02-10 00:00:00")
