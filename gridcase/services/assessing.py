"""The month: history folded to facts, counted, scored, and frozen as a package of bytes.

Heavy: runs on the command line and in the jobs process, never in a web worker. Everything is read from history
recorded at or before the cut-off, so that running a closed month again gives the same bytes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from gridcase.assessment.counts import SubjectCounts, count
from gridcase.assessment.facts import FactRows, fold
from gridcase.assessment.frames import Frames, frames_of
from gridcase.assessment.package import ScoreTable, package_bytes, verify_package
from gridcase.assessment.plain import plain_score
from gridcase.assessment.rulesets import RuleSet
from gridcase.assessment.scoring import SubjectScore, score
from gridcase.assessment.selection import Attribution, CountBy, Selection
from gridcase.domain.actor import Actor
from gridcase.domain.errors import NotFoundError, Problem, invalid
from gridcase.domain.history import CaseEvent
from gridcase.domain.time import LimitUnit, Period, TimeLimit
from gridcase.rules.documents import Document, DocumentKind, canonical, digest
from gridcase.rules.rulesets import bears_name, choose_document, parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.packing import MonthContent, pack_month, surroundings
from gridcase.store import assessments
from gridcase.store.configuration import documents_in_force
from gridcase.store.history import touched_since
from gridcase.workflow.worktime import deadline

#: The cut-off is the end of the third working day after the period (domain §6).
CUT_OFF = TimeLimit(amount=Decimal(3), unit=LimitUnit.WORKING_DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFacts:
    """What a period is counted from.

    Parameters
    ----------
    cut_off
        The period's own, or now when that has not come yet; ``is_draft`` tells which.
    history_head
        SHA-256 over the hashes of every line folded, in order: what the figures rest on.
    """

    period: Period
    cut_off: datetime
    is_draft: bool
    rows: FactRows
    frames: Frames
    history_head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a rule set.

    Parameters
    ----------
    digest
        SHA-256 of the package.
    """

    id: int
    period: str
    rule_set: str
    cut_off: datetime
    is_draft: bool
    digest: str
    scores: tuple[Mapping[str, Any], ...]


def counts(
    rt: Runtime, period_name: str, by: CountBy, attribution: Attribution = Attribution.DEADLINE
) -> tuple[SubjectCounts, ...]:
    """Count a period for every subject.

    Raises
    ------
    InvalidInputError
        The period cannot be read.
    """
    facts = month_facts(rt, read_period(rt, period_name))
    return count(facts.frames, Selection(period=facts.period, by=by, attribution=attribution))


def run_month(rt: Runtime, actor: Actor, period_name: str, rule_set_name: str) -> Run:
    """Count, score and freeze a period; the same facts and rules again give the same run.

    Raises
    ------
    InvalidInputError
        The period cannot be read, or the rule set is unknown or not in force in it.
    """
    period = read_period(rt, period_name)
    document, rule_set = _rule_document(rt, rule_set_name, period)
    facts = month_facts(rt, period)
    scores = score(rule_set, facts.frames, period)
    scored = ScoreTable(rule_set=rule_set, document=canonical(document), digest=digest(document), scores=scores)
    content = _content(facts)
    with rt.database.reading() as tx:
        around = surroundings(tx, rt.reference(), content)
    data = package_bytes(pack_month(content, around, (scored,)))
    return _keep(rt, actor, facts, rule_set, scores=_plain_scores(scores), data=data)


def export_run(rt: Runtime, identity: int, path: Path) -> str:
    """Write the package of a run to a file; returns its SHA-256.

    Raises
    ------
    NotFoundError
        There is no such run.
    """
    data = rt.blobs.get(one_run(rt, identity).digest)
    if data is None:
        raise NotFoundError("run_not_found", params={"id": identity})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def verify_export(path: Path) -> tuple[Problem, ...]:
    """Check a package against its own manifest; nothing found means unchanged."""
    return verify_package(path)


