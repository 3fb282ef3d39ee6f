"""Sentences by code, Chinese and English side by side (ADR 0001).

Every error and problem code that the lower floors raise has one entry; a test proves it. Sentences say what is wrong
and what to do. Names in braces are the error's parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages people may choose."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in both languages."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """Return it in one language."""
        return self.zh if language is Language.ZH else self.en


def sentence(code: str, params: Mapping[str, str | int], language: Language) -> str:
    """Fill a sentence in; an unknown code says itself, so that nothing is ever hidden.

    Examples
    --------
    >>> sentence("unknown_unit", {"unit": "X1"}, Language.EN)
    'There is no unit X1. Choose one from /api/v1/units.'
    """
    text = SENTENCES.get(code)
    if text is None:
        return " ".join([code, *(f"{name}={value}" for name, value in sorted(params.items()))])
    shown = {name: str(value) if name in _AS_WRITTEN else label(str(value), language) for name, value in params.items()}
    return text.in_(language).format_map(_Given(shown))


#: What somebody has to find again, or write, letter by letter in a file: ``rounding`` is a key there, not 取整误差.
_AS_WRITTEN = frozenset({"key", "id", "campaign", "column", "indicator", "choices", "username"})


def label(word: str, language: Language) -> str:
    """Return the trade's word for a state, action, role, source …; the word itself when it has none."""
    text = LABELS.get(word)
    return text.in_(language) if text else word


