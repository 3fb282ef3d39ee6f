"""The table of moves: which action leads from which states to which, and which roles may do it.

This is the only place that says so: the machine, ``available_actions``, the tests over all pairs and
``docs/workflow.md`` read it. What an action does besides is ``gridcase.workflow.effects``. Source: the trade's table
in ``docs/workflow.md``, after CJJ/T 106-2010.
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
        States it starts from; empty for ``file`` and ``import``, which start a case.
    targets
        States it may end in; empty when the case stays where it is.
    roles
        Who may do it. ``system`` stands for "by rule, without a person".
    advances
        Whether it raises the case's version; the others neither do nor fail on a stale one.
    """

    action: Action
    sources: frozenset[CaseState]
    targets: frozenset[CaseState]
    roles: frozenset[Role]
    advances: bool = True


def _row(action: Action, sources: set[CaseState], targets: set[CaseState], roles: set[Role]) -> Transition:
    return Transition(action=action, sources=frozenset(sources), targets=frozenset(targets), roles=frozenset(roles))


def _aside(action: Action, roles: set[Role]) -> Transition:
    """Make a row of an action said aside: from any open state, leaving state and version alone."""
    return Transition(action=action, sources=OPEN_STATES, targets=frozenset(), roles=frozenset(roles), advances=False)


def _noted(action: Action, roles: set[Role]) -> Transition:
    """Make a row of what is noted of a case in any state, leaving state and version alone."""
    everywhere = frozenset(CaseState)
    return Transition(action=action, sources=everywhere, targets=frozenset(), roles=frozenset(roles), advances=False)


_UNIT = {_R.UNIT_LEADER, _R.HANDLER}
_OPEN = set(OPEN_STATES)
#: Before a unit has it.
_EARLY = {_S.RECEIVED, _S.VERIFYING, _S.REGISTERED}
_DECIDERS = {_R.SHIFT_LEADER, _R.LEADER}
#: Where a request may wait: a correction stays while a dispatch is withdrawn.
_ASKED = _OPEN - {_S.RECEIVED, _S.VERIFYING}

