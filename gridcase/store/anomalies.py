"""What is worth a second look in the evidence of phones: found by a job, reviewed by a person, accusing nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, aliased, mapped_column

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action, CaseNumber, PersonId
from gridcase.domain.numbers import NumberParts, case_number, parse_number
from gridcase.store.attachments import AttachmentRow
from gridcase.store.campaigns import VISIT_HOLDER
from gridcase.store.cases import CaseRow, unsought, visible_to
from gridcase.store.database import Base, PlainJson, Tx, UtcDateTime
from gridcase.store.field_evidence import PhotoEvidenceRow
from gridcase.store.history import CaseEventRow
from gridcase.store.people import PersonRow

OPEN, REVIEWED = "open", "reviewed"
#: Kind of what is noted as soon as a place is visited; the others are found by a job.
VISIT_DOUBTED = "visit_doubted"


class AnomalyRow(Base):
    """Something to look at; ``slot`` says what it is about, so that it is found once. A visit belongs to no case."""

    __tablename__ = "anomaly"
    __table_args__ = (
        Index("uq_anomaly_slot", "slot", unique=True),
        Index("ix_anomaly_state", "state", "id"),
        Index("ix_anomaly_case", "case_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_record.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    figures: Mapped[Any] = mapped_column(PlainJson)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(500))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnomaly:
    """Columns of an anomaly found; ``figures`` are what its sentence names."""

    slot: str
    kind: str
    person_id: int
    case_id: int | None
    at: datetime
    figures: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAnomaly:
    """An anomaly as a list shows it; ``figures`` without the other case where that is not for the actor to see."""

    row: AnomalyRow
    figures: Mapping[str, str | int]
    case: CaseNumber | None
    person: str
    reviewer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPhoto:
    """A photo that came with a line of history, and what a phone said beside it, if one did."""

    id: str
    case_id: int
    event_seq: int
    uploader: int
    evidence: PhotoEvidenceRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDone:
    """A check somebody made: which line says so, when, and where the case lies."""

    event: int
    case_id: int
    person: int
    at: datetime
    lon_e7: int
    lat_e7: int


def used_photos(tx: Tx, case_ids: Sequence[int]) -> tuple[UsedPhoto, ...]:
    """Return the photos of some cases, by case and line."""
    statement = (
        select(AttachmentRow, CaseRow.id, PhotoEvidenceRow)
        .join(CaseRow, CaseRow.uid == AttachmentRow.case_uid)
        .outerjoin(PhotoEvidenceRow, PhotoEvidenceRow.attachment_id == AttachmentRow.id)
        .where(CaseRow.id.in_(case_ids))
        .order_by(CaseRow.id, AttachmentRow.event_seq, AttachmentRow.id)
    )
    return tuple(
        UsedPhoto(id=row.id, case_id=case_id, event_seq=row.event_seq or 0, uploader=row.uploader_id, evidence=beside)
        for row, case_id, beside in tx.execute(statement)
    )


def same_pictures(tx: Tx, attachments: Sequence[str]) -> tuple[tuple[str, str, CaseNumber], ...]:
    """Return pairs of photos that are the same picture in two cases, with the number of the other case."""
    mine, other = aliased(AttachmentRow), aliased(AttachmentRow)
    own, beside = aliased(PhotoEvidenceRow), aliased(PhotoEvidenceRow)
    apart = and_(other.id != mine.id, other.case_uid.is_not(None), other.case_uid != mine.case_uid)
    columns = (mine.id, other.id, CaseRow.prefix, CaseRow.filed_on, CaseRow.id)
    by_bytes = (
        select(*columns)
        .join(other, and_(other.sha256 == mine.sha256, apart))
        .join(CaseRow, CaseRow.uid == other.case_uid)
        .where(mine.id.in_(attachments))
    )
    by_original = (
        select(*columns)
        .join(own, own.attachment_id == mine.id)
        .join(beside, beside.original_sha256 == own.original_sha256)
        .join(other, and_(other.id == beside.attachment_id, apart))
        .join(CaseRow, CaseRow.uid == other.case_uid)
        .where(mine.id.in_(attachments))
    )
    found = {
        (one, two): case_number(NumberParts(prefix=prefix, filed_on=filed_on, identity=identity))
        for statement in (by_bytes, by_original)
        for one, two, prefix, filed_on, identity in tx.execute(statement.limit(_MOST_PAIRS))
    }
    return tuple((one, two, number) for (one, two), number in sorted(found.items()))


def stays(tx: Tx, people: Sequence[int], start: datetime, end: datetime) -> tuple[tuple[PhotoEvidenceRow, int], ...]:
    """Return where some people took photos between two instants, with the case, by person and time."""
    statement = (
        select(PhotoEvidenceRow, CaseRow.id)
        .join(AttachmentRow, AttachmentRow.id == PhotoEvidenceRow.attachment_id)
        .join(CaseRow, CaseRow.uid == AttachmentRow.case_uid)
        .where(PhotoEvidenceRow.person_id.in_(people), PhotoEvidenceRow.lon_e7.is_not(None))
        .where(PhotoEvidenceRow.taken_at >= start, PhotoEvidenceRow.taken_at <= end)
        .order_by(PhotoEvidenceRow.person_id, PhotoEvidenceRow.taken_at, PhotoEvidenceRow.attachment_id)
    )
    return tuple((row, case_id) for row, case_id in tx.execute(statement))


def clocks(tx: Tx, people: Sequence[int], start: datetime, end: datetime) -> tuple[tuple[PhotoEvidenceRow, int], ...]:
    """Return what devices said of their clocks between two instants, with the case, by person, device and time."""
    statement = (
        select(PhotoEvidenceRow, CaseRow.id)
        .join(AttachmentRow, AttachmentRow.id == PhotoEvidenceRow.attachment_id)
        .join(CaseRow, CaseRow.uid == AttachmentRow.case_uid)
        .where(PhotoEvidenceRow.person_id.in_(people), PhotoEvidenceRow.device.is_not(None))
        .where(PhotoEvidenceRow.clock_offset_ms.is_not(None))
        .where(PhotoEvidenceRow.taken_at >= start, PhotoEvidenceRow.taken_at <= end)
        .order_by(
            PhotoEvidenceRow.person_id,
            PhotoEvidenceRow.device,
            PhotoEvidenceRow.taken_at,
            PhotoEvidenceRow.attachment_id,
        )
    )
    return tuple((row, case_id) for row, case_id in tx.execute(statement))


def checks_done(tx: Tx, people: Sequence[int], start: datetime, end: datetime) -> tuple[CheckDone, ...]:
    """Return the checks some people made between two instants, by person and time of capture."""
    at = func.coalesce(CaseEventRow.observed_at, CaseEventRow.recorded_at, type_=UtcDateTime)
    statement = (
        select(CaseEventRow.id, CaseRow.id, CaseEventRow.actor_id, at, CaseRow.lon_e7, CaseRow.lat_e7)
        .join(CaseRow, CaseRow.id == CaseEventRow.case_id)
        # By the time, not by all that these people ever did.
        .where(unsought(CaseEventRow.actor_id, 0).in_(people), CaseEventRow.action == str(Action.CHECK))
        .where(CaseEventRow.recorded_at >= start, at <= end, CaseRow.lon_e7.is_not(None))
        .order_by(CaseEventRow.actor_id, at, CaseEventRow.id)
    )
    return tuple(
        CheckDone(event=event, case_id=case, person=person, at=when, lon_e7=lon, lat_e7=lat)
        for event, case, person, when, lon, lat in tx.execute(statement)
    )


def add_anomaly(tx: Tx, new: NewAnomaly, now: datetime) -> bool:
    """Add an anomaly; False when it was found before."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    values = {
        "slot": new.slot,
        "kind": new.kind,
        "person_id": new.person_id,
        "case_id": new.case_id,
        "at": new.at,
        "figures": dict(new.figures),
        "found_at": now,
        "state": OPEN,
    }
    statement = make(AnomalyRow).values(**values).on_conflict_do_nothing(index_elements=["slot"])
    return tx.execute(statement.returning(AnomalyRow.id)).scalar_one_or_none() is not None


