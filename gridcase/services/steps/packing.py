"""What a month's package holds: counts of every view, scores, and the case sheet with names, numbers and positions.

Reads names, numbers and positions in an open transaction, apart from packing, and renders nothing itself. Content:
domain §6, "The monthly export".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.assessment.casesheet import CaseDetails, case_sheet, listed
from gridcase.assessment.counts import count
from gridcase.assessment.frames import Frames
from gridcase.assessment.inputs import NO_INPUTS, ScoringInputs
from gridcase.assessment.package import (
    AppealEntry,
    CountTable,
    FindingEntry,
    MonthPackage,
    ScoreTable,
    Standing,
)
from gridcase.assessment.package import Reference as PackageReference
from gridcase.assessment.reconciling import NumberedFinding, Reconciled, reconcile_facts
from gridcase.assessment.selection import Attribution, CountBy, Selection
from gridcase.domain.case import TypeKey
from gridcase.domain.place import Datum
from gridcase.domain.time import Period
from gridcase.services.steps.reference import Reference
from gridcase.services.steps.roots import covering_root
from gridcase.store.cases import PlacedCase, placed_cases
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
class SubjectName:
    """What a subject of a view is called."""

    view: str
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a package says besides the facts: names, numbers, positions, versions, and the root over the history.

    Plain values alone, because the month's snapshot (``gridcase.assessment.snapshot``) freezes them with the facts: a
    package made again elsewhere reads no database.

    Parameters
    ----------
    anchor
        The first root that covers every line recorded by the cut-off; None while there is none.
    """

    area: str
    references: tuple[PackageReference, ...]
    details: tuple[CaseDetails, ...]
    area_name: str = ""
    names: tuple[SubjectName, ...] = ()
    anchor: HistoryAnchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """What people added to the counts, as it stood when the package was made."""

    inputs: ScoringInputs = NO_INPUTS
    appeals: tuple[AppealEntry, ...] = ()
    findings: tuple[NumberedFinding, ...] = ()


NOTHING_CONTESTED = Contested()
FIRST_ISSUE = Standing()


def surroundings(tx: Tx, reference: Reference, content: MonthContent) -> Surroundings:
    """Read what a package says besides the facts.

    Seal the history just before (``gridcase.services.steps.roots.seal_batch``), so that a root covers it.
    """
    wanted = ("case", "type", "unit", "community")
    rows = list(listed(content.frames, content.period).select(wanted).iter_rows())
    placed = placed_cases(tx, [row[0] for row in rows])
    area = _area(reference)
    return Surroundings(
        area=area,
        area_name=_area_name(reference, area),
        references=tuple(_references(reference)),
        details=tuple(_details(row, reference, placed.get(row[0])) for row in rows),
        names=tuple(_names(reference)),
        anchor=covering_root(tx, content.cut_off),
    )


def pack_month(
    content: MonthContent,
    around: Surroundings,
    scores: tuple[ScoreTable, ...],
    *,
    standing: Standing = FIRST_ISSUE,
    contested: Contested = NOTHING_CONTESTED,
) -> MonthPackage:
    """Gather everything that is handed over for one period; pure, so that a snapshot gives the same package."""
    names: dict[str, dict[str, str]] = {}
    for one in around.names:
        names.setdefault(one.view, {})[one.code] = one.name
    return MonthPackage(
        area=around.area,
        area_name=around.area_name,
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
        cases=case_sheet(content.frames, around.details, period=content.period),
        frames=content.frames,
        history_head=content.history_head,
        anchor=around.anchor,
        names=names,
        standing=standing,
        inputs=contested.inputs,
        appeals=contested.appeals,
        findings=_finding_entries(reconcile_facts(contested.findings, content.frames)),
    )


def _finding_entries(lines: Iterable[Reconciled]) -> tuple[FindingEntry, ...]:
    return tuple(
        FindingEntry(
            their_number=line.finding.their_number,
            case=line.case,
            kind=line.finding.kind,
            indicator=line.finding.indicator or "",
            points=line.finding.points,
            match=line.match,
            differs_in=" ".join(one.field for one in line.differences),
        )
        for line in lines
        if line.finding is not None
    )


def _details(row: tuple[Any, ...], reference: Reference, placed: PlacedCase | None) -> CaseDetails:
    number, type_key, unit_code, community_code = row
    rules = reference.rules
    known = rules.catalogue.find(TypeKey.parse(type_key)) if type_key else None
    unit = rules.units.by_code.get(unit_code) if unit_code else None
    community = reference.features.get(("community", community_code or ""))
    is_placed = placed is not None and placed.lon_e7 is not None and placed.lat_e7 is not None
    return CaseDetails(
        number=number,
        their_number=placed.their_number if placed else "",
        category_name=known.major_name if known else "",
        type_name=known.name_zh if known else "",
        community_name=community.name if community else "",
        unit_name=unit.name_zh if unit else "",
        lon=_degrees(placed.lon_e7) if placed and is_placed else None,
        lat=_degrees(placed.lat_e7) if placed and is_placed else None,
        datum=Datum.WGS84 if is_placed else None,
    )


def _names(reference: Reference) -> Iterable[SubjectName]:
    rules = reference.rules
    for unit in sorted(rules.units.by_code.values(), key=lambda unit: unit.code):
        yield SubjectName(view=CountBy.UNIT, code=unit.code, name=unit.name_zh)
    views = {"community": CountBy.AREA, "street": CountBy.STREET}
    for (layer, code), feature in sorted(reference.features.items()):
        if layer in views:
            yield SubjectName(view=views[layer], code=code, name=feature.name)


def _degrees(value_e7: int | None) -> Decimal | None:
    return None if value_e7 is None else Decimal(value_e7).scaleb(-7)


def _area_name(reference: Reference, area: str) -> str:
    """Return the name of the area where a layer has it, else of the unit above all others; empty if neither is."""
    layer = {12: "community", 9: "street", 6: "district"}.get(len(area), "")
    feature = reference.features.get((layer, area))
    if feature is not None:
        return feature.name
    tops = [unit.name_zh for unit in reference.rules.units.by_code.values() if unit.parent is None]
    return tops[0] if len(tops) == 1 else ""


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
