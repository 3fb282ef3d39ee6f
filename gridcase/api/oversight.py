"""What the system found by itself: notices for the caller, and recurrences and missed cases to be reviewed."""

from typing import Any

from marshmallow import Schema, fields, post_load

from gridcase.api.blueprint import ApiBlueprint
from gridcase.api.documents import (
    MissedListSchema,
    MissedSchema,
    NoticeListSchema,
    NoticeReadDoneSchema,
    RecurrenceListSchema,
    RecurrenceSchema,
    answers,
    body,
)
from gridcase.domain.case import Ruling
from gridcase.domain.notices import NoticeKind
from gridcase.edge.bodies import read_body, read_cursor, read_query, write_cursor
from gridcase.edge.fields import Choice, PageSize, Text, refused
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.view import Viewing, missed_view, notice_view, recurrence_view
from gridcase.services.inbox import InboxAsk, inbox, read
from gridcase.services.missing import missed_cases, review_missed
from gridcase.services.recurring import Review, ReviewRuling, recurrences, review_recurrence
from gridcase.workflow import requests

oversight = ApiBlueprint("oversight", description="Notices, recurrences and missed cases")


#: Of the columns; PostgreSQL refuses to compare them with more.
_LARGEST_ID = 2**31 - 1


def _fits_a_column(value: int) -> None:
    if not 1 <= value <= _LARGEST_ID:
        raise refused("whole_number_expected", least=1, most=_LARGEST_ID)


_ID_LIMITS = {"minimum": 1, "maximum": _LARGEST_ID}


class PageQuerySchema(Schema):
    """Which page."""

    cursor = Text(most=200)
    limit = PageSize(default=50, most=200)


class NoticeQuerySchema(PageQuerySchema):
    """Which notices."""

    kind = Choice(NoticeKind)
    unread = fields.Boolean(load_default=False)


class NoticeReadSchema(Schema):
    """Which notices were read."""

    id = fields.Integer(strict=True, validate=_fits_a_column, metadata=_ID_LIMITS)
    up_to = fields.Integer(strict=True, validate=_fits_a_column, metadata=_ID_LIMITS)


class RecurrenceQuerySchema(PageQuerySchema):
    """Which recurrences."""

    state = Choice(("found", "confirmed", "rejected"))


