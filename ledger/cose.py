"""COSE_Sign1 (RFC 9052 section 4.2) with Ed25519, the frame of statements and of receipts.

    message         18([protected: bstr .cbor map, unprotected: map, payload: bstr / nil, signature: bstr])
    bytes signed    ["Signature1", protected, h'', payload]
    protected       1: alg (-8 EdDSA; -19 Ed25519 is read too)   2: crit, refused   3: content type   4: kid
                    15: CWT claims (RFC 9597)                     395: verifiable data structure (RFC 9942)

The frame must be in deterministic encoding; the protected bytes in it are kept as received.
"""

from dataclasses import dataclass
from typing import Any

from ledger import cbor
from ledger.errors import Malformed
from ledger.keys import PublicKey

ALGORITHM = 1
CRITICAL = 2
CONTENT_TYPE = 3
KEY_ID = 4
CWT_CLAIMS = 15
EDDSA = -8
ED25519 = -19
SIGN1_TAG = 18


@dataclass(frozen=True, slots=True)
class Sign1:
    """The four parts of a COSE_Sign1. `payload` is None when detached."""

    protected: bytes
    unprotected: dict[int | str, Any]
    payload: bytes | None
    signature: bytes


def format_sign1(message: Sign1) -> bytes:
    """Deterministic bytes of a tagged COSE_Sign1, the protected bytes as they are."""
    return cbor.encode(
        cbor.Tag(SIGN1_TAG, [message.protected, message.unprotected, message.payload, message.signature])
    )


def parse_sign1(data: bytes, what: str) -> Sign1:
    """The parts of a tagged COSE_Sign1; Malformed names `what`. Nothing is verified."""
    tagged = cbor.decode(data, what, deterministic=True)
    if not isinstance(tagged, cbor.Tag) or tagged.number != SIGN1_TAG:
        raise Malformed(f"The {what} is not a tagged COSE_Sign1.")
    match tagged.value:
        case [bytes() as protected, dict() as unprotected, bytes() | None as payload, bytes() as signature]:
            return Sign1(protected, unprotected, payload, signature)
        case _:
            raise Malformed(f"The {what} does not have the four parts of a COSE_Sign1.")


def parse_protected(protected: bytes, what: str) -> dict[int | str, Any]:
    """The protected header; Malformed unless it is a map with an Ed25519 `alg` and without `crit`."""
    header = cbor.decode(protected, f"protected header of the {what}")
    if not isinstance(header, dict):
        raise Malformed(f"The protected header of the {what} is not a map.")
    if CRITICAL in header:
        raise Malformed(f"The {what} demands header parameters that are not understood here.")
    if header.get(ALGORITHM) not in (EDDSA, ED25519):
        raise Malformed(f"The {what} is not signed with Ed25519.")
    return header


def bytes_to_sign(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure that an Ed25519 signature of a COSE_Sign1 covers."""
    return cbor.encode(["Signature1", protected, b"", payload])


def verify_sign1(message: Sign1, payload: bytes, key: PublicKey) -> None:
    """Return if `message` is signed by `key` over `payload`, else raise Unverified."""
    key.verify(bytes_to_sign(message.protected, payload), message.signature)
