"""The table of moves: which action leads from which states to which, and which roles may do it.

This is the only place that says so: the machine, ``available_actions``, the tests over all pairs and
``docs/workflow.md`` read it. What an action does besides is ``gridcase.workflow.machine``. Source: the trade's table in
``docs/workflow.md``, after CJJ/T 106-2010.
"""

from dataclasses import dataclass

from gridcase.domain.actor import Role
from gridcase.domain.case import OPEN_STATES, Action, CaseState, Source

_S = CaseState
_R = Role

PEOPLE = frozenset(
    {
        _R.INSPECTOR,
        _R.ACCEPTOR,
        _R.SHIFT_LEADER,
        _R.DISPATCHER,
        _R.UNIT_LEADER,
        _R.HANDLER,
        _R.CHIEF,
        _R.ASSESSOR,
        _R.LEADER,
        _R.ADMIN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of the table.

    Parameters
    ----------
    action
        An action may have several rows when roles differ in the states they may act from.
    sources
        States it starts from; empty for ``file``, which starts a case.
    targets
        States it may end in; empty when the case stays where it is.
    roles
        Who may do it. ``system`` stands for "by rule, without a person".
    """

    action: Action
    sources: frozenset[CaseState]
    targets: frozenset[CaseState]
    roles: frozenset[Role]

    @property
    def advances(self) -> bool:
        """Whether it raises the case's version; the others neither do nor fail on a stale one."""
        return bool(self.targets)


def _row(action: Action, sources: set[CaseState], targets: set[CaseState], roles: set[Role]) -> Transition:
    return Transition(action=action, sources=frozenset(sources), targets=frozenset(targets), roles=frozenset(roles))


_UNIT = {_R.UNIT_LEADER, _R.HANDLER}

TABLE: tuple[Transition, ...] = (
    _row(Action.FILE, set(), {_S.RECEIVED}, {_R.INSPECTOR, _R.ACCEPTOR, _R.PUBLIC_DOOR, _R.CENTRE, _R.CAMERA}),
    _row(Action.REGISTER, {_S.RECEIVED}, {_S.REGISTERED}, {_R.ACCEPTOR, _R.SHIFT_LEADER, _R.SYSTEM}),
    _row(Action.VOID, {_S.RECEIVED, _S.VERIFYING, _S.REGISTERED}, {_S.VOID}, {_R.ACCEPTOR}),
    _row(Action.VOID, set(OPEN_STATES), {_S.VOID}, {_R.SHIFT_LEADER}),
    _row(Action.DISPATCH, {_S.REGISTERED}, {_S.DISPATCHED}, {_R.DISPATCHER, _R.SYSTEM}),
    _row(Action.ACCEPT, {_S.DISPATCHED}, {_S.HANDLING}, _UNIT),
    _row(Action.RETURN_TASK, {_S.DISPATCHED, _S.HANDLING}, {_S.RETURNED}, _UNIT),
    _row(
        Action.REASSIGN,
        {_S.RETURNED, _S.DISPATCHED, _S.HANDLING, _S.REPORTED},
        {_S.DISPATCHED},
        {_R.DISPATCHER},
    ),
    _row(Action.REPORT, {_S.DISPATCHED, _S.HANDLING}, {_S.REPORTED}, _UNIT | {_R.DISPATCHER}),
    _row(Action.REQUEST_CHECK, {_S.REPORTED}, {_S.CHECKING, _S.REPORTED}, {_R.ACCEPTOR, _R.SHIFT_LEADER}),
    _row(Action.CHECK, {_S.CHECKING}, {_S.REPORTED}, {_R.INSPECTOR}),
    _row(Action.REWORK, {_S.REPORTED}, {_S.HANDLING}, {_R.SHIFT_LEADER, _R.ACCEPTOR}),
    _row(Action.CLOSE, {_S.REPORTED}, {_S.CLOSED}, {_R.SHIFT_LEADER}),
    _row(Action.COMMENT, set(OPEN_STATES), set(), set(PEOPLE)),
    _row(Action.ATTACH, set(OPEN_STATES), set(), set(PEOPLE)),
)

ADVANCING = frozenset(row.action for row in TABLE if row.advances)

#: Sources each role may name when it files.
SOURCES_OF_ROLE: dict[Role, frozenset[Source]] = {
    Role.INSPECTOR: frozenset({Source.INSPECTOR}),
    Role.ACCEPTOR: frozenset(Source) - {Source.INSPECTOR, Source.CAMERA},
    Role.PUBLIC_DOOR: frozenset({Source.PUBLIC}),
    Role.CENTRE: frozenset({Source.SUPERIOR}),
    Role.CAMERA: frozenset({Source.CAMERA}),
}


def rows_of(action: Action) -> tuple[Transition, ...]:
    """Return the rows of an action, in table order.

    Examples
    --------
    >>> len(rows_of(Action.VOID))
    2
    """
    return tuple(row for row in TABLE if row.action is action)
