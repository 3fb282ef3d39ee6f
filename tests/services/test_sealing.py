"""Under a root nothing can be edited, removed, added or re-ordered unseen, not even with the chain computed anew."""

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.services.auditing import LineRange, verify_history
from gridcase.services.sealing import newest_root, seal_history
from gridcase.services.steps.roots import covering_root, merkle_root
from gridcase.store.history import COVERED, all_lines, link
from tests.feeds import settle
from tests.office import Office


def sealed_now(office: Office) -> int:
    """Seal once the feed shows every line."""
    settle(office)
    return seal_history(office.rt)


@pytest.fixture
def sealed(office: Office) -> Office:
    """Three cases of three lines each under two roots, and a fourth that only its chain covers."""
    inspector = office.caller("inspector")
    inspector.file()
    assert sealed_now(office) == 3
    inspector.file()
    inspector.file()
    assert sealed_now(office) == 6
    inspector.file()
    return office


def tamper(office: Office, *statements: str) -> None:
    """Change history as somebody with the database's own password would: without its triggers."""
    with office.rt.database.writing() as tx:
        if office.rt.database.is_sqlite:
            tx.execute(text("DROP TRIGGER IF EXISTS case_event_refuse_update"))
            tx.execute(text("DROP TRIGGER IF EXISTS case_event_refuse_delete"))
        else:
            tx.execute(text("ALTER TABLE case_event DISABLE TRIGGER USER"))
        for one in statements:
            tx.execute(text(one))


def forge(office: Office, case_id: int) -> None:
    """Compute the chain of a case anew, as if it had always been so."""
    statements, previous = [], "0" * 64
    with office.rt.database.reading() as tx:
        for uid, row, _ in all_lines(tx):
            if row.case_id != case_id:
                continue
            covered = {name: getattr(row, name) for name in COVERED} | {"previous": previous}
            hashed = link(uid, covered)
            statements.append(f"UPDATE case_event SET previous='{previous}', hash='{hashed}' WHERE id={row.id}")
            previous = hashed
    statements.append(f"UPDATE case_record SET head='{previous}' WHERE id={case_id}")
    tamper(office, *statements)


def found(office: Office) -> list[tuple[int, str]]:
    return [(one.root, one.code) for one in verify_history(office.rt).seal.findings]


def test_what_is_sealed_verifies_and_what_only_the_chain_covers_is_named(sealed):
    report = verify_history(sealed.rt)
    assert report.is_sound
    assert (report.seal.roots, report.seal.sealed) == (2, 9)
    assert report.seal.unsealed == (LineRange(case_id=4, first=1, last=3),)
    assert report.seal.unsealed_lines == 3
    assert sealed_now(sealed) == 3
    assert sealed_now(sealed) == 0
    report = verify_history(sealed.rt)
    assert (report.is_sound, report.seal.roots, report.seal.unsealed) == (True, 3, ())
    assert newest_root(sealed.rt).lines == 3


def test_an_edited_line_is_found_though_its_chain_was_forged(sealed):
    tamper(sealed, "UPDATE case_event SET actor_id = 2 WHERE case_id = 2 AND seq = 1")
    forge(sealed, 2)
    report = verify_history(sealed.rt)
    assert report.findings == ()  # the chain alone would have been believed
    assert found(sealed) == [(2, "root_changed")]
    assert not report.is_sound


def test_a_line_edited_above_the_roots_is_found_by_its_chain_only(sealed):
    tamper(sealed, "UPDATE case_event SET actor_id = 2 WHERE case_id = 4 AND seq = 1")
    report = verify_history(sealed.rt)
    assert [(one.case_id, one.seq, one.code) for one in report.findings] == [(4, 1, "line_changed")]
    assert report.seal.findings == ()


def test_a_removed_line_is_found_though_the_case_looks_shorter(sealed):
    tamper(sealed, "DELETE FROM case_event WHERE case_id = 3 AND seq = 3", "UPDATE case_record SET events=2 WHERE id=3")
    forge(sealed, 3)
    assert verify_history(sealed.rt).findings == ()
    assert found(sealed) == [(2, "root_changed")]


