"""One line of a case's history: what the store chains, and what the month is folded from.

A line holds ids, codes, instants and numbers only. Texts, names, phones and exact positions live in the
erasable payload beside it and never reach the assessment. Dump and load are exact inverses, and the dumped
text is what the hash chain covers, so a field is only ever added here, with a default that is left out.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    AttachmentId,
    CaseNumber,
    CaseState,
    CellCode,
    CheckMode,
    CheckResult,
    FindingKind,
    PersonId,
    RequestKind,
    Ruling,
    Source,
    TaskKind,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.time import TimeLimit, epoch_second


class LimitedStage(StrEnum):
    """Stages that have a clock (domain §5)."""

    REGISTER = "register"
    VERIFY = "verify"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    HANDLE = "handle"
    CHECK = "check"
    CLOSE = "close"
    DECIDE = "decide"
    SUPERVISE = "supervise"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDue:
    """A deadline that an action set.

    Parameters
    ----------
    stage
        Which clock.
    started_at, due_at
        Aware UTC, whole seconds.
    limit
        The limit that was applied.
    calendar
        ``name@version`` of the working calendar.
    provisional
        True when it reaches into a year whose working days are not announced.
    """

    stage: LimitedStage
    started_at: datetime
    due_at: datetime
    limit: TimeLimit
    calendar: str
    provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assisting:
    """An assisting unit's assignment, with its own handling deadline."""

    assignment: int
    unit: UnitCode
    due: StageDue


