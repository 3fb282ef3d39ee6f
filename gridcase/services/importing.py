"""Cases of other systems taken in: a file and its mapping to cases, once each, however often it is sent.

Two readings of the file: the first only looks (is it readable, which types and units are new), the second writes, one
transaction a batch, so that an interrupted import goes on where it stopped. Never half a row.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from gridcase.domain.case import PersonId, TypeKey, UnitCode
from gridcase.domain.errors import GridcaseError, Params, invalid
from gridcase.rules.documents import Document, DocumentKind, digest, read_document
from gridcase.rules.mappings import CaseMapping, OnUnknown, parse_mapping
from gridcase.rules.yaml_text import Plain
from gridcase.services.runtime import Runtime
from gridcase.services.steps.delimited import Shape, Sheet
from gridcase.services.steps.documents import checked, held_documents
from gridcase.services.steps.imported_cases import ImportSetting, imported_cases
from gridcase.services.steps.mapped_rows import NamedType, Refusal, RowReader, TakenRow
from gridcase.store import imports, people
from gridcase.store.configuration import add_version
from gridcase.store.database import Tx
from gridcase.store.imports import ImportedCase
from gridcase.workflow.units import UnitKind

__all__ = ["ImportAsk", "ImportReport", "RowException", "import_cases", "mapping_named"]

#: Rows of one transaction.
BATCH = 1000
#: Exceptions that a report names one by one; the others are only counted by reason.
MOST_EXCEPTIONS = 10_000
#: User name of who stands for imported cases: it cannot sign in.
_FILER = "gridcase-import"
_NO_PASSWORD = "!"  # noqa: S105 - no hash: nothing matches it
_FILER_NAME = "案件导入"
#: Told of the work: phase, bytes done, bytes in all.
Telling = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAsk:
    """What to take in.

    Parameters
    ----------
    encoding
        Instead of the mapping's.
    dry_run
        Report what would be done; write nothing.
    """

    path: Path
    mapping: CaseMapping
    encoding: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowException:
    """A row that was left out: number below the header, line in the file, field (empty: the row), reason code."""

    row: int
    line: int
    field: str
    reason: str
    params: Params


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What came of an import.

    Parameters
    ----------
    reasons
        Refused rows by reason.
    exceptions
        The first of them, in the order of the file.
    as_received
        Rows that their source has registered and that wait here to be registered.
    new_types, new_units
        Made known with this import: codes and names.
    names
        Codes to which the file gives several names, and names it gives to several codes of units; the code is the
        identity, and the latest name is kept.
    """

    rows: int = 0
    imported: int = 0
    already_there: int = 0
    refused: int = 0
    as_received: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    exceptions: list[RowException] = field(default_factory=list)
    new_types: dict[str, str] = field(default_factory=dict)
    new_units: dict[str, str] = field(default_factory=dict)
    names: list[dict[str, Plain]] = field(default_factory=list)

    def add(self, part: "ImportReport") -> None:
        """Add what came of a batch."""
        for name in ("rows", "imported", "already_there", "refused", "as_received"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.reasons += part.reasons
        self.exceptions += part.exceptions[: MOST_EXCEPTIONS - len(self.exceptions)]

    def refuse(self, at: tuple[int, int], why: Refusal) -> None:
        """Count a row that is left out."""
        self.refused += 1
        self.reasons[why.reason] += 1
        if len(self.exceptions) < MOST_EXCEPTIONS:
            row, line = at
            one = RowException(row=row, line=line, field=why.field, reason=why.reason, params=why.params)
            self.exceptions.append(one)


def mapping_named(rt: Runtime, name: str) -> CaseMapping:
    """Return a mapping by the path of its file, or by the name under which it is in force.

    Raises
    ------
    InvalidInputError
        On ``mapping``: there is neither.
    RuleFileError
        The file cannot be taken.
    """
    path = Path(name)
    if path.is_file():
        document = read_document(DocumentKind.MAPPINGS, path.stem, path.read_bytes())
        return parse_mapping(document)
    with rt.database.reading() as tx:
        held = {one.name: one for one in held_documents(tx) if one.kind is DocumentKind.MAPPINGS}
    if name not in held:
        raise invalid("mapping", "unknown_mapping", name=name, choices=", ".join(held) or "-")
    return parse_mapping(held[name])


def import_cases(rt: Runtime, ask: ImportAsk, tell: Telling = lambda _phase, _done, _size: None) -> ImportReport:
    """Take the rows of a file in.

    Raises
    ------
    InvalidInputError
        On ``file``: it is refused as a whole, and nothing was written.
    RefusedConfigurationError
        The types or units it would make known do not fit the configuration; nothing was written.
    """
    report = ImportReport()
    survey = _surveyed(rt, ask, tell)
    report.names = survey.names()
    report.new_types, report.new_units = _made_known(rt, ask, survey)
    classify = _Classifying(rt, ask, report)
    for batch in _batches(rt, ask, tell, "dry_run" if ask.dry_run else "import"):
        classify.take(batch)
    return report


_Read = tuple[tuple[int, int], TakenRow | Refusal]


def _batches(rt: Runtime, ask: ImportAsk, tell: Telling, phase: str) -> Iterator[list[_Read]]:
    mapping = ask.mapping
    shape = Shape(
        encoding=ask.encoding or mapping.encoding, delimiter=mapping.delimiter, header_rows=mapping.header_rows
    )
    with Sheet(ask.path, shape) as sheet:
        reader = RowReader(mapping, sheet.header, now=rt.clock.now())
        batch: list[_Read] = []
        for row in sheet.rows():
            batch.append(((row.number, row.line), reader.read(row)))
            if len(batch) == BATCH:
                yield batch
                batch = []
                tell(phase, sheet.position, sheet.size)
        yield batch
        tell(phase, sheet.size, sheet.size)


def _taken(batch: Iterable[_Read]) -> list[TakenRow]:
    return [row for _, row in batch if isinstance(row, TakenRow)]


# --- what the file makes known ---


@dataclass(slots=True)
class _Survey:
    """Types, units and areas that new rows name; of each the name of the row filed last."""

    types: dict[TypeKey, NamedType] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    areas: dict[tuple[str, str], str] = field(default_factory=dict)
    _latest: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _called: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def take(self, row: TakenRow) -> None:
        if row.new_type is not None and self._is_latest("type", str(row.new_type.key), row.new_type.name, row):
            self.types[row.new_type.key] = row.new_type
        if row.new_unit is not None and row.unit and self._is_latest("unit", row.unit, row.new_unit, row):
            self.units[row.unit] = row.new_unit
        for (layer, code), name in row.names.items():
            if self._is_latest(layer, code, name, row):
                self.areas[layer, code] = name

    def _is_latest(self, what: str, code: str, name: str, row: TakenRow) -> bool:
        key = (what, code)
        self._called.setdefault(key, set()).add(name)
        seen = self._latest.get(key)
        if seen is not None and row.given.filed_at < seen:
            return False
        self._latest[key] = row.given.filed_at
        return True

    def names(self) -> list[dict[str, Plain]]:
        """Return what is called by several names, and units that share one."""
        found: list[dict[str, Plain]] = [
            {"kind": what, "code": code, "names": [*sorted(called)], "kept": self._kept(what, code)}
            for (what, code), called in sorted(self._called.items())
            if len(called) > 1
        ]
        shared: dict[str, list[str]] = {}
        for (what, code), called in self._called.items():
            for name in called if what == "unit" else ():
                shared.setdefault(name, []).append(code)
        found += [
            {"kind": "unit", "name": name, "codes": [*sorted(codes)]}
            for name, codes in sorted(shared.items())
            if len(codes) > 1
        ]
        return found

    def _kept(self, what: str, code: str) -> str:
        if what == "type":
            return self.types[TypeKey.parse(code)].name
        return self.units[code] if what == "unit" else self.areas[what, code]


def _surveyed(rt: Runtime, ask: ImportAsk, tell: Telling) -> _Survey:
    """Read the whole file once: it is refused as a whole before anything is written."""
    survey = _Survey()
    for batch in _batches(rt, ask, tell, "look"):
        rows = _taken(batch)
        with rt.database.reading() as tx:
            known = imports.known_numbers(tx, ask.mapping.system, [row.number for row in rows])
        for row in rows:
            if row.number not in known:
                survey.take(row)
    return survey


def _made_known(rt: Runtime, ask: ImportAsk, survey: _Survey) -> tuple[dict[str, str], dict[str, str]]:
    """Write the types and units that the mapping creates as new versions of this source's own documents."""
    reference = rt.reference()
    rules, mapping = reference.rules, ask.mapping
    name = f"imported-{mapping.system}"
    with rt.database.reading() as tx:
        own = {one.kind: one.body for one in held_documents(tx) if one.name == name}
    types = _listed(own.get(DocumentKind.CATALOGUE), "types")
    units = _listed(own.get(DocumentKind.UNITS), "units")
    may_make_units = mapping.unit is not None and mapping.unit.on_unknown is OnUnknown.CREATE
    wanted_types = {
        one.key.code: one for one in survey.types.values() if one.key.code in types or not rules.catalogue.find(one.key)
    }
    wanted_units = {
        code: called
        for code, called in survey.units.items()
        if may_make_units and (code in units or UnitCode(code) not in rules.units.by_code)
    }
    made_types = {str(one.key): one.name for one in wanted_types.values() if one.key.code not in types}
    made_units = {code: called for code, called in wanted_units.items() if code not in units}
    if ask.dry_run:
        return made_types, made_units
    today = rt.clock.now().astimezone(rt.settings.zone).date()
    documents = [
        _document(
            DocumentKind.CATALOGUE, name, types | {c: _plain_type(one) for c, one in wanted_types.items()}, today
        ),
        _document(DocumentKind.UNITS, name, units | {c: _plain_unit(c, one) for c, one in wanted_units.items()}, today),
    ]
    with rt.database.writing() as tx:
        _apply(rt, tx, [one for one in documents if _entries(one) != _entries_of(own.get(one.kind), one.kind)])
        imports.put_area_names(tx, survey.areas)
    return made_types, made_units


_LIST_OF = {DocumentKind.CATALOGUE: "types", DocumentKind.UNITS: "units"}
_NOTE = (
    "Made by 'gridcase cases import': what the source calls them. Types have no published condition or limit; units "
    "have the source's codes."
)


def _apply(rt: Runtime, tx: Tx, documents: list[Document]) -> None:
    if not documents:
        return
    together = {one.label: one for one in (*held_documents(tx), *documents)}
    checked(tuple(together.values()))
    for one in documents:
        add_version(tx, kind=one.kind, name=one.name, digest=digest(one), body=one.body, now=rt.clock.now())


def _listed(body: Mapping[str, Plain] | None, name: str) -> dict[str, Plain]:
    entries = body.get(name) if body else None
    return {str(one["code"]): one for one in entries if isinstance(one, dict)} if isinstance(entries, list) else {}


def _document(kind: DocumentKind, name: str, entries: Mapping[str, Plain], today: date) -> Document:
    body: dict[str, Plain] = {"version": today.isoformat(), "note": _NOTE}
    if kind is DocumentKind.CATALOGUE:
        body |= {"layer": "base", "scheme": "local"}
    return Document(kind=kind, name=name, body=body | {_LIST_OF[kind]: [entries[code] for code in sorted(entries)]})


def _entries(document: Document) -> Plain:
    return document.body[_LIST_OF[document.kind]]


def _entries_of(body: Mapping[str, Plain] | None, kind: DocumentKind) -> Plain:
    return body[_LIST_OF[kind]] if body else []


def _plain_type(one: NamedType) -> Plain:
    return {
        "kind": one.key.kind.value,
        "code": one.key.code,
        "major": one.major,
        "name": {"zh": one.name, "en": one.name},
        "conditions": [
            {
                "code": "1",
                "text": {"zh": "来源未给立案条件", "en": "The source gives no filing condition."},
                "confirmed": False,
            }
        ],
    }


def _plain_unit(code: str, name: str) -> Plain:
    return {"code": code, "kind": UnitKind.DEPARTMENT.value, "name": {"zh": name, "en": name}}


# --- row by row ---


class _Classifying:
    """Tells new rows from those that are there already and those that cannot be taken, and writes the new ones."""

    def __init__(self, rt: Runtime, ask: ImportAsk, report: ImportReport) -> None:
        self._rt = rt
        self._ask = ask
        self._report = report
        self._reference = rt.reference()
        #: Of a dry run, which writes nothing to be found again: hashes only, some 150 bytes a row.
        self._seen: dict[int, int] = {}
        self._setting = ImportSetting(
            system=ask.mapping.system,
            filed_by=PersonId(0) if ask.dry_run else _filer(rt),
            now=rt.clock.now(),
            reference=self._reference,
            settings=rt.settings,
        )

    def take(self, batch: list[_Read]) -> None:
        """Classify the rows of a batch in their order and write the new ones, all together or none."""
        for _ in range(_TRIES):
            part = ImportReport()
            new = self._sorted_out(batch, part)
            # Made outside the transaction, so that others may write meanwhile.
            cases = imported_cases(new, self._setting)
            part.as_received = sum(one.draft.case.state is not row.state for one, row in zip(cases, new, strict=True))
            if self._ask.dry_run or self._written(cases):
                self._report.add(part)
                return
        raise GridcaseError("import_raced", params={"system": self._ask.mapping.system})

    def _written(self, cases: tuple[ImportedCase, ...]) -> bool:
        """Write cases; False when somebody else took one of their numbers in meanwhile."""
        try:
            if cases:
                with self._rt.database.writing() as tx:
                    imports.insert_imported(tx, cases)
        except imports.NumberTakenError:
            return False
        return True

    def _sorted_out(self, batch: list[_Read], part: ImportReport) -> list[TakenRow]:
        numbers = [row.number for row in _taken(batch)]
        with self._rt.database.reading() as tx:
            known = imports.known_numbers(tx, self._ask.mapping.system, numbers)
            # Of a file that this very instance wrote.
            known |= dict.fromkeys(imports.own_numbers(tx, numbers), "")
        new: list[TakenRow] = []
        for at, row in batch:
            part.rows += 1
            refusal = row if isinstance(row, Refusal) else self._unknown(row)
            if refusal is not None:
                part.refuse(at, refusal)
            elif isinstance(row, TakenRow):
                self._sort(row, known, new, part)
        return new

    def _sort(self, row: TakenRow, known: dict[str, str], new: list[TakenRow], part: ImportReport) -> None:
        is_same = self._is_same(row, known)
        if is_same is None:
            new.append(row)
            part.imported += 1
        elif is_same:
            part.already_there += 1
        else:
            why = Refusal(field="number", reason="number_repeated", params={"number": row.number})
            part.refuse((row.row, row.line), why)

    def _is_same(self, row: TakenRow, known: dict[str, str]) -> bool | None:
        """Tell whether the number is there with the same content; None when it is new, and known from now on."""
        if row.number in known:
            return known[row.number] in ("", row.digest)
        known[row.number] = row.digest
        if not self._ask.dry_run:
            return None
        number, content = hash(row.number), hash(row.digest)
        if number in self._seen:
            return self._seen[number] == content
        self._seen[number] = content
        return None

    def _unknown(self, row: TakenRow) -> Refusal | None:
        """Refuse a type or unit that nothing knows and that this mapping does not make known."""
        rules, unit = self._reference.rules, self._ask.mapping.unit
        if row.new_type is None and rules.catalogue.find(row.type) is None:
            return Refusal(field="type", reason="unknown_type", params={"type": str(row.type)})
        is_made = row.new_unit is not None and unit is not None and unit.on_unknown is OnUnknown.CREATE
        if row.unit is not None and not is_made and row.unit not in rules.units.by_code:
            return Refusal(field="unit", reason="unknown_unit", params={"unit": row.unit})
        return None


#: Another import of the same rows may come between at most once a batch.
_TRIES = 3


def _filer(rt: Runtime) -> PersonId:
    """Return the person who stands for imported cases; it holds no role."""
    with rt.database.writing() as tx:
        known = people.person_by_username(tx, _FILER)
        if known is not None:
            return known
        new = people.NewPersonRow(
            username=_FILER, name=_FILER_NAME, password_hash=_NO_PASSWORD, unit=None, created_at=rt.clock.now()
        )
        return people.add_person(tx, new)
