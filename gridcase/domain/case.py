"""Words for a case: kinds, types, states, actions, sources.

The table of moves between states is ``gridcase.workflow.transitions``; here are only the words, with the
trade's Chinese terms. Source: ``docs/glossary.md``, GB/T 30428 and GB/T 47678.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

CaseNumber = NewType("CaseNumber", str)
PersonId = NewType("PersonId", int)
UnitCode = NewType("UnitCode", str)
CellCode = NewType("CellCode", str)
AttachmentId = NewType("AttachmentId", str)


class CaseKind(StrEnum):
    """Component 部件 or event 事件."""

    COMPONENT = "component"
    EVENT = "event"


class Scheme(StrEnum):
    """Which catalogue the digits of a code belong to; the same digits differ between schemes."""

    GBT47678_5_2026 = "GBT47678.5-2026"
    GBT30428_2_2013 = "GBT30428.2-2013"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TypeKey:
    """Key of a case type: never the digits alone."""

    scheme: Scheme
    kind: CaseKind
    code: str

    def __str__(self) -> str:
        return f"{self.scheme}/{self.kind}/{self.code}"

    @classmethod
    def parse(cls, text: str) -> "TypeKey":
        """Read what ``str`` wrote.

        Raises
        ------
        ValueError
            When the text has not three parts or a part is unknown.

        Examples
        --------
        >>> TypeKey.parse("GBT47678.5-2026/event/09012").code
        '09012'
        """
        scheme, kind, code = text.split("/")
        return cls(scheme=Scheme(scheme), kind=CaseKind(kind), code=code)


class Stage(StrEnum):
    """The four words of the trade for where a case stands."""

    RECEIVE = "receive"
    DISPATCH = "dispatch"
    REPORT = "report"
    EVALUATE = "evaluate"
    ENDED = "ended"


class CaseState(StrEnum):
    """What staff see."""

    RECEIVED = "received"
    VERIFYING = "verifying"
    REGISTERED = "registered"
    RETURNED = "returned"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    REPORTED = "reported"
    CHECKING = "checking"
    CLOSED = "closed"
    VOID = "void"
    TRANSFERRED = "transferred"

    @property
    def stage(self) -> Stage:
        """Stage this state belongs to."""
        return _STAGES[self]

    @property
    def is_open(self) -> bool:
        """Whether work on the case goes on."""
        return self not in (CaseState.CLOSED, CaseState.VOID, CaseState.TRANSFERRED)


_STAGES = {
    CaseState.RECEIVED: Stage.RECEIVE,
    CaseState.VERIFYING: Stage.RECEIVE,
    CaseState.REGISTERED: Stage.DISPATCH,
    CaseState.RETURNED: Stage.DISPATCH,
    CaseState.DISPATCHED: Stage.DISPATCH,
    CaseState.HANDLING: Stage.DISPATCH,
    CaseState.SUSPENDED: Stage.DISPATCH,
    CaseState.REPORTED: Stage.REPORT,
    CaseState.CHECKING: Stage.REPORT,
    CaseState.CLOSED: Stage.EVALUATE,
    CaseState.VOID: Stage.ENDED,
    CaseState.TRANSFERRED: Stage.ENDED,
}

OPEN_STATES = frozenset(state for state in CaseState if state.is_open)


class Action(StrEnum):
    """What people do to a case; each is one row of the table of moves."""

    FILE = "file"
    IMPORT = "import"
    REQUEST_VERIFICATION = "request_verification"
    VERIFY = "verify"
    REASSIGN_TASK = "reassign_task"
    WITHDRAW_TASK = "withdraw_task"
    REGISTER = "register"
    CORRECT = "correct"
    DECIDE_CORRECTION = "decide_correction"
    VOID = "void"
    RESTORE = "restore"
    TRANSFER = "transfer"
    LINK_DUPLICATE = "link_duplicate"
    UNLINK_DUPLICATE = "unlink_duplicate"
    DISPATCH = "dispatch"
    WITHDRAW_DISPATCH = "withdraw_dispatch"
    ACCEPT = "accept"
    ASSIGN = "assign"
    TAKE_BACK = "take_back"
    SUBMIT = "submit"
    CONFIRM = "confirm"
    REJECT = "reject"
    RETURN_TASK = "return_task"
    REJECT_RETURN = "reject_return"
    REASSIGN = "reassign"
    ARBITRATE = "arbitrate"
    ASK_EXTENSION = "ask_extension"
    DECIDE_EXTENSION = "decide_extension"
    ASK_SUSPENSION = "ask_suspension"
    DECIDE_SUSPENSION = "decide_suspension"
    RESUME = "resume"
    ESCALATE = "escalate"
    RECLOCK = "reclock"
    REPORT = "report"
    REQUEST_CHECK = "request_check"
    CHECK = "check"
    REWORK = "rework"
    CLOSE = "close"
    REOPEN = "reopen"
    SUPERVISE = "supervise"
    ANSWER_SUPERVISION = "answer_supervision"
    URGE = "urge"
    COMMENT = "comment"
    ATTACH = "attach"
    FIND = "find"
    REVIEW = "review"


class Source(StrEnum):
    """Where a case comes from 案件来源."""

    INSPECTOR = "inspector"
    HOTLINE = "hotline"
    PUBLIC = "public"
    VIDEO = "video"
    CAMERA = "camera"
    PETITION = "petition"
    MEDIA = "media"
    LEADER = "leader"
    SUPERIOR = "superior"
    DEPARTMENT = "department"

    @property
    def channel(self) -> "Channel":
        """Discovery channel that the source belongs to."""
        return _CHANNELS[self]


class Channel(StrEnum):
    """How a case was discovered 发现渠道: sources by whose eyes they are, as assessments tell them apart."""

    INSPECTOR = "inspector"
    PUBLIC = "public"
    CAMERA = "camera"
    SUPERIOR = "superior"
    LEADER = "leader"


_CHANNELS = {
    Source.INSPECTOR: Channel.INSPECTOR,
    Source.HOTLINE: Channel.PUBLIC,
    Source.PUBLIC: Channel.PUBLIC,
    Source.VIDEO: Channel.CAMERA,
    Source.CAMERA: Channel.CAMERA,
    Source.PETITION: Channel.PUBLIC,
    Source.MEDIA: Channel.PUBLIC,
    Source.LEADER: Channel.LEADER,
    Source.SUPERIOR: Channel.SUPERIOR,
    Source.DEPARTMENT: Channel.SUPERIOR,
}


class CheckMode(StrEnum):
    """How finished work is proved 核查方式."""

    ON_SITE = "on_site"
    VIDEO = "video"
    PHOTO = "photo"
    WAIVED = "waived"


class CheckResult(StrEnum):
    """What a check found."""

    PASS = "pass"  # noqa: S105 - the word of the trade, not a secret
    FAIL = "fail"


class VerifyResult(StrEnum):
    """What a verification found."""

    TRUE = "true"
    FALSE = "false"
    NOT_FOUND = "not_found"


class TaskKind(StrEnum):
    """What an inspector is asked: is the report true 核实, is the work done 核查."""

    VERIFY = "verify"
    CHECK = "check"


class RequestKind(StrEnum):
    """What may be asked of a shift leader or leader."""

    EXTENSION = "extension"
    SUSPENSION = "suspension"
    CORRECTION = "correction"


class Ruling(StrEnum):
    """How a request was decided."""

    GRANT = "grant"
    REFUSE = "refuse"


class FindingKind(StrEnum):
    """What the system finds of a case by comparing it with others, and a person reviews."""

    RECURRENCE = "recurrence"
    MISSED = "missed"


class AttachmentUsage(StrEnum):
    """Why a photo was taken 媒体用途."""

    FILE = "file"
    VERIFY = "verify"
    HANDLE = "handle"
    CHECK = "check"
    SELF_HANDLED = "self_handled"
    OTHER = "other"