class _Given(dict[str, str]):
    """Leaves a name without a value standing, instead of failing while saying what failed."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


LABELS: dict[str, Text] = {
    # stages
    "receive": Text("受理", "Receive"),
    "dispatch": Text("派遣", "Dispatch"),
    "report": Text("反馈", "Report"),
    "evaluate": Text("评价", "Evaluate"),
    "ended": Text("终止", "Ended"),
    # states
    "received": Text("待受理", "Received"),
    "verifying": Text("核实中", "Being verified"),
    "registered": Text("已立案，待派遣", "Registered"),
    "returned": Text("已回退", "Returned"),
    "dispatched": Text("已派遣，待签收", "Dispatched"),
    "handling": Text("处置中", "Being handled"),
    "suspended": Text("挂账", "Suspended"),
    "reported": Text("已反馈，待核查", "Reported"),
    "checking": Text("核查中", "Being checked"),
    "closed": Text("已结案", "Closed"),
    "void": Text("作废", "Void"),
    "transferred": Text("已移送", "Transferred"),
    # actions (those that are not also states or stages)
    "file": Text("上报", "File"),
    "import": Text("导入", "Import"),
    "register": Text("立案", "Register"),
    "accept": Text("签收", "Accept"),
    "return_task": Text("回退", "Return"),
    "reassign": Text("改派", "Reassign"),
    "request_check": Text("请求核查", "Request a check"),
    "check": Text("核查", "Check"),
    "rework": Text("返工", "Rework"),
    "close": Text("结案", "Close"),
    "comment": Text("批注", "Comment"),
    "attach": Text("补充附件", "Attach"),
    "handle": Text("处置", "Handle"),
    "verify": Text("核实", "Verify"),
    # roles
    "inspector": Text("监督员", "Inspector"),
    "acceptor": Text("受理员", "Acceptor"),
    "shift_leader": Text("值班长", "Shift leader"),
    "dispatcher": Text("派遣员", "Dispatcher"),
    "unit_leader": Text("处置单位负责人", "Unit leader"),
    "handler": Text("处置人", "Handler"),
    "chief": Text("街长（河长、楼长）", "Chief"),
    "assessor": Text("考评员", "Assessor"),
    "leader": Text("领导", "Leader"),
    "admin": Text("管理员", "Administrator"),
    "public_door": Text("公众渠道", "Public door"),
    "centre": Text("市监督指挥中心", "City supervision centre"),
    "camera": Text("视频设备", "Camera"),
    "system": Text("系统", "System"),
    # sources (inspector, camera and leader stand above)
    "hotline": Text("热线", "Hotline"),
    "public": Text("公众举报", "Public"),
    "video": Text("视频采集", "Video"),
    "petition": Text("信访", "Petition"),
    "media": Text("媒体", "Media"),
    "superior": Text("上级下派", "Superior"),
    "department": Text("部门移送", "Department"),
    # check modes and results
    "on_site": Text("现场核查", "On site"),
    "photo": Text("照片核查", "By photo"),
    "waived": Text("免核查", "Waived"),
    "pass": Text("通过", "Pass"),
    "fail": Text("不通过", "Fail"),
    # kinds, units of limits
    "component": Text("部件", "Component"),
    "event": Text("事件", "Event"),
    "urgent_hour": Text("紧急工作时", "urgent hours"),
    "urgent_day": Text("紧急工作日", "urgent days"),
    "working_hour": Text("工作时", "working hours"),
    "working_day": Text("工作日", "working days"),
    # the rest of the table of moves, requests, notices
    "request_verification": Text("请求核实", "Request verification"),
    "reassign_task": Text("任务改派", "Reassign the task"),
    "withdraw_task": Text("任务撤回", "Withdraw the task"),
    "correct": Text("更正", "Correct"),
    "decide_correction": Text("审批更正", "Decide the correction"),
    "restore": Text("恢复", "Restore"),
    "transfer": Text("移送", "Transfer"),
    "link_duplicate": Text("标为重复上报", "Link as duplicate"),
    "unlink_duplicate": Text("取消重复", "Unlink the duplicate"),
    "withdraw_dispatch": Text("撤回派遣", "Withdraw the dispatch"),
    "assign": Text("交办", "Assign to a sub-unit"),
    "take_back": Text("收回", "Take back"),
    "submit": Text("提交", "Submit"),
    "confirm": Text("确认", "Confirm"),
    "reject": Text("退回重办", "Reject"),
    "reject_return": Text("驳回回退", "Reject the return"),
    "arbitrate": Text("裁定", "Arbitrate"),
    "ask_extension": Text("申请延期", "Ask for an extension"),
    "decide_extension": Text("审批延期", "Decide the extension"),
    "ask_suspension": Text("申请挂账", "Ask for suspension"),
    "decide_suspension": Text("审批挂账", "Decide the suspension"),
    "resume": Text("恢复处置", "Resume"),
    "escalate": Text("升级审批", "Escalate"),
    "reclock": Text("重算时限", "Recompute deadlines"),
    "find": Text("系统认定", "Finding by the system"),
    "review": Text("复核认定", "Review of a finding"),
    "recurrence": Text("反复发案", "Recurrence"),
    "missed": Text("漏报", "Missed case"),
    "reopen": Text("撤销结案", "Reopen"),
    "supervise": Text("督办", "Supervise"),
    "answer_supervision": Text("督办回复", "Answer the supervision"),
    "urge": Text("催办", "Urge"),
    "decide": Text("审批", "Decide"),
    "extension": Text("延期", "Extension"),
    "suspension": Text("挂账", "Suspension"),
    "correction": Text("更正", "Correction"),
    "pending": Text("待审批", "Pending"),
    "granted": Text("已同意", "Granted"),
    "refused": Text("未同意", "Refused"),
    "lapsed": Text("已失效", "Lapsed"),
    "assigned": Text("已交办", "Assigned"),
    "submitted": Text("已提交", "Submitted"),
    "confirmed": Text("已确认", "Confirmed"),
    "found": Text("待复核", "To be reviewed"),
    "rejected": Text("已否定", "Rejected"),
    "review_recurrence": Text("复核反复发案", "Review a recurrence"),
    "taken_back": Text("已收回", "Taken back"),
    "grant": Text("同意", "Grant"),
    "refuse": Text("不同意", "Refuse"),
    "true": Text("属实", "True"),
    "false": Text("不属实", "False"),
    "not_found": Text("未发现", "Not found"),
    "notice_warning": Text("即将超期", "Due soon"),
    "notice_breach": Text("已超期", "Overdue"),
    "notice_no_route": Text("无派遣规则", "No route"),
    "notice_assigned": Text("新派案件", "New case"),
    "notice_returned": Text("单位回退", "Returned by the unit"),
    "notice_return_rejected": Text("回退被驳回", "Return rejected"),
    "notice_submitted": Text("交办已完成待确认", "Sub-assignment to be confirmed"),
    "notice_rework": Text("要求返工", "Rework"),
    "notice_supervised": Text("督办", "Supervision"),
    "notice_supervision_answered": Text("督办已回复", "Supervision answered"),
    "notice_urged": Text("催办", "Urged"),
    "notice_request_asked": Text("申请待审批", "Request to decide"),
    "notice_request_decided": Text("申请已审批", "Request decided"),
    "notice_task_asked": Text("核实、核查任务", "Task for you"),
    "notice_task_withdrawn": Text("任务已撤回", "Task withdrawn"),
    "notice_verified": Text("核实已反馈", "Verification answered"),
    "notice_check_failed": Text("核查不通过", "Check failed"),
    "notice_closed": Text("已结案", "Closed"),
    "notice_voided": Text("已作废", "Void"),
    "notice_reopened": Text("撤销结案", "Closing undone"),
    "notice_in_care": Text("责任地段新立案", "New case in your care"),
    "notice_recurrence": Text("认定反复发案", "Found to be a recurrence"),
    "notice_month_step": Text("月度考评步骤", "Step of the month"),
    "notice_appeal_filed": Text("新的申诉", "Appeal filed"),
    "notice_appeal_decided": Text("申诉已裁定", "Appeal decided"),
    "notice_work_done": Text("后台任务完成", "Work finished"),
    "notice_work_failed": Text("后台任务失败", "Work failed"),
    "your_unit": Text("本单位的案件", "Your unit's case"),
    "your_role": Text("本岗位的职责", "Your role's duty"),
    "asked_of_you": Text("指派给您", "Asked of you"),
    "you_asked": Text("您提出的", "You asked"),
    "you_found": Text("您发现上报的", "You found it"),
    "in_your_care": Text("您负责的地段", "In your care"),
    "run": Text("考评运行", "Assessment run"),
    "what_if": Text("规则试算", "What-if"),
    "no_problem": Text("无问题", "No problem"),
    "case": Text("发现案件", "Case found"),
    "type": Text("案件类别", "Type"),
    "address": Text("地址", "Address"),
    "object_id": Text("部件标识码", "Component code"),
    "body": Text("移送单位", "Body"),
    "reply_due_at": Text("要求回复时间", "Reply due"),
    "lead": Text("主案编号", "Lead case"),
    "assisting": Text("协办单位", "Assisting units"),
    "amount": Text("延长时限", "More time"),
    "until": Text("挂账至", "Until"),
    "ruling": Text("审批意见", "Ruling"),
    "due_at": Text("截止时间", "Due"),
    "forced": Text("强制反馈理由", "Reason for not waiting"),
    # field names on forms
    "false_feedback": Text("虚假反馈", "False feedback"),
    "condition": Text("立案条件", "Filing condition"),
    "limit": Text("处置时限", "Time limit"),
    "note": Text("说明", "Note"),
    "same_photo": Text("照片重复使用", "Same photo twice"),
    "fast_move": Text("位移速度偏高", "Fast move"),
    "check_burst": Text("核查时间密集", "Checks close together"),
    "clock_apart": Text("设备时钟偏差", "Device clock apart"),
    "clock_jump": Text("设备时钟被调动", "Device clock moved"),
    "no_place": Text("没有现场位置", "No position"),
    "gallery_photo": Text("相册照片", "Photo from the gallery"),
    "exif_differs": Text("照片信息不一致", "Picture data differ"),
    "visit_doubted": Text("巡查存疑", "Visit doubted"),
    "too_far": Text("离目标过远", "too far away"),
    "photo_old": Text("照片过旧", "old photo"),
    "photo_known": Text("照片已用过", "photo used before"),
    "clock_off": Text("设备时钟不可信", "the device's clock cannot be trusted"),
    "sent_late": Text("上传过晚", "sent too late"),
    "reviewed": Text("已复核", "Reviewed"),
    "open": Text("待处理", "Open"),
    "override_reason": Text("情况说明（位置或照片存疑时填写）", "Reason, where place or photo is doubted"),
    "reason": Text("原因", "Reason"),
    "unit": Text("处置单位", "Unit"),
    "done": Text("处置情况", "What was done"),
    "attachments": Text("照片", "Photos"),
    "mode": Text("核查方式", "Mode"),
    "result": Text("核查结果", "Result"),
    "location": Text("位置", "Position"),
    "observed_at": Text("现场时间", "Observed at"),
    "text": Text("内容", "Text"),
    # what a check of a grid finds
    "gap": Text("缝隙", "Gap"),
    "overlap": Text("重叠", "Overlap"),
    "rounding": Text("取整误差", "Rounding"),
    "sliver": Text("碎片", "Sliver"),
    "ring_invalid": Text("边界无效", "Invalid ring"),
    "code_malformed": Text("编码不规范", "Malformed code"),
    "code_repeated": Text("编码重复", "Repeated code"),
    "code_missing": Text("缺少编码", "No code"),
    "parent_wrong": Text("所属上级有误", "Wrong parent"),
    "parent_crossed": Text("越出上级边界", "Crosses its parent"),
    "parent_unknown": Text("上级不存在", "Unknown parent"),
    "size_outlier": Text("面积异常", "Unusual size"),
    "name_missing": Text("缺少名称", "No name"),
    "unreadable": Text("无法读取", "Unreadable"),
    "mended": Text("已修复", "Mended"),
    "severity_error": Text("错误", "Error"),
    "severity_warning": Text("警告", "Warning"),
    "severity_note": Text("提示", "Note"),
}

#: Titles of problem documents by HTTP status.
LETTERS: dict[str, Text] = {
    "digest_subject": Text("网格案件：{count} 条未读消息", "Grid cases: {count} unread notices"),
    "digest_head": Text("您有 {count} 条未读消息：", "You have {count} unread notices:"),
    "digest_more": Text("另有 {count} 条，请在消息页查看。", "{count} more are in the inbox."),
    "digest_inbox": Text("消息页：{url}", "Inbox: {url}"),
    "digest_foot": Text(
        "此邮件由系统自动发出，请勿回复。可在消息页关闭或选择邮件内容。",
        "Sent automatically, please do not answer. What is mailed is chosen, or switched off, on the page of notices.",
    ),
    "trial_subject": Text("网格案件系统：邮件测试", "Grid cases: trial letter"),
    "trial_text": Text("邮件设置正确。", "The e-mail settings are right."),
}

TITLES: dict[int, Text] = {
    400: Text("请求格式有误", "The request cannot be read"),
    401: Text("请先登录", "Sign in first"),
    403: Text("没有权限", "Not permitted"),
    404: Text("未找到", "Not found"),
    405: Text("方法不适用", "Method not allowed"),
    406: Text("无法提供所要的格式", "Not acceptable"),
    409: Text("与现状冲突", "Conflict"),
    412: Text("数据已更新", "The case has changed"),
    413: Text("文件过大", "Too large"),
    415: Text("内容类型不支持", "Unsupported content type"),
    422: Text("填写内容有误", "The input is wrong"),
    428: Text("缺少前提条件", "A precondition is missing"),
    429: Text("请稍后再试", "Wait a little"),
    500: Text("系统故障", "Internal error"),
    503: Text("服务暂不可用", "Not ready"),
}

SENTENCES: dict[str, Text] = {
    # views of the queue
    "view_not_found": Text("没有这个视图，或它不是您的。", "There is no such view, or it is not yours."),
    "view_name_length": Text(
        "视图名称须为 {least} 至 {most} 个字符。", "The name of a view has {least} to {most} characters."
    ),
    "too_many_views": Text(
        "最多保存 {most} 个视图，请先删除一个。", "At most {most} views are kept. Delete one first."
    ),
    # who
    "not_signed_in": Text(
        "登录已失效，请重新登录。", "You are not signed in, or the session has ended. Sign in again."
    ),
    "password_wrong": Text("当前密码不正确。", "The present password is wrong."),
    "password_differs": Text("两次输入的新密码不一致。", "The two new passwords differ."),
    "password_same": Text("新密码不能与当前密码相同。", "The new password must differ from the present one."),
    "session_revoked": Text(
        "本设备的登录已被注销，请重新登录。未发送的内容仍保留在设备上。",
        "This device's session was ended. Sign in again; what was not sent is still on the device.",
    ),
    "account_closed": Text(
        "该账号已停用，请联系管理员。未发送的内容仍保留在设备上。",
        "This account is closed. Ask an administrator; what was not sent is still on the device.",
    ),
    "session_not_found": Text("没有编号为 {id} 的有效登录。", "There is no open session {id}."),
    "cross_site": Text(
        "请求来自其他网站，未予执行。请从本系统页面操作。",
        "This request came from another site and was not carried out. Use the pages of this system.",
    ),
    "wrong_password": Text("用户名或密码不正确。", "User name or password is wrong."),
    "email_malformed": Text("不是可用的邮箱地址。", "This is not an e-mail address that can be used."),
    "hours_out_of_range": Text(
        "时间须在 {least} 点至 {most} 点之间。", "Hours lie between {least} and {most} o'clock."
    ),
    "mail_off": Text(
        "未设置邮件服务器：请设置 mail_server 与 mail_from。", "No mail server is set: set mail_server and mail_from."
    ),
    "mail_settings_wrong": Text("设置 {setting} 有误。", "The setting {setting} is wrong."),
    "mail_credentials_unusable": Text(
        "邮件账号文件不可用（{reason}）：须为权限 0600、共两行的文件。",
        "The file with the mail account cannot be used ({reason}): it has mode 0600 and two lines.",
    ),
    "mail_failed": Text("邮件服务器未接收（{reason}）。", "The mail server did not take it ({reason})."),
    # reasons why an e-mail did not go out
    "file_missing": Text("文件不存在或无法读取。", "The file is missing or cannot be read."),
    "readable_by_others": Text("其他用户可读该文件。", "Others may read the file."),
    "two_lines_expected": Text("文件须为两行。", "The file needs two lines."),
    "connection_broke": Text(
        "发送正文时连接中断，可能已送达。", "The connection broke while it was sent; it may have arrived."
    ),
    "not_supported": Text(
        "服务器不支持所设的加密或登录方式。", "The server does not support the TLS or sign-in that is set."
    ),
    "certificate_not_trusted": Text("服务器证书不可信。", "The server's certificate is not trusted."),
    "no_connection": Text("无法连接服务器。", "The server cannot be reached."),
    "password_needs_tls": Text("未加密时不发送密码。", "A password is not sent without TLS."),
    "mail_not_found": Text("没有可重发的邮件 {id}。", "There is no e-mail {id} to be sent again."),
    "too_many_failures": Text(
        "登录失败次数过多，请 {seconds} 秒后再试。", "Too many failed sign-ins. Try again in {seconds} seconds."
    ),
    "role_not_granted": Text(
        "未分配岗位“{role}”，可选：{choices}。", "The role {role} is not granted. Choose: {choices}."
    ),
    "role_may_not": Text("{role}不能执行“{action}”。", "A {role} may not do this ({action})."),
    "role_needed": Text("此操作需要以下岗位：{roles}。", "This needs one of these roles: {roles}."),
    "limit_by_shift_leader": Text(
        "该类别没有规定时限，须由值班长立案并选定时限。",
        "This class has no limit of its own: a shift leader has to register it and choose one.",
    ),
    "not_your_unit": Text("本案件不在你单位名下。", "The case is not with your unit."),
    "not_your_task": Text("该核查任务派给了其他监督员。", "This check was asked of another inspector."),
    "task_withdrawn": Text(
        "任务已撤回或改派，结果未接收；照片可作为补充材料提交。",
        "The task was taken back or given to somebody else, so its result is not taken; photos may go as evidence.",
    ),
    "handled_it_yourself": Text(
        "本人或本单位处置过的案件，不得由本人核查或结案。",
        "You or your unit handled this case, so somebody else has to check or close it.",
    ),
    # what is not there
    "case_not_found": Text("未找到案件 {number}。请核对案件编号。", "There is no case {number}. Check the number."),
    "cell_not_found": Text("未找到单元网格 {code}。", "There is no unit cell {code}."),
    "attachment_not_found": Text("未找到附件 {id}。", "There is no attachment {id}."),
    "run_not_found": Text("未找到考评结果 {id}。", "There is no assessment run {id}."),
    "route_not_found": Text("没有此地址。接口说明见 /docs。", "There is nothing at this address. See /docs."),
    # preconditions
    "idempotency_key_missing": Text(
        "缺少 Idempotency-Key 请求头。请填写一个 UUID，重发时保持不变。",
        "The Idempotency-Key header is missing. Send a UUID, and the same one when you send again.",
    ),
    "idempotency_key_malformed": Text("Idempotency-Key 必须是 UUID。", "Idempotency-Key has to be a UUID."),
    "idempotency_mismatch": Text(
        "同一 Idempotency-Key 已用于其他内容。新的请求请换一个 UUID。",
        "This Idempotency-Key was used for another request. Use a new UUID for a new request.",
    ),
    "if_match_missing": Text(
        "缺少 If-Match 请求头。请先读取案件，并带上其 ETag。",
        "The If-Match header is missing. Read the case first and send its ETag.",
    ),
    "stale_case": Text(
        "案件已被他人更新（当前版本 {version}）。请重新读取后再操作。",
        "Somebody changed the case (now at version {version}). Read it again, then decide.",
    ),
    # state
    "wrong_state": Text(
        "案件当前为“{state}”，不能“{action}”。可用操作见 available_actions。",
        "The case is in state “{state}”; “{action}” does not start from there. See available_actions.",
    ),
    "not_located": Text(
        "案件尚未定位到单元网格，不能立案。请先补充位置，或作废。",
        "The case has no unit cell yet. Locate it before registering, or void it.",
    ),
    "limit_missing": Text(
        "案件没有处置时限，须先由值班长选定。", "The case has no time limit; a shift leader has to choose one."
    ),
    "not_dispatched": Text("案件尚未派遣。", "The case has not been dispatched."),
    "check_missing": Text(
        "尚未核查通过，不能结案。请先请求核查，或说明理由免核查。",
        "No check has passed yet. Request a check first, or waive it with a reason.",
    ),
    "check_already_passed": Text("核查已通过，可直接结案。", "The check has passed already: the case can be closed."),
    "no_failed_check": Text("没有不通过的核查，不能返工。", "No check has failed, so there is nothing to rework."),
    "nothing_found": Text("系统没有可供复核的认定。", "The system found nothing here that could be reviewed."),
    "false_feedback_needs_fail": Text(
        "只有核查不通过时才能认定虚假反馈。", "Only a check that failed can say that the feedback was false."
    ),
    "nothing_to_reclock": Text("没有需要重算的暂定时限。", "No provisional deadline changes."),
    "type_gone": Text("类别 {type} 已不在目录中。", "The type {type} is no longer in the catalogue."),
    "already_asked": Text(
        "同类申请正在审批中，请等待结果。", "The same has been asked already and waits for a decision."
    ),
    "asked_it_yourself": Text(
        "本人的申请不能由本人审批，请由他人办理。", "You asked for this yourself; somebody else has to decide."
    ),
    "asked_by_your_unit": Text(
        "本单位的申请不能由本单位人员审批。", "Your own unit asked for this; somebody else has to decide."
    ),
    "leader_decides": Text(
        "该申请已升级，须由领导审批。", "This request has gone up one level: a leader has to decide."
    ),
    "extension_too_late": Text(
        "已过处置截止时间，不能再申请延期。", "The deadline has passed; an extension has to be asked for before it."
    ),
    "must_lie_ahead": Text("时间须晚于现在。", "This has to lie in the future."),
    "no_pending_request": Text("没有待审批的申请。", "There is no request waiting for a decision."),
    "refusal_needs_reason": Text("不同意须说明理由。", "A refusal needs a reason."),
    "is_duplicate": Text("本案是重复上报，请使用“取消重复”。", "The case is a duplicate; unlink it instead."),
    "is_no_duplicate": Text("本案不是重复上报。", "The case is no duplicate."),
    "unknown_lead": Text("未找到案件 {number}，或它就是本案。", "There is no case {number}, or it is this one."),
    "lead_not_open": Text("案件 {number} 已结束，不能作为主案。", "The case {number} has ended and cannot lead."),
    "nothing_to_correct": Text("请至少更正一项内容。", "Correct at least one thing."),
    "restore_by_shift_leader": Text(
        "已派遣过的案件须由值班长恢复。", "The case was dispatched before: a shift leader has to restore it."
    ),
    "already_accepted": Text("处置单位已签收，不能撤回，请改派。", "The unit has accepted; reassign the case instead."),
    "settled_by_arbitration": Text(
        "本案已裁定，不能再回退。", "The case was settled by arbitration and cannot be returned again."
    ),
    "subtask_open": Text(
        "本案已交办下级，请先确认或收回。", "A sub-unit has the case: confirm its work or take it back first."
    ),
    "arbitration_needed": Text(
        "回退次数已超过规定，须由值班长裁定。", "The case was returned too often: a shift leader has to arbitrate."
    ),
    "returns_allowed": Text(
        "回退次数未超过规定，由派遣员改派或驳回。", "The dispatcher may still decide on this return."
    ),
    "no_sub_unit": Text("{unit} 不是本单位的下级或外包单位。", "{unit} is neither below this unit nor a contractor."),
    "no_subtask": Text("没有正在进行的交办。", "There is no open sub-assignment."),
    "nothing_submitted": Text("下级单位尚未提交。", "The sub-unit has not submitted anything yet."),
    "assisting_units_open": Text(
        "协办单位 {units} 尚未反馈，请等待，或说明强制反馈的理由。",
        "The assisting units {units} have not reported: wait, or say in forced why not.",
    ),
    "city_closes": Text(
        "市级下派案件由市监督指挥中心结案。", "A case from the city is closed by the city supervision centre."
    ),
    "not_the_citys": Text("本案不是市级下派案件。", "The case did not come from the city."),
    "reopen_too_late": Text(
        "结案已超过 {days} 个工作日，不能撤销。", "Closed more than {days} working days ago; it cannot be reopened."
    ),
    "month_is_sealed": Text(
        "案件已计入封存的 {period} 考评，不能撤销；请在次月作调整，或重新签发。",
        "The case counts in {period}, which is sealed; settle it as an adjustment of the next month or a re-issue.",
    ),
    "run_not_done": Text("考评运行状态为“{status}”，尚无结果。", 'The run is "{status}" and has no result.'),
    "run_withdrawn": Text("考评 {run} 已撤回。", "Run {run} was withdrawn."),
    "run_superseded": Text("已被考评 {run} 取代。", "It was superseded by run {run}."),
    "run_outdated": Text(
        "考评 {run} 之后数据或评分输入有变化，或运行时尚未截止；请重新运行后再封存。",
        "What run {run} rests on has changed since, or it was made before the cut-off; run the month again, then seal.",
    ),
    "already_sealed": Text("考评 {run} 已封存。", "Run {run} is sealed already."),
    "month_sealed": Text(
        "本期已由考评 {run} 封存；更正请重新签发。", "Run {run} is the sealed month already; correct it by a re-issue."
    ),
    "before_cut_off": Text("数据截止时间为 {cut_off}，截止前不能封存。", "Not before the cut-off at {cut_off}."),
    "appeals_open": Text(
        "公示申诉期至 {until}，期满前不能封存。", "Publicity and appeals run until {until}; not before."
    ),
    "appeals_undecided": Text("还有 {appeals} 件申诉未裁定。", "{appeals} appeals are still to be decided."),
    "provisional_deadlines": Text(
        "有 {cases} 件案件的时限为暂定（所涉年份节假日尚未公布），不能封存；请先更新日历。",
        "{cases} cases have provisional deadlines (a year is not announced); update the calendar first.",
    ),
    "not_sealed": Text("考评 {run} 尚未封存。", "Run {run} is not sealed."),
    "not_approved": Text("尚未经领导审签。", "The leader has not approved it yet."),
    "act_done": Text("该步骤（{act}）已办理。", "This step ({act}) was done already."),
    "export_not_made": Text(
        "系统自动生成的初稿不出具报送包；请运行考评。", "A draft made by itself has no package; run the month for one."
    ),
    "export_not_ready": Text("报送包正在生成，请稍后再试。", "The package is being made; try again in a moment."),
    "facts_missing": Text(
        "数据目录中缺少或损坏了文件 {sha256}；请从备份恢复。",
        "The file {sha256} is missing from the data folder or damaged; restore it from a copy.",
    ),
    "snapshot_unreadable": Text("{file} 不是考评快照。", "{file} is no snapshot of a month."),
    "drafted_it_yourself": Text("起草人不能审签自己的考评。", "Nobody approves what they drafted themselves."),
    "subject_not_found": Text("本次考评中没有对象 {subject}。", "There is no subject {subject} in this run."),
    "case_lists_missing": Text(
        "本次运行未保存数字背后的案件清单；请重新运行该月考评。",
        "No case lists were kept with this run; run the month again to have them.",
    ),
    "reconciliation_not_found": Text("未找到对账 {id}。", "There is no reconciliation {id}."),
    "what_if_not_found": Text("未找到试算 {id}。", "There is no what-if {id}."),
    "no_supervision": Text("没有待回复的督办。", "There is no supervision waiting for an answer."),
    "same_inspector": Text("任务已派给该监督员，请另选一人。", "This inspector has the task already; choose another."),
    "not_self_handled": Text(
        "类别 {type} 不能由监督员自处置。", "Cases of type {type} cannot be handled on the spot by an inspector."
    ),
    "before_and_after_needed": Text(
        "自处置须附处置前（file）和处置后（self_handled）的照片。",
        "Handling on the spot needs photos before (usage file) and after (usage self_handled).",
    ),
    # input
    "invalid_input": Text("填写内容有误，详见各字段说明。", "Some fields are wrong; see errors."),
    "not_json": Text("请求体不是有效的 JSON。", "The request body is not valid JSON."),
    "unsupported_type": Text("请以 application/json 发送请求体。", "Send the body as application/json."),
    "unknown_field": Text("没有这个字段，请删除。", "There is no such field; remove it."),
    "field_required": Text("必填。", "This field is required."),
    "field_null": Text("不能为空。", "This field may not be null."),
    "field_malformed": Text("格式不正确：{problem}", "{problem}"),
    "text_too_long": Text("最多 {most} 个字符，现有 {length} 个。", "At most {most} characters; this has {length}."),
    "text_empty": Text("不能为空白。", "This may not be blank."),
    "text_control": Text("含有不可见的控制字符，请删除。", "This contains control characters; remove them."),
    "not_a_choice": Text("可选值：{choices}。", "Choose one of: {choices}."),
    "not_a_number": Text("必须是有限的数值。", "This has to be a finite number."),
    "instant_without_zone": Text(
        "时间须带时区，例如 2026-10-12T09:30:00+08:00。",
        "Give the time with its offset, e.g. 2026-10-12T09:30:00+08:00.",
    ),
    "instant_out_of_range": Text("年份须在 {first} 至 {last} 之间。", "The year has to be from {first} to {last}."),
    "cursor_malformed": Text(
        "游标无效，请从第一页重新开始。", "The cursor is not valid; start again from the first page."
    ),
    "box_malformed": Text(
        "bbox 须为 west,south,east,north（经度在前，WGS 84）。",
        "bbox has to be west,south,east,north in WGS 84, longitude first.",
    ),
    "type_not_chosen": Text(
        "没有这个类别，或同名类别不止一个。请从列表中选择。",
        "There is no such type, or more than one of this name. Choose one from the list.",
    ),
    "unknown_type": Text("目录中没有类别 {type}。可查 /api/v1/types。", "There is no type {type}. See /api/v1/types."),
    "unknown_condition": Text(
        "没有立案条件 {condition}，可选：{choices}。", "There is no filing condition {condition}. Choose: {choices}."
    ),
    "object_id_of_event": Text(
        "类别 {type} 不是部件，不能填写部件标识码。", "The type {type} is no component and takes no object id."
    ),
    "object_id_shape": Text("部件标识码应为 {digits} 位数字。", "The object id has to be {digits} digits."),
    "object_id_other_type": Text(
        "部件标识码中的类别代码为 {found}，与所选类别 {expected} 不符。请核对标识码或更正类别。",
        "The object id belongs to class {found}, the case to class {expected}. Check the id or correct the type.",
    ),
    "condition_needed": Text("请选择立案条件：{choices}。", "Choose a filing condition: {choices}."),
    "limit_fixed": Text(
        "该条件的时限规定为 {limit}，不能另选。", "This condition has the limit {limit}; no other may be chosen."
    ),
    "limit_needed": Text("该类别没有规定时限，请选定。", "This class has no limit of its own: choose one."),
    "source_not_for_role": Text(
        "{role}不能以“{source}”为来源上报。", "A {role} may not file with the source {source}."
    ),
    "unknown_unit": Text(
        "没有单位 {unit}，请从 /api/v1/units 选择。", "There is no unit {unit}. Choose one from /api/v1/units."
    ),
    "same_unit": Text(
        "案件已在单位 {unit} 名下，请选择其他单位。", "The case is with {unit} already; choose another unit."
    ),
    "no_route": Text(
        "派遣规则中没有匹配 {type} 的单位，请人工选择单位。",
        "No routing rule matches {type}. Choose the unit yourself.",
    ),
    "unknown_reason": Text(
        "没有原因代码 {reason}，可选：{choices}。", "There is no reason {reason}. Choose: {choices}."
    ),
    "evidence_needed": Text(
        "至少附一张照片。请先上传到 /api/v1/attachments。",
        "Add at least one photo; upload it to /api/v1/attachments first.",
    ),
    "waiver_after_failure": Text(
        "核查未通过，不能免核查，请返工或重新核查。", "The check failed: send the work back or have it checked again."
    ),
    "waiver_needs_reason": Text("免核查须说明理由。", "Waiving the check needs a reason."),
    "waiver_has_no_inspector": Text("免核查时不指定监督员。", "A waived check has no inspector; leave it out."),
    "no_inspector": Text(
        "没有可核查的监督员，请值班长安排。", "Nobody may check this case; the shift leader has to name somebody."
    ),
    "inspector_not_eligible": Text(
        "该人员不能核查本案（非监督员，或处置过本案）。可选人员见 inspectors。",
        "This person may not check the case (no inspector, or handled it). See the list of inspectors.",
    ),
    "too_far": Text(
        "当前位置距案发地 {distance} 米，应在 {allowed} 米以内。请到现场后再提交。",
        "You are {distance} m from the case; this has to be done within {allowed} m. Go there first.",
    ),
    "no_place": Text(
        "现场核实或核查没有位置。请打开手机定位。",
        "This was answered on the spot without a position. Turn the phone's location on.",
    ),
    "photo_old": Text(
        "照片拍摄于任务派发之前。请在现场重新拍摄。",
        "The photo was taken before this was asked of you. Take one now, at the place.",
    ),
    "photo_known": Text(
        "这张照片已用于其他上报或核查。请在现场重新拍摄。",
        "This photo was used for a case before. Take another one, at the place.",
    ),
    # what the evidence of phones shows: facts, no verdict
    "same_photo": Text("同一张照片也出现在案件 {case} 中。", "The same photo also belongs to case {case}."),
    "same_photo_elsewhere": Text("同一张照片也出现在另一案件中。", "The same photo also belongs to another case."),
    "fast_move": Text(
        "两张照片的拍摄位置相距 {metres} 米，间隔 {seconds} 秒。",
        "Two photos were taken {metres} m apart within {seconds} s.",
    ),
    "visit_doubted": Text(
        "专项行动 {campaign} 第 {place} 个点位的巡查：{doubt}。",
        "Visit of place {place} of campaign {campaign}: {doubt}.",
    ),
    "check_burst": Text(
        "{seconds} 秒内完成 {checks} 次核查，地点最远相距 {metres} 米。",
        "{checks} checks were made within {seconds} s, at places up to {metres} m apart.",
    ),
    "clock_apart": Text(
        "设备时钟与系统相差 {minutes} 分钟，以系统接收时间为准。",
        "The device's clock is {minutes} min from ours; our own time counts.",
    ),
    "clock_jump": Text(
        "两张照片之间设备时钟被调动 {minutes} 分钟。",
        "The device's clock was moved by {minutes} min between two photos.",
    ),
    "gallery_photo": Text(
        "照片选自相册，不是现场拍摄。", "The photo was chosen from the gallery, not taken on the spot."
    ),
    "exif_differs": Text(
        "照片自带信息与上报相差 {metres} 米、{minutes} 分钟。",
        "The picture's own data differ by {metres} m and {minutes} min from what was said.",
    ),
    "about_yourself": Text("涉及本人的记录须由他人复核。", "This is about yourself; somebody else has to review it."),
    "anomaly_not_found": Text("没有编号为 {id} 的待复核记录。", "There is no record {id} to be reviewed."),
    "anomaly_reviewed": Text("记录 {id} 已被复核。", "Record {id} was reviewed already."),
    "override_possible": Text(
        "如确有原因，可填写情况说明后提交，复核人员会看到。",
        "If there is a reason, state it and send again; whoever reviews the case will see it.",
    ),
    "attachment_unknown": Text(
        "附件 {id} 不存在、不是你上传的，或已用于其他案件。请重新上传。",
        "Attachment {id} does not exist, is not yours, or is used already. Upload it again.",
    ),
    "source_number_taken": Text(
        "来源编号 {number} 已经登记过。请先按这个编号查找案件，把新情况补充进去。",
        "The source's number {number} is filed already. Search for the case by it, and add to that.",
    ),
    "location_or_address": Text("请提供位置（lon、lat）或地址。", "Give a position (lon, lat) or an address."),
    "zero_position": Text(
        "0,0 表示设备没有定位。没有位置时请不要填写 location。",
        "0,0 is what a device sends when it has no position. Leave location out when there is none.",
    ),
    "out_of_range": Text(
        "坐标超出范围：经度 -180 至 180，纬度 -90 至 90，经度在前。",
        "Coordinates out of range: longitude -180 to 180, latitude -90 to 90, longitude first.",
    ),
    "swapped_axes": Text(
        "经纬度似乎写反了：lon 是经度，lat 是纬度。", "Longitude and latitude seem swapped: lon first, then lat."
    ),
    "far_from_city": Text(
        "该点距辖区约 {km} 公里（允许 {allowed} 公里）。请核对经纬度和坐标系（datum）。",
        "The point is {km} km from the city (allowed: {allowed} km). Check lon, lat and datum.",
    ),
    "outside_grid": Text(
        "该点不在任何单元网格内，本渠道不受理。", "The point lies in no unit cell; this door does not take it."
    ),
    # files
    "file_empty": Text("文件是空的。请重新拍照上传。", "The file is empty. Take the photo again."),
    "file_too_large": Text(
        "文件过大，最大 {allowed} MB。请压缩后再上传。",
        "The file is too large (at most {allowed} MB). Make it smaller.",
    ),
    "not_a_photo": Text(
        "不是可识别的照片。支持 JPEG、PNG、WebP、HEIC。",
        "This is not a photo we can read. Send JPEG, PNG, WebP or HEIC.",
    ),
    "photo_broken": Text("照片文件已损坏或不完整，请重新上传。", "The photo is broken or cut short. Upload it again."),
    "too_many_pixels": Text(
        "照片像素过多，最多 {allowed}00 万像素。", "The photo has too many pixels (at most {allowed} million)."
    ),
    # people
    "username_malformed": Text(
        "用户名为 2 至 40 位字母、数字、点、横线或下划线，不含空格。",
        "A user name has 2 to 40 letters, digits, dots, hyphens or underscores, and no blank.",
    ),
    "name_needed": Text("请填写姓名，最多 {most} 个字。", "Give a name of at most {most} characters."),
    "unit_needed_by_role": Text(
        "此人以该单位身份办案，请先终止相应岗位，再调整单位。",
        "This person acts for the unit. End that role first, then change the unit.",
    ),
    "role_not_grantable": Text("“{role}”不能分配。", "The role {role} cannot be granted."),
    "scope_not_for_role": Text(
        "“{role}”不能用这一范围，可选：{choices}。", "The role {role} does not take this scope. Possible: {choices}."
    ),
    "scope_of_other_unit": Text(
        "范围须为此人所属单位，请先设置所属单位。", "The scope has to be the person's own unit. Set the unit first."
    ),
    "scope_without_value": Text("这一范围不带编码，请留空。", "This scope takes no code. Leave it empty."),
    "role_granted_already": Text(
        "同一范围的“{role}”在这段时间内已经分配。", "The role {role} is already granted with this scope for that time."
    ),
    "grant_not_found": Text("没有这项岗位。", "There is no such role of this person."),
    "end_before_today": Text("最后一天不能早于 {day}。", "The last day cannot be before {day}."),
    "last_admin": Text(
        "这是最后一位长期有效的管理员，不能移除；请先分配给另一人。",
        "This is the last administrator without an end. Grant the role to somebody else first.",
    ),
    "person_not_found": Text("没有这个人。", "There is no such person."),
    "delegation_not_found": Text("没有这项代班授权。", "There is no such delegation."),
    "delegation_over": Text("代班已经结束。", "This delegation is over."),
    "shift_not_found": Text("排班表中没有这个班次。", "There is no such shift on the roster."),
    "shift_over": Text("班次已经结束，不能再改。", "This shift is over and stays as it was."),
    "document_not_found": Text("没有配置文档 {document}。", "There is no configuration document {document}."),
    "document_changed_meanwhile": Text(
        "{document} 已被他人修改，请在最新版本上重做。",
        "{document} was changed by somebody else meanwhile. Do it again on the newest version.",
    ),
    "document_unchanged": Text(
        "内容与现行版本相同，没有可保存的修改。", "This equals what is in force; nothing to save."
    ),
    "username_taken": Text("用户名 {username} 已被使用。", "The user name {username} is taken."),
    "password_short": Text("密码至少 {least} 个字符。", "The password needs at least {least} characters."),
    "unknown_person": Text(
        "没有担任“{role}”岗位的用户 {username}。", "There is no user {username} with the role {role}."
    ),
    "unknown_username": Text("没有用户 {username}。", "There is no user {username}."),
    # roster, delegation
    "unknown_area": Text("没有以 {area} 开头的单元网格。", "No unit cell begins with {area}."),
    "not_an_instant": Text(
        "“{value}”不是时间，应写成 2026-10-12 08:00。", "“{value}” is no date and time; write 2026-10-12 08:00."
    ),
    "end_before_start": Text("结束时间须晚于开始时间。", "The end has to be after the start."),
    "span_too_long": Text("最长 {most} 天。", "At most {most} days."),
    "role_not_held": Text(
        "只能授权本人正式担任的岗位；未正式担任“{role}”。",
        "Only a role held for good can be handed over; {role} is not.",
    ),
    "role_ends_before": Text("本岗位只担任到 {day}，授权不能更晚。", "The role itself ends on {day}; end by then."),
    "delegate_is_holder": Text("不能授权给本人。", "A role is handed over to somebody else."),
    "delegate_of_other_unit": Text(
        "{username} 不是本单位人员，不能代行本单位职责。", "{username} is not of the unit and cannot act for it."
    ),
    "delegate_has_role": Text("{username} 已担任“{role}”，无需授权。", "{username} holds the role {role} already."),
    # campaigns
    "campaign_not_found": Text("未找到专项行动 {code}。", "There is no campaign {code}."),
    "campaign_place_not_found": Text(
        "专项行动 {code} 没有第 {number} 个点位。", "The campaign {code} has no place {number}."
    ),
    "place_visited": Text("第 {number} 个点位已有巡查结果。", "Place {number} was visited already."),
    "not_your_place": Text("该点位由其他监督员负责。", "This place was given to another inspector."),
    "unknown_campaign": Text("没有专项行动 {code}。", "There is no campaign {code}."),
    "place_line": Text(
        "第 {line} 行应为：名称，经度，纬度，监督员用户名；名称以外可空。",
        "Line {line} should be: name, longitude, latitude, inspector’s user name; all but the name may be left out.",
    ),
    "campaign_not_running": Text("专项行动 {code} 不在进行中。", "The campaign {code} is not running."),
    "campaign_code_taken": Text("专项行动编号 {code} 已用于其他内容。", "The code {code} stands for another campaign."),
    "campaign_case_missing": Text(
        "请填写案件编号，或先以本专项行动上报案件。",
        "Give the case's number, or file the case with this campaign first.",
    ),
    "case_not_needed": Text("无问题时不填案件编号。", "Without a problem there is no case to name."),
    # configuration
    "configuration_refused": Text(
        "配置有 {errors} 处错误，未应用。", "The configuration has {errors} errors; nothing was applied."
    ),
    "not_configured": Text(
        "系统尚未配置。请先运行 gridcase db upgrade。", "Nothing is configured yet. Run gridcase db upgrade first."
    ),
    # configuration files, layers and what checks say of them
    "unknown_year": Text("{year} 年的工作日安排尚未公布。", "The working days of {year} have not been announced."),
    "invalid_calendar": Text("工作日历有误。", "The working calendar is not valid."),
    "missing": Text("必填。", "This is required."),
    "not_a_mapping": Text("应为键值结构。", "This must be a mapping of names to values."),
    "not_a_list": Text("应为列表。", "This must be a list."),
    "not_text": Text("应为文本。", "This must be text."),
    "not_true_or_false": Text("应为 true 或 false。", "This must be true or false."),
    "empty": Text("不能为空。", "This must not be empty."),
    "not_an_identifier": Text(
        "只能用字母、数字、点、下划线和连字符，且以字母或数字开头，最长 64 个字符。",
        "Use letters, digits, dots, underscores and hyphens, beginning with a letter or digit, at most 64 characters.",
    ),
    "not_a_date": Text("不是有效日期，请写成 2026-10-01。", "Not a date; write 2026-10-01."),
    "not_a_year": Text("应为四位年份，如 2026。", "This must be a year such as 2026."),
    "not_a_weekday": Text("星期应为 1（周一）至 7（周日）。", "A weekday is a number from 1 (Monday) to 7 (Sunday)."),
    "not_a_window": Text(
        "不是有效时段，请写成 08:00-12:00，止于 24:00 以内。",
        "Not a stretch of one day; write 08:00-12:00, ending by 24:00.",
    ),
    "windows_not_in_order": Text("时段须先后排列且不重叠。", "Windows must follow one another and not overlap."),
    "seasons_not_in_order": Text("各时令的生效日期须依次递增。", "Seasons must begin one after the other."),
    "unknown_zone": Text("没有时区 {zone}。", "There is no time zone {zone}."),
    "years_not_observed": Text(
        "此日历不执行节假日安排，不应列出年份。", "This calendar does not observe holidays, so it must list no years."
    ),
    "year_listed_twice": Text("{year} 年重复列出。", "The year {year} is listed twice."),
    "dates_reversed": Text("结束日期早于开始日期。", "The last day is before the first."),
    "date_outside_year": Text(
        "{day} 不属于 {year} 年的安排（可始于上年 12 月）。",
        "{day} does not belong to the notice for {year} (it may begin in the December before).",
    ),
    "make_up_not_weekend": Text("调休上班日 {day} 不是周末。", "The make-up workday {day} is not on a weekend."),
    "day_listed_twice": Text("{day} 重复列出。", "{day} is listed more than once."),
    "cell_code_malformed": Text(
        "网格编码不正确：应为 15 位数字或大写字母。", "This is no cell code: 15 digits or capital letters are needed."
    ),
    "coordinates_out_of_range": Text(
        "坐标超出范围，请检查经纬度是否颠倒、坐标系是否有误。",
        "Coordinates out of range: are they swapped, or in another system?",
    ),
    "crs_unknown": Text("无法识别坐标系“{crs}”。", "Unknown coordinate system “{crs}”."),
    "crs_must_be_named": Text(
        "无法由文件确定坐标系（文件声明：{crs}）。请用 --crs 指定，如 EPSG:4549、EPSG:4326、gcj02。",
        "The file does not settle its coordinate system (it says: {crs}). Name it with --crs, "
        "such as EPSG:4549, EPSG:4326, gcj02.",
    ),
    "crs_inexact": Text(
        "坐标系“{crs}”没有误差在 5 米以内的转换参数。请先转换为 CGCS2000 或 WGS 84。",
        "No way within 5 m is known from “{crs}” to WGS 84. Convert to CGCS2000 or WGS 84 first.",
    ),
    "not_a_feature_collection": Text("文件不是 GeoJSON 要素集合。", "The file is no GeoJSON FeatureCollection."),
    "json_malformed": Text(
        "文件不是有效的 JSON：第 {line} 行第 {column} 列有误，或文件不完整。",
        "This is not valid JSON: see line {line}, column {column}; the file may be cut off.",
    ),
    "layer_file_empty": Text("文件为空。", "The file is empty."),
    "layer_file_unknown": Text(
        "无法识别文件格式。支持 GeoJSON、GeoPackage（.gpkg）和 Shapefile（.shp 或 .zip），GeoJSON 可用 gzip 压缩。",
        "Unknown kind of file. GeoJSON (also gzipped), GeoPackage (.gpkg) and Shapefile (.shp or .zip) are taken.",
    ),
    "layer_file_damaged": Text("文件已损坏或不完整：{part}。", "The file is damaged or cut off: {part}."),
    "layer_file_too_large": Text(
        "文件解压后超过 {allowed} MB。请分批导入，或调大设置 max_layer_bytes（GRIDCASE_MAX_LAYER_BYTES）。",
        "Unpacked, the file is larger than {allowed} MB. Import it in pieces, or raise the setting max_layer_bytes "
        "(GRIDCASE_MAX_LAYER_BYTES).",
    ),
    "archive_suspicious": Text(
        "压缩包不安全，未解压：{part}。", "The archive is not safe and was not unpacked: {part}."
    ),
    "archive_encrypted": Text("压缩包已加密，请先解密。", "The archive is encrypted; decrypt it first."),
    "shapefile_part_missing": Text(
        "缺少 Shapefile 的 {part} 文件，请与 .shp 一并提供。",
        "The {part} file of the Shapefile is missing; it belongs beside the .shp.",
    ),
    "source_layer_must_be_named": Text(
        "文件中有多个图层：{names}。请用 --source-layer 指定一个。",
        "The file holds several layers: {names}. Choose one with --source-layer.",
    ),
    "source_layer_unknown": Text("文件中没有此图层；现有：{names}。", "The file has no such layer; it has: {names}."),
    "no_layer_in_file": Text("文件中没有图层。", "There is no layer in the file."),
    "field_not_in_file": Text(
        "文件中没有此字段；现有字段：{names}。", "The file has no such property; it has: {names}."
    ),
    "encoding_must_be_named": Text(
        "文件含有中文等非 ASCII 字符，但未声明字符编码。请用 --encoding 指定，如 GBK、UTF-8。",
        "The file holds other than ASCII letters and does not say their encoding. Name it with --encoding, "
        "such as GBK or UTF-8.",
    ),
    "encoding_does_not_fit": Text(
        "文字按编码“{encoding}”无法正确读取。请用 --encoding 指定正确的编码，如 GBK、UTF-8。",
        "The text cannot be read as “{encoding}”. Name the right encoding with --encoding, such as GBK or UTF-8.",
    ),
    "encoding_unknown": Text("没有字符编码“{encoding}”。", "There is no encoding “{encoding}”."),
    "layer_name_malformed": Text(
        "图层名称应为 1 至 40 个可显示字符。", "A layer's name has 1 to 40 printable characters."
    ),
    "tolerance_needed": Text(
        "线图层需要容差：请用 --tolerance-m 指定多少米以内算在线上。",
        "A layer of lines needs a tolerance: say with --tolerance-m within how many metres a point counts as at it.",
    ),
    "tolerance_out_of_range": Text("容差应为 0 至 1000 米。", "A tolerance lies between 0 and 1000 metres."),
    "valid_from_before_version": Text(
        "图层在 {day} 已有新版本，启用日期不能早于该日。",
        "The layer has a version of {day}; a new one cannot begin before it.",
    ),
    "layer_of_other_kind": Text(
        "图层“{layer}”中保留的要素与导入的要素类型不同（面与线不能混在一层）。",
        "What stays in the layer “{layer}” is of the other kind: a layer holds either areas or lines.",
    ),
    "layer_not_found": Text("没有图层“{layer}”。", "There is no layer “{layer}”."),
    "file_not_writable": Text("无法写入文件：{reason}。", "The file cannot be written: {reason}."),
    "layer_out_unknown": Text(
        "输出文件名应以 .geojson、.gpkg 或 .shp.zip 结尾。", "The file to write ends in .geojson, .gpkg or .shp.zip."
    ),
    "layer_outside_area": Text(
        "要素 {code} 超出坐标系“{crs}”的适用范围。", "Feature {code} lies outside the area of use of “{crs}”."
    ),
    "layer_unknown": Text(
        "系统中没有图层“{layer}”，请先导入或给出文件。", "There is no layer “{layer}” here; import it, or name a file."
    ),
    "target_area_out_of_range": Text(
        "网格目标面积 {area} 平方米不合理，应在 100 平方米至 10 平方公里之间。",
        "A target area of {area} m² is out of range; give 100 m² to 10 km².",
    ),
    "map_file_unreadable": Text(
        "地图文件中读不出图层 {layer}，请提供 .osm.pbf 或 .osm 文件。",
        "No layer {layer} can be read from the map file; give an .osm.pbf or .osm file.",
    ),
    "no_communities": Text("没有可划分的社区范围。", "There is no community outline to divide."),
    "community_unreadable": Text(
        "社区 {code} 的范围无法使用（{reason}），请先修正。",
        "The outline of community {code} cannot be used ({reason}); mend it first.",
    ),
    "community_code_needed": Text(
        "社区编码“{code}”应为 12 位且不重复；请用 --code-field 指定编码字段，单个社区可用 --code-prefix 给出编码。",
        "The community code “{code}” must have 12 characters and stand once; name its property with --code-field, "
        "or give the code of a single community with --code-prefix.",
    ),
    "enclosed": Text("被网格围住。", "Enclosed by cells."),
    "outside": Text("在所有上级之外。", "Outside every parent."),
    "cell_size_out_of_range": Text(
        "网格边长 {size} 米太小，至少为 10 米。", "A cell size of {size} m is too small; at least 10 m."
    ),
    "communities_overlap": Text("社区 {one} 与 {other} 的范围重叠。", "Communities {one} and {other} overlap."),
    "too_many_cells": Text(
        "社区 {community} 划出 {cells} 个网格，超过 999 个。",
        "Community {community} would get {cells} cells; 999 is the most.",
    ),
    "not_a_feature": Text("不是 GeoJSON 要素。", "Not a GeoJSON feature."),
    "code_missing": Text("缺少编码。", "There is no code."),
    "code_repeated": Text(
        "编码重复，且范围重叠或属性不同。", "The code is repeated on overlapping places or with other attributes."
    ),
    "date_malformed": Text("日期格式不正确。", "Not a date."),
    "geometry_type_unknown": Text(
        "只接受面要素；单元网格以外的图层也可为线要素。", "Only polygons are taken, or lines outside the unit grid."
    ),
    "geometry_mixed": Text(
        "同一图层不能既有面又有线。", "A layer holds either areas or lines; this is of the other kind."
    ),
    "code_not_printable": Text(
        "编码过长（超过 40 个字符）或含有不可显示的字符。",
        "The code is longer than 40 letters or has unprintable ones.",
    ),
    "metres_called_degrees": Text(
        "坐标不是经纬度，而像是以米为单位的投影坐标。请用 --crs 指定坐标系，如 EPSG:4549。",
        "These are no degrees but look like metres. Name the coordinate system with --crs, such as EPSG:4549.",
    ),
    "outside_area_of_use": Text(
        "坐标超出所选坐标系的适用范围，请检查坐标系和坐标轴顺序。",
        "Outside the area of use of the coordinate system: is it the right one, and are the axes swapped?",
    ),
    "line_too_short": Text("线的长度不足 1 厘米。", "The line is shorter than a centimetre."),
    "piece_dropped": Text("不足 1 厘米的部分或孔洞已略去。", "A part or hole of less than a centimetre was left out."),
    "name_shortened": Text(
        "名称过长或含有不可显示的字符，已截短或替换。", "The name was shortened, or unprintable letters were replaced."
    ),
    "geometry_empty": Text("没有图形。", "There is no geometry."),
    "coordinates_malformed": Text("坐标无法读取。", "The coordinates cannot be read."),
    "ring_too_short": Text("边界点太少。", "The ring has too few corners."),
    "ring_crosses_itself": Text("边界自相交，无法确定范围。", "The outline crosses itself; the area meant is unknown."),
    "ring_closed": Text("边界未闭合，已闭合。", "The ring was open and has been closed."),
    "shape_mended": Text(
        "边界有误，已修复（面积变化不超过 1 %）。", "The outline was mended; its area stays within 1 %."
    ),
    "parts_merged": Text("同一编码的多个部分已合并。", "Parts of one code were merged."),
    "rule_file_unreadable": Text("配置文件无法读取。", "The configuration file cannot be read."),
    "rule_file_invalid": Text("配置文件内容有误。", "The configuration file has mistakes."),
    "yaml_syntax": Text("YAML 语法错误。", "This is not valid YAML."),
    "yaml_duplicate_key": Text("键“{key}”重复。", 'The key "{key}" is repeated.'),
    "yaml_alias": Text("不允许使用锚点和别名。", "Anchors and aliases are not allowed."),
    "yaml_tag": Text("不允许使用类型标签。", "Tags are not allowed."),
    "yaml_many_documents": Text("一个文件只能有一份文档。", "A file holds one document only."),
    "yaml_key_not_text": Text("键必须是文本。", "A key must be text."),
    "yaml_too_deep": Text("嵌套超过 {depth} 层。", "Nested deeper than {depth} levels."),
    "yaml_root_not_mapping": Text("文件最外层必须是键值对。", "The file must hold keys and values."),
    "file_not_utf8": Text("文件不是 UTF-8 编码。", "The file is not UTF-8."),
    "document_name": Text(
        "文件名只能用小写字母、数字、点、横线和下划线。",
        "A name has lower-case letters, digits, dots, dashes and underscores only.",
    ),
    "document_ending": Text("文件扩展名应为 .yaml。", "The file must end in .yaml."),
    "table_without_document": Text("表格缺少同名的 YAML 文件。", "The table lacks a YAML file of its name."),
    "table_syntax": Text("CSV 格式错误。", "This is not valid CSV."),
    "table_column": Text("未知或重复的列“{column}”。", 'Unknown or repeated column "{column}".'),
    "table_column_missing": Text("缺少列“{column}”。", 'The column "{column}" is missing.'),
    "table_cells": Text("单元格数与表头不符。", "The row has more or fewer cells than the header."),
    "table_cell_missing": Text("“{column}”不能为空。", '"{column}" must not be empty.'),
    "table_rows_disagree": Text("类别 {type} 各行的内容不一致。", "The rows of type {type} disagree."),
    "mapping_expected": Text("此处应为键值对。", "Keys and values are expected here."),
    "list_expected": Text("此处应为列表。", "A list is expected here."),
    "list_empty": Text("列表不能为空。", "The list must not be empty."),
    "text_expected": Text("此处应为文本，编号请加引号。", "Text is expected here; put codes in quotation marks."),
    "text_length": Text(
        "文本不能为空，且不超过 {max} 字。", "The text must not be blank nor longer than {max} characters."
    ),
    "flag_expected": Text("此处应为 true 或 false。", "true or false is expected here."),
    "whole_number_expected": Text(
        "此处应为 {least} 至 {most} 的整数。", "A whole number from {least} to {most} is expected."
    ),
    "date_expected": Text("“{value}”不是日期，应写成 2026-10-01。", '"{value}" is no date; write 2026-10-01.'),
    "limit_expected": Text(
        "“{value}”不是时限，应写成“2 working_hour”，单位可用 {units}。",
        '"{value}" is no time limit; write "2 working_hour"; units are {units}.',
    ),
    "choice_expected": Text("“{value}”不在可选值 {choices} 之中。", '"{value}" is none of {choices}.'),
    "code_shape": Text("编号“{value}”格式不对。", 'The code "{value}" has the wrong form.'),
    "no_config_folder": Text(
        "没有配置目录 {folder}；请在 gridcase 的目录中运行，或用 GRIDCASE_CONFIG_DIR 指明。",
        "There is no configuration folder {folder}; run this in the folder of gridcase, or name it in "
        "GRIDCASE_CONFIG_DIR.",
    ),
    "key_missing": Text("缺少“{key}”。", '"{key}" is missing.'),
    "unknown_key": Text("未知的键“{key}”。", 'Unknown key "{key}".'),
    "duplicate_type": Text("类别 {type} 重复。", "The type {type} is repeated."),
    "duplicate_condition": Text("立案条件 {condition} 重复。", "The filing condition {condition} is repeated."),
    "duplicate_limit_rule": Text(
        "同一区域等级和来源已有时限。", "There is a limit for this area class and source already."
    ),
    "limit_rule_for_all": Text(
        "请写明 area_class 或 source；普遍适用的时限写在 limit。",
        "Name an area_class or a source; what applies to all is the condition's limit.",
    ),
    "area_class_without_area": Text(
        "目录中有区域等级 {area_class} 的时限，但没有区域属于该等级。",
        "The catalogue has limits for area class {area_class}, but no area is of that class.",
    ),
    "duplicate_unit": Text("单位 {unit} 重复。", "The unit {unit} is repeated."),
    "duplicate_rule": Text("规则 {rule} 重复。", "The rule {rule} is repeated."),
    "duplicate_reason": Text("原因 {reason} 重复。", "The reason {reason} is repeated."),
    "type_without_condition": Text("类别 {type} 没有立案条件。", "The type {type} has no filing condition."),
    "unknown_source": Text("未登记的依据“{source}”。", 'The source "{source}" is not listed.'),
    "unknown_parent": Text("上级单位 {parent} 不存在。", "The parent unit {parent} does not exist."),
    "unit_cycle": Text("单位 {unit} 的上级关系成环。", "The unit {unit} stands under itself."),
    "rule_without_type": Text("规则没有指定类别。", "The rule names no type."),
    "milestone_too_early": Text("不能早于时间表中的前一步。", "It may not lie before the step above it."),
    "time_of_day_expected": Text("“{value}”不是时刻，请写作 18:00。", '"{value}" is no time of day; write 18:00.'),
    "month_not_sealed": Text("{period} 尚未封存。", "{period} is not sealed."),
    "type_pattern_expected": Text("“{value}”不是类别或类别前缀。", '"{value}" is no type or beginning of one.'),
    "ends_before_start": Text(
        "截止日 {last} 早于起始日 {first}。", "The last day {last} is before the first day {first}."
    ),
    "urgent_unit_expected": Text(
        "紧急时限“{value}”必须用紧急工作时或紧急工作日。", 'The urgent limit "{value}" must be in urgent hours or days.'
    ),
    "reason_missing": Text("原因列表必须包含 {reason}。", "The list of reasons must hold {reason}."),
    "name_differs": Text(
        "文中名称“{name}”与文件名“{file}”不一致。", 'The name "{name}" differs from the file name "{file}".'
    ),
    "unknown_calendar": Text("工作日历 {calendar} 不存在。", "The calendar {calendar} does not exist."),
    "pattern_matches_nothing": Text("前缀 {pattern} 没有对应的类别。", "No type begins with {pattern}."),
    "routing_rule_dead": Text(
        "规则 {rule} 被前面的规则 {above} 完全覆盖，永远不会生效。",
        "Rule {rule} can never win: rule {above} above it takes all its cases.",
    ),
    "routing_rules_overlap": Text(
        "规则 {rule} 与前面的规则 {above} 部分重叠而单位不同。",
        "Rules {rule} and {above} overlap and name different units.",
    ),
    "type_without_route": Text("类别 {type} 没有派遣规则。", "No routing rule takes the type {type}."),
    "type_partly_routed": Text(
        "类别 {type} 仅在部分区域、来源或日期有派遣规则。",
        "The type {type} is routed only in some areas, from some sources or for a time.",
    ),
    "condition_unconfirmed": Text("该时限待确认。", "This limit is to be confirmed."),
    "condition_without_limit": Text(
        "未规定时限，由值班长在立案时确定。", "No limit; the shift leader chooses one at registration."
    ),
    "stage_limits_unconfirmed": Text("阶段时限待确认。", "The stage limits are to be confirmed."),
    "not_a_uuid": Text("应为 UUID。", "This has to be a UUID."),
    "amount_out_of_range": Text("应大于 0 且不超过 {most}。", "This has to be more than 0 and at most {most}."),
    "below_zero": Text("不能小于 0。", "This may not be less than 0."),
    "amount_too_fine": Text("最多两位小数。", "At most two decimals."),
    "too_many_items": Text("最多 {most} 项。", "At most {most} of them."),
    "body_too_large": Text("请求体过大，最多 {allowed} KB。", "The body is too large (at most {allowed} KB)."),
    "json_key_twice": Text("同一字段出现两次，请只保留一个。", "This field stands twice; keep one."),
    "not_an_object": Text("应为 JSON 对象。", "This has to be a JSON object."),
    "not_a_choice_here": Text("该值不在允许范围内。", "This value is not allowed here."),
    "one_file_only": Text("每次上传一个文件，字段名为 file。", "Upload one file at a time, in the field file."),
    "bad_request": Text("请求无法读取。", "The request cannot be read."),
    "weights_do_not_sum": Text(
        "各项权重之和为 {sum}，应为 {full_score}。", "The weights add up to {sum} instead of {full_score}."
    ),
    "duplicate_indicator": Text("指标编号 {id} 重复。", "The indicator {id} occurs more than once."),
    "duplicate_term": Text("算式编号 {id} 重复。", "The term {id} occurs more than once."),
    "not_above_zero": Text("必须大于零。", "Must be greater than zero."),
    "floor_above_ceiling": Text("下限高于上限。", "The floor is above the ceiling."),
    "unknown_count": Text(
        "按 {subject} 统计时没有计数项 {count}，可用的见 docs/counts.md；由人录入的数请写进 numbers。",
        "There is no count {count} in the view by {subject}: docs/counts.md lists them; declare a number that people "
        "give in numbers.",
    ),
    "unknown_indicator": Text("没有编号为 {id} 的指标。", "There is no indicator {id}."),
    "type_key_expected": Text(
        "“{value}”不是“体系/类别/代码”形式的案件类型。", '"{value}" is not a case type written scheme/kind/code.'
    ),
    "decimal_expected": Text("“{value}”不是小数。", '"{value}" is not a decimal number.'),
    "amount_malformed": Text(
        "“{value}”不是计数之和，应写成 closed 或 closed_on_time + 0.4 * closed_overdue。",
        '"{value}" is no sum of counts; write closed, or closed_on_time + 0.4 * closed_overdue.',
    ),
    "one_of_keys": Text("须且只须写一个：{keys}。", "Exactly one of these is needed: {keys}."),
    "step_unreachable": Text(
        "上面的档次已包含本档，永远轮不到。", "A row above takes everything that this one would take."
    ),
    "knots_not_rising": Text("各点须从小到大排列。", "The values have to rise from one to the next."),
    "role_needs_post": Text("只有按岗位（post）评价时才能写岗位角色。", "A role goes with the subject post only."),
    "grades_not_falling": Text("等级须从高到低排列。", "Grades have to fall from one to the next."),
    "external_is_count": Text(
        "外部得分不能与计数项 {name} 同名。", "An outside score may not bear the name of the count {name}."
    ),
    "reserved_name": Text("{name} 是保留名称。", "{name} is a reserved name."),
    "subject_in_two_groups": Text("{subject} 同时列在两个分组中。", "{subject} is listed in two groups."),
    "deducts_from_nothing": Text(
        "该项从 0 分起且只扣分，永远得不到分；请写 starts_full: true，或写负的下限。",
        "This item starts with 0 and only loses points; write starts_full: true, or a floor below 0.",
    ),
    "earns_beyond_full": Text(
        "该项从满分起又按比率加分，永远封顶；请去掉 starts_full。",
        "This item starts with its full weight and earns by a rate on top; take starts_full away.",
    ),
    "curve_needs_rate": Text(
        "该算法需要比率（numerator 与 denominator，或带 out_of 的 external）。",
        "This curve needs a rate: numerator and denominator, or external with out_of.",
    ),
    "curve_needs_number": Text(
        "按件计分需要数量（count，或不带 out_of 的 external）。",
        "Points per case need a number: count, or external without out_of.",
    ),
    "multiplier_without_counts": Text(
        "外部得分没有案件，不能加倍计件。", "An outside score has no cases to count several times."
    ),
    "rule_unconfirmed": Text("数值待确认：{remark}", "To be confirmed: {remark}"),
    "versions_overlap": Text(
        "该评分规则的第 {version} 版在 {first} 仍施行，请给它写上 valid_to。",
        "Version {version} of this rule set is still in force on {first}; give it a valid_to.",
    ),
    "given_ending": Text("{name} 不是 .csv、.json 或 .yaml 文件。", "{name} ends in none of .csv, .json, .yaml."),
    "given_unreadable": Text("文件无法读取，请存为 UTF-8。", "The file cannot be read; save it as UTF-8."),
    "given_column_twice": Text("列 {column} 出现两次。", "The column {column} stands twice."),
    "given_column_unknown": Text(
        "该评分规则用不到列 {column}，可用的列有：{choices} 等。",
        "The rule set has no use for the column {column}. Columns it reads are, among others: {choices}.",
    ),
    "given_column_missing": Text(
        "指标 {indicator} 需要列 {column}，请补上。", "The indicator {indicator} needs the column {column}; add it."
    ),
    "given_row_length": Text(
        "该行有 {cells} 格，表头有 {columns} 列。", "The row has {cells} cells and the header {columns} columns."
    ),
    "given_subject_twice": Text("{subject} 出现两行。", "{subject} has two rows."),
    "given_subject_role": Text(
        "该评分规则只评岗位 {role}，应写成 {role}/编号。", "The rule set judges posts of {role}: write {role}/NUMBER."
    ),
    "given_out_of": Text("{value} 不在 0 到 {out_of} 之间。", "{value} does not lie between 0 and {out_of}."),
    "given_rate": Text("{value} 不是 0 到 100 之间的百分数。", "{value} is no percentage between 0 and 100."),
    "given_whole": Text("“{value}”不是不小于 0 的整数。", '"{value}" is not a whole number from 0.'),
    "rule_file_missing": Text("没有文件 {file}。", "There is no file {file}."),
    "package_unreadable": Text("文件不是可读的月度数据包。", "The file is not a readable monthly package."),
    "manifest_missing": Text("数据包中没有清单。", "The package has no manifest."),
    "manifest_invalid": Text("数据包的清单无效。", "The manifest of the package is not valid."),
    "member_missing": Text("缺少清单所列的 {member}。", "{member} is listed but missing."),
    "member_unlisted": Text("{member} 不在清单中。", "{member} is not listed in the manifest."),
    "member_twice": Text("{member} 出现多次。", "{member} occurs more than once."),
    "member_changed": Text("{member} 与清单不符。", "{member} differs from the manifest."),
    "package_too_large": Text(
        "数据包的成员过多、过大或压缩方式可疑，未予解开。",
        "The package has too many or too large members, or is packed in a way that we do not open.",
    ),
    "package_hides": Text("文件中有不属于任何成员的字节。", "The file holds bytes that belong to no member."),
    "signature_missing": Text("数据包没有签名。", "The package is not signed."),
    "signature_wrong": Text(
        "签名不是用所给公钥（{key}…）对应的私钥对这份清单所作。",
        "The signature over this manifest was not made with the key whose public half was given ({key}…).",
    ),
    "key_differs": Text(
        "清单所写的密钥编号不是所给公钥（{key}…）的编号。",
        "The manifest names another key than the one that was given ({key}…).",
    ),
    "authorship_not_proven": Text(
        "未给出公钥，无法证明由谁签发；请用 --public-key 给出发送方的公钥，或用 --unsigned 只查完整性。",
        "No public key was given, so it is not proven who made it: give the sender's with --public-key, "
        "or be content with integrity by --unsigned.",
    ),
    "table_unreadable": Text("{table} 表无法读取。", "The table {table} cannot be read."),
    "table_differs": Text(
        "{table} 表第 {row} 行在 CSV 与 JSON 中不一致。", "Row {row} of the table {table} differs between CSV and JSON."
    ),
    "table_rows": Text(
        "{table} 表有 {rows} 行，与清单不符。", "The table {table} has {rows} rows, not as many as the manifest says."
    ),
    "summary_differs": Text(
        "汇总中的 {item} 不等于各社区之和。", "In the summary, {item} is not the sum over the areas."
    ),
    "rule_set_differs": Text("规则集 {name} 与清单所列不符。", "The rule set {name} is not the one in the manifest."),
    "line_case_unknown": Text(
        "{subject} 的明细所列案件 {case} 不在案件明细表中。",
        "The case {case} behind a line of {subject} is not on the case sheet.",
    ),
    "line_missing": Text(
        "{subject} 的第 {line} 行明细缺失或次序有误。", "Line {line} of {subject} is missing or out of place."
    ),
    "lines_do_not_sum": Text(
        "{subject} 的明细之和不等于 {score}。", "The lines of {subject} do not add up to {score}."
    ),
    "ranking_differs": Text(
        "{name} 的排名与明细所列对象不一致。", "The ranking of {name} does not name the subjects of its lines."
    ),
    "ranks_do_not_follow": Text(
        "{subject} 的名次与得分不符。", "The rank of {subject} does not follow from the scores."
    ),
    "signing_key_unreadable": Text(
        "签名密钥文件 {file} 无法读取；请恢复备份，不要删除：删除后将生成新密钥，旧公钥不再适用。",
        "The signing key in {file} cannot be read: restore it from a backup; if it is removed, a new key is made "
        "that the old public key does not fit.",
    ),
    "no_chinese_font": Text(
        "本机没有中文字体，未生成可打印的报告；请安装 fonts-noto-cjk 后重新生成。",
        "This machine has no Chinese font, so there is no printed report: install fonts-noto-cjk and make it again.",
    ),
    "anchor_unreadable": Text(
        "{file} 既不是月度数据包，也不是其清单。", "{file} is neither a monthly package nor the manifest of one."
    ),
    "anchor_missing": Text("{file} 的清单没有历史校验根。", "The manifest in {file} prints no root over the history."),
    "unknown_rule_set": Text(
        "没有评分规则 {name}，可选：{choices}。", "There is no rule set {name}. Choose: {choices}."
    ),
    "rule_set_not_in_force": Text(
        "评分规则 {name} 自 {first} 起施行，不适用于该周期。",
        "The rule set {name} is not in force in this period (first day {first}).",
    ),
    "period_malformed": Text(
        "“{period}”不是周期，应写成 2026-10、2026-Q4 或 2026。",
        "“{period}” is no period; write 2026-10, 2026-Q4 or 2026.",
    ),
    # cases of other systems
    "unknown_mapping": Text(
        "没有名为 {name} 的导入映射，也没有这样的文件。现有：{choices}。",
        "There is no mapping and no file {name}. There are: {choices}.",
    ),
    "file_unreadable": Text(
        "文件不完整或已损坏，无法解压。请重新取得该文件。", "The file is incomplete or damaged. Get it anew."
    ),
    "file_encoding": Text(
        "第 {offset} 字节处不是 {encoding} 编码。请用 --encoding 指明文件的编码。",
        "At byte {offset} the file is not {encoding}. Name its encoding with --encoding.",
    ),
    "file_looks_utf8": Text(
        "文件是 UTF-8 编码，而映射写的是 {encoding}。请用 --encoding utf-8。",
        "The file is UTF-8, but the mapping says {encoding}. Use --encoding utf-8.",
    ),
    "appeal_not_found": Text("没有编号为 {id} 的申诉。", "There is no appeal {id}."),
    "appeal_exists": Text("该得分项已有待裁定的申诉 {appeal}。", "Appeal {appeal} against this line is still open."),
    "appeal_closed": Text("该申诉已了结（{state}）。", "This appeal has ended ({state})."),
    "appeals_closed": Text("申诉期为 {first} 至 {last}，不在期内。", "Appeals are taken from {first} to {last} only."),
    "line_not_found": Text("{subject} 没有编号为 {line} 的得分项。", "{subject} has no line {line}."),
    "case_not_behind_line": Text("案件 {number} 不在该得分项内。", "The line does not rest on case {number}."),
    "not_your_appeal": Text("只有提出人或其单位可以撤回。", "Only who filed it, or the unit, takes it back."),
    "filed_it_yourself": Text("不得裁定本人提出的申诉。", "Nobody decides their own appeal."),
    "points_needed": Text("须填写补回的分数。", "Say how many points are given back."),
    "rejected_gives_nothing": Text("驳回时不得填写分数。", "A rejected appeal gives no points."),
    "exemption_not_found": Text("没有编号为 {id} 的免责申请。", "There is no exemption {id}."),
    "exemption_unknown": Text(
        "考核办法 {rule_set} 没有免责情形 {reason}。", "The rule set {rule_set} knows no exemption {reason}."
    ),
    "exemption_decided": Text("该免责申请已裁定（{state}）。", "This exemption was decided ({state})."),
    "proposed_it_yourself": Text("不得裁定本人提出的免责申请。", "Nobody decides what they proposed."),
    "external_unknown": Text(
        "考核办法没有外部分数“{name}”，可用：{choices}。", 'The rule set asks for no score "{name}"; known: {choices}.'
    ),
    "subject_needed": Text("须填写考核对象。", "Say whose score it is."),
    "given_twice": Text("{subject} 的分数重复。", "The score of {subject} is given twice."),
    "score_differs": Text(
        "已有不同的分数 {value}；如为更正，请注明更正。", "Another score, {value}, stands; to correct it, say so."
    ),
    "score_out_of_range": Text("{value} 不在 0 至 {most} 之间。", "{value} is not between 0 and {most}."),
    "row_broken": Text("第 {row} 行无法读取。", "Row {row} cannot be read."),
    "origin_after_period": Text(
        "来源期 {origin} 晚于计入期 {period}。", "The origin {origin} is later than the period {period}."
    ),
    "rows_of_rejection": Text("只有退回时才填写行。", "Only a rejection names rows."),
    "in_the_future": Text("时间不得晚于现在。", "It cannot lie in the future."),
    "nothing_superseded": Text("运行 {run} 不是重新签发。", "Run {run} is no re-issue."),
    "not_delivered": Text("尚未发送给 {recipient}。", "Nothing was sent to {recipient} yet."),
    "findings_header": Text(
        "首行须有“类型”列，以及“对方案号”或“我方案号”列；可用的列：{columns}。",
        "The first line needs a column kind, and their_number or our_number; columns known: {columns}.",
    ),
    "finding_differs": Text(
        "案号 {number} 已有一条内容不同的记录；如为更正，请加 --correct。",
        "A different record of {number} was taken before; to correct it, say --correct.",
    ),
    "finding_word_unknown": Text("“{value}”不可用，可填：{choices}。", '"{value}" is not one of {choices}.'),
    "number_needed": Text("对方案号与我方案号至少填一个。", "Their number or ours is needed."),
    "case_number_malformed": Text("“{number}”不是本系统的案号。", '"{number}" is no case number of ours.'),
    "points_need_indicator": Text("扣分项与扣分须同时填写。", "Item and points go together: give both or neither."),
    "points_need_unit": Text("有扣分时须填责任单位。", "Points need the unit that they are taken from."),
    "rule_set_needed": Text("有扣分时须指明考核办法（--rule-set）。", "Points need the rule set: say --rule-set."),
    "indicator_unknown": Text("考核办法 {rule_set} 中没有考核项 {id}。", "The rule set {rule_set} has no item {id}."),
    "header_unreadable": Text("文件中没有列名行。", "The file has no line with the names of its columns."),
    "header_missing": Text(
        "文件缺少列：{columns}。请核对映射、分隔符和列名行数。",
        "The file lacks the columns {columns}. Check the mapping, the delimiter and the header rows.",
    ),
    "header_repeated": Text(
        "列名重复：{columns}。无法判断取哪一列，请改列名。",
        "The file has these columns twice: {columns}. Which is meant cannot be told; rename one.",
    ),
    "row_cells": Text("该行有 {cells} 格，应为 {columns} 格。", "The row has {cells} cells instead of {columns}."),
    "row_quote": Text(
        "引号没有闭合，或引号后有多余字符。", "A quote is not closed, or something follows the closing quote."
    ),
    "row_nul": Text("该行含空字符（NUL）。", "The row holds a NUL character."),
    "row_too_long": Text("该行过长。", "The row is too long."),
    "value_missing": Text("列 {column} 没有值。", "The column {column} is empty."),
    "value_unknown": Text(
        "列 {column} 的值“{value}”不在映射中。请在映射中补上。",
        'The value "{value}" of the column {column} is not in the mapping. Add it there.',
    ),
    "number_too_long": Text("编号超过 {most} 个字符。", "The number has more than {most} characters."),
    "number_repeated": Text(
        "编号 {number} 已有内容不同的一行，此行未导入。",
        "There is a row with the number {number} and other content already; this one was left out.",
    ),
    "instant_unreadable": Text(
        "“{value}”不是时间，格式应为 {formats}。", '"{value}" is no instant of the form {formats}.'
    ),
    "instant_in_future": Text("上报时间晚于现在。", "It would have been filed after now."),
    "outcome_contradicts": Text(
        "列 {columns} 同时写明按期与超期，无法判断。", "The columns {columns} say both on time and overdue."
    ),
    "closed_before_filed": Text(
        "结案时间 {at} 早于上报时间 {filed_at}。", "It was closed at {at}, before it was filed at {filed_at}."
    ),
    "instant_before_filed": Text("{at} 早于上报时间 {filed_at}。", "{at} is before the filing at {filed_at}."),
    "position_unreadable": Text("（{x}，{y}）不是 {crs} 中的位置。", "({x}, {y}) is no position in {crs}."),
    "import_raced": Text(
        "另一导入正在写入来源 {system} 的同样编号。请稍后再运行一次。",
        "Another import is writing the same numbers of {system}. Run it again later.",
    ),
    "state_not_importable": Text(
        "案件不能以状态“{value}”导入，只能是 {choices}。",
        'No case can be imported as "{value}", only as {choices}.',
    ),
    "prefix_taken": Text(
        "字头 {prefix} 已用于来源 {system}。", "The letters {prefix} are those of the source {system}."
    ),
    "header_needed": Text("第一行须为列名 {columns}。", "The first line has to name the columns {columns}."),
    "points_malformed": Text("文件不是可读的 CSV：{reason}。", "The file cannot be read as CSV: {reason}."),
    # general
    "method_not_allowed": Text("此地址不支持该方法。", "This address does not take this method."),
    "internal_error": Text(
        "系统出现故障，编号 {id}，请告知管理员。", "Something failed on our side. Tell the administrator this id: {id}."
    ),
    "metrics_refused": Text(
        "运行指标只对本机开放，或凭指标令牌查看。", "Metrics are for this machine itself, or with the metrics token."
    ),
    "not_ready": Text("数据库尚未就绪。", "The database is not ready."),
    # recurrences
    "missed_not_found": Text(
        "没有案件 {number} 的漏报认定，或您无权查看。",
        "Case {number} was not found to be missed, or it is not yours to see.",
    ),
    "missed_already_reviewed": Text(
        "案件 {number} 的漏报认定已复核。", "That case {number} was missed was reviewed already."
    ),
    "recurrence_not_found": Text(
        "没有案件 {number} 的反复发案记录，或您无权查看。",
        "There is no recurrence for case {number}, or it is not yours to see.",
    ),
    "already_reviewed": Text(
        "案件 {number} 的反复发案已复核。", "The recurrence of case {number} was reviewed already."
    ),
}
