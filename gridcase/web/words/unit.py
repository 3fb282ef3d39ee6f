"""Words of a unit's own page."""

from gridcase.edge.texts import Text

WORDS: dict[str, Text] = {
    "unit.tray_to_sign": Text("待签收", "To sign for"),
    "unit.tray_breaching": Text("即将超时与已超时", "About to breach, or late"),
    "unit.tray_in_rework": Text("返工", "Rework"),
    "unit.tray_to_confirm": Text("下级已提交，待确认", "Submitted to us, to confirm"),
    "unit.tray_supervised": Text("督办待回复", "Supervisions to answer"),
    "unit.tray_for_us": Text("交办给本单位", "Assigned to us"),
    "unit.tray_to_assist": Text("本单位协办", "We assist"),
    "unit.tray_in_hand": Text("处置中", "In hand"),
    "unit.tray_given_out": Text("已交办下级", "Given to a sub-unit"),
    "unit.tray_requests": Text("申请待审批", "Requests undecided"),
    "unit.tray_returned_by_us": Text("已回退，待裁定", "Returned, awaiting a ruling"),
    "unit.tray_on_hold": Text("挂账", "Suspended"),
    "unit.tray_reported_by_us": Text("已反馈，待核查", "Reported, awaiting the check"),
    "unit.nothing": Text("目前没有要办的案件。", "Nothing lies on the desk."),
    "unit.empty_trays": Text("暂无案件：", "Empty:"),
    "unit.sign_chosen": Text("签收所选", "Sign for the chosen"),
    "unit.choose_all": Text("全选", "All"),
    "unit.choose": Text("选择 {number}", "Choose {number}"),
    "unit.signed": Text("已签收 {n} 件。", "Signed for {n}."),
    "unit.done": Text("已办理：{action}", "Done: {action}"),
    "unit.refused": Text("以下案件未能签收：", "These could not be signed for:"),
    "unit.more": Text("其他操作", "More"),
    "unit.is_more": Text("只列出时限最近的 {n} 件。", "Only the {n} due first are listed."),
    "unit.photo": Text("现场照片", "Photo from the place"),
    "unit.lead_unit": Text("主办单位：{unit}", "Lead unit: {unit}"),
    "unit.until": Text("至 {time}", "until {time}"),
    "unit.answer_by": Text("须在 {time} 前回复", "answer before {time}"),
    "unit.waiting": Text("{label}待审批", "{label} undecided"),
    "unit.rejected": Text("退回 {n} 次", "rejected {n} ×"),
    "unit.score": Text("本月得分", "Score so far"),
    "unit.score_of": Text("{period} 得分", "Score of {period}"),
    "unit.no_score": Text(
        "还没有本单位的得分；本月得分每日自动计算。", "No score yet; that of the open month is worked out daily."
    ),
    "unit.not_current": Text("本月尚未计算，以下为最近一期。", "The open month has no score yet; this is the latest."),
    "unit.rank": Text("第 {rank} 名（共 {among} 个单位）", "Rank {rank} of {among}"),
    "unit.no_data": Text("无数据", "no data"),
    "unit.draft": Text("初稿", "draft"),
    "unit.rule_set": Text(
        "依据 {rule_set}（{version} 版），统计至 {time}", "By {rule_set}, version {version}, as of {time}"
    ),
    "unit.item": Text("考评项", "Item"),
    "unit.points": Text("得分 / 满分", "Points of weight"),
    "unit.lost": Text("失分", "Lost"),
    "unit.cases": Text("涉及案件", "Cases"),
    "unit.nothing_lost": Text("没有失分。", "No points lost."),
    "unit.breaching": Text("本月内到期、仍须处置的案件", "Cases still due this month"),
    "unit.no_breaching": Text("本月内没有到期的在办案件。", "No open case is due in what is left of the month."),
    "unit.would_change": Text(
        "这 {n} 件在截止前反馈，就不会增加超期；每超期一件都会拉低按期率。",
        "Reported before their deadlines, these {n} add nothing overdue; each one late lowers the on-time rate.",
    ),
    "unit.dialog": Text("办理案件", "Do something with a case"),
}
