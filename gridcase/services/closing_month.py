"""Closing a month: approve, seal, send, withdraw, re-issue; the drafts that make themselves, and who is reminded.

Every act is a row that is only ever added, with who and when. Sealing freezes the facts of the period; the package is
made afterwards from what was frozen: nothing heavy happens here, and web workers may do it. Rules: domain §6.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from gridcase.domain.actor import SYSTEM, Actor, Role
from gridcase.domain.errors import GridcaseError, KeyReusedError, NotPermittedError, WrongStateError
from gridcase.domain.plain_values import to_plain
from gridcase.domain.time import Period, is_late
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import SEEING, Run, record_of, run_of, runs_of
from gridcase.services.steps.contested import contested_for
from gridcase.services.steps.month_facts import dates_of, read_period
from gridcase.services.steps.month_score import rule_document
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.services.steps.scoring_inputs import undecided_appeals
from gridcase.store import assessments
from gridcase.store.assessments import DONE, QUEUED, ActTakenError, AssessmentRunRow, RunRecord
from gridcase.store.database import Tx
from gridcase.workflow.timetable import Act, Approval, MonthDates

_APPROVING = frozenset({Role.LEADER})
#: The operator at the command line counts as who assesses; drafts made by nobody keep nobody from approving.
_MACHINES = frozenset({str(Role.SYSTEM)})
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A period's timetable, and what of it the caller is reminded of.

    Parameters
    ----------
    frozen_at
        When it was first sealed; None before.
    undecided
        Appeals that wait for their decision.
    reminders
        Steps the caller's role was reminded of, with their due instants.
    """

    period: str
    dates: MonthDates
    frozen_at: datetime | None
    runs: tuple[Run, ...]
    undecided: int
    reminders: tuple[tuple[str, datetime], ...]


def approve(rt: Runtime, actor: Actor, identity: int, note: str = "", *, key: str | None = None) -> Run:
    """Give the leader's approval 审签 to a run; nobody approves what they drafted.

    Raises
    ------
    NotFoundError, NotPermittedError, WrongStateError
        No such run; not a leader, or the drafter; before publicity ended, done before, withdrawn or superseded.
    """
    only_for(actor, _APPROVING)
    return _act(rt, actor, _Request(run=identity, act=Act.APPROVE, reason=note, key=key))


def seal(rt: Runtime, actor: Actor, identity: int, *, key: str | None = None) -> Run:
    """Make a run the month: freeze the facts of its period and let nothing move them any more.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such run; the actor assesses nothing.
    WrongStateError
        ``run_not_done``, ``run_withdrawn``, ``run_superseded``, ``already_sealed``, ``month_sealed`` by another run,
        ``before_cut_off``, ``appeals_open``, ``appeals_undecided``, ``provisional_deadlines``, ``not_approved``, or
        ``run_outdated``: what it rests on has changed since, run the month again.
    """
    only_for(actor, ASSESSING)

    def freeze(tx: Tx, record: RunRecord) -> None:
        row = record.row
        _freeze(tx, rt, actor, row)
        assessments.seal_run(tx, identity, f"{row.period}/{row.rule_set}/{row.revision}")

    return _act(rt, actor, _Request(run=identity, act=Act.SEAL, key=key), freeze)


def send(rt: Runtime, actor: Actor, identity: int, note: str = "", *, key: str | None = None) -> Run:
    """Note that a sealed month was handed over.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such run; the actor assesses nothing.
    WrongStateError
        ``not_sealed``, ``not_approved``, ``run_superseded``, ``export_not_ready``, or done before.
    """
    only_for(actor, ASSESSING)
    return _act(rt, actor, _Request(run=identity, act=Act.SEND, reason=note, key=key))


def withdraw(rt: Runtime, actor: Actor, identity: int, reason: str, *, key: str | None = None) -> Run:
    """Take a run back that is not sealed; the next run of the same facts is a new one.

    Raises
    ------
    NotFoundError, NotPermittedError, WrongStateError
        No such run; the actor assesses nothing; already sealed or withdrawn.
    """
    only_for(actor, ASSESSING)
    return _act(rt, actor, _Request(run=identity, act=Act.WITHDRAW, reason=reason, key=key))


