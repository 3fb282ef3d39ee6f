"""What a person may see inside a case: decided here, once, for API, pages, search, export and sync.

Units never learn who found a case. Times carry the instance's own offset.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import Action, CheckMode, CheckResult, PersonId, Ruling, TypeKey, UnitCode, VerifyResult
from gridcase.domain.errors import GridcaseError
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import is_late
from gridcase.edge.texts import Language, label, sentence
from gridcase.grid.codes import community_of
from gridcase.grid.features import COMMUNITY_LAYER
from gridcase.services.bulk import Outlook
from gridcase.services.dossier import LinkedCase, NearCase
from gridcase.services.inbox import ToldNotice
from gridcase.services.missing import MissedCase
from gridcase.services.queue import Marked
from gridcase.services.reading import HistoryLine, ListedCase, Photo, SeenRecurrence, StoredCase
from gridcase.services.recurring import ListedRecurrence
from gridcase.services.steps.reference import Reference
from gridcase.workflow.case import Assignment, Case, Request, RunningClock, Subtask, Supervision, Task, is_excused
from gridcase.workflow.effects.effect import needed_fields
from gridcase.workflow.machine import available_actions
from gridcase.workflow.requests import PAYLOADS, Choices, FieldKind, FieldSpec, specs
from gridcase.workflow.routes import RouteExplanation
from gridcase.workflow.rulebook import Situation

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Viewing:
    """Who looks, when, in which language; and the sealed month in which the end of the case looked at counts."""

    actor: Actor
    reference: Reference
    now: datetime
    language: Language
    sealed: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Zone in which instants are shown."""
        return self.reference.rules.zone


def view_of(stored: StoredCase, viewing: Viewing) -> Json:
    """Return a case as this person may see it, with the actions that will work for them now."""
    case = stored.case
    body = _head(case, viewing) | {
        "location": _location(stored, viewing),
        "cell": case.location.cell if case.location else None,
        "layers": {name: list(codes) for name, codes in case.layers.items()},
        "address": stored.address,
        "place": stored.place,
        "description": stored.description,
        "observed_at": instant_text(stored.observed_at, viewing),
        "registered_at": instant_text(case.registered_at, viewing),
        "closed_at": instant_text(case.closed_at, viewing),
        "limit": _limit(case, viewing),
        "deadlines": [_deadline(stage, clock, viewing) for stage, clock in case.clocks.items()],
        "returns": case.returns,
        "self_handled": case.is_self_handled,
        "object_id": case.object_id,
        "campaign": case.campaign,
        "duplicate_of": case.lead,
        "verified": case.verified,
        "transferred_to": case.transferred_to,
        "resumes_at": instant_text(case.resumes_at, viewing),
        "unrouted": case.is_unrouted,
        "requests": [_request(one, viewing) for one in case.requests],
        "subtasks": [_subtask(one, viewing) for one in case.subtasks],
        "supervisions": [_supervision(one, viewing) for one in case.supervisions],
        "route": _route(case.assignment, viewing),
        "assignments": [_assignment(one, viewing) for one in case.assignments],
        "tasks": [_task(one, viewing) for one in case.tasks],
        "attachments": [_photo(one) for one in stored.photos],
        "available_actions": _actions(case, viewing),
    }
    if not viewing.actor.is_unit:
        body |= {"filed_by": case.filed_by, "found_by": case.found_by}
    return body


def listed_view(listed: ListedCase, viewing: Viewing) -> Json:
    """Return a case as a list shows it."""
    case = listed.case
    return _head(case, viewing) | {
        "cell": case.location.cell if case.location else None,
        "location": {"lon": case.point.lon, "lat": case.point.lat} if case.point else None,
        "unit": listed.unit,
        "address": listed.address,
        "description": listed.description,
    }


