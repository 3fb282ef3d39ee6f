"""Assessment: runs of rule sets over periods, what was done with each, the frozen months, and what-ifs.

Acts are only ever added, each once by the database's own word: of two people at the same moment one writes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, aliased, defer, mapped_column

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseNumber, CaseState
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime

#: Where the work on a run or what-if stands.
QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"


class AssessmentRunRow(Base):
    """One run of one rule set over one period.

    Parameters
    ----------
    digest
        SHA-256 of the package, whose bytes lie in the blob store; empty until it is made.
    is_draft
        Run before the cut-off.
    basis
        SHA-256 over everything that decides the figures: facts, rule set, inputs, revision; empty until done.
    facts, facts_blob
        SHA-256 of what the facts say, and of the blob that holds them.
    lists_blob
        SHA-256 of the blob with the cases behind its numbers; empty when none were kept.
    terms
        Rule set document and scoring inputs, as used.
    provisional
        Cases with a deadline that may still move.
    asked_as
        Key of the request, by which it is made once; empty on the command line.
    supersedes, revision, reason
        Of a re-issue: the sealed run it takes the place of, 2 and up, and why.
    sealed_as
        ``period/rule set/revision`` once sealed: unique, so that one of many becomes the month.
    is_packed
        The package in ``digest`` is of the run as it stands; sealing makes another necessary.
    pack_asked
        Somebody wants the package; it is made in the jobs process or on the command line.
    """

    __tablename__ = "assessment_run"
    __table_args__ = (
        Index("ix_assessment_run_basis", "basis"),
        Index("ix_assessment_run_status", "status", "id"),
        Index("uq_assessment_run_asked_as", "asked_as", unique=True),
        Index("uq_assessment_run_sealed_as", "sealed_as", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10), index=True)
    rule_set: Mapped[str] = mapped_column(String(80))
    cut_off: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(64), default="")
    is_draft: Mapped[bool]
    scores: Mapped[Any] = mapped_column(PlainJson)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int]
    role: Mapped[str] = mapped_column(String(20), default="system")
    status: Mapped[str] = mapped_column(String(8), default=DONE)
    error: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[str] = mapped_column(String(40), default="")
    subject_kind: Mapped[str] = mapped_column(String(10), default="")
    basis: Mapped[str] = mapped_column(String(64), default="")
    facts: Mapped[str] = mapped_column(String(64), default="")
    facts_blob: Mapped[str] = mapped_column(String(64), default="")
    lists_blob: Mapped[str] = mapped_column(String(64), default="")
    terms: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    cases: Mapped[int] = mapped_column(default=0)
    provisional: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str] = mapped_column(String(60), default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_as: Mapped[str | None] = mapped_column(String(160))
    supersedes: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(Text, default="")
    sealed_as: Mapped[str | None] = mapped_column(String(120))
    is_packed: Mapped[bool] = mapped_column(default=False)
    pack_asked: Mapped[bool] = mapped_column(default=False)


class AssessmentActRow(Base):
    """Something people did with a run: draft, withdraw, approve, seal, send; each once."""

    __tablename__ = "assessment_act"
    __table_args__ = (Index("uq_assessment_act", "run_id", "act", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("assessment_run.id"))
    act: Mapped[str] = mapped_column(String(10))
    person: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    client_ref: Mapped[str | None] = mapped_column(String(36))


class AssessmentMonthRow(Base):
    """A period whose facts are frozen: whatever happened since, it is counted from these.

    Parameters
    ----------
    facts, facts_blob
        SHA-256 of what the facts say, and of the blob that holds them.
    """

    __tablename__ = "assessment_month"

    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cut_off: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[str] = mapped_column(String(64))
    facts_blob: Mapped[str] = mapped_column(String(64))
    frozen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    frozen_by: Mapped[int]


class AssessmentWhatIfRow(Base):
    """A draft rule set tried on sealed months beside the one in force: what was asked, and the answer."""

    __tablename__ = "assessment_what_if"
    __table_args__ = (
        Index("ix_assessment_what_if_status", "status", "id"),
        Index("uq_assessment_what_if_asked_as", "asked_as", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asked: Mapped[Any] = mapped_column(PlainJson)
    answer: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    status: Mapped[str] = mapped_column(String(8))
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str] = mapped_column(String(60), default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_as: Mapped[str | None] = mapped_column(String(160))


class AssessmentReconciliationRow(Base):
    """A comparison 对账 of the centre's findings of a period with our facts: what was asked, and the answer.

    Parameters
    ----------
    complete
        Systems whose list names every case of theirs that was due.
    """

    __tablename__ = "assessment_reconciliation"
    __table_args__ = (
        Index("ix_assessment_reconciliation_status", "status", "id"),
        Index("ix_assessment_reconciliation_period", "period", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    complete: Mapped[Any] = mapped_column(PlainJson)
    answer: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    status: Mapped[str] = mapped_column(String(8))
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str] = mapped_column(String(60), default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MonthNoticeRow(Base):
    """A reminder of a step of a month's timetable, for a role, once."""

    __tablename__ = "assessment_notice"
    __table_args__ = (Index("uq_assessment_notice", "period", "step", "role", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    step: Mapped[str] = mapped_column(String(10))
    role: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


def cases_due(
    tx: Tx, actor: Actor, since: datetime, until: datetime, *, limit: int
) -> tuple[tuple[CaseNumber, str | None, datetime], ...]:
    """Return number, unit and handling deadline of open cases that an actor sees, the next to breach first."""
    statement = (
        select(CaseRow)
        .where(
            visible_to(actor),
            CaseRow.closed_at.is_(None),
            CaseRow.handle_due_at >= since,
            CaseRow.handle_due_at < until,
            CaseRow.state.in_([str(state) for state in _STILL_TO_HANDLE]),
        )
        .order_by(CaseRow.handle_due_at, CaseRow.id)
        .limit(limit)
    )
    rows = tx.execute(statement).scalars()
    return tuple((row.number, row.unit, row.handle_due_at) for row in rows if row.handle_due_at is not None)


#: A suspended case's deadline moves; a reported one waits for its check.
_STILL_TO_HANDLE = (CaseState.DISPATCHED, CaseState.HANDLING, CaseState.RETURNED)

Queue = type[AssessmentRunRow] | type[AssessmentWhatIfRow] | type[AssessmentReconciliationRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run with what was done with it, by act, and the sealed run that took its place."""

    row: AssessmentRunRow
    acts: Mapping[str, AssessmentActRow]
    superseded_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRecord:
    """A period with how many runs it has, how many of them are sealed, and the newest."""

    period: str
    runs: int
    sealed: int
    newest: int


class ActTakenError(Exception):
    """Somebody did it at the same moment; the transaction must be given up."""


# --- runs -------------------------------------------------------------------------------------------------------


def add_run(tx: Tx, values: Mapping[str, Any]) -> int:
    """Insert a run and return its identity."""
    statement = insert(AssessmentRunRow).values(**values).returning(AssessmentRunRow.id)
    return tx.execute(statement).scalar_one()


def ask_run(tx: Tx, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Queue a run under its key; of the same key again the first, with False."""
    try:
        with tx.begin_nested():
            return add_run(tx, values), True
    except IntegrityError:
        found = select(AssessmentRunRow.id).where(AssessmentRunRow.asked_as == values["asked_as"])
        return tx.execute(found).scalar_one(), False


def run(tx: Tx, identity: int) -> RunRecord | None:
    """Return a run, or None."""
    found = _records(tx, AssessmentRunRow.id == identity, limit=1, is_whole=True)
    return found[0] if found else None


def runs(
    tx: Tx, *, period: str | None, rule_set: str | None = None, after: int | None = None, limit: int
) -> tuple[RunRecord, ...]:
    """Return runs without their scores, newest first, one more than asked when there are more; in two statements."""
    wanted: ColumnElement[bool] = AssessmentRunRow.id > 0
    if period is not None:
        wanted = and_(wanted, AssessmentRunRow.period == period)
    if rule_set is not None:
        wanted = and_(wanted, AssessmentRunRow.rule_set == rule_set)
    if after is not None:
        wanted = and_(wanted, AssessmentRunRow.id < after)
    return _records(tx, wanted, limit=limit + 1, is_whole=False)


def run_by_basis(tx: Tx, basis: str) -> AssessmentRunRow | None:
    """Return the run that rests on exactly this and was not withdrawn, or None: the sealed one, else the first."""
    withdrawn = exists().where(AssessmentActRow.run_id == AssessmentRunRow.id, AssessmentActRow.act == "withdraw")
    statement = select(AssessmentRunRow).where(
        AssessmentRunRow.basis == basis, AssessmentRunRow.status == DONE, ~withdrawn
    )
    best = (AssessmentRunRow.sealed_as.is_(None), AssessmentRunRow.id)
    return tx.execute(statement.order_by(*best).limit(1)).scalar_one_or_none()


def names_blob(tx: Tx, digest: str) -> bool:
    """Tell whether a run or a frozen month needs the bytes of a digest."""
    named = (AssessmentRunRow.digest, AssessmentRunRow.facts_blob, AssessmentRunRow.lists_blob)
    run_ = select(AssessmentRunRow.id).where(or_(*(one == digest for one in named)))
    month_ = select(AssessmentMonthRow.period).where(AssessmentMonthRow.facts_blob == digest)
    return any(tx.execute(one.limit(1)).first() is not None for one in (run_, month_))


def newest_run(
    tx: Tx, period: str | None = None, rule_set: str | None = None, status: str = DONE
) -> AssessmentRunRow | None:
    """Return the newest run in a status, of a period or of all."""
    statement = select(AssessmentRunRow).where(AssessmentRunRow.status == status)
    if period is not None:
        statement = statement.where(AssessmentRunRow.period == period)
    if rule_set is not None:
        statement = statement.where(AssessmentRunRow.rule_set == rule_set)
    return tx.execute(statement.order_by(AssessmentRunRow.id.desc()).limit(1)).scalar_one_or_none()


def waiting_run(tx: Tx, period: str, rule_set: str) -> int | None:
    """Return the run of a period and rule set that is queued, or None."""
    statement = select(AssessmentRunRow.id).where(
        AssessmentRunRow.period == period,
        AssessmentRunRow.rule_set == rule_set,
        AssessmentRunRow.status == QUEUED,
        AssessmentRunRow.supersedes.is_(None),
    )
    return tx.execute(statement.order_by(AssessmentRunRow.id).limit(1)).scalar_one_or_none()


def sealed_runs(tx: Tx, period: str, rule_set: str) -> tuple[AssessmentRunRow, ...]:
    """Return the sealed runs of a period under a rule set, the newest revision first."""
    statement = select(AssessmentRunRow).where(
        AssessmentRunRow.period == period,
        AssessmentRunRow.rule_set == rule_set,
        AssessmentRunRow.sealed_as.is_not(None),
    )
    return tuple(tx.execute(statement.order_by(AssessmentRunRow.revision.desc())).scalars())


def drop_lists(tx: Tx, identity: int) -> tuple[str, ...]:
    """Let the drafts that a run takes the place of keep no case lists; return the digests that they named.

    Those are of its period and rule set, came before it and keep no facts: nobody can seal them.
    """
    run_ = select(AssessmentRunRow.period, AssessmentRunRow.rule_set).where(AssessmentRunRow.id == identity)
    period, rule_set = tx.execute(run_).one()
    older = and_(
        AssessmentRunRow.period == period,
        AssessmentRunRow.rule_set == rule_set,
        AssessmentRunRow.id < identity,
        AssessmentRunRow.facts_blob == "",
        AssessmentRunRow.lists_blob != "",
    )
    digests = tuple(tx.execute(select(AssessmentRunRow.lists_blob).where(older)).scalars())
    if digests:
        tx.execute(update(AssessmentRunRow).where(older).values(lists_blob=""))
    return digests


def next_unpacked(tx: Tx) -> int | None:
    """Return a run whose package is wanted and still to be made, or None."""
    statement = select(AssessmentRunRow.id).where(
        AssessmentRunRow.pack_asked.is_(True), AssessmentRunRow.is_packed.is_(False), AssessmentRunRow.status == DONE
    )
    return tx.execute(statement.order_by(AssessmentRunRow.id).limit(1)).scalar_one_or_none()


def ask_package(tx: Tx, identity: int) -> None:
    """Note that the package of a run is wanted."""
    tx.execute(update(AssessmentRunRow).where(AssessmentRunRow.id == identity).values(pack_asked=True))


def pack_run(tx: Tx, identity: int, digest: str, *, sealed_as: str | None) -> bool:
    """Note the package of a run; False when it was made already, or the run was sealed meanwhile."""
    unchanged = AssessmentRunRow.sealed_as.is_(None) if sealed_as is None else AssessmentRunRow.sealed_as == sealed_as
    statement = update(AssessmentRunRow).where(
        AssessmentRunRow.id == identity, AssessmentRunRow.is_packed.is_(False), unchanged
    )
    statement = statement.values(digest=digest, is_packed=True)
    return tx.execute(statement.returning(AssessmentRunRow.id)).scalar_one_or_none() is not None


# --- acts and frozen months -------------------------------------------------------------------------------------


def hold_run(tx: Tx, identity: int) -> None:
    """Let nobody else act on a run until this transaction ends."""
    tx.execute(select(AssessmentRunRow.id).where(AssessmentRunRow.id == identity).with_for_update())


def add_act(tx: Tx, values: Mapping[str, Any]) -> None:
    """Note an act.

    Raises
    ------
    ActTakenError
        It was done before.
    """
    try:
        tx.execute(insert(AssessmentActRow).values(**values))
        tx.flush()
    except IntegrityError as err:
        raise ActTakenError from err


def seal_run(tx: Tx, identity: int, sealed_as: str) -> None:
    """Make a run the month of its rule set in its revision.

    Raises
    ------
    ActTakenError
        Another run is.
    """
    statement = update(AssessmentRunRow).where(AssessmentRunRow.id == identity)
    try:
        tx.execute(statement.values(sealed_as=sealed_as, is_packed=False, pack_asked=True))
    except IntegrityError as err:
        raise ActTakenError from err


def periods(tx: Tx, *, before: str | None = None, limit: int) -> tuple[PeriodRecord, ...]:
    """Return the periods that have runs, newest name first, one more than asked when there are more; in one statement.

    Months sort by name; a quarter or year stands beside its months.
    """
    sealed = func.count(AssessmentRunRow.sealed_as)
    newest = func.max(AssessmentRunRow.id)
    statement = select(AssessmentRunRow.period, func.count(AssessmentRunRow.id), sealed, newest)
    if before is not None:
        statement = statement.where(AssessmentRunRow.period < before)
    statement = statement.group_by(AssessmentRunRow.period).order_by(AssessmentRunRow.period.desc()).limit(limit + 1)
    return tuple(
        PeriodRecord(period=row[0], runs=row[1], sealed=row[2], newest=row[3]) for row in tx.execute(statement)
    )


def month(tx: Tx, period: str) -> AssessmentMonthRow | None:
    """Return the frozen facts of a period, or None while it is not sealed."""
    return tx.execute(select(AssessmentMonthRow).where(AssessmentMonthRow.period == period)).scalar_one_or_none()


def months(tx: Tx) -> tuple[AssessmentMonthRow, ...]:
    """Return every frozen period, oldest first."""
    return tuple(tx.execute(select(AssessmentMonthRow).order_by(AssessmentMonthRow.period)).scalars())


def sealed_period(tx: Tx, *, ended_at: datetime, dates: Sequence[datetime]) -> str | None:
    """Return the first frozen period that counts a case's end: it was cut off afterwards and holds one of its dates."""
    holds = [and_(AssessmentMonthRow.starts_at <= one, AssessmentMonthRow.ends_at > one) for one in dates]
    statement = select(AssessmentMonthRow.period).where(AssessmentMonthRow.cut_off >= ended_at, or_(*holds))
    return tx.execute(statement.order_by(AssessmentMonthRow.ends_at).limit(1)).scalar_one_or_none()


def freeze_month(tx: Tx, values: Mapping[str, Any]) -> None:
    """Freeze the facts of a period.

    Raises
    ------
    ActTakenError
        They were frozen at the same moment.
    """
    try:
        tx.execute(insert(AssessmentMonthRow).values(**values))
    except IntegrityError as err:
        raise ActTakenError from err


# --- work to be done --------------------------------------------------------------------------------------------


def has_waiting(tx: Tx, now: datetime) -> bool:
    """Tell whether a run or a what-if waits, was left behind, or a sealed run lacks its package."""
    if next_unpacked(tx) is not None:
        return True
    return any(tx.execute(select(kind.id).where(_is_free(kind, now)).limit(1)).first() for kind in _QUEUES)


def take(tx: Tx, kind: Queue, *, owner: str, now: datetime, lease_until: datetime) -> int | None:
    """Take the oldest that waits or was left behind by a process that died; None when there is none."""
    oldest = select(kind.id).where(_is_free(kind, now)).order_by(kind.id).limit(1).scalar_subquery()
    statement = (
        update(kind)
        .where(kind.id == oldest, _is_free(kind, now))
        .values(status=RUNNING, owner=owner, lease_until=lease_until)
        .returning(kind.id)
    )
    return tx.execute(statement).scalar_one_or_none()


def keep(tx: Tx, kind: Queue, identity: int, *, owner: str, lease_until: datetime) -> bool:
    """Prolong what was taken; False when somebody else took it over."""
    statement = update(kind).where(kind.id == identity, kind.status == RUNNING, kind.owner == owner)
    return tx.execute(statement.values(lease_until=lease_until).returning(kind.id)).scalar_one_or_none() is not None


def finish(tx: Tx, kind: Queue, identity: int, *, owner: str, values: Mapping[str, Any]) -> bool:
    """Write what came of it; False when somebody else took it over."""
    statement = update(kind).where(kind.id == identity, kind.status == RUNNING, kind.owner == owner)
    return tx.execute(statement.values(**values).returning(kind.id)).scalar_one_or_none() is not None


_MOST_IDENTITY = 2**31 - 1
_QUEUES: tuple[Queue, ...] = (AssessmentRunRow, AssessmentWhatIfRow, AssessmentReconciliationRow)


def _is_free(kind: Queue, now: datetime) -> ColumnElement[bool]:
    return or_(kind.status == QUEUED, and_(kind.status == RUNNING, kind.lease_until < now))


# --- what-ifs and reminders -------------------------------------------------------------------------------------


def ask_what_if(tx: Tx, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Queue a what-if under its key; of the same key again the first, with False."""
    try:
        with tx.begin_nested():
            statement = insert(AssessmentWhatIfRow).values(**values).returning(AssessmentWhatIfRow.id)
            return tx.execute(statement).scalar_one(), True
    except IntegrityError:
        found = select(AssessmentWhatIfRow.id).where(AssessmentWhatIfRow.asked_as == values["asked_as"])
        return tx.execute(found).scalar_one(), False


def what_if(tx: Tx, identity: int) -> AssessmentWhatIfRow | None:
    """Return a what-if, or None."""
    if identity > _MOST_IDENTITY:
        return None
    return tx.execute(select(AssessmentWhatIfRow).where(AssessmentWhatIfRow.id == identity)).scalar_one_or_none()


def what_ifs(tx: Tx, *, before: int | None = None, limit: int) -> tuple[AssessmentWhatIfRow, ...]:
    """Return what-ifs without their answers, newest first, one more than asked when there are more."""
    statement = select(AssessmentWhatIfRow).options(defer(AssessmentWhatIfRow.answer))
    if before is not None:
        statement = statement.where(AssessmentWhatIfRow.id < before)
    return tuple(tx.execute(statement.order_by(AssessmentWhatIfRow.id.desc()).limit(limit + 1)).scalars())


def ask_reconciliation(tx: Tx, values: Mapping[str, Any]) -> int:
    """Queue a comparison and return its identity; one of the same period and systems that waits is taken for it."""
    waiting = select(AssessmentReconciliationRow).where(
        AssessmentReconciliationRow.period == values["period"], AssessmentReconciliationRow.status == QUEUED
    )
    for row in tx.execute(waiting.order_by(AssessmentReconciliationRow.id)).scalars():
        if row.complete == values["complete"]:
            return row.id
    statement = insert(AssessmentReconciliationRow).values(**values).returning(AssessmentReconciliationRow.id)
    return tx.execute(statement).scalar_one()


def reconciliation(tx: Tx, identity: int) -> AssessmentReconciliationRow | None:
    """Return a comparison, or None."""
    if identity > _MOST_IDENTITY:
        return None
    found = select(AssessmentReconciliationRow).where(AssessmentReconciliationRow.id == identity)
    return tx.execute(found).scalar_one_or_none()


def newest_reconciliation(tx: Tx, period: str) -> AssessmentReconciliationRow | None:
    """Return the newest comparison of a period, wherever the work on it stands, or None."""
    found = select(AssessmentReconciliationRow).where(AssessmentReconciliationRow.period == period)
    return tx.execute(found.order_by(AssessmentReconciliationRow.id.desc()).limit(1)).scalar_one_or_none()


def add_notices(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert reminders that are new; returns how many were."""
    added = 0
    for row in rows:
        try:
            with tx.begin_nested():
                tx.execute(insert(MonthNoticeRow).values(**row))
                added += 1
        except IntegrityError:
            continue
    return added


def notices(tx: Tx, period: str, role: str) -> tuple[MonthNoticeRow, ...]:
    """Return the reminders of a period for a role, oldest first."""
    statement = select(MonthNoticeRow).where(MonthNoticeRow.period == period, MonthNoticeRow.role == role)
    return tuple(tx.execute(statement.order_by(MonthNoticeRow.id)).scalars())


def notices_since(tx: Tx, since: datetime) -> tuple[MonthNoticeRow, ...]:
    """Return the reminders given since an instant, of every period and role, oldest first."""
    statement = select(MonthNoticeRow).where(MonthNoticeRow.noted_at >= since).order_by(MonthNoticeRow.id)
    return tuple(tx.execute(statement).scalars())


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedWork:
    """A run or what-if that ended, and who had asked for it; ``name`` is the period and rule set of a run."""

    what: str
    id: int
    name: str
    status: str
    ended_at: datetime
    asked_by: int


def ended_since(tx: Tx, since: datetime) -> tuple[EndedWork, ...]:
    """Return runs and what-ifs that people asked for and that ended since an instant, oldest first."""
    run, what_if_ = AssessmentRunRow, AssessmentWhatIfRow
    ended = (DONE, FAILED)
    runs = select(run.id, run.period, run.rule_set, run.status, run.finished_at, run.created_by)
    tries = select(what_if_.id, what_if_.status, what_if_.finished_at, what_if_.created_by)
    asked = run.created_by != 0, run.status.in_(ended), run.finished_at >= since
    tried = what_if_.created_by != 0, what_if_.status.in_(ended), what_if_.finished_at >= since
    found = [
        EndedWork(
            what="run", id=one[0], name=f"{one[1]}/{one[2]}/{one[0]}", status=one[3], ended_at=one[4], asked_by=one[5]
        )
        for one in tx.execute(runs.where(*asked).order_by(run.id))
    ]
    return (
        *found,
        *(
            EndedWork(what="what_if", id=one[0], name=str(one[0]), status=one[1], ended_at=one[2], asked_by=one[3])
            for one in tx.execute(tries.where(*tried).order_by(what_if_.id))
        ),
    )


def known_notices(tx: Tx, periods: Sequence[str]) -> frozenset[tuple[str, str, str]]:
    """Return period, step and role of the reminders already given."""
    statement = select(MonthNoticeRow.period, MonthNoticeRow.step, MonthNoticeRow.role)
    found = tx.execute(statement.where(MonthNoticeRow.period.in_(periods)))
    return frozenset((row[0], row[1], row[2]) for row in found)


def _records(tx: Tx, wanted: ColumnElement[bool], *, limit: int, is_whole: bool) -> tuple[RunRecord, ...]:
    later = aliased(AssessmentRunRow)
    statement = (
        select(AssessmentRunRow, later.id)
        .outerjoin(later, and_(later.supersedes == AssessmentRunRow.id, later.sealed_as.is_not(None)))
        .where(wanted)
        .order_by(AssessmentRunRow.id.desc())
        .limit(limit)
    )
    if not is_whole:
        statement = statement.options(defer(AssessmentRunRow.scores), defer(AssessmentRunRow.terms))
    rows = tx.execute(statement).all()
    acts: dict[int, dict[str, AssessmentActRow]] = {row[0].id: {} for row in rows}
    for act in tx.execute(select(AssessmentActRow).where(AssessmentActRow.run_id.in_(acts))).scalars():
        acts[act.run_id][act.act] = act
    return tuple(RunRecord(row=row[0], acts=acts[row[0].id], superseded_by=row[1]) for row in rows)
