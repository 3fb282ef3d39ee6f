"""Appeals 申诉: a unit contests a line of its score, another person than the drafter decides, and it has its effect.

Upheld before the month is sealed, a case no longer counts, or points are given back, in the next run of that month;
afterwards the sealed month stays as it is and the points are an adjustment of the open one. Rules: domain §6.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.domain.actor import UNIT_ROLES, Actor, Role
from gridcase.domain.case import AttachmentId, CaseNumber, PersonId
from gridcase.domain.errors import KeyReusedError, NotFoundError, NotPermittedError, WrongStateError, invalid
from gridcase.domain.time import Period, is_late
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import SEEING, record_of
from gridcase.services.steps.month_facts import dates_of, read_period
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.store import appeals as store
from gridcase.store import assessments, evidence
from gridcase.store.appeals import OPEN, AppealRow, AppealTakenError
from gridcase.store.assessments import RunRecord
from gridcase.store.attachments import link_attachments
from gridcase.store.database import Tx

__all__ = ["AppealRow"]

_MOST_IDENTITY = 2**31 - 1
_BY_UNIT = "unit"
_POINTS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?")


class AppealReason(StrEnum):
    """Why a line is contested."""

    NOT_OURS = "not_ours"
    IN_TIME = "in_time"
    NOT_RECURRENT = "not_recurrent"
    NOT_MISSED = "not_missed"
    SELF_REPORT = "self_report"
    FORCE_MAJEURE = "force_majeure"
    THIRD_PARTY = "third_party"
    WRONG_FACTS = "wrong_facts"
    OTHER = "other"


class Decision(StrEnum):
    """How an appeal was decided; ``partly`` gives back some of the points."""

    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"


WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppeal:
    """What is contested.

    Parameters
    ----------
    line
        Key of the line, as the lines of the score name it.
    case
        The case it is about; None contests the line as a whole.
    attachments
        Uploads of the caller that prove it.
    """

    subject: str
    line: str
    case: CaseNumber | None
    reason: AppealReason
    text: str
    attachments: tuple[AttachmentId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A decision with its reason.

    Parameters
    ----------
    points
        Points given back, as text; needed where no case is named, where the decision is partly, and once the month is
        sealed.
    """

    decision: Decision
    text: str
    points: str | None = None


def file_appeal(
    rt: Runtime, actor: Actor, run_id: int, new: NewAppeal, *, key: str | None = None
) -> tuple[AppealRow, bool]:
    """Contest a line of a run.

    A unit does so for itself from the cut-off until publicity ends, the very last second included; who assesses may
    take a later one in its name.

    Returns
    -------
    tuple
        The appeal, and whether it was filed before under the same key.

    Raises
    ------
    NotFoundError
        ``run_not_found`` or ``line_not_found``, also for a line of another unit.
    WrongStateError
        ``run_not_done``, ``appeals_closed``, or ``appeal_exists``.
    InvalidInputError
        On ``case``: the line does not rest on it. On ``attachments``: one cannot be used.
    KeyReusedError
        The key came before with another appeal.
    """
    if actor.role not in SEEING:
        raise NotFoundError("run_not_found", params={"id": run_id})
    with rt.database.writing() as tx:
        record = record_of(tx, run_id)
        line = _line(record, actor, new)
        period = read_period(rt, record.row.period)
        is_past = _check_window(rt, actor, record, period)
        if new.case is not None and new.case not in line["cases"]:
            raise invalid("case", "case_not_behind_line", number=new.case)
        values = {
            "period": period.name,
            "rule_set": record.row.rule_set,
            "run_id": run_id,
            "subject": new.subject,
            "line": new.line,
            "clause": line["clause"],
            "indicator": line["indicator"],
            "case": new.case,
            "reason": str(new.reason),
            "text": new.text,
            "attachments": list(new.attachments),
            "state": OPEN,
            "filed_at": rt.clock.now(),
            "filed_by": actor.person,
            "role": str(actor.role),
            "is_late": is_past,
            "decision": "",
            "slot": "/".join((period.name, record.row.rule_set, new.subject, new.line, new.case or "")),
            "asked_as": f"{actor.person}/{key}" if key else None,
        }
        try:
            identity, is_new = store.add_appeal(tx, values)
        except AppealTakenError as err:
            raise WrongStateError("appeal_exists", params={"appeal": err.identity}) from err
        row = _held(tx, identity)
        if any(getattr(row, name) != values[name] for name in ("run_id", "subject", "line", "case", "reason", "text")):
            raise KeyReusedError("idempotency_mismatch")
        if is_new:
            _link(tx, actor, row)
        return row, not is_new


