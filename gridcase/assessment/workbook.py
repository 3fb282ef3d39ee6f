"""The month as a workbook: every table a sheet with Chinese headings, the same bytes whenever it is made.

Made from the canonical tables and never read back. XlsxWriter makes the book and its short sheets; the rows of long
tables are put in as text, column by column, because a million cells one by one took most of the time. Rule: design §3.
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridcase.assessment.columnsheets import AnySheet, ColumnSheet, mapped, slices
from gridcase.assessment.package import MonthPackage
from gridcase.assessment.sheets import Cell, Column, ColumnForm, Sheet
from gridcase.assessment.titles import (
    ITEMS,
    LABELS,
    NO,
    ORDER,
    YES,
    assessment_title,
    cell_title,
    column_title,
    kind_of,
    period_title,
    table_title,
)

if TYPE_CHECKING:
    import polars as pl
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: Rows that a sheet can hold, its heading included; a longer table goes on in another sheet.
MOST_ROWS = 1_048_576
_MOST_CHARACTERS = 32_767
_NAME_LENGTH = 31
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_WIDTHS = {
    ColumnForm.TEXT: 18,
    ColumnForm.CODE: 15,
    ColumnForm.NUMBER: 10,
    ColumnForm.DECIMAL: 12,
    ColumnForm.INSTANT: 17,
    ColumnForm.FLAG: 8,
}
_FORMATS = {
    ColumnForm.TEXT: "@",
    ColumnForm.CODE: "@",
    ColumnForm.NUMBER: "0",
    ColumnForm.DECIMAL: "0.00#####",
    ColumnForm.INSTANT: "yyyy-mm-dd hh:mm",
    ColumnForm.FLAG: "@",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """A workbook while it is being written."""

    book: "xlsxwriter.Workbook"
    zone: ZoneInfo
    heading: "Format"
    plain: dict[ColumnForm, "Format"]


def write_workbook(package: MonthPackage, sheets: Iterable[AnySheet], path: Path) -> None:
    """Write the workbook of a month."""
    import xlsxwriter  # noqa: PLC0415 - nothing else needs it

    parts = list(_parts(sheets))
    with tempfile.TemporaryDirectory(prefix="gridcase-workbook-") as held:
        raw = Path(held) / "raw.xlsx"
        book = xlsxwriter.Workbook(
            str(raw),
            {
                "constant_memory": True,
                "tmpdir": held,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "default_format_properties": {"font_name": "宋体", "font_size": 10},
            },
        )
        book.set_properties(
            {
                "title": f"{package.area_name} {package.period.name} {assessment_title(package.period.name)}".strip(),
                "created": package.cut_off.astimezone(UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        _fill(book, package, parts)
        book.close()
        _rezip(raw, path, parts, package.period.zone)


def _parts(sheets: Iterable[AnySheet]) -> Iterator[AnySheet]:
    """Return the tables in the order in which people leaf through, long ones cut into sheets."""
    ordered = sorted(sheets, key=lambda sheet: (_place(sheet.name), sheet.name))
    for sheet in ordered:
        if isinstance(sheet, ColumnSheet) and sheet.frame.height >= MOST_ROWS:
            for start in range(0, sheet.frame.height, MOST_ROWS - 1):
                yield replace(sheet, frame=sheet.frame.slice(start, MOST_ROWS - 1))
        else:
            yield sheet


def _place(name: str) -> int:
    kind = kind_of(name)
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _fill(book: "xlsxwriter.Workbook", package: MonthPackage, parts: Iterable[AnySheet]) -> None:
    made = _Book(
        book=book,
        zone=package.period.zone,
        heading=book.add_format({"bold": True, "bg_color": "#DDE7F0", "border": 1, "text_wrap": True, "valign": "top"}),
        plain={form: book.add_format({"num_format": text, "valign": "top"}) for form, text in _FORMATS.items()},
    )
    used: set[str] = set()
    for sheet in parts:
        page = book.add_worksheet(_sheet_name(table_title(sheet.name), used))
        if sheet.name == "cover" and isinstance(sheet, Sheet):
            _cover(made, page, package, sheet)
        else:
            _table(made, page, sheet)


def _sheet_name(title: str, used: set[str]) -> str:
    """Return a name that a workbook can give a sheet and that no other has."""
    plain = re.sub(r"[\[\]:*?/\\']", "_", title)
    name, number = plain[:_NAME_LENGTH], 2
    while name.casefold() in used:
        name = f"{plain[: _NAME_LENGTH - 5]}({number})"
        number += 1
    used.add(name.casefold())
    return name


def _cover(made: _Book, page: "Worksheet", package: MonthPackage, sheet: Sheet) -> None:
    title = made.book.add_format({"bold": True, "font_size": 18, "align": "center", "valign": "vcenter"})
    name = made.book.add_format({"bold": True, "border": 1})
    value = made.book.add_format({"border": 1, "num_format": "@", "text_wrap": True})
    seal = made.book.add_format({"border": 3, "align": "center", "valign": "vcenter", "font_color": "#888888"})
    page.set_column(0, 0, 16)
    page.set_column(1, 1, 70)
    page.set_row(0, 40)
    head = (
        f"{package.area_name} {period_title(package.period.name)}网格化城市管理{assessment_title(package.period.name)}"
    )
    head += "（初稿）" if package.standing.is_draft else ""
    page.merge_range(0, 0, 0, 1, head.strip(), title)
    for row, (item, content) in enumerate(sheet.rows, start=2):
        if item == "seal_place":
            page.set_row(row, 110)
            page.write_string(row, 0, ITEMS["seal_place"], name)
            page.write_string(row, 1, "（此处盖章）", seal)
        else:
            page.write_string(row, 0, ITEMS.get(str(item), str(item)), name)
            page.write_string(row, 1, _said(str(item), str(content)), value)
    _printing(page, is_wide=False)


def _said(item: str, content: str) -> str:
    if item == "draft":
        return YES if content == "yes" else NO
    return content


def _table(made: _Book, page: "Worksheet", sheet: AnySheet) -> None:
    height = sheet.frame.height if isinstance(sheet, ColumnSheet) else len(sheet.rows)
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, _WIDTHS[column.form])
        page.write_string(0, place, column_title(sheet.name, column.name), made.heading)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(height, 1), len(sheet.columns) - 1)
    page.repeat_rows(0)
    _printing(page, is_wide=True)
    if isinstance(sheet, ColumnSheet):
        # Shows which format each column has; replaced by the rows.
        for place, column in enumerate(sheet.columns):
            page.write_blank(1, place, None, made.plain[column.form])
        return
    for number, row in enumerate(sheet.rows, start=1):
        for place, (cell, column) in enumerate(zip(row, sheet.columns, strict=True)):
            _write(made, page, (number, place), _worded(sheet.name, column, cell))


def _printing(page: "Worksheet", *, is_wide: bool) -> None:
    page.set_paper(9)
    if is_wide:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&C&P / &N")


def _worded(table: str, column: Column, cell: Cell) -> tuple[Column, Cell]:
    if isinstance(cell, str):
        return column, cell_title(table, column.name, cell)
    return column, cell


def _write(made: _Book, page: "Worksheet", place: tuple[int, int], worded: tuple[Column, Cell]) -> None:
    column, cell = worded
    form = made.plain[column.form]
    match cell:
        case None:
            return
        case bool():
            page.write_string(*place, YES if cell else NO, form)
        case datetime():
            local = cell.astimezone(made.zone).replace(tzinfo=None, microsecond=0)
            page.write_datetime(*place, local, form)
        case int() | Decimal():
            page.write_number(*place, float(cell), form)
        case str():
            page.write_string(*place, cell[:_MOST_CHARACTERS], form)


# --- the archive, and the rows of long tables ----------------------------------------------------------------------


def _rezip(raw: Path, path: Path, parts: list[AnySheet], zone: ZoneInfo) -> None:
    """Write the book again: entries stored, without dates of their own, long tables filled in."""
    long = {
        f"xl/worksheets/sheet{number}.xml": sheet
        for number, sheet in enumerate(parts, start=1)
        if isinstance(sheet, ColumnSheet)
    }
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", compression=zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            info = zipfile.ZipInfo(entry.filename, date_time=_EPOCH)
            info.create_system = 0
            sheet = long.get(entry.filename)
            if sheet is None:
                info.file_size = entry.file_size
                with source.open(entry) as held, target.open(info, "w") as out:
                    shutil.copyfileobj(held, out, _CHUNK)
                continue
            with target.open(info, "w", force_zip64=sheet.frame.height > SAFE_ROWS) as out:
                for chunk in _filled(source.read(entry).decode(), sheet, zone):
                    out.write(chunk)


#: Up to so many rows a sheet surely stays below the 4 GB that an entry may have without the longer header.
SAFE_ROWS = 200_000
_TEMPLATE = re.compile(r'<row r="2".*?</row>', re.DOTALL)
_STYLE = re.compile(r'<c r="[A-Z]+2" s="(\d+)"')


def _filled(xml: str, sheet: ColumnSheet, zone: ZoneInfo) -> Iterator[bytes]:
    template = _TEMPLATE.search(xml)
    assert template is not None  # noqa: S101 - written by _table
    styles = _STYLE.findall(template[0])
    head = re.sub(
        r'<dimension ref="A1:([A-Z]+)2"/>',
        rf'<dimension ref="A1:\g<1>{sheet.frame.height + 1}"/>',
        xml[: template.start()],
    )
    yield head.encode()
    yield from _rows(sheet, styles, zone)
    yield xml[template.end() :].encode()


def _rows(sheet: ColumnSheet, styles: list[str], zone: ZoneInfo) -> Iterator[bytes]:
    import polars as pl  # noqa: PLC0415
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415

    number = 2
    for values in slices(sheet, [_value(column, zone) for column in sheet.columns]):
        row = pl.Series("row", range(number, number + values.height), dtype=pl.String)
        cells: list[pl.Series] = [row]
        parts: list[pl.Expr] = [pl.lit('<row r="'), pl.col("row"), pl.lit('">')]
        for place, (column, style) in enumerate(zip(sheet.columns, styles, strict=True)):
            is_number = column.form in (ColumnForm.NUMBER, ColumnForm.DECIMAL, ColumnForm.INSTANT)
            texts = values.get_column(column.name)
            if not is_number:
                texts = mapped(texts, _XML_NEEDS, _xml_escape)
            opening = f'<c r="{xl_col_to_name(place)}'
            kind = f'" s="{style}"><v>' if is_number else f'" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
            cells.append(texts.alias(f"c{place}"))
            text = pl.concat_str(
                pl.lit(opening),
                pl.col("row"),
                pl.lit(kind),
                pl.col(f"c{place}"),
                pl.lit("</v></c>" if is_number else "</t></is></c>"),
            )
            parts.append(text.fill_null(""))
        lines = pl.DataFrame(cells).select(pl.concat_str(*parts, pl.lit("</row>"))).to_series()
        number += values.height
        yield "".join(lines.to_list()).encode()


_XML_NEEDS = r"[\x00-\x1f&<>\ufffe\uffff]|_x[0-9A-Fa-f]{4}_"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def _xml_escape(text: str) -> str:
    safe = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text[:_MOST_CHARACTERS])
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", safe)


def _value(column: Column, zone: ZoneInfo) -> "pl.Expr":
    import polars as pl  # noqa: PLC0415

    value = pl.col(column.name)
    match column.form:
        case ColumnForm.INSTANT:
            local = pl.from_epoch(value, time_unit="s").dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key)
            seconds = local.dt.replace_time_zone(None).dt.epoch("s")
            return (seconds / 86_400 + 25_569).round(9).alias(column.name)
        case ColumnForm.FLAG:
            return pl.when(value).then(pl.lit(YES)).when(value.not_()).then(pl.lit(NO)).alias(column.name)
        case _ if column.name in LABELS:
            return value.replace(LABELS[column.name])
        case _:
            return value
