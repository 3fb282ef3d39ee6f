"""How an instance conducts cases: stage limits, what goes by rule, and the reasons people may give.

Values only: they come from ``gridcase.rules.conduct``. Handling limits are not here but in the catalogue.
Source: domain §4 and the last paragraph of domain §5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gridcase.domain.case import Action, Source, TypeKey
from gridcase.domain.history import LimitedStage
from gridcase.domain.time import TimeLimit
from gridcase.workflow.recurrence import RecurrenceRule
from gridcase.workflow.routing import TypePattern
from gridcase.workflow.timetable import Timetable
from gridcase.workflow.trust import TrustRule

#: Stages whose limits are set here; handling takes its limit from the filing condition.
CONDUCT_STAGES = tuple(stage for stage in LimitedStage if stage is not LimitedStage.HANDLE)

#: The assessment reads this reason: the return was upheld, so the ended assignment leaves due.
WRONG_UNIT = "wrong_unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason people choose from a list; histories keep the code."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """Where, and for what, another calendar than the office's runs the unit's clocks.

    Parameters
    ----------
    types, areas
        Patterns of case types and area code prefixes; empty takes all.
    """

    calendar: str
    types: tuple[TypePattern, ...] = ()
    areas: tuple[str, ...] = ()

    def fits(self, key: TypeKey, cell: str) -> bool:
        """Tell whether a type in a cell falls under the rule."""
        by_type = not self.types or any(pattern.matches(key) for pattern in self.types)
        return by_type and (not self.areas or any(cell.startswith(area) for area in self.areas))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """Dated conduct of one instance.

    Parameters
    ----------
    version
        Version of the document.
    confirmed
        False while the values are defaults that the street has yet to confirm.
    calendar
        Name of the default working calendar.
    stage_limits
        Normal and urgent limit of every stage in ``CONDUCT_STAGES``.
    auto_register_sources
        Sources whose cases are registered by rule.
    auto_dispatch
        Whether a registered case with a published limit and a route is dispatched by rule.
    photo_required
        Actions that need at least one photo.
    reassign_reasons
        Holds ``WRONG_UNIT``.
    check_distance_m
        How far from the case an on-site check may be made, in metres.
    allowed_returns
        Returns of one case before the shift leader decides; 0 allows none.
    transfer_bodies
        Bodies outside that cases are handed over to.
    allowed_extensions
        Extensions of one assignment that a shift leader may grant; the next needs the leader.
    reopen_days
        Working days within which a closing may be taken back.
    reinspect_percent
        Share of self-handled cases that another inspector looks at again.
    warn_percent
        Part of a limit after which a warning is given.
    calendar_rules
        Asked in order before the unit's own calendar; the first that fits wins.
    area_classes
        Class by the beginning of the cell code, for limits that differ by area class; empty when none do.
    recurrence
        How near a case must be to an earlier one to count as its recurrence.
    trust
        How strictly the evidence of phones is taken.
    timetable
        When a month is drafted, cut off, shown, decided, approved.
    """

    version: str
    confirmed: bool
    calendar: str
    stage_limits: Mapping[LimitedStage, tuple[TimeLimit, TimeLimit]]
    auto_register_sources: frozenset[Source]
    auto_dispatch: bool
    photo_required: frozenset[Action]
    void_reasons: tuple[Reason, ...]
    return_reasons: tuple[Reason, ...]
    reassign_reasons: tuple[Reason, ...]
    waive_reasons: tuple[Reason, ...]
    extension_reasons: tuple[Reason, ...]
    suspension_reasons: tuple[Reason, ...]
    transfer_bodies: tuple[Reason, ...]
    check_distance_m: int
    allowed_returns: int
    allowed_extensions: int
    reopen_days: int
    reinspect_percent: int
    warn_percent: int
    calendar_rules: tuple[CalendarRule, ...] = ()
    area_classes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    recurrence: RecurrenceRule = field(default_factory=RecurrenceRule)
    timetable: Timetable = field(default_factory=Timetable)
    trust: TrustRule = field(default_factory=TrustRule)

    def calendar_for(self, key: TypeKey, cell: str) -> str | None:
        """Return the calendar named for a type in a cell; None leaves it to the unit and the office."""
        return next((rule.calendar for rule in self.calendar_rules if rule.fits(key, cell)), None)

    def stage_limit(self, stage: LimitedStage, *, urgent: bool) -> TimeLimit:
        """Return the limit of a stage.

        Raises
        ------
        KeyError
            For ``handle``, whose limit is the filing condition's.
        """
        return self.stage_limits[stage][urgent]

    def area_class(self, cell: str | None) -> str | None:
        """Return the class of the area a cell lies in: that of the longest matching beginning, None without one.

        A case without a cell has no class.
        """
        fitting = [area for area in self.area_classes if (cell or "").startswith(area)]
        return self.area_classes[max(fitting, key=len)] if fitting else None