def queue_view(listed: ListedCase, marked: Marked, viewing: Viewing) -> Json:
    """Return a case as the queue shows it: where it lies and who has it by name, and the markers beside it."""
    case = listed.case
    return listed_view(listed, viewing) | {
        "community": _community(case, viewing),
        "unit_name": _name_of(listed.unit, viewing) if listed.unit else None,
        "returns": case.returns,
        "followers": marked.followers,
        "recurrent": marked.is_recurrent,
        "rework": marked.is_rework,
        "unrouted": case.is_unrouted,
        "supervised": any(one.answered_at is None for one in case.supervisions),
        "pending": [label(one.kind, viewing.language) for one in case.pending],
        "resumes_at": instant_text(case.resumes_at, viewing),
    }


def outlook_view(outlook: Outlook, viewing: Viewing) -> Json:
    """Return what an action would make of one case of many, or in words why it would not."""
    return {
        "number": outlook.number,
        "version": outlook.version,
        "type_name": _name_of(str(outlook.type), viewing) if outlook.type else None,
        "state": outlook.state,
        "state_label": label(outlook.state, viewing.language) if outlook.state else None,
        "before": _name_of(outlook.before, viewing) if outlook.before else None,
        "unit": _name_of(outlook.unit, viewing) if outlook.unit else None,
        "why": route_sentence(RouteExplanation.load(outlook.route), viewing) if outlook.route else None,
        "due_at": instant_text(outlook.due_at, viewing),
        "stale": outlook.is_stale,
        "will_do": outlook.will_do,
        "refusal": refusal_text(outlook.refusal, viewing) if outlook.refusal else None,
    }


def refusal_text(refusal: GridcaseError, viewing: Viewing) -> str:
    """Say in one line why something was refused: the sentences of its fields, or its own where no field is to blame."""
    problems = [(one.code, one.params) for some in refusal.fields.values() for one in some]
    said = [
        sentence(code, {name: _told_name(name, value, viewing) for name, value in params.items()}, viewing.language)
        for code, params in problems or [(refusal.code, refusal.params)]
    ]
    return " ".join(said)


def _told_name(name: str, value: str | int, viewing: Viewing) -> str | int:
    """Name the unit or type that a refusal names by its code."""
    return _name_of(value, viewing) if name in _NAMED and isinstance(value, str) else value


_NAMED = frozenset({"unit", "type"})


def linked_view(linked: LinkedCase, viewing: Viewing) -> Json:
    """Return a case that belongs to another, with what it is to it."""
    return listed_view(linked.listed, viewing) | {"relation": linked.relation}


def near_view(near: NearCase, viewing: Viewing) -> Json:
    """Return a similar open case with how far away it is."""
    return listed_view(near.listed, viewing) | {"distance_m": round(near.distance_m)}


def community_name(code: str, reference: Reference) -> str:
    """Name the community of a cell, or the community itself; its code where no layer says the name."""
    community = community_of(code)
    known = reference.features.get((COMMUNITY_LAYER, community))
    return known.name if known else community


def names_view(names: Mapping[PersonId, str], viewing: Viewing) -> Mapping[PersonId, str]:
    """Return the names of the people a case names; units learn none of them: the finder is among them."""
    return {} if viewing.actor.is_unit else dict(names)


def references_view(found: Sequence[tuple[str, str]], viewing: Viewing) -> list[Json]:
    """Return what other systems call a case; units do not learn it, for it leads to who reported the case."""
    if viewing.actor.is_unit:
        return []
    return [{"system": system, "label": label(system, viewing.language), "number": number} for system, number in found]


