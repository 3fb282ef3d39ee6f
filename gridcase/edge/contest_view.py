"""What contests a month, as other programs and the command line see it: plain values, decimals as text.

Who filed, proposed, decided or noted something is said by role or unit, never by person. Instants are in the instance's
zone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridcase.edge.texts import Language, sentence
from gridcase.services.appealing import AppealRow
from gridcase.services.contributing import AdjustmentRow, ExemptionRow, ExternalScoreRow, ScoresTaken
from gridcase.services.delivering import DeliveryRow
from gridcase.services.reconciling import FindingReport, ReconciliationRow


def appeal_view(row: AppealRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return an appeal with its words, for its unit and for who assesses."""
    return {
        "id": row.id,
        "period": row.period,
        "rule_set": row.rule_set,
        "run": row.run_id,
        "subject": row.subject,
        "line": row.line,
        "clause": row.clause,
        "indicator": row.indicator,
        "case": row.case,
        "reason": row.reason,
        "text": row.text,
        "attachments": list(row.attachments),
        "state": row.state,
        "late": row.is_late,
        "filed_as": row.role,
        "filed_at": _at(row.filed_at, zone),
        "decided_at": _at(row.decided_at, zone),
        "decision": row.decision or None,
        "points": row.points,
    }


def exemption_view(row: ExemptionRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return an exemption; ``proposed_for`` is the unit that proposed it, null for one by who assesses."""
    return {
        "id": row.id,
        "period": row.period,
        "rule_set": row.rule_set,
        "case": row.case,
        "indicator": row.indicator,
        "subject": row.subject,
        "reason": row.reason,
        "evidence": row.evidence,
        "state": row.state,
        "proposed_for": row.proposed_for,
        "proposed_at": _at(row.proposed_at, zone),
        "decided_at": _at(row.decided_at, zone),
        "decision": row.decision or None,
        "appeal": row.appeal_id,
    }


def external_score_view(row: ExternalScoreRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return an outside score that stands."""
    return {
        "id": row.id,
        "period": row.period,
        "rule_set": row.rule_set,
        "name": row.name,
        "subject": row.subject,
        "value": row.value,
        "evidence": row.evidence,
        "given_at": _at(row.given_at, zone),
    }


def scores_taken_view(done: ScoresTaken) -> dict[str, int]:
    """Return what came of a list of outside scores."""
    return {"taken": done.taken, "corrected": done.corrected, "already_there": done.already_there}


def adjustment_view(row: AdjustmentRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return an adjustment; ``appeal`` names the appeal that it came of."""
    return {
        "id": row.id,
        "period": row.period,
        "rule_set": row.rule_set,
        "subject": row.subject,
        "points": row.points,
        "reason": row.reason,
        "evidence": row.evidence,
        "origin_period": row.origin_period,
        "case": row.case,
        "made_at": _at(row.made_at, zone),
        "appeal": row.appeal_id,
    }


def delivery_view(row: DeliveryRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return an entry of the delivery ledger; ``at`` is when it happened, ``noted_at`` when it was noted."""
    return {
        "id": row.id,
        "run": row.run_id,
        "sha256": row.digest,
        "what": row.what,
        "recipient": row.recipient,
        "note": row.note or None,
        "rows": [{"row": name, "reason": reason} for name, reason in row.rows],
        "at": _at(row.at, zone),
        "noted_at": _at(row.noted_at, zone),
        "noted_as": row.role,
    }


def finding_report_view(report: FindingReport, language: Language) -> dict[str, Any]:
    """Return what came of a list of findings, each row that was left out with its reason in words."""
    exceptions = [
        {"row": one.row, "field": one.field, "reason": sentence(one.problem.code, one.problem.params, language)}
        for one in report.refused
    ]
    counts = {name: getattr(report, name) for name in ("rows", "taken", "corrected", "already_there")}
    left_out = report.rows - report.taken - report.corrected - report.already_there
    return counts | {"refused": left_out, "exceptions": exceptions}


def reconciliation_view(row: ReconciliationRow, lines: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> dict[str, Any]:
    """Return a comparison with the lines that the caller may see; ``items`` is null until it was worked out."""
    return {
        "id": row.id,
        "period": row.period,
        "complete": list(row.complete),
        "status": row.status,
        "error": row.error or None,
        "created_at": _at(row.created_at, zone),
        "finished_at": _at(row.finished_at, zone),
        "counts": dict(Counter(one["match"] for one in lines)),
        "items": None if row.answer is None else [dict(one) for one in lines],
    }


def _at(instant: datetime | None, zone: ZoneInfo) -> str | None:
    return None if instant is None else instant.astimezone(zone).isoformat(timespec="seconds")
