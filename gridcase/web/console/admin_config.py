"""Configuration under ``/admin``: documents with their versions, and everyday changes made by small forms.

Every change goes one way: a text or a small form makes a document, the review shows what differs, what is found and
which deadlines would move, and only then it is applied, as a version that bears who did it.
"""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gridcase.assessment.explaining import in_words
from gridcase.domain.case import Source, TypeKey
from gridcase.domain.errors import GridcaseError, NotFoundError, RuleFileError, invalid
from gridcase.domain.time import LimitUnit
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import Language, label, sentence
from gridcase.edge.view import route_sentence
from gridcase.grid.codes import community_of
from gridcase.grid.features import COMMUNITY_LAYER, UNIT_LAYER
from gridcase.rules import edits
from gridcase.rules.documents import Document, DocumentKind, Finding, read_document, write_document
from gridcase.rules.rulesets import parse_rule_set
from gridcase.services import configuring
from gridcase.services.administering import count_people
from gridcase.services.calendar_preview import CalendarPreview, preview_documents
from gridcase.services.reclocking import recompute_provisional
from gridcase.services.routing_cases import WhoQuestion, who_would_get_it
from gridcase.web.console.action_forms import sentences_of
from gridcase.web.console.admin_frame import (
    READERS,
    admin_page,
    admin_route,
    as_day,
    given,
    given_day,
    said,
    status_of_refusal,
    today,
)
from gridcase.web.console.duties import duties
from gridcase.web.console.numbers import as_number
from gridcase.web.console.rendering import viewing
from gridcase.web.texts import text
from gridcase.workflow.catalogue import CaseType
from gridcase.workflow.routing import RoutingQuestion, route

#: Deadlines listed one by one in a review; the rest is counted.
_MOST_MOVES = 50
_MOST_TYPES = 400
_MONTHS = range(1, 13)
#: Those that a calendar may list.
_YEARS = range(1950, 2200)


@admin_route("")
def admin() -> Response:
    """Show what there is to administer and what wants attention."""
    rt, actor = runtime(), calling().actor
    versions, names = configuring.documents(rt, actor)
    findings = configuring.standing_findings(rt, actor)
    year = today().year
    calendar = _calendar()
    return admin_page(
        "admin_home.html",
        tab="console.admin",
        title="console.admin",
        people=count_people(rt, actor),
        documents=Counter(one.kind for one in versions),
        latest=sorted(versions, key=lambda one: one.id, reverse=True)[:8],
        names=names,
        severities=Counter(str(one.severity) for one in findings),
        layers=Counter(layer for layer, _ in calling().reference.features),
        unknown_years=[
            one
            for one in (year, year + 1)
            if calendar.observes_holidays and one not in {y.year for y in calendar.years}
        ],
    )


# --- documents and their versions ---


@admin_route("/documents")
def admin_documents() -> Response:
    """List every document in force."""
    versions, names = configuring.documents(runtime(), calling().actor)
    return admin_page(
        "admin_documents.html",
        tab="console.admin_documents",
        title="admin.documents",
        versions=versions,
        names=names,
        findings=_told(configuring.standing_findings(runtime(), calling().actor)),
    )


@admin_route("/documents/<kind>/<name>")
def admin_document(kind: str, name: str) -> Response:
    """Show a document in force, its text and its versions."""
    page = configuring.document_page(runtime(), calling().actor, _kind(kind), name)
    return admin_page(
        "admin_document.html",
        tab="console.admin_documents",
        title="admin.document",
        heading=_heading(page.document.kind, name),
        document=page.document,
        text=write_document(page.document),
        versions=page.versions,
        names=page.names,
    )


@admin_route("/documents/<kind>/<name>/versions/<int:version>")
def admin_document_version(kind: str, name: str, version: int) -> Response:
    """Show what a version changed."""
    found = configuring.document_version(runtime(), calling().actor, _kind(kind), name, version)
    return admin_page(
        "admin_version.html",
        tab="console.admin_documents",
        title="admin.document",
        heading=_heading(kind, name),
        kind=kind,
        name=name,
        seen=found,
    )


@admin_route("/documents/<kind>/<name>/download")
def admin_download_document(kind: str, name: str) -> Response:
    """Give a document in force as a file."""
    document, _ = configuring.document_in_force(runtime(), calling().actor, _kind(kind), name)
    response = make_response(write_document(document))
    response.mimetype = "application/yaml"
    response.headers["Content-Disposition"] = f'attachment; filename="{document.name}.yaml"'
    return response


@admin_route("/documents/<kind>/<name>/edit")
def admin_edit_document(kind: str, name: str) -> Response:
    """Show a document as text to be changed."""
    document, base = configuring.document_in_force(runtime(), calling().actor, _kind(kind), name)
    return _editor(document.kind, name, write_document(document), base)