class GivenOutcome(StrEnum):
    """What the source of an imported case says of its handling 导入结果."""

    ON_TIME = "on_time"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the source of an imported case says happened; no clock of ours ran for it.

    Parameters
    ----------
    filed_at, accepted_at, registered_at, dispatched_at, reported_at, closed_at, void_at
        Aware UTC, whole seconds; None where the source does not say.
    handle_due_at
        The handling deadline the source had set.
    outcome
        None where the source does not say: the case counts as filed, and in no rate.
    district, street, community
        Codes of the source, for cases without a cell.
    """

    filed_at: datetime
    accepted_at: datetime | None = None
    registered_at: datetime | None = None
    dispatched_at: datetime | None = None
    reported_at: datetime | None = None
    closed_at: datetime | None = None
    void_at: datetime | None = None
    handle_due_at: datetime | None = None
    outcome: GivenOutcome | None = None
    district: str | None = None
    street: str | None = None
    community: str | None = None

    @property
    def last_at(self) -> datetime:
        """The latest instant of all: nothing the source says is newer."""
        told = [getattr(self, f.name) for f in fields(self)]
        return max(one for one in told if isinstance(one, datetime))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the system found of a case 系统认定, or found no longer.

    Parameters
    ----------
    kind
        ``recurrence`` 反复发案: like a case closed shortly before. ``missed`` 漏报: a superior saw it, and no case of
        ours told of it before.
    withdrawn
        It holds no longer: a correction, a void, or a case that came in later.
    earlier, unit
        Of a recurrence: the case it repeats, and the unit that handled that one last, which it is charged to.
    """

    kind: FindingKind
    withdrawn: bool = False
    earlier: CaseNumber | None = None
    unit: UnitCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one action made true; only what it changed is set, the rest is None or empty.

    Parameters
    ----------
    type, condition, source, filed_by, found_by, cell, layers
        On ``file`` (and later on ``correct``). ``cell`` is None while unlocated; ``layers`` maps a layer name to
        the codes of its features at the place; ``found_by`` keeps the credit of the finder.
    dues
        Clocks this action started or moved; a later due of a stage replaces the earlier one. ``handle``,
        ``accept`` and ``close`` belong to the assignment in ``assignment``, ``check`` to the task in ``task``.
    assignment, unit
        Number (1…) of the assignment this action concerns within the case, and its unit.
    route
        Id of the routing rule for an automatic dispatch.
    returned_reason, reassigned_reason, void_reason
        Reason codes. ``reassigned_reason == "wrong_unit"`` means the return was upheld: the ended assignment
        leaves due and was not an accurate dispatch.
    leaves_due
        The assignment that this action ends leaves the due counts.
    task, inspector, check_mode, check_result
        Number (1…) of the task within the case and what is known of it. A waived check has a mode and no task.
    attachments
        Photos that came with the action.
    task_kind, verify_result
        Whether a task verifies or checks, and what a verification found.
    assisting
        On ``dispatch``, ``reassign`` and ``arbitrate``: assignments of assisting units opened beside the lead. An
        assisting unit's ``report`` names its own ``assignment`` and leaves the state as it was.
    self_handled
        On ``file``: done on the spot; the case is closed at once and counted apart.
    lead_case
        On ``link_duplicate``: the open case this one repeats. A follower is neither void nor valid.
    request, request_kind, ruling, asked_at
        A request, its number (1…) within the case, how it was decided, and when it was asked: a granted suspension
        pauses from ``asked_at``; a granted extension brings a new ``handle`` due.
    resumes_at
        On ``decide_suspension``: when it ends by itself.
    transferred_to
        Body a case was handed over to.
    subtask, supervision
        Number (1…) of the sub-assignment 交办 or of the supervision 督办 within the case.
    object_id, campaign
        Component's code; campaign the case was found in.
    false_feedback
        On a failed ``check``: the unit had reported as done what was not 虚假反馈.
    doubts
        On ``verify`` and ``check``: codes of what may be doubted of it and was taken nevertheless, with a reason or
        because only a clock is doubted. Nobody is accused by them.
    finding
        On ``find``; on ``review`` the one that is upheld (``ruling`` grant) or dismissed (refuse).
    given
        On ``import``: what the source says happened, and when; ``unit`` is then the unit the source names.
    """

    type: TypeKey | None = None
    condition: str | None = None
    source: Source | None = None
    filed_by: PersonId | None = None
    found_by: PersonId | None = None
    cell: CellCode | None = None
    layers: Mapping[str, tuple[str, ...]] | None = None
    dues: tuple[StageDue, ...] = ()
    assignment: int | None = None
    unit: UnitCode | None = None
    route: str | None = None
    returned_reason: str | None = None
    reassigned_reason: str | None = None
    void_reason: str | None = None
    leaves_due: bool = False
    task: int | None = None
    inspector: PersonId | None = None
    check_mode: CheckMode | None = None
    check_result: CheckResult | None = None
    attachments: tuple[AttachmentId, ...] = ()
    task_kind: TaskKind | None = None
    verify_result: VerifyResult | None = None
    assisting: tuple[Assisting, ...] = ()
    self_handled: bool = False
    lead_case: CaseNumber | None = None
    request: int | None = None
    request_kind: RequestKind | None = None
    ruling: Ruling | None = None
    asked_at: datetime | None = None
    resumes_at: datetime | None = None
    transferred_to: str | None = None
    subtask: int | None = None
    supervision: int | None = None
    object_id: str | None = None
    campaign: str | None = None
    given: Given | None = None
    false_feedback: bool = False
    finding: Finding | None = None
    doubts: tuple[str, ...] = ()

    def dump(self) -> str:
        """Write canonical JSON: sorted keys, no blanks, nothing that is None, empty or False."""
        # Most fields say nothing: they are left out before anything is made of them.
        told = {name: value for name in _FACTS if (value := getattr(self, name))}
        return canonical_json({name: plain for name, value in told.items() if (plain := _plain(value))})

    @classmethod
    def load(cls, text: str) -> "Facts":
        """Read what ``dump`` wrote."""
        raw: dict[str, Any] = json.loads(text)
        readers: dict[str, Callable[[Any], Any]] = {
            "type": TypeKey.parse,
            "source": Source,
            "layers": lambda value: {name: tuple(codes) for name, codes in value.items()},
            "dues": lambda value: tuple(_load_due(due) for due in value),
            "check_mode": CheckMode,
            "check_result": CheckResult,
            "attachments": tuple,
            "doubts": tuple,
            "task_kind": TaskKind,
            "verify_result": VerifyResult,
            "assisting": lambda value: tuple(_load_assisting(one) for one in value),
            "request_kind": RequestKind,
            "ruling": Ruling,
            "asked_at": datetime.fromisoformat,
            "resumes_at": datetime.fromisoformat,
            "given": _load_given,
            "finding": _load_finding,
        }
        return cls(**{name: readers.get(name, _same)(value) for name, value in raw.items()})


_FACTS = tuple(f.name for f in fields(Facts))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One row of the append-only history of one case.

    Parameters
    ----------
    case
        Our number of the case.
    seq
        1, 2, 3 … within the case, without gaps.
    action, from_state, to_state
        What was done; ``from_state`` is None for ``file`` and ``import`` alone.
    actor, role, unit
        Who did it (0 is the system), in which role, and the actor's own unit.
    recorded_at
        Server's instant, aware UTC: this one drives every clock.
    observed_at
        The device's instant, offset-checked, where the action came from a device.
    facts
        What it made true.
    """

    case: CaseNumber
    seq: int
    action: Action
    from_state: CaseState | None
    to_state: CaseState
    actor: PersonId
    role: Role
    unit: UnitCode | None
    recorded_at: datetime
    observed_at: datetime | None
    facts: Facts


