"""Campaigns 专项行动: planned checks of listed places, whose result may well be "no problem"."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, case, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.actor import Actor
from gridcase.domain.case import CaseNumber, PersonId
from gridcase.domain.numbers import NumberParts, case_number
from gridcase.store.cases import CaseRow, visible_to
from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime, table_of
from gridcase.store.people import PersonRow


class CampaignRow(Base):
    """A campaign; cases found in it carry its code."""

    __tablename__ = "campaign"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    first_day: Mapped[date]
    last_day: Mapped[date]
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CampaignPlaceRow(Base):
    """A place on the list of a campaign, and what was found there."""

    __tablename__ = "campaign_place"
    __table_args__ = (Index("ix_campaign_place_inspector", "inspector_id", "visited_at"),)

    campaign: Mapped[str] = mapped_column(ForeignKey("campaign.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    lon_e7: Mapped[int | None]
    lat_e7: Mapped[int | None]
    cell: Mapped[str | None] = mapped_column(String(15))
    inspector_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str | None] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"))
    observed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_lon_e7: Mapped[int | None]
    seen_lat_e7: Mapped[int | None]
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    device: Mapped[str | None] = mapped_column(String(80))
    photos: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    doubts: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    override_reason: Mapped[str | None] = mapped_column(String(500))


_PLACES = table_of(CampaignPlaceRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlace:
    """Columns of a place to be listed."""

    number: int
    name: str
    lon_e7: int | None
    lat_e7: int | None
    cell: str | None
    inspector_id: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it stands."""

    code: str
    name: str
    first_day: date
    last_day: date
    ended_at: datetime | None

    def is_running(self, on: date) -> bool:
        """Tell whether cases are found in it on a day; both of its days are included."""
        return self.ended_at is None and self.first_day <= on <= self.last_day


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlace:
    """A place of a campaign; ``case`` is the number of the case found there.

    Parameters
    ----------
    observed_at
        When the visit was made by a clock that can be believed; None when only our own counts.
    seen_lon_e7, seen_lat_e7, accuracy_m
        Where the visitor stood, until that is erased.
    photos
        Identities of the visit's photos.
    doubts
        What is doubted of the visit, by code.
    """

    number: int
    name: str
    lon_e7: int | None
    lat_e7: int | None
    cell: str | None
    inspector: PersonId | None
    inspector_name: str | None
    visited_at: datetime | None
    result: str | None
    note: str | None
    case: CaseNumber | None
    observed_at: datetime | None
    seen_lon_e7: int | None
    seen_lat_e7: int | None
    accuracy_m: float | None
    photos: tuple[str, ...]
    doubts: tuple[str, ...]
    override_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a campaign has come: its places, those visited, by result, and the cases that carry it."""

    places: int = 0
    visited: int = 0
    no_problem: int = 0
    case: int = 0
    cases: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What was found at a place, and what the visitor's phone said beside it (see ``CampaignPlace``)."""

    inspector: PersonId
    visited_at: datetime
    result: str
    note: str | None
    case_id: int | None
    observed_at: datetime | None
    lon_e7: int | None
    lat_e7: int | None
    accuracy_m: float | None
    device: str | None
    photos: list[str]
    doubts: list[str]
    override_reason: str | None


def add_campaign(tx: Tx, new: Campaign, places: Sequence[NewPlace], *, by: PersonId, now: datetime) -> bool:
    """Add a campaign with its places; False when the code is taken."""
    values = {
        "code": new.code,
        "name": new.name,
        "first_day": new.first_day,
        "last_day": new.last_day,
        "created_by": by,
        "created_at": now,
    }
    try:
        with tx.begin_nested():
            tx.execute(insert(table_of(CampaignRow)), values)
    except IntegrityError:
        return False
    if places:
        tx.execute(insert(_PLACES), [{"campaign": new.code, **asdict(place)} for place in places])
    return True


def end_campaign(tx: Tx, code: str, now: datetime) -> None:
    """End a campaign that has not ended."""
    tx.execute(update(CampaignRow).where(CampaignRow.code == code, CampaignRow.ended_at.is_(None)).values(ended_at=now))


def campaign(tx: Tx, code: str) -> Campaign | None:
    """Return a campaign, or None."""
    row = tx.execute(select(CampaignRow).where(CampaignRow.code == code)).scalar_one_or_none()
    return None if row is None else _campaign(row)


def campaigns(tx: Tx) -> tuple[Campaign, ...]:
    """Return all campaigns, the newest first."""
    rows = tx.execute(select(CampaignRow).order_by(CampaignRow.first_day.desc(), CampaignRow.code)).scalars()
    return tuple(_campaign(row) for row in rows)


def progress(tx: Tx, codes: Sequence[str], actor: Actor) -> dict[str, Progress]:
    """Return how far campaigns have come, in two statements; of the cases only those that the actor may see."""
    place = CampaignPlaceRow
    counted = tx.execute(
        select(
            place.campaign,
            func.count(),
            func.count(place.visited_at),
            func.count(case((place.result == NO_PROBLEM, 1))),
            func.count(case((place.result == CASE, 1))),
        )
        .where(place.campaign.in_(codes))
        .group_by(place.campaign)
    )
    places = {row[0]: row[1:] for row in counted}
    carried = tx.execute(
        select(CaseRow.campaign, func.count())
        .where(visible_to(actor), CaseRow.campaign.in_(codes))
        .group_by(CaseRow.campaign)
    )
    cases = {row[0]: row[1] for row in carried}
    found = {}
    for code in codes:
        total, visited, no_problem, with_case = places.get(code, (0, 0, 0, 0))
        found[code] = Progress(
            places=total, visited=visited, no_problem=no_problem, case=with_case, cases=cases.get(code, 0)
        )
    return found