def desk_view(stored: StoredCase, viewing: Viewing) -> Json:
    """Return a case as it lies on a unit's desk: with what to do next, and no more of its past than that needs."""
    case = stored.case
    lead = case.assignment
    situation = Situation(case=case, actor=viewing.actor, now=viewing.now, rules=viewing.reference.rules)
    return _head(case, viewing) | {
        "cell": case.location.cell if case.location else None,
        "address": stored.address,
        "place": stored.place,
        "description": stored.description,
        "limit": _limit(case, viewing),
        "lead_unit": _name_of(lead.unit, viewing) if lead else None,
        "returned_reason": lead.returned_reason if lead else None,
        "resumes_at": instant_text(case.resumes_at, viewing),
        "requests": [_request(one, viewing) for one in case.requests],
        "subtasks": [_subtask(one, viewing) for one in case.subtasks],
        "supervisions": [_supervision(one, viewing) for one in case.supervisions],
        "attachments": [_photo(one) for one in stored.photos],
        "actions": [
            {"action": action, "label": label(action, viewing.language)} for action in available_actions(situation)
        ],
    }


def seen_view(seen: SeenRecurrence | None) -> Json | None:
    """Return the recurrence that a case is, as the case shows it."""
    return None if seen is None else {"earlier": seen.earlier, "distance_m": seen.distance_m, "state": seen.state}


def recurrence_view(listed: ListedRecurrence, viewing: Viewing) -> Json:
    """Return a recurrence as a list shows it; units learn what was decided and why, not by whom."""
    row = listed.row
    shown: Json = {
        "number": listed.case,
        "earlier": listed.earlier,
        "unit": row.unit,
        "distance_m": row.distance_m,
        "found_at": instant_text(row.found_at, viewing),
        "state": row.state,
        "state_label": label(row.state, viewing.language),
        "reviewed_at": instant_text(row.reviewed_at, viewing),
        "reason": row.reason,
    }
    if not viewing.actor.is_unit:
        shown["reviewed_by"] = {"id": row.reviewed_by, "name": listed.reviewer} if row.reviewed_by else None
    return shown


def missed_view(missed: MissedCase, viewing: Viewing) -> Json:
    """Return a missed case as a list shows it; units learn what was decided, not by whom."""
    state = {None: "found", Ruling.GRANT: "confirmed", Ruling.REFUSE: "rejected"}[missed.ruling]
    shown: Json = {
        "number": missed.case,
        "found_at": instant_text(missed.found_at, viewing),
        "state": state,
        "state_label": label(state, viewing.language),
        "reviewed_at": instant_text(missed.reviewed_at, viewing),
    }
    if not viewing.actor.is_unit:
        shown["reviewed_by"] = {"id": missed.reviewed_by} if missed.reviewed_by else None
    return shown


def notice_view(told: ToldNotice, viewing: Viewing) -> Json:
    """Return a notice with what is needed to know its case; ``number`` and ``state`` are None without one."""
    notice, case = told.notice, told.case
    return {
        "id": notice.id,
        "number": case.number if case else None,
        "state": case.state if case else None,
        "state_label": label(case.state, viewing.language) if case else None,
        "type_name": _name_of(f"{case.scheme}/{case.kind}/{case.code}", viewing) if case else None,
        "kind": notice.kind,
        "label": label(f"notice_{notice.kind}", viewing.language),
        "stage": notice.stage or None,
        "stage_label": label(notice.stage, viewing.language) if notice.stage else None,
        "unit": notice.unit,
        "subject": notice.subject,
        "why": told.copy.why,
        "why_label": label(told.copy.why, viewing.language),
        "at": instant_text(notice.at, viewing),
        "noted_at": instant_text(notice.noted_at, viewing),
        "read_at": instant_text(told.copy.read_at, viewing),
    }


