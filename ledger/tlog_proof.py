"""C2SP tlog-proof: an offline proof of inclusion as text (file extension .tlog-proof).

c2sp.org/tlog-proof@v1 LF
[extra <base64> LF]          unauthenticated context
index <decimal> LF
<base64 of a hash> LF        any number, the leaf's sibling first
LF
checkpoint note, with its cosignatures
"""

from dataclasses import dataclass

from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE
from ledger.note import parse_note
from ledger.proofs import MAX_PATH

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The parts of a proof, none verified: index, path of 32-byte hashes, checkpoint note, optional context."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_tlog_proof(proof: TlogProof) -> bytes:
    """The bytes of a .tlog-proof file."""
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {format_base64(proof.extra)}")
    lines += [f"index {proof.index}", *map(format_base64, proof.path), "", ""]
    return "\n".join(lines).encode() + proof.checkpoint


def parse_tlog_proof(data: bytes) -> TlogProof:
    """The parts of a .tlog-proof file; Malformed for anything that `format_tlog_proof` would not give."""
    head, separator, checkpoint = data.partition(b"\n\n")
    if not separator:
        raise Malformed("The proof has no empty line before its checkpoint.")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("The proof is not text.") from None
    if lines.pop(0) != HEADER:
        raise Malformed(f"The proof does not start with {HEADER}.")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = parse_base64(lines.pop(0).removeprefix("extra "), "context of the proof")
    if not lines or not lines[0].startswith("index "):
        raise Malformed("The proof does not say of which entry it is.")
    index = parse_decimal(lines.pop(0).removeprefix("index "), "index in the proof")
    if len(lines) > MAX_PATH:
        raise Malformed(f"The proof has more than {MAX_PATH} hashes.")
    path = tuple(parse_base64(line, "hash in the proof", HASH_SIZE) for line in lines)
    parse_note(checkpoint)
    return TlogProof(index, path, checkpoint, extra)
