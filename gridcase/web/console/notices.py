"""The inbox: what one is told, what is unread, what of it is mailed; who would be told what; what was not delivered."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.actor import Role
from gridcase.domain.case import Action, UnitCode
from gridcase.domain.errors import GridcaseError, NotFoundError, NotPermittedError, invalid
from gridcase.domain.notices import NoticeKind
from gridcase.edge.bodies import read_cursor, write_cursor
from gridcase.edge.letters import trial_letter
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import SENTENCES, sentence
from gridcase.edge.view import notice_view
from gridcase.services.inbox import FORESEEING, FORESEEN, MOST_COUNTED, Foreseen, InboxAsk, foresee, inbox, read, unread
from gridcase.services.mailing import (
    HOURS,
    Choice,
    Contact,
    choose,
    contact,
    deliveries,
    send_again,
    send_test,
)
from gridcase.web.console.action_forms import sentences_of, unit_choices
from gridcase.web.console.blueprint import console, go_to, is_fragment
from gridcase.web.console.numbers import LARGEST, as_number
from gridcase.web.console.rendering import console_page, fragment, viewing

_PAGE = 50
#: How a kind stands out in the list; the others are quiet.
_TONES = {
    NoticeKind.BREACH: "alarm",
    NoticeKind.NO_ROUTE: "alarm",
    NoticeKind.SUPERVISED: "alarm",
    NoticeKind.CHECK_FAILED: "alarm",
    NoticeKind.WORK_FAILED: "alarm",
    NoticeKind.WARNING: "warn",
    NoticeKind.REWORK: "warn",
    NoticeKind.RETURNED: "warn",
    NoticeKind.URGED: "warn",
    NoticeKind.RECURRENCE: "warn",
    NoticeKind.REQUEST_ASKED: "info",
    NoticeKind.ASSIGNED: "info",
    NoticeKind.TASK_ASKED: "info",
    NoticeKind.MONTH_STEP: "info",
}


# --- the inbox ------------------------------------------------------------------------------------------------------


@console.route("/notices", methods=["GET"])
def notices() -> Response:
    """Show what the person is told in this role, newest first."""
    kind, is_unread, cursor = request.args.get("kind", ""), "unread" in request.args, request.args.get("cursor")
    asked = InboxAsk(
        limit=_PAGE,
        kinds=(kind,) if kind in set(NoticeKind) else (),
        is_unread=is_unread,
        after=read_cursor(cursor) if cursor else None,
    )
    found = inbox(runtime(), calling().actor, asked)
    shown = found[:_PAGE]
    last = shown[-1].notice if len(found) > len(shown) else None
    kept = {name: request.args[name] for name in ("kind", "unread") if name in request.args}
    return console_page(
        "console/notices.html",
        title="console.notices",
        items=[notice_view(one, viewing()) for one in shown],
        tones=_TONES,
        kinds=tuple(NoticeKind),
        kind=kind,
        is_unread=is_unread,
        newest=max((one.notice.id for one in shown), default=0),
        is_first=cursor is None,
        next_url=f"{request.path}?{urlencode(kept | {'cursor': write_cursor(last.at, last.id)})}" if last else None,
        may_foresee=calling().actor.role in FORESEEING,
        is_admin=calling().actor.role is Role.ADMIN,
    )


@console.route("/notices/badge", methods=["GET"])
def notice_badge() -> Response:
    """Say how many are unread, for the header of every page."""
    count = unread(runtime(), calling().actor)
    return fragment("console/_badge.html", count=count, most=MOST_COUNTED)


@console.route("/notices/read", methods=["POST"])
def read_notices() -> BaseResponse:
    """Note that one was read, or all up to the newest on the page."""
    read(runtime(), calling().actor, only=_identity("id"), up_to=_identity("up_to"))
    if request.form.get("quiet"):
        return Response(status=204)
    return go_to(url_for("console.notices", unread=1 if request.form.get("unread") else None))


# --- what is mailed -------------------------------------------------------------------------------------------------


@console.route("/notices/mail", methods=["GET"])
def mail_choice() -> Response:
    """Show what the person has mailed, where to and when."""
    return _choice_page(contact(runtime(), calling().actor), is_saved="saved" in request.args)


@console.route("/notices/mail", methods=["POST"])
def choose_mail() -> BaseResponse:
    """Note what the person wants mailed."""
    form = request.form
    choice = Choice(
        is_on="is_on" in form,
        kinds=tuple(NoticeKind(kind) for kind in form.getlist("kind") if kind in set(NoticeKind)),
        hours=_hours(form),
    )
    address = form.get("email", "")
    try:
        choose(runtime(), calling().actor, address, choice)
    except GridcaseError as refusal:
        typed = Contact(address=address, choice=choice)
        return _choice_page(typed, status=status_of(refusal), errors=_sentences(refusal))
    return go_to(url_for("console.mail_choice", saved=1))


def _choice_page(
    shown: Contact, *, status: int = 200, errors: dict[str, list[str]] | None = None, is_saved: bool = False
) -> Response:
    return console_page(
        "console/notices_mail.html",
        title="notice.mail",
        status=status,
        shown=shown,
        kinds=tuple(NoticeKind),
        hours=HOURS,
        errors=errors or {},
        is_saved=is_saved,
        is_off=not runtime().settings.mail_server,
    )


def _hours(form: MultiDict[str, str]) -> tuple[int, ...]:
    return tuple(sorted({hour for text in form.getlist("hour") if (hour := as_number(text)) is not None}))


# --- who would be told ----------------------------------------------------------------------------------------------


@console.route("/notices/recipients", methods=["GET"])
def recipients() -> Response:
    """Show who would be told what if somebody did something with a case; a part of it for a dialog."""
    actor, args = calling().actor, request.args
    if actor.role not in FORESEEING:
        raise NotPermittedError("role_needed", params={"roles": ", ".join(one for one in Role if one in FORESEEING)})
    number, word, unit = args.get("number", "").strip(), args.get("action", ""), args.get("unit", "")
    action = Action(word) if word in {str(one) for one in FORESEEN} else Action.URGE
    foreseen: tuple[Foreseen, ...] | None = None
    errors: dict[str, list[str]] = {}
    if number:
        try:
            known = calling().reference.rules.units.by_code
            given = UnitCode(unit) if UnitCode(unit) in known else None
            foreseen = foresee(runtime(), actor, number, action, unit=given)
        except NotFoundError as refusal:
            errors = {"number": [sentence(refusal.code, refusal.params, language())]}
    if is_fragment():
        return fragment("console/_recipients.html", foreseen=foreseen, errors=errors)
    return console_page(
        "console/notices_recipients.html",
        title="notice.recipients",
        status=404 if errors else 200,
        foreseen=foreseen,
        errors=errors,
        number=number,
        action=action,
        actions=FORESEEN,
        unit=unit,
        units=unit_choices(calling().reference.rules.units.units, language()),
    )


# --- what was not delivered -----------------------------------------------------------------------------------------


@console.route("/notices/deliveries", methods=["GET"])
def mail_deliveries() -> Response:
    """Show an administrator which digests went out and which did not."""
    return _deliveries_page()


@console.route("/notices/deliveries/<int:delivery>/again", methods=["POST"])
def mail_again(delivery: int) -> BaseResponse:
    """Let a digest be sent again."""
    if delivery > LARGEST:
        raise NotFoundError("mail_not_found", params={"id": delivery})
    send_again(runtime(), calling().actor, delivery)
    return go_to(url_for("console.mail_deliveries"))


@console.route("/notices/deliveries/test", methods=["POST"])
def mail_trial() -> BaseResponse:
    """Send a letter now, to see that the settings are right."""
    deliveries(runtime(), calling().actor, dead=True, limit=1)
    try:
        send_test(runtime(), request.form.get("email", ""), trial_letter(language()))
    except GridcaseError as refusal:
        return _deliveries_page(status=status_of(refusal), errors=_sentences(refusal))
    return go_to(url_for("console.mail_deliveries", sent=1))


def _deliveries_page(*, status: int = 200, errors: dict[str, list[str]] | None = None) -> Response:
    is_dead = "dead" in request.args
    found = deliveries(runtime(), calling().actor, dead=is_dead)
    seen = viewing()
    return console_page(
        "console/notices_deliveries.html",
        title="notice.deliveries",
        status=status,
        items=[
            {
                "id": one.row.id,
                "username": one.username,
                "slot": one.row.slot.astimezone(seen.zone).strftime("%Y-%m-%d %H:%M"),
                "notices": one.row.notices,
                "state": one.row.state,
                "attempts": one.row.attempts,
                "problem": _problem(one.row.problem),
                "is_dead": one.row.state in ("refused", "uncertain"),
            }
            for one in found
        ],
        is_dead=is_dead,
        errors=errors or {},
        email=request.form.get("email", ""),
        is_sent="sent" in request.args,
        is_off=not runtime().settings.mail_server,
    )


def _problem(word: str) -> str:
    return sentence(word, {}, language()) if word in SENTENCES else word


def _identity(name: str) -> int | None:
    text = request.form.get(name, "")
    number = as_number(text)
    if text and not number:
        raise invalid(name, "whole_number_expected", least=1, most=LARGEST)
    return number


def _sentences(refusal: GridcaseError) -> dict[str, Any]:
    return sentences_of(refusal) if refusal.fields else {"": [sentence(refusal.code, _spoken(refusal), language())]}


def _spoken(refusal: GridcaseError) -> dict[str, str | int]:
    """Return what a sentence is filled in with; why a letter failed is itself a sentence."""
    return {name: _problem(str(value)) if name == "reason" else value for name, value in refusal.params.items()}