class PlainLine(NamedTuple):
    """A line of history as the store holds it, unread: what a month with a million of them is folded from.

    The fields are those of ``CaseEvent`` that assessment needs, instants as whole seconds since 1970-01-01T00:00:00Z;
    ``facts`` is what ``Facts.dump`` wrote, and ``hash`` is the line's link in its chain.
    """

    case: CaseNumber
    seq: int
    action: str
    to_state: str
    actor: int
    role: str
    recorded_second: int
    observed_second: int | None
    facts: str
    hash: str


def plain_line(event: CaseEvent, *, link: str = "") -> PlainLine:
    """Return a line as the store would hold it."""
    return PlainLine(
        case=event.case,
        seq=event.seq,
        action=str(event.action),
        to_state=str(event.to_state),
        actor=event.actor,
        role=str(event.role),
        recorded_second=epoch_second(event.recorded_at),
        observed_second=None if event.observed_at is None else epoch_second(event.observed_at),
        facts=event.facts.dump(),
        hash=link,
    )


def canonical_json(value: object) -> str:
    """Write JSON that has one form only: sorted keys, no blanks, UTF-8 kept, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": "街"})
    '{"a":"街","b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, TypeKey | TimeLimit):
        return str(value)
    if isinstance(value, StageDue | Assisting | Given | Finding):
        return {f.name: plain for f in fields(value) if (plain := _plain(getattr(value, f.name)))}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: list(codes) for key, codes in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _load_due(raw: dict[str, Any]) -> StageDue:
    return StageDue(
        stage=LimitedStage(raw["stage"]),
        started_at=datetime.fromisoformat(raw["started_at"]),
        due_at=datetime.fromisoformat(raw["due_at"]),
        limit=TimeLimit.parse(raw["limit"]),
        calendar=raw["calendar"],
        provisional=raw.get("provisional", False),
    )


def _load_given(raw: dict[str, Any]) -> Given:
    readers: dict[str, Callable[[Any], Any]] = {"outcome": GivenOutcome, **dict.fromkeys(_AREAS, _same)}
    return Given(**{name: readers.get(name, datetime.fromisoformat)(value) for name, value in raw.items()})


_AREAS = ("district", "street", "community")


def _load_finding(raw: dict[str, Any]) -> Finding:
    return Finding(**(raw | {"kind": FindingKind(raw["kind"])}))


def _load_assisting(raw: dict[str, Any]) -> Assisting:
    return Assisting(assignment=raw["assignment"], unit=UnitCode(raw["unit"]), due=_load_due(raw["due"]))


def _same(value: Any) -> Any:
    return value
