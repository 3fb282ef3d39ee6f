"""Whether the object id 部件标识码 on a component case is one of the kind of thing the case is about.

It looks at the digits only; whether the object stands in the city's register is asked of that register.
Source: GB/T 47678.5-2026 (17 digits) and GB/T 30428.2-2013 (16), ``reference/standards.md`` §2.1.
"""

import re

from gridcase.domain.case import CaseKind, TypeKey
from gridcase.domain.errors import invalid

FIELD = "object_id"
_ADMIN_DIGITS = 6
_SEQUENCE_DIGITS = 6
_DIGITS = re.compile(r"[0-9]+")


def check_object_id(text: str, key: TypeKey) -> None:
    """Accept an object id that fits a component type; it is text, never a number.

    An id is the admin code (6 digits), the code of the class, and a sequence (6): 17 digits where classes have 5 digits
    (2026), 16 where they have 4 (2013). A ``local`` class has the length of the scheme it extends.

    Raises
    ------
    InvalidInputError
        On ``object_id``: ``object_id_of_event`` when the type is no component, ``object_id_shape`` when it is not that
        many digits, ``object_id_other_type`` when its class is another.

    Examples
    --------
    >>> cover = TypeKey.parse("GBT47678.5-2026/component/01001")
    >>> check_object_id("32040401001000123", cover)
    >>> check_object_id("3204040100100012", cover)
    Traceback (most recent call last):
        ...
    gridcase.domain.errors.InvalidInputError: invalid_input object_id: object_id_shape {'digits': 17}
    """
    if key.kind is not CaseKind.COMPONENT:
        raise invalid(FIELD, "object_id_of_event", type=str(key))
    digits = _ADMIN_DIGITS + len(key.code) + _SEQUENCE_DIGITS
    if len(text) != digits or _DIGITS.fullmatch(text) is None:
        raise invalid(FIELD, "object_id_shape", digits=digits)
    found = text[_ADMIN_DIGITS:-_SEQUENCE_DIGITS]
    if found != key.code:
        raise invalid(FIELD, "object_id_other_type", found=found, expected=key.code)