def history_view(line: HistoryLine, viewing: Viewing) -> Json:
    """Return a line of history; units learn neither who filed, found or checked the case, nor where they stood."""
    event = line.event
    facts: Json = json.loads(event.facts.dump())
    payload: Json | None = json.loads(line.payload) if line.payload is not None else None
    hidden = viewing.actor.is_unit and (event.seq == 1 or event.role in _OUTSIDE_UNITS or line.is_by_filer)
    if viewing.actor.is_unit:
        facts = {name: value for name, value in facts.items() if name not in _HIDDEN_FACTS}
    if hidden and payload is not None:
        payload.pop("position", None)
        payload.pop("override_reason", None)
    return {
        "seq": event.seq,
        "action": event.action,
        "label": label(event.action, viewing.language),
        "from_state": event.from_state,
        "to_state": event.to_state,
        "actor": None if hidden else {"id": event.actor, "name": line.actor_name},
        "role": None if hidden else event.role,
        "unit": None if hidden else event.unit,
        "recorded_at": instant_text(event.recorded_at, viewing),
        "observed_at": instant_text(event.observed_at, viewing),
        "facts": facts,
        "payload": payload,
    }


_OUTSIDE_UNITS = frozenset({Role.INSPECTOR, Role.PUBLIC_DOOR, Role.CENTRE, Role.CAMERA})
_HIDDEN_FACTS = frozenset({"filed_by", "found_by", "inspector", "doubts"})


def _head(case: Case, viewing: Viewing) -> Json:
    known = viewing.reference.rules.catalogue.find(case.type)
    condition = known.condition(case.condition) if known and case.condition else None
    chinese = viewing.language is Language.ZH
    return {
        "number": case.number,
        "version": case.version,
        "state": case.state,
        "state_label": label(case.state, viewing.language),
        "stage": case.state.stage,
        "type": {
            "scheme": case.type.scheme,
            "kind": case.type.kind,
            "code": case.type.code,
            "name": (known.name_zh if chinese else known.name_en) if known else None,
        },
        "condition": case.condition,
        "condition_text": (condition.text_zh if chinese else condition.text_en) if condition else None,
        "source": case.source,
        "filed_at": instant_text(case.filed_at, viewing),
        "due_at": instant_text(case.due_at, viewing),
        "overdue": _is_overdue(case, viewing.now),
    }


def _is_overdue(case: Case, now: datetime) -> bool:
    """Tell whether the deadline that matters now has passed: the same as the filter of lists."""
    late = case.due_at is not None and is_late(now, case.due_at)
    return case.state.is_open and late and not is_excused(case)


def _community(case: Case, viewing: Viewing) -> str | None:
    """Name the community a case lies in."""
    if case.location is None or case.location.cell is None:
        return None
    return community_name(case.location.cell, viewing.reference)


def _location(stored: StoredCase, viewing: Viewing) -> Json | None:
    case = stored.case
    if case.point is None or case.location is None:
        return None
    return {
        "lon": case.point.lon,
        "lat": case.point.lat,
        "datum": "wgs84",
        "how": case.location.how,
        "distance_m": round(case.location.distance_m, 2),
        "candidates": list(case.location.candidates),
        "received": {name: stored.received[name] for name in _PLACE if name in stored.received},
    } | _measured(stored, viewing)


_PLACE = ("lon", "lat", "datum", "accuracy_m")


def _measured(stored: StoredCase, viewing: Viewing) -> Json:
    """Return where the finder's phone was, if the pin was moved from there: nothing that a unit is told."""
    measured = stored.received.get("measured")
    return {} if measured is None or viewing.actor.is_unit else {"measured": measured}


def _photo(photo: Photo) -> Json:
    return {
        "id": photo.id,
        "usage": photo.usage,
        "content_type": photo.content_type,
        "sha256": photo.sha256,
        "url": f"/api/v1/attachments/{photo.id}",
    }


def _limit(case: Case, viewing: Viewing) -> Json | None:
    if case.limit is None:
        return None
    amount = format(case.limit.amount.normalize(), "f")
    return {
        "amount": amount,
        "unit": case.limit.unit,
        "text": f"{amount} {label(case.limit.unit, viewing.language)}",
    }


