"""Cases as they stand now, with their assignments and tasks.

The rows are a working copy of what history says: loaded for an action, listed on screens, never the source of a month's
figures. Everything a list filters or sorts by is a column with an index.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from gridcase.domain.actor import Actor, Role, ScopeKind
from gridcase.domain.case import (
    OPEN_STATES,
    AttachmentId,
    CaseKind,
    CaseNumber,
    CaseState,
    CellCode,
    CheckMode,
    PersonId,
    Scheme,
    Source,
    TaskKind,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.history import LimitedStage, StageDue
from gridcase.domain.numbers import NumberParts, case_number, parse_number
from gridcase.domain.place import GeoPoint, Located, Location
from gridcase.domain.time import TimeLimit, whole_second
from gridcase.store import parts
from gridcase.store.database import LARGEST_ID, Base, PlainJson, Tx, UtcDateTime, byte_ordered, table_of
from gridcase.store.search import matching
from gridcase.workflow.case import Assignment, Case, Outcome, RunningClock, Task, is_excused

#: Stands for a calendar where a clock runs day and night.
URGENT = "urgent"


class CaseRow(Base):
    """One case."""

    __tablename__ = "case_record"
    __table_args__ = (
        Index("ix_case_filed", "filed_at", "id"),
        Index("ix_case_state_filed", "state", "filed_at", "id"),
        Index("ix_case_state_due", "state", "due_at", "id"),
        Index("ix_case_state_closed", "state", "closed_at"),
        Index("ix_case_area_filed", "area", "filed_at", "id"),
        Index("ix_case_unit_filed", "unit", "filed_at", "id"),
        Index("ix_case_type_filed", "kind", "code", "filed_at", "id"),
        Index("ix_case_filed_by", "filed_by", "filed_at", "id"),
        Index("ix_case_found_by", "found_by", "filed_at", "id"),
        Index("ix_case_inspector", "inspector_id", "filed_at", "id"),
        Index("ix_case_point", "lon_e7", "lat_e7"),
        Index("ix_case_last_event", "last_event_at"),
        Index("ix_case_handle_due", "handle_due_at"),
        Index("ix_case_sub_unit", "sub_unit", "filed_at", "id"),
        Index("ix_case_wake", "wake_at", "id"),
        Index("ix_case_lead", "lead"),
        Index("ix_case_campaign", "campaign", "filed_at", "id"),
        Index("ix_case_decider", "decider", "filed_at", "id"),
        Index("ix_case_unrouted", "is_unrouted", "filed_at", "id"),
        Index("ix_case_object", "object_id"),
        Index("ix_case_due", "due_at", "id"),
        Index("ix_case_filed_area", "filed_at", "area"),
        Index("ix_case_state_code", "state", "code", "lon_e7"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    prefix: Mapped[str] = mapped_column(String(6))
    filed_on: Mapped[date]
    version: Mapped[int]
    events: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    scheme: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(10))
    condition: Mapped[str | None] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(12))
    lon_e7: Mapped[int | None]
    lat_e7: Mapped[int | None]
    received: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    location: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    layers: Mapped[Any] = mapped_column(PlainJson)
    area: Mapped[str | None] = mapped_column(byte_ordered(15))
    address: Mapped[str | None] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    filed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    found_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    inspector_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    unit: Mapped[str | None] = mapped_column(String(40))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    observed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_clock: Mapped[str | None] = mapped_column(String(40))
    handle_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_event_at: Mapped[datetime] = mapped_column(UtcDateTime)
    time_limit: Mapped[str | None] = mapped_column(String(24))
    clocks: Mapped[Any] = mapped_column(PlainJson)
    check_passed: Mapped[bool | None]
    assignments: Mapped[int]
    tasks: Mapped[int]
    photos: Mapped[Any] = mapped_column(PlainJson)
    before: Mapped[str | None] = mapped_column(String(12))
    returns: Mapped[int]
    is_settled: Mapped[bool]
    is_self_handled: Mapped[bool]
    is_unrouted: Mapped[bool]
    is_excused: Mapped[bool]
    resumes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lead: Mapped[str | None] = mapped_column(String(30))
    object_id: Mapped[str | None] = mapped_column(String(20))
    campaign: Mapped[str | None] = mapped_column(String(40))
    verified: Mapped[str | None] = mapped_column(String(10))
    transferred_to: Mapped[str | None] = mapped_column(String(40))
    parts: Mapped[Any] = mapped_column(PlainJson)
    decider: Mapped[str | None] = mapped_column(String(20))
    sub_unit: Mapped[str | None] = mapped_column(String(40))
    watched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wake_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def number(self) -> CaseNumber:
        """Our number: a pure function of three columns."""
        return case_number(NumberParts(prefix=self.prefix, filed_on=self.filed_on, identity=self.id))


class AssignmentRow(Base):
    """One unit's tenure of a case."""

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_unit", "unit", "is_lead", "case_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(String(40))
    dispatched_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dispatched_by: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    original_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    time_limit: Mapped[str] = mapped_column(String(24))
    route: Mapped[str | None] = mapped_column(Text)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_reason: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(12))
    leaves_due: Mapped[bool]
    handlers: Mapped[Any] = mapped_column(PlainJson)
    is_lead: Mapped[bool]
    extensions: Mapped[int]


