"""The case sheet of the month: which cases stand on it and what is said of each.

Holds no person: neither reporter nor staff. Columns: domain §6, "Case sheet"; names, places and foreign
numbers are not in the history and come from the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

from gridcase.assessment.columnsheets import ColumnSheet
from gridcase.assessment.facts import Handling
from gridcase.assessment.frames import Frames, epoch_second
from gridcase.assessment.sheets import columns
from gridcase.domain.case import CaseNumber
from gridcase.domain.place import Datum
from gridcase.domain.time import Period

if TYPE_CHECKING:
    import polars as pl

CASE_COLUMNS = columns(
    number="code",
    their_number="text",
    street="code",
    kind="code",
    scheme="code",
    code="code",
    category_name="text",
    type_name="text",
    condition="code",
    cell="code",
    community="code",
    community_name="text",
    lon="decimal",
    lat="decimal",
    datum="code",
    source="code",
    state="code",
    filed_at="instant",
    registered_at="instant",
    dispatched_at="instant",
    reported_at="instant",
    checked_at="instant",
    closed_at="instant",
    void_at="instant",
    handle_due_at="instant",
    original_handle_due_at="instant",
    close_due_at="instant",
    unit="code",
    unit_name="text",
    extensions="number",
    returns="number",
    reworks="number",
    suspensions="number",
    failed_checks="number",
    check_mode="code",
    due="flag",
    overdue="flag",
    closed_overdue="flag",
    accepted_at="instant",
    verified="code",
    self_handled="flag",
    lead_case="code",
    transferred_at="instant",
    transferred_to="code",
    is_suspended="flag",
    supervisions="number",
    supervisions_on_time="number",
    subtasks="number",
    reopens="number",
    recurrent="flag",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetails:
    """What the sheet says of a case beside its history.

    Parameters
    ----------
    their_number
        Number in the city platform; empty when it has none.
    category_name, type_name, community_name, unit_name
        Names at the cut-off; empty when unknown.
    lon, lat, datum
        Degrees and their datum; all three or none.
    """

    number: CaseNumber
    their_number: str = ""
    category_name: str = ""
    type_name: str = ""
    community_name: str = ""
    unit_name: str = ""
    lon: Decimal | None = None
    lat: Decimal | None = None
    datum: Datum | None = None


#: Steps whose instant in the period puts a case on the sheet, and its handling deadline.
_MOMENTS = (
    "filed_at",
    "registered_at",
    "dispatched_at",
    "reported_at",
    "checked_at",
    "closed_at",
    "void_at",
    "transferred_at",
    "reopened_at",
    "handle_due_at",
)


def listed(frames: Frames, period: Period) -> "pl.DataFrame":
    """Return the lines of the cases that belong to a period, in the order of their numbers.

    A case belongs to it when one of its steps or its handling deadline falls in the period, or when it is overdue and
    open with an earlier deadline.
    """
    import polars as pl  # noqa: PLC0415

    start, end = epoch_second(period.start), epoch_second(period.end)
    is_there = pl.any_horizontal([pl.col(name).is_between(start, end, closed="left") for name in _MOMENTS])
    is_overdue = pl.col("is_open") & (pl.col("handling") == Handling.OVERDUE_OPEN) & (pl.col("handle_due_at") < end)
    cases: pl.DataFrame = frames.cases.to_native()
    return cases.filter(is_there.fill_null(value=False) | is_overdue.fill_null(value=False)).sort("case")


def case_sheet(frames: Frames, details: Iterable[CaseDetails], *, period: Period) -> ColumnSheet:
    """Make the sheet of the cases that belong to the period, in the order of their numbers.

    A case without details has those cells empty; details of other cases are passed over.
    """
    import polars as pl  # noqa: PLC0415

    handling = pl.col("handling")
    is_overdue = handling.is_in([str(Handling.OVERDUE), str(Handling.OVERDUE_OPEN)])
    whole = (
        listed(frames, period)
        .join(_details_frame(details), left_on="case", right_on="number", how="left", maintain_order="left")
        .with_columns(
            number=pl.col("case"),
            due=is_overdue | (handling == Handling.ON_TIME),
            overdue=is_overdue,
            closed_overdue=pl.col("closed_late"),
        )
    )
    names = [column.name for column in CASE_COLUMNS]
    texts = pl.col(pl.String)
    chosen = whole.select(names).with_columns(pl.when(texts != "").then(texts).name.keep())
    return ColumnSheet(name="cases", columns=CASE_COLUMNS, frame=chosen)


def _details_frame(details: Iterable[CaseDetails]) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415

    names = [field.name for field in fields(CaseDetails)]
    columns_: dict[str, list[str | None]] = {name: [] for name in names}
    for one in details:
        for name, held in columns_.items():
            value = getattr(one, name)
            held.append(f"{value:f}" if isinstance(value, Decimal) else value if value is None else str(value))
    return pl.DataFrame([pl.Series(name, held, dtype=pl.String) for name, held in columns_.items()])