@admin_route("/documents/<kind>/<name>/review", methods=["POST"])
def admin_review_document(kind: str, name: str) -> Response:
    """Try a changed text: what differs, what is found, what would move; nothing is applied."""
    chosen = _kind(kind)
    data, base = _sent(), _base()
    try:
        return review(_read(chosen, name, data), base)
    except GridcaseError as refusal:
        if isinstance(refusal, NotFoundError):
            raise
        return _editor(chosen, name, data.decode("utf-8", errors="replace"), base, refusal=refusal)


@admin_route("/documents/<kind>/<name>/apply", methods=["POST"])
def admin_apply_document(kind: str, name: str) -> BaseResponse:
    """Apply a text that was reviewed, and let deadlines follow where working time changed."""
    chosen = _kind(kind)
    data, base = _sent(), _base()
    try:
        document = _read(chosen, name, data)
        applied = configuring.apply_document(runtime(), calling().actor, document, base)
    except configuring.RefusedConfigurationError:
        return review(_read(chosen, name, data), base)
    except GridcaseError as refusal:
        if isinstance(refusal, NotFoundError):
            raise
        return _editor(chosen, name, data.decode("utf-8", errors="replace"), base, refusal=refusal)
    if applied.changes_timing:
        recompute_provisional(runtime())
    return redirect(url_for("console.admin_document", kind=kind, name=name), code=303)


# --- calendar ---


@admin_route("/calendar", roles=READERS)
def admin_calendar() -> Response:
    """Show the working days of a year."""
    return _year()


@admin_route("/calendar/holidays", methods=["POST"])
def admin_add_holiday() -> Response:
    """Review a calendar with a holiday more."""
    try:
        document, base = _calendar_document()
        changed = edits.with_holiday(document, _holiday())
        return review(changed, base)
    except GridcaseError as refusal:
        return _year(refusal=refusal)


@admin_route("/calendar/holidays/remove", methods=["POST"])
def admin_remove_holiday() -> Response:
    """Review a calendar without a holiday."""
    try:
        document, base = _calendar_document()
        return review(edits.without_holiday(document, _needed_day("first")), base)
    except GridcaseError as refusal:
        return _year(refusal=refusal)


# --- units, duties, catalogue, rule sets ---


@admin_route("/units", roles=READERS)
def admin_units() -> Response:
    """Show the units as a tree."""
    return _units()


@admin_route("/units", methods=["POST"])
def admin_change_unit() -> Response:
    """Review the units with one renamed or moved."""
    try:
        edit = edits.UnitEdit(
            code=given("code"),
            name_zh=_needed("name_zh"),
            name_en=_needed("name_en"),
            parent=given("parent"),
        )
        for document, base in _documents_in_force(DocumentKind.UNITS):
            if any(one.get("code") == edit.code for one in document.body["units"]):  # type: ignore[union-attr]
                return review(edits.with_unit(document, edit), base)
        raise invalid("code", "unknown_unit", unit=edit.code)
    except GridcaseError as refusal:
        return _units(refusal=refusal)


@admin_route("/routing", roles=READERS)
def admin_routing() -> Response:
    """Show who is responsible for what, what is missing or overlaps, and answer who would get a case."""
    return _routing()


@admin_route("/routing", methods=["POST"])
def admin_hand_over() -> Response:
    """Review the table with types given to another unit from a day on."""
    try:
        new = edits.Handover(
            types=tuple(given("types").split()),
            unit=_needed("unit"),
            first_day=_needed_day("first_day"),
            areas=tuple(given("areas").split()),
            why_zh=given("why_zh"),
            why_en=given("why_en"),
        )
        document, base = _documents_in_force(DocumentKind.ROUTING)[0]
        return review(edits.with_handover(document, new), base)
    except GridcaseError as refusal:
        return _routing(refusal=refusal)


@admin_route("/catalogue", roles=READERS)
def admin_catalogue() -> Response:
    """Browse the types by major class, searched."""
    return _catalogue()


@admin_route("/catalogue", methods=["POST"])
def admin_change_limit() -> Response:
    """Review the catalogue with another limit of a condition."""
    try:
        key = _type_key(given("type"))
        edit = edits.LimitEdit(
            scheme=key.scheme,
            kind=key.kind,
            code=key.code,
            condition=given("condition"),
            limit=" ".join(part for part in (given("amount"), given("unit")) if given("amount")),
        )
        held = sorted(
            _documents_in_force(DocumentKind.CATALOGUE),
            key=lambda one: (one[0].body.get("layer") == "overlay", one[0].name),
        )
        changed = edits.with_limit([document for document, _ in held], edit)
        return review(changed, next(base for document, base in held if document.name == changed.name))
    except GridcaseError as refusal:
        return _catalogue(refusal=refusal)


