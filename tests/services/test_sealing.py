"""Under a root nothing can be edited, removed, added or re-ordered unseen, not even with the chain computed anew."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gridcase.services.auditing import verify_history
from gridcase.services.sealing import newest_root, seal_history
from gridcase.services.steps.roots import merkle_root
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
    assert report.seal.unsealed == ((4, 1), (4, 2), (4, 3))
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
    assert found(sealed) == [(2, "root_detached")]


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
