"""Telling people: a notice, once, and a copy for each whom it concerns; steps that use cases share.

Whom is decided by ``gridcase.workflow.telling`` alone, who may see a case by the store's one criterion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gridcase.domain.actor import Actor, Role
from gridcase.domain.case import PersonId, UnitCode
from gridcase.domain.notices import NoticeKind
from gridcase.store import people
from gridcase.store.cases import who_sees
from gridcase.store.database import Tx
from gridcase.store.notices import NoticeCopy, add_copies, add_notice
from gridcase.workflow.telling import Audience, Recipient, of_unit, recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to tell.

    Parameters
    ----------
    key
        What tells it from all else; the same key is told once.
    case_id, seq
        The case, and the line of its history; None and 0 where it is about neither.
    audiences
        The first of them says whose matter it is.
    but_not
        Who did it; None for the system.
    """

    key: str
    kind: NoticeKind
    at: datetime
    audiences: tuple[Audience, ...]
    case_id: int | None = None
    seq: int = 0
    stage: str = ""
    subject: str | None = None
    but_not: PersonId | None = None


@dataclass(slots=True)
class Telling:
    """Tells news in one transaction; the people are read when there is something to tell."""

    tx: Tx
    now: datetime
    zone: ZoneInfo
    _holders: tuple[Actor, ...] | None = None

    def tell(self, news: Sequence[News]) -> int:
        """Tell what was not told before; return how many notices were new, with somebody to read them or not."""
        return sum(self._tell(one) for one in news)

    def _tell(self, news: News) -> bool:
        values = {
            "key": news.key,
            "case_id": news.case_id,
            "seq": news.seq,
            "kind": str(news.kind),
            "stage": news.stage,
            "at": news.at,
            "role": str(_role_of(news.audiences)),
            "unit": _unit_of(news.audiences),
            "subject": news.subject,
            "noted_at": self.now,
        }
        notice = add_notice(self.tx, values)
        if notice is None:
            return False
        told = self.whom(news.audiences, case_id=news.case_id, but_not=news.but_not)
        copies = [NoticeCopy(person=one.actor.person, role=one.actor.role, why=str(one.why)) for one in told]
        add_copies(self.tx, notice, values, copies)
        return True

    def whom(
        self,
        audiences: Sequence[Audience],
        *,
        case_id: int | None,
        but_not: PersonId | None = None,
        given_to: UnitCode | None = None,
    ) -> tuple[Recipient, ...]:
        """Return who is told: for telling, and for showing beforehand, as if a unit had the case already."""
        if self._holders is None:
            self._holders = people.holders(self.tx, self.now, self.now.astimezone(self.zone).date())

        def sees(actors: Sequence[Actor]) -> frozenset[Actor]:
            if case_id is None:
                return frozenset(actors)
            to_have = frozenset(one for one in actors if given_to is not None and of_unit(one, given_to))
            return to_have | who_sees(self.tx, case_id, [one for one in actors if one not in to_have])

        return recipients(audiences, self._holders, sees, but_not=but_not)


def _role_of(audiences: Sequence[Audience]) -> Role:
    first = audiences[0]
    if first.role is not None:
        return first.role
    return Role.UNIT_LEADER if first.unit is not None else Role.SYSTEM


def _unit_of(audiences: Sequence[Audience]) -> UnitCode | None:
    return next((one.unit for one in audiences if one.unit is not None), None)
