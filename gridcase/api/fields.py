"""Fields of request bodies: strict about kinds, saying what is wrong by code, so that it can be translated."""

import math
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import ValidationError, fields

from gridcase.domain.errors import InvalidInputError, Problem

_LINE_BREAKS = "\n\r\t"


class Text(fields.String):
    """A text people wrote: trimmed, not blank, without control characters, at most so long."""

    def __init__(self, *, most: int, **more: Any) -> None:
        super().__init__(metadata={"maxLength": most} | more.pop("metadata", {}), **more)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if not text:
            raise refused("text_empty")
        if len(text) > self.most:
            raise refused("text_too_long", most=self.most, length=len(text))
        if any(unicodedata.category(one) == "Cc" and one not in _LINE_BREAKS for one in text):
            raise refused("text_control")
        return text


class Number(fields.Float):
    """A finite JSON number; a text that looks like one is refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise refused("not_a_number")
        return float(value)


class Choice(fields.String):
    """One of a few words."""

    def __init__(self, choices: Iterable[str], **more: Any) -> None:
        self.choices = tuple(str(choice) for choice in choices)
        super().__init__(metadata={"enum": list(self.choices)}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise refused("not_a_choice", choices=", ".join(self.choices))
        return value


class Instant(fields.AwareDateTime):
    """An RFC 3339 instant with its offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            return datetime.fromisoformat(_with_zone(value))
        except (TypeError, ValueError, OverflowError) as err:
            raise refused("instant_without_zone") from err


class Identity(fields.String):
    """A UUID, in its one lower-case form."""

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={"format": "uuid"}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            return str(uuid.UUID(value))
        except (AttributeError, TypeError, ValueError) as err:
            raise refused("not_a_uuid") from err


class Amount(fields.Decimal):
    """An amount of time: more than zero and at most a year of days, as text or number."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation as err:
            raise refused("not_a_number") from err
        if isinstance(value, bool) or not amount.is_finite() or not 0 < amount <= _MOST_AMOUNT:
            raise refused("amount_out_of_range", most=_MOST_AMOUNT)
        return amount


_MOST_AMOUNT = 366


def refused(code: str, **params: str | int) -> ValidationError:
    """Make the error of a field, by code."""
    return ValidationError([Problem(code=code, params=params)])


def as_input_error(error: ValidationError) -> InvalidInputError:
    """Turn marshmallow's error into ours, nested fields dotted, its own few sentences into codes."""
    return InvalidInputError("invalid_input", fields=dict(_flat("", error.messages)))


def _flat(prefix: str, messages: Any) -> Iterable[tuple[str, tuple[Problem, ...]]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    else:
        yield prefix or "body", tuple(_problem(message) for message in messages)


def _problem(message: Any) -> Problem:
    if isinstance(message, Problem):
        return message
    code = _CODES.get(str(message))
    return Problem(code=code) if code else Problem(code="field_malformed", params={"problem": str(message)})


_CODES = {
    "Unknown field.": "unknown_field",
    "Missing data for required field.": "field_required",
    "Field may not be null.": "field_null",
    "Not a valid string.": "not_text",
    "Not a valid list.": "not_a_list",
    "Not a valid integer.": "not_a_number",
    "Not a valid boolean.": "not_true_or_false",
    "Invalid input type.": "not_an_object",
    "Invalid value.": "not_a_choice_here",
}


def _with_zone(value: str) -> str:
    if datetime.fromisoformat(value).tzinfo is None:
        msg = "no offset"
        raise ValueError(msg)
    return value
