"""The queue: views with their counts, filters, one page of cases by time left, and views of one's own.

The list keeps itself up to date: the page asks every few seconds whether anything has changed (one statement, usually
no answer), and gets the list and the counts anew when something has. Everything works without scripts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.actor import UNIT_ROLES
from gridcase.domain.case import Action, CaseState, Source, TypeKey
from gridcase.domain.errors import InvalidInputError, NotFoundError
from gridcase.edge.bodies import write_cursor
from gridcase.edge.countdown import Countdown, Countdowns, countdown_words
from gridcase.edge.runtime import calling, runtime
from gridcase.edge.texts import label
from gridcase.edge.view import Viewing, queue_view, refusal_text
from gridcase.grid.features import COMMUNITY_LAYER
from gridcase.services.bulk import BULK_ACTIONS
from gridcase.services.queue import (
    MOST_COUNTED,
    Marked,
    QueuePage,
    QueueView,
    forget_view,
    has_changed,
    keep_view,
    queue_page,
)
from gridcase.services.reading import ListedCase, one_case
from gridcase.web.console.action_forms import type_choices, type_text, unit_choices, word_choices
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.case_words import Words
from gridcase.web.console.queue_query import (
    DUE,
    EVERY_STATE,
    FILED,
    QueueAsk,
    number_in,
    read_ask,
    read_query,
)
from gridcase.web.console.rendering import console_page, fragment, viewing
from gridcase.workflow.transitions import rows_of

Choices = Sequence[tuple[str, str]]

#: What is offered to do with a case at once, by its state.
_QUICK = {CaseState.REGISTERED: Action.DISPATCH, CaseState.RETURNED: Action.REASSIGN}

#: Units see cases once they are dispatched to them.
_OFFICE_ONLY = frozenset({QueueView.UNASSIGNED, QueueView.UNROUTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case of the list; ``quick`` is what to do with it from here, empty for nothing."""

    case: Mapping[str, Any]
    left: Countdown | None
    quick: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter in force: what it narrows by, and the address without it."""

    name: str
    value: str
    url: str


@console.route("/queue", methods=["GET"])
def queue() -> BaseResponse:
    """Show the queue; the whole number of a case leads to the case."""
    seen = viewing()
    ask = read_ask(request.args, seen.reference.rules.catalogue, seen.language)
    found = _exactly(ask)
    return go_to(url_for("console.case_page", number=found)) if found else _page(ask, seen)


@console.route("/queue/live", methods=["GET"])
def queue_live() -> BaseResponse:
    """Return the list and the counts anew, or nothing when nothing has changed since the page's mark."""
    seen = viewing()
    if has_changed(runtime(), seen.actor, request.args.get("mark", "")):
        ask = read_ask(request.args, seen.reference.rules.catalogue, seen.language)
        return fragment("console/_queue_live.html", **_listed(ask, seen))
    return Response(status=204)


@console.route("/queue/views", methods=["POST"])
def keep_queue_view() -> BaseResponse:
    """Keep the filters in force under a name."""
    seen = viewing()
    ask = read_query(request.form.get("query", ""), seen.reference.rules.catalogue)
    try:
        keep_view(runtime(), seen.actor, name=request.form.get("name", ""), query=ask.query())
    except InvalidInputError as refusal:
        return _page(ask, seen, refused=refusal_text(refusal, seen))
    return go_to(f"{url_for('console.queue')}?{ask.query()}")


@console.route("/queue/views/<int:view>/forget", methods=["POST"])
def forget_queue_view(view: int) -> BaseResponse:
    """Forget one of one's own views."""
    seen = viewing()
    forget_view(runtime(), seen.actor, view)
    ask = read_query(request.form.get("query", ""), seen.reference.rules.catalogue)
    return go_to(f"{url_for('console.queue')}?{ask.query()}")


def bulk_actions(seen: Viewing) -> tuple[Action, ...]:
    """Return what a person's role may do to many cases at once."""
    return tuple(one for one in BULK_ACTIONS if any(seen.actor.role in row.roles for row in rows_of(one)))


def _exactly(ask: QueueAsk) -> str | None:
    """Return the number of the one case that is searched for, if the person may see it."""
    number = number_in(ask)
    if number is None:
        return None
    try:
        return str(one_case(runtime(), calling().actor, number).case.number)
    except NotFoundError:
        return None