def _deadline(stage: LimitedStage, clock: RunningClock, viewing: Viewing) -> Json:
    due = clock.due
    return {
        "stage": stage,
        "label": label(stage, viewing.language),
        "started_at": instant_text(due.started_at, viewing),
        "due_at": instant_text(due.due_at, viewing),
        "original_due_at": instant_text(clock.original_due_at, viewing),
        "stopped_at": instant_text(clock.stopped_at, viewing),
        "paused_at": instant_text(clock.paused_at, viewing),
        "limit": {"amount": format(due.limit.amount.normalize(), "f"), "unit": due.limit.unit},
        "calendar": due.calendar,
        "provisional": due.provisional,
        "overdue": clock.is_overdue(viewing.now),
        "trace": json.loads(clock.trace),
    }


def _route(assignment: Assignment | None, viewing: Viewing) -> Json | None:
    if assignment is None or assignment.route is None:
        return None
    explanation = RouteExplanation.load(assignment.route)
    told: Json = json.loads(assignment.route)
    return told | {"sentence": route_sentence(explanation, viewing)}


def route_sentence(explanation: RouteExplanation, viewing: Viewing) -> str:
    """Say why a case goes where it goes, in the caller's language, with the names of units and types."""
    spoken: Literal["zh", "en"] = "zh" if viewing.language is Language.ZH else "en"
    return explanation.sentence(spoken, lambda code: _name_of(code, viewing))


def _name_of(code: str, viewing: Viewing) -> str:
    unit = viewing.reference.rules.units.by_code.get(UnitCode(code))
    if unit is not None:
        return unit.name_zh if viewing.language is Language.ZH else unit.name_en
    if "/" not in code:
        return code
    known = viewing.reference.rules.catalogue.find(TypeKey.parse(code))
    if known is None:
        return code
    return known.name_zh if viewing.language is Language.ZH else known.name_en


def _assignment(one: Assignment, viewing: Viewing) -> Json:
    return {
        "number": one.number,
        "lead": one.is_lead,
        "unit": one.unit,
        "unit_name": _name_of(one.unit, viewing),
        "dispatched_at": instant_text(one.dispatched_at, viewing),
        "automatic": one.route is not None,
        "accepted_at": instant_text(one.accepted_at, viewing),
        "reported_at": instant_text(one.reported_at, viewing),
        "due_at": instant_text(one.due_at, viewing),
        "original_due_at": instant_text(one.original_due_at, viewing),
        "limit": {"amount": format(one.limit.amount.normalize(), "f"), "unit": one.limit.unit},
        "returned_reason": one.returned_reason,
        "ended_at": instant_text(one.ended_at, viewing),
        "outcome": one.outcome,
        "leaves_due": one.leaves_due,
    }


def _task(one: Task, viewing: Viewing) -> Json:
    return {
        "number": one.number,
        "kind": one.kind,
        "inspector": None if viewing.actor.is_unit else one.inspector,
        "mode": one.mode,
        "asked_at": instant_text(one.asked_at, viewing),
        "due_at": instant_text(one.due_at, viewing),
        "done_at": instant_text(one.done_at, viewing),
        "withdrawn_at": instant_text(one.withdrawn_at, viewing),
        "result": one.result,
    }


def _request(one: Request, viewing: Viewing) -> Json:
    return {
        "number": one.number,
        "kind": one.kind,
        "label": label(one.kind, viewing.language),
        "state": one.state,
        "state_label": label(one.state, viewing.language),
        "asked_at": instant_text(one.asked_at, viewing),
        "decider": one.decider,
        "decide_by": instant_text(one.decide_by, viewing),
        "amount": {"amount": format(one.amount.amount.normalize(), "f"), "unit": one.amount.unit}
        if one.amount
        else None,
        "until": instant_text(one.until, viewing),
        "changes": json.loads(one.changes) if one.changes else None,
    }


def _subtask(one: Subtask, viewing: Viewing) -> Json:
    return {
        "number": one.number,
        "unit": one.unit,
        "unit_name": _name_of(one.unit, viewing),
        "state": one.state,
        "state_label": label(one.state, viewing.language),
        "asked_at": instant_text(one.asked_at, viewing),
        "rejections": one.rejections,
    }