class TaskRow(Base):
    """One check asked of one inspector."""

    __tablename__ = "task"
    __table_args__ = (Index("ix_task_inspector", "inspector_id", "done_at"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    inspector_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    mode: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(String(10))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseReferenceRow(Base):
    """A number that another system gave to one of our cases; ``digest`` of the row it was imported from, if it was."""

    __tablename__ = "case_reference"
    __table_args__ = (Index("ix_case_reference_number", "number", postgresql_ops={"number": "text_pattern_ops"}),)

    system: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[str] = mapped_column(String(80), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_record.id"), index=True)
    digest: Mapped[str | None] = mapped_column(String(64))


_CASES, _ASSIGNMENTS, _TASKS = table_of(CaseRow), table_of(AssignmentRow), table_of(TaskRow)
_INSERT_CASE = insert(_CASES).returning(_CASES.c.id)
_Part = TypeVar("_Part")
_Rows = list[dict[str, Any]]
_UPDATE_CASE = update(_CASES).where(_CASES.c.id == bindparam("identity"))
_INSERT_PART = {table: insert(table) for table in (_ASSIGNMENTS, _TASKS)}
_UPDATE_PART = {
    table: update(table).where(table.c.case_id == bindparam("its_case"), table.c.number == bindparam("its_number"))
    for table in (_ASSIGNMENTS, _TASKS)
}
_PARTS = {
    table: select(table).where(table.c.case_id == bindparam("identity")).order_by(table.c.number)
    for table in (_ASSIGNMENTS, _TASKS)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo tied to a case, as the case shows it; ``event_seq`` names the history line it came with."""

    id: AttachmentId
    sha256: str
    usage: str
    content_type: str
    event_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case with what the workflow does not need: identity, chain, texts.

    Parameters
    ----------
    received
        Coordinates as they came: ``lon, lat, datum, accuracy_m``; empty without a position.
    """

    id: int
    uid: str
    case: Case
    head: str
    address: str | None
    place: str | None
    description: str | None
    received: Mapping[str, Any]
    observed_at: datetime | None
    last_event_at: datetime
    photos: tuple[Photo, ...] = ()
    wake_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """Columns of a case that no later action changes.

    Parameters
    ----------
    prefix, filed_on
        Parts of the number besides the identity.
    received
        Coordinates as they came; None without a position.
    """

    prefix: str
    filed_on: date
    address: str | None
    place: str | None
    description: str | None
    received: Mapping[str, Any] | None
    observed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What a list shows; None and empty mean "any".

    Parameters
    ----------
    words
        One phrase, as the texts have it, or a number (``gridcase.store.search``).
    all_words
        Each of them somewhere in the texts; instead of ``words``.
    due_until
        Shows what is due from now until the instant of its own clock: pairs of a calendar's name, or ``URGENT``, and
        the last instant.
    involving
        Shows what this person filed, found, dispatched or is asked about.
    """

    states: tuple[CaseState, ...] = ()
    unit: UnitCode | None = None
    area: str | None = None
    type: str | None = None
    source: Source | None = None
    overdue: bool | None = None
    unrouted: bool = False
    pending: bool = False
    campaign: str | None = None
    lead: str | None = None
    words: str | None = None
    all_words: tuple[str, ...] = ()
    box: tuple[int, int, int, int] | None = None
    filed_from: datetime | None = None
    filed_to: datetime | None = None
    due_until: tuple[tuple[str, datetime], ...] = ()
    involving: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsk:
    """Which page of a list: at most ``limit`` rows after ``after`` in ``order``."""

    order: str
    limit: int
    after: tuple[datetime | None, int] | None = None


def visible_to(actor: Actor, *, is_narrow: bool = False) -> ColumnElement[bool]:
    """Return the one criterion of which cases an actor may see; every query on cases uses it.

    Parameters
    ----------
    is_narrow
        The query finds few cases without it (open ones, those of a period, some identities): then the criterion is
        written so that no database looks cases up by it. SQLite, which keeps no statistics, would otherwise read all
        that a unit ever had, to leave out what is closed.
    """
    scope = actor.scope
    if scope.kind is ScopeKind.ALL:
        return true()
    bare = unsought if is_narrow else _sought
    if scope.kind is ScopeKind.UNIT:
        ours = or_(bare(CaseRow.unit, "") == scope.value, bare(CaseRow.sub_unit, "") == scope.value)
        return or_(ours, _assists(scope.value, is_narrow=is_narrow))
    person = actor.person
    mine = or_(
        bare(CaseRow.filed_by, 0) == person,
        bare(CaseRow.found_by, 0) == person,
        bare(CaseRow.inspector_id, 0) == person,
    )
    if scope.kind is ScopeKind.AREA:
        inside = _within(bare(CaseRow.area, ""), scope.value)
        return or_(inside, mine) if actor.role is Role.INSPECTOR else inside
    return mine


def _sought(column: InstrumentedAttribute[Any], _nothing: object) -> ColumnElement[Any]:
    return column.expression


def unsought(column: InstrumentedAttribute[Any], nothing: object = "") -> ColumnElement[Any]:
    """Return a column's value as no index has it, where another criterion finds fewer rows.

    ``nothing`` stands for NULL: no code is empty, and no person is 0.
    """
    return func.coalesce(column, literal(nothing, literal_execute=True))


def _assists(unit: str, *, is_narrow: bool) -> ColumnElement[bool]:
    asked = select(AssignmentRow.case_id).where(AssignmentRow.unit == unit, AssignmentRow.is_lead.is_(False))
    if is_narrow:
        return asked.where(AssignmentRow.case_id == CaseRow.id).exists()
    return CaseRow.id.in_(asked)


def who_sees(tx: Tx, identity: int, actors: Sequence[Actor]) -> frozenset[Actor]:
    """Return those of the actors who may see a case, in one statement by the one criterion."""
    limited = [one for one in dict.fromkeys(actors) if one.scope.kind is not ScopeKind.ALL]
    seeing = frozenset(one for one in actors if one.scope.kind is ScopeKind.ALL)
    for start in range(0, len(limited), _ASKED_OF):
        some = limited[start : start + _ASKED_OF]
        columns = (visible_to(one).label(f"sees_{number}") for number, one in enumerate(some))
        row = tx.execute(select(*columns).where(CaseRow.id == identity)).one()
        seeing |= frozenset(one for one, sees in zip(some, row, strict=True) if sees)
    return seeing


#: People asked of in one statement: SQLite takes 2,000 columns and 32,766 parameters.
_ASKED_OF = 200


def insert_case(tx: Tx, new: NewCase, draft: StoredCase) -> StoredCase:
    """Insert a case, its assignments and tasks apart; its identity and number are known afterwards."""
    values = asdict(new) | case_columns(draft) | {"uid": draft.uid}
    identity = tx.execute(_INSERT_CASE, values).scalar_one()
    number = case_number(NumberParts(prefix=new.prefix, filed_on=new.filed_on, identity=identity))
    return replace(draft, id=identity, case=replace(draft.case, number=number))


def load_case(tx: Tx, identity: int, actor: Actor, *, for_update: bool = False) -> StoredCase | None:
    """Load a case that the actor may see, with its assignments and tasks; None otherwise."""
    if identity > LARGEST_ID:
        return None
    statement = _visible_case(actor, for_update=for_update)
    row = tx.execute(statement, {"identity": identity}).scalar_one_or_none()
    return None if row is None else _stored(row, _assignments(tx, row), _tasks(tx, row))


@functools.lru_cache(maxsize=1024)
def _visible_case(actor: Actor, *, for_update: bool) -> Select[tuple[CaseRow]]:
    # Making it took longer than carrying it out; people act many times in one role.
    statement = select(CaseRow).where(CaseRow.id == bindparam("identity"), visible_to(actor))
    return statement.with_for_update() if for_update else statement


def put_reference(tx: Tx, identity: int, *, system: str, number: str) -> bool:
    """Note the number that another system gave to a case; False when that number is known already."""
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = make(CaseReferenceRow).values(system=system, number=number, case_id=identity)
    return tx.execute(statement.on_conflict_do_nothing().returning(CaseReferenceRow.case_id)).scalar() is not None


def references_of_case(tx: Tx, identity: int) -> tuple[tuple[str, str], ...]:
    """Return the numbers that other systems gave to a case: system and number, in their order."""
    asked = select(CaseReferenceRow.system, CaseReferenceRow.number).where(CaseReferenceRow.case_id == identity)
    rows = tx.execute(asked.order_by(CaseReferenceRow.system, CaseReferenceRow.number)).tuples()
    return tuple((system, number) for system, number in rows)


def update_case(tx: Tx, stored: StoredCase) -> None:
    """Write the current columns of a case."""
    tx.execute(_UPDATE_CASE, {"identity": stored.id, **case_columns(stored)})


def save_assignments(tx: Tx, identity: int, before: tuple[Assignment, ...], after: tuple[Assignment, ...]) -> None:
    """Write the assignments that changed and add the new ones, in at most two statements."""
    _save(tx, _ASSIGNMENTS, identity, _changes(before, after, _assignment_values))


def save_tasks(tx: Tx, identity: int, before: tuple[Task, ...], after: tuple[Task, ...]) -> None:
    """Write the tasks that changed and add the new ones, in at most two statements."""
    _save(tx, _TASKS, identity, _changes(before, after, _task_values))


def version_of(tx: Tx, identity: int, actor: Actor) -> tuple[CaseNumber, int, int] | None:
    """Return number, version and length of history of a case the actor may see, in one statement; None otherwise."""
    if identity > LARGEST_ID:
        return None
    columns = (CaseRow.prefix, CaseRow.filed_on, CaseRow.version, CaseRow.events)
    row = tx.execute(select(*columns).where(CaseRow.id == identity, visible_to(actor))).one_or_none()
    if row is None:
        return None
    number = case_number(NumberParts(prefix=row.prefix, filed_on=row.filed_on, identity=identity))
    return number, row.version, row.events


def open_cases_of(tx: Tx, actor: Actor, limit: int) -> tuple[StoredCase, ...]:
    """Return the open cases an actor may see, next handling deadline first, whole, in three statements.

    One more than ``limit`` when there are more.
    """
    statement = (
        select(CaseRow)
        .where(is_open(), visible_to(actor, is_narrow=True))
        .order_by(CaseRow.handle_due_at, CaseRow.id)
        .limit(limit + 1)
    )
    return _whole(tx, tuple(tx.execute(statement).scalars()))


def cases_whole(tx: Tx, actor: Actor, identities: Sequence[int]) -> tuple[StoredCase, ...]:
    """Return those of a page of cases that an actor may see, whole, by identity, in three statements."""
    return _whole(tx, cases_by_identity(tx, actor, [one for one in identities if one <= LARGEST_ID]))


def _whole(tx: Tx, rows: tuple[CaseRow, ...]) -> tuple[StoredCase, ...]:
    identities = [row.id for row in rows]
    assignments = _parts_of(tx, _ASSIGNMENTS, identities, _assignment)
    tasks = _parts_of(tx, _TASKS, identities, _task)
    return tuple(_stored(row, assignments.get(row.id, ()), tasks.get(row.id, ())) for row in rows)


def is_visible(tx: Tx, uid: str, actor: Actor) -> bool:
    """Tell whether an actor may see the case of this identity."""
    statement = select(CaseRow.id).where(CaseRow.uid == uid, visible_to(actor))
    return tx.execute(statement).scalar_one_or_none() is not None


def page_of_cases(tx: Tx, actor: Actor, wanted: CaseFilter, page: PageAsk, now: datetime) -> tuple[CaseRow, ...]:
    """Return one page of the cases an actor may see, in one statement; one row more than ``limit`` if there is more."""
    if page.order == "due":
        # What has ended has no deadline: read in the order of deadlines, a page stands after a few rows.
        asked = visible_to(actor, is_narrow=True), *criteria(tx, wanted, now, is_by_due=True)
        statement = select(CaseRow).where(CaseRow.due_at.is_not(None), *asked)
        keys: tuple[Any, Any] = (CaseRow.due_at, CaseRow.id)
        after = page.after and or_(keys[0] > page.after[0], and_(keys[0] == page.after[0], keys[1] > page.after[1]))
        statement = statement.order_by(keys[0], keys[1])
    else:
        statement = narrowed(tx, select(CaseRow), actor, wanted, now)
        keys = (CaseRow.filed_at, CaseRow.id)
        after = page.after and or_(keys[0] < page.after[0], and_(keys[0] == page.after[0], keys[1] < page.after[1]))
        statement = statement.order_by(keys[0].desc(), keys[1].desc())
    if after is not None:
        statement = statement.where(after)
    return tuple(tx.execute(statement.limit(page.limit + 1)).scalars())


def cases_after(tx: Tx, actor: Actor, wanted: CaseFilter, after: int, limit: int, now: datetime) -> tuple[CaseRow, ...]:
    """Return cases with an identity above ``after`` that an actor may see, by identity, in one statement."""
    statement = select(CaseRow).where(CaseRow.id > after, visible_to(actor), *criteria(tx, wanted, now))
    return tuple(tx.execute(statement.order_by(CaseRow.id).limit(limit)).scalars())


def cases_by_identity(tx: Tx, actor: Actor, identities: Sequence[int]) -> tuple[CaseRow, ...]:
    """Return those of a page of cases that an actor may see, by identity, in one statement."""
    statement = select(CaseRow).where(CaseRow.id.in_(identities), visible_to(actor))
    return tuple(tx.execute(statement.order_by(CaseRow.id)).scalars())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCase:
    """What a list says of a case beside its history.

    Parameters
    ----------
    lon_e7, lat_e7
        WGS 84 in 1e-7 degree; None while it is not located.
    their_number
        Number another system gave it; several are joined by ``; ``, empty when there is none.
    """

    lon_e7: int | None
    lat_e7: int | None
    their_number: str


def placed_cases(tx: Tx, numbers: Sequence[CaseNumber]) -> dict[CaseNumber, PlacedCase]:
    """Return position and foreign number of these cases, two statements for every few hundred."""
    found: dict[CaseNumber, PlacedCase] = {}
    for start in range(0, len(numbers), _CHUNK):
        identities = {
            parts.identity: number for number in numbers[start : start + _CHUNK] if (parts := parse_number(number))
        }
        theirs: dict[int, list[str]] = {}
        references = select(CaseReferenceRow.case_id, CaseReferenceRow.number).where(
            CaseReferenceRow.case_id.in_(identities)
        )
        for identity, number in tx.execute(references.order_by(CaseReferenceRow.system, CaseReferenceRow.number)):
            theirs.setdefault(identity, []).append(number)
        places = select(CaseRow.id, CaseRow.lon_e7, CaseRow.lat_e7).where(CaseRow.id.in_(identities))
        for identity, lon_e7, lat_e7 in tx.execute(places):
            found[identities[identity]] = PlacedCase(
                lon_e7=lon_e7, lat_e7=lat_e7, their_number="; ".join(theirs.get(identity, ()))
            )
    return found


#: Cases asked for in one statement; SQLite takes 32,766 parameters, older ones 999.
_CHUNK = 900


def cases_to_wake(tx: Tx, now: datetime, limit: int) -> tuple[int, ...]:
    """Return the cases that time may have done something to, longest waiting first."""
    statement = select(CaseRow.id).where(CaseRow.wake_at <= now).order_by(CaseRow.wake_at, CaseRow.id).limit(limit)
    return tuple(tx.execute(statement).scalars())


def next_wake(tx: Tx) -> datetime | None:
    """Return when time may next do something to any case; None when it can do nothing."""
    return tx.execute(select(func.min(CaseRow.wake_at))).scalar_one_or_none()


def set_watched(tx: Tx, identity: int, *, watched_at: datetime, wake_at: datetime | None) -> None:
    """Note until when a case was watched, and when to look again."""
    tx.execute(_UPDATE_CASE, {"identity": identity, "watched_at": watched_at, "wake_at": wake_at})


def put_off(tx: Tx, identity: int, wake_at: datetime) -> None:
    """Look at a case later, without having watched it."""
    tx.execute(update(CaseRow).where(CaseRow.id == identity).values(wake_at=wake_at))


def chain_ends(tx: Tx) -> dict[int, tuple[str, int, str]]:
    """Return identity, number of lines and head by case, as the rows of the cases have them."""
    rows = tx.execute(select(CaseRow.id, CaseRow.uid, CaseRow.events, CaseRow.head))
    return {identity: (uid, events, head) for identity, uid, events, head in rows}


def _changes(
    before: tuple[_Part, ...], after: tuple[_Part, ...], values: Callable[[_Part], dict[str, Any]]
) -> tuple[_Rows, _Rows]:
    """Return the rows that changed and the rows that are new."""
    known = len(before)
    changed = [values(now) for was, now in zip(before, after, strict=False) if was != now]
    return changed, [values(one) for one in after[known:]]


def _save(tx: Tx, table: Table, identity: int, rows: tuple[_Rows, _Rows]) -> None:
    changed, new = rows
    if changed:
        its = {"its_case": identity}
        tx.execute(_UPDATE_PART[table], [{**its, "its_number": one["number"], **one} for one in changed])
    if new:
        tx.execute(_INSERT_PART[table], [{"case_id": identity, **one} for one in new])


def case_columns(stored: StoredCase) -> dict[str, Any]:
    """Return the columns that an action may change."""
    case = stored.case
    handle = case.clocks.get(LimitedStage.HANDLE)
    task = case.task
    return {
        "version": case.version,
        "events": case.events,
        "state": str(case.state),
        "scheme": str(case.type.scheme),
        "kind": str(case.type.kind),
        "code": case.type.code,
        "condition": case.condition,
        "source": str(case.source),
        "lon_e7": case.point.lon_e7 if case.point else None,
        "lat_e7": case.point.lat_e7 if case.point else None,
        "location": _dump_location(case.location),
        "layers": {name: list(codes) for name, codes in case.layers.items()},
        "area": case.location.cell if case.location else None,
        "filed_by": case.filed_by,
        "found_by": case.found_by,
        "inspector_id": task.inspector if task else None,
        "unit": case.assignment.unit if case.assignment else None,
        "filed_at": case.filed_at,
        "registered_at": case.registered_at,
        "closed_at": case.closed_at,
        "due_at": case.due_at,
        "due_clock": _due_clock(case),
        "handle_due_at": handle.due.due_at if handle else None,
        "time_limit": str(case.limit) if case.limit else None,
        "clocks": {str(stage): _dump_clock(clock) for stage, clock in case.clocks.items()},
        "check_passed": case.check_passed,
        "assignments": len(case.assignments),
        "tasks": len(case.tasks),
        "head": stored.head,
        "last_event_at": stored.last_event_at,
        "photos": [asdict(photo) for photo in stored.photos],
        "address": stored.address,
        "before": None if case.before is None else str(case.before),
        "returns": case.returns,
        "is_settled": case.is_settled,
        "resumes_at": case.resumes_at,
        "lead": case.lead,
        "object_id": case.object_id,
        "is_self_handled": case.is_self_handled,
        "campaign": case.campaign,
        "verified": None if case.verified is None else str(case.verified),
        "parts": parts.dump(case),
        "decider": _decider(case),
        "sub_unit": case.subtask.unit if case.subtask else None,
        "transferred_to": case.transferred_to,
        "is_unrouted": case.is_unrouted,
        "is_excused": is_excused(case),
        "watched_at": case.watched_at,
        "wake_at": stored.wake_at,
    }


def criteria(tx: Tx, wanted: CaseFilter, now: datetime, *, is_by_due: bool = False) -> list[ColumnElement[bool]]:
    """Return the criteria of a filter; who may see a case is not among them.

    Parameters
    ----------
    is_by_due
        The query reads cases in the order of their deadlines: no database looks them up by their states instead.
        PostgreSQL takes the two for independent of each other, and would sort all open cases for every page.
    """
    state = unsought(CaseRow.state) if is_by_due else CaseRow.state
    asked = (
        (wanted.states, state.in_(sorted(str(one) for one in wanted.states))),
        (wanted.unit, CaseRow.unit == wanted.unit),
        (wanted.area, in_area(wanted.area or "")),
        (wanted.source, CaseRow.source == str(wanted.source)),
        (wanted.unrouted, CaseRow.is_unrouted.is_(True)),
        (wanted.pending, CaseRow.decider.is_not(None)),
        (wanted.campaign, CaseRow.campaign == wanted.campaign),
        (wanted.lead, CaseRow.lead == wanted.lead),
        (wanted.due_until, _due_criterion(wanted.due_until, now)),
    )
    found = [criterion for given, criterion in asked if given]
    if wanted.filed_from:
        found.append(CaseRow.filed_at >= wanted.filed_from)
    if wanted.filed_to:
        found.append(CaseRow.filed_at < wanted.filed_to)
    if wanted.involving is not None:
        found.append(_involving(wanted.involving))
    found += _type_criteria(wanted.type) + _box_criteria(wanted.box)
    found += _overdue_criteria(now, overdue=wanted.overdue) + _word_criteria(tx, wanted)
    return found


def _due_criterion(until: tuple[tuple[str, datetime], ...], now: datetime) -> ColumnElement[bool]:
    # The widest bound first: it is the range that the index on deadlines is asked for.
    widest = max((last for _, last in until), default=now)
    by_clock = (and_(CaseRow.due_clock == clock, CaseRow.due_at <= last) for clock, last in until)
    return and_(CaseRow.due_at >= whole_second(now), CaseRow.due_at <= widest, or_(false(), *by_clock))


def _involving(person: PersonId) -> ColumnElement[bool]:
    dispatched = select(AssignmentRow.case_id).where(
        AssignmentRow.case_id == CaseRow.id, AssignmentRow.dispatched_by == person
    )
    return or_(
        CaseRow.filed_by == person, CaseRow.found_by == person, CaseRow.inspector_id == person, dispatched.exists()
    )


def _due_clock(case: Case) -> str | None:
    """Return by what the deadline that matters runs: the name of its calendar, or ``URGENT``."""
    if case.clock is None:
        return None
    due = case.clock.due
    return URGENT if due.limit.unit.is_urgent else due.calendar.partition("@")[0]


def _decider(case: Case) -> str | None:
    """Return the highest role that a pending request waits for."""
    roles = {one.decider for one in case.pending}
    return next((str(role) for role in (Role.LEADER, Role.SHIFT_LEADER) if role in roles), None)


def _type_criteria(text: str | None) -> list[ColumnElement[bool]]:
    if not text:
        return []
    if "/" not in text:
        return [CaseRow.code == text]
    key = TypeKey.parse(text)
    return [CaseRow.scheme == str(key.scheme), CaseRow.kind == str(key.kind), CaseRow.code == key.code]


def _box_criteria(box: tuple[int, int, int, int] | None) -> list[ColumnElement[bool]]:
    if box is None:
        return []
    west, south, east, north = box
    return [CaseRow.lon_e7.between(west, east), CaseRow.lat_e7.between(south, north)]


def is_open() -> ColumnElement[bool]:
    """Return the criterion of cases that go on."""
    return CaseRow.state.in_(sorted(str(state) for state in OPEN_STATES))


def _overdue_criteria(now: datetime, *, overdue: bool | None) -> list[ColumnElement[bool]]:
    if overdue is None:
        return []
    second = whole_second(now)
    late = and_(is_open(), CaseRow.due_at < second, CaseRow.is_excused.is_(False))
    return [late if overdue else or_(CaseRow.due_at.is_(None), CaseRow.due_at >= second, CaseRow.is_excused)]


def _word_criteria(tx: Tx, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    asked = wanted.all_words or ((wanted.words,) if wanted.words and wanted.words.strip() else ())
    if not asked:
        return []
    only_open = bool(wanted.states) and OPEN_STATES.issuperset(wanted.states)
    is_sqlite = tx.get_bind().dialect.name == "sqlite"
    newest = 0 if is_sqlite or only_open else tx.execute(select(func.max(CaseRow.id))).scalar_one() or 0
    return [CaseRow.id.in_(matching(asked, is_sqlite=is_sqlite, only_open=only_open, newest=newest))]


def in_area(prefix: str) -> ColumnElement[bool]:
    """Return the criterion of an area code prefix: a range, not LIKE, so that every database uses the index.

    It holds because the column is ordered by bytes: in a dictionary's order the tilde stands before every digit.
    """
    return _within(CaseRow.area.expression, prefix)


def _within(area: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    if not prefix:
        return true()
    if not prefix.isalnum():
        return false()
    return and_(area >= prefix, area < prefix + "~")


def _assignments(tx: Tx, row: CaseRow) -> tuple[Assignment, ...]:
    if not row.assignments:
        return ()
    return tuple(_assignment(one) for one in tx.execute(_PARTS[_ASSIGNMENTS], {"identity": row.id}))


def _parts_of(
    tx: Tx, table: Table, identities: Sequence[int], make: Callable[[Any], _Part]
) -> dict[int, tuple[_Part, ...]]:
    """Return the assignments or tasks of several cases by case, in one statement."""
    statement = select(table).where(table.c.case_id.in_(identities)).order_by(table.c.case_id, table.c.number)
    found: dict[int, list[_Part]] = {}
    for row in tx.execute(statement):
        found.setdefault(row.case_id, []).append(make(row))
    return {identity: tuple(parts) for identity, parts in found.items()}


def _assignment(one: Any) -> Assignment:
    return Assignment(
        number=one.number,
        unit=UnitCode(one.unit),
        dispatched_at=one.dispatched_at,
        dispatched_by=PersonId(one.dispatched_by),
        due_at=one.due_at,
        original_due_at=one.original_due_at,
        limit=TimeLimit.parse(one.time_limit),
        route=one.route,
        accepted_at=one.accepted_at,
        reported_at=one.reported_at,
        returned_reason=one.returned_reason,
        ended_at=one.ended_at,
        outcome=None if one.outcome is None else Outcome(one.outcome),
        leaves_due=one.leaves_due,
        handlers=tuple(one.handlers),
        is_lead=one.is_lead,
        extensions=one.extensions,
    )


def _assignment_values(one: Assignment) -> dict[str, Any]:
    return {
        "number": one.number,
        "unit": one.unit,
        "dispatched_at": one.dispatched_at,
        "dispatched_by": one.dispatched_by,
        "due_at": one.due_at,
        "original_due_at": one.original_due_at,
        "time_limit": str(one.limit),
        "route": one.route,
        "accepted_at": one.accepted_at,
        "reported_at": one.reported_at,
        "returned_reason": one.returned_reason,
        "ended_at": one.ended_at,
        "outcome": None if one.outcome is None else str(one.outcome),
        "leaves_due": one.leaves_due,
        "handlers": list(one.handlers),
        "is_lead": one.is_lead,
        "extensions": one.extensions,
    }


def _tasks(tx: Tx, row: CaseRow) -> tuple[Task, ...]:
    if not row.tasks:
        return ()
    return tuple(_task(one) for one in tx.execute(_PARTS[_TASKS], {"identity": row.id}))


def _task(one: Any) -> Task:
    return Task(
        number=one.number,
        kind=TaskKind(one.kind),
        inspector=PersonId(one.inspector_id),
        mode=CheckMode(one.mode),
        asked_at=one.asked_at,
        asked_by=PersonId(one.asked_by),
        due_at=one.due_at,
        done_at=one.done_at,
        result=one.result,
        withdrawn_at=one.withdrawn_at,
    )


def _task_values(one: Task) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": str(one.kind),
        "inspector_id": one.inspector,
        "mode": str(one.mode),
        "asked_at": one.asked_at,
        "asked_by": one.asked_by,
        "due_at": one.due_at,
        "done_at": one.done_at,
        "result": one.result,
        "withdrawn_at": one.withdrawn_at,
    }


def _stored(row: CaseRow, assignments: tuple[Assignment, ...], tasks: tuple[Task, ...]) -> StoredCase:
    return StoredCase(
        id=row.id,
        uid=row.uid,
        case=to_case(row, assignments, tasks),
        head=row.head,
        address=row.address,
        place=row.place,
        description=row.description,
        received=row.received or {},
        observed_at=row.observed_at,
        last_event_at=row.last_event_at,
        photos=tuple(Photo(**raw) for raw in row.photos),
        wake_at=row.wake_at,
    )


def to_case(row: CaseRow, assignments: tuple[Assignment, ...] = (), tasks: tuple[Task, ...] = ()) -> Case:
    """Return the workflow's snapshot of a row."""
    return Case(
        number=row.number,
        version=row.version,
        events=row.events,
        state=CaseState(row.state),
        type=TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code),
        condition=row.condition,
        source=Source(row.source),
        point=_point(row),
        location=_load_location(row.location),
        layers={name: tuple(codes) for name, codes in row.layers.items()},
        filed_by=PersonId(row.filed_by),
        found_by=None if row.found_by is None else PersonId(row.found_by),
        filed_at=row.filed_at,
        registered_at=row.registered_at,
        closed_at=row.closed_at,
        limit=None if row.time_limit is None else TimeLimit.parse(row.time_limit),
        clocks={LimitedStage(stage): _load_clock(raw) for stage, raw in row.clocks.items()},
        assignments=assignments,
        tasks=tasks,
        check_passed=row.check_passed,
        before=None if row.before is None else CaseState(row.before),
        returns=row.returns,
        is_settled=row.is_settled,
        resumes_at=row.resumes_at,
        lead=None if row.lead is None else CaseNumber(row.lead),
        object_id=row.object_id,
        is_self_handled=row.is_self_handled,
        campaign=row.campaign,
        verified=None if row.verified is None else VerifyResult(row.verified),
        requests=parts.load_requests(row.parts),
        subtasks=parts.load_subtasks(row.parts),
        supervisions=parts.load_supervisions(row.parts),
        transferred_to=row.transferred_to,
        is_unrouted=row.is_unrouted,
        watched_at=row.watched_at,
    )


def _point(row: CaseRow) -> GeoPoint | None:
    if row.lon_e7 is None or row.lat_e7 is None:
        return None
    return GeoPoint(lon_e7=row.lon_e7, lat_e7=row.lat_e7)


def _dump_location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {
        "cell": location.cell,
        "how": str(location.how),
        "distance_m": location.distance_m,
        "candidates": list(location.candidates),
    }


def _load_location(raw: Mapping[str, Any] | None) -> Location | None:
    if raw is None:
        return None
    return Location(
        cell=None if raw["cell"] is None else CellCode(raw["cell"]),
        how=Located(raw["how"]),
        distance_m=raw["distance_m"],
        candidates=tuple(CellCode(code) for code in raw["candidates"]),
    )


def _dump_clock(clock: RunningClock) -> dict[str, Any]:
    due = clock.due
    return {
        "stage": str(due.stage),
        "started_at": due.started_at.isoformat(),
        "due_at": due.due_at.isoformat(),
        "limit": str(due.limit),
        "calendar": due.calendar,
        "provisional": due.provisional,
        "original_due_at": clock.original_due_at.isoformat(),
        "trace": json.loads(clock.trace),
        "stopped_at": clock.stopped_at.isoformat() if clock.stopped_at else None,
        "paused_at": clock.paused_at.isoformat() if clock.paused_at else None,
    }


def _load_clock(raw: Mapping[str, Any]) -> RunningClock:
    due = StageDue(
        stage=LimitedStage(raw["stage"]),
        started_at=datetime.fromisoformat(raw["started_at"]),
        due_at=datetime.fromisoformat(raw["due_at"]),
        limit=TimeLimit.parse(raw["limit"]),
        calendar=raw["calendar"],
        provisional=raw["provisional"],
    )
    return RunningClock(
        due=due,
        original_due_at=datetime.fromisoformat(raw["original_due_at"]),
        trace=json.dumps(raw["trace"], ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        stopped_at=datetime.fromisoformat(raw["stopped_at"]) if raw["stopped_at"] else None,
        paused_at=datetime.fromisoformat(raw["paused_at"]) if raw["paused_at"] else None,
    )


def narrowed(tx: Tx, statement: Select[Any], actor: Actor, wanted: CaseFilter, now: datetime) -> Select[Any]:
    """Return a statement on cases narrowed to those of a filter that an actor may see."""
    return statement.where(visible_to(actor, is_narrow=_is_narrow(wanted)), *criteria(tx, wanted, now))


def _is_narrow(wanted: CaseFilter) -> bool:
    """Tell whether a filter leaves out nearly all that has ended."""
    only_open = bool(wanted.states) and OPEN_STATES.issuperset(wanted.states)
    return only_open or bool(wanted.overdue or wanted.due_until) or wanted.filed_from is not None