def page_of_anomalies(
    tx: Tx, actor: Actor, *, state: str | None, after: int | None, limit: int, identity: int | None = None
) -> tuple[ListedAnomaly, ...]:
    """Return the anomalies of visits, and of cases an actor may see, newest first; one more when there are more.

    At most two statements.
    """
    reviewer = aliased(PersonRow)
    statement = (
        select(AnomalyRow, CaseRow.prefix, CaseRow.filed_on, PersonRow.name, reviewer.name)
        .outerjoin(CaseRow, CaseRow.id == AnomalyRow.case_id)
        .join(PersonRow, PersonRow.id == AnomalyRow.person_id)
        .outerjoin(reviewer, reviewer.id == AnomalyRow.reviewed_by)
        .where(or_(AnomalyRow.case_id.is_(None), visible_to(actor)))
        .order_by(AnomalyRow.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        statement = statement.where(AnomalyRow.state == state)
    if after is not None:
        statement = statement.where(AnomalyRow.id < after)
    if identity is not None:
        statement = statement.where(AnomalyRow.id == identity)
    rows = tx.execute(statement).tuples().all()
    seen = _seen_others(tx, actor, [row for row, *_ in rows])
    return tuple(
        ListedAnomaly(
            row=row,
            figures={name: value for name, value in row.figures.items() if name != "case" or value in seen},
            case=None
            if row.case_id is None
            else case_number(NumberParts(prefix=prefix, filed_on=filed_on, identity=row.case_id)),
            person=person,
            reviewer=by,
        )
        for row, prefix, filed_on, person, by in rows
    )


def _seen_others(tx: Tx, actor: Actor, rows: Sequence[AnomalyRow]) -> frozenset[str]:
    """Return which of the other cases that anomalies name an actor may see."""
    named = {str(row.figures["case"]) for row in rows if "case" in row.figures}
    parts = [known for number in named if (known := parse_number(number)) is not None]
    if not parts:
        return frozenset()
    statement = select(CaseRow.prefix, CaseRow.filed_on, CaseRow.id).where(
        CaseRow.id.in_({one.identity for one in parts}), visible_to(actor, is_narrow=True)
    )
    return frozenset(
        case_number(NumberParts(prefix=prefix, filed_on=filed_on, identity=identity))
        for prefix, filed_on, identity in tx.execute(statement)
    )


def review_anomaly(tx: Tx, identity: int, *, by: PersonId, at: datetime, reason: str) -> bool:
    """Write what a person says of an anomaly; False when it was reviewed before."""
    statement = (
        update(AnomalyRow)
        .where(AnomalyRow.id == identity, AnomalyRow.state == OPEN)
        .values(state=REVIEWED, reviewed_by=by, reviewed_at=at, reason=reason)
    )
    return tx.execute(statement.returning(AnomalyRow.id)).scalar_one_or_none() is not None


def old_positions(tx: Tx, before: datetime, after: str | None, limit: int) -> tuple[str, ...]:
    """Return photos that say where staff stood for cases that ended, or visits made, before an instant; in order."""
    of_a_visit = AttachmentRow.case_uid.startswith(VISIT_HOLDER, autoescape=True)
    statement = (
        select(PhotoEvidenceRow.attachment_id)
        .join(AttachmentRow, AttachmentRow.id == PhotoEvidenceRow.attachment_id)
        .outerjoin(CaseRow, CaseRow.uid == AttachmentRow.case_uid)
        .where(PhotoEvidenceRow.attachment_id > (after or ""))
        .where(or_(CaseRow.closed_at < before, and_(of_a_visit, PhotoEvidenceRow.received_at < before)))
        .where(or_(PhotoEvidenceRow.lon_e7.is_not(None), PhotoEvidenceRow.device.is_not(None)))
        .order_by(PhotoEvidenceRow.attachment_id)
        .limit(limit)
    )
    return tuple(tx.execute(statement).scalars())


def forget_positions(tx: Tx, attachments: Sequence[str]) -> None:
    """Erase what some photos say of where staff stood."""
    tx.execute(
        update(PhotoEvidenceRow)
        .where(PhotoEvidenceRow.attachment_id.in_(attachments))
        .values(lon_e7=None, lat_e7=None, accuracy_m=None, exif_distance_m=None, device=None)
        .execution_options(synchronize_session=False)
    )


def old_measured(tx: Tx, before: datetime, after: int | None, limit: int) -> tuple[int, ...]:
    """Return cases that ended before an instant and still say what a phone measured when they were filed; in order."""
    told = CaseRow.received.cast(String).contains('"measured"') | CaseRow.received.cast(String).contains('"device"')
    statement = select(CaseRow.id).where(CaseRow.id > (after or 0), CaseRow.closed_at < before, told)
    return tuple(tx.execute(statement.order_by(CaseRow.id).limit(limit)).scalars())


def forget_measured(tx: Tx, cases: Sequence[int]) -> None:
    """Erase what phones measured when some cases were filed."""
    for identity, received in tx.execute(select(CaseRow.id, CaseRow.received).where(CaseRow.id.in_(cases))).all():
        kept = {name: value for name, value in received.items() if name not in _OF_STAFF}
        tx.execute(update(CaseRow).where(CaseRow.id == identity).values(received=kept or None))


_OF_STAFF = ("measured", "device", "device_time", "clock_offset_ms", "moved")
_MOST_PAIRS = 1000
