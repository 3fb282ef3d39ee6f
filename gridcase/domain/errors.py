"""What can be refused, and how a refusal is said.

Errors carry a code and parameters, never a sentence: the sentence is made in the caller's language by
``gridcase.edge.texts``, where a test proves that every code has one in Chinese and in English. No HTTP here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with one field.

    Parameters
    ----------
    code
        Key of the sentence in ``gridcase.edge.texts``.
    params
        Values the sentence names; never personal data.
    """

    code: str
    params: Params = field(default_factory=dict)


class GridcaseError(Exception):
    """A refusal that a caller can understand and act upon.

    Parameters
    ----------
    code
        Key of the sentence in ``gridcase.edge.texts``.
    params
        Values the sentence names; never personal data.
    fields
        Problems by field name (dotted for nested fields); empty when no field is to blame.
    """

    def __init__(
        self,
        code: str,
        *,
        params: Params | None = None,
        fields: Mapping[str, tuple[Problem, ...]] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.params: Params = dict(params or {})
        self.fields: Mapping[str, tuple[Problem, ...]] = dict(fields or {})

    def __str__(self) -> str:
        parts = [self.code, *(f"{key}={value}" for key, value in sorted(self.params.items()))]
        parts += [f"{name}: {p.code} {dict(p.params)}" for name, ps in self.fields.items() for p in ps]
        return " ".join(parts)


class NotSignedInError(GridcaseError):
    """The caller is unknown, or the session has ended."""


class NotFoundError(GridcaseError):
    """It does not exist, or the caller may not see it: both look the same."""


class NotPermittedError(GridcaseError):
    """The caller is known and sees the thing, but may not do this."""


class WrongStateError(GridcaseError):
    """The action does not start from the state the case is in."""


class StaleCaseError(GridcaseError):
    """Somebody changed the case since the caller last read it."""


class PreconditionMissingError(GridcaseError):
    """A header the contract asks for (``If-Match``, ``Idempotency-Key``) is missing."""


class KeyReusedError(GridcaseError):
    """The same idempotency key came with other content."""


class InvalidInputError(GridcaseError):
    """The input is wrong; ``fields`` says where."""


class OutsideGridError(InvalidInputError):
    """The point lies in no cell and near none."""


class RuleFileError(GridcaseError):
    """A configuration document cannot be taken; ``fields`` names the place in it."""


class UnknownYearError(GridcaseError):
    """Working days of this year are not announced, and the caller asked not to guess."""


def invalid(field_name: str, code: str, /, **params: str | int) -> InvalidInputError:
    """Make the error for one wrong field.

    Examples
    --------
    >>> invalid("type", "unknown_type", code="09999").fields["type"][0].code
    'unknown_type'
    """
    return InvalidInputError("invalid_input", fields={field_name: (Problem(code=code, params=params),)})
