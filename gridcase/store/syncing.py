"""What an inspector's phone holds a copy of: the cases filed and the tasks asked, as they are now, and what moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select, union

from gridcase.domain.actor import Actor
from gridcase.domain.case import PersonId
from gridcase.store.campaigns import CampaignPlaceRow, CampaignRow
from gridcase.store.cases import CaseRow, Photo, TaskRow, is_open, to_case, unsought, visible_to
from gridcase.store.database import Tx
from gridcase.store.feed import Cursor, lies_between
from gridcase.store.history import CaseEventRow
from gridcase.store.people import RosterRow
from gridcase.workflow.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTask:
    """A task of the phone's owner; its case keeps the others."""

    number: int
    kind: str
    mode: str
    asked_at: datetime
    due_at: datetime
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase:
    """A case as a phone may hold it, for the tasks asked of its owner, or because the owner filed it.

    Parameters
    ----------
    is_mine
        Whether the owner filed or found it, it goes on, and the owner may see it.
    tasks
        Those ever asked of the owner, by number.
    """

    id: int
    case: Case
    unit: str | None
    address: str | None
    place: str | None
    description: str | None
    photos: tuple[Photo, ...]
    is_mine: bool
    tasks: tuple[HeldTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlace:
    """A place of a running campaign that waits for a visit."""

    campaign: str
    campaign_name: str
    last_day: date
    number: int
    name: str
    lon_e7: int | None
    lat_e7: int | None
    cell: str | None
    is_own: bool


def held_ids(tx: Tx, actor: Actor, after: int, limit: int) -> tuple[int, ...]:
    """Return the cases that an actor's phone holds now, above an identity and in its order."""
    # By the open cases and the tasks that wait, each by its index, not by all that an inspector filed or was asked.
    person = actor.person
    sees = visible_to(actor, is_narrow=True)
    filed = or_(unsought(CaseRow.filed_by, 0) == person, unsought(CaseRow.found_by, 0) == person)
    mine = select(CaseRow.id).where(CaseRow.id > after, is_open(), filed, sees)
    waits = CaseRow.id.in_(_waiting(person)), unsought(CaseRow.inspector_id, 0) == person
    asked = select(CaseRow.id).where(CaseRow.id > after, *waits, sees)
    either = union(mine, asked).subquery()
    return tuple(tx.execute(select(either.c.id).order_by(either.c.id).limit(limit)).scalars())


def moved_ids(tx: Tx, actor: Actor, span: tuple[Cursor, Cursor], after: int, limit: int) -> tuple[int, ...]:
    """Return the cases that concern, or concerned, an actor and of which something was recorded in a span."""
    person = actor.person
    asked = select(TaskRow.case_id).where(TaskRow.case_id == CaseRow.id, TaskRow.inspector_id == person)
    concerns = or_(CaseRow.filed_by == person, CaseRow.found_by == person, asked.exists())
    statement = (
        select(CaseEventRow.case_id)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        .where(lies_between(tx, *span), CaseEventRow.case_id > after, concerns)
        .distinct()
        .order_by(CaseEventRow.case_id)
        .limit(limit)
    )
    return tuple(tx.execute(statement).scalars())


def held_cases(tx: Tx, actor: Actor, identities: Sequence[int]) -> tuple[HeldCase, ...]:
    """Return some cases as a phone may hold them, by identity, in two statements."""
    if not identities:
        return ()
    seen = select(CaseRow, and_(_is_mine(actor.person), visible_to(actor)), visible_to(actor))
    rows = tx.execute(seen.where(CaseRow.id.in_(identities)).order_by(CaseRow.id)).all()
    # By the cases: an inspector of many years has thousands of tasks.
    asked = select(TaskRow).where(TaskRow.case_id.in_(identities), unsought(TaskRow.inspector_id, 0) == actor.person)
    tasks: dict[int, list[TaskRow]] = {}
    for one in tx.execute(asked.order_by(TaskRow.case_id, TaskRow.number)).scalars():
        tasks.setdefault(one.case_id, []).append(one)
    return tuple(
        HeldCase(
            id=row.id,
            case=to_case(row),
            unit=row.unit,
            address=row.address,
            place=row.place,
            description=row.description,
            photos=tuple(Photo(**raw) for raw in row.photos),
            is_mine=is_mine,
            tasks=tuple(_held_task(one, is_visible=is_visible) for one in tasks.get(row.id, ())),
        )
        for row, is_mine, is_visible in rows
    )


def waiting_places(tx: Tx, person: PersonId, on: date) -> tuple[HeldPlace, ...]:
    """Return the places of running campaigns that a person may visit and nobody did, by campaign and number."""
    statement = (
        select(CampaignPlaceRow, CampaignRow.name, CampaignRow.last_day)
        .join(CampaignRow, CampaignRow.code == CampaignPlaceRow.campaign)
        .where(CampaignRow.ended_at.is_(None), CampaignRow.first_day <= on, CampaignRow.last_day >= on)
        .where(CampaignPlaceRow.visited_at.is_(None))
        .where(or_(CampaignPlaceRow.inspector_id.is_(None), CampaignPlaceRow.inspector_id == person))
        .order_by(CampaignPlaceRow.campaign, CampaignPlaceRow.number)
    )
    return tuple(
        HeldPlace(
            campaign=row.campaign,
            campaign_name=name,
            last_day=last_day,
            number=row.number,
            name=row.name,
            lon_e7=row.lon_e7,
            lat_e7=row.lat_e7,
            cell=row.cell,
            is_own=row.inspector_id == person,
        )
        for row, name, last_day in tx.execute(statement)
    )


def ended_places(tx: Tx, person: PersonId, on: date, since: date) -> tuple[tuple[str, int], ...]:
    """Return campaign and number of the places that need no visit of a person, of campaigns that ran since a day."""
    is_running = and_(CampaignRow.ended_at.is_(None), CampaignRow.first_day <= on, CampaignRow.last_day >= on)
    is_open = CampaignPlaceRow.visited_at.is_(None)
    is_ours = or_(CampaignPlaceRow.inspector_id.is_(None), CampaignPlaceRow.inspector_id == person)
    statement = (
        select(CampaignPlaceRow.campaign, CampaignPlaceRow.number)
        .join(CampaignRow, CampaignRow.code == CampaignPlaceRow.campaign)
        .where(CampaignRow.last_day >= since, not_(and_(is_running, is_open, is_ours)))
        .order_by(CampaignPlaceRow.campaign, CampaignPlaceRow.number)
    )
    return tuple((campaign, number) for campaign, number in tx.execute(statement))


def rostered_areas(tx: Tx, person: PersonId, start: datetime, end: datetime) -> tuple[str, ...]:
    """Return the areas in which a person is on duty some time between two instants."""
    statement = select(RosterRow.area).where(
        RosterRow.person_id == person, RosterRow.ends_at > start, RosterRow.starts_at < end
    )
    return tuple(sorted(set(tx.execute(statement).scalars())))


def _is_mine(person: PersonId) -> ColumnElement[bool]:
    return and_(or_(CaseRow.filed_by == person, CaseRow.found_by == person), is_open())


def _waiting(person: PersonId) -> Select[Any]:
    return select(TaskRow.case_id).where(
        TaskRow.inspector_id == person,
        TaskRow.done_at.is_(None),
        TaskRow.withdrawn_at.is_(None),
    )


def _held_task(row: TaskRow, *, is_visible: bool) -> HeldTask:
    return HeldTask(
        number=row.number,
        kind=row.kind,
        mode=row.mode,
        asked_at=row.asked_at,
        due_at=row.due_at,
        is_open=is_visible and row.done_at is None and row.withdrawn_at is None,
    )
