"""C2SP tlog-checkpoint and tlog-cosignature: the signed head of a log.

    text          origin LF || size in decimal LF || base64 of the 32-byte root LF
    checkpoint    signed note over the text, with a line of the log's key, whose name is the origin
    cosignature   a further line of type 0x04 or 0x06 that states a time: at that time this was the largest
                  consistent head that its maker had seen for the origin

Extension lines are refused: not every kind of cosignature covers them, and this ledger makes none.
"""

from dataclasses import dataclass

from ledger.cosignature import parse_timed
from ledger.encoding import MAX_COUNT, format_base64, parse_base64, parse_decimal
from ledger.errors import Malformed, Unverified
from ledger.hashing import EMPTY_ROOT, HASH_SIZE
from ledger.note import (
    COSIGNATURE_TYPES,
    Note,
    NoteSigner,
    VerifiedNote,
    Verifier,
    check_key_name,
    format_note,
    open_note,
    parse_note,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of the log `origin`: `size` entries whose RFC 6962 root is `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        if not 0 <= self.size <= MAX_COUNT:
            raise Malformed(f"A log cannot have {self.size} entries.")
        if len(self.root) != HASH_SIZE:
            raise Malformed("The root of a log has exactly 32 bytes.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("A log without entries has the root SHA-256 of nothing, and no other.")


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: `verifier` saw the checkpoint at `time` (POSIX seconds; 0 if it states none)."""

    verifier: Verifier
    time: int


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text of a checkpoint."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{format_base64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note text; Malformed for anything but the three lines above."""
    return Checkpoint(*parse_checkpoint_lines(text))


def parse_checkpoint_lines(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root as a note text states them, whether or not a log can have that root at that size."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("A checkpoint has exactly three lines: origin, size and root.")
    origin, size, root = lines[:3]
    return (
        origin,
        parse_decimal(size, "size in the checkpoint"),
        parse_base64(root, "root in the checkpoint", HASH_SIZE),
    )


def open_checkpoint(note: bytes, *log_verifiers: Verifier) -> Checkpoint:
    """The checkpoint in a note signed by one of the log's keys; Unverified if each of them is missing or one is wrong.

    The origin in the text must be the name of the key: a log cannot speak for another one. A log has several keys
    while it goes over to another one; then any of them will do.
    """
    return checkpoint_of(open_note(note, log_verifiers), *log_verifiers)


def checkpoint_of(note: VerifiedNote, *log_verifiers: Verifier) -> Checkpoint:
    """The checkpoint in an opened note; Unverified unless one of `log_verifiers` is among those who signed it."""
    checkpoint = parse_checkpoint(note.text)
    signed = [verifier for verifier in log_verifiers if verifier in note.verified]
    if not signed:
        keys = ", ".join(verifier.vkey for verifier in log_verifiers)
        raise Unverified(f"The checkpoint is not signed by the log's key {keys}.")
    for verifier in signed:
        if checkpoint.origin != verifier.name:
            raise Unverified(f"The checkpoint is of {checkpoint.origin}, but its key is of {verifier.name}.")
    return checkpoint


def cosign_checkpoint(note: bytes, cosigner: NoteSigner, time: int) -> bytes:
    """The checkpoint note with a cosignature of `cosigner` at `time` (POSIX seconds) added at its end."""
    opened = parse_note(note)
    parse_checkpoint(opened.text)
    return format_note(Note(opened.text, (*opened.signatures, cosigner.cosign(opened.text, time))))


def cosignatures(note: VerifiedNote) -> tuple[Cosignature, ...]:
    """The verified cosignatures of an opened checkpoint note, with the time that each states."""
    return tuple(
        Cosignature(verifier, parse_timed(line.signature)[0])
        for verifier, line in zip(note.verified, note.lines, strict=True)
        if verifier.kind in COSIGNATURE_TYPES
    )
