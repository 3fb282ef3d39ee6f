"""What the address of the queue asks: its view, filters, order and page; and the same written back, in one order.

A filter that is wrong is said by its field and left out; the others count. What the address does not know it ignores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, Schema, ValidationError
from werkzeug.datastructures import MultiDict

from gridcase.domain.case import OPEN_STATES, CaseNumber, CaseState, Source, TypeKey, UnitCode
from gridcase.domain.errors import InvalidInputError, invalid
from gridcase.edge.bodies import loader, read_cursor
from gridcase.edge.fields import Choice, Day, Text, as_input_error
from gridcase.edge.texts import Language, sentence
from gridcase.edge.view import Viewing
from gridcase.services.queue import QueueView, view_filter
from gridcase.services.reading import CaseFilter, PageAsk
from gridcase.web.console.action_forms import chosen_type
from gridcase.web.texts import text
from gridcase.workflow.catalogue import Catalogue

#: Stands for cases of every state, ended ones too.
EVERY_STATE = "all"
PAGE = 50
DUE, FILED = "due", "filed"
#: What narrows a view, in the order in which it is written.
FILTERS = ("q", "state", "type", "unit", "area", "cell", "source", "filed_from", "filed_to", "overdue", "campaign")
#: What holds cases whose clock stands still: they have no deadline to be sorted by.
_WITHOUT_CLOCK = frozenset({QueueView.SUSPENDED, QueueView.UNDECIDED})
_LONGEST = 600


class QueueQuerySchema(Schema):
    """View, filters, order and page of the queue."""

    view = Choice(QueueView)
    q = Text(most=100)
    state = Choice((*CaseState, EVERY_STATE))
    type = Text(most=120)
    unit = Text(most=40)
    area = Text(most=15)
    cell = Text(most=15)
    source = Choice(Source)
    filed_from = Day()
    filed_to = Day()
    overdue = Choice(("true",))
    campaign = Text(most=40)
    order = Choice((DUE, FILED))
    cursor = Text(most=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAsk:
    """What is asked, as far as it was understood.

    Parameters
    ----------
    given
        By name, what was written and is right; empty fields of a form are not there.
    after
        Where the page begins; None for the first.
    errors
        Sentences by the name of the field.
    """

    given: Mapping[str, Any]
    after: tuple[datetime, int] | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def view(self) -> QueueView:
        """The view that is narrowed; all open cases without a choice."""
        return QueueView(self.given.get("view", QueueView.OPEN))

    @property
    def order(self) -> str:
        """By time left; newest first where cases without a running clock are among them."""
        state = self.given.get("state")
        ends = state == EVERY_STATE or (state and CaseState(state) not in OPEN_STATES - {CaseState.SUSPENDED})
        if ends or (self.view in _WITHOUT_CLOCK and state is None):
            return FILED
        return str(self.given.get("order", DUE))

    @property
    def can_order(self) -> bool:
        """Whether the list can be sorted by time left."""
        return QueueAsk(given={**self.given, "order": DUE}).order == DUE

    @property
    def filters(self) -> dict[str, Any]:
        """What narrows the view."""
        return {name: self.given[name] for name in FILTERS if name in self.given}

    def page(self) -> PageAsk:
        """Return which page is asked for."""
        return PageAsk(order=self.order, limit=PAGE, after=self.after)

    def query(self, *without: str, **more: str) -> str:
        """Write the address's query anew: without its page and what is named, with ``more`` in place or at the end."""
        names = ("view", *FILTERS, "order")
        kept = {name: str(self.given[name]) for name in names if name in self.given and name not in without}
        return urlencode(kept | more)

    def wanted(self, seen: Viewing) -> CaseFilter:
        """Return the filter of the list: the view, narrowed."""
        rules, given = seen.reference.rules, self.given
        found = view_filter(self.view, seen.actor, rules, seen.now)
        state = given.get("state")
        if state is not None:
            found = replace(found, states=() if state == EVERY_STATE else (CaseState(state),))
        return replace(
            found,
            words=given.get("q"),
            type=given.get("type"),
            unit=UnitCode(given["unit"]) if "unit" in given else None,
            area=given.get("cell") or given.get("area"),
            source=Source(given["source"]) if "source" in given else None,
            filed_from=_midnight(given.get("filed_from"), seen.zone),
            filed_to=_midnight(given.get("filed_to"), seen.zone, days=1),
            overdue=True if "overdue" in given else found.overdue,
            campaign=given.get("campaign"),
        )


def read_ask(args: MultiDict[str, str], catalogue: Catalogue, spoken: Language) -> QueueAsk:
    """Read the query of an address."""
    sent = {name: value for name, value in args.items() if value.strip()}
    errors: dict[str, Sequence[str]] = {}
    after = None
    try:
        given = loader(QueueQuerySchema).load(sent, unknown=EXCLUDE)
    except ValidationError as err:
        given = dict(err.valid_data) if isinstance(err.valid_data, dict) else {}
        errors |= _said(as_input_error(err), spoken)
    try:
        after = read_cursor(given.pop("cursor")) if "cursor" in given else None
    except InvalidInputError as refusal:
        errors |= _said(refusal, spoken)
    try:
        given |= {"type": _type(given["type"], catalogue)} if "type" in given else {}
    except InvalidInputError as refusal:
        del given["type"]
        errors |= _said(refusal, spoken)
    return QueueAsk(given=given, after=after, errors=errors)


def read_query(kept: str, catalogue: Catalogue) -> QueueAsk:
    """Read a query that was kept as a text; what is wrong in it is left out."""
    return read_ask(MultiDict(parse_qsl(kept[:_LONGEST].removeprefix("?"))), catalogue, Language.ZH)


def number_in(ask: QueueAsk) -> CaseNumber | None:
    """Return what is searched for where it may be the whole number of a case."""
    written = str(ask.given.get("q", "")).upper()
    return CaseNumber(written) if written.isascii() and written.isalnum() else None


def _type(written: str, catalogue: Catalogue) -> str:
    known = chosen_type(written, catalogue)
    if known is not None:
        return str(known.key)
    if any(one.key.code == written for one in catalogue.types):
        return written
    try:
        # Of a class that is no longer in the catalogue.
        return str(TypeKey.parse(written))
    except ValueError as err:
        raise invalid("type", "type_not_chosen") from err


def _midnight(day: date | None, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time(), zone)


def _said(refusal: InvalidInputError, spoken: Language) -> dict[str, Sequence[str]]:
    """Say what is wrong with each field; not by the codes that it takes, which stand in the form by their names."""
    return {
        name: [
            text("queue.no_such_value", spoken)
            if one.code == "not_a_choice"
            else sentence(one.code, one.params, spoken)
            for one in problems
        ]
        for name, problems in refusal.fields.items()
    }
