"""History stays as it was written, says so when it does not, and is read on without a gap."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gridcase.domain.case import Action
from gridcase.domain.numbers import parse_number
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.auditing import verify_history
from gridcase.services.steps.writing import Writing, write_action
from gridcase.store.cases import load_case
from gridcase.store.database import Tx
from gridcase.store.feed import Cursor, read_feed
from gridcase.store.history import RequestKey
from gridcase.workflow.machine import decide
from gridcase.workflow.requests import Comment
from gridcase.workflow.rulebook import Situation
from tests.feeds import settle
from tests.office import Caller, Office
from tests.rows import everything


def filed(inspector: Caller) -> tuple[str, int]:
    """File a case that is registered and dispatched at once: three lines; return number and identity."""
    number: str = inspector.file().json["number"]
    parts = parse_number(number)
    assert parts is not None
    return number, parts.identity


def comment(office: Office, number: str, words: str = "请尽快") -> None:
    request = ActionRequest(
        number=number,
        action=Action.COMMENT,
        read=lambda: Comment(text=words),
        expected=frozenset(),
        client_ref=str(uuid.uuid4()),
    )
    perform(office.rt, office.actor("leader"), request)


def run(office: Office, statement: str) -> None:
    with office.rt.database.writing() as tx:
        tx.execute(text(statement))


# --- append-only --------------------------------------------------------------------------------------------------


CHANGES = (
    "UPDATE case_event SET facts = '{}'",
    "UPDATE case_event SET actor_id = 1 WHERE seq = 2",
    "UPDATE case_event SET seq = seq",  # even one that changes nothing
    "DELETE FROM case_event",
    "DELETE FROM case_event WHERE seq = 3",
)


def test_the_database_refuses_to_change_or_delete_a_line(office):
    filed(office.caller("inspector"))
    before = everything(office.rt)
    for statement in CHANGES:
        with pytest.raises(DBAPIError, match="history is append-only"):
            run(office, statement)
    assert everything(office.rt) == before


@pytest.mark.postgresql
def test_postgresql_refuses_to_empty_the_history(postgresql_office):
    filed(postgresql_office.caller("inspector"))
    with pytest.raises(DBAPIError, match="history is append-only"):
        run(postgresql_office, "TRUNCATE case_event CASCADE")


# --- the chain ----------------------------------------------------------------------------------------------------


def take_triggers_away(office: Office) -> None:
    """Do what somebody with the database's own password could."""
    if office.rt.database.is_sqlite:
        run(office, "DROP TRIGGER case_event_refuse_update")
        run(office, "DROP TRIGGER case_event_refuse_delete")
    else:
        run(office, "ALTER TABLE case_event DISABLE TRIGGER case_event_append_only")


def line(change: str) -> str:
    return f"UPDATE case_event SET {change} WHERE seq = 2 AND case_id = CASE"


def payload(change: str) -> str:
    return f"UPDATE case_event_payload SET {change} WHERE seq = 2 AND case_id = CASE"


