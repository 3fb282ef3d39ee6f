"""Long tables as canonical text, column by column: the same bytes as ``gridcase.assessment.sheets``, many rows at once.

A month of a city has 100,000 cases on its sheet; row by row they took most of a minute, and all the text stood in
memory. Imports polars inside its functions, like ``gridcase.assessment.frames``.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridcase.assessment.sheets import Cell, Column, ColumnForm, Sheet, csv_lines, defused

if TYPE_CHECKING:
    import polars as pl

#: Rows that are text at the same time.
SLICE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSheet:
    """A table held by columns.

    Parameters
    ----------
    name
        File name without ending.
    frame
        A column for each of ``columns``, in their order: String for texts, codes and decimals, Int64 for numbers
        and for instants (whole seconds since 1970-01-01T00:00:00Z), Boolean for flags. Null is an empty cell.
    """

    name: str
    columns: tuple[Column, ...]
    frame: "pl.DataFrame"


AnySheet = Sheet | ColumnSheet


def csv_chunks(sheet: ColumnSheet, *, zone: ZoneInfo) -> Iterator[bytes]:
    """Write a sheet as CSV, a slice of rows at a time."""
    import polars as pl  # noqa: PLC0415

    yield csv_lines([[column.name for column in sheet.columns]])
    for texts in slices(sheet, [_text(column, zone) for column in sheet.columns]):
        quoted = [
            mapped(texts.get_column(column.name), _csv_needs(column.form), _csv_escape(column.form)).fill_null("")
            for column in sheet.columns
        ]
        lines = pl.DataFrame(quoted).select(pl.concat_str(pl.all(), separator=",")).to_series()
        yield ("\r\n".join(lines.to_list()) + "\r\n").encode()


def json_chunks(sheet: ColumnSheet, *, zone: ZoneInfo) -> Iterator[bytes]:
    """Write a sheet as a canonical JSON array of objects, a slice of rows at a time."""
    import polars as pl  # noqa: PLC0415

    yield b"["
    between = ""
    ordered = sorted(sheet.columns, key=lambda column: column.name)
    for texts in slices(sheet, [_text(column, zone) for column in sheet.columns]):
        parts: list[pl.Expr] = []
        columns: list[pl.Series] = []
        for column in ordered:
            is_bare = column.form in (ColumnForm.NUMBER, ColumnForm.FLAG)
            values = texts.get_column(column.name)
            if not is_bare:
                values = mapped(values, _JSON_NEEDS, lambda text: json.dumps(text, ensure_ascii=False)[1:-1])
                values = pl.select(pl.concat_str(pl.lit('"'), pl.lit(values), pl.lit('"'))).to_series()
            columns.append(values.fill_null("null").alias(column.name))
            parts += [pl.lit(("," if parts else "{") + json.dumps(column.name) + ":"), pl.col(column.name)]
        objects = pl.DataFrame(columns).select(pl.concat_str(*parts, pl.lit("}"))).to_series().to_list()
        yield (between + ",".join(objects)).encode()
        between = ","
    yield b"]\n"


def sheet_of(sheet: ColumnSheet) -> Sheet:
    """Return the same table held by rows; for tests and for short tables."""
    return Sheet(
        name=sheet.name,
        columns=sheet.columns,
        rows=tuple(
            tuple(_cell(value, column) for value, column in zip(row, sheet.columns, strict=True))
            for row in sheet.frame.iter_rows()
        ),
    )


def _cell(value: str | int | None, column: Column) -> Cell:
    if value is None:
        return None
    if column.form is ColumnForm.INSTANT:
        return datetime.fromtimestamp(int(value), UTC)
    return Decimal(value) if column.form is ColumnForm.DECIMAL else value


_JSON_NEEDS = r'[\x00-\x1f"\\]'
_CSV_NEEDS = r'[",\r\n]'
_DANGEROUS = r"^[=+\-@\t\r\n＝＋－＠]"


def _csv_needs(form: ColumnForm) -> str:
    return f"{_DANGEROUS}|{_CSV_NEEDS}" if form is ColumnForm.TEXT else _CSV_NEEDS


def _csv_escape(form: ColumnForm) -> Callable[[str], str]:
    needs = re.compile(_CSV_NEEDS)

    def escape(text: str) -> str:
        safe = defused(text) if form is ColumnForm.TEXT else text
        return '"' + safe.replace('"', '""') + '"' if needs.search(safe) else safe

    return escape


def mapped(values: "pl.Series", needs: str, escape: Callable[[str], str]) -> "pl.Series":
    """Escape the few texts that need it, one by one.

    Parameters
    ----------
    needs
        Pattern of what makes a text need it.
    """
    import polars as pl  # noqa: PLC0415

    needing = values.filter(values.str.contains(needs)).unique().to_list()
    if not needing:
        return values
    return values.replace_strict(needing, [escape(text) for text in needing], default=values, return_dtype=pl.String)


def slices(sheet: ColumnSheet, texts: "list[pl.Expr]") -> Iterator["pl.DataFrame"]:
    """Return the rows as texts, a slice at a time; null where a cell is empty."""
    import polars as pl  # noqa: PLC0415

    for start in range(0, sheet.frame.height, SLICE):
        yield sheet.frame.slice(start, SLICE).select(texts).with_columns(pl.all().cast(pl.String))


def _text(column: Column, zone: ZoneInfo) -> "pl.Expr":
    import polars as pl  # noqa: PLC0415

    value = pl.col(column.name)
    match column.form:
        case ColumnForm.INSTANT:
            local = pl.from_epoch(value, time_unit="s").dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key)
            return local.dt.to_string("%Y-%m-%dT%H:%M:%S%:z").alias(column.name)
        case ColumnForm.FLAG:
            return pl.when(value).then(pl.lit("true")).when(value.not_()).then(pl.lit("false")).alias(column.name)
        case _:
            return value.cast(pl.String)
