"""When do the people of the sample city work: instants so many seconds of working time on or back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gridcase.domain.time import LimitUnit
from gridcase.workflow.worktime import WorkingCalendar, deadline_after

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The rhythm of one case.

    Parameters
    ----------
    is_urgent
        Whether people are on duty day and night for it; otherwise they act in working time only.
    """

    calendar: WorkingCalendar
    is_urgent: bool

    def after(self, start: datetime, seconds: int) -> datetime:
        """Return the instant at which so many seconds have been worked since ``start``; aware UTC."""
        unit = LimitUnit.URGENT_HOUR if self.is_urgent else LimitUnit.WORKING_HOUR
        return deadline_after(start, seconds, unit, self.calendar).due_at

    def before(self, end: datetime, seconds: int) -> datetime:
        """Return the latest instant from which so many seconds are worked until ``end``; aware UTC, whole seconds."""
        moment = int(end.timestamp())
        if self.is_urgent:
            return datetime.fromtimestamp(moment - seconds, UTC)
        day = end.astimezone(self.calendar.zone).date()
        left = seconds
        while True:
            for opens, closes in reversed(self.calendar.day(day).spans):
                worked = max(0, min(closes, moment) - opens)
                if left <= worked:
                    return datetime.fromtimestamp(min(closes, moment) - left, UTC)
                left -= worked
            day -= _ONE_DAY