@admin_route("/rules")
def admin_rules() -> Response:
    """Say every rule set in words, and what checking it finds."""
    spoken = language()
    findings = _told(configuring.standing_findings(runtime(), calling().actor))
    sets = []
    for document, _ in _documents_in_force(DocumentKind.RULES):
        words = in_words(parse_rule_set(document), str(spoken), lambda word: label(word, spoken))
        found = [one for one in findings if one["document"] == document.label]
        sets.append({"document": document, "words": words, "findings": found})
    return admin_page("admin_rules.html", tab="console.admin_rules", title="admin.rules", sets=sets)


# --- pieces ---


def review(document: Document, base: int) -> Response:
    """Show a changed document before it is applied."""
    proposal = configuring.propose(runtime(), calling().actor, document, base)
    preview: CalendarPreview | None = None
    if proposal.is_good and proposal.changes_timing and proposal.changed:
        preview = preview_documents(runtime(), [document])
    return admin_page(
        "admin_review.html",
        tab="console.admin_documents",
        title="admin.review",
        heading=_heading(document.kind, document.name),
        status=200 if proposal.is_good else 422,
        proposal=proposal,
        document=document,
        text=write_document(document),
        findings=_told(proposal.findings),
        preview=preview,
        moves=preview.moves[:_MOST_MOVES] if preview else (),
        warned=sum(one.severity != "error" for one in proposal.findings),
    )


def _editor(kind: DocumentKind, name: str, text: str, base: int, *, refusal: GridcaseError | None = None) -> Response:
    return admin_page(
        "admin_edit.html",
        tab="console.admin_documents",
        title="admin.edit",
        heading=_heading(kind, name),
        status=status_of_refusal(refusal),
        kind=kind,
        name=name,
        text=text,
        base=base,
        problems=sentences_of(refusal, is_folded=False) if refusal else {},
        is_unreadable=isinstance(refusal, RuleFileError),
    )


