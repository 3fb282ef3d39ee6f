"""The leader's page: today in figures, who is late, hot cells, what comes back; each figure's cases, and supervision.

A case is supervised by its own form, opened over the page, or many of a list at once.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.case import Action, CaseNumber, UnitCode
from gridcase.domain.errors import GridcaseError, InvalidInputError, NotFoundError
from gridcase.edge.countdown import Countdown, Countdowns, countdown_words
from gridcase.edge.runtime import runtime
from gridcase.edge.texts import label
from gridcase.edge.view import Viewing, community_name, queue_view, refusal_text
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.bulk import key_of
from gridcase.services.dashboard import (
    CELL_DAYS,
    DAYS,
    OF_A_SPAN,
    Dashboard,
    Figure,
    FigureAsk,
    UnitStand,
    figure_cases,
    may_look,
    read_dashboard,
    span_of,
)
from gridcase.services.queue import Marked, QueueView
from gridcase.services.reading import ListedCase
from gridcase.web.console.action_forms import Typed, read_payload, sentences_of, typed
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.case_words import Words
from gridcase.web.console.numbers import as_number
from gridcase.web.console.rendering import console_page, viewing
from gridcase.workflow.transitions import BY_PEOPLE, rows_of

#: What the queue calls the same cases.
_IN_QUEUE: dict[Figure, dict[str, Any]] = {
    Figure.OVERDUE: {"view": QueueView.OVERDUE},
    Figure.UNASSIGNED: {"view": QueueView.UNASSIGNED},
    Figure.RETURNED: {"view": QueueView.RETURNED},
    Figure.UNDECIDED: {"view": QueueView.UNDECIDED},
    Figure.SUSPENDED: {"view": QueueView.SUSPENDED},
    Figure.RECEIVED: {"state": "received"},
    Figure.VERIFYING: {"state": "verifying"},
    Figure.REPORTED: {"state": "reported"},
    Figure.CHECKING: {"state": "checking"},
}
_AVERAGED = (Figure.FILED, Figure.CLOSED)
#: Bad when there are any.
_ALARMING = (Figure.BREACHED, Figure.OVERDUE)
_PAGE, _MOST_AT_ONCE, _CHARTED = 50, 50, 12
#: Others hold no case, and their ends cannot be told in another zone.
_YEARS = range(1990, 2200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure with where its cases are listed; ``usual`` is the average of the days before, empty without one."""

    figure: str
    number: int
    url: str
    usual: str = ""
    is_alarming: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case of a list with its time left, and whether this person may supervise it."""

    case: Mapping[str, Any]
    left: Countdown | None
    can_supervise: bool


@console.route("/dashboard", methods=["GET"])
def dashboard() -> Response:
    """Show the dashboard."""
    seen = viewing()
    found = read_dashboard(runtime(), seen.actor)
    words = Words(seen, {})
    done = request.args.get("done", "")
    return console_page(
        "console/dashboard.html",
        title="console.dashboard",
        words=words,
        at=words.when(seen.now.isoformat()),
        today=[_tile(one, found) for one in OF_A_SPAN],
        standing=[_tile(one, found) for one in Figure if one not in (*OF_A_SPAN, Figure.RECURRENT)],
        recurring=_tile(Figure.RECURRENT, found),
        units=[_unit_row(one, words) for one in found.units],
        unit_chart=_unit_chart(found.units, words),
        days=[
            (f"{one.day:%m-%d}", one.filed, one.closed, [_url(name, day=one.day) for name in _AVERAGED])
            for one in found.days
        ],
        cells=_cells(found, seen),
        worst=_rows(found.worst, seen),
        recurrent=_rows(found.recurrent, seen),
        done=label(done, seen.language) if done in BY_PEOPLE else "",
        supervised=as_number(request.args.get("supervised")) or 0,
        day_count=DAYS,
        cell_days=CELL_DAYS,
        countdown_words=countdown_words(seen.language),
    )


@console.route("/dashboard/cases", methods=["GET"])
def figure_page() -> Response:
    """Show the cases of a figure."""
    return _listed(viewing())


@console.route("/dashboard/cases", methods=["POST"])
def supervise_cases() -> BaseResponse:
    """Supervise many cases of a list with one text; those that could not be are named with the reason."""
    seen, form = viewing(), request.form
    may_look(seen.actor)
    chosen = list(dict.fromkeys(form.getlist("case")))[:_MOST_AT_ONCE]
    try:
        payload = read_payload(Action.SUPERVISE, form, (), seen)
    except InvalidInputError as refusal:
        return _listed(seen, kept=typed(form, ()), errors=sentences_of(refusal), status=422)
    if not chosen:
        said = {"": [Words(seen, {}).word("dash.none_chosen")]}
        return _listed(seen, kept=typed(form, ()), errors=said, status=422)
    batch = uuid.UUID(typed(form, ()).key)
    refused: dict[str, str] = {}
    for number in chosen:
        asked = ActionRequest(
            number=number,
            action=Action.SUPERVISE,
            read=partial(_same, payload),
            expected=frozenset(),
            client_ref=key_of(batch, CaseNumber(number)),
        )
        try:
            perform(runtime(), seen.actor, asked, reference=seen.reference)
        except GridcaseError as refusal:
            refused[number] = refusal_text(refusal, seen)
    if refused:
        return _listed(seen, kept=typed(form, ()), refused=refused, status=409)
    return go_to(url_for("console.dashboard", supervised=len(chosen)))


def _same(payload: Any) -> Any:
    return payload


def _listed(
    seen: Viewing,
    *,
    kept: Typed | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
    refused: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    ask, day = _ask()
    after = request.args.get("after", "")
    number, found = figure_cases(runtime(), seen.actor, ask, after=as_number(after), limit=_PAGE)
    words = Words(seen, {})
    rows = _rows(found[:_PAGE], seen)
    query: dict[str, Any] = {
        name: value for name, value in request.args.items() if name in ("figure", "unit", "area", "day")
    }
    return console_page(
        "console/dashboard_cases.html",
        title="console.dashboard",
        heading=words.word(f"dash.{ask.figure}"),
        status=status,
        words=words,
        figure=str(ask.figure),
        number=number,
        narrowed=_narrowed(ask, day, words),
        rows=rows,
        can_supervise=any(one.can_supervise for one in rows),
        typed=kept or Typed(),
        errors=errors or {},
        refused=refused or {},
        here=url_for("console.figure_page", **query),
        first_url=url_for("console.figure_page", **query) if after else None,
        next_url=url_for("console.figure_page", **query, after=found[_PAGE - 1].id) if len(found) > _PAGE else None,
        queue_url=_queue_url(ask),
        countdown_words=countdown_words(seen.language),
    )


def _ask() -> tuple[FigureAsk, date | None]:
    """Read which cases are asked for.

    Raises
    ------
    NotFoundError
        There is no such figure or day.
    """
    rt, args = runtime(), request.args
    if args.get("figure") not in set(Figure):
        raise NotFoundError("route_not_found")
    figure = Figure(args["figure"])
    day = _day(args["day"]) if args.get("day") and figure in OF_A_SPAN else None
    unit = args.get("unit")
    return (
        FigureAsk(
            figure=figure,
            span=span_of(rt, day),
            unit=None if unit is None else UnitCode(unit[:40]),
            area=args.get("area", "")[:15] or None,
        ),
        day,
    )


def _narrowed(ask: FigureAsk, day: date | None, words: Words) -> list[str]:
    """Say what narrows a list: its day, unit and cell."""
    found = [f"{day:%Y-%m-%d}"] if day else []
    if ask.unit is not None:
        found.append(words.unit(ask.unit) if ask.unit else words.word("dash.no_unit"))
    return [*found, ask.area] if ask.area else found


def _queue_url(ask: FigureAsk) -> str | None:
    if ask.figure not in _IN_QUEUE or ask.unit == "":
        return None
    return url_for("console.queue", **_IN_QUEUE[ask.figure], unit=ask.unit, area=ask.area)


def _url(figure: Figure, **more: Any) -> str:
    return url_for("console.figure_page", figure=figure, **more)


def _tile(figure: Figure, found: Dashboard) -> Tile:
    earlier = found.days[:-1]
    usual = ""
    if figure in _AVERAGED and earlier:
        usual = f"{sum(getattr(one, figure) for one in earlier) / len(earlier):.1f}"
    number = found.figures[figure]
    return Tile(
        figure=str(figure),
        number=number,
        url=_url(figure),
        usual=usual,
        is_alarming=figure in _ALARMING and number > 0,
    )


def _unit_row(one: UnitStand, words: Words) -> dict[str, Any]:
    return {
        "name": words.unit(one.unit) if one.unit else words.word("dash.no_unit"),
        "stand": one,
        "late_url": _url(Figure.OVERDUE, unit=one.unit or ""),
        "open_url": _url(Figure.OPEN, unit=one.unit or ""),
        "oldest": words.when(one.oldest_due_at.isoformat()) if one.oldest_due_at else "",
    }


def _unit_chart(units: Sequence[UnitStand], words: Words) -> list[dict[str, Any]]:
    return [
        {
            "name": words.unit(one.unit) if one.unit else words.word("dash.no_unit"),
            "with_unit": one.late_with_unit,
            "with_office": one.late_with_office,
            "url": _url(Figure.OVERDUE, unit=one.unit or ""),
        }
        for one in units[:_CHARTED]
        if one.late
    ]


def _cells(found: Dashboard, seen: Viewing) -> list[dict[str, Any]]:
    return [
        {
            "code": one.cell,
            "community": community_name(one.cell, seen.reference),
            "filed": one.filed,
            "before": one.before,
            "open": found.open_in.get(one.cell, 0),
            "open_url": _url(Figure.OPEN, area=one.cell),
            "map_url": url_for("console.map_page", q=one.cell, days=CELL_DAYS),
        }
        for one in found.cells
    ]


def _rows(cases: Sequence[ListedCase], seen: Viewing) -> list[Row]:
    counts = Countdowns(rules=seen.reference.rules, now=seen.now, language=seen.language)
    may = [row for row in rows_of(Action.SUPERVISE) if seen.actor.role in row.roles]
    return [
        Row(
            case=queue_view(one, Marked(), seen),
            left=counts.of_case(one.case),
            can_supervise=any(one.case.state in row.sources for row in may),
        )
        for one in cases
    ]


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as err:
        raise NotFoundError("route_not_found") from err
    if found.year not in _YEARS:
        raise NotFoundError("route_not_found")
    return found
