"""Cases over HTTP: file, list, show, history, and one call per action."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, ValidationError, fields

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    CaseListSchema,
    CaseSchema,
    ItemsSchema,
    answers,
    body,
)
from gridcase.domain.case import Action, CaseState, Source, Stage, TypeKey, UnitCode
from gridcase.domain.errors import invalid
from gridcase.domain.place import E7
from gridcase.edge.bodies import etag, expected_versions, read_cursor, read_keyed, sent_key, write_cursor
from gridcase.edge.fields import Choice, Instant, PageSize, Text, as_input_error
from gridcase.edge.metrics import count_filed
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.schemas import PAYLOAD_SCHEMAS, CaseFilingSchema
from gridcase.edge.texts import Language, label
from gridcase.edge.view import Viewing, history_view, listed_view, seen_view, view_of
from gridcase.services.acting import ActionRequest, perform
from gridcase.services.filing import file_case
from gridcase.services.reading import (
    CaseFilter,
    PageAsk,
    StoredCase,
    case_history,
    case_list,
    case_recurrence,
    inspectors_for,
    one_case,
    sealed_month,
)
from gridcase.services.steps.writing import Answer

cases = ApiBlueprint("cases", description="Cases")


class CaseQuerySchema(Schema):
    """Filters, order and page of a list; repeat ``state`` for several."""

    state = fields.List(Choice(CaseState))
    stage = Choice(Stage)
    unit = Text(most=40)
    cell = Text(most=15)
    area = Text(most=15)
    type = Text(most=60)
    source = Choice(Source)
    overdue = Choice(("true", "false"))
    unrouted = Choice(("true", "false"))
    pending = Choice(("true", "false"))
    campaign = Text(most=40)
    lead = Text(most=40)
    q = Text(most=100)
    bbox = Text(most=80)
    filed_from = Instant()
    filed_to = Instant()
    order = Choice(("filed", "due"), load_default="filed")
    cursor = Text(most=200)
    limit = PageSize(default=50, most=200)


@cases.route("/cases", methods=["POST"])
@cases.doc(
    summary="File a case",
    parameters=[IDEMPOTENCY_KEY],
    requestBody=body(CaseFilingSchema),
    responses=answers((201, "Filed", CaseSchema), refusals=(400, 403, 409, 413, 415, 422, 428)),
)
def file() -> Response:
    """File a case; the rules may register and dispatch it at once.

    Sent again with the same key, it is not filed again.
    """
    called = calling()
    done = file_case(
        runtime(),
        called.actor,
        lambda: read_keyed(CaseFilingSchema),
        client_ref=sent_key(),
        reference=called.reference,
    )
    if not done.is_replay:
        count_filed(done.case.case.source)
    answer = _answer(done, 201)
    answer.headers["Location"] = f"/api/v1/cases/{done.case.case.number}"
    return answer


@cases.route("/cases", methods=["GET"])
@cases.doc(
    summary="List cases",
    parameters=[{"in": "query", "schema": CaseQuerySchema, "name": "query"}],
    responses=answers((200, "A page", CaseListSchema), refusals=(422,)),
)
def index() -> dict[str, Any]:
    """List the cases the caller may see, newest first or by deadline."""
    asked = _query()
    page = PageAsk(
        order=asked["order"],
        limit=asked["limit"],
        after=read_cursor(asked["cursor"]) if "cursor" in asked else None,
    )
    found = case_list(runtime(), calling().actor, _filter(asked), page)
    shown, viewing = found[: page.limit], _viewing()
    last = shown[-1].case if shown and len(found) > page.limit else None
    key = (last.due_at if page.order == "due" else last.filed_at) if last else None
    return {
        "items": [listed_view(one, viewing) for one in shown],
        "next_cursor": write_cursor(key, shown[-1].id) if last else None,
    }


@cases.route("/cases/<string:number>", methods=["GET"])
@cases.doc(summary="Show a case", responses=answers((200, "The case", CaseSchema), refusals=(404,)))
def show(number: str) -> Response:
    """Return a case with everything the caller may see and do."""
    rt, actor = runtime(), calling().actor
    stored = one_case(rt, actor, number)
    seen = seen_view(case_recurrence(rt, actor, stored))
    # Only here: what has just ended lies after every cut-off.
    return _case_response(stored, 200, sealed=sealed_month(rt, stored), recurrence=seen)


@cases.route("/cases/<string:number>/history", methods=["GET"])
@cases.doc(summary="A case's history", responses=answers((200, "All lines", ItemsSchema), refusals=(404,)))
def history(number: str) -> dict[str, Any]:
    """Return every line of a case's history, oldest first."""
    viewing = _viewing()
    lines = case_history(runtime(), calling().actor, number)
    return {"items": [history_view(line, viewing) for line in lines], "next_cursor": None}


