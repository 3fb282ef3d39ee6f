"""Chinese words of the printed month: titles of tables and columns, and of the codes that stand in them.

The canonical JSON and CSV carry codes; only the workbook and the report, which people read, use these. Authority:
``docs/glossary.md``.
"""

import re

from gridcase.assessment.counts import GROUPS
from gridcase.assessment.selection import CountBy

#: Titles of tables; one for a rule set begins with the name before the hyphen.
TABLES: dict[str, str] = {
    "cover": "封面",
    "summary": "汇总",
    "ranking": "排名",
    "indicators": "指标得分",
    "score-lines": "得分明细",
    "score-line-cases": "明细案件",
    "cases": "案件明细",
    "counts-unit": "统计-部门",
    "counts-area": "统计-社区",
    "counts-street": "统计-街道",
    "counts-type": "统计-类别",
    "counts-post": "统计-岗位",
    "void": "作废",
    "suspended": "挂账",
    "extensions": "延期",
    "returns": "回退",
    "supervised": "督办",
    "frequent-types": "高频类别",
    "frequent-places": "高频点位",
    "external-scores": "外部评分",
    "exemptions": "免责",
    "adjustments": "调整",
    "deductions": "上级扣分",
    "appeals": "申诉",
    "findings": "对账",
}

#: The order in which people leaf through.
ORDER: tuple[str, ...] = tuple(TABLES)

COLUMNS: dict[str, str] = {
    "item": "项目",
    "value": "内容",
    "of": "基数",
    "percent": "比率(%)",
    "group": "组别",
    "rank": "名次",
    "place": "位次",
    "subject": "对象代码",
    "subject_name": "对象名称",
    "score": "得分",
    "grade": "等次",
    "warnings": "预警",
    "rule_set": "规则集",
    "version": "版本",
    "indicator": "指标",
    "clause": "条款",
    "title": "名称",
    "lines": "明细数",
    "points": "分值",
    "line": "序号",
    "term": "算项",
    "kind": "种类",
    "numerator_name": "分子",
    "numerator": "分子数",
    "denominator_name": "分母",
    "denominator": "分母数",
    "exact": "精确分值",
    "shown": "分值",
    "against": "不利计数",
    "evidence": "依据",
    "reason": "理由",
    "text": "说明",
    "their_number": "上级案件号",
    "origin_period": "所属月份",
    "case": "案件号",
    "number": "案件号",
    "street": "街道代码",
    "scheme": "分类标准",
    "code": "类别代码",
    "category_name": "大类",
    "type_name": "小类",
    "condition": "立案条件",
    "cell": "单元网格",
    "community": "社区代码",
    "community_name": "社区",
    "lon": "经度",
    "lat": "纬度",
    "datum": "坐标系",
    "source": "来源",
    "state": "状态",
    "filed_at": "上报时间",
    "accepted_at": "受理时间",
    "registered_at": "立案时间",
    "dispatched_at": "派遣时间",
    "reported_at": "反馈时间",
    "checked_at": "核查时间",
    "closed_at": "结案时间",
    "void_at": "作废时间",
    "transferred_at": "移送时间",
    "transferred_to": "移送单位",
    "handle_due_at": "处置时限",
    "original_handle_due_at": "原处置时限",
    "close_due_at": "结案时限",
    "unit": "处置单位代码",
    "unit_name": "处置单位",
    "extensions": "延期次数",
    "returns": "回退次数",
    "reworks": "返工次数",
    "suspensions": "挂账次数",
    "failed_checks": "核查不通过",
    "check_mode": "核查方式",
    "due": "应处置",
    "overdue": "超期",
    "closed_overdue": "超期结案",
    "verified": "核实结果",
    "self_handled": "自处置",
    "lead_case": "主案件",
    "is_suspended": "挂账中",
    "supervisions": "督办次数",
    "supervisions_on_time": "按时答复",
    "subtasks": "交办次数",
    "reopens": "撤销结案",
    "recurrent": "反复发案",
    "asked_at": "申请时间",
    "decided_at": "审批时间",
    "resumed_at": "恢复时间",
    "assignment": "派遣序号",
    "ended_at": "结束时间",
    "upheld": "回退成立",
    "supervised_at": "督办时间",
    "answered_at": "答复时间",
    "after_registration": "立案后作废",
    "cases": "案件数",
    "share_percent": "占比(%)",
    "decision": "决定",
    "match": "对账结果",
    "differs_in": "差异项",
}
#: Where a word means something else in one table.
COLUMNS_OF: dict[tuple[str, str], str] = {
    ("summary", "value"): "数量",
    ("appeals", "number"): "申诉号",
    ("returns", "unit"): "回退单位",
    ("external-scores", "value"): "评分",
    ("indicators", "points"): "精确分值",
    ("appeals", "filed_at"): "提出时间",
    ("appeals", "decided_at"): "裁定时间",
}

ITEMS: dict[str, str] = {
    "area": "区域代码",
    "area_name": "区域",
    "period": "考核周期",
    "from": "起",
    "to": "止（不含）",
    "cut_off": "统计截止",
    "draft": "初稿",
    "revision": "版次",
    "supersedes": "替代",
    "reason": "重发原因",
    "rule_sets": "规则版本",
    "prepared": "编制",
    "reviewed": "审核",
    "issued": "签发",
    "seal_place": "盖章处",
}

