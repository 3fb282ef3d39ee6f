"""``/``: the console for who is signed in; for others the street at a glance, where the operator allows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.case import CaseNumber, CaseState, TypeKey, UnitCode
from gridcase.edge.runtime import language as spoken_language
from gridcase.edge.runtime import runtime, signed_in
from gridcase.edge.texts import Language, label
from gridcase.grid.codes import community_of
from gridcase.grid.features import COMMUNITY_LAYER
from gridcase.services.overview import MonthTable, Overview, PublicCase, overview
from gridcase.services.steps.reference import Reference
from gridcase.web.console.menu import home_of
from gridcase.web.drawing import Drawing, draw
from gridcase.web.marks import MARKS
from gridcase.web.pages import page, pages

#: Rows of a table on the page; the map shows all that were read.
_OPEN_ROWS = 60
_CLOSED_ROWS = 10

#: States that are always counted, also at zero; others only when there are any.
_ALWAYS_COUNTED = tuple(
    state
    for state in CaseState
    if state not in (CaseState.VERIFYING, CaseState.SUSPENDED, CaseState.VOID, CaseState.TRANSFERRED)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case as the page writes it; texts are in the page's language."""

    number: str
    type: str
    state: str
    mark: str
    cell: str
    community: str
    filed_at: str
    due_at: str
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A case on the map."""

    line: CaseLine
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many cases stand in a state."""

    label: str
    mark: str
    number: int
    is_recent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """A unit's line; ``counts`` are in the order of the table's heads."""

    rank: str
    unit: str
    score: str | None
    counts: tuple[int, ...]


@pages.route("/", methods=["GET"])
def home() -> BaseResponse:
    """Go to where the caller's role begins the day; show strangers the overview, or the way to sign in."""
    rt, actor = runtime(), signed_in()
    if actor is not None:
        return redirect(url_for(home_of(actor.role), lang=request.args.get("lang")), code=303)
    if not rt.settings.public_overview:
        return redirect(url_for("pages.sign_in_form", lang=request.args.get("lang")), code=303)
    reference = rt.reference()
    return _overview_page(overview(rt), reference, spoken_language())


def _overview_page(seen: Overview, reference: Reference, language: Language) -> Response:
    writer = _Writer(reference, language, seen)
    lines = {case.number: writer.line(case) for case in (*seen.open, *seen.closed)}
    drawing = draw(reference)
    open_lines = [lines[case.number] for case in seen.open]
    return page(
        "overview.html",
        title="overview",
        office=writer.office_name(),
        now=writer.day_and_time(seen.now),
        counts=_counts(seen, language),
        overdue=seen.overdue,
        drawing=drawing,
        # Closed cases first: the open ones lie on top.
        spots=_spots(drawing, (*seen.closed, *reversed(seen.open)), lines),
        marks=dict.fromkeys(MARKS.values()),
        open=open_lines[:_OPEN_ROWS],
        more=sum(seen.counts.get(state, 0) for state in CaseState if state.is_open) - len(open_lines[:_OPEN_ROWS]),
        closed=[lines[case.number] for case in seen.closed[:_CLOSED_ROWS]],
        month=seen.month,
        cut_off=writer.day_and_time(seen.month.cut_off) if seen.month else "",
        heads=MONTH_COUNTS,
        month_lines=_month_lines(seen.month, writer) if seen.month else (),
    )


#: Counts of the month's table, where the rule set has them.
MONTH_COUNTS = ("closed", "closed_within_handling_limit", "closed_past_handling_limit", "rework_cases")


class _Writer:
    """Writes codes and instants as people of one language read them."""

    def __init__(self, reference: Reference, language: Language, seen: Overview) -> None:
        self.rules = reference.rules
        self.features = reference.features
        self.is_chinese = language is Language.ZH
        self.language = language
        self.seen = seen

    def line(self, case: PublicCase) -> CaseLine:
        """Write a case."""
        community = self.features.get((COMMUNITY_LAYER, community_of(case.cell or "")))
        return CaseLine(
            number=case.number,
            type=self.type_name(case.type),
            state=label(case.state, self.language),
            mark=MARKS.get(case.state, ""),
            cell=case.cell or "",
            community=community.name if community else "",
            filed_at=self.time(case.filed_at),
            due_at=self.time(case.due_at) if case.due_at else "",
            is_overdue=self.seen.is_overdue(case),
        )

    def type_name(self, key: TypeKey) -> str:
        """Name a case type."""
        known = self.rules.catalogue.find(key)
        if known is None:
            return key.code
        return known.name_zh if self.is_chinese else known.name_en

    def unit_name(self, code: str) -> str:
        """Name a unit."""
        known = self.rules.units.by_code.get(UnitCode(code))
        if known is None:
            return code
        return known.name_zh if self.is_chinese else known.name_en

    def office_name(self) -> str:
        """Name the office: the first unit that stands under no other."""
        top = next((unit.code for unit in self.rules.units.units if unit.parent is None), "")
        return self.unit_name(top)

    def time(self, instant: datetime) -> str:
        """Write an instant without its year, which the page's head has."""
        return f"{instant.astimezone(self.rules.zone):%m-%d %H:%M}"

    def day_and_time(self, instant: datetime) -> str:
        """Write an instant with its year."""
        return f"{instant.astimezone(self.rules.zone):%Y-%m-%d %H:%M}"


def _counts(seen: Overview, language: Language) -> list[Count]:
    return [
        Count(
            label=label(state, language),
            mark=MARKS.get(state, ""),
            number=seen.counts.get(state, 0),
            is_recent=not state.is_open,
        )
        for state in CaseState
        if state in _ALWAYS_COUNTED or seen.counts.get(state)
    ]


def _spots(drawing: Drawing, cases: Sequence[PublicCase], lines: Mapping[CaseNumber, CaseLine]) -> list[Spot]:
    places = drawing.spots([case.cell for case in cases])
    return [
        Spot(line=lines[case.number], x=place[0], y=place[1])
        for case, place in zip(cases, places, strict=True)
        if place is not None
    ]


def _month_lines(month: MonthTable, writer: _Writer) -> Iterable[MonthLine]:
    return [
        MonthLine(
            rank="–" if row.rank is None else str(row.rank),
            unit=writer.unit_name(row.subject),
            score=row.score,
            counts=tuple(row.counts.get(name, 0) for name in MONTH_COUNTS),
        )
        for row in month.rows
    ]
