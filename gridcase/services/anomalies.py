"""Anomalies 待复核异常: what the evidence of phones shows that a person should look at. Facts and numbers, no verdict.

Found by a job that reads the history through the feed, each once, however often it runs, and of visits of campaign
places as they are made (``campaigning``). Reviewed with a reason by somebody it is not about. Positions are erased some
months after the cases ended.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import TypeVar

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import Action
from gridcase.domain.errors import NotFoundError, NotPermittedError, WrongStateError
from gridcase.domain.history import Facts
from gridcase.domain.place import GeoPoint, distance_m
from gridcase.services.runtime import Runtime
from gridcase.services.steps.permitting import only_for
from gridcase.store import anomalies as store
from gridcase.store.anomalies import OPEN, REVIEWED, VISIT_DOUBTED, CheckDone, ListedAnomaly, NewAnomaly, UsedPhoto
from gridcase.store.campaigns import forget_visitors, old_visits
from gridcase.store.database import LARGEST_ID, Tx
from gridcase.store.feed import hold_cursor, move_cursor, read_feed
from gridcase.store.field_evidence import PhotoEvidenceRow
from gridcase.store.history import CaseEventRow
from gridcase.workflow.trust import Doubt, TrustRule

__all__ = [
    "OPEN",
    "REVIEWED",
    "AnomalyKind",
    "ListedAnomaly",
    "anomalies",
    "clean_evidence",
    "find_anomalies",
    "review_anomaly",
]

#: Who looks at them.
REVIEWERS = frozenset({Role.SHIFT_LEADER, Role.ASSESSOR, Role.ADMIN})
_Key = TypeVar("_Key")
_READER = "anomalies"
_BATCH = 200
_TELLING = frozenset({Action.FILE, Action.VERIFY, Action.CHECK, Action.ATTACH, Action.REPORT, Action.SUBMIT})
#: Two stays farther apart in time say nothing of speed; two nearer in place nothing of moving.
_STAYS_WITHIN = timedelta(hours=2)
_LEAST_MOVE_M = 300
#: A clock that differs from another day's may have drifted, or been set right over night.
_CLOCKS_WITHIN = timedelta(hours=12)
#: A picture's own metadata and the phone may differ by so much.
_EXIF_FAR_M, _EXIF_SECONDS = 500, 600


class AnomalyKind(StrEnum):
    """What may be worth a second look."""

    SAME_PHOTO = "same_photo"
    FAST_MOVE = "fast_move"
    CHECK_BURST = "check_burst"
    CLOCK_APART = "clock_apart"
    CLOCK_JUMP = "clock_jump"
    NO_PLACE = "no_place"
    GALLERY_PHOTO = "gallery_photo"
    EXIF_DIFFERS = "exif_differs"
    VISIT_DOUBTED = VISIT_DOUBTED


def find_anomalies(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Look at everything new in the history; return how many anomalies were found.

    One transaction a batch, together with the place reached.
    """
    found = 0
    while True:
        alive()
        rule = rt.reference().rules.conduct.trust
        with rt.database.writing() as tx:
            cursor = hold_cursor(tx, _READER)
            lines, reached = read_feed(tx, cursor, _BATCH)
            if not lines:
                return found
            told = [line for line in lines if line.action in _TELLING]
            new = _look(tx, told, rule) if told else ()
            found += sum(store.add_anomaly(tx, one, rt.clock.now()) for one in new)
            move_cursor(tx, _READER, reached)


def anomalies(
    rt: Runtime, actor: Actor, *, state: str | None, after: int | None, limit: int
) -> tuple[ListedAnomaly, ...]:
    """Return a page of the anomalies of visits and of cases an actor may see, newest first, and one more if there is.

    Raises
    ------
    NotPermittedError
        The role reviews none.
    """
    only_for(actor, REVIEWERS)
    with rt.database.reading() as tx:
        return store.page_of_anomalies(tx, actor, state=state, after=after, limit=limit)


