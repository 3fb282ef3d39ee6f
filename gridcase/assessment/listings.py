"""Lists taken from case sheet and facts: void, suspended, extensions, returns, supervised, and what occurs often.

Each holds cases of the month only, and no person. Which lists there are: domain §6, "The monthly export".
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gridcase.assessment.columnsheets import ColumnSheet
from gridcase.assessment.frames import Frames, epoch_second
from gridcase.assessment.sheets import Column, columns
from gridcase.domain.case import Action
from gridcase.domain.time import Period

if TYPE_CHECKING:
    import polars as pl

_CASE = {
    "number": "code",
    "their_number": "text",
    "scheme": "code",
    "kind": "code",
    "code": "code",
    "type_name": "text",
    "cell": "code",
    "community_name": "text",
    "unit": "code",
    "unit_name": "text",
    "state": "code",
}
_SUSPENDED = columns(
    **_CASE, suspensions="number", is_suspended="flag", asked_at="instant", decided_at="instant", resumed_at="instant"
)
_EXTENSIONS = columns(
    **_CASE,
    extensions="number",
    asked_at="instant",
    decided_at="instant",
    original_handle_due_at="instant",
    handle_due_at="instant",
    overdue="flag",
)
_RETURNS = columns(
    number="code",
    assignment="number",
    unit="code",
    returns="number",
    dispatched_at="instant",
    ended_at="instant",
    upheld="flag",
)
_SUPERVISED = columns(
    **_CASE,
    supervisions="number",
    supervisions_on_time="number",
    supervised_at="instant",
    answered_at="instant",
    overdue="flag",
)
_VOID = columns(**_CASE, filed_at="instant", registered_at="instant", void_at="instant", after_registration="flag")
_FREQUENT_TYPES = columns(
    place="number",
    scheme="code",
    kind="code",
    code="code",
    category_name="text",
    type_name="text",
    cases="number",
    share_percent="decimal",
    recurrent="number",
    overdue="number",
)
_FREQUENT_PLACES = columns(
    place="number",
    cell="code",
    community_name="text",
    scheme="code",
    kind="code",
    code="code",
    type_name="text",
    cases="number",
    recurrent="number",
)
#: Fewer cases of one type in one cell within the period are not yet "often".
OFTEN = 3
_TYPE = ("scheme", "kind", "code")


def listings(cases: ColumnSheet, frames: Frames, *, period: Period) -> Iterator[ColumnSheet]:
    """Make every list of a month; without cases they have their columns and no lines.

    Parameters
    ----------
    cases
        The case sheet.
    """
    import polars as pl  # noqa: PLC0415

    start, end = epoch_second(period.start), epoch_second(period.end)
    sheet = cases.frame
    actions: pl.DataFrame = frames.actions.to_native()
    before_end = actions.filter(pl.col("case").is_in(sheet.get_column("number").implode()))
    void = sheet.filter(pl.col("void_at").is_between(start, end, closed="left"))
    yield _list("void", _VOID, void.with_columns(after_registration=pl.col("registered_at").is_not_null()))
    yield _list(
        "suspended",
        _SUSPENDED,
        _with_last(
            sheet.filter((pl.col("suspensions") > 0) | pl.col("is_suspended")),
            before_end,
            asked_at=Action.ASK_SUSPENSION,
            decided_at=Action.DECIDE_SUSPENSION,
            resumed_at=Action.RESUME,
        ),
    )
    yield _list(
        "extensions",
        _EXTENSIONS,
        _with_last(
            sheet.filter(pl.col("extensions") > 0),
            before_end,
            asked_at=Action.ASK_EXTENSION,
            decided_at=Action.DECIDE_EXTENSION,
        ),
    )
    yield _list("returns", _RETURNS, _returns(frames, sheet))
    yield _list(
        "supervised",
        _SUPERVISED,
        _with_last(
            sheet.filter(pl.col("supervisions") > 0),
            before_end,
            supervised_at=Action.SUPERVISE,
            answered_at=Action.ANSWER_SUPERVISION,
        ),
    )
    filed = sheet.filter(
        pl.col("filed_at").is_between(start, end, closed="left"),
        pl.col("code").is_not_null(),
        pl.col("void_at").is_null(),
        pl.col("lead_case").is_null(),
    )
    yield _list("frequent-types", _FREQUENT_TYPES, _frequent(filed, _TYPE, ("category_name", "type_name")))
    places = _frequent(filed.filter(pl.col("cell").is_not_null()), ("cell", *_TYPE), ("community_name", "type_name"))
    yield _list("frequent-places", _FREQUENT_PLACES, places.filter(pl.col("cases") >= OFTEN))


def _list(name: str, form: tuple[Column, ...], frame: "pl.DataFrame") -> ColumnSheet:
    return ColumnSheet(name=name, columns=form, frame=frame.select([column.name for column in form]))


def _with_last(cases: "pl.DataFrame", actions: "pl.DataFrame", **wanted: Action) -> "pl.DataFrame":
    """Add when each action was last recorded of a case."""
    import polars as pl  # noqa: PLC0415

    found = cases
    for name, action in wanted.items():
        last = actions.filter(pl.col("action") == str(action)).group_by("case").agg(pl.col("at").max().alias(name))
        found = found.join(last, left_on="number", right_on="case", how="left", maintain_order="left")
    return found


def _returns(frames: Frames, sheet: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415

    assignments: pl.DataFrame = frames.assignments.to_native()
    return (
        assignments.filter(pl.col("returns") > 0, pl.col("case").is_in(sheet.get_column("number").implode()))
        .sort("case", "number")
        .select(
            number="case",
            assignment="number",
            unit="unit",
            returns="returns",
            dispatched_at="dispatched_at",
            ended_at="ended_at",
            upheld="leaves_due",
        )
    )


def _frequent(filed: "pl.DataFrame", by: Iterable[str], named: Iterable[str]) -> "pl.DataFrame":
    """Count the cases of each group, most first; equal numbers share a place."""
    import polars as pl  # noqa: PLC0415

    by = list(by)
    counted = filed.group_by(by).agg(
        *(pl.col(name).first() for name in named),
        pl.len().cast(pl.Int64).alias("cases"),
        pl.col("recurrent").sum().cast(pl.Int64),
        pl.col("overdue").sum().cast(pl.Int64),
    )
    # Shares in hundredths of a per cent, half up, in whole numbers: no binary fraction reaches the text.
    total = max(filed.height, 1)
    hundredths = (pl.col("cases") * 20_000 + total) // (2 * total)
    share = pl.concat_str(
        (hundredths // 100).cast(pl.String), pl.lit("."), (hundredths % 100).cast(pl.String).str.zfill(2)
    )
    return (
        counted.with_columns(share_percent=share, place=pl.col("cases").rank("min", descending=True).cast(pl.Int64))
        .sort(["cases", *by], descending=[True, *(False for _ in by)])
        .select("place", *by, *named, "cases", "share_percent", "recurrent", "overdue")
    )
