"""What anybody was ever told of a log, and whether the log still keeps to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.fsck import fsck
from ledger.log import Log
from ledger.proofs import verify_consistency
from ledger.storage import ObjectStore
from tests.ledger.logs import COSIGNER, LOG_SIGNER, RECEIPT_KEY


@dataclass
class Told:
    """Acknowledged entries by their indices, and the roots of checkpoints that were seen by their sizes."""

    entries: dict[int, bytes] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)

    def acknowledge(self, start: int, entries: list[bytes]) -> None:
        """These entries stand at `start` and behind it."""
        for index, entry in enumerate(entries, start):
            assert self.entries.setdefault(index, entry) == entry, f"{index} was given away twice"

    def see(self, size: int, root: bytes) -> None:
        """A checkpoint was published."""
        assert self.roots.setdefault(size, root) == root, f"two checkpoints of {size} entries"

    def check(self, log: Log, objects: ObjectStore) -> None:
        """Every entry is at its index and none is there twice; every checkpoint leads to the newest; fsck is content."""
        stored = list(log.entries(0, log.size))
        assert len(stored) == log.size
        assert {index: stored[index] for index in self.entries} == self.entries
        assert len(set(stored)) == len(stored), "an entry is there twice"
        newest = log.published
        for size, root in self.roots.items():
            assert newest is not None
            verify_consistency(size, root, newest.size, newest.root, log.consistency(size, newest.size))
            assert log.checkpoint_at(size).root == root
        report = fsck(
            objects,
            LOG_SIGNER.verifier,
            cosigner=COSIGNER.verifier,
            receipt_key=RECEIPT_KEY.public,
            head=log.head,
        )
        assert report.problems == ()
        assert report.entries == log.size
