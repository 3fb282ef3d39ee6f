"""Reading what a request carries: JSON bodies, query strings, idempotency keys, expected versions, cursors."""

import base64
import binascii
import json
import re
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from gridcase.domain.errors import invalid
from gridcase.edge.fields import as_input_error
from gridcase.edge.problems import BodyTooLargeError, UnreadableBodyError, UnsupportedBodyError

_ETAG = re.compile(r'(?:W/)?"v(\d{1,9})"')
_NO_VERSION = -1

#: Stands for a key that is no UUID; nothing was ever kept under it.
MALFORMED_KEY = ""

#: Room for every field at its longest, however it is escaped.
_BODY_BYTES = 256_000


@cache
def loader(schema: type[Schema]) -> Schema:
    """Return the one instance of a schema: making one copies every field, which took longer than loading."""
    return schema()


def read_body(schema: type[Schema]) -> Any:
    """Parse and load the JSON body; no body at all is an empty object.

    Raises
    ------
    InvalidInputError
        The body is not a JSON object, or fields are wrong.
    UnreadableBodyError, UnsupportedBodyError, BodyTooLargeError
        The body cannot be looked at.
    """
    try:
        return loader(schema).load(_json())
    except ValidationError as err:
        raise as_input_error(err) from err


def read_keyed(schema: type[Schema]) -> Any:
    """Load the JSON body of a request that needs an idempotency key, refusing a malformed key first.

    Raises
    ------
    InvalidInputError
        The key is not a UUID, or see ``read_body``.
    """
    client_ref()
    return read_body(schema)


def read_query(schema: type[Schema]) -> dict[str, Any]:
    """Load the query string; of a name given twice the first counts.

    Raises
    ------
    InvalidInputError
        A field is unknown or wrong.
    """
    try:
        loaded: dict[str, Any] = loader(schema).load(request.args.to_dict())
    except ValidationError as err:
        raise as_input_error(err) from err
    return loaded


def client_ref() -> str | None:
    """Return the idempotency key of this request, or None.

    Raises
    ------
    InvalidInputError
        It is not a UUID.
    """
    key = sent_key()
    if key == MALFORMED_KEY:
        raise invalid("Idempotency-Key", "idempotency_key_malformed")
    return key


def sent_key() -> str | None:
    """Return the idempotency key; a malformed one is refused later by ``read_keyed``, after role and state."""
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    try:
        return str(uuid.UUID(text.strip().strip('"')))
    except ValueError:
        return MALFORMED_KEY


def expected_versions() -> frozenset[int] | None:
    """Return the versions named by ``If-Match``: None when it is missing, empty for ``*``, -1 for what is no ETag."""
    text = request.headers.get("If-Match")
    if text is None:
        return None
    if text.strip() == "*":
        return frozenset()
    found = [_ETAG.fullmatch(part.strip()) for part in text.split(",")]
    return frozenset(int(match[1]) if match else _NO_VERSION for match in found)


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
        found = found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as err:
        raise invalid("cursor", "cursor_malformed") from err
    return found, identity


def _json() -> Any:
    request.max_content_length = _BODY_BYTES
    try:
        data = request.get_data()
    except RequestEntityTooLarge as err:
        raise BodyTooLargeError("body_too_large", params={"allowed": _BODY_BYTES // 1000}) from err
    if not data:
        return {}
    if not request.is_json:
        raise UnsupportedBodyError("unsupported_type")
    try:
        return json.loads(data.decode(), object_pairs_hook=_each_once, parse_int=_whole)
    except (ValueError, RecursionError) as err:
        raise UnreadableBodyError("not_json") from err


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a field twice: readers disagree on which of the two counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise invalid(next(name for name in names if names.count(name) > 1), "json_key_twice")
    return found


def _whole(text: str) -> int | float:
    """Read a whole number; one of so many digits becomes infinite, which its field then refuses by name."""
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


_MOST_IDENTITY = 2**31 - 1
_MOST_DIGITS = 300
