"""Shapes of request bodies; each loads to one frozen value of the floor below."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from gridcase.domain.actor import Role
from gridcase.domain.case import (
    Action,
    AttachmentId,
    AttachmentUsage,
    CaseKind,
    CheckMode,
    CheckResult,
    PersonId,
    Ruling,
    Scheme,
    Source,
    TypeKey,
    UnitCode,
    VerifyResult,
)
from gridcase.domain.place import Datum
from gridcase.domain.time import LimitUnit, TimeLimit
from gridcase.edge.fields import Amount, Choice, ClockOffset, Day, Identities, Instant, Number, NumberText, Secret, Text
from gridcase.services.attaching import Evidence
from gridcase.services.campaigning import MOST_PLACES, Finding, NewCampaign, NewPlace, VisitResult
from gridcase.services.delegating import NewDelegation
from gridcase.services.filing import FilingRequest
from gridcase.services.rostering import NewShift
from gridcase.services.steps.placing import ReceivedPlace, position_of
from gridcase.workflow.requests import (
    NOTE_LENGTH,
    PAYLOADS,
    AssistingUnit,
    Choices,
    FieldKind,
    FieldSpec,
    Payload,
    Verify,
    specs,
)
from gridcase.workflow.transitions import BY_PEOPLE


class SignInSchema(Schema):
    """User name and password, and the role to take when several were granted."""

    username = Text(most=80, required=True)
    password = Secret(required=True, load_only=True)
    role = Choice(Role)


class DeviceSignInSchema(SignInSchema):
    """The same with the name of the phone, which stays signed in."""

    device = Text(most=80, required=True)


class TypeSchema(Schema):
    """Key of a case type."""

    scheme = Choice(Scheme, required=True)
    kind = Choice(CaseKind, required=True)
    code = Text(most=10, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> TypeKey:
        """Build the key."""
        return TypeKey(scheme=Scheme(data["scheme"]), kind=CaseKind(data["kind"]), code=data["code"])


#: Devices that know nothing say hundreds of kilometres; so wide a circle would name every cell a candidate.
_LEAST_USEFUL_M = 5_000


class PlaceSchema(Schema):
    """Coordinates as received, longitude first."""

    lon = Number(required=True)
    lat = Number(required=True)
    datum = Choice(Datum, load_default=Datum.WGS84)
    accuracy_m = Number(allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ReceivedPlace:
        """Build the place; an accuracy below zero or beyond all use means that the device did not know it."""
        accuracy = data["accuracy_m"]
        known = accuracy is not None and 0 <= accuracy <= _LEAST_USEFUL_M
        return ReceivedPlace(
            lon=data["lon"], lat=data["lat"], datum=Datum(data["datum"]), accuracy_m=accuracy if known else None
        )


class CaseFilingSchema(Schema):
    """A filing."""

    type = fields.Nested(TypeSchema, required=True)
    source = Choice(Source, required=True)
    condition = Text(most=10, allow_none=True)
    location = fields.Nested(PlaceSchema, allow_none=True)
    address = Text(most=500, allow_none=True)
    place = Text(most=200, allow_none=True)
    description = Text(most=NOTE_LENGTH, allow_none=True)
    observed_at = Instant(allow_none=True)
    attachments = Identities(load_default=list)
    self_handled = fields.Boolean(load_default=False)
    object_id = Text(most=20, allow_none=True)
    campaign = Text(most=40, allow_none=True)
    measured_location = fields.Nested(PlaceSchema, allow_none=True)
    location_moved = fields.Boolean(allow_none=True)
    clock_offset_ms = ClockOffset(allow_none=True)
    device = Text(most=80, allow_none=True)
    source_number = Text(most=80, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> FilingRequest:
        """Build the filing."""
        photos = tuple(AttachmentId(one) for one in data.pop("attachments"))
        return FilingRequest(**data | {"source": Source(data["source"]), "attachments": photos})


class LimitSchema(Schema):
    """A time limit."""

    amount = Amount(required=True)
    unit = Choice(LimitUnit, required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> TimeLimit:
        """Build the limit."""
        return TimeLimit(amount=data["amount"], unit=LimitUnit(data["unit"]))


class AssistingSchema(Schema):
    """An assisting unit; without a limit it has that of the case."""

    unit = Text(most=40, required=True)
    limit = fields.Nested(LimitSchema, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> AssistingUnit:
        """Build the ask."""
        return AssistingUnit(unit=UnitCode(data["unit"]), limit=data.get("limit"))


class NewShiftSchema(Schema):
    """An inspector on duty in an area, from an instant to an instant."""

    username = Text(most=80, required=True)
    area = Text(most=15, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NewShift:
        """Build the shift."""
        return NewShift(**data)


class NewDelegationSchema(Schema):
    """A role handed to another person from an instant to an instant; an administrator may name whose role it is."""

    role = Choice(Role, required=True)
    to = Text(most=80, required=True)
    holder = Text(most=80, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NewDelegation:
        """Build the delegation."""
        return NewDelegation(**data | {"role": Role(data["role"])})


class CampaignPlaceSchema(Schema):
    """A place to be visited; without an inspector anybody may."""

    name = Text(most=200, required=True)
    location = fields.Nested(PlaceSchema, allow_none=True)
    inspector = Text(most=80, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NewPlace:
        """Build the place."""
        return NewPlace(**data)


class NewCampaignSchema(Schema):
    """A campaign from a first to a last day, both included."""

    code = Text(most=40, required=True)
    name = Text(most=120, required=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    places = fields.List(fields.Nested(CampaignPlaceSchema), required=True, metadata={"maxItems": MOST_PLACES})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NewCampaign:
        """Build the campaign."""
        return NewCampaign(**data | {"places": tuple(data["places"])})


class VisitSchema(Schema):
    """What was found at a place."""

    result = Choice(VisitResult, required=True)
    case = Text(most=40, allow_none=True)
    note = Text(most=NOTE_LENGTH, allow_none=True)
    location = fields.Nested(PlaceSchema, allow_none=True)
    observed_at = Instant(allow_none=True)
    clock_offset_ms = ClockOffset(allow_none=True)
    device = Text(most=80, allow_none=True)
    attachments = Identities(load_default=list)
    override_reason = Text(most=500, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Finding:
        """Build the finding."""
        photos = tuple(AttachmentId(one) for one in data.pop("attachments"))
        return Finding(**data | {"result": VisitResult(data["result"]), "attachments": photos})


_SHA256 = r"[0-9a-f]{64}"


class UploadSchema(Schema):
    """The form beside an uploaded file: what it shows, and what a phone says of when and where it was taken."""

    usage = Choice(AttachmentUsage, load_default=AttachmentUsage.FILE)
    captured_at = Instant()
    clock_offset_ms = ClockOffset()
    original_sha256 = fields.String(validate=validate.Regexp(f"^{_SHA256}$"))
    lon = NumberText()
    lat = NumberText()
    accuracy_m = NumberText(signed=False)
    device = Text(most=80)
    from_gallery = fields.Boolean(load_default=False)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[AttachmentUsage, Evidence | None]:
        """Build the usage and the evidence; None when nothing is said beside the file."""
        usage = AttachmentUsage(data.pop("usage"))
        told = {name: value for name, value in data.items() if value not in (None, False)}
        if not told:
            return usage, None
        lon, lat, accuracy = data.pop("lon", None), data.pop("lat", None), data.pop("accuracy_m", None)
        where = None
        if lon is not None and lat is not None:
            known = accuracy is not None and accuracy <= _LEAST_USEFUL_M
            where = ReceivedPlace(lon=lon, lat=lat, accuracy_m=accuracy if known else None)
        return usage, Evidence(**data, location=where)


def _field(spec: FieldSpec) -> fields.Field[Any]:
    more: dict[str, Any] = {"required": True} if spec.required else {"allow_none": True}
    if spec.kind is FieldKind.TEXT:
        return Text(most=spec.max_length or NOTE_LENGTH, **more)
    if spec.kind is FieldKind.CHOICE:
        return _choice(spec.choices, more)
    plain: dict[FieldKind, fields.Field[Any]] = {
        FieldKind.LIMIT: fields.Nested(LimitSchema, **more),
        FieldKind.LOCATION: fields.Nested(PlaceSchema, **more),
        FieldKind.INSTANT: Instant(**more),
        FieldKind.BOOLEAN: fields.Boolean(**more),
        FieldKind.ATTACHMENTS: Identities(**more),
        FieldKind.TYPE: fields.Nested(TypeSchema, **more),
        FieldKind.ASSISTING: fields.List(fields.Nested(AssistingSchema), **more),
    }
    return plain[spec.kind]


def _choice(choices: Choices | None, more: dict[str, Any]) -> fields.Field[Any]:
    if choices is Choices.CHECK_MODES:
        return Choice(CheckMode, **more)
    if choices is Choices.CHECK_RESULTS:
        return Choice(CheckResult, **more)
    if choices is Choices.VERIFY_RESULTS:
        return Choice(VerifyResult, **more)
    if choices is Choices.RULINGS:
        return Choice(Ruling, **more)
    if choices is Choices.INSPECTORS:
        return fields.Integer(strict=True, **more)
    return Text(most=40, **more)


_READERS: dict[str, Callable[[Any], Any]] = {
    "mode": CheckMode,
    "ruling": Ruling,
    "assisting": tuple,
    "inspector": PersonId,
    "unit": UnitCode,
    "attachments": tuple,
    "location": position_of,
}


class PayloadSchema(Schema):
    """Base of the bodies of actions; each child is made from its payload's own description."""

    payload: type[Payload]

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Payload:
        """Build the payload."""
        given = {name: value for name, value in data.items() if value is not None}
        if "result" in given:
            given["result"] = (VerifyResult if self.payload is Verify else CheckResult)(given["result"])
        return self.payload(**{name: _READERS.get(name, _same)(value) for name, value in given.items()})


def _same(value: Any) -> Any:
    return value


def _payload_schema(action: Action, payload: type[Payload]) -> type[PayloadSchema]:
    name = "".join(part.capitalize() for part in action.split("_")) + "Schema"
    members: dict[str, Any] = {field: _field(spec) for field, spec in specs(payload).items()}
    return type(name, (PayloadSchema,), members | {"payload": payload, "__doc__": payload.__doc__})


PAYLOAD_SCHEMAS: dict[Action, type[PayloadSchema]] = {
    action: _payload_schema(action, payload) for action, payload in PAYLOADS.items() if action in BY_PEOPLE
}