def request_reissue(
    rt: Runtime, actor: Actor, identity: int, reason: str, *, key: str | None = None
) -> tuple[Run, bool]:
    """Queue the next revision of a sealed run: the frozen facts under the inputs decided since.

    Returns
    -------
    tuple
        The new run, and whether it was there before.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such run; the actor assesses nothing.
    WrongStateError
        ``not_sealed``, ``run_superseded``, or ``export_not_ready``: what it supersedes has no package yet.
    """
    only_for(actor, ASSESSING)
    with rt.database.writing() as tx:
        record = record_of(tx, identity)
        row = record.row
        _check_reissue(record)
        made, is_new = assessments.ask_run(
            tx,
            _queued(rt, row.period, row.rule_set, actor)
            | {
                "version": row.version,
                "cut_off": row.cut_off,
                "is_draft": False,
                "supersedes": identity,
                "revision": row.revision + 1,
                "reason": reason,
                "asked_as": f"{actor.person}/{key}" if key else f"reissue/{identity}/{actor.person}/{reason}"[:160],
            },
        )
        return run_of(rt, record_of(tx, made)), not is_new


def possible(rt: Runtime, actor: Actor, identity: int) -> Mapping[str, GridcaseError | None]:
    """Tell which acts an actor of this role may do with a run now: by act, None or why not.

    ``reissue`` is one of them though it is no act of this run. An act that is done, that of another role, and one whose
    turn is over are left out.

    Raises
    ------
    NotFoundError
        There is no such run.
    """
    with rt.database.reading() as tx:
        record = record_of(tx, identity)
        return {
            name: _why_not(partial(check, tx, rt, actor, record))
            for name, check in _CHECKS.items()
            if actor.role in _ROLES_OF.get(name, ASSESSING) and _is_to_come(record, name)
        }


