"""Words of the leader's page: figures with their formulas, who is late, hot cells, what comes back."""

from gridcase.edge.texts import Text

WORDS: dict[str, Text] = {
    "dash.as_of": Text("截至 {time}", "As of {time}"),
    "dash.today": Text("今日", "Today"),
    "dash.now": Text("当前", "Now"),
    "dash.usual": Text("前 {days} 天日均 {n}", "{n} a day in the {days} days before"),
    "dash.formula": Text("统计口径", "How it is counted"),
    "dash.filed": Text("上报", "Filed"),
    "dash.registered": Text("立案", "Registered"),
    "dash.dispatched": Text("派遣", "Dispatched"),
    "dash.closed": Text("结案", "Closed"),
    "dash.breached": Text("新增处置超时", "Handling limit passed"),
    "dash.open": Text("在办", "Open"),
    "dash.overdue": Text("超时", "Overdue"),
    "dash.received": Text("待受理", "To accept"),
    "dash.verifying": Text("核实中", "Being verified"),
    "dash.unassigned": Text("待派遣", "To dispatch"),
    "dash.returned": Text("回退待裁定", "Returned"),
    "dash.undecided": Text("申请待批", "Requests to decide"),
    "dash.suspended": Text("挂账", "Suspended"),
    "dash.reported": Text("待核查", "To check"),
    "dash.checking": Text("核查中", "Being checked"),
    "dash.recurrent": Text("反复发案", "Recurrences"),
    "dash.formula_filed": Text(
        "当日 0 时起收到的案件，不论来源和现状。", "Cases received on the day, of any source and state."
    ),
    "dash.formula_registered": Text("当日 0 时起立案的案件。", "Cases registered on the day."),
    "dash.formula_dispatched": Text(
        "当日 0 时起派给主办单位的案件，改派也算，一案计一次。",
        "Cases given to a lead unit on the day, reassigned ones too; each counts once.",
    ),
    "dash.formula_closed": Text(
        "当日 0 时起结案、现仍为结案的案件；作废、移送不计。",
        "Cases closed on the day and still closed; void and transferred ones do not count.",
    ),
    "dash.formula_breached": Text(
        "处置截止时间落在当日 0 时至现在、当时主办单位尚未反馈的案件；延期待批、改派后不计考核的除外。",
        "Cases whose handling deadline fell on the day, up to now, with no report of the lead unit by then; not those "
        "with an extension pending, or with an assignment that left the due counts.",
    ),
    "dash.formula_open": Text("尚未结案、作废或移送的全部案件。", "All cases not closed, void or transferred."),
    "dash.formula_overdue": Text(
        "在办案件中，所处环节的截止时间已过；延期待批、挂账的不算。",
        "Open cases past the deadline of the stage they stand in; not those suspended or with an extension pending.",
    ),
    "dash.formula_received": Text("状态为待受理的案件。", "Cases received and not registered yet."),
    "dash.formula_verifying": Text(
        "已请监督员现场核实、尚无结果的案件。", "Cases an inspector was asked to verify, without a result yet."
    ),
    "dash.formula_unassigned": Text("已立案、待派遣的案件。", "Cases registered and not dispatched yet."),
    "dash.formula_returned": Text(
        "单位回退、等待裁定或改派的案件。", "Cases a unit returned, to be decided or reassigned."
    ),
    "dash.formula_undecided": Text(
        "有延期、挂账或更正申请待批的案件。", "Cases with a request waiting: extension, suspension or correction."
    ),
    "dash.formula_suspended": Text("挂账暂停计时的案件。", "Cases whose clock is suspended."),
    "dash.formula_reported": Text(
        "单位已反馈、尚未派核查或结案的案件。", "Cases reported as done, to be checked or closed."
    ),
    "dash.formula_checking": Text(
        "已请监督员核查、尚无结果的案件。", "Cases an inspector was asked to check, without a result yet."
    ),
    "dash.formula_recurrent": Text(
        "系统认定为反复发案（未被否定）、目前在办的案件。",
        "Open cases that the system found to repeat a closed one, unless a review rejected it.",
    ),
    "dash.by_unit": Text("各单位超时", "Overdue by unit"),
    "dash.unit": Text("处置单位", "Unit"),
    "dash.no_unit": Text("尚未派遣", "Not dispatched yet"),
    "dash.late": Text("超时", "Overdue"),
    "dash.late_with_unit": Text("处置环节", "Handling"),
    "dash.late_with_office": Text("中心环节", "Office"),
    "dash.oldest": Text("最早截止", "Earliest deadline"),
    "dash.by_unit_note": Text(
        "处置环节：处置时限已过；中心环节：受理、派遣或核查时限已过。",
        "Handling: the unit's limit has passed. Office: a limit to register, dispatch or check has passed.",
    ),
    "dash.by_unit_chart": Text(
        "各单位超时件数条形图，数据见旁边的表", "Bars of overdue cases by unit; the table beside has the figures"
    ),
    "dash.no_late": Text("没有超时案件。", "Nothing is overdue."),
    "dash.trend": Text("近 {n} 天上报与结案", "Filed and closed, last {n} days"),
    "dash.trend_chart": Text(
        "近 {n} 天每日上报与结案件数折线图，数据见下表",
        "Lines of cases filed and closed a day, last {n} days; the table below has the figures",
    ),
    "dash.table": Text("数据表", "Figures"),
    "dash.day": Text("日期", "Day"),
    "dash.hot": Text("热点网格（近 {n} 天）", "Hot cells, last {n} days"),
    "dash.cell": Text("网格", "Cell"),
    "dash.filed_in": Text("上报", "Filed"),
    "dash.filed_before": Text("此前 {n} 天", "{n} days before"),
    "dash.open_in": Text("在办", "Open"),
    "dash.on_map": Text("看地图", "Map"),
    "dash.no_cells": Text("近期没有已定位的案件。", "No located case in this time."),
    "dash.worst": Text("超时最久", "Longest overdue"),
    "dash.all": Text("全部 {n} 件", "All {n}"),
    "dash.none_recurrent": Text("没有在办的反复发案。", "No open case is a recurrence."),
    "dash.case": Text("案件", "Case"),
    "dash.where": Text("位置", "Where"),
    "dash.state": Text("状态", "State"),
    "dash.left": Text("剩余时间", "Time left"),
    "dash.filed_at": Text("上报时间", "Filed"),
    "dash.supervised": Text("督办中", "Supervised"),
    "dash.dialog": Text("督办", "Supervise"),
    "dash.done": Text("已办理：{action}", "Done: {action}"),
    "dash.supervised_many": Text("已督办 {n} 件。", "{n} cases are supervised now."),
    "dash.number": Text("共 {n} 件", "{n} cases"),
    "dash.in_queue": Text("在案件列表中打开", "Open in the queue"),
    "dash.supervise_many": Text("督办勾选的案件", "Supervise the ticked cases"),
    "dash.supervise_text": Text("督办要求", "What is asked"),
    "dash.supervise_due": Text("要求回复时间", "Reply due"),
    "dash.supervise_due_hint": Text("不填则按规则的时限", "empty: the limit of the rules"),
    "dash.choose": Text("选择 {number}", "Choose {number}"),
    "dash.choose_all": Text("全选", "All"),
    "dash.none_chosen": Text("请先勾选案件。", "Tick some cases first."),
    "dash.refused": Text("以下案件未能督办，其余已督办：", "These could not be supervised; the others are:"),
    "dash.none": Text("没有案件。", "No cases."),
}
