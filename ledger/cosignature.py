"""C2SP tlog-cosignature: the bytes that a witness signs, and those of its signature line.

    signature      uint64 big-endian time (POSIX seconds, below 2^63) || signature 64 (0x04) or 2420 (0x06)
    0x04 Ed25519   over "cosignature/v1" LF "time " decimal LF || checkpoint text
    0x06 ML-DSA-44 over "subtree/v1" LF 00 || uint8 length || cosigner name || uint64 time
                   || uint8 length || log origin || uint64 start = 0 || uint64 end = size || root 32

All integers are big-endian. Only the first names its whole text: what stands below the third line of a checkpoint
is not in the second. A time of zero, which only 0x06 allows, says that no other view of the log was seen, and
nothing about when or about the largest.
"""

from ledger.encoding import MAX_COUNT, parse_base64, parse_decimal
from ledger.errors import Malformed, Unverified
from ledger.hashing import HASH_SIZE

COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA = 0x06
MAX_NAME = 255
"""Bytes of a cosigner's or log's name in an ML-DSA-44 cosignature."""

_TIME_SIZE = 8
_LABEL = b"subtree/v1\n\x00"


def ed25519_message(text: str, time: int) -> bytes:
    """What an Ed25519 cosigner signs for the checkpoint `text` at `time`."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def ml_dsa_message(cosigner: str, text: str, time: int) -> bytes:
    """What the ML-DSA-44 cosigner of that name signs; Malformed if `text` is no checkpoint or a name is too long."""
    lines = text.split("\n", 3)
    if len(lines) != 4:
        raise Malformed("Only a checkpoint can be cosigned: origin, size and root.")
    origin, size, root = lines[:3]
    end = parse_decimal(size, "size in the checkpoint")
    return b"".join(
        (
            _LABEL,
            _name(cosigner),
            time.to_bytes(8, "big"),
            _name(origin),
            bytes(8),
            end.to_bytes(8, "big"),
            parse_base64(root, "root in the checkpoint", HASH_SIZE),
        )
    )


def format_timed(time: int, signature: bytes) -> bytes:
    """The time and the signature as they stand in a line."""
    return time.to_bytes(_TIME_SIZE, "big") + signature


def parse_timed(data: bytes) -> tuple[int, bytes]:
    """The time and the signature in a line; Unverified if there is no such time."""
    time = int.from_bytes(data[:_TIME_SIZE], "big")
    if len(data) <= _TIME_SIZE or time > MAX_COUNT:
        raise Unverified("The cosignature is not a time and a signature.")
    return time, data[_TIME_SIZE:]


def _name(name: str) -> bytes:
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        encoded = b""
    if not 1 <= len(encoded) <= MAX_NAME:
        raise Malformed(
            f"The name {name[:80]!r} does not fit an ML-DSA-44 cosignature: 1 to {MAX_NAME} bytes."
        )
    return bytes([len(encoded)]) + encoded
