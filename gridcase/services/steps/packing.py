"""What a month's package holds: counts of every view, scores, and the case sheet with names, numbers and positions.

Reads names and positions in an open transaction, apart from packing, and renders nothing itself. Content: domain §6,
"The monthly export".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from gridcase.assessment.casesheet import CaseDetails, belongs_to, case_sheet
from gridcase.assessment.counts import count
from gridcase.assessment.frames import CASE_COLUMNS, ColumnKind, Frames
from gridcase.assessment.package import CountTable, MonthPackage, ScoreTable
from gridcase.assessment.package import Reference as PackageReference
from gridcase.assessment.selection import Attribution, CountBy, Selection
from gridcase.domain.case import CaseKind, Scheme, TypeKey
from gridcase.domain.place import Datum
from gridcase.domain.time import Period
from gridcase.services.steps.reference import Reference
from gridcase.store.cases import positions
from gridcase.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthContent:
    """What a package is made from.

    Parameters
    ----------
    history_head
        SHA-256 over the hashes of every line folded, in order.
    """

    period: Period
    cut_off: datetime
    frames: Frames
    history_head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a package says besides the facts: names, numbers, positions, versions.

    Plain values alone, because the month's snapshot (``gridcase.assessment.snapshot``) freezes them with the facts: a
    package made again elsewhere reads no database.
    """

    area: str
    references: tuple[PackageReference, ...]
    details: tuple[CaseDetails, ...]


def surroundings(tx: Tx, reference: Reference, content: MonthContent) -> Surroundings:
    """Read what a package says besides the facts."""
    points = {number: (lon_e7, lat_e7) for number, lon_e7, lat_e7 in positions(tx)}
    listed = [row for row in _case_rows(content.frames) if belongs_to(row, content.period)]
    return Surroundings(
        area=_area(reference),
        references=tuple(_references(reference)),
        details=tuple(_details(row, reference, points.get(row.case)) for row in listed),
    )


def pack_month(content: MonthContent, around: Surroundings, scores: tuple[ScoreTable, ...]) -> MonthPackage:
    """Gather everything that is handed over for one period; pure, so that a snapshot gives the same package."""
    return MonthPackage(
        area=around.area,
        period=content.period,
        cut_off=content.cut_off,
        references=around.references,
        counts=tuple(
            CountTable(
                by=by,
                attribution=Attribution.DEADLINE,
                rows=count(content.frames, Selection(period=content.period, by=by)),
            )
            for by in CountBy
        ),
        scores=scores,
        cases=case_sheet(_case_rows(content.frames), around.details, period=content.period),
        history_head=content.history_head,
    )


def _case_rows(frames: Frames) -> Iterator[Any]:
    """Return the cases as they were folded, from their columns: those alone are frozen.

    Like ``CaseRow``, but that the type is a text and codes are what they are written as.
    """
    instants = [name for name, kind in CASE_COLUMNS.items() if kind is ColumnKind.INSTANT]
    for row in frames.cases.iter_rows(named=True):
        moments = {name: None if row[name] is None else datetime.fromtimestamp(row[name], UTC) for name in instants}
        yield SimpleNamespace(**row | moments)


def _key(text: str) -> TypeKey:
    scheme, kind, code = text.split("/")
    return TypeKey(scheme=Scheme(scheme), kind=CaseKind(kind), code=code)


def _details(row: Any, reference: Reference, point: tuple[int, int] | None) -> CaseDetails:
    rules = reference.rules
    known = rules.catalogue.find(_key(row.type)) if row.type else None
    unit = rules.units.by_code.get(row.unit) if row.unit else None
    community = reference.features.get(("community", row.community or ""))
    return CaseDetails(
        number=row.case,
        category_name=known.major_name if known else "",
        type_name=known.name_zh if known else "",
        community_name=community.name if community else "",
        unit_name=unit.name_zh if unit else "",
        lon=_degrees(point[0]) if point else None,
        lat=_degrees(point[1]) if point else None,
        datum=Datum.WGS84 if point else None,
    )


def _degrees(value_e7: int) -> Decimal:
    return Decimal(value_e7).scaleb(-7)


def _area(reference: Reference) -> str:
    """Return the longest code that all unit cells begin with, cut to a street, district or nothing."""
    codes = [code for layer, code in reference.features if layer == "unit"]
    for length in (12, 9, 6):
        if len({code[:length] for code in codes}) == 1:
            return codes[0][:length]
    return ""


def _references(reference: Reference) -> Iterable[PackageReference]:
    for label, sha256 in sorted(reference.digests.items()):
        kind, name = label.split("/", 1)
        yield PackageReference(kind=kind, name=name, version=sha256[:12], digest=sha256)
