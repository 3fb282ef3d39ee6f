"""A month's runs as other programs and the command line see them: plain values, instants in the instance's zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridcase.services.assessing import AssessmentWhatIfRow, Run, SoFar
from gridcase.services.closing_month import Month
from gridcase.workflow.timetable import MonthDates


def run_summary(run: Run, zone: ZoneInfo) -> dict[str, Any]:
    """Return a run without its scores."""
    return {
        "id": run.id,
        "period": run.period,
        "rule_set": run.rule_set,
        "version": run.version,
        "status": run.status,
        "error": run.error or None,
        "state": str(run.state),
        "next": None
        if run.next is None
        else {"step": run.next.step, "due_at": _at(run.next.due_at, zone), "roles": list(run.next.roles)},
        "timetable": dates_view(run.dates, zone),
        "cut_off": _at(run.cut_off, zone),
        "draft": run.is_draft,
        "sealed": run.is_sealed,
        "sha256": run.digest or None,
        "export_ready": run.is_packed,
        "cases": run.cases,
        "provisional": run.provisional,
        "revision": run.revision,
        "supersedes": run.supersedes,
        "superseded_by": run.superseded_by,
        "reason": run.reason or None,
        "created_at": _at(run.created_at, zone),
        "finished_at": _at(run.finished_at, zone),
        "acts": [
            {"act": str(one.act), "role": one.role, "at": _at(one.at, zone), "reason": one.reason or None}
            for one in run.acts
        ],
    }


def score_view(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the score of a subject without its lines."""
    return {name: value for name, value in one.items() if name != "lines"}


def dates_view(dates: MonthDates, zone: ZoneInfo) -> dict[str, Any]:
    """Return a timetable; ``provisional`` while a year's working days are not announced."""
    return {
        "draft_at": _at(dates.draft_at, zone),
        "cut_off": _at(dates.cut_off, zone),
        "publicity_ends_at": _at(dates.publicity_ends_at, zone),
        "decided_at": _at(dates.decided_at, zone),
        "approved_at": _at(dates.approved_at, zone),
        "provisional": dates.provisional,
    }


def month_view(month: Month, zone: ZoneInfo) -> dict[str, Any]:
    """Return a period's timetable with its runs and the caller's reminders."""
    return {
        "period": month.period,
        "timetable": dates_view(month.dates, zone),
        "frozen_at": _at(month.frozen_at, zone),
        "runs": [run_summary(one, zone) for one in month.runs],
        "reminders": [{"step": step, "due_at": _at(due_at, zone)} for step, due_at in month.reminders],
    }


def so_far_view(found: SoFar, zone: ZoneInfo) -> dict[str, Any]:
    """Return the score so far; without a draft yet, ``run`` is null and there are no scores."""
    return {
        "period": found.period,
        "rule_set": found.rule_set,
        "run": run_summary(found.run, zone) if found.run else None,
        "scores": [dict(one) for one in found.scores],
        "breaching": [
            {"number": number, "unit": unit, "due_at": _at(due_at, zone)} for number, unit, due_at in found.breaching
        ],
    }


def what_if_view(row: AssessmentWhatIfRow, zone: ZoneInfo) -> dict[str, Any]:
    """Return a what-if; ``periods`` is null until it was worked out."""
    return {
        "id": row.id,
        "status": row.status,
        "error": row.error or None,
        "asked": {"periods": row.asked["periods"], "against": row.asked["against"]},
        "created_at": _at(row.created_at, zone),
        "finished_at": _at(row.finished_at, zone),
        "periods": row.answer,
    }


def _at(instant: datetime | None, zone: ZoneInfo) -> str | None:
    return None if instant is None else instant.astimezone(zone).isoformat(timespec="seconds")
