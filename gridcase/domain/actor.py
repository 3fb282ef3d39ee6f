"""Who acts: roles, scopes and the actor of a request.

An actor acts in exactly one role with exactly one scope; a person who holds several roles chooses one when
signing in. Source: ``docs/glossary.md`` and the design's decision "Who".
"""

from dataclasses import dataclass
from enum import StrEnum

from gridcase.domain.case import PersonId, UnitCode


class Role(StrEnum):
    """Posts of the trade, in the order they touch a case; the last four are machines."""

    INSPECTOR = "inspector"
    ACCEPTOR = "acceptor"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    UNIT_LEADER = "unit_leader"
    HANDLER = "handler"
    CHIEF = "chief"
    ASSESSOR = "assessor"
    LEADER = "leader"
    ADMIN = "admin"
    PUBLIC_DOOR = "public_door"
    CENTRE = "centre"
    CAMERA = "camera"
    SYSTEM = "system"


UNIT_ROLES = frozenset({Role.UNIT_LEADER, Role.HANDLER})


class ScopeKind(StrEnum):
    """Which cases an actor may see."""

    ALL = "all"
    AREA = "area"
    UNIT = "unit"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Cases an actor may see: all, those of an area code prefix, of a unit, or the actor's own.

    Parameters
    ----------
    kind
        Which of the four.
    value
        Area code prefix or unit code; empty for ``all`` and ``own``.
    """

    kind: ScopeKind
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something now.

    Parameters
    ----------
    person
        Identity; 0 for the system itself.
    name
        Name shown to colleagues.
    role, scope
        The one role and scope of this session.
    unit
        Handling unit the person belongs to, if any, whatever the role.
    """

    person: PersonId
    name: str
    role: Role
    scope: Scope
    unit: UnitCode | None = None

    @property
    def is_unit(self) -> bool:
        """Whether the actor acts for a handling unit."""
        return self.role in UNIT_ROLES


SYSTEM = Actor(person=PersonId(0), name="gridcase", role=Role.SYSTEM, scope=Scope(kind=ScopeKind.ALL))
