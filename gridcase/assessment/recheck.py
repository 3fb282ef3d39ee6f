"""Do the figures of a package follow from each other? Asked of its canonical JSON and CSV alone.

Every table says the same in both forms; the lines of every subject add up to its score; the ranks follow from the
scores; the summary from the counts; every case behind a line stands on the case sheet. Nothing is counted anew: that
takes the facts, and ``gridcase assess recompute``.
"""

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import zip_longest
from typing import IO, Any, Protocol

from gridcase.assessment.sheets import ColumnForm, csv_text
from gridcase.domain.errors import Problem

_CHUNK = 1 << 18
_KINDS: Mapping[ColumnForm, type] = {ColumnForm.NUMBER: int, ColumnForm.FLAG: bool}
_Row = dict[str, Any]


class Tables(Protocol):
    """Where members are read from."""

    def has(self, name: str) -> bool:
        """Tell whether there is a member."""

    def open(self, name: str) -> IO[bytes]:
        """Open a member."""


def recheck(manifest: Mapping[str, Any], tables: Tables) -> Iterator[Problem]:
    """Name everything that does not follow; a table that cannot be read is ``table_unreadable``."""
    for name, described in sorted(manifest["tables"].items()):
        try:
            yield from _same_in_both(name, described, tables)
        except (ValueError, KeyError, TypeError, csv.Error, RecursionError):
            yield Problem(code="table_unreadable", params={"table": name})
    try:
        yield from _summary(tables)
        for rule_set in manifest["rule_sets"]:
            yield from _rule_set(rule_set, tables)
    except (ValueError, KeyError, TypeError, InvalidOperation, ZeroDivisionError, RecursionError):
        yield Problem(code="table_unreadable", params={"table": "ranking"})


def json_rows(stream: IO[bytes]) -> Iterator[_Row]:
    """Read an array of objects one by one, without holding the whole of it.

    Raises
    ------
    ValueError
        It is not one, in the form in which we write it.
    """
    with io.TextIOWrapper(stream, encoding="utf-8", newline="") as text:
        reader = _Reader(text)
        if not reader.takes("["):
            raise ValueError
        if not reader.takes("]"):
            yield reader.row()
            while reader.takes(","):
                yield reader.row()
            if not reader.takes("]"):
                raise ValueError
        if reader.rest() != "\n":
            raise ValueError


