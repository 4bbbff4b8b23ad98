"""ML-DSA-44 keys (FIPS 204), with the optional package `cryptography`, version 48 or newer.

    public key   1312 bytes          seed   32 bytes          signature   2420 bytes, empty context

Reading and comparing such keys needs nothing; signing and verifying raise `Unsupported` where the package is
missing or its OpenSSL has no ML-DSA.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ledger.errors import Malformed, Unsupported, Unverified

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import mldsa

ML_DSA_KEY_SIZE = 1312
ML_DSA_SIGNATURE_SIZE = 2420
SEED_SIZE = 32


@dataclass(frozen=True, slots=True)
class MlDsaPublicKey:
    """A public key of 1312 bytes; Malformed for any other length. Each such string is a key (FIPS 204 section 7.2)."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != ML_DSA_KEY_SIZE:
            raise Malformed(f"An ML-DSA-44 public key has exactly {ML_DSA_KEY_SIZE} bytes.")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if `signature` (2420 bytes) is this key's over `message`, else raise Unverified."""
        if len(signature) != ML_DSA_SIGNATURE_SIZE:
            raise Unverified(f"An ML-DSA-44 signature has exactly {ML_DSA_SIGNATURE_SIZE} bytes.")
        public_type, _, invalid, unsupported = _implementation()
        try:
            public_type.from_public_bytes(self.raw).verify(signature, message)
        except invalid:
            raise Unverified("The signature is not one of this ML-DSA-44 key over these bytes.") from None
        except unsupported:
            raise _missing() from None


class MlDsaSigningKey:
    """A private key. Its seed is in `seed`, and nowhere in `repr`, `str` or an error message."""

    __slots__ = ("_private", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise Malformed(f"An ML-DSA-44 seed has exactly {SEED_SIZE} bytes.")
        _, private_type, _, unsupported = _implementation()
        try:
            self._private = private_type.from_seed_bytes(seed)
        except unsupported:
            raise _missing() from None
        self.seed = seed
        self.public = MlDsaPublicKey(self._private.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key of a 32-byte seed; Malformed for any other length."""
        return cls(bytes(seed))

    def sign(self, message: bytes) -> bytes:
        """2420-byte signature over `message`; other bytes each time (FIPS 204 hedges it with random numbers)."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"MlDsaSigningKey(public={self.public.raw[:16].hex()}…)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("A signing key is not pickled; write a key file instead.")


def _implementation() -> tuple[
    "type[mldsa.MLDSA44PublicKey]", "type[mldsa.MLDSA44PrivateKey]", type[Exception], type[Exception]
]:
    """Public and private key type, and the errors for a wrong signature and for an OpenSSL that is too old."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError:
        raise _missing() from None
    return mldsa.MLDSA44PublicKey, mldsa.MLDSA44PrivateKey, InvalidSignature, UnsupportedAlgorithm


def _missing() -> Unsupported:
    return Unsupported(
        "This installation cannot sign or check ML-DSA-44; install the package cryptography, version 48 or newer."
    )
