"""One row of another system's file to a case as its source gives it, or to the field and reason why not.

Follows a mapping (``gridcase.rules.mappings``). Types and units are named here, not looked up in the database: whoever
imports knows which of them exist. Nothing is guessed and no clock is computed.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gridcase.domain.case import CaseState, Scheme, Source, TypeKey, UnitCode
from gridcase.domain.errors import GridcaseError, Params, invalid
from gridcase.domain.history import Given, GivenOutcome
from gridcase.domain.place import GeoPoint
from gridcase.grid.datums import Reader, reader_of
from gridcase.rules.mappings import CaseMapping, InstantRule, OnUnknown, PositionRule, ValueRule
from gridcase.services.steps.delimited import SheetRow

#: Of ``case_reference.number``.
_LONGEST_NUMBER = 80
#: Read by ``fromisoformat``, twenty times as fast as by ``strptime``; other lengths miss leading zeros.
_PLAIN, _PLAIN_LENGTH = "%Y-%m-%d %H:%M:%S", 19
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_TYPE_CODE = re.compile(r"[0-9A-Z]{2,6}")
_UNIT_CODE = re.compile(r"[0-9A-Z][0-9A-Z-]{0,31}")
_NOT_IN_CODE = re.compile(r"[^0-9A-Z]+")
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row cannot be taken; ``field`` is empty when the row as a whole is to blame."""

    field: str
    reason: str
    params: Params


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType:
    """A type as a row names it."""

    key: TypeKey
    name: str
    major: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """A case as its source gives it.

    Parameters
    ----------
    digest
        SHA-256 of the row's cells: whether a number comes with other content.
    new_type, new_unit
        What has to exist before the case: the type or unit with the name the source gives, where the mapping says
        ``create``; whether it exists already is not known here.
    names
        Names of the areas by ``(layer, code)``.
    point
        WGS 84; None without a position.
    received
        The position as it came: ``lon, lat, datum``.
    """

    row: int
    line: int
    number: str
    digest: str
    state: CaseState
    source: Source
    type: TypeKey
    new_type: NamedType | None
    unit: UnitCode | None
    new_unit: str | None
    given: Given
    point: GeoPoint | None
    received: Mapping[str, str | float] | None
    texts: Mapping[str, str]
    names: Mapping[tuple[str, str], str]
    transferred_to: str | None


