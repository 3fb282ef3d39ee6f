"""What OpenAPI says of answers: the shapes other programs rely on."""

from typing import Any

from marshmallow import Schema, fields


class ProblemSchema(Schema):
    """A refusal (RFC 9457), in Chinese or English by ``Accept-Language``."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    codes = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class TokenSchema(Schema):
    """An opened session."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    role = fields.String(required=True)


class DeviceSchema(Schema):
    """A phone that is signed in."""

    id = fields.Integer(required=True)
    role = fields.String(required=True)
    name = fields.String(required=True)
    expires_at = fields.String(required=True)


class FieldSchema(Schema):
    """A field of an available action."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.String(required=True)
    required = fields.Boolean(required=True)
    max_length = fields.Integer()
    choices = fields.List(fields.Dict())
    choices_url = fields.String()


class AvailableActionSchema(Schema):
    """An action that will work for the caller now, if its fields are right."""

    action = fields.String(required=True)
    label = fields.String(required=True)
    method = fields.String(required=True)
    url = fields.String(required=True)
    fields_ = fields.List(fields.Nested(FieldSchema), data_key="fields", required=True)


class CaseSummarySchema(Schema):
    """A case as a list shows it."""

    number = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    state_label = fields.String(required=True)
    stage = fields.String(required=True)
    type = fields.Dict(required=True)
    condition = fields.String(allow_none=True)
    condition_text = fields.String(allow_none=True)
    source = fields.String(required=True)
    filed_at = fields.String(required=True)
    due_at = fields.String(allow_none=True)
    overdue = fields.Boolean(required=True)
    cell = fields.String(allow_none=True)
    location = fields.Dict(allow_none=True)
    unit = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    description = fields.String(allow_none=True)


class CaseSchema(CaseSummarySchema):
    """A case with everything the caller may see."""

    layers = fields.Dict(required=True)
    place = fields.String(allow_none=True)
    observed_at = fields.String(allow_none=True)
    registered_at = fields.String(allow_none=True)
    closed_at = fields.String(allow_none=True)
    limit = fields.Dict(allow_none=True)
    deadlines = fields.List(fields.Dict(), required=True)
    route = fields.Dict(allow_none=True)
    assignments = fields.List(fields.Dict(), required=True)
    tasks = fields.List(fields.Dict(), required=True)
    attachments = fields.List(fields.Dict(), required=True)
    available_actions = fields.List(fields.Nested(AvailableActionSchema), required=True)
    filed_by = fields.Integer(allow_none=True)
    found_by = fields.Integer(allow_none=True)
    returns = fields.Integer(required=True)
    self_handled = fields.Boolean(required=True)
    object_id = fields.String(allow_none=True)
    campaign = fields.String(allow_none=True)
    duplicate_of = fields.String(allow_none=True)
    verified = fields.String(allow_none=True)
    transferred_to = fields.String(allow_none=True)
    resumes_at = fields.String(allow_none=True)
    unrouted = fields.Boolean(required=True)
    requests = fields.List(fields.Dict(), required=True)
    subtasks = fields.List(fields.Dict(), required=True)
    supervisions = fields.List(fields.Dict(), required=True)
    recurrence = fields.Dict(
        allow_none=True, metadata={"description": "When one case is read: earlier, distance_m, state; null for none"}
    )


class CaseListSchema(Schema):
    """A page of cases."""

    items = fields.List(fields.Nested(CaseSummarySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class RecurrenceSchema(Schema):
    """A case that repeats one closed shortly before."""

    number = fields.String(required=True)
    earlier = fields.String(required=True)
    unit = fields.String(allow_none=True, required=True)
    distance_m = fields.Float(required=True)
    found_at = fields.String(required=True)
    state = fields.String(required=True)
    state_label = fields.String(required=True)
    reviewed_at = fields.String(allow_none=True, required=True)
    reason = fields.String(allow_none=True, required=True)
    reviewed_by = fields.Dict(allow_none=True)


class AnomalySchema(Schema):
    """Something in the evidence of phones to look at again."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    label = fields.String(required=True)
    text = fields.String(required=True)
    figures = fields.Dict(required=True)
    number = fields.String(
        allow_none=True, required=True, metadata={"description": "Of the case; null for a visit of a campaign place"}
    )
    person = fields.Dict(required=True)
    at = fields.String(required=True)
    found_at = fields.String(required=True)
    state = fields.String(required=True)
    state_label = fields.String(required=True)
    reviewed_at = fields.String(allow_none=True, required=True)
    reviewed_by = fields.Dict(allow_none=True, required=True)
    reason = fields.String(allow_none=True, required=True)


