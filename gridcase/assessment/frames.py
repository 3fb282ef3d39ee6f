"""Lay the facts out as four column frames, the form in which they are counted.

Imports polars inside the function, so that importing this module costs nothing; web processes never call it.
The columns are those of the rows in ``gridcase.assessment.facts``, with the types below.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import narwhals as nw

from gridcase.assessment.facts import FactRows, Handling
from gridcase.domain.case import OPEN_STATES, TypeKey
from gridcase.domain.time import epoch_second

if TYPE_CHECKING:
    import polars as pl


__all__ = [
    "ACTION_COLUMNS",
    "ASSIGNMENT_COLUMNS",
    "CASE_COLUMNS",
    "CASE_CONTEXT",
    "TASK_COLUMNS",
    "AreaClassOf",
    "ColumnKind",
    "FrameBuilder",
    "Frames",
    "epoch_second",
    "frames_of",
    "no_area_class",
]


class ColumnKind(StrEnum):
    """How a field of a row is held in a frame.

    ``instant`` is whole seconds since 1970-01-01T00:00:00Z as Int64, the same on every engine; ``text`` is
    String (a type as ``scheme/kind/code``), ``number`` Int64, ``flag`` Boolean. Unknown is null.
    """

    TEXT = "text"
    INSTANT = "instant"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """The four frames; ``case`` is our number in each, and the order is that of the rows.

    Assignments, tasks and actions also carry ``CASE_CONTEXT`` of their case.
    """

    cases: nw.DataFrame[Any]
    assignments: nw.DataFrame[Any]
    tasks: nw.DataFrame[Any]
    actions: nw.DataFrame[Any]


def _columns(**names: str) -> Mapping[str, ColumnKind]:
    return {name: ColumnKind(kind) for kind, listed in names.items() for name in listed.split()}


CASE_COLUMNS = _columns(
    text="case type scheme kind code condition source cell district street community area_class places state handling "
    "check_mode verified first_unit unit charged_unit lead_case transferred_to filed_by accepted_by registered_by "
    "dispatched_by closed_by voided_by transferred_by reopened_by",
    instant="filed_at accepted_at registered_at dispatched_at reported_at checked_at closed_at void_at "
    "transferred_at reopened_at register_due_at dispatch_due_at handle_due_at original_handle_due_at close_due_at",
    number="reworks returns failed_checks false_feedbacks extensions suspensions supervisions supervisions_on_time "
    "subtasks reopens",
    flag="registered_late dispatched_late closed_late closed_past_handling accurately_dispatched provisional "
    "is_open is_void is_duplicate is_closed is_suspended self_handled recurrent missed left_due",
)
ASSIGNMENT_COLUMNS = _columns(
    text="case unit handling",
    instant="dispatched_at accept_due_at accepted_at handle_due_at original_handle_due_at close_due_at "
    "reported_at ended_at closed_at",
    number="number reworks returns failed_checks false_feedbacks extensions suspensions supervisions "
    "supervisions_on_time",
    flag="is_lead is_open is_closed is_suspended leaves_due left_due closed_late closed_past_handling",
)
TASK_COLUMNS = _columns(
    text="case kind post unit mode result",
    instant="asked_at due_at done_at withdrawn_at",
    number="number",
    flag="counted late",
)
ACTION_COLUMNS = _columns(text="case action post", instant="at", number="seq task", flag="late")

#: What the other frames carry of their case: filters and attribution need it.
CASE_CONTEXT = (
    "type",
    "source",
    "street",
    "community",
    "area_class",
    "places",
    "filed_at",
    "registered_at",
    "is_void",
)

#: Gives the class of the area in which a cell, or a part of a cell code, lies; None for none.
AreaClassOf = Callable[[str | None], str | None]


def no_area_class(_: str | None) -> None:
    """Give no area a class."""


def frames_of(rows: FactRows, *, area_class: AreaClassOf = no_area_class) -> Frames:
    """Lay rows out as frames; no rows give frames with all columns and no lines.

    Parameters
    ----------
    area_class
        ``Conduct.area_class`` of the rules in force: the class is no part of history.
    """
    builder = FrameBuilder(area_class=area_class)
    for name in _TABLES:
        builder.add(name, [_told(row) for row in getattr(rows, name)])
    return builder.frames()


class FrameBuilder:
    """Gathers rows in batches: what was flushed is held as columns alone, so that Python's memory stays flat.

    Rows come as mappings of field to value, all of a table with the same fields in the same order; instants are whole
    seconds. Columns that follow from others (``is_void``, ``scheme`` …) are made here.

    Parameters
    ----------
    area_class
        As in ``frames_of``.
    """

    def __init__(self, *, area_class: AreaClassOf = no_area_class) -> None:
        self._area_class = area_class
        self._rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in _TABLES}
        self._batches: dict[str, list[Any]] = {name: [] for name in _TABLES}

    @property
    def size(self) -> int:
        """Cases that were added since the last flush."""
        return len(self._rows["cases"])

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows to ``cases``, ``assignments``, ``tasks`` or ``actions``."""
        self._rows[table].extend(rows)

    def flush(self) -> None:
        """Turn what was added into columns."""
        for name, rows in self._rows.items():
            if rows:
                self._batches[name].append(_batch(name, rows))
                rows.clear()

    def frames(self) -> Frames:
        """Return the frames: cases by number, the others by case and then in the order in which they were added."""
        self.flush()
        cases = _with_derived(self._laid_out("cases"), self._area_class)
        context = cases.select("case", *CASE_CONTEXT)
        return Frames(
            cases=_counted(cases),
            assignments=_counted(_with_derived(self._laid_out("assignments")).join(context, on="case", how="left")),
            tasks=_counted(self._laid_out("tasks").join(context, on="case", how="left")),
            actions=_counted(self._laid_out("actions").join(context, on="case", how="left")),
        )

    def _laid_out(self, table: str) -> "pl.DataFrame":
        import polars as pl  # noqa: PLC0415 - web processes import this module's words, never the engine

        blank = pl.DataFrame(schema=_schema(table))
        batches, self._batches[table] = [blank, *self._batches[table]], []
        gathered: pl.DataFrame = pl.concat(batches, how="vertical")
        return gathered.sort("case", maintain_order=True)


