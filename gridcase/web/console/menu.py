"""What stands in the console's menu, by role, and which page each role begins with."""

from dataclasses import dataclass

from gridcase.domain.actor import Role
from gridcase.edge.runtime import is_served
from gridcase.services.steps.permitting import ASSESSING

_OFFICE = frozenset({Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.LEADER, Role.ADMIN})
_UNITS = frozenset({Role.UNIT_LEADER, Role.HANDLER})
_PEOPLE = _OFFICE | _UNITS | {Role.INSPECTOR, Role.ASSESSOR, Role.CHIEF}


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """A page in the menu.

    Parameters
    ----------
    part
        First part of its path: tells which item is marked on a page.
    word
        Of ``gridcase.web.texts``.
    key
        Letter that opens it after ``g``.
    """

    endpoint: str
    part: str
    word: str
    roles: frozenset[Role]
    key: str = ""


MENU = (
    MenuItem(endpoint="console.unit", part="unit", word="console.unit", roles=_UNITS, key="u"),
    MenuItem(
        endpoint="console.dashboard",
        part="dashboard",
        word="console.dashboard",
        roles=ASSESSING | {Role.SHIFT_LEADER},
        key="d",
    ),
    MenuItem(endpoint="console.queue", part="queue", word="console.queue", roles=_PEOPLE, key="q"),
    MenuItem(
        endpoint="console.new_case", part="cases", word="console.new_case", roles=frozenset({Role.ACCEPTOR}), key="n"
    ),
    MenuItem(endpoint="console.map_page", part="map", word="console.map", roles=_PEOPLE, key="m"),
    MenuItem(endpoint="console.months", part="month", word="console.month", roles=ASSESSING | _UNITS, key="k"),
    MenuItem(
        endpoint="console.anomalies",
        part="anomalies",
        word="console.anomalies",
        roles=frozenset({Role.SHIFT_LEADER, Role.ASSESSOR, Role.ADMIN}),
    ),
    MenuItem(endpoint="console.admin", part="admin", word="console.admin", roles=frozenset({Role.ADMIN}), key="a"),
    MenuItem(
        endpoint="console.admin_roster",
        part="admin",
        word="admin.roster",
        roles=frozenset({Role.SHIFT_LEADER}),
        key="a",
    ),
    MenuItem(
        endpoint="console.admin_catalogue",
        part="admin",
        word="admin.reference",
        roles=frozenset({Role.ACCEPTOR, Role.DISPATCHER, Role.ASSESSOR, Role.LEADER}),
    ),
    MenuItem(endpoint="phone.app", part="m", word="console.phone", roles=frozenset({Role.INSPECTOR})),
)

#: Where each role begins the day; others with the first item of their menu.
_HOMES = {
    Role.INSPECTOR: "phone.app",
    Role.ASSESSOR: "console.months",
    Role.ADMIN: "console.admin",
    Role.LEADER: "console.dashboard",
    Role.SHIFT_LEADER: "console.queue",
}


def menu_of(role: Role) -> tuple[MenuItem, ...]:
    """Return the menu of a role, in its order."""
    return tuple(item for item in MENU if role in item.roles and is_served(item.endpoint))


def home_of(role: Role) -> str:
    """Return the endpoint a role begins with."""
    chosen = _HOMES.get(role, "")
    if is_served(chosen):
        return chosen
    menu = menu_of(role)
    return menu[0].endpoint if menu else "console.account"
