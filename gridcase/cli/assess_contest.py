"""``gridcase assess appeals``, ``exemptions``, ``external``, ``adjust`` and ``deliveries``: contest a month, follow it.

Who acts is named by ``--by``, and may do what that person may; lists show everything.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.cli.shell import OPERATOR, answer, json_option, refusing, runtime, table
from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import AttachmentId, CaseNumber
from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.edge.contest_view import (
    adjustment_view,
    appeal_view,
    delivery_view,
    exemption_view,
    external_score_view,
    scores_taken_view,
)
from gridcase.services import appealing, contributing, delivering, identity
from gridcase.services.appealing import AppealReason, Decision, NewAppeal, Ruling
from gridcase.services.contributing import NewAdjustment, NewExemption
from gridcase.services.delivering import Delivery, Entry, RejectedRow
from gridcase.services.runtime import Runtime


class _Words(click.ParamType[str]):
    """Words of some length: neither none nor more than there is room for."""

    name = "text"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = value.strip()
        if not 0 < len(text) <= self.most:
            self.fail(f"1 to {self.most} characters are needed, not {len(text)}.", param, ctx)
        return text


_LONG, _NAME = _Words(2000), _Words(80)

_period = click.option("--period", required=True, help="2026-10, 2026-Q4 or 2026.")
_rule_set = click.option("--rule-set", required=True, type=_NAME, help="Name of a rule set in force.")
_by = click.option("--by", "username", required=True, help="User name of who acts.")
_text = click.option("--text", required=True, type=_LONG, help="Why it is decided so.")
_case = click.option("--case", type=_Words(30), help="Number of the case it is about.")
_key = click.option("--key", type=_NAME, help="Any text; the same again under it is done once.")
_identity = click.argument("identity_", metavar="ID", type=int)
_run = click.argument("run_id", type=int)

#: Roles that decide, and that contest: the first one that a person holds is the one they act in.
_DECIDING = (Role.LEADER, Role.ASSESSOR, Role.ADMIN)
_CONTESTING = (Role.UNIT_LEADER, Role.HANDLER, Role.ASSESSOR, Role.LEADER, Role.ADMIN)
_ASSESSING = (Role.ASSESSOR, Role.LEADER, Role.ADMIN)
_EXEMPTIONS = [str(one) for one in ExemptionReason if one is not ExemptionReason.APPEAL]


# --- appeals ------------------------------------------------------------------------------------------------------


@click.group()
def appeals() -> None:
    """Appeals against lines of a month's score."""


