"""Words of the list of what the evidence of phones shows."""

from gridcase.edge.texts import Text

WORDS: dict[str, Text] = {
    "anomaly.about": Text(
        "根据手机取证数据列出需要人工复核的情况，只列事实和数字，不作结论。",
        "What the evidence of phones shows that a person should look at: facts and numbers, no verdict.",
    ),
    "anomaly.open": Text("待复核", "To be reviewed"),
    "anomaly.reviewed": Text("已复核", "Reviewed"),
    "anomaly.at": Text("时间", "Time"),
    "anomaly.kind": Text("情况", "Kind"),
    "anomaly.what": Text("事实", "What was seen"),
    "anomaly.case": Text("案件", "Case"),
    "anomaly.person": Text("取证人员", "Taken by"),
    "anomaly.word": Text("复核意见", "Word on it"),
    "anomaly.hint": Text("核实情况，如：两处地点相邻", "What came out of it"),
    "anomaly.review": Text("复核", "Review"),
    "anomaly.by_another": Text("涉及本人，由他人复核", "About yourself: reviewed by another"),
    "anomaly.done": Text("已记录复核意见。", "The review was noted."),
    "anomaly.none": Text("没有待复核的情况。", "Nothing is to be reviewed."),
    "anomaly.none_reviewed": Text("还没有复核过的情况。", "Nothing was reviewed yet."),
}
