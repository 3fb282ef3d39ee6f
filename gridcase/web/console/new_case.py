"""Filing a case at a desk: what a caller, a paper or a visitor says, put where it belongs while they still speak.

The form posts what the API's schema loads and runs the same use case; its key is made when it is drawn, so that sent
twice it files once. Beside it stands what the place is, who would get the case, and what may be the same thing.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from gridcase.domain.actor import Actor
from gridcase.domain.case import Action, AttachmentId, AttachmentUsage, CaseNumber, Source
from gridcase.domain.errors import (
    GridcaseError,
    InvalidInputError,
    KeyReusedError,
    NotFoundError,
    NotPermittedError,
    Problem,
    invalid,
)
from gridcase.edge.metrics import count_filed
from gridcase.edge.problems import status_of
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.schemas import CaseFilingSchema, PlaceSchema
from gridcase.edge.texts import Language, label
from gridcase.edge.view import Viewing, near_view, route_sentence
from gridcase.grid.features import UNIT_LAYER, to_shape
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.bulk import key_of
from gridcase.services.dossier import SIMILAR_WITHIN_M, similar
from gridcase.services.filing import FilingRequest, file_case
from gridcase.services.filing_desk import usual_types
from gridcase.services.reading import one_case
from gridcase.services.routing_cases import WhoQuestion, who_would_get_it
from gridcase.services.steps.permitting import OFFICE, only_for
from gridcase.services.steps.placing import ReceivedPlace, place
from gridcase.web.console.action_forms import (
    DATUMS,
    MOST_PHOTOS,
    Control,
    FormReader,
    Json,
    Photos,
    Typed,
    beside,
    chosen_type,
    load,
    sentences_of,
    take_photos,
    type_choices,
    typed,
    word_choices,
)
from gridcase.web.console.blueprint import console, go_to
from gridcase.web.console.case_words import Words
from gridcase.web.console.map_page import layer_addresses
from gridcase.web.console.rendering import console_page, fragment, viewing
from gridcase.workflow.catalogue import CaseType
from gridcase.workflow.requests import Attach, Comment
from gridcase.workflow.transitions import SOURCES_OF_ROLE

_E7 = 10_000_000
_TEXTS = ("source", "source_number", "condition", "address", "place", "description", "object_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is told of a case that is being written.

    Parameters
    ----------
    spot
        Longitude and latitude, WGS 84 degrees; None without a position.
    cell, how, layers
        What the grid answers.
    errors
        Sentences on the position or the type.
    unit
        Name of the unit that would get it; empty when no rule matches, None when that was not asked.
    why
        The routing table's own sentence.
    near
        Similar open cases, nearest first.
    """

    spot: tuple[float, float] | None = None
    cell: str | None = None
    how: str = ""
    layers: Sequence[tuple[str, str]] = ()
    errors: Sequence[str] = ()
    unit: str | None = None
    why: str = ""
    near: Sequence[Json] = ()


@console.route("/cases/new", methods=["GET"])
def new_case() -> Response:
    """Show the empty form; fields named in the address are filled in."""
    _check_may_file(calling().actor)
    return _page(Typed(values=MultiDict(request.args)))


@console.route("/cases/new", methods=["POST"])
def file_new_case() -> BaseResponse:
    """File the case, once, and show it; a refusal brings the form back with everything that was typed."""
    rt, seen = runtime(), viewing()
    _check_may_file(seen.actor)
    photos = _photos(seen)
    try:
        photos.check()
        done = file_case(
            rt,
            seen.actor,
            lambda: _read_filing(request.form, photos.kept, seen),
            client_ref=typed(request.form, photos.kept).key,
            reference=seen.reference,
        )
    except GridcaseError as refusal:
        return _refused(refusal, photos)
    if not done.is_replay:
        count_filed(done.case.case.source)
    return go_to(url_for("console.case_page", number=done.case.case.number, done=Action.FILE))