TABLE: tuple[Transition, ...] = (
    _row(
        Action.FILE,
        set(),
        {_S.RECEIVED, _S.CLOSED},
        {_R.INSPECTOR, _R.ACCEPTOR, _R.PUBLIC_DOOR, _R.CENTRE, _R.CAMERA},
    ),
    _row(
        Action.IMPORT,
        set(),
        {_S.RECEIVED, _S.REGISTERED, _S.CLOSED, _S.VOID, _S.TRANSFERRED},
        {_R.SYSTEM},
    ),
    _row(Action.REQUEST_VERIFICATION, {_S.RECEIVED}, {_S.VERIFYING}, {_R.ACCEPTOR}),
    _row(Action.VERIFY, {_S.VERIFYING}, {_S.RECEIVED}, {_R.INSPECTOR}),
    _row(
        Action.REASSIGN_TASK,
        {_S.VERIFYING, _S.CHECKING},
        set(),
        {_R.ACCEPTOR, _R.SHIFT_LEADER, _R.SYSTEM},
    ),
    _row(
        Action.WITHDRAW_TASK,
        {_S.VERIFYING, _S.CHECKING},
        {_S.RECEIVED, _S.REPORTED},
        {_R.ACCEPTOR, _R.SHIFT_LEADER, _R.SYSTEM},
    ),
    _row(Action.REGISTER, {_S.RECEIVED}, {_S.REGISTERED}, {_R.ACCEPTOR, _R.SHIFT_LEADER, _R.SYSTEM}),
    _row(Action.CORRECT, _OPEN, set(), {_R.ACCEPTOR, _R.SHIFT_LEADER}),
    _row(Action.DECIDE_CORRECTION, _ASKED, set(), _DECIDERS),
    _row(Action.VOID, _EARLY, {_S.VOID}, {_R.ACCEPTOR}),
    _row(Action.VOID, _OPEN, {_S.VOID}, {_R.SHIFT_LEADER}),
    _row(Action.RESTORE, {_S.VOID}, _OPEN, {_R.SHIFT_LEADER, _R.ACCEPTOR}),
    _row(Action.TRANSFER, _OPEN, {_S.TRANSFERRED}, {_R.SHIFT_LEADER}),
    _row(Action.LINK_DUPLICATE, {_S.RECEIVED, _S.REGISTERED}, {_S.VOID}, {_R.ACCEPTOR, _R.DISPATCHER}),
    _row(Action.UNLINK_DUPLICATE, {_S.VOID}, {_S.RECEIVED}, {_R.ACCEPTOR, _R.DISPATCHER}),
    _row(Action.DISPATCH, {_S.REGISTERED}, {_S.DISPATCHED}, {_R.DISPATCHER, _R.SYSTEM}),
    _row(Action.WITHDRAW_DISPATCH, {_S.DISPATCHED}, {_S.REGISTERED}, {_R.DISPATCHER}),
    _row(Action.ACCEPT, {_S.DISPATCHED}, {_S.HANDLING}, _UNIT | {_R.SYSTEM}),
    _row(Action.ASSIGN, {_S.HANDLING}, set(), {_R.UNIT_LEADER}),
    _row(Action.TAKE_BACK, {_S.HANDLING}, set(), {_R.UNIT_LEADER}),
    _row(Action.SUBMIT, {_S.HANDLING}, set(), _UNIT),
    _row(Action.CONFIRM, {_S.HANDLING}, {_S.REPORTED}, {_R.UNIT_LEADER}),
    _row(Action.REJECT, {_S.HANDLING}, set(), {_R.UNIT_LEADER}),
    _row(Action.RETURN_TASK, {_S.DISPATCHED, _S.HANDLING}, {_S.RETURNED}, _UNIT),
    _row(Action.REJECT_RETURN, {_S.RETURNED}, {_S.DISPATCHED, _S.HANDLING}, {_R.DISPATCHER}),
    _row(
        Action.REASSIGN,
        {_S.RETURNED, _S.DISPATCHED, _S.HANDLING, _S.REPORTED},
        {_S.DISPATCHED},
        {_R.DISPATCHER},
    ),
    _row(Action.ARBITRATE, {_S.RETURNED}, {_S.DISPATCHED}, {_R.SHIFT_LEADER}),
    _row(Action.ASK_EXTENSION, {_S.DISPATCHED, _S.HANDLING}, set(), _UNIT),
    _row(Action.DECIDE_EXTENSION, {_S.DISPATCHED, _S.HANDLING}, set(), _DECIDERS),
    _row(Action.ASK_SUSPENSION, {_S.HANDLING}, set(), _UNIT),
    _row(Action.DECIDE_SUSPENSION, {_S.HANDLING}, {_S.SUSPENDED, _S.HANDLING}, _DECIDERS),
    _row(Action.RESUME, {_S.SUSPENDED}, {_S.HANDLING}, _UNIT | {_R.SHIFT_LEADER, _R.SYSTEM}),
    _row(Action.ESCALATE, _ASKED, set(), {_R.SYSTEM}),
    # A closed case too: its month cannot be sealed while a deadline of it is provisional.
    Transition(
        action=Action.RECLOCK,
        sources=OPEN_STATES | {_S.CLOSED},
        targets=frozenset(),
        roles=frozenset({_R.SYSTEM}),
        advances=False,
    ),
    _row(
        Action.REPORT,
        {_S.DISPATCHED, _S.HANDLING},
        {_S.REPORTED, _S.DISPATCHED, _S.HANDLING},
        _UNIT | {_R.DISPATCHER},
    ),
    _row(Action.REQUEST_CHECK, {_S.REPORTED}, {_S.CHECKING, _S.REPORTED}, {_R.ACCEPTOR, _R.SHIFT_LEADER}),
    _row(Action.REQUEST_CHECK, {_S.CLOSED}, set(), {_R.SYSTEM}),
    _row(Action.CHECK, {_S.CHECKING}, {_S.REPORTED}, {_R.INSPECTOR}),
    _row(Action.CHECK, {_S.CLOSED}, set(), {_R.INSPECTOR}),
    _row(Action.REWORK, {_S.REPORTED}, {_S.HANDLING}, {_R.SHIFT_LEADER, _R.ACCEPTOR, _R.CENTRE}),
    _row(Action.CLOSE, {_S.REPORTED}, {_S.CLOSED}, {_R.SHIFT_LEADER, _R.CENTRE}),
    _row(Action.REOPEN, {_S.CLOSED}, {_S.REPORTED, _S.RECEIVED}, {_R.SHIFT_LEADER}),
    _aside(Action.SUPERVISE, {_R.LEADER}),
    _aside(Action.ANSWER_SUPERVISION, _UNIT),
    _aside(Action.URGE, {_R.DISPATCHER}),
    _aside(Action.COMMENT, set(PEOPLE)),
    _aside(Action.ATTACH, set(PEOPLE)),
    # A case of any state may turn out to repeat another, and its month is not that of its end.
    _noted(Action.FIND, {_R.SYSTEM}),
    _noted(Action.REVIEW, {_R.ACCEPTOR, _R.SHIFT_LEADER, _R.ASSESSOR}),
)

#: Actions that fail on a stale version and raise it.
ADVANCING = frozenset(row.action for row in TABLE if row.advances)

#: Actions that a person can do to a case: one call of the API each. What was found is reviewed from its own list.
BY_PEOPLE = frozenset(row.action for row in TABLE if row.roles != {Role.SYSTEM}) - {Action.REVIEW}

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
