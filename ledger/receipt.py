"""The receipt that people keep: a statement and everything needed to check it without a network.

    application/vnd.datawharf.receipt+json, RFC 8785 JSON, binary values in base64:
    {"checkpoint": note text,
     "inclusion": {"index": n, "path": [hash, ...]},
     "openings": [{"content": bytes, "name": text, "salt": 32 bytes}, ...],       only if there are any
     "receipt": RFC 9942 receipt,
     "statement": entry,
     "supporting": [{"inclusion": {...}, "statement": entry}, ...],
     "version": 1}

All proofs are under the one checkpoint. Sizes and roots are in the signed checkpoint alone. `.tlog-proof`, `.cose`
and this bundle are three views of one proof.
"""

from dataclasses import dataclass
from typing import Any

from ledger.cose_receipt import (
    CoseReceipt,
    RootSignature,
    format_cose_receipt,
    parse_cose_receipt,
    receipt_header,
    sign_root,
    verify_cose_receipt,
)
from ledger.encoding import canonical_json, format_base64, parse_canonical_json
from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE
from ledger.members import bytes_of, count_of, fields_of, list_of, text_of
from ledger.proofs import MAX_PATH, Located
from ledger.statement import SALT_SIZE
from ledger.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof
from ledger.verifying import once

__all__ = [
    "MEDIA_TYPE",
    "Bundle",
    "CoseReceipt",
    "Opening",
    "RootSignature",
    "TlogProof",
    "format_bundle",
    "format_cose_receipt",
    "format_tlog_proof",
    "parse_bundle",
    "parse_cose_receipt",
    "parse_tlog_proof",
    "receipt_header",
    "sign_root",
    "verify_cose_receipt",
]

MEDIA_TYPE = "application/vnd.datawharf.receipt+json"
VERSION = 1
MAX_SIZE = 32 << 20
MAX_SUPPORTING = 64
MAX_OPENINGS = 64

# No text in JSON contains these, since a quotation mark has a backslash before it there.
_OWN = b',"inclusion":'
_SHARED = b',"supporting":'


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment in the statement stands for; `name` is the field of the predicate that holds it."""

    name: str
    salt: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """The parts of a receipt, none of them verified."""

    statement: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    cose_receipt: bytes
    supporting: tuple[Located, ...] = ()
    openings: tuple[Opening, ...] = ()
    version: int = VERSION

    @property
    def tlog_proof(self) -> bytes:
        """The same proof as a .tlog-proof file."""
        return format_tlog_proof(TlogProof(self.index, self.path, self.checkpoint))


def format_bundle(bundle: Bundle) -> bytes:
    """The canonical bytes of a receipt; Malformed if one of its parts cannot be in one."""
    try:
        checkpoint = bundle.checkpoint.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The checkpoint of the receipt is not text.") from None
    document: dict[str, Any] = {
        "version": bundle.version,
        "statement": format_base64(bundle.statement),
        "inclusion": _format_inclusion(bundle.index, bundle.path),
        "checkpoint": checkpoint,
        "receipt": format_base64(bundle.cose_receipt),
        "supporting": [
            {
                "statement": format_base64(each.entry),
                "inclusion": _format_inclusion(each.index, each.path),
            }
            for each in bundle.supporting
        ],
    }
    if bundle.openings:
        document["openings"] = [
            {"name": each.name, "salt": format_base64(each.salt), "content": format_base64(each.content)}
            for each in bundle.openings
        ]
    return canonical_json(document)


def parse_bundle(data: bytes) -> Bundle:
    """The parts of a receipt; Malformed unless `format_bundle` gives exactly `data` for them."""
    if len(data) > MAX_SIZE:
        raise Malformed(f"The receipt has more than {MAX_SIZE} bytes.")
    note, _, rest = data.partition(_OWN)
    own, separator, shared = rest.partition(_SHARED)
    if not separator:
        raise Malformed("The receipt does not have its parts in their order.")
    # Canonical objects that follow each other in the order of their names are one. Read apart, those that are the
    # same in many receipts are read once.
    document = fields_of(
        parse_canonical_json(_begin(_OWN, own) + b"}"),
        "receipt",
        {"statement", "inclusion", "receipt"},
        {"openings"},
    )
    index, path = _parse_inclusion(document["inclusion"])
    openings = list_of(document.get("openings", []), "list of openings in the receipt", MAX_OPENINGS)
    bundle = Bundle(
        statement=bytes_of(document["statement"], "statement in the receipt"),
        index=index,
        path=path,
        checkpoint=once("checkpoint", note, lambda: _parse_checkpoint(note)),
        cose_receipt=bytes_of(document["receipt"], "COSE receipt in the receipt"),
        supporting=once("supporting", shared, lambda: _parse_shared(shared)),
        openings=tuple(_parse_opening(each) for each in openings),
    )
    if len({each.name for each in bundle.openings}) != len(bundle.openings):
        raise Malformed("The receipt opens the same commitment twice.")
    if "openings" in document and not bundle.openings:
        raise Malformed("The receipt has an empty list of openings.")
    # Canonical JSON of exactly these members, with canonical base64 inside: there is no second way to write it.
    return bundle


def _begin(name: bytes, rest: bytes) -> bytes:
    return b"{" + name[1:] + rest


def _parse_checkpoint(data: bytes) -> bytes:
    """The note out of the bytes before the next member."""
    document = fields_of(parse_canonical_json(data + b"}"), "receipt", {"checkpoint"})
    return text_of(document["checkpoint"], "checkpoint in the receipt").encode()


def _parse_shared(data: bytes) -> tuple[Located, ...]:
    """The supporting entries out of the bytes behind the name of their list; Malformed for another version."""
    document = fields_of(parse_canonical_json(_begin(_SHARED, data)), "receipt", {"supporting", "version"})
    version = document["version"]
    if version != VERSION or isinstance(version, bool):
        raise Malformed(f"The receipt has the version {version!r}; this program reads version {VERSION}.")
    entries = list_of(document["supporting"], "list of supporting entries in the receipt", MAX_SUPPORTING)
    return tuple(_parse_supporting(each) for each in entries)


def _format_inclusion(index: int, path: tuple[bytes, ...]) -> dict[str, Any]:
    return {"index": index, "path": [format_base64(sibling) for sibling in path]}


def _parse_inclusion(value: object) -> tuple[int, tuple[bytes, ...]]:
    found = fields_of(value, "proof in the receipt", {"index", "path"})
    index = count_of(found["index"], "index in the receipt")
    path = list_of(found["path"], "path in the receipt", MAX_PATH)
    return index, tuple(bytes_of(sibling, "hash in the receipt", HASH_SIZE) for sibling in path)


def _parse_supporting(value: object) -> Located:
    found = fields_of(value, "supporting entry", {"statement", "inclusion"})
    return Located(
        bytes_of(found["statement"], "supporting statement in the receipt"),
        *_parse_inclusion(found["inclusion"]),
    )


def _parse_opening(value: object) -> Opening:
    found = fields_of(value, "opening", {"name", "salt", "content"})
    return Opening(
        text_of(found["name"], "name of an opening"),
        bytes_of(found["salt"], "salt in the receipt", SALT_SIZE),
        bytes_of(found["content"], "content of an opening"),
    )
