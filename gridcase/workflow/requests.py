"""What each action asks of the person who does it: one frozen payload per action.

The payloads carry their own description (``FieldSpec``), so that the API's schemas, OpenAPI and the forms on screen are
all made from this page and cannot disagree with what the workflow reads.
"""

from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridcase.domain.case import Action, AttachmentId, CheckMode, CheckResult, PersonId, UnitCode
from gridcase.domain.place import GeoPoint
from gridcase.domain.time import TimeLimit

NOTE_LENGTH = 2000


class FieldKind(StrEnum):
    """What a field holds, as the API names it in ``available_actions``."""

    TEXT = "text"
    CHOICE = "choice"
    LIMIT = "limit"
    ATTACHMENTS = "attachments"
    LOCATION = "location"
    INSTANT = "datetime"
    BOOLEAN = "boolean"


class Choices(StrEnum):
    """Where the values of a choice come from."""

    CONDITIONS = "conditions"
    UNITS = "units"
    INSPECTORS = "inspectors"
    VOID_REASONS = "void_reasons"
    RETURN_REASONS = "return_reasons"
    REASSIGN_REASONS = "reassign_reasons"
    CHECK_MODES = "check_modes"
    CHECK_RESULTS = "check_results"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """Description of one field of a payload."""

    kind: FieldKind
    required: bool = False
    choices: Choices | None = None
    max_length: int | None = None


def _spec(kind: FieldKind, **more: Any) -> Any:
    spec = FieldSpec(kind=kind, **more)
    default = () if kind is FieldKind.ATTACHMENTS else None
    return field(metadata={"spec": spec}, default=MISSING if spec.required else default)


def _note(*, required: bool = False) -> Any:
    return _spec(FieldKind.TEXT, required=required, max_length=NOTE_LENGTH)


def _choice(choices: Choices, *, required: bool = False) -> Any:
    return _spec(FieldKind.CHOICE, choices=choices, required=required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a device was when its user acted.

    Parameters
    ----------
    point
        WGS 84.
    accuracy_m
        Radius of the accuracy circle in metres, when the device told it.
    """

    point: GeoPoint
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """立案: choose the filing condition, and the limit where the class has none."""

    condition: str | None = _choice(Choices.CONDITIONS)
    limit: TimeLimit | None = _spec(FieldKind.LIMIT)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """作废: end a case that is none."""

    reason: str = _choice(Choices.VOID_REASONS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """派遣: give the case to a unit; without a unit the routing table decides."""

    unit: UnitCode | None = _choice(Choices.UNITS)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """签收: the unit signs for the case."""

    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTask:
    """回退: the unit gives the case back."""

    reason: str = _choice(Choices.RETURN_REASONS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    """改派: give the case to another unit."""

    unit: UnitCode = _choice(Choices.UNITS, required=True)
    reason: str = _choice(Choices.REASSIGN_REASONS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """反馈: what was done, with photos after."""

    done: str = _note(required=True)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCheck:
    """请求核查: ask an inspector to prove the work; without one the duty inspector is asked."""

    mode: CheckMode = _choice(Choices.CHECK_MODES, required=True)
    inspector: PersonId | None = _choice(Choices.INSPECTORS)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """核查: is it done? With a fresh photo and the position, near the case."""

    result: CheckResult = _choice(Choices.CHECK_RESULTS, required=True)
    location: Position | None = _spec(FieldKind.LOCATION)
    observed_at: datetime | None = _spec(FieldKind.INSTANT)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """返工: the work is not done; back to the same unit."""

    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """结案."""

    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """批注."""

    text: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """补充附件."""

    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS, required=True)
    note: str | None = _note()


Payload = (
    Register
    | Void
    | Dispatch
    | Accept
    | ReturnTask
    | Reassign
    | Report
    | RequestCheck
    | Check
    | Rework
    | Close
    | Comment
    | Attach
)

PAYLOADS: dict[Action, type[Payload]] = {
    Action.REGISTER: Register,
    Action.VOID: Void,
    Action.DISPATCH: Dispatch,
    Action.ACCEPT: Accept,
    Action.RETURN_TASK: ReturnTask,
    Action.REASSIGN: Reassign,
    Action.REPORT: Report,
    Action.REQUEST_CHECK: RequestCheck,
    Action.CHECK: Check,
    Action.REWORK: Rework,
    Action.CLOSE: Close,
    Action.COMMENT: Comment,
    Action.ATTACH: Attach,
}


def specs(payload: type[Payload]) -> dict[str, FieldSpec]:
    """Return the description of every field of a payload, in order.

    Examples
    --------
    >>> specs(Void)["reason"].required
    True
    """
    described: tuple[Field[Any], ...] = fields(payload)
    return {f.name: f.metadata["spec"] for f in described}
