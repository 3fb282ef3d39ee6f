"""What is kept of a password, and making one."""

import secrets

import argon2

from gridcase.domain.errors import invalid

HASHER = argon2.PasswordHasher()
LEAST_PASSWORD = 10
#: Letters and digits that nobody mistakes for each other when read aloud or from paper; 31 of them.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def hash_password(field: str, password: str) -> str:
    """Return what is kept of a password.

    Raises
    ------
    InvalidInputError
        ``password_short``, on the field that holds it.
    """
    if len(password) < LEAST_PASSWORD:
        raise invalid(field, "password_short", least=LEAST_PASSWORD)
    return HASHER.hash(password)


def make_password() -> str:
    """Return a password to be told once: 79 bits in four groups that can be read out, such as ``k7mw-…``."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(_GROUP)) for _ in range(_GROUPS))