@cases.route("/cases/<string:number>/inspectors", methods=["GET"])
@cases.doc(summary="Who may check a case", responses=answers((200, "Inspectors", ItemsSchema), refusals=(403, 404)))
def inspectors(number: str) -> dict[str, Any]:
    """Return who may be asked to check a case, the duty inspector first."""
    called = calling()
    found = inspectors_for(runtime(), called.actor, number, called.reference)
    return {
        "items": [{"value": one.person, "label": one.name, "area": one.area} for one in found],
        "next_cursor": None,
    }


def _act(action: Action) -> Callable[[str], Response]:
    """Make the view of one action."""

    def act(number: str) -> Response:
        called = calling()
        asked = ActionRequest(
            number=number,
            action=action,
            read=lambda: read_keyed(PAYLOAD_SCHEMAS[action]),
            expected=expected_versions(),
            client_ref=sent_key(),
        )
        return _answer(perform(runtime(), called.actor, asked, reference=called.reference), 200)

    act.__name__ = f"act_{action}"
    act.__doc__ = PAYLOAD_SCHEMAS[action].__doc__
    return act


for _action, _schema in PAYLOAD_SCHEMAS.items():
    _required = any(field.required for field in _schema().fields.values())
    _view = cases.doc(
        summary=label(_action, Language.EN),
        parameters=[IF_MATCH, IDEMPOTENCY_KEY],
        requestBody=body(_schema, required=_required),
        responses=answers(
            (200, "The case afterwards", CaseSchema), refusals=(400, 403, 404, 409, 412, 413, 415, 422, 428)
        ),
    )(_act(_action))
    cases.route(f"/cases/<string:number>/actions/{_action}", methods=["POST"])(_view)


def _answer(done: Answer, status: int) -> Response:
    answer = _case_response(done.case, status)
    if done.is_replay:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _case_response(stored: StoredCase, status: int, *, sealed: str | None = None, **more: Any) -> Response:
    answer = jsonify(view_of(stored, replace(_viewing(), sealed=sealed)) | more)
    answer.status_code = status
    answer.headers["ETag"] = etag(stored.case.version)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Accept-Language, Authorization"
    return answer


def _viewing() -> Viewing:
    called = calling()
    return Viewing(called.actor, called.reference, runtime().clock.now(), language())


def _query() -> dict[str, Any]:
    raw: dict[str, Any] = request.args.to_dict()
    if "state" in raw:
        raw["state"] = request.args.getlist("state")
    try:
        loaded: dict[str, Any] = CaseQuerySchema().load(raw)
    except ValidationError as err:
        raise as_input_error(err) from err
    return loaded


def _filter(asked: dict[str, Any]) -> CaseFilter:
    states = [CaseState(state) for state in asked.get("state", [])]
    if "stage" in asked:
        states += [state for state in CaseState if state.stage == asked["stage"]]
    return CaseFilter(
        states=tuple(states),
        unit=UnitCode(asked["unit"]) if "unit" in asked else None,
        area=asked.get("cell") or asked.get("area"),
        type=_type(asked["type"]) if "type" in asked else None,
        source=Source(asked["source"]) if "source" in asked else None,
        overdue=asked["overdue"] == "true" if "overdue" in asked else None,
        unrouted=asked.get("unrouted") == "true",
        pending=asked.get("pending") == "true",
        campaign=asked.get("campaign"),
        lead=asked.get("lead"),
        words=asked.get("q"),
        box=read_box(asked["bbox"]) if "bbox" in asked else None,
        filed_from=asked.get("filed_from"),
        filed_to=asked.get("filed_to"),
    )


def _type(text: str) -> str:
    if "/" in text:
        try:
            TypeKey.parse(text)
        except ValueError as err:
            raise invalid("type", "unknown_type", type=text) from err
    return text


def read_box(text: str) -> tuple[int, int, int, int]:
    """Read ``west,south,east,north`` in degrees to integers of 1e-7 degree.

    Raises
    ------
    InvalidInputError
        On ``bbox``.
    """
    try:
        west, south, east, north = (round(float(part) * E7) for part in text.split(","))
    except (ValueError, OverflowError) as err:
        raise invalid("bbox", "box_malformed") from err
    if not (-180 * E7 <= west <= east <= 180 * E7 and -90 * E7 <= south <= north <= 90 * E7):
        raise invalid("bbox", "box_malformed")
    return west, south, east, north
