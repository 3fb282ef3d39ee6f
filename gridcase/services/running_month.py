"""The work on a month: counting, scoring, packing, trying other rules; for the command line and the jobs process.

Loads the column engine, so no web worker imports it. Whatever is killed anywhere is done again with the same result:
nothing is half written, and of many who do the same work one writes it.
"""

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gridcase.assessment.archive import Packed, write_package
from gridcase.assessment.counts import SubjectCounts, count
from gridcase.assessment.package import ActEntry, ScoreTable, Standing
from gridcase.assessment.scoring import SubjectScore
from gridcase.assessment.selection import Attribution, CountBy, Selection
from gridcase.assessment.signing import SigningKey
from gridcase.assessment.snapshot import SnapshotUnreadableError, archive, unpack
from gridcase.domain.actor import Actor
from gridcase.domain.errors import GridcaseError, WrongStateError
from gridcase.domain.history import canonical_json
from gridcase.domain.plain_values import from_plain, to_plain
from gridcase.domain.time import Period
from gridcase.rules.documents import Document, DocumentKind
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import Run, record_of, run_of
from gridcase.services.steps.case_lists import keep_lists
from gridcase.services.steps.contested import contested_for
from gridcase.services.steps.keys import signing_key
from gridcase.services.steps.month_facts import (
    Alive,
    MonthFacts,
    facts_from,
    folded,
    keep_facts,
    kept_facts,
    month_facts,
    read_period,
)
from gridcase.services.steps.month_score import (
    Terms,
    basis,
    plain_scores,
    plain_terms,
    read_terms,
    rule_document,
    score_month,
)
from gridcase.services.steps.packing import pack_month
from gridcase.services.steps.reconciled import plain_lines, reconciled
from gridcase.store import assessments
from gridcase.store.assessments import (
    DONE,
    FAILED,
    AssessmentReconciliationRow,
    AssessmentRunRow,
    AssessmentWhatIfRow,
    Queue,
    RunRecord,
)
from gridcase.workflow.timetable import Act

#: What waits or was left behind by a process that gave no sign of life so long is taken over.
LEASE = timedelta(minutes=2)
#: Bytes touched later than this may belong to a run that is about to be written.
_SETTLED_FOR = timedelta(hours=1)
_RUN_MEMBER = "run"


class TakenOverError(Exception):
    """Somebody took the work over; what was done here is dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """A month made again from its snapshot.

    Parameters
    ----------
    packed
        What was written; None when nothing was asked to be.
    """

    period: str
    rule_set: str
    scores: tuple[dict[str, Any], ...]
    packed: Packed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One period under a draft rule set and under another: subject, then score and rank in each."""

    period: str
    draft: tuple[SubjectScore, ...]
    other: tuple[SubjectScore, ...]


def counts(
    rt: Runtime, period_name: str, by: CountBy, attribution: Attribution = Attribution.DEADLINE
) -> tuple[SubjectCounts, ...]:
    """Count a period for every subject.

    Raises
    ------
    InvalidInputError
        The period cannot be read.
    """
    period = read_period(rt, period_name)
    frames = folded(rt, period).content.frames
    return count(frames, Selection(period=period, by=by, attribution=attribution))


def run_month(rt: Runtime, actor: Actor, period_name: str, rule_set_name: str, *, alive: Alive = lambda: None) -> Run:
    """Count and score a period at once and keep the run; the same facts, rules and inputs again give the same run.

    Raises
    ------
    InvalidInputError
        The period cannot be read, or the rule set is unknown or not in force in it.
    """
    period = read_period(rt, period_name)
    return _run_now(rt, actor, _Ask(period=period, rule_set=rule_set_name), alive)


