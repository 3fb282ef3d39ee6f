"""Who plays: the accounts of the sample city, and which of them acts for a cell or a unit.

Posts, not persons: every name shown is that of a post. Passwords are not here (``gridcase.demo.city``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gridcase.domain.actor import Actor, Role, Scope, ScopeKind
from gridcase.domain.case import PersonId, UnitCode
from gridcase.grid.features import Feature

#: Length of a community's code, the first characters of its cells' codes.
COMMUNITY_DIGITS = 12
_STREET_DIGITS = 9
_ALL = Scope(kind=ScopeKind.ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An account to be made."""

    username: str
    name: str
    role: Role
    scope: Scope
    unit: UnitCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The accounts as actors.

    Parameters
    ----------
    actors
        By user name.
    """

    actors: Mapping[str, Actor]

    def inspector_of(self, cell: str) -> str:
        """Return the inspector whose community the cell lies in."""
        return next(
            name
            for name, actor in self.actors.items()
            if actor.role is Role.INSPECTOR and actor.scope.value == cell[:COMMUNITY_DIGITS]
        )

    def leader_of(self, unit: UnitCode) -> str:
        """Return who signs for a unit."""
        return next(name for name, actor in self.actors.items() if actor.unit == unit)

    def handler_of(self, unit: UnitCode) -> str:
        """Return who reports for a unit: its handler, or the leader where there is none."""
        members = [name for name, actor in self.actors.items() if actor.unit == unit]
        return members[-1]

    def person(self, username: str) -> PersonId:
        """Return the identity of an account."""
        return self.actors[username].person

    def username(self, person: PersonId) -> str:
        """Return the account of an identity."""
        return next(name for name, actor in self.actors.items() if actor.person == person)


def posts(communities: Iterable[Feature], first_cell: str, first_unit: UnitCode) -> tuple[Post, ...]:
    """List the accounts of the sample city, the ten of the contract first.

    Parameters
    ----------
    communities
        Each gets an inspector; that of ``first_cell`` is ``inspector``.
    first_unit
        Unit of ``unit_leader`` and ``handler``.
    """
    street = first_cell[:_STREET_DIGITS]
    return (
        _inspector("inspector", "监督员（演示）", first_cell[:COMMUNITY_DIGITS]),
        _inspector("inspector2", "机动监督员（演示）", street),
        Post(username="acceptor", name="受理员（演示）", role=Role.ACCEPTOR, scope=_ALL),
        Post(username="shift_leader", name="值班长（演示）", role=Role.SHIFT_LEADER, scope=_ALL),
        Post(username="dispatcher", name="派遣员（演示）", role=Role.DISPATCHER, scope=_ALL),
        _of_unit("unit_leader", "处置单位负责人（演示）", Role.UNIT_LEADER, first_unit),
        _of_unit("handler", "处置人（演示）", Role.HANDLER, first_unit),
        Post(username="assessor", name="考评员（演示）", role=Role.ASSESSOR, scope=_ALL),
        Post(username="leader", name="领导（演示）", role=Role.LEADER, scope=_ALL),
        Post(username="admin", name="管理员（演示）", role=Role.ADMIN, scope=_ALL),
        Post(username="centre", name="市监督指挥中心（演示）", role=Role.CENTRE, scope=Scope(kind=ScopeKind.OWN)),
        *_inspectors_of(communities, first_cell),
        *(one for one in _UNITS if one.unit != first_unit),
    )


def _inspectors_of(communities: Iterable[Feature], first_cell: str) -> Iterable[Post]:
    for community in communities:
        if not first_cell.startswith(community.code):
            username = f"inspector_{community.code[-3:]}"
            yield _inspector(username, f"监督员·{community.name}（演示）", community.code)


def _inspector(username: str, name: str, area: str) -> Post:
    return Post(username=username, name=name, role=Role.INSPECTOR, scope=Scope(kind=ScopeKind.AREA, value=area))


def _of_unit(username: str, name: str, role: Role, unit: str) -> Post:
    return Post(
        username=username, name=name, role=role, scope=Scope(kind=ScopeKind.UNIT, value=unit), unit=UnitCode(unit)
    )


_UNITS = (
    _of_unit("leader_zf", "执法中队负责人（演示）", Role.UNIT_LEADER, "NDJ-ZF"),
    _of_unit("leader_hw", "环卫所负责人（演示）", Role.UNIT_LEADER, "NDJ-HW"),
    _of_unit("handler_hw", "环卫所处置人（演示）", Role.HANDLER, "NDJ-HW"),
    _of_unit("leader_hw01", "道路保洁作业队负责人（演示）", Role.UNIT_LEADER, "NDJ-HW-01"),
    _of_unit("leader_sz", "市政养护站负责人（演示）", Role.UNIT_LEADER, "NDJ-SZ"),
    _of_unit("handler_sz", "市政养护站处置人（演示）", Role.HANDLER, "NDJ-SZ"),
    _of_unit("leader_sz01", "路灯养护作业队负责人（演示）", Role.UNIT_LEADER, "NDJ-SZ-01"),
    _of_unit("leader_sl", "河道管护站负责人（演示）", Role.UNIT_LEADER, "NDJ-SL"),
    _of_unit("leader_aj", "应急办负责人（演示）", Role.UNIT_LEADER, "NDJ-AJ"),
    _of_unit("leader_sq001", "双桂坊社区处置负责人（演示）", Role.UNIT_LEADER, "NDJ-SQ-001"),
    _of_unit("leader_sq014", "金色新城社区处置负责人（演示）", Role.UNIT_LEADER, "NDJ-SQ-014"),
    _of_unit("leader_sq016", "西直街社区处置负责人（演示）", Role.UNIT_LEADER, "NDJ-SQ-016"),
)