def review_anomaly(rt: Runtime, actor: Actor, identity: int, read: Callable[[], str]) -> ListedAnomaly:
    """Say what came out of looking at an anomaly, once; the same by the same person again changes nothing.

    Raises
    ------
    NotPermittedError
        The role reviews none, or it is about the actor.
    NotFoundError
        There is none, or the actor may not see the case.
    WrongStateError
        It was reviewed before.
    """
    only_for(actor, REVIEWERS)
    with rt.database.writing() as tx:
        before = _one(tx, actor, identity)
        if before.row.person_id == actor.person:
            raise NotPermittedError("about_yourself")
        reason = read()
        done = store.review_anomaly(tx, identity, by=actor.person, at=rt.clock.now(), reason=reason)
        if not done and (before.row.reviewed_by, before.row.reason) != (actor.person, reason):
            raise WrongStateError("anomaly_reviewed", params={"id": identity})
    with rt.database.reading() as tx:
        return _one(tx, actor, identity)


def clean_evidence(rt: Runtime, *, alive: Callable[[], None] = lambda: None) -> int:
    """Erase where staff stood for cases that ended, or visits made, some whole months ago; return of how many rows."""
    now = rt.clock.now()
    before = _months_back(
        now.astimezone(rt.settings.zone).date(), rt.reference().rules.conduct.trust.evidence_months, rt
    )
    pass_over = _Erasing(rt=rt, before=before, alive=alive)
    return (
        pass_over.erased(store.old_positions, store.forget_positions)
        + pass_over.erased(store.old_measured, store.forget_measured)
        + pass_over.erased(old_visits, forget_visitors)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Erasing:
    """One pass over each kind of evidence, in the order of its keys."""

    rt: Runtime
    before: datetime
    alive: Callable[[], None]

    def erased(
        self,
        find: Callable[[Tx, datetime, _Key | None, int], Sequence[_Key]],
        forget: Callable[[Tx, Sequence[_Key]], None],
    ) -> int:
        """Erase what is found; return of how many rows. It is looked for while everybody else may write."""
        count, last = 0, None
        while True:
            self.alive()
            with self.rt.database.reading() as tx:
                found = find(tx, self.before, last, _BATCH)
            if not found:
                return count
            with self.rt.database.writing() as tx:
                forget(tx, found)
            count, last = count + len(found), found[-1]


def _months_back(today: date, months: int, rt: Runtime) -> datetime:
    """Return the beginning of the month so many whole months before this one."""
    count = today.year * 12 + today.month - 1 - months
    first = date(count // 12, count % 12 + 1, 1)
    return datetime.combine(first, time(), rt.settings.zone)


def _one(tx: Tx, actor: Actor, identity: int) -> ListedAnomaly:
    found = (
        store.page_of_anomalies(tx, actor, state=None, after=None, limit=1, identity=identity)
        if identity <= LARGEST_ID
        else ()
    )
    if not found:
        raise NotFoundError("anomaly_not_found", params={"id": identity})
    return found[0]


@dataclass(frozen=True, slots=True)
class _New:
    """A photo that has just come with a line."""

    photo: UsedPhoto
    line: CaseEventRow


def _look(tx: Tx, lines: list[CaseEventRow], rule: TrustRule) -> tuple[NewAnomaly, ...]:
    by_line = {(line.case_id, line.seq): line for line in lines}
    photos = store.used_photos(tx, sorted({line.case_id for line in lines}))
    new = [_New(one, line) for one in photos if (line := by_line.get((one.case_id, one.event_seq))) is not None]
    return (
        *_same_photos(tx, new),
        *(found for one in new for found in _of_one(one, rule)),
        *_fast_moves(tx, new, rule),
        *_clock_jumps(tx, new, rule),
        *_without_place(lines),
        *_bursts(tx, lines, rule),
    )


def _same_photos(tx: Tx, new: list[_New]) -> Iterator[NewAnomaly]:
    if not new:
        return
    known = {one.photo.id: one for one in new}
    for mine, other, number in store.same_pictures(tx, sorted(known)):
        one, two = sorted((mine, other))
        yield _anomaly(known[mine], AnomalyKind.SAME_PHOTO, f"{one}/{two}", case=number)


def _of_one(new: _New, rule: TrustRule) -> Iterator[NewAnomaly]:
    told = new.photo.evidence
    if told is None:
        return
    if told.from_gallery:
        yield _anomaly(new, AnomalyKind.GALLERY_PHOTO, new.photo.id)
    offset_s = round(abs(told.clock_offset_ms or 0) / 1000)
    if offset_s > rule.clock_minutes * 60:
        yield _anomaly(new, AnomalyKind.CLOCK_APART, new.photo.id, minutes=round(offset_s / 60))
    away, seconds = told.exif_distance_m or 0, abs(told.exif_seconds or 0)
    if away > _EXIF_FAR_M or seconds > _EXIF_SECONDS:
        yield _anomaly(new, AnomalyKind.EXIF_DIFFERS, new.photo.id, metres=round(away), minutes=round(seconds / 60))


def _anomaly(new: _New, kind: AnomalyKind, about: str, **figures: str | int) -> NewAnomaly:
    told = new.photo.evidence
    return NewAnomaly(
        slot=f"{kind}/{about}",
        kind=kind,
        person_id=new.photo.uploader,
        case_id=new.photo.case_id,
        at=(told.taken_at if told else None) or new.line.recorded_at,
        figures=figures,
    )


def _fast_moves(tx: Tx, new: list[_New], rule: TrustRule) -> Iterator[NewAnomaly]:
    told = [one.photo.evidence for one in new if one.photo.evidence is not None]
    placed = [one for one in told if one.lon_e7 is not None and one.taken_at is not None]
    times = [one.taken_at for one in placed if one.taken_at is not None]
    if not times:
        return
    ids = {one.attachment_id for one in placed}
    people = sorted({one.person_id for one in placed})
    known = store.stays(tx, people, min(times) - _STAYS_WITHIN, max(times) + _STAYS_WITHIN)
    for (one, _), (two, case_id) in pairwise(known):
        if one.person_id == two.person_id and ids & {one.attachment_id, two.attachment_id}:
            yield from _fast_move(one, two, case_id, rule)


def _fast_move(one: PhotoEvidenceRow, two: PhotoEvidenceRow, case_id: int, rule: TrustRule) -> Iterator[NewAnomaly]:
    if one.taken_at is None or two.taken_at is None:
        return
    metres = distance_m(_point(one), _point(two)) - (one.accuracy_m or 0) - (two.accuracy_m or 0)
    seconds = (two.taken_at - one.taken_at).total_seconds()
    if metres < _LEAST_MOVE_M or metres * 3.6 <= rule.speed_kmh * seconds:
        return
    yield NewAnomaly(
        slot=f"{AnomalyKind.FAST_MOVE}/{one.attachment_id}/{two.attachment_id}",
        kind=AnomalyKind.FAST_MOVE,
        person_id=two.person_id,
        case_id=case_id,
        at=two.taken_at,
        figures={"metres": round(metres), "seconds": round(seconds)},
    )


def _clock_jumps(tx: Tx, new: list[_New], rule: TrustRule) -> Iterator[NewAnomaly]:
    """Yield where the same device's clock was moved between two photos."""
    told = [one.photo.evidence for one in new if one.photo.evidence is not None]
    placed = {one.attachment_id: one for one in told if one.device is not None and one.clock_offset_ms is not None}
    times = [one.taken_at for one in placed.values() if one.taken_at is not None]
    if not times:
        return
    people = sorted({one.person_id for one in placed.values()})
    known = store.clocks(tx, people, min(times) - _CLOCKS_WITHIN, max(times) + _CLOCKS_WITHIN)
    for (one, _), (two, case_id) in pairwise(known):
        is_same = (one.person_id, one.device) == (two.person_id, two.device)
        if is_same and (one.attachment_id in placed or two.attachment_id in placed):
            yield from _clock_jump(one, two, case_id, rule)


def _clock_jump(one: PhotoEvidenceRow, two: PhotoEvidenceRow, case_id: int, rule: TrustRule) -> Iterator[NewAnomaly]:
    minutes = abs((two.clock_offset_ms or 0) - (one.clock_offset_ms or 0)) / 60_000
    if two.taken_at is None or minutes <= rule.clock_jump_minutes:
        return
    yield NewAnomaly(
        slot=f"{AnomalyKind.CLOCK_JUMP}/{one.attachment_id}/{two.attachment_id}",
        kind=AnomalyKind.CLOCK_JUMP,
        person_id=two.person_id,
        case_id=case_id,
        at=two.taken_at,
        figures={"minutes": round(minutes)},
    )


def _without_place(lines: Iterable[CaseEventRow]) -> Iterator[NewAnomaly]:
    """Yield answers given on the spot that say nowhere where."""
    for line in lines:
        if Doubt.NO_PLACE in Facts.load(line.facts).doubts:
            yield NewAnomaly(
                slot=f"{AnomalyKind.NO_PLACE}/{line.id}",
                kind=AnomalyKind.NO_PLACE,
                person_id=line.actor_id,
                case_id=line.case_id,
                at=line.observed_at or line.recorded_at,
                figures={},
            )


def _point(row: PhotoEvidenceRow) -> GeoPoint:
    return GeoPoint(lon_e7=row.lon_e7 or 0, lat_e7=row.lat_e7 or 0)


def _bursts(tx: Tx, lines: Iterable[CaseEventRow], rule: TrustRule) -> Iterator[NewAnomaly]:
    checks = [line for line in lines if line.action == Action.CHECK]
    if not checks:
        return
    new = {line.id for line in checks}
    within = timedelta(minutes=rule.burst_minutes)
    times = [line.observed_at or line.recorded_at for line in checks]
    people = sorted({line.actor_id for line in checks})
    # Twice: a window with a new check in it, and beyond it the one before or after that belongs to the same burst.
    known = store.checks_done(tx, people, min(times) - 2 * within, max(times) + 2 * within)
    for _, done in groupby(known, key=lambda one: one.person):
        for burst in _bursts_of(tuple(done), rule, within):
            # Of a window without a new check the same burst was told already, when the last of its checks came.
            if all(any(one.event in new for one in window) for window in burst):
                yield _burst(burst[0])


def _bursts_of(
    done: tuple[CheckDone, ...], rule: TrustRule, within: timedelta
) -> Iterator[tuple[tuple[CheckDone, ...], ...]]:
    """Yield every run of windows that are too quick: what goes on is the same burst."""
    windows = (done[first : first + rule.burst_checks] for first in range(len(done) - rule.burst_checks + 1))
    for is_burst, run in groupby(windows, key=lambda window: _is_burst(window, rule, within)):
        if is_burst:
            yield tuple(run)


def _is_burst(window: tuple[CheckDone, ...], rule: TrustRule, within: timedelta) -> bool:
    return window[-1].at - window[0].at <= within and _widest(window) > rule.burst_distance_m


def _burst(window: tuple[CheckDone, ...]) -> NewAnomaly:
    span = window[-1].at - window[0].at
    return NewAnomaly(
        slot=f"{AnomalyKind.CHECK_BURST}/{window[0].event}",
        kind=AnomalyKind.CHECK_BURST,
        person_id=window[0].person,
        case_id=window[-1].case_id,
        at=window[-1].at,
        figures={
            "checks": len(window),
            "seconds": round(span.total_seconds()),
            "metres": round(_widest(window)),
        },
    )


def _widest(window: tuple[CheckDone, ...]) -> float:
    points = [GeoPoint(lon_e7=one.lon_e7, lat_e7=one.lat_e7) for one in window]
    return max(distance_m(one, other) for one in points for other in points)
