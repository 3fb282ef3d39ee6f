"""One case on one page, with the forms of what can be done to it.

Forms post what the API's schemas load, and run the same use case: the version seen and the idempotency key are hidden
fields. Whoever sends a form about a case that has moved on is shown who changed what since, and loses nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.case import Action, AttachmentUsage
from gridcase.domain.errors import GridcaseError, KeyReusedError, NotFoundError, StaleCaseError
from gridcase.edge.countdown import Countdown, Countdowns, countdown_words
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import label
from gridcase.edge.view import (
    Viewing,
    history_view,
    linked_view,
    names_view,
    near_view,
    references_view,
    seen_view,
    view_of,
)
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.dossier import SIMILAR_WITHIN_M, Dossier, dossier, pulse
from gridcase.services.reading import StoredCase, case_history, one_case, sealed_month
from gridcase.web.console.action_forms import (
    DATUMS,
    MOST_PHOTOS,
    USAGES,
    Control,
    Photos,
    Typed,
    beside,
    controls,
    limit_units,
    read_payload,
    sentences_of,
    take_photos,
    typed,
)
from gridcase.web.console.blueprint import console, go_to, is_fragment
from gridcase.web.console.case_map import BAR_M, HEIGHT, WIDTH, small_map
from gridcase.web.console.case_words import Told, Words
from gridcase.web.console.map_page import layer_addresses
from gridcase.web.console.menu import menu_of
from gridcase.web.console.numbers import as_number, as_version
from gridcase.web.console.rendering import console_page, fragment, viewing
from gridcase.workflow.transitions import BY_PEOPLE

#: Said aside: they never move the case, and stand after the others.
_ASIDE = (Action.COMMENT, Action.ATTACH, Action.URGE, Action.SUPERVISE)
#: With this status htmx shows the answer and ends its polling.
_STOP_ASKING = 286
#: Not to be done by mistake.
_GRAVE = (Action.VOID, Action.TRANSFER, Action.REOPEN)
#: What people come to do: drawn first.
_NEXT = (
    Action.REGISTER,
    Action.DISPATCH,
    Action.ACCEPT,
    Action.REPORT,
    Action.SUBMIT,
    Action.CONFIRM,
    Action.REASSIGN,
    Action.ARBITRATE,
    Action.DECIDE_EXTENSION,
    Action.DECIDE_SUSPENSION,
    Action.DECIDE_CORRECTION,
    Action.ANSWER_SUPERVISION,
    Action.REQUEST_CHECK,
    Action.VERIFY,
    Action.CHECK,
    Action.CLOSE,
    Action.REWORK,
)
#: Which photos stand side by side, by what they were taken for.
_GROUPS = {
    "file": "before",
    "verify": "before",
    "handle": "after",
    "self_handled": "after",
    "check": "check",
    "other": "other",
}
#: Where a form leads back to, by a word: never an address.
_BACK = {"unit": "console.unit", "dashboard": "console.dashboard"}
_MAP = "console.map_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionForm:
    """A form as the template draws it.

    Parameters
    ----------
    seen
        Last line of history that the page showed, and the version; sent back with the form.
    errors
        Sentences by field; under an empty name what concerns no field.
    news
        Lines of history since the version that was sent.
    is_gone
        The action is no longer possible.
    """

    number: str
    action: Action
    title: str
    controls: tuple[Control, ...]
    typed: Typed
    version: int
    seen: int
    back: str
    errors: Mapping[str, Sequence[str]]
    news: tuple[Told, ...] = ()
    is_gone: bool = False


@console.route("/cases/<string:number>", methods=["GET"])
def case_page(number: str) -> Response:
    """Show everything about a case; ``?do=`` opens the form of an action, also without scripts."""
    asked = request.args.get("do", "")
    return _page(number, form=Action(asked) if asked in BY_PEOPLE else None)


@console.route("/cases/<string:number>/forms/<string:action>", methods=["GET"])
def action_form(number: str, action: str) -> BaseResponse:
    """Show the form of one action alone; to somebody without scripts, the page with it."""
    if action not in BY_PEOPLE:
        raise NotFoundError("route_not_found")
    if not is_fragment():
        return go_to(url_for("console.case_page", number=number, do=action, back=_back() or None))
    stored, seen = _stored(number)
    form = _form(stored, Action(action), seen)
    return fragment("console/_action_form.html", form=form, **_form_values(seen))


@console.route("/cases/<string:number>/pulse", methods=["GET"])
def case_pulse(number: str) -> BaseResponse:
    """Say whether anything happened to a case since a line of its history: nothing, or who did what."""
    since = as_number(request.args.get("seen"))
    actor = calling().actor
    try:
        lines_now = pulse(runtime(), actor, number).lines
    except NotFoundError:
        # Given to others while the page stood open, or never there: said once, and not asked again.
        return fragment("console/_case_gone.html", status=_STOP_ASKING)
    if since is None or lines_now <= since:
        return Response(status=204)
    seen = viewing()
    lines = [history_view(line, seen) for line in case_history(runtime(), actor, number)]
    stored = one_case(runtime(), actor, number)
    told = Words(seen, {}).history(lines, str(stored.case.type))
    news = [one for one in told if one.seq > since]
    return fragment("console/_case_news.html", number=number, news=news, last=lines[-1]["seq"])


@console.route("/cases/<string:number>/actions/<string:action>", methods=["POST"])
def act(number: str, action: str) -> BaseResponse:
    """Carry an action out, once; a refusal brings the form back with everything that was typed."""
    if action not in BY_PEOPLE:
        raise NotFoundError("route_not_found")
    rt, chosen, seen = runtime(), Action(action), viewing()
    request.max_content_length = MOST_PHOTOS * rt.settings.max_upload_bytes
    usage = USAGES.get(chosen, AttachmentUsage.OTHER)
    # Before anything is kept: what may not be seen does not exist.
    pulse(rt, seen.actor, number)
    photos = take_photos((rt, seen), request.form, request.files.getlist("photos"), usage)
    try:
        photos.check()
        perform(rt, seen.actor, _request(number, chosen, photos, seen), reference=seen.reference)
    except NotFoundError:
        raise
    except GridcaseError as refusal:
        return _refused(number, chosen, photos, refusal)
    return go_to(_after(number, chosen))


def _request(number: str, action: Action, photos: Photos, seen: Viewing) -> ActionRequest:
    return ActionRequest(
        number=number,
        action=action,
        read=lambda: read_payload(action, request.form, photos.kept, seen),
        expected=as_version(request.form.get("version", "")),
        client_ref=typed(request.form, photos.kept).key,
    )


def _after(number: str, action: Action) -> str:
    back = _back()
    if back:
        return url_for(_BACK[back], done=action)
    return url_for("console.case_page", number=number, done=action)


def _back() -> str:
    chosen = request.values.get("back", "")
    return chosen if chosen in _BACK else ""


def _refused(number: str, action: Action, photos: Photos, refusal: GridcaseError) -> Response:
    """Bring the form back as it was typed, saying what was wrong, beside the fields where it concerns one."""
    stored, seen = _stored(number)
    kept = typed(request.form, photos.kept)
    if isinstance(refusal, KeyReusedError):
        kept = Typed(values=request.form, photos=photos.kept)
    news: tuple[Told, ...] = ()
    errors = sentences_of(refusal)
    if isinstance(refusal, StaleCaseError | KeyReusedError):
        news, errors = _news(number, stored, seen), {}
    if isinstance(refusal, KeyReusedError):
        errors = {"": [Words(seen, {}).word("case.sent_before")]}
    form = _form(stored, action, seen, kept=kept, errors=errors, news=news)
    if is_fragment():
        return fragment("console/_action_form.html", status=status_of(refusal), form=form, **_form_values(seen))
    return _page(number, status=status_of(refusal), drawn=form)


def _news(number: str, stored: StoredCase, seen: Viewing) -> tuple[Told, ...]:
    """Return what happened since the line of history that the form was drawn at."""
    since = as_number(request.form.get("seen"))
    last = stored.case.events if since is None else since
    lines = [history_view(line, seen) for line in case_history(runtime(), seen.actor, number)]
    return tuple(one for one in Words(seen, {}).history(lines, str(stored.case.type)) if one.seq > last)


def _stored(number: str) -> tuple[StoredCase, Viewing]:
    rt, called = runtime(), calling()
    stored = one_case(rt, called.actor, number)
    return stored, replace(viewing(), sealed=sealed_month(rt, stored))


def _form(
    stored: StoredCase,
    action: Action,
    seen: Viewing,
    *,
    kept: Typed | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
    news: tuple[Told, ...] = (),
) -> ActionForm:
    """Draw an action's form; one that is no longer possible keeps its fields, and cannot be sent."""
    possible = view_of(stored, seen)["available_actions"]
    shown = next((one for one in possible if one["action"] == action), None)
    number = str(stored.case.number)
    fields = shown["fields"] if shown else ()
    drawn = controls(fields, action, number, (runtime(), seen))
    return ActionForm(
        number=number,
        action=action,
        title=label(action, seen.language),
        controls=tuple(drawn),
        typed=kept or Typed(),
        version=stored.case.version,
        seen=stored.case.events,
        back=_back(),
        errors=beside(errors or {}, {one.name for one in drawn}),
        news=news,
        is_gone=shown is None,
    )