def _page(ask: QueueAsk, seen: Viewing, *, refused: str = "") -> Response:
    rules = seen.reference.rules
    units = unit_choices(rules.units.units, seen.language)
    return console_page(
        "console/queue.html",
        title="console.queue",
        status=422 if ask.errors or refused else 200,
        refused=refused,
        chips=_chips(ask, seen),
        types=type_choices(rules.catalogue, seen.language),
        type_text=_type_text(ask, seen),
        units=() if seen.actor.role in UNIT_ROLES else units,
        communities=_communities(seen),
        states=word_choices(CaseState, seen.language),
        sources=word_choices(Source, seen.language),
        countdown_words=countdown_words(seen.language),
        **_listed(ask, seen),
    )


def _listed(ask: QueueAsk, seen: Viewing) -> dict[str, Any]:
    """Return what the part that keeps itself up to date shows."""
    page = queue_page(runtime(), seen.actor, ask.wanted(seen), ask.page(), seen.reference.rules)
    counts = Countdowns(rules=seen.reference.rules, now=seen.now, language=seen.language)
    allowed = bulk_actions(seen)
    query = ask.query()
    return {
        "ask": ask,
        "query": query,
        "words": Words(seen, {}),
        "rows": [_row(one, page.marks.get(one.id, Marked()), (seen, counts, allowed)) for one in page.cases],
        "views": [
            (str(view), _bounded(page.counts[view]), _view_url(view))
            for view in QueueView
            if view not in _OFFICE_ONLY or not seen.actor.is_unit
        ],
        "saved": [(one, f"{url_for('console.queue')}?{one.query}", one.query == query) for one in page.views],
        "mark": page.mark,
        "live_url": f"{url_for('console.queue_live')}?{_page_query(ask)}",
        "at": f"{seen.now.astimezone(seen.zone):%H:%M:%S}",
        "bulk": [str(one) for one in allowed],
        "next_url": _next_url(ask, page),
        "first_url": f"{url_for('console.queue')}?{query}" if ask.after else None,
        "order_urls": {
            order: f"{url_for('console.queue')}?{ask.query('order', order=order)}" for order in (DUE, FILED)
        },
        "every_url": _every_url(ask),
    }


def _row(listed: ListedCase, marked: Marked, by: tuple[Viewing, Countdowns, Sequence[Action]]) -> Row:
    seen, counts, allowed = by
    quick = _QUICK.get(listed.case.state)
    return Row(
        case=queue_view(listed, marked, seen),
        left=counts.of_case(listed.case),
        quick=str(quick) if quick in allowed else "",
    )


def _page_query(ask: QueueAsk) -> str:
    """Write the query of this very page."""
    return ask.query(**({"cursor": write_cursor(*ask.after)} if ask.after else {}))


def _bounded(count: int) -> str:
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


def _view_url(view: QueueView) -> str:
    return url_for("console.queue", view=None if view is QueueView.OPEN else str(view))


def _next_url(ask: QueueAsk, page: QueuePage) -> str | None:
    if not page.has_more:
        return None
    last = page.cases[-1]
    at = last.case.due_at if ask.order == DUE else last.case.filed_at
    return f"{url_for('console.queue')}?{ask.query(cursor=write_cursor(at, last.id))}"


def _every_url(ask: QueueAsk) -> str | None:
    """Return where the same words are searched for among all cases, ended ones too."""
    if "q" not in ask.given or ask.given.get("state") == EVERY_STATE:
        return None
    return f"{url_for('console.queue')}?{ask.query('view', 'order', state=EVERY_STATE)}"


def _chips(ask: QueueAsk, seen: Viewing) -> list[Chip]:
    base = url_for("console.queue")
    return [
        Chip(name=name, value=_said(name, str(value), seen), url=f"{base}?{ask.query(name)}")
        for name, value in ask.filters.items()
    ]


def _said(name: str, value: str, seen: Viewing) -> str:
    """Say a filter's value in words."""
    words = Words(seen, {})
    if name == "state":
        return words.word("queue.every_state") if value == EVERY_STATE else label(value, seen.language)
    if name == "unit":
        return words.unit(value)
    if name == "type":
        return words.type(value)
    if name == "area":
        known = seen.reference.features.get((COMMUNITY_LAYER, value))
        return known.name if known else value
    if name == "overdue":
        return words.word("queue.view_overdue")
    return label(value, seen.language) if name == "source" else value


def _type_text(ask: QueueAsk, seen: Viewing) -> str:
    """Return how the type filtered by stands in its field."""
    key = str(ask.given.get("type", ""))
    known = seen.reference.rules.catalogue.find(TypeKey.parse(key)) if "/" in key else None
    return type_text(known, seen.language) if known else key


def _communities(seen: Viewing) -> Choices:
    found = [
        (code, one.name or code) for (layer, code), one in seen.reference.features.items() if layer == COMMUNITY_LAYER
    ]
    return sorted(found)
