"""The rules a decision reads, and the situation it is asked in. All of it immutable and loaded beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action, AttachmentId, CaseState, PersonId, UnitCode
from gridcase.domain.history import Facts, Finding
from gridcase.domain.place import Location
from gridcase.workflow.case import Case
from gridcase.workflow.catalogue import Catalogue
from gridcase.workflow.conduct import Conduct
from gridcase.workflow.requests import Position
from gridcase.workflow.routing import RoutingTable
from gridcase.workflow.trust import SeenPhoto
from gridcase.workflow.units import Units
from gridcase.workflow.worktime import WorkingCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Dated configuration in force, typed.

    Parameters
    ----------
    calendars
        By name.
    zone
        Zone of local days, for dates of routing rules.
    """

    catalogue: Catalogue
    conduct: Conduct
    calendars: Mapping[str, WorkingCalendar]
    routing: RoutingTable
    units: Units
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Somebody who may be asked to check.

    Parameters
    ----------
    area
        Area code prefix of the duty area; empty for the whole instance.
    on_shift
        Whether the roster has this person on duty now; True for everybody where there is no roster.
    """

    person: PersonId
    name: str
    unit: UnitCode | None
    area: str
    on_shift: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A position with everything the grid knows of it."""

    position: Position
    location: Location
    layers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Who wants something of which case, when, under which rules.

    Parameters
    ----------
    inspectors
        Needed by actions that ask an inspector; empty otherwise.
    lead
        The open case that this one repeats, for ``link_duplicate``.
    placement
        Where a correction would move the case to, already located.
    former
        Calendars that clocks were set by, by ``name@version``, newest first; needed by ``reclock`` alone.
    finding
        What was found of the case, for ``find`` and ``review``.
    photos
        What phones said beside the photos of a verification or a check; those without are left out.
    sealed
        The sealed period in which the case's end counts; needed by what takes an end back.
    """

    case: Case
    actor: Actor
    now: datetime
    rules: Rulebook
    inspectors: tuple[Inspector, ...] = ()
    lead: Case | None = None
    placement: Placement | None = None
    former: Mapping[str, tuple[WorkingCalendar, ...]] = field(default_factory=dict)
    sealed: str | None = None
    finding: Finding | None = None
    photos: Mapping[AttachmentId, SeenPhoto] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A history line about to be appended.

    Parameters
    ----------
    texts, position
        Erasable payload: what people wrote, and the exact position of the actor.
    """

    action: Action
    from_state: CaseState | None
    to_state: CaseState
    actor: Actor
    facts: Facts
    texts: Mapping[str, str] = field(default_factory=dict)
    position: Position | None = None
    observed_at: datetime | None = None
