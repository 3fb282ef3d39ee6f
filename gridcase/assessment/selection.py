"""Say what is to be counted: which month, which cases belong to it, in whose name, with which filters.

Words only, standard library only. Rules: domain §6, "Base counts".
"""

from dataclasses import dataclass
from enum import StrEnum

from gridcase.domain.case import Source, TypeKey
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
    """Which cases take part; an empty tuple takes all.

    Parameters
    ----------
    types
        Keys of case types; a case of unknown type passes no such filter.
    sources
        Where the case came from.
    """

    types: tuple[TypeKey, ...] = ()
    sources: tuple[Source, ...] = ()


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One question to the facts."""

    period: Period
    by: CountBy
    attribution: Attribution = Attribution.DEADLINE
    filters: Filters = NO_FILTERS
