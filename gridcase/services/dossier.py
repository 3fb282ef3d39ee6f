"""Everything one page shows of a case: itself, its history, the cases that belong to it, similar open ones nearby.

A constant number of statements however long its life was. Acting on a case is ``acting``; what of all this a person
may read is decided by ``gridcase.edge.view``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gridcase.domain.actor import Actor
from gridcase.domain.case import AttachmentId, PersonId, TypeKey
from gridcase.domain.errors import NotFoundError
from gridcase.domain.numbers import parse_number
from gridcase.domain.place import GeoPoint
from gridcase.services.runtime import Runtime
from gridcase.services.steps.repeating import SeenRecurrence, recurrence_seen
from gridcase.services.steps.sealed_months import sealed_month_of
from gridcase.services.steps.showing import HistoryLine, ListedCase, history_of, listed_case, visible_case
from gridcase.store import campaigns, people, related
from gridcase.store.cases import CaseRow, StoredCase, references_of_case, version_of
from gridcase.store.database import Tx
from gridcase.store.related import RelatedRow, Relation

__all__ = ["SIMILAR_WITHIN_M", "Dossier", "LinkedCase", "NearCase", "Pulse", "Relation", "dossier", "pulse", "similar"]

#: Open cases of the same type this near may be the same thing.
SIMILAR_WITHIN_M = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedCase:
    """A case that belongs to the one looked at."""

    relation: Relation
    listed: ListedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCase:
    """A similar open case with its distance and its first photo."""

    listed: ListedCase
    distance_m: float
    photo: AttachmentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A case with all that stands around it.

    Parameters
    ----------
    sealed
        The sealed month in which its end counts.
    lines
        Its history, oldest first.
    names
        Of the people that the case itself names: filer, finder, inspectors, supervising leaders.
    campaign
        Name of the campaign it was found in.
    references
        Numbers that other systems gave it: system and number.
    """

    stored: StoredCase
    sealed: str | None
    lines: tuple[HistoryLine, ...]
    recurrence: SeenRecurrence | None
    linked: tuple[LinkedCase, ...]
    similar: tuple[NearCase, ...]
    names: Mapping[PersonId, str]
    campaign: str | None
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Where a case stands: its version, and how many lines its history has."""

    version: int
    lines: int


def dossier(rt: Runtime, actor: Actor, number: str) -> Dossier:
    """Return everything there is about a case, as far as the actor may see the other cases.

    Raises
    ------
    NotFoundError
        There is no such case, or the actor may not see it.
    """
    with rt.database.reading() as tx:
        stored = visible_case(tx, actor, number)
        case = stored.case
        found = campaigns.campaign(tx, case.campaign) if case.campaign else None
        related_rows = (*related.duplicates_of(tx, actor, stored), *related.repetitions_of(tx, actor, stored.id))
        return Dossier(
            stored=stored,
            sealed=sealed_month_of(tx, case) if case.closed_at is not None else None,
            lines=history_of(tx, stored),
            recurrence=recurrence_seen(tx, actor, stored.id),
            linked=tuple(_linked(one) for one in related_rows),
            similar=_similar_to(tx, actor, stored),
            names=people.names_of(tx, _named(stored)),
            campaign=found.name if found else None,
            references=references_of_case(tx, stored.id),
        )


def pulse(rt: Runtime, actor: Actor, number: str) -> Pulse:
    """Return where a case stands, in one statement.

    Raises
    ------
    NotFoundError
        There is no such case, or the actor may not see it.
    """
    parts = parse_number(number)
    with rt.database.asking() as tx:
        found = version_of(tx, parts.identity, actor) if parts else None
    if found is None or found[0] != number.strip().upper():
        raise NotFoundError("case_not_found", params={"number": number})
    return Pulse(version=found[1], lines=found[2])


def similar(
    rt: Runtime, actor: Actor, kinds: Sequence[TypeKey], point: GeoPoint, *, radius_m: float = SIMILAR_WITHIN_M
) -> tuple[NearCase, ...]:
    """Return the open cases of some types that something about to be filed at a point may be, nearest first."""
    with rt.database.asking() as tx:
        return tuple(_near(*one) for one in related.similar_open(tx, actor, kinds, point, radius_m=radius_m))


def _similar_to(tx: Tx, actor: Actor, stored: StoredCase) -> tuple[NearCase, ...]:
    case = stored.case
    if case.point is None:
        return ()
    found = related.similar_open(tx, actor, [case.type], case.point, radius_m=SIMILAR_WITHIN_M)
    return tuple(_near(row, away) for row, away in found if row.id != stored.id)


def _near(row: CaseRow, away: float) -> NearCase:
    photo = next((AttachmentId(one["id"]) for one in row.photos), None)
    return NearCase(listed=listed_case(row), distance_m=away, photo=photo)


def _linked(one: RelatedRow) -> LinkedCase:
    return LinkedCase(relation=one.relation, listed=listed_case(one.row))


def _named(stored: StoredCase) -> set[PersonId]:
    case = stored.case
    people_of = {task.inspector for task in case.tasks} | {one.asked_by for one in case.supervisions}
    return people_of | {case.filed_by} | ({case.found_by} if case.found_by is not None else set())