#: What is done to a case of four lines (``OTHER`` is another case), and all that must be found of it, by line.
EDITS: dict[str, tuple[tuple[str, ...], set[tuple[int, str]]]] = {
    "nothing": ((), set()),
    "facts": ((line("facts = '{}'"),), {(2, "line_changed")}),
    "actor": ((line("actor_id = 1"),), {(2, "line_changed")}),
    "role": ((line("role = 'acceptor'"),), {(2, "line_changed")}),
    "unit": ((line("unit = 'NDJ-ZF'"),), {(2, "line_changed")}),
    "state": ((line("to_state = 'void'"),), {(2, "line_changed")}),
    "action": ((line("action = 'void'"),), {(2, "line_changed")}),
    "instant": ((line("recorded_at = '2026-10-12 00:59:00.000000'"),), {(2, "line_changed")}),
    "device's instant": ((line("observed_at = '2026-10-12 00:59:00.000000'"),), {(2, "line_changed")}),
    "key": ((line("client_ref = 'x'"),), {(2, "line_changed")}),
    "request": ((line("request_digest = 'x'"),), {(2, "line_changed")}),
    "payload": ((payload("""body = '{"note":"x"}'"""),), {(2, "payload_changed")}),
    "salt": ((payload("salt = ''"),), {(2, "payload_changed")}),
    "digest of the payload": ((line("payload_digest = 'x'"),), {(2, "line_changed"), (2, "payload_changed")}),
    "hash": ((line("hash = 'x'"),), {(2, "line_changed"), (3, "line_detached")}),
    "link": ((line("previous = 'x'"),), {(2, "line_changed"), (2, "line_detached")}),
    "a line taken out": (
        ("DELETE FROM case_event WHERE seq = 2 AND case_id = CASE",),
        {(3, "line_missing"), (3, "line_detached")},
    ),
    "a line taken out and the gap closed": (
        (
            "DELETE FROM case_event WHERE seq = 2 AND case_id = CASE",
            "UPDATE case_event SET seq = 2 WHERE seq = 3 AND case_id = CASE",
            "UPDATE case_event SET seq = 3 WHERE seq = 4 AND case_id = CASE",
            "DELETE FROM case_event_payload WHERE seq > 1 AND case_id = CASE",
            "UPDATE case_record SET events = 3 WHERE id = CASE",
        ),
        {(2, "line_changed"), (2, "line_detached"), (3, "line_changed")},
    ),
    "two lines exchanged": (
        (
            "UPDATE case_event SET seq = 99 WHERE seq = 2 AND case_id = CASE",
            "UPDATE case_event SET seq = 2 WHERE seq = 3 AND case_id = CASE",
            "UPDATE case_event SET seq = 3 WHERE seq = 99 AND case_id = CASE",
            "DELETE FROM case_event_payload WHERE case_id = CASE",
        ),
        {(n, code) for n in (2, 3) for code in ("line_changed", "line_detached")} | {(4, "line_detached")},
    ),
    "the last line cut off": (
        (
            "DELETE FROM case_event WHERE seq = 4 AND case_id = CASE",
            "UPDATE case_record SET events = 3 WHERE id = CASE",
        ),
        {(0, "tail_missing")},
    ),
    "all lines": (("DELETE FROM case_event WHERE case_id = CASE",), {(0, "tail_missing")}),
    "the last line given to another case": (
        (
            "UPDATE case_event SET case_id = OTHER, seq = 5 WHERE seq = 4 AND case_id = CASE",
            "DELETE FROM case_event_payload WHERE seq = 4 AND case_id = CASE",
        ),
        {(0, "tail_missing")},
    ),
}


def test_whatever_is_edited_behind_our_back_is_found_where_it_was_done(office):
    inspector = office.caller("inspector")
    cases = {}
    for edit in EDITS:
        number, cases[edit] = filed(inspector)
        comment(office, number)
    _, other = filed(inspector)
    take_triggers_away(office)
    for edit, (statements, _) in EDITS.items():
        for statement in statements:
            run(office, statement.replace("CASE", str(cases[edit])).replace("OTHER", str(other)))
    report = verify_history(office.rt)
    found = {
        edit: {(one.seq, one.code) for one in report.findings if one.case_id == case} for edit, case in cases.items()
    }
    assert found == {edit: expected for edit, (_, expected) in EDITS.items()}
    assert {one.seq for one in report.findings if one.case_id == other} == {0, 5}
    assert report.cases == len(EDITS) + 1


def test_a_payload_may_be_erased_without_breaking_the_chain(office):
    number, case = filed(office.caller("inspector"))
    comment(office, number, "举报人电话13800000000")
    run(office, f"DELETE FROM case_event_payload WHERE case_id = {case} AND seq = 4")
    report = verify_history(office.rt)
    assert (report.lines, report.erased, report.findings) == (4, 1, ())
    lines = office.caller("acceptor").get(f"/cases/{number}/history").json["items"]
    assert [line["payload"] is None for line in lines] == [False, False, False, True]
    comment(office, number, "下一条")  # and the chain goes on
    assert verify_history(office.rt).findings == ()


