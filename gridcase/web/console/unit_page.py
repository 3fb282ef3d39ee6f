"""A unit's own page: what lies on its desk, by what to do next, and the score so far.

Signing for cases is one click, for one or for several; everything else opens the form of the action over the page.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.assessment.explaining import count_in_words
from gridcase.domain.case import Action, CaseNumber
from gridcase.domain.errors import GridcaseError
from gridcase.edge.countdown import Countdown, Countdowns, countdown_words
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import Language, label, sentence
from gridcase.edge.view import Viewing, desk_view
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.bulk import key_of
from gridcase.services.reading import StoredCase
from gridcase.services.unit_desk import MOST_ON_DESK, Tray, unit_desk
from gridcase.services.unit_score import UnitScore, unit_score
from gridcase.web.console.action_forms import typed
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.case_words import Words
from gridcase.web.console.month_writing import shortened
from gridcase.web.console.numbers import as_number, as_version
from gridcase.web.console.rendering import console_page, viewing
from gridcase.workflow.requests import Accept
from gridcase.workflow.transitions import BY_PEOPLE

#: What is done most from the list: buttons of a row, in this order; the rest is behind "more".
_QUICK = (Action.REPORT, Action.SUBMIT, Action.CONFIRM, Action.REJECT, Action.ANSWER_SUPERVISION)
_BEHIND = (
    Action.ASK_EXTENSION,
    Action.ASK_SUSPENSION,
    Action.RETURN_TASK,
    Action.RESUME,
    Action.ASSIGN,
    Action.TAKE_BACK,
    Action.COMMENT,
    Action.ATTACH,
)
#: Cases signed for by one click.
_MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case on the desk."""

    case: Mapping[str, Any]
    left: Countdown | None
    quick: tuple[Mapping[str, Any], ...]
    behind: tuple[Mapping[str, Any], ...]
    can_accept: bool


@console.route("/unit", methods=["GET"])
def unit() -> Response:
    """Show the desk and the score of the unit that the person acts for."""
    return _page()


@console.route("/unit/accept", methods=["POST"])
def accept_cases() -> BaseResponse:
    """Sign for one case or several; those that could not be are named with the reason, the others are signed for."""
    form = request.form
    chosen = [form["one"]] if form.get("one") else list(dict.fromkeys(form.getlist("case")))
    batch = uuid.UUID(typed(form, ()).key)
    refused = {number: said for number in chosen[:_MOST_AT_ONCE] if (said := _accept(number, batch))}
    if not refused:
        return go_to(url_for("console.unit", signed=len(chosen[:_MOST_AT_ONCE])))
    return _page(status=409, refused=refused)


def _accept(number: str, batch: uuid.UUID) -> str:
    """Sign for a case; return what was refused, or nothing."""
    called, form = calling(), request.form
    asked = ActionRequest(
        number=number,
        action=Action.ACCEPT,
        read=Accept,
        expected=as_version(form.get(f"version.{number}", "")),
        client_ref=key_of(batch, CaseNumber(number)),
    )
    try:
        perform(runtime(), called.actor, asked, reference=called.reference)
    except GridcaseError as refusal:
        return sentence(refusal.code, refusal.params, language())
    return ""


def _page(*, status: int = 200, refused: Mapping[str, str] | None = None) -> Response:
    rt, called, seen = runtime(), calling(), viewing()
    desk = unit_desk(rt, called.actor, called.reference)
    counts = Countdowns(rules=seen.reference.rules, now=seen.now, language=seen.language)
    rows = {one.stored.id: _row(one.stored, seen, counts) for one in desk.cases}
    trays = [(tray, [rows[stored.id] for stored in desk.tray(tray)]) for tray in Tray]
    words = Words(seen, {})
    done = request.args.get("done", "")
    return console_page(
        "console/unit.html",
        title="console.unit",
        heading=words.unit(desk.unit),
        status=status,
        unit_name=words.unit(desk.unit),
        trays=[(str(tray), some) for tray, some in trays if some],
        empty=[str(tray) for tray, some in trays if not some],
        is_more=desk.is_more,
        most=MOST_ON_DESK,
        words=words,
        key=str(uuid.uuid4()),
        refused=refused or {},
        signed=as_number(request.args.get("signed")) or 0,
        done=label(done, language()) if done in BY_PEOPLE else "",
        score=_score(unit_score(rt, called.actor, called.reference), words),
        countdown_words=countdown_words(seen.language),
    )


def _row(stored: StoredCase, seen: Viewing, counts: Countdowns) -> Row:
    case = desk_view(stored, seen)
    possible = {one["action"]: one for one in case["actions"]}
    return Row(
        case=case,
        left=counts.of_case(stored.case),
        quick=_of(possible, _QUICK),
        behind=_of(possible, _BEHIND),
        can_accept=Action.ACCEPT in possible,
    )


def _of(possible: Mapping[str, Mapping[str, Any]], wanted: Sequence[Action]) -> tuple[Mapping[str, Any], ...]:
    return tuple(possible[action] for action in wanted if action in possible)


def _score(found: UnitScore | None, words: Words) -> dict[str, Any] | None:
    """Say the score: each item with what it gave and lost, and by which numbers."""
    if found is None:
        return None
    spoken = str(words.language)
    items = [
        {
            "title": getattr(one.indicator.title, spoken),
            "weight": _points(Fraction(one.indicator.weight)),
            "points": _points(one.points),
            "lost": _points(one.lost) if one.lost else "",
            "lines": [_line(line, words) for line in one.lines],
            "cases": list(dict.fromkeys(number for line in one.lines for number in line["cases"]))[:_MOST_NAMED],
        }
        for one in found.items
    ]
    return {
        "found": found,
        "rule_set": getattr(found.rule_set.title, spoken),
        "version": found.rule_set.version,
        "as_of": words.when(found.as_of.isoformat()),
        "items": items,
        "lost": [one for one in items if one["lost"]],
        "breaching": [(number, words.when(due_at.isoformat())) for number, due_at in found.breaching],
    }


def _line(line: Mapping[str, Any], words: Words) -> str:
    """Say the numbers of a line: "按期结案 18 / 结案 20"."""
    if line["text"]:
        return str(line["text"])
    sides = [line["numerator"], line["denominator"]]
    return " / ".join(f"{_amount(one['name'], words.language)} {one['value']}" for one in sides if one["name"])


def _points(points: Fraction) -> str:
    """Write points to two digits; the exact ones stand on the month's page."""
    return shortened(Fraction(round(points * 100), 100))


def _amount(name: str, spoken: Language) -> str:
    return " + ".join(count_in_words(one, str(spoken), lambda word: label(word, spoken)) for one in name.split(" + "))


#: Cases named under an item; the month's own page lists all.
_MOST_NAMED = 10
