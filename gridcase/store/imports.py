"""Cases taken in from another system's file, many in one transaction: rows, lines, numbers and names of areas.

What such a case is, is said by ``gridcase.services.steps.imported_cases``; here it is only written, in a few statements
a batch whatever its size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import String, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gridcase.domain.case import Action
from gridcase.domain.history import Facts
from gridcase.domain.numbers import NumberParts, case_number, parse_number
from gridcase.store.cases import CaseReferenceRow, CaseRow, NewCase, StoredCase, case_columns
from gridcase.store.database import LARGEST_ID, Base, Tx, table_of
from gridcase.store.history import CaseEventPayloadRow, CaseEventRow, Links

_CASES, _REFERENCES = table_of(CaseRow), table_of(CaseReferenceRow)
_LINES, _PAYLOADS = table_of(CaseEventRow), table_of(CaseEventPayloadRow)
#: ``asdict`` would copy what is only read, at a tenth of the whole work.
_NEW = tuple(one.name for one in fields(NewCase))
#: Numbers asked for in one statement: SQLite takes some 32,000 values.
_ASKED = 5000


class AreaNameRow(Base):
    """What another system calls an area that has no feature in our layers; the latest name it gave."""

    __tablename__ = "area_name"

    layer: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCase:
    """A case ready to be written.

    Parameters
    ----------
    unit
        Unit the source names, for lists; it holds no assignment of ours.
    system, number, digest
        Whose number it is, the number, and the digest of the row it came from.
    """

    new: NewCase
    draft: StoredCase
    links: Links
    unit: str | None
    system: str
    number: str
    digest: str


class NumberTakenError(Exception):
    """A number of another system stands on a case of ours already."""


def known_numbers(tx: Tx, system: str, numbers: Sequence[str]) -> dict[str, str]:
    """Return the digests of the rows by those of the numbers that another system gave to a case of ours.

    The digest is empty for a case that was not imported.
    """
    found: dict[str, str] = {}
    for start in range(0, len(numbers), _ASKED):
        some = numbers[start : start + _ASKED]
        statement = select(CaseReferenceRow.number, CaseReferenceRow.digest).where(
            CaseReferenceRow.system == system, CaseReferenceRow.number.in_(some)
        )
        found |= {number: digest or "" for number, digest in tx.execute(statement)}
    return found


def own_numbers(tx: Tx, numbers: Sequence[str]) -> set[str]:
    """Return those of the numbers that this instance itself gave to a case it has."""
    told = {number: told for number in numbers if (told := parse_number(number)) and told.identity <= LARGEST_ID}
    if not told:
        return set()
    statement = select(CaseRow.id, CaseRow.prefix, CaseRow.filed_on).where(
        CaseRow.id.in_([one.identity for one in told.values()])
    )
    ours = {
        case_number(NumberParts(prefix=row.prefix, filed_on=row.filed_on, identity=row.id))
        for row in tx.execute(statement)
    }
    return set(told) & ours


def insert_imported(tx: Tx, cases: Sequence[ImportedCase]) -> None:
    """Insert cases with their first line, its payload and their foreign number, in four statements.

    Raises
    ------
    NumberTakenError
        Somebody else took one of the numbers in meanwhile; the transaction must be given up.
    """
    try:
        _insert(tx, cases)
    except IntegrityError as err:
        if "case_reference" in str(err.orig):
            raise NumberTakenError from err
        raise


def _insert(tx: Tx, cases: Sequence[ImportedCase]) -> None:
    rows = [
        {name: getattr(one.new, name) for name in _NEW}
        | case_columns(one.draft)
        | {"uid": one.draft.uid, "unit": one.unit}
        for one in cases
    ]
    inserted = tx.execute(insert(_CASES).returning(_CASES.c.uid, _CASES.c.id), rows)
    identities: dict[str, int] = {row.uid: row.id for row in inserted}
    ids = [identities[one.draft.uid] for one in cases]
    tx.execute(
        insert(_LINES), [{"case_id": i, **row} for i, one in zip(ids, cases, strict=True) for row in one.links.rows]
    )
    tx.execute(
        insert(_PAYLOADS),
        [{"case_id": i, **body} for i, one in zip(ids, cases, strict=True) for body in one.links.payloads],
    )
    tx.execute(
        insert(_REFERENCES),
        [
            {"system": one.system, "number": one.number, "case_id": i, "digest": one.digest}
            for i, one in zip(ids, cases, strict=True)
        ],
    )


def put_area_names(tx: Tx, names: Mapping[tuple[str, str], str]) -> None:
    """Keep the latest name of every area."""
    if not names:
        return
    make = postgresql_insert if tx.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = make(AreaNameRow)
    statement = statement.on_conflict_do_update(
        index_elements=["layer", "code"], set_={"name": statement.excluded.name}
    )
    tx.execute(statement, [{"layer": layer, "code": code, "name": name} for (layer, code), name in names.items()])


def area_names(tx: Tx, layers: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the names of areas by layer and code."""
    statement = select(AreaNameRow.layer, AreaNameRow.code, AreaNameRow.name).where(AreaNameRow.layer.in_(list(layers)))
    return {(layer, code): name for layer, code, name in tx.execute(statement)}


def references_of(tx: Tx, case_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Return the numbers that other systems gave to these cases: system and number, in their order."""
    found: dict[int, list[tuple[str, str]]] = {}
    statement = (
        select(CaseReferenceRow.case_id, CaseReferenceRow.system, CaseReferenceRow.number)
        .where(CaseReferenceRow.case_id.in_(case_ids))
        .order_by(CaseReferenceRow.case_id, CaseReferenceRow.system, CaseReferenceRow.number)
    )
    for case_id, system, number in tx.execute(statement):
        found.setdefault(case_id, []).append((system, number))
    return found


def given_facts(tx: Tx, case_ids: Sequence[int]) -> dict[int, Facts]:
    """Return what their sources gave for those of the cases that were imported."""
    statement = select(CaseEventRow.case_id, CaseEventRow.facts).where(
        CaseEventRow.case_id.in_(case_ids), CaseEventRow.seq == 1, CaseEventRow.action == Action.IMPORT
    )
    return {case_id: Facts.load(text) for case_id, text in tx.execute(statement)}
