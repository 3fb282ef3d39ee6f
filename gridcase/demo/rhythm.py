"""When does a street have its cases: more on working days than at weekends, most in the morning and evening.

Weights only, for the demonstration; who is on duty for a case is told by ``gridcase.demo.pace``.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from gridcase.domain.time import Period
from gridcase.workflow.worktime import WorkingCalendar

_WORKING_DAY, _WEEKEND, _HOLIDAY = 10, 5, 3
#: National Day: the first days of the month, with fewer staff than at a weekend.
_HOLIDAYS = 7
#: Hours of a day with their weights: the way to work, the markets, the evening's food stalls.
_DAY_HOURS = {7: 3, 8: 9, 9: 10, 10: 7, 11: 5, 12: 2, 13: 3, 14: 6, 15: 6, 16: 7, 17: 9, 18: 7, 19: 4, 20: 2}
_NIGHT_HOURS = {21: 4, 22: 4, 23: 3, 0: 2, 1: 1, 2: 1, 4: 1, 5: 2, 6: 3}
_NIGHT_SHARE = 0.25
#: Nobody files in the first and last minutes of a shift.
_SETTLING_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The rhythm of one month."""

    period: Period
    calendar: WorkingCalendar

    def any_time(self, rng: Random, *, is_urgent: bool) -> datetime:
        """Choose an instant of the month; nights belong to what cannot wait."""
        day = self._day(rng, self._days())
        is_night = is_urgent and rng.random() < _NIGHT_SHARE
        return self._at(rng, day, _NIGHT_HOURS if is_night else _DAY_HOURS)

    def at_night(self, rng: Random) -> datetime:
        """Choose an instant of a night."""
        return self._at(rng, self._day(rng, self._days()), _NIGHT_HOURS)

    def on_duty(
        self, rng: Random, *, on: int | None = None, until: int | None = None, but: tuple[int, ...] = ()
    ) -> datetime:
        """Choose an instant of working time.

        Parameters
        ----------
        on, until
            Day of the month to choose, or the last that may be chosen; left aside where it leaves no working day.
        but
            Hours not to choose.
        """
        days = [day for day in self._days() if self.calendar.day(day).is_working]
        fitting = [day for day in days if on in (None, day.day) and (until is None or day.day <= until)]
        spans = self.calendar.day(self._day(rng, fitting or days)).spans
        while True:
            opens, closes = rng.choice(spans)
            moment = datetime.fromtimestamp(rng.randrange(opens + _SETTLING_S, closes - _SETTLING_S), UTC)
            # Chosen evenly and kept by the hour's weight, so that the peaks show inside working time too.
            hour = self._local(moment).hour
            if hour not in but and rng.randrange(max(_DAY_HOURS.values())) < _DAY_HOURS.get(hour, 1):
                return moment

    def is_on_duty(self, moment: datetime) -> bool:
        """Tell whether an instant lies in working time."""
        spans = self.calendar.day(self._local(moment).date()).spans
        return any(opens <= moment.timestamp() < closes for opens, closes in spans)

    def _days(self) -> list[date]:
        first = self.period.first_day
        return [first + timedelta(days=step) for step in range((self.period.next_day - first).days)]

    def _day(self, rng: Random, days: list[date]) -> date:
        return rng.choices(days, [self._weight(day) for day in days])[0]

    def _weight(self, day: date) -> int:
        if self.calendar.day(day).is_working:
            return _WORKING_DAY
        return _HOLIDAY if day.day <= _HOLIDAYS else _WEEKEND

    def _at(self, rng: Random, day: date, hours: dict[int, int]) -> datetime:
        hour = rng.choices(tuple(hours), tuple(hours.values()))[0]
        local = datetime(
            day.year, day.month, day.day, hour, rng.randint(0, 59), rng.randint(0, 59), tzinfo=self.period.zone
        )
        return local.astimezone(UTC)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.period.zone)
