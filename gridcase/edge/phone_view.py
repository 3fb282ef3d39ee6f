"""What a phone is told: of a case the same as any list would show its owner, with its photos and the owner's tasks."""

import hashlib
import json
from typing import Any

from gridcase.domain.case import TaskKind
from gridcase.domain.history import LimitedStage
from gridcase.edge.countdown import Countdowns, deciding_clock, switches_by_calendar
from gridcase.edge.texts import label
from gridcase.edge.view import Viewing, instant_text, listed_view
from gridcase.services.dossier import NearCase
from gridcase.services.reading import ListedCase
from gridcase.services.syncing import HeldCase, HeldPlace, HeldTask, Synced
from gridcase.workflow.case import RunningClock, is_excused

Json = dict[str, Any]


def clocks_view(viewing: Viewing) -> Json:
    """Return the working time by which a phone counts down, with its digest."""
    calendars = switches_by_calendar(viewing.reference.rules, viewing.now)
    text = json.dumps(calendars, separators=(",", ":"))
    return {"digest": hashlib.sha256(text.encode()).hexdigest()[:16], "calendars": calendars}


def sync_view(told: Synced, viewing: Viewing) -> Json:
    """Return what is to be put, and what is gone."""
    tasks = [(held, task) for held in told.held for task in held.tasks]
    return {
        "cursor": told.cursor,
        "now": instant_text(viewing.now, viewing),
        "reset": told.is_reset,
        "more": not told.is_last,
        "within_m": viewing.reference.rules.conduct.check_distance_m,
        "me": {"id": viewing.actor.person, "name": viewing.actor.name, "role": viewing.actor.role},
        "tasks": [_task(held, task, viewing) for held, task in tasks if task.is_open],
        "cases": [_case(held, viewing) for held in told.held if held.is_mine],
        "campaigns": [_place(one) for one in told.waiting or ()],
        "gone": {
            "tasks": [{"case": held.case.number, "number": task.number} for held, task in tasks if not task.is_open],
            "cases": [{"number": held.case.number} for held in told.held if not held.is_mine],
            "campaigns": [{"campaign": campaign, "number": number} for campaign, number in told.ended],
        },
    }


def near_view(near: NearCase, viewing: Viewing) -> Json:
    """Return an open case nearby, as much as is needed to tell whether it is the same thing."""
    shown = listed_view(near.listed, viewing)
    wanted = ("number", "version", "state", "state_label", "type", "condition_text", "filed_at", "cell", "address")
    return {name: shown[name] for name in wanted} | {
        "distance_m": round(near.distance_m, 1),
        "thumb_url": f"/api/v1/attachments/{near.photo}?size=thumb" if near.photo else None,
    }


def _case(held: HeldCase, viewing: Viewing) -> Json:
    listed = ListedCase(id=held.id, case=held.case, unit=held.unit, address=held.address, description=held.description)
    return listed_view(listed, viewing) | {
        "place": held.place,
        "photos": [{"id": photo.id, "usage": photo.usage} for photo in held.photos],
        "clock": _clock(deciding_clock(held.case), viewing, excused=is_excused(held.case)),
    }


def _task(held: HeldCase, task: HeldTask, viewing: Viewing) -> Json:
    return {
        "case": held.case.number,
        "number": task.number,
        "kind": task.kind,
        "kind_label": label(task.kind, viewing.language),
        "mode": task.mode,
        "asked_at": instant_text(task.asked_at, viewing),
        "due_at": instant_text(task.due_at, viewing),
        "clock": _clock(held.case.clocks.get(_STAGES[TaskKind(task.kind)]), viewing),
        "case_view": _case(held, viewing),
    }


_STAGES = {TaskKind.VERIFY: LimitedStage.VERIFY, TaskKind.CHECK: LimitedStage.CHECK}


def _clock(clock: RunningClock | None, viewing: Viewing, *, excused: bool = False) -> Json | None:
    if clock is None:
        return None
    counting = Countdowns(rules=viewing.reference.rules, now=viewing.now, language=viewing.language)
    return counting.ticking(clock, excused=excused)


def _place(one: HeldPlace) -> Json:
    return {
        "campaign": one.campaign,
        "campaign_name": one.campaign_name,
        "number": one.number,
        "name": one.name,
        "last_day": one.last_day.isoformat(),
        "lon_e7": one.lon_e7,
        "lat_e7": one.lat_e7,
        "cell": one.cell,
        "own": one.is_own,
    }
