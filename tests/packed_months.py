"""A small month to pack: three cases, one rule set, one key; and what is in the archive made of it."""

import csv
import hashlib
import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.assessment.archive import package_bytes
from gridcase.assessment.casesheet import CaseDetails, case_sheet
from gridcase.assessment.counts import count
from gridcase.assessment.curves import Linear
from gridcase.assessment.facts import fold
from gridcase.assessment.frames import frames_of
from gridcase.assessment.package import CountTable, MonthPackage, Reference, ScoreTable
from gridcase.assessment.rulesets import Amount, Indicator, Ratio, Rounding, RuleSet, Term, Title
from gridcase.assessment.scoring import score
from gridcase.assessment.selection import Attribution, CountBy
from gridcase.assessment.signing import new_key
from gridcase.domain.time import Period
from tests.histories import History, closed_case, dispatched_case, minute

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Period.parse("2026-10", zone=ZONE)
NOVEMBER = Period.parse("2026-11", zone=ZONE)
CUT_OFF = minute(25 * 24 * 60)
ON_TIME = Ratio(numerator=Amount.of("handled_on_time"), denominator=Amount.of("due_to_handle"))
RULES = RuleSet(
    name="trial",
    version="1",
    valid_from=date(2026, 1, 1),
    title=Title(zh="试", en="trial"),
    legal_source="none",
    subject=CountBy.UNIT,
    attribution=Attribution.DEADLINE,
    full_score=Decimal(100),
    indicators=(
        Indicator(
            id="handling",
            clause="=1",
            title=Title(zh="处置", en="handling"),
            weight=Decimal(100),
            terms=(Term(id="t", measure=ON_TIME, curve=Linear()),),
        ),
    ),
    rounding=Rounding(),
)
DOCUMENT = '{"name":"trial"}'
DOCUMENT_DIGEST = hashlib.sha256(DOCUMENT.encode()).hexdigest()
REFERENCES = (
    Reference(kind="grid", name="unit", version="2", digest="b" * 64),
    Reference(kind="calendar", name="default", version="3", digest="a" * 64),
)


def month(*histories: History, period: Period = OCTOBER, details: tuple[CaseDetails, ...] = ()) -> MonthPackage:
    rows = fold([line for one in histories for line in one.events], cut_off=CUT_OFF)
    frames = frames_of(rows)
    selection = RULES.selection(period)
    tables = [
        CountTable(by=by, attribution=selection.attribution, rows=count(frames, replace(selection, by=by)))
        for by in (CountBy.UNIT, CountBy.AREA, CountBy.TYPE, CountBy.POST)
    ]
    return MonthPackage(
        area="320404005",
        area_name="南大街街道",
        period=period,
        cut_off=CUT_OFF,
        references=REFERENCES,
        counts=tuple(tables),
        scores=(
            ScoreTable(rule_set=RULES, document=DOCUMENT, digest=DOCUMENT_DIGEST, scores=score(RULES, frames, period)),
        ),
        cases=case_sheet(frames, details, period=period),
        frames=frames,
        history_head="d" * 64,
        anchor=HistoryAnchor(number=2, lines=40, root="e" * 64),
    )


def packed(package: MonthPackage) -> bytes:
    """Pack without renderings, which take most of a second."""
    return package_bytes(package, key=KEY, with_renderings=False)


HISTORIES = [closed_case("C2"), dispatched_case("C1", unit="U2").reported(140), History("C3", cell=None).filed()]
KEY = new_key()
WHOLE = packed(month(*HISTORIES))


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table(data: bytes, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(members(data)[name].decode(), newline="")))