def withdraw_appeal(rt: Runtime, actor: Actor, identity: int, *, key: str | None = None) -> AppealRow:
    """Take back an open appeal; done by whom it was filed, or by anybody of its unit.

    With a key, what the same person withdrew before is answered again.

    Raises
    ------
    NotFoundError, WrongStateError
        There is no such appeal that the actor sees; it was decided.
    """
    with rt.database.writing() as tx:
        row = _seen(tx, actor, identity)
        if row.filed_by != actor.person and actor.role not in UNIT_ROLES:
            raise NotPermittedError("not_your_appeal")
        if key and (row.state, row.decided_by) == (WITHDRAWN, actor.person):
            return row
        _close(tx, row, rt.clock.now(), actor, {"state": WITHDRAWN})
        return _held(tx, identity)


def decide_appeal(rt: Runtime, actor: Actor, identity: int, ruling: Ruling, *, key: str | None = None) -> AppealRow:
    """Decide an appeal, with its effect, in one transaction.

    With a key, the same decision that the same person took before is answered again.

    Raises
    ------
    NotFoundError, NotPermittedError
        There is no such appeal; the actor assesses nothing, drafted the run, or filed the appeal.
    WrongStateError
        It was decided or withdrawn.
    InvalidInputError
        On ``points``: needed, not allowed, or no decimal.
    """
    only_for(actor, ASSESSING)
    now = rt.clock.now()
    with rt.database.writing() as tx:
        row = _seen(tx, actor, identity)
        run = record_of(tx, row.run_id).row
        if actor.person == row.filed_by:
            raise NotPermittedError("filed_it_yourself")
        if run.role != Role.SYSTEM and run.created_by == actor.person:
            raise NotPermittedError("drafted_it_yourself")
        taken = (row.state, row.decision, row.points, row.decided_by)
        if key and taken == (str(ruling.decision), ruling.text, ruling.points, actor.person):
            return row
        is_sealed = bool(assessments.sealed_runs(tx, row.period, row.rule_set))
        points = _points(row, ruling, is_sealed=is_sealed)
        plain = None if points is None else f"{points:f}"
        values = {"state": str(ruling.decision), "decision": ruling.text, "points": plain}
        _close(tx, row, now, actor, values)
        if ruling.decision is not Decision.REJECTED:
            if points is None:
                _exempt(tx, row, actor, now)
            else:
                settled = _open_period(rt, now) if is_sealed else row.period
                _adjust(tx, row, actor, now, points=plain or "0", period=settled)
        return _held(tx, identity)


def one_appeal(rt: Runtime, actor: Actor, identity: int) -> AppealRow:
    """Return an appeal.

    Raises
    ------
    NotFoundError
        There is none that the actor sees.
    """
    with rt.database.reading() as tx:
        return _seen(tx, actor, identity)


def list_appeals(
    rt: Runtime, actor: Actor, *, period: str | None = None, after: int = 0, limit: int = 50
) -> tuple[AppealRow, ...]:
    """Return appeals by identity, one more than asked when there are more; a unit sees its own.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    name = None if period is None else read_period(rt, period).name
    subject = None if actor.role in ASSESSING else actor.scope.value
    with rt.database.reading() as tx:
        return store.appeals(tx, period=name, subject=subject, after=after, limit=limit)


def _link(tx: Tx, actor: Actor, row: AppealRow) -> None:
    """Tie the uploads to the appeal; refuse those that do not exist, are another person's or are used already."""
    ids = tuple(AttachmentId(one) for one in row.attachments)
    if ids:
        linked = link_attachments(tx, ids, uploader=PersonId(actor.person), case_uid=store.holder(row.id), event_seq=0)
        if missing := sorted(set(ids) - {one.id for one in linked}):
            raise invalid("attachments", "attachment_unknown", id=missing[0])


