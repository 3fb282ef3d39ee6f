"""Requests, sub-assignments and supervisions of a case, kept as one JSON column.

They are few, always read with their case and never listed alone; what lists and the scheduler ask for (who decides,
which sub-unit has it, when to look again) stands in columns of its own.
"""

from datetime import datetime
from typing import Any

from gridcase.domain.actor import Role
from gridcase.domain.case import PersonId, RequestKind, UnitCode
from gridcase.domain.time import TimeLimit
from gridcase.workflow.case import Case, Request, RequestState, Subtask, SubtaskState, Supervision

Parts = dict[str, list[dict[str, Any]]]


def dump(case: Case) -> Parts:
    """Write the parts of a case; an empty list is left out."""
    found: Parts = {
        "requests": [_dump_request(one) for one in case.requests],
        "subtasks": [_dump_subtask(one) for one in case.subtasks],
        "supervisions": [_dump_supervision(one) for one in case.supervisions],
    }
    return {name: rows for name, rows in found.items() if rows}


def load_requests(raw: Parts) -> tuple[Request, ...]:
    """Read the requests."""
    return tuple(
        Request(
            number=one["number"],
            kind=RequestKind(one["kind"]),
            asked_at=datetime.fromisoformat(one["asked_at"]),
            asked_by=PersonId(one["asked_by"]),
            decider=Role(one["decider"]),
            decide_by=datetime.fromisoformat(one["decide_by"]),
            amount=TimeLimit.parse(one["amount"]) if one["amount"] else None,
            until=_instant(one["until"]),
            changes=one["changes"],
            state=RequestState(one["state"]),
        )
        for one in raw.get("requests", ())
    )


def load_subtasks(raw: Parts) -> tuple[Subtask, ...]:
    """Read the sub-assignments."""
    return tuple(
        Subtask(
            number=one["number"],
            unit=UnitCode(one["unit"]),
            asked_at=datetime.fromisoformat(one["asked_at"]),
            asked_by=PersonId(one["asked_by"]),
            state=SubtaskState(one["state"]),
            rejections=one["rejections"],
        )
        for one in raw.get("subtasks", ())
    )


def load_supervisions(raw: Parts) -> tuple[Supervision, ...]:
    """Read the supervisions."""
    return tuple(
        Supervision(
            number=one["number"],
            asked_at=datetime.fromisoformat(one["asked_at"]),
            asked_by=PersonId(one["asked_by"]),
            due_at=datetime.fromisoformat(one["due_at"]),
            answered_at=_instant(one["answered_at"]),
        )
        for one in raw.get("supervisions", ())
    )


def _dump_request(one: Request) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": str(one.kind),
        "asked_at": one.asked_at.isoformat(),
        "asked_by": one.asked_by,
        "decider": str(one.decider),
        "decide_by": one.decide_by.isoformat(),
        "amount": str(one.amount) if one.amount else None,
        "until": one.until.isoformat() if one.until else None,
        "changes": one.changes,
        "state": str(one.state),
    }


def _dump_subtask(one: Subtask) -> dict[str, Any]:
    return {
        "number": one.number,
        "unit": one.unit,
        "asked_at": one.asked_at.isoformat(),
        "asked_by": one.asked_by,
        "state": str(one.state),
        "rejections": one.rejections,
    }


def _dump_supervision(one: Supervision) -> dict[str, Any]:
    return {
        "number": one.number,
        "asked_at": one.asked_at.isoformat(),
        "asked_by": one.asked_by,
        "due_at": one.due_at.isoformat(),
        "answered_at": one.answered_at.isoformat() if one.answered_at else None,
    }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