class _Reader:
    """Canonical JSON, a piece at a time."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._held = ""
        self._place = 0
        self._decoder = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_once)

    def takes(self, character: str) -> bool:
        """Take a character if it is next."""
        if self._place >= len(self._held):
            self._more()
        is_next = self._held.startswith(character, self._place)
        self._place += is_next
        return is_next

    def row(self) -> _Row:
        """Take an object."""
        while True:
            try:
                row, self._place = self._decoder.raw_decode(self._held, self._place)
            except ValueError:
                if not self._more():
                    raise
            else:
                if type(row) is not dict:
                    raise ValueError
                return row

    def rest(self) -> str:
        """Return what is left."""
        return self._held[self._place :] + self._text.read()

    def _more(self) -> bool:
        more = self._text.read(_CHUNK)
        self._held, self._place = self._held[self._place :] + more, 0
        return bool(more)


def _once(pairs: list[tuple[str, Any]]) -> _Row:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError
    return row


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _same_in_both(name: str, described: Mapping[str, Any], tables: Tables) -> Iterator[Problem]:
    columns = [(str(one["name"]), ColumnForm(one["form"])) for one in described["columns"]]
    names = {column for column, _ in columns}
    number = 0
    with tables.open(f"{name}.csv") as plain, tables.open(f"{name}.json") as objects:
        lines = csv.reader(io.TextIOWrapper(plain, encoding="utf-8", newline=""), strict=True)
        if next(lines, None) != [column for column, _ in columns]:
            yield Problem(code="table_differs", params={"table": name, "row": 0})
            return
        for number, (line, row) in enumerate(zip_longest(lines, json_rows(objects)), start=1):
            if line is None or row is None or row.keys() != names or line != _as_csv(row, columns):
                yield Problem(code="table_differs", params={"table": name, "row": number})
                return
    if number != described["rows"]:
        yield Problem(code="table_rows", params={"table": name, "rows": number})


def _as_csv(row: _Row, columns: Sequence[tuple[str, ColumnForm]]) -> list[str]:
    for name, form in columns:
        if row[name] is not None and type(row[name]) is not _KINDS.get(form, str):
            raise ValueError(name)
    return [csv_text(row[name], form) for name, form in columns]


def _rows(tables: Tables, name: str) -> Iterator[_Row]:
    with tables.open(f"{name}.json") as stream:
        yield from json_rows(stream)


def _summary(tables: Tables) -> Iterator[Problem]:
    if not tables.has("counts-area.json"):
        return
    totals: dict[str, int] = defaultdict(int)
    for row in _rows(tables, "counts-area"):
        for name, value in row.items():
            if type(value) is int:
                totals[name] += value
    for row in _rows(tables, "summary"):
        if row["value"] != totals[row["item"]]:
            yield Problem(code="summary_differs", params={"item": row["item"]})


def _rule_set(rule_set: Mapping[str, Any], tables: Tables) -> Iterator[Problem]:
    name = rule_set["name"]
    with tables.open(f"rule-set-{name}.json") as stream:
        document = stream.read()
    if hashlib.sha256(document.removesuffix(b"\n")).hexdigest() != rule_set["sha256"]:
        yield Problem(code="rule_set_differs", params={"name": name})
    ranking = list(_rows(tables, f"ranking-{name}"))
    yield from _sums(name, ranking, tables)
    yield from _ranks(ranking)
    known = {row["number"] for row in _rows(tables, "cases")}
    for row in _rows(tables, f"score-line-cases-{name}"):
        if row["case"] not in known:
            yield Problem(code="line_case_unknown", params={"subject": row["subject"], "case": row["case"]})


def _sums(name: str, ranking: Sequence[_Row], tables: Tables) -> Iterator[Problem]:
    """Add the lines up: exact fractions, which give the score without remainder."""
    totals: dict[str, Fraction] = defaultdict(Fraction)
    indicators: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    lines: dict[str, int] = defaultdict(int)
    for row in _rows(tables, f"score-lines-{name}"):
        subject = row["subject"]
        lines[subject] += 1
        points = Fraction(row["exact"]) if row["exact"] is not None else Fraction(0)
        totals[subject] += points
        indicators[subject, row["indicator"]] += points
        if row["line"] != lines[subject]:
            yield Problem(code="line_missing", params={"subject": subject, "line": lines[subject]})
    for row in ranking:
        score, subject = row["score"], row["subject"]
        if score is not None and totals[subject] != Fraction(Decimal(score)):
            yield Problem(code="lines_do_not_sum", params={"subject": subject, "score": score})
    if lines.keys() != {row["subject"] for row in ranking}:
        yield Problem(code="ranking_differs", params={"name": name})
    for row in _rows(tables, f"indicators-{name}"):
        points = row["points"]
        if points is not None and indicators[row["subject"], row["indicator"]] != Fraction(points):
            yield Problem(code="lines_do_not_sum", params={"subject": row["subject"], "score": points})


def _ranks(ranking: Sequence[_Row]) -> Iterator[Problem]:
    """Look whether ranks follow from scores within each group: none better with less, none left out."""
    groups: dict[str | None, list[_Row]] = defaultdict(list)
    for row in ranking:
        if (row["rank"] is None) != (row["score"] is None):
            yield Problem(code="ranks_do_not_follow", params={"subject": row["subject"]})
        elif row["rank"] is not None:
            groups[row["group"]].append(row)
    for rows in groups.values():
        rows.sort(key=lambda row: (row["rank"], -Decimal(row["score"])))
        dense, before = 0, None
        for place, row in enumerate(rows, start=1):
            is_equal = before is not None and before["rank"] == row["rank"]
            dense += not is_equal
            worse = before is not None and Decimal(row["score"]) > Decimal(before["score"])
            unequal = is_equal and before is not None and Decimal(row["score"]) != Decimal(before["score"])
            if worse or unequal or (not is_equal and row["rank"] not in (place, dense)):
                yield Problem(code="ranks_do_not_follow", params={"subject": row["subject"]})
            before = row
