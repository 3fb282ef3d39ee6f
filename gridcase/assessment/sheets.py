"""Tables as canonical text: one CSV and one JSON form for the same rows, equal bytes for equal rows.

Knows cells, not cases; long tables are ``gridcase.assessment.columnsheets``. CSV is RFC 4180 (CRLF, UTF-8 without a
byte-order mark); only CSV is defused against spreadsheets that take text for formulas (design §3, "Same bytes").
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from gridcase.domain.history import canonical_json

Cell = str | int | bool | Decimal | datetime | None

#: What makes a spreadsheet read a cell as a formula, full-width forms included (as OWASP lists them).
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class ColumnForm(StrEnum):
    """How a column is written.

    ``text``: anything people or other systems wrote, defused in CSV. ``code``: our own identifiers,
    untouched. ``number``: int. ``decimal``: Decimal, in JSON a text, so that its places are kept. ``instant``:
    RFC 3339 with the zone's offset. ``flag``: true and false.
    """

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    DECIMAL = "decimal"
    INSTANT = "instant"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a sheet."""

    name: str
    form: ColumnForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table: all columns in every row, rows in the order in which they are written.

    Parameters
    ----------
    name
        File name without ending.
    rows
        As many cells as columns; None is an empty cell in CSV and null in JSON.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def sheet_csv(sheet: Sheet, *, zone: ZoneInfo) -> bytes:
    """Write a sheet as CSV: a header, then a line per row."""
    lines = [
        [csv_text(_plain(cell, zone), column.form) for cell, column in zip(row, sheet.columns, strict=True)]
        for row in sheet.rows
    ]
    return csv_lines([[column.name for column in sheet.columns], *lines])


def csv_lines(lines: Iterable[Iterable[str]]) -> bytes:
    """Write texts as lines of CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue().encode()


def csv_text(value: str | int | bool | None, form: ColumnForm) -> str:  # noqa: FBT001 - a cell as JSON has it
    """Return how a cell, as JSON has it, stands in CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return defused(str(value)) if form is ColumnForm.TEXT else str(value)


def sheet_json(sheet: Sheet, *, zone: ZoneInfo) -> bytes:
    """Write a sheet as a canonical JSON array of objects, ended by a line feed."""
    return json_bytes(
        [
            {column.name: _plain(cell, zone) for cell, column in zip(row, sheet.columns, strict=True)}
            for row in sheet.rows
        ]
    )


def json_bytes(value: object) -> bytes:
    """Write canonical JSON, ended by a line feed."""
    return (canonical_json(value) + "\n").encode()


def rfc3339(instant: datetime, zone: ZoneInfo) -> str:
    """Write an aware instant in a zone, in whole seconds.

    Examples
    --------
    >>> from datetime import UTC
    >>> rfc3339(datetime(2026, 10, 31, 16, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    '2026-11-01T00:00:00+08:00'
    """
    return instant.astimezone(zone).replace(microsecond=0).isoformat()


def records(name: str, form: tuple[Column, ...], items: Iterable[object]) -> Sheet:
    """Make a sheet whose cells are the attributes named like its columns, a row per item."""
    return Sheet(
        name=name, columns=form, rows=tuple(tuple(getattr(item, column.name) for column in form) for item in items)
    )


def columns(**forms: str) -> tuple[Column, ...]:
    """Make columns from ``name="form"`` in the order given.

    Examples
    --------
    >>> [column.form.value for column in columns(number="code", overdue="flag")]
    ['code', 'flag']
    """
    return tuple(Column(name=name, form=ColumnForm(form)) for name, form in forms.items())


def defused(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> defused("=1+1"), defused("南大街"), defused("")
    ("'=1+1", '南大街', '')
    """
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _plain(cell: Cell, zone: ZoneInfo) -> str | int | None:
    match cell:
        case datetime():
            return rfc3339(cell, zone)
        case Decimal():
            return f"{cell:f}"
        case str():
            return str(cell)
        case _:
            return cell
