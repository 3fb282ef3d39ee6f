"""Which function is which action's effect, and which its guard."""

from collections.abc import Callable
from functools import partial
from typing import Any

from gridcase.domain.case import Action, RequestKind
from gridcase.workflow.effects import asking, checking, dispatching, finding, handling, intake, reclocking, talking
from gridcase.workflow.effects.effect import Effect, Refusal, of_the_unit
from gridcase.workflow.rulebook import Situation


def _may_decide(kind: RequestKind) -> Callable[[Situation], Refusal]:
    return partial(asking.may_decide, kind=kind)


EFFECTS: dict[Action, Callable[[Situation, Any], Effect]] = {
    Action.REQUEST_VERIFICATION: intake.request_verification,
    Action.VERIFY: intake.verify,
    Action.REASSIGN_TASK: intake.reassign_task,
    Action.WITHDRAW_TASK: intake.withdraw_task,
    Action.REGISTER: intake.register,
    Action.CORRECT: intake.correct,
    Action.DECIDE_CORRECTION: intake.decide_correction,
    Action.VOID: intake.void,
    Action.RESTORE: intake.restore,
    Action.TRANSFER: intake.transfer,
    Action.LINK_DUPLICATE: intake.link_duplicate,
    Action.UNLINK_DUPLICATE: intake.unlink_duplicate,
    Action.DISPATCH: dispatching.dispatch,
    Action.WITHDRAW_DISPATCH: dispatching.withdraw_dispatch,
    Action.RETURN_TASK: dispatching.return_task,
    Action.REJECT_RETURN: dispatching.reject_return,
    Action.REASSIGN: dispatching.reassign,
    Action.ARBITRATE: dispatching.arbitrate,
    Action.ACCEPT: handling.accept,
    Action.ASSIGN: handling.assign,
    Action.TAKE_BACK: handling.take_back,
    Action.SUBMIT: handling.submit,
    Action.CONFIRM: handling.confirm,
    Action.REJECT: handling.reject,
    Action.REPORT: handling.report,
    Action.ASK_EXTENSION: asking.ask_extension,
    Action.DECIDE_EXTENSION: asking.decide_extension,
    Action.ASK_SUSPENSION: asking.ask_suspension,
    Action.DECIDE_SUSPENSION: asking.decide_suspension,
    Action.RESUME: asking.resume,
    Action.ESCALATE: asking.escalate,
    Action.RECLOCK: reclocking.reclock,
    Action.FIND: finding.find,
    Action.REVIEW: finding.review,
    Action.REQUEST_CHECK: checking.request_check,
    Action.CHECK: checking.check,
    Action.REWORK: checking.rework,
    Action.CLOSE: checking.close,
    Action.REOPEN: checking.reopen,
    Action.SUPERVISE: talking.supervise,
    Action.ANSWER_SUPERVISION: talking.answer_supervision,
    Action.URGE: talking.urge,
    Action.COMMENT: talking.comment,
    Action.ATTACH: talking.attach,
}

GUARDS: dict[Action, Callable[[Situation], Refusal]] = {
    Action.VERIFY: intake.asked_inspector,
    Action.REGISTER: intake.may_register,
    Action.DECIDE_CORRECTION: _may_decide(RequestKind.CORRECTION),
    Action.RESTORE: intake.may_restore,
    Action.UNLINK_DUPLICATE: intake.may_unlink,
    Action.WITHDRAW_DISPATCH: dispatching.may_withdraw,
    Action.RETURN_TASK: dispatching.may_return,
    Action.REASSIGN: dispatching.may_reassign,
    Action.ARBITRATE: dispatching.may_arbitrate,
    Action.ACCEPT: of_the_unit,
    Action.ASSIGN: handling.may_assign,
    Action.TAKE_BACK: handling.may_take_back,
    Action.SUBMIT: handling.may_submit,
    Action.CONFIRM: handling.may_judge,
    Action.REJECT: handling.may_judge,
    Action.REPORT: handling.may_report,
    Action.ASK_EXTENSION: asking.may_ask_extension,
    Action.DECIDE_EXTENSION: _may_decide(RequestKind.EXTENSION),
    Action.ASK_SUSPENSION: asking.may_ask_suspension,
    Action.DECIDE_SUSPENSION: _may_decide(RequestKind.SUSPENSION),
    Action.RESUME: of_the_unit,
    Action.RECLOCK: reclocking.may_reclock,
    Action.FIND: finding.something_found,
    Action.REVIEW: finding.something_found,
    Action.ESCALATE: asking.may_escalate,
    Action.REQUEST_CHECK: checking.may_request_check,
    Action.CHECK: checking.may_check,
    Action.REWORK: checking.may_rework,
    Action.CLOSE: checking.may_close,
    Action.REOPEN: checking.may_reopen,
    Action.ANSWER_SUPERVISION: talking.may_answer,
}