class AnomalyListSchema(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(AnomalySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class MissedSchema(Schema):
    """A case that a superior found and nobody of ours had told of."""

    number = fields.String(required=True)
    found_at = fields.String(required=True)
    state = fields.String(required=True)
    state_label = fields.String(required=True)
    reviewed_at = fields.String(allow_none=True, required=True)
    reviewed_by = fields.Dict(allow_none=True)


class MissedListSchema(Schema):
    """A page of missed cases."""

    items = fields.List(fields.Nested(MissedSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class RecurrenceListSchema(Schema):
    """A page of recurrences."""

    items = fields.List(fields.Nested(RecurrenceSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class NoticeSchema(Schema):
    """Something the caller is told, once; without a case where it is about a month or finished work."""

    id = fields.Integer(required=True)
    number = fields.String(allow_none=True, required=True)
    state = fields.String(allow_none=True, required=True)
    state_label = fields.String(allow_none=True, required=True)
    type_name = fields.String(allow_none=True, required=True)
    kind = fields.String(required=True)
    label = fields.String(required=True)
    stage = fields.String(allow_none=True, required=True)
    stage_label = fields.String(allow_none=True, required=True)
    unit = fields.String(allow_none=True, required=True)
    subject = fields.String(allow_none=True, required=True)
    why = fields.String(required=True)
    why_label = fields.String(required=True)
    at = fields.String(required=True)
    noted_at = fields.String(required=True)
    read_at = fields.String(allow_none=True, required=True)


class NoticeListSchema(Schema):
    """A page of notices, newest first."""

    items = fields.List(fields.Nested(NoticeSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class NoticeReadDoneSchema(Schema):
    """What came of reading."""

    read = fields.Integer(required=True)


class SyncSchema(Schema):
    """What a phone puts into its copies and takes out of them."""

    cursor = fields.String(required=True)
    now = fields.String(required=True)
    reset = fields.Boolean(required=True)
    more = fields.Boolean(required=True)
    within_m = fields.Integer(
        required=True,
        metadata={"description": "How near a verification, a check or a visit has to be answered, in metres"},
    )
    me = fields.Dict(required=True)
    tasks = fields.List(fields.Dict(), required=True)
    cases = fields.List(fields.Dict(), required=True)
    campaigns = fields.List(fields.Dict(), required=True)
    gone = fields.Dict(required=True)
    grid = fields.Dict()
    types = fields.Dict()
    usual = fields.Dict()
    clocks = fields.Dict()


class AttachmentSchema(Schema):
    """An upload."""

    id = fields.String(required=True)
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    content_type = fields.String(required=True)
    usage = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    url = fields.String(required=True)


class ItemsSchema(Schema):
    """A list of plain objects."""

    items = fields.List(fields.Dict(), required=True)
    next_cursor = fields.String(allow_none=True)


class RouteSchema(Schema):
    """Which unit the routing table names, and why."""

    unit = fields.String(allow_none=True, required=True)
    rule = fields.String(allow_none=True, required=True)
    cell = fields.String(allow_none=True, required=True)
    sentence = fields.String(required=True)
    explanation = fields.Dict(required=True)


class BenchSchema(Schema):
    """How a routing table did on the cases of a period."""

    period = fields.String(required=True)
    on = fields.String(allow_none=True, required=True)
    table = fields.String(required=True)
    cases = fields.Integer(required=True)
    by_rule = fields.Integer(required=True)
    by_catch_all = fields.Integer(required=True)
    unrouted = fields.Integer(required=True)
    by_hand = fields.Integer(required=True)
    dispatched = fields.Integer(required=True)
    accurate = fields.Integer(required=True)
    right = fields.Integer(required=True)
    fallback_share = fields.Float(allow_none=True, required=True)
    accuracy = fields.Float(allow_none=True, required=True)
    agreement = fields.Float(allow_none=True, required=True)
    gaps = fields.List(fields.Dict(), required=True)
    overlaps = fields.List(fields.Dict(), required=True)
    dead = fields.List(fields.Dict(), required=True)
    rules = fields.List(fields.Dict(), required=True)
    comparison = fields.Dict(allow_none=True, required=True)


class ShiftSchema(Schema):
    """A shift of the roster."""

    id = fields.Integer(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)
    area = fields.String(required=True)
    starts_at = fields.String(required=True)
    ends_at = fields.String(required=True)


class ShiftListSchema(Schema):
    """Shifts by their start."""

    items = fields.List(fields.Nested(ShiftSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class DelegationSchema(Schema):
    """A role handed to another person for a time."""

    id = fields.Integer(required=True)
    role = fields.String(required=True)
    holder = fields.String(required=True)
    to = fields.String(required=True)
    scope = fields.Dict(required=True)
    starts_at = fields.String(required=True)
    ends_at = fields.String(required=True)


class DelegationListSchema(Schema):
    """Delegations that have not ended, by their start."""

    items = fields.List(fields.Nested(DelegationSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class CampaignSummarySchema(Schema):
    """A campaign with how far it has come."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    first_day = fields.String(required=True)
    last_day = fields.String(required=True)
    running = fields.Boolean(required=True)
    progress = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class CampaignSchema(CampaignSummarySchema):
    """A campaign with its places."""

    places = fields.List(fields.Dict(), required=True)


class CampaignListSchema(Schema):
    """Campaigns, the newest first."""

    items = fields.List(fields.Nested(CampaignSummarySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class TypeListSchema(ItemsSchema):
    """The catalogue."""

    version = fields.String(required=True)


class CallerSchema(Schema):
    """The person signed in, with the one role and scope of this session."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    role_label = fields.String(required=True)
    scope = fields.Dict(required=True)
    unit = fields.String(allow_none=True, required=True)


class LocatedSchema(Schema):
    """Where a point is."""

    cell = fields.String(allow_none=True, required=True)
    how = fields.String(required=True)
    distance_m = fields.Float(allow_none=True, required=True)
    candidates = fields.List(fields.String(), required=True)
    layers = fields.Dict(required=True)
    lon = fields.Float(required=True)
    lat = fields.Float(required=True)
    datum = fields.String(required=True)


class CellSchema(Schema):
    """A unit cell as a GeoJSON Feature (RFC 7946)."""

    type = fields.String(required=True)
    geometry = fields.Dict(required=True)
    properties = fields.Dict(required=True)


class CellPageSchema(Schema):
    """Unit cells as a GeoJSON FeatureCollection."""

    type = fields.String(required=True)
    features = fields.List(fields.Nested(CellSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String(required=True)
    version = fields.String(required=True)


class ReadySchema(Schema):
    """The system can do its work."""

    status = fields.String(required=True)
    schema = fields.Boolean(required=True)
    configured = fields.Boolean(required=True)


def body(schema: type[Schema], *, required: bool = True) -> dict[str, Any]:
    """Describe a JSON request body."""
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def answers(*documented: tuple[int, str, type[Schema] | None], refusals: tuple[int, ...] = ()) -> dict[str, Any]:
    """Describe the answers of an operation: what succeeds, and which refusals come as problem documents."""
    described: dict[str, Any] = {}
    for status, text, schema in documented:
        described[str(status)] = {"description": text}
        if schema is not None:
            described[str(status)]["content"] = {"application/json": {"schema": schema}}
        if schema is CaseSchema:
            described[str(status)]["headers"] = _CASE_HEADERS
    for status in sorted({401, *refusals}):
        described[str(status)] = problem(status)
    return described


def problem(status: int) -> dict[str, Any]:
    """Describe a refusal."""
    return {
        "description": _REFUSALS[status],
        "content": {"application/problem+json": {"schema": ProblemSchema}},
    }


_CASE_HEADERS = {
    "ETag": {
        "description": "The case's version, to be sent back in If-Match",
        "schema": {"type": "string", "pattern": '^"v[0-9]+"$'},
    }
}

_REFUSALS = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not permitted",
    404: "Not found, or not visible to the caller",
    409: "Wrong state, or the idempotency key was used for another request",
    412: "Somebody changed the case",
    413: "The file is too large",
    415: "The body is not of a type this takes",
    422: "Fields are wrong; errors names them",
    428: "If-Match or Idempotency-Key is missing",
    429: "Too many failed sign-ins",
    503: "Not ready",
}

#: Headers of writing calls.
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "A UUID made by the caller; the same one when the request is sent again",
    "schema": {"type": "string", "format": "uuid"},
}
#: Of calls that make what is unique by nature: sent again they change nothing, with and without it.
OPTIONAL_KEY = IDEMPOTENCY_KEY | {"required": False}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": 'ETag of the case as last read, such as "v7"',
    "schema": {"type": "string"},
}
