"""Which roles may use a part of the system that is not about one case; cases ask the table of moves."""

from collections.abc import Collection

from gridcase.domain.actor import UNIT_ROLES, Actor, Role
from gridcase.domain.errors import NotPermittedError
from gridcase.workflow.transitions import PEOPLE

#: Everybody at a desk or on the street who works for the office, not for a unit.
OFFICE = PEOPLE - UNIT_ROLES

#: Who administers people, roster, configuration and layers.
ADMIN = frozenset({Role.ADMIN})

#: Who sees every subject of a month, asks for runs and seals.
ASSESSING = frozenset({Role.ASSESSOR, Role.LEADER, Role.ADMIN})


def only_for(actor: Actor, roles: Collection[Role]) -> None:
    """Refuse every other role.

    Raises
    ------
    NotPermittedError
        ``role_needed``, naming the roles in the order of the trade.
    """
    if actor.role not in roles:
        raise NotPermittedError("role_needed", params={"roles": ", ".join(one for one in Role if one in roles)})
