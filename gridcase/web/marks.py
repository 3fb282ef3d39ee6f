"""Mark of a case by its state: shape and colour say the same, for those who see no colours.

The shapes stand in ``static/console/marks.svg``, their colours in the style sheets.
"""

from gridcase.domain.case import CaseState

MARKS = {
    CaseState.RECEIVED: "receive",
    CaseState.VERIFYING: "receive",
    CaseState.REGISTERED: "dispatch",
    CaseState.RETURNED: "dispatch",
    CaseState.DISPATCHED: "dispatch",
    CaseState.HANDLING: "handle",
    CaseState.SUSPENDED: "handle",
    CaseState.REPORTED: "check",
    CaseState.CHECKING: "check",
    CaseState.CLOSED: "closed",
}
