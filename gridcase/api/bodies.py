"""Reading what a request carries: JSON bodies, idempotency keys, expected versions, cursors."""

import base64
import binascii
import json
import re
import uuid
from datetime import datetime
from functools import cache
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from gridcase.api.fields import as_input_error
from gridcase.domain.errors import InvalidInputError, invalid

_ETAG = re.compile(r'(?:W/)?"v(\d{1,9})"')
_NO_VERSION = frozenset({-1})


@cache
def loader(schema: type[Schema]) -> Schema:
    """Return the one instance of a schema: making one copies every field, which took longer than loading."""
    return schema()


class NotJsonError(InvalidInputError):
    """The body is not JSON at all."""


def read_body(schema: type[Schema]) -> Any:
    """Parse and load the JSON body.

    Raises
    ------
    InvalidInputError
        The body is not a JSON object, or fields are wrong.
    UnsupportedMediaType
        The body is not declared as JSON.
    """
    try:
        raw = request.get_json() if request.content_length else {}
    except UnsupportedMediaType:
        raise
    except BadRequest as err:
        raise NotJsonError("not_json") from err
    try:
        return loader(schema).load(raw)
    except ValidationError as err:
        raise as_input_error(err) from err


def client_ref() -> str | None:
    """Return the idempotency key of this request, or None.

    Raises
    ------
    InvalidInputError
        It is not a UUID.
    """
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    try:
        return str(uuid.UUID(text.strip().strip('"')))
    except ValueError as err:
        raise invalid("Idempotency-Key", "idempotency_key_malformed") from err


def expected_versions() -> frozenset[int] | None:
    """Return the versions named by ``If-Match``: None when it is missing, empty for ``*``."""
    text = request.headers.get("If-Match")
    if text is None:
        return None
    if text.strip() == "*":
        return frozenset()
    return frozenset(int(number) for number in _ETAG.findall(text)) or _NO_VERSION


def etag(version: int) -> str:
    """Return the strong ETag of a version.

    Examples
    --------
    >>> etag(7)
    '"v7"'
    """
    return f'"v{version}"'


def write_cursor(instant: datetime | None, identity: int) -> str:
    """Make the opaque cursor after a row."""
    text = json.dumps([instant.isoformat() if instant else None, identity])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, int]:
    """Read what ``write_cursor`` made.

    Raises
    ------
    InvalidInputError
        The cursor was not made here.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        instant, identity = json.loads(base64.urlsafe_b64decode(padded))
        found = datetime.fromisoformat(instant)
        if found.tzinfo is None or not isinstance(identity, int) or abs(identity) > _MOST_IDENTITY:
            raise ValueError  # noqa: TRY301 - one answer for every way a cursor can be wrong
    except (ValueError, TypeError, binascii.Error) as err:
        raise invalid("cursor", "cursor_malformed") from err
    return found, identity


_MOST_IDENTITY = 2**31 - 1