def test_lines_hold_no_texts_and_no_exact_position(office):
    number, _ = filed(office.caller("inspector"))
    comment(office, number, "举报人电话13800000000")
    point = office.point()
    lines = " ".join(str(row) for row in everything(office.rt)["case_event"])
    payloads = " ".join(str(row) for row in everything(office.rt)["case_event_payload"])
    for secret in ("13800000000", "消防通道被两辆车堵住", str(point.lon_e7), str(point.lat_e7)):
        assert secret in payloads
        assert secret not in lines


# --- the feed -----------------------------------------------------------------------------------------------------


def read_on(office: Office, after: Cursor, limit: int = 100) -> tuple[list[tuple[int, int]], Cursor]:
    """Read the feed in a transaction of its own; lines as (case, seq)."""
    with office.rt.database.reading() as tx:
        rows, cursor = read_feed(tx, after, limit)
        return [(row.case_id, row.seq) for row in rows], cursor


def write_comment(tx: Tx, office: Office, case: int) -> None:
    """Append a comment in an open transaction."""
    rt, actor = office.rt, office.actor("leader")
    stored = load_case(tx, case, actor, for_update=True)
    assert stored is not None
    now = rt.clock.now()
    situation = Situation(case=stored.case, actor=actor, now=now, rules=rt.reference().rules)
    decision = decide(situation, Action.COMMENT, Comment(text="迟到的提交"))
    key = RequestKey(client_ref=str(uuid.uuid4()), digest="")
    write_action(tx, stored, decision, Writing(actor=actor, now=now, rules=situation.rules, key=key))


def test_the_feed_gives_every_line_once_in_pages_of_any_size(office):
    inspector = office.caller("inspector")
    cases = [filed(inspector) for _ in range(3)]
    for number, _ in cases:
        comment(office, number)
    settle(office)
    whole, end = read_on(office, Cursor())
    assert sorted(whole) == sorted((case, seq) for _, case in cases for seq in (1, 2, 3, 4))
    for limit in (1, 2, 5):
        found, cursor = [], Cursor()
        while page := read_on(office, cursor, limit)[0]:
            found += page
            cursor = read_on(office, cursor, limit)[1]
        assert (found, cursor) == (whole, end)
    assert read_on(office, end) == ([], end)


@pytest.mark.postgresql
def test_a_line_committed_late_is_not_skipped(postgresql_office):
    office = postgresql_office
    inspector = office.caller("inspector")
    (_, slow), (quick_number, quick) = filed(inspector), filed(inspector)
    settle(office)
    _, cursor = read_on(office, Cursor())
    with office.rt.database.writing() as tx:
        write_comment(tx, office, slow)
        comment(office, quick_number)  # begun later, with a higher id, and committed first
        held_back, cursor = read_on(office, cursor)
    settle(office)
    late, cursor = read_on(office, cursor)
    assert held_back == []  # a reader by id would have seen the quick line here, and never the slow one
    assert late == [(slow, 4), (quick, 4)]
    assert read_on(office, cursor)[0] == []


def test_a_line_rolled_back_is_never_read_and_holds_nothing_up(office):
    number, case = filed(office.caller("inspector"))
    settle(office)
    _, cursor = read_on(office, Cursor())
    with office.rt.database.writing() as tx:
        write_comment(tx, office, case)
        tx.rollback()
    comment(office, number)
    settle(office)
    assert read_on(office, cursor)[0] == [(case, 4)]
    assert verify_history(office.rt).findings == ()


def test_on_sqlite_lines_are_read_in_the_order_of_their_ids(sqlite_office):
    office = sqlite_office
    inspector = office.caller("inspector")
    (first_number, first), (_, second) = filed(inspector), filed(inspector)
    comment(office, first_number)
    assert read_on(office, Cursor())[0] == [
        *[(first, n) for n in (1, 2, 3)],
        *[(second, n) for n in (1, 2, 3)],
        (first, 4),
    ]