@appeals.command("list")
@click.option("--period", help="2026-10, 2026-Q4 or 2026; all without it.")
@click.option("--after", type=click.IntRange(0, 2**31 - 1), default=0, help="Show those after this one.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@refusing
def list_appeals(*, period: str | None, after: int, limit: int, as_json: bool) -> None:
    """List appeals in the order in which they were filed."""
    rt = runtime()
    found = appealing.list_appeals(rt, OPERATOR, period=period, after=after, limit=limit)[:limit]
    _say_all([appeal_view(one, rt.settings.zone) for one in found], _APPEAL, as_json=as_json)


@appeals.command("file")
@_run
@click.argument("subject", type=_NAME)
@click.argument("line", type=_Words(200))
@_by
@click.option("--reason", required=True, type=click.Choice([str(one) for one in AppealReason]))
@click.option("--text", required=True, type=_LONG, help="What is contested, in words.")
@_case
@click.option("--attachment", "attachments", multiple=True, help="Id of an upload of the same person; repeatable.")
@_key
@json_option
@refusing
def file_appeal(
    *,
    run_id: int,
    subject: str,
    line: str,
    username: str,
    reason: str,
    text: str,
    case: str | None,
    attachments: tuple[str, ...],
    key: str | None,
    as_json: bool,
) -> None:
    """Contest the LINE of a SUBJECT in a run; `assess explain` names the lines."""
    rt = runtime()
    new = NewAppeal(
        subject=subject,
        line=line,
        case=CaseNumber(case) if case else None,
        reason=AppealReason(reason),
        text=text,
        attachments=tuple(AttachmentId(one) for one in attachments),
    )
    row, _ = appealing.file_appeal(rt, _acting(rt, username, _CONTESTING), run_id, new, key=key)
    _say(appeal_view(row, rt.settings.zone), _APPEAL, as_json=as_json)


@appeals.command("decide")
@_identity
@_by
@click.option("--decision", required=True, type=click.Choice([str(one) for one in Decision]))
@_text
@click.option("--points", help="Points given back; needed where no case can be exempted.")
@json_option
@refusing
def decide_appeal(
    *, identity_: int, username: str, decision: str, text: str, points: str | None, as_json: bool
) -> None:
    """Decide an appeal; never by who drafted the run or filed the appeal."""
    rt = runtime()
    ruling = Ruling(decision=Decision(decision), text=text, points=points)
    done = appealing.decide_appeal(rt, _acting(rt, username, _DECIDING), identity_, ruling)
    _say(appeal_view(done, rt.settings.zone), _APPEAL, as_json=as_json)


@appeals.command("withdraw")
@_identity
@_by
@json_option
@refusing
def withdraw_appeal(*, identity_: int, username: str, as_json: bool) -> None:
    """Take an open appeal back."""
    rt = runtime()
    done = appealing.withdraw_appeal(rt, _acting(rt, username, _CONTESTING), identity_)
    _say(appeal_view(done, rt.settings.zone), _APPEAL, as_json=as_json)


# --- exemptions ---------------------------------------------------------------------------------------------------


@click.group()
def exemptions() -> None:
    """Cases that are not to count."""


@exemptions.command("list")
@_period
@json_option
@refusing
def list_exemptions(*, period: str, as_json: bool) -> None:
    """List the exemptions of a period, those proposed and refused included."""
    rt = runtime()
    found = contributing.list_exemptions(rt, OPERATOR, period)
    _say_all([exemption_view(one, rt.settings.zone) for one in found], _EXEMPTION, as_json=as_json)


@exemptions.command("propose")
@_period
@_rule_set
@click.option("--case", required=True, type=_Words(30), help="Number of the case.")
@click.option("--reason", required=True, type=click.Choice(_EXEMPTIONS))
@click.option("--evidence", required=True, type=_LONG, help="What proves it.")
@click.option("--indicator", type=_Words(64), help="Only there; everywhere without it.")
@click.option("--subject", type=_NAME, help="Only for it; for every subject without it.")
@_by
@json_option
@refusing
def propose_exemption(
    *,
    period: str,
    rule_set: str,
    case: str,
    reason: str,
    evidence: str,
    indicator: str | None,
    subject: str | None,
    username: str,
    as_json: bool,
) -> None:
    """Propose that a case does not count; another person decides."""
    rt = runtime()
    new = NewExemption(
        period=period,
        rule_set=rule_set,
        case=CaseNumber(case),
        reason=ExemptionReason(reason),
        evidence=evidence,
        indicator=indicator,
        subject=subject,
    )
    row, _ = contributing.propose_exemption(rt, _acting(rt, username, _CONTESTING), new)
    _say(exemption_view(row, rt.settings.zone), _EXEMPTION, as_json=as_json)


@exemptions.command("decide")
@_identity
@_by
@click.option("--decision", required=True, type=click.Choice(["granted", "refused"]))
@_text
@json_option
@refusing
def decide_exemption(*, identity_: int, username: str, decision: str, text: str, as_json: bool) -> None:
    """Grant or refuse an exemption; nobody decides what they proposed."""
    rt = runtime()
    actor = _acting(rt, username, _DECIDING)
    done = contributing.decide_exemption(rt, actor, identity_, grants=decision == "granted", text=text)
    _say(exemption_view(done, rt.settings.zone), _EXEMPTION, as_json=as_json)


# --- outside scores -----------------------------------------------------------------------------------------------


@click.group()
def external() -> None:
    """Outside scores: on-site inspections, duties, and what else a rule set asks of people."""


@external.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_period
@_rule_set
@click.option("--encoding", default="utf-8", show_default=True, help="utf-8 or gbk.")
@click.option("--correct", is_flag=True, help="Another value for the same name and subject takes its place.")
@_by
@json_option
@refusing
def import_scores(
    *, file: Path, period: str, rule_set: str, encoding: str, correct: bool, username: str, as_json: bool
) -> None:
    """Take a CSV file with name, subject, value and evidence in, all or nothing; the same again adds nothing."""
    rt = runtime()
    actor = _acting(rt, username, _ASSESSING)
    given = contributing.read_scores(file, encoding)
    done = scores_taken_view(contributing.give_scores(rt, actor, period, rule_set, given, corrects=correct))
    answer(done, as_json=as_json, text="\n".join(f"{name}: {number}" for name, number in done.items()))


@external.command("list")
@_period
@json_option
@refusing
def list_scores(*, period: str, as_json: bool) -> None:
    """List the outside scores of a period that stand."""
    rt = runtime()
    found = contributing.list_scores(rt, OPERATOR, period)
    _say_all([external_score_view(one, rt.settings.zone) for one in found], _SCORE, as_json=as_json)


# --- adjustments --------------------------------------------------------------------------------------------------


@click.command()
@_period
@_rule_set
@click.option("--subject", required=True, type=_NAME, help="Whose points.")
@click.option("--points", required=True, help="Exact decimal; below zero takes points off.")
@click.option("--reason", required=True, type=_LONG)
@click.option("--evidence", required=True, type=_LONG, help="What proves it.")
@click.option("--origin", required=True, help="Period in which it happened, such as 2026-09.")
@_case
@_by
@_key
@json_option
@refusing
def adjust(
    *,
    period: str,
    rule_set: str,
    subject: str,
    points: str,
    reason: str,
    evidence: str,
    origin: str,
    case: str | None,
    username: str,
    key: str | None,
    as_json: bool,
) -> None:
    """Settle points in a period, for what happened in it or in an earlier one."""
    rt = runtime()
    new = NewAdjustment(
        period=period,
        rule_set=rule_set,
        subject=subject,
        points=points,
        reason=reason,
        evidence=evidence,
        origin_period=origin,
        case=CaseNumber(case) if case else None,
    )
    row, _ = contributing.adjust(rt, _acting(rt, username, _ASSESSING), new, key=key)
    _say(adjustment_view(row, rt.settings.zone), _ADJUSTMENT, as_json=as_json)


@click.group()
def adjustments() -> None:
    """Points settled in a period."""


@adjustments.command("list")
@_period
@json_option
@refusing
def list_adjustments(*, period: str, as_json: bool) -> None:
    """List the adjustments settled in a period."""
    rt = runtime()
    found = contributing.list_adjustments(rt, OPERATOR, period)
    _say_all([adjustment_view(one, rt.settings.zone) for one in found], _ADJUSTMENT, as_json=as_json)


# --- deliveries ---------------------------------------------------------------------------------------------------


@click.group()
def deliveries() -> None:
    """What became of a month's package outside."""


@deliveries.command("add")
@_run
@click.option("--what", required=True, type=click.Choice([str(one) for one in Delivery]))
@click.option("--recipient", required=True, type=_Words(120), help="To whom it went.")
@click.option("--note", default="", help="How, or what was answered.")
@click.option("--row", "rows", multiple=True, nargs=2, metavar="ROW REASON", help="A row not taken; repeatable.")
@click.option("--at", type=click.DateTime(), help="When it happened, in the instance's zone; now without it.")
@_by
@_key
@json_option
@refusing
def add_delivery(
    *,
    run_id: int,
    what: str,
    recipient: str,
    note: str,
    rows: tuple[tuple[str, str], ...],
    at: datetime | None,
    username: str,
    key: str | None,
    as_json: bool,
) -> None:
    """Note that a sealed and approved package was sent, received, rejected, or issued anew."""
    rt = runtime()
    entry = Entry(
        what=Delivery(what),
        recipient=recipient,
        note=note,
        rows=tuple(RejectedRow(row=row, reason=reason) for row, reason in rows),
        at=at.replace(tzinfo=rt.settings.zone) if at else None,
    )
    row, _ = delivering.record_delivery(rt, _acting(rt, username, _ASSESSING), run_id, entry, key=key)
    _say(delivery_view(row, rt.settings.zone), _DELIVERY, as_json=as_json)


@deliveries.command("list")
@_run
@json_option
@refusing
def list_deliveries(*, run_id: int, as_json: bool) -> None:
    """List what became of the package of a run."""
    rt = runtime()
    found = delivering.list_deliveries(rt, OPERATOR, run_id)
    _say_all([delivery_view(one, rt.settings.zone) for one in found], _DELIVERY, as_json=as_json)


_APPEAL = ("id", "period", "subject", "line", "case", "reason", "state", "points", "filed_at")
_EXEMPTION = ("id", "period", "rule_set", "case", "indicator", "subject", "reason", "state")
_SCORE = ("rule_set", "name", "subject", "value", "evidence", "given_at")
_ADJUSTMENT = ("id", "period", "rule_set", "subject", "points", "origin_period", "case", "reason")
_DELIVERY = ("id", "at", "what", "recipient", "rows", "note")


def _acting(rt: Runtime, username: str, roles: Iterable[Role]) -> Actor:
    """Return a person in the first of the roles that they hold."""
    tried = tuple(roles)
    for role in tried:
        try:
            return identity.actor(rt, username, role)
        except InvalidInputError:
            continue
    raise invalid("by", "unknown_person", username=username, role=", ".join(tried))


def _say(view: Mapping[str, Any], names: tuple[str, ...], *, as_json: bool) -> None:
    answer(view, as_json=as_json, text=table(names, [_cells(view, names)]))


def _say_all(views: list[dict[str, Any]], names: tuple[str, ...], *, as_json: bool) -> None:
    answer({"items": views}, as_json=as_json, text=table(names, [_cells(one, names) for one in views]))


def _cells(view: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    shown = (_plain(view[name]) for name in names)
    return tuple(text or "-" for text in shown)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(f"{one['row']}: {one['reason']}" for one in value)
    return "" if value is None else str(value)
