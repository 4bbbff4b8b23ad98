"""Ed25519 keys (RFC 8032), checked by libsodium through PyNaCl.

    public key   32 bytes, canonical encoding of a point of the prime-order subgroup
    signature    64 bytes R || S, S below the group order
    COSE key     {1: 1 (OKP), 2: kid, 3: -8 (EdDSA), -1: 6 (Ed25519), -2: public key}   RFC 9053 section 7.2
    thumbprint   SHA-256 of {1: 1, -1: 6, -2: public key} in deterministic CBOR         RFC 9679 section 3

Small-order, mixed-order and non-canonical points are refused: with such a key anybody can produce signatures
that some verifiers accept, so its owner could disown whatever it signed.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
    randombytes,
)
from nacl.exceptions import BadSignatureError

from ledger.errors import Malformed, Unverified
from ledger.verifying import once

KEY_SIZE = 32
SIGNATURE_SIZE = 64


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that passed the point check; constructing one from a weak key raises Malformed."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_SIZE:
            raise Malformed("An Ed25519 public key has exactly 32 bytes.")
        if not once("point", self.raw, lambda: crypto_core_ed25519_is_valid_point(self.raw)):
            raise Malformed(
                f"The public key {self.raw.hex()} is weak: no canonical point of the prime-order group."
            )

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The key with these 32 bytes; Malformed if they are small-order, mixed-order or non-canonical."""
        return cls(bytes(raw))

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if `signature` (64 bytes) is this key's over `message`, else raise Unverified."""
        if len(signature) != SIGNATURE_SIZE:
            raise Unverified("An Ed25519 signature has exactly 64 bytes.")
        once("ed25519", (self.raw, signature, message), lambda: self._open(message, signature))

    def _open(self, message: bytes, signature: bytes) -> None:
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            raise Unverified(f"The signature is not one of key {self.raw.hex()} over these bytes.") from None

    @property
    def thumbprint(self) -> bytes:
        """RFC 9679 thumbprint, 32 bytes; the `kid` of everything this key signs."""
        return sha256(b"\xa3\x01\x01\x20\x06\x21\x58\x20" + self.raw).digest()

    def cose_key(self) -> bytes:
        """Deterministic CBOR of the COSE key, with `kid` = thumbprint and `alg` = EdDSA."""
        return b"\xa5\x01\x01\x02\x58\x20" + self.thumbprint + b"\x03\x27\x20\x06\x21\x58\x20" + self.raw


class SigningKey:
    """A private key. Its seed is in `seed`, and nowhere in `repr`, `str` or an error message."""

    __slots__ = ("_secret", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != KEY_SIZE:
            raise Malformed("An Ed25519 seed has exactly 32 bytes.")
        raw, self._secret = crypto_sign_seed_keypair(seed)
        self.seed = seed
        self.public = PublicKey(raw)

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's random numbers."""
        return cls(randombytes(KEY_SIZE))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key of a 32-byte seed; Malformed for any other length."""
        return cls(bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """64-byte signature over `message`; the same bytes each time."""
        return crypto_sign(message, self._secret)[:SIGNATURE_SIZE]

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.raw.hex()})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("A signing key is not pickled; write a key file instead.")
