"""Dispatching, reassigning or withdrawing many cases: first what would become of each, then case by case.

Each case is carried out by itself under a key of the batch and the version that was on the screen: one refusal, or a
change in between, stops no other, and a form that is sent twice does nothing twice.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.case import Action, CaseNumber, UnitCode
from gridcase.domain.errors import GridcaseError, NotFoundError, NotPermittedError, WrongStateError
from gridcase.edge.runtime import runtime
from gridcase.edge.texts import Language, label
from gridcase.edge.view import Viewing, outlook_view, refusal_text
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.bulk import BULK_ACTIONS, MOST_AT_ONCE, BulkAsk, Chosen, Outlook, key_of, preview
from gridcase.web.console.action_forms import read_payload, unit_choices
from gridcase.web.console.blueprint import console, is_fragment
from gridcase.web.console.case_words import Words
from gridcase.web.console.numbers import as_number
from gridcase.web.console.queue_page import bulk_actions
from gridcase.web.console.queue_query import read_query
from gridcase.web.console.rendering import console_page, fragment, viewing
from gridcase.web.texts import text

_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one case: nothing was refused when ``refusal`` is empty."""

    number: str
    refusal: str = ""
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkForm:
    """A form about many cases, as it was sent.

    Parameters
    ----------
    batch
        What the key of each case is made of; new with a form that is drawn for the first time.
    previewed
        The choice that the preview on the screen was made for.
    query
        Of the list to go back to.
    """

    ask: BulkAsk
    chosen: tuple[Chosen, ...]
    batch: uuid.UUID
    previewed: str
    query: str

    @property
    def choice(self) -> str:
        """What the preview depends on."""
        return f"{self.ask.action} {self.ask.unit or ''} {self.ask.reason or ''}"

    @property
    def is_complete(self) -> bool:
        """Whether enough is chosen to say what would become of a case."""
        return self.ask.action is not Action.REASSIGN or bool(self.ask.unit and self.ask.reason)


@console.route("/queue/bulk", methods=["GET"])
def queue_bulk() -> BaseResponse:
    """Show what would become of each chosen case; nothing is changed."""
    seen = viewing()
    return _drawn(_read(request.args, seen), seen)


@console.route("/queue/bulk", methods=["POST"])
def do_queue_bulk() -> BaseResponse:
    """Carry out on each case what the preview said; a choice that was not previewed is previewed first."""
    seen = viewing()
    form = _read(request.form, seen)
    promised = set(request.form.getlist("able"))
    able = [one for one in form.chosen if one.number in promised]
    if form.previewed != form.choice or not form.is_complete or not able:
        return _drawn(form, seen, is_other=form.is_complete and bool(form.chosen))
    return _drawn(form, seen, results=[_carry_out(one, form, seen) for one in able])


def _carry_out(chosen: Chosen, form: BulkForm, seen: Viewing) -> Result:
    asked = ActionRequest(
        number=chosen.number,
        action=form.ask.action,
        read=lambda: read_payload(form.ask.action, request.form, (), seen),
        expected=frozenset({chosen.version}),
        client_ref=key_of(form.batch, chosen.number),
    )
    try:
        done = perform(runtime(), seen.actor, asked, reference=seen.reference)
    except GridcaseError as refusal:
        return Result(number=chosen.number, refusal=_said(refusal, form, seen))
    return Result(number=chosen.number, is_replay=done.is_replay)


def _read(form: MultiDict[str, str], seen: Viewing) -> BulkForm:
    """Read a form.

    Raises
    ------
    NotFoundError
        Nothing of that name is done to many cases.
    NotPermittedError
        The person's role does not do this.
    """
    name = form.get("do", "")
    if name not in BULK_ACTIONS:
        raise NotFoundError("route_not_found")
    action = Action(name)
    if action not in bulk_actions(seen):
        raise NotPermittedError("role_may_not", params={"action": action, "role": seen.actor.role})
    takes_unit = action is not Action.WITHDRAW_DISPATCH
    return BulkForm(
        ask=BulkAsk(
            action=action,
            unit=UnitCode(form.get("unit", "").strip()) or None if takes_unit else None,
            reason=form.get("reason", "").strip() or None if action is Action.REASSIGN else None,
            note=form.get("note", "").strip()[:_LONGEST_NOTE] or None,
        ),
        chosen=_chosen(form.getlist("case")),
        batch=_batch(form.get("key", "")),
        previewed=form.get("previewed", ""),
        query=read_query(form.get("back", ""), seen.reference.rules.catalogue).query(),
    )


def _chosen(texts: Sequence[str]) -> tuple[Chosen, ...]:
    """Read ``number.version`` of each, once."""
    found: dict[str, Chosen] = {}
    for one in texts:
        number, _, version = one.rpartition(".")
        seen = as_number(version)
        if seen is not None:
            found.setdefault(number.upper(), Chosen(number=CaseNumber(number.upper()), version=seen))
    return tuple(found.values())[:MOST_AT_ONCE]


def _batch(key: str) -> uuid.UUID:
    try:
        return uuid.UUID(key)
    except ValueError:
        return uuid.uuid4()


def _drawn(form: BulkForm, seen: Viewing, *, results: Sequence[Result] = (), is_other: bool = False) -> BaseResponse:
    told = () if results else preview(runtime(), seen.actor, form.ask, form.chosen, seen.reference)
    conduct = seen.reference.rules.conduct
    zh = seen.language is Language.ZH
    action = str(form.ask.action)
    values: dict[str, Any] = {
        "form": form,
        "action": action,
        "action_label": label(action, seen.language),
        # What will be done stands first: it is what is confirmed.
        "told": [_told(one, form, seen) for one in sorted(told, key=lambda one: not one.will_do)],
        "able": [one for one in told if one.will_do] if form.is_complete else [],
        "results": results,
        "refused": [one for one in results if one.refusal],
        "is_other": is_other,
        "units": unit_choices(seen.reference.rules.units.units, seen.language),
        "reasons": [(one.code, one.zh if zh else one.en) for one in conduct.reassign_reasons],
        "most_note": _LONGEST_NOTE,
        "words": Words(seen, {}),
        "list_url": f"{url_for('console.queue')}?{form.query}",
    }
    status = 409 if values["refused"] else 200
    if is_fragment():
        return fragment("console/_queue_bulk.html", status=status, **values)
    return console_page("console/queue_bulk.html", title="queue.dialog", status=status, **values)


def _told(one: Outlook, form: BulkForm, seen: Viewing) -> Mapping[str, Any]:
    """Say what becomes of a case; while the choice is incomplete, only what stands in its way whatever is chosen."""
    shown = outlook_view(one, seen)
    if one.refusal is not None:
        shown |= {"refusal": _said(one.refusal, form, seen)}
    lacks_choice = one.refusal is not None and bool(one.refusal.fields) and not form.is_complete
    return shown | {"refusal": None, "lacks_choice": True} if lacks_choice else shown


def _said(refusal: GridcaseError, form: BulkForm, seen: Viewing) -> str:
    """Say why not; the state in a few words, because it is said of many."""
    if not isinstance(refusal, WrongStateError) or "state" not in refusal.params:
        return refusal_text(refusal, seen)
    state = label(str(refusal.params["state"]), seen.language)
    return text("queue.wrong_state", seen.language, state=state, action=label(form.ask.action, seen.language))
