"""Units that handle cases 处置单位, and which unit stands under which.

Values only: they come from ``gridcase.rules.units``. Who works in a unit is the store's knowledge.
Source: the trade's words in ``docs/glossary.md``; the unit tree in domain §4 (交办).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gridcase.domain.case import UnitCode


class UnitKind(StrEnum):
    """What a unit is: a department 部门, a community 社区 or a contractor 作业单位."""

    DEPARTMENT = "department"
    COMMUNITY = "community"
    CONTRACTOR = "contractor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit that can be given cases.

    Parameters
    ----------
    parent
        Unit it stands under; None at the top.
    calendar
        Name of its own working calendar; None for the instance's.
    """

    code: UnitCode
    name_zh: str
    name_en: str
    kind: UnitKind
    parent: UnitCode | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """All units in force: a forest without cycles.

    Parameters
    ----------
    version
        Versions of the documents it was made of, joined by ``+``.
    units
        Unique by code, in the order of the documents.
    by_code
        The same units by code.
    """

    version: str
    units: tuple[Unit, ...]
    by_code: Mapping[UnitCode, Unit] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {unit.code: unit for unit in self.units})

    def children(self, code: UnitCode) -> tuple[Unit, ...]:
        """Return the units directly under a unit, in order; empty for an unknown code."""
        return tuple(unit for unit in self.units if unit.parent == code)

    def working_for(self, above: UnitCode) -> tuple[Unit, ...]:
        """Return the units that may be given a sub-assignment by another: those below it, and every contractor."""
        return tuple(
            unit
            for unit in self.units
            if unit.code != above and (self.is_within(unit.code, above) or unit.kind is UnitKind.CONTRACTOR)
        )

    def is_within(self, code: UnitCode, above: UnitCode) -> bool:
        """Tell whether a unit is ``above`` itself or stands anywhere under it."""
        at: UnitCode | None = code
        while at is not None and at != above:
            unit = self.by_code.get(at)
            at = unit.parent if unit else None
        return at is not None
