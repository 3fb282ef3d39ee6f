"""What people add to a month beside its counts: exemptions 免责, outside scores, adjustments; each with its evidence.

Whoever proposes an exemption does not decide it. Nothing here moves a sealed month: what comes later shows in a
re-issue or, as an adjustment, in the month in which it is made. Rules: domain §6.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from gridcase.assessment.rulesets import ExemptionReason, External, RuleSet
from gridcase.domain.actor import UNIT_ROLES, Actor
from gridcase.domain.case import CaseNumber
from gridcase.domain.errors import (
    InvalidInputError,
    KeyReusedError,
    NotFoundError,
    NotPermittedError,
    Problem,
    WrongStateError,
    invalid,
)
from gridcase.domain.numbers import parse_number
from gridcase.domain.time import Period
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services.runtime import Runtime
from gridcase.services.steps.assessed import SEEING
from gridcase.services.steps.delimited import Shape, Sheet
from gridcase.services.steps.month_facts import read_period
from gridcase.services.steps.month_score import rule_document
from gridcase.services.steps.permitting import ASSESSING, only_for
from gridcase.store import evidence as store
from gridcase.store.cases import load_case
from gridcase.store.database import Tx
from gridcase.store.evidence import AdjustmentRow, ExemptionRow, ExternalScoreRow

__all__ = ["AdjustmentRow", "ExemptionRow", "ExternalScoreRow"]

_MOST_IDENTITY = 2**31 - 1
_VALUE = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?")
_LONGEST, _LONGEST_SUBJECT = 2000, 80
REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExemption:
    """A case that is not to count.

    Parameters
    ----------
    indicator, subject
        Where it is not to count; None everywhere. A unit's proposal is for itself.
    """

    period: str
    rule_set: str
    case: CaseNumber
    reason: ExemptionReason
    evidence: str
    indicator: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenScore:
    """An outside score; ``name`` is what the rule set calls it."""

    name: str
    subject: str
    value: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdjustment:
    """Points to be settled in a period, as text; negative takes points off."""

    period: str
    rule_set: str
    subject: str
    points: str
    reason: str
    evidence: str
    origin_period: str
    case: CaseNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresTaken:
    """What came of outside scores: how many are new, took the place of another, or were there already."""

    taken: int
    corrected: int
    already_there: int


# --- exemptions ---------------------------------------------------------------------------------------------------


def propose_exemption(rt: Runtime, actor: Actor, new: NewExemption) -> tuple[ExemptionRow, bool]:
    """Propose that a case does not count.

    Returns
    -------
    tuple
        The exemption, and whether the same case was exempted from the same before.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period, rule set, indicator or case is unknown, or the rule set does not know the reason.
    """
    only_for(actor, SEEING)
    period = read_period(rt, new.period)
    subject = actor.scope.value if actor.role in UNIT_ROLES else new.subject
    with rt.database.writing() as tx:
        rule_set = _rule_set(tx, new.rule_set, period)
        if new.reason not in rule_set.exemptions:
            raise invalid("reason", "exemption_unknown", reason=new.reason, rule_set=new.rule_set)
        if new.indicator is not None and new.indicator not in {one.id for one in rule_set.indicators}:
            raise invalid("indicator", "indicator_unknown", id=new.indicator, rule_set=new.rule_set)
        if not _sees(tx, actor, new.case):
            raise invalid("case", "case_not_found", number=new.case)
        identity, is_new = store.add_exemption(
            tx,
            {
                "period": period.name,
                "rule_set": new.rule_set,
                "case": new.case,
                "indicator": new.indicator,
                "subject": subject,
                "reason": str(new.reason),
                "evidence": new.evidence,
                "state": store.PROPOSED,
                "proposed_at": rt.clock.now(),
                "proposed_by": actor.person,
                "proposed_for": subject if actor.role in UNIT_ROLES else None,
                "decision": "",
                "slot": "/".join((period.name, new.rule_set, new.case, new.indicator or "", subject or "")),
            },
        )
        return _exemption(tx, identity), not is_new


def decide_exemption(
    rt: Runtime, actor: Actor, identity: int, *, grants: bool, text: str, key: str | None = None
) -> ExemptionRow:
    """Grant or refuse an exemption; nobody decides what they proposed.

    With a key, the same decision that the same person took before is answered again.

    Raises
    ------
    NotFoundError, NotPermittedError, WrongStateError
        There is none; the actor assesses nothing or proposed it; it was decided.
    """
    only_for(actor, ASSESSING)
    with rt.database.writing() as tx:
        row = _exemption(tx, identity)
        if row.proposed_by == actor.person:
            raise NotPermittedError("proposed_it_yourself")
        state = store.GRANTED if grants else REFUSED
        if key and (row.state, row.decision, row.decided_by) == (state, text, actor.person):
            return row
        values = {
            "state": state,
            "decision": text,
            "decided_at": rt.clock.now(),
            "decided_by": actor.person,
        }
        if not store.decide_exemption(tx, identity, values if grants else {**values, "slot": None}):
            raise WrongStateError("exemption_decided", params={"state": row.state})
        return _exemption(tx, identity)


def list_exemptions(rt: Runtime, actor: Actor, period: str) -> tuple[ExemptionRow, ...]:
    """Return the exemptions of a period; a unit sees those proposed for it or that concern it.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    with rt.database.reading() as tx:
        found = store.exemptions(tx, read_period(rt, period).name)
    if actor.role in ASSESSING:
        return found
    own = actor.scope.value
    return tuple(one for one in found if own in (one.subject, one.proposed_for))