#: Codes of cells, by column.
LABELS: dict[str, dict[str, str]] = {
    "kind": {"component": "部件", "event": "事件"},
    "state": {
        "received": "待受理",
        "verifying": "核实中",
        "registered": "待派遣",
        "returned": "回退",
        "dispatched": "待签收",
        "handling": "处置中",
        "suspended": "挂账",
        "reported": "待核查",
        "checking": "核查中",
        "closed": "结案",
        "void": "作废",
        "transferred": "移送",
    },
    "check_mode": {"on_site": "现场核查", "video": "视频核查", "photo": "照片核查", "waived": "免核查"},
    "verified": {"true": "属实", "false": "不属实", "not_found": "未找到"},
    "source": {
        "inspector": "监督员上报",
        "hotline": "热线",
        "public": "公众举报",
        "video": "视频采集",
        "camera": "智能识别",
        "petition": "信访",
        "media": "媒体",
        "leader": "领导交办",
        "superior": "上级下派",
        "department": "部门移送",
    },
}
LABELS["role"] = {
    "inspector": "监督员",
    "acceptor": "受理员",
    "shift_leader": "值班长",
    "dispatcher": "派遣员",
    "unit_leader": "处置单位负责人",
    "handler": "处置人",
    "assessor": "考评员",
    "leader": "领导",
    "admin": "管理员",
    "system": "系统",
}
#: Codes that mean something else in one table.
LABELS_OF: dict[tuple[str, str], dict[str, str]] = {
    ("score-lines", "kind"): {
        "base": "起评分",
        "term": "计算",
        "external": "外部评分",
        "no_data": "无数据",
        "deduction": "上级扣分",
        "floor": "不低于下限",
        "ceiling": "不超过上限",
        "exemption": "免责",
        "rounding": "取整",
        "stretching": "折算为满分",
        "adjustment": "往期调整",
    },
    ("exemptions", "reason"): {
        "self_report": "提前上报",
        "force_majeure": "不可抗力",
        "third_party": "第三方原因",
        "appeal": "申诉成立",
    },
    ("findings", "match"): {
        "equal": "一致",
        "different": "不一致",
        "only_theirs": "仅上级有",
        "only_ours": "仅本级有",
    },
}
#: Columns that hold names of counts, joined by `` + ``.
_OF_COUNTS = frozenset({"numerator_name", "denominator_name", "against"})
YES, NO = "是", "否"

_FROM = "filed_from_"


def _short(name: str, definition: str) -> str:
    """Cut a definition to what it defines."""
    if name.startswith(_FROM):
        source = name.removeprefix(_FROM)
        return f"上报-{LABELS['source'].get(source, source)}"
    return re.split("[：，=]", definition)[0].strip()


_COUNTS: dict[str, str] = {
    definition.name: _short(definition.name, definition.zh) for group in GROUPS for definition in group.definitions
}
_VIEWS: dict[CountBy, str] = {
    CountBy.UNIT: "处置单位",
    CountBy.AREA: "社区",
    CountBy.STREET: "街道",
    CountBy.TYPE: "类别",
    CountBy.POST: "岗位",
}


def table_title(name: str) -> str:
    """Return the title of a table; of a rule set's with the rule set's name."""
    if name in TABLES:
        return TABLES[name]
    kind = kind_of(name)
    return f"{TABLES[kind]}-{name.removeprefix(f'{kind}-')}" if kind in TABLES else name


def kind_of(name: str) -> str:
    """Return the kind of a table.

    Examples
    --------
    >>> kind_of("score-line-cases-yuncheng"), kind_of("cases")
    ('score-line-cases', 'cases')
    """
    if name in TABLES:
        return name
    found = [kind for kind in TABLES if name.startswith(f"{kind}-")]
    return max(found, key=len, default=name)


def column_title(table: str, column: str) -> str:
    """Return the heading of a column."""
    kind = kind_of(table)
    if kind.startswith("counts-"):
        return _COUNTS.get(column, COLUMNS.get(column, column))
    return COLUMNS_OF.get((kind, column)) or COLUMNS.get(column, column)


def count_title(name: str) -> str:
    """Return what a count is called."""
    return "满分" if name == "out_of" else _COUNTS.get(name, name)


def amount_title(name: str) -> str:
    """Return what counts joined by `` + `` are called.

    Examples
    --------
    >>> amount_title("handled_overdue + overdue_open")
    '超期处置 + 超期未处置'
    """
    return " + ".join(count_title(one) for one in name.split(" + "))


def cell_title(table: str, column: str, code: str) -> str:
    """Return what a code in a cell means to people; the code itself when it is none."""
    kind = kind_of(table)
    if kind == "summary" and column == "item":
        return count_title(code)
    if kind == "score-lines" and column in _OF_COUNTS:
        return amount_title(code)
    labels = LABELS_OF.get((kind, column)) or LABELS.get(column, {})
    return labels.get(code, code)


def period_title(name: str) -> str:
    """Return a period as people write it.

    Examples
    --------
    >>> period_title("2026-10"), period_title("2026-Q4"), period_title("2026")
    ('2026年10月', '2026年第4季度', '2026年')
    """
    year, _, part = name.partition("-")
    if not part:
        return f"{year}年"
    return f"{year}年第{part[1:]}季度" if part.startswith("Q") else f"{year}年{int(part)}月"


def assessment_title(name: str) -> str:
    """Return what the assessment of a period is called.

    Examples
    --------
    >>> assessment_title("2026-10"), assessment_title("2026-Q4"), assessment_title("2026")
    ('月度考核', '季度考核', '年度考核')
    """
    if "-Q" in name:
        return "季度考核"
    return "月度考核" if "-" in name else "年度考核"


def view_title(by: CountBy) -> str:
    """Return what the subjects of a view are called."""
    return _VIEWS.get(by, str(by))
