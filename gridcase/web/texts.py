"""Words of the pages, Chinese and English side by side; states, stages and errors are in ``gridcase.edge.texts``.

Those of the console stand in ``gridcase.web.words``, a module a part, their keys beginning with the part's name.
"""

from gridcase.edge.texts import Language, Text, label
from gridcase.web.words import (
    admin,
    anomaly,
    case,
    console,
    dashboard,
    filing,
    map_page,
    month,
    notice,
    phone,
    queue,
    unit,
)

#: A part adds its module here.
PARTS = (console, anomaly, notice, case, dashboard, filing, month, admin, unit, phone, map_page, queue)

TEXTS: dict[str, Text] = {
    "name": Text("网格化城市管理", "Grid-based city management"),
    "overview": Text("案件概览", "Cases at a glance"),
    "as_of": Text("截至 {time}", "As of {time}"),
    "other_language": Text("English", "中文"),
    "counts": Text("案件状态", "Cases by state"),
    "overdue": Text("超时", "Overdue"),
    "overdue_now": Text("已超时", "Overdue"),
    "recent": Text("近 60 天上报", "filed in the last 60 days"),
    "map": Text("单元网格与案件", "Unit grid and cases"),
    "map_note": Text(
        "社区边界为示意，非官方界线；案件只标到所在网格，不标确切位置。",
        "Boundaries are illustrative, not official. A case is shown in its cell, not at its exact place.",
    ),
    "map_of": Text(
        "{cells} 个单元网格、{communities} 个社区，图上有 {cases} 件案件",
        "{cells} unit cells in {communities} communities, with {cases} cases",
    ),
    "legend": Text("图例", "Legend"),
    "mark_receive": Text("待受理", "To accept"),
    "mark_dispatch": Text("待派遣、待签收", "To dispatch or accept"),
    "mark_handle": Text("处置中", "Being handled"),
    "mark_check": Text("待核查、核查中", "To check or being checked"),
    "mark_closed": Text("已结案", "Closed"),
    "open_cases": Text("在办案件", "Open cases"),
    "closed_cases": Text("最近上报并已结案", "Closed, filed last"),
    "no_cases": Text("目前没有案件。", "There are no cases."),
    "more": Text("另有 {number} 件未列出。", "{number} more are not listed."),
    "number": Text("案件编号", "Number"),
    "type": Text("类别", "Type"),
    "state": Text("状态", "State"),
    "community": Text("社区", "Community"),
    "cell": Text("单元网格", "Cell"),
    "filed_at": Text("上报时间", "Filed"),
    "due_at": Text("本阶段时限", "Due"),
    "unlocated": Text("待定位", "Not located"),
    "month": Text("{period} 处置单位考评", "Assessment of units, {period}"),
    "month_note": Text("规则：{rule_set}；统计截止 {cut_off}。", "Rule set {rule_set}; cut-off {cut_off}."),
    "no_month": Text("尚无已出结果的月份。", "No month has been assessed yet."),
    "rank": Text("名次", "Rank"),
    "unit": Text("处置单位", "Unit"),
    "score": Text("得分", "Score"),
    "closed": Text("结案", "Closed"),
    "closed_within_handling_limit": Text("按期", "On time"),
    "closed_past_handling_limit": Text("超期", "Late"),
    "rework_cases": Text("返工", "Reworked"),
    "no_data": Text("无数据", "no data"),
    "docs": Text("接口文档", "API documentation"),
    "home": Text("返回首页", "Home"),
    "health": Text("运行状态", "Health"),
}

for _part in PARTS:
    TEXTS |= _part.WORDS


def text(word: str, language: Language, **params: str | int) -> str:
    """Return a text of the pages in one language, filled in; a word of the trade where the pages have none.

    Examples
    --------
    >>> text("month", Language.EN, period="2026-10")
    'Assessment of units, 2026-10'
    """
    found = TEXTS.get(word)
    return found.in_(language).format(**params) if found else label(word, language)