# --- outside scores -----------------------------------------------------------------------------------------------


def give_scores(
    rt: Runtime, actor: Actor, period_name: str, rule_set_name: str, given: Iterable[GivenScore], *, corrects: bool
) -> ScoresTaken:
    """Take outside scores, all or none.

    Parameters
    ----------
    corrects
        Another value for the same name and subject takes the place of the earlier; otherwise it is refused.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        Period or rule set unknown; by place in the list (``scores.0.value``): name unknown to the rule set, value no
        decimal or out of its range, subject missing, given twice, or another value stands.
    """
    only_for(actor, ASSESSING)
    period = read_period(rt, period_name)
    with rt.database.writing() as tx:
        known = _externals(_rule_set(tx, rule_set_name, period))
        standing = {row.slot: row for row in store.external_scores(tx, period.name, rule_set_name)}
        rows: dict[str, dict[str, object]] = {}
        corrected: list[str] = []
        problems: dict[str, tuple[Problem, ...]] = {}
        same = 0
        for place, one in enumerate(given):
            slot = "/".join((period.name, rule_set_name, one.name, one.subject))
            held = standing.get(slot)
            wrong = _wrong_score(one, known)
            if wrong is None and slot in rows:
                wrong = "subject", Problem(code="given_twice", params={"subject": one.subject})
            if wrong is not None:
                problems[f"scores.{place}.{wrong[0]}"] = (wrong[1],)
            elif held is not None and (Decimal(held.value), held.evidence) == (Decimal(one.value), one.evidence):
                same += 1
            elif held is not None and not corrects:
                problems[f"scores.{place}.value"] = (Problem(code="score_differs", params={"value": held.value}),)
            else:
                if held is not None:
                    corrected.append(slot)
                rows[slot] = {
                    "period": period.name,
                    "rule_set": rule_set_name,
                    "name": one.name,
                    "subject": one.subject,
                    "value": one.value,
                    "evidence": one.evidence,
                    "given_at": rt.clock.now(),
                    "given_by": actor.person,
                    "slot": slot,
                }
        if problems:
            raise InvalidInputError("invalid_input", fields=problems)
        store.put_external_scores(tx, list(rows.values()), corrected)
    return ScoresTaken(taken=len(rows) - len(corrected), corrected=len(corrected), already_there=same)


def read_scores(path: Path, encoding: str = "utf-8") -> tuple[GivenScore, ...]:
    """Read outside scores from a CSV file with the columns ``name``, ``subject``, ``value`` and ``evidence``.

    Raises
    ------
    InvalidInputError
        On ``file``: it cannot be read, lacks a column, or a row is broken.
    """
    with Sheet(path, Shape(encoding=encoding)) as sheet:
        names = ("name", "subject", "value", "evidence")
        if missing := [name for name in names if name not in sheet.header]:
            raise invalid("file", "header_needed", columns=", ".join(missing))
        places = [sheet.header.index(name) for name in names]
        found = []
        for row in sheet.rows():
            if row.refused:
                raise invalid("file", "row_broken", row=row.number)
            name, subject, value, evidence = (row.cells[place].strip() for place in places)
            found.append(GivenScore(name=name, subject=subject, value=value, evidence=evidence))
    return tuple(found)