def test_lines_in_another_order_are_found(sealed):
    first, second = 4, 7  # the first line of the second case and of the third
    tamper(
        sealed,
        f"UPDATE case_event SET id = -1 WHERE id = {first}",
        f"UPDATE case_event SET id = {first} WHERE id = {second}",
        f"UPDATE case_event SET id = {second} WHERE id = -1",
    )
    assert verify_history(sealed.rt).findings == ()  # each case by itself is as it was
    assert found(sealed) == [(2, "root_changed")]


def test_a_root_taken_away_or_made_anew_is_found(sealed):
    tamper(sealed, "UPDATE history_root SET root = previous WHERE id = 1")
    assert found(sealed) == [(1, "root_changed"), (2, "root_detached")]
    tamper(sealed, "DELETE FROM history_root WHERE id = 1")
    assert found(sealed) == [(1, "root_detached"), (0, "lines_outside")]


# --- against an anchor ---------------------------------------------------------------------------------------------


def anchor_of(office: Office) -> HistoryAnchor:
    with office.rt.database.reading() as tx:
        held = covering_root(tx, office.clock.now())
    assert held is not None
    return held


def against(office: Office, anchor: HistoryAnchor) -> list[tuple[int, str]]:
    return [(one.root, one.code) for one in verify_history(office.rt, anchor).seal.findings]


def make_roots_anew(office: Office) -> None:
    """Do what somebody does who owns the database and knows how roots are made."""
    with office.rt.database.writing() as tx:
        tx.execute(text("DELETE FROM history_root"))
        tx.execute(text("UPDATE feed_cursor SET txn = 0, id = 0 WHERE reader = 'sealing'"))
    sealed_now(office)


def test_the_anchor_is_the_first_root_over_every_line_recorded_by_then(sealed):
    with sealed.rt.database.reading() as tx:
        assert covering_root(tx, sealed.clock.now() - timedelta(days=1)) is None
        assert covering_root(tx, sealed.clock.now()) is None  # the fourth case stands under no root yet
    sealed_now(sealed)
    held = anchor_of(sealed)
    assert (held.number, held.lines) == (3, 12)
    sealed.clock.advance(timedelta(days=1))
    sealed.caller("inspector").file()
    sealed_now(sealed)
    with sealed.rt.database.reading() as tx:
        assert covering_root(tx, sealed.clock.now() - timedelta(days=1)) == held


def test_an_anchor_that_fits_says_nothing_and_newer_lines_do_not_matter(sealed):
    sealed_now(sealed)
    held = anchor_of(sealed)
    sealed.caller("inspector").file()
    sealed_now(sealed)
    assert against(sealed, held) == []


def test_who_rewrites_a_line_its_chain_and_every_root_is_found_by_the_anchor_alone(sealed):
    sealed_now(sealed)
    held = anchor_of(sealed)
    tamper(sealed, "UPDATE case_event SET actor_id = 2 WHERE case_id = 2 AND seq = 1")
    forge(sealed, 2)
    make_roots_anew(sealed)
    assert verify_history(sealed.rt).is_sound  # nothing inside the database tells
    assert against(sealed, held) != []


def test_roots_that_are_gone_are_found_by_the_anchor(sealed):
    sealed_now(sealed)
    held = anchor_of(sealed)
    tamper(sealed, "DELETE FROM history_root WHERE id = 3")
    assert against(sealed, held) == [(3, "anchor_gone")]


def test_a_line_slipped_in_where_no_root_looks_is_found(sealed):
    tamper(sealed, "UPDATE case_event SET id = -7, txn = NULL WHERE case_id = 4 AND seq = 3")
    assert (0, "lines_outside") in found(sealed)


hashes = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(hashes, st.data())
def test_a_tree_shows_every_change_of_a_leaf_of_their_order_and_of_their_number(leaves, data):
    root = merkle_root(leaves)
    assert merkle_root(leaves) == root
    at = data.draw(st.integers(0, len(leaves) - 1))
    other = hashlib.sha256(leaves[at]).digest()
    assert merkle_root([*leaves[:at], other, *leaves[at + 1 :]]) != root
    assert merkle_root(leaves[:at] + leaves[at + 1 :]) != root
    if at:
        assert merkle_root([*leaves[: at - 1], leaves[at], leaves[at - 1], *leaves[at + 1 :]]) != root


def test_a_tree_of_nothing_has_a_root_of_its_own():
    assert merkle_root([]) == hashlib.sha256().digest()
