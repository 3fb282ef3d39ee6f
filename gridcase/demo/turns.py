"""What happens in each turn that a case may take, step by step.

Every action of the table of moves occurs in some turn; what time itself does to a case (acceptance by rule, tasks and
requests past their limit, the end of a suspension) happens in the pauses. The steps are ``gridcase.demo.story``.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from gridcase.demo.cast import Cast
from gridcase.demo.plots import Plot, Turn
from gridcase.demo.story import LATER, SOON, Story, Teller
from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    AttachmentUsage,
    CaseKind,
    CaseNumber,
    CheckMode,
    CheckResult,
    Ruling,
    Scheme,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.history import LimitedStage
from gridcase.services.steps.reference import Reference
from gridcase.workflow import requests as asked
from gridcase.workflow.watch import in_sample

_HOUR_S = 3600
_DAY_S = 8 * _HOUR_S
#: Minutes after which a limit of the stage has surely passed, and been seen to have passed.
_PAST_TWO_HOURS = (130, 150)
_PAST_FOUR_HOURS = (260, 290)
#: A check that nobody makes is asked of one inspector after the other, half an hour each and some minutes to notice.
_PER_INSPECTOR_S = 40 * 60
_RUBBISH = TypeKey(scheme=Scheme.GBT47678_5_2026, kind=CaseKind.EVENT, code="06010")


def tell(plot: Plot, cast: Cast, reference: Reference) -> Story:
    """Tell the story of a plot, up to its number of moves."""
    told = _whole(Teller(plot, cast, reference))
    try:
        move = next(told)
        count = 1
        while True:
            standing = yield move
            if count == plot.moves:
                return
            move = told.send(standing)
            count += 1
    except StopIteration:
        return


def _whole(t: Teller) -> Story:
    yield from t.filed()
    yield from _SCRIPTS.get(t.plot.turn, _straight)(t)


def _straight(t: Teller) -> Story:
    yield from t.registered()
    yield from t.signed()
    yield from _reported_and_closed(t)


def _reported_and_closed(t: Teller) -> Story:
    yield from t.reported(t.report_at())
    yield from t.checked()
    yield from t.closed()


def _in_hand(t: Teller) -> Story:
    yield from t.registered()
    yield from t.signed()


# --- before registration ------------------------------------------------------------------------------------------


def _voided(reason: str) -> Callable[[Teller], Story]:
    def told(t: Teller) -> Story:
        void = asked.Void(reason=reason, note="经核对不予立案")
        yield from t.do((15, 45), "acceptor", Action.VOID, void)

    return told


def _verified(result: VerifyResult) -> Callable[[Teller], Story]:
    def told(t: Teller) -> Story:
        yield from t.verification_asked()
        yield from _verify(t, result)

    return told


def _verify_moved(t: Teller) -> Story:
    yield from t.verification_asked()
    other = asked.ReassignTask(inspector=t.cast.person("inspector2"), note="原监督员请假")
    yield from t.do(SOON, "acceptor", Action.REASSIGN_TASK, other)
    yield from _verify(t, VerifyResult.TRUE)


def _verify_unanswered(t: Teller) -> Story:
    yield from t.verification_asked()
    yield from t.commented("核实超时，已自动改派，请尽快到场", _PAST_TWO_HOURS, by="acceptor")
    yield from _verify(t, VerifyResult.TRUE)


def _verify(t: Teller, result: VerifyResult) -> Story:
    at = t.soon(LATER)
    verify = asked.Verify(result=result, location=t.position(), observed_at=at, note="已到现场")
    yield from t.at(at, t.inspector, Action.VERIFY, verify, AttachmentUsage.VERIFY)
    if result is VerifyResult.TRUE:
        yield from _straight(t)
    else:
        yield from _voided("not_a_problem")(t)


def _corrected_early(t: Teller) -> Story:
    correct = asked.Correct(type=_RUBBISH, note="来电人所述应为暴露垃圾")
    yield from t.do(SOON, "acceptor", Action.CORRECT, correct)
    yield from _straight(t)


def _void_restored(t: Teller) -> Story:
    yield from t.do(SOON, "acceptor", Action.VOID, asked.Void(reason="not_a_problem", note="误判"))
    yield from t.do(LATER, "acceptor", Action.RESTORE, asked.Restore(note="来电人补充了照片，问题属实"))
    yield from _straight(t)


def _void_registered(t: Teller) -> Story:
    yield from t.registered()
    void = asked.Void(reason="duplicate", note="与在办案件重复")
    yield from t.do((15, 45), "shift_leader", Action.VOID, void)


def _duplicate(t: Teller) -> Story:
    yield from t.do(SOON, "acceptor", Action.LINK_DUPLICATE, _same(t))


def _duplicate_unlinked(t: Teller) -> Story:
    yield from _duplicate(t)
    unlink = asked.UnlinkDuplicate(note="经核对是相邻的另一处")
    yield from t.do(LATER, "acceptor", Action.UNLINK_DUPLICATE, unlink)
    yield from _straight(t)


def _same(t: Teller) -> asked.LinkDuplicate:
    assert t.now.lead is not None  # noqa: S101 - the plot of a duplicate names the one it repeats
    return asked.LinkDuplicate(lead=CaseNumber(t.now.lead), note="与在办案件为同一问题")


def _self_handled(t: Teller) -> Story:
    """Only a sample is looked at again, by another inspector than who handled it."""
    if not in_sample(CaseNumber(t.now.number), t.reference.rules.conduct.reinspect_percent):
        return
    other = t.cast.inspector_of(t.plot.cell) if t.finder == "inspector2" else "inspector2"
    at = t.pace.after(t.now.at, t.rng.randint(1, 3) * _HOUR_S)
    check = asked.Check(result=CheckResult.PASS, location=t.position(), observed_at=at)
    yield from t.at(at, other, Action.CHECK, check, AttachmentUsage.CHECK)


# --- who has to do it ---------------------------------------------------------------------------------------------


def _moved(returned: str | None, reassigned: str, to: str | None = None) -> Callable[[Teller], Story]:
    def told(t: Teller) -> Story:
        yield from t.registered()
        yield from t.returned(returned) if returned else t.signed()
        yield from t.reassigned(to or t.elsewhere, reassigned)
        yield from t.signed()
        yield from _reported_and_closed(t)

    return told


def _return_rejected(t: Teller) -> Story:
    yield from t.registered()
    yield from t.returned("cannot_do")
    yield from _return_refused(t)
    yield from t.signed()
    yield from t.finished()


def _return_refused(t: Teller) -> Story:
    yield from t.do(LATER, "dispatcher", Action.REJECT_RETURN, asked.RejectReturn(note="属你单位职责，请按时处置"))


def _arbitrated(t: Teller) -> Story:
    yield from t.registered()
    first = t.unit
    yield from t.returned("not_ours")
    yield from _return_refused(t)
    yield from t.returned("unclear_duty")
    yield from t.reassigned(t.elsewhere, "other")
    yield from t.returned("not_ours")
    ruled = asked.Arbitrate(unit=first, reason="other", note="经裁定由原单位处置，不得再退")
    yield from t.do(LATER, "shift_leader", Action.ARBITRATE, ruled)
    yield from t.signed()
    yield from t.finished()


def _withdrawn(t: Teller) -> Story:
    withdraw = asked.WithdrawDispatch(note="派遣有误，重新派遣")
    yield from t.do((1, 3), "dispatcher", Action.WITHDRAW_DISPATCH, withdraw)


def _dispatched_again(t: Teller) -> Story:
    yield from t.registered()
    yield from _withdrawn(t)
    again = asked.Dispatch(unit=UnitCode(t.elsewhere), note="改由该单位处置")
    yield from t.do(SOON, "dispatcher", Action.DISPATCH, again)
    yield from t.signed()
    yield from t.finished()


def _assisted(*, is_awaited: bool) -> Callable[[Teller], Story]:
    def told(t: Teller) -> Story:
        yield from t.registered()
        yield from _withdrawn(t)
        helper = UnitCode(t.elsewhere)
        both = asked.Dispatch(unit=t.unit, assisting=(asked.AssistingUnit(unit=helper),), note="需协办")
        yield from t.do(SOON, "dispatcher", Action.DISPATCH, both)
        yield from t.signed()
        if is_awaited:
            part = asked.Report(done="已配合完成本单位部分")
            yield from t.do((40, 90), t.cast.leader_of(helper), Action.REPORT, part, AttachmentUsage.HANDLE)
        yield from t.reported(forced=None if is_awaited else "协办单位未到场，主办单位已独自处置完毕")
        yield from t.checked()
        yield from t.closed()

    return told


# --- in hand ------------------------------------------------------------------------------------------------------


def _accepted_by_rule(t: Teller) -> Story:
    yield from t.registered()
    late = t.pace.after(t.now.dues[LimitedStage.ACCEPT].due_at, _HOUR_S)
    yield from t.reported(max(late, t.report_at()))
    yield from t.checked()
    yield from t.closed()


def _subtask(*, is_rejected: bool) -> Callable[[Teller], Story]:
    def told(t: Teller) -> Story:
        yield from _in_hand(t)
        yield from t.subtask_assigned()
        yield from t.submitted()
        if is_rejected:
            yield from t.do(SOON, t.leader, Action.REJECT, asked.Reject(note="照片角度看不清，请补做并重拍"))
            yield from t.submitted()
        yield from t.do(LATER, t.leader, Action.CONFIRM, asked.Confirm(note="情况属实"))
        yield from t.checked()
        yield from t.closed()

    return told


def _taken_back(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.subtask_assigned()
    yield from t.do((60, 120), t.leader, Action.TAKE_BACK, asked.TakeBack(note="作业队无力承担，由本单位处置"))
    yield from t.finished()


def _extended(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.extension_asked()
    yield from _extension_decided(t, "shift_leader")
    if t.plot.turn is Turn.EXTENDED_TWICE:
        yield from t.extension_asked()
        yield from _extension_decided(t, "leader")
    yield from t.finished()


def _extension_refused(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.extension_asked()
    yield from t.do(LATER, "shift_leader", Action.DECIDE_EXTENSION, _refused("理由不充分，请按期处置"))
    yield from t.finished()


def _escalated(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.extension_asked()
    yield from t.do(_PAST_FOUR_HOURS, "leader", Action.DECIDE_EXTENSION, asked.Decide(ruling=Ruling.GRANT))
    yield from t.finished()


def _extension_decided(t: Teller, by: str) -> Story:
    yield from t.do(LATER, by, Action.DECIDE_EXTENSION, asked.Decide(ruling=Ruling.GRANT, note="同意"))


def _refused(why: str) -> asked.Decide:
    return asked.Decide(ruling=Ruling.REFUSE, note=why)


def _suspended(t: Teller) -> Story:
    yield from _in_hand(t)
    until = t.pace.after(t.now.at, 2 * _DAY_S)
    yield from _suspension_granted(t, until=2 * _DAY_S)
    back = t.pace.after(until, _HOUR_S)
    yield from t.at(back, t.handler, Action.COMMENT, asked.Comment(text="挂账到期，已恢复处置"))
    yield from t.finished()


def _resumed_early(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from _suspension_granted(t, until=3 * _DAY_S)
    yield from t.do((400, 700), t.leader, Action.RESUME, asked.Resume(note="手续已办妥，提前恢复"))
    yield from t.finished()


def _suspension_granted(t: Teller, *, until: int) -> Story:
    yield from t.suspension_asked(t.pace.after(t.now.at, until))
    granted = asked.Decide(ruling=Ruling.GRANT, note="同意挂账")
    yield from t.do(SOON, "shift_leader", Action.DECIDE_SUSPENSION, granted)


def _suspension_refused(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.suspension_asked(t.pace.after(t.now.at, 2 * _DAY_S))
    yield from t.do(LATER, "shift_leader", Action.DECIDE_SUSPENSION, _refused("不符合挂账条件"))
    yield from t.finished()


def _corrected(t: Teller) -> Story:
    yield from _in_hand(t)
    correct = asked.Correct(type=_RUBBISH, note="现场为暴露垃圾，申请更正类别")
    yield from t.do(SOON, "acceptor", Action.CORRECT, correct)
    is_granted = t.plot.turn is Turn.CORRECTED
    ruling = asked.Decide(ruling=Ruling.GRANT) if is_granted else _refused("类别无误")
    yield from t.do(SOON, "shift_leader", Action.DECIDE_CORRECTION, ruling)
    yield from t.finished()


def _handed_over(t: Teller) -> Story:
    yield from _in_hand(t)
    transfer = asked.Transfer(
        body="emergency_management",
        reply_due_at=t.now.at + timedelta(days=2),
        attachments=(),
        note="现场已管控，移送应急管理部门处置",
    )
    yield from t.do(LATER, "shift_leader", Action.TRANSFER, transfer, AttachmentUsage.OTHER)


def _supervised(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.do(LATER, "leader", Action.SUPERVISE, asked.Supervise(text="群众多次反映，请说明进展"))
    answer = asked.AnswerSupervision(text="已组织力量，明日前处置完毕")
    yield from t.do((30, 120), t.leader, Action.ANSWER_SUPERVISION, answer)
    yield from t.finished()


def _urged(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.do(SOON, "dispatcher", Action.URGE, asked.Urge(text="请抓紧处置"))
    more = asked.Attach(attachments=(), note="处置过程照片")
    yield from t.do(SOON, t.handler, Action.ATTACH, more, AttachmentUsage.OTHER)
    yield from t.finished()


def _reported_for(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.reported(by="dispatcher")
    yield from t.checked()
    yield from t.closed()


# --- checking and closing -----------------------------------------------------------------------------------------


def _rework(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.reported()
    yield from t.checked(CheckResult.FAIL)
    yield from t.do(SOON, "shift_leader", Action.REWORK, asked.Rework(note="现场仍有遗留，请继续处置"))
    yield from t.finished()


def _closed_near_deadline(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.reported(t.report_at())
    yield from t.checked()
    due = t.now.dues[LimitedStage.HANDLE].due_at
    yield from t.closed(due if t.plot.turn is Turn.CLOSE_AT_DEADLINE else t.pace.after(due, 60))


def _check_withdrawn(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.reported()
    yield from t.check_asked(t.plot.mode)
    yield from t.do(SOON, "acceptor", Action.WITHDRAW_TASK, asked.WithdrawTask(note="监督员临时有事，另行安排"))
    yield from t.checked()
    yield from t.closed()


def _nobody_came(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.reported()
    yield from t.check_asked(t.plot.mode)
    inspectors = sum(actor.role is Role.INSPECTOR for actor in t.cast.actors.values())
    again = t.pace.after(t.now.at, (inspectors + 1) * _PER_INSPECTOR_S)
    request = asked.RequestCheck(mode=CheckMode.ON_SITE, note="夜间无人核查，重新安排")
    yield from t.at(again, "acceptor", Action.REQUEST_CHECK, request)
    yield from t.check_made()
    yield from t.closed()


def _reopened(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.finished()
    yield from t.do((30, 200), "shift_leader", Action.REOPEN, asked.Reopen(note="结案有误，照片与现场不符"))
    yield from t.checked()
    yield from t.closed()


def _city_rejected(t: Teller) -> Story:
    yield from _in_hand(t)
    yield from t.reported()
    yield from t.checked()
    yield from t.do((30, 120), "centre", Action.REWORK, asked.Rework(note="市中心复核未通过，请重新处置"))
    yield from t.finished()


#: Turns left out go straight.
_SCRIPTS: Mapping[Turn, Callable[[Teller], Story]] = {
    Turn.CLOSE_AT_DEADLINE: _closed_near_deadline,
    Turn.CLOSE_AFTER_DEADLINE: _closed_near_deadline,
    Turn.REWORK: _rework,
    Turn.WRONG_UNIT: _moved("not_ours", "wrong_unit"),
    Turn.CANNOT_DO: _moved("cannot_do", "other", "NDJ-HW-01"),
    Turn.WORKLOAD: _moved(None, "workload", "NDJ-HW-01"),
    Turn.NO_PROBLEM: _voided("not_a_problem"),
    Turn.OUTSIDE: _voided("outside_area"),
    Turn.VOID_REGISTERED: _void_registered,
    Turn.VERIFIED: _verified(VerifyResult.TRUE),
    Turn.VERIFIED_FALSE: _verified(VerifyResult.FALSE),
    Turn.NOT_FOUND: _verified(VerifyResult.NOT_FOUND),
    Turn.VERIFY_MOVED: _verify_moved,
    Turn.VERIFY_UNANSWERED: _verify_unanswered,
    Turn.CORRECTED_EARLY: _corrected_early,
    Turn.CORRECTED: _corrected,
    Turn.CORRECTION_REFUSED: _corrected,
    Turn.VOID_RESTORED: _void_restored,
    Turn.HANDED_OVER: _handed_over,
    Turn.DUPLICATE: _duplicate,
    Turn.DUPLICATE_UNLINKED: _duplicate_unlinked,
    Turn.SELF_HANDLED: _self_handled,
    Turn.DISPATCHED_AGAIN: _dispatched_again,
    Turn.ASSISTED: _assisted(is_awaited=True),
    Turn.ASSIST_FORCED: _assisted(is_awaited=False),
    Turn.ACCEPTED_BY_RULE: _accepted_by_rule,
    Turn.SUBTASK: _subtask(is_rejected=False),
    Turn.SUBTASK_REJECTED: _subtask(is_rejected=True),
    Turn.TAKEN_BACK: _taken_back,
    Turn.REPORTED_FOR: _reported_for,
    Turn.RETURN_REJECTED: _return_rejected,
    Turn.ARBITRATED: _arbitrated,
    Turn.EXTENDED: _extended,
    Turn.EXTENDED_TWICE: _extended,
    Turn.EXTENSION_REFUSED: _extension_refused,
    Turn.ESCALATED: _escalated,
    Turn.SUSPENDED: _suspended,
    Turn.RESUMED_EARLY: _resumed_early,
    Turn.SUSPENSION_REFUSED: _suspension_refused,
    Turn.SUPERVISED: _supervised,
    Turn.URGED: _urged,
    Turn.CHECK_WITHDRAWN: _check_withdrawn,
    Turn.NOBODY_CAME: _nobody_came,
    Turn.REOPENED: _reopened,
    Turn.CITY_REJECTED: _city_rejected,
}
