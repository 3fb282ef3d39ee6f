"""The rules of conduct 办理规则 under ``/admin`` as a form: limits, numbers, what is done by itself, the timetable.

What else they hold (reasons, outside bodies, trust) is lists of words, changed as text.
"""

import re
from typing import Any

from flask import Response, request

from gridcase.domain.case import Source
from gridcase.domain.errors import GridcaseError, invalid
from gridcase.domain.time import LimitUnit
from gridcase.edge.runtime import calling, runtime
from gridcase.rules import edits
from gridcase.rules.documents import Document, DocumentKind
from gridcase.services import configuring
from gridcase.web.console.admin_config import review
from gridcase.web.console.admin_frame import admin_page, admin_route, given, said, status_of_refusal
from gridcase.web.console.numbers import LARGEST, as_number

_LIMIT = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")
_UNITS = tuple(str(one) for one in LimitUnit)
_URGENCIES = ("normal", "urgent")
#: In the order of a case's life; the document is kept in that of the alphabet.
_STAGES = ("register", "verify", "dispatch", "accept", "check", "close", "decide", "supervise")
_NUMBERS = (
    "check_distance_m",
    "allowed_returns",
    "allowed_extensions",
    "reopen_days",
    "reinspect_percent",
    "warn_percent",
)
_STEPS = ("draft", "cut_off", "publicity_ends", "decided", "approved")
_AT = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@admin_route("/conduct")
def admin_conduct() -> Response:
    """Show the rules of conduct as a form."""
    return _conduct()


@admin_route("/conduct", methods=["POST"])
def admin_change_conduct() -> Response:
    """Review the rules of conduct with what the form says."""
    try:
        document, base = _held()
        return review(edits.with_conduct(document, _edit(document)), base)
    except GridcaseError as refusal:
        return _conduct(refusal=refusal)


def _held() -> tuple[Document, int]:
    return configuring.documents_of_kind(runtime(), calling().actor, DocumentKind.CONDUCT)[0]


def _edit(document: Document) -> edits.ConductEdit:
    body: dict[str, Any] = document.body
    return edits.ConductEdit(
        limits={
            (stage, urgency): _limit(f"{stage}.{urgency}")
            for stage, urgencies in body.get("stage_limits", {}).items()
            for urgency in urgencies
        },
        numbers={name: _number(name) for name in _NUMBERS if name in body},
        auto_dispatch=given("auto_dispatch") == "1",
        auto_register_sources=tuple(
            str(one) for one in Source if str(one) in request.form.getlist("auto_register_sources")
        ),
        timetable={step: (_number(f"{step}.day"), _at(f"{step}.at")) for step in _STEPS if step in _timetable(body)},
    )


def _limit(name: str) -> str:
    amount, unit = given(f"{name}.amount"), given(f"{name}.unit")
    if not _LIMIT.fullmatch(amount) or unit not in _UNITS:
        raise invalid(name, "limit_expected", value=f"{amount} {unit}".strip(), units=", ".join(_UNITS))
    return f"{amount} {unit}"


def _number(name: str) -> int:
    number = as_number(given(name))
    if number is None:
        raise invalid(name, "whole_number_expected", value=given(name), least=0, most=LARGEST)
    return number


def _at(name: str) -> str:
    if not _AT.fullmatch(given(name)):
        raise invalid(name, "field_required")
    return given(name)


def _timetable(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body.get("assessment", {})
    return found


def _conduct(*, refusal: GridcaseError | None = None) -> Response:
    document, _ = _held()
    body: dict[str, Any] = document.body
    return admin_page(
        "admin_conduct.html",
        tab="console.admin_conduct",
        title="admin.conduct",
        status=status_of_refusal(refusal),
        document=document,
        stages=[
            (stage, [(urgency, *_parts(urgencies.get(urgency))) for urgency in _URGENCIES])
            for stage, urgencies in sorted(body.get("stage_limits", {}).items(), key=_by_stage)
        ],
        numbers=[(name, f"admin.conduct_{name}", body[name]) for name in _NUMBERS if name in body],
        sources=[str(one) for one in Source],
        chosen=body.get("auto_register_sources", []),
        auto_dispatch=bool(body.get("auto_dispatch")),
        timetable=[(step, _timetable(body)[step]) for step in _STEPS if step in _timetable(body)],
        limit_units=_UNITS,
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _parts(limit: Any) -> tuple[str, str]:
    amount, _, unit = str(limit or "").partition(" ")
    return amount, unit


def _by_stage(one: tuple[str, Any]) -> tuple[int, str]:
    return _STAGES.index(one[0]) if one[0] in _STAGES else len(_STAGES), one[0]
