"""Many entries of a log with their paths: each bundle and each hash of the tree is read or computed once."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from ledger.errors import StorageFailed, Unverified
from ledger.hashing import leaf_hash, node_hash
from ledger.index.history import Located
from ledger.kept import SignedCheckpoint
from ledger.proofs import verify_inclusion
from ledger.reader import TileView
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH
from ledger.tree import HashReader, inclusion_path


def locate(view: TileView, indices: Sequence[int], under: SignedCheckpoint) -> Iterator[Located]:
    """The entries at ascending `indices`, each checked against the root of `under`.

    `StorageFailed` if the log's files do not lead to that root.
    """
    hashes = _Remembered(view.hashes(under.size))
    for _, group in groupby(indices, key=lambda index: index // TILE_WIDTH):
        wanted = list(group)
        entries = list(view.entries(wanted[0], wanted[-1] + 1))
        for index in wanted:
            entry = entries[index - wanted[0]]
            path = tuple(inclusion_path(index, under.size, hashes))
            try:
                verify_inclusion(leaf_hash(entry), index, under.size, path, under.root)
            except Unverified as error:
                raise StorageFailed(
                    f"The stored entry {index} of {view.origin} does not belong to its published checkpoint: {error} "
                    "Run fsck to find the damaged file."
                ) from error
            yield Located(entry, index, path)


class _Remembered:
    """A HashReader that computes each hash between two levels of tiles once."""

    def __init__(self, stored: HashReader) -> None:
        self._stored = stored
        self._hashes: dict[tuple[int, int], bytes] = {}

    def read_hashes(self, coords: Sequence[tuple[int, int]]) -> list[bytes]:
        return [self._hash(level, index) for level, index in coords]

    def _hash(self, level: int, index: int) -> bytes:
        found = self._hashes.get((level, index))
        if found is None:
            if level % TILE_HEIGHT:
                found = node_hash(self._hash(level - 1, 2 * index), self._hash(level - 1, 2 * index + 1))
            else:
                found = self._stored.read_hashes([(level, index)])[0]
            self._hashes[level, index] = found
        return found