def _supervision(one: Supervision, viewing: Viewing) -> Json:
    return {
        "number": one.number,
        "asked_at": instant_text(one.asked_at, viewing),
        "due_at": instant_text(one.due_at, viewing),
        "answered_at": instant_text(one.answered_at, viewing),
        "overdue": is_late(one.answered_at or viewing.now, one.due_at),
    }


def _actions(case: Case, viewing: Viewing) -> list[Json]:
    situation = Situation(
        case=case, actor=viewing.actor, now=viewing.now, rules=viewing.reference.rules, sealed=viewing.sealed
    )
    return [
        {
            "action": action,
            "label": label(action, viewing.language),
            "method": "POST",
            "url": f"/api/v1/cases/{case.number}/actions/{action}",
            "fields": _fields(action, situation, viewing),
        }
        for action in available_actions(situation)
    ]


def _fields(action: Action, situation: Situation, viewing: Viewing) -> list[Json]:
    needed = needed_fields(situation, action)
    return [
        _field(name, spec, situation.case, viewing) | {"required": spec.required or name in needed}
        for name, spec in specs(PAYLOADS[action]).items()
    ]


def _field(name: str, spec: FieldSpec, case: Case, viewing: Viewing) -> Json:
    shown: Json = {
        "name": name,
        "label": label(name, viewing.language),
        "type": spec.kind,
        "required": spec.required,
    }
    if spec.max_length is not None:
        shown["max_length"] = spec.max_length
    if spec.choices is Choices.UNITS or spec.kind is FieldKind.ASSISTING:
        shown["choices_url"] = "/api/v1/units"
    elif spec.choices is Choices.SUB_UNITS:
        lead = case.assignment.unit if case.assignment else ""
        shown["choices_url"] = f"/api/v1/units?below={lead}"
    elif spec.kind is FieldKind.TYPE:
        shown["choices_url"] = "/api/v1/types"
    elif spec.choices is Choices.INSPECTORS:
        shown["choices_url"] = f"/api/v1/cases/{case.number}/inspectors"
    elif spec.choices is not None:
        shown["choices"] = [{"value": value, "label": text} for value, text in _choices(spec.choices, case, viewing)]
    return shown


def _choices(choices: Choices, case: Case, viewing: Viewing) -> list[tuple[str, str]]:
    chinese = viewing.language is Language.ZH
    conduct = viewing.reference.rules.conduct
    if choices is Choices.CONDITIONS:
        return [
            (condition.code, condition.text_zh if chinese else condition.text_en)
            for condition in viewing.reference.rules.catalogue.conditions(case.type)
        ]
    if choices in _WORDS:
        return [(word, label(word, viewing.language)) for word in _WORDS[choices]]
    reasons = {
        Choices.VOID_REASONS: conduct.void_reasons,
        Choices.RETURN_REASONS: conduct.return_reasons,
        Choices.REASSIGN_REASONS: conduct.reassign_reasons,
        Choices.EXTENSION_REASONS: conduct.extension_reasons,
        Choices.SUSPENSION_REASONS: conduct.suspension_reasons,
        Choices.TRANSFER_BODIES: conduct.transfer_bodies,
    }[choices]
    return [(reason.code, reason.zh if chinese else reason.en) for reason in reasons]


_WORDS: dict[Choices, tuple[str, ...]] = {
    Choices.CHECK_MODES: tuple(CheckMode),
    Choices.CHECK_RESULTS: tuple(CheckResult),
    Choices.VERIFY_RESULTS: tuple(VerifyResult),
    Choices.RULINGS: tuple(Ruling),
}


def instant_text(instant: datetime | None, viewing: Viewing) -> str | None:
    """Write an instant in the zone of the instance, to the second; None stays None."""
    return None if instant is None else instant.astimezone(viewing.zone).isoformat(timespec="seconds")
