"""COSE receipts of inclusion (RFC 9942, verifiable data structure 1 = RFC 9162 with SHA-256).

    receipt      18([protected, {396: {-1: [proof]}}, nil, signature])
    proof        bstr .cbor [tree size, leaf index, [1* path hash 32]]
    protected    {1: -8, 4: kid (thumbprint of the receipt key), 15: {1: origin, 2: origin}, 395: 1}
    signed       ["Signature1", protected, h'', root]: the root is detached, so a verifier has to compute it

The protected header is constant, so one signature per root serves all entries. A tree of one entry has no such
receipt, because the path must not be empty. Receipts of others may order and extend the protected header.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger import cbor, cose
from ledger.encoding import MAX_COUNT
from ledger.errors import Malformed, Unverified
from ledger.hashing import HASH_SIZE
from ledger.keys import SIGNATURE_SIZE, PublicKey, SigningKey
from ledger.proofs import MAX_PATH, root_from_inclusion
from ledger.verifying import once

STRUCTURE = 395
PROOFS = 396
INCLUSION = -1
RFC9162_SHA256 = 1

_ISS, _SUB = 1, 2


class RootSignature(NamedTuple):
    """The part of a receipt that is the same for all entries under one root."""

    protected: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CoseReceipt:
    """A well-formed receipt; nothing in it is verified."""

    protected: bytes
    signature: bytes
    size: int
    index: int
    path: tuple[bytes, ...]


def receipt_header(key: PublicKey, origin: str) -> bytes:
    """The constant protected header of the receipts of log `origin` under its receipt key."""
    return cbor.encode(
        {
            cose.ALGORITHM: cose.EDDSA,
            cose.KEY_ID: key.thumbprint,
            cose.CWT_CLAIMS: {_ISS: origin, _SUB: origin},
            STRUCTURE: RFC9162_SHA256,
        }
    )


def sign_root(root: bytes, key: SigningKey, origin: str) -> RootSignature:
    """The receipt key's signature over the 32-byte `root` of log `origin`."""
    if len(root) != HASH_SIZE:
        raise Malformed("The root of a log has exactly 32 bytes.")
    protected = receipt_header(key.public, origin)
    return RootSignature(protected, key.sign(cose.bytes_to_sign(protected, root)))


def format_cose_receipt(
    protected: bytes, signature: bytes, size: int, index: int, path: Sequence[bytes]
) -> bytes:
    """A receipt for entry `index` in the tree of `size` entries; Malformed if its path is empty or too long."""
    proof = cbor.encode([size, index, list(path)])
    _parse_proof(proof)
    return cose.format_sign1(cose.Sign1(protected, {PROOFS: {INCLUSION: [proof]}}, None, signature))


def parse_cose_receipt(data: bytes) -> CoseReceipt:
    """The parts of a receipt; Malformed if it departs from the layout. Neither proof nor signature is checked."""
    return once("receipt", data, lambda: _parse_cose_receipt(data))


def _parse_cose_receipt(data: bytes) -> CoseReceipt:
    message = cose.parse_sign1(data, "receipt")
    check_receipt_frame(message)
    match message.unprotected:
        case {396: {-1: [bytes() as proof], **kinds}, **others} if not kinds and not others:
            size, index, path = _parse_proof(proof)
        case _:
            raise Malformed("The receipt does not carry exactly one proof of inclusion.")
    return CoseReceipt(message.protected, message.signature, size, index, path)


def verify_cose_receipt(data: bytes, leaf_hash: bytes, key: PublicKey) -> bytes:
    """The 32-byte root under which `key` signed that the entry with `leaf_hash` is in the log.

    Malformed or Unverified if it did not. The caller compares the root with one from a verified checkpoint.
    """
    receipt = parse_cose_receipt(data)
    check_receipt_key(receipt.protected, key)
    proof = (leaf_hash, receipt.index, receipt.size, receipt.path)
    root = once("root", proof, lambda: root_from_inclusion(*proof))
    key.verify(cose.bytes_to_sign(receipt.protected, root), receipt.signature)
    return root


def check_receipt_frame(message: cose.Sign1) -> None:
    """Malformed unless the message is one of a receipt of either kind: root detached, RFC 9162 tree, 64-byte signature."""
    if message.payload is not None:
        raise Malformed("The receipt brings its own root, which nothing ties to the entry.")
    if len(message.signature) != SIGNATURE_SIZE:
        raise Malformed("The signature of the receipt does not have 64 bytes.")
    structure = _parse_header(message.protected).get(STRUCTURE)
    if structure != RFC9162_SHA256 or isinstance(structure, bool):
        raise Malformed("The receipt is not over a tree of RFC 9162 with SHA-256.")


def check_receipt_key(protected: bytes, key: PublicKey) -> None:
    """Unverified if the protected header of a receipt names another key; one without a `kid` names none."""
    kid = _parse_header(protected).get(cose.KEY_ID)
    if kid not in (None, key.thumbprint):
        raise Unverified(f"The receipt names another key than {key.thumbprint.hex()}.")


def _parse_header(protected: bytes) -> dict[int | str, Any]:
    """The protected header, which is the same in all receipts by one key."""
    return once("receipt header", protected, lambda: cose.parse_protected(protected, "receipt"))


def _parse_proof(proof: bytes) -> tuple[int, int, tuple[bytes, ...]]:
    found: Any = cbor.decode(proof, "proof in the receipt", deterministic=True)
    match found:
        case [int() as size, int() as index, [_, *_] as path] if len(path) <= MAX_PATH:
            pass
        case _:
            raise Malformed("The proof in the receipt is not a size, an index and a path of 1 to 63 hashes.")
    if isinstance(size, bool) or isinstance(index, bool) or not 0 <= index < size <= MAX_COUNT:
        raise Malformed("The proof in the receipt has an index outside of its tree.")
    if any(not isinstance(sibling, bytes) or len(sibling) != HASH_SIZE for sibling in path):
        raise Malformed("The path in the receipt contains something that is not a 32-byte hash.")
    return size, index, tuple(path)
