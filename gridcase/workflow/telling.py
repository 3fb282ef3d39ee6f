"""Whom is what told? Pure: from a line of history, its case, and the people with their roles and scopes.

``tellings`` says what a line is news of and for whom; ``recipients`` turns an audience into people, and is the only
place that does: what is told, what is previewed and what is mailed go through it. A person who may not see the case is
never told of it; nobody is told of what they did themselves.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gridcase.domain.actor import UNIT_ROLES, Actor, Role, ScopeKind
from gridcase.domain.case import Action, CheckResult, FindingKind, PersonId, RequestKind, UnitCode
from gridcase.domain.history import CaseEvent, Facts
from gridcase.domain.notices import NoticeKind, Why
from gridcase.workflow.case import Case

#: Of so many people, those that may see the case.
Sees = Callable[[Sequence[Actor]], Collection[Actor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom something concerns; whatever is given must fit.

    Parameters
    ----------
    unit
        People of this unit, in their roles there.
    person
        This person, in the first of their roles that fits.
    """

    why: Why
    role: Role | None = None
    unit: UnitCode | None = None
    person: PersonId | None = None

    def fits(self, one: Actor) -> bool:
        """Tell whether a person in one role belongs to it."""
        return (
            (self.role is None or one.role is self.role)
            and (self.unit is None or of_unit(one, self.unit))
            and (self.person is None or one.person == self.person)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What there is to tell, and whom."""

    kind: NoticeKind
    audiences: tuple[Audience, ...]

    @property
    def unit(self) -> UnitCode | None:
        """The unit it concerns first."""
        return next((one.unit for one in self.audiences if one.unit is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person who is told, in the role in which it concerns them."""

    actor: Actor
    why: Why


def of_unit(one: Actor, unit: UnitCode) -> bool:
    """Tell whether somebody acts for a unit."""
    return one.role in UNIT_ROLES and one.scope.kind is ScopeKind.UNIT and one.scope.value == unit


def is_news(action: Action) -> bool:
    """Tell whether a line with this action may be news to anybody; most are not."""
    return action in _NEWS


def tellings(event: CaseEvent, case: Case) -> tuple[Telling, ...]:
    """Return what a line of history is news of.

    Parameters
    ----------
    case
        As it stands after the line, or later.
    """
    make = _NEWS.get(event.action)
    if make is None:
        return ()
    found = ((kind, tuple(audiences)) for kind, audiences in make(event.facts, case))
    return tuple(Telling(kind=kind, audiences=audiences) for kind, audiences in found if audiences)


def recipients(
    audiences: Iterable[Audience], holders: Iterable[Actor], sees: Sees, *, but_not: PersonId | None = None
) -> tuple[Recipient, ...]:
    """Return who is told, each once in each role that it concerns, in the order of the audiences.

    Parameters
    ----------
    holders
        Every person in every role they hold now.
    sees
        Says which of them may see the case; asked once.
    but_not
        Who did it.
    """
    known = tuple(one for one in holders if one.person != but_not and one.role not in _MACHINES)
    chosen: dict[tuple[PersonId, Role], Recipient] = {}
    for audience in audiences:
        fitting = [one for one in known if audience.fits(one)]
        for one in fitting[:1] if audience.person is not None else fitting:
            chosen.setdefault((one.person, one.role), Recipient(actor=one, why=audience.why))
    seeing = frozenset(sees(tuple(one.actor for one in chosen.values()))) if chosen else frozenset()
    return tuple(one for one in chosen.values() if one.actor in seeing)


_MACHINES = frozenset({Role.PUBLIC_DOOR, Role.CENTRE, Role.CAMERA, Role.SYSTEM})
_Found = Iterator[tuple[NoticeKind, Iterable[Audience]]]


def _role(role: Role, why: Why = Why.YOUR_ROLE) -> Audience:
    return Audience(why=why, role=role)


def _unit(unit: UnitCode | None) -> tuple[Audience, ...]:
    return () if unit is None else (Audience(why=Why.YOUR_UNIT, unit=unit),)


def _lead(case: Case) -> UnitCode | None:
    return case.assignment.unit if case.assignment else None


def _finder(case: Case) -> Iterator[Audience]:
    for person in dict.fromkeys((case.found_by, case.filed_by)):
        if person:
            yield Audience(why=Why.YOU_FOUND, person=person, role=Role.INSPECTOR)


def _registered(_facts: Facts, _case: Case) -> _Found:
    yield NoticeKind.IN_CARE, (_role(Role.CHIEF, Why.IN_YOUR_CARE),)


def _assigned(facts: Facts, _case: Case) -> _Found:
    units = (facts.unit, *(one.unit for one in facts.assisting))
    yield NoticeKind.ASSIGNED, tuple(audience for unit in units for audience in _unit(unit))


def _submitted(_facts: Facts, case: Case) -> _Found:
    lead = _lead(case)
    if lead is not None:
        yield NoticeKind.SUBMITTED, (Audience(why=Why.YOUR_UNIT, unit=lead, role=Role.UNIT_LEADER),)


def _rejected(facts: Facts, _case: Case) -> _Found:
    yield NoticeKind.REWORK, _unit(facts.unit)


def _returned(_facts: Facts, _case: Case) -> _Found:
    yield NoticeKind.RETURNED, (_role(Role.DISPATCHER),)


def _asked(facts: Facts, case: Case) -> _Found:
    """Yield a request for whoever decides it; a correction that took effect at once is none."""
    request = next((one for one in case.requests if one.number == facts.request), None)
    if request is not None:
        yield NoticeKind.REQUEST_ASKED, (_role(request.decider),)


def _decided(facts: Facts, case: Case) -> _Found:
    request = next((one for one in case.requests if one.number == facts.request), None)
    if facts.request_kind is RequestKind.CORRECTION:
        asker = (Audience(why=Why.YOU_ASKED, person=request.asked_by),) if request else ()
        yield NoticeKind.REQUEST_DECIDED, asker
    else:
        yield NoticeKind.REQUEST_DECIDED, _unit(facts.unit)


def _task_asked(facts: Facts, _case: Case) -> _Found:
    if facts.inspector:
        yield NoticeKind.TASK_ASKED, (Audience(why=Why.ASKED_OF_YOU, person=facts.inspector, role=Role.INSPECTOR),)


def _task_withdrawn(facts: Facts, _case: Case) -> _Found:
    if facts.inspector:
        yield NoticeKind.TASK_WITHDRAWN, (Audience(why=Why.ASKED_OF_YOU, person=facts.inspector, role=Role.INSPECTOR),)


def _verified(facts: Facts, case: Case) -> _Found:
    task = next((one for one in case.tasks if one.number == facts.task), None)
    asker = task.asked_by if task else None
    yield NoticeKind.VERIFIED, (Audience(why=Why.YOU_ASKED, person=asker) if asker else _role(Role.ACCEPTOR),)


def _checked(facts: Facts, _case: Case) -> _Found:
    if facts.check_result is CheckResult.FAIL:
        yield NoticeKind.CHECK_FAILED, (_role(Role.SHIFT_LEADER), _role(Role.ACCEPTOR))


def _supervised(_facts: Facts, case: Case) -> _Found:
    yield NoticeKind.SUPERVISED, (*_unit(_lead(case)), _role(Role.DISPATCHER))


def _answered(facts: Facts, case: Case) -> _Found:
    asked = next((one for one in case.supervisions if one.number == facts.supervision), None)
    if asked is not None:
        yield NoticeKind.SUPERVISION_ANSWERED, (Audience(why=Why.YOU_ASKED, person=asked.asked_by),)


def _closed(_facts: Facts, case: Case) -> _Found:
    leaders = dict.fromkeys(one.asked_by for one in case.supervisions)
    yield NoticeKind.CLOSED, (*_finder(case), *(Audience(why=Why.YOU_ASKED, person=one) for one in leaders))


def _voided(_facts: Facts, case: Case) -> _Found:
    yield NoticeKind.VOIDED, (*_finder(case), *_unit(_lead(case)))


def _found(facts: Facts, _case: Case) -> _Found:
    finding = facts.finding
    if finding is not None and finding.kind is FindingKind.RECURRENCE and not finding.withdrawn:
        yield NoticeKind.RECURRENCE, _unit(finding.unit)


def _to_unit(kind: NoticeKind) -> Callable[[Facts, Case], _Found]:
    def make(_facts: Facts, case: Case) -> _Found:
        yield kind, _unit(_lead(case))

    return make


_NEWS: dict[Action, Callable[[Facts, Case], _Found]] = {
    Action.REGISTER: _registered,
    Action.DISPATCH: _assigned,
    Action.REASSIGN: _assigned,
    Action.ARBITRATE: _assigned,
    Action.ASSIGN: _assigned,
    Action.SUBMIT: _submitted,
    Action.REJECT: _rejected,
    Action.RETURN_TASK: _returned,
    Action.REJECT_RETURN: _to_unit(NoticeKind.RETURN_REJECTED),
    Action.ASK_EXTENSION: _asked,
    Action.ASK_SUSPENSION: _asked,
    Action.CORRECT: _asked,
    Action.ESCALATE: _asked,
    Action.DECIDE_EXTENSION: _decided,
    Action.DECIDE_SUSPENSION: _decided,
    Action.DECIDE_CORRECTION: _decided,
    Action.REQUEST_VERIFICATION: _task_asked,
    Action.REQUEST_CHECK: _task_asked,
    Action.REASSIGN_TASK: _task_asked,
    Action.WITHDRAW_TASK: _task_withdrawn,
    Action.VERIFY: _verified,
    Action.CHECK: _checked,
    Action.REWORK: _to_unit(NoticeKind.REWORK),
    Action.REOPEN: _to_unit(NoticeKind.REOPENED),
    Action.SUPERVISE: _supervised,
    Action.ANSWER_SUPERVISION: _answered,
    Action.URGE: _to_unit(NoticeKind.URGED),
    Action.CLOSE: _closed,
    Action.VOID: _voided,
    Action.FIND: _found,
}
