"""C2SP tlog-witness (c2sp.org/tlog-witness): what a log and a witness say to each other.

request   POST <submission prefix>/add-checkpoint
          "old " size in decimal LF || up to 63 times (base64 of a 32-byte hash LF) || LF || checkpoint note
200       one or more signature lines, all of them cosignatures of this witness
400       not such a request, or the old size is larger than the new
403       no signature of a key that the witness trusts for the origin, or a wrong one
404       a log that the witness does not know
409       the old size is not the one last cosigned; the body is that size in decimal LF, text/x.tlog.size
422       the proof does not hold, or there are two roots for one size
503       not now: this machine's clock or store fails (ours; the specification leaves such cases open)

request   GET <monitoring prefix>/<SHA-256 of the origin in hex>/checkpoint
200       the checkpoint last cosigned, with the signatures of the log and of the witness;  404 if there is none
"""

import binascii
import contextlib
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE
from ledger.note import Note, parse_note
from ledger.proofs import MAX_PATH

ADD_CHECKPOINT = "/add-checkpoint"
TEXT = "text/plain; charset=utf-8"
TREE_SIZE = "text/x.tlog.size"
MAX_REQUEST = 128 * 1024
"""Bytes; a proof of 63 hashes and a note with 30 signatures of the largest kind fit."""

_OLD = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The request: the size that the witness cosigned last, the path from it, and the new checkpoint's note."""

    old: int
    path: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers, before it becomes HTTP."""

    status: int
    body: bytes = b""
    content_type: str = TEXT


class Transport(Protocol):
    """The way to a witness. OSError if it does not answer within about `timeout` seconds."""

    def post(self, url: str, body: bytes, timeout: float) -> Answer:
        """What the server answers to a POST."""

    def get(self, url: str, timeout: float) -> Answer:
        """What the server answers to a GET."""


def format_add_checkpoint(request: AddCheckpoint) -> bytes:
    """The body of the request."""
    lines = [f"{_OLD}{request.old}", *map(format_base64, request.path), "", ""]
    return "\n".join(lines).encode() + request.note


def parse_add_checkpoint(body: bytes) -> tuple[AddCheckpoint, Note]:
    """The request in a body and the note in it, nothing verified; Malformed for any other bytes.

    Other witnesses overlook bits that base64 leaves unused, and judge the signature; so the note comes without them.
    """
    if len(body) > MAX_REQUEST:
        raise Malformed(f"The request has {len(body)} bytes; at most {MAX_REQUEST} are read.")
    head, separator, note = body.partition(b"\n\n")
    if not separator:
        raise Malformed("The request has no empty line before its checkpoint.")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("The lines before the checkpoint are not ASCII.") from None
    if not first.startswith(_OLD):
        raise Malformed("The request does not begin with the old size.")
    if len(hashes) > MAX_PATH:
        raise Malformed(f"The proof has {len(hashes)} hashes; at most {MAX_PATH} are read.")
    old = parse_decimal(first.removeprefix(_OLD), "old size")
    path = tuple(parse_base64(line, "hash in the proof", HASH_SIZE) for line in hashes)
    return AddCheckpoint(old, path, note), parse_note(_canonical(note))


def format_tree_size(size: int) -> Answer:
    """The answer 409: the size that was cosigned last."""
    return Answer(409, f"{size}\n".encode(), TREE_SIZE)


def parse_tree_size(body: bytes) -> int:
    """The size in the body of a 409; Malformed if it is none."""
    if not body.endswith(b"\n") or not body.isascii():
        raise Malformed("The witness names no size.")
    return parse_decimal(body[:-1].decode("ascii"), "size that the witness names")


def parse_conflict(answer: Answer) -> int:
    """The size in an answer 409; Malformed if it names none in the right form."""
    if answer.content_type.partition(";")[0].strip().lower() != TREE_SIZE:
        raise Malformed("it answers 409 without the size that it has cosigned")
    return parse_tree_size(answer.body)


def _canonical(note: bytes) -> bytes:
    text, separator, tail = note.rpartition(b"\n\n")
    lines = []
    for line in tail.split(b"\n"):
        name, space, encoded = line.rpartition(b" ")
        with contextlib.suppress(binascii.Error):
            encoded = binascii.b2a_base64(binascii.a2b_base64(encoded, strict_mode=True), newline=False)
        lines.append(name + space + encoded)
    return text + separator + b"\n".join(lines)


def origin_hash(origin: str) -> str:
    """The name of a log in the monitoring address, 64 hex digits."""
    return sha256(origin.encode()).hexdigest()