def month(rt: Runtime, actor: Actor, period_name: str) -> Month:
    """Return the timetable of a period with its runs.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    period = read_period(rt, period_name)
    with rt.database.reading() as tx:
        frozen = assessments.month(tx, period.name)
        runs = assessments.runs(tx, period=period.name, limit=_MOST_RUNS)[:_MOST_RUNS]
        reminders = assessments.notices(tx, period.name, str(actor.role))
        undecided = undecided_appeals(tx, period)
    return Month(
        period=period.name,
        dates=dates_of(rt.reference(), period),
        frozen_at=frozen.frozen_at if frozen else None,
        runs=runs_of(rt, runs),
        undecided=undecided,
        reminders=tuple((one.step, one.due_at) for one in reminders),
    )


# --- by the clock -------------------------------------------------------------------------------------------------


def ask_drafts(rt: Runtime) -> int:
    """Queue the drafts that are due: of the month that ended, at draft and cut-off, and daily of the open one.

    Each has a key of its own, so that it is asked for once however often this is called. Returns how many were new.
    """
    now = rt.clock.now()
    asked = 0
    for name in rt.reference().rules.conduct.timetable.rule_sets:
        for period, key in _due_drafts(rt, now):
            values = _queued(rt, period.name, name, SYSTEM)
            dates = dates_of(rt.reference(), period)
            values |= {"cut_off": min(now, dates.cut_off), "is_draft": now < dates.cut_off}
            with rt.database.writing() as tx:
                if assessments.month(tx, period.name) is not None or _is_unusable(tx, name, period):
                    continue
                asked += assessments.ask_run(tx, values | {"asked_as": f"{key}/{period.name}/{name}"})[1]
    return asked


def remind(rt: Runtime) -> int:
    """Remind of the steps of the month that ended whose time has come; return how many reminders were new."""
    now = rt.clock.now()
    period = _last_month(rt, now)
    dates = dates_of(rt.reference(), period)
    with rt.database.writing() as tx:
        known = assessments.known_notices(tx, [period.name])
        is_sealed = assessments.month(tx, period.name) is not None
        rows = [
            {"period": period.name, "step": step, "role": str(role), "due_at": due_at, "noted_at": now}
            for step, begins_at, due_at, roles in _steps(dates)
            if begins_at <= now and not (is_sealed and step in _BEFORE_SEAL)
            for role in roles
            if (period.name, step, str(role)) not in known
        ]
        return assessments.add_notices(tx, rows)


# --- what an act needs --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    run: int
    act: Act
    reason: str = ""
    key: str | None = None


def _act(rt: Runtime, actor: Actor, asked: _Request, then: Callable[[Tx, RunRecord], None] | None = None) -> Run:
    """Check, do what belongs to it (``then``) and note an act in one transaction; who comes second looks again."""
    for _ in range(_ATTEMPTS):
        try:
            with rt.database.writing() as tx:
                assessments.hold_run(tx, asked.run)
                record = record_of(tx, asked.run)
                if _is_replay(record, actor, asked):
                    return run_of(rt, record)
                _CHECKS[asked.act](tx, rt, actor, record)
                if then is not None:
                    then(tx, record)
                assessments.add_act(
                    tx,
                    {
                        "run_id": asked.run,
                        "act": str(asked.act),
                        "person": actor.person,
                        "role": str(actor.role),
                        "at": rt.clock.now(),
                        "reason": asked.reason,
                        "client_ref": asked.key,
                    },
                )
                tx.expire_all()
                return run_of(rt, record_of(tx, asked.run))
        except ActTakenError:
            continue
    raise WrongStateError("act_done", params={"act": str(asked.act)})


def _is_replay(record: RunRecord, actor: Actor, asked: _Request) -> bool:
    """Tell whether the same person sent this before under the same key.

    Raises
    ------
    KeyReusedError
        They said something else then.
    """
    done = record.acts.get(asked.act)
    if done is None or asked.key is None or (done.person, done.client_ref) != (actor.person, asked.key):
        return False
    if done.reason != asked.reason:
        raise KeyReusedError("idempotency_mismatch")
    return True


def _check_approval(tx: Tx, rt: Runtime, actor: Actor, record: RunRecord) -> None:
    _check_alive(record)
    _check_once(record, Act.APPROVE)
    if record.row.role not in _MACHINES and record.row.created_by == actor.person:
        raise NotPermittedError("drafted_it_yourself")
    _check_closed(tx, rt, record)


def _check_seal(tx: Tx, rt: Runtime, _actor: Actor, record: RunRecord) -> None:
    row = record.row
    _check_alive(record)
    _check_unsealed(record)
    _check_revision(tx, record)
    _check_closed(tx, rt, record)
    if row.provisional:
        raise WrongStateError("provisional_deadlines", params={"cases": row.provisional})
    approval = rt.reference().rules.conduct.timetable.approval
    if approval is Approval.BEFORE_SEAL and Act.APPROVE not in record.acts:
        raise WrongStateError("not_approved")
    _check_current(tx, rt, row)


def _check_send(_tx: Tx, _rt: Runtime, _actor: Actor, record: RunRecord) -> None:
    _check_alive(record)
    _check_once(record, Act.SEND)
    if Act.SEAL not in record.acts:
        raise WrongStateError("not_sealed", params={"run": record.row.id})
    if Act.APPROVE not in record.acts:
        raise WrongStateError("not_approved")
    if not record.row.is_packed:
        raise WrongStateError("export_not_ready")


def _check_withdrawal(_tx: Tx, _rt: Runtime, _actor: Actor, record: RunRecord) -> None:
    _check_alive(record)
    _check_unsealed(record)


def _check_reissue(record: RunRecord) -> None:
    if record.row.sealed_as is None:
        raise WrongStateError("not_sealed", params={"run": record.row.id})
    if record.superseded_by is not None:
        raise WrongStateError("run_superseded", params={"run": record.superseded_by})
    if not record.row.is_packed:
        raise WrongStateError("export_not_ready")


def _check_unsealed(record: RunRecord) -> None:
    if Act.SEAL in record.acts:
        raise WrongStateError("already_sealed", params={"run": record.row.id})


def _why_not(check: Callable[[], None]) -> GridcaseError | None:
    try:
        check()
    except GridcaseError as refusal:
        return refusal
    return None


def _is_to_come(record: RunRecord, name: str) -> bool:
    is_sealed = Act.SEAL in record.acts
    if record.row.status != DONE or Act.WITHDRAW in record.acts or record.superseded_by is not None:
        return False
    if name == _REISSUE:
        return is_sealed
    if name == Act.WITHDRAW:
        return not is_sealed
    return name not in record.acts


def _check_alive(record: RunRecord) -> None:
    row = record.row
    if row.status != DONE:
        raise WrongStateError("run_not_done", params={"status": row.status})
    if Act.WITHDRAW in record.acts:
        raise WrongStateError("run_withdrawn", params={"run": row.id})
    if record.superseded_by is not None:
        raise WrongStateError("run_superseded", params={"run": record.superseded_by})


def _check_once(record: RunRecord, act: Act) -> None:
    if act in record.acts:
        raise WrongStateError("act_done", params={"act": str(act)})


def _check_revision(tx: Tx, record: RunRecord) -> None:
    """Refuse a first issue that is not the first, and a re-issue that does not follow the newest revision."""
    row = record.row
    newest = next(iter(assessments.sealed_runs(tx, row.period, row.rule_set)), None)
    if newest is not None and newest.id != row.supersedes:
        raise WrongStateError("month_sealed", params={"run": newest.id})


def _check_closed(tx: Tx, rt: Runtime, record: RunRecord) -> None:
    """Refuse while the month is not over: cut off, its appeals in, and all of them decided."""
    period = read_period(rt, record.row.period)
    dates = dates_of(rt.reference(), period)
    now = rt.clock.now()
    if now < dates.cut_off:
        raise WrongStateError("before_cut_off", params={"cut_off": _local(dates.cut_off, period)})
    if record.row.is_draft:
        raise WrongStateError("run_outdated", params={"run": record.row.id})
    if not is_late(now, dates.publicity_ends_at):
        raise WrongStateError("appeals_open", params={"until": _local(dates.publicity_ends_at, period)})
    if undecided := undecided_appeals(tx, period):
        raise WrongStateError("appeals_undecided", params={"appeals": undecided})


def _check_current(tx: Tx, rt: Runtime, row: AssessmentRunRow) -> None:
    """Refuse a run that rests on other facts than were frozen, or on other inputs than stand now."""
    contested = to_plain(contested_for(tx, read_period(rt, row.period), row.rule_set))
    frozen = assessments.month(tx, row.period)
    is_outdated = not row.facts_blob or row.terms is None or row.terms["contested"] != contested
    if is_outdated or (frozen is not None and frozen.facts != row.facts):
        raise WrongStateError("run_outdated", params={"run": row.id})


def _freeze(tx: Tx, rt: Runtime, actor: Actor, row: AssessmentRunRow) -> None:
    """Freeze the facts that a run rests on, unless they are frozen already."""
    period = read_period(rt, row.period)
    frozen = assessments.month(tx, row.period)
    if frozen is None:
        assessments.freeze_month(
            tx,
            {
                "period": period.name,
                "starts_at": period.start,
                "ends_at": period.end,
                "cut_off": row.cut_off,
                "facts": row.facts,
                "facts_blob": row.facts_blob,
                "frozen_at": rt.clock.now(),
                "frozen_by": actor.person,
            },
        )


def _local(instant: datetime, period: Period) -> str:
    return f"{instant.astimezone(period.zone):%Y-%m-%d %H:%M}"


def _queued(rt: Runtime, period: str, rule_set: str, actor: Actor) -> dict[str, Any]:
    return {
        "period": period,
        "rule_set": rule_set,
        "scores": [],
        "created_at": rt.clock.now(),
        "created_by": actor.person,
        "role": str(actor.role),
        "status": QUEUED,
    }


def _due_drafts(rt: Runtime, now: datetime) -> Iterator[tuple[Period, str]]:
    today = now.astimezone(rt.settings.zone).date()
    yield _month_of(rt, today), f"daily/{today.isoformat()}"
    last = _last_month(rt, now)
    dates = dates_of(rt.reference(), last)
    if is_late(now, dates.cut_off):
        yield last, "cut_off"
    elif now >= dates.draft_at:
        yield last, "draft"


def _is_unusable(tx: Tx, name: str, period: Period) -> bool:
    """Tell whether a rule set that the office drafts by itself is not in force in a period."""
    try:
        parse_rule_set(rule_document(tx, name, period))
    except GridcaseError:
        return True
    return False


def _last_month(rt: Runtime, now: datetime) -> Period:
    today = now.astimezone(rt.settings.zone).date()
    return _month_of(rt, today.replace(day=1) - _ONE_DAY)


def _month_of(rt: Runtime, day: date) -> Period:
    return Period.parse(f"{day:%Y-%m}", zone=rt.settings.zone)


def _steps(dates: MonthDates) -> Iterator[tuple[str, datetime, datetime, Collection[Role]]]:
    """Return each step with when it begins, when it is due, and who does it."""
    yield "draft", dates.draft_at, dates.cut_off, (Role.ASSESSOR,)
    yield "appeal", dates.cut_off, dates.publicity_ends_at, (Role.UNIT_LEADER, Role.ASSESSOR)
    yield "decide", dates.publicity_ends_at, dates.decided_at, (Role.ASSESSOR, Role.LEADER)
    yield "approve", dates.decided_at, dates.approved_at, (Role.LEADER,)
    yield "seal", dates.decided_at, dates.approved_at, (Role.ASSESSOR, Role.LEADER)


_REISSUE = "reissue"
#: What each act needs, of whoever may do it.
_CHECKS: Mapping[str, Callable[[Tx, Runtime, Actor, RunRecord], None]] = {
    Act.APPROVE: _check_approval,
    Act.SEAL: _check_seal,
    Act.SEND: _check_send,
    Act.WITHDRAW: _check_withdrawal,
    _REISSUE: lambda _tx, _rt, _actor, record: _check_reissue(record),
}
_ROLES_OF: Mapping[str, Collection[Role]] = {Act.APPROVE: _APPROVING}
_BEFORE_SEAL = frozenset({"draft", "appeal", "decide", "seal"})
_MOST_RUNS = 100
_ATTEMPTS = 3