def _year(*, refusal: GridcaseError | None = None) -> Response:
    reference = calling().reference
    names = sorted(reference.rules.calendars)
    chosen = request.values.get("calendar", "")
    calendar = reference.rules.calendars.get(chosen) or _calendar()
    asked = as_number(request.values.get("year"))
    year = asked if asked is not None and asked in _YEARS else today().year
    announced = next((one for one in calendar.years if one.year == year), None)
    return admin_page(
        "admin_calendar.html",
        tab="console.admin_calendar",
        title="admin.calendar",
        status=status_of_refusal(refusal),
        calendar=calendar,
        calendars=names,
        year=year,
        months=[(month, _weeks(year, month)) for month in _MONTHS],
        day_of=calendar.day,
        announced=announced,
        today=today(),
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _heading(kind: str, name: str) -> str:
    return f"{text(f'admin.kind_of_{kind}', language())} · {name}"


def _weeks(year: int, month: int) -> list[list[date | None]]:
    """Return the weeks of a month from Monday, None for days of other months."""
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    start = first - timedelta(days=first.weekday())
    weeks = ((last - start).days // 7) + 1
    days = [start + timedelta(days=number) for number in range(weeks * 7)]
    shown = [day if day.month == month else None for day in days]
    return [shown[at : at + 7] for at in range(0, len(shown), 7)]


def _holiday() -> edits.NewHoliday:
    first, last = _needed_day("first"), given_day("last") or _needed_day("first")
    make_up = []
    for written in given("make_up").replace("，", " ").replace(",", " ").split():
        day = as_day(written)
        if day is None:
            raise invalid("make_up", "date_expected", value=written)
        make_up.append(day)
    return edits.NewHoliday(
        year=as_number(given("year")) or last.year,
        name=_needed("name"),
        first=first,
        last=last,
        make_up=tuple(make_up),
        source=given("source"),
    )


def _calendar() -> Any:
    rules = calling().reference.rules
    return rules.calendars[rules.conduct.calendar]


def _calendar_document() -> tuple[Document, int]:
    name = given("calendar") or calling().reference.rules.conduct.calendar
    return configuring.document_in_force(runtime(), calling().actor, DocumentKind.CALENDAR, name)


def _units(*, refusal: GridcaseError | None = None) -> Response:
    code = request.values.get("code", "")
    units = calling().reference.rules.units
    return admin_page(
        "admin_units.html",
        tab="console.admin_units",
        title="admin.units",
        status=status_of_refusal(refusal),
        units=units,
        chosen=next((one for one in units.units if one.code == code), None),
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _routing(*, refusal: GridcaseError | None = None) -> Response:
    reference = calling().reference
    findings = [
        one
        for one in _told(configuring.standing_findings(runtime(), calling().actor))
        if one["document"].startswith("routing/")
    ]
    answer, wrong = _asked()
    return admin_page(
        "admin_routing.html",
        tab="console.admin_routing",
        title="admin.routing",
        status=status_of_refusal(refusal or wrong),
        rules=reference.rules.routing.rules,
        duties=duties(reference, today()),
        area_names={code: one.name for (layer, code), one in reference.features.items() if layer == COMMUNITY_LAYER},
        units=reference.rules.units,
        types=reference.rules.catalogue.types,
        sources=tuple(Source),
        cells=sorted({community_of(code) for layer, code in reference.features if layer == UNIT_LAYER}),
        findings=findings,
        answer=answer,
        asked=request.args,
        ask_errors=said(wrong),
        today=today(),
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _asked() -> tuple[dict[str, Any] | None, GridcaseError | None]:
    """Answer "who would get this?" as the page asks it: type, source, beginning of a cell code, day."""
    asked = request.args
    if not asked.get("type"):
        return None, None
    called = calling()
    try:
        key = _type_key(asked["type"])
        source = asked.get("source", "")
        question = WhoQuestion(type=key, source=Source(source) if source in set(Source) else Source.INSPECTOR)
        who_would_get_it(runtime(), called.actor, question, called.reference)
        cell = asked.get("cell", "").strip()
        if cell and not any(layer == "unit" and code.startswith(cell) for layer, code in called.reference.features):
            raise invalid("cell", "unknown_area", area=cell)
        on = as_day(asked.get("on", "")) or today()
        found = route(
            called.reference.rules.routing,
            RoutingQuestion(type=key, cell=cell or None, source=question.source, on=on),  # type: ignore[arg-type]
        )
    except GridcaseError as refusal:
        return None, refusal
    return {
        "unit": found.unit,
        "rule": found.rule,
        "sentence": route_sentence(found.explanation, viewing()),
        "on": on,
    }, None


def _catalogue(*, refusal: GridcaseError | None = None) -> Response:
    asked = request.args.get("q", "").strip()[:40]
    is_unconfirmed = request.args.get("unconfirmed") == "1"
    catalogue = calling().reference.rules.catalogue
    found = [one for one in catalogue.types if _fits(one, asked, is_unconfirmed=is_unconfirmed)]
    majors: dict[tuple[str, str, str], list[CaseType]] = {}
    for one in found[:_MOST_TYPES]:
        majors.setdefault((one.key.scheme, one.key.kind, one.major_name), []).append(one)
    return admin_page(
        "admin_catalogue.html",
        tab="console.admin_catalogue",
        title="admin.catalogue",
        status=status_of_refusal(refusal),
        majors=majors,
        found=len(found),
        all=len(catalogue.types),
        q=asked,
        is_unconfirmed=is_unconfirmed,
        limit_units=tuple(LimitUnit),
        errors=said(refusal),
        form=request.form if refusal else {},
    )


def _fits(one: CaseType, text: str, *, is_unconfirmed: bool) -> bool:
    if is_unconfirmed and all(condition.confirmed for condition in one.conditions):
        return False
    words = (one.key.code, one.name_zh, one.name_en.lower(), one.major_name)
    return not text or any(text.lower() in word for word in words)


def _documents_in_force(kind: DocumentKind) -> tuple[tuple[Document, int], ...]:
    return configuring.documents_of_kind(runtime(), calling().actor, kind)


def _type_key(text: str) -> TypeKey:
    try:
        return TypeKey.parse(text)
    except ValueError as error:
        raise invalid("type", "unknown_type", type=text[:40]) from error


def _told(findings: Any) -> list[dict[str, str]]:
    """Return findings as sentences, errors first."""
    order = {"error": 0, "warning": 1, "notice": 2}
    told = [_finding(one, language()) for one in findings]
    return sorted(told, key=lambda one: order[one["severity"]])


def _finding(one: Finding, spoken: Language) -> dict[str, str]:
    return {
        "severity": str(one.severity),
        "document": one.document,
        "place": one.place,
        "text": sentence(one.code, one.params, spoken),
    }


def _kind(text: str) -> DocumentKind:
    if text not in set(DocumentKind):
        raise NotFoundError("document_not_found", params={"document": text[:40]})
    return DocumentKind(text)


def _read(kind: DocumentKind, name: str, data: bytes) -> Document:
    configuring.document_in_force(runtime(), calling().actor, kind, name)
    return read_document(kind, name, data)


def _sent() -> bytes:
    """Return the text sent, or the file sent instead of it."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read()
    return request.form.get("text", "").replace("\r\n", "\n").encode()


def _base() -> int:
    return as_number(given("base")) or 0


def _needed(name: str) -> str:
    if not given(name):
        raise invalid(name, "field_required")
    return given(name)


def _needed_day(name: str) -> date:
    day = given_day(name)
    if day is None:
        raise invalid(name, "date_expected", value=given(name)) if given(name) else invalid(name, "field_required")
    return day
