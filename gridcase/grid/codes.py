"""What does a cell code say: parse, pad and take apart the 15 characters of a unit grid cell.

Does not know which cells exist: that is ``gridcase.grid.index``. Structure after GB/T 47678.3/.5-2026 (15
characters); CJ/T 213-2005 had 14, with a sequence of two (``reference/standards.md`` §1.3).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gridcase.domain.case import CellCode
from gridcase.domain.errors import InvalidInputError, invalid

#: Sequence numbers have three digits, and 000 is not used.
MAX_SEQUENCE = 999

_CELL = re.compile(
    r"(?P<district>[0-9A-Z]{6})(?P<street>[0-9A-Z]{3})(?P<community>[0-9A-Z]{3})(?P<sequence>[0-9A-Z]{3})"
)
_OLD_LENGTH = 14
_COMMUNITY_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CellParts:
    """What the 15 characters of a cell code say; always text, because letters are allowed.

    Parameters
    ----------
    district
        6 characters, the county-level administrative code.
    street, community, sequence
        3 characters each; the sequence counts west to east, north to south inside the community.
    """

    district: str
    street: str
    community: str
    sequence: str

    @property
    def code(self) -> CellCode:
        """The whole code, 15 characters."""
        return CellCode(self.community_code + self.sequence)

    @property
    def street_code(self) -> str:
        """District and street, 9 characters."""
        return self.district + self.street

    @property
    def community_code(self) -> str:
        """District, street and community, 12 characters."""
        return self.street_code + self.community


def community_of(code: str) -> str:
    """Return the code of the community that a cell, or anything smaller, lies in; empty for an empty code.

    Examples
    --------
    >>> community_of("320404005001012")
    '320404005001'
    """
    return code[:_COMMUNITY_LENGTH]


def parse_cell_code(text: str) -> CellParts:
    """Take a cell code apart; a 14-character code of the older standard gets a zero before its sequence.

    Nothing else is mended: blanks, small letters and full-width digits are refused.

    Raises
    ------
    InvalidInputError
        ``cell_code_malformed`` on the field ``cell``.

    Examples
    --------
    >>> parse_cell_code("320404005001012").sequence
    '012'
    >>> parse_cell_code("32040400500112").code
    '320404005001012'
    """
    padded = f"{text[:_COMMUNITY_LENGTH]}0{text[_COMMUNITY_LENGTH:]}" if len(text) == _OLD_LENGTH else text
    match = _CELL.fullmatch(padded)
    if match is None:
        raise invalid("cell", "cell_code_malformed", cell=text)
    return CellParts(**match.groupdict())


def cell_code(community: str, sequence: int) -> CellCode:
    """Make the code of the n-th cell of a community, counted from 1.

    Raises
    ------
    InvalidInputError
        ``cell_code_malformed`` when the community has not 12 characters or the number does not fit in three
        digits.

    Examples
    --------
    >>> cell_code("320404005001", 7)
    '320404005001007'
    """
    if len(community) != _COMMUNITY_LENGTH or not 1 <= sequence <= MAX_SEQUENCE:
        raise invalid("cell", "cell_code_malformed", cell=f"{community}/{sequence}")
    return parse_cell_code(f"{community}{sequence:03d}").code


def parents(code: str) -> Mapping[str, tuple[str, ...]]:
    """Name the community, street and district of a cell, in the form of a case's ``layers``.

    Raises
    ------
    InvalidInputError
        ``cell_code_malformed`` on the field ``cell``.

    Examples
    --------
    >>> parents("320404005001012")
    {'community': ('320404005001',), 'street': ('320404005',), 'district': ('320404',)}
    """
    parts = parse_cell_code(code)
    return {
        "community": (parts.community_code,),
        "street": (parts.street_code,),
        "district": (parts.district,),
    }


def parents_told(code: str) -> Mapping[str, tuple[str, ...]]:
    """Name what the code of a cell says of its parents: nothing for a code of a free scheme.

    Examples
    --------
    >>> parents_told("A1801-0018-00")
    {}
    """
    try:
        return parents(code)
    except InvalidInputError:
        return {}