def _form_values(seen: Viewing) -> dict[str, Any]:
    return {"limit_units": limit_units(seen.language), "datums": DATUMS, "layer_urls": layer_addresses()}


def _page(number: str, *, status: int = 200, form: Action | None = None, drawn: ActionForm | None = None) -> Response:
    rt, actor = runtime(), calling().actor
    found = dossier(rt, actor, number)
    seen = replace(viewing(), sealed=found.sealed)
    case = view_of(found.stored, seen)
    if form is not None and drawn is None:
        drawn = _form(found.stored, form, seen)
    return console_page(
        "console/case.html",
        title="case.title",
        heading=f"{case['number']} · {case['type']['name'] or case['type']['code']}",
        status=status,
        form=drawn,
        done=_done(),
        **_case_values(found, case, seen),
        **_form_values(seen),
    )


def _done() -> str:
    chosen = request.args.get("done", "")
    return label(chosen, language()) if chosen in BY_PEOPLE else ""


def _case_values(found: Dossier, case: Mapping[str, Any], seen: Viewing) -> dict[str, Any]:
    stored = found.stored
    words = Words(seen, names_view(found.names, seen))
    lines = [history_view(line, seen) for line in found.lines]
    counts = Countdowns(rules=seen.reference.rules, now=seen.now, language=seen.language)
    clocks = {str(stage): counts.of_clock(clock) for stage, clock in stored.case.clocks.items()}
    linked = [linked_view(one, seen) for one in found.linked]
    return {
        "case": case,
        "type_key": str(stored.case.type),
        "words": words,
        "recurrence": seen_view(found.recurrence),
        "countdown": counts.of_case(stored.case),
        "clocks": _clocks(case, clocks),
        "layers": words.layers(case["layers"]),
        "map": small_map(seen.reference, stored.case.point, case["cell"], case["layers"]),
        "map_size": (WIDTH, HEIGHT, BAR_M),
        # Only who has the map in the menu is led there.
        "map_url": url_for(_MAP, q=case["number"]) if _has_map(seen) else None,
        "photos": _photos(case["attachments"]),
        "history": words.history(lines, str(stored.case.type)),
        "seen": lines[-1]["seq"],
        "linked": linked,
        "similar": [near_view(one, seen) for one in found.similar],
        "similar_m": round(SIMILAR_WITHIN_M),
        "campaign": found.campaign,
        "references": references_view(found.references, seen),
        "actions": _sorted(case["available_actions"]),
        "grave": _GRAVE,
        "countdown_words": countdown_words(seen.language),
        "now": words.when(seen.now.isoformat()),
    }


def _has_map(seen: Viewing) -> bool:
    return any(item.endpoint == _MAP for item in menu_of(seen.actor.role))


def _clocks(case: Mapping[str, Any], counted: Mapping[str, Countdown]) -> list[tuple[Mapping[str, Any], Countdown]]:
    """Return the clocks with their countdowns, those that run before those that are over, next deadline first."""
    found = [(one, counted[str(one["stage"])]) for one in case["deadlines"]]
    return sorted(found, key=lambda one: (one[0]["stopped_at"] is not None, one[1].due_at))


def _photos(attachments: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {"before": [], "after": [], "check": [], "other": []}
    for one in attachments:
        groups[_GROUPS.get(one["usage"], "other")].append(one)
    return groups


def _sorted(actions: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return what to do next, what else moves the case, and what is said aside."""
    kinds: dict[str, list[Mapping[str, Any]]] = {"next": [], "other": [], "aside": []}
    for one in actions:
        action = Action(one["action"])
        kinds["aside" if action in _ASIDE else "next" if action in _NEXT else "other"].append(one)
    return kinds
