"""What each action asks of the person who does it: one frozen payload per action.

The payloads carry their own description (``FieldSpec``), so that the API's schemas, OpenAPI and the forms on screen are
all made from this page and cannot disagree with what the workflow reads.
"""

from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridcase.domain.case import (
    Action,
    AttachmentId,
    CaseNumber,
    CheckMode,
    CheckResult,
    PersonId,
    Ruling,
    TypeKey,
    UnitCode,
    VerifyResult,
)
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
    TYPE = "type"
    ASSISTING = "assisting"


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
    VERIFY_RESULTS = "verify_results"
    RULINGS = "rulings"
    EXTENSION_REASONS = "extension_reasons"
    SUSPENSION_REASONS = "suspension_reasons"
    TRANSFER_BODIES = "transfer_bodies"
    SUB_UNITS = "sub_units"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """Description of one field of a payload."""

    kind: FieldKind
    required: bool = False
    choices: Choices | None = None
    max_length: int | None = None


def _spec(kind: FieldKind, *, is_quiet: bool = False, **more: Any) -> Any:
    """Describe a field; a quiet one that is not given leaves the digest of a request as it was without the field."""
    spec = FieldSpec(kind=kind, **more)
    default = () if kind in (FieldKind.ATTACHMENTS, FieldKind.ASSISTING) else None
    return field(metadata={"spec": spec, "quiet": is_quiet}, default=MISSING if spec.required else default)


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
class AssistingUnit:
    """A unit asked to assist 协办; without a limit it has that of the case."""

    unit: UnitCode
    limit: TimeLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVerification:
    """请求核实: ask an inspector whether the report is true; without one the duty inspector is asked."""

    inspector: PersonId | None = _choice(Choices.INSPECTORS)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """核实: is it as reported? With a photo and the position."""

    result: VerifyResult = _choice(Choices.VERIFY_RESULTS, required=True)
    location: Position | None = _spec(FieldKind.LOCATION)
    observed_at: datetime | None = _spec(FieldKind.INSTANT)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS)
    note: str | None = _note()
    override_reason: str | None = _spec(FieldKind.TEXT, max_length=500, is_quiet=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignTask:
    """任务改派: ask another inspector."""

    inspector: PersonId | None = _choice(Choices.INSPECTORS)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTask:
    """任务撤回: ask nobody after all."""

    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """更正: type, condition, place or component were wrong; old values stay in the history."""

    type: TypeKey | None = _spec(FieldKind.TYPE)
    condition: str | None = _spec(FieldKind.TEXT, max_length=10)
    location: Position | None = _spec(FieldKind.LOCATION)
    address: str | None = _spec(FieldKind.TEXT, max_length=500)
    object_id: str | None = _spec(FieldKind.TEXT, max_length=20)
    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """审批: grant or refuse what was asked."""

    ruling: Ruling = _choice(Choices.RULINGS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """恢复: the voiding was a mistake."""

    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """移送: hand the case over to a body outside, with evidence."""

    body: str = _choice(Choices.TRANSFER_BODIES, required=True)
    reply_due_at: datetime | None = _spec(FieldKind.INSTANT)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS, required=True)
    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDuplicate:
    """重复上报: the same thing as an open case; its finder keeps the credit."""

    lead: CaseNumber = _spec(FieldKind.TEXT, required=True, max_length=40)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkDuplicate:
    """取消重复: it was another thing after all."""

    note: str = _note(required=True)


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
    assisting: tuple[AssistingUnit, ...] = _spec(FieldKind.ASSISTING)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawDispatch:
    """撤回派遣: before the unit accepts."""

    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """交办: let a sub-unit or contractor do it."""

    unit: UnitCode = _choice(Choices.SUB_UNITS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """收回: the unit does it itself after all."""

    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """提交: the sub-unit says what it did."""

    done: str = _note(required=True)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """确认: what the sub-unit did is right, and is reported."""

    note: str | None = _note()
    forced: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """退回: the sub-unit has to do it again."""

    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReturn:
    """驳回: the unit keeps the case."""

    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arbitrate:
    """裁定: who has to do it, for good."""

    unit: UnitCode = _choice(Choices.UNITS, required=True)
    reason: str = _choice(Choices.REASSIGN_REASONS, required=True)
    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExtension:
    """申请延期: more time, asked before the deadline."""

    amount: TimeLimit = _spec(FieldKind.LIMIT, required=True)
    reason: str = _choice(Choices.EXTENSION_REASONS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSuspension:
    """申请挂账: it cannot be done now; ends by itself at a date."""

    until: datetime = _spec(FieldKind.INSTANT, required=True)
    reason: str = _choice(Choices.SUSPENSION_REASONS, required=True)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """恢复处置: the suspension ends early."""

    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """升级: nobody decided in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclock:
    """重算时限: the working days of a year were announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """系统认定: the system found something of the case, or finds it no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """复核认定: a person upholds or dismisses what the system found."""

    ruling: Ruling = _choice(Choices.RULINGS, required=True)
    reason: str = _spec(FieldKind.TEXT, required=True, max_length=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """撤销结案: closed in error."""

    note: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervise:
    """督办: a leader wants an answer by a time."""

    text: str = _note(required=True)
    due_at: datetime | None = _spec(FieldKind.INSTANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSupervision:
    """督办回复."""

    text: str = _note(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urge:
    """催办."""

    text: str = _note(required=True)


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
    assisting: tuple[AssistingUnit, ...] = _spec(FieldKind.ASSISTING)
    note: str | None = _note()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """反馈: what was done, with photos after."""

    done: str = _note(required=True)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS)
    forced: str | None = _note()


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
    false_feedback: bool | None = _spec(FieldKind.BOOLEAN)
    location: Position | None = _spec(FieldKind.LOCATION)
    observed_at: datetime | None = _spec(FieldKind.INSTANT)
    attachments: tuple[AttachmentId, ...] = _spec(FieldKind.ATTACHMENTS)
    note: str | None = _note()
    override_reason: str | None = _spec(FieldKind.TEXT, max_length=500, is_quiet=True)


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
    RequestVerification
    | Verify
    | ReassignTask
    | WithdrawTask
    | Register
    | Correct
    | Decide
    | Void
    | Restore
    | Transfer
    | LinkDuplicate
    | UnlinkDuplicate
    | Dispatch
    | WithdrawDispatch
    | Accept
    | Assign
    | TakeBack
    | Submit
    | Confirm
    | Reject
    | ReturnTask
    | RejectReturn
    | Reassign
    | Arbitrate
    | AskExtension
    | AskSuspension
    | Resume
    | Escalate
    | Reclock
    | Find
    | Review
    | Report
    | RequestCheck
    | Check
    | Rework
    | Close
    | Reopen
    | Supervise
    | AnswerSupervision
    | Urge
    | Comment
    | Attach
)

PAYLOADS: dict[Action, type[Payload]] = {
    Action.REQUEST_VERIFICATION: RequestVerification,
    Action.VERIFY: Verify,
    Action.REASSIGN_TASK: ReassignTask,
    Action.WITHDRAW_TASK: WithdrawTask,
    Action.REGISTER: Register,
    Action.CORRECT: Correct,
    Action.DECIDE_CORRECTION: Decide,
    Action.VOID: Void,
    Action.RESTORE: Restore,
    Action.TRANSFER: Transfer,
    Action.LINK_DUPLICATE: LinkDuplicate,
    Action.UNLINK_DUPLICATE: UnlinkDuplicate,
    Action.DISPATCH: Dispatch,
    Action.WITHDRAW_DISPATCH: WithdrawDispatch,
    Action.ACCEPT: Accept,
    Action.ASSIGN: Assign,
    Action.TAKE_BACK: TakeBack,
    Action.SUBMIT: Submit,
    Action.CONFIRM: Confirm,
    Action.REJECT: Reject,
    Action.RETURN_TASK: ReturnTask,
    Action.REJECT_RETURN: RejectReturn,
    Action.REASSIGN: Reassign,
    Action.ARBITRATE: Arbitrate,
    Action.ASK_EXTENSION: AskExtension,
    Action.DECIDE_EXTENSION: Decide,
    Action.ASK_SUSPENSION: AskSuspension,
    Action.DECIDE_SUSPENSION: Decide,
    Action.RESUME: Resume,
    Action.ESCALATE: Escalate,
    Action.RECLOCK: Reclock,
    Action.FIND: Find,
    Action.REVIEW: Review,
    Action.REPORT: Report,
    Action.REQUEST_CHECK: RequestCheck,
    Action.CHECK: Check,
    Action.REWORK: Rework,
    Action.CLOSE: Close,
    Action.REOPEN: Reopen,
    Action.SUPERVISE: Supervise,
    Action.ANSWER_SUPERVISION: AnswerSupervision,
    Action.URGE: Urge,
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