def reissue_now(rt: Runtime, actor: Actor, identity: int, reason: str) -> Run:
    """Make the next revision of a sealed run at once.

    Raises
    ------
    WrongStateError
        ``not_sealed``, or ``run_superseded`` by a later revision.
    """
    with rt.database.reading() as tx:
        record = record_of(tx, identity)
    row = record.row
    if row.sealed_as is None:
        raise WrongStateError("not_sealed", params={"run": identity})
    if record.superseded_by is not None:
        raise WrongStateError("run_superseded", params={"run": record.superseded_by})
    period = read_period(rt, row.period)
    ask = _Ask(period=period, rule_set=row.rule_set, supersedes=identity, revision=row.revision + 1, reason=reason)
    return _run_now(rt, actor, ask, lambda: None)


def work_off(rt: Runtime, *, alive: Alive = lambda: None) -> int:
    """Do all the work that waits: runs, what-ifs, comparisons, packages; return how many were done."""
    done = 0
    owner = secrets.token_hex(8)
    while True:
        alive()
        if any(work(rt, owner, alive) for work in (_run_next, _try_next, _reconcile_next, _pack_next)):
            done += 1
        else:
            return done


def has_work(rt: Runtime) -> bool:
    """Tell whether anything waits."""
    with rt.database.reading() as tx:
        return assessments.has_waiting(tx, rt.clock.now())


def pack(rt: Runtime, identity: int, *, alive: Alive = lambda: None) -> Run:
    """Make the package of a run as it stands, if it is not there.

    Raises
    ------
    NotFoundError
        There is no such run.
    WrongStateError
        ``run_not_done``, or ``export_not_made`` for a draft whose facts are not kept.
    """
    with rt.database.reading() as tx:
        record = record_of(tx, identity)
    row = record.row
    if row.status != DONE:
        raise WrongStateError("run_not_done", params={"status": row.status})
    if not row.facts_blob:
        raise WrongStateError("export_not_made")
    if not row.is_packed:
        facts = replace(facts_from(kept_facts(rt, row.facts_blob)), is_draft=row.is_draft)
        terms, standing = _terms_of(row), _standing(record)
        alive()
        with tempfile.TemporaryDirectory(prefix="gridcase-month-") as held:
            path = Path(held) / "month.zip"
            _write(facts, score_month(facts, terms), terms, standing, path, signing_key(rt.settings.data_dir))
            alive()
            digest = rt.blobs.put_file(path)
        with rt.database.writing() as tx:
            assessments.pack_run(tx, identity, digest, sealed_as=row.sealed_as)
    with rt.database.reading() as tx:
        return run_of(rt, record_of(tx, identity))


def write_export(rt: Runtime, identity: int, path: Path) -> Run:
    """Write the package of a run to a file, made now if it is not there; a sealed one is the same however often."""
    run = pack(rt, identity)
    held = rt.blobs.path(run.digest)
    if held is None:
        raise GridcaseError("facts_missing", params={"sha256": run.digest})
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(held, path)
    return run


def write_snapshot(rt: Runtime, identity: int, path: Path) -> str:
    """Write everything a run was made from to a file, for making it again elsewhere; return its SHA-256.

    Raises
    ------
    NotFoundError
        There is no such run.
    WrongStateError
        ``run_not_done``, or ``export_not_made`` for a draft whose facts are not kept.
    """
    with rt.database.reading() as tx:
        record = record_of(tx, identity)
    row = record.row
    if row.status != DONE:
        raise WrongStateError("run_not_done", params={"status": row.status})
    if not row.facts_blob:
        raise WrongStateError("export_not_made")
    run = {"terms": row.terms, "standing": to_plain(_standing(record)), "is_draft": row.is_draft}
    members = kept_facts(rt, row.facts_blob) | {f"{_RUN_MEMBER}.json": canonical_json(run).encode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive(members))
    return row.basis