def one_run(rt: Runtime, identity: int) -> Run:
    """Return a run.

    Raises
    ------
    NotFoundError
        There is no such run.
    """
    with rt.database.reading() as tx:
        row = assessments.run(tx, identity)
    if row is None:
        raise NotFoundError("run_not_found", params={"id": identity})
    return _run(row)


def read_period(rt: Runtime, name: str) -> Period:
    """Read a period's name in the instance's zone.

    Raises
    ------
    InvalidInputError
        It is neither ``2026-10`` nor ``2026-Q4`` nor ``2026``.
    """
    try:
        return Period.parse(name, zone=rt.settings.zone)
    except ValueError as err:
        raise invalid("period", "period_malformed", period=name) from err


def month_facts(rt: Runtime, period: Period) -> MonthFacts:
    """Fold the history that a period rests on."""
    now = rt.clock.now()
    rules = rt.reference().rules
    cut_off = deadline(period.end, CUT_OFF, rules.calendars[rules.conduct.calendar]).due_at
    is_draft = now < cut_off
    head = hashlib.sha256()
    with rt.database.reading() as tx:
        rows = fold(_hashed(touched_since(tx, period.start, min(now, cut_off)), head), cut_off=min(now, cut_off))
    return MonthFacts(
        period=period,
        cut_off=min(now, cut_off),
        is_draft=is_draft,
        rows=rows,
        frames=frames_of(rows, area_class=rules.conduct.area_class),
        history_head=head.hexdigest(),
    )


def _content(facts: MonthFacts) -> MonthContent:
    return MonthContent(
        period=facts.period,
        cut_off=facts.cut_off,
        frames=facts.frames,
        history_head=facts.history_head,
    )


def _hashed(lines: Iterable[tuple[CaseEvent, str]], head: Any) -> Iterable[CaseEvent]:
    for event, line_hash in lines:
        head.update(line_hash.encode())
        yield event


def _rule_document(rt: Runtime, name: str, period: Period) -> tuple[Document, RuleSet]:
    """Return the version of a rule set in force on the period's first day."""
    with rt.database.reading() as tx:
        held = [
            Document(kind=DocumentKind.RULES, name=row.name, body=row.body)
            for row in documents_in_force(tx)
            if row.kind == DocumentKind.RULES
        ]
    known = [document for document in held if bears_name(document, name)]
    if not known:
        raise invalid("rule_set", "unknown_rule_set", name=name, choices=", ".join(one.name for one in held))
    chosen = choose_document(known, name, period.first_day)
    if chosen is None:
        first = min(parse_rule_set(document).valid_from for document in known)
        raise invalid("rule_set", "rule_set_not_in_force", name=name, first=first.isoformat())
    return chosen


def _plain_scores(scores: tuple[SubjectScore, ...]) -> tuple[Mapping[str, Any], ...]:
    return tuple(plain_score(one) for one in scores)


def _keep(
    rt: Runtime,
    actor: Actor,
    facts: MonthFacts,
    rule_set: RuleSet,
    *,
    scores: tuple[Mapping[str, Any], ...],
    data: bytes,
) -> Run:
    sha256 = rt.blobs.put(data)
    with rt.database.writing() as tx:
        row = assessments.run_by_digest(tx, sha256)
        if row is None:
            identity = assessments.add_run(
                tx,
                {
                    "period": facts.period.name,
                    "rule_set": rule_set.name,
                    "cut_off": facts.cut_off,
                    "is_draft": facts.is_draft,
                    "digest": sha256,
                    "scores": list(scores),
                    "created_at": rt.clock.now(),
                    "created_by": actor.person,
                },
            )
            row = assessments.run(tx, identity)
    assert row is not None  # noqa: S101 - inserted or found just above
    return _run(row)


def _run(row: assessments.AssessmentRunRow) -> Run:
    return Run(
        id=row.id,
        period=row.period,
        rule_set=row.rule_set,
        cut_off=row.cut_off,
        is_draft=row.is_draft,
        digest=row.digest,
        scores=tuple(row.scores),
    )
