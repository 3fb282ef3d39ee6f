"""Fields of request bodies: strict about kinds, saying what is wrong by code, so that it can be translated."""

import math
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.exceptions import SCHEMA

from gridcase.domain.errors import InvalidInputError, Problem

_LINE_BREAKS = "\n\r\t"


class Text(fields.String):
    """A text people wrote: trimmed, not blank, at most so long, without control characters and half surrogate pairs."""

    def __init__(self, *, most: int, **more: Any) -> None:
        super().__init__(metadata={"maxLength": most} | more.pop("metadata", {}), **more)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if not text:
            raise refused("text_empty")
        if len(text) > self.most:
            raise refused("text_too_long", most=self.most, length=len(text))
        if any(unicodedata.category(one) in _UNSEEN and one not in _LINE_BREAKS for one in text):
            raise refused("text_control")
        return text


class Secret(fields.String):
    """A password, kept as it came."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > _MOST_SECRET:
            raise refused("text_too_long", most=_MOST_SECRET, length=len(text))
        if any(unicodedata.category(one) == "Cs" for one in text):
            raise refused("text_control")
        return text


class Number(fields.Float):
    """A finite JSON number; a text that looks like one is refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refused("not_a_number")
        return finite(value)


class NumberText(fields.Float):
    """A finite number in a query string, of any sign or not below zero."""

    def __init__(self, *, signed: bool = True, **more: Any) -> None:
        super().__init__(metadata={} if signed else {"minimum": 0}, **more)
        self.signed = signed

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        number = finite(value)
        if number < 0 and not self.signed:
            raise refused("below_zero")
        return number


class PageSize(fields.Integer):
    """How many items a page may hold, from one on, in a query string."""

    def __init__(self, *, default: int, most: int) -> None:
        super().__init__(load_default=default, metadata={"minimum": 1, "maximum": most})
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not str(value).isdecimal() or len(str(value)) > len(str(self.most)) or not 1 <= int(value) <= self.most:
            raise refused("whole_number_expected", least=1, most=self.most)
        return int(value)


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
    """An RFC 3339 instant with its offset, in years that moving to another zone never leaves."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            instant = datetime.fromisoformat(value)
        except (TypeError, ValueError) as err:
            raise refused("instant_without_zone") from err
        if instant.tzinfo is None:
            raise refused("instant_without_zone")
        if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
            raise refused("instant_out_of_range", first=_FIRST_YEAR, last=_LAST_YEAR)
        return instant


class Day(fields.Date):
    """A calendar day such as ``2026-10-12``."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError) as err:
            raise refused("not_a_date") from err
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise refused("instant_out_of_range", first=_FIRST_YEAR, last=_LAST_YEAR)
        return day


class Identity(fields.String):
    """A UUID, in its one lower-case form."""

    def __init__(self, **more: Any) -> None:
        super().__init__(metadata={"format": "uuid"}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        try:
            return str(uuid.UUID(value))
        except (AttributeError, TypeError, ValueError) as err:
            raise refused("not_a_uuid") from err


class Identities(fields.List[str]):
    """A few UUIDs; one named twice counts once."""

    def __init__(self, **more: Any) -> None:
        super().__init__(Identity(), metadata={"maxItems": _MOST_ITEMS}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > _MOST_ITEMS:
            raise refused("too_many_items", most=_MOST_ITEMS)
        return list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))


class ClockOffset(fields.Integer):
    """Milliseconds to add to a device's clock to get ours; None for one so far off that nothing can be corrected.

    Not refused: a phone whose battery was out believes in 1970, and what it filed must not be lost.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        number = super()._deserialize(value, attr, data, **kwargs)
        return number if abs(number) <= _MOST_OFFSET_MS else None


class Amount(fields.Decimal):
    """An amount of time: at least a hundredth, at most a year of days, as text or number."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation as err:
            raise refused("not_a_number") from err
        if isinstance(value, bool) or not amount.is_finite() or not 0 < amount <= _MOST_AMOUNT:
            raise refused("amount_out_of_range", most=_MOST_AMOUNT)
        if amount != round(amount, 2):
            raise refused("amount_too_fine")
        return amount


def finite(value: Any) -> float:
    """Return a number or its text as a finite float; a whole number too large for one is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as err:
        raise refused("not_a_number") from err
    if not math.isfinite(number):
        raise refused("not_a_number")
    return number


_UNSEEN = ("Cc", "Cs")
_MOST_SECRET = 1000
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_MOST_ITEMS = 20
_MOST_AMOUNT = 366
_MOST_OFFSET_MS = 400 * 24 * 3600 * 1000


def refused(code: str, **params: str | int) -> ValidationError:
    """Make the error of a field, by code."""
    return ValidationError([Problem(code=code, params=params)])


def as_input_error(error: ValidationError) -> InvalidInputError:
    """Turn marshmallow's error into ours, nested fields dotted, its own few sentences into codes."""
    return InvalidInputError("invalid_input", fields=dict(_flat("", error.messages)))


def _flat(prefix: str, messages: Any) -> Iterable[tuple[str, tuple[Problem, ...]]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            path = prefix if name == SCHEMA else f"{prefix}.{name}" if prefix else str(name)
            yield from _flat(path, inner)
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
    "Number too large.": "not_a_number",
    "Not a valid boolean.": "not_true_or_false",
    "Invalid input type.": "not_an_object",
    "Invalid value.": "not_a_choice_here",
}