def recompute(path: Path, out: Path | None = None) -> Recomputed:
    """Make a month again from its snapshot alone: no database, no settings, no clock, no key.

    Parameters
    ----------
    out
        Where to write the package, unsigned; its canonical members are those of the one that was sealed.

    Raises
    ------
    GridcaseError
        ``snapshot_unreadable``.
    """
    try:
        members = unpack(path.read_bytes())
        run = json.loads(members.pop(f"{_RUN_MEMBER}.json"))
        facts = replace(facts_from(members), is_draft=run["is_draft"])
        terms, standing = read_terms(run["terms"]), from_plain(Standing, run["standing"])
    except (SnapshotUnreadableError, KeyError, TypeError, ValueError) as err:
        raise GridcaseError("snapshot_unreadable", params={"file": path.name}) from err
    table = score_month(facts, terms)
    return Recomputed(
        period=facts.content.period.name,
        rule_set=table.rule_set.name,
        scores=plain_scores(table.scores),
        packed=None if out is None else _write(facts, table, terms, standing, out, None),
    )


def try_rules(
    rt: Runtime, periods: tuple[str, ...], draft: Document, against: str | None, *, alive: Alive = lambda: None
) -> tuple[Trial, ...]:
    """Score past periods by a draft rule set and by one in force, of the same facts and inputs.

    Of a sealed month the other side is what was sealed.

    Raises
    ------
    InvalidInputError
        A period cannot be read, or the rule set in force is unknown.
    RuleFileError
        The draft has mistakes.
    """
    name = against or parse_rule_set(draft).name
    trials = []
    for period_name in periods:
        period = read_period(rt, period_name)
        facts = month_facts(rt, period, alive=alive)
        alive()
        with rt.database.reading() as tx:
            sealed = next(iter(assessments.sealed_runs(tx, period.name, name)), None)
            in_force = (
                _terms_of(sealed)
                if sealed
                else Terms(document=rule_document(tx, name, period), contested=contested_for(tx, period, name))
            )
        tried = score_month(facts, Terms(document=draft, contested=in_force.contested))
        other = score_month(facts, in_force)
        trials.append(Trial(period=period.name, draft=tried.scores, other=other.scores))
    return tuple(trials)


def plain_trials(trials: tuple[Trial, ...]) -> list[dict[str, Any]]:
    """Write trials as plain values: each subject with both scores, both ranks and the difference."""
    return [{"period": one.period, "subjects": list(_compared(one))} for one in trials]


# --- one run ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    period: Period
    rule_set: str
    supersedes: int | None = None
    revision: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    facts: MonthFacts
    terms: Terms
    table: ScoreTable
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blobs:
    """Where the facts, and the cases behind the numbers, are kept; empty where they are not."""

    facts: str
    lists: str


def _run_now(rt: Runtime, actor: Actor, ask: _Ask, alive: Alive) -> Run:
    outcome = _compute(rt, ask, alive)
    blobs = _Blobs(facts=keep_facts(rt, outcome.facts), lists=_keep_lists(rt, outcome))
    now = rt.clock.now()
    with rt.database.writing() as tx:
        same = assessments.run_by_basis(tx, outcome.basis)
        if same is None or not same.facts_blob:
            asked = {
                "period": ask.period.name,
                "rule_set": ask.rule_set,
                "created_at": now,
                "created_by": actor.person,
                "role": str(actor.role),
                "supersedes": ask.supersedes,
                "revision": ask.revision,
                "reason": ask.reason,
            }
            identity = assessments.add_run(tx, asked | _values(outcome, blobs) | {"status": DONE, "finished_at": now})
            assessments.add_act(tx, _draft_act(identity, actor.person, str(actor.role), now))
        else:
            identity = same.id
        return run_of(rt, record_of(tx, identity))


def _run_next(rt: Runtime, owner: str, alive: Alive) -> bool:
    identity = _take(rt, AssessmentRunRow, owner)
    if identity is None:
        return False
    with rt.database.reading() as tx:
        row = record_of(tx, identity).row
    ask = _Ask(
        period=read_period(rt, row.period),
        rule_set=row.rule_set,
        supersedes=row.supersedes,
        revision=row.revision,
        reason=row.reason,
    )
    is_daily = (row.asked_as or "").startswith(DAILY)
    try:
        outcome = _compute(rt, ask, _keeping(rt, AssessmentRunRow, identity, owner, alive))
        facts = "" if is_daily and outcome.facts.is_draft else keep_facts(rt, outcome.facts)
        values = _values(outcome, _Blobs(facts=facts, lists=_keep_lists(rt, outcome))) | {"status": DONE}
    except TakenOverError:
        return True
    except GridcaseError as error:
        values = {"status": FAILED, "error": error.code}
    now = rt.clock.now()
    with rt.database.writing() as tx:
        is_ours = assessments.finish(
            tx, AssessmentRunRow, identity, owner=owner, values=values | {"finished_at": now, "lease_until": None}
        )
        if is_ours and values["status"] == DONE:
            assessments.add_act(tx, _draft_act(identity, row.created_by, row.role, now))
    if is_ours and values["status"] == DONE:
        _drop_older_lists(rt, identity)
    return True


