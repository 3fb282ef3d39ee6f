"""The facts of a month as they come out of the database, equal to those folded from typed lines."""

from datetime import timedelta

from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.streaming import fold_frames
from gridcase.domain.numbers import parse_number
from gridcase.store.history import lines_of, plain_lines_since, to_event
from tests.office import MONDAY

TABLES = ("cases", "assignments", "tasks", "actions")


def test_facts_read_from_the_database_equal_those_of_the_typed_lines(office):
    inspector, unit = office.caller("inspector"), office.caller("unit_leader")
    numbers = []
    for step in range(3):
        office.clock.advance(timedelta(seconds=100, milliseconds=700))
        numbers.append(inspector.file(office.filing(observed_at=office.clock.now().isoformat())).json["number"])
        if step:
            unit.act(numbers[-1], "accept")
    cut_off = office.clock.now() - timedelta(milliseconds=1)  # the last case was filed in the same second, but after it

    with office.rt.database.reading() as tx:
        read = fold_frames(plain_lines_since(tx, MONDAY, cut_off), cut_off=cut_off)
        events = [
            to_event(row, number)
            for number in numbers
            for row, _payload, _name in lines_of(tx, parse_number(number).identity)
        ]
    plain = frames_of(fold(events, cut_off=cut_off))

    assert read.cases.get_column("case").to_list() == sorted(numbers[:2])
    assert all(getattr(read, name).to_native().equals(getattr(plain, name).to_native()) for name in TABLES)


def test_facts_of_a_later_month_leave_out_what_ended_before_it(office):
    caller = office.caller("inspector")
    number = caller.file().json["number"]
    office.caller("shift_leader").act(number, "void", reason="not_a_problem")
    later = MONDAY + timedelta(days=60)

    with office.rt.database.reading() as tx:
        assert len(list(plain_lines_since(tx, MONDAY, later))) >= 2
        assert list(plain_lines_since(tx, MONDAY + timedelta(days=30), later)) == []