class ReviewSchema(Schema):
    """Confirm or reject a recurrence, with a reason."""

    ruling = Choice(ReviewRuling, required=True)
    reason = Text(most=500, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Review:
        return Review(ruling=ReviewRuling(data["ruling"]), reason=data["reason"])


@oversight.route("/notices", methods=["GET"])
@oversight.doc(
    summary="What the caller is told",
    parameters=[{"in": "query", "schema": NoticeQuerySchema, "name": "query"}],
    responses=answers((200, "A page", NoticeListSchema), refusals=(422,)),
)
def told() -> dict[str, Any]:
    """List what the caller is told in this role, of cases they may see, newest first."""
    asked = read_query(NoticeQuerySchema)
    wanted = InboxAsk(
        limit=asked["limit"],
        kinds=(asked["kind"],) if "kind" in asked else (),
        is_unread=asked["unread"],
        after=read_cursor(asked["cursor"]) if "cursor" in asked else None,
    )
    found = inbox(runtime(), calling().actor, wanted)
    shown, viewing = found[: asked["limit"]], _viewing()
    last = shown[-1].notice if len(found) > len(shown) else None
    return {
        "items": [notice_view(one, viewing) for one in shown],
        "next_cursor": write_cursor(last.at, last.id) if last else None,
    }


@oversight.route("/notices/read", methods=["POST"])
@oversight.doc(
    summary="Note that notices were read",
    description="One by its `id`, or all up to `up_to` in the order they were told. Sent again it changes nothing.",
    requestBody=body(NoticeReadSchema),
    responses=answers((200, "How many were unread", NoticeReadDoneSchema), refusals=(400, 413, 415, 422)),
)
def told_read() -> dict[str, Any]:
    """Note that the caller has read notices of their own."""
    asked: dict[str, int] = read_body(NoticeReadSchema)
    return {"read": read(runtime(), calling().actor, only=asked.get("id"), up_to=asked.get("up_to"))}


@oversight.route("/recurrences", methods=["GET"])
@oversight.doc(
    summary="List recurrences",
    parameters=[{"in": "query", "schema": RecurrenceQuerySchema, "name": "query"}],
    responses=answers((200, "A page", RecurrenceListSchema), refusals=(422,)),
)
def index() -> dict[str, Any]:
    """List the recurrences of cases the caller may see, or charged to the caller's unit, newest case first."""
    asked = _query(RecurrenceQuerySchema)
    found = recurrences(
        runtime(), calling().actor, state=asked.get("state"), after=asked["after"], limit=asked["limit"]
    )
    shown, viewing = found[: asked["limit"]], _viewing()
    last = shown[-1].row if len(found) > len(shown) else None
    return {
        "items": [recurrence_view(one, viewing) for one in shown],
        "next_cursor": write_cursor(last.found_at, last.case_id) if last else None,
    }


@oversight.route("/recurrences/<string:number>/review", methods=["POST"])
@oversight.doc(
    summary="Review a recurrence",
    description="The same decision of the same person, sent again, is answered alike.",
    requestBody=body(ReviewSchema),
    responses=answers((200, "The recurrence", RecurrenceSchema), refusals=(400, 403, 404, 409, 413, 415, 422)),
)
def review(number: str) -> dict[str, Any]:
    """Confirm or reject a recurrence; an acceptor, shift leader or assessor does it once."""
    done = review_recurrence(runtime(), calling().actor, number, _review)
    return recurrence_view(done, _viewing())


@oversight.route("/missed", methods=["GET"])
@oversight.doc(
    summary="List missed cases",
    parameters=[{"in": "query", "schema": PageQuerySchema, "name": "query"}],
    responses=answers((200, "A page", MissedListSchema), refusals=(422,)),
)
def missed_index() -> dict[str, Any]:
    """List the cases that a superior found and nobody of ours had told of, newest case first."""
    asked = _query(PageQuerySchema)
    found = missed_cases(runtime(), calling().actor, after=asked["after"], limit=asked["limit"])
    shown, viewing = found[: asked["limit"]], _viewing()
    last = shown[-1] if len(found) > len(shown) else None
    return {
        "items": [missed_view(one, viewing) for one in shown],
        "next_cursor": write_cursor(last.found_at, last.id) if last else None,
    }


@oversight.route("/missed/<string:number>/review", methods=["POST"])
@oversight.doc(
    summary="Review a missed case",
    description="The same decision of the same person, sent again, is answered alike.",
    requestBody=body(ReviewSchema),
    responses=answers((200, "The missed case", MissedSchema), refusals=(400, 403, 404, 409, 413, 415, 422)),
)
def missed_review(number: str) -> dict[str, Any]:
    """Confirm or reject that a case was missed; an acceptor, shift leader or assessor does it once."""
    return missed_view(review_missed(runtime(), calling().actor, number, _ruling), _viewing())


def _review() -> Review:
    found: Review = read_body(ReviewSchema)
    return found


def _ruling() -> requests.Review:
    asked = _review()
    ruling = Ruling.GRANT if asked.ruling is ReviewRuling.CONFIRM else Ruling.REFUSE
    return requests.Review(ruling=ruling, reason=asked.reason)


def _viewing() -> Viewing:
    called = calling()
    return Viewing(called.actor, called.reference, runtime().clock.now(), language())


def _query(schema: type[Schema]) -> dict[str, Any]:
    loaded = read_query(schema)
    return loaded | {"after": read_cursor(loaded["cursor"])[1] if "cursor" in loaded else None}