def list_scores(rt: Runtime, actor: Actor, period: str) -> tuple[ExternalScoreRow, ...]:
    """Return the outside scores of a period that stand; a unit sees its own.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    with rt.database.reading() as tx:
        found = store.external_scores(tx, read_period(rt, period).name)
    return found if actor.role in ASSESSING else tuple(one for one in found if one.subject == actor.scope.value)


# --- adjustments --------------------------------------------------------------------------------------------------


def adjust(rt: Runtime, actor: Actor, new: NewAdjustment, *, key: str | None = None) -> tuple[AdjustmentRow, bool]:
    """Settle points in a period.

    Returns
    -------
    tuple
        The adjustment, and whether it was made before under the same key.

    Raises
    ------
    NotPermittedError
        The actor assesses nothing.
    InvalidInputError
        A period or the rule set is unknown, the origin is later than the period, or the points are no decimal.
    KeyReusedError
        The key came before with another adjustment.
    """
    only_for(actor, ASSESSING)
    period, origin = read_period(rt, new.period), _origin(rt, new.origin_period)
    if origin.start > period.start:
        raise invalid("origin_period", "origin_after_period", origin=origin.name, period=period.name)
    if not _VALUE.fullmatch(new.points) or Decimal(new.points) == 0:
        raise invalid("points", "decimal_expected", value=new.points)
    values = {
        "period": period.name,
        "rule_set": new.rule_set,
        "subject": new.subject,
        "points": new.points,
        "reason": new.reason,
        "evidence": new.evidence,
        "origin_period": origin.name,
        "case": new.case,
    }
    with rt.database.writing() as tx:
        _rule_set(tx, new.rule_set, period)
        identity, is_new = store.add_adjustment(
            tx,
            values
            | {
                "made_at": rt.clock.now(),
                "made_by": actor.person,
                "asked_as": f"{actor.person}/{key}" if key else None,
            },
        )
        row = store.adjustment(tx, identity)
        assert row is not None  # noqa: S101 - inserted or found just above
        if any(getattr(row, name) != value for name, value in values.items()):
            raise KeyReusedError("idempotency_mismatch")
        return row, not is_new


def list_adjustments(rt: Runtime, actor: Actor, period: str) -> tuple[AdjustmentRow, ...]:
    """Return the adjustments settled in a period; a unit sees its own.

    Raises
    ------
    NotPermittedError
        The actor sees no months.
    InvalidInputError
        The period cannot be read.
    """
    only_for(actor, SEEING)
    with rt.database.reading() as tx:
        found = store.adjustments(tx, read_period(rt, period).name)
    return found if actor.role in ASSESSING else tuple(one for one in found if one.subject == actor.scope.value)


def _sees(tx: Tx, actor: Actor, number: CaseNumber) -> bool:
    parts = parse_number(number)
    stored = load_case(tx, parts.identity, actor) if parts else None
    return stored is not None and stored.case.number == number


def _rule_set(tx: Tx, name: str, period: Period) -> RuleSet:
    return parse_rule_set(rule_document(tx, name, period))


def _externals(rule_set: RuleSet) -> dict[str, Decimal | None]:
    """Return the outside scores that a rule set asks for, with the most that each can be."""
    measures = [indicator.instead for indicator in rule_set.indicators]
    measures += [
        term.measure if isinstance(term.measure, External) else None
        for indicator in rule_set.indicators
        for term in indicator.terms
    ]
    limits = {one.name: one.out_of for one in measures if one is not None}
    return {name: limits.get(name) for name in rule_set.external_names}


def _wrong_score(one: GivenScore, known: dict[str, Decimal | None]) -> tuple[str, Problem] | None:
    if one.name not in known:
        return "name", Problem(code="external_unknown", params={"name": one.name, "choices": ", ".join(known)})
    if not one.subject:
        return "subject", Problem(code="subject_needed")
    if not _VALUE.fullmatch(one.value):
        return "value", Problem(code="decimal_expected", params={"value": one.value})
    most = known[one.name]
    if most is not None and not 0 <= Decimal(one.value) <= most:
        return "value", Problem(code="score_out_of_range", params={"value": one.value, "most": f"{most:f}"})
    for field, text, longest in (("subject", one.subject, _LONGEST_SUBJECT), ("evidence", one.evidence, _LONGEST)):
        if len(text) > longest:
            return field, Problem(code="text_too_long", params={"most": longest, "length": len(text)})
    return None


def _origin(rt: Runtime, name: str) -> Period:
    try:
        return read_period(rt, name)
    except InvalidInputError as err:
        raise invalid("origin_period", "period_malformed", period=name) from err


def _exemption(tx: Tx, identity: int) -> ExemptionRow:
    found = store.exemption(tx, identity) if 0 < identity <= _MOST_IDENTITY else None
    if found is None:
        raise NotFoundError("exemption_not_found", params={"id": identity})
    tx.refresh(found)
    return found
