"""The table form of a catalogue: a CSV file with one row per filing condition, for hundreds of classes.

It gives the same plain values as the YAML form; what they mean is said by ``gridcase.rules.catalogue``.
Columns are ``COLUMNS``, in any order; an empty cell is left out; cells of a type may stay empty after its
first row.
"""

import csv
import io

from gridcase.domain.errors import Problem, RuleFileError
from gridcase.rules.yaml_text import Plain

_OF_TYPE = ("scheme", "kind", "code", "major", "zh", "en", "self_handled")
_OF_CONDITION = (
    "condition",
    "condition_zh",
    "condition_en",
    "limit",
    "closing_zh",
    "closing_en",
    "confirmed",
    "source",
)
COLUMNS = (*_OF_TYPE, *_OF_CONDITION)
_REQUIRED = ("kind", "code", "condition")
_FLAGS: dict[str, Plain] = {"true": True, "false": False}
_Row = dict[str, str]


def read_table(data: bytes) -> list[Plain]:
    """Read the types of a catalogue table, in the order of their first rows.

    Raises
    ------
    RuleFileError
        ``rule_file_unreadable``; ``fields`` is keyed ``line N``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(data[: error.start].count(b"\n") + 1, "file_not_utf8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    types: dict[tuple[str, ...], dict[str, Plain]] = {}
    try:
        _check_header(reader.fieldnames or [])
        for row in reader:
            _add(types, row, reader.line_num)
    except csv.Error as error:
        raise _unreadable(reader.reader.line_num, "table_syntax") from error
    return list(types.values())


def _check_header(columns: object) -> None:
    names = list(columns) if isinstance(columns, list | tuple) else []
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            raise _unreadable(1, "table_column", column=name)
    for name in _REQUIRED:
        if name not in names:
            raise _unreadable(1, "table_column_missing", column=name)


def _add(types: dict[tuple[str, ...], dict[str, Plain]], raw: dict[str, str], line: int) -> None:
    if None in raw or None in raw.values():
        raise _unreadable(line, "table_cells")
    row = {name: cell.strip() for name, cell in raw.items() if cell.strip()}
    for name in _REQUIRED:
        if name not in row:
            raise _unreadable(line, "table_cell_missing", column=name)
    head = _type(row)
    known = types.setdefault((row.get("scheme", ""), row["kind"], row["code"]), {**head, "conditions": []})
    if any(known.get(name) != value for name, value in head.items()):
        raise _unreadable(line, "table_rows_disagree", type=row["code"])
    conditions = known["conditions"]
    if isinstance(conditions, list):
        conditions.append(_condition(row))


def _type(row: _Row) -> dict[str, Plain]:
    values: dict[str, Plain] = {name: row[name] for name in ("scheme", "kind", "code", "major") if name in row}
    if name := _two(row, "zh", "en"):
        values["name"] = name
    if "self_handled" in row:
        values["self_handled"] = _FLAGS.get(row["self_handled"], row["self_handled"])
    return values


def _condition(row: _Row) -> dict[str, Plain]:
    values: dict[str, Plain] = {"code": row["condition"]}
    if text := _two(row, "condition_zh", "condition_en"):
        values["text"] = text
    if closing := _two(row, "closing_zh", "closing_en"):
        values["closing"] = closing
    values |= {name: row[name] for name in ("limit", "source") if name in row}
    if "confirmed" in row:
        values["confirmed"] = _FLAGS.get(row["confirmed"], row["confirmed"])
    return values


def _two(row: _Row, zh: str, en: str) -> dict[str, Plain]:
    return {key: row[name] for key, name in (("zh", zh), ("en", en)) if name in row}


def _unreadable(line: int, code: str, /, **params: str | int) -> RuleFileError:
    return RuleFileError("rule_file_unreadable", fields={f"line {line}": (Problem(code=code, params=params),)})