@console.route("/cases/new/into/<string:number>", methods=["POST"])
def add_to_case(number: str) -> BaseResponse:
    """Add what was typed and photographed to a case that is the same thing, instead of filing it again."""
    rt, seen = runtime(), viewing()
    _check_may_file(seen.actor)
    # Before anything is kept: what may not be seen does not exist.
    one_case(rt, seen.actor, number)
    photos = _photos(seen)
    action = Action.ATTACH if photos.kept else Action.COMMENT
    asked = ActionRequest(
        number=number,
        action=action,
        read=lambda: _read_addition(request.form, photos.kept, seen),
        expected=frozenset(),
        client_ref=key_of(uuid.UUID(typed(request.form, ()).key), CaseNumber(number)),
    )
    try:
        photos.check()
        perform(rt, seen.actor, asked, reference=seen.reference)
    except NotFoundError:
        raise
    except GridcaseError as refusal:
        return _refused(refusal, photos)
    return go_to(url_for("console.case_page", number=number, done=action))


@console.route("/cases/new/conditions", methods=["GET"])
def filing_conditions() -> Response:
    """Return the filing conditions of a type, to be chosen from."""
    known = _asked_type(request.args, viewing())
    return fragment("console/_new_case_conditions.html", typed=Typed(values=request.args), errors={}, **_type(known))


@console.route("/place", methods=["GET"])
def place_said() -> Response:
    """Say what lies at a position; with a type also who would get the case, and what may be the same thing."""
    seen = viewing()
    only_for(seen.actor, OFFICE)
    return fragment("console/_place.html", said=_surroundings(request.args, seen), within_m=round(SIMILAR_WITHIN_M))


def _check_may_file(actor: Actor) -> None:
    if actor.role not in SOURCES_OF_ROLE:
        raise NotPermittedError("role_may_not", params={"action": Action.FILE, "role": actor.role})


def _photos(seen: Viewing) -> Photos:
    request.max_content_length = MOST_PHOTOS * runtime().settings.max_upload_bytes
    files = request.files.getlist("photos")
    return take_photos((runtime(), seen), request.form, files, AttachmentUsage.FILE)


def _refused(refusal: GridcaseError, photos: Photos) -> Response:
    kept = typed(request.form, photos.kept)
    errors = sentences_of(refusal)
    if isinstance(refusal, KeyReusedError):
        # What was filed stays filed; a new key lets the same form file something else.
        kept = Typed(values=request.form, photos=photos.kept)
        errors = {"": [Words(viewing(), {}).word("case.sent_before")]}
    return _page(kept, errors=errors, status=status_of(refusal))


def _page(kept: Typed, *, errors: Mapping[str, Sequence[str]] | None = None, status: int = 200) -> Response:
    rt, seen = runtime(), viewing()
    catalogue = seen.reference.rules.catalogue
    usual = [known for key in usual_types(rt, seen.actor) if (known := catalogue.find(key))]
    chosen = kept.get("usual")
    said = _surroundings(kept.values, seen)
    return console_page(
        "console/new_case.html",
        title="console.new_case",
        status=status,
        typed=kept,
        errors=beside(errors or {}, _FIELDS),
        sources=word_choices((one for one in Source if one in SOURCES_OF_ROLE[seen.actor.role]), seen.language),
        usual=[(str(one.key), _name(one, seen.language)) for one in usual],
        # A type chosen that is no longer among the usual ones moves to the field.
        type_text=kept.get("type") or (chosen if chosen not in {str(one.key) for one in usual} else ""),
        types=type_choices(catalogue, seen.language),
        photos=Control(
            name="attachments", label=label("attachments", seen.language), kind="attachments", required=False
        ),
        location=Control(name="location", label=label("location", seen.language), kind="location", required=False),
        datums=DATUMS,
        layer_urls=layer_addresses(),
        # What is wrong with the place is said once, beside its fields.
        said=replace(said, errors=()) if errors and "location" in errors else said,
        within_m=round(SIMILAR_WITHIN_M),
        **_type(_asked_type(kept.values, seen)),
    )


_FIELDS = {*_TEXTS, "type", "attachments", "location", "observed_at"}


def _type(known: CaseType | None) -> dict[str, Any]:
    zh = language() is Language.ZH
    return {
        "is_component": known is not None and known.key.kind == "component",
        "conditions": [(one.code, one.text_zh if zh else one.text_en) for one in known.conditions] if known else [],
    }


def _name(one: CaseType, spoken: Language) -> str:
    return one.name_zh if spoken is Language.ZH else one.name_en