_TABLES: Mapping[str, Mapping[str, ColumnKind]] = {
    "cases": CASE_COLUMNS,
    "assignments": ASSIGNMENT_COLUMNS,
    "tasks": TASK_COLUMNS,
    "actions": ACTION_COLUMNS,
}
#: Columns that follow from others of the same row.
_DERIVED = {
    "cases": frozenset({"scheme", "kind", "code", "area_class", "is_open", "is_void", "is_duplicate", "left_due"}),
    "assignments": frozenset({"left_due"}),
}


def _told(row: Any) -> dict[str, Any]:
    return {one.name: _plain(getattr(row, one.name)) for one in fields(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return epoch_second(value)
    return str(value) if isinstance(value, TypeKey) else value


def _schema(table: str) -> dict[str, Any]:
    import polars as pl  # noqa: PLC0415 - as above

    types: Mapping[ColumnKind, Any] = {
        ColumnKind.TEXT: pl.String,
        ColumnKind.INSTANT: pl.Int64,
        ColumnKind.NUMBER: pl.Int64,
        ColumnKind.FLAG: pl.Boolean,
    }
    derived = _DERIVED.get(table, frozenset())
    return {name: types[kind] for name, kind in _TABLES[table].items() if name not in derived}


def _batch(table: str, rows: list[Mapping[str, Any]]) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - as above

    values = dict(zip(rows[0], zip(*(row.values() for row in rows), strict=True), strict=True))
    return pl.DataFrame([pl.Series(name, values[name], dtype=kind) for name, kind in _schema(table).items()])


def _with_derived(rows: "pl.DataFrame", area_class: AreaClassOf | None = None) -> "pl.DataFrame":
    """Add the columns that follow from others: of cases where an area class is given, else of assignments."""
    import polars as pl  # noqa: PLC0415 - as above

    left_due = (pl.col("handling") == str(Handling.LEFT)).alias("left_due")
    if area_class is None:
        return rows.with_columns(left_due)
    area = pl.coalesce("cell", "community", "street", "district")
    areas = rows.select(area.alias("area")).unique().drop_nulls().get_column("area").to_list()
    classes = {one: name for one in areas if (name := area_class(one)) is not None}
    parts = pl.col("type").str.split_exact("/", 2)
    return rows.with_columns(
        left_due,
        *(parts.struct.field(f"field_{place}").alias(name) for place, name in enumerate(("scheme", "kind", "code"))),
        area.replace_strict(classes, default=None, return_dtype=pl.String).alias("area_class"),
        pl.col("state").is_in([str(state) for state in OPEN_STATES]).alias("is_open"),
        pl.col("void_at").is_not_null().alias("is_void"),
        pl.col("lead_case").is_not_null().alias("is_duplicate"),
    ).select(*CASE_COLUMNS)


def _counted(frame: "pl.DataFrame") -> nw.DataFrame[Any]:
    return nw.from_native(frame.rechunk(), eager_only=True)
