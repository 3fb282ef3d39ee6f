"""What the pages of administration share: who may open them, their tabs, how a refusal is said beside its field."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request

from gridcase.domain.actor import Role, ScopeKind
from gridcase.domain.errors import GridcaseError
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import Language
from gridcase.services.steps.permitting import ADMIN, OFFICE, only_for
from gridcase.web.console.action_forms import Choice, beside, sentences_of, word_choices
from gridcase.web.console.blueprint import console
from gridcase.web.console.rendering import console_page
from gridcase.web.texts import text
from gridcase.workflow.units import Unit

#: Who makes the roster, and sees who stands in for whom.
ROSTER = frozenset({Role.ADMIN, Role.SHIFT_LEADER})
#: Who may read the catalogue, the calendar, and ask who would get a case.
READERS = OFFICE

#: Endpoint → roles that may open it; a test asks every route as every role.
ACCESS: dict[str, frozenset[Role]] = {}

#: Tabs: endpoint, word, further endpoints that belong to it.
TABS = (
    ("console.admin", "admin.overview"),
    ("console.admin_people", "admin.people"),
    ("console.admin_delegations", "admin.delegations"),
    ("console.admin_roster", "admin.roster"),
    ("console.admin_campaigns", "admin.campaigns"),
    ("console.admin_units", "admin.units"),
    ("console.admin_routing", "admin.routing"),
    ("console.admin_catalogue", "admin.catalogue"),
    ("console.admin_calendar", "admin.calendar"),
    ("console.admin_conduct", "admin.conduct"),
    ("console.admin_rules", "admin.rules"),
    ("console.admin_layers", "admin.layers"),
    ("console.admin_documents", "admin.documents"),
    ("console.admin_history", "admin.history"),
)

#: Fields that nobody sees: what is wrong with them cannot stand beside them.
_UNSEEN = frozenset({"base", "calendar", "tried", "week", "year"})
_View = TypeVar("_View", bound=Callable[..., Any])


def admin_route(
    rule: str, *, methods: Collection[str] = ("GET",), roles: frozenset[Role] = ADMIN
) -> Callable[[_View], _View]:
    """Put a page under ``/admin`` and refuse every role but these."""

    def keep(view: _View) -> _View:
        ACCESS[f"console.{view.__name__}"] = roles

        @console.route(f"/admin{rule}", methods=list(methods), endpoint=view.__name__)
        @wraps(view)
        def guarded(**values: Any) -> Any:
            only_for(calling().actor, roles)
            return view(**values)

        return view

    return keep


def admin_page(template: str, *, tab: str, title: str, status: int = 200, **values: Any) -> Response:
    """Render a page of administration under the tab of an endpoint."""
    role = calling().actor.role
    tabs = [(endpoint, word, endpoint == tab) for endpoint, word in TABS if role in ACCESS.get(endpoint, frozenset())]
    values.setdefault("errors", None)
    values.setdefault("form", {})
    return console_page(
        f"console/{template}",
        title=title,
        status=status,
        tabs=tabs,
        when=when,
        word_options=_word_options,
        scope_options=_scope_options,
        unit_options=_unit_options,
        unit_name=_unit_name,
        **values,
    )


def _word_options(words: Iterable[str]) -> tuple[Choice, ...]:
    return word_choices(words, language())


def _scope_options(kinds: Iterable[ScopeKind]) -> list[tuple[str, str]]:
    return [(str(kind), text(f"admin.scope_{kind}", language())) for kind in kinds]


def _unit_options(units: Iterable[Unit]) -> list[tuple[str, str]]:
    return [(str(unit.code), f"{_name(unit)} {unit.code}") for unit in units]


def _unit_name(units: Iterable[Unit], code: str | None) -> str:
    found = next((unit for unit in units if unit.code == code), None)
    return code or "" if found is None else _name(found)


def _name(unit: Unit) -> str:
    return unit.name_zh if language() is Language.ZH else unit.name_en


def said(refusal: GridcaseError | None) -> dict[str, list[str]] | None:
    """Return the sentences of a refusal by the field that was sent; those of no field under the empty name."""
    if refusal is None:
        return None
    sent = {*request.values, *request.files} - _UNSEEN
    return beside(sentences_of(refusal, is_folded=False), {*sent, *(name.rpartition(".")[0] for name in sent)})


def status_of_refusal(refusal: GridcaseError | None) -> int:
    """Return the HTTP status of a page that shows a refusal, or of one that shows none."""
    return 200 if refusal is None else status_of(refusal)


def when(instant: datetime) -> str:
    """Write an instant in the office's zone, to the minute."""
    return instant.astimezone(runtime().settings.zone).strftime("%Y-%m-%d %H:%M")


def today() -> date:
    """Return the present day in the office's zone."""
    return runtime().clock.now().astimezone(runtime().settings.zone).date()


def given(name: str) -> str:
    """Return a text field of the form sent, without blanks around it."""
    return request.form.get(name, "").strip()


def given_day(name: str) -> date | None:
    """Return a date field of the form sent; None when empty or no date."""
    return as_day(given(name))


def as_day(text: str) -> date | None:
    """Read a day; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def given_instant(name: str) -> datetime | None:
    """Return a date-and-time field of the form sent, local time of the office; None when empty or none."""
    try:
        found = datetime.fromisoformat(given(name))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=runtime().settings.zone)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
