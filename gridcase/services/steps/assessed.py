"""A run as it stands: what its row says, what was done with it, and what comes next by the timetable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridcase.domain.actor import UNIT_ROLES, Actor
from gridcase.domain.errors import NotFoundError
from gridcase.domain.time import Period
from gridcase.services.steps.instance import Instance
from gridcase.services.steps.month_facts import dates_of
from gridcase.services.steps.permitting import ASSESSING
from gridcase.services.steps.reference import Reference
from gridcase.store import assessments
from gridcase.store.assessments import RunRecord
from gridcase.store.database import Tx
from gridcase.workflow.timetable import Act, MonthDates, MonthState, NextStep, next_step, state_of

#: Who sees a month at all; a unit sees its own score and lines.
SEEING = ASSESSING | UNIT_ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneAct:
    """What somebody did with a run."""

    act: Act
    person: int
    role: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a rule set over a period.

    Parameters
    ----------
    status, error
        Of the work: ``queued``, ``running``, ``done`` or ``failed``, and the code of what went wrong.
    state, next
        Of the month, by the clock and what was done.
    digest
        SHA-256 of the package; empty until it is made.
    is_packed
        The package is of the run as it stands.
    is_kept
        Its facts are kept, so that it can be packed and sealed; a daily draft's are not.
    scores
        Plain values, best first; empty in lists.
    """

    id: int
    period: str
    rule_set: str
    version: str
    subject_kind: str
    status: str
    error: str
    state: MonthState
    next: NextStep | None
    dates: MonthDates
    cut_off: datetime
    is_draft: bool
    digest: str
    is_packed: bool
    is_kept: bool
    cases: int
    provisional: int
    revision: int
    supersedes: int | None
    superseded_by: int | None
    reason: str
    created_at: datetime
    created_by: int
    role: str
    finished_at: datetime | None
    acts: tuple[DoneAct, ...]
    scores: tuple[Mapping[str, Any], ...]

    @property
    def is_sealed(self) -> bool:
        """Whether it was sealed, whatever happened since."""
        return any(one.act is Act.SEAL for one in self.acts)


def record_of(tx: Tx, identity: int) -> RunRecord:
    """Return a run.

    Raises
    ------
    NotFoundError
        There is no such run.
    """
    found = assessments.run(tx, identity) if 0 < identity <= _MOST_IDENTITY else None
    if found is None:
        raise NotFoundError("run_not_found", params={"id": identity})
    return found


def run_of(rt: Instance, record: RunRecord, *, is_whole: bool = True) -> Run:
    """Return a run as it stands now."""
    return _run(rt, rt.reference(), record, is_whole=is_whole)


def runs_of(rt: Instance, records: Iterable[RunRecord]) -> tuple[Run, ...]:
    """Return runs as they stand now, without scores; the configuration is asked for once."""
    reference = rt.reference()
    return tuple(_run(rt, reference, one, is_whole=False) for one in records)


def _run(rt: Instance, reference: Reference, record: RunRecord, *, is_whole: bool) -> Run:
    row = record.row
    dates = dates_of(reference, Period.parse(row.period, zone=rt.settings.zone))
    acts = {Act(name) for name in record.acts}
    now = rt.clock.now()
    is_superseded = record.superseded_by is not None
    approval = reference.rules.conduct.timetable.approval
    return Run(
        id=row.id,
        period=row.period,
        rule_set=row.rule_set,
        version=row.version,
        subject_kind=row.subject_kind,
        status=row.status,
        error=row.error,
        state=state_of(acts, dates, now, is_superseded=is_superseded),
        next=None if is_superseded else next_step(acts, dates, now, approval),
        dates=dates,
        cut_off=row.cut_off,
        is_draft=row.is_draft,
        digest=row.digest,
        is_packed=row.is_packed,
        is_kept=bool(row.facts_blob),
        cases=row.cases,
        provisional=row.provisional,
        revision=row.revision,
        supersedes=row.supersedes,
        superseded_by=record.superseded_by,
        reason=row.reason,
        created_at=row.created_at,
        created_by=row.created_by,
        role=row.role,
        finished_at=row.finished_at,
        acts=tuple(
            DoneAct(act=Act(one.act), person=one.person, role=one.role, at=one.at, reason=one.reason)
            for one in sorted(record.acts.values(), key=lambda act: act.id)
        ),
        scores=tuple(row.scores) if is_whole else (),
    )


def scores_for(actor: Actor, run: Run) -> tuple[Mapping[str, Any], ...]:
    """Return the scores an actor may see: a unit its own, who assesses all; nobody else any."""
    if actor.role in ASSESSING:
        return run.scores
    if actor.role in UNIT_ROLES and run.subject_kind == _BY_UNIT:
        return tuple(one for one in run.scores if one["subject"] == actor.scope.value)
    return ()


_BY_UNIT = "unit"
_MOST_IDENTITY = 2**31 - 1
