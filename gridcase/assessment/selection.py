"""Say what is to be counted: which month, which cases belong to it, in whose name, with which filters.

Words only, standard library only. Rules: domain §6, "Base counts".
"""

from dataclasses import dataclass
from enum import StrEnum

from gridcase.domain.case import CaseKind, Channel, Scheme, Source, TypeKey
from gridcase.domain.time import Period


class CountBy(StrEnum):
    """Whose counts: the three views of the trade and two breakdowns.

    ``unit`` judges assignments; ``area`` (community, 12 characters of the cell code), ``street`` (9) and
    ``type`` judge cases; ``post`` (``role/person``) judges tasks and actions.
    """

    UNIT = "unit"
    AREA = "area"
    STREET = "street"
    POST = "post"
    TYPE = "type"


class Attribution(StrEnum):
    """Which date puts a case, or an assignment, into the period for the outcome counts.

    ``deadline``: the handling deadline in force at the cut-off. ``filed``: the filing, for volume counts too,
    so that one set of cases is followed through. ``registered``: the registration. ``closed``: the closing.
    ``flow``: closed in the period, or overdue and open with a deadline before its end; repeated until closed.
    """

    DEADLINE = "deadline"
    FILED = "filed"
    REGISTERED = "registered"
    CLOSED = "closed"
    FLOW = "flow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cases take part: those that pass every filter; an empty tuple takes all.

    Within one filter one fitting value is enough. What is unknown of a case (type, cell, source) passes no filter that
    asks for it.

    Parameters
    ----------
    types
        Keys of case types.
    majors
        First two digits of the type's code 大类; the same digits mean different things in other schemes and kinds, so
        name these too.
    schemes, kinds
        Scheme and kind of the type.
    sources
        Where the case came from.
    channels
        How it was discovered 发现渠道: groups of sources (``gridcase.domain.case.Channel``).
    area_classes
        Classes of the area that the cell lies in, as the rules of conduct give them.
    places
        Named places and other layer features the case lies in or near: ``layer`` for any feature of a layer,
        ``layer:code`` for one. Not the layers that a cell code itself names.
    streets
        Street codes, 9 characters.
    """

    types: tuple[TypeKey, ...] = ()
    majors: tuple[str, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    kinds: tuple[CaseKind, ...] = ()
    sources: tuple[Source, ...] = ()
    channels: tuple[Channel, ...] = ()
    area_classes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One question to the facts."""

    period: Period
    by: CountBy
    attribution: Attribution = Attribution.DEADLINE
    filters: Filters = NO_FILTERS