def _compute(rt: Runtime, ask: _Ask, alive: Alive) -> _Outcome:
    facts = month_facts(rt, ask.period, alive=alive)
    alive()
    with rt.database.reading() as tx:
        superseded = record_of(tx, ask.supersedes).row.digest if ask.supersedes else None
        terms = Terms(
            document=rule_document(tx, ask.rule_set, ask.period),
            contested=contested_for(tx, ask.period, ask.rule_set),
            revision=ask.revision,
            supersedes=superseded,
            reason=ask.reason,
        )
    table = score_month(facts, terms)
    alive()
    return _Outcome(facts=facts, terms=terms, table=table, basis=basis(facts.digest, terms))


def _keep_lists(rt: Runtime, outcome: _Outcome) -> str:
    return keep_lists(rt, outcome.table.rule_set, outcome.facts.content)


def _drop_older_lists(rt: Runtime, identity: int) -> None:
    """Remove the case lists of the daily drafts that this run takes the place of: they would pile up for nobody."""
    with rt.database.writing() as tx:
        dropped = assessments.drop_lists(tx, identity)
        unneeded = [digest for digest in sorted(set(dropped)) if not assessments.names_blob(tx, digest)]
    for digest in unneeded:
        rt.blobs.remove(digest, untouched_since=rt.clock.now() - _SETTLED_FOR)


def _values(outcome: _Outcome, blobs: _Blobs) -> dict[str, Any]:
    facts = outcome.facts
    return {
        "version": outcome.table.rule_set.version,
        "subject_kind": str(outcome.table.rule_set.subject),
        "cut_off": facts.content.cut_off,
        "is_draft": facts.is_draft,
        "scores": list(plain_scores(outcome.table.scores)),
        "basis": outcome.basis,
        "facts": facts.digest,
        "facts_blob": blobs.facts,
        "lists_blob": blobs.lists,
        "terms": plain_terms(outcome.terms),
        "cases": facts.cases,
        "provisional": facts.provisional,
    }


def _draft_act(identity: int, person: int, role: str, now: datetime) -> dict[str, Any]:
    return {"run_id": identity, "act": str(Act.DRAFT), "person": person, "role": role, "at": now, "reason": ""}


# --- packages -----------------------------------------------------------------------------------------------------


def _pack_next(rt: Runtime, _owner: str, alive: Alive) -> bool:
    with rt.database.reading() as tx:
        identity = assessments.next_unpacked(tx)
    if identity is None:
        return False
    pack(rt, identity, alive=alive)
    return True


def _write(
    facts: MonthFacts, table: ScoreTable, terms: Terms, standing: Standing, path: Path, key: SigningKey | None
) -> Packed:
    package = pack_month(facts.content, facts.around, (table,), standing=standing, contested=terms.contested)
    return write_package(package, path, key=key)


def _standing(record: RunRecord) -> Standing:
    """Return what a package says of its run: acts after the seal came too late to be in it."""
    acts = sorted(record.acts.values(), key=lambda one: one.id)
    names = [one.act for one in acts]
    shown = acts[: names.index(Act.SEAL) + 1] if Act.SEAL in names else acts
    terms = _terms_of(record.row)
    return Standing(
        is_draft=record.row.sealed_as is None,
        revision=terms.revision,
        supersedes=terms.supersedes,
        reason=terms.reason,
        acts=tuple(ActEntry(act=one.act, role=one.role, at=one.at) for one in shown),
    )


