"""Lay the facts out as four column frames, the form in which they are counted.

Imports polars inside the function, so that importing this module costs nothing; web processes never call it.
The columns are those of the rows in ``gridcase.assessment.facts``, with the types below.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

import narwhals as nw

from gridcase.assessment.facts import FactRows


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
    text="case type scheme kind code condition source cell district street community area_class places "
    "state handling "
    "check_mode verified first_unit unit lead_case transferred_to filed_by accepted_by registered_by dispatched_by "
    "closed_by voided_by transferred_by reopened_by",
    instant="filed_at accepted_at registered_at dispatched_at reported_at checked_at closed_at void_at "
    "transferred_at reopened_at register_due_at dispatch_due_at handle_due_at original_handle_due_at close_due_at",
    number="reworks returns failed_checks extensions suspensions supervisions supervisions_on_time subtasks reopens",
    flag="registered_late dispatched_late closed_late closed_past_handling accurately_dispatched provisional "
    "is_open is_void is_duplicate is_closed is_suspended self_handled recurrent left_due",
)
ASSIGNMENT_COLUMNS = _columns(
    text="case unit handling",
    instant="dispatched_at accept_due_at accepted_at handle_due_at original_handle_due_at close_due_at "
    "reported_at ended_at closed_at",
    number="number reworks returns failed_checks extensions suspensions supervisions supervisions_on_time",
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
    cases = _frame(rows.cases, CASE_COLUMNS, area_class)
    context = cases.select("case", *CASE_CONTEXT)
    return Frames(
        cases=cases,
        assignments=_frame(rows.assignments, ASSIGNMENT_COLUMNS).join(context, on="case", how="left"),
        tasks=_frame(rows.tasks, TASK_COLUMNS).join(context, on="case", how="left"),
        actions=_frame(rows.actions, ACTION_COLUMNS).join(context, on="case", how="left"),
    )


def epoch_second(instant: datetime) -> int:
    """Return the whole second of an aware instant since 1970-01-01T00:00:00Z.

    Examples
    --------
    >>> from datetime import UTC
    >>> epoch_second(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC))
    1
    """
    return math.floor(instant.timestamp())


def _frame(
    rows: Iterable[object], columns: Mapping[str, ColumnKind], area_class: AreaClassOf = no_area_class
) -> nw.DataFrame[Any]:
    import polars as pl  # noqa: PLC0415 - web processes import this module's words, never the engine

    types: Mapping[ColumnKind, Any] = {
        ColumnKind.TEXT: pl.String,
        ColumnKind.INSTANT: pl.Int64,
        ColumnKind.NUMBER: pl.Int64,
        ColumnKind.FLAG: pl.Boolean,
    }
    rows = list(rows)
    return nw.from_native(
        pl.DataFrame(
            [
                pl.Series(name, _values(rows, name, kind, area_class), dtype=types[kind])
                for name, kind in columns.items()
            ]
        ),
        eager_only=True,
    )


def _values(rows: list[Any], name: str, kind: ColumnKind, area_class: AreaClassOf) -> list[Any]:
    if name == "area_class":
        return [area_class(row.cell) for row in rows]
    values = list(map(attrgetter(name), rows))
    if kind is ColumnKind.INSTANT:
        return [None if value is None else epoch_second(value) for value in values]
    if kind is ColumnKind.TEXT:
        return [None if value is None else str(value) for value in values]
    return values
