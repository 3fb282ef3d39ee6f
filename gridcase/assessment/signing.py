"""The key that signs a month, and whether a signature is that of a public key.

Ed25519 (RFC 8032) over bytes as they are: the same key and bytes give the same signature. Keeps no file and trusts no
key that stands in what it checks. Rule: design §3, "Same bytes" and "Secrets".
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Bytes of a signature.
SIGNATURE_SIZE = 64


class KeyUnreadableError(ValueError):
    """The text is no Ed25519 key in PEM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The half of the key that everybody may have."""

    key: Ed25519PublicKey

    @property
    def id(self) -> str:
        """SHA-256 of the 32 bytes of the key, in hexadecimal."""
        return hashlib.sha256(self.key.public_bytes_raw()).hexdigest()

    @property
    def pem(self) -> bytes:
        """The key as SubjectPublicKeyInfo in PEM, which OpenSSL reads."""
        return self.key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the data was made with the other half."""
        try:
            self.key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The half of the key that signs."""

    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The other half."""
        return PublicKey(key=self.key.public_key())

    @property
    def id(self) -> str:
        """The id of the public half."""
        return self.public.id

    @property
    def pem(self) -> bytes:
        """The key as PKCS #8 in PEM, not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.key.sign(data)


def new_key() -> SigningKey:
    """Make a key from the system's randomness."""
    return SigningKey(key=Ed25519PrivateKey.generate())


def read_signing_key(pem: bytes) -> SigningKey:
    """Read a private key.

    Raises
    ------
    KeyUnreadableError
        It is not PKCS #8 in PEM without a password, or of another kind.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise KeyUnreadableError from err
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnreadableError
    return SigningKey(key=key)


def read_public_key(pem: bytes) -> PublicKey:
    """Read a public key.

    Raises
    ------
    KeyUnreadableError
        It is not a public key in PEM, or of another kind.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise KeyUnreadableError from err
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnreadableError
    return PublicKey(key=key)
