"""COSE receipts of consistency (RFC 9942, verifiable data structure 1 = RFC 9162 with SHA-256).

    receipt      18([protected, {396: {-2: [proof]}}, nil, signature])
    proof        bstr .cbor [older size, newer size, [1* path hash 32]]
    protected    as in a receipt of inclusion (ledger/cose_receipt.py)
    signed       ["Signature1", protected, h'', newer root]: the newer root is detached, so a verifier has to compute it

It says that the newer tree only appends to the older one. Sizes 0 < older < newer: equal trees, and the tree without
entries, need no proof, and RFC 9942 has no receipt with an empty path. The signature is the one that the receipts of
inclusion under the newer root carry too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger import cbor, cose
from ledger.cose_receipt import PROOFS, check_receipt_frame, check_receipt_key
from ledger.encoding import MAX_COUNT
from ledger.errors import Malformed, Unverified
from ledger.hashing import HASH_SIZE
from ledger.keys import PublicKey
from ledger.proofs import MAX_PATH, root_from_consistency

CONSISTENCY = -2


@dataclass(frozen=True, slots=True)
class ConsistencyReceipt:
    """A well-formed receipt of consistency; nothing in it is verified."""

    protected: bytes
    signature: bytes
    old_size: int
    new_size: int
    path: tuple[bytes, ...]


def format_consistency_receipt(
    protected: bytes, signature: bytes, old_size: int, new_size: int, path: Sequence[bytes]
) -> bytes:
    """A receipt that the tree of `new_size` entries continues that of `old_size`; Malformed if there can be none.

    protected, signature: what the receipt key signed over the root of the newer tree (`sign_root`).
    """
    proof = cbor.encode([old_size, new_size, list(path)])
    _parse_proof(proof)
    return cose.format_sign1(cose.Sign1(protected, {PROOFS: {CONSISTENCY: [proof]}}, None, signature))


def parse_consistency_receipt(data: bytes) -> ConsistencyReceipt:
    """The parts of a receipt; Malformed if it departs from the layout. Neither proof nor signature is checked."""
    message = cose.parse_sign1(data, "receipt of consistency")
    check_receipt_frame(message)
    match message.unprotected:
        case {396: {-2: [bytes() as proof], **kinds}, **others} if not kinds and not others:
            old_size, new_size, path = _parse_proof(proof)
        case _:
            raise Malformed("The receipt does not carry exactly one proof of consistency.")
    return ConsistencyReceipt(message.protected, message.signature, old_size, new_size, path)


def verify_consistency_receipt(
    data: bytes, old_size: int, old_root: bytes, new_size: int, key: PublicKey
) -> bytes:
    """The 32-byte root of `new_size` entries, which `key` signed and which only appends to (old_size, old_root).

    Malformed or Unverified if it does not. A root does not tell its size, so both sizes come from checkpoints; the
    caller compares the root with that of the newer one.
    """
    receipt = parse_consistency_receipt(data)
    check_receipt_key(receipt.protected, key)
    if (receipt.old_size, receipt.new_size) != (old_size, new_size):
        raise Unverified(
            f"The receipt leads from {receipt.old_size} to {receipt.new_size} entries, "
            f"not from {old_size} to {new_size}."
        )
    root = root_from_consistency(old_size, old_root, new_size, receipt.path)
    key.verify(cose.bytes_to_sign(receipt.protected, root), receipt.signature)
    return root


def _parse_proof(proof: bytes) -> tuple[int, int, tuple[bytes, ...]]:
    found: Any = cbor.decode(proof, "proof in the receipt")
    match found:
        case [int() as old, int() as new, [_, *_] as path] if len(path) <= MAX_PATH:
            pass
        case _:
            raise Malformed("The proof in the receipt is not two sizes and a path of 1 to 63 hashes.")
    if isinstance(old, bool) or isinstance(new, bool) or not 0 < old < new <= MAX_COUNT:
        raise Malformed("The proof in the receipt does not lead from a smaller tree to a larger one.")
    if any(not isinstance(sibling, bytes) or len(sibling) != HASH_SIZE for sibling in path):
        raise Malformed("The path in the receipt contains something that is not a 32-byte hash.")
    if cbor.encode(found) != proof:
        raise Malformed("The proof in the receipt is not in deterministic encoding.")
    return old, new, tuple(path)
