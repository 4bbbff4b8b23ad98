"""A witness: it cosigns each log's growth and never two histories (C2SP tlog-witness, server side).

For every log it remembers the checkpoint that it cosigned last, and nothing else. A new one is cosigned only if a
key of the log signed it and a proof shows that it continues the remembered one. The cosigned note is durable before
a byte of the cosignature leaves, and it replaces exactly the note that the proof started from: of two requests at
once the second finds that the log has moved, and is asked again.

A crash before the note is stored leaves the old one, and nobody has the new cosignature; a crash after it leaves the
new one, and the log asks for its cosignature again by sending the same checkpoint with an empty proof.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from ledger.checkpoint import parse_checkpoint, parse_checkpoint_lines
from ledger.errors import Conflict, Malformed, StorageFailed, Unverified
from ledger.hashing import EMPTY_ROOT
from ledger.note import Note, NoteSigner, VerifiedNote, Verifier, format_note, open_note, parse_note
from ledger.proofs import verify_consistency
from ledger.witness.wire import Answer, format_tree_size, parse_add_checkpoint

_ATTEMPTS = 8
"""How often a request is judged again because another one was faster."""


class WitnessState(Protocol):
    """The durable memory of a witness. Every method raises `StorageFailed` when the store cannot do it."""

    def keys(self, origin: str) -> Sequence[Verifier]:
        """The keys that may sign for the log; none if the witness does not know it."""

    def latest(self, origin: str) -> bytes | None:
        """The note cosigned last for the log, or None."""

    def latest_by_hash(self, origin_hash: str) -> bytes | None:
        """The same, by the SHA-256 of the origin in hex."""

    def advance(self, origin: str, seen: bytes | None, note: bytes) -> None:
        """Durably replace `seen` by `note` as the note cosigned last; `Conflict` if `seen` is not what is there."""

    def keep_evidence(self, origin: str, note: bytes) -> None:
        """Keep a note that the log signed although it had signed another root for the same size."""


class Witness:
    """Judges requests with `signers`, the witness's keys, and `clock`, POSIX seconds. Safe to use from threads."""

    def __init__(self, signers: Sequence[NoteSigner], state: WitnessState, clock: Callable[[], int]) -> None:
        self._signers = tuple(signers)
        self._state = state
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to a request with this body; raises nothing for anything that can be in it."""
        for _ in range(_ATTEMPTS):
            try:
                return self._judge(body)
            except Conflict:
                continue
            except Malformed as error:
                return _refusal(400, error)
            except StorageFailed as error:
                return _refusal(503, error)
        return Answer(503, b"Too many requests for this log at once.\n")

    def checkpoint(self, origin_hash: str) -> Answer:
        """The answer to a monitor that asks for the checkpoint cosigned last."""
        try:
            note = self._state.latest_by_hash(origin_hash)
        except StorageFailed as error:
            return _refusal(503, error)
        return (
            Answer(404, b"No checkpoint of such a log was cosigned.\n") if note is None else Answer(200, note)
        )

    def _judge(self, body: bytes) -> Answer:
        request, note = parse_add_checkpoint(body)
        origin, size, root = parse_checkpoint_lines(note.text)
        keys = self._state.keys(origin)
        if not keys:
            return Answer(404, b"This witness does not know the log.\n")
        try:
            opened = open_note(format_note(note), keys)
        except Unverified as error:
            return _refusal(403, error)
        if request.old > size:
            raise Malformed(f"The old size {request.old} is larger than the new size {size}.")
        seen = self._state.latest(origin)
        seen_size, seen_root = _tree_of(seen)
        if request.old != seen_size:
            return format_tree_size(seen_size)
        try:
            verify_consistency(seen_size, seen_root, size, root, request.path)
        except Unverified as error:
            if size == seen_size and root != seen_root:
                self._state.keep_evidence(origin, format_note(note))
            return _refusal(422, error)
        return self._cosign(origin, seen, opened)

    def _cosign(self, origin: str, seen: bytes | None, opened: VerifiedNote) -> Answer:
        time = self._clock()
        if time <= 0:
            return Answer(503, b"The clock of this witness is not set.\n")
        lines = tuple(signer.cosign(opened.text, time) for signer in self._signers)
        # A crash up to here leaves the old note, and the lines above were shown to nobody.
        self._state.advance(origin, seen, format_note(Note(opened.text, (*opened.lines, *lines))))
        return Answer(200, "".join(line.line for line in lines).encode())


def _tree_of(note: bytes | None) -> tuple[int, bytes]:
    if note is None:
        return 0, EMPTY_ROOT
    checkpoint = parse_checkpoint(parse_note(note).text)
    return checkpoint.size, checkpoint.root


def _refusal(status: int, error: Exception) -> Answer:
    return Answer(status, f"{error}\n".encode())
