"""Words for what people are told of, and why just they are.

Whom something is told is decided by ``gridcase.workflow.telling``; here are only the words. The trade's terms stand in
``docs/glossary.md``.
"""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What people are told of 消息类型."""

    WARNING = "warning"
    BREACH = "breach"
    NO_ROUTE = "no_route"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    RETURN_REJECTED = "return_rejected"
    SUBMITTED = "submitted"
    REWORK = "rework"
    SUPERVISED = "supervised"
    SUPERVISION_ANSWERED = "supervision_answered"
    URGED = "urged"
    REQUEST_ASKED = "request_asked"
    REQUEST_DECIDED = "request_decided"
    TASK_ASKED = "task_asked"
    TASK_WITHDRAWN = "task_withdrawn"
    VERIFIED = "verified"
    CHECK_FAILED = "check_failed"
    CLOSED = "closed"
    VOIDED = "voided"
    REOPENED = "reopened"
    IN_CARE = "in_care"
    RECURRENCE = "recurrence"
    MONTH_STEP = "month_step"
    APPEAL_FILED = "appeal_filed"
    APPEAL_DECIDED = "appeal_decided"
    WORK_DONE = "work_done"
    WORK_FAILED = "work_failed"


class Why(StrEnum):
    """Why a person is told 通知原因."""

    YOUR_UNIT = "your_unit"
    YOUR_ROLE = "your_role"
    ASKED_OF_YOU = "asked_of_you"
    YOU_ASKED = "you_asked"
    YOU_FOUND = "you_found"
    IN_YOUR_CARE = "in_your_care"


#: What a digest tells of unless the person chose otherwise: what goes wrong when nobody sees it.
MAILED_AT_FIRST = frozenset(
    {
        NoticeKind.BREACH,
        NoticeKind.NO_ROUTE,
        NoticeKind.ASSIGNED,
        NoticeKind.RETURNED,
        NoticeKind.REWORK,
        NoticeKind.SUPERVISED,
        NoticeKind.SUPERVISION_ANSWERED,
        NoticeKind.REQUEST_ASKED,
        NoticeKind.REQUEST_DECIDED,
        NoticeKind.TASK_ASKED,
        NoticeKind.CHECK_FAILED,
        NoticeKind.MONTH_STEP,
        NoticeKind.APPEAL_FILED,
        NoticeKind.APPEAL_DECIDED,
        NoticeKind.WORK_FAILED,
    }
)