def _terms_of(row: AssessmentRunRow) -> Terms:
    return read_terms(row.terms)


# --- what-ifs and comparisons -------------------------------------------------------------------------------------


def _try_next(rt: Runtime, owner: str, alive: Alive) -> bool:
    identity = _take(rt, AssessmentWhatIfRow, owner)
    if identity is None:
        return False
    with rt.database.reading() as tx:
        row = assessments.what_if(tx, identity)
    assert row is not None  # noqa: S101 - taken just above
    draft = Document(kind=DocumentKind.RULES, name=row.asked["against"], body=row.asked["document"])
    values: dict[str, Any]
    try:
        trials = try_rules(
            rt,
            tuple(row.asked["periods"]),
            draft,
            row.asked["against"],
            alive=_keeping(rt, AssessmentWhatIfRow, identity, owner, alive),
        )
        values = {"status": DONE, "answer": plain_trials(trials)}
    except TakenOverError:
        return True
    except GridcaseError as error:
        values = {"status": FAILED, "error": error.code}
    with rt.database.writing() as tx:
        values |= {"finished_at": rt.clock.now(), "lease_until": None}
        assessments.finish(tx, AssessmentWhatIfRow, identity, owner=owner, values=values)
    return True


def _reconcile_next(rt: Runtime, owner: str, alive: Alive) -> bool:
    identity = _take(rt, AssessmentReconciliationRow, owner)
    if identity is None:
        return False
    with rt.database.reading() as tx:
        row = assessments.reconciliation(tx, identity)
    assert row is not None  # noqa: S101 - taken just above
    keeping = _keeping(rt, AssessmentReconciliationRow, identity, owner, alive)
    values: dict[str, Any]
    try:
        lines = reconciled(rt, read_period(rt, row.period), row.complete, alive=keeping)
        values = {"status": DONE, "answer": plain_lines(lines)}
    except TakenOverError:
        return True
    except GridcaseError as error:
        values = {"status": FAILED, "error": error.code}
    with rt.database.writing() as tx:
        values |= {"finished_at": rt.clock.now(), "lease_until": None}
        assessments.finish(tx, AssessmentReconciliationRow, identity, owner=owner, values=values)
    return True


def _compared(trial: Trial) -> Iterator[dict[str, Any]]:
    others = {one.subject: one for one in trial.other}
    drafts = {one.subject: one for one in trial.draft}
    for subject in [*drafts, *(name for name in others if name not in drafts)]:
        draft, other = drafts.get(subject), others.get(subject)
        new, old = draft.score if draft else None, other.score if other else None
        difference = None if new is None or old is None else new - old
        yield {
            "subject": subject,
            "draft": _brief(draft),
            "in_force": _brief(other),
            "difference": None if difference is None else str(difference),
        }


def _brief(one: SubjectScore | None) -> dict[str, Any] | None:
    if one is None:
        return None
    lines = plain_scores((one,))[0]["lines"]
    return {"score": None if one.score is None else str(one.score), "rank": one.rank, "lines": lines}


# --- leases -------------------------------------------------------------------------------------------------------


def _take(rt: Runtime, kind: Queue, owner: str) -> int | None:
    now = rt.clock.now()
    with rt.database.writing() as tx:
        return assessments.take(tx, kind, owner=owner, now=now, lease_until=now + LEASE)


def _keeping(rt: Runtime, kind: Queue, identity: int, owner: str, alive: Alive) -> Alive:
    """Return what keeps both the job's lease and the one on what it works at."""
    until = rt.clock.now() + LEASE

    def keep() -> None:
        nonlocal until
        alive()
        now = rt.clock.now()
        if until - now > LEASE / 2:
            return
        with rt.database.writing() as tx:
            if not assessments.keep(tx, kind, identity, owner=owner, lease_until=now + LEASE):
                raise TakenOverError
        until = now + LEASE

    return keep


#: Begins the key of a run that the daily job asked for.
DAILY = "daily/"