def places_of(tx: Tx, code: str) -> tuple[CampaignPlace, ...]:
    """Return the places of a campaign by number."""
    rows = tx.execute(
        select(CampaignPlaceRow, PersonRow.name, CaseRow.prefix, CaseRow.filed_on)
        .outerjoin(PersonRow, PersonRow.id == CampaignPlaceRow.inspector_id)
        .outerjoin(CaseRow, CaseRow.id == CampaignPlaceRow.case_id)
        .where(CampaignPlaceRow.campaign == code)
        .order_by(CampaignPlaceRow.number)
    )
    return tuple(_place(*row) for row in rows)


def visit(tx: Tx, code: str, number: int, made: Visit) -> bool:
    """Note what was found at a place; False when somebody was there before."""
    result = tx.execute(
        update(_PLACES)
        .where(_PLACES.c.campaign == code, _PLACES.c.number == number, _PLACES.c.visited_at.is_(None))
        .values(
            inspector_id=made.inspector,
            visited_at=made.visited_at,
            result=made.result,
            note=made.note,
            case_id=made.case_id,
            observed_at=made.observed_at,
            seen_lon_e7=made.lon_e7,
            seen_lat_e7=made.lat_e7,
            accuracy_m=made.accuracy_m,
            device=made.device,
            photos=made.photos or None,
            doubts=made.doubts or None,
            override_reason=made.override_reason,
        )
        .returning(_PLACES.c.number)
    )
    return result.scalar_one_or_none() is not None


def holder(code: str, number: int) -> str:
    """Return what photos of a visit are tied to: a name of fixed length, however long the campaign's code is."""
    told = hashlib.sha256(f"{code}/{number}".encode()).hexdigest()
    return f"{VISIT_HOLDER}{told}"[:_HOLDER_LENGTH]


def is_visit(case_uid: str) -> bool:
    """Tell whether uploads tied to this belong to a visit."""
    return case_uid.startswith(VISIT_HOLDER)


#: With what the holders of all visits begin.
VISIT_HOLDER, _HOLDER_LENGTH = "visit/", 36


def old_visits(tx: Tx, before: datetime, after: tuple[str, int] | None, limit: int) -> tuple[tuple[str, int], ...]:
    """Return the places, campaign and number, visited before an instant that still say where visitors stood."""
    told = or_(_PLACES.c.seen_lon_e7.is_not(None), _PLACES.c.device.is_not(None))
    key = (_PLACES.c.campaign, _PLACES.c.number)
    statement = select(*key).where(_PLACES.c.visited_at < before, told, tuple_(*key) > (after or ("", 0)))
    return tuple((campaign, number) for campaign, number in tx.execute(statement.order_by(*key).limit(limit)))


def forget_visitors(tx: Tx, places: Sequence[tuple[str, int]]) -> None:
    """Erase where the visitors of some places stood."""
    tx.execute(
        update(_PLACES)
        .where(tuple_(_PLACES.c.campaign, _PLACES.c.number).in_(places))
        .values(seen_lon_e7=None, seen_lat_e7=None, accuracy_m=None, device=None)
    )


def newest_case_without_place(tx: Tx, code: str, filed_by: PersonId) -> int | None:
    """Return the latest case that a person filed in a campaign and that no place has yet."""
    taken = select(CampaignPlaceRow.case_id).where(
        CampaignPlaceRow.campaign == code, CampaignPlaceRow.case_id.is_not(None)
    )
    statement = (
        select(CaseRow.id)
        .where(CaseRow.campaign == code, CaseRow.filed_by == filed_by, CaseRow.id.not_in(taken))
        .order_by(CaseRow.filed_at.desc(), CaseRow.id.desc())
        .limit(1)
    )
    return tx.execute(statement).scalar_one_or_none()


#: Results of a visit.
NO_PROBLEM, CASE = "no_problem", "case"


def _campaign(row: CampaignRow) -> Campaign:
    return Campaign(code=row.code, name=row.name, first_day=row.first_day, last_day=row.last_day, ended_at=row.ended_at)


def _place(
    row: CampaignPlaceRow, inspector_name: str | None, prefix: str | None, filed_on: date | None
) -> CampaignPlace:
    number = None
    if row.case_id is not None and prefix is not None and filed_on is not None:
        number = case_number(NumberParts(prefix=prefix, filed_on=filed_on, identity=row.case_id))
    return CampaignPlace(
        number=row.number,
        name=row.name,
        lon_e7=row.lon_e7,
        lat_e7=row.lat_e7,
        cell=row.cell,
        inspector=None if row.inspector_id is None else PersonId(row.inspector_id),
        inspector_name=inspector_name,
        visited_at=row.visited_at,
        result=row.result,
        note=row.note,
        case=number,
        observed_at=row.observed_at,
        seen_lon_e7=row.seen_lon_e7,
        seen_lat_e7=row.seen_lat_e7,
        accuracy_m=row.accuracy_m,
        photos=tuple(row.photos or ()),
        doubts=tuple(row.doubts or ()),
        override_reason=row.override_reason,
    )
