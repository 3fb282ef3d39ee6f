"""The case sheet of the month: which cases stand on it and what is said of each.

Holds no person: neither reporter nor staff. Columns: domain §6, "Case sheet"; names, places and foreign
numbers are not in the history and come from the caller.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from gridcase.assessment.facts import CaseRow, Handling
from gridcase.assessment.sheets import Cell, Sheet, columns
from gridcase.domain.case import CaseNumber
from gridcase.domain.place import Datum
from gridcase.domain.time import Period

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
    lon="number",
    lat="number",
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


def belongs_to(row: CaseRow, period: Period) -> bool:
    """Tell whether a case stands on the sheet of a period.

    It does when one of its steps or its handling deadline falls in the period, or when it is overdue and open
    with an earlier deadline.
    """
    moments = (
        row.filed_at,
        row.registered_at,
        row.dispatched_at,
        row.reported_at,
        row.checked_at,
        row.closed_at,
        row.void_at,
        row.transferred_at,
        row.reopened_at,
        row.handle_due_at,
    )
    if any(moment is not None and period.holds(moment) for moment in moments):
        return True
    is_overdue = row.is_open and row.handling is Handling.OVERDUE_OPEN
    return is_overdue and row.handle_due_at is not None and row.handle_due_at < period.end


def case_sheet(rows: Iterable[CaseRow], details: Iterable[CaseDetails], *, period: Period) -> Sheet:
    """Make the sheet of the cases that belong to the period, in the order of their numbers.

    A case without details has those cells empty; details of other cases are passed over.
    """
    known = {one.number: one for one in details}
    chosen = sorted((row for row in rows if belongs_to(row, period)), key=lambda row: row.case)
    return Sheet(
        name="cases",
        columns=CASE_COLUMNS,
        rows=tuple(_cells(row, known.get(row.case, CaseDetails(number=row.case))) for row in chosen),
    )


def _cells(row: CaseRow, details: CaseDetails) -> tuple[Cell, ...]:
    handling = row.handling
    decided: dict[str, Cell] = {
        "number": row.case,
        "due": handling in (Handling.ON_TIME, Handling.OVERDUE, Handling.OVERDUE_OPEN),
        "overdue": handling in (Handling.OVERDUE, Handling.OVERDUE_OPEN),
        "closed_overdue": row.closed_late,
    }
    return tuple(_cell(column.name, row, details, decided) for column in CASE_COLUMNS)


def _cell(name: str, row: CaseRow, details: CaseDetails, decided: dict[str, Cell]) -> Cell:
    if name in decided:
        return decided[name]
    value: Cell = getattr(details, name) if hasattr(details, name) else getattr(row, name)
    return None if value == "" else value
