"""Asking for a month's run and looking at it: what web workers do. The work is ``gridcase.services.running_month``.

What is done with a run afterwards, up to sealing and sending, is ``gridcase.services.closing_month``.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gridcase.assessment.rulesets import RuleSet
from gridcase.domain.actor import Actor
from gridcase.domain.case import PersonId
from gridcase.domain.errors import InvalidInputError, KeyReusedError, NotFoundError, Problem, WrongStateError
from gridcase.rules.documents import Document, DocumentKind, read_document, write_document
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import SEEING, Run, record_of, run_of, runs_of, scores_for
from gridcase.services.steps.keys import signing_key
from gridcase.services.steps.month_facts import dates_of, read_period
from gridcase.services.steps.month_score import rule_document, rule_sets_in_force
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.store import assessments
from gridcase.store.assessments import QUEUED, AssessmentWhatIfRow
from gridcase.workflow.timetable import MonthState

__all__ = ["AssessmentWhatIfRow", "Run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """The score so far of a month that is still open.

    Parameters
    ----------
    run
        Newest draft; None before the first one was made.
    breaching
        Open cases whose handling deadline lies between now and the period's end: number, unit and deadline.
    """

    period: str
    rule_set: str
    run: Run | None
    scores: tuple[Mapping[str, Any], ...]
    breaching: tuple[tuple[str, str | None, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfRequest:
    """A draft rule set to be tried on past periods.

    Parameters
    ----------
    document
        Body of the draft, as in a rule file.
    against
        Name of the rule set in force to compare with; None takes the one the draft names.
    """

    periods: tuple[str, ...]
    document: dict[str, Any]
    against: str | None = None


def request_run(
    rt: Runtime, actor: Actor, period_name: str, rule_set: str, *, key: str | None = None
) -> tuple[Run, bool]:
    """Queue a run; a request sent again, or one that waits already, is answered with the run there is.

    Returns
    -------
    tuple
        The run, and whether it was there before.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        The period cannot be read, or the rule set is unknown or not in force in it.
    KeyReusedError
        The key came before with another period or rule set.
    """
    only_for(actor, ASSESSING)
    period = read_period(rt, period_name)
    now = rt.clock.now()
    cut_off = dates_of(rt.reference(), period).cut_off
    with rt.database.writing() as tx:
        document = rule_document(tx, rule_set, period)
        waiting = None if key else assessments.waiting_run(tx, period.name, rule_set)
        if waiting is not None:
            return run_of(rt, record_of(tx, waiting)), True
        identity, is_new = assessments.ask_run(
            tx,
            {
                "period": period.name,
                "rule_set": rule_set,
                "version": parse_rule_set(document).version,
                "cut_off": min(now, cut_off),
                "is_draft": now < cut_off,
                "scores": [],
                "created_at": now,
                "created_by": actor.person,
                "role": str(actor.role),
                "status": QUEUED,
                "asked_as": _asked_as(actor.person, key),
            },
        )
        record = record_of(tx, identity)
        if (record.row.period, record.row.rule_set) != (period.name, rule_set):
            raise KeyReusedError("idempotency_mismatch")
        return run_of(rt, record), not is_new


def one_run(rt: Runtime, actor: Actor, identity: int) -> Run:
    """Return a run with the scores that the actor may see.

    Raises
    ------
    NotFoundError
        There is no such run, or the actor sees no months.
    """
    if actor.role not in SEEING:
        raise NotFoundError("run_not_found", params={"id": identity})
    with rt.database.reading() as tx:
        return run_of(rt, record_of(tx, identity))


def runs(
    rt: Runtime, actor: Actor, *, period: str | None = None, after: int | None = None, limit: int = 50
) -> tuple[Run, ...]:
    """Return runs without scores, newest first, one more than asked when there are more.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    name = read_period(rt, period).name if period is not None else None
    with rt.database.reading() as tx:
        found = assessments.runs(tx, period=name, after=after, limit=limit)
    return runs_of(rt, found)


def subject_score(rt: Runtime, actor: Actor, identity: int, subject: str) -> Mapping[str, Any]:
    """Return the score and the lines of one subject of a run.

    Raises
    ------
    NotFoundError
        There is no such run, or no such subject that the actor may see.
    """
    found = scores_for(actor, one_run(rt, actor, identity))
    for one in found:
        if one["subject"] == subject:
            return one
    raise NotFoundError("subject_not_found", params={"subject": subject})


def export(rt: Runtime, actor: Actor, identity: int) -> Path | None:
    """Return where the package of a run lies; None while it is being made, which asking for it begins.

    Raises
    ------
    NotFoundError
        There is no such run, or the actor sees no months.
    NotPermittedError
        The actor assesses nothing.
    WrongStateError
        ``run_not_done``: the work on it has not ended well; ``export_not_made``: a draft made by itself has no package.
    """
    run = one_run(rt, actor, identity)
    only_for(actor, ASSESSING)
    if run.status != assessments.DONE:
        raise WrongStateError("run_not_done", params={"status": run.status})
    if not run.is_kept:
        raise WrongStateError("export_not_made")
    held = rt.blobs.path(run.digest) if run.is_packed else None
    if held is None:
        with rt.database.writing() as tx:
            assessments.ask_package(tx, identity)
    return held


