"""Many entries of a log with their paths: each bundle and each hash of the tree is read or computed once."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from ledger.bulk_hashes import hash_levels
from ledger.errors import StorageFailed, Unverified
from ledger.hashing import HASH_SIZE, leaf_hash, node_hash
from ledger.kept import SignedCheckpoint
from ledger.proofs import Located, root_from_inclusion, verify_inclusion
from ledger.reader import TileView
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH
from ledger.tree import HashReader, inclusion_path


def locate(view: TileView, indices: Sequence[int], under: SignedCheckpoint) -> Iterator[Located]:
    """The entries at ascending `indices`, each checked against the root of `under`.

    `StorageFailed` if the log's files do not lead to that root.
    """
    hashes = _Remembered(view.hashes(under.size))
    for number, group in groupby(indices, key=lambda index: index // TILE_WIDTH):
        wanted = list(group)
        entries = list(view.entries(wanted[0], wanted[-1] + 1))
        full = under.size >= (number + 1) * TILE_WIDTH
        prove = _FullTile(view, number, under, hashes).prove if full else _Prover(under, hashes).prove
        for index in wanted:
            entry = entries[index - wanted[0]]
            try:
                yield Located(entry, index, prove(entry, index))
            except Unverified as error:
                raise StorageFailed(
                    f"The stored entry {index} of {view.origin} does not belong to its published checkpoint: {error} "
                    "Run fsck to find the damaged file."
                ) from error


class _Prover:
    """Proves entries one by one."""

    def __init__(self, under: SignedCheckpoint, hashes: HashReader) -> None:
        self._under = under
        self._hashes = hashes

    def prove(self, entry: bytes, index: int) -> tuple[bytes, ...]:
        """The path of an entry; Unverified if the two do not lead to the root."""
        under = self._under
        path = inclusion_path(index, under.size, self._hashes)
        verify_inclusion(leaf_hash(entry), index, under.size, path, under.root)
        return tuple(path)


class _FullTile:
    """Proves the entries below one full tile, whose place in the tree is checked once for all of them."""

    def __init__(self, view: TileView, number: int, under: SignedCheckpoint, hashes: "_Remembered") -> None:
        self._levels = [view.tile(0, number, under.size)]
        while len(self._levels) < TILE_HEIGHT:
            self._levels.append(hash_levels(self._levels[-1], 1))
        first = number * TILE_WIDTH
        for level in range(TILE_HEIGHT):
            hashes.remember(level, first >> level ^ 1, self._hash(level, 1))
        path = inclusion_path(first, under.size, hashes)
        self._above = path[TILE_HEIGHT:]
        self._holds = root_from_inclusion(self._hash(0, 0), first, under.size, path) == under.root

    def prove(self, entry: bytes, index: int) -> tuple[bytes, ...]:
        """The path of an entry; Unverified if the two do not lead to the root."""
        place = index % TILE_WIDTH
        if not self._holds or leaf_hash(entry) != self._hash(0, place):
            raise Unverified(f"The proof for entry {index} does not lead to the root.")
        inside = [self._hash(level, place >> level ^ 1) for level in range(TILE_HEIGHT)]
        return (*inside, *self._above)

    def _hash(self, level: int, index: int) -> bytes:
        return self._levels[level][index * HASH_SIZE : (index + 1) * HASH_SIZE]


class _Remembered:
    """A HashReader that computes each hash between two levels of tiles once."""

    def __init__(self, stored: HashReader) -> None:
        self._stored = stored
        self._hashes: dict[tuple[int, int], bytes] = {}

    def read_hashes(self, coords: Sequence[tuple[int, int]]) -> list[bytes]:
        return [self._hash(level, index) for level, index in coords]

    def remember(self, level: int, index: int, hash_: bytes) -> None:
        """Spare the way to a hash that is known."""
        self._hashes[level, index] = hash_

    def _hash(self, level: int, index: int) -> bytes:
        found = self._hashes.get((level, index))
        if found is None:
            if level % TILE_HEIGHT:
                found = node_hash(self._hash(level - 1, 2 * index), self._hash(level - 1, 2 * index + 1))
            else:
                found = self._stored.read_hashes([(level, index)])[0]
            self._hashes[level, index] = found
        return found