def _asked_type(form: Mapping[str, str], seen: Viewing) -> CaseType | None:
    text = form.get("type", "").strip() or form.get("usual", "")
    return chosen_type(text, seen.reference.rules.catalogue) if text else None


def _read_filing(form: MultiDict[str, str], photos: Sequence[str], seen: Viewing) -> FilingRequest:
    """Read the form by the schema of the API; every field that is wrong is named at once.

    Raises
    ------
    InvalidInputError
        Fields are wrong.
    """
    reader = FormReader(form, photos, seen)
    problems: dict[str, tuple[Problem, ...]] = {}
    read: dict[str, Callable[[], Any]] = {name: partial(reader.text, name) for name in _TEXTS} | {
        "type": partial(reader.type, "type" if reader.text("type") else "usual"),
        "location": partial(_location, reader),
        "observed_at": partial(reader.instant, "observed_at"),
    }
    body: Json = {"attachments": list(photos)}
    for name, value_of in read.items():
        try:
            value = value_of()
        except InvalidInputError as refusal:
            problems[name] = tuple(one for found in refusal.fields.values() for one in found)
            continue
        body |= {} if value is None else {name: value}
    try:
        filing: FilingRequest = load(CaseFilingSchema, body)
    except InvalidInputError as refusal:
        raise InvalidInputError("invalid_input", fields=dict(refusal.fields) | problems) from refusal
    if problems:
        raise InvalidInputError("invalid_input", fields=problems)
    return filing


def _location(reader: FormReader) -> Json | None:
    """Read the position: as coordinates, else as the middle of a cell that was named."""
    given = reader.location("location")
    code = reader.text("cell")
    if given is not None or code is None:
        return given
    cell = reader.seen.reference.features.get((UNIT_LAYER, code))
    if cell is None:
        raise invalid("location", "cell_not_found", code=code)
    inside = to_shape(cell.geometry).representative_point()
    return {"lon": inside.x / _E7, "lat": inside.y / _E7}


def _read_addition(form: MultiDict[str, str], photos: Sequence[str], seen: Viewing) -> Attach | Comment:
    text = FormReader(form, photos, seen).text("description")
    if photos:
        return Attach(attachments=tuple(AttachmentId(one) for one in photos), note=text)
    if text is None:
        raise invalid("description", "text_empty")
    return Comment(text=text)


def _surroundings(form: MultiDict[str, str], seen: Viewing) -> Surroundings:
    known = _asked_type(form, seen)
    try:
        body = _location(FormReader(form, (), seen))
        received: ReceivedPlace | None = load(PlaceSchema, body) if body else None
        placed = place(received, seen.reference, runtime().settings) if received else None
    except InvalidInputError as refusal:
        return Surroundings(errors=[said for some in sentences_of(refusal).values() for said in some])
    unit, why = _who(known, form, received, seen) if known else (None, "")
    words = Words(seen, {})
    where = placed.location if placed else None
    point = placed.position.point if placed else None
    near = similar(runtime(), seen.actor, [known.key], point) if known and point else ()
    return Surroundings(
        spot=(point.lon, point.lat) if point else None,
        cell=where.cell if where else None,
        how=words.word(f"case.how_{where.how}", m=round(where.distance_m)) if where and where.cell else "",
        layers=words.layers(_named(placed.layers, seen)) if placed else (),
        unit=unit,
        why=why,
        near=[near_view(one, seen) for one in near],
    )


def _named(layers: Mapping[str, tuple[str, ...]], seen: Viewing) -> dict[str, tuple[str, ...]]:
    """Return the layers whose features have names of their own: codes alone tell a caller's listener nothing."""
    known = seen.reference.features
    return {
        layer: codes
        for layer, codes in layers.items()
        if layer != UNIT_LAYER and any((layer, code) in known for code in codes)
    }


def _who(known: CaseType, form: Mapping[str, str], received: ReceivedPlace | None, seen: Viewing) -> tuple[str, str]:
    """Return the name of the unit that would get it, empty when nobody, and why."""
    source = form.get("source", "")
    asked = WhoQuestion(
        type=known.key, source=Source(source) if source in set(Source) else Source.HOTLINE, location=received
    )
    found = who_would_get_it(runtime(), seen.actor, asked, seen.reference)
    return Words(seen, {}).unit(found.unit) if found.unit else "", route_sentence(found.explanation, seen)