def so_far(rt: Runtime, actor: Actor, period_name: str, rule_set: str) -> SoFar:
    """Return the score so far of a period under a rule set, with the actor's cases that are about to breach.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read, or the rule set is unknown.
    """
    only_for(actor, SEEING)
    period = read_period(rt, period_name)
    now = rt.clock.now()
    with rt.database.reading() as tx:
        rule_document(tx, rule_set, period)
        newest = assessments.newest_run(tx, period.name, rule_set)
        run = None if newest is None else run_of(rt, record_of(tx, newest.id))
        breaching = assessments.cases_due(tx, actor, now, period.end, limit=_MOST_BREACHING)
    return SoFar(
        period=period.name,
        rule_set=rule_set,
        run=run,
        scores=() if run is None else scores_for(actor, run),
        breaching=breaching,
    )


def request_what_if(
    rt: Runtime, actor: Actor, asked: WhatIfRequest, *, key: str | None = None
) -> tuple[AssessmentWhatIfRow, bool]:
    """Queue a what-if; the same request sent again under its key is answered with the one there is.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError, RuleFileError
        A period cannot be read or is not sealed, the draft has mistakes, or ``against`` is unknown.
    KeyReusedError
        The key came before with another question.
    """
    only_for(actor, ASSESSING)
    draft = parse_rule_set(Document(kind=DocumentKind.RULES, name=_draft_name(asked.document), body=asked.document))
    against = asked.against or draft.name
    plain = {
        "periods": [read_period(rt, name).name for name in asked.periods],
        "document": asked.document,
        "against": against,
    }
    with rt.database.writing() as tx:
        for name in asked.periods:
            if assessments.month(tx, name) is None:
                raise InvalidInputError(
                    "invalid_input", fields={"periods": (Problem(code="month_not_sealed", params={"period": name}),)}
                )
            rule_document(tx, against, read_period(rt, name))
        identity, is_new = assessments.ask_what_if(
            tx,
            {
                "asked": plain,
                "status": QUEUED,
                "created_at": rt.clock.now(),
                "created_by": actor.person,
                "asked_as": _asked_as(actor.person, key),
            },
        )
        row = assessments.what_if(tx, identity)
        assert row is not None  # noqa: S101 - inserted or found just above
        if row.asked != plain:
            raise KeyReusedError("idempotency_mismatch")
        return row, not is_new


def one_what_if(rt: Runtime, actor: Actor, identity: int) -> AssessmentWhatIfRow:
    """Return a what-if with its answer, once there is one.

    Raises
    ------
    NotFoundError
        There is none, or the actor assesses nothing.
    """
    with rt.database.reading() as tx:
        row = assessments.what_if(tx, identity) if actor.role in ASSESSING else None
    if row is None:
        raise NotFoundError("what_if_not_found", params={"id": identity})
    return row


def what_ifs(
    rt: Runtime, actor: Actor, *, before: int | None = None, limit: int = 20
) -> tuple[AssessmentWhatIfRow, ...]:
    """Return what-ifs without their answers, newest first, one more than asked when there are more.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    """
    only_for(actor, ASSESSING)
    with rt.database.reading() as tx:
        return assessments.what_ifs(tx, before=before, limit=limit)


def months(
    rt: Runtime, actor: Actor, *, before: str | None = None, limit: int = 24
) -> tuple[assessments.PeriodRecord, ...]:
    """Return the periods that have runs, newest first, one more than asked when there are more.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    """
    only_for(actor, SEEING)
    with rt.database.reading() as tx:
        return assessments.periods(tx, before=before, limit=limit)


def frozen_periods(rt: Runtime, actor: Actor) -> tuple[str, ...]:
    """Return the sealed periods, newest first: those that a draft of rules can be tried on.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    """
    only_for(actor, ASSESSING)
    with rt.database.reading() as tx:
        return tuple(row.period for row in reversed(assessments.months(tx)))


def rule_sets(rt: Runtime, actor: Actor, period_name: str) -> tuple[RuleSet, ...]:
    """Return the rule sets in force on a period's first day, by name; one that cannot be read is left out.

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
        found = rule_sets_in_force(tx, period)
    return tuple(rule_set for _, rule_set in found)


def rule_set_text(rt: Runtime, actor: Actor, period_name: str, name: str) -> str:
    """Return a rule set in force in a period as the text of its file, to be changed for a what-if.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        The period cannot be read, or the rule set is unknown or not in force in it.
    """
    only_for(actor, ASSESSING)
    period = read_period(rt, period_name)
    with rt.database.reading() as tx:
        return write_document(rule_document(tx, name, period))


def read_draft(actor: Actor, text: str) -> Document:
    """Read the text of a draft rule set, as in a rule file.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    RuleFileError
        Its syntax or what it says has mistakes, each at its line or place.
    """
    only_for(actor, ASSESSING)
    read = read_document(DocumentKind.RULES, "draft", text.encode())
    draft = Document(kind=DocumentKind.RULES, name=_draft_name(read.body), body=read.body)
    parse_rule_set(draft)
    return draft


def public_key(rt: Runtime, actor: Actor) -> bytes:
    """Return the public half of the key that signs packages, as PEM.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    """
    only_for(actor, SEEING)
    return signing_key(rt.settings.data_dir).public.pem


def is_open(run: Run) -> bool:
    """Tell whether a run's month is not cut off yet."""
    return run.state in (MonthState.OPEN, MonthState.DRAFT)


def _asked_as(person: PersonId, key: str | None) -> str:
    """Return under what a request is kept: the caller's key, or one that nobody else has."""
    return f"{person}/{key or secrets.token_hex(16)}"


def _draft_name(document: Mapping[str, Any]) -> str:
    name = document.get("name")
    return name if isinstance(name, str) and name else "draft"


_MOST_BREACHING = 200
