"""Case numbers: a pure function of instance prefix, local filing date and database identity.

No counter row is needed, gaps are allowed, and a mistyped number is caught by its check character (ISO/IEC 7064
MOD 37,36: every single wrong character and nearly every swap of neighbours; of two digits 1 swap in 180 is missed).
"""

import re
from dataclasses import dataclass
from datetime import date

from gridcase.domain.case import CaseNumber

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPE = re.compile(r"(?P<prefix>[A-Z]{2,6})(?P<day>\d{8})(?P<identity>\d{6,12})(?P<check>[0-9A-Z])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberParts:
    """What a case number is made of."""

    prefix: str
    filed_on: date
    identity: int


def case_number(parts: NumberParts) -> CaseNumber:
    """Make the number of a case.

    Examples
    --------
    >>> number = case_number(NumberParts(prefix="NDJ", filed_on=date(2026, 10, 12), identity=42))
    >>> number, parse_number(number).identity
    ('NDJ20261012000042O', 42)
    """
    body = f"{parts.prefix}{parts.filed_on:%Y%m%d}{parts.identity:06d}"
    return CaseNumber(body + _check_character(body))


def parse_number(text: str) -> NumberParts | None:
    """Take a number apart; None when its form, date or check character is wrong."""
    match = _SHAPE.fullmatch(text.strip().upper())
    if match is None or _check_character(match[0][:-1]) != match["check"]:
        return None
    try:
        filed_on = date.fromisoformat(match["day"])
    except ValueError:
        return None
    return NumberParts(prefix=match["prefix"], filed_on=filed_on, identity=int(match["identity"]))


def _check_character(body: str) -> str:
    product = 36
    for character in body:
        total = (product + _ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]
