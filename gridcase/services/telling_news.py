"""Telling what is new: lines of history read through the feed, and what the month and heavy work leave behind.

A line is told in the transaction that moves the reader's cursor past it, so none is skipped or told twice, whoever is
killed when; what is no line of a case (a month's step, a decided appeal, finished work) is told under a key of its own.
Nothing here is done while a case is filed or acted on: that costs no statement more (ADR 0015).
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from gridcase.domain.actor import SYSTEM, Role
from gridcase.domain.case import PersonId, UnitCode
from gridcase.domain.notices import NoticeKind, Why
from gridcase.services.runtime import Runtime
from gridcase.services.steps.telling import News, Telling
from gridcase.store import appeals, assessments, history, notices
from gridcase.store.cases import StoredCase, load_case
from gridcase.store.database import Tx
from gridcase.store.feed import has_news, hold_cursor, move_cursor, read_feed
from gridcase.store.history import CaseEventRow
from gridcase.workflow.telling import Audience, is_news, tellings

_READER = "telling"
#: Lines told in one transaction: on SQLite nobody else writes meanwhile.
_BATCH = 50
#: What is older when it is found for the first time is not told any more (a database taken over, a job long stopped).
_FRESH = timedelta(days=30)
#: Notices are kept so long.
KEPT = timedelta(days=180)
_MOST_FORGOTTEN = 500


def is_anything_new(rt: Runtime) -> bool:
    """Tell whether there are lines that nobody was told of yet, or something else may have happened."""
    with rt.database.reading() as tx:
        return has_news(tx, _READER) or bool(_untold(tx, rt))


def tell_news(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Tell everything that is new; return how many notices there were."""
    told = 0
    while True:
        alive()
        with rt.database.writing() as tx:
            lines, fresh = _tell_lines(tx, rt)
        told += fresh
        if lines < _BATCH:
            break
    alive()
    with rt.database.writing() as tx:
        return told + _teller(tx, rt).tell(_untold(tx, rt))


def forget_told(rt: Runtime) -> int:
    """Remove notices that are older than they are kept; return how many there were."""
    with rt.database.writing() as tx:
        return notices.forget_notices(tx, rt.clock.now() - KEPT, _MOST_FORGOTTEN)


def _teller(tx: Tx, rt: Runtime) -> Telling:
    return Telling(tx, rt.clock.now(), rt.settings.zone)


def _tell_lines(tx: Tx, rt: Runtime) -> tuple[int, int]:
    cursor = hold_cursor(tx, _READER)
    rows, reached = read_feed(tx, cursor, _BATCH)
    if not rows:
        return 0, 0
    teller = _teller(tx, rt)
    cases: dict[int, StoredCase | None] = {}
    told = 0
    for row in rows:
        if not is_news(history.action_of(row)):
            continue
        if row.case_id not in cases:
            cases[row.case_id] = load_case(tx, row.case_id, SYSTEM)
        told += teller.tell(tuple(_of_line(row, cases[row.case_id])))
    move_cursor(tx, _READER, reached)
    return len(rows), told


def _of_line(row: CaseEventRow, stored: StoredCase | None) -> Iterator[News]:
    if stored is None:
        return
    event = history.to_event(row, stored.case.number)
    for one in tellings(event, stored.case):
        yield News(
            key=f"case/{stored.id}/{event.seq}/{one.kind}",
            kind=one.kind,
            at=event.recorded_at,
            audiences=one.audiences,
            case_id=stored.id,
            seq=event.seq,
            but_not=event.actor or None,
        )


def _untold(tx: Tx, rt: Runtime) -> tuple[News, ...]:
    """Return what is no line of a case and was not told yet."""
    since = rt.clock.now() - _FRESH
    found = (*_of_months(tx, rt), *_of_appeals(tx, rt), *_of_work(tx, rt))
    fresh = {one.key: one for one in found if one.at >= since}
    known = notices.known_keys(tx, tuple(fresh)) if fresh else frozenset()
    return tuple(one for key, one in fresh.items() if key not in known)


def _of_months(tx: Tx, rt: Runtime) -> Iterator[News]:
    for row in assessments.notices_since(tx, rt.clock.now() - _FRESH):
        yield News(
            key=f"month/{row.period}/{row.step}/{row.role}",
            kind=NoticeKind.MONTH_STEP,
            at=row.noted_at,
            stage=row.step,
            subject=row.period,
            audiences=(Audience(why=Why.YOUR_ROLE, role=Role(row.role)),),
        )


def _of_appeals(tx: Tx, rt: Runtime) -> Iterator[News]:
    for row in appeals.changed_since(tx, rt.clock.now() - _FRESH):
        yield News(
            key=f"appeal/{row.id}/filed",
            kind=NoticeKind.APPEAL_FILED,
            at=row.filed_at,
            subject=f"{row.period}/{row.rule_set}/{row.id}",
            audiences=(Audience(why=Why.YOUR_ROLE, role=Role.ASSESSOR),),
            but_not=PersonId(row.filed_by),
        )
        if row.decided_at is not None:
            yield News(
                key=f"appeal/{row.id}/decided",
                kind=NoticeKind.APPEAL_DECIDED,
                at=row.decided_at,
                subject=f"{row.period}/{row.rule_set}/{row.id}",
                audiences=(
                    Audience(why=Why.YOU_ASKED, person=PersonId(row.filed_by), role=Role(row.role)),
                    Audience(why=Why.YOUR_UNIT, unit=UnitCode(row.subject)),
                ),
                but_not=None if row.decided_by is None else PersonId(row.decided_by),
            )


def _of_work(tx: Tx, rt: Runtime) -> Iterator[News]:
    """Yield runs and what-ifs that ended, for who asked; what the timetable made by itself is told by its steps."""
    for row in assessments.ended_since(tx, rt.clock.now() - _FRESH):
        is_done = row.status == assessments.DONE
        yield News(
            key=f"{row.what}/{row.id}/{row.status}",
            kind=NoticeKind.WORK_DONE if is_done else NoticeKind.WORK_FAILED,
            at=row.ended_at,
            stage=row.what,
            subject=row.name,
            audiences=(Audience(why=Why.YOU_ASKED, person=PersonId(row.asked_by)),),
        )
