"""Every calendar that was ever in force, for deadlines that were found by an earlier version."""

from gridcase.rules.calendars import parse_calendar
from gridcase.rules.documents import DocumentKind
from gridcase.store.configuration import bodies_of_kind
from gridcase.store.database import Tx
from gridcase.workflow.worktime import WorkingCalendar


def former_calendars(tx: Tx) -> dict[str, tuple[WorkingCalendar, ...]]:
    """Return calendars by ``name@version``, newest first: a version may have been changed without a new number."""
    found: dict[str, tuple[WorkingCalendar, ...]] = {}
    for body in bodies_of_kind(tx, DocumentKind.CALENDAR):
        calendar = parse_calendar(body)
        key = f"{calendar.name}@{calendar.version}"
        found[key] = (*found.get(key, ()), calendar)
    return found
