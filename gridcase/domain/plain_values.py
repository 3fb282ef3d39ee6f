"""Frozen values as plain JSON values and back, by the types their fields declare.

For dataclasses of texts, numbers, instants, decimals, fractions, enumerations, tuples and mappings of these; anything
else is refused. Reading is as strict as writing: an unknown or a missing field is an error.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def to_plain(value: Any) -> Any:
    """Return a value as JSON knows it.

    Examples
    --------
    >>> to_plain((Decimal("1.50"), Fraction(1, 3), None, "南大街"))
    ['1.50', '1/3', None, '南大街']
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal() | Fraction() | date():
            return value.isoformat() if isinstance(value, date) else str(value)
        case tuple() | list():
            return [to_plain(one) for one in value]
        case Mapping():
            return {str(key): to_plain(one) for key, one in value.items()}
        case _ if is_dataclass(value):
            return {one.name: to_plain(getattr(value, one.name)) for one in fields(value)}
    raise TypeError(type(value).__name__)


def from_plain(kind: Any, plain: Any) -> Any:
    """Return the value of a type from what ``to_plain`` wrote.

    Raises
    ------
    TypeError, ValueError, KeyError
        It is not a value of that type.

    Examples
    --------
    >>> from_plain(tuple[Decimal, ...], ["1.50"])
    (Decimal('1.50'),)
    """
    kind = getattr(kind, "__supertype__", kind)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if plain is None:
            return None
        return from_plain(next(one for one in get_args(kind) if one is not type(None)), plain)
    if origin is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            return tuple(from_plain(parts[0], one) for one in plain)
        return tuple(from_plain(part, one) for part, one in zip(parts, plain, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        key, inner = get_args(kind)
        return {from_plain(key, name): from_plain(inner, one) for name, one in plain.items()}
    return _read(kind, plain)


def _read(kind: Any, plain: Any) -> Any:
    if kind is Any:
        return plain
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type] # every class is hashable
        if unknown := plain.keys() - hints.keys():
            raise KeyError(min(unknown))
        return kind(**{name: from_plain(hints[name], one) for name, one in plain.items()})  # type: ignore[operator]
    if issubclass(kind, datetime | date):
        return kind.fromisoformat(plain)
    if issubclass(kind, Decimal | Fraction | Enum | str):
        return kind(plain)
    if not isinstance(plain, kind):
        raise TypeError(kind.__name__)
    return plain


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields; asking takes longer than reading one, and a month has very many."""
    return get_type_hints(kind)
