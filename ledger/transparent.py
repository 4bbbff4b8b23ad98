"""Transparent statements (RFC 9943 section 7): a statement with the receipts of it, in one COSE_Sign1.

    18([protected, {394: [1* receipt]}, payload, signature]),  receipt = bstr .cbor COSE_Sign1 (RFC 9942)

Protected header, payload and signature are those of the entry; with an empty map for the unprotected header it is the
entry again, byte for byte. So the receipts prove what they are attached to, and nothing in them is signed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import cose
from ledger.cose_receipt import parse_cose_receipt, verify_cose_receipt
from ledger.errors import Malformed
from ledger.hashing import leaf_hash
from ledger.keys import PublicKey
from ledger.statement import Statement, parse_statement

MEDIA_TYPE = "application/scitt-statement+cose"
RECEIPTS = 394
MAX_RECEIPTS = 16


@dataclass(frozen=True, slots=True)
class TransparentStatement:
    """A statement as it stands in the log, and receipts of it; nothing is verified."""

    statement: Statement
    receipts: tuple[bytes, ...]


def format_transparent_statement(entry: bytes, receipts: Sequence[bytes]) -> bytes:
    """The entry with its receipts attached; Malformed if it is no entry, or one of them no receipt of inclusion."""
    statement = parse_statement(entry)
    _check_receipts(receipts)
    return cose.format_sign1(
        cose.Sign1(statement.protected, {RECEIPTS: list(receipts)}, statement.payload, statement.signature)
    )


def parse_transparent_statement(data: bytes) -> TransparentStatement:
    """The statement and its receipts; Malformed for anything that `format_transparent_statement` would not give."""
    message = cose.parse_sign1(data, "transparent statement")
    match message.unprotected:
        case {394: [_, *_] as receipts, **others} if not others:
            pass
        case _:
            raise Malformed("The transparent statement does not carry receipts, and nothing else, unsigned.")
    _check_receipts(receipts)
    entry = cose.format_sign1(cose.Sign1(message.protected, {}, message.payload, message.signature))
    return TransparentStatement(parse_statement(entry), tuple(receipts))


def verify_transparent_statement(
    data: bytes, issuer_key: PublicKey, receipt_key: PublicKey
) -> tuple[bytes, ...]:
    """The 32-byte roots under which `receipt_key` signed, receipt by receipt, that the statement is in the log.

    Malformed or Unverified unless `issuer_key` signed the statement and each receipt is of it. The caller compares the
    roots with those of verified checkpoints.
    """
    found = parse_transparent_statement(data)
    found.statement.verify(issuer_key)
    leaf = leaf_hash(found.statement.leaf_bytes)
    return tuple(verify_cose_receipt(receipt, leaf, receipt_key) for receipt in found.receipts)


def _check_receipts(receipts: Sequence[object]) -> None:
    if not 1 <= len(receipts) <= MAX_RECEIPTS:
        raise Malformed(f"A transparent statement carries 1 to {MAX_RECEIPTS} receipts.")
    for receipt in receipts:
        if not isinstance(receipt, bytes):
            raise Malformed("A receipt in the transparent statement is not a byte string.")
        parse_cose_receipt(receipt)