def _line(record: RunRecord, actor: Actor, new: NewAppeal) -> Mapping[str, Any]:
    if record.row.status != assessments.DONE:
        raise WrongStateError("run_not_done", params={"status": record.row.status})
    is_own = actor.role in ASSESSING or (record.row.subject_kind == _BY_UNIT and new.subject == actor.scope.value)
    for one in record.row.scores if is_own else ():
        if one["subject"] == new.subject:
            for line in one["lines"]:
                if line["key"] == new.line:
                    return dict(line)
    raise NotFoundError("line_not_found", params={"subject": new.subject, "line": new.line})


def _check_window(rt: Runtime, actor: Actor, record: RunRecord, period: Period) -> bool:
    """Return whether publicity is over; refuse what a unit asks outside of it."""
    dates = dates_of(rt.reference(), period)
    now = rt.clock.now()
    is_past = is_late(now, dates.publicity_ends_at)
    if actor.role not in ASSESSING and (is_past or now < dates.cut_off or record.row.is_draft):
        first, last = (
            f"{at.astimezone(period.zone):%Y-%m-%d %H:%M}" for at in (dates.cut_off, dates.publicity_ends_at)
        )
        raise WrongStateError("appeals_closed", params={"first": first, "last": last})
    return is_past


def _points(row: AppealRow, ruling: Ruling, *, is_sealed: bool) -> Decimal | None:
    """Return the points given back; None where the case is exempted instead, or nothing is given."""
    if ruling.decision is Decision.REJECTED:
        if ruling.points is not None:
            raise invalid("points", "rejected_gives_nothing")
        return None
    needs = is_sealed or row.case is None or ruling.decision is Decision.PARTLY
    if ruling.points is None:
        if needs:
            raise invalid("points", "points_needed")
        return None
    if not _POINTS.fullmatch(ruling.points) or Decimal(ruling.points) == 0:
        raise invalid("points", "decimal_expected", value=ruling.points)
    return Decimal(ruling.points)


def _exempt(tx: Tx, row: AppealRow, actor: Actor, now: datetime) -> None:
    evidence.add_exemption(
        tx,
        {
            "period": row.period,
            "rule_set": row.rule_set,
            "case": row.case,
            "indicator": row.indicator,
            "subject": row.subject,
            "reason": str(ExemptionReason.APPEAL),
            "evidence": _evidence(row),
            "state": evidence.GRANTED,
            "proposed_at": row.filed_at,
            "proposed_by": row.filed_by,
            "proposed_for": row.subject,
            "decided_at": now,
            "decided_by": actor.person,
            "decision": row.decision,
            "appeal_id": row.id,
            "slot": f"appeal/{row.id}",
        },
    )


def _adjust(tx: Tx, row: AppealRow, actor: Actor, now: datetime, *, points: str, period: str) -> None:
    evidence.add_adjustment(
        tx,
        {
            "period": period,
            "rule_set": row.rule_set,
            "subject": row.subject,
            "points": points,
            "reason": str(ExemptionReason.APPEAL),
            "evidence": _evidence(row),
            "origin_period": row.period,
            "case": row.case,
            "made_at": now,
            "made_by": actor.person,
            "appeal_id": row.id,
            "asked_as": f"appeal/{row.id}",
        },
    )


def _evidence(row: AppealRow) -> str:
    """Name the appeal: its text may hold names and stays in it."""
    return f"appeal {row.id}"


def _open_period(rt: Runtime, now: datetime) -> str:
    return f"{now.astimezone(rt.settings.zone):%Y-%m}"


def _close(tx: Tx, row: AppealRow, now: datetime, actor: Actor, values: Mapping[str, Any]) -> None:
    if not store.close_appeal(tx, row.id, {**values, "decided_at": now, "decided_by": actor.person}):
        raise WrongStateError("appeal_closed", params={"state": row.state})


def _held(tx: Tx, identity: int) -> AppealRow:
    found = store.appeal(tx, identity) if 0 < identity <= _MOST_IDENTITY else None
    if found is None:
        raise NotFoundError("appeal_not_found", params={"id": identity})
    tx.refresh(found)
    return found


def _seen(tx: Tx, actor: Actor, identity: int) -> AppealRow:
    row = _held(tx, identity)
    if actor.role in ASSESSING or (actor.role in UNIT_ROLES and row.subject == actor.scope.value):
        return row
    raise NotFoundError("appeal_not_found", params={"id": identity})