class RowReader:
    """Reads the rows of one file by one mapping.

    Parameters
    ----------
    header
        Names of the file's columns.
    now
        What is later is no date of a filing.

    Raises
    ------
    InvalidInputError
        On ``file``: columns are missing, or a column that is needed comes twice.
    """

    def __init__(self, mapping: CaseMapping, header: Sequence[str], *, now: datetime) -> None:
        self._mapping = mapping
        self._now = now
        needed = mapping.columns
        missing = [name for name in needed if name not in header and name not in mapping.optional]
        repeated = [name for name in needed if header.count(name) > 1]
        if missing:
            raise invalid("file", "header_missing", columns=", ".join(missing))
        if repeated:
            raise invalid("file", "header_repeated", columns=", ".join(repeated))
        self._place = {name: place for place, name in enumerate(header)}
        self._readers: dict[str, Reader] = {}

    def read(self, row: SheetRow) -> TakenRow | Refusal:
        """Read one row; the first thing wrong with it is its refusal."""
        if row.refused:
            return Refusal(field="", reason=row.refused, params=row.params or {})
        try:
            return self._read(row)
        except GridcaseError as error:
            field, problems = next(iter(error.fields.items()))
            return Refusal(field=field, reason=problems[0].code, params=problems[0].params)

    def _read(self, row: SheetRow) -> TakenRow:
        mapping = self._mapping
        cell = _Cells(row.cells, self._place, mapping.none)
        number = cell[mapping.number]
        if not number:
            raise invalid("number", "value_missing", column=mapping.number)
        if len(number) > _LONGEST_NUMBER:
            raise invalid("number", "number_too_long", most=_LONGEST_NUMBER)
        state = CaseState(_value("state", mapping.state, cell))
        key, new_type = self._type(cell)
        unit, new_unit = self._unit(cell)
        point, received = self._position(cell)
        return TakenRow(
            row=row.number,
            line=row.line,
            number=number,
            digest=hashlib.sha256("\x1f".join(row.cells).encode()).hexdigest(),
            state=state,
            source=Source(_value("source", mapping.source, cell)),
            type=key,
            new_type=new_type,
            unit=unit,
            new_unit=new_unit,
            given=self._given(cell, state),
            point=point,
            received=received,
            texts=self._texts(cell),
            names=self._names(cell),
            transferred_to=cell[mapping.transferred_to][:40] or None if mapping.transferred_to else None,
        )

    def _given(self, cell: "_Cells", state: CaseState) -> Given:
        told = {name: self._instant(name, rule, cell) for name, rule in self._mapping.instants.items()}
        filed_at = told.pop("filed_at")
        if filed_at is None:
            raise invalid("filed_at", "value_missing", column=", ".join(self._mapping.instants["filed_at"].columns))
        if filed_at > self._now:
            raise invalid("filed_at", "instant_in_future")
        if state.is_open:
            told |= dict.fromkeys(("closed_at", "void_at"))
        told = self._in_order(filed_at, told)
        if state is CaseState.VOID:
            told |= {"void_at": told.get("void_at") or told.get("closed_at") or filed_at, "closed_at": None}
        areas = {name: cell[area.column] or None for name, area in self._mapping.areas.items()}
        given = Given(filed_at=filed_at, **told, **areas)  # type: ignore[arg-type]  # instants and codes by name
        return replace(given, outcome=self._outcome(cell, given, state))

    def _in_order(self, filed_at: datetime, told: dict[str, datetime | None]) -> dict[str, datetime | None]:
        """Refuse, or leave out, what would have been done before it was filed; a deadline may lie anywhere."""
        kept = dict(told)
        for name, at in told.items():
            if at is None or at >= filed_at or name == "handle_due_at":
                continue
            if self._mapping.closed_before_filed is OnUnknown.REFUSE:
                code = "closed_before_filed" if name == "closed_at" else "instant_before_filed"
                raise invalid(name, code, at=at.isoformat(), filed_at=filed_at.isoformat())
            kept[name] = None
        return kept

    def _instant(self, name: str, rule: InstantRule, cell: "_Cells") -> datetime | None:
        texts = [cell[column] for column in rule.columns]
        if not any(texts):
            return None
        joined = "".join(text.zfill(pad) for text, pad in zip(texts, rule.pad, strict=True))
        for form in rule.formats:
            try:
                is_iso = form == "iso" or (form == _PLAIN and len(joined) == _PLAIN_LENGTH)
                at = datetime.fromisoformat(joined) if is_iso else datetime.strptime(joined, form)  # noqa: DTZ007 - the zone is the mapping's, where the text has none
                at = (at if at.tzinfo else at.replace(tzinfo=self._mapping.zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            if at >= _EARLIEST:
                return at.replace(microsecond=0)
        if rule.on_bad is OnUnknown.NULL:
            return None
        raise invalid(name, "instant_unreadable", value=joined[:80], formats=", ".join(rule.formats))

    def _outcome(self, cell: "_Cells", given: Given, state: CaseState) -> GivenOutcome | None:
        rule = self._mapping.outcome
        if rule is None or state is not CaseState.CLOSED:
            return None
        told = {outcome: column for column, value, outcome in rule.tells if cell[column] == value}
        if len(told) > 1:
            raise invalid("outcome", "outcome_contradicts", columns=", ".join(told.values()))
        for outcome in told:
            return outcome
        if rule.by_due and given.closed_at is not None and given.handle_due_at is not None:
            return GivenOutcome.ON_TIME if given.closed_at <= given.handle_due_at else GivenOutcome.OVERDUE
        return None

    def _type(self, cell: "_Cells") -> tuple[TypeKey, NamedType | None]:
        rule = self._mapping.type
        value = (cell[rule.column] if rule.column else "") or rule.empty
        if value in rule.values:
            return rule.values[value], None
        if not value or rule.on_unknown is OnUnknown.NULL:
            if rule.default is None:
                raise invalid("type", "value_missing", column=rule.column)
            return rule.default, None
        if rule.is_key:
            return self._keyed(_key(value), cell)
        if rule.on_unknown is OnUnknown.REFUSE:
            raise invalid("type", "value_unknown", column=rule.column, value=value[:80])
        key = TypeKey(scheme=Scheme.LOCAL, kind=rule.kind, code=type_code(rule.prefix, value))
        name = cell[rule.name] if rule.name else ""
        major = cell[rule.major] if rule.major else ""
        return key, NamedType(key=key, name=(name or value)[:200], major=(major or self._mapping.system)[:200])

    def _keyed(self, key: TypeKey, cell: "_Cells") -> tuple[TypeKey, NamedType | None]:
        """Take a key of a catalogue like ours; only a local type can be made known, a standard's cannot."""
        rule = self._mapping.type
        if rule.on_unknown is not OnUnknown.CREATE or key.scheme is not Scheme.LOCAL:
            return key, None
        name = cell[rule.name] if rule.name else ""
        return key, NamedType(key=key, name=(name or key.code)[:200], major=self._mapping.system)

    def _unit(self, cell: "_Cells") -> tuple[UnitCode | None, str | None]:
        rule = self._mapping.unit
        value = cell[rule.column] if rule else ""
        if rule is None or not value:
            return None, None
        if value in rule.values:
            return UnitCode(rule.values[value]), None
        if rule.on_unknown is OnUnknown.NULL:
            return None, None
        name = cell[rule.name] if rule.name else ""
        # Whether it is known is asked of the database, whatever the mapping says of unknown ones.
        return UnitCode(unit_code(rule.prefix, value)), (name or value)[:200]

    def _position(self, cell: "_Cells") -> tuple[GeoPoint | None, Mapping[str, str | float] | None]:
        for rule in self._mapping.positions:
            x, y = cell[rule.x], cell[rule.y]
            if not x and not y:
                continue
            found = self._point(rule, x, y)
            if found is not None:
                return found
        return None, None

    def _point(self, rule: PositionRule, x: str, y: str) -> tuple[GeoPoint, Mapping[str, str | float]] | None:
        try:
            east, north = float(x), float(y)
            if east == 0 and north == 0:
                return None
            if rule.crs == "wgs84":
                point = GeoPoint.from_degrees(lon=east, lat=north)
            else:
                point = GeoPoint.from_degrees(
                    **dict(zip(("lon", "lat"), self._reader(rule.crs)(east, north), strict=True))
                )
        except (ValueError, OverflowError):
            if rule.on_bad is OnUnknown.NULL:
                return None
            raise invalid("location", "position_unreadable", x=x[:40], y=y[:40], crs=rule.crs) from None
        return point, {"lon": east, "lat": north, "datum": rule.crs}

    def _reader(self, crs: str) -> Reader:
        if crs not in self._readers:
            self._readers[crs] = reader_of(crs)
        return self._readers[crs]

    def _texts(self, cell: "_Cells") -> dict[str, str]:
        joined = {name: " ".join(filter(None, (cell[one] for one in of))) for name, of in self._mapping.texts.items()}
        return {name: text[:2000] for name, text in joined.items() if text}

    def _names(self, cell: "_Cells") -> dict[tuple[str, str], str]:
        found = {}
        for layer, area in self._mapping.areas.items():
            code, name = cell[area.column], cell[area.name] if area.name else ""
            if code and name:
                found[layer, code[:40]] = name[:200]
        return found


class _Cells:
    """A row by the names of its columns: stripped, and empty where the value means nothing."""

    def __init__(self, cells: Sequence[str], places: Mapping[str, int], none: frozenset[str]) -> None:
        self._cells = cells
        self._places = places
        self._none = none

    def __getitem__(self, name: str) -> str:
        place = self._places.get(name)
        text = "" if place is None else self._cells[place].strip()
        return "" if text in self._none else text


def type_code(prefix: str, value: str) -> str:
    """Return the code of a type made for a source: 4 to 8 characters that begin with the source's letters.

    A value of 2 to 6 capitals and digits is kept as it is; any other gives 6 characters of its SHA-256.

    Examples
    --------
    >>> type_code("PS", "662"), type_code("CH", "Garbage in yard")
    ('PS662', 'CHXHJY04')
    """
    if _TYPE_CODE.fullmatch(value):
        return prefix + value
    number, code = int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big"), ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        code += _BASE36[digit]
    return prefix + code


def unit_code(prefix: str, value: str) -> str:
    """Return the code of a unit of a source: the source's own where it can be one.

    Any other gives its capitals and digits and, so that no two fall together, 6 characters of its SHA-256.

    Examples
    --------
    >>> unit_code("", "1805"), unit_code("SF-", "PUC Sewer Ops")
    ('1805', 'SF-PUC-SEWER-OPS-2AD6C6')
    """
    if _UNIT_CODE.fullmatch(prefix + value):
        return prefix + value
    stem = _NOT_IN_CODE.sub("-", value.upper()).strip("-")[:16].strip("-")
    tail = hashlib.sha256(value.encode()).hexdigest()[:6].upper()
    return f"{prefix}{stem}-{tail}" if stem else f"{prefix}U-{tail}"


def _key(value: str) -> TypeKey:
    try:
        return TypeKey.parse(value)
    except ValueError:
        raise invalid("type", "type_key_expected", value=value[:80]) from None


def _value(field: str, rule: ValueRule, cell: _Cells) -> str:
    value = cell[rule.column] if rule.column else ""
    if value in rule.values:
        return rule.values[value]
    if not rule.default or (value and rule.on_unknown is OnUnknown.REFUSE):
        code = "value_unknown" if value else "value_missing"
        raise invalid(field, code, column=rule.column, value=value[:80])
    return rule.default
