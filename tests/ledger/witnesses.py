"""A log in a list, its signed checkpoints and proofs, and witnesses of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.errors import Conflict
from ledger.hashing import leaf_hash, root_of
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner, Verifier, sign_note
from ledger.tree import consistency_path
from ledger.witness.wire import AddCheckpoint, format_add_checkpoint, origin_hash
from ledger.witness.witness import Witness
from tests.ledger.logs import entries, naive_files
from tests.ledger.market_in_a_box import ListReader

NOW = 1_767_000_000
KEY = NoteSigner("witness.example/w1", SigningKey.from_seed(bytes([40]) * 32), COSIGNATURE_ED25519)


class MemoryState:
    """A `WitnessState` in memory."""

    def __init__(self, *keys: Verifier) -> None:
        self.trusted = keys
        self.notes: dict[str, bytes] = {}
        self.evidence: list[bytes] = []

    def keys(self, origin: str) -> Sequence[Verifier]:
        return [key for key in self.trusted if key.name == origin]

    def latest(self, origin: str) -> bytes | None:
        return self.notes.get(origin)

    def latest_by_hash(self, origin_hash_: str) -> bytes | None:
        return next(
            (note for origin, note in self.notes.items() if origin_hash(origin) == origin_hash_), None
        )

    def advance(self, origin: str, seen: bytes | None, note: bytes) -> None:
        if self.notes.get(origin) != seen:
            raise Conflict("moved")
        self.notes[origin] = note

    def keep_evidence(self, origin: str, note: bytes) -> None:
        self.evidence.append(note)


@dataclass
class ListLog:
    """A log whose entries are in a list, and may be changed to make another history."""

    origin: str = "log.example/a"
    seed: int = 50
    data: list[bytes] = field(default_factory=lambda: entries(0, 40))

    def __post_init__(self) -> None:
        self.signer = NoteSigner(self.origin, SigningKey.from_seed(bytes([self.seed]) * 32))

    def leaves(self, size: int) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.data[:size]]

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, root_of(self.leaves(size)))

    def note(self, size: int) -> bytes:
        return sign_note(format_checkpoint(self.checkpoint(size)), [self.signer])

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return tuple(consistency_path(old, new, ListReader(self.leaves(new))))

    def request(self, old: int, new: int) -> bytes:
        return format_add_checkpoint(AddCheckpoint(old, self.proof(old, new), self.note(new)))

    def read(self, path: str) -> bytes | None:
        return naive_files(self.data).get(path)

    def forked(self, at: int) -> ListLog:
        """The same log with another entry `at`."""
        return ListLog(self.origin, self.seed, [*self.data[:at], b"another", *self.data[at + 1 :]])


def witness_of(log: ListLog, *more: NoteSigner) -> Witness:
    return Witness([KEY, *more], MemoryState(log.signer.verifier), lambda: NOW)
