"""Photos over HTTP: upload one, get one."""

from flask import Response, jsonify, request
from marshmallow import ValidationError

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import AttachmentSchema, answers
from gridcase.domain.case import AttachmentUsage
from gridcase.domain.errors import invalid
from gridcase.edge.bodies import client_ref
from gridcase.edge.fields import as_input_error
from gridcase.edge.runtime import calling, runtime
from gridcase.edge.schemas import UploadSchema
from gridcase.services.attaching import PhotoSize, Upload, read_attachment, upload

attachments = ApiBlueprint("attachments", description="Photos")

_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "usage": {"type": "string", "enum": [str(usage) for usage in AttachmentUsage]},
                    "captured_at": {"type": "string", "format": "date-time", "description": "By the phone's clock"},
                    "clock_offset_ms": {"type": "integer", "description": "To add to the phone's clock to get ours"},
                    "original_sha256": {"type": "string", "description": "Of the picture before it was made smaller"},
                    "lon": {"type": "number"},
                    "lat": {"type": "number"},
                    "accuracy_m": {"type": "number", "minimum": 0},
                    "device": {"type": "string", "maxLength": 80},
                    "from_gallery": {"type": "boolean"},
                },
            }
        }
    },
}
_OPTIONAL_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "A UUID; sent again with the same bytes, the first upload is answered. Required with evidence",
    "schema": {"type": "string", "format": "uuid"},
}


@attachments.route("/attachments", methods=["POST"])
@attachments.doc(
    summary="Upload a photo",
    parameters=[_OPTIONAL_KEY],
    requestBody=_FORM,
    responses=answers((201, "Kept", AttachmentSchema), refusals=(400, 409, 413, 422, 428)),
)
def create() -> Response:
    """Keep a photo for a later filing or action of the same person; the type is told from the bytes."""
    files = request.files.getlist("file")
    if len(files) != 1 or set(request.files) != {"file"}:
        raise invalid("file", "field_required" if not files else "one_file_only")
    try:
        usage, evidence = UploadSchema().load(request.form.to_dict())
    except ValidationError as err:
        raise as_input_error(err) from err
    new = Upload(data=files[0].read(), usage=usage, client_ref=client_ref(), evidence=evidence)
    done = upload(runtime(), calling().actor, new)
    answer = jsonify(
        id=done.row.id,
        sha256=done.row.sha256,
        size=done.row.size,
        content_type=done.row.content_type,
        usage=done.row.usage,
        width=done.row.width,
        height=done.row.height,
        url=f"/api/v1/attachments/{done.row.id}",
    )
    answer.status_code = 201
    answer.headers["Location"] = f"/api/v1/attachments/{done.row.id}"
    if done.is_replay:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


@attachments.route("/attachments/<string:identity>", methods=["GET"])
@attachments.doc(
    summary="Get a photo",
    parameters=[{"in": "query", "name": "size", "schema": {"type": "string", "enum": [str(one) for one in PhotoSize]}}],
    responses={"200": {"description": "The bytes", "content": {"image/*": {}}}, **answers(refusals=(404, 422))},
)
def show(identity: str) -> Response:
    """Return a photo of a case the caller may see.

    As it was received for those who may look into its metadata; made anew without any for everybody else, and for
    whoever asks for a ``size``.
    """
    size = request.args.get("size")
    if size is not None and size not in set(PhotoSize):
        raise invalid("size", "not_a_choice", choices=", ".join(PhotoSize))
    shown = read_attachment(runtime(), calling().actor, identity, PhotoSize(size) if size else None)
    answer = Response(shown.data, mimetype=shown.content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Cache-Control"] = "private, max-age=3600, immutable"
    # The same address shows more to some: what one person's browser kept is not for the next one who signs in.
    answer.headers["Vary"] = "Authorization, Cookie"
    return answer
