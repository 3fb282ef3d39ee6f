"""The days of a month's closing: from draft to sending, each a working day after the period and an hour of it.

Computes instants only; who did what is in the store, and what state that makes is said here from both. Rules: domain
§6, "Period" and its timetable; all days and hours are the office's to set (``config/conduct``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from gridcase.domain.time import Period, is_late
from gridcase.workflow.calendar import DayKind, WorkingCalendar

_ONE_DAY = timedelta(days=1)
_EVENING = time(18)


class Approval(StrEnum):
    """What the leader's approval 审签 must come before."""

    BEFORE_SEND = "before_send"
    BEFORE_SEAL = "before_seal"


class Act(StrEnum):
    """What people do with a run; each is noted once, and never taken back."""

    DRAFT = "draft"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    SEAL = "seal"
    SEND = "send"


class MonthState(StrEnum):
    """Where a month, or a run of it, stands."""

    OPEN = "open"
    DRAFT = "draft"
    PUBLICITY = "publicity"
    DECIDING = "deciding"
    APPROVING = "approving"
    SEALED = "sealed"
    SENT = "sent"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """An hour of the n-th working day after a period.

    Parameters
    ----------
    working_day
        1 is the first working day of the office after the period.
    at
        Local time of that day.
    """

    working_day: int
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a month is drafted, cut off, shown, decided and approved; ascending.

    Parameters
    ----------
    publicity_ends
        Publicity 公示 and appeals begin at the cut-off and end here; an appeal at this very second is in time.
    rule_sets
        Names of the rule sets that the office drafts by itself; empty drafts none.
    """

    draft: Milestone = Milestone(working_day=1, at=time(9))
    cut_off: Milestone = Milestone(working_day=3, at=_EVENING)
    publicity_ends: Milestone = Milestone(working_day=6, at=_EVENING)
    decided: Milestone = Milestone(working_day=7, at=_EVENING)
    approved: Milestone = Milestone(working_day=8, at=_EVENING)
    approval: Approval = Approval.BEFORE_SEND
    rule_sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDates:
    """The timetable of one period as instants, aware UTC.

    Parameters
    ----------
    provisional
        A day of them lies in a year whose working days are not announced: only weekends were left out.
    """

    draft_at: datetime
    cut_off: datetime
    publicity_ends_at: datetime
    decided_at: datetime
    approved_at: datetime
    provisional: bool


def month_dates(period: Period, timetable: Timetable, calendar: WorkingCalendar) -> MonthDates:
    """Return the instants of a period's timetable.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> from gridcase.workflow.calendar import Season, Window
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> plain = WorkingCalendar(name="plain", version="1", zone=zone, observes_holidays=False,
    ...                         seasons=(Season(valid_from=date(2026, 1, 1), windows=(Window.parse("08:00-18:00"),)),))
    >>> dates = month_dates(Period.parse("2026-10", zone=zone), Timetable(), plain)
    >>> dates.cut_off.astimezone(zone).isoformat(), dates.approved_at.astimezone(zone).date().isoformat()
    ('2026-11-04T18:00:00+08:00', '2026-11-11')
    """
    milestones = (
        timetable.draft,
        timetable.cut_off,
        timetable.publicity_ends,
        timetable.decided,
        timetable.approved,
    )
    days = _working_days(period.next_day, max(one.working_day for one in milestones), calendar)
    instants = [
        datetime.combine(days[one.working_day - 1], one.at, tzinfo=period.zone).astimezone(UTC) for one in milestones
    ]
    return MonthDates(
        draft_at=instants[0],
        cut_off=instants[1],
        publicity_ends_at=instants[2],
        decided_at=instants[3],
        approved_at=instants[4],
        provisional=any(calendar.day(day).kind is DayKind.UNANNOUNCED for day in days),
    )


def state_of(acts: Collection[Act], dates: MonthDates, now: datetime, *, is_superseded: bool = False) -> MonthState:
    """Tell where a run stands by the clock and what was done with it.

    Parameters
    ----------
    acts
        Of the run; without ``draft`` it is a month that nobody has run yet.
    is_superseded
        A sealed re-issue names it.
    """
    if is_superseded:
        return MonthState.SUPERSEDED
    for act, state in _BY_ACT.items():
        if act in acts:
            return state
    if not is_late(now, dates.cut_off):
        return MonthState.DRAFT if Act.DRAFT in acts else MonthState.OPEN
    if not is_late(now, dates.publicity_ends_at):
        return MonthState.PUBLICITY
    return MonthState.APPROVING if is_late(now, dates.decided_at) else MonthState.DECIDING


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What is to be done next, by when and by whom.

    Parameters
    ----------
    step
        ``draft``, ``cut_off``, ``appeal``, ``decide``, ``approve``, ``seal`` or ``send``.
    roles
        Names of the roles that do it, in the order of the trade; empty where time itself does.
    """

    step: str
    due_at: datetime
    roles: tuple[str, ...]


def next_step(acts: Collection[Act], dates: MonthDates, now: datetime, approval: Approval) -> NextStep | None:
    """Return what comes next with a run; None when nothing does."""
    state = state_of(acts, dates, now)
    if state in (MonthState.WITHDRAWN, MonthState.SENT, MonthState.SUPERSEDED):
        return None
    if state in (MonthState.OPEN, MonthState.DRAFT):
        is_drafted = state is MonthState.DRAFT
        return (
            NextStep(step="cut_off", due_at=dates.cut_off, roles=())
            if is_drafted
            else NextStep(step="draft", due_at=dates.draft_at, roles=("assessor",))
        )
    if state is MonthState.PUBLICITY:
        return NextStep(step="appeal", due_at=dates.publicity_ends_at, roles=("unit_leader",))
    if state is MonthState.DECIDING:
        return NextStep(step="decide", due_at=dates.decided_at, roles=("assessor", "leader"))
    needs_approval = Act.APPROVE not in acts
    if needs_approval and (approval is Approval.BEFORE_SEAL or state is MonthState.SEALED):
        return NextStep(step="approve", due_at=dates.approved_at, roles=("leader",))
    step = "send" if state is MonthState.SEALED else "seal"
    return NextStep(step=step, due_at=dates.approved_at, roles=("assessor", "leader", "admin"))


#: The farthest act decides.
_BY_ACT: Mapping[Act, MonthState] = {
    Act.SEND: MonthState.SENT,
    Act.SEAL: MonthState.SEALED,
    Act.WITHDRAW: MonthState.WITHDRAWN,
}


def _working_days(first: date, many: int, calendar: WorkingCalendar) -> list[date]:
    days: list[date] = []
    day = first
    while len(days) < many:
        if calendar.day(day).is_working:
            days.append(day)
        day += _ONE_DAY
    return days
