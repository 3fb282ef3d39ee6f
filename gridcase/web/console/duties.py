"""The responsibility matrix as people read it: for each type who gets it, and where somebody else does.

Asked of the routing table in force, type by type and community by community, so that it says what would happen and not
what a line of the table means alone.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gridcase.domain.case import CellCode, Source, UnitCode
from gridcase.grid.codes import community_of
from gridcase.grid.features import UNIT_LAYER
from gridcase.services.steps.reference import Reference
from gridcase.workflow.catalogue import CaseType
from gridcase.workflow.routing import RoutingQuestion, route


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who gets a type.

    Parameters
    ----------
    unit
        In most places; None where no rule says so.
    elsewhere
        Places, by the beginning of their cells' codes, in which another unit gets it (None: nobody).
    """

    type: CaseType
    unit: UnitCode | None
    elsewhere: Mapping[str, UnitCode | None]

    @property
    def has_gap(self) -> bool:
        """Whether a case of it would have nobody somewhere."""
        return self.unit is None or None in self.elsewhere.values()


Duties = Mapping[tuple[str, str, str], Sequence[Duty]]
#: The answer given last, with what it is about.
_NEWEST: list[tuple[Reference, date, Duties]] = []


def duties(reference: Reference, on: date) -> Duties:
    """Return the duties of every type by its major class (scheme, kind, name), in the catalogue's order.

    Worked out once for a reference and a day: with 510 types in 50 communities that is 25,500 questions.
    """
    for known, day, found in _NEWEST:
        if known is reference and day == on:
            return found
    made = _worked_out(reference, on)
    _NEWEST[:] = [(reference, on, made)]
    return made


def _worked_out(reference: Reference, on: date) -> Duties:
    places = _places(reference)
    found: dict[tuple[str, str, str], list[Duty]] = {}
    for one in reference.rules.catalogue.types:
        found.setdefault((one.key.scheme, one.key.kind, one.major_name), []).append(_duty(reference, one, places, on))
    return found


def _duty(reference: Reference, one: CaseType, places: Mapping[str, CellCode], on: date) -> Duty:
    told = {
        area: route(
            reference.rules.routing, RoutingQuestion(type=one.key, cell=cell, source=Source.INSPECTOR, on=on)
        ).unit
        for area, cell in places.items()
    }
    most = Counter(told.values()).most_common(1)[0][0] if told else None
    return Duty(type=one, unit=most, elsewhere={area: unit for area, unit in told.items() if unit != most})


def _places(reference: Reference) -> dict[str, CellCode]:
    """Return one cell of each community, and of each smaller area that a rule names."""
    cells = sorted(code for layer, code in reference.features if layer == UNIT_LAYER)
    named = {area for rule in reference.rules.routing.rules for area in rule.areas if area != community_of(area)}
    return _first_of(cells, [*dict.fromkeys(community_of(code) for code in cells), *sorted(named)])


def _first_of(cells: Sequence[str], areas: Iterable[str]) -> dict[str, CellCode]:
    """Return the first cell of each area; ``cells`` are sorted, so that it stands where the area's code would."""
    firsts = ((area, bisect_left(cells, area)) for area in areas)
    return {area: CellCode(cells[at]) for area, at in firsts if at < len(cells) and cells[at].startswith(area)}
