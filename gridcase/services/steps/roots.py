"""Merkle roots over the history: how they are computed, and whether they still fit.

Whoever holds one root holds everything under it: no line there can be edited, removed, added or re-ordered without the
root changing. Tree as in RFC 6962, leaves and nodes hashed apart; what is hashed of a line is its own chained hash.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.domain.time import Clock
from gridcase.store import recurrence as store
from gridcase.store.database import Database, Tx
from gridcase.store.feed import Cursor, FeedLine, feed_lines, hold_cursor, last_recorded, move_cursor, read_feed

_READER = "sealing"
#: Lines under one root at most; more wait for the next, made at once.
BATCH = 5000

#: Stands for the root before the first.
FIRST_ROOT = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RootFinding:
    """A root that does not fit what is under it, or what was handed over.

    Parameters
    ----------
    root
        Number of the root: 1 for the first, 0 for all together.
    code
        ``root_changed``: lines under it were edited, removed, added or re-ordered. ``root_detached``: it does not
        continue the root before. ``lines_outside``: lines stand neither under a root nor after the last.
        ``anchor_differs``: it is not the root that the anchor holds. ``anchor_gone``: there is no such root any more.
    """

    root: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRange:
    """Lines of one case, first and last."""

    case_id: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealReport:
    """What the roots say.

    Parameters
    ----------
    unsealed
        The lines that only their cases' chains cover yet, by case; ``unsealed_lines`` says how many.
    """

    roots: int
    sealed: int
    findings: tuple[RootFinding, ...]
    unsealed: tuple[LineRange, ...]
    unsealed_lines: int


def seal_batch(tx: Tx, now: datetime) -> int:
    """Put settled lines that no root covers yet under one, ``BATCH`` at most; return how many there were."""
    cursor = hold_cursor(tx, _READER)
    rows, reached = read_feed(tx, cursor, BATCH)
    if not rows:
        return 0
    newest = store.newest_root(tx)
    previous = newest.root if newest else FIRST_ROOT
    leaves = [leaf(line) for line in feed_lines(tx, cursor, reached)]
    store.add_root(
        tx,
        {
            "after_txn": cursor.txn,
            "after_id": cursor.id,
            "up_to_txn": reached.txn,
            "up_to_id": reached.id,
            "lines": len(leaves),
            "root": root_over(previous, leaves, cursor, reached),
            "previous": previous,
            "sealed_at": now,
        },
    )
    move_cursor(tx, _READER, reached)
    return len(leaves)


def seal_settled(database: Database, clock: Clock, alive: Callable[[], None] = lambda: None) -> int:
    """Put every settled line that no root covers yet under one; return how many lines there were."""
    sealed = 0
    while True:
        alive()
        with database.writing() as tx:
            lines = seal_batch(tx, clock.now())
        sealed += lines
        if lines < BATCH:
            return sealed


def covering_root(tx: Tx, cut_off: datetime) -> HistoryAnchor | None:
    """Return the first root that covers every line recorded by an instant; None while there is none.

    The first and not the newest, so that a month packed again later says the same.
    """
    last = last_recorded(tx, cut_off)
    if last is None:
        return None
    lines = 0
    for number, row in enumerate(store.roots(tx), start=1):
        lines += row.lines
        if Cursor(txn=row.up_to_txn, id=row.up_to_id) >= last:
            return HistoryAnchor(number=number, lines=lines, root=row.root)
    return None


def check_roots(tx: Tx, anchor: HistoryAnchor | None = None) -> SealReport:
    """Recompute every root from the lines as they are now, and compare with one that was handed over.

    Parameters
    ----------
    anchor
        As a month's manifest prints it. Whoever rewrote lines and made all roots anew is found by it alone.
    """
    findings: list[RootFinding] = []
    end, previous, sealed = Cursor(), FIRST_ROOT, 0
    known = store.roots(tx)
    for number, row in enumerate(known, start=1):
        after, up_to = Cursor(txn=row.after_txn, id=row.after_id), Cursor(txn=row.up_to_txn, id=row.up_to_id)
        if after != end or row.previous != previous:
            findings.append(RootFinding(root=number, code="root_detached"))
        leaves = [leaf(line) for line in feed_lines(tx, after, up_to)]
        if len(leaves) != row.lines or root_over(row.previous, leaves, after, up_to) != row.root:
            findings.append(RootFinding(root=number, code="root_changed"))
        end, previous, sealed = up_to, row.root, sealed + len(leaves)
        if anchor is not None and number == anchor.number and (row.root, sealed) != (anchor.root, anchor.lines):
            findings.append(RootFinding(root=number, code="anchor_differs"))
    if anchor is not None and anchor.number > len(known):
        findings.append(RootFinding(root=anchor.number, code="anchor_gone"))
    unsealed, lines = _ranges(feed_lines(tx, end))
    return SealReport(
        roots=len(known), sealed=sealed, findings=tuple(findings), unsealed=unsealed, unsealed_lines=lines
    )


def _ranges(lines: Iterable[FeedLine]) -> tuple[tuple[LineRange, ...], int]:
    """Join lines that follow each other within their case; returns the ranges by case and how many lines they are."""
    seqs: dict[int, list[int]] = {}
    count = 0
    for line in lines:
        seqs.setdefault(line.case_id, []).append(line.seq)
        count += 1
    ranges: list[LineRange] = []
    for case_id, numbers in sorted(seqs.items()):
        numbers.sort()
        first = before = numbers[0]
        for number in numbers[1:]:
            if number != before + 1:
                ranges.append(LineRange(case_id=case_id, first=first, last=before))
                first = number
            before = number
        ranges.append(LineRange(case_id=case_id, first=first, last=before))
    return tuple(ranges), count


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a tree over hashed leaves; an odd node goes up as it is, no leaf gives the hash of nothing.

    Examples
    --------
    >>> merkle_root([b"only"])
    b'only'
    """
    level = list(leaves)
    if not level:
        return hashlib.sha256().digest()
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def leaf(line: FeedLine) -> bytes:
    """Return the hash of a line at its place in the feed."""
    covered = f"{line.cursor.txn}.{line.cursor.id}.{line.case_id}.{line.seq}.{line.hash}"
    return hashlib.sha256(b"\x00" + covered.encode()).digest()


def root_over(previous: str, leaves: list[bytes], after: Cursor, up_to: Cursor) -> str:
    """Return the root over leaves that continues another."""
    covered = f"{previous}.{len(leaves)}.{after.txn}.{after.id}.{up_to.txn}.{up_to.id}."
    return hashlib.sha256(b"\x02" + covered.encode() + merkle_root(leaves)).hexdigest()
