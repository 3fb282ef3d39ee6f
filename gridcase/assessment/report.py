"""The month as a printable report: A4, Chinese, with charts, a cover to sign and a place for the seal.

Made from the same tables as the rest; set by typst, which draws the charts as well. Needs a Chinese font on the
machine and says so when there is none, instead of printing empty boxes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from gridcase.assessment.columnsheets import AnySheet, ColumnSheet, sheet_of
from gridcase.assessment.counts import SubjectCounts
from gridcase.assessment.package import MonthPackage, ScoreTable, percent, ranked
from gridcase.assessment.scoring import LineKind, ScoreLine
from gridcase.assessment.selection import CountBy
from gridcase.assessment.sheets import Sheet, csv_text, rfc3339
from gridcase.assessment.titles import (
    ITEMS,
    LABELS,
    amount_title,
    assessment_title,
    cell_title,
    column_title,
    count_title,
    period_title,
    table_title,
    view_title,
)

#: Chinese families, the one we would rather have first; ``fonts-noto-cjk`` brings the first two.
FONTS = (
    "Noto Sans CJK SC",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "Source Han Serif SC",
    "Microsoft YaHei",
    "SimSun",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
)
_TEMPLATE = "report.typ"
_MOST_LINES = 1500
_MOST_ROWS = 40
_MOST_BARS = 30
_TYPES = 15
#: Lists that are printed, each with the columns that matter on paper.
_PRINTED: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "void": (("number", "type_name", "unit_name", "void_at", "after_registration"), (4, 4, 4, 3, 2)),
    "suspended": (("number", "type_name", "unit_name", "decided_at", "is_suspended"), (4, 4, 4, 3, 2)),
    "extensions": (("number", "type_name", "unit_name", "extensions", "handle_due_at"), (4, 4, 4, 2, 3)),
    "returns": (("number", "unit", "returns", "ended_at", "upheld"), (4, 3, 2, 3, 2)),
    "supervised": (("number", "type_name", "unit_name", "supervised_at", "answered_at"), (4, 4, 4, 3, 3)),
    "frequent-places": (("place", "cell", "community_name", "type_name", "cases", "recurrent"), (1, 3, 3, 4, 1, 2)),
    "adjustments": (("subject", "points", "origin_period", "case", "reason"), (3, 2, 2, 4, 5)),
    "deductions": (("subject", "indicator", "points", "case", "their_number"), (3, 3, 2, 4, 4)),
    "external-scores": (("subject", "indicator", "value", "evidence"), (3, 3, 2, 6)),
    "appeals": (("number", "subject", "clause", "case", "state", "decision"), (3, 3, 2, 4, 2, 4)),
    "findings": (("their_number", "case", "kind", "match", "differs_in"), (4, 4, 2, 2, 3)),
}

#: Columns whose codes have names.
_SUBJECTS = frozenset({"subject", "unit"})


class NoFontError(Exception):
    """The machine has no Chinese font."""


def write_report(package: MonthPackage, sheets: Iterable[AnySheet], path: Path) -> None:
    """Write the report of a month as PDF.

    Raises
    ------
    NoFontError
        There is no Chinese font.
    """
    path.write_bytes(_compiled(package, sheets, "pdf")[0])


def report_pages(package: MonthPackage, sheets: Iterable[AnySheet]) -> list[bytes]:
    """Return the pages of the report as PNG, for looking at.

    Raises
    ------
    NoFontError
        There is no Chinese font.
    """
    return _compiled(package, sheets, "png")


@lru_cache(maxsize=1)
def chinese_fonts() -> tuple[str, ...]:
    """Return the Chinese families that the machine has, of those we know."""
    import typst  # noqa: PLC0415

    held = set(typst.Fonts().families())
    return tuple(name for name in FONTS if name in held)


def _compiled(package: MonthPackage, sheets: Iterable[AnySheet], form: Any) -> list[bytes]:
    import typst  # noqa: PLC0415

    fonts = chinese_fonts()
    if not fonts:
        raise NoFontError
    template = resources.files("gridcase.assessment").joinpath(_TEMPLATE).read_bytes()
    data = json.dumps(_data(package, list(sheets), fonts), ensure_ascii=False)
    compiler = typst.Compiler(template, sys_inputs={"data": data})
    # The cut-off stands in for the moment of printing: no clock reaches the bytes.
    made = compiler.compile(format=form, timestamp=int(package.cut_off.timestamp()))
    assert made is not None  # noqa: S101 - no output file was named
    return made if isinstance(made, list) else [made]


def _data(package: MonthPackage, sheets: Sequence[AnySheet], fonts: tuple[str, ...]) -> dict[str, Any]:
    by_name = {sheet.name: sheet for sheet in sheets}
    cover = {str(row[0]): str(row[1] or "") for row in _rows(by_name["cover"])}
    period, standing = package.period, package.standing
    types = _types(by_name["frequent-types"])
    printed = [name for name in _PRINTED if _height(by_name[name])]
    return {
        "fonts": list(fonts),
        "title": f"{package.area_name} {period.name} {assessment_title(period.name)}报告".strip(),
        "assessment": assessment_title(period.name),
        "area_name": package.area_name or package.area,
        "period": period_title(period.name),
        "draft": standing.is_draft,
        "cover": [
            [ITEMS["area"], package.area],
            [ITEMS["period"], f"{_minute(cover['from'])} 至 {_minute(cover['to'])}（不含）"],
            [ITEMS["cut_off"], f"{_minute(cover['cut_off'])}（{period.zone.key}）"],
            [ITEMS["rule_sets"], cover["rule_sets"] or "无"],
            [ITEMS["revision"], f"第 {standing.revision} 版"]
            if standing.supersedes is None
            else [ITEMS["revision"], f"第 {standing.revision} 版，替代 {standing.supersedes[:16]}…"],
        ],
        "signed": [_act(cover[name]) for name in ("prepared", "reviewed", "issued")],
        "footnote": _footnote(package),
        "nil": _height(by_name["cases"]) == 0,
        "summary": [
            [count_title(str(row[0])), str(row[1]), _or_dash(row[2]), _or_dash(row[3])]
            for row in _rows(by_name["summary"])
        ],
        "rates": _rates(package),
        "types": types,
        "types_top": max((one["value"] for one in types[:_TYPES]), default=1),
        "rankings": [_ranking(package, table) for table in sorted(package.scores, key=lambda one: one.rule_set.name)],
        "lists": [[table_title(name), str(_height(by_name[name]))] for name in _PRINTED],
        "shown": [_printed(package, by_name[name]) for name in printed],
    }


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _act(text: str) -> str:
    """Return an act as people read it: the role in words, the minute."""
    role, _, at = text.partition(" ")
    return f"{LABELS['role'].get(role, role)} {_minute(at)}".strip()


def _footnote(package: MonthPackage) -> str:
    anchor = package.anchor
    root = f"历史校验根 第 {anchor.number} 号（{anchor.lines} 行）：{anchor.root}" if anchor else "历史校验根：无"
    return f"{root}。本报告由数据包中的规范数据生成，以数据包及其签名为准。"


def _rates(package: MonthPackage) -> list[dict[str, Any]]:
    units = [row for table in package.counts if table.by is CountBy.UNIT for row in table.rows]
    found = []
    for row in units:
        rate = percent(row.counts.get("handled_on_time", 0), row.counts.get("due_to_handle", 0))
        if row.subject is not None and rate is not None:
            found.append(_rate(package, row, str(rate), float(rate)))
    return sorted(found, key=lambda one: (-one["value"], one["name"]))[:_MOST_BARS]


def _rate(package: MonthPackage, row: SubjectCounts, text: str, value: float) -> dict[str, Any]:
    subject = row.subject or ""
    return {"name": package.names.get(CountBy.UNIT, {}).get(subject) or subject, "value": value, "text": text}


def _types(sheet: AnySheet) -> list[dict[str, Any]]:
    rows = [dict(zip((column.name for column in sheet.columns), row, strict=True)) for row in _rows(sheet)]
    shown = [
        {
            "name": row["type_name"] or row["code"],
            "value": row["cases"],
            "text": f"{row['cases']}（{row['share_percent']}%）",
            "fill": "#4f9d69",
        }
        for row in rows[:_TYPES]
    ]
    rest = sum(int(row["cases"]) for row in rows[_TYPES:])
    return [*shown, {"name": "其余类别", "value": rest, "text": str(rest), "fill": "#9aa5ad"}] if rest else shown


def _ranking(package: MonthPackage, table: ScoreTable) -> dict[str, Any]:
    rule_set = table.rule_set
    names = package.names.get(rule_set.subject, {})
    scores = ranked(table)
    scored = [one for one in scores if one.score is not None]
    titles = {one.id: one.title.zh for one in rule_set.indicators}
    lines = [
        [
            names.get(one.subject) or one.subject,
            line.clause,
            _named(line, titles),
            _figure(line.numerator_name, line.numerator, is_given=line.is_given),
            _figure(line.denominator_name, line.denominator),
            line.exact,
            None if line.shown is None else str(line.shown),
        ]
        for one in scores
        for line in one.lines
    ]
    most = max([Fraction(rule_set.full_score), *(Fraction(one.score) for one in scored if one.score is not None)])
    return {
        "title": f"{rule_set.title.zh}（{view_title(rule_set.subject)}，{rule_set.name}@{rule_set.version}）",
        "source": rule_set.legal_source,
        "rows": [
            [
                "—" if one.rank is None else str(one.rank),
                names.get(one.subject) or one.subject,
                one.subject,
                None if one.score is None else str(one.score),
                one.grade or "",
                "，".join(titles.get(warning.indicator, warning.indicator) for warning in one.warnings),
            ]
            for one in scores
        ],
        "bars": [
            {"name": names.get(one.subject) or one.subject, "value": max(0.0, float(one.score)), "text": str(one.score)}
            for one in scored[:_MOST_BARS]
            if one.score is not None
        ],
        "top": float(most),
        "lines": lines[:_MOST_LINES],
        "lines_left": max(0, len(lines) - _MOST_LINES),
    }


def _named(line: ScoreLine, titles: Mapping[str, str]) -> str:
    """Return what a line is about: its item, and what else than a term of it."""
    kind = cell_title("score-lines", "kind", str(line.kind))
    item = titles.get(line.indicator, line.indicator)
    if not item:
        return kind
    return item if line.kind is LineKind.TERM else f"{item}（{kind}）"


def _figure(name: str, number: object, *, is_given: bool = True) -> str:
    """Return a number with its name; one that nobody gave is none, not 0."""
    return f"{amount_title(name)} {number if is_given else '—'}" if name else ""


def _printed(package: MonthPackage, sheet: AnySheet) -> dict[str, Any]:
    wanted, widths = _PRINTED[sheet.name]
    places = {column.name: (place, column) for place, column in enumerate(sheet.columns)}
    rows = []
    for row in _rows(sheet, _MOST_ROWS):
        texts = []
        for name in wanted:
            place, column = places[name]
            cell = row[place]
            texts.append(_said(sheet.name, name, cell, package) if cell is not None else csv_text(None, column.form))
        rows.append(texts)
    return {
        "title": table_title(sheet.name),
        "columns": [column_title(sheet.name, name) for name in wanted],
        "widths": list(widths),
        "rows": rows,
        "left": max(0, _height(sheet) - _MOST_ROWS),
    }


def _said(table: str, name: str, cell: Any, package: MonthPackage) -> str:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if hasattr(cell, "astimezone"):
        return rfc3339(cell, package.period.zone)[:16].replace("T", " ")
    if name in _SUBJECTS:
        return next((known[cell] for known in package.names.values() if known.get(cell)), str(cell))
    return cell_title(table, name, str(cell))


def _or_dash(cell: object) -> str:
    return "—" if cell is None else str(cell)


def _height(sheet: AnySheet) -> int:
    return int(sheet.frame.height) if isinstance(sheet, ColumnSheet) else len(sheet.rows)


def _rows(sheet: AnySheet, most: int | None = None) -> tuple[tuple[Any, ...], ...]:
    if isinstance(sheet, Sheet):
        return sheet.rows[:most]
    cut = sheet.frame if most is None else sheet.frame.head(most)
    return sheet_of(ColumnSheet(name=sheet.name, columns=sheet.columns, frame=cut)).rows
