"""Whole numbers as forms and addresses write them, read within bounds.

Whatever is typed, neither the reading nor a column of the database fails on it. What a number means is not looked at.
"""

#: Of an INTEGER column.
LARGEST = 2**31 - 1


def as_number(text: str | None) -> int | None:
    """Read a whole number from zero on; None when it is none, or larger than a column holds.

    Examples
    --------
    >>> as_number("12"), as_number(""), as_number("-1"), as_number("9" * 5000)
    (12, None, None, None)
    """
    if not text or not (text.isascii() and text.isdecimal()) or len(text) > len(str(LARGEST)):
        return None
    number = int(text)
    return number if number <= LARGEST else None


def as_version(text: str) -> frozenset[int]:
    """Read the version of a case that somebody looked at; what is none fits no case, as an old one."""
    number = as_number(text)
    return frozenset({-1 if number is None else number})
